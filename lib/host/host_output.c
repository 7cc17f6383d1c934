/* SPDX-License-Identifier: MIT */
#include "host/host_output.h"

#include "base/assert.h"
#include "host/host_conn.h"
#include "host/path.h"
#include "host/route.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/plain.h"

#include <string.h>

/* Identifications of ours are the lower half; the upper one is the target's (SND-030). */
#define IP_ID_MASK 0x7fffu

/* The header of a frame of |type| with a payload of |len| bytes. */
static struct wire_ether ether_of(const struct host_interface *interface, uint16_t type,
                                  uint32_t len)
{
    return (struct wire_ether){
        .type = type,
        .vlan_present = interface->vlan_id != 0,
        .vlan_id = interface->vlan_id,
        .snap = interface->host->params.encapsulation == TOE_ENCAPSULATION_SNAP,
        .snap_len = (uint16_t)len,
    };
}

void host_ether_put(const struct host_interface *interface, uint8_t *frame, uint32_t len,
                    const uint8_t dst[TOE_MAC_LEN], uint16_t type)
{
    struct wire_ether ether;

    if (interface->ether_len == WIRE_ETHER_LEN) {
        memcpy(frame, dst, TOE_MAC_LEN);
        memcpy(frame + TOE_MAC_LEN, interface->mac, TOE_MAC_LEN);
        wire_store_u16(frame + WIRE_ETHER_TYPE_OFF, type);
        return;
    }
    ether = ether_of(interface, type, len - interface->ether_len);
    memcpy(ether.dst, dst, TOE_MAC_LEN);
    memcpy(ether.src, interface->mac, TOE_MAC_LEN);
    wire_ether_build(frame, WIRE_ETHER_LEN_MAX, &ether);
}

void host_tx_flush(struct toe_host *host)
{
    struct host_tx *tx = &host->tx;
    const uint32_t cnt = tx->cnt;

    tx->used = 0;
    tx->cnt = 0;
    if (cnt > 0) {
        tx->interface->ops.transmit(tx->interface->target, tx->frames, cnt);
    }
}

uint8_t *host_tx_reserve(struct host_interface *interface, uint32_t len)
{
    struct host_tx *tx = &interface->host->tx;

    toe_assert(len <= HOST_TX_ROOM);
    if (tx->interface != interface || tx->cnt == HOST_TX_FRAMES || len > HOST_TX_ROOM - tx->used) {
        host_tx_flush(interface->host);
        tx->interface = interface;
    }
    return tx->room + tx->used;
}

void host_tx_commit(struct host_interface *interface, uint32_t len)
{
    struct host_tx *tx = &interface->host->tx;

    toe_assert(tx->interface == interface && tx->cnt < HOST_TX_FRAMES);
    tx->frames[tx->cnt++] = (struct toe_frame){.data = tx->room + tx->used, .len = len};
    tx->used += len;
}

void host_neighbor_send(struct host_neighbor *neighbor, uint8_t *frame, uint32_t len)
{
    struct host_interface *interface = neighbor->interface;
    const uint16_t type = neighbor->addr.family == 4 ? WIRE_ETHER_TYPE_IPV4 : WIRE_ETHER_TYPE_IPV6;

    host_ether_put(interface, frame, len, neighbor->mac, type);
    if (host_neighbor_is_resolved(neighbor)) {
        host_neighbor_use(neighbor);
        host_tx_commit(interface, len);
    } else {
        host_neighbor_wait(neighbor, frame, len);
        host_neighbor_use(neighbor);
    }
}

static uint32_t ip_len(uint8_t family)
{
    return family == 4 ? WIRE_IPV4_LEN : WIRE_IPV6_LEN;
}

/* What an IP header says. */
struct packet {
    const struct toe_addr *src;
    const struct toe_addr *dst;
    uint32_t len; /* of the payload */
    uint8_t proto;
    uint8_t ttl; /* or hop limit */
    uint8_t tos; /* or traffic class, ECN included */
};

static uint16_t take_ip_id(struct toe_host *host)
{
    const uint16_t id = host->ip_id;

    host->ip_id = (id + 1u) & IP_ID_MASK;
    return id;
}

/* Writes the IP header of |packet|. */
static void put_ip(struct toe_host *host, uint8_t *p, const struct packet *packet)
{
    if (packet->src->family == 4) {
        const struct wire_ipv4 ip = {
            .src = *packet->src,
            .dst = *packet->dst,
            .payload_len = (uint16_t)packet->len,
            .id = take_ip_id(host),
            .tos = packet->tos,
            .ttl = packet->ttl,
            .proto = packet->proto,
            .df = true,
        };

        wire_ipv4_build(p, WIRE_IPV4_LEN, &ip);
    } else {
        const struct wire_ipv6 ip = {
            .src = *packet->src,
            .dst = *packet->dst,
            .payload_len = (uint16_t)packet->len,
            .traffic_class = packet->tos,
            .next_header = packet->proto,
            .hop_limit = packet->ttl,
        };

        wire_ipv6_build(p, WIRE_IPV6_LEN, &ip);
    }
}

