/* SPDX-License-Identifier: MIT */
/* Explicit congestion notification: RFC-090 to RFC-093; RFC 3168, RFC 8511. */

#include "support/luggage.h"

#include "tcp/congestion.h"
#include "tcp/retransmit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MSS 1460u
#define BOTH (TCP_ECE | TCP_CWR)

static toe_seq nth(uint32_t i)
{
    return toe_seq_of(1 + MSS * i);
}

static uint8_t marks_of(const struct t_conn *c)
{
    return c->last.seg.flags & BOTH;
}

/* Lets a SYN of the peer arrive, with these flags as well. */
static void meet(struct t_conn *c, uint8_t flags)
{
    const struct tcp_segment syn = {
        .flags = (uint8_t)(TCP_SYN | flags), .ack = {1}, .wnd = 60000, .mss = MSS, .wscale = -1};

    assert_int_equal(tcp_input(&c->conn, &syn, c->now), TOE_DROP_NONE);
    t_settle(c);
}

/* What both know is what they use, and what a target is told (RFC-090). */
static void expect_agreed(struct t_conn *c, bool want)
{
    struct toe_tcp_const constant;

    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    tcp_export(&c->conn, &constant, NULL, NULL, c->now);
    assert_int_equal((constant.flags & TOE_TCP_ECN) != 0, want);
    t_forget(c);
    t_app_write(c, 100);
    t_expect(c, c->now - c->origin, SEG(.seq = {1}, .ack = {1}, .len = 100));
    assert_int_equal(c->last.seg.ecn, want ? TCP_ECN_ECT0 : TCP_ECN_NOT_ECT);
}

/* RFC 3168, 6.1.1: who says what in a SYN, and what follows from it. */
static void test_negotiation(void **state)
{
    static const struct {
        bool ecn, offer;
        bool is_active;
        uint8_t peer; /* flags of its SYN */
        uint8_t ours;
        bool want;
    } cases[] = {
        {false, false, true, TCP_ECE, 0, false},   {true, false, true, TCP_ECE, 0, false},
        {true, true, true, TCP_ECE, BOTH, true},   {true, true, true, 0, BOTH, false},
        {true, true, true, BOTH, BOTH, false},     {true, true, true, TCP_CWR, BOTH, false},
        {false, true, true, TCP_ECE, 0, false},    {false, false, false, BOTH, 0, false},
        {true, false, false, BOTH, TCP_ECE, true}, {true, true, false, BOTH, TCP_ECE, true},
        {true, false, false, TCP_ECE, 0, false},   {true, false, false, TCP_CWR, 0, false},
        {true, false, false, 0, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const struct t_options opt = {.ecn = cases[i].ecn, .ecn_offer = cases[i].offer};
        struct t_conn *c = t_conn_bare(&opt);
        const struct tcp_segment syn = {
            .flags = (uint8_t)(TCP_SYN | cases[i].peer), .wnd = 60000, .mss = MSS, .wscale = -1};

        if (cases[i].is_active) {
            tcp_open(&c->conn, toe_seq_of(0), c->now);
            t_expect(c, T_MS(0), SEG(.seq = {0}, .flags = TCP_SYN));
            assert_int_equal(marks_of(c), cases[i].ours);
            meet(c, TCP_ACK | cases[i].peer);
        } else {
            tcp_open_passive(&c->conn, &syn, toe_seq_of(0), c->now);
            t_expect(c, T_MS(0), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));
            assert_int_equal(marks_of(c), cases[i].ours);
            t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}));
        }
        expect_agreed(c, cases[i].want);
        t_conn_del(c);
    }
}

/* RFC 3168, 6.1.1.1: an offer that is not answered is not made again, and then holds no more. */
static void test_offer_is_dropped(void **state)
{
    const struct t_options opt = {.ecn = true, .ecn_offer = true};
    struct t_conn *c = t_conn_bare(&opt);

    (void)state;
    tcp_open(&c->conn, toe_seq_of(0), c->now);
    t_expect(c, T_MS(0), SEG(.seq = {0}, .flags = TCP_SYN));
    assert_int_equal(marks_of(c), BOTH);
    t_expect(c, T_MS(1000), SEG(.seq = {0}, .flags = TCP_SYN));
    assert_int_equal(marks_of(c), 0);
    meet(c, TCP_ACK | TCP_ECE);
    expect_agreed(c, false);
    t_conn_del(c);
}

