/* SPDX-License-Identifier: MIT */
/*
 * The test vectors of state.md, and rules that no row of scenarios.md names.
 */
#include "suite.h"

/* One buffer in flight, whose timer has |ticks| to go after |cnt| retransmissions. */
static void in_flight(struct cert *c, uint32_t ticks, uint8_t cnt)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    state->snd_nxt = 6000;
    state->snd_max = 6000;
    state->retransmit_cnt = cnt;
    state->retransmit_timeout_delta = ticks;
    cert_chain(c, 1000);
    cert_offload(c);
}

static void c_14a(struct cert *c)
{
    in_flight(c, 300, 0);
    cert_is(c, cert_query(c)->delegated.ka_timeout_delta, TOE_TICKS_NONE);
    cert_at(c, 120);
    cert_near(c, cert_query(c)->delegated.retransmit_timeout_delta, 180, 1);
    cert_is(c, cert_terminate(c)->delegated.ka_timeout_delta, TOE_TICKS_NONE);
}

static void c_14b(struct cert *c)
{
    in_flight(c, 0, 2);
    cert_expect_seg(c, "5000:6000 t=0");
    cert_is(c, cert_query(c)->delegated.retransmit_cnt, 3);
}

static void c_14c(struct cert *c)
{
    c->params.ticks_per_second = 10;
    in_flight(c, 5, 0);
    cert_at(c, 485);
    cert_is(c, cert_query(c)->delegated.retransmit_timeout_delta, 1);
}

static void c_14d(struct cert *c)
{
    static const uint32_t at[] = {0, 300, 900, 2100, 4500, 9300};

    cert_offload(c);
    cert_send(c, 1000);
    for (uint32_t i = 0; i < 6; ++i) {
        cert_expect_seg(c, "5000:6000 t=%u", at[i]);
    }
    cert_at(c, 18880);
    cert_expect_quiet(c);
    cert_due(c, 18900);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_silence(c, 60000);
}

static void c_14e(struct cert *c)
{
    cert_tcp(c)->cached.max_rt = TOE_TICKS_UNLIMITED;
    cert_offload(c);
    cert_send(c, 1000);
    cert_at(c, 600000);
    cert_expect_quiet(c);
    cert_require(c, cert_count(c, CERT_SEG_OUT) > 12);
    cert_skip_segs(c);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

static void c_14f(struct cert *c)
{
    c->settings.rcv_wnd_max = 262144;
    cert_scaling(c, 0, 2);
    cert_offload(c);
    cert_tcp(c)->cached.flags |= TOE_TCP_UPDATE_RCV_WND;
    cert_update(c); /* as it was */
    cert_expect_silence(c, 1000);
    cert_tcp(c)->cached.flags |= TOE_TCP_UPDATE_RCV_WND;
    cert_tcp(c)->cached.initial_rcv_wnd = 131070;
    cert_update(c);
    cert_expect_seg(c, "5000 ack=1000 wnd=32767 t=1000");
}

static void c_14g(struct cert *c)
{
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_seg(c, "5000 FIN");
    cert_peer(c, "1000 FIN ack=5001");
    cert_at(c, 5);
    cert_query(c);
    cert_expect_state(c, TOE_TCP_TIME_WAIT);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        c->count += e->kind == CERT_EVENT && e->event == TOE_EVENT_RETRIEVE &&
                    e->info == TOE_UPLOAD_REQUESTED;
    }
    cert_require(c, c->count > 0);
}

/* The push timer runs; a terminate ends it, and the request with what it has. */
static void c_14h(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_peer(c, "1000:1100");
    cert_at(c, 100);
    cert_expect_quiet(c);
    cert_terminate(c);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
    cert_at(c, 2000);
    cert_expect_quiet(c);
}

static void c_14i(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 700);
    cert_expect_seg(c, "5000:5700 PSH");
    cert_send(c, 2000);
    cert_expect_seg(c, "5700:7160 noPSH");
    cert_expect_seg(c, "7160:7700 PSH");
}

