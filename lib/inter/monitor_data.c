/* SPDX-License-Identifier: MIT */
#include "inter/monitor.h"

/*
 * The data operations: posts and their completions. Of each connection the buffers are kept in the
 * order of posting, one list for each kind.
 */

static struct base_list *list_of(struct toe_inter_monitor *m, struct monitor_object *object,
                                 enum monitor_kind kind)
{
    if (object == NULL) {
        return &m->stray;
    }
    switch (kind) {
    case MONITOR_SEND:
        return &object->tcp.sends;
    case MONITOR_RECEIVE:
        return &object->tcp.receives;
    case MONITOR_DISCONNECT:
        return &object->tcp.disconnects;
    case MONITOR_FORWARD:
        return &object->tcp.forwards;
    case MONITOR_LENT:
        break;
    }
    return &m->lent;
}

/* --- posts --- */

/* A connection that is being terminated gets nothing any more. */
static void check_leaving(struct toe_inter_monitor *m, const struct monitor_object *object,
                          enum monitor_kind kind)
{
    const bool holds = object->stage != MONITOR_LEAVING;

    switch (kind) {
    case MONITOR_SEND:
    case MONITOR_RECEIVE:
        monitor_check(m, MONITOR_H_SND_83, holds, object, NULL);
        break;
    case MONITOR_FORWARD:
        monitor_check(m, MONITOR_H_FWD_3, holds, object, NULL);
        monitor_check(m, MONITOR_H_FWD_2, object->stage != MONITOR_OFFERED, object, NULL);
        break;
    case MONITOR_DISCONNECT:
        monitor_check(m, MONITOR_H_TRM_30, holds, object, NULL);
        break;
    case MONITOR_LENT:
        break;
    }
}

static void post_disconnect(struct toe_inter_monitor *m, struct monitor_object *object,
                            const struct toe_buf *buf, uint32_t how)
{
    struct monitor_tcp *tcp = &object->tcp;

    monitor_check(m, MONITOR_H_DSC_2, buf->next == NULL, object, buf);
    if (!monitor_check(m, MONITOR_H_DSC_3,
                       how == TOE_DISCONNECT_GRACEFUL || how == TOE_DISCONNECT_ABORTIVE, object,
                       buf)) {
        return;
    }
    if (how == TOE_DISCONNECT_ABORTIVE) {
        monitor_check(m, MONITOR_H_DSC_6, buf->len == 0, object, buf);
        tcp->is_abort_posted = true;
        return;
    }
    monitor_check(m, MONITOR_H_DSC_20, !tcp->is_fin_failed, object, buf);
    monitor_check(m, MONITOR_H_DSC_24, !tcp->is_fin_posted || tcp->is_fin_failed, object, buf);
    if (!tcp->is_fin_posted) {
        tcp->is_fin_posted = true;
        tcp->fin_left = buf->len;
    }
}

static void check_post(struct toe_inter_monitor *m, struct monitor_object *object,
                       const struct toe_buf *chain, enum monitor_kind kind, uint32_t how)
{
    struct monitor_tcp *tcp = &object->tcp;

    check_leaving(m, object, kind);
    switch (kind) {
    case MONITOR_SEND:
        monitor_check(m, MONITOR_H_SND_13, m->posting != object, object, chain);
        monitor_check(m, MONITOR_H_SND_19, !tcp->is_fin_posted, object, chain);
        break;
    case MONITOR_RECEIVE:
        monitor_check(m, MONITOR_H_RCV_7, m->posting != object, object, chain);
        monitor_check(m, MONITOR_H_EVT_12, !tcp->is_disconnected, object, chain);
        tcp->is_held = false;
        ++tcp->receive_posts;
        break;
    case MONITOR_DISCONNECT:
        post_disconnect(m, object, chain, how);
        break;
    case MONITOR_FORWARD:
    case MONITOR_LENT:
        break;
    }
}

void monitor_post(struct toe_inter_monitor *m, struct monitor_object *object, toe_handle handle,
                  struct toe_buf *chain, enum monitor_kind kind, uint32_t how)
{
    const uint64_t post = ++m->post_cnt;

    if (!m->is_blind) {
        monitor_check(m, MONITOR_H_CTX_4, object != NULL && handle != 0, object, chain);
    }
    if (object != NULL) {
        check_post(m, object, chain, kind, how);
    }
    /* What was posted too late need not be answered before the terminate: it is nobody's. */
    if (object != NULL && object->stage == MONITOR_LEAVING) {
        object = NULL;
    }
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        struct monitor_buf *rec;