/* Both open at the same time, both offer. */
static void test_simultaneous_open(void **state)
{
    const struct t_options opt = {.ecn = true, .ecn_offer = true};
    struct t_conn *c = t_conn_bare(&opt);

    (void)state;
    tcp_open(&c->conn, toe_seq_of(0), c->now);
    t_forget(c);
    meet(c, BOTH);
    t_expect(c, T_MS(0), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));
    assert_int_equal(marks_of(c), TCP_ECE);
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}));
    expect_agreed(c, true);
    t_conn_del(c);
}

/* New text is ECT(0), nothing else is: neither what goes again, nor probes, nor a FIN or
 * acknowledgment alone (RFC 3168, 6.1.4 to 6.1.6). */
static void test_only_new_text(void **state)
{
    const struct t_options opt = {.ecn = true};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);

    (void)state;
    t_app_write(c, MSS);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = MSS));
    assert_int_equal(c->last.seg.ecn, TCP_ECN_ECT0);
    t_expect(c, T_MS(1000), SEG(.seq = {1}, .ack = {1}, .len = MSS));
    assert_int_equal(c->last.seg.ecn, TCP_ECN_NOT_ECT);
    t_send(c, T_MS(1100), SEG(.seq = {1}, .ack = nth(1), .len = 100, .flags = TCP_PSH));
    t_expect(c, T_MS(1140), SEG(.seq = nth(1), .ack = {101}));
    assert_int_equal(c->last.seg.ecn, TCP_ECN_NOT_ECT);

    /* A probe of a closed window; what goes with its byte is new only in part. */
    t_send(c, T_MS(1200), SEG(.seq = {101}, .ack = nth(1), .wnd = T_ZERO_WINDOW));
    t_app_write(c, 500);
    t_advance(c, T_MS(6000));
    assert_true(c->out_cnt > 0);
    for (uint32_t i = 0; i < c->out_cnt; ++i) {
        assert_int_equal(c->out[(c->out_head + i) % T_OUT_MAX].seg.ecn, TCP_ECN_NOT_ECT);
    }
    t_forget(c);
    t_send(c, T_MS(6000), SEG(.seq = {101}, .ack = nth(1)));
    t_expect(c, T_MS(6000), SEG(.seq = nth(1), .ack = {101}, .len = 500));
    assert_int_equal(c->last.seg.ecn, TCP_ECN_NOT_ECT);
    t_send(c, T_MS(6010), SEG(.seq = {101}, .ack = toe_seq_add(nth(1), 500)));
    t_app_close(c);
    t_expect(c, T_MS(6010), SEG(.seq = toe_seq_add(nth(1), 500), .ack = {101}, .flags = TCP_FIN));
    assert_int_equal(c->last.seg.ecn, TCP_ECN_NOT_ECT);
    t_conn_del(c);
}

/* Marks are echoed by all that leaves, until CWR; the first of them, and CWR, at once. */
static void test_echo_until_cwr(void **state)
{
    const struct t_options opt = {.ecn = true};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 10, .ecn = TCP_ECN_ECT0));
    t_expect_silence(c, T_MS(1));
    t_send(c, T_MS(2), SEG(.seq = {11}, .ack = {1}, .ecn = TCP_ECN_CE));              /* no text */
    t_send(c, T_MS(2), SEG(.seq = {70000}, .ack = {1}, .len = 9, .ecn = TCP_ECN_CE)); /* outside */
    t_expect(c, T_MS(2), SEG(.seq = {1}, .ack = {11}));
    assert_int_equal(marks_of(c), 0);
    t_send(c, T_MS(3), SEG(.seq = {11}, .ack = {1}, .len = 10, .ecn = TCP_ECN_CE));
    t_expect(c, T_MS(3), SEG(.seq = {1}, .ack = {21}));
    assert_int_equal(marks_of(c), TCP_ECE);
    t_send(c, T_MS(4), SEG(.seq = {21}, .ack = {1}, .len = 10, .ecn = TCP_ECN_ECT0));
    t_expect(c, T_MS(44), SEG(.seq = {1}, .ack = {31}));
    assert_int_equal(marks_of(c), TCP_ECE);
    t_app_write(c, 100);
    t_expect(c, T_MS(44), SEG(.seq = {1}, .ack = {31}, .len = 100));
    assert_int_equal(marks_of(c), TCP_ECE);

    /* CWR and a new mark in the same segment: the mark is younger. */
    t_send(c, T_MS(50),
           SEG(.seq = {31}, .ack = {101}, .len = 10, .flags = TCP_CWR, .ecn = TCP_ECN_CE));
    t_expect(c, T_MS(50), SEG(.seq = {101}, .ack = {41}));
    assert_int_equal(marks_of(c), TCP_ECE);
    t_send(c, T_MS(51),
           SEG(.seq = {41}, .ack = {101}, .len = 10, .flags = TCP_CWR, .ecn = TCP_ECN_ECT0));
    t_expect(c, T_MS(51), SEG(.seq = {101}, .ack = {51}));
    assert_int_equal(marks_of(c), 0);
    t_conn_del(c);
}

