/* SPDX-License-Identifier: MIT */
#include "toe/inter.h"

#include "base/mem.h"
#include "inter/fault.h"

#include <string.h>

/*
 * The fault injector's tables, and what is put off.
 *
 * From above it makes no difference on which way a request is late. An initiate, an update and an
 * invalidate are put off on their way down, so that nothing comes of them before their completion;
 * a terminate and a query on their way up, so that nothing comes of their objects after the call.
 */

/* --- state operations --- */

static void pass_down(struct toe_inter_fault *f, const struct fault_call *call)
{
    const struct toe_target_ops *down = &f->pass.down;

    switch (call->op) {
    case FAULT_INITIATE:
        down->initiate(f->pass.below, call->head);
        break;
    case FAULT_TERMINATE:
        down->terminate(f->pass.below, call->head);
        break;
    case FAULT_UPDATE:
        down->update(f->pass.below, call->head);
        break;
    case FAULT_QUERY:
        down->query(f->pass.below, call->head);
        break;
    case FAULT_INVALIDATE:
        down->invalidate(f->pass.below, call->head);
        break;
    }
}

static void pass_up(struct toe_inter_fault *f, struct toe_block *root, enum fault_op op)
{
    const struct toe_host_ops *up = &f->pass.above_ops;

    switch (op) {
    case FAULT_INITIATE:
        up->initiate_complete(f->pass.above, root);
        break;
    case FAULT_TERMINATE:
        up->terminate_complete(f->pass.above, root);
        break;
    case FAULT_UPDATE:
        up->update_complete(f->pass.above, root);
        break;
    case FAULT_QUERY:
        up->query_complete(f->pass.above, root);
        break;
    case FAULT_INVALIDATE:
        up->invalidate_complete(f->pass.above, root);
        break;
    }
}

/* Those that wait for another one to pass them may go. */
static void release_waiting(struct toe_inter_fault *f, bool is_down)
{
    base_list_foreach(n, &f->off)
    {
        struct fault_call *call = base_container_of(n, struct fault_call, node);

        if (call->is_down == is_down && call->waits) {
            call->waits = false;
            call->is_fresh = true;
            call->at = 0;
        }
    }
}

/* The time of a call is known in the next run only. */
static void put_off(struct toe_inter_fault *f, struct fault_call *call, bool is_down, bool waits,
                    toe_duration time)
{
    call->is_down = is_down;
    call->waits = waits;
    call->is_fresh = !f->pass.is_running;
    call->at = call->is_fresh ? time : f->pass.now + time;
    base_list_remove(&call->node);
    base_list_push_back(&f->off, &call->node);
}

/* Puts |call| off if that strikes; returns whether it did. */
static bool is_put_off(struct toe_inter_fault *f, struct fault_call *call, bool is_down)
{
    const struct toe_inter_fault_rule *rule = fault_roll(f, TOE_INTER_FAULT_DELAY);

    if (rule != NULL) {
        put_off(f, call, is_down, false, fault_time(f, rule));
        return true;
    }
    rule = fault_roll(f, TOE_INTER_FAULT_REORDER);
    if (rule != NULL) {
        put_off(f, call, is_down, true, fault_time(f, rule));
        return true;
    }
    return false;
}

/* Whether |call| waits for the end of a pause. */
static bool is_held(const struct toe_inter_fault *f, const struct fault_call *call)
{
    return call->op == FAULT_INITIATE && call->is_down && f->told == FAULT_PAUSED;
}

/* Nothing of |call| got anywhere. */
static void fail_initiate(struct fault_call *call)
{
    fault_graft(call);
    fault_fail(call);
}

static void send_down(struct toe_inter_fault *f, struct fault_call *call)
{
    release_waiting(f, true);
    pass_down(f, call);
}

/* The only connection of a tree that is a single branch, or NULL. */
static struct fault_conn *only_conn(const struct toe_inter_fault *f, const struct fault_call *call)
{
    const struct toe_block *last = call->blocks[call->cnt - 1].block;

    for (uint32_t i = 0; i < call->cnt; ++i) {
        if (call->blocks[i].next != NULL) {
            return NULL;
        }
    }
    return last->object != NULL && toe_block_layer(last->type) == TOE_LAYER_TCP
               ? fault_conn_find(f, last->host_object)
               : NULL;
}

