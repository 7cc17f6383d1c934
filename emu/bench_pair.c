/* SPDX-License-Identifier: MIT */
#include "bench_pair.h"

#include <stdlib.h>
#include <string.h>

#include "bench_quiet.h"

enum {
    NEAR = 0,
    FAR = 1,
    QUEUE_FRAMES = 4096, /* of answers */
    QUEUE_BYTES = 1 << 21,
    PORT_FIRST = 1024,
    PER_PATH = 60000, /* connections between two addresses */
    ROUNDS_IDLE = 1000,
};

#define STEP (10 * TOE_NS_PER_US) /* of virtual time between two runs */

/* One end of one connection. */
struct side {
    struct toe_block block;
    struct toe_tcp_state state;
    toe_handle handle;
    struct toe_buf *bufs; /* buf_cnt sends, then buf_cnt receives */
};

struct end {
    struct emu_bench_pair *pair;
    int index;
    struct toe_target *target;
    struct toe_block neighbor_block;
    struct toe_neighbor_state neighbor;
    toe_handle neighbor_handle;
    struct toe_block *path_blocks;
    struct toe_path_state *paths;
    toe_handle *path_handles;
    struct side *sides;
    bool is_offloaded;
    uint64_t received; /* receives that completed */

    /* What has arrived: lent by the other end, or copied. */
    const struct toe_frame *lent;
    uint32_t lent_cnt;
    struct toe_frame *queue;
    uint32_t queue_head, queue_tail;
    uint8_t *bytes;
    uint32_t bytes_used;
};

struct emu_bench_pair {
    struct emu_bench_pair_settings settings;
    struct end ends[2];
    toe_instant now;
    uint32_t path_cnt;
    uint8_t *memory; /* of all buffers */
    struct toe_sge *sges;
    struct toe_buf *bufs;
};

static const struct toe_target_ops *ops(void)
{
    return toe_target_ops();
}

/* --- the wire --- */

static uint32_t wire_receive(void *user, struct toe_frame *frames, uint32_t max)
{
    struct end *end = user;
    uint32_t cnt = 0;

    while (cnt < max && end->lent_cnt > 0) {
        frames[cnt++] = *end->lent++;
        --end->lent_cnt;
    }
    while (cnt < max && end->queue_head != end->queue_tail) {
        frames[cnt++] = end->queue[end->queue_head++ % QUEUE_FRAMES];
    }
    return cnt;
}

static void keep(struct end *to, const struct toe_frame *frame)
{
    struct toe_frame *kept;

    if (to->queue_tail - to->queue_head == QUEUE_FRAMES) {
        return; /* Lost, as on any wire. */
    }
    if (to->bytes_used + frame->len > QUEUE_BYTES) {
        to->bytes_used = 0;
    }
    kept = &to->queue[to->queue_tail++ % QUEUE_FRAMES];
    *kept = *frame;
    kept->data = memcpy(to->bytes + to->bytes_used, frame->data, frame->len);
    to->bytes_used += (frame->len + 63) / 64 * 64;
}

static void wire_transmit(void *user, const struct toe_frame *frames, uint32_t cnt)
{
    struct end *end = user;
    struct end *to = &end->pair->ends[1 - end->index];

    if (end->index == NEAR) {
        to->lent = frames;
        to->lent_cnt = cnt;
        while (to->lent_cnt > 0) {
            ops()->run(to->target, end->pair->now);
        }
        return;
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        keep(to, &frames[i]);
    }
}

/* --- the hosts --- */

static void rewind_buf(const struct emu_bench_pair *pair, struct toe_buf *buf)
{
    buf->next = NULL;
    buf->off = 0;
    buf->len = pair->settings.buf_len;
}

static void initiate_complete(void *user, struct toe_block *tree)
{
    struct end *end = user;

    end->is_offloaded = tree->status == TOE_STATUS_SUCCESS;
}

static void send_complete(void *user, struct toe_buf *chain)
{
    struct end *end = user;

    while (chain != NULL) {
        struct toe_buf *buf = chain;
        struct side *side = buf->owner_data[0];

        chain = chain->next;
        rewind_buf(end->pair, buf);
        if (!end->pair->settings.answers) {
            ops()->send(end->target, side->handle, buf);
        }
    }
}

static void receive_complete(void *user, struct toe_buf *chain)
{
    struct end *end = user;
    const uint32_t cnt = end->pair->settings.buf_cnt;

    while (chain != NULL) {
        struct toe_buf *buf = chain;
        struct side *side = buf->owner_data[0];

        chain = chain->next;
        rewind_buf(end->pair, buf);
        ++end->received;
        ops()->receive(end->target, side->handle, buf);
        if (end->pair->settings.answers) {
            ops()->send(end->target, side->handle, &side->bufs[(size_t)(buf - side->bufs) - cnt]);
        }
    }
}

/* --- construction --- */

static void block_init(struct toe_block *block, uint16_t type, toe_handle *handle, void *name)
{
    *block = (struct toe_block){
        .size = sizeof(*block), .type = type, .object = handle, .host_object = name};
}

