/* SPDX-License-Identifier: MIT */
/*
 * Initiate: control.md 2, what the vectors of scen_tree.c leave.
 */
#include "suite.h"

#include <string.h>

/* What cert_offload() tells the peer of a connection, for trees of the scenario's own. */
static void meet_peer(struct cert_conn *conn)
{
    const struct toe_tcp_delegated *state = &conn->state.delegated;

    conn->begun = true;
    conn->fresh = true;
    conn->peer.nxt = state->rcv_nxt;
    conn->peer.ack = state->snd_una;
    conn->peer.acked = state->snd_una;
    conn->peer.rcv_nxt = state->snd_una;
    conn->peer.wnd = 65535;
    conn->snd_next = state->snd_max;
    conn->rcv_next = state->rcv_nxt;
}

/* Index of the completion of |tree|; fails if there is none, or more than one. */
static uint32_t completion_of(struct cert *c, const struct toe_block *tree)
{
    uint32_t at = UINT32_MAX;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_TREE && e->ref == tree) {
            if (at != UINT32_MAX) {
                cert_fail(c, "a tree completed twice");
            }
            at = i;
        }
    }
    if (at == UINT32_MAX) {
        cert_fail(c, "a tree did not complete");
    }
    return at;
}

static void expect_alive(struct cert *c)
{
    cert_send(c, 100);
    cert_expect_data(c, "+100");
    cert_peer(c, "+100 PSH ack=%u", c->conn->snd_next);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 100);
    cert_expect_indicate(c, 100);
    cert_wait(c, 300);
    cert_skip_segs(c);
}

/* --- several at once --- */

#define AT_ONCE 6u

/* The last tree is offered from inside the first completion. */
static void offer_last(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    if (c->count++ == 0) {
        cert_tree(c, CERT_INITIATE, cert_link(c, c->conns[AT_ONCE - 1]));
    }
}

static void c_22a(struct cert *c)
{
    for (uint32_t i = 1; i < AT_ONCE; ++i) {
        (void)cert_conn_add(c, cert_path_add(c, cert_neighbor_add(c), 4));
    }
    cert_start(c);
    c->on_tree = offer_last;
    for (uint32_t i = 0; i < AT_ONCE; ++i) {
        meet_peer(c->conns[i]);
        if (i + 1 < AT_ONCE) {
            cert_tree(c, CERT_INITIATE, cert_link(c, c->conns[i]));
        }
    }
    cert_wait(c, 1000);
    for (uint32_t i = 0; i < AT_ONCE; ++i) {
        (void)completion_of(c, &c->neighbors[i]->block);
        cert_status_is(c, c->neighbors[i]->block.status, TOE_STATUS_SUCCESS);
        cert_status_is(c, c->paths[i]->block.status, TOE_STATUS_SUCCESS);
        cert_status_is(c, c->conns[i]->block.status, TOE_STATUS_SUCCESS);
        (void)cert_use(c, i);
        expect_alive(c);
    }
}

/* --- what happens meanwhile --- */

static struct cert_buf *in_flight(struct cert *c, uint32_t len)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    state->snd_nxt = state->snd_una + len;
    state->snd_max = state->snd_una + len;
    state->retransmit_timeout_delta = 300;
    return cert_chain(c, len);
}

/* No upcall for any connection, and no segment, before the tree of all of them completed. */
static void check_order(struct cert *c)
{
    const uint32_t done = completion_of(c, &c->neighbors[0]->block);

    for (uint32_t i = 0; i < done; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_COMPLETE || e->kind == CERT_INDICATE || e->kind == CERT_EVENT ||
            e->kind == CERT_STATUS || e->kind == CERT_NEIGHBOR) {
            cert_fail(c, "before the initiate completed: %s", e->text);
        }
    }
}

static bool has_event(const struct cert *c, uint32_t conn, enum toe_event event)
{
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_EVENT && e->conn == conn && e->event == (uint32_t)event) {
            return true;
        }
    }
    return false;
}

/*
 * Everything is there when the initiate is called: an acknowledgment with data and a FIN, a reset,
 * a timer that has run out, urgent data. What reached the target too early is sent once more.
 */
