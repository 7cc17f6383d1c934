/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "base/wheel.h"

#include <stdlib.h>

enum { TIMER_CNT = 200 };

/* The model: all timers in an array, searched from end to end. */
struct model {
    struct base_wheel wheel;
    struct base_timer timers[TIMER_CNT];
    bool is_armed[TIMER_CNT];
    uint64_t order[TIMER_CNT]; /* when it was armed */
    uint64_t armings;
    toe_instant now;
    struct base_rand r;
};

/* Returns the index of the timer that is to be popped first, or -1. */
static int model_first(const struct model *m)
{
    int first = -1;

    for (int i = 0; i < TIMER_CNT; ++i) {
        if (!m->is_armed[i]) {
            continue;
        }
        if (first < 0 || m->timers[i].at < m->timers[first].at ||
            (m->timers[i].at == m->timers[first].at && m->order[i] < m->order[first])) {
            first = i;
        }
    }
    return first;
}

static toe_instant model_next(const struct model *m)
{
    const int first = model_first(m);

    return first < 0 ? TOE_INSTANT_NEVER : m->timers[first].at;
}

/* A span of any order of magnitude, so that all levels of the wheel are met. */
static uint64_t random_span(struct model *m)
{
    return base_rand_u64(&m->r) >> base_rand_below(&m->r, 64);
}

static toe_instant random_deadline(struct model *m)
{
    const uint64_t span = random_span(m);

    switch (base_rand_below(&m->r, 6)) {
    case 0: /* in the past, or now */
        return m->now - (span < m->now ? span : 0);
    case 1: /* equal to another, to see that order is kept */
        return m->timers[base_rand_below(&m->r, TIMER_CNT)].at;
    case 2: /* anything */
        return base_rand_u64(&m->r);
    case 3: /* close */
        return m->now + base_rand_below(&m->r, 100);
    default:
        return span < TOE_INSTANT_NEVER - m->now ? m->now + span : TOE_INSTANT_NEVER;
    }
}

static void arm_one(struct model *m, int i)
{
    base_wheel_arm(&m->wheel, &m->timers[i], random_deadline(m));
    m->is_armed[i] = true;
    m->order[i] = ++m->armings;
}

/* Pops all that is due, arming a few meanwhile, and compares each with the model. */
static void pop_all(struct model *m)
{
    for (;;) {
        const int first = model_first(m);
        const int want = first >= 0 && m->timers[first].at <= m->now ? first : -1;
        const struct base_timer *got = base_wheel_pop(&m->wheel, m->now);

        assert_ptr_equal(got, want < 0 ? NULL : &m->timers[want]);
        if (want < 0) {
            return;
        }
        assert_false(base_wheel_is_armed(got));
        m->is_armed[want] = false;
        if (base_rand_chance(&m->r, 1, 4)) {
            arm_one(m, (int)base_rand_below(&m->r, TIMER_CNT));
        }
    }
}

/* One random thing happens to the wheel and to the model. */
static void random_step(struct model *m)
{
    const int i = (int)base_rand_below(&m->r, TIMER_CNT);
    toe_instant to;

    switch (base_rand_below(&m->r, 8)) {
    case 0:
    case 1:
    case 2:
        arm_one(m, i);
        break;
    case 3:
        base_wheel_cancel(&m->wheel, &m->timers[i]);
        m->is_armed[i] = false;
        break;
    case 4: /* sleep exactly as long as the wheel says, or one less */
        to = model_next(m);
        if (to > m->now && to < m->now + TOE_NS_PER_SEC) {
            m->now = to - base_rand_below(&m->r, 2);
            pop_all(m);
        }
        break;
    case 5: /* a tiny step */
        m->now += base_rand_below(&m->r, 70);
        pop_all(m);
        break;
    case 6: /* a step of any size, as long as the clock has room */
        to = random_span(m) >> 12;
        m->now += to < (TOE_INSTANT_NEVER - m->now) / 2 ? to : 0;
        pop_all(m);
        break;
    default: /* only look */
        break;
    }
    assert_true(base_wheel_next(&m->wheel) == model_next(m));
    assert_int_equal(base_wheel_is_armed(&m->timers[i]), m->is_armed[i]);
}

