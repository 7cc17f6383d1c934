/* SPDX-License-Identifier: MIT */
/*
 * A connection is kept busy by a thread, a stream in one direction or requests and responses, while
 * it is told to move there and back. What counts is the longest time that nothing arrived, or that
 * a request took, in a window around each move; windows in which it is told to be where it is show
 * what the machine does by itself, and what asking costs. It is held against the round trip that
 * TCP has measured before.
 */
#include "nic/bench_stall.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "nic/bench_world.h"
#include "pump.h"

#define WARM_TIME (200 * TOE_NS_PER_MS)
#define WINDOW (10 * TOE_NS_PER_MS)

enum {
    BLOCK = 128 << 10,
    MESSAGE_LEN = 64,
    TRIES = 10, /* of a move: it may come to nothing */
    WINDOWS_PER_TRY = 200,
    MOVES_PER_ROUND = 4,
    MOVES_MAX = MOVES_PER_ROUND * EMU_BENCH_ROUNDS_MAX,
};

enum kind { STREAM_TX, STREAM_RX, REQUESTS, KIND_CNT };

static const struct {
    const char *names[2]; /* of the figures: upload and offload */
    enum emu_service service;
} kinds[KIND_CNT] = {
    [STREAM_TX] = {{"nic-stall-upload-tx", "nic-stall-offload-tx"}, EMU_SERVICE_SINK},
    [STREAM_RX] = {{"nic-stall-upload-rx", "nic-stall-offload-rx"}, EMU_SERVICE_SOURCE},
    [REQUESTS] = {{"nic-stall-upload-rr", "nic-stall-offload-rr"}, EMU_SERVICE_ECHO},
};

/* --- traffic --- */

struct traffic {
    enum kind kind;
    int fd;
    const struct emu_bench_world *world;
    pthread_t thread;
    atomic_bool stop;
    atomic_bool has_failed;
    _Atomic uint64_t gap_max; /* since it was asked for last; not for STREAM_TX */
    _Atomic uint64_t last;    /* the last request took so long */
    uint8_t block[BLOCK];
};

static bool step(struct traffic *t)
{
    if (t->kind == STREAM_RX) {
        return recv(t->fd, t->block, sizeof(t->block), 0) > 0;
    }
    if (t->kind == STREAM_TX) {
        return send(t->fd, t->block, sizeof(t->block), MSG_NOSIGNAL) > 0;
    }
    return send(t->fd, t->block, MESSAGE_LEN, MSG_NOSIGNAL) == MESSAGE_LEN &&
           recv(t->fd, t->block, MESSAGE_LEN, MSG_WAITALL) == MESSAGE_LEN;
}

static void *run(void *user)
{
    struct traffic *t = user;
    toe_instant before = emu_pump_now();

    while (!atomic_load(&t->stop)) {
        toe_instant now;
        uint64_t gap_max = atomic_load(&t->gap_max);

        if (!step(t)) {
            atomic_store(&t->has_failed, true);
            break;
        }
        now = emu_pump_now();
        while (now - before > gap_max &&
               !atomic_compare_exchange_weak(&t->gap_max, &gap_max, now - before)) {
        }
        atomic_store(&t->last, now - before);
        before = now;
    }
    return NULL;
}

static bool start(struct traffic *t, enum kind kind, const struct emu_bench_world *world)
{
    memset(t, 0, sizeof(*t));
    t->kind = kind;
    t->world = world;
    t->fd = emu_bench_connect_on(EMU_WAY_ORDINARY, false, kinds[kind].service);
    if (t->fd < 0) {
        return false;
    }
    if (pthread_create(&t->thread, NULL, run, t) != 0) {
        (void)close(t->fd);
        return false;
    }
    return true;
}

static void end(struct traffic *t)
{
    atomic_store(&t->stop, true);
    (void)shutdown(t->fd, SHUT_RDWR);
    (void)pthread_join(t->thread, NULL);
    (void)close(t->fd);
}

static void wait_for(toe_duration time)
{
    const struct timespec pause = {.tv_sec = (time_t)(time / TOE_NS_PER_SEC),
                                   .tv_nsec = (long)(time % TOE_NS_PER_SEC)};

    (void)nanosleep(&pause, NULL);
}

