/* SPDX-License-Identifier: MIT */
/*
 * Connections that move to another host: saved there, restored here.
 *
 * To be frozen is a place like being offloaded: nothing runs the engine, and segments wait as they
 * do during a move. What is written is what would cross the seam, and it is read as an upload is.
 */
#include "toe/host.h"

#include "base/assert.h"
#include "base/mem.h"
#include "host/drive.h"
#include "host/held.h"
#include "host/host_conn.h"
#include "host/host_extension.h"
#include "host/host_options.h"
#include "host/host_output.h"
#include "host/path.h"
#include "host/place.h"
#include "host/policy.h"

#include <string.h>

/* --- saving --- */

static struct toe_neighbor_state neighbor_state(const struct host_neighbor *neighbor)
{
    const struct toe_host *host = neighbor->interface->host;
    struct toe_neighbor_state state = {
        .size = sizeof(state),
        .constant.vlan_id = neighbor->interface->vlan_id,
        .cached.host_reachability_delta = host->params.nce_stale_ticks,
        .delegated.nic_reachability_delta = host->params.nce_stale_ticks,
    };

    if (host_neighbor_is_resolved(neighbor)) {
        memcpy(state.cached.dst_mac, neighbor->mac, TOE_MAC_LEN);
    }
    if (neighbor->is_confirmed) {
        const toe_duration ticks = (host->now - neighbor->confirmed_at) / host->tick;

        state.cached.host_reachability_delta = ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX;
        state.delegated.nic_reachability_delta = state.cached.host_reachability_delta;
    }
    return state;
}

static uint32_t list_len(const struct base_list *list)
{
    uint32_t len = 0;

    base_list_foreach(node, list)
    {
        len += host_piece_of_node(node)->buf.len;
    }
    return len;
}

/* All but the bytes, and how many of these there are. */
static void describe(const struct host_conn *conn, struct toe_saved *saved)
{
    const struct toe_host *host = conn->host;
    const struct host_path *path = conn->path;
    struct toe_tcp_state *tcp = &saved->tcp;

    *saved = (struct toe_saved){
        .size = sizeof(*saved),
        .ticks_per_second = host->params.ticks_per_second,
        .neighbor = neighbor_state(path->neighbor),
        .path = {sizeof(saved->path), {path->local, path->remote}, {path->mtu}},
        .tcp.size = sizeof(saved->tcp),
        .extension.size = sizeof(saved->extension),
        .send.len = tcp_send_len(&conn->tcp) + list_len(&conn->unposted),
        .received.len = conn->received.len + conn->tcp.busy->recvq.len,
        .early.len = conn->tcp.busy->reassembly.len,
    };
    tcp_export(&conn->tcp, &tcp->constant, &tcp->cached, &tcp->delegated, host->now);
    tcp_extension_export(&conn->tcp, &saved->extension, host->now);
    tcp->constant.local_port = conn->local_port;
    tcp->constant.remote_port = conn->remote_port;
    tcp->constant.hash_value =
        wire_rss_hash(&host->rss, &path->remote, &path->local, conn->remote_port, conn->local_port);
    tcp->cached.flags &= TOE_TCP_KEEP_ALIVE | TOE_TCP_NAGLE; /* The triggers acted here. */
}

static toe_status can_save(const struct host_conn *conn)
{
    if (conn == NULL) {
        return TOE_STATUS_INVALID_PARAMETER;
    }
    switch ((enum toe_place)conn->place) {
    case TOE_PLACE_HOST:
        break;
    case TOE_PLACE_OFFLOADING:
    case TOE_PLACE_OFFLOADED:
    case TOE_PLACE_UPLOADING:
        return TOE_STATUS_REQUEST_UPLOAD;
    case TOE_PLACE_FROZEN:
        return TOE_STATUS_INVALID_STATE;
    }
    if (conn->is_over || conn->is_opening || conn->is_abort_due || conn->listener != NULL ||
        conn->tcp.verdict != TCP_VERDICT_NONE) {
        return TOE_STATUS_INVALID_STATE;
    }
    return TOE_STATUS_SUCCESS;
}

/* Brings the engine up to what the application has done, and acknowledges what is owed. */
static void settle(struct host_conn *conn)
{
    struct toe_host *host = conn->host;

    host_drive_feed(conn);
    if (conn->consumed > 0) {
        tcp_consumed(&conn->tcp, conn->consumed, host->now);
        conn->consumed = 0;
    }
    tcp_quiesce(&conn->tcp);
    host_drive_output(conn);
    host_tx_flush(host);
}

/* Bytes that are gathered, one part behind the other. */
struct gather {
    uint8_t *at;
};

