/* SPDX-License-Identifier: MIT */
/*
 * toe certify: the certification suite, against our own target or somebody else's.
 */
#include "command.h"
#include "error.h"
#include "guide.h"
#include "option.h"
#include "plugin.h"
#include "report.h"
#include "rule_table.h"
#include "verdict.h"

#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHARTS_SHOWN 10              /* as text; the reports have them all */
#define PROGRESS_FROM TOE_NS_PER_SEC /* a short run needs none */
#define PROGRESS_EVERY (200 * TOE_NS_PER_MS)

struct certify {
    struct emu_report report;
    struct cert_run run;
    bool list;
    bool rules;
    bool json;
    const char *rule;
    const char *filter;
    const char *target;
    const char *junit;
    const char *html;
    int profile;
    bool profile_given;
    uint64_t jobs;
    uint64_t patience;
    uint32_t failed_cnt;   /* so far */
    bool terminal;         /* stderr is one */
    bool drawn;            /* progress stands on it */
    toe_instant draw_next; /* when it is drawn again; 0: it has not begun */
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
    {.name = "rules",
     .kind = EMU_OPTION_FLAG,
     .value = &the.rules,
     .help = "list the rules, each with the scenarios that show it, or the reason why none does"},
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
    {.name = "patience",
     .kind = EMU_OPTION_NUMBER,
     .value = &the.patience,
     .placeholder = "SECONDS",
     .min = 1,
     .max = 86400,
     .help = "of computing, after which a scenario hangs (default 10; less after each that did)"},
    {.name = "stop",
     .letter = 'x',
     .kind = EMU_OPTION_FLAG,
     .value = &the.run.stops,
     .help = "stop at the first failure: for a target that is being written"},
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
        .details =
            "Each scenario runs in a process of its own, so a target that crashes or hangs "
            "fails only there.\nA target of yours is a shared object; "
            "examples/certify_plugin.c is a template. While it is\nbeing written: --stop, or "
            "--filter basics.\nThe last line begins \"certify: pass\" or \"certify: "
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
    (void)cert_scenario_each(scenario, look_up, &overlap);
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

static void erase_progress(struct certify *certify)
{
    if (certify->drawn) {
        (void)fputs("\r\033[K", stderr);
        certify->drawn = false;
    }
}

/* On a terminal, when it takes long: how far it is, and what takes so long. */
static void draw_progress(void *user, uint32_t done_cnt, const struct cert_case *oldest)
{
    struct certify *certify = user;
    struct timespec time = {.tv_sec = 0};
    toe_instant now;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    now = (toe_instant)time.tv_sec * TOE_NS_PER_SEC + (toe_instant)time.tv_nsec;
    if (certify->draw_next == 0) {
        certify->draw_next = now + PROGRESS_FROM;
    }
    if (!certify->terminal || now < certify->draw_next || oldest == NULL) {
        return;
    }
    certify->draw_next = now + PROGRESS_EVERY;
    certify->drawn = true;
    (void)fprintf(stderr, "\r\033[K%u of %u, %u failed; %s %s", done_cnt, certify->run.case_cnt,
                  certify->failed_cnt, oldest->scenario->id, profile_name(oldest->profile));
}

static void print_case(void *user, const struct cert_case *one)
{
    struct certify *certify = user;
    json_t *object =
        json_pack("{ss ss ss ss ss ss ss sf ss? ss? ss?}", "type", "test", "id", one->scenario->id,
                  "title", one->scenario->title, "profile", profile_name(one->profile), "group",
                  cert_group_name(one->scenario->group), "rules", one->scenario->rules, "result",
                  cert_result_name(one->result), "ms", one->ms, "text", one->text, "broken",
                  one->broken, "chart", one->chart);

    erase_progress(certify);
    emu_report_say(&certify->report, object, "%-5s %-7s %-6s %s", cert_result_name(one->result),
                   one->scenario->id, profile_name(one->profile), one->scenario->title);
    certify->failed_cnt += one->result != CERT_PASSED && one->result != CERT_SKIPPED;
    if (!certify->json && one->text != NULL) {
        cert_guide_case(one, certify->failed_cnt <= CHARTS_SHOWN);
        (void)fflush(stdout);
    }
}

static void list_scenarios(struct certify *certify)
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
}

static void complain(const char *what, const char *id)
{
    (void)fprintf(stderr, "toe certify: %s: %s\n", what, id);
}

