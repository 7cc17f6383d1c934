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

static struct tcp_config config = {
    .initial_window = 10, .tuning = TOE_TUNING_DEFAULT, .cc = &tcp_cc_newreno};

static struct tcp_conn conn_with(uint32_t cwnd, uint32_t ssthresh)
{
    static struct tcp_busy busy;

    return (struct tcp_conn){.cfg = &config,
                             .busy = &busy,
                             .snd_mss = 1460,
                             .cwnd = cwnd,
                             .ssthresh = ssthresh,
                             .snd_wnd = 1 << 20};
}

/* Growth by one acknowledgment: RFC-036, RFC-037, RFC-038 and the vectors of RFC-039. */
static void test_growth(void **state)
{
    static const struct {
        const char *name;
        uint32_t cwnd, ssthresh, acked;
        uint32_t want;
    } cases[] = {
        {"avoidance, one segment", 14600, 14600, 1460, 146},
        {"avoidance, two", 14600, 14600, 2920, 292},
        {"avoidance, no more than four count", 14600, 14600, 14600, 584},
        {"avoidance, at least one byte", 10000000, 10000, 1460, 1},
        {"avoidance, cwnd of one segment", 1460, 1460, 1460, 1460},
        {"avoidance at ssthresh", 20000, 20000, 1460, 106},
        {"slow start below it", 19999, 20000, 1460, 1460},
        {"slow start, few bytes", 14600, UINT32_MAX, 100, 100},
        {"slow start, no more than four count", 14600, UINT32_MAX, 14600, 5840},
        {"up to the limit", TCP_CWND_MAX - 5, UINT32_MAX, 1460, 5},
        {"not beyond it", TCP_CWND_MAX + 5, UINT32_MAX, 1460, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct tcp_conn conn = conn_with(cases[i].cwnd, cases[i].ssthresh);

        tcp_cc_newreno.ack(&conn, cases[i].acked, 0);
        if (conn.cwnd - cases[i].cwnd != cases[i].want) {
            fail_msg("%s: %u", cases[i].name, conn.cwnd - cases[i].cwnd);
        }
    }
}

/* ssthresh after a loss: the vectors of RFC-041, and half of the flight where that is chosen. */
static void test_loss(void **state)
{
    static const struct {
        const char *name;
        uint32_t cwnd, wnd, flight;
        bool by_flight;
        uint32_t want;
    } cases[] = {
        {"half of the window", 20000, 8000, 14600, false, 4000},
        {"not below two segments", 3000, 60000, 2920, false, 2920},
        {"window of 64 KiB", 100000, 65535, 65535, false, 32767},
        {"half of cwnd", 20000, 65535, 5000, false, 10000},
        {"half of the flight", 20000, 65535, 14600, true, 7300},
        {"flight of next to nothing", 20000, 65535, 100, true, 2920},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct tcp_conn conn = conn_with(cases[i].cwnd, UINT32_MAX);

        conn.snd_wnd = cases[i].wnd;
        conn.snd_una = toe_seq_of(0xfffff000);
        conn.snd_max = toe_seq_add(conn.snd_una, cases[i].flight);
        config.ssthresh_flight = cases[i].by_flight;
        tcp_cc_newreno.loss(&conn, 0);
        if (conn.ssthresh != cases[i].want || conn.cwnd != cases[i].cwnd) {
            fail_msg("%s: %u", cases[i].name, conn.ssthresh);
        }
    }
    config.ssthresh_flight = false;
}

/* Only the first timeout of a segment sets ssthresh; each sets cwnd to one segment (RFC-048). */
static void test_rto(void **state)
{
    struct tcp_conn conn = conn_with(29200, UINT32_MAX);

    (void)state;
    tcp_cc_newreno.rto(&conn, true, 0);
    assert_int_equal(conn.cwnd, 1460);
    assert_int_equal(conn.ssthresh, 14600);
    tcp_cc_newreno.rto(&conn, false, 0);
    assert_int_equal(conn.cwnd, 1460);
    assert_int_equal(conn.ssthresh, 14600);
}

/* The initial window is that of RFC 6928, also for small and large segments, and after idling. */
static void test_initial_window(void **state)
{
    static const struct {
        uint16_t mss;
        uint32_t segments;
        uint32_t want;
    } cases[] = {
        {1460, 10, 14600}, {536, 10, 5360}, {2000, 10, 14600}, {9000, 10, 18000},
        {9000, 1, 9000},   {1460, 3, 4380}, {9000, 3, 18000},  {1448, 1, 1448},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct tcp_conn conn = conn_with(0, 0);

        conn.snd_mss = cases[i].mss;
        config.initial_window = cases[i].segments;
        tcp_cc_newreno.init(&conn);
        assert_int_equal(conn.cwnd, cases[i].want);
        assert_true(conn.cwnd < conn.ssthresh);

        conn.cwnd *= 3;
        tcp_cc_newreno.idle(&conn, 0);
        assert_int_equal(conn.cwnd, cases[i].want);
        conn.cwnd -= 1;
        tcp_cc_newreno.idle(&conn, 0);
        assert_int_equal(conn.cwnd, cases[i].want - 1);
    }
    config.initial_window = 10;
}

/* What was handed over is gone on with, unless there is no cwnd to speak of (RFC-035, RFC-132). */
static void test_import(void **state)
{
    struct tcp_conn conn = conn_with(5000, 3000);

    (void)state;
    tcp_cc_newreno.import(&conn, 0);
    assert_int_equal(conn.cwnd, 5000);
    assert_int_equal(conn.ssthresh, 3000);
    conn.cwnd = 0;
    tcp_cc_newreno.import(&conn, 0);
    assert_int_equal(conn.cwnd, 1460);
}

/* Without control nothing moves cwnd. */
static void test_none(void **state)
{
    struct tcp_conn conn = conn_with(0, 0);

    (void)state;
    tcp_cc_none.init(&conn);
    tcp_cc_none.ack(&conn, 1460, 0);
    tcp_cc_none.loss(&conn, 0);
    tcp_cc_none.rto(&conn, true, 0);
    tcp_cc_none.idle(&conn, 0);
    assert_int_equal(conn.cwnd, TCP_CWND_MAX);
    conn.cwnd = 5;
    tcp_cc_none.import(&conn, 0);
    assert_int_equal(conn.cwnd, TCP_CWND_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth), cmocka_unit_test(test_loss),
        cmocka_unit_test(test_rto),    cmocka_unit_test(test_initial_window),
        cmocka_unit_test(test_import), cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
