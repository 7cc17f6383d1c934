/* SPDX-License-Identifier: MIT */
/*
 * Short stress runs in virtual time, with everything that can happen to a frame, several seeds.
 */
#include "stress.h"
#include "stress_drivers.h"
#include "toe/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct emu_stress_settings settings_rough(uint64_t seed)
{
    struct emu_stress_settings settings;

    emu_stress_settings_default(&settings);
    settings.connections = 64;
    settings.seconds = 20;
    settings.seed = seed;
    settings.offload_every = 1;
    settings.upload_every = 1;
    settings.loss = 20000;
    settings.reorder = 20000;
    settings.duplicate = 10000;
    settings.corrupt = 5000;
    return settings;
}

/* Runs it and looks at everything that may be wrong. */
static void run_well(struct emu_stress_result *result, const struct emu_stress_settings *settings)
{
    const int status = emu_stress_sim_run(result, settings);

    if (status != EMU_EXIT_OK) {
        fail_msg("seed %llu: status %d: %s", (unsigned long long)settings->seed, status,
                 result->fault);
    }
    assert_int_equal(result->verdict, EMU_VERDICT_PASS);
    assert_int_equal(result->bytes_wrong, 0);
    assert_int_equal(result->resets, 0);
    assert_int_equal(result->leftover, 0);
    assert_int_equal(result->breaches, 0);
    assert_int_equal(result->stalls, 0);
    assert_int_equal(result->connections_now, 0);
    assert_int_equal(result->connections_opened, result->connections_finished);
    assert_true(result->connections_peak >= settings->connections / 2);
    assert_true(result->bytes > 100000);
}

/* TOE_TEST_SEED replays one seed. */
static uint64_t first_seed(void)
{
    const char *text = getenv("TOE_TEST_SEED");

    return text == NULL ? 1 : strtoull(text, NULL, 0);
}

static void test_rough_runs_are_well(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed(); seed < first_seed() + 4; ++seed) {
        const struct emu_stress_settings settings = settings_rough(seed);
        struct emu_stress_result result;

        run_well(&result, &settings);
        assert_true(result.offloads > 100);
        assert_int_equal(result.offloads, result.uploads);
    }
}

