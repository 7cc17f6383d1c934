/* SPDX-License-Identifier: MIT */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdint.h>

/*
 * Bit scans
 *
 * C11 has no operator for the position of a bit. Processors have an instruction for it, which is
 * used where the compiler offers it; elsewhere a multiplication and a table find it, which takes
 * ten times as long. The argument is never zero.
 */

/*
 * base_bits_lowest_plain() is base_bits_lowest() in plain C.
 */
static inline unsigned base_bits_lowest_plain(uint64_t v)
{
    /* The de Bruijn sequence shifted by i has a top byte (6 bits) that no other i gives. */
    static const uint8_t idx[64] = {0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,
                                    62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
                                    63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
                                    46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6};

    return idx[((v & (0 - v)) * UINT64_C(0x03f79d71b4cb0a89)) >> 58];
}

/*
 * base_bits_highest_plain() is base_bits_highest() in plain C.
 */
static inline unsigned base_bits_highest_plain(uint64_t v)
{
    v |= v >> 1;
    v |= v >> 2;
    v |= v >> 4;
    v |= v >> 8;
    v |= v >> 16;
    v |= v >> 32;
    return base_bits_lowest_plain(v - (v >> 1));
}

/*
 * base_bits_lowest() returns the index, 0 to 63, of the lowest set bit in |v|, which is not 0.
 */
static inline unsigned base_bits_lowest(uint64_t v)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(v);
#else
    return base_bits_lowest_plain(v);
#endif
}

/*
 * base_bits_highest() returns the index, 0 to 63, of the highest set bit in |v|, which is not 0.
 */
static inline unsigned base_bits_highest(uint64_t v)
{
#if defined(__GNUC__)
    return 63u - (unsigned)__builtin_clzll(v);
#else
    return base_bits_highest_plain(v);
#endif
}

#endif
