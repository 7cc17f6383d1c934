/* SPDX-License-Identifier: MIT */
#ifndef HOST_CHIMNEY_H
#define HOST_CHIMNEY_H

#include "host/stack.h"

/*
 * The chimney: what a target tells its host
 *
 * The upcalls only take notes (host/stack.h): answers of state operations and frames wait for the
 * next run, bytes and buffers change their queue, events set marks. The |host| of all of them is
 * the struct host_interface.
 */

/* host_chimney_ops() is the table that is attached to every target. */
const struct toe_host_ops *host_chimney_ops(void);

/* host_chimney_run() draws the consequences of what was answered. */
void host_chimney_run(struct host_interface *interface);

#endif
