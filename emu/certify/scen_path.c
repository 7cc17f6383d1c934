/* SPDX-License-Identifier: MIT */
/*
 * Path, neighbor, IP: scenarios.md, B.10; the vectors of state.md 2.3 are in scen_path_more.c.
 */
#include "suite.h"

#include <string.h>

/* --- path MTU --- */

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put_csum(uint8_t *field, const uint8_t *at, uint32_t len)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < len; i += 2) {
        sum += (uint32_t)at[i] << 8 | at[i + 1];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    put16(field, ~sum & 0xffff);
}

static void put_ip(uint8_t *at, uint32_t len, uint8_t protocol, const struct toe_addr *src,
                   const struct toe_addr *dst)
{
    at[0] = 0x45;
    put16(at + 2, len);
    at[6] = 0x40;
    at[8] = 64;
    at[9] = protocol;
    memcpy(at + 12, src->bytes, 4);
    memcpy(at + 16, dst->bytes, 4);
    put_csum(at + 10, at, 20);
}

/* "Fragmentation needed", from the peer, about the first segment in flight. */
static uint32_t frag_needed(const struct cert *c, uint8_t *out, uint32_t mtu)
{
    const struct cert_conn *conn = c->conn;
    const struct toe_path_const *path = &conn->path->state.constant;
    uint8_t *icmp = out + 14 + 20;
    uint8_t *tcp = icmp + 8 + 20;

    memset(out, 0, 70);
    memcpy(out, c->settings.mac, TOE_MAC_LEN);
    memcpy(out + 6, conn->path->neighbor->state.cached.dst_mac, TOE_MAC_LEN);
    put16(out + 12, 0x0800);
    put_ip(out + 14, 56, 1, &path->dst, &path->src);
    icmp[0] = 3;
    icmp[1] = 4;
    put16(icmp + 6, mtu);
    put_ip(icmp + 8, 1500, 6, &path->src, &path->dst);
    put16(tcp, conn->state.constant.local_port);
    put16(tcp + 2, conn->state.constant.remote_port);
    put16(tcp + 6, 5000);
    put_csum(icmp + 2, icmp, 36);
    return 70;
}

/* Segments from entry |from| on carry |max| bytes at most, and at least one carries |max|. */
static void expect_sizes(struct cert *c, uint32_t from, uint32_t max)
{
    bool full = false;

    for (uint32_t i = from; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_SEG_OUT && e->seg.len > max) {
            cert_fail(c, "more than %u bytes in the segment %s", max, e->text);
        }
        full |= e->kind == CERT_SEG_OUT && e->seg.len == max;
    }
    if (!full) {
        cert_fail(c, "no segment of %u bytes", max);
    }
}

static void t_235(struct cert *c)
{
    const struct cert_entry *up;
    uint8_t frame[70];
    uint32_t from;

    cert_tcp(c)->delegated.cwnd = 29200;
    cert_offload(c);
    cert_send(c, 29200);
    cert_expect_stream(c, 5000, 34200);
    cert_at(c, 20);
    cert_peer_frame(c, frame, frag_needed(c, frame, 1280));
    up = cert_expect_passed_up(c, 70);
    cert_require(c, memcmp(cert_passed_up(c, up), frame, 70) == 0);
    from = c->chart->cnt;
    cert_mark(c);
    c->conn->path->state.cached.mtu = 1280;
    cert_update(c);
    cert_expect_data(c, "5000:6240 t=0");
    cert_is(c, cert_query(c)->delegated.cwnd, 29200);
    cert_is(c, cert_query(c)->delegated.retransmit_cnt, 0);
    c->conn->peer.acks = true;
    c->conn->peer.rcv_nxt = 6240;
    cert_peer(c, "ack=6240");
    cert_send(c, 10000);
    cert_at(c, 5000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 29200);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 10000);
    expect_sizes(c, from, 1240);
}

/* The MTU becomes |mtu|; then 20000 bytes go in segments of |len|. */
static void mtu_becomes(struct cert *c, uint32_t mtu, uint32_t len)
{
    uint32_t from;

    c->conn->path->state.cached.mtu = mtu;
    cert_update(c);
    from = c->chart->cnt;
    cert_send(c, 20000);
    cert_wait(c, 5000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 20000);
    expect_sizes(c, from, len);
}

static void t_236(struct cert *c)
{
    c->settings.mtu_max = 9000;
    c->conn->path->state.cached.mtu = 1280;
    cert_offload(c);
    c->conn->peer.acks = true;
    mtu_becomes(c, 1280, 1240);
    mtu_becomes(c, 9000, 1460);
}

