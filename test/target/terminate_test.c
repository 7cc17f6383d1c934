/* SPDX-License-Identifier: MIT */
/*
 * Terminate: what goes back to the host, in which order, and from every state.
 */
#include "support/target_fixture.h"

/* T-134, T-120, STATE-7: nothing outstanding; initiate and terminate are inverse. */
static void test_state_7_inverse(void **state)
{
    struct t_target *t = t_target_offloaded();
    const struct toe_tcp_state before = t->tcp.state;
    struct toe_tcp_delegated *d = &t->tcp.state.delegated;

    (void)state;
    t_run(t, 100);
    memset(d, 0xcc, sizeof(*d));
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_expect_all(t, "terminate");
    assert_null(t->tcp.block.send_chain);
    assert_null(d->send_data_head);
    assert_null(d->send_data_tail);
    assert_null(d->buffered_data);
    assert_int_equal(d->ts_time, before.delegated.ts_time + 100);
    assert_int_equal(d->state, before.delegated.state);
    assert_int_equal(d->rcv_nxt, before.delegated.rcv_nxt);
    assert_int_equal(d->rcv_wnd, before.delegated.rcv_wnd);
    assert_int_equal(d->snd_una, before.delegated.snd_una);
    assert_int_equal(d->snd_nxt, before.delegated.snd_nxt);
    assert_int_equal(d->snd_max, before.delegated.snd_max);
    assert_int_equal(d->snd_wnd, before.delegated.snd_wnd);
    assert_int_equal(d->max_snd_wnd, before.delegated.max_snd_wnd);
    assert_int_equal(d->snd_wl1, before.delegated.snd_wl1);
    assert_int_equal(d->cwnd, before.delegated.cwnd);
    assert_int_equal(d->ssthresh, before.delegated.ssthresh);
    assert_int_equal(d->srtt, before.delegated.srtt);
    assert_int_equal(d->rttvar, before.delegated.rttvar);
    assert_int_equal(d->retransmit_timeout_delta, TOE_TICKS_NONE);
    assert_int_equal(d->ka_timeout_delta, TOE_TICKS_NONE);
    assert_int_equal(t_stats(t).tcp_cnt, 0);
    t_target_del(t);
}

/* CLS-5, TRM-21: the other classes are not written; a block without state is legal. */
static void test_cls_5_delegated_only(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_tcp_const constant;
    struct toe_tcp_cached cached;

    (void)state;
    memset(&t->tcp.state.constant, 0x11, sizeof(constant));
    memset(&t->tcp.state.cached, 0x22, sizeof(cached));
    constant = t->tcp.state.constant;
    cached = t->tcp.state.cached;
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_memory_equal(&constant, &t->tcp.state.constant, sizeof(constant));
    assert_memory_equal(&cached, &t->tcp.state.cached, sizeof(cached));
    t_target_del(t);

    t = t_target_offloaded();
    t->host.answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    t_peer(t, 1000, 100, 0, 5000);
    t_run(t, 0);
    t->tcp.block.state.tcp = NULL;
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_int_equal(t_stats(t).bufs_indicated, 0);
    t_target_del(t);
}

/* T-133, SND-070 to SND-077: the chain that goes back, acknowledged bytes taken off. */
static void test_snd_071_chain(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *bufs[5];
    const struct toe_tcp_delegated *d = &t->tcp.state.delegated;

    (void)state;
    for (uint32_t i = 0; i < 5; ++i) {
        bufs[i] = t_send_new(t, 5000 + 1000 * i, 1000);
    }
    t_run(t, 0);
    t_peer(t, 1000, 0, 0, 7500);
    t_run(t, 1);
    t_expect_host(t, "send(SUCCESS,1000) send(SUCCESS,1000)");
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_expect_host(t, "terminate");
    assert_ptr_equal(t->tcp.block.send_chain, bufs[2]);
    assert_ptr_equal(bufs[2]->next, bufs[3]);
    assert_ptr_equal(bufs[3]->next, bufs[4]);
    assert_null(bufs[4]->next);
    assert_ptr_equal(d->send_data_head, bufs[2]);
    assert_ptr_equal(d->send_data_tail, bufs[4]);
    assert_int_equal(bufs[2]->off, 500);
    assert_int_equal(bufs[2]->len, 500);
    assert_int_equal(bufs[2]->status, TOE_STATUS_PENDING);
    assert_int_equal(d->snd_una, 7500);
    assert_int_equal(d->snd_max, 10000);
    assert_in_range(d->retransmit_timeout_delta, 250, 400);
    t_target_del(t);
}

