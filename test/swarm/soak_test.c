/* SPDX-License-Identifier: MIT */
/* Soaks: a short one, what it counts, and what it finds fault with. */
#include "swarm/soak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PORT 7007
#define WEEK (7 * 24 * 3600.0)
#define KEPT (1u << 20)
#define SLACK 65536

/* The address sanitizer keeps what was freed, which looks like memory that grows. */
TOE_EXPORT const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1";
}

/* A virtual week, with everything that is in a long one but for the bytes that wrap sequences. */
static void test_week(void **state)
{
    const struct emu_soak_settings soak = {.connections = 400 / T_SHARE, .bulk = 16 << 20};
    struct emu_stress_settings settings;
    struct emu_stress_result result;

    (void)state;
    emu_stress_settings_default(&settings);
    settings.connections = 24;
    settings.seconds = WEEK;
    settings.mtu = 9000;
    if (emu_soak_run(&result, &settings, &soak) != EMU_EXIT_OK) {
        fail_msg("seed %llu: %s", (unsigned long long)settings.seed, result.fault);
    }
    assert_int_equal(result.connections_opened, soak.connections);
    assert_int_equal(result.connections_finished, soak.connections);
    assert_int_equal(result.leftover, 0);
    assert_true(result.offloads > soak.connections / 2);
    assert_true(result.soak.is_one);
    assert_true(result.soak.timestamp_wraps > 0);
    assert_true(result.soak.bytes_most > soak.bulk);
    assert_true(result.soak.seconds_most > 0.95 * WEEK);
    assert_true(result.soak.taken.second > 0 && result.soak.resident.second > 0);
    assert_true(result.soak.taken.peak >= result.soak.taken.last);
}

/* The same options are the same run. */
static void test_again(void **state)
{
    const struct emu_soak_settings soak = {.connections = 50, .bulk = 1 << 20};
    struct emu_stress_settings settings;
    struct emu_stress_result results[2];

    (void)state;
    emu_stress_settings_default(&settings);
    settings.connections = 8;
    settings.seconds = WEEK / 100;
    for (int i = 0; i < 2; ++i) {
        assert_int_equal(emu_soak_run(&results[i], &settings, &soak), EMU_EXIT_OK);
    }
    assert_true(results[0].digest == results[1].digest);
    assert_true(results[0].soak.bytes_most == results[1].soak.bytes_most);
}

