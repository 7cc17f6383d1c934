/* SPDX-License-Identifier: MIT */
#ifndef HOST_ROUTE_H
#define HOST_ROUTE_H

#include "host/stack.h"

/*
 * Routes: over which interface and next hop an address is reached
 *
 * The longest prefix wins, and among equal ones the one that was added first. Routes are few and
 * are looked up once for a path (host/path.h), so they are an array in that order.
 */

/* host_route_add() adds a route; |gateway| is NULL for a subnet on the link. 0, or -1: no memory.
 */
int host_route_add(struct host_interface *interface, const struct toe_addr *dst, uint8_t prefix_len,
                   const struct toe_addr *gateway);

/* host_route_find() is the route to |dst|, or NULL. */
const struct host_route *host_route_find(const struct toe_host *host, const struct toe_addr *dst);

/* host_route_next_hop() is the address to be resolved for |dst| by |route|. */
const struct toe_addr *host_route_next_hop(const struct host_route *route,
                                           const struct toe_addr *dst);

#endif
