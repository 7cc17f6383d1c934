/* SPDX-License-Identifier: MIT */
/*
 * A segment arrives: the steps of RFC 9293, section 3.10.7.4, in their order. What nearly all
 * segments are goes a shorter way to the same end (tcp/predict.c).
 *
 * The order matters, because a later step trusts what an earlier one let through. Each step is a
 * helper in the file of its concept; the branches are here. Step three (security) has no
 * counterpart. Before the first step comes PAWS (RFC 7323, 5.3), after the fifth what every
 * acceptable segment does to the timers.
 */
#include "tcp/input.h"

#include "base/assert.h"
#include "tcp/ack.h"
#include "tcp/deadline.h"
#include "tcp/ecn.h"
#include "tcp/engine.h"
#include "tcp/fsm.h"
#include "tcp/keepalive.h"
#include "tcp/mitigation.h"
#include "tcp/open.h"
#include "tcp/text.h"
#include "tcp/timestamps.h"
#include "tcp/window.h"

/* A segment that is not acceptable is answered with an acknowledgment (SEG-080), but two confused
 * ends must not answer each other for ever: empty ones count as challenges, except for keep-alive
 * probes.
 *
 * Deviates: whatever is resent restarts TIME_WAIT, text before the FIN as well, where RFC 9293 has
 * the FIN alone. A peer that is still in its back-off would be reset when TIME_WAIT is over. */
static enum toe_drop refuse_sequence(struct tcp_conn *conn, const struct tcp_segment *seg,
                                     toe_instant now)
{
    if ((seg->flags & TCP_RST) != 0) {
        return TOE_DROP_TCP_RST_OUTSIDE;
    }
    if (toe_seq_lt(seg->seq, conn->rcv_nxt)) {
        tcp_text_repeated(conn, seg->seq, seg->payload_len);
    }
    if ((seg->flags & TCP_SYN) != 0 && conn->cfg->rfc5961_syn) {
        (void)tcp_challenge(conn, now); /* RFC-081: wherever it points. */
    } else if (tcp_segment_len(seg) > 0 || toe_seq_eq(toe_seq_add(seg->seq, 1), conn->rcv_nxt)) {
        conn->ack_now = true;
    } else {
        (void)tcp_challenge(conn, now);
    }
    if (conn->state == TOE_TCP_TIME_WAIT && tcp_segment_len(seg) > 0 &&
        tcp_deadline_is_armed(conn, TCP_DEADLINE_TIME_WAIT)) {
        tcp_deadline_arm(conn, TCP_DEADLINE_TIME_WAIT, conn->cfg->time_wait, now);
    }
    return TOE_DROP_TCP_SEQUENCE;
}

/* The window test. A closed window lets text at its edge pass for the acknowledgment that it
 * carries (SEG-090); the text is dropped later. */
static bool has_good_sequence(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    const uint32_t wnd = tcp_window_rcv(conn);

    if (wnd == 0 && toe_seq_eq(seg->seq, conn->rcv_nxt)) {
        return true;
    }
    return tcp_window_is_acceptable(conn->rcv_nxt, wnd, seg->seq, tcp_segment_len(seg));
}

/* A SYN in TIME_WAIT that cannot be old opens a new connection (RFC 9293, 3.10.7.4; SEG-001): that
 * is the owner's to do. */
