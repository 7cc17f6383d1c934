/* SPDX-License-Identifier: MIT */
#include "linux/move.h"

#include <string.h>

#include "gso.h"
#include "linux/handover.h"
#include "linux/relay_in.h"
#include "linux/relay_out.h"
#include "linux/widen.h"

/* What was in flight when a connection was armed is over after this, or never. */
#define ARMED_MAX (3 * TOE_NS_PER_SEC)

/* The peer has what was acknowledged in its place by then, or the connection does not come back. */
#define DRAIN_MAX (60 * TOE_NS_PER_SEC)

/* Most segments of the peer that are kept while armed. */
#define COPIED_MAX (8u << 20)

enum {
    ECN_FLAGS = EMU_TCP_ECE | EMU_TCP_CWR,
};

/* --- begin --- */

/* Whether the handshake may have agreed upon accurate ECN, whose counters nobody tells us. */
static bool has_accurate_ecn(const struct emu_track *track)
{
    const uint16_t all = ECN_FLAGS | EMU_TCP_AE;
    const uint16_t a = track->kernel_syn.flags;
    const uint16_t b = track->peer_syn.flags;
    const uint16_t offer = (a & EMU_TCP_ACK) == 0 ? a : b;
    const uint16_t answer = (a & EMU_TCP_ACK) == 0 ? b : a;

    return (offer & all) == all && (answer & all) != 0 && (answer & all) != EMU_TCP_ECE &&
           (answer & all) != all;
}

static enum emu_why why_not(const struct emu_conn *conn)
{
    const struct emu_track *track = &conn->track;
    const struct toe_caps *caps = &conn->kernel->caps;

    if (conn->kernel->is_paused || conn->kernel->is_target_paused) {
        return EMU_WHY_PAUSED;
    }
    if (!toe_conn_state_is_offloadable(emu_track_state(track))) {
        return EMU_WHY_STATE;
    }
    if (track->is_apart) {
        return EMU_WHY_ROUTE;
    }
    if (!track->is_known) {
        return EMU_WHY_UNKNOWN;
    }
    if (track->is_odd || has_accurate_ecn(track) || (emu_track_has_ecn(track) && !caps->ecn) ||
        (track->has_sack && !caps->sack)) {
        return EMU_WHY_OPTIONS;
    }
    return EMU_WHY_NONE;
}

enum emu_why emu_move_arm(struct emu_conn *conn)
{
    struct emu_move *move;
    enum emu_why why;

    emu_conn_ask(conn);
    why = why_not(conn);
    if (conn->move != NULL || why != EMU_WHY_NONE) {
        return why;
    }
    move = emu_heap_take_zeroed(&conn->kernel->heap, sizeof(*move));
    if (move == NULL) {
        return EMU_WHY_MEMORY;
    }
    TAILQ_INIT(&move->out);
    TAILQ_INIT(&move->ahead);
    TAILQ_INIT(&move->copies);
    TAILQ_INIT(&move->held);
    move->phase = EMU_PHASE_ARMED;
    move->out_begin = conn->track.snd_max;
    move->out_una = conn->track.snd_max;
    move->out_nxt = conn->track.snd_max;
    move->in_begin = conn->track.rcv_max;
    conn->move = move;
    ++conn->kernel->move_cnt;
    conn->info.why = EMU_WHY_NONE;
    conn->info.detail = 0;
    move->give_up_at = conn->kernel->now + ARMED_MAX;
    emu_timers_set(&conn->kernel->timers, &conn->timer, move->give_up_at);
    emu_conn_place_set(conn, EMU_PLACE_OFFLOADING);
    emu_conn_touch(conn);
    return EMU_WHY_NONE;
}

void emu_move_free(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;

    emu_relay_in_fini(conn);
    emu_pieces_clear(&kernel->pool, &move->out);
    emu_pieces_clear(&kernel->pool, &move->ahead);
    emu_pieces_clear(&kernel->pool, &move->copies);
    emu_pieces_clear(&kernel->pool, &move->held);
    emu_conn_watch(conn);
    if (move->path != NULL) {
        emu_path_put(kernel, move->path);
    }
    emu_heap_give(&kernel->heap, move);
    conn->move = NULL;
    --kernel->move_cnt;
}

