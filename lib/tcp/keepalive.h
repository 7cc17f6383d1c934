/* SPDX-License-Identifier: MIT */
/*
 * Keep-alive (TMR-040 to TMR-052), and its use against forged segments (SEG-020 to SEG-028).
 *
 * The timer runs for one of two reasons, or both: the option is on, or a challenge was sent that
 * the true peer need not have caused. Every acceptable segment starts it anew, or stops it if there
 * was only the second reason.
 */
#ifndef TCP_KEEPALIVE_H
#define TCP_KEEPALIVE_H

#include "tcp/conn.h"

/* tcp_keepalive_restart() begins the idle time anew, if the option is on, or stops the timer. */
void tcp_keepalive_restart(struct tcp_conn *conn, toe_instant now);

/* tcp_keepalive_heard() follows an acceptable segment (SEG-015). */
void tcp_keepalive_heard(struct tcp_conn *conn, toe_instant now);

/* tcp_keepalive_mitigate() has the timer expire in five minutes or earlier. */
void tcp_keepalive_mitigate(struct tcp_conn *conn, toe_instant now);

/* tcp_keepalive_expire() probes, or gives up. */
void tcp_keepalive_expire(struct tcp_conn *conn, toe_instant now);

#endif
