/* SPDX-License-Identifier: MIT */
/*
 * The host's side of the seam, against a target that the test plays: trees of blocks, their
 * statuses, and the order of moves.
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

/* One tree for many: each neighbor and path once; then linkers. */
static void test_tree(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conns[3];
    toe_handle third;
    struct t_op op;
    struct toe_block *neighbor, *path;

    (void)state;
    init(&stub);
    for (int i = 0; i < 3; ++i) {
        conns[i] = t_stub_established(&stub, &seg);
    }
    third = conns[2];
    assert_int_equal(toe_host_offload(stub.host, conns, 2), 2);
    assert_int_equal(toe_host_offload(stub.host, conns, 2), 0);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_INITIATE);
    neighbor = op.tree;
    assert_null(neighbor->next);
    assert_int_equal(toe_block_role(neighbor), TOE_ROLE_NEW);
    assert_int_equal(neighbor->type, TOE_BLOCK_NEIGHBOR);
    assert_memory_equal(neighbor->state.neighbor->cached.dst_mac, peer_mac, 6);
    path = neighbor->dependent;
    assert_null(path->next);
    assert_int_equal(toe_block_role(path), TOE_ROLE_NEW);
    assert_int_equal(path->type, TOE_BLOCK_PATH4);
    assert_int_equal(path->state.path->cached.mtu, 1500);
    assert_non_null(path->dependent->next);
    assert_null(path->dependent->next->next);
    assert_int_equal(path->dependent->type, TOE_BLOCK_TCP);
    assert_int_equal(t_stub_info(&stub, conns[0]).place, TOE_PLACE_OFFLOADING);

    /* EVO-2: the third one waits for the path. */
    assert_int_equal(toe_host_offload(stub.host, &third, 1), 1);
    t_stub_run(&stub, SEC);
    t_stub_expect_no_op(&stub);
    t_stub_accept(&stub, &op);
    t_stub_event(&stub, TOE_HOST_OFFLOADED);
    t_stub_event(&stub, TOE_HOST_OFFLOADED);
    op = t_stub_op(&stub, T_OP_INITIATE);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_REFERENCE);
    assert_int_equal(toe_block_role(op.tree->dependent), TOE_ROLE_REFERENCE);
    assert_null(op.tree->dependent->state.path);
    assert_int_equal(toe_block_role(op.tree->dependent->dependent), TOE_ROLE_NEW);
    t_stub_accept(&stub, &op);
    assert_int_equal(t_stub_stats(&stub).neighbor_links, 4);
    assert_int_equal(t_stub_stats(&stub).offloaded_cnt, 3);
    t_stub_fini(&stub);
}

/* Path and neighbor go with the last connection, also if the last ones go in several trees. */
static void test_upload_tree(void **state)
{
    struct t_stub stub;
    struct t_seg seg[3];
    toe_handle conns[3];
    struct t_op op, first, second;
    struct toe_tcp_delegated d;

    (void)state;
    init(&stub);
    for (int i = 0; i < 3; ++i) {
        conns[i] = t_stub_established(&stub, &seg[i]);
    }
    assert_int_equal(toe_host_offload(stub.host, conns, 3), 3);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_INITIATE);
    t_stub_accept(&stub, &op);

    op = t_stub_upload(&stub, conns[0]);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_PLACEHOLDER);
    assert_int_equal(toe_block_role(op.tree->dependent), TOE_ROLE_PLACEHOLDER);
    d = t_stub_delegated(&seg[0]);
    t_stub_give_back(&stub, &op, &d);
    t_stub_expect_no_op(&stub);
    assert_int_equal(t_stub_info(&stub, conns[0]).place, TOE_PLACE_HOST);

    first = t_stub_upload(&stub, conns[1]);
    second = t_stub_upload(&stub, conns[2]);
    assert_int_equal(toe_block_role(second.tree->dependent), TOE_ROLE_PLACEHOLDER);
    d = t_stub_delegated(&seg[2]);
    t_stub_give_back(&stub, &second, &d);
    d = t_stub_delegated(&seg[1]);
    t_stub_give_back(&stub, &first, &d);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_REFERENCE);
    assert_int_equal(toe_block_role(op.tree->dependent), TOE_ROLE_REFERENCE);
    assert_null(op.tree->dependent->dependent);
    t_stub_set_status(op.tree, TOE_STATUS_SUCCESS);
    stub.up.terminate_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    assert_int_equal(t_stub_stats(&stub).neighbor_links, 0);

    /* And with the last one, if it is the last. */
    op = t_stub_offload(&stub, conns[0]);
    t_stub_accept(&stub, &op);
    op = t_stub_upload(&stub, conns[0]);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_REFERENCE);
    assert_int_equal(toe_block_role(op.tree->dependent), TOE_ROLE_REFERENCE);
    d = t_stub_delegated(&seg[0]);
    t_stub_give_back(&stub, &op, &d);
    t_stub_expect_no_op(&stub);
    assert_int_equal(t_stub_stats(&stub).neighbor_links, 0);
    t_stub_fini(&stub);
}