/* T-135: the other policy. */
static void test_snd_070_complete(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->settings.send_return = TOE_SEND_RETURN_COMPLETE;
    t_target_start(t);
    t_offload(t);
    for (uint32_t i = 0; i < 3; ++i) {
        t_send_new(t, 5000 + 1000 * i, 1000);
    }
    t_run(t, 0);
    t_peer(t, 1000, 0, 0, 6500);
    t_run(t, 1);
    (void)t_log_take(&t->log, T_LOG_ALL);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_expect_host(t, "send(UPLOAD_IN_PROGRESS,500) send(UPLOAD_IN_PROGRESS,0) terminate");
    assert_null(t->tcp.block.send_chain);
    assert_int_equal(t->tcp.state.delegated.snd_una, 6500);
    t_target_del(t);
}

/* T-060, RCV-101, RCV-102: receive requests at the end. */
static void test_rcv_102_requests(void **state)
{
    static const struct {
        uint32_t bytes;
        uint32_t flags;
        const char *want;
    } cases[] = {
        {100, 0, "receive(SUCCESS,100) receive(UPLOAD_IN_PROGRESS,0) terminate"},
        {100, TOE_BUF_NO_PUSH,
         "receive(UPLOAD_IN_PROGRESS,100) receive(UPLOAD_IN_PROGRESS,0) terminate"},
        {0, 0, "receive(UPLOAD_IN_PROGRESS,0) receive(UPLOAD_IN_PROGRESS,0) terminate"},
    };

    (void)state;
    for (size_t i = 0; i < 3; ++i) {
        struct t_target *t = t_target_offloaded();

        t_receive_new(t, 1000, cases[i].flags);
        t_receive_new(t, 1000, 0);
        if (cases[i].bytes > 0) {
            t_peer(t, 1000, cases[i].bytes, 0, 5000);
        }
        t_run(t, 0);
        (void)t_log_take(&t->log, T_LOG_ALL);
        assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
        t_expect_host(t, cases[i].want);
        assert_int_equal(t->tcp.state.delegated.rcv_nxt, 1000 + cases[i].bytes);
        t_target_del(t);
    }
}

/* T-059, RCV-096 to RCV-100: what was refused goes back, and may be returned late. */
static void test_rcv_096_buffered_data(void **state)
{
    struct t_target *t = t_target_offloaded();
    uint32_t len = 0;

    (void)state;
    t->host.answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    for (uint32_t i = 0; i < 5; ++i) {
        t_peer(t, 1000 + 1000 * i, 1000, 0, 5000);
        t_run(t, i);
    }
    (void)t_log_take(&t->log, T_LOG_ALL);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    for (struct toe_buf *buf = t->tcp.state.delegated.buffered_data; buf != NULL; buf = buf->next) {
        assert_true(toe_buf_is_sound(buf));
        len += t_host_check(&t->host, buf, buf->off, buf->len);
        t->host.rcv_next += buf->len;
    }
    assert_int_equal(len, 5000);
    assert_int_equal(t->tcp.state.delegated.rcv_nxt, 6000);
    assert_int_equal(t_stats(t).tcp_cnt, 0);
    assert_int_equal(t_stats(t).bufs_indicated, 3);
    t_run(t, 1000);
    t->ops->receive_return(t->top, t->tcp.state.delegated.buffered_data);
    assert_int_equal(t_stats(t).bufs_indicated, 0);
    t_target_del(t);
}

