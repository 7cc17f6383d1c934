/* SPDX-License-Identifier: MIT */
/*
 * Pauses, uploads of everything and changes of capabilities under load: two hosts, every byte
 * checked (T-105, T-106).
 */
#include "support/host_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS TOE_NS_PER_MS
#define SEC TOE_NS_PER_SEC

static uint32_t objects(const struct toe_target *target)
{
    struct toe_stats stats = {.size = sizeof(stats)};

    toe_target_ops()->stats_get((void *)(uintptr_t)target, &stats);
    return stats.tcp_cnt + stats.path_cnt + stats.neighbor_cnt;
}

static bool is_empty(struct t_pair *pair)
{
    return objects(pair->m[0].target) == 0;
}

/* Uploads all of machine 0, changes its capabilities on the way, and resumes. */
static void upload_all(struct t_pair *pair, uint32_t round)
{
    struct toe_target *target = pair->m[0].target;
    struct toe_caps caps = {.size = sizeof(caps)};

    toe_target_upload_all(target);
    t_pair_run(pair, 1 * MS);
    if (objects(target) > 0) {
        assert_int_equal(toe_target_resume(target, NULL), TOE_STATUS_INVALID_STATE);
    }
    assert_true(t_pair_run_until(pair, 60 * SEC, is_empty));
    t_pair_run(pair, 50 * MS);
    assert_int_equal(objects(target), 0);
    toe_target_ops()->caps_get(target, &caps);
    caps.tcp_max = round % 2 == 0 ? 4 : 64;
    caps.ipv6 = round % 3 != 0;
    assert_int_equal(toe_target_resume(target, &caps), TOE_STATUS_SUCCESS);
}

static void test_t_105_upload_all(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6 / T_SHARE; ++seed) {
        struct t_pair pair;
        struct toe_host_settings hs;
        uint32_t busy_cnt = 0;

        toe_host_settings_default(&hs);
        hs.policy = TOE_POLICY_RANDOM;
        hs.receive_mode = TOE_RECEIVE_MIXED;
        hs.policy_in_host = 5 * MS;
        hs.policy_offloaded = 500 * MS;
        t_pair_init(&pair, &hs, NULL, seed);
        pair.loss_percent = 1 + (uint32_t)seed % 3;
        for (uint32_t i = 0; i < 12; ++i) {
            t_pair_connect(&pair, i % 2 == 0 ? 4 : 6, 5000000, 3000000);
        }
        for (uint32_t round = 0; round < 8; ++round) {
            t_pair_run(&pair, 40 * MS);
            toe_target_pause(pair.m[0].target);
            t_pair_run(&pair, 20 * MS);
            if (round % 2 == 0) {
                assert_int_equal(toe_target_resume(pair.m[0].target, NULL), TOE_STATUS_SUCCESS);
            }
            busy_cnt += objects(pair.m[0].target) > 0;
            upload_all(&pair, round);
        }
        assert_true(busy_cnt > 4);
        assert_true(t_pair_run_until(&pair, 3000 * SEC, t_pair_is_done));
        t_pair_run(&pair, 1000 * SEC);
        t_pair_check_clean(&pair);
        t_pair_fini(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_t_105_upload_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
