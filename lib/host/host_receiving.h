/* SPDX-License-Identifier: MIT */
#ifndef HOST_HOST_RECEIVING_H
#define HOST_HOST_RECEIVING_H

#include "host/host_conn.h"

/*
 * Receiving: bytes from the target, until the application takes them
 *
 * The host takes what is indicated as long as less than a receive buffer waits for the application,
 * and refuses the rest; a receive of length zero asks for it once there is room. In posted mode it
 * keeps pieces posted for as much as there is room for. Mixed mode does now this, now that, by the
 * seed, and refuses now and then what it could take.
 */

/* host_receiving_read() takes up to |len| bytes for the application. */
uint32_t host_receiving_read(struct host_conn *conn, uint8_t *dst, size_t len);

/* host_receiving_copy() copies up to |cnt| bytes of |buf|, from |off| on, and returns how many. */
uint32_t host_receiving_copy(struct host_conn *conn, const struct toe_buf *buf, uint32_t off,
                             uint32_t cnt);

/*
 * host_receiving_post() posts what the mode wants posted now. The connection is offloaded. Returns
 * false if memory is short: then it must be tried again.
 */
bool host_receiving_post(struct host_conn *conn);

/* host_receiving_complete() takes a chain of receives that were answered. */
void host_receiving_complete(struct toe_host *host, struct toe_buf *chain);

/* host_receiving_indicate() answers an indication (toe/seam.h). */
toe_status host_receiving_indicate(struct host_conn *conn, struct toe_buf *buf, uint32_t *consumed);

#endif
