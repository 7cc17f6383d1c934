/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/rss.h"

/* The verification suite of the receive-side-scaling documents, IPv4 and IPv6. */
static const struct {
    struct toe_addr src;
    struct toe_addr dst;
    uint16_t src_port;
    uint16_t dst_port;
    uint32_t addr_hash;
    uint32_t tcp_hash;
} cases[] = {
    {{4, {66, 9, 149, 187}}, {4, {161, 142, 100, 80}}, 2794, 1766, 0x323e8fc2, 0x51ccc178},
    {{4, {199, 92, 111, 2}}, {4, {65, 69, 140, 83}}, 14230, 4739, 0xd718262a, 0xc626b0ea},
    {{4, {24, 19, 198, 95}}, {4, {12, 22, 207, 184}}, 12898, 38024, 0xd2d0a5de, 0x5c2b394a},
    {{4, {38, 27, 205, 30}}, {4, {209, 142, 163, 6}}, 48228, 2217, 0x82989176, 0xafc7327f},
    {{4, {153, 39, 163, 191}}, {4, {202, 188, 127, 2}}, 44251, 1303, 0x5d1809c5, 0x10e828a2},
    {{6, {0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7}},
     {6, {0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1}},
     2794,
     1766,
     0x2cc18cd5,
     0x40207d3d},
    {{6, {0x3f, 0xfe, 0x05, 0x01, 0, 8, 0, 0, 0x02, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab}},
     {6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
     14230,
     4739,
     0x0f0c461c,
     0xdde51bbf},
    {{6, {0x3f, 0xfe, 0x19, 0, 0x45, 0x45, 0, 3, 0x02, 0, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf}},
     {6, {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf}},
     44251,
     38024,
     0x4b61e985,
     0x02d1feef},
};

/* Each vector, with ports and without. */
static void test_rss_vectors(void **state)
{
    struct wire_rss rss;

    (void)state;
    wire_rss_init(&rss, wire_rss_key_default);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        assert_int_equal(wire_rss_hash_addr(&rss, &cases[i].src, &cases[i].dst),
                         cases[i].addr_hash);
        assert_int_equal(
            wire_rss_hash(&rss, &cases[i].src, &cases[i].dst, cases[i].src_port, cases[i].dst_port),
            cases[i].tcp_hash);
    }
}

/* A key of zeros hashes everything to 0: nothing of an earlier key stays behind. */
static void test_rss_zero_key(void **state)
{
    static const uint8_t zero[WIRE_RSS_KEY_LEN];
    struct wire_rss rss;

    (void)state;
    wire_rss_init(&rss, wire_rss_key_default);
    wire_rss_init(&rss, zero);
    assert_int_equal(wire_rss_hash(&rss, &cases[0].src, &cases[0].dst, 1, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rss_vectors),
        cmocka_unit_test(test_rss_zero_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
