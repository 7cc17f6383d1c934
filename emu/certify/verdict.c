/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include <stdlib.h>
#include <string.h>

/* What is told to cert_rule_each(). */
struct mark {
    struct cert_verdict *verdict;
    enum cert_rule_result result;
    const char *reason;
};

static void raise_to(void *user, uint32_t rule)
{
    const struct mark *mark = user;

    if (mark->result > mark->verdict->rules[rule]) {
        mark->verdict->rules[rule] = mark->result;
    }
    if (mark->reason != NULL) {
        mark->verdict->reasons[rule] = mark->reason;
    }
}

static enum cert_rule_result rule_result(const struct cert_case *one)
{
    switch (one->result) {
    case CERT_PASSED:
        return CERT_RULE_PASSED;
    case CERT_SKIPPED:
    case CERT_RUNNING:
        return CERT_RULE_NOT_RUN;
    case CERT_FAILED:
    case CERT_CRASHED:
    case CERT_HUNG:
        break;
    }
    return CERT_RULE_FAILED;
}

static const char *mark_suite(struct cert_verdict *verdict)
{
    struct mark mark = {.verdict = verdict};

    for (const struct cert_excuse *excuse = cert_excuses; excuse->rules != NULL; ++excuse) {
        mark.result = CERT_RULE_EXCUSED;
        mark.reason = excuse->reason;
        if (!cert_rule_each(excuse->rules, raise_to, &mark)) {
            return excuse->rules;
        }
    }
    mark.reason = NULL;
    mark.result = CERT_RULE_NOT_RUN;
    if (!cert_rule_each(cert_guard_rules, raise_to, &mark)) {
        return "the list of invariants";
    }
    for (uint32_t i = 0; cert_suite_table(i) != NULL; ++i) {
        for (const struct cert_scenario *s = cert_suite_table(i); s->id != NULL; ++s) {
            if (!cert_scenario_each(s, raise_to, &mark)) {
                return s->id;
            }
        }
    }
    return NULL;
}

const char *cert_verdict_init(struct cert_verdict *verdict, const struct cert_case *cases,
                              uint32_t cnt, bool whole)
{
    const char *wrong;

    memset(verdict, 0, sizeof(*verdict));
    verdict->rules = cert_alloc(cert_rule_cnt * sizeof(*verdict->rules));
    verdict->reasons = cert_alloc(cert_rule_cnt * sizeof(*verdict->reasons));
    wrong = mark_suite(verdict);
    verdict->passed = cnt > 0;
    for (uint32_t i = 0; i < cnt; ++i) {
        struct mark mark = {.verdict = verdict, .result = rule_result(&cases[i])};

        (void)cert_scenario_each(cases[i].scenario, raise_to, &mark);
        if (mark.result == CERT_RULE_PASSED) {
            (void)cert_rule_each(cert_guard_rules, raise_to, &mark);
        }
        if (cases[i].broken != NULL) {
            (void)cert_rule_each(cases[i].broken, raise_to, &mark);
        }
        ++verdict->cases[cases[i].result];
        verdict->passed &= mark.result != CERT_RULE_FAILED;
    }
    for (uint32_t i = 0; i < cert_rule_cnt; ++i) {
        ++verdict->cnt[verdict->rules[i]];
    }
    verdict->total =
        whole ? cert_rule_cnt : verdict->cnt[CERT_RULE_PASSED] + verdict->cnt[CERT_RULE_FAILED];
    if (!whole) {
        verdict->cnt[CERT_RULE_UNTESTED] = 0;
        verdict->cnt[CERT_RULE_EXCUSED] = 0;
        verdict->cnt[CERT_RULE_NOT_RUN] = 0;
    }
    return wrong;
}

void cert_verdict_fini(struct cert_verdict *verdict)
{
    free(verdict->rules);
    free(verdict->reasons);
}

const char *cert_rule_result_name(enum cert_rule_result result)
{
    static const char *const names[CERT_RULE_RESULT_CNT] = {"untested", "excused", "not run",
                                                            "pass", "fail"};

    return names[result];
}
