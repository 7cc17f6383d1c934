/* SPDX-License-Identifier: MIT */
/*
 * Any frame at a NIC with several queues: it belongs to one of them or to none, whatever is behind
 * its end; and the same segment the other way belongs to the same one.
 *
 * The input is the number of queues and the frame.
 */
#include "base/assert.h"
#include "emu/bytes.h"
#include "emu/linux/segment.h"
#include "emu/steering.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { QUEUES_MAX = 64, FRAME_MAX = 65536 };

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; ++i) {
        const uint8_t kept = a[i];

        a[i] = b[i];
        b[i] = kept;
    }
}

/* Turns the segment round as its sender's peer would answer. */
static void turn(uint8_t *bytes, const struct emu_segment *seg)
{
    const bool is_ipv4 = seg->tuple.local.family == 4;
    const size_t len = is_ipv4 ? 4 : 16;
    uint8_t *addresses = bytes + seg->tcp_off - 2 * len;

    swap(addresses, addresses + len, len);
    swap(bytes + seg->tcp_off, bytes + seg->tcp_off + 2, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct toe_frame frame = {.len = (uint32_t)size - 1};
    struct emu_segment seg;
    uint32_t cnt;
    uint32_t queue;
    uint8_t *bytes;

    if (size == 0 || size > FRAME_MAX) {
        return 0;
    }
    bytes = malloc(frame.len > 0 ? frame.len : 1);
    toe_assert(bytes != NULL);
    memcpy(bytes, data + 1, frame.len);
    frame.data = bytes;
    cnt = 1 + data[0] % QUEUES_MAX;
    queue = emu_steering_queue(&frame, cnt);
    toe_assert(queue < cnt || queue == EMU_STEERING_ANY);
    if (emu_segment_parse(&seg, &frame, true)) {
        toe_assert(queue != EMU_STEERING_ANY);
        turn(bytes, &seg);
        toe_assert(emu_steering_queue(&frame, cnt) == queue);
    }
    free(bytes);
    return 0;
}
