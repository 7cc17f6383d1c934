/* SPDX-License-Identifier: MIT */
/*
 * The remaining rules: scenarios.md, B.14, first half.
 */
#include "suite.h"

#include <sys/mman.h>

/* --- T-300: the state diagram --- */

static void state_is(struct cert *c, enum toe_conn_state state)
{
    cert_query(c);
    cert_expect_state(c, state);
}

static void close_here(struct cert *c)
{
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_data(c, "5000 FIN");
}

static void close_there(struct cert *c)
{
    cert_peer(c, "1000 FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
}

/* The states a connection can be brought to, by the wire and the host. */
enum { STATE_CNT = 6 };

static enum toe_conn_state bring_to(struct cert *c, uint32_t which)
{
    static const enum toe_conn_state states[STATE_CNT] = {
        TOE_TCP_ESTABLISHED, TOE_TCP_FIN_WAIT_1, TOE_TCP_FIN_WAIT_2,
        TOE_TCP_CLOSE_WAIT,  TOE_TCP_CLOSING,    TOE_TCP_LAST_ACK,
    };

    switch (states[which]) {
    case TOE_TCP_FIN_WAIT_1:
        close_here(c);
        break;
    case TOE_TCP_FIN_WAIT_2:
        close_here(c);
        cert_peer(c, "ack=5001");
        cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
        break;
    case TOE_TCP_CLOSE_WAIT:
        close_there(c);
        break;
    case TOE_TCP_CLOSING:
        close_here(c);
        close_there(c);
        break;
    case TOE_TCP_LAST_ACK:
        close_there(c);
        close_here(c);
        break;
    default:
        break;
    }
    state_is(c, states[which]);
    return states[which];
}

static void every_state(struct cert *c)
{
    for (uint32_t i = 1; i < STATE_CNT; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    cert_offload(c);
}

static void t_300a(struct cert *c)
{
    every_state(c);
    for (uint32_t i = 0; i < STATE_CNT; ++i) {
        (void)cert_use(c, i);
        bring_to(c, i);
    }
    (void)cert_use(c, 2);
    cert_peer(c, "1000 FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    state_is(c, TOE_TCP_TIME_WAIT);
    (void)cert_use(c, 4);
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    state_is(c, TOE_TCP_TIME_WAIT);
    (void)cert_use(c, 5);
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    state_is(c, TOE_TCP_CLOSED);
}

/* FIN and the ACK of ours in one segment: straight from FIN_WAIT_1 to TIME_WAIT. */
static void t_300b(struct cert *c)
{
    cert_offload(c);
    bring_to(c, 1);
    cert_peer(c, "1000 FIN ack=5001");
    cert_at(c, 5);
    state_is(c, TOE_TCP_TIME_WAIT);
}

static void t_300c(struct cert *c)
{
    every_state(c);
    for (uint32_t i = 0; i < STATE_CNT; ++i) {
        (void)cert_use(c, i);
        bring_to(c, i);
        cert_disconnect(c, TOE_DISCONNECT_ABORTIVE, 0);
        cert_wait(c, 5);
        state_is(c, TOE_TCP_CLOSED);
    }
}

static void t_300d(struct cert *c)
{
    uint32_t nxt;
    enum toe_conn_state state;

    every_state(c);
    for (uint32_t i = 0; i < STATE_CNT; ++i) {
        (void)cert_use(c, i);
        state = bring_to(c, i);
        cert_skip_upcalls(c);
        nxt = cert_query(c)->delegated.rcv_nxt;
        cert_peer(c, "%u:%u noACK PSH", nxt, nxt + 100);
        cert_peer(c, "%u noACK FIN", nxt);
        c->conn->peer.nxt = nxt;
        cert_wait(c, 5);
        cert_expect_quiet(c);
        cert_is(c, cert_query(c)->delegated.rcv_nxt, nxt);
        cert_expect_state(c, state);
    }
}

/* --- windows --- */

static void t_301a(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 2000);
    cert_expect_stream(c, 5000, 7000);
    cert_peer(c, "1500:1600 wnd=2000");
    cert_wait(c, 1);
    cert_is(c, cert_query(c)->delegated.snd_wnd, 2000);
    cert_peer(c, "1000:1100 wnd=60000"); /* older */
    cert_wait(c, 1);
    cert_is(c, cert_query(c)->delegated.snd_wnd, 2000);
    cert_skip_upcalls(c);
    cert_peer(c, "1500:1600 ack=7000 wnd=3000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 2000);
    cert_is(c, cert_query(c)->delegated.snd_wnd, 3000);
    cert_peer(c, "1500:1600 ack=6000 wnd=50000"); /* the same, but with an older ACK */
    cert_wait(c, 1);
    cert_is(c, cert_query(c)->delegated.snd_wnd, 3000);
    cert_is(c, cert_query(c)->delegated.max_snd_wnd, 65535);
}

static void t_301b(struct cert *c)
{
    cert_scaling(c, 3, 0);
    cert_tcp(c)->delegated.snd_wnd = 10000;
    cert_tcp(c)->delegated.max_snd_wnd = 10000;
    cert_offload(c);
    cert_peer(c, "1000 ack=5000 wnd=4000");
    cert_wait(c, 1);
    cert_is(c, cert_query(c)->delegated.snd_wnd, 32000);
    cert_is(c, cert_query(c)->delegated.max_snd_wnd, 32000);
    cert_peer(c, "1000 ack=5000 wnd=100");
    cert_wait(c, 1);
    cert_is(c, cert_query(c)->delegated.snd_wnd, 800);
    cert_is(c, cert_terminate(c)->delegated.max_snd_wnd, 32000);
}

static void t_302(struct cert *c)
{
    bool again = false;

    cert_tcp(c)->delegated.cwnd = 200000;
    cert_tcp(c)->delegated.ssthresh = 200000;
    cert_offload(c);
    cert_send(c, 60000);
    cert_expect_stream(c, 5000, 65000);
    cert_peer(c, "ack=5000 wnd=25535");
    cert_run(c);
    cert_send(c, 5000);
    cert_at(c, 2000);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_SEG_OUT && e->seg.len > 0) {
            cert_require(c, e->seg.seq + e->seg.len <= 65000);
            again |= e->taken == false;
        }
    }
    cert_require(c, again);
    cert_skip_segs(c);
    cert_peer(c, "ack=65000 wnd=65535");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 60000);
    cert_expect_stream(c, 65000, 70000);
}

