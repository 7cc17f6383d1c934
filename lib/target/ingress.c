/* SPDX-License-Identifier: MIT */
#include "target/ingress.h"

#include "target/account.h"
#include "target/arrival.h"
#include "target/instance.h"
#include "target/object.h"
#include "target/reach.h"
#include "target/worth.h"
#include "tcp/engine.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#include <string.h>

#define PROTO_FRAGMENT 44
#define FRAGMENT_LEN 8u /* of IPv6's header for fragments */
#define PORTS_LEN 4u
#define ECN_MASK 3u

/* A frame that holds a TCP segment as a whole, or what is left of one. */
struct packet {
    struct wire_ether ether;
    struct toe_addr src;
    struct toe_addr dst;
    const uint8_t *tcp;
    uint32_t tcp_len;
    uint32_t ip_len; /* header included */
    uint8_t tos;
};

/* What a frame turns out to be. */
enum kind {
    KIND_SEGMENT,
    KIND_FRAGMENT,  /* the first of a TCP segment's */
    KIND_OTHER,     /* not TCP, or with what is the host's to see to */
    KIND_BAD,       /* its IP header is bad */
    KIND_TRUNCATED, /* the header is not, but not all is there that it speaks of */
};

/* SEG-050, SEG-053: no options, no fragments. */
static enum kind parse_ipv4(struct packet *packet, const uint8_t *data, uint32_t len)
{
    struct wire_ipv4 ip;
    const int header_len = wire_ipv4_parse_quote(&ip, data, len);

    if (header_len < 0 || !ip.csum_ok) {
        return KIND_BAD;
    }
    if (ip.payload_len > len - (uint32_t)header_len) {
        return KIND_TRUNCATED;
    }
    packet->src = ip.src;
    packet->dst = ip.dst;
    packet->tcp = data + header_len;
    packet->tcp_len = ip.payload_len;
    packet->ip_len = (uint32_t)header_len + ip.payload_len;
    packet->tos = ip.tos;
    if (ip.proto != WIRE_PROTO_TCP || ip.has_options || ip.frag_off != 0) {
        return KIND_OTHER;
    }
    return wire_ipv4_is_fragment(&ip) ? KIND_FRAGMENT : KIND_SEGMENT;
}

/* The fragment header (RFC 8200, 4.5): what follows, and zero in the offset's 13 bits. */
static bool is_first_fragment(const struct wire_ipv6 *ip, const uint8_t *data)
{
    return ip->payload_len > FRAGMENT_LEN && data[0] == WIRE_PROTO_TCP &&
           (wire_load_u16(data + 2) & 0xfff8u) == 0;
}

/* SEG-052 to SEG-054: no extension headers, of which fragmentation is one. */
static enum kind parse_ipv6(struct packet *packet, const uint8_t *data, uint32_t len)
{
    struct wire_ipv6 ip;
    const int header_len = wire_ipv6_parse_quote(&ip, data, len);

    if (header_len < 0) {
        return KIND_BAD;
    }
    if (ip.payload_len > len - (uint32_t)header_len) {
        return KIND_TRUNCATED;
    }
    packet->src = ip.src;
    packet->dst = ip.dst;
    packet->tcp = data + header_len;
    packet->tcp_len = ip.payload_len;
    packet->ip_len = (uint32_t)header_len + ip.payload_len;
    packet->tos = ip.traffic_class;
    if (ip.next_header == PROTO_FRAGMENT && is_first_fragment(&ip, packet->tcp)) {
        packet->tcp += FRAGMENT_LEN;
        packet->tcp_len -= FRAGMENT_LEN;
        return KIND_FRAGMENT;
    }
    return ip.next_header == WIRE_PROTO_TCP ? KIND_SEGMENT : KIND_OTHER;
}

static enum kind parse(struct packet *packet, const struct toe_frame *frame)
{
    const int header_len = wire_ether_parse(&packet->ether, frame->data, frame->len);

    if (header_len < 0) {
        return KIND_OTHER;
    }
    switch (packet->ether.type) {
    case WIRE_ETHER_TYPE_IPV4:
        return parse_ipv4(packet, frame->data + header_len, frame->len - (uint32_t)header_len);
    case WIRE_ETHER_TYPE_IPV6:
        return parse_ipv6(packet, frame->data + header_len, frame->len - (uint32_t)header_len);
    default:
        return KIND_OTHER;
    }
}

/* The connection that |packet| is for by its addresses and ports, or NULL. */
static struct target_tcp *find(const struct toe_target *target, const struct packet *packet)
{
    uint8_t bytes[TARGET_ROW_MAX];
    struct target_row row;

