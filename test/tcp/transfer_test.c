/* SPDX-License-Identifier: MIT */
/*
 * Connections that move: two engines joined by a lossy channel, each exported and imported at
 * random instants, in every state that can be handed over. The second export must equal the first,
 * and no application may notice: all bytes arrive, in order, and both ends close.
 */
#include "base/rand.h"
#include "support/conversation.h"
#include "tcp/congestion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 2500
#define PIPE_MAX 512
#define SEG_MAX 4096

/* A segment on its way. */
struct flying {
    struct tcp_segment seg;
    toe_instant at;
    uint8_t data[SEG_MAX];
};

struct pipe {
    struct flying *slots[PIPE_MAX];
    uint32_t cnt;
};

/* Two ends, the pipes to each, and what the applications mean to do. */
struct world {
    struct base_rand rand;
    struct t_conn *ends[2];
    struct pipe to[2];
    uint64_t total[2]; /* bytes each end writes before it closes */
    bool closed[2];
    toe_instant now;
    uint32_t loss; /* of 100 */
    uint32_t moves;
    uint32_t move_chance; /* of 1000 */
    uint32_t seen;        /* states that were moved, a bit each */
};

static void fly(struct world *w, int dst, const struct tcp_out *out)
{
    struct t_conn *src = w->ends[1 - dst];
    struct pipe *pipe = &w->to[dst];
    struct flying *f;
    uint64_t sum = 0;

    f = malloc(sizeof(*f));
    assert_non_null(f);
    assert_true(out->seg.payload_len <= SEG_MAX);
    f->seg = out->seg;
    assert_true(out->seg.payload_len == 0 ||
                tcp_send_read(&src->conn, f->data, out->text_off, out->seg.payload_len, &sum));
    f->seg.payload = f->data;
    f->at = w->now + (5 + base_rand_below(&w->rand, 20)) * TOE_NS_PER_MS;
    if (base_rand_chance(&w->rand, w->loss, 100) || pipe->cnt == PIPE_MAX) {
        free(f);
        return;
    }
    pipe->slots[pipe->cnt++] = f;
}

static void pump(struct world *w, int i)
{
    struct t_conn *c = w->ends[i];
    struct tcp_out out;

    c->now = w->now;
    /* Settled by hand: what leaves is read while the queue is as it was. */
    for (bool more = true; more;) {
        const uint8_t *data;
        bool push;
        uint32_t len;

        more = tcp_output(&c->conn, &out, w->now);
        if (more) {
            fly(w, 1 - i, &out);
        }
        while (!c->stalled && (len = tcp_recvq_front(&c->conn.busy->recvq, &data, &push)) > 0) {
            for (uint32_t k = 0; k < len; ++k) {
                assert_int_equal(data[k], t_byte(c->salt_in, c->read + k));
            }
            c->read += len;
            tcp_recvq_drop(&c->conn.busy->recvq, &c->chunks, len);
            tcp_consumed(&c->conn, len, w->now);
            more = true;
        }
        if (!c->stalled && c->conn.fin_unread) {
            tcp_consumed_fin(&c->conn);
            more = true;
        }
    }
    t_settle(c);
    assert_int_equal(c->out_cnt, 0);
}

static void check_equal(const struct toe_tcp_delegated *a, const struct toe_tcp_delegated *b)
{
#define SAME(field)                                                                                \
    if (a->field != b->field) {                                                                    \
        fail_msg("%s in %s: %llu, then %llu", #field, toe_conn_state_name(a->state),               \
                 (unsigned long long)a->field, (unsigned long long)b->field);                      \
    }
    SAME(state);
    SAME(flags);
    SAME(rcv_nxt);
    SAME(rcv_wnd);
    SAME(snd_una);
    SAME(snd_nxt);
    SAME(snd_max);
    SAME(snd_wnd);
    SAME(max_snd_wnd);
    SAME(snd_wl1);
    SAME(cwnd);
    SAME(ssthresh);
    SAME(srtt);
    SAME(rttvar);
    SAME(ts_recent);
    SAME(ts_recent_age);
    SAME(ts_time);
    SAME(total_rt);
    SAME(dup_ack_cnt);
    SAME(snd_wnd_probe_cnt);
    SAME(ka_probe_cnt);
    SAME(ka_timeout_delta);
    SAME(retransmit_cnt);
    SAME(retransmit_timeout_delta);
    SAME(dwnd);
#undef SAME
}

