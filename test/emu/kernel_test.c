/* SPDX-License-Identifier: MIT */
/*
 * The kernel's connections, moved while they are in use: a host of ours stands for the kernel, at
 * the end of a link that stands for the TAP; another one is the peer. Both carry the load of the
 * stress test, byte for byte checked, in virtual time, while connections are offloaded and uploaded
 * at random all the time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "linux/kernel.h"
#include "linux/segment.h"
#include "random.h"
#include "stress_machine.h"
#include "toe/sim.h"

#define MS TOE_NS_PER_MS
#define DRAIN_TIME (900 * TOE_NS_PER_SEC)

enum { FRAMES = 64, PORT = 7, PPM = 1000000, CLOCKS = 64 };

/* What one run is like. */
struct plan {
    uint64_t seed;
    uint32_t connections;
    uint32_t bytes;
    uint32_t loss; /* on the wire, and so the next three */
    uint32_t reorder;
    uint32_t duplicate;
    uint32_t corrupt;
    uint32_t tap_loss; /* between the kernel and us */
    toe_duration delay;
    toe_duration every; /* mean time between two moves, */
    toe_duration life;  /* and of the card; 0: it does not die */
    uint32_t rcv_buf;
    uint32_t mtu; /* 0: 1500 */
    bool ipv6;
    bool early_ack;
    uint16_t vlan_id;
    uint32_t lag_max; /* what a timestamp for the kernel may be; 0: anything */
};

/* A link's end whose frames lie in memory that is leased, and gone when that is over. */
struct port {
    void *end;
    struct emu_random random;
    struct block *blocks[FRAMES]; /* that were received last */
    uint32_t block_cnt;
};

struct block {
    struct toe_lease lease;
    uint8_t bytes[];
};

/* The emulated network card. */
struct nic {
    struct toe_target *target;
    struct emu_kernel *kernel;
    struct port tap;
    toe_instant kernel_at;
    toe_instant move_at;
    toe_duration every;
    toe_duration life;
    toe_instant die_at;
    struct port wire;
    uint32_t mtu;
    bool early_ack;
    uint64_t seed;
    struct emu_random random;
    uint64_t asked;
    uint64_t offloads; /* of those that have died, too */
    uint64_t uploads;
    uint64_t deaths;
    struct {
        struct emu_tuple tuple;
        uint32_t begin; /* of the peer's timestamps, if its clock was that at 0 s */
    } clocks[CLOCKS];
    uint32_t clock_cnt;
    toe_instant now;
    uint32_t lag_max;  /* how old, in milliseconds, a timestamp of payload for the kernel was */
    uint64_t moved[4]; /* by place that was reached */
    uint64_t why[EMU_WHY_CNT];
};

struct world {
    struct plan plan;
    struct toe_sim *sim;
    struct toe_sim_link *tap;
    struct toe_sim_link *wire;
    struct emu_stress_settings settings;
    struct emu_stress_result result;
    struct emu_stress_machine machines[2];
    struct toe_sim_machine nodes[2];
    struct nic nic;
};

static uint32_t mtu_of(const struct plan *plan)
{
    return plan->mtu != 0 ? plan->mtu : 1500;
}

static struct toe_addr address(const struct plan *plan, uint8_t machine)
{
    struct toe_addr addr = {.family = plan->ipv6 ? 6 : 4};

    memcpy(addr.bytes, plan->ipv6 ? "\xfd\x77" : "\x0a\x4d", 2);
    addr.bytes[plan->ipv6 ? 15 : 3] = (uint8_t)(machine + 1);
    return addr;
}

/* --- its ports --- */

static void on_over(struct toe_lease *lease)
{
    free(lease);
}

static void give_up(struct port *port)
{
    while (port->block_cnt > 0) {
        toe_lease_give(&port->blocks[--port->block_cnt]->lease);
    }
}

