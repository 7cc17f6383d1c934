/* SPDX-License-Identifier: MIT */
#include "inter/monitor.h"

#include "base/mem.h"

#include <string.h>

#define NO_PARENT UINT32_MAX
#define DEPTH_MAX 3u

/* What nobody writes by chance. */
#define POISON 0x5a

static struct toe_buf poison_chain;

enum { CLASS_CONST = 1, CLASS_CACHED = 2, CLASS_DELEGATED = 4 };

unsigned monitor_state_classes(uint16_t type)
{
    switch ((enum toe_block_type)type) {
    case TOE_BLOCK_NEIGHBOR_CONST:
    case TOE_BLOCK_PATH4_CONST:
    case TOE_BLOCK_PATH6_CONST:
    case TOE_BLOCK_TCP_CONST:
        return CLASS_CONST;
    case TOE_BLOCK_NEIGHBOR_CACHED:
    case TOE_BLOCK_PATH4_CACHED:
    case TOE_BLOCK_PATH6_CACHED:
    case TOE_BLOCK_TCP_CACHED:
        return CLASS_CACHED;
    case TOE_BLOCK_NEIGHBOR_DELEGATED:
    case TOE_BLOCK_PATH4_DELEGATED:
    case TOE_BLOCK_PATH6_DELEGATED:
    case TOE_BLOCK_TCP_DELEGATED:
        return CLASS_DELEGATED;
    case TOE_BLOCK_NEIGHBOR:
    case TOE_BLOCK_PATH4:
    case TOE_BLOCK_PATH6:
    case TOE_BLOCK_TCP:
        return CLASS_CONST | CLASS_CACHED | CLASS_DELEGATED;
    case TOE_BLOCK_TCP_RESOURCE:
    case TOE_BLOCK_FILTER_RESERVED:
        break;
    }
    return 0;
}

bool monitor_state_carried(const struct monitor_node *node, unsigned classes)
{
    return node->has_state && (monitor_state_classes(node->was.type) & classes) != 0;
}

bool monitor_seq_is_sound(const struct toe_tcp_delegated *delegated)
{
    return delegated->snd_nxt - delegated->snd_una <= delegated->snd_max - delegated->snd_una &&
           delegated->snd_max - delegated->snd_una <= INT32_MAX;
}

/* --- taking it down --- */

/* What hangs deeper than three levels is not of significance to anybody. */
static uint32_t count(const struct toe_block *chain, uint32_t depth, uint32_t max)
{
    uint32_t cnt = 0;

    for (const struct toe_block *b = chain; b != NULL && cnt <= max; b = b->next) {
        ++cnt;
        if (depth + 1 < DEPTH_MAX) {
            cnt += count(b->dependent, depth + 1, max);
        }
    }
    return cnt;
}

static enum toe_layer layer_of_chain(const struct toe_block *chain)
{
    for (const struct toe_block *b = chain; b != NULL; b = b->next) {
        if (b->object != NULL && toe_block_layer(b->type) != TOE_LAYER_NONE) {
            return toe_block_layer(b->type);
        }
    }
    return TOE_LAYER_NONE;
}

/* A root that is a placeholder has the layer that is above that of what hangs below it. */
static enum toe_layer layer_of_root(const struct toe_block *root)
{
    enum toe_layer layer = layer_of_chain(root);

    for (const struct toe_block *b = root; b != NULL && layer == TOE_LAYER_NONE; b = b->next) {
        if (layer_of_chain(b->dependent) == TOE_LAYER_TCP) {
            layer = TOE_LAYER_PATH;
        }
    }
    return layer == TOE_LAYER_NONE ? TOE_LAYER_NEIGHBOR : layer;
}

static void copy_state(struct monitor_node *node)
{
    const struct toe_block *block = node->block;
    size_t size = 0;

    if (node->role == TOE_ROLE_PLACEHOLDER || block->state.neighbor == NULL ||
        toe_block_layer(block->type) != node->layer) {
        return;
    }
    switch (node->layer) {
    case TOE_LAYER_NEIGHBOR:
        size = sizeof(node->state.neighbor);
        break;
    case TOE_LAYER_PATH:
        size = sizeof(node->state.path);
        break;
    case TOE_LAYER_TCP:
        size = TOE_TCP_STATE_SIZE_MIN; /* The extension is not ours to compare. */
        break;
    case TOE_LAYER_NONE:
        return;
    }
    /* All three begin with their size. */
    if (block->state.neighbor->size >= size) {
        memcpy(&node->state, block->state.neighbor, size);
        node->has_state = true;
    }
}

