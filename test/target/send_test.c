/* SPDX-License-Identifier: MIT */
/*
 * Sends: scenarios T-001 to T-022, as far as they are the target's and not the engine's alone.
 */
#include "support/target_fixture.h"

/* T-001, SND-032, SND-042: a send completes when the peer has acknowledged it, not before. */
static void test_snd_032_acknowledged(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *buf = t_send_new(t, 5000, 1000);

    (void)state;
    t_expect_all(t, "");
    assert_int_equal(t->ops->deadline(t->top), 0);
    t_run(t, 0);
    t_expect_all(t, "[5000+1000 PA 1000]");
    t_run(t, 49);
    t_peer(t, 1000, 0, 0, 6000);
    t_expect_all(t, "");
    t_run(t, 50);
    t_expect_all(t, "send(SUCCESS,1000)");
    assert_int_equal(buf->len, 0);
    assert_int_equal(buf->off, 1000);
    t_target_del(t);
}

/* T-003, SND-047: an acknowledgment completes what it covers as a whole. */
static void test_snd_047_whole(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *chain = t_data_new(t, 5000, 500);

    (void)state;
    chain->next = t_data_new(t, 5500, 2000);
    chain->next->next = t_data_new(t, 7500, 1460);
    t->ops->send(t->top, t->tcp.handle, chain);
    t_run(t, 0);
    t_peer(t, 1000, 0, 0, 6500);
    t_run(t, 1);
    t_expect_host(t, "send(SUCCESS,500)");
    t_peer(t, 1000, 0, 0, 8960);
    t_run(t, 2);
    t_expect_host(t, "send(SUCCESS,2000) send(SUCCESS,1460)");
    t_target_del(t);
}

/* T-007, SND-018: an empty send has its place in the order. */
static void test_snd_018_empty(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_send_new(t, 5000, 1000);
    t_send_new(t, 6000, 0);
    t_send_new(t, 6000, 1000);
    t_run(t, 0);
    t_expect_host(t, "");
    t_peer(t, 1000, 0, 0, 7000);
    t_run(t, 1);
    t_expect_host(t, "send(SUCCESS,1000) send(SUCCESS,0) send(SUCCESS,1000)");
    t_target_del(t);
}

/* T-012, SND-030: identifications stay in the upper half, over the wrap (fake_wire checks each). */
static void test_snd_030_identification(void **state)
{
    struct t_target *t = t_target_new();
    uint32_t wraps = 0;
    uint16_t last;
    uint32_t seq = 5000;

    (void)state;
    t->settings.congestion = TOE_CONGESTION_NONE;
    t_target_start(t);
    t_offload(t);
    last = 0;
    for (uint32_t i = 0; i < 34000; ++i) {
        t_send_new(t, seq, 1);
        t->ops->run(t->top, t->now);
        wraps += t->wire.last.ip_id < last;
        last = t->wire.last.ip_id;
        ++seq;
        t_peer(t, 1000, 0, 0, seq);
        t->ops->run(t->top, t->now);
        t->log.cnt = 0;
        while (t->bufs != NULL) {
            struct t_buf *next = t->bufs->next;

            free(t->bufs->bytes);
            free(t->bufs);
            t->bufs = next;
        }
    }
    assert_int_equal(wraps, 1);
    t_target_del(t);
}

/* T-014, T-022, SND-035, DSC-036: a reset: the event first, then every send in order. */
static void test_snd_035_reset(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    for (uint32_t i = 0; i < 3; ++i) {
        t_send_new(t, 5000 + 1000 * i, 1000);
    }
    t_run(t, 0);
    t_peer(t, 1000, 0, 0, 5500);
    t_run(t, 1);
    t_peer(t, 1001, 0, TCP_RST, 5500); /* inexact: challenged only */
    t_run(t, 2);
    t_expect_host(t, "");
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_peer(t, 1000, 0, TCP_RST, 5500);
    t_run(t, 3);
    t_expect_all(t, "ABORT send(REQUEST_ABORTED,500) send(REQUEST_ABORTED,0) "
                    "send(REQUEST_ABORTED,0)");
    t_send_new(t, 8000, 10);
    t_run(t, 10000);
    t_expect_all(t, "send(REQUEST_ABORTED,0)");
    assert_int_equal(t_stats(t).tcp[0].reset_established, 1);
    assert_int_equal(t_stats(t).tcp[0].currently_established, 0);
    t_target_del(t);
}

