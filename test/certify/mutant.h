/* SPDX-License-Identifier: MIT */
/*
 * Mutants: wrong targets, each of which breaks one rule, to try the certification suite on.
 *
 * A suite is worth what it finds. Each row of the tables is our own target with one thing done
 * wrong, and says which rule that breaks; mutants_test.c has the suite look at every one of them
 * and demands that it fails. Three things can be done to a target:
 *
 *   seam    a driver stands above it and spoils calls on their way down, upcalls on their way up
 *           (mutants_tree.c, mutants_data.c, mutants_event.c)
 *   wire    the same driver stands below it and spoils segments, either way (mutants_wire.c)
 *   lie     a function of the library is replaced: the linker sends its callers from other files to
 *           one here (--wrap), which does the right thing unless the mutant in force is the one
 *           that tells this lie (mutants_engine.c, mutants_target.c)
 *
 * A mutant is wrong whenever it can be, not once: it is a target as somebody might have built it.
 * Without any mutant the driver hands everything through, and the suite must not notice it.
 */
#ifndef MUTANT_H
#define MUTANT_H

#include "certify/craft.h"
#include "inter/pass.h"
#include "toe/certify.h"

struct mutant_driver;

/* What becomes of a segment on its way through the driver. */
enum mutant_fate {
    MUTANT_KEEP,   /* it goes on as it came */
    MUTANT_CHANGE, /* it is built anew from what the hook made of it */
    MUTANT_LOSE,
};

struct mutant {
    const char *name; /* what is wrong, in a few words; NULL ends a table */
    const char *rule; /* that is broken by it */
    const char *runs; /* scenarios that show it besides those that claim the rule; NULL: none */

    /*
     * Hooks of the seam, for the operations of |op|: a call on its way down, a completion on its
     * way up. Each returns true if it did itself what was to be done, false to have it go on.
     */
    enum toe_inter_op op;
    bool (*call)(struct mutant_driver *m, struct toe_block *tree);
    bool (*tree)(struct mutant_driver *m, struct toe_block *tree);
    bool (*post)(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain);
    bool (*chain)(struct mutant_driver *m, struct toe_buf *chain);

    /* The other upcalls: return true for what is not to go up. */
    bool (*indicate)(struct mutant_driver *m, void *name, struct toe_buf *buf, uint32_t *consumed,
                     toe_status *status);
    bool (*event)(struct mutant_driver *m, void *name, enum toe_event *event, uint32_t *info);
    bool (*neighbor)(struct mutant_driver *m, enum toe_neighbor_event event,
                     struct toe_block *block);
    bool (*status)(struct mutant_driver *m, toe_status what, const struct toe_caps *caps);
    bool (*frames)(struct mutant_driver *m, const struct toe_frame *frames, uint32_t cnt);

    /* Around a run; before() may change the time. due() changes the deadline. */
    void (*before)(struct mutant_driver *m, toe_instant *now);
    void (*after)(struct mutant_driver *m);
    toe_instant (*due)(struct mutant_driver *m, toe_instant deadline);

    /* Answers that are given at once. */
    void (*caps)(struct toe_caps *caps);
    toe_status (*params)(struct toe_params *params, toe_status status);
    void (*stats)(struct toe_stats *stats);
    void (*settings)(struct toe_certify_settings *settings);

    /* The wire: segments that the target sends, and that it is sent. */
    enum mutant_fate (*out)(struct mutant_driver *m, struct cert_seg *seg);
    enum mutant_fate (*in)(struct mutant_driver *m, struct cert_seg *seg);

    uint64_t value; /* for the hooks */
    uint32_t nth;   /* the same: a second number */
    uint32_t lie;   /* what the replaced functions ask for; 0: they are right */
};

#define MUTANT_HELD_MAX 64

/* What the driver is, and what hooks may remember in it. */
struct mutant_driver {
    struct inter_pass pass;
    const struct mutant *mutant;
    struct toe_wire_ops wire; /* below the target */
    void *wire_user;
    struct toe_bus bus;
    uint8_t *fetched[256]; /* frames of the last receive(), until the next */
    uint32_t fetched_cnt;

    const char *broken; /* what is wrong with the segment that a hook is asked about */

    uint32_t seen;
    void *name; /* of a connection */
    toe_handle tcp;
    struct toe_buf *chain;
    struct toe_block *block;
    struct toe_tcp_state state;
    struct toe_buf *held[MUTANT_HELD_MAX];
    uint32_t held_cnt;
    toe_instant held_at; /* when they go on */
    struct {
        void *name;
        enum toe_event event;
        uint32_t info;
    } late;
    bool is_late;
    uint32_t seq;
    uint8_t mac[TOE_MAC_LEN];
};

/* The tables. */
extern const struct mutant mutants_tree[];
extern const struct mutant mutants_data[];
extern const struct mutant mutants_event[];
extern const struct mutant mutants_wire[];
extern const struct mutant mutants_engine[];
extern const struct mutant mutants_target[];

/*
 * mutant_plugin() is our target as |mutant| spoils it, for the suite to run; NULL: as it is. It
 * holds until the next call.
 */
const struct toe_certify_plugin *mutant_plugin(const struct mutant *mutant);

/* mutant_lies() tells whether the mutant in force tells |lie|. */
bool mutant_lies(uint32_t lie);

/* mutant_complete() makes the upcall that the mutant's |op| is, with |tree| or |chain|. */
void mutant_complete_tree(struct mutant_driver *m, struct toe_block *tree);
void mutant_complete_chain(struct mutant_driver *m, struct toe_buf *chain);

#endif
