/* SPDX-License-Identifier: MIT */
/*
 * Explicit congestion notification (RFC 3168, RFC 8311, RFC 8511).
 *
 * It is agreed upon in the handshake: has_ecn, in SYN_SENT that we offered it, before a SYN arrived
 * that we would agree. From then on what is new leaves as ECT(0), and nothing else does: not what
 * is sent again, no probe, no acknowledgment by itself. A queue on the way marks it instead of
 * dropping it. Who receives a mark says so (ECE) in all it sends, until it hears that the sender
 * has slowed down (CWR). The sender slows down once a round trip, as after a loss, but by less.
 *
 * |ecn_point| is to marks what |recover| is to losses: what was in flight at the last reduction,
 * for either reason, ends there, and until something beyond it is acknowledged another mark says
 * nothing new. Otherwise it is kept one before snd_una. Beyond it, because what has the CWR begins
 * there: before that arrived the peer cannot know.
 */
#ifndef TCP_ECN_H
#define TCP_ECN_H

#include "tcp/conn.h"

/* tcp_ecn_offer() gives our SYN, or SYN and ACK, its flags (RFC 3168, 6.1.1). */
void tcp_ecn_offer(struct tcp_conn *conn, struct tcp_segment *syn);

/* tcp_ecn_meet() takes the peer's answer, or its offer, from its SYN. */
void tcp_ecn_meet(struct tcp_conn *conn, const struct tcp_segment *syn);

/*
 * tcp_ecn_ack() looks for marks that an acknowledgment of at most snd_max tells of, which newly
 * reports |sacked| bytes; before snd_una moves.
 */
void tcp_ecn_ack(struct tcp_conn *conn, const struct tcp_segment *seg, uint32_t sacked,
                 toe_instant now);

/* tcp_ecn_input() looks for marks, and for CWR, on what is in the window. */
void tcp_ecn_input(struct tcp_conn *conn, const struct tcp_segment *seg);

/* tcp_ecn_echo() tells of marks in |seg|, which leaves. */
static inline void tcp_ecn_echo(struct tcp_conn *conn, struct tcp_segment *seg)
{
    if (conn->has_accecn) {
        tcp_accecn_echo(conn, seg);
    } else {
        seg->flags |= conn->ece_due ? TCP_ECE : 0;
    }
}

/* tcp_ecn_new() makes |seg|, which holds new text only, one that may be marked. */
static inline void tcp_ecn_new(struct tcp_conn *conn, struct tcp_segment *seg)
{
    seg->ecn = conn->ecn_mute ? TCP_ECN_NOT_ECT : TCP_ECN_ECT0;
    seg->flags |= conn->cwr_due ? TCP_CWR : 0;
    conn->cwr_due = false;
}

/* tcp_ecn_reduced() notes that cwnd was reduced, for whatever reason. */
static inline void tcp_ecn_reduced(struct tcp_conn *conn)
{
    conn->ecn_point = conn->snd_max;
    conn->cwr_due = conn->has_ecn && !conn->has_accecn;
}

/* tcp_ecn_is_single() tells whether the next segment differs from those behind it: a super-segment
 * has CWR, whatever it means, on its first one only. */
static inline bool tcp_ecn_is_single(const struct tcp_conn *conn)
{
    return conn->cwr_due || (conn->has_accecn && (conn->busy->accecn.rcv_cep & 2) != 0);
}

/* tcp_ecn_is_answered() tells whether what a loss says was answered: to a mark, in this round. */
static inline bool tcp_ecn_is_answered(const struct tcp_conn *conn)
{
    return conn->has_ecn && toe_seq_lt(conn->snd_una, conn->ecn_point);
}

#endif
