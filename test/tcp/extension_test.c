/* SPDX-License-Identifier: MIT */
/*
 * The extension: a connection that moves with one forgets nothing. It has a twin that stays where
 * it is and hears the same segments from the same lossy channel; from the outside the two cannot be
 * told apart.
 */
#include "base/rand.h"
#include "support/luggage.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/scoreboard.h"
#include "tcp/send.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 600
#define STEPS_MAX 100000
#define FLYING_MAX 512
#define SEG_MAX 1460

/* --- the one that moves, the one that stays, and their peer --- */

struct flying {
    struct tcp_segment seg;
    toe_instant at;
    uint8_t data[SEG_MAX];
};

struct pipe {
    struct flying *slots[FLYING_MAX];
    uint32_t cnt;
};

struct world {
    struct base_rand rand;
    struct t_conn *mover;
    struct t_conn *twin;
    struct t_conn *peer;
    struct pipe to_peer;
    struct pipe to_mover;
    uint64_t total; /* bytes that both sides write before they close */
    toe_instant now;
    uint32_t loss;  /* of 100, */
    uint32_t marks; /* as often congestion is marked */
    uint32_t limit; /* of text in a segment that moves or stays: larger ones vanish */
    uint32_t moves;
    uint32_t flags;  /* that went along, of all extensions, */
    uint32_t flight; /* and of their records */
    uint32_t frto;   /* steps of F-RTO, as bits */
    uint32_t held;   /* moves while a short segment was held back */
    uint32_t run_max;
    uint32_t sacked_max;
    uint32_t early_max;
};

static void fly(struct world *w, struct pipe *pipe, struct t_conn *src, const struct tcp_out *out)
{
    struct flying *f = malloc(sizeof(*f));
    uint64_t sum = 0;

    assert_non_null(f);
    assert_true(out->seg.payload_len <= SEG_MAX);
    f->seg = out->seg;
    assert_true(out->seg.payload_len == 0 ||
                tcp_send_read(&src->conn, f->data, out->text_off, out->seg.payload_len, &sum));
    f->seg.payload = f->data;
    if (f->seg.ecn == TCP_ECN_ECT0 && base_rand_chance(&w->rand, w->marks, 100)) {
        f->seg.ecn = TCP_ECN_CE;
    }
    f->at = w->now + (5 + base_rand_below(&w->rand, 12)) * TOE_NS_PER_MS +
            base_rand_below(&w->rand, TOE_NS_PER_MS);
    if (base_rand_chance(&w->rand, w->loss, 100) || pipe->cnt == FLYING_MAX ||
        (src != w->peer && out->seg.payload_len > w->limit)) {
        free(f);
        return;
    }
    pipe->slots[pipe->cnt++] = f;
}

/* Reads what waits; returns whether there was any. */
static bool drain(struct t_conn *c, toe_instant now)
{
    const uint64_t before = c->read;
    const uint8_t *data;
    uint32_t len;
    bool push;

    while (!c->stalled && (len = tcp_recvq_front(&c->conn.busy->recvq, &data, &push)) > 0) {
        for (uint32_t k = 0; k < len; ++k) {
            assert_int_equal(data[k], t_byte(c->salt_in, c->read + k));
        }
        c->read += len;
        tcp_recvq_drop(&c->conn.busy->recvq, &c->chunks, len);
        tcp_consumed(&c->conn, len, now);
    }
    return c->read != before;
}

/* As many blocks, of which each tells the truth about the other as well. In what order older ones
 * follow the newest is all that a move forgets (RFC 2018, 4). */
static void check_sack(const struct tcp_segment *a, const struct tcp_segment *b,
                       const struct tcp_conn *conn)
{
    assert_int_equal(a->sack_cnt, b->sack_cnt);
    for (uint32_t i = 0; i < a->sack_cnt; ++i) {
        const struct tcp_sack_block *block = &a->sack[i];

        if (toe_seq_lt(block->left, a->ack)) { /* a duplicate */
            assert_memory_equal(block, &b->sack[i], sizeof(*block));
        } else {
            struct tcp_sack_block held;

            assert_true(tcp_reassembly_overlap(&conn->busy->reassembly, &held, block->left,
                                               toe_seq_off(block->right, block->left)));
            assert_memory_equal(block, &held, sizeof(held));
        }
    }
}

static void check_alike(const struct tcp_out *a, const struct tcp_out *b,
                        const struct tcp_conn *conn)
{
#define SAME(field) assert_int_equal(a->field, b->field)
    SAME(seg.seq.v);
    SAME(seg.ack.v);
    SAME(seg.flags);
    SAME(seg.wnd);
    SAME(seg.payload_len);
    SAME(seg.has_ts);
    SAME(seg.ts_val);
    SAME(seg.ts_ecr);
    SAME(is_retransmission);
#undef SAME
    check_sack(&a->seg, &b->seg, conn);
}

