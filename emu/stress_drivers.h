/* SPDX-License-Identifier: MIT */
/*
 * The intermediate drivers of a stress run's machine, between its host and its target:
 *
 *     host -> monitor -> tracer -> chaos -> monitor -> lag -> target
 *
 * The first monitor sees what the host sees, and is always there. The tracer is there with a trace,
 * a chronicle, or a course, which has it count.
 * Chaos is a fault injector, there if faults are asked for, or a schedule has them; to the target
 * it is a host, so it has a monitor of its own. The lag is another injector that only delays: a
 * software target answers at once, an adapter does not.
 */
#ifndef EMU_STRESS_DRIVERS_H
#define EMU_STRESS_DRIVERS_H

#include <stdio.h>

#include "stress.h"
#include "toe/inter.h"

struct emu_stress_drivers {
    struct toe_inter_below top; /* what the host stands on */
    struct toe_inter_fault *lag;
    struct toe_inter_monitor *low; /* NULL without chaos */
    struct toe_inter_fault *chaos; /* NULL: not asked for; without rules under a schedule */
    struct toe_inter_trace *trace; /* NULL: nobody wants it */
    struct toe_inter_monitor *monitor;
    struct toe_bus bus;
    const char *name;
    FILE *out;                       /* the trace's, or NULL */
    struct emu_ladder *ladder;       /* or NULL */
    struct emu_chronicle *chronicle; /* or NULL */
    uint64_t ops[TOE_INTER_OP_CNT];  /* that the tracer saw */
    struct emu_stress_result *result;
    toe_instant began; /* the run; to be set if that is not 0 */
};

/*
 * emu_stress_drivers_init() stacks them on |target|, for the machine called |name|; breaches go to
 * |result|. Must stay where it is. Returns false if memory is short; then, too, _fini() is due.
 */
bool emu_stress_drivers_init(struct emu_stress_drivers *drivers,
                             const struct emu_stress_settings *settings, const char *name,
                             struct toe_inter_below target, uint64_t seed,
                             struct emu_stress_result *result);

/* emu_stress_drivers_end() has the monitors report what is under way though all should be quiet. */
void emu_stress_drivers_end(struct emu_stress_drivers *drivers);

/* emu_stress_drivers_sum() adds what they have counted to the result. */
void emu_stress_drivers_sum(const struct emu_stress_drivers *drivers);

/* emu_stress_drivers_fini() frees them. */
void emu_stress_drivers_fini(struct emu_stress_drivers *drivers);

#endif
