/* SPDX-License-Identifier: MIT */
/*
 * The command `toe bench`: takes measurements in turns and tells medians and ratios.
 */
#include "bench.h"

#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "option.h"
#include "report.h"

struct emu_bench {
    struct emu_report report;
    uint64_t rounds;
    const char *pattern; /* of the figures that are wanted */
    uint32_t figures;    /* told */
};

const struct emu_bench_entry emu_bench_entries[] = {
    {"bulk", "one connection, as much as it takes: MSS 536, 1460, 8960, and super-segments",
     emu_bench_bulk},
    {"rr", "requests and responses of 64 bytes on 1 to 131072 connections", emu_bench_request},
    {"offload", "connections to the target and back, in trees and one by one", emu_bench_offload},
    {"move-roundtrip", "one connection to the target and back", emu_bench_move},
    {"idle-memory", "bytes of a connection in the target", emu_bench_memory},
    {"million", "a million idle connections", emu_bench_million},
    {"connect-close", "connections of the host, made and ended", emu_bench_connect},
    {"demux", "frames to connections by chance, and to none", emu_bench_demux},
    {"timers", "keep-alive timers that are due, and that move on", emu_bench_timers},
    {"sim", "frames through the simulator", emu_bench_sim},
    {"loss-matrix", "one connection against loss by chance, in virtual time", emu_bench_loss},
    {"loss-matrix-wide", "flows against delay, loss, reordering and queues, in virtual time",
     emu_bench_loss_wide},
    {NULL, NULL, NULL},
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

bool emu_bench_is_over(const struct emu_bench *bench)
{
    (void)bench;
    return stop != 0;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

double emu_bench_median(double *values, uint64_t cnt)
{
    qsort(values, cnt, sizeof(*values), compare);
    return values[cnt / 2];
}

/* Sorts the |cnt| |values|; returns the median, and in |spread| a half of the middle half to it. */
static double median(double *values, uint64_t cnt, double *spread)
{
    const double middle = emu_bench_median(values, cnt);

    *spread = middle > 0 ? (values[cnt * 3 / 4] - values[cnt / 4]) / 2 / middle : 0;
    return middle;
}

/* The machine, as /proc/cpuinfo names it. */
static void tell_machine(struct emu_bench *bench)
{
    char line[256];
    char model[128] = "unknown";
    FILE *file = fopen("/proc/cpuinfo", "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "model name : %127[^\n]", model) == 1) {
            break;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    emu_report_say(&bench->report, json_pack("{ss ss}", "type", "machine", "cpu", model),
                   "%s\n%-44s %12s %-12s %10s %12s %8s %7s", model, "figure", "ours", "", "peer",
                   "peer's", "ratio", "spread");
}

/* Counts a figure; the first one comes below the machine's name. */
static void count_figure(struct emu_bench *bench)
{
    if (bench->figures++ == 0) {
        tell_machine(bench);
    }
}

void emu_bench_measure(struct emu_bench *bench, const struct emu_bench_figure *figure)
{
    double ours[EMU_BENCH_ROUNDS_MAX];
    double theirs[EMU_BENCH_ROUNDS_MAX];
    double spreads[2];
    double value;
    double peer_value;
    uint64_t cnt;

    if (!emu_bench_is_wanted(bench, figure->name)) {
        return;
    }
    (void)figure->ours(figure->user);
    (void)figure->theirs(figure->user);
    for (cnt = 0; cnt < bench->rounds && stop == 0; ++cnt) {
        ours[cnt] = figure->ours(figure->user);
        theirs[cnt] = figure->theirs(figure->user);
    }
    if (cnt == 0) {
        return;
    }
    value = median(ours, cnt, &spreads[0]);
    peer_value = median(theirs, cnt, &spreads[1]);
    count_figure(bench);
    emu_report_say(&bench->report,
                   json_pack("{ss ss sf ss ss sf sf sf}", "type", "figure", "name", figure->name,
                             "value", value, "unit", figure->unit, "peer", figure->peer,
                             "peer_value", peer_value, "ratio", peer_value / value, "spread",
                             spreads[0]),
                   "%-44s %12.1f %-12s %10s %12.1f %8.3f %6.1f%%", figure->name, value,
                   figure->unit, figure->peer, peer_value, peer_value / value, 100 * spreads[0]);
}

double emu_bench_tell(struct emu_bench *bench, const struct emu_bench_result *result, json_t *more,
                      const char *note)
{
    double spread;
    const double value = median(result->values, result->cnt, &spread);
    const double ratio =
        result->is_less_better ? result->peer_value / value : value / result->peer_value;
    json_t *object = json_pack("{ss ss sf ss ss sf sf sf}", "type", "figure", "name", result->name,
                               "value", value, "unit", result->unit, "peer", result->peer,
                               "peer_value", result->peer_value, "ratio", ratio, "spread", spread);

    (void)json_object_update(object, more);
    json_decref(more);
    count_figure(bench);
    emu_report_say(&bench->report, object, "%-44s %12.1f %-12s %10s %12.1f %8.3f %6.1f%% %s",
                   result->name, value, result->unit, result->peer, result->peer_value, ratio,
                   100 * spread, note);
    return value;
}

bool emu_bench_is_wanted(const struct emu_bench *bench, const char *name)
{
    return fnmatch(bench->pattern, name, 0) == 0;
}

uint32_t emu_bench_rounds(const struct emu_bench *bench)
{
    return (uint32_t)bench->rounds;
}

/* A figure's name, or that of a benchmark, which stands for all of its figures. */
static bool is_wanted(const struct emu_bench_entry *entry, const char *name)
{
    const size_t len = strlen(entry->name);

    return name == NULL || strncmp(name, entry->name, len) == 0;
}

static int run(struct emu_bench *bench, const char *name)
{
    struct emu_error error;
    bool is_known = false;

    for (const struct emu_bench_entry *entry = emu_bench_entries; entry->name != NULL; ++entry) {
        if (stop != 0 || !is_wanted(entry, name)) {
            continue;
        }
        is_known = true;
        bench->pattern = name == NULL || strcmp(name, entry->name) == 0 ? "*" : name;
        if (!entry->run(bench, &error)) {
            return emu_error_print(&error);
        }
    }
    if (stop == 0 && (!is_known || bench->figures == 0)) {
        (void)fprintf(stderr, "toe bench: there is no figure \"%s\" (try: toe bench --help)\n",
                      name);
        return EMU_EXIT_USAGE;
    }
    emu_report_say(&bench->report,
                   json_pack("{ss ss sI}", "type", "summary", "command", "bench", "figures",
                             (json_int_t)bench->figures),
                   "A ratio above 1 is in our favour; the unit is memcpy() plus checksum of 1460 "
                   "bytes.");
    return EMU_EXIT_OK;
}

int emu_bench_main(int argc, char **argv)
{
    struct emu_bench bench = {.rounds = 15};
    struct sigaction action = {.sa_handler = on_signal};
    const char *name = NULL;
    bool json = false;
    const struct emu_option table[] = {
        {.name = "rounds",
         .letter = 'r',
         .kind = EMU_OPTION_NUMBER,
         .value = &bench.rounds,
         .min = 1,
         .max = EMU_BENCH_ROUNDS_MAX,
         .help = "measurements of each figure, of which the median counts (default 15)"},
        {.name = "json",
         .kind = EMU_OPTION_FLAG,
         .value = &json,
         .help = "print JSON, one object a line, the last one the summary"},
    };
    const struct emu_command command = {
        .name = "bench",
        .synopsis = "[NAME] [options]",
        .summary = "Measures, beside something else measured in the same run.",
        .details =
            "NAME is one figure (bulk-mss1460), a pattern (\"rr-*\"), or a name of these for all "
            "of that kind:\n\n"
            "  bulk   one connection between two targets in memory: MSS 536, 1460, 8960,\n"
            "         and super-segments\n"
            "  rr     requests and responses of 64 bytes on 1 to 131072 connections\n"
            "  offload           connections to the target and back, in trees and singly\n"
            "  move-roundtrip    one connection to the target and back\n"
            "  idle-memory       bytes of a connection in the target\n"
            "  million           a million idle connections\n"
            "  connect-close     connections of the host, also beside 100000 others\n"
            "  demux, timers     frames and timers of up to 100000 connections\n"
            "  sim               frames through the simulator\n"
            "  loss-matrix       loss by chance, beside smoltcp, in virtual time\n"
            "  loss-matrix-wide  delay, loss, reordering, queues, in virtual time\n\n"
            "Each is shown with the unit, the time of memcpy() plus checksum of 1460 bytes.",
        .options = table,
        .option_cnt = sizeof(table) / sizeof(table[0]),
    };
    int status;

    if (argc > 1 && argv[1][0] != '-') {
        name = argv[1];
        argv[1] = argv[0];
        ++argv;
        --argc;
    }
    status = emu_option_parse(&command, argc, argv);
    if (status >= 0) {
        return status;
    }
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    emu_report_init(&bench.report, json);
    return run(&bench, name);
}
