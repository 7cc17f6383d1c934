/* SPDX-License-Identifier: MIT */
#ifndef WIRE_RSS_H
#define WIRE_RSS_H

#include "toe/types.h"

#include <stdint.h>

/*
 * The receive-side-scaling hash
 *
 * A Toeplitz hash of addresses and ports as the receiver of a packet sees them, with a key that
 * host and target share. It decides on which target a connection lives; it is linear and therefore
 * not for tables that strangers may fill. The key is expanded once into what each half byte of the
 * input contributes, so that a hash costs a table look-up per half byte and not a step per bit.
 */

/* Sizes. */
enum {
    WIRE_RSS_KEY_LEN = 40,   /* bytes of a key */
    WIRE_RSS_INPUT_MAX = 36, /* bytes of the longest input: IPv6 addresses and ports */
};

/* A key, expanded. */
struct wire_rss {
    uint32_t nibble[WIRE_RSS_INPUT_MAX * 2][16]; /* by position, by value of the half byte */
};

/* The key that the verification suite, and many drivers, use. */
extern const uint8_t wire_rss_key_default[WIRE_RSS_KEY_LEN];

/*
 * wire_rss_init() expands |key| into |rss|.
 */
void wire_rss_init(struct wire_rss *rss, const uint8_t key[WIRE_RSS_KEY_LEN]);

/*
 * wire_rss_hash() returns the hash of a four-tuple, for a packet that came from |src| and
 * |src_port| and went to |dst| and |dst_port|. The addresses are of one family.
 */
uint32_t wire_rss_hash(const struct wire_rss *rss, const struct toe_addr *src,
                       const struct toe_addr *dst, uint16_t src_port, uint16_t dst_port);

/*
 * wire_rss_hash_addr() is wire_rss_hash() without the ports, for packets that have none.
 */
uint32_t wire_rss_hash_addr(const struct wire_rss *rss, const struct toe_addr *src,
                            const struct toe_addr *dst);

#endif