/* Exports one end and imports it into a fresh control block. */
static void move(struct world *w, int i)
{
    struct t_conn *c = w->ends[i];
    struct toe_tcp_state first = {.size = sizeof(first)};
    struct toe_tcp_state second = {.size = sizeof(second)};
    const struct tcp_setup setup = {
        .mss_local = c->conn.mss_local, .mss_limit = c->conn.mss_limit, .rcv_buf = 1};
    struct tcp_recvq waiting = {0};
    struct tcp_out out;
    struct toe_buf *chain;
    struct tcp_chunk *chunk;

    tcp_quiesce(&c->conn);
    while (tcp_output(&c->conn, &out, w->now)) {
        assert_int_equal(out.seg.payload_len, 0);
        assert_int_equal(out.seg.sack_cnt, 0);
        fly(w, 1 - i, &out);
    }
    tcp_export(&c->conn, &first.constant, &first.cached, &first.delegated, w->now);
    chain = tcp_send_take(&c->conn);
    while ((chunk = tcp_recvq_take(&c->conn.busy->recvq)) != NULL) {
        tcp_recvq_append(&waiting, chunk);
    }
    tcp_conn_fini(&c->conn);

    tcp_conn_init(&c->conn, &c->busy, &c->cfg, &setup, w->now);
    tcp_send(&c->conn, chain);
    c->conn.busy->recvq = waiting;
    first.cached.flags &= (uint16_t) ~(TOE_TCP_UPDATE_RCV_WND);
    assert_int_equal(tcp_import(&c->conn, &first, w->now), TOE_STATUS_SUCCESS);
    tcp_export(&c->conn, &second.constant, &second.cached, &second.delegated, w->now);
    check_equal(&first.delegated, &second.delegated);
    assert_memory_equal(&first.constant, &second.constant, sizeof(first.constant));
    assert_memory_equal(&first.cached, &second.cached, sizeof(first.cached));
    w->seen |= 1u << first.delegated.state;
    ++w->moves;
}

static bool is_over(const struct t_conn *c)
{
    return c->conn.state == TOE_TCP_CLOSED ||
           (c->conn.state == TOE_TCP_TIME_WAIT && toe_seq_eq(c->conn.last_ack, c->conn.rcv_nxt));
}

static void act(struct world *w, int i)
{
    struct t_conn *c = w->ends[i];

    if (c->conn.state < TOE_TCP_ESTABLISHED || is_over(c)) {
        return;
    }
    c->now = w->now;
    if (base_rand_chance(&w->rand, 1, 40)) {
        c->stalled = !c->stalled;
    }
    if (!c->conn.fin_queued && c->written < w->total[i] && tcp_send_len(&c->conn) < 40000) {
        const uint64_t left = w->total[i] - c->written;
        const uint64_t len = 1 + base_rand_below(&w->rand, 9000);

        t_queue(c, (uint32_t)(len < left ? len : left));
    } else if (!w->closed[i] && c->written == w->total[i] && base_rand_chance(&w->rand, 1, 5)) {
        tcp_close(&c->conn);
        w->closed[i] = true;
    }
    pump(w, i);
    if (base_rand_chance(&w->rand, w->move_chance, 1000) &&
        toe_conn_state_is_offloadable((enum toe_conn_state)c->conn.state) &&
        c->conn.verdict == TCP_VERDICT_NONE) {
        move(w, i);
        pump(w, i);
    }
}

static toe_instant next_event(const struct world *w)
{
    toe_instant at = w->now + 20 * TOE_NS_PER_MS; /* the applications do something now and then */

    if (is_over(w->ends[0]) && is_over(w->ends[1])) {
        return TOE_INSTANT_NEVER;
    }
    for (int i = 0; i < 2; ++i) {
        const toe_instant due = tcp_deadline(&w->ends[i]->conn);

        at = due < at ? due : at;
        for (uint32_t k = 0; k < w->to[i].cnt; ++k) {
            at = w->to[i].slots[k]->at < at ? w->to[i].slots[k]->at : at;
        }
    }
    return at > w->now ? at : w->now;
}

static void deliver(struct world *w, int i)
{
    struct pipe *pipe = &w->to[i];

    for (uint32_t k = 0; k < pipe->cnt;) {
        struct flying *f = pipe->slots[k];

        if (f->at > w->now) {
            ++k;
            continue;
        }
        pipe->slots[k] = pipe->slots[--pipe->cnt];
        w->ends[i]->now = w->now;
        (void)tcp_input(&w->ends[i]->conn, &f->seg, w->now);
        free(f);
        pump(w, i);
    }
}

static void step(struct world *w, toe_instant at)
{
    w->now = at;
    for (int i = 0; i < 2; ++i) {
        deliver(w, i);
        if (tcp_deadline(&w->ends[i]->conn) <= w->now) {
            w->ends[i]->now = w->now;
            tcp_expire(&w->ends[i]->conn, w->now);
            pump(w, i);
        }
        act(w, i);
    }
}

