/* SPDX-License-Identifier: MIT */
/*
 * toe certify: the certification suite, against our own target or somebody else's.
 */
#include "command.h"
#include "error.h"
#include "option.h"
#include "plugin.h"
#include "report.h"
#include "verdict.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct certify {
    struct emu_report report;
    struct cert_run run;
    bool list;
    bool json;
    const char *rule;
    const char *filter;
    const char *target;
    const char *junit;
    const char *html;
    int profile;
    bool profile_given;
    uint64_t jobs;
};

/* One command line, one run: the options write into this. */
static struct certify the;

static const char *const profiles[] = {"compat", "modern", NULL};

static const struct emu_option options[] = {
    {.name = "list",
     .letter = 'l',
     .kind = EMU_OPTION_FLAG,
     .value = &the.list,
     .help = "list the scenarios and the rules, run nothing"},
    {.name = "rule",
     .letter = 'r',
     .kind = EMU_OPTION_TEXT,
     .value = &the.rule,
     .placeholder = "ID",
     .help = "only what shows this rule: SND-032, or a range SND-035..041"},
    {.name = "filter",
     .letter = 'f',
     .kind = EMU_OPTION_TEXT,
     .value = &the.filter,
     .placeholder = "GLOB",
     .help = "only scenarios whose identifier or group matches: \"T-0*\""},
    {.name = "target",
     .letter = 't',
     .kind = EMU_OPTION_TEXT,
     .value = &the.target,
     .placeholder = "FILE.so",
     .help = "certify the target of this shared object (see toe/certify.h)"},
    {.name = "profile",
     .letter = 'p',
     .kind = EMU_OPTION_CHOICE,
     .value = &the.profile,
     .given = &the.profile_given,
     .choices = profiles,
     .help = "only this profile (default: both, compat first)"},
    {.name = "seed",
     .kind = EMU_OPTION_NUMBER,
     .value = &the.run.seed,
     .help = "of all that is random (default 1)"},
    {.name = "jobs",
     .letter = 'j',
     .kind = EMU_OPTION_NUMBER,
     .value = &the.jobs,
     .min = 1,
     .max = 16,
     .help = "scenarios at a time (default: as many as there are processors)"},
    {.name = "json",
     .kind = EMU_OPTION_FLAG,
     .value = &the.json,
     .help = "JSON, one object a line, the last one the summary"},
    {.name = "junit",
     .kind = EMU_OPTION_TEXT,
     .value = &the.junit,
     .placeholder = "FILE",
     .help = "write a JUnit report"},
    {.name = "report",
     .kind = EMU_OPTION_TEXT,
     .value = &the.html,
     .placeholder = "FILE.html",
     .help = "write a page with every failure's sequence chart, and all rules"},
};
static int parse(int argc, char **argv)
{
    const struct emu_command command = {
        .name = "certify",
        .synopsis = "[options]",
        .summary = "Certifies an offload target: every rule of the contract, in virtual time.",
        .details = "Each scenario runs in a process of its own, so a target that crashes or hangs "
                   "fails only there.\nThe last line begins \"certify: pass\" or \"certify: "
                   "fail\".",
        .options = options,
        .option_cnt = sizeof(options) / sizeof(options[0]),
    };

    return emu_option_parse(&command, argc, argv);
}

struct selection {
    uint8_t *rules;
};

static void select_rule(void *user, uint32_t rule)
{
    const struct selection *selection = user;

    selection->rules[rule] = 1;
}

struct overlap {
    const uint8_t *rules;
    bool any;
};

static void look_up(void *user, uint32_t rule)
{
    struct overlap *overlap = user;

    overlap->any |= overlap->rules[rule] != 0;
}

static bool is_selected(const struct certify *certify, const uint8_t *rules,
                        const struct cert_scenario *scenario)
{
    struct overlap overlap = {.rules = rules};

    if (certify->filter != NULL && fnmatch(certify->filter, scenario->id, 0) != 0 &&
        fnmatch(certify->filter, cert_group_name(scenario->group), 0) != 0) {
        return false;
    }
    if (certify->rule == NULL) {
        return true;
    }
    (void)cert_rule_each(scenario->rules, look_up, &overlap);
    return overlap.any;
}

static void add_cases(struct certify *certify, const uint8_t *rules, enum toe_profile profile)
{
    const uint32_t bit = profile == TOE_PROFILE_COMPAT ? CERT_COMPAT : CERT_MODERN;

    for (uint32_t i = 0; cert_suite_table(i) != NULL; ++i) {
        for (const struct cert_scenario *s = cert_suite_table(i); s->id != NULL; ++s) {
            if ((s->profiles == 0 || (s->profiles & bit)) && is_selected(certify, rules, s)) {
                certify->run.cases[certify->run.case_cnt++] =
                    (struct cert_case){.scenario = s, .profile = profile};
            }
        }
    }
}

