/* SPDX-License-Identifier: MIT */
#include "toe/inter.h"

#include "base/mem.h"
#include "inter/monitor.h"

/*
 * The monitor's two tables. Each function tells monitor_*.c what is going on and hands it through.
 */

#define OBJECT_MAX 200000u
#define BUF_MAX 2000000u
#define BLOCK_MAX 400000u

/* --- rules --- */

#define H TOE_INTER_HOST
#define T TOE_INTER_TARGET
#define RULE(side, name, id, text) {id, side, text},
static const struct toe_inter_rule rules[MONITOR_RULE_CNT] = {MONITOR_RULE_MAP(RULE)};
#undef RULE
#undef H
#undef T

const struct toe_inter_rule *toe_inter_monitor_rules(uint32_t *cnt)
{
    *cnt = MONITOR_RULE_CNT;
    return rules;
}

bool monitor_check(struct toe_inter_monitor *m, enum monitor_rule rule, bool holds,
                   const struct monitor_object *object, const void *subject)
{
    ++m->checked[rule];
    if (holds || m->is_blind) {
        return holds;
    }
    ++m->breached[rule];
    ++m->breaches[rules[rule].side];
    if (m->settings.tell != NULL) {
        const struct toe_inter_breach breach = {
            .rule = &rules[rule],
            .now = m->pass.now,
            .handle = object != NULL ? object->handle : 0,
            .host_object = object != NULL ? object->name : NULL,
            .subject = subject,
        };

        m->settings.tell(m->settings.user, &breach);
    }
    return false;
}

void monitor_recent_put(const void **ring, uint32_t *next, const void *ptr)
{
    ring[*next] = ptr;
    *next = (*next + 1) % MONITOR_RECENT_CNT;
}

bool monitor_recent_has(const void *const *ring, const void *ptr)
{
    for (uint32_t i = 0; i < MONITOR_RECENT_CNT && ptr != NULL; ++i) {
        if (ring[i] == ptr) {
            return true;
        }
    }
    return false;
}

/* --- state operations --- */

static void pass_tree(struct toe_inter_monitor *m, struct toe_block *root, enum monitor_op op)
{
    switch (op) {
    case MONITOR_INITIATE:
        m->pass.down.initiate(m->pass.below, root);
        break;
    case MONITOR_TERMINATE:
        m->pass.down.terminate(m->pass.below, root);
        break;
    case MONITOR_UPDATE:
        m->pass.down.update(m->pass.below, root);
        break;
    case MONITOR_QUERY:
        m->pass.down.query(m->pass.below, root);
        break;
    case MONITOR_INVALIDATE:
        m->pass.down.invalidate(m->pass.below, root);
        break;
    case MONITOR_OP_CNT:
        break;
    }
}

static void call_tree(void *target, struct toe_block *root, enum monitor_op op)
{
    struct toe_inter_monitor *m = target;
    const struct toe_block *calling = m->calling;
    const bool is_post = m->is_post;

    if (root != NULL &&
        monitor_check(m, MONITOR_H_BLK_5, monitor_tree_find(m, root) == NULL, NULL, root)) {
        struct monitor_tree *tree = monitor_tree_new(m, root, op);

        if (tree != NULL) {
            monitor_offer(m, tree);
            monitor_tree_prime(tree);
        }
    }
    m->calling = root;
    m->is_post = false;
    ++m->calls;
    pass_tree(m, root, op);
    --m->calls;
    m->is_post = is_post;
    m->calling = calling;
}

static void initiate(void *target, struct toe_block *tree)
{
    call_tree(target, tree, MONITOR_INITIATE);
}

static void terminate(void *target, struct toe_block *tree)
{
    call_tree(target, tree, MONITOR_TERMINATE);
}

static void update(void *target, struct toe_block *tree)
{
    call_tree(target, tree, MONITOR_UPDATE);
}

static void query(void *target, struct toe_block *tree)
{
    call_tree(target, tree, MONITOR_QUERY);
}

static void invalidate(void *target, struct toe_block *tree)
{
    call_tree(target, tree, MONITOR_INVALIDATE);
}

