/* SPDX-License-Identifier: MIT */
/*
 * The swarm is tried on planted bugs (planted.h): each has to be found within 2,000 seeds, and its
 * schedule made as short as 30 events; without one, the seeds pass.
 *
 *     swarm_planted_test            as a test
 *     swarm_planted_test NAME...    only bugs whose name matches the pattern NAME
 */
#include "swarm/planted.h"
#include "swarm/shrink.h"
#include "swarm/trial.h"

#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SEEDS_MAX 2000
#define EVENTS_MAX 30
#define TRIALS_MAX 4000
#define JOBS 4
#define MORE 20 /* seeds, once one has failed: another may be better to shrink */

/* What the command line asks for. */
static char **asked;
static int asked_cnt;

struct finding {
    uint64_t seed; /* 0: none */
    size_t events_before, events;
    struct emu_stress_result result;
};

static bool is_alike(const struct finding *finding, const struct emu_stress_result *result)
{
    char signatures[2][256];

    emu_trial_signature(signatures[0], sizeof(signatures[0]), &finding->result);
    emu_trial_signature(signatures[1], sizeof(signatures[1]), result);
    return strcmp(signatures[0], signatures[1]) == 0;
}

static void draw(uint64_t seed, struct emu_schedule *schedule, struct emu_stress_settings *settings)
{
    const struct emu_swarm_given given = {0};

    emu_stress_settings_default(settings);
    settings->seed = seed;
    emu_schedule_draw(schedule, settings, &given);
}

/* Runs |JOBS| seeds from |first| on, and takes the failing one with the shortest schedule that is
 * shorter than what was found so far and fails alike. */
static void search_some(struct finding *finding, uint64_t first)
{
    struct emu_trial trials[JOBS];
    size_t events[JOBS];

    for (uint64_t i = 0; i < JOBS; ++i) {
        struct emu_schedule schedule = {0};
        struct emu_stress_settings settings;

        draw(first + i, &schedule, &settings);
        events[i] = schedule.cnt;
        assert_true(emu_trial_start(&trials[i], &settings, &schedule));
        emu_schedule_fini(&schedule);
    }
    for (uint64_t i = 0; i < JOBS; ++i) {
        struct emu_stress_result result;

        emu_trial_finish(&trials[i], &result);
        if (result.verdict == EMU_VERDICT_FAIL &&
            (finding->seed == 0 ||
             (events[i] < finding->events_before && is_alike(finding, &result)))) {
            finding->seed = first + i;
            finding->events_before = events[i];
            finding->result = result;
        }
    }
}

/* Looks for a seed from 1 on that fails, below |seeds|, and at some more for a better one. */
static void search(struct finding *finding, uint64_t seeds)
{
    uint64_t first = 1;

    finding->seed = 0;
    for (; first <= seeds && finding->seed == 0; first += JOBS) {
        search_some(finding, first);
    }
    for (uint64_t i = 0; i < MORE && finding->seed != 0; i += JOBS) {
        search_some(finding, first + i);
    }
}

static void shrink(struct finding *finding)
{
    struct emu_schedule schedule = {0};
    struct emu_stress_settings settings;
    struct emu_shrink shrink = {.jobs = JOBS,
                                .trials = TRIALS_MAX,
                                .settings = &settings,
                                .schedule = &schedule,
                                .result = &finding->result};

    draw(finding->seed, &schedule, &settings);
    emu_trial_signature(shrink.signature, sizeof(shrink.signature), &finding->result);
    emu_shrink(&shrink);
    finding->events = schedule.cnt;
    emu_schedule_fini(&schedule);
}

/* Looks for the bug |which|. Returns whether it was found, soon enough and in few events. */
static bool look(uint32_t which)
{
    struct finding finding;

    planted_set(which);
    search(&finding, SEEDS_MAX);
    if (finding.seed == 0) {
        print_message("%s: not found\n", planted_name(which));
        planted_set(PLANTED_NONE);
        return false;
    }
    shrink(&finding);
    planted_set(PLANTED_NONE);
    print_message("%s: seed %llu, %zu of %zu events: %s\n", planted_name(which),
                  (unsigned long long)finding.seed, finding.events, finding.events_before,
                  finding.result.fault);
    return finding.events <= EVENTS_MAX;
}

static bool is_asked(const char *name)
{
    for (int i = 0; i < asked_cnt; ++i) {
        if (fnmatch(asked[i], name, 0) == 0) {
            return true;
        }
    }
    return asked_cnt == 0;
}

static void test_planted(void **state)
{
    uint32_t missed = 0;

    (void)state;
    for (uint32_t i = 1; planted_name(i) != NULL; ++i) {
        /* Some runs in a row are very slow under a sanitizer. */
        missed += i % (T_SHARE * T_SHARE) == 0 && is_asked(planted_name(i)) && !look(i);
    }
    assert_int_equal(missed, 0);
}

static void test_none(void **state)
{
    struct finding finding;

    (void)state;
    planted_set(PLANTED_NONE);
    search(&finding, 100 / T_SHARE);
    if (finding.seed != 0) {
        fail_msg("seed %llu: %s", (unsigned long long)finding.seed, finding.result.fault);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_planted),
    };

    asked = argv + 1;
    asked_cnt = argc - 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
