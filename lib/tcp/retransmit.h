/* SPDX-License-Identifier: MIT */
/*
 * The retransmission timer (RFC 6298; TMR-080 to TMR-096).
 *
 * On expiry the sender goes back to snd_una with a window of one segment. What is called count is
 * the number of timeouts of the current segment; it returns to zero when snd_una advances, while
 * the back-off of the timeout lasts until the round-trip time is measured anew (Karn).
 */
#ifndef TCP_RETRANSMIT_H
#define TCP_RETRANSMIT_H

#include "tcp/conn.h"

/* tcp_retransmit_rto() is the timeout, backed off. */
toe_duration tcp_retransmit_rto(const struct tcp_conn *conn);

/* tcp_retransmit_arm() starts the timer anew. */
void tcp_retransmit_arm(struct tcp_conn *conn, toe_instant now);

/* tcp_retransmit_expire() resends, or gives up. */
void tcp_retransmit_expire(struct tcp_conn *conn, toe_instant now);

#endif
