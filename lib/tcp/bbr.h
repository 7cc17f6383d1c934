/* SPDX-License-Identifier: MIT */
/* What the parts of BBR share: tcp/bbr.c, and its numbers on the move, tcp/bbr_extension.c. */
#ifndef TCP_BBR_H
#define TCP_BBR_H

#include "tcp/congestion.h"
#include "tcp/conn.h"

/* Limits of the numbers in struct tcp_bbr. */
#define TCP_BBR_STATE_CNT 7
#define TCP_BBR_ACKS_CNT 5
#define TCP_BBR_FULL_ROUNDS 3u
#define TCP_BBR_UP_ROUNDS_MAX 15u
#define TCP_BBR_EXTRA_ROUNDS 5u
#define TCP_BBR_PROBE_RTT_TIME (200 * TOE_NS_PER_MS)

/* tcp_bbr_reset() forgets the model. */
void tcp_bbr_reset(struct tcp_conn *conn);

/* tell(), is_sound() and take() of tcp/congestion.h. */
void tcp_bbr_tell(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now);
bool tcp_bbr_is_sound(const struct toe_extension *ext);
void tcp_bbr_take(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now);

#endif
