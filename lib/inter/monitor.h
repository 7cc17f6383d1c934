/* SPDX-License-Identifier: MIT */
/*
 * The contract monitor: what it knows of the seam it stands in.
 *
 * Three kinds of thing are followed, each found by the name that crosses the seam: objects by
 * handle and by host_object, buffers and trees by address. Nothing that the target says is trusted
 * before it was found: what nobody posted is reported and not passed up.
 *
 * The files: monitor_rules.h has the table of rules; inter_monitor.c the two tables of functions;
 * monitor_object.c, monitor_buf.c and monitor_tree.c follow objects, buffers and trees;
 * monitor_ends.c knows which addresses and ports connections have; monitor_offer.c has what a host
 * may ask, monitor_initiate.c and monitor_terminate.c what a target may answer; monitor_data.c the
 * data operations, monitor_event.c the indications.
 */
#ifndef INTER_MONITOR_H
#define INTER_MONITOR_H

#include "base/hash.h"
#include "base/list.h"
#include "base/slab.h"
#include "inter/monitor_rules.h"
#include "inter/pass.h"

#define MONITOR_RECENT_CNT 64

enum monitor_op {
    MONITOR_INITIATE,
    MONITOR_TERMINATE,
    MONITOR_UPDATE,
    MONITOR_QUERY,
    MONITOR_INVALIDATE,
    MONITOR_OP_CNT,
};

enum monitor_stage {
    MONITOR_OFFERED,  /* an initiate is under way; no handle yet */
    MONITOR_SETTLING, /* its completion is being made: to the host it is done */
    MONITOR_LIVE,
    MONITOR_LEAVING, /* a terminate is under way */
};

/* How far the five steps after corrupt hardware are (HWF-1). */
enum monitor_hardware {
    MONITOR_SOUND,
    MONITOR_FAILED,    /* an operation failed */
    MONITOR_RETRIEVED, /* and the upload was asked for */
    MONITOR_ABORTED,   /* and the abort was told */
};

/* What is particular to a connection. Bytes are counted from the offload on. */
struct monitor_tcp {
    struct base_list sends; /* struct monitor_buf, in the order of posting; handed over ones too */
    struct base_list receives;
    struct base_list disconnects;
    struct base_list forwards;
    struct toe_tcp_delegated was; /* as offered */
    uint64_t delivered;           /* placed, or accepted by the host */
    uint64_t acked;               /* of sends and disconnects */
    uint64_t unsent;              /* in sends that were completed without success */
    uint64_t waiting;             /* received, known, and not delivered */
    uint64_t receive_posts;
    uint64_t retrieved_post; /* the last post before a mandatory upload request */
    uint64_t failed_post;    /* the last post of a send of which a buffer failed */
    uint32_t handed;         /* received bytes handed over by the host */
    uint32_t fin_left;       /* bytes of a graceful disconnect that were not acknowledged */
    bool is_held;            /* refused, and no receive was posted since */
    bool is_disconnected;    /* the event */
    bool is_aborted;         /* the event */
    bool is_retrieved;       /* the upload has to be: a mandatory request */
    uint32_t rcv_wnd_max;    /* the largest initial window the target was told; 0: none */
    bool is_fin_posted;      /* a graceful disconnect */
    bool is_fin_done;        /* and it was completed with SUCCESS */
    bool is_fin_failed;      /* or not */
    bool is_abort_posted;    /* an abortive disconnect */
    bool is_abort_done;      /* and it was completed with SUCCESS */
    bool owes_end;           /* a completion that only the end of the stream explains */
    bool owes_end_no_push;   /* because it was not filled */
};

/* Addresses and ports: ours, and the peer's. */
struct monitor_ends {
    struct toe_addr addrs[2];
    uint16_t ports[2];
};