/* T-002, T-089, TMR-088: nobody answers: the connection is to be taken back, the data stay. */
static void test_tmr_088_timeout(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_send_new(t, 5000, 100);
    t_run(t, 60000);
    t_expect_host(t, "backlog RETRIEVE(TIMEOUT_EXPIRATION)");
    t_send_new(t, 5100, 100);
    t_run(t, 60001);
    t_expect_host(t, "send(UPLOAD_IN_PROGRESS,0)");
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_expect_host(t, "terminate");
    assert_non_null(t->tcp.block.send_chain);
    assert_null(t->tcp.block.send_chain->next);
    t_target_del(t);
}

static void send_more(struct t_host *host)
{
    struct t_target *t = host->user;

    if (host->reach_delta++ < 3000) {
        (void)t_send_new(t, 5000 + host->reach_delta, 1);
    }
}

/* T-019, SND-003: sends posted inside completions. */
static void test_snd_003_posted_inside(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->host.user = t;
    t->host.on_sent = send_more;
    t_send_new(t, 5000, 1);
    t_run(t, 0);
    for (uint32_t i = 0; i < 3000; ++i) {
        t_peer(t, 1000, 0, 0, 5001 + i);
        t->ops->run(t->top, t->now);
        t_expect_host(t, "send(SUCCESS,1)");
    }
    t_target_del(t);
}

/* T-020, SND-019: after a graceful disconnect. */
static void test_snd_019_after_disconnect(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_breaks(t, "SND-019");
    t_disconnect_new(t, 5000, 0, TOE_DISCONNECT_GRACEFUL);
    t_send_new(t, 5000, 100);
    t_run(t, 0);
    t_expect_all(t, "send(INVALID_STATE,0) [5000+0 FA 1000]");
    t_target_del(t);
}

/* Data posts on handles that name nothing complete INVALID_STATE. */
static void test_bad_handles(void **state)
{
    struct t_target *t = t_target_offloaded();
    const toe_handle handles[] = {
        0, 1, UINT64_MAX, t->path.handle, t->neighbor.handle, 0xfedcba9876543210};
    struct toe_buf *chain;

    (void)state;
    t_breaks(t, "CTX-4");
    for (size_t i = 0; i < 6; ++i) {
        t->tcp.handle = handles[i];
        t_send_new(t, 5000, 10);
        t_receive_new(t, 10, 0);
        t_disconnect_new(t, 5000, 0, TOE_DISCONNECT_ABORTIVE);
        chain = t_buf_new(t, 20);
        chain->next = t_buf_new(t, 20);
        t->ops->forward(t->top, handles[i], chain);
        t_run(t, i);
        t_expect_all(t, "send(INVALID_STATE,0) receive(INVALID_STATE,0) "
                        "disconnect(INVALID_STATE,0) forward(INVALID_STATE) "
                        "forward(INVALID_STATE)");
    }
    t_target_del(t);
}

/* Requests whose data lie outside of their list are refused and do no harm. */
static void test_unsound_buffers(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *buf;

    (void)state;
    t_breaks(t, "IOS-003");
    t_breaks(t, "DSC-003");
    buf = t_data_new(t, 5000, 10);
    buf->len = 11;
    t->ops->send(t->top, t->tcp.handle, buf);
    buf = t_buf_new(t, 10);
    buf->off = UINT32_MAX;
    t->ops->receive(t->top, t->tcp.handle, buf);
    buf = t_buf_new(t, 10);
    buf->sge_cnt = 0;
    t->ops->disconnect(t->top, t->tcp.handle, buf, TOE_DISCONNECT_GRACEFUL);
    buf = t_buf_new(t, 0);
    t->ops->disconnect(t->top, t->tcp.handle, buf, (enum toe_disconnect)3);
    t_run(t, 0);
    t_expect_host(t, "send(INVALID_PARAMETER,0) disconnect(INVALID_PARAMETER,0) "
                     "disconnect(INVALID_PARAMETER,0) receive(INVALID_PARAMETER,0)");
    t_target_del(t);
}

/* T-108, EVT-036: a send that cannot be mapped. */
static void *map_some(void *user, uint64_t addr, uint32_t len)
{
    const bool *works = user;

    (void)len;
    return *works ? (void *)(uintptr_t)addr : NULL;
}

