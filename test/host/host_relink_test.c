/* SPDX-License-Identifier: MIT */
/* A new route moves a path to another neighbor, wherever the path is (LNK-1 to LNK-7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/host_pair.h"
#include "support/host_stub.h"

#define SEC TOE_NS_PER_SEC

static const uint8_t router_mac[6] = {2, 0, 0, 0, 0, 3};

/* 10.0.0.3 is another router, which answers. */
static void resolve_router(struct t_stub *stub)
{
    struct wire_arp arp = {
        .op = WIRE_ARP_REPLY, .sender_ip = t_pair_addr(4, 3), .target_ip = t_pair_addr(4, 1)};

    assert_int_equal(t_stub_frame(stub)->arp.op, WIRE_ARP_REQUEST);
    memcpy(arp.sender_mac, router_mac, 6);
    t_stub_arrive_arp(stub, &arp, router_mac);
}

/* The peer is reached over that router from now on. */
static void add_route(struct t_stub *stub)
{
    const struct toe_addr peer = t_pair_addr(4, 2);
    const struct toe_addr gateway = t_pair_addr(4, 3);

    assert_int_equal(toe_host_route_add(stub->host, 0, &peer, 32, &gateway), 0);
}

/* In the host: the next segment goes there, once the router is known. */
static void test_in_host(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;
    const struct t_out *out;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    conn = t_stub_established(&stub, &seg);
    add_route(&stub);
    toe_host_send(stub.host, conn, "x", 1);
    t_stub_run(&stub, 0);
    resolve_router(&stub);
    out = t_stub_frame(&stub);
    assert_int_equal(out->seg.payload_len, 1);
    assert_memory_equal(out->ether.dst, router_mac, 6);
    t_stub_fini(&stub);
}

/* Offloads a connection and begins to move it; returns the update. */
static struct t_op begin(struct t_stub *stub, toe_handle *conn, struct t_seg *seg)
{
    struct toe_block copy;
    struct t_op op;

    t_stub_init(stub, NULL);
    t_stub_resolve(stub);
    *conn = t_stub_offloaded(stub, seg, &copy);
    add_route(stub);
    t_stub_run(stub, 0);
    resolve_router(stub);
    op = t_stub_op(stub, T_OP_INITIATE);
    assert_null(op.tree->dependent);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_NEW);
    assert_memory_equal(op.tree->state.neighbor->cached.dst_mac, router_mac, 6);
    t_stub_accept(stub, &op);
    op = t_stub_op(stub, T_OP_UPDATE);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_REFERENCE);
    assert_null(op.tree->state.neighbor);
    assert_int_equal(toe_block_role(op.tree->dependent), TOE_ROLE_REFERENCE);
    assert_null(op.tree->dependent->state.path);
    return op;
}

/* LNK-5: the new neighbor, the update, and the end of the old one. */
static void test_offloaded(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op;
    toe_handle conn;
    struct toe_tcp_delegated d;

    (void)state;
    op = begin(&stub, &conn, &seg);
    t_stub_set_status(op.tree, TOE_STATUS_SUCCESS);
    stub.up.update_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_REFERENCE);
    assert_null(op.tree->dependent);
    t_stub_set_status(op.tree, TOE_STATUS_SUCCESS);
    stub.up.terminate_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    assert_int_equal(t_stub_info(&stub, conn).place, TOE_PLACE_OFFLOADED);
    assert_int_equal(t_stub_stats(&stub).neighbor_links, 2);

    op = t_stub_upload(&stub, conn);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_REFERENCE);
    d = t_stub_delegated(&seg);
    t_stub_give_back(&stub, &op, &d);
    assert_int_equal(t_stub_stats(&stub).neighbor_links, 0);
    toe_host_send(stub.host, conn, "x", 1);
    t_stub_run(&stub, 0);
    assert_memory_equal(t_stub_frame(&stub)->ether.dst, router_mac, 6);
    t_stub_fini(&stub);
}

/* An update that fails: the connections come back, and go the new way from the host. */
static void test_failed(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op;
    toe_handle conn;
    struct toe_tcp_delegated d;

    (void)state;
    op = begin(&stub, &conn, &seg);
    t_stub_set_status(op.tree, TOE_STATUS_FAILURE);
    stub.up.update_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    d = t_stub_delegated(&seg);
    t_stub_give_back(&stub, &op, &d);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    assert_null(op.tree->dependent);
    t_stub_set_status(op.tree, TOE_STATUS_SUCCESS);
    stub.up.terminate_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    assert_int_equal(t_stub_stats(&stub).neighbor_links, 0);
    toe_host_send(stub.host, conn, "x", 1);
    t_stub_run(&stub, 0);
    assert_memory_equal(t_stub_frame(&stub)->ether.dst, router_mac, 6);
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_host),
        cmocka_unit_test(test_offloaded),
        cmocka_unit_test(test_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
