/* SPDX-License-Identifier: MIT */
/*
 * The remaining rules: scenarios.md, B.14, second half.
 */
#include "suite.h"

#include <string.h>

/* --- pass-up --- */

static void t_317(struct cert *c)
{
    uint64_t bytes = 0;

    cert_offload(c);
    cert_peer(c, "1000:1100 URG urg=1");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    for (uint32_t i = 0; i < 750; ++i) {
        cert_peer(c, "%u:%u", 1100 + i * 1400, 1100 + (i + 1) * 1400);
    }
    cert_expect_silence(c, 1000);
    c->received_unchecked = true;
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 1000);
    cert_wait(c, 10);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        if (c->chart->entries[i].kind == CERT_PASSED_UP) {
            bytes += c->chart->entries[i].bytes - 54;
        }
    }
    cert_require(c, bytes >= 100);
    cert_require(c, bytes <= 65535 + 1460);
}

/* A segment of IPv6 behind an extension header |type|, its options |opt|: passed up. */
static void extended(struct cert *c, uint8_t type, const uint8_t opt[8])
{
    struct cert_seg seg;

    cert_peer_init(c, &seg);
    seg.len = 100;
    seg.flags |= CERT_PSH;
    seg.ext_type = type;
    memcpy(seg.ip_opt, opt, 8);
    seg.ip_opt_len = 8;
    cert_peer_seg(c, &seg);
    cert_expect_passed_up(c, 14 + 40 + 8 + 20 + 100);
    cert_is(c, cert_query(c)->delegated.rcv_nxt, 1000);
}

static void t_318(struct cert *c)
{
    cert_ipv6(c);
    cert_offload(c);
    extended(c, 0, (const uint8_t[8]){6, 0, 1, 4, 0, 0, 0, 0});
    extended(c, 43, (const uint8_t[8]){6, 0, 0, 0, 0, 0, 0, 0});
    extended(c, 60, (const uint8_t[8]){6, 0, 1, 4, 0, 0, 0, 0});
    extended(c, 0, (const uint8_t[8]){6, 0, 5, 2, 0, 0, 1, 0});       /* router alert */
    extended(c, 0, (const uint8_t[8]){6, 0, 0xc2, 4, 0, 1, 0x11, 0}); /* jumbogram */
    cert_expect_silence(c, 300);
    cert_expect_quiet(c);
}

/* --- aborts, disconnects, power --- */

static void t_319(struct cert *c)
{
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    cert_offload(c);
    cert_peer(c, "1000:2000 PSH");
    cert_expect_indicate(c, 1000);
    cert_at(c, 50);
    cert_peer(c, "2000 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_is(c, cert_ms(c), 50);
}

static void t_320a(struct cert *c)
{
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_seg(c, "5000 FIN");
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_FIN_WAIT_2);
    cert_wait(c, 100);
    cert_expect_quiet(c);
}

