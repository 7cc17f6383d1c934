/* SPDX-License-Identifier: MIT */
#ifndef WIRE_CHECKSUM_H
#define WIRE_CHECKSUM_H

#include "toe/types.h"
#include "wire/bytes.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The Internet checksum (RFC 1071)
 *
 * A sum is carried as a |uint64_t|, started at 0 and opaque: it is kept in the byte order of the
 * machine, so that no byte is swapped on the way, and only wire_csum_fold() or wire_csum_seed()
 * makes a 16-bit number of it, in host order, to be stored with wire_store_u16(). Two sums may not
 * be added with `+`; wire_csum_combine() does that.
 *
 * The checksum pairs bytes by their position in the stream. wire_csum_add() and wire_csum_copy()
 * take their bytes to begin at an even position. For a piece that begins at an odd one, sum it from
 * 0 and combine:
 *
 *     sum = wire_csum_combine(sum, wire_csum_add(0, piece, len), offset_of_piece);
 */

/*
 * wire_csum_add() returns |sum| plus the |len| bytes at |data|, which begin at an even position of
 * the stream. When |len| is odd, the last byte is paired with 0.
 */
uint64_t wire_csum_add(uint64_t sum, const void *data, size_t len);

/*
 * wire_csum_copy() copies |len| bytes from |src| to |dst| and returns |sum| plus the sum of
 * the copy, in one pass over memory. It sums as wire_csum_add() does. The two must not overlap.
 */
uint64_t wire_csum_copy(void *dst, const void *src, size_t len, uint64_t sum);

/*
 * wire_csum_pseudo() returns the sum of the pseudo-header of RFC 9293, 3.1 (IPv4) or RFC 8200, 8.1
 * (IPv6) for |len| bytes of |proto| from |src| to |dst|, which are of one family.
 */
uint64_t wire_csum_pseudo(const struct toe_addr *src, const struct toe_addr *dst, uint8_t proto,
                          uint32_t len);

/*
 * wire_csum_add_around() adds two sums of which either begins at an even position: the carry is put
 * back at the low end.
 */
static inline uint64_t wire_csum_add_around(uint64_t a, uint64_t b)
{
    const uint64_t sum = a + b;

    return sum + (sum < b);
}

/* Folds |sum| to 16 bits, still in the machine's order: halves change places and are added. */
static inline uint16_t wire_csum_fold_raw(uint64_t sum)
{
    const uint32_t half = (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);

    return (uint16_t)((half + (half << 16 | half >> 16)) >> 16);
}

/*
 * wire_csum_combine() returns |sum| plus |sum2|, the sum of a piece that begins |off2| bytes into
 * the stream that |sum| is of.
 */
static inline uint64_t wire_csum_combine(uint64_t sum, uint64_t sum2, size_t off2)
{
    if (off2 % 2 != 0) {
        const uint16_t folded = wire_csum_fold_raw(sum2);

        sum2 = (uint16_t)(folded << 8 | folded >> 8);
    }
    return wire_csum_add_around(sum, sum2);
}

/*
 * wire_csum_words() is wire_csum_add() for a header: |len| is a multiple of four, and so small that
 * a loop is the quickest.
 */
static inline uint64_t wire_csum_words(uint64_t sum, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t two;
    uint32_t one;

    for (; len >= 8; len -= 8, p += 8) {
        memcpy(&two, p, sizeof(two));
        sum = wire_csum_add_around(sum, two);
    }
    if (len > 0) {
        memcpy(&one, p, sizeof(one));
        sum = wire_csum_add_around(sum, one);
    }
    return sum;
}

/*
 * wire_csum_add_u32() returns |sum| plus the number |v| as it would stand in four bytes at an even
 * position; wire_csum_add_u64() the same of eight bytes. So what stands in several places may be
 * added as numbers, and then as one.
 */
static inline uint64_t wire_csum_add_u32(uint64_t sum, uint32_t v)
{
    return wire_csum_add_around(sum, wire_turn_u32(v));
}

static inline uint64_t wire_csum_add_u64(uint64_t sum, uint64_t v)
{
    return wire_csum_add_u32(wire_csum_add_u32(sum, (uint32_t)(v >> 32)), (uint32_t)v);
}

/*
 * wire_csum_seed() returns |sum| folded but not complemented: what a device that completes a
 * partial checksum expects to find in the checksum field.
 */
static inline uint16_t wire_csum_seed(uint64_t sum)
{
    return wire_turn_u16(wire_csum_fold_raw(sum));
}

/*
 * wire_csum_fold() returns the checksum over |sum|, complemented, as it is stored in a header. Over
 * data that contain their own checksum the result is 0 when the checksum is right.
 */
static inline uint16_t wire_csum_fold(uint64_t sum)
{
    return (uint16_t)~wire_csum_seed(sum);
}

#endif
