/* SPDX-License-Identifier: MIT */
/*
 * The second phase of the demonstration: a file from a web server that nobody here wrote, fetched
 * over IPv4 and over IPv6, each time with the connection offloaded and uploaded several times on
 * the way, and compared byte for byte.
 */
#ifndef EMU_DEMO_FETCH_H
#define EMU_DEMO_FETCH_H

#include "demo_world.h"
#include "report.h"

struct emu_fetch_result {
    uint64_t bytes;
    uint64_t bytes_wrong;
    uint32_t offloads;
    uint32_t uploads;
    char fault[160]; /* empty if all went well */
};

/* emu_fetch_run() runs the phase; what it returns is as with emu_life_run(). */
int emu_fetch_run(struct emu_fetch_result *result, const struct emu_world *world, uint64_t seed,
                  struct emu_report *report);

#endif
