/* SPDX-License-Identifier: MIT */
/*
 * Loss recovery: fast retransmit and what follows it.
 *
 * With SACK it is RFC 6675, once the peer has sent any; otherwise NewReno, RFC 6582. In both cwnd
 * is ssthresh from the first moment on and is never inflated, so that it can be handed over at any
 * instant: what has left the network is counted apart, in the scoreboard or in dup_bytes.
 *
 * A cumulative acknowledgment decides, never a SACK: the peer may discard what it has SACKed, and
 * does at an upload (SEG-064). After a timeout the scoreboard is forgotten (RFC-076).
 */
#ifndef TCP_RECOVERY_H
#define TCP_RECOVERY_H

#include "tcp/conn.h"
#include "tcp/scoreboard.h"

/* tcp_recovery_sack() takes the SACK blocks of |seg|; returns how many bytes they newly report. */
uint32_t tcp_recovery_sack(struct tcp_conn *conn, const struct tcp_segment *seg);

/* tcp_recovery_dup() follows a duplicate acknowledgment, which was counted. */
void tcp_recovery_dup(struct tcp_conn *conn, toe_instant now);

/*
 * tcp_recovery_ack() follows an acknowledgment that moved snd_una by |acked|: it ends the recovery,
 * goes on with it, or lets cwnd grow if there is none.
 */
void tcp_recovery_ack(struct tcp_conn *conn, uint32_t acked, toe_instant now);

/*
 * tcp_recovery_next() says what RFC 6675 would send next, in |range| if it is a retransmission, and
 * TCP_NEXT_NONE outside of such a recovery. tcp_recovery_sent() records that it was sent.
 */
enum tcp_next tcp_recovery_next(const struct tcp_conn *conn, struct tcp_sack_block *range);

/* tcp_recovery_sent() records that |range| was sent because of |why|. */
void tcp_recovery_sent(struct tcp_conn *conn, enum tcp_next why,
                       const struct tcp_sack_block *range);

/* tcp_recovery_is_sacked() tells whether the scoreboard, and not duplicates, guides a recovery. */
bool tcp_recovery_is_sacked(const struct tcp_conn *conn);

/* tcp_recovery_abandon() forgets recovery and scoreboard: go-back-N follows. */
void tcp_recovery_abandon(struct tcp_conn *conn);

#endif
