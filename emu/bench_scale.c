/* SPDX-License-Identifier: MIT */
/*
 * Many connections: moving them, the memory they take, finding the one a frame is for, and their
 * timers.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "bench_herd.h"

/* What the goals are: bytes of an idle connection, MiB of a million. */
#define IDLE_WANTED 512
#define MILLION_WANTED 1024

/* --- moving --- */

struct move {
    struct emu_bench_herd *herd;
    uint32_t cnt;
    uint32_t per_tree;
    bool times_upload; /* instead of the offload */
    bool failed;
};

static double run_move(void *user)
{
    struct move *move = user;
    double begin;
    double middle;
    double end;

    emu_bench_herd_prepare(move->herd, 0, move->cnt, move->per_tree);
    begin = emu_bench_now();
    move->failed = !emu_bench_herd_offload(move->herd) || move->failed;
    middle = emu_bench_now();
    move->failed = !emu_bench_herd_upload(move->herd) || move->failed;
    end = emu_bench_now();
    return (move->times_upload ? end - middle : middle - begin) / move->cnt;
}

/* One connection at a time, down and up again, as often as a batch has connections. */
static double run_roundtrip(void *user)
{
    struct move *move = user;
    double begin;

    emu_bench_herd_prepare(move->herd, 0, 1, 1);
    begin = emu_bench_now();
    for (uint32_t i = 0; i < move->cnt; ++i) {
        move->failed = !emu_bench_herd_offload(move->herd) || move->failed;
        move->failed = !emu_bench_herd_upload(move->herd) || move->failed;
    }
    return (emu_bench_now() - begin) / move->cnt;
}

/* Measures |run| of a herd of |set|, beside the unit. */
static bool measure(struct emu_bench *bench, const struct emu_bench_herd_settings *set,
                    struct move *move, double (*run)(void *), const char *name,
                    struct emu_error *error)
{
    const struct emu_bench_figure figure = {.name = name, .unit = "ns", .ours = run, .user = move};

    if (emu_bench_is_over(bench) || !emu_bench_is_wanted(bench, name)) {
        return true;
    }
    move->herd = emu_bench_herd_new(set, error);
    if (move->herd == NULL) {
        return false;
    }
    emu_bench_measure(bench, &figure);
    emu_bench_herd_del(move->herd);
    if (move->failed) {
        emu_error_set(error, EMU_EXIT_FAULT, "%s: a connection did not move", name);
    }
    return !move->failed;
}

bool emu_bench_offload(struct emu_bench *bench, struct emu_error *error)
{
    static const struct {
        const char *name;
        uint32_t per_tree;
        bool times_upload;
    } rows[] = {
        {"offload-bulk", EMU_BENCH_BATCH, false},
        {"offload-bulk-upload", EMU_BENCH_BATCH, true},
        {"offload-single", 1, false},
        {"offload-single-upload", 1, true},
    };
    const struct emu_bench_herd_settings set = {.connections = EMU_BENCH_BATCH, .snd_wnd = 65535};
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof(rows) / sizeof(rows[0]); ++i) {
        struct move move = {.cnt = EMU_BENCH_BATCH,
                            .per_tree = rows[i].per_tree,
                            .times_upload = rows[i].times_upload};

        ok = measure(bench, &set, &move, run_move, rows[i].name, error);
    }
    return ok;
}

/* A chain of one buffer. */
struct data {
    uint8_t bytes[4096];
    struct toe_sge sge;
    struct toe_buf buf;
};

static struct toe_buf *data_init(struct data *data)
{
    memset(data->bytes, 'x', sizeof(data->bytes));
    data->sge = (struct toe_sge){.addr = toe_bus_addr(NULL, data->bytes, sizeof(data->bytes)),
                                 .len = sizeof(data->bytes)};
    data->buf = (struct toe_buf){.sge = &data->sge, .sge_cnt = 1, .len = sizeof(data->bytes)};
    return &data->buf;
}

