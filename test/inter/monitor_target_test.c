/* SPDX-License-Identifier: MIT */
/*
 * Wrong targets: between the monitor and a target that is right stands a driver that breaks one
 * rule, once. The monitor has to name the rule.
 */
#include "inter/life.h"
#include "inter/pass.h"

struct breaker;

/* One way to be wrong: any of the hooks, each of which returns true if it did the upcall itself. */
struct wrong {
    const char *name;
    const char *rule;
    bool (*tree)(struct breaker *b, enum toe_inter_op op, struct toe_block *tree);
    bool (*call)(struct breaker *b, enum toe_inter_op op, struct toe_block *tree);
    bool (*chain)(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain);
    bool (*post)(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain);
    bool (*indicate)(struct breaker *b, void *name, struct toe_buf *buf, toe_status *status,
                     uint32_t *consumed);
    bool (*event)(struct breaker *b, void *name, enum toe_event event, uint32_t *info);
    bool (*neighbor)(struct breaker *b, struct toe_block *block);
    void (*run)(struct breaker *b);
    enum toe_inter_op op; /* the one that the generic hooks are about */
    uint32_t nth;         /* at which of its occasions; 0 is the first */
    uint32_t value;       /* for the hook */
};

struct breaker {
    struct inter_pass pass;
    const struct wrong *wrong;
    struct l_life *life;
    uint32_t seen;
    bool is_done;
    struct toe_buf buf; /* one that nobody posted */
    struct toe_sge sge;
    uint8_t bytes[64];
    struct toe_block block;
    struct toe_buf *held; /* a completion put off */
    struct toe_tcp_state state;
    struct toe_buf *chain;
    void *name;
};

/* is_due() tells whether this is the occasion, once. */
static bool is_due(struct breaker *b, enum toe_inter_op op)
{
    if (b->is_done || op != b->wrong->op || b->seen++ != b->wrong->nth) {
        return false;
    }
    b->is_done = true;
    return true;
}

/* --- propagation --- */

/* Not an operation of the seam: the hook in run(). */
#define TOE_INTER_RUN_HOOK ((enum toe_inter_op)TOE_INTER_OP_CNT)

