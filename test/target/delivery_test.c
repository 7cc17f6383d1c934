/* SPDX-License-Identifier: MIT */
/*
 * Delivery: every branch of the algorithm of DATA 2.2, as the scenarios T-030 to T-067 tell it.
 */
#include "support/target_fixture.h"

#define PSH TCP_PSH
#define NO_PUSH TOE_BUF_NO_PUSH

static void refuse(struct t_target *t)
{
    t->host.answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
}

static struct toe_tcp_state query(struct t_target *t)
{
    struct toe_tcp_state got;

    assert_int_equal(t_query(t, &got), TOE_STATUS_SUCCESS);
    (void)t_log_take(&t->log, T_LOG_ALL);
    return got;
}

/* T-030, RCV-011: a request that is filled completes at once; nothing is indicated. */
static void test_rcv_011_filled_request(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 1000, 0);
    t_peer(t, 1000, 1000, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "receive(SUCCESS,1000)");
    assert_int_equal(query(t).delegated.rcv_nxt, 2000);
    t_target_del(t);
}

/* T-031, RCV-012: a pushed segment completes a request that it fills in part. */
static void test_rcv_012_push(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 4000, 0);
    t_peer(t, 1000, 1000, PSH, 5000);
    t_run(t, 0);
    t_expect_host(t, "receive(SUCCESS,1000)");
    t_target_del(t);
}

/* T-032, RCV-014, RCV-015: the push timer runs from the last byte placed. */
static void test_rcv_015_push_timer(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 4000, 0);
    t_peer(t, 1000, 1000, 0, 5000);
    t_run(t, 0);
    t_run(t, 400);
    t_peer(t, 2000, 500, 0, 5000);
    t_run(t, 899);
    t_expect_host(t, "");
    t_run(t, 900);
    t_expect_host(t, "receive(SUCCESS,1500)");
    t_target_del(t);
}

/* T-033, RCV-013: a non-push request waits until it is full, however long. */
static void test_rcv_013_no_push(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 4000, NO_PUSH);
    for (uint32_t i = 0; i < 3; ++i) {
        t_peer(t, 1000 + 1000 * i, 1000, PSH, 5000);
        t_run(t, i);
    }
    t_run(t, 10000);
    t_expect_host(t, "");
    t_peer(t, 4000, 1000, 0, 5000);
    t_run(t, 10001);
    t_expect_host(t, "receive(SUCCESS,4000)");
    t_target_del(t);
}

/* T-034, RCV-003 to RCV-005: requests are filled and completed in order. */
static void test_rcv_005_order(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 1000, 0);
    t_receive_new(t, 1000, 0);
    t_receive_new(t, 3000, 0);
    t_peer(t, 1000, 1460, PSH, 5000);
    t_run(t, 0);
    t_expect_host(t, "receive(SUCCESS,1000) receive(SUCCESS,460)");
    t_peer(t, 2460, 500, PSH, 5000);
    t_run(t, 1);
    t_expect_host(t, "receive(SUCCESS,500)");
    t_target_del(t);
}

/* The same, with both segments in one batch: the second must not join the first's request. */
static void test_rcv_012_push_in_one_batch(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 3000, 0);
    t_receive_new(t, 3000, 0);
    t_peer(t, 1000, 500, PSH, 5000);
    t_peer(t, 1500, 700, PSH, 5000);
    t_run(t, 0);
    t_expect_host(t, "receive(SUCCESS,500) receive(SUCCESS,700)");
    t_target_del(t);
}

/* T-035: what does not fit the requests is indicated. */
static void test_rcv_030_rest_is_indicated(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 1000, 0);
    t_peer(t, 1000, 1460, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "receive(SUCCESS,1000) indicate(460)");
    t_host_return(&t->host);
    t_target_del(t);
}

/* Much text under a lease stays where it arrived until the host returns it, whatever it says first;
 * little is copied. */
