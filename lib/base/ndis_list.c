/* SPDX-License-Identifier: MIT */
/*
 * Trees of our blocks, described as trees of the original's: for one of our hosts above a target of
 * the original. It is ndis_tree.c the other way round; the |target_data| of a block, which is the
 * target's while it has the tree, takes the place of Scratch.
 *
 * The original has no block of a delegated or full type without its state in a terminate, while
 * ours may leave it out (TRM-21). Such a block is given the const type, which carries none there.
 */
#include "base/ndis_parts.h"

#include "base/assert.h"
#include "base/list.h"
#include "base/mem.h"

#include <string.h>

struct node {
    struct toe_block *original;
    PVOID cell;
    bool is_new;
    struct base_ndis_parts parts; /* what follows |block| */
    PNET_BUFFER_LIST sent;        /* initiate: exported, the target's on success */
    PNET_BUFFER_LIST received;    /* initiate: exported */
    struct toe_buf *given_back;   /* terminate: imported */
    uint8_t src[16];
    uint8_t dst[16];
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST block; /* and right behind it: */
    union {
        TOE_NDIS_NEIGHBOR neighbor;
        TOE_NDIS_PATH path;
        TOE_NDIS_TCP tcp;
    } state;
};

TOE_NDIS_ASSERT(offsetof(struct node, state) ==
                offsetof(struct node, block) + sizeof(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST));

struct tree {
    struct toe_mem mem;
    enum toe_ndis_op op;
    size_t cnt;
    struct node nodes[];
};

static size_t tree_size(size_t cnt)
{
    return sizeof(struct tree) + cnt * sizeof(struct node);
}

static struct tree *tree_of(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root)
{
    struct node *first = base_container_of(root, struct node, block);

    return base_container_of(first, struct tree, nodes);
}

static enum toe_layer layer_of(const struct node *node)
{
    return toe_block_layer(node->original->type);
}

/* --- the walk --- */

static struct toe_block *next_of(struct toe_block *block)
{
    if (block->dependent != NULL) {
        block->dependent->target_data[0] = (uintptr_t)block;
        return block->dependent;
    }
    while (block != NULL && block->next == NULL) {
        block = (struct toe_block *)(uintptr_t)block->target_data[0];
    }
    if (block == NULL) {
        return NULL;
    }
    block->next->target_data[0] = block->target_data[0];
    return block->next;
}

static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list_of(const struct toe_block *original)
{
    struct node *node =
        original == NULL ? NULL : (struct node *)(uintptr_t)original->target_data[1];

    return node == NULL ? NULL : &node->block;
}

/* --- down --- */

/* Whether |block| has a state of the size that we know. */
static bool has_state(const struct toe_block *block)
{
    if (block->state.neighbor == NULL) {
        return false;
    }
    switch (toe_block_layer(block->type)) {
    case TOE_LAYER_NEIGHBOR:
        return block->state.neighbor->size >= sizeof(*block->state.neighbor);
    case TOE_LAYER_PATH:
        return block->state.path->size >= sizeof(*block->state.path);
    case TOE_LAYER_TCP:
        return block->state.tcp->size >= sizeof(*block->state.tcp);
    case TOE_LAYER_NONE:
        break;
    }
    return false;
}

static UCHAR const_type_of(enum toe_layer layer, uint16_t type)
{
    return (UCHAR)(layer == TOE_LAYER_NEIGHBOR ? NeighborOffloadConstState
                   : layer == TOE_LAYER_TCP    ? TcpOffloadConstState
                                               : type);
}

static void export_state(struct node *node, enum toe_ndis_op op)
{
    const struct toe_block *from = node->original;
    const enum toe_layer layer = layer_of(node);
    const unsigned carried = base_ndis_carried(from->type, toe_block_role(from), op);
    const struct base_ndis_parts parts =
        base_ndis_parts_at(TOE_NDIS_STATE(&node->block), layer, carried);

    if (carried == 0 || layer == TOE_LAYER_NONE) {
        return;
    }
    if (op == TOE_NDIS_TERMINATE && from->state.neighbor == NULL) {
        node->block.Header.Type = const_type_of(layer, from->type);
        return;
    }
    if (layer == TOE_LAYER_PATH && parts.constant != NULL) {
        node->state.path.Const.SourceAddress = node->src;
        node->state.path.Const.DestinationAddress = node->dst;
    }
    /* A Length of zero is what a target fails for. */
    if (has_state(from)) {
        node->parts = parts;
        base_ndis_parts_init(parts, layer);
        (void)base_ndis_parts_export(from, base_ndis_parts_of(parts, base_ndis_read(op)));
    }
}

