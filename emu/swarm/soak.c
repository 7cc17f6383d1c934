/* SPDX-License-Identifier: MIT */
#include "swarm/soak.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "plan.h"
#include "stress_load.h"

/* Connections that carry most, and of how many that are open at once one lasts to the end. */
enum { BULK_CNT = 4, IDLE_ONE_IN = 4 };

/* Idle connections are probed so often. */
#define KEEP_ALIVE 600.0

/* What may be more: a share, and for the sake of short soaks some bytes. */
#define SLACK_SHARE 0.05
#define SLACK_TAKEN (512u << 10)
#define SLACK_RESIDENT (4u << 20)

/* Events of a kind, for so many connections. */
static const struct {
    uint8_t what; /* and those behind it, |cnt| in all */
    uint8_t cnt;
    uint16_t events;
    uint16_t connections;
} rates[] = {
    {EMU_SWARM_OFFLOAD, 1, 2, 1},
    {EMU_SWARM_UPLOAD, 1, 1, 1},
    {EMU_SWARM_OFFLOAD_MANY, 2, 1, 100},
    {EMU_SWARM_LOSE, 4, 1, 4},
    {EMU_SWARM_JUMP, 1, 1, 1000},
    {EMU_SWARM_CHAOS + TOE_INTER_FAULT_REFUSE_NEIGHBOR, 6, 1, 100},
    {EMU_SWARM_CHAOS + TOE_INTER_FAULT_PAUSE, 2, 1, 1000},
    {EMU_SWARM_CHAOS + TOE_INTER_FAULT_REFUSE_INDICATION, 3, 1, 20},
    {EMU_SWARM_CHAOS + TOE_INTER_FAULT_LINK_LOSS, 1, 1, 1000},
    /* Capabilities that change may keep all that follow in the host. */
    {EMU_SWARM_CHAOS + TOE_INTER_FAULT_CNT, EMU_WEATHER_CAPS, 1, 1000},
};

/* --- the schedule --- */

static void draw_settings(struct emu_stress_settings *set, uint64_t connections)
{
    const double open = (double)set->connections * set->seconds;

    set->policy = TOE_POLICY_MANUAL;
    set->chaos = 0;
    set->keep_alive = KEEP_ALIVE;
    set->stretch = emu_plan_stretch(open / (double)connections);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void emu_soak_draw(struct emu_schedule *schedule, struct emu_stress_settings *settings,
                   const struct emu_soak_settings *soak)
{
    const toe_duration time = (toe_duration)(settings->seconds * (double)TOE_NS_PER_SEC);
    const uint64_t bulk = least(BULK_CNT, soak->connections);
    const uint64_t idle = least(settings->connections / IDLE_ONE_IN, soak->connections - bulk);
    struct emu_random random = {.state = settings->seed};

    draw_settings(settings, soak->connections);
    settings->bulk = soak->bulk;
    schedule->cnt = 0;
    emu_schedule_draw_events(schedule, EMU_SWARM_OPEN_BULK, bulk, time / 100, &random);
    emu_schedule_draw_events(schedule, EMU_SWARM_OPEN_IDLE, idle, time / 100, &random);
    emu_schedule_draw_events(schedule, EMU_SWARM_OPEN, soak->connections - bulk - idle, time,
                             &random);
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); ++i) {
        for (unsigned k = 0; k < rates[i].cnt; ++k) {
            emu_schedule_draw_events(schedule, rates[i].what + k,
                                     (uint64_t)soak->connections * rates[i].events /
                                         rates[i].connections,
                                     time, &random);
        }
    }
    emu_schedule_sort(schedule);
}

toe_instant emu_soak_clock(uint8_t idx)
{
    /* A: 32 bits of milliseconds wrap after half a day. B: the highest bit of an instant is set. */
    static const toe_instant wraps[2] = {(UINT64_C(1) << 32) * TOE_NS_PER_MS, UINT64_C(1) << 63};

    return wraps[idx] - 12 * 3600 * TOE_NS_PER_SEC;
}

