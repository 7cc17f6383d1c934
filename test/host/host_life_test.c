/* SPDX-License-Identifier: MIT */
/* The life of a connection in the host: how it opens, what ends it, and what is answered to whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/host_pair.h"
#include "support/host_stub.h"
#include "wire/ipv4.h"

#define SEC TOE_NS_PER_SEC

static void init(struct t_stub *stub)
{
    t_stub_init(stub, NULL);
    t_stub_resolve(stub);
}

/* A segment of the peer's at port |port| of ours. */
static struct t_seg peer_seg(uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack)
{
    return (struct t_seg){.port = port,
                          .peer_port = 999,
                          .seq = seq,
                          .ack = ack,
                          .flags = flags,
                          .wnd = 60000,
                          .mss = 1460};
}

/* What is for nobody gets a RST, with the numbers of RFC 9293, 3.10.7.1; a RST gets none. */
static void test_reset_reply(void **state)
{
    struct t_stub stub;
    struct t_seg seg = peer_seg(5, TCP_SYN, 100, 0);
    struct t_seg with_ack = peer_seg(5, TCP_ACK, 100, 777);
    struct t_seg rst = peer_seg(5, TCP_RST, 100, 0);

    (void)state;
    init(&stub);
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_expect_seg(&stub, TCP_RST | TCP_ACK, 0, 101, 0);
    t_stub_arrive_seg(&stub, 6, &with_ack);
    t_stub_expect_seg(&stub, TCP_RST, 777, 0, 0);
    t_stub_arrive_seg(&stub, 4, &rst);
    t_stub_expect_silence(&stub);
    t_stub_fini(&stub);
}

static toe_handle accept_one(struct t_stub *stub, uint32_t *ack)
{
    const toe_handle listener = toe_host_listen(stub->host, NULL, 80, 4);
    struct t_seg seg = peer_seg(80, TCP_SYN, 100, 0);
    const struct t_out *out;
    toe_handle conn;

    assert_int_not_equal(listener, 0);
    assert_int_equal(toe_host_listen(stub->host, NULL, 80, 4), 0);
    t_stub_arrive_seg(stub, 4, &seg);
    out = t_stub_frame(stub);
    assert_int_equal(out->seg.flags, TCP_SYN | TCP_ACK);
    assert_int_equal(toe_host_accept(stub->host, listener), 0);
    *ack = out->seg.seq.v + 1;
    seg = peer_seg(80, TCP_ACK, 101, *ack);
    t_stub_arrive_seg(stub, 4, &seg);
    assert_int_equal(t_stub_event(stub, TOE_HOST_ACCEPTABLE).conn, listener);
    conn = toe_host_accept(stub->host, listener);
    assert_int_not_equal(conn, 0);
    assert_int_equal(toe_host_accept(stub->host, listener), 0);
    return conn;
}

/* A passive open, text both ways, the peer closes first. */
static void test_accept(void **state)
{
    struct t_stub stub;
    uint32_t ack;
    uint8_t data[8];
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = accept_one(&stub, &ack);
    seg = peer_seg(80, TCP_ACK | TCP_PSH, 101, ack);
    seg.len = 3;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    assert_int_equal(toe_host_receive(stub.host, conn, data, sizeof(data)), 3);
    assert_memory_equal(data, "xxx", 3);
    assert_int_equal(toe_host_send(stub.host, conn, "hello", 5), 5);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_PSH, ack, 104, 5);

    seg = peer_seg(80, TCP_ACK | TCP_FIN, 104, ack + 5);
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_expect_seg(&stub, TCP_ACK, ack + 5, 105, 0);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    assert_true(t_stub_info(&stub, conn).end_of_stream);
    toe_host_shutdown(stub.host, conn);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_FIN, ack + 5, 105, 0);
    seg = peer_seg(80, TCP_ACK, 105, ack + 6);
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_event(&stub, TOE_HOST_CLOSED);
    toe_host_close(stub.host, conn);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 1); /* the listener */
    t_stub_fini(&stub);
}

