/* SPDX-License-Identifier: MIT */
#ifndef HOST_LOOKUP_H
#define HOST_LOOKUP_H

#include "host/stack.h"

/*
 * Look-up: which connection or listener a segment is for
 *
 * Keyed hashes, so that nobody outside can choose addresses and ports that share a chain.
 */

struct host_conn;
struct host_listener;

/* What names a connection. |local| is ours. */
struct host_tuple {
    const struct toe_addr *local;
    const struct toe_addr *remote;
    uint16_t local_port;
    uint16_t remote_port;
};

/* Bytes of a tuple as it is hashed. */
#define HOST_TUPLE_KEY_LEN 37

/* host_tuple_key() writes what is hashed of |tuple|. */
void host_tuple_key(uint8_t key[HOST_TUPLE_KEY_LEN], const struct host_tuple *tuple);

/* host_lookup_conn() is the connection that |tuple| names, or NULL. */
struct host_conn *host_lookup_conn(const struct toe_host *host, const struct host_tuple *tuple);

/* host_lookup_listener() is the listener on |port| of |local| or of any address, or NULL. */
struct host_listener *host_lookup_listener(const struct toe_host *host,
                                           const struct toe_addr *local, uint16_t port);

/* host_lookup_listener_exact() is the one on just that address (family 0: any), or NULL. */
struct host_listener *host_lookup_listener_exact(const struct toe_host *host,
                                                 const struct toe_addr *addr, uint16_t port);

/* A connection or listener is found from the insertion to the removal. */
void host_lookup_insert_conn(struct host_conn *conn);
void host_lookup_remove_conn(struct host_conn *conn);
void host_lookup_insert_listener(struct host_listener *listener);
void host_lookup_remove_listener(struct host_listener *listener);

#endif
