/* SPDX-License-Identifier: MIT */
#include "drill_lex.h"

#include <stdbool.h>
#include <string.h>

#define MILLION 1000000u

/* Those of <ctype.h> depend on the locale, and on the sign of a char. */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int hex_digit(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static uint64_t append_digit(uint64_t number, uint64_t base, int digit)
{
    return number > (UINT64_MAX - 15) / base ? UINT64_MAX : number * base + (uint64_t)digit;
}

/* The rest of the text behind blanks, ends of line and comments. */
static const char *skip_blank(const char *s, int *line)
{
    for (;; ++s) {
        if (s[0] == '/' && s[1] == '/') {
            s += strcspn(s, "\n");
        }
        if (*s == '\0' || strchr(" \t\r\n", *s) == NULL) {
            return s;
        }
        *line += *s == '\n';
    }
}

/* What follows a point: millionths, and what is finer is too fine. */
static const char *lex_fraction(struct drill_token *token, const char *s)
{
    uint64_t weight = MILLION / 10;

    token->kind = DRILL_TOKEN_DECIMAL;
    token->number = token->number > UINT64_MAX / MILLION ? UINT64_MAX : token->number * MILLION;
    for (; is_digit(*s); ++s, weight /= 10) {
        if (token->number > UINT64_MAX - 9 * weight || (weight == 0 && *s != '0')) {
            token->number = UINT64_MAX;
        } else {
            token->number += weight * (uint64_t)(*s - '0');
        }
    }
    return s;
}

static const char *lex_number(struct drill_token *token, const char *s)
{
    token->kind = DRILL_TOKEN_NUMBER;
    if (s[0] == '0' && s[1] == 'x' && hex_digit(s[2]) >= 0) {
        for (s += 2; hex_digit(*s) >= 0; ++s) {
            token->number = append_digit(token->number, 16, hex_digit(*s));
        }
        return s;
    }
    for (; is_digit(*s); ++s) {
        token->number = append_digit(token->number, 10, *s - '0');
    }
    return s[0] == '.' && is_digit(s[1]) ? lex_fraction(token, s + 1) : s;
}

/* The text between |s| and where it ends, on this line; without an end the quote is a sign. */
static const char *lex_string(struct drill_token *token, const char *s)
{
    const size_t len = strcspn(s + 1, "\"\n");

    if (s[1 + len] != '"') {
        return s + 1;
    }
    token->kind = DRILL_TOKEN_STRING;
    token->text = s + 1;
    token->len = len;
    return s + len + 2;
}

static const char *word_end(const char *s)
{
    while (is_letter(*s) || is_digit(*s)) {
        ++s;
    }
    return s;
}

struct drill_token drill_lex(const char **text, int *line)
{
    const char *s = skip_blank(*text, line);
    struct drill_token token = {.kind = DRILL_TOKEN_SIGN, .line = *line, .text = s};
    const char *end = s + 1;

    if (*s == '\0') {
        token.kind = DRILL_TOKEN_END;
        end = s;
    } else if (is_digit(s[0]) || (s[0] == '.' && is_digit(s[1]))) {
        end = lex_number(&token, s);
    } else if (strncmp(s, "...", 3) == 0) {
        token.kind = DRILL_TOKEN_DOTS;
        end = s + 3;
    } else if (is_letter(s[0])) {
        token.kind = DRILL_TOKEN_WORD;
        end = word_end(s);
    } else if (s[0] == '-' && s[1] == '-' && is_letter(s[2])) {
        token.kind = DRILL_TOKEN_OPTION;
        token.text = s + 2;
        end = word_end(s + 2);
    } else if (s[0] == '"') {
        end = lex_string(&token, s);
    }
    if (token.kind != DRILL_TOKEN_STRING) {
        token.len = (size_t)(end - token.text);
    }
    *text = end;
    return token;
}
