/* SPDX-License-Identifier: MIT */
/* What waits to fill a segment, in the host and above a target; and looking without taking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/host_pair.h"
#include "support/host_stub.h"

static const uint8_t bytes[4000];

static void begin(struct t_stub *stub)
{
    t_stub_init(stub, NULL);
    t_stub_resolve(stub);
}

static uint16_t mss_of(struct t_stub *stub, toe_handle conn)
{
    struct toe_host_tcp_info info = {.size = sizeof(info)};

    assert_true(toe_host_tcp_info(stub->host, conn, &info));
    return info.snd_mss;
}

static void set_cork(struct t_stub *stub, toe_handle conn, bool cork)
{
    struct toe_host_options options = {.size = sizeof(options)};

    assert_true(toe_host_options_get(stub->host, conn, &options));
    options.cork = cork;
    options.nagle = false;
    assert_true(toe_host_options_set(stub->host, conn, &options));
}

/* What more follows waits, however long, and leaves as one segment with what ends it. */
static void test_more_waits_for_the_rest(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    begin(&stub);
    conn = t_stub_established(&stub, &seg);
    assert_int_equal(toe_host_send_more(stub.host, conn, bytes, 10), 10);
    t_stub_run(&stub, TOE_NS_PER_SEC);
    assert_int_equal(toe_host_send_more(stub.host, conn, bytes, 20), 20);
    t_stub_run(&stub, TOE_NS_PER_SEC);
    t_stub_expect_silence(&stub);
    assert_int_equal(toe_host_send(stub.host, conn, bytes, 5), 5);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_PSH, seg.ack, seg.seq, 35);
    t_stub_expect_silence(&stub);
    t_stub_fini(&stub);
}

/* What a small window lets leave waits for a larger one, but for a second at most (RFC 9293,
 * 3.8.6.2.1), though a target may wait for longer: TcpSwsPreventionTicks. */
static void test_small_window_waits_a_second(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;
    uint32_t seq;

    (void)state;
    begin(&stub);
    conn = t_stub_established(&stub, &seg);
    seq = seg.ack;
    assert_int_equal(toe_host_send(stub.host, conn, bytes, 10), 10);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_PSH, seq, seg.seq, 10);
    seg.ack += 10;
    seg.wnd = 100;
    t_stub_arrive_seg(&stub, 4, &seg);
    assert_int_equal(toe_host_send(stub.host, conn, bytes, 4000), 4000);
    t_stub_run(&stub, 999 * TOE_NS_PER_MS);
    t_stub_expect_silence(&stub);
    t_stub_run(&stub, TOE_NS_PER_MS);
    t_stub_expect_seg(&stub, TCP_ACK, seq + 10, seg.seq, 100);
    t_stub_expect_silence(&stub);
    t_stub_fini(&stub);
}

/* Of a small buffer there is room again for each pair of segments that is acknowledged, and what is
 * left over at its end is no piece of its own, for Nagle's rule to hold back. */
static void test_small_buffer_comes_back_in_pairs(void **state)
{
    static const uint8_t many[12345];
    struct toe_host_settings settings;
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;
    uint32_t seq;
    uint32_t mss;

    (void)state;
    t_stub_settings(&settings);
    settings.snd_buf = sizeof(many);
    t_stub_init(&stub, &settings);
    t_stub_resolve(&stub);
    conn = t_stub_established(&stub, &seg);
    mss = mss_of(&stub, conn);
    seq = seg.ack;
    assert_int_equal(toe_host_send(stub.host, conn, many, sizeof(many)), sizeof(many));
    t_stub_run(&stub, 0);
    while (seq + mss <= seg.ack + sizeof(many)) {
        (void)t_stub_frame(&stub);
        seq += mss;
    }
    assert_int_not_equal(seq, seg.ack + sizeof(many));
    t_stub_expect_seg(&stub, TCP_ACK | TCP_PSH, seq, seg.seq, sizeof(many) % mss);
    assert_int_equal(toe_host_send(stub.host, conn, many, sizeof(many)), 0);
    for (uint32_t i = 0; i < 2; ++i) {
        seg.ack += 2 * mss;
        t_stub_arrive_seg(&stub, 4, &seg);
        assert_int_equal(toe_host_send(stub.host, conn, many, sizeof(many)), 2 * mss);
    }
    t_stub_fini(&stub);
}

