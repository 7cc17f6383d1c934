/* SPDX-License-Identifier: MIT */
/* Fast retransmit and recovery, with and without SACK (RFC-042 to RFC-050, RFC-070 to RFC-077). */

#include "support/conversation.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* |cnt| full segments are in flight, from sequence number 1 on. */
static struct t_conn *in_flight(uint32_t cnt, bool sack)
{
    struct t_conn *c = t_conn_new(
        TOE_TCP_ESTABLISHED, &(struct t_options){.sack = sack, .cwnd = 1460 * cnt, .mss = 1460});

    t_app_write(c, 1460 * 100);
    assert_int_equal(c->out_cnt, cnt);
    t_forget(c);
    return c;
}

/* The sequence number of segment |i|, and the end of the one before it. */
static toe_seq nth(uint32_t i)
{
    return toe_seq_of(1 + 1460 * i);
}

static void dup(struct t_conn *c, uint64_t ms, uint32_t ack)
{
    t_send(c, T_MS(ms), SEG(.seq = {1}, .ack = nth(ack)));
}

/* The third duplicate resends the segment; the first two let new ones leave (RFC 3042). */
static void test_third_duplicate_resends(void **state)
{
    struct t_conn *c = in_flight(10, false);

    (void)state;
    dup(c, 10, 0);
    t_expect(c, T_MS(10), SEG(.seq = nth(10), .ack = {1}, .len = 1460));
    dup(c, 11, 0);
    t_expect(c, T_MS(11), SEG(.seq = nth(11), .ack = {1}, .len = 1460));
    assert_int_equal(c->conn.cwnd, 14600);
    dup(c, 12, 0);
    t_expect(c, T_MS(12), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_expect_silence(c, T_MS(13));
    assert_int_equal(c->conn.ssthresh, 7300);

    /* Nine left the network, twelve were sent: each further duplicate lets one leave. */
    for (uint32_t i = 4; i <= 7; ++i) {
        dup(c, 20 + i, 0);
    }
    t_expect_silence(c, T_MS(30));
    dup(c, 31, 0);
    t_expect(c, T_MS(31), SEG(.seq = nth(12), .ack = {1}, .len = 1460));

    /* All of it arrives: recovery ends with cwnd at ssthresh. */
    t_send(c, T_MS(50), SEG(.seq = {1}, .ack = nth(12)));
    assert_false(c->conn.in_recovery);
    assert_true(c->conn.cwnd <= 7300);
    t_conn_del(c);
}

/* Two losses: a partial acknowledgment resends the next hole without new duplicates (RFC 6582). */
static void test_partial_ack_resends_next_hole(void **state)
{
    struct t_conn *c = in_flight(10, false);

    (void)state;
    for (uint32_t i = 0; i < 3; ++i) {
        dup(c, 10, 0);
    }
    t_forget(c);
    t_send(c, T_MS(20), SEG(.seq = {1}, .ack = nth(4)));
    t_expect(c, T_MS(20), SEG(.seq = nth(4), .ack = {1}, .len = 1460));
    assert_true(c->conn.in_recovery);
    t_forget(c);
    t_send(c, T_MS(30), SEG(.seq = {1}, .ack = nth(12)));
    assert_false(c->conn.in_recovery);
    t_conn_del(c);
}

/* Text, another window, nothing outstanding: no duplicates (RFC-044). */
static void test_what_is_no_duplicate(void **state)
{
    struct t_conn *c = in_flight(10, false);

    (void)state;
    for (uint32_t i = 0; i < 4; ++i) {
        t_send(c, T_MS(10), SEG(.seq = {1 + 10 * i}, .ack = {1}, .len = 10));
        t_send(c, T_MS(10), SEG(.seq = {1 + 10 * i + 10}, .ack = {1}, .wnd = 60000 + i));
    }
    assert_int_equal(c->conn.dup_ack_cnt, 0);
    t_conn_del(c);

    c = t_conn_in(TOE_TCP_ESTABLISHED);
    for (uint32_t i = 0; i < 4; ++i) {
        t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1}));
    }
    assert_int_equal(c->conn.dup_ack_cnt, 0);
    t_conn_del(c);
}

