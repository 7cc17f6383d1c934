/* SPDX-License-Identifier: MIT */
/*
 * Update: cached fields, and paths that are linked to another neighbor. CONTROL 4.1 to 4.3.
 */
#include "support/target_fixture.h"

static toe_status update(struct t_target *t, struct toe_block *tree)
{
    t->ops->update(t->top, tree);
    t->ops->run(t->top, t->now);
    return tree->status;
}

static struct toe_block *alone(struct toe_block *block)
{
    block->next = NULL;
    block->dependent = NULL;
    return block;
}

/* UPD-9, LNK-7: a new Ethernet address of the next hop, from the next frame on. */
static void test_upd_9_neighbor(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_send_new(t, 5000, 10);
    t_run(t, 0);
    t->neighbor.block.type = TOE_BLOCK_NEIGHBOR_CACHED;
    t->neighbor.state.cached.dst_mac[5] = 0x77;
    assert_int_equal(update(t, alone(&t->neighbor.block)), TOE_STATUS_SUCCESS);
    t_send_new(t, 5010, 10);
    t_run(t, 1);
    assert_int_equal(t->wire.last.ether.dst[5], 0x77);
    t_target_del(t);
}

/* UPD-10, RFC-101: the path MTU, and one that is too large. */
static void test_upd_10_path(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_path_state got = {.size = sizeof(got)};
    struct toe_block block;

    (void)state;
    t->path.block.type = TOE_BLOCK_PATH4_CACHED;
    t->path.state.cached.mtu = 1000;
    assert_int_equal(update(t, alone(&t->path.block)), TOE_STATUS_SUCCESS);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_send_new(t, 5000, 1500);
    t_run(t, 0);
    t_expect_wire(t, "[5000+960 A 1000] [5960+540 PA 1000]");
    t->path.state.cached.mtu = 10000;
    assert_int_equal(update(t, &t->path.block), TOE_STATUS_FAILURE);
    t->path.state.cached.mtu = 60;
    assert_int_equal(update(t, &t->path.block), TOE_STATUS_FAILURE);
    t_block_init(&block, TOE_BLOCK_PATH4, &t->path.handle, &got);
    t->ops->query(t->top, &block);
    t_run(t, 1);
    assert_int_equal(got.cached.mtu, 1000); /* UPD-8 */
    t_target_del(t);
}

/* UPD-3, UPD-4: of a block with all classes only the cached one counts; UPD-11, RFC-119. */
static void test_upd_3_tcp(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_tcp_state got;

    (void)state;
    t->tcp.state.constant.remote_port = 1;
    t->tcp.state.delegated.rcv_nxt = 1;
    t->tcp.state.cached.ttl = 3;
    t->tcp.state.cached.tos = 0x2b;
    t->tcp.state.cached.user_priority = 5;
    assert_int_equal(update(t, alone(&t->tcp.block)), TOE_STATUS_SUCCESS);
    t_send_new(t, 5000, 10);
    t_run(t, 0);
    assert_int_equal(t->wire.last.ttl, 3);
    assert_int_equal(t->wire.last.tos, 0x28); /* RFC-091 */
    assert_true(t->wire.last.ether.vlan_present);
    assert_int_equal(t->wire.last.ether.vlan_pcp, 5);
    assert_int_equal(t_query(t, &got), TOE_STATUS_SUCCESS);
    assert_int_equal(got.constant.remote_port, 5001);
    assert_int_equal(got.delegated.rcv_nxt, 1000);
    assert_int_equal(got.cached.ttl, 3);
    t->tcp.state.cached.ttl = 4;
    t->tcp.state.cached.initial_rcv_wnd = t->settings.rcv_wnd_max + 1;
    assert_int_equal(update(t, &t->tcp.block), TOE_STATUS_FAILURE);
    assert_int_equal(t_query(t, &got), TOE_STATUS_SUCCESS);
    assert_int_equal(got.cached.ttl, 3); /* UPD-8 */
    t_target_del(t);
}

/* TV-RCV-1, RCV-078: a larger window is advertised at once; TV-RCV-2: the same one is not. */
static void test_rcv_078_window(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->tcp.state.constant.flags = TOE_TCP_WINDOW_SCALING;
    t->tcp.state.constant.rcv_wnd_scale = 2;
    t->tcp.state.delegated.rcv_wnd = 65532; /* what a scaled window can say */
    t->tcp.state.cached.initial_rcv_wnd = 65532;
    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
    t->tcp.state.cached.flags = TOE_TCP_UPDATE_RCV_WND;
    assert_int_equal(update(t, alone(&t->tcp.block)), TOE_STATUS_SUCCESS);
    t_run(t, 0);
    t_expect_all(t, "update");
    t->tcp.state.cached.initial_rcv_wnd = 131072;
    assert_int_equal(update(t, &t->tcp.block), TOE_STATUS_SUCCESS);
    t_run(t, 0);
    t_expect_all(t, "update [5000+0 A 1000]");
    assert_int_equal(t->wire.last.seg.wnd, 131072 / 4);
    t_target_del(t);
}

/* UPD-4: a type without a cached class, or no state, is a pure reference. */
static void test_upd_4_reference(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t_link(t);
    t->neighbor.state.cached.dst_mac[5] = 0x66;
    t->neighbor.block.type = TOE_BLOCK_NEIGHBOR_CONST;
    t->path.block.state.path = NULL;
    t->tcp.block.type = TOE_BLOCK_TCP_DELEGATED;
    t->tcp.state.cached.ttl = 1;
    assert_int_equal(update(t, &t->neighbor.block), TOE_STATUS_SUCCESS);
    assert_int_equal(t->path.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t->tcp.block.status, TOE_STATUS_SUCCESS);
    t_send_new(t, 5000, 10);
    t_run(t, 0);
    assert_int_equal(t->wire.last.ether.dst[5], 2);
    assert_int_equal(t->wire.last.ttl, 64);
    t_target_del(t);
}

