/* SPDX-License-Identifier: MIT */
#include "target/query.h"

#include "target/instance.h"
#include "target/object.h"
#include "target/reach.h"
#include "target/sending.h"
#include "target/tree.h"
#include "tcp/engine.h"

#include <string.h>

/* The classes that a block's type asks for. */
enum { CLASS_CONST = 1, CLASS_CACHED = 2, CLASS_DELEGATED = 4, CLASS_ALL = 7 };

/* The types of a layer follow one another: const, cached, delegated, all. */
static unsigned classes_of(const struct toe_block *block)
{
    switch (block->type) {
    case TOE_BLOCK_NEIGHBOR_CONST:
    case TOE_BLOCK_PATH4_CONST:
    case TOE_BLOCK_PATH6_CONST:
    case TOE_BLOCK_TCP_CONST:
        return CLASS_CONST;
    case TOE_BLOCK_NEIGHBOR_CACHED:
    case TOE_BLOCK_PATH4_CACHED:
    case TOE_BLOCK_PATH6_CACHED:
    case TOE_BLOCK_TCP_CACHED:
        return CLASS_CACHED;
    case TOE_BLOCK_NEIGHBOR_DELEGATED:
    case TOE_BLOCK_PATH4_DELEGATED:
    case TOE_BLOCK_PATH6_DELEGATED:
    case TOE_BLOCK_TCP_DELEGATED:
        return CLASS_DELEGATED;
    case TOE_BLOCK_NEIGHBOR:
    case TOE_BLOCK_PATH4:
    case TOE_BLOCK_PATH6:
    case TOE_BLOCK_TCP:
        return CLASS_ALL;
    default:
        return 0;
    }
}

static toe_status query_neighbor(const struct toe_target *target, const struct toe_block *block,
                                 unsigned classes)
{
    const struct target_neighbor *neighbor = target_neighbor_get(target, *block->object);
    struct toe_neighbor_state *state = block->state.neighbor;

    if (neighbor == NULL || state == NULL || state->size < sizeof(*state)) {
        return TOE_STATUS_FAILURE;
    }
    state->size = sizeof(*state);
    if ((classes & CLASS_CONST) != 0) {
        state->constant = neighbor->constant;
    }
    if ((classes & CLASS_CACHED) != 0) {
        memcpy(state->cached.dst_mac, neighbor->dst_mac, TOE_MAC_LEN);
        state->cached.host_reachability_delta = target_reach_host_delta(target, neighbor);
    }
    if ((classes & CLASS_DELEGATED) != 0) {
        state->delegated.nic_reachability_delta = target_reach_nic_delta(target, neighbor);
    }
    return TOE_STATUS_SUCCESS;
}

static toe_status query_path(const struct toe_target *target, const struct toe_block *block,
                             unsigned classes)
{
    const struct target_path *path = target_path_get(target, *block->object);
    struct toe_path_state *state = block->state.path;

    if (path == NULL || state == NULL || state->size < sizeof(*state)) {
        return TOE_STATUS_FAILURE;
    }
    state->size = sizeof(*state);
    if ((classes & CLASS_CONST) != 0) {
        state->constant = path->constant;
    }
    if ((classes & CLASS_CACHED) != 0) {
        state->cached.mtu = path->mtu;
    }
    return TOE_STATUS_SUCCESS;
}

static toe_status query_tcp(const struct toe_target *target, const struct toe_block *block,
                            unsigned classes)
{
    struct target_tcp *tcp = target_tcp_get(target, *block->object);
    struct toe_tcp_state *state = block->state.tcp;

    if (tcp == NULL || state == NULL || state->size < TOE_TCP_STATE_SIZE_MIN) {
        return TOE_STATUS_FAILURE;
    }
    if (state->size > sizeof(*state)) {
        state->size = sizeof(*state);
    }
    tcp_export(&tcp->conn, (classes & CLASS_CONST) != 0 ? &state->constant : NULL,
               (classes & CLASS_CACHED) != 0 ? &state->cached : NULL,
               (classes & CLASS_DELEGATED) != 0 ? &state->delegated : NULL, target->now);
    if ((classes & CLASS_CONST) != 0) {
    }
    if ((classes & CLASS_DELEGATED) != 0) {
        state->delegated.send_data_head = NULL;
        state->delegated.send_data_tail = NULL;
        state->delegated.buffered_data = NULL;
        state->delegated.send_backlog_size = target_backlog_size(tcp);
        state->delegated.receive_backlog_size = tcp->conn.busy->recvq.len; /* RCV-082 */
    }
    return TOE_STATUS_SUCCESS;
}

static toe_status visit(void *ctx, struct toe_block *block, enum toe_layer layer,
                        const struct toe_block *parent)
{
    const struct toe_target *target = ctx;
    const unsigned classes = classes_of(block);

    (void)parent;
    if (!target_block_is_sound(block) || classes == 0) {
        return TOE_STATUS_FAILURE;
    }
    switch (layer) {
    case TOE_LAYER_NEIGHBOR:
        return query_neighbor(target, block, classes);
    case TOE_LAYER_PATH:
        return query_path(target, block, classes);
    case TOE_LAYER_TCP:
        return query_tcp(target, block, classes);
    case TOE_LAYER_NONE:
        break;
    }
    return TOE_STATUS_FAILURE;
}

void target_query(struct toe_target *target, struct toe_block *tree)
{
    const struct target_tree_visit op = {
        .ctx = target,
        .order = TARGET_TREE_PARENT_FIRST,
        .visit = visit,
    };

    target_tree_visit(&op, tree);
    target->host.query_complete(target->host_user, tree);
}
