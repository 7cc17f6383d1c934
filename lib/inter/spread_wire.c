/* SPDX-License-Identifier: MIT */
#include "inter/spread.h"

#include "wire/bytes.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

/*
 * The wire below the team, and the wires that its members have. Frames that follow one another to
 * the same member are one piece of work for it; the next piece is another member's. So all frames
 * are seen in the order in which they came, whatever the table says meanwhile (RSS-3), and so are
 * those of the ordinary path, which all members pass up to one host.
 */

#define PORTS_LEN 4u
#define PROTO_FRAGMENT 44
#define FRAGMENT_LEN 8u

/* Which packet a frame holds, as far as the choice of a member needs it. */
struct packet {
    struct spread_tuple tuple;
    bool has_addr;
    bool has_ports; /* of TCP */
};

static void parse_ports(struct packet *packet, const uint8_t *tcp, uint32_t len)
{
    if (len >= PORTS_LEN) {
        packet->tuple.remote_port = wire_load_u16(tcp);
        packet->tuple.local_port = wire_load_u16(tcp + 2);
        packet->has_ports = true;
    }
}

/* A packet that is there in part only is still its connection's to see. */
static void parse_ipv4(struct packet *packet, const uint8_t *data, uint32_t len)
{
    struct wire_ipv4 ip;
    const int header_len = wire_ipv4_parse_quote(&ip, data, len);

    if (header_len < 0) {
        return;
    }
    packet->tuple.local = ip.dst;
    packet->tuple.remote = ip.src;
    packet->has_addr = true;
    if (ip.proto == WIRE_PROTO_TCP && ip.frag_off == 0) {
        parse_ports(packet, data + header_len, len - (uint32_t)header_len);
    }
}

static void parse_ipv6(struct packet *packet, const uint8_t *data, uint32_t len)
{
    struct wire_ipv6 ip;
    const int header_len = wire_ipv6_parse_quote(&ip, data, len);
    const uint8_t *rest;
    uint32_t rest_len;

    if (header_len < 0) {
        return;
    }
    rest = data + header_len;
    rest_len = len - (uint32_t)header_len;
    packet->tuple.local = ip.dst;
    packet->tuple.remote = ip.src;
    packet->has_addr = true;
    if (ip.next_header == PROTO_FRAGMENT && rest_len > FRAGMENT_LEN && rest[0] == WIRE_PROTO_TCP &&
        (wire_load_u16(rest + 2) & 0xfff8u) == 0) {
        parse_ports(packet, rest + FRAGMENT_LEN, rest_len - FRAGMENT_LEN);
    } else if (ip.next_header == WIRE_PROTO_TCP) {
        parse_ports(packet, rest, rest_len);
    }
}

static void parse(struct packet *packet, const struct toe_frame *frame)
{
    struct wire_ether ether;
    const int header_len = wire_ether_parse(&ether, frame->data, frame->len);

    if (header_len < 0) {
        return;
    }
    if (ether.type == WIRE_ETHER_TYPE_IPV4) {
        parse_ipv4(packet, frame->data + header_len, frame->len - (uint32_t)header_len);
    } else if (ether.type == WIRE_ETHER_TYPE_IPV6) {
        parse_ipv6(packet, frame->data + header_len, frame->len - (uint32_t)header_len);
    }
}

/* RSS-1: of a connection that is offloaded, no hash is computed. */
static struct spread_member *member_for(struct toe_inter_spread *s, const struct toe_frame *frame)
{
    struct packet packet = {.has_addr = false};
    const struct spread_tuple *t = &packet.tuple;
    uint32_t hash = 0;

    parse(&packet, frame);
    if (packet.has_ports) {
        const struct spread_object *object = spread_tuple_find(s, t);

        if (object != NULL) {
            return &s->members[object->member];
        }
        hash = wire_rss_hash(&s->rss, &t->remote, &t->local, t->remote_port, t->local_port);
    } else if (packet.has_addr) {
        hash = wire_rss_hash_addr(&s->rss, &t->remote, &t->local);
    }
    return &s->members[spread_member_of(s, hash)];
}

/* --- the members' wire --- */

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct spread_member *member = wire;
    uint32_t cnt = 0;

    while (cnt < max && member->frame_cnt > 0) {
        frames[cnt++] = *member->frames++;
        --member->frame_cnt;
    }
    return cnt;
}

static void transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct toe_inter_spread *s = ((struct spread_member *)wire)->spread;

    s->wire.transmit(s->settings.wire_user, frames, cnt);
}

static bool link_up(void *wire)
{
    struct toe_inter_spread *s = ((struct spread_member *)wire)->spread;

    return s->wire.link_up == NULL || s->wire.link_up(s->settings.wire_user);
}

void spread_wire_init(struct toe_inter_spread *s)
{
    s->wire_ops = (struct toe_wire_ops){
        .size = sizeof(s->wire_ops),
        .features = s->wire.features,
        .receive = receive,
        .transmit = transmit,
        .link_up = link_up,
    };
}

/* Runs |member| until it has fetched |cnt| frames; one that does not fetch any loses them. */
static void feed(struct spread_member *member, const struct toe_frame *frames, uint32_t cnt)
{
    uint32_t before;

    member->frames = frames;
    member->frame_cnt = cnt;
    do {
        before = member->frame_cnt;
        spread_member_run(member);
    } while (member->frame_cnt > 0 && member->frame_cnt < before);
    member->frame_cnt = 0;
}

void spread_wire_run(struct toe_inter_spread *s)
{
    struct toe_frame frames[SPREAD_BATCH];
    uint32_t cnt;

    do {
        cnt = s->wire.receive(s->settings.wire_user, frames, SPREAD_BATCH);
        for (uint32_t i = 0; i < cnt;) {
            struct spread_member *member = member_for(s, &frames[i]);
            uint32_t end = i + 1;

            while (end < cnt && member_for(s, &frames[end]) == member) {
                ++end;
            }
            feed(member, &frames[i], end - i);
            i = end;
        }
    } while (cnt == SPREAD_BATCH);
}
