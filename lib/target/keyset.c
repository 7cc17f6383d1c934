/* SPDX-License-Identifier: MIT */
#include "target/keyset.h"

#include "base/assert.h"
#include "base/list.h"

#include <string.h>

struct entry {
    struct base_hash_node node;
    uint32_t user_cnt;
    uint8_t len;
    uint8_t key[TARGET_KEY_LEN_MAX];
};

int target_keyset_init(struct target_keyset *set, const struct toe_mem *mem,
                       struct base_siphash_key hash_key, uint32_t cnt_max)
{
    set->hash_key = hash_key;
    set->cnt_max = cnt_max;
    base_slab_init(&set->entries, mem, sizeof(struct entry), cnt_max > 0 ? cnt_max : 1, 16);
    return base_hash_init(&set->table, mem, 0);
}

void target_keyset_fini(struct target_keyset *set)
{
    if (set->table.mem == NULL) {
        return;
    }
    base_hash_fini(&set->table);
    base_slab_fini(&set->entries);
}

static struct entry *find(const struct target_keyset *set, uint64_t hash, const void *key,
                          size_t len)
{
    for (struct base_hash_node *node = base_hash_first(&set->table, hash); node != NULL;
         node = base_hash_next(node)) {
        struct entry *entry = base_container_of(node, struct entry, node);

        if (entry->len == len && memcmp(entry->key, key, len) == 0) {
            return entry;
        }
    }
    return NULL;
}

enum target_keyset_result target_keyset_add(struct target_keyset *set, const void *key, size_t len)
{
    const uint64_t hash = base_siphash13(&set->hash_key, key, len);
    struct entry *entry = find(set, hash, key, len);

    toe_assert(len <= TARGET_KEY_LEN_MAX);

    if (entry != NULL) {
        ++entry->user_cnt;
        return TARGET_KEYSET_ADDED;
    }
    if (set->entries.cnt >= set->cnt_max) {
        return TARGET_KEYSET_FULL;
    }
    entry = base_slab_alloc(&set->entries);
    if (entry == NULL) {
        return TARGET_KEYSET_NO_MEMORY;
    }
    memcpy(entry->key, key, len);
    entry->len = (uint8_t)len;
    entry->user_cnt = 1;
    base_hash_insert(&set->table, &entry->node, hash);
    return TARGET_KEYSET_ADDED;
}

void target_keyset_remove(struct target_keyset *set, const void *key, size_t len)
{
    struct entry *entry = find(set, base_siphash13(&set->hash_key, key, len), key, len);

    toe_assert(entry != NULL);

    if (--entry->user_cnt == 0) {
        base_hash_remove(&set->table, &entry->node);
        base_slab_free(&set->entries, entry);
    }
}
