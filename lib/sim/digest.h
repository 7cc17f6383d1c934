/* SPDX-License-Identifier: MIT */
#ifndef SIM_DIGEST_H
#define SIM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/*
 * The digest of a run
 *
 * One number that two runs share if, and as good as only if, the same bytes crossed the same links
 * at the same instants. It is a chain of multiplications, fast enough to be always on, the same on
 * every machine, and no protection against anybody who wants a collision.
 */

/*
 * sim_digest_bytes() returns a number that stands for the |len| bytes at |data|.
 */
uint64_t sim_digest_bytes(const uint8_t *data, size_t len);

/*
 * sim_digest_mix() returns |digest| with |value| added to it, behind all that was added before.
 */
uint64_t sim_digest_mix(uint64_t digest, uint64_t value);

#endif
