/* SPDX-License-Identifier: MIT */
/*
 * The command `toe bench`: takes measurements in turns and tells medians and ratios.
 */
#include "bench.h"

#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "computer.h"
#include "option.h"
#include "plot.h"
#include "report.h"

enum { PEER_CNT = 3 };

static const char *const peer_names[PEER_CNT + 1] = {"unit", "lwip", "linux"};

/* A peer in this run. */
struct rival {
    const struct emu_bench_peer *peer;
    void *user;     /* what open() has returned */
    bool is_known;  /* has been described */
    bool is_absent; /* for good, which has been told */
    double values[EMU_BENCH_ROUNDS_MAX];
};

struct emu_bench {
    struct emu_report report;
    uint64_t rounds;
    const char *pattern; /* of the figures that are wanted */
    uint32_t figures;    /* told */
    bool is_at_fault;    /* one of them is */
    bool is_machine_told;
    uint32_t peers; /* 1 << index of those that are wanted */
    struct rival rivals[PEER_CNT];
    struct emu_error absence; /* the last reason for a peer not to be there */
    struct emu_plot plot;     /* of the requests against the number of connections */
    struct emu_computer computer;
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
    {"cores", "two targets on two cores against one on one", emu_bench_cores},
    {"sim", "frames through the simulator", emu_bench_sim},
    {"loss-matrix", "one connection against loss by chance, in virtual time", emu_bench_loss},
    {"loss-matrix-wide", "flows against delay, loss, reordering and queues, in virtual time",
     emu_bench_loss_wide},
    {"congestion", "each congestion control against its specification, in virtual time",
     emu_bench_congestion},
    /* The last: it goes into networks of its own for good. */
    {"nic", "the NIC beside plain veth: bulk, latency, frames, and what a move stalls",
     emu_bench_nic},
    {NULL, NULL, NULL},
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    stop = number;
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

/* The machine; once. */
static void tell_machine(struct emu_bench *bench)
{
    const char *processor = bench->computer.processor;

    if (bench->is_machine_told) {
        return;
    }
    bench->is_machine_told = true;
    emu_computer_look(&bench->computer);
    emu_report_say(&bench->report, json_pack("{ss ss}", "type", "machine", "cpu", processor),
                   "%s\n%-44s %12s %-12s %10s %12s %8s %7s", processor, "figure", "ours", "",
                   "peer", "peer's", "ratio", "spread");
}

void emu_bench_tell_absence(struct emu_bench *bench, const char *name, const char *peer,
                            const struct emu_error *error)
{
    bench->absence = *error;
    bench->absence.status = EMU_EXIT_ENVIRONMENT;
    emu_report_say(&bench->report,
                   json_pack("{ss ss ss ss}", "type", "absent", "name", name, "peer", peer, "why",
                             error->text),
                   "%-44s not measured beside %s: %s", name, peer, error->text);
}

/* Has |rival| prepare itself for |figure|; false if it cannot, which is told. */
static bool enter(struct emu_bench *bench, struct rival *rival,
                  const struct emu_bench_figure *figure)
{
    const bool was_known = rival->is_known;
    struct emu_error error;
    char about[512];

    if (rival->peer->open == NULL) {
        return true;
    }
    if (figure->job == NULL) {
        emu_error_set(&bench->absence, EMU_EXIT_USAGE, "%s has the unit beside it only",
                      figure->name);
        return false;
    }
    if (rival->is_absent) {
        return false;
    }
    rival->user = rival->peer->open(figure->job, &error);
    if (rival->user == NULL) {
        rival->is_absent = error.status == EMU_EXIT_ENVIRONMENT;
        emu_bench_tell_absence(bench, rival->is_absent ? "*" : figure->name, rival->peer->name,
                               &error);
        return false;
    }
    rival->is_known = true;
    if (!was_known) {
        rival->peer->about(about, sizeof(about));
        emu_report_say(
            &bench->report,
            json_pack("{ss ss ss}", "type", "peer", "peer", rival->peer->name, "about", about),
            "%s: %s", rival->peer->name, about);
    }
    return true;
}

static void leave(struct rival *rival)
{
    if (rival->peer->open != NULL) {
        rival->peer->close(rival->user);
    }
}

static void tell_contest(struct emu_bench *bench, const struct emu_bench_figure *figure,
                         const double value, double spread, const struct rival *rival,
                         double peer_value)
{
    ++bench->figures;
    emu_report_say(&bench->report,
                   json_pack("{ss ss sf ss ss sf sf sf}", "type", "figure", "name", figure->name,
                             "value", value, "unit", figure->unit, "peer", rival->peer->name,
                             "peer_value", peer_value, "ratio", peer_value / value, "spread",
                             spread),
                   "%-44s %12.1f %-12s %10s %12.1f %8.3f %6.1f%%", figure->name, value,
                   figure->unit, rival->peer->name, peer_value, peer_value / value, 100 * spread);
}

static void plot_point(struct emu_bench *bench, const struct emu_bench_figure *figure,
                       const char *who, double value)
{
    if (figure->job != NULL && figure->job->kind == EMU_BENCH_REQUEST) {
        emu_plot_add(&bench->plot, who, figure->job->connections, value);
    }
}

/* Takes the turns of ours and of the |cnt| |rivals|; returns how many were finished. */
static uint64_t compete(struct emu_bench *bench, const struct emu_bench_figure *figure,
                        struct rival **rivals, size_t cnt, double *ours)
{
    uint64_t turn;

