/* SPDX-License-Identifier: MIT */
/*
 * Loss recovery: what is lost, and what leaves because of it.
 *
 * There are three ways, and this is where they meet:
 *
 *  - by time (RACK-TLP, RFC 8985, and PRR, RFC 9937), where the owner has records (tcp/inflight.h)
 * and the connection has SACK. What is lost leaves first, as PRR or cwnd allows, then new data;
 *  - by the scoreboard (RFC 6675), where it has SACK and no record, once the peer has sent any;
 *  - by duplicates (NewReno, RFC 6582).
 *
 * In all of them cwnd is ssthresh from the first moment on and is never inflated, so that it can be
 * handed over at any instant: what has left the network is counted apart, in the record, in the
 * scoreboard or in dup_bytes, and what may leave in return is PRR's. At the end of a recovery cwnd
 * is ssthresh, or less where that much could leave as a burst (RFC-050).
 *
 * snd_nxt tells the same story to whom the connection is handed over: after a timeout it goes back
 * to snd_una and follows what is resent, in a recovery it stays at snd_max.
 *
 * A cumulative acknowledgment decides, never a SACK: the peer may discard what it has SACKed, and
 * does at an upload (SEG-064). After a timeout the scoreboard is forgotten (RFC-076). The record
 * keeps what is SACKed, but begins at snd_una in any case, and takes it for lost if that is where
 * it begins itself: then the peer has discarded it.
 *
 * With a record, whatever was done about a loss that was none is undone (tcp/undo.h).
 */
#ifndef TCP_RECOVERY_H
#define TCP_RECOVERY_H

#include "tcp/conn.h"
#include "tcp/scoreboard.h"

struct tcp_delivered;

/*
 * An acknowledgment goes through up to three functions, and |got| with it, which begins empty and
 * takes down what it delivered: _sack(), then _dup() or _ack(), at last _judge().
 *
 * tcp_recovery_sack() takes the SACK blocks of |seg|; returns how many bytes they newly report.
 */
uint32_t tcp_recovery_sack(struct tcp_conn *conn, struct tcp_delivered *got,
                           const struct tcp_segment *seg);

/* tcp_recovery_dup() follows a duplicate acknowledgment, which was counted. */
void tcp_recovery_dup(struct tcp_conn *conn, toe_instant now);

/*
 * tcp_recovery_ack() follows an acknowledgment that moved snd_una by |acked|: it ends the recovery,
 * goes on with it, or lets cwnd grow if there is none.
 */
void tcp_recovery_ack(struct tcp_conn *conn, struct tcp_delivered *got, uint32_t acked,
                      toe_instant now);

/*
 * tcp_recovery_grow() is the last of these: |acked| bytes, of which |fresh| count, in |rtt|, or 0
 * if it is not known.
 */
void tcp_recovery_grow(struct tcp_conn *conn, uint32_t acked, uint32_t fresh, toe_duration rtt,
                       toe_instant now);

/*
 * tcp_recovery_judge() draws the conclusions, where there is a record: whether something is lost,
 * or was not after all. |acked| bytes were acknowledged, |is_dup| says that it was a duplicate.
 */
void tcp_recovery_judge(struct tcp_conn *conn, const struct tcp_delivered *got,
                        const struct tcp_segment *seg, uint32_t acked, bool is_dup,
                        toe_instant now);

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

/* tcp_recovery_abandon() ends recovery and forgets the scoreboard: go-back-N follows. */
void tcp_recovery_abandon(struct tcp_conn *conn);

/*
 * tcp_recovery_timeout() precedes what congestion control and go-back-N do about a timeout,
 * tcp_recovery_after_timeout() follows it.
 */
void tcp_recovery_timeout(struct tcp_conn *conn, toe_instant now);
void tcp_recovery_after_timeout(struct tcp_conn *conn);

/* tcp_recovery_expire() is the expiry of the deadline that RACK and the tail loss probe share;
 * tcp_recovery_arm() sets it for the probe, if there is a record. */
void tcp_recovery_expire(struct tcp_conn *conn, toe_instant now);
void tcp_recovery_arm(struct tcp_conn *conn, toe_instant now);

/* tcp_recovery_count() records, where the owner has records, that [seq, end) leaves; before
 * snd_max moves. */
void tcp_recovery_count(struct tcp_conn *conn, toe_seq seq, toe_seq end, toe_instant now);

/* While the record guides the connection: tcp_recovery_credit() is the number of bytes that may
 * leave, whatever the peer's window, and tcp_recovery_repeats() tells whether what is lost leaves
 * before new data does. */
uint32_t tcp_recovery_credit(const struct tcp_conn *conn);
bool tcp_recovery_repeats(const struct tcp_conn *conn);

#endif
