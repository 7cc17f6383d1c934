/* SPDX-License-Identifier: MIT */
#include "linux/segment.h"

#include <string.h>

#include "bytes.h"

enum {
    ETHER_LEN = 14,
    VLAN_LEN = 4,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_VLAN = 0x8100,
    IPV4_LEN = 20,
    IPV6_LEN = 40,
    TCP_LEN = 20,
    TCP_CSUM_OFF = 16,
    PROTOCOL_TCP = 6,
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_MSS = 2,
    OPTION_WSCALE = 3,
    OPTION_SACK_OK = 4,
    OPTION_SACK = 5,
    OPTION_TS = 8,
    OPTION_FAST_OPEN = 34,
    TS_LEN = 12, /* with two NOPs before */
};

/* --- parse --- */

static void parse_option(struct emu_segment *seg, const uint8_t *p, uint8_t len)
{
    switch (p[0]) {
    case OPTION_MSS:
        seg->mss = len == 4 ? emu_get16(p + 2) : seg->mss;
        break;
    case OPTION_WSCALE:
        seg->wscale = len == 3 ? p[2] : seg->wscale;
        break;
    case OPTION_SACK_OK:
        seg->sack_ok = true;
        break;
    case OPTION_TS:
        if (len == 10) {
            seg->has_ts = true;
            seg->tsval = emu_get32(p + 2);
            seg->tsecr = emu_get32(p + 6);
        }
        break;
    case OPTION_SACK:
    case OPTION_FAST_OPEN: /* matters to the handshake only */
        break;
    default:
        seg->is_odd = true;
        break;
    }
}

static void parse_options(struct emu_segment *seg, const uint8_t *p, uint32_t len)
{
    while (len > 0 && p[0] != OPTION_END) {
        uint8_t size = 1;

        if (p[0] != OPTION_NOP) {
            if (len < 2 || p[1] < 2 || p[1] > len) {
                return; /* Whoever receives it stops here, too. */
            }
            size = p[1];
            parse_option(seg, p, size);
        }
        p += size;
        len -= size;
    }
}

static bool parse_tcp(struct emu_segment *seg, const uint8_t *data, uint32_t len, bool by_kernel)
{
    const uint8_t *p = data + seg->tcp_off;
    struct emu_tuple *t = &seg->tuple;
    uint32_t header_len;

    if (len < TCP_LEN) {
        return false;
    }
    header_len = (uint32_t)(p[12] >> 4) * 4;
    if (header_len < TCP_LEN || header_len > len) {
        return false;
    }
    t->local_port = emu_get16(by_kernel ? p : p + 2);
    t->remote_port = emu_get16(by_kernel ? p + 2 : p);
    seg->seq = emu_get32(p + 4);
    seg->ack = emu_get32(p + 8);
    seg->flags = (uint16_t)((p[12] & 1) << 8 | p[13]);
    seg->wnd = emu_get16(p + 14);
    seg->wscale = EMU_WSCALE_NONE;
    seg->off = seg->tcp_off + header_len;
    seg->len = len - header_len;
    parse_options(seg, p + TCP_LEN, header_len - TCP_LEN);
    return true;
}

static void take_addresses(struct emu_segment *seg, const uint8_t *src, uint8_t family,
                           bool by_kernel)
{
    const uint32_t len = family == 4 ? 4 : 16;

    seg->tuple.local.family = family;
    seg->tuple.remote.family = family;
    memcpy(seg->tuple.local.bytes, by_kernel ? src : src + len, len);
    memcpy(seg->tuple.remote.bytes, by_kernel ? src + len : src, len);
}

/* The length of what the IP header at |p| carries, or 0 if that is not TCP, whole. */
static uint32_t parse_ip(struct emu_segment *seg, const uint8_t *p, uint32_t len, uint16_t type,
                         bool by_kernel)
{
    uint32_t total;

    if (type == ETHERTYPE_IPV4) {
        if (len < IPV4_LEN || p[0] != 0x45 || p[9] != PROTOCOL_TCP ||
            (emu_get16(p + 6) & 0x3fff) != 0) {
            return 0;
        }
        total = emu_get16(p + 2);
        if (total < IPV4_LEN || total > len) {
            return 0;
        }
        seg->tos = p[1];
        seg->ttl = p[8];
        take_addresses(seg, p + 12, 4, by_kernel);
        seg->tcp_off += IPV4_LEN;
        return total - IPV4_LEN;
    }
    if (type != ETHERTYPE_IPV6 || len < IPV6_LEN || p[0] >> 4 != 6 || p[6] != PROTOCOL_TCP) {
        return 0;
    }
    total = emu_get16(p + 4);
    if (total > len - IPV6_LEN) {
        return 0;
    }
    seg->tos = (uint8_t)(emu_get16(p) >> 4);
    seg->flow_label = emu_get32(p) & 0xfffff;
    seg->ttl = p[7];
    take_addresses(seg, p + 8, 6, by_kernel);
    seg->tcp_off += IPV6_LEN;
    return total;
}

