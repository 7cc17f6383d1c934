/* SPDX-License-Identifier: MIT */
/* What was done about a loss that was none is undone (RFC 3522, RFC 3708, RFC 4015, RFC 5682). */

#include "support/conversation.h"

#include "tcp/congestion.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MSS 1460u

static toe_seq nth(uint32_t i)
{
    return toe_seq_of(1 + MSS * i);
}

/* Ten full segments leave, |more| wait; the RTO is 300 ms. */
static struct t_conn *in_flight(struct t_options opt, uint32_t more)
{
    struct t_conn *c;

    opt.modern = true;
    opt.mss = MSS + (opt.timestamps ? 12 : 0);
    opt.srtt = 800;
    opt.rttvar = 80;
    opt.cwnd = 10 * MSS;
    opt.ssthresh = 20 * MSS;
    c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
    c->cfg.cc = &tcp_cc_cubic;
    t_app_write(c, MSS * (10 + more));
    assert_int_equal(c->out_cnt, 10);
    t_forget(c);
    return c;
}

static void expect_undone(struct t_conn *c)
{
    assert_true(c->conn.cwnd >= 10 * MSS);
    assert_int_equal(c->conn.ssthresh, 20 * MSS);
    assert_int_equal(c->conn.snd_nxt.v, c->conn.snd_max.v);
}

static void expect_reduced(struct t_conn *c)
{
    assert_true(c->conn.cwnd < 10 * MSS);
    assert_int_equal(c->conn.ssthresh, 7 * MSS);
}

/* Without SACK and timestamps: the first acknowledgment lets new data leave, the second decides. */
static void test_frto_decides_by_the_second(void **state)
{
    struct t_conn *c = in_flight((struct t_options){0}, 20);

    (void)state;
    t_expect(c, T_MS(300), SEG(.seq = {1}, .ack = {1}, .len = MSS));
    expect_reduced(c);
    t_send(c, T_MS(310), SEG(.seq = {1}, .ack = nth(2)));
    t_expect(c, T_MS(310), SEG(.seq = nth(10), .ack = {1}, .len = MSS));
    t_expect(c, T_MS(310), SEG(.seq = nth(11), .ack = {1}, .len = MSS));
    t_expect_silence(c, T_MS(311));
    expect_reduced(c);
    t_send(c, T_MS(312), SEG(.seq = {1}, .ack = nth(4)));
    expect_undone(c);
    t_forget(c);
    t_send(c, T_MS(314), SEG(.seq = {1}, .ack = nth(12)));
    t_conn_del(c);

    /* A duplicate instead: it was lost, and all goes again. */
    c = in_flight((struct t_options){0}, 20);
    t_expect(c, T_MS(300), SEG(.seq = {1}, .ack = {1}, .len = MSS));
    t_send(c, T_MS(310), SEG(.seq = {1}, .ack = nth(1)));
    t_expect(c, T_MS(310), SEG(.seq = nth(10), .ack = {1}, .len = MSS));
    t_expect(c, T_MS(310), SEG(.seq = nth(11), .ack = {1}, .len = MSS));
    t_send(c, T_MS(350), SEG(.seq = {1}, .ack = nth(1)));
    expect_reduced(c);
    t_expect(c, T_MS(350), SEG(.seq = nth(1), .ack = {1}, .len = MSS));
    t_conn_del(c);
}

/* Nothing new to send: as ever, go back N. */
static void test_frto_needs_new_data(void **state)
{
    struct t_conn *c = in_flight((struct t_options){0}, 0);

    (void)state;
    t_expect(c, T_MS(300), SEG(.seq = {1}, .ack = {1}, .len = MSS));
    t_send(c, T_MS(310), SEG(.seq = {1}, .ack = nth(1)));
    t_expect(c, T_MS(310), SEG(.seq = nth(1), .ack = {1}, .len = MSS));
    expect_reduced(c);
    t_conn_del(c);
}

/* T-261 with SACK: after three timeouts an original arrives, and nothing else is resent. */
static void test_delay_spike_is_undone(void **state)
{
    struct t_conn *c = in_flight((struct t_options){.sack = true}, 0);
    uint32_t resent;

    (void)state;
    t_advance(c, T_MS(2000));
    resent = (uint32_t)c->conn.rexmit_cnt_total;
    assert_in_range(resent, 2, 4);
    expect_reduced(c);
    t_forget(c);
    for (uint32_t i = 2; i <= 10; i += 2) {
        t_send(c, T_MS(2000 + i), SEG(.seq = {1}, .ack = nth(i)));
        expect_undone(c);
    }
    t_expect_silence(c, T_MS(9999));
    assert_int_equal(c->conn.rexmit_cnt_total, resent);
    assert_int_equal(c->conn.backoff, 0);
    t_conn_del(c);
}

/* With SACK, and really lost: what was SACKed is not sent again, the rest is. */
static void test_timeout_with_sack_skips(void **state)
{
    struct t_conn *c = in_flight((struct t_options){.sack = true}, 0);

    (void)state;
    t_send(c, T_MS(290), SEG(.seq = {1}, .ack = {1}, .sack = {nth(3), nth(9)}));
    t_advance(c, T_MS(299));
    t_forget(c);
    t_advance(c, T_MS(1500)); /* all that was resent is lost as well */
    assert_int_equal(c->conn.cwnd, MSS);
    t_advance(c, T_MS(1590)); /* and the probe of the hole */
    t_forget(c);
    t_send(c, T_MS(1600), SEG(.seq = {1}, .ack = nth(1), .sack = {nth(3), nth(9)}));
    t_expect(c, T_MS(1600), SEG(.seq = nth(1), .ack = {1}, .len = MSS));
    t_expect(c, T_MS(1600), SEG(.seq = nth(2), .ack = {1}, .len = MSS));
    t_send(c, T_MS(1700), SEG(.seq = {1}, .ack = nth(9)));
    t_expect(c, T_MS(1700), SEG(.seq = nth(9), .ack = {1}, .len = MSS));
    t_send(c, T_MS(1800), SEG(.seq = {1}, .ack = nth(10)));
    t_expect_silence(c, T_MS(9999));
    t_conn_del(c);
}

