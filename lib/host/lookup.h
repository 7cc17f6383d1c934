/* SPDX-License-Identifier: MIT */
#ifndef HOST_LOOKUP_H
#define HOST_LOOKUP_H

#include "host/stack.h"
#include "wire/plain.h"

/*
 * Look-up: which connection or listener a segment is for
 *
 * Connections are found by a keyed hash, so that nobody outside can choose addresses and ports that
 * share a chain. It is made once for a segment or a new connection, and goes with the tuple to
 * whoever looks, finds nothing, and inserts. A segment is compared with the connection that was
 * found or inserted last before it is hashed, as many come for one connection in a row. Listeners
 * nobody outside can choose: their hash needs no key.
 */

struct host_conn;
struct host_listener;

/* What names a connection. |local| is ours. */
struct host_tuple {
    const struct toe_addr *local;
    const struct toe_addr *remote;
    uint16_t local_port;
    uint16_t remote_port;
    uint64_t hash; /* in the table of connections */
};

/* Words of a tuple: two for IPv4, five for IPv6. */
#define HOST_TUPLE_WORDS 5

/* host_tuple_of() makes a tuple; the addresses, of one family, are borrowed as long as it is used.
 */
struct host_tuple host_tuple_of(const struct toe_host *host, const struct toe_addr *local,
                                const struct toe_addr *remote, uint16_t local_port,
                                uint16_t remote_port);

/*
 * host_tuple_words() writes what is hashed of |tuple|, as it stands in the headers of what the
 * remote end sends, and returns how many words it takes.
 */
size_t host_tuple_words(uint64_t words[HOST_TUPLE_WORDS], const struct host_tuple *tuple);

/* host_lookup_conn() is the connection that |tuple| names, or NULL. */
struct host_conn *host_lookup_conn(const struct toe_host *host, const struct host_tuple *tuple);

/*
 * host_lookup_plain() is the connection that |plain| is for, and which |interface| got, or NULL;
 * |hash| is of its tuple in either case. |plain| is a segment to one of our addresses.
 */
struct host_conn *host_lookup_plain(uint64_t *hash, const struct host_interface *interface,
                                    const struct wire_plain *plain);

/* host_lookup_listener() is the listener on |port| of |local| or of any address, or NULL. */
struct host_listener *host_lookup_listener(const struct toe_host *host,
                                           const struct toe_addr *local, uint16_t port);

/* host_lookup_listener_exact() is the one on just that address (family 0: any), or NULL. */
struct host_listener *host_lookup_listener_exact(const struct toe_host *host,
                                                 const struct toe_addr *addr, uint16_t port);

/* A connection or listener is found from the insertion to the removal. |hash| is of the tuple. */
void host_lookup_insert_conn(struct host_conn *conn, uint64_t hash);
void host_lookup_remove_conn(struct host_conn *conn);
void host_lookup_insert_listener(struct host_listener *listener);
void host_lookup_remove_listener(struct host_listener *listener);

#endif
