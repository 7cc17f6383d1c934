/* SPDX-License-Identifier: MIT */
#include "host/drive.h"

#include "base/assert.h"
#include "host/host_options.h"
#include "host/host_output.h"
#include "host/isn.h"
#include "host/listener.h"
#include "host/path.h"
#include "host/policy.h"
#include "host/host_sending.h"
#include "host/soft_error.h"
#include "tcp/deadline.h"

/* Retransmissions of one segment after which something is wrong (RFC 9293, 3.8.3). */
#define R1 3

/* Arms the timer for the engine. A timer that goes off early costs less than moving it each time.
 */
static void arm(struct host_conn *conn)
{
    toe_instant due = tcp_deadline(&conn->tcp);
    struct base_timer *timer = &conn->timer.timer;

    /* What found no memory is tried again. */
    if (conn->tcp.busy->recvq.len > 0 && due > conn->host->now + HOST_RETRY_DELAY) {
        due = conn->host->now + HOST_RETRY_DELAY;
    }
    if (due == TOE_INSTANT_NEVER) {
        base_wheel_cancel(&conn->host->wheel, timer);
    } else if (!base_wheel_is_armed(timer) || timer->at > due) {
        base_wheel_arm(&conn->host->wheel, timer, due);
    }
}

/* Whether the handshake has been tried often enough. */
static bool is_given_up(const struct host_conn *conn)
{
    const uint8_t state = conn->tcp.state;

    return (state == TOE_TCP_SYN_SENT || state == TOE_TCP_SYN_RCVD) &&
           conn->tcp.retransmit_cnt > conn->host->settings.syn_retries;
}

void host_drive_end(struct host_conn *conn, enum toe_host_event_type type, toe_status status)
{
    struct toe_host *host = conn->host;

    if (!conn->is_over) {
        conn->is_over = true;
        conn->subject.end_status = status;
        host->stats.closed += type == TOE_HOST_CLOSED;
        host_conn_raise(conn, type);
    }
    if (conn->listener != NULL) {
        host_listener_forget(conn);
        conn->is_orphan = true;
    }
    if (conn->is_orphan) {
        host_conn_free(conn);
        return;
    }
    host_lookup_remove_conn(conn);
    base_wheel_cancel(&host->wheel, &conn->timer.timer);
    base_wheel_cancel(&host->wheel, &conn->policy.timer);
    base_list_remove(&conn->move);
    conn->is_offload_wanted = false;
    conn->is_upload_wanted = false;
    host_conn_sends_drop(conn);
    host->stats.time_wait_cnt -= conn->is_time_wait;
    conn->is_time_wait = false;
}

void host_drive_abort(struct host_conn *conn)
{
    struct tcp_out out;

    conn->is_abort_due = false;
    if (conn->tcp.cfg != NULL && tcp_abort(&conn->tcp, &out, conn->host->now)) {
        ++conn->host->stats.resets_out;
        (void)host_segment_send(conn, &out);
    }
    conn->is_over = true;
    host_drive_end(conn, TOE_HOST_RESET, TOE_STATUS_REQUEST_ABORTED);
}

/* The handshake is done. */
static void opened(struct host_conn *conn)
{
    if (conn->listener != NULL) {
        host_listener_established(conn);
    }
    conn->is_opened = true;
    ++conn->host->stats.opened;
    if (conn->is_active) {
        host_conn_raise(conn, TOE_HOST_CONNECTED);
    }
    host_policy_established(conn);
}

/* Ends a connection that the engine gave up, or that ended by itself. */
static void end_by_verdict(struct host_conn *conn)
{
    struct toe_host *host = conn->host;

    switch ((enum tcp_verdict)conn->tcp.verdict) {
    case TCP_VERDICT_RESET:
        ++host->stats.resets_in;
        host_drive_end(conn, TOE_HOST_RESET, TOE_STATUS_REQUEST_ABORTED);
        break;
    case TCP_VERDICT_REFUSED:
        ++host->stats.resets_in;
        host_drive_end(conn, TOE_HOST_RESET, TOE_STATUS_NOT_ACCEPTED);
        break;
    case TCP_VERDICT_TIMEOUT:
    case TCP_VERDICT_KEEP_ALIVE:
    case TCP_VERDICT_FIN_WAIT_2:
    case TCP_VERDICT_DOUBT:
        ++host->stats.timeouts;
        host_drive_end(conn, TOE_HOST_RESET, TOE_STATUS_FAILURE);
        break;
    case TCP_VERDICT_DONE:
        host_drive_end(conn, TOE_HOST_CLOSED, TOE_STATUS_SUCCESS);
        break;
    case TCP_VERDICT_NONE:
    case TCP_VERDICT_URGENT:
    case TCP_VERDICT_SYN:
    case TCP_VERDICT_UNMAPPABLE:
        host_drive_end(conn, TOE_HOST_RESET, TOE_STATUS_FAILURE);
        break;
    }
}

/* Both halves have ended; what remains is to wait. */
static void enter_time_wait(struct host_conn *conn)
{
    conn->is_time_wait = true;
    ++conn->host->stats.time_wait_cnt;
    conn->is_over = true;
    ++conn->host->stats.closed;
    host_conn_raise(conn, TOE_HOST_CLOSED);
    base_wheel_cancel(&conn->host->wheel, &conn->policy.timer);
}

