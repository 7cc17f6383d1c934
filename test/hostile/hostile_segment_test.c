/* SPDX-License-Identifier: MIT */
/*
 * Hostile segments, numbers 21 to 54: what a peer, or somebody who pretends to be one, may say to
 * one connection. The engine is the same in a target and in a host; where the two are set up
 * differently (URG, SYN) both ways are tried.
 *
 * Every call into the engine ends in tcp_conn_check(), so that each of these is a test of the
 * invariants as well.
 */
#include "base/rand.h"
#include "support/conversation.h"
#include "tcp/mitigation.h"
#include "tcp/scoreboard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEC 1000u /* in milliseconds */
#define MTU_TEXT 1460u

/* A segment with what SEG() has no word for. */
static enum toe_drop input(struct t_conn *c, const struct tcp_segment *seg)
{
    const enum toe_drop drop = tcp_input(&c->conn, seg, c->now);

    t_settle(c);
    return drop;
}

static struct tcp_segment segment(const struct t_conn *c)
{
    struct tcp_segment seg = TCP_SEGMENT_INIT;

    seg.seq = c->conn.rcv_nxt;
    seg.ack = c->conn.snd_una;
    seg.flags = TCP_ACK;
    seg.wnd = 65535;
    return seg;
}

/* How many segments left since the last time. */
static uint32_t sent(struct t_conn *c)
{
    const uint32_t cnt = c->out_cnt;

    t_forget(c);
    return cnt;
}

/* 21, 22: a pointer to nothing, behind the segment, behind the window. A target acknowledges none
 * of it and asks for the upload (24); a host takes the bytes where they stand (RFC 6093). */
static void test_hostile_21_urgent(void **state)
{
    static const uint16_t pointers[] = {0, 1, 10, 11, 1000, 65535};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(pointers) / sizeof(pointers[0]); ++i) {
        struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);
        struct tcp_segment seg = segment(c);
        uint8_t text[10];

        for (uint32_t k = 0; k < sizeof(text); ++k) {
            text[k] = t_byte(c->salt_in, k);
        }
        c->cfg.urgent_uploads = i % 2 == 0;
        seg.flags |= TCP_URG;
        seg.urgent = pointers[i / 2];
        seg.payload = text;
        seg.payload_len = sizeof(text);
        if (i % 2 == 0) {
            assert_int_equal(input(c, &seg), TOE_DROP_TCP_URGENT);
            assert_int_equal(c->conn.verdict, TCP_VERDICT_URGENT);
            assert_int_equal(c->conn.rcv_nxt.v, 1);
            assert_int_equal(sent(c), 0);
        } else {
            assert_int_equal(input(c, &seg), TOE_DROP_NONE);
            assert_int_equal(c->conn.rcv_nxt.v, 11);
        }
        t_conn_del(c);
    }
}

/* 26, 27, 28: a RST at the edge ends it, inside is challenged once, outside is nothing. */
static void test_hostile_26_rst(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    for (uint32_t i = 0; i < 1000; ++i) {
        t_send(c, T_MS(i), SEG(.seq = {2 + i}, .flags = TCP_RST));
        t_send(c, T_MS(i), SEG(.seq = {70000 + i}, .flags = TCP_RST));
    }
    assert_int_equal(sent(c), 1);
    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    t_send(c, T_MS(1000), SEG(.seq = {1}, .flags = TCP_RST));
    assert_int_equal(c->conn.verdict, TCP_VERDICT_RESET);
    assert_int_equal(sent(c), 0);
    t_conn_del(c);
}

/* 29: a SYN is challenged, ten times in five seconds, and changes nothing wherever it points. */
static void test_hostile_29_syn(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    c->cfg.rfc5961_syn = true;
    for (uint32_t i = 0; i < 1000; ++i) {
        t_send(c, T_MS(i), SEG(.seq = {i}, .flags = TCP_SYN | T_NO_ACK));
        t_send(c, T_MS(i), SEG(.seq = {i}, .ack = {1}, .flags = TCP_SYN));
    }
    assert_in_range(sent(c), 1, 10);
    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    assert_int_equal(c->conn.rcv_nxt.v, 1);
    t_conn_del(c);
}

/* 30, 31: acknowledgments of what was never sent, or long ago: the text is dropped, and the answers
 * have a limit. */
