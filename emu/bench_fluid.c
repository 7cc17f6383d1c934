/* SPDX-License-Identifier: MIT */
#include "bench_fluid.h"

#include <math.h>

#include "random.h"

#define STEPS 50.0 /* of a round trip */
#define LOSSES_BEFORE 20u
#define LOSSES 400u
#define RENO_BETA 0.5
#define CUBIC_BETA 0.7
#define CUBIC_C 0.4

struct state {
    const struct emu_bench_fluid *fluid;
    struct emu_random random;
    double window;
    double estimate; /* W_est */
    double w_max;
    double w_prior; /* before fast convergence */
    double k;
    double age;  /* of the epoch */
    double rest; /* until the window grows again */
    double late; /* until the loss is answered; below 0: there is none */
    double left; /* segments until the next loss */
};

double emu_bench_fluid_reno(double loss)
{
    return sqrt(1.5 / loss);
}

double emu_bench_fluid_cubic(double loss, double rtt)
{
    const double cubic =
        pow(CUBIC_C * (3 + CUBIC_BETA) / (4 * (1 - CUBIC_BETA)), 0.25) * pow(rtt / loss, 0.75);
    const double reno = emu_bench_fluid_reno(loss);

    return cubic > reno ? cubic : reno;
}

static double next_loss(struct state *s)
{
    if (s->fluid->loss > 0) {
        const double word = (double)(emu_random_next(&s->random) >> 11) + 1;

        return -log(word / 9007199254740993.0) / s->fluid->loss;
    }
    return s->fluid->every > 0 ? s->fluid->every : INFINITY;
}

static void reduce(struct state *s, double rtt)
{
    const double beta = s->fluid->is_cubic ? CUBIC_BETA : RENO_BETA;

    s->w_max = s->window < s->w_max ? s->window * (1 + beta) / 2 : s->window;
    s->w_prior = s->window;
    s->window *= beta;
    s->estimate = s->window;
    s->k = cbrt((s->w_max > s->window ? s->w_max - s->window : 0) / CUBIC_C);
    s->age = 0;
    s->rest = rtt;
    s->late = -1;
}

static void grow(struct state *s, double dt, double rtt)
{
    const double alpha = s->estimate < s->w_prior ? 3 * (1 - CUBIC_BETA) / (1 + CUBIC_BETA) : 1;
    double cubic;

    if (s->rest > 0) {
        s->rest -= dt;
        return;
    }
    if (!s->fluid->is_cubic) {
        s->window += dt / rtt;
        return;
    }
    s->age += dt;
    s->estimate += alpha * dt / rtt;
    cubic = CUBIC_C * pow(s->age - s->k, 3) + s->w_max;
    cubic = cubic > s->estimate ? cubic : s->estimate;
    s->window = cubic > s->window ? cubic : s->window;
}

/* One step; returns how many segments left in it. */
static double step(struct state *s, double dt, double rtt)
{
    const struct emu_bench_fluid *f = s->fluid;
    const double sent = s->window * dt / rtt;

    s->left -= sent;
    if (s->late < 0 && (s->left <= 0 || (f->path > 0 && s->window > f->path + f->queue))) {
        s->late = rtt;
    }
    if (s->left <= 0) {
        s->left += next_loss(s);
    }
    grow(s, dt, rtt);
    return sent;
}

struct emu_bench_fluid_result emu_bench_fluid_run(const struct emu_bench_fluid *fluid)
{
    struct state s = {.fluid = fluid, .random = {1}, .window = 10, .estimate = 10, .late = -1};
    double time = 0;
    double sent = 0;
    double queued = 0;
    uint32_t losses = 0;

    s.left = next_loss(&s);
    while (losses < LOSSES_BEFORE + LOSSES) {
        const double over = fluid->path > 0 && s.window > fluid->path ? s.window / fluid->path : 1;
        const double rtt = fluid->rtt * over;
        const double dt = rtt / STEPS;
        const double cnt = step(&s, dt, rtt);

        if (losses >= LOSSES_BEFORE) {
            time += dt;
            sent += cnt;
            queued += fluid->path * (over - 1) * dt;
        }
        if (s.late >= 0 && (s.late -= dt) < 0) {
            reduce(&s, rtt);
            ++losses;
        }
    }
    return (struct emu_bench_fluid_result){
        .window = sent / time * fluid->rtt,
        .use = fluid->path > 0 ? sent / time * fluid->rtt / fluid->path : 0,
        .queue = queued / time,
    };
}
