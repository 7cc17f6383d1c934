/* SPDX-License-Identifier: MIT */
/*
 * The flow machine: two ends of it, with a pipe between them that this test moves by hand.
 */
#include "flow.h"
#include "pattern.h"
#include "plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PIPE_LEN = 3000 };

/* One direction: what was sent and not received, and when the end of the stream was; it is late. */
struct pipe {
    uint8_t bytes[PIPE_LEN];
    size_t len;
    toe_instant ended_at; /* 0: not yet */
};

struct ends {
    struct emu_flow opener, acceptor;
    struct pipe up, down;
    bool aborted[2];
    bool shut_together; /* both sent their FIN before they got one */
};

static void move(struct emu_flow *flow, struct pipe *in, struct pipe *out, bool *aborted,
                 toe_instant now)
{
    size_t len = emu_flow_appetite(flow, now);

    len = len < in->len ? len : in->len;
    emu_flow_taken(flow, in->bytes, len, now);
    memmove(in->bytes, in->bytes + len, in->len - len);
    in->len -= len;
    if (in->len == 0 && in->ended_at != 0 && now > in->ended_at + TOE_NS_PER_MS) {
        emu_flow_ended(flow, now);
    }
    while ((len = emu_flow_fill(flow, out->bytes + out->len, PIPE_LEN - out->len, now)) > 0) {
        emu_flow_sent(flow, len, now);
        out->len += len;
    }
    switch (emu_flow_step(flow, now)) {
    case EMU_STEP_NONE:
        break;
    case EMU_STEP_SHUTDOWN:
        out->ended_at = now;
        break;
    case EMU_STEP_ABORT:
        *aborted = true;
        break;
    }
}

/* Runs both ends until they are finished or one aborts. Returns the time it took. */
static toe_instant run(struct ends *ends, const struct emu_flow_plan *plan)
{
    toe_instant now = 1;

    memset(ends, 0, sizeof(*ends));
    emu_flow_open(&ends->opener, plan, now);
    emu_flow_accept(&ends->acceptor, now);
    for (; now < 1000 * TOE_NS_PER_SEC; now += TOE_NS_PER_MS) {
        move(&ends->opener, &ends->down, &ends->up, &ends->aborted[0], now);
        move(&ends->acceptor, &ends->up, &ends->down, &ends->aborted[1], now);
        ends->shut_together |= ends->opener.has_shut && ends->acceptor.has_shut &&
                               !ends->opener.has_ended && !ends->acceptor.has_ended;
        if (ends->aborted[0] || ends->aborted[1] ||
            (emu_flow_is_finished(&ends->opener) && emu_flow_is_finished(&ends->acceptor))) {
            break;
        }
    }
    assert_int_equal(ends->opener.fault, EMU_FLOW_OK);
    assert_int_equal(ends->acceptor.fault, EMU_FLOW_OK);
    return now;
}

static void assert_all_there(const struct ends *ends, const struct emu_flow_plan *plan)
{
    assert_int_equal(ends->acceptor.rx, plan->up);
    assert_int_equal(ends->opener.rx, plan->down);
    assert_int_equal(ends->opener.wrong + ends->acceptor.wrong, 0);
}