/* What grows is found, wherever it comes from; what fluctuates, or grows at first, is flat. */
static void test_level(void **state)
{
    static const struct {
        const char *name;
        uint64_t quarters[4];
        uint64_t swing;
        bool is_flat;
    } cases[] = {
        {"the same all the time", {KEPT, KEPT, KEPT, KEPT}, 0, true},
        {"up and down", {KEPT, KEPT, KEPT, KEPT}, KEPT / 2, true},
        {"pools that fill", {KEPT / 8, KEPT, KEPT, KEPT}, 0, true},
        {"less in the end", {KEPT, KEPT, KEPT / 2, KEPT / 4}, 0, true},
        {"a leak", {KEPT, 2 * KEPT, 3 * KEPT, 4 * KEPT}, 0, false},
        {"a slow one", {10 * KEPT, 11 * KEPT, 12 * KEPT, 13 * KEPT}, KEPT, false},
        {"one that begins late", {KEPT, KEPT, KEPT, 2 * KEPT}, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct emu_soak_level level = {.peak = 0};

        for (unsigned k = 0; k < 400; ++k) {
            const uint64_t swing = k % 2 == 0 ? cases[i].swing : 0;

            emu_soak_level_add(&level, k / 100, cases[i].quarters[k / 100] - swing);
        }
        if (emu_soak_level_is_flat(&level, SLACK) != cases[i].is_flat) {
            fail_msg("%s", cases[i].name);
        }
    }
}

/* A run whose memory grows fails, and says which of the two did. */
static void test_judged(void **state)
{
    (void)state;
    for (unsigned grows = 0; grows < 3; ++grows) {
        struct emu_soak soak = {.wraps = emu_wraps_new(PORT), .time = 4 * TOE_NS_PER_SEC};
        struct emu_stress_result result = {.seed = 1};

        assert_non_null(soak.wraps);
        for (unsigned k = 0; k < 4; ++k) {
            emu_soak_level_add(&soak.taken, k, (grows == 1 ? k + 1 : 1) * 8 * KEPT);
            emu_soak_level_add(&soak.resident, k, (grows == 2 ? k + 1 : 1) * 8 * KEPT);
        }
        emu_soak_judge(&soak, &result);
        assert_int_equal(strstr(result.fault, "memory grows") != NULL, grows != 0);
        assert_int_equal(strstr(result.fault, "hosts and targets") != NULL, grows == 1);
        assert_int_equal(strstr(result.fault, "resident") != NULL, grows == 2);
        assert_int_equal(result.soak.taken.peak, (grows == 1 ? 4u : 1u) * 8 * KEPT);
        emu_wraps_del(soak.wraps);
    }
}

/* --- wraps --- */

struct segment {
    uint8_t bytes[14 + 40 + 32];
    uint32_t len;
};

static void put32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

/* A segment with a timestamp, from port 40000 to PORT or back. */
static void make(struct segment *segment, bool ip6, bool back, uint8_t flags, uint32_t seq,
                 uint32_t ts)
{
    const uint32_t ip_len = ip6 ? 40 : 20;
    uint8_t *ip = segment->bytes + 14;
    uint8_t *tcp = ip + ip_len;

    memset(segment, 0, sizeof(*segment));
    segment->bytes[12] = ip6 ? 0x86 : 0x08;
    segment->bytes[13] = ip6 ? 0xdd : 0x00;
    ip[0] = ip6 ? 0x60 : 0x45;
    ip[ip6 ? 5 : 3] = ip6 ? 32 : 20 + 32; /* length */
    ip[ip6 ? 6 : 9] = 6;
    put32(tcp, back ? (uint32_t)PORT << 16 | 40000 : 40000u << 16 | PORT);
    put32(tcp + 4, seq);
    tcp[12] = 8 << 4;
    tcp[13] = flags;
    tcp[20] = 1;
    tcp[21] = 1;
    tcp[22] = 8;
    tcp[23] = 10;
    put32(tcp + 24, ts);
    segment->len = 14 + ip_len + 32;
}

static void tap(struct emu_wraps *wraps, const struct segment *segment, uint32_t end,
                toe_instant now)
{
    const struct toe_frame frame = {.data = (uint8_t *)(uintptr_t)segment->bytes,
                                    .len = segment->len};
    const struct toe_sim_tap_frame tapped = {.now = now, .end = end, .frame = &frame};

    emu_wraps_tap(wraps, &tapped);
}

static void test_wraps(void **state)
{
    enum { SYN = 2, RST = 4, ACK = 16 };
    /* In this order; what is expected of it at the end of the row. */
    static const struct {
        bool ip6, back;
        uint8_t flags;
        uint32_t seq, ts;
        uint64_t sequence, timestamps, bytes;
    } rows[] = {
        {false, false, ACK, 5, 5, 0, 0, 0}, /* no SYN was seen */
        {false, false, SYN, 0xfffffff0, 0xffffffff, 0, 0, 0},
        {false, false, ACK, 0xfffffff1, 0, 0, 1, 1},
        {false, false, ACK, 100, 1, 1, 1, 116},
        {false, false, ACK, 0xfffffff1, 0xffffffff, 1, 1, 116}, /* sent again */
        {false, false, ACK, 100, 2, 1, 1, 116},
        {false, false, RST, 0x7ffffff0, 3, 1, 1, 116},
        {true, false, ACK, 1, 1, 1, 1, 116}, /* of another connection */
        {true, true, SYN | ACK, 0xffffffff, 7, 1, 1, 116},
        {true, true, ACK, 0, 8, 2, 1, 116},
        {false, false, SYN, 7, 7, 2, 1, 116}, /* the port once more */
        {false, false, ACK, 8, 8, 2, 1, 116},
        {false, false, ACK, 0x80000000, 9, 2, 1, 0x80000000 - 7},
        {false, false, ACK, 0xffffffff, 10, 2, 1, 0xffffffffu - 7},
        {false, false, ACK, 10, 11, 3, 1, 0xffffffffull - 7 + 11},
    };
    struct emu_wraps *wraps = emu_wraps_new(PORT);
    struct emu_wraps_sums sums;
    struct segment segment;

    (void)state;
    assert_non_null(wraps);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        make(&segment, rows[i].ip6, rows[i].back, rows[i].flags, rows[i].seq, rows[i].ts);
        tap(wraps, &segment, rows[i].back, i * TOE_NS_PER_SEC);
        emu_wraps_get(wraps, &sums);
        if (sums.sequence != rows[i].sequence || sums.timestamps != rows[i].timestamps ||
            sums.bytes_most != rows[i].bytes) {
            fail_msg("row %zu: %llu, %llu, %llu", i, (unsigned long long)sums.sequence,
                     (unsigned long long)sums.timestamps, (unsigned long long)sums.bytes_most);
        }
    }
    assert_true(sums.seconds_most == 4);
    /* Whatever is cut short is none. */
    make(&segment, false, false, ACK, 1000, 20);
    while (segment.len-- > 0) {
        tap(wraps, &segment, 0, TOE_NS_PER_SEC);
    }
    emu_wraps_get(wraps, &sums);
    assert_int_equal(sums.sequence, 3);
    emu_wraps_del(wraps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_week),   cmocka_unit_test(test_again), cmocka_unit_test(test_level),
        cmocka_unit_test(test_judged), cmocka_unit_test(test_wraps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
