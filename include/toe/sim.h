/* SPDX-License-Identifier: MIT */
/*
 * The simulator: machines and links in virtual time, from a seed.
 *
 * A simulation is a clock, links, and *nodes*: anything that has a deadline and can be run. Time
 * jumps from one event to the next, so an hour of idle connections takes no time, and everything
 * that happens follows from the settings and the seed: the same seed gives the same frames at the
 * same instants, which the digest shows in one number.
 *
 *     struct toe_sim *sim = toe_sim_new(&(struct toe_sim_settings){.seed = 1, ...});
 *     struct toe_sim_link *link = toe_sim_link_new(sim, &link_settings);
 *     settings.wire = toe_sim_wire_ops();             for a target on either end
 *     settings.wire_user = toe_sim_link_end(link, 0);
 *     toe_sim_node_add(sim, &node);
 *     toe_sim_run(sim, 10 * TOE_NS_PER_SEC);
 */
#ifndef TOE_SIM_H
#define TOE_SIM_H

#include "toe/frame.h"
#include "toe/host.h"
#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct toe_sim;
struct toe_sim_link;

struct toe_sim_settings {
    struct toe_mem mem;
    uint64_t seed;
    uint32_t frames_max; /* frames on their way at once, of all links; 0: 65,536 */
};

/* What a link does to frames, in each direction. Chances are in parts per million. */
struct toe_sim_link_settings {
    uint64_t rate;       /* bits a second; 0: no limit */
    toe_duration delay;  /* one way */
    toe_duration jitter; /* added at random, up to this; keeps the order */
    uint32_t queue;      /* frames that wait for the rate; more are lost; 0: no limit */
    uint32_t mtu;        /* longer packets are lost; 0: no limit */
    uint32_t loss;
    uint32_t reorder; /* held back by up to reorder_delay */
    toe_duration reorder_delay;
    uint32_t duplicate;
    uint32_t corrupt; /* one bit flipped */
    uint32_t mark;    /* CE instead of ECT: a queue on the way says that it grows */
    uint32_t mark_at; /* for sure where so many frames wait in |queue|; 0: never */
};

/*
 * A node: anything that runs. The functions get |user|. A node's deadline is asked for when it has
 * been run, and of all nodes at the start of toe_sim_run(): a run of one must not change the
 * deadline of another but through a link. What is coupled more closely is one node.
 */
struct toe_sim_node {
    void *user;
    toe_instant (*deadline)(void *user); /* 0: at once */
    void (*run)(void *user, toe_instant now);
};

/* toe_sim_new() creates a simulation at instant 0; NULL if memory is short. */
TOE_EXPORT struct toe_sim *toe_sim_new(const struct toe_sim_settings *settings);

/* toe_sim_del() frees the simulation and its links; what stands on them must be gone before. */
TOE_EXPORT void toe_sim_del(struct toe_sim *sim);

/* toe_sim_link_new() adds a link; NULL if memory is short. */
TOE_EXPORT struct toe_sim_link *toe_sim_link_new(struct toe_sim *sim,
                                                 const struct toe_sim_link_settings *settings);

/* toe_sim_link_set() changes what a link does, from the next frame on. */
TOE_EXPORT void toe_sim_link_set(struct toe_sim_link *link,
                                 const struct toe_sim_link_settings *settings);

/* toe_sim_link_up_set() cuts a link, or mends it. What was on its way is lost. */
TOE_EXPORT void toe_sim_link_up_set(struct toe_sim_link *link, bool up);

/* What a link can do to one frame on purpose. */
enum toe_sim_strike {
    TOE_SIM_LOSE,
    TOE_SIM_DUPLICATE,
    TOE_SIM_CORRUPT, /* flips the bit |detail|, modulo the length of the packet; spares ARP */
    TOE_SIM_HOLD,    /* back for |detail| nanoseconds */
};

/*
 * toe_sim_link_strike() strikes the next frame that is sent from |end| and would arrive otherwise;
 * called again before that, the one after it. Returns false if too many, 32, are waiting for that.
 */
TOE_EXPORT bool toe_sim_link_strike(struct toe_sim_link *link, uint32_t end,
                                    enum toe_sim_strike strike, uint64_t detail);

