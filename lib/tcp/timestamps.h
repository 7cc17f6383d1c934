/* SPDX-License-Identifier: MIT */
/*
 * Timestamps (RFC 7323): the clock we show, the value we echo, and protection against wrapped
 * sequence numbers.
 *
 * The clock we show is our count of ticks plus ts_delta. At the seam the delta is recomputed, so
 * that the clock goes on from where the giver had it, whatever the two clocks say (TSTAMP-1..9).
 */
#ifndef TCP_TIMESTAMPS_H
#define TCP_TIMESTAMPS_H

#include "tcp/conn.h"
#include "wire/tcp.h"

/* tcp_timestamps_tick() is the length of a tick. */
toe_duration tcp_timestamps_tick(const struct tcp_conn *conn);

/* tcp_timestamps_clock() is the timestamp that a segment leaving at |now| carries. */
uint32_t tcp_timestamps_clock(const struct tcp_conn *conn, toe_instant now);

/*
 * tcp_timestamps_check() is PAWS. A segment that is a RST or a SYN passes always: the first must
 * (RFC-067), the second is challenged or refused for what it is.
 */
enum toe_drop tcp_timestamps_check(const struct tcp_conn *conn, const struct tcp_segment *seg,
                                   toe_instant now);

/* tcp_timestamps_update() takes the value to echo from |seg|, which is acceptable (RFC-064). */
void tcp_timestamps_update(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now);

/* tcp_timestamps_sample() measures a round trip by the echo in |seg|, if it can (RTT-020, 021). */
bool tcp_timestamps_sample(const struct tcp_conn *conn, toe_duration *sample,
                           const struct tcp_segment *seg, toe_instant now);

#endif
