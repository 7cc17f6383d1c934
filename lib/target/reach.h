/* SPDX-License-Identifier: MIT */
/*
 * Is the neighbor still there?
 *
 * Host and target both notice when a neighbor answers. Each neighbor remembers when either last
 * did; before a datagram leaves and both are long ago, the host is asked, and answers at once
 * (STATE 2). Times are instants modulo 2^64, so that what was known before time began needs no
 * special case.
 */
#ifndef TARGET_REACH_H
#define TARGET_REACH_H

#include "toe/types.h"

struct target_neighbor;
struct toe_target;

/* target_reach_set() sets both times to so many host ticks before the initiate came (NBR-2). */
void target_reach_set(const struct toe_target *target, struct target_neighbor *neighbor,
                      uint32_t host_delta, uint32_t nic_delta);

/* target_reach_host_set() sets the host's (NBR-3). */
void target_reach_host_set(const struct toe_target *target, struct target_neighbor *neighbor,
                           uint32_t host_delta);

/* target_reach_confirm() records forward progress now (NBR-4). */
void target_reach_confirm(const struct toe_target *target, struct target_neighbor *neighbor);

/* The two times as host ticks from then to now. */
uint32_t target_reach_host_delta(const struct toe_target *target,
                                 const struct target_neighbor *neighbor);
uint32_t target_reach_nic_delta(const struct toe_target *target,
                                const struct target_neighbor *neighbor);

/* target_reach_check() is called before every datagram, and asks the host if it must (NBR-7). */
void target_reach_check(struct toe_target *target, struct target_neighbor *neighbor);

#endif