/* toe_sim_link_end() is one end of a link, 0 or 1: the |wire| argument of toe_sim_wire_ops(). */
TOE_EXPORT void *toe_sim_link_end(struct toe_sim_link *link, uint32_t end);

/* toe_sim_wire_ops() is the wire that a link's end is. */
TOE_EXPORT const struct toe_wire_ops *toe_sim_wire_ops(void);

/*
 * toe_sim_node_add() adds a node and returns its index, or -1. A node is run when its deadline has
 * come and, if |wire| is not NULL, when frames have arrived at that end of a link.
 */
TOE_EXPORT int toe_sim_node_add(struct toe_sim *sim, const struct toe_sim_node *node, void *wire);

/* toe_sim_node_wire_add() has |node| run when frames have arrived at |wire|, too. */
TOE_EXPORT void toe_sim_node_wire_add(struct toe_sim *sim, int node, void *wire);

/* toe_sim_machine_run() and _deadline() make a node of a host and the target below it. */
struct toe_sim_machine {
    struct toe_host *host;
    const struct toe_target_ops *ops;
    void *target;
    /* Called after both have run, to take the host's events; returns its own next deadline. */
    toe_instant (*application)(void *user, toe_instant now);
    void *user;
    toe_instant application_at; /* what it returned last */
};
TOE_EXPORT toe_instant toe_sim_machine_deadline(void *machine);
TOE_EXPORT void toe_sim_machine_run(void *machine, toe_instant now);

/* toe_sim_machine_add() adds |machine| as a node on |wire|; it must stay where it is. */
TOE_EXPORT int toe_sim_machine_add(struct toe_sim *sim, struct toe_sim_machine *machine,
                                   void *wire);

/*
 * toe_sim_machine_init() makes a machine with a host and a software target of default settings and
 * the address |addr|/|prefix_len|, and adds it on |wire|. Returns false if memory is short. For
 * anything else than the defaults, fill in the struct and use toe_sim_machine_add().
 */
TOE_EXPORT bool toe_sim_machine_init(struct toe_sim_machine *machine, struct toe_sim *sim,
                                     void *wire, const struct toe_addr *addr, uint8_t prefix_len);

/* toe_sim_machine_fini() frees host and target of a machine from toe_sim_machine_init(). */
TOE_EXPORT void toe_sim_machine_fini(struct toe_sim_machine *machine);

/* toe_sim_now() is the virtual time. */
TOE_EXPORT toe_instant toe_sim_now(const struct toe_sim *sim);

/*
 * toe_sim_run() goes on until nothing is due before |until|, and leaves the clock there. Returns
 * false, and stops at that instant, if a node keeps being due without time moving on (a livelock).
 */
TOE_EXPORT bool toe_sim_run(struct toe_sim *sim, toe_instant until);

/*
 * toe_sim_next() is the instant of the next event. TOE_INSTANT_NEVER: nothing will ever happen by
 * itself; if somebody still waits for something, that is a deadlock.
 */
TOE_EXPORT toe_instant toe_sim_next(struct toe_sim *sim);

/* toe_sim_digest() stands for everything that was put on the links so far: bytes, ends, instants.
 */
TOE_EXPORT uint64_t toe_sim_digest(const struct toe_sim *sim);

/* What a tap is told: a frame that was put on a link, and what the link did with it. */
struct toe_sim_tap_frame {
    toe_instant now;
    const struct toe_sim_link *link;
    uint32_t end; /* the sender's */
    const struct toe_frame *frame;
    bool lost;
};

/* toe_sim_tap_set() has |tap| called for each frame: for captures. NULL ends that. */
TOE_EXPORT void toe_sim_tap_set(struct toe_sim *sim,
                                void (*tap)(void *user, const struct toe_sim_tap_frame *frame),
                                void *user);

struct toe_sim_stats {
    uint64_t frames;
    uint64_t bytes;
    uint64_t lost;       /* by chance */
    uint64_t overflowed; /* by a full queue, or by too many frames on their way */
    uint64_t too_long;
    uint64_t refused; /* not a frame that a wire without features takes */
    uint64_t cut;     /* the link was down */
    uint64_t reordered;
    uint64_t duplicated;
    uint64_t corrupted;
    uint64_t events; /* runs of nodes */
    uint64_t marked; /* with CE */
};

TOE_EXPORT void toe_sim_stats_get(const struct toe_sim *sim, struct toe_sim_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
