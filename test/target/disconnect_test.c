/* SPDX-License-Identifier: MIT */
/*
 * Disconnects by either side: scenarios T-080 to T-097.
 */
#include "support/target_fixture.h"

#define GRACEFUL TOE_DISCONNECT_GRACEFUL
#define ABORTIVE TOE_DISCONNECT_ABORTIVE

static enum toe_conn_state conn_state(struct t_target *t)
{
    struct toe_tcp_state got;

    assert_int_equal(t_query(t, &got), TOE_STATUS_SUCCESS);
    (void)t_log_take(&t->log, T_LOG_ALL);
    return got.delegated.state;
}

/* T-080: an empty one is a FIN, and completes when it is acknowledged. */
static void test_dsc_016_empty(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_disconnect_new(t, 5000, 0, GRACEFUL);
    t_run(t, 0);
    t_expect_all(t, "[5000+0 FA 1000]");
    t_peer(t, 1000, 0, 0, 5001);
    t_run(t, 1);
    t_expect_all(t, "disconnect(SUCCESS,0)");
    assert_int_equal(conn_state(t), TOE_TCP_FIN_WAIT_2);
    t_target_del(t);
}

/* T-081, DSC-013, DSC-017, DSC-018: data go first; the FIN waits for nothing and counts nothing. */
static void test_dsc_017_data(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *buf = t_disconnect_new(t, 5000, 3000, GRACEFUL);

    (void)state;
    t_run(t, 0);
    t_expect_all(t, "[5000+1460 A 1000] [6460+1460 A 1000] [7920+80 FPA 1000]");
    t_peer(t, 1000, 0, 0, 6460);
    t_run(t, 1);
    t_peer(t, 1000, 0, 0, 8000); /* the data, not the FIN */
    t_run(t, 2);
    t_expect_all(t, "");
    t_peer(t, 1000, 0, 0, 8001);
    t_run(t, 3);
    t_expect_all(t, "disconnect(SUCCESS,3000)");
    assert_int_equal(buf->len, 0);
    t_target_del(t);
}

/* T-082, DSC-015, DSC-019: behind sends, in order, each with its own completion. */
static void test_dsc_015_after_sends(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_send_new(t, 5000, 100);
    t_send_new(t, 5100, 100);
    t_disconnect_new(t, 5200, 50, GRACEFUL);
    t_run(t, 0);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_peer(t, 1000, 0, 0, 5251);
    t_run(t, 1);
    t_expect_all(t, "send(SUCCESS,100) send(SUCCESS,100) disconnect(SUCCESS,50)");
    t_target_del(t);
}

/* T-083, DSC-004 to DSC-011: abortive. */
static void test_dsc_007_abortive(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_send_new(t, 5000, 100);
    t_send_new(t, 5100, 100);
    t_receive_new(t, 1000, TOE_BUF_NO_PUSH);
    t_peer(t, 1000, 300, 0, 5000);
    t_run(t, 0);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_disconnect_new(t, 0, 0, ABORTIVE);
    t_run(t, 1);
    t_expect_wire(t, "[5200+0 RA 1300]");
    t_target_del(t);

    t = t_target_offloaded();
    t_send_new(t, 5000, 100);
    t_receive_new(t, 1000, TOE_BUF_NO_PUSH);
    t_peer(t, 1000, 300, 0, 5000);
    t_run(t, 0);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_disconnect_new(t, 0, 0, ABORTIVE);
    t_run(t, 1);
    t_expect_host(t, "send(REQUEST_ABORTED,0) receive(REQUEST_ABORTED,300) disconnect(SUCCESS,0)");
    t_peer(t, 1300, 300, 0, 5000); /* goes to the host now, unacknowledged */
    t_run(t, 10000);
    t_expect_all(t, "frame(354)");
    assert_int_equal(t_stats(t).tcp[0].out_resets, 1);
    t_target_del(t);
}

