/* SPDX-License-Identifier: MIT */
#include "bench_bound.h"

#include "random.h"

/* Segments that are counted: enough for a noise below a hundredth. */
#define SEGMENTS 200000u
#define WINDOW_MAX 16384u

/* What a further round adds to the mean is neglected below this. */
#define NEGLIGIBLE 1e-9

static uint32_t segments_of(const struct emu_bench_bound *bound)
{
    const uint32_t cnt = (bound->window + bound->mss - 1) / bound->mss;

    return cnt < WINDOW_MAX ? cnt : WINDOW_MAX;
}

/* |windows| windows that take |trips| round trips, in bytes a second. */
static double rate_of(const struct emu_bench_bound *bound, double windows, double trips)
{
    return bound->window * windows / (trips * (double)bound->rtt / (double)TOE_NS_PER_SEC);
}

double emu_bench_bound_rounds(const struct emu_bench_bound *bound)
{
    const uint32_t segments = segments_of(bound);
    const double loss = bound->loss / 1e6;
    double rounds = 1;
    double lost = loss; /* as often as there were rounds */

    for (double more = 1; more > NEGLIGIBLE; lost *= loss) {
        double all = 1; /* the chance that all has arrived by now */

        for (uint32_t i = 0; i < segments; ++i) {
            all *= 1 - lost;
        }
        more = 1 - all;
        rounds += more;
    }
    return rate_of(bound, 1, rounds);
}

double emu_bench_bound_sliding(const struct emu_bench_bound *bound)
{
    const uint32_t segments = segments_of(bound);
    const uint32_t total = SEGMENTS + 20 * segments;
    uint32_t acked[WINDOW_MAX] = {0}; /* C_j of the last |segments| */
    uint32_t all = 0;                 /* C_(j-1) */
    struct emu_random random = {.state = 1};

    for (uint32_t j = 0; j < total; ++j) {
        uint32_t at = acked[j % segments] + 1;

        while (emu_random_chance(&random, bound->loss)) {
            ++at;
        }
        all = at > all ? at : all;
        acked[j % segments] = all;
    }
    return rate_of(bound, (double)total / segments, all);
}
