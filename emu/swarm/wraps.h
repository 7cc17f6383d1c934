/* SPDX-License-Identifier: MIT */
/*
 * Wraps: how often sequence numbers and timestamps pass their highest value, seen on a simulated
 * link between two machines of which one listens on one port.
 */
#ifndef EMU_SWARM_WRAPS_H
#define EMU_SWARM_WRAPS_H

#include "toe/sim.h"

struct emu_wraps;

struct emu_wraps_sums {
    uint64_t sequence, timestamps; /* wraps, of all connections, each way by itself */
    uint64_t bytes_most;           /* that one connection carried one way, its SYN included */
    double seconds_most;           /* virtual, from a connection's first segment to its last */
};

/* emu_wraps_new() watches connections to |port|, at either end; NULL if memory is short. */
struct emu_wraps *emu_wraps_new(uint16_t port);

/* emu_wraps_tap() takes a frame: a tap of a simulation. */
void emu_wraps_tap(void *wraps, const struct toe_sim_tap_frame *tapped);

void emu_wraps_get(const struct emu_wraps *wraps, struct emu_wraps_sums *sums);

/* emu_wraps_del() frees |wraps|; NULL is allowed. */
void emu_wraps_del(struct emu_wraps *wraps);

#endif
