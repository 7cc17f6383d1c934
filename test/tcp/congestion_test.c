/* SPDX-License-Identifier: MIT */
/*
 * How much leaves, and how fast: validation of cwnd, HyStart++ and pacing, on connections alone and
 * behind a bottleneck.
 */
#include "support/bottleneck.h"
#include "support/luggage.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MSS 1460u

static const struct tcp_cc_ops *const controls[] = {&tcp_cc_newreno, &tcp_cc_cubic};

#define CONTROL_CNT (sizeof(controls) / sizeof(controls[0]))

/* --- validation --- */

static struct t_conn *validated(const struct tcp_cc_ops *cc, uint32_t ssthresh)
{
    static const struct t_options plain = {.sack = true, .modern = true, .srtt = 80};
    struct t_options opt = plain;
    struct t_conn *c;
    struct toe_tcp_state state;

    opt.ssthresh = ssthresh;
    c = t_conn_bare(&opt);
    state = t_conn_state(TOE_TCP_ESTABLISHED, &opt);
    c->cfg.cc = cc;
    c->cfg.validates_cwnd = true;
    assert_int_equal(t_conn_import(c, &state, 0), TOE_STATUS_SUCCESS);
    return c;
}

/* |cnt| round trips in which the application sends |segs| segments each. */
static void talk(struct t_conn *c, uint32_t cnt, uint32_t segs)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        const uint64_t from = c->acked;
        toe_instant at;

        t_app_write(c, segs * MSS);
        for (uint32_t k = 2; k <= segs; k += 2) {
            at = c->now - c->origin + T_MS(1);
            t_send(c, k == 2 ? at + T_MS(9) : at,
                   SEG(.seq = {1}, .ack = {1 + (uint32_t)from + k * MSS}));
        }
        t_forget(c);
    }
}

/* An application that sends less than cwnd learns nothing about a larger one (RFC-053). */
static void test_cwnd_is_held(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONTROL_CNT; ++i) {
        for (uint32_t ssthresh = 5 * MSS; ssthresh != 0;
             ssthresh = ssthresh == UINT32_MAX ? 0 : UINT32_MAX) {
            struct t_conn *c = validated(controls[i], ssthresh);

            talk(c, 50, 4);
            assert_int_equal(c->conn.cwnd, 14600);
            t_conn_del(c);
        }
    }
}

/* Where the application has more to say cwnd grows as ever: by what was in flight, once. */
static void test_cwnd_grows_when_full(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONTROL_CNT; ++i) {
        struct t_conn *c = validated(controls[i], UINT32_MAX);

        talk(c, 1, 12);
        assert_int_equal(c->conn.cwnd, 14600 + 10 * MSS);
        talk(c, 10, 12);
        assert_int_equal(c->conn.cwnd, 14600 + 10 * MSS);
        t_conn_del(c);
    }
}

/* What fills cwnd to the last segment, and nothing waits behind it, fills it (RFC 7661, 4.2). */
static void test_full_is_full(void **state)
{
    (void)state;
    for (uint32_t segs = 9; segs <= 10; ++segs) {
        struct t_conn *c = validated(&tcp_cc_newreno, UINT32_MAX);

        t_app_write(c, segs * MSS);
        t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1 + 2 * MSS}));
        assert_int_equal(c->conn.cwnd, segs == 10 ? 12 * MSS : 10 * MSS);
        t_conn_del(c);
    }
}

/* What the peer's window holds back is no reason to grow either. */
static void test_window_holds_cwnd(void **state)
{
    struct t_conn *c = validated(&tcp_cc_cubic, UINT32_MAX);

    (void)state;
    c->conn.snd_wnd = 5 * MSS;
    t_app_write(c, 100 * MSS);
    for (uint32_t i = 1; i < 20; ++i) {
        t_send(c, T_MS(10 * i), SEG(.seq = {1}, .ack = {1 + i * 5 * MSS}, .wnd = 5 * MSS));
        t_forget(c);
    }
    assert_int_equal(c->conn.cwnd, 14600);
    t_conn_del(c);
}

/* The time in which cwnd is held is none for CUBIC (RFC 9438, 4.2). */
static void test_cubic_stands_still(void **state)
{
    struct t_conn *c = validated(&tcp_cc_cubic, 5 * MSS);

    (void)state;
    t_app_write(c, 12 * MSS);
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1 + 2 * MSS}));
    assert_true(c->conn.cubic.epoch != TOE_INSTANT_NEVER);
    t_send(c, T_MS(11), SEG(.seq = {1}, .ack = {1 + 10 * MSS}));
    assert_true(c->conn.cubic.epoch != TOE_INSTANT_NEVER);
    t_send(c, T_MS(20), SEG(.seq = {1}, .ack = {1 + 12 * MSS}));
    t_app_write(c, 4 * MSS);
    t_send(c, T_MS(30), SEG(.seq = {1}, .ack = {1 + 16 * MSS}));
    assert_true(c->conn.cubic.epoch == TOE_INSTANT_NEVER);
    t_conn_del(c);
}

