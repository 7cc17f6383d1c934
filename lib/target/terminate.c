/* SPDX-License-Identifier: MIT */
#include "target/terminate.h"

#include "base/assert.h"
#include "target/account.h"
#include "target/disconnect.h"
#include "target/instance.h"
#include "target/object.h"
#include "target/reach.h"
#include "target/sending.h"
#include "target/tree.h"
#include "tcp/engine.h"

/* What a terminate has taken, to be freed after its completion: TCP, path, neighbor (TRM-28). */
struct taken {
    struct toe_target *target;
    struct base_list tcps;
    struct base_list paths;
    struct base_list neighbors;
};

/* Whether |block| carries the delegated class. */
static bool has_delegated(const struct toe_block *block, uint16_t type_delegated, uint16_t type_all)
{
    return (block->type == type_delegated || block->type == type_all) &&
           block->state.neighbor != NULL;
}

static void begin_uploading(struct target_lifecycle *life)
{
    if (life->state != TARGET_UPLOADING) {
        target_lifecycle_set(life, TARGET_UPLOADING);
    }
}

static toe_status take_neighbor(struct taken *taken, const struct toe_block *block)
{
    struct toe_target *target = taken->target;
    struct target_neighbor *neighbor = target_neighbor_get(target, *block->object);
    struct toe_neighbor_state *state = block->state.neighbor;

    if (neighbor == NULL || neighbor->path_cnt > 0) {
        return TOE_STATUS_FAILURE; /* REF-5 */
    }
    if (has_delegated(block, TOE_BLOCK_NEIGHBOR_DELEGATED, TOE_BLOCK_NEIGHBOR)) {
        if (state->size < sizeof(*state)) {
            return TOE_STATUS_FAILURE;
        }
        state->delegated.nic_reachability_delta = target_reach_nic_delta(target, neighbor);
    }
    begin_uploading(&neighbor->life);
    target_lifecycle_set(&neighbor->life, TARGET_GONE);
    base_list_push_back(&taken->neighbors, &neighbor->node);
    return TOE_STATUS_SUCCESS;
}

static toe_status take_path(struct taken *taken, const struct toe_block *block)
{
    struct target_path *path = target_path_get(taken->target, *block->object);

    if (path == NULL || path->tcp_cnt > 0) {
        return TOE_STATUS_FAILURE;
    }
    target_path_unlink(path);
    begin_uploading(&path->life);
    target_lifecycle_set(&path->life, TARGET_GONE);
    base_list_push_back(&taken->paths, &path->node);
    return TOE_STATUS_SUCCESS;
}

/* --- TCP connection: the steps of CONTROL 3.2 --- */

/* Steps 2 and 3: timers stop, an acknowledgment that is owed leaves. What arrived out of order is
 * forgotten, unless it goes along (SEG-064). */
static void quiesce(struct toe_target *target, struct target_tcp *tcp, bool keeps_early)
{
    tcp_quiesce(&tcp->conn);
    if (!keeps_early) {
        tcp_renege(&tcp->conn);
    }
    if (!tcp->is_aborted && !target_tcp_is_blocked(tcp)) {
        struct tcp_out out;

        while (tcp_output(&tcp->conn, &out, target->now)) {
            target_egress_emit(target, tcp, &out);
        }
    }
    target_egress_flush(target);
}

/* Steps 4 to 6: every request is answered, but for sends that go back in the block. */
static void complete_requests(struct toe_target *target, struct target_tcp *tcp)
{
    const toe_status status =
        tcp->is_aborted ? TOE_STATUS_REQUEST_ABORTED : TOE_STATUS_UPLOAD_IN_PROGRESS;

    target_send_settle(target, tcp);
    target_disconnect_settle(target, tcp);
    target_delivery_flush(target, tcp, status, true);
    if (target->settings.send_return == TOE_SEND_RETURN_COMPLETE || tcp->is_aborted) {
        target_send_flush(target, tcp, status);
    }
}

static void set_send_data(struct toe_tcp_delegated *delegated, struct toe_buf *chain)
{
    delegated->send_data_head = NULL;
    delegated->send_data_tail = NULL;
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        if (buf->len == 0) {
            continue;
        }
        if (delegated->send_data_head == NULL) {
            delegated->send_data_head = buf;
        }
        delegated->send_data_tail = buf;
    }
}

/* Whether the host has room for an extension, and we have one to give. */
static bool wants_extension(const struct toe_target *target, const struct toe_extension *ext)
{
    return ext != NULL && target->caps.extension != 0 && ext->size >= sizeof(*ext);
}

/* Step 7, what the published state has no room for. */
static void write_extension(struct toe_target *target, struct target_tcp *tcp,
                            struct toe_extension *ext)
{
    tcp_extension_export(&tcp->conn, ext, target->now);
    if (ext->version != 0) {
        ext->early_data = target_delivery_take_early(target, tcp);
    }
}