struct monitor_object {
    struct base_hash_node by_handle; /* while there is a handle */
    struct base_hash_node by_name;
    struct base_hash_node by_ends; /* of a connection with |has_ends| */
    struct base_list_node node;    /* of all objects */
    struct base_list_node settle;  /* of those whose offload is being told */
    toe_handle handle;
    void *name; /* the host_object */
    enum toe_layer layer;
    enum monitor_stage stage;
    struct monitor_object *parent;
    struct monitor_ends ends; /* a path has no ports */
    bool has_ends;
    uint32_t dependent_cnt;
    uint32_t busy[MONITOR_OP_CNT]; /* operations under way */
    bool is_invalid;
    enum monitor_hardware hardware;
    uint64_t hardware_run;  /* the run in which it failed */
    toe_instant reached_at; /* a neighbor: as the host answered last; 0: not yet */
    bool is_reached;
    struct monitor_tcp tcp;
};

enum monitor_kind {
    MONITOR_SEND,
    MONITOR_RECEIVE,
    MONITOR_DISCONNECT,
    MONITOR_FORWARD,
    MONITOR_LENT, /* the other way: the host has it */
};

struct monitor_buf {
    struct base_hash_node by_ptr;
    struct base_list_node node; /* of its object's kind, or of all lent */
    struct toe_buf *buf;
    struct toe_buf was;
    struct monitor_object *object; /* NULL: posted with a handle that names nothing, or lent */
    enum monitor_kind kind;
    uint64_t post;    /* number of the post; buffers of one chain share it */
    uint64_t number;  /* of the buffer, in the order of posting */
    uint64_t sum;     /* of the list, and of the bytes that are not the target's to write */
    bool is_late;     /* a receive posted after the disconnect event */
    bool is_abortive; /* a disconnect */
};

/* One block of a tree under way. */
struct monitor_node {
    struct toe_block *block;
    struct toe_block was;
    toe_handle handle_was; /* what its cell held */
    enum toe_block_role role;
    enum toe_layer layer;          /* by its place */
    uint32_t parent;               /* index of the block above, or UINT32_MAX */
    struct monitor_object *object; /* the one it offers, or refers to; NULL: none */
    bool is_faulty;                /* the host broke a rule with it: what comes of it is open */
    bool is_update;                /* brings cached state, or links a path */
    toe_status primed;             /* in the status until the target writes one */
    bool was_unusable;             /* a linker that cannot be used, whatever comes after the call */
    union {
        struct toe_neighbor_state neighbor;
        struct toe_path_state path;
        struct toe_tcp_state tcp;
    } state; /* a copy of what it carried, if it did */
    bool has_state;
};

struct monitor_tree {
    struct base_hash_node by_ptr;
    struct base_list_node node;
    struct toe_block *root;
    enum monitor_op op;
    uint32_t cnt;
    struct monitor_node nodes[]; /* depth first */
};

struct toe_inter_monitor {
    struct inter_pass pass;
    struct toe_inter_monitor_settings settings;
    uint64_t checked[MONITOR_RULE_CNT];
    uint64_t breached[MONITOR_RULE_CNT];
    uint64_t breaches[2];
    bool is_blind;

    struct base_slab objects;
    struct base_slab bufs;
    struct base_hash by_handle;
    struct base_hash by_name;
    struct base_hash by_ends;
    struct base_hash bufs_by_ptr;
    struct base_hash trees_by_ptr;
    struct base_list all; /* objects */
    struct base_list settling;
    struct base_list lent;
    struct base_list stray; /* buffers posted with a handle that names nothing */
    struct base_list trees;
    uint32_t tree_cnt;
    uint32_t block_cnt;

    const void *recent_bufs[MONITOR_RECENT_CNT]; /* completed lately, or given back */
    const void *recent_trees[MONITOR_RECENT_CNT];
    const void *recent_names[MONITOR_RECENT_CNT]; /* terminated lately */
    uint32_t recent_buf;
    uint32_t recent_tree;
    uint32_t recent_name;

