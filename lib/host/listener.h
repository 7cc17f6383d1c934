/* SPDX-License-Identifier: MIT */
#ifndef HOST_LISTENER_H
#define HOST_LISTENER_H

#include "host/events.h"
#include "host/host_conn.h"

/*
 * Listeners
 *
 * A connection belongs to its listener from the SYN until it is accepted. Those that are still in
 * the handshake and those that wait for accept are limited together, so a flood of SYNs takes no
 * more memory than the backlog says.
 */

/* Set in the handle of a listener, where the handle of a connection has an index. */
#define HOST_LISTENER_BIT (UINT64_C(1) << 31)

struct host_listener {
    struct toe_host *host;
    struct base_hash_node hash;
    struct toe_addr addr; /* family 0: any */
    uint16_t port;
    uint32_t backlog;
    uint32_t half_open_cnt;
    uint32_t waiting_cnt;
    struct base_list half_open; /* of struct host_conn */
    struct base_list waiting;   /* the same, established */
    struct host_subject subject;
    struct toe_host_options options;
};

/* host_listener_get() is the listener that |handle| names, or NULL. */
struct host_listener *host_listener_get(const struct toe_host *host, toe_handle handle);

/* host_listener_close() frees |listener|; what was not accepted is reset. */
void host_listener_close(struct host_listener *listener);

/*
 * host_listener_input() takes a segment of |tuple|, which is for no connection. |floor| is what the
 * initial sequence number must not be below, or NULL.
 */
void host_listener_input(struct host_listener *listener, struct host_interface *interface,
                         const struct host_tuple *tuple, const struct tcp_segment *seg,
                         const toe_seq *floor);

/* host_listener_established() lets |conn| wait to be accepted. */
void host_listener_established(struct host_conn *conn);

/* host_listener_forget() takes |conn|, which will not be accepted, off its listener. */
void host_listener_forget(struct host_conn *conn);

#endif