/* T-141, TRM-17: an acknowledgment that is owed leaves before the completion. */
static void test_trm_17_owed_ack(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 1000, 0);
    t_peer(t, 1000, 1000, 0, 5000);
    t_run(t, 0);
    t_expect_all(t, "receive(SUCCESS,1000)");
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_expect_all(t, "[5000+0 A 2000] terminate");
    t_target_del(t);
}

/* T-138, SEG-064, SEG-065: what is out of order is dropped, and no SACK says otherwise. */
static void test_seg_065_no_sack(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->tcp.state.constant.flags = TOE_TCP_SACK;
    t_target_start(t);
    t_offload(t);
    t_receive_new(t, 10000, 0);
    t_peer(t, 3000, 100, 0, 5000);
    t_run(t, 0);
    assert_int_equal(t->wire.last.seg.sack_cnt, 1);
    t_peer(t, 1000, 100, 0, 5000);
    t_run(t, 1);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_peer(t, 1100, 100, 0, 5000);
    t->ops->run(t->top, t->now);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_int_equal(t->wire.last.seg.ack.v, 1200);
    t_target_del(t);
}

/* T-140, SEG-060 to SEG-062: after it, segments are ordinary frames. */
static void test_seg_062_ordinary_after(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->ops->terminate(t->top, &t->tcp.block);
    t_peer(t, 1000, 100, 0, 5000);
    t_peer(t, 1000, 0, TCP_RST, 5000);
    t_run(t, 0);
    t_expect_all(t, "terminate frame(154) frame(54)");
    t_target_del(t);
}

/* T-137, DSC-028: a graceful disconnect that is not through. */
static void test_dsc_028_disconnect(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *buf = t_disconnect_new(t, 5000, 2000, TOE_DISCONNECT_GRACEFUL);

    (void)state;
    t_run(t, 0);
    t_peer(t, 1000, 0, 0, 6460);
    t_run(t, 1);
    t_expect_host(t, "");
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_expect_host(t, "disconnect(UPLOAD_IN_PROGRESS,1460) terminate");
    assert_null(t->tcp.block.send_chain);
    assert_int_equal(t->tcp.state.delegated.state, TOE_TCP_FIN_WAIT_1);
    assert_int_equal(buf->off, 1460);
    assert_int_equal(buf->len, 540);
    t_target_del(t);
}

/* REF-5, TRM-28: objects others depend on stay; a tree takes them all, bottom last. */
static void test_ref_5_dependents(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_breaks(t, "REF-3");
    t->neighbor.block.dependent = NULL;
    t->ops->terminate(t->top, &t->neighbor.block);
    t->path.block.dependent = NULL;
    t->ops->terminate(t->top, &t->path.block);
    t_run(t, 0);
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_FAILURE);
    assert_int_equal(t->path.block.status, TOE_STATUS_FAILURE);
    assert_int_equal(t_stats(t).neighbor_cnt, 1);

    t->now += T_MS(70);
    t->ops->terminate(t->top, t_link(t));
    t->ops->run(t->top, t->now);
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t->path.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t->tcp.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t->neighbor.state.delegated.nic_reachability_delta, 70); /* TRM-22 */
    assert_int_equal(t_stats(t).neighbor_cnt + t_stats(t).path_cnt + t_stats(t).tcp_cnt, 0);
    t_target_del(t);
}

/* TRM-29: handles that name nothing: again, of another layer, invented. Nothing happens. */
static void test_trm_29_bad_handles(void **state)
{
    struct t_target *t = t_target_offloaded();
    const toe_handle handles[] = {0, 1, UINT64_MAX, 0x1234567812345678, t->path.handle};
    const toe_handle good = t->tcp.handle;

    (void)state;
    t_breaks(t, "CTX-4");
    t_breaks(t, "CTX-7");
    for (size_t i = 0; i < 5; ++i) {
        t->tcp.handle = handles[i];
        assert_int_equal(t_terminate(t), TOE_STATUS_FAILURE);
    }
    t->tcp.handle = good;
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_int_equal(t_terminate(t), TOE_STATUS_FAILURE);
    t_expect_all(t, "terminate terminate terminate terminate terminate terminate terminate");
    t_target_del(t);
}

