/* SPDX-License-Identifier: MIT */
/* Windows and small segments: Nagle, silly windows, delayed acknowledgments, scaling, PSH. */

#include "support/conversation.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* T-008: Nagle on, one full segment unacknowledged: 100 bytes wait for the acknowledgment. */
static void test_nagle_waits(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.nagle = true});

    (void)state;
    t_app_write(c, 1460);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_app_write(c, 100);
    t_expect_silence(c, T_MS(50));
    t_send(c, T_MS(60), SEG(.seq = {1}, .ack = {1461}));
    t_expect(c, T_MS(60), SEG(.seq = {1461}, .ack = {1}, .len = 100));
    t_conn_del(c);
}

/* T-009: the tail of a request whose first byte is on its way never waits. */
static void test_nagle_lets_tails_go(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.nagle = true});

    (void)state;
    t_app_write(c, 1760);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_expect(c, T_MS(0), SEG(.seq = {1461}, .ack = {1}, .len = 300));
    t_conn_del(c);

    c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.nagle = true});
    c->cfg.nagle_strict = true;
    t_app_write(c, 1760);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_expect_silence(c, T_MS(10));
    t_conn_del(c);
}

/* T-010: Nagle off. */
static void test_no_nagle(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_app_write(c, 100);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 100));
    t_app_write(c, 100);
    t_expect(c, T_MS(0), SEG(.seq = {101}, .ack = {1}, .len = 100));
    t_conn_del(c);
}

/* A close behind it ends the waiting, and its FIN rides along (SND-027, DSC-013). */
static void test_close_ends_nagle(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.nagle = true});

    (void)state;
    t_app_write(c, 1460);
    t_app_write(c, 100);
    t_forget(c);
    t_app_close(c);
    t_expect(c, T_MS(0), SEG(.seq = {1461}, .ack = {1}, .len = 100, .flags = TCP_FIN));
    t_conn_del(c);
}

/* T-011: a window of 100 bytes is not used before the SWS timer says so. */
static void test_silly_window_is_not_used(void **state)
{
    struct t_conn *c =
        t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.snd_wnd = T_ZERO_WINDOW});

    (void)state;
    t_app_write(c, 60000);
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .wnd = 100));
    t_expect_silence(c, T_MS(4999));
    t_expect(c, T_MS(5000), SEG(.seq = {1}, .ack = {1}, .len = 100));
    t_expect_silence(c, T_MS(5001));
    t_conn_del(c);
}

/* T-053: 100 bytes are told after 5 s, a segment's worth at once. */
static void test_window_update(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.rcv_wnd = 2920});

    (void)state;
    c->stalled = true;
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_send(c, T_MS(0), SEG(.seq = {1461}, .ack = {1}, .len = 1460));
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {2921}, .wnd = T_ZERO_WINDOW));

    t_app_read(c, 100);
    t_expect_silence(c, T_MS(4999));
    t_expect(c, T_MS(5000), SEG(.seq = {1}, .ack = {2921}, .wnd = 100));
    t_app_read(c, 1459);
    t_expect_silence(c, T_MS(5001));
    t_app_read(c, 1);
    t_expect(c, T_MS(5001), SEG(.seq = {1}, .ack = {2921}, .wnd = 1560));
    t_conn_del(c);
}

/* A probe of the closed window is answered and not taken (SEG-091). */
static void test_probe_is_answered(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.rcv_wnd = 1460});

    (void)state;
    c->stalled = true;
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_expect(c, T_MS(40), SEG(.seq = {1}, .ack = {1461}, .wnd = T_ZERO_WINDOW));
    t_send(c, T_MS(100), SEG(.seq = {1461}, .ack = {1}, .len = 1));
    t_expect(c, T_MS(100), SEG(.seq = {1}, .ack = {1461}, .wnd = T_ZERO_WINDOW));
    t_conn_del(c);
}

