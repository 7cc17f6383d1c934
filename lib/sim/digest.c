/* SPDX-License-Identifier: MIT */
#include "sim/digest.h"

#include <string.h>

/* Odd numbers without a pattern: the primes of xxHash64. */
#define PRIME1 UINT64_C(0x9e3779b185ebca87)
#define PRIME2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME3 UINT64_C(0x165667b19e3779f9)

/* Little-endian, whatever the machine; compilers make one load of it where it is one. */
static uint64_t load(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

static uint64_t load_tail(const uint8_t *p, size_t len)
{
    uint8_t tail[8] = {0};

    memcpy(tail, p, len);
    return load(tail);
}

static uint64_t step(uint64_t lane, uint64_t word)
{
    lane = (lane ^ word) * PRIME1;
    return lane ^ lane >> 32;
}

uint64_t sim_digest_mix(uint64_t digest, uint64_t value)
{
    digest = (digest ^ value * PRIME2) * PRIME3;
    return digest ^ digest >> 29;
}

/* Four lanes, because a multiplication has to wait for the one before it in its own lane only. */
uint64_t sim_digest_bytes(const uint8_t *data, size_t len)
{
    uint64_t lane0 = len;
    uint64_t lane1 = PRIME1;
    uint64_t lane2 = PRIME2;
    uint64_t lane3 = PRIME3;

    for (; len >= 32; data += 32, len -= 32) {
        lane0 = step(lane0, load(data));
        lane1 = step(lane1, load(data + 8));
        lane2 = step(lane2, load(data + 16));
        lane3 = step(lane3, load(data + 24));
    }
    for (; len >= 8; data += 8, len -= 8) {
        lane0 = step(lane0, load(data));
    }
    if (len > 0) {
        lane1 = step(lane1, load_tail(data, len));
    }
    return sim_digest_mix(sim_digest_mix(lane0, lane1), sim_digest_mix(lane2, lane3));
}
