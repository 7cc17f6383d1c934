/* SPDX-License-Identifier: MIT */
/*
 * Pacing: what may leave does not leave at once, but spread over the round trip (RFC-052).
 *
 * The rate is cwnd for each smoothed round trip, twice that in slow start and 1.25 times in
 * avoidance, so that cwnd is what limits in the end; an algorithm with a rate of its own sets that.
 * It is a bucket: |pace_at| is when all that left would have, at the rate. While that is less than
 * a *quantum* ahead data leaves, so that acknowledgments at the pace of the path need no timer;
 * then it waits until the bucket is empty. A quantum is what leaves in a millisecond, at least two
 * segments and at most 64 KiB: super-segments and batches stay possible. When nothing is in flight
 * the initial window leaves as a burst, as it may (RFC 6928).
 *
 * There is none where the round trip is shorter than a millisecond, or unknown: a queue there is
 * drained in less time than a timer needs, and a quantum would be most of the window. So fast paths
 * pay a comparison.
 *
 * What recovery repeats by itself, the segment at snd_una and probes, waits for nothing. A rate
 * holds for a burst: it is computed when the bucket is empty.
 */
#ifndef TCP_PACE_H
#define TCP_PACE_H

#include "tcp/conn.h"

/* Round trips shorter than this are not paced. */
#define TCP_PACE_RTT_MIN TOE_NS_PER_MS

/* A timer may be this late, and the rate holds nevertheless. */
#define TCP_PACE_LATE_MAX TOE_NS_PER_MS

/* The largest rate, in bytes a second, for which products with a second in ns fit 64 bits. */
#define TCP_PACE_RATE_MAX (UINT64_C(1) << 34)

/* tcp_pace_is_on() tells whether what leaves is paced. */
static inline bool tcp_pace_is_on(const struct tcp_conn *conn)
{
    return conn->cfg->is_paced && conn->srtt >= TCP_PACE_RTT_MIN;
}

/*
 * tcp_pace_usable() is how much of |usable| bytes may leave now: all, a quantum of whole segments,
 * or nothing; then it arms the deadline.
 */
uint32_t tcp_pace_usable(struct tcp_conn *conn, uint32_t usable, toe_instant now);

/* tcp_pace_sent() says that |len| bytes left. */
void tcp_pace_sent(struct tcp_conn *conn, uint32_t len, toe_instant now);

#endif
