/* SPDX-License-Identifier: MIT */
/*
 * Pieces: what is kept of frames that passed by. A piece is bytes with a buffer that describes them
 * (toe/buf.h), so that they can be posted to a target as they are. They stay where they arrived
 * where there is a lease on that memory, and are copied where not. Pieces that were given back are
 * kept for the next, in four sizes, up to a limit; so a connection under way allocates nothing.
 */
#ifndef EMU_LINUX_COPY_H
#define EMU_LINUX_COPY_H

#include <sys/queue.h>

#include "heap.h"
#include "toe/buf.h"
#include "toe/frame.h"

struct emu_conn;

struct emu_piece {
    TAILQ_ENTRY(emu_piece) node;
    struct emu_conn *conn;
    struct toe_buf buf;
    struct toe_sge sge;
    struct toe_frame frame; /* of a whole frame: its metadata */
    bool by_kernel;         /* likewise: who sent it */
    bool is_posted;         /* the target has it */
    bool has_fin;           /* of a segment of the kernel: this is behind it */
    uint32_t seq;           /* of the first byte, */
    uint32_t end;           /* and behind the last; of a segment FIN included */
    const uint8_t *bytes;
    struct toe_lease *lease; /* NULL: |bytes| is |room| */
    uint32_t room_len;
    uint8_t room[];
};

TAILQ_HEAD(emu_pieces, emu_piece);

enum { EMU_PIECE_SIZES = 4 };

struct emu_piece_pool {
    struct emu_heap *heap;
    struct emu_pieces spare[EMU_PIECE_SIZES];
    uint32_t spare_cnt[EMU_PIECE_SIZES];
};

/* emu_piece_pool_init() makes one whose pieces come from |heap|. */
void emu_piece_pool_init(struct emu_piece_pool *pool, struct emu_heap *heap);
void emu_piece_pool_fini(struct emu_piece_pool *pool);

/* emu_piece_new() makes a piece of |len| bytes of |frame| from |off| on, or NULL. */
struct emu_piece *emu_piece_new(struct emu_piece_pool *pool, const struct toe_frame *frame,
                                uint32_t off, uint32_t len);

/* emu_piece_skip() takes |len| bytes off the begin of |piece|, which is longer. */
void emu_piece_skip(struct emu_piece *piece, uint32_t len);

void emu_piece_del(struct emu_piece_pool *pool, struct emu_piece *piece);

/* emu_pieces_clear() frees all of |list|. */
void emu_pieces_clear(struct emu_piece_pool *pool, struct emu_pieces *list);

/* emu_piece_of() is the piece that |buf| is in. */
static inline struct emu_piece *emu_piece_of(struct toe_buf *buf)
{
    return (struct emu_piece *)((char *)buf - offsetof(struct emu_piece, buf));
}

#endif