/* RFC-093: nobody agreed. */
static void test_not_agreed(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_app_write(c, 2 * MSS);
    t_forget(c);
    t_send(c, T_MS(1),
           SEG(.seq = {1}, .ack = nth(1), .len = 10, .flags = TCP_ECE, .ecn = TCP_ECN_CE));
    t_expect(c, T_MS(41), SEG(.seq = nth(2), .ack = {11}));
    assert_int_equal(marks_of(c), 0);
    assert_true(c->conn.cwnd > 14600);
    t_conn_del(c);
}

/* Ten segments left, more wait; 20 segments are the window of |cc|. */
static struct t_conn *sender(const struct tcp_cc_ops *cc, uint32_t ssthresh, bool modern)
{
    const struct t_options opt = {.ecn = true,
                                  .modern = modern,
                                  .sack = modern,
                                  .cwnd = 10 * MSS,
                                  .ssthresh = ssthresh,
                                  .srtt = 800,
                                  .rttvar = 80};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);

    c->cfg.cc = cc;
    t_app_write(c, 100 * MSS);
    assert_int_equal(c->out_cnt, 10);
    t_forget(c);
    return c;
}

/* RFC 8511: less than after a loss, but only in congestion avoidance. */
static void test_by_how_much(void **state)
{
    static const struct {
        const struct tcp_cc_ops *cc;
        uint32_t ssthresh;
        uint32_t want;
    } cases[] = {
        {&tcp_cc_newreno, 10 * MSS, 8 * MSS},           {&tcp_cc_newreno, 11 * MSS, 5 * MSS},
        {&tcp_cc_cubic, 10 * MSS, 10 * MSS * 85 / 100}, {&tcp_cc_cubic, 11 * MSS, 7 * MSS},
        {&tcp_cc_none, 10 * MSS, TCP_CWND_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_conn *c = sender(cases[i].cc, cases[i].ssthresh, false);

        t_send(c, T_MS(10), SEG(.seq = {1}, .ack = nth(1), .flags = TCP_ECE));
        assert_int_equal(c->conn.cwnd, cases[i].want);
        assert_int_equal(c->conn.ssthresh, cases[i].want);
        t_forget(c);
        t_conn_del(c);
    }
}

/* One answer a round trip: until what has the CWR is acknowledged, echoes say nothing new. */
static void test_once_a_round_trip(void **state)
{
    struct t_conn *c = sender(&tcp_cc_newreno, 10 * MSS, false);
    const uint32_t cwnd = 8 * MSS;

    (void)state;
    for (uint32_t i = 1; i <= 2; ++i) {
        t_send(c, T_MS(10 + i), SEG(.seq = {1}, .ack = nth(i), .flags = TCP_ECE));
        t_expect_silence(c, T_MS(10 + i));
        assert_int_equal(c->conn.cwnd, cwnd);
    }
    t_send(c, T_MS(13), SEG(.seq = {1}, .ack = nth(3), .flags = TCP_ECE));
    t_expect(c, T_MS(13), SEG(.seq = nth(10), .ack = {1}, .len = MSS));
    assert_int_equal(marks_of(c), TCP_CWR);
    assert_int_equal(c->last.seg.ecn, TCP_ECN_ECT0);
    for (uint32_t i = 4; i <= 10; ++i) {
        t_send(c, T_MS(10 + i), SEG(.seq = {1}, .ack = nth(i), .flags = TCP_ECE));
        t_expect(c, T_MS(10 + i), SEG(.seq = nth(7 + i), .ack = {1}, .len = MSS));
        assert_int_equal(marks_of(c), 0);
        assert_int_equal(c->conn.cwnd, cwnd); /* and no growth: RFC 3168, 6.1.2 */
    }

    /* It got the CWR, and saw another mark. */
    t_send(c, T_MS(30), SEG(.seq = {1}, .ack = nth(11), .flags = TCP_ECE));
    assert_int_equal(c->conn.cwnd, cwnd * 8 / 10);
    t_forget(c);
    t_send(c, T_MS(31), SEG(.seq = {1}, .ack = nth(13)));
    assert_true(c->conn.cwnd > cwnd * 8 / 10);
    t_conn_del(c);
}

/* RFC 3168, 6.1.2: with cwnd at one segment an echo stops what is new for an RTO. */
static void test_least_window(void **state)
{
    const struct t_options opt = {.ecn = true, .cwnd = MSS, .ssthresh = 2 * MSS, .srtt = 800};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
    toe_duration rto;

    (void)state;
    t_app_write(c, 4 * MSS);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = MSS));
    t_send(c, T_MS(100), SEG(.seq = {1}, .ack = nth(1), .flags = TCP_ECE));
    rto = tcp_retransmit_rto(&c->conn);
    t_expect_silence(c, T_MS(100) + rto - 1);
    t_expect(c, T_MS(100) + rto, SEG(.seq = nth(1), .ack = {1}, .len = MSS));
    assert_int_equal(marks_of(c), TCP_CWR);
    assert_int_equal(c->conn.backoff, 0); /* It was no timeout. */
    t_send(c, T_MS(600), SEG(.seq = {1}, .ack = nth(2)));
    t_expect(c, T_MS(600), SEG(.seq = nth(2), .ack = {1}, .len = MSS));
    t_conn_del(c);

    /* The same with more outstanding: the retransmission timer begins anew, and decides. */
    c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
    c->conn.cwnd = 2 * MSS;
    t_app_write(c, 4 * MSS);
    c->conn.cwnd = MSS;
    t_forget(c);
    t_send(c, T_MS(100), SEG(.seq = {1}, .ack = nth(1), .flags = TCP_ECE));
    rto = tcp_retransmit_rto(&c->conn);
    t_expect_silence(c, T_MS(100) + rto - 1);
    t_expect(c, T_MS(100) + rto, SEG(.seq = nth(1), .ack = {1}, .len = MSS));
    t_send(c, T_MS(200) + rto, SEG(.seq = {1}, .ack = nth(2)));
    t_expect(c, T_MS(200) + rto, SEG(.seq = nth(2), .ack = {1}, .len = MSS));
    t_conn_del(c);

    /* A move does not wait for it: nobody would end that. */
    c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
    t_app_write(c, 2 * MSS);
    t_forget(c);
    t_send(c, T_MS(100), SEG(.seq = {1}, .ack = nth(1), .flags = TCP_ECE));
    tcp_quiesce(&c->conn);
    c->conn.quiesced = false; /* The target refused it. */
    t_settle(c);
    t_expect(c, T_MS(100), SEG(.seq = nth(1), .ack = {1}, .len = MSS));
    t_conn_del(c);
}

