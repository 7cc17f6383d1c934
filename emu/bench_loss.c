/* SPDX-License-Identifier: MIT */
/*
 * The loss matrices: how much gets through, in virtual time.
 *
 * The small one repeats what smoltcp has published of itself (its tests/netsim.rs and the snapshot
 * of that): 10 MiB over a link with a round trip of 100 ms that loses frames by chance in both
 * directions, an MTU of 1500 and buffers of 32 KiB, timed from the first SYN on. It is told beside
 * that and beside the bound (bench_bound.h), which is one for a sender without congestion control;
 * one that takes loss for congestion must stay below it. The wide one has what else happens on the
 * way, and is held against the smaller one of the window and the rate of the link.
 *
 * A measurement is a seed; so the same rounds give the same figures everywhere.
 */
#include <stdio.h>

#include "bench.h"
#include "bench_bound.h"
#include "bench_net.h"

#define MSS 1460u
#define FRAME_LEN 1514u

/* A cell takes so long in virtual time, if the bytes do not arrive before. */
#define TIME_MAX (100 * TOE_NS_PER_SEC)

/* What is wanted of each cell without congestion control, in percent of the bound. */
#define WANTED 80.0

static const struct {
    const char *name;
    enum toe_congestion id;
} controls[] = {
    {"none", TOE_CONGESTION_NONE},
    {"newreno", TOE_CONGESTION_NEWRENO},
    {"cubic", TOE_CONGESTION_CUBIC},
    {"bbr", TOE_CONGESTION_BBR},
};

#define CONTROL_CNT (sizeof(controls) / sizeof(controls[0]))

/* What the seeds gave, each in one place of all three. */
struct samples {
    double rates[EMU_BENCH_ROUNDS_MAX];
    double fairness[EMU_BENCH_ROUNDS_MAX];
    double queues[EMU_BENCH_ROUNDS_MAX];
    uint32_t cnt;
};

static bool sample(struct samples *samples, const struct emu_bench *bench,
                   const struct emu_bench_net *net, struct emu_error *error)
{
    struct emu_bench_net seeded = *net;
    struct emu_bench_net_result result;

    for (samples->cnt = 0; samples->cnt < emu_bench_rounds(bench) && !emu_bench_is_over(bench);
         ++samples->cnt) {
        seeded.seed = samples->cnt + 1;
        if (!emu_bench_net_run(&result, &seeded)) {
            emu_error_set(error, EMU_EXIT_ENVIRONMENT, "not enough memory for the simulation");
            return false;
        }
        samples->rates[samples->cnt] = result.rate;
        samples->fairness[samples->cnt] = result.fairness;
        samples->queues[samples->cnt] = result.queue;
    }
    return true;
}

/* --- the small one --- */

static const struct {
    const char *name;
    uint32_t loss;
    double smoltcp; /* version 0.13 */
} losses[] = {
    {"0", 0, 322944.88},     {"0.1", 1000, 314779.73}, {"1", 10000, 219670.76},
    {"2", 20000, 166587.86}, {"5", 50000, 76626.48},   {"10", 100000, 37774.62},
    {"20", 200000, 6079.34}, {"30", 300000, 1156.40},
};

#define LOSS_CNT (sizeof(losses) / sizeof(losses[0]))

static const char *const places[] = {"host", "offloaded"};

/* The least share of the bound, in percent, of the cells without congestion control. */
struct least {
    double share;
    uint32_t cells;
};

static bool tell_cell(struct emu_bench *bench, struct least *least, size_t control, bool offloaded,
                      size_t loss, struct emu_error *error)
{
    const struct emu_bench_net net = {.congestion = controls[control].id,
                                      .offloaded = offloaded,
                                      .flows = 1,
                                      .buffer = 32768,
                                      .rtt = 100 * TOE_NS_PER_MS,
                                      .loss = losses[loss].loss,
                                      .bytes = 10 << 20,
                                      .time = TIME_MAX};
    const struct emu_bench_bound bound = {net.buffer, MSS, net.rtt, net.loss};
    const double rounds = emu_bench_bound_rounds(&bound);
    const double limit = emu_bench_bound_sliding(&bound);
    struct samples samples;
    char name[64];
    char note[96];
    double value;

    (void)snprintf(name, sizeof(name), "loss-matrix-%s-%s-%s", controls[control].name,
                   places[offloaded], losses[loss].name);
    if (!emu_bench_is_wanted(bench, name) || emu_bench_is_over(bench)) {
        return true;
    }
    if (!sample(&samples, bench, &net, error) || samples.cnt == 0) {
        return samples.cnt == 0;
    }
    value = emu_bench_median(samples.rates, samples.cnt);
    (void)snprintf(note, sizeof(note), "%5.1f%% of %.0f, %.1f%% of %.0f", 100 * value / rounds,
                   rounds, 100 * value / limit, limit);
    (void)emu_bench_tell(bench,
                         &(struct emu_bench_result){name, "bytes/s", samples.rates, samples.cnt,
                                                    "smoltcp", losses[loss].smoltcp, false},
                         json_pack("{sf sf sf sf}", "bound", rounds, "bound_ratio", value / rounds,
                                   "limit", limit, "limit_ratio", value / limit),
                         note);
    if (controls[control].id == TOE_CONGESTION_NONE) {
        least->share = least->cells == 0 || 100 * value / rounds < least->share
                           ? 100 * value / rounds
                           : least->share;
        ++least->cells;
    }
    return true;
}

