/* SPDX-License-Identifier: MIT */
#ifndef WIRE_CHECKSUM_BLOCKS_H
#define WIRE_CHECKSUM_BLOCKS_H

#include "wire/checksum.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The inner loops of the checksum: any length, at any alignment
 *
 * There is a portable version, and one for a vector unit where the machine has one; the tests hold
 * them against each other. Sums are those of wire/checksum.h. The copying one reads each byte once
 * and sums what it writes. Both go by blocks and leave what is less than one to the functions here.
 */

#define WIRE_CSUM_BLOCK_LEN 32u

struct wire_csum_blocks {
    const char *name;
    uint64_t (*sum)(uint64_t sum, const uint8_t *p, size_t len);
    uint64_t (*copy)(uint64_t sum, uint8_t *dst, const uint8_t *src, size_t len);
};

/* wire_csum_portable are the loops that every machine can run. */
extern const struct wire_csum_blocks wire_csum_portable;

/* wire_csum_vector() is the loops for this machine's vector unit, or NULL if it has none we know.
 */
const struct wire_csum_blocks *wire_csum_vector(void);

/* wire_csum_add_word() returns |sum| plus the 8 bytes at |p|. */
static inline uint64_t wire_csum_add_word(uint64_t sum, const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, 8);
    return wire_csum_add_around(sum, word);
}

/*
 * wire_csum_rest() returns |sum| plus the |len| bytes at |p|, the last one padded with a zero. What
 * is less than a word is taken apart: where in a 64-bit word 16 bits are added does not matter.
 */
static inline uint64_t wire_csum_rest(uint64_t sum, const uint8_t *p, size_t len)
{
    uint64_t word = 0;
    uint32_t four;
    uint16_t two = 0;

    for (; len >= 32; len -= 32, p += 32) {
        for (size_t at = 0; at < 32; at += 8) {
            sum = wire_csum_add_word(sum, p + at);
        }
    }
    for (; len >= 8; len -= 8, p += 8) {
        sum = wire_csum_add_word(sum, p);
    }
    if (len == 0) {
        return sum;
    }
    if ((len & 4) != 0) {
        memcpy(&four, p, 4);
        word = four;
        p += 4;
    }
    if ((len & 2) != 0) {
        memcpy(&two, p, 2);
        word += two;
        p += 2;
    }
    if ((len & 1) != 0) {
        two = 0;
        memcpy(&two, p, 1);
        word += two;
    }
    return wire_csum_add_around(sum, word);
}

/* wire_csum_copy_word() copies 8 bytes and returns |sum| plus them. */
static inline uint64_t wire_csum_copy_word(uint64_t sum, uint8_t *dst, const uint8_t *src)
{
    uint64_t word;

    memcpy(&word, src, 8);
    memcpy(dst, &word, 8);
    return wire_csum_add_around(sum, word);
}

/* wire_csum_copy_rest() does the same with what it copies from |src| to |dst|. */
static inline uint64_t wire_csum_copy_rest(uint64_t sum, uint8_t *dst, const uint8_t *src,
                                           size_t len)
{
    for (; len >= 32; len -= 32, src += 32, dst += 32) {
        for (size_t at = 0; at < 32; at += 8) {
            sum = wire_csum_copy_word(sum, dst + at, src + at);
        }
    }
    for (; len >= 8; len -= 8, src += 8, dst += 8) {
        sum = wire_csum_copy_word(sum, dst, src);
    }
    if (len == 0) {
        return sum;
    }
    if ((len & 4) != 0) {
        memcpy(dst, src, 4);
    }
    if ((len & 2) != 0) {
        memcpy(dst + (len & 4), src + (len & 4), 2);
    }
    if ((len & 1) != 0) {
        dst[len & 6] = src[len & 6];
    }
    return wire_csum_rest(sum, src, len);
}

#endif
