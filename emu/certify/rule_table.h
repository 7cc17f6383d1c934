/* SPDX-License-Identifier: MIT */
/*
 * The table of rules: for each the scenarios that show it, or the reason why none does. It is made
 * from the suite itself, so it cannot be out of date.
 */
#ifndef CERTIFY_RULE_TABLE_H
#define CERTIFY_RULE_TABLE_H

#include "rules.h"

struct cert_rule_row {
    char *tests;        /* "G T-001 T-002"; G: an invariant, checked in all of them; "" if none */
    const char *reason; /* of a rule that is excused, or NULL */
};

struct cert_rule_table {
    struct cert_rule_row *rows; /* cert_rule_cnt of them, in the order of cert_rules */
};

/*
 * cert_rule_table_init() makes the table. Returns NULL, or the scenario or list of rules that names
 * one that does not exist; the table holds the rest then.
 */
const char *cert_rule_table_init(struct cert_rule_table *table);

/* cert_rule_table_fini() frees what |table| holds. */
void cert_rule_table_fini(struct cert_rule_table *table);

/*
 * cert_rule_table_check() calls |complain| for all that is wrong with the suite: a rule that has
 * neither a test nor a reason, one that has both, a rule or a scenario that is there twice. Returns
 * how often.
 */
uint32_t cert_rule_table_check(const struct cert_rule_table *table,
                               void (*complain)(const char *what, const char *id));

#endif
