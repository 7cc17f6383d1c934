/* SPDX-License-Identifier: MIT */
#include "host/data.h"

#include "host/held.h"
#include "host/path.h"
#include "host/policy.h"
#include "host/host_receiving.h"
#include "host/host_options.h"
#include "host/host_sending.h"
#include "host/host_upload.h"

/* Chance, in percent, that in mixed mode a disconnect carries the last bytes. */
#define RIDE_PERCENT 50

static void retry_later(struct host_conn *conn)
{
    base_wheel_arm(&conn->host->wheel, &conn->timer.timer, conn->host->now + HOST_RETRY_DELAY);
}

/* Posts a disconnect that sends a RST. */
static void post_abort(struct host_conn *conn)
{
    struct host_interface *interface = host_path_interface(conn->path);
    struct host_piece *piece = host_piece_new(&conn->host->pieces, 0);

    if (piece == NULL) {
        retry_later(conn);
        return;
    }
    conn->is_abort_due = false;
    conn->is_over = true;
    piece->conn = conn;
    interface->ops.disconnect(interface->target, conn->object, &piece->buf,
                              TOE_DISCONNECT_ABORTIVE);
}

/* The piece with which a graceful disconnect is posted: the last bytes, or none. */
static struct host_piece *disconnect_piece(struct host_conn *conn)
{
    struct toe_host *host = conn->host;
    struct base_list_node *last = base_list_back(&conn->unposted);

    if (last != NULL && host->settings.receive_mode == TOE_RECEIVE_MIXED &&
        base_rand_chance(&host->rand, RIDE_PERCENT, 100)) {
        base_list_remove(last);
        return host_piece_of_node(last);
    }
    return host_piece_new(&host->pieces, 0);
}

static void post_sends(struct host_conn *conn)
{
    struct host_interface *interface = host_path_interface(conn->path);
    const bool is_last = conn->is_shut && !conn->is_fin_given;
    struct host_piece *fin = is_last ? disconnect_piece(conn) : NULL;
    struct toe_buf *chain = host_sending_post(conn);

    if (chain != NULL) {
        interface->ops.send(interface->target, conn->object, chain);
    }
    if (fin != NULL) {
        fin->conn = conn;
        fin->buf.next = NULL;
        conn->fin = fin;
        conn->is_fin_given = true;
        base_list_push_back(&conn->posted, &fin->node);
        ++conn->posted_cnt;
        interface->ops.disconnect(interface->target, conn->object, &fin->buf,
                                  TOE_DISCONNECT_GRACEFUL);
    } else if (is_last) {
        retry_later(conn);
    }
}

void host_data_run(struct host_conn *conn)
{
    if (conn->is_upload_wanted) {
        host_path_interface(conn->path)->is_upload_due = true;
        return;
    }
    if (conn->is_over || conn->is_reset) {
        return;
    }
    if (conn->is_late_text) {
        conn->is_late_text = false;
        conn->is_abort_due = true;
    }
    if (conn->is_abort_due) {
        post_abort(conn);
        return;
    }
    if (conn->is_options_due) {
        host_options_apply(conn);
    }
    post_sends(conn);
    if (!host_receiving_post(conn)) {
        retry_later(conn);
    }
    host_held_forward(conn);
}

void host_data_sent(struct toe_host *host, struct toe_buf *chain)
{
    (void)host;
    while (chain != NULL) {
        struct toe_buf *buf = chain;
        struct host_conn *conn = host_piece_of(buf)->conn;

        chain = chain->next;
        buf->next = NULL;
        switch (buf->status) {
        case TOE_STATUS_SUCCESS:
        case TOE_STATUS_REQUEST_ABORTED:
            host_sending_done(conn, buf);
            break;
        default:
            /* It stays in its place in the order of posting; we send it ourselves (SND-034,
               SND-049). */
            (void)host_upload_want(conn);
            break;
        }
    }
}

void host_data_disconnected(struct toe_host *host, struct toe_buf *buf)
{
    struct host_piece *piece = host_piece_of(buf);
    struct host_conn *conn = piece->conn;

    if (piece != conn->fin) {
        host->stats.resets_out += buf->status == TOE_STATUS_SUCCESS;
        host_piece_del(&host->pieces, piece);
        (void)host_upload_want(conn);
        return;
    }
    if (buf->status == TOE_STATUS_SUCCESS || buf->status == TOE_STATUS_REQUEST_ABORTED) {
        conn->is_fin_acked = buf->status == TOE_STATUS_SUCCESS;
        conn->fin = NULL;
        host_conn_posted_done(conn, piece);
    } else {
        (void)host_upload_want(conn);
    }
}

void host_data_event(struct host_conn *conn, enum toe_event event, uint32_t info)
{
    switch (event) {
    case TOE_EVENT_DISCONNECT:
        conn->is_fin_rcvd = true;
        host_conn_raise(conn, TOE_HOST_RECEIVABLE);
        break;
    case TOE_EVENT_ABORT:
        conn->is_reset = true;
        (void)host_upload_want(conn);
        break;
    case TOE_EVENT_RETRIEVE:
        if (toe_upload_reason_is_mandatory((enum toe_upload_reason)info) ||
            host_policy_may_upload(conn)) {
            conn->upload_reason = (uint8_t)info;
            (void)host_upload_want(conn);
        }
        break;
    case TOE_EVENT_SEND_BACKLOG_CHANGE:
        break; /* the send buffer's size says how much is kept outstanding */
    }
}
