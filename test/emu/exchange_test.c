/* SPDX-License-Identifier: MIT */
/*
 * Exchanges: each frame comes up where it belongs, whole, in order, also between threads; and what
 * belongs where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "emu/bytes.h"
#include "emu/exchange.h"
#include "emu/linux/segment.h"
#include "emu/steering.h"

enum { QUEUES = 4, BATCH = 64, FRAME_MAX = 2048, SENT = 10000 };

/* --- frames --- */

/* A segment of the connection with that port, either way, with |len| bytes that |fill| tells. */
static struct toe_frame make(uint8_t *out, uint8_t family, uint16_t port, bool by_kernel,
                             uint32_t len, uint8_t fill)
{
    struct emu_segment seg = {.tuple = {.local_port = port, .remote_port = 80}, .ttl = 64};
    uint32_t header_len;

    seg.tuple.local = (struct toe_addr){.family = family, .bytes = {10, 0, 0, 1}};
    seg.tuple.remote = (struct toe_addr){.family = family, .bytes = {10, 0, 0, 2}};
    seg.len = len;
    header_len = emu_segment_build(out, &seg, by_kernel);
    memset(out + header_len, fill, len);
    return (struct toe_frame){
        .data = out, .len = header_len + len, .flags = TOE_FRAME_CSUM_VALID, .gso_size = fill};
}

/* The first port from |port| on whose connection belongs to |queue|. */
static uint16_t port_of(uint32_t queue, uint32_t cnt, uint16_t port)
{
    uint8_t bytes[FRAME_MAX];

    for (;; ++port) {
        const struct toe_frame frame = make(bytes, 4, port, true, 0, 0);

        if (emu_steering_queue(&frame, cnt) == queue) {
            return port;
        }
    }
}

/* Both directions belong to one queue, with and without a VLAN; connections are spread evenly. */
static void test_queues_are_symmetric_and_even(void **state)
{
    (void)state;
    for (uint8_t family = 4; family <= 6; family += 2) {
        uint32_t counts[QUEUES] = {0};

        for (uint32_t i = 0; i < 4000; ++i) {
            uint8_t bytes[2][FRAME_MAX];
            const uint16_t port = (uint16_t)(32768 + 2 * i); /* as connect() chooses them */
            const struct toe_frame out = make(bytes[0], family, port, true, 9, 1);
            const struct toe_frame in = make(bytes[1], family, port, false, 0, 1);
            const uint32_t queue = emu_steering_queue(&out, QUEUES);

            assert_in_range(queue, 0, QUEUES - 1);
            assert_int_equal(emu_steering_queue(&in, QUEUES), queue);
            ++counts[queue];
        }
        for (uint32_t i = 0; i < QUEUES; ++i) {
            assert_in_range(counts[i], 900, 1100);
        }
    }
}

/* What is no segment belongs nowhere, however short it is. */
static void test_others_belong_nowhere(void **state)
{
    uint8_t bytes[FRAME_MAX];
    struct toe_frame frame = make(bytes, 4, 1000, true, 10, 0);

    (void)state;
    for (frame.len = 0; frame.len < 14 + 20 + 4; ++frame.len) {
        assert_int_equal(emu_steering_queue(&frame, QUEUES), EMU_STEERING_ANY);
    }
    frame.len = 100;
    assert_int_not_equal(emu_steering_queue(&frame, QUEUES), EMU_STEERING_ANY);
    bytes[14 + 6] = 0x20; /* a fragment */
    assert_int_equal(emu_steering_queue(&frame, QUEUES), EMU_STEERING_ANY);
    bytes[14 + 6] = 0;
    bytes[14 + 9] = 17; /* UDP */
    assert_int_equal(emu_steering_queue(&frame, QUEUES), EMU_STEERING_ANY);
    bytes[12] = 8;
    bytes[13] = 6; /* ARP */
    assert_int_equal(emu_steering_queue(&frame, QUEUES), EMU_STEERING_ANY);
}

