/* SPDX-License-Identifier: MIT */
/*
 * Extensions that make no sense: whatever is in one, it is taken whole or ignored whole, and the
 * connection goes on.
 */
#include "base/rand.h"
#include "support/luggage.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/scoreboard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * A connection with all there is: ten segments sent, of which the first and fourth are missing, and
 * recovery under way; two holes in what arrived, and the FIN behind them. RTT timing is Karn's
 * victim. With a record if it is |modern|.
 */
static struct t_conn *rich_new(bool modern)
{
    const struct t_options opt = {.sack = true, .srtt = 801, .rttvar = 399, .modern = modern};
    const struct toe_tcp_state state = t_conn_state(TOE_TCP_ESTABLISHED, &opt);
    struct t_conn *c = t_conn_bare(&opt);

    c->cfg.cc = &tcp_cc_cubic;
    assert_int_equal(t_conn_import(c, &state, 0), TOE_STATUS_SUCCESS);
    t_app_write(c, 30000);
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1}, .sack = {{1461}, {2921}}));
    t_send(c, T_MS(11), SEG(.seq = {1}, .ack = {1}, .sack = {{1461}, {4381}}));
    t_send(c, T_MS(12), SEG(.seq = {1}, .ack = {1}, .sack = {{5841}, {7301}}));
    if (modern) {
        t_advance(c, T_MS(60));
    }
    t_send(c, c->now - c->origin + T_MS(1), SEG(.seq = {1001}, .ack = {1}, .len = 500));
    t_send(c, c->now - c->origin + T_MS(1),
           SEG(.seq = {3001}, .ack = {1}, .len = 700, .flags = TCP_FIN));
    t_send(c, c->now - c->origin + T_MS(1), SEG(.seq = {1501}, .ack = {1}, .len = 300));
    t_forget(c);
    assert_true(c->conn.in_recovery && c->conn.busy->reassembly.has_fin);
    tcp_quiesce(&c->conn);
    t_settle(c);
    t_forget(c);
    return c;
}

/* |c| is what the delegated state alone makes of it: of its record all left at the same time. */
static void check_plain(const struct t_conn *c, const struct toe_tcp_state *state)
{
    const struct toe_tcp_state now = t_exported(c);
    const struct tcp_flight *f = c->conn.flight;

    assert_memory_equal(&now.delegated, &state->delegated, sizeof(now.delegated));
    assert_null(c->conn.busy->scoreboard);
    assert_null(c->conn.busy->reassembly.head);
    assert_false(c->conn.busy->reassembly.has_fin);
    assert_false(c->conn.in_recovery);
    assert_int_equal(c->chunks.cnt + c->scoreboards.cnt, 0);
    if (f != NULL) {
        assert_true(f->cnt == 1 && f->sacked == 0 && !f->undo.is_on && !f->rack.is_known);
        assert_false(tcp_deadline_is_armed(&c->conn, TCP_DEADLINE_PROBE));
        assert_int_equal(c->flights.some.cnt + c->flights.many.cnt, 0);
    }
    assert_int_equal(c->conn.min_rtt[0], 0);
}

/* All of it moves, or is what the test below changes. */
static void test_rich_is_taken(void **state)
{
    struct t_conn *c = rich_new(false);
    struct t_luggage l;

    (void)state;
    assert_int_equal(t_move(c, &l, 600), TCP_EXTENSION_TAKEN);
    assert_int_equal(l.ext.flags,
                     TOE_EXTENSION_RECOVERY | TOE_EXTENSION_SACKED | TOE_EXTENSION_EARLY_FIN);
    assert_int_equal(l.ext.sacked_cnt, 2);
    assert_int_equal(l.ext.early_cnt, 2);
    assert_int_equal(l.ext.newest, 0);
    assert_int_equal(l.ext.early_fin, 3701);
    free(l.bytes);

    /* No byte of what came early has to come again, and the FIN is there (SEG-085). */
    t_send(c, T_MS(20), SEG(.seq = {1}, .ack = {1}, .len = 1000));
    t_send(c, T_MS(21), SEG(.seq = {1801}, .ack = {1}, .len = 1200));
    assert_int_equal(c->read, 3700);
    assert_int_equal(c->conn.state, TOE_TCP_CLOSE_WAIT);
    t_conn_del(c);
}

