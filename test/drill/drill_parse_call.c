/* SPDX-License-Identifier: MIT */
#include "drill_call.h"
#include "drill_parse.h"

#include <string.h>

/* A number, with a minus before it or not, or the name of one. */
static bool take_term(struct drill_parser *p, int64_t *value)
{
    const bool is_negative = drill_can_sign(p, '-');
    uint64_t number = 0;

    if (!is_negative && p->token.kind == DRILL_TOKEN_WORD) {
        if (!drill_name_find(value, p->token.text, p->token.len)) {
            return drill_syntax(p, "no such name");
        }
        drill_next(p);
        return true;
    }
    if (!drill_take_number(p, &number, INT32_MAX)) {
        return false;
    }
    *value = is_negative ? -(int64_t)number : (int64_t)number;
    return true;
}

/* Terms with | between them. */
static bool take_value(struct drill_parser *p, int64_t *value)
{
    int64_t term = 0;

    *value = 0;
    do {
        if (!take_term(p, &term)) {
            return false;
        }
        *value |= term;
    } while (drill_can_sign(p, '|'));
    return true;
}

static bool take_field(struct drill_parser *p, struct drill_item *item)
{
    if (p->token.kind != DRILL_TOKEN_WORD || p->token.len >= sizeof(item->name)) {
        return drill_syntax(p, "the name of a field expected");
    }
    memcpy(item->name, p->token.text, p->token.len);
    item->name[p->token.len] = '\0';
    drill_next(p);
    return drill_take_sign(p, '=') && take_value(p, &item->value);
}

/* What follows a brace, and the other. */
static bool take_fields(struct drill_parser *p, struct drill_arg *arg)
{
    arg->kind = DRILL_FIELDS;
    do {
        if (arg->cnt == DRILL_ITEM_MAX) {
            return drill_syntax(p, "too many fields");
        }
        if (!take_field(p, &arg->items[arg->cnt])) {
            return false;
        }
        ++arg->cnt;
    } while (drill_can_sign(p, ','));
    return drill_take_sign(p, '}');
}

static bool take_arg(struct drill_parser *p, struct drill_arg *arg)
{
    *arg = (struct drill_arg){.kind = DRILL_ANY};
    if (p->token.kind == DRILL_TOKEN_DOTS) {
        drill_next(p);
        return true;
    }
    if (drill_can_sign(p, '{')) {
        return take_fields(p, arg);
    }
    if (drill_can_sign(p, '[')) {
        if (drill_can_sign(p, '{')) {
            return take_fields(p, arg) && drill_take_sign(p, ']');
        }
        arg->kind = DRILL_LIST;
        arg->cnt = 1;
        return take_value(p, &arg->items[0].value) && drill_take_sign(p, ']');
    }
    arg->kind = DRILL_NUMBER;
    arg->cnt = 1;
    return take_value(p, &arg->items[0].value);
}

/* The name of an errno after -1, and the text in parentheses. */
static bool take_error(struct drill_parser *p, struct drill_call *call)
{
    int64_t value = 0;

    if (p->token.kind != DRILL_TOKEN_WORD || p->token.text[0] != 'E' ||
        !drill_name_find(&value, p->token.text, p->token.len)) {
        return drill_syntax(p, "the name of an error expected");
    }
    call->error = (int)value;
    drill_next(p);
    if (!drill_can_sign(p, '(')) {
        return true;
    }
    while (p->token.kind == DRILL_TOKEN_WORD) {
        drill_next(p);
    }
    return drill_take_sign(p, ')');
}

bool drill_take_call(struct drill_parser *p, struct drill_call *call)
{
    uint32_t cnt = 0;

    call->type = drill_call_find(p->token.text, p->token.len);
    if (call->type == NULL) {
        return drill_syntax(p, "no such call");
    }
    drill_next(p);
    if (!drill_take_sign(p, '(')) {
        return false;
    }
    do {
        if (cnt == DRILL_ARG_MAX) {
            return drill_syntax(p, "too many arguments");
        }
        if (!take_arg(p, &call->args[cnt])) {
            return false;
        }
        ++cnt;
    } while (drill_can_sign(p, ','));
    if (!drill_call_fits(call, cnt)) {
        return drill_syntax(p, "the arguments before it are not such as this call takes");
    }
    if (!drill_take_sign(p, ')') || !drill_take_sign(p, '=') || !take_term(p, &call->result)) {
        return false;
    }
    return call->result >= 0 || take_error(p, call);
}