static struct toe_addr address(int end, uint32_t path)
{
    return (struct toe_addr){.family = 4, .bytes = {10, (uint8_t)end, (uint8_t)path, 1}};
}

static void side_init(struct end *end, uint32_t idx)
{
    struct side *side = &end->sides[idx];
    const struct emu_bench_pair_settings *set = &end->pair->settings;
    const uint16_t port = (uint16_t)(PORT_FIRST + idx % PER_PATH);

    side->state = (struct toe_tcp_state){
        .size = sizeof(side->state),
        .constant = {.flags = TOE_TCP_WINDOW_SCALING | TOE_TCP_SACK | TOE_TCP_TIMESTAMPS,
                     .local_port = port,
                     .remote_port = port,
                     .snd_wnd_scale = 7,
                     .rcv_wnd_scale = 7,
                     .remote_mss = (uint16_t)(set->mtu - 40),
                     .hash_value = idx},
        .cached = {.initial_rcv_wnd = set->rcv_wnd, .ttl = 64},
        .delegated = {.state = TOE_TCP_ESTABLISHED,
                      .rcv_nxt = 1000,
                      .rcv_wnd = set->rcv_wnd,
                      .snd_una = 1000,
                      .snd_nxt = 1000,
                      .snd_max = 1000,
                      .snd_wnd = set->rcv_wnd,
                      .max_snd_wnd = set->rcv_wnd,
                      .snd_wl1 = 1000,
                      .cwnd = 1 << 24,
                      .ssthresh = 1 << 24,
                      .ts_recent = 1,
                      .ts_time = 1,
                      .ka_timeout_delta = TOE_TICKS_NONE,
                      .retransmit_timeout_delta = TOE_TICKS_NONE},
    };
    block_init(&side->block, TOE_BLOCK_TCP, &side->handle, side);
    side->block.state.tcp = &side->state;
}

/* Hangs all connections of |end| below their paths and those below the neighbor. */
static void link_tree(struct end *end)
{
    const struct emu_bench_pair *pair = end->pair;

    block_init(&end->neighbor_block, TOE_BLOCK_NEIGHBOR, &end->neighbor_handle, end);
    end->neighbor = (struct toe_neighbor_state){.size = sizeof(end->neighbor)};
    memcpy(end->neighbor.cached.dst_mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(2 - end->index)},
           TOE_MAC_LEN);
    end->neighbor_block.state.neighbor = &end->neighbor;
    for (uint32_t i = 0; i < pair->path_cnt; ++i) {
        struct toe_block *block = &end->path_blocks[i];

        block_init(block, TOE_BLOCK_PATH4, &end->path_handles[i], end);
        end->paths[i] = (struct toe_path_state){
            .size = sizeof(end->paths[i]),
            .constant = {.src = address(end->index, i), .dst = address(1 - end->index, i)},
            .cached.mtu = pair->settings.mtu,
        };
        block->state.path = &end->paths[i];
        block->next = end->neighbor_block.dependent;
        end->neighbor_block.dependent = block;
    }
    for (uint32_t i = 0; i < pair->settings.connections; ++i) {
        struct toe_block *path = &end->path_blocks[i / PER_PATH];

        side_init(end, i);
        end->sides[i].block.next = path->dependent;
        path->dependent = &end->sides[i].block;
    }
}

static bool end_init(struct end *end)
{
    static const struct toe_wire_ops wires[2] = {
        {.size = sizeof(wires[0]), .receive = wire_receive, .transmit = wire_transmit},
        {.size = sizeof(wires[1]),
         .features = TOE_WIRE_CSUM | TOE_WIRE_TSO,
         .receive = wire_receive,
         .transmit = wire_transmit},
    };
    struct emu_bench_pair *pair = end->pair;
    const size_t cnt = pair->settings.connections;
    struct toe_host_ops host_ops = emu_bench_quiet;
    struct toe_target_settings set;
    struct toe_params params;

    host_ops.initiate_complete = initiate_complete;
    host_ops.send_complete = send_complete;
    host_ops.receive_complete = receive_complete;
    end->queue = calloc(QUEUE_FRAMES, sizeof(*end->queue));
    end->bytes = malloc(QUEUE_BYTES);
    end->sides = calloc(cnt, sizeof(*end->sides));
    end->path_blocks = calloc(pair->path_cnt, sizeof(*end->path_blocks));
    end->paths = calloc(pair->path_cnt, sizeof(*end->paths));
    end->path_handles = calloc(pair->path_cnt, sizeof(*end->path_handles));
    if (end->queue == NULL || end->bytes == NULL || end->sides == NULL ||
        end->path_blocks == NULL || end->paths == NULL || end->path_handles == NULL) {
        return false;
    }
    toe_target_settings_default(&set);
    set.wire = &wires[pair->settings.super ? 1 : 0];
    set.wire_user = end;
    set.seed = 1;
    memcpy(set.mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(1 + end->index)}, TOE_MAC_LEN);
    set.tcp_max = pair->settings.connections + 1;
    set.path_max = pair->path_cnt + 1;
    set.src_addr_max = pair->path_cnt + 1;
    set.mtu_max = pair->settings.mtu > set.mtu_max ? pair->settings.mtu : set.mtu_max;
    set.rcv_wnd_max =
        pair->settings.rcv_wnd > set.rcv_wnd_max ? pair->settings.rcv_wnd : set.rcv_wnd_max;
    end->target = toe_target_new(&set);
    if (end->target == NULL) {
        return false;
    }
    ops()->attach(end->target, &host_ops, end);
    toe_params_default(&params);
    params.nce_stale_ticks = UINT32_MAX;
    if (ops()->params_set(end->target, &params) != TOE_STATUS_SUCCESS) {
        return false;
    }
    link_tree(end);
    ops()->initiate(end->target, &end->neighbor_block);
    ops()->run(end->target, pair->now);
    return end->is_offloaded;
}