static void t_320b(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 PSH");
    cert_peer(c, "1000 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
}

static void t_321(struct cert *c)
{
    if (c->plugin->power_down == NULL) {
        cert_skip(c, "the target cannot be powered down");
    }
    for (uint32_t i = 1; i < 100; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    cert_offload(c);
    cert_status_is(c, c->plugin->power_down(c->target), TOE_STATUS_PENDING);
    cert_wait(c, 5);
    for (uint32_t i = 0; i < 100; ++i) {
        cert_status_is(c, c->plugin->power_down(c->target), TOE_STATUS_PENDING);
        (void)cert_use(c, i);
        cert_terminate_begin(c);
        cert_status_is(c, c->plugin->power_down(c->target), TOE_STATUS_PENDING);
        cert_terminate_end(c);
    }
}

/* --- congestion, retransmission --- */

static void t_322a(struct cert *c)
{
    const struct cert_entry *e;
    uint32_t end = 5000;

    cert_tcp(c)->delegated.cwnd = 30000;
    cert_tcp(c)->delegated.ssthresh = 20000;
    cert_offload(c);
    cert_is(c, cert_query(c)->delegated.cwnd, 30000);
    cert_is(c, cert_query(c)->delegated.ssthresh, 20000);
    cert_send(c, 60000);
    cert_at(c, 50);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        e = &c->chart->entries[i];
        if (e->kind == CERT_SEG_OUT && e->seg.len > 0) {
            end = e->seg.seq + e->seg.len;
        }
    }
    cert_require(c, end > 35000 - 1460 && end <= 35000);
}

static void t_322b(struct cert *c)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    state->snd_nxt = 6000;
    state->snd_max = 6000;
    state->retransmit_cnt = 2;
    state->retransmit_timeout_delta = 1200;
    cert_chain(c, 1000);
    cert_offload(c);
    cert_expect_silence(c, 1180);
    cert_expect_seg(c, "5000:6000 t=1200");
    cert_peer(c, "ack=6000"); /* of what was retransmitted: no sample */
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_mark(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "6000:7000 t=0");
    cert_expect_silence(c, 1100);
    cert_peer(c, "ack=7000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

static void need_sack(struct cert *c)
{
    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
    cert_start(c);
    if (!c->caps.sack) {
        cert_skip(c, "the target has no selective acknowledgments");
    }
}

static void t_323a(struct cert *c)
{
    const struct cert_entry *e = NULL;

    cert_timestamps(c);
    need_sack(c);
    cert_offload(c);
    for (uint32_t seq = 2000; seq <= 7000; seq += 1000) {
        cert_peer(c, "%u:%u", seq, seq + 100);
        e = cert_expect_seg(c, "5000 ack=1000");
        cert_require(c, e->seg.sack_cnt >= 1 && e->seg.sack_cnt <= 3);
        cert_is(c, e->seg.sack[0][0], seq);
        cert_is(c, e->seg.sack[0][1], seq + 100);
    }
    cert_is(c, e->seg.sack_cnt, 3);
    cert_is(c, e->seg.sack[1][0], 6000);
    cert_is(c, e->seg.sack[2][0], 5000);
}

static void t_323b(struct cert *c)
{
    need_sack(c);
    cert_offload(c);
    cert_send(c, 7300);
    cert_expect_stream(c, 5000, 12300);
    cert_peer(c, "ack=5000 sack=6460-7920");
    cert_expect_silence(c, 280);
    cert_expect_data(c, "5000:6460 t=300");
}

static void t_324(struct cert *c)
{
    struct toe_stats before;

    cert_offload(c);
    before = cert_stats(c);
    cert_peer(c, "1000:2460 tos=3");
    cert_peer(c, "2460:3920 PSH tos=3");
    cert_expect_indicate(c, 2920);
    cert_wait(c, 300);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_SEG_OUT) {
            cert_is(c, e->seg.flags & CERT_ECE, 0);
            cert_is(c, e->seg.tos & 3, 0);
        }
    }
    cert_is(c, cert_stats(c).ce_ignored - before.ce_ignored, 2);
}

/* --- neighbors, paths --- */

static uint32_t reached(struct cert *c)
{
    cert_tree_done(c, CERT_QUERY, cert_link(c, c->conn));
    return c->neighbors[0]->state.delegated.nic_reachability_delta;
}

static void t_325a(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_at(c, 100);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_at(c, 150);
    cert_near(c, reached(c), 50, 10);
    cert_peer(c, "ack=6000");
    cert_at(c, 200);
    cert_near(c, reached(c), 100, 10);
}

static void t_325b(struct cert *c)
{
    uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 2, 8, 6};
    const struct cert_entry *up;

    memcpy(frame + 14, (const uint8_t[]){0, 1, 8, 0, 6, 4, 0, 1}, 8);
    cert_offload(c);
    cert_peer_frame(c, frame, sizeof(frame));
    up = cert_expect_passed_up(c, sizeof(frame));
    cert_require(c, memcmp(cert_passed_up(c, up), frame, sizeof(frame)) == 0);
    cert_expect_silence(c, 1000);
}

static void t_326a(struct cert *c)
{
    static const uint8_t dst[][4] = {{255, 255, 255, 255}, {224, 0, 0, 1}, {239, 1, 2, 3}};

    for (uint32_t i = 0; i < 3; ++i) {
        memcpy(c->conn->path->state.constant.dst.bytes, dst[i], 4);
        cert_status_is(c, cert_offload_try(c), TOE_STATUS_FAILURE);
        cert_status_is(c, c->conn->path->block.status, TOE_STATUS_FAILURE);
    }
}

static void t_326b(struct cert *c)
{
    cert_ipv6(c);
    c->conn->path->state.constant.dst.bytes[0] = 0xff;
    c->conn->path->state.constant.dst.bytes[1] = 0x02;
    cert_status_is(c, cert_offload_try(c), TOE_STATUS_FAILURE);
    cert_status_is(c, c->conn->path->block.status, TOE_STATUS_FAILURE);
}

