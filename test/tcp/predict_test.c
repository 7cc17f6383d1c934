/* SPDX-License-Identifier: MIT */
/*
 * Header prediction and prompt output are short cuts and nothing else: two connections get and send
 * the same, one by tcp_input() and tcp_output() and one by the steps alone, and after each of them
 * are the same in all that can be told of them: what they answer, what they deliver, their state
 * and all their timers.
 */
#include "base/list.h"
#include "base/mem.h"
#include "base/rand.h"
#include "tcp/congestion.h"
#include "tcp/engine.h"
#include "tcp/inflight.h"
#include "tcp/input.h"
#include "tcp/output.h"
#include "tcp/scoreboard.h"
#include "toe/extension.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS 400
#define STEPS 400
#define BUFS 128
#define MSS 1460u

/* For twin_init(): what asks for the short cuts, and what forbids some of them. */
#define HOW_CALM 0xe0u
#define HOW_UNCALM 0x1310u

/* One of the two. What it answers and delivers ends in |digest|. */
struct twin {
    struct tcp_conn conn;
    struct tcp_busy busy;
    struct tcp_config cfg;
    struct base_slab chunks;
    struct base_slab scoreboards;
    struct tcp_flight_pools flights;
    struct toe_buf bufs[BUFS];
    uint32_t buf_cnt;
    toe_instant now;
    uint64_t digest;
    uint32_t prompt_texts;
    uint32_t prompt_acks;
    bool has_cuts;   /* it may take them */
    bool is_stalled; /* nobody reads */
    bool is_refused; /* there is no memory */
};

static uint8_t bytes[65536];
static const struct toe_sge bytes_sge = {.len = sizeof(bytes)};

static void note(struct twin *t, uint64_t word)
{
    t->digest = (t->digest ^ word) * UINT64_C(0x100000001b3);
}

static bool take_text(struct tcp_conn *conn, const uint8_t *text, uint32_t len, bool push)
{
    struct twin *t = base_container_of(conn, struct twin, conn);

    if (t->is_refused) {
        return false;
    }
    note(t, (uint64_t)(text - bytes));
    note(t, len);
    note(t, push);
    if (t->is_stalled || conn->busy->recvq.len > 0) {
        return tcp_recvq_push(&conn->busy->recvq, &t->chunks, text, len, push);
    }
    tcp_consumed(conn, len, t->now);
    return true;
}

static void note_segment(struct twin *t, const struct tcp_out *out)
{
    const struct tcp_segment *seg = &out->seg;

    note(t, (uint64_t)seg->seq.v << 32 | seg->ack.v);
    note(t, (uint64_t)seg->wnd << 32 | (uint64_t)seg->flags << 16 | seg->ecn);
    note(t, (uint64_t)seg->ts_val << 32 | seg->ts_ecr);
    note(t, (uint64_t)seg->payload_len << 32 | out->text_off);
    note(t, (uint64_t)out->mss << 8 | seg->sack_cnt);
    note(t, (out->has_repeated ? 4u : 0) | (out->is_retransmission ? 2u : 0) |
                (out->is_last ? 1u : 0));
    for (uint8_t i = 0; i < seg->sack_cnt; ++i) {
        note(t, (uint64_t)seg->sack[i].left.v << 32 | seg->sack[i].right.v);
    }
}

static bool output(struct twin *t, struct tcp_out *out)
{
    if (!t->has_cuts) {
        return tcp_output_steps(&t->conn, out, t->now);
    }
    if (tcp_output_is_prompt(&t->conn, t->now)) {
        ++*(t->conn.busy->sendq.len > 0 ? &t->prompt_texts : &t->prompt_acks);
    }
    return tcp_output(&t->conn, out, t->now);
}

static void settle(struct twin *t)
{
    struct tcp_out out;
    struct toe_buf *done;

    while (output(t, &out)) {
        note_segment(t, &out);
    }
    for (done = tcp_send_pop(&t->conn); done != NULL; done = done->next) {
        note(t, (uint64_t)(done - t->bufs));
    }
    if (!t->is_stalled && t->conn.busy->recvq.len > 0) {
        const uint32_t len = t->conn.busy->recvq.len;

        tcp_recvq_drop(&t->conn.busy->recvq, &t->chunks, len);
        tcp_consumed(&t->conn, len, t->now);
    }
    tcp_conn_check(&t->conn);
}

