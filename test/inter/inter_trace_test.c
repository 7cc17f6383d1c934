/* SPDX-License-Identifier: MIT */
/*
 * The tracer: one record for each call and upcall, and their two forms as text.
 */
#include "inter/life.h"

#define LINES_MAX 400

struct story {
    char lines[LINES_MAX][400];
    uint32_t cnt;
    uint32_t ops[TOE_INTER_OP_CNT];
    uint64_t last;
};

/* Counts brackets outside of strings: what is left open, or closed too often, is no JSON. */
static void check_json(const char *json)
{
    int depth = 0;
    bool in_string = false;

    for (const char *p = json; *p != '\0'; ++p) {
        if (in_string) {
            in_string = *p != '"';
            p += *p == '\\';
        } else if (*p == '"') {
            in_string = true;
        } else if (*p == '{' || *p == '[') {
            ++depth;
        } else if (*p == '}' || *p == ']') {
            --depth;
            assert_true(depth > 0 || p[1] == '\0');
        }
    }
    assert_int_equal(depth, 0);
    assert_false(in_string);
}

static void tell(void *user, const struct toe_inter_record *record)
{
    static char json[10000];
    struct story *story = user;

    assert_int_equal(record->number, story->last + 1);
    story->last = record->number;
    ++story->ops[record->op];
    assert_true(toe_inter_record_json(record, json, sizeof(json)) < sizeof(json));
    check_json(json);
    if (story->cnt < LINES_MAX) {
        (void)toe_inter_record_line(record, story->lines[story->cnt++], 400);
    }
}

static bool has_line(const struct story *story, const char *part)
{
    for (uint32_t i = 0; i < story->cnt; ++i) {
        if (strstr(story->lines[i], part) != NULL) {
            return true;
        }
    }
    return false;
}

/* All operations of a whole life are told, and nothing is changed by it. */
static void test_life(void **state)
{
    static struct story story;
    static struct l_life life;
    struct t_target *t = t_target_new();
    struct toe_inter_trace_settings set;
    struct toe_inter_monitor_stats stats = {.size = sizeof(stats)};
    struct toe_inter_trace *trace;
    struct toe_inter_below below;

    (void)state;
    t_target_start(t);
    toe_inter_trace_settings_default(&set);
    set.below = (struct toe_inter_below){toe_target_ops(), t->target};
    set.tell = tell;
    set.user = &story;
    trace = toe_inter_trace_new(&set);
    assert_non_null(trace);
    below = (struct toe_inter_below){toe_inter_trace_ops(trace), trace};
    l_life_init(&life, t, &below, NULL, NULL);
    l_life(&life);
    toe_inter_monitor_stats_get(life.monitor, &stats);
    assert_int_equal(stats.breaches[0] + stats.breaches[1], 0);
    l_life_fini(&life);
    t->ops = toe_target_ops();
    t_target_del(t);
    toe_inter_trace_del(trace);

    for (int op = 0; op < TOE_INTER_OP_CNT; ++op) {
        const bool is_told = op != TOE_INTER_CAPS_GET && op != TOE_INTER_TRANSMIT &&
                             op != TOE_INTER_STATUS && op != TOE_INTER_FRAMES;

        assert_true(!is_told || story.ops[op] > 0);
    }
    assert_int_equal(story.ops[TOE_INTER_INITIATE], story.ops[TOE_INTER_INITIATE_COMPLETE]);
    assert_int_equal(story.ops[TOE_INTER_TERMINATE], story.ops[TOE_INTER_TERMINATE_COMPLETE]);
    assert_true(has_line(&story, "|----- send ---------------->|"));
    assert_true(has_line(&story, "neighbor(new) > path(new) > tcp(new) [ESTABLISHED rcv 1000 snd "
                                 "5000/5100/5100] +100 bytes"));
    assert_true(has_line(&story, "100 bytes: SUCCESS 100 taken"));
    assert_true(has_line(&story, "50 bytes: OFFLOAD_DATA_NOT_ACCEPTED 0 taken"));
    assert_true(has_line(&story, "1 buf 10 bytes graceful"));
    assert_true(has_line(&story, "RETRIEVE INVALID_STATE"));
    assert_true(has_line(&story, " done 100: SUCCESS"));
}

/* A line that does not fit is cut, and its length told; with no room nothing is written. */
static void test_cut(void **state)
{
    const struct toe_inter_record record = {
        .now = 1500000000, .lane = "x\"y", .op = TOE_INTER_TCP_EVENT, .code = TOE_EVENT_ABORT};
    char whole[400];
    char part[10];
    const size_t len = toe_inter_record_line(&record, whole, sizeof(whole));

    (void)state;
    assert_string_equal(whole,
                        "1.500000000 x\"y |<---- tcp_event ------------| object 0x0 ABORT 0");
    assert_int_equal(len, strlen(whole));
    assert_int_equal(toe_inter_record_line(&record, part, sizeof(part)), len);
    assert_string_equal(part, "1.5000000");
    assert_int_equal(toe_inter_record_line(&record, NULL, 0), len);
    (void)toe_inter_record_json(&record, whole, sizeof(whole));
    assert_non_null(strstr(whole, "\"lane\":\"x\\\"y\""));
    check_json(whole);
}

static void test_settings(void **state)
{
    struct toe_target_ops small = *toe_target_ops();
    struct toe_inter_trace_settings set;

    (void)state;
    toe_inter_trace_settings_default(&set);
    set.tell = tell;
    assert_null(toe_inter_trace_new(&set)); /* nothing below */
    small.size = 8;
    set.below.ops = &small;
    assert_null(toe_inter_trace_new(&set));
    set.below.ops = toe_target_ops();
    set.tell = NULL;
    assert_null(toe_inter_trace_new(&set));
    assert_string_equal(toe_inter_op_name(TOE_INTER_SEND_COMPLETE), "send_complete");
    assert_string_equal(toe_inter_op_name(TOE_INTER_OP_CNT), "unknown");
    assert_true(toe_inter_op_is_upcall(TOE_INTER_FRAMES));
    assert_false(toe_inter_op_is_upcall(TOE_INTER_TRANSMIT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
