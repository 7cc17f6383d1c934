/* SPDX-License-Identifier: MIT */
#include "tcp/text.h"

#include "base/assert.h"
#include "tcp/deadline.h"
#include "tcp/engine.h"
#include "tcp/fsm.h"
#include "tcp/window.h"

/* What of a segment lies within the window. */
struct text {
    toe_seq seq;
    const uint8_t *data;
    uint32_t len;
    bool fin;
    bool push;
};

/* How much of that the peer was told of: the rest is as it should be. */
static uint32_t told_len(const struct tcp_conn *conn, toe_seq seq, uint32_t len)
{
    const toe_seq told = tcp_window_ack(conn);

    if (toe_seq_ge(seq, conn->rcv_nxt) || toe_seq_le(toe_seq_add(seq, len), told)) {
        return len;
    }
    return toe_seq_lt(seq, told) ? toe_seq_off(told, seq) : 0;
}

void tcp_text_repeated(struct tcp_conn *conn, toe_seq seq, uint32_t len)
{
    len = told_len(conn, seq, len);
    if (conn->has_sack && len > 0) {
        conn->busy->dup = (struct tcp_sack_block){.left = seq, .right = toe_seq_add(seq, len)};
        conn->dup_due = true;
    }
}

/* Trims |seg| to the window on both sides (SEG-081). */
static struct text trim(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    struct text text = {
        .seq = seg->seq,
        .data = seg->payload,
        .len = seg->payload_len,
        .fin = (seg->flags & TCP_FIN) != 0,
        .push = (seg->flags & TCP_PSH) != 0,
    };
    uint32_t wnd;

    if (toe_seq_lt(text.seq, conn->rcv_nxt)) {
        const uint32_t old = toe_seq_off(conn->rcv_nxt, text.seq);
        const uint32_t cut = old < text.len ? old : text.len;

        text.data = cut > 0 ? text.data + cut : text.data;
        text.len -= cut;
        text.fin = text.fin && cut == old; /* Otherwise it is the one that was received. */
        text.seq = conn->rcv_nxt;
    }

    wnd = toe_seq_off(conn->rcv_adv, text.seq);
    if (toe_seq_ge(text.seq, conn->rcv_adv)) {
        wnd = 0;
    }
    if (text.len > wnd) {
        text.len = wnd;
        text.fin = false;
        text.push = false;
    } else if (text.len == wnd) {
        text.fin = false;
    }
    return text;
}

/* How much of the text of |seg| was received before, of what is left of the window. */
static uint32_t old_len(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    const uint32_t old = toe_seq_off(conn->rcv_nxt, seg->seq);

    if (toe_seq_ge(seg->seq, conn->rcv_nxt)) {
        return 0;
    }
    return old < seg->payload_len ? old : seg->payload_len;
}

/* They count as unread first: the owner may consume them. */
bool tcp_text_deliver(struct tcp_conn *conn, const uint8_t *data, uint32_t len, bool push)
{
    conn->rcv_unread += len;
    if (!conn->cfg->text(conn, data, len, push)) {
        conn->rcv_unread -= len;
        return false;
    }
    conn->rcv_nxt = toe_seq_add(conn->rcv_nxt, len);
    return true;
}

/* Delivers |text|, which begins at rcv_nxt, and what it makes contiguous. Of it only what is not in
 * the reassembly queue yet is new (SEG-088). */
static enum toe_drop deliver_in_order(struct tcp_conn *conn, const struct text *text)
{
    const toe_seq end = toe_seq_add(text->seq, text->len);

    while (toe_seq_lt(conn->rcv_nxt, end)) {
        const uint32_t done = toe_seq_off(conn->rcv_nxt, text->seq);
        const uint32_t gap = tcp_reassembly_gap(&conn->busy->reassembly, conn->rcv_nxt);
        const uint32_t len = gap < text->len - done ? gap : text->len - done;
        uint32_t pulled;

        if (len > 0 && !tcp_text_deliver(conn, text->data + done, len, text->push)) {
            if (conn->busy->reassembly.run_cnt == 0) {
                return TOE_DROP_NO_MEMORY;
            }
            /* Where memory is short, what is in order is worth more than what is not. */
            tcp_renege(conn);
            continue;
        }
        pulled = tcp_reassembly_pull(&conn->busy->reassembly, conn->cfg->chunks, &conn->busy->recvq,
                                     conn->rcv_nxt);
        conn->rcv_nxt = toe_seq_add(conn->rcv_nxt, pulled);
        conn->rcv_unread += pulled;
    }
    return TOE_DROP_NONE;
}

