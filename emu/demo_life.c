/* SPDX-License-Identifier: MIT */
#include "demo_life.h"

#include <inttypes.h>
#include <stdio.h>

#include "flow.h"
#include "peer.h"
#include "toe/status.h"

enum {
    FLOW_LEN = 4 << 20, /* each way */
    BUFFER_LEN = 16384,
    STALL_SECONDS = 10,
};

/*
 * The stages of the connection. Each of the two moves is asked for while data flows; what may be
 * transferred until it has happened is limited, so that no stage comes to nothing on a fast
 * machine.
 */
enum stage { IN_HOST, OFFLOADING, OFFLOADED, UPLOADING, BACK, STAGE_CNT };

static const uint64_t stage_limit[STAGE_CNT] = {
    FLOW_LEN / 4, FLOW_LEN / 2, FLOW_LEN * 3 / 4, FLOW_LEN * 7 / 8, FLOW_LEN,
};

struct life {
    struct emu_machine machine;
    struct emu_report *report;
    struct emu_life_result *result;
    struct emu_flow flow;
    toe_handle conn;
    enum stage stage;
    uint64_t rx_before; /* bytes received before this stage */
    bool connected;
    bool closed;
    toe_instant begin;
};

static void fail(struct life *life, const char *what)
{
    if (life->result->fault[0] == '\0') {
        (void)snprintf(life->result->fault, sizeof(life->result->fault), "the first connection: %s",
                       what);
    }
    emu_pump_stop(life->machine.pump);
}

static void tell(struct life *life, const char *event, const char *text, toe_instant now)
{
    const double ms = (double)(now - life->begin) / (double)TOE_NS_PER_MS;
    json_t *object = json_pack("{ss ss ss sI sI sf}", "type", "event", "phase", "life", "event",
                               event, "sent", (json_int_t)life->flow.tx, "received",
                               (json_int_t)life->flow.rx, "milliseconds", ms);

    emu_report_say(life->report, object, "   %8.2f ms  %-11s %s", ms, event, text);
}

/* Goes on to |stage|, and tells what the one before came to. */
static void enter(struct life *life, enum stage stage, const char *event, const char *where,
                  toe_instant now)
{
    char text[128];

    (void)snprintf(text, sizeof(text), "%4" PRIu64 " KiB received %s",
                   (life->flow.rx - life->rx_before) >> 10, where);
    life->rx_before = life->flow.rx;
    life->stage = stage;
    tell(life, event, text, now);
}

static void on_event(struct life *life, const struct toe_host_event *event, toe_instant now)
{
    switch (event->type) {
    case TOE_HOST_CONNECTED:
        life->connected = true;
        life->flow.progress_at = now;
        tell(life, "connected", "by the host's own TCP", now);
        break;
    case TOE_HOST_OFFLOADED:
        ++life->result->offloads;
        enter(life, OFFLOADED, "offloaded", "through the host until then", now);
        break;
    case TOE_HOST_UPLOADED:
        ++life->result->uploads;
        enter(life, BACK, "uploaded", "through the target until then", now);
        break;
    case TOE_HOST_OFFLOAD_FAILED:
        fail(life, toe_status_text(event->status));
        break;
    case TOE_HOST_CLOSED:
        life->closed = true;
        break;
    case TOE_HOST_RESET:
        fail(life, toe_status_text(event->status));
        break;
    case TOE_HOST_ACCEPTABLE:
    case TOE_HOST_RECEIVABLE:
    case TOE_HOST_SENDABLE:
    case TOE_HOST_SOFT_ERROR:
        break;
    }
}

static size_t smaller(size_t a, uint64_t b)
{
    return a < b ? a : (size_t)b;
}

static void receive(struct life *life, toe_instant now)
{
    struct toe_host *host = life->machine.host;
    struct toe_host_conn_info info;
    uint8_t data[BUFFER_LEN];

    for (;;) {
        const uint64_t allowed = stage_limit[life->stage] - life->flow.rx;
        const size_t len = toe_host_receive(host, life->conn, data, smaller(sizeof(data), allowed));

        if (len == 0) {
            break;
        }
        emu_flow_taken(&life->flow, data, len, now);
    }
    if (!life->flow.has_ended && toe_host_conn_info(host, life->conn, &info) &&
        info.end_of_stream && info.receivable == 0) {
        emu_flow_ended(&life->flow, now);
    }
}

