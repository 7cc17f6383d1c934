/* SPDX-License-Identifier: MIT */
/*
 * Chance from a seed: SplitMix64. The same seed draws the same numbers on every machine, which is
 * all that faults and test data need; nothing here is secret.
 */
#ifndef EMU_RANDOM_H
#define EMU_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct emu_random {
    uint64_t state; /* the seed, to begin with */
};

/* emu_random_next() draws 64 bits. */
static inline uint64_t emu_random_next(struct emu_random *random)
{
    uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* emu_random_below() draws a number below |bound|, which is not 0. */
static inline uint64_t emu_random_below(struct emu_random *random, uint64_t bound)
{
    return emu_random_next(random) % bound;
}

/* emu_random_chance() is true in |ppm| of a million cases. It always draws. */
static inline bool emu_random_chance(struct emu_random *random, uint32_t ppm)
{
    return emu_random_below(random, 1000000) < ppm;
}

#endif
