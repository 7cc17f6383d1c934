/* SPDX-License-Identifier: MIT */
/*
 * State carried by offload and terminate: scenarios.md, B.6. The second half, with timers and
 * whole conversations, is scen_transfer_more.c.
 */
#include "suite.h"

/* A send chain of |len| bytes of which the host sent those up to |nxt|, and up to |max| before. */
static struct cert_buf *hand_over(struct cert *c, uint32_t len, uint32_t nxt, uint32_t max)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    state->snd_nxt = nxt;
    state->snd_max = max;
    state->retransmit_timeout_delta = state->snd_una != max ? 300 : TOE_TICKS_NONE;
    return cert_chain(c, len);
}

/* Index of the last entry of |kind|; fails if there is none. */
static uint32_t last_of(struct cert *c, enum cert_kind kind)
{
    for (uint32_t i = c->chart->cnt; i-- > 0;) {
        if (c->chart->entries[i].kind == kind) {
            return i;
        }
    }
    cert_fail(c, "the chart lacks an entry of kind %u", (unsigned int)kind);
}

/* The FIN is at |seq|: behind the last data that were taken, or in a segment of its own. */
static void expect_fin(struct cert *c, uint32_t seq)
{
    const struct cert_entry *last = &c->chart->entries[last_of(c, CERT_SEG_OUT)];

    if (last->taken && (last->seg.flags & CERT_FIN)) {
        cert_is(c, last->seg.seq + last->seg.len, seq);
        return;
    }
    cert_expect_data(c, "%u FIN", seq);
}

static void set_all(struct cert *c)
{
    struct toe_tcp_state *state = cert_tcp(c);

    cert_timestamps(c);
    state->cached.flags = TOE_TCP_KEEP_ALIVE;
    state->cached.ka_timeout = 7200000;
    state->cached.ka_interval = 1000;
    state->cached.ka_probe_cnt = 9;
    state->delegated.flags = 0x1234;
    state->delegated.rcv_wnd = 60000;
    state->delegated.snd_wnd = 40000;
    state->delegated.max_snd_wnd = 50000;
    state->delegated.snd_wl1 = 999;
    state->delegated.cwnd = 20000;
    state->delegated.ssthresh = 12345;
    state->delegated.srtt = 803;
    state->delegated.rttvar = 202;
    state->delegated.ts_recent_age = 40;
    state->delegated.ka_probe_cnt = 1;
    state->delegated.ka_timeout_delta = 5000;
    state->delegated.dwnd = 77;
}

static void expect_same(struct cert *c, const struct toe_tcp_delegated *got,
                        const struct toe_tcp_delegated *was, uint32_t elapsed)
{
    cert_is(c, got->state, was->state);
    cert_is(c, got->flags, was->flags);
    cert_is(c, got->rcv_nxt, was->rcv_nxt);
    cert_is(c, got->rcv_wnd, was->rcv_wnd);
    cert_is(c, got->snd_una, was->snd_una);
    cert_is(c, got->snd_nxt, was->snd_nxt);
    cert_is(c, got->snd_max, was->snd_max);
    cert_is(c, got->snd_wnd, was->snd_wnd);
    cert_is(c, got->max_snd_wnd, was->max_snd_wnd);
    cert_is(c, got->snd_wl1, was->snd_wl1);
    cert_is(c, got->cwnd, was->cwnd);
    cert_is(c, got->ssthresh, was->ssthresh);
    cert_is(c, got->srtt, was->srtt);
    cert_is(c, got->rttvar, was->rttvar);
    cert_is(c, got->ts_recent, was->ts_recent);
    cert_near(c, got->ts_recent_age, was->ts_recent_age + elapsed, 10);
    cert_near(c, got->ts_time, was->ts_time + elapsed, 10);
    cert_is(c, got->total_rt, was->total_rt);
    cert_is(c, got->dup_ack_cnt, was->dup_ack_cnt);
    cert_is(c, got->snd_wnd_probe_cnt, was->snd_wnd_probe_cnt);
    cert_is(c, got->ka_probe_cnt, was->ka_probe_cnt);
    cert_near(c, got->ka_timeout_delta, was->ka_timeout_delta - elapsed, 10);
    cert_is(c, got->retransmit_cnt, was->retransmit_cnt);
    cert_is(c, got->retransmit_timeout_delta, was->retransmit_timeout_delta);
    cert_is(c, got->dwnd, was->dwnd);
}

