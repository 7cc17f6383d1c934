/* SPDX-License-Identifier: MIT */
/*
 * Congestion and loss recovery: scenarios.md, B.11. Numbers of the congestion window are those of
 * profile compat; what else is there holds in both.
 */
#include "suite.h"

#include <string.h>

#define MSS 1460u

static const struct toe_tcp_delegated *asked(struct cert *c)
{
    return &cert_query(c)->delegated;
}

/* |len| bytes are sent, and what of them fits cwnd leaves. */
static void fill(struct cert *c, uint32_t len)
{
    cert_send(c, len);
    cert_run(c);
    cert_run(c);
    cert_skip_segs(c);
}

/* --- windows --- */

static void t_250(struct cert *c)
{
    cert_tcp(c)->delegated.cwnd = 2 * MSS;
    cert_offload(c);
    cert_send(c, 100000);
    cert_expect_stream(c, 5000, 7920);
    cert_peer(c, "ack=7920");
    cert_run(c);
    cert_is(c, asked(c)->cwnd, 4 * MSS);
    cert_expect_stream(c, 7920, 13760);
    cert_peer(c, "ack=13760");
    cert_run(c);
    cert_is(c, asked(c)->cwnd, 8 * MSS);
    cert_expect_stream(c, 13760, 25440);
    cert_peer(c, "ack=25440");
    cert_run(c);
    cert_is(c, asked(c)->cwnd, 12 * MSS);
}

/* Where cwnd is ssthresh, an acknowledgment of |acked| bytes adds |more|. */
static void t_251(struct cert *c)
{
    static const struct {
        uint32_t cwnd;
        uint32_t acked;
        uint32_t more;
    } rows[] = {
        {14600, 1460, 146},  {14600, 2920, 292}, {14600, 14600, 584},
        {10000000, 1460, 1}, {1460, 1460, 1460},
    };
    const uint32_t cnt = sizeof(rows) / sizeof(rows[0]);

    for (uint32_t i = 0; i < cnt; ++i) {
        if (i > 0) {
            (void)cert_conn_add(c, c->paths[0]);
        }
        cert_tcp(c)->delegated.cwnd = rows[i].cwnd;
        cert_tcp(c)->delegated.ssthresh = rows[i].cwnd;
    }
    cert_offload(c);
    for (uint32_t i = 0; i < cnt; ++i) {
        (void)cert_use(c, i);
        fill(c, 50000);
        cert_is(c, asked(c)->cwnd, rows[i].cwnd);
        cert_peer(c, "ack=%u", 5000 + rows[i].acked);
        cert_run(c);
        cert_is(c, asked(c)->cwnd, rows[i].cwnd + rows[i].more);
    }
}

static void t_252(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 100000);
    cert_expect_stream(c, 5000, 19600);
    cert_expect_no_data(c, 50);
    cert_peer(c, "ack=5000");
    cert_expect_data(c, "19600:21060 t=50");
    cert_expect_no_data(c, 60);
    cert_is(c, asked(c)->cwnd, 14600);
    cert_peer(c, "ack=5000");
    cert_expect_data(c, "21060:22520 t=60");
    cert_expect_no_data(c, 70);
    cert_is(c, asked(c)->cwnd, 14600);
    cert_peer(c, "ack=5000");
    cert_expect_data(c, "5000:6460 t=70");
    cert_is(c, asked(c)->ssthresh, 7300);
}

/* What is no duplicate: a payload, another window, nothing outstanding. */
static void c_11a(struct cert *c)
{
    cert_offload(c);
    for (uint32_t i = 0; i < 5; ++i) {
        cert_peer(c, "ack=5000");
    }
    cert_run(c);
    cert_send(c, 2920);
    cert_expect_stream(c, 5000, 7920);
    for (uint32_t i = 0; i < 5; ++i) {
        cert_peer(c, "+100 ack=5000");
    }
    cert_expect_no_data(c, 20);
    for (uint32_t i = 0; i < 5; ++i) {
        cert_peer(c, "ack=5000 wnd=%u", 60000 + i);
    }
    cert_expect_no_data(c, 40);
    for (uint32_t i = 0; i < 2; ++i) {
        cert_peer(c, "ack=5000");
    }
    cert_expect_no_data(c, 60);
    cert_peer(c, "ack=5000");
    cert_expect_data(c, "5000:6460 t=60");
}

