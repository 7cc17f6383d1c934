/* SPDX-License-Identifier: MIT */
#ifndef TARGET_QUERY_H
#define TARGET_QUERY_H

struct toe_block;
struct toe_target;

/* target_query() fills in the state that |tree| asks for and completes (CONTROL 4.4). */
void target_query(struct toe_target *target, struct toe_block *tree);

#endif