static void t_120(struct cert *c)
{
    struct toe_tcp_delegated was;

    set_all(c);
    was = cert_tcp(c)->delegated;
    cert_offload(c);
    expect_same(c, &cert_query(c)->delegated, &was, 0);
    cert_at(c, 120);
    expect_same(c, &cert_terminate(c)->delegated, &was, 120);
    cert_is(c, cert_count(c, CERT_SEG_OUT), 0);
}

static void t_121(struct cert *c)
{
    cert_tcp(c)->delegated.state = TOE_TCP_FIN_WAIT_1;
    hand_over(c, 1000, 5000, 6000);
    cert_offload(c);
    cert_expect_stream(c, 5000, 6000);
    expect_fin(c, 6000);
    cert_at(c, 20);
    cert_peer(c, "ack=6001");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_query(c);
    cert_expect_state(c, TOE_TCP_FIN_WAIT_2);
}

static void t_122(struct cert *c)
{
    cert_tcp(c)->delegated.state = TOE_TCP_FIN_WAIT_1;
    hand_over(c, 1000, 6001, 6001);
    cert_tcp(c)->delegated.retransmit_timeout_delta = 100;
    cert_offload(c);
    cert_due(c, 100);
    cert_expect_stream(c, 5000, 6000);
    expect_fin(c, 6000);
}

