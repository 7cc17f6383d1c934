/* SPDX-License-Identifier: MIT */
#include "target/egress.h"

#include "base/assert.h"
#include "base/mem.h"
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

#define IP_ID_FIRST 0x8000u
/* Most bytes behind the IP header of a super-segment; the total must fit 16 bits. */
#define TCP_LEN_MAX (65535u - WIRE_IPV6_LEN)
#define FRAME_LEN_MAX (WIRE_ETHER_LEN_MAX + WIRE_IPV6_LEN + 65535u)

int target_egress_init(struct target_egress *egress, const struct toe_mem *mem)
{
    egress->ip_id = IP_ID_FIRST;
    egress->room = base_mem_alloc(mem, TARGET_EGRESS_ROOM);
    return egress->room != NULL ? 0 : -1;
}

void target_egress_fini(struct target_egress *egress, const struct toe_mem *mem)
{
    base_mem_free(mem, egress->room, TARGET_EGRESS_ROOM);
}

/* --- headers --- */

static uint8_t priority_of(const struct target_tcp *tcp)
{
    return tcp->target->caps.user_priority ? tcp->conn.cached.user_priority & 7 : 0;
}

/* SEG-079, RFC-117. Of a packet of |len| bytes. */
static struct wire_ether ether_of(const struct target_tcp *tcp, uint32_t len)
{
    const struct target_neighbor *neighbor = tcp->path->neighbor;
    const uint8_t priority = priority_of(tcp);
    struct wire_ether ether = {
        .type = tcp->path->constant.src.family == 4 ? WIRE_ETHER_TYPE_IPV4 : WIRE_ETHER_TYPE_IPV6,
        .vlan_present = neighbor->vlan_id != 0 || priority != 0,
        .vlan_id = neighbor->vlan_id,
        .vlan_pcp = priority,
        .snap = target_is_snap(tcp->target),
        .snap_len = (uint16_t)len,
    };

    memcpy(ether.dst, neighbor->dst_mac, TOE_MAC_LEN);
    memcpy(ether.src, neighbor->src_mac, TOE_MAC_LEN);
    return ether;
}

/* The identifications of |cnt| packets in a row, none of which leaves the upper half. */
static uint16_t take_ip_id(struct target_egress *egress, uint32_t cnt)
{
    uint32_t id = egress->ip_id;

    if (id + cnt - 1 > UINT16_MAX) {
        id = IP_ID_FIRST;
    }
    egress->ip_id = id + cnt > UINT16_MAX ? IP_ID_FIRST : (uint16_t)(id + cnt);
    return (uint16_t)id;
}

/* The ECN bits are the engine's, not the host's (RFC-091). */
static uint8_t tos_of(const struct target_tcp *tcp)
{
    return (uint8_t)((tcp->conn.cached.tos & 0xfc) | tcp->target->egress.open.seg.ecn);
}

static void build_ipv4(uint8_t *out, const struct target_tcp *tcp, uint16_t payload_len,
                       uint16_t id)
{
    const struct wire_ipv4 ip = {
        .src = tcp->path->constant.src,
        .dst = tcp->path->constant.dst,
        .payload_len = payload_len,
        .id = id,
        .tos = tos_of(tcp),
        .ttl = tcp->conn.cached.ttl,
        .proto = WIRE_PROTO_TCP,
        .df = true,
    };

    (void)wire_ipv4_build(out, WIRE_IPV4_LEN, &ip);
}

static void build_ipv6(uint8_t *out, const struct target_tcp *tcp, uint16_t payload_len)
{
    const struct wire_ipv6 ip = {
        .src = tcp->path->constant.src,
        .dst = tcp->path->constant.dst,
        .flow_label = tcp->conn.cached.flow_label & 0xfffff,
        .payload_len = payload_len,
        .traffic_class = tos_of(tcp),
        .next_header = WIRE_PROTO_TCP,
        .hop_limit = tcp->conn.cached.ttl,
    };

    (void)wire_ipv6_build(out, WIRE_IPV6_LEN, &ip);
}

/* --- the open frame --- */

static bool takes_super(const struct toe_target *target)
{
    const uint32_t needed = TOE_WIRE_CSUM | TOE_WIRE_TSO;

    /* The length in an 802.3 header would be that of the super-segment. */
    return (target->wire.features & needed) == needed && !target_is_snap(target);
}

