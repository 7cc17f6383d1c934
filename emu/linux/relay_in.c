/* SPDX-License-Identifier: MIT */
#include "linux/relay_in.h"

#include <string.h>

#include "gso.h"
#include "linux/relay_out.h"

enum {
    SUPER_MAX = 65000,  /* payload of a super-segment */
    IOVS_OF_FRAME = 60, /* a port takes not many more */
    DUP_THRESHOLD = 3,
    MSS_MIN = 88,
    MSS_DEFAULT = 536,
};

/* The kernel acknowledges within its delayed acknowledgment; the way there is short. */
#define RTO_MIN (200 * TOE_NS_PER_MS)
#define RTO_MAX (5 * TOE_NS_PER_SEC)

/* --- frames --- */

void emu_relay_flush(struct emu_kernel *kernel)
{
    struct emu_batch *batch = &kernel->batch;

    if (batch->cnt > 0) {
        kernel->settings.host->transmit(kernel->settings.host_user, batch->frames, batch->cnt);
    }
    batch->cnt = 0;
    batch->iov_cnt = 0;
}

/* Sends the frame that was just built whole, with its checksum, for a port that completes none. */
static void send_whole(struct emu_kernel *kernel, const struct toe_frame *frame)
{
    struct toe_frame whole = {.data = kernel->scratch, .len = frame->len};

    memcpy(kernel->scratch, frame->data, frame->len);
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        memcpy(kernel->scratch + whole.len, frame->more[i].base, frame->more[i].len);
        whole.len += (uint32_t)frame->more[i].len;
    }
    (void)emu_gso_checksum(kernel->scratch, whole.len, frame->csum_start, frame->csum_off);
    emu_relay_flush(kernel);
    kernel->settings.host->transmit(kernel->settings.host_user, &whole, 1);
}

static bool takes(const struct emu_kernel *kernel, uint32_t feature)
{
    return (kernel->settings.host->features & feature) != 0;
}

/* Payload of a segment on the link to the kernel. */
static uint32_t mss_of(const struct emu_conn *conn)
{
    const uint32_t headers = (conn->info.tuple.local.family == 4 ? 40u : 60u);
    const uint32_t options = conn->track.has_ts ? 12 : 0;
    uint32_t mss = conn->track.kernel_mss != 0 ? conn->track.kernel_mss : MSS_DEFAULT;

    if (conn->kernel->settings.mtu != 0 && mss > conn->kernel->settings.mtu - headers) {
        mss = conn->kernel->settings.mtu - headers;
    }
    return mss > options + MSS_MIN ? mss - options : MSS_MIN;
}

/* The most payload of one frame. */
static uint32_t frame_max(const struct emu_conn *conn)
{
    const uint32_t mss = mss_of(conn);

    return takes(conn->kernel, TOE_WIRE_TSO) && takes(conn->kernel, TOE_WIRE_CSUM)
               ? SUPER_MAX / mss * mss
               : mss;
}

/*
 * The peer's timestamp for the kernel: the newest there is, as the kernel will echo it when it is
 * alone with the peer again, which measures round trips by that.
 */
static uint32_t peer_ts(const struct emu_conn *conn)
{
    const struct emu_move *move = conn->move;
    uint32_t ts = move->in_ts;

    return move->phase == EMU_PHASE_CARRIED && conn->kernel->settings.software != NULL &&
                   toe_target_ts_recent(conn->kernel->settings.software, &ts, move->tcp) &&
                   emu_seq_diff(ts, move->in_ts) > 0
               ? ts
               : move->in_ts;
}

/* What all segments for the kernel have in common. */
static void begin_segment(const struct emu_conn *conn, struct emu_segment *seg, uint32_t seq)
{
    const struct emu_track *track = &conn->track;
    const struct emu_move *move = conn->move;
    const bool is_back = move->phase == EMU_PHASE_REST;
    const uint32_t wnd =
        (is_back ? track->snd_wnd : emu_relay_out_window(conn)) >> track->peer_wscale;

    *seg = (struct emu_segment){
        .tuple = conn->info.tuple,
        .vlan_id = track->vlan_id,
        .priority = track->peer_priority,
        .ttl = track->peer_ttl,
        .seq = seq,
        .ack = is_back ? track->snd_una : emu_relay_out_ack(conn),
        .wnd = wnd < UINT16_MAX ? wnd : UINT16_MAX,
        .flags = EMU_TCP_ACK,
        .has_ts = track->has_ts,
        .tsval = peer_ts(conn),
        .tsecr = move->ts_recent,
    };
    memcpy(seg->src_mac, track->remote_mac, TOE_MAC_LEN);
    memcpy(seg->dst_mac, track->local_mac, TOE_MAC_LEN);
}

