/* SPDX-License-Identifier: MIT */
#include "wire/ipv6.h"

#include "wire/bytes.h"

#include <string.h>

#define FLOW_LABEL_MASK UINT32_C(0xfffff)

/* RFC 8200, 4.1: each kind once at most, destination options twice. */
#define EXT_CNT_MAX 9

/* Extension headers, by their next-header numbers. */
enum ext {
    EXT_HOP_BY_HOP = 0,
    EXT_ROUTING = 43,
    EXT_FRAGMENT = 44,
    EXT_AUTHENTICATION = 51,
    EXT_DESTINATION = 60,
    EXT_MOBILITY = 135,
    EXT_HIP = 139,
    EXT_SHIM6 = 140,
};

int wire_ipv6_parse_quote(struct wire_ipv6 *ip, const uint8_t *data, size_t len)
{
    uint32_t first;

    memset(ip, 0, sizeof(*ip));
    if (len < WIRE_IPV6_LEN) {
        return WIRE_ERR_SHORT;
    }
    first = wire_load_u32(data);
    if (first >> 28 != 6) {
        return WIRE_ERR_MALFORMED;
    }
    ip->src = wire_load_ipv6(data + 8);
    ip->dst = wire_load_ipv6(data + 24);
    ip->flow_label = first & FLOW_LABEL_MASK;
    ip->payload_len = wire_load_u16(data + 4);
    ip->traffic_class = (uint8_t)(first >> 20);
    ip->next_header = data[6];
    ip->hop_limit = data[7];
    return WIRE_IPV6_LEN;
}

int wire_ipv6_parse(struct wire_ipv6 *ip, const uint8_t *data, size_t len)
{
    const int header_len = wire_ipv6_parse_quote(ip, data, len);

    if (header_len > 0 && ip->payload_len > len - (size_t)header_len) {
        return WIRE_ERR_SHORT;
    }
    return header_len;
}

void wire_ipv6_set(uint8_t *out, uint16_t payload_len, uint8_t hop_limit, uint8_t traffic_class)
{
    wire_store_u32(out, UINT32_C(6) << 28 | (uint32_t)traffic_class << 20);
    wire_store_u16(out + 4, payload_len);
    out[7] = hop_limit;
}

int wire_ipv6_build(uint8_t *out, size_t cap, const struct wire_ipv6 *ip)
{
    if (cap < WIRE_IPV6_LEN) {
        return WIRE_ERR_SHORT;
    }
    wire_store_u32(out, UINT32_C(6) << 28 | (uint32_t)ip->traffic_class << 20 |
                            (ip->flow_label & FLOW_LABEL_MASK));
    wire_store_u16(out + 4, ip->payload_len);
    out[6] = ip->next_header;
    out[7] = ip->hop_limit;
    memcpy(out + 8, ip->src.bytes, 16);
    memcpy(out + 24, ip->dst.bytes, 16);
    return WIRE_IPV6_LEN;
}

void wire_ipv6_len_set(uint8_t *out, uint16_t payload_len)
{
    wire_store_u16(out + 4, payload_len);
}

bool wire_ipv6_is_ext(uint8_t next_header)
{
    switch (next_header) {
    case EXT_HOP_BY_HOP:
    case EXT_ROUTING:
    case EXT_FRAGMENT:
    case EXT_AUTHENTICATION:
    case EXT_DESTINATION:
    case EXT_MOBILITY:
    case EXT_HIP:
    case EXT_SHIM6:
        return true;
    default:
        return false;
    }
}

/* Returns the length of the extension header of kind |next_header|, 8 bytes of which are there. */
static size_t ext_len(uint8_t next_header, const uint8_t *data)
{
    if (next_header == EXT_FRAGMENT) {
        return 8;
    }
    if (next_header == EXT_AUTHENTICATION) {
        /* RFC 4302, 2.2: in units of 4 bytes, the first two not counted. */
        return (data[1] + 2u) * 4u;
    }
    return (data[1] + 1u) * 8u;
}

int wire_ipv6_walk(struct wire_ipv6_chain *chain, uint8_t next_header, const uint8_t *data,
                   size_t len)
{
    size_t off = 0;
    uint32_t cnt = 0;

    memset(chain, 0, sizeof(*chain));
    chain->proto = next_header;
    while (wire_ipv6_is_ext(chain->proto)) {
        size_t step;
        bool is_later_fragment;

        chain->has_ext = true;
        if (++cnt > EXT_CNT_MAX) {
            return WIRE_ERR_MALFORMED;
        }
        if (len - off < 8) {
            return WIRE_ERR_SHORT;
        }
        step = ext_len(chain->proto, data + off);
        if (step > len - off) {
            return WIRE_ERR_SHORT;
        }
        chain->has_fragment = chain->has_fragment || chain->proto == EXT_FRAGMENT;
        is_later_fragment =
            chain->proto == EXT_FRAGMENT && (wire_load_u16(data + off + 2) & 0xfff8u) != 0;
        chain->proto = data[off];
        off += step;
        if (is_later_fragment) {
            break;
        }
    }
    return (int)off;
}