static void transmit(struct life *life, toe_instant now)
{
    uint8_t data[BUFFER_LEN];
    size_t len;
    size_t sent;

    do {
        const uint64_t allowed = stage_limit[life->stage] - life->flow.tx;

        len = emu_flow_fill(&life->flow, data, smaller(sizeof(data), allowed), now);
        sent = len == 0 ? 0 : toe_host_send(life->machine.host, life->conn, data, len);
        emu_flow_sent(&life->flow, sent, now);
    } while (len != 0 && sent == len);
}

/* Moves the connection once the stage has had its share of the bytes. */
static void move(struct life *life)
{
    struct toe_host *host = life->machine.host;

    if (life->flow.rx < stage_limit[life->stage]) {
        return;
    }
    if (life->stage == IN_HOST && toe_host_offload(host, &life->conn, 1) == 1) {
        life->stage = OFFLOADING;
    } else if (life->stage == OFFLOADED && toe_host_upload(host, &life->conn, 1) == 1) {
        life->stage = UPLOADING;
    }
}

static void finish(struct life *life, toe_instant now)
{
    char text[128];

    (void)snprintf(text, sizeof(text),
                   "%4" PRIu64 " KiB received through the host again; no byte "
                   "wrong, none missing",
                   (life->flow.rx - life->rx_before) >> 10);
    tell(life, "closed", text, now);
    toe_host_close(life->machine.host, life->conn);
    emu_pump_stop(life->machine.pump);
}

static toe_instant run(void *user, toe_instant now)
{
    struct life *life = user;
    const toe_instant stall = life->flow.progress_at + STALL_SECONDS * TOE_NS_PER_SEC;
    struct toe_host_event event;
    toe_instant next;

    while (toe_host_event_next(life->machine.host, &event)) {
        on_event(life, &event, now);
    }
    if (life->connected && life->result->fault[0] == '\0') {
        receive(life, now);
        transmit(life, now);
        move(life);
        if (emu_flow_step(&life->flow, now) == EMU_STEP_SHUTDOWN) {
            toe_host_shutdown(life->machine.host, life->conn);
        }
    }
    if (life->flow.fault != EMU_FLOW_OK) {
        fail(life, emu_flow_fault_text(life->flow.fault));
    } else if (life->closed && emu_flow_is_finished(&life->flow)) {
        finish(life, now);
    } else if (now >= stall) {
        fail(life, "no progress for 10 seconds");
    }
    next = emu_flow_deadline(&life->flow, now);
    return next < stall ? next : stall;
}

int emu_life_run(struct emu_life_result *result, const struct emu_world *world, uint64_t seed,
                 struct emu_report *report)
{
    static const struct emu_flow_plan plan = {
        .seed = 1,
        .up = FLOW_LEN,
        .down = FLOW_LEN,
        .chunk = BUFFER_LEN,
        .flags = EMU_CLOSE_DONE | (EMU_CLOSE_LAST << 2),
    };
    struct life life = {.report = report, .result = result};
    struct emu_error error;
    int signal;

    if (!emu_machine_open(&life.machine, world, seed, run, &life, &error)) {
        return emu_error_print(&error);
    }
    life.begin = emu_pump_now();
    emu_flow_open(&life.flow, &plan, life.begin);
    life.conn = toe_host_connect(life.machine.host, NULL, 0, &world->theirs[0], EMU_PEER_PORT);
    if (life.conn == 0) {
        fail(&life, "could not be begun");
    }
    signal = life.conn == 0 ? 0 : emu_pump_run(life.machine.pump, TOE_INSTANT_NEVER);
    if (signal != 0) {
        fail(&life, "interrupted");
    }
    if (life.machine.breach[0] != '\0') {
        fail(&life, life.machine.breach);
    }
    result->bytes = life.flow.rx;
    result->bytes_wrong = life.flow.wrong;
    emu_machine_close(&life.machine);
    return result->fault[0] == '\0' ? -1 : EMU_EXIT_FAULT;
}