/* ssthresh after a loss, of cwnd and the peer's window (RFC-041). */
static void c_11b(struct cert *c)
{
    static const uint32_t rows[][3] = {
        {20000, 8000, 4000}, {3000, 60000, 2920}, {100000, 65535, 32767}};

    for (uint32_t i = 0; i < 3; ++i) {
        if (i > 0) {
            (void)cert_conn_add(c, c->paths[0]);
        }
        cert_tcp(c)->delegated.cwnd = rows[i][0];
        cert_tcp(c)->delegated.snd_wnd = rows[i][1];
        cert_tcp(c)->delegated.max_snd_wnd = rows[i][1];
    }
    cert_offload(c);
    for (uint32_t i = 0; i < 3; ++i) {
        (void)cert_use(c, i);
        fill(c, 200000);
        for (uint32_t k = 0; k < 3; ++k) {
            cert_peer(c, "ack=5000 wnd=%u", rows[i][1]);
        }
        cert_run(c);
        cert_is(c, asked(c)->ssthresh, rows[i][2]);
    }
}

/* --- recovery without SACK --- */

/* Ten segments are out, the first and the fourth are lost; |sack| is what the peer says of it. */
static void two_holes(struct cert *c, const char *sack)
{
    cert_send(c, 14600);
    cert_expect_stream(c, 5000, 19600);
    cert_at(c, 50);
    for (uint32_t i = 0; i < 8; ++i) {
        cert_peer(c, "ack=5000%s", sack);
    }
    cert_expect_data(c, "5000:6460 t=50");
    cert_expect_no_data(c, 70);
    cert_peer(c, "ack=9380%s", sack);
    cert_expect_data(c, "9380:10840 t=70");
    cert_expect_no_data(c, 90);
}

static void t_253(struct cert *c)
{
    uint32_t begin;

    cert_offload(c);
    two_holes(c, "");
    cert_peer(c, "ack=19600");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 14600);
    cert_require(c, asked(c)->cwnd <= asked(c)->ssthresh);
    begin = c->chart->cnt;
    cert_send(c, 100000);
    cert_wait(c, 5);
    for (; begin < c->chart->cnt; ++begin) { /* and it does not burst (RFC-050) */
        const struct cert_entry *e = &c->chart->entries[begin];

        if (e->kind == CERT_SEG_OUT && e->seg.len > 0) {
            cert_require(c, e->seg.seq + e->seg.len - 19600 <= asked(c)->ssthresh);
        }
    }
}

static void t_255(struct cert *c)
{
    const struct cert_entry *entry;

    cert_offload(c);
    two_holes(c, " sack=10840-19600,6460-9380");
    cert_peer(c, "ack=19600");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 14600);
    cert_skip_segs(c);
    cert_peer(c, "2460:3920");
    entry = cert_expect_seg(c, "ack=1000");
    cert_is(c, entry->seg.sack_cnt, 0);
}

/* --- SACK --- */

#define SEGS 20u

/* The peer's acknowledgments of segments 0 to 19 without those of |lost|, newest block first. */
static void say_sacked(struct cert *c, uint32_t lost)
{
    uint32_t got = 0;

    for (uint32_t i = 0; i < SEGS; ++i) {
        char sack[128] = "";
        uint32_t ack = 0;
        uint32_t cnt = 0;

        if (lost & 1u << i) {
            continue;
        }
        got |= 1u << i;
        while (got & 1u << ack) {
            ++ack;
        }
        for (uint32_t end = i + 1; end > ack && cnt < 3;) {
            uint32_t begin = end;

            while (begin > ack && (got & 1u << (begin - 1))) {
                --begin;
            }
            if (begin < end) {
                (void)snprintf(sack + strlen(sack), sizeof(sack) - strlen(sack), "%s%u-%u",
                               cnt++ == 0 ? " sack=" : ",", 5000 + begin * MSS, 5000 + end * MSS);
            }
            end = begin > 0 ? begin - 1 : 0;
        }
        cert_peer(c, "ack=%u%s", 5000 + ack * MSS, sack);
    }
}

static void with_sack(struct cert *c)
{
    cert_start(c);
    if (!c->caps.sack) {
        cert_skip(c, "the target does no SACK");
    }
    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
}

