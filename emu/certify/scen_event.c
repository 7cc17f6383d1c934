/* SPDX-License-Identifier: MIT */
/*
 * Events and what a target's owner says: scenarios.md, B.5. Optional reasons: scen_event_more.c.
 */
#include "suite.h"

/* After a mandatory reason: nothing is sent, acknowledged or delivered, posts are refused. */
static void expect_stopped(struct cert *c)
{
    uint32_t up;

    cert_skip_segs(c);
    cert_skip_upcalls(c);
    up = cert_count(c, CERT_PASSED_UP);
    cert_send(c, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_peer(c, "+100 PSH");
    cert_expect_silence(c, cert_ms(c) + 5000);
    cert_expect_quiet(c);
    cert_is(c, cert_count(c, CERT_PASSED_UP), up + 1);
    cert_terminate(c);
}

static void t_100a(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1100 URG urg=1");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_expect_silence(c, 500);
    cert_send(c, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_peer(c, "1100:1200 PSH");
    cert_expect_silence(c, 5000);
    cert_expect_quiet(c);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 0);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 1000);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 2);
}

static void t_100b(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_at(c, 60000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    expect_stopped(c);
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
}

static void t_100c(struct cert *c)
{
    cert_tcp(c)->delegated.snd_wnd = 0;
    cert_offload(c);
    cert_send(c, 1000);
    cert_at(c, 60000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    expect_stopped(c);
}

static void t_100d(struct cert *c)
{
    struct toe_tcp_cached *cached = &cert_tcp(c)->cached;

    cached->flags |= TOE_TCP_KEEP_ALIVE;
    cached->ka_probe_cnt = 3;
    cached->ka_timeout = 1000;
    cached->ka_interval = 200;
    cert_tcp(c)->delegated.ka_timeout_delta = 1000;
    cert_offload(c);
    cert_at(c, 3000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    expect_stopped(c);
}

static void t_100e(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000 SYN noACK");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_expect_silence(c, 1000);
    cert_send(c, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_expect_silence(c, 5000);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
}

static void t_100f(struct cert *c)
{
    struct toe_block block;

    cert_offload(c);
    cert_block_init(&block, TOE_BLOCK_TCP, &c->conn->handle, NULL);
    cert_tree_done(c, CERT_INVALIDATE, &block);
    cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
    cert_send(c, 1000);
    cert_wait(c, 100);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_EVENT && e->event == TOE_EVENT_RETRIEVE) {
            cert_is(c, e->info, TOE_UPLOAD_INVALID_STATE);
            return;
        }
    }
    cert_fail(c, "expected an upload request");
}

static void t_103(struct cert *c)
{
    const struct toe_tcp_state *state;

    cert_offload(c);
    cert_terminate_begin(c);
    cert_peer(c, "1000:1100 FIN");
    cert_peer(c, "1101 RST");
    state = cert_terminate_end(c);
    cert_is(c, state->delegated.rcv_nxt, 1000);
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_wait(c, 1000);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 2);
    cert_expect_quiet(c);
}

static void t_104(struct cert *c)
{
    struct toe_tcp_state state = {.size = sizeof(state)};
    struct toe_block block;

    if (c->plugin->corrupt == NULL) {
        cert_skip(c, "the target's state cannot be spoiled");
    }
    c->settings.corrupts = true;
    cert_offload(c);
    cert_send(c, 1000);
    cert_receive(c, 1000, 0);
    cert_expect_seg(c, "5000:6000");
    c->plugin->corrupt(c->target, c->conn->handle);
    cert_block_init(&block, TOE_BLOCK_TCP, &c->conn->handle, &state);
    cert_tree_done(c, CERT_QUERY, &block);
    cert_status_is(c, block.status, TOE_STATUS_FAILURE);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_HARDWARE_FAILURE);
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_expect_quiet(c);
    c->received_unchecked = true;
    cert_terminate(c);
    cert_is(c, cert_count(c, CERT_COMPLETE), 2);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        if (c->chart->entries[i].kind == CERT_COMPLETE) {
            cert_status_is(c, c->chart->entries[i].status, TOE_STATUS_REQUEST_ABORTED);
        }
    }
}

static bool has_status(const struct cert *c, toe_status status)
{
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        if (c->chart->entries[i].kind == CERT_STATUS && c->chart->entries[i].status == status) {
            return true;
        }
    }
    return false;
}

/* Path and neighbor of B0; nothing depends on them any more. */
static void terminate_below(struct cert *c)
{
    struct toe_block *tree = cert_link(c, c->conn);

    c->paths[0]->block.dependent = NULL;
    cert_tree_done(c, CERT_TERMINATE, tree);
    cert_status_is(c, c->paths[0]->block.status, TOE_STATUS_SUCCESS);
    cert_status_is(c, c->neighbors[0]->block.status, TOE_STATUS_SUCCESS);
    c->paths[0]->handle = 0;
    c->paths[0]->offloaded = false;
    c->neighbors[0]->handle = 0;
    c->neighbors[0]->offloaded = false;
}

