/* SPDX-License-Identifier: MIT */
#include "endurance/endurance.h"

#include <inttypes.h>
#include <stdio.h>

#include "endurance/nic_run.h"
#include "endurance/world.h"
#include "stress_load.h"
#include "stress_sums.h"

/* A neighbor is stale after so many seconds without a word; a cable stays out for longer. */
#define STALE 2.0

/* Connections that a target offers to take: as many as required, and fewer than there are. */
#define TCP_MAX 1088

struct progress {
    struct emu_endurance *endurance;
    struct emu_report *output;
    const struct emu_stress_settings *asked; /* whose callbacks are wrapped */
};

static const char *const way_names[] = {
    [EMU_ENDURANCE_SIM] = "simulated",
    [EMU_ENDURANCE_WIRE] = "wire",
    [EMU_ENDURANCE_NIC] = "nic",
};

/* --- telling --- */

static double rate(uint64_t from, uint64_t to, double seconds)
{
    return seconds > 0 ? (double)(to - from) / seconds : 0;
}

/* What the phase was like that has just ended. */
static void tell_rates(const struct progress *progress)
{
    const struct emu_endurance *endurance = progress->endurance;
    const struct emu_endurance_mark *end = &endurance->marks[endurance->mark_cnt - 1];
    const struct emu_endurance_mark *begin = end - 1;
    const char *name = emu_course_phase(endurance->mark_cnt - 2)->name;
    const double seconds = end->at - begin->at;
    const double opened = rate(begin->opened, end->opened, seconds);
    const double mbit = 8e-6 * rate(begin->bytes, end->bytes, seconds);
    const double moves = rate(begin->moves, end->moves, seconds);
    const double resent = rate(begin->retransmitted, end->retransmitted, seconds);

    emu_report_say(progress->output,
                   json_pack("{ss ss sf si si sf sf sf sf sI}", "type", "phase_end", "name", name,
                             "seconds", seconds, "connections", (int)end->connections, "offloaded",
                             (int)end->offloaded, "opened_per_second", opened, "mbit_per_second",
                             mbit, "moves_per_second", moves, "retransmitted_per_second", resent,
                             "neighbor_queries",
                             (json_int_t)(end->neighbor_queries - begin->neighbor_queries)),
                   "    %-8s %7.1f s: %5u open, %5u offloaded; each second %.1f opened, %.2f Mbit, "
                   "%.1f moves, "
                   "%.1f retransmitted",
                   name, seconds, end->connections, end->offloaded, opened, mbit, moves, resent);
}

static void mark(struct progress *progress, const struct emu_stress_result *result, double at)
{
    struct emu_endurance *endurance = progress->endurance;

    endurance->marks[endurance->mark_cnt++] = (struct emu_endurance_mark){
        .at = at,
        .opened = result->connections_opened,
        .bytes = result->bytes,
        .moves = result->offloads + result->uploads,
        .frames = result->frames,
        .retransmitted = emu_sums_retransmitted(result),
        .neighbor_queries = result->seam.ops[TOE_INTER_NEIGHBOR_EVENT],
        .connections = result->connections_now,
        .offloaded = result->target.tcp_cnt,
    };
    if (endurance->mark_cnt > 1) {
        tell_rates(progress);
    }
}

static void on_phase(void *user, uint32_t idx, const struct emu_stress_result *result)
{
    struct progress *progress = user;
    const double seconds = progress->endurance->seconds;
    const struct emu_course_phase *phase;
    double length;

    /* One mark for each phase, also if one was too short to be seen. */
    while (progress->endurance->mark_cnt <= idx) {
        mark(progress, result, result->virtual_seconds);
    }
    if (idx == emu_course_cnt()) {
        emu_report_say(progress->output, json_pack("{ss}", "type", "drain"),
                       "no more is opened, and all that is open finishes");
        return;
    }
    phase = emu_course_phase(idx);
    length = (double)(emu_course_begin(seconds, idx + 1) - emu_course_begin(seconds, idx)) / 1e9;
    emu_report_say(progress->output,
                   json_pack("{ss si ss ss sf}", "type", "phase", "number", (int)idx + 1, "name",
                             phase->name, "text", phase->text, "seconds", length),
                   "phase %u of %u, %s, %.0f s: %s", idx + 1, emu_course_cnt(), phase->name, length,
                   phase->text);
}

static void on_progress(void *user, const struct emu_stress_result *result)
{
    struct progress *progress = user;

    if (progress->asked->progress != NULL) {
        progress->asked->progress(progress->asked->user, result);
    }
}

static void tell_requirements(const struct emu_endurance *endurance, struct emu_report *output)
{
    for (uint32_t i = 0; i < EMU_REQUIREMENT_CNT; ++i) {
        const struct emu_requirement *one = &endurance->requirements[i];

        emu_report_say(output,
                       json_pack("{ss ss ss ss ss}", "type", "requirement", "id", one->id, "name",
                                 one->name, "verdict", one->is_met ? "pass" : "fail", "evidence",
                                 one->evidence),
                       "%s  %s %s\n      %s", one->is_met ? "pass" : "FAIL", one->id, one->name,
                       one->evidence);
    }
}

