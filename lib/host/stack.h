/* SPDX-License-Identifier: MIT */
/*
 * One host: what its parts share.
 *
 * Work is done in host_run() only, at one instant, in a stated order: what the targets brought,
 * deadlines, connections that are ready, moves, frames. Calls of the application and upcalls of the
 * targets take notes: they queue bytes and mark connections, interfaces and trees. So nothing is
 * timed with a clock that stood still since the last run, and no connection goes away under the
 * feet of a caller.
 */
#ifndef HOST_STACK_H
#define HOST_STACK_H

#include "base/hash.h"
#include "base/list.h"
#include "base/rand.h"
#include "base/siphash.h"
#include "base/slab.h"
#include "base/wheel.h"
#include "host/piece.h"
#include "host/timer.h"
#include "tcp/conn.h"
#include "tcp/inflight.h"
#include "toe/host.h"
#include "wire/rss.h"

struct host_path;

#define HOST_INTERFACE_MAX 64

/* Send and receive buffers are smaller. */
#define HOST_BUF_LIMIT (UINT32_C(1) << 30)

/* Frames kept until the next run; what comes beyond that is lost, as on any wire. */
#define HOST_INBOX_MAX 16384u

/* Frames put out at once, and room for them. */
#define HOST_TX_FRAMES 64u
#define HOST_TX_ROOM 131072u

/* When memory is short, the next try. */
#define HOST_RETRY_DELAY (10 * TOE_NS_PER_MS)

/* Counters of ports, by hash of the destination (RFC 6056, 3.3.4). */
#define HOST_PORT_COUNTERS 64u

/* An object of a target's, neighbor or path, as its host keeps book of it. */
struct host_object {
    toe_handle handle;
    uint8_t place;          /* enum toe_place; written by host_object_place_set() only */
    bool is_invalid;        /* invalidated: good for nothing but a terminate */
    uint8_t failure_cnt;    /* terminates that failed in a row */
    uint32_t dependent_cnt; /* offloaded, or on their way, below it (REF-3) */
    uint32_t busy_cnt;      /* updates, queries, invalidates that have not been answered */
};

/* An address of ours. */
struct host_address {
    struct toe_addr addr;
    uint8_t prefix_len;
};

struct host_address_list {
    struct host_address *items;
    uint32_t cnt;
    uint32_t cap;
};

/* A network adapter: a target below us. */
struct host_interface {
    struct toe_host *host;
    int index;
    struct toe_target_ops ops; /* our copy */
    void *target;
    struct toe_caps caps;
    uint8_t mac[TOE_MAC_LEN];
    uint16_t vlan_id;
    uint8_t ether_len; /* of the header of its frames */
    uint32_t mtu;
    bool is_paused;              /* TOE_STATUS_OFFLOAD_PAUSE or _UPLOAD_ALL: no initiates */
    bool is_upload_all;          /* everything is to be uploaded, in the next run */
    bool was_upload_all;         /* since the last resume */
    bool is_resumed;             /* after that: what came back may go down again at once */
    bool is_offload_due;         /* connections that want to be offloaded may be able to now */
    bool is_upload_due;          /* and so with those, and idle objects, that are to be uploaded */
    struct base_list offloads;   /* of struct host_conn: want to be offloaded */
    struct base_list uploads;    /* of struct host_conn: want to be uploaded */
    struct base_list idle_paths; /* offloaded without dependents: to be terminated */
    struct base_list idle_neighbors; /* the same */
    struct base_list relinks;        /* of struct host_path: to be linked to another neighbor */
    struct toe_buf *returns;         /* indicated buffers to be given back */
    struct host_address_list addresses;
    struct base_list answered; /* of struct host_node: roots of trees that came back */
};

struct host_route {
    struct toe_addr dst;
    struct toe_addr gateway; /* family 0: on the link */
    struct host_interface *interface;
    uint8_t prefix_len;
};

struct host_route_list {
    struct host_route *items; /* longest prefix first */
    uint32_t cnt;
    uint32_t cap;
};

/* Frames on their way to one interface. */
struct host_tx {
    struct host_interface *interface;
    uint8_t *room;
    uint32_t used;
    uint32_t cnt;
    struct toe_frame frames[HOST_TX_FRAMES];
};

struct toe_host {
    struct toe_host_settings settings;
    struct toe_params params; /* those of the settings */
    toe_instant now;          /* of the current or the last run */
    toe_duration tick;
    bool is_running;
    struct base_rand rand;
    struct base_wheel wheel;
    struct host_timer retry;

    struct host_pieces pieces;
    struct base_slab conns;
    struct base_slab listeners;
    struct base_slab neighbors;
    struct base_slab paths;
    struct base_slab nodes; /* of struct host_node */
    struct base_slab chunks;
    struct base_slab scoreboards;
    struct tcp_flight_pools flights;
    struct tcp_config tcp_config;

    struct host_interface *interfaces[HOST_INTERFACE_MAX];
    int interface_cnt;
    struct host_route_list routes;

    struct base_hash conn_table;     /* by host_tuple */
    struct host_conn *recent;        /* found or inserted last, while it is in the table */
    struct base_hash listener_table; /* by address and port */
    struct base_hash neighbor_table; /* by interface and address */
    struct base_hash path_table;     /* by both addresses */
    struct base_list neighbor_lru;   /* that nobody refers to, the oldest first */
    struct base_list path_lru;       /* the same */
    struct base_siphash_key table_key;
    struct base_siphash_key isn_key;
    struct base_siphash_key port_key;
    uint32_t port_counters[HOST_PORT_COUNTERS];
    struct wire_rss rss;

    struct base_list inbox; /* of struct host_piece: frames that arrived */
    uint32_t inbox_cnt;
    struct host_piece *frame; /* the one that is being processed, NULL once it was kept */
    struct base_list ready;   /* of struct host_conn: something to do */
    struct base_list starved; /* of struct host_conn: the pieces ran out on the application */
    struct base_list events;  /* of struct host_subject with events */
    struct host_tx tx;
    uint16_t ip_id;

    struct toe_host_stats stats;
};

/* host_ticks_ns() is |ticks| ticks as a duration. */
static inline toe_duration host_ticks_ns(const struct toe_host *host, uint32_t ticks)
{
    return host->tick * ticks;
}

/* host_drop() counts a frame or segment that went no further. */
static inline void host_drop(struct toe_host *host, enum toe_drop why)
{
    ++host->stats.drops[why];
}

#endif
