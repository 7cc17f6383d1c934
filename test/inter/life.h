/* SPDX-License-Identifier: MIT */
/*
 * A host that is mild, and a script that leads one connection through all that the seam has.
 *
 * The mild host asserts nothing, so that a target below it may be as wrong as it likes; and it
 * never follows a pointer that it did not make, except for what is indicated. It is above the
 * monitor, which stands on whatever |below| is.
 */
#ifndef TEST_INTER_LIFE_H
#define TEST_INTER_LIFE_H

#include "support/target_fixture.h"
#include "toe/inter.h"

#define L_KEPT_MAX 64

struct l_life {
    struct t_target *t;
    const struct toe_target_ops *real_ops; /* while |t| is told that this monitor is it */
    void *real_top;
    struct toe_inter_monitor *monitor;
    struct toe_host_ops host;
    struct t_tcp second; /* a connection that is only there */
    struct toe_buf *kept[L_KEPT_MAX];
    uint32_t kept_cnt;
    uint32_t refuse_cnt; /* indications to refuse */
    toe_status answer;   /* a wrong answer to the next indication, or 0 */
    uint32_t consumed;   /* with it */
    uint64_t ms;
    uint32_t events;
};

static inline void l_no_tree(void *host, struct toe_block *tree)
{
    (void)host;
    (void)tree;
}

static inline void l_no_chain(void *host, struct toe_buf *chain)
{
    (void)host;
    (void)chain;
}

static inline toe_status l_indicate(void *host, void *host_object, struct toe_buf *buf,
                                    uint32_t *consumed)
{
    struct l_life *l = host;
    const toe_status answer = l->answer;

    (void)host_object;
    if (answer != 0) {
        l->answer = 0;
        *consumed = l->consumed;
        return answer;
    }
    if (l->refuse_cnt > 0 || l->kept_cnt == L_KEPT_MAX) {
        --l->refuse_cnt;
        return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    }
    *consumed = buf->len;
    l->kept[l->kept_cnt++] = buf;
    return TOE_STATUS_SUCCESS;
}

static inline void l_event(void *host, void *host_object, enum toe_event event, uint32_t info)
{
    struct l_life *l = host;

    (void)host_object;
    (void)event;
    (void)info;
    ++l->events;
}

static inline void l_neighbor(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    (void)host;
    (void)event;
    block->state.neighbor->cached.host_reachability_delta = 1;
}

static inline void l_status(void *host, toe_status what, const struct toe_caps *caps)
{
    (void)host;
    (void)what;
    (void)caps;
}

static inline void l_frames(void *host, const struct toe_frame *frames, uint32_t cnt)
{
    (void)host;
    (void)frames;
    (void)cnt;
}

/* l_life_init() puts the mild host and a monitor on |below|; |t| was started. */
static inline void l_life_init(struct l_life *l, struct t_target *t,
                               const struct toe_inter_below *below,
                               void (*tell)(void *user, const struct toe_inter_breach *breach),
                               void *user)
{
    struct toe_inter_monitor_settings set;

    memset(l, 0, sizeof(*l));
    l->t = t;
    l->real_ops = t->ops;
    l->real_top = t->top;
    l->host = (struct toe_host_ops){
        .size = sizeof(l->host),
        .initiate_complete = l_no_tree,
        .terminate_complete = l_no_tree,
        .update_complete = l_no_tree,
        .query_complete = l_no_tree,
        .invalidate_complete = l_no_tree,
        .send_complete = l_no_chain,
        .receive_complete = l_no_chain,
        .disconnect_complete = l_no_chain,
        .forward_complete = l_no_chain,
        .receive_indicate = l_indicate,
        .tcp_event = l_event,
        .neighbor_event = l_neighbor,
        .status = l_status,
        .frames = l_frames,
    };
    toe_inter_monitor_settings_default(&set);
    set.below = *below;
    set.tell = tell;
    set.user = user;
    l->monitor = toe_inter_monitor_new(&set);
    assert_non_null(l->monitor);
    t->ops = toe_inter_monitor_ops(l->monitor);
    t->top = l->monitor;
    t->ops->attach(t->top, &l->host, l);
    assert_int_equal(t->ops->params_set(t->top, &t->params), TOE_STATUS_SUCCESS);
    t->wire.is_unchecked = true;
}

static inline void l_life_fini(struct l_life *l)
{
    l->t->ops = l->real_ops;
    l->t->top = l->real_top;
    toe_inter_monitor_del(l->monitor);
}

static inline void l_run(struct l_life *l)
{
    l->ms += 1;
    t_run(l->t, l->ms);
}

static inline void l_return(struct l_life *l)
{
    while (l->kept_cnt > 0) {
        struct toe_buf *buf = l->kept[--l->kept_cnt];

        buf->next = NULL;
        l->t->ops->receive_return(l->t->top, buf);
    }
}

