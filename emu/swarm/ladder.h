/* SPDX-License-Identifier: MIT */
/*
 * Ladders: the sequence chart of a simulated run, for a person who looks into a failure.
 *
 * Time runs downwards; host and target of the one machine, the link, and target and host of the
 * other one are the uprights, and the rungs are calls, upcalls, segments, and what was injected. Of
 * a long run it shows the last rungs before the fault, and of those before them what concerns the
 * connection that the fault is about. It lies in memory that is shared with child processes, so one
 * that crashes leaves its ladder.
 */
#ifndef EMU_SWARM_LADDER_H
#define EMU_SWARM_LADDER_H

#include "swarm/schedule.h"
#include "toe/sim.h"

struct emu_ladder;

/* emu_ladder_new() makes one without rungs; NULL if memory is short. */
struct emu_ladder *emu_ladder_new(void);

/*
 * emu_ladder_begin() has |ladder| watch the link of |sim|, whose connections are to |port|, and
 * note when |result| has a fault, which is borrowed until emu_ladder_end(). That comes last, when
 * |sim| may be gone.
 */
void emu_ladder_begin(struct emu_ladder *ladder, struct toe_sim *sim, uint16_t port,
                      const struct emu_stress_result *result);
void emu_ladder_end(struct emu_ladder *ladder);

/* emu_ladder_record() adds a call or upcall between host and target of the machine |idx|. */
void emu_ladder_record(struct emu_ladder *ladder, uint8_t idx,
                       const struct toe_inter_record *record);

/* emu_ladder_event() adds what a schedule has happen. */
void emu_ladder_event(struct emu_ladder *ladder, const struct emu_swarm_event *event);

/* emu_ladder_print() writes it as text. */
void emu_ladder_print(FILE *out, const struct emu_ladder *ladder);

/* emu_ladder_del() frees |ladder|; NULL is allowed. */
void emu_ladder_del(struct emu_ladder *ladder);

#endif
