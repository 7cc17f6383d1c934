/* SPDX-License-Identifier: MIT */
#include "inter/monitor.h"

/*
 * What a target may answer to an initiate: the statuses of a tree, by the algorithm of CONTROL 2.4
 * read backwards, and what has to be true of each object that was, or was not, taken.
 */

enum { CLASS_ALL = 7 };

/* How the immediate dependents of a block fared. */
struct tally {
    uint32_t cnt;
    uint32_t failed_cnt;
};

static struct tally tally_of(const struct monitor_tree *tree, uint32_t parent)
{
    struct tally tally = {0, 0};

    for (uint32_t i = parent + 1; i < tree->cnt; ++i) {
        const uint32_t above = tree->nodes[i].parent;

        if (above == UINT32_MAX || above < parent) {
            break; /* a tree is stored depth first: this one is behind all of them */
        }
        if (above == parent) {
            ++tally.cnt;
            tally.failed_cnt += toe_status_is_failure(tree->nodes[i].block->status);
        }
    }
    return tally;
}

static bool is_legal(toe_status status, enum toe_layer layer)
{
    switch (status) {
    case TOE_STATUS_SUCCESS:
    case TOE_STATUS_FAILURE:
    case TOE_STATUS_RESOURCES:
        return true;
    case TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS:
        return layer == TOE_LAYER_NEIGHBOR || layer == TOE_LAYER_PATH;
    case TOE_STATUS_OFFLOAD_NEIGHBOR_ENTRIES:
    case TOE_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES:
    case TOE_STATUS_OFFLOAD_VLAN_ENTRIES:
    case TOE_STATUS_OFFLOAD_VLAN_MISMATCH:
        return layer == TOE_LAYER_NEIGHBOR;
    case TOE_STATUS_OFFLOAD_PATH_ENTRIES:
    case TOE_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES:
    case TOE_STATUS_OFFLOAD_PATH_MTU:
        return layer == TOE_LAYER_PATH;
    case TOE_STATUS_OFFLOAD_TCP_ENTRIES:
    case TOE_STATUS_OFFLOAD_TCP_XMIT_BUFFER:
    case TOE_STATUS_OFFLOAD_TCP_RCV_BUFFER:
    case TOE_STATUS_OFFLOAD_TCP_RCV_WINDOW:
    case TOE_STATUS_OFFLOAD_CONNECTION_REJECTED:
        return layer == TOE_LAYER_TCP;
    default:
        return false;
    }
}

/* Whether the object that a linker refers to is still as it was: otherwise anything may be. */
static bool is_usable(const struct monitor_node *node)
{
    return node->object != NULL && node->object->stage != MONITOR_LEAVING &&
           !node->object->is_invalid && node->object->busy[MONITOR_INVALIDATE] == 0;
}

/* --- statuses --- */

static void check_linker(struct toe_inter_monitor *m, const struct monitor_tree *tree, uint32_t idx)
{
    const struct monitor_node *node = &tree->nodes[idx];
    const toe_status status = node->block->status;
    const struct tally tally = tally_of(tree, idx);

    if (node->was_unusable) {
        if (!m->is_blind) {
            monitor_check(m, MONITOR_T_LKR_6_ACCEPTED, status == TOE_STATUS_FAILURE, node->object,
                          node->block);
        }
    } else if (!is_usable(node) || (m->is_paused && status == TOE_STATUS_FAILURE)) {
        return; /* CAP-36: what waited through a pause may have ended with it */
    } else if (tally.failed_cnt == 0) {
        monitor_check(m, MONITOR_T_LKR_3, status == TOE_STATUS_SUCCESS, node->object, node->block);
    } else if (tally.failed_cnt == tally.cnt) {
        monitor_check(m, MONITOR_T_PART_9, status == TOE_STATUS_FAILURE, node->object, node->block);
    } else {
        monitor_check(m, MONITOR_T_LKR_3, status == TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS,
                      node->object, node->block);
    }
}

/* Behind a root that failed by itself nothing is attempted (PART-4). */
static bool is_stopped(const struct toe_inter_monitor *m, const struct monitor_tree *tree)
{
    const struct monitor_node *root = &tree->nodes[0];

    return !m->settings.continue_after_root_failure && root->role == TOE_ROLE_NEW &&
           toe_status_is_failure(root->block->status);
}

/* PART-1: a linker below what could not be offloaded says nothing about its own dependents. */
static bool is_cut_off(const struct monitor_tree *tree, const struct monitor_node *node)
{
    return node->parent != UINT32_MAX && tree->nodes[node->parent].role == TOE_ROLE_NEW &&
           toe_status_is_failure(tree->nodes[node->parent].block->status);
}

static void check_status(struct toe_inter_monitor *m, const struct monitor_tree *tree, uint32_t idx)
{
    const struct monitor_node *node = &tree->nodes[idx];
    const toe_status status = node->block->status;
    const bool is_partial = status == TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS;

    if (node->role == TOE_ROLE_PLACEHOLDER) {
        monitor_check(m, MONITOR_T_PLH_3, status == TOE_STATUS_SUCCESS, NULL, node->block);
        return;
    }
    monitor_check(m, MONITOR_T_OFF_12, is_legal(status, node->layer), node->object, node->block);
    if (node->is_faulty) {
        return;
    }
    if (node->role == TOE_ROLE_REFERENCE) {
        if (!is_stopped(m, tree) && !is_cut_off(tree, node)) {
            check_linker(m, tree, idx);
        }
    } else if (!toe_status_is_failure(status)) {
        monitor_check(m, MONITOR_T_PART_6, is_partial == (tally_of(tree, idx).failed_cnt > 0),
                      node->object, node->block);
    }
}

