/* SPDX-License-Identifier: MIT */
/* The published vectors of delegated state: times, round trips, timestamps, what is refused. */

#include "support/conversation.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Where the clocks of the tests start, in ticks of a millisecond. */
static void set_clock(struct t_conn *c, uint32_t ticks)
{
    c->origin = T_MS(ticks);
    c->now = c->origin;
}

static struct toe_tcp_delegated query(struct t_conn *c)
{
    struct toe_tcp_delegated d = {0};

    tcp_export(&c->conn, NULL, NULL, &d, c->now);
    return d;
}

/* TV-RTT-1 to TV-RTT-3 */
static void test_round_trip_fields(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.srtt = 4, .rttvar = 2});

    (void)state;
    assert_true(c->conn.srtt == T_MS(1) / 2);
    assert_true(c->conn.rttvar == T_MS(1) / 2);
    c->conn.srtt = T_MS(25);
    c->conn.rttvar = T_MS(5);
    assert_int_equal(query(c).srtt, 200);
    assert_int_equal(query(c).rttvar, 20);
    c->conn.srtt = T_MS(9000);
    assert_int_equal(query(c).srtt, 65535);
    t_conn_del(c);
}

/* TV-TMR-1, TV-TMR-2 */
static void test_timer_fields(void **state)
{
    struct t_conn *c = t_conn_bare(NULL);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, NULL);

    (void)state;
    s.delegated.snd_nxt = 101;
    s.delegated.snd_max = 101;
    s.delegated.retransmit_timeout_delta = 300;
    assert_int_equal(t_conn_import(c, &s, 100), TOE_STATUS_SUCCESS);
    t_expect_silence(c, T_MS(120));
    assert_int_equal(query(c).ka_timeout_delta, TOE_TICKS_NONE);
    assert_int_equal(query(c).retransmit_timeout_delta, 180);
    t_conn_del(c);
}

/* TV-TMR-3 */
static void test_timer_is_due_at_once(void **state)
{
    struct t_conn *c = t_conn_bare(NULL);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, NULL);

    (void)state;
    s.delegated.snd_nxt = 101;
    s.delegated.snd_max = 101;
    s.delegated.retransmit_cnt = 2;
    s.delegated.retransmit_timeout_delta = 0;
    assert_int_equal(t_conn_import(c, &s, 100), TOE_STATUS_SUCCESS);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 100));
    assert_int_equal(query(c).retransmit_cnt, 3);
    t_conn_del(c);
}

/* TV-TMR-4 */
static void test_remaining_time_rounds_up(void **state)
{
    struct t_conn *c = t_conn_bare(NULL);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, NULL);

    (void)state;
    c->cfg.ticks_per_second = 10;
    s.delegated.snd_nxt = 101;
    s.delegated.snd_max = 101;
    s.delegated.retransmit_timeout_delta = 3;
    assert_int_equal(t_conn_import(c, &s, 100), TOE_STATUS_SUCCESS);
    t_expect_silence(c, T_MS(299));
    assert_int_equal(query(c).retransmit_timeout_delta, 1);
    t_conn_del(c);
}

/* TMR-010 */
static void test_missing_timer_is_started(void **state)
{
    struct t_conn *c = t_conn_bare(NULL);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, NULL);

    (void)state;
    s.delegated.snd_nxt = 101;
    s.delegated.snd_max = 101;
    assert_int_equal(t_conn_import(c, &s, 100), TOE_STATUS_SUCCESS);
    assert_int_equal(query(c).retransmit_timeout_delta, 1000);
    t_conn_del(c);
}

/* STATE-7: nothing happened, so nothing changed but time. */
static void test_nothing_changes(void **state)
{
    const struct t_options opt = {.timestamps = true, .ka_timeout = 7200000, .srtt = 801};
    struct t_conn *c = t_conn_bare(&opt);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, &opt);
    struct toe_tcp_delegated d;

    (void)state;
    s.delegated.snd_nxt = 101;
    s.delegated.snd_max = 101;
    s.delegated.retransmit_timeout_delta = 900;
    s.delegated.retransmit_cnt = 1;
    s.delegated.total_rt = 55;
    s.delegated.ka_timeout_delta = 5000;
    s.delegated.ts_recent_age = 4000000;
    s.delegated.dup_ack_cnt = 2;
    s.delegated.flags = 0xabcd;
    s.delegated.dwnd = 0xdeadbeef;
    assert_int_equal(t_conn_import(c, &s, 100), TOE_STATUS_SUCCESS);
    t_expect_silence(c, T_MS(100));
    d = query(c);
    assert_int_equal(d.retransmit_timeout_delta, 800);
    assert_int_equal(d.ka_timeout_delta, 4900);
    assert_int_equal(d.ts_recent_age, 4000100);
    assert_int_equal(d.ts_time, s.delegated.ts_time + 100);
    assert_int_equal(d.total_rt, 55);
    assert_int_equal(d.retransmit_cnt, 1);
    assert_int_equal(d.dup_ack_cnt, 2);
    assert_int_equal(d.srtt, 801);
    assert_int_equal(d.flags, 0xabcd);
    assert_int_equal(d.dwnd, 0xdeadbeef);
    t_conn_del(c);
}

