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

/* Below this the loops do not pay. */
#define BLOCKS_LEN_MIN 128u

static uint64_t load_word(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

/* Four lanes, since additions in one chain would wait for each other. */
static uint64_t sum_portable(uint64_t sum, const uint8_t *p, size_t len)
{
    uint64_t lane[4] = {sum, 0, 0, 0};

    for (; len >= WIRE_CSUM_BLOCK_LEN; len -= WIRE_CSUM_BLOCK_LEN, p += WIRE_CSUM_BLOCK_LEN) {
        lane[0] = wire_csum_add_around(lane[0], load_word(p));
        lane[1] = wire_csum_add_around(lane[1], load_word(p + 8));
        lane[2] = wire_csum_add_around(lane[2], load_word(p + 16));
        lane[3] = wire_csum_add_around(lane[3], load_word(p + 24));
    }
    sum = wire_csum_add_around(wire_csum_add_around(lane[0], lane[1]),
                               wire_csum_add_around(lane[2], lane[3]));
    return wire_csum_rest(sum, p, len);
}

/*
 * By pieces that stay in the nearest cache: the memcpy() of the C library plus a sum over what it
 * has just written is faster than one portable loop that does both.
 */
static uint64_t copy_portable(uint64_t sum, uint8_t *dst, const uint8_t *src, size_t len)
{
    const size_t most = 2048;

    while (len >= WIRE_CSUM_BLOCK_LEN) {
        const size_t piece = len < most ? len - len % WIRE_CSUM_BLOCK_LEN : most;

        memcpy(dst, src, piece);
        sum = sum_portable(sum, dst, piece);
        dst += piece;
        src += piece;
        len -= piece;
    }
    return wire_csum_copy_rest(sum, dst, src, len);
}

const struct wire_csum_blocks wire_csum_portable = {
    .name = "portable", .sum = sum_portable, .copy = copy_portable};

static const struct wire_csum_blocks *blocks(void)
{
    const struct wire_csum_blocks *vector = wire_csum_vector();

    return vector != NULL ? vector : &wire_csum_portable;
}

uint64_t wire_csum_add(uint64_t sum, const void *data, size_t len)
{
    return len < BLOCKS_LEN_MIN ? wire_csum_rest(sum, data, len) : blocks()->sum(sum, data, len);
}

uint64_t wire_csum_copy(void *dst, const void *src, size_t len, uint64_t sum)
{
    if (len < BLOCKS_LEN_MIN) {
        return wire_csum_copy_rest(sum, dst, src, len);
    }
    return blocks()->copy(sum, dst, src, len);
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
