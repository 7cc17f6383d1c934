/* SPDX-License-Identifier: MIT */
/*
 * Arrivals: the plain frames of a batch (wire/plain.h), on the shortest way to the engine.
 *
 * All frames of a batch are looked at before the first one is processed. So the memory that one
 * needs is on its way while others are looked at, and frames of one connection in a row are looked
 * up once.
 *
 * Text that goes right into a request is verified and copied there in one pass. A request is filled
 * as far as it says, so what lies behind that if the checksum turns out to be wrong is nothing yet.
 *
 * Full segments that follow each other in the batch and in the stream are given to the engine as
 * one: as many as it would acknowledge together anyhow, so that nobody can tell (TMR-022).
 */
#ifndef TARGET_ARRIVAL_H
#define TARGET_ARRIVAL_H

#include "toe/frame.h"
#include "wire/plain.h"

struct target_tcp;
struct toe_target;

/* What a frame turned out to be. */
struct target_arrival {
    struct wire_plain plain;
    bool is_plain;
    bool is_again;          /* of the connection of the plain one before it */
    uint64_t hash;          /* plain, and not again: see target/demux.h */
    struct target_tcp *tcp; /* plain: whose it is, or NULL */
};

/* target_arrivals_find() looks at |cnt| frames. */
void target_arrivals_find(struct toe_target *target, struct target_arrival *arrivals,
                          const struct toe_frame *frames, uint32_t cnt);

/*
 * target_arrivals_take() processes the first of |cnt| frames, which is plain, and perhaps more.
 * Returns how many; 0 if it is not the target's.
 */
uint32_t target_arrivals_take(struct toe_target *target, const struct target_arrival *arrivals,
                              const struct toe_frame *frames, uint32_t cnt);

#endif
