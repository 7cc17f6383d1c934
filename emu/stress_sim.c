/* SPDX-License-Identifier: MIT */
/*
 * The simulated stress run: two machines of ours on one link, in virtual time. With a course they
 * have a second NIC each, on a link of its own.
 */
#include <string.h>

#include "capture.h"
#include "chronicle.h"
#include "pump.h"
#include "stress_machine.h"
#include "stress_sums.h"
#include "swarm/ladder.h"
#include "swarm/player.h"
#include "swarm/soak.h"
#include "toe/sim.h"

/*
 * Between two looks at the real world; in a soak, which is long, so small a part of it is enough.
 * It changes nothing of what happens in the simulated one.
 */
#define SLICE (100 * TOE_NS_PER_MS)
#define SOAK_SLICES 10000
/* Connections have so long to finish, and what closes by itself after that. */
#define DRAIN_TIME (900 * TOE_NS_PER_SEC)
#define SETTLE_TIME (900 * TOE_NS_PER_SEC)

/* Chance in a million: what it comes to when frames are lost for a while. */
#define LOSS_IN_GAPS 100000

/*
 * What a machine may take: so much, and for each connection that there ever was so many times the
 * buffer for sending and that for receiving, as they move between host and target.
 */
#define MEMORY_BASE (64u << 20)
#define MEMORY_BUFFERS 2

/* The last but one byte of the support NICs' IPv4 addresses. */
#define SUPPORT_NET 1

/* Real seconds between two progress reports. */
#define PROGRESS_TIME 0.5

/* A machine with two NICs, and what its test target's deadlines tell. */
struct twin {
    struct emu_stress_machine *machine;
    struct toe_sim_machine *node;
    struct emu_stress_result *result;
};

struct run {
    const struct emu_stress_settings *settings;
    struct emu_stress_result *result;
    struct toe_sim *sim;
    struct toe_sim_link *link;
    struct toe_sim_link_settings link_settings;
    struct toe_sim_link *support; /* with a course only */
    uint32_t phase;               /* of it, that begins next; behind the last one it ends */
    struct emu_capture *capture;
    struct emu_stress_machine machines[2];
    struct emu_road *roads[2];
    struct emu_weather weather[2];
    struct toe_sim_machine nodes[2];
    struct twin twins[2];           /* with a course only */
    struct emu_swarm_player player; /* with a schedule only, as are the rations */
    struct emu_ration rations[2];
    struct emu_lost lost;
    double began;
    double began_cpu;
    double reported;
};

static struct toe_addr address_of(uint8_t family, uint8_t machine)
{
    struct toe_addr addr = {.family = family};
    static const uint8_t net4[] = {10, 77, 0};
    static const uint8_t net6[] = {0xfd, 0x77};

    if (family == 4) {
        memcpy(addr.bytes, net4, sizeof(net4));
        addr.bytes[3] = (uint8_t)(machine + 1);
    } else {
        memcpy(addr.bytes, net6, sizeof(net6));
        addr.bytes[15] = (uint8_t)(machine + 1);
    }
    return addr;
}

/*
 * The chance that a frame does not arrive, for the patience of the load. A neighbor that has moved
 * is not heard for half a minute, if its announcement is lost; by then a connection whose link
 * flaps has backed off to minutes between two retransmissions.
 */
static uint32_t loss_of(const struct emu_stress_settings *set)
{
    const uint32_t gaps = 1u << (TOE_INTER_FAULT_CNT + EMU_WEATHER_MOVE) |
                          1u << (TOE_INTER_FAULT_CNT + EMU_WEATHER_FLAP);

    return (set->chaos & gaps) != 0 || set->schedule != NULL ? LOSS_IN_GAPS
                                                             : set->loss + set->corrupt;
}

static struct emu_road *make_road(struct run *run, uint8_t idx, const uint8_t mac[TOE_MAC_LEN],
                                  const struct toe_addr address[2])
{
    struct emu_road_settings set = {.link = run->link,
                                    .end = idx,
                                    .address = {address[0], address[1]},
                                    .mtu = run->settings->mtu,
                                    .is_silent = run->settings->mtu_probing != TOE_MTU_PROBING_OFF};

    memcpy(set.mac, mac, TOE_MAC_LEN);
    run->roads[idx] = emu_road_new(&set);
    return run->roads[idx];
}