/* --- T-327: the problems of RFC 2525 --- */

static void t_327a(struct cert *c)
{
    cert_tcp(c)->delegated.cwnd = 0;
    cert_offload(c);
    cert_send(c, 10000);
    cert_expect_seg(c, "5000:6460 t=0");
    cert_expect_silence(c, 100);
    cert_is(c, cert_query(c)->delegated.cwnd, 1460);
}

static void t_327b(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 14600);
    cert_expect_stream(c, 5000, 19600);
    cert_expect_seg(c, "5000:6460 t=300");
    cert_is(c, cert_query(c)->delegated.cwnd, 1460);
    cert_expect_silence(c, 800);
}

static void t_327c(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "2460:3920");
    cert_peer(c, "3920:5380");
    cert_wait(c, 50);
    cert_skip_segs(c);
    cert_peer(c, "1000:2460 PSH");
    cert_expect_seg(c, "5000 ack=5380 t=50");
    cert_is(c, cert_query(c)->delegated.rcv_nxt, 5380);
}

static void t_327d(struct cert *c)
{
    cert_tcp(c)->delegated.cwnd = 14600;
    cert_tcp(c)->delegated.ssthresh = 14600;
    cert_offload(c);
    cert_send(c, 60000);
    cert_expect_stream(c, 5000, 19600);
    cert_peer(c, "ack=6460");
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.cwnd, 14746);
}

static void t_327e(struct cert *c)
{
    cert_tcp(c)->cached.flags |= TOE_TCP_KEEP_ALIVE;
    cert_tcp(c)->cached.ka_timeout = 2000;
    cert_tcp(c)->cached.ka_interval = 700;
    cert_tcp(c)->cached.ka_probe_cnt = 4;
    cert_offload(c);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_is(c, cert_expect_seg(c, "ack=1000 t=%u", 2000 + i * 700)->seg.seq, 4999);
    }
    cert_at(c, 4790);
    cert_expect_quiet(c);
    cert_due(c, 4800);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
}

static void t_327f(struct cert *c)
{
    uint32_t at = 0;
    uint32_t rto = 300;

    c->params.max_retransmissions = 12;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 t=0");
    for (uint32_t i = 0; i < 11; ++i) {
        at += rto;
        cert_expect_silence(c, at - 20);
        cert_expect_seg(c, "5000:6000 t=%u", at);
        rto = 2 * rto < 60000 ? 2 * rto : 60000;
    }
}

static void t_327g(struct cert *c)
{
    uint32_t probes;

    cert_tcp(c)->delegated.snd_wnd = 0;
    cert_offload(c);
    cert_send(c, 10000);
    for (uint32_t i = 0; i < 6; ++i) {
        probes = cert_count(c, CERT_SEG_OUT);
        for (uint32_t ms = 0; ms < 60000 && cert_count(c, CERT_SEG_OUT) == probes; ms += 50) {
            cert_wait(c, 50);
        }
        cert_require(c, cert_count(c, CERT_SEG_OUT) > probes);
        cert_peer(c, "ack=5000 wnd=0");
        cert_wait(c, 10);
    }
    cert_skip_segs(c);
    cert_peer(c, "ack=5000 wnd=65535");
    cert_expect_stream(c, 5000, 15000);
    cert_peer(c, "ack=15000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 10000);
}

static void t_327h(struct cert *c)
{
    const struct cert_entry *data;

    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0);
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH FIN");
    cert_expect_indicate(c, 100);
    cert_at(c, 1000);
    cert_expect_quiet(c);
    cert_receive(c, 100, 0);
    data = cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
    cert_is(c, cert_expect_event(c, TOE_EVENT_DISCONNECT, 0)->run, data->run);
}

static void t_327i(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000 FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_data(c, "5000 FIN ack=1001");
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_peer(c, "1001:1101 PSH");
    cert_expect_passed_up(c, 14 + 20 + 20 + 100);
    cert_expect_no_data(c, 1000);
    c->conn->peer.nxt = 1001;
}

static void t_327j(struct cert *c)
{
    cert_tcp(c)->delegated.snd_wnd = 1460;
    cert_offload(c);
    cert_send(c, 10000);
    cert_expect_seg(c, "5000:6460");
    cert_disconnect(c, TOE_DISCONNECT_ABORTIVE, 0);
    cert_expect_data(c, "6460 RST t=0");
    cert_expect_no_data(c, 2000);
}

/* --- updates, clocks --- */

