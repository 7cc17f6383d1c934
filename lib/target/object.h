/* SPDX-License-Identifier: MIT */
/*
 * The three state objects, their links and their handles.
 *
 * A TCP connection knows its path and a path its neighbor (REF-1); both keep a list of what hangs
 * on them, so that an invalidate finds the connections concerned, and a count of it (REF-4). What
 * is offloaded lives in pools and is named by handles; a handle says which layer it is of, so that
 * a path's never passes for a connection's.
 *
 * Functions here make and unmake objects as a whole: what fails leaves nothing behind (OFF-9).
 */
#ifndef TARGET_OBJECT_H
#define TARGET_OBJECT_H

#include "base/hash.h"
#include "base/list.h"
#include "base/wheel.h"
#include "target/delivery.h"
#include "target/front.h"
#include "target/lifecycle.h"
#include "tcp/engine.h"
#include "toe/block.h"

struct toe_target;
struct target_held;
struct target_worth;

struct target_neighbor {
    struct target_lifecycle life;
    uint8_t src_mac[TOE_MAC_LEN]; /* in effect: never all zero */
    uint16_t vlan_id;             /* in effect; 0: none */
    uint32_t path_cnt;
    const struct toe_block *update; /* the block of the one under way, or NULL */
    struct base_list paths;         /* by target_path.sibling */
    struct base_list_node node;     /* on the list of what is freed after a completion */
    void *host_object;
    struct toe_neighbor_const constant;
    uint8_t dst_mac[TOE_MAC_LEN];
    /* When the host and when we last knew it reachable; modulo 2^64, for both may precede time. */
    toe_instant host_reached_at;
    toe_instant nic_reached_at;
};

struct target_path {
    struct target_lifecycle life;
    struct target_neighbor *neighbor;
    struct toe_path_const constant;
    uint64_t pseudo_sum; /* of TCP's pseudo-header, but for the length */
    struct target_front front;
    uint32_t mtu;
    uint32_t tcp_cnt;
    const struct toe_block *update; /* the block of the one under way, or NULL */
    struct base_list tcps;          /* by target_tcp.sibling */
    struct base_list_node sibling;  /* on the neighbor's list */
    struct base_list_node node;
    void *host_object;
};

/*
 * What a connection needs while it has something to do, lent from a pool and given back when it
 * comes to rest. What it says of one that rests is in target_idle.
 */
struct target_busy {
    struct tcp_busy tcp; /* first: this is what the engine knows */
    struct target_delivery delivery;
    struct toe_buf *disconnect_head; /* graceful disconnects, in the order of posting */
    struct toe_buf *disconnect_tail;
    struct target_held *held; /* frames that are kept, in order of arrival */
    struct target_held *held_last;
    uint32_t held_len;
    toe_instant repeat_at; /* when to ask for the upload again, or TOE_INSTANT_NEVER */
};

extern const struct target_busy target_idle; /* its |tcp| is tcp_config.idle */

struct target_tcp {
    struct tcp_conn conn;
    struct toe_target *target;
    struct target_path *path;
    const struct toe_block *update; /* the block of the one under way, or NULL */
    struct target_lifecycle life;
    uint8_t upload_reason;         /* asked for, enum toe_upload_reason, or 0 */
    uint8_t counted_state;         /* enum toe_conn_state, as the statistics know it */
    bool is_aborted : 1;           /* reset, by either side */
    bool is_invalid_due : 1;       /* an upload is to be asked for because of invalid state */
    bool is_disconnect_riding : 1; /* |disconnect_head| is in the send queue */
    bool is_holding : 1;           /* frames are kept until the connection is the host's again */
    bool is_terminating : 1;       /* its terminate is among what was posted */
    bool is_transmit_wanted : 1;   /* something was to be sent in spite of invalid state */
    uint32_t backlog;              /* send backlog that the host knows of */
    toe_instant backlog_at;        /* and since when */
    struct base_timer timer;
    struct base_list_node ready; /* on toe_target.ready; in the end, on the list of what is freed */
    struct base_list_node sibling; /* on the path's list */
    struct base_hash_node demux;
    struct target_worth *worth; /* NULL: not measured */
    void *host_object;
};

/* target_busy_of() is what |tcp| has to do; to be written only if it is awake. */
static inline struct target_busy *target_busy_of(const struct target_tcp *tcp)
{
    return (struct target_busy *)tcp->conn.busy;
}

/*
 * target_tcp_wake() sees to it that |tcp| is awake, before anything is asked of it that leaves it
 * something to do. If memory is short it returns false, and the host will be asked to take it back.
 */