/* Whether |call| fails at once, before it has got anywhere. */
static bool is_failed(struct toe_inter_fault *f, struct fault_call *call)
{
    struct fault_conn *conn;

    switch (call->op) {
    case FAULT_INITIATE:
        fault_posts_offer(f, call);
        fault_refuse(f, call);
        if (call->head == NULL) {
            fault_graft(call);
            return true;
        }
        if (f->told == FAULT_UPLOADING) {
            fail_initiate(call);
            return true;
        }
        return false;
    case FAULT_UPDATE:
        if (fault_roll(f, TOE_INTER_FAULT_FAIL_UPDATE) == NULL) {
            return false;
        }
        fault_fail(call);
        return true;
    case FAULT_TERMINATE:
        conn = only_conn(f, call);
        fault_conns_leave(f, call);
        if (conn == NULL || conn->is_broken || conn->is_over ||
            !fault_conn_strikes(f, conn, TOE_INTER_FAULT_HARDWARE_TERMINATE)) {
            return false;
        }
        fault_fail(call);
        call->blocks[call->cnt - 1].refused = TOE_STATUS_FAILURE;
        return true;
    case FAULT_QUERY:
    case FAULT_INVALIDATE:
        break;
    }
    return false;
}

static void call_tree(void *target, struct toe_block *root, enum fault_op op)
{
    struct toe_inter_fault *f = target;
    struct fault_call *call = root != NULL ? fault_call_new(f, root, op) : NULL;
    const bool goes_late = op == FAULT_INITIATE || op == FAULT_UPDATE || op == FAULT_INVALIDATE;

    if (call == NULL) {
        const struct fault_call plain = {.head = root, .op = op};

        pass_down(f, &plain);
        return;
    }
    inter_census_call(&f->census, root, op == FAULT_INITIATE);
    if (is_failed(f, call)) {
        put_off(f, call, false, false, 0);
    } else if (op == FAULT_INITIATE && f->told == FAULT_PAUSED) {
        put_off(f, call, true, false, 0);
    } else if (!goes_late || !is_put_off(f, call, true)) {
        send_down(f, call);
    }
}

static void initiate(void *target, struct toe_block *tree)
{
    call_tree(target, tree, FAULT_INITIATE);
}

static void terminate(void *target, struct toe_block *tree)
{
    call_tree(target, tree, FAULT_TERMINATE);
}

static void update(void *target, struct toe_block *tree)
{
    call_tree(target, tree, FAULT_UPDATE);
}

static void query(void *target, struct toe_block *tree)
{
    call_tree(target, tree, FAULT_QUERY);
}

static void invalidate(void *target, struct toe_block *tree)
{
    call_tree(target, tree, FAULT_INVALIDATE);
}

/* --- completions --- */

/* Corrupt hardware, seen by a query or an invalidate of connections. */
static void corrupt(struct toe_inter_fault *f, struct fault_call *call)
{
    const enum toe_inter_fault_kind kind = call->op == FAULT_QUERY
                                               ? TOE_INTER_FAULT_HARDWARE_QUERY
                                               : TOE_INTER_FAULT_HARDWARE_INVALIDATE;

    for (uint32_t i = 0; i < call->cnt; ++i) {
        struct fault_block *b = &call->blocks[i];
        struct fault_conn *conn;

        if (b->role != TOE_ROLE_REFERENCE || toe_block_layer(b->block->type) != TOE_LAYER_TCP ||
            b->block->status != TOE_STATUS_SUCCESS) {
            continue;
        }
        conn = fault_conn_by_handle(f, *b->block->object);
        if (conn != NULL && !conn->is_broken && !conn->is_over && !conn->is_leaving &&
            fault_conn_strikes(f, conn, kind)) {
            b->block->status = TOE_STATUS_FAILURE;
            b->refused = TOE_STATUS_FAILURE;
        }
    }
}

/* Those whose failure is put down to their hardware. */
static void break_conns(struct toe_inter_fault *f, const struct fault_call *call)
{
    for (uint32_t i = 0; i < call->cnt && call->op != FAULT_INITIATE; ++i) {
        const struct fault_block *b = &call->blocks[i];
        struct fault_conn *conn =
            b->refused != 0 ? fault_conn_by_handle(f, *b->block->object) : NULL;

        if (conn != NULL) {
            conn->is_leaving = false;
            fault_conn_break(f, conn);
        }
    }
}

