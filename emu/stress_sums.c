/* SPDX-License-Identifier: MIT */
#include "stress_sums.h"

#include <string.h>

void emu_sums_clear(struct emu_stress_result *result)
{
    memset(&result->host, 0, sizeof(result->host));
    memset(&result->target, 0, sizeof(result->target));
    memset(result->injected, 0, sizeof(result->injected));
    memset(result->seam.ops, 0, sizeof(result->seam.ops));
    result->seam.checks = 0;
    result->offloads = 0;
    result->offloads_failed = 0;
    result->uploads = 0;
}

/* Adds the counters between two fields, all of 64 bits, of two structures of one type. */
#define ADD_COUNTERS(sum, add, from, to)                                                           \
    add_counters((uint64_t *)(void *)&(sum)->from, (const uint64_t *)(const void *)&(add)->from,   \
                 (size_t)((const char *)&(sum)->to - (const char *)&(sum)->from) /                 \
                     sizeof(uint64_t))

static void add_counters(uint64_t *sum, const uint64_t *add, size_t cnt)
{
    for (size_t i = 0; i < cnt; ++i) {
        sum[i] += add[i];
    }
}

static void add_host(struct toe_host_stats *sum, const struct toe_host_stats *add)
{
    ADD_COUNTERS(sum, add, opened, conn_cnt);
    sum->conn_cnt += add->conn_cnt;
    sum->time_wait_cnt += add->time_wait_cnt;
    sum->offloaded_cnt += add->offloaded_cnt;
    sum->neighbor_links += add->neighbor_links;
}

static void add_target(struct toe_stats *sum, const struct toe_stats *add)
{
    for (int i = 0; i < 2; ++i) {
        sum->tcp[i].in_segments += add->tcp[i].in_segments;
        sum->tcp[i].out_segments += add->tcp[i].out_segments;
        sum->tcp[i].currently_established += add->tcp[i].currently_established;
        sum->tcp[i].reset_established += add->tcp[i].reset_established;
        sum->tcp[i].retransmitted_segments += add->tcp[i].retransmitted_segments;
        sum->tcp[i].in_errors += add->tcp[i].in_errors;
        sum->tcp[i].out_resets += add->tcp[i].out_resets;
    }
    sum->tcp_cnt += add->tcp_cnt;
    sum->path_cnt += add->path_cnt;
    sum->neighbor_cnt += add->neighbor_cnt;
    sum->path_links += add->path_links;
    sum->neighbor_links += add->neighbor_links;
    sum->bufs_indicated += add->bufs_indicated;
    sum->initiated += add->initiated;
    sum->terminated += add->terminated;
    sum->frames_passed_up += add->frames_passed_up;
    add_counters(sum->drops, add->drops, TOE_DROP_CNT);
}

void emu_sums_add(struct emu_stress_result *result, const struct toe_host *host,
                  const struct toe_target_ops *ops, void *target)
{
    struct toe_host_stats of_host = {.size = sizeof(of_host)};
    struct toe_stats of_target = {.size = sizeof(of_target)};

    toe_host_stats_get(host, &of_host);
    ops->stats_get(target, &of_target);
    add_host(&result->host, &of_host);
    add_target(&result->target, &of_target);
    result->offloads += of_host.offloads;
    result->offloads_failed += of_host.offloads_failed;
    result->uploads += of_host.uploads;
}

void emu_sums_merge(struct emu_stress_result *result, const struct emu_stress_result *run)
{
    add_host(&result->host, &run->host);
    add_target(&result->target, &run->target);
    add_counters(result->injected, run->injected, EMU_CHAOS_CNT);
    result->offloads += run->offloads;
    result->offloads_failed += run->offloads_failed;
    result->uploads += run->uploads;
}

uint64_t emu_sums_retransmitted(const struct emu_stress_result *result)
{
    return result->host.retransmitted + result->target.tcp[0].retransmitted_segments +
           result->target.tcp[1].retransmitted_segments;
}

uint64_t emu_sums_left(const struct toe_host *host, const struct toe_target_ops *ops, void *target,
                       uint32_t listeners, bool time_wait_counts)
{
    struct toe_host_stats of_host = {.size = sizeof(of_host)};
    struct toe_stats of_target = {.size = sizeof(of_target)};
    uint32_t conns;

    toe_host_stats_get(host, &of_host);
    ops->stats_get(target, &of_target);
    conns = of_host.conn_cnt - (time_wait_counts ? 0 : of_host.time_wait_cnt);
    conns = conns > listeners ? conns - listeners : 0;
    return (uint64_t)conns + of_host.offloaded_cnt + of_host.neighbor_links + of_target.tcp_cnt +
           of_target.path_links + of_target.neighbor_links + of_target.bufs_indicated;
}