void host_drive_settle(struct host_conn *conn)
{
    struct toe_buf *done = conn->posted_cnt > 0 ? tcp_send_pop(&conn->tcp) : NULL;

    (void)host_conn_drain(conn);
    if (done != NULL) {
        host_sending_done(conn, done);
    }
    if (!conn->is_opened && conn->tcp.state >= TOE_TCP_ESTABLISHED) {
        opened(conn);
    }
    if (!conn->is_fin_rcvd && conn->is_opened && tcp_fin_is_received(&conn->tcp)) {
        conn->is_fin_rcvd = true;
        host_conn_raise(conn, TOE_HOST_RECEIVABLE);
    }
    if (conn->is_late_text) {
        host_drive_abort(conn);
        return;
    }
    if (conn->tcp.state == TOE_TCP_CLOSED || conn->tcp.verdict != TCP_VERDICT_NONE) {
        end_by_verdict(conn);
        return;
    }
    if (is_given_up(conn)) {
        ++conn->host->stats.timeouts;
        host_drive_end(conn, TOE_HOST_RESET, TOE_STATUS_FAILURE);
        return;
    }
    if (conn->tcp.state == TOE_TCP_TIME_WAIT && !conn->is_time_wait) {
        enter_time_wait(conn);
    }
    arm(conn);
}

void host_drive_output(struct host_conn *conn)
{
    struct tcp_out out;

    while (tcp_has_output(&conn->tcp) && tcp_output(&conn->tcp, &out, conn->host->now)) {
        conn->host->stats.resets_out += (out.seg.flags & TCP_RST) != 0;
        /* If it cannot be sent, the verdict says so. */
        if (!host_segment_send(conn, &out) || out.is_last) {
            return;
        }
    }
}

/* Lets the engine know the path's MTU. */
static void follow_mtu(struct host_conn *conn)
{
    if (conn->mtu != conn->path->mtu) {
        conn->mtu = conn->path->mtu;
        tcp_mss_limit_set(&conn->tcp, host_conn_mss_limit(conn), conn->host->now);
    }
}

void host_drive_feed(struct host_conn *conn)
{
    struct toe_buf *chain;

    if (conn->tcp.state != TOE_TCP_ESTABLISHED && conn->tcp.state != TOE_TCP_CLOSE_WAIT) {
        return;
    }
    if (!base_list_is_empty(&conn->unposted) || conn->is_flush_due) {
        chain = host_sending_post(conn);
        if (chain != NULL) {
            tcp_send(&conn->tcp, chain);
        }
    }
    if (conn->is_shut && !conn->is_fin_given) {
        conn->is_fin_given = true;
        tcp_close(&conn->tcp);
    }
}

/* Lets the engine do what is due. */
static void expire(struct host_conn *conn)
{
    const toe_instant now = conn->host->now;
    const uint8_t retransmit_cnt = conn->tcp.retransmit_cnt;

    /* Half a connection stays for as long as somebody reads it (RFC 9293, 3.6). */
    if (tcp_deadline_at(&conn->tcp, TCP_DEADLINE_FIN_WAIT_2) <= now && !conn->is_orphan) {
        tcp_deadline_arm(&conn->tcp, TCP_DEADLINE_FIN_WAIT_2, conn->tcp.cfg->fin_wait_2, now);
    }
    tcp_expire(&conn->tcp, now);
    if (retransmit_cnt < R1 && conn->tcp.retransmit_cnt >= R1 &&
        tcp_deadline_slot(&conn->tcp) == TCP_DEADLINE_RETRANSMIT) {
        host_soft_error_raise(conn, TOE_SOFT_ERROR_RETRANSMITTING);
    }
}

void host_drive_run(struct host_conn *conn)
{
    struct toe_host *host = conn->host;

    if (conn->is_abort_due) {
        host_drive_abort(conn);
        return;
    }
    if (!conn->is_hashed) {
        return; /* over: the application has not closed it yet */
    }
    if (conn->is_opening) {
        conn->is_opening = false;
        tcp_open(&conn->tcp, host_isn(host, conn->secret), host->now);
    }
    follow_mtu(conn);
    if (conn->is_options_due) {
        host_options_apply(conn);
    }
    host_drive_feed(conn);
    if (conn->consumed > 0) {
        tcp_consumed(&conn->tcp, conn->consumed, host->now);
        conn->consumed = 0;
    }
    /* A timer that runs is not due, nor is what it waits for. */
    if (!base_wheel_is_armed(&conn->timer.timer) && tcp_deadline(&conn->tcp) <= host->now) {
        expire(conn);
    }
    if (!is_given_up(conn)) {
        host_drive_output(conn);
    }
    host_drive_settle(conn);
}

void host_drive_input(struct host_conn *conn, const struct tcp_segment *seg)
{
    struct toe_host *host = conn->host;
    const toe_seq una = conn->tcp.snd_una;
    enum toe_drop drop;

    ++host->stats.segments_in;
    if (conn->is_opening) {
        host_drop(host, TOE_DROP_TCP_CLOSED);
        return;
    }
    if (conn->tcp.state == TOE_TCP_TIME_WAIT && (seg->flags & TCP_RST) != 0) {
        host_drop(host, TOE_DROP_TCP_CLOSED); /* RFC 1337 */
        return;
    }
    drop = tcp_input(&conn->tcp, seg, host->now);
    if (drop != TOE_DROP_NONE) {
        host_drop(host, drop);
    }
    if (!toe_seq_eq(una, conn->tcp.snd_una)) {
        host_neighbor_confirm(conn->path->neighbor);
    }
    (void)host_conn_drain(conn);
    if (conn->tcp.state == TOE_TCP_CLOSED || conn->tcp.verdict != TCP_VERDICT_NONE ||
        conn->is_late_text) {
        host_drive_settle(conn);
        return;
    }
    /* Each acknowledgment that is due counts for the peer: do not merge it with the next. */
    if (conn->tcp.ack_now) {
        host_drive_output(conn);
    }
    host_conn_touch(conn);
}