/* And so does the record: the recovery goes on where it was. */
static void test_record_is_taken(void **state)
{
    struct t_conn *c = rich_new(true);
    const struct tcp_flight *f;
    struct t_luggage l;

    (void)state;
    assert_int_equal(t_move(c, &l, 600), TCP_EXTENSION_TAKEN);
    assert_int_equal(l.ext.flags, TOE_EXTENSION_RECOVERY | TOE_EXTENSION_SACKED |
                                      TOE_EXTENSION_EARLY_FIN | TOE_EXTENSION_FLIGHT);
    assert_true(l.ext.run_cnt > TCP_FLIGHT_FEW);
    assert_int_equal(l.ext.runs[0].end, 1461);
    assert_int_equal(l.ext.runs[0].flags, TOE_RUN_RESENT);
    assert_int_equal(l.ext.runs[1].end, 4381);
    assert_int_equal(l.ext.runs[1].flags, TOE_RUN_SACKED);
    f = c->conn.flight;
    assert_int_equal(f->sacked, 2920 + 1460);
    assert_int_equal(f->prr.flight, l.ext.flight.prr.flight);
    assert_true(f->undo.is_on && f->rack.is_known);
    assert_null(c->conn.busy->scoreboard);
    free(l.bytes);
    t_conn_del(c);
}

/* A taker that keeps no records makes of it what one from before there were any would. */
static void test_record_for_a_scoreboard(void **state)
{
    struct t_conn *c = rich_new(true);
    const struct toe_tcp_state before = t_exported(c);
    struct t_luggage l;

    (void)state;
    t_luggage_pack(&l, c, 600);
    tcp_flight_fini(&c->conn);
    c->cfg.flights = NULL;
    t_reimport(c, &before);
    assert_int_equal(tcp_extension_import(&c->conn, &l.ext, &before.delegated, c->now),
                     TCP_EXTENSION_TAKEN);
    assert_null(c->conn.flight);
    assert_non_null(c->conn.busy->scoreboard);
    assert_int_equal(c->conn.busy->scoreboard->sacked, 2920 + 1460);
    assert_true(c->conn.in_recovery);
    free(l.bytes);
    t_conn_del(c);
}

#define U32(field) offsetof(struct toe_extension, field), sizeof(uint32_t)
#define U64(field) offsetof(struct toe_extension, field), sizeof(uint64_t)
#define BIG (UINT64_C(1) << 63)

struct lie {
    const char *name;
    size_t at;
    size_t width;
    uint64_t value;
    bool adds; /* to what is there */
};

