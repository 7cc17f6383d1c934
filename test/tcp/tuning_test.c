/* SPDX-License-Identifier: MIT */
/* Each choice of toe/tuning.h, as the rules have it and as another TCP does. */

#include "support/conversation.h"
#include "tcp/congestion.h"
#include "tcp/inflight.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MSS 1000u

static toe_seq nth(uint32_t i)
{
    return (toe_seq){1 + i * MSS};
}

/* Established by import, with CUBIC and a record; the application has not written yet. */
static struct t_conn *modern(const struct toe_tuning *tuning)
{
    const struct t_options opt = {
        .mss = MSS, .cwnd = 10 * MSS, .sack = true, .modern = true, .srtt = 8 * 100};
    struct toe_tcp_state state = t_conn_state(TOE_TCP_ESTABLISHED, &opt);
    struct t_conn *c = t_conn_bare(&opt);

    c->cfg.cc = &tcp_cc_cubic;
    c->cfg.validates_cwnd = true;
    c->cfg.has_hystart = true;
    c->cfg.tuning = *tuning;
    assert_int_equal(t_conn_import(c, &state, 0), TOE_STATUS_SUCCESS);
    return c;
}

static void ack(struct t_conn *c, uint32_t ms, uint32_t upto)
{
    t_send(c, T_MS(ms), SEG(.seq = {1}, .ack = nth(upto)));
}

static void sack(struct t_conn *c, uint32_t ms, uint32_t from, uint32_t to)
{
    t_send(c, T_MS(ms), SEG(.seq = {1}, .ack = {1}, .sack = {nth(from), nth(to)}));
}

/* abc_limit: one acknowledgment of ten segments (RFC-038). */
static void test_abc_limit(void **state)
{
    static const uint8_t limits[] = {4, 2, 0};
    static const uint32_t grown[] = {14, 12, 20};

    (void)state;
    for (int i = 0; i < 3; ++i) {
        struct toe_tuning tuning = TOE_TUNING_DEFAULT;
        struct t_conn *c;

        tuning.abc_limit = limits[i];
        c = modern(&tuning);
        t_app_write(c, 10 * MSS);
        ack(c, 100, 10);
        assert_int_equal(c->conn.cwnd, grown[i] * MSS);
        t_conn_del(c);
    }
}

/* The same at the end of a recovery (RFC-050): what may leave then, all being acknowledged. */
static void test_abc_limit_after_recovery(void **state)
{
    (void)state;
    for (int is_limited = 0; is_limited < 2; ++is_limited) {
        struct toe_tuning tuning = TOE_TUNING_DEFAULT;
        struct t_conn *c;

        tuning.abc_limit = is_limited != 0 ? 4 : 0;
        c = modern(&tuning);
        c->cfg.rack_threshold = true;
        t_app_write(c, 10 * MSS);
        sack(c, 100, 1, 4);
        assert_true(c->conn.in_recovery);
        ack(c, 200, 10);
        assert_false(c->conn.in_recovery);
        assert_int_equal(c->conn.cwnd, is_limited != 0 ? 4 * MSS : 7 * MSS);
        t_conn_del(c);
    }
}

/* grow_by_delivery: three segments are acknowledged, two of which had been reported before. */
static void test_growth_by_delivery(void **state)
{
    (void)state;
    for (int how = 0; how < 4; ++how) {
        struct toe_tuning tuning = TOE_TUNING_DEFAULT;
        struct t_conn *c;

        tuning.grow_by_delivery = how % 2 != 0;
        c = modern(&tuning);
        c->conn.has_sack = how < 2;
        t_app_write(c, 10 * MSS);
        for (uint32_t i = 1; i <= 2; ++i) {
            if (how < 2) {
                sack(c, 100 + i, 1, 1 + i);
            } else {
                ack(c, 100 + i, 0);
            }
        }
        ack(c, 110, 3);
        assert_int_equal(c->conn.cwnd, tuning.grow_by_delivery ? 11 * MSS : 13 * MSS);
        t_conn_del(c);
    }
}

/* grow_when_half_used: six segments in a cwnd of ten let it grow to twelve. */
static void test_growth_when_half_used(void **state)
{
    (void)state;
    for (uint32_t segs = 5; segs <= 6; ++segs) {
        for (int half = 0; half < 2; ++half) {
            struct toe_tuning tuning = TOE_TUNING_DEFAULT;
            struct t_conn *c;

            tuning.grow_when_half_used = half != 0;
            c = modern(&tuning);
            t_app_write(c, segs * MSS);
            for (uint32_t i = 2; i <= segs + 1; i += 2) {
                ack(c, 100 + i, i < segs ? i : segs);
            }
            assert_int_equal(c->conn.cwnd, half != 0 && segs == 6 ? 12 * MSS : 10 * MSS);
            t_conn_del(c);
        }
    }
}

