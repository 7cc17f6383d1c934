/* SPDX-License-Identifier: MIT */
/*
 * Counters of a target: what its offloaded connections did, by IP version, and what was dropped.
 *
 * Only traffic of offloaded connections counts. Counters wrap; |currently_established|, |tcp_cnt|,
 * |path_cnt| and |neighbor_cnt| are gauges.
 */
#ifndef TOE_STATS_H
#define TOE_STATS_H

#include "toe/drop.h"
#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct toe_tcp_stats {
    uint64_t in_segments;
    uint64_t out_segments; /* without those that hold only retransmitted bytes */
    uint32_t currently_established;
    uint32_t reset_established; /* ESTABLISHED or CLOSE_WAIT to CLOSED */
    uint32_t retransmitted_segments;
    uint32_t in_errors;
    uint32_t out_resets;
};

struct toe_ip_stats {
    uint64_t in_receives;
    uint64_t in_octets; /* IP header and payload */
    uint64_t in_delivers;
    uint64_t out_requests;
    uint64_t out_octets;
    uint32_t in_header_errors;
    uint32_t in_truncated_packets;
    uint32_t in_discards;
    uint32_t out_discards;
    uint32_t out_no_routes;
};

/* The arrays are indexed by IP version: 0 for IPv4, 1 for IPv6. */
struct toe_stats {
    uint32_t size; /* sizeof(struct toe_stats), set by the asker */
    struct toe_tcp_stats tcp[2];
    struct toe_ip_stats ip[2];
    uint32_t tcp_cnt; /* offloaded now */
    uint32_t path_cnt;
    uint32_t neighbor_cnt;
    uint32_t path_links;     /* TCP connections linked to paths: the sum of the paths' counts */
    uint32_t neighbor_links; /* paths linked to neighbors: the sum of the neighbors' counts */
    uint32_t bufs_indicated; /* buffers lent to the host and not yet returned */
    uint64_t initiated;      /* TCP connections offloaded so far */
    uint64_t terminated;     /* TCP connections uploaded so far */
    uint64_t frames_passed_up;
    uint64_t drops[TOE_DROP_CNT];
    uint64_t ce_ignored;         /* congestion marks on connections without ECN */
    uint64_t extensions_taken;   /* of connections that came with one (toe/extension.h), */
    uint64_t extensions_ignored; /* and those that made no sense */
};

#ifdef __cplusplus
}
#endif

#endif