static void test_hostile_30_blind_data(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    for (uint32_t i = 0; i < 500; ++i) {
        assert_int_equal(t_send(c, T_MS(i), SEG(.seq = {1}, .ack = {2 + i}, .len = 100)),
                         TOE_DROP_TCP_ACK_BAD);
        assert_int_equal(t_send(c, T_MS(i), SEG(.seq = {1}, .ack = {0u - 65535 - i}, .len = 100)),
                         TOE_DROP_TCP_ACK_OLD);
    }
    assert_int_equal(sent(c), 10);
    assert_int_equal(c->arrived, 0);
    t_conn_del(c);
}

#define SPIES 200
#define TRIALS 300
#define PER_CONN 10

/* What somebody with |SPIES| connections counts in a second in which another one was, or was not,
 * made to send all it may. */
static uint32_t spy(struct tcp_conn *conns, struct tcp_budget *budget, bool guessed,
                    toe_instant now)
{
    static struct tcp_busy busy;
    static struct tcp_conn victim;
    uint32_t cnt = 0;

    victim.cfg = conns[0].cfg;
    victim.busy = &busy;
    victim.busy->challenge_cnt = 0;
    (void)budget;
    for (uint32_t i = 0; guessed && i < PER_CONN; ++i) {
        (void)tcp_challenge(&victim, now);
    }
    for (uint32_t i = 0; i < SPIES; ++i) {
        conns[i].busy->challenge_cnt = 0;
        for (uint32_t k = 0; k < PER_CONN; ++k) {
            cnt += tcp_challenge(&conns[i], now) ? 1 : 0;
        }
    }
    return cnt;
}

/* 32: whoever drains the budget of all connections learns next to nothing: the best line that can
 * be drawn between the two cases after the fact is right hardly more often than a coin. A counter
 * with a fixed limit would tell them apart each time. */
static void test_hostile_32_challenges_tell_nothing(void **state)
{
    static struct tcp_busy busies[SPIES];
    static struct tcp_conn conns[SPIES];
    static uint32_t counts[2][TRIALS];
    struct tcp_budget budget;
    struct tcp_config cfg = {.challenges = &budget};
    uint32_t best = 0;

    (void)state;
    for (uint32_t i = 0; i < SPIES; ++i) {
        conns[i].cfg = &cfg;
        conns[i].busy = &busies[i];
    }
    tcp_budget_init(&budget, 1000, 7);
    for (uint32_t i = 0; i < 2 * TRIALS; ++i) {
        const uint32_t got = spy(conns, &budget, i % 2 == 1, (1 + i) * TOE_NS_PER_SEC);

        assert_in_range(got, 500 - PER_CONN, 1500);
        counts[i % 2][i / 2] = got;
    }
    for (uint32_t line = 400; line < 1600; ++line) {
        uint32_t right = 0;

        for (uint32_t i = 0; i < TRIALS; ++i) {
            right += counts[0][i] >= line ? 1u : 0u;
            right += counts[1][i] < line ? 1u : 0u;
        }
        best = right > best ? right : best;
    }
    assert_true(best < 2 * TRIALS * 60 / 100);
}

/* 32: and nobody takes another connection's own allowance. */
static void test_hostile_32_allowances_are_apart(void **state)
{
    struct tcp_budget budget;
    struct tcp_config cfg = {.challenges = &budget};
    static struct tcp_busy busies[2];
    struct tcp_conn spy_conn = {.cfg = &cfg, .busy = &busies[0]};
    struct tcp_conn other = {.cfg = &cfg, .busy = &busies[1]};
    uint32_t cnt = 0;

    (void)state;
    tcp_budget_init(&budget, 1000, 7);
    for (uint32_t i = 0; i < 1000; ++i) {
        cnt += tcp_challenge(&spy_conn, TOE_NS_PER_SEC) ? 1 : 0;
    }
    assert_int_equal(cnt, PER_CONN);
    for (cnt = 0; tcp_challenge(&other, TOE_NS_PER_SEC); ++cnt) {
    }
    assert_int_equal(cnt, PER_CONN);
}

/* What follows |seq| in the peer's stream; the first |lie_len| bytes are others. */
static enum toe_drop overlap(struct t_conn *c, uint32_t seq, uint32_t len, uint32_t lie_len)
{
    struct tcp_segment seg = segment(c);
    uint8_t text[2000];

    for (uint32_t i = 0; i < len; ++i) {
        text[i] = (uint8_t)(t_byte(c->salt_in, seq - 1 + i) + (i < lie_len));
    }
    seg.seq.v = seq;
    seg.payload = text;
    seg.payload_len = len;
    return input(c, &seg);
}