static void c_14j(struct cert *c)
{
    const struct toe_tcp_state *state;

    cert_tcp(c)->constant.flags |= 0x2000;
    cert_tcp(c)->cached.flags |= TOE_TCP_NAGLE | TOE_TCP_KEEP_ALIVE_RESTART;
    cert_offload(c);
    state = cert_query(c);
    cert_is(c, state->constant.flags, 0x2000);
    cert_is(c, state->cached.flags, TOE_TCP_NAGLE | TOE_TCP_KEEP_ALIVE_RESTART);
}

/* Priorities that differ do not change the order. */
static void c_14k(struct cert *c)
{
    c->conn->path->neighbor->state.constant.vlan_id = 5;
    cert_offload(c);
    for (uint32_t i = 0; i < 8; ++i) {
        cert_peer(c, "+100 vlan=5 prio=%u PSH", 7 - i);
    }
    cert_wait(c, 300);
    cert_is(c, cert_query(c)->delegated.rcv_nxt, 1800);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        cert_require(c, e->kind != CERT_SEG_OUT || e->seg.sack_cnt == 0);
        cert_require(c, e->kind != CERT_SEG_OUT || (int32_t)(e->seg.ack - 1000) >= 0);
        if (e->kind == CERT_SEG_OUT) { /* a duplicate would tell of a hole */
            cert_require(c, e->seg.ack > c->count);
            c->count = e->seg.ack;
        }
    }
}

const struct cert_scenario cert_rest_vector_scenarios[] = {
    {.id = "C-14a",
     .title = "timers that run and do not run, by query",
     .rules = "TV-TMR-1..2 STATE-TD-25 STATE-TD-23",
     .group = CERT_GROUP_TIMERS,
     .run = c_14a},
    {.id = "C-14b",
     .title = "a timer with nothing to go",
     .rules = "TV-TMR-3 STATE-TD-24 STATE-5",
     .group = CERT_GROUP_TIMERS,
     .run = c_14b},
    {.id = "C-14c",
     .title = "what is left of a tick is rounded up",
     .rules = "TV-TMR-4",
     .group = CERT_GROUP_TIMERS,
     .run = c_14c},
    {.id = "C-14d",
     .title = "five retransmissions, then the upload",
     .rules = "TV-MRT-1 RFC-025 CAP-25",
     .group = CERT_GROUP_TIMERS,
     .profiles = CERT_COMPAT,
     .run = c_14d},
    {.id = "C-14e",
     .title = "a retransmission without limit",
     .rules = "TV-MRT-3",
     .group = CERT_GROUP_TIMERS,
     .run = c_14e},
    {.id = "C-14f",
     .title = "an update of the receive window",
     .rules = "TV-RCV-1..2 UPD-11 STATE-TC-5",
     .group = CERT_GROUP_RECEIVE,
     .run = c_14f},
    {.id = "C-14g",
     .title = "TIME_WAIT asks for the upload",
     .rules = "TRM-8 SEG-092",
     .group = CERT_GROUP_EVENT,
     .run = c_14g},
    {.id = "C-14h",
     .title = "a terminate ends the push timer",
     .rules = "TMR-076 TMR-079",
     .group = CERT_GROUP_TRANSFER,
     .run = c_14h},
    {.id = "C-14i",
     .title = "PSH ends each buffer",
     .rules = "RFC-028",
     .group = CERT_GROUP_SEND,
     .run = c_14i},
    {.id = "C-14j",
     .title = "flags come back as they were given",
     .rules = "STATE-TC-9 STATE-TK-14 STATE-TK-1",
     .group = CERT_GROUP_TRANSFER,
     .run = c_14j},
    {.id = "C-14k",
     .title = "priorities do not change the order",
     .rules = "VLAN-10",
     .group = CERT_GROUP_PLATFORM,
     .run = c_14k},
    {0},
};