bool emu_bench_loss(struct emu_bench *bench, struct emu_error *error)
{
    struct least least = {0};

    for (size_t i = 0; i < CONTROL_CNT * 2 * LOSS_CNT; ++i) {
        if (!tell_cell(bench, &least, i / LOSS_CNT / 2, i / LOSS_CNT % 2 != 0, i % LOSS_CNT,
                       error)) {
            return false;
        }
    }
    if (least.cells == 2 * LOSS_CNT) {
        (void)emu_bench_tell(bench,
                             &(struct emu_bench_result){"loss-matrix", "% of bound", &least.share,
                                                        1, "wanted", WANTED, false},
                             json_object(), "the least cell without congestion control");
    }
    return true;
}

/* --- the wide one --- */

#define MS TOE_NS_PER_MS
#define MBIT UINT64_C(1000000)

/* A row takes so long in virtual time. */
#define WIDE_TIME (20 * TOE_NS_PER_SEC)

/*
 * The link's rate keeps the large buffers from filling the memory of the world; its queue is about
 * what it carries in a round trip, or half, or a fifth of that.
 */
static const struct row {
    const char *name;
    struct emu_bench_net net;
} rows[] = {
    {"rtt10-64k", {.rtt = 10 * MS, .buffer = 65536, .rate = 100 * MBIT, .queue = 80}},
    {"rtt10-64k-loss1",
     {.rtt = 10 * MS, .buffer = 65536, .rate = 100 * MBIT, .queue = 80, .loss = 10000}},
    {"rtt50-1m", {.rtt = 50 * MS, .buffer = 1 << 20, .rate = 100 * MBIT, .queue = 410}},
    {"rtt50-1m-loss1",
     {.rtt = 50 * MS, .buffer = 1 << 20, .rate = 100 * MBIT, .queue = 410, .loss = 10000}},
    {"rtt200-16m", {.rtt = 200 * MS, .buffer = 16 << 20, .rate = 100 * MBIT, .queue = 1650}},
    {"rtt200-16m-loss1",
     {.rtt = 200 * MS, .buffer = 16 << 20, .rate = 100 * MBIT, .queue = 1650, .loss = 10000}},
    {"rtt200-16m-shallow", {.rtt = 200 * MS, .buffer = 16 << 20, .rate = 100 * MBIT, .queue = 165}},
    {"rtt50-reorder1",
     {.rtt = 50 * MS, .buffer = 1 << 20, .rate = 20 * MBIT, .queue = 80, .reorder = 10000}},
    {"rtt50-reorder10",
     {.rtt = 50 * MS, .buffer = 1 << 20, .rate = 20 * MBIT, .queue = 80, .reorder = 100000}},
    {"rtt50-bursts",
     {.rtt = 50 * MS, .buffer = 1 << 20, .rate = 20 * MBIT, .queue = 80, .bursts = true}},
    {"flows2", {.flows = 2, .rtt = 50 * MS, .buffer = 1 << 20, .rate = 20 * MBIT, .queue = 80}},
    {"flows4", {.flows = 4, .rtt = 50 * MS, .buffer = 1 << 20, .rate = 20 * MBIT, .queue = 80}},
    {"flows8", {.flows = 8, .rtt = 50 * MS, .buffer = 1 << 20, .rate = 20 * MBIT, .queue = 80}},
    {"flows8-shallow",
     {.flows = 8, .rtt = 50 * MS, .buffer = 1 << 20, .rate = 20 * MBIT, .queue = 16}},
};

/* What the window, or the link, lets through at most. */
static double bound_of(const struct emu_bench_net *net)
{
    const struct emu_bench_bound window = {net->buffer, MSS, net->rtt, net->loss};
    const double sliding = net->flows * emu_bench_bound_sliding(&window);
    const double line = (double)net->rate / 8 * MSS / FRAME_LEN * (1e6 - (double)net->loss) / 1e6;

    return sliding < line ? sliding : line;
}

static bool tell_row(struct emu_bench *bench, const struct row *row, size_t control,
                     struct emu_error *error)
{
    struct emu_bench_net net = row->net;
    struct samples samples;
    char name[64];
    char note[96];
    double fairness;
    double queue;

    (void)snprintf(name, sizeof(name), "loss-matrix-wide-%s-%s", controls[control].name, row->name);
    if (!emu_bench_is_wanted(bench, name) || emu_bench_is_over(bench)) {
        return true;
    }
    net.congestion = controls[control].id;
    net.offloaded = true;
    net.flows = net.flows == 0 ? 1 : net.flows;
    net.bytes = UINT64_MAX;
    net.time = WIDE_TIME;
    if (!sample(&samples, bench, &net, error) || samples.cnt == 0) {
        return samples.cnt == 0;
    }
    fairness = emu_bench_median(samples.fairness, samples.cnt);
    queue = emu_bench_median(samples.queues, samples.cnt);
    (void)snprintf(note, sizeof(note), "queue %5.1f ms, fairness %.3f", 1e3 * queue, fairness);
    (void)emu_bench_tell(bench,
                         &(struct emu_bench_result){name, "bytes/s", samples.rates, samples.cnt,
                                                    "bound", bound_of(&net), false},
                         json_pack("{sf sf}", "queue", queue, "fairness", fairness), note);
    return true;
}

bool emu_bench_loss_wide(struct emu_bench *bench, struct emu_error *error)
{
    const size_t row_cnt = sizeof(rows) / sizeof(rows[0]);

    /* Without congestion control a queue would only overflow. */
    for (size_t i = row_cnt; i < CONTROL_CNT * row_cnt; ++i) {
        if (!tell_row(bench, &rows[i % row_cnt], i / row_cnt, error)) {
            return false;
        }
    }
    return true;
}
