/* SPDX-License-Identifier: MIT */
/* A closed window is probed (TMR-055 to TMR-073). */

#include "support/conversation.h"
#include "tcp/deadline.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A connection whose RTO is 300 ms, with data and a window that just closed. */
static struct t_conn *closed_window(uint32_t unsent)
{
    struct t_conn *c =
        t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.srtt = 8 * 100, .rttvar = 4 * 10});

    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .wnd = T_ZERO_WINDOW));
    if (unsent > 0) {
        t_app_write(c, unsent);
    }
    return c;
}

/* TMR-064, TMR-065: 300, 600, 1200 ms; an answer at 1300 begins round one: 1900, 2200, 2800. */
static void test_rounds_of_probes(void **state)
{
    struct t_conn *c = closed_window(10000);

    (void)state;
    t_expect_silence(c, T_MS(299));
    t_expect(c, T_MS(300), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_expect(c, T_MS(600), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_expect(c, T_MS(1200), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_send(c, T_MS(1300), SEG(.seq = {1}, .ack = {1}, .wnd = T_ZERO_WINDOW));
    assert_int_equal(c->conn.snd_wnd_probe_cnt, 1);
    assert_int_equal(c->conn.retransmit_cnt, 0);
    t_expect(c, T_MS(1900), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_expect(c, T_MS(2200), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_expect(c, T_MS(2800), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_expect_silence(c, T_MS(2900));
    t_conn_del(c);
}

/* The window opens: everything leaves, the byte of the probe with what follows it. */
static void test_opening_resumes(void **state)
{
    struct t_conn *c = closed_window(2000);

    (void)state;
    t_expect(c, T_MS(300), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_send(c, T_MS(400), SEG(.seq = {1}, .ack = {1}));
    t_expect(c, T_MS(400), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_expect(c, T_MS(400), SEG(.seq = {1461}, .ack = {1}, .len = 540));
    t_send(c, T_MS(500), SEG(.seq = {1}, .ack = {2001}));
    assert_true(tcp_deadline(&c->conn) == TOE_INSTANT_NEVER);
    t_conn_del(c);
}

/* The peer takes the byte of each probe and stays closed: rounds go on, nothing is resent. */
static void test_probes_can_be_accepted(void **state)
{
    struct t_conn *c = closed_window(10);

    (void)state;
    t_expect(c, T_MS(300), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_send(c, T_MS(310), SEG(.seq = {1}, .ack = {2}, .wnd = T_ZERO_WINDOW));
    assert_int_equal(c->conn.snd_wnd_probe_cnt, 1);
    t_expect_silence(c, T_MS(909));
    t_expect(c, T_MS(910), SEG(.seq = {2}, .ack = {1}, .len = 1));
    t_conn_del(c);
}

/* A FIN is probed like a byte (TMR-067, DSC-027). */
static void test_fin_is_probed(void **state)
{
    struct t_conn *c = closed_window(0);

    (void)state;
    assert_true(tcp_deadline(&c->conn) == TOE_INSTANT_NEVER); /* TMR-068 */
    t_app_close(c);
    t_expect(c, T_MS(300), SEG(.seq = {1}, .ack = {1}, .flags = TCP_FIN));
    t_send(c, T_MS(350), SEG(.seq = {1}, .ack = {2}, .wnd = T_ZERO_WINDOW));
    assert_int_equal(c->conn.state, TOE_TCP_FIN_WAIT_2);
    t_conn_del(c);
}

/* The FIN's acknowledgment ends the probing for it, even if the segment ends all else (TMR-096). */
static void test_fin_acked_by_urgent_data(void **state)
{
    struct t_conn *c = closed_window(0);

    (void)state;
    c->cfg.urgent_uploads = true;
    t_app_close(c);
    t_expect(c, T_MS(300), SEG(.seq = {1}, .ack = {1}, .flags = TCP_FIN));
    t_send(c, T_MS(350),
           SEG(.seq = {1}, .ack = {2}, .len = 5, .flags = TCP_URG, .wnd = T_ZERO_WINDOW));
    assert_int_equal(c->conn.state, TOE_TCP_FIN_WAIT_2);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_URGENT);
    assert_int_equal(tcp_deadline_slot(&c->conn), TCP_DEADLINE_FIN_WAIT_2);
    assert_false(tcp_deadline_is_armed(&c->conn, TCP_DEADLINE_PERSIST));
    t_conn_del(c);
}

/* A round without an answer ends it, at the expiry after the last probe (TMR-062, TMR-063). */
static void test_silence_gives_up(void **state)
{
    struct t_conn *c = closed_window(10);
    struct toe_tcp_delegated d;

    (void)state;
    c->cfg.max_retransmissions = 3;
    t_advance(c, T_MS(2399));
    assert_int_equal(c->out_cnt, 3);
    t_forget(c);
    t_expect_silence(c, T_MS(2400));
    assert_int_equal(c->conn.verdict, TCP_VERDICT_TIMEOUT);
    tcp_export(&c->conn, NULL, NULL, &d, c->now);
    assert_int_equal(d.retransmit_cnt, 3);
    assert_int_equal(d.retransmit_timeout_delta, 0);
    t_conn_del(c);
}

/* Answers keep it alive without end (TMR-073, RFC-017), and are no duplicates. */
static void test_answers_keep_it_alive(void **state)
{
    struct t_conn *c = closed_window(10);

    (void)state;
    c->cfg.max_retransmissions = 3;
    for (uint64_t i = 0; i < 1000; ++i) {
        t_send(c, T_MS(i * 1000), SEG(.seq = {1}, .ack = {1}, .wnd = T_ZERO_WINDOW));
        t_forget(c);
    }
    assert_int_equal(c->conn.verdict, TCP_VERDICT_NONE);
    assert_int_equal(c->conn.dup_ack_cnt, 0);
    t_conn_del(c);
}

/* T-143: a persist phase that was handed over goes on, then the retransmit phase. */
static void test_phase_is_handed_over(void **state)
{
    const struct t_options opt = {.srtt = 800, .rttvar = 40, .snd_wnd = T_ZERO_WINDOW};
    struct t_conn *c = t_conn_bare(&opt);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, &opt);

    (void)state;
    s.delegated.snd_wnd_probe_cnt = 2;
    s.delegated.retransmit_timeout_delta = 400;
    assert_int_equal(t_conn_import(c, &s, 1000), TOE_STATUS_SUCCESS);
    t_expect(c, T_MS(400), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_expect(c, T_MS(700), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_expect(c, T_MS(1300), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_expect_silence(c, T_MS(1500));
    tcp_export(&c->conn, NULL, NULL, &s.delegated, c->now);
    assert_int_equal(s.delegated.snd_wnd_probe_cnt, 2);
    assert_int_equal(s.delegated.retransmit_cnt, 3);
    assert_int_equal(s.delegated.retransmit_timeout_delta, 1000);
    t_conn_del(c);
}

/* T-144: a retransmit phase that was handed over; its answer begins the next round. */
static void test_answer_after_handover(void **state)
{
    const struct t_options opt = {.srtt = 800, .rttvar = 40, .snd_wnd = T_ZERO_WINDOW};
    struct t_conn *c = t_conn_bare(&opt);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, &opt);

    (void)state;
    s.delegated.snd_wnd_probe_cnt = 2;
    s.delegated.retransmit_cnt = 3;
    s.delegated.retransmit_timeout_delta = 1000;
    s.delegated.snd_max = 2;
    assert_int_equal(t_conn_import(c, &s, 1000), TOE_STATUS_SUCCESS);
    t_send(c, T_MS(100), SEG(.seq = {1}, .ack = {1}, .wnd = T_ZERO_WINDOW));
    tcp_export(&c->conn, NULL, NULL, &s.delegated, c->now);
    assert_int_equal(s.delegated.snd_wnd_probe_cnt, 3);
    assert_int_equal(s.delegated.retransmit_cnt, 0);
    assert_int_equal(s.delegated.retransmit_timeout_delta, 2400);
    t_conn_del(c);
}

/* The window closes over what is in flight, which is lost: it is probed, and all arrives. */
static void test_window_closes_over_flight(void **state)
{
    struct t_conn *c =
        t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.srtt = 8 * 100, .rttvar = 4 * 10});

    (void)state;
    t_app_write(c, 2920);
    t_forget(c);
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1}, .wnd = T_ZERO_WINDOW));
    t_expect(c, T_MS(300), SEG(.seq = {1}, .ack = {1}, .len = 1));
    t_send(c, T_MS(400), SEG(.seq = {1}, .ack = {1}));
    t_expect(c, T_MS(400), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_expect(c, T_MS(400), SEG(.seq = {1461}, .ack = {1}, .len = 1460));
    t_conn_del(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds_of_probes),
        cmocka_unit_test(test_opening_resumes),
        cmocka_unit_test(test_probes_can_be_accepted),
        cmocka_unit_test(test_fin_is_probed),
        cmocka_unit_test(test_fin_acked_by_urgent_data),
        cmocka_unit_test(test_silence_gives_up),
        cmocka_unit_test(test_answers_keep_it_alive),
        cmocka_unit_test(test_phase_is_handed_over),
        cmocka_unit_test(test_answer_after_handover),
        cmocka_unit_test(test_window_closes_over_flight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