    if (packet->tcp_len < PORTS_LEN) {
        return NULL;
    }
    row = target_row_write(bytes, &packet->src, &packet->dst, wire_load_u16(packet->tcp),
                           wire_load_u16(packet->tcp + 2));
    return target_demux_find(&target->demux, row, target_demux_hash(&target->demux, row));
}

/* SEG-071, SEG-078. */
bool target_ingress_is_for(const struct target_neighbor *neighbor, const uint8_t *dst_mac,
                           bool vlan_present, uint16_t vlan_id)
{
    const uint16_t wanted = neighbor->constant.vlan_id;

    return memcmp(dst_mac, neighbor->src_mac, TOE_MAC_LEN) == 0 &&
           (wanted == 0 || (vlan_present && vlan_id == wanted));
}

static bool is_checksum_right(const struct packet *packet, const struct toe_frame *frame)
{
    uint64_t sum;

    if (target_frame_is_trusted(frame)) {
        return true;
    }
    sum = wire_csum_pseudo(&packet->src, &packet->dst, WIRE_PROTO_TCP, packet->tcp_len);
    return wire_csum_fold(wire_csum_add(sum, packet->tcp, packet->tcp_len)) == 0;
}

bool target_ingress_is_ours(const struct target_tcp *tcp, const struct tcp_segment *seg)
{
    const bool is_syn = (seg->flags & TCP_SYN) != 0;

    if (tcp->conn.state == TOE_TCP_CLOSED || tcp->is_aborted) {
        return false; /* SEG-095 */
    }
    if (tcp->conn.state == TOE_TCP_TIME_WAIT) {
        return !is_syn; /* SEG-001, DSC-045 */
    }
    return !target_tcp_is_stopped(tcp) && !tcp->is_terminating; /* EVT-033, SEG-066 */
}

void target_ingress_settle(struct toe_target *target, struct target_tcp *tcp)
{
    struct tcp_conn *conn = &tcp->conn;

    target_delivery_account(target, tcp);
    if (conn->state != tcp->counted_state) {
        target_account_state(target, tcp);
    }
    /* TMR-022: an acknowledgment does not wait for those of later segments. */
    if (conn->ack_now && conn->verdict == TCP_VERDICT_NONE) {
        (void)target_egress_run(target, tcp);
    }
    target_tcp_ready(tcp);
}

enum toe_drop target_ingress_segment(struct toe_target *target, struct target_tcp *tcp,
                                     const struct tcp_segment *seg)
{
    struct tcp_conn *conn = &tcp->conn;
    const toe_seq snd_una = conn->snd_una;
    const toe_seq rcv_nxt = conn->rcv_nxt;
    const uint32_t reassembly_len = conn->busy->reassembly.len;
    const bool is_late = toe_seq_gt(seg->seq, rcv_nxt);
    const enum toe_drop drop =
        target_tcp_wake(tcp) ? tcp_input(conn, seg, target->now) : TOE_DROP_NO_MEMORY;

    if (drop != TOE_DROP_NONE) {
        ++target->stats.drops[drop];
    }
    /* EVT-036, TRM-9: the host has room for what the target has none for. */
    if (drop == TOE_DROP_NO_MEMORY && conn->verdict == TCP_VERDICT_NONE) {
        conn->verdict = TCP_VERDICT_UNMAPPABLE;
    }
    /* NBR-5: the peer gets our data, or answers our acknowledgments. */
    if (!toe_seq_eq(snd_una, conn->snd_una) || !toe_seq_eq(rcv_nxt, conn->rcv_nxt) ||
        reassembly_len != conn->busy->reassembly.len) {
        target_reach_confirm(target, tcp->path->neighbor);
    }
    if (tcp->worth != NULL) {
        target_worth_received(tcp, seg->payload_len, is_late);
    }
    target_ingress_settle(target, tcp);
    return drop;
}

void target_ingress_count(struct toe_target *target, const struct target_tcp *tcp, uint32_t cnt,
                          uint32_t ip_len, uint8_t ecn)
{
    const int version = tcp->path->constant.src.family == 6;
    struct toe_ip_stats *stats = &target->stats.ip[version];

    target->stats.tcp[version].in_segments += cnt;
    stats->in_receives += cnt;
    stats->in_delivers += cnt;
    stats->in_octets += ip_len;
    target->stats.ce_ignored += !tcp->conn.has_ecn && ecn == TCP_ECN_CE ? cnt : 0; /* RFC-093 */
}

/* SEG-077: whether a frame whose IP header is bad, or promises too much, ends here. */
static bool drop_ip(struct toe_target *target, const struct packet *packet, enum kind kind)
{
    struct toe_ip_stats *stats = &target->stats.ip[packet->ether.type == WIRE_ETHER_TYPE_IPV6];

    if (!target->settings.drop_bad_ip) {
        return false;
    }
    stats->in_header_errors += kind == KIND_BAD;
    stats->in_truncated_packets += kind == KIND_TRUNCATED;
    ++target->stats.drops[TOE_DROP_IP_HEADER];
    return true;
}

