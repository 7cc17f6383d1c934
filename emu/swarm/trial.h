/* SPDX-License-Identifier: MIT */
/*
 * Trials: simulated runs with a schedule, each in a process of its own, so that several go on at
 * once and one that crashes or never ends is a result like any other.
 */
#ifndef EMU_SWARM_TRIAL_H
#define EMU_SWARM_TRIAL_H

#include <sys/types.h>

#include "swarm/schedule.h"

struct emu_trial {
    pid_t pid;
    int fd; /* what the process has to say */
};

/* The fault of a run that had to be ended because it did not end by itself. */
extern const char emu_trial_hung[];

/* emu_trial_start() starts a run; false if there cannot be another process. */
bool emu_trial_start(struct emu_trial *trial, const struct emu_stress_settings *settings,
                     const struct emu_schedule *schedule);

/* emu_trial_finish() waits for the end of |trial|, and fills in what came of it. */
void emu_trial_finish(struct emu_trial *trial, struct emu_stress_result *result);

/* emu_trial_cancel() ends |trial|, whatever may come of it. */
void emu_trial_cancel(struct emu_trial *trial);

/*
 * emu_trial_signature() writes what kind of fault |result| tells of, without what differs from run
 * to run: instants, ports, handles. Two runs that fail alike have the same.
 */
void emu_trial_signature(char *out, size_t size, const struct emu_stress_result *result);

#endif
