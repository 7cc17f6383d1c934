/* SPDX-License-Identifier: MIT */
/* Names for people: each thing has one of its own, and what is nothing is said to be unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "toe/drop.h"
#include "toe/host.h"
#include "toe/status.h"

static void check_distinct(const char *const *names, size_t cnt)
{
    for (size_t i = 0; i < cnt; ++i) {
        assert_true(names[i] != NULL && names[i][0] != '\0');
        for (size_t k = 0; k < i; ++k) {
            assert_string_not_equal(names[i], names[k]);
        }
    }
}

static void test_statuses(void **state)
{
    static const toe_status all[] = {
#define STATUS(name, text) TOE_STATUS_##name,
        TOE_STATUS_MAP(STATUS)
#undef STATUS
    };
    const char *names[sizeof(all) / sizeof(all[0])];
    const char *texts[sizeof(all) / sizeof(all[0])];

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); ++i) {
        names[i] = toe_status_name(all[i]);
        texts[i] = toe_status_text(all[i]);
    }
    check_distinct(names, sizeof(all) / sizeof(all[0]));
    check_distinct(texts, sizeof(all) / sizeof(all[0]));
    assert_string_equal(toe_status_name(TOE_STATUS_FAILURE), "FAILURE");
    assert_string_equal(toe_status_name((toe_status)0x12345678), "UNKNOWN");
    assert_string_equal(toe_status_text((toe_status)0x12345678), "unknown status");
}

static void test_drops(void **state)
{
    const char *names[TOE_DROP_CNT + 1];
    const char *texts[TOE_DROP_CNT + 1];

    (void)state;
    for (unsigned i = 0; i <= TOE_DROP_CNT; ++i) {
        names[i] = toe_drop_name((enum toe_drop)i);
        texts[i] = toe_drop_text((enum toe_drop)i);
    }
    check_distinct(names, TOE_DROP_CNT + 1);
    check_distinct(texts, TOE_DROP_CNT + 1);
    assert_string_equal(names[TOE_DROP_NONE], "NONE");
    assert_string_equal(names[TOE_DROP_CNT], "UNKNOWN");
    assert_string_equal(texts[TOE_DROP_CNT], "unknown reason");
}

static void test_places(void **state)
{
    const char *names[TOE_PLACE_FROZEN + 2];

    (void)state;
    for (unsigned i = 0; i <= TOE_PLACE_FROZEN + 1; ++i) {
        names[i] = toe_place_name((enum toe_place)i);
    }
    check_distinct(names, TOE_PLACE_FROZEN + 2);
    assert_string_equal(names[TOE_PLACE_OFFLOADED], "offloaded");
    assert_string_equal(names[TOE_PLACE_FROZEN + 1], "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_drops),
        cmocka_unit_test(test_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
