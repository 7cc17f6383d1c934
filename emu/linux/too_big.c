/* SPDX-License-Identifier: MIT */
#include "linux/too_big.h"

#include <string.h>

#include "bytes.h"

enum {
    ETHER_LEN = 14,
    VLAN_LEN = 4,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_VLAN = 0x8100,
    IPV4_LEN = 20,
    IPV6_LEN = 40,
    ICMP_LEN = 8,
    QUOTED_TCP_LEN = 8, /* ports and sequence number: what every router quotes */
    PROTOCOL_ICMP = 1,
    PROTOCOL_TCP = 6,
    PROTOCOL_ICMPV6 = 58,
    UNREACHABLE = 3,
    FRAGMENTATION_NEEDED = 4,
    PACKET_TOO_BIG = 2,
};

/* The packet that is quoted went from here to there. */
static bool parse_quoted(struct emu_too_big *out, const uint8_t *p, uint32_t len, uint8_t family)
{
    const uint32_t addr_len = family == 4 ? 4 : 16;
    const uint32_t header_len = family == 4 ? IPV4_LEN : IPV6_LEN;
    const uint8_t *addresses = family == 4 ? p + 12 : p + 8;
    const uint8_t *tcp = p + header_len;

    if (len < header_len + QUOTED_TCP_LEN) {
        return false;
    }
    if (family == 4 ? p[0] != 0x45 || p[9] != PROTOCOL_TCP || (emu_get16(p + 6) & 0x1fff) != 0
                    : p[0] >> 4 != 6 || p[6] != PROTOCOL_TCP) {
        return false;
    }
    out->tuple.local.family = family;
    out->tuple.remote.family = family;
    memcpy(out->tuple.local.bytes, addresses, addr_len);
    memcpy(out->tuple.remote.bytes, addresses + addr_len, addr_len);
    out->tuple.local_port = emu_get16(tcp);
    out->tuple.remote_port = emu_get16(tcp + 2);
    out->seq = emu_get32(tcp + 4);
    return true;
}

static bool parse_ipv4(struct emu_too_big *out, const uint8_t *p, uint32_t len)
{
    const uint8_t *icmp;
    uint32_t header_len;

    if (len < IPV4_LEN || p[0] >> 4 != 4 || p[9] != PROTOCOL_ICMP ||
        (emu_get16(p + 6) & 0x3fff) != 0) {
        return false;
    }
    header_len = (uint32_t)(p[0] & 15) * 4;
    if (header_len < IPV4_LEN || emu_get16(p + 2) > len ||
        emu_get16(p + 2) < header_len + ICMP_LEN) {
        return false;
    }
    len = emu_get16(p + 2) - header_len;
    icmp = p + header_len;
    if (icmp[0] != UNREACHABLE || icmp[1] != FRAGMENTATION_NEEDED ||
        emu_csum(emu_sum(0, icmp, len)) != 0) {
        return false;
    }
    out->mtu = emu_get16(icmp + 6);
    return parse_quoted(out, icmp + ICMP_LEN, len - ICMP_LEN, 4);
}

static bool parse_ipv6(struct emu_too_big *out, const uint8_t *p, uint32_t len)
{
    const uint8_t *icmp = p + IPV6_LEN;
    uint64_t total;

    if (len < IPV6_LEN + ICMP_LEN || p[0] >> 4 != 6 || p[6] != PROTOCOL_ICMPV6 ||
        emu_get16(p + 4) > len - IPV6_LEN || emu_get16(p + 4) < ICMP_LEN) {
        return false;
    }
    len = emu_get16(p + 4);
    total = emu_sum(len + PROTOCOL_ICMPV6, p + 8, 32);
    if (icmp[0] != PACKET_TOO_BIG || emu_csum(emu_sum(total, icmp, len)) != 0) {
        return false;
    }
    out->mtu = emu_get32(icmp + 4);
    return parse_quoted(out, icmp + ICMP_LEN, len - ICMP_LEN, 6);
}

bool emu_too_big_parse(struct emu_too_big *out, const struct toe_frame *frame)
{
    const uint8_t *p = frame->data;
    uint32_t off = ETHER_LEN;

    if (frame->len < ETHER_LEN + VLAN_LEN) {
        return false;
    }
    memset(out, 0, sizeof(*out));
    if (emu_get16(p + off - 2) == ETHERTYPE_VLAN) {
        off += VLAN_LEN;
    }
    switch (emu_get16(p + off - 2)) {
    case ETHERTYPE_IPV4:
        return parse_ipv4(out, p + off, frame->len - off);
    case ETHERTYPE_IPV6:
        return parse_ipv6(out, p + off, frame->len - off);
    default:
        return false;
    }
}
