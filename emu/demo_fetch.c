/* SPDX-License-Identifier: MIT */
#include "demo_fetch.h"

#include <inttypes.h>
#include <stdio.h>

#include "http.h"
#include "pattern.h"

enum {
    MOVES = 8, /* of one connection: offload, upload, and so on */
    STALL_SECONDS = 10,
};

struct fetch {
    struct emu_machine machine;
    const struct emu_world *world;
    struct emu_report *report;
    struct emu_fetch_result *result;
    struct emu_http http;
    int family;        /* index of the addresses */
    uint32_t moves;    /* begun */
    uint64_t bytes[2]; /* received in the host, and through the target */
    uint64_t wrong;
    enum toe_place place; /* of the connection, as of the last look */
    struct toe_host_conn_info info;
    toe_instant begin;
    toe_instant progress_at;
};

static void fail(struct fetch *fetch, const char *what)
{
    if (fetch->result->fault[0] == '\0') {
        (void)snprintf(fetch->result->fault, sizeof(fetch->result->fault), "HTTP over IPv%d: %s",
                       fetch->family == 0 ? 4 : 6, what);
    }
    emu_pump_stop(fetch->machine.pump);
}

static void take(void *user, uint64_t off, const uint8_t *data, size_t len)
{
    struct fetch *fetch = user;
    const bool in_target =
        fetch->place == TOE_PLACE_OFFLOADED || fetch->place == TOE_PLACE_UPLOADING;
    uint64_t first;

    fetch->wrong += emu_pattern_check(&first, data, len, fetch->world->file_key, off);
    fetch->bytes[in_target ? 1 : 0] += len;
}

/* Begins the next move when its share of the file is there. */
static void move(struct fetch *fetch)
{
    const uint64_t due = (uint64_t)EMU_WORLD_FILE_LEN * (fetch->moves + 1) / (MOVES + 1);
    struct toe_host *host = fetch->machine.host;
    uint32_t cnt;

    if (fetch->moves == MOVES || fetch->http.received < due || fetch->http.conn == 0) {
        return;
    }
    cnt = fetch->moves % 2 == 0 ? toe_host_offload(host, &fetch->http.conn, 1)
                                : toe_host_upload(host, &fetch->http.conn, 1);
    fetch->moves += cnt;
}

static void look(struct fetch *fetch)
{
    if (fetch->http.conn != 0 &&
        toe_host_conn_info(fetch->machine.host, fetch->http.conn, &fetch->info)) {
        fetch->place = fetch->info.place;
    }
}

static toe_instant run(void *user, toe_instant now)
{
    struct fetch *fetch = user;
    const uint64_t before = fetch->http.received;
    struct toe_host_event event;

    look(fetch);
    while (toe_host_event_next(fetch->machine.host, &event)) {
        if (event.conn == fetch->http.conn) {
            fetch->progress_at = now;
            emu_http_event(&fetch->http, &event);
        }
    }
    emu_http_run(&fetch->http);
    move(fetch);
    if (fetch->http.received != before) {
        fetch->progress_at = now;
    }
    if (fetch->http.state == EMU_HTTP_FAILED) {
        fail(fetch, fetch->http.fault);
    } else if (fetch->http.state == EMU_HTTP_DONE) {
        emu_pump_stop(fetch->machine.pump);
    } else if (now >= fetch->progress_at + STALL_SECONDS * TOE_NS_PER_SEC) {
        fail(fetch, "no progress for 10 seconds");
    }
    return fetch->progress_at + STALL_SECONDS * TOE_NS_PER_SEC;
}

/* Tells what came of one file, and finds fault with it. */
static void conclude(struct fetch *fetch)
{
    const double seconds = (double)(emu_pump_now() - fetch->begin) / (double)TOE_NS_PER_SEC;
    const int version = fetch->family == 0 ? 4 : 6;
    json_t *object;

    fetch->result->bytes += fetch->http.received;
    fetch->result->bytes_wrong += fetch->wrong;
    fetch->result->offloads += fetch->info.offload_cnt;
    fetch->result->uploads += fetch->info.upload_cnt;
    if (fetch->result->fault[0] != '\0') {
        return;
    }
    if (fetch->wrong != 0 || fetch->http.length != EMU_WORLD_FILE_LEN) {
        fail(fetch, "the file is not the one that was served");
        return;
    }
    if (fetch->info.offload_cnt < MOVES / 2 || fetch->info.upload_cnt < MOVES / 2) {
        fail(fetch, "the connection did not move as often as it was told to");
        return;
    }
    object = json_pack("{ss ss si sI sI sI sI sI ss sf}", "type", "event", "phase", "http", "ip",
                       version, "bytes", (json_int_t)fetch->http.received, "bytes_wrong",
                       (json_int_t)fetch->wrong, "bytes_offloaded", (json_int_t)fetch->bytes[1],
                       "offloads", (json_int_t)fetch->info.offload_cnt, "uploads",
                       (json_int_t)fetch->info.upload_cnt, "server", fetch->http.server, "seconds",
                       seconds);
    emu_report_say(
        fetch->report, object,
        "   IPv%d  %" PRIu64 " MiB from \"%s\" in %.2f s: offloaded %u times, uploaded %u "
        "times,\n         %" PRIu64 " %% came through the target; identical to the "
        "original",
        version, fetch->http.received >> 20, fetch->http.server, seconds, fetch->info.offload_cnt,
        fetch->info.upload_cnt, 100 * fetch->bytes[1] / fetch->http.received);
}

/* Fetches the file once. */
static int fetch_one(struct emu_fetch_result *result, const struct emu_world *world, int family,
                     uint64_t seed, struct emu_report *report)
{
    struct fetch fetch = {.world = world, .report = report, .result = result, .family = family};
    struct emu_error error;
    int signal = 0;

    if (!emu_machine_open(&fetch.machine, world, seed, run, &fetch, &error)) {
        return emu_error_print(&error);
    }
    fetch.begin = emu_pump_now();
    fetch.progress_at = fetch.begin;
    fetch.http.body = take;
    fetch.http.user = &fetch;
    if (emu_http_get(&fetch.http, fetch.machine.host, &world->theirs[family], EMU_WORLD_HTTP_PORT,
                     world->file_path)) {
        signal = emu_pump_run(fetch.machine.pump, TOE_INSTANT_NEVER);
    } else {
        fail(&fetch, "the connection could not be begun");
    }
    if (signal != 0) {
        fail(&fetch, "interrupted");
    }
    if (fetch.machine.breach[0] != '\0') {
        fail(&fetch, fetch.machine.breach);
    }
    conclude(&fetch);
    emu_machine_close(&fetch.machine);
    return result->fault[0] == '\0' ? -1 : EMU_EXIT_FAULT;
}

int emu_fetch_run(struct emu_fetch_result *result, const struct emu_world *world, uint64_t seed,
                  struct emu_report *report)
{
    int status = -1;

    for (int family = 0; family < 2 && status < 0; ++family) {
        status = fetch_one(result, world, family, seed + (uint64_t)family, report);
    }
    return status;
}
