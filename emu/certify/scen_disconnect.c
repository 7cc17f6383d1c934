/* SPDX-License-Identifier: MIT */
/*
 * Disconnects: scenarios.md, B.4.
 */
#include "suite.h"

/* The FIN at |seq|, alone or on the data before it, taken or not, but without another expectation.
 */
static void expect_fin(struct cert *c, uint32_t seq)
{
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_SEG_OUT && (e->seg.flags & CERT_FIN) &&
            e->seg.seq + e->seg.len == seq) {
            cert_skip_segs(c);
            return;
        }
    }
    cert_expect_data(c, "%u FIN", seq);
}

/* Takes the next completion of a receive, wherever it stands among the upcalls. */
static void take_receive(struct cert *c, toe_status status, uint32_t bytes)
{
    cert_run(c);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        struct cert_entry *e = &c->chart->entries[i];

        if (!e->taken && e->kind == CERT_COMPLETE && e->op == CERT_RECEIVE) {
            e->taken = true;
            cert_status_is(c, e->status, status);
            cert_is(c, e->bytes, bytes);
            return;
        }
    }
    cert_fail(c, "expected a receive to complete");
}

static void expect_conn_state(struct cert *c, enum toe_conn_state state)
{
    (void)cert_query(c);
    cert_expect_state(c, state);
}

static void t_080(struct cert *c)
{
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_seg(c, "5000 FIN ack=1000");
    expect_conn_state(c, TOE_TCP_FIN_WAIT_1);
    cert_at(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_FIN_WAIT_2);
}

static void t_081(struct cert *c)
{
    struct cert_buf *buf;

    cert_offload(c);
    buf = cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 3000);
    cert_expect_stream(c, 5000, 8000);
    expect_fin(c, 8000);
    cert_require(c, cert_ms(c) <= 10);
    cert_peer(c, "ack=6460");
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "ack=8001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 3000);
    cert_is(c, buf->buf.len, 0);
    cert_expect_quiet(c);
}

static void t_082(struct cert *c)
{
    cert_tcp(c)->delegated.snd_wnd = 0;
    cert_offload(c);
    cert_send(c, 1000);
    cert_send(c, 1000);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 1000);
    cert_expect_no_data(c, 100);
    cert_expect_quiet(c);
    cert_peer(c, "ack=5000 wnd=65535");
    cert_expect_stream(c, 5000, 8000);
    expect_fin(c, 8000);
    cert_peer(c, "ack=8001");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 1000);
    cert_expect_quiet(c);
}

/* What arrives after the reset is ordinary traffic: nothing is answered, all goes up. */
static void expect_dead(struct cert *c)
{
    const uint32_t up = cert_count(c, CERT_PASSED_UP);

    cert_skip_segs(c);
    cert_peer(c, "+100 PSH");
    cert_peer(c, "+100 FIN");
    cert_wait(c, 20);
    cert_is(c, cert_count(c, CERT_PASSED_UP), up + 2);
    cert_expect_silence(c, cert_ms(c) + 5000);
    cert_expect_quiet(c);
}

static void t_083a(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, TOE_BUF_NO_PUSH);
    cert_run(c);
    cert_peer(c, "1000:1300 PSH");
    cert_send(c, 1000);
    cert_send(c, 1000);
    cert_expect_stream(c, 5000, 7000);
    cert_expect_quiet(c);
    cert_disconnect(c, TOE_DISCONNECT_ABORTIVE, 0);
    cert_expect_data(c, "7000 RST ACK ack=1300");
    take_receive(c, TOE_STATUS_REQUEST_ABORTED, 300);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    expect_dead(c);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
}

/* Refused data and a partly filled request exclude each other. */
static void t_083b(struct cert *c)
{
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    cert_offload(c);
    cert_peer(c, "1000:1300 PSH");
    cert_expect_indicate(c, 300);
    cert_disconnect(c, TOE_DISCONNECT_ABORTIVE, 0);
    cert_expect_data(c, "5000 RST ACK ack=1300");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    expect_dead(c);
    c->received_unchecked = true; /* DSC-010: it is dropped */
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
    cert_is(c, cert_uploaded_len(c), 0);
}

