/* SPDX-License-Identifier: MIT */
/*
 * Scale, stress and races: scenarios.md, B.12, as far as it fits a few seconds of real time.
 */
#include "suite.h"

#define TCP_FLAGS_AT 47 /* of an IPv4 frame without options */
#define TCP_PORT_AT 36  /* where it goes */

static uint32_t draw(struct cert *c, uint32_t below)
{
    static uint64_t state;

    state = (state == 0 ? c->settings.seed + 1 : state) * UINT64_C(6364136223846793005) +
            UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static void add_conns(struct cert *c, uint32_t cnt)
{
    while (c->conn_cnt < cnt) {
        (void)cert_conn_add(c, c->paths[0]);
    }
}

static void want_capacity(struct cert *c, uint32_t cnt)
{
    c->settings.tcp_max = cnt;
    cert_start(c);
    if (c->caps.tcp_max < cnt) {
        cert_skip(c, "the target takes %u connections, not %u", c->caps.tcp_max, cnt);
    }
}

/* --- scale --- */

#define EACH 32000u

static void t_270(struct cert *c)
{
    want_capacity(c, 1024);
    add_conns(c, 1024);
    cert_offload(c);
    for (uint32_t i = 0; i < 1024; i += 32) {
        for (uint32_t k = i; k < i + 32; ++k) {
            cert_use(c, k)->peer.acks = true;
            cert_send(c, EACH);
            cert_peer_data(c, EACH, 1460);
        }
        cert_wait(c, 50);
    }
    cert_wait(c, 3000);
    for (uint32_t i = 0; i < 1024; ++i) {
        (void)cert_use(c, i);
        cert_is(c, c->conn->rcv_next, 1000 + EACH);
        cert_require(c, c->conn->out_head == NULL);
        cert_is(c, cert_terminate(c)->delegated.snd_una, 5000 + EACH);
    }
}

/* As many as are advertised, then one more; then one goes and another fits. */
static void t_270b(struct cert *c)
{
    uint32_t cnt;

    c->settings.tcp_max = 16;
    cert_start(c);
    cnt = c->caps.tcp_max;
    if (cnt > 2048) {
        cert_skip(c, "the target advertises %u connections whatever it is told", cnt);
    }
    add_conns(c, cnt);
    cert_offload(c);
    (void)cert_conn_add(c, c->paths[0]);
    cert_status_is(c, cert_offload_try(c), TOE_STATUS_OFFLOAD_TCP_ENTRIES);
    (void)cert_use(c, 0);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 PSH");
    (void)cert_terminate(c);
    (void)cert_use(c, cnt);
    cert_offload_try(c); /* one of the two has room */
    cert_is(c, cert_stats(c).tcp_cnt, cnt);
}

#define MANY 10000u

static uint32_t late_acks(struct cert *c)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];
        uint64_t ms;

        if (e->kind != CERT_SEG_OUT) {
            continue;
        }
        ms = (e->at - c->chart->begin) / TOE_NS_PER_MS;
        cert_is(c, e->seg.ack, 1100);
        cert_near(c, ms, e->conn % 100 + 200, 10);
        ++cnt;
    }
    return cnt;
}

static void t_271(struct cert *c)
{
    want_capacity(c, MANY);
    add_conns(c, MANY);
    cert_offload(c);
    for (uint32_t ms = 0; ms < 100; ++ms) {
        cert_at(c, ms);
        for (uint32_t i = ms; i < MANY; i += 100) {
            (void)cert_use(c, i);
            cert_peer(c, "1000:1100");
        }
    }
    cert_at(c, 400);
    cert_is(c, late_acks(c), MANY); /* every delayed acknowledgment, on time */
    for (uint32_t i = 0; i < MANY; ++i) {
        cert_use(c, i)->peer.acks = true;
        cert_send(c, 1 + i % 1000);
        if (i % 100 == 99) {
            cert_wait(c, 1);
        }
    }
    cert_wait(c, 100);
    for (uint32_t i = 0; i < MANY; ++i) {
        cert_require(c, c->conns[i]->out_head == NULL);
    }
}

/* --- hours --- */

static void stress_one(struct cert *c)
{
    const uint32_t what = draw(c, 8);

    if (!c->conn->offloaded) {
        return;
    }
    if (what < 3) {
        cert_send(c, 1 + draw(c, 5000));
    } else if (what < 6) {
        if (draw(c, 2) == 0) {
            cert_receive(c, 1 + draw(c, 6000), 0);
        }
        cert_peer_data(c, 1 + draw(c, 5000), 1460);
    } else {
        cert_run(c); /* nothing is lost: the peer sends nothing twice */
        (void)cert_terminate(c);
    }
}

