/* SPDX-License-Identifier: MIT */
#ifndef WIRE_CHECKSUM_BLOCKS_H
#define WIRE_CHECKSUM_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The inner loops of the checksum: whole blocks, at any alignment
 *
 * There is a portable version, and one for a vector unit where the machine has one; the tests hold
 * them against each other. Sums are those of wire/checksum.h. The copying one reads each byte once
 * and sums what it writes.
 */

#define WIRE_CSUM_BLOCK_LEN 32u

struct wire_csum_blocks {
    const char *name;
    uint64_t (*sum)(uint64_t sum, const uint8_t *p, size_t cnt);
    uint64_t (*copy)(uint64_t sum, uint8_t *dst, const uint8_t *src, size_t cnt);
};

/* wire_csum_portable are the loops that every machine can run. */
extern const struct wire_csum_blocks wire_csum_portable;

/* wire_csum_vector() is the loops for this machine's vector unit, or NULL if it has none we know.
 */
const struct wire_csum_blocks *wire_csum_vector(void);

#endif
