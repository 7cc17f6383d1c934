/* SPDX-License-Identifier: MIT */
/*
 * A bottleneck: flows of bulk data that share one link with a rate, a buffer and a delay, in
 * virtual time. Data crosses the link and may be lost; acknowledgments only take their time.
 */
#ifndef SUPPORT_BOTTLENECK_H
#define SUPPORT_BOTTLENECK_H

#include "base/rand.h"
#include "support/conversation.h"

#define T_FLOW_MAX 4u
#define T_AIR_MAX 8192u

struct t_packet;

/* What is told of each data segment that leaves. */
typedef void t_leave_fn(void *user, uint32_t flow, const struct tcp_out *out, toe_instant now);

struct t_link {
    uint64_t rate;      /* bits a second */
    toe_duration delay; /* one way */
    uint32_t buffer;    /* bytes that wait; what does not fit is lost */
    uint32_t loss;      /* by chance, in 1/10000 */
    uint64_t seed;
};

struct t_flow {
    struct t_conn *ends[2];
    uint32_t chunk;   /* the application queues this much whenever less than half of it waits */
    uint64_t lost;    /* segments, by overflow */
    uint64_t unlucky; /* and by chance */
};

struct t_bottleneck {
    struct t_link link;
    struct t_flow flows[T_FLOW_MAX];
    uint32_t flow_cnt;
    toe_instant now;
    toe_instant free_at; /* when the link is idle */
    struct base_rand rand;
    struct t_packet *heap[T_AIR_MAX]; /* on their way, the next one to arrive first */
    uint32_t air_cnt;
    uint64_t stamp;
    t_leave_fn *leave; /* may be NULL */
    void *user;
};

struct t_bottleneck *t_bottleneck_new(const struct t_link *link);
void t_bottleneck_del(struct t_bottleneck *b);

/* t_bottleneck_add() adds a flow of the congestion control |cc|, as profile modern has it. */
struct t_flow *t_bottleneck_add(struct t_bottleneck *b, const struct tcp_cc_ops *cc);

/* t_bottleneck_run() lets |span| go by. */
void t_bottleneck_run(struct t_bottleneck *b, toe_duration span);

#endif
