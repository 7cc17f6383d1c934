/* SPDX-License-Identifier: MIT */
/*
 * toe state: saved connections (toe/saved.h) in files, in either form.
 *
 * A file is read whole and told by its first byte: the binary form begins with what is no text.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "error.h"
#include "option.h"
#include "report.h"
#include "state_json.h"

/* A connection that buffers more is none of ours. */
#define FILE_MAX (UINT64_C(1) << 30)

#define LINE_MAX_LEN 1024

/* A file, and the saved connection in it. */
struct state_file {
    const char *name;
    uint8_t *bytes; /* what |saved| points into */
    struct toe_saved saved;
};

/* --- files --- */

/* Reads all of |name|; NULL, and |error| filled in, if that cannot be done. */
static uint8_t *read_file(const char *name, size_t *len, struct emu_error *error)
{
    FILE *in = fopen(name, "rb");
    uint8_t *bytes = NULL;
    size_t room = 0;

    *len = 0;
    while (in != NULL && !feof(in) && !ferror(in) && room < FILE_MAX) {
        uint8_t *more;

        room = room == 0 ? 65536 : room * 2;
        more = realloc(bytes, room);
        if (more == NULL) {
            break;
        }
        bytes = more;
        *len += fread(bytes + *len, 1, room - *len, in);
    }
    if (in == NULL || ferror(in)) {
        emu_error_set(error, EMU_EXIT_USAGE, "cannot read %s: %s", name, strerror(errno));
    } else if (!feof(in)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "not enough memory for %s", name);
    } else {
        (void)fclose(in);
        return bytes;
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    free(bytes);
    return NULL;
}

static bool parse_json(struct state_file *file, size_t len, struct emu_state_fault *fault)
{
    json_error_t where;
    json_t *json = json_loadb((const char *)file->bytes, len, JSON_REJECT_DUPLICATES, &where);
    bool ok;

    free(file->bytes);
    file->bytes = NULL;
    if (json == NULL) {
        (void)snprintf(fault->field, sizeof(fault->field), "file");
        (void)snprintf(fault->rule, sizeof(fault->rule),
                       "must be a saved connection, binary or JSON (line %d: %.60s)", where.line,
                       where.text);
        return false;
    }
    ok = emu_state_parse(&file->saved, &file->bytes, json, fault);
    json_decref(json);
    return ok;
}

/* How loading a file ended. */
enum loaded {
    LOADED,
    UNREADABLE, /* |error| says why */
    MALFORMED,  /* |fault| does */
};

static enum loaded load(struct state_file *file, struct emu_state_fault *fault,
                        struct emu_error *error)
{
    struct toe_saved_fault found = {0};
    size_t len;

    file->bytes = read_file(file->name, &len, error);
    if (file->bytes == NULL) {
        return UNREADABLE;
    }
    if (len > 0 && file->bytes[0] != (uint8_t)TOE_SAVED_MAGIC[0]) {
        return parse_json(file, len, fault) ? LOADED : MALFORMED;
    }
    if (toe_saved_read(&file->saved, file->bytes, len, &found) == TOE_STATUS_SUCCESS) {
        return LOADED;
    }
    (void)snprintf(fault->field, sizeof(fault->field), "%s", found.field);
    (void)snprintf(fault->rule, sizeof(fault->rule), "%s", found.rule);
    return MALFORMED;
}

/* Loads |file| for a command that needs it: -1, or the status to exit with, |malformed| for one
 * that holds no saved connection. */
static int load_or_say(struct state_file *file, enum emu_exit malformed)
{
    struct emu_state_fault fault;
    struct emu_error error;

    switch (load(file, &fault, &error)) {
    case LOADED:
        return -1;
    case UNREADABLE:
        return emu_error_print(&error);
    case MALFORMED:
        emu_error_set(&error, malformed, "%s: %s %s", file->name, fault.field, fault.rule);
        free(file->bytes);
        return emu_error_print(&error);
    }
    return EMU_EXIT_USAGE;
}

