/* SPDX-License-Identifier: MIT */
/*
 * Timestamps, round trips and the wrap of sequence numbers: scenarios.md, B.9.
 */
#include "suite.h"

/* The host has sent |len| bytes, and nothing of it was acknowledged. */
static void outstanding(struct cert *c, uint32_t len)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    cert_chain(c, len);
    state->snd_nxt = state->snd_una + len;
    state->snd_max = state->snd_una + len;
    state->retransmit_timeout_delta = 1000;
}

static void no_sample_yet(struct cert *c)
{
    cert_tcp(c)->delegated.srtt = 0;
    cert_tcp(c)->delegated.rttvar = 0;
}

/* All samples were of |ms|, as near as a clock of 1 ms can tell. */
static void expect_srtt(struct cert *c, uint32_t ms)
{
    cert_near(c, cert_query(c)->delegated.srtt, ms * 8, 8);
}

/* --- timestamps: the vectors --- */

/* Rows 1 to 3: the host sent at 100 and offloads at 100; the echo comes 5 later. */
static void begin_vector(struct cert *c)
{
    cert_timestamps(c);
    cert_tcp(c)->delegated.ts_time = 100;
    no_sample_yet(c);
    outstanding(c, 1000);
    cert_offload(c);
    cert_is(c, cert_query(c)->delegated.ts_time, 100);
    cert_at(c, 5);
    cert_peer(c, "ack=6000 ts=701/100");
    cert_run(c);
    expect_srtt(c, 5);
}

static void t_215(struct cert *c)
{
    begin_vector(c);
    cert_at(c, 10);
    cert_send(c, 100);
    cert_expect_data(c, "6000:6100 ts=110/701");
    cert_at(c, 15);
    cert_peer(c, "ack=6100 ts=702/110");
    cert_run(c);
    expect_srtt(c, 5);
    cert_at(c, 50);
    cert_send(c, 100);
    cert_expect_data(c, "6100:6200 ts=150/702");
    cert_is(c, cert_terminate(c)->delegated.ts_time, 150);
}

static void t_216(struct cert *c)
{
    begin_vector(c);
    cert_at(c, 50);
    cert_send(c, 100);
    cert_expect_data(c, "6000:6100 ts=150/701");
    cert_is(c, cert_terminate(c)->delegated.ts_time, 150);
    cert_at(c, 120);
    cert_tcp(c)->delegated.ts_time = 350; /* the host's clock has drifted; it has sent once more */
    no_sample_yet(c);
    cert_offload(c);
    cert_at(c, 5);
    cert_peer(c, "ack=6100 ts=702/350");
    cert_run(c);
    expect_srtt(c, 5);
    cert_at(c, 10);
    cert_send(c, 100);
    cert_expect_data(c, "6100:6200 ts=360/702");
    cert_is(c, cert_query(c)->delegated.ts_time, 360);
}

static void t_217(struct cert *c)
{
    c->now = UINT64_C(0xfffffff0) * TOE_NS_PER_MS;
    cert_timestamps(c);
    cert_tcp(c)->delegated.ts_time = 0x10;
    no_sample_yet(c);
    outstanding(c, 1000);
    cert_offload(c);
    cert_at(c, 10);
    cert_send(c, 100);
    cert_expect_data(c, "6000:6100 ts=%u", 0x1a);
    cert_peer(c, "ack=6000 ts=701/16");
    cert_run(c);
    expect_srtt(c, 10);
    cert_at(c, 20); /* the target's own clock of 32 bits and 1 ms has wrapped */
    cert_peer(c, "ack=6100 ts=701/%u", 0x1a);
    cert_run(c);
    expect_srtt(c, 10);
    cert_send(c, 100);
    cert_expect_data(c, "6100:6200 ts=%u", 0x24);
}

/* The clock of the connection wraps between a segment and its echo. */
static void c_09a(struct cert *c)
{
    cert_timestamps(c);
    cert_tcp(c)->delegated.ts_time = 0xfffffffa;
    no_sample_yet(c);
    cert_offload(c);
    cert_send(c, 100);
    cert_expect_data(c, "5000:5100 ts=%u", 0xfffffffa);
    cert_at(c, 10);
    cert_peer(c, "ack=5100 ts=701/%u", 0xfffffffa);
    cert_run(c);
    expect_srtt(c, 10);
    cert_send(c, 100);
    cert_expect_data(c, "5100:5200 ts=4");
    cert_is(c, cert_terminate(c)->delegated.ts_time, 4);
}

/* An echo of what was never sent, from the future. */
static void c_09b(struct cert *c)
{
    cert_timestamps(c);
    cert_offload(c);
    cert_send(c, 100);
    cert_expect_data(c, "5000:5100");
    cert_at(c, 10);
    cert_peer(c, "ack=5100 ts=701/200000");
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.srtt, 800);
    cert_is(c, cert_query(c)->delegated.rttvar, 200);
}

