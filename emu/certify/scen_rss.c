/* SPDX-License-Identifier: MIT */
/*
 * Receive-side scaling: platform.md 7.6, and the row T-065.
 *
 * The table changes while segments wait that have not been processed. That what the host gets is in
 * order, the harness checks by the bytes themselves; that nothing was out of order on its way to
 * the connection either, the acknowledgments tell.
 */
#include "suite.h"

#define TABLE_CNT 128

static void start(struct cert *c, uint32_t queue_cnt)
{
    if (c->plugin->rss_table_set == NULL) {
        cert_skip(c, "the target has no receive-side scaling, which is optional");
    }
    c->settings.rss_queues = queue_cnt;
}

/* All entries lead to |queue|. */
static void lead_to(struct cert *c, uint8_t queue)
{
    uint8_t table[TABLE_CNT];

    for (uint32_t i = 0; i < TABLE_CNT; ++i) {
        table[i] = queue;
    }
    cert_note(c, "the table leads to queue %u", queue);
    c->plugin->rss_table_set(c->target, table, TABLE_CNT);
}

static void lead_anywhere(struct cert *c, uint64_t *seed)
{
    uint8_t table[TABLE_CNT];

    for (uint32_t i = 0; i < TABLE_CNT; ++i) {
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        table[i] = (uint8_t)((*seed >> 33) % c->settings.rss_queues);
    }
    c->plugin->rss_table_set(c->target, table, TABLE_CNT);
}

/* No acknowledgment is a duplicate, which would tell of a hole: but for the window's updates. */
static void require_no_hole(struct cert *c)
{
    uint32_t ack = 1000;
    uint32_t wnd = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind != CERT_SEG_OUT) {
            continue;
        }
        cert_require(c, e->seg.ack > ack || (e->seg.ack == ack && e->seg.wnd > wnd));
        ack = e->seg.ack;
        wnd = e->seg.wnd;
    }
}

/* Another queue every 10 segments; what waits when the table changes is not a multiple of it. */
static void t_065(struct cert *c)
{
    start(c, 2);
    cert_offload(c);
    for (uint32_t i = 0; i < 200; ++i) {
        cert_peer(c, "+500 PSH");
        if (i % 10 == 9) {
            lead_to(c, (uint8_t)(i / 10 % 2));
        }
        if (i % 7 == 6) {
            cert_run(c);
        }
    }
    cert_wait(c, 300);
    cert_is(c, c->conn->rcv_next, 1000 + 200 * 500);
    cert_is(c, cert_query(c)->delegated.rcv_nxt, 1000 + 200 * 500);
    require_no_hole(c);
}

/* TV-RSS-1: from 1 to 3 between two segments. */
static void c_16s(struct cert *c)
{
    start(c, 4);
    cert_start(c);
    lead_to(c, 1);
    cert_offload(c);
    cert_peer(c, "1000:2000 PSH");
    lead_to(c, 3);
    cert_peer(c, "2000:3000 PSH");
    cert_wait(c, 300);
    cert_is(c, c->conn->rcv_next, 3000);
    cert_skip_upcalls(c);
    (void)cert_receive(c, 1000, 0);
    (void)cert_receive(c, 1000, 0);
    lead_to(c, 1);
    cert_peer(c, "3000:4000 PSH");
    lead_to(c, 3);
    cert_peer(c, "4000:5000 PSH");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_wait(c, 300);
    require_no_hole(c);
}

/* |cnt| more connections, whose hashes are not those of their addresses and ports. */
static void add_hashed(struct cert *c, uint32_t cnt)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
        cert_tcp(c)->constant.hash_value = UINT32_C(0xc0ffee00) + c->conn_cnt;
    }
}

static void require_queues(struct cert *c, uint32_t from, const uint8_t *table, uint32_t cnt)
{
    for (uint32_t i = from; i < c->conn_cnt; ++i) {
        const struct cert_conn *conn = cert_use(c, i);

        cert_is(c, c->plugin->rss_queue(c->target, conn->handle),
                table[conn->state.constant.hash_value & (cnt - 1)]);
        cert_peer_data(c, 3000, 1000);
    }
    cert_wait(c, 300);
    for (uint32_t i = from; i < c->conn_cnt; ++i) {
        cert_is(c, cert_use(c, i)->rcv_next, 4000);
    }
}