bool emu_bench_move(struct emu_bench *bench, struct emu_error *error)
{
    struct emu_bench_herd_settings set = {.connections = 1, .snd_wnd = 65535};
    struct move move = {.cnt = EMU_BENCH_BATCH};
    static struct data data;

    if (!measure(bench, &set, &move, run_roundtrip, "move-roundtrip", error)) {
        return false;
    }
    /* It does not leave: the peer's window is closed. */
    set.snd_wnd = 0;
    set.data = data_init(&data);
    return measure(bench, &set, &move, run_roundtrip, "move-roundtrip-queued", error);
}

/* --- memory --- */

enum occupation { IDLE, POSTED, QUEUED, ACTIVE };

/* Gives each connection something to do; |data| has one for each. */
static void occupy(struct emu_bench_herd *herd, struct data *data, uint32_t cnt,
                   enum occupation what)
{
    void *target = emu_bench_herd_target(herd);

    for (uint32_t i = 0; i < cnt; ++i) {
        struct toe_buf *buf = data_init(&data[i]);
        const toe_handle handle = emu_bench_herd_handle(herd, i);

        if (what == POSTED) {
            toe_target_ops()->receive(target, handle, buf);
        } else {
            toe_target_ops()->send(target, handle, buf);
        }
    }
    (void)emu_bench_herd_run(herd, TOE_NS_PER_MS);
}

/* What was counted once, beside what is wanted of it. */
static void tell(struct emu_bench *bench, const char *name, const char *unit, double value,
                 double wanted)
{
    const struct emu_bench_result result = {.name = name,
                                            .unit = unit,
                                            .values = &value,
                                            .cnt = 1,
                                            .peer = "wanted",
                                            .peer_value = wanted,
                                            .is_less_better = true};

    (void)emu_bench_tell(bench, &result, json_object(), "");
}

/* Tells what one of 20000 connections takes, beside a target that has none. */
static bool measure_memory(struct emu_bench *bench, const char *name, enum occupation what,
                           enum toe_congestion congestion, struct emu_error *error)
{
    enum { CNT = 20000 };
    static struct data data[CNT];
    const struct emu_bench_herd_settings set = {
        .connections = CNT, .congestion = congestion, .snd_wnd = what == QUEUED ? 0 : 65535};
    struct emu_bench_herd *herd;
    size_t before;
    bool ok;

    if (emu_bench_is_over(bench) || !emu_bench_is_wanted(bench, name)) {
        return true;
    }
    herd = emu_bench_herd_new(&set, error);
    if (herd == NULL) {
        return false;
    }
    before = emu_bench_herd_memory(herd);
    ok = emu_bench_herd_fill(herd);
    if (!ok) {
        emu_error_set(error, EMU_EXIT_FAULT, "%s: a connection did not move", name);
    } else {
        if (what != IDLE) {
            occupy(herd, data, CNT, what);
        }
        tell(bench, name, "bytes", (double)(emu_bench_herd_memory(herd) - before) / CNT,
             IDLE_WANTED);
    }
    emu_bench_herd_del(herd);
    return ok;
}

bool emu_bench_memory(struct emu_bench *bench, struct emu_error *error)
{
    static const struct {
        const char *name;
        enum occupation what;
        enum toe_congestion congestion;
    } rows[] = {
        {"idle-memory", IDLE, TOE_CONGESTION_DEFAULT},
        {"idle-memory-bbr", IDLE, TOE_CONGESTION_BBR},
        {"idle-memory-posted", POSTED, TOE_CONGESTION_DEFAULT},
        {"idle-memory-queued", QUEUED, TOE_CONGESTION_DEFAULT},
        {"idle-memory-active", ACTIVE, TOE_CONGESTION_DEFAULT},
    };
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof(rows) / sizeof(rows[0]); ++i) {
        ok = measure_memory(bench, rows[i].name, rows[i].what, rows[i].congestion, error);
    }
    return ok;
}

