/* SPDX-License-Identifier: MIT */
/*
 * The host's side of the seam, against a target that the test plays: trees, statuses, the order of
 * things, and what is done with what comes back.
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

static uint32_t chain_len(const struct toe_buf *buf)
{
    uint32_t len = 0;

    for (; buf != NULL; buf = buf->next) {
        len += buf->len;
    }
    return len;
}

/* Begins to offload |conn| and returns the request. */
static struct t_op offload(struct t_stub *stub, toe_handle conn)
{
    assert_int_equal(toe_host_offload(stub->host, &conn, 1), 1);
    t_stub_run(stub, 0);
    return t_stub_op(stub, T_OP_INITIATE);
}

/* Begins to upload |conn| and returns the request. */
static struct t_op upload(struct t_stub *stub, toe_handle conn)
{
    assert_int_equal(toe_host_upload(stub->host, &conn, 1), 1);
    t_stub_run(stub, 0);
    return t_stub_op(stub, T_OP_TERMINATE);
}

static void set_status(struct toe_block *block, toe_status status)
{
    for (; block != NULL; block = block->next) {
        block->status = status;
        set_status(block->dependent, status);
    }
}

/* Gives back the connection of |copy|, the block it was offloaded with, as it was. */
static void give_back(struct t_stub *stub, const struct t_op *op,
                      const struct toe_tcp_delegated *delegated)
{
    struct toe_block *tcp = op->tree->dependent->dependent;

    set_status(op->tree, TOE_STATUS_SUCCESS);
    tcp->state.tcp->delegated = *delegated;
    stub->up.terminate_complete(stub->user, op->tree);
    t_stub_run(stub, 0);
}

/* The delegated state of an established connection without anything on its way. */
static struct toe_tcp_delegated delegated_of(const struct t_seg *seg)
{
    return (struct toe_tcp_delegated){.state = TOE_TCP_ESTABLISHED,
                                      .rcv_nxt = seg->seq,
                                      .rcv_wnd = 65535,
                                      .snd_una = seg->ack,
                                      .snd_nxt = seg->ack,
                                      .snd_max = seg->ack,
                                      .snd_wnd = 60000,
                                      .max_snd_wnd = 60000,
                                      .snd_wl1 = seg->seq,
                                      .cwnd = 14600,
                                      .ssthresh = 100000,
                                      .retransmit_timeout_delta = TOE_TICKS_NONE,
                                      .ka_timeout_delta = TOE_TICKS_NONE};
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

    op = upload(&stub, conns[0]);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_PLACEHOLDER);
    assert_int_equal(toe_block_role(op.tree->dependent), TOE_ROLE_PLACEHOLDER);
    d = delegated_of(&seg[0]);
    give_back(&stub, &op, &d);
    t_stub_expect_no_op(&stub);
    assert_int_equal(t_stub_info(&stub, conns[0]).place, TOE_PLACE_HOST);

    first = upload(&stub, conns[1]);
    second = upload(&stub, conns[2]);
    assert_int_equal(toe_block_role(second.tree->dependent), TOE_ROLE_PLACEHOLDER);
    d = delegated_of(&seg[2]);
    give_back(&stub, &second, &d);
    d = delegated_of(&seg[1]);
    give_back(&stub, &first, &d);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_REFERENCE);
    assert_int_equal(toe_block_role(op.tree->dependent), TOE_ROLE_REFERENCE);
    assert_null(op.tree->dependent->dependent);
    set_status(op.tree, TOE_STATUS_SUCCESS);
    stub.up.terminate_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    assert_int_equal(t_stub_stats(&stub).neighbor_links, 0);

    /* And with the last one, if it is the last. */
    op = offload(&stub, conns[0]);
    t_stub_accept(&stub, &op);
    op = upload(&stub, conns[0]);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_REFERENCE);
    assert_int_equal(toe_block_role(op.tree->dependent), TOE_ROLE_REFERENCE);
    d = delegated_of(&seg[0]);
    give_back(&stub, &op, &d);
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
        struct t_op op = offload(&stub, conn);

        set_status(op.tree, statuses[i]);
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
    op = offload(&stub, conns[0]);
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

