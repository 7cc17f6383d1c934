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

/* Below this the vector unit does not pay. */
#define VECTOR_LEN_MIN 256u

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
        for (size_t at = 0; at < WIRE_CSUM_BLOCK_LEN; at += 32) {
            lane[0] = wire_csum_add_around(lane[0], load_word(p + at));
            lane[1] = wire_csum_add_around(lane[1], load_word(p + at + 8));
            lane[2] = wire_csum_add_around(lane[2], load_word(p + at + 16));
            lane[3] = wire_csum_add_around(lane[3], load_word(p + at + 24));
        }
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
    const size_t most = 32;

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

static const struct wire_csum_blocks *blocks_for(size_t len)
{
    const struct wire_csum_blocks *vector = len < VECTOR_LEN_MIN ? NULL : wire_csum_vector();

    return vector != NULL ? vector : &wire_csum_portable;
}

/* Returns |sum| plus the |len| bytes at |p|, less than a block, the last word padded with zeros. */
static uint64_t sum_rest(uint64_t sum, const uint8_t *p, size_t len)
{
    for (; len >= 8; len -= 8, p += 8) {
        sum = wire_csum_add_around(sum, load_word(p));
    }
    if (len > 0) {
        uint8_t last[8] = {0};

        memcpy(last, p, len);
        sum = wire_csum_add_around(sum, load_word(last));
    }
    return sum;
}

/* Folds |sum| to 16 bits, still in the machine's order. */
static uint16_t fold(uint64_t sum)
{
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    return (uint16_t)sum;
}

uint64_t wire_csum_add(uint64_t sum, const void *data, size_t len)
{
    const uint8_t *p = data;
    const size_t cnt = len / WIRE_CSUM_BLOCK_LEN;
    const size_t done = cnt * WIRE_CSUM_BLOCK_LEN;

    if (cnt > 0) {
        sum = blocks_for(len)->sum(sum, p, cnt);
    }
    return len == done ? sum : sum_rest(sum, p + done, len - done);
}

uint64_t wire_csum_copy(void *dst, const void *src, size_t len, uint64_t sum)
{
    uint8_t *to = dst;
    const uint8_t *from = src;
    const size_t cnt = len / WIRE_CSUM_BLOCK_LEN;
    const size_t done = cnt * WIRE_CSUM_BLOCK_LEN;

    if (cnt > 0) {
        sum = blocks_for(len)->copy(sum, to, from, cnt);
    }
    if (len == done) {
        return sum;
    }
    memcpy(to + done, from + done, len - done);
    return sum_rest(sum, to + done, len - done);
}

uint64_t wire_csum_combine(uint64_t sum, uint64_t sum2, size_t off2)
{
    if (off2 % 2 != 0) {
        const uint16_t folded = fold(sum2);

        sum2 = (uint16_t)(folded << 8 | folded >> 8);
    }
    return wire_csum_add_around(sum, sum2);
}

uint64_t wire_csum_add_u16(uint64_t sum, uint16_t v)
{
    uint8_t bytes[2];

    wire_store_u16(bytes, v);
    return sum_rest(sum, bytes, sizeof(bytes));
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

uint16_t wire_csum_seed(uint64_t sum)
{
    const uint16_t folded = fold(sum);
    uint8_t bytes[2];

    memcpy(bytes, &folded, sizeof(bytes));
    return wire_load_u16(bytes);
}

uint16_t wire_csum_fold(uint64_t sum)
{
    return (uint16_t)~wire_csum_seed(sum);
}
