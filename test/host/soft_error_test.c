/* SPDX-License-Identifier: MIT */
/* Trouble that ends no connection (RFC 9293, MUST-47, SHLD-25): told to those who want to hear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/host_pair.h"
#include "support/host_stub.h"
#include "wire/bytes.h"
#include "wire/ipv4.h"

static void listen_to(struct t_stub *stub, toe_handle conn, bool soft_errors)
{
    struct toe_host_options options = {.size = sizeof(options)};

    assert_true(toe_host_options_get(stub->host, conn, &options));
    options.soft_errors = soft_errors;
    assert_true(toe_host_options_set(stub->host, conn, &options));
}

/* Lets a message of |kind| and |code| arrive about the segment at |seq| of |port|. */
static void arrive(struct t_stub *stub, enum wire_icmp_kind kind, uint8_t code, uint16_t port,
                   uint32_t seq)
{
    uint8_t quote[28];
    const struct wire_ipv4 ip = {.src = t_pair_addr(4, 1),
                                 .dst = t_pair_addr(4, 2),
                                 .payload_len = 20,
                                 .ttl = 60,
                                 .proto = WIRE_PROTO_TCP};
    const struct wire_icmp icmp = {
        .family = 4, .kind = kind, .code = code, .body = quote, .body_len = sizeof(quote)};

    wire_ipv4_build(quote, sizeof(quote), &ip);
    wire_store_u16(quote + 20, port);
    wire_store_u16(quote + 22, 80);
    wire_store_u32(quote + 24, seq);
    t_stub_arrive_icmp(stub, &icmp);
}

static void expect(struct t_stub *stub, toe_handle conn, enum toe_soft_error error)
{
    const struct toe_host_event event = t_stub_event(stub, TOE_HOST_SOFT_ERROR);

    assert_int_equal(event.conn, conn);
    assert_int_equal(event.reason, error);
}

/* What a router says about a segment in flight; what it says of any other one is nobody's. */
static void test_messages(void **state)
{
    static const struct {
        enum wire_icmp_kind kind;
        uint8_t code;
        enum toe_soft_error error;
    } rows[] = {
        {WIRE_ICMP_UNREACHABLE, 0, TOE_SOFT_ERROR_UNREACHABLE},
        {WIRE_ICMP_UNREACHABLE, 1, TOE_SOFT_ERROR_UNREACHABLE},
        {WIRE_ICMP_UNREACHABLE, 3, TOE_SOFT_ERROR_REFUSED},
        {WIRE_ICMP_UNREACHABLE, 13, TOE_SOFT_ERROR_PROHIBITED},
        {WIRE_ICMP_TIME_EXCEEDED, 0, TOE_SOFT_ERROR_HOP_LIMIT},
    };
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    conn = t_stub_established(&stub, &seg);
    toe_host_send(stub.host, conn, "x", 1);
    t_stub_run(&stub, 0);
    arrive(&stub, WIRE_ICMP_UNREACHABLE, 0, seg.port, seg.ack);
    t_stub_expect_no_event(&stub);

    listen_to(&stub, conn, true);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        arrive(&stub, rows[i].kind, rows[i].code, seg.port, seg.ack);
        expect(&stub, conn, rows[i].error);
    }
    arrive(&stub, WIRE_ICMP_UNREACHABLE, 0, seg.port, seg.ack + 1);
    arrive(&stub, WIRE_ICMP_UNREACHABLE, 0, seg.port, seg.ack - 1);
    t_stub_expect_no_event(&stub);
    assert_int_equal(t_stub_stats(&stub).drops[TOE_DROP_ICMP_IMPLAUSIBLE], 2);
    t_stub_fini(&stub);
}

/* An attempt to connect goes on where the message is not final, and the application knows. */
static void test_while_connecting(void **state)
{
    const struct toe_addr dst = t_pair_addr(4, 2);
    const struct t_out *syn;
    struct t_stub stub;
    toe_handle conn;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    conn = toe_host_connect(stub.host, NULL, 0, &dst, 80);
    listen_to(&stub, conn, true);
    t_stub_run(&stub, 0);
    syn = t_stub_frame(&stub);
    arrive(&stub, WIRE_ICMP_UNREACHABLE, 0, syn->seg.src_port, syn->seg.seq.v);
    expect(&stub, conn, TOE_SOFT_ERROR_UNREACHABLE);
    t_stub_run(&stub, 2 * TOE_NS_PER_SEC);
    assert_int_equal(t_stub_frame(&stub)->seg.flags & TCP_SYN, TCP_SYN);
    t_stub_fini(&stub);
}

/* About an offloaded connection the target is asked what is in flight. */
static void test_offloaded(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct toe_block copy;
    struct t_op op;
    toe_handle conn;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    conn = t_stub_offloaded(&stub, &seg, &copy);
    listen_to(&stub, conn, true);
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_UPDATE);
    op.tree->status = TOE_STATUS_SUCCESS;
    stub.up.update_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    for (uint32_t in_flight = 0; in_flight < 2; ++in_flight) {
        arrive(&stub, WIRE_ICMP_UNREACHABLE, 1, seg.port, seg.ack);
        op = t_stub_op(&stub, T_OP_QUERY);
        op.tree->status = TOE_STATUS_SUCCESS;
        op.tree->state.tcp->delegated = t_stub_delegated(&seg);
        op.tree->state.tcp->delegated.snd_max = seg.ack + in_flight;
        stub.up.query_complete(stub.user, op.tree);
        t_stub_run(&stub, 0);
        if (in_flight > 0) {
            expect(&stub, conn, TOE_SOFT_ERROR_UNREACHABLE);
        }
        t_stub_expect_no_event(&stub);
    }
    t_stub_fini(&stub);
}

/* Three retransmissions are R1: the application is told once, long before R2 ends it. */
static void test_retransmissions(void **state)
{
    uint32_t left = 0;
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    conn = t_stub_established(&stub, &seg);
    listen_to(&stub, conn, true);
    toe_host_send(stub.host, conn, "x", 1);
    while (left < 4) {
        t_stub_expect_no_event(&stub);
        t_stub_run(&stub, 100 * TOE_NS_PER_MS);
        while (stub.frame_head != stub.frame_cnt) {
            left += t_stub_frame(&stub)->seg.payload_len == 1;
        }
    }
    expect(&stub, conn, TOE_SOFT_ERROR_RETRANSMITTING);
    t_stub_run(&stub, 5 * TOE_NS_PER_SEC);
    t_stub_expect_no_event(&stub);
    t_stub_fini(&stub);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(toe_soft_error_name(TOE_SOFT_ERROR_HOP_LIMIT), "hop limit");
    assert_null(toe_soft_error_name(TOE_SOFT_ERROR_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),  cmocka_unit_test(test_while_connecting),
        cmocka_unit_test(test_offloaded), cmocka_unit_test(test_retransmissions),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
