/* SPDX-License-Identifier: MIT */
#include "inter/monitor.h"

#include <string.h>

/*
 * What a target may answer to a terminate. Of a connection, everything that was outstanding has
 * been completed or comes back in the block, and the books have to balance: what was acknowledged
 * and what is returned, what was delivered and what is handed back, against the sequence numbers.
 */

enum { CLASS_HOSTS = 3, CLASS_DELEGATED = 4 };

static uint64_t chain_len(const struct toe_buf *chain, uint32_t max)
{
    uint64_t len = 0;

    for (const struct toe_buf *buf = chain; buf != NULL && max > 0; buf = buf->next, --max) {
        len += buf->len;
    }
    return len;
}

/* --- returned sends --- */

/* Checks one returned buffer that was outstanding, and takes it off the books. */
static void take_back(struct toe_inter_monitor *m, struct monitor_object *object,
                      struct monitor_buf *rec, bool is_first)
{
    const uint32_t moved = monitor_buf_moved(rec);

    monitor_check(m, MONITOR_T_SND_12,
                  monitor_buf_is_kept(rec) && moved != UINT32_MAX && monitor_buf_is_intact(m, rec),
                  object, rec->buf);
    monitor_check(m, MONITOR_T_SND_75, is_first || moved == 0, object, rec->buf);
    monitor_check(m, MONITOR_T_SND_76, rec->buf->status == TOE_STATUS_PENDING, object, rec->buf);
    object->tcp.acked += moved != UINT32_MAX ? moved : 0;
    rec->buf->status = rec->was.status;
    monitor_buf_del(m, rec);
}

/* Follows the returned chain, as far as it consists of what was outstanding. */
static void take_back_chain(struct toe_inter_monitor *m, struct monitor_object *object,
                            const struct toe_block *b)
{
    uint64_t last = 0;
    bool is_first = true;

    for (struct toe_buf *buf = b->send_chain; buf != NULL; buf = buf->next) {
        struct monitor_buf *rec = monitor_buf_find(m, buf);
        const bool is_ours = rec != NULL && rec->kind == MONITOR_SEND && rec->object == object;

        if (!is_ours) {
            if (!m->is_blind) {
                monitor_check(m, MONITOR_T_TRM_19, false, object, buf);
            }
            return;
        }
        monitor_check(m, MONITOR_T_TRM_19, true, object, buf);
        monitor_check(m, MONITOR_T_SND_71, rec->number > last, object, buf);
        last = rec->number;
        take_back(m, object, rec, is_first);
        is_first = false;
    }
}

static void check_send_data(struct toe_inter_monitor *m, const struct monitor_object *object,
                            const struct toe_block *b)
{
    const struct toe_tcp_delegated *delegated = &b->state.tcp->delegated;
    const struct toe_buf *head = NULL;
    const struct toe_buf *tail = NULL;
    uint32_t left = m->settings.buf_max;

    for (const struct toe_buf *buf = b->send_chain; buf != NULL && left > 0; buf = buf->next) {
        if (buf->len > 0) {
            head = head == NULL ? buf : head;
            tail = buf;
        }
        --left;
    }
    if (head != NULL) {
        monitor_check(m, MONITOR_T_SND_72,
                      delegated->send_data_head == head && delegated->send_data_tail == tail,
                      object, b);
    }
}

/* --- the books --- */

static bool had_fin(enum toe_conn_state state)
{
    return state == TOE_TCP_CLOSE_WAIT || state == TOE_TCP_CLOSING || state == TOE_TCP_LAST_ACK ||
           state == TOE_TCP_TIME_WAIT;
}

/* Whether our FIN was, or may have been, sent in |state|. */
static bool has_sent_fin(enum toe_conn_state state)
{
    return state != TOE_TCP_ESTABLISHED && state != TOE_TCP_CLOSE_WAIT;
}

