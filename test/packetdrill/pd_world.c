/* SPDX-License-Identifier: MIT */
#include "pd_world.h"

#include "pd_socket.h"
#include "pd_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_US 1000u

/* Rounds at one instant after which the world is taken for one that never comes to rest. */
#define ROUNDS_MAX 100000

static struct pd_world world = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                .done = PTHREAD_COND_INITIALIZER};

/* What this thread sees when it looks next at the time, or zero: the clock. */
static _Thread_local toe_instant seen;

struct pd_world *pd_world(void)
{
    return &world;
}

void pd_world_begin(const char *flags)
{
    if (!pd_persona_parse(&world.persona, flags)) {
        exit(2);
    }
    world.main_thread = pthread_self();
    world.now = 1000 * TOE_NS_PER_SEC;
}

static bool add_addresses(int index)
{
    static const struct toe_addr local[] = {PD_LOCAL_IPV4, PD_LOCAL_IPV6};
    static const struct toe_addr router[] = {PD_ROUTER_IPV4, PD_ROUTER_IPV6};
    static const uint8_t prefix_len[] = {16, 48};
    bool ok = true;

    for (int i = 0; i < 2; ++i) {
        const struct toe_addr any = {.family = local[i].family};

        ok = ok && toe_host_address_add(world.host, index, &local[i], prefix_len[i]) == 0;
        ok = ok && toe_host_route_add(world.host, index, &any, 0, &router[i]) == 0;
    }
    return ok;
}

bool pd_world_make(void)
{
    struct toe_target_settings *target = &world.persona.target;
    struct toe_host_settings *host = &world.persona.host;
    struct toe_host_interface interface = {.ops = toe_target_ops(), .mtu = world.persona.mtu};
    int index;

    if (world.host != NULL) {
        return true;
    }
    pd_persona_sysctls(&world.persona);
    host->policy = world.persona.mode == PD_MODE_TARGET ? TOE_POLICY_ALL : TOE_POLICY_MANUAL;
    target->rto_min = host->rto_min;
    target->push_burst = host->push_burst;
    target->pacing = host->pacing;
    target->rack_threshold = host->rack_threshold;
    target->tuning = host->tuning;
    target->push_at_end = true;
    target->rfc5961_syn = true;
    target->mtu_max = target->mtu_max < interface.mtu ? interface.mtu : target->mtu_max;
    target->wire = pd_wire_ops();
    memcpy(target->mac, pd_wire_mac, TOE_MAC_LEN);
    world.ops = toe_target_ops();
    world.target = toe_target_new(target);
    world.host = world.target == NULL ? NULL : toe_host_new(host);
    if (world.host == NULL) {
        return false;
    }
    interface.target = world.target;
    index = toe_host_interface_add(world.host, &interface);
    return index >= 0 && add_addresses(index);
}

/* For those who want to know whether a mode did what it says. */
static void show_moves(void)
{
    struct toe_host_stats stats = {.size = sizeof(stats)};

    if (getenv("TOE_PACKETDRILL_MOVES") != NULL) {
        toe_host_stats_get(world.host, &stats);
        fprintf(stderr, "toe: %llu offloads, %llu uploads\n", (unsigned long long)stats.offloads,
                (unsigned long long)stats.uploads);
    }
}

void pd_world_end(void)
{
    if (world.host != NULL) {
        show_moves();
        toe_host_del(world.host);
        toe_target_del(world.target);
        world.host = NULL;
    }
    pd_wire_end();
}

toe_instant pd_next(void)
{
    toe_instant next = TOE_INSTANT_NEVER;
    toe_instant due;

    if (world.host != NULL) {
        next = toe_host_deadline(world.host);
        due = world.ops->deadline(world.target);
        next = due < next ? due : next;
        due = pd_sockets_deadline();
        next = due < next ? due : next;
    }
    for (const struct pd_call *call = world.waiting; call != NULL; call = call->next) {
        next = call->deadline < next ? call->deadline : next;
    }
    return next;
}

