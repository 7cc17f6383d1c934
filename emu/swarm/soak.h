/* SPDX-License-Identifier: MIT */
/*
 * Soaks: many connections over a long virtual time, and whether memory stays what it was.
 *
 * A soak is a simulated run with a schedule (schedule.h), which has the connections evenly over the
 * time, their lives so long that as many are open at once as are asked for; some that stay open
 * from beginning to end, idle or carrying so much that sequence numbers wrap; moves, lost frames,
 * and everything else now and then that costs no connection. The clocks of the machines begin where
 * a counter of theirs is about to wrap.
 *
 * Memory is looked at all the time: the bytes that hosts and targets have taken, and what of the
 * process is resident. It is flat if its mean in the last quarter is about that in the second one;
 * in the first it may grow, as pools do.
 */
#ifndef EMU_SWARM_SOAK_H
#define EMU_SWARM_SOAK_H

#include "swarm/schedule.h"
#include "swarm/wraps.h"

struct emu_soak_settings {
    uint32_t connections; /* in all */
    uint64_t bulk;        /* bytes each way, of each of the connections that carry most */
};

/* Samples of a size, and what is made of them. */
struct emu_soak_level {
    double sums[4]; /* by quarter */
    uint64_t cnts[4];
    uint64_t peak;
};

struct emu_soak {
    struct emu_wraps *wraps;
    struct emu_soak_level taken, resident; /* bytes */
    toe_duration time;                     /* of opening connections */
    int statm;                             /* the kernel's file about this process */
};

/* emu_soak_draw() draws the schedule of a soak from settings->seed, and sets what it needs. */
void emu_soak_draw(struct emu_schedule *schedule, struct emu_stress_settings *settings,
                   const struct emu_soak_settings *soak);

/* emu_soak_clock() is where the clock of the machine |idx| begins. */
toe_instant emu_soak_clock(uint8_t idx);

/* emu_soak_begin() has |soak| watch the link of |sim|. */
void emu_soak_begin(struct emu_soak *soak, struct toe_sim *sim);

/* emu_soak_look() takes a sample at |now|, while connections are opened: |taken| is of both. */
void emu_soak_look(struct emu_soak *soak, toe_instant now, size_t taken);

/* emu_soak_level_add() takes a sample of |bytes| in the quarter |quarter|. */
void emu_soak_level_add(struct emu_soak_level *level, unsigned quarter, uint64_t bytes);

/* emu_soak_level_is_flat() is whether it has not grown, but for |slack| bytes. */
bool emu_soak_level_is_flat(const struct emu_soak_level *level, uint64_t slack);

/* emu_soak_judge() fills in what |result| tells of a soak, and finds fault with what grew. */
void emu_soak_judge(const struct emu_soak *soak, struct emu_stress_result *result);

/* emu_soak_run() runs one. Returns an exit status, as emu_stress_sim_run() does. */
int emu_soak_run(struct emu_stress_result *result, const struct emu_stress_settings *settings,
                 const struct emu_soak_settings *soak);

#endif
