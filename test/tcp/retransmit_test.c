/* SPDX-License-Identifier: MIT */
/* The retransmission timer: back-off, limits, what a timeout does (RFC 6298, TMR-080 to TMR-096).
 */

#include "support/conversation.h"
#include "tcp/deadline.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The first segment is lost: it is resent when the RTO expires, and the RTO doubles. */
static void test_rto_backs_off(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_app_write(c, 1000);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 1000));
    t_expect_silence(c, T_MS(999));
    t_expect(c, T_MS(1000), SEG(.seq = {1}, .ack = {1}, .len = 1000));
    assert_true(c->last.is_retransmission);
    t_expect_silence(c, T_MS(2999));
    t_expect(c, T_MS(3000), SEG(.seq = {1}, .ack = {1}, .len = 1000));
    t_expect_silence(c, T_MS(6999));
    t_expect(c, T_MS(7000), SEG(.seq = {1}, .ack = {1}, .len = 1000));
    t_conn_del(c);
}

/* However often, the interval stops at rto_max. */
static void test_rto_has_a_ceiling(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);
    toe_instant at = 0;

    (void)state;
    t_app_write(c, 10);
    for (int i = 0; i <= 10; ++i) {
        const toe_instant interval = (UINT64_C(1) << i) * 1000;

        t_expect(c, at, SEG(.seq = {1}, .ack = {1}, .len = 10));
        at += T_MS(interval < 60000 ? interval : 60000);
    }
    t_conn_del(c);
}

/* TV-MRT-1: five retransmissions, and the next expiry gives up; an export says: expired. */
static void test_retransmissions_are_limited(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);
    struct toe_tcp_delegated d;

    (void)state;
    c->cfg.max_retransmissions = 5;
    t_app_write(c, 10);
    for (int i = 0; i <= 5; ++i) {
        t_expect(c, T_MS(((UINT64_C(1) << i) - 1) * 1000), SEG(.seq = {1}, .ack = {1}, .len = 10));
    }
    t_expect_silence(c, T_MS(62999));
    assert_int_equal(c->conn.verdict, TCP_VERDICT_NONE);
    t_expect_silence(c, T_MS(63000));
    assert_int_equal(c->conn.verdict, TCP_VERDICT_TIMEOUT);
    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    assert_true(tcp_deadline(&c->conn) == TOE_INSTANT_NEVER);
    tcp_export(&c->conn, NULL, NULL, &d, c->now);
    assert_int_equal(d.retransmit_cnt, 5);
    assert_int_equal(d.retransmit_timeout_delta, 0);
    t_conn_del(c);
}

/* TV-MRT-2: MaxRT replaces the count. Retransmissions at 1, 3, 7 s; from the first one on 2 + 4 s.
 */
static void test_max_rt_limits_time(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.max_rt = 6000});

    (void)state;
    c->cfg.max_retransmissions = 1;
    t_app_write(c, 10);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 10));
    t_expect(c, T_MS(1000), SEG(.seq = {1}, .ack = {1}, .len = 10));
    t_expect(c, T_MS(3000), SEG(.seq = {1}, .ack = {1}, .len = 10));
    t_expect_silence(c, T_MS(7000));
    assert_int_equal(c->conn.verdict, TCP_VERDICT_TIMEOUT);
    t_conn_del(c);
}

/* TV-MRT-3 */
static void test_max_rt_can_be_unlimited(void **state)
{
    struct t_conn *c =
        t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.max_rt = TOE_TICKS_UNLIMITED});

    (void)state;
    c->cfg.max_retransmissions = 1;
    t_app_write(c, 10);
    for (uint64_t i = 0; i < 100; ++i) {
        t_advance(c, T_MS(i * 60000));
        t_forget(c);
    }
    assert_int_equal(c->conn.verdict, TCP_VERDICT_NONE);
    t_conn_del(c);
}

/* TMR-094, T-197: with the last retransmission that is allowed; the timer runs on. */
static void test_doubt_ends_it_earlier(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    c->cfg.doubt_retransmissions = 2;
    t_app_write(c, 10);
    t_advance(c, T_MS(2999));
    assert_int_equal(c->conn.verdict, TCP_VERDICT_NONE);
    t_advance(c, T_MS(3000));
    assert_int_equal(c->conn.verdict, TCP_VERDICT_DOUBT);
    t_advance(c, T_MS(20000));
    assert_int_equal(c->out_cnt, 3);
    assert_int_equal(tcp_deadline_at(&c->conn, TCP_DEADLINE_RETRANSMIT) - c->origin, T_MS(7000));
    t_conn_del(c);
}

