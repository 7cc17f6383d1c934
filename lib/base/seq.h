/* SPDX-License-Identifier: MIT */
#ifndef BASE_SEQ_H
#define BASE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Sequence numbers
 *
 * A TCP sequence number lives on a circle of 2^32 points (RFC 9293, 3.4). It is a struct of its
 * own, so that the compiler rejects `a < b`, which is wrong at the wrap. An order exists only
 * between numbers less than 2^31 apart; at exactly 2^31 each is "less" than the other.
 */

/* A point on the circle of sequence numbers. */
typedef struct {
    uint32_t v; /* the number as it stands in the header */
} toe_seq;

/*
 * toe_seq_of() makes a sequence number of the plain integer |v|.
 */
static inline toe_seq toe_seq_of(uint32_t v)
{
    return (toe_seq){v};
}

/*
 * toe_seq_add() returns the number |len| octets after |seq|.
 */
static inline toe_seq toe_seq_add(toe_seq seq, uint32_t len)
{
    return (toe_seq){seq.v + len};
}

/*
 * toe_seq_sub() returns the number |len| octets before |seq|.
 */
static inline toe_seq toe_seq_sub(toe_seq seq, uint32_t len)
{
    return (toe_seq){seq.v - len};
}

/*
 * toe_seq_off() returns how far |a| lies ahead of |b| on the circle, 0 to 2^32 - 1.
 */
static inline uint32_t toe_seq_off(toe_seq a, toe_seq b)
{
    return a.v - b.v;
}

/*
 * toe_seq_diff() returns |a| minus |b| as a signed distance, -2^31 to 2^31 - 1.
 */
static inline int32_t toe_seq_diff(toe_seq a, toe_seq b)
{
    const uint32_t off = a.v - b.v;

    return off < UINT32_C(0x80000000) ? (int32_t)off : -(int32_t)(UINT32_MAX - off) - 1;
}

/*
 * toe_seq_eq() says whether |a| and |b| are the same point.
 */
static inline bool toe_seq_eq(toe_seq a, toe_seq b)
{
    return a.v == b.v;
}

/*
 * toe_seq_lt() says whether |a| comes before |b|.
 */
static inline bool toe_seq_lt(toe_seq a, toe_seq b)
{
    return a.v - b.v >= UINT32_C(0x80000000);
}

/*
 * toe_seq_le() says whether |a| comes before |b| or equals it.
 */
static inline bool toe_seq_le(toe_seq a, toe_seq b)
{
    return toe_seq_eq(a, b) || toe_seq_lt(a, b);
}

/*
 * toe_seq_gt() says whether |a| comes after |b|.
 */
static inline bool toe_seq_gt(toe_seq a, toe_seq b)
{
    return toe_seq_lt(b, a);
}

/*
 * toe_seq_ge() says whether |a| comes after |b| or equals it.
 */
static inline bool toe_seq_ge(toe_seq a, toe_seq b)
{
    return toe_seq_le(b, a);
}

/*
 * toe_seq_max() returns the later of |a| and |b|.
 */
static inline toe_seq toe_seq_max(toe_seq a, toe_seq b)
{
    return toe_seq_lt(a, b) ? b : a;
}

/*
 * toe_seq_min() returns the earlier of |a| and |b|.
 */
static inline toe_seq toe_seq_min(toe_seq a, toe_seq b)
{
    return toe_seq_lt(b, a) ? b : a;
}

#endif