/* 33, 34, 35: old text, text that sticks out at either side, other text at the same place. */
static void test_hostile_33_overlap(void **state)
{
    const struct t_options options = {.rcv_wnd = 1000, .sack = true};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &options);

    (void)state;
    c->stalled = true;
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 100));
    /* 35: what was received first wins, delivered or not. */
    assert_int_equal(overlap(c, 1, 200, 100), TOE_DROP_NONE);
    assert_int_equal(overlap(c, 301, 100, 0), TOE_DROP_NONE);
    assert_int_equal(overlap(c, 301, 100, 100), TOE_DROP_NONE);
    assert_int_equal(overlap(c, 251, 100, 0), TOE_DROP_NONE);
    /* 34: behind the right edge; and over both, which is not acceptable (RFC 9293, 3.4). */
    assert_int_equal(overlap(c, 401, 1500, 0), TOE_DROP_NONE);
    assert_int_equal(overlap(c, 1, 2000, 2000), TOE_DROP_TCP_SEQUENCE);
    assert_int_equal(overlap(c, 101, 200, 100), TOE_DROP_NONE);
    assert_int_equal(c->conn.rcv_nxt.v, 1001);
    assert_int_equal(c->conn.busy->recvq.len, 1000);
    t_app_read(c, 1000);
    assert_int_equal(c->read, 1000);
    t_forget(c);
    /* 33 */
    assert_int_equal(t_send(c, T_MS(2), SEG(.seq = {1}, .ack = {1}, .len = 50)),
                     TOE_DROP_TCP_SEQUENCE);
    t_expect(c, T_MS(2), SEG(.seq = {1}, .ack = {1001}, .sack = {{1}, {51}}));
    t_conn_del(c);
}

/* 36: single bytes in any order. The memory that they take has the bound that the header of
 * tcp/reassembly.h states, and the search the number of runs; in the end all arrive. */
static void test_hostile_36_crumbs(void **state)
{
    const struct t_options options = {.sack = true};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &options);
    struct base_rand rand;
    uint32_t full = 0;

    (void)state;
    base_rand_init(&rand, 36);
    for (uint32_t i = 0; i < 20000; ++i) {
        const uint32_t seq = 2 + (uint32_t)base_rand_below(&rand, 65000);

        full += t_send(c, T_MS(0), SEG(.seq = {seq}, .ack = {1}, .len = 1)) ==
                TOE_DROP_TCP_REASSEMBLY_FULL;
        assert_true(c->conn.busy->reassembly.run_cnt <= TCP_REASSEMBLY_RUN_MAX);
        assert_true(c->conn.busy->reassembly.chunk_cnt <=
                    2 * c->conn.busy->reassembly.len / TCP_CHUNK_ROOM +
                        c->conn.busy->reassembly.run_cnt);
        assert_int_equal(c->chunks.cnt, c->conn.busy->reassembly.chunk_cnt);
        t_forget(c);
    }
    assert_true(full > 10000);
    for (uint32_t seq = 1; seq < 65001; seq += 1000) {
        t_send(c, T_MS(1), SEG(.seq = {seq}, .ack = {1}, .len = 1000));
        t_forget(c);
    }
    assert_int_equal(c->read, c->conn.rcv_nxt.v - 1);
    assert_true(c->read >= 65000);
    assert_int_equal(c->chunks.cnt, 0);
    t_conn_del(c);
}

/* 37: a hole as wide as the window again and again, from behind. */
static void test_hostile_37_holes(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    for (uint32_t seq = 65000; seq > 100; seq -= 100) {
        t_send(c, T_MS(0), SEG(.seq = {seq}, .ack = {1}, .len = 1));
        t_forget(c);
    }
    assert_int_equal(c->conn.busy->reassembly.run_cnt, TCP_REASSEMBLY_RUN_MAX);
    assert_true(c->chunks.cnt <= TCP_REASSEMBLY_RUN_MAX);
    t_conn_del(c);
}