        if (!monitor_check(m, MONITOR_H_IOS_13, monitor_buf_find(m, buf) == NULL, object, buf)) {
            return;
        }
        monitor_check(m, MONITOR_H_IOS_3_POSTED, toe_buf_is_sound(buf), object, buf);
        rec = monitor_buf_lend(m, buf, kind, object, post);
        if (rec != NULL) {
            rec->is_late = object != NULL && object->tcp.is_disconnected;
            rec->is_abortive = how == TOE_DISCONNECT_ABORTIVE;
            base_list_push_back(list_of(m, object, kind), &rec->node);
            buf->status = TOE_STATUS_PENDING;
        }
    }
}

/* --- completions --- */

static bool is_refusal(toe_status status)
{
    return status == TOE_STATUS_UPLOAD_IN_PROGRESS || status == TOE_STATUS_INVALID_STATE ||
           status == TOE_STATUS_INVALID_PARAMETER || status == TOE_STATUS_REQUEST_UPLOAD ||
           status == TOE_STATUS_UPLOAD_REQUESTED;
}

/* The statuses that a kind of request has; INVALID_PARAMETER is the answer to an unsound buffer. */
static bool is_status_legal(const struct monitor_buf *rec)
{
    switch (rec->buf->status) {
    case TOE_STATUS_SUCCESS:
    case TOE_STATUS_UPLOAD_IN_PROGRESS:
    case TOE_STATUS_REQUEST_ABORTED:
        return true;
    case TOE_STATUS_REQUEST_UPLOAD:
    case TOE_STATUS_UPLOAD_REQUESTED:
        return rec->kind == MONITOR_SEND; /* SND-049: an intermediate driver below */
    case TOE_STATUS_INVALID_STATE:
        return rec->object == NULL || rec->kind == MONITOR_SEND || rec->kind == MONITOR_RECEIVE;
    case TOE_STATUS_INVALID_PARAMETER:
        return !toe_buf_is_sound(&rec->was) || rec->kind == MONITOR_DISCONNECT;
    default:
        return false;
    }
}

/* Those that were posted before are completed before, unless this one was merely refused. */
static bool is_in_order(const struct monitor_buf *rec)
{
    const struct base_list_node *prev = rec->node.prev;
    const struct base_list *list;

    if (rec->object == NULL || is_refusal(rec->buf->status)) {
        return true;
    }
    switch (rec->kind) {
    case MONITOR_SEND:
        list = &rec->object->tcp.sends;
        break;
    case MONITOR_RECEIVE:
        list = &rec->object->tcp.receives;
        break;
    case MONITOR_FORWARD:
        list = &rec->object->tcp.forwards;
        break;
    case MONITOR_DISCONNECT:
    case MONITOR_LENT:
    default:
        return true;
    }
    return prev == &list->root;
}

static void check_progress(struct toe_inter_monitor *m, const struct monitor_buf *rec,
                           enum monitor_rule rule)
{
    monitor_check(m, rule, monitor_buf_moved(rec) == rec->buf->transferred, rec->object, rec->buf);
}

/* DSC-036: the event comes first, unless the host asked for the reset itself. */
static void check_aborted(struct toe_inter_monitor *m, const struct monitor_buf *rec)
{
    const struct monitor_object *object = rec->object;

    if (object != NULL && rec->buf->status == TOE_STATUS_REQUEST_ABORTED) {
        monitor_check(m, MONITOR_T_DSC_36,
                      object->tcp.is_aborted || object->tcp.is_abort_posted ||
                          object->hardware != MONITOR_SOUND,
                      object, rec->buf);
    }
}

