/* SPDX-License-Identifier: MIT */
/*
 * The simulator: what a link does to frames, by the numbers and by the seed.
 */
#include "toe/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { FRAME_LEN = 100, ARRIVED_MAX = 4096 };

/* A node that puts numbered frames on its end and notes what arrives. */
struct node {
    struct toe_sim *sim;
    void *wire;
    toe_instant send_at; /* TOE_INSTANT_NEVER: sends nothing more */
    toe_duration every;
    uint32_t left;
    uint32_t sent;
    uint32_t len;
    uint32_t got;
    uint32_t ids[ARRIVED_MAX];
    toe_instant at[ARRIVED_MAX];
    uint32_t bad;
};

static toe_instant node_deadline(void *user)
{
    const struct node *node = user;

    return node->send_at;
}

static void node_send(struct node *node)
{
    uint8_t bytes[2048] = {0};
    const struct toe_frame frame = {.data = bytes, .len = node->len};

    bytes[12] = 0x08;
    memcpy(bytes + 20, &node->sent, sizeof(node->sent));
    toe_sim_wire_ops()->transmit(node->wire, &frame, 1);
    ++node->sent;
    --node->left;
}

static void node_run(void *user, toe_instant now)
{
    struct node *node = user;
    struct toe_frame frames[8];
    uint32_t cnt;

    while ((cnt = toe_sim_wire_ops()->receive(node->wire, frames, 8)) > 0) {
        for (uint32_t i = 0; i < cnt; ++i, ++node->got) {
            assert_true(node->got < ARRIVED_MAX);
            node->at[node->got] = now;
            memcpy(&node->ids[node->got], frames[i].data + 20, sizeof(uint32_t));
            for (uint32_t k = 24; k < frames[i].len; ++k) {
                node->bad += frames[i].data[k] != 0;
            }
        }
    }
    while (node->left > 0 && now >= node->send_at) {
        node_send(node);
        node->send_at = node->left == 0 ? TOE_INSTANT_NEVER : now + node->every;
    }
}

struct pair {
    struct toe_sim *sim;
    struct toe_sim_link *link;
    struct node a, b;
};

static void pair_init(struct pair *pair, uint64_t seed, const struct toe_sim_link_settings *link)
{
    struct node *nodes[2] = {&pair->a, &pair->b};

    memset(pair, 0, sizeof(*pair));
    pair->sim = toe_sim_new(&(struct toe_sim_settings){.seed = seed});
    pair->link = toe_sim_link_new(pair->sim, link);
    for (uint32_t i = 0; i < 2; ++i) {
        nodes[i]->sim = pair->sim;
        nodes[i]->wire = toe_sim_link_end(pair->link, i);
        nodes[i]->send_at = TOE_INSTANT_NEVER;
        nodes[i]->len = FRAME_LEN;
        assert_int_equal(toe_sim_node_add(pair->sim,
                                          &(struct toe_sim_node){.user = nodes[i],
                                                                 .deadline = node_deadline,
                                                                 .run = node_run},
                                          nodes[i]->wire),
                         (int)i);
    }
}

/* Has |node| send |cnt| frames from now on, one |every| so often. */
static void node_begin(struct node *node, uint32_t cnt, toe_duration every)
{
    node->send_at = toe_sim_now(node->sim);
    node->left = cnt;
    node->every = every;
}

static void pair_run(struct pair *pair)
{
    assert_true(toe_sim_run(pair->sim, TOE_INSTANT_NEVER));
    assert_true(toe_sim_next(pair->sim) == TOE_INSTANT_NEVER);
}

/* A link without faults delivers everything, in order, when rate and delay say. */
static void test_rate_and_delay_are_exact(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, 1, &(struct toe_sim_link_settings){.rate = 8000000, .delay = TOE_NS_PER_MS});
    node_begin(&pair.a, 10, 0);
    pair_run(&pair);
    assert_int_equal(pair.b.got, 10);
    for (uint32_t i = 0; i < 10; ++i) {
        assert_int_equal(pair.b.ids[i], i);
        /* 100 bytes take 100 us at 8 Mbit/s. */
        assert_int_equal(pair.b.at[i], TOE_NS_PER_MS + (i + 1) * 100 * TOE_NS_PER_US);
    }
    toe_sim_del(pair.sim);
}