static void t_123(struct cert *c)
{
    cert_tcp(c)->delegated.state = TOE_TCP_FIN_WAIT_2;
    cert_tcp(c)->delegated.retransmit_timeout_delta = 5000;
    cert_offload(c);
    cert_due(c, 5000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_query(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
}

static void t_124(struct cert *c)
{
    cert_tcp(c)->delegated.state = TOE_TCP_CLOSE_WAIT;
    cert_offload(c);
    cert_send(c, 1000);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_stream(c, 5000, 6000);
    expect_fin(c, 6000);
    cert_query(c);
    cert_expect_state(c, TOE_TCP_LAST_ACK);
    cert_peer(c, "ack=6001");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
}

static void t_125(struct cert *c)
{
    cert_tcp(c)->delegated.state = TOE_TCP_CLOSING;
    cert_tcp(c)->delegated.snd_nxt = 5001;
    cert_tcp(c)->delegated.snd_max = 5001;
    cert_tcp(c)->delegated.retransmit_timeout_delta = 300;
    cert_offload(c);
    cert_at(c, 20);
    cert_peer(c, "ack=5001");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_TIME_WAIT);
}

static void t_126(struct cert *c)
{
    cert_tcp(c)->delegated.state = TOE_TCP_LAST_ACK;
    cert_tcp(c)->delegated.snd_nxt = 5001;
    cert_tcp(c)->delegated.snd_max = 5001;
    cert_tcp(c)->delegated.retransmit_timeout_delta = 0;
    cert_offload(c);
    cert_expect_seg(c, "5000 FIN ack=1000 t=0");
    cert_require(c, last_of(c, CERT_SEG_OUT) > last_of(c, CERT_TREE));
    cert_at(c, 20);
    cert_peer(c, "ack=5001");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
}

/* An offload that was refused left the chain of one buffer of 1000 bytes as it was. */
static void expect_untouched(struct cert *c, struct cert_buf *buf)
{
    cert_require(c, c->conn->block.send_chain == &buf->buf);
    cert_require(c, c->conn->state.delegated.send_data_head == &buf->buf);
    cert_status_is(c, buf->buf.status, TOE_STATUS_PENDING);
    cert_is(c, buf->buf.off, 0);
    cert_is(c, buf->buf.len, 1000);
    cert_is(c, buf->buf.transferred, 0);
    cert_is(c, c->conn->handle, 0);
    cert_is(c, cert_count(c, CERT_COMPLETE), 0);
}

static void t_127(struct cert *c)
{
    static const enum toe_conn_state states[] = {TOE_TCP_CLOSED, TOE_TCP_LISTEN, TOE_TCP_SYN_SENT,
                                                 TOE_TCP_SYN_RCVD, TOE_TCP_TIME_WAIT};
    struct cert_buf *buf = hand_over(c, 1000, 5000, 5000);

    cert_allow(c, "NEW-3");
    for (uint32_t i = 0; i < 5; ++i) {
        cert_tcp(c)->delegated.state = states[i];
        cert_status_is(c, cert_offload_try(c), TOE_STATUS_FAILURE);
        expect_untouched(c, buf);
        cert_is(c, cert_tcp(c)->delegated.state, states[i]);
    }
    cert_expect_silence(c, 1000);
}

static void t_128(struct cert *c)
{
    hand_over(c, 1000, 6000, 6000);
    cert_chain(c, 1000);
    cert_chain(c, 1000);
    cert_offload(c);
    cert_expect_stream(c, 6000, 8000);
    cert_at(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_at(c, 40);
    cert_expect_quiet(c);
    cert_peer(c, "ack=8000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

static void t_129(struct cert *c)
{
    const struct toe_tcp_state *state;

    hand_over(c, 3000, 5000, 6600);
    cert_offload(c);
    cert_expect_stream(c, 5000, 8000);
    cert_at(c, 30);
    cert_peer(c, "ack=6600");
    cert_run(c);
    state = cert_query(c);
    cert_is(c, state->delegated.snd_una, 6600);
    cert_is(c, state->delegated.srtt, 800);
    cert_is(c, state->delegated.rttvar, 200);
    cert_peer(c, "ack=8000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 3000);
}

/* The layout of the figure: 200+400, 400+400, 400+200 bytes, unused room before the first. */
static void figure(struct cert *c, uint32_t nxt, uint32_t max)
{
    static const uint32_t lens[3][2] = {{250, 400}, {450, 400}, {450, 200}};
    struct toe_buf **link = &c->conn->block.send_chain;

    hand_over(c, 0, nxt, max);
    for (uint32_t i = 0; i < 3; ++i) {
        struct cert_buf *made = cert_buf_new(c, CERT_SEND, lens[i], 2, 50, 0);

        if (i == 0) {
            cert_tcp(c)->delegated.send_data_head = &made->buf;
        }
        cert_tcp(c)->delegated.send_data_tail = &made->buf;
        *link = &made->buf;
        link = &made->buf.next;
    }
    cert_offload(c);
    cert_expect_stream(c, nxt, 7000);
    cert_peer(c, "ack=5600");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 600);
    cert_peer(c, "ack=7000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 800);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 600);
}

static void t_130a(struct cert *c)
{
    figure(c, 6000, 6800);
}

static void t_130b(struct cert *c)
{
    figure(c, 6600, 6600);
}

static void t_130c(struct cert *c)
{
    figure(c, 6800, 6800);
}

static void resume(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    cert_status_is(c, c->plugin->resume(c->target, NULL), TOE_STATUS_SUCCESS);
}

/* Only a pause makes a target take its time over an initiate: it waits for the resume. */
static void t_131(struct cert *c)
{
    cert_allow(c, "CAP-37");
    if (c->plugin->pause == NULL || c->plugin->resume == NULL) {
        cert_skip(c, "the target cannot be told to pause");
    }
    hand_over(c, 2920, 7920, 7920);
    cert_tcp(c)->delegated.retransmit_timeout_delta = 50;
    cert_start(c);
    cert_run(c);
    c->plugin->pause(c->target);
    cert_run(c);
    cert_call_at(c, 80, resume);
    cert_offload(c);
    cert_require(c, c->now - c->chart->begin < TOE_NS_PER_MS);
    cert_expect_seg(c, "5000:6460 t=0");
    cert_require(c, last_of(c, CERT_SEG_OUT) > last_of(c, CERT_TREE));
    cert_is(c, cert_query(c)->delegated.retransmit_cnt, 1);
}

static void t_132(struct cert *c)
{
    struct cert_buf *buf;

    c->settings.tcp_max = 1;
    hand_over(c, 1000, 6000, 6000);
    cert_conn_add(c, c->paths[0]);
    buf = hand_over(c, 1000, 6000, 6000);
    cert_status_is(c, cert_offload_try(c), TOE_STATUS_OFFLOAD_TCP_ENTRIES);
    cert_mark(c);
    expect_untouched(c, buf);
    (void)cert_use(c, 0);
    cert_require(c, c->conn->offloaded);
    cert_at(c, 20);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    (void)cert_use(c, 1);
    expect_untouched(c, buf);
}

/* Five sends: two and a half are acknowledged, the window is closed for the last two. */
static struct cert_buf *five_sends(struct cert *c)
{
    struct cert_buf *first;

    cert_tcp(c)->delegated.snd_wnd = 2920;
    cert_tcp(c)->delegated.max_snd_wnd = 2920;
    cert_offload(c);
    first = cert_send(c, 1000, 1000, 1000, 1000, 1000);
    cert_expect_stream(c, 5000, 7920);
    cert_at(c, 20);
    cert_peer(c, "ack=7500 wnd=0");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_quiet(c);
    return first;
}

static void t_133(struct cert *c)
{
    const struct toe_tcp_delegated *state;
    const struct toe_buf *third;
    const struct toe_buf *fourth;

    (void)five_sends(c);
    state = &cert_terminate(c)->delegated;
    third = c->conn->block.send_chain;
    cert_require(c, third != NULL && third->next != NULL && third->next->next != NULL &&
                        third->next->next->next == NULL);
    fourth = third->next;
    cert_is(c, third->off, 500);
    cert_is(c, third->len, 500);
    cert_status_is(c, third->status, TOE_STATUS_PENDING);
    cert_is(c, third->transferred, 0);
    cert_is(c, fourth->len, 1000);
    cert_is(c, fourth->next->len, 1000);
    cert_require(c, state->send_data_head == third);
    cert_require(c, state->send_data_tail == fourth->next);
    cert_is(c, state->snd_una, 7500);
    cert_is(c, state->snd_max, 7920);
    cert_require(c, state->snd_nxt >= 7500 && state->snd_nxt <= 7920);
    cert_expect_quiet(c);
}

static void t_134(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_terminate(c);
    cert_require(c, c->conn->block.send_chain == NULL);
}

static void t_135(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_SEND_COMPLETE;
    (void)five_sends(c);
    cert_terminate(c);
    cert_require(c, c->conn->block.send_chain == NULL);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_UPLOAD_IN_PROGRESS, 500);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_require(c, last_of(c, CERT_COMPLETE) < last_of(c, CERT_TREE));
}

static void t_136(struct cert *c)
{
    struct cert_buf *buf;

    cert_offload(c);
    buf = cert_send(c, 1000, 1000);
    cert_expect_stream(c, 5000, 7000);
    cert_peer(c, "1000:1100 URG urg=1");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    c->received_unchecked = true;
    cert_send(c, 500);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_expect_quiet(c);
    cert_is(c, cert_terminate(c)->delegated.snd_una, 5000);
    cert_require(c, c->conn->block.send_chain == &buf->buf);
    cert_require(c, buf->buf.next != NULL && buf->buf.next->next == NULL);
}

static void t_137(struct cert *c)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 2000);
    cert_expect_stream(c, 5000, 7000);
    expect_fin(c, 7000);
    cert_peer(c, "ack=6460");
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_FIN_WAIT_1);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_UPLOAD_IN_PROGRESS, 1460);
    cert_require(c, last_of(c, CERT_COMPLETE) < last_of(c, CERT_TREE));
    cert_is(c, state->snd_una, 6460);
    cert_is(c, state->snd_max, 7001);
    cert_require(c, c->conn->block.send_chain == NULL);

    /* The host goes on with what is left: it offloads it as a send chain. */
    state->send_data_head = NULL;
    cert_chain(c, 540);
    cert_offload(c);
    cert_peer(c, "ack=7001");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 540);
    cert_query(c);
    cert_expect_state(c, TOE_TCP_FIN_WAIT_2);
}