static void t_328a(struct cert *c)
{
    cert_tcp(c)->cached.flags |= TOE_TCP_NAGLE;
    cert_offload(c);
    cert_send(c, 1460);
    cert_expect_seg(c, "5000:6460");
    cert_send(c, 100);
    cert_expect_no_data(c, 50);
    cert_tcp(c)->cached.flags &= (uint16_t)~TOE_TCP_NAGLE;
    cert_update(c);
    cert_send(c, 50);
    cert_expect_stream(c, 6460, 6610);
    cert_near(c, cert_ms(c), 50, 10);
    cert_tcp(c)->cached.flags |= TOE_TCP_NAGLE;
    cert_update(c);
    cert_send(c, 70);
    cert_expect_no_data(c, 100);
    cert_peer(c, "ack=6610");
    cert_expect_data(c, "6610:6680 t=100");
}

static void t_328b(struct cert *c)
{
    cert_tcp(c)->cached.flags |= TOE_TCP_KEEP_ALIVE;
    cert_tcp(c)->cached.ka_timeout = 2000;
    cert_tcp(c)->cached.ka_interval = 500;
    cert_tcp(c)->cached.ka_probe_cnt = 3;
    cert_offload(c);
    cert_expect_seg(c, "4999 t=2000");
    cert_expect_seg(c, "4999 t=2500");
    cert_peer(c, "ack=5000");
    cert_expect_silence(c, 4480);
    cert_expect_quiet(c);
    cert_is(c, cert_query(c)->delegated.ka_probe_cnt, 0);
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_tcp(c)->cached.flags &= (uint16_t)~TOE_TCP_KEEP_ALIVE;
    cert_update(c);
    cert_expect_silence(c, 20000); /* off: no probes */
}

/* A segment every second for a minute, at |rate| ticks a second. */
static void clock_of(struct cert *c, uint32_t rate)
{
    c->params.ticks_per_second = rate;
    c->params.delayed_ack_ticks = (uint8_t)(rate / 5);
    cert_timestamps(c);
    cert_tcp(c)->delegated.srtt = (uint16_t)(rate * 8 / 10);
    cert_tcp(c)->delegated.rttvar = (uint16_t)(rate * 4 / 10);
    cert_offload(c);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 1;
    for (uint32_t s = 0; s < 60; ++s) {
        cert_at(c, 1000 * s);
        cert_skip_segs(c);
        cert_near(c, cert_query(c)->delegated.ts_time, 100000 + s * rate, 1);
        cert_send(c, 100);
        cert_near(c, cert_expect_data(c, "%u:%u", 5000 + s * 100, 5100 + s * 100)->seg.ts_val,
                  100000 + s * rate, 1);
    }
}

static void t_329a(struct cert *c)
{
    clock_of(c, 10);
}

static void t_329b(struct cert *c)
{
    clock_of(c, 100);
}

static void t_329c(struct cert *c)
{
    clock_of(c, 1000);
}

/* SRtt/8 + RttVar, in ticks of 10 ms. */
static void t_329d(struct cert *c)
{
    c->params.ticks_per_second = 100;
    cert_tcp(c)->delegated.srtt = 160;
    cert_tcp(c)->delegated.rttvar = 30;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 t=0");
    cert_expect_silence(c, 480);
    cert_expect_seg(c, "5000:6000 t=500");
}

static void t_329e(struct cert *c)
{
    cert_timestamps(c);
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_at(c, 50);
    cert_peer(c, "ack=6000 ts=750/0");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_is(c, cert_query(c)->delegated.srtt, 800);
    cert_is(c, cert_query(c)->delegated.rttvar, 200);
}

static void t_330(struct cert *c)
{
    cert_tcp(c)->delegated.snd_wnd = 0;
    cert_offload(c);
    cert_send(c, 300);
    cert_run(c);
    cert_peer(c, "ack=5000 wnd=100");
    cert_expect_no_data(c, 1000);
    cert_is(c, cert_terminate(c)->delegated.snd_una, 5000);
    cert_skip_segs(c);
    cert_expect_no_data(c, 20000);
    if (!(c->settings.choices & TOE_CERTIFY_SEND_COMPLETE)) {
        cert_require(c, c->conn->block.send_chain != NULL);
        cert_is(c, c->conn->block.send_chain->len, 300);
    }
}

/* --- overlaps, exhaustion --- */