/* --- timestamps --- */

static void t_303a(struct cert *c)
{
    cert_timestamps(c);
    cert_offload(c);
    cert_peer(c, "2000:2100 ts=800/100000");
    cert_is(c, cert_expect_seg(c, "5000 ack=1000")->seg.ts_ecr, 700);
    cert_is(c, cert_query(c)->delegated.ts_recent, 700);
    cert_peer(c, "1000:2000 PSH ts=850/100000");
    cert_is(c, cert_expect_seg(c, "5000 ack=2100")->seg.ts_ecr, 850);
    cert_is(c, cert_query(c)->delegated.ts_recent, 850);
    cert_send(c, 3000);
    cert_expect_stream(c, 5000, 8000);
    cert_peer(c, "2100 ack=8000 ts=860/100010");
    cert_expect_indicate(c, 1100);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 3000);
    cert_at(c, 1000);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        cert_require(c, e->kind != CERT_SEG_OUT || e->seg.has_ts);
    }
    cert_is(c, cert_terminate(c)->delegated.ts_recent, 860);
    cert_near(c, cert_tcp(c)->delegated.ts_recent_age, 1000, 10);
}

static void t_303b(struct cert *c)
{
    cert_tcp(c)->delegated.ts_recent = 700;
    cert_tcp(c)->delegated.ts_recent_age = 55;
    cert_tcp(c)->delegated.ts_time = 100000;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 nots");
    cert_peer(c, "1000:1100 ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_indicate(c, 100);
    cert_expect_seg(c, "6000 ack=1100 nots t=200");
    cert_at(c, 1000);
    cert_is(c, cert_terminate(c)->delegated.ts_recent, 700);
    cert_is(c, cert_tcp(c)->delegated.ts_recent_age, 55);
    cert_near(c, cert_tcp(c)->delegated.ts_time, 101000, 10);
}

/* --- receiving --- */

static void t_304(struct cert *c)
{
    cert_buffered(c, 1)->buf.flags |= TOE_BUF_URGENT;
    c->received_unchecked = true;
    cert_offload(c);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_silence(c, 1000);
}

static void t_305(struct cert *c)
{
    c->keeps = true;
    cert_offload(c);
    cert_receive(c, 30000, 0);
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.rcv_wnd, 65535);
    cert_peer_data(c, 30000, 1460);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 30000);
    cert_peer_data(c, 10000, 1000);
    cert_wait(c, 1);
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    cert_peer_data(c, 2000, 1000);
    cert_wait(c, 300);
    cert_require(c, cert_kept(c) > 0);
    if (cert_query(c)->delegated.receive_backlog_size != TOE_BACKLOG_UNKNOWN) {
        cert_is(c, cert_query(c)->delegated.receive_backlog_size, 2000);
    }
    cert_peer(c, "45000:45100"); /* out of order: not counted */
    cert_wait(c, 1);
    if (cert_query(c)->delegated.receive_backlog_size != TOE_BACKLOG_UNKNOWN) {
        cert_is(c, cert_query(c)->delegated.receive_backlog_size, 2000);
    }
    /* What was accepted is delivered; an edge not advanced by a full segment may lag. */
    cert_near(c, cert_terminate(c)->delegated.rcv_wnd, 65535 - 2000 - 730, 730);
    cert_is(c, cert_tcp(c)->delegated.rcv_nxt, 43000);
    cert_is(c, cert_uploaded_len(c), 2000);
    cert_return(c);
}