static void t_254(struct cert *c)
{
    const uint32_t lost = 1u << 3 | 1u << 7 | 1u << 12;
    uint32_t sent[SEGS] = {0};
    uint32_t i;

    with_sack(c);
    cert_tcp(c)->delegated.cwnd = SEGS * MSS;
    cert_offload(c);
    cert_send(c, SEGS * MSS);
    cert_expect_stream(c, 5000, 5000 + SEGS * MSS);
    cert_at(c, 50);
    i = c->chart->cnt;
    say_sacked(c, lost);
    cert_at(c, 90);
    for (; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_SEG_OUT && e->seg.len > 0) {
            cert_is(c, (e->seg.seq - 5000) % MSS, 0);
            cert_is(c, e->seg.len, MSS);
            ++sent[(e->seg.seq - 5000) / MSS];
        }
    }
    for (i = 0; i < SEGS; ++i) {
        if (sent[i] != (lost >> i & 1u)) {
            cert_fail(c, "segment %u of 0..19 was retransmitted %u times", i, sent[i]);
        }
    }
    cert_peer(c, "ack=%u", 5000 + SEGS * MSS);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, SEGS * MSS);
}

static void t_256(struct cert *c)
{
    with_sack(c);
    cert_offload(c);
    cert_peer(c, "1000:2460");
    cert_peer(c, "2460:3920");
    cert_wait(c, 5);
    cert_skip_segs(c);
    cert_peer(c, "1000:2460");
    cert_expect_seg(c, "ack=3920 sack=1000-2460");
    cert_peer(c, "6840:8300");
    cert_expect_seg(c, "ack=3920 sack=6840-8300");
    cert_peer(c, "6840:8300"); /* the duplicate first, then the block it lies in */
    cert_expect_seg(c, "ack=3920 sack=6840-8300,6840-8300");
}

static void t_263(struct cert *c)
{
    with_sack(c);
    cert_tcp(c)->delegated.snd_nxt = 19600;
    cert_tcp(c)->delegated.snd_max = 19600;
    cert_tcp(c)->delegated.retransmit_timeout_delta = 300;
    cert_chain(c, 14600);
    cert_offload(c);
    c->conn->peer.acks = true; /* and it has nothing: it reneged on what it SACKed */
    c->conn->peer.rcv_nxt = 5000;
    cert_send(c, 10000);
    cert_at(c, 60000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 14600);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 10000);
}

static void t_265(struct cert *c)
{
    with_sack(c);
    cert_offload(c);
    cert_send(c, 14600);
    cert_expect_stream(c, 5000, 19600);
    cert_at(c, 50);
    for (uint32_t i = 2; i <= 10; ++i) {
        cert_peer(c, "ack=5000 sack=6460-%u", 5000 + i * MSS);
    }
    cert_at(c, 100); /* at once, or when the time for reordering is over */
    cert_expect_data(c, "5000:6460");
    cert_expect_quiet(c);
    cert_peer(c, "ack=6460"); /* it has thrown away the rest */
    c->conn->peer.acks = true;
    c->conn->peer.rcv_nxt = 6460;
    cert_at(c, 60000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 14600);
}

/* Blocks that say nothing, between those that do (RFC-077). */
static void c_11c(struct cert *c)
{
    with_sack(c);
    cert_offload(c);
    cert_send(c, 5840);
    cert_expect_stream(c, 5000, 10840);
    cert_peer(c, "ack=5000 sack=9380-7920,6460-7920");
    cert_peer(c, "ack=5000 sack=20000-30000,6460-9380");
    cert_peer(c, "ack=5000 sack=6460-10840,6460-6460");
    cert_expect_data(c, "5000:6460");
    cert_expect_no_data(c, 50);
    cert_peer(c, "ack=10840");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 5840);
}

/* --- timeouts, idleness, what is carried over --- */

static void t_257(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 100000);
    cert_expect_stream(c, 5000, 19600);
    cert_expect_data(c, "5000:6460 t=300");
    cert_at(c, 320);
    cert_is(c, asked(c)->cwnd, MSS);
    cert_is(c, asked(c)->ssthresh, 7300);
    cert_expect_data(c, "5000:6460 t=900");
    cert_at(c, 920);
    cert_is(c, asked(c)->cwnd, MSS);
    cert_is(c, asked(c)->ssthresh, 7300);
    cert_expect_no_data(c, 1000);
    cert_peer(c, "ack=6460"); /* slow start from there */
    cert_expect_stream(c, 6460, 9380);
    cert_expect_no_data(c, 1100);
}

