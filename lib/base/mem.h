/* SPDX-License-Identifier: MIT */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "toe/types.h"

#include <stddef.h>

/*
 * Memory
 *
 * All memory of the library comes through a struct toe_mem, which the caller may fill with an
 * allocator of its own. An allocation may fail at any time; the size is given back with the free,
 * so that an allocator need not remember it.
 */

/*
 * base_mem_default() returns the allocator over malloc() and free(). It lives for ever.
 */
const struct toe_mem *base_mem_default(void);

/*
 * base_mem_alloc() returns |size| zeroed bytes from |mem|, aligned for any type, or NULL when there
 * are none. |size| is not 0.
 */
void *base_mem_alloc(const struct toe_mem *mem, size_t size);

/*
 * base_mem_free() gives |ptr|, of |size| bytes, back to |mem|. A NULL |ptr| is allowed.
 */
void base_mem_free(const struct toe_mem *mem, void *ptr, size_t size);

#endif
