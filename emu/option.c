/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

enum {
    OPTIONS_MAX = 48,
    HELP_COLUMN = 28,
    HELP_LIST = 50, /* characters of a list in a line */
    HELP_LETTER = 'h',
    FIRST_CODE = 256, /* getopt's codes of our options; above every letter */
    PPM_PER_PERCENT = 10000,
};

/* --- values --- */

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit number_units[] = {
    {"", 1},      {"k", 1000},     {"M", 1000000},     {"G", 1000000000},
    {"Ki", 1024}, {"Mi", 1048576}, {"Gi", 1073741824}, {NULL, 0},
};

static const struct unit duration_units[] = {
    {"", TOE_NS_PER_SEC},         {"ns", 1},
    {"us", TOE_NS_PER_US},        {"ms", TOE_NS_PER_MS},
    {"s", TOE_NS_PER_SEC},        {"m", 60 * TOE_NS_PER_SEC},
    {"h", 3600 * TOE_NS_PER_SEC}, {NULL, 0},
};

static const struct unit percent_units[] = {
    {"", PPM_PER_PERCENT},
    {"%", PPM_PER_PERCENT},
    {NULL, 0},
};

static bool find_unit(uint64_t *factor, const char *text, const struct unit *units)
{
    for (; units->name != NULL; ++units) {
        if (strcmp(units->name, text) == 0) {
            *factor = units->factor;
            return true;
        }
    }
    return false;
}

/* A number with a fraction and a unit, exact where it is whole. No sign, no space, no infinity. */
static bool parse_scaled(uint64_t *out, const char *text, const struct unit *units)
{
    uint64_t whole = 0;
    uint64_t factor;
    uint64_t part;
    long double fraction = 0;
    long double digit = 1;

    if (!isdigit((unsigned char)*text)) {
        return false;
    }
    for (; isdigit((unsigned char)*text); ++text) {
        const uint64_t value = (uint64_t)(*text - '0');

        if (whole > (UINT64_MAX - value) / 10) {
            return false;
        }
        whole = whole * 10 + value;
    }
    if (*text == '.') {
        for (++text; isdigit((unsigned char)*text); ++text) {
            digit /= 10;
            fraction += digit * (*text - '0');
        }
    }
    if (!find_unit(&factor, text, units)) {
        return false;
    }
    part = (uint64_t)(fraction * (long double)factor + 0.5L);
    if (whole > (UINT64_MAX - part) / factor) {
        return false;
    }
    *out = whole * factor + part;
    return true;
}

bool emu_option_number(uint64_t *out, const char *text)
{
    char *end;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        errno = 0;
        *out = strtoull(text + 2, &end, 16);
        return isxdigit((unsigned char)text[2]) && *end == '\0' && errno == 0;
    }
    /* Half a connection makes no sense, but 1.5M does. */
    return (strchr(text, '.') == NULL || isalpha((unsigned char)text[strlen(text) - 1])) &&
           parse_scaled(out, text, number_units);
}

bool emu_option_percent(uint32_t *out_ppm, const char *text)
{
    uint64_t ppm;

    if (!parse_scaled(&ppm, text, percent_units) || ppm > 100 * PPM_PER_PERCENT) {
        return false;
    }
    *out_ppm = (uint32_t)ppm;
    return true;
}

bool emu_option_duration(toe_duration *out, const char *text)
{
    return parse_scaled(out, text, duration_units);
}

bool emu_option_address(struct toe_addr *out, const char *text)
{
    *out = (struct toe_addr){.family = 4};
    if (inet_pton(AF_INET, text, out->bytes) == 1) {
        return true;
    }
    out->family = 6;
    return inet_pton(AF_INET6, text, out->bytes) == 1;
}

void emu_option_address_text(char out[46], const struct toe_addr *addr)
{
    if (inet_ntop(addr->family == 6 ? AF_INET6 : AF_INET, addr->bytes, out, 46) == NULL) {
        (void)snprintf(out, 46, "?");
    }
}

/* --- messages --- */

int emu_option_error(const struct emu_command *command, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)fprintf(stderr, "toe %s: %s (try: toe %s --help)\n", command->name, text, command->name);
    return EMU_EXIT_USAGE;
}

static const char *placeholder(const struct emu_option *option)
{
    if (option->placeholder != NULL) {
        return option->placeholder;
    }
    switch (option->kind) {
    case EMU_OPTION_FLAG:
        return "";
    case EMU_OPTION_TEXT:
    case EMU_OPTION_LIST:
        return "TEXT";
    case EMU_OPTION_NUMBER:
        return "N";
    case EMU_OPTION_PERCENT:
        return "PERCENT";
    case EMU_OPTION_DURATION:
        return "TIME";
    case EMU_OPTION_ADDRESS:
        return "ADDRESS";
    case EMU_OPTION_CHOICE:
        return "CHOICE";
    case EMU_OPTION_SET:
        return "[LIST]";
    }
    return "";
}

