/* SPDX-License-Identifier: MIT */
#include "bench_road.h"

#include <string.h>

#include "random.h"
#include "toe/sim.h"
#include "toe/target.h"

enum {
    PORT = 7,
    MTU = 1500,
    PIECE = 65536,
    BATCH = 64,
    FLOWS_MAX = EMU_BENCH_ROAD_FLOWS_MAX,
    DATA_MIN = 200, /* a shorter frame is no data */
};

/* Larger than any window that is wanted. */
#define BUFFER (UINT32_C(4) << 20)

/* The bottleneck's own part of each round trip, one way. */
#define DELAY TOE_NS_PER_MS

/* Flows begin one after the other within so long, not in step. */
#define STAGGER (300 * TOE_NS_PER_MS)

struct road {
    const struct emu_bench_road *net;
    struct toe_sim *sim;
    struct toe_sim_link *links[FLOWS_MAX];
    struct toe_sim_link *bottleneck;
    struct sender {
        struct road *road;
        uint32_t idx;
        struct toe_sim_machine machine;
        toe_handle conn;
        toe_instant start;
        uint32_t sent;       /* segments since one was lost */
        toe_instant lose_at; /* the next that leaves then is lost */
    } senders[FLOWS_MAX];
    struct toe_sim_machine receiver;
    toe_handle listeners[FLOWS_MAX];
    toe_handle conns[FLOWS_MAX];
    uint64_t received[FLOWS_MAX];
    struct emu_random random;
    uint8_t piece[PIECE];
    /* The queue of the bottleneck, since |since|. */
    toe_instant since;
    toe_instant free_at;
    toe_instant empty_at;
    toe_duration busy_max;
    toe_duration backlog_max;
    toe_duration used;
    double backlog; /* times the time it lasted */
};

/* --- the applications --- */

static void take_events(struct toe_host *host)
{
    struct toe_host_event event;

    while (toe_host_event_next(host, &event)) {
        /* What there is to do is tried in any case. */
    }
}

static const struct toe_addr receiver_address = {4, {10, 0, 0, 100}};

static toe_instant run_sender(void *user, toe_instant now)
{
    struct sender *sender = user;
    struct toe_host *host = sender->machine.host;

    take_events(host);
    if (now < sender->start) {
        return sender->start;
    }
    if (sender->conn == 0) {
        sender->conn =
            toe_host_connect(host, NULL, 0, &receiver_address, (uint16_t)(PORT + sender->idx));
    }
    while (toe_host_send(host, sender->conn, sender->road->piece, PIECE) > 0) {
        /* There may be room for more. */
    }
    return TOE_INSTANT_NEVER;
}

static toe_instant run_receiver(void *user, toe_instant now)
{
    struct road *road = user;
    struct toe_host *host = road->receiver.host;
    size_t len;

    (void)now;
    take_events(host);
    for (uint32_t i = 0; i < road->net->flow_cnt; ++i) {
        if (road->conns[i] == 0) {
            road->conns[i] = toe_host_accept(host, road->listeners[i]);
        }
        while (road->conns[i] != 0 &&
               (len = toe_host_receive(host, road->conns[i], road->piece, PIECE)) > 0) {
            road->received[i] += len;
        }
    }
    return TOE_INSTANT_NEVER;
}

/* --- the machines --- */

static struct toe_host *make_host(uint64_t seed)
{
    struct toe_host_settings set;

    toe_host_settings_default(&set);
    set.seed = seed;
    set.policy = TOE_POLICY_ALL;
    set.conn_max = 16;
    set.snd_buf = BUFFER;
    set.rcv_buf = BUFFER;
    set.receive_mode = TOE_RECEIVE_POSTED;
    set.rack_threshold = true;
    return toe_host_new(&set);
}

static struct toe_target *make_target(enum toe_congestion congestion, uint64_t seed, void *wire,
                                      uint8_t last)
{
    struct toe_target_settings set;
    const uint8_t mac[TOE_MAC_LEN] = {0x02, 0, 0, 0, 0, last};

    toe_target_settings_default(&set);
    set.wire = toe_sim_wire_ops();
    set.wire_user = wire;
    set.rack_threshold = true;
    set.seed = seed;
    set.congestion = congestion;
    memcpy(set.mac, mac, TOE_MAC_LEN);
    return toe_target_new(&set);
}