/* An echo that was overtaken, or that comes when nothing is on its way, is no news. */
static void test_stale_echoes(void **state)
{
    struct t_conn *c = sender(&tcp_cc_newreno, 10 * MSS, false);
    uint32_t cwnd;

    (void)state;
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = nth(4)));
    cwnd = c->conn.cwnd;
    t_send(c, T_MS(11), SEG(.seq = {1}, .ack = nth(2), .flags = TCP_ECE));
    assert_int_equal(c->conn.cwnd, cwnd);
    t_forget(c);
    t_conn_del(c);

    c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.ecn = true, .ssthresh = 14600});
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}, .len = 10, .flags = TCP_ECE));
    assert_int_equal(c->conn.cwnd, 14600);
    t_app_write(c, 10);
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {11}, .len = 10));
    assert_int_equal(marks_of(c), 0);
    t_conn_del(c);
}

/* Among what left is the segment at |seq| again, which may not be marked. */
static void expect_repeated(const struct t_conn *c, toe_seq seq)
{
    for (uint32_t i = 0; i < c->out_cnt; ++i) {
        const struct tcp_out *out = &c->out[(c->out_head + i) % T_OUT_MAX];

        if (toe_seq_eq(out->seg.seq, seq)) {
            assert_int_equal(out->seg.ecn, TCP_ECN_NOT_ECT);
            assert_int_equal(out->seg.flags & BOTH, 0);
            return;
        }
    }
    fail_msg("nothing at %u left", seq.v);
}