/* Established by an import; |how| chooses what was agreed upon. */
static void twin_init(struct twin *t, uint64_t how, bool has_cuts)
{
    static const struct tcp_cc_ops *const ccs[] = {&tcp_cc_newreno, &tcp_cc_cubic, &tcp_cc_bbr,
                                                   &tcp_cc_newreno};
    const uint32_t wnd = (how & 1) != 0 ? 60000 : 4000;
    const struct tcp_setup setup = {.mss_local = MSS, .mss_limit = MSS, .rcv_buf = wnd};
    struct toe_tcp_state state = {
        .size = sizeof(state),
        .constant = {.flags = TOE_TCP_WINDOW_SCALING, .remote_mss = MSS},
        .cached = {.initial_rcv_wnd = wnd, .flags = (how & 2) != 0 ? TOE_TCP_KEEP_ALIVE : 0},
        .delegated = {.state = TOE_TCP_ESTABLISHED,
                      .rcv_nxt = 0xfffff000,
                      .rcv_wnd = wnd,
                      .snd_una = 0xffffe000,
                      .snd_nxt = 0xffffe000,
                      .snd_max = 0xffffe000,
                      .snd_wnd = 30000,
                      .max_snd_wnd = 30000,
                      .snd_wl1 = 0xfffff000,
                      .cwnd = 4 * MSS,
                      .ssthresh = 20 * MSS,
                      .ts_recent = 1000,
                      .ka_timeout_delta = TOE_TICKS_NONE,
                      .retransmit_timeout_delta = TOE_TICKS_NONE},
    };

    *t = (struct twin){.now = TOE_NS_PER_SEC, .has_cuts = has_cuts};
    base_slab_init(&t->chunks, base_mem_default(), sizeof(struct tcp_chunk), 64, 8);
    base_slab_init(&t->scoreboards, base_mem_default(), sizeof(struct tcp_scoreboard), 2, 2);
    tcp_flight_pools_init(&t->flights, base_mem_default(), 2);
    t->cfg = (struct tcp_config){.ticks_per_second = 1000,
                                 .ack_frequency = (uint8_t)(1 + (how >> 2 & 1)),
                                 .max_retransmissions = 9,
                                 .duplicate_ack_threshold = 3,
                                 .delayed_ack = 40 * TOE_NS_PER_MS,
                                 .sws_prevention = TOE_NS_PER_SEC,
                                 .rto_min = 300 * TOE_NS_PER_MS,
                                 .rto_max = 60 * TOE_NS_PER_SEC,
                                 .rto_initial = TOE_NS_PER_SEC,
                                 .fin_wait_2 = 120 * TOE_NS_PER_SEC,
                                 .initial_window = 10,
                                 .cc = ccs[how >> 3 & 3],
                                 .urgent_uploads = true,
                                 .validates_cwnd = (how & 1024) != 0,
                                 .has_hystart = (how & 1024) != 0,
                                 .push_at_end = (how & 2048) != 0,
                                 .push_burst = (how & 0xf000) == 0 ? 2 : 0,
                                 .is_paced = (how & 4096) != 0,
                                 .chunks = &t->chunks,
                                 .scoreboards = &t->scoreboards,
                                 .flights = (how & 32) != 0 ? &t->flights : NULL,
                                 .text = take_text};
    state.constant.flags |= (how & 64) != 0 ? TOE_TCP_TIMESTAMPS : 0;
    state.constant.flags |= (how & 128) != 0 ? TOE_TCP_SACK : 0;
    tcp_conn_init(&t->conn, &t->busy, &t->cfg, &setup, t->now);
    assert_int_equal(tcp_import(&t->conn, &state, t->now), TOE_STATUS_SUCCESS);
    t->conn.has_ecn = (how & 0x300) == 0x300;
    settle(t);
}

static void twin_fini(struct twin *t)
{
    (void)tcp_send_take(&t->conn);
    tcp_conn_fini(&t->conn);
    tcp_flight_pools_fini(&t->flights);
    base_slab_fini(&t->chunks);
    base_slab_fini(&t->scoreboards);
}

