/* SPDX-License-Identifier: MIT */
/*
 * lwIP as a peer of the benchmarks, where the command is built without it.
 */
#include "bench.h"

static void *refuse(const struct emu_bench_job *job, struct emu_error *error)
{
    (void)job;
    emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                  "this command was built without lwIP (Debian package: liblwip-dev)");
    return NULL;
}

const struct emu_bench_peer emu_bench_peer_lwip = {.name = "lwip", .open = refuse};
