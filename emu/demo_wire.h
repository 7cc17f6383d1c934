/* SPDX-License-Identifier: MIT */
/*
 * `toe demo --wire`: our own host stack with the target below it, on a raw socket, against a Linux
 * kernel and programs on it. One connection step by step, a file from a web server, then some
 * hundred connections under loss; at the end a verdict.
 */
#ifndef EMU_DEMO_WIRE_H
#define EMU_DEMO_WIRE_H

#include "report.h"
#include "toe/types.h"

/* What either demonstration is told. */
struct emu_demo_settings {
    struct emu_report *report;
    toe_duration seconds; /* 0: as it likes */
    uint64_t connections; /* likewise */
    uint64_t seed;
};

/* emu_demo_wire_run() runs it to the verdict. Returns the status to exit with. */
int emu_demo_wire_run(const struct emu_demo_settings *settings);

#endif