static void c_16t(struct cert *c)
{
    static const uint8_t first[8] = {3, 1, 2, 0, 0, 2, 1, 3};
    static const uint8_t second[4] = {2, 2, 0, 1};

    start(c, 4);
    if (c->plugin->rss_queue == NULL) {
        cert_skip(c, "the target does not tell which queue serves a connection");
    }
    cert_start(c);
    c->plugin->rss_table_set(c->target, first, 8);
    cert_tcp(c)->constant.hash_value = UINT32_C(0xdeadbeef);
    add_hashed(c, 15);
    cert_offload(c);
    require_queues(c, 0, first, 8);
    c->plugin->rss_table_set(c->target, second, 4);
    add_hashed(c, 8);
    cert_offload(c);
    require_queues(c, 16, second, 4);
}

/* Nothing but the table changes: the target stays what it is, and all goes on. */
static void c_16u(struct cert *c)
{
    uint64_t seed = c->settings.seed;

    start(c, 4);
    cert_start(c);
    add_hashed(c, 7);
    cert_offload(c);
    for (uint32_t round = 0; round < 40; ++round) {
        for (uint32_t i = 0; i < c->conn_cnt; ++i) {
            cert_use(c, i)->peer.acks = true;
            cert_send(c, 1000);
            cert_peer(c, "+700 PSH");
        }
        lead_anywhere(c, &seed);
        cert_wait(c, 3);
    }
    cert_wait(c, 500);
    cert_is(c, cert_stats(c).tcp_cnt, 8);
    cert_is(c, cert_stats(c).terminated, 0);
    cert_require(c, cert_stats(c).tcp[0].in_segments >= UINT64_C(40) * 8);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        cert_require(c, e->kind != CERT_STATUS);
        cert_require(c, e->kind != CERT_SEG_OUT || (e->seg.flags & CERT_RST) == 0);
    }
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        (void)cert_use(c, i);
        cert_is(c, c->conn->rcv_next, 1000 + 40 * 700);
        cert_require(c, c->conn->out_head == NULL);
        cert_is(c, cert_query(c)->delegated.snd_una, 5000 + 40 * 1000);
        cert_expect_state(c, TOE_TCP_ESTABLISHED);
    }
}

/* What arrives out of order is put in order, whatever the table does meanwhile. */
static void c_16v(struct cert *c)
{
    uint64_t seed = c->settings.seed + 1;

    start(c, 4);
    cert_offload(c);
    for (uint32_t at = 1000; at < 41000; at += 2000) {
        cert_peer(c, "%u:%u PSH", at + 1000, at + 2000);
        lead_anywhere(c, &seed);
        if (at % 3 == 0) {
            cert_run(c);
            lead_anywhere(c, &seed);
        }
        cert_peer(c, "%u:%u PSH", at, at + 1000);
        cert_wait(c, 3);
    }
    cert_wait(c, 300);
    cert_is(c, c->conn->rcv_next, 41000);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 41000);
}

/* Nobody has to have it: the hash means nothing then. */
static void c_16w(struct cert *c)
{
    cert_tcp(c)->constant.hash_value = UINT32_MAX;
    cert_offload(c);
    cert_peer_data(c, 10000, 1000);
    cert_wait(c, 300);
    cert_is(c, c->conn->rcv_next, 11000);
    cert_send(c, 1000);
    cert_expect_data(c, "5000:6000 PSH");
    cert_is(c, cert_query(c)->constant.hash_value, UINT32_MAX);
}

/* Frames of all priorities, and a table that changes. */
static void c_16x(struct cert *c)
{
    start(c, 2);
    c->conn->path->neighbor->state.constant.vlan_id = 5;
    cert_offload(c);
    for (uint32_t i = 0; i < 40; ++i) {
        cert_peer(c, "+100 vlan=5 prio=%u PSH", i * 5 % 8);
        lead_to(c, (uint8_t)(i / 3 % 2));
        if (i % 8 == 7) {
            cert_run(c);
        }
    }
    cert_wait(c, 300);
    cert_is(c, c->conn->rcv_next, 5000);
    require_no_hole(c);
}

#define RSS(number, what, which, function)                                                         \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_PLATFORM,           \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_rss_scenarios[] = {
    RSS("T-065", "another queue every 10 segments", "RCV-044 SEG-073 RSS-3", t_065),
    RSS("C-16s", "another queue between two segments", "TV-RSS-1 RSS-3", c_16s),
    RSS("C-16t", "the hash of the host and the table decide", "RSS-1..2 STATE-TC-7", c_16t),
    RSS("C-16u", "a new table resets nothing", "CERT-12", c_16u),
    RSS("C-16v", "segments out of order, and a table that changes", "RSS-3 SEG-073", c_16v),
    RSS("C-16w", "without receive-side scaling", "RSS-4", c_16w),
    RSS("C-16x", "priorities and a table that changes", "VLAN-10", c_16x),
    {.id = NULL},
};
