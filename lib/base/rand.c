/* SPDX-License-Identifier: MIT */
#include "base/rand.h"

#include "base/assert.h"

/* splitmix64 (Steele, Lea and Flood, 2014). Its outputs for a seed are never four zeros in a row.
 */
static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t rotl(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

void base_rand_init(struct base_rand *r, uint64_t seed)
{
    for (int i = 0; i < 4; ++i) {
        r->s[i] = splitmix(&seed);
    }
}

/* xoshiro256** 1.0 (Blackman and Vigna, 2018). */
uint64_t base_rand_u64(struct base_rand *r)
{
    const uint64_t result = rotl(r->s[1] * 5, 7) * 9;
    const uint64_t t = r->s[1] << 17;

    r->s[2] ^= r->s[0];
    r->s[3] ^= r->s[1];
    r->s[1] ^= r->s[2];
    r->s[0] ^= r->s[3];
    r->s[2] ^= t;
    r->s[3] = rotl(r->s[3], 45);
    return result;
}

uint32_t base_rand_u32(struct base_rand *r)
{
    return (uint32_t)(base_rand_u64(r) >> 32);
}

uint64_t base_rand_below(struct base_rand *r, uint64_t n)
{
    uint64_t v;
    uint64_t skip;

    toe_assert(n != 0);
    /* What is left over of 2^64 after whole runs of |n| would favour small numbers: skip it. */
    skip = (0 - n) % n;
    do {
        v = base_rand_u64(r);
    } while (v < skip);
    return v % n;
}

bool base_rand_chance(struct base_rand *r, uint64_t num, uint64_t den)
{
    return base_rand_below(r, den) < num;
}

void base_rand_fork(struct base_rand *r, struct base_rand *out)
{
    base_rand_init(out, base_rand_u64(r));
}
