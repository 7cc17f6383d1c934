/* SPDX-License-Identifier: MIT */
#ifndef HOST_ADDR_H
#define HOST_ADDR_H

#include "toe/types.h"

#include <string.h>

/*
 * IP addresses: what can be asked of one alone
 */

/* host_addr_len() is the length of |addr| in bytes. */
static inline uint8_t host_addr_len(const struct toe_addr *addr)
{
    return addr->family == 4 ? 4 : 16;
}

/* host_addr_is_equal() tells whether |a| and |b| are the same address. */
static inline bool host_addr_is_equal(const struct toe_addr *a, const struct toe_addr *b)
{
    return a->family == b->family &&
           (a->family == 4 ? memcmp(a->bytes, b->bytes, 4) : memcmp(a->bytes, b->bytes, 16)) == 0;
}

/*
 * host_addr_words() puts |a| and |b|, of one family, into words to be hashed and returns how many:
 * one for IPv4, four for IPv6.
 */
static inline size_t host_addr_words(uint64_t words[4], const struct toe_addr *a,
                                     const struct toe_addr *b)
{
    uint8_t *bytes = (uint8_t *)words;

    if (a->family == 4) {
        memcpy(bytes, a->bytes, 4);
        memcpy(bytes + 4, b->bytes, 4);
        return 1;
    }
    memcpy(bytes, a->bytes, 16);
    memcpy(bytes + 16, b->bytes, 16);
    return 4;
}

/* host_addr_is_within() tells whether |addr| lies in the subnet |net|/|prefix_len|. */
bool host_addr_is_within(const struct toe_addr *addr, const struct toe_addr *net,
                         uint8_t prefix_len);

/* host_addr_is_multicast() tells whether |addr| is a group's, or IPv4's limited broadcast. */
bool host_addr_is_multicast(const struct toe_addr *addr);

/*
 * host_addr_is_host() tells whether |addr| can be one machine's on a link: not unspecified, not a
 * loopback, not multicast, not broadcast.
 */
bool host_addr_is_host(const struct toe_addr *addr);

#endif
