/* SPDX-License-Identifier: MIT */
#include "target/demux.h"

#include "target/object.h"
#include "wire/bytes.h"

#include <string.h>

#define PORTS_LEN 4u

static size_t addr_len(const struct toe_addr *addr)
{
    return addr->family == 4 ? 4 : 16;
}

struct target_row target_row_write(uint8_t out[TARGET_ROW_MAX], const struct toe_addr *remote,
                                   const struct toe_addr *local, uint16_t remote_port,
                                   uint16_t local_port)
{
    const size_t len = addr_len(local);

    memcpy(out, remote->bytes, len);
    memcpy(out + len, local->bytes, len);
    wire_store_u16(out + 2 * len, remote_port);
    wire_store_u16(out + 2 * len + 2, local_port);
    return (struct target_row){.bytes = out, .len = (uint32_t)(2 * len + PORTS_LEN)};
}

/* Whether the addresses in |row| are those of |path|; lengths that are known need no loop. */
static bool is_path(const struct toe_path_const *path, struct target_row row)
{
    if (path->dst.family == 4) {
        return row.len == 2 * 4 + PORTS_LEN && memcmp(row.bytes, path->dst.bytes, 4) == 0 &&
               memcmp(row.bytes + 4, path->src.bytes, 4) == 0;
    }
    return row.len == 2 * 16 + PORTS_LEN && memcmp(row.bytes, path->dst.bytes, 16) == 0 &&
           memcmp(row.bytes + 16, path->src.bytes, 16) == 0;
}

static bool is_match(const struct target_tcp *tcp, struct target_row row)
{
    const uint8_t *ports = row.bytes + row.len - PORTS_LEN;

    return tcp->conn.constant.remote_port == wire_load_u16(ports) &&
           tcp->conn.constant.local_port == wire_load_u16(ports + 2) &&
           is_path(&tcp->path->constant, row);
}

int target_demux_init(struct target_demux *demux, const struct toe_mem *mem,
                      struct base_siphash_key key)
{
    demux->key = key;
    return base_hash_init(&demux->table, mem, 0);
}

void target_demux_fini(struct target_demux *demux)
{
    if (demux->table.mem != NULL) {
        base_hash_fini(&demux->table);
    }
}

void target_demux_insert(struct target_demux *demux, struct target_tcp *tcp)
{
    uint8_t bytes[TARGET_ROW_MAX];
    const struct target_row row =
        target_row_write(bytes, &tcp->path->constant.dst, &tcp->path->constant.src,
                         tcp->conn.constant.remote_port, tcp->conn.constant.local_port);

    base_hash_insert(&demux->table, &tcp->demux, target_demux_hash(demux, row));
}

void target_demux_remove(struct target_demux *demux, struct target_tcp *tcp)
{
    base_hash_remove(&demux->table, &tcp->demux);
}

/* IPv4 takes two words and IPv6 five, whose hashes may be equal but no more often than any. */
uint64_t target_demux_hash(const struct target_demux *demux, struct target_row row)
{
    uint64_t words[TARGET_ROW_MAX / 8 + 1] = {0};

    if (row.len == 2 * 4 + PORTS_LEN) {
        memcpy(words, row.bytes, 2 * 4 + PORTS_LEN);
        return base_siphash13_words(&demux->key, words, 2);
    }
    memcpy(words, row.bytes, 2 * 16 + PORTS_LEN);
    return base_siphash13_words(&demux->key, words, 5);
}

struct target_tcp *target_demux_find(const struct target_demux *demux, struct target_row row,
                                     uint64_t hash)
{
    for (struct base_hash_node *node = base_hash_first(&demux->table, hash); node != NULL;
         node = base_hash_next(node)) {
        struct target_tcp *tcp = base_container_of(node, struct target_tcp, demux);

        if (is_match(tcp, row)) {
            return tcp;
        }
    }
    return NULL;
}

void target_demux_fetch(const struct target_demux *demux, uint64_t hash)
{
    base_hash_fetch(&demux->table, hash);
}

void target_demux_fetch_first(const struct target_demux *demux, uint64_t hash)
{
    base_hash_fetch_first(&demux->table, hash);
}