/* 38, 53: blocks below, above, inverted, empty, across the wrap: none of them counts. */
static void test_hostile_38_sack(void **state)
{
    for (uint32_t how = 0; how < 4; ++how) {
        const struct t_options options = {
            .sack = true, .modern = how % 2 == 1, .seq = how < 2 ? 0 : 0u - 5000};
        struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &options);
        const uint32_t una = c->conn.snd_una.v;
        struct tcp_segment seg = segment(c);
        struct base_rand rand;

        (void)state;
        base_rand_init(&rand, how);
        t_app_write(c, 10 * MTU_TEXT);
        t_forget(c);
        const struct tcp_sack_block bad[] = {
            {{una - 1000}, {una}},          {{una - 1}, {una + 1000}},
            {{una + 2000}, {una + 1000}},   {{una + 1}, {una + 14601}},
            {{una + 20000}, {una + 21000}}, {{una + 1}, {una + 0x80000001}},
            {{una + 5}, {una + 5}},         {{una}, {una - 1}},
        };

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
            seg.sack_cnt = 1;
            seg.sack[0] = bad[i];
            assert_int_equal(input(c, &seg), TOE_DROP_NONE);
            assert_true(c->conn.busy->scoreboard == NULL || c->conn.busy->scoreboard->sacked == 0);
        }
        /* 40: then anything, in the smallest pieces: what is kept of it has a limit. */
        for (uint32_t i = 0; i < 5000; ++i) {
            seg.sack_cnt = TCP_SACK_MAX;
            for (uint32_t k = 0; k < TCP_SACK_MAX; ++k) {
                seg.sack[k].left.v = una - 20 + (uint32_t)base_rand_below(&rand, 15000);
                seg.sack[k].right.v = seg.sack[k].left.v + (uint32_t)base_rand_below(&rand, 40) - 2;
            }
            (void)input(c, &seg);
            assert_true(c->conn.busy->scoreboard == NULL ||
                        c->conn.busy->scoreboard->cnt <= TCP_SCOREBOARD_MAX);
            assert_true(c->scoreboards.cnt <= 1);
            t_forget(c);
        }
        t_conn_del(c);
    }
}

/* 40: the least MSS and a peer that confirms every other byte: a full buffer goes out in no more
 * segments than its bytes need, and what is remembered of them has a limit. */
static void test_hostile_40_small_segments(void **state)
{
    const struct t_options options = {.sack = true, .modern = true, .mss = 1, .cwnd = 60000};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &options);
    struct tcp_segment seg = segment(c);
    uint32_t cnt = 0;

    (void)state;
    assert_true(c->conn.snd_mss >= 16);
    t_app_write(c, 4000);
    cnt = sent(c);
    assert_true(cnt <= 4000u / c->conn.snd_mss + 1);
    for (uint32_t at = 1; at < 4000; at += 2 * TCP_SACK_MAX) {
        seg.sack_cnt = TCP_SACK_MAX;
        for (uint32_t k = 0; k < TCP_SACK_MAX; ++k) {
            seg.sack[k].left.v = at + 2 * k;
            seg.sack[k].right.v = at + 2 * k + 1;
        }
        (void)input(c, &seg);
        t_forget(c);
    }
    assert_true(c->flights.flights.cnt <= 1);
    seg.sack_cnt = 0;
    seg.ack = c->conn.snd_max;
    assert_int_equal(input(c, &seg), TOE_DROP_NONE);
    assert_int_equal(c->acked, 4000);
    t_conn_del(c);
}

/* 39: a peer that takes its word back gets the bytes once more. */
static void test_hostile_39_reneging(void **state)
{
    for (int modern = 0; modern < 2; ++modern) {
        const struct t_options options = {.sack = true, .modern = modern != 0};
        struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &options);

        (void)state;
        t_app_write(c, 4 * MTU_TEXT);
        t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1}, .sack = {{1461}, {5841}}));
        t_advance(c, T_MS(10 * SEC));
        t_forget(c);
        /* It says now that it has the first one only. */
        for (uint32_t i = 1; i <= 4; ++i) {
            t_send(c, T_MS((10 + 200 * i) * SEC), SEG(.seq = {1}, .ack = {1 + MTU_TEXT * i}));
            t_advance(c, T_MS((200 + 200 * i) * SEC));
            assert_true(i == 4 || sent(c) > 0);
        }
        assert_int_equal(c->acked, 4 * MTU_TEXT);
        t_conn_del(c);
    }
}