static toe_instant twin_deadline(void *user)
{
    struct twin *twin = user;
    const toe_instant support = toe_target_ops()->deadline(twin->machine->support);
    const toe_instant machine = toe_sim_machine_deadline(twin->node);

    emu_stress_machine_due(twin->machine, twin->result);
    return support < machine ? support : machine;
}

static void twin_run(void *user, toe_instant now)
{
    struct twin *twin = user;
    struct emu_stress_seam *seam = &twin->result->seam;
    struct toe_target *support = twin->machine->support;

    if (twin->machine->due != 0 && twin->machine->due <= now) {
        const toe_duration late = now - twin->machine->due;

        ++seam->timers;
        seam->timers_late += late > EMU_PUMP_PUNCTUAL;
        seam->late_max = late > seam->late_max ? late : seam->late_max;
    }
    toe_target_ops()->run(support, now);
    toe_sim_machine_run(twin->node, now);
    if (toe_target_ops()->deadline(support) <= now) {
        toe_target_ops()->run(support, now);
    }
}

static bool add_twin(struct run *run, uint8_t idx, void *end)
{
    struct twin *twin = &run->twins[idx];
    const struct toe_sim_node node = {.user = twin, .deadline = twin_deadline, .run = twin_run};
    int added;

    *twin = (struct twin){
        .machine = &run->machines[idx], .node = &run->nodes[idx], .result = run->result};
    added = toe_sim_node_add(run->sim, &node, end);
    if (added >= 0) {
        toe_sim_node_wire_add(run->sim, added, toe_sim_link_end(run->support, idx));
    }
    return added >= 0;
}

/* Makes the machine a node of the simulation: under a schedule one whose clock can jump. */
static bool add_node(struct run *run, uint8_t idx)
{
    void *end = toe_sim_link_end(run->link, idx);
    struct emu_swarm_part *part = &run->player.parts[idx];
    struct toe_sim_node node;

    run->nodes[idx] = (struct toe_sim_machine){
        .host = run->machines[idx].host,
        .ops = run->machines[idx].drivers.top.ops,
        .target = run->machines[idx].drivers.top.target,
        .application = emu_stress_machine_run,
        .user = &run->machines[idx],
    };
    *part = (struct emu_swarm_part){.machine = &run->machines[idx],
                                    .weather = &run->weather[idx],
                                    .ration = &run->rations[idx],
                                    .node.machine = &run->nodes[idx]};
    if (run->settings->soak != NULL) {
        part->node.ahead = emu_soak_clock(idx);
        run->machines[idx].drivers.began = part->node.ahead;
    }
    if (run->settings->course != NULL) {
        return add_twin(run, idx, end);
    }
    if (run->settings->schedule == NULL) {
        return toe_sim_machine_add(run->sim, &run->nodes[idx], end) >= 0;
    }
    node = emu_swarm_node_ops(&part->node);
    return toe_sim_node_add(run->sim, &node, end) >= 0;
}

/* The second NIC, between machines whose addresses on it end as on the first. */
static bool make_support(struct run *run, uint8_t idx, const struct emu_load_settings *load)
{
    const uint8_t mac[TOE_MAC_LEN] = {0x02, 0, 0, 1, 0x77, (uint8_t)(idx + 1)};
    struct toe_addr local = address_of(4, idx);
    struct toe_addr peer = {.family = 0};

    local.bytes[2] = SUPPORT_NET;
    if (idx == 0) {
        peer = address_of(4, 1);
        peer.bytes[2] = SUPPORT_NET;
    }
    return emu_stress_machine_support(&run->machines[idx], run->settings, toe_sim_wire_ops(),
                                      toe_sim_link_end(run->support, idx), mac, &local, &peer,
                                      load);
}

