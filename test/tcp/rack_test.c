/* SPDX-License-Identifier: MIT */
/* Loss detected by time, probes of the tail, and what leaves in a recovery (RFC 8985, RFC 9937). */

#include "support/conversation.h"

#include "base/mem.h"
#include "tcp/congestion.h"
#include "tcp/rtt.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MSS 1460u

/* An RTT of 100 ms is known; srtt counts eighths of a tick. */
static const struct t_options modern = {
    .sack = true, .modern = true, .mss = MSS, .srtt = 800, .rttvar = 80, .wscale = 4};

static toe_seq nth(uint32_t i)
{
    return toe_seq_of(1 + MSS * i);
}

/* |cnt| full segments leave at 0 ms, |more| wait behind them. */
static struct t_conn *in_flight(uint32_t cnt, uint32_t more)
{
    struct t_options opt = modern;
    struct t_conn *c;

    opt.cwnd = MSS * cnt;
    c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
    t_app_write(c, MSS * (cnt + more));
    assert_int_equal(c->out_cnt, cnt);
    t_forget(c);
    return c;
}

static void ack(struct t_conn *c, uint64_t ms, uint32_t to)
{
    t_send(c, T_MS(ms), SEG(.seq = {1}, .ack = nth(to)));
}

static void sack(struct t_conn *c, uint64_t ms, uint32_t to, uint32_t left, uint32_t right)
{
    t_send(c, T_MS(ms), SEG(.seq = {1}, .ack = nth(to), .sack = {nth(left), nth(right)}));
}

static void expect(struct t_conn *c, uint64_t ms, uint32_t i)
{
    t_expect(c, T_MS(ms), SEG(.seq = nth(i), .ack = {1}, .len = MSS));
}

/* Until the reordering window is over nothing is lost, and new data leaves for what is SACKed. */
static void test_waits_for_reordering(void **state)
{
    struct t_conn *c = in_flight(10, 10);

    (void)state;
    for (uint32_t i = 1; i <= 3; ++i) {
        sack(c, 100, 0, 1, 1 + i);
        expect(c, 100, 9 + i);
    }
    t_expect_silence(c, T_MS(124));
    assert_false(c->conn.in_recovery);
    assert_int_equal(c->conn.cwnd, 10 * MSS);
    t_advance(c, T_MS(130)); /* a quarter of the round trip, and the grain of the record */
    assert_true(c->conn.in_recovery);
    assert_int_equal(c->conn.cwnd, 5 * MSS);
    assert_int_equal(c->last.seg.seq.v, nth(12).v);
    assert_true(c->out_cnt == 1 && c->out[c->out_head].seg.seq.v == nth(0).v);
    t_conn_del(c);
}

/* RFC 8985, 6.2, step 2: what left first and arrives late tells of a longer way. */
static void test_late_delivery_is_timed(void **state)
{
    struct t_conn *c = in_flight(10, 0);

    (void)state;
    sack(c, 100, 0, 1, 2);
    assert_int_equal(c->conn.flight->rack.rtt, T_MS(100));
    ack(c, 120, 2);
    assert_int_equal(c->conn.flight->rack.rtt, T_MS(120));
    assert_int_equal(c->conn.flight->rack.end.v, nth(2).v);
    t_conn_del(c);
}

/* RFC 8985, 6.2, step 4: where it is wanted, the third SACKed segment is enough, until reordering
 * was seen; and one segment leaves for it (RFC 9937). */
static void test_third_is_enough(void **state)
{
    for (int reordered = 0; reordered <= 1; ++reordered) {
        struct t_conn *c = in_flight(10, 0);

        (void)state;
        c->cfg.rack_threshold = true;
        c->conn.has_reordering = reordered != 0;
        sack(c, 100, 0, 4, 5);
        sack(c, 101, 0, 4, 6);
        t_expect_silence(c, T_MS(102));
        sack(c, 102, 0, 4, 7);
        if (reordered) {
            t_expect_silence(c, T_MS(120));
            assert_false(c->conn.in_recovery);
        } else {
            assert_true(c->conn.in_recovery);
            expect(c, 102, 0);
            sack(c, 103, 0, 4, 8);
            expect(c, 103, 1);
            t_expect_silence(c, T_MS(103));
        }
        t_conn_del(c);
    }
}

