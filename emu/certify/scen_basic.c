/* SPDX-License-Identifier: MIT */
/*
 * The basics, one after the other: the order in which a target is best written. They come first, so
 * that the first failure of a new target is what is missing next.
 */
#include "suite.h"

#include <string.h>

static void b_01(struct cert *c)
{
    cert_start(c); /* create(), attach(), caps_get(), params_set(); at the end destroy() */
    cert_run(c);
    cert_expect_quiet(c);
    cert_expect_silence(c, 0);
}

static void b_02(struct cert *c)
{
    cert_start(c);
    cert_is(c, c->caps.size, sizeof(c->caps));
    cert_require(c, c->caps.ipv4 || c->caps.ipv6);
    cert_require(c, c->caps.tcp_max > 0 && c->caps.path_max > 0 && c->caps.neighbor_max > 0);
    cert_require(c, c->caps.mtu_max >= 1500 && c->caps.rcv_wnd_max > 0);
    cert_is(c, memcmp(c->caps.mac, c->settings.mac, TOE_MAC_LEN), 0);
}

/* A target with nothing to do sleeps: a host with a thousand of them has other work. */
static void b_03(struct cert *c)
{
    cert_start(c);
    cert_run(c);
    cert_require(c, c->ops->deadline(c->target) > c->now);
    cert_at(c, 60000);
    cert_expect_quiet(c);
    cert_expect_silence(c, 60000);
}

/* A tree of one neighbor, one path, one connection: all succeed, all have a handle. */
static void b_04(struct cert *c)
{
    cert_offload(c);
    cert_require(c, c->neighbors[0]->handle != 0);
    cert_require(c, c->paths[0]->handle != 0);
    cert_expect_quiet(c);
    cert_expect_silence(c, 100);
}

static void b_05(struct cert *c)
{
    const struct toe_tcp_delegated *state;

    cert_offload(c);
    state = &cert_terminate(c)->delegated;
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_is(c, state->rcv_nxt, 1000);
    cert_is(c, state->snd_una, 5000);
    cert_is(c, state->snd_nxt, 5000);
    cert_is(c, state->snd_max, 5000);
    cert_is(c, state->snd_wnd, 65535);
    cert_require(c, state->buffered_data == NULL);
}

static void b_06(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 ack=1000");
    cert_expect_quiet(c);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

/* More than the peer's window: what does not fit waits for an acknowledgment. */
static void b_07(struct cert *c)
{
    cert_tcp(c)->delegated.snd_wnd = 2920;
    cert_offload(c);
    cert_send(c, 4000);
    cert_expect_seg(c, "5000:6460");
    cert_expect_seg(c, "6460:7920");
    cert_expect_silence(c, 20);
    cert_peer(c, "ack=7920");
    cert_expect_seg(c, "7920:9000 PSH");
    cert_peer(c, "ack=9000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 4000);
}

static void b_08(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_expect_seg(c, "5000:6000 t=300"); /* SRTT 100 ms, RTTVAR 50 ms */
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_silence(c, 5000);
}

static void b_09(struct cert *c)
{
    const struct toe_tcp_delegated *state;

    cert_offload(c);
    cert_send(c, 3000);
    cert_expect_stream(c, 5000, 8000);
    cert_peer(c, "ack=6000");
    cert_wait(c, 5);
    state = &cert_terminate(c)->delegated; /* the harness looks at what comes back */
    cert_is(c, state->snd_una, 6000);
    cert_is(c, state->snd_max, 8000);
}

static void b_10(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_peer(c, "+1000 PSH");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_expect_seg(c, "5000 ack=2000 t=200"); /* the delayed acknowledgment */
}

static void b_11(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "+1000 PSH");
    cert_expect_indicate(c, 1000);
    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0);
    cert_peer(c, "+500 PSH");
    cert_expect_indicate(c, 500);
    cert_receive(c, 500, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 500);
}

static void b_12(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_expect_seg(c, "5000 ack=1001");
}

static void b_13(struct cert *c)
{
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_seg(c, "5000 FIN ack=1000");
    cert_expect_quiet(c);
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
}

static void b_14(struct cert *c)
{
    static uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 2, 8, 6};
    const struct cert_entry *entry;
    uint32_t sent = 0;

    cert_start(c);
    cert_peer_frame(c, frame, sizeof(frame));
    entry = cert_expect_passed_up(c, sizeof(frame));
    cert_is(c, memcmp(cert_passed_up(c, entry), frame, sizeof(frame)), 0);
    memcpy(frame + 6, c->settings.mac, TOE_MAC_LEN);
    cert_host_frame(c, frame, sizeof(frame));
    cert_wait(c, 10);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        sent += c->chart->entries[i].kind == CERT_FRAME_OUT &&
                c->chart->entries[i].bytes == sizeof(frame);
    }
    cert_is(c, sent, 1);
}

static void b_15(struct cert *c)
{
    const struct toe_tcp_state *state;

    cert_offload(c);
    state = cert_query(c);
    cert_is(c, state->delegated.rcv_nxt, 1000);
    cert_is(c, state->delegated.snd_una, 5000);
    cert_is(c, state->constant.remote_port, 5001);
    cert_is(c, state->cached.ttl, 64);
    cert_tcp(c)->cached.ttl = 99;
    cert_update(c);
    cert_is(c, cert_query(c)->cached.ttl, 99);
}

#define BASIC(number, what, which, function)                                                       \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_BASIC,              \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_basic_scenarios[] = {
    BASIC("B-01", "a target is made, attached, given parameters, and freed", "IOS-042", b_01),
    BASIC("B-02", "it tells what it can do", "CAP-2", b_02),
    BASIC("B-03", "with nothing to do it sleeps", "ARCH-1", b_03),
    BASIC("B-04", "a neighbor, a path and a connection are offloaded", "OFF-1 OFF-2", b_04),
    BASIC("B-05", "they are taken back, with the connection's state", "TRM-16 TRM-20", b_05),
    BASIC("B-06", "data is sent, and completes when it is acknowledged", "SND-032", b_06),
    BASIC("B-07", "no more is sent than the peer's window has room for", "SND-006 SND-032", b_07),
    BASIC("B-08", "what is lost is sent again", "SND-032", b_08),
    BASIC("B-09", "a terminate brings back what was not acknowledged", "TRM-24 SND-070", b_09),
    BASIC("B-10", "received data goes into a posted buffer", "RCV-005 RCV-019", b_10),
    BASIC("B-11", "without one it is indicated; refused, it waits for one", "RCV-045", b_11),
    BASIC("B-12", "the peer's FIN is told and acknowledged", "DSC-030", b_12),
    BASIC("B-13", "a graceful disconnect sends a FIN", "DSC-012", b_13),
    BASIC("B-14", "all other frames pass, unchanged, both ways", "ARCH-1", b_14),
    BASIC("B-15", "state is queried and updated", "QRY-1 QRY-3 UPD-1", b_15),
    {.id = NULL},
};