static void t_306(struct cert *c)
{
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    cert_buffered(c, 100);
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_at(c, 510);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
}

/* --- timers --- */

static void t_307(struct cert *c)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    state->state = TOE_TCP_FIN_WAIT_2;
    state->retransmit_timeout_delta = 3000;
    cert_offload(c);
    cert_at(c, 1000);
    cert_near(c, cert_terminate(c)->delegated.retransmit_timeout_delta, 2000, 10);
    cert_expect_state(c, TOE_TCP_FIN_WAIT_2);
    state->retransmit_timeout_delta = TOE_TICKS_NONE;
    cert_offload(c);
    cert_at(c, 1000);
    cert_is(c, cert_terminate(c)->delegated.retransmit_timeout_delta, TOE_TICKS_NONE);
    cert_expect_state(c, TOE_TCP_FIN_WAIT_2);
}

static void keep_alive(struct cert *c)
{
    cert_tcp(c)->cached.flags |= TOE_TCP_KEEP_ALIVE;
    cert_tcp(c)->cached.ka_timeout = 2000;
    cert_tcp(c)->cached.ka_interval = 500;
    cert_tcp(c)->cached.ka_probe_cnt = 3;
}

static void t_308(struct cert *c)
{
    keep_alive(c);
    cert_tcp(c)->delegated.ka_timeout_delta = TOE_TICKS_NONE;
    cert_offload(c);
    cert_expect_silence(c, 1980);
    cert_is(c, cert_expect_seg(c, "ack=1000 t=2000")->seg.seq, 4999);
}

static void t_309a(struct cert *c)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    state->snd_nxt = 6000;
    state->snd_max = 6000;
    state->retransmit_cnt = 3;
    state->total_rt = 2000;
    state->retransmit_timeout_delta = 2400;
    cert_chain(c, 1000);
    cert_offload(c);
    cert_is(c, cert_query(c)->delegated.retransmit_cnt, 3);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_is(c, cert_query(c)->delegated.retransmit_cnt, 0);
    cert_is(c, cert_query(c)->delegated.total_rt, 0);
    cert_is(c, cert_query(c)->delegated.retransmit_timeout_delta, TOE_TICKS_NONE);
    cert_expect_silence(c, 5000);
}

