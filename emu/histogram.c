/* SPDX-License-Identifier: MIT */
#include "histogram.h"

/* The finest bucket's unit, as a power of two of nanoseconds: 128 ns. */
enum { UNIT_BITS = 7, STEPS = 8 };

/* Eight buckets to the unit's eighth multiple, and eight for each doubling from there on. */
static uint32_t bucket_of(toe_duration time)
{
    const uint64_t units = time >> UNIT_BITS;
    uint32_t doublings = 0;
    uint32_t idx;

    while (units >> doublings >= 2 * STEPS) {
        ++doublings;
    }
    idx = units < STEPS ? (uint32_t)units : STEPS * doublings + (uint32_t)(units >> doublings);
    return idx < EMU_HISTOGRAM_BUCKETS ? idx : EMU_HISTOGRAM_BUCKETS - 1;
}

toe_duration emu_histogram_from(uint32_t idx)
{
    const uint32_t doublings = idx < 2 * STEPS ? 0 : idx / STEPS - 1;

    return (toe_duration)(idx - STEPS * doublings) << doublings << UNIT_BITS;
}

void emu_histogram_add(struct emu_histogram *histogram, toe_duration time)
{
    histogram->min = histogram->cnt == 0 || time < histogram->min ? time : histogram->min;
    histogram->max = time > histogram->max ? time : histogram->max;
    ++histogram->cnt;
    ++histogram->buckets[bucket_of(time)];
}

void emu_histogram_merge(struct emu_histogram *into, const struct emu_histogram *from)
{
    if (from->cnt != 0) {
        into->min = into->cnt == 0 || from->min < into->min ? from->min : into->min;
        into->max = from->max > into->max ? from->max : into->max;
    }
    into->cnt += from->cnt;
    for (uint32_t i = 0; i < EMU_HISTOGRAM_BUCKETS; ++i) {
        into->buckets[i] += from->buckets[i];
    }
}

toe_duration emu_histogram_quantile(const struct emu_histogram *histogram, double share)
{
    const double wanted = share * (double)histogram->cnt;
    uint64_t below = 0;

    for (uint32_t i = 0; i + 1 < EMU_HISTOGRAM_BUCKETS; ++i) {
        below += histogram->buckets[i];
        if (below > 0 && (double)below >= wanted) {
            const toe_duration end = i == 0 ? 0 : emu_histogram_from(i + 1);

            return end < histogram->max ? end : histogram->max;
        }
    }
    return histogram->max;
}
