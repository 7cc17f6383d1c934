/* SPDX-License-Identifier: MIT */
/*
 * Shrinking: a schedule under which a run fails is made as short as it goes, while it fails alike.
 */
#ifndef EMU_SWARM_SHRINK_H
#define EMU_SWARM_SHRINK_H

#include "swarm/schedule.h"

struct emu_shrink {
    uint32_t jobs;   /* trials at once */
    uint32_t trials; /* most; counted down */
    char signature[256];
    struct emu_stress_settings *settings; /* of the run; made simpler, too */
    struct emu_schedule *schedule;
    struct emu_stress_result *result; /* of the last failing trial */
};

/*
 * emu_shrink() leaves events out, kind by kind, half by half and one by one, and makes the settings
 * plainer, until nothing more can go or the trials are used up, or stopped by settings->stop. A run
 * that hangs is left as it is: to see that again and again takes too long.
 */
void emu_shrink(struct emu_shrink *shrink);

#endif