/* Steps 7 and 8. */
static void write_back(struct toe_target *target, struct target_tcp *tcp, struct toe_block *block,
                       struct toe_tcp_delegated *delegated)
{
    struct toe_buf *buffered = target_delivery_take(target, tcp);
    const toe_status status =
        tcp->is_aborted ? TOE_STATUS_REQUEST_ABORTED : TOE_STATUS_UPLOAD_IN_PROGRESS;

    if (delegated != NULL) {
        tcp_export(&tcp->conn, NULL, NULL, delegated, target->now);
    }
    block->send_chain = target_send_take(tcp);
    if (block->send_chain != NULL) {
        block->send_chain->transferred = 0; /* SND-076: as it was posted */
    }
    target_disconnect_flush(target, tcp, status);
    if (delegated != NULL) {
        set_send_data(delegated, block->send_chain);
        delegated->buffered_data = buffered;
    } else {
        target_delivery_return(target, buffered); /* the host did not ask for it (TRM-21) */
    }
}

static toe_status take_tcp(struct taken *taken, struct toe_block *block)
{
    struct toe_target *target = taken->target;
    struct target_tcp *tcp = target_tcp_get(target, *block->object);
    struct toe_tcp_state *state = block->state.tcp;
    const bool is_wanted = has_delegated(block, TOE_BLOCK_TCP_DELEGATED, TOE_BLOCK_TCP);
    struct toe_extension *ext;

    if (tcp == NULL || (is_wanted && state->size < TOE_TCP_STATE_SIZE_MIN)) {
        return TOE_STATUS_FAILURE;
    }

    ext = is_wanted ? toe_tcp_extension(state) : NULL;
    if (!wants_extension(target, ext)) {
        ext = NULL;
    }
    quiesce(target, tcp, ext != NULL);
    complete_requests(target, tcp);
    begin_uploading(&tcp->life);
    if (ext != NULL) {
        write_extension(target, tcp, ext);
    }
    write_back(target, tcp, block, is_wanted ? &state->delegated : NULL);

    target_account_state(target, tcp);
    target_account_gone(target, tcp);
    ++target->stats.terminated;
    target_held_release(target, tcp);
    target_tcp_unlink(target, tcp);
    target_lifecycle_set(&tcp->life, TARGET_GONE);
    base_list_push_back(&taken->tcps, &tcp->ready);
    return TOE_STATUS_SUCCESS;
}

/* --- the tree --- */

/* Deeper than three levels there is nothing to be terminated. */
#define LEVEL_MAX 3

static void mark(struct toe_target *target, const struct toe_block *tree, bool is_terminating,
                 int level)
{
    for (const struct toe_block *block = tree; block != NULL; block = block->next) {
        if (block->object != NULL) {
            struct target_tcp *tcp = target_tcp_get(target, *block->object);

            if (tcp != NULL) {
                tcp->is_terminating = is_terminating;
            }
        }
        if (level < LEVEL_MAX) {
            mark(target, block->dependent, is_terminating, level + 1);
        }
    }
}

void target_terminate_begin(struct toe_target *target, const struct toe_block *tree)
{
    mark(target, tree, true, 1);
}

static toe_status take(void *ctx, struct toe_block *block, enum toe_layer layer,
                       const struct toe_block *parent)
{
    struct taken *taken = ctx;

    (void)parent;
    if (!target_block_is_sound(block)) {
        return TOE_STATUS_FAILURE;
    }
    switch (layer) {
    case TOE_LAYER_NEIGHBOR:
        return take_neighbor(taken, block);
    case TOE_LAYER_PATH:
        return take_path(taken, block);
    case TOE_LAYER_TCP:
        return take_tcp(taken, block);
    case TOE_LAYER_NONE:
        break;
    }
    return TOE_STATUS_FAILURE;
}

static void free_taken(struct taken *taken)
{
    struct toe_target *target = taken->target;
    struct base_list_node *node;

    while ((node = base_list_pop_front(&taken->tcps)) != NULL) {
        target_tcp_del(target, base_container_of(node, struct target_tcp, ready));
    }
    while ((node = base_list_pop_front(&taken->paths)) != NULL) {
        target_path_del(target, base_container_of(node, struct target_path, node));
    }
    while ((node = base_list_pop_front(&taken->neighbors)) != NULL) {
        target_neighbor_del(target, base_container_of(node, struct target_neighbor, node));
    }
}

void target_terminate(struct toe_target *target, struct toe_block *tree)
{
    struct taken taken = {.target = target};
    const struct target_tree_visit op = {
        .ctx = &taken,
        .order = TARGET_TREE_DEPENDENTS_FIRST,
        .visit = take,
    };

    base_list_init(&taken.tcps);
    base_list_init(&taken.paths);
    base_list_init(&taken.neighbors);
    target_tree_visit(&op, tree);
    mark(target, tree, false, 1); /* what failed goes on */
    target->host.terminate_complete(target->host_user, tree);
    free_taken(&taken);
    target_held_flush(target);
}
