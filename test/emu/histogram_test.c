/* SPDX-License-Identifier: MIT */
/*
 * Histograms of durations, and amounts as people read them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "emu/amount.h"
#include "emu/histogram.h"

/* Each bucket begins where the one before it ends, and a time falls into the one that it is in. */
static void test_buckets(void **state)
{
    (void)state;
    assert_int_equal(emu_histogram_from(0), 0);
    for (uint32_t i = 0; i + 1 < EMU_HISTOGRAM_BUCKETS; ++i) {
        const toe_duration from = emu_histogram_from(i);
        const toe_duration to = emu_histogram_from(i + 1);
        struct emu_histogram histogram = {0};

        assert_true(from < to);
        assert_true(i < 16 || (to - from) * 8 <= from);
        emu_histogram_add(&histogram, from);
        emu_histogram_add(&histogram, to - 1);
        assert_int_equal(histogram.buckets[i], 2);
        assert_int_equal(histogram.min, from);
        assert_int_equal(histogram.max, to - 1);
    }
}

static void test_longest(void **state)
{
    struct emu_histogram histogram = {0};

    (void)state;
    emu_histogram_add(&histogram, TOE_INSTANT_NEVER);
    assert_int_equal(histogram.buckets[EMU_HISTOGRAM_BUCKETS - 1], 1);
    assert_true(emu_histogram_quantile(&histogram, 0.5) == TOE_INSTANT_NEVER);
}

static void test_quantiles(void **state)
{
    struct emu_histogram histogram = {0};

    (void)state;
    assert_int_equal(emu_histogram_quantile(&histogram, 0.5), 0);
    for (toe_duration us = 1; us <= 1000; ++us) {
        emu_histogram_add(&histogram, us * TOE_NS_PER_US);
    }
    for (double share = 0.1; share < 1; share += 0.1) {
        const double exact = share * 1000 * (double)TOE_NS_PER_US;
        const double found = (double)emu_histogram_quantile(&histogram, share);

        assert_true(found >= exact && found <= exact * 9 / 8 + 256);
    }
    assert_int_equal(emu_histogram_quantile(&histogram, 1), 1000 * TOE_NS_PER_US);
}

/* What takes no time at all is told so. */
static void test_no_time(void **state)
{
    struct emu_histogram histogram = {0};

    (void)state;
    for (int i = 0; i < 9; ++i) {
        emu_histogram_add(&histogram, 0);
    }
    emu_histogram_add(&histogram, TOE_NS_PER_SEC);
    assert_int_equal(emu_histogram_quantile(&histogram, 0.9), 0);
    assert_int_equal(emu_histogram_quantile(&histogram, 0.99), TOE_NS_PER_SEC);
}

/* Two that are merged are what one would have counted. */
static void test_merge(void **state)
{
    struct emu_histogram parts[2] = {{0}, {0}};
    struct emu_histogram whole = {0};
    struct emu_histogram merged = {0};

    (void)state;
    for (toe_duration us = 1; us <= 1000; ++us) {
        emu_histogram_add(&parts[us % 3 == 0], us * TOE_NS_PER_US);
        emu_histogram_add(&whole, us * TOE_NS_PER_US);
    }
    emu_histogram_merge(&merged, &(struct emu_histogram){0});
    emu_histogram_merge(&merged, &parts[1]);
    emu_histogram_merge(&merged, &parts[0]);
    emu_histogram_merge(&merged, &(struct emu_histogram){0});
    assert_memory_equal(&merged, &whole, sizeof(whole));
}

static void test_amounts(void **state)
{
    char text[EMU_AMOUNT_LEN];

    (void)state;
    assert_string_equal(emu_amount_count(text, 0), "0");
    assert_string_equal(emu_amount_count(text, 999), "999");
    assert_string_equal(emu_amount_count(text, 1000), "1,000");
    assert_string_equal(emu_amount_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
    assert_string_equal(emu_amount_bytes(text, 0), "0 bytes");
    assert_string_equal(emu_amount_bytes(text, 999), "999 bytes");
    assert_string_equal(emu_amount_bytes(text, 999.6), "1 kB");
    assert_string_equal(emu_amount_bytes(text, 1234567), "1.23 MB");
    assert_string_equal(emu_amount_bytes(text, 9.999e14), "1 PB");
    assert_string_equal(emu_amount_time(text, 0), "0 s");
    assert_string_equal(emu_amount_time(text, 999), "999 ns");
    assert_string_equal(emu_amount_time(text, 1500), "1.5 µs");
    assert_string_equal(emu_amount_time(text, 999700), "1 ms");
    assert_string_equal(emu_amount_time(text, 90 * TOE_NS_PER_SEC), "90 s");
    assert_string_equal(emu_amount_time(text, 600 * TOE_NS_PER_SEC), "10 min");
    assert_string_equal(emu_amount_time(text, 10800 * TOE_NS_PER_SEC), "3 h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets),   cmocka_unit_test(test_longest),
        cmocka_unit_test(test_quantiles), cmocka_unit_test(test_no_time),
        cmocka_unit_test(test_merge),     cmocka_unit_test(test_amounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
