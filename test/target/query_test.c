/* SPDX-License-Identifier: MIT */
/*
 * Query, capabilities, parameters, statistics, and the reachability of neighbors.
 */
#include "support/target_fixture.h"

/* QRY-1, QRY-3: each class alone, and nothing else. */
static void test_qry_1_classes(void **state)
{
    static const uint16_t types[] = {TOE_BLOCK_TCP_CONST, TOE_BLOCK_TCP_CACHED,
                                     TOE_BLOCK_TCP_DELEGATED};

    (void)state;
    for (size_t i = 0; i < 3; ++i) {
        struct t_target *t = t_target_offloaded();
        struct toe_tcp_state got;
        struct toe_tcp_state blank;
        struct toe_block block;

        memset(&got, 0x5a, sizeof(got));
        blank = got;
        got.size = sizeof(got);
        t_block_init(&block, types[i], &t->tcp.handle, &got);
        t->ops->query(t->top, &block);
        t_run(t, 0);
        assert_int_equal(block.status, TOE_STATUS_SUCCESS);
        if (i == 0) {
            assert_int_equal(got.constant.remote_port, 5001);
            assert_int_equal(got.constant.local_port, 40000);
            assert_int_equal(got.constant.remote_mss, 1460);
        } else {
            assert_memory_equal(&got.constant, &blank.constant, sizeof(got.constant));
        }
        if (i == 1) {
            assert_memory_equal(&got.cached, &t->tcp.state.cached, sizeof(got.cached));
        } else {
            assert_memory_equal(&got.cached, &blank.cached, sizeof(got.cached));
        }
        if (i == 2) {
            assert_int_equal(got.delegated.snd_una, 5000);
            assert_int_equal(got.delegated.ka_timeout_delta, TOE_TICKS_NONE); /* QRY-9 */
            assert_int_equal(got.delegated.receive_backlog_size, 0);
            assert_null(got.delegated.send_data_head);
        } else {
            assert_int_equal(got.delegated.snd_una, blank.delegated.snd_una);
        }
        t_target_del(t);
    }
}

/* QRY-5: two queries at once; QRY-12: of an invalid object; and what cannot be asked. */
static void test_qry_5_and_faults(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_tcp_state got[2];
    struct toe_block blocks[2];

    (void)state;
    for (size_t i = 0; i < 2; ++i) {
        got[i].size = sizeof(got[i]);
        t_block_init(&blocks[i], TOE_BLOCK_TCP, &t->tcp.handle, &got[i]);
        t->ops->query(t->top, &blocks[i]);
    }
    t_run(t, 0);
    t_expect_all(t, "query query");
    assert_int_equal(blocks[0].status, TOE_STATUS_SUCCESS);
    assert_int_equal(blocks[1].status, TOE_STATUS_SUCCESS);
    t->ops->invalidate(t->top, &blocks[0]);
    t->ops->query(t->top, &blocks[1]);
    t_run(t, 1);
    assert_int_equal(blocks[1].status, TOE_STATUS_SUCCESS);
    t_breaks(t, "BLK-3");
    got[0].size = 8;
    t->ops->query(t->top, &blocks[0]);
    blocks[1].state.tcp = NULL;
    t->ops->query(t->top, &blocks[1]);
    t_run(t, 2);
    assert_int_equal(blocks[0].status, TOE_STATUS_FAILURE);
    assert_int_equal(blocks[1].status, TOE_STATUS_FAILURE);
    t_breaks(t, "TREE-1");
    t_breaks(t, "CTX-4");
    t_block_init(&blocks[0], TOE_BLOCK_TCP_RESOURCE, &t->tcp.handle, &got[0]);
    t->ops->query(t->top, &blocks[0]);
    t_run(t, 3);
    assert_int_equal(blocks[0].status, TOE_STATUS_FAILURE);
    t_target_del(t);
}