/* All rules; a status to exit with, which says whether the suite is whole. */
static int list_rules(struct certify *certify)
{
    struct cert_rule_table table;
    const char *wrong = cert_rule_table_init(&table);
    uint32_t faults = cert_rule_table_check(&table, complain);

    for (uint32_t i = 0; i < cert_rule_cnt; ++i) {
        const struct cert_rule_row *row = &table.rows[i];
        const char *reason = row->reason != NULL ? row->reason : "";
        const char *coverage = row->tests[0] != '\0' ? "tested" : "excused";
        const char level[2] = {cert_rules[i].level, '\0'};

        if (row->tests[0] == '\0' && row->reason == NULL) {
            coverage = "untested";
        }
        emu_report_say(&certify->report,
                       json_pack("{ss ss ss ss ss ss ss}", "type", "rule", "id", cert_rules[i].id,
                                 "level", level, "file", cert_rules[i].file, "coverage", coverage,
                                 "tests", row->tests, "reason", reason),
                       "%-14s %c %-13s %-9s %s", cert_rules[i].id, cert_rules[i].level,
                       cert_rules[i].file, coverage, row->tests[0] != '\0' ? row->tests : reason);
    }
    if (wrong != NULL) {
        complain("names a rule that does not exist", wrong);
        ++faults;
    }
    cert_rule_table_fini(&table);
    return faults == 0 ? EMU_EXIT_OK : EMU_EXIT_FAULT;
}

static void print_summary(struct certify *certify, const struct cert_verdict *verdict)
{
    const uint32_t *cnt = verdict->cnt;
    const uint32_t failed =
        verdict->cases[CERT_FAILED] + verdict->cases[CERT_CRASHED] + verdict->cases[CERT_HUNG];
    const char *word = verdict->passed ? "pass" : "fail";

    if (!certify->list) {
        cert_guide_rules(&certify->report, verdict);
        cert_guide_end(&certify->report, &certify->run);
    }
    emu_report_say(
        &certify->report,
        json_pack("{ss ss ss sI si si si si si si si si si si}", "type", "summary", "verdict",
                  certify->list ? "list" : word, "target", certify->run.plugin->name, "seed",
                  (json_int_t)certify->run.seed, "tests", (int)certify->run.case_cnt,
                  "tests_failed", (int)failed, "tests_skipped", (int)verdict->cases[CERT_SKIPPED],
                  "tests_not_run", (int)verdict->cases[CERT_RUNNING], "rules_total",
                  (int)verdict->total, "rules_passed", (int)cnt[CERT_RULE_PASSED], "rules_failed",
                  (int)cnt[CERT_RULE_FAILED], "rules_excused", (int)cnt[CERT_RULE_EXCUSED],
                  "rules_untested", (int)cnt[CERT_RULE_UNTESTED], "rules_not_run",
                  (int)cnt[CERT_RULE_NOT_RUN]),
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

/* A path that is no good is known before the run, not after it. */
static int check_report(const char *path)
{
    struct emu_error error;
    FILE *file = path != NULL ? fopen(path, "a") : NULL;

    if (path == NULL || file != NULL) {
        if (file != NULL) {
            (void)fclose(file);
        }
        return EMU_EXIT_OK;
    }
    emu_error_set(&error, EMU_EXIT_USAGE, "cannot write %s: %s", path, strerror(errno));
    return emu_error_print(&error);
}

/* All scenarios; a status to exit with, or -1. After a signal there is no way back. */
static int run_all(struct certify *certify)
{
    int status = check_report(certify->junit);

    if (status == EMU_EXIT_OK) {
        status = check_report(certify->html);
    }
    if (status != EMU_EXIT_OK) {
        return status;
    }
    certify->terminal = isatty(STDERR_FILENO) == 1;
    if (!cert_run_all(&certify->run)) {
        (void)fprintf(stderr, "toe: cannot start a process or map memory\n");
        return EMU_EXIT_ENVIRONMENT;
    }
    erase_progress(certify);
    if (certify->run.interrupted != 0) {
        (void)fprintf(stderr, "toe certify: interrupted\n");
        (void)signal(certify->run.interrupted, SIG_DFL);
        (void)raise(certify->run.interrupted);
    }
    return -1;
}

/* Says what came of it; the exit status. */
static int tell(struct certify *certify, const struct cert_verdict *verdict)
{
    int status;

    if (certify->list) {
        list_scenarios(certify);
        status =
            certify->rule == NULL && certify->filter == NULL ? list_rules(certify) : EMU_EXIT_OK;
        print_summary(certify, verdict);
        return status;
    }
    print_summary(certify, verdict);
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
    int status = certify->list ? -1 : run_all(certify);

    if (status >= 0) {
        return status;
    }
    status = EMU_EXIT_FAULT;
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
    if (the.rules) {
        return list_rules(&the);
    }
    the.run.plugin =
        the.target != NULL ? cert_plugin_load(the.target, &error) : cert_plugin_builtin();
    if (the.run.plugin == NULL) {
        return emu_error_print(&error);
    }
    the.run.jobs = (uint32_t)the.jobs;
    the.run.patience = (uint32_t)the.patience;
    the.run.done = print_case;
    the.run.progress = draw_progress;
    the.run.user = &the;
    status = make_cases(&the);
    if (status < 0) {
        status = work(&the);
    }
    cert_cases_free(the.run.cases, the.run.case_cnt);
    return status;
}
