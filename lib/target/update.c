/* SPDX-License-Identifier: MIT */
#include "target/update.h"

#include "target/initiate.h"
#include "target/instance.h"
#include "target/invalidate.h"
#include "target/object.h"
#include "target/reach.h"
#include "target/tree.h"
#include "tcp/engine.h"

#include <string.h>

/*
 * A block that carries a cached class brings new values for it; any other is a pure reference,
 * which only gives the tree its shape (UPD-4). A path below a reference to a neighbor is linked to
 * it. All of a block is checked before any of it is done (UPD-8).
 */

static bool has_neighbor_cached(const struct toe_block *block)
{
    return (block->type == TOE_BLOCK_NEIGHBOR || block->type == TOE_BLOCK_NEIGHBOR_CACHED) &&
           block->state.neighbor != NULL;
}

static toe_status update_neighbor(struct toe_target *target, const struct toe_block *block)
{
    struct target_neighbor *neighbor = target_neighbor_get(target, *block->object);
    const struct toe_neighbor_state *state = block->state.neighbor;

    if (neighbor == NULL || neighbor->life.state != TARGET_OFFLOADED) {
        return TOE_STATUS_FAILURE; /* SYN-3 */
    }
    if (!has_neighbor_cached(block)) {
        return TOE_STATUS_SUCCESS;
    }
    if (state->size < sizeof(*state)) {
        return TOE_STATUS_FAILURE;
    }
    target_egress_flush(target); /* what is built already carries the old address */
    memcpy(neighbor->dst_mac, state->cached.dst_mac, TOE_MAC_LEN);
    target_egress_forget(&target->egress);
    target_reach_host_set(target, neighbor, state->cached.host_reachability_delta);
    return TOE_STATUS_SUCCESS;
}

static bool has_path_cached(const struct toe_block *block)
{
    switch (block->type) {
    case TOE_BLOCK_PATH4:
    case TOE_BLOCK_PATH4_CACHED:
    case TOE_BLOCK_PATH6:
    case TOE_BLOCK_PATH6_CACHED:
        return block->state.path != NULL;
    default:
        return false;
    }
}

static bool is_mtu_possible(const struct toe_target *target, const struct target_path *path,
                            const struct toe_path_state *state)
{
    return state->size >= sizeof(*state) && state->cached.mtu <= target_mtu_max(target) &&
           target_path_mtu_is_sound(&path->constant.src, state->cached.mtu);
}

/* UPD-10, RFC-101. */
static void set_mtu(struct toe_target *target, struct target_path *path, uint32_t mtu)
{
    if (path->mtu == mtu) {
        return;
    }
    path->mtu = mtu;
    base_list_foreach(node, &path->tcps)
    {
        struct target_tcp *tcp = base_container_of(node, struct target_tcp, sibling);

        tcp_mss_limit_set(&tcp->conn, target_path_mss(target, path, mtu), target->now);
        target_tcp_ready(tcp);
    }
}

/* The neighbor that |path| is to be linked to, if |parent| says one, or its own. */
static struct target_neighbor *neighbor_for(const struct toe_target *target,
                                            const struct target_path *path,
                                            const struct toe_block *parent)
{
    struct target_neighbor *neighbor;

    if (parent == NULL || toe_block_role(parent) == TOE_ROLE_PLACEHOLDER) {
        return path->neighbor;
    }
    neighbor = target_neighbor_get(target, *parent->object);
    return neighbor != NULL && neighbor->life.state == TARGET_OFFLOADED ? neighbor : NULL;
}

static toe_status update_path(struct toe_target *target, const struct toe_block *block,
                              const struct toe_block *parent)
{
    struct target_path *path = target_path_get(target, *block->object);
    struct target_neighbor *neighbor;

    if (path == NULL || path->life.state != TARGET_OFFLOADED) {
        return TOE_STATUS_FAILURE;
    }
    neighbor = neighbor_for(target, path, parent);
    if (neighbor == NULL ||
        (has_path_cached(block) && !is_mtu_possible(target, path, block->state.path))) {
        return TOE_STATUS_FAILURE;
    }

    target_egress_flush(target);
    if (has_path_cached(block)) {
        set_mtu(target, path, block->state.path->cached.mtu);
    }
    if (neighbor != path->neighbor) {
        target_path_link(path, neighbor);
        target_egress_forget(&target->egress);
        target_revive(path);
    }
    return TOE_STATUS_SUCCESS;
}

