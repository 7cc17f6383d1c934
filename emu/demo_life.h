/* SPDX-License-Identifier: MIT */
/*
 * The first phase of the demonstration: the life of one connection, told step by step.
 *
 * Our host connects to the peer's kernel, data flows both ways, the connection is offloaded and
 * uploaded while it does, and closes in order.
 */
#ifndef EMU_DEMO_LIFE_H
#define EMU_DEMO_LIFE_H

#include "demo_world.h"
#include "report.h"

struct emu_life_result {
    uint64_t bytes; /* received by us and checked */
    uint64_t bytes_wrong;
    uint32_t offloads;
    uint32_t uploads;
    char fault[160]; /* empty if all went well */
};

/*
 * emu_life_run() runs the phase. Returns -1 to go on, or a status to exit with: the thing tested is
 * at fault or a signal came (result->fault), or the environment lacks something (on stderr).
 */
int emu_life_run(struct emu_life_result *result, const struct emu_world *world, uint64_t seed,
                 struct emu_report *report);

#endif
