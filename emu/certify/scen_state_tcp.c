/* SPDX-License-Identifier: MIT */
/*
 * State, field by field: state.md, the TCP connection's.
 */
#include "suite.h"

#include <string.h>

/* The host has sent 1000 bytes, its timer has |delta| ticks left. */
static void in_flight(struct cert *c, uint32_t delta)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    state->snd_nxt = 6000;
    state->snd_max = 6000;
    state->retransmit_timeout_delta = delta;
    cert_chain(c, 1000);
}

/* --- constant --- */

/* The flags are those of the offload, whatever the structure of an update says. */
static void c_15m(struct cert *c)
{
    struct toe_tcp_state state;
    struct toe_block block;

    cert_timestamps(c);
    cert_offload(c);
    state = *cert_tcp(c);
    state.constant.flags = TOE_TCP_WINDOW_SCALING;
    state.constant.snd_wnd_scale = 3;
    state.constant.remote_mss = 100;
    state.constant.remote_port = 1;
    cert_block_init(&block, TOE_BLOCK_TCP_CACHED, &c->conn->handle, &state);
    cert_tree_done(c, CERT_UPDATE, &block);
    cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
    cert_is(c, cert_query(c)->constant.flags, TOE_TCP_TIMESTAMPS);
    cert_send(c, 2000);
    cert_expect_seg(c, "5000:6448 ts=100000/700");
    cert_peer(c, "ack=6448 wnd=1000");
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.snd_wnd, 1000);
}

static void c_15n(struct cert *c)
{
    c->settings.rcv_wnd_max = 1 << 20;
    cert_scaling(c, 0, 15);
    cert_tcp(c)->cached.initial_rcv_wnd = 20 << 14;
    cert_tcp(c)->delegated.rcv_wnd = 20 << 14;
    cert_offload(c);
    cert_send(c, 100);
    cert_expect_seg(c, "5000:5100 wnd=20");
}

static void c_15o(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_NO_SACK;
    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
    cert_start(c);
    cert_require(c, !c->caps.sack);
    cert_status_is(c, cert_offload_try(c), TOE_STATUS_OFFLOAD_CONNECTION_REJECTED);
    cert_tcp(c)->constant.flags = 0;
    cert_offload(c);
}

/* --- cached --- */

static void c_15p(struct cert *c)
{
    c->settings.rcv_wnd_max = 100000;
    cert_start(c);
    cert_require(c, c->caps.rcv_wnd_max >= 65535 && c->caps.rcv_wnd_max < UINT32_MAX);
    cert_tcp(c)->cached.initial_rcv_wnd = c->caps.rcv_wnd_max + 1;
    cert_status_is(c, cert_offload_try(c), TOE_STATUS_OFFLOAD_TCP_RCV_WINDOW);
    cert_tcp(c)->cached.initial_rcv_wnd = c->caps.rcv_wnd_max;
    cert_offload(c);
}

static void keep_alive(struct cert *c, uint32_t timeout, uint32_t interval, uint8_t cnt)
{
    struct toe_tcp_cached *cached = &cert_tcp(c)->cached;

    cached->flags |= TOE_TCP_KEEP_ALIVE;
    cached->ka_timeout = timeout;
    cached->ka_interval = interval;
    cached->ka_probe_cnt = cnt;
}

static void expect_probe(struct cert *c, uint64_t ms)
{
    const struct cert_entry *entry = cert_expect_seg(c, "ack=1000 t=%u", (uint32_t)ms);

    cert_is(c, entry->seg.seq, 4999);
}

/* An update in the middle: the timer that runs goes on, what follows is as the update says. */
static void c_15q(struct cert *c)
{
    keep_alive(c, 1000, 500, 5);
    cert_offload(c);
    expect_probe(c, 1000);
    cert_at(c, 1200);
    keep_alive(c, 3000, 200, 3);
    cert_update(c);
    expect_probe(c, 1500);
    expect_probe(c, 1700);
    cert_due(c, 1900);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_silence(c, 10000);
}