/* Jitter moves frames, never past each other. */
static void test_jitter_keeps_order(void **state)
{
    struct pair pair;
    bool has_moved = false;

    (void)state;
    pair_init(&pair, 1,
              &(struct toe_sim_link_settings){.delay = TOE_NS_PER_MS, .jitter = TOE_NS_PER_MS});
    node_begin(&pair.a, 1000, 10 * TOE_NS_PER_US);
    pair_run(&pair);
    assert_int_equal(pair.b.got, 1000);
    for (uint32_t i = 0; i < 1000; ++i) {
        assert_int_equal(pair.b.ids[i], i);
        has_moved |= pair.b.at[i] != TOE_NS_PER_MS + i * 10 * TOE_NS_PER_US;
    }
    assert_true(has_moved);
    toe_sim_del(pair.sim);
}

/* Chances hold within five standard deviations, and what is counted is what happened. */
static void test_faults_happen_as_often_as_set(void **state)
{
    struct pair pair;
    struct toe_sim_stats stats;
    uint32_t late = 0;

    (void)state;
    pair_init(&pair, 7,
              &(struct toe_sim_link_settings){.delay = TOE_NS_PER_MS,
                                              .loss = 100000,
                                              .reorder = 100000,
                                              .reorder_delay = TOE_NS_PER_MS,
                                              .duplicate = 100000,
                                              .corrupt = 100000});
    node_begin(&pair.a, 3000, 10 * TOE_NS_PER_US);
    pair_run(&pair);
    toe_sim_stats_get(pair.sim, &stats);
    assert_int_equal(stats.frames, 3000);
    assert_in_range(stats.lost, 300 - 82, 300 + 82);
    assert_in_range(stats.reordered, 270 - 78, 270 + 78);
    assert_in_range(stats.duplicated, 270 - 78, 270 + 78);
    assert_in_range(stats.corrupted, 270 - 78, 270 + 78);
    assert_int_equal(pair.b.got, 3000 - stats.lost + stats.duplicated);
    assert_true(pair.b.bad > 0 && pair.b.bad <= stats.corrupted);
    for (uint32_t i = 1; i < pair.b.got; ++i) {
        late += pair.b.ids[i] < pair.b.ids[i - 1];
    }
    assert_true(late > 100);
    toe_sim_del(pair.sim);
}

/* A strike is for one frame, the next; what is struck together hits one frame after the other. */
static void test_strikes_hit_single_frames(void **state)
{
    struct pair pair;
    struct toe_sim_stats stats;
    static const uint32_t expected[] = {1, 1, 2, 4, 5, 6, 7, 8, 9, 3};

    (void)state;
    pair_init(&pair, 1, &(struct toe_sim_link_settings){.delay = TOE_NS_PER_MS});
    assert_true(toe_sim_link_strike(pair.link, 0, TOE_SIM_LOSE, 0));
    assert_true(toe_sim_link_strike(pair.link, 0, TOE_SIM_DUPLICATE, 0));
    assert_true(toe_sim_link_strike(pair.link, 0, TOE_SIM_CORRUPT, 8 * 50 + 3));
    assert_true(toe_sim_link_strike(pair.link, 0, TOE_SIM_HOLD, TOE_NS_PER_SEC));
    node_begin(&pair.a, 10, 10 * TOE_NS_PER_US);
    pair_run(&pair);
    toe_sim_stats_get(pair.sim, &stats);
    assert_int_equal(stats.lost, 1);
    assert_int_equal(stats.duplicated, 1);
    assert_int_equal(stats.corrupted, 1);
    assert_int_equal(stats.reordered, 1);
    assert_int_equal(pair.b.got, 10);
    assert_int_equal(pair.b.bad, 1);
    assert_memory_equal(pair.b.ids, expected, sizeof(expected));
    for (int i = 0; i < 32; ++i) {
        assert_true(toe_sim_link_strike(pair.link, 1, TOE_SIM_LOSE, 0));
    }
    assert_false(toe_sim_link_strike(pair.link, 1, TOE_SIM_LOSE, 0));
    toe_sim_del(pair.sim);
}

