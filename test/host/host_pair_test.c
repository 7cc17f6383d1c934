/* SPDX-License-Identifier: MIT */
/*
 * Two hosts over two targets: connections live through their life in the host, in the target, and
 * through moves between them, and the applications see their bytes and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/host_pair.h"
#include "wire/bytes.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"

#define SEC TOE_NS_PER_SEC
#define MS TOE_NS_PER_MS

/* Lets all streams end and everything expire, and checks that nothing is left. */
static void finish_somehow(struct t_pair *pair)
{
    assert_true(t_pair_run_until(pair, 3000 * SEC, t_pair_is_done));
    t_pair_run(pair, 1000 * SEC);
    t_pair_check_clean(pair);
}

/* The same, and everybody must have got everything. */
static void finish(struct t_pair *pair)
{
    finish_somehow(pair);
    for (int i = 0; i < 2; ++i) {
        for (uint32_t n = 0; n < pair->m[i].stream_cnt; ++n) {
            const struct t_stream *s = &pair->m[i].streams[n];

            assert_false(s->is_reset);
            assert_true(s->is_eof);
            assert_int_equal(s->sent, s->want);
            for (uint32_t k = 0; k < pair->m[1 - i].stream_cnt; ++k) {
                const struct t_stream *peer = &pair->m[1 - i].streams[k];

                if (peer->key == ~s->key) {
                    assert_int_equal(peer->received, s->sent);
                }
            }
        }
    }
}

static void test_in_host(void **state)
{
    struct t_pair pair;

    (void)state;
    t_pair_init(&pair, NULL, NULL, 1);
    t_pair_connect(&pair, 4, 1000000, 500000);
    t_pair_connect(&pair, 6, 10000, 1000000);
    finish(&pair);
    assert_int_equal(pair.m[1].streams[0].received + pair.m[1].streams[1].received, 1010000);
    t_pair_fini(&pair);
}

static void test_all_offloaded(void **state)
{
    struct t_pair pair;
    struct toe_host_settings hs;

    (void)state;
    toe_host_settings_default(&hs);
    hs.policy = TOE_POLICY_ALL;
    t_pair_init(&pair, &hs, NULL, 2);
    for (int i = 0; i < 10; ++i) {
        t_pair_connect(&pair, i % 2 == 0 ? 4 : 6, 200000, 100000);
    }
    finish(&pair);
    t_pair_fini(&pair);
}

/* Sums the counters of both hosts. */
static void add_stats(struct toe_host_stats *sum, const struct t_pair *pair)
{
    for (int i = 0; i < 2; ++i) {
        struct toe_host_stats s = {.size = sizeof(s)};

        toe_host_stats_get(pair->m[i].host, &s);
        sum->offloads += s.offloads;
        sum->offloads_failed += s.offloads_failed;
        sum->uploads += s.uploads;
        sum->forwarded += s.forwarded;
        sum->retransmitted += s.retransmitted;
        sum->offloaded_with_unacked += s.offloaded_with_unacked;
        sum->offloaded_with_received += s.offloaded_with_received;
        sum->offloaded_zero_window += s.offloaded_zero_window;
        sum->uploaded_with_unacked += s.uploaded_with_unacked;
        sum->uploaded_with_received += s.uploaded_with_received;
        sum->uploaded_zero_window += s.uploaded_zero_window;
        for (int n = 0; n < 11; ++n) {
            sum->offloaded_in_state[n] += s.offloaded_in_state[n];
            sum->uploaded_in_state[n] += s.uploaded_in_state[n];
        }
    }
}

