/* SPDX-License-Identifier: MIT */
#include "target/lifecycle.h"

#include "base/assert.h"

#define MASK(state) (1u << (state))

/* The legal successors of each state. */
static const uint8_t successors[TARGET_STATE_CNT] = {
    [TARGET_INITIATING] = MASK(TARGET_OFFLOADED) | MASK(TARGET_GONE),
    [TARGET_OFFLOADED] = MASK(TARGET_INVALID) | MASK(TARGET_UPLOADING),
    [TARGET_INVALID] = MASK(TARGET_UPLOADING),
    [TARGET_UPLOADING] = MASK(TARGET_GONE),
    [TARGET_GONE] = 0,
};

bool target_lifecycle_can(enum target_state from, enum target_state to)
{
    return from < TARGET_STATE_CNT && to < TARGET_STATE_CNT && (successors[from] & MASK(to)) != 0;
}

void target_lifecycle_set(struct target_lifecycle *life, enum target_state next)
{
    toe_assert(target_lifecycle_can((enum target_state)life->state, next));

    life->state = (uint8_t)next;
}
