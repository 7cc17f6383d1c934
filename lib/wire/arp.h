/* SPDX-License-Identifier: MIT */
#ifndef WIRE_ARP_H
#define WIRE_ARP_H

#include "toe/types.h"

#include <stddef.h>
#include <stdint.h>

/*
 * ARP (RFC 826), for IPv4 over Ethernet and nothing else
 */

/* Length of a packet. */
enum { WIRE_ARP_LEN = 28 };

/* Operations. */
enum wire_arp_op {
    WIRE_ARP_REQUEST = 1,
    WIRE_ARP_REPLY = 2,
};

/* A packet. */
struct wire_arp {
    uint16_t op;               /* enum wire_arp_op, or another */
    uint8_t sender_mac[6];     /* hardware address of the sender */
    struct toe_addr sender_ip; /* its IPv4 address */
    uint8_t target_mac[6];     /* hardware address of the target; zero in a request */
    struct toe_addr target_ip; /* its IPv4 address */
};

/*
 * wire_arp_parse() fills |arp| from |len| bytes at |data|. Returns WIRE_ARP_LEN, WIRE_ERR_SHORT, or
 * WIRE_ERR_MALFORMED when the packet is not about IPv4 over Ethernet.
 */
int wire_arp_parse(struct wire_arp *arp, const uint8_t *data, size_t len);

/*
 * wire_arp_build() writes |arp| to |out|, which has room for |cap| bytes. Returns WIRE_ARP_LEN or
 * WIRE_ERR_SHORT.
 */
int wire_arp_build(uint8_t *out, size_t cap, const struct wire_arp *arp);

#endif