/* hystart_samples, hystart_css_rounds: round trips of 100 ms, then of 140. */
static void test_first_hystart(void **state)
{
    (void)state;
    for (int first = 0; first < 2; ++first) {
        struct toe_tuning tuning = TOE_TUNING_DEFAULT;
        struct t_conn *c;

        tuning.abc_limit = 0;
        tuning.hystart_samples = first != 0 ? 9 : 8;
        tuning.hystart_css_rounds = first != 0 ? 0 : 5;
        c = modern(&tuning);
        t_app_write(c, 30 * MSS);
        ack(c, 100, 10);
        for (uint32_t i = 1; i < 9; ++i) {
            ack(c, 239 + i, 10 + 2 * i);
        }
        assert_int_equal(c->conn.busy->hystart.css, first != 0 ? 0 : 1);
        assert_int_equal(c->conn.ssthresh, UINT32_MAX);
        ack(c, 248, 28);
        assert_int_equal(c->conn.ssthresh, first != 0 ? 36 * MSS : UINT32_MAX);
        t_conn_del(c);
    }
}

/* rto_variance_min: the round trip and 200 ms, however little it varies. */
static void test_rto_variance(void **state)
{
    const struct t_options steady = {.mss = MSS, .srtt = 8 * 400, .rttvar = 1};

    (void)state;
    for (int has_floor = 0; has_floor < 2; ++has_floor) {
        struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &steady);
        const toe_instant due = has_floor != 0 ? T_MS(600) : T_MS(401);

        c->cfg.tuning.rto_variance_min = has_floor != 0 ? 200 * TOE_NS_PER_MS : 0;
        t_app_write(c, MSS);
        t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = MSS));
        t_expect(c, due, SEG(.seq = {1}, .ack = {1}, .len = MSS));
        t_conn_del(c);
    }
}

/* empty_probes, probe_backoff: left of the window, and at R, 3R, 7R for R, 2R, 4R. */
static void test_empty_probes(void **state)
{
    const struct t_options opt = {.mss = MSS, .srtt = 8 * 100, .rttvar = 4 * 10};

    (void)state;
    for (int is_empty = 0; is_empty < 2; ++is_empty) {
        struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
        const struct t_seg *probe =
            is_empty != 0 ? SEG(.seq = {0}, .ack = {1}) : SEG(.seq = {1}, .ack = {1}, .len = 1);

        c->cfg.tuning.empty_probes = is_empty != 0;
        c->cfg.tuning.probe_backoff = is_empty != 0 ? 1 : 0;
        t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .wnd = T_ZERO_WINDOW));
        t_app_write(c, 2 * MSS);
        t_expect(c, T_MS(300), probe);
        t_expect(c, is_empty != 0 ? T_MS(900) : T_MS(600), probe);
        t_expect(c, is_empty != 0 ? T_MS(2100) : T_MS(1200), probe);
        t_send(c, T_MS(2200), SEG(.seq = {1}, .ack = {1}));
        t_expect(c, T_MS(2200), SEG(.seq = {1}, .ack = {1}, .len = MSS));
        t_expect(c, T_MS(2200), SEG(.seq = nth(1), .ack = {1}, .len = MSS));
        t_send(c, T_MS(2300), SEG(.seq = {1}, .ack = nth(2)));
        assert_true(tcp_deadline(&c->conn) == TOE_INSTANT_NEVER);
        t_conn_del(c);
    }
}

/* updates_double: of a window of ten, six are read when four are left, and two when six are. */
static void test_window_updates(void **state)
{
    static const uint32_t unread[] = {6, 4};

    (void)state;
    for (int i = 0; i < 2; ++i) {
        for (int doubles = 0; doubles < 2; ++doubles) {
            struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED,
                                          &(struct t_options){.mss = MSS, .rcv_wnd = 10 * MSS});
            const uint32_t len = unread[i] * MSS;

            c->cfg.tuning.updates_double = doubles != 0;
            c->cfg.ack_frequency = 1;
            c->stalled = true;
            t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = len));
            t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1 + len}));
            t_app_read(c, len);
            if (doubles != 0 && i == 1) {
                t_expect_silence(c, T_MS(1000));
            } else {
                t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1 + len}));
                assert_int_equal(c->last.seg.wnd, 10 * MSS);
            }
            t_conn_del(c);
        }
    }
}

/* timer_slack: the reordering timer, a quarter of the round trip and 1/32 of it for the record, and
 * the probe, two round trips. */
static void test_timer_slack(void **state)
{
    (void)state;
    for (int is_slack = 0; is_slack < 2; ++is_slack) {
        const toe_duration slack = is_slack != 0 ? 2 * TOE_NS_PER_MS : 0;
        const toe_duration grain = 100 * TOE_NS_PER_MS / 32;
        struct toe_tuning tuning = TOE_TUNING_DEFAULT;
        struct t_conn *c;

        tuning.timer_slack = slack;
        c = modern(&tuning);
        t_app_write(c, 2 * MSS);
        t_forget(c);
        t_expect(c, T_MS(200) + slack, SEG(.seq = nth(1), .ack = {1}, .len = MSS));
        t_conn_del(c);

        c = modern(&tuning);
        t_app_write(c, 3 * MSS);
        t_forget(c);
        sack(c, 100, 1, 2);
        t_expect(c, T_MS(125) + grain + slack, SEG(.seq = {1}, .ack = {1}, .len = MSS));
        t_conn_del(c);
    }
}

