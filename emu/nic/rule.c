/* SPDX-License-Identifier: MIT */
#include "nic/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

#define BLANKS " \t"

enum { WORD_MAX = 32 };

/* A rule while it is read: |at| goes from word to word. */
struct reader {
    const char *text;
    const char *at;
    struct emu_rule *rule;
    struct emu_error *error;
};

/* Says what is wrong and where; returns false. */
static bool fail(struct reader *reader, const char *at, const char *what)
{
    emu_error_set(reader->error, EMU_EXIT_USAGE, "rule \"%.100s\", column %zu: %s", reader->text,
                  (size_t)(at - reader->text) + 1, what);
    return false;
}

static size_t word_len(const char *at)
{
    return strcspn(at, BLANKS ",");
}

static bool is_word(const char *at, const char *word)
{
    return word_len(at) == strlen(word) && memcmp(at, word, strlen(word)) == 0;
}

static void skip(struct reader *reader, size_t len)
{
    reader->at += len;
    reader->at += strspn(reader->at, BLANKS);
}

/* The next word as text of its own; false if there is none, or it is too long for a value. */
static bool take_word(struct reader *reader, char word[WORD_MAX])
{
    const size_t len = word_len(reader->at);

    if (len == 0 || len >= WORD_MAX) {
        return false;
    }
    memcpy(word, reader->at, len);
    word[len] = '\0';
    skip(reader, len);
    return true;
}

/* --- what follows the filter --- */

static bool read_after(struct reader *reader)
{
    const char *begin = reader->at;
    char word[WORD_MAX];

    if (take_word(reader, word) && (emu_option_number(&reader->rule->after_bytes, word) ||
                                    emu_option_duration(&reader->rule->after_time, word))) {
        return (reader->rule->after_bytes <= EMU_RULE_BYTES_MAX &&
                reader->rule->after_time <= EMU_RULE_TIME_MAX) ||
               fail(reader, begin, "more than 1000h, or than can be counted");
    }
    return fail(reader, begin, "a size like 64k or a time like 5s is missing");
}

static bool read_rate(struct reader *reader)
{
    const char *begin = reader->at;
    char word[WORD_MAX];
    char *end = word;

    if (take_word(reader, word)) {
        reader->rule->rate = strtod(word, &end);
    }
    if (end == word || *end != '\0' || !(reader->rule->rate >= EMU_RULE_RATE_MIN) ||
        reader->rule->rate > EMU_RULE_RATE_MAX) {
        return fail(reader, begin, "a number of moves a second, 0.000001 to 100000, is missing");
    }
    return true;
}

static bool read_cause(struct reader *reader)
{
    const char *begin = reader->at;
    char word[WORD_MAX];

    if (is_word(begin, "reordering")) {
        reader->rule->when_reordering = true;
        skip(reader, word_len(begin));
        return true;
    }
    if (is_word(begin, "losing")) {
        reader->rule->when_losing = true;
        skip(reader, word_len(begin));
        return true;
    }
    if (!is_word(begin, "idle")) {
        return fail(reader, begin, "none of idle TIME, reordering, losing");
    }
    skip(reader, word_len(begin));
    begin = reader->at;
    if (!take_word(reader, word) || !emu_option_duration(&reader->rule->idle, word) ||
        reader->rule->idle == 0 || reader->rule->idle > EMU_RULE_TIME_MAX) {
        return fail(reader, begin, "a time like 30s, at most 1000h, is missing");
    }
    return true;
}

static bool read_causes(struct reader *reader)
{
    while (read_cause(reader)) {
        if (*reader->at != ',') {
            return true;
        }
        skip(reader, 1);
    }
    return false;
}

/* --- the whole --- */

static const struct {
    const char *name;
    const char *keyword; /* that ends the filter; NULL: none does */
    bool (*read)(struct reader *reader);
    bool is_needed;
} verbs[] = {
    [EMU_VERB_NEVER] = {"never", NULL, NULL, false},
    [EMU_VERB_OFFLOAD] = {"offload", "after", read_after, false},
    [EMU_VERB_RANDOM] = {"random", "at", read_rate, false},
    [EMU_VERB_UPLOAD] = {"upload", "when", read_causes, true},
    [EMU_VERB_KEEP] = {"keep", NULL, NULL, false},
};