/* Full segments do not wait, and are not pushed; flushed, the rest goes, pushed or not. */
static void test_flush(void **state)
{
    (void)state;
    for (int with_push = 0; with_push < 2; ++with_push) {
        const uint8_t flags = (uint8_t)(TCP_ACK | (with_push != 0 ? TCP_PSH : 0));
        struct t_stub stub;
        struct t_seg seg;
        toe_handle conn;
        uint16_t mss;

        begin(&stub);
        conn = t_stub_established(&stub, &seg);
        set_cork(&stub, conn, false);
        mss = mss_of(&stub, conn);
        (void)toe_host_send_more(stub.host, conn, bytes, mss + 100u);
        t_stub_run(&stub, 0);
        t_stub_expect_seg(&stub, TCP_ACK, seg.ack, seg.seq, mss);
        t_stub_expect_silence(&stub);
        toe_host_flush(stub.host, conn, with_push != 0);
        t_stub_run(&stub, 0);
        t_stub_expect_seg(&stub, flags, seg.ack + mss, seg.seq, 100);
        (void)toe_host_send_more(stub.host, conn, bytes, 1);
        t_stub_run(&stub, 0);
        t_stub_expect_silence(&stub); /* it waits again */
        t_stub_fini(&stub);
    }
}

/* Corked, every send waits; without the cork it goes, and so it does at the end of the stream. */
static void test_cork(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;
    uint16_t mss;

    (void)state;
    begin(&stub);
    conn = t_stub_established(&stub, &seg);
    mss = mss_of(&stub, conn);
    set_cork(&stub, conn, true);
    (void)toe_host_send(stub.host, conn, bytes, 30);
    (void)toe_host_send(stub.host, conn, bytes, mss);
    t_stub_run(&stub, TOE_NS_PER_SEC / 100);
    t_stub_expect_seg(&stub, TCP_ACK, seg.ack, seg.seq, mss);
    t_stub_expect_silence(&stub);
    set_cork(&stub, conn, false);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_PSH, seg.ack + mss, seg.seq, 30);
    set_cork(&stub, conn, true);
    (void)toe_host_send(stub.host, conn, bytes, 7);
    t_stub_run(&stub, 0);
    t_stub_expect_silence(&stub);
    toe_host_shutdown(stub.host, conn);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_PSH | TCP_FIN, seg.ack + mss + 30, seg.seq, 7);
    t_stub_fini(&stub);
}

/* A send buffer that is full is not waited for: nothing could come any more. */
static void test_full_buffer_is_sent(void **state)
{
    struct toe_host_options options = {.size = sizeof(options)};
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    begin(&stub);
    conn = t_stub_established(&stub, &seg);
    assert_true(toe_host_options_get(stub.host, conn, &options));
    options.snd_buf = 50;
    options.cork = true;
    assert_true(toe_host_options_set(stub.host, conn, &options));
    assert_int_equal(toe_host_send(stub.host, conn, bytes, 80), 50);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_PSH, seg.ack, seg.seq, 50);
    t_stub_fini(&stub);
}

/* A target is not given what waits, and is told that more follows. */
static void test_more_above_a_target(void **state)
{
    struct toe_block copy;
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op;
    toe_handle conn;

    (void)state;
    begin(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    (void)toe_host_send_more(stub.host, conn, bytes, 40);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    (void)toe_host_send_more(stub.host, conn, bytes, 4000);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_SEND);
    assert_true(op.chain->len > 0 && (op.chain->flags & TOE_BUF_MORE) != 0);
    (void)toe_host_send(stub.host, conn, bytes, 1);
    t_stub_run(&stub, 0);
    assert_int_equal(
        t_stub_chain_len(op.chain) + t_stub_chain_len(t_stub_op(&stub, T_OP_SEND).chain), 4041);
    t_stub_fini(&stub);
}

/* What is looked at is still there, as often as one likes, and the window stays. */
static void test_peek_takes_nothing(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;
    uint8_t got[100];

    (void)state;
    begin(&stub);
    conn = t_stub_established(&stub, &seg);
    seg.len = 60;
    seg.flags = TCP_ACK | TCP_PSH;
    t_stub_arrive_seg(&stub, 4, &seg);
    memset(got, 0, sizeof(got));
    assert_int_equal(toe_host_peek(stub.host, conn, got, 40), 40);
    assert_int_equal(got[39], 'x');
    assert_int_equal(got[40], 0);
    assert_int_equal(toe_host_peek(stub.host, conn, got, sizeof(got)), 60);
    assert_int_equal(t_stub_info(&stub, conn).receivable, 60);
    assert_int_equal(toe_host_receive(stub.host, conn, got, sizeof(got)), 60);
    assert_int_equal(toe_host_peek(stub.host, conn, got, sizeof(got)), 0);
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_more_waits_for_the_rest),
        cmocka_unit_test(test_small_window_waits_a_second),
        cmocka_unit_test(test_small_buffer_comes_back_in_pairs),
        cmocka_unit_test(test_flush),
        cmocka_unit_test(test_cork),
        cmocka_unit_test(test_full_buffer_is_sent),
        cmocka_unit_test(test_more_above_a_target),
        cmocka_unit_test(test_peek_takes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