/* The same block twice in a tree: once it is there, once it is gone. */
static void test_terminate_twice_in_a_tree(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct t_tcp again = t->tcp;

    (void)state;
    t_block_init(&again.block, TOE_BLOCK_TCP, &t->tcp.handle, &again.state);
    t->tcp.block.next = &again.block;
    t_breaks(t, "TRM-30");
    t->ops->terminate(t->top, &t->tcp.block);
    t_run(t, 0);
    assert_int_equal(t->tcp.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(again.block.status, TOE_STATUS_FAILURE);
    t_target_del(t);
}

static void set_established(struct t_target *t)
{
    t_hand_over(t, t_data_new(t, 5000, 3000));
    t->tcp.state.delegated.snd_nxt = 6460;
    t->tcp.state.delegated.snd_max = 6460;
    t->tcp.state.delegated.retransmit_timeout_delta = 100;
}

static void set_loss(struct t_target *t)
{
    set_established(t);
    t->tcp.state.delegated.snd_nxt = 5000; /* all of it is to go again (SND-061) */
    t->tcp.state.delegated.dup_ack_cnt = 2;
    t->tcp.state.delegated.retransmit_cnt = 1;
    t->tcp.state.delegated.total_rt = 300;
}

static void set_zero_window(struct t_target *t)
{
    t_hand_over(t, t_data_new(t, 5000, 3000));
    t->tcp.state.delegated.snd_wnd = 0;
    t->tcp.state.delegated.snd_wnd_probe_cnt = 2;
    t->tcp.state.delegated.retransmit_timeout_delta = 400;
}

static void set_fin_wait_1(struct t_target *t)
{
    t_hand_over(t, t_data_new(t, 5000, 1000));
    t->tcp.state.delegated.state = TOE_TCP_FIN_WAIT_1;
    t->tcp.state.delegated.snd_nxt = 6001;
    t->tcp.state.delegated.snd_max = 6001;
    t->tcp.state.delegated.retransmit_timeout_delta = 100;
}

static void set_fin_wait_2(struct t_target *t)
{
    t->tcp.state.delegated.state = TOE_TCP_FIN_WAIT_2;
    t->tcp.state.delegated.retransmit_timeout_delta = 5000;
}

static void set_close_wait(struct t_target *t)
{
    set_established(t);
    t->tcp.state.delegated.state = TOE_TCP_CLOSE_WAIT;
}

static void set_closing(struct t_target *t)
{
    set_fin_wait_1(t);
    t->tcp.state.delegated.state = TOE_TCP_CLOSING;
}

static void set_last_ack(struct t_target *t)
{
    set_fin_wait_1(t);
    t->tcp.state.delegated.state = TOE_TCP_LAST_ACK;
}

static void set_buffered(struct t_target *t)
{
    t->tcp.state.delegated.buffered_data = t_peer_data_new(t, 600, 400);
}

/* T-150 and STATE-7 in every offloadable state, and in the middle of everything. */
static void test_every_state(void **state)
{
    static const struct {
        const char *name;
        void (*set)(struct t_target *t);
    } cases[] = {
        {"ESTABLISHED, data in flight", set_established},
        {"loss under way", set_loss},
        {"zero window", set_zero_window},
        {"FIN_WAIT_1", set_fin_wait_1},
        {"FIN_WAIT_2", set_fin_wait_2},
        {"CLOSE_WAIT", set_close_wait},
        {"CLOSING", set_closing},
        {"LAST_ACK", set_last_ack},
        {"buffered data", set_buffered},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_target *t = t_target_new();
        struct toe_buf *chain;
        struct toe_tcp_delegated want;
        struct toe_tcp_delegated *got = &t->tcp.state.delegated;

        cases[i].set(t);
        chain = t->tcp.block.send_chain;
        want = *got;
        t_target_start(t);
        t->host.rcv_next = 600;
        /* Both are posted before the target runs, so nothing leaves in between. */
        t->ops->initiate(t->top, t_link(t));
        t->ops->run(t->top, t->now);
        if (t->tcp.block.status != TOE_STATUS_SUCCESS) {
            fail_msg("%s: %s", cases[i].name, toe_status_name(t->tcp.block.status));
        }
        assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
        assert_ptr_equal(t->tcp.block.send_chain, chain);
        assert_int_equal(got->state, want.state);
        assert_int_equal(got->snd_una, want.snd_una);
        assert_int_equal(got->rcv_nxt, want.rcv_nxt);
        assert_int_equal(got->rcv_wnd, want.rcv_wnd);
        assert_int_equal(got->snd_wnd, want.snd_wnd);
        assert_int_equal(got->snd_wnd_probe_cnt, want.snd_wnd_probe_cnt);
        assert_true(got->snd_nxt - got->snd_una <= got->snd_max - got->snd_una);
        if (want.buffered_data != NULL) {
            assert_non_null(got->buffered_data);
            assert_int_equal(t_host_check(&t->host, got->buffered_data, 0, 400), 400);
            t->ops->receive_return(t->top, got->buffered_data);
        }
        /* And once more: what came back can be offloaded again. */
        got->buffered_data = NULL;
        t->tcp.handle = 0;
        t_block_init(&t->tcp.block, TOE_BLOCK_TCP, &t->tcp.handle, &t->tcp.state);
        t_hand_over(t, chain);
        t->path.block.dependent = &t->tcp.block;
        t->path.block.next = NULL;
        t->ops->initiate(t->top, &t->path.block);
        t->ops->run(t->top, t->now);
        if (t->tcp.block.status != TOE_STATUS_SUCCESS) {
            fail_msg("%s, again: %s", cases[i].name, toe_status_name(t->tcp.block.status));
        }
        t_target_del(t);
    }
}

/* T-172, SEG-040 to SEG-047: urgent data stops everything; the frames go up after the terminate. */
static void test_seg_045_urgent(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_receive_new(t, 4000, 0);
    t_peer(t, 1000, 100, TCP_URG, 5000);
    t_run(t, 0);
    t_peer(t, 1100, 900, 0, 5000);
    t_run(t, 1000);
    t_expect_all(t, "RETRIEVE(RECEIVED_URGENT_DATA)");
    t_send_new(t, 5000, 100);
    t_run(t, 1001);
    t_expect_all(t, "send(UPLOAD_IN_PROGRESS,0)");
    t->ops->terminate(t->top, &t->tcp.block);
    t_peer(t, 2000, 10, 0, 5000); /* T-175: after the call, but it has its place behind */
    t_run(t, 1002);
    t_expect_all(t, "receive(UPLOAD_IN_PROGRESS,0) terminate frame(154) frame(954) frame(64)");
    assert_int_equal(t->tcp.state.delegated.rcv_nxt, 1000);
    t_target_del(t);
}

/* T-163, SEG-002, SEG-006: an exact SYN closes; it goes up after the terminate. */
static void test_seg_006_syn(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_peer(t, 1000, 0, TCP_SYN, 5000);
    t_run(t, 0);
    t_expect_all(t, "RETRIEVE(UPLOAD_REQUESTED)");
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_expect_all(t, "terminate frame(54)");
    assert_int_equal(t->tcp.state.delegated.state, TOE_TCP_CLOSED);
    t_target_del(t);
}

/* T-093, DSC-039: after a reset the undelivered bytes come back. */
static void test_dsc_039_reset(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->host.answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    t_peer(t, 1000, 500, TCP_FIN, 5000);
    t_run(t, 0);
    t_peer(t, 1501, 0, TCP_RST, 5000);
    t_run(t, 1);
    t_expect_host(t, "indicate(500) ABORT");
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_int_equal(t->tcp.state.delegated.state, TOE_TCP_CLOSED);
    assert_non_null(t->tcp.state.delegated.buffered_data);
    assert_int_equal(t->tcp.state.delegated.buffered_data->len, 500);
    t->ops->receive_return(t->top, t->tcp.state.delegated.buffered_data);
    t_target_del(t);
}

static void terminate_inside(struct t_host *host)
{
    struct t_target *t = host->user;

    host->on_event = NULL;
    t->ops->terminate(t->top, &t->tcp.block);
}

/* ARCH-8, TRM-10: terminate from inside the event that asks for it. */
static void test_arch_8_inside_event(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->host.user = t;
    t->host.on_event = terminate_inside;
    t_peer(t, 1000, 0, TCP_SYN, 5000);
    t->ops->run(t->top, t->now);
    t_expect_all(t, "RETRIEVE(UPLOAD_REQUESTED) terminate frame(54)");
    t_target_del(t);
}

/* EVT-009: no event once the terminate was called, though another reason for one is there. */
static void test_evt_009_no_event_after(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->tcp.state.delegated.state = TOE_TCP_FIN_WAIT_2;
    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
    t->host.user = t;
    t->host.on_event = terminate_inside;
    t_peer(t, 1000, 0, TCP_FIN, 5000);
    t->ops->run(t->top, t->now);
    t_expect_host(t, "DISCONNECT terminate");
    assert_int_equal(t->tcp.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t->tcp.state.delegated.state, TOE_TCP_TIME_WAIT);
    t_target_del(t);
}

static void terminate_indicated(struct t_host *host)
{
    struct t_target *t = host->user;

    host->on_indicate = NULL;
    t->ops->terminate(t->top, &t->tcp.block);
}

/* SEG-060, SEG-066, RCV-105: what is fetched after the call, in the same run, is the host's. */
static void test_seg_066_begins_with_the_call(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->host.user = t;
    t->host.on_indicate = terminate_indicated;
    for (uint32_t i = 0; i < 65; ++i) { /* one more than a batch */
        t_peer(t, 1000 + i, 1, 0, 5000);
    }
    t->ops->run(t->top, t->now);
    t_expect_host(t, "indicate(64) frame(55) terminate");
    assert_int_equal(t->tcp.state.delegated.rcv_nxt, 1064);
    t_host_return(&t->host);
    t_target_del(t);
}

/* A terminate that fails, and so leaves the connection, changes nothing. */
static void test_failed_terminate_goes_on(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_breaks(t, "BLK-3");
    t->tcp.state.size = 4;
    assert_int_equal(t_terminate(t), TOE_STATUS_FAILURE);
    t_expect_all(t, "terminate");
    t_peer(t, 1000, 100, TCP_FIN, 5000);
    t_run(t, 0);
    t_expect_host(t, "indicate(100) DISCONNECT");
    t_host_return(&t->host);
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_7_inverse),
        cmocka_unit_test(test_cls_5_delegated_only),
        cmocka_unit_test(test_snd_071_chain),
        cmocka_unit_test(test_snd_070_complete),
        cmocka_unit_test(test_rcv_102_requests),
        cmocka_unit_test(test_rcv_096_buffered_data),
        cmocka_unit_test(test_trm_17_owed_ack),
        cmocka_unit_test(test_seg_065_no_sack),
        cmocka_unit_test(test_seg_062_ordinary_after),
        cmocka_unit_test(test_dsc_028_disconnect),
        cmocka_unit_test(test_ref_5_dependents),
        cmocka_unit_test(test_trm_29_bad_handles),
        cmocka_unit_test(test_terminate_twice_in_a_tree),
        cmocka_unit_test(test_every_state),
        cmocka_unit_test(test_seg_045_urgent),
        cmocka_unit_test(test_seg_006_syn),
        cmocka_unit_test(test_dsc_039_reset),
        cmocka_unit_test(test_arch_8_inside_event),
        cmocka_unit_test(test_evt_009_no_event_after),
        cmocka_unit_test(test_seg_066_begins_with_the_call),
        cmocka_unit_test(test_failed_terminate_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