/*
 * A retransmission is lost, and one behind it is SACKed: that it was the retransmission is known
 * though the acknowledgment echoes an earlier segment, as it must while a hole is left (RFC 7323).
 */
static void test_lost_again_before_a_sack(void **state)
{
    struct t_options opt = modern;
    struct t_conn *c;

    (void)state;
    opt.timestamps = true;
    opt.mss = MSS + 12;
    opt.cwnd = MSS * 20;
    c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
    c->cfg.rack_threshold = true;
    c->cfg.cc = &tcp_cc_none;
    t_app_write(c, MSS * 10);
    t_forget(c);
    t_send(c, T_MS(100),
           SEG(.seq = {1}, .ack = nth(0), .ts = 100, .ecr = 1000, .sack = {nth(2), nth(10)}));
    t_advance(c, T_MS(140)); /* both are lost, and leave */
    assert_int_equal(c->out_cnt, 2);
    t_forget(c);
    t_send(c, T_MS(240),
           SEG(.seq = {1}, .ack = nth(0), .ts = 240, .ecr = 1000, .sack = {nth(1), nth(10)}));
    t_advance(c, T_MS(280)); /* well before the timeout */
    assert_int_equal(c->out_cnt, 1);
    assert_int_equal(c->out[c->out_head].seg.seq.v, nth(0).v);
    t_conn_del(c);
}

/* Without congestion control nothing but the peer's window holds back what leaves: not a recovery,
 * and not the end of one. */
static void test_none_is_not_held_back(void **state)
{
    struct t_options opt = modern;
    struct t_conn *c;

    (void)state;
    opt.cwnd = MSS * 20;
    c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
    c->cfg.cc = &tcp_cc_none;
    t_app_write(c, MSS * 60);
    t_forget(c);
    t_send(c, T_MS(100),
           SEG(.seq = {1}, .ack = nth(0), .wnd = MSS * 32 / 16, .sack = {nth(4), nth(20)}));
    t_advance(c, T_MS(140));
    assert_true(c->conn.in_recovery);
    assert_int_equal(toe_seq_off(c->conn.snd_max, nth(0)), MSS * 32);
    t_forget(c);
    t_send(c, T_MS(240), SEG(.seq = {1}, .ack = nth(32), .wnd = MSS * 32 / 16));
    assert_false(c->conn.in_recovery);
    assert_int_equal(c->out_cnt, 28); /* all there is */
    t_conn_del(c);
}

/*
 * What fills the first hole is lost again, and all behind it has arrived: it goes again a quarter
 * more than a round trip after it left, at least, and two at most; twice; then the timeout has its
 * turn. What is delivered behind the hole meanwhile does not put that off.
 */
static void test_hole_is_probed(void **state)
{
    struct t_conn *c = in_flight(10, 0);
    toe_instant at;

    (void)state;
    ack(c, 100, 1);
    sack(c, 101, 1, 2, 9);
    t_advance(c, T_MS(140));
    assert_true(c->conn.in_recovery);
    assert_int_equal(c->out_cnt, 1);
    t_forget(c);
    at = c->conn.last_sent - c->origin + c->conn.srtt + 4 * c->conn.rttvar;
    assert_in_range(4 * c->conn.rttvar, c->conn.srtt / 4 + 1, c->conn.srtt - 1);
    sack(c, 150, 1, 2, 10);
    t_expect(c, at, SEG(.seq = nth(1), .ack = {1}, .len = MSS));
    at += c->conn.srtt + 4 * c->conn.rttvar;
    t_expect(c, at, SEG(.seq = nth(1), .ack = {1}, .len = MSS));
    assert_int_equal(c->conn.retransmit_cnt, 0);
    assert_true(c->conn.in_recovery);
    at += tcp_rtt_rto(&c->conn);
    t_expect(c, at, SEG(.seq = nth(1), .ack = {1}, .len = MSS));
    assert_int_equal(c->conn.retransmit_cnt, 1);
    t_conn_del(c);
}