/* Each row makes one number a lie; snd_una and rcv_nxt are 1, snd_max is 14601 or a bit more. */
static const struct lie lies[] = {
    {"size of half a structure", U32(size), 100, false},
    {"no size", U32(size), 0, false},
    {"a later version", U32(version), TOE_EXTENSION_VERSION + 1, false},
    {"an unknown flag", U32(flags), UINT64_C(1) << 31, true},
    {"recovery, but the flag is gone", U32(flags), UINT64_C(0) - TOE_EXTENSION_SACKED, true},
    {"WL2 beyond snd_una", U32(snd_wl2), 1, true},
    {"acknowledged what never came", U32(last_ack), 1, true},
    {"recovery is over", U32(recover), 1, false},
    {"recovery up to what was not sent", U32(recover), 100000, true},
    {"recovery point long ago", U32(recover), UINT32_C(1) << 31, true},
    {"more duplicates than are counted", U32(dup_bytes), UINT32_MAX, false},
    {"too many doublings", U32(backoff), 256, false},
    {"retransmitted what was acknowledged", U32(high_rxt), 0, false},
    {"retransmitted what was not sent", U32(high_rxt), 100000, false},
    {"SRTT of another tick", U64(srtt), UINT64_C(0) - 200000, true},
    {"SRTT larger than it says", U64(srtt), 1, true},
    {"no SRTT", U64(srtt), 0, false},
    {"SRTT without end", U64(srtt), BIG, false},
    {"RTTVAR larger than it says", U64(rttvar), 1, true},
    {"RTTVAR without end", U64(rttvar), BIG, false},
    {"idle before the beginning", U64(idle), BIG, false},
    {"timer later than it says", U64(slot_left), 1000000, true},
    {"timer earlier than it says", U64(slot_left), UINT64_C(0) - 1000000, true},
    {"timer without end", U64(slot_left), BIG, false},
    {"epoch before the beginning", U64(cubic.epoch_age), BIG, false},
    {"K that no window has", U32(cubic.k), UINT32_MAX, false},
    {"W_est that no window has", U64(cubic.w_est), BIG, false},
    {"too many SACKed ranges", U32(sacked_cnt), TOE_EXTENSION_SACKED_MAX + 1, false},
    {"SACKed ranges without end", U32(sacked_cnt), UINT32_MAX, false},
    {"one SACKed range too many", U32(sacked_cnt), 1, true},
    {"SACKed without a hole before", U32(sacked[0].start), 1, false},
    {"an empty SACKed range", U32(sacked[0].end), 1461, false},
    {"SACKed ranges that touch", U32(sacked[0].end), 5841, false},
    {"SACKed ranges in disorder", U32(sacked[1].start), 1000, false},
    {"SACKed what was not sent", U32(sacked[1].end), 100000, false},
    {"too many early ranges", U32(early_cnt), TOE_EXTENSION_EARLY_MAX + 1, false},
    {"early ranges without end", U32(early_cnt), UINT32_MAX, false},
    {"an early range less", U32(early_cnt), 1, false},
    {"no early range", U32(early_cnt), 0, false},
    {"newest range that is not there", U32(newest), 2, false},
    {"early without a hole before", U32(early[0].start), 1, false},
    {"early what was received before", U32(early[0].start), 0, false},
    {"an early range longer than its bytes", U32(early[0].end), 1, true},
    {"an early range shorter than its bytes", U32(early[0].end), UINT64_C(0) - 1, true},
    {"early ranges that touch", U32(early[0].end), 3001, false},
    {"text behind the FIN", U32(early[1].end), 1, true},
    {"FIN in the text", U32(early_fin), UINT64_C(0) - 1, true},
    {"FIN that should have been taken", U32(early_fin), 1, false},
    {"FIN at the edge of the window", U32(early_fin), 1 + 65535, false},
};

