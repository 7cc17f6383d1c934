/* SPDX-License-Identifier: MIT */
/*
 * Update, and what it links anew: control.md 4.1 to 4.3.
 */
#include "suite.h"

#include <string.h>

/* One block of |type| for |object| with |state|; the status of |op|. */
static toe_status ask(struct cert *c, enum cert_op op, uint16_t type, toe_handle *object,
                      void *state)
{
    struct toe_block block;

    cert_block_init(&block, type, object, state);
    cert_tree_done(c, op, &block);
    return block.status;
}

static struct toe_tcp_state tcp_of(struct cert *c)
{
    struct toe_tcp_state state = {.size = sizeof(state)};

    cert_status_is(c, ask(c, CERT_QUERY, TOE_BLOCK_TCP, &c->conn->handle, &state),
                   TOE_STATUS_SUCCESS);
    return state;
}

static struct toe_path_state path_of(struct cert *c)
{
    struct toe_path_state state = {.size = sizeof(state)};

    cert_status_is(c, ask(c, CERT_QUERY, TOE_BLOCK_PATH4, &c->paths[0]->handle, &state),
                   TOE_STATUS_SUCCESS);
    return state;
}

static struct toe_neighbor_state neighbor_of(struct cert *c, struct cert_neighbor *neighbor)
{
    struct toe_neighbor_state state = {.size = sizeof(state)};

    cert_status_is(c, ask(c, CERT_QUERY, TOE_BLOCK_NEIGHBOR, &neighbor->handle, &state),
                   TOE_STATUS_SUCCESS);
    return state;
}

static void expect_alive(struct cert *c)
{
    const uint32_t rcv = c->conn->rcv_next;

    cert_skip_segs(c);
    cert_send(c, 100);
    cert_expect_data(c, "+100");
    cert_peer(c, "+100 PSH ack=%u", c->conn->snd_next);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 100);
    cert_wait(c, 300);
    cert_is(c, c->conn->rcv_next, rcv + 100);
    cert_expect_indicate(c, 100);
    cert_expect_quiet(c);
    cert_skip_segs(c);
}

/* The Ethernet address that the current connection's segments go to. */
static void expect_mac(struct cert *c, uint8_t mac)
{
    cert_skip_segs(c);
    cert_send(c, 10);
    cert_is(c, cert_expect_data(c, "+10")->seg.dst_mac[5], mac);
    cert_peer(c, "ack=%u", c->conn->snd_next);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 10);
}

/* --- what is updated --- */

/* All fields of all classes are another value than what was offloaded. */
static struct toe_tcp_state other_tcp(const struct cert *c)
{
    struct toe_tcp_state state = c->conn->state;

    state.constant.remote_port = 9;
    state.constant.local_port = 8;
    state.constant.flags = TOE_TCP_TIMESTAMPS;
    state.constant.remote_mss = 100;
    state.cached.ttl = 33;
    state.cached.tos = 8;
    state.cached.max_rt = 77;
    state.cached.ka_interval = 123;
    memset(&state.delegated, 0x11, sizeof(state.delegated));
    return state;
}