/* Has the held frames go their way. */
static void release(struct emu_kernel *kernel, struct emu_pieces *held)
{
    struct emu_piece *piece;

    while ((piece = TAILQ_FIRST(held)) != NULL) {
        TAILQ_REMOVE(held, piece, node);
        if (piece->by_kernel) {
            emu_kernel_down(kernel, &piece->frame);
        } else {
            emu_kernel_up(kernel, &piece->frame);
        }
        emu_piece_del(&kernel->pool, piece);
    }
}

void emu_move_cancel(struct emu_conn *conn, enum emu_why why, uint32_t detail)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_pieces held;

    TAILQ_INIT(&held);
    TAILQ_CONCAT(&held, &conn->move->held, node);
    emu_move_free(conn);
    conn->info.why = why;
    conn->info.detail = detail;
    ++kernel->stats.refusals;
    emu_conn_place_set(conn, EMU_PLACE_HOST);
    release(kernel, &held);
}

void emu_move_expire(struct emu_conn *conn)
{
    if (conn->kernel->now >= conn->move->give_up_at) {
        emu_move_cancel(conn, EMU_WHY_IN_FLIGHT, 0);
    } else {
        emu_move_try(conn);
    }
}

/* --- armed --- */

static void drop_acked(struct emu_kernel *kernel, struct emu_pieces *list, uint32_t ack)
{
    struct emu_piece *piece;

    while ((piece = TAILQ_FIRST(list)) != NULL && emu_seq_diff(piece->end, ack) <= 0) {
        TAILQ_REMOVE(list, piece, node);
        emu_piece_del(&kernel->pool, piece);
    }
}

/* Copies of what the peer sent may lie in any order. */
static void drop_received(struct emu_conn *conn)
{
    struct emu_move *move = conn->move;
    struct emu_piece *piece;
    struct emu_piece *next;

    for (piece = TAILQ_FIRST(&move->copies); piece != NULL; piece = next) {
        next = TAILQ_NEXT(piece, node);
        if (emu_seq_diff(piece->end, conn->track.rcv_nxt) <= 0) {
            TAILQ_REMOVE(&move->copies, piece, node);
            move->copied_len -= piece->sge.len;
            emu_piece_del(&conn->kernel->pool, piece);
        }
    }
}

/* Begins anew: something passed by that is not held. */
static void rearm(struct emu_conn *conn)
{
    struct emu_move *move = conn->move;

    emu_pieces_clear(&conn->kernel->pool, &move->out);
    move->out_begin = conn->track.snd_max;
    move->out_una = move->out_begin;
    move->out_nxt = move->out_begin;
}

static void copy_sent(struct emu_conn *conn, const struct emu_segment *seg,
                      const struct toe_frame *frame)
{
    struct emu_move *move = conn->move;
    const uint32_t end = seg->seq + seg->len;
    const uint32_t skip = move->out_nxt - seg->seq;
    struct emu_piece *piece = NULL;

    if (seg->len > 0 && emu_seq_diff(end, move->out_nxt) > 0) {
        if (emu_seq_diff(seg->seq, move->out_nxt) <= 0) {
            piece = emu_piece_new(&conn->kernel->pool, frame, seg->off + skip, seg->len - skip);
        }
        if (piece == NULL) {
            rearm(conn);
            return;
        }
        piece->conn = conn;
        piece->seq = move->out_nxt;
        piece->end = end;
        piece->buf.flags = (seg->flags & EMU_TCP_PSH) == 0 ? TOE_BUF_MORE : 0;
        TAILQ_INSERT_TAIL(&move->out, piece, node);
        move->out_nxt = end;
    }
    if ((seg->flags & EMU_TCP_FIN) != 0 && end == move->out_nxt) {
        ++move->out_nxt;
    }
}