/* Every ten seconds for three hours. */
static void t_272(struct cert *c)
{
    for (uint32_t round = 0; round < 1080; ++round) {
        if (round % 16 == 0 && c->conn_cnt < 64) {
            (void)cert_conn_add(c, c->paths[0]);
        }
        cert_offload(c);
        for (uint32_t i = 0; i < c->conn_cnt; ++i) {
            cert_use(c, i)->peer.acks = true;
            c->conn->peer.acks_after = 1;
        }
        for (uint32_t k = 0; k < 6; ++k) {
            (void)cert_use(c, draw(c, c->conn_cnt));
            stress_one(c);
            if (draw(c, 2) == 0) {
                cert_wait(c, draw(c, 3));
            }
        }
        cert_wait(c, 10000);
    }
    cert_offload(c);
    cert_wait(c, 60000);
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        (void)cert_use(c, i);
        cert_require(c, c->conn->out_head == NULL);
        cert_is(c, c->conn->rcv_next, c->conn->peer.nxt);
    }
}

static void t_282(struct cert *c)
{
    struct toe_tcp_delegated was;
    struct toe_tcp_delegated is = {.ts_time = 100000};

    cert_timestamps(c);
    was = cert_tcp(c)->delegated;
    for (uint32_t i = 0; i < 1000; ++i) {
        uint32_t before = is.ts_time;

        cert_offload(c);
        cert_wait(c, 3);
        is = cert_terminate(c)->delegated;
        cert_is(c, is.ts_time - before, 3);
    }
    cert_is(c, is.rcv_nxt, was.rcv_nxt);
    cert_is(c, is.rcv_wnd, was.rcv_wnd);
    cert_is(c, is.snd_una, was.snd_una);
    cert_is(c, is.snd_nxt, was.snd_nxt);
    cert_is(c, is.snd_max, was.snd_max);
    cert_is(c, is.snd_wnd, was.snd_wnd);
    cert_is(c, is.cwnd, was.cwnd);
    cert_is(c, is.ssthresh, was.ssthresh);
    cert_is(c, is.srtt, was.srtt);
    cert_is(c, is.rttvar, was.rttvar);
    cert_is(c, is.ts_recent, was.ts_recent);
    cert_near(c, is.ts_recent_age, was.ts_recent_age + 3000, 10);
    cert_is(c, is.ka_timeout_delta, TOE_TICKS_NONE);
    cert_is(c, is.retransmit_timeout_delta, TOE_TICKS_NONE);
}

static void t_284(struct cert *c)
{
    c->settings.optional_uploads = 1u << TOE_UPLOAD_LOW_ACTIVITY;
    cert_offload(c);
    cert_at(c, 130000); /* it is idle, the target asks */
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_LOW_ACTIVITY);
    c->conn->peer.acks = true;
    for (uint32_t i = 0; i < 64; ++i) {
        cert_send(c, 1000000);
        cert_wait(c, 2000);
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000000);
    }
    cert_peer_data(c, 60000, 1460);
    cert_wait(c, 1000);
    cert_is(c, c->conn->rcv_next, c->conn->peer.nxt);
}

/* --- races --- */

/* Frames of the current connection with |flag| that were passed up. */
static uint32_t passed_up(struct cert *c, uint8_t flag)
{
    const uint16_t port = c->conn->state.constant.local_port;
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];
        const uint8_t *frame;

        if (e->kind == CERT_PASSED_UP && e->bytes > TCP_FLAGS_AT) {
            frame = cert_passed_up(c, e);
            cnt += (frame[TCP_FLAGS_AT] & flag) != 0 &&
                   (frame[TCP_PORT_AT] << 8 | frame[TCP_PORT_AT + 1]) == port;
        }
    }
    return cnt;
}

/* Events of one kind of the current connection, up to entry |end| of the chart. */
static uint32_t events(const struct cert *c, enum toe_event event, uint32_t end)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < end; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        cnt += e->kind == CERT_EVENT && e->conn == c->conn->idx && e->event == (uint32_t)event;
    }
    return cnt;
}

static uint32_t called_at; /* the chart's length when terminate() was called */

static void take_back(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    if (called_at == 0) {
        called_at = c->chart->cnt;
        cert_terminate_begin(c);
    }
}

