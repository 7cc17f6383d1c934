/* SPDX-License-Identifier: MIT */
/*
 * Histograms of durations: how often something took about so long.
 *
 * The buckets grow with what they hold, eight for each doubling, so that a quantile is right to an
 * eighth from a microsecond to more than an hour; what took less than 128 ns took no time. All zero
 * is an empty histogram.
 */
#ifndef EMU_HISTOGRAM_H
#define EMU_HISTOGRAM_H

#include "toe/types.h"

enum { EMU_HISTOGRAM_BUCKETS = 8 * 34 };

struct emu_histogram {
    uint64_t cnt;
    toe_duration min, max;
    uint64_t buckets[EMU_HISTOGRAM_BUCKETS];
};

/* emu_histogram_add() counts |time|. */
void emu_histogram_add(struct emu_histogram *histogram, toe_duration time);

/* emu_histogram_merge() adds to |into| what |from| has counted. */
void emu_histogram_merge(struct emu_histogram *into, const struct emu_histogram *from);

/*
 * emu_histogram_quantile() is the time that |share|, 0 to 1, of what was counted did not exceed; 0
 * if nothing was.
 */
toe_duration emu_histogram_quantile(const struct emu_histogram *histogram, double share);

/* emu_histogram_from() is where the bucket |idx| begins; the last one has no end. */
toe_duration emu_histogram_from(uint32_t idx);

#endif
