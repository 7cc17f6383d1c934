/* SPDX-License-Identifier: MIT */
#include "inter/spread.h"

#include "base/list.h"
#include "base/mem.h"

/*
 * A tree for the team becomes a tree for each member that has to do with it, of blocks of our own.
 * A connection stands in the tree of its member only. A neighbor stands in those of all; a path
 * where there is something below it, and if there never was anything, at the first member. When a
 * connection comes to a member that lacks its path, or its neighbor, which the host has offloaded
 * long ago, the member is given that as a new one. Statuses are put together again when all have
 * answered; those of parents follow from what is below (LKR-3, PART-6), since a member has seen a
 * part of it only.
 *
 * Behind a first root that is a linker, and fails because all below it did, roots of other members
 * may have been attempted, as by a target that continues (PART-5).
 */

#define NO_PARENT UINT32_MAX
#define NO_HANDLE UINT64_MAX /* names nothing at any member: what the host's handle does */

static const size_t complete_off[SPREAD_KIND_CNT] = {
    [SPREAD_INITIATE] = offsetof(struct toe_host_ops, initiate_complete),
    [SPREAD_TERMINATE] = offsetof(struct toe_host_ops, terminate_complete),
    [SPREAD_UPDATE] = offsetof(struct toe_host_ops, update_complete),
    [SPREAD_QUERY] = offsetof(struct toe_host_ops, query_complete),
    [SPREAD_INVALIDATE] = offsetof(struct toe_host_ops, invalidate_complete),
};

static const size_t call_off[SPREAD_KIND_CNT] = {
    [SPREAD_INITIATE] = offsetof(struct toe_target_ops, initiate),
    [SPREAD_TERMINATE] = offsetof(struct toe_target_ops, terminate),
    [SPREAD_UPDATE] = offsetof(struct toe_target_ops, update),
    [SPREAD_QUERY] = offsetof(struct toe_target_ops, query),
    [SPREAD_INVALIDATE] = offsetof(struct toe_target_ops, invalidate),
};

typedef void (*tree_fn)(void *ctx, struct toe_block *tree);

static tree_fn fn_at(const void *table, size_t off)
{
    return *(const tree_fn *)((const char *)table + off);
}

/* --- the host's tree --- */

static uint32_t count(const struct toe_block *chain)
{
    uint32_t cnt = 0;

    for (const struct toe_block *b = chain; b != NULL; b = b->next) {
        cnt += 1 + count(b->dependent);
    }
    return cnt;
}

/* False: there is no memory for a new object. */
static bool take_down(struct spread_op *op, struct toe_block *chain, uint32_t parent)
{
    struct toe_inter_spread *s = op->spread;

    for (struct toe_block *b = chain; b != NULL; b = b->next) {
        const uint32_t i = op->cnt++;
        struct spread_node *node = &op->nodes[i];

        *node = (struct spread_node){
            .block = b,
            .role = toe_block_role(b),
            .layer = b->object != NULL ? toe_block_layer(b->type) : TOE_LAYER_NONE,
            .parent = parent,
        };
        if (node->layer != TOE_LAYER_NONE && node->role == TOE_ROLE_REFERENCE) {
            node->object = spread_object_get(s, *b->object, node->layer);
        } else if (node->layer != TOE_LAYER_NONE && op->kind == SPREAD_INITIATE) {
            node->object =
                spread_object_new(s, node, parent != NO_PARENT ? &op->nodes[parent] : NULL);
            if (node->object == NULL) {
                return false;
            }
        }
        if (node->object != NULL) {
            node->handle = base_slab_handle(&s->objects, node->object);
            node->member = node->object->member;
        }
        if (!take_down(op, b->dependent, i)) {
            return false;
        }
    }
    return true;
}

/* A host that asks twice, or too early, may have had the object terminated meanwhile. */
static void find_again(const struct spread_op *op, struct spread_node *node)
{
    if (node->object != NULL) {
        node->object = spread_object_get(op->spread, node->handle, node->layer);
    }
}

/* Objects of blocks that are new, and that no member has taken. */
static void forget_refused(struct spread_op *op)
{
    for (uint32_t i = 0; i < op->cnt; ++i) {
        struct spread_node *node = &op->nodes[i];

        if (node->role == TOE_ROLE_NEW && node->object != NULL &&
            !spread_object_is_anywhere(op->spread, node->object)) {
            spread_object_del(op->spread, node->object);
            node->object = NULL;
        }
    }
}

/* --- the members' trees --- */