static void abort_it(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    if (c->count++ == 0) {
        cert_disconnect(c, TOE_DISCONNECT_ABORTIVE, 0);
    }
}

/* As near as one thread comes to it: posted inside the indication, whose buffer is kept. */
static void t_084(struct cert *c)
{
    c->keeps = true;
    c->on_indicate = abort_it;
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_expect_data(c, "5000 RST ACK t=0");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_is(c, cert_kept(c), 1);
    expect_dead(c);
}

static void t_085(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 500);
    cert_expect_stream(c, 5000, 6500);
    expect_fin(c, 6500);
    cert_peer(c, "ack=6200");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_disconnect(c, TOE_DISCONNECT_ABORTIVE, 0);
    cert_expect_data(c, "6501 RST ACK");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_REQUEST_ABORTED, 200);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    expect_dead(c);
}

static void c_04a(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_stream(c, 5000, 6000);
    expect_fin(c, 6000);
    cert_disconnect(c, TOE_DISCONNECT_ABORTIVE, 0);
    cert_expect_data(c, "6001 RST ACK");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
}

static void t_086(struct cert *c)
{
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_seg(c, "5000 FIN");
    cert_peer(c, "1000 FIN ack=5000");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    expect_conn_state(c, TOE_TCP_CLOSING);
    cert_expect_quiet(c);
    cert_peer(c, "1001 ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    expect_conn_state(c, TOE_TCP_TIME_WAIT);
}

/* One segment ends both halves: all that is owed comes in the order of DSC-044. */
static void c_04b(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_stream(c, 5000, 6000);
    expect_fin(c, 6000);
    cert_peer(c, "1000 FIN ack=6001");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_TIME_WAIT);
}

/* A megabyte in 72 rounds, the last of it a minute after the FIN was acknowledged. */
static void t_087(struct cert *c)
{
    uint32_t next = 1000;

    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_seg(c, "5000 FIN");
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_mark(c);
    for (uint32_t i = 0; i < 72; ++i, next += 14600) {
        cert_receive(c, 14600, 0);
        cert_run(c);
        cert_peer_data(c, 14600, 1460);
        cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 14600);
        cert_is(c, c->conn->rcv_next, next + 14600);
    }
    cert_at(c, 60000);
    cert_peer(c, "+100 PSH");
    cert_expect_indicate(c, 100);
    cert_at(c, 179900);
    cert_expect_quiet(c);
    expect_conn_state(c, TOE_TCP_FIN_WAIT_2);
    cert_due(c, 180000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
}

