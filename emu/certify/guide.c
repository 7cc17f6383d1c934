/* SPDX-License-Identifier: MIT */
#include "guide.h"

#include <stdio.h>
#include <string.h>

#define RULES_SHOWN 6   /* of one scenario */
#define FAILED_SHOWN 40 /* rules, as text; the reports have them all */

static bool is_failure(const struct cert_case *one)
{
    return one->result == CERT_FAILED || one->result == CERT_CRASHED || one->result == CERT_HUNG;
}

/* Which header is the manual of what a group is about. */
static const char *header(enum cert_group group)
{
    switch (group) {
    case CERT_GROUP_NDIS:
    case CERT_GROUP_CONNECTIONS:
        return "toe/block.h, and the state operations in toe/seam.h";
    case CERT_GROUP_TRANSFER:
    case CERT_GROUP_NEIGHBOR:
    case CERT_GROUP_TIMERS:
        return "toe/state.h";
    case CERT_GROUP_ADDRESS64:
    case CERT_GROUP_SEND:
    case CERT_GROUP_RECEIVE:
    case CERT_GROUP_DISCONNECT:
        return "toe/buf.h, and the data operations in toe/seam.h";
    case CERT_GROUP_FORWARD:
        return "toe/frame.h, and forward() and transmit() in toe/seam.h";
    case CERT_GROUP_PLATFORM:
        return "toe/params.h, toe/stats.h, toe/certify.h";
    case CERT_GROUP_BASIC:
    case CERT_GROUP_TCPIP:
    case CERT_GROUP_OUTOFORDER:
    case CERT_GROUP_EVENT:
    case CERT_GROUP_SECURITY:
    case CERT_GROUP_STRESS:
    case CERT_GROUP_CNT:
        break;
    }
    return "toe/seam.h";
}

static void print_rule(void *user, uint32_t rule)
{
    uint32_t *cnt = user;

    if (++*cnt <= RULES_SHOWN) {
        (void)printf("      %-9s %s\n", cert_rules[rule].id, cert_rule_text(cert_rules[rule].id));
    }
}

void cert_guide_case(const struct cert_case *one, bool with_chart)
{
    uint32_t cnt = 0;

    (void)printf("      %s\n", one->text);
    if (!is_failure(one)) {
        return;
    }
    (void)cert_rule_each(one->broken != NULL ? one->broken : one->scenario->rules, print_rule,
                         &cnt);
    if (cnt > RULES_SHOWN) {
        (void)printf("      (and %u more rules: %s)\n", cnt - RULES_SHOWN, one->scenario->rules);
    }
    if (with_chart && one->chart != NULL && one->chart[0] != '\0') {
        (void)printf("%s", one->chart);
    } else if (one->chart != NULL && one->chart[0] != '\0') {
        (void)printf("      (its chart: --filter %s)\n", one->scenario->id);
    }
}

void cert_guide_rules(struct emu_report *report, const struct cert_verdict *verdict)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < cert_rule_cnt; ++i) {
        const char *id = cert_rules[i].id;

        if (verdict->rules[i] != CERT_RULE_FAILED) {
            continue;
        }
        if (++cnt > FAILED_SHOWN && !report->json) {
            continue;
        }
        emu_report_say(report,
                       json_pack("{ss ss ss ss}", "type", "rule", "id", id, "result", "fail",
                                 "text", cert_rule_text(id)),
                       "fail  rule %s: %s", id, cert_rule_text(id));
    }
    if (cnt > FAILED_SHOWN && !report->json) {
        (void)printf("      (and %u more rules; --report and --json have them all)\n",
                     cnt - FAILED_SHOWN);
    }
}

static void say_groups(struct emu_report *report, const struct cert_run *run)
{
    for (uint32_t group = 0; group < CERT_GROUP_CNT; ++group) {
        const char *name = cert_group_name((enum cert_group)group);
        uint32_t passed = 0;
        uint32_t cnt = 0;

        for (uint32_t i = 0; i < run->case_cnt; ++i) {
            if (run->cases[i].scenario->group == (enum cert_group)group) {
                passed += run->cases[i].result == CERT_PASSED;
                ++cnt;
            }
        }
        if (cnt > 0) {
            emu_report_say(report,
                           json_pack("{ss ss si si}", "type", "group", "group", name, "tests",
                                     (int)cnt, "tests_passed", (int)passed),
                           "%-12s %4u of %4u passed   %s", name, passed, cnt,
                           cert_group_text((enum cert_group)group));
        }
    }
}

static void say_not_run(struct emu_report *report, const struct cert_run *run)
{
    const char *first = NULL;
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < run->case_cnt; ++i) {
        if (run->cases[i].result == CERT_RUNNING) {
            first = first != NULL ? first : run->cases[i].scenario->id;
            ++cnt;
        }
    }
    if (cnt == 0) {
        return;
    }
    emu_report_say(report,
                   json_pack("{ss si ss si}", "type", "not_run", "tests", (int)cnt, "from", first,
                             "hangs", (int)run->hang_cnt),
                   "not run: %u scenarios from %s on%s", cnt, first,
                   run->stops ? "" : ": the target hangs too often (--filter runs them)");
}

void cert_guide_end(struct emu_report *report, const struct cert_run *run)
{
    const struct cert_case *first = NULL;

    for (uint32_t i = 0; i < run->case_cnt && first == NULL; ++i) {
        first = is_failure(&run->cases[i]) ? &run->cases[i] : NULL;
    }
    if (first == NULL) {
        return;
    }
    say_groups(report, run);
    say_not_run(report, run);
    emu_report_say(report,
                   json_pack("{ss ss ss ss ss}", "type", "start", "id", first->scenario->id,
                             "title", first->scenario->title, "text", first->text, "see",
                             header(first->scenario->group)),
                   "start with %s: %s\n      %s\n      see %s; it runs alone with --filter %s",
                   first->scenario->id, first->scenario->title, first->text,
                   header(first->scenario->group), first->scenario->id);
}