static bool make_machine(struct run *run, uint8_t idx)
{
    const struct emu_stress_settings *set = run->settings;
    struct toe_addr address[2] = {{0}, {0}};
    struct emu_weather_settings weather = {
        .link = run->link,
        .mac = {0x02, 0, 0, 0, 0x77, (uint8_t)(idx + 1)},
        .kinds = set->chaos >> TOE_INTER_FAULT_CNT,
        .seed = set->seed * 16 + idx * 4u + 8,
    };
    struct emu_load_settings load = {
        .name = idx == 0 ? "A" : "B",
        .result = run->result,
        .seed = set->seed * 16 + idx * 4u,
        .mix = {.bytes = set->bytes},
        .open_cnt = set->schedule != NULL ? 0 : (set->connections + 1 - idx) / 2,
        .open_for = (toe_duration)(set->seconds * (double)TOE_NS_PER_SEC),
        .peer_port = set->peer_port,
        .port = set->peer_port,
        .loss = loss_of(set),
        .moves = set->policy == TOE_POLICY_RANDOM,
        .loses = (set->chaos & EMU_CHAOS_HARDWARE) != 0 ||
                 (set->schedule != NULL && emu_schedule_has_losses(set->schedule)),
        .machine = idx,
        .lost = &run->lost,
        .chronicle = set->chronicle,
    };
    const struct toe_mem mem = emu_ration_mem(&run->rations[idx]);

    for (int i = 0; i < 2; ++i) {
        if (i == 0 ? set->ipv4 : set->ipv6) {
            address[i] = address_of(i == 0 ? 4 : 6, idx);
            load.peer[i] = address_of(i == 0 ? 4 : 6, (uint8_t)(1 - idx));
        }
    }
    weather.road = make_road(run, idx, weather.mac, address);
    if (weather.road == NULL ||
        !emu_stress_machine_init(&run->machines[idx], set, set->schedule != NULL ? &mem : NULL,
                                 emu_road_wire_ops(), weather.road, weather.mac, address, &load)) {
        return false;
    }
    weather.target = run->machines[idx].target;
    emu_weather_init(&run->weather[idx], &weather);
    if (run->support != NULL && !make_support(run, idx, &load)) {
        return false;
    }
    return add_node(run, idx);
}

static bool make(struct run *run)
{
    const struct emu_stress_settings *set = run->settings;
    const toe_duration delay = (toe_duration)(set->delay * (double)TOE_NS_PER_SEC);

    run->link_settings = (struct toe_sim_link_settings){
        .rate = set->rate,
        .delay = delay,
        .queue = 1000,
        .mtu = set->mtu,
        .loss = set->loss,
        .reorder = set->reorder,
        .reorder_delay = delay + TOE_NS_PER_MS,
        .duplicate = set->duplicate,
        .corrupt = set->corrupt,
        .mark = set->mark,
    };

    run->sim = toe_sim_new(&(struct toe_sim_settings){.seed = set->seed});
    run->link = run->sim == NULL ? NULL : toe_sim_link_new(run->sim, &run->link_settings);
    run->player.link = run->link;
    if (run->sim != NULL && set->ladder != NULL) {
        emu_ladder_begin(set->ladder, run->sim, set->peer_port, run->result);
    }
    if (run->link != NULL && set->course != NULL) {
        const struct toe_sim_link_settings quiet = {
            .rate = set->rate, .delay = delay, .mtu = set->mtu};

        run->support = toe_sim_link_new(run->sim, &quiet);
    }
    return run->link != NULL && (run->support != NULL || set->course == NULL) &&
           make_machine(run, 0) && make_machine(run, 1);
}

static void unmake(struct run *run)
{
    emu_stress_machine_fini(&run->machines[0]);
    emu_stress_machine_fini(&run->machines[1]);
    emu_road_del(run->roads[0]);
    emu_road_del(run->roads[1]);
    if (run->sim != NULL) {
        toe_sim_del(run->sim);
    }
    emu_lost_fini(&run->lost);
}

/* Segments of offloaded connections, and frames of others, at a second NIC. */
static uint64_t frames_on(const struct toe_target *support)
{
    struct toe_stats stats = {.size = sizeof(stats)};

    if (support == NULL) {
        return 0;
    }
    toe_target_ops()->stats_get((struct toe_target *)(uintptr_t)support, &stats);
    return stats.frames_passed_up + stats.tcp[0].in_segments;
}

static double cpu_now(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return emu_stress_cpu(&usage);
}

/* Brings the result up to date. */
static void sum_up(struct run *run)
{
    struct toe_sim_stats stats;
    struct emu_stress_result *result = run->result;

    emu_sums_clear(result);
    result->leftover = 0;
    result->seam.support_frames = 0;
    for (int i = 0; i < 2; ++i) {
        emu_sums_add(result, run->machines[i].host, toe_target_ops(), run->machines[i].target);
        emu_stress_drivers_sum(&run->machines[i].drivers);
        for (int k = 0; k < EMU_WEATHER_CNT; ++k) {
            result->injected[TOE_INTER_FAULT_CNT + k] += run->weather[i].cnt[k];
        }
        result->leftover += emu_stress_machine_left(&run->machines[i], true);
        result->seam.support_frames += frames_on(run->machines[i].support);
    }
    toe_sim_stats_get(run->sim, &stats);
    result->frames = stats.frames;
    result->frames_lost = stats.lost + stats.overflowed + stats.too_long + stats.refused;
    result->reordered = stats.reordered;
    result->digest = toe_sim_digest(run->sim);
    result->virtual_seconds = (double)toe_sim_now(run->sim) / (double)TOE_NS_PER_SEC;
    result->wall_seconds = emu_stress_wall() - run->began;
    result->cpu_seconds = cpu_now() - run->began_cpu;
}