/* A loss and a mark of the same window are answered once; CWR tells of either. */
static void test_loss_and_mark(void **state)
{
    for (int modern = 0; modern <= 1; ++modern) {
        struct t_conn *c = sender(&tcp_cc_newreno, 10 * MSS, modern != 0);
        const bool by_sack = modern != 0;

        c->cfg.rack_threshold = true;

        (void)state;
        t_send(c, T_MS(10), SEG(.seq = {1}, .ack = nth(1), .flags = TCP_ECE));
        assert_int_equal(c->conn.ssthresh, 8 * MSS);
        for (uint32_t i = 2; i <= 4; ++i) {
            t_send(c, T_MS(10 + i),
                   SEG(.seq = {1}, .ack = nth(1), .flags = TCP_ECE,
                       .sack = {by_sack ? nth(2) : nth(0), by_sack ? nth(1 + i) : nth(0)}));
        }
        assert_true(c->conn.in_recovery);
        assert_int_equal(c->conn.ssthresh, 8 * MSS);
        assert_true(c->conn.rexmit_cnt_total == 1);
        expect_repeated(c, nth(1));
        t_forget(c);

        /* The end of the recovery; what comes next has the CWR, and is what an echo may be of. */
        t_send(c, T_MS(20), SEG(.seq = {1}, .ack = c->conn.recover, .flags = TCP_ECE));
        assert_false(c->conn.in_recovery);
        assert_int_equal(c->conn.ssthresh, 8 * MSS);
        t_forget(c);
        t_conn_del(c);
    }
}

/* After a timeout, too, the first that is new says CWR. */
static void test_timeout_says_cwr(void **state)
{
    struct t_conn *c = sender(&tcp_cc_newreno, 10 * MSS, false);
    uint32_t i;

    (void)state;
    t_expect(c, T_MS(300), SEG(.seq = {1}, .ack = {1}, .len = MSS));
    assert_int_equal(marks_of(c), 0);
    t_send(c, T_MS(310), SEG(.seq = {1}, .ack = nth(10)));
    t_expect(c, T_MS(310), SEG(.seq = nth(10), .ack = {1}, .len = MSS));
    assert_int_equal(marks_of(c), TCP_CWR);
    for (i = 0; c->out_cnt > 0; ++i) {
        t_expect(c, T_MS(310), SEG(.seq = nth(11 + i), .ack = {1}, .len = MSS));
        assert_int_equal(marks_of(c), 0);
    }
    assert_true(i > 0);
    t_conn_del(c);
}

/* A loss that was none is undone, unless a mark said that there was congestion. */
static void test_undo_and_mark(void **state)
{
    for (int marked = 0; marked <= 1; ++marked) {
        struct t_conn *c = sender(&tcp_cc_cubic, 20 * MSS, true);
        const uint8_t flags = marked != 0 ? TCP_ECE : 0;

        (void)state;
        t_advance(c, T_MS(700));
        assert_true(c->conn.rexmit_cnt_total > 0);
        t_forget(c);
        t_send(c, T_MS(710), SEG(.seq = {1}, .ack = nth(5), .flags = flags));
        assert_int_equal(c->conn.ssthresh, marked != 0 ? 7 * MSS : 20 * MSS);
        t_forget(c);
        t_conn_del(c);
    }
}

/* CWR is in one segment on the wire, so its super-segment is one. */
static void test_super_segments(void **state)
{
    struct t_conn *c = sender(&tcp_cc_newreno, 10 * MSS, false);

    (void)state;
    c->cfg.super_max = 65000;
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = nth(1), .flags = TCP_ECE));
    t_send(c, T_MS(11), SEG(.seq = {1}, .ack = nth(8)));
    t_expect(c, T_MS(11), SEG(.seq = nth(10), .ack = {1}, .len = MSS));
    assert_int_equal(marks_of(c), TCP_CWR);
    t_expect(c, T_MS(11), SEG(.seq = nth(11), .ack = {1}, .len = 5 * MSS));
    assert_int_equal(marks_of(c), 0);
    assert_int_equal(c->last.seg.ecn, TCP_ECN_ECT0);
    t_conn_del(c);
}