/* What arrives meanwhile is forwarded after the offload, in order, beginning with the TCP header.
 */
static void test_forward(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op, forward;
    toe_handle conn;
    uint8_t data[16];

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    op = offload(&stub, conn);
    seg.len = 3;
    t_stub_arrive_seg(&stub, 4, &seg);
    seg.seq += 3;
    seg.len = 5;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_expect_silence(&stub);
    t_stub_expect_no_op(&stub);
    t_stub_accept(&stub, &op);
    forward = t_stub_op(&stub, T_OP_FORWARD);
    assert_int_equal(forward.chain->len, 23);
    assert_int_equal(forward.chain->next->len, 25);
    assert_null(forward.chain->next->next);
    assert_true(toe_buf_read(forward.chain, data, 0, 16, NULL));
    assert_int_equal(data[2] << 8 | data[3], seg.port);
    assert_int_equal(t_stub_stats(&stub).forwarded, 2);

    /* Not taken: the host processes them, after the upload. */
    forward.chain->status = TOE_STATUS_UPLOAD_IN_PROGRESS;
    forward.chain->next->status = TOE_STATUS_UPLOAD_IN_PROGRESS;
    stub.up.forward_complete(stub.user, forward.chain);
    assert_int_equal(toe_host_upload(stub.host, &conn, 1), 1);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    seg.seq -= 3;
    {
        const struct toe_tcp_delegated d = delegated_of(&seg);

        give_back(&stub, &op, &d);
    }
    t_stub_expect_seg(&stub, TCP_ACK, seg.ack, seg.seq + 8, 0);
    assert_int_equal(toe_host_receive(stub.host, conn, data, sizeof(data)), 8);
    t_stub_fini(&stub);
}

/* If the offload fails, they are processed in the host. */
static void test_held_after_failure(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    op = offload(&stub, conn);
    seg.len = 3;
    t_stub_arrive_seg(&stub, 4, &seg);
    set_status(op.tree, TOE_STATUS_FAILURE);
    stub.up.initiate_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    t_stub_event(&stub, TOE_HOST_OFFLOAD_FAILED);
    assert_int_equal(t_stub_info(&stub, conn).receivable, 3);
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
    op = offload(&stub, conn);
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
    assert_int_equal(chain_len(tcp->send_chain), 9);
    assert_ptr_equal(d->send_data_head, tcp->send_chain);
    assert_int_equal(chain_len(d->buffered_data), 5);
    assert_true(toe_buf_read(tcp->send_chain, data, 0, 5, NULL));
    assert_memory_equal(data, "hello", 5);
    /* Meanwhile nothing can be read, and what is sent waits. */
    assert_int_equal(toe_host_receive(stub.host, conn, data, 16), 0);
    assert_int_equal(toe_host_send(stub.host, conn, "later", 5), 5);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    t_stub_accept(&stub, &op);
    op = t_stub_op(&stub, T_OP_SEND);
    assert_int_equal(chain_len(op.chain), 5);
    /* The target keeps the buffered bytes until it is asked. */
    op = t_stub_op(&stub, T_OP_RECEIVE);
    assert_int_equal(op.chain->len, 0);
    t_stub_fini(&stub);
}

static void indicate(struct t_stub *stub, struct toe_block *copy, const char *text,
                     toe_status want_status, uint32_t want_consumed)
{
    static struct toe_buf bufs[16];
    static struct toe_sge sges[16];
    static uint32_t n;
    struct toe_buf *buf = &bufs[n % 16];
    struct toe_sge *sge = &sges[n++ % 16];
    uint32_t consumed = 0;

    *sge = (struct toe_sge){.addr = (uintptr_t)text, .len = (uint32_t)strlen(text)};
    *buf = (struct toe_buf){.sge = sge, .sge_cnt = 1, .len = sge->len};
    assert_int_equal(stub->up.receive_indicate(stub->user, copy->host_object, buf, &consumed),
                     want_status);
    assert_int_equal(consumed, want_consumed);
}

