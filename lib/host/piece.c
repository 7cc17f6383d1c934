/* SPDX-License-Identifier: MIT */
#include "host/piece.h"

#include "base/assert.h"

#include <string.h>

/*
 * The sizes are chosen so that pieces do not lie at equal distances of 4 KiB: a copy between two
 * places that are equal modulo 4096 is slow on many processors.
 */

static const struct {
    uint32_t room;
    uint32_t share; /* pieces of this size for each 64 small ones */
    uint32_t slab;  /* pieces in a slab */
} sizes[HOST_PIECE_SIZE_CNT] = {
    [HOST_PIECE_TINY] = {304, 128, 64},
    [HOST_PIECE_SMALL] = {1960, 64, 32},
    [HOST_PIECE_LARGE] = {HOST_PIECE_LARGE_ROOM, 16, 8},
    [HOST_PIECE_SUPER] = {HOST_PIECE_ROOM_MAX, 1, 1},
};

/*
 * Pieces that were given back and wait to be used again: a slab would zero them, all of them, and
 * only what is said of their contents matters. Their size and place stay.
 */
#define SPARE_MAX 256u

/* What is received in little bits is packed into pieces of this much room. */
#define PACK_ROOM 1960u

void host_pieces_init(struct host_pieces *pool, const struct toe_mem *mem,
                      const struct toe_bus *bus, uint32_t cnt_max)
{
    pool->bus = bus;
    for (int i = 0; i < HOST_PIECE_SIZE_CNT; ++i) {
        const uint64_t cnt = (uint64_t)cnt_max * sizes[i].share / 64;

        base_slab_init(&pool->slabs[i], mem, sizeof(struct host_piece) + sizes[i].room,
                       cnt < 16 ? 16 : (cnt > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)cnt),
                       sizes[i].slab);
        base_list_init(&pool->spare[i]);
        pool->spare_cnt[i] = 0;
    }
}

void host_pieces_fini(struct host_pieces *pool)
{
    for (int i = 0; i < HOST_PIECE_SIZE_CNT; ++i) {
        base_slab_fini(&pool->slabs[i]);
    }
}

static struct host_piece *piece_new(struct host_pieces *pool, enum host_piece_size size)
{
    struct host_piece *piece = host_piece_of_node(base_list_pop_front(&pool->spare[size]));

    if (piece != NULL) {
        --pool->spare_cnt[size];
    } else {
        piece = base_slab_alloc(&pool->slabs[size]);
        if (piece == NULL) {
            return NULL;
        }
        piece->size = (uint8_t)size;
        piece->room = sizes[size].room;
        piece->sge.addr = toe_bus_addr(pool->bus, piece->data, piece->room);
        piece->sge.len = piece->room;
    }
    piece->buf = (struct toe_buf){.sge = &piece->sge, .sge_cnt = 1};
    piece->conn = NULL;
    piece->charged = 0;
    piece->frame_len = 0;
    piece->frame_flags = 0;
    piece->is_push = false;
    return piece;
}

struct host_piece *host_piece_new(struct host_pieces *pool, uint32_t len)
{
    for (int i = 0; i < HOST_PIECE_LARGE; ++i) {
        if (len <= sizes[i].room) {
            return piece_new(pool, (enum host_piece_size)i);
        }
    }
    return piece_new(pool, HOST_PIECE_LARGE);
}

struct host_piece *host_piece_new_whole(struct host_pieces *pool, uint32_t len)
{
    if (len > sizes[HOST_PIECE_LARGE].room) {
        return len > HOST_PIECE_ROOM_MAX ? NULL : piece_new(pool, HOST_PIECE_SUPER);
    }
    return host_piece_new(pool, len);
}

void host_piece_del(struct host_pieces *pool, struct host_piece *piece)
{
    if (piece == NULL) {
        return;
    }
    toe_assert(!base_list_is_linked(&piece->node));
    if (pool->spare_cnt[piece->size] < SPARE_MAX) {
        base_list_push_front(&pool->spare[piece->size], &piece->node);
        ++pool->spare_cnt[piece->size];
    } else {
        base_slab_free(&pool->slabs[piece->size], piece);
    }
}

void host_piece_list_del(struct host_pieces *pool, struct base_list *list)
{
    struct base_list_node *node;

    while ((node = base_list_pop_front(list)) != NULL) {
        host_piece_del(pool, host_piece_of_node(node));
    }
}