static uint32_t port_receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct port *port = wire;
    const uint32_t cnt =
        toe_sim_wire_ops()->receive(port->end, frames, max < FRAMES ? max : FRAMES);

    give_up(port);
    for (uint32_t i = 0; i < cnt; ++i) {
        struct block *block = malloc(sizeof(*block) + frames[i].len);

        assert_non_null(block);
        block->lease = (struct toe_lease){.shares = 1, .over = on_over};
        memcpy(block->bytes, frames[i].data, frames[i].len);
        port->blocks[port->block_cnt++] = block;
        frames[i].data = block->bytes;
        frames[i].lease = emu_random_below(&port->random, 4) != 0 ? &block->lease : NULL;
    }
    return cnt;
}

static void port_transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    toe_sim_wire_ops()->transmit(((struct port *)wire)->end, frames, cnt);
}

static const struct toe_wire_ops port_ops = {
    .size = sizeof(port_ops), .receive = port_receive, .transmit = port_transmit};

/* --- the card --- */

static void on_moved(void *user, const struct emu_kernel_conn *conn)
{
    struct nic *nic = user;

    ++nic->moved[conn->place];
    if (conn->place == EMU_PLACE_HOST) {
        ++nic->why[conn->why];
    }
}

/* Moves one of the connections, drawn by lot. */
struct draw {
    uint64_t left;
    struct emu_kernel_conn conn;
};

static bool draw_one(void *user, const struct emu_kernel_conn *conn)
{
    struct draw *draw = user;

    draw->conn = *conn;
    return draw->left-- != 0;
}

static void move_one(struct nic *nic)
{
    struct emu_kernel_stats stats;
    struct draw draw;

    emu_kernel_stats_get(nic->kernel, &stats);
    if (stats.conns == 0) {
        return;
    }
    draw.left = emu_random_below(&nic->random, stats.conns);
    emu_kernel_walk(nic->kernel, draw_one, &draw);
    ++nic->asked;
    if (draw.conn.place == EMU_PLACE_HOST) {
        (void)emu_kernel_offload(nic->kernel, &draw.conn.tuple, NULL);
    } else {
        (void)emu_kernel_upload(nic->kernel, &draw.conn.tuple, NULL);
    }
}

static void move_some(struct nic *nic, toe_instant now)
{
    while (nic->every != 0 && nic->move_at <= now) {
        move_one(nic);
        nic->move_at += 1 + emu_random_below(&nic->random, 2 * nic->every);
    }
}

/* The kernel echoes the peer's timestamps: old ones would tell the peer of a slow wire. */
static void look_at_clock(struct nic *nic, const struct toe_frame *frame)
{
    const uint32_t ms = (uint32_t)(nic->now / MS);
    struct emu_segment seg;
    uint32_t i = 0;

    if (!emu_segment_parse(&seg, frame, false) || !seg.has_ts || seg.len == 0) {
        return;
    }
    while (i < nic->clock_cnt &&
           memcmp(&nic->clocks[i].tuple, &seg.tuple, sizeof(seg.tuple)) != 0) {
        ++i;
    }
    if (i == nic->clock_cnt) {
        if (i == CLOCKS) {
            return;
        }
        nic->clocks[nic->clock_cnt++].tuple = seg.tuple;
        nic->clocks[i].begin = seg.tsval - ms;
    }
    if (emu_seq_diff(nic->clocks[i].begin + ms, seg.tsval) > (int32_t)nic->lag_max) {
        nic->lag_max = nic->clocks[i].begin + ms - seg.tsval;
    }
}

static void tap_transmit(void *user, const struct toe_frame *frames, uint32_t cnt)
{
    struct nic *nic = user;

    for (uint32_t i = 0; i < cnt; ++i) {
        look_at_clock(nic, &frames[i]);
    }
    port_transmit(&nic->tap, frames, cnt);
}

static const struct toe_wire_ops tap_ops = {.size = sizeof(tap_ops), .transmit = tap_transmit};

