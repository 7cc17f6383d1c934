/* SPDX-License-Identifier: MIT */
#include "examine.h"

#include "bytes.h"

enum {
    ETHER_LEN = 14,
    VLAN_LEN = 4,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_VLAN_SERVICE = 0x88a8,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    IPV4_LEN_MIN = 20,
    IPV4_FRAGMENT = 0x3fff, /* there are more, or it is not the first */
    IPV6_LEN = 40,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    TCP_LEN_MIN = 20,
    TCP_CSUM_OFF = 16,
    UDP_LEN = 8,
    UDP_CSUM_OFF = 6,
};

/* Where the parts of a datagram lie. */
struct layout {
    uint32_t ip_off;
    uint32_t off; /* of the transport header */
    uint32_t len; /* of all that its checksum covers */
    uint32_t csum_off;
    uint8_t protocol;
    bool ipv6;
    uint64_t pseudo; /* the sum of the pseudo header */
};

static bool lay_out_ipv4(struct layout *out, const uint8_t *ip, uint32_t room)
{
    uint32_t header_len;
    uint32_t len;

    if (room < IPV4_LEN_MIN || ip[0] >> 4 != 4) {
        return false;
    }
    header_len = 4u * (ip[0] & 0xf);
    len = emu_get16(ip + 2);
    if (header_len < IPV4_LEN_MIN || len < header_len || len > room ||
        (emu_get16(ip + 6) & IPV4_FRAGMENT) != 0) {
        return false;
    }
    out->protocol = ip[9];
    out->off = out->ip_off + header_len;
    out->len = len - header_len;
    out->pseudo = emu_sum(out->protocol + out->len, ip + 12, 8);
    return true;
}

/* Extension headers are rare enough to be left to others. */
static bool lay_out_ipv6(struct layout *out, const uint8_t *ip, uint32_t room)
{
    if (room < IPV6_LEN || ip[0] >> 4 != 6) {
        return false;
    }
    out->protocol = ip[6];
    out->off = out->ip_off + IPV6_LEN;
    out->len = emu_get16(ip + 4);
    out->pseudo = emu_sum(out->protocol + out->len, ip + 8, 32);
    out->ipv6 = true;
    return out->len <= room - IPV6_LEN;
}

/* Returns false if this is not TCP or UDP over IP, whole and with a checksum. */
static bool lay_out(struct layout *out, const struct toe_frame *frame)
{
    const uint8_t *data = frame->data;
    uint16_t type;
    bool ok;

    *out = (struct layout){.ip_off = ETHER_LEN};
    if (frame->len < ETHER_LEN + VLAN_LEN) {
        return false;
    }
    type = emu_get16(data + ETHER_LEN - 2);
    if (type == ETHERTYPE_VLAN || type == ETHERTYPE_VLAN_SERVICE) {
        out->ip_off += VLAN_LEN;
        type = emu_get16(data + out->ip_off - 2);
    }
    if (type == ETHERTYPE_IPV4) {
        ok = lay_out_ipv4(out, data + out->ip_off, frame->len - out->ip_off);
    } else {
        ok = type == ETHERTYPE_IPV6 &&
             lay_out_ipv6(out, data + out->ip_off, frame->len - out->ip_off);
    }
    if (!ok) {
        return false;
    }
    if (out->protocol == PROTOCOL_TCP) {
        out->csum_off = TCP_CSUM_OFF;
        return out->len >= TCP_LEN_MIN;
    }
    out->csum_off = UDP_CSUM_OFF;
    return out->protocol == PROTOCOL_UDP && out->len >= UDP_LEN &&
           emu_get16(data + out->off + UDP_CSUM_OFF) != 0;
}

/* One whose checksum is both is completed to what it was. */
static void examine_checksum(struct toe_frame *frame, const struct layout *layout)
{
    const uint8_t *transport = frame->data + layout->off;
    const uint16_t pseudo = (uint16_t)~emu_csum(layout->pseudo);

    if (emu_get16(transport + layout->csum_off) == pseudo) {
        frame->flags = TOE_FRAME_CSUM_PARTIAL;
        frame->csum_start = (uint16_t)layout->off;
        frame->csum_off = (uint16_t)layout->csum_off;
    } else if (emu_csum(emu_sum(layout->pseudo, transport, layout->len)) == 0) {
        frame->flags = TOE_FRAME_CSUM_VALID;
    }
}

/*
 * A super-segment is one of segments as long as the MTU allows; what it was made of the kernel does
 * not tell. Its checksum is to be partial, also if somebody completed it.
 */
static bool mark_super(struct toe_frame *frame, const struct layout *layout, uint32_t mtu)
{
    uint8_t *tcp = (uint8_t *)(uintptr_t)frame->data + layout->off;
    uint32_t tcp_len;
    uint32_t headers;

    if (layout->protocol != PROTOCOL_TCP || frame->flags == 0) {
        return false;
    }
    tcp_len = 4u * (tcp[12] >> 4);
    headers = layout->off - layout->ip_off + tcp_len;
    if (tcp_len < TCP_LEN_MIN || tcp_len > layout->len || headers >= mtu) {
        return false;
    }
    frame->flags = TOE_FRAME_CSUM_PARTIAL;
    frame->csum_start = (uint16_t)layout->off;
    frame->csum_off = TCP_CSUM_OFF;
    frame->gso = layout->ipv6 ? TOE_GSO_TCP6 : TOE_GSO_TCP4;
    frame->gso_size = (uint16_t)(mtu - headers);
    emu_put16(tcp + TCP_CSUM_OFF, (uint16_t)~emu_csum(layout->pseudo));
    return true;
}

bool emu_examine(struct toe_frame *frame, uint32_t mtu)
{
    struct layout layout;

    if (!lay_out(&layout, frame)) {
        return frame->len <= mtu + ETHER_LEN + VLAN_LEN;
    }
    examine_checksum(frame, &layout);
    if (layout.off - layout.ip_off + layout.len <= mtu) {
        return true;
    }
    return mark_super(frame, &layout, mtu);
}