/* A router's word belongs where the connection does that it is about. */
static void test_a_word_of_a_router_follows_the_connection(void **state)
{
    (void)state;
    for (uint16_t port = 5000; port < 5100; ++port) {
        uint8_t bytes[FRAME_MAX] = {0};
        uint8_t quoted[FRAME_MAX];
        const struct toe_frame segment = make(quoted, 4, port, true, 0, 0);
        const struct toe_frame word = {.data = bytes, .len = 14 + 20 + 8 + 28};
        uint8_t *icmp = bytes + 14 + 20;

        memcpy(bytes, quoted, 14 + 20);
        emu_put16(bytes + 14 + 2, 20 + 8 + 28);
        bytes[14 + 9] = 1;
        icmp[0] = 3;
        icmp[1] = 4;
        emu_put16(icmp + 6, 1400);
        memcpy(icmp + 8, quoted + 14, 28);
        emu_put16(icmp + 2, emu_csum(emu_sum(0, icmp, 8 + 28)));
        assert_int_equal(emu_steering_queue(&word, QUEUES), emu_steering_queue(&segment, QUEUES));
    }
}

static void test_program_has_room(void **state)
{
    struct sock_filter code[EMU_STEERING_PROGRAM_MAX];
    const uint16_t len = emu_steering_program(code);

    (void)state;
    assert_in_range(len, 2, EMU_STEERING_PROGRAM_MAX);
    for (uint16_t i = 0; i < len; ++i) {
        if (BPF_CLASS(code[i].code) == BPF_JMP) {
            assert_in_range(i + 1 + code[i].jt, 0, len - 1);
            assert_in_range(i + 1 + code[i].jf, 0, len - 1);
        }
    }
    assert_int_equal(BPF_CLASS(code[len - 1].code), BPF_RET);
}

/* --- a port that has what it was given --- */

struct source {
    struct emu_port port;
    struct toe_frame frames[BATCH];
    uint32_t cnt;
};

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct source *source = wire;
    const uint32_t cnt = source->cnt < max ? source->cnt : max;

    memcpy(frames, source->frames, cnt * sizeof(*frames));
    source->cnt -= cnt;
    memmove(source->frames, source->frames + cnt, source->cnt * sizeof(*frames));
    return cnt;
}

static void close_source(struct emu_port *port)
{
    (void)port;
}

static void count_call(void *user)
{
    atomic_fetch_add((atomic_uint *)user, 1);
}

struct pair {
    struct emu_exchange *exchange;
    struct source sources[2];
    struct emu_port *ports[2];
    atomic_uint roused[2];
};

static void pair_init(struct pair *pair)
{
    *pair = (struct pair){.exchange = emu_exchange_new(2)};
    assert_non_null(pair->exchange);
    for (uint32_t i = 0; i < 2; ++i) {
        pair->sources[i].port.ops = (struct toe_wire_ops){.receive = receive};
        pair->sources[i].port.close = close_source;
        pair->ports[i] = emu_exchange_port_new(pair->exchange, i, &pair->sources[i].port,
                                               count_call, &pair->roused[i]);
        assert_non_null(pair->ports[i]);
    }
}

static void pair_fini(struct pair *pair)
{
    emu_port_close(pair->ports[0]);
    emu_port_close(pair->ports[1]);
    emu_exchange_del(pair->exchange);
}

static uint32_t fetch(struct pair *pair, uint32_t queue, struct toe_frame *frames, uint32_t max)
{
    return pair->ports[queue]->ops.receive(pair->ports[queue], frames, max);
}

/* What belongs here stays, what does not comes up there, with all that is known of it. */
static void test_frames_come_up_where_they_belong(void **state)
{
    struct pair pair;
    uint8_t bytes[2][FRAME_MAX];
    struct toe_frame frames[BATCH];
    struct emu_exchange_stats stats;

    (void)state;
    pair_init(&pair);
    pair.sources[0].frames[0] = make(bytes[0], 4, port_of(0, 2, 1000), true, 100, 7);
    pair.sources[0].frames[1] = make(bytes[1], 4, port_of(1, 2, 1000), true, 200, 8);
    pair.sources[0].cnt = 2;
    assert_int_equal(fetch(&pair, 0, frames, BATCH), 1);
    assert_int_equal(frames[0].gso_size, 7);
    assert_int_equal(atomic_load(&pair.roused[1]), 1);
    assert_int_equal(fetch(&pair, 1, frames, BATCH), 1);
    assert_int_equal(frames[0].gso_size, 8);
    assert_int_equal(frames[0].flags, TOE_FRAME_CSUM_VALID);
    assert_int_equal(frames[0].len, 14 + 20 + 20 + 200);
    assert_memory_equal(frames[0].data, bytes[1], frames[0].len);
    assert_int_equal(fetch(&pair, 1, frames, BATCH), 0);
    assert_int_equal(emu_port_deadline(pair.ports[1]), TOE_INSTANT_NEVER);
    emu_exchange_stats_get(pair.ports[0], &stats);
    assert_int_equal(stats.handed, 1);
    emu_exchange_stats_get(pair.ports[1], &stats);
    assert_int_equal(stats.taken, 1);
    pair_fini(&pair);
}