/* 41: acknowledgments in pieces let the window grow by bytes, not by their number (RFC 3465). */
static void test_hostile_41_division(void **state)
{
    const struct t_options options = {.cwnd = 2 * MTU_TEXT};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &options);

    (void)state;
    t_app_write(c, 100 * MTU_TEXT);
    t_forget(c);
    for (uint32_t i = 0; i < MTU_TEXT; ++i) {
        t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {2 + i}));
        t_forget(c);
    }
    assert_true(c->conn.cwnd <= 3 * MTU_TEXT);
    /* What was never sent is no acknowledgment at all. */
    assert_int_equal(t_send(c, T_MS(11), SEG(.seq = {1}, .ack = {1000000})), TOE_DROP_TCP_ACK_BAD);
    assert_true(c->conn.cwnd <= 3 * MTU_TEXT);
    t_conn_del(c);
}

/* 42: with text or another window it is no duplicate. */
static void test_hostile_42_duplicates(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_app_write(c, 5 * MTU_TEXT);
    t_forget(c);
    for (uint32_t i = 0; i < 10; ++i) {
        t_send(c, T_MS(1), SEG(.seq = {1 + i}, .ack = {1}, .len = 1));
        t_send(c, T_MS(1), SEG(.seq = {20 + 2 * i}, .ack = {1}, .len = 1));
    }
    assert_int_equal(c->conn.dup_ack_cnt, 0);
    for (uint32_t i = 0; i < 10; ++i) {
        t_send(c, T_MS(1), SEG(.seq = {100}, .ack = {1}, .wnd = 60000 + i));
    }
    assert_int_equal(c->conn.dup_ack_cnt, 0);
    assert_false(c->conn.in_recovery);
    t_conn_del(c);
}

/* 43, 53: timestamps that go back, stand still, are zero, wrap, or are 25 days old. */
static void test_hostile_43_paws(void **state)
{
    static const uint32_t recents[] = {1, 1000, 0x7fffffff, 0xfffffffe};

    (void)state;
    for (size_t i = 0; i < sizeof(recents) / sizeof(recents[0]); ++i) {
        const struct t_options options = {.timestamps = true};
        struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &options);
        struct tcp_segment seg = segment(c);

        seg.has_ts = true;
        c->conn.ts_recent = recents[i];
        seg.ts_val = recents[i] + 5; /* across the wrap in the last row */
        assert_int_equal(input(c, &seg), TOE_DROP_NONE);
        assert_int_equal(c->conn.ts_recent, recents[i] + 5);
        assert_int_equal(input(c, &seg), TOE_DROP_NONE); /* it stands still */
        seg.ts_val = recents[i] + 4;
        assert_int_equal(input(c, &seg), TOE_DROP_TCP_PAWS);
        assert_int_equal(sent(c), 1);
        seg.ts_val = recents[i] + 5 + 0x7fffffff;
        assert_int_equal(input(c, &seg), TOE_DROP_NONE);
        seg.ts_val += 0x80000000;
        assert_int_equal(input(c, &seg), TOE_DROP_TCP_PAWS);
        c->now += 25 * 86400 * TOE_NS_PER_SEC;
        assert_int_equal(input(c, &seg), TOE_DROP_NONE);
        t_conn_del(c);
    }
}

/* 44: echoes of what was never sent give no sample, and are no offence. */
static void test_hostile_44_echoes(void **state)
{
    static const uint32_t ahead[] = {1, 1000, 0x7fffffff};
    const struct t_options options = {.timestamps = true, .srtt = 800, .rttvar = 200};

    (void)state;
    for (size_t i = 0; i < sizeof(ahead) / sizeof(ahead[0]); ++i) {
        struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &options);
        struct tcp_segment seg = segment(c);
        const toe_duration srtt = c->conn.srtt;

        t_app_write(c, 100);
        seg.has_ts = true;
        seg.ts_val = c->conn.ts_recent;
        seg.ts_ecr = c->out[c->out_head].seg.ts_val + ahead[i];
        seg.ack = c->conn.snd_max;
        assert_int_equal(input(c, &seg), TOE_DROP_NONE);
        assert_true(c->conn.srtt == srtt);
        assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
        t_conn_del(c);
    }
}

