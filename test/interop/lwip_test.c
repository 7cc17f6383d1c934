/* SPDX-License-Identifier: MIT */
/*
 * Interoperation with lwIP, in virtual time.
 *
 * A machine of ours stands at one end of a simulated link and lwIP, as Debian builds it, at the
 * other: frames go from memory to memory. The load is that of `toe stress`: connections of every
 * kind, over IPv4 and IPv6, opened from either end, with every byte compared, and moved into the
 * target and back while data flows. Each road is run in a process of its own, because lwIP has one
 * state only. What was seen is printed as a table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lwip/init.h>
#include <lwip/opt.h>

#include "emu/stress_machine.h"
#include "emu/stress_sums.h"
#include "interop/lwip_peer.h"

#define PLAY_TIME (60 * TOE_NS_PER_SEC)
#define DRAIN_TIME (900 * TOE_NS_PER_SEC)
#define SLICE (100 * TOE_NS_PER_MS)
#define DELAY (2 * TOE_NS_PER_MS)

enum {
    CONNECTIONS = 64,
    SEED = 1,
};

/* What is special about a road. Chances are in parts per million. */
struct road {
    const char *name;
    uint32_t loss, reorder, duplicate, corrupt, mark;
    uint32_t rcv_buf; /* ours */
    uint32_t without; /* EMU_WITHOUT_*: ours, too */
};

static const struct road roads[] = {
    {"clean", 0, 0, 0, 0, 0, 65536, 0},
    {"loss", 20000, 0, 0, 0, 0, 65536, 0},
    {"reordering", 0, 50000, 0, 0, 0, 65536, 0},
    {"duplication", 0, 0, 50000, 0, 0, 65536, 0},
    {"our window small", 0, 0, 0, 0, 0, 3000, 0},
    {"we offer nothing", 10000, 0, 0, 0, 0, 65536, EMU_WITHOUT_ALL},
    {"all at once", 10000, 20000, 20000, 5000, 50000, 16384, 0},
};

struct outcome {
    struct emu_stress_result stress;
    struct emu_peer_result peer;
    struct lwip_peer_seen seen;
    struct toe_sim_stats link;
};

struct world {
    struct toe_sim *sim;
    struct toe_sim_link *link;
    struct emu_stress_settings settings;
    struct emu_stress_machine machine;
    struct toe_sim_machine node;
    struct emu_lwip *lwip;
    struct lwip_peer *peer;
};

/* --- a run --- */

static void make_link(struct world *world, const struct road *road)
{
    const struct toe_sim_link_settings link = {
        .rate = 100000000,
        .delay = DELAY,
        .queue = 1000,
        .mtu = 1500,
        .loss = road->loss,
        .reorder = road->reorder,
        .reorder_delay = 2 * DELAY,
        .duplicate = road->duplicate,
        .corrupt = road->corrupt,
        .mark = road->mark,
    };

    world->sim = toe_sim_new(&(struct toe_sim_settings){.seed = SEED});
    assert_non_null(world->sim);
    world->link = toe_sim_link_new(world->sim, &link);
    assert_non_null(world->link);
}

static void make_machine(struct world *world, const struct road *road, struct outcome *outcome)
{
    struct emu_stress_settings *set = &world->settings;
    static const uint8_t mac[TOE_MAC_LEN] = {0x02, 0, 0, 0, 0x77, 1};
    void *end = toe_sim_link_end(world->link, 0);
    struct emu_load_settings load = {
        .name = "A",
        .result = &outcome->stress,
        .seed = SEED,
        .open_cnt = CONNECTIONS / 2,
        .call_cnt = CONNECTIONS / 2,
        .counts_accepted = true,
        .open_for = PLAY_TIME,
        .peer_port = EMU_PEER_PORT,
        .port = EMU_PEER_PORT,
        .loss = road->loss + road->corrupt,
        .moves = true,
    };

    emu_stress_settings_default(set);
    set->connections = CONNECTIONS;
    set->offload_every = 0.5;
    set->upload_every = 0.5;
    set->rcv_buf = road->rcv_buf;
    set->without = road->without;
    set->ecn = true;
    load.mix.bytes = set->bytes;
    load.peer[0] = set->peer[0];
    load.peer[1] = set->peer[1];
    assert_true(emu_stress_machine_init(&world->machine, set, NULL, toe_sim_wire_ops(), end, mac,
                                        set->address, &load));
    world->node = (struct toe_sim_machine){
        .host = world->machine.host,
        .ops = world->machine.drivers.top.ops,
        .target = world->machine.drivers.top.target,
        .application = emu_load_run,
        .user = world->machine.load,
    };
    assert_true(toe_sim_machine_add(world->sim, &world->node, end) >= 0);
}

