/* SPDX-License-Identifier: MIT */
/*
 * The rules, by identifier: what the suite is measured against.
 */
#ifndef CERTIFY_RULES_H
#define CERTIFY_RULES_H

#include "toe/types.h"

struct cert_rule {
    const char *id; /* "SND-001" */
    char level;     /* M S O P X H, D; see rules.c */
    const char *file;
};

extern const struct cert_rule cert_rules[];
extern const uint32_t cert_rule_cnt;

/* A rule that no scenario can show, and why. A range as in "SND-013..015" is fine. */
struct cert_excuse {
    const char *rules; /* one or more; NULL ends the table */
    const char *reason;
};

extern const struct cert_excuse cert_excuses[];

/* cert_rule_text() is what the rule |id| says, in a line; "" if there is none. */
const char *cert_rule_text(const char *id);

/* cert_rule_find() is the index of |id|, or -1. */
int cert_rule_find(const char *id, size_t len);

/*
 * cert_rule_each() calls |each| with the index of every rule in |list|: identifiers with spaces
 * between, and ranges as SND-035..041. Returns false at one that is no rule.
 */
bool cert_rule_each(const char *list, void (*each)(void *user, uint32_t rule), void *user);

#endif
