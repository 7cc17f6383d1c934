/* SPDX-License-Identifier: MIT */
/* Validation of cwnd: RFC 7661, whose sections the tests name. */

#include "support/conversation.h"

#include "tcp/congestion.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MSS 1460u
#define CWND (40 * MSS)

static struct t_conn *validating(const struct tcp_cc_ops *cc, uint32_t ssthresh)
{
    const struct t_options opt = {.cwnd = CWND, .ssthresh = ssthresh, .srtt = 800, .ecn = true};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);

    c->cfg.cc = cc;
    c->cfg.validates_cwnd = true;
    c->cfg.ssthresh_flight = true;
    return c;
}

static struct t_conn *keeper(const struct tcp_cc_ops *cc, uint32_t ssthresh)
{
    struct t_conn *c = validating(cc, ssthresh);

    c->cfg.tuning.after_idle = TOE_AFTER_IDLE_KEEP;
    return c;
}

static struct t_seg ack_of(const struct t_conn *c, uint32_t segs)
{
    return (struct t_seg){.seq = {1}, .ack = {c->conn.snd_una.v - c->seq_base + segs * MSS}};
}

/* |cnt| round trips of 100 ms in which the application sends |segs| segments each. */
static void talk(struct t_conn *c, uint32_t cnt, uint32_t segs)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        struct t_seg seg;

        t_app_write(c, segs * MSS);
        for (uint32_t k = 0; k < segs; k += 2) {
            seg = ack_of(c, 2);
            t_send(c, c->now - c->origin + (k == 0 ? T_MS(100) : 0), &seg);
        }
        t_forget(c);
    }
}

static const struct tcp_cc_ops *const controls[] = {&tcp_cc_newreno, &tcp_cc_cubic};

/* What an application finds that was silent: by the rules, by RFC 2861, by RFC 7661. The RTO is 300
 * ms. */
static void test_after_idle(void **state)
{
    static const struct {
        enum toe_after_idle how;
        toe_duration idle;
        uint32_t segs;
        uint32_t ssthresh;
    } cases[] = {
        {TOE_AFTER_IDLE_RESTART, T_MS(290), 40, 20}, {TOE_AFTER_IDLE_RESTART, T_MS(310), 10, 20},
        {TOE_AFTER_IDLE_HALVE, T_MS(290), 40, 20},   {TOE_AFTER_IDLE_HALVE, T_MS(310), 20, 30},
        {TOE_AFTER_IDLE_HALVE, T_MS(610), 10, 30},   {TOE_AFTER_IDLE_HALVE, T_MS(60000), 10, 30},
        {TOE_AFTER_IDLE_KEEP, T_MS(60000), 40, 20},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        for (int k = 0; k < 2; ++k) {
            struct t_conn *c = validating(controls[k], 20 * MSS);

            c->cfg.tuning.after_idle = cases[i].how;
            talk(c, 4, 4);
            assert_int_equal(c->conn.cwnd, CWND);
            t_advance(c, c->conn.last_sent - c->origin + cases[i].idle);
            t_app_write(c, 2 * CWND);
            if (c->out_cnt != cases[i].segs || c->conn.ssthresh != cases[i].ssthresh * MSS) {
                fail_msg("case %zu: %u, %u", i, c->out_cnt, c->conn.ssthresh);
            }
            t_forget(c);
            t_conn_del(c);
        }
    }
}

/* 4.2: what is used of cwnd is the most of three round trips, or a second, or of twice as long. */
static void test_samples_age(void **state)
{
    struct t_conn *c = validating(&tcp_cc_newreno, CWND);

    (void)state;
    talk(c, 5, 30);
    assert_true(c->conn.cwnd_measured);
    assert_int_equal(tcp_validation_pipe(&c->conn), 30 * MSS);
    talk(c, 4, 4);
    assert_int_equal(tcp_validation_pipe(&c->conn), 30 * MSS);
    assert_false(c->conn.cwnd_unused);
    talk(c, 20, 4);
    assert_int_equal(tcp_validation_pipe(&c->conn), 4 * MSS);
    assert_true(c->conn.cwnd_unused);
    talk(c, 1, 20);
    assert_false(c->conn.cwnd_unused);
    assert_int_equal(c->conn.cwnd, CWND);
    t_conn_del(c);
}

/* RFC-053: half of it is not enough for cwnd to grow; and who fills it uses it, measured or not. */
static void test_full_window(void **state)
{
    struct t_conn *c = validating(&tcp_cc_newreno, 60 * MSS);

    (void)state;
    talk(c, 5, 4);
    assert_true(c->conn.cwnd_unused);
    talk(c, 3, 30);
    assert_int_equal(c->conn.cwnd, CWND);
    talk(c, 30, 4);
    assert_true(c->conn.cwnd_unused);
    talk(c, 1, 40);
    assert_false(c->conn.cwnd_unused);
    assert_true(c->conn.cwnd > CWND);
    t_conn_del(c);
}

