/* SPDX-License-Identifier: MIT */
#include "wire/ether.h"

#include "wire/bytes.h"

#include <string.h>

/* LLC: SNAP, unnumbered information; SNAP: what follows is an Ethernet type. */
static const uint8_t llc_snap[6] = {0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00};

/* Reads what follows the length at |data|, if it is LLC and SNAP. |len| bytes are there. */
static size_t parse_snap(struct wire_ether *ether, const uint8_t *data, size_t len)
{
    const uint16_t told = ether->type;

    if (told < WIRE_ETHER_SNAP_LEN || told > WIRE_ETHER_802_3_MAX || told > len ||
        memcmp(data, llc_snap, sizeof(llc_snap)) != 0) {
        return 0;
    }
    ether->snap = true;
    ether->snap_len = (uint16_t)(told - WIRE_ETHER_SNAP_LEN);
    ether->type = wire_load_u16(data + sizeof(llc_snap));
    return WIRE_ETHER_SNAP_LEN;
}

int wire_ether_parse(struct wire_ether *ether, const uint8_t *data, size_t len)
{
    size_t at = WIRE_ETHER_LEN;

    memset(ether, 0, sizeof(*ether));
    if (len < WIRE_ETHER_LEN) {
        return WIRE_ERR_SHORT;
    }
    memcpy(ether->dst, data, 6);
    memcpy(ether->src, data + 6, 6);
    ether->type = wire_load_u16(data + 12);
    if (ether->type == WIRE_ETHER_TYPE_VLAN) {
        at += WIRE_ETHER_TAG_LEN;
        if (len < at) {
            return WIRE_ERR_SHORT;
        }
        ether->vlan_present = true;
        ether->vlan_pcp = data[14] >> 5;
        ether->vlan_id = wire_load_u16(data + 14) & 0x0fff;
        ether->type = wire_load_u16(data + 16);
    }
    if (ether->type <= WIRE_ETHER_802_3_MAX) {
        at += parse_snap(ether, data + at, len - at);
    }
    return (int)at;
}

int wire_ether_build(uint8_t *out, size_t cap, const struct wire_ether *ether)
{
    const size_t len = wire_ether_len(ether);
    uint8_t *p = out + 12;

    if (cap < len) {
        return WIRE_ERR_SHORT;
    }
    memcpy(out, ether->dst, 6);
    memcpy(out + 6, ether->src, 6);
    if (ether->vlan_present) {
        wire_store_u16(p, WIRE_ETHER_TYPE_VLAN);
        wire_store_u16(p + 2,
                       (uint16_t)((ether->vlan_pcp & 7u) << 13 | (ether->vlan_id & 0x0fffu)));
        p += WIRE_ETHER_TAG_LEN;
    }
    if (ether->snap) {
        wire_store_u16(p, (uint16_t)(ether->snap_len + WIRE_ETHER_SNAP_LEN));
        memcpy(p + 2, llc_snap, sizeof(llc_snap));
        p += WIRE_ETHER_SNAP_LEN;
    }
    wire_store_u16(p, ether->type);
    return (int)len;
}

void wire_ether_len_set(uint8_t *data, uint16_t snap_len)
{
    wire_store_u16(data - WIRE_ETHER_SNAP_LEN - 2, (uint16_t)(snap_len + WIRE_ETHER_SNAP_LEN));
}