    struct toe_params params;
    bool has_params;
    bool is_paused;
    bool is_upload_all;
    uint64_t run_cnt;
    uint64_t post_cnt;
    uint64_t number;
    uint32_t calls;                  /* calls from above that are under way, run() not counted */
    uint32_t upcalls;                /* upcalls under way */
    bool is_post;                    /* the innermost call is a data operation */
    const struct toe_block *calling; /* a tree being passed down */
    const void *posting;             /* the connection a chain is being passed down for */
    const void *telling;             /* the connection an upcall is being made about */
};

/*
 * monitor_check() counts that |rule| was looked at and, unless |holds|, reports a breach of it;
 * |object| and |subject| may be NULL. Returns |holds|. A blind monitor reports nothing.
 */
bool monitor_check(struct toe_inter_monitor *m, enum monitor_rule rule, bool holds,
                   const struct monitor_object *object, const void *subject);

/* monitor_recent_put() remembers |ptr| in a ring; monitor_recent_has() looks for it there. */
void monitor_recent_put(const void **ring, uint32_t *next, const void *ptr);
bool monitor_recent_has(const void *const *ring, const void *ptr);

/* monitor_hash() is where a pointer or handle is found in a table. */
uint64_t monitor_hash(uint64_t key);

/* Objects */

/* monitor_object_new() follows an object that is offered; NULL, and blind, if there is no room. */
struct monitor_object *monitor_object_new(struct toe_inter_monitor *m, void *name,
                                          enum toe_layer layer);

/* monitor_object_bind() gives |object| its handle and the object it depends on, which may be NULL.
 */
void monitor_object_bind(struct toe_inter_monitor *m, struct monitor_object *object,
                         toe_handle handle, struct monitor_object *parent);

/* monitor_object_link() makes |object| depend on |parent|. */
void monitor_object_link(struct monitor_object *object, struct monitor_object *parent);

/* monitor_object_del() forgets |object|; what depends on it depends on nothing then. */
void monitor_object_del(struct toe_inter_monitor *m, struct monitor_object *object);

/* monitor_object_find() is the object of |handle| and |layer|, or NULL. */
struct monitor_object *monitor_object_find(const struct toe_inter_monitor *m, toe_handle handle,
                                           enum toe_layer layer);

/* monitor_object_named() is the object that the host calls |name|, or NULL. */
struct monitor_object *monitor_object_named(const struct toe_inter_monitor *m, const void *name,
                                            enum toe_layer layer);

/* Ends */

/*
 * monitor_ends_take() takes down the ends of |object|, offloaded with |node|. Returns whether no
 * other connection has them.
 */
bool monitor_ends_take(struct toe_inter_monitor *m, struct monitor_object *object,
                       const struct monitor_node *node);

/* monitor_ends_drop() forgets them. */
void monitor_ends_drop(struct toe_inter_monitor *m, struct monitor_object *object);

/* monitor_ends_transmit() checks a frame that goes down the ordinary path. */
void monitor_ends_transmit(struct toe_inter_monitor *m, const struct toe_frame *frame);

/* Buffers */

/* monitor_buf_lend() follows a buffer that goes down, or is lent to the host; NULL: no room. */
struct monitor_buf *monitor_buf_lend(struct toe_inter_monitor *m, struct toe_buf *buf,
                                     enum monitor_kind kind, struct monitor_object *object,
                                     uint64_t post);

/* monitor_buf_find() is what is known of |buf|, or NULL. */
struct monitor_buf *monitor_buf_find(const struct toe_inter_monitor *m, const struct toe_buf *buf);

/* monitor_buf_del() forgets it. */
void monitor_buf_del(struct toe_inter_monitor *m, struct monitor_buf *rec);

/* monitor_buf_is_kept() tells whether all but the data start and the answer is as it was. */
bool monitor_buf_is_kept(const struct monitor_buf *rec);

/*
 * monitor_buf_is_intact() tells whether the list is as it was, and with it the bytes of a send, or
 * those before the data start of a receive.
 */
bool monitor_buf_is_intact(const struct toe_inter_monitor *m, const struct monitor_buf *rec);

