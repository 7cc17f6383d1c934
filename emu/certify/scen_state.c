/* SPDX-License-Identifier: MIT */
/*
 * State, field by field: state.md, the neighbor and the path. TCP is in scen_state_tcp.c.
 */
#include "suite.h"

#include <string.h>

/* --- sizes --- */

/* Of the three blocks the target refuses those that say they are smaller than they are. */
static void expect_sizes(struct cert *c, toe_status neighbor, toe_status path, toe_status tcp)
{
    (void)cert_offload_try(c);
    cert_status_is(c, c->neighbors[0]->block.status, neighbor);
    cert_status_is(c, c->paths[0]->block.status, path);
    cert_status_is(c, c->conn->block.status, tcp);
}

static void c_15a(struct cert *c)
{
    const uint32_t size = cert_tcp(c)->size;
    /* Without the extension it is whole. */
    struct toe_tcp_state state = {.size = TOE_TCP_STATE_SIZE_MIN - 1};
    struct toe_block block;

    cert_allow(c, "NEW-2");
    cert_allow(c, "BLK-3");
    cert_allow(c, "NEW-2");
    cert_allow(c, "BLK-3");
    --c->neighbors[0]->state.size;
    expect_sizes(c, TOE_STATUS_FAILURE, TOE_STATUS_FAILURE, TOE_STATUS_FAILURE);
    c->neighbors[0]->state.size += 65;
    --c->paths[0]->state.size;
    expect_sizes(c, TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS, TOE_STATUS_FAILURE, TOE_STATUS_FAILURE);
    c->paths[0]->state.size += 65;
    cert_tcp(c)->size = TOE_TCP_STATE_SIZE_MIN - 1;
    expect_sizes(c, TOE_STATUS_SUCCESS, TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS, TOE_STATUS_FAILURE);
    cert_tcp(c)->size = size + 64;
    cert_offload(c);
    cert_block_init(&block, TOE_BLOCK_TCP, &c->conn->handle, &state);
    cert_tree_done(c, CERT_QUERY, &block);
    cert_status_is(c, block.status, TOE_STATUS_FAILURE);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
}

/* --- addresses --- */

static void set_src_mac(struct cert_neighbor *neighbor, uint8_t last)
{
    memcpy(neighbor->state.constant.src_mac, (const uint8_t[]){2, 0, 0, 0, 0, last}, TOE_MAC_LEN);
}

/* The harness sends to the effective address, and fails for a segment from any other. */
static void c_15b(struct cert *c)
{
    struct cert_neighbor *other = cert_neighbor_add(c);
    struct cert_neighbor *third;

    c->settings.src_mac_max = 1;
    set_src_mac(other, 0x77);
    (void)cert_conn_add(c, cert_path_add(c, other, 4));
    (void)cert_offload_try(c);
    if (other->block.status == TOE_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES) {
        cert_skip(c, "the target has no address but its own");
    }
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        cert_status_is(c, c->conn->block.status, TOE_STATUS_SUCCESS);
        cert_send(c, 1000);
        cert_expect_seg(c, "5000:6000");
        cert_peer(c, "+100 ack=6000 PSH");
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
        cert_expect_indicate(c, 100);
    }
    third = cert_neighbor_add(c);
    set_src_mac(third, 0x78);
    cert_tree_done(c, CERT_INITIATE, &third->block);
    cert_status_is(c, third->block.status, TOE_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES);
    set_src_mac(third, 0x77); /* one it has */
    cert_tree_done(c, CERT_INITIATE, &third->block);
    cert_status_is(c, third->block.status, TOE_STATUS_SUCCESS);
}