/* Hands |call| up: nothing of it is ours any more then. */
static void deliver(struct toe_inter_fault *f, struct fault_call *call)
{
    struct toe_block *root = call->root;
    const enum fault_op op = call->op;

    if (op == FAULT_QUERY || op == FAULT_INVALIDATE) {
        corrupt(f, call);
    }
    break_conns(f, call);
    if (op == FAULT_INITIATE) {
        inter_census_initiated(&f->census, root);
    } else if (op == FAULT_TERMINATE) {
        inter_census_terminated(&f->census, root);
    } else {
        inter_census_answered(&f->census);
    }
    fault_call_del(f, call);
    release_waiting(f, false);
    pass_up(f, root, op);
}

static void complete_tree(void *host, struct toe_block *head, enum fault_op op)
{
    struct toe_inter_fault *f = host;
    struct fault_call *call = fault_call_find(f, head);

    if (call == NULL || call->op != op) {
        pass_up(f, head, op);
        return;
    }
    if (op == FAULT_INITIATE) {
        fault_graft(call);
        fault_conns_add(f, call);
    } else if (op == FAULT_TERMINATE) {
        fault_conns_gone(f, call);
    }
    if ((op != FAULT_TERMINATE && op != FAULT_QUERY) || !is_put_off(f, call, false)) {
        deliver(f, call);
    }
}

static void initiate_complete(void *host, struct toe_block *tree)
{
    complete_tree(host, tree, FAULT_INITIATE);
}

static void terminate_complete(void *host, struct toe_block *tree)
{
    complete_tree(host, tree, FAULT_TERMINATE);
}

static void update_complete(void *host, struct toe_block *tree)
{
    complete_tree(host, tree, FAULT_UPDATE);
}

static void query_complete(void *host, struct toe_block *tree)
{
    complete_tree(host, tree, FAULT_QUERY);
}

static void invalidate_complete(void *host, struct toe_block *tree)
{
    complete_tree(host, tree, FAULT_INVALIDATE);
}

/* The first that was put off in this direction and is due, or NULL. */
static struct fault_call *next_due(const struct toe_inter_fault *f, bool is_down)
{
    base_list_foreach(n, &f->off)
    {
        struct fault_call *call = base_container_of(n, struct fault_call, node);

        if (call->is_fresh) {
            call->is_fresh = false;
            call->at += f->pass.now;
        }
        if (call->is_down == is_down && call->at <= f->pass.now && !is_held(f, call)) {
            return call;
        }
    }
    return NULL;
}

/* --- data --- */

static void receive_complete(void *host, struct toe_buf *chain)
{
    struct toe_inter_fault *f = host;
    struct toe_buf *rest = fault_own_receives(f, chain);

    fault_posts_complete(f, rest);
    if (rest != NULL) {
        f->pass.above_ops.receive_complete(f->pass.above, rest);
    }
}

static void send_complete(void *host, struct toe_buf *chain)
{
    struct toe_inter_fault *f = host;

    fault_posts_complete(f, chain);
    f->pass.above_ops.send_complete(f->pass.above, chain);
}

static void disconnect_complete(void *host, struct toe_buf *buf)
{
    struct toe_inter_fault *f = host;

    fault_posts_complete(f, buf);
    f->pass.above_ops.disconnect_complete(f->pass.above, buf);
}

static void send(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct toe_inter_fault *f = target;

    fault_posts_add(f, tcp, chain, false);
    f->pass.down.send(f->pass.below, tcp, chain);
}

static void receive(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct toe_inter_fault *f = target;

    fault_posts_add(f, tcp, chain, false);
    f->pass.down.receive(f->pass.below, tcp, chain);
}

static void disconnect(void *target, toe_handle tcp, struct toe_buf *buf, enum toe_disconnect how)
{
    struct toe_inter_fault *f = target;

    fault_posts_add(f, tcp, buf, true);
    if (how == TOE_DISCONNECT_ABORTIVE) {
        fault_conn_abort(f, tcp);
    }
    f->pass.down.disconnect(f->pass.below, tcp, buf, how);
}

static void receive_return(void *target, struct toe_buf *chain)
{
    struct toe_inter_fault *f = target;
    struct toe_buf *rest;

    inter_census_return(&f->census, chain);
    rest = fault_own_copies(f, chain);
    if (rest != NULL) {
        f->pass.down.receive_return(f->pass.below, rest);
    }
}

static toe_status receive_indicate(void *host, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    return fault_indicate(host, host_object, buf, consumed);
}

