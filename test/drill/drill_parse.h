/* SPDX-License-Identifier: MIT */
#ifndef DRILL_PARSE_H
#define DRILL_PARSE_H

#include "drill_lex.h"
#include "drill_script.h"

/*
 * What the parts of the parser share. Each function that takes a piece of the script returns false
 * if that is not what comes next, and then has said so; those named can_ say nothing, and take
 * nothing.
 */
struct drill_parser {
    const char *rest;
    int line;
    struct drill_token token; /* that comes next */
    const char *name;         /* of the script */
    char *error;
    size_t error_len;
};

void drill_next(struct drill_parser *p);

/* drill_syntax() tells that something is wrong with the next token, and returns false. */
bool drill_syntax(struct drill_parser *p, const char *what);

bool drill_can_sign(struct drill_parser *p, char sign);
bool drill_can_word(struct drill_parser *p, const char *word);
bool drill_take_sign(struct drill_parser *p, char sign);
bool drill_take_number(struct drill_parser *p, uint64_t *number, uint64_t max);
bool drill_take_u32(struct drill_parser *p, uint32_t *number);

/* drill_take_packet() takes what follows < or >. */
bool drill_take_packet(struct drill_parser *p, struct drill_packet *packet, bool arrives);

/* drill_take_call() takes a call and its result. */
bool drill_take_call(struct drill_parser *p, struct drill_call *call);

#endif