static void t_332(struct cert *c)
{
    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0);
    cert_offload(c);
    cert_peer(c, "1000:1500 PSH");
    cert_expect_indicate(c, 500);
    cert_peer(c, "2000:2500");
    cert_wait(c, 20);
    cert_peer(c, "1000:1500");
    cert_peer(c, "2000:2500");
    cert_wait(c, 20);
    cert_is(c, cert_query(c)->delegated.rcv_nxt, 1500);
    cert_peer(c, "1000:2400 PSH");
    cert_wait(c, 20);
    cert_is(c, cert_query(c)->delegated.rcv_nxt, 2500);
    cert_receive(c, 5000, TOE_BUF_NO_PUSH);
    cert_wait(c, 1000);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 2500);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_UPLOAD_IN_PROGRESS, 1500);
}

static void t_333(struct cert *c)
{
    uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 2, 8, 6};

    c->settings.rcv_chunk_max = 32;
    c->keeps = true;
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_receive(c, 1000, TOE_BUF_NO_PUSH);
    (void)cert_use(c, 0);
    for (uint32_t i = 0; i < 64; ++i) {
        cert_peer(c, "%u:%u", 1000 + i * 1000, 2000 + i * 1000);
        cert_wait(c, 1);
    }
    cert_skip_upcalls(c);
    for (uint32_t i = 0; i < 100; ++i) {
        cert_peer_frame(c, frame, sizeof(frame));
    }
    cert_wait(c, 10);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        c->count += c->chart->entries[i].kind == CERT_PASSED_UP &&
                    c->chart->entries[i].bytes == sizeof(frame);
    }
    cert_is(c, c->count, 100);
    (void)cert_use(c, 1);
    cert_terminate(c);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    (void)cert_use(c, 0);
    cert_terminate(c);
    cert_return(c);
}

