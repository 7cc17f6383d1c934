/* SPDX-License-Identifier: MIT */
/*
 * Two targets back to back, in memory, in one thread, with connections offloaded at both ends.
 *
 * What one of them puts on the wire the other takes from there without a copy: the near end's
 * transmit() runs the far end at once, on the very frames. What the far end answers is copied, it
 * is small or is an answer to be. Buffers are posted at the seam, so what is measured is the two
 * targets from user buffer to user buffer, and nothing else. Time is virtual.
 */
#ifndef EMU_BENCH_PAIR_H
#define EMU_BENCH_PAIR_H

#include "error.h"
#include "toe/target.h"

struct emu_bench_pair;

struct emu_bench_pair_settings {
    uint32_t connections;
    uint32_t mtu;
    bool super;       /* the wire takes super-segments and completes checksums */
    uint32_t rcv_wnd; /* of each connection */
    uint32_t buf_len; /* of each send and receive */
    uint32_t buf_cnt; /* posted at once at either end of each connection */
    bool answers;     /* each receive that completes at the far end is answered by a send */
};

/* emu_bench_pair_new() builds it; NULL with |error| if it cannot be. */
struct emu_bench_pair *emu_bench_pair_new(const struct emu_bench_pair_settings *settings,
                                          struct emu_error *error);

void emu_bench_pair_del(struct emu_bench_pair *pair);

/*
 * emu_bench_pair_run() sends until |cnt| more receives have completed: at the far end, or, if it
 * answers, at the near one. Returns false if it stands still.
 */
bool emu_bench_pair_run(struct emu_bench_pair *pair, uint64_t cnt);

#endif