/* Every segment of |c->conn| has a timestamp, and none is older than the one before. */
static void expect_monotonic(struct cert *c)
{
    const struct cert_entry *last = NULL;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind != CERT_SEG_OUT) {
            continue;
        }
        cert_require(c, e->seg.has_ts);
        if (last != NULL && (int32_t)(e->seg.ts_val - last->seg.ts_val) < 0) {
            cert_fail(c, "the timestamp of %s is older than that of %s", e->text, last->text);
        }
        last = e;
    }
    cert_require(c, last != NULL);
}

/* Up and down again, ten times, by a host whose clock lags. */
static void c_09c(struct cert *c)
{
    cert_timestamps(c);
    for (uint32_t i = 0; i < 10; ++i) {
        cert_offload(c);
        c->conn->peer.acks = true;
        cert_send(c, 3000);
        cert_peer(c, "+100 PSH");
        cert_wait(c, 250);
        cert_terminate(c);
        c->now += (7 * i) * TOE_NS_PER_MS;
        cert_tcp(c)->delegated.ts_time += 5 * i;
    }
    expect_monotonic(c);
}

/* --- sequence numbers --- */

static void begin_snd_at(struct cert *c, uint32_t seq)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    state->snd_una = seq;
    state->snd_nxt = seq;
    state->snd_max = seq;
}

static void t_218(struct cert *c)
{
    begin_snd_at(c, 0xffffff00);
    cert_offload(c);
    cert_send(c, 256);
    cert_send(c, 1840);
    cert_send(c, 2000);
    cert_expect_stream(c, 0xffffff00, 0xf00);
    cert_peer(c, "ack=%u", 0xffffff80);
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "ack=0");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 256);
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "ack=%u", 0x830);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1840);
    cert_peer(c, "ack=%u", 0xf00);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 2000);
    cert_is(c, cert_terminate(c)->delegated.snd_una, 0xf00);
}

static void t_219(struct cert *c)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    state->rcv_nxt = 0xffffff00;
    state->snd_wl1 = 0xffffff00;
    cert_offload(c);
    cert_receive(c, 2000, 0);
    cert_peer(c, "500+500 FIN");
    cert_expect_seg(c, "5000 ack=%u", 0xffffff00);
    cert_peer(c, "0+300");
    cert_expect_seg(c, "5000 ack=%u", 0xffffff00);
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "4294967040+256");
    cert_expect_seg(c, "5000 ack=300");
    cert_peer(c, "300+200");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1256);
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_expect_seg(c, "5000 ack=1001");
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSE_WAIT);
}

/* 200, 400, 400 and 280 bytes; from 0xfffffff0 to 0x200 is to be sent again, the rest is new. */
static void t_220(struct cert *c)
{
    static const uint32_t lens[] = {200, 400, 400, 280};
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    begin_snd_at(c, 0xffffff00);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_chain(c, lens[i]);
    }
    state->snd_nxt = 0xfffffff0;
    state->snd_max = 0x200;
    state->retransmit_timeout_delta = 300;
    cert_offload(c);
    cert_expect_stream(c, 0xfffffff0, 0x400);
    cert_peer(c, "ack=%u", 0x400);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, lens[i]);
    }
}

/* --- PAWS --- */

static void t_221a(struct cert *c)
{
    cert_timestamps(c);
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH ts=699/100000");
    cert_expect_seg(c, "5000 ack=1000 ts=%u/700", 100000);
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "1000:1100 PSH ts=700/100000");
    cert_expect_indicate(c, 100);
    cert_peer(c, "1100:1200 PSH ts=705/100000");
    cert_expect_indicate(c, 100);
    cert_skip_segs(c);
    cert_peer(c, "1200 RST ts=600/100000");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
}

static void t_221b(struct cert *c)
{
    cert_timestamps(c);
    cert_tcp(c)->delegated.ts_recent = 0xfffffff0;
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH ts=5/100000");
    cert_expect_indicate(c, 100);
    cert_peer(c, "1100:1200 PSH ts=%u/100000", 0xfffffff8);
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_is(c, cert_query(c)->delegated.ts_recent, 5);
    cert_is(c, cert_query(c)->delegated.rcv_nxt, 1100);
}

static void t_222(struct cert *c)
{
    cert_timestamps(c);
    cert_tcp(c)->delegated.ts_recent_age = UINT32_C(25) * 86400 * 1000;
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH ts=600/100000");
    cert_expect_indicate(c, 100);
    cert_is(c, cert_query(c)->delegated.ts_recent, 600);
    cert_peer(c, "1100:1200 PSH ts=650/100000");
    cert_expect_indicate(c, 100);
    cert_skip_segs(c);
    cert_peer(c, "1200:1300 PSH ts=599/100000");
    cert_expect_seg(c, "5000 ack=1200");
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_near(c, cert_query(c)->delegated.ts_recent_age, 20, 20);
}