    (void)figure->ours(figure->user);
    for (size_t i = 0; i < cnt; ++i) {
        (void)rivals[i]->peer->run(rivals[i]->user);
    }
    for (turn = 0; turn < bench->rounds && stop == 0; ++turn) {
        ours[turn] = figure->ours(figure->user);
        for (size_t i = 0; i < cnt; ++i) {
            rivals[i]->values[turn] = rivals[i]->peer->run(rivals[i]->user);
        }
    }
    return turn;
}

void emu_bench_measure(struct emu_bench *bench, const struct emu_bench_figure *figure)
{
    struct rival *rivals[PEER_CNT];
    struct emu_error error;
    double ours[EMU_BENCH_ROUNDS_MAX];
    double spread;
    double ignored;
    double value;
    uint64_t turns;
    size_t cnt = 0;

    if (!emu_bench_is_wanted(bench, figure->name)) {
        return;
    }
    tell_machine(bench);
    for (size_t i = 0; i < PEER_CNT; ++i) {
        if ((bench->peers & 1u << i) != 0 && enter(bench, &bench->rivals[i], figure)) {
            rivals[cnt++] = &bench->rivals[i];
        }
    }
    turns = cnt > 0 ? compete(bench, figure, rivals, cnt, ours) : 0;
    value = turns > 0 ? median(ours, turns, &spread) : 0;
    if (turns > 0) {
        plot_point(bench, figure, "toe", value);
    }
    for (size_t i = 0; i < cnt; ++i) {
        const double peer_value = turns > 0 ? median(rivals[i]->values, turns, &ignored) : 0;

        if (turns > 0 && rivals[i]->values[0] < 0) {
            emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "it stands still");
            emu_bench_tell_absence(bench, figure->name, rivals[i]->peer->name, &error);
        } else if (turns > 0) {
            tell_contest(bench, figure, value, spread, rivals[i], peer_value);
            plot_point(bench, figure, rivals[i]->peer->name, peer_value);
        }
        leave(rivals[i]);
    }
}

