/* SPDX-License-Identifier: MIT */
/*
 * Trees of the original's blocks, described as trees of ours.
 *
 * One allocation has a node for every block, in the order of a walk that goes to dependents first;
 * so a chain may be of any length and a tree of any depth, and no stack is needed. The Scratch
 * members of the original, which are the target's while it has the list, remember the way back up
 * and the node of each block. The two pointers that lead to buffers inside a chain are converted by
 * their place in it.
 */
#include "base/ndis_parts.h"

#include "base/assert.h"
#include "base/list.h"
#include "base/mem.h"

struct node {
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST original;
    struct toe_block block;
    toe_handle cell; /* what |block| refers to */
    bool is_new;
    struct base_ndis_parts parts; /* what follows the original */
    struct toe_buf *sent;         /* initiate: imported, the target's on success */
    struct toe_buf *received;     /* initiate: imported */
    PNET_BUFFER_LIST given_back;  /* terminate: exported */
    union {
        struct toe_neighbor_state neighbor;
        struct toe_path_state path;
        struct toe_tcp_state tcp;
    } state;
};

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

static struct tree *tree_of(struct toe_block *root)
{
    struct node *first = base_container_of(root, struct node, block);

    return base_container_of(first, struct tree, nodes);
}

/* --- the walk --- */

/* next_of() is the block after |block|: its dependents, or the next of the closest that has one. */
static PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST next_of(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block)
{
    if (block->DependentBlockList != NULL) {
        block->DependentBlockList->Scratch[0] = block;
        return block->DependentBlockList;
    }
    while (block != NULL && block->NextBlock == NULL) {
        block = block->Scratch[0];
    }
    if (block == NULL) {
        return NULL;
    }
    block->NextBlock->Scratch[0] = block->Scratch[0];
    return block->NextBlock;
}

static struct toe_block *block_of(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST original)
{
    struct node *node = original == NULL ? NULL : original->Scratch[1];

    return node == NULL ? NULL : &node->block;
}

void toe_ndis_list_link(PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list)
{
    if (list == NULL) {
        return;
    }
    list->Scratch[0] = NULL;
    for (PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST at = list; at != NULL; at = next_of(at)) {
        at->MiniportOffloadContext =
            at->OffloadHandle == NULL ? NULL : &at->OffloadHandle->MiniportOffloadContext;
    }
}

/* --- down --- */

static uint32_t index_of(const NET_BUFFER_LIST *chain, const NET_BUFFER_LIST *member)
{
    uint32_t idx = 0;

    while (chain != NULL && chain != member) {
        chain = chain->Next;
        ++idx;
    }
    return chain == NULL ? UINT32_MAX : idx;
}

static struct toe_buf *member_at(struct toe_buf *chain, uint32_t idx)
{
    while (chain != NULL && idx > 0) {
        chain = chain->next;
        --idx;
    }
    return chain;
}

/* Makes the state one that a target fails for, and that nothing is written to. */
static void spoil(struct node *node)
{
    node->parts = (struct base_ndis_parts){NULL, NULL, NULL};
    node->state.neighbor.size = 0;
    node->state.path.size = 0;
    node->state.tcp.size = 0;
}

static void import_state(struct node *node, enum toe_ndis_op op)
{
    struct toe_block *block = &node->block;
    const enum toe_layer layer = toe_block_layer(block->type);
    const unsigned carried = base_ndis_carried(block->type, toe_block_role(block), op);

    if (carried == 0) {
        return;
    }
    switch (layer) {
    case TOE_LAYER_NEIGHBOR:
        block->state.neighbor = &node->state.neighbor;
        node->state.neighbor.size = sizeof(node->state.neighbor);
        break;
    case TOE_LAYER_PATH:
        block->state.path = &node->state.path;
        node->state.path.size = sizeof(node->state.path);
        break;
    case TOE_LAYER_TCP:
        block->state.tcp = &node->state.tcp;
        node->state.tcp.size = sizeof(node->state.tcp);
        break;
    case TOE_LAYER_NONE:
        return;
    }
    node->parts = base_ndis_parts_at(TOE_NDIS_STATE(node->original), layer, carried);
    if (!base_ndis_parts_cover(node->parts, layer) ||
        !base_ndis_parts_import(block, base_ndis_parts_of(node->parts, base_ndis_read(op)))) {
        spoil(node);
    }
}

static void import_block(struct node *node, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST original,
                         enum toe_ndis_op op)
{
    struct toe_block *block = &node->block;