static void give_birth(struct nic *nic)
{
    struct toe_target_settings target;
    struct emu_error error;

    toe_target_settings_default(&target);
    target.wire = &port_ops;
    target.wire_user = &nic->wire;
    target.mtu_max = nic->mtu;
    target.seed = nic->seed;
    target.ack_when = TOE_ACK_RETURNED;
    memcpy(target.mac, "\x02\x00\x00\x00\x77\x01", TOE_MAC_LEN);
    nic->target = toe_target_new(&target);
    assert_non_null(nic->target);
    nic->kernel_at = TOE_INSTANT_NEVER;
    nic->kernel = emu_kernel_new(
        &(struct emu_kernel_settings){
            .ops = toe_target_ops(),
            .target = nic->target,
            .software = nic->target,
            .host = &tap_ops,
            .host_user = nic,
            .mtu = nic->mtu,
            .seed = nic->seed,
            .early_ack = nic->early_ack,
            .no_netlink = true,
            .moved = on_moved,
            .user = nic,
        },
        &error);
    assert_non_null(nic->kernel);
}

/* All that it holds is gone, at once. */
static void die(struct nic *nic)
{
    struct emu_kernel_stats stats;

    emu_kernel_stats_get(nic->kernel, &stats);
    nic->offloads += stats.offloads;
    nic->uploads += stats.uploads;
    emu_kernel_del(nic->kernel);
    toe_target_del(nic->target);
}

static void live_on(struct nic *nic, toe_instant now)
{
    if (nic->life != 0 && nic->die_at <= now) {
        die(nic);
        give_birth(nic);
        ++nic->deaths;
        nic->die_at = now + 1 + emu_random_below(&nic->random, 2 * nic->life);
    }
}

static void nic_run(void *user, toe_instant now)
{
    struct nic *nic = user;
    struct toe_frame frames[FRAMES];
    uint32_t cnt;

    nic->now = now;
    live_on(nic, now);
    while ((cnt = port_receive(&nic->tap, frames, FRAMES)) > 0) {
        emu_kernel_from_host(nic->kernel, frames, cnt, now);
    }
    move_some(nic, now);
    do {
        toe_target_ops()->run(nic->target, now);
        nic->kernel_at = emu_kernel_run(nic->kernel, now);
    } while (nic->kernel_at == 0);
}

static toe_instant nic_deadline(void *user)
{
    const struct nic *nic = user;
    toe_instant at = toe_target_ops()->deadline(nic->target);

    at = nic->kernel_at < at ? nic->kernel_at : at;
    at = nic->life != 0 && nic->die_at < at ? nic->die_at : at;
    return nic->every != 0 && nic->move_at < at ? nic->move_at : at;
}

static void make_nic(struct world *w)
{
    w->nic = (struct nic){
        .tap = {.end = toe_sim_link_end(w->tap, 1), .random.state = w->plan.seed},
        .wire = {.end = toe_sim_link_end(w->wire, 0), .random.state = w->plan.seed},
        .mtu = mtu_of(&w->plan),
        .early_ack = w->plan.early_ack,
        .every = w->plan.every,
        .life = w->plan.life,
        .die_at = w->plan.life,
        .seed = w->plan.seed,
        .random.state = w->plan.seed,
    };
    give_birth(&w->nic);
}

/* --- the world --- */

static void make_machine(struct world *w, uint8_t idx, struct toe_sim_link *link)
{
    const struct toe_addr addresses[2] = {address(&w->plan, idx), {0}};
    const uint8_t mac[TOE_MAC_LEN] = {0x02, 0, 0, 0, 0x77, (uint8_t)(idx + 1)};
    void *end = toe_sim_link_end(link, idx);
    struct emu_load_settings load = {
        .name = idx == 0 ? "kernel" : "peer",
        .result = &w->result,
        .seed = w->plan.seed * 16 + idx,
        .mix = {.bytes = w->plan.bytes},
        .open_cnt = (w->plan.connections + 1 - idx) / 2,
        .open_for = (toe_duration)(w->settings.seconds * (double)TOE_NS_PER_SEC),
        .peer_port = PORT,
        .port = PORT,
        .loss = w->plan.loss + w->plan.corrupt + w->plan.tap_loss,
    };

    load.peer[w->plan.ipv6 ? 1 : 0] = address(&w->plan, (uint8_t)(1 - idx));
    assert_true(emu_stress_machine_init(&w->machines[idx], &w->settings, NULL, toe_sim_wire_ops(),
                                        end, mac, addresses, &load));
    w->nodes[idx] = (struct toe_sim_machine){
        .host = w->machines[idx].host,
        .ops = w->machines[idx].drivers.top.ops,
        .target = w->machines[idx].drivers.top.target,
        .application = emu_load_run,
        .user = w->machines[idx].load,
    };
    assert_true(toe_sim_machine_add(w->sim, &w->nodes[idx], end) >= 0);
}

