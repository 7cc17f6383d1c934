/* SPDX-License-Identifier: MIT */
#include "bench_herd.h"

#include <stdlib.h>
#include <string.h>

#include "bench_quiet.h"
#include "bytes.h"

enum {
    PER_PATH = 50000, /* connections between two addresses */
    PORT_LOCAL = 443,
    PORT_FIRST = 1024,
    FRAME_LEN = 54,
    FRAME_STRIDE = 64,
    TICKS_PER_SECOND = 100,
    SEQ = 1000, /* all sequence numbers begin here */
    WINDOW = 65535,
};

struct emu_bench_herd {
    struct emu_bench_herd_settings settings;
    struct toe_target *target;
    toe_instant now;
    size_t memory;
    uint64_t sent;   /* frames */
    uint32_t failed; /* trees */
    uint32_t unseen; /* frames to be received, the last ones */
    uint8_t *frames; /* EMU_BENCH_FRAMES of them */
    uint64_t chance;

    uint32_t path_cnt;
    struct toe_neighbor_state neighbor;
    struct toe_path_state *paths;
    toe_handle neighbor_handle;
    toe_handle *path_handles;
    toe_handle *handles;

    /* The batch: trees of a linker to a path each, with connections below. */
    uint32_t first, cnt, tree_cnt;
    struct toe_block *trees;
    struct toe_block *blocks;
    struct toe_tcp_state *states;
};

static const struct toe_target_ops *ops(void)
{
    return toe_target_ops();
}

/* --- memory --- */

static void *count_alloc(void *user, size_t size)
{
    struct emu_bench_herd *herd = user;
    void *ptr = malloc(size);

    herd->memory += ptr != NULL ? size : 0;
    return ptr;
}

static void count_free(void *user, void *ptr, size_t size)
{
    struct emu_bench_herd *herd = user;

    herd->memory -= ptr != NULL ? size : 0;
    free(ptr);
}

/* --- the wire --- */

static uint32_t wire_receive(void *user, struct toe_frame *frames, uint32_t max)
{
    struct emu_bench_herd *herd = user;
    uint32_t cnt = 0;

    while (cnt < max && herd->unseen > 0) {
        const uint32_t at = EMU_BENCH_FRAMES - herd->unseen--;

        frames[cnt++] =
            (struct toe_frame){.data = herd->frames + (size_t)at * FRAME_STRIDE, .len = FRAME_LEN};
    }
    return cnt;
}

static void wire_transmit(void *user, const struct toe_frame *frames, uint32_t cnt)
{
    struct emu_bench_herd *herd = user;

    (void)frames;
    herd->sent += cnt;
}

static const struct toe_wire_ops wire = {
    .size = sizeof(wire), .receive = wire_receive, .transmit = wire_transmit};

/* --- the host --- */

static void completed(void *user, struct toe_block *tree)
{
    struct emu_bench_herd *herd = user;

    herd->failed += tree->status != TOE_STATUS_SUCCESS;
}

static void block_init(struct toe_block *block, uint16_t type, toe_handle *handle)
{
    *block = (struct toe_block){.size = sizeof(*block), .type = type, .object = handle};
}

static uint16_t port_of(uint32_t idx)
{
    return (uint16_t)(PORT_FIRST + idx % PER_PATH);
}

static struct toe_addr peer_addr(uint32_t path)
{
    return (struct toe_addr){.family = 4, .bytes = {10, 1, (uint8_t)(path >> 8), (uint8_t)path}};
}

static const struct toe_addr own_addr = {.family = 4, .bytes = {10, 0, 0, 1}};