const struct cert_scenario cert_rest_more_scenarios[] = {
    {.id = "T-317",
     .title = "much data behind urgent data",
     .rules = "SEG-043 SEG-049",
     .group = CERT_GROUP_SECURITY,
     .run = t_317},
    {.id = "T-318",
     .title = "extension headers of IPv6",
     .rules = "SEG-052 RFC-118",
     .group = CERT_GROUP_FORWARD,
     .run = t_318},
    {.id = "T-319",
     .title = "RST with refused data",
     .rules = "DSC-038",
     .group = CERT_GROUP_DISCONNECT,
     .run = t_319},
    {.id = "T-320a",
     .title = "a terminate after the disconnect completed",
     .rules = "DSC-029",
     .group = CERT_GROUP_DISCONNECT,
     .run = t_320a},
    {.id = "T-320b",
     .title = "a send that was on the wire fails",
     .rules = "SND-033",
     .group = CERT_GROUP_SEND,
     .run = t_320b},
    {.id = "T-321",
     .title = "power-down with 100 connections",
     .rules = "EVT-046",
     .group = CERT_GROUP_PLATFORM,
     .run = t_321},
    {.id = "T-322a",
     .title = "cwnd and ssthresh go on as they were",
     .rules = "RFC-035 RFC-130",
     .group = CERT_GROUP_TCPIP,
     .run = t_322a},
    {.id = "T-322b",
     .title = "a timeout that was backed off stays so until a sample",
     .rules = "RFC-056",
     .group = CERT_GROUP_TCPIP,
     .profiles = CERT_COMPAT,
     .run = t_322b},
    {.id = "T-323a",
     .title = "six blocks, three places",
     .rules = "RFC-072",
     .group = CERT_GROUP_OUTOFORDER,
     .run = t_323a},
    {.id = "T-323b",
     .title = "after a timeout it begins at snd_una",
     .rules = "RFC-076",
     .group = CERT_GROUP_TCPIP,
     .profiles = CERT_COMPAT,
     .run = t_323b},
    {.id = "T-324",
     .title = "congestion marks without ECN",
     .rules = "RFC-090 RFC-093",
     .group = CERT_GROUP_TCPIP,
     .run = t_324},
    {.id = "T-325a",
     .title = "what confirms a neighbor",
     .rules = "RFC-110",
     .group = CERT_GROUP_NEIGHBOR,
     .run = t_325a},
    {.id = "T-325b",
     .title = "ARP is the host's",
     .rules = "RFC-112",
     .group = CERT_GROUP_NEIGHBOR,
     .run = t_325b},
    {.id = "T-326a",
     .title = "paths to broadcast and multicast",
     .rules = "RFC-120",
     .group = CERT_GROUP_TRANSFER,
     .run = t_326a},
    {.id = "T-326b",
     .title = "paths to multicast of IPv6",
     .rules = "RFC-120",
     .group = CERT_GROUP_TRANSFER,
     .run = t_326b},
    {.id = "T-327a",
     .title = "RFC 2525: a congestion window of zero",
     .rules = "RFC-132",
     .group = CERT_GROUP_TCPIP,
     .run = t_327a},
    {.id = "T-327b",
     .title = "RFC 2525: no slow start after a timeout",
     .rules = "RFC-131",
     .group = CERT_GROUP_TCPIP,
     .profiles = CERT_COMPAT,
     .run = t_327b},
    {.id = "T-327c",
     .title = "RFC 2525: data above a hole",
     .rules = "RFC-134",
     .group = CERT_GROUP_OUTOFORDER,
     .run = t_327c},
    {.id = "T-327d",
     .title = "RFC 2525: an extra constant in congestion avoidance",
     .rules = "RFC-135",
     .group = CERT_GROUP_TCPIP,
     .profiles = CERT_COMPAT,
     .run = t_327d},
    {.id = "T-327e",
     .title = "RFC 2525: keep-alive gives up too early, or is too fast",
     .rules = "RFC-138 RFC-140",
     .group = CERT_GROUP_TCPIP,
     .run = t_327e},
    {.id = "T-327f",
     .title = "RFC 2525: no back-off",
     .rules = "RFC-139",
     .group = CERT_GROUP_TCPIP,
     .profiles = CERT_COMPAT,
     .run = t_327f},
    {.id = "T-327g",
     .title = "RFC 2525: window probes and deadlock",
     .rules = "RFC-141",
     .group = CERT_GROUP_TCPIP,
     .run = t_327g},
    {.id = "T-327h",
     .title = "RFC 2525: a FIN told late",
     .rules = "RFC-144",
     .group = CERT_GROUP_DISCONNECT,
     .run = t_327h},
    {.id = "T-327i",
     .title = "RFC 2525: data after both ends are closed",
     .rules = "RFC-024 RFC-145 RFC-148",
     .group = CERT_GROUP_DISCONNECT,
     .run = t_327i},
    {.id = "T-327j",
     .title = "RFC 2525: a close with data pending",
     .rules = "RFC-146 RFC-148",
     .group = CERT_GROUP_DISCONNECT,
     .run = t_327j},
    {.id = "T-328a",
     .title = "Nagle, turned off and on",
     .rules = "RFC-019",
     .group = CERT_GROUP_SEND,
     .run = t_328a},
    {.id = "T-328b",
     .title = "one probe lost, then keep-alive off",
     .rules = "RFC-027",
     .group = CERT_GROUP_TIMERS,
     .run = t_328b},
    {.id = "T-329a",
     .title = "a timestamp clock of 10 ticks a second",
     .rules = "RTT-008 RTT-009",
     .group = CERT_GROUP_TIMERS,
     .run = t_329a},
    {.id = "T-329b",
     .title = "a timestamp clock of 100 ticks a second",
     .rules = "RTT-008 RTT-009",
     .group = CERT_GROUP_TIMERS,
     .run = t_329b},
    {.id = "T-329c",
     .title = "a timestamp clock of 1000 ticks a second",
     .rules = "RTT-008 RTT-009",
     .group = CERT_GROUP_TIMERS,
     .run = t_329c},
    {.id = "T-329d",
     .title = "the timeout is SRtt/8 + RttVar",
     .rules = "RTT-016",
     .group = CERT_GROUP_TIMERS,
     .profiles = CERT_COMPAT,
     .run = t_329d},
    {.id = "T-329e",
     .title = "an echo of zero is no sample",
     .rules = "RTT-021",
     .group = CERT_GROUP_TCPIP,
     .run = t_329e},
    {.id = "T-330",
     .title = "a terminate while the sender avoids silly windows",
     .rules = "TMR-106 SND-077",
     .group = CERT_GROUP_TRANSFER,
     .run = t_330},
    {.id = "T-332",
     .title = "a retransmission of what lies in three places",
     .rules = "SEG-089",
     .group = CERT_GROUP_OUTOFORDER,
     .run = t_332},
    {.id = "T-333",
     .title = "a host that returns nothing",
     .rules = "RCV-022 RCV-062 RCV-095",
     .group = CERT_GROUP_RECEIVE,
     .run = t_333},
    {0},
};
