/* SPDX-License-Identifier: MIT */
#include "host/resolve.h"

#include "host/addr.h"
#include "host/address.h"
#include "host/host_output.h"
#include "wire/arp.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/nd.h"

#include <string.h>

static const uint8_t broadcast[TOE_MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t no_mac[TOE_MAC_LEN] = {0};

/* Whether |mac| can be one adapter's. */
static bool is_unicast_mac(const uint8_t mac[TOE_MAC_LEN])
{
    return (mac[0] & 1) == 0 && memcmp(mac, no_mac, TOE_MAC_LEN) != 0;
}

static void send_arp(struct host_interface *interface, const uint8_t dst[TOE_MAC_LEN],
                     const struct wire_arp *arp)
{
    const uint32_t head = interface->ether_len;
    uint8_t *frame = host_tx_reserve(interface, head + WIRE_ARP_LEN);

    wire_arp_build(frame + head, WIRE_ARP_LEN, arp);
    host_ether_put(interface, frame, head + WIRE_ARP_LEN, dst, WIRE_ETHER_TYPE_ARP);
    host_tx_commit(interface, head + WIRE_ARP_LEN);
}

static void arp_solicit(struct host_neighbor *neighbor, bool everybody)
{
    struct host_interface *interface = neighbor->interface;
    const struct host_address *own = host_address_for(interface, &neighbor->addr);
    struct wire_arp arp = {.op = WIRE_ARP_REQUEST, .target_ip = neighbor->addr};

    if (own == NULL) {
        return;
    }
    memcpy(arp.sender_mac, interface->mac, TOE_MAC_LEN);
    arp.sender_ip = own->addr;
    send_arp(interface, everybody ? broadcast : neighbor->mac, &arp);
}

/* Puts out the neighbor discovery message |nd| in a packet to |dst| at |mac|. */
static void send_nd(struct host_interface *interface, const uint8_t mac[TOE_MAC_LEN],
                    const struct toe_addr *src, const struct toe_addr *dst,
                    const struct wire_nd *nd)
{
    const uint32_t head = interface->ether_len;
    const uint32_t len = nd->has_lladdr ? WIRE_ND_LEN_MAX : WIRE_ND_LEN;
    uint8_t *frame = host_tx_reserve(interface, head + WIRE_IPV6_LEN + len);
    uint8_t *body = frame + head + WIRE_IPV6_LEN;
    const struct wire_ipv6 ip = {
        .src = *src,
        .dst = *dst,
        .payload_len = (uint16_t)len,
        .next_header = WIRE_PROTO_ICMPV6,
        .hop_limit = 255,
    };

    wire_nd_build(body, len, nd);
    wire_icmp_csum_set(body, len, src, dst);
    wire_ipv6_build(frame + head, WIRE_IPV6_LEN, &ip);
    host_ether_put(interface, frame, head + WIRE_IPV6_LEN + len, mac, WIRE_ETHER_TYPE_IPV6);
    host_tx_commit(interface, head + WIRE_IPV6_LEN + len);
}

static void nd_solicit(struct host_neighbor *neighbor, bool everybody)
{
    struct host_interface *interface = neighbor->interface;
    const struct host_address *own = host_address_for(interface, &neighbor->addr);
    struct wire_nd nd = {
        .type = WIRE_ND_SOLICITATION,
        .has_lladdr = true,
        .target = neighbor->addr,
    };
    struct toe_addr group = wire_nd_solicited_node(&neighbor->addr);
    uint8_t mac[TOE_MAC_LEN];

    if (own == NULL) {
        return;
    }
    memcpy(nd.lladdr, interface->mac, TOE_MAC_LEN);
    wire_nd_multicast_mac(mac, &group);
    send_nd(interface, everybody ? mac : neighbor->mac, &own->addr,
            everybody ? &group : &neighbor->addr, &nd);
}

void host_resolve_solicit(struct host_neighbor *neighbor, bool everybody)
{
    if (neighbor->addr.family == 4) {
        arp_solicit(neighbor, everybody);
    } else {
        nd_solicit(neighbor, everybody);
    }
}

/* Answers a request for |own|. */
static void arp_reply(struct host_interface *interface, const struct wire_arp *request,
                      const struct host_address *own)
{
    struct wire_arp arp = {
        .op = WIRE_ARP_REPLY,
        .sender_ip = own->addr,
        .target_ip = request->sender_ip,
    };

    memcpy(arp.sender_mac, interface->mac, TOE_MAC_LEN);
    memcpy(arp.target_mac, request->sender_mac, TOE_MAC_LEN);
    send_arp(interface, request->sender_mac, &arp);
}

void host_resolve_arp_input(struct host_interface *interface, const struct wire_ether *ether,
                            const uint8_t *data, size_t len)
{
    struct wire_arp arp;
    const struct host_address *own;
    struct host_neighbor *neighbor;

    /* The sender that the packet names must be the one that sent the frame. */
    if (wire_arp_parse(&arp, data, len) < 0 || !is_unicast_mac(arp.sender_mac) ||
        memcmp(arp.sender_mac, ether->src, TOE_MAC_LEN) != 0 ||
        memcmp(arp.sender_mac, interface->mac, TOE_MAC_LEN) == 0) {
        host_drop(interface->host, TOE_DROP_ARP_BAD);
        return;
    }
    own = host_address_find(interface, &arp.target_ip);
    if (host_addr_is_host(&arp.sender_ip) && host_address_find(interface, &arp.sender_ip) == NULL) {
        const bool is_for_us = own != NULL;

        neighbor = is_for_us ? host_neighbor_get(interface, &arp.sender_ip)
                             : host_neighbor_find(interface, &arp.sender_ip);
        if (neighbor != NULL && arp.op == WIRE_ARP_REPLY && is_for_us) {
            host_neighbor_answered(neighbor, arp.sender_mac);
        } else if (neighbor != NULL) {
            host_neighbor_heard(neighbor, arp.sender_mac);
        }
    }
    if (own != NULL && arp.op == WIRE_ARP_REQUEST) {
        arp_reply(interface, &arp, own);
    }
}

/* Answers a solicitation from |ip| for |own|. */
static void nd_advertise(struct host_interface *interface, const struct wire_ipv6 *ip,
                         const struct wire_nd *solicitation, const struct host_address *own)
{
    static const struct toe_addr all_nodes = {
        .family = 6,
        .bytes = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
    };
    const bool is_probe = !host_addr_is_host(&ip->src); /* unspecified: RFC 4862 */
    struct wire_nd nd = {
        .type = WIRE_ND_ADVERTISEMENT,
        .is_solicited = !is_probe,
        .is_override = true,
        .has_lladdr = true,
        .target = own->addr,
    };
    uint8_t mac[TOE_MAC_LEN];

    memcpy(nd.lladdr, interface->mac, TOE_MAC_LEN);
    if (is_probe) {
        wire_nd_multicast_mac(mac, &all_nodes);
        send_nd(interface, mac, &own->addr, &all_nodes, &nd);
    } else if (solicitation->has_lladdr) {
        send_nd(interface, solicitation->lladdr, &own->addr, &ip->src, &nd);
    } else {
        struct host_neighbor *neighbor = host_neighbor_get(interface, &ip->src);

        if (neighbor != NULL && host_neighbor_is_resolved(neighbor)) {
            send_nd(interface, neighbor->mac, &own->addr, &ip->src, &nd);
        }
    }
}

static void input_solicitation(struct host_interface *interface, const struct wire_ipv6 *ip,
                               const struct wire_nd *nd)
{
    const struct host_address *own = host_address_find(interface, &nd->target);

    if (own == NULL) {
        return;
    }
    if (host_addr_is_host(&ip->src) && nd->has_lladdr &&
        host_address_find(interface, &ip->src) == NULL) {
        struct host_neighbor *neighbor = host_neighbor_get(interface, &ip->src);

        if (neighbor != NULL) {
            host_neighbor_heard(neighbor, nd->lladdr);
        }
    }
    nd_advertise(interface, ip, nd, own);
}

static void input_advertisement(struct host_interface *interface, const struct wire_nd *nd)
{
    struct host_neighbor *neighbor = host_neighbor_find(interface, &nd->target);

    if (neighbor == NULL || host_address_find(interface, &nd->target) != NULL) {
        return;
    }
    if (!nd->has_lladdr) {
        /* An answer to a question at the address that is known may leave it out. */
        if (nd->is_solicited && neighbor->state == HOST_NEIGHBOR_PROBE &&
            !neighbor->is_contradicted) {
            host_neighbor_answered(neighbor, neighbor->mac);
        }
    } else if (nd->is_solicited) {
        host_neighbor_answered(neighbor, nd->lladdr);
    } else {
        host_neighbor_heard(neighbor, nd->lladdr);
    }
}

void host_resolve_nd_input(struct host_interface *interface, const struct wire_ipv6 *ip,
                           const uint8_t *data, size_t len)
{
    struct wire_nd nd;

    if (wire_nd_parse(&nd, data, len) < 0 || ip->hop_limit != 255 ||
        (nd.has_lladdr && !is_unicast_mac(nd.lladdr))) {
        host_drop(interface->host, TOE_DROP_ICMP_BAD);
        return;
    }
    if (nd.type == WIRE_ND_SOLICITATION) {
        input_solicitation(interface, ip, &nd);
    } else {
        input_advertisement(interface, &nd);
    }
}
