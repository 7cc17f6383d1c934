/* SPDX-License-Identifier: MIT */
/* Options of one connection, in the host and below; and the engine's numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/host_pair.h"
#include "support/host_stub.h"

static struct toe_host_options options_of(struct t_stub *stub, toe_handle handle)
{
    struct toe_host_options options = {.size = sizeof(options)};

    assert_true(toe_host_options_get(stub->host, handle, &options));
    return options;
}

/* They begin as the settings say, and what makes no sense is refused. */
static void test_options_begin_as_settings(void **state)
{
    struct toe_host_settings settings;
    struct toe_host_options options = {.size = sizeof(options)};
    struct t_stub stub;
    toe_handle listener;

    (void)state;
    t_stub_settings(&settings);
    settings.snd_buf = 12345;
    settings.nagle = false;
    t_stub_init(&stub, &settings);
    listener = toe_host_listen(stub.host, NULL, 7, 1);
    options = options_of(&stub, listener);
    assert_int_equal(options.snd_buf, 12345);
    assert_false(options.nagle);
    assert_int_equal(options.mss, 0);
    assert_int_equal(options.ttl, 64);
    options.ttl = 0;
    assert_false(toe_host_options_set(stub.host, listener, &options));
    options.ttl = 64;
    options.snd_buf = 0;
    assert_false(toe_host_options_set(stub.host, listener, &options));
    assert_int_equal(options_of(&stub, listener).snd_buf, 12345);
    assert_false(toe_host_options_get(stub.host, listener + 1, &options));
    t_stub_fini(&stub);
}

/* A listener's options are those of what comes to it: MSS and window in the SYN. */
static void test_listener_brings_options(void **state)
{
    struct t_seg seg = {
        .port = 7, .peer_port = 99, .seq = 50, .flags = TCP_SYN, .wnd = 9000, .mss = 1460};
    struct toe_host_options options;
    const struct t_out *out;
    struct t_stub stub;
    toe_handle listener;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    listener = toe_host_listen(stub.host, NULL, 7, 1);
    options = options_of(&stub, listener);
    options.mss = 700;
    options.rcv_buf = 5000;
    assert_true(toe_host_options_set(stub.host, listener, &options));
    t_stub_arrive_seg(&stub, 4, &seg);
    out = t_stub_frame(&stub);
    assert_int_equal(out->seg.flags, TCP_SYN | TCP_ACK);
    assert_int_equal(out->seg.mss, 700);
    assert_int_equal(out->seg.wnd, 5000);
    t_stub_fini(&stub);
}

/* Set right after connect, they count for the SYN; later, for what follows. */
static void test_options_of_a_connection(void **state)
{
    const struct toe_addr dst = t_pair_addr(4, 2);
    struct toe_host_tcp_info info = {.size = sizeof(info)};
    struct toe_host_options options;
    const struct t_out *out;
    struct t_stub stub;
    toe_handle conn;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    conn = toe_host_connect(stub.host, NULL, 0, &dst, 80);
    options = options_of(&stub, conn);
    options.mss = 600;
    options.snd_buf = 1000;
    assert_true(toe_host_options_set(stub.host, conn, &options));
    t_stub_run(&stub, 0);
    out = t_stub_frame(&stub);
    assert_int_equal(out->seg.mss, 600);
    assert_true(toe_host_tcp_info(stub.host, conn, &info));
    assert_int_equal(info.state, TOE_TCP_SYN_SENT);
    assert_int_equal(info.adv_mss, 600);
    assert_int_equal(t_stub_info(&stub, conn).sendable, 1000);
    t_stub_fini(&stub);
}

/* The target is told what changes, and what it is given respects the MSS that is wanted. */
static void test_options_go_below(void **state)
{
    struct toe_host_tcp_info info = {.size = sizeof(info)};
    struct toe_host_options options;
    struct toe_block copy;
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op;
    toe_handle conn;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    conn = t_stub_established(&stub, &seg);
    options = options_of(&stub, conn);
    options.mss = 500;
    assert_true(toe_host_options_set(stub.host, conn, &options));
    op = t_stub_offload(&stub, conn);
    copy = *op.tree->dependent->dependent;
    assert_int_equal(copy.state.tcp->constant.remote_mss, 500);
    t_stub_accept(&stub, &op);
    t_stub_event(&stub, TOE_HOST_OFFLOADED);
    assert_false(toe_host_tcp_info(stub.host, conn, &info));

    options.keep_alive = true;
    options.ka_timeout = 1234;
    options.nagle = !options.nagle;
    assert_true(toe_host_options_set(stub.host, conn, &options));
    t_stub_run(&stub, 0);
    op = t_stub_op(&stub, T_OP_UPDATE);
    assert_int_equal(op.tree->type, TOE_BLOCK_TCP_CACHED);
    assert_int_equal(op.tree->state.tcp->cached.ka_timeout, 1234);
    assert_true((op.tree->state.tcp->cached.flags & TOE_TCP_KEEP_ALIVE) != 0);
    assert_int_equal((op.tree->state.tcp->cached.flags & TOE_TCP_NAGLE) != 0, options.nagle);
    t_stub_set_status(op.tree, TOE_STATUS_SUCCESS);
    stub.up.update_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    t_stub_expect_no_op(&stub);
    assert_int_equal(options_of(&stub, conn).ka_timeout, 1234);
    t_stub_fini(&stub);
}

/* RFC 9293, MUST-48 and MUST-49: both go into each segment, the SYN included, and below. */
static void test_ttl_and_traffic_class(void **state)
{
    struct toe_host_options options;
    const struct toe_addr dst = t_pair_addr(4, 2);
    const struct t_out *out;
    struct toe_block copy;
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    conn = toe_host_connect(stub.host, NULL, 0, &dst, 81);
    options = options_of(&stub, conn);
    options.ttl = 7;
    options.tos = 0xb8 | 1; /* expedited forwarding; the ECN field is not the application's */
    assert_true(toe_host_options_set(stub.host, conn, &options));
    assert_int_equal(options_of(&stub, conn).tos, 0xb8);
    t_stub_run(&stub, 0);
    out = t_stub_frame(&stub);
    assert_int_equal(out->hop_limit, 7);
    assert_int_equal(out->frame[WIRE_ETHER_LEN + 1], 0xb8);
    toe_host_abort(stub.host, conn);
    t_stub_run(&stub, 0);

    conn = t_stub_established(&stub, &seg);
    options = options_of(&stub, conn);
    options.ttl = 9;
    options.tos = 0x20;
    assert_true(toe_host_options_set(stub.host, conn, &options));
    toe_host_send(stub.host, conn, "x", 1);
    t_stub_run(&stub, 0);
    out = t_stub_frame(&stub);
    assert_int_equal(out->hop_limit, 9);
    assert_int_equal(out->frame[WIRE_ETHER_LEN + 1], 0x20);
    copy = *t_stub_offload(&stub, conn).tree->dependent->dependent;
    assert_int_equal(copy.state.tcp->cached.ttl, 9);
    assert_int_equal(copy.state.tcp->cached.tos, 0x20);
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_begin_as_settings),
        cmocka_unit_test(test_listener_brings_options),
        cmocka_unit_test(test_options_of_a_connection),
        cmocka_unit_test(test_options_go_below),
        cmocka_unit_test(test_ttl_and_traffic_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
