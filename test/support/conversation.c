/* SPDX-License-Identifier: MIT */
#include "support/conversation.h"

#include "base/list.h"
#include "base/mem.h"
#include "tcp/congestion.h"
#include "tcp/scoreboard.h"
#include "wire/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A buffer with its list and its bytes. */
struct t_buf {
    struct toe_buf buf;
    struct toe_sge sge[2];
    uint8_t data[];
};

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

uint8_t t_byte(uint32_t salt, uint64_t pos)
{
    const uint64_t mixed = (pos + salt) * UINT64_C(0x9e3779b97f4a7c15);

    return (uint8_t)(mixed >> 56);
}

static void check_bytes(struct t_conn *c, const uint8_t *data, uint32_t len)
{
    for (uint32_t i = 0; i < len; ++i) {
        assert_int_equal(data[i], t_byte(c->salt_in, c->read + i));
    }
    c->read += len;
}

static bool take_text(struct tcp_conn *conn, const uint8_t *data, uint32_t len, bool push)
{
    struct t_conn *c = base_container_of(conn, struct t_conn, conn);

    if (c->text_refused) {
        return false;
    }
    if (c->stalled || conn->busy->recvq.len > 0) {
        return tcp_recvq_push(&conn->busy->recvq, &c->chunks, data, len, push);
    }
    check_bytes(c, data, len);
    tcp_consumed(conn, len, c->now);
    return true;
}

void t_config_default(struct tcp_config *cfg)
{
    *cfg = (struct tcp_config){
        .ticks_per_second = 1000,
        .ack_frequency = 2,
        .max_retransmissions = 15,
        .duplicate_ack_threshold = 3,
        .delayed_ack = 40 * TOE_NS_PER_MS,
        .sws_prevention = 5000 * TOE_NS_PER_MS,
        .rto_min = 300 * TOE_NS_PER_MS,
        .rto_max = 60 * TOE_NS_PER_SEC,
        .rto_initial = TOE_NS_PER_SEC,
        .fin_wait_2 = 120 * TOE_NS_PER_SEC,
        .time_wait = 60 * TOE_NS_PER_SEC,
        .initial_window = 10,
        .tuning = TOE_TUNING_DEFAULT,
        .cc = &tcp_cc_newreno,
        .text = take_text,
    };
}

struct t_conn *t_conn_bare(const struct t_options *opt)
{
    static const struct t_options none;
    const struct t_options *o = opt != NULL ? opt : &none;
    const uint16_t mss = (uint16_t)or_default(o->mss, 1460);
    const struct tcp_setup setup = {
        .mss_local = mss,
        .mss_limit = mss,
        .ipv6 = o->ipv6,
        .rcv_buf = or_default(o->rcv_wnd, 65535),
        .rcv_wscale = o->wscale,
        .timestamps = o->timestamps,
        .sack = o->sack,
        .window_scaling = o->wscale != 0,
        .ecn = o->ecn,
        .ecn_offer = o->ecn_offer,
        .accecn = o->accecn,
        .nagle = o->nagle,
    };
    struct t_conn *c = calloc(1, sizeof(*c));

    assert_non_null(c);
    t_config_default(&c->cfg);
    base_slab_init(&c->chunks, base_mem_default(), sizeof(struct tcp_chunk), 4096, 8);
    base_slab_init(&c->scoreboards, base_mem_default(), sizeof(struct tcp_scoreboard), 16, 4);
    c->cfg.chunks = &c->chunks;
    c->cfg.scoreboards = &c->scoreboards;
    tcp_flight_pools_init(&c->flights, base_mem_default(), 16);
    c->cfg.flights = o->modern ? &c->flights : NULL;
    c->cfg.ssthresh_flight = o->modern;
    c->origin = 1000 * TOE_NS_PER_SEC;
    c->now = c->origin;
    c->seq_base = o->seq;
    c->ack_base = o->ack;
    c->salt_out = 1;
    c->salt_in = 2;
    tcp_conn_init(&c->conn, &c->busy, &c->cfg, &setup, c->now);
    return c;
}

