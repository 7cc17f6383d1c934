/* SPDX-License-Identifier: MIT */
/* When it is worth to stay awake for the next frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emu/vigil.h"

enum { REQUEST = 118 };

#define LOOK (2 * TOE_NS_PER_US) /* from one look to the next */

/* A thread that has a vigil, or sleeps; both ways it hears what comes. */
struct sentry {
    struct emu_vigil vigil;
    struct emu_crowd crowd;
    toe_instant now;
    toe_duration awake; /* for nothing but to look */
};

/* The kernel tells how many threads run. */
static void tell(const struct sentry *s, const char *text)
{
    assert_int_equal(ftruncate(s->crowd.fd, 0), 0);
    assert_int_equal(pwrite(s->crowd.fd, text, strlen(text), 0), strlen(text));
}

static void begin(struct sentry *s)
{
    *s = (struct sentry){.now = 5 * TOE_NS_PER_SEC};
    s->crowd.fd = memfd_create("loadavg", MFD_CLOEXEC);
    s->crowd.processors = 2;
    s->vigil.crowd = &s->crowd;
    tell(s, "0.20 0.18 0.12 2/80 11206\n");
}

static void end(struct sentry *s)
{
    emu_crowd_close(&s->crowd);
}

/* Frames of |bytes| come |gap| after those before; returns whether it is awake then. */
static bool hear_after(struct sentry *s, toe_duration gap, uint64_t bytes)
{
    const toe_instant at = s->now + gap;
    bool awake = true;

    while (s->now + LOOK < at && awake) {
        s->now += LOOK;
        s->awake += LOOK;
        awake = emu_vigil_silent(&s->vigil, s->now);
    }
    s->now = at;
    (void)emu_vigil_heard(&s->vigil, bytes, at);
    return awake;
}

/* Requests come |gap| after each other until it stays awake; returns how many it took. */
static uint32_t hear_until_awake(struct sentry *s, toe_duration gap)
{
    uint32_t cnt = 1;

    while (!hear_after(s, gap, REQUEST)) {
        ++cnt;
        assert_true(cnt < 1000000);
    }
    return cnt;
}

/* Where requests are answered at once, it soon stays awake, and goes on so. */
static void test_requests_keep_it_awake(void **state)
{
    struct sentry s;

    (void)state;
    begin(&s);
    assert_true(hear_until_awake(&s, 50 * TOE_NS_PER_US) < 20);
    for (int i = 0; i < 1000; ++i) {
        assert_true(hear_after(&s, 30 * TOE_NS_PER_US, REQUEST));
    }
    end(&s);
}

/* Where they are far from each other it sleeps from the first wait on. */
static void test_what_is_rare_lets_it_sleep(void **state)
{
    struct sentry s;

    (void)state;
    begin(&s);
    for (int i = 0; i < 1000; ++i) {
        (void)hear_after(&s, 200 * TOE_NS_PER_US, REQUEST);
    }
    assert_true(s.awake <= 1000 * LOOK);
    end(&s);
}

/* When they end it is awake for no longer than the longest vigil. */
static void test_end_is_noticed(void **state)
{
    struct sentry s;

    (void)state;
    begin(&s);
    (void)hear_until_awake(&s, 50 * TOE_NS_PER_US);
    s.awake = 0;
    assert_false(hear_after(&s, TOE_NS_PER_SEC, REQUEST));
    assert_true(s.awake >= EMU_VIGIL_MAX);
    assert_true(s.awake <= EMU_VIGIL_MAX + 2 * LOOK);
    end(&s);
}

/* Whoever ends them all the time wastes less and less of it. */
static void test_what_is_in_vain_gets_rare(void **state)
{
    struct sentry s;
    toe_duration wasted = 0;
    toe_instant from;

    (void)state;
    begin(&s);
    from = s.now;
    while (s.now - from < 10 * TOE_NS_PER_SEC) {
        for (int i = 0; i < 20; ++i) {
            (void)hear_after(&s, 10 * TOE_NS_PER_US, REQUEST);
        }
        s.awake = 0;
        (void)hear_after(&s, 150 * TOE_NS_PER_US, REQUEST);
        wasted += s.awake > LOOK ? s.awake : 0;
    }
    assert_true(wasted > 0);
    assert_true(wasted < (s.now - from) / 100);
    end(&s);
}

