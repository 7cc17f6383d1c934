/* SPDX-License-Identifier: MIT */
#include "bench_net.h"

#include <string.h>

#include "toe/sim.h"
#include "toe/target.h"

enum {
    PORT = 7,
    MTU = 1500,
    PIECE = 65536,
};

#define BURST_EVERY TOE_NS_PER_SEC
#define BURST_TIME (50 * TOE_NS_PER_MS)
#define BURST_LOSS 500000u

/* Between two looks at what has arrived, where no burst begins or ends. */
#define SLICE (50 * TOE_NS_PER_MS)

static const struct toe_addr addresses[2] = {{4, {10, 0, 0, 1}}, {4, {10, 0, 0, 2}}};

struct world {
    const struct emu_bench_net *net;
    struct toe_sim *sim;
    struct toe_sim_link *link;
    struct toe_sim_machine machines[2]; /* the sender, the receiver */
    toe_handle listener;
    toe_handle conns[2][EMU_BENCH_FLOWS_MAX];
    uint64_t received[EMU_BENCH_FLOWS_MAX];
    uint32_t accepted;
    uint8_t piece[PIECE];
    /* The queue before the link, as the tap sees it. */
    toe_instant free_at;
    toe_duration waited;
    uint64_t frames;
};

/* --- the applications --- */

static void take_events(struct toe_host *host)
{
    struct toe_host_event event;

    while (toe_host_event_next(host, &event)) {
        /* What there is to do is tried in any case. */
    }
}

static toe_instant run_sender(void *user, toe_instant now)
{
    struct world *world = user;
    struct toe_host *host = world->machines[0].host;

    (void)now;
    take_events(host);
    for (uint32_t i = 0; i < world->net->flows; ++i) {
        while (toe_host_send(host, world->conns[0][i], world->piece, PIECE) > 0) {
            /* There may be room for more. */
        }
    }
    return TOE_INSTANT_NEVER;
}

static toe_instant run_receiver(void *user, toe_instant now)
{
    struct world *world = user;
    struct toe_host *host = world->machines[1].host;
    size_t len;

    (void)now;
    take_events(host);
    while (world->accepted < world->net->flows) {
        const toe_handle conn = toe_host_accept(host, world->listener);

        if (conn == 0) {
            break;
        }
        world->conns[1][world->accepted++] = conn;
    }
    for (uint32_t i = 0; i < world->accepted; ++i) {
        while ((len = toe_host_receive(host, world->conns[1][i], world->piece, PIECE)) > 0) {
            world->received[i] += len;
        }
    }
    return TOE_INSTANT_NEVER;
}

/* --- the machines --- */

static struct toe_host *make_host(const struct emu_bench_net *net, uint64_t seed)
{
    struct toe_host_settings set;

    toe_host_settings_default(&set);
    set.seed = seed;
    set.congestion = net->congestion;
    set.policy = net->offloaded ? TOE_POLICY_ALL : TOE_POLICY_MANUAL;
    set.conn_max = 64;
    set.snd_buf = net->buffer;
    set.rcv_buf = net->buffer;
    set.receive_mode = TOE_RECEIVE_POSTED;
    set.rack_threshold = true;
    set.syn_retries = 20;
    return toe_host_new(&set);
}

static struct toe_target *make_target(const struct emu_bench_net *net, uint64_t seed, void *wire,
                                      uint8_t idx)
{
    struct toe_target_settings set;
    const uint8_t mac[TOE_MAC_LEN] = {0x02, 0, 0, 0, 0, (uint8_t)(idx + 1)};

    toe_target_settings_default(&set);
    set.wire = toe_sim_wire_ops();
    set.wire_user = wire;
    set.rack_threshold = true;
    set.seed = seed;
    set.congestion = net->congestion;
    memcpy(set.mac, mac, TOE_MAC_LEN);
    return toe_target_new(&set);
}

static bool make_machine(struct world *world, uint8_t idx)
{
    struct toe_sim_machine *machine = &world->machines[idx];
    void *wire = toe_sim_link_end(world->link, idx);
    const uint64_t seed = 4 * world->net->seed + 2 * idx;
    struct toe_host_interface interface = {.ops = toe_target_ops(), .mtu = MTU};
    int index;

    *machine = (struct toe_sim_machine){
        .host = make_host(world->net, seed),
        .ops = toe_target_ops(),
        .target = make_target(world->net, seed + 1, wire, idx),
        .application = idx == 0 ? run_sender : run_receiver,
        .user = world,
    };
    if (machine->host == NULL || machine->target == NULL) {
        return false;
    }
    interface.target = machine->target;
    index = toe_host_interface_add(machine->host, &interface);
    return index >= 0 && toe_host_address_add(machine->host, index, &addresses[idx], 24) == 0 &&
           toe_sim_machine_add(world->sim, machine, wire) >= 0;
}

