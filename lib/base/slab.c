/* SPDX-License-Identifier: MIT */
#include "base/slab.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

/*
 * A slab is one allocation: its struct, the two side arrays, then the objects from the next
 * multiple of 64 on. An index is the number of the slab times its size plus the position within it,
 * so that both are found by a shift. Generations count allocations and frees: an odd one says that
 * the object is in use, and so a handle, which holds an odd one, is never 0.
 *
 * A handle becomes ambiguous after 2^31 allocations of one object. The free objects are a stack:
 * what was freed last, and is in the caches, is given out first.
 */

#define ALIGN 64u
#define INDEX_NONE UINT32_MAX
#define DIRECTORY_MIN 8u

struct base_slab_chunk {
    size_t size;         /* of the allocation */
    uint8_t *objs;       /* the objects */
    uint32_t *next_free; /* index of the next free object, of each that is free */
    uint32_t gen[];      /* generation of each object; |next_free| lies behind */
};

static struct base_slab_chunk *chunk_of(const struct base_slab *slab, uint32_t idx)
{
    return slab->chunks[idx >> slab->shift];
}

static uint32_t pos_of(const struct base_slab *slab, uint32_t idx)
{
    return idx & ((UINT32_C(1) << slab->shift) - 1);
}

static uint8_t *obj_of(const struct base_slab *slab, uint32_t idx)
{
    return chunk_of(slab, idx)->objs + pos_of(slab, idx) * slab->stride;
}

static uint32_t *gen_of(const struct base_slab *slab, uint32_t idx)
{
    return &chunk_of(slab, idx)->gen[pos_of(slab, idx)];
}

/* The index lies in the last bytes of the object's stride. */
static uint8_t *index_field(const struct base_slab *slab, const void *obj)
{
    return (uint8_t *)(uintptr_t)obj + slab->stride - sizeof(uint32_t);
}

void base_slab_init(struct base_slab *slab, const struct toe_mem *mem, size_t obj_size,
                    uint32_t cnt_max, uint32_t objs_per_slab)
{
    toe_assert(obj_size != 0 && obj_size <= SIZE_MAX / 2);
    toe_assert(cnt_max != 0 && cnt_max < INDEX_NONE);
    toe_assert(objs_per_slab != 0 && objs_per_slab <= UINT32_C(1) << 31);

    memset(slab, 0, sizeof(*slab));
    slab->mem = mem;
    slab->obj_size = obj_size;
    slab->stride = (obj_size + sizeof(uint32_t) + ALIGN - 1) / ALIGN * ALIGN;
    slab->cnt_max = cnt_max;
    slab->free_head = INDEX_NONE;
    while (UINT32_C(1) << slab->shift < objs_per_slab) {
        ++slab->shift;
    }
}

void base_slab_fini(struct base_slab *slab)
{
    for (uint32_t i = 0; i < slab->chunk_cnt; ++i) {
        base_mem_free(slab->mem, slab->chunks[i], slab->chunks[i]->size);
    }
    base_mem_free(slab->mem, slab->chunks, slab->chunk_cap * sizeof(struct base_slab_chunk *));
    memset(slab, 0, sizeof(*slab));
    slab->free_head = INDEX_NONE;
}

/* Makes room for one more slab in the directory. */
static int grow_directory(struct base_slab *slab)
{
    const uint32_t cap = slab->chunk_cap == 0 ? DIRECTORY_MIN : slab->chunk_cap * 2;
    struct base_slab_chunk **chunks;

    if (slab->chunk_cnt < slab->chunk_cap) {
        return 0;
    }
    if (cap < slab->chunk_cap) {
        return -1;
    }
    chunks = base_mem_alloc(slab->mem, cap * sizeof(struct base_slab_chunk *));
    if (chunks == NULL) {
        return -1;
    }
    if (slab->chunks != NULL) {
        memcpy(chunks, slab->chunks, slab->chunk_cnt * sizeof(struct base_slab_chunk *));
        base_mem_free(slab->mem, slab->chunks, slab->chunk_cap * sizeof(struct base_slab_chunk *));
    }
    slab->chunks = chunks;
    slab->chunk_cap = cap;
    return 0;
}

