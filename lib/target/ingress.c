/* SPDX-License-Identifier: MIT */
#include "target/ingress.h"

#include "base/prefetch.h"
#include "target/account.h"
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
#include "wire/plain.h"

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
static bool is_for(const struct target_neighbor *neighbor, const uint8_t *dst_mac,
                   bool vlan_present, uint16_t vlan_id)
{
    const uint16_t wanted = neighbor->constant.vlan_id;

    return memcmp(dst_mac, neighbor->src_mac, TOE_MAC_LEN) == 0 &&
           (wanted == 0 || (vlan_present && vlan_id == wanted));
}

/* Whether somebody saw to the checksum already. */
static bool is_trusted(const struct toe_frame *frame)
{
    return (frame->flags & (TOE_FRAME_CSUM_VALID | TOE_FRAME_CSUM_PARTIAL)) != 0;
}

static bool is_checksum_right(const struct packet *packet, const struct toe_frame *frame)
{
    uint64_t sum;

    if (is_trusted(frame)) {
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
    return !target_tcp_is_stopped(tcp) && !tcp->is_terminating; /* EVT-033, SEG-066 */
}

enum toe_drop target_ingress_segment(struct toe_target *target, struct target_tcp *tcp,
                                     const struct tcp_segment *seg)
{
    struct tcp_conn *conn = &tcp->conn;
    const toe_seq snd_una = conn->snd_una;
    const toe_seq rcv_nxt = conn->rcv_nxt;
    const uint32_t reassembly_len = conn->reassembly.len;
    const bool is_late = toe_seq_gt(seg->seq, rcv_nxt);
    const enum toe_drop drop = tcp_input(conn, seg, target->now);

    if (drop != TOE_DROP_NONE) {
        ++target->stats.drops[drop];
    }
    /* EVT-036, TRM-9: the host has room for what the target has none for. */
    if (drop == TOE_DROP_NO_MEMORY && conn->verdict == TCP_VERDICT_NONE) {
        conn->verdict = TCP_VERDICT_UNMAPPABLE;
    }
    /* NBR-5: the peer gets our data, or answers our acknowledgments. */
    if (!toe_seq_eq(snd_una, conn->snd_una) || !toe_seq_eq(rcv_nxt, conn->rcv_nxt) ||
        reassembly_len != conn->reassembly.len) {
        target_reach_confirm(target, tcp->path->neighbor);
    }
    if (tcp->worth != NULL) {
        target_worth_received(tcp, seg->payload_len, is_late);
    }
    target_delivery_account(target, tcp);
    if (conn->state != tcp->counted_state) {
        target_account_state(target, tcp);
    }
    /* TMR-022: an acknowledgment does not wait for those of later segments. */
    if (conn->ack_now && conn->verdict == TCP_VERDICT_NONE) {
        (void)target_egress_run(target, tcp);
    }
    target_tcp_ready(tcp);
    return drop;
}

/* Counts a segment in an IP packet of |ip_len| bytes. */
static void count(struct toe_target *target, const struct target_tcp *tcp, uint32_t ip_len,
                  uint8_t ecn, enum toe_drop drop)
{
    const int version = tcp->path->constant.src.family == 6;
    struct toe_ip_stats *stats = &target->stats.ip[version];

    ++target->stats.tcp[version].in_segments;
    ++stats->in_receives;
    ++stats->in_delivers;
    stats->in_octets += ip_len;
    stats->in_discards += drop == TOE_DROP_NO_MEMORY;
    target->stats.ce_ignored += !tcp->conn.has_ecn && ecn == TCP_ECN_CE; /* RFC-093 */
}

/* SEG-077: whether a frame whose IP header is bad, or promises too much, ends here. */
static bool drop_ip(struct toe_target *target, const struct packet *packet, enum kind kind)
{
    struct toe_ip_stats *stats = &target->stats.ip[packet->ether.type == WIRE_ETHER_TYPE_IPV6];

    if (!target->settings.drop_bad_ip || target->neighbors.cnt == 0) {
        return false;
    }
    stats->in_header_errors += kind == KIND_BAD;
    stats->in_truncated_packets += kind == KIND_TRUNCATED;
    ++target->stats.drops[TOE_DROP_IP_HEADER];
    return true;
}

/* SEG-075, SEG-076: the same of TCP, where the connection that is meant is ours. */
static bool drop_tcp(struct toe_target *target, const struct target_tcp *tcp, enum toe_drop why)
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

/* What becomes of |seg|, which is whole and in |frame|; false if it is not the target's. */
static bool process(struct toe_target *target, struct target_tcp *tcp,
                    const struct tcp_segment *seg, uint32_t ip_len, const struct toe_frame *frame)
{
    enum toe_drop drop;

    if (tcp->is_holding) {
        target_held_push(target, tcp, frame);
        return true;
    }
    if (!is_ours(tcp, seg)) {
        return false;
    }

    if (tcp->worth != NULL) {
        target_worth_datagram(tcp, false);
    }
    drop = target_ingress_segment(target, tcp, seg);
    count(target, tcp, ip_len, seg->ecn, drop);
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

    if (tcp == NULL ||
        !is_for(tcp->path->neighbor, ether->dst, ether->vlan_present, ether->vlan_id)) {
        return false;
    }
    if (wire_tcp_parse(&seg, packet->tcp, packet->tcp_len) < 0) {
        return drop_tcp(target, tcp, TOE_DROP_TCP_HEADER);
    }
    if (!is_checksum_right(packet, frame)) {
        return drop_tcp(target, tcp, TOE_DROP_TCP_CHECKSUM);
    }
    seg.ecn = packet->tos & ECN_MASK;
    return process(target, tcp, &seg, packet->ip_len, frame);
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

/* --- plain frames, a batch at a time --- */

/* Frames whose headers are asked for ahead of the one that is looked at. */
#define AHEAD 4u

/* What a frame turned out to be before the first one of its batch is processed. */
struct arrival {
    struct wire_plain plain;
    bool is_plain;
    bool is_again; /* of the connection of the plain one before it */
    uint64_t hash;
    struct target_tcp *tcp; /* plain: whose it is, or NULL */
};

static struct target_row row_of(const struct wire_plain *plain)
{
    return (struct target_row){.bytes = wire_plain_row(plain), .len = plain->row_len};
}

static bool is_same_row(const struct wire_plain *a, const struct wire_plain *b)
{
    return a->row_len == b->row_len &&
           memcmp(wire_plain_row(a), wire_plain_row(b), a->row_len) == 0;
}

static void classify(struct toe_target *target, struct arrival *arrivals,
                     const struct toe_frame *frames, uint32_t cnt)
{
    const struct wire_plain *last = NULL;

    for (uint32_t i = 0; i < cnt; ++i) {
        struct arrival *arrival = &arrivals[i];

        if (i + AHEAD < cnt) {
            base_prefetch(frames[i + AHEAD].data);
        }
        arrival->tcp = NULL;
        arrival->is_plain = wire_plain_parse(&arrival->plain, frames[i].data, frames[i].len);
        if (!arrival->is_plain) {
            continue;
        }
        arrival->is_again = last != NULL && is_same_row(last, &arrival->plain);
        if (!arrival->is_again) {
            arrival->hash = target_demux_hash(&target->demux, row_of(&arrival->plain));
            target_demux_fetch(&target->demux, arrival->hash);
        }
        last = &arrival->plain;
    }
}

/*
 * Finds the connections of a batch. None of them goes away before the batch is processed: what the
 * host asks for inside an upcall waits.
 */
static void look_up(struct toe_target *target, struct arrival *arrivals, uint32_t cnt)
{
    struct target_tcp *last = NULL;

    for (uint32_t i = 0; i < cnt; ++i) {
        if (arrivals[i].is_plain && !arrivals[i].is_again) {
            target_demux_fetch_first(&target->demux, arrivals[i].hash);
        }
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        struct arrival *arrival = &arrivals[i];

        if (!arrival->is_plain) {
            continue;
        }
        if (!arrival->is_again) {
            last = target_demux_find(&target->demux, row_of(&arrival->plain), arrival->hash);
            if (last != NULL) {
                target_tcp_fetch(last);
            }
        }
        arrival->tcp = last;
    }
}

/* Where the text of |seg| is going if all is well, or NULL: it is not known yet. */
static uint8_t *place_of(struct target_tcp *tcp, const struct tcp_segment *seg)
{
    if (!tcp_input_is_next(&tcp->conn, seg) || tcp->is_holding || !is_ours(tcp, seg)) {
        return NULL;
    }
    return target_delivery_room(tcp, seg->payload_len);
}

/*
 * Verifies the checksum of |seg|. Text that goes right into a request is copied there in the same
 * pass. A request is filled as far as it says, so what lies behind that if the sum is wrong is
 * nothing yet.
 */
static bool verify(struct target_tcp *tcp, struct tcp_segment *seg, const struct wire_plain *plain)
{
    uint64_t sum = wire_plain_pseudo(plain);
    uint8_t *place = place_of(tcp, seg);

    if (place == NULL) {
        return wire_csum_fold(wire_csum_add(sum, plain->tcp, plain->tcp_len)) == 0;
    }
    sum = wire_csum_add(sum, plain->tcp, plain->tcp_len - seg->payload_len);
    sum = wire_csum_copy(place, seg->payload, seg->payload_len, sum);
    seg->payload = place;
    return wire_csum_fold(sum) == 0;
}

/* Returns false if |frame|, which is plain, is not the target's. */
static bool take_plain(struct toe_target *target, const struct arrival *arrival,
                       const struct toe_frame *frame)
{
    const struct wire_plain *plain = &arrival->plain;
    struct target_tcp *tcp = arrival->tcp;
    struct tcp_segment seg;

    if (tcp == NULL ||
        !is_for(tcp->path->neighbor, plain->frame, plain->vlan_present, plain->vlan_id)) {
        return false;
    }
    wire_plain_segment(&seg, plain);
    seg.ecn = plain->tos & ECN_MASK;
    if (!is_trusted(frame) && !verify(tcp, &seg, plain)) {
        return drop_tcp(target, tcp, TOE_DROP_TCP_CHECKSUM);
    }
    return process(target, tcp, &seg, (uint32_t)(plain->tcp - plain->ip) + plain->tcp_len, frame);
}

bool target_ingress_run(struct toe_target *target)
{
    struct toe_frame frames[TARGET_BATCH_MAX];
    struct arrival arrivals[TARGET_BATCH_MAX];
    const uint32_t cnt = target->wire.receive(target->settings.wire_user, frames, TARGET_BATCH_MAX);

    classify(target, arrivals, frames, cnt);
    look_up(target, arrivals, cnt);
    for (uint32_t i = 0; i < cnt; ++i) {
        const bool taken = arrivals[i].is_plain ? take_plain(target, &arrivals[i], &frames[i])
                                                : take(target, &frames[i]);

        if (!taken) {
            target_ordinary_push(target, &frames[i]);
        }
    }
    target_ordinary_flush(target);
    return cnt == TARGET_BATCH_MAX;
}
