/* SPDX-License-Identifier: MIT */
#ifndef DRILL_LEX_H
#define DRILL_LEX_H

#include <stddef.h>
#include <stdint.h>

enum drill_token_kind {
    DRILL_TOKEN_END,
    DRILL_TOKEN_NUMBER,
    DRILL_TOKEN_DECIMAL, /* with a point */
    DRILL_TOKEN_WORD,
    DRILL_TOKEN_STRING, /* without its quotes */
    DRILL_TOKEN_OPTION, /* --name, without the dashes */
    DRILL_TOKEN_DOTS,   /* ... */
    DRILL_TOKEN_SIGN,   /* one character of any other kind */
};

/* A token is a piece of the text. */
struct drill_token {
    enum drill_token_kind kind;
    int line;
    const char *text;
    size_t len;
    uint64_t number; /* of a decimal: in millionths. What is too large is UINT64_MAX. */
};

/* drill_lex() takes the next token from |*text|, counting lines in |*line|. */
struct drill_token drill_lex(const char **text, int *line);

#endif
