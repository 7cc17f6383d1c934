/* SPDX-License-Identifier: MIT */
#include "inter/monitor.h"

/*
 * What a host may ask for: each block of a tree that goes down, by its operation. A block with
 * which the host breaks a rule is marked, because what a target makes of it is its own affair.
 */

enum { CLASS_CONST = 1, CLASS_CACHED = 2, CLASS_DELEGATED = 4, CLASS_ALL = 7 };

/* check_host() is monitor_check() that marks |node|. */
static void check_host(struct toe_inter_monitor *m, enum monitor_rule rule, bool holds,
                       struct monitor_node *node)
{
    if (!monitor_check(m, rule, holds, node->object, node->block)) {
        node->is_faulty = true;
    }
}

/* --- all operations --- */

static void check_shape(struct toe_inter_monitor *m, struct monitor_node *node, enum monitor_op op)
{
    const struct toe_block *b = node->block;
    const bool carries = op != MONITOR_INVALIDATE && node->role != TOE_ROLE_PLACEHOLDER &&
                         b->state.neighbor != NULL && monitor_state_classes(b->type) != 0;

    check_host(m, MONITOR_H_BLK_3,
               b->size >= sizeof(*b) && b->revision <= 1 &&
                   (!carries || node->has_state || toe_block_layer(b->type) != node->layer),
               node);
    check_host(m, MONITOR_H_TREE_1,
               (node->role == TOE_ROLE_PLACEHOLDER || toe_block_layer(b->type) == node->layer) &&
                   (node->layer != TOE_LAYER_TCP || b->dependent == NULL),
               node);
}

/* Finds what |node| refers to. */
static void resolve(struct toe_inter_monitor *m, struct monitor_node *node)
{
    if (node->role == TOE_ROLE_REFERENCE) {
        node->object = monitor_object_find(m, node->handle_was, node->layer);
        if (!m->is_blind) {
            check_host(m, MONITOR_H_CTX_4, node->object != NULL, node);
        }
    }
}

/* --- initiate --- */

static uint64_t chain_len(const struct toe_buf *chain)
{
    uint64_t len = 0;

    for (const struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        len += buf->len;
    }
    return len;
}

static bool is_chain_sound(const struct toe_buf *chain)
{
    for (const struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        if (!toe_buf_is_sound(buf)) {
            return false;
        }
    }
    return true;
}

/* Whether |delegated| names the first and the last buffer of |chain| that have data. */
static bool is_send_data_right(const struct toe_tcp_delegated *delegated,
                               const struct toe_buf *chain)
{
    const struct toe_buf *head = NULL;
    const struct toe_buf *tail = NULL;

    for (const struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        if (buf->len > 0) {
            head = head == NULL ? buf : head;
            tail = buf;
        }
    }
    return head == NULL || (delegated->send_data_head == head && delegated->send_data_tail == tail);
}

/* The sends that go down with the state. */
static void lend_chain(struct toe_inter_monitor *m, const struct monitor_node *node)
{
    const uint64_t post = ++m->post_cnt;

    for (struct toe_buf *buf = node->block->send_chain; buf != NULL; buf = buf->next) {
        struct monitor_buf *rec;

        if (!monitor_check(m, MONITOR_H_IOS_13, monitor_buf_find(m, buf) == NULL, node->object,
                           buf)) {
            continue;
        }
        rec = monitor_buf_lend(m, buf, MONITOR_SEND, node->object, post);
        if (rec != NULL) {
            base_list_push_back(&node->object->tcp.sends, &rec->node);
            buf->status = TOE_STATUS_PENDING;
        }
    }
}

static void offer_tcp(struct toe_inter_monitor *m, struct monitor_node *node)
{
    const struct toe_tcp_delegated *delegated = &node->state.tcp.delegated;
    struct monitor_tcp *tcp = &node->object->tcp;

    check_host(m, MONITOR_H_NEW_3, toe_conn_state_is_offloadable(delegated->state), node);
    check_host(m, MONITOR_H_STATE_TD_35,
               monitor_seq_is_sound(delegated) && delegated->snd_max - delegated->snd_una <=
                                                      chain_len(node->block->send_chain) + 1,
               node);
    check_host(m, MONITOR_H_IOS_3_POSTED,
               is_chain_sound(node->block->send_chain) && is_chain_sound(delegated->buffered_data),
               node);
    check_host(m, MONITOR_H_SND_54, is_send_data_right(delegated, node->block->send_chain), node);
    tcp->was = *delegated;
    tcp->handed = (uint32_t)chain_len(delegated->buffered_data);
    tcp->waiting = tcp->handed;
    tcp->is_held = tcp->handed > 0;
    tcp->rcv_wnd_max = node->state.tcp.cached.initial_rcv_wnd;
    lend_chain(m, node);
}

static void offer_new(struct toe_inter_monitor *m, struct monitor_tree *tree,
                      struct monitor_node *node)
{
    const struct monitor_node *parent =
        node->parent == UINT32_MAX ? NULL : &tree->nodes[node->parent];