static void test_evt_036_unmappable(void **state)
{
    struct t_target *t = t_target_new();
    bool works = true;

    (void)state;
    t->settings.bus = (struct toe_bus){.user = &works, .map = map_some};
    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
    works = false;
    t_send_new(t, 5000, 3000);
    t_run(t, 0);
    t_expect_all(t, "RETRIEVE(UPLOAD_REQUESTED)");
    t_send_new(t, 8000, 10);
    t_run(t, 1);
    t_expect_all(t, "send(UPLOAD_IN_PROGRESS,0)");
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_non_null(t->tcp.block.send_chain);
    assert_int_equal(t->tcp.block.send_chain->len, 3000);
    t_target_del(t);
}

/* Memory that ends in the middle of a burst: what is before the end leaves. */
static void *map_before(void *user, uint64_t addr, uint32_t len)
{
    const uint64_t *end = user;

    return addr + len <= *end ? (void *)(uintptr_t)addr : NULL;
}

static void test_evt_036_unmappable_end(void **state)
{
    struct t_target *t = t_target_new();
    uint64_t end = UINT64_MAX;

    (void)state;
    t->settings.bus = (struct toe_bus){.user = &end, .map = map_before};
    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
    end = t_send_new(t, 5000, 9000)->sge->addr + 4000;
    t_run(t, 0);
    t_expect_all(t, "RETRIEVE(UPLOAD_REQUESTED) [5000+1460 A 1000] [6460+1460 A 1000]");
    assert_int_equal(t_stats(t).tcp[0].out_segments, 2);
    assert_int_equal(t_stats(t).ip[0].out_octets, 2 * 1500);
    t_target_del(t);
}

/* SND-020: of segments that leave at once each that ends a request has PSH, and the bytes of
 * requests of any length and place follow each other (the wire checks them, and the sums). */
static void test_bursts(void **state)
{
    static const uint32_t lens[] = {4381, 1, 0, 1457, 2919, 3};
    struct t_target *t = t_target_new();
    uint32_t seq = 5000;

    (void)state;
    t->tcp.state.delegated.cwnd = 65535;
    t_target_start(t);
    t_offload(t);
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); ++i) {
        t_send_new(t, seq, lens[i]);
        seq += lens[i];
    }
    t_run(t, 0);
    t_expect_wire(t, "[5000+1460 A 1000] [6460+1460 A 1000] [7920+1460 A 1000] [9380+1460 PA 1000] "
                     "[10840+1460 A 1000] [12300+1460 PA 1000] [13760+1 PA 1000]");
    assert_int_equal(t_stats(t).tcp[0].out_segments, 7);
    t_target_del(t);
}

/* A wire that takes super-segments gets them; one that completes checksums need not sum. */
static void test_super_segments(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t_wire_init(&t->wire, &t->log, TOE_WIRE_CSUM | TOE_WIRE_TSO);
    t->tcp.state.delegated.cwnd = 65535;
    t_target_start(t);
    t_offload(t);
    t_send_new(t, 5000, 30000);
    t_send_new(t, 35000, 1000);
    t_run(t, 0);
    t_expect_wire(t, "[5000+30660 PA 1000] [35660+340 PA 1000]");
    t_send_new(t, 36000, 2920);
    t_run(t, 1);
    t_expect_wire(t, "[36000+2920 PA 1000]");
    assert_int_equal(t->wire.last.gso_size, 1460);
    assert_int_equal(t_stats(t).tcp[0].out_segments, 21 + 1 + 2);
    t_target_del(t);
}

/* Much text is not copied for a wire that gathers frames; it is what it would be, pieces and all.
 */
static void test_gathered_segments(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t_wire_init(&t->wire, &t->log, TOE_WIRE_CSUM | TOE_WIRE_TSO | TOE_WIRE_GATHER);
    t->tcp.state.delegated.cwnd = 65535;
    t_target_start(t);
    t_offload(t);
    t_send_new(t, 5000, 1000);
    t_send_new(t, 6000, 20000);
    t_send_new(t, 26000, 8000);
    t_run(t, 0);
    t_expect_wire(t, "[5000+1460 PA 1000] [6460+20440 PA 1000] [26900+7100 PA 1000]");
    assert_int_equal(t->wire.gathered_cnt, 2);
    t_peer(t, 1000, 0, TCP_ACK, 34000);
    t_run(t, 1);
    t_expect_host(t, "send(SUCCESS,1000) send(SUCCESS,20000) send(SUCCESS,8000)");

    t_send_new(t, 34000, 2920); /* is little */
    t_run(t, 2);
    t_expect_wire(t, "[34000+2920 PA 1000]");
    assert_int_equal(t->wire.gathered_cnt, 2);
    t_target_del(t);
}

