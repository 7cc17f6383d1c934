/* SPDX-License-Identifier: MIT */
/* Opening and closing: handshakes, FINs in every state, RSTs of the handshake, TIME_WAIT. */

#include "support/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A closed engine that offers everything, about to open with initial sequence number 0. */
static struct t_conn *closed(void)
{
    return t_conn_bare(
        &(struct t_options){.timestamps = true, .sack = true, .wscale = 7, .rcv_wnd = 100000});
}

/* Lets |seg| arrive, as it is. */
static enum toe_drop arrive(struct t_conn *c, struct tcp_segment seg)
{
    const enum toe_drop drop = tcp_input(&c->conn, &seg, c->now);

    t_settle(c);
    return drop;
}

static void test_active_open(void **state)
{
    struct t_conn *c = closed();
    struct tcp_segment syn_ack = {.flags = TCP_SYN | TCP_ACK,
                                  .ack = {1},
                                  .seq = {0},
                                  .wnd = 20000,
                                  .mss = 1000,
                                  .wscale = 3,
                                  .sack_permitted = true,
                                  .has_ts = true,
                                  .ts_val = 77,
                                  .ts_ecr = 1000000};

    (void)state;
    tcp_open(&c->conn, toe_seq_of(0), c->now);
    t_expect(c, T_MS(0), SEG(.seq = {0}, .flags = TCP_SYN, .wnd = 65535));
    assert_int_equal(c->last.seg.flags, TCP_SYN);
    assert_int_equal(c->last.seg.mss, 1460);
    assert_int_equal(c->last.seg.wscale, 7);
    assert_true(c->last.seg.sack_permitted && c->last.seg.has_ts);
    t_expect(c, T_MS(1000), SEG(.seq = {0}, .flags = TCP_SYN));
    t_advance(c, T_MS(1100));

    assert_int_equal(arrive(c, syn_ack), TOE_DROP_NONE);
    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    t_expect(c, T_MS(1100), SEG(.seq = {1}, .ack = {1}, .wnd = 100000 >> 7));
    assert_int_equal(c->last.seg.ts_ecr, 77);
    assert_int_equal(c->conn.snd_wnd, 20000);
    assert_int_equal(c->conn.snd_mss, 988);
    assert_true(tcp_deadline(&c->conn) == TOE_INSTANT_NEVER);
    t_conn_del(c);
}

static void test_passive_open(void **state)
{
    struct t_conn *c = closed();
    struct tcp_segment syn = {.flags = TCP_SYN, .seq = {0}, .wnd = 20000, .wscale = -1};

    (void)state;
    tcp_open_passive(&c->conn, &syn, toe_seq_of(0), c->now);
    t_expect(c, T_MS(0), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));
    assert_int_equal(c->last.seg.flags, TCP_SYN | TCP_ACK);
    assert_int_equal(c->last.seg.wscale, -1);
    assert_false(c->last.seg.sack_permitted || c->last.seg.has_ts);

    /* The SYN once more: so is the answer. */
    t_advance(c, T_MS(500));
    arrive(c, syn);
    t_expect(c, T_MS(500), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));
    t_expect(c, T_MS(1000), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));

    /* An acknowledgment of something else is answered with a RST. */
    assert_int_equal(t_send(c, T_MS(1001), SEG(.seq = {1}, .ack = {55})), TOE_DROP_TCP_ACK_BAD);
    t_expect(c, T_MS(1001), SEG(.seq = {55}, .flags = TCP_RST));
    assert_int_equal(c->last.seg.flags, TCP_RST);

    /* The third segment may have text. */
    assert_int_equal(t_send(c, T_MS(1002), SEG(.seq = {1}, .ack = {1}, .len = 10)), TOE_DROP_NONE);
    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    assert_int_equal(c->conn.snd_mss, 536);
    assert_int_equal(c->read, 10);
    t_conn_del(c);
}

