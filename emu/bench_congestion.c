/* SPDX-License-Identifier: MIT */
/*
 * Each congestion control against what its specification predicts: what it gets where segments are
 * lost, who gets how much of a bottleneck, and how long the queue is before it. In virtual time on
 * the road of bench_road.h; predictions are those of bench_fluid.h, or stand in the row, and
 * doc/congestion.md has the reason for each, and for how far it is to be met.
 */
#include <math.h>
#include <stdio.h>

#include "bench.h"
#include "bench_fluid.h"
#include "bench_road.h"

#define MS TOE_NS_PER_MS
#define SEC TOE_NS_PER_SEC
#define MBIT UINT64_C(1000000)

#define RENO TOE_CONGESTION_NEWRENO
#define CUBIC TOE_CONGESTION_CUBIC
#define BBR TOE_CONGESTION_BBR

/* What is measured. */
enum measure {
    MEASURE_NONE,
    MEASURE_WINDOW,   /* segments a round trip, of the first flow */
    MEASURE_USE,      /* of the bottleneck */
    MEASURE_QUEUE,    /* ms, in the mean */
    MEASURE_BUSY,     /* seconds without an empty queue, at most */
    MEASURE_FAIRNESS, /* Jain's index */
    MEASURE_RATIO,    /* what every other flow gets to what the others get */
};

/* What it is held against. */
enum prediction {
    PREDICTION_FIXED,   /* the figure of the row */
    PREDICTION_FORMULA, /* the response function */
    PREDICTION_FLUID,   /* the fluid model */
};

/* How: near the prediction, or not on the one side of it. */
enum side {
    SIDE_BOTH,
    SIDE_LEAST,
    SIDE_MOST,
};

#define CHECKS_MAX 3

struct check {
    enum measure measure;
    enum prediction prediction;
    enum side side;
    double fixed;
    double share; /* that it may be off, of the prediction, */
    double more;  /* and besides */
};

struct row {
    const char *name;
    struct emu_bench_road road;
    struct check checks[CHECKS_MAX];
};

static const struct {
    const char *name;
    const char *unit;
} measures[] = {
    [MEASURE_WINDOW] = {"window", "segments"}, [MEASURE_USE] = {"use", "%"},
    [MEASURE_QUEUE] = {"queue", "ms"},         [MEASURE_BUSY] = {"busy", "s"},
    [MEASURE_FAIRNESS] = {"fairness", "%"},    [MEASURE_RATIO] = {"ratio", "to 1"},
};

/* Whole segments, which the formulas do not know, and the recovery's round trip. */
#define WINDOW_FORMULA                                                                             \
    {                                                                                              \
        MEASURE_WINDOW, PREDICTION_FORMULA, SIDE_BOTH, 0, 0.06, 3                                  \
    }
#define WINDOW_FLUID                                                                               \
    {                                                                                              \
        MEASURE_WINDOW, PREDICTION_FLUID, SIDE_BOTH, 0, 0.1, 2                                     \
    }

#define EVERY(control, ms, cnt)                                                                    \
    {                                                                                              \
        .flows = {{control, (ms)*MS}}, .flow_cnt = 1, .loss_every = cnt, .before = 30 * SEC,       \
        .time = 120 * SEC                                                                          \
    }
#define CHANCE(control, ms, ppm)                                                                   \
    {                                                                                              \
        .flows = {{control, (ms)*MS}}, .flow_cnt = 1, .loss = ppm, .before = 30 * SEC,             \
        .time = 600 * SEC                                                                          \
    }

/* Alone on 20 Mbit/s and 50 ms, which hold 82 frames. */
#define ALONE(control, frames, ppm)                                                                \
    {                                                                                              \
        .flows = {{control, 50 * MS}}, .flow_cnt = 1, .rate = 20 * MBIT, .queue = frames,          \
        .loss = ppm, .before = 30 * SEC, .time = 120 * SEC                                         \
    }
#define QUEUE_CHECKS                                                                               \
    {                                                                                              \
        {MEASURE_USE, PREDICTION_FLUID, SIDE_BOTH, 0, 0.05, 0},                                    \
            {MEASURE_QUEUE, PREDICTION_FLUID, SIDE_BOTH, 0, 0.1, 1},                               \
    }

#define SAME(c)                                                                                    \
    {                                                                                              \
        c, 50 * MS                                                                                 \
    }
