/* SPDX-License-Identifier: MIT */
#ifndef HOST_HOST_OPTIONS_H
#define HOST_HOST_OPTIONS_H

#include "host/host_conn.h"

/*
 * Options of one connection
 *
 * What the application asks for is kept with the connection and takes effect with the next run,
 * wherever the connection is: in the engine, or as an update of its cached state in the target. On
 * its way it waits for the end of the move.
 */

/* host_options_default() are those that the settings of |host| say. */
struct toe_host_options host_options_default(const struct toe_host *host);

/* host_options_take() takes them from the cached state with which |conn| was imported. */
void host_options_take(struct host_conn *conn);

/* host_options_apply() lets engine or target know. */
void host_options_apply(struct host_conn *conn);

#endif
