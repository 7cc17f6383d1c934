/* SPDX-License-Identifier: MIT */
/*
 * Swarms: many simulated runs, each with what its seed draws, on all processors; and what is made
 * of those that fail.
 */
#ifndef EMU_SWARM_SWARM_H
#define EMU_SWARM_SWARM_H

#include "report.h"
#include "swarm/schedule.h"

struct emu_swarm_settings {
    struct emu_stress_settings settings; /* the first seed, and what is given */
    struct emu_swarm_given given;
    uint64_t seeds;
    uint32_t jobs;        /* runs at once; 0: two for each processor */
    const char *failures; /* folder for the files of failing seeds, made when there is one */
};

/*
 * emu_swarm_run() runs them all, says what came of each, and sums up in |sum|. Of failing seeds the
 * shortest of each kind of fault is shrunk, and written to the folder: NAME.json, the schedule,
 * which emu_swarm_replay() runs again; NAME.txt, its sequence chart (ladder.h); NAME.pcapng, the
 * frames of it; NAME.trace, what hosts and targets told each other. Returns an exit status.
 */
int emu_swarm_run(struct emu_stress_result *sum, const struct emu_swarm_settings *swarm,
                  struct emu_report *output);

/*
 * emu_swarm_replay() runs the schedule in the file |path| with the files and the progress of
 * |settings|.
 */
int emu_swarm_replay(struct emu_stress_result *result, const char *path,
                     const struct emu_stress_settings *settings);

#endif
