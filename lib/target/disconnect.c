/* SPDX-License-Identifier: MIT */
#include "target/disconnect.h"

#include "base/assert.h"
#include "target/egress.h"
#include "target/instance.h"
#include "target/object.h"
#include "target/sending.h"
#include "tcp/engine.h"

static void complete(struct toe_target *target, struct toe_buf *buf, toe_status status)
{
    buf->next = NULL;
    buf->status = status;
    target->host.disconnect_complete(target->host_user, buf);
}

static toe_status refusal(const struct target_tcp *tcp, const struct toe_buf *buf, uint32_t how)
{
    toe_status status;

    if (tcp == NULL) {
        return TOE_STATUS_INVALID_STATE;
    }
    if (tcp->conn.state == TOE_TCP_CLOSED) {
        return TOE_STATUS_REQUEST_ABORTED; /* DSC-025 */
    }
    status =
        how == TOE_DISCONNECT_GRACEFUL ? target_tcp_send_refusal(tcp) : target_tcp_refusal(tcp);
    if (status != TOE_STATUS_SUCCESS) {
        return status;
    }
    if ((how != TOE_DISCONNECT_GRACEFUL && how != TOE_DISCONNECT_ABORTIVE) ||
        (how == TOE_DISCONNECT_ABORTIVE && buf->len != 0) ||
        !target_send_is_sound(buf, tcp_send_len(&tcp->conn))) {
        return TOE_STATUS_INVALID_PARAMETER;
    }
    return TOE_STATUS_SUCCESS;
}

static void disconnect_graceful(struct target_tcp *tcp, struct toe_buf *buf)
{
    const bool is_first =
        tcp->conn.state == TOE_TCP_ESTABLISHED || tcp->conn.state == TOE_TCP_CLOSE_WAIT;

    /* The queue of disconnects is linked apart from |next| while its head is in the send queue. */
    buf->reserved[1] = 0;
    if (target_busy_of(tcp)->disconnect_head == NULL) {
        target_busy_of(tcp)->disconnect_head = buf;
    } else if (target_busy_of(tcp)->disconnect_tail == target_busy_of(tcp)->disconnect_head &&
               tcp->is_disconnect_riding) {
        target_busy_of(tcp)->disconnect_head->reserved[1] = (uintptr_t)buf;
    } else {
        target_busy_of(tcp)->disconnect_tail->next = buf;
    }
    target_busy_of(tcp)->disconnect_tail = buf;

    if (is_first) {
        tcp->is_disconnect_riding = true;
        tcp_send(&tcp->conn, buf);
        tcp_close(&tcp->conn);
    }
    target_tcp_ready(tcp);
}

/* DSC-007 to DSC-010, DSC-023. */
static void disconnect_abortive(struct toe_target *target, struct target_tcp *tcp,
                                struct toe_buf *buf)
{
    struct tcp_out out;

    if (tcp_abort(&tcp->conn, &out, target->now)) {
        target_egress_emit(target, tcp, &out);
    }
    tcp->is_aborted = true;
    target_send_flush(target, tcp, TOE_STATUS_REQUEST_ABORTED);
    target_disconnect_flush(target, tcp, TOE_STATUS_REQUEST_ABORTED);
    target_delivery_flush(target, tcp, TOE_STATUS_REQUEST_ABORTED, false);
    if (tcp_conn_is_awake(&tcp->conn)) {
        tcp_recvq_fini(&tcp->conn.busy->recvq, &target->chunks);
    }
    target_tcp_ready(tcp);
    target_egress_flush(target);
    complete(target, buf, TOE_STATUS_SUCCESS);
}

void target_disconnect(struct toe_target *target, struct target_tcp *tcp, struct toe_buf *buf,
                       uint32_t how)
{
    toe_status status;

    buf->next = NULL;
    buf->transferred = 0;
    status = refusal(tcp, buf, how);
    if (status == TOE_STATUS_SUCCESS && how == TOE_DISCONNECT_GRACEFUL && !target_tcp_wake(tcp)) {
        status = TOE_STATUS_UPLOAD_IN_PROGRESS;
    }
    if (status != TOE_STATUS_SUCCESS) {
        target_tcp_transmit_want(tcp);
        complete(target, buf, status);
        return;
    }
    if (how == TOE_DISCONNECT_GRACEFUL) {
        disconnect_graceful(tcp, buf);
    } else {
        disconnect_abortive(target, tcp, buf);
    }
}

void target_disconnect_flush(struct toe_target *target, struct target_tcp *tcp, toe_status status)
{
    toe_assert(!tcp->is_disconnect_riding);

    while (target_busy_of(tcp)->disconnect_head != NULL) {
        struct toe_buf *buf = target_busy_of(tcp)->disconnect_head;

        target_busy_of(tcp)->disconnect_head = buf->next;
        complete(target, buf, status);
    }
}

void target_disconnect_settle(struct toe_target *target, struct target_tcp *tcp)
{
    if (target_busy_of(tcp)->disconnect_head != NULL && !tcp->is_disconnect_riding &&
        tcp_fin_is_acked(&tcp->conn)) {
        target_disconnect_flush(target, tcp, TOE_STATUS_SUCCESS);
    }
}
