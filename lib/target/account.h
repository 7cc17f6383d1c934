/* SPDX-License-Identifier: MIT */
/*
 * The counters: what changes them that is not one place's own business.
 */
#ifndef TARGET_ACCOUNT_H
#define TARGET_ACCOUNT_H

#include "toe/stats.h"

struct target_tcp;
struct toe_target;

/*
 * target_account_state() follows the state of |tcp| for the gauge of established connections and
 * the count of resets; it is called whenever the state may have changed.
 */
void target_account_state(struct toe_target *target, struct target_tcp *tcp);

/* target_account_gone() takes |tcp|, which leaves the target, off the gauge. */
void target_account_gone(struct toe_target *target, struct target_tcp *tcp);

/* target_account_get() fills in |stats|, gauges included; as much as |stats|->size has room for. */
void target_account_get(const struct toe_target *target, struct toe_stats *stats);

#endif
