/* SPDX-License-Identifier: MIT */
#ifndef PD_ROOM_H
#define PD_ROOM_H

#include "pd_socket.h"

/*
 * Room to write into, and who waits for whom
 *
 * We count bytes. Linux counts memory: it asks for it once for each piece of as many segments as an
 * adapter would cut, which may go beyond the limit, and lets a writer on when a third is free. What
 * a script says of blocking calls, of poll and of TCP_NOTSENT_LOWAT follows from that, so the
 * persona does the same.
 */

struct pd_trail;

/* pd_room_trail() is what the wire showed of the connection, or NULL. */
const struct pd_trail *pd_room_trail(const struct pd_socket *socket);

/*
 * pd_room() is how many bytes may be written now. |*fills| tells whether they are a piece that
 * leaves at once if it can, so that the stack is to run before more is written.
 */
uint32_t pd_room(struct pd_socket *socket, uint32_t want, bool *fills);

/* pd_room_taken() takes |cnt| bytes of it. */
void pd_room_taken(struct pd_socket *socket, uint32_t cnt);

/* pd_room_is_enough() tells whether poll() calls it writable, and a writer that waits goes on. */
bool pd_room_is_enough(const struct pd_socket *socket);

/*
 * pd_room_acked() follows an acknowledgment: where a writer waits, and cwnd is not what is in the
 * way, Linux lets the limit grow with it.
 */
void pd_room_acked(struct pd_socket *socket);

/* pd_room_unsent() is how much of what was written has not left; |*unacked| of that and the rest.
 */
uint32_t pd_room_unsent(const struct pd_socket *socket, uint32_t *unacked);

/* pd_room_follow() charges the time since the last call to what it was spent on, and tells whether
 * a writer that waits may go on. */
void pd_room_follow(struct pd_socket *socket);

#endif
