/* SPDX-License-Identifier: MIT */
#include "target/invalidate.h"

#include "target/instance.h"
#include "target/object.h"
#include "target/tree.h"
#include "target/upload.h"

/*
 * Nothing is told from here: the request for an upload comes when the connection is served, hence
 * after the completion has returned (INV-8).
 */
static void block_tcp(struct target_tcp *tcp)
{
    if (tcp->upload_reason == 0) {
        tcp->is_invalid_due = true;
    }
    target_tcp_ready(tcp);
}

static void block_path(struct target_path *path)
{
    base_list_foreach(node, &path->tcps)
    {
        block_tcp(base_container_of(node, struct target_tcp, sibling));
    }
}

static void block_neighbor(struct target_neighbor *neighbor)
{
    base_list_foreach(node, &neighbor->paths)
    {
        block_path(base_container_of(node, struct target_path, sibling));
    }
}

/* Returns false if the object is invalid, or on its way up, already: that is no error (INV-12). */
static bool make_invalid(struct target_lifecycle *life)
{
    if (life->state != TARGET_OFFLOADED) {
        return false;
    }
    target_lifecycle_set(life, TARGET_INVALID);
    return true;
}

static toe_status visit(void *ctx, struct toe_block *block, enum toe_layer layer,
                        const struct toe_block *parent)
{
    const struct toe_target *target = ctx;
    struct target_neighbor *neighbor = target_neighbor_get(target, *block->object);
    struct target_path *path = target_path_get(target, *block->object);
    struct target_tcp *tcp = target_tcp_get(target, *block->object);

    (void)parent;
    if (!target_block_is_sound(block)) {
        return TOE_STATUS_FAILURE;
    }
    if (layer == TOE_LAYER_NEIGHBOR && neighbor != NULL) {
        if (make_invalid(&neighbor->life)) {
            block_neighbor(neighbor);
        }
        return TOE_STATUS_SUCCESS;
    }
    if (layer == TOE_LAYER_PATH && path != NULL) {
        if (make_invalid(&path->life)) {
            block_path(path);
        }
        return TOE_STATUS_SUCCESS;
    }
    if (layer == TOE_LAYER_TCP && tcp != NULL) {
        if (make_invalid(&tcp->life)) {
            block_tcp(tcp);
        }
        return TOE_STATUS_SUCCESS;
    }
    return TOE_STATUS_FAILURE;
}

void target_invalidate(struct toe_target *target, struct toe_block *tree)
{
    const struct target_tree_visit op = {
        .ctx = target,
        .order = TARGET_TREE_PARENT_FIRST,
        .visit = visit,
    };

    target_egress_flush(target); /* what was built is sent, nothing after it */
    target_tree_visit(&op, tree);
    target->host.invalidate_complete(target->host_user, tree);
}

void target_revive(struct target_path *path)
{
    base_list_foreach(node, &path->tcps)
    {
        struct target_tcp *tcp = base_container_of(node, struct target_tcp, sibling);

        if (target_tcp_is_blocked(tcp)) {
            continue;
        }
        tcp->is_invalid_due = false;
        tcp->is_transmit_wanted = false;
        if (tcp->upload_reason == TOE_UPLOAD_INVALID_STATE) {
            tcp->upload_reason = 0;
            target_upload_repeat_end(tcp);
        }
        target_tcp_ready(tcp);
    }
}
