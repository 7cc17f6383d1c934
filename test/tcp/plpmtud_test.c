/* SPDX-License-Identifier: MIT */
/* Path MTU discovery by probes: RFC-106; RFC 4821, RFC 8899. */

#include "base/rand.h"
#include "support/luggage.h"

#include "tcp/congestion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE 1220u
#define TEXT_MAX 4000000u
#define ROUNDS 300

/* A path that drops what is larger than |limit|, or by chance, and the peer behind it. */
struct path {
    struct t_conn *c;
    struct base_rand rand;
    uint32_t limit;
    uint32_t loss;    /* of 100 */
    uint32_t largest; /* that left */
    uint32_t dropped; /* too large */
    bool has[TEXT_MAX];
    uint32_t next; /* first byte that is missing */
};

static struct path path;

static struct t_options complete(const struct t_options *more)
{
    struct t_options opt = *more;

    opt.modern = true;
    opt.srtt = 80;
    opt.rttvar = 40;
    opt.cwnd = opt.cwnd != 0 ? opt.cwnd : 40 * BASE;
    opt.ssthresh = 1;
    return opt;
}

static void path_bare(uint32_t limit, enum toe_mtu_probing how, const struct t_options *more)
{
    const struct t_options opt = complete(more);

    memset(&path, 0, sizeof(path));
    base_rand_init(&path.rand, 1);
    path.limit = limit;
    path.c = t_conn_bare(&opt);
    path.c->cfg.tuning.mtu_probing = how;
    path.c->cfg.rack_threshold = true;
    path.c->cfg.max_retransmissions = 100;
    path.c->cfg.rto_max = 4 * TOE_NS_PER_SEC;
}

static struct path *path_open(const struct t_options *more)
{
    const struct t_options opt = complete(more);
    const struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, &opt);

    assert_int_equal(t_conn_import(path.c, &s, 0), TOE_STATUS_SUCCESS);
    return &path;
}

static struct path *path_new(uint32_t limit, enum toe_mtu_probing how, const struct t_options *more)
{
    path_bare(limit, how, more);
    return path_open(more);
}

static struct path *usual(uint32_t limit, enum toe_mtu_probing how)
{
    static const struct t_options opt = {.sack = true};

    return path_new(limit, how, &opt);
}

static void receive(struct path *p, const struct tcp_segment *seg, uint32_t len)
{
    struct t_conn *c = p->c;
    const uint32_t first = seg->seq.v - c->seq_base - 1;
    struct t_seg ack = {.seq = {1}, .wnd = 65535, .ts = 1, .ecr = seg->ts_val};
    uint32_t left = first;
    uint32_t right = first;

    for (uint32_t i = 0; i < len; ++i) {
        p->has[first + i] = true;
    }
    while (p->has[p->next]) {
        ++p->next;
    }
    while (left > p->next && p->has[left - 1]) {
        --left;
    }
    while (left > p->next && p->has[right]) {
        ++right;
    }
    ack.ack = toe_seq_of(1 + p->next);
    if (c->conn.has_sack && left > p->next) {
        ack.sack[0] = toe_seq_of(1 + left);
        ack.sack[1] = toe_seq_of(1 + right);
    }
    if (!seg->has_ts) {
        ack.ts = 0;
    }
    if (base_rand_chance(&p->rand, 100 - p->loss, 100)) {
        t_send(c, c->now - c->origin + T_MS(1), &ack);
    }
}

/* What |out| is on the wire: segments of |mss|. */
static void carry(struct path *p, struct tcp_out out)
{
    uint32_t left = out.seg.payload_len;

    do {
        const uint32_t len = left < out.mss ? left : out.mss;

        if (len > p->largest) {
            p->largest = len;
        }
        if (len > p->limit) {
            ++p->dropped;
        } else if (len > 0 && base_rand_chance(&p->rand, 100 - p->loss, 100)) {
            receive(p, &out.seg, len);
        }
        out.seg.seq = toe_seq_add(out.seg.seq, len);
        left -= len;
    } while (left > 0);
}

/* One more segment arrives, or is dropped, or a timer expires; false if there is nothing any more.
 */
static bool step(struct path *p)
{
    struct t_conn *c = p->c;
    struct tcp_out out;

    if (c->out_cnt == 0) {
        if (tcp_deadline(&c->conn) == TOE_INSTANT_NEVER) {
            return false;
        }
        t_advance(c, tcp_deadline(&c->conn) - c->origin);
        return true;
    }
    out = c->out[c->out_head];
    c->out_head = (c->out_head + 1) % T_OUT_MAX;
    --c->out_cnt;
    carry(p, out);
    return true;
}

