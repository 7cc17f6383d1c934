/* SPDX-License-Identifier: MIT */
#include "support/bottleneck.h"

#include "tcp/congestion.h"
#include "tcp/engine.h"
#include "tcp/send.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MSS 1460u
#define WIRE_OVERHEAD 40u

struct t_packet {
    toe_instant at;
    uint64_t stamp; /* what is on its way for the same time keeps its order */
    struct t_conn *to;
    struct tcp_segment seg;
    uint8_t data[MSS];
};

static bool is_before(const struct t_packet *a, const struct t_packet *b)
{
    return a->at < b->at || (a->at == b->at && a->stamp < b->stamp);
}

static void push(struct t_bottleneck *b, struct t_packet *packet)
{
    uint32_t i = b->air_cnt++;

    assert_true(b->air_cnt < T_AIR_MAX);
    packet->stamp = b->stamp++;
    while (i > 0 && is_before(packet, b->heap[(i - 1) / 2])) {
        b->heap[i] = b->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    b->heap[i] = packet;
}

static struct t_packet *pop(struct t_bottleneck *b)
{
    struct t_packet *first = b->heap[0];
    struct t_packet *last = b->heap[--b->air_cnt];
    uint32_t i = 0;

    for (uint32_t child = 1; child < b->air_cnt; child = 2 * i + 1) {
        child += child + 1 < b->air_cnt && is_before(b->heap[child + 1], b->heap[child]);
        if (!is_before(b->heap[child], last)) {
            break;
        }
        b->heap[i] = b->heap[child];
        i = child;
    }
    b->heap[i] = last;
    return first;
}

/* Whether the link takes |len| bytes of |flow|, and |at| when it has sent them. */
static bool cross(struct t_bottleneck *b, struct t_flow *flow, uint32_t len, toe_instant *at)
{
    const toe_instant from = b->free_at > b->now ? b->free_at : b->now;
    const uint64_t waiting = (from - b->now) * b->link.rate / (8 * TOE_NS_PER_SEC);

    if (waiting + len > b->link.buffer) {
        ++flow->lost;
        return false;
    }
    b->free_at = from + len * 8 * TOE_NS_PER_SEC / b->link.rate;
    *at = b->free_at;
    if (base_rand_chance(&b->rand, b->link.loss, 10000)) {
        ++flow->unlucky;
        return false;
    }
    return true;
}

static void leave(struct t_bottleneck *b, struct t_flow *flow, int side, const struct tcp_out *out)
{
    const uint32_t len = out->seg.payload_len;
    struct t_packet *packet;
    toe_instant at = b->now;
    uint64_t sum = 0;

    if (len > 0 && b->leave != NULL) {
        b->leave(b->user, (uint32_t)(flow - b->flows), out, b->now);
    }
    if (len > 0 && !cross(b, flow, len + WIRE_OVERHEAD, &at)) {
        return;
    }
    packet = malloc(sizeof(*packet));
    assert_non_null(packet);
    packet->at = at + b->link.delay;
    packet->to = flow->ends[1 - side];
    packet->seg = out->seg;
    if (len > 0) {
        assert_true(tcp_send_read(&flow->ends[side]->conn, packet->data, out->text_off, len, &sum));
        packet->seg.payload = packet->data;
    }
    push(b, packet);
}

static void settle(struct t_bottleneck *b, struct t_flow *flow)
{
    for (int i = 0; i < 2; ++i) {
        struct t_conn *c = flow->ends[i];

        c->now = b->now;
        if (i == 0 && tcp_send_len(&c->conn) - tcp_send_flight(&c->conn) < flow->chunk / 2) {
            t_queue(c, flow->chunk);
        }
        t_settle(c);
        for (; c->out_cnt > 0; --c->out_cnt) {
            leave(b, flow, i, &c->out[c->out_head]);
            c->out_head = (c->out_head + 1) % T_OUT_MAX;
        }
    }
}

/* The flow of what is next, and which end of it has a deadline then; NULL: a packet is next. */
static struct t_flow *next_due(struct t_bottleneck *b, toe_instant *due)
{
    struct t_flow *flow = NULL;

    *due = b->air_cnt > 0 ? b->heap[0]->at : TOE_INSTANT_NEVER;
    for (uint32_t i = 0; i < b->flow_cnt; ++i) {
        for (int k = 0; k < 2; ++k) {
            const toe_instant at = tcp_deadline(&b->flows[i].ends[k]->conn);

            if (at < *due) {
                *due = at;
                flow = &b->flows[i];
            }
        }
    }
    return flow;
}

static struct t_flow *flow_of(struct t_bottleneck *b, const struct t_conn *c)
{
    for (uint32_t i = 0; i < b->flow_cnt; ++i) {
        if (b->flows[i].ends[0] == c || b->flows[i].ends[1] == c) {
            return &b->flows[i];
        }
    }
    return NULL;
}

void t_bottleneck_run(struct t_bottleneck *b, toe_duration span)
{
    const toe_instant end = b->now + span;
    toe_instant due;

    for (uint32_t i = 0; i < b->flow_cnt; ++i) {
        settle(b, &b->flows[i]);
    }
    for (;;) {
        struct t_flow *flow = next_due(b, &due);

        if (due > end) {
            b->now = end;
            return;
        }
        b->now = due > b->now ? due : b->now;
        if (flow == NULL) {
            struct t_packet *packet = pop(b);

            flow = flow_of(b, packet->to);
            packet->to->now = b->now;
            (void)tcp_input(&packet->to->conn, &packet->seg, b->now);
            free(packet);
        } else {
            tcp_expire(&flow->ends[0]->conn, b->now);
            tcp_expire(&flow->ends[1]->conn, b->now);
        }
        settle(b, flow);
    }
}

struct t_bottleneck *t_bottleneck_new(const struct t_link *link)
{
    struct t_bottleneck *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->link = *link;
    base_rand_init(&b->rand, link->seed);
    return b;
}

void t_bottleneck_del(struct t_bottleneck *b)
{
    while (b->air_cnt > 0) {
        free(pop(b));
    }
    for (uint32_t i = 0; i < b->flow_cnt; ++i) {
        t_conn_del(b->flows[i].ends[0]);
        t_conn_del(b->flows[i].ends[1]);
    }
    free(b);
}

struct t_flow *t_bottleneck_add(struct t_bottleneck *b, const struct tcp_cc_ops *cc)
{
    const struct t_options opt = {.sack = true,
                                  .modern = true,
                                  .mss = MSS,
                                  .wscale = 7,
                                  .rcv_wnd = 4u << 20,
                                  .snd_wnd = 4u << 20};
    struct t_flow *flow = &b->flows[b->flow_cnt++];

    assert_true(b->flow_cnt <= T_FLOW_MAX);
    for (int i = 0; i < 2; ++i) {
        struct t_conn *c = t_conn_bare(&opt);
        const struct toe_tcp_state state = t_conn_state(TOE_TCP_ESTABLISHED, &opt);

        c->cfg.cc = cc;
        c->cfg.validates_cwnd = true;
        c->cfg.has_hystart = true;
        c->cfg.is_paced = true;
        if (b->now == 0) {
            b->now = c->now;
        }
        c->now = b->now;
        assert_int_equal(t_conn_import(c, &state, 0), TOE_STATUS_SUCCESS);
        flow->ends[i] = c;
    }
    flow->ends[1]->salt_in = flow->ends[0]->salt_out;
    flow->chunk = 1u << 20;
    return flow;
}