/* RFC 9293, figure 7, seen from one side. */
static void test_simultaneous_open(void **state)
{
    struct t_conn *c = closed();
    struct tcp_segment syn = {.flags = TCP_SYN, .seq = {0}, .wnd = 20000, .wscale = 2, .mss = 1460};

    (void)state;
    tcp_open(&c->conn, toe_seq_of(0), c->now);
    t_expect(c, T_MS(0), SEG(.seq = {0}, .flags = TCP_SYN));
    arrive(c, syn);
    assert_int_equal(c->conn.state, TOE_TCP_SYN_RCVD);
    t_expect(c, T_MS(0), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));
    syn.flags |= TCP_ACK;
    syn.ack = toe_seq_of(1);
    assert_int_equal(arrive(c, syn), TOE_DROP_NONE);
    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    t_expect_silence(c, T_MS(5000));
    t_app_write(c, 10);
    t_expect(c, T_MS(5000), SEG(.seq = {1}, .ack = {1}, .len = 10));
    t_conn_del(c);
}

/* RFC 9293, MUST-15: what a peer takes that announces no MSS. */
static void test_default_mss(void **state)
{
    (void)state;
    for (int ipv6 = 0; ipv6 < 2; ++ipv6) {
        struct t_conn *c = t_conn_bare(&(struct t_options){.ipv6 = ipv6 != 0});
        const struct tcp_segment syn = {.flags = TCP_SYN, .wnd = 20000, .wscale = -1};
        struct toe_tcp_const constant;

        tcp_open_passive(&c->conn, &syn, toe_seq_of(0), c->now);
        t_forget(c);
        t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}));
        t_app_write(c, 1300);
        t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {1}, .len = ipv6 ? 1220 : 536));
        tcp_export(&c->conn, &constant, NULL, NULL, c->now);
        assert_int_equal(constant.remote_mss, ipv6 ? 1220 : 536);
        t_conn_del(c);
    }
}

/* RFC 6298, 5.7: where a SYN was sent again, data begins with an RTO of three seconds, unless there
 * is a sample. */
static void test_rto_after_lost_syn(void **state)
{
    (void)state;
    for (int timestamps = 0; timestamps < 2; ++timestamps) {
        struct t_conn *c = t_conn_bare(&(struct t_options){.timestamps = timestamps != 0});
        struct tcp_segment syn_ack = {.flags = TCP_SYN | TCP_ACK,
                                      .ack = {1},
                                      .wnd = 20000,
                                      .mss = 1460,
                                      .wscale = -1,
                                      .has_ts = timestamps != 0};
        const toe_instant again = timestamps ? T_MS(1400) : T_MS(4100);

        tcp_open(&c->conn, toe_seq_of(0), c->now);
        t_expect(c, T_MS(0), SEG(.seq = {0}, .flags = TCP_SYN));
        t_expect(c, T_MS(1000), SEG(.seq = {0}, .flags = TCP_SYN));
        syn_ack.ts_ecr = c->last.seg.ts_val;
        t_advance(c, T_MS(1100));
        arrive(c, syn_ack);
        t_forget(c);
        t_app_write(c, 100);
        t_expect(c, T_MS(1100), SEG(.seq = {1}, .ack = {1}, .len = 100));
        t_expect_silence(c, again - T_MS(1));
        t_expect(c, again, SEG(.seq = {1}, .ack = {1}, .len = 100));
        t_conn_del(c);
    }
}

/* RFC 9293, 3.10.7.4, in SYN_RECEIVED: what is outside the window is answered, and a SYN inside it
 * ends a passive open. */
