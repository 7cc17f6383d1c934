/* SPDX-License-Identifier: MIT */
/*
 * The options of `toe stress`.
 */
#ifndef EMU_STRESS_OPTIONS_H
#define EMU_STRESS_OPTIONS_H

#include "stress.h"
#include "swarm/schedule.h"

struct emu_stress_options {
    struct emu_stress_settings settings;
    bool certify;   /* the certification stress, of */
    int profile;    /* this one of emu_course_names; simulated, or: */
    bool nic;       /* with connections of the kernel's; else on a wire of its own making */
    bool sim;       /* simulated; otherwise on settings.interface */
    uint64_t swarm; /* seeds that draw what happens to them; 0: one run */
    uint32_t soak;  /* connections of a soak, in all; 0: none */
    uint64_t bulk;  /* bytes each way, of those that carry most */
    struct emu_swarm_given given;
    uint64_t jobs;        /* of a swarm at once; 0: two for each processor */
    const char *failures; /* where a swarm writes what failed */
    const char *replay;   /* file of a schedule, or NULL */
    bool json;
    const char *report; /* file, or NULL */
    const char *trace;  /* the same */
    const char *chart;  /* the same */
};

/* emu_stress_options_parse() returns -1 to go on, or the status to exit with. */
int emu_stress_options_parse(struct emu_stress_options *options, int argc, char **argv);

#endif
