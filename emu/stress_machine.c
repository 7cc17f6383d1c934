/* SPDX-License-Identifier: MIT */
#include "stress_machine.h"

#include <string.h>
#include <time.h>

#include "pump.h"
#include "stress_sums.h"

/* Of the network between the second NICs. */
#define SUPPORT_PREFIX 24

static toe_duration duration(double seconds)
{
    return (toe_duration)(seconds * (double)TOE_NS_PER_SEC);
}

static struct toe_host *make_host(const struct emu_stress_settings *settings,
                                  const struct toe_mem *mem, uint64_t seed)
{
    struct toe_host_settings set;

    toe_host_settings_default(&set);
    set.mem = mem != NULL ? *mem : set.mem;
    set.seed = seed;
    set.policy = settings->policy;
    set.ecn = settings->ecn ? TOE_ECN_ON : set.ecn;
    set.accurate_ecn = settings->accurate_ecn;
    set.tuning.mtu_probing = settings->mtu_probing;
    set.receive_mode = settings->receive_mode;
    set.policy_in_host = duration(settings->offload_every);
    set.policy_offloaded = duration(settings->upload_every);
    set.conn_max = 65536 + 16 * settings->connections;
    set.snd_buf = EMU_STRESS_SND_BUF;
    set.rcv_buf = settings->rcv_buf;
    set.bus = settings->bus;
    if (settings->stale > 0) {
        set.params.nce_stale_ticks =
            (uint32_t)(settings->stale * (double)set.params.ticks_per_second);
    }
    set.timestamps = (settings->without & EMU_WITHOUT_TIMESTAMPS) == 0;
    set.sack = (settings->without & EMU_WITHOUT_SACK) == 0;
    set.window_scaling = (settings->without & EMU_WITHOUT_WINDOW_SCALING) == 0;
    set.keep_alive = true;
    set.ka_timeout = (uint32_t)(settings->keep_alive * set.params.ticks_per_second);
    set.ka_interval = 5 * set.params.ticks_per_second;
    set.ka_probe_cnt = 10;
    set.syn_retries = 10;
    return toe_host_new(&set);
}

static struct toe_target *make_target(const struct emu_stress_settings *settings,
                                      const struct toe_mem *mem, uint64_t seed,
                                      const struct toe_wire_ops *wire, void *wire_user,
                                      const uint8_t mac[TOE_MAC_LEN])
{
    struct toe_target_settings set;

    toe_target_settings_default(&set);
    set.mem = mem != NULL ? *mem : set.mem;
    set.wire = wire;
    set.wire_user = wire_user;
    set.seed = seed;
    set.tuning.mtu_probing = settings->mtu_probing;
    memcpy(set.mac, mac, TOE_MAC_LEN);
    set.bus = settings->bus;
    if (settings->tcp_max != 0) {
        set.tcp_max = settings->tcp_max;
    } else if (set.tcp_max < 2 * settings->connections) {
        set.tcp_max = 2 * settings->connections;
    }
    return toe_target_new(&set);
}

static bool attach(struct emu_stress_machine *machine, const struct emu_stress_settings *settings,
                   const struct toe_addr address[2])
{
    const struct toe_host_interface interface = {.ops = machine->drivers.top.ops,
                                                 .target = machine->drivers.top.target,
                                                 .mtu = settings->mtu,
                                                 .vlan_id = settings->vlan_id};
    const int index = toe_host_interface_add(machine->host, &interface);

    if (index < 0) {
        return false;
    }
    for (int i = 0; i < 2; ++i) {
        if (address[i].family != 0 &&
            toe_host_address_add(machine->host, index, &address[i], settings->prefix_len[i]) != 0) {
            return false;
        }
    }
    return true;
}

bool emu_stress_machine_init(struct emu_stress_machine *machine,
                             const struct emu_stress_settings *settings, const struct toe_mem *mem,
                             const struct toe_wire_ops *wire, void *wire_user,
                             const uint8_t mac[TOE_MAC_LEN], const struct toe_addr address[2],
                             const struct emu_load_settings *load)
{
    struct emu_load_settings load_settings = *load;
    struct toe_inter_below target = {toe_target_ops(), NULL};

    *machine = (struct emu_stress_machine){0};
    machine->target = make_target(settings, mem, load->seed + 1, wire, wire_user, mac);
    machine->host = make_host(settings, mem, load->seed + 2);
    target.target = machine->target;
    if (machine->host != NULL && machine->target != NULL &&
        emu_stress_drivers_init(&machine->drivers, settings, load->name, target, load->seed + 3,
                                load->result) &&
        attach(machine, settings, address)) {
        load_settings.host = machine->host;
        machine->load = emu_load_new(&load_settings);
    }
    if (machine->load == NULL) {
        emu_stress_machine_fini(machine);
        return false;
    }
    return true;
}

