/* SPDX-License-Identifier: MIT */
#include "tcp/window.h"

#include "base/assert.h"
#include "tcp/deadline.h"
#include "tcp/engine.h"
#include "tcp/inflight.h"
#include "tcp/fsm.h"
#include "tcp/recovery.h"

/* The largest value of the window field. */
#define WND_MAX 65535u

/* TMR-024 */
#define DELAYED_ACK_MAX (500 * TOE_NS_PER_MS)

/* Limited transmit: duplicates that release a segment each (RFC 3042). */
#define LIMITED_MAX 2u

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* cwnd and what may go beyond it: in recovery what the duplicates say has left the network, before
 * it limited transmit, for new data only. */
static uint32_t allowance(const struct tcp_conn *conn)
{
    uint32_t more = conn->busy->dup_bytes;

    if (!conn->in_recovery) {
        more = min_u32(conn->dup_ack_cnt, LIMITED_MAX) * conn->snd_mss;
        if (!toe_seq_eq(conn->snd_nxt, conn->snd_max)) {
            more = 0;
        }
    }
    more = conn->cwnd <= UINT32_MAX - more ? conn->cwnd + more : UINT32_MAX;
    return more > tcp_frto_more(conn) ? more : tcp_frto_more(conn);
}

static uint32_t left_of(uint32_t wnd, uint32_t used)
{
    return wnd > used ? wnd - used : 0;
}

uint32_t tcp_window_usable(const struct tcp_conn *conn)
{
    if (tcp_flight_is_on(conn)) {
        return min_u32(tcp_window_room(conn), tcp_recovery_credit(conn));
    }
    return left_of(min_u32(conn->snd_wnd, allowance(conn)),
                   toe_seq_off(conn->snd_nxt, conn->snd_una));
}

uint32_t tcp_window_room(const struct tcp_conn *conn)
{
    return left_of(conn->snd_wnd, toe_seq_off(conn->snd_nxt, conn->snd_una));
}

bool tcp_window_is_acceptable(toe_seq rcv_nxt, uint32_t rcv_wnd, toe_seq seq, uint32_t len)
{
    const uint32_t first = toe_seq_off(seq, rcv_nxt);
    const uint32_t last = first + len - 1;

    if (len == 0 && rcv_wnd == 0) {
        return first == 0;
    }
    if (len == 0) {
        return first < rcv_wnd;
    }
    if (rcv_wnd == 0) {
        return false;
    }
    return first < rcv_wnd || last < rcv_wnd;
}

/* The distance from the acknowledgment to the edge advertised: what the window field says. */
static uint32_t told(const struct tcp_conn *conn)
{
    return toe_seq_off(conn->rcv_adv, tcp_window_ack(conn));
}

/* By how much the edge could move right, seen through the scale, which rounds down. */
static uint32_t advance(const struct tcp_conn *conn)
{
    const uint32_t free_len = left_of(conn->rcv_buf, conn->rcv_unread);
    const uint32_t whole = free_len + toe_seq_off(conn->rcv_nxt, tcp_window_ack(conn));
    const uint32_t units = min_u32(whole >> conn->rcv_wscale, WND_MAX);

    return left_of(units << conn->rcv_wscale, told(conn));
}

/* RCV-077 */
static bool is_worth_it(const struct tcp_conn *conn, uint32_t step)
{
    return step > 0 && step >= min_u32(conn->rcv_mss, conn->rcv_buf / 2);
}

/* Moves the edge if that is due; returns by how much it could move further. */
static uint32_t move_edge(struct tcp_conn *conn)
{
    const uint32_t step = advance(conn);
    const bool moves = conn->update_due || is_worth_it(conn, step);

    conn->update_due = false;
    if (moves) {
        conn->rcv_adv = toe_seq_add(conn->rcv_adv, step);
    }
    return moves ? 0 : step;
}