/* The structures that are offloaded are gone afterwards: nothing may look at them again. */
static void c_15c(struct cert *c)
{
    struct toe_neighbor_state neighbor = c->neighbors[0]->state;
    struct toe_path_state path = c->paths[0]->state;
    struct toe_tcp_state tcp = *cert_tcp(c);

    c->neighbors[0]->block.state.neighbor = &neighbor;
    c->paths[0]->block.state.path = &path;
    c->conn->block.state.tcp = &tcp;
    cert_offload(c);
    memset(&neighbor, 0xee, sizeof(neighbor));
    memset(&path, 0xee, sizeof(path));
    memset(&tcp, 0xee, sizeof(tcp));
    c->neighbors[0]->block.state.neighbor = &c->neighbors[0]->state;
    c->paths[0]->block.state.path = &c->paths[0]->state;
    c->conn->block.state.tcp = cert_tcp(c);
    cert_send(c, 2000);
    cert_expect_seg(c, "5000:6460 ttl=64 mac=2");
    cert_expect_seg(c, "6460:7000 ttl=64 mac=2");
    cert_peer(c, "+100 ack=7000 PSH");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 2000);
    cert_expect_indicate(c, 100);
}

static void expect_no_path(struct cert *c)
{
    (void)cert_offload_try(c);
    cert_status_is(c, c->paths[0]->block.status, TOE_STATUS_FAILURE);
    cert_status_is(c, c->conn->block.status, TOE_STATUS_FAILURE);
    cert_is(c, c->paths[0]->handle, 0);
}

/* An address of no family stands for the missing pointer of the original structure. */
static void c_15d(struct cert *c)
{
    struct toe_path_const *constant = &c->paths[0]->state.constant;

    constant->dst.family = 0;
    expect_no_path(c);
    constant->dst.family = 4;
    constant->src.family = 0;
    expect_no_path(c);
    constant->src.family = 6;
    expect_no_path(c);
    constant->src.family = 4;
    cert_offload(c);
}

/* --- the path MTU --- */

static toe_status update_mtu(struct cert *c, uint32_t mtu)
{
    struct toe_path_state state = c->paths[0]->state;
    struct toe_block root;
    struct toe_block below;

    state.cached.mtu = mtu;
    cert_block_init(&root, TOE_BLOCK_NEIGHBOR_CONST, &c->neighbors[0]->handle, NULL);
    cert_block_init(&below, TOE_BLOCK_PATH4_CACHED, &c->paths[0]->handle, &state);
    root.dependent = &below;
    cert_tree_done(c, CERT_UPDATE, &root);
    return below.status;
}

static toe_status offer_mtu(struct cert *c, struct cert_path *path, uint32_t mtu)
{
    path->state.cached.mtu = mtu;
    (void)cert_offload_try(c);
    return path->block.status;
}

static void c_15e(struct cert *c)
{
    cert_start(c);
    cert_status_is(c, offer_mtu(c, c->paths[0], c->caps.mtu_max + 1), TOE_STATUS_OFFLOAD_PATH_MTU);
    cert_status_is(c, offer_mtu(c, c->paths[0], 67), TOE_STATUS_FAILURE);
    cert_status_is(c, offer_mtu(c, c->paths[0], 1500), TOE_STATUS_SUCCESS);
    cert_status_is(c, update_mtu(c, c->caps.mtu_max + 1), TOE_STATUS_FAILURE);
    cert_status_is(c, update_mtu(c, 67), TOE_STATUS_FAILURE);
    cert_mark(c);
    cert_send(c, 2000); /* nothing has changed */
    cert_expect_seg(c, "5000:6460");
    cert_skip_segs(c);
    cert_peer(c, "ack=7000");
    cert_status_is(c, update_mtu(c, 1000), TOE_STATUS_SUCCESS);
    cert_send(c, 2000);
    cert_expect_data(c, "7000:7960");
    cert_status_is(c, update_mtu(c, 68), TOE_STATUS_SUCCESS);
}

static void c_15f(struct cert *c)
{
    cert_ipv6(c);
    cert_start(c);
    cert_status_is(c, offer_mtu(c, c->paths[0], 1279), TOE_STATUS_FAILURE);
    cert_status_is(c, offer_mtu(c, c->paths[0], 1280), TOE_STATUS_SUCCESS);
    cert_mark(c);
    cert_send(c, 2000);
    cert_expect_seg(c, "5000:6220");
}