/* A segment as it can be forwarded: from the TCP header on. */
static struct emu_piece *copy_segment(struct emu_conn *conn, const struct emu_segment *seg,
                                      const struct toe_frame *frame)
{
    struct emu_piece *piece =
        emu_piece_new(&conn->kernel->pool, frame, seg->tcp_off, seg->off - seg->tcp_off + seg->len);

    if (piece != NULL) {
        piece->conn = conn;
        piece->seq = seg->seq;
        piece->end = emu_segment_end(seg);
        piece->buf.flags = (seg->tos & 3) == 3 ? TOE_BUF_CE : 0;
    }
    return piece;
}

static void copy_received(struct emu_conn *conn, const struct emu_segment *seg,
                          const struct toe_frame *frame)
{
    struct emu_move *move = conn->move;
    struct emu_piece *piece;

    if (emu_segment_end(seg) == seg->seq ||
        emu_seq_diff(emu_segment_end(seg), conn->track.rcv_nxt) <= 0) {
        return;
    }
    piece = move->copied_len < COPIED_MAX ? copy_segment(conn, seg, frame) : NULL;
    if (piece == NULL) {
        emu_pieces_clear(&conn->kernel->pool, &move->copies);
        move->copied_len = 0;
        move->in_begin = conn->track.rcv_max;
        return;
    }
    move->copied_len += piece->sge.len;
    TAILQ_INSERT_TAIL(&move->copies, piece, node);
}

void emu_move_copy(struct emu_conn *conn, const struct emu_segment *seg,
                   const struct toe_frame *frame, bool by_kernel)
{
    if (by_kernel) {
        copy_sent(conn, seg, frame);
        drop_received(conn);
    } else {
        copy_received(conn, seg, frame);
    }
    emu_conn_touch(conn);
}

void emu_move_hold(struct emu_conn *conn, const struct toe_frame *frame, bool by_kernel)
{
    struct emu_piece *piece = emu_piece_new(&conn->kernel->pool, frame, 0, frame->len);

    if (piece == NULL) {
        return; /* lost, as on any wire */
    }
    piece->by_kernel = by_kernel;
    piece->frame = *frame;
    piece->frame.data = piece->bytes;
    TAILQ_INSERT_TAIL(&conn->move->held, piece, node);
}

/* --- to the target --- */

/* The pieces that the target is to have, as a chain. */
static struct toe_buf *chain_out(struct emu_conn *conn, struct toe_tcp_delegated *d)
{
    struct emu_move *move = conn->move;
    struct emu_piece *piece = TAILQ_FIRST(&move->out);
    struct toe_buf *chain = NULL;
    struct toe_buf **link = &chain;

    if (piece != NULL && emu_seq_diff(d->snd_una, piece->seq) > 0) {
        const uint32_t skip = d->snd_una - piece->seq;

        piece->seq += skip;
        toe_buf_advance(&piece->buf, skip);
    }
    TAILQ_FOREACH(piece, &move->out, node)
    {
        piece->buf.next = NULL;
        *link = &piece->buf;
        link = &piece->buf.next;
        d->send_data_tail = &piece->buf;
    }
    d->send_data_head = chain;
    return chain;
}

static void ask(struct emu_conn *conn, struct emu_request *request)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;

    request->conn = conn;
    emu_request_fill(request, move->path, &kernel->caps);
    emu_handover_give(conn, &request->tcp_state);
    emu_widen_told(conn, &request->tcp_state.cached);
    request->tcp = (struct toe_block){
        .size = sizeof(request->tcp),
        .type = TOE_BLOCK_TCP,
        .object = &move->tcp,
        .host_object = conn,
        .state.tcp = &request->tcp_state,
        .send_chain = chain_out(conn, &request->tcp_state.delegated),
    };
    move->phase = EMU_PHASE_ASKED;
    move->out_una = conn->track.snd_una;
    move->out_nxt = conn->track.snd_max;
    move->ack_sent = move->out_una;
    move->ts_recent = conn->track.peer_echo;
    move->in_ts = conn->track.peer_ts;
    move->out_room = conn->track.snd_wnd > kernel->settings.buffer_max
                         ? conn->track.snd_wnd
                         : kernel->settings.buffer_max;
    emu_relay_in_begin(conn, conn->track.rcv_nxt);
    emu_timers_set(&kernel->timers, &conn->timer, TOE_INSTANT_NEVER);
    kernel->is_target_asked = true;
    kernel->settings.ops->initiate(kernel->settings.target, &request->neighbor);
}

