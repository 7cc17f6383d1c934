/* SPDX-License-Identifier: MIT */
/*
 * Loss detected by time, and losses that were none: the rows of scenarios.md, B.11, for profile
 * modern. They are beyond the documents; a target that was not made for it is not asked.
 */
#include "suite.h"

#include <string.h>

#define MSS 1460u

static const struct toe_tcp_delegated *asked(struct cert *c)
{
    return &cert_query(c)->delegated;
}

static void with_rack(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_RACK;
    cert_start(c);
    if (!c->caps.sack) {
        cert_skip(c, "the target does no SACK");
    }
    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
    cert_offload(c);
}

/* How often the bytes from |seq| on left. */
static uint32_t times_sent(const struct cert *c, uint32_t seq)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        cnt += e->kind == CERT_SEG_OUT && seq - e->seg.seq < e->seg.len;
    }
    return cnt;
}

/* No timer expired: nothing was counted, and the window did not collapse. */
static void expect_no_timeout(struct cert *c)
{
    cert_is(c, asked(c)->retransmit_cnt, 0);
    cert_require(c, asked(c)->cwnd > MSS);
}

/* The last two are lost: the probe shows what is, in less than a timeout. */
static void t_259a(struct cert *c)
{
    with_rack(c);
    cert_send(c, 10 * MSS);
    cert_expect_stream(c, 5000, 5000 + 10 * MSS);
    cert_at(c, 40);
    cert_peer(c, "ack=%u", 5000 + 8 * MSS);
    cert_at(c, 300);
    cert_expect_data(c, "%u:%u", 5000 + 9 * MSS, 5000 + 10 * MSS);
    cert_peer(c, "ack=%u sack=%u-%u", 5000 + 8 * MSS, 5000 + 9 * MSS, 5000 + 10 * MSS);
    cert_at(c, 340);
    cert_expect_data(c, "%u:%u", 5000 + 8 * MSS, 5000 + 9 * MSS);
    cert_expect_no_data(c, 350);
    expect_no_timeout(c);
    cert_peer(c, "ack=%u", 5000 + 10 * MSS);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 10 * MSS);
}

/* The last one alone: its acknowledgment could be delayed, so the probe waits for longer. */
static void t_259b(struct cert *c)
{
    with_rack(c);
    cert_send(c, 10 * MSS);
    cert_expect_stream(c, 5000, 5000 + 10 * MSS);
    cert_at(c, 40);
    cert_peer(c, "ack=%u", 5000 + 9 * MSS);
    cert_at(c, 400);
    cert_expect_data(c, "%u:%u", 5000 + 9 * MSS, 5000 + 10 * MSS);
    expect_no_timeout(c);
    cert_peer(c, "ack=%u", 5000 + 10 * MSS);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 10 * MSS);
}

/* There is more to send than the window lets: the probe is new. */
static void t_259c(struct cert *c)
{
    with_rack(c);
    cert_send(c, 20 * MSS);
    cert_expect_stream(c, 5000, 5000 + 10 * MSS);
    cert_at(c, 290);
    cert_expect_data(c, "%u:%u", 5000 + 10 * MSS, 5000 + 11 * MSS);
    expect_no_timeout(c);
}

/* The first of ten is overtaken by three, and comes within a quarter of the round trip. */
static void t_260(struct cert *c)
{
    with_rack(c);
    cert_send(c, 10 * MSS);
    cert_expect_stream(c, 5000, 5000 + 10 * MSS);
    cert_at(c, 40);
    for (uint32_t i = 2; i <= 4; ++i) {
        cert_peer(c, "ack=5000 sack=%u-%u", 5000 + MSS, 5000 + i * MSS);
    }
    cert_at(c, 48);
    cert_peer(c, "ack=%u", 5000 + 4 * MSS);
    cert_at(c, 50);
    cert_peer(c, "ack=%u", 5000 + 10 * MSS);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 10 * MSS);
    cert_expect_no_data(c, 1000);
    cert_is(c, asked(c)->cwnd >= 10 * MSS, true);
}

/* What comes later than that is lost. */
static void c_11d(struct cert *c)
{
    with_rack(c);
    cert_send(c, 10 * MSS);
    cert_expect_stream(c, 5000, 5000 + 10 * MSS);
    cert_at(c, 40);
    for (uint32_t i = 2; i <= 10; ++i) {
        cert_peer(c, "ack=5000 sack=%u-%u", 5000 + MSS, 5000 + i * MSS);
    }
    cert_at(c, 70);
    cert_expect_data(c, "5000:6460");
    expect_no_timeout(c);
    cert_peer(c, "ack=%u", 5000 + 10 * MSS);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 10 * MSS);
}

/* The path stands still for two seconds; then the acknowledgments come, one for two segments. */
static void delay_spike(struct cert *c)
{
    struct toe_tcp_delegated before;

    cert_offload(c);
    cert_send(c, 100000);
    cert_expect_stream(c, 5000, 5000 + 10 * MSS);
    before = *asked(c);
    cert_at(c, 2000);
    cert_require(c, times_sent(c, 5000) >= 2);
    cert_is(c, asked(c)->cwnd, MSS);
    for (uint32_t i = 2; i <= 10; i += 2) {
        cert_peer(c, "ack=%u", 5000 + i * MSS);
        cert_wait(c, 2);
    }
    cert_require(c, asked(c)->cwnd >= before.cwnd);
    cert_is(c, asked(c)->ssthresh, before.ssthresh);
    for (uint32_t i = 1; i < 10; ++i) {
        cert_is(c, times_sent(c, 5000 + i * MSS), 1);
    }
}

static void t_261a(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_UNDO;
    cert_start(c);
    delay_spike(c);
}

static void t_261b(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_UNDO | TOE_CERTIFY_RACK;
    cert_start(c);
    if (!c->caps.sack) {
        cert_skip(c, "the target does no SACK");
    }
    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
    delay_spike(c);
}

#define ROW(number, what, which, function)                                                         \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_TCPIP,              \
        .profiles = CERT_MODERN, .run = (function)                                                 \
    }

const struct cert_scenario cert_recovery_scenarios[] = {
    ROW("T-259a", "the end of a flight is lost: a probe, and no timeout", "RFC-078", t_259a),
    ROW("T-259b", "the last segment alone is lost", "RFC-078", t_259b),
    ROW("T-259c", "new data is the better probe", "RFC-078", t_259c),
    ROW("T-260", "reordering by three within a quarter of a round trip", "RFC-079", t_260),
    ROW("C-11d", "what is later than that is lost", "RFC-078", c_11d),
    ROW("T-261a", "a timeout because of a delay is undone", "RFC-059", t_261a),
    ROW("T-261b", "the same with SACK", "RFC-059", t_261b),
    {.id = NULL},
};
