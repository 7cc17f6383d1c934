/* SPDX-License-Identifier: MIT */
#include "wire/arp.h"

#include "wire/bytes.h"
#include "wire/ether.h"

#include <string.h>

#define HARDWARE_ETHERNET 1

int wire_arp_parse(struct wire_arp *arp, const uint8_t *data, size_t len)
{
    memset(arp, 0, sizeof(*arp));
    if (len < WIRE_ARP_LEN) {
        return WIRE_ERR_SHORT;
    }
    if (wire_load_u16(data) != HARDWARE_ETHERNET ||
        wire_load_u16(data + 2) != WIRE_ETHER_TYPE_IPV4 || data[4] != 6 || data[5] != 4) {
        return WIRE_ERR_MALFORMED;
    }
    arp->op = wire_load_u16(data + 6);
    memcpy(arp->sender_mac, data + 8, 6);
    arp->sender_ip = wire_load_ipv4(data + 14);
    memcpy(arp->target_mac, data + 18, 6);
    arp->target_ip = wire_load_ipv4(data + 24);
    return WIRE_ARP_LEN;
}

int wire_arp_build(uint8_t *out, size_t cap, const struct wire_arp *arp)
{
    if (cap < WIRE_ARP_LEN) {
        return WIRE_ERR_SHORT;
    }
    wire_store_u16(out, HARDWARE_ETHERNET);
    wire_store_u16(out + 2, WIRE_ETHER_TYPE_IPV4);
    out[4] = 6;
    out[5] = 4;
    wire_store_u16(out + 6, arp->op);
    memcpy(out + 8, arp->sender_mac, 6);
    memcpy(out + 14, arp->sender_ip.bytes, 4);
    memcpy(out + 18, arp->target_mac, 6);
    memcpy(out + 24, arp->target_ip.bytes, 4);
    return WIRE_ARP_LEN;
}