static void t_237(struct cert *c)
{
    c->settings.mtu_floor = 552;
    cert_offload(c);
    c->conn->peer.acks = true;
    mtu_becomes(c, 68, 512);
}

/* Segments of more than 1240 bytes vanish. */
static bool is_too_large(struct cert *c, const struct cert_entry *seg)
{
    (void)c;
    return seg->seg.len > 1240;
}

static void t_243(struct cert *c)
{
    c->params.doubt_reachability_retransmissions = 3;
    c->loses = is_too_large;
    cert_offload(c);
    c->conn->peer.acks = true;
    cert_send(c, 200);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 200);
    cert_send(c, 5000);
    cert_at(c, 60000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_expect_quiet(c);
}

/* A target that probes, a path whose MTU is said to be 1400, and a peer that takes more. */
static void probe(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_PROBE_MTU;
    c->settings.mtu_max = 9000;
    c->conn->path->state.cached.mtu = 1400;
    cert_start(c);
    if (!c->caps.sack) {
        cert_skip(c, "the target does no SACK");
    }
    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
    cert_tcp(c)->constant.remote_mss = 8960;
    cert_tcp(c)->delegated.cwnd = 60000;
    cert_offload(c);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 10;
    c->conn->peer.sacks = true;
}

/* All that is sent arrives, in so many seconds. */
static void send_all(struct cert *c, uint32_t seconds)
{
    for (uint32_t i = 0; i < 8; ++i) {
        cert_send(c, 100000);
        cert_wait(c, seconds * 1000 / 8);
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 100000);
    }
}

/* Whatever the path and the peer could take, what the host says of the path is the limit. */
static void c_10w(struct cert *c)
{
    uint32_t from;

    probe(c);
    from = c->chart->cnt;
    send_all(c, 8);
    expect_sizes(c, from, 1360);
    c->conn->path->state.cached.mtu = 1300;
    cert_update(c);
    from = c->chart->cnt;
    send_all(c, 8);
    expect_sizes(c, from, 1260);
    c->conn->path->state.cached.mtu = 3000;
    cert_update(c);
    from = c->chart->cnt;
    send_all(c, 8);
    expect_sizes(c, from, 2960);
}

/* A path that takes less than it is said to: nobody is asked for help. */
static void c_10x(struct cert *c)
{
    uint32_t from;

    c->loses = is_too_large;
    probe(c);
    from = c->chart->cnt;
    send_all(c, 80);
    cert_expect_quiet(c);
    for (uint32_t i = from; i < c->chart->cnt; ++i) {
        cert_require(c, c->chart->entries[i].kind != CERT_SEG_OUT ||
                            c->chart->entries[i].seg.len <= 1360);
    }
}

/* --- the neighbor --- */

/* Segments of all connections from entry |from| on go to the address that ends in |mac|. */
static void expect_mac(struct cert *c, uint32_t from, uint8_t mac)
{
    uint32_t cnt = 0;

    for (uint32_t i = from; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind != CERT_SEG_OUT) {
            continue;
        }
        ++cnt;
        if (e->seg.dst_mac[5] != mac) {
            cert_fail(c, "expected the Ethernet address 2::%x, it is 2::%x, of %s", mac,
                      e->seg.dst_mac[5], e->text);
        }
    }
    cert_require(c, cnt > 0);
}

