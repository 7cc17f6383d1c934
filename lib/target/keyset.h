/* SPDX-License-Identifier: MIT */
/*
 * How many different ones there are: a set of short keys that counts its users.
 *
 * An adapter has room for so many source addresses, Ethernet addresses and VLANs; any number of
 * objects may share one. The set refuses a key beyond its limit, and forgets one with its last
 * user.
 */
#ifndef TARGET_KEYSET_H
#define TARGET_KEYSET_H

#include "base/hash.h"
#include "base/siphash.h"
#include "base/slab.h"

/* Longest key: an address family and an address. */
#define TARGET_KEY_LEN_MAX 17u

struct target_keyset {
    struct base_slab entries;
    struct base_hash table;
    struct base_siphash_key hash_key;
    uint32_t cnt_max; /* keys at once; may be 0 */
};

enum target_keyset_result {
    TARGET_KEYSET_ADDED,
    TARGET_KEYSET_FULL,
    TARGET_KEYSET_NO_MEMORY,
};

/*
 * target_keyset_init() makes |set| an empty set of up to |cnt_max| keys. |mem| is borrowed until
 * target_keyset_fini(). Returns 0, or -1 when memory ran out.
 */
int target_keyset_init(struct target_keyset *set, const struct toe_mem *mem,
                       struct base_siphash_key hash_key, uint32_t cnt_max);

/* target_keyset_fini() gives the memory of |set| back, which may have been zeroed only. */
void target_keyset_fini(struct target_keyset *set);

/* target_keyset_add() adds a user of the |len| bytes at |key|. */
enum target_keyset_result target_keyset_add(struct target_keyset *set, const void *key, size_t len);

/* target_keyset_remove() takes one user of |key|, which was added, away. */
void target_keyset_remove(struct target_keyset *set, const void *key, size_t len);

#endif
