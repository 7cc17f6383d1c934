/* SPDX-License-Identifier: MIT */
/*
 * Terminate: objects go back to the host.
 *
 * Dependents are taken before what they depend on, so that counts are zero in time. Terminating is
 * not closing: nothing goes on the wire but acknowledgments that are owed, and those leave before
 * the completion (TRM-14, TRM-17). Every request is answered, every byte accounted for, then the
 * delegated state is written, then the completion is made, and only then objects are freed, and
 * frames that were kept for the host go up (CONTROL 3.2).
 */
#ifndef TARGET_TERMINATE_H
#define TARGET_TERMINATE_H

struct toe_block;
struct toe_target;

/*
 * target_terminate_begin() is called when a terminate of |tree| is posted. From then on no event is
 * made for its connections and no segment of theirs taken (EVT-009, SEG-066); all else waits for
 * target_terminate().
 */
void target_terminate_begin(struct toe_target *target, const struct toe_block *tree);

/* target_terminate() takes the objects in |tree| back and completes. */
void target_terminate(struct toe_target *target, struct toe_block *tree);

#endif