static void t_238(struct cert *c)
{
    uint32_t from;

    cert_offload(c);
    cert_send(c, 5000);
    cert_expect_stream(c, 5000, 10000);
    expect_mac(c, 0, 2);
    cert_at(c, 20);
    c->conn->path->neighbor->state.cached.dst_mac[5] = 9;
    cert_update(c);
    from = c->chart->cnt;
    cert_at(c, 350);
    cert_expect_data(c, "5000:6460"); /* the retransmission */
    cert_skip_segs(c);
    cert_peer(c, "ack=10000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 5000);
    cert_send(c, 1000);
    cert_expect_data(c, "10000:11000");
    cert_peer(c, "+100");
    cert_peer(c, "+100");
    cert_expect_seg(c, "ack=1200");
    expect_mac(c, from, 9);
}

/* The current connection's path is linked to |neighbor|. */
static void relink(struct cert *c, struct cert_neighbor *neighbor)
{
    struct cert_path *path = c->conn->path;
    struct toe_block root;
    struct toe_block below;

    cert_block_init(&root, TOE_BLOCK_NEIGHBOR_CONST, &neighbor->handle, NULL);
    cert_block_init(&below, TOE_BLOCK_PATH4_CONST, &path->handle, NULL);
    root.dependent = &below;
    cert_tree_done(c, CERT_UPDATE, &root);
    cert_status_is(c, root.status, TOE_STATUS_SUCCESS);
    cert_status_is(c, below.status, TOE_STATUS_SUCCESS);
    path->neighbor = neighbor;
}

static void t_239(struct cert *c)
{
    struct cert_neighbor *other = cert_neighbor_add(c);
    uint32_t from;

    for (uint32_t i = 1; i < 4; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    cert_offload(c);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_use(c, i);
        cert_send(c, 5000);
        cert_expect_stream(c, 5000, 10000);
    }
    expect_mac(c, 0, 2);
    relink(c, other);
    from = c->chart->cnt;
    cert_at(c, 350);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_use(c, i);
        cert_expect_data(c, "5000:6460");
        cert_skip_segs(c);
        cert_peer(c, "ack=10000");
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 5000);
        cert_send(c, 1000);
        cert_expect_data(c, "10000:11000");
    }
    expect_mac(c, from, 3);
}

static void invalidate(struct cert *c, struct cert_neighbor *neighbor)
{
    struct toe_block block;

    cert_block_init(&block, TOE_BLOCK_NEIGHBOR, &neighbor->handle, NULL);
    cert_tree_done(c, CERT_INVALIDATE, &block);
    cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
}

/* Path and neighbor are taken back, so that the next offload offers them anew. */
static void terminate_below(struct cert *c, struct cert_path *path)
{
    struct toe_block *root = &path->neighbor->block;

    root->next = NULL;
    root->dependent = &path->block;
    path->block.next = NULL;
    path->block.dependent = NULL;
    cert_tree_done(c, CERT_TERMINATE, root);
    cert_status_is(c, root->status, TOE_STATUS_SUCCESS);
    cert_status_is(c, path->block.status, TOE_STATUS_SUCCESS);
    path->handle = 0;
    path->neighbor->handle = 0;
}

static void t_240(struct cert *c)
{
    uint32_t from;

    cert_offload(c);
    for (uint32_t i = 0; i < 10; ++i) {
        cert_send(c, 1460);
    }
    cert_expect_stream(c, 5000, 19600);
    cert_peer(c, "ack=7920");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1460);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1460);
    invalidate(c, c->neighbors[0]);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_INVALID_STATE);
    cert_skip_segs(c);
    cert_peer(c, "+100");
    cert_expect_silence(c, 5000);
    c->received_unchecked = true;
    cert_skip_upcalls(c);
    cert_terminate(c);
    terminate_below(c, c->paths[0]);
    c->neighbors[0]->state.cached.dst_mac[5] = 9;
    from = c->chart->cnt;
    cert_offload(c);
    c->conn->peer.acks = true;
    c->conn->peer.rcv_nxt = 7920;
    cert_at(c, 30000);
    for (uint32_t i = 0; i < 8; ++i) {
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1460);
    }
    expect_mac(c, from, 9);
}

/* After a relink the connections of the path go on by themselves. */
static void c_10a(struct cert *c)
{
    struct cert_neighbor *other = cert_neighbor_add(c);
    uint32_t from;

    cert_offload(c);
    cert_send(c, 5000);
    cert_expect_stream(c, 5000, 10000);
    invalidate(c, c->neighbors[0]);
    cert_skip_segs(c);
    cert_expect_silence(c, 200);
    relink(c, other);
    from = c->chart->cnt;
    c->conn->peer.acks = true;
    cert_at(c, 20000);
    cert_skip_upcalls(c);
    expect_mac(c, from, 3);
}

/* --- IP --- */

static void t_241(struct cert *c)
{
    struct toe_tcp_cached *cached = &cert_tcp(c)->cached;

    c->settings.choices |= TOE_CERTIFY_USER_PRIORITY;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 ttl=64 tos=0 novlan");
    cached->ttl = 33;
    cached->tos = 0xff;
    cached->user_priority = 5;
    cert_update(c);
    cert_send(c, 1000);
    if (!c->caps.user_priority) {
        cert_expect_seg(c, "6000:7000 ttl=33 tos=252 novlan");
        return;
    }
    cert_expect_seg(c, "6000:7000 ttl=33 tos=252 vlan=0 prio=5");
    cert_peer(c, "+100");
    cert_peer(c, "+100");
    cert_expect_seg(c, "7000 ack=1200 ttl=33 tos=252 vlan=0 prio=5");
}