/* Whatever the status: the connection goes on in the host, and nothing is left behind. */
static void test_refusals(void **state)
{
    static const toe_status statuses[] = {
        TOE_STATUS_FAILURE,
        TOE_STATUS_RESOURCES,
        TOE_STATUS_OFFLOAD_TCP_ENTRIES,
        TOE_STATUS_OFFLOAD_PATH_ENTRIES,
        TOE_STATUS_OFFLOAD_NEIGHBOR_ENTRIES,
        TOE_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES,
        TOE_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES,
        TOE_STATUS_OFFLOAD_TCP_XMIT_BUFFER,
        TOE_STATUS_OFFLOAD_TCP_RCV_BUFFER,
        TOE_STATUS_OFFLOAD_TCP_RCV_WINDOW,
        TOE_STATUS_OFFLOAD_VLAN_ENTRIES,
        TOE_STATUS_OFFLOAD_VLAN_MISMATCH,
        TOE_STATUS_OFFLOAD_PATH_MTU,
        TOE_STATUS_OFFLOAD_CONNECTION_REJECTED,
    };
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); ++i) {
        struct t_op op = t_stub_offload(&stub, conn);

        t_stub_set_status(op.tree, statuses[i]);
        stub.up.initiate_complete(stub.user, op.tree);
        t_stub_run(&stub, 0);
        assert_int_equal(t_stub_event(&stub, TOE_HOST_OFFLOAD_FAILED).status, statuses[i]);
        assert_int_equal(t_stub_info(&stub, conn).place, TOE_PLACE_HOST);
        t_stub_expect_no_op(&stub);
        assert_int_equal(t_stub_stats(&stub).neighbor_links, 0);
        toe_host_send(stub.host, conn, "ab", 2);
        t_stub_run(&stub, 0);
        t_stub_expect_seg(&stub, TCP_ACK | TCP_PSH, seg.ack, 1001, 2);
        seg.ack += 2;
        t_stub_arrive_seg(&stub, 4, &seg);
    }
    t_stub_fini(&stub);
}

/* Partial success: one connection is in, one is not; then a path without any, which goes. */
static void test_partial(void **state)
{
    struct t_stub stub;
    struct t_seg seg[2];
    toe_handle conns[2];
    struct t_op op;
    struct toe_block *path;

    (void)state;
    init(&stub);
    for (int i = 0; i < 2; ++i) {
        conns[i] = t_stub_established(&stub, &seg[i]);
    }
    assert_int_equal(toe_host_offload(stub.host, conns, 2), 2);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_INITIATE);
    path = op.tree->dependent;
    op.tree->status = TOE_STATUS_SUCCESS;
    *op.tree->object = 7;
    path->status = TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS;
    *path->object = 8;
    path->dependent->status = TOE_STATUS_RESOURCES;
    path->dependent->next->status = TOE_STATUS_SUCCESS;
    *path->dependent->next->object = 9;
    stub.up.initiate_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    assert_int_equal(t_stub_event(&stub, TOE_HOST_OFFLOAD_FAILED).conn, conns[0]);
    assert_int_equal(t_stub_event(&stub, TOE_HOST_OFFLOADED).conn, conns[1]);
    t_stub_expect_no_op(&stub);
    assert_int_equal(t_stub_stats(&stub).neighbor_links, 2);
    t_stub_fini(&stub);

    init(&stub);
    conns[0] = t_stub_established(&stub, &seg[0]);
    op = t_stub_offload(&stub, conns[0]);
    op.tree->status = TOE_STATUS_SUCCESS;
    *op.tree->object = 7;
    op.tree->dependent->status = TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS;
    *op.tree->dependent->object = 8;
    op.tree->dependent->dependent->status = TOE_STATUS_OFFLOAD_TCP_ENTRIES;
    stub.up.initiate_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    t_stub_event(&stub, TOE_HOST_OFFLOAD_FAILED);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    assert_int_equal(*op.tree->object, 7);
    assert_int_equal(*op.tree->dependent->object, 8);
    t_stub_fini(&stub);
}