static void test_answers_in_syn_rcvd(void **state)
{
    struct t_conn *c = closed();
    struct tcp_segment syn = {.flags = TCP_SYN, .seq = {0}, .wnd = 20000, .wscale = -1};

    (void)state;
    c->cfg.rfc5961_syn = true;
    tcp_open_passive(&c->conn, &syn, toe_seq_of(0), c->now);
    t_expect(c, T_MS(0), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));
    t_expect_silence(c, T_MS(10));
    assert_int_equal(t_send(c, T_MS(11), SEG(.seq = {500000}, .ack = {1}, .len = 10)),
                     TOE_DROP_TCP_SEQUENCE);
    t_expect(c, T_MS(11), SEG(.seq = {1}, .ack = {1}));
    assert_int_equal(c->last.seg.flags, TCP_ACK);
    assert_int_equal(t_send(c, T_MS(12), SEG(.seq = {500000}, .flags = TCP_RST | T_NO_ACK)),
                     TOE_DROP_TCP_RST_OUTSIDE);
    t_expect_silence(c, T_MS(12));

    assert_int_equal(t_send(c, T_MS(13), SEG(.seq = {600}, .flags = TCP_SYN | T_NO_ACK)),
                     TOE_DROP_TCP_SYN_UPLOAD);
    assert_int_equal(c->conn.state, TOE_TCP_CLOSED);
    t_expect_silence(c, T_MS(5000));
    t_conn_del(c);

    /* Who opened itself goes on. */
    c = closed();
    c->cfg.rfc5961_syn = true;
    tcp_open(&c->conn, toe_seq_of(0), c->now);
    t_forget(c);
    arrive(c, syn);
    t_expect(c, T_MS(0), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));
    assert_int_equal(t_send(c, T_MS(13), SEG(.seq = {600}, .flags = TCP_SYN | T_NO_ACK)),
                     TOE_DROP_TCP_SYN_CHALLENGED);
    t_expect(c, T_MS(13), SEG(.seq = {1}, .ack = {1}));
    assert_int_equal(c->conn.state, TOE_TCP_SYN_RCVD);
    t_conn_del(c);
}

/* RSTs in SYN_SENT and SYN_RCVD. */
static void test_refusals(void **state)
{
    struct t_conn *c = closed();
    struct tcp_segment syn = {.flags = TCP_SYN, .seq = {0}, .wnd = 20000, .wscale = -1};

    (void)state;
    tcp_open(&c->conn, toe_seq_of(0), c->now);
    t_forget(c);
    assert_int_equal(t_send(c, T_MS(1), SEG(.flags = TCP_RST | T_NO_ACK)),
                     TOE_DROP_TCP_RST_OUTSIDE);
    assert_int_equal(t_send(c, T_MS(1), SEG(.ack = {5}, .flags = TCP_RST)),
                     TOE_DROP_TCP_RST_OUTSIDE);
    assert_int_equal(t_send(c, T_MS(1), SEG(.ack = {5}, .flags = TCP_SYN)), TOE_DROP_TCP_ACK_BAD);
    t_expect(c, T_MS(1), SEG(.seq = {5}, .flags = TCP_RST));
    assert_int_equal(t_send(c, T_MS(2), SEG(.ack = {1}, .flags = TCP_RST)), TOE_DROP_NONE);
    assert_int_equal(c->conn.state, TOE_TCP_CLOSED);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_REFUSED);
    t_conn_del(c);

    c = closed();
    tcp_open_passive(&c->conn, &syn, toe_seq_of(0), c->now);
    t_forget(c);
    assert_int_equal(t_send(c, T_MS(1), SEG(.seq = {1}, .flags = TCP_RST | T_NO_ACK)),
                     TOE_DROP_NONE);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_REFUSED);
    t_conn_del(c);
}

/* A SYN is resent as often as anything else. */
static void test_open_times_out(void **state)
{
    struct t_conn *c = closed();

    (void)state;
    c->cfg.max_retransmissions = 2;
    tcp_open(&c->conn, toe_seq_of(0), c->now);
    t_advance(c, T_MS(7000));
    assert_int_equal(c->out_cnt, 3);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_TIMEOUT);
    t_conn_del(c);
}