    check_host(m, MONITOR_H_NEW_2,
               monitor_state_classes(node->was.type) == CLASS_ALL && node->has_state, node);
    check_host(m, MONITOR_H_TREE_7, parent != NULL || node->layer == TOE_LAYER_NEIGHBOR, node);
    check_host(m, MONITOR_H_PLH_6, parent == NULL || parent->role != TOE_ROLE_PLACEHOLDER, node);
    if (node->was.host_object != NULL) {
        check_host(m, MONITOR_H_EVO_2,
                   monitor_object_named(m, node->was.host_object, node->layer) == NULL, node);
    }
    node->object = monitor_object_new(m, node->was.host_object, node->layer);
    if (node->object != NULL && node->layer == TOE_LAYER_TCP && node->has_state) {
        offer_tcp(m, node);
    }
}

/* What is being invalidated may still be used, or not. */
static void offer_linker(struct toe_inter_monitor *m, struct monitor_node *node)
{
    node->was_unusable =
        node->object == NULL || node->object->stage == MONITOR_LEAVING || node->object->is_invalid;
    if (node->object != NULL) {
        monitor_check(m, MONITOR_H_LKR_6, !node->was_unusable, node->object, node->block);
    }
    /* Nothing is linked to a connection: it can only have been meant as a new one. */
    check_host(m, MONITOR_H_EVO_2, node->layer != TOE_LAYER_TCP, node);
}

static void offer_initiate(struct toe_inter_monitor *m, struct monitor_tree *tree)
{
    monitor_check(m, MONITOR_H_SEAM_4, m->has_params, NULL, tree->root);
    monitor_check(m, MONITOR_H_CAP_37, !m->is_paused, NULL, tree->root);
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        struct monitor_node *node = &tree->nodes[i];

        if (node->role == TOE_ROLE_NEW) {
            offer_new(m, tree, node);
        } else if (node->role == TOE_ROLE_REFERENCE) {
            offer_linker(m, node);
        }
    }
}

/* --- the other operations --- */

/* Whether the update of |node| changes its object: it brings state, or gives a path a neighbor. */
static bool is_updated(const struct monitor_tree *tree, const struct monitor_node *node)
{
    return monitor_state_carried(node, CLASS_CACHED) ||
           (node->layer == TOE_LAYER_PATH && node->parent != UINT32_MAX &&
            tree->nodes[node->parent].role == TOE_ROLE_REFERENCE);
}

static void offer_update(struct toe_inter_monitor *m, const struct monitor_tree *tree,
                         struct monitor_node *node)
{
    struct monitor_object *object = node->object;

    check_host(m, MONITOR_H_SYN_1, !object->is_invalid && object->busy[MONITOR_INVALIDATE] == 0,
               node);
    node->is_update = is_updated(tree, node);
    if (node->is_update) {
        check_host(m, MONITOR_H_SYN_2, object->busy[MONITOR_UPDATE] == 0, node);
        ++object->busy[MONITOR_UPDATE];
    }
}

/* The target had a run to itself since, and did not tell. */
static void check_hardware(struct toe_inter_monitor *m, struct monitor_object *object)
{
    if (object->hardware != MONITOR_SOUND) {
        monitor_check(m, MONITOR_T_HWF_1,
                      object->hardware == MONITOR_ABORTED || m->run_cnt <= object->hardware_run + 1,
                      object, NULL);
        object->hardware = MONITOR_ABORTED;
    }
}

static void offer_terminate(struct toe_inter_monitor *m, struct monitor_node *node)
{
    struct monitor_object *object = node->object;

    check_host(m, MONITOR_H_TRM_15,
               object->busy[MONITOR_UPDATE] + object->busy[MONITOR_QUERY] +
                       object->busy[MONITOR_INVALIDATE] ==
                   0,
               node);
    check_hardware(m, object);
    object->stage = MONITOR_LEAVING;
}

/* Whether all that depends on |object| is being terminated, by this tree or already. */
static bool is_alone(const struct toe_inter_monitor *m, const struct monitor_object *object)
{
    if (object->dependent_cnt == 0) {
        return true;
    }
    base_list_foreach(n, &m->all)
    {
        const struct monitor_object *other = base_container_of(n, struct monitor_object, node);

        if (other->parent == object && other->stage != MONITOR_LEAVING) {
            return false;
        }
    }
    return true;
}

static void check_dependents(struct toe_inter_monitor *m, struct monitor_tree *tree)
{
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        struct monitor_node *node = &tree->nodes[i];

        if (node->object != NULL) {
            check_host(m, MONITOR_H_REF_3, is_alone(m, node->object), node);
        }
    }
}

static void offer_reference(struct toe_inter_monitor *m, struct monitor_tree *tree,
                            struct monitor_node *node)
{
    if (node->role == TOE_ROLE_PLACEHOLDER) {
        return;
    }
    check_host(m, MONITOR_H_CTX_7, node->role != TOE_ROLE_NEW, node);
    if (node->object == NULL) {
        return;
    }
    check_host(m, MONITOR_H_TRM_30, node->object->stage != MONITOR_LEAVING, node);
    if (tree->op == MONITOR_TERMINATE) {
        offer_terminate(m, node);
    } else if (tree->op == MONITOR_UPDATE) {
        offer_update(m, tree, node);
    } else {
        ++node->object->busy[tree->op];
    }
}

void monitor_offer(struct toe_inter_monitor *m, struct monitor_tree *tree)
{
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        check_shape(m, &tree->nodes[i], tree->op);
        resolve(m, &tree->nodes[i]);
    }
    if (tree->op == MONITOR_INITIATE) {
        offer_initiate(m, tree);
        return;
    }
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        offer_reference(m, tree, &tree->nodes[i]);
    }
    if (tree->op == MONITOR_TERMINATE) {
        check_dependents(m, tree);
    }
}
