/* SPDX-License-Identifier: MIT */
/*
 * Timers: who wants to go on when, of many. An intrusive binary heap; equal instants come in the
 * order in which they were set, so that a run repeats.
 */
#ifndef EMU_TIMERS_H
#define EMU_TIMERS_H

#include "toe/types.h"

/* One timer, in the object that it is for. Zeroed, it is not set. */
struct emu_timer {
    toe_instant at;
    uint64_t order;
    size_t pos; /* in the heap, plus one; 0: not set */
};

struct emu_timers {
    struct emu_timer **heap;
    size_t cnt;
    size_t cap;
    uint64_t order;
};

/* emu_timers_reserve() makes room for |cnt| timers in all; false: there is no memory for them. */
bool emu_timers_reserve(struct emu_timers *timers, size_t cnt);

/*
 * emu_timers_set() sets |timer| to |at|, or unsets it if that is TOE_INSTANT_NEVER. It ends the
 * program if there is no room, and no memory: whoever is to live on reserves room before.
 */
void emu_timers_set(struct emu_timers *timers, struct emu_timer *timer, toe_instant at);

/* emu_timers_next() is the earliest instant, or TOE_INSTANT_NEVER. */
toe_instant emu_timers_next(const struct emu_timers *timers);

/* emu_timers_pop() unsets and returns a timer that is due at |now|, the earliest; NULL: none is. */
struct emu_timer *emu_timers_pop(struct emu_timers *timers, toe_instant now);

/* emu_timers_fini() frees what |timers| has allocated; those still set are forgotten. */
void emu_timers_fini(struct emu_timers *timers);

#endif