static void c_22b(struct cert *c)
{
    for (uint32_t i = 1; i < 4; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        (void)in_flight(c, 1000);
    }
    c->conns[2]->state.delegated.state = TOE_TCP_FIN_WAIT_2;
    c->conns[2]->state.delegated.retransmit_timeout_delta = 0;
    (void)cert_use(c, 3);
    cert_buffered(c, 10)->buf.flags |= TOE_BUF_URGENT;
    c->received_unchecked = true;
    for (uint32_t i = 0; i < 2; ++i) {
        meet_peer(c->conns[i]);
    }
    cert_start(c);
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, 0);
        cert_peer(c, "1000:1100 PSH ack=6000");
        cert_peer(c, "1100 FIN ack=6000");
        (void)cert_use(c, 1);
        cert_peer(c, "1000 RST");
        if (i == 0) {
            cert_offload(c);
        }
        cert_wait(c, 100);
    }
    check_order(c);
    cert_require(c, has_event(c, 0, TOE_EVENT_DISCONNECT));
    cert_require(c, has_event(c, 1, TOE_EVENT_ABORT));
    cert_require(c, has_event(c, 2, TOE_EVENT_RETRIEVE));
    cert_require(c, has_event(c, 3, TOE_EVENT_RETRIEVE));
    cert_is(c, c->conns[0]->rcv_next, 1100);
    (void)cert_use(c, 0);
    cert_is(c, cert_count(c, CERT_COMPLETE), 1);
    (void)cert_use(c, 1);
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
}

static void resume_it(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    cert_status_is(c, c->plugin->resume(c->target, NULL), TOE_STATUS_SUCCESS);
}

