/* SPDX-License-Identifier: MIT */
#ifndef SIM_FLIGHT_H
#define SIM_FLIGHT_H

#include "toe/frame.h"
#include "toe/types.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Frames in flight
 *
 * A frame that is on its way is a copy of what was put on the link, with the instant at which it
 * arrives. The copies come in a few sizes, from one pool for all links of a simulation, which takes
 * memory for many of them at a time and keeps it to the end: base/slab.h would zero each copy,
 * which costs as much as making it.
 */

enum { SIM_FLIGHT_CLASS_CNT = 4 };

/* The longest frame: 64 KiB of packet and its link headers. */
enum { SIM_FLIGHT_LEN_MAX = 65536 + 64 };

/* One frame on its way. The bytes follow; see sim_flight_data(). */
struct sim_flight {
    struct sim_flight *next; /* in a queue, or among the free ones */
    toe_instant at;          /* arrives */
    uint64_t order;          /* of two that arrive at once, the lower one is first */
    uint32_t len;
    uint32_t size_class;
};

/* A piece of memory that copies of one size were cut from. */
struct sim_flight_block {
    struct sim_flight_block *next;
    size_t size;
};

struct sim_flight_pool {
    const struct toe_mem *mem; /* borrowed until sim_flight_pool_fini() */
    uint32_t cnt_max;
    uint32_t cnt; /* on their way, or lent to a receiver */
    struct sim_flight *free[SIM_FLIGHT_CLASS_CNT];
    struct sim_flight_block *blocks;
};

/*
 * sim_flight_pool_init() makes |pool| an empty pool of at most |cnt_max| frames at once.
 */
void sim_flight_pool_init(struct sim_flight_pool *pool, const struct toe_mem *mem,
                          uint32_t cnt_max);

/*
 * sim_flight_pool_fini() gives all memory back, also that of frames still on their way.
 */
void sim_flight_pool_fini(struct sim_flight_pool *pool);

/*
 * sim_flight_copy() returns a copy of all the bytes of |frame|, or NULL if there are too many
 * frames, the frame is longer than SIM_FLIGHT_LEN_MAX, or memory ran out.
 */
struct sim_flight *sim_flight_copy(struct sim_flight_pool *pool, const struct toe_frame *frame);

/*
 * sim_flight_twin() returns a copy of |flight|, or NULL.
 */
struct sim_flight *sim_flight_twin(struct sim_flight_pool *pool, struct sim_flight *flight);

/*
 * sim_flight_free() gives |flight| and all that follow it in its queue back to the pool.
 */
void sim_flight_free(struct sim_flight_pool *pool, struct sim_flight *flight);

/*
 * sim_flight_data() are the bytes of |flight|.
 */
static inline uint8_t *sim_flight_data(struct sim_flight *flight)
{
    /* Two bytes further, so that what follows 14 bytes of Ethernet header is aligned. */
    return (uint8_t *)(flight + 1) + 2;
}

#endif
