/* SPDX-License-Identifier: MIT */
#include "host/lookup.h"

#include "host/addr.h"
#include "host/host_conn.h"
#include "host/listener.h"
#include "host/path.h"
#include "wire/bytes.h"

#include <string.h>

void host_tuple_key(uint8_t key[HOST_TUPLE_KEY_LEN], const struct host_tuple *tuple)
{
    memset(key, 0, HOST_TUPLE_KEY_LEN);
    memcpy(key, tuple->local->bytes, host_addr_len(tuple->local));
    memcpy(key + 16, tuple->remote->bytes, host_addr_len(tuple->remote));
    wire_store_u16(key + 32, tuple->local_port);
    wire_store_u16(key + 34, tuple->remote_port);
    key[36] = tuple->local->family;
}

/* IPv4 takes two words and IPv6 five, whose hashes may be equal but no more often than any. */
static uint64_t tuple_hash(const struct toe_host *host, const struct host_tuple *tuple)
{
    uint64_t words[5];
    const size_t cnt = host_addr_words(words, tuple->local, tuple->remote);

    words[cnt] = (uint64_t)tuple->local_port << 16 | tuple->remote_port;
    return base_siphash13_words(&host->table_key, words, cnt + 1);
}

struct host_conn *host_lookup_conn(const struct toe_host *host, const struct host_tuple *tuple)
{
    struct base_hash_node *node = base_hash_first(&host->conn_table, tuple_hash(host, tuple));

    for (; node != NULL; node = base_hash_next(node)) {
        struct host_conn *conn = base_container_of(node, struct host_conn, hash);

        if (conn->local_port == tuple->local_port && conn->remote_port == tuple->remote_port &&
            host_addr_is_equal(&conn->path->local, tuple->local) &&
            host_addr_is_equal(&conn->path->remote, tuple->remote)) {
            return conn;
        }
    }
    return NULL;
}

static uint64_t listener_hash(const struct toe_host *host, const struct toe_addr *addr,
                              uint16_t port)
{
    uint64_t words[3] = {0, 0, (uint64_t)addr->family << 16 | port};

    if (addr->family != 0) {
        memcpy(words, addr->bytes, host_addr_len(addr));
    }
    return base_siphash13_words(&host->table_key, words, 3);
}

struct host_listener *host_lookup_listener_exact(const struct toe_host *host,
                                                 const struct toe_addr *addr, uint16_t port)
{
    struct base_hash_node *node =
        base_hash_first(&host->listener_table, listener_hash(host, addr, port));

    for (; node != NULL; node = base_hash_next(node)) {
        struct host_listener *listener = base_container_of(node, struct host_listener, hash);

        if (listener->port == port && listener->addr.family == addr->family &&
            (addr->family == 0 || host_addr_is_equal(&listener->addr, addr))) {
            return listener;
        }
    }
    return NULL;
}

struct host_listener *host_lookup_listener(const struct toe_host *host,
                                           const struct toe_addr *local, uint16_t port)
{
    static const struct toe_addr any = {0};
    struct host_listener *listener = host_lookup_listener_exact(host, local, port);

    return listener != NULL ? listener : host_lookup_listener_exact(host, &any, port);
}

void host_lookup_insert_conn(struct host_conn *conn)
{
    const struct host_tuple tuple = host_conn_tuple(conn);

    base_hash_insert(&conn->host->conn_table, &conn->hash, tuple_hash(conn->host, &tuple));
    conn->is_hashed = true;
}

void host_lookup_remove_conn(struct host_conn *conn)
{
    if (conn->is_hashed) {
        base_hash_remove(&conn->host->conn_table, &conn->hash);
        conn->is_hashed = false;
    }
}

void host_lookup_insert_listener(struct host_listener *listener)
{
    base_hash_insert(&listener->host->listener_table, &listener->hash,
                     listener_hash(listener->host, &listener->addr, listener->port));
}

void host_lookup_remove_listener(struct host_listener *listener)
{
    base_hash_remove(&listener->host->listener_table, &listener->hash);
}
