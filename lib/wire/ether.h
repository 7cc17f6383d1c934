/* SPDX-License-Identifier: MIT */
#ifndef WIRE_ETHER_H
#define WIRE_ETHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Ethernet headers, with at most one 802.1Q tag
 *
 * They are those of Ethernet II, or of 802.3 with LLC and SNAP behind (RFC 1042), which leaves
 * eight bytes less for the packet.
 *
 * A second tag is not looked into: the type then is that of the inner tag. A tag with VID 0 carries
 * a priority only and is legal, so that a tag is there or not is said apart from its VID.
 */

/* Sizes. */
enum {
    WIRE_ETHER_LEN = 14,     /* header without a tag */
    WIRE_ETHER_TAG_LEN = 4,  /* what a tag adds */
    WIRE_ETHER_SNAP_LEN = 8, /* what LLC and SNAP add */
    WIRE_ETHER_LEN_MAX = 26, /* header with both */
    WIRE_ETHER_TYPE_OFF = 12 /* where the type stands, without a tag */
};

/* The largest number in the type field that is a length. */
#define WIRE_ETHER_802_3_MAX 1500

/* Ethernet types. */
enum wire_ether_type {
    WIRE_ETHER_TYPE_IPV4 = 0x0800,
    WIRE_ETHER_TYPE_ARP = 0x0806,
    WIRE_ETHER_TYPE_VLAN = 0x8100,
    WIRE_ETHER_TYPE_IPV6 = 0x86dd,
};

/* A header. */
struct wire_ether {
    uint8_t dst[6];    /* destination */
    uint8_t src[6];    /* source */
    uint16_t type;     /* of the payload, behind all of it; below 0x600 an 802.3 length */
    bool vlan_present; /* there is a tag */
    uint16_t vlan_id;  /* VID, 0 to 4095; 0 without a tag */
    uint8_t vlan_pcp;  /* priority, 0 to 7; 0 without a tag */
    bool snap;         /* 802.3 with LLC and SNAP, */
    uint16_t snap_len; /* and the length of the payload: without padding */
};

/*
 * wire_ether_parse() fills |ether| from the frame of |len| bytes at |data|. Returns the length of
 * the header, or WIRE_ERR_SHORT. An 802.3 frame that holds no SNAP, or promises more than there is,
 * is left as it is: |type| is its length.
 */
int wire_ether_parse(struct wire_ether *ether, const uint8_t *data, size_t len);

/*
 * wire_ether_build() writes |ether| to |out|, which has room for |cap| bytes. Returns the length of
 * the header, or WIRE_ERR_SHORT.
 */
int wire_ether_build(uint8_t *out, size_t cap, const struct wire_ether *ether);

/*
 * wire_ether_len_set() changes |snap_len| of the header that was built with SNAP right before
 * |data|.
 */
void wire_ether_len_set(uint8_t *data, uint16_t snap_len);

/*
 * wire_ether_len() returns the length of the header that |ether| describes.
 */
static inline size_t wire_ether_len(const struct wire_ether *ether)
{
    return WIRE_ETHER_LEN + (ether->vlan_present ? WIRE_ETHER_TAG_LEN : 0u) +
           (ether->snap ? WIRE_ETHER_SNAP_LEN : 0u);
}

#endif
