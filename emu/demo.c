/* SPDX-License-Identifier: MIT */
/*
 * The command `toe demo`: programs that know nothing of it run through `toe nic`, while their
 * connections move into the target and back (live/live.h); where this machine cannot have such a
 * NIC, or with --wire, our own host stack does (demo_wire.h).
 */
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "demo_wire.h"
#include "live/live.h"
#include "option.h"
#include "pump.h"
#include "report.h"

#define SECONDS (15 * TOE_NS_PER_SEC)

enum {
    CONNECTIONS = 40,
    MOVES_A_SECOND = 200,
    LOSS_PPM = 5000,
};

static json_t *summary(const struct emu_live_result *result, uint64_t seed, double wall)
{
    const bool passed = result->fault[0] == '\0';
    json_t *object = json_pack(
        "{ss ss ss sI sI sI sI sI sI sI sI sI sI sI sf}", "type", "summary", "command", "demo",
        "verdict", passed ? "pass" : "fail", "seed", (json_int_t)seed, "connections_opened",
        (json_int_t)result->connections, "connections_peak", (json_int_t)result->connections_peak,
        "bytes", (json_int_t)result->bytes, "bytes_wrong", (json_int_t)result->bytes_wrong,
        "offloads", (json_int_t)result->offloads, "uploads", (json_int_t)result->uploads, "resets",
        (json_int_t)result->resets, "leftover", (json_int_t)result->leftover, "frames_lost",
        (json_int_t)result->frames_lost, "wire_bytes", (json_int_t)result->wire_bytes,
        "wall_seconds", wall);

    if (!passed && object != NULL) {
        (void)json_object_set_new(object, "fault", json_string(result->fault));
    }
    return object;
}

static void conclude(struct emu_report *report, const struct emu_live_result *result, uint64_t seed,
                     toe_instant begin)
{
    const double wall = (double)(emu_pump_now() - begin) / (double)TOE_NS_PER_SEC;

    if (result->fault[0] == '\0') {
        emu_report_say(report, summary(result, seed, wall),
                       "\ndemo: pass, %" PRIu64 " connections, %" PRIu64 " moves, %" PRIu64
                       " MiB checked and no byte wrong, in %.1f s",
                       result->connections, result->offloads + result->uploads, result->bytes >> 20,
                       wall);
    } else {
        emu_report_say(report, summary(result, seed, wall), "\ndemo: fail, %s", result->fault);
    }
}

/* Returns the status to exit with; -1: there is no such NIC here, and the other one is to be shown.
 */
static int run_live(const struct emu_demo_settings *settings)
{
    const struct emu_live_settings live = {
        .seconds = settings->seconds != 0 ? settings->seconds : SECONDS,
        .connections = settings->connections != 0 ? (uint32_t)settings->connections : CONNECTIONS,
        .rate = MOVES_A_SECOND,
        .loss = LOSS_PPM,
        .seed = settings->seed,
        .report = settings->report,
    };
    const toe_instant begin = emu_pump_now();
    struct emu_live_result result;
    struct emu_error error;
    const int status = emu_live_run(&result, &live, &error);

    if (status == EMU_EXIT_ENVIRONMENT) {
        emu_report_say(
            settings->report,
            json_pack("{ss ss ss}", "type", "phase", "phase", "no NIC", "why", error.text),
            "There can be no `toe nic` here (%s),\nso this is toe demo --wire.\n", error.text);
        return -1;
    }
    conclude(settings->report, &result, settings->seed, begin);
    return status;
}

static int parse(struct emu_demo_settings *settings, bool *is_wire, int argc, char **argv)
{
    bool json = false;
    const struct emu_option table[] = {
        {.name = "seconds",
         .letter = 's',
         .kind = EMU_OPTION_DURATION,
         .value = &settings->seconds,
         .min = TOE_NS_PER_SEC / 10,
         .max = 24 * 3600 * TOE_NS_PER_SEC,
         .help = "how long programs begin something anew (default 15; --wire: 8)"},
        {.name = "connections",
         .letter = 'c',
         .kind = EMU_OPTION_NUMBER,
         .value = &settings->connections,
         .min = 1,
         .max = 10000,
         .help = "at once, of our own program (default 40; --wire: 300)"},
        {.name = "wire",
         .kind = EMU_OPTION_FLAG,
         .value = is_wire,
         .help = "our own host stack and target against a kernel, without `toe nic`"},
        {.name = "seed",
         .kind = EMU_OPTION_NUMBER,
         .value = &settings->seed,
         .max = INT64_MAX,
         .help = "of all that is random (default 1)"},
        {.name = "json",
         .kind = EMU_OPTION_FLAG,
         .value = &json,
         .help = "print JSON, one object a line, the last one the summary"},
    };
    const struct emu_command command = {
        .name = "demo",
        .synopsis = "[options]",
        .summary = "Shows programs whose live connections move into an offload target and back.",
        .details =
            "It builds a private network for itself, needs no root, and leaves nothing behind. "
            "The last line\nbegins \"demo: pass\" or \"demo: fail\".",
        .options = table,
        .option_cnt = sizeof(table) / sizeof(table[0]),
    };
    const int status = emu_option_parse(&command, argc, argv);

    emu_report_init(settings->report, json);
    return status;
}

int emu_demo_main(int argc, char **argv)
{
    struct emu_report report;
    struct emu_demo_settings settings = {.report = &report, .seed = 1};
    bool is_wire = false;
    int status = parse(&settings, &is_wire, argc, argv);

    if (status >= 0) {
        return status;
    }
    emu_pump_signals_block();
    if (!is_wire) {
        status = run_live(&settings);
    }
    return status < 0 ? emu_demo_wire_run(&settings) : status;
}
