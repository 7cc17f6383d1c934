/* SPDX-License-Identifier: MIT */
#include "wire/checksum.h"

#include "base/assert.h"
#include "wire/bytes.h"
#include "wire/checksum_blocks.h"

#include <string.h>

/*
 * 2^64 and 2^16 are both 1 modulo 2^16 - 1, so the sum of 64-bit words, their carries put back at
 * the low end, folds to the sum of 16-bit words. And the sum of words with swapped bytes is the sum
 * with swapped bytes (RFC 1071, 2), so words are taken in the machine's order, and the result lies
 * in memory as it belongs on the wire.
 */

/* Below this a sum by blocks does not pay. */
#define BLOCKS_LEN_MIN 128u

static uint64_t load_word(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

/* Four lanes, since additions in one chain would wait for each other. */
static uint64_t sum_portable(uint64_t sum, const uint8_t *p, size_t cnt)
{
    uint64_t lane[4] = {sum, 0, 0, 0};

    for (; cnt > 0; --cnt, p += WIRE_CSUM_BLOCK_LEN) {
        lane[0] = wire_csum_add_around(lane[0], load_word(p));
        lane[1] = wire_csum_add_around(lane[1], load_word(p + 8));
        lane[2] = wire_csum_add_around(lane[2], load_word(p + 16));
        lane[3] = wire_csum_add_around(lane[3], load_word(p + 24));
    }
    return wire_csum_add_around(wire_csum_add_around(lane[0], lane[1]),
                                wire_csum_add_around(lane[2], lane[3]));
}

/*
 * By pieces that stay in the nearest cache: the memcpy() of the C library plus a sum over what it
 * has just written is faster than one portable loop that does both.
 */
static uint64_t copy_portable(uint64_t sum, uint8_t *dst, const uint8_t *src, size_t cnt)
{
    const size_t most = 64;

    while (cnt > 0) {
        const size_t piece = cnt < most ? cnt : most;

        memcpy(dst, src, piece * WIRE_CSUM_BLOCK_LEN);
        sum = sum_portable(sum, dst, piece);
        dst += piece * WIRE_CSUM_BLOCK_LEN;
        src += piece * WIRE_CSUM_BLOCK_LEN;
        cnt -= piece;
    }
    return sum;
}

const struct wire_csum_blocks wire_csum_portable = {
    .name = "portable", .sum = sum_portable, .copy = copy_portable};

static const struct wire_csum_blocks *blocks(void)
{
    const struct wire_csum_blocks *vector = wire_csum_vector();

    return vector != NULL ? vector : &wire_csum_portable;
}

/*
 * Returns |sum| plus the |len| bytes at |p|, the last one padded with a zero. What is less than a
 * word is taken apart: where in a 64-bit word 16 bits are added does not matter.
 */
static uint64_t sum_rest(uint64_t sum, const uint8_t *p, size_t len)
{
    uint64_t rest = 0;

    for (; len >= 8; len -= 8, p += 8) {
        sum = wire_csum_add_around(sum, load_word(p));
    }
    if ((len & 4) != 0) {
        uint32_t word;

        memcpy(&word, p, sizeof(word));
        rest += word;
        p += 4;
    }
    if ((len & 2) != 0) {
        uint16_t word;

        memcpy(&word, p, sizeof(word));
        rest += word;
        p += 2;
    }
    if ((len & 1) != 0) {
        const uint8_t last[2] = {*p, 0};
        uint16_t word;

        memcpy(&word, last, sizeof(word));
        rest += word;
    }
    return wire_csum_add_around(sum, rest);
}

/* Copies |len| bytes, less than a block. */
static void copy_rest(uint8_t *dst, const uint8_t *src, size_t len)
{
    for (; len >= 8; len -= 8, src += 8, dst += 8) {
        memcpy(dst, src, 8);
    }
    if ((len & 4) != 0) {
        memcpy(dst, src, 4);
        src += 4;
        dst += 4;
    }
    if ((len & 2) != 0) {
        memcpy(dst, src, 2);
        src += 2;
        dst += 2;
    }
    if ((len & 1) != 0) {
        *dst = *src;
    }
}

uint64_t wire_csum_add(uint64_t sum, const void *data, size_t len)
{
    const uint8_t *p = data;
    const size_t rest = len % WIRE_CSUM_BLOCK_LEN;

    if (len >= BLOCKS_LEN_MIN) {
        sum = blocks()->sum(sum, p, len / WIRE_CSUM_BLOCK_LEN);
        p += len - rest;
        len = rest;
    }
    return sum_rest(sum, p, len);
}

uint64_t wire_csum_copy(void *dst, const void *src, size_t len, uint64_t sum)
{
    uint8_t *to = dst;
    const uint8_t *from = src;
    const size_t rest = len % WIRE_CSUM_BLOCK_LEN;

    if (len >= WIRE_CSUM_BLOCK_LEN) {
        sum = blocks()->copy(sum, to, from, len / WIRE_CSUM_BLOCK_LEN);
        to += len - rest;
        from += len - rest;
    }
    copy_rest(to, from, rest);
    return sum_rest(sum, from, rest);
}

uint64_t wire_csum_pseudo(const struct toe_addr *src, const struct toe_addr *dst, uint8_t proto,
                          uint32_t len)
{
    const size_t addr_len = src->family == 4 ? 4 : 16;
    uint64_t sum;
    uint8_t last[8];

    /* IPv4 has one byte for the protocol and two for the length, IPv6 four for each. The zeros
       between do not count, so one layout serves both. */
    toe_assert(src->family == dst->family);
    wire_store_u32(last, len);
    wire_store_u32(last + 4, proto);
    sum = load_word(last);
    for (size_t at = 0; at < addr_len; at += 4) {
        uint32_t words[2];

        memcpy(&words[0], src->bytes + at, 4);
        memcpy(&words[1], dst->bytes + at, 4);
        sum = wire_csum_add_around(sum, (uint64_t)words[0] + words[1]);
    }
    return sum;
}
