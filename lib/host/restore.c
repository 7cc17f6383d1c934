/* SPDX-License-Identifier: MIT */
#include "host/restore.h"

#include "host/drive.h"
#include "host/held.h"
#include "host/host_extension.h"
#include "host/host_receiving.h"
#include "host/path.h"
#include "host/place.h"
#include "host/policy.h"
#include "host/host_upload.h"

bool host_restore_is_final(const struct host_node *node)
{
    const struct host_conn *conn = node->subject;

    return !toe_status_is_failure(node->block.status) ||
           conn->failure_cnt + 1 >= HOST_TERMINATE_TRIES;
}

static void count(struct toe_host_stats *stats, const struct host_conn *conn,
                  const struct toe_tcp_delegated *delegated)
{
    ++stats->uploads;
    --stats->offloaded_cnt;
    if (delegated->state <= TOE_TCP_TIME_WAIT) {
        ++stats->uploaded_in_state[delegated->state];
    }
    stats->uploaded_with_unacked += delegated->snd_max != delegated->snd_una;
    stats->uploaded_with_received += delegated->buffered_data != NULL || conn->received.len > 0;
    stats->uploaded_zero_window += delegated->snd_wnd == 0;
    if (conn->upload_reason < sizeof(stats->upload_reasons) / sizeof(stats->upload_reasons[0])) {
        stats->upload_reasons[conn->upload_reason] += conn->upload_reason != 0;
    }
}

/* The unacknowledged stream: all pieces that were posted and did not come back as done. */
static struct toe_buf *gather_sends(struct host_conn *conn)
{
    struct toe_buf *chain = NULL;
    struct toe_buf **link = &chain;

    base_list_foreach_safe(n, tmp, &conn->posted)
    {
        struct host_piece *piece = host_piece_of_node(n);

        if (piece->buf.len == 0) {
            host_conn_posted_done(conn, piece);
            continue;
        }
        piece->buf.next = NULL;
        *link = &piece->buf;
        link = &piece->buf.next;
    }
    conn->fin = NULL;
    return chain;
}

/* Copies what the target had not delivered, and gives its buffers back. */
static bool take_buffered(struct host_conn *conn, struct toe_buf *chain)
{
    struct host_interface *interface = host_path_interface(conn->path);
    bool ok = true;

    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        ok = ok && host_receiving_copy(conn, buf, 0, buf->len) == buf->len;
    }
    if (chain != NULL) {
        interface->ops.receive_return(interface->target, chain);
    }
    return ok;
}

/* Gives back the buffers of what arrived out of order, which is copied or of no use. */
static void return_early(struct host_conn *conn, const struct toe_extension *ext)
{
    struct host_interface *interface = host_path_interface(conn->path);

    if (ext != NULL && ext->early_data != NULL) {
        interface->ops.receive_return(interface->target, ext->early_data);
    }
}

/* Builds the engine's connection; false if the state makes no sense. */
static bool import(struct host_conn *conn, struct toe_tcp_state *state)
{
    struct toe_host *host = conn->host;
    const struct tcp_setup setup = host_conn_setup(conn);

    /* The target was given these and could not change them; the dormant engine has them. */
    tcp_export(&conn->tcp, &state->constant, &state->cached, NULL, host->now);
    state->cached.flags &= TOE_TCP_KEEP_ALIVE | TOE_TCP_NAGLE; /* The triggers acted below. */
    tcp_conn_init(&conn->tcp, &conn->busy, &host->tcp_config, &setup, host->now);
    conn->mtu = conn->path->mtu;
    tcp_send(&conn->tcp, gather_sends(conn));
    if (tcp_import(&conn->tcp, state, host->now) != TOE_STATUS_SUCCESS) {
        return false;
    }
    host_extension_take(conn, toe_tcp_extension(state), &state->delegated);
    conn->tcp.rcv_unread = conn->received.len;
    return true;
}

/*
 * Why a connection that came back CLOSED is closed, as an event. The peer's FIN may be known from
 * that alone: the target tells of it once everything before is delivered.
 */
