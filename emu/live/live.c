/* SPDX-License-Identifier: MIT */
#include "live/live.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "live/live_view.h"
#include "live/parts.h"
#include "pump.h"

enum { ACTORS_MAX = 16, COLUMNS = 100 };

#define LOOK_EVERY (500 * TOE_NS_PER_MS)
#define PATIENCE (90 * TOE_NS_PER_SEC) /* with a program, or the end, that does not come on */

struct stage {
    const struct emu_live_settings *settings;
    struct emu_live_result *result;
    struct emu_live_world world;
    struct emu_part parts[EMU_PARTS_MAX];
    size_t part_cnt;
    struct emu_actor actors[ACTORS_MAX];
    size_t actor_cnt;
    struct emu_look look;
    struct emu_look before;
    toe_instant began;
    toe_instant ends;
    toe_instant look_at;
    bool is_ending;
    int signals; /* becomes readable when a signal says to end */
};

static void fail(struct stage *stage, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct stage *stage, const char *format, ...)
{
    struct emu_live_result *result = stage->result;
    va_list args;

    if (result->fault[0] == '\0') {
        va_start(args, format);
        (void)vsnprintf(result->fault, sizeof(result->fault), format, args);
        va_end(args);
    }
}

static bool has_failed(const struct stage *stage)
{
    return stage->result->fault[0] != '\0';
}

static double seconds_since(toe_instant begin)
{
    return (double)(emu_pump_now() - begin) / (double)TOE_NS_PER_SEC;
}

/* --- the live view --- */

static int columns(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS;
}

static void show(struct stage *stage, toe_instant now)
{
    struct emu_report *report = stage->settings->report;
    const double seconds = (double)(now - stage->began) / (double)TOE_NS_PER_SEC;
    char text[EMU_LIVE_VIEW_MAX];

    if (seconds < 1) {
        return;
    }
    if (report->terminal && !report->json) {
        emu_live_view_screen(text, &stage->look, &stage->before, seconds, columns());
    } else {
        emu_live_view_line(text, &stage->look, &stage->before, seconds);
    }
    emu_report_progress(report, now, emu_live_view_object(&stage->look, seconds), "%s", text);
}

/* Asks the NIC how things are. */
static void look(struct stage *stage, toe_instant now)
{
    struct emu_live_result *result = stage->result;

    stage->look_at = now + LOOK_EVERY;
    emu_look_fini(&stage->before);
    stage->before = stage->look;
    if (!emu_look_at(&stage->look, stage->parts, stage->part_cnt)) {
        fail(stage, "toe nic went away");
        return;
    }
    if (stage->look.connections > result->connections_peak) {
        result->connections_peak = stage->look.connections;
    }
    result->offloads = stage->look.offloads;
    result->uploads = stage->look.uploads;
    result->frames_lost = stage->look.frames_lost;
    result->wire_bytes = stage->look.wire_bytes;
    if (stage->look.bad != 0) {
        fail(stage, "%" PRIu64 " frames of the kernel made no sense", stage->look.bad);
    }
}

/* --- the programs --- */

static bool cast(struct stage *stage)
{
    stage->part_cnt = emu_parts_cast(stage->parts, &stage->world, stage->settings->connections);
    for (size_t i = 0; i < stage->part_cnt; ++i) {
        for (uint32_t j = 0; j < stage->parts[i].actor_cnt; ++j) {
            struct emu_actor *actor = &stage->actors[stage->actor_cnt++];

            if (!emu_actor_init(actor, &stage->parts[i], &stage->world,
                                stage->settings->seed * ACTORS_MAX + stage->actor_cnt)) {
                fail(stage, "no memory for the programs");
                return false;
            }
        }
    }
    return true;
}

static void end_all(struct stage *stage, toe_instant now)
{
    stage->is_ending = true;
    stage->ends = now + PATIENCE;
    for (size_t i = 0; i < stage->actor_cnt; ++i) {
        emu_actor_end(&stage->actors[i]);
    }
}