/* Indicated bytes are taken as far as there is room; for the rest the host asks when there is. */
static void test_indicate(void **state)
{
    struct t_stub stub;
    struct toe_host_settings settings;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op op;
    toe_handle conn;
    char data[32];

    (void)state;
    t_stub_settings(&settings);
    settings.rcv_buf = 10;
    t_stub_init(&stub, &settings);
    t_stub_resolve(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    indicate(&stub, &copy, "abcdefg", TOE_STATUS_SUCCESS, 7);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_RETURN);
    assert_int_equal(op.chain->len, 7);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    indicate(&stub, &copy, "hijklm", TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED, 3);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    indicate(&stub, &copy, "klm", TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0);
    assert_int_equal(toe_host_receive(stub.host, conn, data, sizeof(data)), 10);
    assert_memory_equal(data, "abcdefghij", 10);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_RECEIVE);
    assert_int_equal(op.chain->len, 0);
    op.chain->status = TOE_STATUS_SUCCESS;
    stub.up.receive_complete(stub.user, op.chain);
    indicate(&stub, &copy, "klm", TOE_STATUS_SUCCESS, 3);
    t_stub_run(&stub, 0);
    assert_int_equal(toe_host_receive(stub.host, conn, data, sizeof(data)), 3);
    t_stub_fini(&stub);
}