/* Nobody takes: what has no room is lost and counted, and all that had room comes, in order. */
static void test_full_ring_loses_and_counts(void **state)
{
    struct pair pair;
    uint8_t bytes[FRAME_MAX];
    struct toe_frame frames[BATCH];
    struct emu_exchange_stats stats;
    uint64_t taken = 0;
    uint32_t cnt;

    (void)state;
    pair_init(&pair);
    for (uint32_t i = 0; i < SENT; ++i) {
        pair.sources[0].frames[0] =
            make(bytes, 4, port_of(1, 2, 1000), true, 1000 + i % 7, (uint8_t)i);
        pair.sources[0].cnt = 1;
        assert_int_equal(fetch(&pair, 0, frames, BATCH), 0);
    }
    emu_exchange_stats_get(pair.ports[0], &stats);
    assert_in_range(stats.handed, SENT / 4, SENT / 2);
    assert_int_equal(stats.handed + stats.lost, SENT);
    assert_int_equal(atomic_load(&pair.roused[1]), 1);
    while ((cnt = fetch(&pair, 1, frames, BATCH)) != 0) {
        assert_int_equal(cnt <= BATCH / 2, 1);
        for (uint32_t i = 0; i < cnt; ++i, ++taken) {
            assert_int_equal(frames[i].gso_size, (uint8_t)taken);
            assert_int_equal(frames[i].len, 14 + 20 + 20 + 1000 + taken % 7);
        }
        assert_int_equal(emu_port_deadline(pair.ports[1]) == 0, taken < stats.handed);
    }
    assert_int_equal(taken, stats.handed);
    pair_fini(&pair);
}

/* --- threads --- */

enum { NUMBERED = 20000 };

/* Brings frames for the other queue, each as soon as there is room for it. */
static void *bring(void *user)
{
    struct pair *pair = user;
    const uint16_t port = port_of(1, 2, 1000);
    struct emu_exchange_stats stats = {.handed = 0};

    while (stats.handed < NUMBERED) {
        uint8_t bytes[FRAME_MAX];
        struct toe_frame frames[BATCH];

        pair->sources[0].frames[0] =
            make(bytes, 4, port, true, (uint32_t)(stats.handed % 1400), (uint8_t)stats.handed);
        pair->sources[0].cnt = 1;
        (void)fetch(pair, 0, frames, BATCH);
        (void)sched_yield();
        emu_exchange_stats_get(pair->ports[0], &stats);
    }
    return NULL;
}

static void test_threads_hand_over_in_order(void **state)
{
    struct pair pair;
    pthread_t thread;
    uint64_t taken = 0;

    (void)state;
    pair_init(&pair);
    assert_int_equal(pthread_create(&thread, NULL, bring, &pair), 0);
    while (taken < NUMBERED) {
        struct toe_frame frames[BATCH];
        const uint32_t cnt = fetch(&pair, 1, frames, BATCH);

        for (uint32_t i = 0; i < cnt; ++i, ++taken) {
            const uint32_t len = (uint32_t)(taken % 1400);

            assert_int_equal(frames[i].len, 14 + 20 + 20 + len);
            if (len > 0) {
                assert_int_equal(frames[i].data[14 + 20 + 20], (uint8_t)taken);
                assert_int_equal(frames[i].data[14 + 20 + 20 + len - 1], (uint8_t)taken);
            }
        }
        if (cnt == 0) {
            (void)sched_yield();
        }
    }
    (void)pthread_join(thread, NULL);
    pair_fini(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queues_are_symmetric_and_even),
        cmocka_unit_test(test_others_belong_nowhere),
        cmocka_unit_test(test_a_word_of_a_router_follows_the_connection),
        cmocka_unit_test(test_program_has_room),
        cmocka_unit_test(test_frames_come_up_where_they_belong),
        cmocka_unit_test(test_full_ring_loses_and_counts),
        cmocka_unit_test(test_threads_hand_over_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
