/* SPDX-License-Identifier: MIT */
/*
 * What profile modern does about the window and the rate beyond the documents: validation, the end
 * of slow start, pacing. A target that was not made for it is not asked.
 */
#include "suite.h"

#define MSS 1460u

static const struct toe_tcp_delegated *asked(struct cert *c)
{
    return &cert_query(c)->delegated;
}

static void begin(struct cert *c, uint32_t choice)
{
    c->settings.choices |= choice;
    cert_start(c);
}

/* An application that keeps less in flight than cwnd allows learns nothing about a larger one;
 * once it has more to say, it does. */
static void c_11e(struct cert *c)
{
    begin(c, TOE_CERTIFY_VALIDATE);
    cert_offload(c);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 40;
    for (uint32_t i = 0; i < 12; ++i) {
        cert_send(c, 4 * MSS);
        cert_wait(c, 50);
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 4 * MSS);
    }
    cert_is(c, asked(c)->cwnd, 10 * MSS);
    cert_send(c, 60 * MSS);
    cert_wait(c, 200);
    cert_require(c, asked(c)->cwnd > 12 * MSS);
}

static uint32_t left(const struct cert *c)
{
    uint32_t len = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        len += c->chart->entries[i].kind == CERT_SEG_OUT ? c->chart->entries[i].seg.len : 0;
    }
    return len;
}

/* 40 segments at 1.25 cwnd a round trip take 80 ms; at most a half leaves as a burst. */
static void c_11f(struct cert *c)
{
    begin(c, TOE_CERTIFY_PACE);
    cert_tcp(c)->delegated.cwnd = 40 * MSS;
    cert_tcp(c)->delegated.ssthresh = 20 * MSS;
    cert_offload(c);
    cert_send(c, 40 * MSS);
    cert_at(c, 1);
    cert_require(c, left(c) >= MSS && left(c) <= 20 * MSS);
    cert_at(c, 30);
    cert_require(c, left(c) < 40 * MSS);
    cert_at(c, 95);
    cert_is(c, left(c), 40 * MSS);
}

/* The round trip grows: slow start ends without a loss. */
static void c_11g(struct cert *c)
{
    begin(c, TOE_CERTIFY_PACE);
    if (!c->caps.sack) {
        cert_skip(c, "the target does no SACK");
    }
    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
    cert_tcp(c)->delegated.cwnd = 24 * MSS;
    cert_tcp(c)->delegated.ssthresh = UINT32_MAX;
    cert_offload(c);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 40;
    cert_send(c, 4000000);
    cert_at(c, 200);
    cert_is(c, asked(c)->ssthresh, UINT32_MAX);
    c->conn->peer.acks_after = 80;
    cert_at(c, 1500);
    cert_require(c, asked(c)->ssthresh <= asked(c)->cwnd);
}

#define ROW(number, what, which, function)                                                         \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_TCPIP,              \
        .profiles = CERT_MODERN, .run = (function)                                                 \
    }

const struct cert_scenario cert_congestion_modern_scenarios[] = {
    ROW("C-11e", "the window is held while the application does not fill it", "RFC-053", c_11e),
    ROW("C-11f", "a window leaves spread over the round trip", "RFC-052", c_11f),
    ROW("C-11g", "slow start ends when the round trip grows", "RFC-052", c_11g),
    {.id = NULL},
};