/* Does the calls that can be done. */
static void try_waiting(void)
{
    struct pd_call **link = &world.waiting;

    while (*link != NULL) {
        struct pd_call *call = *link;

        call->is_late = call->deadline <= world.now;
        if (call->attempt(call)) {
            *link = call->next;
            call->is_done = true;
            call->done_at = world.now;
            pthread_cond_broadcast(&world.done);
        } else {
            link = &call->next;
        }
    }
}

void pd_run(void)
{
    int rounds = 0;

    do {
        world.ops->run(world.target, world.now);
        toe_host_run(world.host, world.now);
        pd_sockets_follow();
        if (++rounds == ROUNDS_MAX) {
            fputs("toe: the stack does not come to rest\n", stderr);
            abort();
        }
    } while (pd_wire_has_frames() || toe_host_deadline(world.host) <= world.now ||
             world.ops->deadline(world.target) <= world.now);
}

void pd_settle(void)
{
    if (world.host != NULL) {
        pd_run();
    }
    if (world.waiting != NULL) {
        try_waiting();
        if (world.host != NULL) {
            pd_run(); /* What was read or written has its consequences. */
        }
    }
}

void pd_advance(toe_instant until)
{
    toe_instant next;

    while ((next = pd_next()) <= until) {
        world.now = next > world.now ? next : world.now;
        pd_settle();
    }
    world.now = until > world.now ? until : world.now;
}

void pd_enter(void)
{
    pthread_mutex_lock(&world.lock);
    seen = 0;
}

void pd_leave(void)
{
    const int error = errno;

    pd_settle();
    if (!pthread_equal(pthread_self(), world.main_thread)) {
        seen = world.now;
    }
    pthread_mutex_unlock(&world.lock);
    errno = error;
}

void pd_step(void)
{
    if (world.host != NULL && world.persona.mode == PD_MODE_HOP && !world.is_placed) {
        pd_sockets_move();
        pd_settle();
    }
}

/* A call that the script says does not block: nothing else can happen but time. */
static void wait_alone(struct pd_call *call)
{
    const toe_instant limit = world.now + PD_PATIENCE;
    struct pd_call **link = &world.waiting;

    while (!call->is_done && pd_next() < limit) {
        pd_advance(pd_next());
    }
    if (!call->is_done) {
        while (*link != call) {
            link = &(*link)->next;
        }
        *link = call->next;
        call->is_done = true;
        call->result = -1;
        call->error = EDEADLK;
    }
}

ssize_t pd_run_call(struct pd_call *call, bool can_wait)
{
    struct pd_call **link = &world.waiting;

    pd_enter();
    pd_step();
    call->done_at = world.now;
    call->is_late = call->deadline <= world.now;
    if (call->attempt(call)) {
        pd_leave();
        errno = call->result < 0 ? call->error : errno;
        return call->result;
    }
    pd_settle();
    if (!can_wait) {
        pd_leave();
        errno = EAGAIN;
        return -1;
    }
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = call;
    if (pthread_equal(pthread_self(), world.main_thread)) {
        wait_alone(call);
    }
    while (!call->is_done) {
        pthread_cond_wait(&world.done, &world.lock);
    }
    if (!pthread_equal(pthread_self(), world.main_thread)) {
        seen = call->done_at;
    }
    pthread_mutex_unlock(&world.lock);
    errno = call->result < 0 ? call->error : errno;
    return call->result;
}

size_t pd_waiting_cnt(void)
{
    size_t cnt = 0;

    pthread_mutex_lock(&world.lock);
    for (const struct pd_call *call = world.waiting; call != NULL; call = call->next) {
        ++cnt;
    }
    pthread_mutex_unlock(&world.lock);
    return cnt;
}

toe_instant pd_time(void)
{
    toe_instant now;

    pthread_mutex_lock(&world.lock);
    if (seen == 0) {
        pd_advance(world.now + NS_PER_US);
    }
    now = seen != 0 ? seen : world.now;
    seen = 0;
    pthread_mutex_unlock(&world.lock);
    return now;
}
