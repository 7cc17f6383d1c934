/* SPDX-License-Identifier: MIT */
/* Routes, addresses, paths, and numbers nobody can guess. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/addr.h"
#include "host/isn.h"
#include "host/neighbor.h"
#include "host/path.h"
#include "host/route.h"
#include "support/host_pair.h"
#include "support/host_stub.h"

static struct toe_addr v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (struct toe_addr){.family = 4, .bytes = {a, b, c, d}};
}

/* Subnets, at every length that can go wrong. */
static void test_within(void **state)
{
    static const struct {
        struct toe_addr addr, net;
        uint8_t len;
        bool want;
    } cases[] = {
        {{4, {10, 1, 2, 3}}, {4, {10, 1, 2, 9}}, 24, true},
        {{4, {10, 1, 3, 3}}, {4, {10, 1, 2, 9}}, 24, false},
        {{4, {10, 1, 3, 3}}, {4, {10, 1, 2, 9}}, 23, true},
        {{4, {10, 1, 3, 3}}, {4, {10, 1, 3, 3}}, 32, true},
        {{4, {10, 1, 3, 2}}, {4, {10, 1, 3, 3}}, 32, false},
        {{4, {10, 1, 3, 2}}, {4, {10, 1, 3, 3}}, 31, true},
        {{4, {200, 1, 3, 2}}, {4, {10, 1, 3, 3}}, 0, true},
        {{4, {200, 1, 3, 2}}, {6, {10, 1, 3, 3}}, 0, false},
        {{6, {0xfd, 1}}, {6, {0xfc}}, 7, true},
        {{6, {0xfe, 1}}, {6, {0xfc}}, 7, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        if (host_addr_is_within(&cases[i].addr, &cases[i].net, cases[i].len) != cases[i].want) {
            fail_msg("case %zu", i);
        }
    }
}

static void test_is_host(void **state)
{
    static const struct toe_addr not [] = {
        {4, {0, 0, 0, 0}},   {4, {127, 0, 0, 1}},
        {4, {224, 0, 0, 1}}, {4, {255, 255, 255, 255}},
        {4, {250, 1, 1, 1}}, {6, {0}},
        {6, {0xff, 2}},
    };
    struct toe_addr loop6 = {.family = 6};
    const struct toe_addr good = v4(10, 0, 0, 1);

    (void)state;
    for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); ++i) {
        assert_false(host_addr_is_host(&not [i]));
    }
    loop6.bytes[15] = 1;
    assert_false(host_addr_is_host(&loop6));
    loop6.bytes[15] = 2;
    assert_true(host_addr_is_host(&loop6));
    assert_true(host_addr_is_host(&good));
}

/* The longest prefix wins, whatever the order. */
static void test_longest_prefix(void **state)
{
    struct t_stub stub;
    const struct toe_addr gw1 = v4(10, 0, 0, 11), gw2 = v4(10, 0, 0, 12), gw3 = v4(10, 0, 0, 13);
    const struct toe_addr net16 = v4(192, 168, 0, 0), net24 = v4(192, 168, 7, 0);
    const struct toe_addr all = {.family = 4};
    const struct toe_addr a = v4(192, 168, 7, 5), b = v4(192, 168, 8, 5), c = v4(1, 2, 3, 4);
    const struct toe_addr d = v4(10, 0, 0, 99);
    const struct host_route *route;

    (void)state;
    t_stub_init(&stub, NULL);
    assert_null(host_route_find(stub.host, &c));
    assert_int_equal(toe_host_route_add(stub.host, 0, &all, 0, &gw3), 0);
    assert_int_equal(toe_host_route_add(stub.host, 0, &net24, 24, &gw2), 0);
    assert_int_equal(toe_host_route_add(stub.host, 0, &net16, 16, &gw1), 0);
    assert_int_equal(toe_host_route_add(stub.host, 0, &net16, 33, &gw1), -1);
    assert_int_equal(toe_host_route_add(stub.host, 1, &net16, 16, &gw1), -1);
    route = host_route_find(stub.host, &a);
    assert_true(host_addr_is_equal(host_route_next_hop(route, &a), &gw2));
    route = host_route_find(stub.host, &b);
    assert_true(host_addr_is_equal(host_route_next_hop(route, &b), &gw1));
    route = host_route_find(stub.host, &c);
    assert_true(host_addr_is_equal(host_route_next_hop(route, &c), &gw3));
    route = host_route_find(stub.host, &d);
    assert_true(host_addr_is_equal(host_route_next_hop(route, &d), &d));
    t_stub_fini(&stub);
}

/* Nobody can be reached at an address of our own, at a broadcast address, or without a route. */
static void test_unreachable(void **state)
{
    struct t_stub stub;
    const struct toe_addr bad[] = {v4(10, 0, 0, 1), v4(10, 0, 0, 255), v4(11, 0, 0, 1),
                                   v4(224, 0, 0, 5), v4(127, 0, 0, 1)};
    const struct toe_addr foreign = v4(10, 0, 0, 77), good = v4(10, 0, 0, 2);

    (void)state;
    t_stub_init(&stub, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        assert_int_equal(toe_host_connect(stub.host, NULL, 0, &bad[i], 80), 0);
    }
    assert_int_equal(toe_host_connect(stub.host, &foreign, 0, &good, 80), 0);
    assert_int_equal(toe_host_connect(stub.host, NULL, 0, &good, 0), 0);
    assert_int_not_equal(toe_host_connect(stub.host, NULL, 5000, &good, 80), 0);
    assert_int_equal(toe_host_connect(stub.host, NULL, 5000, &good, 80), 0);
    t_stub_fini(&stub);
}