#define BUSY_CNT 100

/* All that is offloaded goes up while it is busy, in one run of the target. */
static void upload_busy(struct cert *c, struct cert_buf **late)
{
    c->plugin->upload_all(c->target);
    cert_run(c);
    cert_require(c, has_status(c, TOE_STATUS_UPLOAD_ALL));
    for (uint32_t i = 0; i < BUSY_CNT; ++i) {
        (void)cert_use(c, i);
        late[i] = cert_send(c, 1000);
    }
    cert_run(c);
    for (uint32_t i = 0; i < BUSY_CNT; ++i) {
        cert_require(c, late[i]->state == CERT_BUF_DONE);
        cert_status_is(c, late[i]->buf.status, TOE_STATUS_UPLOAD_IN_PROGRESS);
    }
    for (uint32_t i = 0; i < BUSY_CNT; ++i) {
        (void)cert_use(c, i);
        cert_terminate_begin(c);
    }
    for (uint32_t i = 0; i < BUSY_CNT; ++i) {
        (void)cert_use(c, i);
        (void)cert_terminate_end(c);
    }
    terminate_below(c);
}

static void t_105(struct cert *c)
{
    struct cert_buf *late[BUSY_CNT];

    if (c->plugin->upload_all == NULL || c->plugin->resume == NULL) {
        cert_skip(c, "the target cannot be told to upload everything");
    }
    for (uint32_t i = 1; i < BUSY_CNT; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    cert_offload(c);
    for (uint32_t i = 0; i < BUSY_CNT; ++i) {
        (void)cert_use(c, i);
        c->conn->peer.acks = true;
        c->conn->peer.acks_after = 20;
        cert_send(c, 20000, 10000);
        cert_peer_data(c, 4000, 1460);
    }
    cert_wait(c, 30);
    upload_busy(c, late);
    cert_status_is(c, c->plugin->resume(c->target, NULL), TOE_STATUS_SUCCESS);
    cert_wait(c, 100);
    cert_require(c, has_status(c, TOE_STATUS_OFFLOAD_RESUME));
    cert_offload(c);
    for (uint32_t i = 0; i < BUSY_CNT; ++i) {
        (void)cert_use(c, i);
        cert_repost(c, late[i]);
        cert_peer_data(c, 4000, 1460);
    }
    cert_wait(c, 20000);
    for (uint32_t i = 0; i < BUSY_CNT; ++i) {
        (void)cert_use(c, i);
        cert_is(c, c->conn->peer.acked, 36000);
        cert_is(c, c->conn->rcv_next, 9000);
    }
}

static uint32_t initiates(const struct cert *c)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        cnt += c->chart->entries[i].kind == CERT_TREE && c->chart->entries[i].op == CERT_INITIATE;
    }
    return cnt;
}

static void resume_it(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    cert_is(c, initiates(c), 1);
    cert_status_is(c, c->plugin->resume(c->target, NULL), TOE_STATUS_SUCCESS);
}

static void t_106(struct cert *c)
{
    cert_allow(c, "CAP-37");
    if (c->plugin->pause == NULL || c->plugin->resume == NULL) {
        cert_skip(c, "the target cannot be paused");
    }
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    c->plugin->pause(c->target);
    cert_expect_status(c, TOE_STATUS_OFFLOAD_PAUSE);
    cert_send(c, 1000);
    cert_expect_seg(c, "6000:7000");
    cert_peer(c, "1000:1100 PSH ack=7000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_indicate(c, 100);
    cert_call_at(c, 500, resume_it);
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c); /* waits for a second */
    cert_is(c, initiates(c), 2);
    cert_expect_status(c, TOE_STATUS_OFFLOAD_RESUME);
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        cert_send(c, 1000);
        cert_expect_data(c, "+1000");
    }
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        cert_require(c, c->chart->entries[i].status != TOE_STATUS_PAUSED);
    }
}

