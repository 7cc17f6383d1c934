/* SPDX-License-Identifier: MIT */
#include "host/host_options.h"

#include "host/listener.h"
#include "host/path.h"
#include "host/request.h"

#include <string.h>

struct toe_host_options host_options_default(const struct toe_host *host)
{
    const struct toe_host_settings *settings = &host->settings;

    return (struct toe_host_options){
        .size = sizeof(struct toe_host_options),
        .snd_buf = settings->snd_buf,
        .rcv_buf = settings->rcv_buf,
        .nagle = settings->nagle,
        .keep_alive = settings->keep_alive,
        .ka_timeout = settings->ka_timeout,
        .ka_interval = settings->ka_interval,
        .ka_probe_cnt = settings->ka_probe_cnt,
        .ttl = settings->ttl,
    };
}

void host_options_take(struct host_conn *conn)
{
    const struct toe_tcp_cached *cached = &conn->tcp.cached;
    struct toe_host_options *options = &conn->options;

    options->nagle = (cached->flags & TOE_TCP_NAGLE) != 0;
    options->keep_alive = (cached->flags & TOE_TCP_KEEP_ALIVE) != 0;
    options->rcv_buf = cached->initial_rcv_wnd;
    options->ka_timeout = cached->ka_timeout;
    options->ka_interval = cached->ka_interval;
    options->ka_probe_cnt = cached->ka_probe_cnt;
    options->user_timeout = cached->max_rt;
    options->tos = cached->tos & HOST_TOS_MASK;
    options->ttl = cached->ttl == 0 ? conn->host->settings.ttl : cached->ttl;
}

/* The cached state of |conn|, with what the application changed. */
static struct toe_tcp_cached changed(const struct host_conn *conn)
{
    const uint16_t flags = TOE_TCP_KEEP_ALIVE | TOE_TCP_NAGLE;
    const struct toe_tcp_cached ours = host_conn_cached(conn);
    struct toe_tcp_cached cached = conn->tcp.cached;

    cached.flags = (uint16_t)((cached.flags & ~flags) | (ours.flags & flags));
    if (cached.initial_rcv_wnd != ours.initial_rcv_wnd) {
        cached.flags |= TOE_TCP_UPDATE_RCV_WND;
    }
    cached.initial_rcv_wnd = ours.initial_rcv_wnd;
    cached.ka_probe_cnt = ours.ka_probe_cnt;
    cached.ka_timeout = ours.ka_timeout;
    cached.ka_interval = ours.ka_interval;
    cached.max_rt = ours.max_rt;
    cached.ttl = ours.ttl;
    cached.tos = ours.tos;
    return cached;
}

/* The handshake has not begun: begins again with what the options say. */
static void set_up(struct host_conn *conn)
{
    const struct tcp_setup setup = host_conn_setup(conn);
    const struct toe_tcp_cached cached = host_conn_cached(conn);

    tcp_conn_init(&conn->tcp, &conn->busy, &conn->host->tcp_config, &setup, conn->host->now);
    tcp_update(&conn->tcp, &cached, conn->host->now);
}

/* The dormant control block keeps what the target is told: an upload begins with it. */
static void apply_below(struct host_conn *conn)
{
    struct host_interface *interface = host_path_interface(conn->path);
    struct host_node *node;

    if (conn->query_cnt > 0) {
        return; /* Its answer touches the connection again. */
    }
    node = host_node_new(conn->host, HOST_REQUEST_UPDATE, TOE_LAYER_TCP, conn, &conn->object);
    if (node == NULL) {
        return;
    }
    conn->is_options_due = false;
    node->block.type = TOE_BLOCK_TCP_CACHED;
    node->state.tcp.size = sizeof(node->state.tcp);
    node->state.tcp.cached = changed(conn);
    node->block.state.tcp = &node->state.tcp;
    conn->tcp.cached = node->state.tcp.cached;
    conn->tcp.cached.flags &= TOE_TCP_KEEP_ALIVE | TOE_TCP_NAGLE; /* The trigger acts there. */
    ++conn->query_cnt;
    interface->ops.update(interface->target, &node->block);
}

void host_options_apply(struct host_conn *conn)
{
    struct toe_tcp_cached cached;

    if (conn->place == TOE_PLACE_OFFLOADED) {
        apply_below(conn);
        return;
    }
    conn->is_options_due = false;
    cached = changed(conn);
    tcp_update(&conn->tcp, &cached, conn->host->now);
}

static struct toe_host_options *options_of(const struct toe_host *host, toe_handle handle)
{
    struct host_listener *listener = host_listener_get(host, handle);
    struct host_conn *conn = host_conn_get(host, handle);

    if (listener != NULL) {
        return &listener->options;
    }
    return conn == NULL ? NULL : &conn->options;
}

bool toe_host_options_get(const struct toe_host *host, toe_handle handle,
                          struct toe_host_options *options)
{
    const struct toe_host_options *all = options_of(host, handle);
    const size_t size = options->size;

    if (all == NULL) {
        return false;
    }
    memcpy(options, all, size < sizeof(*all) ? size : sizeof(*all));
    options->size = size;
    return true;
}

bool toe_host_options_set(struct toe_host *host, toe_handle handle,
                          const struct toe_host_options *options)
{
    struct toe_host_options *all = options_of(host, handle);
    struct host_conn *conn = host_conn_get(host, handle);

    if (all == NULL || options->size < sizeof(*all) || options->snd_buf == 0 ||
        options->rcv_buf == 0 || options->snd_buf >= HOST_BUF_LIMIT ||
        options->rcv_buf >= HOST_BUF_LIMIT || options->ttl == 0) {
        return false;
    }
    *all = *options;
    all->size = sizeof(*all);
    all->tos &= HOST_TOS_MASK;
    if (conn == NULL) {
        return true;
    }
    if (conn->is_opening) {
        set_up(conn);
    } else {
        conn->is_options_due = true;
        host_conn_touch(conn);
    }
    return true;
}
