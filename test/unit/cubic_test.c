/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/congestion.h"
#include "tcp/conn.h"

#define MSS 1460u
#define MS TOE_NS_PER_MS

static const struct tcp_config config = {.initial_window = 10,
                                         .tuning = TOE_TUNING_DEFAULT,
                                         .cc = &tcp_cc_cubic,
                                         .ssthresh_flight = true};

static struct tcp_conn conn_new(void)
{
    static struct tcp_busy busy;
    struct tcp_conn conn = {.cfg = &config, .busy = &busy, .snd_mss = MSS, .snd_wnd = TCP_CWND_MAX};

    tcp_cc_cubic.init(&conn);
    return conn;
}

/* Puts |cwnd| bytes in flight and lets the first segment of them be lost. */
static void lose(struct tcp_conn *conn, uint32_t cwnd, toe_instant now)
{
    conn->cwnd = cwnd;
    conn->snd_max = toe_seq_add(conn->snd_una, cwnd);
    tcp_cc_cubic.loss(conn, now);
    conn->cwnd = conn->ssthresh;
}

/* One round trip: all of cwnd is acknowledged, two segments at a time. */
static void round_trip(struct tcp_conn *conn, toe_instant *now, toe_duration rtt)
{
    const uint32_t acks = conn->cwnd / (2 * MSS);

    for (uint32_t i = 0; i < acks; ++i) {
        *now += rtt / acks;
        tcp_cc_cubic.ack(conn, 2 * MSS, *now);
    }
}

/* ssthresh is 7/10 of the flight; W_max gives way when the share shrinks (RFC 9438, 4.6, 4.7). */
static void test_loss(void **state)
{
    struct tcp_conn conn = conn_new();

    (void)state;
    lose(&conn, 100 * MSS, 0);
    assert_int_equal(conn.ssthresh, 70 * MSS);
    assert_int_equal(conn.cubic.w_max, 100 * MSS);
    lose(&conn, 80 * MSS, 0);
    assert_int_equal(conn.ssthresh, 56 * MSS);
    assert_int_equal(conn.cubic.w_max, 68 * MSS);
    assert_int_equal(conn.cubic.cwnd_prior, 80 * MSS);
    lose(&conn, MSS, 0);
    assert_int_equal(conn.ssthresh, 2 * MSS);
}

/*
 * After a loss at 1000 segments cwnd is back at W_max after K = cbrt(0.3 * 1000 / 0.4) = 9.09 s,
 * flat around it, and never a good deal off W(t) in between.
 */
static void test_curve(void **state)
{
    struct tcp_conn conn = conn_new();
    toe_instant now = 100 * TOE_NS_PER_SEC;
    const toe_duration rtt = 100 * MS;
    toe_instant start;
    uint32_t before;

    (void)state;
    conn.srtt = rtt;
    lose(&conn, 1000 * MSS, now);
    start = now;
    round_trip(&conn, &now, rtt);
    assert_in_range(conn.cubic.k, 9300, 9310);
    while (now < start + 8 * TOE_NS_PER_SEC) {
        const double t = (double)(now + rtt - start) / 1e9 - 9.0856;
        const double want = 1000 + 0.4 * t * t * t;

        round_trip(&conn, &now, rtt);
        assert_in_range(conn.cwnd / MSS, (uint32_t)(want - 8), (uint32_t)(want + 8));
    }
    before = conn.cwnd;
    while (now < start + 10 * TOE_NS_PER_SEC) {
        round_trip(&conn, &now, rtt);
    }
    assert_in_range(conn.cwnd, before, before + 3 * MSS);
    while (now < start + 19 * TOE_NS_PER_SEC) {
        round_trip(&conn, &now, rtt);
    }
    assert_in_range(conn.cwnd / MSS, 1300, 1500);
}

/* On a short path cwnd grows as NewReno's would: 9/17 segments a round trip, then one (4.3). */
static void test_friendly_region(void **state)
{
    struct tcp_conn conn = conn_new();
    toe_instant now = TOE_NS_PER_SEC;
    const toe_duration rtt = MS;

    (void)state;
    conn.srtt = rtt;
    lose(&conn, 40 * MSS, now);
    assert_int_equal(conn.cwnd, 28 * MSS);
    for (int i = 0; i < 17; ++i) {
        round_trip(&conn, &now, rtt);
    }
    assert_in_range(conn.cwnd, 28 * MSS + 8 * MSS, 28 * MSS + 9 * MSS);
    for (int i = 0; i < 17; ++i) {
        round_trip(&conn, &now, rtt);
    }
    assert_in_range(conn.cwnd, 49 * MSS, 52 * MSS);
    lose(&conn, 40 * MSS, now);
    conn.cubic.cwnd_prior = 0;
    for (int i = 0; i < 10; ++i) {
        round_trip(&conn, &now, rtt);
    }
    assert_in_range(conn.cwnd, 28 * MSS + 9 * MSS, 28 * MSS + 10 * MSS);
}

