/* SPDX-License-Identifier: MIT */
/*
 * An arena: memory for the frames that a port receives.
 *
 * Frames lie one behind the other in blocks, each of a size that fits into a cache. A batch ends
 * with the block it is in, not after so many frames, so bulk data is still warm when it is sent on.
 * Of large frames the memory can be kept (toe_lease): a block is used again when nobody keeps
 * anything in it, and the one that was given back last is the next. There is a limit to blocks, and
 * one of them is never leased, so a port can always receive.
 *
 *     emu_arena_begin(&arena);
 *     while (cnt < max && (room = emu_arena_room(&arena)) != NULL) {
 *         ... put a frame there ...
 *         emu_arena_put(&arena, &frames[cnt++]);
 *     }
 */
#ifndef EMU_ARENA_H
#define EMU_ARENA_H

#include "toe/frame.h"

struct emu_block;

struct emu_arena {
    struct emu_block *reserve; /* the one that is never leased */
    struct emu_block *current; /* of this batch */
    struct emu_block *spare;   /* nobody uses them; the one that was used last is the first */
    struct emu_block *all;     /* but for the reserve */
    uint32_t block_cnt;        /* of them */
};

enum { EMU_ARENA_FRAME_MAX = 65536 + 256 }; /* the longest super-segment with its headers */

/* emu_arena_init() takes the memory that is needed at least; false if there is none. */
bool emu_arena_init(struct emu_arena *arena);

/* emu_arena_fini() frees all of it, also what is kept by others. */
void emu_arena_fini(struct emu_arena *arena);

/* emu_arena_begin() begins a batch: frames of the one before are no longer needed, but for leases.
 */
void emu_arena_begin(struct emu_arena *arena);

/* emu_arena_room() is where the next frame goes, of up to EMU_ARENA_FRAME_MAX bytes; NULL: the
 * batch is over. */
uint8_t *emu_arena_room(struct emu_arena *arena);

/* emu_arena_put() says that |frame| lies there, within those bytes, and sets its lease. */
void emu_arena_put(struct emu_arena *arena, struct toe_frame *frame);

#endif
