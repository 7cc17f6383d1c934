/* SPDX-License-Identifier: MIT */
#ifndef HOST_HELD_H
#define HOST_HELD_H

#include "host/host_conn.h"

/*
 * Held segments: those that reach the host while the connection is elsewhere
 *
 * While a connection is being offloaded they wait, and go to the target afterwards (FWD-001,
 * FWD-002); for an offloaded one they go there at once: the target passed them up because of IP
 * options, for example. Once an upload is wanted they wait for its end, and are processed here
 * (FWD-003, SEG-061). Few are kept: the peer sends again what is lost.
 */

/* host_held_push() takes the frame |piece| for |conn|; false, and counted, if there is no room. */
bool host_held_push(struct host_conn *conn, struct host_piece *piece);

/* host_held_forward() posts what is held to the target, if the connection stays there. */
void host_held_forward(struct host_conn *conn);

/* host_held_returned() takes a chain of forwarded segments that has been answered. */
void host_held_returned(struct toe_host *host, struct toe_buf *chain);

/*
 * host_held_release() empties what is held into |list|, for host_held_input(): the connection may
 * end before.
 */
void host_held_release(struct host_conn *conn, struct base_list *list);

/* host_held_input() lets the frames on |list| arrive again, for whoever they are for now. */
void host_held_input(struct base_list *list);

/* host_held_process() processes what is held: the connection is the host's. May free |conn|. */
void host_held_process(struct host_conn *conn);

#endif
