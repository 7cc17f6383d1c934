/* SPDX-License-Identifier: MIT */
#ifndef HOST_DATA_H
#define HOST_DATA_H

#include "host/host_conn.h"

/*
 * The data path of an offloaded connection: what is posted, and what comes back
 */

/* host_data_run() posts everything there is to post on |conn|, which is offloaded. */
void host_data_run(struct host_conn *conn);

/* host_data_sent() takes a chain of sends that were answered. */
void host_data_sent(struct toe_host *host, struct toe_buf *chain);

/* host_data_disconnected() takes a disconnect that was answered. */
void host_data_disconnected(struct toe_host *host, struct toe_buf *buf);

/* host_data_event() takes what the target tells about |conn|. */
void host_data_event(struct host_conn *conn, enum toe_event event, uint32_t info);

#endif