/* The same of a record, which has a hole, something SACKED, and so on. */
static const struct lie record_lies[] = {
    {"too many runs", U32(run_cnt), TOE_EXTENSION_RUN_MAX + 1, false},
    {"runs without end", U32(run_cnt), UINT32_MAX, false},
    {"one run too many", U32(run_cnt), 1, true},
    {"one run less", U32(run_cnt), UINT64_C(0) - 1, true},
    {"runs, and no record", U32(flags), UINT64_C(0) - TOE_EXTENSION_FLIGHT, true},
    {"an empty run", U32(runs[0].end), 1, false},
    {"runs in disorder", U32(runs[0].end), 8000, false},
    {"a run beyond what was sent", U32(runs[1].end), 100000, false},
    {"an unknown flag of a run", U32(runs[0].flags), 0x10, true},
    {"SACKED and lost", U32(runs[1].flags), TOE_RUN_LOST, true},
    {"a run from before the beginning", U64(runs[0].age), BIG, false},
    {"neither limited nor not", U32(runs[0].is_limited), 2, false},
    {"an unknown flag of the record", U32(flight.flags), 2 * TOE_FLIGHT_MARK, true},
    {"nothing held that ever leaves", U64(held_left), BIG, false},
    {"in flight until what was not sent", U32(flight.used_end), 100000, true},
    {"SACKED first what was not sent", U32(flight.first_sack_max), 100000, true},
    {"the last run is older than time", U64(flight.opened_age), BIG, false},
    {"a probe that never leaves", U64(flight.probe_left), BIG, false},
    {"delivered before the beginning", U64(flight.rack.age), BIG, false},
    {"a round trip without end", U64(flight.rack.rtt), BIG, false},
    {"delivered what was not sent", U32(flight.rack.fack), 100000, true},
    {"duplicates of what was not sent", U32(flight.rack.dsack_round), 100000, true},
    {"a probe of what was not sent", U32(flight.tlp.end), 100000, true},
    {"probes without end", U32(flight.tlp.holes), 256, false},
    {"a part of nothing", U32(flight.prr.flight), 0, false},
    {"a grant larger than any window", U32(flight.prr.quota), TCP_CWND_MAX + 1, false},
    {"a step that F-RTO has not", U32(flight.frto.step), 3, false},
    {"F-RTO up to what was not sent", U32(flight.frto.recover), 100000, true},
    {"nothing to go back to", U32(flight.undo.cubic.k), UINT32_MAX, false},
    {"a wider window than there is", U32(reo_wnd_mult), 256, false},
    {"patience without end", U32(reo_wnd_persist), 256, false},
    {"a rate from before the beginning", U64(rate.delivered_age), BIG, false},
    {"sent before the beginning", U64(rate.first_age), BIG, false},
    {"neither limited nor not, at all", U32(rate.is_limited), 2, false},
    {"a probe of a window that is open", U32(flags), TOE_EXTENSION_PROBE_DUE, true},
};

/* A lie is found out, and nothing else is believed. */
static void check_lies(struct t_conn *c, const struct lie *told, size_t cnt)
{
    const struct toe_tcp_state before = t_exported(c);
    struct t_luggage l;

    t_luggage_pack(&l, c, 600);
    for (size_t i = 0; i < cnt; ++i) {
        struct toe_extension ext = l.ext;
        uint8_t *at = (uint8_t *)&ext + told[i].at;
        uint32_t narrow;
        uint64_t wide;

        if (told[i].width == sizeof(narrow)) {
            memcpy(&narrow, at, sizeof(narrow));
            narrow = (told[i].adds ? narrow : 0) + (uint32_t)told[i].value;
            memcpy(at, &narrow, sizeof(narrow));
        } else {
            memcpy(&wide, at, sizeof(wide));
            wide = (told[i].adds ? wide : 0) + told[i].value;
            memcpy(at, &wide, sizeof(wide));
        }
        t_reimport(c, &before);
        if (tcp_extension_import(&c->conn, &ext, &before.delegated, c->now) !=
            TCP_EXTENSION_IGNORED) {
            fail_msg("%s: not ignored", told[i].name);
        }
        check_plain(c, &before);
    }
    free(l.bytes);
    t_conn_del(c);
}

static void test_contradictions_are_ignored(void **state)
{
    (void)state;
    check_lies(rich_new(false), lies, sizeof(lies) / sizeof(lies[0]));
    check_lies(rich_new(true), record_lies, sizeof(record_lies) / sizeof(record_lies[0]));
}

static void *map_nothing(void *user, uint64_t addr, uint32_t len)
{
    (void)user;
    (void)addr;
    (void)len;
    return NULL;
}

