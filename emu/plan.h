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
    double stretch;     /* of the lives of those that may think for long; 0: as they are */
};

/*
 * emu_plan_make() draws a plan from |random|: short, long, idle, one-way, half-closed, ping-pong,
 * tiny and large writes, slow readers, simultaneous and abortive ends.
 */
void emu_plan_make(struct emu_flow_plan *plan, struct emu_random *random,
                   const struct emu_plan_mix *mix);

/* emu_plan_stretch() is the stretch by which connections live |seconds| on average; 1 at least. */
double emu_plan_stretch(double seconds);

/* emu_plan_make_bulk() plans one that carries |bytes| each way, evenly over |seconds|. */
void emu_plan_make_bulk(struct emu_flow_plan *plan, struct emu_random *random, uint64_t bytes,
                        double seconds);

/* emu_plan_make_idle() plans one that carries a few bytes now and then, for |seconds|. */
void emu_plan_make_idle(struct emu_flow_plan *plan, struct emu_random *random, double seconds);

#endif