static void t_107(struct cert *c)
{
    c->params.max_retransmissions = 10;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    c->link_down = true;
    cert_at(c, 10000);
    cert_expect_quiet(c);
    c->link_down = false;
    cert_skip_segs(c);
    cert_at(c, 70000);
    cert_expect_data(c, "5000:6000");
    cert_peer(c, "1000:1100 PSH ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_indicate(c, 100);
    cert_expect_quiet(c);
}

static void t_108(struct cert *c)
{
    c->bus_offset = (uint64_t)1 << 40;
    cert_offload(c);
    c->bus_fails = true;
    cert_send(c, 1000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_send(c, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_receive(c, 1000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_expect_silence(c, 5000);
    c->bus_fails = false;
    cert_is(c, cert_terminate(c)->delegated.snd_una, 5000);
}

static void terminate_inside(struct cert *c, struct cert_entry *entry)
{
    if (entry->event == TOE_EVENT_RETRIEVE && c->count++ == 0) {
        cert_terminate_begin(c);
    }
}

/* The harness fails whatever completes inside another upcall. */
static void t_109(struct cert *c)
{
    c->on_event = terminate_inside;
    cert_offload(c);
    cert_send(c, 1000);
    cert_receive(c, 1000, 0);
    cert_expect_seg(c, "5000:6000");
    cert_peer(c, "1000:1100 URG urg=1");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_is(c, c->count, 1);
    (void)cert_terminate_end(c);
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
}

static void terminate_now(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    if (c->count++ == 0) {
        cert_terminate_begin(c);
    }
}

static void c_05a(struct cert *c)
{
    c->on_indicate = terminate_now;
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    (void)cert_terminate_end(c);
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_is(c, c->conn->state.delegated.rcv_nxt, 1100);
}

static void c_05b(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1100 URG urg=1");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_at(c, 100000);
    cert_expect_quiet(c);
}

static void c_05c(struct cert *c)
{
    c->settings.retrieve_repeat = 5 * TOE_NS_PER_SEC;
    cert_offload(c);
    cert_peer(c, "1000:1100 URG urg=1");
    for (uint32_t i = 0; i < 4; ++i) {
        cert_due(c, 5000 * i);
        cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    }
    cert_terminate(c);
    cert_wait(c, 20000);
    cert_expect_quiet(c);
}

/* The path does not answer: the host is to look for a black hole. */
static void c_05d(struct cert *c)
{
    c->params.doubt_reachability_retransmissions = 2;
    cert_offload(c);
    cert_send(c, 1000);
    cert_at(c, 10000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    expect_stopped(c);
}

/* Both are right: to stop at once (INV-4), and to go on until the terminate (EVT-039). */
static void t_110(struct cert *c)
{
    struct toe_block block;
    uint32_t sent;

    cert_offload(c);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 100;
    cert_send(c, 100000);
    cert_run(c);
    cert_block_init(&block, TOE_BLOCK_NEIGHBOR, &c->neighbors[0]->handle, NULL);
    cert_tree_done(c, CERT_INVALIDATE, &block);
    cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
    sent = cert_count(c, CERT_SEG_OUT);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_INVALID_STATE);
    cert_wait(c, 20000);
    if (cert_count(c, CERT_SEG_OUT) > sent) {
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 100000);
    }
}

#define EVENT(number, what, which, function)                                                       \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_EVENT,              \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_event_scenarios[] = {
    EVENT("T-100a", "urgent data: an upload must come, all stops",
          "EVT-022 EVT-032 EVT-033 TRM-1 TRM-5", t_100a),
    EVENT("T-100b", "too many retransmissions: an upload must come, all stops",
          "EVT-023 EVT-032 EVT-033 TRM-5", t_100b),
    EVENT("T-100c", "too many window probes: an upload must come, all stops",
          "EVT-023 EVT-032 EVT-033 TMR-062", t_100c),
    EVENT("T-100d", "too many keep-alive probes: an upload must come, all stops",
          "EVT-023 EVT-032 EVT-033 TMR-051", t_100d),
    EVENT("T-100e", "a SYN at the next byte: an upload must come, all stops",
          "EVT-024 EVT-032 EVT-033 SEG-006", t_100e),
    EVENT("T-100f", "a send on an invalidated connection", "EVT-021 INV-5", t_100f),
    EVENT("T-103", "FIN and reset after the terminate was called", "EVT-009 SEG-060", t_103),
    EVENT("T-104", "corrupt state is found by a query", "EVT-020 EVT-040", t_104),
    EVENT("T-105", "100 busy connections go up and come back",
          "EVT-041 EVT-044 CAP-41 SND-084 CAP-40 TRM-4 TRM-32", t_105),
    EVENT("T-106", "a pause stops offloads, not data", "EVT-042 EVT-043 CAP-34 CAP-35", t_106),
    EVENT("T-107", "ten seconds without a link", "EVT-045 TRM-11", t_107),
    EVENT("T-108", "a buffer that cannot be mapped", "EVT-036 IOS-026", t_108),
    EVENT("T-109", "a terminate inside an event", "EVT-007 RCV-103", t_109),
    EVENT("T-110", "an invalid neighbor below queued sends", "EVT-021 EVT-039 INV-5", t_110),
    EVENT("C-05a", "a terminate inside an indication", "RCV-103", c_05a),
    EVENT("C-05b", "an upload request is not repeated unless asked for", "EVT-011", c_05b),
    EVENT("C-05c", "an upload request is repeated until the terminate", "EVT-010 EVT-011", c_05c),
    EVENT("C-05d", "a path in doubt: an upload must come", "EVT-024 EVT-037 TMR-094", c_05d),
    {.id = NULL},
};