static void c_24a(struct cert *c)
{
    static const uint16_t types[] = {TOE_BLOCK_TCP_CONST, TOE_BLOCK_TCP_DELEGATED, TOE_BLOCK_TCP,
                                     TOE_BLOCK_TCP_CACHED};

    for (uint32_t i = 1; i < 4; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    cert_offload(c);
    for (uint32_t i = 0; i < 4; ++i) {
        const bool taken = i >= 2;
        struct toe_tcp_state state = other_tcp(c);
        struct toe_tcp_state was;
        struct toe_tcp_state got;

        (void)cert_use(c, i);
        was = tcp_of(c);
        cert_status_is(c, ask(c, CERT_UPDATE, types[i], &c->conn->handle, &state),
                       TOE_STATUS_SUCCESS);
        got = tcp_of(c);
        cert_require(c, memcmp(&got.constant, &was.constant, sizeof(was.constant)) == 0);
        cert_is(c, got.cached.ttl, taken ? 33 : 64);
        cert_is(c, got.cached.tos, taken ? 8 : 0);
        cert_is(c, got.cached.max_rt, taken ? 77 : 0);
        cert_is(c, got.cached.ka_interval, taken ? 123 : 0);
        cert_is(c, got.delegated.state, TOE_TCP_ESTABLISHED);
        cert_is(c, got.delegated.rcv_nxt, was.delegated.rcv_nxt);
        cert_is(c, got.delegated.snd_una, was.delegated.snd_una);
        cert_is(c, got.delegated.snd_max, was.delegated.snd_max);
        cert_is(c, got.delegated.snd_wnd, was.delegated.snd_wnd);
        cert_is(c, got.delegated.cwnd, was.delegated.cwnd);
        cert_is(c, got.delegated.srtt, was.delegated.srtt);
        expect_alive(c);
    }
}

static void c_24b(struct cert *c)
{
    static const uint16_t neighbors[] = {TOE_BLOCK_NEIGHBOR_CONST, TOE_BLOCK_NEIGHBOR_DELEGATED,
                                         TOE_BLOCK_NEIGHBOR, TOE_BLOCK_NEIGHBOR_CACHED};
    static const uint16_t paths[] = {TOE_BLOCK_PATH4_CONST, TOE_BLOCK_PATH4_DELEGATED,
                                     TOE_BLOCK_PATH4, TOE_BLOCK_PATH4_CACHED};
    struct toe_neighbor_state *const neighbor = &c->neighbors[0]->state;
    struct toe_path_state *const path = &c->paths[0]->state;

    neighbor->delegated.nic_reachability_delta = 100;
    cert_offload(c);
    for (uint8_t i = 0; i < 4; ++i) {
        const uint8_t mac = i < 2 ? 2 : (uint8_t)(0x40 + i);
        const uint32_t mtu = i < 2 ? 1500 : 1000u + i;
        struct toe_neighbor_state n = *neighbor;
        struct toe_path_state p = *path;

        n.constant.vlan_id = 5;
        n.cached.dst_mac[5] = (uint8_t)(0x40 + i);
        n.delegated.nic_reachability_delta = 99999;
        p.constant.dst.bytes[3] = 99;
        p.cached.mtu = 1000u + i;
        cert_status_is(c, ask(c, CERT_UPDATE, neighbors[i], &c->neighbors[0]->handle, &n),
                       TOE_STATUS_SUCCESS);
        cert_status_is(c, ask(c, CERT_UPDATE, paths[i], &c->paths[0]->handle, &p),
                       TOE_STATUS_SUCCESS);
        n = neighbor_of(c, c->neighbors[0]);
        p = path_of(c);
        cert_is(c, n.constant.vlan_id, 0);
        cert_is(c, n.cached.dst_mac[5], mac);
        cert_require(c, n.delegated.nic_reachability_delta < 90000);
        cert_is(c, p.constant.dst.bytes[3], path->constant.dst.bytes[3]);
        cert_is(c, p.cached.mtu, mtu);
        neighbor->cached.dst_mac[5] = mac;
        expect_mac(c, mac);
        cert_send(c, 2 * (mtu - 40));
        cert_is(c, cert_expect_data(c, "+%u", mtu - 40)->seg.dst_mac[5], mac);
        cert_expect_data(c, "+%u", mtu - 40);
        cert_peer(c, "ack=%u", c->conn->snd_next);
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 2 * (mtu - 40));
    }
}

/* One operation brings new values to three layers, and links the path to another neighbor. */
static void c_24c(struct cert *c)
{
    struct cert_neighbor *const other = cert_neighbor_add(c);
    toe_handle path;
    toe_handle tcp;

    cert_offload(c);
    path = c->paths[0]->handle;
    tcp = c->conn->handle;
    expect_mac(c, 2);
    other->state.cached.dst_mac[5] = 0x66;
    c->paths[0]->state.cached.mtu = 1000;
    cert_tcp(c)->cached.ttl = 33;
    c->paths[0]->neighbor = other;
    cert_update(c);
    cert_send(c, 1920);
    cert_is(c, cert_expect_data(c, "+960 ttl=33")->seg.dst_mac[5], 0x66);
    cert_is(c, cert_expect_data(c, "+960 ttl=33")->seg.dst_mac[5], 0x66);
    cert_require(c, c->paths[0]->handle == path && c->conn->handle == tcp);
    cert_peer(c, "ack=%u", c->conn->snd_next);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1920);
    expect_alive(c);
}

/* --- failures --- */

