/* SPDX-License-Identifier: MIT */
/*
 * Objects by their handles, and what depends on what: control.md 1.5 to 1.8.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static const enum cert_op ops[] = {CERT_QUERY, CERT_UPDATE, CERT_INVALIDATE, CERT_TERMINATE};

#define OP_CNT (sizeof(ops) / sizeof(ops[0]))

/* Room for the state of any layer. */
union any_state {
    struct toe_neighbor_state neighbor;
    struct toe_path_state path;
    struct toe_tcp_state tcp;
};

/* |op| with one block of |type| that refers to |object|; its status. */
static toe_status ask(struct cert *c, enum cert_op op, uint16_t type, toe_handle *object)
{
    union any_state state;
    struct toe_block block;

    memset(&state, 0, sizeof(state));
    if (toe_block_layer(type) == TOE_LAYER_NEIGHBOR) {
        state.neighbor = c->neighbors[0]->state;
    } else if (toe_block_layer(type) == TOE_LAYER_PATH) {
        state.path = c->paths[0]->state;
    } else {
        state.tcp = c->conn->state;
    }
    cert_block_init(&block, type, object, &state);
    cert_tree_done(c, op, &block);
    return block.status;
}

static bool is_there(struct cert *c, uint16_t type, toe_handle handle)
{
    return ask(c, CERT_QUERY, type, &handle) == TOE_STATUS_SUCCESS;
}

/* Data go to and fro as ever. */
static void expect_alive(struct cert *c)
{
    const uint32_t nxt = c->conn->peer.nxt;

    cert_skip_segs(c);
    cert_send(c, 100);
    cert_expect_data(c, "+100");
    cert_peer(c, "+100 PSH ack=%u", c->conn->snd_next);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 100);
    cert_expect_indicate(c, 100);
    cert_is(c, c->conn->rcv_next, nxt + 100);
    cert_wait(c, 300);
    cert_skip_segs(c);
}

/* --- handles --- */

#define MANY 64u

static int compare(const void *a, const void *b)
{
    const toe_handle x = *(const toe_handle *)a;
    const toe_handle y = *(const toe_handle *)b;

    return x < y ? -1 : x > y;
}

static uint32_t collect(const struct cert *c, toe_handle *handles)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < c->neighbor_cnt; ++i) {
        handles[cnt++] = c->neighbors[i]->handle;
    }
    for (uint32_t i = 0; i < c->path_cnt; ++i) {
        handles[cnt++] = c->paths[i]->handle;
    }
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        handles[cnt++] = c->conns[i]->handle;
    }
    return cnt;
}

static void expect_unique(struct cert *c)
{
    toe_handle handles[2 * CERT_OBJECT_MAX + MANY];
    const uint32_t cnt = collect(c, handles);

    qsort(handles, cnt, sizeof(handles[0]), compare);
    cert_require(c, handles[0] != 0);
    for (uint32_t i = 1; i < cnt; ++i) {
        cert_require(c, handles[i] != handles[i - 1]);
    }
}

static void c_21o(struct cert *c)
{
    toe_handle was[2 * CERT_OBJECT_MAX + MANY];
    toe_handle now[2 * CERT_OBJECT_MAX + MANY];
    uint32_t cnt;

    for (uint32_t i = 1; i < 4; ++i) {
        (void)cert_path_add(c, cert_neighbor_add(c), 4);
    }
    for (uint32_t i = 1; i < MANY; ++i) {
        (void)cert_conn_add(c, c->paths[i % 4]);
    }
    cert_offload(c);
    expect_unique(c);
    for (uint32_t i = 0; i < MANY; i += 2) { /* every other one goes and comes again */
        (void)cert_use(c, i);
        cert_terminate(c);
    }
    cnt = collect(c, was);
    cert_offload(c);
    expect_unique(c);
    cert_is(c, collect(c, now), cnt);
    for (uint32_t i = 0; i < cnt; ++i) {
        cert_require(c, was[i] == 0 || was[i] == now[i]);
    }
    for (uint32_t i = 0; i < MANY; ++i) {
        struct toe_tcp_state state = {.size = sizeof(state)};
        struct toe_block block;
        toe_handle cell = c->conns[i]->handle; /* another cell, the same object */

        cert_block_init(&block, TOE_BLOCK_TCP_CONST, &cell, &state);
        cert_tree_done(c, CERT_QUERY, &block);
        cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
        cert_is(c, state.constant.local_port, 40000 + i);
        cert_is(c, cell, c->conns[i]->handle);
        (void)cert_use(c, i);
        expect_alive(c);
    }
}

