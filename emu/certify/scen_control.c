/* SPDX-License-Identifier: MIT */
/*
 * The control half, control.md 1: who does what, classes of state, blocks as they come and go.
 * Rows C-21 to C-26 are those of its sections 1 to 4; handles and links are in
 * scen_control_object.c, the operations in the other files of this name.
 */
#include "suite.h"

#include <string.h>

#define MARK ((toe_status)0x12345678) /* what no target writes */

/* --- roles --- */

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* An IPv4 datagram of the peer with |len| bytes |body| of |protocol|. */
static uint32_t datagram(const struct cert *c, uint8_t *out, uint8_t protocol, const uint8_t *body,
                         uint32_t len)
{
    const struct toe_path_const *path = &c->conn->path->state.constant;
    uint32_t sum = 0;

    memcpy(out, c->settings.mac, TOE_MAC_LEN);
    memcpy(out + 6, c->conn->path->neighbor->state.cached.dst_mac, TOE_MAC_LEN);
    put16(out + 12, 0x0800);
    out += 14;
    memset(out, 0, 20);
    out[0] = 0x45;
    put16(out + 2, 20 + len);
    out[8] = 64;
    out[9] = protocol;
    memcpy(out + 12, path->dst.bytes, 4);
    memcpy(out + 16, path->src.bytes, 4);
    for (uint32_t i = 0; i < 20; i += 2) {
        sum += (uint32_t)out[i] << 8 | out[i + 1];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    put16(out + 10, ~(sum + (sum >> 16)) & 0xffff);
    memcpy(out + 20, body, len);
    return 14 + 20 + len;
}

/* |frame| goes to the host as it came, and nothing answers it. */
static void expect_up(struct cert *c, const uint8_t *frame, uint32_t len)
{
    const struct cert_entry *up;

    cert_peer_frame(c, frame, len);
    up = cert_expect_passed_up(c, len);
    if (memcmp(cert_passed_up(c, up), frame, len) != 0) {
        cert_fail(c, "a frame of %u bytes was passed up changed", len);
    }
    cert_expect_silence(c, cert_ms(c) + 1000);
}

static void c_21a(struct cert *c)
{
    /* Who has 10.0.0.1? */
    static const uint8_t arp[28] = {0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 0,  0, 0, 2,
                                    10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1};
    static const uint8_t echo[8] = {8, 0, 0xf7, 0xff, 0, 0, 0, 0};
    static const uint8_t rip[32] = {2, 8, 2, 8, 0, 32, 0, 0, 1, 2};
    static uint8_t frame[CERT_FRAME_MAX];
    struct cert_seg syn;

    cert_offload(c);
    memset(frame, 0xff, TOE_MAC_LEN);
    memcpy(frame + 6, c->neighbors[0]->state.cached.dst_mac, TOE_MAC_LEN);
    put16(frame + 12, 0x0806);
    memcpy(frame + 14, arp, sizeof(arp));
    expect_up(c, frame, 14 + sizeof(arp));
    expect_up(c, frame, datagram(c, frame, 1, echo, sizeof(echo)));
    expect_up(c, frame, datagram(c, frame, 17, rip, sizeof(rip)));
    cert_peer_init(c, &syn);
    syn.dst_port = 80;
    syn.seq = 1;
    syn.ack = 0;
    syn.flags = CERT_SYN;
    expect_up(c, frame, cert_craft_build(frame, &syn));
    cert_expect_quiet(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 4); /* not what is the connection's own */
}

/* Each of the three interfaces answers: state, data, indications. */
static void c_21b(struct cert *c)
{
    const struct toe_target_ops *ops = c->ops;
    struct toe_block block;

    cert_require(c, ops->attach != NULL && ops->caps_get != NULL && ops->params_set != NULL &&
                        ops->stats_get != NULL && ops->deadline != NULL && ops->run != NULL);
    cert_require(c, ops->initiate != NULL && ops->query != NULL && ops->update != NULL &&
                        ops->invalidate != NULL && ops->terminate != NULL);
    cert_require(c, ops->send != NULL && ops->receive != NULL && ops->disconnect != NULL &&
                        ops->forward != NULL && ops->receive_return != NULL &&
                        ops->transmit != NULL);
    c->keeps = true;
    cert_offload(c);
    cert_send(c, 100);
    cert_expect_seg(c, "5000:5100");
    cert_receive(c, 100, 0);
    cert_peer(c, "1000:1100 PSH ack=5100");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 100);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
    cert_peer(c, "1100:1200 PSH");
    cert_expect_indicate(c, 100);
    cert_return(c);
    cert_forward(c, "1200:1300 PSH");
    cert_wait(c, 5);
    cert_is(c, c->conn->rcv_next, 1300);
    cert_skip_upcalls(c);
    (void)cert_query(c);
    cert_update(c);
    cert_peer(c, "1300 FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_data(c, "5100 FIN");
    cert_peer(c, "ack=5101");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_block_init(&block, TOE_BLOCK_TCP, &c->conn->handle, NULL);
    cert_tree_done(c, CERT_INVALIDATE, &block);
    cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
    cert_terminate(c);
}

/* --- calls --- */

static void mark_all(struct toe_block *tree, toe_status status)
{
    for (struct toe_block *block = tree; block != NULL; block = block->next) {
        block->status = status;
        mark_all(block->dependent, status);
    }
}

/* Every block of |tree| has |status|. */
static void check_all(struct cert *c, const struct toe_block *tree, toe_status status)
{
    for (const struct toe_block *block = tree; block != NULL; block = block->next) {
        if (block->status != status) {
            cert_fail(c, "the status of a block is %s (0x%08x)", toe_status_name(block->status),
                      block->status);
        }
        check_all(c, block->dependent, status);
    }
}

/* No block of |tree| has an answer yet. (The monitor between us writes PENDING.) */
static void check_open(struct cert *c, const struct toe_block *tree)
{
    for (const struct toe_block *block = tree; block != NULL; block = block->next) {
        if (block->status != MARK && block->status != TOE_STATUS_PENDING) {
            cert_fail(c, "a block has its status before the call returned: %s",
                      toe_status_name(block->status));
        }
        check_open(c, block->dependent);
    }
}

/* The call itself does nothing that can be seen; every status is written by the completion. */
static void call_quietly(struct cert *c, enum cert_op op, struct toe_block *tree, toe_status want)
{
    uint32_t cnt;

    mark_all(tree, MARK);
    cert_tree(c, op, tree);
    cnt = c->chart->cnt;
    check_open(c, tree);
    cert_require(c, c->chart->entries[cnt - 1].kind == CERT_CALL);
    cert_tree_wait(c, op, tree);
    check_all(c, tree, want);
}

static void c_21c(struct cert *c)
{
    static const enum cert_op ops[] = {CERT_QUERY, CERT_UPDATE, CERT_INVALIDATE, CERT_TERMINATE};
    struct cert_path *path = c->paths[0];
    struct cert_neighbor *neighbor = c->neighbors[0];
    struct toe_block *tree;

    cert_allow(c, "CTX-4");
    cert_allow(c, "SYN-1");
    cert_start(c);
    tree = cert_link(c, c->conn);
    mark_all(tree, MARK);
    cert_tree(c, CERT_INITIATE, tree);
    check_open(c, tree);
    cert_require(c, neighbor->handle == 0 && path->handle == 0 && c->conn->handle == 0);
    cert_tree_wait(c, CERT_INITIATE, tree);
    check_all(c, tree, TOE_STATUS_SUCCESS);
    for (uint32_t i = 0; i < 4; ++i) {
        call_quietly(c, ops[i], tree, TOE_STATUS_SUCCESS);
    }
    cert_allow(c, "CTX-4");
    for (uint32_t i = 0; i < 4; ++i) { /* and once more, with handles that name nothing */
        call_quietly(c, ops[i], tree, TOE_STATUS_FAILURE);
    }
    neighbor->handle = 0;
    path->handle = 0;
    c->conn->handle = 0;
    c->conn->offloaded = false;
}

/* What the hooks of C-21d post, once for each kind of upcall. */
struct inner {
    uint32_t seen; /* bit per enum cert_kind */
    uint32_t cnt;
    struct toe_block blocks[8];
    struct toe_tcp_state states[8];
};

static void call_all(struct cert *c, struct cert_entry *entry)
{
    struct inner *inner = c->user;
    const uint32_t bit = 1u << entry->kind;
    struct toe_caps caps = {.size = sizeof(caps)};
    uint32_t i;

    if ((inner->seen & bit) != 0) {
        return;
    }
    inner->seen |= bit;
    i = inner->cnt++;
    inner->states[i].size = sizeof(inner->states[i]);
    (void)cert_use(c, 0);
    cert_block_init(&inner->blocks[i], TOE_BLOCK_TCP, &c->conn->handle, &inner->states[i]);
    cert_tree(c, CERT_QUERY, &inner->blocks[i]);
    cert_send(c, 10);
    cert_receive(c, 10, 0);
    cert_return(c);
    c->ops->caps_get(c->target, &caps);
    (void)cert_stats(c);
    (void)c->ops->deadline(c->target);
}

static void c_21d(struct cert *c)
{
    static struct inner inner;
    uint32_t sends = 0;

    cert_allow(c, "EVT-012");
    c->user = &inner;
    c->on_indicate = call_all;
    c->on_complete = call_all;
    c->on_event = call_all;
    c->on_tree = call_all;
    c->conn->peer.acks = true;
    cert_offload(c); /* its completion is the first upcall */
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    cert_peer(c, "1000:1100 PSH");
    cert_wait(c, 100);
    cert_peer(c, "+100 FIN");
    cert_wait(c, 100);
    for (uint32_t i = 0; i < 20; ++i) { /* room for the rest, so that the end is told */
        cert_receive(c, 10, 0);
        cert_wait(c, 1);
    }
    cert_is(c, inner.cnt, 4);
    for (uint32_t i = 0; i < inner.cnt; ++i) {
        cert_status_is(c, inner.blocks[i].status, TOE_STATUS_SUCCESS);
    }
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        sends += e->kind == CERT_COMPLETE && e->op == CERT_SEND && e->bytes == 10;
    }
    cert_is(c, sends, 4);
}

