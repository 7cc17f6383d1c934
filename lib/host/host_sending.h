/* SPDX-License-Identifier: MIT */
#ifndef HOST_HOST_SENDING_H
#define HOST_HOST_SENDING_H

#include "host/host_conn.h"

/*
 * Sending: the application's bytes, until they are acknowledged
 *
 * What the application sends is copied once, into pieces. A piece that neither engine nor target
 * has is filled up by what comes next, so small sends of one moment become one piece. A piece
 * counts against the send buffer until it is acknowledged as a whole, wherever the connection is.
 *
 * Where more is to follow (toe_host_send_more(), cork) what does not fill a segment is not posted
 * yet: neither engine nor target knows of waiting.
 */

/*
 * host_sending_write() copies up to |len| bytes, which |more| is to follow, and returns how many
 * there was room for.
 */
size_t host_sending_write(struct host_conn *conn, const uint8_t *data, size_t len, bool more);

/* host_sending_flush() lets go what waits to fill a segment. */
void host_sending_flush(struct host_conn *conn, bool with_push);

/* host_sending_room() is how many bytes there is room for. */
uint32_t host_sending_room(const struct host_conn *conn);

/*
 * host_sending_post() moves what may be given to engine or target now from |unposted| to |posted|,
 * and returns it as a chain, or NULL.
 */
struct toe_buf *host_sending_post(struct host_conn *conn);

/* host_sending_done() frees a chain of acknowledged pieces and lets the application go on. */
void host_sending_done(struct host_conn *conn, struct toe_buf *chain);

/* host_sending_retry() lets applications go on that found no memory, if there is some. */
void host_sending_retry(struct toe_host *host);

#endif