/* --- the link --- */

static void set_loss(struct world *world, uint32_t loss)
{
    const struct emu_bench_net *net = world->net;
    const struct toe_sim_link_settings set = {.rate = net->rate,
                                              .delay = net->rtt / 2,
                                              .queue = net->queue,
                                              .mtu = MTU,
                                              .loss = loss,
                                              .reorder = net->reorder,
                                              .reorder_delay = net->rtt / 10};

    toe_sim_link_set(world->link, &set);
}

/* Follows the queue in the direction of the data: each frame waits for those before it. */
static void on_frame(void *user, const struct toe_sim_tap_frame *seen)
{
    struct world *world = user;
    const uint64_t rate = world->net->rate;
    const toe_duration wait = world->free_at > seen->now ? world->free_at - seen->now : 0;
    const toe_duration own = seen->frame->len * UINT64_C(8) * TOE_NS_PER_SEC / rate;

    /* One that finds it full does not wait. */
    if (seen->end != 0 || (world->net->queue != 0 && wait > world->net->queue * own)) {
        return;
    }
    world->free_at = seen->now + wait + own;
    world->waited += wait;
    ++world->frames;
}

static bool make(struct world *world)
{
    const struct toe_sim_link_settings none = {.queue = world->net->queue, .mtu = MTU};
    struct toe_host *host;

    world->sim = toe_sim_new(&(struct toe_sim_settings){.seed = world->net->seed});
    world->link = world->sim == NULL ? NULL : toe_sim_link_new(world->sim, &none);
    if (world->link == NULL || !make_machine(world, 0) || !make_machine(world, 1)) {
        return false;
    }
    set_loss(world, world->net->loss);
    if (world->net->rate != 0) {
        toe_sim_tap_set(world->sim, on_frame, world);
    }
    host = world->machines[0].host;
    world->listener = toe_host_listen(world->machines[1].host, NULL, PORT, world->net->flows);
    for (uint32_t i = 0; i < world->net->flows; ++i) {
        world->conns[0][i] = toe_host_connect(host, NULL, 0, &addresses[1], PORT);
        if (world->conns[0][i] == 0) {
            return false;
        }
    }
    return world->listener != 0;
}

static void unmake(struct world *world)
{
    toe_sim_machine_fini(&world->machines[0]);
    toe_sim_machine_fini(&world->machines[1]);
    if (world->sim != NULL) {
        toe_sim_del(world->sim);
    }
}

/* --- the run --- */

static uint64_t sum(const struct world *world)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < world->net->flows; ++i) {
        bytes += world->received[i];
    }
    return bytes;
}

/* Where the slice that begins |now| ends. Sets what the link does meanwhile. */
static toe_instant next_slice(struct world *world, toe_instant now)
{
    const toe_instant phase = now % BURST_EVERY;

    if (world->net->bursts) {
        set_loss(world, phase < BURST_TIME ? BURST_LOSS : world->net->loss);
    }
    return now + SLICE - now % SLICE;
}

static bool play(struct world *world)
{
    toe_instant now = 0;

    while (now < world->net->time && sum(world) < world->net->bytes) {
        now = next_slice(world, now);
        if (!toe_sim_run(world->sim, now)) {
            return false;
        }
    }
    return true;
}

static void conclude(struct emu_bench_net_result *result, const struct world *world)
{
    const double total = (double)sum(world);
    struct toe_sim_stats stats;
    double squares = 0;

    toe_sim_stats_get(world->sim, &stats);
    for (uint32_t i = 0; i < world->net->flows; ++i) {
        squares += (double)world->received[i] * (double)world->received[i];
    }
    *result = (struct emu_bench_net_result){
        .rate = total / ((double)toe_sim_now(world->sim) / (double)TOE_NS_PER_SEC),
        .fairness = squares > 0 ? total * total / (world->net->flows * squares) : 1,
        .queue = world->frames > 0
                     ? (double)world->waited / (double)world->frames / (double)TOE_NS_PER_SEC
                     : 0,
        .frames = stats.frames,
        .digest = toe_sim_digest(world->sim),
    };
}

bool emu_bench_net_run(struct emu_bench_net_result *result, const struct emu_bench_net *net)
{
    struct world world = {.net = net};
    const bool ok = make(&world) && play(&world);

    if (ok) {
        conclude(result, &world);
    }
    unmake(&world);
    return ok;
}