static void export_block(struct node *node, struct toe_block *original, enum toe_ndis_op op)
{
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block = &node->block;

    node->original = original;
    block->Header.Type = (UCHAR)original->type;
    block->Header.Revision = original->revision;
    block->Header.Size = original->size < sizeof(*original) ? 0 : (USHORT)sizeof(*block);
    block->Status = NDIS_STATUS_PENDING;
    block->PortNumber = original->port_number;
    block->NdisOffloadHandle = original->host_object;
    if (original->object != NULL) {
        node->is_new = *original->object == 0;
        node->cell = (PVOID)(uintptr_t)*original->object;
        block->MiniportOffloadContext = &node->cell;
    }
    export_state(node, op);
}

static uint32_t index_of(const struct toe_buf *chain, const struct toe_buf *member)
{
    uint32_t idx = 0;

    while (chain != NULL && chain != member) {
        chain = chain->next;
        ++idx;
    }
    return chain == NULL ? UINT32_MAX : idx;
}

static PNET_BUFFER_LIST member_at(PNET_BUFFER_LIST chain, uint32_t idx)
{
    while (chain != NULL && idx > 0) {
        chain = chain->Next;
        --idx;
    }
    return chain;
}

/* Exports the chains of a new connection; false if memory is short. */
static bool export_chains(struct node *node, const struct toe_mem *mem, const struct toe_bus *bus)
{
    const struct toe_tcp_delegated *in;
    TCP_OFFLOAD_STATE_DELEGATED *out = node->parts.delegated;
    struct toe_buf *chain = node->original->send_chain;

    if (layer_of(node) != TOE_LAYER_TCP || out == NULL) {
        return true;
    }
    in = &node->original->state.tcp->delegated;
    if (chain != NULL) {
        node->sent = toe_ndis_nbl_export(mem, bus, chain, TOE_NDIS_DATA);
        if (node->sent == NULL) {
            return false;
        }
        out->SendDataHead = member_at(node->sent, index_of(chain, in->send_data_head));
        out->SendDataTail = member_at(node->sent, index_of(chain, in->send_data_tail));
    }
    if (in->buffered_data != NULL) {
        node->received = toe_ndis_nbl_export(mem, bus, in->buffered_data, TOE_NDIS_BUFFERED);
        if (node->received == NULL) {
            return false;
        }
    }
    node->block.NetBufferListChain = node->sent;
    out->BufferedData = node->received;
    return true;
}

static struct tree *tree_new(const struct toe_mem *mem, struct toe_block *root, enum toe_ndis_op op,
                             size_t cnt)
{
    struct tree *tree = base_mem_alloc(mem, tree_size(cnt));
    size_t idx = 0;

    if (tree == NULL) {
        return NULL;
    }
    tree->mem = *mem;
    tree->op = op;
    tree->cnt = cnt;
    for (struct toe_block *at = root; at != NULL; at = next_of(at)) {
        export_block(&tree->nodes[idx], at, op);
        at->target_data[1] = (uintptr_t)&tree->nodes[idx];
        ++idx;
    }
    toe_assert(idx == cnt);
    for (idx = 0; idx < cnt; ++idx) {
        struct node *node = &tree->nodes[idx];

        node->block.NextBlock = list_of(node->original->next);
        node->block.DependentBlockList = list_of(node->original->dependent);
    }
    return tree;
}

PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST toe_ndis_list_export(const struct toe_mem *mem,
                                                       const struct toe_bus *bus,
                                                       struct toe_block *root, enum toe_ndis_op op)
{
    struct tree *tree;
    size_t cnt = 0;

    if (root == NULL || sizeof(PVOID) < sizeof(toe_handle)) {
        return NULL;
    }
    if (mem == NULL || mem->alloc == NULL) {
        mem = base_mem_default();
    }
    root->target_data[0] = 0;
    for (struct toe_block *at = root; at != NULL; at = next_of(at)) {
        ++cnt;
    }
    tree = tree_new(mem, root, op, cnt);
    if (tree == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < cnt && op == TOE_NDIS_INITIATE; ++i) {
        if (!export_chains(&tree->nodes[i], mem, bus)) {
            toe_ndis_list_del(&tree->nodes[0].block);
            return NULL;
        }
    }
    return &tree->nodes[0].block;
}

/* --- up --- */

static bool has_failed(const struct node *node)
{
    return node->block.Status < 0;
}

static void finish_initiate(struct node *node)
{
    if (node->is_new && !has_failed(node)) {
        *node->original->object = (uintptr_t)node->cell;
        node->sent = NULL; /* the target's now */
    }
    (void)toe_ndis_nbl_release(node->sent, TOE_NDIS_UNTOUCHED);
    (void)toe_ndis_nbl_release(node->received, TOE_NDIS_UNTOUCHED);
}

