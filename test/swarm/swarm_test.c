/* SPDX-License-Identifier: MIT */
/* Schedules: drawn, written, read, run, and shortened. */
#include "swarm/schedule.h"
#include "swarm/ladder.h"
#include "swarm/ration.h"
#include "swarm/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void draw(uint64_t seed, struct emu_schedule *schedule, struct emu_stress_settings *settings)
{
    const struct emu_swarm_given given = {.connections = true, .seconds = true};

    emu_stress_settings_default(settings);
    settings->seed = seed;
    settings->connections = 8;
    settings->seconds = 3;
    emu_schedule_draw(schedule, settings, &given);
}

static void run(struct emu_stress_result *result, const struct emu_schedule *schedule,
                const struct emu_stress_settings *settings)
{
    struct emu_trial trial;

    assert_true(emu_trial_start(&trial, settings, schedule));
    emu_trial_finish(&trial, result);
}

/* What is given is kept, and changes nothing of what else is drawn; events are in order. */
static void test_drawn(void **state)
{
    struct emu_schedule schedule = {0};
    struct emu_stress_settings set;
    struct emu_stress_settings all;
    const struct emu_swarm_given none = {0};
    struct emu_schedule other = {0};
    uint32_t kinds = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 50; ++seed) {
        draw(seed, &schedule, &set);
        assert_int_equal(set.connections, 8);
        emu_stress_settings_default(&all);
        all.seed = seed;
        emu_schedule_draw(&other, &all, &none);
        assert_int_equal(set.mtu, all.mtu);
        assert_int_equal(set.rcv_buf, all.rcv_buf);
        assert_true(schedule.cnt > 8);
        for (size_t i = 0; i < schedule.cnt; ++i) {
            assert_true(i == 0 || schedule.events[i].at >= schedule.events[i - 1].at);
            assert_true(schedule.events[i].at < 3 * TOE_NS_PER_SEC);
            assert_in_range(schedule.events[i].what, 0, EMU_SWARM_CNT - 1);
        }
        for (unsigned i = 0; i < EMU_SWARM_CNT; ++i) {
            kinds += emu_schedule_has(&schedule, i, 1);
        }
    }
    /* Not all, not none. */
    assert_in_range(kinds, 50 * EMU_SWARM_CNT / 8, 50 * EMU_SWARM_CNT * 7 / 8);
    emu_schedule_fini(&schedule);
    emu_schedule_fini(&other);
}

/* What was written is read as it was, and runs as it ran. */
static void test_file(void **state)
{
    struct emu_error error;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        struct emu_schedule schedule = {0};
        struct emu_schedule copy = {0};
        struct emu_stress_settings set;
        struct emu_stress_settings set_copy;
        struct emu_stress_result results[2];
        json_t *root;

        draw(seed, &schedule, &set);
        root = emu_schedule_json(&schedule, &set);
        emu_stress_settings_default(&set_copy);
        assert_true(emu_schedule_parse(&copy, &set_copy, root, &error));
        assert_int_equal(copy.cnt, schedule.cnt);
        for (size_t i = 0; i < copy.cnt; ++i) {
            assert_true(copy.events[i].at == schedule.events[i].at);
            assert_true(copy.events[i].detail == schedule.events[i].detail);
            assert_int_equal(copy.events[i].what, schedule.events[i].what);
            assert_int_equal(copy.events[i].machine, schedule.events[i].machine);
        }
        run(&results[0], &schedule, &set);
        run(&results[1], &copy, &set_copy);
        assert_int_equal(results[0].verdict, EMU_VERDICT_PASS);
        assert_true(results[0].digest == results[1].digest);
        json_decref(root);
        emu_schedule_fini(&schedule);
        emu_schedule_fini(&copy);
    }
}

/* Whatever is no schedule is refused, and said to be. */
static void test_bad_files(void **state)
{
    struct emu_schedule schedule = {0};
    struct emu_stress_settings set;
    json_t *root;

    (void)state;
    draw(1, &schedule, &set);
    root = emu_schedule_json(&schedule, &set);
    for (int i = 0; i < 9; ++i) {
        struct emu_schedule copy = {0};
        struct emu_error error = {0};
        json_t *bad = json_deep_copy(root);
        json_t *event = json_array_get(json_object_get(bad, "events"), 1);
        json_t *settings = json_object_get(bad, "settings");

        switch (i) {
        case 0:
            json_object_set_new(bad, "type", json_string("state"));
            break;
        case 1:
            json_object_set_new(bad, "version", json_integer(2));
            break;
        case 2:
            json_object_del(settings, "mtu");
            break;
        case 3:
            json_object_set_new(settings, "mtu", json_integer(20));
            break;
        case 4:
            json_object_set_new(event, "at", json_integer(-1));
            break;
        case 5:
            json_object_set_new(event, "at", json_integer(0)); /* before the first */
            break;
        case 6:
            json_object_set_new(event, "what", json_string("nonsense"));
            break;
        case 7:
            json_object_set_new(event, "detail", json_string("12"));
            break;
        case 8:
            json_object_set_new(event, "machine", json_string("C"));
            break;
        }
        assert_false(emu_schedule_parse(&copy, &set, bad, &error));
        assert_string_not_equal(error.text, "");
        json_decref(bad);
        emu_schedule_fini(&copy);
    }
    json_decref(root);
    emu_schedule_fini(&schedule);
}

