/* SPDX-License-Identifier: MIT */
/*
 * Bulk data on one connection, and requests and responses on many, between two targets in memory.
 */
#include <stdio.h>

#include "bench.h"
#include "bench_pair.h"

/* One pair under measurement, and how much work is one turn. */
struct load {
    struct emu_bench_pair *pair;
    uint64_t receives; /* of one turn */
    double pieces;     /* what one turn is divided by */
    bool failed;
};

static double run_pair(void *user)
{
    struct load *load = user;
    const double begin = emu_bench_now();

    load->failed = !emu_bench_pair_run(load->pair, load->receives) || load->failed;
    return (emu_bench_now() - begin) / load->pieces;
}

static bool measure(struct emu_bench *bench, const struct emu_bench_pair_settings *settings,
                    struct load *load, const struct emu_bench_job *job, const char *name,
                    struct emu_error *error)
{
    const struct emu_bench_figure figure = {.name = name,
                                            .unit = job->kind == EMU_BENCH_BULK ? "ns/segment"
                                                                                : "ns/request",
                                            .ours = run_pair,
                                            .user = load,
                                            .job = job};

    if (emu_bench_is_over(bench) || !emu_bench_is_wanted(bench, name)) {
        return true;
    }
    load->pair = emu_bench_pair_new(settings, error);
    if (load->pair == NULL) {
        return false;
    }
    emu_bench_measure(bench, &figure);
    emu_bench_pair_del(load->pair);
    if (load->failed) {
        emu_error_set(error, EMU_EXIT_FAULT, "%s: the connections stand still", name);
    }
    return !load->failed;
}

bool emu_bench_bulk(struct emu_bench *bench, struct emu_error *error)
{
    static const struct {
        const char *name;
        uint32_t mtu;
        bool super;
    } rows[] = {
        {"bulk-mss536", 588, false},
        {"bulk-mss1460", 1512, false},
        {"bulk-mss8960", 9012, false},
        {"bulk-super", 1512, true},
    };
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof(rows) / sizeof(rows[0]); ++i) {
        /* With timestamps in every segment, 12 bytes more make the payload what the name says. */
        const uint32_t mss = rows[i].mtu - 52;
        const struct emu_bench_pair_settings settings = {.connections = 1,
                                                         .mtu = rows[i].mtu,
                                                         .super = rows[i].super,
                                                         .rcv_wnd = 256 << 10,
                                                         .buf_len = 45 * mss,
                                                         .buf_cnt = 8};
        const struct emu_bench_job job = {
            .kind = EMU_BENCH_BULK, .connections = 1, .mss = mss, .super = rows[i].super};
        struct load load = {.receives = 64, .pieces = 64 * 45};

        ok = measure(bench, &settings, &load, &job, rows[i].name, error);
    }
    return ok;
}

bool emu_bench_request(struct emu_bench *bench, struct emu_error *error)
{
    static const uint32_t rows[] = {1, 64, 1024, 10000, 16384, 60000, 131072};
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof(rows) / sizeof(rows[0]); ++i) {
        const struct emu_bench_pair_settings settings = {.connections = rows[i],
                                                         .mtu = 1512,
                                                         .rcv_wnd = 65535,
                                                         .buf_len = 64,
                                                         .buf_cnt = 1,
                                                         .answers = true};
        const struct emu_bench_job job = {
            .kind = EMU_BENCH_REQUEST, .connections = rows[i], .mss = 1460};
        const uint64_t turn = rows[i] < 16384 ? 16384 : rows[i];
        struct load load = {.receives = turn, .pieces = (double)turn};
        char name[32];

        (void)snprintf(name, sizeof(name), "rr-%u", rows[i]);
        ok = measure(bench, &settings, &load, &job, name, error);
    }
    return ok;
}
