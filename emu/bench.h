/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks: what they share.
 *
 * A benchmark measures something of ours and something else it is held against, in turns, in one
 * run; what counts is the ratio, since figures of two days, or of two machines, do not compare. The
 * *unit* is such a thing that every machine has: memcpy() plus checksum of 1460 bytes.
 */
#ifndef EMU_BENCH_H
#define EMU_BENCH_H

#include <jansson.h>

#include "error.h"
#include "toe/types.h"

#define EMU_BENCH_ROUNDS_MAX 99

/* What is measured in turns. Each returns what one piece of work took, in |unit|s. */
struct emu_bench_figure {
    const char *name; /* "bulk-mss1460" */
    const char *unit; /* "ns/segment": less is better */
    const char *peer; /* what it is held against */
    double (*ours)(void *user);
    double (*theirs)(void *user);
    void *user;
};

/*
 * What was not measured in turns: virtual time has no noise but the seed's, and what it is held
 * against is published, or a bound. So is memory, which is counted. More is better, or less.
 */
struct emu_bench_result {
    const char *name;
    const char *unit;
    double *values; /* one for each seed, |cnt| of them; sorted when told */
    uint32_t cnt;
    const char *peer;
    double peer_value;
    bool is_less_better;
};

/* One benchmark: it prepares itself, hands its figures to |measure|, and cleans up. */
struct emu_bench;

struct emu_bench_entry {
    const char *name;
    const char *summary;
    bool (*run)(struct emu_bench *bench, struct emu_error *error);
};

/* The benchmarks, ended by one without a name. */
extern const struct emu_bench_entry emu_bench_entries[];

/* emu_bench_measure() measures |figure| and tells the result. */
void emu_bench_measure(struct emu_bench *bench, const struct emu_bench_figure *figure);

/*
 * emu_bench_tell() tells |result|, and returns the median. |more| is merged into the object, and is
 * the function's from now on; |note| ends the line.
 */
double emu_bench_tell(struct emu_bench *bench, const struct emu_bench_result *result, json_t *more,
                      const char *note);

/* emu_bench_is_wanted() tells whether the figure |name| was asked for, emu_bench_rounds() how many
 * measurements of each. */
bool emu_bench_is_wanted(const struct emu_bench *bench, const char *name);
uint32_t emu_bench_rounds(const struct emu_bench *bench);

/* emu_bench_median() sorts the |cnt| |values| and returns the one in the middle. */
double emu_bench_median(double *values, uint64_t cnt);

/* emu_bench_is_over() tells whether the user wants no more. */
bool emu_bench_is_over(const struct emu_bench *bench);

/* emu_bench_now() is the clock, in nanoseconds. */
double emu_bench_now(void);

/* emu_bench_unit() measures the unit, in nanoseconds. |user| is not used. */
double emu_bench_unit(void *user);

/* The benchmarks themselves. */
bool emu_bench_bulk(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_request(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_offload(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_move(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_memory(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_million(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_connect(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_demux(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_timers(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_sim(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_loss(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_loss_wide(struct emu_bench *bench, struct emu_error *error);

#endif