/*
 * Three holes are resent, and the first two do not arrive: that the third did would tell of them,
 * but its acknowledgment is lost as well. All go again where nothing but the peer's window holds
 * them back, and one where PRR has a say.
 */
static void test_all_holes_are_probed(void **state)
{
    for (uint32_t is_held = 0; is_held < 2; ++is_held) {
        struct t_options opt = modern;
        struct t_conn *c;
        toe_instant at;

        (void)state;
        opt.cwnd = MSS * 20;
        c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
        c->cfg.rack_threshold = true;
        if (!is_held) {
            c->cfg.cc = &tcp_cc_none;
        }
        t_app_write(c, MSS * 10);
        t_forget(c);
        t_send(c, T_MS(100), SEG(.seq = {1}, .ack = nth(0), .sack = {nth(3), nth(10)}));
        t_advance(c, T_MS(100));
        assert_int_equal(c->out_cnt, 3);
        t_forget(c);
        at = T_MS(100) + c->conn.srtt + 4 * c->conn.rttvar;
        assert_in_range(4 * c->conn.rttvar, c->conn.srtt / 4 + 1, c->conn.srtt - 1);
        t_advance(c, at - T_MS(1));
        assert_int_equal(c->out_cnt, 0);
        t_advance(c, at);
        assert_int_equal(c->out_cnt, is_held ? 1 : 3);
        assert_int_equal(c->out[c->out_head].seg.seq.v, nth(0).v);
        t_conn_del(c);
    }
}

/* The acknowledgments of what was resent come one by one, and the last is late by less than the
 * variance: then nothing goes again. */
static void test_train_of_answers_is_waited_for(void **state)
{
    struct t_options opt = modern;
    struct t_conn *c;
    toe_duration step;

    (void)state;
    opt.cwnd = MSS * 20;
    c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
    c->cfg.rack_threshold = true;
    c->cfg.cc = &tcp_cc_none;
    t_app_write(c, MSS * 10);
    t_forget(c);
    t_send(c, T_MS(100), SEG(.seq = {1}, .ack = nth(0), .sack = {nth(4), nth(10)}));
    assert_int_equal(c->out_cnt, 4);
    t_forget(c);
    step = c->conn.srtt / 5; /* of 100 ms, so that the last comes 160 ms after it left */
    for (uint32_t i = 1; i < 4; ++i) {
        t_send(c, T_MS(200) + (i - 1) * step,
               SEG(.seq = {1}, .ack = nth(i), .sack = {nth(4), nth(10)}));
        assert_int_equal(c->out_cnt, 0);
    }
    t_send(c, T_MS(200) + 3 * step, SEG(.seq = {1}, .ack = nth(10)));
    assert_int_equal(c->out_cnt, 0);
    t_conn_del(c);
}

/* RFC 8985, 7.3: the last segment goes again as it was; a FIN alone, if it left so. */
static void test_fin_is_probed_alone(void **state)
{
    struct t_conn *c = in_flight(4, 0);

    (void)state;
    t_advance(c, T_MS(10));
    t_app_close(c);
    t_expect(c, T_MS(10), SEG(.seq = nth(4), .ack = {1}, .flags = TCP_FIN));
    t_advance(c, T_MS(210));
    t_expect(c, T_MS(210), SEG(.seq = nth(4), .ack = {1}, .flags = TCP_FIN));
    t_conn_del(c);
}

