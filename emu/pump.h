/* SPDX-License-Identifier: MIT */
/*
 * The pump: one host, one target, one port and an application, run in real time on libuv; or two
 * NICs, each a target and a port, below one host.
 *
 * The pump waits until the port is readable or something is due, and runs port, target, host and
 * application, each time at one sample of the clock, until none of them is due at once. The
 * application may read the clock as well, and give the target that instant. It is what
 * toe_sim_run() is in virtual time, and the application is the same function there and here. It may
 * look for the next frames for a while before it sleeps, as to be woken takes longer. SIGINT
 * and SIGTERM end it cleanly: emu_pump_run() returns, and the owner takes down what it built.
 */
#ifndef EMU_PUMP_H
#define EMU_PUMP_H

#include <uv.h>

#include "port.h"
#include "toe/host.h"

struct emu_pump;

enum { EMU_PUMP_FDS = 4 };

/* What the timers of a target have to be as fine and as punctual as (CERT-4). */
#define EMU_PUMP_PUNCTUAL (10 * TOE_NS_PER_MS)

struct emu_pump_settings {
    struct toe_host *host; /* may be NULL: a target alone */
    const struct toe_target_ops *ops;
    void *target;
    struct emu_port *port; /* borrowed until emu_pump_del() */
    /* A second NIC of the host's, or NULL: a software target, and its port, borrowed as well. */
    struct toe_target *support;
    struct emu_port *support_port;
    /* Called after both have run, to take the host's events; returns its own next deadline. */
    toe_instant (*application)(void *user, toe_instant now);
    void *user;
    int fds[EMU_PUMP_FDS]; /* of the application's own: when one is readable, all is run */
    uint32_t fd_cnt;
    toe_duration busy_poll; /* so long it looks for more frames before it sleeps; 0: not */
    bool keeps_vigil;       /* instead: it does so where that is worth it (vigil.h) */
    bool no_signals;        /* they are somebody else's: one of several pumps, each in a thread */
};

struct emu_pump_stats {
    uint64_t wakeups;      /* batches: samples of the clock */
    uint64_t rounds;       /* runs of the target */
    uint64_t stalls;       /* batches cut off because something stayed due at once */
    uint64_t timers;       /* deadlines that woke the pump, */
    uint64_t timers_late;  /* those that it served later than EMU_PUMP_PUNCTUAL, */
    toe_duration late_max; /* and how late at most */
    uint64_t vigils;       /* see vigil.h, */
    uint64_t vigils_in_vain;
};

/* emu_pump_now() is the time the pump lives in: CLOCK_MONOTONIC. */
toe_instant emu_pump_now(void);

/* emu_pump_new() makes a pump that stands still; NULL with |error| if that fails. */
struct emu_pump *emu_pump_new(const struct emu_pump_settings *settings, struct emu_error *error);

/*
 * emu_pump_run() runs until emu_pump_stop(), a signal, or |until| (TOE_INSTANT_NEVER: no limit).
 * Returns the number of the signal that ended it, or 0. It can be called again. Whoever blocks the
 * two signals with emu_pump_signals_block() before the first run and in between loses none.
 */
int emu_pump_run(struct emu_pump *pump, toe_instant until);

/*
 * emu_pump_signals_block() keeps SIGINT and SIGTERM waiting until a pump runs, or
 * emu_pump_signals_unblock() lets them in. Threads begin as the one that makes them.
 */
void emu_pump_signals_block(void);
void emu_pump_signals_unblock(void);

/* emu_pump_stop() makes emu_pump_run() return soon. To be called from the application. */
void emu_pump_stop(struct emu_pump *pump);

/* emu_pump_wake() has the application called soon: something outside of the four has changed. */
void emu_pump_wake(struct emu_pump *pump);

/* emu_pump_rouse() is the one call that other threads may make: all is run soon. */
void emu_pump_rouse(struct emu_pump *pump);

/*
 * emu_pump_heard() tells that frames came, with |bytes| in all: more may follow soon. To be called
 * from the application; those of the port need no call.
 */
void emu_pump_heard(struct emu_pump *pump, uint64_t bytes);

/* emu_pump_loop() is the loop, for handles of the application's own. It closes them before del. */
uv_loop_t *emu_pump_loop(struct emu_pump *pump);

void emu_pump_stats_get(const struct emu_pump *pump, struct emu_pump_stats *stats);

/* emu_pump_del() frees the pump; NULL is allowed. The port stays open. */
void emu_pump_del(struct emu_pump *pump);

#endif
