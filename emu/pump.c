/* SPDX-License-Identifier: MIT */
/*
 * Deadlines are kept by a timerfd, because libuv's own timers know milliseconds only and a TCP with
 * a round trip of some microseconds wants better.
 */
#include "pump.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "vigil.h"

enum {
    /* While frames keep arriving a batch could last for ever, with signals not seen. */
    ROUNDS_MAX = 16,
};

struct emu_pump {
    struct emu_pump_settings settings;
    struct emu_pump_stats stats;
    uv_loop_t loop;
    uv_poll_t polls[2 + EMU_PUMP_FDS]; /* of the ports, if they have files, and of |fds| */
    uint32_t poll_cnt;
    uv_poll_t timer_poll;
    uv_signal_t signals[2];
    uv_async_t rouser;
    int timer;
    toe_instant application_at; /* what the application returned last */
    toe_instant until;
    toe_instant now;        /* of this round, or the last */
    bool has_heard;         /* frames came in it, */
    uint64_t heard_bytes;   /* and how much that was */
    toe_instant busy_until; /* it does not sleep before, */
    struct emu_vigil vigil;
    struct emu_crowd crowd;
    bool is_awake;     /* or as long as this is so */
    toe_instant armed; /* when the timer expires; a past instant: it has */
    int signal;        /* that ended the run */
    bool stopped;
};

toe_instant emu_pump_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (toe_instant)now.tv_sec * TOE_NS_PER_SEC + (toe_instant)now.tv_nsec;
}

static toe_instant earlier(toe_instant a, toe_instant b)
{
    return a < b ? a : b;
}

static toe_instant deadline(const struct emu_pump *pump)
{
    const struct emu_pump_settings *s = &pump->settings;
    toe_instant at = earlier(pump->application_at, emu_port_deadline(s->port));

    at = earlier(at, s->ops->deadline(s->target));
    if (s->support != NULL) {
        at = earlier(at, emu_port_deadline(s->support_port));
        at = earlier(at, toe_target_ops()->deadline(s->support));
    }
    return s->host == NULL ? at : earlier(at, toe_host_deadline(s->host));
}