/* Owed acknowledgments leave before the initiate; unacknowledged and unread bytes go with it. */
static void test_state_handed_over(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op;
    toe_handle conn;
    const struct toe_tcp_delegated *d;
    const struct toe_block *tcp;
    uint8_t data[16];

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    seg.len = 6;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_expect_silence(&stub); /* delayed */
    toe_host_receive(stub.host, conn, data, 2);
    toe_host_send(stub.host, conn, "hello", 5);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_PSH, seg.ack, 1007, 5);
    toe_host_send(stub.host, conn, "more", 4); /* Nagle holds it */
    t_stub_run(&stub, 0);
    seg.seq = 1007;
    seg.len = 1;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_expect_silence(&stub);
    op = t_stub_offload(&stub, conn);
    t_stub_expect_seg(&stub, TCP_ACK, seg.ack + 5, 1008, 0);
    tcp = op.tree->dependent->dependent;
    d = &tcp->state.tcp->delegated;
    assert_int_equal(tcp->state.tcp->constant.local_port, seg.port);
    assert_int_equal(tcp->state.tcp->constant.remote_port, 80);
    assert_int_equal(tcp->state.tcp->constant.remote_mss, 1460);
    assert_int_equal(d->state, TOE_TCP_ESTABLISHED);
    assert_int_equal(d->rcv_nxt, 1008);
    assert_int_equal(d->snd_una, seg.ack);
    assert_int_equal(d->snd_max, seg.ack + 5);
    assert_int_equal(t_stub_chain_len(tcp->send_chain), 9);
    assert_ptr_equal(d->send_data_head, tcp->send_chain);
    assert_int_equal(t_stub_chain_len(d->buffered_data), 5);
    assert_true(toe_buf_read(tcp->send_chain, data, 0, 5, NULL));
    assert_memory_equal(data, "hello", 5);
    /* Meanwhile nothing can be read, and what is sent waits. */
    assert_int_equal(toe_host_receive(stub.host, conn, data, 16), 0);
    assert_int_equal(toe_host_send(stub.host, conn, "later", 5), 5);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    t_stub_accept(&stub, &op);
    op = t_stub_op(&stub, T_OP_SEND);
    assert_int_equal(t_stub_chain_len(op.chain), 5);
    /* The target keeps the buffered bytes until it is asked. */
    op = t_stub_op(&stub, T_OP_RECEIVE);
    assert_int_equal(op.chain->len, 0);
    t_stub_fini(&stub);
}

/* A terminate that fails is tried again; what is corrupt in the end is a reset connection. */
static void test_terminate_fails(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op op;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    op = t_stub_upload(&stub, conn);
    for (int i = 0; i < 3; ++i) {
        t_stub_set_status(op.tree, TOE_STATUS_FAILURE);
        stub.up.terminate_complete(stub.user, op.tree);
        t_stub_run(&stub, 0);
        if (i < 2) {
            op = t_stub_op(&stub, T_OP_TERMINATE);
        }
    }
    t_stub_event(&stub, TOE_HOST_UPLOADED);
    t_stub_event(&stub, TOE_HOST_RESET);
    toe_host_close(stub.host, conn);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 0);
    assert_int_equal(t_stub_stats(&stub).offloaded_cnt, 0);
    assert_int_equal(t_stub_stats(&stub).neighbor_links, 0);
    t_stub_fini(&stub);
}