static void run_model(toe_instant now, uint64_t seed)
{
    struct model *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    m->now = now;
    base_rand_init(&m->r, seed);
    base_wheel_init(&m->wheel, now);
    for (int step = 0; step < 30000; ++step) {
        random_step(m);
    }
    /* At the end of time all that is armed is due. */
    m->now = TOE_INSTANT_NEVER;
    for (int i = 0; i < TIMER_CNT; ++i) {
        base_wheel_cancel(&m->wheel, &m->timers[i]);
        m->is_armed[i] = false;
    }
    base_wheel_arm(&m->wheel, &m->timers[0], TOE_INSTANT_NEVER);
    base_wheel_arm(&m->wheel, &m->timers[1], TOE_INSTANT_NEVER - 1);
    assert_ptr_equal(base_wheel_pop(&m->wheel, TOE_INSTANT_NEVER), &m->timers[1]);
    assert_ptr_equal(base_wheel_pop(&m->wheel, TOE_INSTANT_NEVER), &m->timers[0]);
    assert_null(base_wheel_pop(&m->wheel, TOE_INSTANT_NEVER));
    assert_int_equal(m->wheel.cnt, 0);
    free(m);
}

/* 30 000 random steps for each of 10 seeds, from instants where digits are about to carry. */
static void test_wheel_against_model(void **state)
{
    static const toe_instant starts[] = {
        0, 1, 63, UINT64_C(0xfffffff), UINT64_C(1) << 40, (UINT64_C(1) << 60) - 3};
    const char *seed = getenv("TOE_TEST_SEED");

    (void)state;
    if (seed != NULL) {
        run_model(0, strtoull(seed, NULL, 0));
        return;
    }
    for (uint64_t i = 0; i < 10; ++i) {
        print_message("seed %u\n", (unsigned)i);
        run_model(starts[i % (sizeof(starts) / sizeof(starts[0]))], i);
    }
}

/* An empty wheel has no deadline; the first armed timer is it, and cancelling restores the rest. */
static void test_wheel_next(void **state)
{
    static struct base_wheel w;
    struct base_timer a = {0}, b = {0};

    (void)state;
    base_wheel_init(&w, 1000);
    assert_true(base_wheel_next(&w) == TOE_INSTANT_NEVER);
    assert_null(base_wheel_pop(&w, 1000));
    base_wheel_arm(&w, &a, 5000);
    assert_true(base_wheel_next(&w) == 5000);
    base_wheel_arm(&w, &b, 4000);
    assert_true(base_wheel_next(&w) == 4000);
    base_wheel_cancel(&w, &b);
    base_wheel_cancel(&w, &b);
    assert_true(base_wheel_next(&w) == 5000);
    base_wheel_arm(&w, &a, 500);
    assert_true(base_wheel_next(&w) == 500);
    assert_ptr_equal(base_wheel_pop(&w, 1000), &a);
    assert_true(base_wheel_next(&w) == TOE_INSTANT_NEVER);
}

/* Many timers in one slot, armed out of order, come out by deadline and then by arming. */
static void test_wheel_sorts_a_full_slot(void **state)
{
    enum { CNT = 5000 };
    static struct base_wheel w;
    static struct base_timer timers[CNT];
    struct base_rand r;
    const struct base_timer *last = NULL;
    const struct base_timer *timer;
    size_t cnt = 0;

    (void)state;
    base_rand_init(&r, 11);
    base_wheel_init(&w, 0);
    for (size_t i = 0; i < CNT; ++i) {
        base_wheel_arm(&w, &timers[i], TOE_NS_PER_SEC + base_rand_below(&r, 1000));
    }
    while ((timer = base_wheel_pop(&w, 2 * TOE_NS_PER_SEC)) != NULL) {
        if (last != NULL) {
            assert_true(last->at < timer->at || (last->at == timer->at && last < timer));
        }
        last = timer;
        ++cnt;
    }
    assert_int_equal(cnt, CNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wheel_next),
        cmocka_unit_test(test_wheel_sorts_a_full_slot),
        cmocka_unit_test(test_wheel_against_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