/* The application writes |len| bytes, and they arrive. */
static void say(struct path *p, uint32_t len)
{
    t_app_write(p->c, len);
    while (step(p)) {
    }
    assert_int_equal(p->next, p->c->written);
    assert_int_equal(p->c->conn.verdict, TCP_VERDICT_NONE);
}

static bool is_found(const struct path *p)
{
    const uint32_t mss = p->c->conn.snd_mss;

    return mss <= p->limit && mss + 33u >= p->limit;
}

/* 7.2: it begins with what fits nearly everywhere; the first probe has the bound, and is verified
 * by its acknowledgment. Nothing is sent twice. */
static void test_wide_path(void **state)
{
    struct path *p = usual(1460, TOE_MTU_PROBING_ALWAYS);
    struct t_conn *c = p->c;

    (void)state;
    assert_int_equal(c->conn.snd_mss, BASE);
    t_app_write(c, 100000);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = BASE));
    t_expect(c, T_MS(0), SEG(.seq = {1 + BASE}, .ack = {1}, .len = 1460));
    assert_int_equal(c->last.mss, 1460);
    t_expect(c, T_MS(0), SEG(.seq = {1 + BASE + 1460}, .ack = {1}, .len = BASE));
    assert_int_equal(c->conn.snd_mss, BASE);
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1 + BASE}));
    assert_int_equal(c->conn.snd_mss, BASE);
    t_send(c, T_MS(11), SEG(.seq = {1}, .ack = {1 + BASE + 1460}));
    assert_int_equal(c->conn.snd_mss, 1460);
    t_forget(c);
    t_conn_del(c);
}

/* 7.3, 7.5, 7.7: a narrow path is found to a few bytes, and the losses of probes are no congestion;
 * and so it is with super-segments. */
static void test_narrow_paths(void **state)
{
    static const uint32_t limits[] = {1220, 1225, 1252, 1300, 1400, 1459, 1460};

    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); ++i) {
        for (int is_super = 0; is_super < 2; ++is_super) {
            struct path *p = usual(limits[i], TOE_MTU_PROBING_ALWAYS);

            p->c->cfg.super_max = is_super != 0 ? 65535 : 0;
            for (int k = 0; k < 12; ++k) {
                say(p, 100000);
            }
            assert_true(p->c->conn.cwnd >= 40 * BASE);
            assert_int_equal(p->c->conn.ssthresh, 1); /* No recovery ever set it. */
            assert_int_equal(p->dropped > 0, limits[i] < 1460);
            assert_true(p->dropped <= 12);
            if (!is_found(p)) {
                fail_msg("a path of %u: %u", limits[i], p->c->conn.snd_mss);
            }
            t_conn_del(p->c);
        }
    }
}

/* 7.5: a probe and something else: that is congestion, and says nothing about the path. */
static void test_other_losses(void **state)
{
    struct path *p = usual(1460, TOE_MTU_PROBING_ALWAYS);
    struct t_conn *c = p->c;
    const uint32_t third = 1 + BASE + 1460 + BASE;

    (void)state;
    t_app_write(c, 20000);
    t_forget(c);
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1 + BASE}));
    t_send(c, T_MS(11), SEG(.seq = {1}, .ack = {1 + BASE}, .sack = {{third}, {third + 4 * BASE}}));
    t_advance(c, T_MS(40));
    assert_true(c->conn.in_recovery);
    assert_int_equal(c->conn.snd_mss, BASE);
    assert_int_equal(c->busy.mtu_probe.size, 0);
    assert_false(c->busy.mtu_probe.is_lost);
    assert_true(c->conn.ssthresh > 1);
    t_forget(c);
    /* All arrives, what was the probe in pieces: that verifies nothing. */
    t_send(c, T_MS(50), SEG(.seq = {1}, .ack = {20001}));
    assert_int_equal(c->conn.snd_mss, BASE);
    t_conn_del(c);
}

/* 7.7; RFC 2923, 2.1: a path that becomes narrow, and tells nobody; and wide again (RFC 8899,
 * 5.1.1). */
static void test_black_hole(void **state)
{
    static const enum toe_mtu_probing hows[] = {TOE_MTU_PROBING_BLACK_HOLE, TOE_MTU_PROBING_ALWAYS};
    static const uint32_t limits[] = {1459, 1400, 1250, 1220, 1000, 600, 512};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(limits) / sizeof(limits[0]); ++i) {
        struct path *p = usual(1460, hows[i % 2]);

        say(p, 100000);
        assert_int_equal(p->c->conn.snd_mss, 1460);
        p->limit = limits[i / 2];
        for (int k = 0; k < 12; ++k) {
            say(p, 100000);
        }
        if (!is_found(p)) {
            fail_msg("a path of %u: %u", p->limit, p->c->conn.snd_mss);
        }

        p->limit = 1460;
        t_advance(p->c, p->c->now - p->c->origin + T_MS(650000));
        say(p, 100000);
        say(p, 100000);
        assert_int_equal(p->c->conn.snd_mss, 1460);
        assert_int_equal(p->c->conn.mtu.verified, i % 2 == 0 ? 0 : 1460);
        t_conn_del(p->c);
    }
}