/* Below a block that failed by itself, and behind such a root, nothing is attempted. */
static void check_attempts(struct toe_inter_monitor *m, const struct monitor_tree *tree)
{
    for (uint32_t i = 1; i < tree->cnt; ++i) {
        const struct monitor_node *node = &tree->nodes[i];
        const struct monitor_node *parent =
            node->parent == UINT32_MAX ? NULL : &tree->nodes[node->parent];
        const toe_status status = node->block->status;

        if (node->role == TOE_ROLE_PLACEHOLDER) {
            continue;
        }
        if (parent != NULL && parent->role == TOE_ROLE_NEW &&
            toe_status_is_failure(parent->block->status)) {
            monitor_check(m, MONITOR_T_PART_1, status == TOE_STATUS_FAILURE, node->object,
                          node->block);
        } else if (parent != NULL && parent->role == TOE_ROLE_REFERENCE && !m->is_blind &&
                   parent->was_unusable) {
            monitor_check(m, MONITOR_T_LKR_6_ACCEPTED, status == TOE_STATUS_FAILURE, node->object,
                          node->block);
        } else if (is_stopped(m, tree)) {
            monitor_check(m, MONITOR_T_PART_4, status == TOE_STATUS_FAILURE, node->object,
                          node->block);
        }
    }
}

/* --- objects --- */

/* The object that |node| hangs below, or NULL. */
static struct monitor_object *parent_of(const struct monitor_tree *tree,
                                        const struct monitor_node *node)
{
    return node->parent == UINT32_MAX ? NULL : tree->nodes[node->parent].object;
}

static void check_accepted(struct toe_inter_monitor *m, const struct monitor_tree *tree,
                           const struct monitor_node *node)
{
    const struct toe_block *b = node->block;

    monitor_check(m, MONITOR_T_PLH_6_ACCEPTED,
                  node->layer == TOE_LAYER_NEIGHBOR || parent_of(tree, node) != NULL || m->is_blind,
                  node->object, b);
    monitor_check(m, MONITOR_T_NEW_2_ACCEPTED,
                  monitor_state_classes(node->was.type) == CLASS_ALL && node->has_state,
                  node->object, b);
    if (node->layer == TOE_LAYER_TCP && node->has_state) {
        monitor_check(m, MONITOR_T_NEW_3_ACCEPTED,
                      toe_conn_state_is_offloadable(node->state.tcp.delegated.state), node->object,
                      b);
    }
}

static void accept(struct toe_inter_monitor *m, const struct monitor_tree *tree,
                   struct monitor_node *node)
{
    const toe_handle handle = *node->block->object;

    check_accepted(m, tree, node);
    monitor_check(m, MONITOR_T_NEW_1, handle != 0, node->object, node->block);
    if (node->object == NULL) {
        return;
    }
    monitor_check(m, MONITOR_T_CTX_3, monitor_object_find(m, handle, node->layer) == NULL,
                  node->object, node->block);
    monitor_object_bind(m, node->object, handle, parent_of(tree, node));
    monitor_check(m, MONITOR_T_NEW_4, monitor_ends_take(m, node->object, node), node->object,
                  node->block);
}

/* The sends that came down with a connection that was not taken are the host's again. */
static void take_back_chain(struct toe_inter_monitor *m, struct monitor_object *object)
{
    base_list_foreach_safe(n, tmp, &object->tcp.sends)
    {
        struct monitor_buf *rec = base_container_of(n, struct monitor_buf, node);

        monitor_check(m, MONITOR_T_OFF_7, rec->buf->status == TOE_STATUS_PENDING, object, rec->buf);
        monitor_check(m, MONITOR_T_OFF_8,
                      rec->buf->off == rec->was.off && rec->buf->len == rec->was.len &&
                          monitor_buf_is_kept(rec) && monitor_buf_is_intact(m, rec),
                      object, rec->buf);
        rec->buf->status = rec->was.status;
        monitor_buf_del(m, rec);
    }
}

static void refuse(struct toe_inter_monitor *m, struct monitor_node *node)
{
    const struct toe_block *b = node->block;

    monitor_check(m, MONITOR_T_NEW_1, *b->object == 0, node->object, b);
    if (node->object == NULL) {
        return;
    }
    if (node->layer == TOE_LAYER_TCP && node->has_state) {
        const struct toe_tcp_delegated *now = &b->state.tcp->delegated;
        const struct toe_tcp_delegated *was = &node->state.tcp.delegated;

        monitor_check(m, MONITOR_T_OFF_8,
                      b->send_chain == node->was.send_chain &&
                          now->send_data_head == was->send_data_head &&
                          now->send_data_tail == was->send_data_tail &&
                          now->buffered_data == was->buffered_data,
                      node->object, b);
        take_back_chain(m, node->object);
    }
    monitor_object_del(m, node->object);
    node->object = NULL;
}

void monitor_initiate_complete(struct toe_inter_monitor *m, struct monitor_tree *tree)
{
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        check_status(m, tree, i);
    }
    check_attempts(m, tree);
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        struct monitor_node *node = &tree->nodes[i];

        if (node->role != TOE_ROLE_NEW) {
            continue;
        }
        if (toe_status_is_failure(node->block->status)) {
            refuse(m, node);
        } else {
            accept(m, tree, node);
        }
    }
}

void monitor_initiate_settled(struct toe_inter_monitor *m)
{
    struct base_list_node *n;

    while ((n = base_list_pop_front(&m->settling)) != NULL) {
        struct monitor_object *object = base_container_of(n, struct monitor_object, settle);

        if (object->stage == MONITOR_SETTLING) {
            object->stage = MONITOR_LIVE;
        }
    }
}
