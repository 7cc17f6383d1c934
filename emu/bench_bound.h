/* SPDX-License-Identifier: MIT */
/*
 * What a sender could do at best against chance, for the loss matrices.
 *
 * It keeps the peer's window full, never takes a loss for congestion, knows one round trip after it
 * sent a segment whether it arrived, and sends it again at that moment if it did not. The window is
 * |W| bytes from the first unacknowledged one on, in n segments, and the link takes them at once. A
 * segment is lost with the chance p each time it is sent, so it takes G round trips, where G is
 * geometric: P(G > k) = p^k. Acknowledgments are never lost, or delayed. Nothing is sent twice
 * unasked. There are two ways to count:
 *
 * - *In rounds*. The window is sent, and sent again what of it is lost, until all has arrived; then
 *   comes the next window. That takes as long as its unluckiest segment,
 *
 *       E[max(G_1 .. G_n)] = sum over k >= 0 of 1 - (1 - p^k)^n
 *
 *   round trips: one, a further one where the round loses something, another one where that is
 *   lost again. It is exact, and a fair measure; but it is no limit, since what arrives before the
 *   first hole lets new data leave before the hole is filled.
 *
 * - *Sliding*. Segment j leaves when all up to j - n are acknowledged, which nobody can do sooner,
 *   and all up to j are acknowledged at
 *
 *       C_j = max(C_(j-1), C_(j-n) + G_j)
 *
 *   round trips. Leaving later never helps, since the G_j do not depend on it; so C_j / j in the
 *   long run is the limit. It has no short formula and is counted, with a seed.
 */
#ifndef EMU_BENCH_BOUND_H
#define EMU_BENCH_BOUND_H

#include "toe/types.h"

struct emu_bench_bound {
    uint32_t window; /* bytes */
    uint32_t mss;
    toe_duration rtt;
    uint32_t loss; /* of segments, in a million, less than that */
};

/* Bytes a second in rounds, and sliding, which is the limit. */
double emu_bench_bound_rounds(const struct emu_bench_bound *bound);
double emu_bench_bound_sliding(const struct emu_bench_bound *bound);

#endif
