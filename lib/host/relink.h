/* SPDX-License-Identifier: MIT */
#ifndef HOST_RELINK_H
#define HOST_RELINK_H

#include "host/path.h"
#include "host/request.h"

/*
 * Relinking: paths follow the routes
 *
 * When a new route leads to a path's remote address over another neighbor of the same interface,
 * the path changes its neighbor. If it is offloaded, the order is that of LNK-5: the new neighbor
 * is offloaded if it is not, an update links the path to it, and the old one is terminated when
 * nothing depends on it any more. Connections notice nothing. If it cannot be done, they come back.
 *
 * The new neighbor counts the path as a dependent from the beginning, so that it stays. A path over
 * another interface is not moved: its address belongs there.
 */

/* host_relink_all() lets all paths follow the routes as they are now. */
void host_relink_all(struct toe_host *host);

/* host_relink_run() does what can be done now for the paths over |interface|. */
void host_relink_run(struct host_interface *interface);

/* host_relink_complete() draws the consequences of the update that relinked a path. */
void host_relink_complete(struct host_interface *interface, struct host_node *root);

/* host_relink_home() makes the change of a path that is the host's again. */
void host_relink_home(struct host_path *path);

#endif