/* The peer acknowledges, sends and resets in one go; |when| tells where the terminate is called. */
static void race(struct cert *c, uint32_t when)
{
    called_at = 0;
    cert_send(c, 1000);
    cert_expect_data(c, "5000:6000");
    c->on_complete = when == 0 ? take_back : NULL;
    c->on_indicate = when == 1 ? take_back : NULL;
    c->on_event = when == 2 ? take_back : NULL;
    if (when == 3) {
        take_back(c, NULL);
    }
    cert_peer(c, "ack=6000");
    cert_peer(c, "1000:1500 PSH");
    if (when == 4) {
        take_back(c, NULL);
    }
    cert_peer(c, "1500 RST");
    if (when >= 6) {
        cert_run(c);
    }
    if (when == 7) {
        cert_wait(c, 1);
    }
    take_back(c, NULL);
    c->on_complete = NULL;
    c->on_indicate = NULL;
    c->on_event = NULL;
    (void)cert_terminate_end(c);
    cert_wait(c, 20);
    cert_is(c, events(c, TOE_EVENT_ABORT, c->chart->cnt) + passed_up(c, CERT_RST), 1);
    cert_is(c, events(c, TOE_EVENT_ABORT, called_at), events(c, TOE_EVENT_ABORT, c->chart->cnt));
}

static void t_277(struct cert *c)
{
    add_conns(c, 8);
    cert_offload(c);
    for (uint32_t i = 0; i < 8; ++i) {
        (void)cert_use(c, i);
        race(c, i);
    }
}

static void fin_and_take_back(struct cert *c, struct cert_entry *entry)
{
    cert_peer(c, "1300 FIN");
    take_back(c, entry);
}

static void fin_only(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    cert_peer(c, "1300 FIN");
}

/* At 500 ms the push timer ends 300 bytes' waiting. */
static void t_278(struct cert *c)
{
    add_conns(c, 3);
    cert_offload(c);
    for (uint32_t i = 0; i < 3; ++i) {
        const struct toe_tcp_delegated *state;
        uint32_t told;

        (void)cert_use(c, i);
        cert_mark(c);
        called_at = 0;
        cert_receive(c, 1000, 0);
        cert_peer(c, "1000:1300");
        cert_at(c, 499);
        c->on_complete = i == 1 ? take_back : NULL;
        c->on_event = i == 2 ? take_back : NULL;
        cert_call_at(c, 500, i == 0 ? fin_and_take_back : fin_only);
        cert_at(c, 500);
        c->on_complete = NULL;
        c->on_event = NULL;
        take_back(c, NULL);
        state = &cert_terminate_end(c)->delegated;
        cert_wait(c, 20);
        cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 300);
        told = events(c, TOE_EVENT_DISCONNECT, c->chart->cnt);
        if (told > 0) {
            cert_is(c, told, 1);
            cert_is(c, state->state, TOE_TCP_CLOSE_WAIT);
        }
        cert_is(c, (state->state == TOE_TCP_CLOSE_WAIT) + passed_up(c, CERT_FIN), 1);
        cert_is(c, state->rcv_nxt, 1300 + (state->state == TOE_TCP_CLOSE_WAIT));
        cert_is(c, cert_uploaded_len(c), 0);
    }
}

static void t_279(struct cert *c)
{
    const struct toe_tcp_delegated *state;

    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 PSH");
    cert_at(c, 10);
    cert_terminate_begin(c);
    cert_peer(c, "ack=6000");
    state = &cert_terminate_end(c)->delegated;
    cert_expect_passed_up(c, 0);
    cert_is(c, state->snd_una, 5000);
    cert_is(c, state->snd_max, 6000);
    cert_is(c, cert_count(c, CERT_COMPLETE), 0);
    cert_expect_silence(c, 2000);
}

static void answer_shut(struct cert *c, struct cert_entry *entry)
{
    if (entry->seg.len > 0) {
        cert_peer(c, "seq=3920 ack=5000 wnd=0");
    }
}

static void t_280(struct cert *c)
{
    cert_tcp(c)->cached.initial_rcv_wnd = 2920;
    cert_tcp(c)->delegated.rcv_wnd = 2920;
    cert_tcp(c)->delegated.snd_wnd = 0;
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    c->on_segment = answer_shut;
    cert_offload(c);
    cert_send(c, 10000);
    cert_peer(c, "+1460 wnd=0");
    cert_peer(c, "+1460 wnd=0 PSH");
    cert_at(c, 2000);
    cert_peer(c, "3920+1 wnd=0"); /* the peer's probe, there is no room for it */
    cert_at(c, 2050);
    cert_is(c, c->conn->rcv_next, 1000);
    cert_is(c, cert_terminate(c)->delegated.snd_una, 5000);
    cert_is(c, cert_uploaded_len(c), 2920);

    cert_offload(c);
    cert_at(c, 3000);
    c->on_segment = NULL; /* the peer's window opens; nobody hears of it */
    c->conn->peer.wnd = 65535;
    c->conn->peer.rcv_nxt = 5000;
    c->conn->peer.acks = true;
    c->answer.status = TOE_STATUS_SUCCESS;
    cert_receive(c, 2920, 0);
    cert_at(c, 60000);
    cert_is(c, c->conn->rcv_next, 3920);
    cert_require(c, c->conn->out_head == NULL);
    cert_skip_segs(c);
    cert_peer(c, "3920+1 PSH"); /* nor did the peer hear of ours: it probes */
    cert_at(c, 61000);
    cert_is(c, c->conn->rcv_next, 3921);
    cert_expect_seg(c, "15000 ack=3921");
}