/* Every second segment, or after 40 ms (TMR-022, TMR-023). */
static void test_delayed_ack(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 100));
    t_expect_silence(c, T_MS(39));
    t_expect(c, T_MS(40), SEG(.seq = {1}, .ack = {101}));
    t_send(c, T_MS(50), SEG(.seq = {101}, .ack = {1}, .len = 100));
    t_send(c, T_MS(51), SEG(.seq = {201}, .ack = {1}, .len = 100));
    t_expect(c, T_MS(51), SEG(.seq = {1}, .ack = {301}));
    t_expect_silence(c, T_MS(1000));

    /* Data carries it (TMR-020). */
    t_send(c, T_MS(1000), SEG(.seq = {301}, .ack = {1}, .len = 100));
    t_app_write(c, 10);
    t_expect(c, T_MS(1000), SEG(.seq = {1}, .ack = {401}, .len = 10));
    t_expect_silence(c, T_MS(1500));
    t_conn_del(c);
}

/* Out of order, filling a gap, seen before: at once (TMR-026). */
static void test_immediate_ack(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {101}, .ack = {1}, .len = 100));
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}));
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}, .len = 100));
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {201}));
    t_send(c, T_MS(2), SEG(.seq = {101}, .ack = {1}, .len = 100));
    t_expect(c, T_MS(2), SEG(.seq = {1}, .ack = {201}));
    t_send(c, T_MS(3), SEG(.seq = {101}, .ack = {1}, .len = 200));
    t_expect(c, T_MS(3), SEG(.seq = {1}, .ack = {301}));
    assert_int_equal(c->read, 300);
    t_conn_del(c);
}

/* A delay beyond half a second is half a second (TMR-024). */
static void test_ack_delay_is_capped(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    c->cfg.delayed_ack = 25 * TOE_NS_PER_SEC;
    c->cfg.ack_frequency = 200;
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 100));
    t_expect(c, T_MS(500), SEG(.seq = {1}, .ack = {101}));
    t_conn_del(c);
}

/* Windows above 64 KiB, both ways; the advertised edge never moves left (RFC-060, RFC-062). */
static void test_scaled_windows(void **state)
{
    struct t_conn *c = t_conn_new(
        TOE_TCP_ESTABLISHED,
        &(struct t_options){.wscale = 7, .rcv_wnd = 1000000, .cwnd = 10000000, .snd_wnd = 1000000});
    toe_seq edge;

    (void)state;
    c->stalled = true;
    t_app_write(c, 200000);
    assert_true(c->out_cnt > 100);
    t_forget(c);
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {100001}, .wnd = 50000));
    assert_int_equal(c->conn.snd_wnd, 6400000);
    t_forget(c);

    edge = c->conn.rcv_adv;
    for (uint32_t i = 0; i < 600; ++i) {
        t_send(c, T_MS(1 + i), SEG(.seq = {1 + i * 999}, .ack = {200001}, .len = 999));
        t_forget(c);
        assert_true(toe_seq_le(edge, c->conn.rcv_adv));
        assert_true(toe_seq_eq(
            toe_seq_add(c->conn.last_ack, toe_seq_off(c->conn.rcv_adv, c->conn.last_ack)),
            c->conn.rcv_adv));
        edge = c->conn.rcv_adv;
    }
    t_conn_del(c);
}

/* T-302: the window shrinks below what is in flight: nothing new beyond it, and no harm. */
static void test_shrunk_window(void **state)
{
    struct t_conn *c =
        t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.cwnd = 60000, .unsent = 0});

    (void)state;
    t_app_write(c, 65000);
    t_forget(c);
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1}, .wnd = 20000));
    t_expect_silence(c, T_MS(999));
    t_expect(c, T_MS(1000), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_send(c, T_MS(1010), SEG(.seq = {1}, .ack = {1461}, .wnd = 20000));
    t_expect(c, T_MS(1010), SEG(.seq = {1461}, .ack = {1}, .len = 1460));
    t_conn_del(c);
}

