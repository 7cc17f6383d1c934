/* SPDX-License-Identifier: MIT */
#include "demo_wire.h"

#include <inttypes.h>
#include <stdio.h>

#include "demo_fetch.h"
#include "demo_life.h"
#include "demo_world.h"
#include "report.h"
#include "stress.h"
#include "stress_report.h"

#define LOSS_PPM 5000
#define SECONDS (8 * TOE_NS_PER_SEC)

enum { CONNECTIONS = 300 };

struct demo {
    struct emu_report report;
    struct emu_world world;
    toe_instant begin;
    toe_duration seconds; /* of the stress phase */
    uint64_t connections;
    uint64_t seed;
    struct emu_life_result life;
    struct emu_fetch_result fetch;
    struct emu_stress_result stress;
    struct emu_peer_result peer;
    const char *fault; /* NULL: all is well so far */
};

/* --- phases --- */

static void head(struct demo *demo, const char *phase, const char *text)
{
    emu_report_say(&demo->report, json_pack("{ss ss}", "type", "phase", "phase", phase), "\n%s",
                   text);
}

static void show_progress(void *user, const struct emu_stress_result *result)
{
    struct demo *demo = user;
    const toe_instant now = emu_pump_now();

    if (result->wall_seconds < 1 || !emu_report_progress_due(&demo->report, now)) {
        return;
    }
    emu_report_progress(&demo->report, now, emu_stress_report_object(result, "progress"),
                        "   %4.0f s  %" PRIu32 " open, %" PRIu64 " finished, %" PRIu64
                        " offloads, %" PRIu64 " uploads, %.1f MiB checked, %" PRIu64 " bytes wrong",
                        result->wall_seconds, result->connections_now, result->connections_finished,
                        result->offloads, result->uploads, (double)result->bytes / 1048576,
                        result->bytes_wrong);
}

static int stress(struct demo *demo)
{
    struct emu_stress_settings settings;
    const struct emu_stress_result *result = &demo->stress;
    int status;

    emu_stress_settings_default(&settings);
    settings.connections = (uint32_t)demo->connections;
    settings.seconds = (double)demo->seconds / (double)TOE_NS_PER_SEC;
    settings.seed = demo->seed;
    settings.offload_every = 1;
    settings.upload_every = 1;
    settings.bytes = 128 << 10;
    settings.loss = LOSS_PPM;
    settings.delay = 0;
    settings.interface = EMU_WORLD_INTERFACE;
    settings.peer_given = true;
    for (int i = 0; i < 2; ++i) {
        settings.address[i] = demo->world.ours[i];
        settings.prefix_len[i] = i == 0 ? EMU_WORLD_PREFIX4 : EMU_WORLD_PREFIX6;
        settings.peer[i] = demo->world.theirs[i];
    }
    settings.progress = show_progress;
    settings.user = demo;
    status = emu_stress_wire_run(&demo->stress, &settings);
    if (status == EMU_EXIT_FAULT) {
        demo->fault = result->verdict == EMU_VERDICT_INTERRUPTED ? "interrupted"
                      : result->fault[0] != '\0'                 ? result->fault
                                                                 : "the stress test failed";
    }
    return status == EMU_EXIT_OK ? -1 : status;
}

/* What the kernel's side saw of our connections. */
static int judge_peer(struct demo *demo)
{
    if (!emu_world_close(&demo->world, &demo->peer)) {
        demo->fault = "the peer ended without a word";
    } else if (emu_peer_status(&demo->peer) != EMU_EXIT_OK) {
        demo->fault = demo->peer.fault[0] != '\0' ? demo->peer.fault : "the peer found fault";
    } else {
        return -1;
    }
    return EMU_EXIT_FAULT;
}

static void tell_stress(struct demo *demo)
{
    const struct emu_stress_result *result = &demo->stress;

    emu_report_say(
        &demo->report, emu_stress_report_object(result, "event"),
        "   %" PRIu64 " connections, at most %" PRIu32 " at once, %.1f MiB checked by us "
        "and %.1f MiB by the peer,\n   %" PRIu64 " offloads and %" PRIu64 " uploads, %" PRIu64
        " frames lost on purpose; no reset, nothing left over",
        result->connections_opened, result->connections_peak, (double)result->bytes / 1048576,
        (double)demo->peer.bytes / 1048576, result->offloads, result->uploads, result->frames_lost);
}