static bool is_reopening(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    if (conn->state != TOE_TCP_TIME_WAIT ||
        (seg->flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_SYN) {
        return false;
    }
    if (conn->cfg->time_wait_uploads) {
        return true;
    }
    if (conn->has_timestamps && seg->has_ts) {
        return seg->ts_val != conn->ts_recent &&
               seg->ts_val - conn->ts_recent < UINT32_C(0x80000000);
    }
    return toe_seq_gt(seg->seq, conn->rcv_nxt);
}

static enum toe_drop forget(struct tcp_conn *conn)
{
    tcp_conn_close(conn, TCP_VERDICT_SYN);
    return TOE_DROP_TCP_SYN_UPLOAD;
}

static enum toe_drop reopen(struct tcp_conn *conn)
{
    return conn->cfg->time_wait_uploads ? TOE_DROP_TCP_SYN_UPLOAD : forget(conn);
}

/* A connection that is over, or that the owner must see to first, takes nothing. */
static enum toe_drop refuse_all(const struct tcp_conn *conn)
{
    if (conn->verdict == TCP_VERDICT_URGENT) {
        return TOE_DROP_TCP_URGENT;
    }
    return TOE_DROP_TCP_CLOSED;
}

static void heard(struct tcp_conn *conn, toe_instant now)
{
    tcp_keepalive_heard(conn, now);
    if (conn->state == TOE_TCP_FIN_WAIT_2) {
        tcp_deadline_arm(conn, TCP_DEADLINE_FIN_WAIT_2, conn->cfg->fin_wait_2, now);
    }
}

/* A bare acknowledgment is answered with restraint: two ends that both refuse the other's clock
 * would never stop. */
static void answer_paws(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    if (tcp_segment_len(seg) > 0) {
        conn->ack_now = true;
    } else {
        (void)tcp_challenge(conn, now);
    }
}

/* Steps one to four. |again| says that |seg| is the peer's SYN once more, which was seen to. */
static enum toe_drop admit(struct tcp_conn *conn, const struct tcp_segment *seg, bool again,
                           toe_instant now)
{
    enum toe_drop drop = tcp_timestamps_check(conn, seg, now);

    if (drop != TOE_DROP_NONE) {
        if (drop == TOE_DROP_TCP_PAWS) {
            answer_paws(conn, seg, now);
        }
        return drop;
    }
    if (again) {
        /* RFC 7323, 4.3: our SYN and ACK echoes the latest SYN, or the peer measures too much. */
        tcp_timestamps_update(conn, seg, now);
        return conn->syn_due ? TOE_DROP_TCP_SEQUENCE : TOE_DROP_NONE;
    }

    /* First, sequence number. */
    if (!has_good_sequence(conn, seg)) {
        return refuse_sequence(conn, seg, now);
    }

    /* Second, RST. */
    if ((seg->flags & TCP_RST) != 0) {
        return tcp_mitigate_rst(conn, seg, now);
    }

    /* Fourth, SYN. Who was listening listens again. */
    if ((seg->flags & TCP_SYN) != 0) {
        if (conn->state == TOE_TCP_SYN_RCVD && conn->is_passive) {
            return forget(conn);
        }
        return tcp_mitigate_syn(conn, seg, now);
    }
    return TOE_DROP_NONE;
}

static enum toe_drop input(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    const bool again = tcp_open_is_repeated(conn, seg);
    enum toe_drop drop = admit(conn, seg, again, now);

    if (drop != TOE_DROP_NONE || conn->state == TOE_TCP_CLOSED) {
        return drop;
    }

    /* Fifth, ACK. */
    if ((seg->flags & TCP_ACK) == 0) {
        return TOE_DROP_TCP_NO_ACK;
    }
    if (conn->state == TOE_TCP_SYN_RCVD) {
        drop = tcp_open_complete(conn, seg, now);
    } else {
        drop = tcp_ack_input(conn, seg, now);
    }
    if (drop != TOE_DROP_NONE || conn->state == TOE_TCP_CLOSED) {
        return drop;
    }
    tcp_timestamps_update(conn, seg, now);
    heard(conn, now);

    /* Sixth, URG: neither it nor anything behind it is acknowledged (SEG-040 to SEG-049). */
    if ((seg->flags & TCP_URG) != 0 && conn->cfg->urgent_uploads) {
        conn->verdict = TCP_VERDICT_URGENT;
        return TOE_DROP_TCP_URGENT;
    }

    if (conn->has_ecn) {
        tcp_ecn_input(conn, seg);
    }

    /* Seventh, text; eighth, FIN. Neither comes with a SYN (SEG-008). */
    return again ? TOE_DROP_NONE : tcp_text_input(conn, seg, now);
}

enum toe_drop tcp_input_steps(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    enum toe_drop drop;

    if (conn->state == TOE_TCP_CLOSED || conn->state == TOE_TCP_LISTEN ||
        conn->verdict != TCP_VERDICT_NONE) {
        return refuse_all(conn);
    }

    if (conn->state == TOE_TCP_SYN_SENT) {
        drop = tcp_open_input(conn, seg, now);
    } else if (is_reopening(conn, seg)) {
        drop = reopen(conn);
    } else {
        drop = input(conn, seg, now);
    }

    tcp_deadline_settle(conn, now);
    tcp_conn_check(conn);
    return drop;
}
