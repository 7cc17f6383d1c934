/* SPDX-License-Identifier: MIT */
/*
 * The clock and the nodes. See sim/world.h for how it hangs together.
 */
#include "toe/sim.h"

#include "base/assert.h"
#include "base/mem.h"
#include "sim/digest.h"
#include "sim/world.h"

#include <string.h>

/*
 * A livelock is a node that is due again and again while time stands still. On a link without delay
 * a whole transfer happens at one instant, so runs that move a frame do not count at first; but a
 * loop of frames is a livelock as well.
 */
#define IDLE_RUNS_MAX 10000u
#define INSTANT_RUNS_MAX 100000000u

#define FRAMES_MAX_DEFAULT 65536u

struct toe_sim *toe_sim_new(const struct toe_sim_settings *settings)
{
    const struct toe_mem *mem = settings->mem.alloc == NULL ? base_mem_default() : &settings->mem;
    struct toe_sim *sim = base_mem_alloc(mem, sizeof(*sim));

    if (sim == NULL) {
        return NULL;
    }
    sim->mem = *mem;
    base_rand_init(&sim->rand, settings->seed);
    sim->digest = sim_digest_mix(0, settings->seed);
    sim_agenda_init(&sim->agenda, &sim->mem);
    sim_flight_pool_init(&sim->pool, &sim->mem,
                         settings->frames_max == 0 ? FRAMES_MAX_DEFAULT : settings->frames_max);
    return sim;
}

void toe_sim_del(struct toe_sim *sim)
{
    const struct toe_mem mem = sim->mem;
    struct toe_sim_link *next;

    for (struct toe_sim_link *link = sim->links; link != NULL; link = next) {
        next = link->next;
        sim_link_del(link);
    }
    sim_flight_pool_fini(&sim->pool);
    sim_agenda_fini(&sim->agenda);
    base_mem_free(&mem, sim->nodes, sim->node_cap * sizeof(*sim->nodes));
    base_mem_free(&mem, sim, sizeof(*sim));
}

/* Makes room for one more node; false if memory ran out. */
static bool reserve_node(struct toe_sim *sim)
{
    const uint32_t cap = sim->node_cap == 0 ? 8 : 2 * sim->node_cap;
    struct sim_node *nodes;

    if (sim_agenda_reserve(&sim->agenda, sim->node_cnt + 1) != 0) {
        return false;
    }
    if (sim->node_cnt < sim->node_cap) {
        return true;
    }
    nodes = base_mem_alloc(&sim->mem, cap * sizeof(*nodes));
    if (nodes == NULL) {
        return false;
    }
    if (sim->node_cnt > 0) {
        memcpy(nodes, sim->nodes, sim->node_cnt * sizeof(*nodes));
    }
    base_mem_free(&sim->mem, sim->nodes, sim->node_cap * sizeof(*nodes));
    sim->nodes = nodes;
    sim->node_cap = cap;
    return true;
}

/* When node |id| is to be run next, by its own deadline and by what is on its way to it. */
static toe_instant node_due(struct toe_sim *sim, uint32_t id)
{
    const struct sim_node *node = &sim->nodes[id];
    toe_instant due = node->ops.deadline(node->ops.user);

    for (const struct sim_end *end = node->ends; end != NULL; end = end->node_next) {
        const toe_instant at = sim_end_arrival(end);

        due = at < due ? at : due;
    }
    return due < sim->now ? sim->now : due;
}

int toe_sim_node_add(struct toe_sim *sim, const struct toe_sim_node *node, void *wire)
{
    const uint32_t id = sim->node_cnt;

    if (!reserve_node(sim)) {
        return -1;
    }
    sim->nodes[id] = (struct sim_node){.ops = *node};
    ++sim->node_cnt;
    if (wire != NULL) {
        toe_sim_node_wire_add(sim, (int)id, wire);
    }
    return (int)id;
}

void toe_sim_node_wire_add(struct toe_sim *sim, int node, void *wire)
{
    struct sim_end *end = wire;

    toe_assert(node >= 0 && (uint32_t)node < sim->node_cnt);
    toe_assert(end->node == SIM_NODE_NONE && end->link->sim == sim);
    end->node = (uint32_t)node;
    end->node_next = sim->nodes[node].ends;
    sim->nodes[node].ends = end;
}

toe_instant toe_sim_now(const struct toe_sim *sim)
{
    return sim->now;
}

/* Asks every node again: whoever drives the simulation may have given them something to do. */
static void ask_all(struct toe_sim *sim)
{
    for (uint32_t id = 0; id < sim->node_cnt; ++id) {
        sim_agenda_set(&sim->agenda, id, node_due(sim, id));
    }
}

toe_instant toe_sim_next(struct toe_sim *sim)
{
    toe_instant at;
    uint32_t id;

    ask_all(sim);
    return sim_agenda_first(&sim->agenda, &id, &at) ? at : TOE_INSTANT_NEVER;
}

bool toe_sim_run(struct toe_sim *sim, toe_instant until)
{
    uint64_t moved = sim->moved;
    uint32_t idle_runs = 0;
    uint32_t instant_runs = 0;
    toe_instant at;
    uint32_t id;

    ask_all(sim);
    while (sim_agenda_first(&sim->agenda, &id, &at) && at < until) {
        const struct sim_node *node = &sim->nodes[id];

        idle_runs = at > sim->now || moved != sim->moved ? 0 : idle_runs + 1;
        instant_runs = at > sim->now ? 0 : instant_runs + 1;
        if (idle_runs / IDLE_RUNS_MAX > sim->node_cnt || instant_runs > INSTANT_RUNS_MAX) {
            return false;
        }
        moved = sim->moved;
        sim->now = at;
        ++sim->stats.events;
        node->ops.run(node->ops.user, at);
        sim_agenda_renew(&sim->agenda, id, node_due(sim, id));
    }
    if (until != TOE_INSTANT_NEVER && until > sim->now) {
        sim->now = until;
    }
    return true;
}

uint64_t toe_sim_digest(const struct toe_sim *sim)
{
    return sim->digest;
}

void toe_sim_tap_set(struct toe_sim *sim,
                     void (*tap)(void *user, const struct toe_sim_tap_frame *frame), void *user)
{
    sim->tap = tap;
    sim->tap_user = user;
}

void toe_sim_stats_get(const struct toe_sim *sim, struct toe_sim_stats *stats)
{
    *stats = sim->stats;
}