/* Neighbor and path. */
static void test_qry_1_lower_layers(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_neighbor_state neighbor = {.size = sizeof(neighbor)};
    struct toe_path_state path = {.size = sizeof(path)};
    struct toe_block blocks[2];

    (void)state;
    t_block_init(&blocks[0], TOE_BLOCK_NEIGHBOR, &t->neighbor.handle, &neighbor);
    t_block_init(&blocks[1], TOE_BLOCK_PATH4, &t->path.handle, &path);
    blocks[0].dependent = &blocks[1];
    t->now += T_MS(55);
    t->ops->query(t->top, &blocks[0]);
    t_run(t, 55);
    assert_int_equal(blocks[0].status, TOE_STATUS_SUCCESS);
    assert_int_equal(blocks[1].status, TOE_STATUS_SUCCESS);
    assert_int_equal(neighbor.cached.host_reachability_delta, 55);
    assert_int_equal(neighbor.delegated.nic_reachability_delta, 55);
    assert_int_equal(neighbor.cached.dst_mac[5], 2);
    assert_int_equal(path.cached.mtu, 1500);
    assert_memory_equal(&path.constant, &t->path.state.constant, sizeof(path.constant));
    t_target_del(t);
}

/* A neighbor last reached 200 ticks ago by both, and 1000 ticks to stale. */
static struct t_target *aged(void)
{
    struct t_target *t = t_target_new();

    t->params.nce_stale_ticks = 1000;
    t->neighbor.state.cached.host_reachability_delta = 200;
    t->neighbor.state.delegated.nic_reachability_delta = 200;
    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
    return t;
}

/* The times below: T_MS() 0 is the target's time 5000 of the vectors. */
static void send_at(struct t_target *t, uint64_t ms)
{
    t->now = T_MS(1000000) + T_MS(ms);
    t_disconnect_new(t, 5000, 0,
                     TOE_DISCONNECT_ABORTIVE); /* one datagram, whatever else is going on */
    t->ops->run(t->top, t->now);
}

/* TV-NBR-2, TV-NBR-3: at the limit, and one tick later. */
static void test_nbr_7_stale(void **state)
{
    struct t_target *t = aged();

    (void)state;
    send_at(t, 800);
    t_expect_host(t, "disconnect(SUCCESS,0)");
    t_target_del(t);

    t = aged();
    send_at(t, 801);
    t_expect_all(t, "neighbor(1001,1001) [5000+0 RA 1000] disconnect(SUCCESS,0)");
    t_target_del(t);
}

/* TV-NBR-4: progress seen by one side is enough. */
static void test_nbr_4_progress(void **state)
{
    struct t_target *t = aged();

    (void)state;
    t_receive_new(t, 1000, 0);
    t_run(t, 500);
    t_peer(t, 1000, 10, 0, 5000);
    t_run(t, 501);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_peer(t, 1000, 10, 0, 5000); /* a duplicate is none (NBR-6) */
    t_run(t, 1100);
    (void)t_log_take(&t->log, T_LOG_ALL);
    send_at(t, 1200);
    t_expect_host(t, "disconnect(SUCCESS,0)");
    t_target_del(t);
}

/* TV-NBR-5 to TV-NBR-8: the answer zero is now; another is that long ago. */
static void test_nbr_11_answers(void **state)
{
    for (uint32_t reply = 0; reply <= 300; reply += 300) {
        struct t_target *t = aged();

        (void)state;
        t->host.reach_delta = reply;
        t->host.answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
        t->now = T_MS(1000000) + T_MS(801);
        t->ops->run(t->top, t->now);
        t_peer(t, 900, 10, 0, 5000); /* old: answered with an acknowledgment, and no progress */
        t_run(t, 801);
        t_expect_all(t, "neighbor(1001,1001) [5000+0 A 1000]");
        t_run(t, 1801 - reply);
        t_peer(t, 900, 10, 0, 5000);
        t_run(t, 1801 - reply);
        t_expect_all(t, "[5000+0 A 1000]");
        t_run(t, 1802 - reply);
        t_peer(t, 900, 10, 0, 5000);
        t_run(t, 1802 - reply);
        t_expect_host(t, reply == 0 ? "neighbor(2002,1001)" : "neighbor(1702,1001)");
        t_target_del(t);
    }
}