static bool gather_bytes(void *user, const uint8_t *data, uint32_t len)
{
    struct gather *gather = user;

    memcpy(gather->at, data, len);
    gather->at += len;
    return true;
}

static void gather_list(struct gather *gather, const struct base_list *list)
{
    base_list_foreach(node, list)
    {
        struct host_piece *piece = host_piece_of_node(node);

        gather_bytes(gather, host_piece_bytes(piece), piece->buf.len);
    }
}

/* Copies the bytes that |saved| counts to |room|, and lets it point to them. */
static bool gather_all(struct host_conn *conn, struct toe_saved *saved, uint8_t *room)
{
    struct gather gather = {.at = room};
    const uint32_t posted = tcp_send_len(&conn->tcp);
    uint64_t sum = 0;

    saved->send.data = gather.at;
    if (posted > 0 && !tcp_send_read(&conn->tcp, gather.at, 0, posted, &sum)) {
        return false;
    }
    gather.at += posted;
    gather_list(&gather, &conn->unposted);
    saved->received.data = gather.at;
    gather_list(&gather, &conn->received.list);
    saved->early.data = gather.at;
    return tcp_reassembly_copy(&conn->tcp.busy->reassembly, gather_bytes, &gather);
}

static bool write_bytes(struct host_conn *conn, void *bytes, size_t room)
{
    const struct toe_mem *mem = &conn->host->settings.mem;
    struct toe_saved saved;
    uint8_t *scratch;
    size_t cnt;
    bool ok;

    describe(conn, &saved);
    cnt = (size_t)saved.send.len + saved.received.len + saved.early.len + 1;
    scratch = base_mem_alloc(mem, cnt);
    if (scratch == NULL) {
        return false;
    }
    ok = gather_all(conn, &saved, scratch) && toe_saved_write(&saved, bytes, room) <= room;
    base_mem_free(mem, scratch, cnt);
    return ok;
}

toe_status toe_host_save(struct toe_host *host, toe_handle handle, void *bytes, size_t room,
                         size_t *len)
{
    struct host_conn *conn = host_conn_get(host, handle);
    const toe_status status = can_save(conn);
    struct toe_saved saved;

    *len = 0;
    if (status != TOE_STATUS_SUCCESS) {
        return status;
    }
    describe(conn, &saved);
    if (!toe_saved_check(&saved, NULL)) {
        return TOE_STATUS_INVALID_STATE;
    }
    *len = toe_saved_write(&saved, NULL, 0);
    if (room < *len) {
        return TOE_STATUS_INVALID_LENGTH;
    }
    if (!host_conn_drain(conn)) {
        return TOE_STATUS_RESOURCES;
    }
    settle(conn);
    if (!write_bytes(conn, bytes, room)) {
        conn->tcp.quiesced = false;
        host_conn_touch(conn);
        return TOE_STATUS_RESOURCES;
    }
    base_list_remove(&conn->move);
    conn->is_offload_wanted = false;
    base_wheel_cancel(&host->wheel, &conn->timer.timer);
    base_wheel_cancel(&host->wheel, &conn->policy.timer);
    host_conn_place_set(conn, TOE_PLACE_FROZEN);
    return TOE_STATUS_SUCCESS;
}

/* --- restoring --- */

/* Copies |bytes| to the end of |q|; false if memory is short. */
static bool copy_bytes(struct host_conn *conn, struct host_queue *q,
                       const struct toe_saved_bytes *bytes)
{
    return host_queue_write(q, &conn->host->pieces, bytes->data, bytes->len);
}

/* Gives the engine the bytes to be sent, as if they had been posted. */
static bool import_sends(struct host_conn *conn, const struct toe_saved_bytes *bytes)
{
    struct host_queue q;

    host_queue_init(&q);
    if (!copy_bytes(conn, &q, bytes)) {
        return false;
    }
    tcp_send(&conn->tcp, host_queue_chain(&q));
    base_list_foreach(node, &q.list)
    {
        struct host_piece *piece = host_piece_of_node(node);

        piece->conn = conn;
        piece->charged = piece->buf.len;
        ++conn->posted_cnt;
    }
    conn->snd_len = q.len;
    base_list_splice(&conn->posted, &q.list);
    return true;
}

/* Gives the engine what the delegated state has no room for. */
static bool import_extension(struct host_conn *conn, const struct toe_saved *saved)
{
    struct toe_extension extension = saved->extension;
    struct host_queue early;

    host_queue_init(&early);
    if (!copy_bytes(conn, &early, &saved->early)) {
        return false;
    }
    extension.early_data = host_queue_chain(&early);
    host_extension_take(conn, &extension, &saved->tcp.delegated);
    host_queue_clear(&early, &conn->host->pieces);
    return true;
}

