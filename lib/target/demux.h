/* SPDX-License-Identifier: MIT */
/*
 * The demultiplexer: which connection a segment belongs to.
 *
 * A hash table over the two addresses and the two ports. A stranger chooses half of these, so the
 * hash is keyed. A connection is found without a walk through paths and neighbors (SEG-070).
 */
#ifndef TARGET_DEMUX_H
#define TARGET_DEMUX_H

#include "base/hash.h"
#include "base/siphash.h"
#include "toe/types.h"

struct target_tcp;

/* A four-tuple, as the target sees it. The addresses are of one family. */
struct target_tuple {
    const struct toe_addr *local;
    const struct toe_addr *remote;
    uint16_t local_port;
    uint16_t remote_port;
};

struct target_demux {
    struct base_hash table;
    struct base_siphash_key key;
};

/* target_demux_init() makes |demux| an empty one. Returns 0, or -1 when memory ran out. */
int target_demux_init(struct target_demux *demux, const struct toe_mem *mem,
                      struct base_siphash_key key);

/* target_demux_fini() gives the memory of |demux| back, which may have been zeroed only. */
void target_demux_fini(struct target_demux *demux);

/* target_demux_insert() makes |tcp| the connection of its four-tuple, which has none. */
void target_demux_insert(struct target_demux *demux, struct target_tcp *tcp);

/* target_demux_remove() takes |tcp| out. */
void target_demux_remove(struct target_demux *demux, struct target_tcp *tcp);

/* target_demux_find() is the connection of |tuple|, or NULL. */
struct target_tcp *target_demux_find(const struct target_demux *demux,
                                     const struct target_tuple *tuple);

#endif