/* Resident memory of this process, in MiB. */
static double resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long total = 0;
    long pages = 0;

    if (file != NULL) {
        if (fscanf(file, "%ld %ld", &total, &pages) != 2) {
            pages = 0;
        }
        (void)fclose(file);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

bool emu_bench_million(struct emu_bench *bench, struct emu_error *error)
{
    enum { CNT = 1000000, WANTED_NS = 1000 };
    const struct emu_bench_herd_settings set = {.connections = CNT, .snd_wnd = 65535};
    struct emu_bench_herd *herd;
    double before;
    double begin;
    bool ok;

    if (emu_bench_is_over(bench)) {
        return true;
    }
    before = resident();
    herd = emu_bench_herd_new(&set, error);
    if (herd == NULL) {
        return false;
    }
    begin = emu_bench_now();
    ok = emu_bench_herd_fill(herd);
    if (ok) {
        tell(bench, "million-offload", "ns", (emu_bench_now() - begin) / CNT, WANTED_NS);
        tell(bench, "million-memory", "MiB", resident() - before, MILLION_WANTED);
    } else {
        emu_error_set(error, EMU_EXIT_FAULT, "million: a connection did not move");
    }
    emu_bench_herd_del(herd);
    return ok;
}

/* --- finding --- */

static double run_frames(void *user)
{
    struct emu_bench_herd *herd = user;
    const double begin = emu_bench_now();

    emu_bench_herd_receive(herd);
    return (emu_bench_now() - begin) / EMU_BENCH_FRAMES;
}

/* Timers that are due, in steps of a millisecond; all of them once a second. */
static double run_timers(void *user)
{
    struct emu_bench_herd *herd = user;
    const double begin = emu_bench_now();
    const uint64_t fired = emu_bench_herd_run(herd, 0);
    uint64_t now_fired = fired;

    for (int i = 0; i < 1000; ++i) {
        now_fired = emu_bench_herd_run(herd, TOE_NS_PER_MS);
    }
    return (emu_bench_now() - begin) / (double)(now_fired - fired);
}

struct row {
    const char *name;
    uint32_t connections;
    uint32_t ka_interval;
    bool strangers;
    double (*run)(void *user);
};

static bool measure_rows(struct emu_bench *bench, const struct row *rows, size_t cnt,
                         struct emu_error *error)
{
    bool ok = true;

    for (const struct row *row = rows; ok && row < rows + cnt; ++row) {
        const struct emu_bench_herd_settings set = {
            .connections = row->connections, .snd_wnd = 65535, .ka_interval = row->ka_interval};
        struct emu_bench_figure figure = {.name = row->name, .unit = "ns", .ours = row->run};
        struct emu_bench_herd *herd;

        if (emu_bench_is_over(bench) || !emu_bench_is_wanted(bench, row->name)) {
            continue;
        }
        herd = emu_bench_herd_new(&set, error);
        if (herd == NULL) {
            return false;
        }
        ok = emu_bench_herd_fill(herd);
        if (ok) {
            emu_bench_herd_aim(herd, row->strangers);
            figure.user = herd;
            emu_bench_measure(bench, &figure);
        } else {
            emu_error_set(error, EMU_EXIT_FAULT, "%s: a connection did not move", row->name);
        }
        emu_bench_herd_del(herd);
    }
    return ok;
}

bool emu_bench_demux(struct emu_bench *bench, struct emu_error *error)
{
    static const struct row rows[] = {
        {"demux-1", 1, 0, false, run_frames},
        {"demux-1000", 1000, 0, false, run_frames},
        {"demux-100000", 100000, 0, false, run_frames},
        {"demux-strangers", 100000, 0, true, run_frames},
    };

    return measure_rows(bench, rows, sizeof(rows) / sizeof(rows[0]), error);
}

bool emu_bench_timers(struct emu_bench *bench, struct emu_error *error)
{
    /* An interval of a second; timers that move on with each frame have one of an hour. */
    static const struct row rows[] = {
        {"timers-fired-1000", 1000, 100, false, run_timers},
        {"timers-fired-100000", 100000, 100, false, run_timers},
        {"timers-moved-1000", 1000, 360000, false, run_frames},
        {"timers-moved-100000", 100000, 360000, false, run_frames},
    };

    return measure_rows(bench, rows, sizeof(rows) / sizeof(rows[0]), error);
}