static void t_309b(struct cert *c)
{
    cert_tcp(c)->delegated.srtt = 0;
    cert_tcp(c)->delegated.rttvar = 0;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 t=0");
    cert_expect_silence(c, 980);
    cert_expect_seg(c, "5000:6000 t=1000");
    if (c->profile == TOE_PROFILE_COMPAT) {
        cert_expect_seg(c, "5000:6000 t=3000");
        cert_expect_seg(c, "5000:6000 t=7000");
        cert_expect_seg(c, "5000:6000 t=15000");
    }
    cert_at(c, 15000);
    cert_expect_quiet(c); /* a threshold of 0: never in doubt */
}

/* |expected| full segments for an acknowledgment; no window updates, since the host takes nothing.
 */
static void acks_after(struct cert *c, uint8_t frequency, uint32_t expected)
{
    uint32_t nxt = 1000;

    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    c->params.ack_frequency = frequency;
    cert_offload(c);
    for (uint32_t i = 1; i <= 3 * expected; ++i) {
        cert_peer(c, "+1460");
        cert_run(c);
        nxt += 1460;
        if (i % expected == 0) {
            cert_expect_seg(c, "5000 ack=%u t=%u", nxt, (unsigned)cert_ms(c));
        } else {
            cert_expect_silence(c, cert_ms(c));
        }
    }
    cert_peer(c, "+1460");
    cert_expect_seg(c, "5000 ack=%u t=%u", nxt + 1460, expected == 1 ? 0 : 200);
}

static void t_310a(struct cert *c)
{
    acks_after(c, 0, 1);
}

static void t_310b(struct cert *c)
{
    acks_after(c, 1, 1);
}

static void t_310c(struct cert *c)
{
    acks_after(c, 8, 8);
}

static void t_311(struct cert *c)
{
    static const uint16_t flags[] = {0, TOE_TCP_KEEP_ALIVE_RESTART, TOE_TCP_MAX_RT_RESTART};

    keep_alive(c);
    cert_tcp(c)->delegated.ka_timeout_delta = 1500;
    cert_tcp(c)->delegated.ka_probe_cnt = 2;
    for (uint32_t i = 0; i < 3; ++i) {
        cert_offload(c);
        cert_is(c, cert_query(c)->delegated.ka_probe_cnt, 2);
        cert_tcp(c)->cached.flags |= flags[i];
        cert_tcp(c)->cached.ka_probe_cnt = 5;
        cert_update(c);
        cert_is(c, cert_query(c)->delegated.ka_probe_cnt, i == 0 ? 2 : 0);
        cert_tcp(c)->cached.flags &= (uint16_t)~flags[i];
        cert_tcp(c)->cached.ka_probe_cnt = 3;
        cert_terminate(c);
        cert_tcp(c)->delegated.ka_probe_cnt = 2;
        cert_tcp(c)->delegated.ka_timeout_delta = 1500;
    }
}

/* --- forwarding, sending --- */

static void t_312(struct cert *c)
{
    struct toe_stats before;
    struct toe_stats after;

    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    cert_offload(c);
    before = cert_stats(c);
    cert_forward(c, "1000:1100 badcsum");
    cert_forward(c, "1100:1200 badcsum");
    cert_forward(c, "1200:1300 PSH badcsum");
    cert_at(c, 5);
    cert_is(c, cert_query(c)->delegated.rcv_nxt, 1300);
    after = cert_stats(c);
    cert_is(c, after.tcp[0].in_segments - before.tcp[0].in_segments, 3);
    cert_is(c, after.ip[0].in_receives - before.ip[0].in_receives, 0);
    cert_is(c, after.ce_ignored - before.ce_ignored, 0);
    for (uint32_t i = 0, done = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_COMPLETE && e->op == CERT_FORWARD) {
            cert_status_is(c, e->status, TOE_STATUS_SUCCESS);
            c->count = ++done;
        }
    }
    cert_is(c, c->count, 3);
    cert_terminate(c);
    cert_is(c, cert_uploaded_len(c), 300);
}

