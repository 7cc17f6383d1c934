/* SPDX-License-Identifier: MIT */
#include "tcp/recvq.h"

#include "base/assert.h"

#include <string.h>

struct tcp_chunk *tcp_chunk_new(struct base_slab *pool)
{
    struct tcp_chunk *chunk = base_slab_reuse(pool);

    if (chunk != NULL) {
        memset(chunk, 0, offsetof(struct tcp_chunk, data));
    }
    return chunk;
}

void tcp_chunk_del(struct base_slab *pool, struct tcp_chunk *chunk)
{
    if (chunk->is_leased) {
        toe_lease_give(chunk->leased.lease);
    }
    base_slab_free(pool, chunk);
}

void tcp_chunk_refer(struct tcp_chunk *chunk, const uint8_t *bytes, uint16_t len,
                     struct toe_lease *lease)
{
    toe_assert(chunk->len == 0 && !chunk->is_leased);

    toe_lease_take(lease);
    chunk->is_leased = true;
    chunk->leased.bytes = bytes;
    chunk->leased.lease = lease;
    chunk->len = len;
}

static void free_chain(struct tcp_chunk *chunk, struct base_slab *pool)
{
    while (chunk != NULL) {
        struct tcp_chunk *next = chunk->next;

        tcp_chunk_del(pool, chunk);
        chunk = next;
    }
}

/* A chain of as many empty chunks as |len| bytes, at least one, need, or NULL if the pool has not
 * that many. */
static struct tcp_chunk *alloc_chain(struct base_slab *pool, uint32_t len)
{
    struct tcp_chunk *chain = NULL;

    for (uint32_t cnt = (len - 1) / TCP_CHUNK_ROOM + 1; cnt > 0; --cnt) {
        struct tcp_chunk *chunk = tcp_chunk_new(pool);

        if (chunk == NULL) {
            free_chain(chain, pool);
            return NULL;
        }
        chunk->next = chain;
        chain = chunk;
    }
    return chain;
}

void tcp_recvq_init(struct tcp_recvq *q)
{
    *q = (struct tcp_recvq){0};
}

void tcp_recvq_fini(struct tcp_recvq *q, struct base_slab *pool)
{
    free_chain(q->head, pool);
    tcp_recvq_init(q);
}

bool tcp_recvq_push(struct tcp_recvq *q, struct base_slab *pool, const uint8_t *data, uint32_t len,
                    bool push)
{
    uint32_t fill = tcp_recvq_room(q);
    struct tcp_chunk *fresh = NULL;

    if (len == 0) {
        return true;
    }

    if (fill > len) {
        fill = len;
    }
    if (fill < len) {
        fresh = alloc_chain(pool, len - fill);
        if (fresh == NULL) {
            return false;
        }
    }

    if (fill > 0) {
        memcpy(q->tail->data + q->tail->off + q->tail->len, data, fill);
        q->tail->len = (uint16_t)(q->tail->len + fill);
        q->tail->push = push && fill == len;
        q->len += fill;
    }
    for (uint32_t done = fill; done < len;) {
        struct tcp_chunk *chunk = fresh;
        const uint32_t cnt = len - done < TCP_CHUNK_ROOM ? len - done : TCP_CHUNK_ROOM;

        fresh = chunk->next;
        memcpy(chunk->data, data + done, cnt);
        chunk->len = (uint16_t)cnt;
        done += cnt;
        chunk->push = push && done == len;
        tcp_recvq_append(q, chunk);
    }
    return true;
}

bool tcp_recvq_refer(struct tcp_recvq *q, struct base_slab *pool, const uint8_t *data, uint32_t len,
                     bool push, struct toe_lease *lease)
{
    struct tcp_chunk *chunk;

    toe_assert(len > 0 && len <= UINT16_MAX);

    chunk = tcp_chunk_new(pool);
    if (chunk == NULL) {
        return false;
    }
    tcp_chunk_refer(chunk, data, (uint16_t)len, lease);
    chunk->push = push;
    tcp_recvq_append(q, chunk);
    return true;
}

uint32_t tcp_recvq_room(const struct tcp_recvq *q)
{
    const struct tcp_chunk *tail = q->tail;

    return tail == NULL || tail->is_leased ? 0 : TCP_CHUNK_ROOM - tail->off - tail->len;
}

void tcp_recvq_append(struct tcp_recvq *q, struct tcp_chunk *chunk)
{
    toe_assert(chunk->len > 0);

    chunk->next = NULL;
    if (q->tail == NULL) {
        q->head = chunk;
    } else {
        q->tail->next = chunk;
    }
    q->tail = chunk;
    q->len += chunk->len;
}

uint32_t tcp_recvq_front(const struct tcp_recvq *q, const uint8_t **data, bool *push)
{
    if (q->head == NULL) {
        return 0;
    }
    *data = tcp_chunk_bytes(q->head);
    *push = q->head->push;
    return q->head->len;
}

void tcp_recvq_drop(struct tcp_recvq *q, struct base_slab *pool, uint32_t len)
{
    while (len > 0 && q->head != NULL) {
        struct tcp_chunk *chunk = q->head;

        if (len < chunk->len) {
            chunk->off = (uint16_t)(chunk->off + len);
            chunk->len = (uint16_t)(chunk->len - len);
            q->len -= len;
            return;
        }
        len -= chunk->len;
        tcp_chunk_del(pool, tcp_recvq_take(q));
    }
}

struct tcp_chunk *tcp_recvq_take(struct tcp_recvq *q)
{
    struct tcp_chunk *chunk = q->head;

    if (chunk == NULL) {
        return NULL;
    }
    q->head = chunk->next;
    if (q->head == NULL) {
        q->tail = NULL;
    }
    q->len -= chunk->len;
    chunk->next = NULL;
    return chunk;
}
