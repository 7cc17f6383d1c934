/* SPDX-License-Identifier: MIT */
/* Congestion marks between the engine and its frames: RFC-090 to RFC-093. */
#include "support/target_fixture.h"

#define CE 3u

/* A target with a connection that agreed upon ECN, and type of service 0x2b. */
static struct t_target *offloaded(uint32_t features)
{
    struct t_target *t = t_target_new();

    t_wire_init(&t->wire, &t->log, features);
    t->tcp.state.constant.flags |= TOE_TCP_ECN;
    t->tcp.state.cached.tos = 0x2b;
    t->tcp.state.delegated.cwnd = 14600;
    t_target_start(t);
    t_offload(t);
    return t;
}

/* RFC-091: of the type of service the upper bits are the host's, the lower ones the engine's. */
static void test_rfc_091_type_of_service(void **state)
{
    struct t_target *t = offloaded(0);

    (void)state;
    t_send_new(t, 5000, 1000);
    t_run(t, 0);
    assert_int_equal(t->wire.last.tos, 0x28 | TCP_ECN_ECT0);
    t_run(t, 1100);
    assert_int_equal(t->wire.last.seg.seq.v, 5000);
    assert_int_equal(t->wire.last.tos, 0x28);
    t_target_del(t);
}

/* A mark on a frame is echoed, and is none that was ignored; CWR ends that. */
static void test_rfc_092_echo(void **state)
{
    struct t_target *t = offloaded(0);

    (void)state;
    t->from_peer.tos = CE;
    t_peer(t, 1000, 100, 0, 5000);
    t_run(t, 0);
    assert_int_equal(t->wire.last.seg.flags, TCP_ACK | TCP_ECE);
    assert_int_equal(t->wire.last.tos, 0x28);
    assert_int_equal(t_stats(t).ce_ignored, 0);
    t->from_peer.tos = TCP_ECN_ECT0;
    t_peer(t, 1100, 100, TCP_CWR, 5000);
    t_run(t, 1);
    assert_int_equal(t->wire.last.seg.flags, TCP_ACK);
    t_host_return(&t->host);
    t_target_del(t);
}

/* A segment that is forwarded keeps its mark (toe/buf.h). */
static void test_forwarded_mark(void **state)
{
    for (int marked = 0; marked <= 1; ++marked) {
        struct t_target *t = offloaded(0);
        struct tcp_segment seg = TCP_SEGMENT_INIT;
        struct toe_buf *buf = t_buf_new(t, 120);
        uint8_t *bytes = (uint8_t *)(uintptr_t)buf->sge->addr;

        (void)state;
        seg.src_port = t->tcp.state.constant.remote_port;
        seg.dst_port = t->tcp.state.constant.local_port;
        seg.seq.v = 1000;
        seg.ack.v = 5000;
        seg.flags = TCP_ACK | TCP_FIN;
        seg.wnd = 65535;
        assert_int_equal(wire_tcp_build(bytes, 120, &seg), 20);
        for (uint32_t k = 0; k < 100; ++k) {
            bytes[20 + k] = t_host_byte(1000 + k);
        }
        buf->flags = marked != 0 ? TOE_BUF_CE : 0;
        t->ops->forward(t->top, t->tcp.handle, buf);
        t_run(t, 0);
        assert_int_equal(t->wire.last.seg.ack.v, 1101);
        assert_int_equal(t->wire.last.seg.flags, TCP_ACK | (marked != 0 ? TCP_ECE : 0));
        t_host_return(&t->host);
        t_target_del(t);
    }
}

/* Super-segments: CWR is in a frame of its own, and one that echoes says so in all of them. */
static void test_super_segments(void **state)
{
    struct t_target *t = offloaded(TOE_WIRE_CSUM | TOE_WIRE_TSO);

    (void)state;
    t_send_new(t, 5000, 200000);
    t_run(t, 0);
    t_expect_wire(t, "[5000+14600 A 1000]");
    assert_int_equal(t->wire.last.tos, 0x28 | TCP_ECN_ECT0);

    /* Half of the window, after half of it: slow start ends. */
    t_peer(t, 1000, 0, TCP_ECE, 12300);
    t_run(t, 10);
    t_expect_wire(t, "");
    t->from_peer.tos = CE;
    t_peer(t, 1000, 100, 0, 19600);
    t_run(t, 20);
    t_expect_wire(t, "[19600+1460 AEW 1100] [21060+5840 AE 1100]");
    assert_int_equal(t->wire.last.gso_size, 1460);
    assert_int_equal(t->wire.last.tos, 0x28 | TCP_ECN_ECT0);
    t_host_return(&t->host);
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_091_type_of_service),
        cmocka_unit_test(test_rfc_092_echo),
        cmocka_unit_test(test_forwarded_mark),
        cmocka_unit_test(test_super_segments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
