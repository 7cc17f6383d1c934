/* SPDX-License-Identifier: MIT */
/*
 * Windows: how much may be sent, and how much the peer is told it may send.
 *
 * The receive window is kept as its right edge, rcv_adv, which never moves left. Where it could be
 * is given by the room in the receive buffer. It moves there only in steps worth a segment
 * (RCV-077), or when the SWS timer expires; a step becomes known with the next acknowledgment,
 * which is sent for its sake only when none is due anyhow or the peer may be waiting.
 */
#ifndef TCP_WINDOW_H
#define TCP_WINDOW_H

#include "tcp/conn.h"

/* tcp_window_usable() is the number of bytes that may leave from snd_nxt on: SND-089. */
uint32_t tcp_window_usable(const struct tcp_conn *conn);

/* tcp_window_room() is the distance from snd_nxt to the right edge of the peer's window. */
uint32_t tcp_window_room(const struct tcp_conn *conn);

/* tcp_window_rcv() is RCV.WND: the distance from rcv_nxt to the edge advertised. */
static inline uint32_t tcp_window_rcv(const struct tcp_conn *conn)
{
    return toe_seq_off(conn->rcv_adv, conn->rcv_nxt);
}

/*
 * tcp_window_ack() is the acknowledgment to send: rcv_nxt, or where the reader decides, how far it
 * has got. It never moves left.
 */
static inline toe_seq tcp_window_ack(const struct tcp_conn *conn)
{
    uint32_t rest = conn->rcv_unread;

    if (!conn->cfg->acks_consumed) {
        return conn->rcv_nxt;
    }
    rest += conn->fin_rcvd && (conn->fin_unread || rest > 0);
    return toe_seq_max(conn->last_ack, toe_seq_sub(conn->rcv_nxt, rest));
}

/* tcp_window_is_acceptable() is the acceptability test of RFC 9293, 3.4, its four rows in order. */
bool tcp_window_is_acceptable(toe_seq rcv_nxt, uint32_t rcv_wnd, toe_seq seq, uint32_t len);

/*
 * tcp_window_advertise() is the window field of a segment about to leave. It moves the edge where
 * that is due, and settles what was owed to the peer: acknowledgment, update, their timers.
 */
uint16_t tcp_window_advertise(struct tcp_conn *conn);

/*
 * tcp_window_received() counts a segment of |len| bytes in order and delays its acknowledgment,
 * unless that is due when it is consumed.
 */
void tcp_window_received(struct tcp_conn *conn, uint32_t len, toe_instant now);

/* tcp_window_hold() holds output back, for |wait| from now on unless the SWS timer runs already. */
void tcp_window_hold(struct tcp_conn *conn, toe_duration wait, toe_instant now);

/* tcp_window_expire() is the expiry of the SWS timer, for both directions (TMR-103). */
void tcp_window_expire(struct tcp_conn *conn);

#endif