/* Gives every side its buffers, staggered so that no two lie at equal offsets within a page. */
static bool make_bufs(struct emu_bench_pair *pair)
{
    const size_t per_side = 2 * (size_t)pair->settings.buf_cnt;
    const size_t cnt = 2 * (size_t)pair->settings.connections * per_side;
    const size_t stride = ((size_t)pair->settings.buf_len + 63) / 64 * 64 + 64;
    size_t at = 0;

    pair->memory = calloc(cnt, stride);
    pair->sges = calloc(cnt, sizeof(*pair->sges));
    pair->bufs = calloc(cnt, sizeof(*pair->bufs));
    if (pair->memory == NULL || pair->sges == NULL || pair->bufs == NULL) {
        return false;
    }
    for (int e = 0; e < 2; ++e) {
        for (uint32_t i = 0; i < pair->settings.connections; ++i) {
            struct side *side = &pair->ends[e].sides[i];

            side->bufs = &pair->bufs[at];
            for (size_t n = 0; n < per_side; ++n, ++at) {
                pair->sges[at] = (struct toe_sge){
                    .addr = toe_bus_addr(NULL, pair->memory + at * stride, pair->settings.buf_len),
                    .len = pair->settings.buf_len};
                pair->bufs[at] = (struct toe_buf){.sge = &pair->sges[at], .sge_cnt = 1};
                pair->bufs[at].owner_data[0] = side;
                rewind_buf(pair, &pair->bufs[at]);
            }
        }
    }
    return true;
}

/* Posts all receives, and what is to be sent first. */
static void start(struct emu_bench_pair *pair)
{
    for (int e = FAR; e >= NEAR; --e) {
        struct end *end = &pair->ends[e];

        for (uint32_t i = 0; i < pair->settings.connections; ++i) {
            struct side *side = &end->sides[i];

            for (uint32_t n = 0; n < pair->settings.buf_cnt; ++n) {
                ops()->receive(end->target, side->handle, &side->bufs[pair->settings.buf_cnt + n]);
                if (e == NEAR) {
                    ops()->send(end->target, side->handle, &side->bufs[n]);
                }
            }
        }
        ops()->run(end->target, pair->now);
    }
}

struct emu_bench_pair *emu_bench_pair_new(const struct emu_bench_pair_settings *settings,
                                          struct emu_error *error)
{
    struct emu_bench_pair *pair = calloc(1, sizeof(*pair));
    bool ok = pair != NULL;

    if (ok) {
        pair->settings = *settings;
        pair->now = TOE_NS_PER_SEC;
        pair->path_cnt = (settings->connections + PER_PATH - 1) / PER_PATH;
        for (int e = 0; e < 2; ++e) {
            pair->ends[e].pair = pair;
            pair->ends[e].index = e;
        }
        ok = end_init(&pair->ends[FAR]) && end_init(&pair->ends[NEAR]) && make_bufs(pair);
    }
    if (!ok) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for %u connections",
                      settings->connections);
        emu_bench_pair_del(pair);
        return NULL;
    }
    start(pair);
    return pair;
}

void emu_bench_pair_del(struct emu_bench_pair *pair)
{
    if (pair == NULL) {
        return;
    }
    for (int e = 0; e < 2; ++e) {
        struct end *end = &pair->ends[e];

        toe_target_del(end->target);
        free(end->queue);
        free(end->bytes);
        free(end->sides);
        free(end->path_blocks);
        free(end->paths);
        free(end->path_handles);
    }
    free(pair->memory);
    free(pair->sges);
    free(pair->bufs);
    free(pair);
}

bool emu_bench_pair_run(struct emu_bench_pair *pair, uint64_t cnt)
{
    const uint64_t *received = &pair->ends[pair->settings.answers ? NEAR : FAR].received;
    const uint64_t want = *received + cnt;
    uint64_t before = *received;

    for (uint32_t idle = 0; *received < want; ++idle) {
        pair->now += STEP;
        ops()->run(pair->ends[NEAR].target, pair->now);
        if (ops()->deadline(pair->ends[FAR].target) <= pair->now) {
            ops()->run(pair->ends[FAR].target, pair->now);
        }
        if (*received != before) {
            before = *received;
            idle = 0;
        }
        if (idle > ROUNDS_IDLE) {
            return false;
        }
    }
    return true;
}