/* An active open, closed by us: TIME_WAIT lasts as long as the settings say. */
static void test_time_wait(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    toe_host_close(stub.host, conn);
    assert_false(toe_host_conn_info(stub.host, conn, &(struct toe_host_conn_info){0}));
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_FIN, seg.ack, 1001, 0);
    seg.ack += 1;
    t_stub_arrive_seg(&stub, 4, &seg);
    seg.flags = TCP_ACK | TCP_FIN;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_expect_seg(&stub, TCP_ACK, seg.ack, 1002, 0);
    assert_int_equal(t_stub_stats(&stub).time_wait_cnt, 1);
    /* RFC 1337: a RST does not end it. */
    seg.flags = TCP_RST;
    seg.seq = 1002;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_run(&stub, 59 * SEC);
    assert_int_equal(t_stub_stats(&stub).time_wait_cnt, 1);
    t_stub_run(&stub, 2 * SEC);
    assert_int_equal(t_stub_stats(&stub).time_wait_cnt, 0);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 0);
    t_stub_expect_no_event(&stub);
    t_stub_fini(&stub);
}

/* A new SYN ends TIME_WAIT, and the new connection's numbers lie behind the old one's. */
static void test_reopen(void **state)
{
    struct t_stub stub;
    uint32_t ack;
    struct t_seg seg;
    const struct t_out *out;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = accept_one(&stub, &ack);
    toe_host_close(stub.host, conn);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_FIN, ack, 101, 0);
    seg = peer_seg(80, TCP_ACK | TCP_FIN, 101, ack + 1);
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_expect_seg(&stub, TCP_ACK, ack + 1, 102, 0);
    /* An old duplicate does not. */
    seg = peer_seg(80, TCP_SYN, 50, 0);
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_expect_seg(&stub, TCP_ACK, ack + 1, 102, 0);
    seg = peer_seg(80, TCP_SYN, 5000, 0);
    t_stub_arrive_seg(&stub, 4, &seg);
    out = t_stub_frame(&stub);
    assert_int_equal(out->seg.flags, TCP_SYN | TCP_ACK);
    assert_int_equal(out->seg.ack.v, 5001);
    assert_true(toe_seq_gt(out->seg.seq, toe_seq_of(ack + 1)));
    assert_int_equal(t_stub_stats(&stub).time_wait_cnt, 0);
    t_stub_fini(&stub);
}

/* Closing with unread bytes resets; so do bytes that arrive after the close. */
static void test_close_resets(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    seg.len = 10;
    t_stub_arrive_seg(&stub, 4, &seg);
    toe_host_close(stub.host, conn);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_RST | TCP_ACK, seg.ack, 1011, 0);

    conn = t_stub_established(&stub, &seg);
    toe_host_close(stub.host, conn);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_FIN, seg.ack, 1001, 0);
    seg.len = 10;
    t_stub_arrive_seg(&stub, 4, &seg);
    assert_int_not_equal(t_stub_frame(&stub)->seg.flags & TCP_RST, 0);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 0);
    assert_int_equal(t_stub_stats(&stub).resets_out, 2);
    t_stub_fini(&stub);
}

static void test_abort(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    toe_host_abort(stub.host, conn);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_RST | TCP_ACK, seg.ack, 1001, 0);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 0);
    t_stub_expect_no_event(&stub);
    t_stub_fini(&stub);
}

