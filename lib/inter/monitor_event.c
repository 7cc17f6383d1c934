/* SPDX-License-Identifier: MIT */
#include "inter/monitor.h"

/*
 * Indications: what a target tells without being asked, and when it may.
 */

#define REASON_MAX TOE_UPLOAD_HARDWARE_FAILURE

void monitor_upcall(struct toe_inter_monitor *m, const struct monitor_object *object,
                    const void *subject)
{
    monitor_check(m, MONITOR_T_RCV_25, object == NULL || m->telling != object, object, subject);
    monitor_check(m, MONITOR_T_SND_3, m->calls == 0 || !m->is_post, object, subject);
    monitor_check(m, MONITOR_T_SEAM_1, m->pass.is_running && (m->calls == 0 || m->is_post), object,
                  subject);
}

/* The object that an indication is about, or NULL, and it was reported. */
static struct monitor_object *object_of(struct toe_inter_monitor *m, const void *name,
                                        enum toe_layer layer, const void *subject)
{
    struct monitor_object *object = monitor_object_named(m, name, layer);
    const bool is_recent = object == NULL && monitor_recent_has(m->recent_names, name);

    if (!m->is_blind) {
        monitor_check(m, MONITOR_T_TRM_26, !is_recent, NULL, subject);
        monitor_check(m, MONITOR_T_CTX_5, object != NULL || is_recent, NULL, subject);
    }
    monitor_upcall(m, object, subject);
    return object;
}

/* --- received data --- */

static uint64_t room_of(const struct toe_buf *buf)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < buf->sge_cnt; ++i) {
        sum += buf->sge[i].len;
    }
    return sum;
}

static void check_indication(struct toe_inter_monitor *m, struct monitor_object *object,
                             const struct toe_buf *buf)
{
    struct monitor_tcp *tcp = &object->tcp;

    monitor_check(m, MONITOR_T_RCV_45, buf->next == NULL, object, buf);
    monitor_check(m, MONITOR_T_SEAM_6, buf->len > 0, object, buf);
    monitor_check(m, MONITOR_T_IOS_3, room_of(buf) >= (uint64_t)buf->off + buf->len, object, buf);
    monitor_check(m, MONITOR_T_RCV_64, tcp->rcv_wnd_max == 0 || buf->len <= tcp->rcv_wnd_max,
                  object, buf);
    monitor_check(m, MONITOR_T_IOS_13_LENT, monitor_buf_find(m, buf) == NULL, object, buf);
    monitor_check(m, MONITOR_T_RCV_61,
                  object->stage != MONITOR_OFFERED && object->stage != MONITOR_SETTLING, object,
                  buf);
    monitor_check(m, MONITOR_T_RCV_52, !tcp->is_held, object, buf);
    monitor_check(m, MONITOR_T_RCV_8, base_list_is_empty(&tcp->receives), object, buf);
    monitor_check(m, MONITOR_T_DSC_39, !tcp->is_aborted, object, buf);
    monitor_check(m, MONITOR_T_DSC_9, !tcp->is_abort_done, object, buf);
    monitor_check(m, MONITOR_T_DSC_30, !tcp->is_disconnected, object, buf);
    if (tcp->owes_end) {
        monitor_check(m, tcp->owes_end_no_push ? MONITOR_T_RCV_13 : MONITOR_T_RCV_42, false, object,
                      buf);
        tcp->owes_end = false;
    }
}

/* Checks the host's answer; what a target makes of a wrong one is its own affair. */
static bool check_answer(struct toe_inter_monitor *m, const struct monitor_object *object,
                         const void *subject, toe_status status, uint32_t len, uint32_t consumed)
{
    switch (status) {
    case TOE_STATUS_SUCCESS:
        return monitor_check(m, MONITOR_H_RCV_48, consumed == len, object, subject);
    case TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED:
        return monitor_check(m, MONITOR_H_RCV_51, consumed > 0 && consumed < len, object, subject);
    case TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED:
        return monitor_check(m, MONITOR_H_RCV_49, consumed == 0, object, subject);
    default:
        return monitor_check(m, MONITOR_H_RCV_50, false, object, subject);
    }
}

/* How many of |len| bytes the host took by its answer, as the target has to see it. */
static uint32_t taken_by(toe_status status, uint32_t len, uint32_t consumed)
{
    switch (status) {
    case TOE_STATUS_SUCCESS:
        return len;
    case TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED:
        return consumed < len ? consumed : len;
    default:
        return 0;
    }
}

/* The host has the buffer now. */
static void lend(struct toe_inter_monitor *m, struct toe_buf *buf)
{
    struct monitor_buf *rec =
        monitor_buf_find(m, buf) == NULL ? monitor_buf_lend(m, buf, MONITOR_LENT, NULL, 0) : NULL;

    if (rec != NULL) {
        base_list_push_back(&m->lent, &rec->node);
    }
}