/* A pause makes the initiate take its time: nothing is said of what it brings until it is over. */
static void c_22c(struct cert *c)
{
    struct cert_entry *done;

    cert_allow(c, "CAP-37");
    if (c->plugin->pause == NULL || c->plugin->resume == NULL) {
        cert_skip(c, "the target cannot be told to pause");
    }
    cert_offload(c);
    c->plugin->pause(c->target);
    cert_expect_status(c, TOE_STATUS_OFFLOAD_PAUSE);
    (void)cert_conn_add(c, c->paths[0]);
    (void)in_flight(c, 1000);
    cert_tcp(c)->delegated.rcv_nxt = 1100;
    cert_buffered(c, 100);
    cert_call_at(c, 700, resume_it);
    (void)cert_use(c, 0);
    cert_peer(c, "1000:1100 PSH"); /* others go on */
    cert_offload(c);               /* waits for a second */
    cert_expect_indicate(c, 100);
    (void)cert_use(c, 1);
    done = &c->chart->entries[c->chart->cnt - 1];
    while (done->kind != CERT_TREE) {
        --done;
    }
    for (const struct cert_entry *e = c->chart->entries; e < done; ++e) {
        if (e->conn == 1 && (e->kind == CERT_SEG_OUT || e->kind == CERT_INDICATE ||
                             e->kind == CERT_COMPLETE || e->kind == CERT_EVENT)) {
            cert_fail(c, "before the initiate completed: %s", e->text);
        }
    }
    cert_receive(c, 100, 0); /* for what it brought */
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
    cert_expect_data(c, "5000:6000"); /* its timer ran out meanwhile */
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

/* --- what was refused leaves nothing --- */

/* A tree of three new objects, unlike those of B0. */
struct offer {
    struct toe_block blocks[3];
    toe_handle handles[3];
    struct toe_neighbor_state neighbor;
    struct toe_path_state path;
    struct toe_tcp_state tcp;
};

static void prepare(const struct cert *c, struct offer *offer)
{
    memset(offer, 0, sizeof(*offer));
    offer->neighbor = c->neighbors[0]->state;
    offer->neighbor.constant.src_mac[0] = 2;
    offer->neighbor.constant.src_mac[5] = 0x77;
    offer->neighbor.constant.vlan_id = 100;
    offer->path = c->paths[0]->state;
    offer->path.constant.src.bytes[3] = 77;
    offer->tcp = c->conns[0]->state;
    offer->tcp.constant.local_port = 50000;
    cert_block_init(&offer->blocks[0], TOE_BLOCK_NEIGHBOR, &offer->handles[0], &offer->neighbor);
    cert_block_init(&offer->blocks[1], TOE_BLOCK_PATH4, &offer->handles[1], &offer->path);
    cert_block_init(&offer->blocks[2], TOE_BLOCK_TCP, &offer->handles[2], &offer->tcp);
    offer->blocks[0].dependent = &offer->blocks[1];
    offer->blocks[1].dependent = &offer->blocks[2];
}

static void spoil(const struct cert *c, struct offer *offer, uint32_t how)
{
    switch (how) {
    case 0:
        offer->neighbor.size = 4;
        break;
    case 1:
        offer->neighbor.constant.vlan_id = 300; /* one that is not configured */
        break;
    case 2:
        offer->blocks[0].revision = 9;
        break;
    case 3:
        offer->path.cached.mtu = c->caps.mtu_max + 1;
        break;
    case 4:
        offer->path.constant.dst.bytes[0] = 224;
        break;
    case 5:
        offer->blocks[1].type = TOE_BLOCK_PATH4_CONST;
        break;
    case 6:
        offer->tcp.delegated.state = TOE_TCP_LISTEN;
        break;
    case 7:
        offer->tcp.cached.initial_rcv_wnd = c->caps.rcv_wnd_max + 1;
        break;
    case 8:
        offer->tcp.delegated.snd_nxt = offer->tcp.delegated.snd_una - 1;
        break;
    case 9:
        offer->tcp.size = 4;
        break;
    default:
        break;
    }
}

#define FAULT_CNT 10u

static void take_back(struct cert *c, struct offer *offer)
{
    for (uint32_t i = 3; i-- > 0;) {
        struct toe_block block;

        if (offer->handles[i] != 0) {
            cert_block_init(&block, offer->blocks[i].type, &offer->handles[i], NULL);
            cert_tree_done(c, CERT_TERMINATE, &block);
            cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
        }
    }
}

/* Room for one more of everything: whatever a refusal left behind would be missed. */
static void c_22d(struct cert *c)
{
    static const uint16_t vlans[] = {100};
    struct offer offer;
    struct toe_stats stats;
    struct cert_seg seg;
    uint8_t frame[200];

    cert_allow(c, "STATE-TD-35");
    cert_allow(c, "NEW-3");
    cert_allow(c, "NEW-2");
    cert_allow(c, "BLK-3");
    c->settings.neighbor_max = 2;
    c->settings.path_max = 2;
    c->settings.tcp_max = 2;
    c->settings.src_mac_max = 1;
    c->settings.src_addr_max = 2;
    c->settings.vlan_max = 1;
    c->settings.vlans = vlans;
    c->settings.vlan_cnt = 1;
    cert_offload(c);
    for (uint32_t i = 0; i < 3 * FAULT_CNT; ++i) {
        prepare(c, &offer);
        spoil(c, &offer, i % FAULT_CNT);
        cert_tree_done(c, CERT_INITIATE, offer.blocks);
        cert_require(c, toe_status_is_failure(offer.blocks[2].status) && offer.handles[2] == 0);
        stats = cert_stats(c);
        cert_is(c, stats.tcp_cnt, 1);
        cert_is(c, stats.path_links, 1);
        cert_is(c, stats.path_cnt, 1 + (offer.handles[1] != 0));
        cert_is(c, stats.neighbor_links, stats.path_cnt);
        cert_is(c, stats.neighbor_cnt, 1 + (offer.handles[0] != 0));
        take_back(c, &offer);
    }
    cert_peer_init(c, &seg); /* nobody looks for the connection that was refused */
    seg.dst.bytes[3] = 77;
    seg.dst_port = 50000;
    cert_peer_frame(c, frame, cert_craft_build(frame, &seg));
    cert_expect_passed_up(c, 54);
    prepare(c, &offer);
    cert_tree_done(c, CERT_INITIATE, offer.blocks);
    for (uint32_t i = 0; i < 3; ++i) {
        cert_status_is(c, offer.blocks[i].status, TOE_STATUS_SUCCESS);
    }
    take_back(c, &offer);
    cert_expect_silence(c, cert_ms(c) + 1000);
    cert_expect_quiet(c);
    cert_is(c, cert_stats(c).tcp_cnt, 1);
    expect_alive(c);
}

/* The same where memory is short: at the first allocation, at the second, and so on. */
static void c_22e(struct cert *c)
{
    struct toe_stats stats;
    uint32_t failed = 0;

    cert_timestamps(c);
    for (uint32_t i = 1; i < 64; ++i) {
        const uint64_t before = c->mem_cnt;

        if (i == 1) {
            cert_start(c);
        }
        c->mem_fail_at = c->mem_cnt + i;
        c->conn->state.delegated.rcv_nxt = 1000;
        c->conn->rcv_next = 0;
        c->conn->state.delegated.buffered_data = NULL;
        cert_buffered(c, 500);
        (void)cert_offload_try(c);
        c->mem_fail_at = 0;
        failed += !c->conn->offloaded;
        cert_is(c, c->conn->handle != 0, c->conn->offloaded);
        stats = cert_stats(c);
        cert_is(c, stats.tcp_cnt, c->conn->handle != 0);
        cert_is(c, stats.path_cnt, c->paths[0]->handle != 0);
        cert_is(c, stats.neighbor_cnt, c->neighbors[0]->handle != 0);
        cert_is(c, stats.path_links, stats.tcp_cnt);
        cert_is(c, stats.neighbor_links, stats.path_cnt);
        if (c->conn->offloaded && c->mem_cnt < before + i) {
            break; /* it needed fewer */
        }
        if (c->conn->offloaded) {
            cert_terminate(c);
        }
    }
    if (failed == 0) {
        cert_skip(c, "the target allocates nothing for an offload");
    }
    cert_require(c, c->conn->offloaded);
    cert_receive(c, 500, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 500);
    expect_alive(c);
}

/* No room for a copy of what the host received. */
static void c_22f(struct cert *c)
{
    struct cert_buf *buf;

    c->settings.rcv_chunk_max = 4;
    cert_tcp(c)->delegated.rcv_wnd = 35535;
    buf = cert_buffered(c, 30000);
    if (cert_offload_try(c) == TOE_STATUS_SUCCESS) {
        cert_skip(c, "the target has room for more than it was told to");
    }
    cert_status_is(c, c->conn->block.status, TOE_STATUS_FAILURE);
    cert_is(c, c->conn->handle, 0);
    cert_require(c, c->conn->state.delegated.buffered_data == &buf->buf);
    cert_is(c, buf->buf.len, 30000);
    cert_is(c, cert_stats(c).tcp_cnt, 0);
    c->conn->state.delegated.buffered_data = NULL;
    cert_buffered(c, 500);
    cert_offload(c);
    cert_receive(c, 500, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 500);
}

/* --- which of two faults decides --- */

struct two {
    const char *what;
    uint32_t early, late; /* faults of fault() */
    uint32_t which;       /* block */
    toe_status want;
};

enum { F_NONE, F_SIZE, F_MAC, F_VLAN, F_FAMILY, F_MTU, F_STATE, F_WINDOW };

static void fault(const struct cert *c, struct offer *offer, uint32_t which)
{
    switch (which) {
    case F_SIZE:
        offer->neighbor.size = 4;
        offer->path.size = 4;
        offer->tcp.size = 4;
        break;
    case F_MAC:
        offer->neighbor.constant.src_mac[0] = 2;
        offer->neighbor.constant.src_mac[5] = 0x78;
        break;
    case F_VLAN:
        offer->neighbor.constant.vlan_id = 300;
        break;
    case F_FAMILY:
        offer->blocks[1].type = TOE_BLOCK_PATH6;
        memset(&offer->path.constant, 0, sizeof(offer->path.constant));
        offer->path.constant.src.family = 6;
        offer->path.constant.src.bytes[0] = 0xfd;
        offer->path.constant.dst = offer->path.constant.src;
        offer->path.constant.dst.bytes[15] = 2;
        break;
    case F_MTU:
        offer->path.cached.mtu = c->caps.mtu_max + 1;
        break;
    case F_STATE:
        offer->tcp.delegated.state = TOE_TCP_SYN_SENT;
        break;
    case F_WINDOW:
        offer->tcp.cached.initial_rcv_wnd = c->caps.rcv_wnd_max + 1;
        break;
    default:
        break;
    }
}

/* The places for all objects are taken: what has no other fault fails for want of one. */
static void c_22g(struct cert *c)
{
    static const struct two cases[] = {
        {"no place for a neighbor", F_NONE, F_NONE, 0, TOE_STATUS_OFFLOAD_NEIGHBOR_ENTRIES},
        {"structure, MAC", F_SIZE, F_MAC, 0, TOE_STATUS_FAILURE},
        {"MAC, VLAN", F_MAC, F_VLAN, 0, TOE_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES},
        {"MAC, place", F_MAC, F_NONE, 0, TOE_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES},
        {"VLAN, place", F_VLAN, F_NONE, 0, TOE_STATUS_OFFLOAD_VLAN_MISMATCH},
        {"no place for a path", F_NONE, F_NONE, 1, TOE_STATUS_OFFLOAD_PATH_ENTRIES},
        {"structure, MTU", F_SIZE, F_MTU, 1, TOE_STATUS_FAILURE},
        {"family, MTU", F_FAMILY, F_MTU, 1, TOE_STATUS_FAILURE},
        {"MTU, place", F_MTU, F_NONE, 1, TOE_STATUS_OFFLOAD_PATH_MTU},
        {"no place for a connection", F_NONE, F_NONE, 2, TOE_STATUS_OFFLOAD_TCP_ENTRIES},
        {"structure, window", F_SIZE, F_WINDOW, 2, TOE_STATUS_FAILURE},
        {"state, window", F_STATE, F_WINDOW, 2, TOE_STATUS_FAILURE},
        {"window, place", F_WINDOW, F_NONE, 2, TOE_STATUS_OFFLOAD_TCP_RCV_WINDOW},
    };
    static const uint16_t vlans[] = {100};

    cert_allow(c, "NEW-3");
    cert_allow(c, "NEW-2");
    cert_allow(c, "BLK-3");
    c->settings.neighbor_max = 1;
    c->settings.path_max = 1;
    c->settings.tcp_max = 1;
    c->settings.src_mac_max = 1;
    c->settings.vlans = vlans;
    c->settings.vlan_cnt = 1;
    c->settings.choices |= TOE_CERTIFY_NO_IPV6;
    c->neighbors[0]->state.constant.src_mac[0] = 2;
    c->neighbors[0]->state.constant.src_mac[5] = 0x77;
    cert_offload(c);
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct offer offer;

        prepare(c, &offer);
        offer.path.constant = c->paths[0]->state.constant;
        fault(c, &offer, cases[i].early);
        fault(c, &offer, cases[i].late);
        if (cases[i].which > 0) { /* below what is offloaded, a linker */
            offer.handles[0] = c->neighbors[0]->handle;
        }
        if (cases[i].which > 1) {
            offer.handles[1] = c->paths[0]->handle;
            offer.blocks[1].type = TOE_BLOCK_PATH4;
        }
        cert_tree_done(c, CERT_INITIATE, offer.blocks);
        if (offer.blocks[cases[i].which].status != cases[i].want) {
            cert_fail(c, "%s: expected %s, came %s", cases[i].what, toe_status_name(cases[i].want),
                      toe_status_name(offer.blocks[cases[i].which].status));
        }
    }
}

