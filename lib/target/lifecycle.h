/* SPDX-License-Identifier: MIT */
/*
 * The life of a state object: neighbor, path and TCP connection alike.
 *
 *     initiating -> offloaded -> uploading -> gone
 *                       |            ^
 *                       +-> invalid -+
 *
 * An object that fails to be initiated goes at once. Uploading begins with a terminate, or, for a
 * connection, with the request for one that the host cannot decline; whatever is posted from then
 * on is for the host to do. An object that is gone stays in memory until the completion that tells
 * the host so has returned, but no handle leads to it any more.
 */
#ifndef TARGET_LIFECYCLE_H
#define TARGET_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>

enum target_state {
    TARGET_INITIATING, /* zeroed memory */
    TARGET_OFFLOADED,
    TARGET_INVALID,   /* the host forbade its use; only a terminate follows */
    TARGET_UPLOADING, /* on its way back to the host */
    TARGET_GONE,
    TARGET_STATE_CNT,
};

/* Where an object stands; written by target_lifecycle_set() only. */
struct target_lifecycle {
    uint8_t state; /* enum target_state */
};

/* target_lifecycle_can() tells whether |from| may be followed by |to|. */
bool target_lifecycle_can(enum target_state from, enum target_state to);

/* target_lifecycle_set() moves |life| on to |next|, which must be a legal successor. */
void target_lifecycle_set(struct target_lifecycle *life, enum target_state next);

#endif