/* Moves at random instants, in every mode, with loss: nobody notices. */
static void test_random(void **state)
{
    struct toe_host_stats sum = {0};
    const char *env = getenv("TOE_TEST_SEED");
    const uint64_t first = env != NULL ? strtoull(env, NULL, 0) : 1;
    const uint64_t last = env != NULL ? first : 60;

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        struct t_pair pair;
        struct toe_host_settings hs;
        struct toe_target_settings ts;

        toe_host_settings_default(&hs);
        toe_target_settings_default(&ts);
        hs.policy = TOE_POLICY_RANDOM;
        hs.policy_in_host = (1 + seed % 7) * 5 * MS;
        hs.policy_offloaded = (1 + seed % 5) * 7 * MS;
        hs.receive_mode = (enum toe_receive_mode)(seed % 3);
        hs.time_wait = 2 * SEC;
        hs.snd_buf = seed % 4 == 0 ? 20000 : 100000;
        /* A window of less than a segment closes with each. */
        hs.rcv_buf = seed % 5 != 0 ? 65535 : seed % 10 == 0 ? 1200 : 8000;
        hs.timestamps = seed % 6 != 0;
        hs.sack = seed % 7 != 0;
        ts.send_return = seed % 8 == 0 ? TOE_SEND_RETURN_COMPLETE : TOE_SEND_RETURN_CHAIN;
        t_pair_init(&pair, &hs, &ts, seed);
        pair.loss_percent = seed % 4 == 1 ? 2 : 0;
        pair.delay = (seed % 9) * MS;
        pair.options_percent = (uint32_t)(seed % 2 * 10);
        pair.slow_percent = (uint32_t)(seed % 3 * 20);
        for (uint32_t i = 0; i < 6; ++i) {
            t_pair_connect(&pair, i % 2 == 0 ? 4 : 6, 1 + seed * i * 3000 % 200000,
                           1 + seed * (7 - i) * 5000 % 150000);
        }
        finish(&pair);
        add_stats(&sum, &pair);
        t_pair_fini(&pair);
    }
    if (env != NULL) {
        return;
    }
    for (int n = TOE_TCP_ESTABLISHED; n <= TOE_TCP_LAST_ACK; ++n) {
        assert_true(sum.offloaded_in_state[n] > 10);
        assert_true(sum.uploaded_in_state[n] > 10);
    }
    assert_true(sum.uploaded_in_state[TOE_TCP_TIME_WAIT] > 10);
    assert_true(sum.uploaded_in_state[TOE_TCP_CLOSED] > 10);
    assert_true(sum.offloaded_with_unacked > 100 && sum.uploaded_with_unacked > 100);
    assert_true(sum.offloaded_with_received > 10 && sum.uploaded_with_received > 10);
    assert_true(sum.offloaded_zero_window > 10 && sum.uploaded_zero_window > 10);
    assert_true(sum.forwarded > 10 && sum.retransmitted > 10);
}

/* Applications that go away in the middle: the rest is reset, and nothing is left behind. */
static void test_rude(void **state)
{
    const char *env = getenv("TOE_TEST_SEED");
    const uint64_t first = env != NULL ? strtoull(env, NULL, 0) : 1;
    const uint64_t last = env != NULL ? first : 40;

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        struct t_pair pair;
        struct toe_host_settings hs;

        toe_host_settings_default(&hs);
        hs.policy = TOE_POLICY_RANDOM;
        hs.policy_in_host = (1 + seed % 5) * 4 * MS;
        hs.policy_offloaded = (1 + seed % 3) * 6 * MS;
        hs.receive_mode = (enum toe_receive_mode)(seed % 3);
        hs.time_wait = 2 * SEC;
        hs.rcv_buf = seed % 2 == 0 ? 8000 : 65535;
        t_pair_init(&pair, &hs, NULL, seed);
        pair.loss_percent = seed % 4 == 1 ? 2 : 0;
        pair.slow_percent = 30;
        pair.rude_percent = 40;
        for (uint32_t i = 0; i < 10; ++i) {
            t_pair_connect(&pair, i % 2 == 0 ? 4 : 6, 100000, 100000);
        }
        finish_somehow(&pair);
        t_pair_fini(&pair);
    }
}