static toe_status import(struct host_conn *conn, const struct toe_saved *saved)
{
    struct toe_host *host = conn->host;
    const struct tcp_setup setup = host_conn_setup(conn);

    tcp_conn_init(&conn->tcp, &conn->busy, &host->tcp_config, &setup, host->now);
    if (!copy_bytes(conn, &conn->received, &saved->received) || !import_sends(conn, &saved->send)) {
        return TOE_STATUS_RESOURCES;
    }
    if (tcp_import(&conn->tcp, &saved->tcp, host->now) != TOE_STATUS_SUCCESS) {
        return TOE_STATUS_INVALID_DATA;
    }
    conn->tcp.rcv_unread = conn->received.len;
    host_options_take(conn);
    return import_extension(conn, saved) ? TOE_STATUS_SUCCESS : TOE_STATUS_RESOURCES;
}

/* What the host itself knows of a connection that was in |state|. */
static void mark(struct host_conn *conn, enum toe_conn_state state)
{
    conn->is_opened = true;
    conn->is_fin_rcvd = tcp_fin_is_received(&conn->tcp);
    conn->is_fin_given = state != TOE_TCP_ESTABLISHED && state != TOE_TCP_CLOSE_WAIT;
    conn->is_shut = conn->is_fin_given;
}

toe_status toe_host_restore(struct toe_host *host, const struct toe_saved *saved,
                            toe_handle *handle)
{
    const struct toe_tcp_const *constant = &saved->tcp.constant;
    struct host_tuple tuple;
    struct host_path *path;
    struct host_conn *conn;
    toe_status status;

    *handle = 0;
    if (!toe_saved_check(saved, NULL)) {
        return TOE_STATUS_INVALID_DATA;
    }
    if (saved->ticks_per_second != host->params.ticks_per_second) {
        return TOE_STATUS_NOT_SUPPORTED;
    }
    path = host_path_get(host, &saved->path.constant.src, &saved->path.constant.dst);
    if (path == NULL) {
        return TOE_STATUS_INVALID_PARAMETER;
    }
    tuple = host_tuple_of(host, &path->local, &path->remote, constant->local_port,
                          constant->remote_port);
    if (host_lookup_conn(host, &tuple) != NULL) {
        host_path_unref(path);
        return TOE_STATUS_INVALID_STATE;
    }
    (void)host_path_mtu_lower(path, saved->path.cached.mtu);
    conn = host_conn_new(host, path, &tuple);
    if (conn == NULL) {
        return TOE_STATUS_RESOURCES;
    }
    status = import(conn, saved);
    if (status != TOE_STATUS_SUCCESS) {
        host_conn_free(conn);
        return status;
    }
    mark(conn, saved->tcp.delegated.state);
    host_conn_place_set(conn, TOE_PLACE_FROZEN);
    ++host->stats.restored;
    *handle = conn->subject.handle;
    return TOE_STATUS_SUCCESS;
}

/* --- and then --- */

static struct host_conn *frozen_get(struct toe_host *host, toe_handle handle)
{
    struct host_conn *conn = host_conn_get(host, handle);

    return conn != NULL && conn->place == TOE_PLACE_FROZEN ? conn : NULL;
}

bool toe_host_thaw(struct toe_host *host, toe_handle handle)
{
    struct host_conn *conn = frozen_get(host, handle);

    if (conn == NULL) {
        return false;
    }
    host_conn_place_set(conn, TOE_PLACE_HOST);
    conn->tcp.quiesced = false;
    /* What was held arrives with the next run, before anything that comes now. */
    base_list_splice(&conn->held, &host->inbox);
    base_list_splice(&host->inbox, &conn->held);
    host->inbox_cnt += conn->held_cnt;
    conn->held_cnt = 0;
    if (conn->received.len > 0 || conn->is_fin_rcvd) {
        host_conn_raise(conn, TOE_HOST_RECEIVABLE);
    }
    if (conn->is_starved) {
        conn->is_starved = false;
        host_conn_raise(conn, TOE_HOST_SENDABLE);
    }
    /* Asking for the neighbor also tells it where this address is now. */
    host_neighbor_use(conn->path->neighbor);
    host_policy_established(conn);
    host_conn_touch(conn);
    return true;
}

bool toe_host_forget(struct toe_host *host, toe_handle handle)
{
    struct host_conn *conn = frozen_get(host, handle);

    if (conn == NULL) {
        return false;
    }
    host_conn_place_set(conn, TOE_PLACE_HOST);
    ++host->stats.forgotten;
    host_conn_free(conn);
    return true;
}
