/* SPDX-License-Identifier: MIT */
/*
 * Connections of the host: opened, accepted, and closed by both ends, between two hosts in memory,
 * each above a target that only passes frames. One cycle is SYN to the last acknowledgment; who
 * connects also closes first, and so is the one in TIME-WAIT.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "toe/host.h"
#include "toe/target.h"

enum {
    NEAR = 0,
    FAR = 1,
    PORT_FIRST = 7000,
    PORT_CNT = 16, /* listeners: an ephemeral port serves each of them */
    QUEUE_FRAMES = 64,
    FRAME_MAX = 2048,
    TURNS = 1024,    /* cycles of one measurement */
    TURNS_MAX = 128, /* of the pump until nobody has anything to do */
};

struct end {
    struct pair *pair;
    int index;
    struct toe_host *host;
    struct toe_target *target;
    uint32_t head, tail; /* of what has arrived */
    struct toe_frame queue[QUEUE_FRAMES];
    uint8_t bytes[QUEUE_FRAMES][FRAME_MAX];
};

struct pair {
    const struct toe_target_ops *ops;
    struct end ends[2];
    toe_handle listeners[PORT_CNT];
    toe_instant now;
    toe_duration step; /* between two cycles */
    uint32_t cycles;
    bool failed;
};

/* --- the wire --- */

static uint32_t wire_receive(void *user, struct toe_frame *frames, uint32_t max)
{
    struct end *end = user;
    uint32_t cnt = 0;

    while (cnt < max && end->head != end->tail) {
        frames[cnt++] = end->queue[end->head++ % QUEUE_FRAMES];
    }
    return cnt;
}

static void wire_transmit(void *user, const struct toe_frame *frames, uint32_t cnt)
{
    struct end *end = user;
    struct end *to = &end->pair->ends[1 - end->index];

    for (uint32_t i = 0; i < cnt && to->tail - to->head < QUEUE_FRAMES; ++i) {
        struct toe_frame *kept = &to->queue[to->tail % QUEUE_FRAMES];
        uint32_t len = frames[i].len;

        *kept = frames[i];
        kept->data = memcpy(to->bytes[to->tail % QUEUE_FRAMES], frames[i].data, len);
        for (uint32_t n = 0; n < frames[i].more_cnt; ++n) {
            memcpy(to->bytes[to->tail % QUEUE_FRAMES] + len, frames[i].more[n].base,
                   frames[i].more[n].len);
            len += (uint32_t)frames[i].more[n].len;
        }
        kept->len = len;
        kept->more_cnt = 0;
        ++to->tail;
    }
}

static const struct toe_wire_ops wire = {
    .size = sizeof(wire), .receive = wire_receive, .transmit = wire_transmit};

static bool is_due(const struct end *end)
{
    const toe_instant now = end->pair->now;

    return end->head != end->tail || toe_host_deadline(end->host) <= now ||
           end->pair->ops->deadline(end->target) <= now;
}

/* The pump: runs both ends, in turns, for as long as one of them has something to do. */
static void settle(struct pair *pair)
{
    int idle = 0;

    for (int i = 0; i < TURNS_MAX && idle < 2; ++i) {
        struct end *end = &pair->ends[i % 2];
        struct toe_host_event event;

        if (!is_due(end)) {
            ++idle;
            continue;
        }
        idle = 0;
        pair->ops->run(end->target, pair->now);
        toe_host_run(end->host, pair->now);
        while (toe_host_event_next(end->host, &event)) {
        }
    }
}

/* --- connections --- */

static const struct toe_addr addresses[2] = {{.family = 4, .bytes = {10, 0, 0, 1}},
                                             {.family = 4, .bytes = {10, 0, 0, 2}}};

/* Opens one more; |accepted| is the other end of it. Zero if it fails. */
static toe_handle open_one(struct pair *pair, toe_handle *accepted)
{
    const uint32_t idx = pair->cycles++ % PORT_CNT;
    const toe_handle conn = toe_host_connect(pair->ends[NEAR].host, NULL, 0, &addresses[FAR],
                                             (uint16_t)(PORT_FIRST + idx));

    *accepted = 0;
    if (conn == 0) {
        return 0;
    }
    settle(pair);
    *accepted = toe_host_accept(pair->ends[FAR].host, pair->listeners[idx]);
    return *accepted != 0 ? conn : 0;
}

static void cycle(struct pair *pair)
{
    toe_handle accepted;
    const toe_handle conn = open_one(pair, &accepted);

    if (conn == 0) {
        pair->failed = true;
        return;
    }
    toe_host_close(pair->ends[NEAR].host, conn);
    settle(pair);
    toe_host_close(pair->ends[FAR].host, accepted);
    settle(pair);
    pair->now += pair->step;
}

