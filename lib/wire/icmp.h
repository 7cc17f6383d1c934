/* SPDX-License-Identifier: MIT */
#ifndef WIRE_ICMP_H
#define WIRE_ICMP_H

#include "toe/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * ICMP (RFC 792, RFC 1191) and ICMPv6 (RFC 4443)
 *
 * The two protocols say the same few things with different numbers. A message is seen as a kind;
 * type and code stay beside it for what the kind does not tell. Messages of neighbor discovery are
 * WIRE_ICMP_OTHER here and are read with wire/nd.h.
 */

/* Length of the header in front of the body. */
enum { WIRE_ICMP_LEN = 8 };

/* What a message says. */
enum wire_icmp_kind {
    WIRE_ICMP_OTHER,         /* none of these */
    WIRE_ICMP_ECHO_REQUEST,  /* |id|, |seq|; the body is to be returned */
    WIRE_ICMP_ECHO_REPLY,    /* |id|, |seq|, body */
    WIRE_ICMP_UNREACHABLE,   /* |code| says what is; the body quotes the packet */
    WIRE_ICMP_PACKET_BIG,    /* fragmentation needed, packet too big: |mtu|; body quotes */
    WIRE_ICMP_TIME_EXCEEDED, /* the body quotes the packet */
};

/* A message. */
struct wire_icmp {
    uint8_t family;           /* 4 for ICMP, 6 for ICMPv6 */
    enum wire_icmp_kind kind; /* what it says */
    uint8_t type;             /* as on the wire; build ignores it unless |kind| is OTHER */
    uint8_t code;             /* as on the wire; build ignores it where |kind| implies it */
    uint16_t id;              /* identifier of an echo */
    uint16_t seq;             /* sequence number of an echo */
    uint32_t mtu;             /* of the next hop; 0 when a router does not say (RFC 1191) */
    const uint8_t *body;      /* echo data, or the packet that is quoted; borrowed */
    size_t body_len;          /* bytes at |body| */
};

/*
 * wire_icmp_parse() fills |icmp| from the message of |len| bytes at |data|, which came in a packet
 * of |family| 4 or 6. |icmp|->body points into |data|. The checksum is not looked at. Returns
 * WIRE_ICMP_LEN or WIRE_ERR_SHORT.
 */
int wire_icmp_parse(struct wire_icmp *icmp, uint8_t family, const uint8_t *data, size_t len);

/*
 * wire_icmp_build() writes |icmp| and its body to |out|, which has room for |cap| bytes, with a
 * checksum of 0; set it with wire_icmp_csum_set(). Returns the length of the message or
 * WIRE_ERR_SHORT.
 */
int wire_icmp_build(uint8_t *out, size_t cap, const struct wire_icmp *icmp);

/*
 * wire_icmp_csum_ok() says whether the checksum is right in the message of |len| bytes at |data|
 * from |src| to |dst|. The family of |src| decides if it covers a pseudo-header.
 */
bool wire_icmp_csum_ok(const uint8_t *data, size_t len, const struct toe_addr *src,
                       const struct toe_addr *dst);

/*
 * wire_icmp_csum_set() computes and stores the checksum of the message of |len| bytes, at least 4,
 * at |data|, from |src| to |dst|.
 */
void wire_icmp_csum_set(uint8_t *data, size_t len, const struct toe_addr *src,
                        const struct toe_addr *dst);

#endif
