/* SPDX-License-Identifier: MIT */
#include "target/forward.h"

#include "target/ingress.h"
#include "target/instance.h"
#include "target/object.h"
#include "wire/tcp.h"

/* Why segments are not taken, or SUCCESS. A verdict that was not acted on yet counts already. */
static toe_status refusal(const struct target_tcp *tcp)
{
    if (tcp == NULL) {
        return TOE_STATUS_INVALID_STATE;
    }
    if (tcp->is_aborted || tcp->conn.verdict == TCP_VERDICT_RESET) {
        return TOE_STATUS_REQUEST_ABORTED;
    }
    if (target_tcp_is_stopped(tcp) || tcp->conn.verdict != TCP_VERDICT_NONE ||
        tcp->conn.state == TOE_TCP_CLOSED) {
        return TOE_STATUS_UPLOAD_IN_PROGRESS;
    }
    return TOE_STATUS_SUCCESS;
}

static toe_status forward_one(struct toe_target *target, struct target_tcp *tcp,
                              const struct toe_buf *buf)
{
    struct toe_tcp_stats *stats = &target->stats.tcp[tcp->path->constant.src.family == 6];
    const uint8_t *bytes = target->scratch;
    struct tcp_segment seg;
    enum toe_drop drop;

    if (!toe_buf_is_sound(buf)) {
        return TOE_STATUS_INVALID_PARAMETER;
    }
    ++stats->in_segments;
    if (buf->len > TARGET_SCRATCH_LEN ||
        !toe_buf_read(buf, target->scratch, 0, buf->len, &target->settings.bus) ||
        wire_tcp_parse(&seg, bytes, buf->len) < 0) {
        ++stats->in_errors; /* FWD-020 */
        ++target->stats.drops[TOE_DROP_TCP_HEADER];
        return TOE_STATUS_SUCCESS;
    }
    seg.ecn = (buf->flags & TOE_BUF_CE) != 0 ? TCP_ECN_CE : TCP_ECN_NOT_ECT;
    if (seg.src_port != tcp->conn.constant.remote_port ||
        seg.dst_port != tcp->conn.constant.local_port) {
        ++target->stats.drops[TOE_DROP_TCP_NO_CONNECTION];
        return TOE_STATUS_SUCCESS;
    }

    drop = target_ingress_segment(target, tcp, &seg);
    /* What ends the target's processing was not processed: the host keeps it (FWD-011, SEG-044). */
    return tcp->conn.verdict == TCP_VERDICT_URGENT || tcp->conn.verdict == TCP_VERDICT_SYN ||
                   drop == TOE_DROP_NO_MEMORY
               ? TOE_STATUS_UPLOAD_IN_PROGRESS
               : TOE_STATUS_SUCCESS;
}

void target_forward(struct toe_target *target, struct target_tcp *tcp, struct toe_buf *chain)
{
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        buf->transferred = 0;
        buf->status = refusal(tcp);
        if (buf->status == TOE_STATUS_SUCCESS) {
            buf->status = forward_one(target, tcp, buf);
        }
    }
    target->host.forward_complete(target->host_user, chain);
}
