/* SPDX-License-Identifier: MIT */
/*
 * What the files of the team that scales share (inter_spread.c, spread_tree.c, spread_object.c,
 * spread_wire.c).
 */
#ifndef INTER_SPREAD_H
#define INTER_SPREAD_H

#include "base/hash.h"
#include "base/siphash.h"
#include "base/slab.h"
#include "inter/pass.h"
#include "wire/rss.h"

#define SPREAD_BATCH 64u

/* The four-tuple of a connection as it is hashed and compared: no holes. */
struct spread_tuple {
    struct toe_addr local;
    struct toe_addr remote;
    uint16_t local_port;
    uint16_t remote_port;
};

/*
 * What the host has offloaded. A connection is at one member, a neighbor or path at those that need
 * it: |state| is what another one is given when it does. Invariant: one of |at| at least is not 0,
 * but while the initiate is under way.
 */
struct spread_object {
    struct base_hash_node node; /* connections: by tuple, if |has_tuple| */
    enum toe_layer layer;
    bool is_invalid;
    bool has_tuple;
    uint32_t member; /* connections: where */
    void *host_object;
    toe_instant host_reached_at; /* neighbors; as of |state|, to tell their age later */
    toe_instant nic_reached_at;
    union {
        struct toe_neighbor_state neighbor;
        struct toe_path_state path;
        struct spread_tuple tuple;
    } state;
    toe_handle at[]; /* by member; 0: not there */
};

enum spread_kind {
    SPREAD_INITIATE,
    SPREAD_TERMINATE,
    SPREAD_UPDATE,
    SPREAD_QUERY,
    SPREAD_INVALIDATE,
    SPREAD_KIND_CNT,
};

/* A block of the host's tree. They are in preorder: those below one are behind it. */
struct spread_node {
    struct toe_block *block;
    enum toe_block_role role;
    enum toe_layer layer;         /* NONE: a placeholder's, or nonsense */
    struct spread_object *object; /* NULL: a placeholder's, or unknown; by |handle|, */
    toe_handle handle;            /* for it may be gone when the members have answered */
    uint32_t parent;              /* UINT32_MAX: a root */
    uint32_t member;              /* connections: where it is, or goes */
    uint32_t cnt;                 /* blocks right below, */
    uint32_t failed_cnt;          /* and how many of them failed */
};

struct spread_op;

/* The block that a member gets for it. */
struct spread_shade {
    struct toe_block block;
    struct spread_op *op;
    toe_handle cell;
    bool is_used;
    bool is_late; /* an object that the host offloaded before, and the member does not have yet */
    union {
        struct toe_neighbor_state neighbor;
        struct toe_path_state path;
    } state;
};

/* A state operation under way. */
struct spread_op {
    struct toe_inter_spread *spread;
    enum spread_kind kind;
    struct toe_block *tree;
    uint32_t left; /* members that have not answered */
    uint32_t cnt;
    struct spread_node *nodes;   /* |cnt| */
    struct spread_shade *shades; /* |cnt| for each member */
    size_t size;
};

struct spread_member {
    struct toe_inter_spread *spread;
    uint32_t index;
    struct toe_target_ops ops;
    void *target;     /* NULL: not set yet */
    uint32_t tcp_cnt; /* connections placed here, */
    uint32_t tcp_max; /* and the room for them */
    bool is_paused;
    bool is_running;
    const struct toe_frame *frames; /* what it may fetch now */
    uint32_t frame_cnt;
};

/* Trees that wait, linked through the word that blocks have for the target above. */
struct spread_queue {
    struct toe_block *head;
    struct toe_block *tail;
};

struct toe_inter_spread {
    struct inter_pass pass; /* its |down| is not used */
    struct toe_inter_spread_settings settings;
    struct toe_wire_ops wire;      /* the real one */
    struct toe_wire_ops wire_ops;  /* ours, for the members */
    struct spread_member *members; /* settings.member_cnt */
    struct wire_rss rss;
    struct base_siphash_key key;
    struct base_slab objects;
    struct base_hash tuples;
    uint8_t table[TOE_INTER_SPREAD_TABLE_MAX];
    uint32_t table_cnt; /* a power of two */
    uint32_t first;     /* the member that runs first, another one each time */
    toe_duration tick;
    uint32_t layer_cnt[TOE_LAYER_NONE]; /* objects */
    uint32_t under_way[SPREAD_KIND_CNT];
    struct spread_queue waiting[SPREAD_KIND_CNT]; /* trees not handed down yet */
    bool lacks_memory;                            /* one of them waits for memory */
    bool is_pause_told;
    bool is_upload_told;
};

/* spread_member_run() runs |member|, unless it is running. */
void spread_member_run(struct spread_member *member);

/* spread_tree_post() hands |tree| to the members. False: there is no memory for it. */
bool spread_tree_post(struct toe_inter_spread *s, enum spread_kind kind, struct toe_block *tree);

/* spread_tree_refuse() refuses an initiate as a whole, for want of memory, and completes it. */
void spread_tree_refuse(struct toe_inter_spread *s, struct toe_block *tree);

/* spread_tree_answered() takes |tree|, which a member completes. */
void spread_tree_answered(struct spread_member *member, struct toe_block *tree);

/*
 * spread_lend_state() notes for the buffers that came up with |block|, of a terminate, whose they
 * are.
 */
void spread_lend_state(struct spread_member *member, const struct toe_block *block);

/* spread_object_new() makes an object of |node| with what its block says; NULL without memory. */
struct spread_object *spread_object_new(struct toe_inter_spread *s, const struct spread_node *node,
                                        const struct spread_node *above);

void spread_object_del(struct toe_inter_spread *s, struct spread_object *object);

/* spread_object_get() is the object of |layer| that |handle| names, or NULL. */
struct spread_object *spread_object_get(const struct toe_inter_spread *s, toe_handle handle,
                                        enum toe_layer layer);

/* spread_object_is_anywhere() tells whether a member has |object|. */
bool spread_object_is_anywhere(const struct toe_inter_spread *s,
                               const struct spread_object *object);

/* spread_object_update() learns the cached state that |block| has set. */
void spread_object_update(struct toe_inter_spread *s, struct spread_object *object,
                          const struct toe_block *block);

/* spread_object_describe() makes |shade| offer |object|, of which the host speaks as known. */
void spread_object_describe(const struct toe_inter_spread *s, struct spread_shade *shade,
                            const struct spread_object *object);

/* spread_tuple_find() is the connection of |tuple|, or NULL. */
struct spread_object *spread_tuple_find(const struct toe_inter_spread *s,
                                        const struct spread_tuple *tuple);

/* spread_member_of() is where |hash| leads by the table as it is now (RSS-2). */
uint32_t spread_member_of(const struct toe_inter_spread *s, uint32_t hash);

/* spread_wire_init() makes the wire that the members have. */
void spread_wire_init(struct toe_inter_spread *s);

/* spread_wire_run() hands what has arrived to the members, in the order of arrival. */
void spread_wire_run(struct toe_inter_spread *s);

#endif
