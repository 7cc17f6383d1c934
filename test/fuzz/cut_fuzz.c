/* SPDX-License-Identifier: MIT */
/*
 * Any frame, with any word about it or none: what an adapter's hardware does in software reads and
 * writes nothing outside of it, and the frames that a super-segment is cut into carry its payload,
 * each byte once and in order, under checksums that are right.
 *
 * The input is the MTU of the wire, a virtio-net header, and the frame. An MTU of zero stands for a
 * port that tells of frames by that header.
 */
#include "base/assert.h"
#include "emu/bytes.h"
#include "emu/examine.h"
#include "emu/gso.h"
#include "emu/vnet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAME_MAX = 65536, PROTOCOL_TCP = 6 };

/* A copy that ends where the memory ends. */
static uint8_t *copy(const uint8_t *data, size_t len)
{
    uint8_t *out = malloc(len > 0 ? len : 1);

    toe_assert(out != NULL);
    memcpy(out, data, len);
    return out;
}

static void check_sum(const struct emu_gso *gso, const uint8_t *out, uint32_t len)
{
    const uint8_t *ip = out + gso->ip_off;
    const uint32_t tcp_len = len - gso->tcp_off;
    const uint64_t pseudo = gso->ipv6 ? emu_sum(PROTOCOL_TCP + tcp_len, ip + 8, 32)
                                      : emu_sum(PROTOCOL_TCP + tcp_len, ip + 12, 8);

    toe_assert(emu_csum(emu_sum(pseudo, out + gso->tcp_off, tcp_len)) == 0);
}

static void cut(const struct toe_frame *frame)
{
    struct emu_gso gso;
    uint32_t done = 0;
    uint8_t *out;

    if (!emu_gso_begin(&gso, frame)) {
        return;
    }
    out = malloc(emu_gso_frame_max(&gso));
    toe_assert(out != NULL);
    while (emu_gso_left(&gso)) {
        const uint32_t len = emu_gso_next(&gso, out);

        toe_assert(len >= gso.header_len && len <= emu_gso_frame_max(&gso));
        toe_assert(len - gso.header_len <= frame->len - gso.header_len - done);
        toe_assert(memcmp(out + gso.header_len, frame->data + gso.header_len + done,
                          len - gso.header_len) == 0);
        done += len - gso.header_len;
        check_sum(&gso, out, len);
    }
    toe_assert(done == frame->len - gso.header_len);
    toe_assert(emu_gso_next(&gso, out) == 0);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct virtio_net_hdr header;
    struct toe_frame frame = {.len = 0};
    uint16_t mtu;
    bool ok;

    if (size < sizeof(mtu) + sizeof(header) || size > FRAME_MAX) {
        return 0;
    }
    memcpy(&mtu, data, sizeof(mtu));
    memcpy(&header, data + sizeof(mtu), sizeof(header));
    frame.len = (uint32_t)(size - sizeof(mtu) - sizeof(header));
    frame.data = copy(data + sizeof(mtu) + sizeof(header), frame.len);
    ok = mtu == 0 ? emu_vnet_parse(&frame, &header) : emu_examine(&frame, mtu);
    if (ok && (frame.gso == TOE_GSO_TCP4 || frame.gso == TOE_GSO_TCP6)) {
        cut(&frame);
    } else if (ok && (frame.flags & TOE_FRAME_CSUM_PARTIAL) != 0) {
        (void)emu_gso_checksum((uint8_t *)(uintptr_t)frame.data, frame.len, frame.csum_start,
                               frame.csum_off);
    }
    free((void *)(uintptr_t)frame.data);
    return 0;
}