static void t_258(struct cert *c)
{
    uint32_t begin;
    uint32_t burst = 0;

    cert_scaling(c, 4, 0);
    cert_tcp(c)->delegated.snd_wnd = 1000000;
    cert_tcp(c)->delegated.max_snd_wnd = 1000000;
    cert_tcp(c)->delegated.cwnd = 100 * MSS;
    cert_tcp(c)->delegated.ssthresh = 100 * MSS;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_data(c, "5000:6000");
    cert_at(c, 50);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_at(c, 3200);
    begin = c->chart->cnt;
    cert_send(c, 1000000);
    cert_at(c, 3220);
    for (; begin < c->chart->cnt; ++begin) {
        if (c->chart->entries[begin].kind == CERT_SEG_OUT) {
            burst += c->chart->entries[begin].seg.len;
        }
    }
    cert_require(c, burst >= MSS && burst <= 10 * MSS);
}

/* ECN is off: what the peer marks is no congestion, and nothing is marked. */
static void t_262(struct cert *c)
{
    const struct cert_entry *entry;
    uint32_t cwnd;

    cert_tcp(c)->cached.tos = 0x2b;
    cert_offload(c);
    cert_send(c, 100000);
    entry = cert_expect_seg(c, "tos=40 noECE noCWR");
    cert_is(c, entry->seg.seq, 5000);
    cert_wait(c, 5);
    cert_skip_segs(c);
    cwnd = asked(c)->cwnd;
    cert_peer(c, "+1460 tos=3");
    cert_peer(c, "+1460 tos=3");
    cert_peer(c, "ack=6460 tos=3 ECE");
    cert_expect_seg(c, "ack=3920 tos=40 noECE noCWR");
    cert_require(c, asked(c)->cwnd >= cwnd);
}

static void t_264(struct cert *c)
{
    for (uint32_t i = 0; i < 2; ++i) {
        if (i > 0) {
            (void)cert_conn_add(c, c->paths[0]);
        }
        cert_tcp(c)->delegated.snd_nxt = 10840;
        cert_tcp(c)->delegated.snd_max = 10840;
        cert_tcp(c)->delegated.retransmit_timeout_delta = 5000;
        cert_tcp(c)->delegated.retransmit_cnt = i == 0 ? 1 : 0;
        cert_chain(c, 5840);
    }
    cert_offload(c);
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        for (uint32_t k = 0; k < 5; ++k) {
            cert_peer(c, "ack=5000");
        }
    }
    cert_expect_data(c, "5000:6460");
    (void)cert_use(c, 0);
    cert_expect_no_data(c, 50);
}

#define ROW(number, what, which, where, function)                                                  \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_TCPIP,              \
        .profiles = (where), .run = (function)                                                     \
    }

const struct cert_scenario cert_congestion_scenarios[] = {
    ROW("T-250", "slow start, and its limit of four segments", "RFC-035 RFC-038 CERT-2.10",
        CERT_COMPAT, t_250),
    ROW("T-251", "congestion avoidance counts bytes",
        "RFC-035..037 RFC-039 RFC-135 CERT-2.5 CERT-2.9", CERT_COMPAT, t_251),
    ROW("T-252", "limited transmit, then a fast retransmission", "RFC-040 RFC-042 RFC-045",
        CERT_COMPAT, t_252),
    ROW("C-11a", "what is no duplicate acknowledgment", "RFC-044", 0, c_11a),
    ROW("C-11b", "the slow start threshold after a loss", "RFC-040 RFC-041 CERT-2.6", CERT_COMPAT,
        c_11b),
    ROW("T-253", "two losses: a partial acknowledgment shows the second hole",
        "RFC-042 RFC-046 RFC-050 RFC-137", 0, t_253),
    ROW("T-254", "SACK: three of twenty lost, each sent once more in a round trip",
        "RFC-070 RFC-071 CERT-2.4", 0, t_254),
    ROW("T-255", "blocks of a peer without SACK are ignored", "RFC-046 RFC-070 CERT-2.4", 0, t_255),
    ROW("T-256", "a duplicate is reported in the first block", "RFC-073", 0, t_256),
    ROW("T-257", "a timeout: one segment, ssthresh once, then slow start",
        "RFC-048 RFC-131 RFC-143", CERT_COMPAT, t_257),
    ROW("T-258", "after an idle period the window is the initial one", "RFC-049", 0, t_258),
    ROW("T-262", "without ECN marks mean nothing, and none are sent", "RFC-090 RFC-091 RFC-093", 0,
        t_262),
    ROW("T-263", "nothing counts as SACKed after an offload", "RFC-074", 0, t_263),
    ROW("T-264", "old duplicates after a handed-over retransmission", "RFC-047", 0, t_264),
    ROW("T-265", "a peer that reneges", "RFC-075", 0, t_265),
    ROW("C-11c", "blocks that make no sense", "RFC-077", 0, c_11c),
    {.id = NULL},
};