static void state_init(const struct emu_bench_herd *herd, struct toe_tcp_state *state, uint32_t idx)
{
    const struct emu_bench_herd_settings *set = &herd->settings;
    const bool keeps = set->ka_interval != 0;

    *state = (struct toe_tcp_state){
        .size = sizeof(*state),
        .constant = {.flags = TOE_TCP_WINDOW_SCALING | TOE_TCP_SACK,
                     .local_port = PORT_LOCAL,
                     .remote_port = port_of(idx),
                     .snd_wnd_scale = 7,
                     .rcv_wnd_scale = 7,
                     .remote_mss = 1460,
                     .hash_value = idx},
        .cached = {.flags = keeps ? TOE_TCP_KEEP_ALIVE : 0,
                   .initial_rcv_wnd = WINDOW,
                   .ka_probe_cnt = 255,
                   .ka_timeout = set->ka_interval,
                   .ka_interval = set->ka_interval,
                   .ttl = 64},
        .delegated = {.state = TOE_TCP_ESTABLISHED,
                      .rcv_nxt = SEQ,
                      .rcv_wnd = WINDOW,
                      .snd_una = SEQ,
                      .snd_nxt = SEQ,
                      .snd_max = SEQ,
                      .snd_wnd = set->snd_wnd,
                      .max_snd_wnd = WINDOW,
                      .snd_wl1 = SEQ,
                      .cwnd = 14600,
                      .ssthresh = UINT32_MAX,
                      .srtt = 8,
                      .rttvar = 4,
                      .ka_timeout_delta = TOE_TICKS_NONE,
                      .retransmit_timeout_delta = TOE_TICKS_NONE},
    };
    if (keeps) {
        /* Spread over an interval, by a step that shares no factor with it. */
        state->delegated.ka_timeout_delta = 1 + idx * 7 % set->ka_interval;
    }
}

void emu_bench_herd_prepare(struct emu_bench_herd *herd, uint32_t first, uint32_t cnt,
                            uint32_t per_tree)
{
    struct toe_block *tree = NULL;

    herd->first = first;
    herd->cnt = cnt;
    herd->tree_cnt = 0;
    for (uint32_t i = 0, in_tree = 0; i < cnt; ++i, ++in_tree) {
        toe_handle *path = &herd->path_handles[(first + i) / PER_PATH];
        struct toe_block *block = &herd->blocks[i];

        if (tree == NULL || in_tree == per_tree || tree->host_data[0] != path) {
            tree = &herd->trees[herd->tree_cnt++];
            block_init(tree, TOE_BLOCK_PATH4, path);
            tree->host_data[0] = path;
            in_tree = 0;
        }
        state_init(herd, &herd->states[i], first + i);
        block_init(block, TOE_BLOCK_TCP, &herd->handles[first + i]);
        block->state.tcp = &herd->states[i];
        block->send_chain = herd->settings.data;
        block->next = tree->dependent;
        tree->dependent = block;
    }
}

static bool post(struct emu_bench_herd *herd, void (*operation)(void *, struct toe_block *))
{
    const uint32_t failed = herd->failed;

    for (uint32_t i = 0; i < herd->tree_cnt; ++i) {
        operation(herd->target, &herd->trees[i]);
        ops()->run(herd->target, herd->now);
    }
    return herd->failed == failed;
}

bool emu_bench_herd_offload(struct emu_bench_herd *herd)
{
    for (uint32_t i = 0; i < herd->tree_cnt; ++i) {
        herd->trees[i].object = herd->trees[i].host_data[0];
    }
    return post(herd, ops()->initiate);
}

/* The path stays: in a terminate its block is a placeholder. */
bool emu_bench_herd_upload(struct emu_bench_herd *herd)
{
    bool ok;

    for (uint32_t i = 0; i < herd->tree_cnt; ++i) {
        herd->trees[i].object = NULL;
    }
    ok = post(herd, ops()->terminate);
    for (uint32_t i = 0; i < herd->cnt; ++i) {
        ok = ok && herd->blocks[i].status == TOE_STATUS_SUCCESS;
        herd->handles[herd->first + i] = 0;
    }
    return ok;
}

