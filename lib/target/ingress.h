/* SPDX-License-Identifier: MIT */
/*
 * Ingress: frames from the wire.
 *
 * Frames come in batches. What is whole, unmangled and of a connection that the target runs goes to
 * the engine; everything else goes up the ordinary path as it is, damaged or not: the host knows
 * best what to make of it (SEG-072, SEG-074). Connections that got something are served later.
 */
#ifndef TARGET_INGRESS_H
#define TARGET_INGRESS_H

#include "toe/drop.h"
#include "toe/frame.h"

struct target_neighbor;
struct target_tcp;
struct tcp_segment;
struct toe_target;

/*
 * target_ingress_run() takes one batch from the wire. Returns false if there was no more than that.
 */
bool target_ingress_run(struct toe_target *target);

/*
 * target_ingress_segment() gives |seg| to the engine and does what cannot wait. Returns why it went
 * no further, which is counted.
 */
enum toe_drop target_ingress_segment(struct toe_target *target, struct target_tcp *tcp,
                                     const struct tcp_segment *seg);

/*
 * The parts of the way that plain frames (target/arrival.h) and all others have in common.
 *
 * target_ingress_is_for() tells whether a frame to |dst_mac| is for |neighbor|'s connections,
 * target_ingress_is_ours() whether a connection that the target runs takes |seg|, or the host is to
 * have it. target_ingress_take() is what becomes of |seg|, which is undamaged and came in |frame|;
 * false if it is not the target's. target_ingress_drop() lets one end here that is not, unless the
 * host is to have it. target_ingress_settle() does what cannot wait when segments were given to the
 * engine, target_ingress_count() counts |cnt| in IP packets of |ip_len| bytes in all.
 */
bool target_ingress_is_for(const struct target_neighbor *neighbor, const uint8_t *dst_mac,
                           bool vlan_present, uint16_t vlan_id);
bool target_ingress_is_ours(const struct target_tcp *tcp, const struct tcp_segment *seg);
bool target_ingress_take(struct toe_target *target, struct target_tcp *tcp,
                         const struct tcp_segment *seg, uint32_t ip_len,
                         const struct toe_frame *frame);
bool target_ingress_drop(struct toe_target *target, const struct target_tcp *tcp,
                         enum toe_drop why);
void target_ingress_settle(struct toe_target *target, struct target_tcp *tcp);
void target_ingress_count(struct toe_target *target, const struct target_tcp *tcp, uint32_t cnt,
                          uint32_t ip_len, uint8_t ecn);

/* target_frame_is_trusted() tells whether somebody saw to the checksum already. */
static inline bool target_frame_is_trusted(const struct toe_frame *frame)
{
    return (frame->flags & (TOE_FRAME_CSUM_VALID | TOE_FRAME_CSUM_PARTIAL)) != 0;
}

#endif