/* A tree in which one block at a time is at fault; the others are updated all the same. */
static void update_badly(struct cert *c, uint32_t which, uint32_t mtu, uint32_t wnd, uint32_t size)
{
    struct toe_neighbor_state n = c->neighbors[0]->state;
    struct toe_path_state p = c->paths[0]->state;
    struct toe_tcp_state t = c->conn->state;
    const struct toe_tcp_state was = tcp_of(c);
    struct toe_block blocks[3];

    cert_block_init(&blocks[0], TOE_BLOCK_NEIGHBOR_CACHED, &c->neighbors[0]->handle, &n);
    cert_block_init(&blocks[1], TOE_BLOCK_PATH4_CACHED, &c->paths[0]->handle, &p);
    cert_block_init(&blocks[2], TOE_BLOCK_TCP_CACHED, &c->conn->handle, &t);
    blocks[0].dependent = &blocks[1];
    blocks[1].dependent = &blocks[2];
    n.cached.dst_mac[5] = which == 0 ? 0x77 : 2;
    n.size = which == 0 ? size : sizeof(n);
    p.cached.mtu = mtu;
    t.size = which == 2 ? size : sizeof(t);
    t.cached.initial_rcv_wnd = wnd;
    t.cached.ttl = which == 2 ? 99 : 64;
    t.cached.max_rt = which == 2 ? 99 : 0;
    t.cached.flags |= which == 2 ? TOE_TCP_UPDATE_RCV_WND : 0;
    cert_tree_done(c, CERT_UPDATE, blocks);
    for (uint32_t i = 0; i < 3; ++i) {
        cert_status_is(c, blocks[i].status, i == which ? TOE_STATUS_FAILURE : TOE_STATUS_SUCCESS);
    }
    cert_is(c, neighbor_of(c, c->neighbors[0]).cached.dst_mac[5], 2);
    cert_is(c, path_of(c).cached.mtu, 1500);
    t = tcp_of(c);
    cert_require(c, memcmp(&t.cached, &was.cached, sizeof(was.cached)) == 0);
    cert_wait(c, 1000);
    cert_expect_quiet(c);
    expect_alive(c);
    expect_mac(c, 2);
}

static void c_24d(struct cert *c)
{
    cert_allow(c, "BLK-3");
    cert_offload(c);
    update_badly(c, 0, 1500, 65535, 4);
    update_badly(c, 1, c->caps.mtu_max + 1, 65535, 0);
    update_badly(c, 1, UINT32_MAX, 65535, 0);
    update_badly(c, 1, 20, 65535, 0);
    update_badly(c, 2, 1500, c->caps.rcv_wnd_max + 1, sizeof(struct toe_tcp_state));
    update_badly(c, 2, 1500, 65535, 4);
    cert_is(c, cert_count(c, CERT_EVENT), 0);
}

/* --- values and what follows from them --- */

/* A new Ethernet address is that of every connection of every path of the neighbor. */
static void c_24e(struct cert *c)
{
    struct toe_neighbor_state state;

    (void)cert_path_add(c, c->neighbors[0], 4);
    for (uint32_t i = 1; i < 4; ++i) {
        (void)cert_conn_add(c, c->paths[i % 2]);
    }
    cert_offload(c);
    state = c->neighbors[0]->state;
    state.cached.dst_mac[5] = 0x44;
    state.cached.host_reachability_delta = 50;
    cert_at(c, 1000);
    cert_is(c, neighbor_of(c, c->neighbors[0]).cached.host_reachability_delta, 1000);
    cert_status_is(c,
                   ask(c, CERT_UPDATE, TOE_BLOCK_NEIGHBOR_CACHED, &c->neighbors[0]->handle, &state),
                   TOE_STATUS_SUCCESS);
    cert_is(c, neighbor_of(c, c->neighbors[0]).cached.host_reachability_delta, 50);
    for (uint32_t i = 0; i < 4; ++i) {
        (void)cert_use(c, i);
        expect_mac(c, 0x44);
    }
    cert_at(c, 1100);
    cert_near(c, neighbor_of(c, c->neighbors[0]).cached.host_reachability_delta, 150, 1);
}

