/* SPDX-License-Identifier: MIT */
#ifndef WIRE_BYTES_H
#define WIRE_BYTES_H

#include "toe/types.h"

#include <stdint.h>
#include <string.h>

/*
 * Bytes in network order
 *
 * Every field on the wire is loaded and stored a byte at a time, in the order the RFCs draw it. No
 * struct is ever laid over a buffer, so alignment and the machine's byte order do not matter.
 */

/* What the parsers and builders of wire/ return in place of a length. */
enum wire_error {
    WIRE_ERR_SHORT = -1,     /* the input ends too early, or the output has no room */
    WIRE_ERR_MALFORMED = -2, /* a field contradicts another or has no meaning here */
};

/*
 * wire_load_u16() returns the 16-bit number at |p|.
 */
static inline uint16_t wire_load_u16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

/*
 * wire_load_u32() returns the 32-bit number at |p|.
 */
static inline uint32_t wire_load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/*
 * wire_store_u16() stores |v| at |p|.
 */
static inline void wire_store_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/*
 * wire_store_u32() stores |v| at |p|.
 */
static inline void wire_store_u32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

/*
 * wire_load_ipv4() returns the IPv4 address in the 4 bytes at |p|.
 */
static inline struct toe_addr wire_load_ipv4(const uint8_t *p)
{
    struct toe_addr addr = {.family = 4};

    memcpy(addr.bytes, p, 4);
    return addr;
}

/*
 * wire_load_ipv6() returns the IPv6 address in the 16 bytes at |p|.
 */
static inline struct toe_addr wire_load_ipv6(const uint8_t *p)
{
    struct toe_addr addr = {.family = 6};

    memcpy(addr.bytes, p, 16);
    return addr;
}

#endif