static void t_138(struct cert *c)
{
    const struct cert_entry *last;

    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
    cert_offload(c);
    cert_peer(c, "2000:2100");
    cert_peer(c, "3000:3100");
    cert_peer(c, "4000:4100");
    cert_at(c, 20);
    cert_require(c, cert_count(c, CERT_SEG_OUT) > 0);
    cert_skip_segs(c);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 1000);
    cert_is(c, cert_uploaded_len(c), 0);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 0);
    last = &c->chart->entries[last_of(c, CERT_SEG_OUT)];
    cert_is(c, last->seg.sack_cnt, 0);
    cert_is(c, last->seg.ack, 1000);
    cert_offload(c);
    cert_peer(c, "1000:2000");
    cert_peer(c, "2000:3000");
    cert_peer(c, "3000:4100 PSH");
    cert_wait(c, 20);
    cert_is(c, c->conn->rcv_next, 4100);
}

static void t_139(struct cert *c)
{
    cert_offload(c);
    cert_terminate_begin(c);
    cert_peer(c, "1000 RST");
    cert_terminate_end(c);
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_expect_passed_up(c, 0);
    cert_expect_quiet(c);
    cert_is(c, cert_count(c, CERT_EVENT), 0);
}

static void t_140(struct cert *c)
{
    const struct toe_tcp_delegated *state;

    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_terminate_begin(c);
    cert_peer(c, "1000:1100 PSH");
    cert_peer(c, "1100 FIN");
    cert_peer(c, "1000 SYN");
    cert_peer(c, "1000 ack=6000 wnd=30000");
    state = &cert_terminate_end(c)->delegated;
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_is(c, state->rcv_nxt, 1000);
    cert_is(c, state->snd_una, 5000);
    cert_is(c, state->snd_wnd, 65535);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_expect_passed_up(c, 0);
    }
    cert_expect_quiet(c);
    cert_expect_silence(c, 1000);
}

