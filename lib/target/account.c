/* SPDX-License-Identifier: MIT */
#include "target/account.h"

#include "target/instance.h"
#include "target/object.h"

#include <string.h>

static bool is_established(uint8_t state)
{
    return state == TOE_TCP_ESTABLISHED || state == TOE_TCP_CLOSE_WAIT;
}

static struct toe_tcp_stats *stats_of(struct toe_target *target, const struct target_tcp *tcp)
{
    return &target->stats.tcp[tcp->path->constant.src.family == 6];
}

static void count_as(struct toe_target *target, struct target_tcp *tcp, uint8_t state)
{
    struct toe_tcp_stats *stats = stats_of(target, tcp);

    stats->currently_established += is_established(state);
    stats->currently_established -= is_established(tcp->counted_state);
    tcp->counted_state = state;
}

void target_account_state(struct toe_target *target, struct target_tcp *tcp)
{
    const uint8_t state = tcp->conn.state;

    if (state == tcp->counted_state) {
        return;
    }
    if (is_established(tcp->counted_state) && state == TOE_TCP_CLOSED) {
        ++stats_of(target, tcp)->reset_established;
    }
    count_as(target, tcp, state);
}

void target_account_gone(struct toe_target *target, struct target_tcp *tcp)
{
    count_as(target, tcp, TOE_TCP_CLOSED);
}

/* IOS-081, IOS-082. */
static void reset_tcp(struct toe_tcp_stats *stats)
{
    *stats = (struct toe_tcp_stats){.currently_established = stats->currently_established};
}

void toe_target_stats_reset(struct toe_target *target, uint32_t parts)
{
    struct toe_stats *stats = &target->stats;

    if ((parts & TOE_STATS_TCP4) != 0) {
        reset_tcp(&stats->tcp[0]);
    }
    if ((parts & TOE_STATS_TCP6) != 0) {
        reset_tcp(&stats->tcp[1]);
    }
    if ((parts & TOE_STATS_IP4) != 0) {
        stats->ip[0] = (struct toe_ip_stats){0};
    }
    if ((parts & TOE_STATS_IP6) != 0) {
        stats->ip[1] = (struct toe_ip_stats){0};
    }
}

static void count_links(const struct toe_target *target, struct toe_stats *stats)
{
    for (uint32_t i = 0; i < target->paths.cap; ++i) {
        const struct target_path *path = base_slab_at(&target->paths, i);

        stats->path_links += path != NULL ? path->tcp_cnt : 0;
    }
    for (uint32_t i = 0; i < target->neighbors.cap; ++i) {
        const struct target_neighbor *neighbor = base_slab_at(&target->neighbors, i);

        stats->neighbor_links += neighbor != NULL ? neighbor->path_cnt : 0;
    }
}

void target_account_get(const struct toe_target *target, struct toe_stats *stats)
{
    const uint32_t size = stats->size < sizeof(*stats) ? stats->size : sizeof(*stats);
    struct toe_stats now = target->stats;

    now.size = size;
    now.tcp_cnt = target->tcps.cnt;
    now.path_cnt = target->paths.cnt;
    now.neighbor_cnt = target->neighbors.cnt;
    count_links(target, &now);
    memcpy(stats, &now, size);
}
