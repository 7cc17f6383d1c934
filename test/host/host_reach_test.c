/* SPDX-License-Identifier: MIT */
/*
 * Keeping what is offloaded true: reachability of neighbors, and their addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/host_pair.h"
#include "support/host_stub.h"

#define SEC TOE_NS_PER_SEC

static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};

static void init(struct t_stub *stub)
{
    t_stub_init(stub, NULL);
    t_stub_resolve(stub);
}

/* An offloaded connection, and the block in which the target asks about its neighbor. */
struct reach {
    struct t_stub stub;
    struct toe_block tcp;
    struct toe_neighbor_state state;
    struct toe_block block;
};

static void reach_init(struct reach *r)
{
    struct t_seg seg;
    struct t_op op;
    toe_handle conn;

    *r = (struct reach){.state.size = sizeof(r->state)};
    init(&r->stub);
    conn = t_stub_established(&r->stub, &seg);
    op = t_stub_offload(&r->stub, conn);
    r->block = (struct toe_block){.type = TOE_BLOCK_NEIGHBOR,
                                  .size = sizeof(r->block),
                                  .state.neighbor = &r->state,
                                  .host_object = op.tree->host_object};
    r->tcp = *op.tree->dependent->dependent;
    t_stub_accept(&r->stub, &op);
}

/* The target asks; it last saw progress |nic_delta| ticks ago. Returns the answer. */
static uint32_t ask(struct reach *r, uint32_t nic_delta)
{
    r->state.delegated.nic_reachability_delta = nic_delta;
    r->stub.up.neighbor_event(r->stub.user, TOE_NEIGHBOR_REACHABILITY_QUERY, &r->block);
    return r->state.cached.host_reachability_delta;
}

/* The host asks back, after a while, and hears |nic_delta|. */
static void ask_back(struct reach *r, uint32_t nic_delta)
{
    struct t_op op;

    t_stub_run(&r->stub, 5 * SEC);
    op = t_stub_op(&r->stub, T_OP_QUERY);
    assert_int_equal(op.tree->type, TOE_BLOCK_NEIGHBOR_DELEGATED);
    op.tree->status = TOE_STATUS_SUCCESS;
    op.tree->state.neighbor->delegated.nic_reachability_delta = nic_delta;
    r->stub.up.query_complete(r->stub.user, op.tree);
    t_stub_run(&r->stub, 0);
}

/* NBR-12: the host knows the neighbor to be reachable. */
static void test_fresh(void **state)
{
    struct reach r;

    (void)state;
    reach_init(&r);
    t_stub_run(&r.stub, 10 * SEC);
    assert_int_equal(ask(&r, 30001), 10000);
    t_stub_run(&r.stub, 60 * SEC);
    t_stub_expect_no_op(&r.stub);
    t_stub_fini(&r.stub);
}

/* NBR-13: it does not, but the target saw progress since it asked. */
static void test_progress(void **state)
{
    struct reach r;

    (void)state;
    reach_init(&r);
    t_stub_run(&r.stub, 40 * SEC);
    assert_int_equal(ask(&r, 30001), 0);
    ask_back(&r, 300);
    t_stub_expect_silence(&r.stub);
    t_stub_expect_no_op(&r.stub);
    assert_int_equal(ask(&r, 30001), 300);
    t_stub_fini(&r.stub);
}

/* There was none: the host probes, and lets the target know of the answer. */
static void test_probe(void **state)
{
    struct reach r;
    struct t_op op;
    const struct t_out *out;
    struct wire_arp arp = {
        .op = WIRE_ARP_REPLY, .sender_ip = t_pair_addr(4, 2), .target_ip = t_pair_addr(4, 1)};

    (void)state;
    reach_init(&r);
    t_stub_run(&r.stub, 40 * SEC);
    assert_int_equal(ask(&r, 30001), 0);
    ask_back(&r, 35001);
    out = t_stub_frame(&r.stub);
    assert_int_equal(out->arp.op, WIRE_ARP_REQUEST);
    assert_memory_equal(out->ether.dst, peer_mac, 6);
    memcpy(arp.sender_mac, peer_mac, 6);
    t_stub_arrive_arp(&r.stub, &arp, peer_mac);
    op = t_stub_op(&r.stub, T_OP_UPDATE);
    assert_int_equal(op.tree->type, TOE_BLOCK_NEIGHBOR_CACHED);
    assert_int_equal(op.tree->state.neighbor->cached.host_reachability_delta, 1);
    op.tree->status = TOE_STATUS_SUCCESS;
    r.stub.up.update_complete(r.stub.user, op.tree);
    t_stub_run(&r.stub, 0);
    t_stub_expect_no_op(&r.stub);
    t_stub_fini(&r.stub);
}

/* Nobody answers: the neighbor is invalidated, and what depends on it is fetched. */
static void test_dead(void **state)
{
    struct reach r;
    struct t_op op;

    (void)state;
    reach_init(&r);
    t_stub_run(&r.stub, 40 * SEC);
    assert_int_equal(ask(&r, 30001), 0);
    ask_back(&r, 35001);
    t_stub_run(&r.stub, 4 * SEC);
    op = t_stub_op(&r.stub, T_OP_INVALIDATE);
    assert_ptr_equal(op.tree->host_object, r.block.host_object);
    op.tree->status = TOE_STATUS_SUCCESS;
    r.stub.up.invalidate_complete(r.stub.user, op.tree);
    r.stub.up.tcp_event(r.stub.user, r.tcp.host_object, TOE_EVENT_RETRIEVE,
                        TOE_UPLOAD_INVALID_STATE);
    t_stub_run(&r.stub, 0);
    op = t_stub_op(&r.stub, T_OP_TERMINATE);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_REFERENCE);
    t_stub_fini(&r.stub);
}

/* LNK-7: a confirmed new Ethernet address is an update of the neighbor. */
static void test_mac_change(void **state)
{
    static const uint8_t new_mac[6] = {2, 0, 0, 0, 0, 0x22};
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;
    struct wire_arp arp = {
        .op = WIRE_ARP_REPLY, .sender_ip = t_pair_addr(4, 2), .target_ip = t_pair_addr(4, 1)};
    struct t_op op;

    (void)state;
    init(&stub);
    (void)t_stub_offloaded(&stub, &seg, &copy);
    memcpy(arp.sender_mac, new_mac, 6);
    t_stub_arrive_arp(&stub, &arp, new_mac);
    t_stub_expect_no_op(&stub);
    t_stub_arrive_arp(&stub, &arp, new_mac);
    op = t_stub_op(&stub, T_OP_UPDATE);
    assert_memory_equal(op.tree->state.neighbor->cached.dst_mac, new_mac, 6);
    /* An update that fails: the connections come back (HWF-4). */
    op.tree->status = TOE_STATUS_FAILURE;
    stub.up.update_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    (void)t_stub_op(&stub, T_OP_TERMINATE);
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh),      cmocka_unit_test(test_progress),
        cmocka_unit_test(test_probe),      cmocka_unit_test(test_dead),
        cmocka_unit_test(test_mac_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