/* A target with little room: some are refused, tried again, and all arrive. */
static void test_small_target(void **state)
{
    struct t_pair pair;
    struct toe_host_settings hs;
    struct toe_target_settings ts;
    struct toe_host_stats sum = {0};

    (void)state;
    for (uint32_t variant = 0; variant < 5; ++variant) {
        toe_host_settings_default(&hs);
        toe_target_settings_default(&ts);
        hs.policy = TOE_POLICY_RANDOM;
        hs.policy_in_host = 3 * MS;
        hs.policy_offloaded = 30 * MS;
        ts.tcp_max = variant == 0 ? 3 : 1000;
        ts.path_max = variant == 1 ? 1 : 1000;
        ts.neighbor_max = variant == 2 ? 1 : 1000;
        ts.rcv_chunk_max = variant == 3 ? 8 : 100000;
        ts.ipv6 = variant != 4;
        t_pair_init(&pair, &hs, &ts, variant);
        pair.slow_percent = 50;
        for (uint32_t i = 0; i < 10; ++i) {
            t_pair_connect(&pair, i % 2 == 0 ? 4 : 6, 100000, 100000);
        }
        finish(&pair);
        add_stats(&sum, &pair);
        t_pair_fini(&pair);
    }
    assert_true(sum.offloads_failed > 10);
    assert_true(sum.offloads > 10);
}

/* The wire is cut for a while; then for good, and everybody hears of it in the end. */
static void test_cut(void **state)
{
    struct t_pair pair;
    struct toe_host_settings hs;

    (void)state;
    for (uint64_t seed = 1; seed <= 6; ++seed) {
        toe_host_settings_default(&hs);
        hs.policy = seed % 2 == 0 ? TOE_POLICY_ALL : TOE_POLICY_RANDOM;
        hs.policy_in_host = 20 * MS;
        hs.policy_offloaded = 20 * MS;
        hs.keep_alive = true;
        hs.ka_timeout = 60000;
        hs.ka_interval = 10000;
        t_pair_init(&pair, &hs, NULL, seed);
        for (uint32_t i = 0; i < 4; ++i) {
            t_pair_connect(&pair, i % 2 == 0 ? 4 : 6, 3000000, 3000000);
        }
        t_pair_run(&pair, 100 * MS);
        pair.is_cut = true;
        t_pair_run(&pair, 40 * SEC);
        pair.is_cut = false;
        if (seed < 4) {
            finish(&pair);
        } else {
            t_pair_run(&pair, 50 * MS);
            pair.is_cut = true;
            finish_somehow(&pair);
        }
        t_pair_fini(&pair);
    }
}

/* A router in the middle takes small packets only, and says so. */
static bool router(struct t_pair *pair, int from, const uint8_t *frame, uint32_t len)
{
    uint8_t answer[14 + 20 + 8 + 28] = {0};
    struct wire_ipv4 ip = {.ttl = 64, .proto = WIRE_PROTO_ICMP, .payload_len = 36};
    struct wire_icmp icmp = {.family = 4, .kind = WIRE_ICMP_PACKET_BIG, .mtu = 1000};

    if (len <= 14 + 1000 || frame[12] != 8) {
        return true;
    }
    ++*(uint32_t *)pair->user;
    memcpy(answer, frame + 6, 6);
    memcpy(answer + 6, frame, 6);
    answer[12] = 8;
    ip.src = wire_load_ipv4(frame + 30);
    ip.dst = wire_load_ipv4(frame + 26);
    icmp.body = frame + 14;
    icmp.body_len = 28;
    wire_ipv4_build(answer + 14, 20, &ip);
    wire_icmp_build(answer + 34, 36, &icmp);
    wire_icmp_csum_set(answer + 34, 36, &ip.src, &ip.dst);
    t_pair_inject(pair, from, answer, sizeof(answer));
    return false;
}

static void test_path_mtu(void **state)
{
    struct t_pair pair;
    struct toe_host_settings hs;
    uint32_t lost = 0;

    (void)state;
    for (int i = 0; i < 2; ++i) {
        toe_host_settings_default(&hs);
        hs.policy = i == 0 ? TOE_POLICY_MANUAL : TOE_POLICY_ALL;
        t_pair_init(&pair, &hs, NULL, 1);
        pair.filter = router;
        pair.user = &lost;
        t_pair_connect(&pair, 4, 500000, 500000);
        finish(&pair);
        assert_true(lost > 0 && lost < 100);
        t_pair_fini(&pair);
    }
}

