/* SPDX-License-Identifier: MIT */
/*
 * Offload: from the host to the target.
 *
 * Connections that are to be offloaded gather on their interface's list, and the next run builds
 * one tree of them. In it stands each neighbor and path once, new where the target does not have
 * it, a linker where it does; an object that is on its way in either direction makes the connection
 * wait (EVO-2). A connection that cannot be offloaded, or that the target refuses, just goes on in
 * the host: the application hears why, and nothing else happened.
 */
#ifndef HOST_HOST_OFFLOAD_H
#define HOST_HOST_OFFLOAD_H

#include "host/host_conn.h"
#include "host/neighbor.h"
#include "host/request.h"

/* host_offload_want() lets |conn| be offloaded as soon as it can be; false if it cannot. */
bool host_offload_want(struct host_conn *conn);

/*
 * host_neighbor_node() makes the block of |neighbor| for an initiate: of a new offload, which it
 * marks as begun, or of a linker. NULL if memory is short.
 */
struct host_node *host_neighbor_node(struct host_neighbor *neighbor);

/* host_offload_run() builds the tree of what can go, and initiates it. */
void host_offload_run(struct host_interface *interface);

/* host_offload_complete() draws the consequences of an initiate. */
void host_offload_complete(struct host_interface *interface, struct host_node *root);

#endif