static void c_15r(struct cert *c)
{
    keep_alive(c, 2000, 500, 5);
    cert_tcp(c)->cached.flags |= TOE_TCP_KEEP_ALIVE_RESTART;
    cert_tcp(c)->delegated.ka_timeout_delta = 100;
    cert_offload(c);
    cert_near(c, cert_query(c)->delegated.ka_timeout_delta, 2000, 10);
    cert_expect_silence(c, 1980);
    expect_probe(c, 2000);
}

static void c_15s(struct cert *c)
{
    keep_alive(c, 1000, 500, 5);
    cert_tcp(c)->cached.flags = 0;
    cert_offload(c);
    cert_expect_silence(c, 5000);
    cert_is(c, cert_query(c)->delegated.ka_timeout_delta, TOE_TICKS_NONE);
    cert_tcp(c)->cached.flags = TOE_TCP_KEEP_ALIVE;
    cert_update(c);
    cert_near(c, cert_query(c)->delegated.ka_timeout_delta, 1000, 10);
    cert_expect_silence(c, 5980);
    expect_probe(c, 6000);
    cert_peer(c, "ack=5000");
    cert_at(c, 6500);
    cert_tcp(c)->cached.flags = 0;
    cert_update(c);
    cert_is(c, cert_query(c)->delegated.ka_timeout_delta, TOE_TICKS_NONE);
    cert_expect_silence(c, 60000);
}

/* Every field is replaced; a count that is the same again is no new one. */
static void c_15t(struct cert *c)
{
    const struct toe_tcp_cached next = {.flags = TOE_TCP_NAGLE,
                                        .initial_rcv_wnd = 32768,
                                        .rcv_indication_size = 512,
                                        .ka_probe_cnt = 7,
                                        .ka_timeout = 777777,
                                        .ka_interval = 7777,
                                        .max_rt = 77,
                                        .flow_label = 0x77777,
                                        .ttl = 77,
                                        .tos = 0x44,
                                        .user_priority = 7};
    struct toe_tcp_cached got;

    keep_alive(c, 100000, 500, 5);
    cert_tcp(c)->delegated.ka_probe_cnt = 2;
    cert_tcp(c)->delegated.ka_timeout_delta = 50000;
    cert_offload(c);
    cert_tcp(c)->cached.flags |= TOE_TCP_MAX_RT_RESTART;
    cert_update(c);
    cert_is(c, cert_query(c)->delegated.ka_probe_cnt, 2);
    cert_near(c, cert_query(c)->delegated.ka_timeout_delta, 50000, 10);
    cert_tcp(c)->cached = next;
    cert_update(c);
    got = cert_query(c)->cached;
    cert_is(c, got.flags, next.flags);
    cert_is(c, got.initial_rcv_wnd, next.initial_rcv_wnd);
    cert_is(c, got.rcv_indication_size, next.rcv_indication_size);
    cert_is(c, got.ka_probe_cnt, next.ka_probe_cnt);
    cert_is(c, got.ka_timeout, next.ka_timeout);
    cert_is(c, got.ka_interval, next.ka_interval);
    cert_is(c, got.max_rt, next.max_rt);
    cert_is(c, got.flow_label, next.flow_label);
    cert_is(c, got.ttl, next.ttl);
    cert_is(c, got.tos, next.tos);
    cert_is(c, got.user_priority, next.user_priority);
}

/* --- delegated --- */

/* Ten ticks a second: of 180 ms an age counts one tick, a timer has used up one. */
static void c_15u(struct cert *c)
{
    struct toe_neighbor_state neighbor = {.size = sizeof(neighbor)};
    const struct toe_tcp_delegated *state;
    struct toe_block block;

    c->params.ticks_per_second = 10;
    c->neighbors[0]->state.delegated.nic_reachability_delta = 5;
    cert_timestamps(c);
    keep_alive(c, 100, 100, 5);
    cert_tcp(c)->delegated.ts_recent_age = 5;
    cert_tcp(c)->delegated.ka_timeout_delta = 20;
    cert_offload(c);
    cert_at(c, 180);
    state = &cert_query(c)->delegated;
    cert_is(c, state->ts_recent_age, 6);
    cert_is(c, state->ka_timeout_delta, 19);
    cert_block_init(&block, TOE_BLOCK_NEIGHBOR, &c->neighbors[0]->handle, &neighbor);
    cert_tree_done(c, CERT_QUERY, &block);
    cert_is(c, neighbor.delegated.nic_reachability_delta, 6);
    cert_at(c, 1985);
    cert_is(c, cert_query(c)->delegated.ka_timeout_delta, 1);
}

