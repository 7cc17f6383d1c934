/* SPDX-License-Identifier: MIT */
/*
 * The live demonstration: other people's programs, on two machines with `toe nic` between them,
 * while their connections move into the target and back all the time.
 */
#ifndef EMU_LIVE_LIVE_H
#define EMU_LIVE_LIVE_H

#include <jansson.h>

#include "error.h"
#include "report.h"
#include "toe/types.h"

struct emu_live_settings {
    toe_duration seconds; /* how long programs begin something anew */
    uint32_t connections; /* that our own program has at once */
    uint32_t rate;        /* moves a second */
    uint32_t loss;        /* of a million frames on the wire, each way */
    uint64_t seed;
    struct emu_report *report;
};

struct emu_live_result {
    uint64_t connections; /* that there were */
    uint64_t connections_peak;
    uint64_t offloads;
    uint64_t uploads;
    uint64_t bytes; /* received and checked, at both ends */
    uint64_t bytes_wrong;
    uint64_t resets;   /* that nobody had asked for */
    uint64_t leftover; /* connections that were offloaded still when the NIC had ended */
    uint64_t frames_lost;
    uint64_t wire_bytes; /* through the NIC, both ways together */
    double seconds;      /* that the programs ran */
    char fault[256];     /* what went wrong first; empty: nothing */
};

/*
 * emu_live_run() runs all of it. Returns a status to exit with; EMU_EXIT_ENVIRONMENT, with |error|,
 * only where it cannot begin, and has said nothing yet.
 */
int emu_live_run(struct emu_live_result *result, const struct emu_live_settings *settings,
                 struct emu_error *error);

#endif
