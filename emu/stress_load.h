/* SPDX-License-Identifier: MIT */
/*
 * The load: the application of a stress test, on one host of ours.
 *
 * A load keeps a number of flows (flow.h) open to a peer, accepts those that the peer opens, serves
 * both, and replaces the ones that finish. It counts into the result of the run, which it shares
 * with the load of the other machine if there is one. It is the |application| of a pump or of a
 * simulated machine.
 */
#ifndef EMU_STRESS_LOAD_H
#define EMU_STRESS_LOAD_H

#include "lost.h"
#include "plan.h"
#include "stress.h"

struct emu_load;

struct emu_load_settings {
    const char *name; /* of the machine */
    struct toe_host *host;
    struct emu_stress_result *result; /* shared; borrowed until emu_load_del() */
    uint64_t seed;
    struct emu_plan_mix mix;
    uint32_t open_cnt;       /* flows to keep open */
    uint32_t call_cnt;       /* flows to have the peer keep open to us, by calls */
    bool counts_accepted;    /* nobody else counts the flows that the peer opens */
    toe_duration open_for;   /* from the first run on; no flows are opened after that */
    struct toe_addr peer[2]; /* IPv4 and IPv6; family 0: not used */
    uint16_t peer_port;
    uint16_t port;         /* to listen on */
    uint32_t loss;         /* chance in a million that a frame does not arrive, for patience */
    bool moves;            /* batches of connections are offloaded and uploaded now and then */
    bool loses;            /* hardware may turn out to be corrupt, and take connections with it */
    uint8_t machine;       /* which one of two, for |lost| */
    struct emu_lost *lost; /* shared with the other machine; NULL: that is none of ours */
    struct emu_chronicle *chronicle; /* shared, as |result| is; or NULL */
};

/* emu_load_new() makes a load, which listens already; NULL if the port cannot be had. */
struct emu_load *emu_load_new(const struct emu_load_settings *settings);

/* emu_load_run() does what is due at |now| and returns when it wants to be called again. */
toe_instant emu_load_run(void *load, toe_instant now);

/*
 * emu_load_open() opens a flow of |plan|, a plain one, besides those that the load keeps open. Like
 * emu_load_move() it may be called between two runs.
 */
void emu_load_open(struct emu_load *load, const struct emu_flow_plan *plan, toe_instant now);

/* emu_load_move() offloads or uploads up to |cnt| connections, 32 at most, which |pick| picks. */
void emu_load_move(struct emu_load *load, uint64_t pick, uint32_t cnt, bool up);

/* How a load goes on from now on. */
struct emu_load_pace {
    uint32_t open_cnt;        /* as in the settings */
    uint32_t call_cnt;        /* the same */
    struct emu_plan_mix mix;  /* the same; |seconds_max| 0: as long as connections are opened */
    toe_duration moves_every; /* mean time between two batches that are moved; 0: none are */
};

/* emu_load_pace_set() changes it; between two runs, or within one. */
void emu_load_pace_set(struct emu_load *load, const struct emu_load_pace *pace, toe_instant now);

/* emu_load_tally_get() tells what |load| itself has counted. */
void emu_load_tally_get(const struct emu_load *load, struct emu_stress_tally *tally);

/* emu_load_drain() has no more flows opened and all thinking end. */
void emu_load_drain(struct emu_load *load, toe_instant now);

/* emu_load_abort() ends all flows at once, with a RST. */
void emu_load_abort(struct emu_load *load);

/* emu_load_flow_cnt() is how many flows are not finished, asked-for ones included. */
uint32_t emu_load_flow_cnt(const struct emu_load *load);

/* emu_load_heard() tells whether the peer ever answered. */
bool emu_load_heard(const struct emu_load *load);

/* emu_load_fault() notes in words what went wrong, if nothing did before. */
void emu_load_fault(struct emu_stress_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* emu_load_del() forgets the flows, and the memory of |load|; NULL is allowed. */
void emu_load_del(struct emu_load *load);

#endif