/* The number, not its name: whoever tests for failure tests the top bit. */
static void c_22h(struct cert *c)
{
    struct offer offer;

    cert_allow(c, "NEW-3");
    cert_start(c);
    prepare(c, &offer);
    offer.tcp.delegated.state = TOE_TCP_LISTEN;
    cert_tree_done(c, CERT_INITIATE, offer.blocks);
    cert_is(c, (uint32_t)offer.blocks[1].status, 0x40020004u);
    cert_is(c, (uint32_t)offer.blocks[0].status, 0);
    cert_require(c, (uint32_t)offer.blocks[2].status >> 31 == 1);
    take_back(c, &offer);
}

#define INITIATE(number, what, which, function)                                                    \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_NDIS,               \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_control_initiate_scenarios[] = {
    INITIATE("C-22a", "six initiates at once, one from inside the completion of another",
             "EVO-1 OFF-3 BLK-2", c_22a),
    INITIATE("C-22b", "everything is there before the initiate completes", "EVO-4 EVO-6 EVO-7",
             c_22b),
    INITIATE("C-22c", "an initiate that waits for the end of a pause", "EVO-6 EVO-7 EVT-006",
             c_22c),
    INITIATE("C-22d", "what was refused leaves nothing behind", "OFF-9 HWF-5", c_22d),
    INITIATE("C-22e", "short of memory, at every allocation of an offload", "OFF-9 NEW-1", c_22e),
    INITIATE("C-22f", "no room for a copy of buffered data", "OFF-5 OFF-8 OFF-9", c_22f),
    INITIATE("C-22g", "of two faults the one that is looked for first decides", "OFF-11", c_22g),
    INITIATE("C-22h", "the number of partial success", "OFF-14", c_22h),
    {.id = NULL},
};