/*
 * What the target sends must not look older than what the kernel sent, and not newer than what it
 * will send: if the kernel's timestamps are ahead of its clock, that has to come first.
 */
static bool is_clock_ready(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    const struct emu_track *track = &conn->track;
    const int32_t ahead = emu_seq_diff(track->ts.newest, emu_track_clock(track, kernel->now));
    toe_instant at;

    if (!track->has_ts || ahead <= 0) {
        return true;
    }
    at = kernel->now + (toe_duration)ahead * TOE_NS_PER_MS;
    emu_timers_set(&kernel->timers, &conn->timer,
                   at < conn->move->give_up_at ? at : conn->move->give_up_at);
    return false;
}

/* Whether all that is in flight is held. */
static bool is_all_held(const struct emu_conn *conn)
{
    const struct emu_move *move = conn->move;
    const struct emu_track *track = &conn->track;

    return emu_seq_diff(track->snd_una, move->out_begin) >= 0 && move->out_nxt == track->snd_max &&
           emu_seq_diff(track->rcv_nxt, move->in_begin) >= 0;
}

void emu_move_try(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;
    enum emu_why why = why_not(conn);
    struct emu_request *request;

    if (why != EMU_WHY_NONE) {
        emu_move_cancel(conn, why, 0);
        return;
    }
    drop_acked(kernel, &move->out, conn->track.snd_una);
    if (emu_seq_diff(conn->track.snd_una, move->out_nxt) > 0) {
        rearm(conn);
    }
    if (!is_all_held(conn) || !is_clock_ready(conn)) {
        return;
    }
    if (move->path != NULL && !emu_path_is_usable(move->path)) {
        emu_path_put(kernel, move->path);
        move->path = NULL;
    }
    if (move->path == NULL) {
        move->path = emu_path_get(conn, &why);
    }
    if (move->path == NULL) {
        emu_move_cancel(conn, why, 0);
        return;
    }
    if (!emu_path_is_ready(move->path)) {
        emu_conn_touch(conn); /* Another tree has it: in the next run. */
        return;
    }
    request = emu_request_new(kernel);
    if (request == NULL) {
        emu_move_cancel(conn, EMU_WHY_MEMORY, 0);
        return;
    }
    ask(conn, request);
}

/* Forwards what the kernel has received and not acknowledged, and what came since. */
static void forward(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;
    struct toe_buf *chain = NULL;
    struct toe_buf **link = &chain;
    struct emu_piece *piece;
    struct emu_piece *next;

    for (piece = TAILQ_FIRST(&move->held); piece != NULL; piece = next) {
        struct emu_segment seg;

        next = TAILQ_NEXT(piece, node);
        if (!piece->by_kernel && emu_segment_parse(&seg, &piece->frame, false)) {
            struct emu_piece *copy = copy_segment(conn, &seg, &piece->frame);

            TAILQ_REMOVE(&move->held, piece, node);
            emu_piece_del(&kernel->pool, piece);
            if (copy != NULL) {
                TAILQ_INSERT_TAIL(&move->copies, copy, node);
            }
        }
    }
    while ((piece = TAILQ_FIRST(&move->copies)) != NULL) {
        TAILQ_REMOVE(&move->copies, piece, node);
        *link = &piece->buf;
        link = &piece->buf.next;
    }
    if (chain != NULL) {
        kernel->settings.ops->forward(kernel->settings.target, move->tcp, chain);
    }
}

void emu_move_forwarded(struct emu_kernel *kernel, struct toe_buf *chain)
{
    while (chain != NULL) {
        struct emu_piece *piece = emu_piece_of(chain);

        chain = chain->next;
        emu_piece_del(&kernel->pool, piece); /* What was not taken, the peer sends again. */
    }
}

