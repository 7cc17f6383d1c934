/* SPDX-License-Identifier: MIT */
#ifndef WIRE_BYTES_H
#define WIRE_BYTES_H

#include "toe/types.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Bytes in network order
 *
 * Every field on the wire is loaded and stored by functions, in the order the RFCs draw it. No
 * struct is ever laid over a buffer, so alignment and the machine's byte order do not matter.
 *
 * A number is turned first and copied then, since a compiler that sees single bytes may join those
 * of neighbours, and takes long for each of them.
 */

/* What the parsers and builders of wire/ return in place of a length. */
enum wire_error {
    WIRE_ERR_SHORT = -1,     /* the input ends too early, or the output has no room */
    WIRE_ERR_MALFORMED = -2, /* a field contradicts another or has no meaning here */
};

/* wire_is_turned() tells whether the machine's byte order is the other one; compilers know. */
static inline bool wire_is_turned(void)
{
    const uint16_t number = 1;
    uint8_t first;

    memcpy(&first, &number, 1);
    return first == 1;
}

/* wire_turn_u16() turns between the machine's byte order and that of the network. */
static inline uint16_t wire_turn_u16(uint16_t v)
{
    return (uint16_t)(wire_is_turned() ? v << 8 | v >> 8 : v);
}

/* wire_turn_u32() does the same with four bytes. */
static inline uint32_t wire_turn_u32(uint32_t v)
{
    return wire_is_turned() ? v << 24 | (v & 0xff00) << 8 | (v >> 8 & 0xff00) | v >> 24 : v;
}

/*
 * wire_load_u16() returns the 16-bit number at |p|.
 */
static inline uint16_t wire_load_u16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return wire_turn_u16(v);
}

/*
 * wire_load_u32() returns the 32-bit number at |p|.
 */
static inline uint32_t wire_load_u32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return wire_turn_u32(v);
}

/*
 * wire_store_u16() stores |v| at |p|.
 */
static inline void wire_store_u16(uint8_t *p, uint16_t v)
{
    v = wire_turn_u16(v);
    memcpy(p, &v, sizeof(v));
}

/*
 * wire_store_u32() stores |v| at |p|.
 */
static inline void wire_store_u32(uint8_t *p, uint32_t v)
{
    v = wire_turn_u32(v);
    memcpy(p, &v, sizeof(v));
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