static void report(struct run *run)
{
    const double wall = emu_stress_wall();

    if (run->settings->progress == NULL || wall < run->reported + PROGRESS_TIME) {
        return;
    }
    run->reported = wall;
    sum_up(run);
    run->settings->progress(run->settings->user, run->result);
}

/* Has the chronicle told, if there is one; of the end in any case. */
static void chronicle(struct run *run, bool is_end)
{
    struct emu_chronicle *chronicle = run->settings->chronicle;
    const toe_instant now = toe_sim_now(run->sim);

    if (chronicle != NULL && (is_end || emu_chronicle_is_due(chronicle, now))) {
        sum_up(run);
        emu_chronicle_sample(chronicle, run->result, now);
    }
}

static bool is_stopped(const struct run *run)
{
    return run->settings->stop != NULL && *run->settings->stop != 0;
}

static bool has_flows(const struct run *run)
{
    for (int i = 0; i < 2; ++i) {
        const struct emu_stress_machine *machine = &run->machines[i];

        if (emu_load_flow_cnt(machine->load) > 0 ||
            (machine->station != NULL && !emu_station_is_over(machine->station))) {
            return true;
        }
    }
    return false;
}

static bool has_left(const struct run *run)
{
    return emu_stress_machine_left(&run->machines[0], true) +
               emu_stress_machine_left(&run->machines[1], true) >
           0;
}

/* When the next phase of the course begins. */
static toe_instant phase_begin(const struct run *run)
{
    return run->settings->course == NULL || run->phase > emu_course_cnt()
               ? TOE_INSTANT_NEVER
               : emu_course_begin(run->settings->seconds, run->phase);
}

/* The end of the slice that begins now: before the weather or the phase changes, or something is
 * scheduled. */
static toe_instant slice_end(const struct run *run)
{
    const toe_duration time = (toe_duration)(run->settings->seconds * (double)TOE_NS_PER_SEC);
    const toe_duration part = run->settings->soak == NULL ? 0 : time / SOAK_SLICES;
    toe_instant end = toe_sim_now(run->sim) + (part > SLICE ? part : SLICE);
    const toe_instant event = emu_swarm_player_deadline(&run->player);

    end = event < end ? event : end;
    end = phase_begin(run) < end ? phase_begin(run) : end;
    for (int i = 0; i < 2; ++i) {
        const toe_instant due = emu_weather_deadline(&run->weather[i]);

        end = due < end ? due : end;
    }
    return end;
}

/* Has the wire do what a phase of the course says; NULL: nothing more than it does anyway. */
static void set_wire(struct run *run, const struct emu_course_phase *phase)
{
    struct toe_sim_link_settings link = run->link_settings;

    if (phase != NULL) {
        link.loss += phase->loss;
        link.reorder += phase->reorder;
        link.duplicate += phase->duplicate;
        link.corrupt += phase->corrupt;
    }
    toe_sim_link_set(run->link, &link);
}

/* Follows the course, and looks how many connections are offloaded. */
static void follow(struct run *run)
{
    const struct emu_stress_settings *set = run->settings;

    if (set->course == NULL) {
        return;
    }
    for (int i = 0; i < 2; ++i) {
        emu_stress_machine_look(&run->machines[i], run->result);
    }
    while (toe_sim_now(run->sim) >= phase_begin(run)) {
        set_wire(run, run->phase < emu_course_cnt() ? emu_course_phase(run->phase) : NULL);
        if (set->phase != NULL) {
            sum_up(run);
            set->phase(set->user, run->phase, run->result);
        }
        ++run->phase;
    }
}

