/* SPDX-License-Identifier: MIT */
/*
 * The command `toe stress`: runs, one or a swarm of them, and what is told about them.
 */
#include "stress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chronicle.h"
#include "endurance/endurance.h"
#include "pump.h"
#include "report.h"
#include "stress_options.h"
#include "stress_page.h"
#include "stress_report.h"
#include "swarm/ladder.h"
#include "swarm/soak.h"
#include "swarm/swarm.h"

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void show_progress(void *user, const struct emu_stress_result *result)
{
    struct emu_report *output = user;
    const toe_instant now = emu_pump_now();
    char line[256];

    if (!emu_report_progress_due(output, now)) {
        return;
    }
    emu_stress_report_line(line, sizeof(line), result);
    emu_report_progress(output, now, emu_stress_report_object(result, "progress"), "%s", line);
}

/* Says what came of all. */
static void show_summary(struct emu_report *output, const struct emu_stress_result *result)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        return;
    }
    emu_stress_report_text(out, result);
    fclose(out);
    text[strlen(text) - 1] = '\0';
    emu_report_say(output, emu_stress_report_object(result, "summary"), "%s", text);
    free(text);
}

/*
 * Opens |path| before the run, so that a wrong one costs no time. Returns false, and prints a line
 * that says why, if that cannot be; no path is no file.
 */
static bool open_file(FILE **out, const char *what, const char *path)
{
    struct emu_error error;

    *out = path != NULL ? fopen(path, "w") : NULL;
    if (path == NULL || *out != NULL) {
        return true;
    }
    emu_error_set(&error, EMU_EXIT_USAGE, "cannot create the %s \"%s\": %s", what, path,
                  strerror(errno));
    (void)emu_error_print(&error);
    return false;
}

/* Closes |out|, which may be NULL; returns false, and prints a line, if not all could be written.
 */
static bool close_file(FILE *out, const char *what, const char *path, bool ok)
{
    struct emu_error error;

    if (out == NULL || (fclose(out) == 0 && ok)) {
        return true;
    }
    emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "cannot write the %s \"%s\": %s", what, path,
                  strerror(errno));
    (void)emu_error_print(&error);
    return false;
}

static bool write_json(FILE *out, const struct emu_stress_result *result)
{
    json_t *object = emu_stress_report_object(result, "summary");
    const bool ok = json_dumpf(object, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;

    json_decref(object);
    return ok;
}

/* A report whose file is named so is a page for people, any other one JSON. */
static bool is_page(const char *path)
{
    const char *end = path == NULL ? NULL : strrchr(path, '.');

    return end != NULL && (strcmp(end, ".html") == 0 || strcmp(end, ".htm") == 0);
}

static int certify(struct emu_stress_result *result, const struct emu_stress_options *options,
                   struct emu_report *output)
{
    struct emu_endurance_settings certification = {
        .way = options->sim   ? EMU_ENDURANCE_SIM
               : options->nic ? EMU_ENDURANCE_NIC
                              : EMU_ENDURANCE_WIRE,
        .course = emu_course_find(emu_course_names[options->profile]),
        .stress = options->settings,
    };

    if (!options->given.connections) {
        certification.stress.connections = 0;
    }
    if (!options->given.seconds) {
        certification.stress.seconds = 0;
    }
    return emu_endurance_run(result, &certification, output);
}

static int run(struct emu_stress_result *result, const struct emu_stress_options *options,
               struct emu_report *output)
{
    if (options->swarm != 0) {
        const struct emu_swarm_settings swarm = {
            .settings = options->settings,
            .given = options->given,
            .seeds = options->swarm,
            .jobs = (uint32_t)options->jobs,
            .failures = options->failures,
        };

        return emu_swarm_run(result, &swarm, output);
    }
    if (options->soak != 0) {
        const struct emu_soak_settings soak = {.connections = options->soak, .bulk = options->bulk};

        return emu_soak_run(result, &options->settings, &soak);
    }
    if (options->replay != NULL) {
        return emu_swarm_replay(result, options->replay, &options->settings);
    }
    if (options->certify) {
        return certify(result, options, output);
    }
    return options->sim ? emu_stress_sim_run(result, &options->settings)
                        : emu_stress_wire_run(result, &options->settings);
}

/* Has a simulation leave its sequence chart in |out|. */
static int run_with_chart(struct emu_stress_result *result, struct emu_stress_options *options,
                          struct emu_report *output, FILE *out)
{
    struct emu_error error;
    int status;

    options->settings.ladder = emu_ladder_new();
    if (options->settings.ladder == NULL) {
        emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "not enough memory for the chart");
        return emu_error_print(&error);
    }
    status = run(result, options, output);
    emu_ladder_print(out, options->settings.ladder);
    emu_ladder_del(options->settings.ladder);
    return status;
}

int emu_stress_main(int argc, char **argv)
{
    struct emu_stress_options options;
    struct emu_stress_result result;
    struct emu_report output;
    FILE *report = NULL;
    FILE *chart = NULL;
    static struct emu_chronicle chronicle; /* large */
    const struct emu_stress_about about = {&options.settings, &chronicle, argc, argv};
    int status = emu_stress_options_parse(&options, argc, argv);

    if (status >= 0) {
        return status;
    }
    if (!open_file(&report, "report", options.report) ||
        !open_file(&options.settings.trace, "trace", options.trace) ||
        !open_file(&chart, "chart", options.chart)) {
        return EMU_EXIT_USAGE;
    }
    emu_report_init(&output, options.json);
    catch_signals();
    options.settings.stop = &stop;
    options.settings.progress = show_progress;
    options.settings.user = &output;
    options.settings.chronicle = is_page(options.report) && options.swarm == 0 ? &chronicle : NULL;
    status = chart != NULL ? run_with_chart(&result, &options, &output, chart)
                           : run(&result, &options, &output);
    if (!close_file(chart, "chart", options.chart, true) ||
        !close_file(options.settings.trace, "trace", options.trace, true)) {
        status = EMU_EXIT_ENVIRONMENT;
    }
    if (status == EMU_EXIT_OK || status == EMU_EXIT_FAULT) {
        show_summary(&output, &result);
        if (report != NULL &&
            !close_file(report, "report", options.report,
                        is_page(options.report) ? emu_stress_page_write(report, &result, &about)
                                                : write_json(report, &result))) {
            status = EMU_EXIT_ENVIRONMENT;
        }
    } else if (report != NULL) {
        fclose(report);
        (void)remove(options.report);
    }
    emu_chronicle_fini(&chronicle);
    return status;
}