/* Writes the header of |seg|, a segment of |conn|; adds it to |sum|. Returns its length. */
static uint32_t put_tcp(const struct host_conn *conn, uint8_t *tcp, struct tcp_segment *seg,
                        uint64_t *sum)
{
    uint32_t len;

    if (wire_plain_suits(seg)) {
        *sum =
            wire_csum_add_u64(*sum, wire_plain_put(tcp, conn->local_port, conn->remote_port, seg));
        return wire_plain_len(seg);
    }
    seg->src_port = conn->local_port;
    seg->dst_port = conn->remote_port;
    len = (uint32_t)wire_tcp_build(tcp, WIRE_TCP_LEN_MAX, seg);
    if (conn->host->settings.bsd_syn && (seg->flags & TCP_SYN) != 0) {
        wire_tcp_options_bsd(tcp, seg);
    }
    *sum = wire_csum_words(*sum, tcp, len);
    return len;
}

bool host_segment_send(struct host_conn *conn, struct tcp_out *out)
{
    struct host_path *path = conn->path;
    struct host_interface *interface = path->neighbor->interface;
    const uint32_t text_len = out->seg.payload_len;
    const uint32_t head = interface->ether_len + host_path_head_len(path);
    uint8_t *frame = host_tx_reserve(interface, head + WIRE_TCP_LEN_MAX + text_len);
    uint8_t *tcp = frame + head;
    uint64_t sum = path->pseudo;
    uint64_t text_sum = 0;
    const uint32_t tcp_len = put_tcp(conn, tcp, &out->seg, &sum);

    if (text_len > 0 &&
        !tcp_send_read(&conn->tcp, tcp + tcp_len, out->text_off, text_len, &text_sum)) {
        return false;
    }
    sum = wire_csum_add_u32(wire_csum_add_around(sum, text_sum), tcp_len + text_len);
    wire_store_u16(tcp + WIRE_TCP_CSUM_OFF, wire_csum_fold(sum));
    host_path_head(path, frame + interface->ether_len, tcp_len + text_len,
                   path->local.family == 4 ? take_ip_id(interface->host) : 0, conn->options.ttl,
                   conn->options.tos | out->seg.ecn);
    ++interface->host->stats.segments_out;
    interface->host->stats.retransmitted += out->is_retransmission;
    host_neighbor_send(path->neighbor, frame, head + tcp_len + text_len);
    return true;
}

/* The neighbor that leads to |remote|, if it is reached over |interface|. */
static struct host_neighbor *next_hop(struct host_interface *interface,
                                      const struct toe_addr *remote)
{
    const struct host_route *route = host_route_find(interface->host, remote);

    if (route == NULL || route->interface != interface) {
        return NULL;
    }
    return host_neighbor_get(interface, host_route_next_hop(route, remote));
}

void host_reset_send(struct host_interface *interface, const struct toe_addr *local,
                     const struct toe_addr *remote, const struct tcp_segment *seg)
{
    struct tcp_segment rst = TCP_SEGMENT_INIT;
    struct packet packet = {
        .src = local, .dst = remote, .proto = WIRE_PROTO_TCP, .ttl = interface->host->settings.ttl};
    const uint32_t head = interface->ether_len + ip_len(local->family);
    struct host_neighbor *neighbor;
    uint8_t *frame;
    uint32_t tcp_len;
    uint64_t sum;

    if ((seg->flags & TCP_RST) != 0) {
        return;
    }
    neighbor = next_hop(interface, remote);
    if (neighbor == NULL) {
        host_drop(interface->host, TOE_DROP_IP_NO_ROUTE);
        return;
    }
    rst.src_port = seg->dst_port;
    rst.dst_port = seg->src_port;
    rst.flags = TCP_RST;
    if ((seg->flags & TCP_ACK) != 0) {
        rst.seq = seg->ack;
    } else {
        rst.flags |= TCP_ACK;
        rst.ack = toe_seq_add(seg->seq, tcp_segment_len(seg));
    }
    frame = host_tx_reserve(interface, head + WIRE_TCP_LEN_MAX);
    tcp_len = (uint32_t)wire_tcp_build(frame + head, WIRE_TCP_LEN_MAX, &rst);
    sum = wire_csum_words(wire_csum_pseudo(local, remote, WIRE_PROTO_TCP, tcp_len), frame + head,
                          tcp_len);
    wire_store_u16(frame + head + WIRE_TCP_CSUM_OFF, wire_csum_fold(sum));
    packet.len = tcp_len;
    put_ip(interface->host, frame + head - ip_len(local->family), &packet);
    ++interface->host->stats.segments_out;
    ++interface->host->stats.resets_out;
    host_neighbor_send(neighbor, frame, head + tcp_len);
}

void host_icmp_send(struct host_interface *interface, const struct toe_addr *local,
                    const struct toe_addr *remote, const struct wire_icmp *icmp)
{
    const uint32_t head = interface->ether_len + ip_len(local->family);
    const uint32_t len = WIRE_ICMP_LEN + (uint32_t)icmp->body_len;
    const struct packet packet = {
        .src = local,
        .dst = remote,
        .len = len,
        .proto = local->family == 4 ? WIRE_PROTO_ICMP : WIRE_PROTO_ICMPV6,
        .ttl = interface->host->settings.ttl,
    };
    struct host_neighbor *neighbor = next_hop(interface, remote);
    uint8_t *frame;

    if (neighbor == NULL) {
        host_drop(interface->host, TOE_DROP_IP_NO_ROUTE);
        return;
    }
    frame = host_tx_reserve(interface, head + len);
    wire_icmp_build(frame + head, len, icmp);
    wire_icmp_csum_set(frame + head, len, local, remote);
    put_ip(interface->host, frame + head - ip_len(local->family), &packet);
    host_neighbor_send(neighbor, frame, head + len);
}