/* Goes on until |until|, or while |goes_on| says so. Returns false if the run is over. */
static bool go(struct run *run, toe_instant until, bool (*goes_on)(const struct run *run))
{
    while (toe_sim_now(run->sim) < until && (goes_on == NULL || goes_on(run))) {
        const toe_instant slice = slice_end(run);

        if (!toe_sim_run(run->sim, slice < until ? slice : until)) {
            emu_load_fault(run->result, "livelock at %.6f s",
                           (double)toe_sim_now(run->sim) / (double)TOE_NS_PER_SEC);
            return false;
        }
        for (int i = 0; i < 2; ++i) {
            emu_weather_run(&run->weather[i], toe_sim_now(run->sim));
        }
        emu_swarm_player_run(&run->player, toe_sim_now(run->sim));
        follow(run);
        if (run->settings->soak != NULL) {
            emu_soak_look(run->settings->soak, toe_sim_now(run->sim),
                          run->rations[0].in_use + run->rations[1].in_use);
        }
        report(run);
        chronicle(run, false);
        if (is_stopped(run)) {
            return false;
        }
    }
    return true;
}

static void play(struct run *run)
{
    const toe_instant end = (toe_instant)(run->settings->seconds * (double)TOE_NS_PER_SEC);

    follow(run);
    if (!go(run, end, NULL)) {
        return;
    }
    for (int i = 0; i < 2; ++i) {
        emu_weather_clear(&run->weather[i]);
        const toe_instant now = end + run->player.parts[i].node.ahead;

        emu_load_drain(run->machines[i].load, now);
        if (run->machines[i].station != NULL) {
            emu_station_finish(run->machines[i].station);
        }
        run->nodes[i].application_at = now;
    }
    if (!go(run, end + DRAIN_TIME, has_flows)) {
        return;
    }
    run->result->busy_seconds = (double)toe_sim_now(run->sim) / (double)TOE_NS_PER_SEC;
    for (int i = 0; i < 2; ++i) {
        if (run->settings->policy == TOE_POLICY_RANDOM) {
            toe_host_policy_set(run->machines[i].host, TOE_POLICY_MANUAL);
        }
    }
    if (go(run, toe_sim_now(run->sim) + SETTLE_TIME, has_left)) {
        emu_stress_drivers_end(&run->machines[0].drivers);
        emu_stress_drivers_end(&run->machines[1].drivers);
    }
}

/* After the run: whether too much memory was taken, or not all of it given back. */
static void check_memory(struct run *run)
{
    const size_t buffers = MEMORY_BUFFERS * (EMU_STRESS_SND_BUF + (size_t)run->settings->rcv_buf);
    const size_t most = MEMORY_BASE + buffers * run->result->connections_opened;

    for (int i = 0; i < 2; ++i) {
        if (run->rations[i].peak > most) {
            emu_load_fault(run->result, "machine %c: %zu bytes of memory were taken", 'A' + i,
                           run->rations[i].peak);
        }
        if (run->rations[i].in_use != 0) {
            emu_load_fault(run->result, "machine %c: %zu bytes of memory were not given back",
                           'A' + i, run->rations[i].in_use);
        }
    }
}

int emu_stress_sim_run(struct emu_stress_result *result, const struct emu_stress_settings *settings)
{
    struct run run = {.settings = settings,
                      .result = result,
                      .player = {.schedule = settings->schedule, .settings = settings},
                      .began = emu_stress_wall(),
                      .began_cpu = cpu_now()};
    struct emu_error error;

    memset(result, 0, sizeof(*result));
    result->seed = settings->seed;
    if (!make(&run)) {
        unmake(&run);
        emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "not enough memory for the simulation");
        return emu_error_print(&error);
    }
    if (settings->capture != NULL) {
        run.capture = emu_capture_open(settings->capture, EMU_CAPTURE_VIRTUAL, &error);
        if (run.capture == NULL) {
            unmake(&run);
            return emu_error_print(&error);
        }
        emu_capture_sim(run.capture, run.sim);
    }
    if (settings->chronicle != NULL) {
        emu_chronicle_begin(settings->chronicle, toe_sim_now(run.sim));
    }
    if (settings->soak != NULL) {
        emu_soak_begin(settings->soak, run.sim);
    }
    play(&run);
    sum_up(&run);
    chronicle(&run, true);
    if (run.capture != NULL) {
        toe_sim_tap_set(run.sim, NULL, NULL);
        if (!emu_capture_close(run.capture, &error)) {
            unmake(&run);
            return emu_error_print(&error);
        }
    }
    unmake(&run);
    check_memory(&run);
    if (settings->soak != NULL) {
        emu_soak_judge(settings->soak, result);
    }
    emu_stress_judge(result, settings, is_stopped(&run));
    if (settings->ladder != NULL) {
        emu_ladder_end(settings->ladder);
    }
    return result->verdict == EMU_VERDICT_PASS ? EMU_EXIT_OK : EMU_EXIT_FAULT;
}