/* T-104 of order: a frame of the ordinary path posted in an upcall leaves behind what was made. */
static void transmit_inside(struct t_host *host)
{
    static const uint8_t bytes[60];
    const struct toe_frame frame = {.data = bytes, .len = 20};
    struct t_target *t = host->user;

    t->ops->transmit(t->top, &frame, 1);
}

static void test_ordinary_transmit(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->host.user = t;
    t->host.on_complete = transmit_inside;
    t_receive_new(t, 100, 0);
    t_receive_new(t, 100, 0);
    t_peer(t, 1000, 100, 0, 5000);
    t_peer(t, 1100, 100, 0, 5000);
    t_run(t, 0);
    t_expect_wire(t, "[5000+0 A 1200] frame(20)");
    t_target_del(t);
}

/* SND-097: the backlog is announced when it has changed much, and not too often. */
static void test_snd_097_backlog(void **state)
{
    struct t_target *t = t_target_new();
    struct toe_tcp_state got;
    uint32_t seq = 5000;

    (void)state;
    t->tcp.state.delegated.ssthresh = UINT32_MAX;
    t_target_start(t);
    t_offload(t);
    assert_int_equal(t_query(t, &got), TOE_STATUS_SUCCESS);
    assert_int_equal(got.delegated.send_backlog_size, 14600);
    t_expect_host(t, "initiate query");
    for (uint32_t i = 0; i < 10; ++i) {
        t_send_new(t, seq, 14600);
        t->ops->run(t->top, t->now);
        t_peer(t, 1000, 0, 0, seq + 5000);
        t_peer(t, 1000, 0, 0, seq + 10000);
        t_peer(t, 1000, 0, 0, seq + 14600);
        seq += 14600;
        t->ops->run(t->top, t->now);
    }
    assert_null(strstr(t_log_take(&t->log, T_LOG_HOST), "backlog"));
    t_run(t, 200);
    t_send_new(t, seq, 10);
    t_run(t, 201);
    t_expect_host(t, "backlog");
    assert_int_equal(t_query(t, &got), TOE_STATUS_SUCCESS);
    assert_true(got.delegated.send_backlog_size > 20000);
    t_target_del(t);
}

/* EVT-037, TMR-094, TMR-095, NBR-21: reachability in doubt is an upload, not an indication. */
static void test_evt_037_doubt(void **state)
{
    (void)state;
    for (uint8_t doubt = 0; doubt < 3; ++doubt) {
        struct t_target *t = t_target_new();

        t->params.doubt_reachability_retransmissions = doubt;
        t_target_start(t);
        t_offload(t);
        t_send_new(t, 5000, 100);
        t_run(t, 299); /* retransmitted at 300, 900, 2100 and 4500 ms */
        t_expect_all(t, "initiate [5000+100 PA 1000]");
        t_run(t, doubt == 1 ? 300 : 900);
        t_expect_host(t, doubt == 0 ? "backlog" : "backlog RETRIEVE(UPLOAD_REQUESTED)");
        t_run(t, 3000);
        t_expect_host(t, "");
        assert_int_equal(t->wire.data_cnt, doubt == 0 ? 4 : 1 + doubt);
        assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
        assert_int_equal(t->tcp.state.delegated.state, TOE_TCP_ESTABLISHED);
        if (doubt != 0) {
            assert_int_equal(t->tcp.state.delegated.retransmit_cnt, doubt);
        }
        t_target_del(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snd_032_acknowledged),
        cmocka_unit_test(test_snd_047_whole),
        cmocka_unit_test(test_snd_018_empty),
        cmocka_unit_test(test_snd_030_identification),
        cmocka_unit_test(test_snd_035_reset),
        cmocka_unit_test(test_tmr_088_timeout),
        cmocka_unit_test(test_snd_003_posted_inside),
        cmocka_unit_test(test_snd_019_after_disconnect),
        cmocka_unit_test(test_bad_handles),
        cmocka_unit_test(test_unsound_buffers),
        cmocka_unit_test(test_evt_036_unmappable),
        cmocka_unit_test(test_evt_036_unmappable_end),
        cmocka_unit_test(test_bursts),
        cmocka_unit_test(test_super_segments),
        cmocka_unit_test(test_gathered_segments),
        cmocka_unit_test(test_ordinary_transmit),
        cmocka_unit_test(test_evt_037_doubt),
        cmocka_unit_test(test_snd_097_backlog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