/* 45: missing though agreed on, and there though not. */
static void test_hostile_45_timestamps(void **state)
{
    const struct t_options options = {.timestamps = true};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &options);
    struct t_conn *without = t_conn_in(TOE_TCP_ESTABLISHED);
    struct tcp_segment seg = segment(without);
    const uint32_t recent = without->conn.ts_recent;

    (void)state;
    assert_int_equal(t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 10)),
                     TOE_DROP_TCP_NO_TIMESTAMP);
    assert_int_equal(c->arrived, 0);
    assert_int_equal(t_send(c, T_MS(1), SEG(.seq = {1}, .flags = TCP_RST)), TOE_DROP_NONE);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_RESET);
    seg.has_ts = true;
    seg.ts_val = 12345;
    assert_int_equal(input(without, &seg), TOE_DROP_NONE);
    assert_false(without->conn.has_timestamps);
    assert_int_equal(without->conn.ts_recent, recent);
    t_conn_del(c);
    t_conn_del(without);
}

/* 47: a FIN ahead of its text, again with text, and text behind it. */
static void test_hostile_47_fin(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {101}, .ack = {1}, .flags = TCP_FIN));
    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}, .len = 100));
    assert_int_equal(c->conn.state, TOE_TCP_CLOSE_WAIT);
    assert_int_equal(c->read, 100);
    t_forget(c);
    t_send(c, T_MS(2), SEG(.seq = {1}, .ack = {1}, .len = 100, .flags = TCP_FIN));
    t_expect(c, T_MS(2), SEG(.seq = {1}, .ack = {102}));
    assert_int_equal(t_send(c, T_MS(3), SEG(.seq = {102}, .ack = {1}, .len = 100)),
                     TOE_DROP_TCP_BEYOND_FIN);
    assert_int_equal(c->read, 100);
    assert_int_equal(c->conn.rcv_nxt.v, 102);
    t_conn_del(c);
}

/* 48, 50: windows that shrink below what was sent, close, and are as large as can be. */
static void test_hostile_48_window(void **state)
{
    const struct t_options options = {.wscale = 14, .snd_wnd = 0x3fffc000, .cwnd = 100000};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &options);

    (void)state;
    t_app_write(c, 200000);
    t_forget(c);
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}, .wnd = 1));
    t_app_write(c, 1000);
    t_send(c, T_MS(2), SEG(.seq = {1}, .ack = {1}, .wnd = T_ZERO_WINDOW));
    assert_true(tcp_deadline(&c->conn) != TOE_INSTANT_NEVER);
    assert_true(toe_seq_off(c->conn.snd_max, c->conn.snd_una) <= 100000);
    t_advance(c, T_MS(100 * SEC));
    assert_true(sent(c) > 0);
    t_send(c, T_MS(101 * SEC), SEG(.seq = {1}, .ack = {c->conn.snd_max.v}, .wnd = 65535));
    assert_true(c->conn.snd_wnd <= UINT32_C(65535) << 14);
    t_conn_del(c);
}

/* 48: a window that stays closed for ever, by a peer that answers every probe: the probes come at
 * ever longer distances and cost nothing but themselves; once it is silent it is over. */
static void test_hostile_48_closed_for_ever(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);
    uint32_t probes = 0;

    (void)state;
    t_app_write(c, 3 * MTU_TEXT);
    t_forget(c);
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1 + 3 * MTU_TEXT}, .wnd = T_ZERO_WINDOW));
    t_app_write(c, 1000);
    for (uint64_t hour = 0; hour < 3600 * 1000; hour += 1000) {
        t_advance(c, T_MS(2 + hour));
        while (c->out_cnt > 0) {
            ++probes;
            t_forget(c);
            t_send(c, T_MS(2 + hour),
                   SEG(.seq = {1}, .ack = {1 + 3 * MTU_TEXT}, .wnd = T_ZERO_WINDOW));
        }
    }
    assert_in_range(probes, 30, 400);
    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    assert_int_equal(c->chunks.cnt + c->scoreboards.cnt, 0);
    t_advance(c, T_MS(7200 * 1000));
    assert_int_equal(c->conn.verdict, TCP_VERDICT_TIMEOUT);
    t_conn_del(c);
}

/* 49: an update that is older than the last one is none. */
static void test_hostile_49_old_update(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 100, .wnd = 5000));
    t_send(c, T_MS(1), SEG(.seq = {101}, .ack = {1}, .wnd = 6000));
    t_send(c, T_MS(2), SEG(.seq = {1}, .ack = {1}, .len = 101, .wnd = 100));
    assert_int_equal(c->conn.snd_wnd, 6000);
    t_conn_del(c);
}