/* What of |cnt| segments that are next to leave has PSH, a bit each. */
static uint32_t pushed(struct t_conn *c, toe_instant at, uint32_t first, uint32_t cnt)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        t_expect(c, at, SEG(.seq = nth(first + i), .ack = {1}, .len = MSS));
        bits |= (uint32_t)((c->last.seg.flags & TCP_PSH) != 0) << i;
    }
    return bits;
}

/* push_burst: every so manieth full segment of a run has PSH, whatever is behind it; but two parts
 * fill cwnd, and one segment is none. */
static void test_bursts_are_pushed(void **state)
{
    static const struct {
        uint32_t cwnd, push_burst, bits;
    } cases[] = {{5, 2, 0xa}, {5, 10, 0xa}, {3, 2, 0}, {8, 10, 0x88}, {3, 1, 0x7}, {8, 0, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_options opt = modern;
        struct t_conn *c;

        opt.cwnd = MSS * cases[i].cwnd;
        c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
        c->cfg.push_burst = cases[i].push_burst;
        c->cfg.push_at_end = true;
        t_app_write(c, MSS * 12);
        assert_int_equal(pushed(c, T_MS(0), 0, cases[i].cwnd), cases[i].bits);
        t_conn_del(c);
    }
}

/* What leaves again has PSH where a part of the burst leaves as a whole. */
static void test_parts_are_pushed_again(void **state)
{
    struct t_options opt = modern;
    struct t_conn *c;

    (void)state;
    opt.cwnd = MSS * 8;
    c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
    c->cfg.push_burst = 2;
    c->cfg.push_at_end = true;
    c->cfg.rack_threshold = true;
    t_app_write(c, MSS * 12);
    assert_int_equal(pushed(c, T_MS(0), 0, 8), 0xaa);
    t_send(c, T_MS(100), SEG(.seq = {1}, .ack = nth(1), .sack = {nth(4), nth(8)}));
    assert_int_equal(pushed(c, T_MS(100), 1, 3), 0x4);
    t_conn_del(c);

    /* The same in super-segments. */
    opt.cwnd = MSS * 5;
    c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
    c->cfg.push_burst = 2;
    c->cfg.super_max = 65535;
    t_app_write(c, MSS * 8);
    t_expect(c, T_MS(0), SEG(.seq = nth(0), .ack = {1}, .len = 2 * MSS, .flags = TCP_PSH));
    t_expect(c, T_MS(0), SEG(.seq = nth(2), .ack = {1}, .len = 2 * MSS, .flags = TCP_PSH));
    t_expect(c, T_MS(0), SEG(.seq = nth(4), .ack = {1}, .len = MSS));
    t_conn_del(c);
}

/* T-260: what comes within the window was only late; from then on that is known. */
static void test_reordering_resends_nothing(void **state)
{
    struct t_conn *c = in_flight(10, 0);

    (void)state;
    sack(c, 100, 0, 1, 4);
    ack(c, 120, 4);
    assert_true(c->conn.has_reordering);
    ack(c, 125, 10);
    t_expect_silence(c, T_MS(9999));
    assert_int_equal(c->conn.rexmit_cnt_total, 0);
    assert_null(c->conn.flight);
    t_conn_del(c);
}

/* A retransmission that is lost is found by what was sent after it. */
static void test_lost_retransmission_is_resent(void **state)
{
    struct t_conn *c = in_flight(10, 20);

    (void)state;
    sack(c, 100, 0, 1, 10);
    t_advance(c, T_MS(140));
    assert_true(c->conn.in_recovery);
    t_forget(c);
    /* What was sent with it and after it arrives; it does not. */
    sack(c, 190, 0, 1, 19);
    t_forget(c);
    sack(c, 290, 0, 1, 20);
    for (bool found = false; !found;) {
        assert_true(c->out_cnt > 0);
        found = c->out[c->out_head].seg.seq.v == nth(0).v;
        c->out_head = (c->out_head + 1) % T_OUT_MAX;
        --c->out_cnt;
    }
    assert_int_equal(c->conn.retransmit_cnt, 0);
    t_conn_del(c);
}

/* Two round trips of silence: the last segment goes again, long before the timeout of 300 ms. */
static void test_tail_is_probed(void **state)
{
    struct t_conn *c = in_flight(4, 0);

    (void)state;
    ack(c, 50, 2);
    t_expect_silence(c, T_MS(200));
    t_advance(c, T_MS(250));
    assert_int_equal(c->out_cnt, 1);
    assert_int_equal(c->out[c->out_head].seg.seq.v, nth(3).v);
    t_forget(c);
    sack(c, 300, 2, 3, 4); /* so the one before it is lost */
    t_advance(c, T_MS(340));
    assert_true(c->out_cnt == 1 && c->out[c->out_head].seg.seq.v == nth(2).v);
    ack(c, 380, 4);
    assert_int_equal(c->conn.retransmit_cnt, 0);
    assert_false(c->conn.in_recovery);
    t_conn_del(c);
}

/* The probe repaired the only loss: it counts as one, when later data shows that. */
static void test_repaired_loss_counts(void **state)
{
    struct t_conn *c = in_flight(10, 0);

    (void)state;
    ack(c, 90, 8);
    t_advance(c, T_MS(300));
    assert_int_equal(c->out_cnt, 1);
    t_forget(c);
    ack(c, 350, 10);
    assert_non_null(c->conn.flight); /* it is not known yet which copy arrived */
    assert_true(c->conn.cwnd > 10 * MSS);
    t_app_write(c, 2 * MSS);
    t_forget(c);
    ack(c, 400, 12);
    assert_true(c->conn.cwnd <= 6 * MSS && c->conn.cwnd >= 2 * MSS);
    assert_null(c->conn.flight);
    t_conn_del(c);
}

/* Both copies arrived, as the peer reports: nothing was lost. */
static void test_needless_probe_is_forgiven(void **state)
{
    struct t_conn *c = in_flight(10, 0);

    (void)state;
    ack(c, 90, 8);
    t_advance(c, T_MS(300));
    t_forget(c);
    ack(c, 350, 10);
    sack(c, 360, 10, 9, 10);
    t_app_write(c, 2 * MSS);
    t_forget(c);
    ack(c, 400, 12);
    assert_true(c->conn.cwnd > 10 * MSS);
    assert_null(c->conn.flight);
    t_conn_del(c);
}

/* PRR: of ten delivered about half go out again, spread over the round trip. */
static void test_recovery_is_proportional(void **state)
{
    struct t_conn *c = in_flight(20, 60);
    uint32_t sent = 0;

    (void)state;
    for (uint32_t i = 1; i <= 3; ++i) {
        sack(c, 100, 0, 1, 1 + i);
    }
    t_advance(c, T_MS(130));
    assert_true(c->conn.in_recovery);
    t_forget(c);
    for (uint32_t i = 4; i < 20; ++i) {
        sack(c, 130 + i, 0, 1, 1 + i);
        assert_true(c->out_cnt <= 2);
        sent += c->out_cnt;
        t_forget(c);
        assert_int_equal(c->conn.cwnd, c->conn.ssthresh);
    }
    /* Half of 19 delivered, less the three and the retransmission that left before. */
    assert_in_range(sent, 4, 7);
    ack(c, 240, 23 + sent);
    assert_false(c->conn.in_recovery);
    assert_true(c->conn.cwnd <= c->conn.ssthresh); /* no burst: RFC-050 */
    t_conn_del(c);
}

/* RFC-078: what is handed over left when it was; and yields no round trip. */
static void test_handed_over_is_timed_from_then(void **state)
{
    struct t_conn *c = t_conn_bare(&modern);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, &modern);

    (void)state;
    s.delegated.snd_nxt = nth(10).v;
    s.delegated.snd_max = nth(10).v;
    s.delegated.retransmit_timeout_delta = 300;
    assert_int_equal(t_conn_import(c, &s, 10 * MSS), TOE_STATUS_SUCCESS);
    assert_non_null(c->conn.flight);
    sack(c, 10, 0, 1, 4);
    assert_int_equal(tcp_rtt_min(&c->conn), 0);
    t_expect_silence(c, T_MS(30));
    t_advance(c, T_MS(45));
    assert_true(c->conn.in_recovery);
    assert_true(c->out_cnt >= 1 && c->out[c->out_head].seg.seq.v == nth(0).v);
    t_conn_del(c);
}

