/* SPDX-License-Identifier: MIT */
/*
 * The harness's own life: setting up, time, and how a scenario ends.
 *
 * A scenario runs in a process of its own. What it says at its end goes to shared memory, and then
 * the process is gone; so a failure needs no way back through the target's stack.
 */
#include "inside.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUNS_HERE_MAX 20000 /* at one instant: more is a target that never sleeps */

static const uint8_t our_mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 2};

void *cert_alloc(size_t size)
{
    void *ptr = calloc(1, size > 0 ? size : 1);

    if (ptr == NULL) {
        _exit(3);
    }
    return ptr;
}

static void finish(struct cert *c, enum cert_result result)
{
    c->inside->outcome->result = result;
    _exit(0);
}

void cert_fail(struct cert *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(c->inside->outcome->text, sizeof(c->inside->outcome->text), format, args);
    va_end(args);
    (void)cert_chart_add(c->chart, CERT_NOTE, c->now, "here it failed");
    finish(c, CERT_FAILED);
    abort();
}

void cert_skip(struct cert *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(c->inside->outcome->text, sizeof(c->inside->outcome->text), format, args);
    va_end(args);
    finish(c, CERT_SKIPPED);
    abort();
}

void cert_note(struct cert *c, const char *format, ...)
{
    char text[CERT_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)cert_chart_add(c->chart, CERT_NOTE, c->now, "%s", text);
}

void cert_is_at(struct cert *c, const char *what, uint64_t got, uint64_t want, uint64_t tolerance)
{
    const uint64_t off = got > want ? got - want : want - got;

    if (off > tolerance) {
        cert_fail(c, "%s: expected %llu, came %llu", what, (unsigned long long)want,
                  (unsigned long long)got);
    }
}

void cert_status_is_at(struct cert *c, const char *what, toe_status got, toe_status want)
{
    if (got != want) {
        cert_fail(c, "%s: expected %s, came %s (0x%08x)", what, toe_status_name(want),
                  toe_status_name(got), got);
    }
}

/* --- setting up --- */

static void *mem_alloc(void *user, size_t size)
{
    struct cert *c = user;
    void *ptr;

    ++c->mem_cnt;
    if (c->mem_fail_at != 0 &&
        (c->mem_fails_once ? c->mem_cnt == c->mem_fail_at : c->mem_cnt >= c->mem_fail_at)) {
        return NULL;
    }
    ptr = cert_alloc(size);
    memset(ptr, 0xa5, size);
    ++c->mem_live;
    return ptr;
}

static void mem_free(void *user, void *ptr, size_t size)
{
    struct cert *c = user;

    (void)size;
    if (ptr != NULL) {
        --c->mem_live;
        free(ptr);
    }
}

static void *bus_map(void *user, uint64_t addr, uint32_t len)
{
    const struct cert *c = user;

    (void)len;
    return c->bus_fails ? NULL : (void *)(uintptr_t)(addr - c->bus_offset);
}

static uint64_t bus_addr(void *user, const void *ptr, uint32_t len)
{
    const struct cert *c = user;

    (void)len;
    return (uint64_t)(uintptr_t)ptr + c->bus_offset;
}

static struct toe_addr address(uint8_t family, uint8_t last)
{
    struct toe_addr addr = {.family = family};

    if (family == 4) {
        memcpy(addr.bytes, (const uint8_t[]){10, 0, 0, last}, 4);
    } else {
        addr.bytes[0] = 0xfd;
        addr.bytes[15] = last;
    }
    return addr;
}

struct cert_neighbor *cert_neighbor_add(struct cert *c)
{
    struct cert_neighbor *neighbor = cert_alloc(sizeof(*neighbor));

    cert_require(c, c->neighbor_cnt < CERT_OBJECT_MAX);
    neighbor->state.size = sizeof(neighbor->state);
    memcpy(neighbor->state.cached.dst_mac, peer_mac, TOE_MAC_LEN);
    neighbor->state.cached.dst_mac[5] = (uint8_t)(2 + c->neighbor_cnt);
    cert_block_init(&neighbor->block, TOE_BLOCK_NEIGHBOR, &neighbor->handle, &neighbor->state);
    c->neighbors[c->neighbor_cnt++] = neighbor;
    return neighbor;
}

struct cert_path *cert_path_add(struct cert *c, struct cert_neighbor *neighbor, uint8_t family)
{
    struct cert_path *path = cert_alloc(sizeof(*path));

    cert_require(c, c->path_cnt < CERT_OBJECT_MAX);
    path->state.size = sizeof(path->state);
    path->state.constant.src = address(family, 1);
    path->state.constant.dst = address(family, (uint8_t)(2 + c->path_cnt));
    path->state.cached.mtu = 1500;
    path->neighbor = neighbor;
    cert_block_init(&path->block, family == 4 ? TOE_BLOCK_PATH4 : TOE_BLOCK_PATH6, &path->handle,
                    &path->state);
    c->paths[c->path_cnt++] = path;
    return path;
}

