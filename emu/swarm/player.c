/* SPDX-License-Identifier: MIT */
#include "swarm/player.h"

#include "plan.h"
#include "swarm/ladder.h"

#define HOLD_MAX (50 * TOE_NS_PER_MS)
#define FAULT_TIME_MAX (20 * TOE_NS_PER_MS)

/* --- machines whose clock jumps --- */

static toe_instant node_deadline(void *user)
{
    const struct emu_swarm_node *node = user;
    const toe_instant due = toe_sim_machine_deadline(node->machine);

    if (due == TOE_INSTANT_NEVER) {
        return due;
    }
    return due < node->ahead ? 0 : due - node->ahead;
}

static void node_run(void *user, toe_instant now)
{
    const struct emu_swarm_node *node = user;

    toe_sim_machine_run(node->machine, now + node->ahead);
}

struct toe_sim_node emu_swarm_node_ops(struct emu_swarm_node *node)
{
    return (struct toe_sim_node){.user = node, .deadline = node_deadline, .run = node_run};
}

/* --- what happens --- */

static void open_one(const struct emu_swarm_player *player, const struct emu_swarm_part *part,
                     const struct emu_swarm_event *event)
{
    struct emu_random random = {.state = event->detail};
    const double left = player->settings->seconds - (double)event->at / (double)TOE_NS_PER_SEC;
    const struct emu_plan_mix mix = {.bytes = player->settings->bytes,
                                     .seconds_max = left > 0 ? left : 0,
                                     .stretch = player->settings->stretch};
    struct emu_flow_plan plan;

    if (event->what == EMU_SWARM_OPEN_BULK) {
        emu_plan_make_bulk(&plan, &random, player->settings->bulk, mix.seconds_max);
    } else if (event->what == EMU_SWARM_OPEN_IDLE) {
        emu_plan_make_idle(&plan, &random, mix.seconds_max);
    } else {
        emu_plan_make(&plan, &random, &mix);
    }
    emu_load_open(part->machine->load, &plan, event->at + part->node.ahead);
}

static void strike(const struct emu_swarm_player *player, const struct emu_swarm_event *event)
{
    static const enum toe_sim_strike strikes[] = {
        [EMU_SWARM_LOSE] = TOE_SIM_LOSE,
        [EMU_SWARM_DUPLICATE] = TOE_SIM_DUPLICATE,
        [EMU_SWARM_CORRUPT] = TOE_SIM_CORRUPT,
        [EMU_SWARM_HOLD] = TOE_SIM_HOLD,
    };
    const uint64_t detail =
        event->what == EMU_SWARM_HOLD ? 1 + event->detail % HOLD_MAX : event->detail;

    (void)toe_sim_link_strike(player->link, event->machine, strikes[event->what], detail);
}

static void cause_chaos(const struct emu_swarm_part *part, const struct emu_swarm_event *event,
                        toe_instant now)
{
    const unsigned kind = (unsigned)event->what - EMU_SWARM_CHAOS;

    if (kind < TOE_INTER_FAULT_CNT) {
        const struct toe_inter_fault_rule rule = {.kind = (enum toe_inter_fault_kind)kind,
                                                  .time = event->detail % FAULT_TIME_MAX};

        toe_inter_fault_strike(part->machine->drivers.chaos, &rule);
    } else {
        emu_weather_strike(part->weather, (enum emu_weather_kind)(kind - TOE_INTER_FAULT_CNT),
                           event->detail, now);
    }
}

/* A jump is by so many bits of the detail as chance has it: most are short. */
static toe_duration jump_of(uint64_t detail)
{
    return (detail >> 6) % ((UINT64_C(1) << (20 + detail % 13)) + 1);
}

static void happen(struct emu_swarm_player *player, const struct emu_swarm_event *event,
                   toe_instant now)
{
    struct emu_swarm_part *part = &player->parts[event->machine];

    switch ((enum emu_swarm_what)event->what) {
    case EMU_SWARM_OPEN:
    case EMU_SWARM_OPEN_BULK:
    case EMU_SWARM_OPEN_IDLE:
        open_one(player, part, event);
        break;
    case EMU_SWARM_OFFLOAD:
    case EMU_SWARM_UPLOAD:
        emu_load_move(part->machine->load, event->detail, 1, event->what == EMU_SWARM_UPLOAD);
        break;
    case EMU_SWARM_OFFLOAD_MANY:
    case EMU_SWARM_UPLOAD_MANY:
        emu_load_move(part->machine->load, event->detail, 2 + (uint32_t)(event->detail >> 32) % 30,
                      event->what == EMU_SWARM_UPLOAD_MANY);
        break;
    case EMU_SWARM_LOSE:
    case EMU_SWARM_DUPLICATE:
    case EMU_SWARM_CORRUPT:
    case EMU_SWARM_HOLD:
        strike(player, event);
        break;
    case EMU_SWARM_STARVE:
        emu_ration_starve(part->ration, (uint32_t)(event->detail % 64),
                          1 + (uint32_t)(event->detail >> 8) % 4);
        break;
    case EMU_SWARM_JUMP:
        part->node.ahead += jump_of(event->detail);
        break;
    case EMU_SWARM_CRASH:
        toe_inter_fault_crash(part->machine->drivers.chaos);
        break;
    case EMU_SWARM_CHAOS:
    case EMU_SWARM_CNT:
    default:
        cause_chaos(part, event, now);
        break;
    }
}

toe_instant emu_swarm_player_deadline(const struct emu_swarm_player *player)
{
    return player->schedule != NULL && player->next < player->schedule->cnt
               ? player->schedule->events[player->next].at
               : TOE_INSTANT_NEVER;
}

void emu_swarm_player_run(struct emu_swarm_player *player, toe_instant now)
{
    while (emu_swarm_player_deadline(player) <= now) {
        const struct emu_swarm_event *event = &player->schedule->events[player->next++];

        if (player->settings->ladder != NULL) {
            emu_ladder_event(player->settings->ladder, event);
        }
        happen(player, event, now);
    }
}