/* Whether the peer's window has no room for a segment more. */
static bool is_window_full(const struct emu_track *track)
{
    const uint32_t flight = (uint32_t)emu_seq_diff(track->snd_max, track->snd_una);

    return track->snd_wnd <= flight + track->peer_mss;
}

static void is_carried(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;
    struct emu_piece *piece;
    struct emu_pieces held;

    move->phase = EMU_PHASE_CARRIED;
    TAILQ_FOREACH(piece, &move->out, node)
    {
        piece->is_posted = true;
    }
    ++conn->info.offloads;
    ++kernel->stats.offloads;
    ++kernel->stats.offloaded;
    if (conn->track.has_kernel_fin) {
        if (emu_seq_diff(conn->track.snd_una, conn->track.kernel_fin) <= 0) {
            emu_relay_out_fin(conn);
        }
        move->is_fin_taken = true;
    }
    forward(conn);
    TAILQ_INIT(&held);
    TAILQ_CONCAT(&held, &move->held, node);
    emu_conn_place_set(conn, EMU_PLACE_OFFLOADED);
    release(kernel, &held);
    /*
     * A kernel that waits for the peer's window is told that there is room here: it is the target's
     * to wait now. Moved back and forth it would never get to probe, as each word of a closed
     * window, when a connection comes back, has it begin to wait anew.
     */
    move->is_ack_due = move->is_ack_due || is_window_full(&conn->track);
    emu_conn_touch(conn);
    if (move->is_wanted_back) {
        emu_move_recall(conn, conn->info.why, conn->info.detail);
    }
}

void emu_move_initiated(struct emu_kernel *kernel, struct emu_request *request)
{
    struct emu_conn *conn = request->conn;
    const toe_status status = request->tcp.status;

    emu_request_initiated(kernel, request);
    emu_request_del(kernel, request);
    if (toe_status_is_failure(status)) {
        conn->move->tcp = 0;
        kernel->stats.refusals_full += status == TOE_STATUS_OFFLOAD_TCP_ENTRIES;
        emu_move_cancel(conn, EMU_WHY_REFUSED, status);
    } else {
        is_carried(conn);
    }
}

/* --- back --- */

/*
 * Whether the peer has yet to get what the kernel believes it has: only the target can send that
 * again. Nothing more is taken from the kernel meanwhile.
 */
static bool has_to_wait(struct emu_conn *conn, enum emu_why why, uint32_t detail)
{
    struct emu_move *move = conn->move;

    if (!emu_relay_out_is_owed(conn) || move->is_rst_taken || conn->track.is_reset) {
        return false;
    }
    if (why == EMU_WHY_WINDOW) {
        return true; /* Whoever does not read may do so for long, and it has to wait where it is. */
    }
    if (move->drain_until == 0) {
        move->drain_until = conn->kernel->now + DRAIN_MAX;
        emu_conn_touch(conn);
    }
    conn->info.why = why;
    conn->info.detail = detail;
    return true;
}

/* Whether the target goes on with it for as long as need be. */
static bool may_stay(const struct emu_conn *conn)
{
    switch (conn->info.why) {
    case EMU_WHY_ROUTE:
    case EMU_WHY_NEIGHBOR:
    case EMU_WHY_ADDRESS:
        return false;
    case EMU_WHY_TARGET:
        return !toe_upload_reason_is_mandatory((enum toe_upload_reason)conn->info.detail);
    default:
        return true;
    }
}

void emu_move_drain(struct emu_conn *conn)
{
    struct emu_move *move = conn->move;

    if (move->drain_until == 0 || move->phase != EMU_PHASE_CARRIED) {
        return;
    }
    if (emu_relay_out_is_owed(conn)) {
        if (conn->kernel->now < move->drain_until) {
            return;
        }
        move->drain_until = 0;
        if (may_stay(conn)) {
            return;
        }
        /* It cannot be made good. Both ends are to know. */
        emu_relay_in_reset(conn);
        emu_relay_out_abort(conn);
        conn->track.is_reset = true;
    }
    emu_move_recall(conn, conn->info.why, conn->info.detail);
}