static void init_tcp(struct toe_tcp_state *state, uint16_t port)
{
    *state = (struct toe_tcp_state){
        .size = sizeof(*state),
        .constant = {.remote_port = 5001, .local_port = port, .remote_mss = 1460},
        .cached = {.initial_rcv_wnd = 65535, .ttl = 64},
        .delegated =
            {
                .state = TOE_TCP_ESTABLISHED,
                .rcv_nxt = 1000,
                .rcv_wnd = 65535,
                .snd_una = 5000,
                .snd_nxt = 5000,
                .snd_max = 5000,
                .snd_wnd = 65535,
                .max_snd_wnd = 65535,
                .snd_wl1 = 1000,
                .cwnd = 14600,
                .ssthresh = 65535,
                .srtt = 800,
                .rttvar = 200,
                .ka_timeout_delta = TOE_TICKS_NONE,
                .retransmit_timeout_delta = TOE_TICKS_NONE,
            },
    };
}

struct cert_conn *cert_conn_add(struct cert *c, struct cert_path *path)
{
    struct cert_inside *in = c->inside;
    struct cert_conn *conn = cert_alloc(sizeof(*conn));
    const uint16_t port = (uint16_t)(40000 + c->conn_cnt);

    if (c->conn_cnt == in->conn_room) {
        in->conn_room = in->conn_room == 0 ? 64 : 2 * in->conn_room;
        c->conns = realloc(c->conns, in->conn_room * sizeof(struct cert_conn *));
        cert_require(c, c->conns != NULL);
    }
    conn->idx = c->conn_cnt;
    conn->path = path;
    init_tcp(&conn->state, port);
    cert_block_init(&conn->block, TOE_BLOCK_TCP, &conn->handle, &conn->state);
    conn->block.host_object = conn;
    conn->peer.ts_base = 701;
    c->conns[c->conn_cnt++] = conn;
    c->conn = conn;
    in->by_port[port] = conn;
    return conn;
}

struct cert_conn *cert_use(struct cert *c, uint32_t idx)
{
    cert_require(c, idx < c->conn_cnt);
    c->conn = c->conns[idx];
    return c->conn;
}

struct toe_tcp_state *cert_tcp(struct cert *c)
{
    return &c->conn->state;
}

void cert_ipv6(struct cert *c)
{
    struct cert_path *path = c->conn->path;

    path->state.constant.src = address(6, 1);
    path->state.constant.dst = address(6, 2);
    path->block.type = TOE_BLOCK_PATH6;
}

void cert_timestamps(struct cert *c)
{
    struct toe_tcp_state *state = &c->conn->state;

    state->constant.flags |= TOE_TCP_TIMESTAMPS;
    state->delegated.ts_recent = 700;
    state->delegated.ts_time = 100000;
    c->conn->peer.ts_base = 701;
    c->conn->peer.ts_ecr = 100000;
}

void cert_scaling(struct cert *c, uint8_t snd, uint8_t rcv)
{
    struct toe_tcp_state *state = &c->conn->state;

    state->constant.flags |= TOE_TCP_WINDOW_SCALING;
    state->constant.snd_wnd_scale = snd;
    state->constant.rcv_wnd_scale = rcv;
}

static void init_settings(struct cert *c, enum toe_profile profile, uint64_t seed)
{
    c->settings = (struct toe_certify_settings){
        .size = sizeof(c->settings),
        .wire = &c->inside->wire,
        .wire_user = c,
        .mem = {.user = c, .alloc = mem_alloc, .free = mem_free},
        .seed = seed,
        .profile = profile,
    };
    memcpy(c->settings.mac, our_mac, TOE_MAC_LEN);
    toe_params_default(&c->params);
    c->params.ticks_per_second = 1000;
    c->params.ack_frequency = 2;
    c->params.delayed_ack_ticks = 200;
    c->params.max_retransmissions = 5;
    c->params.doubt_reachability_retransmissions = 0;
    c->params.sws_prevention_ticks = 5000;
    c->params.duplicate_ack_threshold = 3;
    c->params.push_ticks = 500;
}

struct cert *cert_new(struct cert_outcome *outcome, const struct toe_certify_plugin *plugin,
                      enum toe_profile profile, uint64_t seed)
{
    struct cert *c = cert_alloc(sizeof(*c));

    c->inside = cert_alloc(sizeof(*c->inside));
    c->inside->outcome = outcome;
    c->inside->zero = CERT_EPOCH;
    c->chart = &outcome->chart;
    c->chart->begin = CERT_EPOCH;
    c->now = CERT_EPOCH;
    c->plugin = plugin;
    c->ops = plugin->ops;
    c->profile = profile;
    init_settings(c, profile, seed);
    cert_tap_init(c);
    cert_recorder_init(c);
    (void)cert_conn_add(c, cert_path_add(c, cert_neighbor_add(c), 4));
    return c;
}

