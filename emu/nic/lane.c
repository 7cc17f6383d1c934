/* SPDX-License-Identifier: MIT */
#include "nic/lane.h"

#include <sched.h>
#include <string.h>

#include "capture.h"
#include "exchange.h"
#include "nic/nic.h"
#include "nic/nic_events.h"

enum {
    BATCH = 64, /* frames of the kernel in one go */
};

#define LEAVE_TIME (10 * TOE_NS_PER_SEC) /* for uploads at the end */

static toe_instant earlier(toe_instant a, toe_instant b)
{
    return a < b ? a : b;
}

/* --- life --- */

/* Does what was asked for; whoever asked waits. Returns false if there is nothing. */
static bool serve(struct emu_lane *lane)
{
    if (!atomic_load_explicit(&lane->is_asked, memory_order_acquire)) {
        return false;
    }
    lane->work(lane, lane->work_user);
    atomic_store(&lane->is_asked, false);
    (void)sem_post(&lane->done);
    return true;
}

/* Tells the kernel when the cable is pulled: the first lane, for all. */
static void follow_link(struct emu_lane *lane)
{
    const struct toe_wire_ops *ops = &lane->wire->ops;
    const bool carrier = !lane->wire->ended && (ops->link_up == NULL || ops->link_up(lane->wire));

    if (lane->number == 0 && carrier != lane->carrier) {
        lane->carrier = carrier;
        emu_port_tap_carrier(lane->host, carrier);
    }
}

static enum emu_lane_state state_of(const struct emu_lane *lane, toe_instant now)
{
    if (lane->host->ended || (lane->wire->ended && lane->settings->kind != EMU_NIC_WIRE_FILE)) {
        return EMU_LANE_GONE;
    }
    return lane->leaves != 0 && (now >= lane->leaves || emu_kernel_offloaded_cnt(lane->kernel) == 0)
               ? EMU_LANE_LEFT
               : EMU_LANE_RUNS;
}

static void tell_state(struct emu_lane *lane, toe_instant now)
{
    const enum emu_lane_state state = state_of(lane, now);

    if (state != atomic_load_explicit(&lane->state, memory_order_relaxed)) {
        atomic_store(&lane->state, state);
        lane->changed(lane->changed_user);
    }
}

/* What comes after the target in each round of the pump. */
static toe_instant run(void *user, toe_instant now)
{
    struct emu_lane *lane = user;
    const struct emu_port_stats *stats = emu_port_stats(lane->host);
    struct toe_frame frames[BATCH];
    toe_instant next;
    uint64_t bytes;
    uint32_t cnt;

    follow_link(lane);
    emu_port_tick(lane->host, now);
    bytes = stats->in_bytes;
    cnt = lane->host->ops.receive(lane->host, frames, BATCH);
    if (cnt != 0) {
        emu_pump_heard(lane->pump, stats->in_bytes - bytes);
        now = emu_pump_now();
        emu_kernel_from_host(lane->kernel, frames, cnt, now);
    }
    next = emu_policy_run(&lane->policy, now);
    next = earlier(next, emu_kernel_run(lane->kernel, now));
    tell_state(lane, now);
    next = earlier(next, emu_port_deadline(lane->host));
    next = lane->leaves > now ? earlier(next, lane->leaves) : next;
    /* Behind the frames, which do not wait for it; what it leaves to do comes in the next round. */
    return serve(lane) ? now : next;
}

static void *live(void *user)
{
    struct emu_lane *lane = user;

    (void)emu_pump_run(lane->pump, TOE_INSTANT_NEVER);
    return NULL;
}

bool emu_lane_start(struct emu_lane *lane, void (*changed)(void *user), void *user,
                    struct emu_error *error)
{
    lane->changed = changed;
    lane->changed_user = user;
    lane->is_running = pthread_create(&lane->thread, NULL, live, lane) == 0;
    if (!lane->is_running) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot start a thread for the NIC");
    }
    return lane->is_running;
}

static void stop(struct emu_lane *lane, void *user)
{
    (void)user;
    emu_pump_stop(lane->pump);
}

void emu_lane_stop(struct emu_lane *lane)
{
    if (lane->is_running) {
        emu_lane_do(lane, stop, NULL);
        (void)pthread_join(lane->thread, NULL);
        lane->is_running = false;
    }
}

void emu_lane_do(struct emu_lane *lane, void (*work)(struct emu_lane *lane, void *user), void *user)
{
    if (!lane->is_running) {
        work(lane, user);
        return;
    }
    lane->work = work;
    lane->work_user = user;
    atomic_store(&lane->is_asked, true);
    emu_pump_rouse(lane->pump);
    while (sem_wait(&lane->done) != 0) {
    }
}

