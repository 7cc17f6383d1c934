/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/siphash.h"

/* The key of the vectors: bytes 0 to 15. */
static const struct base_siphash_key key = {UINT64_C(0x0706050403020100),
                                            UINT64_C(0x0f0e0d0c0b0a0908)};

/* The authors' vectors: entry i is the hash of the bytes 0 to i - 1. The paper has the last. */
static void test_siphash24_vectors(void **state)
{
    static const uint64_t want[] = {
        UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd), UINT64_C(0x0d6c8009d9a94f5a),
        UINT64_C(0x85676696d7fb7e2d), UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
        UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137), UINT64_C(0x93f5f5799a932462),
        UINT64_C(0x9e0082df0ba9e4b0), UINT64_C(0x7a5dbbc594ddb9f3), UINT64_C(0xf4b32f46226bada7),
        UINT64_C(0x751e8fbc860ee5fb), UINT64_C(0x14ea5627c0843d90), UINT64_C(0xf723ca908e7af2ee),
        UINT64_C(0xa129ca6149be45e5)};
    uint8_t data[16];

    (void)state;
    for (uint8_t i = 0; i < 16; ++i) {
        assert_true(base_siphash24(&key, data, i) == want[i]);
        data[i] = i;
    }
}

/* Vectors of SipHash-1-3, as other implementations carry them. */
static void test_siphash13_vectors(void **state)
{
    static const uint64_t want[] = {UINT64_C(0xabac0158050fc4dc), UINT64_C(0xc9f49bf37d57ca93),
                                    UINT64_C(0x82cb9b024dc7d44d), UINT64_C(0x8bf80ab8e7ddf7fb)};
    uint8_t data[4];

    (void)state;
    for (uint8_t i = 0; i < 4; ++i) {
        assert_true(base_siphash13(&key, data, i) == want[i]);
        data[i] = i;
    }
}

/* Another key, another hash. */
static void test_siphash_depends_on_key(void **state)
{
    const struct base_siphash_key other = {key.k0 ^ 1, key.k1};

    (void)state;
    assert_true(base_siphash24(&key, "toe", 3) != base_siphash24(&other, "toe", 3));
    assert_true(base_siphash13(&key, "toe", 3) != base_siphash13(&other, "toe", 3));
}

/* Over words there is no length at the end: with it as the last word, it is that of the bytes. */
static void test_siphash_of_words(void **state)
{
    const uint64_t words[] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908),
                              UINT64_C(16) << 56};
    uint8_t data[16];

    (void)state;
    for (uint8_t i = 0; i < 16; ++i) {
        data[i] = i;
    }
    assert_true(base_siphash24_words(&key, words, 3) == base_siphash24(&key, data, 16));
    assert_true(base_siphash13_words(&key, words, 3) == base_siphash13(&key, data, 16));
    assert_true(base_siphash24_words(&key, words, 2) != base_siphash24_words(&key, words, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_siphash24_vectors),
        cmocka_unit_test(test_siphash13_vectors),
        cmocka_unit_test(test_siphash_depends_on_key),
        cmocka_unit_test(test_siphash_of_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
