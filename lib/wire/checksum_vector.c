/* SPDX-License-Identifier: MIT */
/*
 * The inner loops of the checksum for AVX2.
 *
 * Lanes of 64 bits have no carry to put back. So besides the sum of the words, modulo 2^64, the sum
 * of their upper halves is kept; the sum of the lower halves is what is left of the first. Neither
 * half can overflow before 2^32 words.
 */
#include "wire/checksum_blocks.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* Two registers of words that are being summed, and their upper halves. */
struct lanes {
    __m256i all[2];
    __m256i upper[2];
};

static inline AVX2 __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline AVX2 void store(uint8_t *p, __m256i words)
{
    _mm256_storeu_si256((__m256i *)(void *)p, words);
}

static inline AVX2 void take(struct lanes *lanes, int i, __m256i words)
{
    lanes->all[i] = _mm256_add_epi64(lanes->all[i], words);
    lanes->upper[i] = _mm256_add_epi64(lanes->upper[i], _mm256_srli_epi64(words, 32));
}

/* Returns |sum| plus what is in |lanes|. 2^32 is a power of 2^16, so its halves change places. */
static AVX2 uint64_t finish(const struct lanes *lanes, uint64_t sum)
{
    uint64_t all[4];
    uint64_t upper[4];

    _mm256_storeu_si256((__m256i *)(void *)all, _mm256_add_epi64(lanes->all[0], lanes->all[1]));
    _mm256_storeu_si256((__m256i *)(void *)upper,
                        _mm256_add_epi64(lanes->upper[0], lanes->upper[1]));
    for (int i = 0; i < 4; ++i) {
        sum = wire_csum_add_around(sum, all[i] - (upper[i] << 32));
        sum = wire_csum_add_around(sum, upper[i] << 32 | upper[i] >> 32);
    }
    return sum;
}

static AVX2 uint64_t sum_avx2(uint64_t sum, const uint8_t *p, size_t cnt)
{
    struct lanes lanes = {.all = {_mm256_setzero_si256(), _mm256_setzero_si256()}};

    for (; cnt > 0; --cnt, p += WIRE_CSUM_BLOCK_LEN) {
        take(&lanes, 0, load(p));
        take(&lanes, 1, load(p + 32));
    }
    return finish(&lanes, sum);
}

static AVX2 uint64_t copy_avx2(uint64_t sum, uint8_t *dst, const uint8_t *src, size_t cnt)
{
    struct lanes lanes = {.all = {_mm256_setzero_si256(), _mm256_setzero_si256()}};

    for (; cnt > 0; --cnt, src += WIRE_CSUM_BLOCK_LEN, dst += WIRE_CSUM_BLOCK_LEN) {
        const __m256i first = load(src);
        const __m256i second = load(src + 32);

        store(dst, first);
        store(dst + 32, second);
        take(&lanes, 0, first);
        take(&lanes, 1, second);
    }
    return finish(&lanes, sum);
}

const struct wire_csum_blocks *wire_csum_vector(void)
{
    static const struct wire_csum_blocks avx2 = {
        .name = "AVX2", .sum = sum_avx2, .copy = copy_avx2};

    return __builtin_cpu_supports("avx2") ? &avx2 : NULL;
}

#else

const struct wire_csum_blocks *wire_csum_vector(void)
{
    return NULL;
}

#endif