bool emu_bench_herd_fill(struct emu_bench_herd *herd)
{
    const uint32_t all = herd->settings.connections;
    bool ok = true;

    for (uint32_t first = 0; ok && first < all; first += EMU_BENCH_BATCH) {
        const uint32_t left = all - first;

        emu_bench_herd_prepare(herd, first, left < EMU_BENCH_BATCH ? left : EMU_BENCH_BATCH,
                               EMU_BENCH_BATCH);
        ok = emu_bench_herd_offload(herd);
    }
    return ok;
}

/* --- frames --- */

/* An acknowledgment of what is acknowledged, from |port| of |addr|. */
static void build(uint8_t *frame, const struct toe_addr *addr, uint16_t port)
{
    static const uint8_t mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 1};
    static const uint8_t ip_head[] = {0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6};
    uint8_t *ip = frame + 14;
    uint8_t *tcp = ip + 20;

    memset(frame, 0, FRAME_STRIDE);
    memcpy(frame, mac, TOE_MAC_LEN);
    frame[6] = 2;
    emu_put16(frame + 12, 0x0800);
    memcpy(ip, ip_head, sizeof(ip_head));
    memcpy(ip + 12, addr->bytes, 4);
    memcpy(ip + 16, own_addr.bytes, 4);
    emu_put16(ip + 10, emu_csum(emu_sum(0, ip, 20)));
    emu_put16(tcp, port);
    emu_put16(tcp + 2, PORT_LOCAL);
    emu_put32(tcp + 4, SEQ);
    emu_put32(tcp + 8, SEQ);
    emu_put16(tcp + 12, 0x5010); /* five words; ACK */
    emu_put16(tcp + 14, WINDOW >> 7);
    emu_put16(tcp + 16, emu_csum(emu_sum(6 + 20, ip + 12, 8 + 20)));
}

/* xorshift64: chance that is the same each time. */
static uint32_t draw(struct emu_bench_herd *herd)
{
    herd->chance ^= herd->chance << 13;
    herd->chance ^= herd->chance >> 7;
    herd->chance ^= herd->chance << 17;
    return (uint32_t)(herd->chance >> 32);
}

void emu_bench_herd_aim(struct emu_bench_herd *herd, bool strangers)
{
    for (uint32_t i = 0; i < EMU_BENCH_FRAMES; ++i) {
        const uint32_t idx = draw(herd) % herd->settings.connections;
        struct toe_addr addr = peer_addr(idx / PER_PATH);

        addr.bytes[1] = strangers ? (uint8_t)(2 + draw(herd) % 200) : addr.bytes[1];
        build(herd->frames + (size_t)i * FRAME_STRIDE, &addr, port_of(idx));
    }
}

void emu_bench_herd_receive(struct emu_bench_herd *herd)
{
    herd->unseen = EMU_BENCH_FRAMES;
    while (herd->unseen > 0) {
        ops()->run(herd->target, herd->now);
    }
}

uint64_t emu_bench_herd_run(struct emu_bench_herd *herd, toe_duration time)
{
    herd->now += time;
    ops()->run(herd->target, herd->now);
    return herd->sent;
}

/* --- construction --- */

static bool make_target(struct emu_bench_herd *herd)
{
    struct toe_host_ops host_ops = emu_bench_quiet;
    struct toe_target_settings set;
    struct toe_params params;

    toe_target_settings_default(&set);
    set.mem = (struct toe_mem){.user = herd, .alloc = count_alloc, .free = count_free};
    set.wire = &wire;
    set.wire_user = herd;
    set.seed = 1;
    memcpy(set.mac, (uint8_t[]){2, 0, 0, 0, 0, 1}, TOE_MAC_LEN);
    set.congestion = herd->settings.congestion;
    set.tcp_max = herd->settings.connections;
    set.path_max = herd->path_cnt;
    herd->target = toe_target_new(&set);
    if (herd->target == NULL) {
        return false;
    }
    host_ops.initiate_complete = completed;
    host_ops.terminate_complete = completed;
    ops()->attach(herd->target, &host_ops, herd);
    toe_params_default(&params);
    params.ticks_per_second = TICKS_PER_SECOND;
    params.nce_stale_ticks = UINT32_MAX;
    return ops()->params_set(herd->target, &params) == TOE_STATUS_SUCCESS;
}

