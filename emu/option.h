/* SPDX-License-Identifier: MIT */
/*
 * Options: what the subcommands share in reading their arguments.
 *
 * A subcommand has a table of its options: name, kind, where the value goes, what is allowed, what
 * it is for. From it come the parser, the messages about wrong values and the --help text, so the
 * three cannot differ. A wrong value is one line on stderr and exit status 2.
 *
 *     static const struct emu_option options[] = {
 *         {.name = "seconds", .letter = 's', .kind = EMU_OPTION_NUMBER, .value = &seconds,
 *          .min = 1, .max = 3600, .help = "how long to run (default 10)"},
 *     };
 *     int status = emu_option_parse(&command, argc, argv);
 *     if (status >= 0) {
 *         return status;
 *     }
 */
#ifndef EMU_OPTION_H
#define EMU_OPTION_H

#include "toe/types.h"

/* The kind of an option, and the type that its |value| points to. */
enum emu_option_kind {
    EMU_OPTION_FLAG,     /* bool: no value; set to true */
    EMU_OPTION_TEXT,     /* const char *: points into argv */
    EMU_OPTION_NUMBER,   /* uint64_t: 0x..., or decimal with k, M, G (1000) or Ki, Mi, Gi (1024) */
    EMU_OPTION_PERCENT,  /* uint32_t: parts per million; written "0.5" or "0.5%", at most 100 */
    EMU_OPTION_DURATION, /* toe_duration: ns, us, ms, s, m, h; seconds without a unit */
    EMU_OPTION_ADDRESS,  /* struct toe_addr: IPv4 or IPv6 */
    EMU_OPTION_CHOICE,   /* int: index in |choices| */
    EMU_OPTION_LIST,     /* struct emu_option_list: each time it is given is one more text */
    EMU_OPTION_SET,      /* uint32_t: 1 << index in |choices|, of each in a list with commas; all of
                            them if the next argument is another option, or none follows */
};

enum { EMU_OPTION_LIST_MAX = 64 };

struct emu_option_list {
    const char *texts[EMU_OPTION_LIST_MAX]; /* they point into argv */
    size_t cnt;
};

struct emu_option {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum emu_option_kind kind;
    void *value;
    bool *given;                /* set to true if the option was given; may be NULL */
    uint64_t min, max;          /* NUMBER and DURATION, both inclusive; max 0: no limit */
    const char *const *choices; /* CHOICE and SET: ends with NULL */
    const char *placeholder;    /* NULL: what the kind suggests */
    const char *help;           /* one line */
};

struct emu_command {
    const char *name;     /* "demo" */
    const char *synopsis; /* what follows the name in the usage line: "[options]" */
    const char *summary;  /* one line: what it does */
    const char *details;  /* more text for --help, or NULL */
    const struct emu_option *options;
    size_t option_cnt;
    const char *const *operands; /* words besides the options: their names; NULL ends, or none */
    const char **operand_values; /* where they go: all are needed */
};

/*
 * emu_option_parse() reads |argv| (argv[0] is the subcommand). Returns -1 to go on, or the status
 * to exit with: 0 after --help, 2 after an error.
 */
int emu_option_parse(const struct emu_command *command, int argc, char **argv);

/* emu_option_error() says on stderr what is wrong, points to --help, and returns 2. */
int emu_option_error(const struct emu_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The readers of values; false if |text| is not one. */
bool emu_option_number(uint64_t *out, const char *text);
bool emu_option_percent(uint32_t *out_ppm, const char *text);
bool emu_option_duration(toe_duration *out, const char *text);
bool emu_option_address(struct toe_addr *out, const char *text);

/* emu_option_address_text() writes |addr| as text; |out| has room for 46 characters. */
void emu_option_address_text(char out[46], const struct toe_addr *addr);

#endif