static int out_of_memory(void)
{
    struct emu_error error;

    emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "not enough memory");
    return emu_error_print(&error);
}

/* Writes |bytes| to |name|; returns the status to exit with. */
static int write_file(const char *name, const void *bytes, size_t len)
{
    FILE *out = fopen(name, "wb");
    struct emu_error error;
    bool ok;

    if (out == NULL) {
        emu_error_set(&error, EMU_EXIT_USAGE, "cannot create %s: %s", name, strerror(errno));
        return emu_error_print(&error);
    }
    ok = fwrite(bytes, 1, len, out) == len;
    ok = fclose(out) == 0 && ok;
    if (!ok) {
        emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "cannot write %s: %s", name, strerror(errno));
        return emu_error_print(&error);
    }
    return EMU_EXIT_OK;
}

/* --- the subcommands --- */

/* Where the parser puts what it reads. */
static bool as_json;
static int target_form;
static const char *operands[2];

static const char *const one_file[] = {"FILE", NULL};
static const char *const two_files[] = {"A", "B", NULL};
static const char *const in_and_out[] = {"IN", "OUT", NULL};

enum form { FORM_BY_NAME, FORM_BINARY, FORM_JSON };

static const char *const forms[] = {"name", "binary", "json", NULL};

static const struct emu_option json_option[] = {
    {.name = "json", .kind = EMU_OPTION_FLAG, .value = &as_json, .help = "print JSON"},
};

static const struct emu_option to_option[] = {
    {.name = "to",
     .kind = EMU_OPTION_CHOICE,
     .value = &target_form,
     .choices = forms,
     .help = "the form to write; by default JSON if the name of OUT ends in .json, else binary"},
};

static const struct emu_command show_command = {
    .name = "state show",
    .synopsis = "FILE [--json]",
    .summary = "Prints every field of a saved connection.",
    .options = json_option,
    .option_cnt = 1,
    .operands = one_file,
    .operand_values = operands,
};

static const struct emu_command diff_command = {
    .name = "state diff",
    .synopsis = "A B [--json]",
    .summary = "Names the fields in which two saved connections differ, with both values.",
    .details = "Exit status: 0 there are none, 1 there are, 2 a file is no saved connection.",
    .options = json_option,
    .option_cnt = 1,
    .operands = two_files,
    .operand_values = operands,
};

static const struct emu_command check_command = {
    .name = "state check",
    .synopsis = "FILE [--json]",
    .summary = "Tells whether a saved connection is sound, or which field breaks what rule.",
    .options = json_option,
    .option_cnt = 1,
    .operands = one_file,
    .operand_values = operands,
};

static const struct emu_command convert_command = {
    .name = "state convert",
    .synopsis = "IN OUT [--to FORM]",
    .summary = "Writes a saved connection in the binary or the JSON form.",
    .options = to_option,
    .option_cnt = 1,
    .operands = in_and_out,
    .operand_values = operands,
};

static void show_head(const struct toe_saved *saved)
{
    const struct toe_path_const *path = &saved->path.constant;
    const struct toe_tcp_const *tcp = &saved->tcp.constant;
    char local[46];
    char remote[46];

    emu_option_address_text(local, &path->src);
    emu_option_address_text(remote, &path->dst);
    (void)printf("%s port %u to %s port %u, %s: %" PRIu32 " bytes to send, %" PRIu32
                 " received, %" PRIu32 " early\n",
                 local, tcp->local_port, remote, tcp->remote_port,
                 toe_conn_state_name(saved->tcp.delegated.state), saved->send.len,
                 saved->received.len, saved->early.len);
}