static void take_down(struct monitor_tree *tree, struct toe_block *chain, uint32_t parent,
                      enum toe_layer layer)
{
    for (struct toe_block *b = chain; b != NULL; b = b->next) {
        const uint32_t idx = tree->cnt++;
        struct monitor_node *node = &tree->nodes[idx];

        node->block = b;
        node->was = *b;
        node->handle_was = b->object != NULL ? *b->object : 0;
        node->role = toe_block_role(b);
        node->layer = layer;
        node->parent = parent;
        if (tree->op != MONITOR_INVALIDATE) { /* INV-2: no state follows */
            copy_state(node);
        }
        if (layer < TOE_LAYER_TCP) {
            take_down(tree, b->dependent, idx, (enum toe_layer)(layer + 1));
        }
    }
}

struct monitor_tree *monitor_tree_new(struct toe_inter_monitor *m, struct toe_block *root,
                                      enum monitor_op op)
{
    const enum toe_layer layer = layer_of_root(root);
    const uint32_t cnt = count(root, layer, m->settings.block_max);
    struct monitor_tree *tree = NULL;

    if (cnt <= m->settings.block_max - m->block_cnt) {
        tree = base_mem_alloc(&m->settings.mem, sizeof(*tree) + cnt * sizeof(tree->nodes[0]));
    }
    if (tree == NULL) {
        m->is_blind = true;
        return NULL;
    }
    tree->root = root;
    tree->op = op;
    take_down(tree, root, NO_PARENT, layer);
    m->block_cnt += tree->cnt;
    ++m->tree_cnt;
    base_hash_insert(&m->trees_by_ptr, &tree->by_ptr, monitor_hash((uintptr_t)root));
    base_list_push_back(&m->trees, &tree->node);
    return tree;
}

struct monitor_tree *monitor_tree_find(const struct toe_inter_monitor *m,
                                       const struct toe_block *root)
{
    struct base_hash_node *n = base_hash_first(&m->trees_by_ptr, monitor_hash((uintptr_t)root));

    for (; n != NULL; n = base_hash_next(n)) {
        struct monitor_tree *tree = base_container_of(n, struct monitor_tree, by_ptr);

        if (tree->root == root) {
            return tree;
        }
    }
    return NULL;
}

void monitor_tree_del(struct toe_inter_monitor *m, struct monitor_tree *tree)
{
    monitor_recent_put(m->recent_trees, &m->recent_tree, tree->root);
    base_hash_remove(&m->trees_by_ptr, &tree->by_ptr);
    base_list_remove(&tree->node);
    m->block_cnt -= tree->cnt;
    --m->tree_cnt;
    base_mem_free(&m->settings.mem, tree, sizeof(*tree) + tree->cnt * sizeof(tree->nodes[0]));
}

/* --- showing what is written --- */

static bool is_tcp_reference(const struct monitor_node *node)
{
    return node->layer == TOE_LAYER_TCP && node->role == TOE_ROLE_REFERENCE;
}

/* Whether a target may give |status| as its answer. */
static bool is_answer(toe_status status)
{
    return status == TOE_STATUS_SUCCESS || status == TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS ||
           toe_status_is_failure(status);
}

void monitor_tree_prime(struct monitor_tree *tree)
{
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        struct monitor_node *node = &tree->nodes[i];
        struct toe_block *b = node->block;

        node->primed = is_answer(b->status) ? TOE_STATUS_PENDING : b->status;
        b->status = node->primed;
        b->inter_data[0] = node;
        b->inter_data[1] = tree;
        if (!is_tcp_reference(node)) {
            continue;
        }
        if (tree->op == MONITOR_TERMINATE) {
            b->send_chain = &poison_chain;
        }
        if (monitor_state_carried(node, CLASS_DELEGATED) &&
            (tree->op == MONITOR_TERMINATE || tree->op == MONITOR_QUERY)) {
            memset(&b->state.tcp->delegated, POISON, sizeof(b->state.tcp->delegated));
        }
    }
}