struct toe_tcp_state t_conn_state(enum toe_conn_state state, const struct t_options *opt)
{
    static const struct t_options none;
    const struct t_options *o = opt != NULL ? opt : &none;
    const uint32_t una = o->seq + (state == TOE_TCP_FIN_WAIT_2 || state == TOE_TCP_TIME_WAIT) + 1;
    const bool fin_rcvd = state == TOE_TCP_CLOSE_WAIT || state == TOE_TCP_LAST_ACK ||
                          state == TOE_TCP_CLOSING || state == TOE_TCP_TIME_WAIT;
    const uint32_t rcv_wnd = or_default(o->rcv_wnd, 65535);
    struct toe_tcp_state s = {.size = sizeof(s)};

    s.constant.flags =
        (uint16_t)((o->timestamps ? TOE_TCP_TIMESTAMPS : 0) | (o->sack ? TOE_TCP_SACK : 0) |
                   (o->wscale != 0 ? TOE_TCP_WINDOW_SCALING : 0) | (o->ecn ? TOE_TCP_ECN : 0) |
                   (o->accecn ? TOE_TCP_ACCECN : 0));
    s.constant.snd_wnd_scale = o->wscale;
    s.constant.rcv_wnd_scale = o->wscale;
    s.constant.remote_mss = (uint16_t)or_default(o->mss, 1460);
    s.cached.flags =
        (uint16_t)((o->nagle ? TOE_TCP_NAGLE : 0) | (o->ka_timeout != 0 ? TOE_TCP_KEEP_ALIVE : 0));
    s.cached.initial_rcv_wnd = rcv_wnd;
    s.cached.ka_timeout = o->ka_timeout;
    s.cached.ka_interval = o->ka_interval;
    s.cached.ka_probe_cnt = o->ka_probe_cnt;
    s.cached.max_rt = o->max_rt;
    s.delegated = (struct toe_tcp_delegated){
        .state = state,
        .rcv_nxt = o->ack + 1 + fin_rcvd,
        .rcv_wnd = rcv_wnd,
        .snd_una = una,
        .snd_nxt = una,
        .snd_max = una,
        .snd_wnd = o->snd_wnd == T_ZERO_WINDOW ? 0 : or_default(o->snd_wnd, 65535),
        .max_snd_wnd = 65535,
        .snd_wl1 = o->ack + 1,
        .cwnd = or_default(o->cwnd, 14600),
        .ssthresh = or_default(o->ssthresh, UINT32_MAX),
        .srtt = o->srtt,
        .rttvar = o->rttvar,
        .ts_recent = 1,
        .ts_time = 1000,
        .ka_timeout_delta = TOE_TICKS_NONE,
        .retransmit_timeout_delta = TOE_TICKS_NONE,
    };
    return s;
}

toe_status t_conn_import(struct t_conn *c, const struct toe_tcp_state *state, uint32_t unsent)
{
    if (unsent > 0) {
        t_queue(c, unsent);
    }
    return tcp_import(&c->conn, state, c->now);
}

struct t_conn *t_conn_new(enum toe_conn_state state, const struct t_options *opt)
{
    struct t_conn *c = t_conn_bare(opt);
    const struct toe_tcp_state s = t_conn_state(state, opt);

    if (state != TOE_TCP_CLOSED) {
        assert_int_equal(t_conn_import(c, &s, opt != NULL ? opt->unsent : 0), TOE_STATUS_SUCCESS);
    }
    return c;
}

struct t_conn *t_conn_in(enum toe_conn_state state)
{
    return t_conn_new(state, NULL);
}

static void free_chain(struct t_conn *c, struct toe_buf *chain)
{
    while (chain != NULL) {
        struct toe_buf *next = chain->next;

        c->acked += chain->transferred;
        free(base_container_of(chain, struct t_buf, buf));
        chain = next;
    }
}

