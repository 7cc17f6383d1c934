/* SPDX-License-Identifier: MIT */
/*
 * A road in virtual time, on which congestion controls meet: a machine for each flow, a link of its
 * own to a switch, from there one bottleneck to the receiver.
 *
 *     sender 1 --(rtt 1)--+
 *     sender 2 --(rtt 2)--+-- switch --(rate, queue)-- receiver
 *     ...                 |
 *
 * Only data is lost, and only in the switch: by chance, as each so manieth segment of a flow, or
 * one of each flow at once, as the models assume that predict what comes out. Else the queue
 * decides. A measurement follows from the settings and the seed.
 */
#ifndef EMU_BENCH_ROAD_H
#define EMU_BENCH_ROAD_H

#include "toe/extension.h"
#include "toe/types.h"

#define EMU_BENCH_ROAD_FLOWS_MAX 8u

/* What a full segment has beside its headers, with timestamps, and with them as a frame. */
#define EMU_BENCH_ROAD_MSS 1448u
#define EMU_BENCH_ROAD_FRAME 1514u

struct emu_bench_road_flow {
    enum toe_congestion congestion;
    toe_duration rtt; /* without the queue */
};

struct emu_bench_road {
    uint64_t seed;
    struct emu_bench_road_flow flows[EMU_BENCH_ROAD_FLOWS_MAX];
    uint32_t flow_cnt;
    uint64_t rate;          /* bits a second; 0: no limit */
    uint32_t queue;         /* frames that wait for the rate */
    uint32_t loss;          /* of segments, in a million */
    uint32_t loss_every;    /* each so manieth segment of a flow; 0: none */
    toe_duration loss_time; /* a segment of each flow whenever this is over; 0: none */
    toe_duration before;    /* is not measured: slow start */
    toe_duration time;      /* is measured */
};

struct emu_bench_road_result {
    double rates[EMU_BENCH_ROAD_FLOWS_MAX]; /* bytes a second that the applications got */
    double rate;                            /* of all */
    double use;                             /* of the bottleneck, as a share of time */
    double queue;                           /* seconds that the queue takes to leave, in the mean */
    double queue_max;                       /* and at most */
    double busy_max;                        /* longest time without an empty queue, seconds */
};

/* emu_bench_road_run() runs it once; false if memory is short. */
bool emu_bench_road_run(struct emu_bench_road_result *result, const struct emu_bench_road *road);

/* emu_bench_road_fairness() is Jain's index of the flows: 1 where all got the same. */
double emu_bench_road_fairness(const struct emu_bench_road_result *result, uint32_t flow_cnt);

#endif