/* Pause stops new offloads; upload-all fetches everything; resume lets waiting ones go. */
static void test_pause(void **state)
{
    struct t_stub stub;
    struct t_seg seg[2];
    struct toe_block copy;
    struct t_op op;
    toe_handle conn, other;
    struct toe_tcp_delegated d;

    (void)state;
    init(&stub);
    conn = t_stub_offloaded(&stub, &seg[0], &copy);
    other = t_stub_established(&stub, &seg[1]);
    stub.up.status(stub.user, TOE_STATUS_OFFLOAD_PAUSE, NULL);
    assert_int_equal(toe_host_offload(stub.host, &other, 1), 1);
    t_stub_run(&stub, SEC);
    t_stub_expect_no_op(&stub);
    stub.up.status(stub.user, TOE_STATUS_UPLOAD_ALL, NULL);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    d = t_stub_delegated(&seg[0]);
    t_stub_give_back(&stub, &op, &d);
    t_stub_expect_no_op(&stub);
    stub.up.status(stub.user, TOE_STATUS_OFFLOAD_RESUME, &stub.caps);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_INITIATE);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_NEW);
    assert_int_equal(t_stub_info(&stub, conn).place, TOE_PLACE_HOST);
    t_stub_fini(&stub);
}

/*
 * Under the policy that offloads all, a connection that came back because everything had to goes
 * down again with the resume: what it would wait for after an upload of its own is forgotten.
 */
static void test_resume_ends_waiting(void **state)
{
    struct toe_host_settings settings;
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op;

    (void)state;
    t_stub_settings(&settings);
    settings.policy = TOE_POLICY_ALL;
    t_stub_init(&stub, &settings);
    t_stub_resolve(&stub);
    (void)t_stub_established(&stub, &seg);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_INITIATE);
    t_stub_accept(&stub, &op);
    for (int round = 0; round < 3; ++round) {
        struct toe_tcp_delegated d = t_stub_delegated(&seg);

        stub.up.status(stub.user, TOE_STATUS_OFFLOAD_PAUSE, NULL);
        stub.up.status(stub.user, TOE_STATUS_UPLOAD_ALL, NULL);
        t_stub_run(&stub, 0);
        op = t_stub_op(&stub, T_OP_TERMINATE);
        t_stub_give_back(&stub, &op, &d);
        t_stub_expect_no_op(&stub);
        stub.up.status(stub.user, TOE_STATUS_OFFLOAD_RESUME, &stub.caps);
        t_stub_run(&stub, 0);
        op = t_stub_op(&stub, T_OP_INITIATE);
        t_stub_accept(&stub, &op);
    }
    t_stub_fini(&stub);
}

/* Optional reasons are the host's to weigh; under the manual policy it does not follow them. */
static void test_optional_reason(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;

    (void)state;
    init(&stub);
    (void)t_stub_offloaded(&stub, &seg, &copy);
    stub.up.tcp_event(stub.user, copy.host_object, TOE_EVENT_RETRIEVE, TOE_UPLOAD_SMALL_IO);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    stub.up.tcp_event(stub.user, copy.host_object, TOE_EVENT_RETRIEVE,
                      TOE_UPLOAD_TIMEOUT_EXPIRATION);
    t_stub_run(&stub, 0);
    (void)t_stub_op(&stub, T_OP_TERMINATE);
    t_stub_fini(&stub);
}

/* A wish to upload that comes during the offload is granted after it; so is a close. */
static void test_overtaking(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op;
    toe_handle conn;
    struct toe_tcp_delegated d;

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    op = t_stub_offload(&stub, conn);
    assert_int_equal(toe_host_upload(stub.host, &conn, 1), 1);
    toe_host_close(stub.host, conn);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    t_stub_accept(&stub, &op);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    t_stub_expect_no_op(&stub);
    d = t_stub_delegated(&seg);
    t_stub_give_back(&stub, &op, &d);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_FIN, seg.ack, seg.seq, 0);
    t_stub_fini(&stub);
}

