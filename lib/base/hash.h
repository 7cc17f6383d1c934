/* SPDX-License-Identifier: MIT */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "toe/types.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Hash tables
 *
 * A table of intrusive nodes under 64-bit hashes, chained. The table knows no keys: the caller
 * hashes (see base/siphash.h for keys a stranger chooses) and walks the nodes with an equal hash,
 * comparing keys itself:
 *
 *     for (n = base_hash_first(table, hash); n != NULL; n = base_hash_next(n)) { .. }
 *
 * A table grows when it holds more nodes than buckets. The buckets move over a few at a time, with
 * each insertion and removal, so that no operation pays for all of them. Until a bucket has moved,
 * nodes are put into and found in the old array; so all nodes of one hash are in one chain.
 * When there is no memory to grow, the chains become longer and the next insertion tries again.
 */

/* The part of an object that is in a table. */
struct base_hash_node {
    struct base_hash_node *next; /* rest of the chain */
    uint64_t hash;               /* as given at insertion */
};

/* A table. The fields are the table's own, except |cnt|. */
struct base_hash {
    const struct toe_mem *mem;       /* borrowed until base_hash_fini() */
    struct base_hash_node **buckets; /* the current array */
    struct base_hash_node **old;     /* the array that is being left, or NULL */
    size_t bucket_cnt;               /* a power of two; |old| has half as many */
    size_t moved;                    /* buckets of |old| that are moved */
    size_t cnt;                      /* nodes in the table; callers may read it */
};

/*
 * base_hash_init() makes |table| an empty table with at least |bucket_cnt| buckets (0 for a small
 * default). |mem| is borrowed until base_hash_fini(). Returns 0, or -1 when memory ran out.
 */
int base_hash_init(struct base_hash *table, const struct toe_mem *mem, size_t bucket_cnt);

/*
 * base_hash_fini() gives the memory of |table| back. Nodes that are still in it are left alone.
 */
void base_hash_fini(struct base_hash *table);

/*
 * base_hash_insert() adds |node| under |hash|. The table refers to |node| until it is removed.
 * Equal hashes, and equal keys, may be in the table many times.
 */
void base_hash_insert(struct base_hash *table, struct base_hash_node *node, uint64_t hash);

/*
 * base_hash_remove() takes |node|, which must be in |table|, out of it.
 */
void base_hash_remove(struct base_hash *table, struct base_hash_node *node);

/*
 * base_hash_first() returns a first node in |table| under |hash|, or NULL.
 */
struct base_hash_node *base_hash_first(const struct base_hash *table, uint64_t hash);

/*
 * base_hash_fetch() asks for the memory that base_hash_first() reads first under |hash|, and
 * base_hash_fetch_first(), once that is there, for the node that it reads next: so the time that
 * memory takes passes while something else is done.
 */
void base_hash_fetch(const struct base_hash *table, uint64_t hash);
void base_hash_fetch_first(const struct base_hash *table, uint64_t hash);

/*
 * base_hash_next() returns the next node with the hash of |node|, or NULL. The table must not have
 * changed since |node| was returned.
 */
struct base_hash_node *base_hash_next(const struct base_hash_node *node);

#endif