/* Whatever leaves one leaves the other, and once is enough for the peer. */
static bool output_both(struct world *w)
{
    struct tcp_out a;
    struct tcp_out b;
    const bool more = tcp_output(&w->mover->conn, &a, w->now);

    assert_int_equal(more, tcp_output(&w->twin->conn, &b, w->now));
    if (more) {
        check_alike(&a, &b, &w->twin->conn);
        fly(w, &w->to_peer, w->mover, &a);
    }
    return more;
}

static void settle(struct world *w)
{
    struct tcp_out out;

    for (bool more = true; more;) {
        more = output_both(w);
        more = drain(w->mover, w->now) || more;
        (void)drain(w->twin, w->now);
    }
    for (bool more = true; more;) {
        more = tcp_output(&w->peer->conn, &out, w->now);
        if (more) {
            fly(w, &w->to_mover, w->peer, &out);
        }
        more = drain(w->peer, w->now) || more;
    }
    t_settle(w->mover);
    t_settle(w->twin);
    t_settle(w->peer);
    assert_int_equal(w->mover->out_cnt + w->twin->out_cnt + w->peer->out_cnt, 0);
    assert_int_equal(w->mover->read, w->twin->read);
}

static void set_now(struct world *w, toe_instant now)
{
    w->now = now;
    w->mover->now = now;
    w->twin->now = now;
    w->peer->now = now;
}

/* The twin does what a move does by rule: acknowledge what is owed. The budget of challenges begins
 * anew (RFC-081). */
static void stay(struct t_conn *c)
{
    struct tcp_conn *conn = &c->conn;

    conn->quiesced = false;
    conn->update_due = false;
    conn->dup_due = false;
    conn->busy->challenge_cnt = 0;
    if (conn->output_held) {
        tcp_deadline_set(conn, TCP_DEADLINE_SWS, conn->busy->held_until);
    }
    tcp_deadline_settle(conn, c->now);
}

static void travel(struct world *w)
{
    struct t_conn *c = w->mover;
    struct t_luggage l;

    tcp_quiesce(&c->conn);
    tcp_quiesce(&w->twin->conn);
    while (output_both(w)) {
    }
    assert_int_equal(t_move(c, &l, (uint32_t)base_rand_below(&w->rand, 4000)), TCP_EXTENSION_TAKEN);
    free(l.bytes);
    stay(w->twin);
    ++w->moves;
    w->flags |= l.ext.flags;
    w->flight |= l.ext.flight.flags;
    w->frto |= 1u << l.ext.flight.frto.step;
    w->held += l.ext.held_left > 0;
    w->run_max = l.ext.run_cnt > w->run_max ? l.ext.run_cnt : w->run_max;
    w->sacked_max = l.ext.sacked_cnt > w->sacked_max ? l.ext.sacked_cnt : w->sacked_max;
    w->early_max = l.ext.early_cnt > w->early_max ? l.ext.early_cnt : w->early_max;
}

/* Once in |one_of| times. */
static void may_travel(struct world *w, uint64_t one_of)
{
    if (base_rand_chance(&w->rand, 1, one_of) &&
        toe_conn_state_is_offloadable((enum toe_conn_state)w->mover->conn.state) &&
        w->mover->conn.verdict == TCP_VERDICT_NONE) {
        travel(w);
    }
}

static bool is_over(const struct t_conn *c)
{
    return c->conn.state == TOE_TCP_CLOSED || c->conn.state == TOE_TCP_TIME_WAIT;
}

/* What the applications do: write, close, and now and then read nothing for a while. */
static void act(struct world *w, struct t_conn *c, struct t_conn *twin)
{
    uint64_t len = 1 + base_rand_below(&w->rand, 9000);

    if (base_rand_chance(&w->rand, 1, 60)) {
        c->stalled = !c->stalled;
        if (twin != NULL) {
            twin->stalled = c->stalled;
        }
    }
    if (is_over(c) || c->conn.fin_queued || tcp_send_len(&c->conn) > 40000) {
        return;
    }
    len = len < w->total - c->written ? len : w->total - c->written;
    if (len > 0) {
        t_queue(c, (uint32_t)len);
        if (twin != NULL) {
            t_queue(twin, (uint32_t)len);
        }
    } else {
        tcp_close(&c->conn);
        if (twin != NULL) {
            tcp_close(&twin->conn);
        }
    }
}