/* |last| is the end of its addresses. The machine has its application and that one's user. */
static bool make_machine(struct road *road, struct toe_sim_machine *machine, void *wire,
                         enum toe_congestion congestion, uint8_t last)
{
    const uint64_t seed = road->net->seed << 8 | last;
    const struct toe_addr address = {4, {10, 0, 0, last}};
    struct toe_host_interface interface = {.ops = toe_target_ops(), .mtu = MTU};
    int index;

    machine->ops = toe_target_ops();
    machine->host = make_host(2 * seed);
    machine->target = make_target(congestion, 2 * seed + 1, wire, last);
    if (machine->host == NULL || machine->target == NULL) {
        return false;
    }
    interface.target = machine->target;
    index = toe_host_interface_add(machine->host, &interface);
    return index >= 0 && toe_host_address_add(machine->host, index, &address, 24) == 0 &&
           toe_sim_machine_add(road->sim, machine, wire) >= 0;
}

/* --- the switch --- */

/* Whether the road loses the segment of |sender| that leaves now. */
static bool loses(struct road *road, struct sender *sender, toe_instant now)
{
    const struct emu_bench_road *net = road->net;

    if (net->loss_every != 0 && ++sender->sent >= net->loss_every) {
        sender->sent = 0;
        return true;
    }
    if (net->loss_time != 0 && now >= sender->lose_at) {
        sender->lose_at = now - now % net->loss_time + net->loss_time;
        return now >= net->loss_time;
    }
    return net->loss != 0 && emu_random_chance(&road->random, net->loss);
}

static void carry_data(struct road *road, struct sender *sender, toe_instant now)
{
    const struct toe_wire_ops *ops = toe_sim_wire_ops();
    void *from = toe_sim_link_end(road->links[sender->idx], 1);
    struct toe_frame frames[BATCH];
    uint32_t cnt;

    while ((cnt = ops->receive(from, frames, BATCH)) > 0) {
        for (uint32_t i = 0; i < cnt; ++i) {
            if (frames[i].len < DATA_MIN || !loses(road, sender, now)) {
                ops->transmit(toe_sim_link_end(road->bottleneck, 0), &frames[i], 1);
            }
        }
    }
}

/* Senders' addresses end with their indices, from one on; anything else is for all. */
static void carry_back(struct road *road)
{
    const struct toe_wire_ops *ops = toe_sim_wire_ops();
    void *from = toe_sim_link_end(road->bottleneck, 0);
    struct toe_frame frames[BATCH];
    uint32_t cnt;

    while ((cnt = ops->receive(from, frames, BATCH)) > 0) {
        for (uint32_t i = 0; i < cnt; ++i) {
            const uint8_t *mac = frames[i].data;

            for (uint32_t to = 0; to < road->net->flow_cnt; ++to) {
                if (mac[0] != 0x02 || mac[TOE_MAC_LEN - 1] == to + 1) {
                    ops->transmit(toe_sim_link_end(road->links[to], 1), &frames[i], 1);
                }
            }
        }
    }
}

static void run_switch(void *user, toe_instant now)
{
    struct road *road = user;

    for (uint32_t i = 0; i < road->net->flow_cnt; ++i) {
        carry_data(road, &road->senders[i], now);
    }
    carry_back(road);
}

static toe_instant switch_deadline(void *user)
{
    (void)user;
    return TOE_INSTANT_NEVER;
}

static bool make_switch(struct road *road)
{
    const struct toe_sim_node node = {road, switch_deadline, run_switch};
    const int idx = toe_sim_node_add(road->sim, &node, toe_sim_link_end(road->bottleneck, 0));

    for (uint32_t i = 0; idx >= 0 && i < road->net->flow_cnt; ++i) {
        toe_sim_node_wire_add(road->sim, idx, toe_sim_link_end(road->links[i], 1));
    }
    return idx >= 0;
}

/* Follows the queue of the bottleneck: each frame waits for those before it. */
static void on_frame(void *user, const struct toe_sim_tap_frame *seen)
{
    struct road *road = user;
    const toe_duration backlog = road->free_at > seen->now ? road->free_at - seen->now : 0;
    toe_duration own;

    if (seen->link != road->bottleneck || seen->end != 0 || seen->lost) {
        return;
    }
    own = seen->frame->len * UINT64_C(8) * TOE_NS_PER_SEC / road->net->rate;
    road->free_at = seen->now + backlog + own;
    road->used += own;
    road->backlog += (double)backlog * (double)own;
    road->backlog_max = backlog > road->backlog_max ? backlog : road->backlog_max;
    if (backlog <= own) {
        road->empty_at = seen->now;
    } else if (seen->now - road->empty_at > road->busy_max) {
        road->busy_max = seen->now - road->empty_at;
    }
}