#define SAME2(c) SAME(c), SAME(c)
#define SAME4(c) SAME2(c), SAME2(c)
#define SHARE(cnt, ...)                                                                            \
    {                                                                                              \
        .flows = {__VA_ARGS__}, .flow_cnt = cnt, .rate = 20 * MBIT, .queue = 82,                   \
        .before = 30 * SEC, .time = 120 * SEC                                                      \
    }
#define FAIR(least)                                                                                \
    {                                                                                              \
        MEASURE_FAIRNESS, PREDICTION_FIXED, SIDE_LEAST, 100, 0, 100 - (least)                      \
    }
#define FULL(least)                                                                                \
    {                                                                                              \
        MEASURE_USE, PREDICTION_FIXED, SIDE_LEAST, 100, 0, 100 - (least)                           \
    }

/* One segment of each is lost each so many seconds. */
#define EPOCHS(control, seconds)                                                                   \
    {                                                                                              \
        .flows = {{control, 100 * MS}, {control, 300 * MS}}, .flow_cnt = 2,                        \
        .loss_time = (seconds)*SEC, .before = 120 * SEC, .time = 120 * SEC                         \
    }
#define RATIO(figure, off)                                                                         \
    {                                                                                              \
        MEASURE_RATIO, PREDICTION_FIXED, SIDE_BOTH, figure, off, 0                                 \
    }

static const struct row rows[] = {
    {"newreno-every-3000", EVERY(RENO, 100, 3000), {WINDOW_FORMULA}},
    {"newreno-every-1000", EVERY(RENO, 100, 1000), {WINDOW_FORMULA}},
    {"newreno-every-300", EVERY(RENO, 100, 300), {WINDOW_FORMULA}},
    {"newreno-every-100", EVERY(RENO, 100, 100), {WINDOW_FORMULA}},
    {"newreno-every-30", EVERY(RENO, 100, 30), {WINDOW_FORMULA}},
    {"newreno-chance-0.1", CHANCE(RENO, 100, 1000), {WINDOW_FLUID}},
    {"newreno-chance-1", CHANCE(RENO, 100, 10000), {WINDOW_FLUID}},
    {"newreno-queue-8", ALONE(RENO, 8, 0), QUEUE_CHECKS},
    {"newreno-queue-20", ALONE(RENO, 20, 0), QUEUE_CHECKS},
    {"newreno-queue-41", ALONE(RENO, 41, 0), QUEUE_CHECKS},
    {"newreno-queue-82", ALONE(RENO, 82, 0), QUEUE_CHECKS},
    {"newreno-flows-2", SHARE(2, SAME2(RENO)), {FAIR(95), FULL(95)}},
    {"newreno-flows-4", SHARE(4, SAME4(RENO)), {FAIR(95), FULL(95)}},
    {"newreno-flows-8", SHARE(8, SAME4(RENO), SAME4(RENO)), {FAIR(95), FULL(95)}},
    {"newreno-rtt-100-300", EPOCHS(RENO, 6), {RATIO(9, 0.2)}},

    {"cubic-every-10000", EVERY(CUBIC, 100, 10000), {WINDOW_FORMULA}},
    {"cubic-every-3000", EVERY(CUBIC, 100, 3000), {WINDOW_FORMULA}},
    {"cubic-every-1000", EVERY(CUBIC, 100, 1000), {WINDOW_FORMULA}},
    {"cubic-every-300", EVERY(CUBIC, 100, 300), {WINDOW_FORMULA}},
    {"cubic-every-100", EVERY(CUBIC, 100, 100), {WINDOW_FORMULA}},
    {"cubic-every-10", EVERY(CUBIC, 100, 10), {WINDOW_FORMULA}},
    {"cubic-every-3000-near", EVERY(CUBIC, 20, 3000), {WINDOW_FORMULA}},
    {"cubic-chance-0.1", CHANCE(CUBIC, 100, 1000), {WINDOW_FLUID}},
    {"cubic-chance-1", CHANCE(CUBIC, 100, 10000), {WINDOW_FLUID}},
    {"cubic-queue-8", ALONE(CUBIC, 8, 0), QUEUE_CHECKS},
    {"cubic-queue-20", ALONE(CUBIC, 20, 0), QUEUE_CHECKS},
    {"cubic-queue-41", ALONE(CUBIC, 41, 0), QUEUE_CHECKS},
    {"cubic-queue-82", ALONE(CUBIC, 82, 0), QUEUE_CHECKS},
    {"cubic-flows-2", SHARE(2, SAME2(CUBIC)), {FAIR(95), FULL(95)}},
    {"cubic-flows-4", SHARE(4, SAME4(CUBIC)), {FAIR(95), FULL(95)}},
    {"cubic-flows-8", SHARE(8, SAME4(CUBIC), SAME4(CUBIC)), {FAIR(95), FULL(95)}},
    {"cubic-rtt-100-300", EPOCHS(CUBIC, 6), {RATIO(3, 0.3)}},
    {"cubic-beside-newreno",
     {.flows = {{CUBIC, 10 * MS}, {RENO, 10 * MS}, {CUBIC, 10 * MS}, {RENO, 10 * MS}},
      .flow_cnt = 4,
      .rate = 10 * MBIT,
      .queue = 20,
      .before = 30 * SEC,
      .time = 240 * SEC},
     {RATIO(1, 0.35)}},

    {"bbr-chance-0.1", ALONE(BBR, 82, 1000), {FULL(90)}},
    {"bbr-chance-1", ALONE(BBR, 82, 10000), {FULL(90)}},
    {"bbr-chance-5", ALONE(BBR, 82, 50000), {{MEASURE_USE, PREDICTION_FIXED, SIDE_MOST, 70, 0, 0}}},
    {"bbr-queue-20", ALONE(BBR, 20, 0), {FULL(95)}},
    {"bbr-queue-164",
     ALONE(BBR, 164, 0),
     {FULL(95),
      {MEASURE_QUEUE, PREDICTION_FIXED, SIDE_MOST, 50, 0, 0},
      {MEASURE_BUSY, PREDICTION_FIXED, SIDE_MOST, 5, 0.1, 0}}},
    {"bbr-flows-2", SHARE(2, SAME2(BBR)), {FAIR(90), FULL(95)}},
    {"bbr-flows-4", SHARE(4, SAME4(BBR)), {FAIR(90), FULL(95)}},
    {"bbr-flows-8",
     SHARE(8, SAME4(BBR), SAME4(BBR)),
     {FAIR(90), FULL(95), {MEASURE_BUSY, PREDICTION_FIXED, SIDE_MOST, 5, 0.1, 0}}},
    {"bbr-rtt-20-80",
     SHARE(2, {BBR, 20 * MS}, {BBR, 80 * MS}),
     {{MEASURE_RATIO, PREDICTION_FIXED, SIDE_LEAST, 0.25, 0, 0}}},
};

