/* SPDX-License-Identifier: MIT */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include "toe/types.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Pools with a stated limit
 *
 * A pool gives out objects of one size, zeroed or as they were left, each aligned to 64 bytes, and
 * never more than its limit. It grows by slabs of some objects; a slab is given back only by
 * base_slab_fini(), so that an object stays where it is. Every operation takes constant time, apart
 * from the one that adds a slab.
 *
 * An object is named by its index, which is reused, or by its handle, which is not: a handle pairs
 * the index with a generation that changes whenever the object is allocated or freed. Handles may
 * come from a caller; any 64-bit value can be looked up, and one that names no living object gives
 * NULL.
 *
 * Links and generations are kept apart from the objects, so that an overrun of one object does not
 * mislead the pool. Only the index lies behind each object, in 4 bytes that share its last cache
 * line; an |obj_size| of 60, 124, 188 .. wastes none.
 */

/* One slab: its objects and what is known of each. */
struct base_slab_chunk;

/* A pool. The fields are the pool's own, except |cnt|. */
struct base_slab {
    const struct toe_mem *mem;       /* borrowed until base_slab_fini() */
    struct base_slab_chunk **chunks; /* directory of slabs, grown by doubling */
    uint32_t chunk_cnt;              /* slabs in use */
    uint32_t chunk_cap;              /* room in the directory */
    size_t obj_size;                 /* bytes the caller asked for */
    size_t stride;                   /* bytes from one object to the next */
    unsigned shift;                  /* a slab holds 2^shift objects, the last one perhaps fewer */
    uint32_t cnt_max;                /* the limit */
    uint32_t cnt;                    /* objects in use; callers may read it */
    uint32_t cap;                    /* objects in all slabs, not above |cnt_max| */
    uint32_t free_head;              /* index of the first free object, or UINT32_MAX */
};

/*
 * base_slab_init() makes |slab| an empty pool of objects of |obj_size| bytes that holds up to
 * |cnt_max| of them, and takes memory for |objs_per_slab| at a time, rounded up to a power of
 * two, from |mem|. It allocates nothing yet. |mem| is borrowed until base_slab_fini(). The three
 * numbers are not 0, and |cnt_max| is less than UINT32_MAX.
 */
void base_slab_init(struct base_slab *slab, const struct toe_mem *mem, size_t obj_size,
                    uint32_t cnt_max, uint32_t objs_per_slab);

/*
 * base_slab_fini() gives all memory of |slab| back, also that of objects still in use.
 */
void base_slab_fini(struct base_slab *slab);

/*
 * base_slab_reserve() grows |slab| so that it has room for |cnt| objects in all, used ones
 * included; as many allocations then take no memory. Returns 0, or -1 when |cnt| is above the limit
 * or memory ran out; slabs added until then stay.
 */
int base_slab_reserve(struct base_slab *slab, uint32_t cnt);

/*
 * base_slab_alloc() returns a zeroed object, or NULL when |slab| is at its limit or memory ran out.
 */
void *base_slab_alloc(struct base_slab *slab);

/*
 * base_slab_reuse() does that without zeroing what was in use before: the object is as it was when
 * it was freed. For large ones whose user writes what he reads.
 */
void *base_slab_reuse(struct base_slab *slab);

/*
 * base_slab_free() returns |obj|, which came from one of the two with the same |slab|, to the
 * pool. Its handles are stale from then on. Freeing what is not in use is asserted.
 */
void base_slab_free(struct base_slab *slab, void *obj);

/*
 * base_slab_index() returns the index of |obj|, which is in use: a number below |slab|->cap.
 */
uint32_t base_slab_index(const struct base_slab *slab, const void *obj);

/*
 * base_slab_handle() returns the handle of |obj|, which is in use. It is never 0.
 */
uint64_t base_slab_handle(const struct base_slab *slab, const void *obj);

/*
 * base_slab_get() returns the object that |handle| names, or NULL when there is none, be it freed,
 * reused or never given out.
 */
void *base_slab_get(const struct base_slab *slab, uint64_t handle);

/*
 * base_slab_at() returns the object in use at index |idx|, or NULL. All objects are found at the
 * indices from 0 to |slab|->cap - 1; each may be freed while walking them.
 */
void *base_slab_at(const struct base_slab *slab, uint32_t idx);

#endif
