/* SPDX-License-Identifier: MIT */
#include "support/guarded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void t_guarded_init(struct t_guarded *ctx, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *map;

    ctx->size = (size + page - 1) / page * page;
    ctx->map_size = ctx->size + page;
    map = mmap(NULL, ctx->map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect((uint8_t *)map + ctx->size, page, PROT_NONE) != 0) {
        perror("t_guarded_init");
        abort();
    }
    ctx->base = map;
}

void t_guarded_fini(struct t_guarded *ctx)
{
    munmap(ctx->base, ctx->map_size);
}

uint8_t *t_guarded(struct t_guarded *ctx, size_t len)
{
    if (len > ctx->size) {
        fprintf(stderr, "t_guarded: %zu bytes asked, %zu there\n", len, ctx->size);
        abort();
    }
    return ctx->base + ctx->size - len;
}

uint8_t *t_guarded_copy(struct t_guarded *ctx, const void *data, size_t len)
{
    uint8_t *p = t_guarded(ctx, len);

    if (len > 0) {
        memcpy(p, data, len);
    }
    return p;
}
