/* SPDX-License-Identifier: MIT */
#include "drill_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_US_MAX (UINT64_C(1000000) * 1000000) /* eleven days */
#define TOLERANCE_US_MAX 10000000u

void drill_next(struct drill_parser *p)
{
    p->token = drill_lex(&p->rest, &p->line);
}

bool drill_syntax(struct drill_parser *p, const char *what)
{
    const struct drill_token *token = &p->token;
    int len = token->len < 40 ? (int)token->len : 40;

    /* A character that no terminal should see is not shown. */
    for (int i = 0; i < len; ++i) {
        if (token->text[i] < ' ' || token->text[i] > '~') {
            len = i;
        }
    }
    snprintf(p->error, p->error_len, "%s:%d: syntax error at '%.*s': %s", p->name, token->line, len,
             token->text, what);
    return false;
}

bool drill_can_sign(struct drill_parser *p, char sign)
{
    if (p->token.kind != DRILL_TOKEN_SIGN || *p->token.text != sign) {
        return false;
    }
    drill_next(p);
    return true;
}

bool drill_can_word(struct drill_parser *p, const char *word)
{
    if (p->token.kind != DRILL_TOKEN_WORD || p->token.len != strlen(word) ||
        memcmp(p->token.text, word, p->token.len) != 0) {
        return false;
    }
    drill_next(p);
    return true;
}

bool drill_take_sign(struct drill_parser *p, char sign)
{
    char what[] = "'?' expected";

    what[1] = sign;
    return drill_can_sign(p, sign) || drill_syntax(p, what);
}

bool drill_take_number(struct drill_parser *p, uint64_t *number, uint64_t max)
{
    if (p->token.kind != DRILL_TOKEN_NUMBER) {
        return drill_syntax(p, "a number expected");
    }
    if (p->token.number > max) {
        return drill_syntax(p, "the number is too large");
    }
    *number = p->token.number;
    drill_next(p);
    return true;
}

bool drill_take_u32(struct drill_parser *p, uint32_t *number)
{
    uint64_t wide = 0;

    if (!drill_take_number(p, &wide, UINT32_MAX)) {
        return false;
    }
    *number = (uint32_t)wide;
    return true;
}

/* Seconds, to microseconds. */
static bool take_time(struct drill_parser *p, int64_t *us)
{
    uint64_t number = p->token.number;

    if (p->token.kind == DRILL_TOKEN_NUMBER) {
        number = number > TIME_US_MAX ? number : number * 1000000;
    } else if (p->token.kind != DRILL_TOKEN_DECIMAL) {
        return drill_syntax(p, "a time expected");
    }
    if (number > TIME_US_MAX) {
        return drill_syntax(p, "the time is too long, or too fine");
    }
    *us = (int64_t)number;
    drill_next(p);
    return true;
}

/* +S, S, +S~+T, S~T or *, and ...T for a call that blocks. */
static bool take_when(struct drill_parser *p, struct drill_event *event)
{
    if (drill_can_sign(p, '*')) {
        event->when = DRILL_SOME_TIME;
        return true;
    }
    event->when = drill_can_sign(p, '+') ? DRILL_AFTER : DRILL_AT;
    if (!take_time(p, &event->from_us)) {
        return false;
    }
    event->to_us = event->from_us;
    if (drill_can_sign(p, '~')) {
        if (event->when == DRILL_AFTER && !drill_take_sign(p, '+')) {
            return false;
        }
        if (!take_time(p, &event->to_us)) {
            return false;
        }
        return event->to_us >= event->from_us || drill_syntax(p, "the range ends before it begins");
    }
    if (p->token.kind == DRILL_TOKEN_DOTS) {
        drill_next(p);
        event->blocks = true;
        if (!take_time(p, &event->end_us)) {
            return false;
        }
        return event->end_us >= event->from_us || drill_syntax(p, "the call ends before it begins");
    }
    return true;
}

static bool take_event(struct drill_parser *p, struct drill_event *event)
{
    *event = (struct drill_event){.line = p->token.line};
    if (!take_when(p, event)) {
        return false;
    }
    if (p->token.kind == DRILL_TOKEN_WORD) {
        event->kind = DRILL_CALLS;
    } else if (drill_can_sign(p, '<')) {
        event->kind = DRILL_ARRIVES;
    } else if (drill_can_sign(p, '>')) {
        event->kind = DRILL_LEAVES;
    } else {
        return drill_syntax(p, "a packet or a call expected");
    }
    if (event->kind != DRILL_LEAVES &&
        (event->when == DRILL_SOME_TIME || event->to_us != event->from_us)) {
        return drill_syntax(p, "only what we send may have a range of times");
    }
    if (event->kind == DRILL_CALLS) {
        return drill_take_call(p, &event->call);
    }
    if (event->blocks) {
        return drill_syntax(p, "only a call can block");
    }
    return drill_take_packet(p, &event->packet, event->kind == DRILL_ARRIVES);
}

static bool take_option(struct drill_parser *p, struct drill_script *script)
{
    const struct drill_token name = p->token;
    uint64_t number = 0;

    drill_next(p);
    if (!drill_take_sign(p, '=')) {
        return false;
    }
    if (name.len == 15 && memcmp(name.text, "tolerance_usecs", 15) == 0) {
        if (!drill_take_number(p, &number, TOLERANCE_US_MAX)) {
            return false;
        }
        script->tolerance_us = (uint32_t)number;
        return true;
    }
    if (name.len == 8 && memcmp(name.text, "so_flags", 8) == 0) {
        if (p->token.kind != DRILL_TOKEN_STRING || p->token.len >= sizeof(script->so_flags)) {
            return drill_syntax(p, "flags in quotes expected");
        }
        memcpy(script->so_flags, p->token.text, p->token.len);
        script->so_flags[p->token.len] = '\0';
        drill_next(p);
        return true;
    }
    p->token = name;
    return drill_syntax(p, "no such option");
}

/* Room for one more event, which the caller fills in; NULL: no memory. */
static struct drill_event *event_new(struct drill_script *script, size_t *room)
{
    if (script->event_cnt == *room) {
        const size_t more = *room == 0 ? 64 : 2 * *room;
        struct drill_event *events = realloc(script->events, more * sizeof(*events));

        if (events == NULL) {
            return NULL;
        }
        script->events = events;
        *room = more;
    }
    return &script->events[script->event_cnt];
}

static bool take_script(struct drill_parser *p, struct drill_script *script)
{
    size_t room = 0;

    while (p->token.kind == DRILL_TOKEN_OPTION) {
        if (!take_option(p, script)) {
            return false;
        }
    }
    if (p->token.kind == DRILL_TOKEN_END) {
        return drill_syntax(p, "an event expected");
    }
    while (p->token.kind != DRILL_TOKEN_END) {
        struct drill_event *event = event_new(script, &room);

        if (event == NULL) {
            return drill_syntax(p, "no memory for it");
        }
        if (!take_event(p, event)) {
            return false;
        }
        ++script->event_cnt;
    }
    return true;
}

bool drill_script_parse(struct drill_script *script, const char *name, const char *text,
                        char *error, size_t error_len)
{
    struct drill_parser p = {
        .rest = text, .line = 1, .name = name, .error = error, .error_len = error_len};

    *script = (struct drill_script){.name = name, .tolerance_us = DRILL_TOLERANCE_US};
    drill_next(&p);
    if (!take_script(&p, script)) {
        drill_script_fini(script);
        return false;
    }
    return true;
}

void drill_script_fini(struct drill_script *script)
{
    free(script->events);
    *script = (struct drill_script){0};
}
