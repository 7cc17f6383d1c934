/* SPDX-License-Identifier: MIT */
/*
 * Invalidate: CONTROL 4.5 and 4.6.
 */
#include "support/target_fixture.h"

static struct toe_block *alone(struct toe_block *block)
{
    block->next = NULL;
    block->dependent = NULL;
    return block;
}

static struct toe_block *layer_block(struct t_target *t, size_t layer)
{
    return alone(layer == 0 ? &t->neighbor.block : layer == 1 ? &t->path.block : &t->tcp.block);
}

/* INV-4, INV-5, INV-9, EVT-033: in each layer: nothing leaves, the upload is asked for, once. */
static void test_inv_4_stop(void **state)
{
    (void)state;
    for (size_t layer = 0; layer < 3; ++layer) {
        struct t_target *t = t_target_offloaded();

        t_receive_new(t, 100, 0);
        t_send_new(t, 5000, 100);
        t_run(t, 0);
        (void)t_log_take(&t->log, T_LOG_ALL);
        t->ops->invalidate(t->top, layer_block(t, layer));
        t_run(t, 1);
        assert_int_equal(layer_block(t, layer)->status, TOE_STATUS_SUCCESS);
        t_expect_all(t, "invalidate RETRIEVE(INVALID_STATE)");
        t->ops->invalidate(t->top, layer_block(t, layer)); /* INV-12 */
        t_run(t, 2);
        t_expect_all(t, "invalidate");
        t_peer(t, 1000, 100, TCP_PSH, 5100); /* processed, not acknowledged */
        t_run(t, 60000);
        t_expect_all(t, "send(SUCCESS,100) receive(SUCCESS,100)");
        t_send_new(t, 5100, 10);
        t_run(t, 60001);
        t_expect_all(t, "send(UPLOAD_IN_PROGRESS,0)");
        assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
        t_expect_all(t, "terminate");
        assert_int_equal(t->tcp.state.delegated.rcv_nxt, 1100);
        t_target_del(t);
    }
}

/* INV-8: one request for each connection that depends on it, after the completion. */
static void test_inv_5_all_dependents(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct t_tcp more[3];

    (void)state;
    t_link(t);
    for (uint16_t i = 0; i < 3; ++i) {
        more[i].handle = 0;
        more[i].state = t->tcp.state;
        more[i].state.constant.local_port = (uint16_t)(1000 + i);
        t_block_init(&more[i].block, TOE_BLOCK_TCP, &more[i].handle, &more[i].state);
        t->path.block.dependent = &more[i].block;
        t->ops->initiate(t->top, &t->path.block);
        t_run(t, i);
    }
    (void)t_log_take(&t->log, T_LOG_ALL);
    t->ops->invalidate(t->top, alone(&t->neighbor.block));
    t_run(t, 10);
    t_expect_all(t, "invalidate RETRIEVE(INVALID_STATE) RETRIEVE(INVALID_STATE) "
                    "RETRIEVE(INVALID_STATE) RETRIEVE(INVALID_STATE)");
    t_target_del(t);
}

/* LNK-6, INV-13: a relink revives a connection that was blocked by its neighbor alone. */
static void test_lnk_6_revive(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct t_neighbor next;
    struct t_path unused_path;
    struct t_tcp unused;

    (void)state;
    t_send_new(t, 5000, 100);
    t_run(t, 0);
    t->ops->invalidate(t->top, alone(&t->neighbor.block));
    t_run(t, 1);
    t_states_init(&next, &unused_path, &unused);
    next.state.cached.dst_mac[5] = 0x42;
    t->ops->initiate(t->top, &next.block);
    t_run(t, 1000); /* the retransmission was due long ago */
    (void)t_log_take(&t->log, T_LOG_ALL);
    next.block.dependent = alone(&t->path.block);
    t->ops->update(t->top, &next.block);
    t_run(t, 1000);
    assert_int_equal(t->path.block.status, TOE_STATUS_SUCCESS);
    t_run(t, 1001);
    t_expect_all(t, "update backlog [5000+100 PA 1000]");
    assert_int_equal(t->wire.last.ether.dst[5], 0x42);
    t_send_new(t, 5100, 10);
    t_peer(t, 1000, 0, 0, 5100);
    t_run(t, 1002);
    t_expect_host(t, "send(SUCCESS,100)");
    t_target_del(t);
}

/* SYN-3: an invalid object is not updated; INV-2: the type of a block does not matter. */
static void test_syn_3_no_update(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->tcp.block.type = TOE_BLOCK_TCP_CONST;
    t->tcp.block.state.tcp = NULL;
    t->ops->invalidate(t->top, alone(&t->tcp.block));
    t_run(t, 0);
    assert_int_equal(t->tcp.block.status, TOE_STATUS_SUCCESS);
    t_breaks(t, "SYN-1");
    t->ops->update(t->top, &t->tcp.block);
    t_run(t, 1);
    assert_int_equal(t->tcp.block.status, TOE_STATUS_FAILURE);
    t_breaks(t, "CTX-4");
    t->tcp.handle = 0x77;
    t->ops->invalidate(t->top, &t->tcp.block);
    t_run(t, 2);
    assert_int_equal(t->tcp.block.status, TOE_STATUS_FAILURE);
    t_target_del(t);
}

/* INV-11: neighbor and path that are invalid can be terminated. */
static void test_inv_11_terminate(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->ops->invalidate(t->top, t_link(t));
    t_run(t, 0);
    t_expect_all(t, "invalidate RETRIEVE(INVALID_STATE)");
    t->ops->terminate(t->top, t_link(t));
    t_run(t, 1);
    t_expect_all(t, "terminate");
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t->path.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t->tcp.block.status, TOE_STATUS_SUCCESS);
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inv_4_stop),       cmocka_unit_test(test_inv_5_all_dependents),
        cmocka_unit_test(test_lnk_6_revive),     cmocka_unit_test(test_syn_3_no_update),
        cmocka_unit_test(test_inv_11_terminate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