/* T-003: PSH on the segments that carry the last byte of a buffer. */
static void test_push_at_boundaries(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);
    static const struct {
        uint32_t len;
        bool push;
    } want[] = {{1460, true}, {1460, true}, {1040, true}};

    (void)state;
    t_queue(c, 500);
    t_queue(c, 2000);
    t_queue(c, 1460);
    t_settle(c);
    assert_int_equal(c->out_cnt, 3);
    for (uint32_t i = 0; i < 3; ++i) {
        assert_int_equal(c->out[i].seg.payload_len, want[i].len);
        assert_int_equal((c->out[i].seg.flags & TCP_PSH) != 0, want[i].push);
    }
    t_conn_del(c);

    c = t_conn_in(TOE_TCP_ESTABLISHED);
    c->cfg.push_at_end = true;
    t_queue(c, 1460);
    t_queue(c, 1460);
    t_settle(c);
    assert_false((c->out[0].seg.flags & TCP_PSH) != 0);
    assert_true((c->out[1].seg.flags & TCP_PSH) != 0);
    t_conn_del(c);
}

/* RCV-078, RCV-079, STATE-TK-16, TV-RCV-1, TV-RCV-2. */
static void test_receive_buffer_is_changed(void **state)
{
    struct t_conn *c =
        t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.wscale = 1, .rcv_wnd = 65534});
    struct toe_tcp_cached cached;
    toe_seq edge;

    (void)state;
    tcp_export(&c->conn, NULL, &cached, NULL, c->now);
    cached.flags |= TOE_TCP_UPDATE_RCV_WND;
    tcp_update(&c->conn, &cached, c->now);
    t_expect_silence(c, T_MS(100));

    cached.initial_rcv_wnd = 131070;
    tcp_update(&c->conn, &cached, c->now);
    t_expect(c, T_MS(100), SEG(.seq = {1}, .ack = {1}, .wnd = 65535));
    assert_int_equal(toe_seq_off(c->conn.rcv_adv, c->conn.rcv_nxt), 131070);

    edge = c->conn.rcv_adv;
    cached.initial_rcv_wnd = 10000;
    tcp_update(&c->conn, &cached, c->now);
    t_expect(c, T_MS(100), SEG(.seq = {1}, .ack = {1}, .wnd = 65535));
    for (uint32_t i = 0; i < 120; ++i) {
        t_send(c, T_MS(200 + i), SEG(.seq = {1 + i * 1000}, .ack = {1}, .len = 1000));
    }
    t_forget(c);
    assert_true(toe_seq_eq(edge, c->conn.rcv_adv));
    t_send(c, T_MS(500), SEG(.seq = {120001}, .ack = {1}, .len = 1000));
    t_send(c, T_MS(500), SEG(.seq = {121001}, .ack = {1}, .len = 1000));
    t_send(c, T_MS(501), SEG(.seq = {122001}, .ack = {1}, .len = 1000));
    t_send(c, T_MS(501), SEG(.seq = {123001}, .ack = {1}, .len = 1000));
    t_forget(c);
    assert_int_equal(toe_seq_off(c->conn.rcv_adv, c->conn.rcv_nxt), 10000);
    t_conn_del(c);
}

/* No memory: nothing is acknowledged, and it arrives when it is resent. */
static void test_no_memory(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    c->text_refused = true;
    assert_int_equal(t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 100)),
                     TOE_DROP_NO_MEMORY);
    t_expect_silence(c, T_MS(100));
    c->text_refused = false;
    assert_int_equal(t_send(c, T_MS(100), SEG(.seq = {1}, .ack = {1}, .len = 100)), TOE_DROP_NONE);
    assert_int_equal(c->read, 100);
    t_conn_del(c);
}