/* Keep-alive values that change, with and without one of the two flags. */
static void c_24f(struct cert *c)
{
    static const uint16_t flags[] = {0, TOE_TCP_KEEP_ALIVE_RESTART, TOE_TCP_MAX_RT_RESTART};
    struct toe_tcp_state *state;

    for (uint32_t i = 0; i < 9; ++i) {
        const bool timeout = i % 3 != 1;
        const bool interval = i % 3 != 0;

        state = i == 0 ? cert_tcp(c) : &cert_conn_add(c, c->paths[0])->state;
        state->cached.flags = TOE_TCP_KEEP_ALIVE;
        state->cached.ka_timeout = 20000;
        state->cached.ka_interval = 5000;
        state->cached.ka_probe_cnt = 9;
        state->delegated.ka_timeout_delta = 15000;
        cert_offload(c);
        cert_at(c, 1000);
        state->cached.flags |= flags[i / 3];
        state->cached.ka_timeout += timeout ? 10000 : 0;
        state->cached.ka_interval += interval ? 1000 : 0;
        cert_update(c);
        cert_near(c, cert_query(c)->delegated.ka_timeout_delta,
                  flags[i / 3] == 0 ? 14000 : state->cached.ka_timeout, 10);
        cert_terminate(c);
    }
}

/* --- links --- */

static void link_to(struct cert *c, struct toe_block blocks[2], toe_handle *neighbor,
                    toe_handle *path, toe_status want)
{
    cert_block_init(&blocks[0], TOE_BLOCK_NEIGHBOR_CONST, neighbor, NULL);
    cert_block_init(&blocks[1], TOE_BLOCK_PATH4_CONST, path, NULL);
    blocks[0].dependent = &blocks[1];
    cert_tree_done(c, CERT_UPDATE, &blocks[0]);
    cert_status_is(c, blocks[0].status, want);
    cert_status_is(c, blocks[1].status, want);
}

/* A connection below another path than its own stays where it is. */
static void c_24g(struct cert *c)
{
    struct cert_path *const other = cert_path_add(c, c->neighbors[0], 4);
    struct toe_block blocks[2];

    cert_allow(c, "REF-3");
    cert_offload(c);
    cert_block_init(&blocks[0], TOE_BLOCK_PATH4_CONST, &other->handle, NULL);
    cert_block_init(&blocks[1], TOE_BLOCK_TCP_CONST, &c->conn->handle, NULL);
    blocks[0].dependent = &blocks[1];
    cert_tree_done(c, CERT_UPDATE, &blocks[0]);
    expect_alive(c); /* the harness knows the addresses */
    cert_status_is(c, ask(c, CERT_TERMINATE, TOE_BLOCK_PATH4, &c->paths[0]->handle, NULL),
                   TOE_STATUS_FAILURE);
    cert_status_is(c, ask(c, CERT_TERMINATE, TOE_BLOCK_PATH4, &other->handle, NULL),
                   TOE_STATUS_SUCCESS);
    other->handle = 0;
    expect_alive(c);
}

/* The count moves with the link: which of two neighbors may go tells where it is. */
static void c_24h(struct cert *c)
{
    struct cert_neighbor *const first = c->neighbors[0];
    struct cert_neighbor *const second = cert_neighbor_add(c);
    struct toe_block blocks[2];

    cert_allow(c, "CTX-4");
    cert_allow(c, "REF-3");
    cert_offload(c);
    link_to(c, blocks, &first->handle, &c->paths[0]->handle, TOE_STATUS_SUCCESS); /* no change */
    expect_mac(c, 2);
    cert_is(c, cert_stats(c).neighbor_links, 1);
    link_to(c, blocks, &second->handle, &c->paths[0]->handle, TOE_STATUS_SUCCESS);
    expect_mac(c, 3);
    cert_is(c, cert_stats(c).neighbor_links, 1);
    link_to(c, blocks, &first->handle, &c->paths[0]->handle, TOE_STATUS_SUCCESS);
    expect_mac(c, 2);
    link_to(c, blocks, &second->handle, &c->paths[0]->handle, TOE_STATUS_SUCCESS);
    cert_status_is(c, ask(c, CERT_TERMINATE, TOE_BLOCK_NEIGHBOR, &second->handle, NULL),
                   TOE_STATUS_FAILURE);
    cert_status_is(c, ask(c, CERT_TERMINATE, TOE_BLOCK_NEIGHBOR, &first->handle, NULL),
                   TOE_STATUS_SUCCESS);
    c->paths[0]->neighbor = second;
    expect_mac(c, 3);
    link_to(c, blocks, &first->handle, &c->paths[0]->handle, TOE_STATUS_FAILURE); /* it is gone */
    first->handle = 0;
    expect_mac(c, 3);
    expect_alive(c);
}

