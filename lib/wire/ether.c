/* SPDX-License-Identifier: MIT */
#include "wire/ether.h"

#include "wire/bytes.h"

#include <string.h>

int wire_ether_parse(struct wire_ether *ether, const uint8_t *data, size_t len)
{
    memset(ether, 0, sizeof(*ether));
    if (len < WIRE_ETHER_LEN) {
        return WIRE_ERR_SHORT;
    }
    memcpy(ether->dst, data, 6);
    memcpy(ether->src, data + 6, 6);
    ether->type = wire_load_u16(data + 12);
    if (ether->type != WIRE_ETHER_TYPE_VLAN) {
        return WIRE_ETHER_LEN;
    }
    if (len < WIRE_ETHER_LEN_MAX) {
        return WIRE_ERR_SHORT;
    }
    ether->vlan_present = true;
    ether->vlan_pcp = data[14] >> 5;
    ether->vlan_id = wire_load_u16(data + 14) & 0x0fff;
    ether->type = wire_load_u16(data + 16);
    return WIRE_ETHER_LEN_MAX;
}

int wire_ether_build(uint8_t *out, size_t cap, const struct wire_ether *ether)
{
    if (cap < wire_ether_len(ether)) {
        return WIRE_ERR_SHORT;
    }
    memcpy(out, ether->dst, 6);
    memcpy(out + 6, ether->src, 6);
    if (!ether->vlan_present) {
        wire_store_u16(out + 12, ether->type);
        return WIRE_ETHER_LEN;
    }
    wire_store_u16(out + 12, WIRE_ETHER_TYPE_VLAN);
    wire_store_u16(out + 14, (uint16_t)((ether->vlan_pcp & 7u) << 13 | (ether->vlan_id & 0x0fffu)));
    wire_store_u16(out + 16, ether->type);
    return WIRE_ETHER_LEN_MAX;
}