/* SND-085: snd_una moved by the bytes acknowledged, and by a FIN. */
static void check_sent(struct toe_inter_monitor *m, const struct monitor_object *object,
                       const struct toe_block *b, const struct toe_tcp_delegated *now)
{
    const struct monitor_tcp *tcp = &object->tcp;
    const uint32_t moved = now->snd_una - tcp->was.snd_una;
    const bool may_fin = tcp->is_fin_posted || has_sent_fin(tcp->was.state);
    const uint64_t left =
        chain_len(b->send_chain, m->settings.buf_max) + tcp->unsent + tcp->fin_left;
    const bool is_una_right =
        moved == (uint32_t)tcp->acked || (may_fin && moved == (uint32_t)tcp->acked + 1);

    /* After a reset what was acknowledged last is not always told. */
    if (!tcp->is_aborted && !tcp->is_abort_posted) {
        monitor_check(m, MONITOR_T_SND_85,
                      is_una_right && now->snd_max - now->snd_una <= left + may_fin, object, b);
    }
}

/* RCV-100: rcv_nxt moved by the bytes delivered or handed back, and by a FIN. */
static void check_received(struct toe_inter_monitor *m, const struct monitor_object *object,
                           const struct toe_block *b, const struct toe_tcp_delegated *now)
{
    const struct monitor_tcp *tcp = &object->tcp;
    const uint32_t moved = now->rcv_nxt - tcp->was.rcv_nxt;
    const uint64_t back = chain_len(now->buffered_data, m->settings.buf_max);
    const uint32_t bytes = (uint32_t)(tcp->delivered + back - tcp->handed);
    const bool had = had_fin(tcp->was.state);
    const bool has = had_fin(now->state) || tcp->is_disconnected;

    if (tcp->is_abort_posted) {
        return; /* DSC-010: what waits is dropped */
    }
    if (had || (!has && now->state != TOE_TCP_CLOSED)) {
        monitor_check(m, MONITOR_T_RCV_100, moved == bytes, object, b);
    } else if (has) {
        monitor_check(m, MONITOR_T_RCV_100, moved == bytes + 1, object, b);
    } else {
        monitor_check(m, MONITOR_T_RCV_100, moved == bytes || moved == bytes + 1, object, b);
    }
    /* A short completion had to be the end of the stream. */
    if (tcp->owes_end && !has && now->state != TOE_TCP_CLOSED) {
        monitor_check(m, tcp->owes_end_no_push ? MONITOR_T_RCV_13 : MONITOR_T_RCV_42, false, object,
                      b);
    }
}

/* Undelivered bytes, in buffers that are the host's until it returns them. */
static void lend_buffered(struct toe_inter_monitor *m, const struct monitor_object *object,
                          struct toe_buf *chain)
{
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        struct monitor_buf *rec;

        if (!monitor_check(m, MONITOR_T_RCV_68,
                           monitor_buf_find(m, buf) == NULL && toe_buf_is_sound(buf), object,
                           buf)) {
            return;
        }
        rec = monitor_buf_lend(m, buf, MONITOR_LENT, NULL, 0);
        if (rec != NULL) {
            base_list_push_back(&m->lent, &rec->node);
        }
    }
}

static void check_delegated(struct toe_inter_monitor *m, const struct monitor_node *node,
                            struct monitor_object *object)
{
    const struct toe_block *b = node->block;
    const struct toe_tcp_delegated *now = &b->state.tcp->delegated;
    const struct toe_extension *ext = toe_tcp_extension(b->state.tcp);

    monitor_check(m, MONITOR_T_STATE_TD_3,
                  now->flags == object->tcp.was.flags && now->dwnd == object->tcp.was.dwnd, object,
                  b);
    monitor_check(m, MONITOR_T_STATE_TD_35_BACK, monitor_seq_is_sound(now), object, b);
    check_send_data(m, object, b);
    if (object->hardware == MONITOR_SOUND && !m->is_blind) {
        check_sent(m, object, b, now);
        check_received(m, object, b, now);
    }
    lend_buffered(m, object, now->buffered_data);
    if (ext != NULL) {
        lend_buffered(m, object, ext->early_data); /* The same rule: theirs until returned. */
    }
}

/* --- the answer --- */

