/* SPDX-License-Identifier: MIT */
#include "endurance/directed.h"

#include <stdlib.h>
#include <unistd.h>

#include "certify/plugin.h"
#include "certify/runner.h"

enum { JOBS_MAX = 4 };

/* Which of the seven a scenario is about, or EMU_REQUIREMENT_CNT. */
static uint32_t requirement_of(const struct cert_scenario *scenario)
{
    return scenario->group >= CERT_GROUP_NDIS && scenario->group <= CERT_GROUP_ADDRESS64
               ? (uint32_t)(scenario->group - CERT_GROUP_NDIS)
               : EMU_REQUIREMENT_CNT;
}

/* Counts the cases of the first |profiles| profiles, and fills them in unless |cases| is NULL. */
static uint32_t list_cases(struct cert_case *cases, uint32_t profiles)
{
    static const uint32_t bits[] = {
        [TOE_PROFILE_MODERN] = CERT_MODERN, [TOE_PROFILE_COMPAT] = CERT_COMPAT};
    uint32_t cnt = 0;

    for (uint32_t profile = 0; profile < profiles; ++profile) {
        for (uint32_t i = 0; cert_suite_table(i) != NULL; ++i) {
            for (const struct cert_scenario *s = cert_suite_table(i); s->id != NULL; ++s) {
                if (requirement_of(s) == EMU_REQUIREMENT_CNT ||
                    (s->profiles != 0 && (s->profiles & bits[profile]) == 0)) {
                    continue;
                }
                if (cases != NULL) {
                    cases[cnt] =
                        (struct cert_case){.scenario = s, .profile = (enum toe_profile)profile};
                }
                ++cnt;
            }
        }
    }
    return cnt;
}

static void count(void *user, const struct cert_case *one)
{
    struct emu_directed *directed = user;
    const uint32_t requirement = requirement_of(one->scenario);

    /* What the target need not do at all is skipped. */
    if (one->result != CERT_SKIPPED) {
        ++directed->run[requirement];
        directed->passed[requirement] += one->result == CERT_PASSED ? 1 : 0;
    }
}

bool emu_directed_run(struct emu_directed *directed, uint64_t seed, bool is_brief,
                      struct emu_error *error)
{
    const uint32_t profiles = is_brief ? TOE_PROFILE_MODERN + 1 : TOE_PROFILE_COMPAT + 1;
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    struct cert_run run = {
        .plugin = cert_plugin_builtin(),
        .seed = seed,
        .jobs = cpus < 1 || cpus > JOBS_MAX ? JOBS_MAX : (uint32_t)cpus,
        .case_cnt = list_cases(NULL, profiles),
        .done = count,
        .user = directed,
    };
    bool ok;

    *directed = (struct emu_directed){.is_interrupted = false};
    run.cases = calloc(run.case_cnt, sizeof(*run.cases));
    if (run.cases == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "not enough memory");
        return false;
    }
    (void)list_cases(run.cases, profiles);
    ok = cert_run_all(&run);
    if (!ok) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot start a process or map memory");
    }
    directed->is_interrupted = run.interrupted != 0;
    cert_cases_free(run.cases, run.case_cnt);
    return ok;
}
