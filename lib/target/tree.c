/* SPDX-License-Identifier: MIT */
#include "target/tree.h"

#include "base/assert.h"

/* How the blocks of one chain fared. */
struct tally {
    uint32_t cnt;
    uint32_t failed_cnt;
};

static bool is_placeholder(const struct toe_block *block)
{
    return toe_block_role(block) == TOE_ROLE_PLACEHOLDER;
}

static bool is_misplaced(const struct toe_block *block, enum toe_layer layer)
{
    return layer == TOE_LAYER_NONE ||
           (!is_placeholder(block) && toe_block_layer(block->type) != layer);
}

static enum toe_layer layer_below(enum toe_layer layer)
{
    return layer == TOE_LAYER_NEIGHBOR ? TOE_LAYER_PATH
           : layer == TOE_LAYER_PATH   ? TOE_LAYER_TCP
                                       : TOE_LAYER_NONE;
}

static enum toe_layer layer_above(enum toe_layer layer)
{
    return layer == TOE_LAYER_TCP ? TOE_LAYER_PATH : TOE_LAYER_NEIGHBOR;
}

/* The layer that the first block of |chain| to say one says, or NONE. */
static enum toe_layer layer_of_chain(const struct toe_block *chain)
{
    for (const struct toe_block *block = chain; block != NULL; block = block->next) {
        if (!is_placeholder(block) && toe_block_layer(block->type) != TOE_LAYER_NONE) {
            return toe_block_layer(block->type);
        }
    }
    return TOE_LAYER_NONE;
}

static enum toe_layer layer_of_root(const struct toe_block *tree)
{
    enum toe_layer layer = layer_of_chain(tree);

    if (layer != TOE_LAYER_NONE) {
        return layer;
    }
    for (const struct toe_block *block = tree; block != NULL; block = block->next) {
        layer = layer_of_chain(block->dependent);
        if (layer != TOE_LAYER_NONE) {
            return layer_above(layer);
        }
    }
    return TOE_LAYER_NEIGHBOR;
}

void target_tree_fail(struct toe_block *tree)
{
    struct toe_block *block = tree;

    if (tree == NULL) {
        return;
    }

    /* |target_data| remembers the way back up, so that no depth needs a stack. */
    tree->target_data[0] = 0;
    while (block != NULL) {
        block->status = is_placeholder(block) ? TOE_STATUS_SUCCESS : TOE_STATUS_FAILURE;
        if (block->dependent != NULL) {
            block->dependent->target_data[0] = (uintptr_t)block;
            block = block->dependent;
            continue;
        }
        while (block != NULL && block->next == NULL) {
            block = (struct toe_block *)(uintptr_t)block->target_data[0];
        }
        if (block != NULL) {
            block->next->target_data[0] = block->target_data[0];
            block = block->next;
        }
    }
}

/* |block| was not attempted: neither is anything below it. */
static void fail_branch(struct toe_block *block)
{
    block->status = is_placeholder(block) ? TOE_STATUS_SUCCESS : TOE_STATUS_FAILURE;
    target_tree_fail(block->dependent);
}

static struct tally initiate_chain(const struct target_tree_initiate *op, struct toe_block *chain,
                                   enum toe_layer layer, toe_handle parent);

/* LKR-3: a linker has no state of its own, its dependents alone decide. */
static toe_status linker_status(struct tally tally)
{
    if (tally.failed_cnt == 0) {
        return TOE_STATUS_SUCCESS;
    }
    return tally.failed_cnt == tally.cnt ? TOE_STATUS_FAILURE : TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS;
}

/* Returns false if |block| itself failed, whatever became of its dependents. */
static bool initiate_block(const struct target_tree_initiate *op, struct toe_block *block,
                           enum toe_layer layer, toe_handle parent)
{
    const enum toe_layer below = layer_below(layer);
    toe_handle handle = 0;
    struct tally tally;

    if (is_misplaced(block, layer)) {
        fail_branch(block);
        return false;
    }

    switch (toe_block_role(block)) {
    case TOE_ROLE_PLACEHOLDER:
        (void)initiate_chain(op, block->dependent, below, 0);
        block->status = TOE_STATUS_SUCCESS;
        return true;
    case TOE_ROLE_REFERENCE:
        if (!op->resolve(op->ctx, block, layer)) {
            fail_branch(block);
            return false;
        }
        tally = initiate_chain(op, block->dependent, below, *block->object);
        block->status = linker_status(tally);
        return true;
    case TOE_ROLE_NEW:
        block->status = op->attempt(op->ctx, &handle, block, layer, parent);
        if (toe_status_is_failure(block->status)) {
            target_tree_fail(block->dependent);
            return false;
        }
        toe_assert(handle != 0);
        *block->object = handle;
        tally = initiate_chain(op, block->dependent, below, handle);
        if (tally.failed_cnt > 0) {
            block->status = TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS;
        }
        return true;
    }
    return false;
}

static struct tally initiate_chain(const struct target_tree_initiate *op, struct toe_block *chain,
                                   enum toe_layer layer, toe_handle parent)
{
    struct tally tally = {0, 0};

    for (struct toe_block *block = chain; block != NULL; block = block->next) {
        (void)initiate_block(op, block, layer, parent);
        ++tally.cnt;
        tally.failed_cnt += toe_status_is_failure(block->status);
    }
    return tally;
}

void target_tree_initiate(const struct target_tree_initiate *op, struct toe_block *tree)
{
    const enum toe_layer layer = layer_of_root(tree);

    for (struct toe_block *block = tree; block != NULL; block = block->next) {
        const bool is_fine = initiate_block(op, block, layer, 0);

        if (!is_fine && block == tree && !op->continue_after_root_failure) {
            target_tree_fail(block->next);
            return;
        }
    }
}

static void visit_chain(const struct target_tree_visit *op, struct toe_block *chain,
                        enum toe_layer layer, const struct toe_block *parent);

static void visit_block(const struct target_tree_visit *op, struct toe_block *block,
                        enum toe_layer layer, const struct toe_block *parent)
{
    const enum toe_layer below = layer_below(layer);

    if (is_misplaced(block, layer)) {
        fail_branch(block);
        return;
    }

    if (op->order == TARGET_TREE_DEPENDENTS_FIRST) {
        visit_chain(op, block->dependent, below, block);
    }
    switch (toe_block_role(block)) {
    case TOE_ROLE_PLACEHOLDER:
        block->status = TOE_STATUS_SUCCESS;
        break;
    case TOE_ROLE_NEW:
        block->status = TOE_STATUS_FAILURE;
        break;
    case TOE_ROLE_REFERENCE:
        block->status = op->visit(op->ctx, block, layer, parent);
        break;
    }
    if (op->order == TARGET_TREE_PARENT_FIRST) {
        visit_chain(op, block->dependent, below, block);
    }
}

static void visit_chain(const struct target_tree_visit *op, struct toe_block *chain,
                        enum toe_layer layer, const struct toe_block *parent)
{
    for (struct toe_block *block = chain; block != NULL; block = block->next) {
        visit_block(op, block, layer, parent);
    }
}

void target_tree_visit(const struct target_tree_visit *op, struct toe_block *tree)
{
    visit_chain(op, tree, layer_of_root(tree), NULL);
}