void emu_lane_leave(struct emu_lane *lane)
{
    emu_policy_stop(&lane->policy);
    emu_kernel_pause(lane->kernel);
    emu_kernel_upload_all(lane->kernel);
    lane->leaves = emu_pump_now() + LEAVE_TIME;
    emu_pump_wake(lane->pump);
}

void emu_lane_memory_add(const struct emu_lane *lane, struct emu_lane_memory *sum)
{
    struct emu_kernel_stats stats;

    emu_kernel_stats_get(lane->kernel, &stats);
    sum->conn_cnt += stats.conns;
    sum->target += lane->target_heap.bytes;
    sum->kernel += stats.memory;
    sum->empty += lane->empty;
}

uint64_t emu_lane_memory_each(const struct emu_lane_memory *memory)
{
    return memory->conn_cnt == 0
               ? 0
               : (memory->target + memory->kernel - memory->empty) / memory->conn_cnt;
}

/* --- what the kernel's side tells --- */

static void on_opened(void *user, const struct emu_kernel_conn *conn)
{
    struct emu_lane *lane = user;

    emu_policy_opened(&lane->policy, conn);
}

static void on_moved(void *user, const struct emu_kernel_conn *conn)
{
    struct emu_lane *lane = user;

    emu_policy_moved(&lane->policy, conn);
    emu_events_moved(lane, conn);
}

static void on_reached(void *user, const struct emu_kernel_conn *conn)
{
    struct emu_lane *lane = user;

    emu_policy_reached(&lane->policy, conn);
}

static void on_closed(void *user, const struct emu_kernel_conn *conn)
{
    struct emu_lane *lane = user;

    emu_policy_closed(&lane->policy, conn);
}

static bool on_released(void *user, const struct emu_kernel_conn *conn,
                        enum toe_upload_reason reason)
{
    const struct emu_lane *lane = user;

    return emu_policy_released(&lane->policy, conn, reason);
}

/* --- construction --- */

static bool no_memory(struct emu_error *error)
{
    emu_error_set(error, EMU_EXIT_ENVIRONMENT, "not enough memory for the NIC");
    return false;
}

/* Puts on |port| what records its frames, if they are to be. */
static bool record(const struct emu_lane *lane, struct emu_port **port)
{
    struct emu_port *above;

    if (lane->shared->capture == NULL) {
        return true;
    }
    above = emu_capture_port_new(*port, lane->shared->capture);
    *port = above == NULL ? *port : above;
    return above != NULL;
}

static void rouse(void *user)
{
    const struct emu_lane *lane = user;

    emu_pump_rouse(lane->pump);
}

/* Puts on |port| what sorts its frames, if there is another lane that they may belong to. */
static bool sort(struct emu_lane *lane, struct emu_exchange *exchange, struct emu_port **port,
                 struct emu_port **above)
{
    if (exchange == NULL) {
        return true;
    }
    *above = emu_exchange_port_new(exchange, lane->number, *port, rouse, lane);
    *port = *above == NULL ? *port : *above;
    return *above != NULL;
}

/* Random numbers of one lane are not those of another. */
static uint64_t seed_of(const struct emu_lane *lane)
{
    return lane->settings->seed + lane->number;
}

/* The wire as the target sees it: with faults, which somebody may ask for later, and no less. */
static bool spoil(struct emu_lane *lane)
{
    struct emu_port *above = emu_fault_new(lane->wire, NULL, NULL, seed_of(lane));

    lane->wire = above == NULL ? lane->wire : above;
    return above != NULL;
}

/* What is recorded is what the ports see, each frame once; what is sorted is spoilt by its owner.
 */
static bool stack_ports(struct emu_lane *lane)
{
    return record(lane, &lane->host) && record(lane, &lane->wire) &&
           sort(lane, lane->shared->host_exchange, &lane->host, &lane->exchanges[0]) &&
           sort(lane, lane->shared->wire_exchange, &lane->wire, &lane->exchanges[1]) && spoil(lane);
}