/* --- classes --- */

static bool loses_some(struct cert *c, const struct cert_entry *seg)
{
    return seg->seg.len > 0 && ++c->count % 40 == 0;
}

/* Data both ways, some of them lost. */
static void be_busy(struct cert *c)
{
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 7;
    c->loses = loses_some;
    for (uint32_t i = 0; i < 20; ++i) {
        cert_send(c, 20000);
        cert_peer_data(c, 10000, 1460);
        cert_wait(c, 50);
    }
    cert_wait(c, 20000);
    cert_is(c, c->conn->peer.acked, c->conn->snd_next);
}

/* All classes of all layers, as the target has them. */
struct all {
    struct toe_block blocks[3];
    struct toe_neighbor_state neighbor;
    struct toe_path_state path;
    struct toe_tcp_state tcp;
};

static void query_all(struct cert *c, struct all *all)
{
    memset(all, 0, sizeof(*all));
    all->neighbor.size = sizeof(all->neighbor);
    all->path.size = sizeof(all->path);
    all->tcp.size = sizeof(all->tcp);
    cert_block_init(&all->blocks[0], TOE_BLOCK_NEIGHBOR, &c->neighbors[0]->handle, &all->neighbor);
    cert_block_init(&all->blocks[1], TOE_BLOCK_PATH4, &c->paths[0]->handle, &all->path);
    cert_block_init(&all->blocks[2], TOE_BLOCK_TCP, &c->conn->handle, &all->tcp);
    all->blocks[0].dependent = &all->blocks[1];
    all->blocks[1].dependent = &all->blocks[2];
    cert_tree_done(c, CERT_QUERY, &all->blocks[0]);
    check_all(c, &all->blocks[0], TOE_STATUS_SUCCESS);
}

