/* SPDX-License-Identifier: MIT */
#include "host/lookup.h"

#include "host/addr.h"
#include "host/host_conn.h"
#include "host/listener.h"
#include "host/path.h"
#include "wire/bytes.h"

#include <string.h>

size_t host_tuple_words(uint64_t words[HOST_TUPLE_WORDS], const struct host_tuple *tuple)
{
    const size_t cnt = host_addr_words(words, tuple->remote, tuple->local);
    uint8_t ports[4];
    uint32_t last;

    wire_store_u16(ports, tuple->remote_port);
    wire_store_u16(ports + 2, tuple->local_port);
    memcpy(&last, ports, sizeof(last));
    words[cnt] = last;
    return cnt + 1;
}

/* The hashes of two families may be equal, but no more often than any. */
struct host_tuple host_tuple_of(const struct toe_host *host, const struct toe_addr *local,
                                const struct toe_addr *remote, uint16_t local_port,
                                uint16_t remote_port)
{
    struct host_tuple tuple = {local, remote, local_port, remote_port, 0};
    uint64_t words[HOST_TUPLE_WORDS];

    tuple.hash = base_siphash13_words(&host->table_key, words, host_tuple_words(words, &tuple));
    return tuple;
}

struct host_conn *host_lookup_conn(const struct toe_host *host, const struct host_tuple *tuple)
{
    struct base_hash_node *node = base_hash_first(&host->conn_table, tuple->hash);

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

/* A row has the words of a tuple: see host_tuple_words(). */
static uint64_t row_hash(const struct toe_host *host, const uint8_t *row, size_t len)
{
    const size_t cnt = len / 8;
    uint64_t words[HOST_TUPLE_WORDS];
    uint32_t last;

    memcpy(words, row, 8 * cnt);
    memcpy(&last, row + 8 * cnt, sizeof(last));
    words[cnt] = last;
    return base_siphash13_words(&host->table_key, words, cnt + 1);
}

static uint64_t plain_hash(const struct toe_host *host, const struct wire_plain *plain)
{
    const uint8_t *row = wire_plain_row(plain);

    return plain->family == 4 ? row_hash(host, row, WIRE_PLAIN_ROW4)
                              : row_hash(host, row, WIRE_PLAIN_ROW6);
}

static bool has_ports(const struct host_conn *conn, const uint8_t *ports)
{
    return conn->remote_port == wire_load_u16(ports) &&
           conn->local_port == wire_load_u16(ports + 2);
}

static bool is_of_row(const struct host_conn *conn, const uint8_t *row, uint8_t family)
{
    const struct host_path *path = conn->path;

    if (path->remote.family != family) {
        return false;
    }
    if (family == 4) {
        return has_ports(conn, row + 8) && memcmp(path->remote.bytes, row, 4) == 0 &&
               memcmp(path->local.bytes, row + 4, 4) == 0;
    }
    return has_ports(conn, row + 32) && memcmp(path->remote.bytes, row, 16) == 0 &&
           memcmp(path->local.bytes, row + 16, 16) == 0;
}

static bool is_for(const struct host_conn *conn, const struct host_interface *interface,
                   const struct wire_plain *plain)
{
    return is_of_row(conn, wire_plain_row(plain), plain->family) &&
           host_path_interface(conn->path) == interface;
}

struct host_conn *host_lookup_plain(uint64_t *hash, const struct host_interface *interface,
                                    const struct wire_plain *plain)
{
    struct toe_host *host = interface->host;
    struct base_hash_node *node;

    if (host->recent != NULL && is_for(host->recent, interface, plain)) {
        *hash = host->recent->hash.hash;
        return host->recent;
    }
    *hash = plain_hash(host, plain);
    for (node = base_hash_first(&host->conn_table, *hash); node != NULL;
         node = base_hash_next(node)) {
        struct host_conn *conn = base_container_of(node, struct host_conn, hash);

        if (is_for(conn, interface, plain)) {
            host->recent = conn;
            return conn;
        }
    }
    return NULL;
}

/* Multiplications by odd numbers, of which the upper halves depend on all of what went in. */
static uint64_t listener_hash(const struct toe_addr *addr, uint16_t port)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t words[2] = {0, 0};

    if (addr->family != 0) {
        memcpy(words, addr->bytes, host_addr_len(addr));
    }
    words[0] = (words[0] + addr->family) * factor;
    words[1] = (words[1] + port + (words[0] >> 32)) * factor;
    return words[1] >> 32;
}

struct host_listener *host_lookup_listener_exact(const struct toe_host *host,
                                                 const struct toe_addr *addr, uint16_t port)
{
    struct base_hash_node *node = base_hash_first(&host->listener_table, listener_hash(addr, port));

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

void host_lookup_insert_conn(struct host_conn *conn, uint64_t hash)
{
    base_hash_insert(&conn->host->conn_table, &conn->hash, hash);
    conn->is_hashed = true;
    conn->host->recent = conn;
}

void host_lookup_remove_conn(struct host_conn *conn)
{
    if (conn->is_hashed) {
        base_hash_remove(&conn->host->conn_table, &conn->hash);
        conn->is_hashed = false;
        if (conn->host->recent == conn) {
            conn->host->recent = NULL;
        }
    }
}

void host_lookup_insert_listener(struct host_listener *listener)
{
    base_hash_insert(&listener->host->listener_table, &listener->hash,
                     listener_hash(&listener->addr, listener->port));
}

void host_lookup_remove_listener(struct host_listener *listener)
{
    base_hash_remove(&listener->host->listener_table, &listener->hash);
}