/* All |cnt| posts of the current connection failed, after the one event; a send may have been late.
 */
static void expect_aborted(struct cert *c, uint32_t cnt)
{
    uint32_t aborts = 0;
    uint32_t done = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->conn != c->conn->idx) {
            continue;
        }
        aborts += e->kind == CERT_EVENT && e->event == TOE_EVENT_ABORT;
        if (e->kind != CERT_COMPLETE) {
            continue;
        }
        ++done;
        if (e->status != TOE_STATUS_INVALID_STATE) {
            cert_status_is(c, e->status, TOE_STATUS_REQUEST_ABORTED);
            cert_require(c, aborts == 1);
        } else {
            cert_is(c, e->op, CERT_SEND);
        }
        cert_is(c, e->bytes, 0);
    }
    cert_is(c, aborts, 1);
    cert_is(c, done, cnt);
}

static void post_all(struct cert *c)
{
    cert_receive(c, 1000, 0);
    cert_send(c, 1000, 500);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_send(c, 700); /* INVALID_STATE if it is found before the reset */
}

static void t_281(struct cert *c)
{
    cert_allow(c, "SND-019");
    add_conns(c, 3);
    cert_offload(c);
    for (uint32_t i = 0; i < 3; ++i) {
        (void)cert_use(c, i);
        if (i == 0) {
            post_all(c);
        }
        cert_peer(c, "1000 RST");
        if (i == 1) {
            post_all(c);
        }
        cert_run(c);
        if (i == 2) {
            post_all(c);
        }
        cert_wait(c, 20);
        expect_aborted(c, 5);
        cert_receive(c, 10, 0);
        cert_send(c, 10);
        cert_wait(c, 20);
        expect_aborted(c, 7);
    }
}

/* What was accepted comes back in the middle of a terminate, and after it. */
static void return_now(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    cert_return(c);
}

static void c_12b(struct cert *c)
{
    c->keeps = true;
    add_conns(c, 64);
    cert_offload(c);
    for (uint32_t i = 0; i < 64; ++i) {
        (void)cert_use(c, i);
        cert_peer_data(c, 20000, 1460);
    }
    cert_wait(c, 50);
    c->on_tree = return_now;
    for (uint32_t i = 0; i < 64; ++i) {
        (void)cert_use(c, i);
        if (i == 32) {
            c->on_tree = NULL;
        }
        cert_peer_data(c, 3000, 1460);
        cert_run(c);
        cert_terminate_begin(c);
        if (i % 2 == 0) {
            cert_return(c);
        }
        (void)cert_terminate_end(c);
    }
    cert_return(c);
    cert_run(c);
    cert_is(c, cert_stats(c).bufs_indicated, 0);
}

#define ROW(number, what, which, where, function)                                                  \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = (where), .seconds = 30,        \
        .run = (function)                                                                          \
    }
#define STRESS(number, what, which, function) ROW(number, what, which, CERT_GROUP_STRESS, function)

const struct cert_scenario cert_scale_scenarios[] = {
    ROW("T-270a", "1024 connections, 32 KB each way on each", "CERT-6", CERT_GROUP_CONNECTIONS,
        t_270),
    ROW("T-270b", "as many connections as advertised, and not one more", "CERT-6",
        CERT_GROUP_CONNECTIONS, t_270b),
    STRESS("T-271", "10000 connections, every timer on time", "TMR-023", t_271),
    STRESS("T-272", "three hours of sends, receives, offloads and uploads", "SND-085 RCV-099",
           t_272),
    STRESS("T-277", "a reset and a terminate at once", "SEG-060 EVT-009 DSC-036", t_277),
    STRESS("T-278", "a FIN, a terminate and the push timer at once", "DSC-030 RCV-099 RCV-102",
           t_278),
    STRESS("T-279", "the last acknowledgment arrives during a terminate", "SEG-060 SEG-067 SND-077",
           t_279),
    STRESS("T-280", "both windows shut, an upload, and lost updates", "TMR-061 TMR-069 TMR-073",
           t_280),
    STRESS("T-281", "posts and a reset at once", "DSC-036 DSC-037", t_281),
    STRESS("T-282", "1000 offloads of an idle connection change nothing", "RTT-002 RTT-005 RTT-007",
           t_282),
    STRESS("T-284", "64 MB after an upload request that was ignored", "EVT-031", t_284),
    STRESS("C-12b", "indicated buffers return during and after terminates", "RCV-070 RCV-071",
           c_12b),
    {.id = NULL},
};
