/* SPDX-License-Identifier: MIT */
/*
 * Each kind of connection is a row of a table: how many bytes each way, how long it takes, in what
 * pieces, and how it ends. Thinking times follow from the time it is to take, so that the load is
 * the same whatever the machine can do.
 */
#include "plan.h"

/* A kind. Bytes are in percent of the mix's average; each is drawn from 0 to twice the number. */
struct kind {
    uint8_t weight;
    uint16_t up, down;
    uint8_t seconds; /* twice the mean life; 0: as fast as it goes */
    uint16_t chunk;  /* the largest write; 0: what takes as long as it is to last in |turns| */
    uint8_t turns;
    uint16_t flags;
};

/* What a connection does that is idle for all its life. */
enum {
    IDLE_TURNS = 300,
    IDLE_BYTES = 16,
};

enum {
    EAGER = EMU_CLOSE_EAGER | EMU_CLOSE_EAGER << 2,
    DONE = EMU_CLOSE_DONE | EMU_CLOSE_DONE << 2,
    OPENER_FIRST = EMU_CLOSE_EAGER | EMU_CLOSE_LAST << 2,
    ACCEPTOR_FIRST = EMU_CLOSE_LAST | EMU_CLOSE_DONE << 2,
};

static const struct kind kinds[] = {
    /* short: a request and an answer */
    {8, 2, 10, 0, 4096, 0, OPENER_FIRST},
    {8, 2, 10, 0, 1024, 0, ACCEPTOR_FIRST},
    /* streams both ways, for seconds and for a minute */
    {12, 80, 80, 20, 0, 30, EAGER},
    {8, 150, 150, 110, 0, 60, DONE},
    /* idle: a few bytes now and then */
    {14, 1, 1, 110, 0, 4, ACCEPTOR_FIRST},
    /* one-way */
    {5, 200, 0, 40, 0, 40, OPENER_FIRST},
    {5, 0, 200, 40, 0, 40, ACCEPTOR_FIRST},
    /* half-closed: one side ends at once, the other goes on for long */
    {6, 1, 120, 30, 0, 40, EAGER},
    {6, 120, 1, 30, 0, 40, EAGER},
    /* ping-pong, and one that both sides close at the same time */
    {8, 15, 15, 40, 0, 50, DONE | EMU_FLOW_PING},
    {10, 4, 4, 8, 0, 6, DONE | EMU_FLOW_PING | EMU_FLOW_PAUSE},
    /* tiny writes, one after the other */
    {5, 3, 3, 0, 24, 0, DONE},
    {3, 6, 6, 60, 0, 200, OPENER_FIRST},
    /* large writes */
    {4, 400, 400, 0, 65535, 0, EAGER},
    /* slow readers: zero windows */
    {4, 500, 1, 60, 0, 8, OPENER_FIRST | EMU_FLOW_SLOW_ACCEPTOR},
    {4, 1, 500, 60, 0, 8, ACCEPTOR_FIRST | EMU_FLOW_SLOW_OPENER},
    /* abortive ends, with data under way */
    {2, 60, 30, 4, 0, 10, DONE | EMU_FLOW_ABORT_OPENER},
    {2, 30, 60, 4, 0, 10, DONE | EMU_FLOW_ABORT_ACCEPTOR},
};

static const struct kind *draw_kind(struct emu_random *random)
{
    uint64_t pick;
    uint32_t sum = 0;
    uint32_t idx = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        sum += kinds[i].weight;
    }
    for (pick = emu_random_below(random, sum); pick >= kinds[idx].weight; ++idx) {
        pick -= kinds[idx].weight;
    }
    return &kinds[idx];
}

static uint32_t draw_bytes(struct emu_random *random, uint32_t percent, uint32_t average)
{
    return (uint32_t)emu_random_below(random, 2 * ((uint64_t)average * percent / 100) + 1);
}

/*
 * Whether |kind| may think for hours: no end may have closed meanwhile, as a host forgets in
 * FIN_WAIT_2 what is silent for two minutes (TMR-033), and nobody may wait for a RST.
 */
