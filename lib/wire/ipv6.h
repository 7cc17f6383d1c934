/* SPDX-License-Identifier: MIT */
#ifndef WIRE_IPV6_H
#define WIRE_IPV6_H

#include "toe/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * IPv6 headers (RFC 8200)
 *
 * The fixed header is parsed and built; extension headers are found and stepped over, never built.
 */

/* Length of the fixed header. */
enum { WIRE_IPV6_LEN = 40 };

/* A fixed header. */
struct wire_ipv6 {
    struct toe_addr src;   /* source */
    struct toe_addr dst;   /* destination */
    uint32_t flow_label;   /* 20 bits */
    uint16_t payload_len;  /* bytes behind the fixed header, as the packet says */
    uint8_t traffic_class; /* DSCP and ECN */
    uint8_t next_header;   /* an extension header, or enum wire_proto */
    uint8_t hop_limit;     /* as the TTL of IPv4 */
};

/* What wire_ipv6_walk() found between the fixed header and the payload. */
struct wire_ipv6_chain {
    uint8_t proto;     /* the first next header that is no extension */
    bool has_ext;      /* there is an extension header */
    bool has_fragment; /* there is a fragment header */
};

/*
 * wire_ipv6_parse() fills |ip| from the packet of |len| bytes at |data|; bytes behind the packet
 * are allowed. Returns WIRE_IPV6_LEN, WIRE_ERR_SHORT when the packet is not there as a whole, or
 * WIRE_ERR_MALFORMED. Jumbograms are not told apart from packets without a payload.
 */
int wire_ipv6_parse(struct wire_ipv6 *ip, const uint8_t *data, size_t len);

/*
 * wire_ipv6_parse_quote() is wire_ipv6_parse() for a packet quoted by an ICMPv6 message, of which
 * only the fixed header must be there as a whole.
 */
int wire_ipv6_parse_quote(struct wire_ipv6 *ip, const uint8_t *data, size_t len);

/*
 * wire_ipv6_build() writes |ip| to |out|, which has room for |cap| bytes. Returns WIRE_IPV6_LEN or
 * WIRE_ERR_SHORT.
 */
int wire_ipv6_build(uint8_t *out, size_t cap, const struct wire_ipv6 *ip);

/*
 * wire_ipv6_set() writes what differs from one packet to the next, and a flow label of 0, to the
 * header at |out|.
 */
void wire_ipv6_set(uint8_t *out, uint16_t payload_len, uint8_t hop_limit, uint8_t traffic_class);

/*
 * wire_ipv6_len_set() changes the length of the header at |out|.
 */
void wire_ipv6_len_set(uint8_t *out, uint16_t payload_len);

/*
 * wire_ipv6_is_ext() says whether |next_header| is an extension header that wire_ipv6_walk() can
 * step over: hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP or
 * shim6. ESP is not: what is behind it cannot be known.
 */
bool wire_ipv6_is_ext(uint8_t next_header);

/*
 * wire_ipv6_walk() steps over the extension headers in the |len| bytes at |data|, which lie behind
 * a fixed header with |next_header|, and fills |chain|. It ends at the payload, and behind a
 * fragment header whose offset is not 0, since there the rest of the chain is missing. Returns how
 * many bytes the extension headers take, 0 when there are none, or WIRE_ERR_SHORT; and
 * WIRE_ERR_MALFORMED when there are more of them than any packet needs.
 */
int wire_ipv6_walk(struct wire_ipv6_chain *chain, uint8_t next_header, const uint8_t *data,
                   size_t len);

#endif