/* --- HyStart++ --- */

/* 50 Mbit/s, 40 ms, a buffer of as much: 250 kB each. */
static const struct t_link fat = {
    .rate = 50000000, .delay = 20 * TOE_NS_PER_MS, .buffer = 250000, .seed = 1};

/* The first slow start ends before a deep buffer overflows, and not before the link is full. */
static void test_slow_start_ends_in_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONTROL_CNT; ++i) {
        for (int has_hystart = 0; has_hystart < 2; ++has_hystart) {
            struct t_link link = fat;
            struct t_bottleneck *b;
            struct t_flow *flow;
            struct tcp_conn *conn;

            link.buffer = 2500000;
            b = t_bottleneck_new(&link);
            flow = t_bottleneck_add(b, controls[i]);
            conn = &flow->ends[0]->conn;
            flow->ends[0]->cfg.has_hystart = has_hystart != 0;
            t_bottleneck_run(b, T_MS(2500));
            print_message("%s%s: %llu lost, cwnd %u, ssthresh %u, %llu bytes\n", controls[i]->name,
                          has_hystart ? " with HyStart++" : "", (unsigned long long)flow->lost,
                          conn->cwnd, conn->ssthresh, (unsigned long long)flow->ends[0]->acked);
            assert_int_equal(flow->lost == 0, has_hystart);
            if (has_hystart) {
                assert_in_range(conn->ssthresh, 250000, 2500000);
                assert_true(flow->ends[1]->read > 12000000); /* of 15.6 million */
            }
            t_bottleneck_del(b);
        }
    }
}

/* Noise is no queue: where round trips shrink again slow start goes on. */
static void test_css_is_left_again(void **state)
{
    static struct tcp_config cfg = {
        .has_hystart = true, .tuning = TOE_TUNING_DEFAULT, .cc = &tcp_cc_cubic};
    static struct tcp_busy busy;
    struct tcp_conn conn = {
        .cfg = &cfg, .busy = &busy, .snd_mss = MSS, .cwnd = 20 * MSS, .ssthresh = UINT32_MAX};

    (void)state;
    conn.snd_max = toe_seq_add(conn.snd_una, 1);
    tcp_hystart_begin(&conn);
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 10; ++i) {
            conn.snd_una = toe_seq_add(conn.snd_una, i == 9);
            conn.snd_max = toe_seq_add(conn.snd_una, i == 9);
            tcp_hystart_ack(&conn, T_MS(round == 1 ? 50 : 40));
        }
        assert_int_equal(conn.busy->hystart.css > 0, round == 1);
    }
    assert_int_equal(conn.ssthresh, UINT32_MAX);
    for (int round = 0; round < 6; ++round) {
        for (int i = 0; i < 10; ++i) {
            conn.snd_una = toe_seq_add(conn.snd_una, i == 9);
            conn.snd_max = toe_seq_add(conn.snd_una, i == 9);
            tcp_hystart_ack(&conn, T_MS(60));
        }
    }
    assert_int_equal(conn.ssthresh, 20 * MSS);
}

/* --- pacing --- */

/* The most bytes that left within a millisecond, from the second round trip on. */
struct burst {
    toe_instant from;
    toe_instant at;
    uint64_t bytes;
    uint64_t most;
};

static void note_burst(void *user, uint32_t flow, const struct tcp_out *out, toe_instant now)
{
    struct burst *burst = user;

    (void)flow;
    if (now >= burst->at + TOE_NS_PER_MS) {
        burst->at = now;
        burst->bytes = 0;
    }
    burst->bytes += out->seg.payload_len;
    if (now > burst->from && burst->bytes > burst->most) {
        burst->most = burst->bytes;
    }
}

/* An application that writes a window at a time: unpaced it leaves as one burst, paced it is spread
 * over the round trip; it takes no longer than another half. */
