/* SPDX-License-Identifier: MIT */
#include "gso.h"

#include <string.h>

#include "bytes.h"

enum {
    ETHER_LEN = 14,
    VLAN_LEN = 4,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_VLAN_SERVICE = 0x88a8,
    IPV4_LEN_MIN = 20,
    IPV6_LEN = 40,
    TCP_LEN_MIN = 20,
    TCP_CSUM_OFF = 16,
    TCP_FLAGS_OFF = 13,
    TCP_FIN = 0x01,
    TCP_PSH = 0x08,
    TCP_CWR = 0x80,
    PROTOCOL_TCP = 6,
};

bool emu_gso_checksum(uint8_t *data, uint32_t len, uint16_t csum_start, uint16_t csum_off)
{
    if ((uint32_t)csum_start + csum_off + 2 > len) {
        return false;
    }
    emu_put16(data + csum_start + csum_off,
              emu_csum(emu_sum(0, data + csum_start, len - csum_start)));
    return true;
}

bool emu_gso_begin(struct emu_gso *gso, const struct toe_frame *frame)
{
    uint32_t ip_off = ETHER_LEN;
    uint16_t type;

    if (frame->len < ETHER_LEN + VLAN_LEN || frame->gso_size == 0) {
        return false;
    }
    type = emu_get16(frame->data + 12);
    if (type == ETHERTYPE_VLAN || type == ETHERTYPE_VLAN_SERVICE) {
        ip_off += VLAN_LEN;
    }

    *gso = (struct emu_gso){.data = frame->data, .len = frame->len, .size = frame->gso_size};
    gso->ip_off = ip_off;
    gso->ipv6 = frame->gso == TOE_GSO_TCP6;
    if (frame->len < ip_off + (gso->ipv6 ? IPV6_LEN : IPV4_LEN_MIN)) {
        return false;
    }
    /* The kernel says where TCP begins; extension headers are skipped by it. */
    gso->tcp_off = frame->csum_start;
    if (gso->tcp_off < ip_off + (gso->ipv6 ? IPV6_LEN : IPV4_LEN_MIN) ||
        gso->tcp_off + TCP_LEN_MIN > frame->len) {
        return false;
    }
    gso->header_len = gso->tcp_off + 4u * (frame->data[gso->tcp_off + 12] >> 4);
    return gso->header_len >= gso->tcp_off + TCP_LEN_MIN && gso->header_len <= frame->len;
}

uint32_t emu_gso_frame_max(const struct emu_gso *gso)
{
    return gso->header_len + gso->size;
}

/* Lengths and identification of the IP header; returns the sum of the pseudo header. */
static uint64_t build_ip(const struct emu_gso *gso, uint8_t *out, uint32_t frame_len)
{
    uint8_t *ip = out + gso->ip_off;
    const uint32_t tcp_len = frame_len - gso->tcp_off;

    if (gso->ipv6) {
        emu_put16(ip + 4, (uint16_t)(frame_len - gso->ip_off - IPV6_LEN));
        return emu_sum(PROTOCOL_TCP + tcp_len, ip + 8, 32);
    }
    emu_put16(ip + 2, (uint16_t)(frame_len - gso->ip_off));
    emu_put16(ip + 4, (uint16_t)(emu_get16(ip + 4) + gso->index));
    emu_put16(ip + 10, 0);
    emu_put16(ip + 10, emu_csum(emu_sum(0, ip, gso->tcp_off - gso->ip_off)));
    return emu_sum(PROTOCOL_TCP + tcp_len, ip + 12, 8);
}

/* One without payload is a frame, too. */
bool emu_gso_left(const struct emu_gso *gso)
{
    return gso->index == 0 || gso->off < gso->len - gso->header_len;
}

uint32_t emu_gso_next(struct emu_gso *gso, uint8_t *out)
{
    const uint32_t payload_len = gso->len - gso->header_len;
    const uint32_t left = payload_len - gso->off;
    const uint32_t len = left < gso->size ? left : gso->size;
    const uint32_t frame_len = gso->header_len + len;
    uint8_t *tcp = out + gso->tcp_off;
    uint64_t pseudo;

    if (!emu_gso_left(gso)) {
        return 0;
    }
    memcpy(out, gso->data, gso->header_len);
    memcpy(out + gso->header_len, gso->data + gso->header_len + gso->off, len);

    emu_put32(tcp + 4, emu_get32(tcp + 4) + gso->off);
    if (len < left) {
        tcp[TCP_FLAGS_OFF] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    }
    if (gso->index != 0) {
        tcp[TCP_FLAGS_OFF] &= (uint8_t)~TCP_CWR;
    }
    pseudo = build_ip(gso, out, frame_len);
    emu_put16(tcp + TCP_CSUM_OFF, 0);
    emu_put16(tcp + TCP_CSUM_OFF, emu_csum(emu_sum(pseudo, tcp, frame_len - gso->tcp_off)));

    gso->off += len;
    gso->index++;
    return frame_len;
}
