/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "emu/pump.h"

/* A target and a port that note when they are run, and are due when the test says so. */
struct fake {
    struct emu_port port;
    struct emu_port above; /* stands on it, and is the pump's */
    struct emu_pump *pump;
    toe_instant at;      /* when the target is due */
    toe_instant ran[16]; /* the instants of its runs */
    toe_instant ticked;  /* the last tick of the port */
    uint32_t ran_cnt;
    uint32_t busy; /* further runs for which it stays due at once */
    uint32_t application_cnt;
    uint32_t stop_after; /* calls of the application, */
    toe_instant stop_at; /* or when it is called then, and is not busy; 0: not */
    uint32_t frames;     /* runs that find one in the port */
    int kill_with;       /* a signal the application sends; 0: none */
};

static toe_instant fake_deadline(void *target)
{
    const struct fake *fake = target;

    return fake->busy != 0 ? 0 : fake->at;
}

static void fake_run(void *target, toe_instant now)
{
    struct fake *fake = target;

    assert_true(fake->ticked == now); /* the port knew the time before */
    fake->ran[fake->ran_cnt % 16] = now;
    fake->ran_cnt++;
    fake->busy -= fake->busy != 0 ? 1 : 0;
    if (fake->frames != 0) {
        --fake->frames;
        ++fake->port.stats.in_frames;
    }
    if (now >= fake->at) {
        fake->at = TOE_INSTANT_NEVER;
    }
}

static void fake_tick(struct emu_port *port, toe_instant now)
{
    uint64_t value;

    ((struct fake *)port)->ticked = now;
    if (port->fd >= 0) {
        (void)!read(port->fd, &value, sizeof(value));
    }
}

static toe_instant application(void *user, toe_instant now)
{
    struct fake *fake = user;

    if (++fake->application_cnt == fake->stop_after ||
        (fake->stop_at != 0 && now >= fake->stop_at && fake->busy == 0)) {
        emu_pump_stop(fake->pump);
    }
    if (fake->kill_with != 0) {
        (void)raise(fake->kill_with);
        fake->kill_with = 0;
    }
    return TOE_INSTANT_NEVER;
}

static void begin_busy(struct fake *fake, toe_duration busy_poll)
{
    static const struct toe_target_ops ops = {
        .size = sizeof(ops), .deadline = fake_deadline, .run = fake_run};
    struct emu_pump_settings settings = {.ops = &ops,
                                         .target = fake,
                                         .port = &fake->above,
                                         .application = application,
                                         .user = fake,
                                         .busy_poll = busy_poll};
    struct emu_error error;

    *fake = (struct fake){.at = TOE_INSTANT_NEVER};
    fake->port.tick = fake_tick;
    fake->port.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    emu_port_on(&fake->above, &fake->port);
    fake->pump = emu_pump_new(&settings, &error);
    assert_non_null(fake->pump);
}

static void begin(struct fake *fake)
{
    begin_busy(fake, 0);
}

static void end(struct fake *fake)
{
    emu_pump_del(fake->pump);
    (void)close(fake->port.fd);
}

/*
 * A target is run at the start, and when its deadline has come, not before. On a busy machine the
 * start may be as late as that.
 */
static void test_deadlines_are_met(void **state)
{
    const toe_duration wait = 1300 * TOE_NS_PER_US;
    struct fake fake;

    (void)state;
    begin(&fake);
    do {
        fake.ran_cnt = 0;
        fake.at = emu_pump_now() + wait;
        fake.stop_at = fake.at;
        assert_int_equal(emu_pump_run(fake.pump, TOE_INSTANT_NEVER), 0);
        assert_true(fake.ran[fake.ran_cnt - 1] >= fake.stop_at);
    } while (fake.ran_cnt == 1);
    assert_int_equal(fake.ran_cnt, 2);
    end(&fake);
}

/* What is due at once is run again, until nothing is, and time does not go back. */
static void test_batch_runs_until_nothing_is_due(void **state)
{
    struct emu_pump_stats stats;
    struct fake fake;

    (void)state;
    begin(&fake);
    fake.busy = 5;
    fake.at = emu_pump_now() + TOE_NS_PER_MS;
    fake.stop_at = fake.at;
    assert_int_equal(emu_pump_run(fake.pump, TOE_INSTANT_NEVER), 0);
    emu_pump_stats_get(fake.pump, &stats);
    assert_true(stats.rounds >= 5); /* a sixth where the deadline is not over by then */
    for (int i = 1; i < 5; ++i) {
        assert_true(fake.ran[i] >= fake.ran[i - 1]);
    }
    assert_int_equal(stats.stalls, 0);
    end(&fake);
}