/* OFF-2 and its likes: never inside the call itself. */
static void check_instant(struct toe_inter_monitor *m, const struct toe_block *root,
                          enum monitor_op op)
{
    static const enum monitor_rule inside[MONITOR_OP_CNT] = {
        MONITOR_T_OFF_2, MONITOR_T_TRM_16, MONITOR_T_UPD_1, MONITOR_T_QRY_4, MONITOR_T_INV_1,
    };
    const bool is_inside = m->calls > 0 && m->calling == root;

    monitor_check(m, inside[op], !is_inside, NULL, root);
    if (!is_inside) {
        monitor_upcall(m, NULL, root);
    }
}

static void check_tree(struct toe_inter_monitor *m, struct monitor_tree *tree)
{
    /* Objects may be gone since, with a target that is wrong enough. */
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        struct monitor_node *node = &tree->nodes[i];

        if (node->role == TOE_ROLE_REFERENCE) {
            node->object = monitor_object_find(m, node->handle_was, node->layer);
        }
    }
    monitor_tree_restore(m, tree);
    switch (tree->op) {
    case MONITOR_INITIATE:
        monitor_initiate_complete(m, tree);
        break;
    case MONITOR_TERMINATE:
        monitor_terminate_complete(m, tree);
        break;
    case MONITOR_UPDATE:
        monitor_update_complete(m, tree);
        break;
    case MONITOR_QUERY:
        monitor_query_complete(m, tree);
        break;
    case MONITOR_INVALIDATE:
        monitor_invalidate_complete(m, tree);
        break;
    case MONITOR_OP_CNT:
        break;
    }
    monitor_tree_del(m, tree);
}

/* Checks a completion; false if it is of nothing that was posted. */
static bool tree_complete(struct toe_inter_monitor *m, const struct toe_block *root,
                          enum monitor_op op)
{
    struct monitor_tree *tree = root != NULL ? monitor_tree_find(m, root) : NULL;
    const bool is_twice = tree == NULL && monitor_recent_has(m->recent_trees, root);

    check_instant(m, root, op);
    if (m->is_blind && tree == NULL) {
        return true;
    }
    monitor_check(m, MONITOR_T_OFF_2_TWICE, !is_twice, NULL, root);
    monitor_check(m, MONITOR_T_BLK_2, is_twice || (tree != NULL && tree->op == op), NULL, root);
    if (tree == NULL || tree->op != op) {
        return false;
    }
    check_tree(m, tree);
    return true;
}

static void initiate_complete(void *host, struct toe_block *tree)
{
    struct toe_inter_monitor *m = host;

    if (tree_complete(m, tree, MONITOR_INITIATE)) {
        ++m->upcalls;
        m->pass.above_ops.initiate_complete(m->pass.above, tree);
        --m->upcalls;
        monitor_initiate_settled(m);
    }
}

static void terminate_complete(void *host, struct toe_block *tree)
{
    struct toe_inter_monitor *m = host;

    if (tree_complete(m, tree, MONITOR_TERMINATE)) {
        ++m->upcalls;
        m->pass.above_ops.terminate_complete(m->pass.above, tree);
        --m->upcalls;
    }
}

static void update_complete(void *host, struct toe_block *tree)
{
    struct toe_inter_monitor *m = host;

    if (tree_complete(m, tree, MONITOR_UPDATE)) {
        ++m->upcalls;
        m->pass.above_ops.update_complete(m->pass.above, tree);
        --m->upcalls;
    }
}

static void query_complete(void *host, struct toe_block *tree)
{
    struct toe_inter_monitor *m = host;

    if (tree_complete(m, tree, MONITOR_QUERY)) {
        ++m->upcalls;
        m->pass.above_ops.query_complete(m->pass.above, tree);
        --m->upcalls;
    }
}

static void invalidate_complete(void *host, struct toe_block *tree)
{
    struct toe_inter_monitor *m = host;

    if (tree_complete(m, tree, MONITOR_INVALIDATE)) {
        ++m->upcalls;
        m->pass.above_ops.invalidate_complete(m->pass.above, tree);
        --m->upcalls;
    }
}

/* --- data operations --- */

/* begin_post() checks a post; end_post() is given what it returned. */
struct posting {
    const void *posting;
    bool is_post;
};

static struct posting begin_post(struct toe_inter_monitor *m, toe_handle tcp, struct toe_buf *chain,
                                 enum monitor_kind kind, uint32_t how)
{
    const struct posting outer = {m->posting, m->is_post};
    struct monitor_object *object = monitor_object_find(m, tcp, TOE_LAYER_TCP);