/* SEG-075, SEG-076. */
bool target_ingress_drop(struct toe_target *target, const struct target_tcp *tcp, enum toe_drop why)
{
    struct toe_tcp_stats *stats = &target->stats.tcp[tcp->path->constant.src.family == 6];

    if (!target->settings.drop_bad_tcp) {
        return false;
    }
    ++stats->in_segments;
    ++stats->in_errors;
    ++target->stats.drops[why];
    return true;
}

bool target_ingress_take(struct toe_target *target, struct target_tcp *tcp,
                         const struct tcp_segment *seg, uint32_t ip_len,
                         const struct toe_frame *frame)
{
    enum toe_drop drop;

    if (tcp->is_holding) {
        target_held_push(target, tcp, frame);
        return true;
    }
    if (!target_ingress_is_ours(tcp, seg)) {
        return false;
    }

    if (tcp->worth != NULL) {
        target_worth_datagram(tcp, false);
    }
    drop = target_ingress_segment(target, tcp, seg);
    target_ingress_count(target, tcp, 1, ip_len, seg->ecn);
    if (drop == TOE_DROP_NO_MEMORY) {
        ++target->stats.ip[tcp->path->constant.src.family == 6].in_discards;
    }
    /* What ends the processing so is the host's, but not before the connection (SEG-006, SEG-045).
     */
    if (tcp->conn.verdict == TCP_VERDICT_URGENT || tcp->conn.verdict == TCP_VERDICT_SYN) {
        tcp->is_holding = true;
        target_held_push(target, tcp, frame);
    }
    return true;
}

/* Returns false if |frame|, which is |packet|, is not the target's. */
static bool take_segment(struct toe_target *target, const struct packet *packet,
                         const struct toe_frame *frame)
{
    struct target_tcp *tcp = find(target, packet);
    const struct wire_ether *ether = &packet->ether;
    struct tcp_segment seg;

    if (tcp == NULL || !target_ingress_is_for(tcp->path->neighbor, ether->dst, ether->vlan_present,
                                              ether->vlan_id)) {
        return false;
    }
    if (wire_tcp_parse(&seg, packet->tcp, packet->tcp_len) < 0) {
        return target_ingress_drop(target, tcp, TOE_DROP_TCP_HEADER);
    }
    if (!is_checksum_right(packet, frame)) {
        return target_ingress_drop(target, tcp, TOE_DROP_TCP_CHECKSUM);
    }
    seg.ecn = packet->tos & ECN_MASK;
    return target_ingress_take(target, tcp, &seg, packet->ip_len, frame);
}

/* Returns false if |frame| is not the target's. */
static bool take(struct toe_target *target, const struct toe_frame *frame)
{
    struct packet packet;
    struct target_tcp *tcp;
    const enum kind kind = parse(&packet, frame);

    switch (kind) {
    case KIND_SEGMENT:
        return take_segment(target, &packet, frame);
    case KIND_FRAGMENT:
        tcp = target->settings.optional_uploads != 0 ? find(target, &packet) : NULL;
        if (tcp != NULL) {
            target_worth_datagram(tcp, true);
        }
        return false;
    case KIND_BAD:
    case KIND_TRUNCATED:
        return drop_ip(target, &packet, kind);
    case KIND_OTHER:
        break;
    }
    return false;
}

bool target_ingress_run(struct toe_target *target)
{
    struct toe_frame frames[TARGET_BATCH_MAX];
    struct target_arrival arrivals[TARGET_BATCH_MAX];
    const uint32_t cnt = target->wire.receive(target->settings.wire_user, frames, TARGET_BATCH_MAX);

    /* Where nothing is offloaded, no frame need be looked at. */
    if (target->neighbors.cnt == 0) {
        target_ordinary_pass(target, frames, cnt);
        return cnt == TARGET_BATCH_MAX;
    }
    target_arrivals_find(target, arrivals, frames, cnt);
    for (uint32_t i = 0; i < cnt;) {
        uint32_t taken;

        target->arriving = &frames[i];
        taken = arrivals[i].is_plain
                    ? target_arrivals_take(target, &arrivals[i], &frames[i], cnt - i)
                    : take(target, &frames[i]);
        if (taken == 0) {
            target_ordinary_push(target, &frames[i]);
        }
        i += taken > 0 ? taken : 1;
    }
    target->arriving = NULL;
    target_ordinary_flush(target);
    return cnt == TARGET_BATCH_MAX;
}