/* LNK-1 to LNK-5: fail-over to a new neighbor, with another VLAN, while data is in flight. */
static void test_lnk_5_fail_over(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct t_neighbor next;
    struct t_path unused_path;
    struct t_tcp unused;

    (void)state;
    t_send_new(t, 5000, 10);
    t_run(t, 0);
    t_states_init(&next, &unused_path, &unused);
    next.state.constant.vlan_id = 33;
    next.state.cached.dst_mac[5] = 0x99;
    t->ops->initiate(t->top, &next.block);
    t_run(t, 1);
    assert_int_equal(next.block.status, TOE_STATUS_SUCCESS);
    next.block.type = TOE_BLOCK_NEIGHBOR_CONST;
    next.block.dependent = alone(&t->path.block);
    t->path.block.type = TOE_BLOCK_PATH4_CONST;
    assert_int_equal(update(t, &next.block), TOE_STATUS_SUCCESS);
    assert_int_equal(t->path.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t_stats(t).neighbor_links, 1);
    t_send_new(t, 5010, 10);
    t_run(t, 2);
    assert_int_equal(t->wire.last.ether.dst[5], 0x99);
    assert_int_equal(t->wire.last.ether.vlan_id, 33);
    t->ops->terminate(t->top, alone(&t->neighbor.block)); /* (d): the old one has no path now */
    t_run(t, 3);
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_SUCCESS);
    /* LNK-4: to the present neighbor: nothing to do. */
    assert_int_equal(update(t, &next.block), TOE_STATUS_SUCCESS);
    assert_int_equal(t->path.block.status, TOE_STATUS_SUCCESS);
    t_target_del(t);
}

/* LNK-4, SYN-3: an unusable neighbor; an object that is invalid; one that is not there. */
static void test_lnk_4_unusable(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct t_neighbor next;
    struct t_path unused_path;
    struct t_tcp unused;

    (void)state;
    t_states_init(&next, &unused_path, &unused);
    t->ops->initiate(t->top, &next.block);
    t_run(t, 0);
    t->ops->invalidate(t->top, &next.block);
    t_run(t, 1);
    next.block.dependent = alone(&t->path.block);
    t_breaks(t, "SYN-1");
    assert_int_equal(update(t, &next.block), TOE_STATUS_FAILURE);
    assert_int_equal(t->path.block.status, TOE_STATUS_FAILURE);
    t_breaks(t, "CTX-4");
    next.handle = 0x5555;
    assert_int_equal(update(t, &next.block), TOE_STATUS_FAILURE);
    assert_int_equal(t->path.block.status, TOE_STATUS_FAILURE);
    t_send_new(t, 5000, 10);
    t_run(t, 2);
    assert_int_equal(t->wire.last.seg.payload_len, 10); /* UPD-7: it goes on */
    t_target_del(t);
}

/* RFC-115, RFC-116, RFC-119, RFC-091, STATE-TK-8 to STATE-TK-11: what an update brings is in the
 * next frame, also of a retransmission. */
static void test_rfc_119_headers(void **state)
{
    (void)state;
    for (int family = 4; family <= 6; family += 2) {
        struct t_target *t = t_target_new();
        const struct t_wire_sent *last = &t->wire.last;

        if (family == 6) {
            struct toe_path_const *path = &t->path.state.constant;

            path->src = (struct toe_addr){.family = 6, .bytes = {0xfd, [15] = 1}};
            path->dst = (struct toe_addr){.family = 6, .bytes = {0xfd, [15] = 2}};
            t->path.block.type = TOE_BLOCK_PATH6;
        }
        t_target_start(t);
        t_offload(t);
        t_send_new(t, 5000, 10);
        t_run(t, 0);
        assert_int_equal(last->ttl, 64);
        assert_false(last->ether.vlan_present);
        t->tcp.state.cached.ttl = 7;
        t->tcp.state.cached.tos = 0xff;
        t->tcp.state.cached.flow_label = 0xfff12345; /* 20 bits of it */
        t->tcp.state.cached.user_priority = 0x0e;    /* three */
        assert_int_equal(update(t, alone(&t->tcp.block)), TOE_STATUS_SUCCESS);
        t_run(t, 300);
        assert_int_equal(t->wire.sent_cnt, 2);
        assert_int_equal(last->seg.seq.v, 5000);
        assert_int_equal(last->ttl, 7);
        assert_int_equal(last->tos, 0xfc);
        assert_int_equal(last->flow_label, family == 6 ? 0x12345 : 0);
        assert_true(last->ether.vlan_present);
        assert_int_equal(last->ether.vlan_id, 0);
        assert_int_equal(last->ether.vlan_pcp, 6);
        t_target_del(t);
    }
}

/* T-237, RFC-029, RFC-101: an update to the least MTU ends at the floor. */
static void test_rfc_029_update(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->path.state.cached.mtu = 68;
    assert_int_equal(update(t, alone(&t->path.block)), TOE_STATUS_SUCCESS);
    t_send_new(t, 5000, 512);
    t_run(t, 0);
    t_expect_wire(t, "[5000+512 PA 1000]");
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upd_9_neighbor),  cmocka_unit_test(test_upd_10_path),
        cmocka_unit_test(test_upd_3_tcp),       cmocka_unit_test(test_rcv_078_window),
        cmocka_unit_test(test_upd_4_reference), cmocka_unit_test(test_lnk_5_fail_over),
        cmocka_unit_test(test_rfc_119_headers), cmocka_unit_test(test_rfc_029_update),
        cmocka_unit_test(test_lnk_4_unusable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