toe_status monitor_indicate(struct toe_inter_monitor *m, void *name, struct toe_buf *buf,
                            uint32_t *consumed)
{
    struct monitor_object *object = object_of(m, name, TOE_LAYER_TCP, buf);
    const uint32_t len = buf->len;
    const void *telling = m->telling;
    uint64_t posts;
    uint32_t taken;
    bool is_right;
    toe_status status;

    *consumed = 0;
    if (object == NULL && !m->is_blind) {
        return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    }
    if (object == NULL) {
        return m->pass.above_ops.receive_indicate(m->pass.above, name, buf, consumed);
    }
    check_indication(m, object, buf);
    posts = object->tcp.receive_posts;

    m->telling = object;
    ++m->upcalls;
    status = m->pass.above_ops.receive_indicate(m->pass.above, name, buf, consumed);
    --m->upcalls;
    m->telling = telling;

    is_right = check_answer(m, object, buf, status, len, *consumed);
    taken = taken_by(status, len, *consumed);
    object->tcp.delivered += taken;
    object->tcp.waiting -= taken < object->tcp.waiting ? taken : object->tcp.waiting;
    if (status == TOE_STATUS_SUCCESS) {
        lend(m, buf);
        return status;
    }
    if (object->tcp.waiting < len - taken) {
        object->tcp.waiting = len - taken;
    }
    object->tcp.is_held = is_right && object->tcp.receive_posts == posts;
    return status;
}

/* --- events of a connection --- */

static bool is_half_closed(const struct monitor_tcp *tcp)
{
    const enum toe_conn_state state = tcp->was.state;
    const bool ours = tcp->is_fin_posted || state == TOE_TCP_FIN_WAIT_1 ||
                      state == TOE_TCP_FIN_WAIT_2 || state == TOE_TCP_CLOSING ||
                      state == TOE_TCP_LAST_ACK;
    const bool theirs = tcp->is_disconnected || state == TOE_TCP_CLOSE_WAIT ||
                        state == TOE_TCP_CLOSING || state == TOE_TCP_LAST_ACK;

    return ours != theirs;
}

static void check_disconnect(struct toe_inter_monitor *m, struct monitor_object *object)
{
    struct monitor_tcp *tcp = &object->tcp;
    const enum toe_conn_state state = tcp->was.state;

    monitor_check(m, MONITOR_T_EVT_8, !tcp->is_disconnected && !tcp->is_aborted, object, NULL);
    monitor_check(m, MONITOR_T_DSC_30, tcp->waiting == 0, object, NULL);
    monitor_check(m, MONITOR_T_RCV_42, base_list_is_empty(&tcp->receives), object, NULL);
    monitor_check(m, MONITOR_T_DSC_10, !tcp->is_abort_done, object, NULL);
    monitor_check(m, MONITOR_T_RCV_94,
                  state != TOE_TCP_CLOSE_WAIT && state != TOE_TCP_CLOSING &&
                      state != TOE_TCP_LAST_ACK,
                  object, NULL);
    tcp->is_disconnected = true;
    tcp->owes_end = false;
}

static void check_abort(struct toe_inter_monitor *m, struct monitor_object *object)
{
    monitor_check(m, MONITOR_T_EVT_8, !object->tcp.is_aborted, object, NULL);
    monitor_check(m, MONITOR_T_DSC_10, !object->tcp.is_abort_done, object, NULL);
    monitor_check(m, MONITOR_T_HWF_1, object->hardware != MONITOR_FAILED, object, NULL);
    if (object->hardware != MONITOR_SOUND) {
        object->hardware = MONITOR_ABORTED;
    }
    object->tcp.is_aborted = true;
}

static void check_retrieve(struct toe_inter_monitor *m, struct monitor_object *object,
                           uint32_t reason)
{
    if (!monitor_check(m, MONITOR_T_EVT_2, reason >= 1 && reason <= REASON_MAX, object, NULL)) {
        return;
    }
    if (!toe_upload_reason_is_mandatory((enum toe_upload_reason)reason)) {
        monitor_check(m, MONITOR_T_EVT_34, !is_half_closed(&object->tcp), object, NULL);
    } else if (reason != TOE_UPLOAD_INVALID_STATE && !object->tcp.is_retrieved) {
        /* What is invalid may go on, or become valid again (EVT-033, EVT-039). */
        object->tcp.is_retrieved = true;
        object->tcp.retrieved_post = m->post_cnt;
    }
    if (reason == TOE_UPLOAD_HARDWARE_FAILURE && object->hardware == MONITOR_FAILED) {
        object->hardware = MONITOR_RETRIEVED;
    }
}