/* Completes the checksum, or leaves that to the wire. */
static void finish_checksum(struct toe_target *target, struct toe_frame *frame, uint8_t *tcp_header,
                            uint32_t tcp_len)
{
    struct target_egress *egress = &target->egress;
    const struct toe_path_const *path = &egress->open.tcp->path->constant;
    const uint32_t header_len = tcp_len - egress->open.seg.payload_len;
    uint64_t sum = wire_csum_pseudo(&path->src, &path->dst, WIRE_PROTO_TCP, tcp_len);

    if ((target->wire.features & TOE_WIRE_CSUM) != 0) {
        frame->flags = TOE_FRAME_CSUM_PARTIAL;
        frame->csum_start = (uint16_t)(egress->open.ether_len + egress->open.ip_len);
        frame->csum_off = WIRE_TCP_CSUM_OFF;
        wire_store_u16(tcp_header + WIRE_TCP_CSUM_OFF, wire_csum_seed(sum));
        return;
    }
    sum = wire_csum_add(sum, tcp_header, header_len);
    sum = wire_csum_combine(sum, egress->open.sum, header_len);
    wire_store_u16(tcp_header + WIRE_TCP_CSUM_OFF, wire_csum_fold(sum));
}

/* Builds the headers of the open frame and queues it. */
static void close_frame(struct toe_target *target)
{
    struct target_egress *egress = &target->egress;
    const struct target_tcp *tcp = egress->open.tcp;
    const struct tcp_segment *seg = &egress->open.seg;
    uint8_t *data = egress->room + egress->used;
    uint8_t *ip = data + egress->open.ether_len;
    uint8_t *tcp_header = ip + egress->open.ip_len;
    const uint32_t tcp_len =
        egress->open.header_len - egress->open.ether_len - egress->open.ip_len + seg->payload_len;
    const uint32_t segment_cnt =
        seg->payload_len > egress->open.payload_max
            ? (seg->payload_len + egress->open.payload_max - 1) / egress->open.payload_max
            : 1;
    const bool is_ipv4 = tcp->path->constant.src.family == 4;
    const struct wire_ether ether = ether_of(tcp, egress->open.ip_len + tcp_len);
    struct toe_frame *frame = &egress->frames[egress->cnt++];

    (void)wire_ether_build(data, WIRE_ETHER_LEN_MAX, &ether);
    if (is_ipv4) {
        build_ipv4(ip, tcp, (uint16_t)tcp_len, take_ip_id(egress, segment_cnt));
    } else {
        build_ipv6(ip, tcp, (uint16_t)tcp_len);
    }
    (void)wire_tcp_build(tcp_header, WIRE_TCP_LEN_MAX, seg);

    *frame = (struct toe_frame){.data = data, .len = egress->open.header_len + seg->payload_len};
    if (segment_cnt > 1) {
        frame->gso = is_ipv4 ? TOE_GSO_TCP4 : TOE_GSO_TCP6;
        frame->gso_size = (uint16_t)egress->open.payload_max;
    }
    finish_checksum(target, frame, tcp_header, tcp_len);
    /* An odd multiple of a cache line keeps equal offsets within a page apart. */
    egress->used += (frame->len + 63) / 64 * 64;
    egress->open.tcp = NULL;
}

/* Whether nothing may follow |out| in its frame: only ECE is said by all segments of one. */
static bool is_last(const struct tcp_out *out)
{
    return (out->seg.flags & ~TCP_ECE) != TCP_ACK;
}

/* Whether |out| only goes on where the open frame ends. */
static bool can_append(const struct toe_target *target, const struct target_tcp *tcp,
                       const struct tcp_out *out)
{
    const struct target_egress *egress = &target->egress;
    const struct tcp_segment *seg = &egress->open.seg;

    return egress->open.tcp == tcp && !egress->open.is_closing && out->seg.payload_len > 0 &&
           out->seg.payload_len <= egress->open.payload_max &&
           toe_seq_eq(out->seg.seq, toe_seq_add(seg->seq, seg->payload_len)) &&
           toe_seq_eq(out->seg.ack, seg->ack) && out->seg.wnd == seg->wnd &&
           out->seg.ts_val == seg->ts_val && out->seg.ts_ecr == seg->ts_ecr &&
           out->seg.sack_cnt == 0 && out->seg.ecn == seg->ecn &&
           ((out->seg.flags ^ seg->flags) & (TCP_ECE | TCP_CWR)) == 0 &&
           egress->open.header_len + seg->payload_len + out->seg.payload_len <= TCP_LEN_MAX;
}

