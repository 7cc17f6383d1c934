/* SPDX-License-Identifier: MIT */
#include "base/siphash.h"

/* The four words of state, named as in the paper. */
struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotl(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

static uint64_t load_le(const uint8_t *p, size_t len)
{
    uint64_t v = 0;

    for (size_t i = 0; i < len; ++i) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

static void rounds(struct state *s, int cnt)
{
    for (int i = 0; i < cnt; ++i) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotl(s->v1, 13) ^ s->v0;
        s->v3 = rotl(s->v3, 16) ^ s->v2;
        s->v0 = rotl(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = rotl(s->v1, 17) ^ s->v2;
        s->v3 = rotl(s->v3, 21) ^ s->v0;
        s->v2 = rotl(s->v2, 32);
    }
}

static uint64_t siphash(const struct base_siphash_key *key, const uint8_t *p, size_t len, int c,
                        int d)
{
    struct state s = {
        key->k0 ^ UINT64_C(0x736f6d6570736575), key->k1 ^ UINT64_C(0x646f72616e646f6d),
        key->k0 ^ UINT64_C(0x6c7967656e657261), key->k1 ^ UINT64_C(0x7465646279746573)};
    uint64_t m = (uint64_t)len << 56;

    for (; len >= 8; p += 8, len -= 8) {
        const uint64_t word = load_le(p, 8);

        s.v3 ^= word;
        rounds(&s, c);
        s.v0 ^= word;
    }
    m |= load_le(p, len);
    s.v3 ^= m;
    rounds(&s, c);
    s.v0 ^= m;

    s.v2 ^= 0xff;
    rounds(&s, d);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t base_siphash24(const struct base_siphash_key *key, const void *data, size_t len)
{
    return siphash(key, data, len, 2, 4);
}

uint64_t base_siphash13(const struct base_siphash_key *key, const void *data, size_t len)
{
    return siphash(key, data, len, 1, 3);
}