/* Runs those that are due; returns when the next one is. */
static toe_instant run_actors(struct stage *stage, toe_instant now)
{
    toe_instant next = stage->ends < stage->look_at ? stage->ends : stage->look_at;

    for (size_t i = 0; i < stage->actor_cnt; ++i) {
        struct emu_actor *actor = &stage->actors[i];

        emu_actor_run(actor, now);
        next = actor->next_at < next ? actor->next_at : next;
        if (actor->pid != 0 && now > actor->progress_at + PATIENCE) {
            emu_actor_fail(actor, "nothing came for %d seconds", (int)(PATIENCE / TOE_NS_PER_SEC));
        }
        if (actor->fault[0] != '\0') {
            fail(stage, "%s", actor->fault);
        }
    }
    return next;
}

static bool all_have_ended(const struct stage *stage)
{
    for (size_t i = 0; i < stage->actor_cnt; ++i) {
        if (stage->actors[i].pid != 0) {
            return false;
        }
    }
    return stage->is_ending;
}

/* Waits until |next| for what the programs say, and takes it. */
static void wait_for(struct stage *stage, toe_instant next, toe_instant now)
{
    struct pollfd fds[ACTORS_MAX + 1];
    const toe_duration time = next > now ? next - now : 0;

    fds[0] = (struct pollfd){.fd = stage->signals, .events = POLLIN};
    for (size_t i = 0; i < stage->actor_cnt; ++i) {
        fds[i + 1] = (struct pollfd){.fd = stage->actors[i].out, .events = POLLIN};
    }
    if (poll(fds, (nfds_t)stage->actor_cnt + 1, (int)(time / TOE_NS_PER_MS) + 1) <= 0) {
        return;
    }
    if (fds[0].revents != 0) {
        fail(stage, "interrupted");
    }
    now = emu_pump_now();
    for (size_t i = 0; i < stage->actor_cnt; ++i) {
        if (fds[i + 1].revents != 0) {
            emu_actor_read(&stage->actors[i], now);
        }
    }
}

/* The programs run: until the time is over, and then until each has come to its end. */
static void play(struct stage *stage)
{
    stage->began = emu_pump_now();
    stage->ends = stage->began + stage->settings->seconds;
    while (!has_failed(stage) && !all_have_ended(stage)) {
        const toe_instant now = emu_pump_now();

        if (now >= stage->look_at) {
            look(stage, now);
            show(stage, now);
        }
        if (now >= stage->ends && stage->is_ending) {
            fail(stage, "the programs do not come to an end");
        } else if (now >= stage->ends) {
            end_all(stage, now);
        }
        wait_for(stage, run_actors(stage, now), now);
    }
    (void)run_actors(stage, emu_pump_now()); /* What was read last may tell of a fault. */
    stage->result->seconds = seconds_since(stage->began);
}

/* --- begin and end --- */

static bool open_stage(struct stage *stage, struct emu_error *error)
{
    const struct emu_live_settings *settings = stage->settings;
    char options[128];

    if (!emu_live_world_open(&stage->world, settings->seed, stage->signals, error)) {
        return false;
    }
    (void)snprintf(options, sizeof(options), "--policy random --rate %" PRIu32 " --seed %" PRIu64,
                   settings->rate, settings->seed);
    return emu_live_world_nic(&stage->world, options, stage->signals, error);
}

/* What will be seen. */
static void tell_cast(const struct stage *stage)
{
    struct emu_report *report = stage->settings->report;

    emu_report_say(report, json_pack("{ss ss}", "type", "phase", "phase", "live"),
                   "Two machines, each a network and a kernel's TCP of its own (10.71.0.1 and "
                   "10.71.0.2, fd71::1 and\nfd71::2); between them `toe nic`. These programs run "
                   "through it, and know nothing of it:\n");
    for (size_t i = 0; i < stage->part_cnt; ++i) {
        emu_report_say(report, NULL, "   %-34s %s", stage->parts[i].name, stage->parts[i].does);
    }
    emu_report_say(report, NULL,
                   "\nTheir connections move into the offload target and back at random, %" PRIu32
                   " times a second; %.1f %% of\nall frames are lost on the wire, each way.\n",
                   stage->settings->rate, (double)stage->settings->loss / 1e4);
}