    if (chain != NULL) {
        monitor_post(m, object, tcp, chain, kind, how);
    }
    m->posting = object;
    m->is_post = true;
    ++m->calls;
    return outer;
}

static void end_post(struct toe_inter_monitor *m, struct posting outer)
{
    --m->calls;
    m->posting = outer.posting;
    m->is_post = outer.is_post;
}

static void send(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct toe_inter_monitor *m = target;
    const struct posting outer = begin_post(m, tcp, chain, MONITOR_SEND, 0);

    m->pass.down.send(m->pass.below, tcp, chain);
    end_post(m, outer);
}

static void receive(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct toe_inter_monitor *m = target;
    const struct posting outer = begin_post(m, tcp, chain, MONITOR_RECEIVE, 0);

    m->pass.down.receive(m->pass.below, tcp, chain);
    end_post(m, outer);
}

static void disconnect(void *target, toe_handle tcp, struct toe_buf *buf, enum toe_disconnect how)
{
    struct toe_inter_monitor *m = target;
    const struct posting outer = begin_post(m, tcp, buf, MONITOR_DISCONNECT, how);

    m->pass.down.disconnect(m->pass.below, tcp, buf, how);
    end_post(m, outer);
}

static void forward(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct toe_inter_monitor *m = target;
    const struct posting outer = begin_post(m, tcp, chain, MONITOR_FORWARD, 0);

    m->pass.down.forward(m->pass.below, tcp, chain);
    end_post(m, outer);
}

static void receive_return(void *target, struct toe_buf *chain)
{
    struct toe_inter_monitor *m = target;
    const bool is_post = m->is_post;

    monitor_return(m, chain);
    m->is_post = false;
    ++m->calls;
    m->pass.down.receive_return(m->pass.below, chain);
    --m->calls;
    m->is_post = is_post;
}

/* Makes the completion of what of |chain| is outstanding. */
static void complete(struct toe_inter_monitor *m, struct toe_buf *chain, enum monitor_kind kind,
                     void (*upcall)(void *host, struct toe_buf *chain))
{
    const struct monitor_buf *first = chain != NULL ? monitor_buf_find(m, chain) : NULL;
    const struct monitor_object *object = first != NULL ? first->object : NULL;
    const void *telling = m->telling;
    struct toe_buf *known;

    monitor_upcall(m, object, chain);
    known = monitor_complete(m, chain, kind);
    if (known == NULL) {
        return;
    }
    m->telling = object;
    ++m->upcalls;
    upcall(m->pass.above, known);
    --m->upcalls;
    m->telling = telling;
}

static void send_complete(void *host, struct toe_buf *chain)
{
    struct toe_inter_monitor *m = host;

    complete(m, chain, MONITOR_SEND, m->pass.above_ops.send_complete);
}

static void receive_complete(void *host, struct toe_buf *chain)
{
    struct toe_inter_monitor *m = host;

    complete(m, chain, MONITOR_RECEIVE, m->pass.above_ops.receive_complete);
}

static void disconnect_complete(void *host, struct toe_buf *buf)
{
    struct toe_inter_monitor *m = host;

    complete(m, buf, MONITOR_DISCONNECT, m->pass.above_ops.disconnect_complete);
}

static void forward_complete(void *host, struct toe_buf *chain)
{
    struct toe_inter_monitor *m = host;

    complete(m, chain, MONITOR_FORWARD, m->pass.above_ops.forward_complete);
}

/* --- indications --- */

static toe_status receive_indicate(void *host, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    return monitor_indicate(host, host_object, buf, consumed);
}

static void tcp_event(void *host, void *host_object, enum toe_event event, uint32_t info)
{
    monitor_tcp_event(host, host_object, event, info);
}

static void neighbor_event(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    monitor_neighbor_event(host, event, block);
}

static void status(void *host, toe_status what, const struct toe_caps *caps)
{
    monitor_status(host, what, caps);
}

static void frames_arrived(void *host, const struct toe_frame *frames, uint32_t cnt)
{
    struct toe_inter_monitor *m = host;

    monitor_upcall(m, NULL, NULL);
    monitor_check(m, MONITOR_T_SEAM_6, cnt > 0, NULL, NULL);
    ++m->upcalls;
    inter_pass_frames(host, frames, cnt);
    --m->upcalls;
}

