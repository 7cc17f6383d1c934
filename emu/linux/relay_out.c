/* SPDX-License-Identifier: MIT */
#include "linux/relay_out.h"

#include <string.h>

#include "linux/move.h"
#include "linux/relay_in.h"

enum { AHEAD_MAX = 256 }; /* segments of one connection that are kept until others come */

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

/* --- payload --- */

/* A piece of |frame| with the payload of |seg| from |skip| on; NULL: the kernel sends it again. */
static struct emu_piece *cut(struct emu_conn *conn, const struct emu_segment *seg, uint32_t skip,
                             const struct toe_frame *frame)
{
    struct emu_piece *piece =
        emu_piece_new(&conn->kernel->pool, frame, seg->off + skip, seg->len - skip);

    if (piece != NULL) {
        piece->conn = conn;
        piece->seq = seg->seq + skip;
        piece->end = seg->seq + seg->len;
        piece->buf.flags = (seg->flags & EMU_TCP_PSH) == 0 ? TOE_BUF_MORE : 0;
        piece->has_fin = (seg->flags & EMU_TCP_FIN) != 0;
    }
    return piece;
}

/* Posts |piece|, which is what comes next. */
static void post(struct emu_conn *conn, struct emu_piece *piece)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;

    piece->is_posted = true;
    TAILQ_INSERT_TAIL(&move->out, piece, node);
    move->out_nxt = piece->end;
    conn->info.tx_bytes += piece->buf.len;
    move->is_ack_due = move->is_ack_due || kernel->settings.early_ack;
    kernel->settings.ops->send(kernel->settings.target, move->tcp, &piece->buf);
}

static void take_fin(struct emu_conn *conn)
{
    ++conn->move->out_nxt;
    emu_relay_out_fin(conn);
}

/*
 * Keeps |seg| until what is before it comes, which was sent by another queue of ours. If it was
 * lost there, the kernel sends only that again.
 */
static void keep_ahead(struct emu_conn *conn, const struct emu_segment *seg,
                       const struct toe_frame *frame)
{
    struct emu_move *move = conn->move;
    struct emu_piece *at = TAILQ_LAST(&move->ahead, emu_pieces);
    struct emu_piece *piece;

    if (move->ahead_cnt == AHEAD_MAX ||
        emu_seq_diff(seg->seq + seg->len, move->out_una) > (int64_t)move->out_room ||
        (piece = cut(conn, seg, 0, frame)) == NULL) {
        return;
    }
    while (at != NULL && emu_seq_diff(at->seq, piece->seq) > 0) {
        at = TAILQ_PREV(at, emu_pieces, node);
    }
    if (at != NULL) {
        TAILQ_INSERT_AFTER(&move->ahead, at, piece, node);
    } else {
        TAILQ_INSERT_HEAD(&move->ahead, piece, node);
    }
    ++move->ahead_cnt;
}

/* Posts what was kept and is in order now; what came again meanwhile has no use. */
static void catch_up(struct emu_conn *conn)
{
    struct emu_move *move = conn->move;
    struct emu_piece *piece;

    while ((piece = TAILQ_FIRST(&move->ahead)) != NULL &&
           emu_seq_diff(piece->seq, move->out_nxt) <= 0) {
        const bool has_fin = piece->has_fin && emu_seq_diff(piece->end, move->out_nxt) >= 0;

        TAILQ_REMOVE(&move->ahead, piece, node);
        --move->ahead_cnt;
        if (!move->is_fin_taken && emu_seq_diff(piece->end, move->out_nxt) > 0) {
            emu_piece_skip(piece, move->out_nxt - piece->seq);
            post(conn, piece);
        } else {
            emu_piece_del(&conn->kernel->pool, piece);
        }
        if (has_fin && !move->is_fin_taken) {
            take_fin(conn);
        }
    }
}

/* Posts what of |seg| is new; false: there is no memory for it. */
static bool take_payload(struct emu_conn *conn, const struct emu_segment *seg,
                         const struct toe_frame *frame)
{
    const uint32_t skip = conn->move->out_nxt - seg->seq;
    struct emu_piece *piece;

    if (skip >= seg->len) {
        return true;
    }
    piece = cut(conn, seg, skip, frame);
    if (piece != NULL) {
        post(conn, piece);
    }
    return piece != NULL;
}

/* Takes data and the FIN, as far as they are in order by now. */
static void take(struct emu_conn *conn, const struct emu_segment *seg,
                 const struct toe_frame *frame)
{
    struct emu_move *move = conn->move;
    const bool has_fin = (seg->flags & EMU_TCP_FIN) != 0;

    if (move->is_fin_taken || move->drain_until != 0 || (seg->len == 0 && !has_fin)) {
        return;
    }
    if (emu_seq_diff(seg->seq, move->out_nxt) > 0) {
        keep_ahead(conn, seg, frame);
        return;
    }
    if (!take_payload(conn, seg, frame)) {
        emu_move_recall(conn, EMU_WHY_MEMORY, 0); /* The kernel sends it again, and by itself. */
        return;
    }
    if (has_fin && move->out_nxt == seg->seq + seg->len) {
        take_fin(conn);
    }
    catch_up(conn);
}

/* --- segments --- */

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
    take(conn, seg, frame);
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