/* Offloads the neighbor and the paths, on which all connections hang. */
static bool make_paths(struct emu_bench_herd *herd)
{
    struct toe_block neighbor;

    block_init(&neighbor, TOE_BLOCK_NEIGHBOR, &herd->neighbor_handle);
    herd->neighbor = (struct toe_neighbor_state){.size = sizeof(herd->neighbor),
                                                 .cached.dst_mac = {2, 0, 0, 0, 0, 2}};
    neighbor.state.neighbor = &herd->neighbor;
    for (uint32_t i = 0; i < herd->path_cnt; ++i) {
        struct toe_block *block = &herd->trees[i];

        herd->paths[i] = (struct toe_path_state){.size = sizeof(herd->paths[i]),
                                                 .constant = {.src = own_addr, .dst = peer_addr(i)},
                                                 .cached.mtu = 1500};
        block_init(block, TOE_BLOCK_PATH4, &herd->path_handles[i]);
        block->state.path = &herd->paths[i];
        block->next = neighbor.dependent;
        neighbor.dependent = block;
    }
    ops()->initiate(herd->target, &neighbor);
    ops()->run(herd->target, herd->now);
    return neighbor.status == TOE_STATUS_SUCCESS;
}

static bool make(struct emu_bench_herd *herd)
{
    const uint32_t all = herd->settings.connections;
    const uint32_t batch = all < EMU_BENCH_BATCH ? all : EMU_BENCH_BATCH;

    herd->path_cnt = (all + PER_PATH - 1) / PER_PATH;
    herd->frames = malloc((size_t)EMU_BENCH_FRAMES * FRAME_STRIDE);
    herd->paths = calloc(herd->path_cnt, sizeof(*herd->paths));
    herd->path_handles = calloc(herd->path_cnt, sizeof(*herd->path_handles));
    herd->handles = calloc(all, sizeof(*herd->handles));
    herd->trees = calloc(batch + herd->path_cnt, sizeof(*herd->trees));
    herd->blocks = calloc(batch, sizeof(*herd->blocks));
    herd->states = calloc(batch, sizeof(*herd->states));
    return herd->frames != NULL && herd->paths != NULL && herd->path_handles != NULL &&
           herd->handles != NULL && herd->trees != NULL && herd->blocks != NULL &&
           herd->states != NULL && make_target(herd) && make_paths(herd);
}

struct emu_bench_herd *emu_bench_herd_new(const struct emu_bench_herd_settings *settings,
                                          struct emu_error *error)
{
    struct emu_bench_herd *herd = calloc(1, sizeof(*herd));

    if (herd != NULL) {
        herd->settings = *settings;
        herd->now = TOE_NS_PER_SEC;
        herd->chance = 1;
    }
    if (herd == NULL || !make(herd)) {
        emu_bench_herd_del(herd);
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for %u connections",
                      settings->connections);
        return NULL;
    }
    return herd;
}

void emu_bench_herd_del(struct emu_bench_herd *herd)
{
    if (herd == NULL) {
        return;
    }
    if (herd->target != NULL) {
        toe_target_del(herd->target);
    }
    free(herd->frames);
    free(herd->paths);
    free(herd->path_handles);
    free(herd->handles);
    free(herd->trees);
    free(herd->blocks);
    free(herd->states);
    free(herd);
}

void *emu_bench_herd_target(struct emu_bench_herd *herd)
{
    return herd->target;
}

toe_handle emu_bench_herd_handle(const struct emu_bench_herd *herd, uint32_t idx)
{
    return herd->handles[idx];
}

size_t emu_bench_herd_memory(const struct emu_bench_herd *herd)
{
    return herd->memory;
}
