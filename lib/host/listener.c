/* SPDX-License-Identifier: MIT */
#include "host/listener.h"

#include "base/assert.h"
#include "host/drive.h"
#include "host/host_output.h"
#include "host/isn.h"
#include "host/path.h"

struct host_listener *host_listener_get(const struct toe_host *host, toe_handle handle)
{
    if ((handle & HOST_LISTENER_BIT) == 0) {
        return NULL;
    }
    return base_slab_get(&host->listeners, handle & ~HOST_LISTENER_BIT);
}

/* Resets all connections on |list|. */
static void reset_all(struct base_list *list)
{
    struct base_list_node *node;

    while ((node = base_list_front(list)) != NULL) {
        struct host_conn *conn = base_container_of(node, struct host_conn, accept);

        host_listener_forget(conn);
        conn->is_orphan = true;
        conn->is_abort_due = true;
        host_conn_touch(conn);
    }
}

void host_listener_close(struct host_listener *listener)
{
    struct toe_host *host = listener->host;

    reset_all(&listener->half_open);
    reset_all(&listener->waiting);
    host_event_mute(&listener->subject);
    host_lookup_remove_listener(listener);
    base_slab_free(&host->listeners, listener);
}

/* Answers |syn|, for which there is room. */
static void open_passive(struct host_listener *listener, const struct host_tuple *tuple,
                         const struct tcp_segment *syn, const toe_seq *floor)
{
    struct toe_host *host = listener->host;
    struct host_path *path = host_path_get(host, tuple->local, tuple->remote);
    struct host_conn *conn;
    struct tcp_setup setup;
    struct toe_tcp_cached cached;
    toe_seq iss;

    if (path == NULL) {
        host_drop(host, TOE_DROP_IP_NO_ROUTE);
        return;
    }
    conn = host_conn_new(host, path, tuple);
    if (conn == NULL) {
        host_drop(host, TOE_DROP_NO_MEMORY);
        return;
    }
    conn->options = listener->options;
    setup = host_conn_setup(conn);
    cached = host_conn_cached(conn);
    tcp_conn_init(&conn->tcp, &conn->busy, &host->tcp_config, &setup, host->now);
    tcp_update(&conn->tcp, &cached, host->now);
    iss = host_isn(host, conn->secret);
    if (floor != NULL && toe_seq_lt(iss, *floor)) {
        iss = *floor;
    }
    tcp_open_passive(&conn->tcp, syn, iss, host->now);
    conn->listener = listener;
    conn->subject.is_muted = true;
    base_list_push_back(&listener->half_open, &conn->accept);
    ++listener->half_open_cnt;
    host_conn_touch(conn);
}

void host_listener_input(struct host_listener *listener, struct host_interface *interface,
                         const struct host_tuple *tuple, const struct tcp_segment *seg,
                         const toe_seq *floor)
{
    struct toe_host *host = listener->host;

    if ((seg->flags & TCP_RST) != 0) {
        host_drop(host, TOE_DROP_TCP_NO_CONNECTION);
        return;
    }
    if ((seg->flags & TCP_ACK) != 0) {
        host_drop(host, TOE_DROP_TCP_NO_CONNECTION);
        host_reset_send(interface, tuple->local, tuple->remote, seg);
        return;
    }
    if ((seg->flags & (TCP_SYN | TCP_FIN)) != TCP_SYN) {
        host_drop(host, TOE_DROP_TCP_NO_CONNECTION);
        return;
    }
    if (listener->half_open_cnt + listener->waiting_cnt >= listener->backlog) {
        host_drop(host, TOE_DROP_TCP_BACKLOG);
        return;
    }
    ++host->stats.segments_in;
    open_passive(listener, tuple, seg, floor);
}

void host_listener_established(struct host_conn *conn)
{
    struct host_listener *listener = conn->listener;

    base_list_remove(&conn->accept);
    --listener->half_open_cnt;
    base_list_push_back(&listener->waiting, &conn->accept);
    ++listener->waiting_cnt;
    host_event_raise(conn->host, &listener->subject, TOE_HOST_ACCEPTABLE);
}

void host_listener_forget(struct host_conn *conn)
{
    struct host_listener *listener = conn->listener;

    toe_assert(listener != NULL);
    base_list_remove(&conn->accept);
    if (conn->is_opened) {
        --listener->waiting_cnt;
    } else {
        --listener->half_open_cnt;
    }
    conn->listener = NULL;
}
