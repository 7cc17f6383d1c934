/* SPDX-License-Identifier: MIT */
/*
 * Text: RFC 9293, 3.10.7.4, seventh and eighth step.
 *
 * A segment is trimmed to the window; what is in order goes to the owner, what is not to the
 * reassembly queue, and the FIN is taken when everything before it was.
 */
#ifndef TCP_TEXT_H
#define TCP_TEXT_H

#include "tcp/conn.h"
#include "wire/tcp.h"

/* tcp_text_input() takes the text and the FIN of |seg|, which is acceptable. */
enum toe_drop tcp_text_input(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now);

/*
 * tcp_text_deliver() offers |len| bytes that are in order to the owner, and moves rcv_nxt. Returns
 * false, and has done nothing, if there is no memory for them.
 */
bool tcp_text_deliver(struct tcp_conn *conn, const uint8_t *data, uint32_t len, bool push);

/*
 * tcp_text_repeated() notes, where SACK is on, that the |len| bytes from |seq| on have come a
 * second time, so that the peer is told (RFC-073).
 */
void tcp_text_repeated(struct tcp_conn *conn, toe_seq seq, uint32_t len);

#endif