static void end_closed(struct host_conn *conn, const struct toe_tcp_delegated *delegated)
{
    struct toe_host *host = conn->host;
    const bool is_sent =
        conn->is_fin_acked || (conn->is_fin_given && delegated->snd_una == delegated->snd_max);

    if (conn->is_reset) {
        host->stats.resets_in += !conn->is_over;
        host_drive_end(conn, TOE_HOST_RESET, TOE_STATUS_REQUEST_ABORTED);
    } else if (is_sent && conn->upload_reason != TOE_UPLOAD_TIMEOUT_EXPIRATION) {
        conn->is_fin_rcvd = true;
        host_drive_end(conn, TOE_HOST_CLOSED, TOE_STATUS_SUCCESS);
    } else {
        host->stats.timeouts += conn->upload_reason == TOE_UPLOAD_TIMEOUT_EXPIRATION;
        host_drive_end(conn, TOE_HOST_RESET, TOE_STATUS_FAILURE);
    }
}

/* The connection is the host's again: what follows for it. */
static void resume(struct host_conn *conn, const struct toe_tcp_delegated *delegated)
{
    const toe_handle handle = conn->subject.handle;
    struct toe_host *host = conn->host;
    struct base_list held;

    host_held_release(conn, &held);
    if (delegated->state == TOE_TCP_CLOSED) {
        end_closed(conn, delegated);
        host_held_input(&held);
        return;
    }
    if (!conn->is_fin_rcvd && tcp_fin_is_received(&conn->tcp)) {
        conn->is_fin_rcvd = true;
        host_conn_raise(conn, TOE_HOST_RECEIVABLE);
    }
    conn->is_fin_given =
        delegated->state != TOE_TCP_ESTABLISHED && delegated->state != TOE_TCP_CLOSE_WAIT;
    conn->upload_reason = 0;
    if (conn->is_orphan && !conn->is_over && (conn->received.len > 0 || conn->is_late_text)) {
        conn->is_abort_due = true;
    }
    host_conn_touch(conn);
    host_held_input(&held);
    if (base_slab_get(&host->conns, handle) == conn) {
        host_policy_uploaded(conn);
    }
}

/* Forgets what is only known of an offloaded connection. */
static void forget_target(struct host_conn *conn)
{
    ++conn->upload_cnt;
    conn->failure_cnt = 0;
    conn->object = 0;
    conn->owed = 0;
    conn->consumed = 0;
    conn->receive_cnt = 0;
    conn->receive_room = 0;
    conn->icmp_mtu = 0;
    conn->icmp_error = TOE_SOFT_ERROR_NONE;
    conn->is_refused = false;
    conn->is_upload_wanted = false;
    host_piece_list_del(&conn->host->pieces, &conn->receives);
    host_conn_place_set(conn, TOE_PLACE_HOST);
}

void host_restore_conn(struct host_node *node)
{
    struct host_conn *conn = node->subject;
    struct toe_tcp_state *state = &node->state.tcp;
    const bool succeeded = !toe_status_is_failure(node->block.status);
    bool ok;

    if (!host_restore_is_final(node)) {
        ++conn->failure_cnt;
        host_conn_place_set(conn, TOE_PLACE_OFFLOADED);
        conn->is_upload_wanted = false;
        (void)host_upload_want(conn);
        return;
    }
    if (!succeeded) {
        state->delegated = (struct toe_tcp_delegated){.state = TOE_TCP_CLOSED, .snd_wnd = 1};
        state->extension = NULL;
    }
    count(&conn->host->stats, conn, &state->delegated);
    forget_target(conn);
    ok = take_buffered(conn, state->delegated.buffered_data);
    ok = import(conn, state) && ok && succeeded;
    return_early(conn, toe_tcp_extension(state));
    conn->subject.upload_reason = conn->upload_reason;
    host_conn_raise(conn, TOE_HOST_UPLOADED);
    if (!ok) {
        host_drive_end(conn, TOE_HOST_RESET, TOE_STATUS_FAILURE);
        return;
    }
    resume(conn, &state->delegated);
}