static void t_088(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000 FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    expect_conn_state(c, TOE_TCP_CLOSE_WAIT);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 1;
    cert_send(c, 1000000);
    cert_wait(c, 10000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000000);
    cert_expect_stream(c, 5000, 1005000);
    c->conn->peer.acks = false;
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_data(c, "1005000 FIN ack=1001");
    expect_conn_state(c, TOE_TCP_LAST_ACK);
    cert_expect_quiet(c);
    cert_peer(c, "ack=1005001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
}

static void t_089a(struct cert *c)
{
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_seg(c, "5000 FIN t=0");
    if (c->profile == TOE_PROFILE_COMPAT) {
        cert_expect_seg(c, "5000 FIN t=300");
        cert_expect_seg(c, "5000 FIN t=900");
        cert_expect_seg(c, "5000 FIN t=2100");
    } else {
        cert_at(c, 2500);
        cert_expect_seg(c, "5000 FIN");
        cert_expect_seg(c, "5000 FIN");
    }
    cert_expect_quiet(c);
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_skip_segs(c);
    cert_expect_silence(c, 20000);
}

static void t_089b(struct cert *c)
{
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_seg(c, "5000 FIN t=0");
    if (c->profile == TOE_PROFILE_COMPAT) {
        cert_due(c, 18900);
    } else {
        cert_at(c, 60000);
    }
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_terminate(c);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_expect_state(c, TOE_TCP_FIN_WAIT_1);
}

/* From CLOSE_WAIT to the acknowledged FIN. */
static void close_both(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000 FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_data(c, "5000 FIN ack=1001");
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
}

static void t_090(struct cert *c)
{
    close_both(c);
    expect_conn_state(c, TOE_TCP_CLOSED);
    cert_wait(c, 60000);
    expect_conn_state(c, TOE_TCP_CLOSED);
    cert_is(c, cert_stats(c).tcp_cnt, 1);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
    cert_is(c, cert_stats(c).tcp_cnt, 0);
}

static void t_091(struct cert *c)
{
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_seg(c, "5000 FIN");
    cert_peer(c, "1000 FIN ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_at(c, 500);
    cert_skip_segs(c);
    cert_peer(c, "1000 FIN ack=5001");
    cert_expect_seg(c, "5001 ack=1001 t=500");
    cert_at(c, 1000);
    cert_peer(c, "90000000 SYN noACK");
    cert_expect_passed_up(c, 0);
    cert_expect_silence(c, 1500);
    cert_peer(c, "900:1000 PSH");
    cert_expect_seg(c, "5001 ack=1001 t=1500");
    cert_at(c, 2000);
    cert_expect_quiet(c);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 1001);
    cert_expect_state(c, TOE_TCP_TIME_WAIT);
}

static void t_092(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1100 URG urg=1");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_skip_segs(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_expect_silence(c, 1000);
}

static void t_093(struct cert *c)
{
    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0);
    cert_offload(c);
    cert_peer(c, "1000:1500 FIN");
    cert_expect_indicate(c, 500);
    cert_at(c, 500);
    cert_expect_quiet(c);
    cert_peer(c, "1501 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_wait(c, 1000);
    cert_expect_quiet(c);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
    cert_is(c, cert_uploaded_len(c), 500);
}

static void t_094(struct cert *c)
{
    cert_tcp(c)->delegated.snd_wnd = 0;
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_no_data(c, 280);
    cert_expect_data(c, "5000 FIN t=300");
    cert_peer(c, "ack=5000 wnd=0");
    cert_expect_no_data(c, 500);
    cert_expect_quiet(c);
    cert_peer(c, "ack=5000 wnd=65535");
    cert_expect_data(c, "5000 FIN");
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
}

static void t_095(struct cert *c)
{
    const struct cert_entry *first;
    const struct cert_entry *second;

    cert_allow(c, "DSC-024");
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 1000);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_stream(c, 5000, 6000);
    expect_fin(c, 6000);
    cert_at(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "ack=6001");
    first = cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 1000);
    second = cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_is(c, second->run, first->run);
}

static void t_096(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    expect_conn_state(c, TOE_TCP_CLOSED);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 100);
    cert_disconnect(c, TOE_DISCONNECT_ABORTIVE, 0);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_silence(c, 5000);
    cert_expect_quiet(c);
}

static void t_097(struct cert *c)
{
    c->keeps = true;
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_receive(c, 100, 0);
    cert_run(c);
    cert_peer(c, "1100:1200 FIN");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_is(c, cert_kept(c), 1);
}

/* The event waits for refused data, and for nothing else. */
static void c_04c(struct cert *c)
{
    cert_allow(c, "EVT-012");
    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0);
    cert_offload(c);
    cert_peer(c, "1000:1500 FIN");
    cert_expect_indicate(c, 500);
    cert_at(c, 1000);
    cert_expect_quiet(c);
    expect_conn_state(c, TOE_TCP_CLOSE_WAIT);
    cert_receive(c, 500, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 500);
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_receive(c, 100, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_INVALID_STATE, 0);
    cert_expect_quiet(c);
}

static void c_04d(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, TOE_BUF_NO_PUSH);
    cert_receive(c, 1000, TOE_BUF_NO_PUSH);
    cert_run(c);
    cert_peer(c, "1000:1300 PSH");
    cert_send(c, 1000);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 500);
    cert_expect_stream(c, 5000, 6500);
    cert_peer(c, "1300 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    take_receive(c, TOE_STATUS_REQUEST_ABORTED, 300);
    take_receive(c, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_REQUEST_ABORTED, 0);
    expect_dead(c);
}

