/* SPDX-License-Identifier: MIT */
#include "rule_table.h"

#include "inside.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

/* What is told to cert_rule_each(). */
struct filling {
    struct cert_rule_row *rows;
    const char *test;
    const char *reason;
};

static void append(char **list, const char *word)
{
    const size_t len = strlen(*list);
    char *longer = realloc(*list, len + strlen(word) + 2);

    if (longer == NULL) {
        return;
    }
    (void)sprintf(longer + len, "%s%s", len > 0 ? " " : "", word);
    *list = longer;
}

static void fill(void *user, uint32_t rule)
{
    const struct filling *filling = user;

    if (filling->test != NULL) {
        append(&filling->rows[rule].tests, filling->test);
    } else {
        filling->rows[rule].reason = filling->reason;
    }
}

static const char *fill_tests(struct filling *filling)
{
    const char *wrong = NULL;

    filling->test = "G";
    if (!cert_rule_each(cert_guard_rules, fill, filling)) {
        wrong = "the list of invariants";
    }
    for (uint32_t i = 0; cert_suite_table(i) != NULL; ++i) {
        for (const struct cert_scenario *s = cert_suite_table(i); s->id != NULL; ++s) {
            filling->test = s->id;
            if (!cert_scenario_each(s, fill, filling)) {
                wrong = s->id;
            }
        }
    }
    filling->test = NULL;
    return wrong;
}

const char *cert_rule_table_init(struct cert_rule_table *table)
{
    struct filling filling = {.rows = cert_alloc(cert_rule_cnt * sizeof(*table->rows))};
    const char *wrong;

    table->rows = filling.rows;
    for (uint32_t i = 0; i < cert_rule_cnt; ++i) {
        table->rows[i].tests = cert_alloc(1);
    }
    wrong = fill_tests(&filling);
    for (const struct cert_excuse *excuse = cert_excuses; excuse->rules != NULL; ++excuse) {
        filling.reason = excuse->reason;
        if (!cert_rule_each(excuse->rules, fill, &filling)) {
            wrong = excuse->rules;
        }
    }
    return wrong;
}

void cert_rule_table_fini(struct cert_rule_table *table)
{
    for (uint32_t i = 0; i < cert_rule_cnt; ++i) {
        free(table->rows[i].tests);
    }
    free(table->rows);
}

/* Whether a scenario before |one| has its identifier. */
static bool is_taken(const struct cert_scenario *one)
{
    for (uint32_t i = 0; cert_suite_table(i) != NULL; ++i) {
        for (const struct cert_scenario *s = cert_suite_table(i); s->id != NULL; ++s) {
            if (s == one) {
                return false;
            }
            if (strcmp(s->id, one->id) == 0) {
                return true;
            }
        }
    }
    return false;
}

static uint32_t check_scenarios(void (*complain)(const char *what, const char *id))
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; cert_suite_table(i) != NULL; ++i) {
        for (const struct cert_scenario *s = cert_suite_table(i); s->id != NULL; ++s) {
            if (is_taken(s)) {
                complain("a scenario that is there twice", s->id);
                ++cnt;
            }
        }
    }
    return cnt;
}

uint32_t cert_rule_table_check(const struct cert_rule_table *table,
                               void (*complain)(const char *what, const char *id))
{
    uint32_t cnt = check_scenarios(complain);

    for (uint32_t i = 0; i < cert_rule_cnt; ++i) {
        const struct cert_rule_row *row = &table->rows[i];
        const char *id = cert_rules[i].id;
        const char *what = NULL;

        if (cert_rule_find(id, strlen(id)) != (int)i) {
            what = "a rule that is there twice";
        } else if (row->tests[0] == '\0' && row->reason == NULL) {
            what = "a rule with neither a test nor a reason";
        } else if (row->tests[0] != '\0' && row->reason != NULL) {
            what = "a rule with a reason although there is a test";
        }
        if (what != NULL) {
            complain(what, id);
            ++cnt;
        }
    }
    return cnt;
}