    node->original = original;
    block->size = original->Header.Size < sizeof(*original) ? 0 : sizeof(*block);
    block->revision = original->Header.Revision;
    block->type = original->Header.Type;
    block->status = TOE_STATUS_PENDING;
    block->port_number = original->PortNumber;
    block->host_object = original->NdisOffloadHandle;
    if (original->MiniportOffloadContext != NULL) {
        node->cell = (uintptr_t)*original->MiniportOffloadContext;
        node->is_new = node->cell == 0;
        block->object = &node->cell;
    }
    import_state(node, op);
}

/* Imports the chains of a new connection; false if memory is short. */
static bool import_chains(struct node *node, const struct toe_mem *mem)
{
    const TCP_OFFLOAD_STATE_DELEGATED *in = node->parts.delegated;
    struct toe_tcp_delegated *out = &node->state.tcp.delegated;
    PNET_BUFFER_LIST chain = node->original->NetBufferListChain;

    if (toe_block_layer(node->block.type) != TOE_LAYER_TCP || in == NULL) {
        return true;
    }
    if (chain != NULL) {
        node->sent = toe_ndis_buf_import(mem, chain, TOE_NDIS_DATA);
        if (node->sent == NULL) {
            return false;
        }
        out->send_data_head = member_at(node->sent, index_of(chain, in->SendDataHead));
        out->send_data_tail = member_at(node->sent, index_of(chain, in->SendDataTail));
    }
    if (in->BufferedData != NULL) {
        node->received = toe_ndis_buf_import(mem, in->BufferedData, TOE_NDIS_BUFFERED);
        if (node->received == NULL) {
            return false;
        }
    }
    node->block.send_chain = node->sent;
    out->buffered_data = node->received;
    return true;
}

/* Makes a tree of |cnt| nodes, or NULL. */
static struct tree *tree_new(const struct toe_mem *mem, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list,
                             enum toe_ndis_op op, size_t cnt)
{
    struct tree *tree = base_mem_alloc(mem, tree_size(cnt));
    size_t idx = 0;

    if (tree == NULL) {
        return NULL;
    }
    tree->mem = *mem;
    tree->op = op;
    tree->cnt = cnt;
    for (PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST at = list; at != NULL; at = next_of(at)) {
        import_block(&tree->nodes[idx], at, op);
        at->Scratch[1] = &tree->nodes[idx];
        ++idx;
    }
    toe_assert(idx == cnt);
    for (idx = 0; idx < cnt; ++idx) {
        struct node *node = &tree->nodes[idx];

        node->block.next = block_of(node->original->NextBlock);
        node->block.dependent = block_of(node->original->DependentBlockList);
    }
    return tree;
}

struct toe_block *toe_ndis_block_import(const struct toe_mem *mem,
                                        PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list, enum toe_ndis_op op)
{
    struct tree *tree;
    size_t cnt = 0;

    if (list == NULL || sizeof(PVOID) < sizeof(toe_handle)) {
        return NULL;
    }
    if (mem == NULL || mem->alloc == NULL) {
        mem = base_mem_default();
    }
    list->Scratch[0] = NULL;
    for (PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST at = list; at != NULL; at = next_of(at)) {
        ++cnt;
    }
    tree = tree_new(mem, list, op, cnt);
    if (tree == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < cnt && op == TOE_NDIS_INITIATE; ++i) {
        if (!import_chains(&tree->nodes[i], mem)) {
            toe_ndis_block_del(&tree->nodes[0].block);
            return NULL;
        }
    }
    return &tree->nodes[0].block;
}

/* --- up --- */

static bool has_failed(const struct node *node)
{
    return toe_status_is_failure(node->block.status);
}

static void finish_initiate(struct node *node)
{
    if (node->is_new && !has_failed(node)) {
        *node->original->MiniportOffloadContext = (PVOID)(uintptr_t)node->cell;
        node->sent = NULL; /* the target's now */
    }
    (void)toe_ndis_buf_release(node->sent, TOE_NDIS_UNTOUCHED);
    (void)toe_ndis_buf_release(node->received, TOE_NDIS_UNTOUCHED);
}

static uint32_t index_of_buf(const struct toe_buf *chain, const struct toe_buf *member)
{
    uint32_t idx = 0;

    while (chain != NULL && chain != member) {
        chain = chain->next;
        ++idx;
    }
    return chain == NULL ? UINT32_MAX : idx;
}