/*
 * rack_last_rtt: the second of ten is late, and arrives after the first was sent again. By what
 * left last, the first, sent again, what is behind what was SACKed should have come before it.
 */
static void test_rack_last_rtt(void **state)
{
    (void)state;
    for (int is_last = 0; is_last < 2; ++is_last) {
        struct toe_tuning tuning = TOE_TUNING_DEFAULT;
        struct t_conn *c;

        tuning.rack_last_rtt = is_last != 0;
        c = modern(&tuning);
        c->cfg.rack_threshold = true;
        t_app_write(c, 10 * MSS);
        sack(c, 100, 2, 3);
        sack(c, 100, 2, 4);
        sack(c, 100, 7, 8);
        assert_true(c->conn.in_recovery);
        t_forget(c);
        t_send(c, T_MS(220), SEG(.seq = {1}, .ack = nth(4), .sack = {nth(7), nth(8)}));
        /* Three were lost before. */
        assert_int_equal(c->conn.flight->lost + tcp_flight_resent(&c->conn),
                         is_last != 0 ? 3 * MSS : 5 * MSS);
        t_conn_del(c);
    }
}

/* reduce_cwnd: four segments of ten are in flight when one is lost. */
static void test_reduction_of_cwnd(void **state)
{
    (void)state;
    for (int is_whole = 0; is_whole < 2; ++is_whole) {
        struct toe_tuning tuning = TOE_TUNING_DEFAULT;
        struct t_conn *c;

        tuning.reduce_cwnd = is_whole != 0;
        c = modern(&tuning);
        t_app_write(c, 4 * MSS);
        sack(c, 100, 1, 4);
        t_advance(c, T_MS(140));
        assert_true(c->conn.in_recovery);
        assert_int_equal(c->conn.ssthresh, is_whole != 0 ? 7 * MSS : 28 * MSS / 10);
        t_conn_del(c);
    }
}

/* mark_by_prr: of ten segments in flight one is acknowledged, and a mark told of; then one more
 * each time. Seven are to be in flight: at once, or when all ten are acknowledged. */
static void test_mark_by_prr(void **state)
{
    (void)state;
    for (int is_prr = 0; is_prr < 2; ++is_prr) {
        struct toe_tuning tuning = TOE_TUNING_DEFAULT;
        uint32_t left = 0; /* of what left before seven were in flight */
        struct t_conn *c;

        tuning.mark_by_prr = is_prr != 0;
        c = modern(&tuning);
        c->conn.has_ecn = true;
        t_app_write(c, 40 * MSS);
        t_forget(c);
        for (uint32_t i = 1; i <= 10; ++i) {
            t_send(c, T_MS(100), SEG(.seq = {1}, .ack = nth(i), .flags = TCP_ECE));
            assert_int_equal(c->conn.ssthresh, 7 * MSS);
            assert_int_equal(c->conn.in_mark, is_prr != 0 && i < 10);
            left += i <= 3 ? toe_seq_off(c->conn.snd_max, nth(10)) : 0;
        }
        assert_int_equal(left, is_prr != 0 ? 3 * MSS : 0);
        assert_int_equal(toe_seq_off(c->conn.snd_max, c->conn.snd_una), 7 * MSS);
        t_conn_del(c);
    }
}

/* A loss while a mark is answered is answered by going on, and so is the next mark. */
static void test_loss_in_mark(void **state)
{
    struct toe_tuning tuning = TOE_TUNING_DEFAULT;
    struct t_conn *c;

    (void)state;
    tuning.mark_by_prr = true;
    c = modern(&tuning);
    c->conn.has_ecn = true;
    c->cfg.rack_threshold = true;
    t_app_write(c, 40 * MSS);
    t_send(c, T_MS(100), SEG(.seq = {1}, .ack = nth(1), .flags = TCP_ECE));
    assert_true(c->conn.in_mark);
    t_send(c, T_MS(101), SEG(.seq = {1}, .ack = nth(1), .sack = {nth(2), nth(5)}));
    assert_true(c->conn.in_recovery && !c->conn.in_mark);
    assert_int_equal(c->conn.ssthresh, 7 * MSS);
    t_send(c, T_MS(200), SEG(.seq = {1}, .ack = nth(10)));
    t_send(c, T_MS(201), SEG(.seq = {1}, .ack = {c->conn.snd_max.v}));
    assert_false(c->conn.in_recovery || c->conn.in_mark);
    t_conn_del(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_abc_limit),          cmocka_unit_test(test_abc_limit_after_recovery),
        cmocka_unit_test(test_growth_by_delivery), cmocka_unit_test(test_growth_when_half_used),
        cmocka_unit_test(test_first_hystart),      cmocka_unit_test(test_rto_variance),
        cmocka_unit_test(test_empty_probes),       cmocka_unit_test(test_window_updates),
        cmocka_unit_test(test_timer_slack),        cmocka_unit_test(test_rack_last_rtt),
        cmocka_unit_test(test_reduction_of_cwnd),  cmocka_unit_test(test_mark_by_prr),
        cmocka_unit_test(test_loss_in_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
