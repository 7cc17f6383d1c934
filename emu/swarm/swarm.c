/* SPDX-License-Identifier: MIT */
#include "swarm/swarm.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pump.h"
#include "stress_report.h"
#include "swarm/ladder.h"
#include "swarm/shrink.h"
#include "swarm/trial.h"

#define JOBS_MAX 64
/* So many kinds of faults are looked into, with so many runs each. */
#define KINDS_MAX 4
#define TRIALS_MAX 4000

/* A run under way, or done but for its turn to be told of. */
struct slot {
    struct emu_trial trial;
    struct emu_schedule schedule;
    struct emu_stress_settings settings;
    bool is_running;
};

struct failure {
    uint64_t seed;
    size_t events;
    char signature[256];
    char fault[256];
};

struct swarm {
    const struct emu_swarm_settings *settings;
    struct emu_report *output;
    struct emu_stress_result *sum;
    uint32_t jobs;
    struct slot slots[JOBS_MAX]; /* a ring, by seed */
    struct failure failures[KINDS_MAX];
    uint32_t failure_cnt;
    uint64_t failed;
    double virtual_seconds;
};

static bool is_stopped(const struct swarm *swarm)
{
    const volatile sig_atomic_t *stop = swarm->settings->settings.stop;

    return stop != NULL && *stop != 0;
}

static uint32_t jobs_of(uint32_t asked)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const long jobs = asked != 0 ? (long)asked : 2 * processors; /* One may wait for its turn. */

    return jobs < 1 ? 1 : jobs > JOBS_MAX ? JOBS_MAX : (uint32_t)jobs;
}

/* --- running --- */

/* What the seed |seed| draws. */
static void draw(const struct swarm *swarm, uint64_t seed, struct emu_stress_settings *settings,
                 struct emu_schedule *schedule)
{
    *settings = swarm->settings->settings;
    settings->seed = seed;
    emu_schedule_draw(schedule, settings, &swarm->settings->given);
}

static void start(struct swarm *swarm, struct slot *slot, uint64_t seed)
{
    draw(swarm, seed, &slot->settings, &slot->schedule);
    slot->is_running = emu_trial_start(&slot->trial, &slot->settings, &slot->schedule);
}

/* Remembers for each kind of fault the seed with the shortest schedule: it is the best to shrink.
 */
static void note_failure(struct swarm *swarm, const struct emu_stress_result *result, size_t events)
{
    struct failure failure = {.seed = result->seed, .events = events};

    ++swarm->failed;
    emu_trial_signature(failure.signature, sizeof(failure.signature), result);
    snprintf(failure.fault, sizeof(failure.fault), "%s", result->fault);
    for (uint32_t i = 0; i < swarm->failure_cnt; ++i) {
        if (strcmp(swarm->failures[i].signature, failure.signature) == 0) {
            if (events < swarm->failures[i].events) {
                swarm->failures[i] = failure;
            }
            return;
        }
    }
    if (swarm->failure_cnt < KINDS_MAX) {
        swarm->failures[swarm->failure_cnt++] = failure;
    }
}

/* On a terminal passing seeds are only counted. */
static void tell(struct swarm *swarm, const struct emu_stress_result *result, uint64_t done)
{
    const toe_instant now = emu_pump_now();
    char line[256];

    emu_stress_report_line(line, sizeof(line), result);
    if (result->verdict == EMU_VERDICT_FAIL || swarm->output->json || !swarm->output->terminal) {
        emu_report_say(swarm->output, emu_stress_report_object(result, "run"),
                       "seed %llu: %s, %s%s%s", (unsigned long long)result->seed,
                       emu_stress_verdict_name(result->verdict), line,
                       result->fault[0] == '\0' ? "" : ": ", result->fault);
    } else if (emu_report_progress_due(swarm->output, now)) {
        emu_report_progress(swarm->output, now, NULL,
                            "%" PRIu64 " of %" PRIu64 " seeds, %" PRIu64 " failed", done,
                            swarm->settings->seeds, swarm->failed);
    }
}

