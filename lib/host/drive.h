/* SPDX-License-Identifier: MIT */
#ifndef HOST_DRIVE_H
#define HOST_DRIVE_H

#include "host/host_conn.h"

/*
 * Driving a connection that is in the host: what goes into the engine, and what follows from what
 * comes out. Each of these may free |conn|.
 */

/* host_drive_run() does everything there is to do. */
void host_drive_run(struct host_conn *conn);

/* host_drive_input() processes a segment. */
void host_drive_input(struct host_conn *conn, const struct tcp_segment *seg);

/* host_drive_settle() draws the consequences of the engine's state, and arms the timer. */
void host_drive_settle(struct host_conn *conn);

/* host_drive_feed() gives the engine what the application has to send, and the end of it. */
void host_drive_feed(struct host_conn *conn);

/* host_drive_output() puts out what the engine has to send. */
void host_drive_output(struct host_conn *conn);

/* host_drive_abort() sends a RST, where there is anybody to hear it, and ends the connection. */
void host_drive_abort(struct host_conn *conn);

/*
 * host_drive_end() ends the connection: nothing finds it any more, and the application is told
 * |type|, TOE_HOST_CLOSED or TOE_HOST_RESET with |status|, unless it was before.
 */
void host_drive_end(struct host_conn *conn, enum toe_host_event_type type, toe_status status);

#endif