/* The delegated state of |b| was not written where it has to be. */
static bool is_poisoned(const struct toe_block *b, enum monitor_op op)
{
    const struct toe_tcp_delegated *delegated = &b->state.tcp->delegated;
    struct toe_tcp_delegated poison;

    memset(&poison, POISON, sizeof(poison));
    if (op == MONITOR_QUERY) {
        return delegated->send_backlog_size == poison.send_backlog_size ||
               delegated->receive_backlog_size == poison.receive_backlog_size;
    }
    return delegated->state == poison.state || delegated->rcv_nxt == poison.rcv_nxt ||
           delegated->snd_una == poison.snd_una || delegated->snd_nxt == poison.snd_nxt ||
           delegated->snd_max == poison.snd_max || delegated->rcv_wnd == poison.rcv_wnd ||
           delegated->cwnd == poison.cwnd || delegated->ssthresh == poison.ssthresh ||
           delegated->ka_timeout_delta == poison.ka_timeout_delta ||
           delegated->retransmit_timeout_delta == poison.retransmit_timeout_delta ||
           delegated->send_data_head == poison.send_data_head ||
           delegated->send_data_tail == poison.send_data_tail ||
           delegated->buffered_data == poison.buffered_data;
}

/* What a terminate or query has to write. */
static void restore_primed(struct toe_inter_monitor *m, const struct monitor_tree *tree,
                           struct monitor_node *node)
{
    struct toe_block *b = node->block;
    const bool failed = toe_status_is_failure(b->status);

    if (tree->op == MONITOR_TERMINATE) {
        if (!failed && !node->is_faulty) {
            monitor_check(m, MONITOR_T_TRM_25, b->send_chain != &poison_chain, node->object, b);
        }
        if (b->send_chain == &poison_chain) {
            b->send_chain = failed ? node->was.send_chain : NULL;
        }
    }
    if (!monitor_state_carried(node, CLASS_DELEGATED)) {
        return;
    }
    if (failed) {
        b->state.tcp->delegated = node->state.tcp.delegated;
    } else if (!node->is_faulty &&
               !monitor_check(m, tree->op == MONITOR_TERMINATE ? MONITOR_T_TRM_20 : MONITOR_T_QRY_8,
                              !is_poisoned(b, tree->op), node->object, b)) {
        b->state.tcp->delegated = node->state.tcp.delegated;
    }
}

static bool is_untouched(const struct monitor_node *node)
{
    const struct toe_block *b = node->block;
    const struct toe_block *was = &node->was;

    return b->size == was->size && b->revision == was->revision && b->reserved0 == was->reserved0 &&
           b->type == was->type && b->next == was->next && b->dependent == was->dependent &&
           b->port_number == was->port_number && b->object == was->object &&
           b->host_object == was->host_object && b->state.neighbor == was->state.neighbor &&
           b->host_data[0] == was->host_data[0] && b->host_data[1] == was->host_data[1] &&
           (node->role != TOE_ROLE_REFERENCE || *b->object == node->handle_was);
}

void monitor_tree_restore(struct toe_inter_monitor *m, struct monitor_tree *tree)
{
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        struct monitor_node *node = &tree->nodes[i];
        struct toe_block *b = node->block;

        monitor_check(m, MONITOR_T_BLK_1,
                      b->status != node->primed && b->status != TOE_STATUS_PENDING, node->object,
                      b);
        monitor_check(m, MONITOR_T_BLK_4, is_untouched(node), node->object, b);
        monitor_check(m, MONITOR_T_REU_4, b->inter_data[0] == node && b->inter_data[1] == tree,
                      node->object, b);
        b->inter_data[0] = node->was.inter_data[0];
        b->inter_data[1] = node->was.inter_data[1];
        if (is_tcp_reference(node)) {
            if (tree->op == MONITOR_TERMINATE || tree->op == MONITOR_QUERY) {
                restore_primed(m, tree, node);
            }
        }
    }
}
