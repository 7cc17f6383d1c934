/* SPDX-License-Identifier: MIT */
/*
 * The handshake: active, passive and simultaneous open.
 *
 * The SYN occupies snd_una until it is acknowledged. Options are offered in our SYN, and kept if
 * the peer's SYN has them as well; a passive open offers only what the SYN asked for.
 */
#ifndef TCP_OPEN_H
#define TCP_OPEN_H

#include "tcp/conn.h"
#include "wire/tcp.h"

/* tcp_open_input() processes |seg| in SYN_SENT: RFC 9293, 3.10.7.3. */
enum toe_drop tcp_open_input(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now);

/*
 * tcp_open_is_repeated() tells whether |seg| is the peer's SYN once more, in SYN_RCVD. Unless it
 * acknowledges ours, too, as in a simultaneous open, our SYN is sent again.
 */
bool tcp_open_is_repeated(struct tcp_conn *conn, const struct tcp_segment *seg);

/*
 * tcp_open_complete() takes the acknowledgment of our SYN, in SYN_RCVD: the connection is
 * established. If it is none, the peer is told by a RST.
 */
enum toe_drop tcp_open_complete(struct tcp_conn *conn, const struct tcp_segment *seg,
                                toe_instant now);

#endif
