/* SPDX-License-Identifier: MIT */
#ifndef TARGET_UPDATE_H
#define TARGET_UPDATE_H

struct toe_block;
struct toe_target;

/* target_update() replaces cached state, links paths anew, and completes (CONTROL 4.1, 4.2). */
void target_update(struct toe_target *target, struct toe_block *tree);

#endif