/* --- the looks --- */

void emu_soak_begin(struct emu_soak *soak, struct toe_sim *sim)
{
    toe_sim_tap_set(sim, emu_wraps_tap, soak->wraps);
}

void emu_soak_level_add(struct emu_soak_level *level, unsigned quarter, uint64_t bytes)
{
    level->sums[quarter] += (double)bytes;
    ++level->cnts[quarter];
    level->peak = bytes > level->peak ? bytes : level->peak;
}

static double mean(const struct emu_soak_level *level, unsigned quarter)
{
    return level->cnts[quarter] == 0 ? 0 : level->sums[quarter] / (double)level->cnts[quarter];
}

bool emu_soak_level_is_flat(const struct emu_soak_level *level, uint64_t slack)
{
    return mean(level, 3) <= mean(level, 1) * (1 + SLACK_SHARE) + (double)slack;
}

/* Bytes of this process that are in memory; 0 if nobody tells. Takes no memory to look at it. */
static uint64_t resident_now(int statm)
{
    char text[128];
    const ssize_t len = pread(statm, text, sizeof(text) - 1, 0);
    uint64_t pages = 0;

    text[len > 0 ? len : 0] = '\0';
    if (sscanf(text, "%*s %" SCNu64, &pages) != 1) {
        return 0;
    }
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void emu_soak_look(struct emu_soak *soak, toe_instant now, size_t taken)
{
    if (now < soak->time) {
        const unsigned quarter = (unsigned)(now / (soak->time / 4 + 1));

        emu_soak_level_add(&soak->taken, quarter, taken);
        emu_soak_level_add(&soak->resident, quarter, resident_now(soak->statm));
    }
}

/* --- the judgment --- */

static void judge_level(struct emu_stress_result *result, struct emu_soak_size *size,
                        const struct emu_soak_level *level, uint64_t slack, const char *what)
{
    *size = (struct emu_soak_size){
        .second = (uint64_t)mean(level, 1), .last = (uint64_t)mean(level, 3), .peak = level->peak};
    if (!emu_soak_level_is_flat(level, slack)) {
        emu_load_fault(result,
                       "memory grows: %s was %" PRIu64 " bytes in the second quarter of the time, "
                       "and %" PRIu64 " in the last",
                       what, size->second, size->last);
    }
}

void emu_soak_judge(const struct emu_soak *soak, struct emu_stress_result *result)
{
    struct emu_soak_result *told = &result->soak;
    struct emu_wraps_sums wraps;

    emu_wraps_get(soak->wraps, &wraps);
    told->is_one = true;
    told->sequence_wraps = wraps.sequence;
    told->timestamp_wraps = wraps.timestamps;
    told->bytes_most = wraps.bytes_most;
    told->seconds_most = wraps.seconds_most;
    /* One that ended early has no last quarter. */
    if (soak->taken.cnts[3] > 0) {
        judge_level(result, &told->taken, &soak->taken, SLACK_TAKEN, "what hosts and targets took");
        judge_level(result, &told->resident, &soak->resident, SLACK_RESIDENT, "what was resident");
    }
}

int emu_soak_run(struct emu_stress_result *result, const struct emu_stress_settings *settings,
                 const struct emu_soak_settings *soak)
{
    struct emu_stress_settings set = *settings;
    struct emu_schedule schedule = {0};
    struct emu_soak watch = {.wraps = emu_wraps_new(settings->peer_port),
                             .time = (toe_duration)(settings->seconds * (double)TOE_NS_PER_SEC)};
    struct emu_error error;
    int status;

    if (watch.wraps == NULL) {
        emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "not enough memory for the soak");
        return emu_error_print(&error);
    }
    watch.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    emu_soak_draw(&schedule, &set, soak);
    set.schedule = &schedule;
    set.soak = &watch;
    status = emu_stress_sim_run(result, &set);
    emu_schedule_fini(&schedule);
    emu_wraps_del(watch.wraps);
    if (watch.statm >= 0) {
        (void)close(watch.statm);
    }
    return status;
}