/* Completes the initiate |op| of one connection, and indicates |text| before the host runs. */
static void accept_and_indicate(struct t_stub *stub, const struct t_op *op, const char *text,
                                toe_status want_status, uint32_t want_consumed)
{
    struct toe_block *tcp = op->tree->dependent->dependent;

    t_stub_set_status(op->tree, TOE_STATUS_SUCCESS);
    *op->tree->object = ++stub->next_handle;
    *op->tree->dependent->object = ++stub->next_handle;
    *tcp->object = ++stub->next_handle;
    stub->up.initiate_complete(stub->user, op->tree);
    t_stub_indicate(stub, tcp, text, want_status, want_consumed);
}

/* Text that is refused in the run that completed the initiate is asked for again (RCV-059). */
static void test_refused_at_once(void **state)
{
    struct toe_host_settings settings;
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op;
    toe_handle conn;
    uint8_t data[16];

    (void)state;
    t_stub_settings(&settings);
    settings.rcv_buf = 8;
    t_stub_init(&stub, &settings);
    t_stub_resolve(&stub);
    conn = t_stub_established(&stub, &seg);
    op = t_stub_offload(&stub, conn);
    accept_and_indicate(&stub, &op, "more than eight", TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED,
                        8);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub); /* there is no room */
    assert_int_equal(toe_host_receive(stub.host, conn, data, sizeof(data)), 8);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_RECEIVE);
    assert_int_equal(op.chain->len, 0);
    t_stub_fini(&stub);
}

/* What was lent is counted when it is lent: the end of the stream comes behind it, not never. */
static void test_lent_comes_back_at_once(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op;
    struct toe_block copy;
    toe_handle conn;
    uint8_t data[16];

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    seg.len = 5;
    t_stub_arrive_seg(&stub, 4, &seg);
    op = t_stub_offload(&stub, conn);
    t_stub_expect_seg(&stub, TCP_ACK, seg.ack, 1006, 0);
    copy = *op.tree->dependent->dependent;
    assert_int_equal(t_stub_chain_len(copy.state.tcp->delegated.buffered_data), 5);
    /* Too early (EVT-006): the host asks for what is to come all the same. */
    t_watch_expect(&stub.watch, "EVT-012");
    stub.up.tcp_event(stub.user, copy.host_object, TOE_EVENT_DISCONNECT, 0);
    assert_false(t_stub_info(&stub, conn).end_of_stream);
    accept_and_indicate(&stub, &op, "xxxxx", TOE_STATUS_SUCCESS, 5);
    t_stub_run(&stub, 0);
    assert_int_equal(t_stub_info(&stub, conn).receivable, 5);
    assert_true(t_stub_info(&stub, conn).end_of_stream);
    assert_int_equal(toe_host_receive(stub.host, conn, data, sizeof(data)), 5);
    t_stub_fini(&stub);
}

/* SEG-006: a SYN that ended the connection in the target opens a new one afterwards. */
static void test_syn_after_upload(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op op;
    struct toe_tcp_delegated d;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    assert_int_not_equal(toe_host_listen(stub.host, NULL, seg.port, 5), 0);
    stub.up.tcp_event(stub.user, copy.host_object, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    seg.flags = TCP_SYN;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_expect_silence(&stub);
    d = t_stub_delegated(&seg);
    d.state = TOE_TCP_CLOSED;
    t_stub_give_back(&stub, &op, &d);
    assert_int_equal(t_stub_frame(&stub)->seg.flags, TCP_SYN | TCP_ACK);
    t_stub_event(&stub, TOE_HOST_UPLOADED);
    t_stub_event(&stub, TOE_HOST_RESET);
    toe_host_close(stub.host, conn);
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_upload_tree),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_partial),
        cmocka_unit_test(test_state_handed_over),
        cmocka_unit_test(test_terminate_fails),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_resume_ends_waiting),
        cmocka_unit_test(test_optional_reason),
        cmocka_unit_test(test_overtaking),
        cmocka_unit_test(test_refused_at_once),
        cmocka_unit_test(test_lent_comes_back_at_once),
        cmocka_unit_test(test_syn_after_upload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
