/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"

/* The first numbers for two seeds are fixed: a seed mailed around must mean the same everywhere. */
static void test_rand_is_repeatable(void **state)
{
    struct base_rand a, b;

    (void)state;
    base_rand_init(&a, 0);
    assert_true(a.s[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(a.s[1] == UINT64_C(0x6e789e6aa1b965f4));
    a = (struct base_rand){{1, 2, 3, 4}};
    assert_true(base_rand_u64(&a) == 11520);
    assert_true(base_rand_u64(&a) == 0);
    assert_true(base_rand_u64(&a) == 1509978240);
    assert_true(base_rand_u64(&a) == UINT64_C(1215971899390074240));
    base_rand_init(&a, 42);
    base_rand_init(&b, 42);
    for (int i = 0; i < 1000; ++i) {
        assert_true(base_rand_u64(&a) == base_rand_u64(&b));
    }
}

/* Numbers stay below the limit and each is as frequent as the others. */
static void test_rand_below_is_even(void **state)
{
    struct base_rand r;
    int hist[10] = {0};

    (void)state;
    base_rand_init(&r, 5);
    for (int i = 0; i < 100000; ++i) {
        const uint64_t v = base_rand_below(&r, 10);

        assert_true(v < 10);
        ++hist[v];
    }
    for (int i = 0; i < 10; ++i) {
        assert_in_range(hist[i], 9600, 10400);
    }
    for (int i = 0; i < 100; ++i) {
        assert_int_equal(base_rand_below(&r, 1), 0);
        assert_true(base_rand_below(&r, UINT64_C(0x8000000000000001)) <=
                    UINT64_C(0x8000000000000000));
    }
}

/* Chances hold, never and always included. */
static void test_rand_chance(void **state)
{
    struct base_rand r;
    int hits = 0;

    (void)state;
    base_rand_init(&r, 6);
    for (int i = 0; i < 100000; ++i) {
        assert_false(base_rand_chance(&r, 0, 7));
        assert_true(base_rand_chance(&r, 7, 7));
        hits += base_rand_chance(&r, 1, 4) ? 1 : 0;
    }
    assert_in_range(hits, 24400, 25600);
}

/* A fork runs its own way, the same one each time. */
static void test_rand_fork(void **state)
{
    struct base_rand a, b, fork_a, fork_b;
    int equal = 0;

    (void)state;
    base_rand_init(&a, 9);
    base_rand_init(&b, 9);
    base_rand_fork(&a, &fork_a);
    base_rand_fork(&b, &fork_b);
    for (int i = 0; i < 1000; ++i) {
        const uint64_t v = base_rand_u64(&fork_a);

        assert_true(v == base_rand_u64(&fork_b));
        equal += v == base_rand_u64(&a) ? 1 : 0;
        (void)base_rand_u32(&b);
    }
    assert_int_equal(equal, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rand_is_repeatable),
        cmocka_unit_test(test_rand_below_is_even),
        cmocka_unit_test(test_rand_chance),
        cmocka_unit_test(test_rand_fork),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
