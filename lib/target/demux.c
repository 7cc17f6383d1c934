/* SPDX-License-Identifier: MIT */
#include "target/demux.h"

#include "target/object.h"

#include <string.h>

/* Two addresses of 16 bytes and two ports. */
#define KEY_LEN_MAX 36u

static size_t addr_len(const struct toe_addr *addr)
{
    return addr->family == 4 ? 4 : 16;
}

static uint64_t hash_of(const struct target_demux *demux, const struct target_tuple *tuple)
{
    const size_t len = addr_len(tuple->local);
    uint8_t key[KEY_LEN_MAX];

    memcpy(key, tuple->local->bytes, len);
    memcpy(key + len, tuple->remote->bytes, len);
    memcpy(key + 2 * len, &tuple->local_port, 2);
    memcpy(key + 2 * len + 2, &tuple->remote_port, 2);
    return base_siphash13(&demux->key, key, 2 * len + 4);
}

static bool is_same_addr(const struct toe_addr *a, const struct toe_addr *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, addr_len(a)) == 0;
}

static bool is_match(const struct target_tcp *tcp, const struct target_tuple *tuple)
{
    const struct toe_path_const *path = &tcp->path->constant;

    return tcp->local_port == tuple->local_port && tcp->remote_port == tuple->remote_port &&
           is_same_addr(&path->dst, tuple->remote) && is_same_addr(&path->src, tuple->local);
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
    const struct target_tuple tuple = {
        .local = &tcp->path->constant.src,
        .remote = &tcp->path->constant.dst,
        .local_port = tcp->local_port,
        .remote_port = tcp->remote_port,
    };

    base_hash_insert(&demux->table, &tcp->demux, hash_of(demux, &tuple));
}

void target_demux_remove(struct target_demux *demux, struct target_tcp *tcp)
{
    base_hash_remove(&demux->table, &tcp->demux);
}

struct target_tcp *target_demux_find(const struct target_demux *demux,
                                     const struct target_tuple *tuple)
{
    for (struct base_hash_node *node = base_hash_first(&demux->table, hash_of(demux, tuple));
         node != NULL; node = base_hash_next(node)) {
        struct target_tcp *tcp = base_container_of(node, struct target_tcp, demux);

        if (is_match(tcp, tuple)) {
            return tcp;
        }
    }
    return NULL;
}