/* A timeout of 387.5 ms, doubled: 7.75 ticks were spent on retransmitting. */
static void c_15v(struct cert *c)
{
    c->params.ticks_per_second = 10;
    cert_tcp(c)->delegated.srtt = 31;
    cert_tcp(c)->delegated.rttvar = 0;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 t=0");
    cert_expect_seg(c, "5000:6000 t=388");
    cert_expect_seg(c, "5000:6000 t=1163");
    cert_is(c, cert_query(c)->delegated.total_rt, 7);
}

static void expect_back(struct cert *c, uint32_t idx, const struct toe_tcp_delegated *was,
                        uint32_t elapsed)
{
    const struct toe_tcp_delegated *got;
    const struct toe_buf *chain;

    (void)cert_use(c, idx);
    got = &cert_terminate(c)->delegated;
    cert_is(c, got->state, was->state);
    cert_is(c, got->rcv_nxt, was->rcv_nxt);
    cert_is(c, got->snd_una, was->snd_una);
    cert_is(c, got->snd_nxt, was->snd_nxt);
    cert_is(c, got->snd_max, was->snd_max);
    cert_is(c, got->snd_wnd, was->snd_wnd);
    cert_is(c, got->total_rt, was->total_rt);
    cert_is(c, got->dup_ack_cnt, was->dup_ack_cnt);
    cert_is(c, got->snd_wnd_probe_cnt, was->snd_wnd_probe_cnt);
    cert_is(c, got->retransmit_cnt, was->retransmit_cnt);
    cert_near(c, got->retransmit_timeout_delta, was->retransmit_timeout_delta - elapsed, 10);
    cert_is(c, cert_uploaded_len(c), 300);
    chain = c->conn->block.send_chain;
    cert_require(c, chain != NULL && chain->next == NULL);
    cert_is(c, chain->len, 1000);
}

/*
 * What is not zero in the middle of something: a retransmission on one connection, probes of a
 * closed window on the other, data that nobody took on both.
 */
static void c_15w(struct cert *c)
{
    struct toe_tcp_delegated was[2];

    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    (void)cert_conn_add(c, c->paths[0]);
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        cert_tcp(c)->delegated.retransmit_cnt = 2;
        cert_tcp(c)->delegated.total_rt = 900;
        cert_buffered(c, 300);
    }
    cert_tcp(c)->delegated.snd_wnd = 0;
    cert_tcp(c)->delegated.snd_wnd_probe_cnt = 2;
    cert_tcp(c)->delegated.total_rt = 0;
    cert_tcp(c)->delegated.retransmit_timeout_delta = 4000;
    cert_chain(c, 1000);
    (void)cert_use(c, 0);
    in_flight(c, 5000);
    cert_tcp(c)->delegated.srtt = 24000;
    cert_tcp(c)->delegated.dup_ack_cnt = 1;
    for (uint32_t i = 0; i < 2; ++i) {
        was[i] = c->conns[i]->state.delegated;
    }
    cert_offload(c);
    cert_at(c, 120);
    for (uint32_t i = 0; i < 2; ++i) {
        expect_back(c, i, &was[i], 120);
    }
    cert_is(c, cert_count(c, CERT_SEG_OUT), 0);
}

/* --- vectors --- */

/* 25 ticks and 5 ticks, of a tenth of a second. */
static void c_15x(struct cert *c)
{
    c->params.ticks_per_second = 10;
    cert_tcp(c)->delegated.srtt = 200;
    cert_tcp(c)->delegated.rttvar = 20;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 t=0");
    cert_is(c, cert_query(c)->delegated.srtt, 200);
    cert_is(c, cert_query(c)->delegated.rttvar, 20);
    cert_expect_silence(c, 4480);
    cert_expect_seg(c, "5000:6000 t=4500");
}