static void t_242(struct cert *c)
{
    struct toe_tcp_cached *cached = &cert_tcp(c)->cached;

    cert_ipv6(c);
    cached->flow_label = 0xabcde;
    cached->ttl = 3;
    cached->tos = 0x28;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 flow=%u ttl=3 tos=40", 0xabcde);
    cached->flow_label = 0x12345;
    cached->ttl = 200;
    cert_update(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "6000:7000 flow=%u ttl=200 tos=40", 0x12345);
    cert_peer(c, "+100");
    cert_peer(c, "+100");
    cert_expect_seg(c, "7000 ack=1200 flow=%u ttl=200", 0x12345);
}

/* --- VLANs: platform.md 7.5, what T-177 leaves --- */

/* A neighbor in |vlan|, where |cnt| of 100 and 200 are configured. */
static toe_status offer_vlan(struct cert *c, uint16_t vlan, uint32_t cnt)
{
    static const uint16_t vlans[] = {100, 200};

    c->settings.vlans = vlans;
    c->settings.vlan_cnt = cnt;
    c->neighbors[0]->state.constant.vlan_id = vlan;
    (void)cert_offload_try(c);
    return c->neighbors[0]->block.status;
}

static void c_10b(struct cert *c)
{
    cert_status_is(c, offer_vlan(c, 300, 0), TOE_STATUS_SUCCESS);
}

static void c_10c(struct cert *c)
{
    cert_status_is(c, offer_vlan(c, 0, 2), TOE_STATUS_SUCCESS);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 novlan");
}

static void c_10d(struct cert *c)
{
    cert_status_is(c, offer_vlan(c, 200, 2), TOE_STATUS_SUCCESS);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 vlan=200 prio=0");
}

static void c_10e(struct cert *c)
{
    cert_status_is(c, offer_vlan(c, 300, 2), TOE_STATUS_OFFLOAD_VLAN_MISMATCH);
    cert_status_is(c, c->conn->block.status, TOE_STATUS_FAILURE);
    cert_status_is(c, offer_vlan(c, 100, 2), TOE_STATUS_SUCCESS);
}

/* The first neighbor is the last of the tree. */
static void c_10f(struct cert *c)
{
    c->settings.vlan_max = 2;
    for (uint16_t i = 0; i < 3; ++i) {
        struct cert_neighbor *neighbor = cert_neighbor_add(c);

        neighbor->state.constant.vlan_id = i;
    }
    c->neighbors[0]->state.constant.vlan_id = 3;
    (void)cert_offload_try(c);
    for (uint32_t i = 1; i < 4; ++i) {
        cert_status_is(c, c->neighbors[i]->block.status, TOE_STATUS_SUCCESS);
    }
    cert_status_is(c, c->neighbors[0]->block.status, TOE_STATUS_OFFLOAD_VLAN_ENTRIES);
    c->neighbors[0]->state.constant.vlan_id = 2; /* one that it has */
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 vlan=2 prio=0");
}

static void c_10g(struct cert *c)
{
    c->settings.vlan_max = 2;
    for (uint16_t i = 1; i < 3; ++i) {
        struct cert_neighbor *neighbor = cert_neighbor_add(c);

        neighbor->state.constant.vlan_id = i;
    }
    cert_offload(c); /* and one without a VLAN */
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 novlan");
}

static void c_10h(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_VLAN_SUBSTITUTE;
    cert_status_is(c, offer_vlan(c, 0, 1), TOE_STATUS_SUCCESS);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 vlan=100 prio=0");
}

static void c_10u(struct cert *c)
{
    c->neighbors[0]->state.constant.vlan_id = 100;
    cert_tcp(c)->cached.user_priority = 5;
    cert_offload(c);
    if (c->caps.user_priority) {
        cert_skip(c, "the target always has priorities");
    }
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 vlan=100 prio=0");
}

#define PATH(number, what, which, of, function)                                                    \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = (of), .run = (function)        \
    }