static void check_event(struct toe_inter_monitor *m, struct monitor_object *object,
                        enum toe_event event, uint32_t info)
{
    monitor_check(m, MONITOR_T_EVT_6,
                  object->stage != MONITOR_OFFERED && object->stage != MONITOR_SETTLING, object,
                  NULL);
    monitor_check(m, MONITOR_T_EVT_9,
                  object->stage != MONITOR_LEAVING || object->hardware != MONITOR_SOUND, object,
                  NULL);
    switch (event) {
    case TOE_EVENT_SEND_BACKLOG_CHANGE:
        monitor_check(m, MONITOR_T_EVT_8, !object->tcp.is_aborted, object, NULL);
        break;
    case TOE_EVENT_DISCONNECT:
        monitor_check(m, MONITOR_T_EVT_4, info == 0, object, NULL);
        check_disconnect(m, object);
        break;
    case TOE_EVENT_RETRIEVE:
        check_retrieve(m, object, info);
        break;
    case TOE_EVENT_ABORT:
        monitor_check(m, MONITOR_T_EVT_4, info == 0, object, NULL);
        check_abort(m, object);
        break;
    default:
        monitor_check(m, MONITOR_T_EVT_2, false, object, NULL);
        break;
    }
}

void monitor_tcp_event(struct toe_inter_monitor *m, void *name, enum toe_event event, uint32_t info)
{
    struct monitor_object *object = object_of(m, name, TOE_LAYER_TCP, NULL);
    const void *telling = m->telling;

    if (object == NULL && !m->is_blind) {
        return;
    }
    if (object != NULL) {
        check_event(m, object, event, info);
    }
    m->telling = object;
    ++m->upcalls;
    m->pass.above_ops.tcp_event(m->pass.above, name, event, info);
    --m->upcalls;
    m->telling = telling;
}

/* --- the target as a whole --- */

static toe_duration stale_time(const struct toe_inter_monitor *m)
{
    return m->params.nce_stale_ticks * (TOE_NS_PER_SEC / m->params.ticks_per_second);
}

/* NBR-7: both sides are stale, by the block's own numbers and by the host's last answer. */
static void check_stale(struct toe_inter_monitor *m, struct monitor_object *object,
                        const struct toe_block *block)
{
    const struct toe_neighbor_state *state = block->state.neighbor;

    if (!m->has_params) {
        return;
    }
    monitor_check(m, MONITOR_T_NBR_7,
                  state->delegated.nic_reachability_delta >= m->params.nce_stale_ticks &&
                      state->cached.host_reachability_delta >= m->params.nce_stale_ticks &&
                      (!object->is_reached || m->pass.now > object->reached_at + stale_time(m)),
                  object, block);
}

void monitor_neighbor_event(struct toe_inter_monitor *m, enum toe_neighbor_event event,
                            struct toe_block *block)
{
    struct monitor_object *object = object_of(m, block->host_object, TOE_LAYER_NEIGHBOR, block);
    const bool is_whole = event == TOE_NEIGHBOR_REACHABILITY_QUERY &&
                          block->type == TOE_BLOCK_NEIGHBOR && block->next == NULL &&
                          block->dependent == NULL && block->state.neighbor != NULL &&
                          block->state.neighbor->size >= sizeof(*block->state.neighbor);

    monitor_check(m, MONITOR_T_NBR_8, is_whole, object, block);
    if (!is_whole || (object == NULL && !m->is_blind)) {
        return;
    }
    if (object != NULL) {
        check_stale(m, object, block);
    }
    ++m->upcalls;
    m->pass.above_ops.neighbor_event(m->pass.above, event, block);
    --m->upcalls;
    if (object != NULL && m->has_params) {
        const toe_duration tick = TOE_NS_PER_SEC / m->params.ticks_per_second;
        const toe_duration age = block->state.neighbor->cached.host_reachability_delta * tick;

        object->is_reached = age <= m->pass.now;
        object->reached_at = object->is_reached ? m->pass.now - age : 0;
    }
}

/* What is only offered is not there yet. */
static bool is_all_uploaded(const struct toe_inter_monitor *m)
{
    base_list_foreach(n, &m->all)
    {
        if (base_container_of(n, struct monitor_object, node)->stage != MONITOR_OFFERED) {
            return false;
        }
    }
    return true;
}

void monitor_status(struct toe_inter_monitor *m, toe_status what, const struct toe_caps *caps)
{
    monitor_upcall(m, NULL, NULL);
    monitor_check(m, MONITOR_T_CAP_38, (caps != NULL) == (what == TOE_STATUS_OFFLOAD_RESUME), NULL,
                  NULL);
    switch (what) {
    case TOE_STATUS_OFFLOAD_PAUSE:
        m->is_paused = true;
        break;
    case TOE_STATUS_UPLOAD_ALL:
        m->is_paused = true;
        m->is_upload_all = true;
        break;
    case TOE_STATUS_OFFLOAD_RESUME:
        monitor_check(m, MONITOR_T_CAP_37_RESUME, m->is_paused, NULL, NULL);
        monitor_check(m, MONITOR_T_CAP_42, !m->is_upload_all || is_all_uploaded(m), NULL, NULL);
        m->is_paused = false;
        m->is_upload_all = false;
        break;
    default:
        monitor_check(m, MONITOR_T_CAP_34, false, NULL, NULL);
        break;
    }
    ++m->upcalls;
    m->pass.above_ops.status(m->pass.above, what, caps);
    --m->upcalls;
}
