/* SPDX-License-Identifier: MIT */
/*
 * Neighbors: the next hops on a link, and what is known of them.
 *
 * The states are those of RFC 4861, 7.3.2, for IPv4 as well. REACHABLE and STALE are one state
 * here, told apart by how long ago the neighbor was confirmed, so that an acknowledgment that
 * confirms it costs no more than a store:
 *
 *     NONE        no address is known, and nobody asked
 *     INCOMPLETE  asked; frames wait
 *     KNOWN       an address is known
 *     DELAY       known, in use, and not confirmed for long: perhaps TCP confirms it soon
 *     PROBE       asked again, to the known address, or everybody if another one claims to be it
 *
 * Whom to believe. An answer counts while there is a question: INCOMPLETE and PROBE. Who asks us
 * tells his own address by that, which is taken if none is known. Anything else that contradicts
 * what is known only makes us ask; so a single forged frame moves nobody's traffic (and the target
 * hears of a change only once it was confirmed).
 */
#ifndef HOST_NEIGHBOR_H
#define HOST_NEIGHBOR_H

#include "host/stack.h"
#include "host/timer.h"

/* Solicitations without an answer before giving up, and the time between them. */
#define HOST_SOLICIT_CNT 3
#define HOST_SOLICIT_INTERVAL TOE_NS_PER_SEC

/* How long a stale neighbor is used before it is probed. */
#define HOST_DELAY_FIRST_PROBE (5 * TOE_NS_PER_SEC)

/* Frames that wait for one neighbor's address. */
#define HOST_WAITING_MAX 32u

/* Neighbors in the cache; those that nobody refers to make room for others. */
#define HOST_NEIGHBOR_MAX 16384u

enum host_neighbor_state {
    HOST_NEIGHBOR_NONE,
    HOST_NEIGHBOR_INCOMPLETE,
    HOST_NEIGHBOR_KNOWN,
    HOST_NEIGHBOR_DELAY,
    HOST_NEIGHBOR_PROBE,
};

struct host_node;

struct host_neighbor {
    struct base_hash_node hash;
    struct host_interface *interface;
    struct toe_addr addr;
    uint8_t mac[TOE_MAC_LEN];
    uint8_t state;          /* enum host_neighbor_state */
    uint8_t solicit_cnt;    /* unanswered */
    bool is_contradicted;   /* probing: ask everybody */
    bool is_confirmed;      /* confirmed_at means something */
    bool is_update_due;     /* the target has an old address, or should know of a confirmation */
    bool is_invalidate_due; /* the neighbor is gone, and offloaded */
    toe_instant confirmed_at;
    struct host_timer timer;
    struct base_list waiting; /* of struct host_piece: frames without a destination */
    uint32_t waiting_cnt;
    uint32_t ref_cnt;           /* paths that lead through it */
    struct base_list_node lru;  /* on the host's list while nobody refers to it */
    struct base_list_node idle; /* on the interface's list of idle neighbors */
    struct host_object object;  /* the target's, if it is offloaded */
    struct host_node *build;    /* its block in the tree that is being built */
    bool is_asked;              /* the target asked, and has not heard the end of it */
    uint32_t nic_delta;         /* what it said then */
    struct host_timer reachability;
};

/* host_neighbor_get() is the neighbor |addr|, made if need be; NULL if memory is short. */
struct host_neighbor *host_neighbor_get(struct host_interface *interface,
                                        const struct toe_addr *addr);

/* host_neighbor_find() is the neighbor |addr|, or NULL. */
struct host_neighbor *host_neighbor_find(struct host_interface *interface,
                                         const struct toe_addr *addr);

/* References: a neighbor without any may make room for another. */
void host_neighbor_ref(struct host_neighbor *neighbor);
void host_neighbor_unref(struct host_neighbor *neighbor);

/* host_neighbor_is_resolved() tells whether its address is known. */
bool host_neighbor_is_resolved(const struct host_neighbor *neighbor);

/* host_neighbor_is_fresh() tells whether it was confirmed not long ago. */
bool host_neighbor_is_fresh(const struct host_neighbor *neighbor);

/* host_neighbor_use() prepares for sending: solicits an unknown address, doubts a stale one. */
void host_neighbor_use(struct host_neighbor *neighbor);

/* host_neighbor_confirm() says that the neighbor has just proved to be reachable. */
void host_neighbor_confirm(struct host_neighbor *neighbor);

/* host_neighbor_probe() asks the neighbor whether it is there. */
void host_neighbor_probe(struct host_neighbor *neighbor);

/* host_neighbor_answered() takes |mac| from an answer to our question. */
void host_neighbor_answered(struct host_neighbor *neighbor, const uint8_t mac[TOE_MAC_LEN]);

/* host_neighbor_heard() takes |mac| from a frame we did not ask for. */
void host_neighbor_heard(struct host_neighbor *neighbor, const uint8_t mac[TOE_MAC_LEN]);

/* host_neighbor_expire() does what the neighbor's timer is for. */
void host_neighbor_expire(struct host_neighbor *neighbor);

/*
 * host_neighbor_wait() keeps the frame of |len| bytes at |frame|, whose Ethernet header has no
 * destination yet, until the address is known; or drops it.
 */
void host_neighbor_wait(struct host_neighbor *neighbor, const uint8_t *frame, uint32_t len);

#endif