static double run_cycles(void *user)
{
    struct pair *pair = user;
    const double begin = emu_bench_now();

    for (int i = 0; i < TURNS && !pair->failed; ++i) {
        cycle(pair);
    }
    return (emu_bench_now() - begin) / TURNS;
}

/* --- construction --- */

static bool end_init(struct end *end, toe_duration time_wait)
{
    struct toe_target_settings target;
    struct toe_host_settings host;
    struct toe_host_interface interface = {.ops = toe_target_ops(), .mtu = 1500};
    int index;

    toe_target_settings_default(&target);
    target.wire = &wire;
    target.wire_user = end;
    target.seed = 1 + (uint64_t)end->index;
    memcpy(target.mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(1 + end->index)}, TOE_MAC_LEN);
    toe_host_settings_default(&host);
    host.seed = 3 + (uint64_t)end->index;
    host.conn_max = 1 << 18;
    host.time_wait = time_wait;
    end->target = toe_target_new(&target);
    end->host = toe_host_new(&host);
    if (end->target == NULL || end->host == NULL) {
        return false;
    }
    interface.target = end->target;
    index = toe_host_interface_add(end->host, &interface);
    return index >= 0 && toe_host_address_add(end->host, index, &addresses[end->index], 24) == 0;
}

static void pair_del(struct pair *pair)
{
    for (int i = 0; pair != NULL && i < 2; ++i) {
        if (pair->ends[i].host != NULL) {
            toe_host_del(pair->ends[i].host);
        }
        if (pair->ends[i].target != NULL) {
            toe_target_del(pair->ends[i].target);
        }
    }
    free(pair);
}

static struct pair *pair_new(toe_duration time_wait)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    bool ok = pair != NULL;

    if (ok) {
        pair->ops = toe_target_ops();
    }
    for (int i = 0; ok && i < 2; ++i) {
        pair->ends[i].pair = pair;
        pair->ends[i].index = i;
        ok = end_init(&pair->ends[i], time_wait);
    }
    for (uint32_t i = 0; ok && i < PORT_CNT; ++i) {
        pair->listeners[i] =
            toe_host_listen(pair->ends[FAR].host, NULL, (uint16_t)(PORT_FIRST + i), 16);
        ok = pair->listeners[i] != 0;
    }
    if (!ok) {
        pair_del(pair);
        return NULL;
    }
    pair->now = TOE_NS_PER_SEC;
    pair->step = 2 * TOE_NS_PER_MS;
    return pair;
}

bool emu_bench_connect(struct emu_bench *bench, struct emu_error *error)
{
    static const struct {
        const char *name;
        uint32_t open;          /* others that are open */
        uint32_t time_wait_cnt; /* others in TIME-WAIT, */
        toe_duration time_wait; /* which lasts so long */
    } rows[] = {
        {"connect-close-alone", 0, 0, TOE_NS_PER_MS},
        {"connect-close-open", 100000, 0, TOE_NS_PER_MS},
        {"connect-close-time-wait", 0, 100000, 86400 * TOE_NS_PER_SEC},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        const struct emu_bench_job job = {.kind = EMU_BENCH_CONNECT,
                                          .connections = rows[i].open + rows[i].time_wait_cnt,
                                          .mss = 1460};
        struct emu_bench_figure figure = {
            .name = rows[i].name, .unit = "ns", .ours = run_cycles, .job = &job};
        struct pair *pair;
        toe_handle accepted;
        bool failed;

        if (emu_bench_is_over(bench) || !emu_bench_is_wanted(bench, rows[i].name)) {
            continue;
        }
        pair = pair_new(rows[i].time_wait);
        if (pair == NULL) {
            emu_error_set(error, EMU_EXIT_ENVIRONMENT, "%s: no memory", rows[i].name);
            return false;
        }
        for (uint32_t n = 0; n < rows[i].open && !pair->failed; ++n) {
            pair->failed = open_one(pair, &accepted) == 0;
        }
        for (uint32_t n = 0; n < rows[i].time_wait_cnt && !pair->failed; ++n) {
            cycle(pair);
        }
        figure.user = pair;
        emu_bench_measure(bench, &figure);
        failed = pair->failed;
        pair_del(pair);
        if (failed) {
            emu_error_set(error, EMU_EXIT_FAULT, "%s: a connection failed", rows[i].name);
            return false;
        }
    }
    return true;
}
