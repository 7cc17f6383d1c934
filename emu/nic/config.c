/* SPDX-License-Identifier: MIT */
#include "nic/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_MAX_LEN = 512,
    OPTIONS_MAX = 256,
};

/* The vector, and in the same piece of memory the words made of lines. */
struct words {
    char *argv[OPTIONS_MAX * 2 + 2];
    char text[OPTIONS_MAX][LINE_MAX_LEN + 4];
    int cnt;
};

static char *trim(char *text)
{
    size_t len;

    while (isspace((unsigned char)*text)) {
        ++text;
    }
    len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        text[--len] = '\0';
    }
    return text;
}

static bool is_name(const char *text)
{
    if (!isalpha((unsigned char)*text)) {
        return false;
    }
    while (isalnum((unsigned char)*text) || *text == '-') {
        ++text;
    }
    return *text == '\0';
}

/* Makes "--name=value" of a line, "--name" of one without a value. False if it is neither. */
static bool parse_line(char *out, char *line)
{
    char *value = strchr(line, '=');
    char *name;

    if (value != NULL) {
        *value++ = '\0';
        value = trim(value);
    }
    name = trim(line);
    if (!is_name(name)) {
        return false;
    }
    (void)snprintf(out, LINE_MAX_LEN + 4, "--%s%s%s", name, value == NULL ? "" : "=",
                   value == NULL ? "" : value);
    return true;
}

static bool read_lines(struct words *words, FILE *file, const char *path, struct emu_error *error)
{
    char line[LINE_MAX_LEN];

    for (int number = 1; fgets(line, sizeof(line), file) != NULL; ++number) {
        char *text = line;

        if (strlen(line) == sizeof(line) - 1 && line[sizeof(line) - 2] != '\n') {
            emu_error_set(error, EMU_EXIT_USAGE, "%s, line %d is too long", path, number);
            return false;
        }
        line[strcspn(line, "#")] = '\0';
        text = trim(line);
        if (*text == '\0') {
            continue;
        }
        if (words->cnt > OPTIONS_MAX) {
            emu_error_set(error, EMU_EXIT_USAGE, "%s has more than %d options", path, OPTIONS_MAX);
            return false;
        }
        if (!parse_line(words->text[words->cnt - 1], text)) {
            emu_error_set(error, EMU_EXIT_USAGE, "%s, line %d is no option: NAME = VALUE", path,
                          number);
            return false;
        }
        words->argv[words->cnt] = words->text[words->cnt - 1];
        words->cnt++;
    }
    return true;
}

char **emu_config_read(const char *path, int argc, char **argv, int *out_argc,
                       struct emu_error *error)
{
    FILE *file = fopen(path, "re");
    struct words *words = calloc(1, sizeof(*words));
    bool ok = file != NULL && words != NULL;

    if (!ok) {
        emu_error_set(error, file == NULL ? EMU_EXIT_USAGE : EMU_EXIT_ENVIRONMENT,
                      "cannot read the configuration %s: %s", path, strerror(errno));
    }
    if (ok) {
        words->argv[0] = argv[0];
        words->cnt = 1;
        ok = read_lines(words, file, path, error);
    }
    for (int i = 1; ok && i < argc && i <= OPTIONS_MAX; ++i) {
        words->argv[words->cnt++] = argv[i];
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    if (!ok) {
        free(words);
        return NULL;
    }
    *out_argc = words->cnt;
    return words->argv;
}

void emu_config_free(char **argv)
{
    free(argv); /* the first member of struct words */
}