/* A smaller path: what is in flight goes again in pieces, and cwnd stays (RFC-102). */
static void test_path_mtu_shrinks(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_app_write(c, 2920);
    t_forget(c);
    tcp_mss_limit_set(&c->conn, 1000, c->now);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 1000));
    t_expect(c, T_MS(0), SEG(.seq = {1001}, .ack = {1}, .len = 1000));
    t_expect(c, T_MS(0), SEG(.seq = {2001}, .ack = {1}, .len = 920));
    assert_int_equal(c->conn.cwnd, 14600);
    assert_int_equal(c->conn.retransmit_cnt, 0);
    t_conn_del(c);
}

/* After an idle period cwnd is the initial window at most (RFC-049). */
static void test_restart_after_idle(void **state)
{
    struct t_conn *c =
        t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.cwnd = 60000, .srtt = 800});

    (void)state;
    t_app_write(c, 100);
    t_forget(c);
    t_send(c, T_MS(100), SEG(.seq = {1}, .ack = {101}));
    t_advance(c, T_MS(5000));
    t_app_write(c, 60000);
    assert_int_equal(c->out_cnt, 10);
    t_conn_del(c);
}

/* Super-segments: as many full segments as the windows allow, the rest if it is the end. */
static void test_super_segments(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    c->cfg.super_max = 65535;
    t_app_write(c, 10000);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 10000));
    assert_int_equal(c->last.mss, 1460);
    t_app_write(c, 10000); /* 4600 are left of cwnd */
    t_expect(c, T_MS(0), SEG(.seq = {10001}, .ack = {1}, .len = 4380));
    t_expect_silence(c, T_MS(10));

    /* What is resent goes alone, and then as before. */
    t_expect(c, T_MS(1000), SEG(.seq = {1}, .ack = {1}, .len = 1460));
    t_send(c, T_MS(1001), SEG(.seq = {1}, .ack = {1461}));
    t_expect(c, T_MS(1001), SEG(.seq = {1461}, .ack = {1}, .len = 2920));
    t_conn_del(c);
}

/* Only the last segment of a super-segment has PSH, and what Nagle holds is not in one. */
static void test_super_segments_are_alike(void **state)
{
    struct t_conn *c =
        t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.cwnd = 60000, .nagle = true});

    (void)state;
    c->cfg.super_max = 65535;
    t_app_write(c, 14700);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 14700, .flags = TCP_PSH));
    t_queue(c, 5000);
    t_queue(c, 1000);
    t_app_write(c, 2000);
    t_expect(c, T_MS(0), SEG(.seq = {14701}, .ack = {1}, .len = 5840, .flags = TCP_PSH));
    t_expect(c, T_MS(0), SEG(.seq = {20541}, .ack = {1}, .len = 1460, .flags = TCP_PSH));
    t_expect(c, T_MS(0), SEG(.seq = {22001}, .ack = {1}, .len = 700, .flags = TCP_PSH));
    t_queue(c, 2920);
    t_app_write(c, 10);
    t_expect(c, T_MS(0), SEG(.seq = {22701}, .ack = {1}, .len = 2920, .flags = TCP_PSH));
    t_expect_silence(c, T_MS(10));
    t_conn_del(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nagle_waits),
        cmocka_unit_test(test_nagle_lets_tails_go),
        cmocka_unit_test(test_no_nagle),
        cmocka_unit_test(test_close_ends_nagle),
        cmocka_unit_test(test_silly_window_is_not_used),
        cmocka_unit_test(test_window_update),
        cmocka_unit_test(test_probe_is_answered),
        cmocka_unit_test(test_delayed_ack),
        cmocka_unit_test(test_immediate_ack),
        cmocka_unit_test(test_ack_delay_is_capped),
        cmocka_unit_test(test_scaled_windows),
        cmocka_unit_test(test_shrunk_window),
        cmocka_unit_test(test_push_at_boundaries),
        cmocka_unit_test(test_receive_buffer_is_changed),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_path_mtu_shrinks),
        cmocka_unit_test(test_restart_after_idle),
        cmocka_unit_test(test_super_segments),
        cmocka_unit_test(test_super_segments_are_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
