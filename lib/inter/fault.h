/* SPDX-License-Identifier: MIT */
/*
 * The fault injector: what it remembers.
 *
 * The files: fault_dice.c decides when; fault_tree.c takes blocks out of a tree that goes down and
 * puts them back on the way up; fault_conn.c follows connections, by the host's name for them;
 * fault_post.c follows their buffers; fault_pause.c pauses, and hears of pauses; inter_fault.c has
 * the tables of functions and what is put off.
 */
#ifndef INTER_FAULT_H
#define INTER_FAULT_H

#include "base/hash.h"
#include "base/list.h"
#include "base/rand.h"
#include "inter/census.h"
#include "inter/pass.h"

enum fault_op {
    FAULT_INITIATE,
    FAULT_TERMINATE,
    FAULT_UPDATE,
    FAULT_QUERY,
    FAULT_INVALIDATE,
};

/* One block of a tree, as it came down. */
struct fault_block {
    struct toe_block *block;
    struct toe_block *next;
    struct toe_block *dependent;
    uint32_t parent; /* index of the block above, or UINT32_MAX */
    enum toe_block_role role;
    toe_status refused; /* why it does not go down; 0: it does */
};

/* One state operation under way. */
struct fault_call {
    struct base_hash_node by_head;
    struct base_list_node node; /* of all, or of those that are put off */
    struct toe_block *root;     /* as it came down, and goes up */
    struct toe_block *head;     /* as it goes down; NULL: nothing of it does */
    void *saved[2];             /* the inter_data of |head| */
    enum fault_op op;
    bool is_down;   /* put off on its way down, otherwise up */
    bool waits;     /* for another one to pass it */
    bool is_fresh;  /* the clock has still to be looked at: |at| is a duration */
    toe_instant at; /* but no longer than until then */
    uint32_t cnt;
    struct fault_block blocks[]; /* depth first */
};

/* One connection that is offloaded. */
struct fault_conn {
    struct base_hash_node by_name;
    struct base_list_node node; /* of all */
    toe_handle handle;
    void *name;         /* the host_object */
    bool is_spoilt;     /* its hardware is corrupt, and nobody has noticed */
    bool is_broken;     /* its hardware is corrupt */
    bool is_over;       /* aborted, by whomever: no hardware is left to be corrupt */
    bool is_failing;    /* and the host is to be told */
    bool is_leaving;    /* a terminate is under way */
    bool owes;          /* received data was kept from the host */
    bool is_asking;     /* |ask| is posted, for it to be offered again */
    bool is_gone;       /* but |ask| never came back */
    struct toe_buf ask; /* of length zero */
};

/* A buffer of ours that the host has: a copy of a part of an indication. */
struct fault_copy {
    struct base_list_node node;
    struct toe_buf buf;
    struct toe_sge sge;
    size_t size; /* of all of it */
    uint8_t bytes[];
};

/* In the order of their strength. */
enum fault_phase {
    FAULT_STEADY,
    FAULT_PAUSED,
    FAULT_UPLOADING,
};

struct toe_inter_fault {
    struct inter_pass pass;
    struct toe_inter_fault_settings settings;
    struct toe_inter_fault_rule *rules; /* our copy */
    struct base_rand rand;
    struct toe_inter_fault_rule strikes[TOE_INTER_FAULT_CNT]; /* what was asked for one by one, */
    uint32_t strike_cnt[TOE_INTER_FAULT_CNT];                 /* and how often that is still due */
    uint64_t occasions[TOE_INTER_FAULT_CNT];
    uint64_t injected[TOE_INTER_FAULT_CNT];

    struct base_hash calls_by_head;
    struct base_list calls; /* that the target has */
    struct base_list off;   /* put off, in the order in which they came */
    struct base_hash conns_by_name;
    struct base_list conns;
    struct base_list copies;
    struct base_hash posts_by_buf;
    struct base_list posts;
    uint32_t broken_cnt;  /* connections with |is_broken| */
    uint32_t owing_cnt;   /* connections with |owes| */
    uint32_t failing_cnt; /* connections with |is_failing| */

    struct inter_census census;
    enum fault_phase phase; /* what the driver wants */
    enum fault_phase below; /* what the target wants */
    enum fault_phase told;  /* what the host knows of that */
    bool wants_pause;
    bool wants_upload;
    bool wants_resume;
    toe_instant resume_at;
    bool is_link_down;
    toe_instant link_up_at;
};

/* fault_roll() is an occasion for |kind|; the rule that strikes, or NULL. */
const struct toe_inter_fault_rule *fault_roll(struct toe_inter_fault *f,
                                              enum toe_inter_fault_kind kind);

