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

#include <cmocka.h>

#include "support/host_pair.h"

#define SEC TOE_NS_PER_SEC
#define MS TOE_NS_PER_MS

/* Lets all streams end and everything expire, and checks that nothing is left. */
static void finish(struct t_pair *pair)
{
    assert_true(t_pair_run_until(pair, 600 * SEC, t_pair_is_done));
    for (int i = 0; i < 2; ++i) {
        for (uint32_t n = 0; n < pair->m[i].stream_cnt; ++n) {
            const struct t_stream *s = &pair->m[i].streams[n];
            const struct t_stream *peer = &pair->m[1 - i].streams[i == 0 ? n : ~s->key];

            assert_false(s->is_reset);
            assert_true(s->is_eof);
            assert_int_equal(s->sent, s->want);
            (void)peer;
        }
    }
    t_pair_run(pair, 300 * SEC);
    t_pair_check_clean(pair);
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

        print_message("seed %llu\n", (unsigned long long)seed);
        toe_host_settings_default(&hs);
        toe_target_settings_default(&ts);
        hs.policy = TOE_POLICY_RANDOM;
        hs.policy_in_host = (1 + seed % 7) * 5 * MS;
        hs.policy_offloaded = (1 + seed % 5) * 7 * MS;
        hs.receive_mode = (enum toe_receive_mode)(seed % 3);
        hs.time_wait = 2 * SEC;
        hs.snd_buf = seed % 4 == 0 ? 20000 : 100000;
        hs.rcv_buf = seed % 5 == 0 ? 8000 : 65535;
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
    print_message("offloads %llu failed %llu uploads %llu forwarded %llu rexmit %llu\n",
                  (unsigned long long)sum.offloads, (unsigned long long)sum.offloads_failed,
                  (unsigned long long)sum.uploads, (unsigned long long)sum.forwarded,
                  (unsigned long long)sum.retransmitted);
    print_message("offloaded: unacked %llu received %llu zero window %llu\n",
                  (unsigned long long)sum.offloaded_with_unacked,
                  (unsigned long long)sum.offloaded_with_received,
                  (unsigned long long)sum.offloaded_zero_window);
    print_message("uploaded: unacked %llu received %llu zero window %llu\n",
                  (unsigned long long)sum.uploaded_with_unacked,
                  (unsigned long long)sum.uploaded_with_received,
                  (unsigned long long)sum.uploaded_zero_window);
    for (int n = 0; n < 11; ++n) {
        print_message("%s: %llu offloaded, %llu uploaded\n",
                      toe_conn_state_name((enum toe_conn_state)n),
                      (unsigned long long)sum.offloaded_in_state[n],
                      (unsigned long long)sum.uploaded_in_state[n]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_host),
        cmocka_unit_test(test_all_offloaded),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
