/* SPDX-License-Identifier: MIT */
#ifndef TARGET_UPDATE_H
#define TARGET_UPDATE_H

struct toe_block;
struct toe_target;

/*
 * target_update_begin() notes which block of |tree| each object is to be updated by, when the host
 * calls: one that is being updated already, or still being offloaded, keeps what it has (SYN-3).
 */
void target_update_begin(struct toe_target *target, const struct toe_block *tree);

/* target_update() replaces cached state, links paths anew, and completes (CONTROL 4.1, 4.2). */
void target_update(struct toe_target *target, struct toe_block *tree);

#endif
