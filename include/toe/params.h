/* SPDX-License-Identifier: MIT */
/*
 * Capabilities and parameters: what a target can do, and how the host wants it done.
 *
 * A host reads the capabilities, then sets the parameters once before the first initiate; an
 * initiate before that fails. A later set takes effect for all that happens afterwards, except that
 * ticks_per_second stays as it is while anything is offloaded.
 */
#ifndef TOE_PARAMS_H
#define TOE_PARAMS_H

#include "toe/status.h"
#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a target can do. */
struct toe_caps {
    uint32_t size; /* sizeof(struct toe_caps), set by the asker */
    bool ipv4;
    bool ipv6;
    bool sack;          /* generates and consumes SACK */
    bool user_priority; /* 802.1p */
    uint32_t tcp_max;   /* connections at once, both families together */
    uint32_t path_max;
    uint32_t neighbor_max;
    uint32_t mtu_max;         /* largest path MTU */
    uint32_t rcv_wnd_max;     /* largest receive window */
    uint8_t mac[TOE_MAC_LEN]; /* the interface's own address */
    uint32_t extension;       /* newest version it knows (toe/extension.h); 0: none */
    bool ecn;                 /* knows TOE_TCP_ECN (toe/state.h) */
    bool accecn;              /* and TOE_TCP_ACCECN, given an extension */
};

/* How packets stand in Ethernet frames that are sent; either is understood on receipt. */
enum toe_encapsulation {
    TOE_ENCAPSULATION_ETHERNET, /* Ethernet II */
    TOE_ENCAPSULATION_SNAP,     /* 802.3 with LLC and SNAP, RFC 1042: 8 bytes less for a packet */
};

struct toe_params {
    uint32_t size;             /* sizeof(struct toe_params) */
    uint32_t ticks_per_second; /* 10, 100 or 1000 */
    uint8_t ack_frequency;     /* segments received before an acknowledgment is sent */
    uint8_t delayed_ack_ticks;
    uint8_t max_retransmissions;                /* of one segment, unless max_rt says otherwise */
    uint8_t doubt_reachability_retransmissions; /* 0: never in doubt */
    uint32_t sws_prevention_ticks;
    uint32_t duplicate_ack_threshold;
    uint32_t push_ticks;
    uint32_t nce_stale_ticks; /* a neighbor nobody confirmed for longer is stale */
    enum toe_encapsulation encapsulation;
};

/*
 * toe_params_default() fills in what a host asks for unless it knows better: 1000 ticks a second,
 * an acknowledgment for every second segment or after 40 ticks, 15 retransmissions, a threshold of
 * 3 duplicates, 500 ticks of push timer, 5000 of silly-window prevention, 30000 to stale.
 */
TOE_EXPORT void toe_params_default(struct toe_params *params);

/*
 * toe_params_check() tells whether |params| can be set.
 *
 * TOE_STATUS_SUCCESS
 * TOE_STATUS_INVALID_LENGTH
 *     |size| is smaller than the structure.
 * TOE_STATUS_INVALID_DATA
 *     ticks_per_second is none of 10, 100, 1000, or the encapsulation is unknown.
 */
TOE_EXPORT toe_status toe_params_check(const struct toe_params *params);

#ifdef __cplusplus
}
#endif

#endif
