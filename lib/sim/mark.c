/* SPDX-License-Identifier: MIT */
#include "sim/mark.h"

#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#define ECN_MASK 3u
#define CE 3u

/* Where IPv4 has its checksum. */
#define CSUM_OFF 10u

static bool is_markable(uint8_t tos)
{
    return (tos & ECN_MASK) != 0 && (tos & ECN_MASK) != CE;
}

static bool mark_ipv4(uint8_t *ip, size_t len)
{
    struct wire_ipv4 header;

    if (wire_ipv4_parse(&header, ip, len) < 0 || !header.csum_ok || !is_markable(header.tos)) {
        return false;
    }
    ip[1] |= CE;
    wire_store_u16(ip + CSUM_OFF, 0);
    wire_store_u16(ip + CSUM_OFF, wire_csum_fold(wire_csum_add(0, ip, (ip[0] & 15) * 4u)));
    return true;
}

/* The traffic class lies across the first two bytes. */
static bool mark_ipv6(uint8_t *ip, size_t len)
{
    struct wire_ipv6 header;

    if (wire_ipv6_parse(&header, ip, len) < 0 || !is_markable(header.traffic_class)) {
        return false;
    }
    ip[1] |= CE << 4;
    return true;
}

bool sim_mark(uint8_t *data, size_t len)
{
    struct wire_ether ether;
    const int head = wire_ether_parse(&ether, data, len);

    if (head < 0) {
        return false;
    }
    switch (ether.type) {
    case WIRE_ETHER_TYPE_IPV4:
        return mark_ipv4(data + head, len - (size_t)head);
    case WIRE_ETHER_TYPE_IPV6:
        return mark_ipv6(data + head, len - (size_t)head);
    default:
        return false;
    }
}
