/* SPDX-License-Identifier: MIT */
#include "target/reach.h"

#include "target/instance.h"
#include "target/object.h"

#include <string.h>

static uint32_t ticks_since(const struct toe_target *target, toe_instant at)
{
    const uint64_t ticks = (target->now - at) / target->tick;

    return ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX;
}

void target_reach_host_set(const struct toe_target *target, struct target_neighbor *neighbor,
                           uint32_t host_delta)
{
    neighbor->host_reached_at = target->now - host_delta * target->tick;
}

void target_reach_set(const struct toe_target *target, struct target_neighbor *neighbor,
                      uint32_t host_delta, uint32_t nic_delta)
{
    neighbor->host_reached_at = target->initiated - host_delta * target->tick;
    neighbor->nic_reached_at = target->initiated - nic_delta * target->tick;
}

void target_reach_confirm(const struct toe_target *target, struct target_neighbor *neighbor)
{
    neighbor->nic_reached_at = target->now;
}

uint32_t target_reach_host_delta(const struct toe_target *target,
                                 const struct target_neighbor *neighbor)
{
    return ticks_since(target, neighbor->host_reached_at);
}

uint32_t target_reach_nic_delta(const struct toe_target *target,
                                const struct target_neighbor *neighbor)
{
    return ticks_since(target, neighbor->nic_reached_at);
}

static void ask(struct toe_target *target, struct target_neighbor *neighbor)
{
    struct toe_neighbor_state state = {
        .size = sizeof(state),
        .constant = neighbor->constant,
        .cached.host_reachability_delta = target_reach_host_delta(target, neighbor),
        .delegated.nic_reachability_delta = target_reach_nic_delta(target, neighbor),
    };
    struct toe_block block = {
        .size = sizeof(block),
        .revision = 1,
        .type = TOE_BLOCK_NEIGHBOR,
        .status = TOE_STATUS_SUCCESS,
        .host_object = neighbor->host_object,
        .state.neighbor = &state,
    };

    memcpy(state.cached.dst_mac, neighbor->dst_mac, TOE_MAC_LEN);
    target->host.neighbor_event(target->host_user, TOE_NEIGHBOR_REACHABILITY_QUERY, &block);
    target_reach_host_set(target, neighbor, state.cached.host_reachability_delta);
}

void target_reach_check(struct toe_target *target, struct target_neighbor *neighbor)
{
    if (target->now - neighbor->nic_reached_at > target->stale_after &&
        target->now - neighbor->host_reached_at > target->stale_after) {
        ask(target, neighbor);
    }
}