static bool loses_some(struct cert *c, const struct cert_entry *seg)
{
    return seg->seg.len > 0 && ++c->count % 50 == 0;
}

/* A target that writes to the payload dies here. */
static void t_313(struct cert *c)
{
    const uint32_t size = 1000000;
    struct cert_buf *buf;
    uintptr_t begin;
    uintptr_t end;

    c->bus_offset = UINT64_C(0x4000000000);
    cert_offload(c);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 5;
    c->loses = loses_some;
    buf = cert_buf_new(c, CERT_SEND, &size, 1, 0, 0);
    begin = ((uintptr_t)buf->mem + 4095) & ~(uintptr_t)4095;
    end = ((uintptr_t)buf->mem + buf->size) & ~(uintptr_t)4095;
    cert_require(c, mprotect((void *)begin, end - begin, PROT_READ) == 0);
    cert_post(c, buf);
    for (uint32_t i = 0; i < 60000 && buf->state == CERT_BUF_POSTED; i += 10) {
        cert_wait(c, 10);
    }
    cert_is(c, buf->buf.transferred, size);
    cert_require(c, mprotect((void *)begin, end - begin, PROT_READ | PROT_WRITE) == 0);
    cert_require(c, cert_stats(c).tcp[0].retransmitted_segments > 0);
}

/* --- resets --- */