static void print_option(const struct emu_option *option)
{
    char left[80];
    char letter[8] = "    ";

    if (option->letter != 0) {
        (void)snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    }
    (void)snprintf(left, sizeof(left), "  %s--%s%s%s", letter, option->name,
                   option->kind == EMU_OPTION_FLAG ? "" : " ", placeholder(option));
    (void)printf("%-*s", HELP_COLUMN, left);
    if (strlen(left) >= HELP_COLUMN) {
        (void)printf("\n%*s", HELP_COLUMN, "");
    }
    (void)printf("%s", option->help);
    if (option->choices != NULL) {
        size_t column = 0;

        for (size_t i = 0; option->choices[i] != NULL; ++i) {
            column += strlen(option->choices[i]) + 2;
            if (option->kind == EMU_OPTION_SET && (i == 0 || column > HELP_LIST)) {
                (void)printf("%s\n%*s%s", i == 0 ? ":" : ",", HELP_COLUMN, "", option->choices[i]);
                column = strlen(option->choices[i]);
            } else {
                (void)printf("%s%s", i == 0 ? ": " : ", ", option->choices[i]);
            }
        }
    }
    (void)printf("\n");
}

static void print_help(const struct emu_command *command)
{
    static const struct emu_option help = {
        .name = "help", .letter = HELP_LETTER, .kind = EMU_OPTION_FLAG, .help = "this text"};

    (void)printf("Usage: toe %s %s\n\n%s\n", command->name, command->synopsis, command->summary);
    if (command->details != NULL) {
        (void)printf("\n%s\n", command->details);
    }
    (void)printf("\nOptions:\n");
    for (size_t i = 0; i < command->option_cnt; ++i) {
        print_option(&command->options[i]);
    }
    print_option(&help);
}

/* --- parsing --- */

static int store_number(const struct emu_command *command, const struct emu_option *option,
                        const char *text)
{
    const bool duration = option->kind == EMU_OPTION_DURATION;
    const uint64_t unit = duration ? TOE_NS_PER_SEC : 1;
    uint64_t value;

    if (!(duration ? emu_option_duration(&value, text) : emu_option_number(&value, text))) {
        return emu_option_error(command, "--%s: \"%s\" is not %s", option->name, text,
                                duration ? "a time, like 10, 2.5s or 300ms"
                                         : "a number, like 1000 or 1k");
    }
    if (value < option->min) {
        return emu_option_error(command, "--%s: %s is too small, it must be at least %g%s",
                                option->name, text, (double)option->min / (double)unit,
                                duration ? " s" : "");
    }
    if (option->max != 0 && value > option->max) {
        return emu_option_error(command, "--%s: %s is too large, it must be at most %.15g%s",
                                option->name, text, (double)option->max / (double)unit,
                                duration ? " s" : "");
    }
    *(uint64_t *)option->value = value;
    return -1;
}

static int store_choice(const struct emu_command *command, const struct emu_option *option,
                        const char *text)
{
    char all[128] = "";
    size_t len = 0;

    for (int i = 0; option->choices[i] != NULL; ++i) {
        if (strcmp(option->choices[i], text) == 0) {
            *(int *)option->value = i;
            return -1;
        }
        if (len < sizeof(all)) {
            len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i == 0 ? "" : ", ",
                                    option->choices[i]);
        }
    }
    return emu_option_error(command, "--%s: \"%s\" is none of %s", option->name, text, all);
}

static bool find_choice(uint32_t *out_idx, const struct emu_option *option, const char *text,
                        size_t len)
{
    for (uint32_t i = 0; option->choices[i] != NULL; ++i) {
        if (strlen(option->choices[i]) == len && memcmp(option->choices[i], text, len) == 0) {
            *out_idx = i;
            return true;
        }
    }
    return false;
}

static int store_set(const struct emu_command *command, const struct emu_option *option,
                     const char *text)
{
    uint32_t set = 0;

    for (uint32_t i = 0; text == NULL && option->choices[i] != NULL; ++i) {
        set |= 1u << i;
    }
    while (text != NULL) {
        const size_t len = strcspn(text, ",");
        uint32_t idx;

        if (!find_choice(&idx, option, text, len)) {
            return emu_option_error(command, "--%s: there is no \"%.*s\"", option->name, (int)len,
                                    text);
        }
        set |= 1u << idx;
        text = text[len] == ',' ? text + len + 1 : NULL;
    }
    *(uint32_t *)option->value = set;
    return -1;
}

static int store_text(const struct emu_command *command, const struct emu_option *option,
                      const char *text)
{
    struct emu_option_list *list = option->value;

    if (list->cnt == EMU_OPTION_LIST_MAX) {
        return emu_option_error(command, "--%s: more than %d of them", option->name,
                                EMU_OPTION_LIST_MAX);
    }
    list->texts[list->cnt++] = text;
    return -1;
}

