/* SPDX-License-Identifier: MIT */
#include "host/host_input.h"

#include "host/addr.h"
#include "host/address.h"
#include "host/drive.h"
#include "host/held.h"
#include "host/host_icmp.h"
#include "host/host_output.h"
#include "host/listener.h"
#include "host/path.h"
#include "host/resolve.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/nd.h"
#include "wire/plain.h"

#include <string.h>

/* How far a new connection's sequence numbers begin behind those of one in TIME_WAIT. */
#define REOPEN_DISTANCE 131072u

/* The bits of the type of service, or traffic class, that are ECN. */
#define ECN_MASK 3u

/* An IP packet that is for us, whole and sound. */
struct packet {
    struct host_interface *interface;
    struct toe_addr src;
    struct toe_addr dst;
    const uint8_t *body; /* behind the IP header */
    size_t len;
    uint8_t tos;
    uint8_t flags; /* TOE_FRAME_* */
    bool is_group; /* the frame was for many */
};

void host_input_keep(struct host_interface *interface, const struct toe_frame *frames, uint32_t cnt)
{
    struct toe_host *host = interface->host;

    for (uint32_t i = 0; i < cnt; ++i) {
        struct host_piece *piece = NULL;

        if (host->inbox_cnt < HOST_INBOX_MAX && frames[i].more_cnt == 0) {
            piece = host_piece_new_whole(&host->pieces, frames[i].len);
        }
        if (piece == NULL) {
            host_drop(host, TOE_DROP_NO_MEMORY);
            continue;
        }
        if (frames[i].len > 0) {
            memcpy(piece->data, frames[i].data, frames[i].len);
        }
        piece->frame_len = frames[i].len;
        piece->frame_flags = frames[i].flags;
        piece->buf.owner_data[0] = interface;
        base_list_push_back(&host->inbox, &piece->node);
        ++host->inbox_cnt;
    }
}

void host_input_run(struct toe_host *host)
{
    struct base_list_node *node;

    while ((node = base_list_pop_front(&host->inbox)) != NULL) {
        struct host_piece *piece = host_piece_of_node(node);

        --host->inbox_cnt;
        host_input_piece(piece->buf.owner_data[0], piece);
    }
}

static bool is_tcp_csum_ok(const struct packet *packet)
{
    uint64_t sum;

    if ((packet->flags & (TOE_FRAME_CSUM_VALID | TOE_FRAME_CSUM_PARTIAL)) != 0) {
        return true;
    }
    sum = wire_csum_pseudo(&packet->src, &packet->dst, WIRE_PROTO_TCP, (uint32_t)packet->len);
    sum = wire_csum_combine(sum, wire_csum_add(0, packet->body, packet->len), 0);
    return wire_csum_fold(sum) == 0;
}

/*
 * Whether |syn| may begin a new connection where one is in TIME_WAIT (RFC 9293, 3.10.7.4; RFC
 * 6191): it cannot be an old duplicate.
 */
