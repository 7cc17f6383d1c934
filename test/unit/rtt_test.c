/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/conn.h"
#include "tcp/rtt.h"

#define MS TOE_NS_PER_MS

static const struct tcp_config config = {
    .rto_min = 300 * MS,
    .rto_max = 60000 * MS,
    .rto_initial = 1000 * MS,
};

/* The vectors of TMR-092 and CERT-2.8, in ns; the last one with the capped sample. */
static void test_vectors(void **state)
{
    static const struct {
        const char *name;
        uint64_t sample; /* ms; 0 begins a new connection */
        toe_duration srtt, rttvar, rto;
    } cases[] = {
        {"first", 100, 100000000, 50000000, 300000000},
        {"raw 295", 140, 105000000, 47500000, 300000000},
        {"a peak", 1000, 216875000, 259375000, 1254375000},
        {"capped at 30 s", 40000, 3939765625, 7640312500, 34501015625},
        {"again", 0, 0, 0, 1000000000},
        {"first of CERT-2.8", 100, 100000000, 50000000, 300000000},
        {"second", 200, 112500000, 62500000, 362500000},
        {"third, capped", 40000, 3848437500, 7518750000, 33923437500},
        {"again", 0, 0, 0, 1000000000},
        {"first one is capped, too", 40000, 30000000000, 15000000000, 60000000000},
    };
    struct tcp_conn conn = {.cfg = &config};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        if (cases[i].sample == 0) {
            conn.srtt = conn.rttvar = 0;
        } else {
            tcp_rtt_sample(&conn, cases[i].sample * MS);
        }
        if (conn.srtt != cases[i].srtt || conn.rttvar != cases[i].rttvar ||
            tcp_rtt_rto(&conn) != cases[i].rto) {
            fail_msg("%s: %llu %llu %llu", cases[i].name, (unsigned long long)conn.srtt,
                     (unsigned long long)conn.rttvar, (unsigned long long)tcp_rtt_rto(&conn));
        }
    }
}

/* Where the round-trip time never varies, a timeout still comes a moment after it, not with it. */
static void test_constant(void **state)
{
    struct tcp_conn conn = {.cfg = &config};

    (void)state;
    for (int i = 0; i < 200; ++i) {
        tcp_rtt_sample(&conn, 600 * MS);
    }
    assert_true(conn.rttvar < MS / 4);
    assert_true(tcp_rtt_rto(&conn) == conn.srtt + MS);
}

/* A sample of zero is an estimate all the same. */
static void test_zero_sample(void **state)
{
    struct tcp_conn conn = {.cfg = &config};

    (void)state;
    tcp_rtt_sample(&conn, 0);
    assert_true(conn.srtt > 0);
    assert_true(tcp_rtt_rto(&conn) == config.rto_min);
}

/* Each step doubles, up to the ceiling, however many there are. */
static void test_backoff(void **state)
{
    struct tcp_conn conn = {.cfg = &config};

    (void)state;
    for (uint32_t shift = 0; shift < 300; ++shift) {
        const toe_duration want = shift < 6 ? (1000 * MS) << shift : 60000 * MS;

        assert_true(tcp_rtt_backoff(&conn, shift) == want);
    }
    tcp_rtt_sample(&conn, 200 * MS);
    assert_true(tcp_rtt_backoff(&conn, 0) == 600 * MS);
    assert_true(tcp_rtt_backoff(&conn, 6) == 38400 * MS);
    assert_true(tcp_rtt_backoff(&conn, 7) == 60000 * MS);
    assert_true(tcp_rtt_backoff(&conn, UINT32_MAX) == 60000 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_constant),
        cmocka_unit_test(test_zero_sample),
        cmocka_unit_test(test_backoff),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