/* What the block of a known object says at member |m|, where it may be missing. */
static void refer(const struct spread_op *op, struct spread_shade *shade,
                  const struct spread_node *node, uint32_t m)
{
    const struct spread_object *object = node->object;

    if (object == NULL || object->at[m] != 0) {
        shade->cell = object != NULL ? object->at[m] : NO_HANDLE;
    } else if (op->kind != SPREAD_INITIATE) {
        shade->block.object = NULL; /* only what is below it is meant */
    } else if (object->is_invalid) {
        shade->cell = NO_HANDLE;
    } else {
        spread_object_describe(op->spread, shade, object);
    }
}

/* Whether the members write the state of a neighbor into |block|; otherwise it may be anything. */
static bool is_answered_by_all(const struct spread_op *op, const struct toe_block *block)
{
    const bool is_delegated =
        block->type == TOE_BLOCK_NEIGHBOR || block->type == TOE_BLOCK_NEIGHBOR_DELEGATED;

    return block->object != NULL && block->state.neighbor != NULL &&
           toe_block_layer(block->type) == TOE_LAYER_NEIGHBOR &&
           (op->kind == SPREAD_QUERY || (op->kind == SPREAD_TERMINATE && is_delegated));
}

static void shade_block(struct spread_op *op, struct spread_shade *shade,
                        const struct spread_node *node, uint32_t m)
{
    const struct toe_neighbor_state *neighbor = node->block->state.neighbor;

    shade->op = op;
    shade->is_used = true;
    shade->block = *node->block;
    shade->block.next = NULL;
    if (node->role == TOE_ROLE_PLACEHOLDER) {
        return;
    }
    shade->block.object = &shade->cell;
    if (is_answered_by_all(op, node->block) && neighbor->size >= sizeof(*neighbor)) {
        shade->state.neighbor = *neighbor; /* each member writes its own answer */
        shade->block.state.neighbor = &shade->state.neighbor;
    }
    if (node->role == TOE_ROLE_REFERENCE) {
        refer(op, shade, node, m);
    }
}

/* False: a linker that will fail wherever it is resolved. */
static bool is_usable(const struct spread_op *op, const struct spread_node *node)
{
    return op->kind != SPREAD_INITIATE || node->role != TOE_ROLE_REFERENCE ||
           (node->object != NULL && !node->object->is_invalid);
}

/* Whether |node|, below which there is |below| for member |m|, concerns it. */
static bool is_for(const struct spread_op *op, const struct spread_node *node, uint32_t m,
                   const struct toe_block *below)
{
    if (node->layer == TOE_LAYER_TCP) {
        return node->member == m;
    }
    if (node == op->nodes && !is_usable(op, node)) {
        return true; /* a first root that fails is the end of the tree (PART-5) */
    }
    if (below != NULL) {
        return true;
    }
    if (node->role == TOE_ROLE_NEW && op->kind == SPREAD_INITIATE) {
        return node->layer == TOE_LAYER_NEIGHBOR || (node->block->dependent == NULL && m == 0);
    }
    if (node->object != NULL && op->kind != SPREAD_INITIATE) {
        return node->object->at[m] != 0;
    }
    return node->block->dependent == NULL && m == 0;
}

/* |idx| is the number of the chain's first node, and becomes that of the one behind the chain. */
static struct toe_block *shade_chain(struct spread_op *op, uint32_t m,
                                     const struct toe_block *chain, uint32_t *idx)
{
    struct toe_block *head = NULL;
    struct toe_block **link = &head;

    for (const struct toe_block *b = chain; b != NULL; b = b->next) {
        const uint32_t i = (*idx)++;
        struct spread_shade *shade = &op->shades[m * op->cnt + i];
        struct toe_block *below = shade_chain(op, m, b->dependent, idx);

        if (!is_for(op, &op->nodes[i], m, below)) {
            continue;
        }
        shade_block(op, shade, &op->nodes[i], m);
        shade->block.dependent = below;
        *link = &shade->block;
        link = &shade->block.next;
    }
    return head;
}

/* --- putting the answers together --- */

static const struct spread_shade *shade_of(const struct spread_op *op, uint32_t m, uint32_t i)
{
    return &op->shades[m * op->cnt + i];
}

/* The status that tells most: why it failed, if somebody says so. */
static toe_status status_of(const struct spread_op *op, uint32_t i)
{
    const bool is_initiate = op->kind == SPREAD_INITIATE;
    toe_status status =
        op->nodes[i].role == TOE_ROLE_PLACEHOLDER ? TOE_STATUS_SUCCESS : TOE_STATUS_FAILURE;
    bool is_first = true;

    for (uint32_t m = 0; m < op->spread->settings.member_cnt; ++m) {
        const struct spread_shade *shade = shade_of(op, m, i);

        if (!shade->is_used || (shade->block.object == NULL && op->nodes[i].object != NULL)) {
            continue;
        }
        if (is_first || (is_initiate && status == TOE_STATUS_FAILURE) ||
            (!is_initiate && toe_status_is_failure(shade->block.status))) {
            status = shade->block.status;
        }
        is_first = false;
    }
    return status;
}

