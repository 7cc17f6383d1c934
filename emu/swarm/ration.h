/* SPDX-License-Identifier: MIT */
/*
 * Rations: the memory of a simulated machine, counted, and at times refused.
 */
#ifndef EMU_SWARM_RATION_H
#define EMU_SWARM_RATION_H

#include "toe/types.h"

/* All zero is one of which nothing was taken. */
struct emu_ration {
    size_t in_use; /* bytes */
    size_t peak;
    uint32_t spare;  /* allocations that succeed before the next ones do not */
    uint32_t denied; /* so many do not */
    uint64_t denied_cnt;
};

/* emu_ration_mem() is where to take memory from that |ration| counts. */
struct toe_mem emu_ration_mem(struct emu_ration *ration);

/* emu_ration_starve() lets |cnt| allocations fail, after |spare| more. */
void emu_ration_starve(struct emu_ration *ration, uint32_t spare, uint32_t cnt);

#endif