/* Waits for the run of |seed| and takes it up. Returns false if it could not be run. */
static bool finish(struct swarm *swarm, struct slot *slot, uint64_t seed, uint64_t done)
{
    struct emu_stress_result result;

    if (!slot->is_running) {
        return false;
    }
    emu_trial_finish(&slot->trial, &result);
    slot->is_running = false;
    result.seed = seed;
    if (result.verdict == EMU_VERDICT_FAIL) {
        note_failure(swarm, &result, slot->schedule.cnt);
    }
    emu_stress_report_add(swarm->sum, &result);
    tell(swarm, &result, done);
    return true;
}

static bool run_all(struct swarm *swarm)
{
    const uint32_t slots = swarm->jobs;
    const uint64_t first = swarm->settings->settings.seed;
    bool ok = true;

    for (uint64_t i = 0; i < swarm->settings->seeds + slots; ++i) {
        struct slot *slot = &swarm->slots[i % slots];

        if (i >= slots && i - slots < swarm->settings->seeds && slot->is_running) {
            ok = finish(swarm, slot, first + i - slots, i - slots + 1) && ok;
        }
        if (i < swarm->settings->seeds && ok && !is_stopped(swarm)) {
            start(swarm, slot, first + i);
            ok = slot->is_running;
        }
    }
    for (uint32_t i = 0; i < slots; ++i) {
        emu_schedule_fini(&swarm->slots[i].schedule);
    }
    return ok;
}

/* --- what failed --- */

static bool write_schedule(const char *path, const struct emu_shrink *shrink)
{
    json_t *root = emu_schedule_json(shrink->schedule, shrink->settings);
    bool ok;

    json_object_set_new(root, "fault", json_string(shrink->result->fault));
    ok = json_dump_file(root, path, JSON_INDENT(1)) == 0;
    json_decref(root);
    return ok;
}

static bool run_again(const struct emu_stress_settings *set, const struct emu_schedule *schedule)
{
    struct emu_stress_result result;
    struct emu_trial trial;

    if (!emu_trial_start(&trial, set, schedule)) {
        return false;
    }
    emu_trial_finish(&trial, &result);
    return true;
}

/* Runs it once more, with all frames and all calls written down. Returns false if it cannot. */
static bool write_run(const char *base, const struct emu_shrink *shrink)
{
    struct emu_stress_settings set = *shrink->settings;
    char capture[PATH_MAX];
    char trace[PATH_MAX];
    bool ok;

    snprintf(capture, sizeof(capture), "%s.pcapng", base);
    snprintf(trace, sizeof(trace), "%s.trace", base);
    set.capture = capture;
    set.trace = fopen(trace, "w");
    if (set.trace == NULL) {
        return false;
    }
    ok = run_again(&set, shrink->schedule);
    return fclose(set.trace) == 0 && ok;
}

/* And once more, for the chart that a person reads first. */
static bool write_chart(const char *base, const struct emu_shrink *shrink)
{
    struct emu_stress_settings set = *shrink->settings;
    char path[PATH_MAX];
    FILE *out;
    bool ok;

    snprintf(path, sizeof(path), "%s.txt", base);
    out = fopen(path, "w");
    if (out == NULL) {
        return false;
    }
    set.ladder = emu_ladder_new();
    ok = set.ladder != NULL && run_again(&set, shrink->schedule);
    if (ok) {
        fprintf(out, "seed %" PRIu64 ": %s\n\n", set.seed, shrink->result->fault);
        emu_ladder_print(out, set.ladder);
    }
    emu_ladder_del(set.ladder);
    return fclose(out) == 0 && ok;
}