bool emu_segment_parse(struct emu_segment *seg, const struct toe_frame *frame, bool by_kernel)
{
    const uint8_t *data = frame->data;
    uint32_t off = ETHER_LEN;
    uint32_t len;
    uint16_t type;

    if (frame->more_cnt != 0 || frame->len < ETHER_LEN + IPV4_LEN + TCP_LEN) {
        return false;
    }
    type = emu_get16(data + 12);
    *seg = (struct emu_segment){.wnd = 0};
    if (type == ETHERTYPE_VLAN) {
        seg->vlan_id = emu_get16(data + 14) & 0xfff;
        seg->priority = data[14] >> 5;
        type = emu_get16(data + 16);
        off += VLAN_LEN;
    }
    memcpy(seg->dst_mac, data, TOE_MAC_LEN);
    memcpy(seg->src_mac, data + TOE_MAC_LEN, TOE_MAC_LEN);
    seg->tcp_off = off;
    len = parse_ip(seg, data + off, frame->len - off, type, by_kernel);
    return len != 0 && parse_tcp(seg, data, len, by_kernel);
}

/* --- checksum --- */

/* The sum of RFC 1071, not folded: 64 bits hold that of any frame. */
static uint64_t sum_bytes(uint64_t sum, const uint8_t *p, uint32_t len)
{
    for (; len > 3; p += 4, len -= 4) {
        sum += emu_get32(p);
    }
    for (; len > 1; p += 2, len -= 2) {
        sum += emu_get16(p);
    }
    return len == 0 ? sum : sum + ((uint64_t)p[0] << 8);
}

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

/* The sum of the pseudo header, for |len| bytes of TCP. */
static uint64_t sum_pseudo(const struct emu_tuple *tuple, uint32_t len)
{
    const uint32_t addr_len = tuple->local.family == 4 ? 4 : 16;
    uint64_t sum = (uint64_t)PROTOCOL_TCP + len;

    sum = sum_bytes(sum, tuple->local.bytes, addr_len);
    return sum_bytes(sum, tuple->remote.bytes, addr_len);
}

bool emu_segment_is_whole(const struct emu_segment *seg, const struct toe_frame *frame)
{
    const uint32_t len = seg->off - seg->tcp_off + seg->len;

    if ((frame->flags & (TOE_FRAME_CSUM_VALID | TOE_FRAME_CSUM_PARTIAL)) != 0) {
        return true;
    }
    return fold(sum_bytes(sum_pseudo(&seg->tuple, len), frame->data + seg->tcp_off, len)) == 0xffff;
}

/* --- build --- */

static uint32_t build_ip(uint8_t *p, const struct emu_segment *seg, uint32_t tcp_len,
                         bool by_kernel)
{
    const struct toe_addr *src = by_kernel ? &seg->tuple.local : &seg->tuple.remote;
    const struct toe_addr *dst = by_kernel ? &seg->tuple.remote : &seg->tuple.local;

    if (src->family == 6) {
        emu_put32(p, 6u << 28 | (uint32_t)seg->tos << 20 | seg->flow_label);
        emu_put16(p + 4, tcp_len);
        p[6] = PROTOCOL_TCP;
        p[7] = seg->ttl;
        memcpy(p + 8, src->bytes, 16);
        memcpy(p + 24, dst->bytes, 16);
        return IPV6_LEN;
    }
    memset(p, 0, IPV4_LEN);
    p[0] = 0x45;
    p[1] = seg->tos;
    emu_put16(p + 2, IPV4_LEN + tcp_len);
    p[6] = 0x40; /* do not fragment */
    p[8] = seg->ttl;
    p[9] = PROTOCOL_TCP;
    memcpy(p + 12, src->bytes, 4);
    memcpy(p + 16, dst->bytes, 4);
    emu_put16(p + 10, (uint16_t)~fold(sum_bytes(0, p, IPV4_LEN)));
    return IPV4_LEN;
}

static void build_tcp(uint8_t *p, const struct emu_segment *seg, uint32_t header_len,
                      bool by_kernel)
{
    memset(p, 0, header_len);
    emu_put16(p, by_kernel ? seg->tuple.local_port : seg->tuple.remote_port);
    emu_put16(p + 2, by_kernel ? seg->tuple.remote_port : seg->tuple.local_port);
    emu_put32(p + 4, seg->seq);
    emu_put32(p + 8, seg->ack);
    p[12] = (uint8_t)(header_len / 4 << 4);
    p[13] = (uint8_t)seg->flags;
    emu_put16(p + 14, seg->wnd);
    emu_put16(p + TCP_CSUM_OFF, fold(sum_pseudo(&seg->tuple, header_len + seg->len)));
    if (seg->has_ts) {
        emu_put32(p + TCP_LEN, OPTION_NOP << 24 | OPTION_NOP << 16 | OPTION_TS << 8 | 10);
        emu_put32(p + TCP_LEN + 4, seg->tsval);
        emu_put32(p + TCP_LEN + 8, seg->tsecr);
    }
}

uint32_t emu_segment_build(uint8_t *out, struct emu_segment *seg, bool by_kernel)
{
    const uint32_t header_len = TCP_LEN + (seg->has_ts ? TS_LEN : 0);
    uint32_t off = ETHER_LEN;

    memcpy(out, seg->dst_mac, TOE_MAC_LEN);
    memcpy(out + TOE_MAC_LEN, seg->src_mac, TOE_MAC_LEN);
    if (seg->vlan_id != 0 || seg->priority != 0) {
        emu_put16(out + 12, ETHERTYPE_VLAN);
        emu_put16(out + 14, (uint32_t)seg->priority << 13 | seg->vlan_id);
        off += VLAN_LEN;
    }
    emu_put16(out + off - 2, seg->tuple.local.family == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
    off += build_ip(out + off, seg, header_len + seg->len, by_kernel);
    seg->tcp_off = off;
    seg->off = off + header_len;
    build_tcp(out + off, seg, header_len, by_kernel);
    return seg->off;
}
