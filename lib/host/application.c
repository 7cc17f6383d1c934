/* SPDX-License-Identifier: MIT */
#include "toe/host.h"

#include "host/drive.h"
#include "host/host_conn.h"
#include "host/host_offload.h"
#include "host/host_options.h"
#include "host/host_receiving.h"
#include "host/host_sending.h"
#include "host/host_upload.h"
#include "host/isn.h"
#include "host/listener.h"
#include "host/path.h"
#include "host/policy.h"

/*
 * The application's calls. They change queues and marks, and leave the rest to the next run.
 */

static struct host_subject *subject_get(const struct toe_host *host, toe_handle handle)
{
    struct host_listener *listener = host_listener_get(host, handle);
    struct host_conn *conn = host_conn_get(host, handle);

    if (listener != NULL) {
        return &listener->subject;
    }
    return conn == NULL ? NULL : &conn->subject;
}

toe_handle toe_host_listen(struct toe_host *host, const struct toe_addr *addr, uint16_t port,
                           uint32_t backlog)
{
    static const struct toe_addr any = {0};
    struct host_listener *listener;

    if (addr == NULL) {
        addr = &any;
    }
    if (port == 0 || host_lookup_listener_exact(host, addr, port) != NULL ||
        host->conns.cnt + host->listeners.cnt >= host->settings.conn_max) {
        return 0;
    }
    listener = base_slab_alloc(&host->listeners);
    if (listener == NULL) {
        return 0;
    }
    listener->host = host;
    listener->addr = *addr;
    listener->port = port;
    listener->options = host_options_default(host);
    listener->backlog = backlog == 0 ? 1 : backlog;
    listener->subject.handle = base_slab_handle(&host->listeners, listener) | HOST_LISTENER_BIT;
    base_list_init(&listener->half_open);
    base_list_init(&listener->waiting);
    host_lookup_insert_listener(listener);
    return listener->subject.handle;
}

toe_handle toe_host_accept(struct toe_host *host, toe_handle handle)
{
    struct host_listener *listener = host_listener_get(host, handle);
    struct base_list_node *node = listener == NULL ? NULL : base_list_front(&listener->waiting);
    struct host_conn *conn;

    if (node == NULL) {
        return 0;
    }
    conn = base_container_of(node, struct host_conn, accept);
    host_listener_forget(conn);
    conn->subject.is_muted = false;
    if (conn->received.len > 0 || conn->is_fin_rcvd) {
        host_conn_raise(conn, TOE_HOST_RECEIVABLE);
    }
    host_policy_established(conn);
    return conn->subject.handle;
}

toe_handle toe_host_connect(struct toe_host *host, const struct toe_addr *src, uint16_t src_port,
                            const struct toe_addr *dst, uint16_t dst_port)
{
    struct host_path *path = dst_port == 0 ? NULL : host_path_get(host, src, dst);
    struct host_tuple tuple;
    struct host_conn *conn;
    struct tcp_setup setup;
    struct toe_tcp_cached cached;
    bool is_free;

    if (path == NULL) {
        return 0;
    }
    if (src_port == 0) {
        is_free = host_port_choose(host, &tuple, &path->local, &path->remote, dst_port);
    } else {
        tuple = host_tuple_of(host, &path->local, &path->remote, src_port, dst_port);
        is_free = host_lookup_conn(host, &tuple) == NULL;
    }
    if (!is_free) {
        host_path_unref(path);
        return 0;
    }
    conn = host_conn_new(host, path, &tuple);
    if (conn == NULL) {
        return 0;
    }
    setup = host_conn_setup(conn);
    cached = host_conn_cached(conn);
    tcp_conn_init(&conn->tcp, &conn->busy, &host->tcp_config, &setup, host->now);
    tcp_update(&conn->tcp, &cached, host->now);
    conn->is_active = true;
    conn->is_opening = true;
    host_conn_touch(conn);
    return conn->subject.handle;
}

size_t toe_host_send(struct toe_host *host, toe_handle handle, const void *data, size_t len)
{
    struct host_conn *conn = host_conn_get(host, handle);

    return conn == NULL || len == 0 ? 0 : host_sending_write(conn, data, len, false);
}

size_t toe_host_send_more(struct toe_host *host, toe_handle handle, const void *data, size_t len)
{
    struct host_conn *conn = host_conn_get(host, handle);

    return conn == NULL || len == 0 ? 0 : host_sending_write(conn, data, len, true);
}

/* Whether the application can do nothing with |conn|: there is none, or it is frozen. */
static bool is_still(const struct host_conn *conn)
{
    return conn == NULL || conn->place == TOE_PLACE_FROZEN;
}

size_t toe_host_receive(struct toe_host *host, toe_handle handle, void *data, size_t len)
{
    struct host_conn *conn = host_conn_get(host, handle);

    return is_still(conn) || len == 0 ? 0 : host_receiving_read(conn, data, len);
}