/* Refused, reset, timed out: one event each, with a status of its own. */
static void test_endings(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    const struct toe_addr dst = t_pair_addr(4, 2);
    const struct t_out *syn;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = toe_host_connect(stub.host, NULL, 0, &dst, 80);
    t_stub_run(&stub, 0);
    syn = t_stub_frame(&stub);
    seg = (struct t_seg){.port = syn->seg.src_port,
                         .peer_port = 80,
                         .ack = syn->seg.seq.v + 1,
                         .flags = TCP_RST | TCP_ACK};
    t_stub_arrive_seg(&stub, 4, &seg);
    assert_int_equal(t_stub_event(&stub, TOE_HOST_RESET).status, TOE_STATUS_NOT_ACCEPTED);
    toe_host_close(stub.host, conn);

    conn = t_stub_established(&stub, &seg);
    seg.len = 4;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    seg.seq += 4;
    seg.len = 0;
    seg.flags = TCP_RST;
    t_stub_arrive_seg(&stub, 4, &seg);
    assert_int_equal(t_stub_event(&stub, TOE_HOST_RESET).status, TOE_STATUS_REQUEST_ABORTED);
    /* What had arrived can still be read. */
    assert_int_equal(toe_host_receive(stub.host, conn, &seg, 4), 4);
    assert_int_equal(toe_host_send(stub.host, conn, "x", 1), 0);
    toe_host_close(stub.host, conn);

    conn = toe_host_connect(stub.host, NULL, 0, &dst, 80);
    t_stub_run(&stub, 300 * SEC);
    assert_int_equal(t_stub_event(&stub, TOE_HOST_RESET).status, TOE_STATUS_FAILURE);
    toe_host_close(stub.host, conn);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 0);
    t_stub_expect_no_event(&stub);
    t_stub_fini(&stub);
}

/* No more connections than the backlog says; a closed listener resets those that wait. */
static void test_backlog(void **state)
{
    struct t_stub stub;
    const toe_handle none = 0;
    toe_handle listener;
    struct t_seg seg = peer_seg(80, TCP_SYN, 100, 0);

    (void)state;
    init(&stub);
    listener = toe_host_listen(stub.host, NULL, 80, 3);
    for (uint16_t i = 0; i < 10; ++i) {
        seg.peer_port = (uint16_t)(2000 + i);
        t_stub_arrive_seg(&stub, 4, &seg);
    }
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 4);
    assert_int_equal(t_stub_stats(&stub).drops[TOE_DROP_TCP_BACKLOG], 7);
    for (int i = 0; i < 3; ++i) {
        assert_int_equal(t_stub_frame(&stub)->seg.flags, TCP_SYN | TCP_ACK);
    }
    toe_host_close(stub.host, listener);
    t_stub_run(&stub, 0);
    for (int i = 0; i < 3; ++i) {
        assert_int_not_equal(t_stub_frame(&stub)->seg.flags & TCP_RST, 0);
    }
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 0);
    assert_int_equal(toe_host_accept(stub.host, listener), none);
    t_stub_fini(&stub);
}

/* A SYN to a listener that is half a scan is no connection. */
static void test_odd_flags(void **state)
{
    static const uint8_t flags[] = {0, TCP_SYN | TCP_FIN, TCP_FIN | TCP_URG | TCP_PSH, TCP_RST,
                                    TCP_SYN | TCP_RST};
    struct t_stub stub;
    struct t_seg seg = peer_seg(80, 0, 100, 0);

    (void)state;
    init(&stub);
    assert_int_not_equal(toe_host_listen(stub.host, NULL, 80, 3), 0);
    for (size_t i = 0; i < sizeof(flags); ++i) {
        seg.flags = flags[i];
        t_stub_arrive_seg(&stub, 4, &seg);
    }
    t_stub_expect_silence(&stub);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 1);
    t_stub_fini(&stub);
}

/* A lost SYN is sent again, more than syn_retries times not. */
static void test_syn_retries(void **state)
{
    struct t_stub stub;
    struct toe_host_settings settings;
    const struct toe_addr dst = t_pair_addr(4, 2);
    uint32_t syns = 0;

    (void)state;
    t_stub_settings(&settings);
    settings.syn_retries = 2;
    t_stub_init(&stub, &settings);
    t_stub_resolve(&stub);
    (void)toe_host_connect(stub.host, NULL, 0, &dst, 80);
    t_stub_run(&stub, 100 * SEC);
    while (stub.frame_head < stub.frame_cnt) {
        syns += t_stub_frame(&stub)->seg.flags == TCP_SYN;
    }
    assert_int_equal(syns, 3);
    t_stub_event(&stub, TOE_HOST_RESET);
    assert_int_equal(t_stub_stats(&stub).timeouts, 1);
    t_stub_fini(&stub);
}

