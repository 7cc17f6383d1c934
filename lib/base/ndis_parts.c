/* SPDX-License-Identifier: MIT */
#include "base/ndis_parts.h"

/* The types of a layer follow one another: const, cached, delegated, all; one of TCP is reserved.
 */
static unsigned classes_of(uint16_t type)
{
    switch (type) {
    case TOE_BLOCK_NEIGHBOR_CONST:
    case TOE_BLOCK_PATH4_CONST:
    case TOE_BLOCK_PATH6_CONST:
    case TOE_BLOCK_TCP_CONST:
        return BASE_NDIS_CONST;
    case TOE_BLOCK_NEIGHBOR_CACHED:
    case TOE_BLOCK_PATH4_CACHED:
    case TOE_BLOCK_PATH6_CACHED:
    case TOE_BLOCK_TCP_CACHED:
        return BASE_NDIS_CACHED;
    case TOE_BLOCK_NEIGHBOR_DELEGATED:
    case TOE_BLOCK_PATH4_DELEGATED:
    case TOE_BLOCK_PATH6_DELEGATED:
    case TOE_BLOCK_TCP_DELEGATED:
        return BASE_NDIS_DELEGATED;
    case TOE_BLOCK_NEIGHBOR:
    case TOE_BLOCK_PATH4:
    case TOE_BLOCK_PATH6:
    case TOE_BLOCK_TCP:
        return BASE_NDIS_ALL;
    default:
        return 0;
    }
}

unsigned base_ndis_carried(uint16_t type, enum toe_block_role role, enum toe_ndis_op op)
{
    const unsigned classes = classes_of(type);

    if (role == TOE_ROLE_PLACEHOLDER) {
        return 0;
    }
    switch (op) {
    case TOE_NDIS_INITIATE:
        return role == TOE_ROLE_NEW ? classes : 0;
    case TOE_NDIS_TERMINATE: /* a path has nothing to give back, so nothing need follow it */
        return (classes & BASE_NDIS_DELEGATED) && toe_block_layer(type) != TOE_LAYER_PATH ? classes
                                                                                          : 0;
    case TOE_NDIS_UPDATE: /* UPD-4 */
        return classes & BASE_NDIS_CACHED ? classes : 0;
    case TOE_NDIS_QUERY:
        return classes;
    case TOE_NDIS_INVALIDATE:
        break;
    }
    return 0;
}

unsigned base_ndis_read(enum toe_ndis_op op)
{
    return op == TOE_NDIS_INITIATE ? BASE_NDIS_ALL : op == TOE_NDIS_UPDATE ? BASE_NDIS_CACHED : 0;
}

unsigned base_ndis_written(enum toe_ndis_op op)
{
    return op == TOE_NDIS_QUERY       ? BASE_NDIS_ALL
           : op == TOE_NDIS_TERMINATE ? BASE_NDIS_DELEGATED
                                      : 0;
}

/* Of each layer: where the classes lie if all are there, and how long they are at least. */
static const struct {
    size_t cached_off;
    size_t delegated_off;
    size_t constant_len;
    size_t cached_len;
    size_t delegated_len;
    size_t delegated_len_min;
} layouts[] = {
    [TOE_LAYER_NEIGHBOR] =
        {
            offsetof(TOE_NDIS_NEIGHBOR, Cached),
            offsetof(TOE_NDIS_NEIGHBOR, Delegated),
            sizeof(NEIGHBOR_OFFLOAD_STATE_CONST),
            sizeof(NEIGHBOR_OFFLOAD_STATE_CACHED),
            sizeof(NEIGHBOR_OFFLOAD_STATE_DELEGATED),
            sizeof(NEIGHBOR_OFFLOAD_STATE_DELEGATED),
        },
    [TOE_LAYER_PATH] =
        {
            offsetof(TOE_NDIS_PATH, Cached),
            offsetof(TOE_NDIS_PATH, Delegated),
            sizeof(PATH_OFFLOAD_STATE_CONST),
            sizeof(PATH_OFFLOAD_STATE_CACHED),
            sizeof(PATH_OFFLOAD_STATE_DELEGATED),
            sizeof(PATH_OFFLOAD_STATE_DELEGATED),
        },
    [TOE_LAYER_TCP] =
        {
            offsetof(TOE_NDIS_TCP, Cached),
            offsetof(TOE_NDIS_TCP, Delegated),
            sizeof(TCP_OFFLOAD_STATE_CONST),
            sizeof(TCP_OFFLOAD_STATE_CACHED),
            sizeof(TCP_OFFLOAD_STATE_DELEGATED),
            offsetof(TCP_OFFLOAD_STATE_DELEGATED, DWnd),
        },
};