/* Streams have no waits that are worth it: there is enough to do. */
static void test_streams_let_it_sleep(void **state)
{
    struct sentry s;

    (void)state;
    begin(&s);
    for (int i = 0; i < 1000; ++i) {
        (void)hear_after(&s, 20 * TOE_NS_PER_US, 65536);
    }
    assert_true(s.awake <= 1000 * LOOK);
    end(&s);
}

/* A burst in pieces is one burst. */
static void test_pieces_of_a_stream(void **state)
{
    struct sentry s;

    (void)state;
    begin(&s);
    (void)hear_until_awake(&s, 20 * TOE_NS_PER_US);
    for (int i = 0; i < 4; ++i) {
        s.now += LOOK;
        (void)emu_vigil_heard(&s.vigil, 1500, s.now);
    }
    assert_false(hear_after(&s, 20 * TOE_NS_PER_US, REQUEST));
    assert_true(hear_after(&s, 20 * TOE_NS_PER_US, REQUEST));
    end(&s);
}

/* Another program that was let onto the processor has it for a while. */
static void test_others_come_first(void **state)
{
    struct sentry s;

    (void)state;
    begin(&s);
    (void)hear_until_awake(&s, 50 * TOE_NS_PER_US);
    s.now += LOOK;
    assert_true(emu_vigil_silent(&s.vigil, s.now));
    s.now += 70 * TOE_NS_PER_US;
    assert_false(emu_vigil_heard(&s.vigil, REQUEST, s.now));
    const toe_instant from = s.now;

    (void)hear_until_awake(&s, 50 * TOE_NS_PER_US);
    assert_true(s.now - from >= TOE_NS_PER_MS);
    assert_true(s.now - from < 2 * TOE_NS_PER_MS);

    /* Again and again: for longer and longer. */
    for (int i = 0; i < 10; ++i) {
        s.now += LOOK;
        (void)emu_vigil_silent(&s.vigil, s.now);
        s.now += 70 * TOE_NS_PER_US;
        (void)emu_vigil_heard(&s.vigil, REQUEST, s.now);
        (void)hear_until_awake(&s, 50 * TOE_NS_PER_US);
    }
    s.now += LOOK;
    assert_true(emu_vigil_silent(&s.vigil, s.now));
    s.now += 70 * TOE_NS_PER_US;
    assert_false(emu_vigil_silent(&s.vigil, s.now));
    assert_true(hear_until_awake(&s, 50 * TOE_NS_PER_US) > 200);
    end(&s);
}

/* While there are more programs than processors there is no vigil, and one soon after. */
static void test_crowd(void **state)
{
    struct sentry s;

    (void)state;
    begin(&s);
    tell(&s, "0.20 0.18 0.12 3/80 11206\n");
    for (int i = 0; i < 1000; ++i) {
        (void)hear_after(&s, 50 * TOE_NS_PER_US, REQUEST);
    }
    assert_true(s.vigil.kept_cnt < 1000 / 10);
    tell(&s, "12.20 0.18 0.12 2/80 11206\n");
    assert_true(hear_until_awake(&s, 50 * TOE_NS_PER_US) < 3000);
    end(&s);
}

static void test_what_the_kernel_tells(void **state)
{
    (void)state;
    assert_int_equal(emu_crowd_parse("0.20 0.18 0.12 3/80 11206\n"), 3);
    assert_int_equal(emu_crowd_parse("10.20 0.18 0.12 64/80 11206\n"), 64);
    assert_int_equal(emu_crowd_parse("0.20 0.18"), 0);
    assert_int_equal(emu_crowd_parse(""), 0);
    assert_int_equal(emu_crowd_parse("a b c d"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_keep_it_awake),
        cmocka_unit_test(test_what_is_rare_lets_it_sleep),
        cmocka_unit_test(test_end_is_noticed),
        cmocka_unit_test(test_what_is_in_vain_gets_rare),
        cmocka_unit_test(test_streams_let_it_sleep),
        cmocka_unit_test(test_pieces_of_a_stream),
        cmocka_unit_test(test_others_come_first),
        cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_what_the_kernel_tells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