void emu_move_recall(struct emu_conn *conn, enum emu_why why, uint32_t detail)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;
    struct emu_request *request;

    switch (move->phase) {
    case EMU_PHASE_ARMED:
        emu_move_cancel(conn, why, detail);
        return;
    case EMU_PHASE_ASKED:
        move->is_wanted_back = true;
        conn->info.why = why;
        conn->info.detail = detail;
        return;
    case EMU_PHASE_RECALLED:
    case EMU_PHASE_REST:
        return;
    case EMU_PHASE_CARRIED:
        break;
    }
    if (move->is_widening) {
        move->is_wanted_back = true; /* TRM-15: not before that is over */
        conn->info.why = why;
        conn->info.detail = detail;
        return;
    }
    move->is_wanted_back = false;
    if (has_to_wait(conn, why, detail)) {
        return;
    }
    conn->info.why = why;
    conn->info.detail = detail;
    request = emu_request_recall(kernel);
    if (request == NULL) {
        move->is_wanted_back = true; /* after those that are under way */
        emu_conn_touch(conn);
        return;
    }
    emu_request_refer(request, conn, TOE_BLOCK_TCP_DELEGATED);
    request->ext.size = sizeof(request->ext);
    request->tcp_state.extension = kernel->caps.extension != 0 ? &request->ext : NULL;
    move->phase = EMU_PHASE_RECALLED;
    move->drain_until = 0;
    emu_conn_place_set(conn, EMU_PLACE_UPLOADING);
    kernel->settings.ops->terminate(kernel->settings.target, &request->neighbor);
}

/* Sends |len| bytes of the kernel's to the peer, as the kernel did. */
static void send_down(struct emu_conn *conn, uint32_t seq, const uint8_t *bytes, uint32_t len,
                      const struct toe_tcp_delegated *d)
{
    struct emu_kernel *kernel = conn->kernel;
    const struct emu_track *track = &conn->track;
    struct emu_segment seg = {
        .tuple = conn->info.tuple,
        .vlan_id = track->vlan_id,
        .priority = track->priority,
        .ttl = track->ttl,
        .tos = track->tos & 0xfc,
        .flow_label = track->flow_label,
        .len = len,
        .seq = seq,
        .ack = track->rcv_nxt,
        .wnd = track->rcv_wnd >> track->kernel_wscale,
        .flags = EMU_TCP_ACK | EMU_TCP_PSH,
        .has_ts = track->has_ts,
        .tsval = d->ts_time,
        .tsecr = d->ts_recent,
    };
    struct toe_frame frame = {.data = kernel->scratch};

    memcpy(seg.src_mac, track->local_mac, TOE_MAC_LEN);
    memcpy(seg.dst_mac, track->remote_mac, TOE_MAC_LEN);
    frame.len = emu_segment_build(kernel->scratch, &seg, true);
    memcpy(kernel->scratch + frame.len, bytes, len);
    frame.len += len;
    (void)emu_gso_checksum(kernel->scratch, frame.len, (uint16_t)seg.tcp_off, 16);
    kernel->settings.ops->transmit(kernel->settings.target, &frame, 1);
}

/*
 * What the kernel sent and the target did not get to sends itself now: for the kernel it has left
 * long ago. What does not fit the peer's window is lost for the kernel to find out.
 */
