/* SPDX-License-Identifier: MIT */
/*
 * The command `toe peer`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "option.h"
#include "report.h"
#include "peer.h"

static json_t *make_object(const struct emu_peer_result *result)
{
    return json_pack("{ss ss ss sI sI sI sI sI sI sI sI sI}", "type", "summary", "command", "peer",
                     "verdict", emu_peer_status(result) == EMU_EXIT_OK ? "pass" : "fail",
                     "connections", (json_int_t)result->connections, "calls",
                     (json_int_t)result->calls, "finished", (json_int_t)result->finished, "bytes",
                     (json_int_t)result->bytes, "bytes_wrong", (json_int_t)result->bytes_wrong,
                     "resets", (json_int_t)result->resets, "resets_wanted",
                     (json_int_t)result->resets_wanted, "unopened", (json_int_t)result->unopened,
                     "unfinished", (json_int_t)result->unfinished);
}

/* Whether |fd| can tell that its other end is gone. */
static bool can_end(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 &&
           (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode) || isatty(fd));
}

int emu_peer_main(int argc, char **argv)
{
    uint64_t port = EMU_PEER_PORT;
    bool until_eof = false;
    bool json = false;
    const struct emu_option table[] = {
        {.name = "port",
         .letter = 'p',
         .kind = EMU_OPTION_NUMBER,
         .value = &port,
         .min = 1,
         .max = 65535,
         .help = "to listen on (default 7007)"},
        {.name = "until-eof",
         .kind = EMU_OPTION_FLAG,
         .value = &until_eof,
         .help = "end when standard input, a pipe, does"},
        {.name = "json",
         .kind = EMU_OPTION_FLAG,
         .value = &json,
         .help = "print JSON, one object a line"},
    };
    const struct emu_command command = {
        .name = "peer",
        .synopsis = "[options]",
        .summary = "The other end of a stress test, on the kernel's own sockets.",
        .options = table,
        .option_cnt = sizeof(table) / sizeof(table[0]),
    };
    struct emu_peer_settings settings = {.ready_fd = -1, .life_fd = -1};
    struct emu_peer_result result;
    struct emu_report output;
    struct emu_error error;
    int status = emu_option_parse(&command, argc, argv);

    if (status >= 0) {
        return status;
    }
    if (until_eof && !can_end(STDIN_FILENO)) {
        return emu_option_error(&command, "--until-eof: standard input is not a pipe");
    }
    emu_report_init(&output, json);
    settings.port = (uint16_t)port;
    settings.life_fd = until_eof ? STDIN_FILENO : -1;
    if (!emu_peer_run(&result, &settings, &error)) {
        return emu_error_print(&error);
    }
    emu_report_say(&output, make_object(&result),
                   "peer: %s%s%s, %" PRIu64 " connections, %" PRIu64 " bytes checked, %" PRIu64
                   " wrong, %" PRIu64 " resets, %" PRIu64 " unfinished",
                   emu_peer_status(&result) == EMU_EXIT_OK ? "pass" : "fail",
                   result.fault[0] == '\0' ? "" : ", ", result.fault, result.connections,
                   result.bytes, result.bytes_wrong, result.resets, result.unfinished);
    return emu_peer_status(&result);
}