/* What lies before |keyword| or the end is the filter. */
static bool read_filter(struct reader *reader, const char *keyword)
{
    char text[EMU_RULE_LEN_MAX];
    const char *begin = reader->at;
    struct emu_error why;
    size_t column;
    size_t len;

    while (*reader->at != '\0' && (keyword == NULL || !is_word(reader->at, keyword))) {
        skip(reader, word_len(reader->at));
        skip(reader, strspn(reader->at, ","));
    }
    len = (size_t)(reader->at - begin);
    memcpy(text, begin, len);
    text[len] = '\0';
    if (len == 0) {
        return true;
    }
    reader->rule->filter = emu_filter_connections(text, &column, &why);
    return reader->rule->filter != NULL || fail(reader, begin + column - 1, why.text);
}

static bool read_rule(struct reader *reader)
{
    const char *keyword;
    size_t verb = 0;

    reader->at += strspn(reader->at, BLANKS);
    while (verb < sizeof(verbs) / sizeof(verbs[0]) && !is_word(reader->at, verbs[verb].name)) {
        ++verb;
    }
    if (verb == sizeof(verbs) / sizeof(verbs[0])) {
        return fail(reader, reader->at, "none of never, offload, random, upload, keep");
    }
    reader->rule->verb = (enum emu_verb)verb;
    skip(reader, word_len(reader->at));
    keyword = verbs[verb].keyword;
    if (!read_filter(reader, keyword)) {
        return false;
    }
    if (*reader->at == '\0') {
        return !verbs[verb].is_needed ||
               fail(reader, reader->at,
                    "\"when\" is missing, with idle TIME, reordering or losing");
    }
    skip(reader, strlen(keyword));
    if (!verbs[verb].read(reader)) {
        return false;
    }
    return *reader->at == '\0' || fail(reader, reader->at, "what is this for?");
}

bool emu_rules_add(struct emu_rules *rules, const char *text, struct emu_error *error)
{
    struct emu_rule rule = {.rate = EMU_RULE_RATE};
    struct reader reader = {.text = text, .at = text, .rule = &rule, .error = error};

    if (strlen(text) >= sizeof(rule.text)) {
        return fail(&reader, text + sizeof(rule.text) - 1, "it is too long");
    }
    if (rules->cnt == EMU_RULES_MAX) {
        return fail(&reader, text, "there are too many rules");
    }
    if (strpbrk(text, "\r\n") != NULL) {
        reader.text = "";
        reader.at = reader.text;
        return fail(&reader, reader.at, "a rule is one line");
    }
    if (!read_rule(&reader)) {
        emu_filter_del(rule.filter);
        return false;
    }
    (void)snprintf(rule.text, sizeof(rule.text), "%s", text);
    rules->rules[rules->cnt++] = rule;
    return true;
}

bool emu_rules_copy(struct emu_rules *out, const struct emu_rules *rules, struct emu_error *error)
{
    out->cnt = 0;
    for (uint32_t i = 0; i < rules->cnt; ++i) {
        if (!emu_rules_add(out, rules->rules[i].text, error)) {
            emu_rules_clear(out);
            return false;
        }
    }
    return true;
}

void emu_rules_clear(struct emu_rules *rules)
{
    for (uint32_t i = 0; i < rules->cnt; ++i) {
        emu_filter_del(rules->rules[i].filter);
    }
    rules->cnt = 0;
}

bool emu_rule_is_for_host(const struct emu_rule *rule)
{
    return rule->verb == EMU_VERB_NEVER || rule->verb == EMU_VERB_OFFLOAD ||
           rule->verb == EMU_VERB_RANDOM;
}

const struct emu_rule *emu_rules_find(const struct emu_rules *rules, const struct emu_tuple *tuple,
                                      bool in_host)
{
    for (uint32_t i = 0; i < rules->cnt; ++i) {
        const struct emu_rule *rule = &rules->rules[i];

        if (emu_rule_is_for_host(rule) == in_host &&
            emu_filter_has_connection(rule->filter, tuple)) {
            return rule;
        }
    }
    return NULL;
}