bool emu_stress_machine_support(struct emu_stress_machine *machine,
                                const struct emu_stress_settings *settings,
                                const struct toe_wire_ops *wire, void *wire_user,
                                const uint8_t mac[TOE_MAC_LEN], const struct toe_addr *local,
                                const struct toe_addr *peer, const struct emu_load_settings *load)
{
    const struct emu_station_settings station = {
        .stress = settings,
        .host = machine->host,
        .load = machine->load,
        .result = load->result,
        .peer = *peer,
        .local = *local,
        .pace = {.open_cnt = load->open_cnt, .call_cnt = load->call_cnt, .mix = load->mix},
    };
    struct toe_host_interface interface = {.ops = toe_target_ops(), .mtu = settings->mtu};
    int index;

    machine->support = make_target(settings, NULL, load->seed + 4, wire, wire_user, mac);
    if (machine->support == NULL) {
        return false;
    }
    interface.target = machine->support;
    index = toe_host_interface_add(machine->host, &interface);
    if (index < 0 || toe_host_address_add(machine->host, index, local, SUPPORT_PREFIX) != 0) {
        return false;
    }
    machine->station = emu_station_new(&station);
    return machine->station != NULL;
}

toe_instant emu_stress_machine_run(void *user, toe_instant now)
{
    struct emu_stress_machine *machine = user;
    const toe_instant due =
        machine->station == NULL ? TOE_INSTANT_NEVER : emu_station_run(machine->station, now);
    const toe_instant load = emu_load_run(machine->load, now);

    return due < load ? due : load;
}

void emu_stress_machine_due(struct emu_stress_machine *machine, struct emu_stress_result *result)
{
    const toe_instant due = toe_target_ops()->deadline(machine->target);

    if (due != machine->due && due != 0 && due != TOE_INSTANT_NEVER) {
        ++result->seam.deadlines;
        result->seam.deadlines_fine += due % EMU_PUMP_PUNCTUAL != 0;
    }
    machine->due = due;
}

void emu_stress_machine_look(const struct emu_stress_machine *machine,
                             struct emu_stress_result *result)
{
    struct toe_stats stats = {.size = sizeof(stats)};
    struct toe_caps caps = {.size = sizeof(caps)};

    toe_target_ops()->caps_get(machine->target, &caps);
    result->seam.offloaded_max = caps.tcp_max;
    toe_target_ops()->stats_get(machine->target, &stats);
    if (stats.tcp_cnt > result->seam.offloaded_peak) {
        result->seam.offloaded_peak = stats.tcp_cnt;
    }
}

void emu_stress_machine_fini(struct emu_stress_machine *machine)
{
    emu_station_del(machine->station);
    emu_load_del(machine->load);
    if (machine->host != NULL) {
        toe_host_del(machine->host);
    }
    emu_stress_drivers_fini(&machine->drivers);
    if (machine->target != NULL) {
        toe_target_del(machine->target);
    }
    if (machine->support != NULL) {
        toe_target_del(machine->support);
    }
    *machine = (struct emu_stress_machine){0};
}

uint64_t emu_stress_machine_left(const struct emu_stress_machine *machine, bool time_wait_counts)
{
    const uint64_t left =
        emu_sums_left(machine->host, toe_target_ops(), machine->target, 1, time_wait_counts);
    struct toe_stats stats = {.size = sizeof(stats)};

    if (machine->support != NULL) {
        toe_target_ops()->stats_get(machine->support, &stats);
    }
    return left + stats.tcp_cnt + stats.path_links + stats.neighbor_links + stats.bufs_indicated;
}

void emu_stress_judge(struct emu_stress_result *result, const struct emu_stress_settings *settings,
                      bool interrupted)
{
    if (result->bytes_wrong != 0) {
        emu_load_fault(result, "%llu bytes were wrong", (unsigned long long)result->bytes_wrong);
    }
    if (!interrupted && result->leftover != 0) {
        emu_load_fault(result, "%llu connections or links are left over",
                       (unsigned long long)result->leftover);
    }
    /* What a schedule opens may be refused all of it, for want of memory. */
    if (!interrupted && result->connections_opened == 0 &&
        (settings->schedule == NULL || result->refused == 0)) {
        emu_load_fault(result, "no connection was opened");
    }
    if (result->fault[0] != '\0') {
        result->verdict = EMU_VERDICT_FAIL;
    } else {
        result->verdict = interrupted ? EMU_VERDICT_INTERRUPTED : EMU_VERDICT_PASS;
    }
}

double emu_stress_wall(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double emu_stress_cpu(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}