/* Two duplicates were counted by the giver: the next one is the third (RFC-043). */
static void test_count_is_handed_over(void **state)
{
    const struct t_options opt = {.cwnd = 14600};
    struct t_conn *c = t_conn_bare(&opt);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, &opt);

    (void)state;
    s.delegated.dup_ack_cnt = 2;
    s.delegated.snd_nxt = 1 + 14600;
    s.delegated.snd_max = 1 + 14600;
    s.delegated.retransmit_timeout_delta = 500;
    assert_int_equal(t_conn_import(c, &s, 14600), TOE_STATUS_SUCCESS);
    t_expect_silence(c, T_MS(9));
    dup(c, 10, 0);
    t_expect(c, T_MS(10), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_conn_del(c);
}

/* T-264: after a timeout, duplicates of what was resent for nothing change nothing (RFC-047). */
static void test_no_fast_retransmit_below_recover(void **state)
{
    const struct t_options opt = {.cwnd = 1460};
    struct t_conn *c = t_conn_bare(&opt);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, &opt);

    (void)state;
    s.delegated.retransmit_cnt = 1;
    s.delegated.snd_nxt = 1 + 1460;
    s.delegated.snd_max = 1 + 14600;
    s.delegated.retransmit_timeout_delta = 500;
    assert_int_equal(t_conn_import(c, &s, 14600), TOE_STATUS_SUCCESS);
    for (uint32_t i = 0; i < 5; ++i) {
        dup(c, 10, 0);
    }
    t_expect_silence(c, T_MS(20));
    t_conn_del(c);
}

/* With SACK: each hole is resent once, new data follows, as the pipe allows (RFC 6675). */
static void test_sack_resends_holes(void **state)
{
    struct t_conn *c = in_flight(10, true);

    (void)state;
    /* 0 and 4 are lost. */
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1}, .sack = {nth(1), nth(2)}));
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1}, .sack = {nth(1), nth(3)}));
    t_forget(c); /* limited transmit: 10, 11 */
    t_send(c, T_MS(11), SEG(.seq = {1}, .ack = {1}, .sack = {nth(1), nth(4)}));
    t_expect(c, T_MS(11), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    assert_int_equal(c->conn.cwnd, 7300);
    for (uint32_t i = 5; i < 12; ++i) {
        t_send(c, T_MS(12), SEG(.seq = {1}, .ack = {1}, .sack = {nth(5), nth(i + 1)}));
    }
    t_expect(c, T_MS(12), SEG(.seq = nth(4), .ack = {1}, .len = 1460));
    t_expect(c, T_MS(12), SEG(.seq = nth(12), .ack = {1}, .len = 1460));
    t_expect(c, T_MS(12), SEG(.seq = nth(13), .ack = {1}, .len = 1460));
    t_expect(c, T_MS(12), SEG(.seq = nth(14), .ack = {1}, .len = 1460));
    t_expect_silence(c, T_MS(13));

    /* Partial: 4 is still on its way, and is not resent again. */
    t_send(c, T_MS(20), SEG(.seq = {1}, .ack = nth(4), .sack = {nth(5), nth(12)}));
    t_expect(c, T_MS(20), SEG(.seq = nth(15), .ack = {1}, .len = 1460));
    t_expect_silence(c, T_MS(21));
    t_send(c, T_MS(22), SEG(.seq = {1}, .ack = nth(12)));
    assert_false(c->conn.in_recovery);
    t_conn_del(c);
}

/* The peer forgets what it had SACKed, as it does when it is uploaded (SEG-064): after the timeout
 * everything goes again, whatever was SACKed. */
static void test_reneging_is_survived(void **state)
{
    struct t_conn *c = in_flight(5, true);

    (void)state;
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1}, .sack = {nth(1), nth(5)}));
    t_forget(c);
    t_advance(c, T_MS(1000));
    t_expect(c, T_MS(1000), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_send(c, T_MS(1010), SEG(.seq = {1}, .ack = nth(1)));
    t_expect(c, T_MS(1010), SEG(.seq = nth(1), .ack = {1}, .len = 1460));
    t_expect(c, T_MS(1010), SEG(.seq = nth(2), .ack = {1}, .len = 1460));
    t_conn_del(c);
}

/* Without the option SACK blocks are ignored, and the rest of the segment is not (RFC-070). */
static void test_unasked_sack_is_ignored(void **state)
{
    struct t_conn *c = in_flight(5, false);

    (void)state;
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = nth(1), .sack = {nth(2), nth(3)}));
    assert_null(c->conn.busy->scoreboard);
    assert_int_equal(c->conn.snd_una.v, nth(1).v);
    t_conn_del(c);
}