static void t_223(struct cert *c)
{
    cert_timestamps(c);
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH nots");
    cert_expect_silence(c, 1000);
    cert_expect_quiet(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
}

/* --- scaling --- */

static void t_224(struct cert *c)
{
    uint32_t sent = 0;

    cert_tcp(c)->delegated.cwnd = 100000;
    cert_scaling(c, 15, 0);
    cert_offload(c);
    cert_peer(c, "ack=5000 wnd=1");
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.snd_wnd, 16384);
    cert_send(c, 40000);
    cert_wait(c, 20);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        sent += c->chart->entries[i].kind == CERT_SEG_OUT ? c->chart->entries[i].seg.len : 0;
    }
    cert_require(c, sent <= 16384 && sent > 16384 - 1460);
}

static void t_227(struct cert *c)
{
    cert_tcp(c)->constant.snd_wnd_scale = 7;
    cert_tcp(c)->constant.rcv_wnd_scale = 7;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_data(c, "5000:6000 wnd=65535");
    cert_peer(c, "ack=6000 wnd=100");
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.snd_wnd, 100);
}

/* --- round trips --- */

static void t_225(struct cert *c)
{
    no_sample_yet(c);
    outstanding(c, 14600);
    cert_offload(c);
    cert_at(c, 50);
    cert_peer(c, "ack=7920");
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.srtt, 0);
    cert_at(c, 60);
    cert_peer(c, "ack=19600");
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.srtt, 0);
    cert_at(c, 100);
    cert_send(c, 100);
    cert_expect_data(c, "19600:19700");
    cert_at(c, 130);
    cert_peer(c, "ack=19700");
    cert_run(c);
    expect_srtt(c, 30);
}

static void t_226(struct cert *c)
{
    cert_timestamps(c);
    no_sample_yet(c);
    outstanding(c, 14600);
    cert_offload(c);
    cert_at(c, 50);
    cert_peer(c, "ack=19600 ts=701/%u", 100000 - 50);
    cert_run(c);
    expect_srtt(c, 100);
}

static void t_228(struct cert *c)
{
    c->params.ticks_per_second = 10;
    cert_tcp(c)->delegated.srtt = 65535;
    cert_tcp(c)->delegated.rttvar = 0;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_data(c, "5000:6000 t=0");
    cert_near(c, cert_query(c)->delegated.retransmit_timeout_delta, 300, 1);
    cert_expect_data(c, "5000:6000 t=30000");
}

/* A sample of bytes that were sent twice would be worth nothing. */
static void c_09d(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_data(c, "5000:6000 t=0");
    cert_at(c, 320);
    cert_skip_segs(c);
    cert_peer(c, "ack=6000");
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.srtt, 800);
    cert_is(c, cert_query(c)->delegated.rttvar, 200);
}

#define TIME(number, what, which, function)                                                        \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_TCPIP,              \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_time_scenarios[] = {
    TIME("T-215", "the timestamps of an offload, vector V1",
         "RTT-002..005 RTT-008 RTT-009 RTT-012 RTT-030 TSTAMP-2..7 TSTAMP-11 TV-TS-1", t_215),
    TIME("T-216", "the timestamps of two offloads and a drifting host, vector V2",
         "RTT-002..005 RTT-031 TSTAMP-3..6 TSTAMP-13 TV-TS-2", t_216),
    TIME("T-217", "the timestamps of a target whose clock wraps, vector V3",
         "RTT-002 RTT-032 TSTAMP-9 TV-TS-3", t_217),
    TIME("T-218", "a send across the end of sequence numbers", "SND-057 RFC-011 STATE-6", t_218),
    TIME("T-219", "out-of-order data and a FIN across the end of sequence numbers", "SEG-080..083",
         t_219),
    TIME("T-220", "a chain across the end of sequence numbers, partly to be sent again",
         "SND-057 SND-061", t_220),
    TIME("T-221a", "old timestamps: dropped and acknowledged, but not on a reset",
         "RFC-063 RFC-067", t_221a),
    TIME("T-221b", "old timestamps: 5 is newer than 0xfffffff0", "RFC-063 RFC-064", t_221b),
    TIME("T-222", "an old timestamp after 25 days", "RFC-065 RTT-010 TSTAMP-10", t_222),
    TIME("T-223", "a segment without the timestamp it should have", "RFC-066", t_223),
    TIME("T-224", "a scale factor of 15 counts as 14", "RFC-061 STATE-TC-4", t_224),
    TIME("T-225", "no sample from what the host sent", "RTT-018", t_225),
    TIME("T-226", "a sample from what the host sent, by its timestamp", "RTT-019", t_226),
    TIME("T-227", "scale factors without scaling", "RFC-060 STATE-TC-4 STATE-TC-5", t_227),
    TIME("T-228", "an estimate of more than 30 s", "RTT-017", t_228),
    TIME("C-09a", "the clock of the timestamps wraps", "RTT-004 RTT-005 TSTAMP-9 STATE-6", c_09a),
    TIME("C-09b", "an echo from the future is no sample", "RTT-020", c_09b),
    TIME("C-09c", "timestamps never go back, up and down ten times", "RTT-007 RTT-012 TSTAMP-1",
         c_09c),
    TIME("C-09d", "no sample from a retransmission", "RTT-018", c_09d),
    {.id = NULL},
};