/* The host's name for a connection is that of the initiate, whatever later blocks say. */
static void c_21p(struct cert *c)
{
    for (uint32_t i = 1; i < 3; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    cert_offload(c);
    for (uint32_t i = 0; i < 3; ++i) {
        const struct toe_block *other = &c->conns[(i + 1) % 3]->block;
        struct toe_tcp_state state;
        struct toe_block block;

        (void)cert_use(c, i);
        state = c->conn->state;
        for (uint32_t k = 0; k < 2; ++k) {
            cert_block_init(&block, TOE_BLOCK_TCP, &c->conn->handle, &state);
            block.host_object = other->host_object;
            cert_tree_done(c, ops[k], &block);
            cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
        }
    }
    for (uint32_t i = 0; i < 3; ++i) {
        (void)cert_use(c, 2 - i);
        cert_peer(c, "1000:1100 PSH");
        cert_expect_indicate(c, 100);
        cert_peer(c, "1100 FIN");
        cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    }
    for (uint32_t i = 0; i < 3; ++i) {
        (void)cert_use(c, i);
        cert_expect_quiet(c);
        cert_peer(c, "1101 RST");
        cert_expect_event(c, TOE_EVENT_ABORT, 0);
    }
}

/* A cell that holds nothing, in every operation and layer. */
static void c_21q(struct cert *c)
{
    static const uint16_t types[] = {TOE_BLOCK_NEIGHBOR, TOE_BLOCK_PATH4, TOE_BLOCK_PATH6,
                                     TOE_BLOCK_TCP, TOE_BLOCK_TCP_CACHED};

    cert_allow(c, "CTX-7");
    cert_offload(c);
    for (uint32_t i = 0; i < sizeof(types) / sizeof(types[0]); ++i) {
        for (uint32_t k = 0; k < OP_CNT; ++k) {
            toe_handle cell = 0;

            cert_status_is(c, ask(c, ops[k], types[i], &cell), TOE_STATUS_FAILURE);
            cert_is(c, cell, 0);
        }
    }
    cert_expect_quiet(c);
    expect_alive(c);
}

/* Handles of another layer, of objects that are gone, and of none: nothing else happens. */
static void c_21r(struct cert *c)
{
    static const uint16_t types[] = {TOE_BLOCK_NEIGHBOR, TOE_BLOCK_PATH4, TOE_BLOCK_TCP};
    struct toe_stats before;
    struct toe_stats after;
    toe_handle handles[7];

    cert_allow(c, "CTX-4");
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c);
    handles[0] = c->neighbors[0]->handle;
    handles[1] = c->paths[0]->handle;
    handles[2] = c->conns[0]->handle;
    handles[3] = c->conns[1]->handle; /* gone */
    handles[4] = 1;
    handles[5] = UINT64_MAX;
    handles[6] = c->conns[0]->handle ^ (UINT64_C(1) << 63);
    cert_terminate(c);
    (void)cert_use(c, 0);
    before = cert_stats(c);
    for (uint32_t i = 0; i < 3; ++i) {
        for (uint32_t k = 0; k < 7; ++k) {
            for (uint32_t op = 0; op < OP_CNT && i != k; ++op) {
                toe_handle cell = handles[k];

                cert_status_is(c, ask(c, ops[op], types[i], &cell), TOE_STATUS_FAILURE);
                cert_is(c, cell, handles[k]);
            }
        }
    }
    after = cert_stats(c);
    cert_is(c, after.tcp_cnt, before.tcp_cnt);
    cert_is(c, after.path_cnt, before.path_cnt);
    cert_is(c, after.neighbor_cnt, before.neighbor_cnt);
    cert_is(c, after.terminated, before.terminated);
    cert_wait(c, 100);
    cert_expect_quiet(c);
    expect_alive(c);
}

/* --- counts --- */

static void expect_links(struct cert *c, uint32_t path_links, uint32_t neighbor_links)
{
    const struct toe_stats stats = cert_stats(c);

    cert_is(c, stats.path_links, path_links);
    cert_is(c, stats.neighbor_links, neighbor_links);
}

