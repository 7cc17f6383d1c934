/* SPDX-License-Identifier: MIT */
#include "target/ingress.h"

#include "target/account.h"
#include "target/instance.h"
#include "target/object.h"
#include "target/reach.h"
#include "tcp/engine.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#include <string.h>

/* A frame that holds a TCP segment as a whole. */
struct packet {
    struct wire_ether ether;
    struct toe_addr src;
    struct toe_addr dst;
    const uint8_t *tcp;
    uint32_t tcp_len;
    uint32_t ip_len; /* header included */
};

/* SEG-050, SEG-053: no options, no fragments. */
static bool parse_ipv4(struct packet *packet, const uint8_t *data, uint32_t len)
{
    struct wire_ipv4 ip;
    const int header_len = wire_ipv4_parse(&ip, data, len);

    if (header_len < 0 || !ip.csum_ok || ip.has_options || wire_ipv4_is_fragment(&ip) ||
        ip.proto != WIRE_PROTO_TCP) {
        return false;
    }
    packet->src = ip.src;
    packet->dst = ip.dst;
    packet->tcp = data + header_len;
    packet->tcp_len = ip.payload_len;
    packet->ip_len = (uint32_t)header_len + ip.payload_len;
    return true;
}

/* SEG-052 to SEG-054: no extension headers, of which fragmentation is one. */
static bool parse_ipv6(struct packet *packet, const uint8_t *data, uint32_t len)
{
    struct wire_ipv6 ip;
    const int header_len = wire_ipv6_parse(&ip, data, len);

    if (header_len < 0 || ip.next_header != WIRE_PROTO_TCP) {
        return false;
    }
    packet->src = ip.src;
    packet->dst = ip.dst;
    packet->tcp = data + header_len;
    packet->tcp_len = ip.payload_len;
    packet->ip_len = (uint32_t)header_len + ip.payload_len;
    return true;
}

static bool parse(struct packet *packet, const struct toe_frame *frame)
{
    const int header_len = wire_ether_parse(&packet->ether, frame->data, frame->len);

    if (header_len < 0) {
        return false;
    }
    switch (packet->ether.type) {
    case WIRE_ETHER_TYPE_IPV4:
        return parse_ipv4(packet, frame->data + header_len, frame->len - (uint32_t)header_len);
    case WIRE_ETHER_TYPE_IPV6:
        return parse_ipv6(packet, frame->data + header_len, frame->len - (uint32_t)header_len);
    default:
        return false;
    }
}

/* SEG-071, SEG-078. */
static bool is_for(const struct target_neighbor *neighbor, const struct wire_ether *ether)
{
    const uint16_t vlan_id = neighbor->constant.vlan_id;

    return memcmp(ether->dst, neighbor->src_mac, TOE_MAC_LEN) == 0 &&
           (vlan_id == 0 || (ether->vlan_present && ether->vlan_id == vlan_id));
}

static bool is_checksum_right(const struct packet *packet, const struct toe_frame *frame)
{
    uint64_t sum;

    if ((frame->flags & (TOE_FRAME_CSUM_VALID | TOE_FRAME_CSUM_PARTIAL)) != 0) {
        return true;
    }
    sum = wire_csum_pseudo(&packet->src, &packet->dst, WIRE_PROTO_TCP, packet->tcp_len);
    return wire_csum_fold(wire_csum_add(sum, packet->tcp, packet->tcp_len)) == 0;
}

/* Whether a connection that the target runs takes |seg|, or the host is to have it. */
static bool is_ours(const struct target_tcp *tcp, const struct tcp_segment *seg)
{
    const bool is_syn = (seg->flags & TCP_SYN) != 0;

    if (tcp->conn.state == TOE_TCP_CLOSED || tcp->is_aborted) {
        return false; /* SEG-095 */
    }
    if (tcp->conn.state == TOE_TCP_TIME_WAIT) {
        return !is_syn; /* SEG-001, DSC-045 */
    }
    return !target_tcp_is_stopped(tcp); /* EVT-033 */
}

void target_ingress_segment(struct toe_target *target, struct target_tcp *tcp,
                            const struct tcp_segment *seg)
{
    struct tcp_conn *conn = &tcp->conn;
    const toe_seq snd_una = conn->snd_una;
    const toe_seq rcv_nxt = conn->rcv_nxt;
    const uint32_t reassembly_len = conn->reassembly.len;
    const enum toe_drop drop = tcp_input(conn, seg, target->now);

    if (drop != TOE_DROP_NONE) {
        ++target->stats.drops[drop];
    }
    /* NBR-5: the peer gets our data, or answers our acknowledgments. */
    if (!toe_seq_eq(snd_una, conn->snd_una) || !toe_seq_eq(rcv_nxt, conn->rcv_nxt) ||
        reassembly_len != conn->reassembly.len) {
        target_reach_confirm(target, tcp->path->neighbor);
    }
    target_delivery_account(target, tcp);
    target_account_state(target, tcp);
    /* TMR-022: an acknowledgment does not wait for those of later segments. */
    if (conn->ack_now && conn->verdict == TCP_VERDICT_NONE) {
        (void)target_egress_run(target, tcp);
    }
    target_tcp_ready(tcp);
}

static void count(struct toe_target *target, const struct target_tcp *tcp,
                  const struct packet *packet)
{
    const int version = tcp->path->constant.src.family == 6;

    ++target->stats.tcp[version].in_segments;
    ++target->stats.ip[version].in_receives;
    ++target->stats.ip[version].in_delivers;
    target->stats.ip[version].in_octets += packet->ip_len;
}

/* Returns false if |frame| is not the target's. */
static bool take(struct toe_target *target, const struct toe_frame *frame)
{
    struct packet packet;
    struct tcp_segment seg;
    struct target_tuple tuple = {.local = &packet.dst, .remote = &packet.src};
    struct target_tcp *tcp;

    if (!parse(&packet, frame) || wire_tcp_parse(&seg, packet.tcp, packet.tcp_len) < 0) {
        return false;
    }
    tuple.local_port = seg.dst_port;
    tuple.remote_port = seg.src_port;
    tcp = target_demux_find(&target->demux, &tuple);
    if (tcp == NULL || !is_for(tcp->path->neighbor, &packet.ether) ||
        !is_checksum_right(&packet, frame)) {
        return false;
    }
    if (tcp->is_holding) {
        target_held_push(target, tcp, frame);
        return true;
    }
    if (!is_ours(tcp, &seg)) {
        return false;
    }

    count(target, tcp, &packet);
    target_ingress_segment(target, tcp, &seg);
    /* What ends the processing so is the host's, but not before the connection (SEG-006, SEG-045).
     */
    if (tcp->conn.verdict == TCP_VERDICT_URGENT || tcp->conn.verdict == TCP_VERDICT_SYN) {
        tcp->is_holding = true;
        target_held_push(target, tcp, frame);
    }
    return true;
}

bool target_ingress_run(struct toe_target *target)
{
    struct toe_frame frames[TARGET_BATCH_MAX];
    const uint32_t cnt = target->wire.receive(target->settings.wire_user, frames, TARGET_BATCH_MAX);

    for (uint32_t i = 0; i < cnt; ++i) {
        if (!take(target, &frames[i])) {
            target_ordinary_push(target, &frames[i]);
        }
    }
    target_ordinary_flush(target);
    return cnt == TARGET_BATCH_MAX;
}