/* Buffers that are not what the ranges say. */
static void test_bad_buffers_are_ignored(void **state)
{
    struct t_conn *c = rich_new(false);
    const struct toe_tcp_state before = t_exported(c);
    struct toe_buf extra = {.sge_cnt = 0};
    struct t_luggage l;

    (void)state;
    t_luggage_pack(&l, c, 600);
    for (int fault = 0; fault < 6; ++fault) {
        struct toe_extension ext = l.ext;
        const struct toe_buf first = l.bufs[0];

        t_reimport(c, &before);
        extra.next = &extra;
        switch (fault) {
        case 0:
            ext.early_data = NULL;
            break;
        case 1: /* one too few */
            ext.early_data = &l.bufs[1];
            break;
        case 2: /* an empty one, in a circle */
            l.bufs[0].next = &extra;
            break;
        case 3: /* beyond its list */
            l.bufs[0].off = 1;
            break;
        case 4:
            l.bufs[0].len -= 1;
            break;
        case 5:
            c->cfg.bus.map = map_nothing;
            break;
        }
        assert_int_equal(tcp_extension_import(&c->conn, &ext, &before.delegated, c->now),
                         TCP_EXTENSION_IGNORED);
        check_plain(c, &before);
        l.bufs[0] = first;
    }
    c->cfg.bus.map = NULL;
    free(l.bytes);
    t_conn_del(c);
}

/* None, one that tells nothing, one of another congestion control. */
static void test_what_is_no_contradiction(void **state)
{
    struct t_conn *c = rich_new(false);
    const struct toe_tcp_state before = t_exported(c);
    struct toe_extension nothing = {.size = sizeof(nothing)};
    struct t_luggage l;

    (void)state;
    t_luggage_pack(&l, c, 0);
    t_reimport(c, &before);
    assert_int_equal(tcp_extension_import(&c->conn, NULL, &before.delegated, c->now),
                     TCP_EXTENSION_NONE);
    check_plain(c, &before);
    assert_int_equal(tcp_extension_import(&c->conn, &nothing, &before.delegated, c->now),
                     TCP_EXTENSION_NONE);
    check_plain(c, &before);

    l.ext.congestion = TOE_CONGESTION_NEWRENO;
    l.ext.cubic.w_max = 77;
    l.ext.size += 8; /* a later one may be larger */
    assert_int_equal(tcp_extension_import(&c->conn, &l.ext, &before.delegated, c->now),
                     TCP_EXTENSION_TAKEN);
    assert_true(c->conn.in_recovery);
    assert_int_not_equal(c->conn.cubic.w_max, 77);
    free(l.bytes);
    t_conn_del(c);
}

/* Where there is no room for all of it, there is none for a part. */
static void test_no_memory(void **state)
{
    struct t_conn *c = rich_new(false);
    const struct toe_tcp_state before = t_exported(c);
    struct base_slab *chunks = c->cfg.chunks;
    struct base_slab *scoreboards = c->cfg.scoreboards;
    struct base_slab little;
    struct t_luggage l;
    void *taken;

    (void)state;
    t_luggage_pack(&l, c, 0);
    t_reimport(c, &before);
    base_slab_init(&little, chunks->mem, sizeof(struct tcp_chunk), 1, 1);
    c->cfg.chunks = &little;
    assert_int_equal(tcp_extension_import(&c->conn, &l.ext, &before.delegated, c->now),
                     TCP_EXTENSION_NO_MEMORY);
    check_plain(c, &before);
    assert_int_equal(little.cnt, 0);
    c->cfg.chunks = chunks;
    base_slab_fini(&little);

    base_slab_init(&little, chunks->mem, sizeof(struct tcp_scoreboard), 1, 1);
    taken = base_slab_alloc(&little);
    assert_non_null(taken);
    c->cfg.scoreboards = &little;
    assert_int_equal(tcp_extension_import(&c->conn, &l.ext, &before.delegated, c->now),
                     TCP_EXTENSION_NO_MEMORY);
    check_plain(c, &before);
    c->cfg.scoreboards = scoreboards;
    base_slab_fini(&little);

    assert_int_equal(tcp_extension_import(&c->conn, &l.ext, &before.delegated, c->now),
                     TCP_EXTENSION_TAKEN);
    free(l.bytes);
    t_conn_del(c);
}

