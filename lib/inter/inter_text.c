/* SPDX-License-Identifier: MIT */
#include "inter/inter_text.h"

void inter_text_init(struct inter_text *text, char *dst, size_t cap)
{
    *text = (struct inter_text){.dst = dst, .cap = cap};
    if (cap > 0) {
        dst[0] = '\0';
    }
}

static void put(struct inter_text *text, char c)
{
    if (text->len + 1 < text->cap) {
        text->dst[text->len] = c;
        text->dst[text->len + 1] = '\0';
    }
    ++text->len;
}

void inter_text_str(struct inter_text *text, const char *str)
{
    while (*str != '\0') {
        put(text, *str++);
    }
}

/* Appends |value| to |base| with at least |width| digits. */
static void put_digits(struct inter_text *text, uint64_t value, unsigned base, unsigned width)
{
    char digits[64];
    unsigned cnt = 0;

    do {
        digits[cnt++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0 || cnt < width);
    while (cnt > 0) {
        put(text, digits[--cnt]);
    }
}

void inter_text_u64(struct inter_text *text, uint64_t value)
{
    put_digits(text, value, 10, 1);
}

void inter_text_hex(struct inter_text *text, uint64_t value)
{
    inter_text_str(text, "0x");
    put_digits(text, value, 16, 1);
}

void inter_text_instant(struct inter_text *text, toe_instant instant)
{
    put_digits(text, instant / TOE_NS_PER_SEC, 10, 1);
    put(text, '.');
    put_digits(text, instant % TOE_NS_PER_SEC, 10, 9);
}

void inter_text_json(struct inter_text *text, const char *str)
{
    put(text, '"');
    for (; *str != '\0'; ++str) {
        const unsigned char c = (unsigned char)*str;

        if (c < 0x20) {
            inter_text_str(text, "\\u");
            put_digits(text, c, 16, 4);
            continue;
        }
        if (c == '"' || c == '\\') {
            put(text, '\\');
        }
        put(text, (char)c);
    }
    put(text, '"');
}
