/* SPDX-License-Identifier: MIT */
#include "wire/rss.h"

#include "base/assert.h"

#include <string.h>

const uint8_t wire_rss_key_default[WIRE_RSS_KEY_LEN] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

/* Returns the 32 bits of |key| from bit |bit| on. */
static uint32_t key_window(const uint8_t *key, unsigned bit)
{
    uint64_t window = 0;

    for (unsigned i = 0; i < 5; ++i) {
        const unsigned pos = bit / 8 + i;

        window = window << 8 | (pos < WIRE_RSS_KEY_LEN ? key[pos] : 0u);
    }
    return (uint32_t)(window >> (8 - bit % 8));
}

void wire_rss_init(struct wire_rss *rss, const uint8_t key[WIRE_RSS_KEY_LEN])
{
    for (unsigned i = 0; i < WIRE_RSS_INPUT_MAX * 2; ++i) {
        for (unsigned value = 0; value < 16; ++value) {
            uint32_t hash = 0;

            for (unsigned bit = 0; bit < 4; ++bit) {
                if (value & (8u >> bit)) {
                    hash ^= key_window(key, 4 * i + bit);
                }
            }
            rss->nibble[i][value] = hash;
        }
    }
}

/* Returns what |len| bytes at |p|, at position |pos| of the input, contribute. */
static uint32_t hash_bytes(const struct wire_rss *rss, size_t pos, const uint8_t *p, size_t len)
{
    uint32_t hash = 0;

    for (size_t i = 0; i < len; ++i) {
        hash ^= rss->nibble[2 * (pos + i)][p[i] >> 4];
        hash ^= rss->nibble[2 * (pos + i) + 1][p[i] & 15];
    }
    return hash;
}

uint32_t wire_rss_hash_addr(const struct wire_rss *rss, const struct toe_addr *src,
                            const struct toe_addr *dst)
{
    const size_t len = src->family == 4 ? 4 : 16;

    toe_assert(src->family == dst->family);
    return hash_bytes(rss, 0, src->bytes, len) ^ hash_bytes(rss, len, dst->bytes, len);
}

uint32_t wire_rss_hash(const struct wire_rss *rss, const struct toe_addr *src,
                       const struct toe_addr *dst, uint16_t src_port, uint16_t dst_port)
{
    const uint8_t ports[4] = {(uint8_t)(src_port >> 8), (uint8_t)src_port, (uint8_t)(dst_port >> 8),
                              (uint8_t)dst_port};
    const size_t pos = src->family == 4 ? 8 : 32;

    return wire_rss_hash_addr(rss, src, dst) ^ hash_bytes(rss, pos, ports, sizeof(ports));
}
