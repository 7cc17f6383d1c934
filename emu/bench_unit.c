/* SPDX-License-Identifier: MIT */
/*
 * The unit: memcpy() of 1460 bytes, and the Internet checksum of as many by the best loop there is
 * for the machine. Both over a working set that stays in the second-level cache.
 */
#include <string.h>
#include <time.h>

#include "bench.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    LEN = 1460,
    STRIDE = 1536 + 64, /* so that copies do not lie at equal offsets within a page */
    SLOTS = 32,
    TURNS = 4096,
};

double emu_bench_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static uint64_t sum_portable(const uint8_t *p, size_t len)
{
    uint64_t sum = 0;

    for (; len >= 4; len -= 4, p += 4) {
        uint32_t word;

        memcpy(&word, p, sizeof(word));
        sum += word;
    }
    return sum;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static uint64_t sum_avx2(const uint8_t *p, size_t len)
{
    const __m256i lower = _mm256_set1_epi64x(UINT32_MAX);
    __m256i a = _mm256_setzero_si256();
    __m256i b = _mm256_setzero_si256();
    uint64_t lanes[4];

    for (; len >= 32; len -= 32, p += 32) {
        const __m256i words = _mm256_loadu_si256((const __m256i *)(const void *)p);

        a = _mm256_add_epi64(a, _mm256_and_si256(words, lower));
        b = _mm256_add_epi64(b, _mm256_srli_epi64(words, 32));
    }
    _mm256_storeu_si256((__m256i *)(void *)lanes, _mm256_add_epi64(a, b));
    return lanes[0] + lanes[1] + lanes[2] + lanes[3] + sum_portable(p, len);
}
#endif

static uint64_t sum_best(const uint8_t *p, size_t len)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        return sum_avx2(p, len);
    }
#endif
    return sum_portable(p, len);
}

static double run(void *user)
{
    static _Thread_local uint8_t from[SLOTS * STRIDE];
    static _Thread_local uint8_t to[SLOTS * STRIDE + 64];
    static _Thread_local volatile uint64_t sink;
    const double begin = emu_bench_now();
    uint64_t sum = 0;

    (void)user;
    for (size_t i = 0; i < TURNS; ++i) {
        const size_t at = i % SLOTS * STRIDE;

        memcpy(to + at + 64, from + at, LEN);
        __asm__ volatile("" : : "r"(to) : "memory");
    }
    for (size_t i = 0; i < TURNS; ++i) {
        sum += sum_best(from + i % SLOTS * STRIDE, LEN);
    }
    sink = sum;
    (void)sink;
    return (emu_bench_now() - begin) / TURNS;
}

const struct emu_bench_peer emu_bench_peer_unit = {.name = "unit", .run = run};