bool target_tcp_wake(struct target_tcp *tcp);

/* target_tcp_rest() takes its memory back if it has nothing to do. */
void target_tcp_rest(struct toe_target *target, struct target_tcp *tcp);

/* target_block_is_sound() tells whether |block| has a size and revision that we know. */
bool target_block_is_sound(const struct toe_block *block);

/*
 * The objects that handles name, or NULL for any handle that names none: of another layer, stale,
 * zero or invented. An object that is gone has no handle.
 */
struct target_neighbor *target_neighbor_get(const struct toe_target *target, toe_handle handle);
struct target_path *target_path_get(const struct toe_target *target, toe_handle handle);
struct target_tcp *target_tcp_get(const struct toe_target *target, toe_handle handle);

/* The handles of living objects. */
toe_handle target_neighbor_handle(const struct toe_target *target,
                                  const struct target_neighbor *neighbor);
toe_handle target_path_handle(const struct toe_target *target, const struct target_path *path);
toe_handle target_tcp_handle(const struct toe_target *target, const struct target_tcp *tcp);

/*
 * target_neighbor_new() makes a neighbor of |state|, or returns why not: the statuses that
 * toe_target_ops.initiate() has for one.
 */
toe_status target_neighbor_new(struct toe_target *target, struct target_neighbor **neighbor,
                               const struct toe_neighbor_state *state);

/* target_neighbor_del() frees |neighbor|, which no path uses. */
void target_neighbor_del(struct toe_target *target, struct target_neighbor *neighbor);

/* target_path_new() makes a path of |state| through |neighbor|, or returns why not. */
toe_status target_path_new(struct toe_target *target, struct target_path **path,
                           struct target_neighbor *neighbor, const struct toe_path_state *state);

/* target_path_link() makes |neighbor| the one that |path| leads through. */
void target_path_link(struct target_path *path, struct target_neighbor *neighbor);

/* target_path_unlink() takes |path| off its neighbor, for good. */
void target_path_unlink(struct target_path *path);

/* target_path_del() frees |path|, which no connection uses; it may be linked or not. */
void target_path_del(struct toe_target *target, struct target_path *path);

/*
 * target_path_mss() is the payload that fits on |path| with headers without options; not less than
 * the floor of the settings allows.
 */
uint16_t target_path_mss(const struct toe_target *target, const struct target_path *path,
                         uint32_t mtu);

/*
 * target_tcp_unlink() takes |tcp| off its path, out of the demultiplexer, off the timing wheel and
 * off the list of those that are ready: nothing reaches it any more.
 */
void target_tcp_unlink(struct toe_target *target, struct target_tcp *tcp);

/* target_tcp_fetch() asks for the memory of |tcp| that every segment needs: base/prefetch.h. */
void target_tcp_fetch(const struct target_tcp *tcp);

/* target_tcp_del() frees |tcp|, which is linked nowhere and whose buffers have gone home. */
void target_tcp_del(struct toe_target *target, struct target_tcp *tcp);

/*
 * target_tcp_is_blocked() tells whether |tcp| is, or depends on, invalid state: nothing may be put
 * on the wire for it until a path is linked to another neighbor (INV-4, INV-13).
 */
bool target_tcp_is_blocked(const struct target_tcp *tcp);

/* target_tcp_is_stopped() tells whether |tcp| is on its way to the host (EVT-033). */
static inline bool target_tcp_is_stopped(const struct target_tcp *tcp)
{
    return tcp->life.state >= TARGET_UPLOADING;
}

/* target_tcp_can_transmit() tells whether segments of |tcp| may leave. */
bool target_tcp_can_transmit(const struct target_tcp *tcp);

/* target_tcp_transmit_want() notes that a request would have put something on the wire; |tcp| may
 * be NULL. */
void target_tcp_transmit_want(struct target_tcp *tcp);

/* target_tcp_ready() puts |tcp| on the list of connections to be served in this run. */
void target_tcp_ready(struct target_tcp *tcp);

/*
 * target_tcp_arm() arms the timer of |tcp| for the next instant at which it wants to be looked at,
 * or cancels it.
 */
void target_tcp_arm(struct toe_target *target, struct target_tcp *tcp);

/* target_tcp_refusal() is the status with which a new request on |tcp| is to be refused, or
 * SUCCESS. */
toe_status target_tcp_refusal(const struct target_tcp *tcp);

/*
 * target_tcp_send_refusal() is the same of a request to send, which is refused as well while
 * everything is to be uploaded (CAP-41).
 */
toe_status target_tcp_send_refusal(const struct target_tcp *tcp);

#endif
