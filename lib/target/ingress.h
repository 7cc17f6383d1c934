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

#endif