static void t_316a(struct cert *c)
{
    cert_tcp(c)->delegated.rcv_wnd = 0;
    cert_tcp(c)->cached.initial_rcv_wnd = 0;
    cert_offload(c);
    cert_peer(c, "1001 RST");
    cert_at(c, 20);
    cert_expect_quiet(c);
    cert_expect_silence(c, 20);
    cert_peer(c, "1000 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
}

static void t_316b(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1100:1200 SYN PSH");
    cert_at(c, 600);
    cert_is(c, cert_count(c, CERT_INDICATE), 0);
    cert_skip_upcalls(c);
    cert_is(c, cert_query(c)->delegated.rcv_nxt, 1000);
}

static void t_316c(struct cert *c)
{
    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
    cert_offload(c);
    cert_peer(c, "2000:2100");
    cert_expect_seg(c, "5000 ack=1000");
    cert_peer(c, "2100 RST");
    cert_at(c, 20);
    cert_expect_quiet(c);
    state_is(c, TOE_TCP_ESTABLISHED);
}

const struct cert_scenario cert_rest_scenarios[] = {
    {.id = "T-300a",
     .title = "the states of a close, from either side and from both",
     .rules = "RFC-010 STATE-TD-2",
     .group = CERT_GROUP_TCPIP,
     .run = t_300a},
    {.id = "T-300b",
     .title = "FIN_WAIT_1 to TIME_WAIT by one segment",
     .rules = "RFC-010",
     .group = CERT_GROUP_TCPIP,
     .run = t_300b},
    {.id = "T-300c",
     .title = "an abortive disconnect in every state",
     .rules = "RFC-010 DSC-003",
     .group = CERT_GROUP_TCPIP,
     .run = t_300c},
    {.id = "T-300d",
     .title = "segments without the ACK flag in every state",
     .rules = "RFC-013",
     .group = CERT_GROUP_TCPIP,
     .run = t_300d},
    {.id = "T-301a",
     .title = "window updates of reordered segments",
     .rules = "RFC-012",
     .group = CERT_GROUP_TCPIP,
     .run = t_301a},
    {.id = "T-301b",
     .title = "the first window update, scaled",
     .rules = "RFC-012 SND-086 SND-088 STATE-TC-4",
     .group = CERT_GROUP_TCPIP,
     .run = t_301b},
    {.id = "T-302",
     .title = "a window that shrinks below what was sent",
     .rules = "RFC-014",
     .group = CERT_GROUP_TCPIP,
     .run = t_302},
    {.id = "T-303a",
     .title = "timestamps on: in every segment, updated in order",
     .rules = "RTT-010 RTT-011 RTT-012 RFC-064",
     .group = CERT_GROUP_TCPIP,
     .run = t_303a},
    {.id = "T-303b",
     .title = "timestamps off: in no segment, fields unchanged",
     .rules = "RTT-013 TSTAMP-12",
     .group = CERT_GROUP_TCPIP,
     .run = t_303b},
    {.id = "T-304",
     .title = "buffered data that is urgent",
     .rules = "RCV-092 RCV-093 SEG-043",
     .group = CERT_GROUP_RECEIVE,
     .run = t_304},
    {.id = "T-305",
     .title = "what counts as backlog, and what as window",
     .rules = "RCV-072 RCV-076 RCV-080 RCV-082 STATE-TD-30",
     .group = CERT_GROUP_RECEIVE,
     .run = t_305},
    {.id = "T-306",
     .title = "buffered data that fills a request in part",
     .rules = "RCV-039 TMR-075 TMR-077",
     .group = CERT_GROUP_RECEIVE,
     .run = t_306},
    {.id = "T-307",
     .title = "what is left of the FIN_WAIT_2 timer",
     .rules = "TMR-006 TMR-036",
     .group = CERT_GROUP_TIMERS,
     .run = t_307},
    {.id = "T-308",
     .title = "keep-alive that is on, with a timer that does not run",
     .rules = "TMR-047",
     .group = CERT_GROUP_TIMERS,
     .run = t_308},
    {.id = "T-309a",
     .title = "an acknowledgment ends the counts of retransmissions",
     .rules = "TMR-085 TMR-087 STATE-TD-19",
     .group = CERT_GROUP_TIMERS,
     .run = t_309a},
    {.id = "T-309b",
     .title = "no sample yet, and no doubt",
     .rules = "TMR-093 TMR-095 RFC-136",
     .group = CERT_GROUP_TIMERS,
     .run = t_309b},
    {.id = "T-310a",
     .title = "ack_frequency 0",
     .rules = "TMR-025",
     .group = CERT_GROUP_TCPIP,
     .run = t_310a},
    {.id = "T-310b",
     .title = "ack_frequency 1",
     .rules = "TMR-025",
     .group = CERT_GROUP_TCPIP,
     .run = t_310b},
    {.id = "T-310c",
     .title = "ack_frequency 8",
     .rules = "RFC-018 RFC-142 CAP-23",
     .group = CERT_GROUP_TCPIP,
     .run = t_310c},
    {.id = "T-311",
     .title = "updates and the count of keep-alive probes",
     .rules = "TMR-052",
     .group = CERT_GROUP_TIMERS,
     .run = t_311},
    {.id = "T-312",
     .title = "forwards do not wait for the host, nor look at checksums",
     .rules = "FWD-014..016 FWD-019",
     .group = CERT_GROUP_FORWARD,
     .run = t_312},
    {.id = "T-313",
     .title = "payload that nobody may write to, on a bus of its own",
     .rules = "SND-010..012 IOS-020 IOS-027 RFC-133",
     .group = CERT_GROUP_SEND,
     .seconds = 30,
     .run = t_313},
    {.id = "T-316a",
     .title = "RST with a closed window",
     .rules = "SEG-014",
     .group = CERT_GROUP_SECURITY,
     .run = t_316a},
    {.id = "T-316b",
     .title = "SYN with data in the window",
     .rules = "SEG-008",
     .group = CERT_GROUP_SECURITY,
     .run = t_316b},
    {.id = "T-316c",
     .title = "RST at the right edge of a SACK block",
     .rules = "SEG-016",
     .group = CERT_GROUP_SECURITY,
     .run = t_316c},
    {0},
};
