/* SPDX-License-Identifier: MIT */
#include "host/addr.h"

bool host_addr_is_within(const struct toe_addr *addr, const struct toe_addr *net,
                         uint8_t prefix_len)
{
    const uint8_t whole = prefix_len / 8;
    const uint8_t mask = (uint8_t)(0xff00u >> (prefix_len % 8));

    if (addr->family != net->family || memcmp(addr->bytes, net->bytes, whole) != 0) {
        return false;
    }
    return prefix_len % 8 == 0 || ((addr->bytes[whole] ^ net->bytes[whole]) & mask) == 0;
}

bool host_addr_is_multicast(const struct toe_addr *addr)
{
    static const uint8_t broadcast[4] = {255, 255, 255, 255};

    if (addr->family == 4) {
        return (addr->bytes[0] & 0xf0) == 0xe0 || memcmp(addr->bytes, broadcast, 4) == 0;
    }
    return addr->bytes[0] == 0xff;
}

bool host_addr_is_host(const struct toe_addr *addr)
{
    static const uint8_t zero[15] = {0};

    if (host_addr_is_multicast(addr)) {
        return false;
    }
    if (addr->family == 4) {
        /* 0/8, 127/8 and the reserved 240/4. */
        return addr->bytes[0] != 0 && addr->bytes[0] != 127 && addr->bytes[0] < 240;
    }
    /* The unspecified address and the loopback differ in the last byte only. */
    return addr->family == 6 && !(memcmp(addr->bytes, zero, 15) == 0 && addr->bytes[15] <= 1);
}