static void complete_send(struct toe_inter_monitor *m, const struct monitor_buf *rec)
{
    struct monitor_object *object = rec->object;
    const struct toe_buf *buf = rec->buf;

    monitor_check(m, MONITOR_T_SND_84, buf->status != TOE_STATUS_PAUSED, object, buf);
    monitor_check(m, MONITOR_T_SND_33, is_status_legal(rec) || buf->status == TOE_STATUS_PAUSED,
                  object, buf);
    check_progress(m, rec, MONITOR_T_SND_41);
    monitor_check(m, MONITOR_T_SND_12, monitor_buf_is_intact(m, rec), object, buf);
    monitor_check(m, MONITOR_T_SND_43, is_in_order(rec), object, buf);
    check_aborted(m, rec);
    if (buf->status == TOE_STATUS_SUCCESS) {
        monitor_check(m, MONITOR_T_SND_42, buf->len == 0, object, buf);
    }
    if (object == NULL) {
        return;
    }
    monitor_check(m, MONITOR_T_SND_69, object->stage != MONITOR_OFFERED, object, buf);
    monitor_check(m, MONITOR_T_SND_36,
                  buf->status != TOE_STATUS_SUCCESS || object->tcp.failed_post != rec->post, object,
                  buf);
    if (object->tcp.is_retrieved && rec->post > object->tcp.retrieved_post) {
        monitor_check(m, MONITOR_T_SND_80, buf->status != TOE_STATUS_SUCCESS, object, buf);
    }
    if (buf->status != TOE_STATUS_SUCCESS) {
        object->tcp.failed_post = rec->post;
        object->tcp.unsent += buf->len;
    }
    object->tcp.acked += buf->transferred;
}

/* RCV-013, RCV-042: what is less than was asked for may be so because the stream ends there. */
static void check_short(struct toe_inter_monitor *m, const struct monitor_buf *rec)
{
    struct monitor_tcp *tcp = &rec->object->tcp;
    const struct toe_buf *buf = rec->buf;
    const bool no_push = (rec->was.flags & TOE_BUF_NO_PUSH) != 0;

    if (buf->transferred > 0 && tcp->owes_end) {
        monitor_check(m, tcp->owes_end_no_push ? MONITOR_T_RCV_13 : MONITOR_T_RCV_42, false,
                      rec->object, buf);
        tcp->owes_end = false;
    }
    if (buf->status == TOE_STATUS_SUCCESS && buf->transferred < rec->was.len &&
        (no_push || (buf->transferred == 0 && rec->was.placed == 0))) {
        tcp->owes_end = true;
        tcp->owes_end_no_push = buf->transferred > 0;
    }
}

static void complete_receive(struct toe_inter_monitor *m, const struct monitor_buf *rec)
{
    struct monitor_object *object = rec->object;
    const struct toe_buf *buf = rec->buf;

    monitor_check(m, MONITOR_T_RCV_22, is_status_legal(rec), object, buf);
    check_progress(m, rec, MONITOR_T_RCV_19);
    monitor_check(m, MONITOR_T_RCV_5, is_in_order(rec), object, buf);
    monitor_check(m, MONITOR_T_RCV_18, monitor_buf_is_intact(m, rec), object, buf);
    check_aborted(m, rec);
    if (object == NULL) {
        return;
    }
    monitor_check(m, MONITOR_T_RCV_23, buf->status != TOE_STATUS_INVALID_STATE || rec->is_late,
                  object, buf);
    monitor_check(m, MONITOR_T_DSC_35, buf->status != TOE_STATUS_SUCCESS || !rec->is_late, object,
                  buf);
    check_short(m, rec);
    object->tcp.delivered += buf->transferred;
    object->tcp.waiting -=
        buf->transferred < object->tcp.waiting ? buf->transferred : object->tcp.waiting;
}

/* DSC-015: what was posted before has been completed, or goes back with the terminate. */
static bool are_sends_done(const struct monitor_buf *rec)
{
    const struct base_list_node *first;

    if (rec->object == NULL || is_refusal(rec->buf->status) ||
        rec->object->hardware != MONITOR_SOUND) {
        return true; /* HWF-1, step 4 has no order */
    }
    first = base_list_front(&rec->object->tcp.sends);
    return first == NULL ||
           base_container_of(first, struct monitor_buf, node)->number > rec->number;
}

