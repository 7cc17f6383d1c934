/* SPDX-License-Identifier: MIT */
/*
 * Sums: what a machine has counted, added to the result of a run.
 */
#ifndef EMU_STRESS_SUMS_H
#define EMU_STRESS_SUMS_H

#include "stress.h"
#include "toe/seam.h"

/* emu_sums_clear() makes the sums of |result| zero, before they are made anew. */
void emu_sums_clear(struct emu_stress_result *result);

/* emu_sums_add() adds the counters of |host| and of the target below it. */
void emu_sums_add(struct emu_stress_result *result, const struct toe_host *host,
                  const struct toe_target_ops *ops, void *target);

/* emu_sums_merge() adds the sums of |run| to those of |result|. */
void emu_sums_merge(struct emu_stress_result *result, const struct emu_stress_result *run);

/* emu_sums_retransmitted() is how many segments hosts and targets have sent again. */
uint64_t emu_sums_retransmitted(const struct emu_stress_result *result);

/*
 * emu_sums_left() is what a machine still holds that has nothing to do any more: connections other
 * than |listeners| and, unless |time_wait_counts|, those in TIME_WAIT, and all that is offloaded.
 */
uint64_t emu_sums_left(const struct toe_host *host, const struct toe_target_ops *ops, void *target,
                       uint32_t listeners, bool time_wait_counts);

#endif
