/* SPDX-License-Identifier: MIT */
/*
 * The verdict: what the results of all scenarios say about each rule.
 */
#ifndef CERTIFY_VERDICT_H
#define CERTIFY_VERDICT_H

#include "runner.h"
#include "rules.h"

enum cert_rule_result {
    CERT_RULE_UNTESTED, /* no scenario and no excuse */
    CERT_RULE_EXCUSED,
    CERT_RULE_NOT_RUN, /* its scenarios were not selected, or skipped */
    CERT_RULE_PASSED,
    CERT_RULE_FAILED,
    CERT_RULE_RESULT_CNT
};

struct cert_verdict {
    enum cert_rule_result *rules; /* cert_rule_cnt of them */
    const char **reasons;         /* of those that are excused, or NULL */
    uint32_t cnt[CERT_RULE_RESULT_CNT];
    uint32_t total;    /* rules that are counted: all, or those of the selected scenarios */
    uint32_t cases[8]; /* by enum cert_result */
    bool passed;
};

/*
 * cert_verdict_init() finds the verdict on |cases|; if not |whole| only their rules count. Returns
 * the first scenario whose rules are none, or NULL.
 */
const char *cert_verdict_init(struct cert_verdict *verdict, const struct cert_case *cases,
                              uint32_t cnt, bool whole);

/* cert_verdict_fini() frees what |verdict| holds. */
void cert_verdict_fini(struct cert_verdict *verdict);

const char *cert_rule_result_name(enum cert_rule_result result);

/* cert_report_junit() and _html() write the report to |path|; false, errno set, if they cannot. */
bool cert_report_junit(const char *path, const struct cert_run *run,
                       const struct cert_verdict *verdict);
bool cert_report_html(const char *path, const struct cert_run *run,
                      const struct cert_verdict *verdict);

#endif