static void terminated_tcp(struct toe_inter_monitor *m, const struct monitor_node *node)
{
    struct monitor_object *object = node->object;

    take_back_chain(m, object, node->block);
    monitor_forget(m, &object->tcp.sends, MONITOR_T_SND_50);
    monitor_forget(m, &object->tcp.receives, MONITOR_T_RCV_101);
    monitor_forget(m, &object->tcp.disconnects, MONITOR_T_TRM_18);
    monitor_forget(m, &object->tcp.forwards, MONITOR_T_FWD_18);
    if (monitor_state_carried(node, CLASS_DELEGATED)) {
        check_delegated(m, node, object);
    }
}

/* Whether const and cached state came back as they went down. */
static bool is_hosts_state_kept(const struct monitor_node *node)
{
    const struct toe_block *b = node->block;

    switch (node->layer) {
    case TOE_LAYER_NEIGHBOR:
        return memcmp(&b->state.neighbor->constant, &node->state.neighbor.constant,
                      sizeof(node->state.neighbor.constant)) == 0 &&
               memcmp(&b->state.neighbor->cached, &node->state.neighbor.cached,
                      sizeof(node->state.neighbor.cached)) == 0;
    case TOE_LAYER_PATH:
        return memcmp(b->state.path, &node->state.path, sizeof(node->state.path)) == 0;
    case TOE_LAYER_TCP:
        return memcmp(&b->state.tcp->constant, &node->state.tcp.constant,
                      sizeof(node->state.tcp.constant)) == 0 &&
               memcmp(&b->state.tcp->cached, &node->state.tcp.cached,
                      sizeof(node->state.tcp.cached)) == 0;
    case TOE_LAYER_NONE:
        break;
    }
    return true;
}

void monitor_check_failure(struct toe_inter_monitor *m, struct monitor_node *node)
{
    struct monitor_object *object = node->object;

    if (object == NULL || node->is_faulty || object->layer != TOE_LAYER_TCP ||
        object->hardware != MONITOR_SOUND) {
        return;
    }
    object->hardware = MONITOR_FAILED;
    object->hardware_run = m->run_cnt;
}

static void terminate_failed(struct toe_inter_monitor *m, struct monitor_node *node)
{
    struct monitor_object *object = node->object;

    if (object == NULL) {
        return;
    }
    if (object->layer != TOE_LAYER_TCP && !node->is_faulty) {
        monitor_check(m, MONITOR_T_TRM_23, object->dependent_cnt > 0, object, node->block);
    }
    monitor_check_failure(m, node);
    object->stage = MONITOR_LIVE;
}

static void terminate_succeeded(struct toe_inter_monitor *m, struct monitor_node *node)
{
    if (!m->is_blind) {
        monitor_check(m, MONITOR_T_TRM_29, node->object != NULL, NULL, node->block);
    }
    if (node->has_state) {
        monitor_check(m, MONITOR_T_CLS_5, is_hosts_state_kept(node), node->object, node->block);
    }
    if (node->object == NULL) {
        return;
    }
    monitor_check(m, MONITOR_T_REF_5, node->object->dependent_cnt == 0, node->object, node->block);
    if (node->layer == TOE_LAYER_TCP) {
        terminated_tcp(m, node);
    }
    monitor_object_del(m, node->object);
    node->object = NULL;
}

/* The status of |node|, in an operation that knows but two. */
static void check_status(struct toe_inter_monitor *m, const struct monitor_node *node)
{
    const toe_status status = node->block->status;

    if (node->role == TOE_ROLE_PLACEHOLDER) {
        monitor_check(m, MONITOR_T_PLH_4, status == TOE_STATUS_SUCCESS, NULL, node->block);
        return;
    }
    monitor_check(m, MONITOR_T_BLK_6, status == TOE_STATUS_SUCCESS || status == TOE_STATUS_FAILURE,
                  node->object, node->block);
    if (node->role == TOE_ROLE_NEW) {
        monitor_check(m, MONITOR_T_CTX_7_ACCEPTED, status != TOE_STATUS_SUCCESS, NULL, node->block);
    }
}

static void terminated_layer(struct toe_inter_monitor *m, struct monitor_tree *tree,
                             enum toe_layer layer)
{
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        struct monitor_node *node = &tree->nodes[i];

        if (node->role != TOE_ROLE_REFERENCE || node->layer != layer) {
            continue;
        }
        if (toe_status_is_failure(node->block->status)) {
            terminate_failed(m, node);
        } else {
            terminate_succeeded(m, node);
        }
    }
}

