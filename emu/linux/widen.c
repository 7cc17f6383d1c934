/* SPDX-License-Identifier: MIT */
#include "linux/widen.h"

#include "linux/move.h"

static uint32_t wnd_of(const struct emu_conn *conn)
{
    const uint32_t limit = conn->kernel->caps.rcv_wnd_max;

    return conn->track.rcv_wnd_max < limit ? conn->track.rcv_wnd_max : limit;
}

void emu_widen_fill(const struct emu_conn *conn, struct toe_tcp_cached *cached)
{
    const struct emu_track *track = &conn->track;

    *cached = (struct toe_tcp_cached){
        .initial_rcv_wnd = wnd_of(conn),
        .max_rt = TOE_TICKS_UNLIMITED, /* It is the kernel that gives up. */
        .flow_label = track->flow_label,
        .ttl = track->ttl,
        .tos = track->tos & 0xfc,
        .user_priority = track->priority,
    };
}

void emu_widen_told(struct emu_conn *conn, const struct toe_tcp_cached *cached)
{
    struct emu_move *move = conn->move;

    move->told_wnd = cached->initial_rcv_wnd;
    move->told_tos = cached->tos;
    move->told_priority = cached->user_priority;
}

/* A window larger by less than a quarter is not worth it. */
static bool is_due(const struct emu_conn *conn)
{
    const struct emu_move *move = conn->move;
    const struct emu_track *track = &conn->track;

    return wnd_of(conn) - move->told_wnd > move->told_wnd / 4 ||
           (track->tos & 0xfc) != move->told_tos || track->priority != move->told_priority;
}

void emu_widen(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;
    struct emu_request *request;

    if (move->is_widening || !is_due(conn)) {
        return;
    }
    request = emu_request_new(kernel);
    if (request == NULL) {
        return;
    }
    emu_request_refer(request, conn, TOE_BLOCK_TCP_CACHED);
    emu_widen_fill(conn, &request->tcp_state.cached);
    request->tcp_state.cached.flags = TOE_TCP_UPDATE_RCV_WND;
    emu_widen_told(conn, &request->tcp_state.cached);
    move->is_widening = true;
    ++kernel->stats.window_updates;
    kernel->settings.ops->update(kernel->settings.target, &request->neighbor);
}

void emu_widened(struct emu_kernel *kernel, struct emu_request *request)
{
    struct emu_conn *conn = request->conn;
    struct emu_move *move = conn->move;

    move->is_widening = false;
    emu_request_del(kernel, request);
    if (move->is_wanted_back) { /* TRM-15 */
        move->is_wanted_back = false;
        emu_move_recall(conn, conn->info.why, conn->info.detail);
    }
}