static PNET_BUFFER_LIST list_at(PNET_BUFFER_LIST chain, uint32_t idx)
{
    while (chain != NULL && idx > 0) {
        chain = chain->Next;
        --idx;
    }
    return chain;
}

static void finish_terminate(struct node *node)
{
    const struct toe_tcp_delegated *from = &node->state.tcp.delegated;
    TCP_OFFLOAD_STATE_DELEGATED *to = node->parts.delegated;
    struct toe_buf *chain = node->block.send_chain;
    const uint32_t head = index_of_buf(chain, from->send_data_head);
    const uint32_t tail = index_of_buf(chain, from->send_data_tail);

    if (toe_block_layer(node->block.type) != TOE_LAYER_TCP || node->block.object == NULL) {
        return;
    }
    node->original->NetBufferListChain = toe_ndis_buf_release(chain, TOE_NDIS_RETURNED);
    if (to != NULL && !has_failed(node)) {
        to->SendDataHead = list_at(node->original->NetBufferListChain, head);
        to->SendDataTail = list_at(node->original->NetBufferListChain, tail);
        to->BufferedData = node->given_back;
    }
}

static void finish_query(const struct node *node)
{
    TCP_OFFLOAD_STATE_DELEGATED *to = node->parts.delegated;

    if (toe_block_layer(node->block.type) == TOE_LAYER_TCP && to != NULL && !has_failed(node)) {
        to->SendDataHead = NULL; /* all of the storage that a size is part of */
        to->SendDataTail = NULL;
        to->BufferedData = NULL;
        to->SendBacklogSize = node->state.tcp.delegated.send_backlog_size;
        to->ReceiveBacklogSize = node->state.tcp.delegated.receive_backlog_size;
    }
}

static void finish(struct node *node, enum toe_ndis_op op)
{
    node->original->Status = (NDIS_STATUS)node->block.status;
    if (base_ndis_written(op) != 0 && !has_failed(node) && node->block.state.tcp != NULL) {
        (void)base_ndis_parts_export(&node->block,
                                     base_ndis_parts_of(node->parts, base_ndis_written(op)));
    }
    if (op == TOE_NDIS_INITIATE) {
        finish_initiate(node);
    } else if (op == TOE_NDIS_TERMINATE) {
        finish_terminate(node);
    } else if (op == TOE_NDIS_QUERY) {
        finish_query(node);
    }
}

/* Exports what was received and comes back; false if memory is short. */
static bool give_back(struct node *node, const struct toe_mem *mem, const struct toe_bus *bus)
{
    struct toe_buf *chain = node->state.tcp.delegated.buffered_data;

    if (toe_block_layer(node->block.type) != TOE_LAYER_TCP || node->parts.delegated == NULL ||
        has_failed(node) || chain == NULL || node->given_back != NULL) {
        return true;
    }
    node->given_back = toe_ndis_nbl_export(mem, bus, chain, TOE_NDIS_BUFFERED);
    return node->given_back != NULL;
}

PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST toe_ndis_block_release(struct toe_block *root,
                                                         const struct toe_bus *bus)
{
    struct tree *tree = tree_of(root);
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST original = tree->nodes[0].original;
    const struct toe_mem mem = tree->mem;

    for (size_t i = 0; i < tree->cnt && tree->op == TOE_NDIS_TERMINATE; ++i) {
        if (!give_back(&tree->nodes[i], &mem, bus)) {
            return NULL;
        }
    }
    for (size_t i = 0; i < tree->cnt; ++i) {
        finish(&tree->nodes[i], tree->op);
    }
    base_mem_free(&mem, tree, tree_size(tree->cnt));
    return original;
}

void toe_ndis_block_del(struct toe_block *root)
{
    struct tree *tree = tree_of(root);
    const struct toe_mem mem = tree->mem;

    for (size_t i = 0; i < tree->cnt; ++i) {
        struct node *node = &tree->nodes[i];

        (void)toe_ndis_buf_release(node->sent, TOE_NDIS_UNTOUCHED);
        (void)toe_ndis_buf_release(node->received, TOE_NDIS_UNTOUCHED);
        (void)toe_ndis_nbl_release(node->given_back, TOE_NDIS_UNTOUCHED);
        if (tree->op == TOE_NDIS_TERMINATE) {
            (void)toe_ndis_buf_release(node->block.send_chain, TOE_NDIS_UNTOUCHED);
        }
    }
    base_mem_free(&mem, tree, tree_size(tree->cnt));
}
