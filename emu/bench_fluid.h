/* SPDX-License-Identifier: MIT */
/*
 * What congestion controls are to do by what is written of them.
 *
 * Some of that has a formula. The window of a control that halves, or takes |beta| of it, and grows
 * by |alpha| segments a round trip is, in the mean, with each 1/p-th segment lost (RFC 9438, 4.3,
 * figure 4),
 *
 *     W = sqrt(alpha (1 + beta) / (2 (1 - beta) p)),
 *
 * which is 1.22 / sqrt(p) for NewReno (Mathis) and for CUBIC's estimate of it. The cubic function
 * itself makes (RFC 9438, 5.1, figure 9)
 *
 *     W = (C (3 + beta) / (4 (1 - beta)))^(1/4) RTT^(3/4) / p^(3/4),
 *
 * and CUBIC has the larger one of the two. For losses by chance, for a queue that overflows, there
 * is no such formula: there the *fluid model* follows the window itself, as the specification has
 * it, in small steps. It knows no packets, timers or acknowledgments, and shares nothing with
 * lib/tcp but the RFC. A loss is answered a round trip later, and for another one the window rests,
 * as it does in a recovery.
 */
#ifndef EMU_BENCH_FLUID_H
#define EMU_BENCH_FLUID_H

#include <stdbool.h>
#include <stdint.h>

struct emu_bench_fluid {
    bool is_cubic; /* or NewReno */
    double rtt;    /* seconds, without the queue */
    double path;   /* segments that the path holds; 0: no limit */
    double queue;  /* and its queue; more is lost */
    double loss;   /* of segments, by chance; 0: none */
    double every;  /* each so manieth segment is lost; 0: none */
};

struct emu_bench_fluid_result {
    double window; /* segments a round trip without the queue */
    double use;    /* of the path */
    double queue;  /* segments in it, in the mean */
};

/* emu_bench_fluid_run() follows some hundred losses. */
struct emu_bench_fluid_result emu_bench_fluid_run(const struct emu_bench_fluid *fluid);

/* The formulas above; |loss| is p. */
double emu_bench_fluid_reno(double loss);
double emu_bench_fluid_cubic(double loss, double rtt);

#endif