static bool can_reopen(const struct host_conn *conn, const struct tcp_segment *seg)
{
    const struct tcp_conn *tcp = &conn->tcp;

    if (conn->place != TOE_PLACE_HOST || tcp->state != TOE_TCP_TIME_WAIT ||
        (seg->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN) {
        return false;
    }
    if (tcp->has_timestamps && seg->has_ts && seg->ts_val != tcp->ts_recent) {
        return seg->ts_val - tcp->ts_recent < UINT32_C(0x80000000);
    }
    return toe_seq_gt(seg->seq, tcp->rcv_nxt);
}

/*
 * A segment for |conn| that lies at |tcp| in its frame: to its engine, or to wait for its move.
 */
static void input_conn(struct host_conn *conn, struct host_interface *interface, const uint8_t *tcp,
                       const struct tcp_segment *seg)
{
    struct toe_host *host = conn->host;

    if (conn->place == TOE_PLACE_HOST) {
        host_drive_input(conn, seg);
        return;
    }
    /* FWD-001, FWD-003. The piece keeps the frame, its buffer describes the segment. */
    host->frame->buf.off = (uint32_t)(tcp - host->frame->data);
    host->frame->buf.len = (uint32_t)(seg->payload - tcp) + seg->payload_len;
    host->frame->buf.flags = seg->ecn == TCP_ECN_CE ? TOE_BUF_CE : 0;
    host->frame->buf.owner_data[0] = interface;
    if (host_held_push(conn, host->frame)) {
        host->frame = NULL;
    }
}

/* A segment of |tuple| that is whole and sound: to its connection, or to a listener. */
static void deliver(const struct packet *packet, const struct tcp_segment *seg,
                    const struct host_tuple *tuple)
{
    struct toe_host *host = packet->interface->host;
    struct host_conn *conn = host_lookup_conn(host, tuple);
    struct host_listener *listener;
    toe_seq floor;
    bool has_floor = false;

    if (conn != NULL && !can_reopen(conn, seg)) {
        input_conn(conn, packet->interface, packet->body, seg);
        return;
    }
    listener = host_lookup_listener(host, &packet->dst, seg->dst_port);
    if (conn != NULL && listener == NULL) {
        host_drop(host, TOE_DROP_TCP_CLOSED); /* TIME_WAIT goes on */
        return;
    }
    if (conn != NULL) {
        floor = toe_seq_add(conn->tcp.snd_max, REOPEN_DISTANCE);
        has_floor = true;
        host_drive_end(conn, TOE_HOST_CLOSED, TOE_STATUS_SUCCESS);
    }
    if (listener != NULL) {
        host_listener_input(listener, packet->interface, tuple, seg, has_floor ? &floor : NULL);
    } else {
        host_drop(host, TOE_DROP_TCP_NO_CONNECTION);
        host_reset_send(packet->interface, &packet->dst, &packet->src, seg);
    }
}

static void input_tcp(const struct packet *packet)
{
    struct toe_host *host = packet->interface->host;
    struct tcp_segment seg;
    struct host_tuple tuple;

    if (wire_tcp_parse(&seg, packet->body, packet->len) < 0 || seg.src_port == 0 ||
        seg.dst_port == 0) {
        host_drop(host, TOE_DROP_TCP_HEADER);
        return;
    }
    if (!is_tcp_csum_ok(packet)) {
        host_drop(host, TOE_DROP_TCP_CHECKSUM);
        return;
    }
    seg.ecn = packet->tos & ECN_MASK;
    tuple = host_tuple_of(host, &packet->dst, &packet->src, seg.dst_port, seg.src_port);
    deliver(packet, &seg, &tuple);
}

/* Whether a TCP segment or echo can have these addresses: both one machine's, the second ours. */
static bool is_for_us(const struct packet *packet)
{
    return host_address_find(packet->interface, &packet->dst) != NULL &&
           host_addr_is_host(&packet->src) &&
           host_address_find(packet->interface, &packet->src) == NULL &&
           !host_address_is_broadcast(packet->interface, &packet->src);
}

static void input_packet(struct packet *packet, uint8_t proto)
{
    struct toe_host *host = packet->interface->host;
    const uint8_t icmp = packet->src.family == 4 ? WIRE_PROTO_ICMP : WIRE_PROTO_ICMPV6;

    if (!is_for_us(packet)) {
        host_drop(host, TOE_DROP_IP_ADDRESS);
    } else if (proto == WIRE_PROTO_TCP && packet->is_group) {
        host_drop(host, TOE_DROP_IP_ADDRESS); /* RFC 1122, 3.3.6 */
    } else if (proto == WIRE_PROTO_TCP) {
        input_tcp(packet);
    } else if (proto == icmp) {
        host_icmp_input(packet->interface, &packet->dst, &packet->src, packet->body, packet->len);
    } else {
        host_drop(host, TOE_DROP_IP_PROTOCOL);
    }
}

static void input_ipv4(struct packet *packet, const uint8_t *data, size_t len)
{
    struct toe_host *host = packet->interface->host;
    struct wire_ipv4 ip;
    const int head = wire_ipv4_parse(&ip, data, len);

    if (head < 0) {
        host_drop(host, TOE_DROP_IP_HEADER);
        return;
    }
    if (!ip.csum_ok) {
        host_drop(host, TOE_DROP_IP_CHECKSUM);
        return;
    }
    if (wire_ipv4_is_fragment(&ip)) {
        host_drop(host, TOE_DROP_IP_FRAGMENT);
        return;
    }
    packet->src = ip.src;
    packet->dst = ip.dst;
    packet->tos = ip.tos;
    packet->body = data + head;
    packet->len = ip.payload_len;
    input_packet(packet, ip.proto);
}

/* Neighbor discovery has rules of its own about addresses. */
static bool is_nd(const uint8_t *body, size_t len, uint8_t proto)
{
    return proto == WIRE_PROTO_ICMPV6 && len > 0 &&
           (body[0] == WIRE_ND_SOLICITATION || body[0] == WIRE_ND_ADVERTISEMENT);
}

static void input_ipv6(struct packet *packet, const uint8_t *data, size_t len)
{
    struct toe_host *host = packet->interface->host;
    struct wire_ipv6 ip;
    struct wire_ipv6_chain chain;
    int ext;

    if (wire_ipv6_parse(&ip, data, len) < 0) {
        host_drop(host, TOE_DROP_IP_HEADER);
        return;
    }
    ext = wire_ipv6_walk(&chain, ip.next_header, data + WIRE_IPV6_LEN, ip.payload_len);
    if (ext < 0) {
        host_drop(host, TOE_DROP_IP_HEADER);
        return;
    }
    if (chain.has_fragment) {
        host_drop(host, TOE_DROP_IP_FRAGMENT);
        return;
    }
    packet->src = ip.src;
    packet->dst = ip.dst;
    packet->tos = ip.traffic_class;
    packet->body = data + WIRE_IPV6_LEN + ext;
    packet->len = ip.payload_len - (size_t)ext;
    if (!is_nd(packet->body, packet->len, chain.proto)) {
        input_packet(packet, chain.proto);
    } else if (wire_icmp_csum_ok(packet->body, packet->len, &ip.src, &ip.dst)) {
        host_resolve_nd_input(packet->interface, &ip, packet->body, packet->len);
    } else {
        host_drop(host, TOE_DROP_ICMP_BAD);
    }
}

/* Whether a frame with this header is for |interface|; counts it if not. */
static bool accept_ether(struct host_interface *interface, const struct wire_ether *ether)
{
    const bool is_group = (ether->dst[0] & 1) != 0;

    if (!is_group && memcmp(ether->dst, interface->mac, TOE_MAC_LEN) != 0) {
        host_drop(interface->host, TOE_DROP_FRAME_ADDRESS);
        return false;
    }
    if (ether->vlan_id != interface->vlan_id) {
        host_drop(interface->host, TOE_DROP_FRAME_VLAN);
        return false;
    }
    return true;
}

/* Reads |plain| into |seg|; false if anything is wrong with it. */
static bool read_plain(struct tcp_segment *seg, struct wire_plain *plain, uint8_t flags)
{
    bool is_sound = (flags & (TOE_FRAME_CSUM_VALID | TOE_FRAME_CSUM_PARTIAL)) != 0;

    if (wire_plain_options(plain)) {
        wire_plain_segment(seg, plain);
        is_sound = is_sound || wire_csum_fold(wire_csum_add(wire_plain_sum(plain), seg->payload,
                                                            seg->payload_len)) == 0;
    } else if (wire_tcp_parse(seg, plain->tcp, plain->tcp_len) >= 0) {
        is_sound = is_sound || wire_plain_is_sum_right(plain);
    } else {
        return false;
    }
    seg->ecn = plain->tos & ECN_MASK;
    return is_sound && seg->src_port != 0 && seg->dst_port != 0;
}

static struct toe_addr addr_at(const uint8_t *bytes, uint8_t family)
{
    struct toe_addr addr = {.family = family};

    if (family == 4) {
        memcpy(addr.bytes, bytes, 4);
    } else {
        memcpy(addr.bytes, bytes, 16);
    }
    return addr;
}

/* The segment |seg| of |plain|, which is for no connection that exists; |hash| is of its tuple. */
static void input_stranger(struct host_interface *interface, const struct wire_plain *plain,
                           const struct tcp_segment *seg, uint64_t hash)
{
    const uint8_t *row = wire_plain_row(plain);
    const struct packet packet = {
        .interface = interface,
        .src = addr_at(row, plain->family),
        .dst = addr_at(row + (plain->family == 4 ? 4 : 16), plain->family),
        .body = plain->tcp,
        .len = plain->tcp_len,
    };
    const struct host_tuple tuple = {&packet.dst, &packet.src, seg->dst_port, seg->src_port, hash};

    if (is_for_us(&packet)) {
        deliver(&packet, seg, &tuple);
    } else {
        host_drop(interface->host, TOE_DROP_IP_ADDRESS);
    }
}

/*
 * The short way of what most frames are: sound TCP, without extras. Of a connection the addresses
 * were looked at when it was made. False, and nothing was done, if it is anything else.
 */
static bool input_plain(struct host_interface *interface, const struct host_piece *piece)
{
    struct wire_plain plain;
    struct host_conn *conn;
    struct tcp_segment seg;
    uint64_t hash;

    if (!wire_plain_find(&plain, piece->data, piece->frame_len) ||
        memcmp(plain.frame, interface->mac, TOE_MAC_LEN) != 0 ||
        plain.vlan_id != interface->vlan_id || !read_plain(&seg, &plain, piece->frame_flags)) {
        return false;
    }
    conn = host_lookup_plain(&hash, interface, &plain);
    if (conn != NULL && !can_reopen(conn, &seg)) {
        input_conn(conn, interface, plain.tcp, &seg);
    } else {
        input_stranger(interface, &plain, &seg, hash);
    }
    return true;
}

static void input_frame(struct host_interface *interface, const struct host_piece *piece)
{
    struct toe_host *host = interface->host;
    struct packet packet = {.interface = interface, .flags = piece->frame_flags};
    struct wire_ether ether;
    const int head = wire_ether_parse(&ether, piece->data, piece->frame_len);

    if (head < 0) {
        host_drop(host, TOE_DROP_FRAME_SHORT);
        return;
    }
    if (!accept_ether(interface, &ether)) {
        return;
    }
    packet.is_group = (ether.dst[0] & 1) != 0;
    switch (ether.type) {
    case WIRE_ETHER_TYPE_ARP:
        host_resolve_arp_input(interface, &ether, piece->data + head,
                               piece->frame_len - (size_t)head);
        break;
    case WIRE_ETHER_TYPE_IPV4:
        input_ipv4(&packet, piece->data + head, piece->frame_len - (size_t)head);
        break;
    case WIRE_ETHER_TYPE_IPV6:
        input_ipv6(&packet, piece->data + head, piece->frame_len - (size_t)head);
        break;
    default:
        host_drop(host, TOE_DROP_FRAME_TYPE);
        break;
    }
}

void host_input_piece(struct host_interface *interface, struct host_piece *piece)
{
    struct toe_host *host = interface->host;
    struct host_piece *outer = host->frame;

    host->frame = piece;
    if (!input_plain(interface, piece)) {
        input_frame(interface, piece);
    }
    host_piece_del(&host->pieces, host->frame);
    host->frame = outer;
}