static void complete_disconnect(struct toe_inter_monitor *m, const struct monitor_buf *rec)
{
    struct monitor_object *object = rec->object;
    const struct toe_buf *buf = rec->buf;

    monitor_check(m, MONITOR_T_DSC_16, is_status_legal(rec), object, buf);
    check_progress(m, rec, MONITOR_T_DSC_17);
    monitor_check(m, MONITOR_T_DSC_15, are_sends_done(rec), object, buf);
    if (object == NULL) {
        return;
    }
    monitor_check(m, MONITOR_T_EVO_7, object->stage != MONITOR_OFFERED, object, buf);
    object->tcp.acked += buf->transferred;
    if (rec->is_abortive) {
        object->tcp.is_abort_done = buf->status == TOE_STATUS_SUCCESS;
        return;
    }
    if (buf->status == TOE_STATUS_SUCCESS) {
        object->tcp.is_fin_done = true;
        object->tcp.fin_left = 0;
    } else {
        object->tcp.is_fin_failed = true;
        object->tcp.fin_left -=
            buf->transferred < object->tcp.fin_left ? buf->transferred : object->tcp.fin_left;
    }
}

static void complete_forward(struct toe_inter_monitor *m, const struct monitor_buf *rec)
{
    monitor_check(m, MONITOR_T_FWD_10, is_status_legal(rec), rec->object, rec->buf);
    monitor_check(m, MONITOR_T_FWD_13, is_in_order(rec), rec->object, rec->buf);
}

static void complete_one(struct toe_inter_monitor *m, struct monitor_buf *rec,
                         enum monitor_kind kind)
{
    monitor_check(m, MONITOR_T_DSC_19, rec->kind == kind, rec->object, rec->buf);
    monitor_check(m, MONITOR_T_IOS_8, monitor_buf_is_kept(rec), rec->object, rec->buf);
    if (monitor_check(m, MONITOR_T_SND_38, rec->buf->status != TOE_STATUS_PENDING, rec->object,
                      rec->buf)) {
        switch (rec->kind) {
        case MONITOR_SEND:
            complete_send(m, rec);
            break;
        case MONITOR_RECEIVE:
            complete_receive(m, rec);
            break;
        case MONITOR_DISCONNECT:
            complete_disconnect(m, rec);
            break;
        case MONITOR_FORWARD:
            complete_forward(m, rec);
            break;
        case MONITOR_LENT:
            break;
        }
    }
    monitor_buf_del(m, rec);
}

/* A completion of what is not outstanding, or only the other way. */
static void report_unknown(struct toe_inter_monitor *m, const struct toe_buf *buf)
{
    if (!m->is_blind) {
        monitor_check(m,
                      monitor_recent_has(m->recent_bufs, buf) ? MONITOR_T_IOS_14
                                                              : MONITOR_T_IOS_13_UNKNOWN,
                      false, NULL, buf);
    }
}

struct toe_buf *monitor_complete(struct toe_inter_monitor *m, struct toe_buf *chain,
                                 enum monitor_kind kind)
{
    struct toe_buf *known = NULL;
    struct toe_buf **link = &known;
    const struct monitor_object *object = NULL;

    monitor_check(m, MONITOR_T_SEAM_6, chain != NULL, NULL, NULL);
    for (struct toe_buf *buf = chain, *next; buf != NULL; buf = next) {
        struct monitor_buf *rec = monitor_buf_find(m, buf);

        if (rec == NULL || rec->kind == MONITOR_LENT) {
            report_unknown(m, buf);
            if (!m->is_blind) {
                break; /* where it leads is not known either */
            }
            next = buf->next;
        } else {
            next = buf->next;
            monitor_check(m, MONITOR_T_SND_45, object == NULL || rec->object == object, rec->object,
                          buf);
            object = rec->object;
            complete_one(m, rec, kind);
        }
        *link = buf;
        link = &buf->next;
    }
    *link = NULL;
    return known;
}

void monitor_forget(struct toe_inter_monitor *m, struct base_list *list, enum monitor_rule rule)
{
    base_list_foreach_safe(n, tmp, list)
    {
        struct monitor_buf *rec = base_container_of(n, struct monitor_buf, node);

        monitor_check(m, rule, false, rec->object, rec->buf);
        monitor_buf_del(m, rec);
    }
    monitor_check(m, rule, true, NULL, NULL);
}

/* --- buffers that come back --- */

void monitor_return(struct toe_inter_monitor *m, const struct toe_buf *chain)
{
    for (const struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        struct monitor_buf *rec = monitor_buf_find(m, buf);
        const bool is_lent = rec != NULL && rec->kind == MONITOR_LENT;

        if (is_lent || !m->is_blind) {
            monitor_check(m, MONITOR_H_RCV_65, is_lent, NULL, buf);
        }
        if (is_lent) {
            monitor_buf_del(m, rec);
        }
    }
}