/* monitor_buf_moved() is how far the data start moved; UINT32_MAX: not as a progress moves it. */
uint32_t monitor_buf_moved(const struct monitor_buf *rec);

/* Trees */

/*
 * monitor_tree_new() takes down what |root| looks like, and writes what is the target's to write so
 * that it shows whether it does. NULL, and blind, if there is no room.
 */
struct monitor_tree *monitor_tree_new(struct toe_inter_monitor *m, struct toe_block *root,
                                      enum monitor_op op);

struct monitor_tree *monitor_tree_find(const struct toe_inter_monitor *m,
                                       const struct toe_block *root);

/* monitor_tree_prime() writes what shows whether the target writes: after all of it was checked. */
void monitor_tree_prime(struct monitor_tree *tree);

/* monitor_tree_restore() checks what is not the target's to change, and restores what is ours. */
void monitor_tree_restore(struct toe_inter_monitor *m, struct monitor_tree *tree);

void monitor_tree_del(struct toe_inter_monitor *m, struct monitor_tree *tree);

/* monitor_state_classes() is which classes of state |type| names: 1 const, 2 cached, 4 delegated.
 */
unsigned monitor_state_classes(uint16_t type);

/* monitor_state_carried() tells whether |node| carried the classes |classes| and may be written. */
bool monitor_state_carried(const struct monitor_node *node, unsigned classes);

/* monitor_seq_is_sound() tells whether snd_una <= snd_nxt <= snd_max. */
bool monitor_seq_is_sound(const struct toe_tcp_delegated *delegated);

/* Operations */

/* monitor_offer() checks a tree that goes down, by what a host may ask. */
void monitor_offer(struct toe_inter_monitor *m, struct monitor_tree *tree);

/* The checks of a tree that comes up, one for each operation. */
void monitor_initiate_complete(struct toe_inter_monitor *m, struct monitor_tree *tree);
void monitor_terminate_complete(struct toe_inter_monitor *m, struct monitor_tree *tree);
void monitor_update_complete(struct toe_inter_monitor *m, struct monitor_tree *tree);
void monitor_query_complete(struct toe_inter_monitor *m, struct monitor_tree *tree);
void monitor_invalidate_complete(struct toe_inter_monitor *m, struct monitor_tree *tree);

/* monitor_initiate_settled() is called when the completion of an initiate has returned. */
void monitor_initiate_settled(struct toe_inter_monitor *m);

/* monitor_check_failure() judges the failure of an operation on |node|. */
void monitor_check_failure(struct toe_inter_monitor *m, struct monitor_node *node);

/* Data */

/* monitor_post() checks and follows a chain that goes down. */
void monitor_post(struct toe_inter_monitor *m, struct monitor_object *object, toe_handle handle,
                  struct toe_buf *chain, enum monitor_kind kind, uint32_t how);

/* monitor_complete() checks a chain that comes up, and returns what of it was outstanding. */
struct toe_buf *monitor_complete(struct toe_inter_monitor *m, struct toe_buf *chain,
                                 enum monitor_kind kind);

/* monitor_return() checks a chain of buffers that the host gives back. */
void monitor_return(struct toe_inter_monitor *m, const struct toe_buf *chain);

/* monitor_forget() reports and forgets the buffers on |list|. */
void monitor_forget(struct toe_inter_monitor *m, struct base_list *list, enum monitor_rule rule);

/* Upcalls */

/* monitor_upcall() checks that an upcall may be made now. */
void monitor_upcall(struct toe_inter_monitor *m, const struct monitor_object *object,
                    const void *subject);

toe_status monitor_indicate(struct toe_inter_monitor *m, void *name, struct toe_buf *buf,
                            uint32_t *consumed);
void monitor_tcp_event(struct toe_inter_monitor *m, void *name, enum toe_event event,
                       uint32_t info);
void monitor_neighbor_event(struct toe_inter_monitor *m, enum toe_neighbor_event event,
                            struct toe_block *block);
void monitor_status(struct toe_inter_monitor *m, toe_status what, const struct toe_caps *caps);

#endif