static int run_phases(struct demo *demo)
{
    char text[160];
    int status;

    emu_report_say(
        &demo->report,
        json_pack("{ss ss sb}", "type", "phase", "phase", "network", "offloads_off",
                  demo->world.offloads_off),
        "A private network: here a host stack with an offload target, both in this "
        "process,\non a raw socket (10.70.0.1, fd70::1); there a Linux kernel (10.70.0.2, "
        "fd70::2).");
    head(demo, "life", "1. The life of one connection, with data in both directions throughout");
    status = emu_life_run(&demo->life, &demo->world, demo->seed, &demo->report);
    if (demo->life.fault[0] != '\0') {
        demo->fault = demo->life.fault;
    }
    if (status >= 0) {
        return status;
    }
    head(demo, "http", "2. A file from python3 -m http.server");
    status = emu_fetch_run(&demo->fetch, &demo->world, demo->seed + 1, &demo->report);
    if (demo->fetch.fault[0] != '\0') {
        demo->fault = demo->fetch.fault;
    }
    if (status >= 0) {
        return status;
    }
    (void)snprintf(text, sizeof(text),
                   "3. %" PRIu64
                   " connections at once for %g seconds, opened from both sides, with "
                   "0.5 %% loss each way",
                   demo->connections, (double)demo->seconds / (double)TOE_NS_PER_SEC);
    head(demo, "stress", text);
    status = stress(demo);
    status = status >= 0 ? status : judge_peer(demo);
    if (status < 0) {
        tell_stress(demo);
    }
    return status;
}

/* --- the verdict --- */

static json_t *summary(const struct demo *demo, bool passed, double wall)
{
    const uint64_t moves[2] = {
        demo->life.offloads + demo->fetch.offloads + demo->stress.offloads,
        demo->life.uploads + demo->fetch.uploads + demo->stress.uploads,
    };
    const uint64_t wrong = demo->life.bytes_wrong + demo->fetch.bytes_wrong +
                           demo->stress.bytes_wrong + demo->peer.bytes_wrong;
    const uint64_t bytes =
        demo->life.bytes + demo->fetch.bytes + demo->stress.bytes + demo->peer.bytes;
    json_t *object = json_pack(
        "{ss ss ss sI sI sI sI sI sI sI sI sI sf}", "type", "summary", "command", "demo", "verdict",
        passed ? "pass" : "fail", "seed", (json_int_t)demo->seed, "connections_opened",
        (json_int_t)(demo->stress.connections_opened + 3), "connections_peak",
        (json_int_t)demo->stress.connections_peak, "bytes", (json_int_t)bytes, "bytes_wrong",
        (json_int_t)wrong, "offloads", (json_int_t)moves[0], "uploads", (json_int_t)moves[1],
        "resets", (json_int_t)(demo->stress.resets + demo->peer.resets), "leftover",
        (json_int_t)demo->stress.leftover, "wall_seconds", wall);

    if (!passed && object != NULL) {
        (void)json_object_set_new(object, "fault",
                                  json_string(demo->fault == NULL ? "" : demo->fault));
    }
    return object;
}

static int conclude(struct demo *demo, int status)
{
    const double wall = (double)(emu_pump_now() - demo->begin) / (double)TOE_NS_PER_SEC;
    const bool passed = status == EMU_EXIT_OK;
    const uint64_t offloads = demo->life.offloads + demo->fetch.offloads + demo->stress.offloads;
    const uint64_t bytes =
        demo->life.bytes + demo->fetch.bytes + demo->stress.bytes + demo->peer.bytes;

    if (passed) {
        emu_report_say(&demo->report, summary(demo, true, wall),
                       "\ndemo: pass, %" PRIu64 " connections, %" PRIu64 " offloads, %" PRIu64
                       " MiB checked and no byte wrong, in %.1f s",
                       demo->stress.connections_opened + 3, offloads, bytes >> 20, wall);
    } else {
        emu_report_say(&demo->report, summary(demo, false, wall), "\ndemo: fail, %s",
                       demo->fault == NULL ? "the environment lacks something (see above)"
                                           : demo->fault);
    }
    return status;
}

int emu_demo_wire_run(const struct emu_demo_settings *settings)
{
    static struct demo demo;
    struct emu_error error;
    int status;

    demo = (struct demo){.report = *settings->report,
                         .begin = emu_pump_now(),
                         .seconds = settings->seconds != 0 ? settings->seconds : SECONDS,
                         .connections =
                             settings->connections != 0 ? settings->connections : CONNECTIONS,
                         .seed = settings->seed};
    if (!emu_world_open(&demo.world, demo.seed, &error)) {
        return conclude(&demo, emu_error_print(&error));
    }
    status = run_phases(&demo);
    if (demo.world.peer.pid != 0) {
        (void)emu_world_close(&demo.world, &demo.peer);
    }
    return conclude(&demo, status < 0 ? EMU_EXIT_OK : status);
}
