/* SPDX-License-Identifier: MIT */
/*
 * A look at the NIC: what it says of its connections and of itself, over its control socket.
 */
#ifndef EMU_LIVE_LOOK_H
#define EMU_LIVE_LOOK_H

#include <jansson.h>

#include "live/actor.h"

struct emu_look {
    toe_instant at;
    uint64_t connections; /* now */
    uint64_t offloaded;   /* now */
    uint64_t offloads;
    uint64_t uploads;
    uint64_t bad;         /* frames of offloaded connections that made no sense */
    uint64_t frames_lost; /* on purpose */
    uint64_t wire_bytes;  /* both ways */
    json_t *reasons;      /* connections that came back, by reason */
    struct emu_part *parts;
    size_t part_cnt;
};

/*
 * emu_look_at() looks now, and notes in |parts| how many connections of each there are. False if
 * the NIC does not answer. emu_look_fini() frees what is in |look|.
 */
bool emu_look_at(struct emu_look *look, struct emu_part *parts, size_t part_cnt);
void emu_look_fini(struct emu_look *look);

/* emu_look_fault() has |loss| of a million frames lost on the wire, each way, from now on. */
bool emu_look_fault(uint32_t loss);

#endif
