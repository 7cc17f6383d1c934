/* SPDX-License-Identifier: MIT */
#include "base/siphash.h"

/* The four words of state, named as in the paper. */
struct state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

/* One load, where the machine's order is that. */
static inline uint64_t load_le(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

/* The |len| bytes behind the last word, and the low byte of the length. */
static inline uint64_t load_tail(const uint8_t *p, size_t len, size_t total)
{
    uint64_t word = (uint64_t)total << 56;

    for (size_t i = 0; i < len; ++i) {
        word |= (uint64_t)p[i] << (8 * i);
    }
    return word;
}

static inline void rounds(struct state *s, int cnt)
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

static inline void take(struct state *s, uint64_t word, int c)
{
    s->v3 ^= word;
    rounds(s, c);
    s->v0 ^= word;
}

static inline struct state begin(const struct base_siphash_key *key)
{
    return (struct state){
        key->k0 ^ UINT64_C(0x736f6d6570736575), key->k1 ^ UINT64_C(0x646f72616e646f6d),
        key->k0 ^ UINT64_C(0x6c7967656e657261), key->k1 ^ UINT64_C(0x7465646279746573)};
}

static inline uint64_t end(struct state *s, int d)
{
    s->v2 ^= 0xff;
    rounds(s, d);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline uint64_t siphash(const struct base_siphash_key *key, const uint8_t *p, size_t len,
                               int c, int d)
{
    struct state s = begin(key);
    const size_t total = len;

    for (; len >= 8; p += 8, len -= 8) {
        take(&s, load_le(p), c);
    }
    take(&s, load_tail(p, len, total), c);
    return end(&s, d);
}

uint64_t base_siphash24(const struct base_siphash_key *key, const void *data, size_t len)
{
    return siphash(key, data, len, 2, 4);
}

uint64_t base_siphash13(const struct base_siphash_key *key, const void *data, size_t len)
{
    return siphash(key, data, len, 1, 3);
}

static inline uint64_t siphash_words(const struct base_siphash_key *key, const uint64_t *words,
                                     size_t cnt, int c, int d)
{
    struct state s = begin(key);

    for (size_t i = 0; i < cnt; ++i) {
        take(&s, words[i], c);
    }
    return end(&s, d);
}

uint64_t base_siphash24_words(const struct base_siphash_key *key, const uint64_t *words, size_t cnt)
{
    return siphash_words(key, words, cnt, 2, 4);
}

uint64_t base_siphash13_words(const struct base_siphash_key *key, const uint64_t *words, size_t cnt)
{
    /* IPv4's tuples are most of what is hashed: no loop. */
    if (cnt == 2) {
        return siphash_words(key, words, 2, 1, 3);
    }
    return siphash_words(key, words, cnt, 1, 3);
}
