/* SPDX-License-Identifier: MIT */
#include "ecn_mark.h"

#include "bytes.h"

enum {
    TYPE_OFF = 12,
    ETHER_LEN = 14,
    TYPE_IP4 = 0x0800,
    TYPE_IP6 = 0x86dd,
    IP4_LEN = 20,
    IP4_CSUM_OFF = 10,
    IP4_FRAGMENT = 0x1fff,
    IP6_LEN = 40,
    TCP_LEN = 20,
    TCP_FLAGS_OFF = 13,
    TCP_SYN = 0x02,
    PROTOCOL_TCP = 6,
    CE = 3, /* both bits of the field; one of them: may be marked */
};

static bool is_ip4(const uint8_t *data, size_t len)
{
    return len >= ETHER_LEN + IP4_LEN && emu_get16(data + TYPE_OFF) == TYPE_IP4;
}

static bool is_ip6(const uint8_t *data, size_t len)
{
    return len >= ETHER_LEN + IP6_LEN && emu_get16(data + TYPE_OFF) == TYPE_IP6;
}

/* The second byte of either header ends with the field, in IPv6 four bits further up. */
bool emu_ecn_is_markable(const uint8_t *data, size_t len)
{
    unsigned field = 0;

    if (is_ip4(data, len)) {
        field = data[ETHER_LEN + 1] & CE;
    } else if (is_ip6(data, len)) {
        field = data[ETHER_LEN + 1] >> 4 & CE;
    }
    return field != 0 && field != CE;
}

void emu_ecn_mark(uint8_t *data)
{
    uint8_t *ip = data + ETHER_LEN;
    const uint16_t before = emu_get16(ip);
    uint32_t sum;

    if (emu_get16(data + TYPE_OFF) == TYPE_IP6) {
        ip[1] |= CE << 4;
        return;
    }
    ip[1] |= CE;
    /* RFC 1624, equation 3. */
    sum = (uint32_t)(uint16_t)~emu_get16(ip + IP4_CSUM_OFF) + (uint16_t)~before + emu_get16(ip);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    emu_put16(ip + IP4_CSUM_OFF, ~sum);
}

uint8_t emu_ecn_flags(const uint8_t *data, size_t len)
{
    const uint8_t *ip = data + ETHER_LEN;
    size_t tcp = ETHER_LEN;
    uint8_t flags;

    if (is_ip4(data, len) && ip[9] == PROTOCOL_TCP && (emu_get16(ip + 6) & IP4_FRAGMENT) == 0) {
        tcp += (ip[0] & 15u) * 4;
    } else if (is_ip6(data, len) && ip[6] == PROTOCOL_TCP) {
        tcp += IP6_LEN;
    } else {
        return 0;
    }
    if (len < tcp + TCP_LEN) {
        return 0;
    }
    flags = data[tcp + TCP_FLAGS_OFF];
    return (flags & TCP_SYN) != 0 ? 0 : flags & (EMU_ECN_ECE | EMU_ECN_CWR);
}