static void tell_end(const struct stage *stage)
{
    const struct emu_live_result *result = stage->result;
    struct emu_report *report = stage->settings->report;
    char words[256];

    emu_report_say(report, NULL, "%s", "");
    for (size_t i = 0; i < stage->part_cnt; ++i) {
        emu_part_text(words, sizeof(words), &stage->parts[i]);
        emu_report_say(report, emu_live_view_part(&stage->parts[i]), "   %-34s %s",
                       stage->parts[i].name, words);
    }
    emu_live_view_reasons(words, sizeof(words), &stage->look);
    emu_report_say(report, NULL,
                   "   %" PRIu64 " offloads and %" PRIu64 " uploads of %" PRIu64
                   " connections, at most %" PRIu64 " at once\n   came back to the kernel: %s\n"
                   "   %.1f MiB on the wire, %.0f Mbit/s; %" PRIu64 " frames lost on purpose; no "
                   "reset, nothing left over",
                   result->offloads, result->uploads, result->connections, result->connections_peak,
                   words, (double)result->wire_bytes / 1048576,
                   (double)result->wire_bytes * 8 / 1e6 / result->seconds, result->frames_lost);
}

/* Sums up what the programs, and the other machine's `toe peer`, have seen. */
static void sum_up(struct stage *stage)
{
    struct emu_live_result *result = stage->result;
    const struct emu_peer_result *served = stage->world.served;

    for (size_t i = 0; i < stage->part_cnt; ++i) {
        result->connections += stage->parts[i].connections;
        result->bytes += stage->parts[i].bytes;
        result->bytes_wrong += stage->parts[i].bytes_wrong;
        if (stage->parts[i].rounds == 0) {
            fail(stage, "%s has done nothing in this time", stage->parts[i].name);
        }
    }
    result->bytes += served->bytes;
    result->bytes_wrong += served->bytes_wrong;
    result->resets = served->resets;
    for (size_t i = 0; i < stage->actor_cnt; ++i) {
        result->resets += stage->actors[i].opened->resets;
    }
    if (result->offloads == 0 || result->uploads == 0) {
        fail(stage, "no connection moved");
    }
}

/* Ends the NIC, which has to give all connections back, and the other machine. */
static void close_stage(struct stage *stage)
{
    const bool is_well = !has_failed(stage);
    struct emu_error error;

    if (is_well) {
        look(stage, emu_pump_now());
    }
    if (stage->part_cnt != 0) {
        sum_up(stage);
    }
    for (size_t i = 0; i < stage->actor_cnt; ++i) {
        emu_actor_fini(&stage->actors[i]);
    }
    if (stage->world.nic > 0 && emu_live_world_nic_end(&stage->world, &error) != EMU_EXIT_OK) {
        stage->result->leftover = 1;
        fail(stage, "%s", error.text);
    }
    if (!emu_live_world_close(&stage->world)) {
        const char *why = stage->world.served->fault;

        fail(stage, "the other machine: %s", why[0] == '\0' ? "it ended badly" : why);
    }
}

int emu_live_run(struct emu_live_result *result, const struct emu_live_settings *settings,
                 struct emu_error *error)
{
    static struct stage stage;
    sigset_t signals;

    *result = (struct emu_live_result){.connections = 0};
    stage = (struct stage){.settings = settings, .result = result};
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    stage.signals = signalfd(-1, &signals, SFD_CLOEXEC);
    if (!open_stage(&stage, error)) {
        fail(&stage, "%s", error->text);
        close_stage(&stage);
        return (int)error->status;
    }
    error->status = EMU_EXIT_OK;
    if (cast(&stage) && emu_look_fault(settings->loss)) {
        tell_cast(&stage);
        play(&stage);
    }
    close_stage(&stage);
    if (!has_failed(&stage)) {
        tell_end(&stage);
    }
    emu_look_fini(&stage.look);
    emu_look_fini(&stage.before);
    (void)close(stage.signals);
    return has_failed(&stage) ? EMU_EXIT_FAULT : EMU_EXIT_OK;
}
