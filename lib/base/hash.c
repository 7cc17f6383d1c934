/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/prefetch.h"

#include <string.h>

/*
 * Bucket i of an old array of n splits into the buckets i and i + n of the new one. Buckets are
 * moved in order, and both halves are written when their bucket moves; so the new array needs no
 * zeroing, which for a million buckets would be a pause of its own. An array of n buckets begins to
 * grow at n + 1 nodes; with two buckets moved by each insertion the move ends before the next
 * growth is due.
 */

#define BUCKET_CNT_MIN 16u
#define BUCKET_CNT_MAX (SIZE_MAX / 4 / sizeof(struct base_hash_node *))
#define MOVES_PER_STEP 2

static struct base_hash_node **bucket_of(const struct base_hash *table, uint64_t hash)
{
    if (table->old != NULL) {
        const size_t i = (size_t)hash & (table->bucket_cnt / 2 - 1);

        if (i >= table->moved) {
            return &table->old[i];
        }
    }
    return &table->buckets[(size_t)hash & (table->bucket_cnt - 1)];
}

/* Moves a few buckets of the old array, if there is one, and lets go of it at its end. */
static void move_step(struct base_hash *table)
{
    const size_t old_cnt = table->bucket_cnt / 2;

    if (table->old == NULL) {
        return;
    }
    for (int i = 0; i < MOVES_PER_STEP && table->moved < old_cnt; ++i) {
        struct base_hash_node *node = table->old[table->moved];
        struct base_hash_node **low = &table->buckets[table->moved];
        struct base_hash_node **high = &table->buckets[table->moved + old_cnt];

        while (node != NULL) {
            struct base_hash_node ***tail = ((size_t)node->hash & old_cnt) == 0 ? &low : &high;

            **tail = node;
            *tail = &node->next;
            node = node->next;
        }
        *low = NULL;
        *high = NULL;
        ++table->moved;
    }
    if (table->moved == old_cnt) {
        base_mem_free(table->mem, table->old, old_cnt * sizeof(*table->old));
        table->old = NULL;
    }
}

/* Begins to leave the array for one twice its size, if there is memory for it. */
static void grow(struct base_hash *table)
{
    struct base_hash_node **buckets;

    if (table->old != NULL || table->bucket_cnt > BUCKET_CNT_MAX / 2) {
        return;
    }
    buckets = table->mem->alloc(table->mem->user, 2 * table->bucket_cnt * sizeof(*table->buckets));
    if (buckets == NULL) {
        return;
    }
    table->old = table->buckets;
    table->buckets = buckets;
    table->bucket_cnt *= 2;
    table->moved = 0;
}

int base_hash_init(struct base_hash *table, const struct toe_mem *mem, size_t bucket_cnt)
{
    memset(table, 0, sizeof(*table));
    if (bucket_cnt > BUCKET_CNT_MAX) {
        return -1;
    }
    table->mem = mem;
    table->bucket_cnt = BUCKET_CNT_MIN;
    while (table->bucket_cnt < bucket_cnt) {
        table->bucket_cnt *= 2;
    }
    table->buckets = base_mem_alloc(mem, table->bucket_cnt * sizeof(*table->buckets));
    return table->buckets == NULL ? -1 : 0;
}

void base_hash_fini(struct base_hash *table)
{
    base_mem_free(table->mem, table->buckets, table->bucket_cnt * sizeof(*table->buckets));
    base_mem_free(table->mem, table->old, table->bucket_cnt / 2 * sizeof(*table->old));
    memset(table, 0, sizeof(*table));
}

void base_hash_insert(struct base_hash *table, struct base_hash_node *node, uint64_t hash)
{
    struct base_hash_node **bucket;

    if (table->cnt >= table->bucket_cnt) {
        grow(table);
    }
    move_step(table);
    bucket = bucket_of(table, hash);
    node->hash = hash;
    node->next = *bucket;
    *bucket = node;
    ++table->cnt;
}

void base_hash_remove(struct base_hash *table, struct base_hash_node *node)
{
    struct base_hash_node **link = bucket_of(table, node->hash);

    while (*link != node) {
        toe_assert(*link != NULL);
        link = &(*link)->next;
    }
    *link = node->next;
    node->next = NULL;
    --table->cnt;
    move_step(table);
}

/* Returns |node| or the first one behind it that has |hash|. */
static struct base_hash_node *find(struct base_hash_node *node, uint64_t hash)
{
    while (node != NULL && node->hash != hash) {
        node = node->next;
    }
    return node;
}

struct base_hash_node *base_hash_first(const struct base_hash *table, uint64_t hash)
{
    return find(*bucket_of(table, hash), hash);
}

void base_hash_fetch(const struct base_hash *table, uint64_t hash)
{
    base_prefetch(bucket_of(table, hash));
}

void base_hash_fetch_first(const struct base_hash *table, uint64_t hash)
{
    base_prefetch(*bucket_of(table, hash));
}

struct base_hash_node *base_hash_next(const struct base_hash_node *node)
{
    return find(node->next, node->hash);
}