/* The cases of one or both profiles; returns a status to exit with, or -1. */
static int make_cases(struct certify *certify)
{
    struct selection selection = {.rules = cert_alloc(cert_rule_cnt)};
    uint32_t room = 0;

    if (certify->rule != NULL && !cert_rule_each(certify->rule, select_rule, &selection)) {
        (void)fprintf(stderr, "toe certify: there is no rule \"%s\" (try: toe certify --list)\n",
                      certify->rule);
        free(selection.rules);
        return EMU_EXIT_USAGE;
    }
    for (uint32_t i = 0; cert_suite_table(i) != NULL; ++i) {
        for (const struct cert_scenario *s = cert_suite_table(i); s->id != NULL; ++s) {
            room += 2;
        }
    }
    certify->run.cases = cert_alloc(room * sizeof(struct cert_case));
    if (!certify->profile_given || certify->profile == 0) {
        add_cases(certify, selection.rules, TOE_PROFILE_COMPAT);
    }
    if (!certify->profile_given || certify->profile == 1) {
        add_cases(certify, selection.rules, TOE_PROFILE_MODERN);
    }
    free(selection.rules);
    if (certify->run.case_cnt == 0 && !certify->list) {
        (void)fprintf(stderr, "toe certify: no scenario matches (try: toe certify --list)\n");
        return EMU_EXIT_USAGE;
    }
    return -1;
}

static const char *profile_name(enum toe_profile profile)
{
    return profile == TOE_PROFILE_COMPAT ? "compat" : "modern";
}

static void print_case(void *user, const struct cert_case *one)
{
    struct certify *certify = user;
    json_t *object = json_pack("{ss ss ss ss ss ss sf so so}", "type", "test", "id",
                               one->scenario->id, "profile", profile_name(one->profile), "group",
                               cert_group_name(one->scenario->group), "rules", one->scenario->rules,
                               "result", cert_result_name(one->result), "ms", one->ms, "text",
                               one->text != NULL ? json_string(one->text) : json_null(), "chart",
                               one->chart != NULL ? json_string(one->chart) : json_null());

    emu_report_say(&certify->report, object, "%-5s %-7s %-6s %s", cert_result_name(one->result),
                   one->scenario->id, profile_name(one->profile), one->scenario->title);
    if (certify->json || one->text == NULL) {
        return;
    }
    (void)printf("      %s\n", one->text);
    if (one->chart != NULL) {
        (void)printf("      rules: %s\n%s", one->scenario->rules, one->chart);
    }
}

static void list_all(struct certify *certify, const struct cert_verdict *verdict)
{
    for (uint32_t i = 0; i < certify->run.case_cnt; ++i) {
        const struct cert_case *one = &certify->run.cases[i];

        emu_report_say(
            &certify->report,
            json_pack("{ss ss ss ss ss ss}", "type", "test", "id", one->scenario->id, "profile",
                      profile_name(one->profile), "group", cert_group_name(one->scenario->group),
                      "title", one->scenario->title, "rules", one->scenario->rules),
            "%-7s %-6s %-12s %s (%s)", one->scenario->id, profile_name(one->profile),
            cert_group_name(one->scenario->group), one->scenario->title, one->scenario->rules);
    }
    for (uint32_t i = 0; i < cert_rule_cnt && certify->rule == NULL && certify->filter == NULL;
         ++i) {
        const char *name = verdict->rules[i] >= CERT_RULE_NOT_RUN
                               ? "tested"
                               : cert_rule_result_name(verdict->rules[i]);
        const char level[2] = {cert_rules[i].level, '\0'};
        const char *reason = verdict->reasons[i] != NULL ? verdict->reasons[i] : "";

        emu_report_say(&certify->report,
                       json_pack("{ss ss ss ss ss ss}", "type", "rule", "id", cert_rules[i].id,
                                 "level", level, "file", cert_rules[i].file, "coverage", name,
                                 "reason", reason),
                       "%-14s %c %-13s %-9s %s", cert_rules[i].id, cert_rules[i].level,
                       cert_rules[i].file, name, reason);
    }
}

