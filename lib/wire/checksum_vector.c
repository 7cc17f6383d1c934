/* SPDX-License-Identifier: MIT */
/*
 * The inner loops of the checksum for AVX2.
 *
 * The unit multiplies signed 16-bit words and adds the products in pairs, so that a sum of words
 * costs two instructions for a register of them. To be signed, words are taken less 2^15; what that
 * takes away is put back at the end. The last block is padded with zeros, so that less than four
 * bytes are left for the loops that every machine has.
 */
#include "wire/checksum.h"
#include "wire/checksum_blocks.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* What a lane of 32 bits has room for: each block adds 2^16 at most, up or down. */
#define LEN_MAX (16384u * WIRE_CSUM_BLOCK_LEN)

#define WORDS (WIRE_CSUM_BLOCK_LEN / 2)

/* Four blocks are taken in a turn, then the rest one by one. */
#define TURN (4 * WIRE_CSUM_BLOCK_LEN)

static inline AVX2 __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline AVX2 void store(uint8_t *p, __m256i words)
{
    _mm256_storeu_si256((__m256i *)(void *)p, words);
}

/* |words| less 2^15 each, added in pairs. */
static inline AVX2 __m256i pairs(__m256i words)
{
    const __m256i less = _mm256_xor_si256(words, _mm256_set1_epi16(INT16_MIN));

    return _mm256_madd_epi16(less, _mm256_set1_epi16(1));
}

/* Lanes that hold the first |len| bytes of a block, as far as they fill lanes. */
static inline AVX2 __m256i first_lanes(size_t len)
{
    static const int32_t edge[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

    return _mm256_loadu_si256((const __m256i *)(const void *)(edge + 8 - len / 4));
}

static inline AVX2 __m256i load_lanes(const uint8_t *p, __m256i lanes)
{
    return _mm256_maskload_epi32((const int *)(const void *)p, lanes);
}

static inline AVX2 void store_lanes(uint8_t *p, __m256i lanes, __m256i words)
{
    _mm256_maskstore_epi32((int *)(void *)p, lanes, words);
}

/* Returns |sum| plus |cnt| blocks, whose words, less 2^15 each, are in |lanes|. */
static inline AVX2 uint64_t finish(__m256i lanes, size_t cnt, uint64_t sum)
{
    const __m256i low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(lanes));
    const __m256i high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(lanes, 1));
    const __m256i all = _mm256_add_epi64(low, high);
    __m128i half = _mm_add_epi64(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));

    half = _mm_add_epi64(half, _mm_unpackhi_epi64(half, half));
    return wire_csum_add_around(sum, (uint64_t)_mm_cvtsi128_si64(half) + cnt * WORDS * 0x8000u);
}

/* |cnt| blocks at |p| and |rest| bytes behind them, as far as those fill lanes. */
static AVX2 uint64_t sum_blocks(uint64_t sum, const uint8_t *p, size_t cnt, size_t rest)
{
    __m256i lanes = _mm256_setzero_si256();

    for (size_t i = cnt / 4; i > 0; --i, p += TURN) {
        lanes = _mm256_add_epi32(lanes, pairs(load(p)));
        lanes = _mm256_add_epi32(lanes, pairs(load(p + 32)));
        lanes = _mm256_add_epi32(lanes, pairs(load(p + 64)));
        lanes = _mm256_add_epi32(lanes, pairs(load(p + 96)));
    }
    for (size_t i = cnt % 4; i > 0; --i, p += WIRE_CSUM_BLOCK_LEN) {
        lanes = _mm256_add_epi32(lanes, pairs(load(p)));
    }
    lanes = _mm256_add_epi32(lanes, pairs(load_lanes(p, first_lanes(rest))));
    return finish(lanes, cnt + 1, sum);
}

/* Copies a block and returns its pairs. */
static inline AVX2 __m256i pass(uint8_t *dst, const uint8_t *src)
{
    const __m256i words = load(src);

    store(dst, words);
    return pairs(words);
}

static AVX2 uint64_t copy_blocks(uint64_t sum, uint8_t *dst, const uint8_t *src, size_t cnt,
                                 size_t rest)
{
    const __m256i last = first_lanes(rest);
    __m256i lanes = _mm256_setzero_si256();
    __m256i words;

    for (size_t i = cnt / 4; i > 0; --i, src += TURN, dst += TURN) {
        lanes = _mm256_add_epi32(lanes, pass(dst, src));
        lanes = _mm256_add_epi32(lanes, pass(dst + 32, src + 32));
        lanes = _mm256_add_epi32(lanes, pass(dst + 64, src + 64));
        lanes = _mm256_add_epi32(lanes, pass(dst + 96, src + 96));
    }
    for (size_t i = cnt % 4; i > 0; --i, src += WIRE_CSUM_BLOCK_LEN, dst += WIRE_CSUM_BLOCK_LEN) {
        lanes = _mm256_add_epi32(lanes, pass(dst, src));
    }
    words = load_lanes(src, last);
    store_lanes(dst, last, words);
    lanes = _mm256_add_epi32(lanes, pairs(words));
    return finish(lanes, cnt + 1, sum);
}

static uint64_t sum_avx2(uint64_t sum, const uint8_t *p, size_t len)
{
    for (; len > LEN_MAX; len -= LEN_MAX, p += LEN_MAX) {
        sum = sum_blocks(sum, p, LEN_MAX / WIRE_CSUM_BLOCK_LEN, 0);
    }
    sum = sum_blocks(sum, p, len / WIRE_CSUM_BLOCK_LEN, len % WIRE_CSUM_BLOCK_LEN);
    return len % 4 == 0 ? sum : wire_csum_rest(sum, p + len / 4 * 4, len % 4);
}

static uint64_t copy_avx2(uint64_t sum, uint8_t *dst, const uint8_t *src, size_t len)
{
    for (; len > LEN_MAX; len -= LEN_MAX, src += LEN_MAX, dst += LEN_MAX) {
        sum = copy_blocks(sum, dst, src, LEN_MAX / WIRE_CSUM_BLOCK_LEN, 0);
    }
    sum = copy_blocks(sum, dst, src, len / WIRE_CSUM_BLOCK_LEN, len % WIRE_CSUM_BLOCK_LEN);
    if (len % 4 == 0) {
        return sum;
    }
    return wire_csum_copy_rest(sum, dst + len / 4 * 4, src + len / 4 * 4, len % 4);
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
