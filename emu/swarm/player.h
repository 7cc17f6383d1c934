/* SPDX-License-Identifier: MIT */
/*
 * A player has a schedule happen to the two machines of a simulated stress run.
 */
#ifndef EMU_SWARM_PLAYER_H
#define EMU_SWARM_PLAYER_H

#include "stress_machine.h"
#include "swarm/ration.h"
#include "swarm/schedule.h"
#include "toe/sim.h"
#include "weather.h"

/* A machine, whose clock may be ahead of the simulation's. */
struct emu_swarm_node {
    struct toe_sim_machine *machine;
    toe_duration ahead;
};

/* What the player acts on; all borrowed. */
struct emu_swarm_part {
    struct emu_stress_machine *machine;
    struct emu_weather *weather;
    struct emu_ration *ration;
    struct emu_swarm_node node;
};

struct emu_swarm_player {
    const struct emu_schedule *schedule;
    const struct emu_stress_settings *settings;
    struct toe_sim_link *link;
    struct emu_swarm_part parts[2];
    size_t next; /* event */
};

/* emu_swarm_node_ops() makes a node of a simulation of |node|, which must stay where it is. */
struct toe_sim_node emu_swarm_node_ops(struct emu_swarm_node *node);

/* emu_swarm_player_deadline() is when the next event is due. */
toe_instant emu_swarm_player_deadline(const struct emu_swarm_player *player);

/* emu_swarm_player_run() has all happen that is due at |now|; not from within a run of a machine.
 */
void emu_swarm_player_run(struct emu_swarm_player *player, toe_instant now);

#endif