static int store(const struct emu_command *command, const struct emu_option *option,
                 const char *text)
{
    if (option->given != NULL) {
        *option->given = true;
    }
    switch (option->kind) {
    case EMU_OPTION_FLAG:
        *(bool *)option->value = true;
        return -1;
    case EMU_OPTION_TEXT:
        *(const char **)option->value = text;
        return -1;
    case EMU_OPTION_LIST:
        return store_text(command, option, text);
    case EMU_OPTION_NUMBER:
    case EMU_OPTION_DURATION:
        return store_number(command, option, text);
    case EMU_OPTION_PERCENT:
        return emu_option_percent(option->value, text)
                   ? -1
                   : emu_option_error(command, "--%s: \"%s\" is not a percentage from 0 to 100",
                                      option->name, text);
    case EMU_OPTION_ADDRESS:
        return emu_option_address(option->value, text)
                   ? -1
                   : emu_option_error(command,
                                      "--%s: \"%s\" is neither an IPv4 nor an IPv6 address",
                                      option->name, text);
    case EMU_OPTION_CHOICE:
        return store_choice(command, option, text);
    case EMU_OPTION_SET:
        return store_set(command, option, text);
    }
    return -1;
}

/* getopt's two tables; an option's code is FIRST_CODE plus its index. */
static void build_tables(const struct emu_command *command, struct option *longs, char *shorts)
{
    *shorts++ = ':'; /* tell a missing value from an unknown option */
    *shorts++ = HELP_LETTER;
    for (size_t i = 0; i < command->option_cnt; ++i) {
        const struct emu_option *option = &command->options[i];
        const bool has_value = option->kind != EMU_OPTION_FLAG && option->kind != EMU_OPTION_SET;

        longs[i] = (struct option){.name = option->name,
                                   .has_arg = has_value                        ? required_argument
                                              : option->kind == EMU_OPTION_SET ? optional_argument
                                                                               : no_argument,
                                   .val = FIRST_CODE + (int)i};
        if (option->letter != 0) {
            *shorts++ = option->letter;
            *shorts = ':';
            shorts += has_value ? 1 : 0;
        }
    }
    longs[command->option_cnt] = (struct option){.name = "help", .val = HELP_LETTER};
    longs[command->option_cnt + 1] = (struct option){.name = NULL};
    *shorts = '\0';
}

static const struct emu_option *find_option(const struct emu_command *command, int code)
{
    if (code >= FIRST_CODE) {
        return &command->options[code - FIRST_CODE];
    }
    for (size_t i = 0; i < command->option_cnt; ++i) {
        if (command->options[i].letter == code) {
            return &command->options[i];
        }
    }
    return NULL;
}

static int parse_one(const struct emu_command *command, int code, char **argv)
{
    const struct emu_option *option;

    if (code == HELP_LETTER) {
        print_help(command);
        return EMU_EXIT_OK;
    }
    if (code == ':') {
        return emu_option_error(command, "%s needs a value", argv[optind - 1]);
    }
    option = find_option(command, code);
    if (code == '?' || option == NULL) {
        const char *name = argv[optind - 1];

        if (optopt >= FIRST_CODE) {
            return emu_option_error(command, "%s takes no value", name);
        }
        if (optopt != 0) {
            return emu_option_error(command, "there is no option -%c", optopt);
        }
        return emu_option_error(command, "there is no option %s", name);
    }
    /* getopt sees a value that may be left out only behind an equals sign. */
    if (option->kind == EMU_OPTION_SET && optarg == NULL && argv[optind] != NULL &&
        argv[optind][0] != '-') {
        optarg = argv[optind++];
    }
    return store(command, option, optarg);
}

/* The words that getopt has left. */
static int parse_operands(const struct emu_command *command, int argc, char **argv)
{
    for (size_t i = 0; command->operands != NULL && command->operands[i] != NULL; ++i) {
        if (optind == argc) {
            return emu_option_error(command, "%s is missing", command->operands[i]);
        }
        command->operand_values[i] = argv[optind++];
    }
    if (optind < argc) {
        return emu_option_error(command, "unexpected argument \"%s\"", argv[optind]);
    }
    return -1;
}

int emu_option_parse(const struct emu_command *command, int argc, char **argv)
{
    struct option longs[OPTIONS_MAX + 2];
    char shorts[3 + 2 * OPTIONS_MAX];
    int status = -1;
    int code;

    if (command->option_cnt > OPTIONS_MAX) {
        return emu_option_error(command, "too many options in the table");
    }
    build_tables(command, longs, shorts);
    optind = 0; /* the GNU way to begin anew */
    opterr = 0;
    while (status < 0 && (code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        status = parse_one(command, code, argv);
    }
    return status < 0 ? parse_operands(command, argc, argv) : status;
}