/* Puts |seg| with the |iov_cnt| pieces behind the batch's last into the batch. */
static void push_segment(struct emu_conn *conn, struct emu_segment *seg, uint32_t iov_cnt)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_batch *batch = &kernel->batch;
    struct toe_frame *frame = &batch->frames[batch->cnt];
    const uint32_t mss = mss_of(conn);

    *frame = (struct toe_frame){
        .data = batch->headers[batch->cnt],
        .more_cnt = iov_cnt,
        .more = &batch->iovs[batch->iov_cnt],
        .csum_off = 16,
        .flags = TOE_FRAME_CSUM_PARTIAL,
    };
    frame->len = emu_segment_build(batch->headers[batch->cnt], seg, false);
    frame->csum_start = (uint16_t)seg->tcp_off;
    if (seg->len > mss) {
        frame->gso = seg->tuple.local.family == 4 ? TOE_GSO_TCP4 : TOE_GSO_TCP6;
        frame->gso_size = (uint16_t)mss;
    }
    conn->move->ack_sent = seg->ack;
    conn->move->is_ack_due = false;
    if (!takes(kernel, TOE_WIRE_CSUM)) {
        send_whole(kernel, frame);
        return;
    }
    ++batch->cnt;
    batch->iov_cnt += iov_cnt;
    if (batch->cnt == EMU_BATCH) {
        emu_relay_flush(kernel);
    }
}

/* A place in a chain of buffers. */
struct place {
    const struct toe_buf *buf;
    uint32_t off;
};

/* Describes up to |max| bytes from |place| on, at most what fits one frame, and moves it. */
static uint32_t gather(struct emu_kernel *kernel, struct place *place, uint32_t max,
                       uint32_t *iov_cnt)
{
    struct emu_batch *batch = &kernel->batch;
    uint32_t len = 0;

    if (batch->iov_cnt + IOVS_OF_FRAME > EMU_IOVS) {
        emu_relay_flush(kernel);
    }
    *iov_cnt = 0;
    while (len < max && place->buf != NULL && *iov_cnt < IOVS_OF_FRAME) {
        const struct toe_buf *buf = place->buf;
        uint64_t skip = (uint64_t)buf->off + place->off;
        uint32_t i = 0;
        uint32_t cnt;

        if (place->off == buf->len) {
            *place = (struct place){buf->next, 0};
            continue;
        }
        while (skip >= buf->sge[i].len) {
            skip -= buf->sge[i++].len;
        }
        cnt = buf->sge[i].len - (uint32_t)skip;
        cnt = cnt < buf->len - place->off ? cnt : buf->len - place->off;
        cnt = cnt < max - len ? cnt : max - len;
        batch->iovs[batch->iov_cnt + (*iov_cnt)++] =
            (struct toe_iov){toe_bus_map(NULL, buf->sge[i].addr + skip, cnt), cnt};
        place->off += cnt;
        len += cnt;
    }
    return len;
}

/* --- the queue --- */

void emu_relay_in_begin(struct emu_conn *conn, uint32_t seq)
{
    struct emu_move *move = conn->move;

    move->in_una = seq;
    move->in_sent = seq;
    move->in_max = seq;
    move->in_end = seq;
    move->in_rto = RTO_MIN;
}

bool emu_relay_in_has_room(const struct emu_conn *conn)
{
    return emu_seq_diff(conn->move->in_end, conn->track.rcv_edge) < 0;
}

/* What is to be sent next is at the head again. */
static void rewind_cursor(struct emu_move *move)
{
    move->in_sent = move->in_una;
    move->cursor = move->in_head;
    move->cursor_off = move->in_off;
}