static bool is_stretched(const struct kind *kind)
{
    const uint16_t open_end = EMU_FLOW_SLOW_OPENER | EMU_FLOW_SLOW_ACCEPTOR |
                              EMU_FLOW_ABORT_OPENER | EMU_FLOW_ABORT_ACCEPTOR;

    return (kind->flags & EMU_FLOW_CLOSE_OPENER) != EMU_CLOSE_EAGER &&
           (kind->flags & EMU_FLOW_CLOSE_ACCEPTOR) != EMU_CLOSE_EAGER << 2 &&
           (kind->flags & open_end) == 0;
}

/* How long to think between turns, so that so many take |seconds|. */
static uint32_t think_of(double seconds, uint32_t turns)
{
    const double think = seconds * 1e6 / turns;

    return think < UINT32_MAX ? (uint32_t)think : UINT32_MAX;
}

void emu_plan_make(struct emu_flow_plan *plan, struct emu_random *random,
                   const struct emu_plan_mix *mix)
{
    const struct kind *kind = draw_kind(random);
    uint32_t most;
    double life;
    uint32_t chunk;
    uint32_t turns;

    *plan = (struct emu_flow_plan){.kind = EMU_FLOW_PLAIN, .flags = kind->flags};
    plan->seed = emu_random_next(random);
    plan->up = draw_bytes(random, kind->up, mix->bytes);
    plan->down = draw_bytes(random, kind->down, mix->bytes);
    life = (double)emu_random_below(random, 1000000) / 1e6 * kind->seconds;
    life *= mix->stretch > 0 && is_stretched(kind) ? mix->stretch : 1;
    life = life < mix->seconds_max ? life : mix->seconds_max;
    if ((plan->flags & (EMU_FLOW_ABORT_OPENER | EMU_FLOW_ABORT_ACCEPTOR)) != 0 && plan->down == 0) {
        plan->down = 1;
    }

    /*
     * FINs cross on their way if the opener, having received all, sends the last byte and hesitates
     * for less than the round trip before its FIN.
     */
    if ((plan->flags & EMU_FLOW_PAUSE) != 0) {
        plan->up = plan->down + 1;
    }

    /* A flow in turns sends as many pieces as it has turns; a stream writes what it likes. */
    most = plan->up > plan->down ? plan->up : plan->down;
    chunk = kind->chunk != 0 ? 1 + (uint32_t)emu_random_below(random, kind->chunk)
                             : 1 + most / kind->turns;
    plan->chunk = (uint16_t)(chunk < UINT16_MAX ? chunk : UINT16_MAX);
    turns = 1 + most / plan->chunk;
    plan->think_us = think_of(life, turns);
}

double emu_plan_stretch(double seconds)
{
    double sums[2] = {0, 0};
    double weights = 0;
    double stretch;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        sums[is_stretched(&kinds[i])] += kinds[i].weight * kinds[i].seconds / 2.0;
        weights += kinds[i].weight;
    }
    stretch = (seconds * weights - sums[false]) / sums[true];
    return stretch > 1 ? stretch : 1;
}

void emu_plan_make_bulk(struct emu_flow_plan *plan, struct emu_random *random, uint64_t bytes,
                        double seconds)
{
    const uint64_t pieces = bytes / EMU_FLOW_PIECE + 1;

    *plan = (struct emu_flow_plan){.kind = EMU_FLOW_PLAIN,
                                   .flags = DONE | EMU_FLOW_BULK,
                                   .seed = emu_random_next(random),
                                   .up = pieces < UINT32_MAX ? (uint32_t)pieces : UINT32_MAX,
                                   .chunk = UINT16_MAX};
    plan->down = plan->up;
    plan->think_us = think_of(seconds, plan->up);
}

void emu_plan_make_idle(struct emu_flow_plan *plan, struct emu_random *random, double seconds)
{
    *plan = (struct emu_flow_plan){.kind = EMU_FLOW_PLAIN,
                                   .flags = DONE | EMU_FLOW_PING,
                                   .seed = emu_random_next(random),
                                   .up = IDLE_TURNS * IDLE_BYTES,
                                   .down = IDLE_TURNS * IDLE_BYTES,
                                   .chunk = IDLE_BYTES};
    plan->think_us = think_of(seconds, IDLE_TURNS);
}
