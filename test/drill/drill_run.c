/* SPDX-License-Identifier: MIT */
#include "drill_run.h"

#include "drill_packet.h"

#include <inttypes.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define US_PER_SEC 1000000
#define LINE_MAX_LEN 512

__attribute__((format(printf, 3, 4))) static bool fail(const struct drill_run *run, int line,
                                                       const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: ", run->script->name, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}

static double seconds(const struct drill_run *run, int64_t us)
{
    return (double)(us - run->begin_us) / US_PER_SEC;
}

static int64_t now_us(const struct drill_run *run)
{
    struct timeval now = {0};

    run->stack.to.gettimeofday(run->stack.to.user, &now, NULL);
    return (int64_t)now.tv_sec * US_PER_SEC + now.tv_usec;
}

/* What is expected of an instant. */
struct span {
    int64_t from_us;
    int64_t to_us;
};

static bool is_within(const struct drill_run *run, struct span span, int64_t us)
{
    const int64_t tolerance_us = run->script->tolerance_us;

    return us >= span.from_us - tolerance_us && us <= span.to_us + tolerance_us;
}

static void sleep_until(const struct drill_run *run, int64_t us)
{
    int64_t left_us;

    while ((left_us = us - now_us(run)) > 0) {
        run->stack.to.usleep(run->stack.to.user,
                             (useconds_t)(left_us < US_PER_SEC ? left_us : US_PER_SEC));
    }
}

/* Calls. */

static bool check(struct drill_run *run, struct drill_job *job)
{
    char error[LINE_MAX_LEN];
    bool ok = drill_job_check(job, error, sizeof(error));

    if (!ok) {
        fail(run, job->event->line, "%s", error);
    }
    drill_job_fini(job);
    return ok;
}

static void *thread(void *user)
{
    struct drill_run *run = user;

    drill_job_make(&run->blocked);
    atomic_store(&run->has_returned, true);
    return NULL;
}

/* Begins a call that blocks: it waits, or is done, when this returns. */
static bool begin_blocked(struct drill_run *run, const struct drill_event *event)
{
    if (run->is_blocked) {
        return fail(run, event->line, "the call of line %d still blocks", run->blocked.event->line);
    }
    atomic_store(&run->has_returned, false);
    if (!drill_job_init(&run->blocked, &run->stack, event) ||
        pthread_create(&run->blocked.thread, NULL, thread, run) != 0) {
        return fail(run, event->line, "no memory for the call");
    }
    run->is_blocked = true;
    while (!atomic_load(&run->has_returned) && run->waiting() == 0) {
        sched_yield();
    }
    return true;
}

/* Looks after the call that blocks, if it does no longer. */
static bool follow_blocked(struct drill_run *run, struct span span)
{
    struct drill_job *job = &run->blocked;

    if (!run->is_blocked || run->waiting() > 0) {
        return true;
    }
    pthread_join(job->thread, NULL);
    run->is_blocked = false;
    if (!check(run, job)) {
        return false;
    }
    return is_within(run, span, job->ended_us) ||
           fail(run, job->event->line, "time: expected the call to return at %f, got %f",
                seconds(run, span.from_us), seconds(run, job->ended_us));
}

/* A call that does not block takes no time. */
static bool call(struct drill_run *run, const struct drill_event *event)
{
    const int64_t now = now_us(run);
    struct drill_job job;

    if (!drill_job_init(&job, &run->stack, event)) {
        return fail(run, event->line, "no memory for the call");
    }
    drill_job_make(&job);
    return check(run, &job) &&
           (is_within(run, (struct span){now, now}, job.ended_us) ||
            fail(run, event->line, "time: expected the call to return at %f, got %f",
                 seconds(run, now), seconds(run, job.ended_us)));
}

/* Packets. */

static bool arrive(struct drill_run *run, const struct drill_event *event)
{
    static uint8_t bytes[DRILL_PACKET_MAX];
    const size_t len = drill_flow_build(&run->stack.flow, bytes, &event->packet);

    return run->stack.to.netdev_send(run->stack.to.user, bytes, len) == 0 ||
           fail(run, event->line, "the packet cannot be brought to the stack");
}

static bool fail_packet(const struct drill_run *run, const struct drill_event *event,
                        const struct drill_packet *want, const struct drill_packet *got,
                        const char *what)
{
    char want_text[LINE_MAX_LEN];
    char got_text[LINE_MAX_LEN];

    drill_packet_format(want_text, sizeof(want_text), want);
    drill_packet_format(got_text, sizeof(got_text), got);
    return fail(run, event->line, "wrong %s\n    expected: %s\n    got:      %s", what, want_text,
                got_text);
}

/* The next packet that leaves, in the numbers of the script; time passes until there is one. */
static bool receive(struct drill_run *run, int line, struct drill_packet *got,
                    const struct drill_packet *want, int64_t *at_us)
{
    static uint8_t bytes[DRILL_PACKET_MAX];
    size_t len = sizeof(bytes);
    long long time_us = 0;
    const char *what;

    if (run->stack.to.netdev_receive(run->stack.to.user, bytes, &len, &time_us) != 0 || len == 0) {
        return fail(run, line, "expected a packet, got none, and none will ever come");
    }
    *at_us = time_us;
    what = drill_flow_parse(&run->stack.flow, got, bytes, len, want);
    return what == NULL || fail(run, line, "the packet has %s", what);
}

/*
 * An acknowledgment alone, where text is expected, is of no account, as for packetdrill: in the
 * target the host takes text as it arrives, and the window that this opens is told (RCV-078).
 */
static bool is_passed_over(const struct drill_packet *want, const struct drill_packet *got)
{
    return want->len > 0 && got->len == 0 && got->flags == TH_ACK && got->seq == want->seq;
}

/* One segment, which must be what |want| says in all but how much of the text it has. */
static bool leave_one(struct drill_run *run, const struct drill_event *event,
                      struct drill_packet *want, struct span span)
{
    struct drill_packet part = *want;
    struct drill_packet got;
    int64_t at_us;
    const char *what = NULL;

    if (!receive(run, event->line, &got, want, &at_us)) {
        return false;
    }
    if (got.len > 0 && got.len < want->len) {
        /* More follows: what marks the end is of the last. */
        part.len = got.len;
        part.flags &= (uint8_t) ~(TH_FIN | TH_PUSH);
        part.flags |= got.flags & TH_PUSH;
    }
    if (!is_passed_over(want, &got)) {
        what = drill_packet_differs(&part, &got);
    }
    if (what != NULL) {
        return fail_packet(run, event, want, &got, what);
    }
    if (event->when != DRILL_SOME_TIME && !is_within(run, span, at_us) &&
        (at_us > span.to_us || !is_passed_over(want, &got))) {
        return fail(run, event->line, "time: expected a packet at %f, got it at %f",
                    seconds(run, span.from_us), seconds(run, at_us));
    }
    want->seq += got.len;
    want->len -= got.len;
    return true;
}

/* Segments that together have the text. */
static bool leave(struct drill_run *run, const struct drill_event *event, struct span span)
{
    struct drill_packet want = event->packet;

    do {
        if (!leave_one(run, event, &want, span)) {
            return false;
        }
    } while (want.len > 0);
    return true;
}

static bool happen(struct drill_run *run, const struct drill_event *event, struct span *end)
{
    const int64_t base = event->when == DRILL_AT ? run->begin_us : now_us(run);
    const struct span span = {base + event->from_us, base + event->to_us};

    if (event->kind == DRILL_LEAVES) {
        return leave(run, event, span);
    }
    sleep_until(run, span.from_us);
    if (!follow_blocked(run, *end)) {
        return false;
    }
    if (event->kind == DRILL_ARRIVES) {
        return arrive(run, event);
    }
    if (!event->blocks) {
        return call(run, event);
    }
    *end = (struct span){base + event->end_us, base + event->end_us};
    return begin_blocked(run, event);
}

/* Nothing but acknowledgments may be left of what was sent. */
static bool check_rest(struct drill_run *run, const struct drill_event *last)
{
    const struct drill_packet none = {.kind = DRILL_TCP};
    struct drill_packet got;
    char text[LINE_MAX_LEN];
    int64_t at_us;

    while (run->unread() > 0) {
        if (!receive(run, last->line, &got, &none, &at_us)) {
            return false;
        }
        if (got.len > 0 || got.flags != TH_ACK) {
            drill_packet_format(text, sizeof(text), &got);
            return fail(run, last->line,
                        "end of the script\n    expected: nothing\n    got:      %s", text);
        }
    }
    return true;
}

bool drill_run(struct drill_run *run)
{
    const struct drill_script *script = run->script;
    struct span end = {0, 0};

    run->begin_us = now_us(run);
    for (size_t i = 0; i < script->event_cnt; ++i) {
        if (!happen(run, &script->events[i], &end) || !follow_blocked(run, end)) {
            return false;
        }
    }
    if (run->is_blocked) {
        return fail(run, run->blocked.event->line, "expected the call to return, but it blocks");
    }
    return check_rest(run, &script->events[script->event_cnt - 1]);
}