/* What was SACKed and then begins at snd_una was thrown away: it goes again without a timeout. */
static void test_reneging_is_seen(void **state)
{
    struct t_conn *c = in_flight(5, 0);

    (void)state;
    sack(c, 100, 0, 1, 5);
    t_advance(c, T_MS(140));
    t_forget(c);
    ack(c, 160, 1);
    assert_true(c->out_cnt >= 1 && c->out[c->out_head].seg.seq.v == nth(1).v);
    t_forget(c);
    ack(c, 200, 5);
    t_expect_silence(c, T_MS(9999));
    t_conn_del(c);
}

/* Without memory for the record, recovery is that of RFC 6675; so when it runs out of it later. */
static void test_without_memory(void **state)
{
    struct t_options opt = modern;
    struct t_conn *c;
    struct tcp_flight_pools none;

    (void)state;
    for (uint32_t variant = 0; variant < 2; ++variant) {
        opt.cwnd = 40 * MSS;
        c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
        tcp_flight_pools_init(&none, base_mem_default(), 1);
        assert_non_null(base_slab_alloc(&none.some));
        if (variant == 0) {
            assert_non_null(base_slab_alloc(&none.flights));
        }
        c->cfg.flights = &none;
        t_app_write(c, 40 * MSS);
        t_forget(c);
        for (uint32_t i = 0; i < 8; ++i) {
            sack(c, 100, 0, 1 + 3 * i, 3 + 3 * i);
        }
        assert_true(variant == 0 ? c->conn.flight == NULL : c->conn.flight->is_blind);
        for (uint32_t i = 0; i < 8; ++i) {
            sack(c, 110, 0, 1 + 3 * i, 3 + 3 * i);
        }
        assert_true(c->conn.in_recovery);
        assert_true(c->out_cnt >= 1);
        t_forget(c);
        ack(c, 200, 40);
        assert_false(c->conn.in_recovery);
        t_conn_del(c);
        tcp_flight_pools_fini(&none);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_for_reordering),
        cmocka_unit_test(test_late_delivery_is_timed),
        cmocka_unit_test(test_third_is_enough),
        cmocka_unit_test(test_lost_again_before_a_sack),
        cmocka_unit_test(test_none_is_not_held_back),
        cmocka_unit_test(test_hole_is_probed),
        cmocka_unit_test(test_all_holes_are_probed),
        cmocka_unit_test(test_train_of_answers_is_waited_for),
        cmocka_unit_test(test_fin_is_probed_alone),
        cmocka_unit_test(test_bursts_are_pushed),
        cmocka_unit_test(test_parts_are_pushed_again),
        cmocka_unit_test(test_reordering_resends_nothing),
        cmocka_unit_test(test_lost_retransmission_is_resent),
        cmocka_unit_test(test_tail_is_probed),
        cmocka_unit_test(test_repaired_loss_counts),
        cmocka_unit_test(test_needless_probe_is_forgiven),
        cmocka_unit_test(test_recovery_is_proportional),
        cmocka_unit_test(test_handed_over_is_timed_from_then),
        cmocka_unit_test(test_reneging_is_seen),
        cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
