/* SPDX-License-Identifier: MIT */
/*
 * Egress: segments become frames.
 *
 * Frames of a run are built one behind the other in one buffer, headers and payload together, the
 * payload copied and summed in the same pass, and handed to the wire in batches. Much payload is
 * not copied where the wire gathers frames and completes checksums. Nothing is allocated for a
 * segment.
 *
 * The engine is asked for as many segments at a time as a super-segment holds. Where the wire takes
 * super-segments they become one frame, elsewhere frames that share one building of the headers
 * (target/head.h). A single one, without options that are rare, is written where it leaves.
 */
#ifndef TARGET_EGRESS_H
#define TARGET_EGRESS_H

#include "target/head.h"
#include "toe/frame.h"

struct target_tcp;
struct tcp_out;
struct toe_mem;
struct toe_target;

/* Room for a batch of usual frames, or a few of the largest. */
#define TARGET_EGRESS_ROOM (192u * 1024u)
#define TARGET_EGRESS_MAX 64u

/* Most text that is put out at a time: it fits a super-segment behind any IP and TCP header. */
#define TARGET_TEXT_MAX (65535u - 100u)

struct target_egress {
    uint8_t *room;
    uint32_t used;
    struct toe_frame frames[TARGET_EGRESS_MAX];
    uint32_t cnt;
    uint16_t ip_id; /* the next one: 0x8000 to 0xFFFF (SND-030) */
    uint64_t epoch; /* new where objects may be other than they were; never zero */

    /* Who sent the last pure acknowledgment, most likely that of the next as well: the headers of
     * its second one are kept, if it has come to that, with the epoch they are of. */
    const struct target_tcp *pure_of;
    struct target_head pure;
    uint64_t pure_epoch;
};

/* target_egress_init() returns 0, or -1 when memory ran out. */
int target_egress_init(struct target_egress *egress, const struct toe_mem *mem);

/* target_egress_fini() gives the memory back. */
void target_egress_fini(struct target_egress *egress, const struct toe_mem *mem);

/* target_egress_forget() is told when a state operation may change what headers are made of. */
static inline void target_egress_forget(struct target_egress *egress)
{
    ++egress->epoch;
}

/*
 * target_egress_emit() puts the segments |out| of |tcp| into frames. Where their text cannot be
 * mapped it ends, and the connection gets the verdict UNMAPPABLE.
 */
void target_egress_emit(struct toe_target *target, struct target_tcp *tcp,
                        const struct tcp_out *out);

/*
 * target_egress_run() puts out what the engine has to send for |tcp|, until there are
 * TARGET_BURST_MAX segments. Returns false if it stopped because of that.
 */
bool target_egress_run(struct toe_target *target, struct target_tcp *tcp);

/* target_egress_flush() hands all frames to the wire. */
void target_egress_flush(struct toe_target *target);

#endif
