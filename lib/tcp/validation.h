/* SPDX-License-Identifier: MIT */
/*
 * Validation of cwnd (RFC 7661): what it says of the path while less than it allows is sent.
 *
 * What is acknowledged in a round trip, the most of the last three or of a second, is *pipeACK*.
 * While that is less than half of cwnd, and cwnd holds nothing back, cwnd is not validated. After
 * five minutes of that it is halved; and a loss counts by what was sent, not by cwnd: by pipeACK or
 * what was in flight, and when the recovery is over what had to be resent is taken off again.
 *
 * Whether cwnd outlives a silence is a choice: the rules have it fall to the initial window
 * (RFC-049), RFC 7661 has it stay (after_idle of toe/tuning.h). Growth is stricter than there: only
 * what held back lets cwnd grow (tcp/congestion.h), not what uses half of it.
 *
 * It is measured only while cwnd is not what limits, once a round trip, and by what comes in
 * anyway, so that bulk transfers pay nothing. Models of the path know better: not with
 * cc->deliver.
 */
#ifndef TCP_VALIDATION_H
#define TCP_VALIDATION_H

#include "base/seq.h"
#include "toe/types.h"

#include <stdbool.h>

struct tcp_conn;
struct toe_extension;

/* What outlives silence. Its times are modulo 2^16. */
struct tcp_validation {
    uint32_t most[2];   /* bytes a round trip at most, in this sampling period and the last */
    uint16_t period_at; /* when this one began, in units of 2^26 ns */
    uint16_t since;     /* not validated since, if cwnd_unused says so, in units of 2^30 ns */
};

/* What does not. */
struct tcp_validation_round {
    toe_seq start;       /* snd_una when this round trip began; it is over when */
    uint32_t len;        /* so much is acknowledged; zero: none is under way */
    uint32_t load;       /* what ssthresh of this recovery was made of; zero: cwnd was validated */
    uint32_t rexmit_cnt; /* segments retransmitted before it, modulo 2^32 */
};

/* tcp_validation_begin() forgets what was measured. */
void tcp_validation_begin(struct tcp_conn *conn);

/*
 * tcp_validation_ack() takes in that |acked| bytes were acknowledged, outside of a recovery, which
 * were not sent when cwnd was full. It need not be called within a round trip.
 */
void tcp_validation_ack(struct tcp_conn *conn, uint32_t acked, toe_instant now);

/* tcp_validation_pipe() is pipeACK; zero if it is not known. */
uint32_t tcp_validation_pipe(const struct tcp_conn *conn);

/* tcp_validation_idle() follows an RTO or more in which nothing was sent. */
void tcp_validation_idle(struct tcp_conn *conn, toe_instant now);

/* tcp_validation_loss() comes before cc->loss(), tcp_validation_recovered() before its recovery
 * ends. */
void tcp_validation_loss(struct tcp_conn *conn);
void tcp_validation_recovered(struct tcp_conn *conn);

/* On the move (tcp/extension.c). No numbers could mislead. */
void tcp_validation_tell(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now);
void tcp_validation_take(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now);

#endif