/* fault_time() is how long the fault of |rule| takes this time. */
toe_duration fault_time(struct toe_inter_fault *f, const struct toe_inter_fault_rule *rule);

/* Trees */

/* fault_call_new() takes |root| down; NULL if there is no memory, and then no fault. */
struct fault_call *fault_call_new(struct toe_inter_fault *f, struct toe_block *root,
                                  enum fault_op op);

void fault_call_del(struct toe_inter_fault *f, struct fault_call *call);

/* fault_call_find() is the call whose tree went down as |head|, or NULL. */
struct fault_call *fault_call_find(const struct toe_inter_fault *f, const struct toe_block *head);

/* fault_refuse() decides which new blocks of |call| are refused, and takes them out. */
void fault_refuse(struct toe_inter_fault *f, struct fault_call *call);

/* fault_graft() puts back what was taken out, and gives every block the status that follows. */
void fault_graft(struct fault_call *call);

/* fault_fail() gives every block the status of a failure; placeholders succeed. */
void fault_fail(struct fault_call *call);

/* Connections */

/* fault_conn_find() is the connection that the host calls |name|, or NULL. */
struct fault_conn *fault_conn_find(const struct toe_inter_fault *f, const void *name);

/* fault_conn_by_handle() is the same by the target's name for it. */
struct fault_conn *fault_conn_by_handle(const struct toe_inter_fault *f, toe_handle tcp);

/* fault_conn_strikes() is an occasion for |kind| to be seen of |conn|, by chance or as told. */
bool fault_conn_strikes(struct toe_inter_fault *f, struct fault_conn *conn,
                        enum toe_inter_fault_kind kind);

/* fault_conns_add() follows the connections that |call| has offloaded. */
void fault_conns_add(struct toe_inter_fault *f, const struct fault_call *call);

/* fault_conns_leave() marks those that |call| asks to be terminated. */
void fault_conns_leave(struct toe_inter_fault *f, const struct fault_call *call);

/* fault_conn_abort() is told of an abortive disconnect of |handle|. */
void fault_conn_abort(struct toe_inter_fault *f, toe_handle handle);

/* fault_conns_gone() forgets those that |call| has terminated; a failed one stays. */
void fault_conns_gone(struct toe_inter_fault *f, const struct fault_call *call);

/* fault_conn_break() corrupts the hardware of |conn|; the host is told in the course of the run. */
void fault_conn_break(struct toe_inter_fault *f, struct fault_conn *conn);

/* fault_conns_run() tells what is to be told, and asks for what was kept from the host. */
void fault_conns_run(struct toe_inter_fault *f);

/* fault_conns_fini() frees them all. */
void fault_conns_fini(struct toe_inter_fault *f);

/* Posts */

/* fault_posts_add() follows the buffers of |chain|, posted on |tcp|. */
void fault_posts_add(struct toe_inter_fault *f, toe_handle tcp, const struct toe_buf *chain,
                     bool is_disconnect);

/* fault_posts_offer() follows those that |call|, an initiate, brings with its connections. */
void fault_posts_offer(struct toe_inter_fault *f, const struct fault_call *call);

/* fault_posts_complete() forgets them; of a broken connection they are aborted (HWF-1, step 4). */
void fault_posts_complete(struct toe_inter_fault *f, struct toe_buf *chain);

/* fault_posts_return() forgets those that came back by a terminate. */
void fault_posts_return(struct toe_inter_fault *f, const struct toe_buf *chain);

/* fault_posts_abort() completes those instead, for a broken connection. */
void fault_posts_abort(struct toe_inter_fault *f, struct toe_buf *chain);

void fault_posts_fini(struct toe_inter_fault *f);

/* Pausing */

/* fault_pause_run() pauses, asks for uploads and resumes, as is due. */
void fault_pause_run(struct toe_inter_fault *f);

/* fault_pause_deadline() is when something of it is due next. */
toe_instant fault_pause_deadline(const struct toe_inter_fault *f);

/* fault_pause_status() is told the status of the target below. */
void fault_pause_status(struct toe_inter_fault *f, toe_status what, const struct toe_caps *caps);

/* Buffers of ours */

/* fault_own_receives() takes our own receives out of a completed chain; returns the rest. */
struct toe_buf *fault_own_receives(struct toe_inter_fault *f, struct toe_buf *chain);

/* fault_own_copies() takes our own buffers out of a returned chain; returns the rest. */
struct toe_buf *fault_own_copies(struct toe_inter_fault *f, struct toe_buf *chain);

/* fault_indicate() is the upcall, with what may go wrong about it. */
toe_status fault_indicate(struct toe_inter_fault *f, void *name, struct toe_buf *buf,
                          uint32_t *consumed);

#endif
