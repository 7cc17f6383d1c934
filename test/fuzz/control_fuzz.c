/* SPDX-License-Identifier: MIT */
/*
 * Any lines to the control socket of a NIC that has two connections: each is answered, by objects
 * of which the last one is a summary that says whether it was understood; and what it asked for is
 * done, in some moments of virtual time, without harm. Lines are read as rules of the policy, too:
 * one that is taken reads the same again, and one that is not says where in one line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "linux/segment.h"
#include "nic/nic.h"
#include "nic/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES_MAX = 32, ROUNDS = 40, ROUND_MS = 25, CONNECTIONS = 2, FRAME_LEN = 128 };

static struct emu_nic nic;
static struct emu_lane lane;
static uint8_t frame_bytes[FRAME_LEN];
static struct toe_frame arriving; /* on the wire; no bytes: none */

/* --- a machine without an interface --- */

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct emu_port *port = wire;

    if (strcmp(port->name, "wire") != 0 || arriving.len == 0 || max == 0) {
        return 0;
    }
    frames[0] = arriving;
    arriving.len = 0;
    return 1;
}

static void transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    (void)wire;
    (void)frames;
    (void)cnt;
}

static void close_port(struct emu_port *port)
{
    free(port);
}

static struct emu_port *port_new(const char *name)
{
    struct emu_port *port = calloc(1, sizeof(*port));

    toe_assert(port != NULL);
    port->ops =
        (struct toe_wire_ops){.size = sizeof(port->ops), .receive = receive, .transmit = transmit};
    port->fd = -1;
    port->mtu = 1500;
    port->close = close_port;
    (void)snprintf(port->name, sizeof(port->name), "%s", name);
    return port;
}

/* --- the NIC --- */

static void on_opened(void *user, const struct emu_kernel_conn *conn)
{
    (void)user;
    emu_policy_opened(&lane.policy, conn);
}

static void on_moved(void *user, const struct emu_kernel_conn *conn)
{
    (void)user;
    emu_policy_moved(&lane.policy, conn);
}

static void on_closed(void *user, const struct emu_kernel_conn *conn)
{
    (void)user;
    emu_policy_closed(&lane.policy, conn);
}

static void begin(void)
{
    struct toe_target_settings target;
    struct emu_kernel_settings kernel = {.no_netlink = true, .mtu = 1500};
    struct emu_pump_settings pump;
    struct emu_error error;

    lane = (struct emu_lane){.number = 0};
    nic = (struct emu_nic){.lanes = &lane, .lane_cnt = 1, .arp_ignore = -1};
    lane.host = port_new("host");
    lane.wire = emu_fault_new(port_new("wire"), NULL, NULL, 1);
    toe_target_settings_default(&target);
    target.wire = &lane.wire->ops;
    target.wire_user = lane.wire;
    target.mac[0] = 2;
    target.tcp_max = 16;
    lane.target = toe_target_new(&target);
    toe_assert(lane.wire != NULL && lane.target != NULL);
    kernel.ops = toe_target_ops();
    kernel.target = lane.target;
    kernel.host = &lane.host->ops;
    kernel.host_user = lane.host;
    kernel.conn_max = 64;
    kernel.opened = on_opened;
    kernel.moved = on_moved;
    kernel.closed = on_closed;
    emu_policy_init(&lane.policy, 1, 1);
    lane.kernel = emu_kernel_new(&kernel, &error);
    pump = (struct emu_pump_settings){
        .ops = toe_target_ops(), .target = lane.target, .port = lane.wire};
    lane.pump = emu_pump_new(&pump, &error);
    toe_assert(lane.kernel != NULL && lane.pump != NULL);
    emu_policy_attach(&lane.policy, lane.kernel);
}

static void run(toe_instant now)
{
    emu_port_tick(lane.wire, now);
    toe_target_ops()->run(lane.target, now);
    (void)emu_policy_run(&lane.policy, now);
    (void)emu_kernel_run(lane.kernel, now);
}