static void make(struct world *w, const struct plan *plan)
{
    const struct toe_sim_link_settings tap = {.delay = 20 * TOE_NS_PER_US, .loss = plan->tap_loss};
    const struct toe_sim_link_settings wire = {
        .rate = 200000000,
        .delay = plan->delay,
        .queue = 1000,
        .loss = plan->loss,
        .reorder = plan->reorder,
        .reorder_delay = plan->delay + MS,
        .duplicate = plan->duplicate,
        .corrupt = plan->corrupt,
    };
    struct toe_sim_node node = {.user = &w->nic, .deadline = nic_deadline, .run = nic_run};
    int index;

    memset(w, 0, sizeof(*w));
    w->plan = *plan;
    emu_stress_settings_default(&w->settings);
    w->settings.connections = plan->connections;
    w->settings.seconds = 5;
    w->settings.seed = plan->seed;
    w->settings.policy = TOE_POLICY_MANUAL;
    w->settings.mtu = mtu_of(plan);
    w->settings.vlan_id = plan->vlan_id;
    w->settings.prefix_len[0] = plan->ipv6 ? 64 : 24;
    if (plan->rcv_buf != 0) {
        w->settings.rcv_buf = plan->rcv_buf;
    }
    w->sim = toe_sim_new(&(struct toe_sim_settings){.seed = plan->seed});
    assert_non_null(w->sim);
    w->tap = toe_sim_link_new(w->sim, &tap);
    w->wire = toe_sim_link_new(w->sim, &wire);
    assert_non_null(w->tap);
    assert_non_null(w->wire);
    make_machine(w, 0, w->tap);
    make_machine(w, 1, w->wire);
    make_nic(w);
    index = toe_sim_node_add(w->sim, &node, toe_sim_link_end(w->wire, 0));
    assert_true(index >= 0);
    toe_sim_node_wire_add(w->sim, index, w->nic.tap.end);
}

static void unmake(struct world *w)
{
    emu_stress_machine_fini(&w->machines[0]);
    emu_stress_machine_fini(&w->machines[1]);
    die(&w->nic);
    give_up(&w->nic.tap);
    give_up(&w->nic.wire);
    toe_sim_del(w->sim);
}

static bool has_flows(const struct world *w)
{
    return emu_load_flow_cnt(w->machines[0].load) + emu_load_flow_cnt(w->machines[1].load) > 0;
}

static bool run_until(struct world *w, toe_instant until, bool while_flows)
{
    while (toe_sim_now(w->sim) < until && (!while_flows || has_flows(w))) {
        toe_instant next = toe_sim_now(w->sim) + 100 * MS;

        if (!toe_sim_run(w->sim, next < until ? next : until)) {
            emu_load_fault(&w->result, "livelock at %.6f s",
                           (double)toe_sim_now(w->sim) / (double)TOE_NS_PER_SEC);
            return false;
        }
    }
    return true;
}

static void play(struct world *w)
{
    const toe_instant end = (toe_instant)(w->settings.seconds * (double)TOE_NS_PER_SEC);

    if (!run_until(w, end, false)) {
        return;
    }
    for (int i = 0; i < 2; ++i) {
        emu_load_drain(w->machines[i].load, end);
        w->nodes[i].application_at = end;
    }
    (void)run_until(w, end + DRAIN_TIME, true);
    w->nic.every = 0;
    w->nic.life = 0;
    emu_kernel_upload_all(w->nic.kernel);
    (void)run_until(w, toe_sim_now(w->sim) + 200 * TOE_NS_PER_SEC, false);
}