static void make_lwip(struct world *world, struct outcome *outcome)
{
    void *end = toe_sim_link_end(world->link, 1);
    const struct emu_lwip_settings settings = {
        .wire = toe_sim_wire_ops(),
        .wire_user = end,
        .mac = {0x02, 0, 0, 0, 0x77, 2},
        .address = {world->settings.peer[0], world->settings.peer[1]},
        .prefix_len = 24,
        .mtu = 1500,
        .seed = SEED,
    };
    struct toe_sim_node node;

    world->lwip = emu_lwip_new(&settings);
    assert_non_null(world->lwip);
    world->peer = lwip_peer_new(world->lwip, &outcome->peer);
    assert_non_null(world->peer);
    node = lwip_peer_node(world->peer);
    assert_true(toe_sim_node_add(world->sim, &node, end) >= 0);
}

/* Goes on until nothing is left by |measure|, or for |limit|. */
static void go(struct world *world, toe_duration limit, uint64_t (*measure)(struct world *world))
{
    const toe_instant until = toe_sim_now(world->sim) + limit;

    while (toe_sim_now(world->sim) < until && measure(world) > 0) {
        assert_true(toe_sim_run(world->sim, toe_sim_now(world->sim) + SLICE));
    }
}

static uint64_t flows(struct world *world)
{
    return emu_load_flow_cnt(world->machine.load);
}

static uint64_t left(struct world *world)
{
    return emu_stress_machine_left(&world->machine, false);
}

static void run(const struct road *road, struct outcome *outcome)
{
    struct world world = {0};

    make_link(&world, road);
    make_machine(&world, road, outcome);
    make_lwip(&world, outcome);
    assert_true(toe_sim_run(world.sim, PLAY_TIME));
    emu_load_drain(world.machine.load, PLAY_TIME);
    world.node.application_at = PLAY_TIME;
    go(&world, DRAIN_TIME, flows);
    toe_host_policy_set(world.machine.host, TOE_POLICY_MANUAL);
    go(&world, DRAIN_TIME, left);
    emu_stress_drivers_end(&world.machine.drivers);

    emu_sums_add(&outcome->stress, world.machine.host, toe_target_ops(), world.machine.target);
    outcome->stress.leftover = left(&world);
    outcome->stress.digest = toe_sim_digest(world.sim);
    lwip_peer_seen_get(world.peer, &outcome->seen);
    toe_sim_stats_get(world.sim, &outcome->link);
    emu_stress_judge(&outcome->stress, &world.settings, false);
    lwip_peer_del(world.peer);
    emu_stress_machine_fini(&world.machine);
    emu_lwip_del(world.lwip);
    toe_sim_del(world.sim);
}

/* Runs road |idx| in this process, the child of run_afresh(), and says what came of it. */
static int run_here(size_t idx)
{
    static struct outcome outcome;

    run(&roads[idx], &outcome);
    return write(STDOUT_FILENO, &outcome, sizeof(outcome)) == (ssize_t)sizeof(outcome) ? 0 : 1;
}