/* Every kind of plan runs to its end, with all bytes there and right. */
static void test_flow_finishes(void **state)
{
    static const struct {
        const char *name;
        struct emu_flow_plan plan;
    } cases[] = {
        {"nothing at all", {.chunk = 1}},
        {"up only", {.up = 10000, .chunk = 100, .flags = EMU_CLOSE_LAST << 2}},
        {"down only", {.down = 10000, .chunk = 100, .flags = EMU_CLOSE_LAST}},
        {"both, in large pieces", {.up = 50001, .down = 49999, .chunk = 65535}},
        {"both, in single bytes", {.up = 301, .down = 299, .chunk = 1}},
        {"in turns", {.up = 1000, .down = 1000, .chunk = 100, .flags = EMU_FLOW_PING}},
        {"in uneven turns", {.up = 1050, .down = 310, .chunk = 100, .flags = EMU_FLOW_PING}},
        {"in turns the other way", {.up = 31, .down = 999, .chunk = 50, .flags = EMU_FLOW_PING}},
        {"thinking", {.up = 1000, .down = 500, .chunk = 100, .think_us = 5000}},
        {"slow opener",
         {.down = 20000, .chunk = 500, .think_us = 9000, .flags = EMU_FLOW_SLOW_OPENER}},
        {"slow acceptor",
         {.up = 20000, .chunk = 500, .think_us = 9000, .flags = EMU_FLOW_SLOW_ACCEPTOR}},
        {"closing when done",
         {.up = 100, .down = 100, .chunk = 9, .flags = EMU_CLOSE_DONE | EMU_CLOSE_DONE << 2}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct ends ends;

        if (run(&ends, &cases[i].plan) >= 1000 * TOE_NS_PER_SEC) {
            fail_msg("%s: does not finish", cases[i].name);
        }
        assert_all_there(&ends, &cases[i].plan);
    }
}

/* Thinking takes the time that the plan says, a half more or less. */
static void test_flow_thinks(void **state)
{
    const struct emu_flow_plan plan = {.up = 1000, .chunk = 100, .think_us = 100000};
    struct ends ends;
    const toe_instant took = run(&ends, &plan);

    (void)state;
    assert_in_range(took, 450 * TOE_NS_PER_MS, 1500 * TOE_NS_PER_MS);
}

/* Both ends close at once when both are to close when done. */
static void test_flow_closes_from_both_ends(void **state)
{
    const struct emu_flow_plan plan = {
        .up = 100, .down = 100, .chunk = 100, .flags = EMU_CLOSE_DONE | EMU_CLOSE_DONE << 2};
    struct ends ends;

    (void)state;
    run(&ends, &plan);
    assert_true(ends.shut_together);
}

/* An abortive end comes after all bytes were received by the one who aborts. */
static void test_flow_aborts(void **state)
{
    struct emu_flow_plan plan = {
        .up = 5000, .down = 3000, .chunk = 500, .flags = EMU_FLOW_ABORT_OPENER};
    struct ends ends;

    (void)state;
    run(&ends, &plan);
    assert_true(ends.aborted[0] && !ends.aborted[1]);
    assert_int_equal(ends.opener.rx, plan.down);
    assert_true(emu_flow_may_be_reset(&ends.acceptor));
    plan.flags = EMU_FLOW_ABORT_ACCEPTOR;
    run(&ends, &plan);
    assert_true(ends.aborted[1] && !ends.aborted[0]);
}

/* Whoever waits for a RST that was lost does not wait for ever. */
static void test_flow_loses_patience(void **state)
{
    const struct emu_flow_plan plan = {
        .up = 10, .down = 1, .chunk = 100, .flags = EMU_FLOW_ABORT_OPENER};
    struct emu_flow flow;
    uint8_t bytes[100];
    const toe_instant late = 60 * TOE_NS_PER_SEC;

    (void)state;
    emu_flow_open(&flow, &plan, 1);
    emu_flow_sent(&flow, emu_flow_fill(&flow, bytes, sizeof(bytes), 1), 1);
    assert_int_equal(emu_flow_step(&flow, 1), EMU_STEP_NONE);
    assert_true(emu_flow_deadline(&flow, 1) < late);
    assert_int_equal(emu_flow_step(&flow, late), EMU_STEP_ABORT);
    assert_int_equal(emu_flow_step(&flow, late), EMU_STEP_NONE);
}

/* A wrong byte, a byte too many, a byte too few and a bad header are told apart. */
static void test_flow_finds_faults(void **state)
{
    const struct emu_flow_plan plan = {.up = 100, .chunk = 100};
    struct emu_flow opener;
    struct emu_flow flow;
    uint8_t bytes[200];
    size_t len;

    (void)state;
    emu_flow_open(&opener, &plan, 1);
    len = emu_flow_fill(&opener, bytes, sizeof(bytes), 1);
    emu_flow_sent(&opener, len, 1);
    assert_int_equal(len, EMU_FLOW_HEADER_LEN);
    len += emu_flow_fill(&opener, bytes + len, sizeof(bytes) - len, 1);
    assert_int_equal(len, EMU_FLOW_HEADER_LEN + 100);

    emu_flow_accept(&flow, 1);
    emu_flow_taken(&flow, bytes, len - 1, 1);
    emu_flow_ended(&flow, 1);
    assert_int_equal(flow.fault, EMU_FLOW_CUT);

    emu_flow_accept(&flow, 1);
    emu_flow_taken(&flow, bytes, len + 1, 1);
    assert_int_equal(flow.fault, EMU_FLOW_EXCESS);

    bytes[EMU_FLOW_HEADER_LEN + 41] ^= 0x10;
    emu_flow_accept(&flow, 1);
    emu_flow_taken(&flow, bytes, len, 1);
    assert_int_equal(flow.fault, EMU_FLOW_WRONG);
    assert_int_equal(flow.wrong, 1);
    assert_int_equal(flow.wrong_first, 41);

    bytes[0] ^= 1;
    emu_flow_accept(&flow, 1);
    emu_flow_taken(&flow, bytes, len, 1);
    assert_int_equal(flow.fault, EMU_FLOW_BAD_HEADER);
}

/* The pattern does not depend on the pieces it is made or checked in. */
static void test_pattern_in_pieces(void **state)
{
    uint8_t whole[1000];
    uint8_t pieces[1000];
    uint64_t first = 0;
    size_t off = 0;

    (void)state;
    emu_pattern_fill(whole, sizeof(whole), 5, 12345);
    for (size_t len = 1; off < sizeof(pieces); off += len, len = len % 19 + 1) {
        len = len < sizeof(pieces) - off ? len : sizeof(pieces) - off;
        emu_pattern_fill(pieces + off, len, 5, 12345 + off);
        assert_int_equal(emu_pattern_check(&first, whole + off, len, 5, 12345 + off), 0);
    }
    assert_memory_equal(whole, pieces, sizeof(whole));
    assert_true(emu_pattern_check(&first, whole, sizeof(whole), 5, 12346) > 900);
    assert_true(emu_pattern_check(&first, whole, sizeof(whole), 6, 12345) > 900);
}

/* Plans drawn at random are all valid: the acceptor understands their headers. */
static void test_plans_are_sound(void **state)
{
    const struct emu_plan_mix mix = {.bytes = 10000, .seconds_max = 30};
    struct emu_random random = {.state = 1};
    uint64_t bytes = 0;

    (void)state;
    for (int i = 0; i < 10000; ++i) {
        struct emu_flow_plan plan;
        struct emu_flow opener;
        struct emu_flow acceptor;
        uint8_t header[EMU_FLOW_HEADER_LEN];

        emu_plan_make(&plan, &random, &mix);
        emu_flow_open(&opener, &plan, 1);
        assert_int_equal(emu_flow_fill(&opener, header, sizeof(header), 1), sizeof(header));
        emu_flow_accept(&acceptor, 1);
        emu_flow_taken(&acceptor, header, sizeof(header), 1);
        assert_true(acceptor.is_known);
        assert_memory_equal(&acceptor.plan, &plan, sizeof(plan));
        bytes += plan.up + plan.down;
    }
    assert_in_range(bytes / 10000, mix.bytes / 2, mix.bytes * 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_finishes),
        cmocka_unit_test(test_flow_thinks),
        cmocka_unit_test(test_flow_closes_from_both_ends),
        cmocka_unit_test(test_flow_aborts),
        cmocka_unit_test(test_flow_loses_patience),
        cmocka_unit_test(test_flow_finds_faults),
        cmocka_unit_test(test_pattern_in_pieces),
        cmocka_unit_test(test_plans_are_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