/* Many segments are lost: exactly one leaves at the expiry, then slow start (RFC-131, RFC-143). */
static void test_timeout_goes_back_n(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_app_write(c, 7300);
    for (uint32_t i = 0; i < 5; ++i) {
        t_expect(c, T_MS(0), SEG(.seq = {1 + 1460 * i}, .ack = {1}, .len = 1460));
    }
    t_expect(c, T_MS(1000), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_expect_silence(c, T_MS(1100));
    assert_int_equal(c->conn.cwnd, 1460);
    assert_int_equal(c->conn.ssthresh, 7300); /* half of cwnd, RFC-040 */

    t_send(c, T_MS(1100), SEG(.seq = {1}, .ack = {1461}));
    t_expect(c, T_MS(1100), SEG(.seq = {1461}, .ack = {1}, .len = 1460));
    t_expect(c, T_MS(1100), SEG(.seq = {2921}, .ack = {1}, .len = 1460));
    t_expect_silence(c, T_MS(1110));

    /* The peer had the rest: nothing more is sent. */
    t_send(c, T_MS(1200), SEG(.seq = {1}, .ack = {7301}));
    t_expect_silence(c, T_MS(9999));
    assert_true(tcp_deadline(&c->conn) == TOE_INSTANT_NEVER);
    t_conn_del(c);
}

/* SsThresh is set by the first timeout of a segment only (RFC-048). */
static void test_second_timeout_leaves_ssthresh(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_app_write(c, 1460);
    t_advance(c, T_MS(3000));
    assert_int_equal(c->conn.ssthresh, 7300);
    assert_int_equal(c->conn.retransmit_cnt, 2);
    t_conn_del(c);
}

/* Karn: an acknowledgment of what was resent is no sample, and the back-off lasts (RFC-056). */
static void test_backoff_outlives_the_segment(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_app_write(c, 100);
    t_advance(c, T_MS(1000));
    t_forget(c);
    t_send(c, T_MS(1100), SEG(.seq = {1}, .ack = {101}));
    assert_true(c->conn.srtt == 0);
    assert_int_equal(c->conn.retransmit_cnt, 0);

    t_app_write(c, 100);
    t_expect(c, T_MS(1100), SEG(.seq = {101}, .ack = {1}, .len = 100));
    t_expect_silence(c, T_MS(3099));
    t_expect(c, T_MS(3100), SEG(.seq = {101}, .ack = {1}, .len = 100));
    t_send(c, T_MS(3200), SEG(.seq = {1}, .ack = {201}));

    /* A sample at last: 100 ms, so 300 ms. */
    t_forget(c);
    t_app_write(c, 100);
    t_forget(c);
    t_send(c, T_MS(3300), SEG(.seq = {1}, .ack = {301}));
    assert_true(c->conn.srtt == T_MS(100));
    t_app_write(c, 100);
    t_forget(c);
    t_expect_silence(c, T_MS(3599));
    t_expect(c, T_MS(3600), SEG(.seq = {301}, .ack = {1}, .len = 100));
    t_conn_del(c);
}

/*
 * What answers a segment that came before echoes the copy that came first (RFC 7323, 4.3), whose
 * acknowledgment was lost. That is no round trip, and the back-off lasts.
 */
static void test_answered_duplicate_is_no_sample(void **state)
{
    struct t_conn *c = t_conn_new(
        TOE_TCP_ESTABLISHED,
        &(struct t_options){.sack = true, .timestamps = true, .srtt = 8 * 100, .rttvar = 0});

    (void)state;
    t_app_write(c, 100);
    t_advance(c, T_MS(2000));
    assert_in_range(c->conn.backoff, 1, 8);
    t_forget(c);
    t_send(c, T_MS(2100),
           SEG(.seq = {1}, .ack = {101}, .ts = 100, .ecr = 1000, .sack = {{1}, {101}}));
    assert_int_equal(c->conn.snd_una.v, 101);
    assert_true(c->conn.srtt == T_MS(100));
    assert_in_range(c->conn.backoff, 1, 8);

    t_app_write(c, 100);
    t_forget(c);
    t_send(c, T_MS(2250), SEG(.seq = {1}, .ack = {201}, .ts = 250, .ecr = 3100));
    assert_true(c->conn.srtt == (7 * T_MS(100) + T_MS(150)) / 8);
    assert_int_equal(c->conn.backoff, 0);
    t_conn_del(c);
}

/* An acknowledgment of new data starts the timer anew, one of all stops it (RFC-055). */
static void test_ack_restarts_timer(void **state)
{
    struct t_conn *c =
        t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.srtt = 8 * 300, .rttvar = 0});

    (void)state;
    t_app_write(c, 2920);
    t_forget(c);
    t_send(c, T_MS(299), SEG(.seq = {1}, .ack = {1461}));
    t_expect_silence(c, T_MS(590));
    t_send(c, T_MS(591), SEG(.seq = {1}, .ack = {2921}));
    assert_true(tcp_deadline(&c->conn) == TOE_INSTANT_NEVER);
    t_conn_del(c);
}

/* Sequence numbers wrap while a segment is resent. */
static void test_resend_across_the_wrap(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED,
                                  &(struct t_options){.seq = 0xfffffe00u, .ack = 0xffffff00u});

    (void)state;
    t_app_write(c, 1460);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_expect(c, T_MS(1000), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_send(c, T_MS(1100), SEG(.seq = {1}, .ack = {601}, .len = 1000));
    t_send(c, T_MS(1101), SEG(.seq = {1001}, .ack = {1461}, .len = 1000));
    t_expect(c, T_MS(1101), SEG(.seq = {1461}, .ack = {2001}));
    assert_int_equal(c->acked, 1460);
    assert_int_equal(c->read, 2000);
    t_conn_del(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rto_backs_off),
        cmocka_unit_test(test_rto_has_a_ceiling),
        cmocka_unit_test(test_retransmissions_are_limited),
        cmocka_unit_test(test_max_rt_limits_time),
        cmocka_unit_test(test_max_rt_can_be_unlimited),
        cmocka_unit_test(test_doubt_ends_it_earlier),
        cmocka_unit_test(test_timeout_goes_back_n),
        cmocka_unit_test(test_second_timeout_leaves_ssthresh),
        cmocka_unit_test(test_backoff_outlives_the_segment),
        cmocka_unit_test(test_answered_duplicate_is_no_sample),
        cmocka_unit_test(test_ack_restarts_timer),
        cmocka_unit_test(test_resend_across_the_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