static void print(const struct world *w)
{
    const struct emu_stress_result *r = &w->result;
    struct emu_kernel_stats stats;

    emu_kernel_stats_get(w->nic.kernel, &stats);
    printf("seed %llu: %s; %llu connections, %llu bytes, %llu wrong, %llu resets, %llu stalls, "
           "%llu deaths, %llu offloads, %llu uploads, %llu refusals, %llu resent, "
           "%llu known and %u offloaded at the end, "
           "timestamps up to %u ms old\n",
           (unsigned long long)w->plan.seed, r->fault[0] == '\0' ? "well" : r->fault,
           (unsigned long long)r->connections_finished, (unsigned long long)r->bytes,
           (unsigned long long)r->bytes_wrong, (unsigned long long)r->resets,
           (unsigned long long)r->stalls, (unsigned long long)w->nic.deaths,
           (unsigned long long)(w->nic.offloads + stats.offloads),
           (unsigned long long)(w->nic.uploads + stats.uploads), (unsigned long long)stats.refusals,
           (unsigned long long)stats.host_resent, (unsigned long long)stats.conns,
           emu_kernel_offloaded_cnt(w->nic.kernel), w->nic.lag_max);
    for (int i = 0; i < EMU_WHY_CNT; ++i) {
        if (w->nic.why[i] != 0) {
            printf("    %s: %llu\n", emu_why_name((enum emu_why)i),
                   (unsigned long long)w->nic.why[i]);
        }
    }
}

static void run_plan(const struct plan *plan, uint64_t offloads_min)
{
    struct world w;
    struct emu_kernel_stats stats;
    bool is_well;

    make(&w, plan);
    play(&w);
    emu_kernel_stats_get(w.nic.kernel, &stats);
    is_well = w.result.fault[0] == '\0' && w.result.bytes_wrong == 0 && w.result.resets == 0 &&
              w.result.stalls == 0 && w.result.connections_finished > 0 && !has_flows(&w) &&
              w.nic.offloads + stats.offloads >= offloads_min &&
              emu_kernel_offloaded_cnt(w.nic.kernel) == 0 && stats.conns == 0 &&
              (plan->lag_max == 0 || w.nic.lag_max <= plan->lag_max);
    print(&w);
    unmake(&w);
    if (!is_well) {
        fail_msg("replay with TOE_TEST_SEED=%llu", (unsigned long long)plan->seed);
    }
}

static uint64_t seed_of(uint64_t seed)
{
    const char *text = getenv("TOE_TEST_SEED");

    return text != NULL ? strtoull(text, NULL, 0) : seed;
}

/* --- tests --- */

/* All frames cross as they are. */
static void ordinary(void **state)
{
    (void)state;
    run_plan(&(struct plan){.seed = seed_of(1), .connections = 8, .bytes = 20000, .delay = MS}, 0);
}

static void moves(void **state)
{
    (void)state;
    run_plan(
        &(struct plan){
            .seed = seed_of(2), .connections = 8, .bytes = 100000, .delay = MS, .every = 2 * MS},
        300);
}

/* Carried for long, what the kernel is told of the peer's clock does not stand still. */
static void moves_seldom(void **state)
{
    (void)state;
    run_plan(&(struct plan){.seed = seed_of(8),
                            .connections = 8,
                            .bytes = 2000000,
                            .delay = MS,
                            .every = 100 * MS,
                            .lag_max = 200},
             5);
}

static void moves_on_a_bad_wire(void **state)
{
    (void)state;
    run_plan(&(struct plan){.seed = seed_of(3),
                            .connections = 8,
                            .bytes = 100000,
                            .delay = 2 * MS,
                            .loss = PPM / 100,
                            .reorder = PPM / 100,
                            .duplicate = PPM / 100,
                            .corrupt = PPM / 1000,
                            .every = 2 * MS},
             400);
}

static void moves_over_ipv6(void **state)
{
    (void)state;
    run_plan(&(struct plan){.seed = seed_of(4),
                            .connections = 8,
                            .bytes = 100000,
                            .delay = 2 * MS,
                            .loss = PPM / 200,
                            .every = 2 * MS,
                            .ipv6 = true},
             400);
}

/* On a VLAN: what the target sends to the peer, and we to the kernel, has the tag, or is not taken.
 */
static void moves_on_a_vlan(void **state)
{
    for (int i = 0; i < 2; ++i) {
        (void)state;
        run_plan(&(struct plan){.seed = seed_of(11) + (uint64_t)i,
                                .connections = 8,
                                .bytes = 100000,
                                .delay = 2 * MS,
                                .loss = PPM / 200,
                                .tap_loss = PPM / 1000,
                                .every = 2 * MS,
                                .ipv6 = i == 1,
                                .vlan_id = 77},
                 400);
    }
}

