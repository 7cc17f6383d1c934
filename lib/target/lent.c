/* SPDX-License-Identifier: MIT */
#include "target/lent.h"

#include "base/assert.h"
#include "base/list.h"
#include "base/slab.h"

#include <string.h>

static struct target_chunk *outer(struct tcp_chunk *chunk)
{
    return base_container_of(chunk, struct target_chunk, chunk);
}

static void describe(struct toe_sge *sge, const struct tcp_chunk *chunk, const struct toe_bus *bus)
{
    *sge = (struct toe_sge){
        .addr = toe_bus_addr(bus, tcp_chunk_bytes(chunk), chunk->len),
        .len = chunk->len,
    };
}

/*
 * Cuts the chunk |chunk| of |q| behind its first |len| bytes; what is behind goes to a chunk of its
 * own. Does nothing if there is none: an indication may be larger than the host prefers.
 */
static void split(struct base_slab *chunks, struct tcp_recvq *q, struct tcp_chunk *chunk,
                  uint32_t len)
{
    const uint8_t *bytes = tcp_chunk_bytes(chunk) + len;
    struct tcp_chunk *rest;

    if (len == 0 || len >= chunk->len) {
        return;
    }
    rest = tcp_chunk_new(chunks);
    if (rest == NULL) {
        return;
    }
    if (chunk->is_leased) {
        tcp_chunk_refer(rest, bytes, (uint16_t)(chunk->len - len), chunk->leased.lease);
    } else {
        rest->len = (uint16_t)(chunk->len - len);
        memcpy(rest->data, bytes, rest->len);
    }
    rest->push = chunk->push;
    rest->urgent = chunk->urgent;
    rest->next = chunk->next;
    chunk->next = rest;
    chunk->len = (uint16_t)len;
    chunk->push = false;
    if (q->tail == chunk) {
        q->tail = rest;
    }
}

struct target_chunk *target_lent_build(struct base_slab *chunks, struct tcp_recvq *q, uint32_t want,
                                       uint32_t most, const struct toe_bus *bus)
{
    struct target_chunk *first = outer(q->head);
    uint32_t limit = want != 0 ? want : UINT32_MAX;
    uint32_t cnt = 0;
    uint32_t len = 0;

    toe_assert(q->head != NULL);

    if (most != 0 && limit > most) {
        limit = most;
    }
    for (struct tcp_chunk *chunk = q->head; chunk != NULL && cnt < TARGET_LENT_MAX && len < limit;
         chunk = chunk->next) {
        if (chunk->len > limit - len) {
            split(chunks, q, chunk, limit - len);
        }
        if (cnt > 0 && chunk->len > limit - len) {
            break;
        }
        describe(&first->sge[cnt++], chunk, bus);
        len += chunk->len;
    }
    first->buf = (struct toe_buf){.sge = first->sge, .sge_cnt = cnt, .len = len};
    return first;
}

void target_lent_accept(struct tcp_recvq *q, uint32_t len, toe_handle owes)
{
    const uint32_t whole = len;
    struct tcp_chunk *first = NULL;
    struct tcp_chunk *last = NULL;

    while (len > 0) {
        struct tcp_chunk *chunk = tcp_recvq_take(q);

        toe_assert(chunk->len <= len);
        len -= chunk->len;
        if (first == NULL) {
            first = chunk;
        } else {
            last->next = chunk;
        }
        last = chunk;
    }
    outer(first)->is_lent = true;
    outer(first)->owes = owes;
    outer(first)->owed = whole;
}

struct toe_buf *target_lent_take(struct tcp_recvq *q, const struct toe_bus *bus, uint32_t *lent_cnt)
{
    struct target_bufq chain = {NULL, NULL};
    struct tcp_chunk *chunk;

    while ((chunk = tcp_recvq_take(q)) != NULL) {
        struct target_chunk *lent = outer(chunk);

        describe(lent->sge, chunk, bus);
        lent->buf = (struct toe_buf){.sge = lent->sge, .sge_cnt = 1, .len = chunk->len};
        lent->buf.flags = chunk->urgent ? TOE_BUF_URGENT : 0;
        lent->is_lent = true;
        lent->owes = 0;
        target_bufq_push(&chain, &lent->buf);
        ++*lent_cnt;
    }
    return chain.head;
}

void target_lent_return(struct base_slab *chunks, struct toe_buf *chain, uint32_t *lent_cnt)
{
    while (chain != NULL) {
        struct target_chunk *lent = base_container_of(chain, struct target_chunk, buf);
        struct tcp_chunk *chunk = &lent->chunk;

        chain = chain->next;
        if (!lent->is_lent) {
            continue;
        }
        lent->is_lent = false;
        --*lent_cnt;
        while (chunk != NULL) {
            struct tcp_chunk *next = chunk->next;

            tcp_chunk_del(chunks, chunk);
            chunk = next;
        }
    }
}

void target_lent_fini(struct base_slab *chunks)
{
    for (uint32_t i = 0; i < chunks->cap; ++i) {
        struct tcp_chunk *chunk = base_slab_at(chunks, i);

        if (chunk != NULL) {
            tcp_chunk_del(chunks, chunk);
        }
    }
}