static void test_text_stays_under_a_lease(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    refuse(t);
    t_peer(t, 1000, 20000, 0, 5000);
    t_peer(t, 21000, 1000, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "indicate(21000)");
    t_run(t, 1);
    assert_int_equal(t_wire_leased_cnt(&t->wire), 1);

    t->host.answer.status = TOE_STATUS_SUCCESS;
    t_receive_new(t, 500, 0);
    t_run(t, 2);
    t_expect_host(t, "receive(SUCCESS,500) indicate(20500)");
    t_run(t, 3);
    assert_int_equal(t_wire_leased_cnt(&t->wire), 1);
    t_host_return(&t->host);
    t_run(t, 4);
    assert_int_equal(t_wire_leased_cnt(&t->wire), 0);
    t_target_del(t);
}

/* An indication may end within such text: there are two shares of the lease then. */
static void test_text_under_a_lease_is_split(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->tcp.state.cached.rcv_indication_size = 7000;
    t_target_start(t);
    t_offload(t);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_peer(t, 1000, 20000, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "indicate(7000) indicate(7000) indicate(6000)");
    t_run(t, 1);
    assert_int_equal(t_wire_leased_cnt(&t->wire), 1);
    t_host_return(&t->host);
    t_run(t, 2);
    assert_int_equal(t_wire_leased_cnt(&t->wire), 0);
    t_target_del(t);
}

/* T-036, RCV-048, RCV-074: accepted means consumed, though the buffer comes back much later. */
static void test_rcv_074_accepted_is_consumed(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_peer(t, 1000, 1460, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "indicate(1460)");
    assert_int_equal(t_stats(t).bufs_indicated, 1);
    t_run(t, 1000);
    assert_int_equal(query(t).delegated.receive_backlog_size, 0);
    t_host_return(&t->host);
    assert_int_equal(t_stats(t).bufs_indicated, 0);
    t_target_del(t);
}

/* T-037, RCV-032, RCV-033, RCV-049, RCV-052: refused data waits for a request, and is acknowledged.
 */
static void test_rcv_052_refused(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    refuse(t);
    t_peer(t, 1000, 1460, 0, 5000);
    t_run(t, 0);
    t_peer(t, 2460, 1460, PSH, 5000);
    t_run(t, 1);
    t_expect_all(t, "indicate(1460) [5000+0 A 3920]");
    assert_int_equal(query(t).delegated.receive_backlog_size, 2920);
    t_receive_new(t, 3000, 0);
    t_run(t, 2);
    t_expect_host(t, "receive(SUCCESS,2920)");
    t_target_del(t);
}

/* T-038, RCV-050, RCV-053: the host takes a part; the rest goes into the next request. */
static void test_rcv_050_partially_accepted(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->host.answers[0] = (struct t_answer){TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED, 100};
    t->host.answer_cnt = 1;
    t_peer(t, 1000, 1460, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "indicate(1460)");
    t_run(t, 5000);
    t_expect_host(t, "");
    t_receive_new(t, 1000, 0);
    t_run(t, 5001);
    t_expect_host(t, "receive(SUCCESS,1000) indicate(360)");
    t_host_return(&t->host);
    t_target_del(t);
}

/* T-039, RCV-054: an empty request asks for refused data again, from its first byte. */
static void test_rcv_054_zero_byte_request(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->host.answers[0].status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    t->host.answer_cnt = 1;
    t_peer(t, 1000, 1460, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "indicate(1460)");
    t_receive_new(t, 0, 0);
    t_run(t, 1);
    t_expect_host(t, "receive(SUCCESS,0) indicate(1460)");
    t_host_return(&t->host);
    t_target_del(t);
}

/* T-040, RCV-055: without data it waits for some. */
static void test_rcv_055_zero_byte_request_waits(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 0, 0);
    t_run(t, 1000);
    t_expect_host(t, "");
    t_peer(t, 1000, 100, 0, 5000);
    t_run(t, 1001);
    t_expect_host(t, "receive(SUCCESS,0) indicate(100)");
    t_host_return(&t->host);
    t_target_del(t);
}

static void post_empty(struct t_host *host)
{
    (void)t_receive_new(host->user, 0, 0);
}

static void post_1460(struct t_host *host)
{
    host->on_indicate = NULL;
    (void)t_receive_new(host->user, 1460, 0);
}

