/* SPDX-License-Identifier: MIT */
/*
 * The certification suite is tried on wrong targets (certify/mutant.h): it must find each of them,
 * and pass our own.
 *
 * For each mutant the scenarios run that claim the rule it breaks, and those that its row names; if
 * none of them fails, the whole suite. It must fail somewhere. *Named* is a mutant if what failed
 * speaks of the broken rule: the scenario claims it, or the invariant that was broken is it.
 *
 *     mutants_test                 as a test
 *     mutants_test NAME...         only mutants whose name matches the pattern NAME
 *     mutants_test --full [NAME...]
 *                                  the whole suite for each, and a table of what failed
 *     mutants_test --claimed [NAME...]
 *                                  nothing but the scenarios that claim the rule
 */
#include "certify/mutant.h"
#include "certify/rules.h"
#include "certify/runner.h"

#include <fnmatch.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SEED 1
#define CASES_MAX 4096
#define PATIENCE 3 /* seconds: a mutant may well hang */

static const struct mutant *const tables[] = {
    mutants_tree, mutants_data, mutants_event, mutants_wire, mutants_engine, mutants_target,
};

/* What the command line asks for. */
static struct {
    bool full;
    bool claimed;
    char **names;
    int name_cnt;
} asked;

/* What came of one mutant. */
struct finding {
    uint32_t failed;       /* scenarios */
    uint32_t run;          /* scenarios */
    bool is_named;         /* by one of those that failed */
    const char *first;     /* the first one that failed, of those that name the rule if any does */
    const char *first_why; /* for people; cut */
    char why[160];
};

static bool is_asked(const struct mutant *mutant)
{
    for (int i = 0; i < asked.name_cnt; ++i) {
        if (fnmatch(asked.names[i], mutant->name, 0) == 0 ||
            fnmatch(asked.names[i], mutant->rule, 0) == 0) {
            return true;
        }
    }
    return asked.name_cnt == 0;
}

/* --- which scenarios --- */

struct search {
    int rule;
    bool found;
};

static void look_for(void *user, uint32_t rule)
{
    struct search *search = user;

    search->found |= (int)rule == search->rule;
}

static bool has_rule(const char *list, const char *rule)
{
    struct search search = {.rule = cert_rule_find(rule, strlen(rule))};

    assert_true(search.rule >= 0);
    if (list != NULL) {
        (void)cert_rule_each(list, look_for, &search);
    }
    return search.found;
}

/* Whether |list| has the word |word|. */
static bool has_word(const char *list, const char *word)
{
    const size_t len = strlen(word);

    for (const char *at = list; at != NULL && (at = strstr(at, word)) != NULL; at += len) {
        if ((at == list || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' ')) {
            return true;
        }
    }
    return false;
}

enum choice {
    CHOICE_CLAIMED, /* what claims the rule, and what the row names */
    CHOICE_OTHER,   /* all the rest */
    CHOICE_ALL,
};

static bool is_chosen(const struct mutant *mutant, enum choice choice,
                      const struct cert_scenario *scenario)
{
    bool claimed;

    if (choice == CHOICE_ALL) {
        return true;
    }
    claimed = has_rule(scenario->rules, mutant->rule) || has_word(mutant->runs, scenario->id);
    return claimed == (choice == CHOICE_CLAIMED);
}

static void add_cases(struct cert_run *run, const struct mutant *mutant, enum choice choice,
                      enum toe_profile profile)
{
    const uint32_t bit = profile == TOE_PROFILE_COMPAT ? CERT_COMPAT : CERT_MODERN;

    for (uint32_t i = 0; cert_suite_table(i) != NULL; ++i) {
        for (const struct cert_scenario *s = cert_suite_table(i); s->id != NULL; ++s) {
            if ((s->profiles == 0 || (s->profiles & bit) != 0) && is_chosen(mutant, choice, s)) {
                assert_true(run->case_cnt < CASES_MAX);
                run->cases[run->case_cnt++] = (struct cert_case){.scenario = s, .profile = profile};
            }
        }
    }
}

/* --- running them --- */

static bool has_failed(const struct cert_case *one)
{
    return one->result == CERT_FAILED || one->result == CERT_CRASHED || one->result == CERT_HUNG;
}

static void note(struct finding *finding, const struct mutant *mutant, const struct cert_case *one)
{
    const bool names = mutant != NULL && (has_rule(one->scenario->rules, mutant->rule) ||
                                          has_rule(one->broken, mutant->rule));

    ++finding->run;
    if (!has_failed(one)) {
        return;
    }
    ++finding->failed;
    if (finding->first == NULL || (names && !finding->is_named)) {
        finding->first = one->scenario->id;
        (void)snprintf(finding->why, sizeof(finding->why), "%s",
                       one->text != NULL ? one->text : "");
    }
    finding->is_named |= names;
}