/* Wakes the loop at |at|; for an instant that has passed, at once. |now| may be too early. */
static void arm(struct emu_pump *pump, toe_instant at, toe_instant now)
{
    struct itimerspec when = {.it_value = {0, 0}};

    at = earlier(at, pump->until);
    if (at == pump->armed && at > now) {
        return;
    }
    pump->armed = at;
    if (at != TOE_INSTANT_NEVER) {
        at = at == 0 ? 1 : at; /* 0 would disarm */
        when.it_value.tv_sec = (time_t)(at / TOE_NS_PER_SEC);
        when.it_value.tv_nsec = (long)(at % TOE_NS_PER_SEC);
    }
    (void)timerfd_settime(pump->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* After a round: whether to look for more frames. */
static void stay_or_not(struct emu_pump *pump)
{
    if (pump->settings.keeps_vigil) {
        pump->is_awake = pump->has_heard
                             ? emu_vigil_heard(&pump->vigil, pump->heard_bytes, pump->now)
                             : emu_vigil_silent(&pump->vigil, pump->now);
    } else if (pump->has_heard) {
        pump->busy_until = pump->now + pump->settings.busy_poll;
    }
}

static void run_once(struct emu_pump *pump, toe_instant now)
{
    const struct emu_pump_settings *s = &pump->settings;
    const struct emu_port_stats *stats = emu_port_stats(s->port);
    const uint64_t frames = stats->in_frames;
    const uint64_t bytes = stats->in_bytes;

    pump->now = now;
    pump->has_heard = false;
    pump->heard_bytes = 0;
    emu_port_tick(s->port, now);
    s->ops->run(s->target, now);
    if (s->support != NULL) {
        emu_port_tick(s->support_port, now);
        toe_target_ops()->run(s->support, now);
    }
    if (s->host != NULL) {
        toe_host_run(s->host, now);
    }
    if (s->application != NULL) {
        pump->application_at = s->application(s->user, now);
    }
    if (stats->in_frames != frames) {
        emu_pump_heard(pump, stats->in_bytes - bytes);
    }
    stay_or_not(pump);
    pump->stats.rounds++;
}

static bool is_busy(const struct emu_pump *pump)
{
    return (pump->is_awake || pump->now < pump->busy_until) && !pump->stopped;
}

/* One batch: everything that is due, and what comes while there is no sleep. */
static void run_batch(struct emu_pump *pump)
{
    toe_instant now = 0;
    toe_instant next = 0;
    uint32_t rounds = 0;

    pump->stats.wakeups++;
    while ((next <= now || is_busy(pump)) && rounds < ROUNDS_MAX && !pump->stopped) {
        now = emu_pump_now(); /* The application may have read the clock since. */
        run_once(pump, now);
        next = deadline(pump);
        ++rounds;
    }
    if (rounds == ROUNDS_MAX && next <= now) {
        pump->stats.stalls++;
    }
    if (now >= pump->until) {
        emu_pump_stop(pump);
    }
    if (!is_busy(pump)) {
        arm(pump, next, now);
    }
}

static void on_file(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run_batch(poll->data);
}

/* How late the deadline is served that the timer was armed for. */
static void note_lateness(struct emu_pump *pump)
{
    const toe_instant now = emu_pump_now();
    const toe_duration late = now > pump->armed ? now - pump->armed : 0;

    if (pump->armed == 0) {
        return; /* To be run at once: that is nobody's deadline. */
    }
    ++pump->stats.timers;
    pump->stats.timers_late += late > EMU_PUMP_PUNCTUAL ? 1 : 0;
    pump->stats.late_max = late > pump->stats.late_max ? late : pump->stats.late_max;
}

static void on_timer(uv_poll_t *poll, int status, int events)
{
    struct emu_pump *pump = poll->data;
    uint64_t expirations;

    (void)status;
    (void)events;
    if (read(pump->timer, &expirations, sizeof(expirations)) == sizeof(expirations)) {
        note_lateness(pump);
    }
    run_batch(pump);
}

static void on_roused(uv_async_t *rouser)
{
    struct emu_pump *pump = rouser->data;

    if (!pump->stopped) {
        run_batch(pump);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct emu_pump *pump = handle->data;

    pump->signal = number;
    emu_pump_stop(pump);
}

/* --- construction --- */

static int init_poll(struct emu_pump *pump, int fd)
{
    uv_poll_t *poll = &pump->polls[pump->poll_cnt];
    const int result = uv_poll_init(&pump->loop, poll, fd);

    poll->data = pump;
    pump->poll_cnt += result == 0 ? 1 : 0;
    return result;
}

/* Handles that are not started keep nothing alive, but every initialised one must be closed. */
static int init_handles(struct emu_pump *pump)
{
    int result = uv_poll_init(&pump->loop, &pump->timer_poll, pump->timer);

    pump->timer_poll.data = pump;
    pump->rouser.data = pump;
    if (result == 0) {
        result = uv_async_init(&pump->loop, &pump->rouser, on_roused);
    }
    for (int i = 0; i < 2 && result == 0; ++i) {
        result = uv_signal_init(&pump->loop, &pump->signals[i]);
        pump->signals[i].data = pump;
    }
    if (result == 0 && pump->settings.port->fd >= 0) {
        result = init_poll(pump, pump->settings.port->fd);
    }
    if (result == 0 && pump->settings.support != NULL && pump->settings.support_port->fd >= 0) {
        result = init_poll(pump, pump->settings.support_port->fd);
    }
    for (uint32_t i = 0; i < pump->settings.fd_cnt && result == 0; ++i) {
        result = init_poll(pump, pump->settings.fds[i]);
    }
    return result;
}

static void close_walk(uv_handle_t *handle, void *user)
{
    (void)user;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void close_loop(struct emu_pump *pump)
{
    uv_walk(&pump->loop, close_walk, NULL);
    (void)uv_run(&pump->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&pump->loop);
}

struct emu_pump *emu_pump_new(const struct emu_pump_settings *settings, struct emu_error *error)
{
    struct emu_pump *pump = calloc(1, sizeof(*pump));
    int result;

    if (pump == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for a pump");
        return NULL;
    }
    pump->settings = *settings;
    pump->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (pump->timer < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot create a timer: %s", strerror(errno));
        free(pump);
        return NULL;
    }
    result = uv_loop_init(&pump->loop);
    if (result == 0 && (result = init_handles(pump)) != 0) {
        close_loop(pump);
    }
    if (result != 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot create an event loop: %s",
                      uv_strerror(result));
        (void)close(pump->timer);
        free(pump);
        return NULL;
    }
    emu_crowd_open(&pump->crowd);
    pump->vigil.crowd = &pump->crowd;
    return pump;
}

/* What ends a run. */
static void fill_signals(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
}

/* Signals that the owner blocks outside of a run are let in once there is somebody for them. */
static void catch_signals(struct emu_pump *pump, sigset_t *mask)
{
    sigset_t ours;

    if (pump->settings.no_signals) {
        return;
    }
    (void)uv_signal_start(&pump->signals[0], on_signal, SIGINT);
    (void)uv_signal_start(&pump->signals[1], on_signal, SIGTERM);
    fill_signals(&ours);
    (void)pthread_sigmask(SIG_UNBLOCK, &ours, mask);
}

static void release_signals(struct emu_pump *pump, const sigset_t *mask)
{
    if (pump->settings.no_signals) {
        return;
    }
    (void)pthread_sigmask(SIG_SETMASK, mask, NULL);
    (void)uv_signal_stop(&pump->signals[0]);
    (void)uv_signal_stop(&pump->signals[1]);
}

int emu_pump_run(struct emu_pump *pump, toe_instant until)
{
    sigset_t mask;

    pump->until = until;
    pump->signal = 0;
    pump->stopped = false;
    catch_signals(pump, &mask);
    (void)uv_poll_start(&pump->timer_poll, UV_READABLE, on_timer);
    for (uint32_t i = 0; i < pump->poll_cnt; ++i) {
        (void)uv_poll_start(&pump->polls[i], UV_READABLE, on_file);
    }
    arm(pump, 0, 0);
    while (!pump->stopped) {
        (void)uv_run(&pump->loop, is_busy(pump) ? UV_RUN_NOWAIT : UV_RUN_ONCE);
        if (is_busy(pump)) {
            run_batch(pump);
        }
    }

    (void)uv_poll_stop(&pump->timer_poll);
    for (uint32_t i = 0; i < pump->poll_cnt; ++i) {
        (void)uv_poll_stop(&pump->polls[i]);
    }
    release_signals(pump, &mask);
    return pump->signal;
}

void emu_pump_signals_block(void)
{
    sigset_t ours;

    fill_signals(&ours);
    (void)pthread_sigmask(SIG_BLOCK, &ours, NULL);
}

void emu_pump_signals_unblock(void)
{
    sigset_t ours;

    fill_signals(&ours);
    (void)pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
}

void emu_pump_stop(struct emu_pump *pump)
{
    pump->stopped = true;
    uv_stop(&pump->loop);
}

void emu_pump_wake(struct emu_pump *pump)
{
    pump->application_at = 0;
    arm(pump, 0, 0);
}

void emu_pump_rouse(struct emu_pump *pump)
{
    (void)uv_async_send(&pump->rouser);
}

void emu_pump_heard(struct emu_pump *pump, uint64_t bytes)
{
    pump->has_heard = true;
    pump->heard_bytes += bytes;
}

uv_loop_t *emu_pump_loop(struct emu_pump *pump)
{
    return &pump->loop;
}

void emu_pump_stats_get(const struct emu_pump *pump, struct emu_pump_stats *stats)
{
    *stats = pump->stats;
    stats->vigils = pump->vigil.kept_cnt;
    stats->vigils_in_vain = pump->vigil.vain_cnt;
}

void emu_pump_del(struct emu_pump *pump)
{
    if (pump == NULL) {
        return;
    }
    close_loop(pump);
    emu_crowd_close(&pump->crowd);
    (void)close(pump->timer);
    free(pump);
}
