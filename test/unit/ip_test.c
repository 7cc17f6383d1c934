/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "support/guarded.h"
#include "wire/bytes.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

static const struct wire_ipv4 ipv4_full = {
    .src = {4, {192, 0, 2, 1}},
    .dst = {4, {198, 51, 100, 2}},
    .payload_len = 8,
    .id = 0x1234,
    .frag_off = 0,
    .tos = 0xb8,
    .ttl = 64,
    .proto = WIRE_PROTO_TCP,
    .df = true,
};

/* What is built is read back field by field, its checksum right, and each prefix is short. */
static void test_ipv4_round_trip(void **state)
{
    struct t_guarded g;
    struct wire_ipv4 ip;
    uint8_t packet[28] = {0};

    (void)state;
    t_guarded_init(&g, 64);
    assert_int_equal(wire_ipv4_build(packet, 19, &ipv4_full), WIRE_ERR_SHORT);
    assert_int_equal(wire_ipv4_build(packet, 20, &ipv4_full), 20);
    assert_int_equal(wire_ipv4_parse(&ip, t_guarded_copy(&g, packet, 28), 28), 20);
    assert_memory_equal(&ip.src, &ipv4_full.src, sizeof(ip.src));
    assert_memory_equal(&ip.dst, &ipv4_full.dst, sizeof(ip.dst));
    assert_int_equal(ip.payload_len, 8);
    assert_int_equal(ip.id, 0x1234);
    assert_int_equal(ip.tos, 0xb8);
    assert_int_equal(ip.ttl, 64);
    assert_int_equal(ip.proto, WIRE_PROTO_TCP);
    assert_true(ip.df && ip.csum_ok && !ip.mf && !ip.has_options && !wire_ipv4_is_fragment(&ip));
    for (size_t n = 0; n < 28; ++n) {
        const uint8_t *prefix = t_guarded_copy(&g, packet, n);

        assert_int_equal(wire_ipv4_parse(&ip, prefix, n), WIRE_ERR_SHORT);
        assert_int_equal(wire_ipv4_parse_quote(&ip, prefix, n), n < 20 ? WIRE_ERR_SHORT : 20);
    }
    t_guarded_fini(&g);
}