/* What others depend on stays, works on, and goes when they are gone. */
static void c_21s(struct cert *c)
{
    struct cert_neighbor *const neighbor = c->neighbors[0];
    struct cert_path *const path = c->paths[0];
    toe_handle gone;

    cert_allow(c, "CTX-4");
    cert_allow(c, "REF-3");
    (void)cert_conn_add(c, path);
    cert_offload(c);
    expect_links(c, 2, 1);
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        cert_status_is(c, ask(c, CERT_TERMINATE, TOE_BLOCK_PATH4, &path->handle),
                       TOE_STATUS_FAILURE);
        cert_status_is(c, ask(c, CERT_TERMINATE, TOE_BLOCK_NEIGHBOR, &neighbor->handle),
                       TOE_STATUS_FAILURE);
        cert_require(c, is_there(c, TOE_BLOCK_PATH4, path->handle));
        cert_require(c, is_there(c, TOE_BLOCK_NEIGHBOR, neighbor->handle));
        expect_alive(c);
        cert_terminate(c);
        expect_links(c, 1 - i, 1);
    }
    cert_status_is(c, ask(c, CERT_TERMINATE, TOE_BLOCK_NEIGHBOR, &neighbor->handle),
                   TOE_STATUS_FAILURE);
    gone = path->handle;
    cert_status_is(c, ask(c, CERT_TERMINATE, TOE_BLOCK_PATH4, &path->handle), TOE_STATUS_SUCCESS);
    path->handle = 0;
    expect_links(c, 0, 0);
    cert_require(c, !is_there(c, TOE_BLOCK_PATH4, gone));
    gone = neighbor->handle;
    cert_status_is(c, ask(c, CERT_TERMINATE, TOE_BLOCK_NEIGHBOR, &neighbor->handle),
                   TOE_STATUS_SUCCESS);
    neighbor->handle = 0;
    cert_require(c, !is_there(c, TOE_BLOCK_NEIGHBOR, gone));
}

/* --- linkers --- */

/* Segments of the current connection from entry |from| on go to the neighbor that ends in |mac|. */
static void expect_mac(struct cert *c, uint32_t from, uint8_t mac)
{
    uint32_t cnt = 0;

    for (uint32_t i = from; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_SEG_OUT && e->conn == c->conn->idx) {
            ++cnt;
            cert_is(c, e->seg.dst_mac[5], mac);
        }
    }
    cert_require(c, cnt > 0);
}

/* Linkers whose blocks carry other values than those that were offloaded. */
static void c_21t(struct cert *c)
{
    struct toe_neighbor_state neighbor;
    struct toe_path_state path;
    struct toe_block *root = &c->neighbors[0]->block;
    uint32_t from;

    cert_offload(c);
    neighbor = c->neighbors[0]->state;
    path = c->paths[0]->state;
    c->neighbors[0]->state.cached.dst_mac[5] = 0x55;
    c->neighbors[0]->state.constant.vlan_id = 100;
    c->paths[0]->state.cached.mtu = 600;
    c->paths[0]->state.constant.dst.bytes[3] = 99;
    (void)cert_conn_add(c, c->paths[0]);
    from = c->chart->cnt;
    (void)cert_offload_try(c);
    cert_status_is(c, root->status, TOE_STATUS_SUCCESS);
    cert_status_is(c, c->conn->block.status, TOE_STATUS_SUCCESS);
    c->neighbors[0]->state = neighbor;
    c->paths[0]->state = path;
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        cert_send(c, 1460);
        cert_expect_data(c, "+1460 novlan");
        cert_peer(c, "ack=%u", c->conn->snd_next);
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1460);
        expect_alive(c);
        expect_mac(c, from, 2);
    }
}

