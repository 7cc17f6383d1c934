/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/rand.h"

#include <stdlib.h>

struct entry {
    struct base_hash_node node;
    uint64_t key;
    bool is_in;
};

static struct entry *entry_of(struct base_hash_node *node)
{
    return base_container_of(node, struct entry, node);
}

static struct entry *lookup(const struct base_hash *table, uint64_t hash, uint64_t key)
{
    for (struct base_hash_node *n = base_hash_first(table, hash); n != NULL;
         n = base_hash_next(n)) {
        assert_true(n->hash == hash);
        if (entry_of(n)->key == key) {
            return entry_of(n);
        }
    }
    return NULL;
}

/* Equal hashes are all found, whatever else shares the chain, before and after growth. */
static void test_hash_equal_hashes(void **state)
{
    static struct entry equal[5];
    static struct entry others[2000];
    struct base_hash table;

    (void)state;
    memset(equal, 0, sizeof(equal));
    memset(others, 0, sizeof(others));
    assert_int_equal(base_hash_init(&table, base_mem_default(), 0), 0);
    assert_null(base_hash_first(&table, 99));
    for (size_t i = 0; i < 5; ++i) {
        equal[i].key = i;
        base_hash_insert(&table, &equal[i].node, 99);
    }
    for (size_t i = 0; i < 2000; ++i) {
        size_t found = 0;

        base_hash_insert(&table, &others[i].node, 99 + 16 * (i + 1));
        for (struct base_hash_node *n = base_hash_first(&table, 99); n != NULL;
             n = base_hash_next(n)) {
            ++found;
        }
        assert_int_equal(found, 5);
        assert_ptr_equal(base_hash_first(&table, 99 + 16 * (i / 2 + 1)), &others[i / 2].node);
    }
    assert_int_equal(table.cnt, 2005);
    assert_true(table.bucket_cnt >= 1024);
    base_hash_fini(&table);
}

/* Random insertions and removals over hashes that collide on purpose, against plain flags. */
static void test_hash_random(void **state)
{
    enum { CNT = 3000 };
    static struct entry entries[CNT];
    struct base_hash table;
    struct base_rand r;
    size_t cnt = 0;

    (void)state;
    memset(entries, 0, sizeof(entries));
    base_rand_init(&r, 3);
    assert_int_equal(base_hash_init(&table, base_mem_default(), 0), 0);
    for (int step = 0; step < 200000; ++step) {
        const uint64_t key = base_rand_below(&r, CNT);
        const uint64_t hash = (key / 3) * UINT64_C(0x9e3779b97f4a7c15) >> 40;
        struct entry *entry = &entries[key];

        assert_ptr_equal(lookup(&table, hash, key), entry->is_in ? entry : NULL);
        if (entry->is_in) {
            base_hash_remove(&table, &entry->node);
            --cnt;
        } else {
            entry->key = key;
            base_hash_insert(&table, &entry->node, hash);
            ++cnt;
        }
        entry->is_in = !entry->is_in;
        assert_int_equal(table.cnt, cnt);
    }
    base_hash_fini(&table);
}

static size_t budget;

static void *budget_alloc(void *user, size_t size)
{
    (void)user;
    if (budget == 0) {
        return NULL;
    }
    --budget;
    return malloc(size);
}

static void budget_free(void *user, void *ptr, size_t size)
{
    (void)user;
    (void)size;
    free(ptr);
}

/* Without memory a table does not come into being; one that exists goes on with longer chains. */
static void test_hash_without_memory(void **state)
{
    static const struct toe_mem mem = {.alloc = budget_alloc, .free = budget_free};
    static struct entry entries[1000];
    struct base_hash table;

    (void)state;
    budget = 0;
    assert_int_equal(base_hash_init(&table, &mem, 8), -1);
    assert_int_equal(base_hash_init(&table, &mem, SIZE_MAX), -1);
    budget = 1;
    assert_int_equal(base_hash_init(&table, &mem, 8), 0);
    for (size_t i = 0; i < 1000; ++i) {
        entries[i].key = i;
        budget = i == 500 ? 1 : 0;
        base_hash_insert(&table, &entries[i].node, i * 7);
    }
    assert_int_equal(table.bucket_cnt, 32);
    for (size_t i = 0; i < 1000; ++i) {
        assert_ptr_equal(lookup(&table, i * 7, i), &entries[i]);
    }
    base_hash_fini(&table);
}

/* An allocator that fills what it gives, to see later what was written, and counts. */
static struct {
    uint64_t *last;
    size_t last_len; /* words */
    size_t allocs, frees;
} painted;

#define PAINT UINT64_C(0x5a5a5a5a5a5a5a5a)

static void *painted_alloc(void *user, size_t size)
{
    (void)user;
    painted.last = malloc(size);
    assert_non_null(painted.last);
    memset(painted.last, 0x5a, size);
    painted.last_len = size / sizeof(uint64_t);
    ++painted.allocs;
    return painted.last;
}

static void painted_free(void *user, void *ptr, size_t size)
{
    (void)user;
    (void)size;
    ++painted.frees;
    free(ptr);
}

/*
 * No insertion pays for the growth of the table: whatever its size, each moves two buckets at most,
 * gets one array at most and writes to no more of it than these two take; and the move has ended
 * when the next one is due, so that the chains do not become longer.
 */
static void test_hash_growth_is_bounded(void **state)
{
    enum { CNT = 300000 };
    static const struct toe_mem mem = {.alloc = painted_alloc, .free = painted_free};
    static struct base_hash_node nodes[CNT];
    struct base_hash table;
    struct base_rand r;
    size_t growths = 0;

    (void)state;
    base_rand_init(&r, 7);
    assert_int_equal(base_hash_init(&table, &mem, 0), 0);
    for (size_t i = 0; i < CNT; ++i) {
        const size_t allocs = painted.allocs;
        const size_t frees = painted.frees;
        const size_t moved = table.old != NULL ? table.moved : 0;
        const bool was_moving = table.old != NULL;

        base_hash_insert(&table, &nodes[i], base_rand_u64(&r));
        assert_true(painted.allocs - allocs <= 1 && painted.frees - frees <= 1);
        assert_true(table.cnt <= table.bucket_cnt);
        if (painted.allocs != allocs) {
            size_t written = 0;

            assert_false(was_moving);
            ++growths;
            for (size_t n = 0; n < painted.last_len; ++n) {
                written += painted.last[n] != PAINT;
            }
            assert_true(written <= 5); /* two buckets of two halves, and the new node */
        } else if (table.old != NULL) {
            assert_true(table.moved - moved <= 2);
        } else if (was_moving) {
            assert_true(table.bucket_cnt / 2 - moved <= 2);
        }
    }
    assert_int_equal(growths, 15); /* 16 to 524288 buckets */
    base_hash_fini(&table);
}

/* A table given up in the middle of its growth gives both arrays back (the sanitizer looks). */
static void test_hash_fini_while_growing(void **state)
{
    static struct entry entries[17];
    struct base_hash table;

    (void)state;
    assert_int_equal(base_hash_init(&table, base_mem_default(), 16), 0);
    for (size_t i = 0; i < 17; ++i) {
        base_hash_insert(&table, &entries[i].node, i);
    }
    assert_non_null(table.old);
    base_hash_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_equal_hashes),
        cmocka_unit_test(test_hash_random),
        cmocka_unit_test(test_hash_without_memory),
        cmocka_unit_test(test_hash_growth_is_bounded),
        cmocka_unit_test(test_hash_fini_while_growing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