static bool read_text(struct toe_target *target, struct target_tcp *tcp, const struct tcp_out *out)
{
    struct target_egress *egress = &target->egress;
    const uint32_t at = egress->open.header_len + egress->open.seg.payload_len;
    uint64_t sum = 0;

    if (out->seg.payload_len > 0 && !tcp_send_read(&tcp->conn, egress->room + egress->used + at,
                                                   out->text_off, out->seg.payload_len, &sum)) {
        if (tcp->conn.verdict == TCP_VERDICT_NONE) {
            tcp->conn.verdict = TCP_VERDICT_UNMAPPABLE; /* EVT-036 */
        }
        target_tcp_ready(tcp);
        return false;
    }
    egress->open.sum = wire_csum_combine(egress->open.sum, sum, egress->open.seg.payload_len);
    egress->open.seg.payload_len += out->seg.payload_len;
    return true;
}

static void open_frame(struct toe_target *target, struct target_tcp *tcp, const struct tcp_out *out)
{
    struct target_egress *egress = &target->egress;
    const struct wire_ether ether = ether_of(tcp, 0);

    egress->open.seg = out->seg;
    egress->open.seg.payload_len = 0;
    egress->open.seg.src_port = tcp->local_port;
    egress->open.seg.dst_port = tcp->remote_port;
    egress->open.sum = 0;
    egress->open.payload_max = out->seg.payload_len;
    egress->open.ether_len = (uint32_t)wire_ether_len(&ether);
    egress->open.ip_len = tcp->path->constant.src.family == 4 ? WIRE_IPV4_LEN : WIRE_IPV6_LEN;
    egress->open.header_len = egress->open.ether_len + egress->open.ip_len +
                              (uint32_t)wire_tcp_header_len(&egress->open.seg);
    egress->open.is_closing =
        !takes_super(target) || out->seg.payload_len == 0 || out->seg.sack_cnt > 0 || is_last(out);
}

/* --- segments --- */

static void count(struct toe_target *target, struct target_tcp *tcp, const struct tcp_out *out)
{
    const struct target_egress *egress = &target->egress;
    const int version = tcp->path->constant.src.family == 6;
    struct toe_tcp_stats *stats = &target->stats.tcp[version];

    stats->retransmitted_segments += out->has_repeated; /* IOS-064, IOS-065 */
    stats->out_segments += !out->is_retransmission;
    if (tcp->worth != NULL) {
        target_worth_sent(tcp, out->seg.payload_len, out->has_repeated);
    }
    stats->out_resets += (out->seg.flags & TCP_RST) != 0;
    ++target->stats.ip[version].out_requests;
    target->stats.ip[version].out_octets +=
        egress->open.header_len - egress->open.ether_len + out->seg.payload_len;
}

void target_egress_emit(struct toe_target *target, struct target_tcp *tcp, struct tcp_out *out)
{
    struct target_egress *egress = &target->egress;

    target_reach_check(target, tcp->path->neighbor);
    if (can_append(target, tcp, out)) {
        if (!read_text(target, tcp, out)) {
            return;
        }
        egress->open.seg.flags |= out->seg.flags;
        egress->open.is_closing = is_last(out) || out->seg.payload_len < egress->open.payload_max;
        count(target, tcp, out);
        return;
    }

    if (egress->open.tcp != NULL) {
        close_frame(target);
    }
    if (egress->cnt == TARGET_EGRESS_MAX || egress->used > TARGET_EGRESS_ROOM - FRAME_LEN_MAX) {
        target_egress_flush(target);
    }
    open_frame(target, tcp, out);
    if (!read_text(target, tcp, out)) {
        return;
    }
    egress->open.tcp = tcp;
    count(target, tcp, out);
    if (egress->open.is_closing) {
        close_frame(target);
    }
}

bool target_egress_run(struct toe_target *target, struct target_tcp *tcp)
{
    struct tcp_out out;

    for (uint32_t i = 0; i < TARGET_BURST_MAX; ++i) {
        if (!target_tcp_can_transmit(tcp) || !tcp_output(&tcp->conn, &out, target->now)) {
            return true;
        }
        target_egress_emit(target, tcp, &out);
    }
    return false;
}

void target_egress_flush(struct toe_target *target)
{
    struct target_egress *egress = &target->egress;

    if (egress->open.tcp != NULL) {
        close_frame(target);
    }
    if (egress->cnt > 0) {
        target->wire.transmit(target->settings.wire_user, egress->frames, egress->cnt);
    }
    egress->cnt = 0;
    egress->used = 0;
}
