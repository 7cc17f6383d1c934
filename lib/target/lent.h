/* SPDX-License-Identifier: MIT */
/*
 * Lent chunks: received bytes described for the host, and kept for it.
 *
 * The first chunk of an indication carries the buffer that describes it and those behind it. While
 * the host looks at it, the chunks stay in the receive queue; only when it accepts do they leave,
 * linked to the first, until the buffer comes back. A lent buffer belongs to the target and not to
 * a connection: it may come back when the connection is long gone (RCV-070).
 */
#ifndef TARGET_LENT_H
#define TARGET_LENT_H

#include "target/delivery.h"
#include "toe/buf.h"

struct base_slab;

/*
 * target_lent_build() describes the first bytes of |q|, which is not empty: |want| of them, or as
 * many as possible if that is 0, but not more than |most| unless that is 0 or one chunk is larger.
 */
struct target_chunk *target_lent_build(struct base_slab *chunks, struct tcp_recvq *q, uint32_t want,
                                       uint32_t most, const struct toe_bus *bus);

/*
 * target_lent_accept() takes the |len| bytes that target_lent_build() described out of |q|. |owes|
 * is the connection that acknowledges them when they come back, or 0.
 */
void target_lent_accept(struct tcp_recvq *q, uint32_t len, toe_handle owes);

/*
 * target_lent_take() lends all of |q|, a buffer a chunk, and returns their chain. |lent_cnt| grows
 * by their number.
 */
struct toe_buf *target_lent_take(struct tcp_recvq *q, const struct toe_bus *bus,
                                 uint32_t *lent_cnt);

/* target_lent_return() frees the chunks of the buffers of |chain| that are lent. */
void target_lent_return(struct base_slab *chunks, struct toe_buf *chain, uint32_t *lent_cnt);

/* target_lent_fini() frees all chunks, also those that the host still has. */
void target_lent_fini(struct base_slab *chunks);

#endif