/* Slow start is that of all; the first avoidance without a loss begins on its plateau (4.10). */
static void test_slow_start(void **state)
{
    struct tcp_conn conn = conn_new();

    (void)state;
    assert_int_equal(conn.cwnd, 10 * MSS);
    tcp_cc_cubic.ack(&conn, 2 * MSS, 0);
    assert_int_equal(conn.cwnd, 12 * MSS);
    conn.ssthresh = 12 * MSS;
    tcp_cc_cubic.ack(&conn, 2 * MSS, 5);
    assert_int_equal(conn.cubic.k, 0);
    assert_int_equal(conn.cubic.w_max, 12 * MSS);
}

/* A timeout sets cwnd to one segment; the avoidance after it begins on its plateau (4.8). */
static void test_rto(void **state)
{
    struct tcp_conn conn = conn_new();

    (void)state;
    conn.cwnd = 100 * MSS;
    conn.snd_max = toe_seq_add(conn.snd_una, 50 * MSS);
    tcp_cc_cubic.rto(&conn, true, 0);
    assert_int_equal(conn.cwnd, MSS);
    assert_int_equal(conn.ssthresh, 35 * MSS);
    tcp_cc_cubic.rto(&conn, false, 0);
    assert_int_equal(conn.ssthresh, 35 * MSS);
    conn.cwnd = conn.ssthresh;
    tcp_cc_cubic.ack(&conn, MSS, 0);
    assert_int_equal(conn.cubic.k, 0);
}

/* An import begins an epoch below the larger one of cwnd and ssthresh (RFC-051). */
static void test_import(void **state)
{
    static const struct {
        const char *name;
        uint32_t cwnd, ssthresh;
        uint32_t want;
    } cases[] = {
        {"avoidance", 20 * MSS, 10 * MSS, 20 * MSS},
        {"slow start after a loss", 5 * MSS, 30 * MSS, 30 * MSS},
        {"no loss yet", 5 * MSS, UINT32_MAX, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct tcp_conn conn = conn_new();

        conn.cwnd = cases[i].cwnd;
        conn.ssthresh = cases[i].ssthresh;
        tcp_cc_cubic.import(&conn, 1);
        if (conn.cubic.w_max != cases[i].want || conn.cwnd != cases[i].cwnd) {
            fail_msg("%s: %u", cases[i].name, conn.cubic.w_max);
        }
    }
}

/* Idle time is no growth, and no number is too large. */
static void test_extremes(void **state)
{
    struct tcp_conn conn = conn_new();

    (void)state;
    conn.cwnd = 100 * MSS;
    conn.ssthresh = 50 * MSS;
    tcp_cc_cubic.ack(&conn, MSS, 0);
    tcp_cc_cubic.idle(&conn, 500 * TOE_NS_PER_SEC);
    assert_int_equal(conn.cwnd, 10 * MSS);
    assert_true(conn.cubic.epoch == TOE_INSTANT_NEVER);

    conn.cwnd = MSS;
    conn.ssthresh = MSS;
    conn.cubic.w_max = UINT32_MAX;
    tcp_cc_cubic.ack(&conn, UINT32_MAX, 0);
    for (int i = 0; i < 2000; ++i) {
        const uint32_t before = conn.cwnd;

        tcp_cc_cubic.ack(&conn, UINT32_MAX, (toe_instant)i << 50);
        assert_true(conn.cwnd >= before);
    }
    assert_int_equal(conn.cwnd, TCP_CWND_MAX);
    conn.snd_mss = 1;
    conn.cwnd = UINT32_MAX;
    conn.cubic.epoch = TOE_INSTANT_NEVER;
    tcp_cc_cubic.ack(&conn, UINT32_MAX, 0);
    tcp_cc_cubic.ack(&conn, UINT32_MAX, TOE_INSTANT_NEVER - 1);
    assert_int_equal(conn.cwnd, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_curve),
        cmocka_unit_test(test_friendly_region),
        cmocka_unit_test(test_slow_start),
        cmocka_unit_test(test_rto),
        cmocka_unit_test(test_import),
        cmocka_unit_test(test_extremes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