/* All that the engine knows, without what points to where the twin keeps it. */
static void assert_same(const struct twin *a, const struct twin *b, const char *where)
{
    struct toe_extension ext[2];
    struct toe_tcp_state state[2];
    struct tcp_conn bare[2];
    struct tcp_busy busy[2];
    const struct twin *twins[2] = {a, b};

    memset(ext, 0, sizeof(ext));
    memset(state, 0, sizeof(state));
    for (int i = 0; i < 2; ++i) {
        ext[i].size = sizeof(ext[i]);
        tcp_extension_export(&twins[i]->conn, &ext[i], twins[i]->now);
        tcp_export(&twins[i]->conn, &state[i].constant, &state[i].cached, &state[i].delegated,
                   twins[i]->now);
        memcpy(&bare[i], &twins[i]->conn, sizeof(bare[i]));
        memcpy(&busy[i], &twins[i]->busy, sizeof(busy[i]));
        bare[i].cfg = NULL;
        bare[i].busy = NULL;
        bare[i].flight = NULL;
        busy[i].sendq.head = busy[i].sendq.tail = NULL;
        memset(busy[i].sendq.cursors, 0, sizeof(busy[i].sendq.cursors));
        busy[i].recvq.head = busy[i].recvq.tail = NULL;
        busy[i].reassembly.head = busy[i].reassembly.last = busy[i].reassembly.newest = NULL;
        busy[i].scoreboard = NULL;
    }
    if (memcmp(&ext[0], &ext[1], sizeof(ext[0])) != 0 ||
        memcmp(&state[0], &state[1], sizeof(state[0])) != 0 ||
        memcmp(&bare[0], &bare[1], sizeof(bare[0])) != 0 ||
        memcmp(&busy[0], &busy[1], sizeof(busy[0])) != 0 || a->digest != b->digest) {
        fail_msg("%s: the short cut leads elsewhere", where);
    }
}

static bool happens(struct base_rand *rand, uint32_t percent)
{
    return base_rand_below(rand, 100) < percent;
}

/* What a peer sends next, if nothing goes wrong. */
static struct tcp_segment usual(const struct tcp_conn *conn, struct base_rand *rand)
{
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    const uint32_t flight = toe_seq_off(conn->snd_max, conn->snd_una);

    seg.flags = TCP_ACK;
    seg.seq = conn->rcv_nxt;
    seg.ack = conn->snd_una;
    seg.wnd = happens(rand, 70) ? 30000 : (uint16_t)base_rand_below(rand, 65536);
    if (happens(rand, 50)) {
        seg.ack = toe_seq_add(conn->snd_una, (uint32_t)base_rand_below(rand, flight + 1));
    } else if (happens(rand, 50)) {
        seg.ack = conn->snd_max;
    }
    if (happens(rand, 60)) {
        seg.payload_len = happens(rand, 50) ? MSS : (uint32_t)base_rand_below(rand, 3 * MSS);
        seg.payload = bytes + base_rand_below(rand, 1000);
        seg.flags |= happens(rand, 30) ? TCP_PSH : 0;
    }
    if (conn->has_timestamps) {
        seg.has_ts = true;
        seg.ts_val = conn->ts_recent + (uint32_t)base_rand_below(rand, 3);
        seg.ts_ecr = 990 + (uint32_t)base_rand_below(rand, 20);
    }
    return seg;
}