void monitor_terminate_complete(struct toe_inter_monitor *m, struct monitor_tree *tree)
{
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        check_status(m, &tree->nodes[i]);
    }
    /* What depends comes before what it depends on, wherever in the tree that is. */
    terminated_layer(m, tree, TOE_LAYER_TCP);
    terminated_layer(m, tree, TOE_LAYER_PATH);
    terminated_layer(m, tree, TOE_LAYER_NEIGHBOR);
}

/* --- the other operations --- */

/* Success needs an object. */
static bool check_reference(struct toe_inter_monitor *m, const struct monitor_node *node)
{
    check_status(m, node);
    if (node->role != TOE_ROLE_REFERENCE) {
        return false;
    }
    if (node->object == NULL && !m->is_blind) {
        monitor_check(m, MONITOR_T_CTX_7_ACCEPTED, toe_status_is_failure(node->block->status), NULL,
                      node->block);
    }
    return node->object != NULL;
}

void monitor_update_complete(struct toe_inter_monitor *m, struct monitor_tree *tree)
{
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        struct monitor_node *node = &tree->nodes[i];
        struct monitor_object *object = node->object;

        if (!check_reference(m, node)) {
            continue;
        }
        if (node->has_state) {
            monitor_check(m, MONITOR_T_UPD_3, is_hosts_state_kept(node), object, node->block);
        }
        if (!node->is_update) {
            continue;
        }
        if (object->busy[MONITOR_UPDATE] > 0) {
            --object->busy[MONITOR_UPDATE];
        }
        if (toe_status_is_failure(node->block->status)) {
            continue;
        }
        monitor_check(m, MONITOR_T_SYN_3, !object->is_invalid, object, node->block);
        if (node->layer == TOE_LAYER_PATH && node->parent != UINT32_MAX &&
            tree->nodes[node->parent].object != NULL) {
            monitor_object_link(object, tree->nodes[node->parent].object);
        }
        if (node->layer == TOE_LAYER_NEIGHBOR) {
            object->is_reached = false;
        }
        if (node->layer == TOE_LAYER_TCP && node->has_state &&
            node->state.tcp.cached.initial_rcv_wnd > object->tcp.rcv_wnd_max) {
            object->tcp.rcv_wnd_max = node->state.tcp.cached.initial_rcv_wnd;
        }
    }
}

/* What the host gave, with which the delegated class of a connection has been overwritten. */
static bool is_query_within(const struct monitor_node *node)
{
    const unsigned classes = monitor_state_classes(node->was.type);

    if (!node->has_state || (classes & CLASS_HOSTS) != 0) {
        return true;
    }
    return is_hosts_state_kept(node);
}

void monitor_query_complete(struct toe_inter_monitor *m, struct monitor_tree *tree)
{
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        struct monitor_node *node = &tree->nodes[i];

        if (!check_reference(m, node)) {
            continue;
        }
        if (node->object->busy[MONITOR_QUERY] > 0) {
            --node->object->busy[MONITOR_QUERY];
        }
        monitor_check(m, MONITOR_T_QRY_1, is_query_within(node), node->object, node->block);
        if (toe_status_is_failure(node->block->status)) {
            monitor_check_failure(m, node);
        } else if (node->layer == TOE_LAYER_TCP && monitor_state_carried(node, CLASS_DELEGATED)) {
            monitor_check(m, MONITOR_T_STATE_TD_35_BACK,
                          monitor_seq_is_sound(&node->block->state.tcp->delegated), node->object,
                          node->block);
        }
    }
}

void monitor_invalidate_complete(struct toe_inter_monitor *m, struct monitor_tree *tree)
{
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        struct monitor_node *node = &tree->nodes[i];

        if (!check_reference(m, node)) {
            continue;
        }
        if (node->object->busy[MONITOR_INVALIDATE] > 0) {
            --node->object->busy[MONITOR_INVALIDATE];
        }
        if (toe_status_is_failure(node->block->status)) {
            monitor_check_failure(m, node);
        } else {
            node->object->is_invalid = true;
        }
    }
}
