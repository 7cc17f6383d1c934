/* SPDX-License-Identifier: MIT */
#include "host/request.h"

#include "base/assert.h"
#include "host/host_extension.h"

void host_tree_init(struct host_tree *tree)
{
    tree->root = NULL;
    tree->tail = &tree->root;
}

void host_tree_add(struct host_tree *tree, struct host_node *node)
{
    *tree->tail = &node->block;
    tree->tail = &node->block.next;
}

struct host_node *host_node_new(struct toe_host *host, enum host_request request,
                                enum toe_layer layer, void *subject, toe_handle *object)
{
    struct host_node *node = base_slab_alloc(&host->nodes);

    if (node == NULL) {
        return NULL;
    }
    node->request = (uint8_t)request;
    node->layer = (uint8_t)layer;
    node->subject = subject;
    node->tail = &node->block.dependent;
    node->block.size = sizeof(node->block);
    node->block.revision = 1;
    node->block.object = object;
    node->block.host_object = subject;
    node->role = (uint8_t)toe_block_role(&node->block);
    return node;
}

void host_node_add(struct host_node *parent, struct host_node *node)
{
    toe_assert(node->layer == parent->layer + 1);
    *parent->tail = &node->block;
    parent->tail = &node->block.next;
}

bool host_node_succeeded(const struct host_node *node)
{
    return !toe_status_is_failure(node->block.status) && node->block.object != NULL &&
           *node->block.object != 0;
}

void host_tree_free(struct toe_host *host, struct toe_block *root)
{
    for (struct toe_block *block = root; block != NULL;) {
        struct toe_block *next = block->next;

        /* Three levels, as trees have. */
        host_tree_free(host, block->dependent);
        host_extension_del(host, host_node_of(block)->extension);
        base_slab_free(&host->nodes, host_node_of(block));
        block = next;
    }
}