/* A value that tests an edge, or any. */
static uint32_t odd_value(struct base_rand *r, uint32_t was)
{
    switch (base_rand_below(r, 6)) {
    case 0:
        return 0;
    case 1:
        return UINT32_MAX;
    case 2:
        return was + 1;
    case 3:
        return was - 1;
    case 4:
        return (uint32_t)base_rand_below(r, 20000);
    default:
        return base_rand_u32(r);
    }
}

/* Whatever the numbers are, a connection that takes them holds its invariants and goes on. */
static void test_hostile_numbers(void **state)
{
    const char *fixed = getenv("TOE_TEST_SEED");
    const uint64_t first = fixed != NULL ? strtoull(fixed, NULL, 0) : 1;
    const uint64_t last = fixed != NULL ? first : 4000;
    const size_t words = offsetof(struct toe_extension, early_data) / sizeof(uint32_t);
    const size_t runs = offsetof(struct toe_extension, run_cnt) / sizeof(uint32_t);
    const size_t heads[] = {48, offsetof(struct toe_extension, sacked) / sizeof(uint32_t), words};
    uint32_t taken_cnt = 0;
    uint32_t ignored_cnt = 0;

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        struct t_conn *c = rich_new(seed % 2 == 0);
        const struct toe_tcp_state before = t_exported(c);
        struct base_rand rand;
        struct t_luggage l;
        enum tcp_extension_fate fate;

        printf("seed %llu\r", (unsigned long long)seed);
        base_rand_init(&rand, seed);
        t_luggage_pack(&l, c, 0);
        for (uint64_t n = 1 + base_rand_below(&rand, 3); n > 0; --n) {
            /* Most of it is lists; what matters stands before them, or at their beginning. */
            const size_t idx = base_rand_chance(&rand, 1, 5)
                                   ? runs + base_rand_below(&rand, 80)
                                   : base_rand_below(&rand, heads[base_rand_below(&rand, 3)]);
            uint32_t word;

            memcpy(&word, (uint8_t *)&l.ext + idx * sizeof(word), sizeof(word));
            word = odd_value(&rand, word);
            memcpy((uint8_t *)&l.ext + idx * sizeof(word), &word, sizeof(word));
        }
        t_reimport(c, &before);
        fate = tcp_extension_import(&c->conn, &l.ext, &before.delegated, c->now);
        taken_cnt += fate == TCP_EXTENSION_TAKEN;
        ignored_cnt += fate == TCP_EXTENSION_IGNORED;
        if (fate != TCP_EXTENSION_TAKEN) {
            check_plain(c, &before);
        }
        tcp_conn_check(&c->conn);
        tcp_reassembly_check(&c->conn.busy->reassembly);
        t_send(c, T_MS(80), SEG(.seq = {1}, .ack = {1461}, .sack = {{5841}, {8761}}));
        t_send(c, T_MS(100), SEG(.seq = {1}, .ack = {10221}, .len = 1000));
        t_advance(c, T_MS(9000));
        t_forget(c);
        tcp_conn_check(&c->conn);
        tcp_reassembly_check(&c->conn.busy->reassembly);
        free(l.bytes);
        t_conn_del(c);
    }
    if (fixed == NULL) {
        assert_true(taken_cnt > 100 && ignored_cnt > 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rich_is_taken),
        cmocka_unit_test(test_record_is_taken),
        cmocka_unit_test(test_record_for_a_scoreboard),
        cmocka_unit_test(test_contradictions_are_ignored),
        cmocka_unit_test(test_bad_buffers_are_ignored),
        cmocka_unit_test(test_what_is_no_contradiction),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_hostile_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
