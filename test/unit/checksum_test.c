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
#include "wire/checksum.h"
#include "wire/checksum_blocks.h"

/* The checksum as RFC 1071 describes it, a byte at a time. */
static uint16_t naive(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; ++i) {
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static void fill(uint8_t *p, size_t len, struct base_rand *r)
{
    for (size_t i = 0; i < len; ++i) {
        p[i] = (uint8_t)base_rand_u32(r);
    }
}

/* The example of RFC 1071, section 3, and a header that is right. */
static void test_csum_known(void **state)
{
    static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    static const uint8_t header[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                     0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

    (void)state;
    assert_int_equal(wire_csum_seed(wire_csum_add(0, example, 8)), 0xddf2);
    assert_int_equal(wire_csum_fold(wire_csum_add(0, example, 8)), 0x220d);
    assert_int_equal(wire_csum_fold(wire_csum_add(0, header, 20)), 0);
    assert_int_equal(wire_csum_fold(0), 0xffff);
    assert_int_equal(wire_csum_fold(wire_csum_add(0, NULL, 0)), 0xffff);
}

/* Every length at every alignment agrees with the naive sum, and reads nothing behind its end. */
static void test_csum_lengths(void **state)
{
    struct t_guarded g;
    struct base_rand r;

    (void)state;
    t_guarded_init(&g, 4096);
    base_rand_init(&r, 1);
    for (size_t len = 0; len < 300; ++len) {
        uint8_t *p = t_guarded(&g, len);
        uint8_t copy[300 + 16];

        fill(p, len, &r);
        assert_int_equal(wire_csum_fold(wire_csum_add(0, p, len)), naive(p, len));
        memset(copy, 0xee, sizeof(copy));
        assert_int_equal(wire_csum_fold(wire_csum_copy(copy + len % 8, p, len, 0)), naive(p, len));
        assert_memory_equal(copy + len % 8, p, len);
        assert_int_equal(copy[len % 8 + len], 0xee);
    }
    t_guarded_fini(&g);
}

/* The largest input of ones, or of zeros, is where a carry would be lost. */
static void test_csum_carries(void **state)
{
    static uint8_t data[3 << 19];
    static uint8_t copy[sizeof(data)];

    (void)state;
    for (int byte = 0xff; byte >= 0; byte -= 0xff) {
        memset(data, byte, sizeof(data));
        for (size_t len = sizeof(data) - 40; len <= sizeof(data); ++len) {
            const uint16_t want = naive(data, len);

            assert_int_equal(wire_csum_fold(wire_csum_add(0, data, len)), want);
            if (byte != 0) { /* or what ones begin with would be all there is */
                assert_int_equal(wire_csum_fold(wire_csum_add(UINT64_MAX, data, len)), want);
            }
            assert_int_equal(wire_csum_fold(wire_csum_copy(copy, data, len, 0)), want);
        }
    }
}

/* A copy of many pieces is whole, and its sum that of the source. */
static void test_csum_copy_long(void **state)
{
    static uint8_t data[10000];
    static uint8_t copy[10000];
    struct base_rand r;

    (void)state;
    base_rand_init(&r, 3);
    fill(data, sizeof(data), &r);
    for (size_t len = 2040; len <= sizeof(data); len += 1 + base_rand_below(&r, 50)) {
        memset(copy, 0, sizeof(copy));
        assert_int_equal(wire_csum_fold(wire_csum_copy(copy, data, len, 0)), naive(data, len));
        assert_memory_equal(copy, data, len);
    }
}

/* The loops for the vector unit say the same as the portable ones, also where each word carries. */
static void test_csum_vector(void **state)
{
    const struct wire_csum_blocks *vector = wire_csum_vector();
    static uint8_t data[8192 + 32];
    static uint8_t copies[2][8192 + 32];
    struct base_rand r;

    (void)state;
    if (vector == NULL) {
        skip();
    }
    base_rand_init(&r, 4);
    for (int round = 0; round < 2000; ++round) {
        const size_t len = base_rand_below(&r, 8192 + 1);
        const size_t off = base_rand_below(&r, 32);
        const uint64_t first = round % 3 == 0 ? UINT64_MAX : base_rand_u64(&r);
        uint64_t want;

        fill(data, sizeof(data), &r);
        if (round % 2 == 0) {
            memset(data, round % 4 == 0 ? 0xff : 0, sizeof(data));
        }
        memset(copies, 0xee, sizeof(copies));
        want = wire_csum_portable.copy(first, copies[0] + off, data + off, len);
        assert_int_equal(wire_csum_fold(vector->copy(first, copies[1] + off, data + off, len)),
                         wire_csum_fold(want));
        assert_int_equal(wire_csum_fold(vector->sum(first, data + off, len)), wire_csum_fold(want));
        assert_int_equal(wire_csum_fold(wire_csum_portable.sum(first, data + off, len)),
                         wire_csum_fold(want));
        assert_memory_equal(copies[0], copies[1], sizeof(copies[0]));
    }
}

/* A stream cut anywhere, also at odd offsets, sums as if it were whole. */
static void test_csum_combine(void **state)
{
    uint8_t data[1000];
    uint8_t copy[1000];
    struct base_rand r;

    (void)state;
    base_rand_init(&r, 2);
    fill(data, sizeof(data), &r);
    for (int round = 0; round < 5000; ++round) {
        const size_t len = base_rand_below(&r, sizeof(data) + 1);
        uint64_t sum = 0;

        for (size_t off = 0; off < len;) {
            const size_t piece = 1 + base_rand_below(&r, len - off);

            sum = wire_csum_combine(sum, wire_csum_copy(copy + off, data + off, piece, 0), off);
            off += piece;
        }
        assert_int_equal(wire_csum_fold(sum), naive(data, len));
        assert_memory_equal(copy, data, len);
    }
}

/* The pseudo-header equals the bytes the RFCs draw. */
static void test_csum_pseudo(void **state)
{
    uint8_t drawn[40] = {192, 0, 2, 1, 198, 51, 100, 7, 0, 6, 0x12, 0x34};
    struct toe_addr src = wire_load_ipv4(drawn);
    struct toe_addr dst = wire_load_ipv4(drawn + 4);

    (void)state;
    assert_int_equal(wire_csum_fold(wire_csum_pseudo(&src, &dst, 6, 0x1234)), naive(drawn, 12));

    for (uint8_t i = 0; i < 32; ++i) {
        drawn[i] = (uint8_t)(i * 37 + 1);
    }
    wire_store_u32(drawn + 32, 0x00012345);
    wire_store_u32(drawn + 36, 58);
    src = wire_load_ipv6(drawn);
    dst = wire_load_ipv6(drawn + 16);
    assert_int_equal(wire_csum_fold(wire_csum_pseudo(&src, &dst, 58, 0x12345)), naive(drawn, 40));
}

/* A number added is as the same number in the data. */
static void test_csum_add_numbers(void **state)
{
    const uint8_t data[10] = {0xab, 0xcd, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf1};

    (void)state;
    assert_int_equal(wire_csum_fold(wire_csum_add_u32(wire_csum_add(0, data, 2), 0x12345678)),
                     naive(data, 6));
    assert_int_equal(
        wire_csum_fold(wire_csum_add_u64(wire_csum_add(0, data, 2), 0x123456789abcdef1)),
        naive(data, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csum_known),   cmocka_unit_test(test_csum_lengths),
        cmocka_unit_test(test_csum_carries), cmocka_unit_test(test_csum_copy_long),
        cmocka_unit_test(test_csum_vector),  cmocka_unit_test(test_csum_combine),
        cmocka_unit_test(test_csum_pseudo),  cmocka_unit_test(test_csum_add_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
