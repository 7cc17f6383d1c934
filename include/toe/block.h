/* SPDX-License-Identifier: MIT */
/*
 * Blocks: how a host names the objects it means.
 *
 * A request that concerns state is a tree of blocks, one for each object. |next| joins blocks of
 * one layer; |dependent| leads from a neighbor to its paths and from a path to its TCP connections.
 * So one tree can speak of any number of objects of all three layers.
 *
 * What a block is follows from |object|, the address of the cell that holds the target's handle:
 *
 *   placeholder   object == NULL. Stands for nothing, gives the tree its shape.
 *   new offload   *object == 0. State to be offloaded; on success the target writes the handle.
 *   reference     *object != 0. An object the target has. In an initiate it is a *linker*: what
 *                 hangs below it is linked to that object.
 *
 * The tree and all it points to belong to the target from the call to the completion, which brings
 * the same pointer back. By then |status| of every block is written, placeholders included.
 */
#ifndef TOE_BLOCK_H
#define TOE_BLOCK_H

#include "toe/state.h"
#include "toe/status.h"
#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Layer, address family and class of the state that a block carries. */
enum toe_block_type {
    TOE_BLOCK_NEIGHBOR_CONST = 1,
    TOE_BLOCK_NEIGHBOR_CACHED = 2,
    TOE_BLOCK_NEIGHBOR_DELEGATED = 3,
    TOE_BLOCK_NEIGHBOR = 4,
    TOE_BLOCK_PATH4_CONST = 5,
    TOE_BLOCK_PATH4_CACHED = 6,
    TOE_BLOCK_PATH4_DELEGATED = 7,
    TOE_BLOCK_PATH4 = 8,
    TOE_BLOCK_PATH6_CONST = 9,
    TOE_BLOCK_PATH6_CACHED = 10,
    TOE_BLOCK_PATH6_DELEGATED = 11,
    TOE_BLOCK_PATH6 = 12,
    TOE_BLOCK_TCP_CONST = 13,
    TOE_BLOCK_TCP_CACHED = 14,
    TOE_BLOCK_TCP_DELEGATED = 15,
    TOE_BLOCK_TCP_RESOURCE = 16, /* reserved */
    TOE_BLOCK_TCP = 17,
    TOE_BLOCK_FILTER_RESERVED = 0xFE, /* reserved */
};

enum toe_block_role {
    TOE_ROLE_PLACEHOLDER,
    TOE_ROLE_NEW,
    TOE_ROLE_REFERENCE,
};

enum toe_layer {
    TOE_LAYER_NEIGHBOR,
    TOE_LAYER_PATH,
    TOE_LAYER_TCP,
    TOE_LAYER_NONE, /* not a layer: of a type that names none */
};

struct toe_block {
    uint32_t size;     /* sizeof(struct toe_block) */
    uint8_t revision;  /* 0 or 1 */
    uint8_t reserved0; /* zero */
    uint16_t type;     /* enum toe_block_type; not significant for a placeholder */
    struct toe_block *next;
    struct toe_block *dependent;
    toe_status status;    /* written by the target before the completion */
    uint32_t port_number; /* 0: the default port */
    toe_handle *object;   /* where the target's handle lies; see above */
    void *host_object;    /* the host's name for the object, carried by indications */
    union { /* the state, of the classes that |type| says; NULL where it carries none */
        struct toe_neighbor_state *neighbor;
        struct toe_path_state *path;
        struct toe_tcp_state *tcp;
    } state;
    /*
     * TCP only. Initiate: data posted and not yet acknowledged, one chain, from snd_una on; the
     * target's on success, untouched otherwise. Terminate: what the target gives back, or NULL.
     */
    struct toe_buf *send_chain;
    uint64_t target_data[2]; /* the target's while it has the block */
    void *inter_data[2];     /* an intermediate driver's; never touched by a target */
    void *host_data[2];      /* the host's; never touched by a target */
};

/* toe_block_role() is the role of |block|. */
static inline enum toe_block_role toe_block_role(const struct toe_block *block)
{
    if (block->object == NULL) {
        return TOE_ROLE_PLACEHOLDER;
    }
    return *block->object == 0 ? TOE_ROLE_NEW : TOE_ROLE_REFERENCE;
}

/* toe_block_layer() is the layer of a block of |type|. */
TOE_EXPORT enum toe_layer toe_block_layer(uint16_t type);

#ifdef __cplusplus
}
#endif

#endif