static double seconds(toe_duration span)
{
    return (double)span / (double)SEC;
}

/* A frame's time at the bottleneck, in ms. */
static double frame_time(const struct emu_bench_road *road)
{
    return 8e3 * EMU_BENCH_ROAD_FRAME / (double)road->rate;
}

/* --- predictions --- */

static struct emu_bench_fluid_result run_fluid(const struct emu_bench_road *road)
{
    const struct emu_bench_fluid fluid = {
        .is_cubic = road->flows[0].congestion == CUBIC,
        .rtt = seconds(road->flows[0].rtt),
        .path = road->rate == 0 ? 0 : 1e3 * seconds(road->flows[0].rtt) / frame_time(road),
        .queue = road->queue,
        .loss = road->loss / 1e6,
        .every = road->loss_every,
    };

    return emu_bench_fluid_run(&fluid);
}

static double by_formula(const struct emu_bench_road *road)
{
    const double loss = 1.0 / road->loss_every;

    return road->flows[0].congestion == CUBIC
               ? emu_bench_fluid_cubic(loss, seconds(road->flows[0].rtt))
               : emu_bench_fluid_reno(loss);
}

static double predict(const struct emu_bench_road *road, const struct check *check)
{
    struct emu_bench_fluid_result fluid;

    if (check->prediction == PREDICTION_FIXED) {
        return check->fixed;
    }
    if (check->prediction == PREDICTION_FORMULA) {
        return by_formula(road);
    }
    fluid = run_fluid(road);
    switch (check->measure) {
    case MEASURE_USE:
        return 100 * fluid.use;
    case MEASURE_QUEUE:
        return fluid.queue * frame_time(road);
    default:
        return fluid.window;
    }
}

/* --- measurements --- */

