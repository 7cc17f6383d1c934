/* SPDX-License-Identifier: MIT */
/*
 * Egress: segments become frames.
 *
 * Frames of a run are built one behind the other in one buffer, headers and payload together, the
 * payload copied and summed in the same pass, and handed to the wire in batches. Nothing is
 * allocated for a segment.
 *
 * Where the wire takes super-segments, a frame stays *open* after its payload was copied: the next
 * segment of the same connection that only goes on where it ended is appended to it. The headers
 * are built when it is closed.
 */
#ifndef TARGET_EGRESS_H
#define TARGET_EGRESS_H

#include "toe/frame.h"
#include "wire/tcp.h"

struct target_tcp;
struct tcp_out;
struct toe_mem;
struct toe_target;

/* Room for the largest frame, and for a batch of usual ones. */
#define TARGET_EGRESS_ROOM (192u * 1024u)
#define TARGET_EGRESS_MAX 64u

struct target_egress {
    uint8_t *room;
    uint32_t used;
    struct toe_frame frames[TARGET_EGRESS_MAX];
    uint32_t cnt;
    uint16_t ip_id; /* the next one: 0x8000 to 0xFFFF (SND-030) */

    /* The frame that is open; |tcp| is NULL if none is. */
    struct {
        struct target_tcp *tcp;
        struct tcp_segment seg; /* payload_len grows */
        uint64_t sum;           /* of the payload */
        uint32_t payload_max;   /* payload of its first segment */
        uint32_t header_len;
        uint32_t ether_len;
        uint32_t ip_len; /* of the header */
        bool is_closing; /* nothing may be appended */
    } open;
};

/* target_egress_init() returns 0, or -1 when memory ran out. */
int target_egress_init(struct target_egress *egress, const struct toe_mem *mem);

/* target_egress_fini() gives the memory back. */
void target_egress_fini(struct target_egress *egress, const struct toe_mem *mem);

/*
 * target_egress_emit() puts the segment |out| of |tcp| into a frame. If its text cannot be mapped,
 * the connection gets the verdict UNMAPPABLE instead.
 */
void target_egress_emit(struct toe_target *target, struct target_tcp *tcp, struct tcp_out *out);

/*
 * target_egress_run() puts out what the engine has to send for |tcp|, up to TARGET_BURST_MAX
 * segments. Returns false if it stopped because of that.
 */
bool target_egress_run(struct toe_target *target, struct target_tcp *tcp);

/* target_egress_flush() hands all frames to the wire. */
void target_egress_flush(struct toe_target *target);

#endif
