/* SPDX-License-Identifier: MIT */
#include "inter/fault.h"

#include "base/mem.h"

/*
 * A refused object must not exist below, nor what hangs from it: so its block is taken out of the
 * tree before that goes down, and put back, with a status, when it comes up. The statuses of those
 * above it follow from the rules of partial success (CONTROL 2.4).
 */

#define NO_PARENT UINT32_MAX

static uint64_t hash_of(const void *ptr)
{
    const uint64_t x = (uintptr_t)ptr * UINT64_C(0x9e3779b97f4a7c15);

    return x ^ x >> 29;
}

static uint32_t count(const struct toe_block *chain)
{
    uint32_t cnt = 0;

    for (const struct toe_block *b = chain; b != NULL; b = b->next) {
        cnt += 1 + count(b->dependent);
    }
    return cnt;
}

static void take_down(struct fault_call *call, struct toe_block *chain, uint32_t parent)
{
    for (struct toe_block *b = chain; b != NULL; b = b->next) {
        const uint32_t idx = call->cnt++;

        call->blocks[idx] = (struct fault_block){
            .block = b,
            .next = b->next,
            .dependent = b->dependent,
            .parent = parent,
            .role = toe_block_role(b),
        };
        take_down(call, b->dependent, idx);
    }
}

/* Makes |call| the one that is found by its head. */
static void bind(struct toe_inter_fault *f, struct fault_call *call)
{
    base_hash_insert(&f->calls_by_head, &call->by_head, hash_of(call->head));
    call->saved[0] = call->head->inter_data[0];
    call->saved[1] = call->head->inter_data[1];
    call->head->inter_data[0] = call;
}

static void unbind(struct toe_inter_fault *f, struct fault_call *call)
{
    if (call->head != NULL) {
        base_hash_remove(&f->calls_by_head, &call->by_head);
        call->head->inter_data[0] = call->saved[0];
        call->head->inter_data[1] = call->saved[1];
        call->head = NULL;
    }
}

struct fault_call *fault_call_new(struct toe_inter_fault *f, struct toe_block *root,
                                  enum fault_op op)
{
    const uint32_t cnt = count(root);
    struct fault_call *call =
        base_mem_alloc(&f->settings.mem, sizeof(*call) + cnt * sizeof(call->blocks[0]));

    if (call == NULL) {
        return NULL;
    }
    call->root = root;
    call->head = root;
    call->op = op;
    take_down(call, root, NO_PARENT);
    bind(f, call);
    base_list_push_back(&f->calls, &call->node);
    return call;
}

void fault_call_del(struct toe_inter_fault *f, struct fault_call *call)
{
    unbind(f, call);
    base_list_remove(&call->node);
    base_mem_free(&f->settings.mem, call, sizeof(*call) + call->cnt * sizeof(call->blocks[0]));
}

struct fault_call *fault_call_find(const struct toe_inter_fault *f, const struct toe_block *head)
{
    struct base_hash_node *n = base_hash_first(&f->calls_by_head, hash_of(head));

    for (; n != NULL; n = base_hash_next(n)) {
        struct fault_call *call = base_container_of(n, struct fault_call, by_head);

        if (call->head == head) {
            return call;
        }
    }
    return NULL;
}

/* --- refusing --- */

static toe_status default_status(enum toe_layer layer)
{
    switch (layer) {
    case TOE_LAYER_NEIGHBOR:
        return TOE_STATUS_OFFLOAD_NEIGHBOR_ENTRIES;
    case TOE_LAYER_PATH:
        return TOE_STATUS_OFFLOAD_PATH_ENTRIES;
    case TOE_LAYER_TCP:
        return TOE_STATUS_OFFLOAD_TCP_ENTRIES;
    case TOE_LAYER_NONE:
        break;
    }
    return TOE_STATUS_FAILURE;
}

/* Why |block| is refused, or 0. */
static toe_status refusal(struct toe_inter_fault *f, const struct toe_block *block)
{
    const enum toe_layer layer = toe_block_layer(block->type);
    const struct toe_inter_fault_rule *rule;

    if (layer == TOE_LAYER_NONE) {
        return 0;
    }
    rule = fault_roll(f, (enum toe_inter_fault_kind)(TOE_INTER_FAULT_REFUSE_NEIGHBOR + layer));
    if (rule == NULL) {
        return 0;
    }
    return rule->status != 0 ? rule->status : default_status(layer);
}

/* Whether something above block |idx| was refused: then it is not attempted. */
static bool is_below_refused(const struct fault_call *call, uint32_t idx)
{
    for (uint32_t i = call->blocks[idx].parent; i != NO_PARENT; i = call->blocks[i].parent) {
        if (call->blocks[i].refused != 0) {
            return true;
        }
    }
    return false;
}

