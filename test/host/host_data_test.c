/* SPDX-License-Identifier: MIT */
/*
 * The data path of an offloaded connection, and what is done with what comes back.
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

static void init(struct t_stub *stub)
{
    t_stub_init(stub, NULL);
    t_stub_resolve(stub);
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
    op = t_stub_offload(&stub, conn);
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
        const struct toe_tcp_delegated d = t_stub_delegated(&seg);

        t_stub_give_back(&stub, &op, &d);
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
    op = t_stub_offload(&stub, conn);
    seg.len = 3;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_set_status(op.tree, TOE_STATUS_FAILURE);
    stub.up.initiate_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    t_stub_event(&stub, TOE_HOST_OFFLOAD_FAILED);
    assert_int_equal(t_stub_info(&stub, conn).receivable, 3);
    t_stub_fini(&stub);
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
    t_stub_indicate(&stub, &copy, "abcdefg", TOE_STATUS_SUCCESS, 7);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_RETURN);
    assert_int_equal(op.chain->len, 7);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    t_stub_indicate(&stub, &copy, "hijklm", TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED, 3);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    t_stub_indicate(&stub, &copy, "klm", TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0);
    assert_int_equal(toe_host_receive(stub.host, conn, data, sizeof(data)), 10);
    assert_memory_equal(data, "abcdefghij", 10);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_RECEIVE);
    assert_int_equal(op.chain->len, 0);
    op.chain->status = TOE_STATUS_SUCCESS;
    stub.up.receive_complete(stub.user, op.chain);
    t_stub_indicate(&stub, &copy, "klm", TOE_STATUS_SUCCESS, 3);
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
        total += t_stub_chain_len(op.chain);
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

/* A window of megabytes can be filled: full pieces are posted however many there are, and messages
 * are gathered once there are many. */
static void test_large_window(void **state)
{
    static uint8_t data[2 << 20];
    struct t_stub stub;
    struct toe_host_settings settings;
    struct toe_block copy;
    struct t_seg seg;
    struct t_op ops[8];
    uint32_t cnt = 0;
    uint32_t total = 0;
    toe_handle conn;

    (void)state;
    t_stub_settings(&settings);
    settings.snd_buf = 4 << 20;
    t_stub_init(&stub, &settings);
    t_stub_resolve(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    assert_int_equal(toe_host_send(stub.host, conn, data, sizeof(data)), sizeof(data));
    t_stub_run(&stub, 0);
    for (uint32_t i = 0; i < 100; ++i) {
        assert_int_equal(toe_host_send(stub.host, conn, data, 10), 10);
        t_stub_run(&stub, 0);
    }
    while (stub.op_head < stub.op_cnt && cnt < 8) {
        ops[cnt] = t_stub_op(&stub, T_OP_SEND);
        total += t_stub_chain_len(ops[cnt++].chain);
    }
    assert_int_equal(total, sizeof(data));
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
    d = t_stub_delegated(&seg);
    d.snd_una += 2;
    d.snd_nxt = d.snd_una;
    d.snd_max = d.snd_una + 4;
    op.tree->dependent->dependent->send_chain = one.chain;
    d.send_data_head = one.chain;
    d.send_data_tail = one.chain;
    t_stub_give_back(&stub, &op, &d);
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
    op = t_stub_upload(&stub, conn);
    fin.chain->status = TOE_STATUS_UPLOAD_IN_PROGRESS;
    stub.up.disconnect_complete(stub.user, fin.chain);
    d = t_stub_delegated(&seg);
    d.state = TOE_TCP_FIN_WAIT_1;
    t_stub_give_back(&stub, &op, &d);
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
    d = t_stub_delegated(&seg);
    d.state = TOE_TCP_TIME_WAIT;
    d.snd_una = d.snd_nxt = d.snd_max = seg.ack + 1;
    d.rcv_nxt = seg.seq + 1;
    t_stub_give_back(&stub, &op, &d);
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
    d = t_stub_delegated(&seg);
    d.state = TOE_TCP_CLOSED;
    d.buffered_data = &rest;
    t_stub_give_back(&stub, &op, &d);
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
    d = t_stub_delegated(&seg);
    d.state = TOE_TCP_CLOSED;
    t_stub_give_back(&stub, &op, &d);
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
    t_stub_indicate(&stub, &copy, "late", TOE_STATUS_SUCCESS, 4);
    t_stub_run(&stub, 0);
    (void)t_stub_op(&stub, T_OP_ABORTIVE);
    (void)t_stub_op(&stub, T_OP_RETURN);
    assert_int_equal(op.chain->len, 0);
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_held_after_failure),
        cmocka_unit_test(test_indicate),
        cmocka_unit_test(test_posted),
        cmocka_unit_test(test_large_window),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_disconnect_returned),
        cmocka_unit_test(test_time_wait),
        cmocka_unit_test(test_abort_event),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_late_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