/* Our FIN first: FIN_WAIT_1, FIN_WAIT_2 with text on the way, TIME_WAIT, which resends its ACK. */
static void test_close_first(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_queue(c, 100);
    tcp_close(&c->conn);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 100, .flags = TCP_FIN));
    assert_int_equal(c->conn.state, TOE_TCP_FIN_WAIT_1);
    t_expect(c, T_MS(1000), SEG(.seq = {1}, .ack = {1}, .len = 100, .flags = TCP_FIN));
    t_send(c, T_MS(1010), SEG(.seq = {1}, .ack = {101}, .len = 50));
    t_send(c, T_MS(1020), SEG(.seq = {51}, .ack = {102}, .len = 50));
    t_expect(c, T_MS(1020), SEG(.seq = {102}, .ack = {101}));
    assert_int_equal(c->conn.state, TOE_TCP_FIN_WAIT_2);
    assert_true(tcp_fin_is_acked(&c->conn));

    t_send(c, T_MS(2000), SEG(.seq = {101}, .ack = {102}, .len = 5, .flags = TCP_FIN));
    t_expect(c, T_MS(2000), SEG(.seq = {102}, .ack = {107}));
    assert_int_equal(c->conn.state, TOE_TCP_TIME_WAIT);
    assert_int_equal(c->read, 105);
    t_send(c, T_MS(30000), SEG(.seq = {101}, .ack = {102}, .len = 5, .flags = TCP_FIN));
    t_expect(c, T_MS(30000), SEG(.seq = {102}, .ack = {107}));
    t_expect_silence(c, T_MS(89999));
    assert_int_equal(c->conn.state, TOE_TCP_TIME_WAIT);
    t_expect_silence(c, T_MS(90000));
    assert_int_equal(c->conn.state, TOE_TCP_CLOSED);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_DONE);
    t_conn_del(c);
}

/* The peer's FIN first, text in the other direction goes on, then ours: LAST_ACK. */
static void test_close_second(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 5, .flags = TCP_FIN));
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {7}));
    assert_int_equal(c->conn.state, TOE_TCP_CLOSE_WAIT);
    assert_int_equal(t_send(c, T_MS(1), SEG(.seq = {7}, .ack = {1}, .len = 5)),
                     TOE_DROP_TCP_BEYOND_FIN);
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {7}));
    t_app_write(c, 10);
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {7}, .len = 10));
    t_app_close(c);
    t_expect(c, T_MS(1), SEG(.seq = {11}, .ack = {7}, .flags = TCP_FIN));
    t_send(c, T_MS(2), SEG(.seq = {7}, .ack = {11}));
    assert_int_equal(c->conn.state, TOE_TCP_LAST_ACK);
    t_expect(c, T_MS(302), SEG(.seq = {11}, .ack = {7}, .flags = TCP_FIN));
    t_send(c, T_MS(1003), SEG(.seq = {7}, .ack = {12}));
    assert_int_equal(c->conn.state, TOE_TCP_CLOSED);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_DONE);
    assert_int_equal(c->read, 5);
    t_conn_del(c);
}

/* Both at once: CLOSING (RFC-016). Where TIME_WAIT is not the engine's, no timer runs in it. */
static void test_simultaneous_close(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    c->cfg.time_wait_uploads = true;
    t_app_close(c);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .flags = TCP_FIN));
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1}, .flags = TCP_FIN));
    t_expect(c, T_MS(10), SEG(.seq = {2}, .ack = {2}));
    assert_int_equal(c->conn.state, TOE_TCP_CLOSING);
    t_send(c, T_MS(20), SEG(.seq = {2}, .ack = {2}));
    assert_int_equal(c->conn.state, TOE_TCP_TIME_WAIT);
    assert_true(tcp_deadline(&c->conn) == TOE_INSTANT_NEVER);
    t_send(c, T_MS(30), SEG(.seq = {1}, .ack = {2}, .flags = TCP_FIN));
    t_expect(c, T_MS(30), SEG(.seq = {2}, .ack = {2}));
    t_conn_del(c);
}

/* TMR-030 to TMR-035 */
static void test_fin_wait_2_expires(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);
    struct toe_tcp_delegated d;

    (void)state;
    t_app_close(c);
    t_forget(c);
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {2}));
    t_send(c, T_MS(100000), SEG(.seq = {1}, .ack = {2}));
    tcp_export(&c->conn, NULL, NULL, &d, c->now);
    assert_int_equal(d.retransmit_timeout_delta, 120000);
    t_expect_silence(c, T_MS(219999));
    assert_int_equal(c->conn.state, TOE_TCP_FIN_WAIT_2);
    t_expect_silence(c, T_MS(220000));
    assert_int_equal(c->conn.state, TOE_TCP_CLOSED);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_FIN_WAIT_2);
    t_conn_del(c);

    c = t_conn_in(TOE_TCP_FIN_WAIT_2);
    assert_true(tcp_deadline(&c->conn) == TOE_INSTANT_NEVER);
    t_send(c, T_MS(5), SEG(.seq = {1}, .ack = {2}));
    assert_true(tcp_deadline(&c->conn) == c->origin + T_MS(120005));
    t_conn_del(c);
}

