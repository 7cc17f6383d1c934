/* SPDX-License-Identifier: MIT */
/*
 * Requests: trees of blocks on their way to a target and back.
 *
 * A node is a block, the state it carries, and what the host wants to remember until the answer.
 * The target has the tree until the completion, which only queues it: the host's next run draws the
 * consequences.
 */
#ifndef HOST_REQUEST_H
#define HOST_REQUEST_H

#include "host/stack.h"
#include "toe/block.h"

enum host_request {
    HOST_REQUEST_INITIATE,
    HOST_REQUEST_TERMINATE,
    HOST_REQUEST_UPDATE,
    HOST_REQUEST_QUERY,
    HOST_REQUEST_INVALIDATE,
};

struct host_extension;

struct host_node {
    struct toe_block block;
    struct base_list_node answered; /* of a root: on the interface's list */
    struct toe_block **tail;        /* where the next block below is to be linked */
    void *subject;                  /* struct host_neighbor, host_path or host_conn */
    uint32_t cnt;                   /* objects below it that go with it */
    uint8_t layer;                  /* enum toe_layer */
    uint8_t role;                   /* enum toe_block_role, when it was made */
    uint8_t request;                /* enum host_request */
    union {
        struct toe_neighbor_state neighbor;
        struct toe_path_state path;
        struct toe_tcp_state tcp;
    } state;
    struct host_extension *extension; /* of a connection that moves with one, or NULL */
};

/* A tree that is being built: roots in order. */
struct host_tree {
    struct toe_block *root;
    struct toe_block **tail;
};

/* host_tree_init() makes |tree| an empty tree. */
void host_tree_init(struct host_tree *tree);

/* host_tree_add() makes |node| the last root. */
void host_tree_add(struct host_tree *tree, struct host_node *node);

/*
 * host_node_new() makes a block for |subject|. |object| is the cell of its handle; NULL: the block
 * is a placeholder. NULL is returned if memory is short.
 */
struct host_node *host_node_new(struct toe_host *host, enum host_request request,
                                enum toe_layer layer, void *subject, toe_handle *object);

/* host_node_add() hangs |node| below |parent|. */
void host_node_add(struct host_node *parent, struct host_node *node);

/* host_node_of() is the node of |block|; NULL for NULL. */
static inline struct host_node *host_node_of(struct toe_block *block)
{
    return block == NULL ? NULL : base_container_of(block, struct host_node, block);
}

/* host_node_succeeded() tells whether a block that was no placeholder got what was asked for. */
bool host_node_succeeded(const struct host_node *node);

/* host_tree_free() frees all nodes from |root| on. */
void host_tree_free(struct toe_host *host, struct toe_block *root);

#endif
