/* SPDX-License-Identifier: MIT */
/*
 * Two pairs of targets on two threads, with nothing in common, against one pair on one thread.
 *
 * The figure is how many times the work of one is done in the same time. Rounds of one core and of
 * two take turns; and so do rounds of the unit, which shares nothing either: what it falls short of
 * two by is the machine's doing, by caches, clock and memory that its cores share, or by others who
 * use them. Two clocks tell these apart: by the clock on the wall a core that somebody else has
 * taken is lost, by the processor time of the threads it is not.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "bench_pair.h"

enum { UNITS = 16 };

#define WANTED 1.8

enum clock { WALL, PROCESSOR, CLOCK_CNT };

/* What one thread does. */
struct core {
    struct emu_bench_pair *pair;
    uint64_t receives; /* of the pair; 0: the unit is the work */
    pthread_barrier_t *barrier;
    double times[CLOCK_CNT];
    bool failed;
};

static double wall_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void *work(void *user)
{
    struct core *core = user;

    if (core->barrier != NULL) {
        (void)pthread_barrier_wait(core->barrier);
    }
    core->times[WALL] = -wall_now();
    core->times[PROCESSOR] = -emu_bench_now();
    if (core->receives > 0) {
        core->failed = !emu_bench_pair_run(core->pair, core->receives) || core->failed;
    }
    for (int i = 0; i < UNITS && core->receives == 0; ++i) {
        (void)emu_bench_peer_unit.run(NULL);
    }
    core->times[WALL] += wall_now();
    core->times[PROCESSOR] += emu_bench_now();
    return NULL;
}

/* Keeps |thread| on the processor |idx| of those that are allowed; false if there are not so many.
 */
static bool pin(pthread_t thread, const cpu_set_t *allowed, int idx)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, allowed) && idx-- == 0) {
            CPU_SET(cpu, &one);
            return pthread_setaffinity_np(thread, sizeof(one), &one) == 0;
        }
    }
    return false;
}

/* How many times the work of one core two cores do in the same time. */
static bool scale(struct core cores[2], const cpu_set_t *allowed, double scales[CLOCK_CNT])
{
    pthread_barrier_t barrier;
    pthread_t other;
    double alone[CLOCK_CNT];

    cores[0].barrier = NULL;
    (void)work(&cores[0]);
    alone[WALL] = cores[0].times[WALL];
    alone[PROCESSOR] = cores[0].times[PROCESSOR];

    (void)pthread_barrier_init(&barrier, NULL, 2);
    cores[0].barrier = &barrier;
    cores[1].barrier = &barrier;
    if (pthread_create(&other, NULL, work, &cores[1]) != 0) {
        return false;
    }
    (void)pin(other, allowed, 1);
    (void)work(&cores[0]);
    (void)pthread_join(other, NULL);
    (void)pthread_barrier_destroy(&barrier);
    for (int clock = 0; clock < CLOCK_CNT; ++clock) {
        scales[clock] = alone[clock] / cores[0].times[clock] + alone[clock] / cores[1].times[clock];
    }
    return !cores[0].failed && !cores[1].failed;
}

struct row {
    const char *names[CLOCK_CNT];
    struct emu_bench_pair_settings pair;
    uint64_t receives;
};

static bool measure(struct emu_bench *bench, const struct row *row, struct core cores[2],
                    const cpu_set_t *allowed, struct emu_error *error)
{
    double ours[CLOCK_CNT][EMU_BENCH_ROUNDS_MAX];
    double units[CLOCK_CNT][EMU_BENCH_ROUNDS_MAX];
    struct core idlers[2] = {{.receives = 0}, {.receives = 0}};
    double scales[CLOCK_CNT];
    uint32_t cnt = 0;
    bool ok = scale(cores, allowed, scales);

    for (; ok && cnt < emu_bench_rounds(bench) && !emu_bench_is_over(bench); ++cnt) {
        ok = scale(cores, allowed, scales);
        ours[WALL][cnt] = scales[WALL];
        ours[PROCESSOR][cnt] = scales[PROCESSOR];
        ok = ok && scale(idlers, allowed, scales);
        units[WALL][cnt] = scales[WALL];
        units[PROCESSOR][cnt] = scales[PROCESSOR];
    }
    if (!ok) {
        emu_error_set(error, EMU_EXIT_FAULT, "%s: the connections stand still", row->names[0]);
        return false;
    }
    for (int clock = 0; clock < CLOCK_CNT && cnt > 0; ++clock) {
        const struct emu_bench_result result = {.name = row->names[clock],
                                                .unit = "times one",
                                                .values = ours[clock],
                                                .cnt = cnt,
                                                .peer = "unit",
                                                .peer_value = emu_bench_median(units[clock], cnt)};

        if (emu_bench_is_wanted(bench, result.name)) {
            (void)emu_bench_tell(bench, &result, json_pack("{sf}", "wanted", WANTED), "wanted 1.8");
        }
    }
    return true;
}

static bool measure_row(struct emu_bench *bench, const struct row *row, const cpu_set_t *allowed,
                        struct emu_error *error)
{
    struct core cores[2] = {{.receives = row->receives}, {.receives = row->receives}};
    bool ok;

    if (emu_bench_is_over(bench) || (!emu_bench_is_wanted(bench, row->names[WALL]) &&
                                     !emu_bench_is_wanted(bench, row->names[PROCESSOR]))) {
        return true;
    }
    cores[0].pair = emu_bench_pair_new(&row->pair, error);
    cores[1].pair = cores[0].pair != NULL ? emu_bench_pair_new(&row->pair, error) : NULL;
    ok = cores[1].pair != NULL && measure(bench, row, cores, allowed, error);
    emu_bench_pair_del(cores[0].pair);
    emu_bench_pair_del(cores[1].pair);
    return ok;
}

bool emu_bench_cores(struct emu_bench *bench, struct emu_error *error)
{
    static const struct row rows[] = {
        {{"cores", "cores-cpu"},
         {.connections = 1, .mtu = 1512, .rcv_wnd = 256 << 10, .buf_len = 65700, .buf_cnt = 8},
         512},
        {{"cores-rr-1024", "cores-rr-1024-cpu"},
         {.connections = 1024,
          .mtu = 1512,
          .rcv_wnd = 65535,
          .buf_len = 64,
          .buf_cnt = 1,
          .answers = true},
         16384},
        {{"cores-rr-16384", "cores-rr-16384-cpu"},
         {.connections = 16384,
          .mtu = 1512,
          .rcv_wnd = 65535,
          .buf_len = 64,
          .buf_cnt = 1,
          .answers = true},
         32768},
    };
    cpu_set_t allowed;
    bool ok = true;

    (void)pthread_getaffinity_np(pthread_self(), sizeof(allowed), &allowed);
    if (CPU_COUNT(&allowed) < 2) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "there is one processor only");
        emu_bench_tell_absence(bench, "cores*", "unit", error);
        return true;
    }
    (void)pin(pthread_self(), &allowed, 0);
    for (size_t i = 0; ok && i < sizeof(rows) / sizeof(rows[0]); ++i) {
        ok = measure_row(bench, &rows[i], &allowed, error);
    }
    (void)pthread_setaffinity_np(pthread_self(), sizeof(allowed), &allowed);
    return ok;
}