/* The receiving side: blocks in acknowledgments, the newest first. */
static void test_sack_is_generated(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.sack = true});

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {101}, .ack = {1}, .len = 100));
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .sack = {{101}, {201}}));
    t_send(c, T_MS(1), SEG(.seq = {401}, .ack = {1}, .len = 100));
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {1}, .sack = {{401}, {501}}));
    assert_int_equal(c->last.seg.sack_cnt, 2);
    t_send(c, T_MS(2), SEG(.seq = {1}, .ack = {1}, .len = 100));
    t_expect(c, T_MS(2), SEG(.seq = {1}, .ack = {201}, .sack = {{401}, {501}}));
    t_send(c, T_MS(3), SEG(.seq = {201}, .ack = {1}, .len = 200));
    t_expect(c, T_MS(3), SEG(.seq = {1}, .ack = {501}));
    assert_int_equal(c->last.seg.sack_cnt, 0);
    assert_int_equal(c->read, 500);
    t_conn_del(c);
}

/* RFC-073, SEG-089: what comes twice is reported first, once, and only where SACK is on. */
static void test_duplicates_are_reported(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.sack = true});

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 200));
    t_send(c, T_MS(1), SEG(.seq = {301}, .ack = {1}, .len = 100));
    t_forget(c);
    t_send(c, T_MS(2), SEG(.seq = {1}, .ack = {1}, .len = 100)); /* all of it old */
    t_expect(c, T_MS(2), SEG(.seq = {1}, .ack = {201}, .sack = {{1}, {101}}));
    assert_int_equal(c->last.seg.sack_cnt, 2);
    assert_int_equal(c->last.seg.sack[1].left.v - c->ack_base, 301);
    t_send(c, T_MS(3), SEG(.seq = {301}, .ack = {1}, .len = 100)); /* out of order, and here */
    t_expect(c, T_MS(3), SEG(.seq = {1}, .ack = {201}, .sack = {{301}, {401}}));
    assert_int_equal(c->last.seg.sack_cnt, 2);
    t_send(c, T_MS(4), SEG(.seq = {101}, .ack = {1}, .len = 150)); /* its head is old */
    t_expect(c, T_MS(4), SEG(.seq = {1}, .ack = {251}, .sack = {{101}, {201}}));
    t_send(c, T_MS(5), SEG(.seq = {251}, .ack = {1}, .len = 50));
    t_expect(c, T_MS(5), SEG(.seq = {1}, .ack = {401}));
    assert_int_equal(c->last.seg.sack_cnt, 0);
    assert_int_equal(c->read, 400);

    /* RFC 2883, 4.2: partly here, out of order: in the middle, at its end, in order at its end. */
    t_send(c, T_MS(6), SEG(.seq = {601}, .ack = {1}, .len = 100));
    t_send(c, T_MS(6), SEG(.seq = {801}, .ack = {1}, .len = 100));
    t_forget(c);
    t_send(c, T_MS(7), SEG(.seq = {551}, .ack = {1}, .len = 300));
    t_expect(c, T_MS(7), SEG(.seq = {1}, .ack = {401}, .sack = {{601}, {701}}));
    assert_int_equal(c->last.seg.sack[1].left.v - c->ack_base, 551);
    assert_int_equal(c->last.seg.sack[1].right.v - c->ack_base, 901);
    t_send(c, T_MS(8), SEG(.seq = {501}, .ack = {1}, .len = 60));
    t_expect(c, T_MS(8), SEG(.seq = {1}, .ack = {401}, .sack = {{551}, {561}}));
    t_send(c, T_MS(9), SEG(.seq = {401}, .ack = {1}, .len = 150));
    t_expect(c, T_MS(9), SEG(.seq = {1}, .ack = {901}, .sack = {{501}, {551}}));
    assert_int_equal(c->read, 900);
    t_conn_del(c);

    c = t_conn_in(TOE_TCP_ESTABLISHED);
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 200));
    t_forget(c);
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}, .len = 100));
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {201}));
    assert_int_equal(c->last.seg.sack_cnt, 0);
    t_conn_del(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_third_duplicate_resends),
        cmocka_unit_test(test_partial_ack_resends_next_hole),
        cmocka_unit_test(test_what_is_no_duplicate),
        cmocka_unit_test(test_count_is_handed_over),
        cmocka_unit_test(test_no_fast_retransmit_below_recover),
        cmocka_unit_test(test_sack_resends_holes),
        cmocka_unit_test(test_reneging_is_survived),
        cmocka_unit_test(test_unasked_sack_is_ignored),
        cmocka_unit_test(test_sack_is_generated),
        cmocka_unit_test(test_duplicates_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