/* T-041, RCV-040: a host that refuses and asks again for ever gets eight indications a run. */
static void test_rcv_040_yield(void **state)
{
    struct t_target *t = t_target_offloaded();
    const char *log;
    uint32_t cnt = 0;

    (void)state;
    refuse(t);
    t->host.user = t;
    t->host.on_indicate = post_empty;
    t_peer(t, 1000, 100, 0, 5000);
    t->ops->run(t->top, t->now);
    assert_int_equal(t->ops->deadline(t->top), 0);
    log = t_log_take(&t->log, T_LOG_HOST);
    while ((log = strstr(log, "indicate")) != NULL) {
        ++log;
        ++cnt;
    }
    assert_in_range(cnt, 8, 32); /* eight in each round of a run */
    t->host.on_indicate = NULL;
    t_run(t, 1);
    t_target_del(t);
}

/* T-042, RCV-036: a request posted inside an indication that is refused gets the data. */
static void test_rcv_036_posted_inside_refused(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    refuse(t);
    t->host.user = t;
    t->host.on_indicate = post_1460;
    t_peer(t, 1000, 1460, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "indicate(1460) receive(SUCCESS,1460)");
    t_target_del(t);
}

static void post_deep(struct t_host *host)
{
    struct t_target *t = host->user;

    if (t->host.reach_delta++ < 1000) {
        (void)t_receive_new(t, 1000, 0);
    }
}

/* T-043, RCV-026: requests posted inside completions never nest; the order stays. */
static void test_rcv_026_posted_inside_complete(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->host.user = t;
    t->host.on_complete = post_deep;
    t_receive_new(t, 1000, 0);
    t_run(t, 0);
    for (uint32_t i = 0; i < 1000; ++i) {
        t_peer(t, 1000 + 1000 * i, 1000, 0, 5000);
        t_run(t, i);
        t_expect_host(t, "receive(SUCCESS,1000)");
    }
    t_target_del(t);
}

/* T-045, RCV-058: the preferred size of an indication. */
static void test_rcv_058_indication_size(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->tcp.state.cached.rcv_indication_size = 100;
    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
    t->host.answers[0].status = TOE_STATUS_SUCCESS;
    t->host.answers[1].status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    t->host.answer_cnt = 2;
    t_peer(t, 1000, 1460, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "indicate(100) indicate(100)");
    t_receive_new(t, 1360, 0);
    t_run(t, 1);
    t_expect_host(t, "receive(SUCCESS,1360)");
    t_host_return(&t->host);
    t_target_del(t);
}

/* T-047, RCV-034: a completion stops the push timer; the next request starts it anew. */
static void test_rcv_034_timer_restarts(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 1000, 0);
    t_receive_new(t, 2000, 0);
    t_peer(t, 1000, 1460, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "receive(SUCCESS,1000)");
    t_run(t, 499);
    t_expect_host(t, "");
    t_run(t, 500);
    t_expect_host(t, "receive(SUCCESS,460)");
    t_target_del(t);
}

/* T-048, RCV-041: a FIN completes a request of either mode; then comes the event. */
static void test_rcv_041_fin_completes(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 4000, NO_PUSH);
    t_peer(t, 1000, 1000, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "");
    t_peer(t, 2000, 500, TCP_FIN, 5000);
    t_run(t, 1);
    t_expect_all(t, "receive(SUCCESS,1500) DISCONNECT [5000+0 A 2501]");
    t_target_del(t);
}

/* T-049, DSC-030 to DSC-035: refused data holds the event back; later requests are for nothing. */
static void test_dsc_030_event_waits(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    refuse(t);
    t_peer(t, 1000, 1000, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "indicate(1000)");
    t_peer(t, 2000, 500, TCP_FIN, 5000);
    t_run(t, 1);
    t_expect_host(t, "");
    assert_int_equal(query(t).delegated.state, TOE_TCP_CLOSE_WAIT);
    t_receive_new(t, 4000, 0);
    t_run(t, 2);
    t_expect_host(t, "receive(SUCCESS,1500) DISCONNECT");
    t_breaks(t, "EVT-012");
    t_receive_new(t, 4000, 0);
    t_run(t, 3);
    t_expect_host(t, "receive(INVALID_STATE,0)");
    t_target_del(t);
}