/* A target at |ticks| that is given a connection whose clock shows |ts_time|; one sent byte. */
static struct t_conn *target_at(uint32_t ticks, uint32_t ts_time)
{
    const struct t_options opt = {.timestamps = true};
    struct t_conn *c = t_conn_bare(&opt);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, &opt);

    set_clock(c, ticks);
    s.delegated.ts_time = ts_time;
    s.delegated.snd_nxt = 2;
    s.delegated.snd_max = 2;
    s.delegated.retransmit_timeout_delta = 100000;
    assert_int_equal(t_conn_import(c, &s, 1), TOE_STATUS_SUCCESS);
    return c;
}

/* V1, rows 2 to 7, and row 9 at a host whose clock did not drift. */
static void test_timestamps_v1(void **state)
{
    struct t_conn *c = target_at(200, 100);
    struct t_conn *host;

    (void)state;
    assert_int_equal(c->conn.ts_delta, 0xffffff9cu);
    t_send(c, T_MS(5), SEG(.seq = {1}, .ack = {2}, .ts = 5, .ecr = 100));
    assert_true(c->conn.srtt == T_MS(5));
    t_advance(c, T_MS(10));
    t_app_write(c, 10);
    t_expect(c, T_MS(10), SEG(.seq = {2}, .ack = {1}, .len = 10, .ts = 110));
    c->conn.srtt = 0;
    t_send(c, T_MS(15), SEG(.seq = {1}, .ack = {12}, .ts = 6, .ecr = 110));
    assert_true(c->conn.srtt == T_MS(5));
    t_advance(c, T_MS(50));
    t_app_write(c, 10);
    t_expect(c, T_MS(50), SEG(.seq = {12}, .ack = {1}, .len = 10, .ts = 150));
    assert_int_equal(query(c).ts_time, 150);
    t_conn_del(c);

    host = target_at(150, 150);
    assert_int_equal(host->conn.ts_delta, 0);
    t_send(host, T_MS(5), SEG(.seq = {1}, .ack = {2}, .ts = 7, .ecr = 150));
    assert_true(host->conn.srtt == T_MS(5));
    t_conn_del(host);
}

/* V2: the host's clock drifts, and the connection is offloaded again. */
static void test_timestamps_v2(void **state)
{
    struct t_conn *host = target_at(200, 150);
    struct t_conn *c;

    (void)state;
    assert_int_equal(host->conn.ts_delta, (uint32_t)-50);
    t_send(host, T_MS(5), SEG(.seq = {1}, .ack = {2}, .ts = 5, .ecr = 150));
    assert_true(host->conn.srtt == T_MS(5));
    t_advance(host, T_MS(50));
    t_app_write(host, 10);
    t_expect(host, T_MS(50), SEG(.seq = {2}, .ack = {1}, .len = 10, .ts = 200));
    t_advance(host, T_MS(200));
    assert_int_equal(query(host).ts_time, 350);
    t_conn_del(host);

    c = target_at(320, 350);
    assert_int_equal(c->conn.ts_delta, 30);
    t_send(c, T_MS(5), SEG(.seq = {1}, .ack = {2}, .ts = 5, .ecr = 350));
    assert_true(c->conn.srtt == T_MS(5));
    t_conn_del(c);
}

/* V3: the clock wraps. */
static void test_timestamps_v3(void **state)
{
    struct t_conn *c = target_at(0xfffffff0u, 0x10);

    (void)state;
    assert_int_equal(c->conn.ts_delta, 0x20);
    t_advance(c, T_MS(10));
    t_app_write(c, 1);
    t_expect(c, T_MS(10), SEG(.seq = {2}, .ack = {1}, .len = 1, .ts = 0x1a));
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {2}, .ts = 5, .ecr = 0x10));
    assert_true(c->conn.srtt == T_MS(10));
    t_conn_del(c);
}

/* RTT-020, RTT-021 */
static void test_bogus_echoes(void **state)
{
    struct t_conn *c = target_at(200, 100);

    (void)state;
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {2}, .ts = 5, .ecr = 5000));
    assert_true(c->conn.srtt == 0);
    t_app_write(c, 1);
    t_forget(c);
    t_send(c, T_MS(2), SEG(.seq = {1}, .ack = {3}, .ts = 5, .ecr = 0));
    assert_true(c->conn.srtt == 0);
    t_conn_del(c);
}