static uint64_t digest_of(uint64_t seed, uint32_t loss, uint32_t len)
{
    struct pair pair;
    uint64_t digest;

    pair_init(&pair, seed, &(struct toe_sim_link_settings){.delay = TOE_NS_PER_MS, .loss = loss});
    pair.a.len = len;
    node_begin(&pair.a, 100, 10 * TOE_NS_PER_US);
    pair_run(&pair);
    digest = toe_sim_digest(pair.sim);
    toe_sim_del(pair.sim);
    return digest;
}

/* Equal runs have equal digests; another seed, fate or byte gives another. */
static void test_digest_tells_runs_apart(void **state)
{
    (void)state;
    assert_true(digest_of(1, 10000, 100) == digest_of(1, 10000, 100));
    assert_true(digest_of(1, 10000, 100) != digest_of(2, 10000, 100));
    assert_true(digest_of(1, 10000, 100) != digest_of(1, 500000, 100));
    assert_true(digest_of(1, 10000, 100) != digest_of(1, 10000, 101));
}

/* Each direction has its own fate: traffic one way does not change what happens the other way. */
static void test_directions_are_independent(void **state)
{
    struct pair alone;
    struct pair busy;
    const struct toe_sim_link_settings link = {.delay = TOE_NS_PER_MS, .loss = 200000};

    (void)state;
    pair_init(&alone, 3, &link);
    node_begin(&alone.a, 500, TOE_NS_PER_US);
    pair_run(&alone);
    pair_init(&busy, 3, &link);
    node_begin(&busy.a, 500, TOE_NS_PER_US);
    node_begin(&busy.b, 500, TOE_NS_PER_US);
    pair_run(&busy);
    assert_int_equal(alone.b.got, busy.b.got);
    assert_memory_equal(alone.b.ids, busy.b.ids, alone.b.got * sizeof(uint32_t));
    assert_true(busy.a.got > 300 && busy.a.got < 500);
    toe_sim_del(alone.sim);
    toe_sim_del(busy.sim);
}

/* Frames that find the queue full are lost: one burst leaves just what fits. */
static void test_queue_overflows(void **state)
{
    struct pair pair;
    struct toe_sim_stats stats;

    (void)state;
    pair_init(&pair, 1, &(struct toe_sim_link_settings){.rate = 8000000, .queue = 5});
    node_begin(&pair.a, 20, 0);
    pair_run(&pair);
    toe_sim_stats_get(pair.sim, &stats);
    assert_int_equal(pair.b.got, 5);
    assert_int_equal(stats.overflowed, 15);
    toe_sim_del(pair.sim);
}

/* The MTU counts the packet, not the Ethernet header. */
static void test_mtu(void **state)
{
    struct pair pair;
    struct toe_sim_stats stats;

    (void)state;
    pair_init(&pair, 1, &(struct toe_sim_link_settings){.mtu = 1500});
    pair.a.len = 1514;
    node_begin(&pair.a, 1, 0);
    pair_run(&pair);
    pair.a.len = 1515;
    node_begin(&pair.a, 1, 0);
    pair_run(&pair);
    toe_sim_stats_get(pair.sim, &stats);
    assert_int_equal(pair.b.got, 1);
    assert_int_equal(stats.too_long, 1);
    toe_sim_del(pair.sim);
}

/* A cut link loses what is on its way and what comes, and says so; mended, it works again. */
static void test_link_down(void **state)
{
    struct pair pair;
    struct toe_sim_stats stats;

    (void)state;
    pair_init(&pair, 1, &(struct toe_sim_link_settings){.delay = TOE_NS_PER_MS});
    node_begin(&pair.a, 1, 0);
    assert_true(toe_sim_run(pair.sim, TOE_NS_PER_US));
    toe_sim_link_up_set(pair.link, false);
    assert_false(toe_sim_wire_ops()->link_up(pair.a.wire));
    node_begin(&pair.a, 1, 0);
    pair_run(&pair);
    assert_int_equal(pair.b.got, 0);
    toe_sim_link_up_set(pair.link, true);
    assert_true(toe_sim_wire_ops()->link_up(pair.b.wire));
    node_begin(&pair.a, 1, 0);
    pair_run(&pair);
    assert_int_equal(pair.b.got, 1);
    toe_sim_stats_get(pair.sim, &stats);
    assert_int_equal(stats.cut, 1);
    toe_sim_del(pair.sim);
}