/* The send buffer's size is the limit, and the application hears when it can go on. */
static void test_send_room(void **state)
{
    static uint8_t data[100000];
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;
    uint32_t len;

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    assert_int_equal(toe_host_send(stub.host, conn, data, sizeof(data)), 65536);
    assert_int_equal(toe_host_send(stub.host, conn, data, 1), 0);
    assert_int_equal(t_stub_info(&stub, conn).sendable, 0);
    t_stub_run(&stub, 0);
    for (len = 0; len < 65536;) {
        while (stub.frame_head < stub.frame_cnt) {
            len += t_stub_frame(&stub)->seg.payload_len;
        }
        seg.ack = seg.ack + 0;
        struct t_seg a = seg;

        a.ack = seg.ack + len;
        t_stub_arrive_seg(&stub, 4, &a);
    }
    assert_int_equal(len, 65536);
    t_stub_event(&stub, TOE_HOST_SENDABLE);
    t_stub_expect_no_event(&stub);
    assert_int_equal(t_stub_info(&stub, conn).sendable, 65536);
    t_stub_fini(&stub);
}

/* Memory may be short at any allocation of a new host, and nothing is left over. */
struct budget {
    size_t left;
    size_t held;
};

static void *budget_alloc(void *user, size_t size)
{
    struct budget *b = user;
    void *ptr;

    if (b->left == 0) {
        return NULL;
    }
    --b->left;
    ptr = test_malloc(size);
    b->held += size;
    return ptr;
}

static void budget_free(void *user, void *ptr, size_t size)
{
    struct budget *b = user;

    b->held -= size;
    test_free(ptr);
}

static void test_memory(void **state)
{
    struct toe_host_settings settings;
    bool done = false;

    (void)state;
    for (size_t n = 0; !done; ++n) {
        struct budget budget = {.left = n};
        struct toe_host *host;

        t_stub_settings(&settings);
        settings.mem = (struct toe_mem){&budget, budget_alloc, budget_free};
        host = toe_host_new(&settings);
        if (host != NULL) {
            toe_host_del(host);
            done = true;
        }
        assert_int_equal(budget.held, 0);
    }
}

/*
 * RFC 9293, 3.6: half a connection stays for as long as the application holds it, and may be read
 * all the time; nobody's ends after two minutes.
 */
static void test_half_open(void **state)
{
    struct t_stub stub;
    uint32_t ack;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = accept_one(&stub, &ack);
    toe_host_shutdown(stub.host, conn);
    t_stub_run(&stub, 0);
    t_stub_expect_seg(&stub, TCP_ACK | TCP_FIN, ack, 101, 0);
    seg = peer_seg(80, TCP_ACK, 101, ack + 1);
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_run(&stub, 1000 * SEC);
    t_stub_expect_no_event(&stub);
    assert_int_equal(t_stub_info(&stub, conn).state, TOE_TCP_FIN_WAIT_2);
    seg.len = 3;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_event(&stub, TOE_HOST_RECEIVABLE);
    assert_int_equal(t_stub_info(&stub, conn).receivable, 3);
    assert_int_equal(toe_host_receive(stub.host, conn, (uint8_t[3]){0}, 3), 3);
    toe_host_close(stub.host, conn);
    t_stub_run(&stub, 121 * SEC);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 1); /* the listener */
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset_reply),  cmocka_unit_test(test_accept),
        cmocka_unit_test(test_time_wait),    cmocka_unit_test(test_reopen),
        cmocka_unit_test(test_close_resets), cmocka_unit_test(test_abort),
        cmocka_unit_test(test_endings),      cmocka_unit_test(test_backlog),
        cmocka_unit_test(test_odd_flags),    cmocka_unit_test(test_syn_retries),
        cmocka_unit_test(test_send_room),    cmocka_unit_test(test_memory),
        cmocka_unit_test(test_half_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
