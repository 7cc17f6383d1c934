/* SPDX-License-Identifier: MIT */
#include "linux/copy.h"

#include <string.h>

/* Room of each size; the first is for bytes that stay where they are, the last for a super-segment
 * with its headers. */
static const uint32_t sizes[EMU_PIECE_SIZES] = {0, 2048, 16384, 66560};
static const uint32_t spare_max[EMU_PIECE_SIZES] = {4096, 4096, 512, 256};

static int size_for(uint32_t len)
{
    int i = 0;

    while (i < EMU_PIECE_SIZES - 1 && sizes[i] < len) {
        ++i;
    }
    return i;
}

void emu_piece_pool_init(struct emu_piece_pool *pool, struct emu_heap *heap)
{
    pool->heap = heap;
    for (int i = 0; i < EMU_PIECE_SIZES; ++i) {
        TAILQ_INIT(&pool->spare[i]);
        pool->spare_cnt[i] = 0;
    }
}

void emu_piece_pool_fini(struct emu_piece_pool *pool)
{
    for (int i = 0; i < EMU_PIECE_SIZES; ++i) {
        struct emu_piece *piece;

        while ((piece = TAILQ_FIRST(&pool->spare[i])) != NULL) {
            TAILQ_REMOVE(&pool->spare[i], piece, node);
            emu_heap_give(pool->heap, piece);
        }
    }
}

/* A piece that was given back, or a new one. */
static struct emu_piece *get_piece(struct emu_piece_pool *pool, uint32_t len)
{
    const int i = size_for(len);
    struct emu_piece *piece = TAILQ_FIRST(&pool->spare[i]);

    if (len > sizes[i]) {
        return NULL;
    }
    if (piece != NULL) {
        TAILQ_REMOVE(&pool->spare[i], piece, node);
        --pool->spare_cnt[i];
    } else {
        piece = emu_heap_take(pool->heap, sizeof(*piece) + sizes[i]);
        if (piece == NULL) {
            return NULL;
        }
    }
    memset(piece, 0, sizeof(*piece));
    piece->room_len = sizes[i];
    return piece;
}

struct emu_piece *emu_piece_new(struct emu_piece_pool *pool, const struct toe_frame *frame,
                                uint32_t off, uint32_t len)
{
    struct emu_piece *piece = get_piece(pool, frame->lease != NULL ? 0 : len);

    if (piece == NULL) {
        return NULL;
    }
    if (frame->lease != NULL) {
        toe_lease_take(frame->lease);
        piece->lease = frame->lease;
        piece->bytes = frame->data + off;
    } else {
        memcpy(piece->room, frame->data + off, len);
        piece->bytes = piece->room;
    }
    piece->sge = (struct toe_sge){.addr = toe_bus_addr(NULL, piece->bytes, len), .len = len};
    piece->buf = (struct toe_buf){.sge = &piece->sge, .sge_cnt = 1, .len = len};
    return piece;
}

void emu_piece_skip(struct emu_piece *piece, uint32_t len)
{
    const uint32_t left = piece->buf.len - len;

    piece->bytes += len;
    piece->seq += len;
    piece->sge = (struct toe_sge){.addr = toe_bus_addr(NULL, piece->bytes, left), .len = left};
    piece->buf.len = left;
}

void emu_piece_del(struct emu_piece_pool *pool, struct emu_piece *piece)
{
    const int i = size_for(piece->room_len);

    if (piece->lease != NULL) {
        toe_lease_give(piece->lease);
    }
    if (pool->spare_cnt[i] == spare_max[i]) {
        emu_heap_give(pool->heap, piece);
        return;
    }
    TAILQ_INSERT_HEAD(&pool->spare[i], piece, node);
    ++pool->spare_cnt[i];
}

void emu_pieces_clear(struct emu_piece_pool *pool, struct emu_pieces *list)
{
    struct emu_piece *piece;

    while ((piece = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, piece, node);
        emu_piece_del(pool, piece);
    }
}