/* Const and cached values are those of the host, |flags| of the connection. */
static void check_host_classes(struct cert *c, const struct all *all)
{
    const struct toe_tcp_state *tcp = &c->conn->state;
    const struct toe_tcp_cached *cached = &tcp->cached;

    cert_require(c, memcmp(&all->neighbor.constant, &c->neighbors[0]->state.constant,
                           sizeof(all->neighbor.constant)) == 0);
    cert_require(c, memcmp(all->neighbor.cached.dst_mac, c->neighbors[0]->state.cached.dst_mac,
                           TOE_MAC_LEN) == 0);
    cert_require(c, memcmp(&all->path.constant, &c->paths[0]->state.constant,
                           sizeof(all->path.constant)) == 0);
    cert_is(c, all->path.cached.mtu, c->paths[0]->state.cached.mtu);
    cert_is(c, all->tcp.constant.flags, tcp->constant.flags);
    cert_is(c, all->tcp.constant.remote_port, tcp->constant.remote_port);
    cert_is(c, all->tcp.constant.local_port, tcp->constant.local_port);
    cert_is(c, all->tcp.constant.snd_wnd_scale, tcp->constant.snd_wnd_scale);
    cert_is(c, all->tcp.constant.rcv_wnd_scale, tcp->constant.rcv_wnd_scale);
    cert_is(c, all->tcp.constant.remote_mss, tcp->constant.remote_mss);
    cert_is(c, all->tcp.constant.hash_value, tcp->constant.hash_value);
    cert_is(c, all->tcp.cached.flags, cached->flags);
    cert_is(c, all->tcp.cached.initial_rcv_wnd, cached->initial_rcv_wnd);
    cert_is(c, all->tcp.cached.rcv_indication_size, cached->rcv_indication_size);
    cert_is(c, all->tcp.cached.ka_probe_cnt, cached->ka_probe_cnt);
    cert_is(c, all->tcp.cached.ka_timeout, cached->ka_timeout);
    cert_is(c, all->tcp.cached.ka_interval, cached->ka_interval);
    cert_is(c, all->tcp.cached.max_rt, cached->max_rt);
    cert_is(c, all->tcp.cached.ttl, cached->ttl);
    cert_is(c, all->tcp.cached.tos, cached->tos);
}