static void test_pacing_spreads(void **state)
{
    uint64_t most[2];

    (void)state;
    for (int paced = 0; paced < 2; ++paced) {
        struct t_bottleneck *b = t_bottleneck_new(&fat);
        struct t_flow *flow = t_bottleneck_add(b, &tcp_cc_cubic);
        struct tcp_conn *conn = &flow->ends[0]->conn;
        struct burst burst = {.from = b->now + T_MS(100)};

        flow->ends[0]->cfg.is_paced = paced != 0;
        b->leave = note_burst;
        b->user = &burst;
        flow->chunk = 2 * MSS; /* to have a round trip time */
        t_bottleneck_run(b, T_MS(200));
        burst.most = 0;
        flow->chunk = 0;
        t_bottleneck_run(b, T_MS(200));
        conn->cwnd = 100 * MSS;
        conn->ssthresh = 50 * MSS;
        t_queue(flow->ends[0], 100 * MSS);
        t_bottleneck_run(b, T_MS(80));
        most[paced] = burst.most;
        assert_int_equal(flow->ends[0]->written, flow->ends[0]->acked);
        t_bottleneck_del(b);
    }
    print_message("most in a millisecond: %llu bytes, paced %llu\n", (unsigned long long)most[0],
                  (unsigned long long)most[1]);
    assert_int_equal(most[0], 100 * MSS);
    assert_in_range(most[1], 10 * MSS, 16 * MSS); /* the initial window, and a quantum */
}

/* A paced flow fills the link as well as one that is not. */
static void test_pacing_fills_the_link(void **state)
{
    uint64_t read[2];

    (void)state;
    for (int paced = 0; paced < 2; ++paced) {
        struct t_bottleneck *b = t_bottleneck_new(&fat);
        struct t_flow *flow = t_bottleneck_add(b, &tcp_cc_cubic);

        flow->ends[0]->cfg.is_paced = paced != 0;
        t_bottleneck_run(b, 10 * TOE_NS_PER_SEC);
        read[paced] = flow->ends[1]->read;
        t_bottleneck_del(b);
    }
    print_message("10 s: %llu bytes, paced %llu\n", (unsigned long long)read[0],
                  (unsigned long long)read[1]);
    assert_true(read[1] > read[0] - read[0] / 50);
}

/* Short round trips are not paced, and a timer is never set for them. */
static void test_fast_paths_are_not_paced(void **state)
{
    static const struct t_link fast = {
        .rate = 1000000000, .delay = 100000, .buffer = 50000, .seed = 1};
    struct t_bottleneck *b = t_bottleneck_new(&fast);
    struct t_flow *flow = t_bottleneck_add(b, &tcp_cc_cubic);

    (void)state;
    t_bottleneck_run(b, T_MS(50));
    assert_true(flow->ends[0]->conn.srtt < TCP_PACE_RTT_MIN);
    assert_int_equal(flow->ends[0]->conn.busy->pace_at, 0);
    assert_true(tcp_deadline_at(&flow->ends[0]->conn, TCP_DEADLINE_PACE) == TOE_INSTANT_NEVER);
    t_bottleneck_del(b);
}

/* --- BBR --- */

/* 10 Mbit/s, 50 ms, a buffer of two round trips. */
static const struct t_link slow = {
    .rate = 10000000, .delay = 25 * TOE_NS_PER_MS, .buffer = 125000, .seed = 1};

/* How much of the link |cc| uses in 20 s, in percent, headers counted. */
static uint32_t share_of(const struct tcp_cc_ops *cc, const struct t_link *link)
{
    struct t_bottleneck *b = t_bottleneck_new(link);
    struct t_flow *flow = t_bottleneck_add(b, cc);
    uint64_t wire;

    t_bottleneck_run(b, 20 * TOE_NS_PER_SEC);
    wire = flow->ends[1]->read / MSS * (MSS + 40);
    print_message("%s, %u of 10000 lost: %llu %%, %llu overflowed, %llu resent, srtt %llu us\n",
                  cc->name, link->loss, (unsigned long long)(wire * 8 * 100 / (link->rate * 20)),
                  (unsigned long long)flow->lost,
                  (unsigned long long)flow->ends[0]->conn.rexmit_cnt_total,
                  (unsigned long long)(flow->ends[0]->conn.srtt / 1000));
    t_bottleneck_del(b);
    return (uint32_t)(wire * 8 * 100 / (link->rate * 20));
}

/* Loss by chance is no congestion: BBR fills the link where CUBIC does not. */
static void test_bbr_fills_a_lossy_link(void **state)
{
    struct t_link lossy = slow;

    (void)state;
    assert_true(share_of(&tcp_cc_bbr, &slow) >= 90);
    lossy.loss = 100;
    for (lossy.seed = 1; lossy.seed <= 3; ++lossy.seed) {
        assert_true(share_of(&tcp_cc_bbr, &lossy) >= 90);
        assert_true(share_of(&tcp_cc_cubic, &lossy) < 80);
    }
}

