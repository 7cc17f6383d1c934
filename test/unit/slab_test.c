/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/slab.h"

#include <stdlib.h>

/* An allocator that counts what is out and fails when told to. */
struct counter {
    size_t bytes;   /* not freed yet */
    size_t allocs;  /* calls so far */
    size_t fail_at; /* this call and those after it fail; 0 is never */
};

static void *counter_alloc(void *user, size_t size)
{
    struct counter *c = user;
    void *ptr;

    ++c->allocs;
    if (c->fail_at != 0 && c->allocs >= c->fail_at) {
        return NULL;
    }
    ptr = malloc(size);
    assert_non_null(ptr);
    memset(ptr, 0xa5, size);
    c->bytes += size;
    return ptr;
}

static void counter_free(void *user, void *ptr, size_t size)
{
    struct counter *c = user;

    assert_true(c->bytes >= size);
    c->bytes -= size;
    memset(ptr, 0x5a, size);
    free(ptr);
}

static struct toe_mem counter_mem(struct counter *c)
{
    return (struct toe_mem){.user = c, .alloc = counter_alloc, .free = counter_free};
}

/* The default allocator gives zeroed memory and takes it back, NULL too. */
static void test_mem_default(void **state)
{
    const struct toe_mem *mem = base_mem_default();
    uint8_t *p = base_mem_alloc(mem, 100);

    (void)state;
    assert_non_null(p);
    for (int i = 0; i < 100; ++i) {
        assert_int_equal(p[i], 0);
    }
    base_mem_free(mem, p, 100);
    base_mem_free(mem, NULL, 100);
}

/* Objects are aligned, zeroed, apart, and no more than the limit, for sizes around a cache line. */
static void test_slab_objects(void **state)
{
    static const size_t sizes[] = {1, 59, 60, 61, 64, 124, 125, 500};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); ++i) {
        struct counter c = {0};
        const struct toe_mem mem = counter_mem(&c);
        struct base_slab slab;
        uint8_t *objs[50];

        base_slab_init(&slab, &mem, sizes[i], 50, 8);
        for (uint32_t n = 0; n < 50; ++n) {
            objs[n] = base_slab_alloc(&slab);
            assert_non_null(objs[n]);
            assert_int_equal((uintptr_t)objs[n] % 64, 0);
            for (size_t b = 0; b < sizes[i]; ++b) {
                assert_int_equal(objs[n][b], 0);
            }
            memset(objs[n], 0xff, sizes[i]);
            assert_int_equal(slab.cnt, n + 1);
            assert_int_equal(base_slab_index(&slab, objs[n]), n);
            assert_ptr_equal(base_slab_at(&slab, n), objs[n]);
        }
        assert_null(base_slab_alloc(&slab));
        assert_null(base_slab_at(&slab, 50));
        assert_null(base_slab_at(&slab, UINT32_MAX));
        assert_int_equal(c.allocs, 7 + 1);
        for (uint32_t n = 0; n < 50; ++n) {
            base_slab_free(&slab, objs[n]);
            assert_null(base_slab_at(&slab, n));
        }
        assert_int_equal(slab.cnt, 0);
        base_slab_fini(&slab);
        assert_int_equal(c.bytes, 0);
    }
}

/* What is used again is as it was left, and what is new is zeroed, whatever the memory held. */
static void test_slab_reuse(void **state)
{
    struct counter c = {.bytes = 0};
    const struct toe_mem mem = counter_mem(&c);
    static const uint8_t zeroes[40];
    struct base_slab slab;
    uint8_t *obj;

    (void)state;
    base_slab_init(&slab, &mem, sizeof(zeroes), 1, 1);
    obj = base_slab_reuse(&slab);
    assert_memory_equal(obj, zeroes, sizeof(zeroes));
    assert_null(base_slab_reuse(&slab));
    obj[39] = 7;
    base_slab_free(&slab, obj);
    assert_ptr_equal(base_slab_reuse(&slab), obj);
    assert_int_equal(obj[39], 7);
    base_slab_free(&slab, obj);
    assert_ptr_equal(base_slab_alloc(&slab), obj);
    assert_memory_equal(obj, zeroes, sizeof(zeroes));
    base_slab_fini(&slab);
}

