/* SPDX-License-Identifier: MIT */
#include "target/head.h"

#include "target/instance.h"
#include "target/object.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

static uint8_t priority_of(const struct target_tcp *tcp)
{
    return tcp->target->caps.user_priority ? tcp->conn.cached.user_priority & 7 : 0;
}

/* SEG-079, RFC-117. */
static void put_ether(struct target_head *head, const struct target_tcp *tcp)
{
    const struct target_neighbor *neighbor = tcp->path->neighbor;
    const uint8_t priority = priority_of(tcp);
    struct wire_ether ether = {
        .type = head->is_ipv4 ? WIRE_ETHER_TYPE_IPV4 : WIRE_ETHER_TYPE_IPV6,
        .vlan_present = neighbor->vlan_id != 0 || priority != 0,
        .vlan_id = neighbor->vlan_id,
        .vlan_pcp = priority,
        .snap = head->is_snap,
    };

    memcpy(ether.dst, neighbor->dst_mac, TOE_MAC_LEN);
    memcpy(ether.src, neighbor->src_mac, TOE_MAC_LEN);
    head->ip_off = (uint32_t)wire_ether_build(head->bytes, WIRE_ETHER_LEN_MAX, &ether);
}

/* The ECN bits are the engine's, not the host's (RFC-091). */
static uint8_t tos_of(const struct target_tcp *tcp, const struct tcp_segment *seg)
{
    return (uint8_t)((tcp->conn.cached.tos & 0xfc) | seg->ecn);
}

static void put_ipv4(struct target_head *head, const struct target_tcp *tcp,
                     const struct tcp_segment *seg)
{
    const struct wire_ipv4 ip = {
        .src = tcp->path->constant.src,
        .dst = tcp->path->constant.dst,
        .tos = tos_of(tcp, seg),
        .ttl = tcp->conn.cached.ttl,
        .proto = WIRE_PROTO_TCP,
        .df = true,
    };
    uint8_t *out = head->bytes + head->ip_off;

    head->tcp_off = head->ip_off + (uint32_t)wire_ipv4_build(out, WIRE_IPV4_LEN, &ip);
}

static void put_ipv6(struct target_head *head, const struct target_tcp *tcp,
                     const struct tcp_segment *seg)
{
    const struct wire_ipv6 ip = {
        .src = tcp->path->constant.src,
        .dst = tcp->path->constant.dst,
        .flow_label = tcp->conn.cached.flow_label & 0xfffff,
        .traffic_class = tos_of(tcp, seg),
        .next_header = WIRE_PROTO_TCP,
        .hop_limit = tcp->conn.cached.ttl,
    };
    uint8_t *out = head->bytes + head->ip_off;

    head->tcp_off = head->ip_off + (uint32_t)wire_ipv6_build(out, WIRE_IPV6_LEN, &ip);
}

void target_head_build(struct target_head *head, const struct target_tcp *tcp,
                       const struct tcp_segment *seg)
{
    const struct toe_target *target = tcp->target;
    uint32_t tcp_len;
    uint8_t *out;

    head->is_ipv4 = tcp->path->constant.src.family == 4;
    head->is_snap = target_is_snap(target);
    head->is_partial = (target->wire.features & TOE_WIRE_CSUM) != 0;
    put_ether(head, tcp);
    if (head->is_ipv4) {
        put_ipv4(head, tcp, seg);
    } else {
        put_ipv6(head, tcp, seg);
    }

    out = head->bytes + head->tcp_off;
    tcp_len = (uint32_t)wire_tcp_build(out, WIRE_TCP_LEN_MAX, seg);
    wire_store_u16(out, tcp->conn.constant.local_port);
    wire_store_u16(out + 2, tcp->conn.constant.remote_port);
    wire_store_u32(out + WIRE_TCP_SEQ_OFF, 0);
    out[WIRE_TCP_FLAGS_OFF] &= (uint8_t)~TARGET_HEAD_FLAGS_LAST;
    head->len = head->tcp_off + tcp_len;
    head->pseudo_sum = tcp->path->pseudo_sum;
    head->tcp_sum = wire_csum_add(head->pseudo_sum, out, tcp_len);
}

bool target_head_is_pure(const struct tcp_segment *seg)
{
    return seg->payload_len == 0 && seg->flags == TCP_ACK && seg->sack_cnt == 0 &&
           seg->acc_cnt == 0 && seg->ecn == 0 && !seg->ae;
}

void target_head_build_pure(struct target_head *head, const struct target_tcp *tcp, bool has_ts)
{
    struct tcp_segment seg = TCP_SEGMENT_INIT;

    seg.flags = TCP_ACK;
    seg.has_ts = has_ts;
    target_head_build(head, tcp, &seg);
    target_head_shape(head, 0, 0);
    head->tcp_sum = head->sum;
}

void target_head_acknowledge(struct target_head *head, const struct tcp_segment *seg)
{
    uint8_t *tcp = head->bytes + head->tcp_off;
    uint64_t sum = wire_csum_add_u16(head->tcp_sum, seg->wnd);

    wire_store_u32(tcp + WIRE_TCP_ACK_OFF, seg->ack.v);
    wire_store_u16(tcp + WIRE_TCP_WND_OFF, seg->wnd);
    sum = wire_csum_add_u32(sum, seg->ack.v);
    if (seg->has_ts) {
        wire_store_u32(tcp + WIRE_TCP_TS_OFF, seg->ts_val);
        wire_store_u32(tcp + WIRE_TCP_TS_OFF + 4, seg->ts_ecr);
        sum = wire_csum_add_u32(wire_csum_add_u32(sum, seg->ts_val), seg->ts_ecr);
    }
    head->sum = sum;
}

void target_head_shape(struct target_head *head, uint32_t text_len, uint8_t flags)
{
    const uint32_t tcp_len = head->len - head->tcp_off + text_len;
    uint8_t *ip = head->bytes + head->ip_off;
    uint8_t *tcp = head->bytes + head->tcp_off;

    if (head->is_snap) {
        wire_ether_len_set(ip, (uint16_t)(head->tcp_off - head->ip_off + tcp_len));
    }
    if (head->is_ipv4) {
        wire_ipv4_len_set(ip, (uint16_t)tcp_len);
    } else {
        wire_ipv6_len_set(ip, (uint16_t)tcp_len);
    }
    tcp[WIRE_TCP_FLAGS_OFF] |= flags;
    head->sum = wire_csum_add_u32(head->tcp_sum, tcp_len + flags);
    if (head->is_partial) {
        wire_store_u16(tcp + WIRE_TCP_CSUM_OFF,
                       wire_csum_seed(wire_csum_add_u32(head->pseudo_sum, tcp_len)));
    }
}
