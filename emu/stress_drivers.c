/* SPDX-License-Identifier: MIT */
#include "stress_drivers.h"

#include "chronicle.h"
#include "stress_load.h"
#include "swarm/ladder.h"

#define MILLION 1000000u

/* --- what they tell --- */

static double seconds_of(const struct emu_stress_drivers *drivers, toe_instant now)
{
    return (double)(now - drivers->began) / (double)TOE_NS_PER_SEC;
}

static void on_breach(struct emu_stress_drivers *drivers, const struct toe_inter_breach *breach,
                      const char *where)
{
    const char *side = breach->rule->side == TOE_INTER_HOST ? "host" : "target";

    ++drivers->result->breaches;
    emu_load_fault(drivers->result, "%.6f s: machine %s: breach of %s by the %s%s: %s, handle %llx",
                   seconds_of(drivers, breach->now), drivers->name, breach->rule->id, side, where,
                   breach->rule->text, (unsigned long long)breach->handle);
    if (drivers->out != NULL) {
        fprintf(drivers->out, "%s: breach of %s by the %s%s: %s, handle %llx, host object %p\n",
                drivers->name, breach->rule->id, side, where, breach->rule->text,
                (unsigned long long)breach->handle, breach->host_object);
    }
}

static void on_breach_above(void *user, const struct toe_inter_breach *breach)
{
    on_breach(user, breach, "");
}

static void on_breach_below(void *user, const struct toe_inter_breach *breach)
{
    on_breach(user, breach, ", below the faults");
}

static void on_record(void *user, const struct toe_inter_record *record)
{
    struct emu_stress_drivers *drivers = user;
    char line[1024];

    ++drivers->ops[record->op];
    if (drivers->out != NULL) {
        (void)toe_inter_record_line(record, line, sizeof(line));
        fprintf(drivers->out, "%s\n", line);
    }
    if (drivers->ladder != NULL) {
        emu_ladder_record(drivers->ladder, drivers->name[0] == 'B', record);
    }
    if (drivers->chronicle != NULL) {
        emu_chronicle_record(drivers->chronicle, record);
    }
}

/* --- stacking --- */

static struct toe_inter_fault *fault_on(struct emu_stress_drivers *drivers,
                                        const struct toe_inter_fault_rule *rules, uint32_t cnt,
                                        uint64_t seed)
{
    struct toe_inter_fault_settings set;
    struct toe_inter_fault *fault;

    toe_inter_fault_settings_default(&set);
    set.below = drivers->top;
    set.bus = drivers->bus;
    set.rules = rules;
    set.rule_cnt = cnt;
    set.seed = seed;
    fault = toe_inter_fault_new(&set);
    if (fault != NULL) {
        drivers->top = (struct toe_inter_below){toe_inter_fault_ops(fault), fault};
    }
    return fault;
}

static struct toe_inter_monitor *monitor_on(struct emu_stress_drivers *drivers,
                                            void (*tell)(void *user,
                                                         const struct toe_inter_breach *breach))
{
    struct toe_inter_monitor_settings set;
    struct toe_inter_monitor *monitor;

    toe_inter_monitor_settings_default(&set);
    set.below = drivers->top;
    set.bus = drivers->bus;
    set.tell = tell;
    set.user = drivers;
    monitor = toe_inter_monitor_new(&set);
    if (monitor != NULL) {
        drivers->top = (struct toe_inter_below){toe_inter_monitor_ops(monitor), monitor};
    }
    return monitor;
}

/* Every second state operation is late. */
static bool add_lag(struct emu_stress_drivers *drivers, double seconds, uint64_t seed)
{
    const struct toe_inter_fault_rule rule = {
        .kind = TOE_INTER_FAULT_DELAY,
        .chance = MILLION / 2,
        .time = (toe_duration)(2 * seconds * (double)TOE_NS_PER_SEC),
    };

    drivers->lag = fault_on(drivers, &rule, 1, seed);
    return drivers->lag != NULL;
}

/* The wildest, as far as it is asked for. */
static bool add_chaos(struct emu_stress_drivers *drivers, uint32_t kinds, uint64_t seed)
{
    struct toe_inter_fault_rule rules[TOE_INTER_FAULT_CNT];
    const uint32_t all = toe_inter_fault_wild(rules);
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < all; ++i) {
        if ((kinds >> rules[i].kind & 1) != 0) {
            rules[cnt++] = rules[i];
        }
    }
    drivers->low = monitor_on(drivers, on_breach_below);
    if (drivers->low == NULL) {
        return false;
    }
    drivers->chaos = fault_on(drivers, rules, cnt, seed);
    return drivers->chaos != NULL;
}

