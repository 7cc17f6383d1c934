/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/guarded.h"
#include "wire/bytes.h"
#include "wire/icmp.h"

static const uint8_t body[] = {1, 2, 3, 4, 5, 6, 7};

/* Each kind in both families: type and code are the RFCs', and reading gives back what was built.
 */
static void test_icmp_kinds(void **state)
{
    static const struct {
        const char *name;
        uint8_t family;
        enum wire_icmp_kind kind;
        uint8_t code_in; /* given to build */
        uint8_t type, code;
        uint32_t mtu;
    } cases[] = {
        {"echo request", 4, WIRE_ICMP_ECHO_REQUEST, 0, 8, 0, 0},
        {"echo reply", 4, WIRE_ICMP_ECHO_REPLY, 0, 0, 0, 0},
        {"port unreachable", 4, WIRE_ICMP_UNREACHABLE, 3, 3, 3, 0},
        {"fragmentation needed", 4, WIRE_ICMP_PACKET_BIG, 0, 3, 4, 1400},
        {"fragmentation needed, no MTU", 4, WIRE_ICMP_PACKET_BIG, 0, 3, 4, 0},
        {"reassembly time exceeded", 4, WIRE_ICMP_TIME_EXCEEDED, 1, 11, 1, 0},
        {"v6 echo request", 6, WIRE_ICMP_ECHO_REQUEST, 0, 128, 0, 0},
        {"v6 echo reply", 6, WIRE_ICMP_ECHO_REPLY, 0, 129, 0, 0},
        {"v6 port unreachable", 6, WIRE_ICMP_UNREACHABLE, 4, 1, 4, 0},
        {"v6 packet too big", 6, WIRE_ICMP_PACKET_BIG, 0, 2, 0, 0x00011170},
        {"v6 hop limit exceeded", 6, WIRE_ICMP_TIME_EXCEEDED, 0, 3, 0, 0},
    };
    struct t_guarded g;

    (void)state;
    t_guarded_init(&g, 64);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const bool is_echo =
            cases[i].kind == WIRE_ICMP_ECHO_REQUEST || cases[i].kind == WIRE_ICMP_ECHO_REPLY;
        const struct wire_icmp in = {
            .family = cases[i].family,
            .kind = cases[i].kind,
            .code = cases[i].code_in,
            .id = is_echo ? 0x1234 : 0,
            .seq = is_echo ? 0x5678 : 0,
            .mtu = cases[i].mtu,
            .body = body,
            .body_len = sizeof(body),
        };
        struct wire_icmp got;
        uint8_t out[15];

        assert_int_equal(wire_icmp_build(out, 14, &in), WIRE_ERR_SHORT);
        assert_int_equal(wire_icmp_build(out, 15, &in), 15);
        assert_int_equal(wire_icmp_parse(&got, in.family, t_guarded_copy(&g, out, 15), 15), 8);
        if (out[0] != cases[i].type || out[1] != cases[i].code || got.kind != in.kind ||
            got.type != cases[i].type || got.code != cases[i].code || got.id != in.id ||
            got.seq != in.seq || got.mtu != in.mtu || got.body_len != sizeof(body)) {
            fail_msg("%s: not as built", cases[i].name);
        }
        assert_memory_equal(got.body, body, sizeof(body));
        for (size_t n = 0; n < 15; ++n) {
            const int len = wire_icmp_parse(&got, in.family, t_guarded_copy(&g, out, n), n);

            assert_int_equal(len, n < 8 ? WIRE_ERR_SHORT : 8);
            assert_int_equal(got.body_len, n < 8 ? 0 : n - 8);
        }
    }
    t_guarded_fini(&g);
}

/* A type nobody names here passes through as it is. */
static void test_icmp_other(void **state)
{
    const struct wire_icmp in = {.family = 6, .kind = WIRE_ICMP_OTHER, .type = 137, .code = 5};
    struct wire_icmp got;
    uint8_t out[8];

    (void)state;
    assert_int_equal(wire_icmp_build(out, 7, &in), WIRE_ERR_SHORT);
    assert_int_equal(wire_icmp_build(out, 8, &in), 8);
    assert_int_equal(wire_icmp_parse(&got, 6, out, 8), 8);
    assert_int_equal(got.kind, WIRE_ICMP_OTHER);
    assert_int_equal(got.type, 137);
    assert_int_equal(got.code, 5);
}

/* The checksum of a v4 message does not cover the addresses, that of a v6 message does. */
static void test_icmp_checksum(void **state)
{
    static const struct {
        uint8_t family;
        bool covers_addr;
    } cases[] = {{4, false}, {6, true}};

    (void)state;
    for (size_t i = 0; i < 2; ++i) {
        const struct wire_icmp in = {.family = cases[i].family,
                                     .kind = WIRE_ICMP_ECHO_REQUEST,
                                     .id = 7,
                                     .body = body,
                                     .body_len = sizeof(body)};
        const struct toe_addr src = {cases[i].family, {10, 0, 0, 1}};
        const struct toe_addr dst = {cases[i].family, {10, 0, 0, 2}};
        const struct toe_addr other = {cases[i].family, {10, 0, 0, 3}};
        uint8_t out[15];

        wire_icmp_build(out, sizeof(out), &in);
        assert_false(wire_icmp_csum_ok(out, sizeof(out), &src, &dst));
        wire_icmp_csum_set(out, sizeof(out), &src, &dst);
        assert_true(wire_icmp_csum_ok(out, sizeof(out), &src, &dst));
        wire_icmp_csum_set(out, sizeof(out), &src, &dst);
        assert_true(wire_icmp_csum_ok(out, sizeof(out), &src, &dst));
        assert_int_equal(wire_icmp_csum_ok(out, sizeof(out), &src, &other), !cases[i].covers_addr);
        out[9] ^= 1;
        assert_false(wire_icmp_csum_ok(out, sizeof(out), &src, &dst));
        for (size_t n = 0; n < 4; ++n) {
            assert_false(wire_icmp_csum_ok(out, n, &src, &dst));
        }
    }
}

/* An echo request whose checksum is worked out by hand. */
static void test_icmp_known_checksum(void **state)
{
    uint8_t ping[] = {0x08, 0x00, 0xf7, 0xfc, 0x00, 0x01, 0x00, 0x02};
    const struct toe_addr any = {4, {0}};

    (void)state;
    assert_true(wire_icmp_csum_ok(ping, sizeof(ping), &any, &any));
    wire_icmp_csum_set(ping, sizeof(ping), &any, &any);
    assert_int_equal(wire_load_u16(ping + 2), 0xf7fc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_icmp_kinds),
        cmocka_unit_test(test_icmp_other),
        cmocka_unit_test(test_icmp_checksum),
        cmocka_unit_test(test_icmp_known_checksum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