/* A segment of the peer that comes by another router, and news of a smaller MTU. */
static void mislead(struct cert *c)
{
    static const uint8_t too_big[36] = {3, 4, 0, 0, 0, 0, 2, 88};
    uint8_t frame[200];
    struct cert_seg seg;

    cert_peer_init(c, &seg);
    seg.src_mac[5] = 0x99;
    seg.ttl = 7;
    seg.tos = 0x44;
    cert_peer_seg(c, &seg);
    cert_peer_frame(c, frame, datagram(c, frame, 1, too_big, sizeof(too_big)));
    cert_wait(c, 10);
}

static void c_21e(struct cert *c)
{
    struct toe_tcp_cached *cached = &cert_tcp(c)->cached;
    struct all all;

    cert_tcp(c)->constant.hash_value = 0xabcd1234;
    cached->flags = TOE_TCP_KEEP_ALIVE;
    cached->rcv_indication_size = 4000;
    cached->ka_probe_cnt = 9;
    cached->ka_timeout = 7200000;
    cached->ka_interval = 1000;
    cached->max_rt = 100000;
    cached->tos = 0x28;
    cert_offload(c);
    query_all(c, &all);
    check_host_classes(c, &all);
    mislead(c);
    be_busy(c);
    mislead(c);
    query_all(c, &all);
    check_host_classes(c, &all);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        cert_require(c, e->kind != CERT_SEG_OUT || e->seg.dst_mac[5] == 2);
    }
    cached->ttl = 33;
    cached->max_rt = 200000;
    c->paths[0]->state.cached.mtu = 1400;
    c->neighbors[0]->state.cached.dst_mac[5] = 5;
    cert_update(c);
    query_all(c, &all);
    check_host_classes(c, &all);
}