/* For one tuple the number grows with the clock; for another it has nothing to do with it. */
static void test_isn(void **state)
{
    struct t_stub stub;
    const struct toe_addr local = v4(10, 0, 0, 1), remote = v4(10, 0, 0, 2);
    struct host_tuple tuple, other;
    toe_seq first, second;
    uint64_t secret;

    (void)state;
    t_stub_init(&stub, NULL);
    tuple = host_tuple_of(stub.host, &local, &remote, 1000, 80);
    other = host_tuple_of(stub.host, &local, &remote, 1001, 80);
    secret = host_secret(stub.host, &tuple);
    first = host_isn(stub.host, secret);
    assert_int_not_equal(host_isn(stub.host, host_secret(stub.host, &other)).v, first.v);
    assert_int_not_equal(host_ts_offset(host_secret(stub.host, &other)), host_ts_offset(secret));
    assert_int_not_equal(host_ts_offset(secret), (uint32_t)secret);
    t_stub_run(&stub, TOE_NS_PER_SEC);
    assert_true(host_secret(stub.host, &tuple) == secret);
    second = host_isn(stub.host, secret);
    assert_int_equal(toe_seq_off(second, first), 250000);
    t_stub_fini(&stub);
}

/* Ports differ, lie in the range, and those in use are stepped over. */
static void test_ports(void **state)
{
    struct t_stub stub;
    const struct toe_addr dst = v4(10, 0, 0, 2);
    static bool used[65536];

    (void)state;
    t_stub_init(&stub, NULL);
    memset(used, 0, sizeof(used));
    for (int i = 0; i < 500; ++i) {
        const toe_handle conn = toe_host_connect(stub.host, NULL, 0, &dst, 80);
        struct toe_host_conn_info info;

        assert_true(toe_host_conn_info(stub.host, conn, &info));
        assert_true(info.local_port >= 32768);
        assert_false(used[info.local_port]);
        used[info.local_port] = true;
    }
    t_stub_fini(&stub);
}

/* Connections of the same addresses share a path; its MTU has a floor. */
static void test_path(void **state)
{
    struct t_stub stub;
    const struct toe_addr remote = v4(10, 0, 0, 2);
    struct host_path *a, *b;

    (void)state;
    t_stub_init(&stub, NULL);
    a = host_path_get(stub.host, NULL, &remote);
    b = host_path_get(stub.host, &a->local, &remote);
    assert_ptr_equal(a, b);
    assert_int_equal(a->ref_cnt, 2);
    assert_int_equal(host_path_mss(a, a->mtu), 1460);
    assert_true(host_path_mtu_lower(a, 1000));
    assert_false(host_path_mtu_lower(a, 1400));
    assert_true(host_path_mtu_lower(a, 68));
    assert_int_equal(a->mtu, 552);
    host_path_unref(a);
    host_path_unref(b);
    t_stub_run(&stub, 601 * TOE_NS_PER_SEC);
    a = host_path_get(stub.host, NULL, &remote);
    assert_int_equal(a->mtu, 1500);
    host_path_unref(a);
    t_stub_fini(&stub);
}

/* What nobody uses any more is kept for a while, and makes room: paths and neighbors have limits.
 */
static void test_idle_ones_make_room(void **state)
{
    const struct toe_addr remote = v4(10, 0, 0, 2);
    const struct toe_addr far = v4(172, 16, 0, 0);
    const struct toe_addr gateway = v4(10, 0, 0, 9);
    struct t_stub stub;
    struct host_path *used;
    struct host_interface *interface;

    (void)state;
    t_stub_init(&stub, NULL);
    assert_int_equal(toe_host_route_add(stub.host, 0, &far, 16, &gateway), 0);
    used = host_path_get(stub.host, NULL, &remote);
    interface = host_path_interface(used);
    for (uint32_t i = 0; i < HOST_PATH_IDLE_MAX + 100; ++i) {
        const struct toe_addr other = v4(172, 16, (uint8_t)(i / 200), (uint8_t)(1 + i % 200));
        struct host_path *path = host_path_get(stub.host, NULL, &other);

        assert_non_null(path);
        host_path_unref(path);
        assert_true(stub.host->paths.cnt <= HOST_PATH_IDLE_MAX + 1);
    }
    for (uint32_t i = 0; i < HOST_NEIGHBOR_MAX + 100; ++i) {
        const struct toe_addr other = v4(10, 1, (uint8_t)(i >> 8), (uint8_t)i);

        assert_non_null(host_neighbor_get(interface, &other));
        assert_true(stub.host->neighbors.cnt <= HOST_NEIGHBOR_MAX);
    }
    assert_ptr_equal(host_path_get(stub.host, NULL, &remote), used);
    assert_ptr_equal(host_neighbor_find(interface, &remote), used->neighbor);
    host_path_unref(used);
    host_path_unref(used);
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_within),
        cmocka_unit_test(test_is_host),
        cmocka_unit_test(test_longest_prefix),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_isn),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_idle_ones_make_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
