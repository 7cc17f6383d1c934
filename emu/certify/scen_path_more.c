/* SPDX-License-Identifier: MIT */
/*
 * Is the neighbor still there? The vectors of state.md 2.3. Ticks are milliseconds after the
 * offload (which is at 5000 there), a neighbor nobody confirmed for 1000 is stale, both sides
 * confirmed it 200 before the offload, and nothing is retransmitted meanwhile.
 */
#include "suite.h"

#include <string.h>

static void begin(struct cert *c, uint32_t host, uint32_t nic)
{
    struct toe_neighbor_state *neighbor = &c->neighbors[0]->state;

    neighbor->cached.host_reachability_delta = host;
    neighbor->delegated.nic_reachability_delta = nic;
    cert_tcp(c)->delegated.srtt = 65535;
    cert_tcp(c)->delegated.rttvar = 0;
    cert_offload(c);
}

static void begin_usual(struct cert *c)
{
    c->params.nce_stale_ticks = 1000;
    begin(c, 200, 200);
}

/* One datagram leaves at |ms|. */
static void send_at(struct cert *c, uint64_t ms)
{
    cert_at(c, ms);
    cert_send(c, 10);
    cert_run(c);
    cert_is(c, cert_ms(c), ms);
}

/* There were |cnt| queries up to now. */
static void expect_queries(struct cert *c, uint32_t cnt)
{
    cert_is(c, cert_count(c, CERT_NEIGHBOR), cnt);
}

/* The last query was |cnt|-th, and said that; it came before the datagram. */
static void expect_query(struct cert *c, uint32_t cnt, uint32_t nic, uint32_t host)
{
    char want[CERT_TEXT_MAX];
    uint32_t i = c->chart->cnt;

    expect_queries(c, cnt);
    (void)snprintf(want, sizeof(want), "reachability query: nic %u, host %u", nic, host);
    while (i > 0 && c->chart->entries[i - 1].kind != CERT_NEIGHBOR) {
        --i;
    }
    cert_require(c, i > 0);
    if (strcmp(c->chart->entries[i - 1].text, want) != 0) {
        cert_fail(c, "expected the %s, came %s", want, c->chart->entries[i - 1].text);
    }
    for (; i < c->chart->cnt; ++i) {
        if (c->chart->entries[i].kind == CERT_SEG_OUT) {
            return;
        }
    }
    cert_fail(c, "no datagram followed the %s", want);
}

/* The age that a query of a neighbor gives. */
static uint32_t nic_age_of(struct cert *c, struct cert_neighbor *neighbor)
{
    struct toe_neighbor_state state = {.size = sizeof(state)};
    struct toe_block block;

    cert_block_init(&block, TOE_BLOCK_NEIGHBOR, &neighbor->handle, &state);
    cert_tree_done(c, CERT_QUERY, &block);
    cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
    return state.delegated.nic_reachability_delta;
}

static uint32_t nic_age(struct cert *c)
{
    return nic_age_of(c, c->neighbors[0]);
}

/* Vectors 1 to 3; the host answers |answer|. */
static void until_stale(struct cert *c, uint32_t answer)
{
    c->reach_delta = answer;
    begin_usual(c);
    cert_is(c, nic_age(c), 200);
    send_at(c, 800);
    expect_queries(c, 0);
    send_at(c, 801);
    expect_query(c, 1, 1001, 1001);
}

static void c_10i(struct cert *c)
{
    until_stale(c, 0);
    send_at(c, 1801);
    expect_queries(c, 1);
    send_at(c, 1802);
    expect_query(c, 2, 2002, 1001);
}

static void c_10j(struct cert *c)
{
    until_stale(c, 300);
    send_at(c, 1501);
    expect_queries(c, 1);
    send_at(c, 1502);
    expect_query(c, 2, 1702, 1001);
}

static void c_10k(struct cert *c)
{
    begin_usual(c);
    send_at(c, 490);
    cert_at(c, 500);
    cert_peer(c, "ack=5010");
    send_at(c, 1200);
    expect_queries(c, 0);
    cert_is(c, nic_age(c), 700);
    send_at(c, 1500);
    expect_queries(c, 0);
}

static void c_10l(struct cert *c)
{
    until_stale(c, 0);
    cert_at(c, 1301);
    cert_is(c, nic_age(c), 1501);
}

static void c_10m(struct cert *c)
{
    until_stale(c, 0);
    cert_at(c, 1000);
    cert_peer(c, "ack=5010");
    cert_at(c, 1301);
    cert_is(c, nic_age(c), 301);
}

static void c_10n(struct cert *c)
{
    c->now = ((UINT64_C(1) << 32) + 0x64) * TOE_NS_PER_MS;
    until_stale(c, 0);
}

static void c_10o(struct cert *c)
{
    c->params.nce_stale_ticks = 1000;
    c->now = UINT64_C(0xfffffe00) * TOE_NS_PER_MS;
    begin(c, 0, 0);
    send_at(c, 1000);
    expect_queries(c, 0);
    send_at(c, 1001);
    expect_query(c, 1, 1001, 1001);
}

