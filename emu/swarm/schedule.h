/* SPDX-License-Identifier: MIT */
/*
 * Schedules: everything that befalls a simulated stress run, event by event.
 *
 * A run with a schedule has no other chance in it: connections are opened, moved and struck when
 * the schedule says so, and each event brings along what is random about it, in |detail|. So one of
 * them can be left out and the others stay what they are, which is what makes a failing schedule
 * short (shrink.h). A schedule and the settings of its run are drawn from a seed, or read from a
 * file; the same two give the same run.
 */
#ifndef EMU_SWARM_SCHEDULE_H
#define EMU_SWARM_SCHEDULE_H

#include <jansson.h>

#include "stress.h"

/* What happens, to one machine. */
enum emu_swarm_what {
    EMU_SWARM_OPEN,         /* it opens a connection, of a plan drawn from |detail| */
    EMU_SWARM_OFFLOAD,      /* one of its connections */
    EMU_SWARM_UPLOAD,       /* the same */
    EMU_SWARM_OFFLOAD_MANY, /* some, in one request */
    EMU_SWARM_UPLOAD_MANY,
    EMU_SWARM_LOSE, /* the next frame that it sends */
    EMU_SWARM_DUPLICATE,
    EMU_SWARM_CORRUPT,
    EMU_SWARM_HOLD,
    EMU_SWARM_STARVE, /* some of its next allocations fail */
    EMU_SWARM_JUMP,   /* its clock jumps ahead */
    EMU_SWARM_CRASH,  /* its target forgets everything */
    EMU_SWARM_CHAOS,  /* from here on: the kinds of chaos (stress.h), behind them those of soaks */
    EMU_SWARM_OPEN_BULK = EMU_SWARM_CHAOS + EMU_CHAOS_CNT, /* one that carries settings->bulk */
    EMU_SWARM_OPEN_IDLE,                                   /* one that is idle to the end */
    EMU_SWARM_CNT,
};

/* emu_swarm_name() is the name of |what|, below EMU_SWARM_CNT. */
const char *emu_swarm_name(unsigned what);

struct emu_swarm_event {
    toe_instant at;
    uint64_t detail;
    uint8_t what;    /* enum emu_swarm_what */
    uint8_t machine; /* 0 or 1: A or B */
};

struct emu_schedule {
    struct emu_swarm_event *events; /* by |at| */
    size_t cnt;
    size_t cap;
};

/* Which settings were asked for, so that a seed must not draw them. */
struct emu_swarm_given {
    bool connections, seconds, bytes, receive, lag, ecn, mtu_probing, rcv_buf, delay, rate, mtu,
        bulk;
};

/*
 * emu_schedule_draw() draws a schedule from settings->seed, and those settings that are not given.
 * Each seed has kinds of its own that happen, and each of them more or less often: two faults that
 * hide each other are apart in other seeds.
 */
void emu_schedule_draw(struct emu_schedule *schedule, struct emu_stress_settings *settings,
                       const struct emu_swarm_given *given);

/* emu_schedule_has() tells whether one of |cnt| kinds from |first| on happens at all. */
bool emu_schedule_has(const struct emu_schedule *schedule, unsigned first, unsigned cnt);

/* emu_schedule_has_losses() tells whether connections may be lost with corrupt hardware. */
bool emu_schedule_has_losses(const struct emu_schedule *schedule);

/* emu_schedule_draw_events() adds |cnt| events before |before|; emu_schedule_sort() comes last. */
void emu_schedule_draw_events(struct emu_schedule *schedule, unsigned what, uint64_t cnt,
                              toe_duration before, struct emu_random *random);
void emu_schedule_sort(struct emu_schedule *schedule);

/* emu_schedule_add() adds an event at the end. */
void emu_schedule_add(struct emu_schedule *schedule, const struct emu_swarm_event *event);

void emu_schedule_fini(struct emu_schedule *schedule);

/* emu_schedule_json() is a schedule with its settings, as a file has it. */
json_t *emu_schedule_json(const struct emu_schedule *schedule,
                          const struct emu_stress_settings *settings);

/*
 * emu_schedule_parse() reads what emu_schedule_json() has made. Returns false, and says in |error|
 * what is wrong, if |root| is something else.
 */
bool emu_schedule_parse(struct emu_schedule *schedule, struct emu_stress_settings *settings,
                        const json_t *root, struct emu_error *error);

#endif