static void send_unsent(struct emu_conn *conn, const struct toe_tcp_delegated *d)
{
    const struct emu_track *track = &conn->track;
    const uint32_t options = track->has_ts ? 12 : 0;
    const uint32_t headers = conn->info.tuple.local.family == 6 ? 60 : 40;
    const uint32_t link = conn->move->path->mtu - headers;
    const uint32_t mss =
        (track->peer_mss != 0 && track->peer_mss < link ? track->peer_mss : link) - options;
    const uint32_t edge = d->snd_una + d->snd_wnd;
    struct emu_piece *piece;

    TAILQ_FOREACH(piece, &conn->move->out, node)
    {
        uint32_t seq = piece->seq;

        if (emu_seq_diff(d->snd_max, seq) > 0) {
            seq = d->snd_max;
        }
        while (emu_seq_diff(piece->end, seq) > 0 && emu_seq_diff(edge, seq) > 0) {
            const uint32_t room = edge - seq;
            uint32_t len = piece->end - seq < mss ? piece->end - seq : mss;

            len = len < room ? len : room;
            send_down(conn, seq, piece->bytes + piece->sge.len - (piece->end - seq), len, d);
            seq += len;
        }
    }
}

/* Takes over what the target had received. */
static void take_received(struct emu_conn *conn, struct emu_request *request)
{
    struct emu_kernel *kernel = conn->kernel;
    const struct toe_tcp_delegated *d = &request->tcp_state.delegated;
    struct toe_extension *ext = request->tcp_state.extension;
    struct toe_buf *buf = d->buffered_data;

    while (buf != NULL) {
        struct toe_buf *next = buf->next;

        emu_relay_in_push(conn, buf);
        buf = next;
    }
    if (conn->track.has_peer_fin && !conn->move->has_in_fin &&
        conn->track.peer_fin == conn->move->in_end) {
        emu_relay_in_fin(conn);
    }
    emu_relay_in_run(conn);
    if (ext != NULL && ext->early_data != NULL) {
        if (ext->version != 0) {
            emu_relay_in_early(conn, ext->early, ext->early_cnt, ext->early_data);
        }
        kernel->settings.ops->receive_return(kernel->settings.target, ext->early_data);
    }
}

/* Gives back what the target had received of a connection that was reset. */
static void return_received(const struct emu_conn *conn, const struct emu_request *request)
{
    const struct emu_kernel_settings *settings = &conn->kernel->settings;
    const struct toe_extension *ext = request->tcp_state.extension;

    if (request->tcp_state.delegated.buffered_data != NULL) {
        settings->ops->receive_return(settings->target, request->tcp_state.delegated.buffered_data);
    }
    if (ext != NULL && ext->early_data != NULL) {
        settings->ops->receive_return(settings->target, ext->early_data);
    }
}

void emu_move_terminated(struct emu_kernel *kernel, struct emu_request *request)
{
    struct emu_conn *conn = request->conn;
    struct emu_move *move = conn->move;
    const struct toe_tcp_delegated *d = &request->tcp_state.delegated;
    struct emu_pieces held;

    move->tcp = 0;
    move->phase = EMU_PHASE_REST;
    conn->track.peer_echo = move->ts_recent;
    --kernel->stats.offloaded;
    ++kernel->stats.uploads;
    ++kernel->stats.uploads_for[conn->info.why];
    ++conn->info.uploads;
    if (!toe_status_is_failure(request->tcp.status) && !move->is_rst_taken &&
        !conn->track.is_reset) {
        emu_handover_take(conn, d);
        move->in_ts = conn->track.peer_ts;
        move->is_ack_due = true;
        take_received(conn, request);
        send_unsent(conn, d);
    } else if (!toe_status_is_failure(request->tcp.status)) {
        return_received(conn, request);
    }
    emu_relay_flush(kernel);
    emu_request_del(kernel, request);
    emu_pieces_clear(&kernel->pool, &move->out);
    TAILQ_INIT(&held);
    TAILQ_CONCAT(&held, &move->held, node);
    emu_path_put(kernel, move->path);
    move->path = NULL;
    emu_move_rest(conn);
    release(kernel, &held);
}

void emu_move_rest(struct emu_conn *conn)
{
    if (emu_relay_in_is_done(conn) || conn->track.is_reset || conn->move->is_rst_taken) {
        emu_move_forsake(conn);
    }
}

void emu_move_forsake(struct emu_conn *conn)
{
    emu_move_free(conn);
    emu_conn_place_set(conn, EMU_PLACE_HOST);
}
