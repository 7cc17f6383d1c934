/* SPDX-License-Identifier: MIT */
/*
 * The pass-through: what all intermediate drivers are made of.
 *
 * It has a table for the one above and one for the one below, whose functions hand everything
 * through. A driver embeds it as its first member, so that the |target| of the one table and the
 * |host| of the other are the driver, and overrides the functions that it is about.
 */
#ifndef INTER_PASS_H
#define INTER_PASS_H

#include "toe/inter.h"

struct inter_pass {
    struct toe_target_ops ops; /* ours, as a target */
    struct toe_host_ops up;    /* ours, as a host */
    struct toe_target_ops down;
    void *below; /* the target of |down| */
    struct toe_host_ops above_ops;
    void *above; /* the host of |above_ops| */
    bool is_attached;
    bool is_running; /* run() is under way */
    toe_instant now; /* of the last run */
};

/*
 * inter_pass_init() fills in both tables; nobody is above yet. False if |below| has no table of at
 * least the size we know.
 */
bool inter_pass_init(struct inter_pass *pass, const struct toe_inter_below *below);

/*
 * inter_pass_above_set() makes |host| the one above; what it leaves out of its table is answered by
 * nothing. NULL: nobody is.
 */
void inter_pass_above_set(struct inter_pass *pass, const struct toe_host_ops *ops, void *host);

/*
 * inter_pass_attach() is the attach() of all drivers: besides that, we attach to the one below, or
 * detach there.
 */
void inter_pass_attach(void *target, const struct toe_host_ops *ops, void *host);

/* inter_pass_run() runs the one below. */
void inter_pass_run(void *target, toe_instant now);

/* inter_pass_frames() hands frames up, if there are any. */
void inter_pass_frames(void *host, const struct toe_frame *frames, uint32_t cnt);

#endif
