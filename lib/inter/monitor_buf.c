/* SPDX-License-Identifier: MIT */
#include "inter/monitor.h"

#include "base/siphash.h"

/*
 * Sums the list of |buf|, and the bytes that are not the target's to write: those that a send or a
 * disconnect describes, and what a host has placed before the data start of a receive (RCV-018).
 */
static uint64_t sum_of(const struct toe_inter_monitor *m, const struct toe_buf *buf,
                       enum monitor_kind kind)
{
    struct base_siphash_key key = {1, 2};
    uint32_t skip = kind == MONITOR_RECEIVE ? 0 : buf->off;
    uint32_t left = kind == MONITOR_RECEIVE ? buf->off : buf->len;

    key.k0 = base_siphash13(&key, buf->sge, buf->sge_cnt * sizeof(*buf->sge));
    if (!m->settings.checks_memory || kind == MONITOR_FORWARD || kind == MONITOR_LENT ||
        !toe_buf_is_sound(buf)) {
        return key.k0;
    }
    for (uint32_t i = 0; i < buf->sge_cnt && left > 0; ++i) {
        const struct toe_sge *sge = &buf->sge[i];
        uint32_t cnt;
        const void *bytes;

        if (skip >= sge->len) {
            skip -= sge->len;
            continue;
        }
        cnt = sge->len - skip < left ? sge->len - skip : left;
        bytes = toe_bus_map(&m->settings.bus, sge->addr + skip, cnt);
        if (bytes != NULL) {
            key.k0 = base_siphash13(&key, bytes, cnt);
        }
        skip = 0;
        left -= cnt;
    }
    return key.k0;
}

struct monitor_buf *monitor_buf_lend(struct toe_inter_monitor *m, struct toe_buf *buf,
                                     enum monitor_kind kind, struct monitor_object *object,
                                     uint64_t post)
{
    struct monitor_buf *rec = base_slab_alloc(&m->bufs);

    if (rec == NULL) {
        m->is_blind = true;
        return NULL;
    }
    rec->buf = buf;
    rec->was = *buf;
    rec->object = object;
    rec->kind = kind;
    rec->post = post;
    rec->number = ++m->number;
    rec->sum = sum_of(m, buf, kind);
    base_hash_insert(&m->bufs_by_ptr, &rec->by_ptr, monitor_hash((uintptr_t)buf));
    return rec;
}

struct monitor_buf *monitor_buf_find(const struct toe_inter_monitor *m, const struct toe_buf *buf)
{
    struct base_hash_node *n = base_hash_first(&m->bufs_by_ptr, monitor_hash((uintptr_t)buf));

    for (; n != NULL; n = base_hash_next(n)) {
        struct monitor_buf *rec = base_container_of(n, struct monitor_buf, by_ptr);

        if (rec->buf == buf) {
            return rec;
        }
    }
    return NULL;
}

void monitor_buf_del(struct toe_inter_monitor *m, struct monitor_buf *rec)
{
    monitor_recent_put(m->recent_bufs, &m->recent_buf, rec->buf);
    base_hash_remove(&m->bufs_by_ptr, &rec->by_ptr);
    base_list_remove(&rec->node);
    base_slab_free(&m->bufs, rec);
}

bool monitor_buf_is_kept(const struct monitor_buf *rec)
{
    const struct toe_buf *buf = rec->buf;
    const struct toe_buf *was = &rec->was;

    return buf->sge == was->sge && buf->sge_cnt == was->sge_cnt && buf->placed == was->placed &&
           buf->flags == was->flags && buf->owner_data[0] == was->owner_data[0] &&
           buf->owner_data[1] == was->owner_data[1];
}

bool monitor_buf_is_intact(const struct toe_inter_monitor *m, const struct monitor_buf *rec)
{
    return rec->buf->sge != rec->was.sge || rec->buf->sge_cnt != rec->was.sge_cnt ||
           sum_of(m, &rec->was, rec->kind) == rec->sum;
}

uint32_t monitor_buf_moved(const struct monitor_buf *rec)
{
    const uint32_t moved = rec->buf->off - rec->was.off;

    if (rec->buf->off < rec->was.off || moved > rec->was.len ||
        rec->buf->len != rec->was.len - moved) {
        return UINT32_MAX;
    }
    return moved;
}