/* 4.4.3: an application that is never silent for long, but says little. */
static void test_period_of_little(void **state)
{
    struct t_conn *c = validating(&tcp_cc_newreno, 20 * MSS);

    (void)state;
    talk(c, 2900, 4);
    assert_int_equal(c->conn.cwnd, CWND);
    talk(c, 200, 4);
    assert_int_equal(c->conn.cwnd, CWND / 2);
    assert_int_equal(c->conn.ssthresh, 30 * MSS);
    talk(c, 3000, 4);
    assert_int_equal(c->conn.cwnd, CWND / 4);
    talk(c, 3100, 4);
    assert_int_equal(c->conn.cwnd, CWND / 4);
    t_conn_del(c);
}

/* 4.4.3: for each five minutes in which it is not validated it is halved, down to the initial
 * window, and ssthresh remembers three quarters. */
static void test_period(void **state)
{
    static const struct {
        toe_instant idle;
        uint32_t cwnd;
    } cases[] = {{T_MS(290000), CWND},
                 {T_MS(310000), CWND / 2},
                 {T_MS(610000), CWND / 4},
                 {T_MS(9000000), CWND / 4},
                 {T_MS(90000000), CWND / 4}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_conn *c = keeper(&tcp_cc_newreno, 20 * MSS);

        talk(c, 4, 4);
        t_advance(c, cases[i].idle);
        t_app_write(c, 2 * CWND);
        assert_int_equal(c->out_cnt, cases[i].cwnd / MSS);
        assert_int_equal(c->conn.cwnd, cases[i].cwnd);
        assert_int_equal(c->conn.ssthresh, cases[i].cwnd < CWND ? 30 * MSS : 20 * MSS);
        t_conn_del(c);
    }
}

/* 4.4.1: a loss counts by what was used, and by what was resent once it is repaired. */
static void test_loss(void **state)
{
    struct t_conn *c = validating(&tcp_cc_newreno, CWND);
    struct t_seg seg;

    (void)state;
    talk(c, 5, 8);
    t_app_write(c, 10 * MSS);
    t_forget(c);
    seg = ack_of(c, 0);
    for (int i = 0; i < 3; ++i) {
        t_send(c, c->now - c->origin + T_MS(10), &seg);
    }
    assert_true(c->conn.in_recovery);
    assert_int_equal(c->conn.cwnd, 5 * MSS); /* of ten in flight */
    seg = ack_of(c, 10);
    t_send(c, c->now - c->origin + T_MS(100), &seg);
    assert_false(c->conn.in_recovery);
    assert_int_equal(c->conn.ssthresh, (10 - 1) * MSS / 2);
    assert_false(c->conn.cwnd_measured); /* undefined again */
    t_forget(c);
    t_conn_del(c);

    /* More was used before than is in flight now. */
    c = validating(&tcp_cc_newreno, CWND);
    talk(c, 5, 16);
    t_app_write(c, 4 * MSS);
    t_forget(c);
    seg = ack_of(c, 0);
    for (int i = 0; i < 3; ++i) {
        t_send(c, c->now - c->origin + T_MS(10), &seg);
    }
    assert_int_equal(c->conn.cwnd, 8 * MSS);
    t_forget(c);
    t_conn_del(c);

    /* Validated: as ever. */
    c = validating(&tcp_cc_newreno, CWND);
    talk(c, 1, 30);
    t_app_write(c, 36 * MSS);
    t_forget(c);
    seg = ack_of(c, 0);
    for (int i = 0; i < 3; ++i) {
        t_send(c, c->now - c->origin + T_MS(10), &seg);
    }
    assert_int_equal(c->conn.cwnd, 18 * MSS);
    t_forget(c);
    t_conn_del(c);
}

/* 4.4.1: the same for a congestion mark. */
static void test_mark(void **state)
{
    struct t_conn *c = validating(&tcp_cc_newreno, CWND);
    struct t_seg seg;

    (void)state;
    talk(c, 5, 16);
    t_app_write(c, 4 * MSS);
    t_forget(c);
    seg = ack_of(c, 2);
    seg.flags = TCP_ECE;
    t_send(c, c->now - c->origin + T_MS(100), &seg);
    assert_int_equal(c->conn.cwnd, 16 * MSS * 80 / 100); /* RFC 8511 */
    t_forget(c);
    t_conn_del(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_idle),
        cmocka_unit_test(test_samples_age),
        cmocka_unit_test(test_full_window),
        cmocka_unit_test(test_period),
        cmocka_unit_test(test_period_of_little),
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