/* Of a connection whose hardware is corrupt nothing more is heard. */
static void tcp_event(void *host, void *host_object, enum toe_event event, uint32_t info)
{
    struct toe_inter_fault *f = host;
    struct fault_conn *conn = fault_conn_find(f, host_object);

    if (conn != NULL && event == TOE_EVENT_ABORT) {
        conn->is_over = true;
    }
    if (conn == NULL || !conn->is_broken) {
        f->pass.above_ops.tcp_event(f->pass.above, host_object, event, info);
    }
}

static void status(void *host, toe_status what, const struct toe_caps *caps)
{
    fault_pause_status(host, what, caps);
}

/* --- frames --- */

static bool is_cut(struct toe_inter_fault *f)
{
    const struct toe_inter_fault_rule *rule = fault_roll(f, TOE_INTER_FAULT_LINK_LOSS);

    if (rule != NULL) {
        f->link_up_at = f->pass.now + fault_time(f, rule);
    }
    return f->is_link_down || f->pass.now < f->link_up_at;
}

/* Hands on those of |frames| that are not lost, as many at once as lie together. */
static void pass_frames(struct toe_inter_fault *f, const struct toe_frame *frames, uint32_t cnt,
                        void (*pass)(void *to, const struct toe_frame *frames, uint32_t cnt),
                        void *to)
{
    uint32_t first = 0;

    if (is_cut(f)) {
        return;
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        if (fault_roll(f, TOE_INTER_FAULT_DROP_FRAME) == NULL) {
            continue;
        }
        if (i > first) {
            pass(to, frames + first, i - first);
        }
        first = i + 1;
    }
    if (cnt > first) {
        pass(to, frames + first, cnt - first);
    }
}

static void transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    struct toe_inter_fault *f = target;

    pass_frames(f, frames, cnt, f->pass.down.transmit, f->pass.below);
}

static void frames_arrived(void *host, const struct toe_frame *frames, uint32_t cnt)
{
    struct toe_inter_fault *f = host;

    pass_frames(f, frames, cnt, f->pass.above_ops.frames, f->pass.above);
}

/* --- running --- */

static toe_instant own_deadline(const struct toe_inter_fault *f)
{
    toe_instant due = fault_pause_deadline(f);

    if (f->failing_cnt > 0 || f->owing_cnt > 0) {
        return 0;
    }
    base_list_foreach(n, &f->off)
    {
        const struct fault_call *call = base_container_of(n, struct fault_call, node);

        if (call->is_fresh) {
            return 0;
        }
        if (is_held(f, call)) {
            continue;
        }
        due = call->at < due ? call->at : due;
    }
    return due;
}

static toe_instant deadline(void *target)
{
    struct toe_inter_fault *f = target;
    const toe_instant own = own_deadline(f);
    const toe_instant below = f->pass.down.deadline(f->pass.below);

    return own < below ? own : below;
}

static void run(void *target, toe_instant now)
{
    struct toe_inter_fault *f = target;
    struct fault_call *call;

    f->pass.now = now;
    f->pass.is_running = true;
    fault_pause_run(f);
    while ((call = next_due(f, true)) != NULL) {
        if (call->op == FAULT_INITIATE && f->told == FAULT_UPLOADING) {
            fail_initiate(call);
            put_off(f, call, false, false, 0);
            continue;
        }
        base_list_remove(&call->node);
        base_list_push_back(&f->calls, &call->node);
        pass_down(f, call);
    }
    f->pass.down.run(f->pass.below, now);
    while ((call = next_due(f, false)) != NULL) {
        deliver(f, call);
    }
    fault_conns_run(f);
    f->pass.is_running = false;
}

/* --- life --- */

void toe_inter_fault_settings_default(struct toe_inter_fault_settings *settings)
{
    *settings = (struct toe_inter_fault_settings){
        .size = sizeof(*settings),
        .mem = *base_mem_default(),
    };
}

static void override(struct inter_pass *pass)
{
    pass->ops.initiate = initiate;
    pass->ops.terminate = terminate;
    pass->ops.update = update;
    pass->ops.query = query;
    pass->ops.invalidate = invalidate;
    pass->ops.send = send;
    pass->ops.receive = receive;
    pass->ops.receive_return = receive_return;
    pass->ops.disconnect = disconnect;
    pass->ops.transmit = transmit;
    pass->ops.deadline = deadline;
    pass->ops.run = run;
    pass->up.initiate_complete = initiate_complete;
    pass->up.terminate_complete = terminate_complete;
    pass->up.update_complete = update_complete;
    pass->up.query_complete = query_complete;
    pass->up.invalidate_complete = invalidate_complete;
    pass->up.send_complete = send_complete;
    pass->up.receive_complete = receive_complete;
    pass->up.disconnect_complete = disconnect_complete;
    pass->up.receive_indicate = receive_indicate;
    pass->up.tcp_event = tcp_event;
    pass->up.status = status;
    pass->up.frames = frames_arrived;
}