uint32_t host_piece_append(struct host_piece *piece, const uint8_t *data, uint32_t len)
{
    const uint32_t end = piece->buf.off + piece->buf.len;
    const uint32_t left = piece->room - end;
    const uint32_t cnt = len < left ? len : left;

    if (cnt > 0) {
        memcpy(piece->data + end, data, cnt);
        piece->buf.len += cnt;
    }
    return cnt;
}

void host_queue_init(struct host_queue *q)
{
    base_list_init(&q->list);
    q->len = 0;
}

void host_queue_clear(struct host_queue *q, struct host_pieces *pool)
{
    host_piece_list_del(pool, &q->list);
    q->len = 0;
}

void host_queue_push(struct host_queue *q, struct host_pieces *pool, struct host_piece *piece)
{
    if (piece->buf.len == 0) {
        host_piece_del(pool, piece);
        return;
    }
    base_list_push_back(&q->list, &piece->node);
    q->len += piece->buf.len;
}

/* Allocates pieces for |len| bytes that do not fit into the last one, onto |fresh|. */
static bool reserve(struct base_list *fresh, struct host_pieces *pool, uint32_t len)
{
    while (len > 0) {
        struct host_piece *piece = host_piece_new(pool, len < PACK_ROOM ? PACK_ROOM : len);

        if (piece == NULL) {
            host_piece_list_del(pool, fresh);
            return false;
        }
        base_list_push_back(fresh, &piece->node);
        len -= len < piece->room ? len : piece->room;
    }
    return true;
}

bool host_queue_write(struct host_queue *q, struct host_pieces *pool, const uint8_t *data,
                      uint32_t len)
{
    struct host_piece *last = host_piece_of_node(base_list_back(&q->list));
    uint32_t left = last == NULL ? 0 : last->room - last->buf.off - last->buf.len;
    struct base_list fresh;
    struct base_list_node *node;

    base_list_init(&fresh);
    left = left < len ? left : len;
    if (!reserve(&fresh, pool, len - left)) {
        return false;
    }
    q->len += len;
    if (left > 0) {
        data += host_piece_append(last, data, left);
        len -= left;
    }
    while ((node = base_list_pop_front(&fresh)) != NULL) {
        const uint32_t cnt = host_piece_append(host_piece_of_node(node), data, len);

        data += cnt;
        len -= cnt;
        base_list_push_back(&q->list, node);
    }
    toe_assert(len == 0);
    return true;
}

uint32_t host_queue_read(struct host_queue *q, struct host_pieces *pool, uint8_t *dst, size_t len)
{
    uint32_t done = 0;

    while (done < len && q->len > 0) {
        struct host_piece *piece = host_piece_of_node(base_list_front(&q->list));
        const uint32_t cnt = len - done < piece->buf.len ? (uint32_t)(len - done) : piece->buf.len;

        memcpy(dst + done, host_piece_bytes(piece), cnt);
        toe_buf_advance(&piece->buf, cnt);
        done += cnt;
        q->len -= cnt;
        if (piece->buf.len == 0) {
            base_list_remove(&piece->node);
            host_piece_del(pool, piece);
        }
    }
    return done;
}

uint32_t host_queue_peek(const struct host_queue *q, uint8_t *dst, size_t len)
{
    uint32_t done = 0;

    base_list_foreach(n, &q->list)
    {
        struct host_piece *piece = host_piece_of_node(n);
        const uint32_t cnt = len - done < piece->buf.len ? (uint32_t)(len - done) : piece->buf.len;

        if (done == len) {
            break;
        }
        memcpy(dst + done, host_piece_bytes(piece), cnt);
        done += cnt;
    }
    return done;
}

struct toe_buf *host_queue_chain(struct host_queue *q)
{
    struct toe_buf *chain = NULL;
    struct toe_buf **link = &chain;

    base_list_foreach(n, &q->list)
    {
        struct host_piece *piece = host_piece_of_node(n);

        piece->buf.next = NULL;
        piece->buf.flags = 0;
        *link = &piece->buf;
        link = &piece->buf.next;
    }
    return chain;
}

void host_queue_prepend(struct host_queue *q, struct host_queue *src)
{
    base_list_splice(&src->list, &q->list);
    base_list_splice(&q->list, &src->list);
    q->len += src->len;
    src->len = 0;
}