/* Ten ticks a second: an age of half a second, and two of them until it is stale. */
static void c_10p(struct cert *c)
{
    c->params.ticks_per_second = 10;
    c->params.nce_stale_ticks = 20;
    begin(c, 5, 5);
    cert_at(c, 1499);
    cert_is(c, nic_age(c), 19);
    send_at(c, 1500);
    expect_queries(c, 0);
    send_at(c, 1610);
    expect_queries(c, 1);
}

static void c_10q(struct cert *c)
{
    c->params.nce_stale_ticks = UINT32_MAX;
    begin(c, 200, 200);
    for (uint32_t i = 1; i <= 8; ++i) {
        send_at(c, i * 1000);
    }
    expect_queries(c, 0);
}

/* What shows progress: new data in the window. What does not: duplicates and old segments. */
static void c_10r(struct cert *c)
{
    begin_usual(c);
    send_at(c, 100);
    cert_at(c, 200);
    cert_peer(c, "1000 ack=5000"); /* a duplicate */
    cert_run(c);
    cert_is(c, nic_age(c), 400);
    cert_peer(c, "100000+10 PSH"); /* beyond the window */
    cert_run(c);
    cert_is(c, nic_age(c), 400);
    cert_peer(c, "1000:1010 PSH");
    cert_run(c);
    cert_is(c, nic_age(c), 0);
    cert_at(c, 300);
    cert_peer(c, "1000:1010 PSH"); /* once more */
    cert_run(c);
    cert_is(c, nic_age(c), 100);
    cert_peer(c, "1010 ack=5010");
    cert_run(c);
    cert_is(c, nic_age(c), 0);
}

/* The age goes back with the neighbor. */
static void c_10s(struct cert *c)
{
    struct toe_block *root = &c->neighbors[0]->block;

    begin_usual(c);
    cert_at(c, 300);
    cert_terminate(c);
    root->next = NULL;
    root->dependent = &c->paths[0]->block;
    c->paths[0]->block.next = NULL;
    c->paths[0]->block.dependent = NULL;
    cert_tree_done(c, CERT_TERMINATE, root);
    cert_status_is(c, root->status, TOE_STATUS_SUCCESS);
    cert_is(c, c->neighbors[0]->state.delegated.nic_reachability_delta, 500);
    c->neighbors[0]->handle = 0;
    c->paths[0]->handle = 0;
}

/* Progress of a path that was linked to another neighbor says nothing of the former one. */
static void c_10t(struct cert *c)
{
    struct cert_neighbor *other = cert_neighbor_add(c);
    struct toe_block root;
    struct toe_block below;

    other->state.cached.host_reachability_delta = 200;
    other->state.delegated.nic_reachability_delta = 200;
    begin_usual(c);
    send_at(c, 100);
    cert_block_init(&root, TOE_BLOCK_NEIGHBOR_CONST, &other->handle, NULL);
    cert_block_init(&below, TOE_BLOCK_PATH4_CONST, &c->paths[0]->handle, NULL);
    root.dependent = &below;
    cert_tree_done(c, CERT_UPDATE, &root);
    cert_status_is(c, below.status, TOE_STATUS_SUCCESS);
    c->paths[0]->neighbor = other;
    cert_at(c, 300);
    cert_peer(c, "ack=5010");
    cert_run(c);
    cert_is(c, nic_age_of(c, other), 0);
    cert_is(c, nic_age(c), 500);
    send_at(c, 1300);
    expect_queries(c, 0);
}

#define REACH(number, what, which, function)                                                       \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_NEIGHBOR,           \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_path_more_scenarios[] = {
    REACH("C-10i", "a stale neighbor: the host is asked, and knows no more",
          "TV-NBR-1..3 TV-NBR-5 TV-NBR-6 NBR-7..11 NBR-16 NBR-2 CAP-30", c_10i),
    REACH("C-10j", "a stale neighbor: the host is asked, and confirmed it 300 ago",
          "TV-NBR-1..3 TV-NBR-7 TV-NBR-8 NBR-7..10 NBR-12 STATE-NK-3 NBR-3", c_10j),
    REACH("C-10k", "a neighbor that only the host does not know to be there",
          "TV-NBR-4 NBR-5 NBR-7", c_10k),
    REACH("C-10l", "the age of a neighbor that does not answer", "TV-NBR-9 NBR-14 STATE-ND-1",
          c_10l),
    REACH("C-10m", "the age of a neighbor that answered", "TV-NBR-10 NBR-5 NBR-14 RFC-110 NBR-4",
          c_10m),
    REACH("C-10n", "a clock of 32 bits has wrapped since the confirmation", "TV-NBR-11..13", c_10n),
    REACH("C-10o", "a clock of 32 bits wraps between confirmation and datagram",
          "TV-NBR-14 STATE-6", c_10o),
    REACH("C-10p", "ages at ten ticks a second", "TV-NBR-15 NBR-15", c_10p),
    REACH("C-10q", "a neighbor that is never stale", "NBR-18 CAP-30", c_10q),
    REACH("C-10r", "what confirms a neighbor and what does not", "NBR-5 NBR-6 RFC-110", c_10r),
    REACH("C-10s", "the age goes back with the neighbor", "NBR-14 STATE-ND-1 TRM-22", c_10s),
    REACH("C-10t", "progress after a relink confirms the new neighbor only", "NBR-17 NBR-1 NBR-4",
          c_10t),
    {.id = NULL},
};