/* A neighbor that is invalid, or none, fails; the path stays where it is. */
static void c_24i(struct cert *c)
{
    struct cert_neighbor *const second = cert_neighbor_add(c);
    struct toe_path_state path = c->paths[0]->state;
    struct toe_block blocks[2];
    toe_handle wrong;

    cert_allow(c, "SYN-1");
    cert_allow(c, "CTX-7");
    cert_allow(c, "CTX-4");
    cert_offload(c);
    wrong = c->conn->handle;
    link_to(c, blocks, &wrong, &c->paths[0]->handle, TOE_STATUS_FAILURE);
    wrong = 0;
    link_to(c, blocks, &wrong, &c->paths[0]->handle, TOE_STATUS_FAILURE);
    cert_status_is(c, ask(c, CERT_INVALIDATE, TOE_BLOCK_NEIGHBOR, &second->handle, NULL),
                   TOE_STATUS_SUCCESS);
    link_to(c, blocks, &second->handle, &c->paths[0]->handle, TOE_STATUS_FAILURE);
    blocks[1].type = TOE_BLOCK_PATH4_CACHED; /* nor are the values of such a path taken */
    blocks[1].state.path = &path;
    path.cached.mtu = 1000;
    cert_tree_done(c, CERT_UPDATE, &blocks[0]);
    cert_status_is(c, blocks[1].status, TOE_STATUS_FAILURE);
    cert_is(c, path_of(c).cached.mtu, 1500);
    expect_mac(c, 2);
    expect_alive(c);
    cert_status_is(c, ask(c, CERT_TERMINATE, TOE_BLOCK_NEIGHBOR, &second->handle, NULL),
                   TOE_STATUS_SUCCESS);
    second->handle = 0;
}

/* --- at the same time --- */