/* There is no such state: nothing is written, nothing is changed. */
static void c_15g(struct cert *c)
{
    struct toe_path_state state;
    struct toe_path_state was;
    struct toe_block block;

    cert_offload(c);
    memset(&state, 0xee, sizeof(state));
    state.size = sizeof(state);
    was = state;
    cert_block_init(&block, TOE_BLOCK_PATH4_DELEGATED, &c->paths[0]->handle, &state);
    cert_tree_done(c, CERT_QUERY, &block);
    cert_require(c, memcmp(&state.constant, &was.constant, sizeof(was.constant)) == 0);
    cert_is(c, state.cached.mtu, was.cached.mtu);
    cert_send(c, 2000);
    cert_expect_seg(c, "5000:6460");
}

/* --- reachability --- */

/* Nothing is retransmitted meanwhile. */
static void begin_aged(struct cert *c, uint32_t host, uint32_t nic)
{
    c->params.nce_stale_ticks = 1000;
    c->neighbors[0]->state.cached.host_reachability_delta = host;
    c->neighbors[0]->state.delegated.nic_reachability_delta = nic;
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        c->conns[i]->state.delegated.srtt = 65535;
        c->conns[i]->state.delegated.rttvar = 0;
    }
    cert_offload(c);
}

static void send_at(struct cert *c, uint64_t ms)
{
    cert_at(c, ms);
    cert_send(c, 10);
    cert_run(c);
}

/* There were |cnt| queries, the last of them about |neighbor|. */
static void expect_queries(struct cert *c, uint32_t cnt, const struct cert_neighbor *neighbor)
{
    cert_is(c, cert_count(c, CERT_NEIGHBOR), cnt);
    for (uint32_t i = c->chart->cnt; cnt > 0 && i-- > 0;) {
        if (c->chart->entries[i].kind == CERT_NEIGHBOR) {
            cert_require(c, c->chart->entries[i].ref == neighbor->block.host_object);
            return;
        }
    }
}

static struct toe_neighbor_state ask(struct cert *c, struct cert_neighbor *neighbor)
{
    struct toe_neighbor_state state = {.size = sizeof(state)};
    struct toe_block block;

    cert_block_init(&block, TOE_BLOCK_NEIGHBOR, &neighbor->handle, &state);
    cert_tree_done(c, CERT_QUERY, &block);
    cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
    return state;
}

/* What the host knows: as it was handed over, older, as it was updated, older again. */
static void c_15h(struct cert *c)
{
    struct cert_neighbor *neighbor = c->neighbors[0];

    begin_aged(c, 200, 300);
    cert_at(c, 300);
    cert_is(c, ask(c, neighbor).cached.host_reachability_delta, 500);
    cert_is(c, ask(c, neighbor).delegated.nic_reachability_delta, 600);
    neighbor->state.cached.host_reachability_delta = 100;
    neighbor->state.cached.dst_mac[5] = 9;
    cert_update(c);
    cert_is(c, ask(c, neighbor).cached.host_reachability_delta, 100);
    cert_is(c, ask(c, neighbor).cached.dst_mac[5], 9);
    cert_is(c, ask(c, neighbor).delegated.nic_reachability_delta, 600);
    cert_at(c, 400);
    cert_is(c, ask(c, neighbor).cached.host_reachability_delta, 200);
    send_at(c, 1200); /* 1000 after what the host said last */
    expect_queries(c, 0, NULL);
    send_at(c, 1201);
    expect_queries(c, 1, neighbor);
}

/* Both ages count, each as it was handed over. */
static void c_15i(struct cert *c)
{
    begin_aged(c, 100, 900);
    send_at(c, 200);
    send_at(c, 900);
    expect_queries(c, 0, NULL);
    send_at(c, 901);
    expect_queries(c, 1, c->neighbors[0]);
}

static void c_15j(struct cert *c)
{
    begin_aged(c, 900, 100);
    send_at(c, 200);
    send_at(c, 900);
    expect_queries(c, 0, NULL);
    send_at(c, 901);
    expect_queries(c, 1, c->neighbors[0]);
}

