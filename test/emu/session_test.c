/* SPDX-License-Identifier: MIT */
/*
 * The session of a certification stress: what is written is read again, whatever pieces it comes
 * in, and what is no message breaks it; and the phases of a course lie one behind the other.
 */
#include "endurance/course.h"
#include "endurance/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_messages_come_back(void **state)
{
    static const struct emu_session_message messages[] = {
        {.kind = EMU_SESSION_HELLO, .seed = UINT64_MAX, .connections = 1280, .ms = 10800000},
        {.kind = EMU_SESSION_OK},
        {.kind = EMU_SESSION_PHASE, .phase = 3},
        {.kind = EMU_SESSION_END},
        {.kind = EMU_SESSION_REPORT, .tally = {1, 2, UINT64_MAX, 4, 5}},
    };
    struct emu_session_reader reader = {.len = 0};

    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); ++i) {
        char line[EMU_SESSION_LINE_MAX];
        const size_t len = emu_session_write(line, &messages[i]);
        struct emu_session_message got;

        for (size_t k = 0; k < len; ++k) {
            assert_int_equal(emu_session_read(&reader, &got, line[k]), k + 1 == len);
        }
        assert_int_equal(got.kind, messages[i].kind);
        assert_true(got.seed == messages[i].seed && got.connections == messages[i].connections);
        assert_true(got.ms == messages[i].ms && got.phase == messages[i].phase);
        assert_memory_equal(&got.tally, &messages[i].tally, sizeof(got.tally));
    }
}

static void test_others_break_it(void **state)
{
    static const char *const lines[] = {"\n",         "okay\n",        "phase\n",      "phase 99\n",
                                        "phase 1 \n", "toe 2 1 1 1\n", "report 1 2\n", "end \n"};

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); ++i) {
        struct emu_session_reader reader = {.len = 0};
        struct emu_session_message got;

        for (const char *at = lines[i]; *at != '\0'; ++at) {
            assert_false(emu_session_read(&reader, &got, *at));
        }
        if (!reader.is_broken) {
            fail_msg("\"%s\" is taken", lines[i]);
        }
        assert_false(emu_session_read(&reader, &got, '\n'));
    }
}

static void test_long_lines_break_it(void **state)
{
    struct emu_session_reader reader = {.len = 0};
    struct emu_session_message got;

    (void)state;
    for (int i = 0; i < 1000; ++i) {
        assert_false(emu_session_read(&reader, &got, 'x'));
    }
    assert_true(reader.is_broken);
}

static void test_phases_fill_the_time(void **state)
{
    static const double seconds[] = {1, 20, 600, 10800};

    (void)state;
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); ++i) {
        const double end =
            (double)emu_course_begin(seconds[i], emu_course_cnt()) / (double)TOE_NS_PER_SEC;

        assert_int_equal(emu_course_begin(seconds[i], 0), 0);
        for (uint32_t k = 0; k < emu_course_cnt(); ++k) {
            assert_true(emu_course_begin(seconds[i], k) <= emu_course_begin(seconds[i], k + 1));
        }
        assert_true(end >= seconds[i] - 1e-6 && (seconds[i] < 20 || end < seconds[i] + 1e-6));
    }
    for (size_t i = 0; emu_course_names[i] != NULL; ++i) {
        assert_non_null(emu_course_find(emu_course_names[i]));
    }
    assert_null(emu_course_find("none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_come_back),
        cmocka_unit_test(test_others_break_it),
        cmocka_unit_test(test_long_lines_break_it),
        cmocka_unit_test(test_phases_fill_the_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