/* T-129: what was to be repeated goes first, apart from what is new. */
static void test_repeats_first(void **state)
{
    const struct t_options opt = {.seq = 4999};
    struct t_conn *c = t_conn_bare(&opt);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, &opt);

    (void)state;
    s.delegated.snd_max = 6600;
    assert_int_equal(t_conn_import(c, &s, 3000), TOE_STATUS_SUCCESS);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_expect(c, T_MS(0), SEG(.seq = {1461}, .ack = {1}, .len = 140));
    assert_true(c->last.is_retransmission);
    t_expect(c, T_MS(0), SEG(.seq = {1601}, .ack = {1}, .len = 1400));
    assert_false(c->last.is_retransmission);
    t_conn_del(c);
}

/* NEW-3, STATE-TD-35, SND-065, SND-066 */
static void test_what_is_refused(void **state)
{
    static const struct {
        enum toe_conn_state state;
        uint32_t len, nxt, max;
        bool good;
    } cases[] = {
        {TOE_TCP_LISTEN, 0, 0, 0, false},         {TOE_TCP_SYN_SENT, 0, 0, 0, false},
        {TOE_TCP_SYN_RCVD, 0, 0, 0, false},       {TOE_TCP_TIME_WAIT, 0, 0, 0, false},
        {TOE_TCP_CLOSED, 0, 0, 0, false},         {TOE_TCP_ESTABLISHED, 10, 10, 10, true},
        {TOE_TCP_ESTABLISHED, 10, 10, 11, false}, {TOE_TCP_ESTABLISHED, 10, 5, 4, false},
        {TOE_TCP_FIN_WAIT_1, 10, 11, 11, true},   {TOE_TCP_FIN_WAIT_1, 10, 0, 12, false},
        {TOE_TCP_FIN_WAIT_2, 0, 0, 0, true},      {TOE_TCP_FIN_WAIT_2, 1, 0, 0, false},
        {TOE_TCP_LAST_ACK, 0, 1, 1, true},        {TOE_TCP_CLOSING, 0, 0, 0, true},
        {TOE_TCP_CLOSE_WAIT, 0, 1, 1, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_conn *c = t_conn_bare(NULL);
        struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, NULL);
        const struct tcp_conn before = c->conn;

        c->cfg.time_wait_uploads = true;
        s.delegated.state = cases[i].state;
        s.delegated.snd_nxt = s.delegated.snd_una + cases[i].nxt;
        s.delegated.snd_max = s.delegated.snd_una + cases[i].max;
        if (t_conn_import(c, &s, cases[i].len) !=
            (cases[i].good ? TOE_STATUS_SUCCESS : TOE_STATUS_FAILURE)) {
            fail_msg("case %zu", i);
        }
        if (!cases[i].good && cases[i].len == 0) {
            assert_memory_equal(&before, &c->conn, sizeof(before));
        }
        t_conn_del(c);
    }
}

/* RFC-132, RFC-061 */
static void test_odd_values_are_tamed(void **state)
{
    const struct t_options opt = {.wscale = 15};
    struct t_conn *c = t_conn_bare(&opt);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, &opt);
    struct toe_tcp_const constant;

    (void)state;
    s.delegated.cwnd = 0;
    s.constant.flags |= 0x8000;
    assert_int_equal(t_conn_import(c, &s, 0), TOE_STATUS_SUCCESS);
    assert_int_equal(c->conn.cwnd, 1460);
    assert_int_equal(c->conn.snd_wscale, 14);
    tcp_export(&c->conn, &constant, NULL, NULL, c->now);
    assert_int_equal(constant.flags, s.constant.flags); /* STATE-TC-9 */
    t_conn_del(c);
}

/* TMR-021, SEG-065: an acknowledgment that is owed leaves, and nothing else. */
static void test_quiesce(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.sack = true});

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {501}, .ack = {1}, .len = 10));
    t_forget(c);
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 10));
    t_forget(c);
    t_send(c, T_MS(0), SEG(.seq = {11}, .ack = {1}, .len = 10));
    t_forget(c);
    t_send(c, T_MS(0), SEG(.seq = {501}, .ack = {1}, .len = 10));
    t_forget(c);
    c->conn.ack_now = true;
    tcp_quiesce(&c->conn);
    t_queue(c, 100);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {21}));
    assert_int_equal(c->last.seg.sack_cnt, 0);
    t_expect_silence(c, T_MS(100));
    t_conn_del(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_fields),
        cmocka_unit_test(test_timer_fields),
        cmocka_unit_test(test_timer_is_due_at_once),
        cmocka_unit_test(test_remaining_time_rounds_up),
        cmocka_unit_test(test_missing_timer_is_started),
        cmocka_unit_test(test_nothing_changes),
        cmocka_unit_test(test_timestamps_v1),
        cmocka_unit_test(test_timestamps_v2),
        cmocka_unit_test(test_timestamps_v3),
        cmocka_unit_test(test_bogus_echoes),
        cmocka_unit_test(test_repeats_first),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_odd_values_are_tamed),
        cmocka_unit_test(test_quiesce),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