/* Waits until the engine gives up. */
static void outlast(struct t_conn *c, const char *name)
{
    for (uint64_t s = 1; s < 4000 && c->conn.verdict == TCP_VERDICT_NONE; ++s) {
        t_advance(c, T_MS(s * 1000));
        t_forget(c);
    }
    if (c->conn.verdict == TCP_VERDICT_NONE) {
        fail_msg("hostile_51: %s for ever", name);
    }
    t_conn_del(c);
}

/* 51: a peer that says no more: no state lasts for ever. */
static void test_hostile_51_silence(void **state)
{
    static const enum toe_conn_state states[] = {TOE_TCP_FIN_WAIT_1, TOE_TCP_CLOSING,
                                                 TOE_TCP_LAST_ACK};
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_app_close(c);
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {2}));
    assert_int_equal(c->conn.state, TOE_TCP_FIN_WAIT_2);
    outlast(c, "FIN_WAIT_2");
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); ++i) {
        outlast(t_conn_in(states[i]), toe_conn_state_name(states[i]));
    }
}

/* 52: a keep-alive's garbage byte is not text; a probe's byte is, once. */
static void test_hostile_52_probes(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 100));
    t_forget(c);
    t_send(c, T_MS(1), SEG(.seq = {100}, .ack = {1}, .len = 1));
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {101}));
    for (uint32_t i = 0; i < 3; ++i) {
        t_send(c, T_MS(2), SEG(.seq = {101}, .ack = {1}, .len = 1));
    }
    assert_int_equal(c->read, 101);
    t_conn_del(c);
}

/* 53: a life across the wrap of both sequence numbers, with holes, SACK, a closed window and FIN.
 */
static void test_hostile_53_wrap(void **state)
{
    const struct t_options options = {.seq = 0u - 3000, .ack = 0u - 3000, .sack = true};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &options);

    (void)state;
    t_app_write(c, 4 * MTU_TEXT);
    t_send(c, T_MS(1), SEG(.seq = {2921}, .ack = {1}, .len = 1000));
    t_send(c, T_MS(1), SEG(.seq = {3921}, .ack = {1}, .flags = TCP_FIN));
    for (int i = 0; i < 4; ++i) {
        t_send(c, T_MS(2), SEG(.seq = {1}, .ack = {1}, .sack = {{2921}, {5841}}));
    }
    assert_true(c->conn.in_recovery);
    t_forget(c);
    t_send(c, T_MS(3), SEG(.seq = {1}, .ack = {5841}, .len = 2920, .wnd = T_ZERO_WINDOW));
    assert_int_equal(c->read, 3920);
    assert_int_equal(c->acked, 4 * MTU_TEXT);
    assert_int_equal(c->conn.state, TOE_TCP_CLOSE_WAIT);
    t_app_close(c);
    t_forget(c);
    t_send(c, T_MS(4), SEG(.seq = {3922}, .ack = {5841}, .wnd = 1000));
    t_advance(c, T_MS(5000));
    t_send(c, T_MS(5001), SEG(.seq = {3922}, .ack = {5842}));
    assert_int_equal(c->conn.verdict, TCP_VERDICT_DONE);
    t_conn_del(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_21_urgent),
        cmocka_unit_test(test_hostile_26_rst),
        cmocka_unit_test(test_hostile_29_syn),
        cmocka_unit_test(test_hostile_30_blind_data),
        cmocka_unit_test(test_hostile_32_challenges_tell_nothing),
        cmocka_unit_test(test_hostile_32_allowances_are_apart),
        cmocka_unit_test(test_hostile_33_overlap),
        cmocka_unit_test(test_hostile_36_crumbs),
        cmocka_unit_test(test_hostile_37_holes),
        cmocka_unit_test(test_hostile_38_sack),
        cmocka_unit_test(test_hostile_39_reneging),
        cmocka_unit_test(test_hostile_40_small_segments),
        cmocka_unit_test(test_hostile_41_division),
        cmocka_unit_test(test_hostile_42_duplicates),
        cmocka_unit_test(test_hostile_43_paws),
        cmocka_unit_test(test_hostile_44_echoes),
        cmocka_unit_test(test_hostile_45_timestamps),
        cmocka_unit_test(test_hostile_47_fin),
        cmocka_unit_test(test_hostile_48_window),
        cmocka_unit_test(test_hostile_48_closed_for_ever),
        cmocka_unit_test(test_hostile_49_old_update),
        cmocka_unit_test(test_hostile_51_silence),
        cmocka_unit_test(test_hostile_52_probes),
        cmocka_unit_test(test_hostile_53_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
