/* SPDX-License-Identifier: MIT */
/*
 * The persist timer: probing a closed window (TMR-055 to TMR-073).
 *
 * Probing goes in *rounds*. A round begins with the persist phase: RTO << snd_wnd_probe_cnt of
 * waiting, then a probe. Then comes the retransmit phase: the probe is repeated after RTO << 0,
 * then RTO << 1, and so on, retransmit_cnt counting the probes, until the peer answers. An answer
 * that leaves the window closed begins the next round. Only a round without any answer ends the
 * connection.
 *
 * A probe is the byte at snd_una, or the FIN if only that is left. It counts as sent (snd_max), but
 * not as the place to go on from (snd_nxt): when the window opens it is sent again with what
 * follows it.
 */
#ifndef TCP_PERSIST_H
#define TCP_PERSIST_H

#include "tcp/conn.h"

/* tcp_persist_is_wanted() tells whether the window is closed and something waits for it to open. */
bool tcp_persist_is_wanted(const struct tcp_conn *conn);

/* tcp_persist_start() begins the first round; retransmission ends. */
void tcp_persist_start(struct tcp_conn *conn, toe_instant now);

/* tcp_persist_stop() leaves the algorithm. */
void tcp_persist_stop(struct tcp_conn *conn);

/* tcp_persist_take_over() probes at once what the retransmission timer found unacknowledged. */
void tcp_persist_take_over(struct tcp_conn *conn, toe_instant now);

/*
 * tcp_persist_ack() follows a window update; the window was |old_wnd| before. A zero-window
 * acknowledgment that answers a probe begins a new round.
 */
void tcp_persist_ack(struct tcp_conn *conn, uint32_t old_wnd, toe_instant now);

/* tcp_persist_expire() sends a probe, or gives up. */
void tcp_persist_expire(struct tcp_conn *conn, toe_instant now);

#endif