/* Eifel: the echo is older than the retransmission, or it is not. */
static void test_old_echo_undoes(void **state)
{
    for (uint32_t late = 0; late < 2; ++late) {
        struct t_conn *c = in_flight((struct t_options){.timestamps = true}, 0);

        (void)state;
        for (uint32_t i = 0; i < 3; ++i) {
            t_send(c, T_MS(100), SEG(.seq = {1}, .ack = {1}, .ts = 100, .ecr = 1000));
        }
        t_expect(c, T_MS(100), SEG(.seq = {1}, .ack = {1}, .len = MSS));
        assert_true(c->conn.in_recovery);
        expect_reduced(c);
        t_send(c, T_MS(150), SEG(.seq = {1}, .ack = nth(10), .ts = 150, .ecr = late ? 1000 : 1100));
        if (late) {
            expect_undone(c);
        } else {
            expect_reduced(c);
        }
        t_conn_del(c);
    }
}

/* DSACK: when all that was resent is reported as a duplicate, and no sooner. */
static void test_reported_duplicates_undo(void **state)
{
    struct t_conn *c = in_flight((struct t_options){.sack = true}, 0);

    (void)state;
    t_send(c, T_MS(100), SEG(.seq = {1}, .ack = {1}, .sack = {nth(2), nth(10)}));
    t_advance(c, T_MS(150));
    assert_int_equal(c->conn.rexmit_cnt_total, 2);
    t_forget(c);
    t_send(c, T_MS(160), SEG(.seq = {1}, .ack = nth(10)));
    expect_reduced(c);
    t_send(c, T_MS(170), SEG(.seq = {1}, .ack = nth(10), .sack = {nth(0), nth(1)}));
    expect_reduced(c);
    t_send(c, T_MS(171), SEG(.seq = {1}, .ack = nth(10), .sack = {nth(1), nth(2)}));
    expect_undone(c);
    assert_true(c->conn.reo_wnd_mult > 0);
    assert_null(c->conn.flight);
    t_conn_del(c);
}

/* Segments from |left| on to |right| arrive, and what is at snd_una does not. */
static void sack_one_by_one(struct t_conn *c, uint32_t ms, toe_seq left, toe_seq right)
{
    for (toe_seq to = left; toe_seq_lt(to, right); ++ms) {
        to = toe_seq_add(to, MSS);
        t_send(c, T_MS(ms),
               SEG(.seq = {1}, .ack = nth(0), .ts = ms, .ecr = 1000, .sack = {left, to}));
    }
}

/*
 * A recovery ends while what it resent last is on its way, and the next begins: what then is
 * acknowledged first echoes that, which is older than all that this recovery resent, and no reason
 * to undo it.
 */
static void test_echo_of_the_recovery_before(void **state)
{
    struct t_conn *c = in_flight((struct t_options){.sack = true, .timestamps = true}, 60);
    toe_seq second;
    toe_seq third;
    uint32_t ssthresh;

    (void)state;
    c->cfg.rack_threshold = true;
    sack_one_by_one(c, 100, nth(1), nth(10)); /* two more leave before it is a loss */
    assert_true(c->conn.in_recovery);
    second = c->conn.snd_max;
    assert_true(toe_seq_gt(second, nth(15)));
    sack_one_by_one(c, 150, nth(10), nth(12));
    sack_one_by_one(c, 152, nth(13), second); /* the next is lost, and resent */
    third = c->conn.snd_max;
    assert_true(toe_seq_gt(third, toe_seq_add(second, 3 * MSS)));
    t_send(c, T_MS(210),
           SEG(.seq = {1}, .ack = nth(12), .ts = 210, .ecr = 1103, .sack = {nth(13), second}));
    assert_false(c->conn.in_recovery);
    t_send(c, T_MS(211),
           SEG(.seq = {1}, .ack = nth(12), .ts = 211, .ecr = 1103,
               .sack = {toe_seq_add(second, MSS), third}));
    assert_true(c->conn.in_recovery);
    ssthresh = c->conn.ssthresh;
    assert_true(ssthresh < 7 * MSS);
    t_send(c, T_MS(256),
           SEG(.seq = {1}, .ack = second, .ts = 256, .ecr = 1156,
               .sack = {toe_seq_add(second, MSS), third}));
    assert_true(c->conn.in_recovery);
    assert_int_equal(c->conn.ssthresh, ssthresh);
    t_conn_del(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frto_decides_by_the_second),
        cmocka_unit_test(test_frto_needs_new_data),
        cmocka_unit_test(test_delay_spike_is_undone),
        cmocka_unit_test(test_timeout_with_sack_skips),
        cmocka_unit_test(test_old_echo_undoes),
        cmocka_unit_test(test_reported_duplicates_undo),
        cmocka_unit_test(test_echo_of_the_recovery_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