/* Nothing arrives for some time: once something does the first probe puts all right. */
static void test_outage(void **state)
{
    struct path *p = usual(1460, TOE_MTU_PROBING_BLACK_HOLE);
    struct t_conn *c = p->c;

    (void)state;
    say(p, 20000);
    p->limit = 0;
    t_app_write(c, 100000);
    while (c->conn.retransmit_cnt < 3) {
        (void)step(p);
    }
    assert_int_equal(c->conn.snd_mss, BASE);
    p->limit = 1460;
    while (step(p)) {
    }
    assert_int_equal(p->next, c->written);
    assert_int_equal(c->conn.snd_mss, 1460);
    assert_int_equal(c->conn.mtu.verified, 0);
    t_conn_del(c);
}

/* What is small vanishes for another reason; and nobody asks who does not want to. */
static void test_no_black_hole(void **state)
{
    static const struct {
        enum toe_mtu_probing how;
        uint32_t len;
        uint16_t mss;
    } cases[] = {{TOE_MTU_PROBING_BLACK_HOLE, 1000, 1460},
                 {TOE_MTU_PROBING_BLACK_HOLE, 1300, 1220},
                 {TOE_MTU_PROBING_OFF, 10000, 1460}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct path *p = usual(0, cases[i].how);

        t_app_write(p->c, cases[i].len);
        while (p->c->conn.retransmit_cnt < 3) {
            (void)step(p);
        }
        assert_int_equal(p->c->conn.snd_mss, cases[i].mss);
        t_forget(p->c);
        t_conn_del(p->c);
    }
}

/* cwnd is full, and each acknowledgment frees a segment: a probe holds back one, and leaves. */
static void test_hold(void **state)
{
    const struct t_options opt = {.sack = true, .cwnd = 10 * BASE};
    struct path *p = path_new(1460, TOE_MTU_PROBING_ALWAYS, &opt);
    struct t_conn *c = p->c;

    (void)state;
    p->c->conn.mss_limit = BASE; /* nothing to be probed yet */
    t_app_write(c, 100000);
    assert_int_equal(c->out_cnt, 10);
    t_forget(c);
    tcp_mss_limit_set(&c->conn, 1460, c->now);
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1 + BASE}));
    t_expect_silence(c, T_MS(10));
    t_send(c, T_MS(11), SEG(.seq = {1}, .ack = {1 + 2 * BASE}));
    t_expect(c, T_MS(11), SEG(.seq = {1 + 10 * BASE}, .ack = {1}, .len = 1460));
    t_forget(c);
    t_conn_del(c);
}

/* A bound far away: what one acknowledgment frees is tried, the rest later. */
static void test_hold_is_short(void **state)
{
    const struct t_options opt = {.sack = true, .cwnd = 30 * BASE, .mss = 8960};
    struct path *p = path_new(8960, TOE_MTU_PROBING_ALWAYS, &opt);
    struct t_conn *c = p->c;

    (void)state;
    p->c->conn.mss_limit = BASE;
    t_app_write(c, 100000);
    t_forget(c);
    tcp_mss_limit_set(&c->conn, 8960, c->now);
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1 + 2 * BASE}));
    t_expect_silence(c, T_MS(10));
    t_send(c, T_MS(11), SEG(.seq = {1}, .ack = {1 + 4 * BASE}));
    assert_true(c->out[c->out_head].seg.payload_len >= 4 * BASE);
    assert_true(c->out[c->out_head].seg.payload_len < 5 * BASE);
    t_forget(c);
    t_conn_del(c);
}

/* RFC-106: never beyond what the path's MTU allows; the host may change it. */
static void test_bound(void **state)
{
    struct path *p = usual(9000, TOE_MTU_PROBING_ALWAYS);

    (void)state;
    tcp_mss_limit_set(&p->c->conn, 1300, p->c->now);
    say(p, 100000);
    assert_int_equal(p->largest, 1300);
    tcp_mss_limit_set(&p->c->conn, 1400, p->c->now);
    say(p, 100000);
    assert_int_equal(p->largest, 1400);
    tcp_mss_limit_set(&p->c->conn, 1000, p->c->now);
    assert_int_equal(p->c->conn.snd_mss, 1000);
    tcp_mss_limit_set(&p->c->conn, 1460, p->c->now);
    assert_int_equal(p->c->conn.snd_mss, 1000);
    say(p, 100000);
    assert_int_equal(p->c->conn.snd_mss, 1460);
    t_conn_del(p->c);
}

