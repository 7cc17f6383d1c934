/* SPDX-License-Identifier: MIT */
/*
 * Twins: the same applications on the same bad network, once with connections that hop between host
 * and target at random, once with connections that never move. Both applications must see the same
 * streams, to the byte and to the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/host_pair.h"

#define MS TOE_NS_PER_MS
#define SEC TOE_NS_PER_SEC
#define SEED_CNT 40
#define STREAM_CNT 3
#define HOPS 400

/* What an application saw of one connection. */
struct view {
    uint64_t sent;
    uint64_t received;
    bool is_eof;
    bool is_reset;
};

struct twin {
    struct t_pair pair;
    struct base_rand net;
    struct base_rand hops;
    uint32_t moved;
    struct view views[2][STREAM_CNT]; /* by machine and by the client's stream */
};

/* Two frames in a hundred are lost, two come twice, and some are late. */
static bool filter(struct t_pair *pair, int from, const uint8_t *frame, uint32_t len)
{
    struct twin *t = pair->user;

    switch (base_rand_below(&t->net, 50)) {
    case 0:
        return false;
    case 1:
        t_pair_inject(pair, 1 - from, frame, len);
        return true;
    case 2:
        pair->delay = base_rand_below(&t->net, 20) * MS;
        return true;
    default:
        return true;
    }
}

/* One connection, or all of one machine, are sent down or called back. */
static void hop(struct twin *t)
{
    struct t_machine *m = &t->pair.m[base_rand_below(&t->hops, 2)];
    const bool down = base_rand_chance(&t->hops, 1, 2);

    for (uint32_t i = 0; i < m->stream_cnt; ++i) {
        struct t_stream *s = &m->streams[i];

        if (s->is_gone || base_rand_chance(&t->hops, 1, 3)) {
            continue;
        }
        t->moved +=
            down ? toe_host_offload(m->host, &s->conn, 1) : toe_host_upload(m->host, &s->conn, 1);
    }
}

static void look(struct twin *t)
{
    for (int i = 0; i < 2; ++i) {
        for (uint32_t n = 0; n < t->pair.m[i].stream_cnt; ++n) {
            const struct t_stream *s = &t->pair.m[i].streams[n];
            const uint32_t key = i == 0 ? s->key : ~s->key;

            assert_true(key < STREAM_CNT);
            t->views[i][key] = (struct view){.sent = s->sent,
                                             .received = s->received,
                                             .is_eof = s->is_eof,
                                             .is_reset = s->is_reset};
        }
    }
}

static void live(struct twin *t, uint64_t seed, bool hops)
{
    struct toe_host_settings hs;
    struct toe_target_settings ts;

    toe_host_settings_default(&hs);
    toe_target_settings_default(&ts);
    hs.receive_mode = (enum toe_receive_mode)(seed % 3);
    hs.sack = seed % 5 != 0;
    hs.timestamps = seed % 7 != 0;
    hs.extension = seed % 2 == 0;
    hs.rcv_buf = seed % 4 == 0 ? 8000 : 65535;
    hs.time_wait = 2 * SEC;
    ts.profile = seed % 3 == 0 ? TOE_PROFILE_COMPAT : TOE_PROFILE_MODERN;
    t_pair_init(&t->pair, &hs, &ts, seed);
    base_rand_init(&t->net, seed);
    base_rand_init(&t->hops, seed + 1000);
    t->moved = 0;
    t->pair.filter = filter;
    t->pair.user = t;
    for (uint32_t i = 0; i < STREAM_CNT; ++i) {
        t_pair_connect(&t->pair, i % 2 == 0 ? 4 : 6, 20000 + seed * 7919 * (i + 1) % 200000,
                       seed * 104729 * (i + 1) % 200000);
    }
    for (int i = 0; i < HOPS; ++i) {
        t_pair_run(&t->pair, (1 + base_rand_below(&t->hops, 5)) * MS);
        if (hops) {
            hop(t);
        }
    }
    assert_true(t_pair_run_until(&t->pair, 3000 * SEC, t_pair_is_done));
    look(t);
    t_pair_run(&t->pair, 1000 * SEC);
    t_pair_check_clean(&t->pair);
    t_pair_fini(&t->pair);
}

static void test_twins(void **state)
{
    static struct twin still;
    static struct twin hopping;
    const char *env = getenv("TOE_TEST_SEED");
    const uint64_t first = env != NULL ? strtoull(env, NULL, 0) : 1;
    const uint64_t last = env != NULL ? first : SEED_CNT;

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        live(&still, seed, false);
        live(&hopping, seed, true);
        assert_int_equal(still.moved, 0);
        if (hopping.moved < 10) {
            fail_msg("seed %llu: %u moves", (unsigned long long)seed, hopping.moved);
        }
        for (int i = 0; i < 2; ++i) {
            for (int n = 0; n < STREAM_CNT; ++n) {
                const struct view *a = &still.views[i][n];
                const struct view *b = &hopping.views[i][n];

                if (a->sent != b->sent || a->received != b->received || a->is_eof != b->is_eof ||
                    a->is_reset != b->is_reset || a->is_reset) {
                    fail_msg("seed %llu: machine %d sees another stream %d",
                             (unsigned long long)seed, i, n);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