static struct flying *arrived(struct world *w, struct pipe *pipe)
{
    for (uint32_t k = 0; k < pipe->cnt; ++k) {
        struct flying *f = pipe->slots[k];

        if (f->at <= w->now) {
            pipe->slots[k] = pipe->slots[--pipe->cnt];
            return f;
        }
    }
    return NULL;
}

static void deliver(struct world *w)
{
    struct flying *f;

    while ((f = arrived(w, &w->to_mover)) != NULL) {
        const enum toe_drop drop = tcp_input(&w->mover->conn, &f->seg, w->now);

        assert_int_equal(tcp_input(&w->twin->conn, &f->seg, w->now), drop);
        free(f);
        may_travel(w, 40); /* with what is due and has not left */
        settle(w);
    }
    while ((f = arrived(w, &w->to_peer)) != NULL) {
        (void)tcp_input(&w->peer->conn, &f->seg, w->now);
        free(f);
        settle(w);
    }
}

static toe_instant earliest(const struct pipe *pipe, toe_instant at)
{
    for (uint32_t k = 0; k < pipe->cnt; ++k) {
        at = pipe->slots[k]->at < at ? pipe->slots[k]->at : at;
    }
    return at;
}

static toe_instant next_event(const struct world *w)
{
    toe_instant at = w->now + 20 * TOE_NS_PER_MS;
    const toe_instant due = tcp_deadline(&w->mover->conn);

    /* Timers do not lose a nanosecond. */
    assert_true(due == tcp_deadline(&w->twin->conn));
    at = due < at ? due : at;
    at = tcp_deadline(&w->peer->conn) < at ? tcp_deadline(&w->peer->conn) : at;
    at = earliest(&w->to_mover, earliest(&w->to_peer, at));
    return at > w->now ? at : w->now;
}

/* A probe of the tail is to leave: that is rare. */
static bool is_probing(const struct t_conn *c)
{
    return c->conn.flight != NULL && c->conn.flight->tlp.is_due;
}

static void step(struct world *w)
{
    set_now(w, next_event(w));
    deliver(w);
    tcp_expire(&w->mover->conn, w->now);
    tcp_expire(&w->twin->conn, w->now);
    tcp_expire(&w->peer->conn, w->now);
    may_travel(w, is_probing(w->mover) ? 1 : 10);
    settle(w);
    act(w, w->mover, w->twin);
    act(w, w->peer, NULL);
    settle(w);
    may_travel(w, 6);
    settle(w);
}

static struct t_conn *end_new(const struct world *w, const struct t_options *opt,
                              const struct tcp_cc_ops *cc, bool is_paced, uint32_t salt)
{
    struct t_conn *c = t_conn_bare(opt);
    struct toe_tcp_state state = t_conn_state(TOE_TCP_ESTABLISHED, opt);

    (void)w;
    c->cfg.max_retransmissions = 200;
    c->cfg.rto_max = 3 * TOE_NS_PER_SEC;
    c->cfg.cc = cc;
    c->cfg.validates_cwnd = is_paced;
    c->cfg.has_hystart = is_paced;
    c->cfg.is_paced = is_paced;
    c->salt_out = salt;
    c->salt_in = 3 - salt;
    assert_int_equal(t_conn_import(c, &state, 0), TOE_STATUS_SUCCESS);
    return c;
}

/* Some find out how large a segment may be, of whom some have to. */
static void set_probing(struct world *w)
{
    const uint32_t how = (uint32_t)base_rand_below(&w->rand, 5);

    w->limit = SEG_MAX;
    if (how > 0 && how <= 2) {
        w->mover->cfg.tuning.mtu_probing = (enum toe_mtu_probing)how;
        w->twin->cfg.tuning.mtu_probing = (enum toe_mtu_probing)how;
        w->limit = 600 + (uint32_t)base_rand_below(&w->rand, 1200);
    }
}

