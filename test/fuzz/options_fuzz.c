/* SPDX-License-Identifier: MIT */
/*
 * Any arguments to a subcommand of every kind of option: each is taken, or refused with one line;
 * what was taken is within its limits, and a value that is written and read again is the same.
 *
 * The input is the words, with a NUL behind each.
 */
#include "base/assert.h"
#include "emu/option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS_MAX 64
#define NUMBER_MIN 3
#define NUMBER_MAX 1000000
#define DURATION_MAX (3600 * TOE_NS_PER_SEC)
#define PPM_MAX 1000000

struct values {
    bool flag;
    const char *text;
    uint64_t number;
    uint32_t percent;
    toe_duration duration;
    struct toe_addr address;
    int choice;
    uint32_t set;
    bool given;
};

static struct values got;
static const char *const choices[] = {"manual", "all", "random", NULL};
static const char *const operand_names[] = {"FILE", NULL};
static const char *operands[1];

static const struct emu_option options[] = {
    {.name = "flag", .letter = 'f', .kind = EMU_OPTION_FLAG, .value = &got.flag, .help = "x"},
    {.name = "text", .letter = 't', .kind = EMU_OPTION_TEXT, .value = &got.text, .help = "x"},
    {.name = "number",
     .letter = 'n',
     .kind = EMU_OPTION_NUMBER,
     .value = &got.number,
     .given = &got.given,
     .min = NUMBER_MIN,
     .max = NUMBER_MAX,
     .help = "x"},
    {.name = "loss", .kind = EMU_OPTION_PERCENT, .value = &got.percent, .help = "x"},
    {.name = "seconds",
     .letter = 's',
     .kind = EMU_OPTION_DURATION,
     .value = &got.duration,
     .max = DURATION_MAX,
     .help = "x"},
    {.name = "address", .kind = EMU_OPTION_ADDRESS, .value = &got.address, .help = "x"},
    {.name = "policy",
     .kind = EMU_OPTION_CHOICE,
     .value = &got.choice,
     .choices = choices,
     .help = "one of"},
    {.name = "moods",
     .letter = 'm',
     .kind = EMU_OPTION_SET,
     .value = &got.set,
     .choices = choices,
     .help = "some of"},
};

static const struct emu_command command = {
    .name = "try",
    .synopsis = "[options] [FILE]",
    .summary = "Tries options.",
    .options = options,
    .option_cnt = sizeof(options) / sizeof(options[0]),
};

/* What was taken is allowed. */
static void check_values(void)
{
    toe_assert(!got.given || got.number >= NUMBER_MIN);
    toe_assert(got.number <= NUMBER_MAX);
    toe_assert(got.duration <= DURATION_MAX);
    toe_assert(got.percent <= PPM_MAX);
    toe_assert(got.choice >= 0 && got.choice < 3);
    toe_assert(got.set < 8);
}

/* One word as a value of each kind. */
static void check_word(const char *word)
{
    struct toe_addr addr;
    struct toe_addr again;
    char text[46];
    uint64_t number;
    uint32_t ppm;
    toe_duration duration;

    if (emu_option_address(&addr, word)) {
        emu_option_address_text(text, &addr);
        toe_assert(emu_option_address(&again, text));
        toe_assert(memcmp(&addr, &again, sizeof(addr)) == 0);
    }
    if (emu_option_number(&number, word)) {
        uint64_t same;

        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
        toe_assert(emu_option_number(&same, text) && same == number);
    }
    if (emu_option_duration(&duration, word)) {
        toe_duration same;

        (void)snprintf(text, sizeof(text), "%lluns", (unsigned long long)duration);
        toe_assert(emu_option_duration(&same, text) && same == duration);
    }
    if (emu_option_percent(&ppm, word)) {
        toe_assert(ppm <= PPM_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + 1);
    char *words[WORDS_MAX + 2];
    char name[] = "try";
    struct emu_command cmd = command;
    int cnt = 0;
    int status;

    if (bytes == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(bytes, data, size);
    }
    bytes[size] = '\0';
    words[cnt++] = name;
    for (size_t at = 0; at < size && cnt <= WORDS_MAX; at += strlen(bytes + at) + 1) {
        words[cnt++] = bytes + at;
        check_word(bytes + at);
    }
    words[cnt] = NULL;

    if (cnt % 2 == 0) {
        cmd.operands = operand_names;
        cmd.operand_values = operands;
    }
    memset(&got, 0, sizeof(got));
    status = emu_option_parse(&cmd, cnt, words);
    toe_assert(status == -1 || status == 0 || status == 2);
    if (status == -1) {
        check_values();
    }
    free(bytes);
    return 0;
}