static void print_summary(struct certify *certify, const struct cert_verdict *verdict)
{
    const uint32_t *cnt = verdict->cnt;
    const uint32_t failed =
        verdict->cases[CERT_FAILED] + verdict->cases[CERT_CRASHED] + verdict->cases[CERT_HUNG];
    const char *word = verdict->passed ? "pass" : "fail";

    for (uint32_t i = 0; i < cert_rule_cnt && !certify->list; ++i) {
        if (verdict->rules[i] == CERT_RULE_FAILED) {
            emu_report_say(
                &certify->report,
                json_pack("{ss ss ss}", "type", "rule", "id", cert_rules[i].id, "result", "fail"),
                "fail  rule %s", cert_rules[i].id);
        }
    }
    emu_report_say(
        &certify->report,
        json_pack("{ss ss ss sI si si si si si si si si si}", "type", "summary", "verdict",
                  certify->list ? "list" : word, "target", certify->run.plugin->name, "seed",
                  (json_int_t)certify->run.seed, "tests", (int)certify->run.case_cnt,
                  "tests_failed", (int)failed, "tests_skipped", (int)verdict->cases[CERT_SKIPPED],
                  "rules_total", (int)verdict->total, "rules_passed", (int)cnt[CERT_RULE_PASSED],
                  "rules_failed", (int)cnt[CERT_RULE_FAILED], "rules_excused",
                  (int)cnt[CERT_RULE_EXCUSED], "rules_untested", (int)cnt[CERT_RULE_UNTESTED],
                  "rules_not_run", (int)cnt[CERT_RULE_NOT_RUN]),
        "certify: %s: %u tests, %u failed, %u skipped; %u rules: %u passed, %u failed, %u excused, "
        "%u untested, %u not run",
        certify->list ? "list" : word, certify->run.case_cnt, failed, verdict->cases[CERT_SKIPPED],
        verdict->total, cnt[CERT_RULE_PASSED], cnt[CERT_RULE_FAILED], cnt[CERT_RULE_EXCUSED],
        cnt[CERT_RULE_UNTESTED], cnt[CERT_RULE_NOT_RUN]);
}

static int write_reports(const struct certify *certify, const struct cert_verdict *verdict)
{
    struct emu_error error;
    const char *failed = NULL;

    if (certify->junit != NULL && !cert_report_junit(certify->junit, &certify->run, verdict)) {
        failed = certify->junit;
    } else if (certify->html != NULL && !cert_report_html(certify->html, &certify->run, verdict)) {
        failed = certify->html;
    }
    if (failed == NULL) {
        return EMU_EXIT_OK;
    }
    emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "cannot write %s: %s", failed, strerror(errno));
    return emu_error_print(&error);
}

/* Says what came of it; the exit status. */
static int tell(struct certify *certify, const struct cert_verdict *verdict)
{
    int status;

    if (certify->list) {
        list_all(certify, verdict);
    }
    print_summary(certify, verdict);
    if (certify->list) {
        return EMU_EXIT_OK;
    }
    status = write_reports(certify, verdict);
    if (status != EMU_EXIT_OK) {
        return status;
    }
    return verdict->passed ? EMU_EXIT_OK : EMU_EXIT_FAULT;
}

/* Runs or lists what was selected. */
static int work(struct certify *certify)
{
    const bool whole = certify->rule == NULL && certify->filter == NULL;
    struct cert_verdict verdict;
    const char *wrong;
    int status = EMU_EXIT_FAULT;

    if (!certify->list && !cert_run_all(&certify->run)) {
        (void)fprintf(stderr, "toe: cannot start a process or map memory\n");
        return EMU_EXIT_ENVIRONMENT;
    }
    wrong = cert_verdict_init(&verdict, certify->run.cases,
                              certify->list ? 0 : certify->run.case_cnt, whole);
    if (wrong != NULL) {
        (void)fprintf(stderr, "toe certify: %s names a rule that does not exist\n", wrong);
    } else {
        status = tell(certify, &verdict);
    }
    cert_verdict_fini(&verdict);
    return status;
}

int emu_certify_main(int argc, char **argv)
{
    struct emu_error error;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int status;

    the = (struct certify){.run = {.seed = 1}, .jobs = cpus < 1 || cpus > 16 ? 4 : (uint64_t)cpus};
    status = parse(argc, argv);
    if (status >= 0) {
        return status;
    }
    emu_report_init(&the.report, the.json);
    the.run.plugin =
        the.target != NULL ? cert_plugin_load(the.target, &error) : cert_plugin_builtin();
    if (the.run.plugin == NULL) {
        return emu_error_print(&error);
    }
    the.run.jobs = (uint32_t)the.jobs;
    the.run.done = print_case;
    the.run.user = &the;
    status = make_cases(&the);
    return status >= 0 ? status : work(&the);
}