/* Without SACK nobody would see a probe's loss: the bound is used, or what is left of it. */
static void test_without_sack(void **state)
{
    static const struct t_options opt;
    struct path *p = path_new(1460, TOE_MTU_PROBING_ALWAYS, &opt);

    (void)state;
    assert_int_equal(p->c->conn.snd_mss, 1460);
    p->limit = 1300;
    say(p, 100000);
    assert_int_equal(p->c->conn.snd_mss, BASE);
    say(p, 100000);
    assert_int_equal(p->largest, 1460);
    t_conn_del(p->c);
}

static void may_move(struct path *p, uint32_t percent)
{
    struct t_luggage l;

    if (base_rand_chance(&p->rand, percent, 100)) {
        assert_int_equal(t_move(p->c, &l, 100), TCP_EXTENSION_TAKEN);
        free(l.bytes);
        t_settle(p->c);
    }
}

/* A path that changes, loses at random, a connection that moves: all bytes arrive, and no segment
 * is larger than the bound. */
static void run_random(uint64_t seed)
{
    static const uint16_t sizes[] = {1460, 1460, 8960, 600};
    static const struct tcp_cc_ops *const controls[] = {&tcp_cc_newreno, &tcp_cc_cubic,
                                                        &tcp_cc_bbr};
    struct t_options opt = {.cwnd = 40 * BASE};
    struct base_rand rand;
    struct path *p;
    uint32_t moves;

    base_rand_init(&rand, seed);
    opt.mss = sizes[base_rand_below(&rand, 4)];
    opt.sack = base_rand_chance(&rand, 4, 5);
    opt.timestamps = base_rand_chance(&rand, 1, 2);
    opt.nagle = base_rand_chance(&rand, 1, 2);
    opt.seq = base_rand_u32(&rand);
    path_bare(0, (enum toe_mtu_probing)(1 + base_rand_below(&rand, 2)), &opt);
    path.c->cfg.cc = controls[base_rand_below(&rand, 3)];
    path.c->cfg.is_paced = base_rand_chance(&rand, 1, 2) || path.c->cfg.cc == &tcp_cc_bbr;
    path.c->cfg.super_max = base_rand_chance(&rand, 1, 2) ? 65535 : 0;
    path.c->cfg.validates_cwnd = base_rand_chance(&rand, 1, 2);
    p = path_open(&opt);
    p->rand = rand;
    p->loss = (uint32_t)base_rand_below(&rand, 5);
    moves = base_rand_chance(&rand, 1, 2) ? 3 : 0;
    for (int k = 0; k < 20; ++k) {
        p->limit = 512 + (uint32_t)base_rand_below(&p->rand, opt.mss);
        if (base_rand_chance(&p->rand, 1, 5)) {
            const uint32_t limit = 512 + (uint32_t)base_rand_below(&p->rand, opt.mss);

            tcp_mss_limit_set(&p->c->conn, (uint16_t)limit, p->c->now);
            p->largest = 0;
            t_forget(p->c);
        }
        t_app_write(p->c, (uint32_t)base_rand_below(&p->rand, 100000) + 1);
        while (step(p)) {
            may_move(p, moves);
        }
        if (p->next != p->c->written || p->c->conn.verdict != TCP_VERDICT_NONE ||
            p->largest > p->c->conn.mss_limit || p->largest > opt.mss) {
            fail_msg("seed %llu: %u of %llu", (unsigned long long)seed, p->next,
                     (unsigned long long)p->c->written);
        }
    }
    t_conn_del(p->c);
}

static void test_random(void **state)
{
    const char *fixed = getenv("TOE_TEST_SEED");
    const uint64_t first = fixed != NULL ? strtoull(fixed, NULL, 0) : 1;
    const uint64_t last = fixed != NULL ? first : ROUNDS;

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        printf("seed %llu\r", (unsigned long long)seed);
        run_random(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide_path),    cmocka_unit_test(test_narrow_paths),
        cmocka_unit_test(test_other_losses), cmocka_unit_test(test_black_hole),
        cmocka_unit_test(test_outage),       cmocka_unit_test(test_no_black_hole),
        cmocka_unit_test(test_hold),         cmocka_unit_test(test_hold_is_short),
        cmocka_unit_test(test_bound),        cmocka_unit_test(test_without_sack),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
