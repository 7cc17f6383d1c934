/* SPDX-License-Identifier: MIT */
/*
 * The front: Ethernet and IP header of what leaves on a path.
 *
 * They are the same for nearly all that connections with the same destination send, so a path keeps
 * them as they were built last, with what they were built of. Whoever needs them again finds out by
 * a comparison whether that still holds. Within an epoch (target/egress.h) only what connections
 * differ in is compared: who changes a neighbor, or links a path, begins a new one.
 */
#ifndef TARGET_FRONT_H
#define TARGET_FRONT_H

#include "toe/types.h"
#include "wire/ether.h"
#include "wire/ipv6.h"

struct target_tcp;

#define TARGET_FRONT_LEN_MAX (WIRE_ETHER_LEN_MAX + WIRE_IPV6_LEN)

/* What a front is made of besides the path's addresses. No byte of it is padding. */
struct target_front_key {
    uint32_t flow_label;
    uint16_t vlan_id;
    uint8_t dst_mac[TOE_MAC_LEN];
    uint8_t src_mac[TOE_MAC_LEN];
    uint8_t priority;
    uint8_t tos; /* or traffic class, ECN included */
    uint8_t ttl; /* or hop limit */
    bool is_snap;
    bool is_ipv4;
    bool is_built; /* true: a path without a front has none */
};

struct target_front {
    struct target_front_key key;
    uint64_t epoch; /* in which the key was compared last */
    uint8_t ip_off;
    uint8_t len;
    uint8_t bytes[TARGET_FRONT_LEN_MAX]; /* lengths and identification 0 */
};

/*
 * target_front_of() is the front of a segment of |tcp| with the codepoint |ecn|, until it is called
 * again.
 */
const struct target_front *target_front_of(const struct target_tcp *tcp, uint8_t ecn);

#endif