void t_conn_del(struct t_conn *c)
{
    free_chain(c, tcp_send_take(&c->conn));
    tcp_conn_fini(&c->conn);
    assert_int_equal(c->chunks.cnt, 0);
    assert_int_equal(c->scoreboards.cnt, 0);
    assert_int_equal(c->flights.flights.cnt + c->flights.some.cnt + c->flights.many.cnt, 0);
    tcp_flight_pools_fini(&c->flights);
    base_slab_fini(&c->chunks);
    base_slab_fini(&c->scoreboards);
    free(c);
}

void t_queue(struct t_conn *c, uint32_t len)
{
    struct t_buf *b = calloc(1, sizeof(*b) + len + 1);
    const uint32_t half = len / 3;

    assert_non_null(b);
    for (uint32_t i = 0; i < len; ++i) {
        b->data[i] = t_byte(c->salt_out, c->written + i);
    }
    c->written += len;
    b->sge[0] = (struct toe_sge){.addr = (uintptr_t)b->data, .len = half};
    b->sge[1] = (struct toe_sge){.addr = (uintptr_t)(b->data + half), .len = len - half};
    b->buf = (struct toe_buf){.sge = b->sge, .sge_cnt = 2, .len = len};
    tcp_send(&c->conn, &b->buf);
}

void t_settle(struct t_conn *c)
{
    const uint8_t *data;
    uint32_t len;
    bool push;

    free_chain(c, tcp_send_pop(&c->conn));
    while (!c->stalled && (len = tcp_recvq_front(&c->conn.busy->recvq, &data, &push)) > 0) {
        check_bytes(c, data, len);
        tcp_recvq_drop(&c->conn.busy->recvq, &c->chunks, len);
        tcp_consumed(&c->conn, len, c->now);
    }
    for (;;) {
        const uint32_t idx = (c->out_head + c->out_cnt) % T_OUT_MAX;

        assert_true(c->out_cnt < T_OUT_MAX);
        if (!tcp_output(&c->conn, &c->out[idx], c->now)) {
            return;
        }
        c->out_at[idx] = c->now;
        ++c->out_cnt;
    }
}

void t_app_write(struct t_conn *c, uint32_t len)
{
    t_queue(c, len);
    t_settle(c);
}

void t_app_read(struct t_conn *c, uint32_t len)
{
    while (len > 0) {
        const uint8_t *data;
        bool push;
        uint32_t part = tcp_recvq_front(&c->conn.busy->recvq, &data, &push);

        assert_true(part > 0);
        part = part < len ? part : len;
        check_bytes(c, data, part);
        tcp_recvq_drop(&c->conn.busy->recvq, &c->chunks, part);
        tcp_consumed(&c->conn, part, c->now);
        len -= part;
    }
    t_settle(c);
}

void t_app_close(struct t_conn *c)
{
    tcp_close(&c->conn);
    t_settle(c);
}

void t_advance(struct t_conn *c, toe_instant at)
{
    const toe_instant end = c->origin + at;

    t_settle(c);
    while (tcp_deadline(&c->conn) <= end) {
        const toe_instant due = tcp_deadline(&c->conn);

        c->now = due > c->now ? due : c->now;
        tcp_expire(&c->conn, c->now);
        t_settle(c);
    }
    assert_true(c->now <= end);
    c->now = end;
}

enum toe_drop t_send(struct t_conn *c, toe_instant at, const struct t_seg *s)
{
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    uint8_t *data = malloc(s->len + 1);
    const uint32_t wnd = or_default(s->wnd, 65535);
    enum toe_drop drop;