static inline void l_reset(struct l_life *l)
{
    struct t_target *t = l->t;

    t_states_init(&t->neighbor, &t->path, &t->tcp);
    memset(&l->second, 0, sizeof(l->second));
    l->second.state = t->tcp.state;
    l->second.state.constant.local_port = 40001;
    t_block_init(&l->second.block, TOE_BLOCK_TCP, &l->second.handle, &l->second.state);
}

/* l_offload() offloads neighbor, path, connection and the second connection; with data on hand. */
static inline void l_offload(struct l_life *l, uint32_t handed)
{
    struct t_target *t = l->t;
    struct toe_buf *buf;

    l_reset(l);
    if (handed > 0) {
        buf = t_data_new(t, 5000, handed);
        t->tcp.block.send_chain = buf;
        t->tcp.state.delegated.send_data_head = buf;
        t->tcp.state.delegated.send_data_tail = buf;
        t->tcp.state.delegated.snd_nxt += handed;
        t->tcp.state.delegated.snd_max += handed;
    }
    (void)t_link(t);
    t->tcp.block.next = &l->second.block;
    t->ops->initiate(t->top, &t->neighbor.block);
    l_run(l);
}

/* l_offload_linked() offloads the neighbor and the path first, then the connection below them. */
static inline void l_offload_linked(struct l_life *l, struct toe_block *placeholder)
{
    struct t_target *t = l->t;

    l_reset(l);
    (void)t_link(t);
    t->path.block.dependent = NULL;
    t->ops->initiate(t->top, &t->neighbor.block);
    l_run(l);
    t_block_init(placeholder, 0, NULL, NULL);
    placeholder->dependent = &t->path.block;
    t->path.block.dependent = &t->tcp.block;
    t->ops->initiate(t->top, placeholder);
    l_run(l);
}

/* l_terminate() takes everything back, and returns what came back with it. */
static inline void l_terminate(struct l_life *l, bool has_second)
{
    struct t_target *t = l->t;

    l_return(l);
    (void)t_link(t);
    t->tcp.block.next = has_second ? &l->second.block : NULL;
    t->ops->terminate(t->top, &t->neighbor.block);
    l_run(l);
    if (t->tcp.block.status == TOE_STATUS_SUCCESS && t->tcp.state.delegated.buffered_data != NULL) {
        t->ops->receive_return(t->top, t->tcp.state.delegated.buffered_data);
    }
}

/* A segment that the host got and did not acknowledge: an old one. */
static inline void l_forward(struct l_life *l)
{
    struct t_target *t = l->t;
    struct toe_buf *buf = t_buf_new(t, 20);
    uint8_t *p = t->bufs->bytes;

    memset(p, 0, 20);
    p[0] = 5001 >> 8;
    p[1] = 5001 & 0xff;
    p[2] = 40000 >> 8;
    p[3] = 40000 & 0xff;
    p[7] = 1;
    p[12] = 0x50;
    p[13] = TCP_ACK;
    p[14] = 0xff;
    t->ops->forward(t->top, t->tcp.handle, buf);
    l_run(l);
}

static inline void l_receive_some(struct l_life *l)
{
    struct t_target *t = l->t;
    struct toe_buf *first;

    t_peer(t, 1000, 100, TCP_PSH, 5100);
    l_run(l);
    l->refuse_cnt = 1;
    t_peer(t, 1100, 50, TCP_PSH, 5100);
    l_run(l);
    (void)t_receive_new(t, 200, 0);
    l_run(l);
    first = t_buf_new(t, 50);
    first->next = t_buf_new(t, 60);
    toe_buf_advance(first->next, 10); /* as if the host had placed so much */
    first->next->flags = TOE_BUF_NO_PUSH;
    t->ops->receive(t->top, t->tcp.handle, first);
    t_peer(t, 1150, 60, TCP_PSH, 5100);
    l_run(l);
    t_peer(t, 1210, 40, 0, 5100);
    l_run(l);
    t_peer(t, 1250, 10, TCP_PSH, 5100);
    l_run(l);
    l_return(l);
}

static inline void l_send_some(struct l_life *l)
{
    struct t_target *t = l->t;
    struct toe_buf *first = t_data_new(t, 5100, 100);

    first->next = t_data_new(t, 5200, 100);
    t->ops->send(t->top, t->tcp.handle, first);
    (void)t_send_new(t, 5300, 50);
    l_run(l);
    t_peer(t, 1260, 0, 0, 5250);
    l_run(l);
    t_peer(t, 1260, 0, 0, 5350);
    l_run(l);
}

