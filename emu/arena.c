/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <stdlib.h>

enum {
    BLOCK_SIZE = 4 * EMU_ARENA_FRAME_MAX,
    BLOCK_MAX = 128,  /* blocks that may be leased */
    LEASE_MIN = 8192, /* a frame that is smaller is sooner copied than a block withheld for it */
    ALIGNMENT = 64,
};

struct emu_block {
    struct toe_lease lease; /* the arena has a share of the current one */
    struct emu_arena *arena;
    struct emu_block *next; /* of |all| */
    struct emu_block *next_spare;
    uint32_t used; /* bytes of it */
    _Alignas(ALIGNMENT) uint8_t memory[BLOCK_SIZE];
};

static void on_over(struct toe_lease *lease)
{
    struct emu_block *block = (struct emu_block *)(void *)lease;

    block->next_spare = block->arena->spare;
    block->arena->spare = block;
}

static struct emu_block *make_block(struct emu_arena *arena)
{
    struct emu_block *block = aligned_alloc(ALIGNMENT, sizeof(*block));

    if (block != NULL) {
        block->lease = (struct toe_lease){.over = on_over};
        block->arena = arena;
        block->next = NULL;
        block->next_spare = NULL;
        block->used = 0;
    }
    return block;
}

bool emu_arena_init(struct emu_arena *arena)
{
    *arena = (struct emu_arena){.reserve = make_block(arena)};
    arena->current = arena->reserve;
    return arena->reserve != NULL;
}

void emu_arena_fini(struct emu_arena *arena)
{
    struct emu_block *block;

    while ((block = arena->all) != NULL) {
        arena->all = block->next;
        free(block);
    }
    free(arena->reserve);
}

/* A block that nobody uses, or the reserve. */
static struct emu_block *find_block(struct emu_arena *arena)
{
    struct emu_block *block = arena->spare;

    if (block != NULL) {
        arena->spare = block->next_spare;
    } else if (arena->block_cnt < BLOCK_MAX && (block = make_block(arena)) != NULL) {
        block->next = arena->all;
        arena->all = block;
        ++arena->block_cnt;
    } else {
        return arena->reserve;
    }
    toe_lease_take(&block->lease);
    return block;
}

static bool has_room(const struct emu_block *block)
{
    return block->used + EMU_ARENA_FRAME_MAX <= BLOCK_SIZE;
}

void emu_arena_begin(struct emu_arena *arena)
{
    struct emu_block *block = arena->current;

    if (block != arena->reserve) {
        if (block->lease.shares == 1) {
            block->used = 0;
        }
        if (has_room(block)) {
            return;
        }
        toe_lease_give(&block->lease);
    }
    arena->current = find_block(arena);
    arena->current->used = 0;
}

uint8_t *emu_arena_room(struct emu_arena *arena)
{
    return has_room(arena->current) ? arena->current->memory + arena->current->used : NULL;
}

void emu_arena_put(struct emu_arena *arena, struct toe_frame *frame)
{
    struct emu_block *block = arena->current;
    const uint32_t end = (uint32_t)(frame->data + frame->len - block->memory);

    block->used = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    frame->lease = frame->len >= LEASE_MIN && block != arena->reserve ? &block->lease : NULL;
}