/* cmocka catches what a target dies of; a scenario's process must not go on in its place. */
static void die_of_signals(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); ++i) {
        (void)signal(signals[i], SIG_DFL);
    }
}

static void done(void *user, const struct cert_case *one)
{
    (void)user;
    (void)one;
}

/* Runs the scenarios of |choice| in one profile or both, and adds to |finding| what came of it. */
static void try(struct finding *finding, const struct mutant *mutant, enum choice choice,
                const enum toe_profile *profiles, uint32_t profile_cnt)
{
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    struct cert_run run = {
        .plugin = mutant_plugin(mutant),
        .seed = SEED,
        .patience = mutant != NULL ? PATIENCE : 0,
        .jobs = cpus < 1 || cpus > 16 ? 4 : (uint32_t)cpus,
        .cases = calloc(CASES_MAX, sizeof(struct cert_case)),
        .done = done,
    };

    assert_non_null(run.cases);
    for (uint32_t i = 0; i < profile_cnt; ++i) {
        add_cases(&run, mutant, choice, profiles[i]);
    }
    die_of_signals();
    assert_true(cert_run_all(&run));
    assert_int_equal(run.interrupted, 0);
    for (uint32_t i = 0; i < run.case_cnt; ++i) {
        note(finding, mutant, &run.cases[i]);
    }
    cert_cases_free(run.cases, run.case_cnt);
}

static const enum toe_profile both[] = {TOE_PROFILE_COMPAT, TOE_PROFILE_MODERN};

/* As little as finds the mutant, and at most everything. */
static struct finding find(const struct mutant *mutant)
{
    struct finding finding = {0};

    if (asked.full) {
        try(&finding, mutant, CHOICE_ALL, both, 2);
        return finding;
    }
    try(&finding, mutant, CHOICE_CLAIMED, &both[0], 1);
    if (!finding.is_named) {
        try(&finding, mutant, CHOICE_CLAIMED, &both[1], 1);
    }
    if (finding.failed == 0 && !asked.claimed) {
        try(&finding, mutant, CHOICE_OTHER, both, 2);
    }
    return finding;
}

/* --- the tests --- */

/* The same stack without a mutant passes: what fails, fails because of the mutant. */
static void test_control_passes(void **state)
{
    struct finding finding = {0};

    (void)state;
    if (asked.name_cnt > 0) {
        skip();
    }
    try(&finding, NULL, CHOICE_ALL, both, 2);
    if (finding.failed > 0) {
        fail_msg("%u of %u scenarios fail without a mutant, the first is %s: %s", finding.failed,
                 finding.run, finding.first, finding.why);
    }
}

/* No two mutants have one name, and each names a rule that there is. */
static void test_tables_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); ++i) {
        for (const struct mutant *m = tables[i]; m->name != NULL; ++m) {
            if (cert_rule_find(m->rule, strlen(m->rule)) < 0) {
                fail_msg("%s: there is no rule %s", m->name, m->rule);
            }
            for (const struct mutant *other = tables[i]; other != m; ++other) {
                assert_string_not_equal(m->name, other->name);
            }
        }
    }
}

static void tell(const struct mutant *mutant, const struct finding *finding)
{
    const char *word = finding->failed == 0 ? "MISSED" : finding->is_named ? "named" : "found";

    if (asked.full || asked.name_cnt > 0 || finding->failed == 0) {
        print_message("%-6s %-12s %4u of %4u  %-8s %s\n", word, mutant->rule, finding->failed,
                      finding->run, finding->first != NULL ? finding->first : "-", mutant->name);
        if (asked.name_cnt > 0 && finding->first != NULL) {
            print_message("       %s\n", finding->why);
        }
    }
}

/* The suite finds every mutant. */
static void test_mutants_are_found(void **state)
{
    uint32_t cnt = 0;
    uint32_t found = 0;
    uint32_t named = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); ++i) {
        for (const struct mutant *m = tables[i]; m->name != NULL; ++m) {
            if (is_asked(m)) {
                const struct finding finding = find(m);

                ++cnt;
                found += finding.failed > 0;
                named += finding.is_named;
                tell(m, &finding);
            }
        }
    }
    print_message("%u mutants: %u found, %u of them by a scenario that names the broken rule\n",
                  cnt, found, named);
    assert_true(cnt > 0);
    assert_int_equal(found, cnt);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_are_sound),
        cmocka_unit_test(test_control_passes),
        cmocka_unit_test(test_mutants_are_found),
    };

    ++argv;
    --argc;
    if (argc > 0 && (strcmp(argv[0], "--full") == 0 || strcmp(argv[0], "--claimed") == 0)) {
        asked.full = strcmp(argv[0], "--full") == 0;
        asked.claimed = !asked.full;
        ++argv;
        --argc;
    }
    asked.names = argv;
    asked.name_cnt = argc;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