static int look_into(struct swarm *swarm, const struct failure *failure)
{
    struct emu_schedule schedule = {0};
    struct emu_stress_settings settings;
    struct emu_stress_result result = {0};
    struct emu_shrink shrink = {.jobs = swarm->jobs,
                                .trials = TRIALS_MAX,
                                .settings = &settings,
                                .schedule = &schedule,
                                .result = &result};
    char base[PATH_MAX - 16];
    char path[PATH_MAX];
    size_t before;
    bool ok;
    struct emu_error error;

    draw(swarm, failure->seed, &settings, &schedule);
    before = schedule.cnt;
    snprintf(shrink.signature, sizeof(shrink.signature), "%s", failure->signature);
    snprintf(result.fault, sizeof(result.fault), "%s", failure->fault);
    snprintf(base, sizeof(base), "%s/seed-%" PRIu64, swarm->settings->failures, failure->seed);
    snprintf(path, sizeof(path), "%s.json", base);
    ok = mkdir(swarm->settings->failures, 0777) == 0 || errno == EEXIST;
    if (ok) {
        emu_shrink(&shrink);
        ok =
            write_schedule(path, &shrink) && write_run(base, &shrink) && write_chart(base, &shrink);
    }
    if (!ok) {
        emu_schedule_fini(&schedule);
        emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "cannot write \"%s\" and its like: %s", path,
                      strerror(errno));
        return emu_error_print(&error);
    }
    emu_report_say(swarm->output,
                   json_pack("{s:s, s:I, s:s, s:s, s:I, s:I}", "type", "shrunk", "seed",
                             (json_int_t)failure->seed, "fault", result.fault, "file", path,
                             "events", (json_int_t)schedule.cnt, "events_before",
                             (json_int_t)before),
                   "seed %" PRIu64 ": %zu of %zu events are enough: %s\n"
                   "  toe stress --replay %s",
                   failure->seed, schedule.cnt, before, result.fault, path);
    emu_schedule_fini(&schedule);
    return EMU_EXIT_FAULT;
}

int emu_swarm_run(struct emu_stress_result *sum, const struct emu_swarm_settings *settings,
                  struct emu_report *output)
{
    struct swarm *swarm = calloc(1, sizeof(*swarm));
    struct emu_error error;
    int status = EMU_EXIT_OK;

    memset(sum, 0, sizeof(*sum));
    sum->seed = settings->settings.seed;
    if (swarm == NULL) {
        abort();
    }
    *swarm = (struct swarm){
        .settings = settings, .output = output, .sum = sum, .jobs = jobs_of(settings->jobs)};
    if (!run_all(swarm)) {
        free(swarm);
        emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "cannot start a process: %s", strerror(errno));
        return emu_error_print(&error);
    }
    for (uint32_t i = 0; i < swarm->failure_cnt && !is_stopped(swarm); ++i) {
        status = look_into(swarm, &swarm->failures[i]);
        if (status == EMU_EXIT_ENVIRONMENT) {
            break;
        }
    }
    if (is_stopped(swarm) && sum->verdict == EMU_VERDICT_PASS) {
        sum->verdict = EMU_VERDICT_INTERRUPTED;
    }
    free(swarm);
    return status == EMU_EXIT_OK && sum->verdict != EMU_VERDICT_PASS ? EMU_EXIT_FAULT : status;
}

int emu_swarm_replay(struct emu_stress_result *result, const char *path,
                     const struct emu_stress_settings *settings)
{
    struct emu_stress_settings set = *settings;
    struct emu_schedule schedule = {0};
    struct emu_error error;
    json_error_t json_error;
    json_t *root = json_load_file(path, 0, &json_error);
    int status;

    if (root == NULL) {
        emu_error_set(&error, EMU_EXIT_USAGE, "%s: %s", path, json_error.text);
        return emu_error_print(&error);
    }
    if (emu_schedule_parse(&schedule, &set, root, &error)) {
        set.schedule = &schedule;
        status = emu_stress_sim_run(result, &set);
    } else {
        status = emu_error_print(&error);
    }
    json_decref(root);
    emu_schedule_fini(&schedule);
    return status;
}