#define BREAK_TREE(name, OP)                                                                       \
    static void name(void *target, struct toe_block *tree)                                         \
    {                                                                                              \
        struct breaker *b = target;                                                                \
                                                                                                   \
        if (b->wrong->call == NULL || !b->wrong->call(b, TOE_INTER_##OP, tree)) {                  \
            b->pass.down.name(b->pass.below, tree);                                                \
        }                                                                                          \
    }                                                                                              \
    static void name##_complete(void *host, struct toe_block *tree)                                \
    {                                                                                              \
        struct breaker *b = host;                                                                  \
                                                                                                   \
        if (b->wrong->tree == NULL || !b->wrong->tree(b, TOE_INTER_##OP##_COMPLETE, tree)) {       \
            b->pass.above_ops.name##_complete(b->pass.above, tree);                                \
        }                                                                                          \
    }

BREAK_TREE(initiate, INITIATE)
BREAK_TREE(terminate, TERMINATE)
BREAK_TREE(update, UPDATE)
BREAK_TREE(query, QUERY)
BREAK_TREE(invalidate, INVALIDATE)

static void send_down(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct breaker *b = target;

    if (b->wrong->post == NULL || !b->wrong->post(b, TOE_INTER_SEND, chain)) {
        b->pass.down.send(b->pass.below, tcp, chain);
    }
}

#define BREAK_CHAIN(name, OP)                                                                      \
    static void name##_complete(void *host, struct toe_buf *chain)                                 \
    {                                                                                              \
        struct breaker *b = host;                                                                  \
                                                                                                   \
        if (b->wrong->chain == NULL || !b->wrong->chain(b, TOE_INTER_##OP##_COMPLETE, chain)) {    \
            b->pass.above_ops.name##_complete(b->pass.above, chain);                               \
        }                                                                                          \
    }

BREAK_CHAIN(send, SEND)
BREAK_CHAIN(receive, RECEIVE)
BREAK_CHAIN(disconnect, DISCONNECT)
BREAK_CHAIN(forward, FORWARD)

static toe_status receive_indicate(void *host, void *name, struct toe_buf *buf, uint32_t *consumed)
{
    struct breaker *b = host;
    toe_status status;

    if (b->wrong->indicate != NULL && b->wrong->indicate(b, name, buf, &status, consumed)) {
        return status;
    }
    return b->pass.above_ops.receive_indicate(b->pass.above, name, buf, consumed);
}

static void tcp_event(void *host, void *name, enum toe_event event, uint32_t info)
{
    struct breaker *b = host;

    if (b->wrong->event == NULL || !b->wrong->event(b, name, event, &info)) {
        b->pass.above_ops.tcp_event(b->pass.above, name, event, info);
    }
}

static void neighbor_event(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    struct breaker *b = host;

    if (b->wrong->neighbor == NULL || !b->wrong->neighbor(b, block)) {
        b->pass.above_ops.neighbor_event(b->pass.above, event, block);
    }
}

static void run(void *target, toe_instant now)
{
    struct breaker *b = target;

    inter_pass_run(target, now);
    if (b->wrong->run != NULL) {
        b->wrong->run(b);
    }
}

/* --- trees --- */

static void complete_tree(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    const struct toe_host_ops *up = &b->pass.above_ops;

    if (op == TOE_INTER_INITIATE_COMPLETE || op == TOE_INTER_INITIATE) {
        up->initiate_complete(b->pass.above, tree);
    } else if (op == TOE_INTER_TERMINATE_COMPLETE || op == TOE_INTER_TERMINATE) {
        up->terminate_complete(b->pass.above, tree);
    } else if (op == TOE_INTER_UPDATE_COMPLETE || op == TOE_INTER_UPDATE) {
        up->update_complete(b->pass.above, tree);
    } else if (op == TOE_INTER_QUERY_COMPLETE || op == TOE_INTER_QUERY) {
        up->query_complete(b->pass.above, tree);
    } else {
        up->invalidate_complete(b->pass.above, tree);
    }
}

static void fail_all(struct toe_block *tree)
{
    for (; tree != NULL; tree = tree->next) {
        tree->status = TOE_STATUS_FAILURE;
        fail_all(tree->dependent);
    }
}

/* The answer comes inside the call, and the request goes no further. */
static bool call_answer_inside(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    if (!is_due(b, op)) {
        return false;
    }
    fail_all(tree);
    complete_tree(b, op, tree);
    return true;
}

static bool tree_twice(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    if (is_due(b, op)) {
        complete_tree(b, op, tree);
    }
    return false;
}

static bool tree_never(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    (void)tree;
    return is_due(b, op);
}

static bool tree_other(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    (void)tree;
    if (is_due(b, op)) {
        complete_tree(b, op, &b->block);
    }
    return false;
}

/* The first block at depth |depth| of a tree, or NULL. */
static struct toe_block *block_at(struct toe_block *tree, uint32_t depth)
{
    while (depth-- > 0 && tree != NULL) {
        tree = tree->dependent;
    }
    return tree;
}

/* The hooks below take |value| as the depth of the block, and do one thing to it. */
#define TREE_HOOK(name, what)                                                                      \
    static bool name(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)              \
    {                                                                                              \
        struct toe_block *at = block_at(tree, b->wrong->value);                                    \
                                                                                                   \
        if (at != NULL && is_due(b, op)) {                                                         \
            what;                                                                                  \
        }                                                                                          \
        return false;                                                                              \
    }

TREE_HOOK(tree_status_pending, at->status = TOE_STATUS_PENDING)
TREE_HOOK(tree_status_partial, at->status = TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS)
TREE_HOOK(tree_status_failure, at->status = TOE_STATUS_FAILURE)
TREE_HOOK(tree_status_neighbor, at->status = TOE_STATUS_OFFLOAD_NEIGHBOR_ENTRIES)
TREE_HOOK(tree_inter_data, at->inter_data[1] = b)
TREE_HOOK(tree_host_data, at->host_data[0] = b)
TREE_HOOK(tree_no_handle, *at->object = 0)
TREE_HOOK(tree_handle_twice, *at->next->object = *at->object)
TREE_HOOK(tree_failed_with_handle, at->status = TOE_STATUS_RESOURCES)
TREE_HOOK(tree_accepted, (tree->dependent->status = TOE_STATUS_SUCCESS,
                          at->status = TOE_STATUS_SUCCESS, *at->object = 4711))
TREE_HOOK(tree_failed_marked, (at->status = TOE_STATUS_RESOURCES, *at->object = 0,
                               at->send_chain = b->chain, at->send_chain->status = 0))
TREE_HOOK(tree_failed_taken, (at->status = TOE_STATUS_RESOURCES, *at->object = 0))
TREE_HOOK(tree_parent_failed, (at->status = TOE_STATUS_RESOURCES, *at->object = 0))
TREE_HOOK(tree_cached, at->state.tcp->cached.ttl ^= 1)
TREE_HOOK(tree_una, ++at->state.tcp->delegated.snd_una)
TREE_HOOK(tree_rcv_nxt, ++at->state.tcp->delegated.rcv_nxt)
TREE_HOOK(tree_nxt, at->state.tcp->delegated.snd_nxt = at->state.tcp->delegated.snd_max + 1)
TREE_HOOK(tree_flags, at->state.tcp->delegated.flags ^= 1)
TREE_HOOK(tree_head, at->state.tcp->delegated.send_data_head = NULL)
TREE_HOOK(tree_cut_chain, at->send_chain->next = NULL)
TREE_HOOK(tree_foreign, at->send_chain = &b->buf)
TREE_HOOK(tree_returned_status, at->send_chain->status = TOE_STATUS_SUCCESS)
TREE_HOOK(tree_returned_advanced, toe_buf_advance(at->send_chain->next, 1))

static bool tree_swap_returned(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    if (is_due(b, op)) {
        struct toe_block *at = block_at(tree, 2);
        struct toe_buf *first = at->send_chain;

        at->send_chain = first->next;
        at->send_chain->next = first;
        first->next = NULL;
    }
    return false;
}

/* Remembers what a block carried on its way down, and puts it back on its way up. */
static bool call_remember(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    if (op == TOE_INTER_INITIATE && b->name == NULL) {
        b->chain = block_at(tree, 2)->send_chain;
        b->name = block_at(tree, 2)->host_object;
    } else if (op + (TOE_INTER_INITIATE_COMPLETE - TOE_INTER_INITIATE) == b->wrong->op &&
               b->seen == b->wrong->nth) {
        const struct toe_block *at = block_at(tree, b->wrong->value);

        if (at == NULL || at->state.tcp == NULL) {
            return false;
        }
        b->chain = at->send_chain;
        b->state = *at->state.tcp;
    }
    return false;
}

TREE_HOOK(tree_chain_as_it_was, at->send_chain = b->chain)
TREE_HOOK(tree_state_as_it_was, at->state.tcp->delegated = b->state.delegated)

/* Upcalls at the wrong time around a completion. */
static bool tree_send_first(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    (void)tree;
    if (is_due(b, op)) {
        b->chain->status = TOE_STATUS_UPLOAD_IN_PROGRESS;
        b->chain->transferred = 0;
        b->pass.above_ops.send_complete(b->pass.above, b->chain);
    }
    return false;
}

static bool tree_indicate_first(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    uint32_t consumed;

    (void)tree;
    if (is_due(b, op)) {
        (void)b->pass.above_ops.receive_indicate(b->pass.above, b->name, &b->buf, &consumed);
    }
    return false;
}

static bool tree_event_first(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    if (is_due(b, op)) {
        b->pass.above_ops.tcp_event(b->pass.above, block_at(tree, 2)->host_object,
                                    (enum toe_event)b->wrong->value, TOE_UPLOAD_REQUESTED);
    }
    return false;
}

static bool tree_event_after(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    if (!is_due(b, op)) {
        return false;
    }
    complete_tree(b, op, tree);
    b->pass.above_ops.tcp_event(b->pass.above, block_at(tree, 2)->host_object, TOE_EVENT_ABORT, 0);
    return true;
}

/* A failure that corrupt hardware would explain: the abort comes without the retrieve. */
static bool tree_fail_and_abort(struct breaker *b, enum toe_inter_op op, struct toe_block *tree)
{
    if (!is_due(b, op)) {
        return false;
    }
    tree->status = TOE_STATUS_FAILURE;
    complete_tree(b, op, tree);
    b->pass.above_ops.tcp_event(b->pass.above, b->life->t->tcp.block.host_object, TOE_EVENT_ABORT,
                                0);
    return true;
}

/* --- chains --- */

static void complete_chain(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    const struct toe_host_ops *up = &b->pass.above_ops;

    if (op == TOE_INTER_SEND_COMPLETE) {
        up->send_complete(b->pass.above, chain);
    } else if (op == TOE_INTER_RECEIVE_COMPLETE) {
        up->receive_complete(b->pass.above, chain);
    } else if (op == TOE_INTER_DISCONNECT_COMPLETE) {
        up->disconnect_complete(b->pass.above, chain);
    } else {
        up->forward_complete(b->pass.above, chain);
    }
}

static bool chain_status(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (is_due(b, op)) {
        chain->status = b->wrong->value;
    }
    return false;
}

static bool chain_count(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (is_due(b, op)) {
        ++chain->transferred;
    }
    return false;
}

static bool chain_left(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (is_due(b, op)) {
        --chain->transferred;
        --chain->off;
        ++chain->len;
    }
    return false;
}

static bool chain_twice(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (is_due(b, op)) {
        complete_chain(b, op, chain);
    }
    return false;
}

static bool chain_never(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    (void)chain;
    return is_due(b, op);
}

static bool chain_foreign(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    (void)chain;
    if (is_due(b, op)) {
        complete_chain(b, op, &b->buf);
    }
    return false;
}

static bool chain_flags(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (is_due(b, op)) {
        chain->owner_data[0] = b;
    }
    return false;
}

static bool chain_memory(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (is_due(b, op)) {
        *(uint8_t *)(uintptr_t)chain->sge[0].addr ^= 1;
    }
    return false;
}

static bool chain_as_receive(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (!is_due(b, op)) {
        return false;
    }
    b->pass.above_ops.receive_complete(b->pass.above, chain);
    return true;
}

/* The first one waits for the next. */
static bool chain_swap(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    struct toe_buf *held = b->held;

    if (is_due(b, op)) {
        b->held = chain;
        return true;
    }
    if (held == NULL || op != b->wrong->op) {
        return false;
    }
    b->held = NULL;
    complete_chain(b, op, chain);
    complete_chain(b, op, held);
    return true;
}

static bool chain_failed_first(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (is_due(b, op)) {
        chain->status = TOE_STATUS_UPLOAD_IN_PROGRESS;
    }
    return false;
}

/* A completion is put off and made from outside of run(). */
static toe_instant deadline(void *target)
{
    struct breaker *b = target;

    if (b->held != NULL && b->wrong->run == NULL && strcmp(b->wrong->rule, "SEAM-1") == 0) {
        struct toe_buf *held = b->held;

        b->held = NULL;
        complete_chain(b, b->wrong->op, held);
    }
    return b->pass.down.deadline(b->pass.below);
}

static bool chain_put_off(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (!is_due(b, op)) {
        return false;
    }
    b->held = chain;
    return true;
}

static bool chain_empty(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    (void)chain;
    if (is_due(b, op)) {
        complete_chain(b, op, NULL);
    }
    return false;
}

static bool post_answer_inside(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (!is_due(b, op)) {
        return false;
    }
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        buf->status = TOE_STATUS_UPLOAD_IN_PROGRESS;
        buf->transferred = 0;
    }
    b->pass.above_ops.send_complete(b->pass.above, chain);
    return true;
}

/* A receive of which a part is given back as if it had been all there was. */
static bool chain_short(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (is_due(b, op)) {
        chain->off -= chain->transferred;
        chain->len += chain->transferred;
        chain->transferred = b->wrong->value;
        toe_buf_advance(chain, b->wrong->value);
        chain->status = TOE_STATUS_SUCCESS;
    }
    return false;
}

/* --- indications --- */

static bool indicate_chain(struct breaker *b, void *name, struct toe_buf *buf, toe_status *status,
                           uint32_t *consumed)
{
    if (!is_due(b, TOE_INTER_RECEIVE_INDICATE)) {
        return false;
    }
    buf->next = &b->buf;
    *status = b->pass.above_ops.receive_indicate(b->pass.above, name, buf, consumed);
    return true;
}

static bool indicate_beyond(struct breaker *b, void *name, struct toe_buf *buf, toe_status *status,
                            uint32_t *consumed)
{
    (void)buf;
    if (!is_due(b, TOE_INTER_RECEIVE_INDICATE)) {
        return false;
    }
    b->buf.len = 1000;
    *status = b->pass.above_ops.receive_indicate(b->pass.above, name, &b->buf, consumed);
    return true;
}

static bool indicate_large(struct breaker *b, void *name, struct toe_buf *buf, toe_status *status,
                           uint32_t *consumed)
{
    (void)buf;
    if (!is_due(b, TOE_INTER_RECEIVE_INDICATE)) {
        return false;
    }
    b->buf.len = 65536; /* the host does not look at them */
    b->sge.len = 65536;
    *status = b->pass.above_ops.receive_indicate(b->pass.above, name, &b->buf, consumed);
    return true;
}

static bool indicate_empty(struct breaker *b, void *name, struct toe_buf *buf, toe_status *status,
                           uint32_t *consumed)
{
    (void)buf;
    if (!is_due(b, TOE_INTER_RECEIVE_INDICATE)) {
        return false;
    }
    b->buf.len = 0;
    *status = b->pass.above_ops.receive_indicate(b->pass.above, name, &b->buf, consumed);
    return true;
}

static bool indicate_unknown(struct breaker *b, void *name, struct toe_buf *buf, toe_status *status,
                             uint32_t *consumed)
{
    (void)name;
    if (!is_due(b, TOE_INTER_RECEIVE_INDICATE)) {
        return false;
    }
    *status = b->pass.above_ops.receive_indicate(b->pass.above, b, buf, consumed);
    return true;
}

/* What was indicated once, whatever the answer, is indicated again. */
static bool indicate_again(struct breaker *b, void *name, struct toe_buf *buf, toe_status *status,
                           uint32_t *consumed)
{
    if (!is_due(b, TOE_INTER_RECEIVE_INDICATE)) {
        return false;
    }
    *status = b->pass.above_ops.receive_indicate(b->pass.above, name, buf, consumed);
    *status = b->pass.above_ops.receive_indicate(b->pass.above, name, buf, consumed);
    return true;
}

/* An indication of the breaker's own in a run, when |nth| calls of the hook have passed. */
static void run_indicate(struct breaker *b)
{
    uint32_t consumed;

    if (is_due(b, b->wrong->op)) {
        (void)b->pass.above_ops.receive_indicate(b->pass.above, b->life->t->tcp.block.host_object,
                                                 &b->buf, &consumed);
    }
}

/* Another indication of the breaker's, as the last of many: it follows what the test is about. */
static bool event_then_indicate(struct breaker *b, void *name, enum toe_event event, uint32_t *info)
{
    uint32_t consumed;

    if (event != (enum toe_event)b->wrong->value || b->is_done) {
        return false;
    }
    b->is_done = true;
    b->pass.above_ops.tcp_event(b->pass.above, name, event, *info);
    (void)b->pass.above_ops.receive_indicate(b->pass.above, name, &b->buf, &consumed);
    return true;
}

static bool chain_then_indicate(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    uint32_t consumed;

    if (!is_due(b, op)) {
        return false;
    }
    complete_chain(b, op, chain);
    (void)b->pass.above_ops.receive_indicate(b->pass.above, b->life->t->tcp.block.host_object,
                                             &b->buf, &consumed);
    return true;
}

static bool chain_then_event(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (!is_due(b, op)) {
        return false;
    }
    complete_chain(b, op, chain);
    b->pass.above_ops.tcp_event(b->pass.above, b->life->t->tcp.block.host_object,
                                (enum toe_event)b->wrong->value, TOE_UPLOAD_LOW_ACTIVITY);
    return true;
}

static bool event_info(struct breaker *b, void *name, enum toe_event event, uint32_t *info)
{
    (void)name;
    if (event == (enum toe_event)b->wrong->value) {
        *info = 99;
    }
    return false;
}

static bool event_twice(struct breaker *b, void *name, enum toe_event event, uint32_t *info)
{
    if (event == (enum toe_event)b->wrong->value) {
        b->pass.above_ops.tcp_event(b->pass.above, name, event, *info);
    }
    return false;
}

static bool event_late(struct breaker *b, void *name, enum toe_event event, uint32_t *info)
{
    (void)b;
    (void)name;
    (void)info;
    return event == TOE_EVENT_ABORT;
}

static bool neighbor_bare(struct breaker *b, struct toe_block *block)
{
    (void)b;
    block->state.neighbor = NULL;
    return false;
}

static bool neighbor_early(struct breaker *b, struct toe_block *block)
{
    (void)b;
    block->state.neighbor->cached.host_reachability_delta = 10;
    return false;
}

static bool neighbor_twice(struct breaker *b, struct toe_block *block)
{
    b->pass.above_ops.neighbor_event(b->pass.above, TOE_NEIGHBOR_REACHABILITY_QUERY, block);
    block->state.neighbor->cached.host_reachability_delta = 90000;
    return false;
}

#include "inter/wrongs.h"

/* --- the test --- */

static void breaker_init(struct breaker *b, const struct wrong *wrong, struct t_target *t)
{
    const struct toe_inter_below below = {toe_target_ops(), t->target};

    memset(b, 0, sizeof(*b));
    assert_true(inter_pass_init(&b->pass, &below));
    b->wrong = wrong;
    b->sge = (struct toe_sge){.addr = (uintptr_t)b->bytes, .len = sizeof(b->bytes)};
    b->buf = (struct toe_buf){.sge = &b->sge, .sge_cnt = 1, .len = 10};
    b->pass.ops.initiate = initiate;
    b->pass.ops.terminate = terminate;
    b->pass.ops.update = update;
    b->pass.ops.query = query;
    b->pass.ops.invalidate = invalidate;
    b->pass.ops.send = send_down;
    b->pass.ops.deadline = deadline;
    b->pass.ops.run = run;
    b->pass.up.initiate_complete = initiate_complete;
    b->pass.up.terminate_complete = terminate_complete;
    b->pass.up.update_complete = update_complete;
    b->pass.up.query_complete = query_complete;
    b->pass.up.invalidate_complete = invalidate_complete;
    b->pass.up.send_complete = send_complete;
    b->pass.up.receive_complete = receive_complete;
    b->pass.up.disconnect_complete = disconnect_complete;
    b->pass.up.forward_complete = forward_complete;
    b->pass.up.receive_indicate = receive_indicate;
    b->pass.up.tcp_event = tcp_event;
    b->pass.up.neighbor_event = neighbor_event;
}

static void print_breach(void *user, const struct toe_inter_breach *breach)
{
    const struct wrong *wrong = user;

    if (getenv("TOE_TEST_VERBOSE") != NULL || wrong->rule == NULL) {
        print_message("%s: %s %s: %s\n", wrong->name,
                      breach->rule->side == TOE_INTER_HOST ? "host" : "target", breach->rule->id,
                      breach->rule->text);
    }
}

/* Leads a target that is wrong in one way through all that there is; returns what was reported. */
static uint64_t live(const struct wrong *wrong, bool *is_named)
{
    static struct breaker breaker;
    static struct l_life life;
    struct wrong copy = *wrong;
    struct t_target *t = t_target_new();
    struct toe_inter_monitor_stats stats = {.size = sizeof(stats)};
    struct toe_inter_below below;

    t_target_start(t);
    breaker_init(&breaker, wrong, t);
    breaker.life = &life;
    below = (struct toe_inter_below){&breaker.pass.ops, &breaker};
    l_life_init(&life, t, &below, print_breach, &copy);
    l_life(&life);
    toe_inter_monitor_stats_get(life.monitor, &stats);
    *is_named = wrong->rule == NULL || l_breached(&life, wrong->rule, TOE_INTER_TARGET) > 0;
    l_life_fini(&life);
    t_target_del(t);
    return stats.breaches[TOE_INTER_HOST] + stats.breaches[TOE_INTER_TARGET];
}

static void test_right(void **state)
{
    const struct wrong right = {.name = "nothing wrong"};
    bool is_named;

    (void)state;
    assert_int_equal(live(&right, &is_named), 0);
}

static void test_wrong(void **state)
{
    uint32_t missed = 0;
    uint32_t cnt = 0;

    (void)state;
    for (const struct wrong *wrong = wrongs; wrong->name != NULL; ++wrong) {
        bool is_named = false;

        (void)live(wrong, &is_named);
        ++cnt;
        if (!is_named) {
            ++missed;
            print_message("%s: %s was not reported\n", wrong->name, wrong->rule);
        }
    }
    print_message("%u wrong targets\n", cnt);
    assert_true(cnt >= 40);
    assert_int_equal(missed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right),
        cmocka_unit_test(test_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