/* NBR-18: a limit of 0xFFFFFFFF is none. */
static void test_nbr_18_off(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->params.nce_stale_ticks = UINT32_MAX;
    t->neighbor.state.cached.host_reachability_delta = UINT32_MAX;
    t->neighbor.state.delegated.nic_reachability_delta = UINT32_MAX;
    t_target_start(t);
    t_offload(t);
    (void)t_log_take(&t->log, T_LOG_ALL);
    send_at(t, 800);
    t_expect_host(t, "disconnect(SUCCESS,0)");
    t_target_del(t);
}

/* CAP-32, CAP-33: what can be set, and when. */
static void test_cap_32_params(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_params params = t->params;

    (void)state;
    params.ticks_per_second = 100;
    assert_int_equal(t->ops->params_set(t->top, &params), TOE_STATUS_INVALID_DATA);
    params.ticks_per_second = 123;
    assert_int_equal(t->ops->params_set(t->top, &params), TOE_STATUS_INVALID_DATA);
    params = t->params;
    params.size = 3;
    assert_int_equal(t->ops->params_set(t->top, &params), TOE_STATUS_INVALID_LENGTH);
    params = t->params;
    params.push_ticks = 50;
    assert_int_equal(t->ops->params_set(t->top, &params), TOE_STATUS_SUCCESS);
    t_receive_new(t, 100, 0);
    t_peer(t, 1000, 10, 0, 5000);
    t_run(t, 49);
    t_expect_host(t, "");
    t_run(t, 50);
    t_expect_host(t, "receive(SUCCESS,10)");
    t_target_del(t);
}

static void test_caps(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_caps caps = {.size = sizeof(caps)};

    (void)state;
    t->ops->caps_get(t->top, &caps);
    assert_true(caps.ipv4 && caps.ipv6 && caps.sack && caps.user_priority);
    assert_int_equal(caps.tcp_max, t->settings.tcp_max);
    assert_int_equal(caps.mtu_max, 9000);
    assert_memory_equal(caps.mac, t->settings.mac, TOE_MAC_LEN);
    t_target_del(t);
}

/* IOS-060 to IOS-075. */
static void test_ios_060_stats(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_stats stats;

    (void)state;
    assert_int_equal(t_stats(t).tcp[0].currently_established, 1);
    t_receive_new(t, 4000, 0);
    t_send_new(t, 5000, 100);
    t_peer(t, 1000, 200, TCP_PSH, 5000);
    t_run(t, 0);
    t_run(t, 300); /* one retransmission */
    t_peer(t, 1200, 0, 0, 5100);
    t_run(t, 301);
    stats = t_stats(t);
    assert_int_equal(stats.tcp[0].in_segments, 2);
    assert_int_equal(stats.tcp[0].out_segments, 1);
    assert_int_equal(stats.tcp[0].retransmitted_segments, 1);
    assert_int_equal(stats.ip[0].in_receives, 2);
    assert_int_equal(stats.ip[0].in_octets, 40 + 240);
    assert_int_equal(stats.ip[0].out_requests, 2);
    assert_int_equal(stats.ip[0].out_octets, 140 + 140);
    assert_int_equal(stats.tcp[1].in_segments, 0);
    assert_int_equal(stats.initiated, 1);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    stats = t_stats(t);
    assert_int_equal(stats.terminated, 1);
    assert_int_equal(stats.tcp[0].currently_established, 0);
    assert_int_equal(stats.tcp[0].reset_established, 0);
    t_target_del(t);
}

/* IOS-064, IOS-065: bytes below the snd_max that was handed over were sent before; a segment with
 * such and new ones counts as both. */