/* Of a parent: |node| has counted what is below it. */
static toe_status status_above(const struct spread_op *op, uint32_t i)
{
    const struct spread_node *node = &op->nodes[i];
    const bool is_there =
        node->object != NULL && spread_object_is_anywhere(op->spread, node->object);

    if (node->role == TOE_ROLE_PLACEHOLDER) {
        return TOE_STATUS_SUCCESS;
    }
    if (node->role == TOE_ROLE_NEW && !is_there) {
        return status_of(op, i);
    }
    if (node->cnt == 0) {
        return is_there && node->role == TOE_ROLE_NEW ? TOE_STATUS_SUCCESS : status_of(op, i);
    }
    if (node->failed_cnt == 0) {
        return TOE_STATUS_SUCCESS;
    }
    return node->failed_cnt == node->cnt && node->role == TOE_ROLE_REFERENCE
               ? TOE_STATUS_FAILURE
               : TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS;
}

static void learn_handles(struct spread_op *op, uint32_t m)
{
    for (uint32_t i = 0; i < op->cnt; ++i) {
        const struct spread_shade *shade = shade_of(op, m, i);
        struct spread_node *node = &op->nodes[i];

        find_again(op, node);
        if (shade->is_used && node->object != NULL && shade->cell != 0 &&
            (shade->is_late || node->role == TOE_ROLE_NEW)) {
            node->object->at[m] = shade->cell;
        }
    }
}

static void settle_initiate(struct spread_op *op)
{
    for (uint32_t i = op->cnt; i-- > 0;) {
        struct spread_node *node = &op->nodes[i];
        struct toe_block *block = node->block;

        find_again(op, node);
        block->status = node->layer == TOE_LAYER_TCP ? status_of(op, i) : status_above(op, i);
        if (node->parent != NO_PARENT) {
            ++op->nodes[node->parent].cnt;
            op->nodes[node->parent].failed_cnt += toe_status_is_failure(block->status);
        }
        if (node->role != TOE_ROLE_NEW || node->object == NULL ||
            !spread_object_is_anywhere(op->spread, node->object)) {
            continue;
        }
        *block->object = base_slab_handle(&op->spread->objects, node->object);
        if (node->layer == TOE_LAYER_TCP) {
            block->send_chain = shade_of(op, node->member, i)->block.send_chain;
        }
    }
    forget_refused(op);
}

/* Neighbors: the whole answer of one member, and the reachability that is newest. */
static void settle_neighbor(const struct spread_op *op, uint32_t i)
{
    const struct toe_block *block = op->nodes[i].block;
    struct toe_neighbor_state *state = block->state.neighbor;
    bool is_first = true;

    if (!is_answered_by_all(op, block) || state->size < sizeof(*state)) {
        return;
    }
    for (uint32_t m = 0; m < op->spread->settings.member_cnt; ++m) {
        const struct spread_shade *shade = shade_of(op, m, i);
        const struct toe_neighbor_state *theirs = &shade->state.neighbor;

        if (!shade->is_used || shade->block.object == NULL ||
            shade->block.status != TOE_STATUS_SUCCESS) {
            continue;
        }
        if (is_first ||
            theirs->delegated.nic_reachability_delta < state->delegated.nic_reachability_delta) {
            *state = *theirs;
        }
        is_first = false;
    }
}

/* What a member let go of, with the buffers that it lent for good. */
static void settle_terminated(struct spread_op *op, uint32_t i)
{
    struct spread_node *node = &op->nodes[i];

    for (uint32_t m = 0; m < op->spread->settings.member_cnt; ++m) {
        const struct spread_shade *shade = shade_of(op, m, i);

        if (!shade->is_used || shade->block.object == NULL ||
            shade->block.status != TOE_STATUS_SUCCESS) {
            continue;
        }
        node->object->at[m] = 0;
        if (node->layer == TOE_LAYER_TCP) {
            node->block->send_chain = shade->block.send_chain;
            spread_lend_state(&op->spread->members[m], &shade->block);
        }
    }
    if (!spread_object_is_anywhere(op->spread, node->object)) {
        spread_object_del(op->spread, node->object);
    }
    node->object = NULL;
}