static bool make_target(struct emu_lane *lane, struct emu_error *error)
{
    const struct emu_nic_settings *set = lane->settings;
    struct toe_target_settings target;

    toe_target_settings_default(&target);
    target.wire = &lane->wire->ops;
    target.wire_user = lane->wire;
    target.mem = emu_heap_mem(&lane->target_heap);
    memcpy(target.mac, lane->wire->mac, TOE_MAC_LEN);
    target.seed = seed_of(lane);
    target.ack_when = set->peer_ack;
    target.profile = set->profile;
    target.optional_uploads = 1u << TOE_UPLOAD_HIGH_OUT_OF_ORDER | 1u << TOE_UPLOAD_HIGH_DROP_RATE;
    target.tuning.mtu_probing = set->mtu_probing;
    target.mtu_max = lane->host->mtu;
    if (set->connections != 0) {
        target.tcp_max = (set->connections + set->queues - 1) / set->queues;
    }
    lane->target = toe_target_new(&target);
    return lane->target != NULL || no_memory(error);
}

static bool make_kernel(struct emu_lane *lane, struct emu_error *error)
{
    const struct emu_nic_settings *set = lane->settings;
    const struct emu_kernel_settings kernel = {
        .ops = toe_target_ops(),
        .target = lane->target,
        .software = lane->target,
        .host = &lane->host->ops,
        .host_user = lane->host,
        .interface = lane->host->name,
        .mtu = lane->host->mtu,
        .seed = seed_of(lane),
        .buffer_max = (uint32_t)set->buffer_max,
        .early_ack = set->early_ack,
        .ack_when = set->peer_ack,
        .stale = set->stale,
        .opened = on_opened,
        .moved = on_moved,
        .reached = on_reached,
        .closed = on_closed,
        .released = on_released,
        .user = lane,
    };

    lane->kernel = emu_kernel_new(&kernel, error);
    emu_policy_attach(&lane->policy, lane->kernel);
    return lane->kernel != NULL;
}

/* Whether there is one processor only: nobody else does anything while this thread is awake. */
static bool is_alone(void)
{
    cpu_set_t processors;

    return sched_getaffinity(0, sizeof(processors), &processors) == 0 &&
           CPU_COUNT(&processors) == 1;
}

static bool make_pump(struct emu_lane *lane, struct emu_error *error)
{
    const int netlink = emu_kernel_fd(lane->kernel);
    struct emu_pump_settings pump = {.ops = toe_target_ops(),
                                     .target = lane->target,
                                     .port = lane->wire,
                                     .application = run,
                                     .user = lane,
                                     .busy_poll = lane->settings->busy_poll,
                                     .keeps_vigil = lane->settings->keeps_vigil && !is_alone(),
                                     .no_signals = true};

    pump.fds[pump.fd_cnt++] = lane->host->fd;
    if (netlink >= 0) {
        pump.fds[pump.fd_cnt++] = netlink;
    }
    lane->pump = emu_pump_new(&pump, error);
    return lane->pump != NULL;
}

/* The lane's policy has rules of its own, as they hold what is compiled. */
static bool make_policy(struct emu_lane *lane, struct emu_error *error)
{
    struct emu_rules rules = {.cnt = 0};

    emu_policy_init(&lane->policy, seed_of(lane), lane->settings->queues);
    if (!emu_rules_copy(&rules, lane->settings->rules, error)) {
        return false;
    }
    emu_policy_set(&lane->policy, &rules);
    return true;
}

bool emu_lane_init(struct emu_lane *lane, const struct emu_nic_settings *settings, uint32_t number,
                   struct emu_port *host, struct emu_port *wire,
                   const struct emu_lane_shared *shared, struct emu_error *error)
{
    struct emu_lane_memory memory = {.empty = 0};

    *lane = (struct emu_lane){.settings = settings,
                              .number = number,
                              .host = host,
                              .wire = wire,
                              .shared = shared,
                              .carrier = true};
    (void)sem_init(&lane->done, 0, 0);
    if (!stack_ports(lane)) {
        return no_memory(error);
    }
    /* Each port takes what the other one leaves unfinished. */
    lane->wire->accept = lane->host->ops.features;
    lane->host->accept =
        settings->no_offloads ? 0 : lane->wire->ops.features & (TOE_WIRE_CSUM | TOE_WIRE_TSO);
    if (!make_policy(lane, error) || !make_target(lane, error) || !make_kernel(lane, error) ||
        !make_pump(lane, error)) {
        return false;
    }
    emu_lane_memory_add(lane, &memory);
    lane->empty = memory.target + memory.kernel;
    return true;
}

void emu_lane_fini(struct emu_lane *lane)
{
    emu_lane_stop(lane);
    emu_pump_del(lane->pump);
    emu_kernel_del(lane->kernel);
    emu_policy_fini(&lane->policy);
    if (lane->target != NULL) {
        toe_target_del(lane->target);
    }
    emu_port_close(lane->host);
    emu_port_close(lane->wire);
    (void)sem_destroy(&lane->done);
}
