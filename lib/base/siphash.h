/* SPDX-License-Identifier: MIT */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * SipHash
 *
 * A keyed hash (Aumasson and Bernstein, 2012): who does not know the key cannot find inputs that
 * collide, so a peer cannot choose ports that fill one chain of a hash table. SipHash-2-4 is for
 * what leaves the machine, as initial sequence numbers do; SipHash-1-3 is faster and strong enough
 * for tables.
 */

/* A 128-bit key, as two little-endian halves of its bytes. */
struct base_siphash_key {
    uint64_t k0; /* bytes 0 to 7 */
    uint64_t k1; /* bytes 8 to 15 */
};

/*
 * base_siphash24() returns the SipHash-2-4 of the |len| bytes at |data| under |key|.
 */
uint64_t base_siphash24(const struct base_siphash_key *key, const void *data, size_t len);

/*
 * base_siphash13() returns the SipHash-1-3 of the |len| bytes at |data| under |key|.
 */
uint64_t base_siphash13(const struct base_siphash_key *key, const void *data, size_t len);

/*
 * base_siphash24_words() and base_siphash13_words() are the same constructions over |cnt| whole
 * words, without the length behind them: for inputs of one key which all have as many. They are not
 * those of the bytes.
 */
uint64_t base_siphash24_words(const struct base_siphash_key *key, const uint64_t *words,
                              size_t cnt);
uint64_t base_siphash13_words(const struct base_siphash_key *key, const uint64_t *words,
                              size_t cnt);

#endif
