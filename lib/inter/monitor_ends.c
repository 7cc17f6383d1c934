/* SPDX-License-Identifier: MIT */
#include "inter/monitor.h"

#include "wire/bytes.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#include <string.h>

/*
 * The ends of connections: no two that are offloaded have the same (NEW-4), and none that is
 * offloaded is spoken for on the ordinary path (ARCH-5).
 */

#define PORTS_LEN 4

static bool is_same_addr(const struct toe_addr *a, const struct toe_addr *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16) == 0;
}

static bool is_same(const struct monitor_ends *a, const struct monitor_ends *b)
{
    return a->ports[0] == b->ports[0] && a->ports[1] == b->ports[1] &&
           is_same_addr(&a->addrs[0], &b->addrs[0]) && is_same_addr(&a->addrs[1], &b->addrs[1]);
}

static uint64_t hash_of(const struct monitor_ends *ends)
{
    uint64_t hash = (uint64_t)ends->ports[0] << 16 | ends->ports[1];

    for (int i = 0; i < 2; ++i) {
        const struct toe_addr *addr = &ends->addrs[i];

        for (uint32_t k = 0; k < (addr->family == 4 ? 4u : 16u); k += 4) {
            hash = monitor_hash(hash + wire_load_u32(addr->bytes + k));
        }
    }
    return hash;
}

static struct monitor_object *find(const struct toe_inter_monitor *m,
                                   const struct monitor_ends *ends)
{
    struct base_hash_node *n = base_hash_first(&m->by_ends, hash_of(ends));

    for (; n != NULL; n = base_hash_next(n)) {
        struct monitor_object *object = base_container_of(n, struct monitor_object, by_ends);

        if (is_same(&object->ends, ends)) {
            return object;
        }
    }
    return NULL;
}

bool monitor_ends_take(struct toe_inter_monitor *m, struct monitor_object *object,
                       const struct monitor_node *node)
{
    bool is_alone;

    if (!node->has_state || object->layer == TOE_LAYER_NEIGHBOR) {
        return true;
    }
    if (object->layer == TOE_LAYER_PATH) {
        object->ends.addrs[0] = node->state.path.constant.src;
        object->ends.addrs[1] = node->state.path.constant.dst;
        object->has_ends = true;
        return true;
    }
    if (object->parent == NULL || !object->parent->has_ends) {
        return true;
    }
    object->ends = object->parent->ends;
    object->ends.ports[0] = node->state.tcp.constant.local_port;
    object->ends.ports[1] = node->state.tcp.constant.remote_port;
    object->has_ends = true;
    is_alone = find(m, &object->ends) == NULL;
    base_hash_insert(&m->by_ends, &object->by_ends, hash_of(&object->ends));
    return is_alone;
}

void monitor_ends_drop(struct toe_inter_monitor *m, struct monitor_object *object)
{
    if (object->has_ends && object->layer == TOE_LAYER_TCP) {
        base_hash_remove(&m->by_ends, &object->by_ends);
    }
}

/* --- the ordinary path --- */

/* The ends of the TCP segment in |frame|, as its sender sees them. Returns false if it has none. */
static bool ends_of(struct monitor_ends *ends, const struct toe_frame *frame)
{
    struct wire_ether ether;
    const int at = wire_ether_parse(&ether, frame->data, frame->len);
    const uint8_t *packet;
    const uint8_t *tcp;
    uint8_t proto;
    int len;

    if (at < 0) {
        return false;
    }
    packet = frame->data + at;
    if (ether.type == WIRE_ETHER_TYPE_IPV4) {
        struct wire_ipv4 ip;

        len = wire_ipv4_parse_quote(&ip, packet, frame->len - (uint32_t)at);
        *ends = (struct monitor_ends){.addrs = {ip.src, ip.dst}};
        proto = ip.frag_off == 0 ? ip.proto : 0;
    } else if (ether.type == WIRE_ETHER_TYPE_IPV6) {
        struct wire_ipv6 ip;

        len = wire_ipv6_parse_quote(&ip, packet, frame->len - (uint32_t)at);
        *ends = (struct monitor_ends){.addrs = {ip.src, ip.dst}};
        proto = ip.next_header;
    } else {
        return false;
    }
    if (len < 0 || proto != WIRE_PROTO_TCP || frame->len < (uint32_t)(at + len) + PORTS_LEN) {
        return false;
    }
    tcp = packet + len;
    ends->ports[0] = wire_load_u16(tcp);
    ends->ports[1] = wire_load_u16(tcp + 2);
    return true;
}

void monitor_ends_transmit(struct toe_inter_monitor *m, const struct toe_frame *frame)
{
    struct monitor_ends ends;
    const struct monitor_object *object = ends_of(&ends, frame) ? find(m, &ends) : NULL;

    monitor_check(m, MONITOR_H_ARCH_5,
                  object == NULL ||
                      (object->stage != MONITOR_LIVE && object->stage != MONITOR_LEAVING),
                  object, NULL);
}