static uint32_t index_of_list(const NET_BUFFER_LIST *chain, const NET_BUFFER_LIST *member)
{
    uint32_t idx = 0;

    while (chain != NULL && chain != member) {
        chain = chain->Next;
        ++idx;
    }
    return chain == NULL ? UINT32_MAX : idx;
}

static struct toe_buf *buf_at(struct toe_buf *chain, uint32_t idx)
{
    while (chain != NULL && idx > 0) {
        chain = chain->next;
        --idx;
    }
    return chain;
}

static void finish_terminate(struct node *node)
{
    const TCP_OFFLOAD_STATE_DELEGATED *from = node->parts.delegated;
    PNET_BUFFER_LIST chain = node->block.NetBufferListChain;
    struct toe_tcp_delegated *to;
    uint32_t head, tail;

    if (layer_of(node) != TOE_LAYER_TCP || node->original->object == NULL) {
        return;
    }
    head = from == NULL ? UINT32_MAX : index_of_list(chain, from->SendDataHead);
    tail = from == NULL ? UINT32_MAX : index_of_list(chain, from->SendDataTail);
    node->original->send_chain = toe_ndis_nbl_release(chain, TOE_NDIS_RETURNED);
    if (from != NULL && !has_failed(node)) {
        to = &node->original->state.tcp->delegated;
        to->send_data_head = buf_at(node->original->send_chain, head);
        to->send_data_tail = buf_at(node->original->send_chain, tail);
        to->buffered_data = node->given_back;
    }
}

static void finish_query(const struct node *node)
{
    const TCP_OFFLOAD_STATE_DELEGATED *from = node->parts.delegated;
    struct toe_tcp_delegated *to;

    if (layer_of(node) != TOE_LAYER_TCP || from == NULL || has_failed(node)) {
        return;
    }
    to = &node->original->state.tcp->delegated;
    to->send_data_head = NULL;
    to->send_data_tail = NULL;
    to->buffered_data = NULL;
    to->send_backlog_size = from->SendBacklogSize;
    to->receive_backlog_size = from->ReceiveBacklogSize;
}

static void finish(struct node *node, enum toe_ndis_op op)
{
    const struct base_ndis_parts parts = base_ndis_parts_of(node->parts, base_ndis_written(op));

    node->original->status = (toe_status)node->block.Status;
    if (!has_failed(node) &&
        (parts.constant != NULL || parts.cached != NULL || parts.delegated != NULL)) {
        (void)base_ndis_parts_import(node->original, parts);
    }
    if (op == TOE_NDIS_INITIATE) {
        finish_initiate(node);
    } else if (op == TOE_NDIS_TERMINATE) {
        finish_terminate(node);
    } else if (op == TOE_NDIS_QUERY) {
        finish_query(node);
    }
}

/* Imports what was received and comes back; false if memory is short. */
static bool give_back(struct node *node, const struct toe_mem *mem)
{
    const TCP_OFFLOAD_STATE_DELEGATED *from = node->parts.delegated;

    if (layer_of(node) != TOE_LAYER_TCP || from == NULL || has_failed(node) ||
        from->BufferedData == NULL || node->given_back != NULL) {
        return true;
    }
    node->given_back = toe_ndis_buf_import(mem, from->BufferedData, TOE_NDIS_BUFFERED);
    return node->given_back != NULL;
}

struct toe_block *toe_ndis_list_release(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root)
{
    struct tree *tree = tree_of(root);
    struct toe_block *original = tree->nodes[0].original;
    const struct toe_mem mem = tree->mem;

    for (size_t i = 0; i < tree->cnt && tree->op == TOE_NDIS_TERMINATE; ++i) {
        if (!give_back(&tree->nodes[i], &mem)) {
            return NULL;
        }
    }
    for (size_t i = 0; i < tree->cnt; ++i) {
        finish(&tree->nodes[i], tree->op);
    }
    base_mem_free(&mem, tree, tree_size(tree->cnt));
    return original;
}

void toe_ndis_list_del(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST root)
{
    struct tree *tree = tree_of(root);
    const struct toe_mem mem = tree->mem;

    for (size_t i = 0; i < tree->cnt; ++i) {
        struct node *node = &tree->nodes[i];

        (void)toe_ndis_nbl_release(node->sent, TOE_NDIS_UNTOUCHED);
        (void)toe_ndis_nbl_release(node->received, TOE_NDIS_UNTOUCHED);
        (void)toe_ndis_buf_release(node->given_back, TOE_NDIS_UNTOUCHED);
        if (tree->op == TOE_NDIS_TERMINATE) {
            (void)toe_ndis_nbl_release(node->block.NetBufferListChain, TOE_NDIS_UNTOUCHED);
        }
    }
    base_mem_free(&mem, tree, tree_size(tree->cnt));
}
