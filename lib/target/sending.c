/* SPDX-License-Identifier: MIT */
#include "target/sending.h"

#include "base/assert.h"
#include "target/instance.h"
#include "target/object.h"
#include "target/upload.h"
#include "tcp/engine.h"

#define BACKLOG_PERIOD_MIN (100 * TOE_NS_PER_MS)

void target_buf_fail(struct toe_buf *chain, toe_status status)
{
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        buf->status = status;
        buf->transferred = 0;
    }
}

bool target_send_is_sound(const struct toe_buf *chain, uint32_t queued)
{
    uint64_t total = queued;

    for (const struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        total += buf->len;
        if (!toe_buf_is_sound(buf) || total > UINT32_MAX) {
            return false;
        }
    }
    return true;
}

static toe_status refusal(const struct target_tcp *tcp)
{
    if (tcp == NULL) {
        return TOE_STATUS_INVALID_STATE;
    }
    if (target_tcp_send_refusal(tcp) != TOE_STATUS_SUCCESS) {
        return target_tcp_send_refusal(tcp);
    }
    if (tcp->conn.state != TOE_TCP_ESTABLISHED && tcp->conn.state != TOE_TCP_CLOSE_WAIT) {
        return TOE_STATUS_INVALID_STATE; /* our half is closed (SND-019) */
    }
    return TOE_STATUS_SUCCESS;
}

bool target_send_queue(struct target_tcp *tcp, struct toe_buf *chain)
{
    if (refusal(tcp) != TOE_STATUS_SUCCESS ||
        !target_send_is_sound(chain, tcp_send_len(&tcp->conn)) || !target_tcp_wake(tcp)) {
        return false;
    }
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        buf->transferred = 0;
    }
    tcp_send(&tcp->conn, chain);
    /* What has no bytes is done when it is first looked at (SND-018). */
    if (tcp->target->serving != tcp || tcp_send_len(&tcp->conn) == 0) {
        target_tcp_ready(tcp);
    }
    return true;
}

void target_send(struct toe_target *target, struct target_tcp *tcp, struct toe_buf *chain)
{
    toe_status status = refusal(tcp);

    if (target_send_queue(tcp, chain)) {
        return;
    }
    if (status == TOE_STATUS_SUCCESS) {
        status = target_send_is_sound(chain, tcp_send_len(&tcp->conn))
                     ? TOE_STATUS_UPLOAD_IN_PROGRESS /* there is no memory to wake it */
                     : TOE_STATUS_INVALID_PARAMETER;
    }
    target_tcp_transmit_want(tcp);
    target_buf_fail(chain, status);
    target->host.send_complete(target->host_user, chain);
}

/* Takes the disconnect's buffer, if it is there, off the end of |chain|; returns the rest. */
static struct toe_buf *without_disconnect(struct target_tcp *tcp, struct toe_buf *chain)
{
    struct toe_buf *disconnect = target_busy_of(tcp)->disconnect_head;
    struct toe_buf **link = &chain;

    if (!tcp->is_disconnect_riding) {
        return chain;
    }
    while (*link != NULL && *link != disconnect) {
        link = &(*link)->next;
    }
    if (*link == disconnect) {
        toe_assert(disconnect->next == NULL);
        *link = NULL;
        tcp->is_disconnect_riding = false;
        disconnect->next = (struct toe_buf *)(uintptr_t)disconnect->reserved[1];
    }
    return chain;
}

void target_send_settle(struct toe_target *target, struct target_tcp *tcp)
{
    struct toe_buf *chain = without_disconnect(tcp, tcp_send_pop(&tcp->conn));

    if (chain != NULL) {
        target->host.send_complete(target->host_user, chain);
    }
}

struct toe_buf *target_send_take(struct target_tcp *tcp)
{
    return without_disconnect(tcp, tcp_send_take(&tcp->conn));
}

void target_send_flush(struct toe_target *target, struct target_tcp *tcp, toe_status status)
{
    struct toe_buf *chain = target_send_take(tcp);

    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        buf->status = status;
    }
    if (chain != NULL) {
        target->host.send_complete(target->host_user, chain);
    }
}

uint32_t target_backlog_size(const struct target_tcp *tcp)
{
    const struct tcp_conn *conn = &tcp->conn;

    /* The congestion window stands for bandwidth times delay (SND-094). */
    return conn->cwnd < conn->max_snd_wnd ? conn->cwnd : conn->max_snd_wnd;
}

void target_backlog_init(const struct toe_target *target, struct target_tcp *tcp)
{
    tcp->backlog = target_backlog_size(tcp);
    tcp->backlog_at = target->now;
}

void target_backlog_run(struct toe_target *target, struct target_tcp *tcp)
{
    const uint32_t size = target_backlog_size(tcp);
    const uint32_t step = size > tcp->backlog ? size - tcp->backlog : tcp->backlog - size;
    toe_duration period = tcp->conn.srtt;

    if (step < tcp->conn.snd_mss || step < tcp->backlog / 4) {
        return;
    }
    if (period < BACKLOG_PERIOD_MIN) {
        period = BACKLOG_PERIOD_MIN;
    }
    if (target->now - tcp->backlog_at < period) {
        return;
    }
    tcp->backlog = size;
    tcp->backlog_at = target->now;
    target_upload_tell(target, tcp, TOE_EVENT_SEND_BACKLOG_CHANGE, size);
}