/* Everything before the peer's FIN was received. */
static void take_fin(struct tcp_conn *conn, toe_instant now)
{
    tcp_reassembly_flush(&conn->busy->reassembly, conn->cfg->chunks);
    conn->rcv_nxt = toe_seq_add(conn->rcv_nxt, 1);
    conn->rcv_adv = toe_seq_max(conn->rcv_adv, conn->rcv_nxt);
    conn->fin_rcvd = true;
    conn->fin_unread = conn->cfg->acks_consumed;
    conn->ack_now = conn->ack_now || !conn->fin_unread;

    switch ((enum toe_conn_state)conn->state) {
    case TOE_TCP_ESTABLISHED:
        tcp_state_set(conn, TOE_TCP_CLOSE_WAIT);
        return;
    case TOE_TCP_FIN_WAIT_1:
        tcp_state_set(conn, TOE_TCP_CLOSING);
        return;
    case TOE_TCP_FIN_WAIT_2:
        tcp_time_wait_enter(conn, now);
        return;
    case TOE_TCP_CLOSED:
    case TOE_TCP_LISTEN:
    case TOE_TCP_SYN_SENT:
    case TOE_TCP_SYN_RCVD:
    case TOE_TCP_CLOSE_WAIT:
    case TOE_TCP_CLOSING:
    case TOE_TCP_LAST_ACK:
    case TOE_TCP_TIME_WAIT:
        break;
    }
    toe_assert(false);
}

/* Of |text|, which is within the window, what waits out of order already (RFC 2883, 4.2). */
static void find_repeated(struct tcp_conn *conn, const struct text *text)
{
    struct tcp_sack_block dup;

    if (tcp_reassembly_overlap(&conn->busy->reassembly, &dup, text->seq, text->len)) {
        tcp_text_repeated(conn, dup.left, toe_seq_off(dup.right, dup.left));
    }
}

static enum toe_drop reassemble(struct tcp_conn *conn, const struct text *text)
{
    const struct tcp_segment part = {
        .seq = text->seq,
        .payload = text->data,
        .payload_len = text->len,
        .flags = (uint8_t)((text->fin ? TCP_FIN : 0) | (text->push ? TCP_PSH : 0)),
    };

    return tcp_reassembly_insert(&conn->busy->reassembly, conn->cfg->chunks, &part);
}

enum toe_drop tcp_text_input(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    struct text text;
    enum toe_drop drop;
    bool had_gap;

    if (seg->payload_len == 0 && (seg->flags & TCP_FIN) == 0) {
        return TOE_DROP_NONE;
    }
    if (conn->fin_rcvd) {
        conn->ack_now = true;
        return TOE_DROP_TCP_BEYOND_FIN;
    }

    text = trim(conn, seg);
    if (conn->busy->reassembly.run_cnt > 0) {
        find_repeated(conn, &text);
    }
    tcp_text_repeated(conn, seg->seq, old_len(conn, seg)); /* of two ranges the first */
    if (text.len == 0 && !text.fin) {
        conn->ack_now = true; /* A probe of a closed window, or nothing new (TMR-026, SEG-091). */
        return TOE_DROP_TCP_SEQUENCE;
    }
    if (toe_seq_gt(text.seq, conn->rcv_nxt)) {
        conn->ack_now = true;
        return reassemble(conn, &text);
    }

    had_gap = conn->busy->reassembly.len > 0 || conn->busy->reassembly.has_fin;
    drop = deliver_in_order(conn, &text);
    if (drop != TOE_DROP_NONE) {
        return drop;
    }

    /* Duplicates and what fills a gap are acknowledged at once (TMR-026), the rest with delay. */
    if (had_gap || text.len < seg->payload_len) {
        conn->ack_now = true;
    } else {
        tcp_window_received(conn, text.len, now);
    }
    if ((text.fin && toe_seq_eq(conn->rcv_nxt, toe_seq_add(text.seq, text.len))) ||
        tcp_reassembly_has_fin_at(&conn->busy->reassembly, conn->rcv_nxt)) {
        take_fin(conn, now);
    }
    return TOE_DROP_NONE;
}