/* A segment of one of the two ends of connection |number|. */
static void speak(uint8_t number, bool by_kernel, uint16_t flags, toe_instant now)
{
    struct emu_segment seg = {
        .tuple = {.local_port = (uint16_t)(40000 + number), .remote_port = 80},
        .ttl = 64,
        .seq = 1000 + ((flags & EMU_TCP_SYN) == 0 ? 1 : 0),
        .ack = 1001,
        .wnd = 60000,
        .flags = flags,
    };
    struct toe_frame frame = {.data = frame_bytes, .flags = TOE_FRAME_CSUM_VALID};

    seg.tuple.local = (struct toe_addr){.family = 4, .bytes = {10, 0, 0, 1}};
    seg.tuple.remote = (struct toe_addr){.family = 4, .bytes = {10, 0, 0, (uint8_t)(2 + number)}};
    seg.src_mac[0] = by_kernel ? 2 : 6;
    seg.dst_mac[0] = by_kernel ? 6 : 2;
    frame.len = emu_segment_build(frame_bytes, &seg, by_kernel);
    if (by_kernel) {
        emu_kernel_from_host(lane.kernel, &frame, 1, now);
    } else {
        arriving = frame;
        run(now);
    }
}

static void end(void)
{
    emu_policy_stop(&lane.policy);
    emu_pump_del(lane.pump);
    emu_kernel_del(lane.kernel);
    emu_policy_fini(&lane.policy);
    toe_target_del(lane.target);
    emu_port_close(lane.host);
    emu_port_close(lane.wire);
}

/* --- the checks --- */

static void check_answer(const char *text, size_t len)
{
    json_t *last = NULL;
    const json_t *ok;

    for (const char *at = text; at < text + len;) {
        const char *newline = memchr(at, '\n', (size_t)(text + len - at));

        toe_assert(newline != NULL);
        json_decref(last);
        last = json_loadb(at, (size_t)(newline - at), 0, NULL);
        toe_assert(json_is_object(last));
        at = newline + 1;
    }
    ok = json_object_get(last, "ok");
    toe_assert(last != NULL && json_is_boolean(ok));
    toe_assert(json_is_true(ok) || json_is_string(json_object_get(last, "error")));
    json_decref(last);
}

/* There is something to ask for. */
static void check_connections(void)
{
    struct emu_kernel_stats stats;

    emu_kernel_stats_get(lane.kernel, &stats);
    toe_assert(stats.conns == CONNECTIONS);
}

static void request(const char *line, size_t len)
{
    json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    char *answer = NULL;
    size_t answer_len = 0;
    FILE *out = open_memstream(&answer, &answer_len);
    void *reply;

    toe_assert(out != NULL);
    reply = emu_requests_begin(&nic, json_is_object(object) ? object : NULL);
    toe_assert(reply != NULL);
    while (emu_requests_write(reply, out)) {
    }
    emu_requests_end(reply);
    (void)fclose(out);
    check_answer(answer, answer_len);
    free(answer);
    json_decref(object);
}

static void check_rule(const char *line)
{
    const struct emu_tuple tuple = {
        .local = {.family = 6}, .remote = {.family = 6}, .local_port = 1, .remote_port = 80};
    struct emu_rules rules = {.cnt = 0};
    struct emu_error error = {.text = ""};

    if (emu_rules_add(&rules, line, &error)) {
        char again[EMU_RULE_LEN_MAX];

        (void)snprintf(again, sizeof(again), "%s", rules.rules[0].text);
        toe_assert(strcmp(again, line) == 0);
        toe_assert(emu_rules_add(&rules, again, &error) && rules.cnt == 2);
        toe_assert(rules.rules[0].verb == rules.rules[1].verb);
        toe_assert(emu_filter_has_connection(rules.rules[0].filter, &tuple) ==
                   emu_filter_has_connection(rules.rules[1].filter, &tuple));
    } else {
        toe_assert(rules.cnt == 0 && strstr(error.text, ", column ") != NULL);
        toe_assert(strchr(error.text, '\n') == NULL);
    }
    emu_rules_clear(&rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    toe_instant now = TOE_NS_PER_SEC;
    size_t at = 0;

    toe_assert(text != NULL);
    if (size != 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    begin();
    run(now);
    for (uint8_t i = 0; i < CONNECTIONS; ++i) {
        speak(i, true, EMU_TCP_SYN, now);
        speak(i, false, EMU_TCP_SYN | EMU_TCP_ACK, now);
        speak(i, true, EMU_TCP_ACK, now);
    }
    check_connections();
    for (int lines = 0; at < size && lines < LINES_MAX; ++lines) {
        char *newline = memchr(text + at, '\n', size - at);
        const size_t len = newline == NULL ? size - at : (size_t)(newline - text) - at;

        text[at + len] = '\0';
        request(text + at, len);
        check_rule(text + at);
        run(now += ROUND_MS * TOE_NS_PER_MS);
        at += len + 1;
    }
    for (int i = 0; i < ROUNDS; ++i) {
        run(now += ROUND_MS * TOE_NS_PER_MS);
    }
    end();
    free(text);
    return 0;
}