void toe_host_flush(struct toe_host *host, toe_handle handle, bool with_push)
{
    struct host_conn *conn = host_conn_get(host, handle);

    if (!is_still(conn)) {
        host_sending_flush(conn, with_push);
    }
}

size_t toe_host_peek(const struct toe_host *host, toe_handle handle, void *data, size_t len)
{
    const struct host_conn *conn = host_conn_get(host, handle);

    return is_still(conn) ? 0 : host_queue_peek(&conn->received, data, len);
}

void toe_host_shutdown(struct toe_host *host, toe_handle handle)
{
    struct host_conn *conn = host_conn_get(host, handle);

    if (!is_still(conn) && !conn->is_shut) {
        conn->is_shut = true;
        host_conn_touch(conn);
    }
}

/* Frees the handle of |conn|; the connection ends by itself, with a RST if |abort|. */
static void let_go(struct host_conn *conn, bool abort)
{
    host_event_mute(&conn->subject);
    conn->is_orphan = true;
    conn->is_shut = true;
    if (conn->is_over && !conn->is_hashed && conn->place == TOE_PLACE_HOST) {
        host_conn_free(conn);
        return;
    }
    if (!conn->is_over) {
        conn->is_abort_due = abort;
    } else {
        host_queue_clear(&conn->received, &conn->host->pieces);
    }
    host_conn_touch(conn);
}

void toe_host_close(struct toe_host *host, toe_handle handle)
{
    struct host_listener *listener = host_listener_get(host, handle);
    struct host_conn *conn = host_conn_get(host, handle);

    if (listener != NULL) {
        host_listener_close(listener);
    } else if (conn != NULL && !toe_host_forget(host, handle)) {
        const bool is_unread =
            conn->received.len > 0 || conn->lent.len > 0 || conn->owed > 0 || conn->is_refused;

        let_go(conn, is_unread || !conn->is_opened);
    }
}

void toe_host_abort(struct toe_host *host, toe_handle handle)
{
    struct host_conn *conn = host_conn_get(host, handle);

    if (conn != NULL && !toe_host_forget(host, handle)) {
        let_go(conn, true);
    }
}

static enum toe_conn_state shown_state(const struct host_conn *conn)
{
    return conn->is_opening ? TOE_TCP_SYN_SENT : (enum toe_conn_state)conn->tcp.state;
}

bool toe_host_conn_info(const struct toe_host *host, toe_handle handle,
                        struct toe_host_conn_info *info)
{
    const struct host_listener *listener = host_listener_get(host, handle);
    const struct host_conn *conn = host_conn_get(host, handle);

    if (listener != NULL) {
        *info = (struct toe_host_conn_info){
            .local = listener->addr,
            .local_port = listener->port,
            .state = TOE_TCP_LISTEN,
        };
        return true;
    }
    if (conn == NULL) {
        return false;
    }
    *info = (struct toe_host_conn_info){
        .local = conn->path->local,
        .remote = conn->path->remote,
        .local_port = conn->local_port,
        .remote_port = conn->remote_port,
        .state = shown_state(conn),
        .place = (enum toe_place)conn->place,
        .offload_cnt = conn->offload_cnt,
        .upload_cnt = conn->upload_cnt,
        .offload_status = conn->subject.offload_status,
        .sendable = host_sending_room(conn),
        .receivable = is_still(conn) ? 0 : conn->received.len,
        .end_of_stream =
            !is_still(conn) && conn->is_fin_rcvd && conn->owed == 0 && conn->lent.len == 0,
    };
    return true;
}

void toe_host_conn_user_set(struct toe_host *host, toe_handle handle, void *user)
{
    struct host_subject *subject = subject_get(host, handle);

    if (subject != NULL) {
        subject->user = user;
    }
}

void *toe_host_conn_user(const struct toe_host *host, toe_handle handle)
{
    const struct host_subject *subject = subject_get(host, handle);

    return subject == NULL ? NULL : subject->user;
}

uint32_t toe_host_offload(struct toe_host *host, const toe_handle *conns, uint32_t cnt)
{
    uint32_t begun = 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        struct host_conn *conn = host_conn_get(host, conns[i]);

        begun += conn != NULL && conn->listener == NULL && host_offload_want(conn);
    }
    return begun;
}

uint32_t toe_host_upload(struct toe_host *host, const toe_handle *conns, uint32_t cnt)
{
    uint32_t begun = 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        struct host_conn *conn = host_conn_get(host, conns[i]);

        begun += conn != NULL && host_upload_want(conn);
    }
    return begun;
}

void toe_host_policy_set(struct toe_host *host, enum toe_policy policy)
{
    host->settings.policy = policy;
    host_policy_change(host);
}

bool toe_host_event_next(struct toe_host *host, struct toe_host_event *event)
{
    return host_event_next(host, event);
}
