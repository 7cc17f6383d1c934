/* SPDX-License-Identifier: MIT */
#include "swarm/schedule.h"

#include <stdlib.h>

#include "random.h"

/* Kinds of which a seed has half, or a quarter: connections are lost by these, and that hides. */
enum { OFTEN = 2, SELDOM = 4 };

struct kind {
    const char *name;  /* NULL: that of the chaos */
    uint16_t per_hour; /* events at most, both machines together, if it is not by connection */
    uint16_t per_conn; /* the same for each connection */
    uint8_t one_in;    /* seeds have it */
};

#define CHAOS(kind) [EMU_SWARM_CHAOS + TOE_INTER_FAULT_##kind]
#define WEATHER(kind) [EMU_SWARM_CHAOS + TOE_INTER_FAULT_CNT + EMU_WEATHER_##kind]

static const struct kind kinds[EMU_SWARM_CNT] = {
    [EMU_SWARM_OPEN] = {.name = "open"}, /* drawn apart */
    [EMU_SWARM_OFFLOAD] = {.name = "offload", .per_conn = 2400, .one_in = 1},
    [EMU_SWARM_UPLOAD] = {.name = "upload", .per_conn = 1200, .one_in = 1},
    [EMU_SWARM_OFFLOAD_MANY] = {.name = "offload_many", .per_hour = 3600, .one_in = OFTEN},
    [EMU_SWARM_UPLOAD_MANY] = {.name = "upload_many", .per_hour = 3600, .one_in = OFTEN},
    [EMU_SWARM_LOSE] = {.name = "lose", .per_conn = 2400, .one_in = OFTEN},
    [EMU_SWARM_DUPLICATE] = {.name = "duplicate", .per_conn = 600, .one_in = OFTEN},
    [EMU_SWARM_CORRUPT] = {.name = "corrupt", .per_conn = 600, .one_in = OFTEN},
    [EMU_SWARM_HOLD] = {.name = "hold", .per_conn = 1200, .one_in = OFTEN},
    [EMU_SWARM_STARVE] = {.name = "starve", .per_hour = 3600, .one_in = SELDOM},
    [EMU_SWARM_JUMP] = {.name = "jump", .per_hour = 360, .one_in = SELDOM},
    [EMU_SWARM_CRASH] = {.name = "crash", .per_hour = 360, .one_in = SELDOM},
    CHAOS(REFUSE_NEIGHBOR) = {.per_hour = 3600, .one_in = OFTEN},
    CHAOS(REFUSE_PATH) = {.per_hour = 3600, .one_in = OFTEN},
    CHAOS(REFUSE_TCP) = {.per_hour = 7200, .one_in = OFTEN},
    CHAOS(FAIL_UPDATE) = {.per_hour = 3600, .one_in = OFTEN},
    CHAOS(DELAY) = {.per_conn = 600, .one_in = OFTEN},
    CHAOS(REORDER) = {.per_conn = 600, .one_in = OFTEN},
    CHAOS(HARDWARE_QUERY) = {.per_hour = 360, .one_in = SELDOM},
    CHAOS(HARDWARE_INVALIDATE) = {.per_hour = 360, .one_in = SELDOM},
    CHAOS(HARDWARE_TERMINATE) = {.per_hour = 360, .one_in = SELDOM},
    CHAOS(PAUSE) = {.per_hour = 720, .one_in = OFTEN},
    CHAOS(UPLOAD_ALL) = {.per_hour = 360, .one_in = OFTEN},
    CHAOS(REFUSE_INDICATION) = {.per_conn = 1200, .one_in = OFTEN},
    CHAOS(PARTIAL_INDICATION) = {.per_conn = 1200, .one_in = OFTEN},
    CHAOS(DROP_FRAME) = {.per_conn = 600, .one_in = OFTEN},
    CHAOS(LINK_LOSS) = {.per_hour = 720, .one_in = OFTEN},
    WEATHER(MOVE) = {.per_hour = 360, .one_in = OFTEN},
    WEATHER(NARROW) = {.per_hour = 720, .one_in = OFTEN},
    WEATHER(FLAP) = {.per_hour = 720, .one_in = OFTEN},
    WEATHER(PAUSE) = {.per_hour = 720, .one_in = OFTEN},
    WEATHER(UPLOAD) = {.per_hour = 360, .one_in = OFTEN},
    WEATHER(CAPS) = {.per_hour = 360, .one_in = OFTEN},
    [EMU_SWARM_OPEN_BULK] = {.name = "open_bulk"},
    [EMU_SWARM_OPEN_IDLE] = {.name = "open_idle"},
};