struct tally {
    uint32_t frames;
    uint32_t lost;
    uint32_t from[2];
};

static void count_frame(void *user, const struct toe_sim_tap_frame *frame)
{
    struct tally *tally = user;

    ++tally->frames;
    tally->lost += frame->lost;
    ++tally->from[frame->end];
    assert_int_equal(frame->frame->len, FRAME_LEN);
}

/* A tap sees every frame once, lost ones too, and changes nothing. */
static void test_tap_sees_all(void **state)
{
    struct pair pair;
    struct tally tally = {0};
    struct toe_sim_stats stats;

    (void)state;
    pair_init(&pair, 1, &(struct toe_sim_link_settings){.delay = TOE_NS_PER_MS, .loss = 10000});
    toe_sim_tap_set(pair.sim, count_frame, &tally);
    node_begin(&pair.a, 100, 10 * TOE_NS_PER_US);
    pair_run(&pair);
    toe_sim_stats_get(pair.sim, &stats);
    assert_int_equal(tally.frames, 100);
    assert_int_equal(tally.from[0], 100);
    assert_int_equal(tally.lost, stats.lost);
    assert_true(toe_sim_digest(pair.sim) == digest_of(1, 10000, 100));
    toe_sim_tap_set(pair.sim, NULL, NULL);
    toe_sim_del(pair.sim);
}

/* What a wire without features cannot take is refused; a partial checksum it completes. */
static void test_offloads_of_frames(void **state)
{
    struct pair pair;
    struct toe_sim_stats stats;
    uint8_t bytes[64] = {[12] = 0x08, [30] = 0x12, [31] = 0x34};
    const struct toe_frame super = {
        .data = bytes, .len = sizeof(bytes), .gso = TOE_GSO_TCP4, .gso_size = 8};
    const struct toe_frame partial = {.data = bytes,
                                      .len = sizeof(bytes),
                                      .flags = TOE_FRAME_CSUM_PARTIAL,
                                      .csum_start = 28,
                                      .csum_off = 16};
    struct toe_frame got;

    (void)state;
    pair_init(&pair, 1, &(struct toe_sim_link_settings){0});
    toe_sim_wire_ops()->transmit(pair.a.wire, &super, 1);
    toe_sim_wire_ops()->transmit(pair.a.wire, &partial, 1);
    toe_sim_stats_get(pair.sim, &stats);
    assert_int_equal(stats.refused, 1);
    assert_int_equal(toe_sim_wire_ops()->receive(pair.b.wire, &got, 1), 1);
    assert_int_equal(got.data[44], (uint8_t)~0x12);
    assert_int_equal(got.data[45], (uint8_t)~0x34);
    toe_sim_del(pair.sim);
}

static toe_instant busy_deadline(void *user)
{
    (void)user;
    return 0;
}

static void busy_run(void *user, toe_instant now)
{
    (void)now;
    ++*(uint32_t *)user;
}

/* A node that is always due at once is a livelock, and does not hang the simulation. */
static void test_livelock_is_found(void **state)
{
    struct toe_sim *sim = toe_sim_new(&(struct toe_sim_settings){.seed = 1});
    uint32_t runs = 0;

    (void)state;
    assert_int_equal(
        toe_sim_node_add(
            sim, &(struct toe_sim_node){.user = &runs, .deadline = busy_deadline, .run = busy_run},
            NULL),
        0);
    assert_false(toe_sim_run(sim, TOE_NS_PER_SEC));
    assert_int_equal(toe_sim_now(sim), 0);
    assert_true(runs > 100);
    toe_sim_del(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_and_delay_are_exact),
        cmocka_unit_test(test_jitter_keeps_order),
        cmocka_unit_test(test_faults_happen_as_often_as_set),
        cmocka_unit_test(test_strikes_hit_single_frames),
        cmocka_unit_test(test_digest_tells_runs_apart),
        cmocka_unit_test(test_directions_are_independent),
        cmocka_unit_test(test_queue_overflows),
        cmocka_unit_test(test_mtu),
        cmocka_unit_test(test_link_down),
        cmocka_unit_test(test_tap_sees_all),
        cmocka_unit_test(test_offloads_of_frames),
        cmocka_unit_test(test_livelock_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
