/* SPDX-License-Identifier: MIT */
/*
 * When a target acknowledges: on receipt, on delivery, or when the host has returned the buffers.
 */
#include "support/target_fixture.h"

#define PSH TCP_PSH

static struct t_target *offloaded(enum toe_ack_when when)
{
    struct t_target *t = t_target_new();

    t->settings.ack_when = when;
    t_target_start(t);
    t_offload(t);
    (void)t_log_take(&t->log, T_LOG_ALL);
    return t;
}

static void refuse(struct t_target *t)
{
    t->host.answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
}

/* What the host refuses is acknowledged if receipt counts, and not if delivery does. */
static void test_refused(void **state)
{
    (void)state;
    for (int when = TOE_ACK_RECEIVED; when <= TOE_ACK_RETURNED; ++when) {
        struct t_target *t = offloaded((enum toe_ack_when)when);

        refuse(t);
        t_peer(t, 1000, 1460, 0, 5000);
        t_peer(t, 2460, 1460, PSH, 5000);
        t_run(t, 500);
        t_expect_wire(t, when == TOE_ACK_RECEIVED ? "[5000+0 A 3920]" : "");
        t_receive_new(t, 2920, 0);
        t_run(t, 501);
        t_expect_wire(t, "[5000+0 A 3920]"); /* and if not for that, for the window (RCV-077) */
        t_target_del(t);
    }
}

/* What was indicated is acknowledged as it is returned, at once, and bit by bit. */
static void test_returned(void **state)
{
    struct t_target *t = offloaded(TOE_ACK_RETURNED);
    struct toe_buf *second;

    (void)state;
    t_peer(t, 1000, 1460, PSH, 5000);
    t_run(t, 0);
    t_peer(t, 2460, 540, PSH, 5000);
    t_run(t, 1000);
    t_expect_all(t, "indicate(1460) indicate(540)");
    second = t->host.kept[1];
    t->host.kept_cnt = 1;
    t_host_return(&t->host);
    t_run(t, 1001);
    t_expect_wire(t, "[5000+0 A 2460]");
    t->ops->receive_return(t->top, second);
    t_run(t, 1002);
    t_expect_wire(t, "[5000+0 A 3000]");
    t_target_del(t);
}

/* Data of ours carries the acknowledgment that holds; what came twice is acknowledged by it, too,
 * and is no news to a peer that was never told it had come. */
static void test_repeated(void **state)
{
    struct t_target *t = offloaded(TOE_ACK_RETURNED);

    (void)state;
    t_peer(t, 1000, 1000, PSH, 5000);
    t_run(t, 0);
    t_expect_all(t, "indicate(1000)");
    t_send_new(t, 5000, 100);
    t_run(t, 1);
    t_expect_wire(t, "[5000+100 PA 1000]");
    t_peer(t, 1000, 1000, PSH, 5100);
    t_run(t, 2);
    t_expect_wire(t, "[5100+0 A 1000]");
    t_host_return(&t->host);
    t_run(t, 3);
    t_expect_wire(t, "[5100+0 A 2000]");
    t_target_del(t);
}

/* The window: its right edge stays as long as nothing is returned, and what the peer may have on
 * its way never exceeds the buffer. */
static void test_window(void **state)
{
    struct t_target *t = offloaded(TOE_ACK_RETURNED);
    struct toe_tcp_state got;
    uint32_t edge;

    (void)state;
    assert_int_equal(t_query(t, &got), TOE_STATUS_SUCCESS);
    edge = got.delegated.rcv_nxt + got.delegated.rcv_wnd;
    for (uint32_t i = 0; i < 70; ++i) {
        t_peer(t, 1000 + 1000 * i, 1000, PSH, 5000);
        t_run(t, i);
    }
    assert_int_equal(t_query(t, &got), TOE_STATUS_SUCCESS);
    assert_int_equal(got.delegated.rcv_nxt, edge);
    assert_int_equal(got.delegated.rcv_wnd, 0);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_host_return(&t->host);
    t_run(t, 200);
    assert_int_equal(t_query(t, &got), TOE_STATUS_SUCCESS);
    assert_int_equal(got.delegated.rcv_nxt, edge);
    assert_int_equal(got.delegated.rcv_wnd, got.cached.initial_rcv_wnd);
    t_target_del(t);
}

/* A FIN is acknowledged on receipt, with its event, or when the host says that it has it. */
static void test_end(void **state)
{
    static const char *const want[] = {"[5000+0 A 1001]", "[5000+0 A 1001]", ""};

    (void)state;
    for (int when = TOE_ACK_RECEIVED; when <= TOE_ACK_RETURNED; ++when) {
        struct t_target *t = offloaded((enum toe_ack_when)when);

        t_peer(t, 1000, 0, TCP_FIN, 5000);
        t_run(t, 0);
        t_expect_wire(t, want[when]);
        toe_target_end_returned(t->target, t->tcp.handle);
        toe_target_end_returned(t->target, t->path.handle);
        t_run(t, 1);
        t_expect_wire(t, when == TOE_ACK_RETURNED ? "[5000+0 A 1001]" : "");
        t_target_del(t);
    }
}

/* A FIN behind text: the text is acknowledged without it, whichever the host returns first. */
static void test_end_behind_text(void **state)
{
    (void)state;
    for (int end_first = 0; end_first < 2; ++end_first) {
        struct t_target *t = offloaded(TOE_ACK_RETURNED);

        t_peer(t, 1000, 500, TCP_FIN | PSH, 5000);
        t_run(t, 0);
        t_expect_wire(t, "");
        if (end_first) {
            toe_target_end_returned(t->target, t->tcp.handle);
            t_run(t, 1);
            t_expect_wire(t, "");
        }
        t_host_return(&t->host);
        t_run(t, 2);
        t_expect_wire(t, end_first ? "[5000+0 A 1501]" : "[5000+0 A 1500]");
        toe_target_end_returned(t->target, t->tcp.handle);
        t_run(t, 3);
        t_expect_wire(t, end_first ? "" : "[5000+0 A 1501]");
        t_target_del(t);
    }
}

/* Buffers that come back when their connection is gone, or another has its place, acknowledge
 * nothing. */
static void test_returned_late(void **state)
{
    struct t_target *t = offloaded(TOE_ACK_RETURNED);

    (void)state;
    t_peer(t, 1000, 1000, PSH, 5000);
    t_run(t, 0);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_int_equal(t->tcp.state.delegated.rcv_nxt, 2000);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_host_return(&t->host);
    t_run(t, 1);
    t_expect_wire(t, "");
    t_target_del(t);
}

/* What arrives out of order is reported at once; what fills the gap is acknowledged when returned.
 */
static void test_gap(void **state)
{
    struct t_target *t = offloaded(TOE_ACK_RETURNED);

    (void)state;
    t_peer(t, 2000, 1000, PSH, 5000);
    t_run(t, 0);
    t_expect_wire(t, "[5000+0 A 1000]");
    t_peer(t, 1000, 1000, PSH, 5000);
    t_run(t, 1);
    t_expect_wire(t, "[5000+0 A 1000]");
    t_host_return(&t->host);
    t_run(t, 2);
    t_expect_wire(t, "[5000+0 A 3000]");
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_returned),
        cmocka_unit_test(test_repeated),      cmocka_unit_test(test_window),
        cmocka_unit_test(test_end),           cmocka_unit_test(test_end_behind_text),
        cmocka_unit_test(test_returned_late), cmocka_unit_test(test_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