static double ratio_of(const struct emu_bench_road *road, const struct emu_bench_road_result *got)
{
    double rates[2] = {0, 0};

    for (uint32_t i = 0; i < road->flow_cnt; ++i) {
        rates[i % 2] += got->rates[i];
    }
    return rates[1] > 0 ? rates[0] / rates[1] : INFINITY;
}

static double measure(const struct emu_bench_road *road, const struct emu_bench_road_result *got,
                      enum measure what)
{
    switch (what) {
    case MEASURE_WINDOW:
        return got->rates[0] * seconds(road->flows[0].rtt) / EMU_BENCH_ROAD_MSS;
    case MEASURE_USE:
        return 100 * got->use;
    case MEASURE_QUEUE:
        return 1e3 * got->queue;
    case MEASURE_BUSY:
        return got->busy_max;
    case MEASURE_FAIRNESS:
        return 100 * emu_bench_road_fairness(got, road->flow_cnt);
    case MEASURE_RATIO:
        return ratio_of(road, got);
    case MEASURE_NONE:
        break;
    }
    return 0;
}

/* --- the table --- */

static bool agrees(const struct check *check, double value, double predicted)
{
    const double off = check->share * predicted + check->more;

    return (check->side == SIDE_MOST || value >= predicted - off) &&
           (check->side == SIDE_LEAST || value <= predicted + off);
}

#define NAME_LEN 64

static const char *name_of(char name[NAME_LEN], const struct row *row, const struct check *check)
{
    (void)snprintf(name, NAME_LEN, "congestion-%s-%s", row->name, measures[check->measure].name);
    return name;
}

static bool is_wanted(const struct emu_bench *bench, const struct row *row,
                      const struct check *check)
{
    char name[NAME_LEN];

    return check->measure != MEASURE_NONE && emu_bench_is_wanted(bench, name_of(name, row, check));
}

static void tell_check(struct emu_bench *bench, const struct row *row, const struct check *check,
                       double *values, uint32_t cnt)
{
    static const char *const sides[] = {"within", "not below by", "not above by"};
    const double predicted = predict(&row->road, check);
    const bool is_right = agrees(check, emu_bench_median(values, cnt), predicted);
    char name[NAME_LEN];
    char note[64];

    (void)snprintf(note, sizeof(note), "%s: %s %.0f %% and %.0f", is_right ? "agrees" : "DEPARTS",
                   sides[check->side], 100 * check->share, check->more);
    (void)emu_bench_tell(
        bench,
        &(struct emu_bench_result){name_of(name, row, check), measures[check->measure].unit, values,
                                   cnt, "predicted", predicted, check->side == SIDE_MOST},
        json_pack("{ss ss sf sf}", "verdict", is_right ? "pass" : "fail", "side",
                  sides[check->side], "tolerance", check->share, "tolerance_more", check->more),
        note);
    if (!is_right) {
        emu_bench_fault(bench);
    }
}

static bool tell_row(struct emu_bench *bench, const struct row *row, struct emu_error *error)
{
    double values[CHECKS_MAX][EMU_BENCH_ROUNDS_MAX];
    struct emu_bench_road road = row->road;
    struct emu_bench_road_result got;
    uint32_t cnt;

    for (cnt = 0; cnt < emu_bench_rounds(bench) && !emu_bench_is_over(bench); ++cnt) {
        road.seed = cnt + 1;
        if (!emu_bench_road_run(&got, &road)) {
            emu_error_set(error, EMU_EXIT_ENVIRONMENT, "not enough memory for the simulation");
            return false;
        }
        for (uint32_t i = 0; i < CHECKS_MAX; ++i) {
            values[i][cnt] = measure(&road, &got, row->checks[i].measure);
        }
    }
    for (uint32_t i = 0; i < CHECKS_MAX && cnt > 0; ++i) {
        if (is_wanted(bench, row, &row->checks[i])) {
            tell_check(bench, row, &row->checks[i], values[i], cnt);
        }
    }
    return true;
}

bool emu_bench_congestion(struct emu_bench *bench, struct emu_error *error)
{
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        const struct check *checks = rows[i].checks;

        if ((is_wanted(bench, &rows[i], &checks[0]) || is_wanted(bench, &rows[i], &checks[1]) ||
             is_wanted(bench, &rows[i], &checks[2])) &&
            !tell_row(bench, &rows[i], error)) {
            return false;
        }
    }
    return true;
}
