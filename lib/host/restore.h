/* SPDX-License-Identifier: MIT */
#ifndef HOST_RESTORE_H
#define HOST_RESTORE_H

#include "host/request.h"

/*
 * Restoring a connection from what a terminate brought back
 */

/*
 * host_restore_is_final() tells whether the connection of |node| is in the host after its
 * terminate: it succeeded, or failed so often that the target's state is given up.
 */
bool host_restore_is_final(const struct host_node *node);

/* host_restore_conn() makes it so, or lets the terminate be tried again. May free the connection.
 */
void host_restore_conn(struct host_node *node);

#endif
