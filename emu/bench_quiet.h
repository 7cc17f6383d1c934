/* SPDX-License-Identifier: MIT */
/*
 * A host that asks for nothing: what a benchmark's host does where it does nothing of its own.
 */
#ifndef EMU_BENCH_QUIET_H
#define EMU_BENCH_QUIET_H

#include "toe/seam.h"

/* Refuses what is indicated, and lets neighbors count as reachable. To be copied and amended. */
extern const struct toe_host_ops emu_bench_quiet;

#endif
