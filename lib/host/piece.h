/* SPDX-License-Identifier: MIT */
/*
 * Pieces: all bytes that a host keeps.
 *
 * A piece is a block of memory together with the buffer (toe/buf.h) that describes the bytes in it,
 * so that it crosses the seam as it is: application data on its way out, received data that nobody
 * has taken yet, room posted for receiving, a frame that waits for its turn or its neighbor. Moving
 * bytes from one of these lives to another is moving a piece from one list to another.
 *
 * There are four sizes, each a pool of its own with the limit of its settings. A connection with
 * nothing queued holds no piece.
 */
#ifndef HOST_PIECE_H
#define HOST_PIECE_H

#include "base/list.h"
#include "base/slab.h"
#include "toe/buf.h"
#include "toe/frame.h"

struct host_conn;

enum host_piece_size {
    HOST_PIECE_TINY,  /* a short message */
    HOST_PIECE_SMALL, /* a frame of an ordinary link */
    HOST_PIECE_LARGE, /* bulk data */
    HOST_PIECE_SUPER, /* a super-segment with its headers */
    HOST_PIECE_SIZE_CNT,
};

/* Room of a large piece, and of the largest. */
#define HOST_PIECE_LARGE_ROOM 16384u
#define HOST_PIECE_ROOM_MAX 65680u

struct host_piece {
    struct base_list_node node; /* on one list of the owner */
    struct toe_buf buf;         /* its one entry is |sge| */
    struct toe_sge sge;
    struct host_conn *conn; /* whose it is while the target has it */
    uint32_t room;          /* bytes at |data| */
    uint32_t charged;       /* bytes for which it counts in a connection's send buffer */
    uint32_t frame_len;     /* a frame kept whole: its length, whatever |buf| describes of it */
    uint8_t size;           /* enum host_piece_size */
    uint8_t frame_flags;    /* TOE_FRAME_* of a frame */
    bool is_push;           /* a receive: completes without being full */
    uint8_t data[];
};

struct host_pieces {
    const struct toe_bus *bus;
    struct base_slab slabs[HOST_PIECE_SIZE_CNT];
    struct base_list spare[HOST_PIECE_SIZE_CNT]; /* given back, and still the pool's to give out */
    uint32_t spare_cnt[HOST_PIECE_SIZE_CNT];
};

/*
 * host_pieces_init() makes |pool| an empty pool of up to |cnt_max| small pieces, and of the other
 * sizes in proportion. |mem| and |bus| are borrowed until host_pieces_fini().
 */
void host_pieces_init(struct host_pieces *pool, const struct toe_mem *mem,
                      const struct toe_bus *bus, uint32_t cnt_max);

/* host_pieces_fini() frees all pieces. */
void host_pieces_fini(struct host_pieces *pool);

/*
 * host_piece_new() returns an empty piece of the smallest size with room for |len| bytes, or of the
 * largest size below HOST_PIECE_SUPER when none of them has; NULL if the pool is exhausted.
 */
struct host_piece *host_piece_new(struct host_pieces *pool, uint32_t len);

/* host_piece_new_whole() is host_piece_new(), except that |len| bytes must fit: NULL if not. */
struct host_piece *host_piece_new_whole(struct host_pieces *pool, uint32_t len);

/* host_piece_del() gives |piece|, which is on no list, back. NULL is allowed. */
void host_piece_del(struct host_pieces *pool, struct host_piece *piece);

/* host_piece_list_del() gives all pieces of |list| back. */
void host_piece_list_del(struct host_pieces *pool, struct base_list *list);

/* host_piece_of() is the piece that |buf| is part of. */
static inline struct host_piece *host_piece_of(struct toe_buf *buf)
{
    return base_container_of(buf, struct host_piece, buf);
}

/* host_piece_of_node() is the piece whose node is |node|; NULL for NULL. */
static inline struct host_piece *host_piece_of_node(struct base_list_node *node)
{
    return node == NULL ? NULL : base_container_of(node, struct host_piece, node);
}

/* host_piece_bytes() is where the bytes of |piece| begin. */
static inline uint8_t *host_piece_bytes(struct host_piece *piece)
{
    return piece->data + piece->buf.off;
}

/* host_piece_append() adds as many of the |len| bytes at |data| as there is room for. */
uint32_t host_piece_append(struct host_piece *piece, const uint8_t *data, uint32_t len);

/* Bytes in stream order. |len| counts those of all pieces on |list|. */
struct host_queue {
    struct base_list list;
    uint32_t len;
};

/* host_queue_init() makes |q| an empty queue. */
void host_queue_init(struct host_queue *q);

/* host_queue_clear() gives all pieces of |q| back. */
void host_queue_clear(struct host_queue *q, struct host_pieces *pool);

/* host_queue_push() appends |piece| as it is; an empty one is given back. */
void host_queue_push(struct host_queue *q, struct host_pieces *pool, struct host_piece *piece);

/*
 * host_queue_write() appends a copy of |len| bytes. Returns false, with the queue as it was, if the
 * pool is exhausted.
 */
bool host_queue_write(struct host_queue *q, struct host_pieces *pool, const uint8_t *data,
                      uint32_t len);

/* host_queue_read() takes up to |len| bytes and returns how many there were. */
uint32_t host_queue_read(struct host_queue *q, struct host_pieces *pool, uint8_t *dst, size_t len);

/* host_queue_peek() copies up to |len| bytes from the front, and takes none. */
uint32_t host_queue_peek(const struct host_queue *q, uint8_t *dst, size_t len);

/* host_queue_chain() links the buffers of |q|, as they cross the seam; NULL if there are none. */
struct toe_buf *host_queue_chain(struct host_queue *q);

/* host_queue_prepend() puts what is in |src|, which is empty then, in front of |q|. */
void host_queue_prepend(struct host_queue *q, struct host_queue *src);

#endif