/* One that says nothing, of either family. */
static bool silent_router(struct t_pair *pair, int from, const uint8_t *frame, uint32_t len)
{
    (void)from;
    (void)frame;
    if (len <= 14 + 1300) {
        return true;
    }
    ++*(uint32_t *)pair->user;
    return false;
}

/* Who probes gets through: in the host, in the target, and on the move between them. */
static void test_black_hole(void **state)
{
    static const enum toe_policy policies[] = {TOE_POLICY_MANUAL, TOE_POLICY_ALL,
                                               TOE_POLICY_RANDOM};

    (void)state;
    for (uint64_t i = 0; i < 6; ++i) {
        struct t_pair pair;
        struct toe_host_settings hs;
        struct toe_target_settings ts;
        uint32_t lost = 0;

        toe_host_settings_default(&hs);
        toe_target_settings_default(&ts);
        hs.policy = policies[i % 3];
        hs.policy_in_host = 40 * MS;
        hs.policy_offloaded = 70 * MS;
        hs.tuning.mtu_probing = i < 3 ? TOE_MTU_PROBING_BLACK_HOLE : TOE_MTU_PROBING_ALWAYS;
        ts.tuning.mtu_probing = hs.tuning.mtu_probing;
        t_pair_init(&pair, &hs, &ts, i + 1);
        pair.delay = MS;
        pair.filter = silent_router;
        pair.user = &lost;
        t_pair_connect(&pair, 4, 2000000, 500000);
        t_pair_connect(&pair, 6, 500000, 2000000);
        finish(&pair);
        assert_true(lost > 0 && lost < 200);
        t_pair_fini(&pair);
    }
}

/* Memory is short, now and then: connections may suffer, the hosts do not. */
struct scarce {
    struct base_rand rand;
    uint32_t percent;
    size_t held;
};

static void *scarce_alloc(void *user, size_t size)
{
    struct scarce *s = user;

    if (base_rand_chance(&s->rand, s->percent, 100)) {
        return NULL;
    }
    s->held += size;
    return malloc(size);
}

static void scarce_free(void *user, void *ptr, size_t size)
{
    struct scarce *s = user;

    s->held -= size;
    free(ptr);
}

static void test_scarce_memory(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        struct scarce scarce = {.percent = 0};
        struct t_pair pair;
        struct toe_host_settings hs;

        base_rand_init(&scarce.rand, seed);
        toe_host_settings_default(&hs);
        hs.policy = TOE_POLICY_RANDOM;
        hs.policy_in_host = 10 * MS;
        hs.policy_offloaded = 10 * MS;
        hs.receive_mode = (enum toe_receive_mode)(seed % 3);
        hs.time_wait = SEC;
        hs.mem = (struct toe_mem){&scarce, scarce_alloc, scarce_free};
        t_pair_init(&pair, &hs, NULL, seed);
        scarce.percent = 60;
        pair.slow_percent = 30;
        for (uint32_t i = 0; i < 4; ++i) {
            const struct toe_addr dst = t_pair_addr(i % 2 == 0 ? 4 : 6, 2);
            toe_handle conn;

            do {
                conn = toe_host_connect(pair.m[0].host, NULL, 0, &dst, 80);
            } while (conn == 0);
            toe_host_close(pair.m[0].host, conn);
            t_pair_connect(&pair, i % 2 == 0 ? 4 : 6, 300000, 300000);
            t_pair_run(&pair, 10 * MS);
        }
        scarce.percent = 90;
        t_pair_run(&pair, 100 * MS);
        scarce.percent = 0;
        finish_somehow(&pair);
        t_pair_fini(&pair);
        assert_int_equal(scarce.held, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_host),       cmocka_unit_test(test_all_offloaded),
        cmocka_unit_test(test_random),        cmocka_unit_test(test_rude),
        cmocka_unit_test(test_small_target),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_path_mtu),      cmocka_unit_test(test_black_hole),
        cmocka_unit_test(test_scarce_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
