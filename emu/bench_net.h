/* SPDX-License-Identifier: MIT */
/*
 * A network in virtual time, for benchmarks: two machines, one link, flows of bulk data.
 *
 * All flows send from the one machine to the other, as much as there is room for. Chance hits both
 * directions alike. What comes out follows from the settings and the seed, not from the speed of
 * the machine that it runs on.
 */
#ifndef EMU_BENCH_NET_H
#define EMU_BENCH_NET_H

#include "toe/extension.h"
#include "toe/types.h"

#define EMU_BENCH_FLOWS_MAX 8u

struct emu_bench_net {
    uint64_t seed;
    enum toe_congestion congestion;
    bool offloaded; /* both ends, as soon as they are established */
    uint32_t flows;
    uint32_t buffer;   /* bytes, at the sender and at the receiver */
    toe_duration rtt;  /* of the link alone */
    uint64_t rate;     /* bits a second; 0: no limit */
    uint32_t queue;    /* frames that wait for the rate; 0: no limit */
    uint32_t loss;     /* in a million */
    uint32_t reorder;  /* in a million, held back by up to a tenth of the RTT */
    bool bursts;       /* once a second, for a twentieth of it, half of the frames are lost */
    uint64_t bytes;    /* until so many have arrived, */
    toe_duration time; /* or this is over */
};

struct emu_bench_net_result {
    double rate;     /* bytes a second that the application got, from the first SYN on */
    double fairness; /* Jain's index of what the flows got: 1 where all got the same */
    double queue;    /* seconds that a frame waited for the rate, in the mean */
    uint64_t frames; /* that were sent, either way */
    uint64_t digest; /* of everything that was sent */
};

/*
 * emu_bench_net_run() runs it once. Returns false if memory is short, or the settings make no sense
 * to the library.
 */
bool emu_bench_net_run(struct emu_bench_net_result *result, const struct emu_bench_net *net);

#endif
