/* SPDX-License-Identifier: MIT */
#include "target/demux.h"

#include "target/object.h"

#include <string.h>

static size_t addr_len(const struct toe_addr *addr)
{
    return addr->family == 4 ? 4 : 16;
}

/* IPv4 takes two words and IPv6 five, whose hashes may be equal but no more often than any. */
static uint64_t hash_of(const struct target_demux *demux, const struct target_tuple *tuple)
{
    const size_t len = addr_len(tuple->local);
    const uint32_t ports = (uint32_t)tuple->local_port << 16 | tuple->remote_port;
    const size_t cnt = len / 4;
    uint64_t words[5];

    memcpy(words, tuple->local->bytes, len);
    memcpy((uint8_t *)words + len, tuple->remote->bytes, len);
    words[cnt] = ports;
    return base_siphash13_words(&demux->key, words, cnt + 1);
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