static int show_main(int argc, char **argv)
{
    struct state_file file = {0};
    int status = emu_option_parse(&show_command, argc, argv);
    char text[LINE_MAX_LEN];

    if (status >= 0) {
        return status;
    }
    file.name = operands[0];
    status = load_or_say(&file, EMU_EXIT_FAULT);
    if (status >= 0) {
        return status;
    }
    if (as_json) {
        json_t *json = emu_state_json(&file.saved);
        struct emu_report report;

        emu_report_init(&report, true);
        status = json == NULL ? out_of_memory() : EMU_EXIT_OK;
        emu_report_say(&report, json, " ");
    } else {
        status = EMU_EXIT_OK;
        show_head(&file.saved);
        for (const struct toe_saved_field *f = toe_saved_field_next(NULL); f != NULL;
             f = toe_saved_field_next(f)) {
            if (toe_saved_has(&file.saved, (enum toe_saved_tag)f->tag)) {
                emu_state_text(text, sizeof(text), &file.saved, f);
                (void)printf("%-36s%s\n", f->name, text);
            }
        }
    }
    free(file.bytes);
    return status;
}

/* Says in which fields |a| and |b| differ, and returns in how many. */
static unsigned compare(struct emu_report *report, const struct toe_saved *a,
                        const struct toe_saved *b)
{
    unsigned cnt = 0;

    for (const struct toe_saved_field *f = toe_saved_field_next(NULL); f != NULL;
         f = toe_saved_field_next(f)) {
        json_t *in_a = emu_state_value(a, f);
        json_t *in_b = emu_state_value(b, f);
        char text_a[LINE_MAX_LEN];
        char text_b[LINE_MAX_LEN];

        if ((in_a == NULL && in_b == NULL) || json_equal(in_a, in_b)) {
            json_decref(in_a);
            json_decref(in_b);
            continue;
        }
        ++cnt;
        emu_state_text(text_a, sizeof(text_a), a, f);
        emu_state_text(text_b, sizeof(text_b), b, f);
        emu_report_say(report,
                       json_pack("{s:s, s:s, s:o*, s:o*}", "type", "difference", "field", f->name,
                                 "a", in_a, "b", in_b),
                       "%-36s%s | %s", f->name, text_a, text_b);
    }
    return cnt;
}

static int diff_main(int argc, char **argv)
{
    struct state_file a = {0};
    struct state_file b = {0};
    struct emu_report report;
    int status = emu_option_parse(&diff_command, argc, argv);
    unsigned cnt;

    if (status >= 0) {
        return status;
    }
    a.name = operands[0];
    b.name = operands[1];
    status = load_or_say(&a, EMU_EXIT_USAGE);
    if (status >= 0) {
        return status;
    }
    status = load_or_say(&b, EMU_EXIT_USAGE);
    if (status >= 0) {
        free(a.bytes);
        return status;
    }
    emu_report_init(&report, as_json);
    cnt = compare(&report, &a.saved, &b.saved);
    emu_report_say(&report,
                   json_pack("{s:s, s:s, s:i}", "type", "summary", "verdict",
                             cnt == 0 ? "equal" : "different", "differences", (int)cnt),
                   "%s: %u field%s", cnt == 0 ? "equal" : "different", cnt, cnt == 1 ? "" : "s");
    free(a.bytes);
    free(b.bytes);
    return cnt == 0 ? EMU_EXIT_OK : EMU_EXIT_FAULT;
}

