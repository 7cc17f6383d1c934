/* SPDX-License-Identifier: MIT */
/* Two machines that speak 802.3 with LLC and SNAP (RFC-117): all of it, in the host and the target.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/host_pair.h"

#define MS (1000000ull)
#define SEC (1000 * MS)

/* Counts the frames of each kind; every one is well-formed and says its length. */
static bool look(struct t_pair *pair, int from, const uint8_t *frame, uint32_t len)
{
    static const uint8_t llc_snap[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};
    uint32_t *largest = pair->user;

    assert_true(len >= 22);
    assert_int_equal(frame[12] << 8 | frame[13], len - 14);
    assert_true(len - 14 <= 1500);
    assert_memory_equal(frame + 14, llc_snap, sizeof(llc_snap));
    if (len > largest[from]) {
        largest[from] = len;
    }
    return true;
}

static void test_snap(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; ++seed) {
        struct toe_host_settings hs;
        struct t_pair pair;
        uint32_t largest[2] = {0, 0};

        toe_host_settings_default(&hs);
        hs.params.encapsulation = TOE_ENCAPSULATION_SNAP;
        hs.policy = TOE_POLICY_RANDOM;
        hs.policy_in_host = 5 * MS;
        hs.policy_offloaded = 5 * MS;
        t_pair_init(&pair, &hs, NULL, seed);
        pair.filter = look;
        pair.user = largest;
        pair.loss_percent = 1;
        for (uint32_t i = 0; i < 4; ++i) {
            t_pair_connect(&pair, i % 2 == 0 ? 4 : 6, 1000000, 1000000);
        }
        if (!t_pair_run_until(&pair, 300 * SEC, t_pair_is_done)) {
            fail_msg("seed %llu: not done", (unsigned long long)seed);
        }
        for (int i = 0; i < 2; ++i) {
            struct toe_host_stats stats = {.size = sizeof(stats)};

            toe_host_stats_get(pair.m[i].host, &stats);
            assert_true(stats.offloads > 4);
            assert_int_equal(largest[i], 1514); /* full, and no fuller */
        }
        t_pair_fini(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