/* --- the run --- */

static bool make_links(struct road *road)
{
    const struct emu_bench_road *net = road->net;
    const struct toe_sim_link_settings bottleneck = {
        .rate = net->rate, .delay = DELAY, .queue = net->queue, .mtu = MTU};

    road->sim = toe_sim_new(&(struct toe_sim_settings){.seed = net->seed});
    if (road->sim == NULL) {
        return false;
    }
    road->bottleneck = toe_sim_link_new(road->sim, &bottleneck);
    for (uint32_t i = 0; i < net->flow_cnt; ++i) {
        const struct toe_sim_link_settings own = {.delay = net->flows[i].rtt / 2 - DELAY,
                                                  .mtu = MTU};

        road->links[i] = toe_sim_link_new(road->sim, &own);
        if (road->links[i] == NULL) {
            return false;
        }
    }
    return road->bottleneck != NULL;
}

static bool make(struct road *road)
{
    const struct emu_bench_road *net = road->net;

    road->random = (struct emu_random){.state = net->seed};
    road->receiver = (struct toe_sim_machine){.application = run_receiver, .user = road};
    if (!make_links(road) ||
        !make_machine(road, &road->receiver, toe_sim_link_end(road->bottleneck, 1),
                      TOE_CONGESTION_DEFAULT, 100)) {
        return false;
    }
    for (uint32_t i = 0; i < net->flow_cnt; ++i) {
        struct sender *sender = &road->senders[i];

        *sender = (struct sender){
            .road = road,
            .idx = i,
            .machine = {.application = run_sender, .user = sender},
            .start = i * STAGGER + emu_random_below(&road->random, STAGGER),
        };
        road->listeners[i] = toe_host_listen(road->receiver.host, NULL, (uint16_t)(PORT + i), 1);
        if (road->listeners[i] == 0 ||
            !make_machine(road, &sender->machine, toe_sim_link_end(road->links[i], 0),
                          net->flows[i].congestion, (uint8_t)(i + 1))) {
            return false;
        }
    }
    if (net->rate != 0) {
        toe_sim_tap_set(road->sim, on_frame, road);
    }
    return make_switch(road);
}

static void unmake(struct road *road)
{
    toe_sim_machine_fini(&road->receiver);
    for (uint32_t i = 0; i < road->net->flow_cnt; ++i) {
        toe_sim_machine_fini(&road->senders[i].machine);
    }
    if (road->sim != NULL) {
        toe_sim_del(road->sim);
    }
}

/* What counts is counted from now on. */
static void begin(struct road *road)
{
    road->since = toe_sim_now(road->sim);
    road->empty_at = road->since;
    road->busy_max = 0;
    road->backlog_max = 0;
    road->used = 0;
    road->backlog = 0;
    memset(road->received, 0, sizeof(road->received));
}

static void conclude(struct emu_bench_road_result *result, const struct road *road)
{
    const double time = (double)(toe_sim_now(road->sim) - road->since);

    *result = (struct emu_bench_road_result){
        .use = (double)road->used / time,
        .queue = road->backlog / time / (double)TOE_NS_PER_SEC,
        .queue_max = (double)road->backlog_max / (double)TOE_NS_PER_SEC,
        .busy_max = (double)road->busy_max / (double)TOE_NS_PER_SEC,
    };
    for (uint32_t i = 0; i < road->net->flow_cnt; ++i) {
        result->rates[i] = (double)road->received[i] / (time / (double)TOE_NS_PER_SEC);
        result->rate += result->rates[i];
    }
}

bool emu_bench_road_run(struct emu_bench_road_result *result, const struct emu_bench_road *road)
{
    static struct road world;
    bool ok;

    world = (struct road){.net = road};
    ok = make(&world) && toe_sim_run(world.sim, road->before);
    if (ok) {
        begin(&world);
        ok = toe_sim_run(world.sim, road->before + road->time);
    }
    if (ok) {
        conclude(result, &world);
    }
    unmake(&world);
    return ok;
}

double emu_bench_road_fairness(const struct emu_bench_road_result *result, uint32_t flow_cnt)
{
    double squares = 0;

    for (uint32_t i = 0; i < flow_cnt; ++i) {
        squares += result->rates[i] * result->rates[i];
    }
    return squares > 0 ? result->rate * result->rate / (flow_cnt * squares) : 1;
}
