/* SPDX-License-Identifier: MIT */
/*
 * Upload: from the target back to the host.
 *
 * Connections to be uploaded gather on their interface's list, and the next run builds one tree of
 * them. A path or neighbor goes with the last of its dependents, if all of them are in that tree;
 * if they go in several, it is left idle by the last, and terminated afterwards (REF-3). Where it
 * must stay, a placeholder stands in its place.
 *
 * When a connection is back, its stream is put together again: what was not acknowledged, in the
 * order of posting; what the target had received and not delivered; the segments that were held;
 * and a FIN that is still to be sent is in the state (SND-085, DSC-028).
 */
#ifndef HOST_HOST_UPLOAD_H
#define HOST_HOST_UPLOAD_H

#include "host/host_conn.h"
#include "host/neighbor.h"
#include "host/path.h"
#include "host/request.h"

/* host_upload_want() lets |conn| be uploaded as soon as it can be; false if it is not offloaded. */
bool host_upload_want(struct host_conn *conn);

/* host_upload_all() does that to all connections over |interface|. */
void host_upload_all(struct host_interface *interface);

/* host_upload_idle_path() has |path| terminated if nothing depends on it any more. */
void host_upload_idle_path(struct host_path *path);

/* host_upload_idle_neighbor() does the same for a neighbor. */
void host_upload_idle_neighbor(struct host_neighbor *neighbor);

/* host_upload_run() builds the tree of what can go, and terminates it. */
void host_upload_run(struct host_interface *interface);

/* host_upload_complete() draws the consequences of a terminate. */
void host_upload_complete(struct host_interface *interface, struct host_node *root);

#endif
