/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

static void *default_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void default_free(void *user, void *ptr, size_t size)
{
    (void)user;
    (void)size;
    free(ptr);
}

const struct toe_mem *base_mem_default(void)
{
    static const struct toe_mem mem = {.alloc = default_alloc, .free = default_free};

    return &mem;
}

void *base_mem_alloc(const struct toe_mem *mem, size_t size)
{
    void *ptr;

    toe_assert(size != 0);
    ptr = mem->alloc(mem->user, size);
    if (ptr != NULL) {
        memset(ptr, 0, size);
    }
    return ptr;
}

void base_mem_free(const struct toe_mem *mem, void *ptr, size_t size)
{
    if (ptr != NULL) {
        mem->free(mem->user, ptr, size);
    }
}
