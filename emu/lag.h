/* SPDX-License-Identifier: MIT */
/*
 * Lag: a target that takes its time.
 *
 * The software target answers a state operation in its next run, which in virtual time is at once.
 * An adapter is slower, and what happens meanwhile is where mistakes are made: segments reach the
 * host for a connection that is on its way down, data moves on one that is on its way up. A lag
 * stands on a target and hands the state operations down late, in their order; everything else
 * passes at once.
 */
#ifndef EMU_LAG_H
#define EMU_LAG_H

#include "random.h"
#include "toe/seam.h"

struct emu_lag_request;

/* The fields are the lag's own; |ops| and the lag itself are what a host is given. */
struct emu_lag {
    struct toe_target_ops ops;
    const struct toe_target_ops *below;
    void *target;
    toe_duration mean; /* of the delay of every second operation; the others have none */
    struct emu_random random;
    toe_instant now;
    toe_instant last; /* when the last one is due */
    struct emu_lag_request *head;
    struct emu_lag_request *tail;
};

/* emu_lag_init() makes |lag| a lag on |target|. It must stay where it is. */
void emu_lag_init(struct emu_lag *lag, const struct toe_target_ops *below, void *target,
                  toe_duration mean, uint64_t seed);

/* emu_lag_fini() forgets what was not handed down. */
void emu_lag_fini(struct emu_lag *lag);

#endif
