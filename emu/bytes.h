/* SPDX-License-Identifier: MIT */
/*
 * Numbers in the byte order of the network, and the checksum of RFC 1071.
 */
#ifndef EMU_BYTES_H
#define EMU_BYTES_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t emu_get16(const uint8_t *from)
{
    return (uint16_t)(from[0] << 8 | from[1]);
}

static inline uint32_t emu_get32(const uint8_t *from)
{
    return (uint32_t)emu_get16(from) << 16 | emu_get16(from + 2);
}

/* The higher bits of |value| are left out. */
static inline void emu_put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static inline void emu_put32(uint8_t *to, uint32_t value)
{
    emu_put16(to, value >> 16);
    emu_put16(to + 2, value);
}

/*
 * emu_sum() adds |len| bytes to |sum|, which is not folded: 64 bits hold that of any frame. Most of
 * them are added as this machine has them, eight at a time, and turned round at the end (RFC 1071,
 * 2 (B)).
 */
static inline uint64_t emu_sum(uint64_t sum, const uint8_t *data, size_t len)
{
    uint64_t low = 0;
    uint64_t high = 0;

    for (; len > 7; data += 8, len -= 8) {
        uint32_t words[2];

        memcpy(words, data, sizeof(words));
        low += words[0];
        high += words[1];
    }
    for (low += high; low >> 16 != 0;) {
        low = (low & 0xffff) + (low >> 16);
    }
    sum += be16toh((uint16_t)low);
    for (; len > 1; data += 2, len -= 2) {
        sum += emu_get16(data);
    }
    return len == 0 ? sum : sum + ((uint64_t)data[0] << 8);
}

/* emu_csum() is the checksum that |sum| gives: 0 if a right one was in it. */
static inline uint16_t emu_csum(uint64_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

#endif
