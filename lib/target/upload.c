/* SPDX-License-Identifier: MIT */
#include "target/upload.h"

#include "target/account.h"
#include "target/disconnect.h"
#include "target/instance.h"
#include "target/object.h"
#include "target/sending.h"

/* Why |conn| is to be taken back, or 0: a verdict, or that it has come to TIME_WAIT (DSC-042). */
static uint8_t reason_of(const struct tcp_conn *conn)
{
    switch ((enum tcp_verdict)conn->verdict) {
    case TCP_VERDICT_NONE:
        return conn->state == TOE_TCP_TIME_WAIT ? TOE_UPLOAD_REQUESTED : 0;
    case TCP_VERDICT_RESET:
    case TCP_VERDICT_REFUSED:
        break;
    case TCP_VERDICT_TIMEOUT:
    case TCP_VERDICT_KEEP_ALIVE:
    case TCP_VERDICT_FIN_WAIT_2:
        return TOE_UPLOAD_TIMEOUT_EXPIRATION;
    case TCP_VERDICT_URGENT:
        return TOE_UPLOAD_RECEIVED_URGENT_DATA;
    case TCP_VERDICT_SYN:
    case TCP_VERDICT_DOUBT:
    case TCP_VERDICT_UNMAPPABLE:
    case TCP_VERDICT_DONE:
        return TOE_UPLOAD_REQUESTED;
    }
    return 0;
}

void target_upload_tell(struct toe_target *target, struct target_tcp *tcp, enum toe_event event,
                        uint32_t info)
{
    if (!tcp->is_terminating) {
        target->host.tcp_event(target->host_user, tcp->host_object, event, info);
    }
}

static void request(struct toe_target *target, struct target_tcp *tcp, uint8_t reason)
{
    const toe_duration repeat = target->settings.retrieve_repeat;

    tcp->upload_reason = reason;
    if (repeat != 0 && target_tcp_wake(tcp)) {
        target_busy_of(tcp)->repeat_at = target->now + repeat;
    }
    target_upload_tell(target, tcp, TOE_EVENT_RETRIEVE, reason);
}

void target_upload_repeat_end(struct target_tcp *tcp)
{
    if (tcp_conn_is_awake(&tcp->conn)) {
        target_busy_of(tcp)->repeat_at = TOE_INSTANT_NEVER;
    }
}

void target_upload_expire(struct toe_target *target, struct target_tcp *tcp)
{
    if (target_busy_of(tcp)->repeat_at > target->now) {
        return;
    }
    target_busy_of(tcp)->repeat_at = TOE_INSTANT_NEVER;
    if (tcp->upload_reason != 0) {
        request(target, tcp, tcp->upload_reason);
    }
}

/* INV-8: whether the time has come to ask, which may be that of the first segment to be sent. */
static bool is_invalid_told(const struct toe_target *target, const struct target_tcp *tcp)
{
    const struct tcp_conn *conn = &tcp->conn;

    return !target->settings.invalid_on_transmit || tcp->is_transmit_wanted || conn->ack_now ||
           toe_seq_off(conn->snd_nxt, conn->snd_una) < conn->busy->sendq.len;
}

void target_upload_abort(struct toe_target *target, struct target_tcp *tcp)
{
    if (tcp->conn.verdict != TCP_VERDICT_RESET || tcp->is_aborted) {
        return;
    }
    tcp->is_aborted = true;
    target_upload_tell(target, tcp, TOE_EVENT_ABORT, 0);
    target_send_flush(target, tcp, TOE_STATUS_REQUEST_ABORTED);
    target_disconnect_flush(target, tcp, TOE_STATUS_REQUEST_ABORTED);
    target_delivery_flush(target, tcp, TOE_STATUS_REQUEST_ABORTED, false);
}

void target_upload_run(struct toe_target *target, struct target_tcp *tcp)
{
    const uint8_t reason = reason_of(&tcp->conn);

    if (target_tcp_is_stopped(tcp) || tcp->is_aborted) {
        return;
    }
    if (reason != 0) {
        target_lifecycle_set(&tcp->life, TARGET_UPLOADING);
        request(target, tcp, reason);
    } else if (tcp->is_invalid_due && target_tcp_is_blocked(tcp) && is_invalid_told(target, tcp)) {
        tcp->is_invalid_due = false;
        request(target, tcp, TOE_UPLOAD_INVALID_STATE);
    }
}
