/* SPDX-License-Identifier: MIT */
/*
 * The ordinary path: frames that are not for the target.
 *
 * What arrives and belongs to no offloaded connection goes up unchanged, in batches, in the order
 * of arrival. A connection that is on its way to the host may have to keep frames until the host
 * has it (SEG-045); those are copies, made outside the fast path, and go up after the completion.
 */
#ifndef TARGET_ORDINARY_H
#define TARGET_ORDINARY_H

#include "toe/frame.h"

struct target_tcp;
struct toe_target;

/* A frame that is kept. */
struct target_held {
    struct target_held *next;
    struct toe_frame frame; /* its data lie behind this structure */
};

#define TARGET_ORDINARY_MAX 64u

struct target_ordinary {
    struct toe_frame frames[TARGET_ORDINARY_MAX];
    uint32_t cnt;
    struct target_held *released; /* kept frames that are due, in order */
    struct target_held *released_last;
};

/* target_ordinary_push() adds |frame|, whose bytes stay valid until target_ordinary_flush(). */
void target_ordinary_push(struct toe_target *target, const struct toe_frame *frame);

/* target_ordinary_flush() passes up what was added. */
void target_ordinary_flush(struct toe_target *target);

/* target_ordinary_pass() passes up |cnt| frames, when nothing was added before them. */
void target_ordinary_pass(struct toe_target *target, const struct toe_frame *frames, uint32_t cnt);

/* target_held_push() keeps a copy of |frame| for |tcp|, if there is room for it (SEG-049). */
void target_held_push(struct toe_target *target, struct target_tcp *tcp,
                      const struct toe_frame *frame);

/* target_held_release() makes the frames that |tcp| keeps due. */
void target_held_release(struct toe_target *target, struct target_tcp *tcp);

/* target_held_flush() passes up what is due. */
void target_held_flush(struct toe_target *target);

/* target_held_drop() forgets a list of kept frames. */
void target_held_drop(struct toe_target *target, struct target_held *held);

#endif
