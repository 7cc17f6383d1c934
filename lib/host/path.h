/* SPDX-License-Identifier: MIT */
/*
 * Paths: pairs of addresses, the way between them, and its MTU.
 *
 * Every connection has a path and shares it with the others between the same addresses. It is where
 * a route look-up ends and where a path MTU lives, and it is the object of that name that is
 * offloaded. A path without connections is kept for a while, for what it knows.
 *
 * Connections follow a change of the MTU when they have something to do next: each remembers the
 * MTU it last knew. So a change costs the same however many there are.
 */
#ifndef HOST_PATH_H
#define HOST_PATH_H

#include "host/neighbor.h"
#include "host/stack.h"
#include "host/timer.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

/* Paths that nobody uses and that are kept. */
#define HOST_PATH_IDLE_MAX 1024u

/* What a router said about the MTU counts this long (RFC 1191, 6.3). */
#define HOST_PATH_MTU_AGE (600 * TOE_NS_PER_SEC)

/* No router can make segments smaller than these packets allow (RFC-029). */
#define HOST_PATH_MTU_MIN4 552u
#define HOST_PATH_MTU_MIN6 1280u

struct host_path {
    struct base_hash_node hash;
    struct toe_addr local;
    struct toe_addr remote;
    struct host_neighbor *neighbor; /* referenced */
    uint8_t head[WIRE_IPV6_LEN];    /* see host_path_head() */
    uint64_t pseudo;                /* the sum of the TCP pseudo-header, but for the length */
    uint32_t mtu;
    bool is_update_due; /* the target has an old MTU */
    uint32_t ref_cnt;   /* connections */
    struct base_list_node lru;
    struct base_list_node idle; /* on the interface's list of idle paths */
    struct host_object object;
    struct host_node *build; /* its block in the tree that is being built */
    struct host_timer timer;
    struct host_neighbor *next_neighbor; /* referenced: the one it is to change to, or NULL */
    struct base_list_node relink;        /* on the interface's list of those that change */
    bool is_relink_tried;                /* the next neighbor was offered to the target */
};

/*
 * host_path_get() is the path between |local| and |remote|, made if need be, with one reference
 * more. |local| may be NULL: chosen by the route. NULL: there is no route, |local| is none of the
 * addresses there, or memory is short.
 */
struct host_path *host_path_get(struct toe_host *host, const struct toe_addr *local,
                                const struct toe_addr *remote);

/* host_path_ref() takes one reference more. */
void host_path_ref(struct host_path *path);

/* host_path_unref() gives a reference back. */
void host_path_unref(struct host_path *path);

/* host_path_interface() is where the path begins. */
static inline struct host_interface *host_path_interface(const struct host_path *path)
{
    return path->neighbor->interface;
}

/*
 * host_path_head() writes the IP header of a packet with |len| bytes of TCP: what is the same in
 * all of them was written when the path was made. |id| is IPv4's.
 */
void host_path_head(const struct host_path *path, uint8_t *out, uint32_t len, uint16_t id,
                    uint8_t ttl, uint8_t tos);

/* host_path_head_len() is the length of that header. */
static inline uint32_t host_path_head_len(const struct host_path *path)
{
    return path->local.family == 4 ? WIRE_IPV4_LEN : WIRE_IPV6_LEN;
}

/* host_path_mss() is the payload that fits into a packet of the path's MTU, without options. */
uint16_t host_path_mss(const struct host_path *path, uint32_t mtu);

/* host_path_mtu_lower() takes what a router said; floors apply. False if it changes nothing. */
bool host_path_mtu_lower(struct host_path *path, uint32_t mtu);

/* host_path_expire() forgets what a router said. */
void host_path_expire(struct host_path *path);

#endif
