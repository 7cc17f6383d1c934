/* SPDX-License-Identifier: MIT */
/*
 * A command line, put together word by word.
 */
#ifndef EMU_LIVE_WORDS_H
#define EMU_LIVE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { EMU_WORDS_MAX = 48, EMU_WORDS_ROOM = 2048 };

struct emu_words {
    char *argv[EMU_WORDS_MAX + 1]; /* ends with NULL */
    int cnt;
    size_t len;
    char room[EMU_WORDS_ROOM];
};

/* emu_words_add() adds the words of |text|, which spaces part; "" adds none. */
void emu_words_add(struct emu_words *words, const char *text);

/* emu_words_format() adds one word; one for which there is no room is left out. */
void emu_words_format(struct emu_words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * emu_words_find() looks for the program |name| as a shell does, and where daemons are kept. Writes
 * its path to |out|, of |size| bytes.
 */
bool emu_words_find(char *out, size_t size, const char *name);

#endif