/* Runs road |idx| in a process whose lwIP has not been used. */
static void run_afresh(size_t idx, struct outcome *outcome)
{
    char number[8];
    int ends[2];
    int status = 0;
    pid_t pid;

    (void)snprintf(number, sizeof(number), "%zu", idx);
    assert_int_equal(pipe(ends), 0);
    (void)fflush(stdout);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)execl("/proc/self/exe", "lwip_test", number, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    if (read(ends[0], outcome, sizeof(*outcome)) != (ssize_t)sizeof(*outcome)) {
        fail_msg("%s: the run ended without a word", roads[idx].name);
    }
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* --- what must have come of it --- */

static void check_ends(const struct road *road, const struct outcome *outcome)
{
    const struct emu_stress_result *stress = &outcome->stress;
    const struct emu_peer_result *peer = &outcome->peer;

    if (stress->verdict != EMU_VERDICT_PASS || peer->fault[0] != '\0') {
        fail_msg("%s: %s; lwIP: %s", road->name, stress->fault, peer->fault);
    }
    assert_int_equal(stress->resets + stress->refused + stress->stalls + stress->breaches, 0);
    assert_int_equal(stress->bytes_wrong + peer->bytes_wrong, 0);
    assert_int_equal(peer->resets + peer->unopened + peer->unfinished, 0);
    assert_true(stress->offloads > 100 && stress->uploads > 100);
    assert_true(stress->host.offloaded_with_unacked > 0 && stress->host.uploaded_with_unacked > 0);
}

/* Everybody agreed upon what lwIP was built for and we offer, and every class carried data both
 * ways. */
static void check_classes(const struct road *road, const struct outcome *outcome)
{
    const uint32_t both = EMU_WITHOUT_ALL & ~road->without;

    for (int i = 0; i < 4; ++i) {
        const struct emu_stress_class *class = &outcome->stress.classes[i / 2][i % 2];

        assert_true(class->asked > 10 && class->finished > 10);
        assert_true(class->sent > 100000 && class->received > 100000);
        assert_int_equal(class->sack,
                         LWIP_TCP_SACK_OUT && (both & EMU_WITHOUT_SACK) != 0 ? class->asked : 0);
        assert_int_equal(class->timestamps,
                         LWIP_TCP_TIMESTAMPS && (both & EMU_WITHOUT_TIMESTAMPS) != 0 ? class->asked
                                                                                     : 0);
        assert_int_equal(class->window_scaling,
                         LWIP_WND_SCALE && (both & EMU_WITHOUT_WINDOW_SCALING) != 0 ? class->asked
                                                                                    : 0);
        assert_int_equal(class->ecn, 0);
    }
}

/* The connections went through what there is to go through, and so did the frames. */
static void check_variety(const struct road *road, const struct outcome *outcome)
{
    assert_true(outcome->seen.sent_after_fin > 0 && outcome->seen.received_after_fin > 0);
    assert_true(outcome->seen.window_closed > 0 && outcome->seen.closed_window > 0);
    assert_true(outcome->stress.resets_wanted > 0 && outcome->peer.resets_wanted > 0);
    assert_int_equal(road->loss > 0, outcome->link.lost > 0);
    assert_int_equal(road->reorder > 0, outcome->link.reordered > 0);
    assert_int_equal(road->duplicate > 0, outcome->link.duplicated > 0);
    /* lwIP does not take part in ECN, so nothing may be marked. */
    assert_int_equal(outcome->link.marked, 0);
}

static uint64_t resent(const struct outcome *outcome)
{
    return outcome->stress.host.retransmitted +
           outcome->stress.target.tcp[0].retransmitted_segments +
           outcome->stress.target.tcp[1].retransmitted_segments;
}

static void print_row(const struct road *road, const struct outcome *outcome)
{
    const struct emu_stress_class(*classes)[2] = outcome->stress.classes;

    printf("| %s | %llu / %llu | %llu / %llu | %llu | %llu | %llu / %llu | %llu / %llu | "
           "%llu / %llu | %llu |\n",
           road->name, (unsigned long long)classes[0][0].finished,
           (unsigned long long)classes[0][1].finished, (unsigned long long)classes[1][0].finished,
           (unsigned long long)classes[1][1].finished,
           (unsigned long long)(outcome->stress.bytes + outcome->peer.bytes) / 1000,
           (unsigned long long)(outcome->stress.offloads + outcome->stress.uploads),
           (unsigned long long)outcome->seen.received_after_fin,
           (unsigned long long)outcome->seen.sent_after_fin,
           (unsigned long long)outcome->peer.resets_wanted,
           (unsigned long long)outcome->stress.resets_wanted,
           (unsigned long long)outcome->seen.window_closed,
           (unsigned long long)outcome->seen.closed_window, (unsigned long long)resent(outcome));
}

static void test_roads(void **state)
{
    (void)state;
    printf("lwIP %s: TCP_MSS %d, TCP_WND %d, TCP_SND_BUF %d, window scaling %d (shift %d), SACK "
           "%d, timestamps %d\n\n",
           LWIP_VERSION_STRING, TCP_MSS, TCP_WND, TCP_SND_BUF, LWIP_WND_SCALE, TCP_RCV_SCALE,
           LWIP_TCP_SACK_OUT, LWIP_TCP_TIMESTAMPS);
    printf("| road | IPv4, opened by us / lwIP | IPv6 | KB | moves | half-closed by lwIP / us | "
           "reset by us / lwIP | our / its window closed | resent by us |\n"
           "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof(roads) / sizeof(roads[0]); ++i) {
        struct outcome outcome;

        run_afresh(i, &outcome);
        print_row(&roads[i], &outcome);
        check_ends(&roads[i], &outcome);
        check_classes(&roads[i], &outcome);
        check_variety(&roads[i], &outcome);
    }
}

/* lwIP lives in the simulation's time: the same seed gives the same frames at the same instants. */
static void test_repeats(void **state)
{
    const size_t last = sizeof(roads) / sizeof(roads[0]) - 1;
    struct outcome outcomes[2];

    (void)state;
    run_afresh(last, &outcomes[0]);
    run_afresh(last, &outcomes[1]);
    assert_int_equal(outcomes[0].stress.digest, outcomes[1].stress.digest);
    assert_int_equal(outcomes[0].link.frames, outcomes[1].link.frames);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roads),
        cmocka_unit_test(test_repeats),
    };

    if (argc > 1) {
        const size_t idx = strtoul(argv[1], NULL, 10);

        return idx < sizeof(roads) / sizeof(roads[0]) ? run_here(idx) : 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
