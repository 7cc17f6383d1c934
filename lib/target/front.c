/* SPDX-License-Identifier: MIT */
#include "target/front.h"

#include "target/instance.h"
#include "target/object.h"
#include "wire/ipv4.h"

#include <string.h>

_Static_assert(sizeof(struct target_front_key) == 24, "keys are compared byte by byte");

static uint8_t priority_of(const struct target_tcp *tcp)
{
    return tcp->target->caps.user_priority ? tcp->conn.cached.user_priority & 7 : 0;
}

/* The ECN bits are the engine's, not the host's (RFC-091). */
static struct target_front_key key_of(const struct target_tcp *tcp, uint8_t ecn)
{
    const struct target_neighbor *neighbor = tcp->path->neighbor;
    struct target_front_key key = {
        .flow_label = tcp->conn.cached.flow_label & 0xfffff,
        .vlan_id = neighbor->vlan_id,
        .priority = priority_of(tcp),
        .tos = (uint8_t)((tcp->conn.cached.tos & 0xfc) | ecn),
        .ttl = tcp->conn.cached.ttl,
        .is_snap = target_is_snap(tcp->target),
        .is_ipv4 = tcp->path->constant.src.family == 4,
        .is_built = true,
    };

    memcpy(key.dst_mac, neighbor->dst_mac, TOE_MAC_LEN);
    memcpy(key.src_mac, neighbor->src_mac, TOE_MAC_LEN);
    return key;
}

/* SEG-079, RFC-117. */
static uint32_t put_ether(uint8_t *out, const struct target_front_key *key)
{
    struct wire_ether ether = {
        .type = key->is_ipv4 ? WIRE_ETHER_TYPE_IPV4 : WIRE_ETHER_TYPE_IPV6,
        .vlan_present = key->vlan_id != 0 || key->priority != 0,
        .vlan_id = key->vlan_id,
        .vlan_pcp = key->priority,
        .snap = key->is_snap,
    };

    memcpy(ether.dst, key->dst_mac, TOE_MAC_LEN);
    memcpy(ether.src, key->src_mac, TOE_MAC_LEN);
    return (uint32_t)wire_ether_build(out, WIRE_ETHER_LEN_MAX, &ether);
}

static uint32_t put_ipv4(uint8_t *out, const struct target_path *path,
                         const struct target_front_key *key)
{
    const struct wire_ipv4 ip = {
        .src = path->constant.src,
        .dst = path->constant.dst,
        .tos = key->tos,
        .ttl = key->ttl,
        .proto = WIRE_PROTO_TCP,
        .df = true,
    };

    return (uint32_t)wire_ipv4_build(out, WIRE_IPV4_LEN, &ip);
}

static uint32_t put_ipv6(uint8_t *out, const struct target_path *path,
                         const struct target_front_key *key)
{
    const struct wire_ipv6 ip = {
        .src = path->constant.src,
        .dst = path->constant.dst,
        .flow_label = key->flow_label,
        .traffic_class = key->tos,
        .next_header = WIRE_PROTO_TCP,
        .hop_limit = key->ttl,
    };

    return (uint32_t)wire_ipv6_build(out, WIRE_IPV6_LEN, &ip);
}

/* Whether the front is as it was found in this epoch: connections differ in what their hosts say.
 */
static bool is_current(const struct target_front *front, const struct target_tcp *tcp, uint8_t ecn)
{
    const struct toe_tcp_cached *cached = &tcp->conn.cached;

    return front->epoch == tcp->target->egress.epoch &&
           front->key.tos == (uint8_t)((cached->tos & 0xfc) | ecn) &&
           front->key.ttl == cached->ttl &&
           front->key.flow_label == (cached->flow_label & 0xfffff) &&
           front->key.priority == priority_of(tcp);
}

const struct target_front *target_front_of(const struct target_tcp *tcp, uint8_t ecn)
{
    struct target_front *front = &tcp->path->front;
    struct target_front_key key;
    uint8_t *ip;

    if (is_current(front, tcp, ecn)) {
        return front;
    }
    key = key_of(tcp, ecn);
    front->epoch = tcp->target->egress.epoch;
    if (memcmp(&front->key, &key, sizeof(key)) == 0) {
        return front;
    }
    front->key = key;
    front->ip_off = (uint8_t)put_ether(front->bytes, &key);
    ip = front->bytes + front->ip_off;
    front->len = (uint8_t)(front->ip_off + (key.is_ipv4 ? put_ipv4(ip, tcp->path, &key)
                                                        : put_ipv6(ip, tcp->path, &key)));
    return front;
}
