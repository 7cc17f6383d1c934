/* SPDX-License-Identifier: MIT */
#include "sim/flight.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

/* Bytes of a frame that a copy of each class has room for; with its head, a multiple of 64. */
static const uint32_t class_room[SIM_FLIGHT_CLASS_CNT] = {128 - 34, 2048 - 34, 9728 - 34,
                                                          66048 - 34};
/* How many copies a block holds. */
static const uint32_t class_cnt[SIM_FLIGHT_CLASS_CNT] = {512, 128, 32, 8};

_Static_assert(sizeof(struct sim_flight) == 32, "class_room counts on it");
_Static_assert(SIM_FLIGHT_LEN_MAX <= 66048 - 34, "the longest frame has a class");

void sim_flight_pool_init(struct sim_flight_pool *pool, const struct toe_mem *mem, uint32_t cnt_max)
{
    *pool = (struct sim_flight_pool){.mem = mem, .cnt_max = cnt_max};
}

void sim_flight_pool_fini(struct sim_flight_pool *pool)
{
    struct sim_flight_block *next;

    for (struct sim_flight_block *block = pool->blocks; block != NULL; block = next) {
        next = block->next;
        base_mem_free(pool->mem, block, block->size);
    }
    pool->blocks = NULL;
}

/* Cuts a new block into copies of |size_class|; without memory, none are free as before. */
static void grow(struct sim_flight_pool *pool, uint32_t size_class)
{
    const size_t head = 64;
    const size_t stride = class_room[size_class] + 34;
    const size_t size = head + stride * class_cnt[size_class];
    struct sim_flight_block *block = pool->mem->alloc(pool->mem->user, size);

    if (block == NULL) {
        return;
    }
    block->next = pool->blocks;
    block->size = size;
    pool->blocks = block;
    for (uint32_t i = 0; i < class_cnt[size_class]; ++i) {
        struct sim_flight *flight =
            (struct sim_flight *)(void *)((uint8_t *)block + head + stride * i);

        flight->size_class = size_class;
        flight->next = pool->free[size_class];
        pool->free[size_class] = flight;
    }
}

/* A flight with room for |len| bytes. */
static struct sim_flight *take(struct sim_flight_pool *pool, uint32_t len)
{
    struct sim_flight *flight;
    uint32_t size_class = 0;

    if (len > SIM_FLIGHT_LEN_MAX || pool->cnt >= pool->cnt_max) {
        return NULL;
    }
    while (class_room[size_class] < len) {
        ++size_class;
    }
    if (pool->free[size_class] == NULL) {
        grow(pool, size_class);
    }
    flight = pool->free[size_class];
    if (flight == NULL) {
        return NULL;
    }
    pool->free[size_class] = flight->next;
    ++pool->cnt;
    flight->next = NULL;
    flight->len = len;
    return flight;
}

/* The length of a frame with all its pieces, or more than any frame has. */
static uint32_t frame_len(const struct toe_frame *frame)
{
    size_t len = frame->len;

    for (uint32_t i = 0; i < frame->more_cnt && len <= SIM_FLIGHT_LEN_MAX; ++i) {
        len = frame->more[i].len > SIM_FLIGHT_LEN_MAX ? SIM_FLIGHT_LEN_MAX + 1
                                                      : len + frame->more[i].len;
    }
    return len > SIM_FLIGHT_LEN_MAX ? SIM_FLIGHT_LEN_MAX + 1 : (uint32_t)len;
}

struct sim_flight *sim_flight_copy(struct sim_flight_pool *pool, const struct toe_frame *frame)
{
    struct sim_flight *flight = take(pool, frame_len(frame));
    uint8_t *dst;

    if (flight == NULL) {
        return NULL;
    }
    dst = sim_flight_data(flight);
    memcpy(dst, frame->data, frame->len);
    dst += frame->len;
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        if (frame->more[i].len > 0) {
            memcpy(dst, frame->more[i].base, frame->more[i].len);
            dst += frame->more[i].len;
        }
    }
    return flight;
}

struct sim_flight *sim_flight_twin(struct sim_flight_pool *pool, struct sim_flight *flight)
{
    struct sim_flight *twin = take(pool, flight->len);

    if (twin != NULL) {
        memcpy(sim_flight_data(twin), sim_flight_data(flight), flight->len);
    }
    return twin;
}

void sim_flight_free(struct sim_flight_pool *pool, struct sim_flight *flight)
{
    struct sim_flight *next;

    for (; flight != NULL; flight = next) {
        next = flight->next;
        toe_assert(pool->cnt > 0);
        --pool->cnt;
        flight->next = pool->free[flight->size_class];
        pool->free[flight->size_class] = flight;
    }
}