/* --- the run --- */

static bool direct(struct emu_endurance *endurance, const struct emu_stress_settings *stress,
                   struct emu_report *output, struct emu_error *error)
{
    uint32_t run = 0;
    uint32_t passed = 0;

    if (!emu_directed_run(&endurance->directed, stress->seed, endurance->course->is_brief, error)) {
        return false;
    }
    for (uint32_t i = 0; i < EMU_REQUIREMENT_CNT; ++i) {
        run += endurance->directed.run[i];
        passed += endurance->directed.passed[i];
    }
    emu_report_say(
        output, json_pack("{ss si si}", "type", "directed", "run", (int)run, "passed", (int)passed),
        "directed checks: %u of %u passed", passed, run);
    return true;
}

/* Our machine with the kernel's as the other one. */
static int run_wire(struct emu_stress_result *result, struct emu_stress_settings stress,
                    const struct emu_endurance_world *world)
{
    stress.interface = EMU_ENDURANCE_TEST;
    stress.support = EMU_ENDURANCE_SUPPORT;
    stress.peer_given = true;
    stress.peer_port = EMU_ENDURANCE_PORT;
    stress.delay = 0;
    for (int i = 0; i < 2; ++i) {
        stress.address[i] = world->test[i];
        stress.peer[i] = world->test_far[i];
        stress.prefix_len[i] = i == 0 ? EMU_ENDURANCE_PREFIX4 : EMU_ENDURANCE_PREFIX6;
    }
    stress.support_address = world->support;
    stress.support_peer = world->support_far;
    return emu_stress_wire_run(result, &stress);
}

static int run_way(struct emu_stress_result *result, enum emu_endurance_way way,
                   const struct emu_stress_settings *stress)
{
    struct emu_endurance_world world;
    struct emu_error error;
    int status;

    if (way == EMU_ENDURANCE_SIM) {
        return emu_stress_sim_run(result, stress);
    }
    if (!emu_endurance_world_open(&world, &error)) {
        return emu_error_print(&error);
    }
    status = way == EMU_ENDURANCE_NIC ? emu_endurance_nic_run(result, stress, &world)
                                      : run_wire(result, *stress, &world);
    emu_endurance_world_close(&world);
    return status;
}

/* Adds what the requirements say to the verdict of the run. */
static int conclude(struct emu_stress_result *result, struct emu_endurance *endurance)
{
    emu_endurance_judge(endurance, result);
    for (uint32_t i = 0; i < EMU_REQUIREMENT_CNT && result->verdict == EMU_VERDICT_PASS; ++i) {
        const struct emu_requirement *one = &endurance->requirements[i];

        if (!one->is_met) {
            emu_load_fault(result, "%s %s is not met: %.180s", one->id, one->name, one->evidence);
            result->verdict = EMU_VERDICT_FAIL;
        }
    }
    return result->verdict == EMU_VERDICT_PASS ? EMU_EXIT_OK : EMU_EXIT_FAULT;
}

int emu_endurance_run(struct emu_stress_result *result,
                      const struct emu_endurance_settings *settings, struct emu_report *output)
{
    static struct emu_endurance endurance;
    const struct emu_course *course = settings->course;
    struct emu_stress_settings stress = settings->stress;
    struct progress progress = {&endurance, output, &settings->stress};
    struct emu_error error;
    int status;

    stress.seconds = stress.seconds > 0 ? stress.seconds : course->seconds;
    stress.connections = stress.connections > 0 ? stress.connections : course->connections;
    endurance = (struct emu_endurance){
        .way = settings->way, .course = course, .seconds = stress.seconds, .stale = STALE};
    stress.course = course;
    stress.bus = emu_high_bus(&endurance.bus);
    stress.tcp_max = TCP_MAX;
    stress.stale = STALE;
    stress.phase = on_phase;
    stress.progress = on_progress;
    stress.user = &progress;
    emu_report_say(
        output,
        json_pack("{ss ss ss sf si sI}", "type", "certification", "profile", course->name, "way",
                  way_names[settings->way], "seconds", stress.seconds, "connections",
                  (int)stress.connections, "seed", (json_int_t)stress.seed),
        "certification stress, profile %s, %s: %.0f seconds, %u connections, seed "
        "%" PRIu64,
        course->name, way_names[settings->way], stress.seconds, stress.connections, stress.seed);
    if (!direct(&endurance, &stress, output, &error)) {
        return emu_error_print(&error);
    }
    if (endurance.directed.is_interrupted) {
        *result =
            (struct emu_stress_result){.verdict = EMU_VERDICT_INTERRUPTED, .seed = stress.seed};
        return EMU_EXIT_FAULT;
    }
    status = run_way(result, settings->way, &stress);
    if ((status != EMU_EXIT_OK && status != EMU_EXIT_FAULT) ||
        result->verdict == EMU_VERDICT_INTERRUPTED) {
        return status; /* There is no result, or nothing that it could show. */
    }
    status = conclude(result, &endurance);
    tell_requirements(&endurance, output);
    result->endurance = &endurance;
    return status;
}
