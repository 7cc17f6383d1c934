/* SPDX-License-Identifier: MIT */
#ifndef WIRE_ND_H
#define WIRE_ND_H

#include "toe/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Neighbor discovery (RFC 4861): solicitations and advertisements
 *
 * They are ICMPv6 messages: checksums are verified and set with wire/icmp.h. That the hop limit is
 * 255, and that the addresses of the packet fit the message (RFC 4861, 7.1), is the caller's to
 * check, who has the IPv6 header.
 */

/* Sizes. */
enum {
    WIRE_ND_LEN = 24,     /* message without options */
    WIRE_ND_LEN_MAX = 32, /* with a link-layer address */
};

/* ICMPv6 types. */
enum wire_nd_type {
    WIRE_ND_SOLICITATION = 135,
    WIRE_ND_ADVERTISEMENT = 136,
};

/* A message. */
struct wire_nd {
    uint8_t type;           /* enum wire_nd_type */
    bool is_router;         /* R flag of an advertisement */
    bool is_solicited;      /* S flag of an advertisement */
    bool is_override;       /* O flag of an advertisement */
    bool has_lladdr;        /* it carries a link-layer address */
    uint8_t lladdr[6];      /* source (solicitation) or target (advertisement) address */
    struct toe_addr target; /* the address in question */
};

/*
 * wire_nd_parse() fills |nd| from the ICMPv6 message of |len| bytes at |data|. Options it does not
 * know are stepped over. Returns |len|, WIRE_ERR_SHORT, or WIRE_ERR_MALFORMED when it is neither a
 * solicitation nor an advertisement, its target is a multicast address, its code is not 0, or an
 * option has length 0 or leaves the message (RFC 4861, 7.1).
 */
int wire_nd_parse(struct wire_nd *nd, const uint8_t *data, size_t len);

/*
 * wire_nd_build() writes |nd| to |out|, which has room for |cap| bytes, with a checksum of 0.
 * Returns the length of the message, 24 or 32, or WIRE_ERR_SHORT.
 */
int wire_nd_build(uint8_t *out, size_t cap, const struct wire_nd *nd);

/*
 * wire_nd_solicited_node() returns the multicast address that a solicitation for |target| is sent
 * to (RFC 4291, 2.7.1).
 */
struct toe_addr wire_nd_solicited_node(const struct toe_addr *target);

/*
 * wire_nd_multicast_mac() stores in |mac| the Ethernet address of the IPv6 multicast address |addr|
 * (RFC 2464, 7).
 */
void wire_nd_multicast_mac(uint8_t mac[6], const struct toe_addr *addr);

#endif
