/* SPDX-License-Identifier: MIT */
#include "linux/relay_out.h"

#include <string.h>

#include "linux/move.h"
#include "linux/relay_in.h"

/* RFC 7323, 4.3: the timestamp to echo is that of the segment that made us owe an answer. */
static void note_timestamp(struct emu_move *move, const struct emu_segment *seg)
{
    if (seg->has_ts && emu_seq_diff(seg->seq, move->ack_sent) <= 0 &&
        emu_seq_diff(seg->tsval, move->ts_recent) > 0) {
        move->ts_recent = seg->tsval;
    }
}

uint32_t emu_relay_out_ack(const struct emu_conn *conn)
{
    const struct emu_move *move = conn->move;
    const uint32_t taken = move->out_nxt - (move->is_fin_taken ? 1 : 0);

    return conn->kernel->settings.early_ack && emu_seq_diff(taken, move->out_una) > 0
               ? taken
               : move->out_una;
}

uint32_t emu_relay_out_window(const struct emu_conn *conn)
{
    const uint32_t ahead = emu_relay_out_ack(conn) - conn->move->out_una;

    return ahead < conn->move->out_room ? conn->move->out_room - ahead : 0;
}

bool emu_relay_out_is_owed(const struct emu_conn *conn)
{
    return emu_relay_out_ack(conn) != conn->move->out_una;
}

void emu_relay_out_fin(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;

    move->is_fin_taken = true;
    move->fin = (struct toe_buf){.owner_data = {conn}};
    ++move->disconnects;
    kernel->settings.ops->disconnect(kernel->settings.target, move->tcp, &move->fin,
                                     TOE_DISCONNECT_GRACEFUL);
}

void emu_relay_out_abort(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;

    if (move->is_rst_taken) {
        return;
    }
    move->is_rst_taken = true;
    move->rst = (struct toe_buf){.owner_data = {conn}};
    ++move->disconnects;
    kernel->settings.ops->disconnect(kernel->settings.target, move->tcp, &move->rst,
                                     TOE_DISCONNECT_ABORTIVE);
}

/* Posts what of |seg| is new. */
static void take_payload(struct emu_conn *conn, const struct emu_segment *seg,
                         const struct toe_frame *frame)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;
    const uint32_t skip = move->out_nxt - seg->seq;
    struct emu_piece *piece;

    if (move->is_fin_taken || move->drain_until != 0 || emu_seq_diff(move->out_nxt, seg->seq) < 0 ||
        skip >= seg->len) {
        return; /* Nothing new; or something before it was lost, and comes again. */
    }
    piece = emu_piece_new(&kernel->pool, frame, seg->off + skip, seg->len - skip);
    if (piece == NULL) {
        return; /* The kernel sends it again. */
    }
    piece->conn = conn;
    piece->seq = move->out_nxt;
    piece->end = seg->seq + seg->len;
    piece->is_posted = true;
    piece->buf.flags = (seg->flags & EMU_TCP_PSH) == 0 ? TOE_BUF_MORE : 0;
    TAILQ_INSERT_TAIL(&move->out, piece, node);
    move->out_nxt = piece->end;
    conn->info.tx_bytes += piece->buf.len;
    move->is_ack_due = move->is_ack_due || kernel->settings.early_ack;
    kernel->settings.ops->send(kernel->settings.target, move->tcp, &piece->buf);
}

/*
 * A probe of a silent connection asks whether the peer lives, which only the peer can tell. Those
 * of the kernel are empty: a byte is one that it sends again.
 */
static bool is_keep_alive(const struct emu_move *move, const struct emu_segment *seg)
{
    return seg->len == 0 && seg->seq == move->out_una - 1 && move->out_una == move->out_nxt &&
           (seg->flags & EMU_TCP_FIN) == 0;
}

void emu_relay_out(struct emu_conn *conn, const struct emu_segment *seg,
                   const struct toe_frame *frame)
{
    struct emu_move *move = conn->move;
    const uint32_t before = move->out_nxt;
    const uint32_t acked = emu_relay_out_ack(conn);

    if ((seg->flags & EMU_TCP_RST) != 0) {
        emu_relay_out_abort(conn);
        emu_move_recall(conn, EMU_WHY_ENDED, 0);
        return;
    }
    if ((seg->flags & (EMU_TCP_SYN | EMU_TCP_URG)) != 0 || seg->is_odd) {
        /* What follows cannot be carried; the kernel sends it again when it is back. */
        emu_move_recall(conn,
                        (seg->flags & EMU_TCP_URG) != 0   ? EMU_WHY_URGENT
                        : (seg->flags & EMU_TCP_SYN) != 0 ? EMU_WHY_ENDED
                                                          : EMU_WHY_OPTIONS,
                        0);
        return;
    }
    note_timestamp(move, seg);
    emu_relay_in_acked(conn, seg);
    if (is_keep_alive(move, seg)) {
        emu_move_recall(conn, EMU_WHY_KEEP_ALIVE, 0);
        return;
    }
    if (seg->len > 0) {
        take_payload(conn, seg, frame);
    }
    if ((seg->flags & EMU_TCP_FIN) != 0 && !move->is_fin_taken && move->drain_until == 0 &&
        move->out_nxt == seg->seq + seg->len) {
        ++move->out_nxt;
        emu_relay_out_fin(conn);
    }
    /* The first of what is not acknowledged: it goes once each time, however much comes with it. */
    if (seg->len > 0 && emu_seq_diff(seg->seq + seg->len, before) <= 0 &&
        emu_seq_diff(seg->seq, acked) <= 0 && emu_seq_diff(seg->seq + seg->len, acked) > 0) {
        ++move->again_cnt;
    }
    /* What was acknowledged already was sent because the kernel did not hear of that. */
    if (emu_segment_end(seg) != seg->seq && emu_seq_diff(emu_segment_end(seg), acked) <= 0) {
        move->is_ack_due = true;
    }
}

void emu_relay_out_sent(struct emu_kernel *kernel, struct toe_buf *chain)
{
    while (chain != NULL) {
        struct emu_piece *piece = emu_piece_of(chain);
        struct emu_conn *conn = piece->conn;

        chain = chain->next;
        piece->is_posted = false;
        if (piece->buf.status != TOE_STATUS_SUCCESS) {
            continue; /* It stays until the connection is back. */
        }
        conn->move->out_una = piece->end;
        conn->move->again_cnt = 0;
        emu_track_acked(&conn->track, piece->end, kernel->now);
        conn->move->is_ack_due = true;
        TAILQ_REMOVE(&conn->move->out, piece, node);
        emu_piece_del(&kernel->pool, piece);
        emu_conn_touch(conn);
    }
}

void emu_relay_out_disconnected(struct toe_buf *buf)
{
    struct emu_conn *conn = buf->owner_data[0];
    struct emu_move *move = conn->move;

    --move->disconnects;
    if (buf == &move->fin && buf->status == TOE_STATUS_SUCCESS) {
        move->is_fin_acked = true;
        move->out_una = move->out_nxt;
        emu_track_acked(&conn->track, move->out_una, conn->kernel->now);
        move->is_ack_due = true;
        emu_conn_touch(conn);
    }
}