/* T-085, DSC-023: abortive behind a graceful one. */
static void test_dsc_023_both(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_send_new(t, 5000, 100);
    t_disconnect_new(t, 5100, 100, GRACEFUL);
    t_run(t, 0);
    t_peer(t, 1000, 0, 0, 5150);
    t_run(t, 1);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_disconnect_new(t, 0, 0, ABORTIVE);
    t_run(t, 2);
    t_expect_host(t, "disconnect(REQUEST_ABORTED,50) disconnect(SUCCESS,0)");
    t_target_del(t);
}

/* T-086, DSC-042 to DSC-044: both close at once; then the host is to take over. */
static void test_dsc_044_time_wait(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_disconnect_new(t, 5000, 0, GRACEFUL);
    t_run(t, 0);
    t_peer(t, 1000, 0, TCP_FIN, 5000);
    t_run(t, 1);
    assert_int_equal(conn_state(t), TOE_TCP_CLOSING);
    t_peer(t, 1001, 0, 0, 5001);
    t_run(t, 2);
    t_expect_host(t, "disconnect(SUCCESS,0) RETRIEVE(UPLOAD_REQUESTED)");
    t_target_del(t);
}

/* The same with data that the host refuses until it asks for it: the order of the last events. */
static void test_dsc_044_order(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_disconnect_new(t, 5000, 0, GRACEFUL);
    t_run(t, 0);
    t_peer(t, 1000, 100, TCP_FIN, 5001);
    t_receive_new(t, 1000, 0);
    t_run(t, 1);
    t_expect_all(t, "[5000+0 FA 1000] disconnect(SUCCESS,0) receive(SUCCESS,100) DISCONNECT "
                    "RETRIEVE(UPLOAD_REQUESTED) [5001+0 A 1101]");
    t_target_del(t);
}

/* T-090, DSC-022, DSC-043: LAST_ACK ends in CLOSED; resources stay until the terminate. */
static void test_dsc_043_last_ack(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_peer(t, 1000, 0, TCP_FIN, 5000);
    t_run(t, 0);
    t_disconnect_new(t, 5000, 0, GRACEFUL);
    t_run(t, 1);
    t_expect_host(t, "DISCONNECT");
    t_peer(t, 1001, 0, 0, 5001);
    t_run(t, 2);
    t_expect_host(t, "disconnect(SUCCESS,0) RETRIEVE(UPLOAD_REQUESTED)");
    assert_int_equal(conn_state(t), TOE_TCP_CLOSED);
    assert_int_equal(t_stats(t).tcp_cnt, 1);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_target_del(t);
}

/* T-091, DSC-045, SEG-001: in TIME_WAIT a FIN is answered, a SYN goes up. */
static void test_dsc_045_time_wait(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_disconnect_new(t, 5000, 0, GRACEFUL);
    t_run(t, 0);
    t_peer(t, 1000, 0, TCP_FIN, 5001);
    t_run(t, 1);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_peer(t, 1000, 0, TCP_FIN, 5001);
    t_run(t, 500);
    t_expect_all(t, "[5001+0 A 1001]");
    t_peer(t, 7777, 0, TCP_SYN, 0);
    t_run(t, 501);
    t_expect_all(t, "frame(54)");
    t_target_del(t);
}

/* T-088, DSC-034: the peer's FIN closes one half; the other sends on. */
static void test_dsc_034_half_closed(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_peer(t, 1000, 0, TCP_FIN, 5000);
    t_run(t, 0);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_send_new(t, 5000, 1000);
    t_disconnect_new(t, 6000, 0, GRACEFUL);
    t_run(t, 1);
    t_expect_all(t, "[5000+1000 FPA 1001]");
    assert_int_equal(conn_state(t), TOE_TCP_LAST_ACK);
    t_target_del(t);
}

/* T-095, DSC-024: a second graceful one completes with the first. */
static void test_dsc_024_second(void **state)
{
    for (uint32_t order = 0; order < 2; ++order) {
        struct t_target *t = t_target_offloaded();

        (void)state;
        t_disconnect_new(t, 5000, 10, GRACEFUL);
        if (order == 1) {
            t_run(t, 0);
            t_peer(t, 1000, 0, 0, 5010); /* its data are acknowledged, its FIN is not */
            t_run(t, 1);
        }
        t_breaks(t, "DSC-024");
        t_disconnect_new(t, 5000, 10, GRACEFUL);
        t_disconnect_new(t, 5000, 10, GRACEFUL);
        t_run(t, 2);
        t_expect_host(t, "");
        t_peer(t, 1000, 0, 0, 5011);
        t_run(t, 3);
        t_expect_host(t, "disconnect(SUCCESS,10) disconnect(SUCCESS,0) disconnect(SUCCESS,0)");
        t_target_del(t);
    }
}