struct base_ndis_parts base_ndis_parts_at(PVOID state, enum toe_layer layer, unsigned carried)
{
    const bool is_all = carried == BASE_NDIS_ALL;
    uint8_t *at = state;
    struct base_ndis_parts parts = {NULL, NULL, NULL};

    if (layer == TOE_LAYER_NONE) {
        return parts;
    }
    parts.constant = carried & BASE_NDIS_CONST ? at : NULL;
    parts.cached =
        carried & BASE_NDIS_CACHED ? at + (is_all ? layouts[layer].cached_off : 0) : NULL;
    parts.delegated =
        carried & BASE_NDIS_DELEGATED ? at + (is_all ? layouts[layer].delegated_off : 0) : NULL;
    return parts;
}

struct base_ndis_parts base_ndis_parts_of(struct base_ndis_parts parts, unsigned classes)
{
    return (struct base_ndis_parts){
        .constant = classes & BASE_NDIS_CONST ? parts.constant : NULL,
        .cached = classes & BASE_NDIS_CACHED ? parts.cached : NULL,
        .delegated = classes & BASE_NDIS_DELEGATED ? parts.delegated : NULL,
    };
}

/* Every structure begins with its header. */
static bool covers(const OFFLOAD_STATE_HEADER *header, size_t len)
{
    return header == NULL || header->Length >= len;
}

bool base_ndis_parts_cover(struct base_ndis_parts parts, enum toe_layer layer)
{
    return layer == TOE_LAYER_NONE || (covers(parts.constant, layouts[layer].constant_len) &&
                                       covers(parts.cached, layouts[layer].cached_len) &&
                                       covers(parts.delegated, layouts[layer].delegated_len_min));
}

static void set_length(OFFLOAD_STATE_HEADER *header, size_t len)
{
    if (header != NULL) {
        header->Length = (ULONG)len;
    }
}

void base_ndis_parts_init(struct base_ndis_parts parts, enum toe_layer layer)
{
    if (layer != TOE_LAYER_NONE) {
        set_length(parts.constant, layouts[layer].constant_len);
        set_length(parts.cached, layouts[layer].cached_len);
        set_length(parts.delegated, layouts[layer].delegated_len);
    }
}

bool base_ndis_parts_import(struct toe_block *block, struct base_ndis_parts parts)
{
    const uint8_t family = block->type <= TOE_BLOCK_PATH4 ? 4 : 6;

    switch (toe_block_layer(block->type)) {
    case TOE_LAYER_NEIGHBOR:
        return toe_ndis_neighbor_import(block->state.neighbor, parts.constant, parts.cached,
                                        parts.delegated);
    case TOE_LAYER_PATH:
        return toe_ndis_path_import(block->state.path, family, parts.constant, parts.cached);
    case TOE_LAYER_TCP:
        return toe_ndis_tcp_import(block->state.tcp, parts.constant, parts.cached, parts.delegated);
    case TOE_LAYER_NONE:
        break;
    }
    return false;
}

bool base_ndis_parts_export(const struct toe_block *block, struct base_ndis_parts parts)
{
    switch (toe_block_layer(block->type)) {
    case TOE_LAYER_NEIGHBOR:
        return toe_ndis_neighbor_export(block->state.neighbor, parts.constant, parts.cached,
                                        parts.delegated);
    case TOE_LAYER_PATH:
        set_length(parts.delegated, sizeof(PATH_OFFLOAD_STATE_DELEGATED));
        return toe_ndis_path_export(block->state.path, parts.constant, parts.cached);
    case TOE_LAYER_TCP:
        return toe_ndis_tcp_export(block->state.tcp, parts.constant, parts.cached, parts.delegated);
    case TOE_LAYER_NONE:
        break;
    }
    return false;
}