/* A FIN out of order waits for the text before it. */
static void test_fin_out_of_order(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {101}, .ack = {1}, .len = 50, .flags = TCP_FIN));
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}));
    assert_int_equal(t_send(c, T_MS(1), SEG(.seq = {200}, .ack = {1}, .len = 50)),
                     TOE_DROP_TCP_BEYOND_FIN); /* SEG-086: all is flushed */
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {1}));
    t_send(c, T_MS(2), SEG(.seq = {101}, .ack = {1}, .len = 50, .flags = TCP_FIN));
    t_forget(c);
    t_send(c, T_MS(3), SEG(.seq = {1}, .ack = {1}, .len = 100));
    t_expect(c, T_MS(3), SEG(.seq = {1}, .ack = {152}));
    assert_int_equal(c->conn.state, TOE_TCP_CLOSE_WAIT);
    assert_int_equal(c->read, 150);
    t_conn_del(c);
}

/* DSC-010, and who is told by a RST. */
static void test_abort(void **state)
{
    static const struct {
        enum toe_conn_state state;
        bool told;
    } cases[] = {
        {TOE_TCP_CLOSED, false},    {TOE_TCP_ESTABLISHED, true}, {TOE_TCP_FIN_WAIT_1, true},
        {TOE_TCP_FIN_WAIT_2, true}, {TOE_TCP_CLOSE_WAIT, true},  {TOE_TCP_CLOSING, true},
        {TOE_TCP_LAST_ACK, true},   {TOE_TCP_TIME_WAIT, false},
    };
    struct tcp_out out;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_conn *c = t_conn_in(cases[i].state);
        const toe_seq max = c->conn.snd_max;

        assert_int_equal(tcp_abort(&c->conn, &out, c->now), cases[i].told);
        assert_int_equal(c->conn.state, TOE_TCP_CLOSED);
        if (cases[i].told) {
            assert_int_equal(out.seg.flags, TCP_RST | TCP_ACK);
            assert_int_equal(out.seg.seq.v, max.v);
        }
        t_expect_silence(c, T_MS(100000));
        t_conn_del(c);
    }
}

/* A SYN in TIME_WAIT that cannot be old gives way to a new connection (SEG-001). */
static void test_syn_in_time_wait(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_TIME_WAIT);

    (void)state;
    assert_int_equal(t_send(c, T_MS(0), SEG(.seq = {1}, .flags = TCP_SYN | T_NO_ACK)),
                     TOE_DROP_TCP_SEQUENCE);
    t_expect(c, T_MS(0), SEG(.seq = {2}, .ack = {2}));
    assert_int_equal(t_send(c, T_MS(1), SEG(.seq = {5}, .flags = TCP_RST)),
                     TOE_DROP_TCP_RST_INEXACT);
    assert_int_equal(c->conn.state, TOE_TCP_TIME_WAIT);
    assert_int_equal(t_send(c, T_MS(2), SEG(.seq = {900000}, .flags = TCP_SYN | T_NO_ACK)),
                     TOE_DROP_TCP_SYN_UPLOAD);
    assert_int_equal(c->conn.state, TOE_TCP_CLOSED);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_SYN);
    t_conn_del(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_active_open),        cmocka_unit_test(test_passive_open),
        cmocka_unit_test(test_simultaneous_open),  cmocka_unit_test(test_default_mss),
        cmocka_unit_test(test_rto_after_lost_syn), cmocka_unit_test(test_answers_in_syn_rcvd),
        cmocka_unit_test(test_refusals),           cmocka_unit_test(test_open_times_out),
        cmocka_unit_test(test_close_first),        cmocka_unit_test(test_close_second),
        cmocka_unit_test(test_simultaneous_close), cmocka_unit_test(test_fin_wait_2_expires),
        cmocka_unit_test(test_fin_out_of_order),   cmocka_unit_test(test_abort),
        cmocka_unit_test(test_syn_in_time_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
