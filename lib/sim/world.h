/* SPDX-License-Identifier: MIT */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "base/rand.h"
#include "sim/agenda.h"
#include "sim/flight.h"
#include "toe/sim.h"

/*
 * What a simulation consists of
 *
 * A simulation has nodes, links, and the agenda that says which node is next. A link has two
 * directions, each with a queue of the frames on their way. Frames have no entry in the agenda: a
 * node is due when its own deadline has come or when the first frame towards it arrives, whichever
 * is earlier, so an event is a run of a node and costs the same however many frames are under way.
 *
 * sim.c has the clock and the nodes, link.c what a link does to frames.
 */

/* No node is attached. */
#define SIM_NODE_NONE UINT32_MAX

/* Frames on their way to one end: those in order, and those that were held back. */
struct sim_inbox {
    struct sim_flight *head; /* in order of arrival */
    struct sim_flight *tail;
    struct sim_flight **held; /* heap by arrival */
    uint32_t held_cnt;
    uint32_t held_cap;
};

/* What is to happen to the next frames, one each. */
#define SIM_STRIKES_MAX 32

struct sim_strike {
    enum toe_sim_strike kind;
    uint64_t detail;
};

/* One end of a link, and the direction that leads away from it. */
struct sim_end {
    struct toe_sim_link *link;
    uint32_t idx;              /* 0 or 1 */
    uint32_t node;             /* who is run when frames arrive here, or SIM_NODE_NONE */
    struct sim_end *node_next; /* another end of the same node */

    struct sim_inbox inbox;
    struct sim_flight *lent; /* what the last receive() returned */

    struct base_rand fate;   /* two numbers for each frame sent, whatever becomes of it */
    struct base_rand detail; /* how long, which bit */
    struct sim_strike strikes[SIM_STRIKES_MAX]; /* a ring */
    uint32_t strike_first;
    uint32_t strike_cnt;
    toe_instant free_at;  /* the last frame sent has left by then */
    toe_instant last_at;  /* arrival of the last frame in order */
    toe_instant *leaving; /* ring of instants: when those that wait for the rate have left */
    uint32_t leaving_first;
    uint32_t leaving_cnt;
    uint32_t leaving_cap;
};

struct toe_sim_link {
    struct toe_sim *sim;
    struct toe_sim_link *next;
    struct toe_sim_link_settings settings;
    uint32_t id; /* by order of creation */
    bool up;
    struct sim_end ends[2];
};

struct sim_node {
    struct toe_sim_node ops;
    struct sim_end *ends;
};

struct toe_sim {
    struct toe_mem mem;
    struct base_rand rand; /* every link's streams are forks of it */
    toe_instant now;
    struct sim_agenda agenda;
    struct sim_node *nodes;
    uint32_t node_cnt;
    uint32_t node_cap;
    struct toe_sim_link *links; /* the last one first */
    uint32_t link_cnt;
    struct sim_flight_pool pool;
    uint64_t flight_cnt; /* ever; gives each its place */
    uint64_t moved;      /* frames sent or received, ever: what tells work from a livelock */
    uint64_t digest;
    struct toe_sim_stats stats;
    void (*tap)(void *user, const struct toe_sim_tap_frame *frame);
    void *tap_user;
};

/*
 * sim_end_arrival() is the instant at which the first frame towards |end| arrives, or
 * TOE_INSTANT_NEVER.
 */
toe_instant sim_end_arrival(const struct sim_end *end);

/*
 * sim_link_del() frees |link| with all that is on its way.
 */
void sim_link_del(struct toe_sim_link *link);

#endif