/* A connection that moves in the middle goes on as if it had stayed: with the extension. */
static void test_moves(void **state)
{
    struct t_conn *c = sender(&tcp_cc_newreno, 10 * MSS, false);
    struct t_luggage l;

    (void)state;
    t_send(c, T_MS(10),
           SEG(.seq = {1}, .ack = nth(1), .len = 10, .flags = TCP_ECE, .ecn = TCP_ECN_CE));
    t_forget(c);
    assert_int_equal(t_move(c, &l, 0), TCP_EXTENSION_TAKEN);
    assert_int_equal(l.ext.flags & (TOE_EXTENSION_ECE_DUE | TOE_EXTENSION_CWR_DUE),
                     TOE_EXTENSION_ECE_DUE | TOE_EXTENSION_CWR_DUE);
    assert_int_equal(l.ext.ecn_point, nth(10).v);
    free(l.bytes);
    t_forget(c);
    t_send(c, T_MS(11), SEG(.seq = {11}, .ack = nth(8), .flags = TCP_ECE));
    assert_int_equal(c->conn.cwnd, 8 * MSS);
    t_expect(c, T_MS(11), SEG(.seq = nth(10), .ack = {11}, .len = MSS));
    assert_int_equal(marks_of(c), BOTH);
    t_conn_del(c);
}

/* Without it: the agreement is in the flags, nothing is due, and the next echo counts. */
static void test_moves_without(void **state)
{
    struct t_conn *c = sender(&tcp_cc_newreno, 10 * MSS, false);
    struct toe_tcp_state s;

    (void)state;
    t_send(c, T_MS(10),
           SEG(.seq = {1}, .ack = nth(1), .len = 10, .flags = TCP_ECE, .ecn = TCP_ECN_CE));
    t_forget(c);
    s = t_exported(c);
    assert_int_equal(s.constant.flags, TOE_TCP_ECN);
    t_reimport(c, &s);
    t_forget(c);
    t_send(c, T_MS(11), SEG(.seq = {11}, .ack = nth(2), .flags = TCP_ECE));
    assert_int_equal(c->conn.cwnd, 8 * MSS * 8 / 10);
    t_forget(c);
    t_send(c, T_MS(12), SEG(.seq = {11}, .ack = nth(8)));
    t_expect(c, T_MS(12), SEG(.seq = nth(10), .ack = {11}, .len = MSS));
    assert_int_equal(marks_of(c), TCP_CWR);
    assert_int_equal(c->last.seg.ecn, TCP_ECN_ECT0);
    t_conn_del(c);
}

/* What an extension says of marks must fit to the rest. */
static void test_sense(void **state)
{
    static const struct {
        bool ecn;
        uint32_t flags;
        uint32_t point;
        enum tcp_extension_fate want;
    } cases[] = {
        {true, TOE_EXTENSION_ECE_DUE, 0, TCP_EXTENSION_TAKEN},
        {true, TOE_EXTENSION_CWR_DUE, 1 + 1000, TCP_EXTENSION_TAKEN},
        {true, 0, 1 + 1001, TCP_EXTENSION_IGNORED},
        {true, 0, UINT32_MAX, TCP_EXTENSION_IGNORED},
        {false, 0, 0, TCP_EXTENSION_TAKEN},
        {false, TOE_EXTENSION_ECE_DUE, 0, TCP_EXTENSION_IGNORED},
        {false, TOE_EXTENSION_CWR_DUE, 0, TCP_EXTENSION_IGNORED},
        {false, 0, 1, TCP_EXTENSION_IGNORED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const struct t_options opt = {.ecn = cases[i].ecn};
        struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
        struct toe_extension ext = {.size = sizeof(ext)};
        struct toe_tcp_state s;

        t_app_write(c, 1000);
        t_forget(c);
        s = t_exported(c);
        tcp_extension_export(&c->conn, &ext, c->now);
        ext.flags |= cases[i].flags;
        ext.ecn_point = cases[i].point;
        t_reimport(c, &s);
        assert_int_equal(tcp_extension_import(&c->conn, &ext, &s.delegated, c->now), cases[i].want);
        t_forget(c);
        t_conn_del(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_negotiation),
        cmocka_unit_test(test_offer_is_dropped),
        cmocka_unit_test(test_simultaneous_open),
        cmocka_unit_test(test_only_new_text),
        cmocka_unit_test(test_echo_until_cwr),
        cmocka_unit_test(test_not_agreed),
        cmocka_unit_test(test_by_how_much),
        cmocka_unit_test(test_once_a_round_trip),
        cmocka_unit_test(test_least_window),
        cmocka_unit_test(test_stale_echoes),
        cmocka_unit_test(test_loss_and_mark),
        cmocka_unit_test(test_timeout_says_cwr),
        cmocka_unit_test(test_undo_and_mark),
        cmocka_unit_test(test_super_segments),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_moves_without),
        cmocka_unit_test(test_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