/* The target's own values change a thousand times, and nobody is told. */
static void c_21f(struct cert *c)
{
    struct all before;
    struct all after;
    uint32_t from;

    cert_offload(c);
    query_all(c, &before);
    from = c->chart->cnt;
    be_busy(c);
    for (uint32_t i = from; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_TREE || e->kind == CERT_STATUS || e->kind == CERT_NEIGHBOR ||
            (e->kind == CERT_EVENT && e->event != TOE_EVENT_SEND_BACKLOG_CHANGE)) {
            cert_fail(c, "nobody asked for this: %s", e->text);
        }
    }
    query_all(c, &after);
    cert_require(c, after.tcp.delegated.snd_una != before.tcp.delegated.snd_una);
    cert_require(c, after.tcp.delegated.rcv_nxt != before.tcp.delegated.rcv_nxt);
    cert_require(c, after.tcp.delegated.srtt != before.tcp.delegated.srtt);
}

/* The harness knows that a tree with its connection was terminated. */
static void forget(struct cert *c)
{
    c->conn->handle = 0;
    c->conn->offloaded = false;
    c->conn->state.delegated.buffered_data = NULL;
    c->paths[0]->handle = 0;
    c->neighbors[0]->handle = 0;
}

static void c_21g(struct cert *c)
{
    struct all want;
    struct all all;

    cert_offload(c);
    query_all(c, &all);
    memset(&all.neighbor, 0xcc, sizeof(all.neighbor));
    memset(&all.path, 0xcc, sizeof(all.path));
    memset(&all.tcp, 0xcc, sizeof(all.tcp));
    all.neighbor.size = sizeof(all.neighbor);
    all.path.size = sizeof(all.path);
    all.tcp.size = sizeof(all.tcp);
    all.tcp.extension = NULL;
    want = all;
    mark_all(&all.blocks[0], MARK);
    cert_tree_done(c, CERT_TERMINATE, &all.blocks[0]);
    check_all(c, &all.blocks[0], TOE_STATUS_SUCCESS);
    cert_require(c, memcmp(&all.neighbor.constant, &want.neighbor.constant,
                           sizeof(want.neighbor.constant)) == 0);
    cert_require(
        c, memcmp(&all.neighbor.cached, &want.neighbor.cached, sizeof(want.neighbor.cached)) == 0);
    cert_require(c, memcmp(&all.path, &want.path, sizeof(want.path)) == 0);
    cert_require(c, memcmp(&all.tcp.constant, &want.tcp.constant, sizeof(want.tcp.constant)) == 0);
    cert_require(c, memcmp(&all.tcp.cached, &want.tcp.cached, sizeof(want.tcp.cached)) == 0);
    cert_require(c, all.neighbor.delegated.nic_reachability_delta != 0xcccccccc);
    cert_is(c, all.tcp.delegated.state, TOE_TCP_ESTABLISHED);
    forget(c);
}

#define CONTROL(number, what, which, function)                                                     \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_NDIS,               \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_control_scenarios[] = {
    CONTROL("C-21a", "ARP, ICMP, RIP and set-up are the host's", "ARCH-1 ARCH-2", c_21a),
    CONTROL("C-21b", "all functions are there, and each answers", "ARCH-3", c_21b),
    CONTROL("C-21c", "a call takes what it is given, and no more",
            "ARCH-6 OFF-1 OFF-2 TRV-2 UPD-1 QRY-4 INV-1 TRM-16", c_21c),
    CONTROL("C-21d", "calls from inside every kind of upcall", "ARCH-7 ARCH-8", c_21d),
    CONTROL("C-21e", "what is not the target's stays as it is, whatever the network says",
            "CLS-1 CLS-2", c_21e),
    CONTROL("C-21f", "nobody is told of values that are the target's", "CLS-4", c_21f),
    CONTROL("C-21g", "a terminate writes what is the target's, and nothing else", "CLS-5 TRM-22",
            c_21g),
    {.id = NULL},
};