/* Two flows share a link, the second one a while later, of one kind or of two. */
static void test_flows_share(void **state)
{
    static const struct {
        const struct tcp_cc_ops *first, *second;
        uint32_t most; /* times as much as the other */
    } cases[] = {
        {&tcp_cc_bbr, &tcp_cc_bbr, 2},
        {&tcp_cc_cubic, &tcp_cc_cubic, 2},
        {&tcp_cc_cubic, &tcp_cc_bbr, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_bottleneck *b = t_bottleneck_new(&slow);
        uint64_t before[2];
        uint64_t got[2];

        t_bottleneck_add(b, cases[i].first);
        t_bottleneck_run(b, 5 * TOE_NS_PER_SEC);
        t_bottleneck_add(b, cases[i].second);
        t_bottleneck_run(b, 25 * TOE_NS_PER_SEC);
        for (int k = 0; k < 2; ++k) {
            before[k] = b->flows[k].ends[1]->read;
        }
        t_bottleneck_run(b, 60 * TOE_NS_PER_SEC);
        for (int k = 0; k < 2; ++k) {
            got[k] = b->flows[k].ends[1]->read - before[k];
        }
        print_message("%s and %s: %llu and %llu bytes\n", cases[i].first->name,
                      cases[i].second->name, (unsigned long long)got[0],
                      (unsigned long long)got[1]);
        assert_true(got[0] < cases[i].most * got[1] && got[1] < cases[i].most * got[0]);
        assert_true(got[0] + got[1] > 60 * 1250000 / 10 * 9);
        t_bottleneck_del(b);
    }
}

/* A model that moves with an extension goes on; without one it is what cwnd and the round trip say.
 */
static void test_bbr_moves(void **state)
{
    struct t_bottleneck *b = t_bottleneck_new(&slow);
    struct t_flow *flow = t_bottleneck_add(b, &tcp_cc_bbr);
    struct t_conn *c = flow->ends[0];
    struct toe_tcp_state moved;
    struct t_luggage luggage;
    uint64_t before;
    uint64_t max_bw;

    (void)state;
    t_bottleneck_run(b, 5 * TOE_NS_PER_SEC);
    max_bw = c->conn.busy->bbr.max_bw[0];
    assert_in_range(max_bw + c->conn.busy->bbr.max_bw[1], 1100000, 2600000);
    before = flow->ends[1]->read;
    for (int i = 0; i < 20; ++i) {
        tcp_quiesce(&c->conn);
        t_settle(c);
        c->now = b->now;
        assert_int_equal(t_move(c, &luggage, 0), TCP_EXTENSION_TAKEN);
        free(luggage.bytes);
        assert_int_equal(luggage.ext.congestion, TOE_CONGESTION_BBR);
        t_bottleneck_run(b, T_MS(250));
    }
    print_message("moved 20 times in 5 s: %llu bytes\n",
                  (unsigned long long)(flow->ends[1]->read - before));
    assert_true(flow->ends[1]->read - before > 5 * 1250000 / 10 * 9);

    tcp_quiesce(&c->conn);
    t_settle(c);
    c->now = b->now;
    moved = t_exported(c);
    moved.delegated.ssthresh = moved.delegated.cwnd;
    t_reimport(c, &moved);
    assert_true(c->conn.busy->bbr.is_full);
    assert_in_range(c->conn.busy->bbr.max_bw[0],
                    (uint64_t)moved.delegated.cwnd * 8000 / (moved.delegated.srtt + 1u),
                    (uint64_t)moved.delegated.cwnd * 8000 / (moved.delegated.srtt - 1u));
    t_bottleneck_run(b, T_MS(250));
    t_bottleneck_del(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cwnd_is_held),
        cmocka_unit_test(test_cwnd_grows_when_full),
        cmocka_unit_test(test_full_is_full),
        cmocka_unit_test(test_window_holds_cwnd),
        cmocka_unit_test(test_cubic_stands_still),
        cmocka_unit_test(test_slow_start_ends_in_time),
        cmocka_unit_test(test_css_is_left_again),
        cmocka_unit_test(test_pacing_spreads),
        cmocka_unit_test(test_pacing_fills_the_link),
        cmocka_unit_test(test_fast_paths_are_not_paced),
        cmocka_unit_test(test_bbr_fills_a_lossy_link),
        cmocka_unit_test(test_flows_share),
        cmocka_unit_test(test_bbr_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
