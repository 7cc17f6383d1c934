/* SPDX-License-Identifier: MIT */
#ifndef HOST_REACHABILITY_H
#define HOST_REACHABILITY_H

#include "host/host_conn.h"
#include "host/neighbor.h"
#include "host/path.h"
#include "host/request.h"

/*
 * Reachability: keeping what is offloaded true
 *
 * The host alone changes cached state. It updates an offloaded neighbor whose Ethernet address
 * changed, and an offloaded path whose MTU did; one update at a time for each object (SYN-1,
 * SYN-2).
 *
 * When the target doubts a neighbor it asks. If the host knows it to be reachable it says so;
 * otherwise it gives the target time to see progress, asks back, probes if there was none, and
 * invalidates the neighbor if nobody answers (NBR-8 to NBR-13).
 */

/* host_reachability_changed() says that the Ethernet address of |neighbor| changed. */
void host_reachability_changed(struct host_neighbor *neighbor);

/* host_reachability_confirmed() says that |neighbor| answered. */
void host_reachability_confirmed(struct host_neighbor *neighbor);

/* host_reachability_lost() says that it does not answer. */
void host_reachability_lost(struct host_neighbor *neighbor);

/* host_reachability_mtu_changed() says that the MTU of |path| changed. */
void host_reachability_mtu_changed(struct host_path *path);

/* host_reachability_neighbor_run() and the other one post what is due for an object. */
void host_reachability_neighbor_run(struct host_neighbor *neighbor);
void host_reachability_path_run(struct host_path *path);

/* host_reachability_asked() answers the target's question about the neighbor of |block|. */
void host_reachability_asked(struct host_neighbor *neighbor, struct toe_block *block);

/* host_reachability_expire() asks the target whether there was progress. */
void host_reachability_expire(struct host_neighbor *neighbor);

/* host_reachability_query_conn() asks the target what is in flight on |conn|. */
void host_reachability_query_conn(struct host_conn *conn);

/*
 * host_reachability_retreat() has the connections fetched that use |path|, or lead through
 * |neighbor|; either may be NULL. The target could not be told what it should know (UPD-7, HWF-4).
 */
void host_reachability_retreat(struct host_interface *interface, const struct host_path *path,
                               const struct host_neighbor *neighbor);

/* host_reachability_complete() draws the consequences of an update, query or invalidate. */
void host_reachability_complete(struct host_interface *interface, struct host_node *root);

#endif
