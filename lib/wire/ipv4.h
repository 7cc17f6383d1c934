/* SPDX-License-Identifier: MIT */
#ifndef WIRE_IPV4_H
#define WIRE_IPV4_H

#include "toe/types.h"
#include "wire/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * IPv4 headers (RFC 791)
 *
 * Options are stepped over when parsing and never built.
 */

/* Length of a header without options. */
enum { WIRE_IPV4_LEN = 20 };

/* Protocol numbers, as both IPv4 and IPv6 use them. */
enum wire_proto {
    WIRE_PROTO_ICMP = 1,
    WIRE_PROTO_TCP = 6,
    WIRE_PROTO_UDP = 17,
    WIRE_PROTO_ICMPV6 = 58,
};

/* A header. */
struct wire_ipv4 {
    struct toe_addr src;  /* source */
    struct toe_addr dst;  /* destination */
    uint16_t payload_len; /* bytes behind the header, as the packet says */
    uint16_t id;          /* identification */
    uint16_t frag_off;    /* offset of the fragment in bytes */
    uint8_t tos;          /* DSCP and ECN */
    uint8_t ttl;          /* time to live */
    uint8_t proto;        /* enum wire_proto, or another */
    bool df;              /* don't fragment */
    bool mf;              /* more fragments */
    bool has_options;     /* set by parse; build ignores it */
    bool csum_ok;         /* the header checksum is right; set by parse */
};

/*
 * wire_ipv4_parse() fills |ip| from the packet of |len| bytes at |data|; bytes behind the packet,
 * as Ethernet padding, are allowed. Returns the length of the header with its options,
 * WIRE_ERR_SHORT when the packet is not there as a whole, or WIRE_ERR_MALFORMED. A wrong checksum
 * is no error; it is reported in |ip|->csum_ok.
 */
int wire_ipv4_parse(struct wire_ipv4 *ip, const uint8_t *data, size_t len);

/*
 * wire_ipv4_parse_quote() is wire_ipv4_parse() for a packet quoted by an ICMP message, of which
 * only the header must be there as a whole.
 */
int wire_ipv4_parse_quote(struct wire_ipv4 *ip, const uint8_t *data, size_t len);

/*
 * wire_ipv4_build() writes |ip| with its checksum to |out|, which has room for |cap| bytes. The
 * total length is that of the header plus |ip|->payload_len, which is at most 65515. Returns
 * WIRE_IPV4_LEN or WIRE_ERR_SHORT.
 */
int wire_ipv4_build(uint8_t *out, size_t cap, const struct wire_ipv4 *ip);

/*
 * wire_ipv4_set() writes what differs from one packet to the next to the header at |out|, and the
 * checksum.
 */
void wire_ipv4_set(uint8_t *out, uint16_t payload_len, uint16_t id, uint8_t ttl, uint8_t tos);

/*
 * wire_ipv4_complete() makes the header at |out|, which was built without payload and with an
 * identification of 0, that of a packet with |payload_len| bytes behind it.
 */
static inline void wire_ipv4_complete(uint8_t *out, uint16_t payload_len, uint16_t id)
{
    /* RFC 1624: what was less is added to the sum. */
    uint32_t sum = (uint16_t)~wire_load_u16(out + 10) + (uint32_t)payload_len + id;

    sum = (sum & UINT16_MAX) + (sum >> 16);
    wire_store_u16(out + 2, (uint16_t)(WIRE_IPV4_LEN + payload_len));
    wire_store_u16(out + 4, id);
    wire_store_u16(out + 10, (uint16_t) ~(sum + (sum >> 16)));
}

/*
 * wire_ipv4_len_set() changes the length, and wire_ipv4_id_set() the identification, which was 0,
 * of the header at |out|, and with it the checksum.
 */
void wire_ipv4_len_set(uint8_t *out, uint16_t payload_len);

static inline void wire_ipv4_id_set(uint8_t *out, uint16_t id)
{
    /* RFC 1624: a number that was 0 is added to the sum. */
    const uint32_t sum = (uint16_t)~wire_load_u16(out + 10) + (uint32_t)id;

    wire_store_u16(out + 4, id);
    wire_store_u16(out + 10, (uint16_t) ~(sum + (sum >> 16)));
}

/*
 * wire_ipv4_is_fragment() says whether |ip| is one piece of a packet.
 */
static inline bool wire_ipv4_is_fragment(const struct wire_ipv4 *ip)
{
    return ip->mf || ip->frag_off != 0;
}

#endif
