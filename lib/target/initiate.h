/* SPDX-License-Identifier: MIT */
#ifndef TARGET_INITIATE_H
#define TARGET_INITIATE_H

#include "toe/types.h"

struct toe_block;
struct toe_target;

/*
 * target_initiate() offers the state in |tree| and completes (CONTROL 2). The request arrived at
 * |since|: what has passed is charged to the timers that it brings.
 */
void target_initiate(struct toe_target *target, struct toe_block *tree, toe_instant since);

/* target_path_mtu_is_sound() tells whether |mtu| is one that the family of |addr| allows. */
bool target_path_mtu_is_sound(const struct toe_addr *addr, uint32_t mtu);

#endif
