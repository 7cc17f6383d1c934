/* SPDX-License-Identifier: MIT */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Seeded random numbers
 *
 * xoshiro256**, its state filled from the seed by splitmix64. Equal seeds give equal numbers on
 * every machine; that is what makes a failing run repeatable. The numbers are good for simulation
 * and jitter and are not secret: who sees enough of them can predict the rest.
 */

/* A generator. May be copied; the copy then gives the same numbers. */
struct base_rand {
    uint64_t s[4]; /* never all zero */
};

/*
 * base_rand_init() starts |r| from |seed|, any value.
 */
void base_rand_init(struct base_rand *r, uint64_t seed);

/*
 * base_rand_u64() returns the next 64 random bits.
 */
uint64_t base_rand_u64(struct base_rand *r);

/*
 * base_rand_u32() returns 32 random bits.
 */
uint32_t base_rand_u32(struct base_rand *r);

/*
 * base_rand_below() returns a number from 0 to |n| - 1, all equally likely. |n| is not 0.
 */
uint64_t base_rand_below(struct base_rand *r, uint64_t n);

/*
 * base_rand_chance() is true in |num| of |den| cases. |den| is not 0; a |num| of |den| or more is
 * always true. It takes numbers from |r| also when the answer is certain, so that changing a
 * probability leaves the rest of a run alone where it can.
 */
bool base_rand_chance(struct base_rand *r, uint64_t num, uint64_t den);

/*
 * base_rand_fork() starts |out| as a stream of its own, decided by the state of |r|, which moves
 * on. Give each part of a simulation a fork, and one part's numbers do not depend on how many
 * another part takes.
 */
void base_rand_fork(struct base_rand *r, struct base_rand *out);

#endif