/* Drops what the kernel has acknowledged; whole buffers go back to the target. */
static void settle(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;
    struct toe_buf *returns = NULL;
    struct toe_buf **link = &returns;
    uint32_t ack = conn->track.rcv_nxt;
    uint32_t left;

    if (emu_seq_diff(ack, move->in_end) > 0) {
        ack = move->in_end + (move->has_in_fin ? 1 : 0);
    }
    if (emu_seq_diff(ack, move->in_una) <= 0) {
        return;
    }
    if (emu_seq_diff(ack, move->in_end) > 0 && kernel->settings.software != NULL) {
        toe_target_end_returned(kernel->settings.software, move->tcp);
    }
    left = (emu_seq_diff(ack, move->in_end) > 0 ? move->in_end : ack) - move->in_una;
    move->in_una = ack;
    while (left > 0 && left >= move->in_head->len - move->in_off) {
        struct toe_buf *buf = move->in_head;

        left -= buf->len - move->in_off;
        if (move->cursor == buf) {
            move->cursor = buf->next;
            move->cursor_off = 0;
        }
        move->in_head = buf->next;
        move->in_off = 0;
        buf->next = NULL;
        *link = buf;
        link = &buf->next;
    }
    move->in_off += left;
    if (move->in_head == NULL) {
        move->in_tail = NULL;
    }
    if (emu_seq_diff(move->in_sent, move->in_una) <= 0) {
        rewind_cursor(move);
    }
    if (returns != NULL) {
        kernel->settings.ops->receive_return(kernel->settings.target, returns);
    }
}

void emu_relay_in_push(struct emu_conn *conn, struct toe_buf *buf)
{
    struct emu_move *move = conn->move;

    buf->next = NULL;
    if (move->in_tail == NULL) {
        move->in_head = buf;
    } else {
        move->in_tail->next = buf;
    }
    move->in_tail = buf;
    if (move->cursor == NULL) {
        move->cursor = buf;
        move->cursor_off = 0;
    }
    move->in_end += buf->len;
    conn->info.rx_bytes += buf->len;
}

void emu_relay_in_fin(struct emu_conn *conn)
{
    conn->move->has_in_fin = true;
    conn->track.has_peer_fin = true;
    conn->track.peer_fin = conn->move->in_end;
    settle(conn);
}

bool emu_relay_in_is_done(const struct emu_conn *conn)
{
    const struct emu_move *move = conn->move;

    return emu_seq_diff(move->in_una, move->in_end) >= (move->has_in_fin ? 1 : 0);
}

void emu_relay_in_acked(struct emu_conn *conn, const struct emu_segment *seg)
{
    struct emu_move *move = conn->move;
    const uint32_t before = move->in_una;

    settle(conn);
    if (move->in_una != before) {
        move->dup_cnt = 0;
        move->in_rto = RTO_MIN;
        move->rto_cnt = 0;
    } else if (seg->len == 0 && (seg->flags & EMU_TCP_FIN) == 0 && seg->ack == move->in_una &&
               move->in_sent != move->in_una && ++move->dup_cnt == DUP_THRESHOLD) {
        ++conn->kernel->stats.host_resent;
        rewind_cursor(move);
    }
    emu_conn_touch(conn);
}

/* --- sending --- */

static void set_timer(struct emu_conn *conn)
{
    const struct emu_move *move = conn->move;
    struct emu_kernel *kernel = conn->kernel;

    if (!emu_relay_in_is_done(conn)) {
        emu_timers_set(&kernel->timers, &conn->timer, kernel->now + move->in_rto);
    } else if (move->drain_until != 0) {
        emu_timers_set(&kernel->timers, &conn->timer, move->drain_until);
    } else if (conn->timer.pos == 0 || conn->timer.at <= kernel->now + RTO_MAX) {
        emu_conn_watch_silent(conn); /* In place of one that is not needed. */
    }
}

/* Sends the next segment; false if there is none that may be sent. */
static bool send_next(struct emu_conn *conn)
{
    struct emu_move *move = conn->move;
    const int32_t room = emu_seq_diff(conn->track.rcv_edge, move->in_sent);
    const int32_t left = emu_seq_diff(move->in_end, move->in_sent);
    struct place place = {move->cursor, move->cursor_off};
    struct emu_segment seg;
    uint32_t iov_cnt = 0;
    uint32_t max = frame_max(conn);

    if (left < 0 || (left == 0 && !move->has_in_fin) || (left > 0 && room <= 0)) {
        return false;
    }
    max = left < (int32_t)max ? (uint32_t)left : max;
    max = left > 0 && room < (int32_t)max ? (uint32_t)room : max;
    begin_segment(conn, &seg, move->in_sent);
    seg.len = gather(conn->kernel, &place, max, &iov_cnt);
    move->cursor = (struct toe_buf *)(uintptr_t)place.buf;
    move->cursor_off = place.off;
    move->in_sent += seg.len;
    if (move->in_sent == move->in_end) {
        seg.flags |= seg.len > 0 ? EMU_TCP_PSH : 0;
        if (move->has_in_fin) {
            seg.flags |= EMU_TCP_FIN;
            ++move->in_sent;
        }
    }
    push_segment(conn, &seg, iov_cnt);
    return true;
}

