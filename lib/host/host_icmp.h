/* SPDX-License-Identifier: MIT */
#ifndef HOST_HOST_ICMP_H
#define HOST_HOST_ICMP_H

#include "host/host_conn.h"

/*
 * ICMP: echoes, and what routers say about our segments
 *
 * An error counts only if the segment it quotes is in flight: anybody can send one (RFC 5927).
 * Where the connection is offloaded, only the target knows what is in flight; it is asked, and the
 * message waits for its answer (RFC-104). Errors never end an established connection.
 */

/* host_icmp_input() takes a message from |remote| to |local|. */
void host_icmp_input(struct host_interface *interface, const struct toe_addr *local,
                     const struct toe_addr *remote, const uint8_t *data, size_t len);

/* host_icmp_queried() goes on with a message about |conn| that waited for the target's answer. */
void host_icmp_queried(struct host_conn *conn, const struct toe_tcp_delegated *delegated);

#endif