/* The longest gap since the last call, and the round trip, in microseconds. */
static bool look(struct traffic *t, double *gap, double *round_trip)
{
    struct emu_far_report report;
    struct tcp_info info;
    socklen_t size = sizeof(info);
    uint64_t gap_max = atomic_exchange(&t->gap_max, 0);

    if (!emu_bench_far_ask(t->world, &report) ||
        getsockopt(t->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return false;
    }
    if (t->kind == STREAM_TX) {
        gap_max = report.gap_max;
    }
    *gap = (double)gap_max / 1e3;
    *round_trip = t->kind == STREAM_TX   ? (double)info.tcpi_rtt
                  : t->kind == STREAM_RX ? (double)report.round_trip_us
                                         : (double)atomic_load(&t->last) / 1e3;
    return !atomic_load(&t->has_failed);
}

/* --- moves --- */

struct samples {
    double gaps[2][MOVES_MAX]; /* of uploads and offloads */
    double quiet[MOVES_MAX];   /* windows without a move, but with the request for one */
    double round_trips[MOVES_MAX];
    uint32_t cnt;
};

/* Has the connection move and waits until it has; false if it does not. */
static bool move(const struct traffic *t, bool offload)
{
    for (int i = 0; i < TRIES; ++i) {
        if (!emu_bench_move_all(EMU_WAY_ORDINARY, offload)) {
            return false;
        }
        for (int k = 0; k < WINDOWS_PER_TRY; ++k) {
            wait_for(WINDOW);
            if (emu_bench_is_offloaded(EMU_WAY_ORDINARY, t->fd) == offload) {
                return true;
            }
        }
    }
    return false;
}

static bool sample(struct samples *samples, struct traffic *t)
{
    const uint32_t i = samples->cnt;
    double ignored;

    if (!look(t, &ignored, &ignored)) {
        return false;
    }
    if (!move(t, false) || !look(t, &samples->quiet[i], &samples->round_trips[i]) ||
        !move(t, true) || !look(t, &samples->gaps[1][i], &ignored) || !move(t, false) ||
        !look(t, &samples->gaps[0][i], &ignored)) {
        return false;
    }
    ++samples->cnt;
    return true;
}

/* --- figures --- */

static double quantile(const double *sorted, uint32_t cnt, uint32_t percent)
{
    return sorted[(uint64_t)(cnt - 1) * percent / 100];
}

static void tell(struct emu_bench *bench, const char *name, double *gaps, struct samples *samples)
{
    const uint32_t cnt = samples->cnt;
    const double quiet = emu_bench_median(samples->quiet, cnt);
    const double round_trip = emu_bench_median(samples->round_trips, cnt);
    char note[160];

    (void)emu_bench_median(gaps, cnt);
    (void)snprintf(note, sizeof(note),
                   "min %.0f, p90 %.0f, p99 %.0f, max %.0f; without a move %.0f, p90 %.0f", gaps[0],
                   quantile(gaps, cnt, 90), quantile(gaps, cnt, 99), gaps[cnt - 1], quiet,
                   quantile(samples->quiet, cnt, 90));
    (void)emu_bench_tell(
        bench, &(struct emu_bench_result){name, "us", gaps, cnt, "round-trip", round_trip, true},
        json_pack("{sf sf sf sf sf sf si}", "min", gaps[0], "p90", quantile(gaps, cnt, 90), "p99",
                  quantile(gaps, cnt, 99), "max", gaps[cnt - 1], "without_move", quiet,
                  "without_move_p90", quantile(samples->quiet, cnt, 90), "moves", (int)cnt),
        note);
}

static bool is_wanted(const struct emu_bench *bench, const char *name)
{
    return emu_bench_is_wanted(bench, name) || emu_bench_is_wanted(bench, "nic-stall");
}

bool emu_bench_stall_is_wanted(const struct emu_bench *bench)
{
    for (int kind = 0; kind < KIND_CNT; ++kind) {
        if (is_wanted(bench, kinds[kind].names[0]) || is_wanted(bench, kinds[kind].names[1])) {
            return true;
        }
    }
    return false;
}

static void run_kind(struct emu_bench *bench, const struct emu_bench_world *world, enum kind kind)
{
    static struct samples samples;
    static struct traffic traffic;
    const uint32_t moves = MOVES_PER_ROUND * emu_bench_rounds(bench);
    bool ok = start(&traffic, kind, world);

    samples.cnt = 0;
    if (ok) {
        wait_for(WARM_TIME);
        while (ok && samples.cnt < moves && !emu_bench_is_over(bench)) {
            ok = sample(&samples, &traffic);
        }
        end(&traffic);
    }
    if (emu_bench_is_over(bench)) {
        return;
    }
    for (int i = 1; i >= 0; --i) {
        struct emu_error error;

        if (!is_wanted(bench, kinds[kind].names[i])) {
            continue;
        }
        if (ok) {
            tell(bench, kinds[kind].names[i], samples.gaps[i], &samples);
        } else {
            emu_error_set(&error, EMU_EXIT_ENVIRONMENT,
                          "the connection stands still, or does not move");
            emu_bench_tell_absence(bench, kinds[kind].names[i], "round-trip", &error);
            emu_bench_fault(bench);
        }
    }
}

void emu_bench_stall(struct emu_bench *bench, const struct emu_bench_world *world)
{
    for (int kind = 0; kind < KIND_CNT; ++kind) {
        if (emu_bench_is_over(bench)) {
            return;
        }
        if (is_wanted(bench, kinds[kind].names[0]) || is_wanted(bench, kinds[kind].names[1])) {
            run_kind(bench, world, (enum kind)kind);
        }
    }
}