/* Posted mode keeps room posted, no more than the receive buffer. */
static void test_posted(void **state)
{
    struct t_stub stub;
    struct toe_host_settings settings;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op op;
    toe_handle conn;
    uint32_t total = 0;
    struct toe_buf *first = NULL;
    char data[32];

    (void)state;
    t_stub_settings(&settings);
    settings.rcv_buf = 5000;
    settings.receive_mode = TOE_RECEIVE_POSTED;
    t_stub_init(&stub, &settings);
    t_stub_resolve(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    while (stub.op_head < stub.op_cnt) {
        op = t_stub_op(&stub, T_OP_RECEIVE);
        first = first == NULL ? op.chain : first;
        total += chain_len(op.chain);
    }
    assert_int_equal(total, 5000);
    assert_true(toe_buf_write(first, 0, "abc", 3, NULL));
    toe_buf_advance(first, 3);
    first->transferred = 3;
    first->status = TOE_STATUS_SUCCESS;
    first->next = NULL;
    stub.up.receive_complete(stub.user, first);
    t_stub_run(&stub, 0);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    assert_int_equal(toe_host_receive(stub.host, conn, data, sizeof(data)), 3);
    assert_memory_equal(data, "abc", 3);
    op = t_stub_op(&stub, T_OP_RECEIVE);
    stub.up.tcp_event(stub.user, copy.host_object, TOE_EVENT_DISCONNECT, 0);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    assert_true(t_stub_info(&stub, conn).end_of_stream);
    op.chain->status = TOE_STATUS_INVALID_STATE;
    stub.up.receive_complete(stub.user, op.chain);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    t_stub_fini(&stub);
}

/* SND-082: late sends come back first, by completions; the stream is in the order of posting. */
static void test_merge(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op one, two, op;
    struct toe_tcp_delegated d;
    toe_handle conn;
    const struct t_out *out;

    (void)state;
    init(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    toe_host_send(stub.host, conn, "abcdef", 6);
    t_stub_run(&stub, 0);
    one = t_stub_op(&stub, T_OP_SEND);
    toe_host_send(stub.host, conn, "ghi", 3);
    t_stub_run(&stub, 0);
    two = t_stub_op(&stub, T_OP_SEND);
    stub.up.tcp_event(stub.user, copy.host_object, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    two.chain->status = TOE_STATUS_UPLOAD_IN_PROGRESS;
    stub.up.send_complete(stub.user, two.chain);
    assert_int_equal(toe_host_send(stub.host, conn, "jk", 2), 2);
    toe_host_shutdown(stub.host, conn);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    t_stub_expect_no_op(&stub);
    /* Two bytes of the first were acknowledged. */
    toe_buf_advance(one.chain, 2);
    one.chain->transferred = 2;
    d = delegated_of(&seg);
    d.snd_una += 2;
    d.snd_nxt = d.snd_una;
    d.snd_max = d.snd_una + 4;
    op.tree->dependent->dependent->send_chain = one.chain;
    d.send_data_head = one.chain;
    d.send_data_tail = one.chain;
    give_back(&stub, &op, &d);
    assert_int_equal(t_stub_event(&stub, TOE_HOST_UPLOADED).reason, TOE_UPLOAD_REQUESTED);
    /* All that follows leaves in order: what was sent before, the rest, the FIN. */
    {
        char stream[32];
        uint32_t len = 0;
        bool fin = false;

        t_stub_run(&stub, 100 * TOE_NS_PER_MS);
        while (stub.frame_head < stub.frame_cnt) {
            out = t_stub_frame(&stub);
            assert_int_equal(out->seg.seq.v, d.snd_una + len);
            memcpy(stream + len, out->seg.payload, out->seg.payload_len);
            len += out->seg.payload_len;
            fin = fin || (out->seg.flags & TCP_FIN) != 0;
        }
        assert_int_equal(len, 9);
        assert_memory_equal(stream, "cdefghijk", 9);
        assert_true(fin);
    }
    assert_int_equal(t_stub_stats(&stub).upload_reasons[TOE_UPLOAD_REQUESTED], 1);
    t_stub_fini(&stub);
}

/* DSC-028: a disconnect that came back unfinished: the state says that the FIN is to be sent. */
static void test_disconnect_returned(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op fin, op;
    struct toe_tcp_delegated d;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    toe_host_shutdown(stub.host, conn);
    t_stub_run(&stub, 0);
    fin = t_stub_op(&stub, T_OP_GRACEFUL);
    op = upload(&stub, conn);
    fin.chain->status = TOE_STATUS_UPLOAD_IN_PROGRESS;
    stub.up.disconnect_complete(stub.user, fin.chain);
    d = delegated_of(&seg);
    d.state = TOE_TCP_FIN_WAIT_1;
    give_back(&stub, &op, &d);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_FIN, seg.ack, seg.seq, 0);
    t_stub_fini(&stub);
}

/* A disconnect that was answered SUCCESS; then TIME_WAIT, which the host waits out. */
static void test_time_wait(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op fin, op;
    struct toe_tcp_delegated d;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    toe_host_shutdown(stub.host, conn);
    t_stub_run(&stub, 0);
    fin = t_stub_op(&stub, T_OP_GRACEFUL);
    fin.chain->status = TOE_STATUS_SUCCESS;
    stub.up.disconnect_complete(stub.user, fin.chain);
    stub.up.tcp_event(stub.user, copy.host_object, TOE_EVENT_DISCONNECT, 0);
    stub.up.tcp_event(stub.user, copy.host_object, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    d = delegated_of(&seg);
    d.state = TOE_TCP_TIME_WAIT;
    d.snd_una = d.snd_nxt = d.snd_max = seg.ack + 1;
    d.rcv_nxt = seg.seq + 1;
    give_back(&stub, &op, &d);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    t_stub_event(&stub, TOE_HOST_UPLOADED);
    t_stub_event(&stub, TOE_HOST_CLOSED);
    assert_int_equal(t_stub_stats(&stub).time_wait_cnt, 1);
    toe_host_close(stub.host, conn);
    t_stub_run(&stub, 61 * SEC);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 0);
    t_stub_fini(&stub);
}

/* The peer's RST: sends are gone, the host takes the connection back, then tells. */
static void test_abort_event(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op send, op;
    struct toe_tcp_delegated d;
    struct toe_sge sge = {.addr = (uintptr_t) "tail", .len = 4};
    struct toe_buf rest = {.sge = &sge, .sge_cnt = 1, .len = 4};
    toe_handle conn;
    char data[8];

    (void)state;
    init(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    toe_host_send(stub.host, conn, "abc", 3);
    t_stub_run(&stub, 0);
    send = t_stub_op(&stub, T_OP_SEND);
    stub.up.tcp_event(stub.user, copy.host_object, TOE_EVENT_ABORT, 0);
    send.chain->status = TOE_STATUS_REQUEST_ABORTED;
    stub.up.send_complete(stub.user, send.chain);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    t_stub_expect_no_event(&stub);
    d = delegated_of(&seg);
    d.state = TOE_TCP_CLOSED;
    d.buffered_data = &rest;
    give_back(&stub, &op, &d);
    assert_ptr_equal(t_stub_op(&stub, T_OP_RETURN).chain, &rest);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    t_stub_event(&stub, TOE_HOST_UPLOADED);
    assert_int_equal(t_stub_event(&stub, TOE_HOST_RESET).status, TOE_STATUS_REQUEST_ABORTED);
    assert_int_equal(toe_host_receive(stub.host, conn, data, 8), 4);
    assert_memory_equal(data, "tail", 4);
    toe_host_close(stub.host, conn);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 0);
    assert_int_equal(t_stub_stats(&stub).resets_in, 1);
    t_stub_fini(&stub);
}

/* Our abort goes through the target; then the connection is fetched and gone. */
static void test_abort(void **state)
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
    toe_host_abort(stub.host, conn);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_ABORTIVE);
    assert_int_equal(op.chain->len, 0);
    op.chain->status = TOE_STATUS_SUCCESS;
    stub.up.disconnect_complete(stub.user, op.chain);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    d = delegated_of(&seg);
    d.state = TOE_TCP_CLOSED;
    give_back(&stub, &op, &d);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 0);
    assert_int_equal(t_stub_stats(&stub).resets_out, 1);
    assert_int_equal(t_stub_stats(&stub).resets_in, 0);
    t_stub_expect_no_event(&stub);
    t_stub_fini(&stub);
}

