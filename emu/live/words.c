/* SPDX-License-Identifier: MIT */
#include "live/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void emu_words_format(struct emu_words *words, const char *format, ...)
{
    char *word = words->room + words->len;
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(word, sizeof(words->room) - words->len, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(words->room) - words->len || words->cnt == EMU_WORDS_MAX) {
        return;
    }
    words->len += (size_t)len + 1;
    words->argv[words->cnt++] = word;
    words->argv[words->cnt] = NULL;
}

void emu_words_add(struct emu_words *words, const char *text)
{
    while (*text != '\0') {
        const size_t len = strcspn(text, " ");

        if (len > 0) {
            emu_words_format(words, "%.*s", (int)len, text);
        }
        text += len + (text[len] == ' ' ? 1 : 0);
    }
}

/* Looks in the directories of |path|, which colons part. */
static bool find_in(char *out, size_t size, const char *path, const char *name)
{
    while (path != NULL && *path != '\0') {
        const size_t len = strcspn(path, ":");

        (void)snprintf(out, size, "%.*s/%s", (int)len, path, name);
        if (len > 0 && access(out, X_OK) == 0) {
            return true;
        }
        path += len + (path[len] == ':' ? 1 : 0);
    }
    return false;
}

bool emu_words_find(char *out, size_t size, const char *name)
{
    return find_in(out, size, "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin",
                   name) ||
           find_in(out, size, getenv("PATH"), name);
}
