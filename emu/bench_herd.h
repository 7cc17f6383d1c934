/* SPDX-License-Identifier: MIT */
/*
 * A herd: one target with many connections that do little.
 *
 * The host side keeps a handle for each of them, and blocks and states for one batch only; so what
 * a million takes is what the target takes. The target's memory is counted where it asks for it.
 * What it sends is counted and forgotten, what it is to receive is put in front of it frame by
 * frame.
 */
#ifndef EMU_BENCH_HERD_H
#define EMU_BENCH_HERD_H

#include "error.h"
#include "toe/target.h"

/* Most connections of one tree. */
#define EMU_BENCH_BATCH 16384u

struct emu_bench_herd;

struct emu_bench_herd_settings {
    uint32_t connections;
    enum toe_congestion congestion;
    uint32_t snd_wnd;     /* the peers'; 0: closed */
    uint32_t ka_interval; /* ticks, of 10 ms, between probes without end; 0: no keep-alive */
    struct toe_buf *data; /* chain that goes down and comes back with each connection, or NULL; */
    uint32_t data_len;    /* its length. A batch is of one connection then */
};

/* emu_bench_herd_new() makes it, without connections; NULL with |error| if memory is short. */
struct emu_bench_herd *emu_bench_herd_new(const struct emu_bench_herd_settings *settings,
                                          struct emu_error *error);

void emu_bench_herd_del(struct emu_bench_herd *herd);

/*
 * emu_bench_herd_prepare() describes the connections |first| to |first| + |cnt| - 1, at most a
 * batch, |per_tree| of them in each tree; emu_bench_herd_offload() then offloads those that were
 * prepared last, and emu_bench_herd_upload() takes them back. Both return false if one fails.
 */
void emu_bench_herd_prepare(struct emu_bench_herd *herd, uint32_t first, uint32_t cnt,
                            uint32_t per_tree);
bool emu_bench_herd_offload(struct emu_bench_herd *herd);
bool emu_bench_herd_upload(struct emu_bench_herd *herd);

/* emu_bench_herd_fill() offloads all connections. */
bool emu_bench_herd_fill(struct emu_bench_herd *herd);

/* The target, the handle of a connection, and the bytes that the target has of its allocator. */
void *emu_bench_herd_target(struct emu_bench_herd *herd);
toe_handle emu_bench_herd_handle(const struct emu_bench_herd *herd, uint32_t idx);
size_t emu_bench_herd_memory(const struct emu_bench_herd *herd);

/* emu_bench_herd_run() runs the target after |time|; returns how many frames it has sent then. */
uint64_t emu_bench_herd_run(struct emu_bench_herd *herd, toe_duration time);

/* Frames to be received: pure acknowledgments that say nothing new, each to a connection. */
#define EMU_BENCH_FRAMES 4096u

/*
 * emu_bench_herd_aim() makes EMU_BENCH_FRAMES frames, to connections by chance, or to such as there
 * are none of.
 */
void emu_bench_herd_aim(struct emu_bench_herd *herd, bool strangers);

/* emu_bench_herd_receive() lets the target receive them all. */
void emu_bench_herd_receive(struct emu_bench_herd *herd);

#endif