static int check_main(int argc, char **argv)
{
    struct state_file file = {0};
    struct emu_state_fault fault = {0};
    struct toe_saved_fault found = {0};
    struct emu_error error;
    struct emu_report report;
    int status = emu_option_parse(&check_command, argc, argv);
    enum loaded loaded;
    bool sound;

    if (status >= 0) {
        return status;
    }
    file.name = operands[0];
    loaded = load(&file, &fault, &error);
    if (loaded == UNREADABLE) {
        return emu_error_print(&error);
    }
    sound = loaded == LOADED && toe_saved_check(&file.saved, &found);
    if (loaded == LOADED && !sound) {
        (void)snprintf(fault.field, sizeof(fault.field), "%s", found.field);
        (void)snprintf(fault.rule, sizeof(fault.rule), "%s", found.rule);
    }
    emu_report_init(&report, as_json);
    if (sound) {
        emu_report_say(&report, json_pack("{s:s, s:s}", "type", "summary", "verdict", "pass"),
                       "%s: sound", file.name);
    } else {
        emu_report_say(&report,
                       json_pack("{s:s, s:s, s:s, s:s}", "type", "summary", "verdict", "fail",
                                 "field", fault.field, "rule", fault.rule),
                       "%s: %s %s", file.name, fault.field, fault.rule);
    }
    free(file.bytes);
    return sound ? EMU_EXIT_OK : EMU_EXIT_FAULT;
}

static int write_json(const char *name, const struct toe_saved *saved)
{
    json_t *json = emu_state_json(saved);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(2));
    char *line = NULL;
    int status;

    if (text == NULL || asprintf(&line, "%s\n", text) < 0) {
        line = NULL;
    }
    status = line == NULL ? out_of_memory() : write_file(name, line, strlen(line));
    free(line);
    free(text);
    json_decref(json);
    return status;
}

static int write_binary(const char *name, const struct toe_saved *saved)
{
    const size_t len = toe_saved_write(saved, NULL, 0);
    uint8_t *bytes = malloc(len);
    int status;

    if (bytes == NULL) {
        return out_of_memory();
    }
    (void)toe_saved_write(saved, bytes, len);
    status = write_file(name, bytes, len);
    free(bytes);
    return status;
}

static bool ends_in(const char *name, const char *tail)
{
    const size_t len = strlen(name);
    const size_t tail_len = strlen(tail);

    return len >= tail_len && strcmp(name + len - tail_len, tail) == 0;
}

static int convert_main(int argc, char **argv)
{
    struct state_file file = {0};
    int status = emu_option_parse(&convert_command, argc, argv);

    if (status >= 0) {
        return status;
    }
    file.name = operands[0];
    status = load_or_say(&file, EMU_EXIT_FAULT);
    if (status >= 0) {
        return status;
    }
    if (target_form == FORM_JSON ||
        (target_form == FORM_BY_NAME && ends_in(operands[1], ".json"))) {
        status = write_json(operands[1], &file.saved);
    } else {
        status = write_binary(operands[1], &file.saved);
    }
    free(file.bytes);
    return status;
}

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *summary;
} subcommands[] = {
    {"show", show_main, "FILE [--json]       every field, for people or as JSON"},
    {"diff", diff_main, "A B [--json]        the fields that differ, with both values"},
    {"check", check_main,
     "FILE [--json]       whether it is sound, or which field breaks what rule"},
    {"convert", convert_main, "IN OUT [--to FORM]  from binary to JSON, or back"},
};

static const struct emu_command state_command = {.name = "state"};

static int print_usage(void)
{
    (void)printf("Usage: toe state show|diff|check|convert ...\n\n"
                 "Saved connections, in the binary or the JSON form.\n\nSubcommands:\n");
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); ++i) {
        (void)printf("  %-9s%s\n", subcommands[i].name, subcommands[i].summary);
    }
    (void)printf("\n`toe state SUBCOMMAND --help` tells about one of them. Exit status: 0 all is "
                 "well, 1 a file\nis damaged or not sound, or two differ, 2 wrong usage, 3 the "
                 "environment lacks something.\n");
    return EMU_EXIT_OK;
}

int emu_state_main(int argc, char **argv)
{
    if (argc < 2) {
        return emu_option_error(&state_command, "show, diff, check or convert is missing");
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return print_usage();
    }
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); ++i) {
        if (strcmp(subcommands[i].name, argv[1]) == 0) {
            return subcommands[i].main(argc - 1, argv + 1);
        }
    }
    return emu_option_error(&state_command, "there is no \"%s\"", argv[1]);
}