/* T-096, DSC-025: on a closed connection. */
static void test_dsc_025_closed(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_peer(t, 1000, 0, TCP_RST, 5000);
    t_run(t, 0);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_disconnect_new(t, 5000, 0, GRACEFUL);
    t_disconnect_new(t, 5000, 0, ABORTIVE);
    t_run(t, 1);
    t_expect_all(t, "disconnect(REQUEST_ABORTED,0) disconnect(REQUEST_ABORTED,0)");
    t_target_del(t);

    t = t_target_offloaded(); /* also when it is on its way up */
    t_peer(t, 1000, 0, TCP_SYN, 5000);
    t_run(t, 0);
    t_disconnect_new(t, 5000, 0, GRACEFUL);
    t_run(t, 1);
    t_expect_all(t, "RETRIEVE(UPLOAD_REQUESTED) disconnect(REQUEST_ABORTED,0)");
    t_target_del(t);
}

/* T-092, DSC-020: on the way up. */
static void test_dsc_020_uploading(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_peer(t, 1000, 1, TCP_URG, 5000);
    t_run(t, 0);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_disconnect_new(t, 5000, 0, GRACEFUL);
    t_disconnect_new(t, 5000, 0, ABORTIVE);
    t_run(t, 1);
    t_expect_all(t, "disconnect(UPLOAD_IN_PROGRESS,0) disconnect(UPLOAD_IN_PROGRESS,0)");
    t_target_del(t);
}

/* T-097, DSC-033: buffers that the host keeps do not hold the event back. */
static void test_dsc_033_kept(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_peer(t, 1000, 100, TCP_FIN, 5000);
    t_run(t, 0);
    t_expect_host(t, "indicate(100) DISCONNECT");
    t_target_del(t);
}

/* DSC-040: a reset overtakes an event that waits. */
static void test_dsc_040_reset_first(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 50, 0);
    t_peer(t, 1000, 100, TCP_FIN, 5000);
    t_peer(t, 1101, 0, TCP_RST, 5000);
    t_run(t, 0);
    t_expect_host(t, "ABORT receive(SUCCESS,50)");
    t_target_del(t);
}

/* TMR-033, TRM-7: FIN_WAIT_2 runs out. */
static void test_tmr_033_fin_wait_2(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_disconnect_new(t, 5000, 0, GRACEFUL);
    t_run(t, 0);
    t_peer(t, 1000, 0, 0, 5001);
    t_run(t, 1);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_run(t, 119999);
    t_expect_all(t, "");
    t_run(t, 120000);
    t_expect_all(t, "RETRIEVE(TIMEOUT_EXPIRATION)");
    assert_int_equal(conn_state(t), TOE_TCP_CLOSED);
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dsc_016_empty),       cmocka_unit_test(test_dsc_017_data),
        cmocka_unit_test(test_dsc_015_after_sends), cmocka_unit_test(test_dsc_007_abortive),
        cmocka_unit_test(test_dsc_023_both),        cmocka_unit_test(test_dsc_044_time_wait),
        cmocka_unit_test(test_dsc_044_order),       cmocka_unit_test(test_dsc_043_last_ack),
        cmocka_unit_test(test_dsc_045_time_wait),   cmocka_unit_test(test_dsc_034_half_closed),
        cmocka_unit_test(test_dsc_024_second),      cmocka_unit_test(test_dsc_025_closed),
        cmocka_unit_test(test_dsc_020_uploading),   cmocka_unit_test(test_dsc_033_kept),
        cmocka_unit_test(test_dsc_040_reset_first), cmocka_unit_test(test_tmr_033_fin_wait_2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