/* Adds a slab, and its objects to the stack of free ones, lowest index on top. */
static int add_chunk(struct base_slab *slab)
{
    const uint32_t room = slab->cnt_max - slab->cap;
    const uint32_t full = UINT32_C(1) << slab->shift;
    const uint32_t cnt = room < full ? room : full;
    const size_t head = sizeof(struct base_slab_chunk) + 2 * sizeof(uint32_t) * (size_t)cnt + ALIGN;
    struct base_slab_chunk *chunk;
    size_t size;

    if (cnt == 0 || cnt > (SIZE_MAX / 2 - head) / slab->stride || grow_directory(slab) != 0) {
        return -1;
    }
    size = head + cnt * slab->stride;
    chunk = slab->mem->alloc(slab->mem->user, size);
    if (chunk == NULL) {
        return -1;
    }
    chunk->size = size;
    chunk->next_free = chunk->gen + cnt;
    chunk->objs = (uint8_t *)(chunk->next_free + cnt);
    chunk->objs += (ALIGN - (uintptr_t)chunk->objs % ALIGN) % ALIGN;
    for (uint32_t i = 0; i < cnt; ++i) {
        const uint32_t idx = slab->cap + i;

        chunk->gen[i] = 0;
        chunk->next_free[i] = i + 1 < cnt ? idx + 1 : slab->free_head;
        memcpy(index_field(slab, chunk->objs + i * slab->stride), &idx, sizeof(idx));
    }
    slab->chunks[slab->chunk_cnt++] = chunk;
    slab->free_head = slab->cap;
    slab->cap += cnt;
    return 0;
}

int base_slab_reserve(struct base_slab *slab, uint32_t cnt)
{
    if (cnt > slab->cnt_max) {
        return -1;
    }
    while (slab->cap < cnt) {
        if (add_chunk(slab) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Takes the first free object and says in |is_new| whether nobody had it before. */
static uint8_t *take(struct base_slab *slab, bool *is_new)
{
    uint32_t idx;
    uint32_t *gen;

    if (slab->free_head == INDEX_NONE && add_chunk(slab) != 0) {
        return NULL;
    }
    idx = slab->free_head;
    gen = gen_of(slab, idx);
    slab->free_head = chunk_of(slab, idx)->next_free[pos_of(slab, idx)];
    toe_assert(*gen % 2 == 0);
    *is_new = *gen == 0;
    ++*gen;
    ++slab->cnt;
    return obj_of(slab, idx);
}

void *base_slab_alloc(struct base_slab *slab)
{
    bool is_new;
    uint8_t *obj = take(slab, &is_new);

    if (obj != NULL) {
        memset(obj, 0, slab->obj_size);
    }
    return obj;
}

void *base_slab_reuse(struct base_slab *slab)
{
    bool is_new;
    uint8_t *obj = take(slab, &is_new);

    if (obj != NULL && is_new) {
        memset(obj, 0, slab->obj_size);
    }
    return obj;
}

uint32_t base_slab_index(const struct base_slab *slab, const void *obj)
{
    uint32_t idx;

    memcpy(&idx, index_field(slab, obj), sizeof(idx));
    toe_assert(idx < slab->cap);
    toe_assert(obj_of(slab, idx) == obj);
    toe_assert(*gen_of(slab, idx) % 2 == 1);
    return idx;
}

void base_slab_free(struct base_slab *slab, void *obj)
{
    const uint32_t idx = base_slab_index(slab, obj);

    toe_assert(slab->cnt > 0);
    ++*gen_of(slab, idx);
    chunk_of(slab, idx)->next_free[pos_of(slab, idx)] = slab->free_head;
    slab->free_head = idx;
    --slab->cnt;
}

uint64_t base_slab_handle(const struct base_slab *slab, const void *obj)
{
    const uint32_t idx = base_slab_index(slab, obj);

    return (uint64_t)*gen_of(slab, idx) << 32 | idx;
}

void *base_slab_get(const struct base_slab *slab, uint64_t handle)
{
    const uint32_t idx = (uint32_t)handle;
    const uint32_t gen = (uint32_t)(handle >> 32);

    if (idx >= slab->cap || gen % 2 == 0 || *gen_of(slab, idx) != gen) {
        return NULL;
    }
    return obj_of(slab, idx);
}

void *base_slab_at(const struct base_slab *slab, uint32_t idx)
{
    if (idx >= slab->cap || *gen_of(slab, idx) % 2 == 0) {
        return NULL;
    }
    return obj_of(slab, idx);
}
