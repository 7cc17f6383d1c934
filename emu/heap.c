/* SPDX-License-Identifier: MIT */
#include "heap.h"

#include <malloc.h>
#include <stdlib.h>

static void *count(struct emu_heap *heap, void *memory)
{
    heap->bytes += malloc_usable_size(memory);
    return memory;
}

void *emu_heap_take(struct emu_heap *heap, size_t size)
{
    return count(heap, malloc(size));
}

void *emu_heap_take_zeroed(struct emu_heap *heap, size_t size)
{
    return count(heap, calloc(1, size));
}

void emu_heap_give(struct emu_heap *heap, void *memory)
{
    heap->bytes -= malloc_usable_size(memory);
    free(memory);
}

static void *take(void *user, size_t size)
{
    return emu_heap_take(user, size);
}

static void give(void *user, void *memory, size_t size)
{
    (void)size;
    emu_heap_give(user, memory);
}

struct toe_mem emu_heap_mem(struct emu_heap *heap)
{
    return (struct toe_mem){.user = heap, .alloc = take, .free = give};
}