/* Something that does go wrong. */
static void disturb(struct tcp_segment *seg, const struct tcp_conn *conn, struct base_rand *rand)
{
    switch (base_rand_below(rand, 10)) {
    case 0:
        seg->seq = toe_seq_add(seg->seq, (uint32_t)base_rand_below(rand, 4 * MSS));
        break;
    case 1:
        seg->seq = toe_seq_sub(seg->seq, (uint32_t)base_rand_below(rand, 4 * MSS));
        break;
    case 2:
        seg->ack = toe_seq_add(conn->snd_max, 1 + (uint32_t)base_rand_below(rand, 4 * MSS));
        break;
    case 3:
        seg->ack = toe_seq_sub(conn->snd_una, (uint32_t)base_rand_below(rand, 4 * MSS));
        break;
    case 4:
        seg->wnd = 0;
        break;
    case 5:
        seg->has_ts = !seg->has_ts;
        break;
    case 6:
        seg->ts_val -= 100;
        break;
    case 7:
        seg->sack_cnt = 1;
        seg->sack[0].left = toe_seq_add(conn->snd_una, MSS);
        seg->sack[0].right = toe_seq_add(conn->snd_una, 2 * MSS);
        break;
    case 8:
        seg->ecn = (uint8_t)base_rand_below(rand, 4);
        break;
    default:
        seg->flags ^= (uint8_t)(1u << base_rand_below(rand, 8));
        if ((seg->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_URG)) != 0 && happens(rand, 90)) {
            seg->flags = TCP_ACK; /* Most of these would end the show. */
        }
        break;
    }
}

/* What needs a segment or more, or hardly one. */
static void send_more(struct twin *t, uint32_t len)
{
    if (t->buf_cnt < BUFS && t->conn.state == TOE_TCP_ESTABLISHED) {
        struct toe_buf *buf = &t->bufs[t->buf_cnt++];

        *buf = (struct toe_buf){
            .sge = &bytes_sge, .sge_cnt = 1, .len = len % 3 == 0 ? len : len % (2 * MSS)};
        buf->flags = len % 5 == 0 ? TOE_BUF_MORE : 0;
        tcp_send(&t->conn, buf);
    }
}

/* Does one thing to both. Returns whether it was a segment that is predicted. */
static bool step(struct twin twins[2], struct base_rand *rand)
{
    const uint32_t what = (uint32_t)base_rand_below(rand, 100);
    const uint32_t much = (uint32_t)base_rand_below(rand, 20000);
    struct tcp_segment seg;
    bool is_predicted = false;

    if (what < 75) {
        seg = usual(&twins[0].conn, rand);
        if (happens(rand, 15)) {
            disturb(&seg, &twins[0].conn, rand);
        }
        is_predicted = tcp_input_is_predicted(&twins[0].conn, &seg, twins[0].now);
        assert_int_equal(tcp_input(&twins[0].conn, &seg, twins[0].now),
                         tcp_input_steps(&twins[1].conn, &seg, twins[1].now));
    }
    for (int i = 0; i < 2; ++i) {
        struct twin *t = &twins[i];

        if (what >= 75 && what < 90) {
            send_more(t, much);
        } else if (what >= 90 && what < 96) {
            t->now += what < 95 ? much * 1000 : much * 100000;
            tcp_expire(&t->conn, t->now);
        } else if (what >= 96 && what < 98) {
            t->is_stalled = !t->is_stalled;
        } else if (what == 98) {
            t->is_refused = !t->is_refused;
        }
        if (much % 4 != 0) { /* Sometimes several arrive before any is answered. */
            settle(t);
        }
    }
    return is_predicted;
}

static void test_predict_same(void **state)
{
    static struct twin twins[2];
    uint32_t predicted = 0;
    uint32_t prompt_texts = 0;
    uint32_t prompt_acks = 0;

    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; ++seed) {
        struct base_rand rand;
        uint64_t how;

        base_rand_init(&rand, seed);
        how = base_rand_below(&rand, 65536);
        how = seed % 2 == 0 ? (how | HOW_CALM) & ~(uint64_t)HOW_UNCALM : how;
        twin_init(&twins[0], how, true);
        twin_init(&twins[1], how, false);
        for (uint32_t i = 0; i < STEPS; ++i) {
            char where[64];

            predicted += step(twins, &rand);
            (void)snprintf(where, sizeof(where), "seed %llu, step %u", (unsigned long long)seed, i);
            assert_same(&twins[0], &twins[1], where);
        }
        prompt_texts += twins[0].prompt_texts;
        prompt_acks += twins[0].prompt_acks;
        twin_fini(&twins[0]);
        twin_fini(&twins[1]);
    }
    assert_true(predicted > SEEDS * STEPS / 10);
    assert_true(prompt_texts > SEEDS * STEPS / 200);
    assert_true(prompt_acks > SEEDS * STEPS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_predict_same)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