static inline void l_ask(struct l_life *l)
{
    struct t_target *t = l->t;
    struct toe_tcp_state state;
    struct toe_block block;

    memset(&state, 0, sizeof(state));
    state.size = sizeof(state);
    t_block_init(&block, TOE_BLOCK_TCP_DELEGATED, &t->tcp.handle, &state);
    t->ops->query(t->top, &block);
    l_run(l);
    state.cached = t->tcp.state.cached;
    state.cached.ttl = 33;
    t_block_init(&block, TOE_BLOCK_TCP_CACHED, &t->tcp.handle, &state);
    t->ops->update(t->top, &block);
    l_run(l);
}

/* Time passes until nobody knows whether the neighbor is there. */
static inline void l_go_stale(struct l_life *l)
{
    l->ms += 40000;
    t_run(l->t, l->ms);
    (void)t_send_new(l->t, 5350, 10);
    l_run(l);
    t_peer(l->t, 1260, 0, 0, 5360);
    l_run(l);
}

static inline void l_close(struct l_life *l)
{
    (void)t_disconnect_new(l->t, 5360, 10, TOE_DISCONNECT_GRACEFUL);
    l_run(l);
    t_peer(l->t, 1260, 0, 0, 5371);
    l_run(l);
    t_peer(l->t, 1260, 0, TCP_FIN, 5371);
    l_run(l);
}

/* The terminate of a connection with sends and receives under way, and data that was refused. */
static inline void l_interrupted(struct l_life *l)
{
    struct toe_block placeholder;
    struct t_target *t = l->t;

    l_offload_linked(l, &placeholder);
    (void)t_send_new(t, 5000, 100);
    (void)t_send_new(t, 5100, 100);
    l_run(l);
    t_peer(t, 1000, 0, 0, 5050);
    (void)t_receive_new(t, 100, TOE_BUF_NO_PUSH);
    (void)t_receive_new(t, 100, 0);
    t_peer(t, 1000, 30, 0, 5050);
    l_run(l);
    l_terminate(l, false);
}

/* The peer resets a connection that has sends under way, and data that was refused. */
static inline void l_reset_by_peer(struct l_life *l)
{
    struct t_target *t = l->t;

    l_offload(l, 0);
    l->refuse_cnt = 1;
    t_peer(t, 1000, 40, TCP_PSH, 5000);
    l_run(l);
    (void)t_send_new(t, 5000, 100);
    l_run(l);
    t_peer(t, 1040, 0, TCP_RST, 5000);
    l_run(l);
    l_terminate(l, true);
}

/* The host forbids the use of a connection. */
static inline void l_invalidated(struct l_life *l)
{
    struct t_target *t = l->t;
    struct toe_block block;

    l_offload(l, 0);
    t_block_init(&block, TOE_BLOCK_TCP, &t->tcp.handle, NULL);
    t->ops->invalidate(t->top, &block);
    l_run(l);
    l_terminate(l, true);
}

/* The host resets it. */
static inline void l_reset_by_host(struct l_life *l)
{
    struct t_target *t = l->t;

    l_offload(l, 0);
    (void)t_send_new(t, 5000, 100);
    l_run(l);
    (void)t_disconnect_new(t, 0, 0, TOE_DISCONNECT_ABORTIVE);
    l_run(l);
    l_terminate(l, true);
}

/* The same connection is offered again: that fails. */
static inline void l_twin(struct l_life *l)
{
    static struct t_tcp twin;
    struct toe_block placeholder;
    struct t_target *t = l->t;

    l_offload(l, 0);
    memset(&twin, 0, sizeof(twin));
    twin.state = t->tcp.state;
    t_block_init(&twin.block, TOE_BLOCK_TCP, &twin.handle, &twin.state);
    t_block_init(&placeholder, 0, NULL, NULL);
    placeholder.dependent = &t->path.block;
    t->path.block.dependent = &twin.block;
    t->ops->initiate(t->top, &placeholder);
    l_run(l);
    l_terminate(l, true);
}

/* l_life() is all of it. */
static inline void l_life(struct l_life *l)
{
    l_offload(l, 100);
    l_receive_some(l);
    l_send_some(l);
    l_forward(l);
    l_ask(l);
    l_go_stale(l);
    l_close(l);
    l_terminate(l, true);
    l_interrupted(l);
    l_reset_by_peer(l);
    l_invalidated(l);
    l_reset_by_host(l);
    l_twin(l);
    toe_inter_monitor_finish(l->monitor);
}

/* l_breached() is how often the rules with |id| of |side| were broken. */
static inline uint64_t l_breached(const struct l_life *l, const char *id, enum toe_inter_side side)
{
    const struct toe_inter_rule *rules;
    uint64_t sum = 0;
    uint32_t cnt;

    rules = toe_inter_monitor_rules(&cnt);
    for (uint32_t i = 0; i < cnt; ++i) {
        if (rules[i].side == side && strcmp(rules[i].id, id) == 0) {
            sum += toe_inter_monitor_breached(l->monitor, i);
        }
    }
    return sum;
}

#endif