    assert_non_null(data);
    t_advance(c, at);
    for (uint32_t i = 0; i < s->len; ++i) {
        data[i] = t_byte(c->salt_in, s->seq.v + i - 1);
    }
    seg.seq = toe_seq_add(s->seq, c->ack_base);
    seg.ack = toe_seq_add(s->ack, c->seq_base);
    seg.flags = (uint8_t)((s->flags & ~T_NO_ACK) | ((s->flags & T_NO_ACK) != 0 ? 0 : TCP_ACK));
    seg.wnd = (uint16_t)(s->wnd == T_ZERO_WINDOW ? 0 : wnd);
    seg.payload = data;
    seg.payload_len = s->len;
    seg.ecn = s->ecn;
    seg.flags |= (uint8_t)(((s->ace & 2) != 0 ? TCP_CWR : 0) | ((s->ace & 1) != 0 ? TCP_ECE : 0));
    seg.ae = (s->ace & 4) != 0;
    seg.acc_cnt = s->acc_cnt;
    memcpy(seg.acc, s->acc, sizeof(seg.acc));
    seg.has_ts = s->ts != 0;
    seg.ts_val = s->ts;
    seg.ts_ecr = s->ecr;
    if (!toe_seq_eq(s->sack[0], s->sack[1])) {
        seg.sack_cnt = 1;
        seg.sack[0].left = toe_seq_add(s->sack[0], c->seq_base);
        seg.sack[0].right = toe_seq_add(s->sack[1], c->seq_base);
    }
    if (!toe_seq_eq(s->more[0], s->more[1])) {
        seg.sack[seg.sack_cnt].left = toe_seq_add(s->more[0], c->seq_base);
        seg.sack[seg.sack_cnt++].right = toe_seq_add(s->more[1], c->seq_base);
    }
    drop = tcp_input(&c->conn, &seg, c->now);
    free(data);
    t_settle(c);
    return drop;
}

void t_expect(struct t_conn *c, toe_instant at, const struct t_seg *want)
{
    const uint8_t mask = TCP_SYN | TCP_FIN | TCP_RST;
    toe_instant left_at;

    t_advance(c, at);
    if (c->out_cnt == 0) {
        fail_msg("nothing left, seq %u len %u expected", want->seq.v, want->len);
    }
    c->last = c->out[c->out_head];
    left_at = c->out_at[c->out_head] - c->origin;
    c->out_head = (c->out_head + 1) % T_OUT_MAX;
    --c->out_cnt;

    if (left_at != at || c->last.seg.seq.v - c->seq_base != want->seq.v ||
        c->last.seg.payload_len != want->len ||
        (c->last.seg.flags & mask) != (want->flags & mask) ||
        ((c->last.seg.flags & TCP_ACK) != 0 && c->last.seg.ack.v - c->ack_base != want->ack.v)) {
        fail_msg("at %.3f ms: seq %u ack %u len %u flags %#x; expected at %.3f ms: seq %u ack %u "
                 "len %u flags %#x",
                 (double)left_at / 1e6, c->last.seg.seq.v - c->seq_base,
                 c->last.seg.ack.v - c->ack_base, c->last.seg.payload_len, c->last.seg.flags,
                 (double)at / 1e6, want->seq.v, want->ack.v, want->len, want->flags);
    }
    if (want->wnd != 0) {
        assert_int_equal(c->last.seg.wnd, want->wnd == T_ZERO_WINDOW ? 0 : want->wnd);
    }
    if (want->ts != 0) {
        assert_int_equal(c->last.seg.ts_val, want->ts);
    }
    if (!toe_seq_eq(want->sack[0], want->sack[1])) {
        assert_true(c->last.seg.sack_cnt > 0);
        assert_int_equal(c->last.seg.sack[0].left.v - c->ack_base, want->sack[0].v);
        assert_int_equal(c->last.seg.sack[0].right.v - c->ack_base, want->sack[1].v);
    }
}

void t_expect_silence(struct t_conn *c, toe_instant at)
{
    t_advance(c, at);
    if (c->out_cnt > 0) {
        const struct tcp_out *out = &c->out[c->out_head];

        fail_msg("silence expected until %.3f ms; at %.3f ms left seq %u len %u flags %#x",
                 (double)at / 1e6, (double)(c->out_at[c->out_head] - c->origin) / 1e6,
                 out->seg.seq.v - c->seq_base, out->seg.payload_len, out->seg.flags);
    }
}

void t_forget(struct t_conn *c)
{
    t_settle(c);
    c->out_cnt = 0;
}
