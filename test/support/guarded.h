/* SPDX-License-Identifier: MIT */
#ifndef TEST_SUPPORT_GUARDED_H
#define TEST_SUPPORT_GUARDED_H

#include <stddef.h>
#include <stdint.h>

/*
 * Input against an unmapped page
 *
 * A parser that reads one byte too many rarely fails on its own. Here the byte behind the input
 * lies on a page without access, so the first such read ends the test.
 */

/* Pages of memory, the last of which has no access. */
struct t_guarded {
    uint8_t *base;   /* start of the mapping */
    size_t size;     /* bytes that may be used */
    size_t map_size; /* bytes of the whole mapping */
};

/*
 * t_guarded_init() maps room for inputs of up to |size| bytes into |ctx|; it ends the program when
 * that fails.
 */
void t_guarded_init(struct t_guarded *ctx, size_t size);

/*
 * t_guarded_fini() unmaps |ctx|.
 */
void t_guarded_fini(struct t_guarded *ctx);

/*
 * t_guarded() returns a buffer of |len| bytes, not above the size of |ctx|, that ends where access
 * ends. It is overlaid by the next.
 */
uint8_t *t_guarded(struct t_guarded *ctx, size_t len);

/*
 * t_guarded_copy() returns t_guarded() filled with the |len| bytes at |data|.
 */
uint8_t *t_guarded_copy(struct t_guarded *ctx, const void *data, size_t len);

#endif
