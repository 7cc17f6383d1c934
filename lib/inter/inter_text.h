/* SPDX-License-Identifier: MIT */
/*
 * Text into a caller's buffer.
 *
 * Appends to a buffer of limited length, goes on counting when it is full, and so tells how much
 * room the whole text would take. The text is always ended by a NUL.
 */
#ifndef INTER_INTER_TEXT_H
#define INTER_INTER_TEXT_H

#include "toe/types.h"

struct inter_text {
    char *dst;
    size_t cap;
    size_t len; /* of the whole text, what did not fit included */
};

/* inter_text_init() makes |text| an empty one in |cap| bytes at |dst|. */
void inter_text_init(struct inter_text *text, char *dst, size_t cap);

void inter_text_str(struct inter_text *text, const char *str);

void inter_text_u64(struct inter_text *text, uint64_t value);

/* inter_text_hex() appends |value| as 0x1f. */
void inter_text_hex(struct inter_text *text, uint64_t value);

/* inter_text_instant() appends seconds with nine decimals. */
void inter_text_instant(struct inter_text *text, toe_instant instant);

/* inter_text_json() appends |str| in quotes, with what JSON forbids escaped. */
void inter_text_json(struct inter_text *text, const char *str);

#endif