static void send_empty(struct emu_conn *conn, uint32_t seq, uint16_t flags)
{
    struct emu_segment seg;

    begin_segment(conn, &seg, seq);
    seg.flags |= flags;
    push_segment(conn, &seg, 0);
}

static uint32_t later(uint32_t a, uint32_t b)
{
    return emu_seq_diff(a, b) > 0 ? a : b;
}

/* Asks the target for what was refused. */
static void ask_again(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;

    if (move->phase != EMU_PHASE_CARRIED || !move->is_refused || move->is_asking ||
        !emu_relay_in_has_room(conn)) {
        return;
    }
    move->is_refused = false;
    move->is_asking = true;
    move->again = (struct toe_buf){.owner_data = {conn}};
    kernel->settings.ops->receive(kernel->settings.target, move->tcp, &move->again);
}

void emu_relay_in_run(struct emu_conn *conn)
{
    struct emu_move *move = conn->move;
    const uint32_t sent = move->in_sent;

    /*
     * The kernel may have more than the target tells of: it was on its way when that took over. An
     * indication is over by now; within it, a buffer cannot be returned.
     */
    settle(conn);
    ask_again(conn);
    while (send_next(conn)) {
    }
    if (move->is_ack_due) {
        /* What the kernel got before the target took over may be ahead. */
        send_empty(conn, later(move->in_sent, conn->track.rcv_nxt), 0);
    }
    if (emu_seq_diff(move->in_sent, move->in_max) > 0) {
        move->in_max = move->in_sent;
    }
    if (move->in_sent != sent || conn->timer.pos == 0 || emu_relay_in_is_done(conn)) {
        set_timer(conn);
    }
}

void emu_relay_in_expire(struct emu_conn *conn)
{
    struct emu_move *move = conn->move;

    if (emu_relay_in_is_done(conn)) {
        return;
    }
    ++conn->kernel->stats.host_resent;
    move->in_rto = move->in_rto * 2 < RTO_MAX ? move->in_rto * 2 : RTO_MAX;
    move->dup_cnt = 0;
    ++move->rto_cnt;
    rewind_cursor(move);
    if (emu_seq_diff(conn->track.rcv_edge, move->in_una) <= 0) {
        send_empty(conn, move->in_una - 1, 0); /* Its answer tells the window. */
    }
    emu_relay_in_run(conn);
}

void emu_relay_in_early(struct emu_conn *conn, const struct toe_seq_range *ranges, uint32_t cnt,
                        const struct toe_buf *chain)
{
    struct place place = {chain, 0};

    for (uint32_t i = 0; i < cnt; ++i) {
        uint32_t seq = ranges[i].start;

        while (emu_seq_diff(ranges[i].end, seq) > 0) {
            const uint32_t left = ranges[i].end - seq;
            const uint32_t max = frame_max(conn);
            struct emu_segment seg;
            uint32_t iov_cnt = 0;

            begin_segment(conn, &seg, seq);
            seg.len = gather(conn->kernel, &place, left < max ? left : max, &iov_cnt);
            if (seg.len == 0) {
                return;
            }
            seq += seg.len;
            push_segment(conn, &seg, iov_cnt);
        }
    }
    emu_relay_flush(conn->kernel); /* The buffers are not ours for longer. */
}

void emu_relay_in_reset(struct emu_conn *conn)
{
    send_empty(conn, conn->move->in_sent, EMU_TCP_RST);
}

void emu_relay_in_fini(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_move *move = conn->move;

    emu_relay_flush(kernel);
    if (move->in_head != NULL) {
        kernel->settings.ops->receive_return(kernel->settings.target, move->in_head);
    }
    move->in_head = NULL;
    move->in_tail = NULL;
    move->cursor = NULL;
}
