/* SPDX-License-Identifier: MIT */
/*
 * Round-trip time and retransmission timeout (RFC 6298 with the numbers of TMR-091).
 *
 * The estimate is |srtt| and |rttvar| of the connection, exact to the nanosecond; an |srtt| of zero
 * says that there is none yet. Which acknowledgments yield a sample is not decided here.
 */
#ifndef TCP_RTT_H
#define TCP_RTT_H

#include "toe/types.h"

struct tcp_conn;

/* A sample counts as no more than this. */
#define TCP_RTT_SAMPLE_MAX (30 * TOE_NS_PER_SEC)

/* tcp_rtt_sample() takes one measurement into the estimate. */
void tcp_rtt_sample(struct tcp_conn *conn, toe_duration sample);

/*
 * tcp_rtt_rto() is the timeout without back-off: SRTT + 4 RTTVAR, at least cfg->rto_min and at most
 * cfg->rto_max; without an estimate cfg->rto_initial, or three seconds if a SYN was lost.
 */
toe_duration tcp_rtt_rto(const struct tcp_conn *conn);

/*
 * tcp_rtt_min_sample() takes a measurement that is exact into the minimum; tcp_rtt_min() is the
 * least one of the last half minute or more, zero if there was none.
 */
void tcp_rtt_min_sample(struct tcp_conn *conn, toe_duration sample, toe_instant now);
toe_duration tcp_rtt_min(const struct tcp_conn *conn);

/* tcp_rtt_min_age() says when this half minute began, for tcp_rtt_min_age_set() of another owner.
 */
uint32_t tcp_rtt_min_age(const struct tcp_conn *conn, toe_instant now);
void tcp_rtt_min_age_set(struct tcp_conn *conn, uint32_t age, toe_instant now);

/* tcp_rtt_backoff() is tcp_rtt_rto(), doubled |shift| times, at most cfg->rto_max. */
toe_duration tcp_rtt_backoff(const struct tcp_conn *conn, uint32_t shift);

#endif