static void open_world(struct world *w, uint64_t seed)
{
    static const struct tcp_cc_ops *const controls[] = {&tcp_cc_newreno, &tcp_cc_cubic,
                                                        &tcp_cc_bbr};
    static const uint16_t sizes[] = {1460, 1448, 536, 100};
    struct t_options opt;
    const struct tcp_cc_ops *cc;
    bool is_paced;

    memset(w, 0, sizeof(*w));
    base_rand_init(&w->rand, seed);
    w->loss = (uint32_t)base_rand_below(&w->rand, 12);
    w->marks = (uint32_t)base_rand_below(&w->rand, 8);
    w->total = base_rand_below(&w->rand, 80000);
    opt = (struct t_options){
        .seq = (uint32_t)(0 - base_rand_below(&w->rand, 100000)),
        .ack = (uint32_t)(0 - base_rand_below(&w->rand, 100000)),
        .mss = sizes[base_rand_below(&w->rand, 4)],
        .rcv_wnd = (uint32_t)(4000 + base_rand_below(&w->rand, 60000)),
        .timestamps = base_rand_chance(&w->rand, 1, 2),
        .sack = base_rand_chance(&w->rand, 2, 3),
        .nagle = base_rand_chance(&w->rand, 1, 2),
        .ecn = base_rand_chance(&w->rand, 1, 3),
        .modern = base_rand_chance(&w->rand, 3, 4),
    };
    opt.snd_wnd = opt.rcv_wnd;
    cc = controls[base_rand_below(&w->rand, 3)];
    is_paced = base_rand_chance(&w->rand, 1, 2);
    w->mover = end_new(w, &opt, cc, is_paced, 1);
    w->twin = end_new(w, &opt, cc, is_paced, 1);
    set_probing(w);
    w->mover->cfg.tuning.after_idle = (enum toe_after_idle)base_rand_below(&w->rand, 3);
    w->mover->cfg.tuning.mark_by_prr = base_rand_chance(&w->rand, 1, 2);
    w->twin->cfg.tuning = w->mover->cfg.tuning;
    opt = (struct t_options){
        .seq = opt.ack,
        .ack = opt.seq,
        .mss = opt.mss,
        .rcv_wnd = opt.rcv_wnd,
        .snd_wnd = opt.rcv_wnd,
        .timestamps = opt.timestamps,
        .sack = opt.sack,
        .ecn = opt.ecn,
    };
    w->peer = end_new(w, &opt, &tcp_cc_cubic, false, 2);
    set_now(w, w->mover->now);
}

static void pipe_del(struct pipe *pipe)
{
    for (uint32_t k = 0; k < pipe->cnt; ++k) {
        free(pipe->slots[k]);
    }
}

/* Worlds like this one, but where one has moved and the other has not, are the same. */
static void test_moving_forgets_nothing(void **state)
{
    const char *fixed = getenv("TOE_TEST_SEED");
    const uint64_t first = fixed != NULL ? strtoull(fixed, NULL, 0) : 1;
    const uint64_t last = fixed != NULL ? first : ROUNDS;
    uint32_t flags = 0;
    uint32_t flight = 0;
    uint32_t frto = 0;
    uint32_t held = 0;
    uint32_t run_max = 0;
    uint32_t sacked_max = 0;
    uint32_t early_max = 0;
    uint64_t moves = 0;

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        struct world w;
        uint32_t steps = 0;

        printf("seed %llu\r", (unsigned long long)seed);
        open_world(&w, seed);
        while ((!is_over(w.mover) || !is_over(w.peer)) && steps < STEPS_MAX) {
            step(&w);
            ++steps;
        }
        w.mover->stalled = w.twin->stalled = w.peer->stalled = false;
        settle(&w);
        if (steps >= STEPS_MAX || w.mover->read != w.total || w.peer->read != w.total) {
            fail_msg("seed %llu: %u steps, %llu and %llu of %llu", (unsigned long long)seed, steps,
                     (unsigned long long)w.mover->read, (unsigned long long)w.peer->read,
                     (unsigned long long)w.total);
        }
        flags |= w.flags;
        flight |= w.flight;
        frto |= w.frto;
        held += w.held;
        run_max = w.run_max > run_max ? w.run_max : run_max;
        moves += w.moves;
        sacked_max = w.sacked_max > sacked_max ? w.sacked_max : sacked_max;
        early_max = w.early_max > early_max ? w.early_max : early_max;
        pipe_del(&w.to_mover);
        pipe_del(&w.to_peer);
        t_conn_del(w.mover);
        t_conn_del(w.twin);
        t_conn_del(w.peer);
    }
    if (fixed == NULL) {
        /* All there is; but nobody has keep-alive, and a grant never waits. */
        assert_int_equal(flags, (TOE_EXTENSION_ALIVE_DUE - 1) | TOE_EXTENSION_MEASURED |
                                    TOE_EXTENSION_UNUSED | TOE_EXTENSION_MTU_LOST |
                                    TOE_EXTENSION_MTU_HOLDS);
        assert_int_equal(flight, 2 * TOE_FLIGHT_MARK - 1 - TOE_FLIGHT_PRR_FIRST);
        assert_int_equal(frto, 7);
        assert_true(held > 0);
        assert_true(run_max > TCP_FLIGHT_SOME);
        assert_true(sacked_max >= 5 && early_max >= 5);
        assert_true(moves > 20 * ROUNDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moving_forgets_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
