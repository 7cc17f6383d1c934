/* SPDX-License-Identifier: MIT */
/*
 * The certification stress: `toe stress --certify`, after "TCPIP offload engine stress tests" of
 * the original kit. Step by step:
 *
 *  1. Two machines, each with a test NIC and a support NIC, which is of the same kind.
 *  2. Directed checks of the device (directed.h).
 *  3. Over the support NICs, and over these only, the machines agree on what is going to happen.
 *  4. Over the test NICs many connections are established over time, and send and receive data,
 *     while at random instants some of them are offloaded or uploaded, in phases (course.h) that
 *     are called over the support NICs.
 *  5. All connections finish; the other machine reports what it saw.
 *  6. Each of the seven requirements that the test is about gets a verdict, from what was seen.
 *
 * The machines are simulated ones of ours in virtual time; or one of ours and one of the kernel's
 * in networks of their own; or both the kernel's, the first one with NICs of `toe nic`.
 */
#ifndef EMU_ENDURANCE_H
#define EMU_ENDURANCE_H

#include <jansson.h>

#include "endurance/course.h"
#include "endurance/directed.h"
#include "endurance/high_bus.h"
#include "report.h"
#include "stress.h"

enum emu_endurance_way {
    EMU_ENDURANCE_SIM,
    EMU_ENDURANCE_WIRE,
    EMU_ENDURANCE_NIC,
};

/* How far a run was at an instant: what rates are made of. */
struct emu_endurance_mark {
    double at; /* seconds of the run */
    uint64_t opened;
    uint64_t bytes;
    uint64_t moves; /* both ways */
    uint64_t frames;
    uint64_t retransmitted;
    uint64_t neighbor_queries;
    uint32_t connections; /* open then */
    uint32_t offloaded;   /* and offloaded, their two ends counted both where both are ours */
};

enum { EMU_ENDURANCE_PHASES = 16 };

/* One of the seven, after the run. */
struct emu_requirement {
    const char *id;   /* "CERT-1" */
    const char *name; /* of the requirement, "ComplyWithNDIS" */
    bool is_met;
    char evidence[384]; /* in words: the figures that show it, or what was missing */
};

/* All of a certification, but for what every stress run tells. */
struct emu_endurance {
    enum emu_endurance_way way;
    const struct emu_course *course;
    double seconds; /* of the phases together */
    double stale;   /* silence after which a neighbor is stale, in seconds */
    struct emu_directed directed;
    struct emu_high_bus bus; /* of the test device's buffers; not by way of a NIC */
    struct emu_endurance_mark marks[EMU_ENDURANCE_PHASES]; /* the beginning of each phase, and */
    uint32_t mark_cnt;                                     /* behind the last one the end */
    struct emu_requirement requirements[EMU_REQUIREMENT_CNT];
};

/* What is asked for. */
struct emu_endurance_settings {
    enum emu_endurance_way way;
    const struct emu_course *course;
    struct emu_stress_settings stress; /* |connections| and |seconds| 0: as the course has them */
};

/*
 * emu_endurance_run() does it all and says how it goes. Returns an exit status; with EMU_EXIT_OK
 * and EMU_EXIT_FAULT there is a result, whose |endurance| is there until the next run.
 */
int emu_endurance_run(struct emu_stress_result *result,
                      const struct emu_endurance_settings *settings, struct emu_report *output);

/* emu_endurance_judge() fills in the requirements, from |result| and the rest of |endurance|. */
void emu_endurance_judge(struct emu_endurance *endurance, const struct emu_stress_result *result);

/* emu_endurance_json() is an array of the requirements. */
json_t *emu_endurance_json(const struct emu_endurance *endurance);

#endif
