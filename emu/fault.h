/* SPDX-License-Identifier: MIT */
/*
 * Faults: a port that loses, delays, reorders, doubles, marks and spoils the frames of the one
 * below.
 *
 * All is drawn from a seed, in the order in which frames come by, each direction for itself. A
 * reordered frame is held back for a time while later ones pass. Held frames wait for tick(), and
 * the port's deadline is when the next of them is due.
 */
#ifndef EMU_FAULT_H
#define EMU_FAULT_H

#include "port.h"

/* What happens to frames of one direction. Chances are in parts per million. */
struct emu_fault_settings {
    uint32_t loss;
    uint32_t reorder;   /* held back by up to reorder_delay, while others pass */
    uint32_t duplicate; /* the second one follows at once */
    uint32_t corrupt;   /* one bit flipped, behind the Ethernet addresses */
    uint32_t mark;      /* congestion experienced (RFC 3168), of those that may be marked */
    toe_duration delay;
    toe_duration jitter;        /* added at random, up to this; keeps the order */
    toe_duration reorder_delay; /* 0: 2 ms */
};

struct emu_fault_stats {
    uint64_t frames;
    uint64_t lost;
    uint64_t reordered;
    uint64_t duplicated;
    uint64_t corrupted;
    uint64_t marked;
    uint64_t echoed;  /* segments with ECE: told of a mark, */
    uint64_t reduced; /* and with CWR: took notice */
    uint64_t delayed;
    uint64_t overflowed; /* lost because too many were held */
};

/*
 * emu_fault_new() puts a port with faults on |below|, which then belongs to it. |in| is what
 * happens to received frames, |out| to sent ones; NULL for nothing. NULL if memory is short, with
 * |below| as it was.
 */
struct emu_port *emu_fault_new(struct emu_port *below, const struct emu_fault_settings *in,
                               const struct emu_fault_settings *out, uint64_t seed);

/* emu_fault_set() changes what happens, from the next frame on. |port| is from emu_fault_new(). */
void emu_fault_set(struct emu_port *port, const struct emu_fault_settings *in,
                   const struct emu_fault_settings *out);

/* emu_fault_stats_get() tells what happened so far: |in| and |out| as above, each may be NULL. */
void emu_fault_stats_get(const struct emu_port *port, struct emu_fault_stats *in,
                         struct emu_fault_stats *out);

#endif