static void settle_other(struct spread_op *op)
{
    for (uint32_t i = 0; i < op->cnt; ++i) {
        struct spread_node *node = &op->nodes[i];
        const toe_status status = status_of(op, i);

        node->block->status = status;
        find_again(op, node);
        if (node->object == NULL) {
            continue;
        }
        if (node->layer == TOE_LAYER_NEIGHBOR) {
            settle_neighbor(op, i);
        }
        if (op->kind == SPREAD_TERMINATE) {
            settle_terminated(op, i);
        } else if (op->kind == SPREAD_UPDATE && status == TOE_STATUS_SUCCESS) {
            spread_object_update(op->spread, node->object, node->block);
        } else if (op->kind == SPREAD_INVALIDATE && status == TOE_STATUS_SUCCESS) {
            node->object->is_invalid = true;
        }
    }
}

static void finish(struct spread_op *op)
{
    struct toe_inter_spread *s = op->spread;
    struct toe_block *tree = op->tree;
    const tree_fn complete = fn_at(&s->pass.above_ops, complete_off[op->kind]);

    if (op->kind == SPREAD_INITIATE) {
        settle_initiate(op);
    } else {
        settle_other(op);
    }
    --s->under_way[op->kind];
    base_mem_free(&s->settings.mem, op, op->size);
    complete(s->pass.above, tree);
}

/*
 * When this upcall returns, the member begins to send and to indicate, of which the host must see
 * nothing before the completion (SND-069, RCV-061): so the others answer first, from within it. The
 * last answer may free the operation. Of its own upcalls the host sees none inside another.
 */
static void run_others(struct toe_inter_spread *s)
{
    for (uint32_t m = 0; m < s->settings.member_cnt; ++m) {
        spread_member_run(&s->members[m]);
    }
}

void spread_tree_answered(struct spread_member *member, struct toe_block *tree)
{
    struct spread_op *op = base_container_of(tree, struct spread_shade, block)->op;

    if (op->kind == SPREAD_INITIATE) {
        learn_handles(op, member->index);
    }
    if (--op->left == 0) {
        finish(op);
    } else if (op->kind == SPREAD_INITIATE) {
        run_others(op->spread);
    }
}

/* --- posting --- */

static struct spread_op *op_new(struct toe_inter_spread *s, enum spread_kind kind,
                                struct toe_block *tree)
{
    const size_t cnt = count(tree);
    const size_t shade_cnt = cnt * s->settings.member_cnt;
    const size_t size = sizeof(struct spread_op) + shade_cnt * sizeof(struct spread_shade) +
                        cnt * sizeof(struct spread_node);
    struct spread_op *op = base_mem_alloc(&s->settings.mem, size);

    if (op == NULL) {
        return NULL;
    }
    op->spread = s;
    op->kind = kind;
    op->tree = tree;
    op->size = size;
    op->shades = (struct spread_shade *)(op + 1);
    op->nodes = (struct spread_node *)(op->shades + shade_cnt);
    return op;
}

bool spread_tree_post(struct toe_inter_spread *s, enum spread_kind kind, struct toe_block *tree)
{
    struct spread_op *op = op_new(s, kind, tree);
    struct toe_block *roots[TOE_INTER_SPREAD_MEMBER_MAX];

    if (op == NULL) {
        return false;
    }
    if (!take_down(op, tree, NO_PARENT)) {
        forget_refused(op);
        base_mem_free(&s->settings.mem, op, op->size);
        return false;
    }
    for (uint32_t m = 0; m < s->settings.member_cnt; ++m) {
        uint32_t idx = 0;

        roots[m] = shade_chain(op, m, tree, &idx);
        op->left += roots[m] != NULL;
    }
    ++s->under_way[kind];
    for (uint32_t m = 0; m < s->settings.member_cnt; ++m) {
        if (roots[m] != NULL) {
            fn_at(&s->members[m].ops, call_off[kind])(s->members[m].target, roots[m]);
        }
    }
    return true;
}

static void fail(struct toe_block *block, toe_status status)
{
    const enum toe_block_role role = toe_block_role(block);

    block->status = role == TOE_ROLE_PLACEHOLDER ? TOE_STATUS_SUCCESS
                    : role == TOE_ROLE_NEW       ? status
                                                 : TOE_STATUS_FAILURE;
    for (struct toe_block *b = block->dependent; b != NULL; b = b->next) {
        fail(b, role == TOE_ROLE_NEW ? TOE_STATUS_FAILURE : status);
    }
}

void spread_tree_refuse(struct toe_inter_spread *s, struct toe_block *tree)
{
    fail(tree, TOE_STATUS_RESOURCES);
    for (struct toe_block *root = tree->next; root != NULL; root = root->next) {
        fail(root, toe_status_is_failure(tree->status) ? TOE_STATUS_FAILURE : TOE_STATUS_RESOURCES);
    }
    s->pass.above_ops.initiate_complete(s->pass.above, tree);
}