/* --- the rest --- */

static bool is_quiet(const struct toe_inter_monitor *m)
{
    return base_list_is_empty(&m->all) && base_list_is_empty(&m->lent) &&
           base_list_is_empty(&m->stray) && base_list_is_empty(&m->trees);
}

static void attach(void *target, const struct toe_host_ops *ops, void *host)
{
    struct toe_inter_monitor *m = target;

    if (ops == NULL) {
        monitor_check(m, MONITOR_H_SEAM_5, is_quiet(m), NULL, NULL);
    }
    inter_pass_attach(target, ops, host);
}

static toe_status params_set(void *target, const struct toe_params *params)
{
    struct toe_inter_monitor *m = target;
    const toe_status answer = m->pass.down.params_set(m->pass.below, params);

    if (answer == TOE_STATUS_SUCCESS) {
        m->params = *params;
        m->has_params = true;
    }
    return answer;
}

static void transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    struct toe_inter_monitor *m = target;
    const bool is_post = m->is_post;

    for (uint32_t i = 0; i < cnt; ++i) {
        monitor_ends_transmit(m, &frames[i]);
    }
    m->is_post = false;
    ++m->calls;
    m->pass.down.transmit(m->pass.below, frames, cnt);
    --m->calls;
    m->is_post = is_post;
}

static void run(void *target, toe_instant now)
{
    struct toe_inter_monitor *m = target;

    monitor_check(m, MONITOR_H_SEAM_3, now >= m->pass.now, NULL, NULL);
    if (!monitor_check(m, MONITOR_H_SEAM_2, m->upcalls == 0 && m->calls == 0 && !m->pass.is_running,
                       NULL, NULL)) {
        return;
    }
    ++m->run_cnt;
    inter_pass_run(target, now);
}

void toe_inter_monitor_finish(struct toe_inter_monitor *m)
{
    base_list_foreach(t, &m->trees)
    {
        const struct monitor_tree *tree = base_container_of(t, struct monitor_tree, node);

        monitor_check(m, MONITOR_T_OFF_2_NEVER, false, NULL, tree->root);
    }
    base_list_foreach(n, &m->all)
    {
        struct monitor_object *object = base_container_of(n, struct monitor_object, node);

        monitor_check(m, MONITOR_T_HWF_1,
                      object->hardware == MONITOR_SOUND || object->hardware == MONITOR_ABORTED,
                      object, NULL);
        monitor_check(m, MONITOR_H_EVT_12_RETRIEVE,
                      !object->tcp.is_retrieved || object->stage != MONITOR_LIVE, object, NULL);
        monitor_check(m, MONITOR_H_CAP_40, !m->is_upload_all || object->stage != MONITOR_LIVE,
                      object, NULL);
        monitor_forget(m, &object->tcp.sends, MONITOR_T_SND_2);
        monitor_forget(m, &object->tcp.receives, MONITOR_T_RCV_9);
        monitor_forget(m, &object->tcp.disconnects, MONITOR_T_DSC_1);
        monitor_forget(m, &object->tcp.forwards, MONITOR_T_FWD_4);
    }
    monitor_forget(m, &m->stray, MONITOR_T_SND_2);
    monitor_forget(m, &m->lent, MONITOR_H_RCV_69);
}

/* --- life --- */

void toe_inter_monitor_settings_default(struct toe_inter_monitor_settings *settings)
{
    *settings = (struct toe_inter_monitor_settings){
        .size = sizeof(*settings),
        .mem = *base_mem_default(),
        .object_max = OBJECT_MAX,
        .buf_max = BUF_MAX,
        .block_max = BLOCK_MAX,
        .checks_memory = true,
    };
}

