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
#include "wire/icmp.h"
#include "wire/nd.h"

#define TARGET                                                                                     \
    {                                                                                              \
        0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0x56                              \
    }

static const struct wire_nd solicitation = {
    .type = WIRE_ND_SOLICITATION,
    .has_lladdr = true,
    .lladdr = {2, 0, 0, 0, 0, 1},
    .target = {6, TARGET},
};

static const struct wire_nd advertisement = {
    .type = WIRE_ND_ADVERTISEMENT,
    .is_router = true,
    .is_override = true,
    .target = {6, TARGET},
};

static bool nd_equal(const struct wire_nd *a, const struct wire_nd *b)
{
    return a->type == b->type && a->is_router == b->is_router &&
           a->is_solicited == b->is_solicited && a->is_override == b->is_override &&
           a->has_lladdr == b->has_lladdr && memcmp(a->lladdr, b->lladdr, 6) == 0 &&
           memcmp(&a->target, &b->target, sizeof(a->target)) == 0;
}

/* Both messages, with and without a link-layer address, survive the round trip; prefixes do not. */
static void test_nd_round_trip(void **state)
{
    struct wire_nd cases[4] = {solicitation, advertisement, solicitation, advertisement};
    struct t_guarded g;

    (void)state;
    cases[2].has_lladdr = false;
    memset(cases[2].lladdr, 0, 6);
    cases[3].has_lladdr = true;
    cases[3].is_solicited = true;
    t_guarded_init(&g, 64);
    for (size_t i = 0; i < 4; ++i) {
        const size_t len = cases[i].has_lladdr ? 32 : 24;
        uint8_t out[32];
        struct wire_nd got;

        assert_int_equal(wire_nd_build(out, len - 1, &cases[i]), WIRE_ERR_SHORT);
        assert_int_equal(wire_nd_build(out, len, &cases[i]), len);
        assert_int_equal(wire_nd_parse(&got, t_guarded_copy(&g, out, len), len), len);
        assert_true(nd_equal(&got, &cases[i]));
        for (size_t n = 0; n < len; ++n) {
            const int want = n < 24 ? WIRE_ERR_SHORT : n == 24 ? 24 : WIRE_ERR_MALFORMED;

            assert_int_equal(wire_nd_parse(&got, t_guarded_copy(&g, out, n), n), want);
        }
    }
    t_guarded_fini(&g);
}

/* The bytes of a solicitation, one changed at a time. */
static void test_nd_variants(void **state)
{
    static const struct {
        const char *name;
        size_t off;
        uint8_t value;
        int want;
        bool has_lladdr;
    } cases[] = {
        {"as built", 0, 135, 32, true},
        {"router solicitation", 0, 133, WIRE_ERR_MALFORMED, false},
        {"code 1", 1, 1, WIRE_ERR_MALFORMED, false},
        {"multicast target", 8, 0xff, WIRE_ERR_MALFORMED, false},
        {"an option it does not know", 24, 14, 32, false},
        {"the option of the other message", 24, 2, 32, false},
        {"option of length 0", 25, 0, WIRE_ERR_MALFORMED, false},
        {"option leaves the message", 25, 2, WIRE_ERR_MALFORMED, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct wire_nd nd;
        uint8_t out[32];
        int got;

        wire_nd_build(out, sizeof(out), &solicitation);
        out[cases[i].off] = cases[i].value;
        got = wire_nd_parse(&nd, out, sizeof(out));
        if (got != cases[i].want || nd.has_lladdr != cases[i].has_lladdr) {
            fail_msg("%s: got %d", cases[i].name, got);
        }
    }
}

/* A message is an ICMPv6 message: its checksum is set and verified as such. */
static void test_nd_checksum(void **state)
{
    const struct toe_addr src = {6, {0xfe, 0x80, [15] = 1}};
    const struct toe_addr dst = wire_nd_solicited_node(&solicitation.target);
    uint8_t out[32];

    (void)state;
    wire_nd_build(out, sizeof(out), &solicitation);
    wire_icmp_csum_set(out, sizeof(out), &src, &dst);
    assert_true(wire_icmp_csum_ok(out, sizeof(out), &src, &dst));
}

/* The solicited-node address and its Ethernet address are those of the RFCs. */
static void test_nd_multicast(void **state)
{
    static const uint8_t want_addr[16] = {0xff, 2, [11] = 1, [12] = 0xff, 0x12, 0x34, 0x56};
    static const uint8_t want_mac[6] = {0x33, 0x33, 0xff, 0x12, 0x34, 0x56};
    const struct toe_addr addr = wire_nd_solicited_node(&solicitation.target);
    uint8_t mac[6];

    (void)state;
    assert_int_equal(addr.family, 6);
    assert_memory_equal(addr.bytes, want_addr, 16);
    wire_nd_multicast_mac(mac, &addr);
    assert_memory_equal(mac, want_mac, 6);
}

/* Garbage behind a right header is read without leaving the buffer. */
static void test_nd_garbage(void **state)
{
    struct t_guarded g;
    struct base_rand r;

    (void)state;
    t_guarded_init(&g, 256);
    base_rand_init(&r, 4);
    for (int i = 0; i < 50000; ++i) {
        const size_t len = 24 + base_rand_below(&r, 100);
        uint8_t *p = t_guarded(&g, len);
        struct wire_nd nd;

        for (size_t n = 0; n < len; ++n) {
            p[n] = (uint8_t)base_rand_below(&r, 6);
        }
        p[0] = (uint8_t)(135 + base_rand_below(&r, 2));
        p[1] = 0;
        wire_nd_parse(&nd, p, len);
    }
    t_guarded_fini(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nd_round_trip), cmocka_unit_test(test_nd_variants),
        cmocka_unit_test(test_nd_checksum),   cmocka_unit_test(test_nd_multicast),
        cmocka_unit_test(test_nd_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