/* A handle dies with its object, also when the place is used again, and garbage names nothing. */
static void test_slab_handles(void **state)
{
    struct base_slab slab;
    struct base_rand r;
    uint64_t first;
    uint64_t second;
    void *obj;

    (void)state;
    base_slab_init(&slab, base_mem_default(), 40, 1000, 16);
    assert_null(base_slab_get(&slab, 0));
    obj = base_slab_alloc(&slab);
    first = base_slab_handle(&slab, obj);
    assert_true(first != 0);
    assert_ptr_equal(base_slab_get(&slab, first), obj);
    base_slab_free(&slab, obj);
    assert_null(base_slab_get(&slab, first));
    assert_ptr_equal(base_slab_alloc(&slab), obj);
    second = base_slab_handle(&slab, obj);
    assert_true(second != first);
    assert_null(base_slab_get(&slab, first));
    assert_ptr_equal(base_slab_get(&slab, second), obj);

    base_rand_init(&r, 1);
    for (int i = 0; i < 100000; ++i) {
        const uint64_t garbage = base_rand_u64(&r) >> base_rand_below(&r, 64);

        if (garbage != second) {
            assert_null(base_slab_get(&slab, garbage));
        }
    }
    assert_null(base_slab_get(&slab, UINT64_MAX));
    base_slab_fini(&slab);
}

/* Reserved room is used without the allocator; what cannot be reserved is refused. */
static void test_slab_reserve(void **state)
{
    struct counter c = {0};
    const struct toe_mem mem = counter_mem(&c);
    struct base_slab slab;

    (void)state;
    base_slab_init(&slab, &mem, 100, 100, 10);
    assert_int_equal(base_slab_reserve(&slab, 101), -1);
    assert_int_equal(base_slab_reserve(&slab, 60), 0);
    assert_int_equal(base_slab_reserve(&slab, 10), 0);
    c.fail_at = c.allocs + 1;
    for (int i = 0; i < 64; ++i) {
        assert_non_null(base_slab_alloc(&slab));
    }
    assert_null(base_slab_alloc(&slab));
    assert_int_equal(base_slab_reserve(&slab, 65), -1);
    c.fail_at = 0;
    assert_int_equal(base_slab_reserve(&slab, 100), 0);
    assert_int_equal(slab.cap, 100);
    assert_non_null(base_slab_alloc(&slab));
    base_slab_fini(&slab);
    assert_int_equal(c.bytes, 0);
}

/* Whichever allocation fails, the pool stays whole, and goes on when there is memory again. */
static void test_slab_alloc_fails(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 20; ++n) {
        struct counter c = {.fail_at = n};
        const struct toe_mem mem = counter_mem(&c);
        struct base_slab slab;
        uint32_t cnt = 0;

        base_slab_init(&slab, &mem, 100, 64, 4);
        while (base_slab_alloc(&slab) != NULL) {
            ++cnt;
        }
        assert_int_equal(slab.cnt, cnt);
        c.fail_at = 0;
        while (base_slab_alloc(&slab) != NULL) {
            ++cnt;
        }
        assert_int_equal(cnt, 64);
        base_slab_fini(&slab);
        assert_int_equal(c.bytes, 0);
    }
}

/* Random allocating and freeing: living objects keep address, handle and content. */
static void test_slab_random(void **state)
{
    enum { CNT = 300 };
    static struct {
        uint64_t *obj;
        uint64_t handle;
        uint64_t value;
    } live[CNT];
    struct base_slab slab;
    struct base_rand r;

    (void)state;
    memset(live, 0, sizeof(live));
    base_rand_init(&r, 7);
    base_slab_init(&slab, base_mem_default(), sizeof(uint64_t), CNT, 32);
    for (int step = 0; step < 100000; ++step) {
        const size_t i = base_rand_below(&r, CNT);

        if (live[i].obj == NULL) {
            live[i].obj = base_slab_alloc(&slab);
            assert_non_null(live[i].obj);
            assert_int_equal(*live[i].obj, 0);
            live[i].value = base_rand_u64(&r);
            *live[i].obj = live[i].value;
            live[i].handle = base_slab_handle(&slab, live[i].obj);
        } else {
            assert_ptr_equal(base_slab_get(&slab, live[i].handle), live[i].obj);
            assert_true(*live[i].obj == live[i].value);
            base_slab_free(&slab, live[i].obj);
            assert_null(base_slab_get(&slab, live[i].handle));
            live[i].obj = NULL;
        }
    }
    base_slab_fini(&slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mem_default),  cmocka_unit_test(test_slab_objects),
        cmocka_unit_test(test_slab_reuse),   cmocka_unit_test(test_slab_handles),
        cmocka_unit_test(test_slab_reserve), cmocka_unit_test(test_slab_alloc_fails),
        cmocka_unit_test(test_slab_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