/* Updates of different objects, posted together, all succeed. */
static void c_24j(struct cert *c)
{
    struct toe_block blocks[5];
    struct toe_tcp_state states[3];
    struct toe_path_state path = c->paths[0]->state;
    struct toe_neighbor_state neighbor = c->neighbors[0]->state;

    for (uint32_t i = 1; i < 3; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    cert_offload(c);
    for (uint32_t i = 0; i < 3; ++i) {
        states[i] = c->conns[i]->state;
        states[i].cached.ttl = (uint8_t)(10 + i);
        cert_block_init(&blocks[i], TOE_BLOCK_TCP_CACHED, &c->conns[i]->handle, &states[i]);
    }
    path.cached.mtu = 1000;
    neighbor.cached.dst_mac[5] = 0x33;
    cert_block_init(&blocks[3], TOE_BLOCK_PATH4_CACHED, &c->paths[0]->handle, &path);
    cert_block_init(&blocks[4], TOE_BLOCK_NEIGHBOR_CACHED, &c->neighbors[0]->handle, &neighbor);
    for (uint32_t i = 0; i < 5; ++i) {
        cert_tree(c, CERT_UPDATE, &blocks[i]);
    }
    for (uint32_t i = 0; i < 5; ++i) {
        cert_tree_wait(c, CERT_UPDATE, &blocks[i]);
        cert_status_is(c, blocks[i].status, TOE_STATUS_SUCCESS);
    }
    for (uint32_t i = 0; i < 3; ++i) {
        (void)cert_use(c, i);
        cert_send(c, 960);
        cert_is(c, cert_expect_data(c, "+960 ttl=%u", 10 + i)->seg.dst_mac[5], 0x33);
    }
}

/* An update that is called before the initiate of the same connection has completed. */
static void while_offloaded(struct cert *c)
{
    struct toe_tcp_state state;
    struct toe_block *tree;
    struct toe_block block;

    (void)cert_conn_add(c, c->paths[0]);
    state = c->conn->state;
    state.cached.ttl = 99;
    c->conn->fresh = true;
    c->conn->snd_next = 5000;
    c->conn->rcv_next = 1000;
    tree = cert_link(c, c->conn);
    cert_block_init(&block, TOE_BLOCK_TCP_CACHED, &c->conn->handle, &state);
    cert_tree(c, CERT_INITIATE, tree);
    cert_tree(c, CERT_UPDATE, &block);
    cert_tree_wait(c, CERT_INITIATE, tree);
    cert_tree_wait(c, CERT_UPDATE, &block);
    cert_status_is(c, c->conn->block.status, TOE_STATUS_SUCCESS);
    cert_status_is(c, block.status, TOE_STATUS_FAILURE);
    cert_is(c, tcp_of(c).cached.ttl, 64);
    (void)cert_use(c, 0);
}

/* Objects that must not be updated now: invalid ones, and one whose update is under way. */
static void c_24k(struct cert *c)
{
    struct toe_tcp_state states[2];
    struct toe_block blocks[2];
    struct toe_neighbor_state n = c->neighbors[0]->state;
    struct toe_path_state p = c->paths[0]->state;

    cert_allow(c, "SYN-1");
    cert_allow(c, "CTX-7");
    cert_allow(c, "SYN-2");
    cert_offload(c);
    for (uint32_t i = 0; i < 2; ++i) {
        states[i] = c->conn->state;
        states[i].cached.ttl = (uint8_t)(10 + i);
        cert_block_init(&blocks[i], TOE_BLOCK_TCP_CACHED, &c->conn->handle, &states[i]);
        cert_tree(c, CERT_UPDATE, &blocks[i]);
    }
    cert_tree_wait(c, CERT_UPDATE, &blocks[0]);
    cert_tree_wait(c, CERT_UPDATE, &blocks[1]);
    cert_status_is(c, blocks[0].status, TOE_STATUS_SUCCESS);
    cert_status_is(c, blocks[1].status, TOE_STATUS_FAILURE);
    cert_is(c, tcp_of(c).cached.ttl, 10);
    expect_alive(c);
    while_offloaded(c);
    cert_status_is(c, ask(c, CERT_INVALIDATE, TOE_BLOCK_TCP, &c->conn->handle, NULL),
                   TOE_STATUS_SUCCESS);
    cert_status_is(c, ask(c, CERT_INVALIDATE, TOE_BLOCK_PATH4, &c->paths[0]->handle, NULL),
                   TOE_STATUS_SUCCESS);
    cert_status_is(c, ask(c, CERT_INVALIDATE, TOE_BLOCK_NEIGHBOR, &c->neighbors[0]->handle, NULL),
                   TOE_STATUS_SUCCESS);
    n.cached.dst_mac[5] = 0x33;
    p.cached.mtu = 1000;
    cert_status_is(c, ask(c, CERT_UPDATE, TOE_BLOCK_TCP_CACHED, &c->conn->handle, &states[1]),
                   TOE_STATUS_FAILURE);
    cert_status_is(c, ask(c, CERT_UPDATE, TOE_BLOCK_PATH4_CACHED, &c->paths[0]->handle, &p),
                   TOE_STATUS_FAILURE);
    cert_status_is(c, ask(c, CERT_UPDATE, TOE_BLOCK_NEIGHBOR_CACHED, &c->neighbors[0]->handle, &n),
                   TOE_STATUS_FAILURE);
    cert_is(c, tcp_of(c).cached.ttl, 10);
    cert_is(c, path_of(c).cached.mtu, 1500);
    cert_is(c, neighbor_of(c, c->neighbors[0]).cached.dst_mac[5], 2);
}

#define UPDATE(number, what, which, function)                                                      \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_NDIS,               \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_control_update_scenarios[] = {
    UPDATE("C-24a", "what an update of a connection takes, and what it leaves",
           "UPD-3 UPD-4 UPD-6 CLS-3", c_24a),
    UPDATE("C-24b", "the same of a path and a neighbor", "UPD-3 UPD-4 UPD-6 UPD-9 UPD-10", c_24b),
    UPDATE("C-24c", "new values and a new link in one update", "UPD-5 UPD-9 LNK-2 LNK-3", c_24c),
    UPDATE("C-24d", "an update that fails changes nothing, and all goes on",
           "UPD-6 UPD-7 UPD-8 UPD-10 HWF-4", c_24d),
    UPDATE("C-24e", "a new address is that of all connections; ages begin anew", "UPD-9 REF-1",
           c_24e),
    UPDATE("C-24f", "keep-alive times that change", "UPD-12", c_24f),
    UPDATE("C-24g", "a connection is not linked to another path", "LNK-1", c_24g),
    UPDATE("C-24h", "links and counts", "LNK-2 LNK-3 LNK-4 REF-4 REF-5", c_24h),
    UPDATE("C-24i", "a link to what cannot be used", "LNK-4 UPD-8", c_24i),
    UPDATE("C-24j", "updates of different objects at once", "SYN-2 UPD-1", c_24j),
    UPDATE("C-24k", "updates that must not be", "SYN-3", c_24k),
    {.id = NULL},
};