/* Every way for a host to receive, and both address families alone. */
static void test_variants_are_well(void **state)
{
    static const struct {
        const char *name;
        enum toe_receive_mode mode;
        bool ipv4, ipv6;
        enum toe_policy policy;
        uint32_t mtu;
    } cases[] = {
        {"indicated", TOE_RECEIVE_INDICATED, true, true, TOE_POLICY_RANDOM, 1500},
        {"posted", TOE_RECEIVE_POSTED, true, true, TOE_POLICY_RANDOM, 1500},
        {"IPv4", TOE_RECEIVE_MIXED, true, false, TOE_POLICY_RANDOM, 1500},
        {"IPv6", TOE_RECEIVE_MIXED, false, true, TOE_POLICY_RANDOM, 1500},
        {"all offloaded", TOE_RECEIVE_MIXED, true, true, TOE_POLICY_ALL, 1500},
        {"none offloaded", TOE_RECEIVE_MIXED, true, true, TOE_POLICY_MANUAL, 1500},
        {"large frames", TOE_RECEIVE_MIXED, true, true, TOE_POLICY_RANDOM, 9000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct emu_stress_settings settings = settings_rough(first_seed());
        struct emu_stress_result result;

        print_message("%s\n", cases[i].name);
        settings.receive_mode = cases[i].mode;
        settings.ipv4 = cases[i].ipv4;
        settings.ipv6 = cases[i].ipv6;
        settings.policy = cases[i].policy;
        settings.mtu = cases[i].mtu;
        run_well(&result, &settings);
        assert_true((result.offloads > 0) == (cases[i].policy != TOE_POLICY_MANUAL));
    }
}

/*
 * Chaos between hosts and targets: all that a right target may do to its host, and nothing is lost
 * but what corrupt hardware takes with it.
 */
static void test_chaos_is_survived(void **state)
{
    uint64_t seen[EMU_CHAOS_CNT] = {0};

    (void)state;
    for (uint64_t seed = first_seed(); seed < first_seed() + 6; ++seed) {
        struct emu_stress_settings settings = settings_rough(seed);
        struct emu_stress_result result;

        settings.chaos = EMU_CHAOS_ALL;
        settings.seconds = 40; /* so that what is rare comes in each */
        settings.policy = seed % 3 == 0 ? TOE_POLICY_ALL : TOE_POLICY_RANDOM;
        settings.receive_mode = (enum toe_receive_mode)(seed % 3);
        run_well(&result, &settings);
        assert_true(result.offloads > 100);
        assert_int_equal(result.offloads, result.uploads);
        assert_true(result.resets_lost <= result.connections_lost);
        assert_true(result.injected[TOE_INTER_FAULT_REFUSE_TCP] > 0);
        assert_true(result.injected[TOE_INTER_FAULT_UPLOAD_ALL] > 0);
        assert_true(result.injected[TOE_INTER_FAULT_PARTIAL_INDICATION] > 0);
        assert_true(result.injected[TOE_INTER_FAULT_DROP_FRAME] > 0);
        for (uint32_t k = 0; k < EMU_CHAOS_CNT; ++k) {
            seen[k] += result.injected[k];
        }
    }
    /*
     * Each of them happens. A query of a connection that finds corrupt hardware is too rare for so
     * short a time, and the host invalidates neighbors only: inter_fault_test has these two.
     */
    for (uint32_t k = 0; k < EMU_CHAOS_CNT; ++k) {
        if (seen[k] == 0 && k != TOE_INTER_FAULT_HARDWARE_QUERY &&
            k != TOE_INTER_FAULT_HARDWARE_INVALIDATE) {
            fail_msg("%s never happened", emu_stress_chaos_name(k));
        }
    }
}

/* What happens around a machine, a kind at a time and all together: no connection is lost by it. */
static void test_weather_is_survived(void **state)
{
    (void)state;
    for (uint32_t i = 0; i <= EMU_WEATHER_CNT; ++i) {
        struct emu_stress_settings settings = settings_rough(first_seed() + i);
        struct emu_stress_result result;

        settings.seconds = 60;
        settings.chaos = i < EMU_WEATHER_CNT ? 1u << (TOE_INTER_FAULT_CNT + i)
                                             : EMU_CHAOS_ALL & ~EMU_CHAOS_FAULTS;
        run_well(&result, &settings);
        assert_int_equal(result.connections_lost, 0);
        for (uint32_t k = 0; k < EMU_CHAOS_CNT; ++k) {
            assert_true((result.injected[k] > 0) == ((settings.chaos >> k & 1) != 0));
        }
    }
}

/* Paths become narrow, and nobody says so: who probes gets through, in the host and offloaded. */
static void test_black_holes_are_survived(void **state)
{
    (void)state;
    for (int how = TOE_MTU_PROBING_BLACK_HOLE; how <= TOE_MTU_PROBING_ALWAYS; ++how) {
        struct emu_stress_settings settings = settings_rough(first_seed());
        struct emu_stress_result result;

        settings.mtu = 9000;
        settings.mtu_probing = (enum toe_mtu_probing)how;
        settings.chaos = 1u << (TOE_INTER_FAULT_CNT + EMU_WEATHER_NARROW);
        run_well(&result, &settings);
        assert_int_equal(result.connections_lost, 0);
        assert_true(result.injected[TOE_INTER_FAULT_CNT + EMU_WEATHER_NARROW] > 0);
    }
}

/* Only what is asked for is injected, and connections are lost by corrupt hardware only. */
static void test_chaos_of_one_kind(void **state)
{
    static const enum toe_inter_fault_kind kinds[] = {
        TOE_INTER_FAULT_REFUSE_TCP,         TOE_INTER_FAULT_REORDER,
        TOE_INTER_FAULT_HARDWARE_TERMINATE, TOE_INTER_FAULT_UPLOAD_ALL,
        TOE_INTER_FAULT_REFUSE_INDICATION,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        struct emu_stress_settings settings = settings_rough(first_seed());
        struct emu_stress_result result;

        settings.chaos = 1u << kinds[i];
        run_well(&result, &settings);
        for (int k = 0; k < EMU_CHAOS_CNT; ++k) {
            assert_true((result.injected[k] > 0) == (k == (int)kinds[i]));
        }
        assert_true((result.connections_lost > 0) ==
                    (kinds[i] == TOE_INTER_FAULT_HARDWARE_TERMINATE));
    }
}

/* The trace has what host and target told each other, of both machines. */
static void test_trace_is_written(void **state)
{
    struct emu_stress_settings settings = settings_rough(first_seed());
    struct emu_stress_result result;
    char *text = NULL;
    size_t len = 0;

    (void)state;
    settings.connections = 4;
    settings.seconds = 2;
    settings.trace = open_memstream(&text, &len);
    assert_non_null(settings.trace);
    assert_int_equal(emu_stress_sim_run(&result, &settings), EMU_EXIT_OK);
    assert_int_equal(fclose(settings.trace), 0);
    assert_non_null(strstr(text, "A "));
    assert_non_null(strstr(text, "B "));
    assert_non_null(strstr(text, "initiate_complete"));
    assert_non_null(strstr(text, "terminate_complete"));
    assert_null(strstr(text, "breach"));
    free(text);
}

static uint32_t no_frames(void *wire, struct toe_frame *frames, uint32_t max)
{
    (void)wire;
    (void)frames;
    (void)max;
    return 0;
}

static void no_transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    (void)wire;
    (void)frames;
    (void)cnt;
}