static struct t_options random_options(struct base_rand *r)
{
    static const uint16_t sizes[] = {1460, 1448, 536, 100, 4000};

    return (struct t_options){
        .seq = (uint32_t)(0 - base_rand_below(r, 100000)),
        .mss = sizes[base_rand_below(r, 5)],
        .rcv_wnd = (uint32_t)(2000 + base_rand_below(r, 200000)),
        .timestamps = base_rand_chance(r, 1, 2),
        .sack = base_rand_chance(r, 1, 2),
        .wscale = (uint8_t)base_rand_below(r, 8),
        .nagle = base_rand_chance(r, 1, 2),
    };
}

static void open_world(struct world *w, uint64_t seed)
{
    static const uint32_t rates[] = {1000, 1000, 100, 10};
    const struct tcp_segment *syn;
    struct tcp_out out;

    memset(w, 0, sizeof(*w));
    base_rand_init(&w->rand, seed);
    w->loss = base_rand_chance(&w->rand, 1, 3) ? 0 : (uint32_t)base_rand_below(&w->rand, 15);
    w->move_chance = base_rand_chance(&w->rand, 1, 2) ? 30 : 300;
    for (int i = 0; i < 2; ++i) {
        const struct t_options opt = random_options(&w->rand);

        w->ends[i] = t_conn_bare(&opt);
        w->ends[i]->cfg.ticks_per_second = rates[base_rand_below(&w->rand, 4)];
        w->ends[i]->cfg.max_retransmissions = 200;
        w->ends[i]->cfg.rto_max = 3 * TOE_NS_PER_SEC;
        w->ends[i]->cfg.super_max = base_rand_chance(&w->rand, 1, 3) ? SEG_MAX : 0;
        w->ends[i]->cfg.push_at_end = base_rand_chance(&w->rand, 1, 2);
        w->ends[i]->cfg.acks_consumed = base_rand_chance(&w->rand, 1, 3);
        if (base_rand_chance(&w->rand, 1, 3)) {
            w->ends[i]->cfg.cc = &tcp_cc_cubic;
        }
        w->ends[i]->salt_out = (uint32_t)i + 1;
        w->ends[i]->salt_in = 2 - (uint32_t)i;
        w->total[i] = base_rand_chance(&w->rand, 1, 4) ? 0 : base_rand_below(&w->rand, 60000);
    }
    w->now = w->ends[0]->now;

    tcp_open(&w->ends[0]->conn, toe_seq_of(base_rand_u32(&w->rand)), w->now);
    assert_true(tcp_output(&w->ends[0]->conn, &out, w->now));
    syn = &out.seg;
    tcp_open_passive(&w->ends[1]->conn, syn, toe_seq_of(0xfffffff0u), w->now);
    pump(w, 1);
}

static void close_world(struct world *w)
{
    for (int i = 0; i < 2; ++i) {
        for (uint32_t k = 0; k < w->to[i].cnt; ++k) {
            free(w->to[i].slots[k]);
        }
        t_conn_del(w->ends[i]);
    }
}

static bool is_done(const struct world *w)
{
    return is_over(w->ends[0]) && is_over(w->ends[1]);
}

static void test_moving_is_invisible(void **state)
{
    const char *fixed = getenv("TOE_TEST_SEED");
    uint32_t seen = 0;
    uint32_t moves = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS; ++seed) {
        struct world w;
        uint32_t steps = 0;
        const uint64_t use = fixed != NULL ? strtoull(fixed, NULL, 0) : seed;

        open_world(&w, use);
        while (!is_done(&w) && steps < 200000) {
            step(&w, next_event(&w));
            ++steps;
        }
        for (int i = 0; i < 2; ++i) {
            struct t_conn *c = w.ends[i];

            c->stalled = false;
            t_settle(c);
            if (c->read != w.total[1 - i] || !is_done(&w) || steps >= 200000) {
                fail_msg("seed %llu: end %d in %s read %llu of %llu, verdict %u, %u steps",
                         (unsigned long long)use, i,
                         toe_conn_state_name((enum toe_conn_state)c->conn.state),
                         (unsigned long long)c->read, (unsigned long long)w.total[1 - i],
                         c->conn.verdict, steps);
            }
        }
        seen |= w.seen;
        moves += w.moves;
        close_world(&w);
        if (fixed != NULL) {
            return;
        }
    }
    /* ESTABLISHED to LAST_ACK: all that can be handed over were. */
    assert_int_equal(seen, 0x3f0);
    assert_true(moves > 10 * ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moving_is_invisible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
