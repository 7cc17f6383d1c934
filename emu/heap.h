/* SPDX-License-Identifier: MIT */
/*
 * A heap that counts: how much memory something really has, as the C library gave it.
 */
#ifndef EMU_HEAP_H
#define EMU_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "toe/types.h"

struct emu_heap {
    uint64_t bytes; /* taken and not given back */
};

/* emu_heap_take() is |size| bytes, or NULL; emu_heap_take_zeroed() has them cleared. */
void *emu_heap_take(struct emu_heap *heap, size_t size);
void *emu_heap_take_zeroed(struct emu_heap *heap, size_t size);

/* emu_heap_give() gives back what was taken; NULL is allowed. */
void emu_heap_give(struct emu_heap *heap, void *memory);

/* emu_heap_mem() has an object of the library take its memory from |heap|. */
struct toe_mem emu_heap_mem(struct emu_heap *heap);

#endif