/* A target that is always due does not keep signals and the limit from being seen. */
static void test_busy_target_can_be_ended(void **state)
{
    struct emu_pump_stats stats;
    struct fake fake;

    (void)state;
    begin(&fake);
    fake.busy = UINT32_MAX;
    assert_int_equal(emu_pump_run(fake.pump, emu_pump_now() + 5 * TOE_NS_PER_MS), 0);
    emu_pump_stats_get(fake.pump, &stats);
    assert_true(stats.stalls > 0);
    fake.kill_with = SIGTERM;
    assert_int_equal(emu_pump_run(fake.pump, TOE_INSTANT_NEVER), SIGTERM);
    end(&fake);
}

/* A readable port and a wake both have everything run. */
static void test_port_and_wake(void **state)
{
    const uint64_t one = 1;
    struct fake fake;

    (void)state;
    begin(&fake);
    fake.stop_after = 2;
    assert_int_equal(write(fake.port.fd, &one, sizeof(one)), sizeof(one));
    assert_int_equal(emu_pump_run(fake.pump, TOE_INSTANT_NEVER), 0);
    fake.application_cnt = 0;
    fake.stop_after = 1;
    emu_pump_wake(fake.pump);
    assert_int_equal(emu_pump_run(fake.pump, TOE_INSTANT_NEVER), 0);
    end(&fake);
}

/* After a frame it looks for others without anything to wake it, and signals come through. */
static void test_busy_poll_does_not_sleep(void **state)
{
    struct emu_pump_stats stats;
    struct fake fake;

    (void)state;
    begin_busy(&fake, 3600 * TOE_NS_PER_SEC);
    fake.frames = 1;
    fake.stop_after = 100;
    assert_int_equal(emu_pump_run(fake.pump, TOE_INSTANT_NEVER), 0);
    assert_int_equal(fake.ran_cnt, 100);
    emu_pump_stats_get(fake.pump, &stats);
    assert_int_equal(stats.stalls, 0);
    fake.kill_with = SIGTERM;
    assert_int_equal(emu_pump_run(fake.pump, TOE_INSTANT_NEVER), SIGTERM);
    end(&fake);
}

/* When that time is over, it sleeps until something is due. */
static void test_busy_poll_is_over(void **state)
{
    struct fake fake;

    (void)state;
    begin_busy(&fake, 1);
    fake.frames = 1;
    fake.at = emu_pump_now() + 20 * TOE_NS_PER_MS;
    fake.stop_after = 3; /* with the frame, perhaps once more, and when it is due */
    const toe_instant due = fake.at;

    assert_int_equal(emu_pump_run(fake.pump, due), 0);
    assert_true(fake.ran_cnt <= 3);
    assert_true(emu_pump_now() >= due);
    end(&fake);
}

/* SIGINT ends the run and is told; the pump can be run again. */
static void test_signal_ends_the_run(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake);
    fake.kill_with = SIGINT;
    assert_int_equal(emu_pump_run(fake.pump, TOE_INSTANT_NEVER), SIGINT);
    assert_int_equal(emu_pump_run(fake.pump, emu_pump_now() + TOE_NS_PER_MS), 0);
    end(&fake);
}

/* A signal that comes while no pump runs is not lost, if the owner has blocked it. */
static void test_blocked_signal_waits(void **state)
{
    struct fake fake;

    (void)state;
    begin(&fake);
    emu_pump_signals_block();
    (void)raise(SIGTERM);
    (void)raise(SIGINT);
    assert_int_not_equal(emu_pump_run(fake.pump, TOE_INSTANT_NEVER), 0);
    assert_int_equal(emu_pump_run(fake.pump, emu_pump_now() + TOE_NS_PER_MS), 0);
    end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines_are_met),
        cmocka_unit_test(test_batch_runs_until_nothing_is_due),
        cmocka_unit_test(test_busy_target_can_be_ended),
        cmocka_unit_test(test_port_and_wake),
        cmocka_unit_test(test_busy_poll_does_not_sleep),
        cmocka_unit_test(test_busy_poll_is_over),
        cmocka_unit_test(test_signal_ends_the_run),
        cmocka_unit_test(test_blocked_signal_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