/* Allocations fail when they are to, and all that was taken is counted. */
static void test_rations(void **state)
{
    struct emu_ration ration = {0};
    const struct toe_mem mem = emu_ration_mem(&ration);
    void *first;
    void *last;

    (void)state;
    emu_ration_starve(&ration, 1, 2);
    first = mem.alloc(mem.user, 100);
    assert_non_null(first);
    assert_null(mem.alloc(mem.user, 10));
    assert_null(mem.alloc(mem.user, 10));
    last = mem.alloc(mem.user, 10);
    assert_non_null(last);
    assert_int_equal(ration.denied_cnt, 2);
    assert_int_equal(ration.peak, 110);
    mem.free(mem.user, first, 100);
    mem.free(mem.user, last, 10);
    mem.free(mem.user, NULL, 10);
    assert_int_equal(ration.in_use, 0);
}

/* What |ladder| prints; to be freed. */
static char *print(const struct emu_ladder *ladder)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    emu_ladder_print(out, ladder);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* A connection that cannot be opened: what answers its SYN is lost, again and again. */
static void test_chart(void **state)
{
    enum { LOST = 96, AT_ONCE = 32 };
    struct emu_schedule schedule = {0};
    struct emu_swarm_event event = {.what = EMU_SWARM_OPEN};
    struct emu_stress_settings set;
    struct emu_stress_result result;
    char *text;

    (void)state;
    emu_stress_settings_default(&set);
    set.policy = TOE_POLICY_MANUAL;
    set.seconds = 1;
    set.delay = 0.01;
    set.ladder = emu_ladder_new();
    assert_non_null(set.ladder);
    emu_schedule_add(&schedule, &event);
    for (unsigned i = 0; i < LOST; ++i) {
        event = (struct emu_swarm_event){
            .at = 15 * TOE_NS_PER_MS + i / AT_ONCE * 50 * TOE_NS_PER_SEC,
            .what = EMU_SWARM_LOSE,
            .machine = 1,
        };
        emu_schedule_add(&schedule, &event);
    }
    run(&result, &schedule, &set);
    assert_int_equal(result.verdict, EMU_VERDICT_FAIL);
    text = print(set.ladder);
    assert_non_null(strstr(text, "A's host"));
    assert_non_null(strstr(text, "injected at A: open"));
    assert_non_null(strstr(text, "injected at B: lose"));
    assert_non_null(strstr(text, "|-- #1 S "));
    assert_non_null(strstr(text, "|x- #1 SA "));
    assert_non_null(strstr(text, "FAULT #1: "));
    assert_non_null(strstr(text, result.fault));
    free(text);
    emu_ladder_del(set.ladder);
    emu_schedule_fini(&schedule);
}

/* One that was offloaded when the run was stopped: the calls have its number. */
static void test_chart_moves(void **state)
{
    volatile sig_atomic_t stop = 1;
    struct emu_stress_settings set;
    struct emu_stress_result result;
    char *text;

    (void)state;
    emu_stress_settings_default(&set);
    set.policy = TOE_POLICY_ALL;
    set.connections = 1;
    set.stop = &stop;
    set.ladder = emu_ladder_new();
    assert_non_null(set.ladder);
    (void)emu_stress_sim_run(&result, &set);
    assert_int_equal(result.verdict, EMU_VERDICT_INTERRUPTED);
    text = print(set.ladder);
    assert_non_null(strstr(text, "initiate"));
    assert_non_null(strstr(text, "| #"));
    assert_null(strstr(text, "FAULT"));
    free(text);
    emu_ladder_del(set.ladder);
}

/* Alike is what differs in numbers only. */
static void test_signatures(void **state)
{
    static const char *const alike[][2] = {
        {"1.500000 s: machine A: breach of SND-043 by the host: it was so, handle 1f",
         "7.250000 s: machine A: breach of SND-043 by the host: it was so, handle 3"},
        {"3.1 s: stalled: flow 0123456789abcdef at its opener, ports 1 to 2, IPv6, CLOSING, host",
         "4.2 s: stalled: flow 123456789abcdef0 at its acceptor, ports 7 to 9, IPv4, ESTABLISHED"},
        {"12 bytes were wrong", "7 bytes were wrong"},
    };

    (void)state;
    for (size_t i = 0; i < 3; ++i) {
        for (size_t j = 0; j < 3; ++j) {
            char names[2][256];

            for (size_t k = 0; k < 2; ++k) {
                struct emu_stress_result result = {.verdict = EMU_VERDICT_FAIL};

                strcpy(result.fault, alike[k == 0 ? i : j][k]);
                emu_trial_signature(names[k], sizeof(names[k]), &result);
            }
            assert_int_equal(strcmp(names[0], names[1]) == 0, i == j);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drawn),      cmocka_unit_test(test_file),
        cmocka_unit_test(test_bad_files),  cmocka_unit_test(test_rations),
        cmocka_unit_test(test_chart),      cmocka_unit_test(test_chart_moves),
        cmocka_unit_test(test_signatures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