static void test_ios_065_mixed_segments(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->tcp.state.delegated.snd_max = 5001; /* a probe that was refused */
    t->tcp.state.delegated.snd_nxt = 5000;
    t_hand_over(t, t_data_new(t, 5000, 100));
    t_target_start(t);
    t_offload(t);
    t_run(t, 0);
    t_expect_all(t, "initiate [5000+100 PA 1000]");
    assert_int_equal(t_stats(t).tcp[0].out_segments, 1);
    assert_int_equal(t_stats(t).tcp[0].retransmitted_segments, 1);
    t_run(t, 300);
    t_expect_wire(t, "[5000+100 PA 1000]");
    assert_int_equal(t_stats(t).tcp[0].out_segments, 1);
    assert_int_equal(t_stats(t).tcp[0].retransmitted_segments, 2);
    t_target_del(t);
}

/* IOS-081, IOS-082, PST-4, PST-5: a reset zeroes its part, but no gauge. */
static void test_ios_081_reset(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_stats stats;

    (void)state;
    t_receive_new(t, 4000, 0);
    t_peer(t, 1000, 200, TCP_PSH, 5000);
    t_send_new(t, 5000, 100);
    t_run(t, 0);
    toe_target_stats_reset(t->target, TOE_STATS_TCP6 | TOE_STATS_IP6);
    stats = t_stats(t);
    assert_int_equal(stats.tcp[0].in_segments, 1);
    assert_int_equal(stats.ip[0].in_receives, 1);
    toe_target_stats_reset(t->target, TOE_STATS_TCP4);
    stats = t_stats(t);
    assert_int_equal(stats.tcp[0].in_segments, 0);
    assert_int_equal(stats.tcp[0].out_segments, 0);
    assert_int_equal(stats.tcp[0].currently_established, 1);
    assert_int_equal(stats.ip[0].in_receives, 1);
    toe_target_stats_reset(t->target, TOE_STATS_IP4);
    assert_int_equal(t_stats(t).ip[0].in_octets, 0);
    assert_int_equal(t_stats(t).tcp_cnt, 1);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_int_equal(t_stats(t).tcp[0].currently_established, 0);
    t_target_del(t);
}

/* RFC-090, RFC-091, RFC-093: no ECN: marks are ignored and counted, and never sent. */
static void test_rfc_093_marks(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->tcp.state.cached.tos = 0xff;
    t_target_start(t);
    t_offload(t);
    t->from_peer.tos = 0x03;
    t_peer(t, 1000, 100, 0, 5000);
    t->from_peer.tos = 0x01;
    t_peer(t, 1100, 100, 0, 5000);
    t_send_new(t, 5000, 10);
    t_run(t, 0);
    assert_int_equal(t_stats(t).ce_ignored, 1);
    assert_int_equal(t->wire.last.tos, 0xfc);
    assert_int_equal(t->wire.last.seg.flags & (TCP_ECE | TCP_CWR), 0);
    t_host_return(&t->host);
    t_target_del(t);
}

/* IOS-073: what is lost for lack of memory is a discard. */
static void test_ios_073_discards(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->settings.rcv_chunk_max = 1;
    t_target_start(t);
    t_offload(t);
    t->host.answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    t_peer(t, 1000, 1400, 0, 5000);
    t_peer(t, 2400, 1400, 0, 5000);
    t_run(t, 0);
    assert_int_equal(t_stats(t).ip[0].in_discards, 1);
    assert_int_equal(t_stats(t).drops[TOE_DROP_NO_MEMORY], 1);
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_qry_1_classes),
        cmocka_unit_test(test_qry_5_and_faults),
        cmocka_unit_test(test_qry_1_lower_layers),
        cmocka_unit_test(test_nbr_7_stale),
        cmocka_unit_test(test_nbr_4_progress),
        cmocka_unit_test(test_nbr_11_answers),
        cmocka_unit_test(test_nbr_18_off),
        cmocka_unit_test(test_cap_32_params),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_ios_060_stats),
        cmocka_unit_test(test_ios_065_mixed_segments),
        cmocka_unit_test(test_ios_081_reset),
        cmocka_unit_test(test_rfc_093_marks),
        cmocka_unit_test(test_ios_073_discards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