/* What of the disconnect's data was acknowledged stays so when the connection moves. */
static void c_04e(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000 FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_send(c, 1000);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 500);
    cert_expect_stream(c, 5000, 6500);
    cert_peer(c, "ack=6200");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_is(c, cert_terminate(c)->delegated.snd_una, 6200);
    cert_expect_state(c, TOE_TCP_LAST_ACK);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_UPLOAD_IN_PROGRESS, 200);
}

#define DISCONNECT(number, what, which, function)                                                  \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_DISCONNECT,         \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_disconnect_scenarios[] = {
    DISCONNECT("T-080", "a graceful disconnect without data",
               "DSC-001 DSC-012 DSC-016 DSC-026 DSC-029", t_080),
    DISCONNECT("T-081", "a graceful disconnect with data: the FIN does not wait",
               "DSC-013 DSC-016..018", t_081),
    DISCONNECT("T-082", "sends complete before the disconnect", "DSC-012 DSC-015 DSC-019 SND-043",
               t_082),
    DISCONNECT("T-083a", "an abortive disconnect with sends and a partly filled request",
               "DSC-004 DSC-007 DSC-009..011 DSC-041 SND-035", t_083a),
    DISCONNECT("T-083b", "an abortive disconnect drops refused data",
               "DSC-004 DSC-009..011 DSC-041", t_083b),
    DISCONNECT("T-084", "an abortive disconnect inside an indication", "DSC-008", t_084),
    DISCONNECT("T-085", "an abortive disconnect after a graceful one", "DSC-017 DSC-023", t_085),
    DISCONNECT("T-086", "FINs that cross", "RFC-016 DSC-031 DSC-042 DSC-043", t_086),
    DISCONNECT("T-087", "a megabyte in FIN_WAIT_2, whose timer restarts",
               "DSC-021 RFC-015 TMR-030..033", t_087),
    DISCONNECT("T-088", "a megabyte in CLOSE_WAIT, then LAST_ACK", "DSC-026 DSC-034", t_088),
    DISCONNECT("T-089a", "a lost FIN is retransmitted", "DSC-016", t_089a),
    DISCONNECT("T-089b", "a FIN that is never acknowledged", "DSC-028 TMR-088", t_089b),
    DISCONNECT("T-090", "LAST_ACK ends: an upload is asked for, the connection stays",
               "DSC-022 DSC-043 DSC-044", t_090),
    DISCONNECT("T-091", "two seconds of TIME_WAIT", "DSC-042 DSC-043 DSC-045 SEG-001 SEG-080",
               t_091),
    DISCONNECT("T-092", "a graceful disconnect during an upload", "DSC-016 DSC-020 EVT-033", t_092),
    DISCONNECT("T-093", "a reset while the FIN waits for refused data", "DSC-032 DSC-038..040",
               t_093),
    DISCONNECT("T-094", "a FIN before a closed window", "DSC-027 TMR-067", t_094),
    DISCONNECT("T-095", "two graceful disconnects", "DSC-024", t_095),
    DISCONNECT("T-096", "disconnects after a reset", "DSC-025", t_096),
    DISCONNECT("T-097", "the disconnect event does not wait for returned buffers",
               "DSC-030 DSC-033", t_097),
    DISCONNECT("C-04a", "an abortive disconnect before anything is acknowledged",
               "DSC-007 DSC-010 DSC-023", c_04a),
    DISCONNECT("C-04b", "one segment ends both halves: the order of what is owed",
               "DSC-031 DSC-042..044", c_04b),
    DISCONNECT("C-04c", "the disconnect event waits for refused data", "DSC-030..032 DSC-035",
               c_04c),
    DISCONNECT("C-04d", "a reset: sends, disconnect and receives are aborted after the event",
               "DSC-016 DSC-036 DSC-037 DSC-041", c_04d),
    DISCONNECT("C-04e", "a terminate in LAST_ACK with a part of the data acknowledged",
               "DSC-016 DSC-017 DSC-026 DSC-028", c_04e),
    {.id = NULL},
};
