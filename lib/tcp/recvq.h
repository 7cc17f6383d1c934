/* SPDX-License-Identifier: MIT */
/*
 * The receive queue: bytes that arrived and that nobody has taken yet.
 *
 * Received text that cannot be placed where it is wanted at once is copied into *chunks*, blocks of
 * fixed size from a pool that all connections of an owner share. A queue of chunks holds bytes in
 * stream order. New text fills the last chunk before another is taken, so that many small segments
 * cost no more memory than a few large ones. A connection with nothing buffered holds no chunk.
 *
 * PSH is kept for the end of a chunk: what counts is whether the last byte somebody takes was
 * pushed (RCV-038), and whoever takes bytes takes all there are or all he has room for.
 *
 * Text of super-segments can stay where it arrived, if there is a lease on that memory: a chunk
 * refers to it then, and holds no bytes of its own. Such chunks are in no reassembly queue.
 */
#ifndef TCP_RECVQ_H
#define TCP_RECVQ_H

#include "base/slab.h"
#include "toe/frame.h"
#include "toe/types.h"

#define TCP_CHUNK_ROOM 1984u

/* The members run_* are those of tcp/reassembly.h and mean something only there. */
struct tcp_chunk {
    struct tcp_chunk *next;
    struct tcp_chunk *run_next;  /* first chunk of the next run */
    struct tcp_chunk *run_tail;  /* last chunk of this run */
    struct tcp_chunk *run_older; /* the run that was added to before this one */
    uint32_t seq;                /* reassembly queue: sequence number of the first byte */
    uint32_t run_end;            /* sequence number behind the last byte of this run */
    uint16_t off;                /* first byte that is left */
    uint16_t len;                /* bytes left from there */
    bool push;                   /* its last byte was the last of a segment with PSH */
    bool urgent;
    bool is_leased; /* the bytes are |leased|, not |data| */
    union {
        uint8_t data[TCP_CHUNK_ROOM];
        struct {
            const uint8_t *bytes;
            struct toe_lease *lease;
        } leased;
    };
};

/* With the pool's index, a chunk must not outgrow 32 cache lines. */
_Static_assert(sizeof(struct tcp_chunk) <= 2044, "a chunk and its index take 2048 bytes");

/* Invariant: |len| is the sum over the chunks, none of which is empty. */
struct tcp_recvq {
    struct tcp_chunk *head;
    struct tcp_chunk *tail;
    uint32_t len; /* bytes in all chunks */
};

/* tcp_chunk_new() takes an empty chunk, whose bytes mean nothing yet, or NULL. */
struct tcp_chunk *tcp_chunk_new(struct base_slab *pool);

/* tcp_chunk_del() gives |chunk| back to |pool|, and its share of a lease. */
void tcp_chunk_del(struct base_slab *pool, struct tcp_chunk *chunk);

/* tcp_chunk_bytes() is where the bytes of |chunk| lie that are left. */
static inline const uint8_t *tcp_chunk_bytes(const struct tcp_chunk *chunk)
{
    return (chunk->is_leased ? chunk->leased.bytes : chunk->data) + chunk->off;
}

/* tcp_chunk_refer() makes |chunk|, an empty one, stand for the |len| bytes under |lease|. */
void tcp_chunk_refer(struct tcp_chunk *chunk, const uint8_t *bytes, uint16_t len,
                     struct toe_lease *lease);

/* tcp_recvq_init() makes |q| an empty queue. */
void tcp_recvq_init(struct tcp_recvq *q);

/* tcp_recvq_fini() gives all chunks back to |pool|. */
void tcp_recvq_fini(struct tcp_recvq *q, struct base_slab *pool);

/*
 * tcp_recvq_push() appends a copy of |len| bytes. Returns false, with the queue as it was, if the
 * pool is exhausted.
 */
bool tcp_recvq_push(struct tcp_recvq *q, struct base_slab *pool, const uint8_t *data, uint32_t len,
                    bool push);

/*
 * tcp_recvq_refer() appends |len| bytes, at most 65535, that stay where they are as long as |lease|
 * says. Returns false, with the queue as it was, if the pool is exhausted.
 */
bool tcp_recvq_refer(struct tcp_recvq *q, struct base_slab *pool, const uint8_t *data, uint32_t len,
                     bool push, struct toe_lease *lease);

/* tcp_recvq_room() is how many bytes fit into the last chunk, behind those it holds. */
uint32_t tcp_recvq_room(const struct tcp_recvq *q);

/* tcp_recvq_append() appends |chunk|, which is not empty, as it is. */
void tcp_recvq_append(struct tcp_recvq *q, struct tcp_chunk *chunk);

/*
 * tcp_recvq_front() is the first run of bytes, and whether a PSH comes at its end; 0 if the queue
 * is empty.
 */
uint32_t tcp_recvq_front(const struct tcp_recvq *q, const uint8_t **data, bool *push);

/* tcp_recvq_drop() removes the first |len| bytes, at most what there is. */
void tcp_recvq_drop(struct tcp_recvq *q, struct base_slab *pool, uint32_t len);

/* tcp_recvq_take() detaches the first chunk whole and returns it, or NULL. */
struct tcp_chunk *tcp_recvq_take(struct tcp_recvq *q);

#endif