/* Text of such frames stays where it arrived, all the way through. */
static void moves_of_large_frames(void **state)
{
    (void)state;
    run_plan(&(struct plan){.seed = seed_of(8),
                            .connections = 8,
                            .bytes = 500000,
                            .delay = 2 * MS,
                            .loss = PPM / 200,
                            .reorder = PPM / 200,
                            .tap_loss = PPM / 1000,
                            .every = 2 * MS,
                            .mtu = 9000},
             400);
}

static void moves_with_a_full_tap(void **state)
{
    (void)state;
    run_plan(&(struct plan){.seed = seed_of(5),
                            .connections = 8,
                            .bytes = 100000,
                            .delay = 2 * MS,
                            .tap_loss = PPM / 100,
                            .every = 2 * MS},
             400);
}

static void moves_with_small_windows(void **state)
{
    (void)state;
    run_plan(&(struct plan){.seed = seed_of(6),
                            .connections = 8,
                            .bytes = 50000,
                            .delay = 2 * MS,
                            .loss = PPM / 200,
                            .rcv_buf = 5000,
                            .every = 2 * MS},
             300);
}

/* What the peer was told to be received, and the kernel to be sent, is so. */
static void dies_and_nothing_is_lost(void **state)
{
    (void)state;
    run_plan(&(struct plan){.seed = seed_of(7),
                            .connections = 16,
                            .bytes = 50000,
                            .delay = 2 * MS,
                            .loss = PPM / 200,
                            .life = 200 * MS,
                            .every = MS},
             100);
}

/* What the kernel was told too early it is told truly in the end, as long as nothing dies. */
static void moves_with_early_acknowledgments(void **state)
{
    (void)state;
    run_plan(&(struct plan){.seed = seed_of(9),
                            .connections = 8,
                            .bytes = 100000,
                            .delay = 2 * MS,
                            .loss = PPM / 100,
                            .reorder = PPM / 100,
                            .tap_loss = PPM / 1000,
                            .every = 2 * MS,
                            .early_ack = true},
             300);
}

static void moves_with_early_acknowledgments_and_small_windows(void **state)
{
    (void)state;
    run_plan(&(struct plan){.seed = seed_of(10),
                            .connections = 8,
                            .bytes = 50000,
                            .delay = 2 * MS,
                            .loss = PPM / 200,
                            .rcv_buf = 5000,
                            .every = 2 * MS,
                            .early_ack = true},
             200);
}

/* If it dies, connections are lost for which all goes well without; but nothing wrong arrives. */
static void dies_and_early_acknowledgments_are_lost(void **state)
{
    const struct plan plan = {.seed = seed_of(7),
                              .connections = 16,
                              .bytes = 50000,
                              .delay = 2 * MS,
                              .loss = PPM / 200,
                              .life = 200 * MS,
                              .every = MS,
                              .early_ack = true};
    struct world w;
    bool is_so;

    (void)state;
    make(&w, &plan);
    play(&w);
    is_so = w.result.bytes_wrong == 0 && w.nic.deaths > 0 && w.result.connections_finished > 0 &&
            (w.result.resets > 0 || w.result.stalls > 0 || has_flows(&w));
    print(&w);
    unmake(&w);
    assert_true(is_so);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary),
        cmocka_unit_test(moves),
        cmocka_unit_test(moves_seldom),
        cmocka_unit_test(moves_on_a_bad_wire),
        cmocka_unit_test(moves_over_ipv6),
        cmocka_unit_test(moves_on_a_vlan),
        cmocka_unit_test(moves_of_large_frames),
        cmocka_unit_test(moves_with_a_full_tap),
        cmocka_unit_test(moves_with_small_windows),
        cmocka_unit_test(dies_and_nothing_is_lost),
        cmocka_unit_test(moves_with_early_acknowledgments),
        cmocka_unit_test(moves_with_early_acknowledgments_and_small_windows),
        cmocka_unit_test(dies_and_early_acknowledgments_are_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