static bool init_tables(struct toe_inter_fault *f, const struct toe_inter_fault_rule *rules)
{
    const struct toe_mem *mem = &f->settings.mem;
    const size_t size = f->settings.rule_cnt * sizeof(f->rules[0]);

    base_list_init(&f->calls);
    base_list_init(&f->off);
    base_list_init(&f->conns);
    base_list_init(&f->copies);
    base_list_init(&f->posts);
    if (size > 0) {
        f->rules = base_mem_alloc(mem, size);
        if (f->rules == NULL) {
            return false;
        }
        memcpy(f->rules, rules, size);
    }
    return base_hash_init(&f->calls_by_head, mem, 0) == 0 &&
           base_hash_init(&f->posts_by_buf, mem, 0) == 0 &&
           base_hash_init(&f->conns_by_name, mem, 0) == 0;
}

struct toe_inter_fault *toe_inter_fault_new(const struct toe_inter_fault_settings *settings)
{
    struct toe_inter_fault *f;

    if (settings->size < sizeof(*settings)) {
        return NULL;
    }
    f = base_mem_alloc(&settings->mem, sizeof(*f));
    if (f == NULL) {
        return NULL;
    }
    f->settings = *settings;
    if (!inter_pass_init(&f->pass, &settings->below)) {
        base_mem_free(&settings->mem, f, sizeof(*f));
        return NULL;
    }
    override(&f->pass);
    base_rand_init(&f->rand, settings->seed);
    if (!init_tables(f, settings->rules)) {
        toe_inter_fault_del(f);
        return NULL;
    }
    return f;
}

static void del_calls(struct toe_inter_fault *f, struct base_list *list)
{
    while (!base_list_is_empty(list)) {
        struct fault_call *call = base_container_of(base_list_front(list), struct fault_call, node);

        /* The blocks may be gone: they are not looked at any more. */
        base_list_remove(&call->node);
        base_mem_free(&f->settings.mem, call, sizeof(*call) + call->cnt * sizeof(call->blocks[0]));
    }
}

void toe_inter_fault_del(struct toe_inter_fault *f)
{
    const struct toe_mem mem = f->settings.mem;

    del_calls(f, &f->calls);
    del_calls(f, &f->off);
    fault_conns_fini(f);
    fault_posts_fini(f);
    base_hash_fini(&f->calls_by_head);
    base_hash_fini(&f->posts_by_buf);
    base_hash_fini(&f->conns_by_name);
    base_mem_free(&mem, f->rules, f->settings.rule_cnt * sizeof(f->rules[0]));
    base_mem_free(&mem, f, sizeof(*f));
}

const struct toe_target_ops *toe_inter_fault_ops(const struct toe_inter_fault *f)
{
    return &f->pass.ops;
}

void toe_inter_fault_pause(struct toe_inter_fault *f)
{
    f->wants_pause = f->phase == FAULT_STEADY;
}

void toe_inter_fault_upload_all(struct toe_inter_fault *f)
{
    f->wants_upload = f->phase != FAULT_UPLOADING;
}

void toe_inter_fault_resume(struct toe_inter_fault *f)
{
    f->wants_resume = true;
}

void toe_inter_fault_spoil(struct toe_inter_fault *f, toe_handle tcp)
{
    struct fault_conn *conn = fault_conn_by_handle(f, tcp);

    if (conn != NULL && !conn->is_broken) {
        conn->is_spoilt = true;
    }
}

void toe_inter_fault_crash(struct toe_inter_fault *f)
{
    base_list_foreach(n, &f->conns)
    {
        struct fault_conn *conn = base_container_of(n, struct fault_conn, node);

        conn->is_spoilt = !conn->is_broken && !conn->is_gone;
    }
    toe_inter_fault_upload_all(f);
}

void toe_inter_fault_link_set(struct toe_inter_fault *f, bool up)
{
    f->is_link_down = !up;
}

uint64_t toe_inter_fault_injected(const struct toe_inter_fault *f, enum toe_inter_fault_kind kind)
{
    return kind < TOE_INTER_FAULT_CNT ? f->injected[kind] : 0;
}