static bool has_tcp_cached(const struct toe_block *block)
{
    return (block->type == TOE_BLOCK_TCP || block->type == TOE_BLOCK_TCP_CACHED) &&
           block->state.tcp != NULL;
}

static toe_status update_tcp(struct toe_target *target, const struct toe_block *block)
{
    struct target_tcp *tcp = target_tcp_get(target, *block->object);
    const struct toe_tcp_state *state = block->state.tcp;

    if (tcp == NULL || tcp->life.state == TARGET_INVALID) {
        return TOE_STATUS_FAILURE;
    }
    if (!has_tcp_cached(block)) {
        return TOE_STATUS_SUCCESS;
    }
    if (state->size < TOE_TCP_STATE_SIZE_MIN ||
        state->cached.initial_rcv_wnd > target->caps.rcv_wnd_max) {
        return TOE_STATUS_FAILURE;
    }
    target_egress_flush(target);
    tcp_update(&tcp->conn, &state->cached, target->now);
    target_tcp_ready(tcp);
    return TOE_STATUS_SUCCESS;
}

/* Whether |block| is to change its object; if not, it only gives the tree its shape. */
static bool has_change(const struct toe_block *block, const struct toe_block *parent)
{
    switch (toe_block_layer(block->type)) {
    case TOE_LAYER_NEIGHBOR:
        return has_neighbor_cached(block);
    case TOE_LAYER_PATH:
        return has_path_cached(block) ||
               (parent != NULL && toe_block_role(parent) == TOE_ROLE_REFERENCE);
    case TOE_LAYER_TCP:
        return has_tcp_cached(block);
    case TOE_LAYER_NONE:
        break;
    }
    return false;
}

/* Where the object that |block| refers to keeps its update, or NULL if there is no such object. */
static const struct toe_block **update_of(const struct toe_target *target,
                                          const struct toe_block *block)
{
    struct target_neighbor *neighbor = target_neighbor_get(target, *block->object);
    struct target_path *path = target_path_get(target, *block->object);
    struct target_tcp *tcp = target_tcp_get(target, *block->object);

    return neighbor != NULL ? &neighbor->update
           : path != NULL   ? &path->update
           : tcp != NULL    ? &tcp->update
                            : NULL;
}

/* Deeper than three levels there is nothing to be updated. */
#define LEVEL_MAX 3

/* Notes the blocks of |tree| at their objects, or, when it |is_over|, takes the notes away. */
static void note(struct toe_target *target, const struct toe_block *tree,
                 const struct toe_block *parent, bool is_over, int level)
{
    for (const struct toe_block *block = tree; block != NULL; block = block->next) {
        const struct toe_block **update =
            block->object != NULL && has_change(block, parent) ? update_of(target, block) : NULL;

        if (update != NULL && *update == (is_over ? block : NULL)) {
            *update = is_over ? NULL : block;
        }
        if (level < LEVEL_MAX) {
            note(target, block->dependent, block, is_over, level + 1);
        }
    }
}

void target_update_begin(struct toe_target *target, const struct toe_block *tree)
{
    note(target, tree, NULL, false, 1);
}

static toe_status visit(void *ctx, struct toe_block *block, enum toe_layer layer,
                        const struct toe_block *parent)
{
    struct toe_target *target = ctx;
    const struct toe_block **update = update_of(target, block);

    if (update != NULL && has_change(block, parent) && *update != block) {
        return TOE_STATUS_FAILURE; /* SYN-3: not this one's turn */
    }
    if (!target_block_is_sound(block)) {
        return TOE_STATUS_FAILURE;
    }
    switch (layer) {
    case TOE_LAYER_NEIGHBOR:
        return update_neighbor(target, block);
    case TOE_LAYER_PATH:
        return update_path(target, block, parent);
    case TOE_LAYER_TCP:
        return update_tcp(target, block);
    case TOE_LAYER_NONE:
        break;
    }
    return TOE_STATUS_FAILURE;
}

void target_update(struct toe_target *target, struct toe_block *tree)
{
    const struct target_tree_visit op = {
        .ctx = target,
        .order = TARGET_TREE_PARENT_FIRST,
        .visit = visit,
    };

    target_tree_visit(&op, tree);
    note(target, tree, NULL, true, 1);
    target->host.update_complete(target->host_user, tree);
}
