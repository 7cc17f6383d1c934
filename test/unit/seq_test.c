/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/seq.h"

/* Comparisons at their edges, at the wrap, and at the antipode, where each is less than the other.
 */
static void test_seq_order(void **state)
{
    static const struct {
        const char *name;
        uint32_t a, b;
        bool lt, gt;
        int32_t diff;
        uint32_t off;
    } cases[] = {
        {"equal", 5, 5, false, false, 0, 0},
        {"one before", 4, 5, true, false, -1, 0xffffffffu},
        {"one after", 6, 5, false, true, 1, 1},
        {"before, over the wrap", 0xffffffffu, 0, true, false, -1, 0xffffffffu},
        {"after, over the wrap", 2, 0xfffffffeu, false, true, 4, 4},
        {"as far after as can be", 0x7fffffffu, 0, false, true, 0x7fffffff, 0x7fffffffu},
        {"as far before as can be", 0x80000001u, 0, true, false, -0x7fffffff, 0x80000001u},
        {"antipode", 0x80000000u, 0, true, true, INT32_MIN, 0x80000000u},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const toe_seq a = toe_seq_of(cases[i].a);
        const toe_seq b = toe_seq_of(cases[i].b);
        const bool eq = cases[i].a == cases[i].b;

        if (toe_seq_lt(a, b) != cases[i].lt || toe_seq_gt(a, b) != cases[i].gt ||
            toe_seq_le(a, b) != (cases[i].lt || eq) || toe_seq_ge(a, b) != (cases[i].gt || eq) ||
            toe_seq_eq(a, b) != eq || toe_seq_diff(a, b) != cases[i].diff ||
            toe_seq_off(a, b) != cases[i].off) {
            fail_msg("%s: wrong order", cases[i].name);
        }
    }
}

/* Adding and subtracting wrap and undo each other; the extremes are chosen over the wrap. */
static void test_seq_arithmetic_wraps(void **state)
{
    const toe_seq before = toe_seq_of(0xfffffff0u);
    const toe_seq after = toe_seq_add(before, 0x20);

    (void)state;
    assert_int_equal(after.v, 0x10);
    assert_int_equal(toe_seq_sub(after, 0x20).v, before.v);
    assert_int_equal(toe_seq_max(before, after).v, after.v);
    assert_int_equal(toe_seq_max(after, before).v, after.v);
    assert_int_equal(toe_seq_min(before, after).v, before.v);
    assert_int_equal(toe_seq_min(after, before).v, before.v);
}

/* Every single bit is found, alone and with all bits that do not decide. */
static void test_bits_finds_each(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 64; ++i) {
        const uint64_t bit = UINT64_C(1) << i;

        assert_int_equal(base_bits_lowest(bit), i);
        assert_int_equal(base_bits_highest(bit), i);
        assert_int_equal(base_bits_lowest(0 - bit), i);
        assert_int_equal(base_bits_highest(bit | (bit - 1)), i);
        assert_int_equal(base_bits_lowest_plain(0 - bit), i);
        assert_int_equal(base_bits_highest_plain(bit | (bit - 1)), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seq_order),
        cmocka_unit_test(test_seq_arithmetic_wraps),
        cmocka_unit_test(test_bits_finds_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