/* One field changed at a time. */
static void test_ipv4_variants(void **state)
{
    static const struct {
        const char *name;
        size_t off;
        uint8_t value;
        int want;
        bool csum_ok;
    } cases[] = {
        {"as built", 0, 0x45, 20, true},
        {"version 6", 0, 0x65, WIRE_ERR_MALFORMED, false},
        {"header of 16 bytes", 0, 0x44, WIRE_ERR_MALFORMED, false},
        {"header of 24 bytes", 0, 0x46, 24, false},
        {"header longer than the packet", 0, 0x48, WIRE_ERR_MALFORMED, false},
        {"total length below the header", 3, 19, WIRE_ERR_MALFORMED, false},
        {"total length above what is there", 3, 29, WIRE_ERR_SHORT, false},
        {"padding behind the packet", 3, 27, 20, false},
        {"checksum wrong", 10, 0, 20, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct wire_ipv4 ip;
        uint8_t packet[28] = {0};
        int got;

        wire_ipv4_build(packet, sizeof(packet), &ipv4_full);
        packet[cases[i].off] = cases[i].value;
        got = wire_ipv4_parse(&ip, packet, sizeof(packet));
        if (got != cases[i].want || (got > 0 && ip.csum_ok != cases[i].csum_ok) ||
            (got > 0 && ip.has_options != (got > 20))) {
            fail_msg("%s: got %d", cases[i].name, got);
        }
    }
}

/* Fragments, the first, a middle and the last one, survive the round trip. */
static void test_ipv4_fragments(void **state)
{
    static const struct {
        uint16_t frag_off;
        bool mf;
        bool want;
    } cases[] = {{0, true, true}, {1480, true, true}, {65528, false, true}, {0, false, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct wire_ipv4 in = ipv4_full;
        struct wire_ipv4 ip;
        uint8_t packet[28] = {0};

        in.df = false;
        in.mf = cases[i].mf;
        in.frag_off = cases[i].frag_off;
        wire_ipv4_build(packet, sizeof(packet), &in);
        assert_int_equal(wire_ipv4_parse(&ip, packet, sizeof(packet)), 20);
        assert_int_equal(ip.frag_off, cases[i].frag_off);
        assert_int_equal(ip.mf, cases[i].mf);
        assert_int_equal(wire_ipv4_is_fragment(&ip), cases[i].want);
        assert_true(ip.csum_ok && !ip.df);
    }
}

/* What is built is read back, and each prefix is short. */
static void test_ipv6_round_trip(void **state)
{
    const struct wire_ipv6 in = {
        .src = {6, {0x20, 1, 0xd, 0xb8, [15] = 1}},
        .dst = {6, {0x20, 1, 0xd, 0xb8, [15] = 2}},
        .flow_label = 0xabcde,
        .payload_len = 4,
        .traffic_class = 0x5a,
        .next_header = WIRE_PROTO_TCP,
        .hop_limit = 255,
    };
    struct t_guarded g;
    struct wire_ipv6 ip;
    uint8_t packet[44] = {0};

    (void)state;
    t_guarded_init(&g, 64);
    assert_int_equal(wire_ipv6_build(packet, 39, &in), WIRE_ERR_SHORT);
    assert_int_equal(wire_ipv6_build(packet, 40, &in), 40);
    assert_int_equal(wire_ipv6_parse(&ip, t_guarded_copy(&g, packet, 44), 44), 40);
    assert_memory_equal(&ip.src, &in.src, sizeof(ip.src));
    assert_memory_equal(&ip.dst, &in.dst, sizeof(ip.dst));
    assert_int_equal(ip.flow_label, 0xabcde);
    assert_int_equal(ip.payload_len, 4);
    assert_int_equal(ip.traffic_class, 0x5a);
    assert_int_equal(ip.next_header, WIRE_PROTO_TCP);
    assert_int_equal(ip.hop_limit, 255);
    for (size_t n = 0; n < 44; ++n) {
        const uint8_t *prefix = t_guarded_copy(&g, packet, n);

        assert_int_equal(wire_ipv6_parse(&ip, prefix, n), WIRE_ERR_SHORT);
        assert_int_equal(wire_ipv6_parse_quote(&ip, prefix, n), n < 40 ? WIRE_ERR_SHORT : 40);
    }
    packet[0] = 0x45;
    assert_int_equal(wire_ipv6_parse(&ip, packet, 44), WIRE_ERR_MALFORMED);
    t_guarded_fini(&g);
}

/* Chains of extension headers, whole and on each prefix. */
static void test_ipv6_walk(void **state)
{
    static const struct {
        const char *name;
        uint8_t first;
        uint8_t bytes[40];
        int len;
        uint8_t proto;
        bool has_ext, has_fragment;
    } cases[] = {
        {"TCP at once", 6, {0}, 0, 6, false, false},
        {"ESP is no chain", 50, {0}, 0, 50, false, false},
        {"hop-by-hop", 0, {6, 0}, 8, 6, true, false},
        {"routing of 24 bytes", 43, {6, 2}, 24, 6, true, false},
        {"first fragment", 44, {6, 99, 0, 1}, 8, 6, true, true},
        {"later fragment ends it", 44, {60, 0, 0, 8}, 8, 60, true, true},
        {"authentication of 16 bytes", 51, {6, 2}, 16, 6, true, false},
        {"options, fragment, options", 60, {44, 0, [8] = 60, [16] = 17}, 24, 17, true, true},
        {"no next header", 0, {59, 0}, 8, 59, true, false},
    };
    struct t_guarded g;

    (void)state;
    t_guarded_init(&g, 64);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const size_t len = (size_t)cases[i].len;
        struct wire_ipv6_chain chain;
        int got =
            wire_ipv6_walk(&chain, cases[i].first, t_guarded_copy(&g, cases[i].bytes, len), len);

        if (got != cases[i].len || chain.proto != cases[i].proto ||
            chain.has_ext != cases[i].has_ext || chain.has_fragment != cases[i].has_fragment) {
            fail_msg("%s: got %d", cases[i].name, got);
        }
        for (size_t n = 0; n < len; ++n) {
            got = wire_ipv6_walk(&chain, cases[i].first, t_guarded_copy(&g, cases[i].bytes, n), n);
            assert_int_equal(got, WIRE_ERR_SHORT);
        }
    }
    t_guarded_fini(&g);
}

/* Garbage of any length is read without leaving the buffer. */
static void test_ip_garbage(void **state)
{
    struct t_guarded g;
    struct base_rand r;

    (void)state;
    t_guarded_init(&g, 256);
    base_rand_init(&r, 4);
    for (int i = 0; i < 100000; ++i) {
        const size_t len = base_rand_below(&r, 100);
        uint8_t *p = t_guarded(&g, len);
        struct wire_ipv4 ipv4;
        struct wire_ipv6 ipv6;
        struct wire_ipv6_chain chain;

        for (size_t n = 0; n < len; ++n) {
            /* Small numbers are likely, so that chains and lengths make sense now and then. */
            p[n] = (uint8_t)(base_rand_u32(&r) >> (24 + base_rand_below(&r, 8)));
        }
        wire_ipv6_walk(&chain, (uint8_t)base_rand_below(&r, 64), p, len);
        if (len > 0) {
            p[0] = (uint8_t)(0x40 | (p[0] & 15));
        }
        wire_ipv4_parse(&ipv4, p, len);
        if (len > 0) {
            p[0] = 0x60;
        }
        wire_ipv6_parse(&ipv6, p, len);
    }
    t_guarded_fini(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4_round_trip), cmocka_unit_test(test_ipv4_variants),
        cmocka_unit_test(test_ipv4_fragments),  cmocka_unit_test(test_ipv6_round_trip),
        cmocka_unit_test(test_ipv6_walk),       cmocka_unit_test(test_ip_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
