/* SPDX-License-Identifier: MIT */
/* ICMP: echoes, path MTU, and messages that nobody should believe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/host_pair.h"
#include "support/host_stub.h"
#include "wire/bytes.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

static void init(struct t_stub *stub)
{
    t_stub_init(stub, NULL);
    t_stub_resolve(stub);
}

/* Echoes come back with their body, in both families. */
static void test_echo(void **state)
{
    struct t_stub stub;
    uint8_t body[100];

    (void)state;
    init(&stub);
    memset(body, 7, sizeof(body));
    for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2)) {
        const struct wire_icmp echo = {.family = family,
                                       .kind = WIRE_ICMP_ECHO_REQUEST,
                                       .id = 5,
                                       .seq = 6,
                                       .body = body,
                                       .body_len = sizeof(body)};
        const struct t_out *out;

        t_stub_arrive_icmp(&stub, &echo);
        out = t_stub_frame(&stub);
        assert_int_equal(out->icmp.kind, WIRE_ICMP_ECHO_REPLY);
        assert_int_equal(out->icmp.id, 5);
        assert_int_equal(out->icmp.seq, 6);
        assert_int_equal(out->icmp.body_len, sizeof(body));
        assert_memory_equal(out->icmp.body, body, sizeof(body));
    }
    t_stub_fini(&stub);
}

/* Lets "too big: |mtu|" arrive about the segment at |seq|. */
static void too_big(struct t_stub *stub, const struct t_seg *seg, uint32_t seq, uint32_t mtu)
{
    uint8_t quote[28];
    const struct wire_ipv4 ip = {.src = t_pair_addr(4, 1),
                                 .dst = t_pair_addr(4, 2),
                                 .payload_len = 1480,
                                 .ttl = 60,
                                 .proto = WIRE_PROTO_TCP};
    const struct wire_icmp icmp = {.family = 4,
                                   .kind = WIRE_ICMP_PACKET_BIG,
                                   .mtu = mtu,
                                   .body = quote,
                                   .body_len = sizeof(quote)};

    wire_ipv4_build(quote, sizeof(quote), &ip);
    wire_store_u16(quote + 20, seg->port);
    wire_store_u16(quote + 22, seg->peer_port);
    wire_store_u32(quote + 24, seq);
    t_stub_arrive_icmp(stub, &icmp);
}

/* A plausible message makes segments smaller, at once; an implausible one does nothing. */
static void test_path_mtu(void **state)
{
    static uint8_t data[3000];
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    toe_host_send(stub.host, conn, data, sizeof(data));
    t_stub_run(&stub, 0);
    assert_int_equal(t_stub_frame(&stub)->seg.payload_len, 1460);
    assert_int_equal(t_stub_frame(&stub)->seg.payload_len, 1460);
    stub.frame_head = stub.frame_cnt;
    too_big(&stub, &seg, seg.ack - 1, 1000);
    too_big(&stub, &seg, seg.ack + 100000, 1000);
    t_stub_expect_silence(&stub);
    assert_int_equal(t_stub_stats(&stub).drops[TOE_DROP_ICMP_IMPLAUSIBLE], 2);
    too_big(&stub, &seg, seg.ack, 1000);
    t_stub_expect_seg(&stub, TCP_ACK, seg.ack, 1001, 960);
    t_stub_fini(&stub);
}

/* A router that tells no MTU gets the next plateau; one that tells too little, the floor. */
static void test_path_mtu_odd(void **state)
{
    static uint8_t data[3000];
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    init(&stub);
    conn = t_stub_established(&stub, &seg);
    toe_host_send(stub.host, conn, data, sizeof(data));
    t_stub_run(&stub, 0);
    stub.frame_head = stub.frame_cnt;
    too_big(&stub, &seg, seg.ack, 0);
    assert_int_equal(t_stub_frame(&stub)->seg.payload_len, 1492 - 40);
    stub.frame_head = stub.frame_cnt;
    too_big(&stub, &seg, seg.ack, 1);
    assert_int_equal(t_stub_frame(&stub)->seg.payload_len, 552 - 40);
    t_stub_fini(&stub);
}

/* Unreachable ends an attempt to connect, but no connection. */
static void test_unreachable(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    uint8_t quote[28];
    const struct wire_ipv4 ip = {.src = t_pair_addr(4, 1),
                                 .dst = t_pair_addr(4, 2),
                                 .payload_len = 20,
                                 .ttl = 60,
                                 .proto = WIRE_PROTO_TCP};
    const struct wire_icmp icmp = {.family = 4,
                                   .kind = WIRE_ICMP_UNREACHABLE,
                                   .code = 3,
                                   .body = quote,
                                   .body_len = sizeof(quote)};
    const struct toe_addr dst = t_pair_addr(4, 2);
    const struct t_out *syn;
    toe_handle conn;

    (void)state;
    init(&stub);
    wire_ipv4_build(quote, sizeof(quote), &ip);
    conn = t_stub_established(&stub, &seg);
    toe_host_send(stub.host, conn, "x", 1);
    t_stub_run(&stub, 0);
    (void)t_stub_frame(&stub);
    wire_store_u16(quote + 20, seg.port);
    wire_store_u16(quote + 22, 80);
    wire_store_u32(quote + 24, seg.ack);
    t_stub_arrive_icmp(&stub, &icmp);
    t_stub_expect_no_event(&stub);

    (void)toe_host_connect(stub.host, NULL, 0, &dst, 81);
    t_stub_run(&stub, 0);
    syn = t_stub_frame(&stub);
    wire_store_u16(quote + 20, syn->seg.src_port);
    wire_store_u16(quote + 22, 81);
    wire_store_u32(quote + 24, syn->seg.seq.v);
    t_stub_arrive_icmp(&stub, &icmp);
    assert_int_equal(t_stub_event(&stub, TOE_HOST_RESET).status, TOE_STATUS_NOT_ACCEPTED);
    t_stub_fini(&stub);
}

/* About an offloaded connection the target is asked first; then its path is updated. */
static void test_path_mtu_offloaded(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op op;

    (void)state;
    init(&stub);
    (void)t_stub_offloaded(&stub, &seg, &copy);
    too_big(&stub, &seg, seg.ack + 10, 1000);
    op = t_stub_op(&stub, T_OP_QUERY);
    assert_int_equal(op.tree->type, TOE_BLOCK_TCP_DELEGATED);
    op.tree->status = TOE_STATUS_SUCCESS;
    op.tree->state.tcp->delegated = t_stub_delegated(&seg);
    op.tree->state.tcp->delegated.snd_max = seg.ack + 5;
    stub.up.query_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    assert_int_equal(t_stub_stats(&stub).drops[TOE_DROP_ICMP_IMPLAUSIBLE], 1);

    too_big(&stub, &seg, seg.ack + 10, 1000);
    op = t_stub_op(&stub, T_OP_QUERY);
    op.tree->status = TOE_STATUS_SUCCESS;
    op.tree->state.tcp->delegated = t_stub_delegated(&seg);
    op.tree->state.tcp->delegated.snd_max = seg.ack + 11;
    stub.up.query_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_UPDATE);
    assert_int_equal(op.tree->type, TOE_BLOCK_PATH4_CACHED);
    assert_int_equal(op.tree->state.path->cached.mtu, 1000);
    op.tree->status = TOE_STATUS_SUCCESS;
    stub.up.update_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_path_mtu),
        cmocka_unit_test(test_path_mtu_odd),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_path_mtu_offloaded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