/* Two neighbors, of which one was confirmed 500 earlier. */
static void c_15k(struct cert *c)
{
    struct cert_neighbor *other = cert_neighbor_add(c);

    other->state.cached.host_reachability_delta = 500;
    other->state.delegated.nic_reachability_delta = 500;
    (void)cert_conn_add(c, cert_path_add(c, other, 4));
    begin_aged(c, 0, 0);
    (void)cert_use(c, 0);
    send_at(c, 501);
    expect_queries(c, 0, NULL);
    (void)cert_use(c, 1);
    send_at(c, 501);
    expect_queries(c, 1, other);
    (void)cert_use(c, 0);
    send_at(c, 1000);
    expect_queries(c, 1, other);
    send_at(c, 1001);
    expect_queries(c, 2, c->neighbors[0]);
    (void)cert_use(c, 1);
    cert_peer(c, "ack=5010"); /* progress of one says nothing of the other */
    cert_run(c);
    cert_is(c, ask(c, other).delegated.nic_reachability_delta, 0);
    cert_is(c, ask(c, c->neighbors[0]).delegated.nic_reachability_delta, 1001);
}

/* Inside the question both connections of the neighbor get something to send. */
static void send_more(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    if (++c->count == 1) {
        (void)cert_use(c, 0);
        cert_send(c, 10);
        (void)cert_use(c, 1);
        cert_send(c, 10);
    }
}

static void c_15l(struct cert *c)
{
    c->on_neighbor = send_more;
    (void)cert_conn_add(c, c->paths[0]);
    begin_aged(c, 500, 500);
    (void)cert_use(c, 0);
    send_at(c, 600);
    cert_at(c, 620);
    expect_queries(c, 1, c->neighbors[0]);
    cert_expect_stream(c, 5000, 5020);
    (void)cert_use(c, 1);
    cert_expect_stream(c, 5000, 5010);
}

#define STATE(number, what, which, in, function)                                                   \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = (in), .run = (function)        \
    }

const struct cert_scenario cert_state_scenarios[] = {
    STATE("C-15a", "structures that are too small, and larger ones", "STATE-H-1", CERT_GROUP_NDIS,
          c_15a),
    STATE("C-15b", "a source address of the neighbor's, and the interface's own",
          "STATE-NC-1 STATE-NC-4 STATE-8", CERT_GROUP_NDIS, c_15b),
    STATE("C-15c", "what was offloaded is the host's to overwrite", "STATE-PC-1..2",
          CERT_GROUP_NDIS, c_15c),
    STATE("C-15d", "a path without an address", "STATE-PC-2", CERT_GROUP_NDIS, c_15d),
    STATE("C-15e", "path MTUs that are too large and too small", "STATE-PK-1..2", CERT_GROUP_NDIS,
          c_15e),
    STATE("C-15f", "path MTUs of IPv6", "STATE-PK-2", CERT_GROUP_NDIS, c_15f),
    STATE("C-15g", "the delegated state of a path is empty", "STATE-PD-1", CERT_GROUP_NDIS, c_15g),
    STATE("C-15h", "what the host knows of a neighbor: handed over, updated, queried",
          "STATE-NK-1..2 STATE-ND-1 NBR-2..3", CERT_GROUP_NEIGHBOR, c_15h),
    STATE("C-15i", "the host's confirmation is the younger one", "STATE-ND-2 NBR-2",
          CERT_GROUP_NEIGHBOR, c_15i),
    STATE("C-15j", "the target's confirmation is the younger one", "STATE-ND-2 NBR-2",
          CERT_GROUP_NEIGHBOR, c_15j),
    STATE("C-15k", "two neighbors, each with ages of its own", "NBR-1 NBR-4 NBR-22",
          CERT_GROUP_NEIGHBOR, c_15k),
    STATE("C-15l", "what is posted inside a query raises no other", "NBR-19", CERT_GROUP_NEIGHBOR,
          c_15l),
    {.id = NULL},
};
