/* SPDX-License-Identifier: MIT */
#include "pd_wire.h"

#include "pd_trail.h"
#include "pd_world.h"
#include "wire/arp.h"
#include "wire/ether.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/nd.h"

#include <stdlib.h>
#include <string.h>

#define FRAME_MAX 65600u

const uint8_t pd_wire_mac[TOE_MAC_LEN] = {0x02, 0, 0, 0, 0, 1};
static const uint8_t router_mac[TOE_MAC_LEN] = {0x02, 0, 0, 0, 0, 2};

/* A frame, or a packet, that waits. */
struct item {
    struct item *next;
    toe_instant at;
    size_t len;
    uint8_t bytes[];
};

struct queue {
    struct item *head;
    struct item *tail;
};

static struct queue to_stack;
static struct queue from_stack;
static struct queue fetched; /* borrowed by the target until it fetches again */

static void push(struct queue *q, struct item *item)
{
    item->next = NULL;
    if (q->head == NULL) {
        q->head = item;
    } else {
        q->tail->next = item;
    }
    q->tail = item;
}

static struct item *pop(struct queue *q)
{
    struct item *item = q->head;

    if (item != NULL) {
        q->head = item->next;
    }
    return item;
}

static void clear(struct queue *q)
{
    struct item *item;

    while ((item = pop(q)) != NULL) {
        free(item);
    }
}

static struct item *item_new(size_t len)
{
    struct item *item = malloc(sizeof(*item) + len);

    if (item != NULL) {
        item->at = pd_world()->now;
        item->len = len;
    }
    return item;
}

/* A frame of |type| from the router, to be filled in behind its header. */
static struct item *frame_new(uint16_t type, size_t len)
{
    struct wire_ether ether = {.type = type};
    struct item *item = item_new(WIRE_ETHER_LEN + len);

    if (item != NULL) {
        memcpy(ether.dst, pd_wire_mac, TOE_MAC_LEN);
        memcpy(ether.src, router_mac, TOE_MAC_LEN);
        wire_ether_build(item->bytes, WIRE_ETHER_LEN, &ether);
    }
    return item;
}

static void answer_arp(const uint8_t *data, size_t len)
{
    struct wire_arp arp;
    struct wire_arp reply = {.op = WIRE_ARP_REPLY};
    struct item *item;

    if (wire_arp_parse(&arp, data, len) < 0 || arp.op != WIRE_ARP_REQUEST) {
        return;
    }
    memcpy(reply.sender_mac, router_mac, TOE_MAC_LEN);
    reply.sender_ip = arp.target_ip;
    memcpy(reply.target_mac, arp.sender_mac, TOE_MAC_LEN);
    reply.target_ip = arp.sender_ip;
    item = frame_new(WIRE_ETHER_TYPE_ARP, WIRE_ARP_LEN);
    if (item != NULL) {
        wire_arp_build(item->bytes + WIRE_ETHER_LEN, WIRE_ARP_LEN, &reply);
        push(&to_stack, item);
    }
}

/* Answers a solicitation; true if the packet was one of neighbor discovery. */
static bool answer_nd(const uint8_t *data, size_t len)
{
    struct wire_ipv6 ip;
    struct wire_nd nd;
    struct wire_nd reply = {
        .type = WIRE_ND_ADVERTISEMENT,
        .is_router = true,
        .is_solicited = true,
        .is_override = true,
        .has_lladdr = true,
    };
    struct item *item;
    uint8_t *body;

    if (wire_ipv6_parse(&ip, data, len) < 0 || ip.next_header != WIRE_PROTO_ICMPV6 ||
        wire_nd_parse(&nd, data + WIRE_IPV6_LEN, ip.payload_len) < 0) {
        return false;
    }
    item = frame_new(WIRE_ETHER_TYPE_IPV6, WIRE_IPV6_LEN + WIRE_ND_LEN_MAX);
    if (nd.type != WIRE_ND_SOLICITATION || item == NULL) {
        free(item);
        return true;
    }
    memcpy(reply.lladdr, router_mac, TOE_MAC_LEN);
    reply.target = nd.target;
    ip.dst = ip.src;
    ip.src = nd.target;
    ip.hop_limit = 255;
    ip.payload_len = WIRE_ND_LEN_MAX;
    wire_ipv6_build(item->bytes + WIRE_ETHER_LEN, WIRE_IPV6_LEN, &ip);
    body = item->bytes + WIRE_ETHER_LEN + WIRE_IPV6_LEN;
    wire_nd_build(body, WIRE_ND_LEN_MAX, &reply);
    wire_icmp_csum_set(body, WIRE_ND_LEN_MAX, &ip.src, &ip.dst);
    push(&to_stack, item);
    return true;
}