void cert_start(struct cert *c)
{
    toe_status status;

    cert_require(c, !c->inside->started);
    c->inside->started = true;
    if (c->bus_offset != 0 || c->bus_fails) {
        c->settings.bus = (struct toe_bus){.user = c, .map = bus_map, .addr = bus_addr};
    }
    cert_watch_set(c, CERT_CALL_CREATE);
    c->target = c->plugin->create(&c->settings);
    cert_watch_set(c, CERT_CALL_NONE);
    if (c->target == NULL) {
        cert_skip(c, "the target cannot be created with these settings");
    }
    c->ops = cert_contract(c, cert_watch(c, c->plugin->ops));
    c->mem_cnt = 0;
    c->ops->attach(c->target, &c->inside->host, c);
    memset(&c->inside->host, 0, sizeof(c->inside->host)); /* IOS-042: it has a copy */
    c->caps.size = sizeof(c->caps);
    c->ops->caps_get(c->target, &c->caps);
    status = c->ops->params_set(c->target, &c->params);
    if (status != TOE_STATUS_SUCCESS) {
        cert_fail(c, "params_set(): expected SUCCESS, came %s", toe_status_name(status));
    }
}

/* --- time --- */

void cert_later_add(struct cert *c, const struct cert_later *later)
{
    struct cert_later *made = cert_alloc(sizeof(*made));
    struct cert_later **link = &c->inside->later;

    *made = *later;
    while (*link != NULL && (*link)->at <= later->at) {
        link = &(*link)->next;
    }
    made->next = *link;
    *link = made;
}

void cert_call_at(struct cert *c, uint64_t ms, cert_hook hook)
{
    cert_later_add(c, &(struct cert_later){.at = c->inside->zero + ms * TOE_NS_PER_MS,
                                           .hook = hook,
                                           .conn = c->conn});
}

static void do_later(struct cert *c)
{
    struct cert_inside *in = c->inside;

    while (in->later != NULL && in->later->at <= c->now) {
        struct cert_later *later = in->later;
        struct cert_conn *const current = c->conn;

        in->later = later->next;
        c->conn = later->conn;
        if (later->hook != NULL) {
            later->hook(c, NULL);
        } else {
            cert_peer_acks(c, later);
        }
        c->conn = current;
        free(later);
    }
}

void cert_run(struct cert *c)
{
    struct cert_inside *in = c->inside;

    do_later(c);
    if (!in->started) {
        return;
    }
    ++in->run;
    in->told_here = 0;
    in->in_run = true;
    c->ops->run(c->target, c->now);
    in->in_run = false;
    if (!c->keeps) {
        cert_return(c);
    }
    if (in->outcome->violation[0] != '\0') {
        cert_fail(c, "%s", in->outcome->violation);
    }
}

/* Runs the next thing that is due up to |end|; false if there is none. */
static bool step(struct cert *c, toe_instant end)
{
    const struct cert_inside *in = c->inside;
    toe_instant at = in->started ? c->ops->deadline(c->target) : TOE_INSTANT_NEVER;

    if (in->arrival_head < in->arrival_cnt) {
        at = c->now;
    }
    if (in->later != NULL && in->later->at < at) {
        at = in->later->at;
    }
    if (at < c->now) {
        at = c->now;
    }
    if (at > end) {
        return false;
    }
    if (at > c->now) {
        c->now = at;
        c->inside->runs_here = 0;
    }
    if (++c->inside->runs_here > RUNS_HERE_MAX) {
        cert_fail(c, "the target asks to be run again and again at the same instant (RCV-040)");
    }
    cert_run(c);
    return true;
}

bool cert_advance(struct cert *c, toe_instant end, bool (*is_there)(struct cert *c, void *arg),
                  void *arg)
{
    cert_run(c); /* what was posted meanwhile */
    for (;;) {
        if (is_there != NULL && is_there(c, arg)) {
            return true;
        }
        if (!step(c, end)) {
            break;
        }
    }
    if (end > c->now) {
        c->now = end;
        c->inside->runs_here = 0;
    }
    cert_run(c);
    return is_there != NULL && is_there(c, arg);
}

void cert_at(struct cert *c, uint64_t ms)
{
    (void)cert_advance(c, c->inside->zero + ms * TOE_NS_PER_MS, NULL, NULL);
}

void cert_wait(struct cert *c, uint64_t ms)
{
    (void)cert_advance(c, c->now + ms * TOE_NS_PER_MS, NULL, NULL);
}

void cert_mark(struct cert *c)
{
    c->inside->zero = c->now;
    c->chart->begin = c->now;
}

uint64_t cert_ms(const struct cert *c)
{
    return (c->now - c->inside->zero) / TOE_NS_PER_MS;
}

void cert_due(struct cert *c, uint64_t ms)
{
    c->inside->has_due = true;
    c->inside->due = c->inside->zero + ms * TOE_NS_PER_MS;
}

struct toe_stats cert_stats(struct cert *c)
{
    struct toe_stats stats = {.size = sizeof(stats)};

    c->ops->stats_get(c->target, &stats);
    return stats;
}

void cert_finish(struct cert *c)
{
    if (c->inside->started) {
        cert_guard_end(c);
    }
    if (c->inside->outcome->violation[0] != '\0') {
        cert_fail(c, "%s", c->inside->outcome->violation);
    }
    finish(c, CERT_PASSED);
}