const char *emu_swarm_name(unsigned what)
{
    if (what >= EMU_SWARM_CNT) {
        return "unknown";
    }
    return kinds[what].name != NULL ? kinds[what].name
                                    : emu_stress_chaos_name(what - EMU_SWARM_CHAOS);
}

/* --- drawing --- */

static uint64_t pick(struct emu_random *random, const uint64_t *choices, size_t cnt)
{
    return choices[emu_random_below(random, cnt)];
}

#define PICK(random, ...)                                                                          \
    pick(random, (const uint64_t[]){__VA_ARGS__},                                                  \
         sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* Draws all of them, given or not, so that one that is given changes no other. */
static void draw_settings(struct emu_stress_settings *set, struct emu_random *random,
                          const struct emu_swarm_given *given)
{
    struct emu_stress_settings drawn = *set;

    drawn.connections = (uint32_t)PICK(random, 1, 4, 16, 64);
    drawn.seconds = (double)PICK(random, 5, 10, 20);
    drawn.bytes = (uint32_t)PICK(random, 2048, 8192, 24576);
    drawn.receive_mode = (enum toe_receive_mode)emu_random_below(random, 3);
    drawn.lag = (double)PICK(random, 0, 1, 10) / 1e3;
    drawn.ecn = emu_random_below(random, 4) == 0;
    drawn.mtu_probing =
        (enum toe_mtu_probing)PICK(random, TOE_MTU_PROBING_OFF, TOE_MTU_PROBING_OFF,
                                   TOE_MTU_PROBING_BLACK_HOLE, TOE_MTU_PROBING_ALWAYS);
    drawn.rcv_buf = (uint32_t)PICK(random, 4096, 16384, 65536, 262144);
    drawn.delay = (double)PICK(random, 100, 1000, 10000, 100000) / 1e6;
    drawn.rate = PICK(random, 0, 10000000, 100000000, 1000000000);
    drawn.mtu = (uint32_t)PICK(random, 1280, 1500, 1500, 9000);
    set->connections = given->connections ? set->connections : drawn.connections;
    set->seconds = given->seconds ? set->seconds : drawn.seconds;
    set->bytes = given->bytes ? set->bytes : drawn.bytes;
    set->receive_mode = given->receive ? set->receive_mode : drawn.receive_mode;
    set->lag = given->lag ? set->lag : drawn.lag;
    set->ecn = given->ecn ? set->ecn : drawn.ecn;
    set->mtu_probing = given->mtu_probing ? set->mtu_probing : drawn.mtu_probing;
    set->rcv_buf = given->rcv_buf ? set->rcv_buf : drawn.rcv_buf;
    set->delay = given->delay ? set->delay : drawn.delay;
    set->rate = given->rate ? set->rate : drawn.rate;
    set->mtu = given->mtu ? set->mtu : drawn.mtu;
}

void emu_schedule_draw_events(struct emu_schedule *schedule, unsigned what, uint64_t cnt,
                              toe_duration before, struct emu_random *random)
{
    for (uint64_t i = 0; i < cnt; ++i) {
        const struct emu_swarm_event event = {
            .at = emu_random_below(random, before),
            .detail = emu_random_next(random),
            .what = (uint8_t)what,
            .machine = (uint8_t)emu_random_below(random, 2),
        };

        emu_schedule_add(schedule, &event);
    }
}

/* Whole events of |expected|, which has a fraction: that is a chance. */
static uint64_t round_by_chance(double expected, struct emu_random *random)
{
    const double chance = (double)emu_random_below(random, 1000000) / 1e6;

    return (uint64_t)(expected + chance);
}

static void draw_kind(struct emu_schedule *schedule, unsigned what,
                      const struct emu_stress_settings *set, struct emu_random *random)
{
    const struct kind *kind = &kinds[what];
    const double most =
        (kind->per_hour + (double)kind->per_conn * set->connections) * set->seconds / 3600;
    const bool is_here = kind->one_in != 0 && emu_random_below(random, kind->one_in) == 0;
    const uint64_t share = UINT64_C(1) << emu_random_below(random, 4);
    const uint64_t cnt = round_by_chance(most / (double)share, random);

    if (is_here) {
        emu_schedule_draw_events(schedule, what, cnt,
                                 (toe_duration)(set->seconds * (double)TOE_NS_PER_SEC), random);
    }
}

/* As many as are to be open at once in the first tenth of the time, and the same in each ten
 * seconds: the plans end after seconds, most of them. */
static void draw_opens(struct emu_schedule *schedule, const struct emu_stress_settings *set,
                       struct emu_random *random)
{
    const toe_duration time = (toe_duration)(set->seconds * (double)TOE_NS_PER_SEC);
    const uint64_t more = round_by_chance(set->connections * set->seconds / 10, random);

    emu_schedule_draw_events(schedule, EMU_SWARM_OPEN, set->connections, time / 10, random);
    emu_schedule_draw_events(schedule, EMU_SWARM_OPEN, more, time, random);
}

static int by_instant(const void *a, const void *b)
{
    const struct emu_swarm_event *first = a;
    const struct emu_swarm_event *second = b;

    if (first->at != second->at) {
        return first->at < second->at ? -1 : 1;
    }
    return first->detail < second->detail ? -1 : first->detail > second->detail;
}

void emu_schedule_draw(struct emu_schedule *schedule, struct emu_stress_settings *settings,
                       const struct emu_swarm_given *given)
{
    struct emu_random random = {.state = settings->seed};

    draw_settings(settings, &random, given);
    settings->policy = TOE_POLICY_MANUAL;
    settings->chaos = 0;
    schedule->cnt = 0;
    draw_opens(schedule, settings, &random);
    for (unsigned i = 0; i < EMU_SWARM_CNT; ++i) {
        /* A stream of its own for each kind: more of one changes nothing of the others. */
        struct emu_random own = {.state = emu_random_next(&random)};

        draw_kind(schedule, i, settings, &own);
    }
    emu_schedule_sort(schedule);
}

/* --- events --- */

void emu_schedule_sort(struct emu_schedule *schedule)
{
    qsort(schedule->events, schedule->cnt, sizeof(schedule->events[0]), by_instant);
}

bool emu_schedule_has(const struct emu_schedule *schedule, unsigned first, unsigned cnt)
{
    for (size_t i = 0; i < schedule->cnt; ++i) {
        if (schedule->events[i].what >= first && schedule->events[i].what < first + cnt) {
            return true;
        }
    }
    return false;
}

bool emu_schedule_has_losses(const struct emu_schedule *schedule)
{
    return emu_schedule_has(schedule, EMU_SWARM_CRASH, 1) ||
           emu_schedule_has(schedule, EMU_SWARM_CHAOS + TOE_INTER_FAULT_HARDWARE_QUERY, 3);
}

void emu_schedule_add(struct emu_schedule *schedule, const struct emu_swarm_event *event)
{
    if (schedule->cnt == schedule->cap) {
        schedule->cap = schedule->cap == 0 ? 256 : 2 * schedule->cap;
        schedule->events = realloc(schedule->events, schedule->cap * sizeof(schedule->events[0]));
        if (schedule->events == NULL) {
            abort();
        }
    }
    schedule->events[schedule->cnt++] = *event;
}

void emu_schedule_fini(struct emu_schedule *schedule)
{
    free(schedule->events);
    *schedule = (struct emu_schedule){0};
}