/* A frame of the stack's, whole. */
static void sent(const uint8_t *data, size_t len)
{
    struct wire_ether ether;
    const int head = wire_ether_parse(&ether, data, len);
    struct item *item;

    if (head < 0) {
        return;
    }
    data += head;
    len -= (size_t)head;
    if (ether.type == WIRE_ETHER_TYPE_ARP) {
        answer_arp(data, len);
        return;
    }
    if ((ether.type != WIRE_ETHER_TYPE_IPV4 && ether.type != WIRE_ETHER_TYPE_IPV6) ||
        (ether.type == WIRE_ETHER_TYPE_IPV6 && answer_nd(data, len))) {
        return;
    }
    pd_trail_out(data, len);
    item = item_new(len);
    if (item != NULL) {
        memcpy(item->bytes, data, len);
        push(&from_stack, item);
    }
}

static void transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    static uint8_t bytes[FRAME_MAX];

    (void)wire;
    for (uint32_t i = 0; i < cnt; ++i) {
        size_t len = frames[i].len;

        memcpy(bytes, frames[i].data, len);
        for (uint32_t j = 0; j < frames[i].more_cnt; ++j) {
            memcpy(bytes + len, frames[i].more[j].base, frames[i].more[j].len);
            len += frames[i].more[j].len;
        }
        sent(bytes, len);
    }
}

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    uint32_t cnt = 0;

    (void)wire;
    clear(&fetched);
    while (cnt < max && to_stack.head != NULL) {
        struct item *item = pop(&to_stack);

        push(&fetched, item);
        frames[cnt++] = (struct toe_frame){.data = item->bytes, .len = (uint32_t)item->len};
    }
    return cnt;
}

const struct toe_wire_ops *pd_wire_ops(void)
{
    static const struct toe_wire_ops ops = {
        .size = sizeof(ops),
        .receive = receive,
        .transmit = transmit,
    };

    return &ops;
}

bool pd_wire_put(const void *packet, size_t len)
{
    const uint8_t *bytes = packet;
    const unsigned version = len == 0 ? 0 : bytes[0] >> 4;
    struct item *item;

    if (version != 4 && version != 6) {
        return false;
    }
    item = frame_new(version == 4 ? WIRE_ETHER_TYPE_IPV4 : WIRE_ETHER_TYPE_IPV6, len);
    if (item == NULL) {
        return false;
    }
    pd_trail_in(packet, len);
    memcpy(item->bytes + WIRE_ETHER_LEN, packet, len);
    push(&to_stack, item);
    return true;
}

bool pd_wire_has_frames(void)
{
    return to_stack.head != NULL;
}

size_t pd_wire_get(void *packet, size_t room, toe_instant *at)
{
    struct item *item = pop(&from_stack);
    size_t len;

    if (item == NULL) {
        return 0;
    }
    len = item->len;
    *at = item->at;
    memcpy(packet, item->bytes, len < room ? len : room);
    free(item);
    return len;
}

size_t pd_wire_unread_cnt(void)
{
    size_t cnt = 0;

    for (const struct item *item = from_stack.head; item != NULL; item = item->next) {
        ++cnt;
    }
    return cnt;
}

void pd_wire_end(void)
{
    clear(&to_stack);
    clear(&from_stack);
    clear(&fetched);
    pd_trail_end();
}