/* Half a tick each; a sample of 280 ms makes 78.75 ms and 95 ms of it. */
static void c_15y(struct cert *c)
{
    c->params.ticks_per_second = 10;
    cert_tcp(c)->delegated.srtt = 4;
    cert_tcp(c)->delegated.rttvar = 2;
    cert_offload(c);
    cert_is(c, cert_query(c)->delegated.srtt, 4);
    cert_is(c, cert_query(c)->delegated.rttvar, 2);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 t=0");
    cert_at(c, 280);
    cert_peer(c, "ack=6000");
    cert_run(c);
    cert_near(c, cert_query(c)->delegated.srtt, 6, 1);
    cert_near(c, cert_query(c)->delegated.rttvar, 4, 1);
}

/* 600 + 1200 < 2000 ticks of retransmitting; the count of |limit| is ignored. */
static void limited(struct cert *c, uint8_t limit)
{
    c->params.max_retransmissions = limit;
    cert_tcp(c)->cached.max_rt = 2000;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 t=0");
    cert_expect_seg(c, "5000:6000 t=300");
    cert_expect_seg(c, "5000:6000 t=900");
    cert_expect_seg(c, "5000:6000 t=2100");
    cert_at(c, 4480);
    cert_expect_quiet(c);
    cert_due(c, 4500);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_silence(c, 60000);
}

static void c_15z(struct cert *c)
{
    limited(c, 5);
}

static void c_15za(struct cert *c)
{
    limited(c, 1);
}

#define STATE(number, what, which, in, function)                                                   \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = (in), .run = (function)        \
    }
#define COMPAT(number, what, which, in, function)                                                  \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = (in), .profiles = CERT_COMPAT, \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_state_tcp_scenarios[] = {
    STATE("C-15m", "constant state stays as it was offloaded", "STATE-TC-1", CERT_GROUP_NDIS,
          c_15m),
    STATE("C-15n", "a scale factor of 15 for our windows counts as 14", "STATE-TC-5",
          CERT_GROUP_TCPIP, c_15n),
    STATE("C-15o", "SACK, and a target without it", "STATE-TC-8", CERT_GROUP_NDIS, c_15o),
    STATE("C-15p", "a receive window that is too large", "STATE-TK-2", CERT_GROUP_NDIS, c_15p),
    STATE("C-15q", "keep-alive changes between two probes", "STATE-TK-4 STATE-TK-6",
          CERT_GROUP_TIMERS, c_15q),
    STATE("C-15r", "an offload starts keep-alive from the beginning when told to",
          "STATE-TK-12..13", CERT_GROUP_TIMERS, c_15r),
    STATE("C-15s", "keep-alive is switched on and off again", "STATE-TK-15 STATE-TK-5",
          CERT_GROUP_TIMERS, c_15s),
    STATE("C-15t", "an update replaces all of the cached state", "STATE-TK-1 STATE-TK-17",
          CERT_GROUP_NDIS, c_15t),
    STATE("C-15u", "ages are rounded down, timers up", "STATE-2..4", CERT_GROUP_TIMERS, c_15u),
    COMPAT("C-15v", "the time of retransmissions is rounded down", "STATE-3 STATE-TD-19",
           CERT_GROUP_TIMERS, c_15v),
    STATE("C-15w", "offload and terminate in the middle of something",
          "STATE-7 STATE-TD-8 STATE-TD-19 STATE-TD-21 STATE-TD-29", CERT_GROUP_TRANSFER, c_15w),
    STATE("C-15x", "an estimate of 25 ticks, and 5", "TV-RTT-1", CERT_GROUP_TRANSFER, c_15x),
    COMPAT("C-15y", "an estimate of half a tick", "TV-RTT-2", CERT_GROUP_TRANSFER, c_15y),
    COMPAT("C-15z", "a limit of time of 2000, of five retransmissions", "TV-MRT-2 STATE-TK-7",
           CERT_GROUP_TIMERS, c_15z),
    COMPAT("C-15za", "a limit of time of 2000, of one retransmission", "TV-MRT-2 STATE-TK-7",
           CERT_GROUP_TIMERS, c_15za),
    {.id = NULL},
};