/* T-050, RCV-042: empty requests get their share of nothing before the event. */
static void test_rcv_042_empty_requests(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 1000, 0);
    t_receive_new(t, 1000, NO_PUSH);
    t_peer(t, 1000, 0, TCP_FIN, 5000);
    t_run(t, 0);
    t_expect_host(t, "receive(SUCCESS,0) receive(SUCCESS,0) DISCONNECT");
    t_target_del(t);
}

/* T-051, RCV-021, DSC-037. */
static void test_rcv_021_reset(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 1000, NO_PUSH);
    t_peer(t, 1000, 300, 0, 5000);
    t_run(t, 0);
    t_peer(t, 1300, 0, TCP_RST, 5000);
    t_run(t, 1);
    t_expect_host(t, "ABORT receive(REQUEST_ABORTED,300)");
    t_receive_new(t, 1000, 0);
    t_run(t, 2);
    t_expect_host(t, "receive(REQUEST_ABORTED,0)");
    t_target_del(t);
}

/* RCV-005, RCV-021: what was posted in the turn of the reset completes behind what waited. */
static void test_rcv_005_reset_order(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 1000, NO_PUSH);
    t_peer(t, 1000, 300, 0, 5000);
    t_run(t, 0);
    t_receive_new(t, 700, 0);
    t_peer(t, 1300, 0, TCP_RST, 5000);
    t_run(t, 1);
    t_expect_host(t, "ABORT receive(REQUEST_ABORTED,300) receive(REQUEST_ABORTED,0)");
    t_target_del(t);
}

/* T-052, RCV-073: the window closes when the host takes nothing, never moves left, and opens. */
static void test_rcv_073_window_closes(void **state)
{
    struct t_target *t = t_target_offloaded();
    uint32_t seq = 1000;

    (void)state;
    refuse(t);
    for (uint32_t i = 0; i < 60; ++i) {
        const uint32_t left = 66535 - seq;
        const uint32_t len = left < 1460 ? left : 1460;

        if (len > 0) {
            t_peer(t, seq, len, 0, 5000);
            seq += len;
        }
        t_run(t, i);
        assert_true(t->wire.sent_cnt == 0 ||
                    t->wire.last.seg.ack.v + t->wire.last.seg.wnd <= 66535);
    }
    t_run(t, 400);
    assert_int_equal(t->wire.last.seg.ack.v, 66535);
    assert_int_equal(t->wire.last.seg.wnd, 0);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_peer(t, seq, 1, 0, 5000); /* a probe (SEG-091) */
    t_run(t, 500);
    t_expect_all(t, "[5000+0 A 66535]");
    t_receive_new(t, 10000, 0);
    t_run(t, 501);
    t_expect_all(t, "receive(SUCCESS,10000) indicate(15792) [5000+0 A 66535]");
    assert_int_equal(t->wire.last.seg.wnd, 10000);
    t_target_del(t);
}

/* T-055, RCV-089, RCV-090: data handed over comes first, into requests, then by indication. */
static void test_rcv_089_buffered_data(void **state)
{
    struct t_target *t = t_target_new();
    struct toe_buf *buffered;

    (void)state;
    t->tcp.state.delegated.rcv_nxt = 4000;
    t->tcp.state.delegated.rcv_wnd = 62535;
    buffered = t_peer_data_new(t, 1000, 3000);
    t->tcp.state.delegated.buffered_data = buffered;
    t_target_start(t);
    t->host.rcv_next = 1000;
    t_offload(t);
    t_expect_all(t, "initiate");
    memset((void *)(uintptr_t)buffered->sge->addr, 0, 3000); /* RCV-088 */
    t_receive_new(t, 1000, 0);
    t_peer(t, 4000, 500, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "receive(SUCCESS,1000) indicate(2500)");
    t_host_return(&t->host);
    t_target_del(t);
}

