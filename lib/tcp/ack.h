/* SPDX-License-Identifier: MIT */
/*
 * Acknowledgments: RFC 9293, 3.10.7.4, fifth step, for a synchronized connection.
 *
 * What is acknowledged leaves the send queue's count, yields a round-trip sample if it may, moves
 * the timers, and is reported to recovery; then the window is updated, and the states that wait for
 * our FIN to be acknowledged are left.
 */
#ifndef TCP_ACK_H
#define TCP_ACK_H

#include "tcp/conn.h"
#include "wire/tcp.h"

/* tcp_ack_sample() measures the round trip by |seg|, which acknowledges new data, if it can. */
void tcp_ack_sample(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now);

/* tcp_ack_window() sets snd_wnd from |seg|, whose window is scaled by |scale|. */
void tcp_ack_window(struct tcp_conn *conn, const struct tcp_segment *seg, uint8_t scale);

/*
 * tcp_ack_repeated() is tcp_ack_input() for a segment with text that acknowledges what was
 * acknowledged last, while there is no record of a flight: only its window can be new.
 */
void tcp_ack_repeated(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now);

/*
 * tcp_ack_is_calm() tells whether |seg| of an established connection acknowledges new data and
 * nothing is or was wrong with any of it. tcp_ack_calm() is tcp_ack_input() for such a segment.
 */
bool tcp_ack_is_calm(const struct tcp_conn *conn, const struct tcp_segment *seg);
void tcp_ack_calm(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now);

/* tcp_ack_input() processes the acknowledgment in |seg|, or drops the segment because of it. */
enum toe_drop tcp_ack_input(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now);

#endif
