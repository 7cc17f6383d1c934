/* SPDX-License-Identifier: MIT */
/*
 * Directed checks: the scenarios of the certification suite that show the seven requirements, run
 * before the load. A load shows that much goes well; these show what has to happen where it does
 * not, which no load brings about for sure.
 */
#ifndef EMU_ENDURANCE_DIRECTED_H
#define EMU_ENDURANCE_DIRECTED_H

#include "error.h"
#include "toe/types.h"

enum { EMU_REQUIREMENT_CNT = 7 };

/* By requirement, CERT-1 to CERT-7. */
struct emu_directed {
    uint32_t run[EMU_REQUIREMENT_CNT];
    uint32_t passed[EMU_REQUIREMENT_CNT];
    bool is_interrupted;
};

/*
 * emu_directed_run() runs them, for both profiles of the built-in target, or with |is_brief| for
 * the modern one only. Returns false with |error| if processes cannot be started.
 */
bool emu_directed_run(struct emu_directed *directed, uint64_t seed, bool is_brief,
                      struct emu_error *error);

#endif
