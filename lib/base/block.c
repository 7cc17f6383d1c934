/* SPDX-License-Identifier: MIT */
#include "toe/block.h"

enum toe_layer toe_block_layer(uint16_t type)
{
    switch (type) {
    case TOE_BLOCK_NEIGHBOR_CONST:
    case TOE_BLOCK_NEIGHBOR_CACHED:
    case TOE_BLOCK_NEIGHBOR_DELEGATED:
    case TOE_BLOCK_NEIGHBOR:
        return TOE_LAYER_NEIGHBOR;
    case TOE_BLOCK_PATH4_CONST:
    case TOE_BLOCK_PATH4_CACHED:
    case TOE_BLOCK_PATH4_DELEGATED:
    case TOE_BLOCK_PATH4:
    case TOE_BLOCK_PATH6_CONST:
    case TOE_BLOCK_PATH6_CACHED:
    case TOE_BLOCK_PATH6_DELEGATED:
    case TOE_BLOCK_PATH6:
        return TOE_LAYER_PATH;
    case TOE_BLOCK_TCP_CONST:
    case TOE_BLOCK_TCP_CACHED:
    case TOE_BLOCK_TCP_DELEGATED:
    case TOE_BLOCK_TCP:
        return TOE_LAYER_TCP;
    default:
        return TOE_LAYER_NONE;
    }
}