/* A path's linker below the linker of a neighbor that is not its own. */
static void c_21u(struct cert *c)
{
    struct cert_neighbor *const other = cert_neighbor_add(c);
    struct toe_block root;
    struct toe_block below;
    uint32_t from;

    cert_offload(c);
    (void)cert_conn_add(c, c->paths[0]);
    c->conn->fresh = true;
    c->conn->begun = true;
    c->conn->peer = c->conns[0]->peer;
    c->conn->snd_next = 5000;
    c->conn->rcv_next = 1000;
    cert_block_init(&root, TOE_BLOCK_NEIGHBOR, &other->handle, NULL);
    cert_block_init(&below, TOE_BLOCK_PATH4, &c->paths[0]->handle, NULL);
    root.dependent = &below;
    below.dependent = &c->conn->block;
    from = c->chart->cnt;
    cert_tree_done(c, CERT_INITIATE, &root);
    expect_links(c, c->conn->handle != 0 ? 2 : 1, 1);
    if (c->conn->handle != 0) { /* both are right: to link it to the path, and to refuse it all */
        expect_alive(c);
        expect_mac(c, from, 2);
    }
    (void)cert_use(c, 0);
    expect_alive(c);
    expect_mac(c, from, 2);
    /* Nothing hangs on the other neighbor. */
    cert_status_is(c, ask(c, CERT_TERMINATE, TOE_BLOCK_NEIGHBOR, &other->handle),
                   TOE_STATUS_SUCCESS);
    other->handle = 0;
}

/* --- orders --- */

/*
 * What depends goes first: else one terminate could not take a whole tree. (The order of the other
 * operations cannot be seen.)
 */
static void c_21v(struct cert *c)
{
    struct toe_block *root = NULL;

    (void)cert_neighbor_add(c);
    for (uint32_t i = 1; i < 4; ++i) {
        (void)cert_path_add(c, c->neighbors[i % 2], 4);
    }
    for (uint32_t i = 1; i < 12; ++i) {
        (void)cert_conn_add(c, c->paths[i % 4]);
    }
    cert_offload(c);
    cert_is(c, cert_stats(c).tcp_cnt, 12);
    for (uint32_t i = 0; i < c->neighbor_cnt; ++i) {
        c->neighbors[i]->block.dependent = NULL;
        c->neighbors[i]->block.next = root;
        root = &c->neighbors[i]->block;
    }
    for (uint32_t i = 0; i < c->path_cnt; ++i) {
        struct cert_path *path = c->paths[i];

        path->block.dependent = NULL;
        path->block.next = path->neighbor->block.dependent;
        path->neighbor->block.dependent = &path->block;
    }
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        struct cert_conn *conn = c->conns[i];

        conn->block.next = conn->path->block.dependent;
        conn->path->block.dependent = &conn->block;
    }
    cert_tree_done(c, CERT_TERMINATE, root);
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        cert_status_is(c, c->conns[i]->block.status, TOE_STATUS_SUCCESS);
        cert_is(c, c->conns[i]->state.delegated.state, TOE_TCP_ESTABLISHED);
        c->conns[i]->handle = 0;
        c->conns[i]->offloaded = false;
    }
    for (uint32_t i = 0; i < c->path_cnt; ++i) {
        cert_status_is(c, c->paths[i]->block.status, TOE_STATUS_SUCCESS);
        c->paths[i]->handle = 0;
    }
    for (uint32_t i = 0; i < c->neighbor_cnt; ++i) {
        cert_status_is(c, c->neighbors[i]->block.status, TOE_STATUS_SUCCESS);
        c->neighbors[i]->handle = 0;
    }
    expect_links(c, 0, 0);
    cert_is(c, cert_stats(c).tcp_cnt + cert_stats(c).path_cnt + cert_stats(c).neighbor_cnt, 0);
}

#define OBJECT(number, what, which, function)                                                      \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_NDIS,               \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_control_object_scenarios[] = {
    OBJECT("C-21o", "handles: each of one object, for as long as it is there",
           "CTX-1 CTX-3 CTX-4 TREE-5", c_21o),
    OBJECT("C-21p", "the host's name for a connection is that of its initiate", "CTX-2 CTX-5",
           c_21p),
    OBJECT("C-21q", "cells that hold nothing", "CTX-7", c_21q),
    OBJECT("C-21r", "handles of another layer, of what is gone, and of nothing", "TRM-29", c_21r),
    OBJECT("C-21s", "what others depend on stays", "REF-4 REF-5", c_21s),
    OBJECT("C-21t", "linkers that carry state", "LKR-2", c_21t),
    OBJECT("C-21u", "a path's linker below a neighbor that is not its own", "LKR-7", c_21u),
    OBJECT("C-21v", "one terminate takes a whole tree", "TRV-4 TRM-12", c_21v),
    {.id = NULL},
};