/* T-057, RCV-091: it is not indicated until the host asks, nor is what follows it. */
static void test_rcv_091_buffered_data_is_held(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->tcp.state.delegated.rcv_nxt = 1100;
    t->tcp.state.delegated.buffered_data = t_peer_data_new(t, 1000, 100);
    t_target_start(t);
    t->host.rcv_next = 1000;
    t_offload(t);
    t_peer(t, 1100, 500, 0, 5000);
    t_run(t, 1000);
    t_expect_host(t, "initiate");
    t_receive_new(t, 0, 0);
    t_run(t, 1001);
    t_expect_host(t, "receive(SUCCESS,0) indicate(600)");
    t_host_return(&t->host);
    t_target_del(t);
}

/* T-058, RCV-085, RCV-094: a FIN that the host has seen is not told to it again. */
static void test_rcv_094_fin_before(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->tcp.state.delegated.state = TOE_TCP_CLOSE_WAIT;
    t->tcp.state.delegated.rcv_nxt = 1202;
    t->tcp.state.delegated.buffered_data = t_peer_data_new(t, 1001, 200);
    t_target_start(t);
    t->host.rcv_next = 1001;
    t_offload(t);
    t_receive_new(t, 1000, 0);
    t_run(t, 0);
    t_expect_host(t, "initiate receive(SUCCESS,200)");
    assert_int_equal(query(t).delegated.state, TOE_TCP_CLOSE_WAIT);
    t_target_del(t);
}

/* T-062, RCV-017: bytes that the host placed arm the push timer at once. */
static void test_rcv_017_placed_by_the_host(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *buf = t_buf_new(t, 1000);

    (void)state;
    buf->placed = 50;
    t->ops->receive(t->top, t->tcp.handle, buf);
    t_run(t, 499);
    t_expect_host(t, "");
    t_run(t, 500);
    t_expect_host(t, "receive(SUCCESS,0)");
    t_target_del(t);
}

/* T-066, RCV-046, RCV-064: a lot of data comes in few buffers of many pieces. */
static void test_rcv_046_large_indications(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    for (uint32_t i = 0; i < 40; ++i) {
        t_peer(t, 1000 + 1460 * i, 1460, 0, 5000);
    }
    t_run(t, 0);
    t_expect_host(t, "indicate(15872) indicate(15872) indicate(15872) indicate(10784)");
    assert_int_equal(t_stats(t).bufs_indicated, 4);
    t_host_return(&t->host);
    t_target_del(t);
}

/* T-067, RCV-051: what makes no sense as an answer is made sense of. */
static void test_rcv_051_absurd_answers(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->host.answers[0] = (struct t_answer){TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED, 0};
    t->host.answers[1] = (struct t_answer){TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED, 99999};
    t->host.answers[2] = (struct t_answer){0x12345678, 7};
    t->host.answer_cnt = 3;
    t_breaks(t, "RCV-051");
    t_breaks(t, "RCV-050");
    t_peer(t, 1000, 1000, 0, 5000);
    t_run(t, 0);
    t_receive_new(t, 0, 0);
    t_run(t, 1);
    t_expect_host(t, "indicate(1000) receive(SUCCESS,0) indicate(1000)");
    t_peer(t, 2000, 1000, 0, 5000);
    t_run(t, 2);
    t_expect_host(t, "indicate(1000)");
    t_receive_new(t, 1000, 0);
    t_run(t, 3);
    t_expect_host(t, "receive(SUCCESS,1000)");
    t_target_del(t);
}

/* IOS-012: a request in many pieces, some of them empty, with room before and behind. */
static void test_ios_012_pieces(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *buf = t_buf_new(t, 8000);
    const uint64_t at = buf->sge->addr;
    const struct toe_sge pieces[] = {
        {at, 7, 0}, {at + 7, 0, 0}, {at + 7, 1, 0}, {at + 8, 1459, 0}, {at + 1467, 6533, 0}};

    (void)state;
    buf->sge = pieces;
    buf->sge_cnt = 5;
    buf->off = 5;
    buf->len = 4380;
    t->ops->receive(t->top, t->tcp.handle, buf);
    for (uint32_t i = 0; i < 3; ++i) {
        t_peer(t, 1000 + 1460 * i, 1460, 0, 5000);
        t_run(t, i);
    }
    t_expect_host(t, "receive(SUCCESS,4380)");
    assert_int_equal(buf->off, 4385);
    assert_int_equal(buf->len, 0);
    t_target_del(t);
}

