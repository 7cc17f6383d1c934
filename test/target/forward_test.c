/* SPDX-License-Identifier: MIT */
/*
 * Forwarded segments: scenarios T-070 to T-078.
 */
#include "support/target_fixture.h"

/* A buffer with a segment of the peer, beginning with the TCP header, cut into |pieces|. */
static struct toe_buf *segment(struct t_target *t, uint32_t seq, uint32_t len, uint8_t flags,
                               uint32_t ack)
{
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    uint8_t bytes[4096];
    struct toe_buf *buf;
    uint32_t header_len;

    seg.src_port = t->tcp.state.constant.remote_port;
    seg.dst_port = t->tcp.state.constant.local_port;
    seg.seq.v = seq;
    seg.ack.v = ack;
    seg.wnd = 65535;
    seg.flags = (uint8_t)(flags | TCP_ACK);
    header_len = (uint32_t)wire_tcp_build(bytes, sizeof(bytes), &seg);
    for (uint32_t i = 0; i < len; ++i) {
        bytes[header_len + i] = t_host_byte(seq + i);
    }
    buf = t_buf_new(t, header_len + len);
    memcpy((void *)(uintptr_t)buf->sge->addr, bytes, header_len + len);
    return buf;
}

/* T-070, FWD-004 to FWD-010. */
static void test_fwd_010_in_order(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *chain = segment(t, 1000, 100, 0, 5000);

    (void)state;
    chain->next = segment(t, 1100, 200, 0, 5000);
    chain->next->next = segment(t, 1300, 300, 0, 5000);
    t->ops->forward(t->top, t->tcp.handle, chain);
    t_run(t, 0);
    t_expect_host(t, "forward(SUCCESS) forward(SUCCESS) forward(SUCCESS) indicate(600)");
    assert_int_equal(t_stats(t).tcp[0].in_segments, 3); /* FWD-019 */
    assert_int_equal(t_stats(t).ip[0].in_receives, 0);
    t_host_return(&t->host);
    t_target_del(t);
}

/* T-071, FWD-017: out of order, duplicate, old. */
static void test_fwd_017_any_order(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *chain = segment(t, 1100, 100, 0, 5000);

    (void)state;
    chain->next = segment(t, 1000, 100, 0, 5000);
    chain->next->next = segment(t, 900, 100, 0, 5000);
    t->ops->forward(t->top, t->tcp.handle, chain);
    t_run(t, 0);
    t_expect_host(t, "forward(SUCCESS) forward(SUCCESS) forward(SUCCESS) indicate(200)");
    t_host_return(&t->host);
    t_target_del(t);
}

/* T-072, FWD-007: the header in pieces. */
static void test_fwd_007_pieces(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *buf = segment(t, 1000, 100, 0, 5000);
    const uint64_t at = buf->sge->addr;
    const struct toe_sge pieces[] = {
        {at, 1, 0}, {at + 1, 7, 0}, {at + 8, 0, 0}, {at + 8, 12, 0}, {at + 20, 100, 0}};

    (void)state;
    buf->sge = pieces;
    buf->sge_cnt = 5;
    t->ops->forward(t->top, t->tcp.handle, buf);
    t_run(t, 0);
    t_expect_host(t, "forward(SUCCESS) indicate(100)");
    t_host_return(&t->host);
    t_target_del(t);
}

/* T-075, T-077, FWD-011, FWD-012: what ends the processing, and what comes behind it. */
static void test_fwd_012_reset(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *chain = segment(t, 1000, 0, TCP_RST, 5000);

    (void)state;
    chain->next = segment(t, 1000, 100, 0, 5000);
    t->ops->forward(t->top, t->tcp.handle, chain);
    t_run(t, 0);
    t_expect_host(t, "forward(SUCCESS) forward(REQUEST_ABORTED) ABORT");
    t->ops->forward(t->top, t->tcp.handle, segment(t, 1000, 100, 0, 5000));
    t_run(t, 1);
    t_expect_host(t, "forward(REQUEST_ABORTED)");
    t_target_del(t);
}

static void test_fwd_011_urgent(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *chain = segment(t, 1000, 100, TCP_URG, 5000);

    (void)state;
    chain->next = segment(t, 1100, 100, 0, 5000);
    t->ops->forward(t->top, t->tcp.handle, chain);
    t_run(t, 0);
    t_expect_host(t, "forward(UPLOAD_IN_PROGRESS) forward(UPLOAD_IN_PROGRESS) "
                     "RETRIEVE(RECEIVED_URGENT_DATA)");
    t_target_del(t);
}

/* A FIN, forwarded. */
static void test_fwd_017_fin(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    t->ops->forward(t->top, t->tcp.handle, segment(t, 1000, 10, TCP_FIN, 5000));
    t_run(t, 0);
    t_expect_all(t, "forward(SUCCESS) indicate(10) DISCONNECT [5000+0 A 1011]");
    t_target_del(t);
}

/* T-078, FWD-020: cut at every length, and with every data offset. */
static void test_fwd_020_cut(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    for (uint32_t len = 0; len < 20; ++len) {
        struct toe_buf *buf = segment(t, 1000, 100, 0, 5000);

        buf->len = len;
        t->ops->forward(t->top, t->tcp.handle, buf);
        t_run(t, len);
        t_expect_all(t, "forward(SUCCESS)");
        assert_int_equal(t_stats(t).tcp[0].in_errors, len + 1);
    }
    for (uint32_t off = 0; off < 5; ++off) {
        struct toe_buf *buf = segment(t, 1000, 100, 0, 5000);

        ((uint8_t *)(uintptr_t)buf->sge->addr)[12] = (uint8_t)(off << 4);
        t->ops->forward(t->top, t->tcp.handle, buf);
        t_run(t, 20 + off);
        t_expect_all(t, "forward(SUCCESS)");
    }
    t_target_del(t);
}

/* A segment of another connection is not this one's. */
static void test_forward_other_ports(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_buf *buf = segment(t, 1000, 100, 0, 5000);

    (void)state;
    ((uint8_t *)(uintptr_t)buf->sge->addr)[1] ^= 1;
    t->ops->forward(t->top, t->tcp.handle, buf);
    t_run(t, 0);
    t_expect_all(t, "forward(SUCCESS)");
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fwd_010_in_order), cmocka_unit_test(test_fwd_017_any_order),
        cmocka_unit_test(test_fwd_007_pieces),   cmocka_unit_test(test_fwd_012_reset),
        cmocka_unit_test(test_fwd_011_urgent),   cmocka_unit_test(test_fwd_017_fin),
        cmocka_unit_test(test_fwd_020_cut),      cmocka_unit_test(test_forward_other_ports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
