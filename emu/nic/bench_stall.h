/* SPDX-License-Identifier: MIT */
/*
 * How long traffic stands still when its connection moves.
 */
#ifndef EMU_NIC_BENCH_STALL_H
#define EMU_NIC_BENCH_STALL_H

#include "bench.h"

struct emu_bench_world;

/* emu_bench_stall_is_wanted() tells whether one of its figures was asked for. */
bool emu_bench_stall_is_wanted(const struct emu_bench *bench);

/* emu_bench_stall() measures and tells those of its figures that are wanted. */
void emu_bench_stall(struct emu_bench *bench, const struct emu_bench_world *world);

#endif