double emu_bench_tell(struct emu_bench *bench, const struct emu_bench_result *result, json_t *more,
                      const char *note)
{
    double spread;
    const double value = median(result->values, result->cnt, &spread);
    const double ratio =
        result->is_less_better ? result->peer_value / value : value / result->peer_value;
    const int digits = value < 10 ? 3 : 1;
    json_t *object = json_pack("{ss ss sf ss ss sf sf sf}", "type", "figure", "name", result->name,
                               "value", value, "unit", result->unit, "peer", result->peer,
                               "peer_value", result->peer_value, "ratio", ratio, "spread", spread);

    (void)json_object_update(object, more);
    json_decref(more);
    tell_machine(bench);
    ++bench->figures;
    emu_report_say(&bench->report, object, "%-44s %12.*f %-12s %10s %12.*f %8.3f %6.1f%% %s",
                   result->name, digits, value, result->unit, result->peer, digits,
                   result->peer_value, ratio, 100 * spread, note);
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

void emu_bench_fault(struct emu_bench *bench)
{
    bench->is_at_fault = true;
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
    if (stop == 0 && bench->figures == 0 && bench->absence.status != EMU_EXIT_OK) {
        return emu_error_print(&bench->absence);
    }
    if (stop == 0 && (!is_known || bench->figures == 0)) {
        (void)fprintf(stderr, "toe bench: there is no figure \"%s\" (try: toe bench --help)\n",
                      name);
        return EMU_EXIT_USAGE;
    }
    emu_report_say(&bench->report,
                   json_pack("{ss ss sI sb}", "type", "summary", "command", "bench", "figures",
                             (json_int_t)bench->figures, "interrupted", stop != 0),
                   "%sA ratio above 1 is in our favour; the unit is memcpy() plus checksum of 1460 "
                   "bytes.",
                   stop != 0 ? "Interrupted: figures are missing. " : "");
    return EMU_EXIT_OK;
}

static const char details[] =
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
    "  cores             two targets on two cores against one on one\n"
    "  sim               frames through the simulator\n"
    "  loss-matrix       loss by chance, beside smoltcp, in virtual time\n"
    "  loss-matrix-wide  delay, loss, reordering, queues, in virtual time\n"
    "  congestion        each control against its specification, in virtual time;\n"
    "                    the exit status is 1 where one departs from it\n"
    "  nic               toe nic beside plain veth, in private networks: nic-bulk,\n"
    "                    nic-ordinary, nic-latency, nic-frames, nic-xdp, nic-stall\n\n"
    "Most are shown with the unit, the time of memcpy() plus checksum of 1460 bytes.";

/* Opens the file of the plot; NULL with a line on stderr if it cannot be, or has nothing to show.
 */
static FILE *open_plot(const struct emu_command *command, const char *path, const char *name)
{
    FILE *file;

    if (name != NULL && strncmp(name, "rr", 2) != 0) {
        (void)emu_option_error(command, "--plot shows rr, and not %s", name);
        return NULL;
    }
    file = fopen(path, "we");
    if (file == NULL) {
        (void)emu_option_error(command, "cannot create the plot %s: %s", path, strerror(errno));
    }
    return file;
}

/* Draws what was measured, which is told when it cannot be written; the status to exit with. */
static int draw(struct emu_bench *bench, FILE *file, const char *path)
{
    bool ok;

    bench->plot.subtitle = bench->computer.processor;
    ok = emu_plot_write(&bench->plot, file);
    ok = fclose(file) == 0 && ok;
    if (!ok) {
        (void)fprintf(stderr, "toe bench: cannot write the plot %s: %s\n", path, strerror(errno));
        return EMU_EXIT_ENVIRONMENT;
    }
    return EMU_EXIT_OK;
}

/* Measures, and draws into |file| if there is one. After a signal it is that which ends the
 * command. */
static int run_and_draw(struct emu_bench *bench, const char *name, FILE *file, const char *path)
{
    const struct sigaction action = {.sa_handler = on_signal};
    int status;

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    status = run(bench, name);
    if (file != NULL && draw(bench, file, path) != EMU_EXIT_OK && status == EMU_EXIT_OK) {
        status = EMU_EXIT_ENVIRONMENT;
    }
    if (stop != 0) {
        (void)signal(stop, SIG_DFL);
        (void)raise(stop);
    }
    return status == EMU_EXIT_OK && bench->is_at_fault ? EMU_EXIT_FAULT : status;
}

int emu_bench_main(int argc, char **argv)
{
    struct emu_bench bench = {
        .rounds = 15,
        .plot = {.title = "A request and a response of 64 bytes, both ends",
                 .x_name = "connections",
                 .y_name = "nanoseconds"},
        .peers = (1u << PEER_CNT) - 1,
        .rivals = {{.peer = &emu_bench_peer_unit},
                   {.peer = &emu_bench_peer_lwip},
                   {.peer = &emu_bench_peer_linux}},
    };
    const char *name = NULL;
    const char *plot = NULL;
    FILE *file = NULL;
    bool json = false;
    const struct emu_option table[] = {
        {.name = "rounds",
         .letter = 'r',
         .kind = EMU_OPTION_NUMBER,
         .value = &bench.rounds,
         .min = 1,
         .max = EMU_BENCH_ROUNDS_MAX,
         .help = "measurements of each figure, of which the median counts (default 15)"},
        {.name = "peers",
         .kind = EMU_OPTION_SET,
         .value = &bench.peers,
         .choices = peer_names,
         .help = "what to measure beside ours: unit, lwip, linux (default all)"},
        {.name = "plot",
         .kind = EMU_OPTION_TEXT,
         .value = &plot,
         .placeholder = "FILE",
         .help = "draw what rr costs against the number of connections, as SVG"},
        {.name = "json",
         .kind = EMU_OPTION_FLAG,
         .value = &json,
         .help = "print JSON, one object a line, the last one the summary"},
    };
    const struct emu_command command = {
        .name = "bench",
        .synopsis = "[NAME] [options]",
        .summary = "Measures, beside something else measured in the same run.",
        .details = details,
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
    if (plot != NULL) {
        file = open_plot(&command, plot, name);
        if (file == NULL) {
            return EMU_EXIT_USAGE;
        }
    }
    emu_report_init(&bench.report, json);
    return run_and_draw(&bench, name, file, plot);
}