/* What breaks the contract is counted, and the first breach is the run's fault, in words. */
static void test_breach_is_a_fault(void **state)
{
    const struct emu_stress_settings settings = settings_rough(first_seed());
    struct emu_stress_result result = {0};
    struct emu_stress_drivers drivers;
    struct toe_target_settings set;
    struct toe_target *target;
    struct toe_buf buf = {0};
    const struct toe_wire_ops wire = {
        .size = sizeof(wire), .receive = no_frames, .transmit = no_transmit};

    (void)state;
    toe_target_settings_default(&set);
    set.wire = &wire;
    target = toe_target_new(&set);
    assert_non_null(target);
    assert_true(emu_stress_drivers_init(
        &drivers, &settings, "A", (struct toe_inter_below){toe_target_ops(), target}, 1, &result));
    drivers.top.ops->run(drivers.top.target, TOE_NS_PER_SEC);
    drivers.top.ops->send(drivers.top.target, 4711, &buf); /* no such connection */
    assert_int_equal(result.breaches, 1);
    assert_non_null(strstr(result.fault, "1.000000 s: machine A: breach of CTX-4 by the host"));
    emu_stress_drivers_fini(&drivers);
    toe_target_del(target);
}

/* The same seed gives the same frames at the same instants, another seed others. */
static void test_runs_repeat(void **state)
{
    struct emu_stress_settings settings = settings_rough(first_seed());
    struct emu_stress_result first;
    struct emu_stress_result again;
    struct emu_stress_result other;

    (void)state;
    run_well(&first, &settings);
    run_well(&again, &settings);
    settings.seed += 100;
    run_well(&other, &settings);
    assert_true(first.digest == again.digest);
    assert_int_equal(first.bytes, again.bytes);
    assert_int_equal(first.offloads, again.offloads);
    assert_true(first.digest != other.digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rough_runs_are_well), cmocka_unit_test(test_variants_are_well),
        cmocka_unit_test(test_chaos_is_survived),   cmocka_unit_test(test_chaos_of_one_kind),
        cmocka_unit_test(test_weather_is_survived), cmocka_unit_test(test_black_holes_are_survived),
        cmocka_unit_test(test_trace_is_written),    cmocka_unit_test(test_breach_is_a_fault),
        cmocka_unit_test(test_runs_repeat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