static bool add_trace(struct emu_stress_drivers *drivers)
{
    struct toe_inter_trace_settings set;

    toe_inter_trace_settings_default(&set);
    set.below = drivers->top;
    set.lane = drivers->name;
    set.tell = on_record;
    set.user = drivers;
    drivers->trace = toe_inter_trace_new(&set);
    if (drivers->trace == NULL) {
        return false;
    }
    drivers->top = (struct toe_inter_below){toe_inter_trace_ops(drivers->trace), drivers->trace};
    return true;
}

bool emu_stress_drivers_init(struct emu_stress_drivers *drivers,
                             const struct emu_stress_settings *settings, const char *name,
                             struct toe_inter_below target, uint64_t seed,
                             struct emu_stress_result *result)
{
    *drivers = (struct emu_stress_drivers){
        .top = target,
        .bus = settings->bus,
        .name = name,
        .result = result,
        .out = settings->trace,
        .ladder = settings->ladder,
        .chronicle = settings->chronicle,
    };
    if ((settings->lag > 0 && !add_lag(drivers, settings->lag, seed)) ||
        (((settings->chaos & EMU_CHAOS_FAULTS) != 0 || settings->schedule != NULL) &&
         !add_chaos(drivers, settings->chaos, seed + 1)) ||
        ((drivers->out != NULL || drivers->ladder != NULL || drivers->chronicle != NULL ||
          settings->course != NULL) &&
         !add_trace(drivers))) {
        return false;
    }
    drivers->monitor = monitor_on(drivers, on_breach_above);
    return drivers->monitor != NULL;
}

/* --- the end --- */

void emu_stress_drivers_end(struct emu_stress_drivers *drivers)
{
    struct toe_inter_monitor *const monitors[] = {drivers->monitor, drivers->low};

    for (int i = 0; i < 2; ++i) {
        struct toe_inter_monitor_stats stats = {.size = sizeof(stats)};

        if (monitors[i] == NULL) {
            continue;
        }
        toe_inter_monitor_finish(monitors[i]);
        toe_inter_monitor_stats_get(monitors[i], &stats);
        if (stats.is_blind) {
            emu_load_fault(drivers->result, "machine %s: too much for the contract monitor",
                           drivers->name);
        }
    }
}

/* What the monitor looked at. */
static void sum_checks(const struct emu_stress_drivers *drivers)
{
    struct emu_stress_seam *seam = &drivers->result->seam;
    uint32_t checked = 0;

    (void)toe_inter_monitor_rules(&seam->rules);
    for (uint32_t i = 0; i < seam->rules; ++i) {
        const uint64_t cnt = toe_inter_monitor_checked(drivers->monitor, i);

        seam->checks += cnt;
        checked += cnt != 0;
    }
    seam->rules_checked = checked > seam->rules_checked ? checked : seam->rules_checked;
}

void emu_stress_drivers_sum(const struct emu_stress_drivers *drivers)
{
    for (int i = 0; i < TOE_INTER_OP_CNT; ++i) {
        drivers->result->seam.ops[i] += drivers->ops[i];
    }
    sum_checks(drivers);
    for (int i = 0; i < TOE_INTER_FAULT_CNT && drivers->chaos != NULL; ++i) {
        drivers->result->injected[i] +=
            toe_inter_fault_injected(drivers->chaos, (enum toe_inter_fault_kind)i);
    }
}

void emu_stress_drivers_fini(struct emu_stress_drivers *drivers)
{
    if (drivers->monitor != NULL) {
        toe_inter_monitor_del(drivers->monitor);
    }
    if (drivers->trace != NULL) {
        toe_inter_trace_del(drivers->trace);
    }
    if (drivers->chaos != NULL) {
        toe_inter_fault_del(drivers->chaos);
    }
    if (drivers->low != NULL) {
        toe_inter_monitor_del(drivers->low);
    }
    if (drivers->lag != NULL) {
        toe_inter_fault_del(drivers->lag);
    }
    *drivers = (struct emu_stress_drivers){0};
}
