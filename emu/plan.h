/* SPDX-License-Identifier: MIT */
/*
 * Plans: the mix of connections that a stress test is made of.
 */
#ifndef EMU_PLAN_H
#define EMU_PLAN_H

#include "flow.h"

struct emu_plan_mix {
    uint32_t bytes;     /* what a connection carries on average, roughly, both ways together */
    double seconds_max; /* longest life of a connection, losses aside */
};

/*
 * emu_plan_make() draws a plan from |random|: short, long, idle, one-way, half-closed, ping-pong,
 * tiny and large writes, slow readers, simultaneous and abortive ends.
 */
void emu_plan_make(struct emu_flow_plan *plan, struct emu_random *random,
                   const struct emu_plan_mix *mix);

#endif