/* EVT-036, TRM-9: a chunk pool that is empty: the host has room, and the peer sends again. */
static void test_no_chunks(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->settings.rcv_chunk_max = 1;
    t_target_start(t);
    t_offload(t);
    t_peer(t, 1000, 1460, 0, 5000);
    t_run(t, 0);
    t_peer(t, 2460, 1460, 0, 5000);
    t_run(t, 1);
    t_expect_host(t, "initiate indicate(1460) RETRIEVE(UPLOAD_REQUESTED)");
    t_peer(t, 2460, 1460, 0, 5000);
    t_run(t, 2);
    t_expect_host(t, "frame(1514)");
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_int_equal(t->tcp.state.delegated.state, TOE_TCP_ESTABLISHED);
    assert_int_equal(t->tcp.state.delegated.rcv_nxt, 2460);
    t_host_return(&t->host);
    t_target_del(t);
}

/* A request that cannot be mapped: the connection is to be taken back, nothing is lost. */
static void *map_nothing(void *user, uint64_t addr, uint32_t len)
{
    const bool *works = user;

    (void)len;
    return *works ? (void *)(uintptr_t)addr : NULL;
}

static void test_evt_036_receive_unmappable(void **state)
{
    struct t_target *t = t_target_new();
    bool works = true;

    (void)state;
    t->settings.bus = (struct toe_bus){.user = &works, .map = map_nothing};
    t_target_start(t);
    t_offload(t);
    t_receive_new(t, 1000, 0);
    t_run(t, 0);
    works = false;
    t_peer(t, 1000, 100, 0, 5000);
    t_run(t, 1);
    t_expect_host(t, "initiate RETRIEVE(UPLOAD_REQUESTED)");
    works = true;
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_expect_host(t, "receive(UPLOAD_IN_PROGRESS,0) terminate");
    assert_int_equal(t->tcp.state.delegated.rcv_nxt, 1000);
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rcv_011_filled_request),
        cmocka_unit_test(test_rcv_012_push),
        cmocka_unit_test(test_rcv_015_push_timer),
        cmocka_unit_test(test_rcv_013_no_push),
        cmocka_unit_test(test_rcv_005_order),
        cmocka_unit_test(test_rcv_012_push_in_one_batch),
        cmocka_unit_test(test_rcv_030_rest_is_indicated),
        cmocka_unit_test(test_text_stays_under_a_lease),
        cmocka_unit_test(test_text_under_a_lease_is_split),
        cmocka_unit_test(test_rcv_074_accepted_is_consumed),
        cmocka_unit_test(test_rcv_052_refused),
        cmocka_unit_test(test_rcv_050_partially_accepted),
        cmocka_unit_test(test_rcv_054_zero_byte_request),
        cmocka_unit_test(test_rcv_055_zero_byte_request_waits),
        cmocka_unit_test(test_rcv_040_yield),
        cmocka_unit_test(test_rcv_036_posted_inside_refused),
        cmocka_unit_test(test_rcv_026_posted_inside_complete),
        cmocka_unit_test(test_rcv_058_indication_size),
        cmocka_unit_test(test_rcv_034_timer_restarts),
        cmocka_unit_test(test_rcv_041_fin_completes),
        cmocka_unit_test(test_dsc_030_event_waits),
        cmocka_unit_test(test_rcv_042_empty_requests),
        cmocka_unit_test(test_rcv_021_reset),
        cmocka_unit_test(test_rcv_005_reset_order),
        cmocka_unit_test(test_rcv_073_window_closes),
        cmocka_unit_test(test_rcv_089_buffered_data),
        cmocka_unit_test(test_rcv_091_buffered_data_is_held),
        cmocka_unit_test(test_rcv_094_fin_before),
        cmocka_unit_test(test_rcv_017_placed_by_the_host),
        cmocka_unit_test(test_rcv_046_large_indications),
        cmocka_unit_test(test_rcv_051_absurd_answers),
        cmocka_unit_test(test_ios_012_pieces),
        cmocka_unit_test(test_no_chunks),
        cmocka_unit_test(test_evt_036_receive_unmappable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