static void override(struct inter_pass *pass)
{
    pass->ops.attach = attach;
    pass->ops.params_set = params_set;
    pass->ops.initiate = initiate;
    pass->ops.terminate = terminate;
    pass->ops.update = update;
    pass->ops.query = query;
    pass->ops.invalidate = invalidate;
    pass->ops.send = send;
    pass->ops.receive = receive;
    pass->ops.receive_return = receive_return;
    pass->ops.disconnect = disconnect;
    pass->ops.forward = forward;
    pass->ops.transmit = transmit;
    pass->ops.run = run;
    pass->up.initiate_complete = initiate_complete;
    pass->up.terminate_complete = terminate_complete;
    pass->up.update_complete = update_complete;
    pass->up.query_complete = query_complete;
    pass->up.invalidate_complete = invalidate_complete;
    pass->up.send_complete = send_complete;
    pass->up.receive_complete = receive_complete;
    pass->up.disconnect_complete = disconnect_complete;
    pass->up.forward_complete = forward_complete;
    pass->up.receive_indicate = receive_indicate;
    pass->up.tcp_event = tcp_event;
    pass->up.neighbor_event = neighbor_event;
    pass->up.status = status;
    pass->up.frames = frames_arrived;
}

static bool init_tables(struct toe_inter_monitor *m)
{
    const struct toe_mem *mem = &m->settings.mem;

    base_slab_init(&m->objects, mem, sizeof(struct monitor_object), m->settings.object_max, 16);
    base_slab_init(&m->bufs, mem, sizeof(struct monitor_buf), m->settings.buf_max, 64);
    base_list_init(&m->all);
    base_list_init(&m->settling);
    base_list_init(&m->lent);
    base_list_init(&m->stray);
    base_list_init(&m->trees);
    return base_hash_init(&m->by_handle, mem, 0) == 0 && base_hash_init(&m->by_name, mem, 0) == 0 &&
           base_hash_init(&m->by_ends, mem, 0) == 0 &&
           base_hash_init(&m->bufs_by_ptr, mem, 0) == 0 &&
           base_hash_init(&m->trees_by_ptr, mem, 0) == 0;
}

struct toe_inter_monitor *toe_inter_monitor_new(const struct toe_inter_monitor_settings *settings)
{
    struct toe_inter_monitor *m;

    if (settings->size < sizeof(*settings) || settings->object_max == 0 || settings->buf_max == 0 ||
        settings->block_max == 0) {
        return NULL;
    }
    m = base_mem_alloc(&settings->mem, sizeof(*m));
    if (m == NULL) {
        return NULL;
    }
    m->settings = *settings;
    if (!inter_pass_init(&m->pass, &settings->below)) {
        base_mem_free(&settings->mem, m, sizeof(*m));
        return NULL;
    }
    override(&m->pass);
    if (!init_tables(m)) {
        toe_inter_monitor_del(m);
        return NULL;
    }
    return m;
}

void toe_inter_monitor_del(struct toe_inter_monitor *m)
{
    const struct toe_mem mem = m->settings.mem;

    while (!base_list_is_empty(&m->trees)) {
        monitor_tree_del(m,
                         base_container_of(base_list_front(&m->trees), struct monitor_tree, node));
    }
    base_hash_fini(&m->by_handle);
    base_hash_fini(&m->by_name);
    base_hash_fini(&m->by_ends);
    base_hash_fini(&m->bufs_by_ptr);
    base_hash_fini(&m->trees_by_ptr);
    base_slab_fini(&m->objects);
    base_slab_fini(&m->bufs);
    base_mem_free(&mem, m, sizeof(*m));
}

const struct toe_target_ops *toe_inter_monitor_ops(const struct toe_inter_monitor *m)
{
    return &m->pass.ops;
}

void toe_inter_monitor_stats_get(const struct toe_inter_monitor *m,
                                 struct toe_inter_monitor_stats *stats)
{
    stats->breaches[TOE_INTER_HOST] = m->breaches[TOE_INTER_HOST];
    stats->breaches[TOE_INTER_TARGET] = m->breaches[TOE_INTER_TARGET];
    stats->is_blind = m->is_blind;
    stats->object_cnt = m->objects.cnt;
    stats->buf_cnt = m->bufs.cnt;
    stats->tree_cnt = m->tree_cnt;
}

uint64_t toe_inter_monitor_checked(const struct toe_inter_monitor *m, uint32_t idx)
{
    return idx < MONITOR_RULE_CNT ? m->checked[idx] : 0;
}

uint64_t toe_inter_monitor_breached(const struct toe_inter_monitor *m, uint32_t idx)
{
    return idx < MONITOR_RULE_CNT ? m->breached[idx] : 0;
}
