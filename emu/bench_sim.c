/* SPDX-License-Identifier: MIT */
/*
 * The simulator: what a frame costs that two hosts with their targets exchange in virtual time.
 */
#include "bench.h"
#include "bench_net.h"

static double run_net(void *user)
{
    const struct emu_bench_net *net = user;
    struct emu_bench_net_result result;
    const double begin = emu_bench_now();

    if (!emu_bench_net_run(&result, net) || result.frames == 0) {
        return 0;
    }
    return (emu_bench_now() - begin) / (double)result.frames;
}

bool emu_bench_sim(struct emu_bench *bench, struct emu_error *error)
{
    struct emu_bench_net net = {.seed = 1,
                                .offloaded = true,
                                .flows = 8,
                                .buffer = 1 << 18,
                                .rtt = 10 * TOE_NS_PER_MS,
                                .bytes = 32 << 20,
                                .time = 60 * TOE_NS_PER_SEC};
    const struct emu_bench_figure figure = {
        .name = "sim", .unit = "ns/frame", .ours = run_net, .user = &net};

    (void)error;
    if (!emu_bench_is_over(bench)) {
        emu_bench_measure(bench, &figure);
    }
    return true;
}