static void t_244(struct cert *c)
{
    c->params.encapsulation = TOE_ENCAPSULATION_SNAP;
    c->paths[0]->state.cached.mtu = 1492;
    cert_offload(c);
    cert_send(c, 2000);
    cert_expect_seg(c, "5000:6452 snap");
    cert_expect_seg(c, "6452:7000 PSH snap");
    cert_peer(c, "+100 ack=7000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 2000);
    cert_peer(c, "+100");
    cert_expect_seg(c, "7000 ack=1200 snap");
    cert_expect_indicate(c, 100);
    cert_expect_indicate(c, 100);
}

static void c_10v(struct cert *c)
{
    c->params.encapsulation = TOE_ENCAPSULATION_SNAP;
    c->settings.mtu_max = 1500;
    c->paths[0]->state.cached.mtu = 1493;
    cert_status_is(c, cert_offload_try(c), TOE_STATUS_FAILURE);
    cert_status_is(c, c->paths[0]->block.status, TOE_STATUS_OFFLOAD_PATH_MTU);
}

const struct cert_scenario cert_path_scenarios[] = {
    PATH("T-235", "a smaller path MTU while much is in flight",
         "RFC-100..102 SEG-057 STATE-PK-1 UPD-10", CERT_GROUP_TCPIP, t_235),
    PATH("T-236", "a larger path MTU, up to the peer's segment size", "RFC-101 RFC-103",
         CERT_GROUP_TCPIP, t_236),
    PATH("T-237", "a path MTU of 68 counts as the floor", "RFC-029", CERT_GROUP_TCPIP, t_237),
    PATH("T-238", "another Ethernet address of the neighbor", "RFC-111 STATE-NK-1 UPD-9",
         CERT_GROUP_NDIS, t_238),
    PATH("T-239", "another neighbor of the path", "RFC-111 LNK-3 LNK-2", CERT_GROUP_NDIS, t_239),
    PATH("T-240", "the neighbor is invalidated; all goes on over another one",
         "EVT-021 INV-4 INV-5 INV-9 EVT-033", CERT_GROUP_NDIS, t_240),
    PATH("T-241", "another TTL, type of service and priority",
         "RFC-115 RFC-119 RFC-091 SEG-079 STATE-TK-9..11", CERT_GROUP_TCPIP, t_241),
    PATH("T-242", "the header of IPv6", "RFC-116 RFC-119 STATE-TK-8..10", CERT_GROUP_TCPIP, t_242),
    PATH("T-243", "a black hole: large segments vanish", "RFC-105 EVT-037 CERT-2.7",
         CERT_GROUP_TCPIP, t_243),
    {.id = "C-10w",
     .title = "who probes stays below the path MTU of the host",
     .rules = "RFC-106",
     .group = CERT_GROUP_TCPIP,
     .profiles = CERT_MODERN,
     .run = c_10w},
    {.id = "C-10x",
     .title = "who probes gets through a black hole",
     .rules = "RFC-106",
     .group = CERT_GROUP_TCPIP,
     .profiles = CERT_MODERN,
     .run = c_10x},
    PATH("T-244", "packets in 802.3 frames with LLC and SNAP", "RFC-117 CAP-21", CERT_GROUP_TCPIP,
         t_244),
    PATH("C-10a", "a path over an invalid neighbor is linked to another one", "LNK-3 LNK-6",
         CERT_GROUP_NDIS, c_10a),
    PATH("C-10b", "any VLAN is accepted where none is configured", "VLAN-4", CERT_GROUP_PLATFORM,
         c_10b),
    PATH("C-10c", "no VLAN is accepted, and sent as none", "VLAN-5 VLAN-9 VLAN-1",
         CERT_GROUP_PLATFORM, c_10c),
    PATH("C-10d", "a VLAN that is configured is accepted", "VLAN-6", CERT_GROUP_PLATFORM, c_10d),
    PATH("C-10e", "a VLAN that is not configured is refused", "VLAN-7", CERT_GROUP_PLATFORM, c_10e),
    PATH("C-10f", "no room for one more VLAN", "VLAN-3", CERT_GROUP_PLATFORM, c_10f),
    PATH("C-10g", "no VLAN needs no room for one", "VLAN-3 VLAN-8", CERT_GROUP_PLATFORM, c_10g),
    PATH("C-10h", "the only VLAN stands for none, where this is switched on", "VLAN-9",
         CERT_GROUP_PLATFORM, c_10h),
    PATH("C-10v", "LLC and SNAP leave eight bytes less for a packet", "RFC-117",
         CERT_GROUP_PLATFORM, c_10v),
    PATH("C-10u", "a VLAN, and a priority that the target does not have",
         "SEG-079 TV-VL-5 STATE-TK-11", CERT_GROUP_PLATFORM, c_10u),
    {.id = NULL},
};
