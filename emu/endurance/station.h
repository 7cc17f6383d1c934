/* SPDX-License-Identifier: MIT */
/*
 * A station: a machine's part in the session (session.h), on a host of ours.
 *
 * One of the two leads: it goes through the course by its clock, and has the other one follow. Both
 * set the pace of their loads by the phase they are in.
 */
#ifndef EMU_ENDURANCE_STATION_H
#define EMU_ENDURANCE_STATION_H

#include "endurance/course.h"
#include "endurance/session.h"
#include "stress_load.h"

struct emu_station;

struct emu_station_settings {
    const struct emu_stress_settings *stress; /* borrowed, with a course */
    struct toe_host *host;
    struct emu_load *load;
    struct emu_stress_result *result;
    struct toe_addr peer;      /* where the other station is; family 0: this one follows */
    struct toe_addr local;     /* where this one listens */
    struct emu_load_pace pace; /* with all connections, and as they are on average */
};

/* emu_station_new() makes one; NULL if memory is short, or the port taken. */
struct emu_station *emu_station_new(const struct emu_station_settings *settings);

/* emu_station_run() does what is due at |now|, before the load, and returns when it is due again.
 */
toe_instant emu_station_run(struct emu_station *station, toe_instant now);

/* emu_station_finish() ends the session as soon as the loads have no flows any more. */
void emu_station_finish(struct emu_station *station);

/* emu_station_is_over() tells whether it has ended, well or not. */
bool emu_station_is_over(const struct emu_station *station);

/* emu_station_del() forgets it; NULL is allowed. */
void emu_station_del(struct emu_station *station);

#endif