uint16_t tcp_window_advertise(struct tcp_conn *conn)
{
    const uint32_t mask = (UINT32_C(1) << conn->rcv_wscale) - 1;
    uint32_t left = 0;
    uint32_t wnd;
    uint32_t units;

    if (tcp_is_synchronized(conn) && !conn->fin_rcvd) {
        left = move_edge(conn);
    }
    conn->last_ack = tcp_window_ack(conn);
    conn->unacked_cnt = 0;
    conn->ack_now = false;
    tcp_deadline_cancel(conn, TCP_DEADLINE_DELAYED_ACK);
    if (!conn->output_held && left == 0) {
        tcp_deadline_cancel(conn, TCP_DEADLINE_SWS);
    }

    /* RFC-062: rounded up, for the edge must not move left; what that adds is promised, too. */
    wnd = told(conn);
    units = (wnd >> conn->rcv_wscale) + ((wnd & mask) != 0);
    if (units > WND_MAX) {
        return WND_MAX;
    }
    conn->rcv_adv = toe_seq_add(conn->last_ack, units << conn->rcv_wscale);
    return (uint16_t)units;
}

/* An acknowledgment is due for |len| more bytes: at once, or delayed. */
static void owe(struct tcp_conn *conn, uint32_t len, toe_instant now)
{
    const uint32_t cnt = len <= conn->rcv_mss ? 1 : (len - 1) / conn->rcv_mss + 1;
    const toe_duration delay = conn->cfg->delayed_ack;

    conn->unacked_cnt = (uint8_t)min_u32(conn->unacked_cnt + cnt, UINT8_MAX);
    if (conn->unacked_cnt >= conn->cfg->ack_frequency || delay == 0) {
        conn->ack_now = true;
        return;
    }
    if (!tcp_deadline_is_armed(conn, TCP_DEADLINE_DELAYED_ACK)) {
        tcp_deadline_arm(conn, TCP_DEADLINE_DELAYED_ACK,
                         delay < DELAYED_ACK_MAX ? delay : DELAYED_ACK_MAX, now);
    }
}

void tcp_window_received(struct tcp_conn *conn, uint32_t len, toe_instant now)
{
    if (!conn->cfg->acks_consumed) {
        owe(conn, len, now);
    }
}

/* The window may grow by what the reader took. */
static void offer(struct tcp_conn *conn, toe_instant now)
{
    const uint32_t step = advance(conn);

    if (is_worth_it(conn, step)) {
        if (conn->cfg->tuning.updates_double && step < tcp_window_rcv(conn)) {
            return;
        }
        /* An acknowledgment that is owed carries it, unless the peer may run dry until then. */
        if (conn->unacked_cnt == 0 || step >= tcp_window_rcv(conn)) {
            conn->ack_now = true;
        }
    } else if (step > 0 && !tcp_deadline_is_armed(conn, TCP_DEADLINE_SWS)) {
        tcp_deadline_arm(conn, TCP_DEADLINE_SWS, conn->cfg->sws_prevention, now);
    }
}

void tcp_consumed(struct tcp_conn *conn, uint32_t cnt, toe_instant now)
{
    toe_assert(cnt <= conn->rcv_unread);

    conn->rcv_unread -= cnt;
    if (!tcp_is_synchronized(conn) || conn->quiesced) {
        return;
    }
    if (conn->cfg->acks_consumed) {
        owe(conn, cnt, now);
    }
    if (!conn->fin_rcvd) {
        offer(conn, now);
    }
}

void tcp_consumed_fin(struct tcp_conn *conn)
{
    if (conn->fin_unread) {
        conn->fin_unread = false;
        conn->ack_now = conn->ack_now || (conn->state != TOE_TCP_CLOSED && conn->rcv_unread == 0);
    }
}

void tcp_window_hold(struct tcp_conn *conn, toe_duration wait, toe_instant now)
{
    conn->output_held = true;
    if (!tcp_deadline_is_armed(conn, TCP_DEADLINE_SWS)) {
        tcp_deadline_arm(conn, TCP_DEADLINE_SWS, wait, now);
    }
    conn->busy->held_until = tcp_deadline_at(conn, TCP_DEADLINE_SWS);
}

void tcp_window_expire(struct tcp_conn *conn)
{
    tcp_deadline_cancel(conn, TCP_DEADLINE_SWS);
    if (conn->output_held) {
        conn->output_held = false;
        conn->force_output = true;
    }
    if (!conn->fin_rcvd && advance(conn) > 0) {
        conn->update_due = true;
        conn->ack_now = true;
    }
}