static void t_141(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_at(c, 50);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 1100);
    cert_expect_seg(c, "5000 ack=1100");
    cert_require(c, last_of(c, CERT_SEG_OUT) < last_of(c, CERT_TREE));
    cert_expect_silence(c, 1000);
}

#define TRANSFER(number, what, which, function)                                                    \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_TRANSFER,           \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_transfer_scenarios[] = {
    TRANSFER("T-120", "offload, query, terminate without traffic: all comes back as it went",
             "TMR-009 TMR-046 RTT-005 RTT-009 RTT-011 CLS-3 STATE-TD-3 STATE-TD-4..7 "
             "STATE-TD-9..18 STATE-TD-31 STATE-4 STATE-7",
             t_120),
    TRANSFER("T-121", "FIN_WAIT_1 with the FIN still to be sent", "SND-065 SND-061", t_121),
    TRANSFER("T-122", "FIN_WAIT_1 with the FIN sent: the retransmission ends in it",
             "SND-065 TMR-086", t_122),
    TRANSFER("T-123", "FIN_WAIT_2 with 5000 ticks left", "TMR-033 TMR-034 STATE-TD-33 TRM-7",
             t_123),
    TRANSFER("T-124", "CLOSE_WAIT: a send and a graceful disconnect", "DSC-026", t_124),
    TRANSFER("T-125", "CLOSING: the FIN is acknowledged", "RFC-016 DSC-042", t_125),
    TRANSFER("T-126", "LAST_ACK with an expired timer", "TMR-006 TMR-008", t_126),
    TRANSFER("T-127", "states that must not be offloaded",
             "SEG-093 SEG-094 SND-068 NEW-3 OFF-7 STATE-TD-2", t_127),
    TRANSFER("T-128", "a send chain, of which a part was sent",
             "SND-060 SND-062 SND-067 SND-052 SND-063 OFF-6", t_128),
    TRANSFER("T-129", "a send chain with a part to be retransmitted",
             "SND-061 SND-064 RTT-018 STATE-TD-8", t_129),
    TRANSFER("T-130a", "sequence numbers and pieces of memory: 1000 and 1800 into the chain",
             "SND-056..059 STATE-TD-36 STATE-TD-8", t_130a),
    TRANSFER("T-130b", "sequence numbers and pieces of memory: 1600 into the chain",
             "SND-056..059 STATE-TD-36", t_130b),
    TRANSFER("T-130c", "sequence numbers and pieces of memory: 1800 into the chain",
             "SND-056..059 STATE-TD-36", t_130c),
    TRANSFER("T-131", "a timer that ran out while the offload took its time", "TMR-008 SND-069",
             t_131),
    TRANSFER("T-132", "two connections with send chains, room for one", "SND-067 SND-068 OFF-10",
             t_132),
    TRANSFER("T-133", "a terminate returns unfinished sends in a chain",
             "SND-070..073 SND-075..077 TRM-24 STATE-TD-26 STATE-TD-27 STATE-TD-35", t_133),
    TRANSFER("T-134", "nothing outstanding: no chain", "SND-074 TRM-25", t_134),
    TRANSFER("T-135", "a terminate completes unfinished sends, as that was chosen",
             "SND-034 SND-037 SND-070", t_135),
    TRANSFER("T-136", "a send after a mandatory upload request, and those before it",
             "SND-079 SND-080", t_136),
    TRANSFER("T-137", "a terminate during a graceful disconnect", "DSC-028 SND-085", t_137),
    TRANSFER("T-138", "a terminate with data out of order", "SEG-064 SEG-065", t_138),
    TRANSFER("T-139", "a reset while the terminate is under way", "SEG-060 EVT-009", t_139),
    TRANSFER("T-140", "data, FIN, SYN and a window update while the terminate is under way",
             "SEG-060 SEG-062 SEG-066", t_140),
    TRANSFER("T-141", "a terminate with an acknowledgment owed", "TMR-021 SEG-063 TRM-17", t_141),
    {.id = NULL},
};