/* An application that closes with bytes unread in the target resets, wherever they are. */
static void test_late_text(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op op;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    toe_host_close(stub.host, conn);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_GRACEFUL);
    indicate(&stub, &copy, "late", TOE_STATUS_SUCCESS, 4);
    t_stub_run(&stub, 0);
    (void)t_stub_op(&stub, T_OP_ABORTIVE);
    (void)t_stub_op(&stub, T_OP_RETURN);
    assert_int_equal(op.chain->len, 0);
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
    op = upload(&stub, conn);
    for (int i = 0; i < 3; ++i) {
        set_status(op.tree, TOE_STATUS_FAILURE);
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
    d = delegated_of(&seg[0]);
    give_back(&stub, &op, &d);
    t_stub_expect_no_op(&stub);
    stub.up.status(stub.user, TOE_STATUS_OFFLOAD_RESUME, &stub.caps);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_INITIATE);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_NEW);
    assert_int_equal(t_stub_info(&stub, conn).place, TOE_PLACE_HOST);
    t_stub_fini(&stub);
}

/* NBR-12: a neighbor known to be reachable. NBR-13: one that is not is asked about, then probed. */
static void test_reachability(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op op;
    void *neighbor;
    struct toe_neighbor_state ns = {.size = sizeof(ns)};
    struct toe_block block = {.size = sizeof(block), .state.neighbor = &ns};
    const struct t_out *out;

    (void)state;
    init(&stub);
    {
        const toe_handle conn = t_stub_established(&stub, &seg);

        op = offload(&stub, conn);
        neighbor = op.tree->host_object;
        copy = *op.tree->dependent->dependent;
        t_stub_accept(&stub, &op);
    }
    block.host_object = neighbor;
    ns.delegated.nic_reachability_delta = 30001;
    t_stub_run(&stub, 40 * SEC);
    stub.up.neighbor_event(stub.user, TOE_NEIGHBOR_REACHABILITY_QUERY, &block);
    assert_int_equal(ns.cached.host_reachability_delta, 0);
    t_stub_run(&stub, 5 * SEC);
    op = t_stub_op(&stub, T_OP_QUERY);
    assert_int_equal(op.tree->type, TOE_BLOCK_NEIGHBOR_DELEGATED);
    op.tree->status = TOE_STATUS_SUCCESS;
    op.tree->state.neighbor->delegated.nic_reachability_delta = 35001;
    stub.up.query_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    out = t_stub_frame(&stub);
    assert_int_equal(out->arp.op, WIRE_ARP_REQUEST);
    assert_memory_equal(out->ether.dst, peer_mac, 6);
    /* Answered: the target hears of it. */
    {
        struct wire_arp arp = {
            .op = WIRE_ARP_REPLY, .sender_ip = t_pair_addr(4, 2), .target_ip = t_pair_addr(4, 1)};

        memcpy(arp.sender_mac, peer_mac, 6);
        t_stub_arrive_arp(&stub, &arp, peer_mac);
    }
    op = t_stub_op(&stub, T_OP_UPDATE);
    assert_int_equal(op.tree->type, TOE_BLOCK_NEIGHBOR_CACHED);
    assert_int_equal(op.tree->state.neighbor->cached.host_reachability_delta, 1);
    op.tree->status = TOE_STATUS_SUCCESS;
    stub.up.update_complete(stub.user, op.tree);
    t_stub_run(&stub, 10 * SEC);
    stub.up.neighbor_event(stub.user, TOE_NEIGHBOR_REACHABILITY_QUERY, &block);
    assert_int_equal(ns.cached.host_reachability_delta, 10000);

    /* Progress at the target: no probe. */
    t_stub_run(&stub, 60 * SEC);
    stub.up.neighbor_event(stub.user, TOE_NEIGHBOR_REACHABILITY_QUERY, &block);
    t_stub_run(&stub, 5 * SEC);
    op = t_stub_op(&stub, T_OP_QUERY);
    op.tree->status = TOE_STATUS_SUCCESS;
    op.tree->state.neighbor->delegated.nic_reachability_delta = 300;
    stub.up.query_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    t_stub_expect_silence(&stub);

    /* No progress and no answer: the neighbor is invalidated, and the connection fetched. */
    t_stub_run(&stub, 60 * SEC);
    stub.up.neighbor_event(stub.user, TOE_NEIGHBOR_REACHABILITY_QUERY, &block);
    t_stub_run(&stub, 5 * SEC);
    op = t_stub_op(&stub, T_OP_QUERY);
    op.tree->status = TOE_STATUS_SUCCESS;
    op.tree->state.neighbor->delegated.nic_reachability_delta = 50000;
    stub.up.query_complete(stub.user, op.tree);
    t_stub_run(&stub, 4 * SEC);
    op = t_stub_op(&stub, T_OP_INVALIDATE);
    assert_ptr_equal(op.tree->host_object, neighbor);
    op.tree->status = TOE_STATUS_SUCCESS;
    stub.up.invalidate_complete(stub.user, op.tree);
    stub.up.tcp_event(stub.user, copy.host_object, TOE_EVENT_RETRIEVE, TOE_UPLOAD_INVALID_STATE);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    assert_int_equal(toe_block_role(op.tree), TOE_ROLE_REFERENCE);
    t_stub_fini(&stub);
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
    d = delegated_of(&seg);
    d.state = TOE_TCP_CLOSED;
    give_back(&stub, &op, &d);
    assert_int_equal(t_stub_frame(&stub)->seg.flags, TCP_SYN | TCP_ACK);
    t_stub_event(&stub, TOE_HOST_UPLOADED);
    t_stub_event(&stub, TOE_HOST_RESET);
    toe_host_close(stub.host, conn);
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
    op = offload(&stub, conn);
    assert_int_equal(toe_host_upload(stub.host, &conn, 1), 1);
    toe_host_close(stub.host, conn);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    t_stub_accept(&stub, &op);
    op = t_stub_op(&stub, T_OP_TERMINATE);
    t_stub_expect_no_op(&stub);
    d = delegated_of(&seg);
    give_back(&stub, &op, &d);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_FIN, seg.ack, seg.seq, 0);
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_upload_tree),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_partial),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_held_after_failure),
        cmocka_unit_test(test_state_handed_over),
        cmocka_unit_test(test_indicate),
        cmocka_unit_test(test_posted),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_disconnect_returned),
        cmocka_unit_test(test_time_wait),
        cmocka_unit_test(test_abort_event),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_late_text),
        cmocka_unit_test(test_optional_reason),
        cmocka_unit_test(test_terminate_fails),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_reachability),
        cmocka_unit_test(test_mac_change),
        cmocka_unit_test(test_syn_after_upload),
        cmocka_unit_test(test_overtaking),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