/* Whether block |idx| lies behind all that hangs below |parent|: a tree is stored depth first. */
static bool is_behind(const struct fault_call *call, uint32_t idx, uint32_t parent)
{
    const uint32_t above = call->blocks[idx].parent;

    return parent != NO_PARENT && (above == NO_PARENT || above < parent);
}

/* Links those of |idx| and its siblings that go down; returns the first of them. */
static struct toe_block *link_rest(struct fault_call *call, uint32_t idx, uint32_t parent)
{
    struct toe_block *head = NULL;
    struct toe_block **link = &head;

    for (uint32_t i = idx; i < call->cnt && !is_behind(call, i, parent); ++i) {
        struct fault_block *b = &call->blocks[i];

        if (b->parent != parent || b->refused != 0) {
            continue;
        }
        if (b->dependent != NULL) {
            b->block->dependent = link_rest(call, i + 1, i);
        }
        *link = b->block;
        link = &b->block->next;
    }
    *link = NULL;
    return head;
}

void fault_refuse(struct toe_inter_fault *f, struct fault_call *call)
{
    bool any = false;

    for (uint32_t i = 0; i < call->cnt; ++i) {
        struct fault_block *b = &call->blocks[i];

        if (b->role == TOE_ROLE_NEW && !is_below_refused(call, i)) {
            b->refused = refusal(f, b->block);
            any = any || b->refused != 0;
        }
    }
    if (!any) {
        return;
    }
    unbind(f, call);
    /* A root that fails stops all of it (PART-4). */
    call->head = call->blocks[0].refused != 0 ? NULL : link_rest(call, 0, NO_PARENT);
    if (call->head != NULL) {
        bind(f, call);
    }
}

/* --- putting back --- */

static void set_failed(struct fault_block *b)
{
    b->block->status = b->role == TOE_ROLE_PLACEHOLDER ? TOE_STATUS_SUCCESS : TOE_STATUS_FAILURE;
}

void fault_fail(struct fault_call *call)
{
    for (uint32_t i = 0; i < call->cnt; ++i) {
        set_failed(&call->blocks[i]);
    }
}

/* The status of a refused block, given what became of those above it and before it. */
static void set_refused(struct fault_call *call, uint32_t idx, bool is_stopped)
{
    struct fault_block *b = &call->blocks[idx];
    const struct fault_block *parent = b->parent == NO_PARENT ? NULL : &call->blocks[b->parent];
    const bool is_attempted =
        !is_stopped && (parent == NULL || parent->role == TOE_ROLE_PLACEHOLDER ||
                        !toe_status_is_failure(parent->block->status));

    b->block->status = is_attempted ? b->refused : TOE_STATUS_FAILURE;
}

/* The status of a block with dependents, of which some were put back. */
static void settle(struct fault_call *call, uint32_t idx)
{
    struct fault_block *b = &call->blocks[idx];
    uint32_t cnt = 0;
    uint32_t failed_cnt = 0;

    if (b->role == TOE_ROLE_PLACEHOLDER || toe_status_is_failure(b->block->status)) {
        return;
    }
    for (uint32_t i = idx + 1; i < call->cnt && !is_behind(call, i, idx); ++i) {
        if (call->blocks[i].parent == idx) {
            ++cnt;
            failed_cnt += toe_status_is_failure(call->blocks[i].block->status);
        }
    }
    if (failed_cnt == 0) {
        return;
    }
    b->block->status = b->role == TOE_ROLE_REFERENCE && failed_cnt == cnt
                           ? TOE_STATUS_FAILURE
                           : TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS;
}

void fault_graft(struct fault_call *call)
{
    const struct fault_block *root = &call->blocks[0];
    bool is_stopped;

    for (uint32_t i = 0; i < call->cnt; ++i) {
        call->blocks[i].block->next = call->blocks[i].next;
        call->blocks[i].block->dependent = call->blocks[i].dependent;
    }
    if (root->refused != 0) {
        fault_fail(call);
        root->block->status = root->refused;
        return;
    }
    is_stopped = root->role == TOE_ROLE_NEW && toe_status_is_failure(root->block->status);
    for (uint32_t i = 1; i < call->cnt; ++i) {
        if (call->blocks[i].refused != 0) {
            set_refused(call, i, is_stopped);
        } else if (is_below_refused(call, i)) {
            set_failed(&call->blocks[i]);
        }
    }
    for (uint32_t i = call->cnt; i > 0; --i) {
        settle(call, i - 1);
    }
}
