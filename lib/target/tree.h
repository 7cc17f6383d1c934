/* SPDX-License-Identifier: MIT */
/*
 * Walking a tree of blocks.
 *
 * The order of a walk, and how the result of one block decides those of others, know nothing of
 * the objects themselves; so they stand here alone, and what is done to a block comes in as a
 * function. A chain of |next| may be of any length and is a loop; the depth is three and is a
 * recursion. What hangs below the third level breaks the rules of a tree and is failed by a walk
 * that needs no stack, however deep it goes.
 *
 * The layer of a block is its place in the tree. A placeholder's type says nothing; any other block
 * whose type contradicts its place gets FAILURE, and what hangs below it is not attempted (TREE-8).
 * The layer of the root is that of the first block that says one.
 */
#ifndef TARGET_TREE_H
#define TARGET_TREE_H

#include "toe/block.h"

/* How an initiate deals with a block. */
struct target_tree_initiate {
    void *ctx;
    bool continue_after_root_failure; /* PART-5 */
    /*
     * attempt() offloads the new |block| of |layer| and links it to |parent| (0: there is none).
     * On SUCCESS the handle of the object is in |handle|.
     */
    toe_status (*attempt)(void *ctx, toe_handle *handle, struct toe_block *block,
                          enum toe_layer layer, toe_handle parent);
    /* resolve() tells whether others may be linked to the object that the linker |block| names. */
    bool (*resolve)(void *ctx, const struct toe_block *block, enum toe_layer layer);
};

/*
 * target_tree_initiate() offers |tree|: depth first, then along the chain, with the statuses of
 * CONTROL 2.4. Handles are written into the blocks that succeed, as soon as they do.
 */
void target_tree_initiate(const struct target_tree_initiate *op, struct toe_block *tree);

enum target_tree_order {
    TARGET_TREE_PARENT_FIRST,
    TARGET_TREE_DEPENDENTS_FIRST,
};

/* How any other state operation deals with a block. */
struct target_tree_visit {
    void *ctx;
    enum target_tree_order order;
    /*
     * visit() does what is asked to the object that |block| refers to and returns its status.
     * |parent| is the block it hangs below, or NULL; it may be a placeholder.
     */
    toe_status (*visit)(void *ctx, struct toe_block *block, enum toe_layer layer,
                        const struct toe_block *parent);
};

/*
 * target_tree_visit() visits every reference in |tree|. Placeholders get SUCCESS (PLH-4), blocks
 * that refer to nothing FAILURE (CTX-7).
 */
void target_tree_visit(const struct target_tree_visit *op, struct toe_block *tree);

/* target_tree_fail() gives every block of |tree| its status as one that was not attempted. */
void target_tree_fail(struct toe_block *tree);

#endif
