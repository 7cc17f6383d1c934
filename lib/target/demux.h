/* SPDX-License-Identifier: MIT */
/*
 * The demultiplexer: which connection a segment belongs to.
 *
 * A hash table over the two addresses and the two ports. A stranger chooses half of these, so the
 * hash is keyed. A connection is found without a walk through paths and neighbors (SEG-070).
 *
 * The four are one row of bytes, as they stand behind each other in the headers of what the peer
 * sends. Where frames come in batches, whoever has many rows hashes them all, so that the memory
 * for one is on its way while the next is hashed.
 */
#ifndef TARGET_DEMUX_H
#define TARGET_DEMUX_H

#include "base/hash.h"
#include "base/siphash.h"
#include "toe/types.h"

struct target_tcp;

#define TARGET_ROW_MAX 36u

/* The row of a segment from the peer: its address, ours, its port, ours. */
struct target_row {
    const uint8_t *bytes;
    uint32_t len; /* 12 for IPv4, 36 for IPv6 */
};

struct target_demux {
    struct base_hash table;
    struct base_siphash_key key;
};

/* target_row_write() writes a row to |out| and returns it. The addresses are of one family. */
struct target_row target_row_write(uint8_t out[TARGET_ROW_MAX], const struct toe_addr *remote,
                                   const struct toe_addr *local, uint16_t remote_port,
                                   uint16_t local_port);

/* target_demux_init() makes |demux| an empty one. Returns 0, or -1 when memory ran out. */
int target_demux_init(struct target_demux *demux, const struct toe_mem *mem,
                      struct base_siphash_key key);

/* target_demux_fini() gives the memory of |demux| back, which may have been zeroed only. */
void target_demux_fini(struct target_demux *demux);

/* target_demux_insert() makes |tcp| the connection of its four-tuple, which has none. */
void target_demux_insert(struct target_demux *demux, struct target_tcp *tcp);

/* target_demux_remove() takes |tcp| out. */
void target_demux_remove(struct target_demux *demux, struct target_tcp *tcp);

/*
 * target_demux_hash() is the hash of |row|, target_demux_find() the connection of |row|, or NULL.
 * target_demux_fetch() asks for the memory in which the search begins, and later, when that is
 * there, target_demux_fetch_first() for that in which it most likely ends.
 */
uint64_t target_demux_hash(const struct target_demux *demux, struct target_row row);

struct target_tcp *target_demux_find(const struct target_demux *demux, struct target_row row,
                                     uint64_t hash);
void target_demux_fetch(const struct target_demux *demux, uint64_t hash);
void target_demux_fetch_first(const struct target_demux *demux, uint64_t hash);

#endif
