/* SPDX-License-Identifier: MIT */
#include "craft.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TCP_LEN 20

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) << 16 | get16(at + 2);
}

/* The one's complement sum of RFC 1071, not yet inverted. */
static uint32_t sum(uint32_t before, const uint8_t *at, uint32_t len)
{
    uint64_t all = before;

    for (uint32_t i = 0; i + 1 < len; i += 2) {
        all += get16(at + i);
    }
    if (len % 2 != 0) {
        all += (uint32_t)at[len - 1] << 8;
    }
    while (all >> 16 != 0) {
        all = (all & 0xffff) + (all >> 16);
    }
    return (uint32_t)all;
}

static uint32_t pseudo_sum(const struct toe_addr *src, const struct toe_addr *dst, uint32_t len)
{
    const uint32_t addr_len = src->family == 4 ? 4 : 16;
    uint8_t rest[8] = {0};
    uint32_t all;

    put32(rest, len);
    rest[7] = 6;
    all = sum(0, src->bytes, addr_len);
    all = sum(all, dst->bytes, addr_len);
    return sum(all, rest, 8);
}

static uint32_t build_options(uint8_t *out, const struct cert_seg *seg)
{
    uint32_t at = 0;

    if (seg->opt_len > 0) {
        memcpy(out, seg->opt, seg->opt_len);
        at = seg->opt_len;
    } else if (seg->has_ts) {
        memcpy(out, (const uint8_t[]){1, 1, 8, 10}, 4);
        put32(out + 4, seg->ts_val);
        put32(out + 8, seg->ts_ecr);
        at = 12;
    }
    if (seg->opt_len == 0 && seg->sack_cnt > 0) {
        memcpy(out + at, (const uint8_t[]){1, 1, 5, (uint8_t)(2 + 8 * seg->sack_cnt)}, 4);
        at += 4;
        for (uint32_t i = 0; i < seg->sack_cnt; ++i, at += 8) {
            put32(out + at, seg->sack[i][0]);
            put32(out + at + 4, seg->sack[i][1]);
        }
    }
    while (at % 4 != 0) {
        out[at++] = 0;
    }
    return at;
}

uint32_t cert_craft_tcp(uint8_t *out, const struct cert_seg *seg)
{
    const uint32_t head = TCP_LEN + build_options(out + TCP_LEN, seg);
    const uint32_t len = head + seg->len;
    uint32_t csum;

    put16(out, seg->src_port);
    put16(out + 2, seg->dst_port);
    put32(out + 4, seg->seq);
    put32(out + 8, seg->ack);
    out[12] = (uint8_t)(head / 4 << 4 | (seg->reserved & 15));
    if (seg->bad & CERT_BAD_OFFSET) {
        out[12] = len < 60 ? 0xf0 : 0x40;
    }
    out[13] = seg->flags;
    put16(out + 14, seg->wnd);
    put16(out + 16, 0);
    put16(out + 18, seg->urgent);
    if (seg->len > 0) {
        memcpy(out + head, seg->payload, seg->len);
    }
    csum = ~sum(pseudo_sum(&seg->src, &seg->dst, len), out, len) & 0xffff;
    put16(out + 16, seg->bad & CERT_BAD_TCP_CSUM ? csum ^ 0x5555 : csum);
    return len;
}

static uint32_t build_ip4(uint8_t *out, const struct cert_seg *seg, uint32_t payload)
{
    const uint32_t head = 20u + seg->ip_opt_len;
    uint32_t csum;

    memset(out, 0, 20);
    out[0] = (uint8_t)(0x40 | head / 4);
    out[1] = seg->tos;
    put16(out + 2, head + payload);
    put16(out + 4, seg->ip_id);
    put16(out + 6, (seg->df ? 0x4000u : 0) | (seg->mf ? 0x2000u : 0) | seg->frag_off);
    out[8] = seg->ttl;
    out[9] = 6;
    memcpy(out + 12, seg->src.bytes, 4);
    memcpy(out + 16, seg->dst.bytes, 4);
    memcpy(out + 20, seg->ip_opt, seg->ip_opt_len);
    csum = ~sum(0, out, head) & 0xffff;
    put16(out + 10, seg->bad & CERT_BAD_IP_CSUM ? csum ^ 0x5555 : csum);
    return head;
}

static uint32_t build_ip6(uint8_t *out, const struct cert_seg *seg, uint32_t payload)
{
    put32(out, 6u << 28 | (uint32_t)seg->tos << 20 | (seg->flow_label & 0xfffff));
    put16(out + 4, payload + seg->ip_opt_len);
    out[6] = seg->ip_opt_len > 0 ? seg->ext_type : 6;
    out[7] = seg->ttl;
    memcpy(out + 8, seg->src.bytes, 16);
    memcpy(out + 24, seg->dst.bytes, 16);
    if (seg->ip_opt_len > 0) {
        memcpy(out + 40, seg->ip_opt, seg->ip_opt_len);
        out[40] = 6;
    }
    return 40u + seg->ip_opt_len;
}

static const uint8_t llc_snap[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};

uint32_t cert_craft_build(uint8_t *out, const struct cert_seg *seg)
{
    static uint8_t tcp[CERT_FRAME_MAX];
    const uint32_t tcp_len = cert_craft_tcp(tcp, seg);
    uint32_t length_at;
    uint32_t at = 12;

    memcpy(out, seg->dst_mac, TOE_MAC_LEN);
    memcpy(out + 6, seg->src_mac, TOE_MAC_LEN);
    if (seg->has_vlan) {
        put16(out + at, 0x8100);
        put16(out + at + 2, (uint32_t)seg->priority << 13 | seg->vlan_id);
        at += 4;
    }
    length_at = at;
    if (seg->has_snap) {
        memcpy(out + at + 2, llc_snap, sizeof(llc_snap));
        at += 2 + (uint32_t)sizeof(llc_snap);
    }
    put16(out + at, seg->src.family == 4 ? 0x0800 : 0x86dd);
    at += 2;
    at += seg->src.family == 4 ? build_ip4(out + at, seg, tcp_len)
                               : build_ip6(out + at, seg, tcp_len);
    memcpy(out + at, tcp, tcp_len);
    if (seg->has_snap) {
        put16(out + length_at, at + tcp_len - length_at - 2);
    }
    return at + tcp_len;
}

/* What is collected while a frame is parsed. */
struct parse {
    struct cert_seg *seg;
    const uint8_t *at;
    uint32_t len;
    char *broken;
    size_t room;
};

static void breaks(struct parse *parse, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void breaks(struct parse *parse, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(parse->broken, parse->room, format, args);
    va_end(args);
    if (len > 0 && (size_t)len + 2 < parse->room) {
        parse->broken += len;
        parse->room -= (size_t)len;
        *parse->broken++ = ' ';
        *parse->broken = '\0';
        --parse->room;
    }
}

static bool parse_ether(struct parse *parse, uint32_t *type)
{
    uint32_t at = 14;

    if (parse->len < 18) {
        return false;
    }
    memcpy(parse->seg->dst_mac, parse->at, TOE_MAC_LEN);
    memcpy(parse->seg->src_mac, parse->at + 6, TOE_MAC_LEN);
    *type = get16(parse->at + 12);
    if (*type == 0x8100) {
        parse->seg->has_vlan = true;
        parse->seg->vlan_id = (uint16_t)(get16(parse->at + 14) & 0xfff);
        parse->seg->priority = parse->at[14] >> 5;
        if (parse->at[14] & 0x10) {
            breaks(parse, "SEG-079: CFI is set.");
        }
        *type = get16(parse->at + 16);
        at = 18;
    }
    if (*type < 0x600 && parse->len >= at + 8 &&
        memcmp(parse->at + at, llc_snap, sizeof(llc_snap)) == 0) {
        if (*type > 1500 || *type != parse->len - at) {
            breaks(parse, "RFC-117: length %u before %u bytes.", *type, parse->len - at);
        }
        parse->seg->has_snap = true;
        *type = get16(parse->at + at + 6);
        at += 8;
    }
    parse->at += at;
    parse->len -= at;
    return true;
}

/* What follows the |total| bytes of the packet fills up a short frame: with one byte, over and
 * over.
 */
static void check_padding(struct parse *parse, uint32_t total)
{
    for (uint32_t i = total + 1; i < parse->len; ++i) {
        if (parse->at[i] != parse->at[total]) {
            breaks(parse, "CERT-11: a short frame is padded with data.");
            return;
        }
    }
}

static bool parse_ip4(struct parse *parse)
{
    const uint8_t *at = parse->at;
    struct cert_seg *seg = parse->seg;
    const uint32_t head = parse->len < 20 ? 0 : (uint32_t)(at[0] & 15) * 4;
    uint32_t total;

    if (head < 20 || head > parse->len || at[9] != 6) {
        return false;
    }
    total = get16(at + 2);
    seg->src.family = 4;
    seg->dst.family = 4;
    memcpy(seg->src.bytes, at + 12, 4);
    memcpy(seg->dst.bytes, at + 16, 4);
    seg->tos = at[1];
    seg->ttl = at[8];
    seg->ip_id = (uint16_t)get16(at + 4);
    seg->df = (at[6] & 0x40) != 0;
    seg->mf = (at[6] & 0x20) != 0;
    seg->frag_off = (uint16_t)(get16(at + 6) & 0x1fff);
    if (!seg->df) {
        breaks(parse, "SND-029: DF is not set.");
    }
    if (seg->mf || seg->frag_off != 0) {
        breaks(parse, "SND-028: an IP fragment.");
    }
    if (seg->ip_id < 0x8000) {
        breaks(parse, "SND-030: identification 0x%04x.", seg->ip_id);
    }
    if (sum(0, at, head) != 0xffff) {
        breaks(parse, "RFC-022: the IP header checksum is wrong.");
    }
    if (head > 20) {
        breaks(parse, "CAP-3: IP options.");
    }
    if (total < head + TCP_LEN || total > parse->len) {
        breaks(parse, "RFC-117: total length %u in a packet of %u bytes.", total, parse->len);
        return false;
    }
    check_padding(parse, total);
    parse->at += head;
    parse->len = total - head;
    return true;
}

static bool parse_ip6(struct parse *parse)
{
    const uint8_t *at = parse->at;
    struct cert_seg *seg = parse->seg;
    uint32_t total;

    if (parse->len < 40 || at[0] >> 4 != 6 || at[6] != 6) {
        return false;
    }
    total = get16(at + 4);
    seg->src.family = 6;
    seg->dst.family = 6;
    memcpy(seg->src.bytes, at + 8, 16);
    memcpy(seg->dst.bytes, at + 24, 16);
    seg->tos = (uint8_t)(get16(at) >> 4);
    seg->flow_label = get32(at) & 0xfffff;
    seg->ttl = at[7];
    seg->df = true;
    if (total < TCP_LEN || total > parse->len - 40) {
        breaks(parse, "RFC-117: payload length %u in a packet of %u bytes.", total, parse->len);
        return false;
    }
    check_padding(parse, total + 40);
    parse->at += 40;
    parse->len = total;
    return true;
}

static void parse_sack(struct cert_seg *seg, const uint8_t *opt)
{
    seg->sack_cnt = (uint8_t)((opt[1] - 2) / 8);
    for (uint32_t i = 0; i < seg->sack_cnt && i < CERT_SACK_MAX; ++i) {
        seg->sack[i][0] = get32(opt + 2 + 8 * i);
        seg->sack[i][1] = get32(opt + 6 + 8 * i);
    }
}

static void parse_options(struct parse *parse)
{
    struct cert_seg *seg = parse->seg;
    const uint8_t *opt = seg->opt;

    for (uint32_t at = 0; at < seg->opt_len && opt[at] != 0;) {
        if (opt[at] == 1) {
            ++at;
            continue;
        }
        if (at + 1 >= seg->opt_len || opt[at + 1] < 2 || at + opt[at + 1] > seg->opt_len) {
            breaks(parse, "RFC-020: option %u is malformed.", opt[at]);
            return;
        }
        if (opt[at] == 8 && opt[at + 1] == 10) {
            seg->has_ts = true;
            seg->ts_val = get32(opt + at + 2);
            seg->ts_ecr = get32(opt + at + 6);
        } else if (opt[at] == 5 && opt[at + 1] % 8 == 2 && opt[at + 1] <= 34) {
            parse_sack(seg, opt + at);
        } else {
            breaks(parse, "RFC-020: an option of kind %u, length %u.", opt[at], opt[at + 1]);
        }
        at += opt[at + 1];
    }
}

static void parse_tcp(struct parse *parse)
{
    const uint8_t *at = parse->at;
    struct cert_seg *seg = parse->seg;
    const uint32_t head = (uint32_t)(at[12] >> 4) * 4;

    seg->src_port = (uint16_t)get16(at);
    seg->dst_port = (uint16_t)get16(at + 2);
    seg->seq = get32(at + 4);
    seg->ack = get32(at + 8);
    seg->flags = at[13];
    seg->reserved = at[12] & 15;
    seg->wnd = (uint16_t)get16(at + 14);
    seg->urgent = (uint16_t)get16(at + 18);
    if (head < TCP_LEN || head > parse->len) {
        breaks(parse, "RFC-023: data offset %u.", head / 4);
        return;
    }
    seg->opt_len = (uint8_t)(head - TCP_LEN);
    memcpy(seg->opt, at + TCP_LEN, seg->opt_len);
    seg->len = parse->len - head;
    seg->payload = at + head;
    parse_options(parse);
    if (sum(pseudo_sum(&seg->src, &seg->dst, parse->len), at, parse->len) != 0xffff) {
        breaks(parse, "RFC-022: the TCP checksum is wrong.");
    }
    if (seg->reserved != 0) {
        breaks(parse, "RFC-023: reserved bits %x are set.", seg->reserved);
    }
    if ((seg->flags & CERT_URG) || seg->urgent != 0) {
        breaks(parse, "SND-017: URG or an urgent pointer.");
    }
}

enum cert_craft cert_craft_parse(struct cert_seg *seg, char *broken, size_t broken_len,
                                 const uint8_t *data, uint32_t len)
{
    struct parse parse = {.seg = seg, .at = data, .len = len, .broken = broken, .room = broken_len};
    uint32_t type = 0;

    memset(seg, 0, sizeof(*seg));
    broken[0] = '\0';
    if (!parse_ether(&parse, &type)) {
        return CERT_CRAFT_OTHER;
    }
    if (!(type == 0x0800 && parse_ip4(&parse)) && !(type == 0x86dd && parse_ip6(&parse))) {
        return CERT_CRAFT_OTHER;
    }
    parse_tcp(&parse);
    return CERT_CRAFT_TCP;
}

static void add(char *out, size_t len, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(char *out, size_t len, const char *format, ...)
{
    const size_t at = strlen(out);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(out + at, len - at, format, args);
    va_end(args);
}

void cert_craft_text(char *out, size_t len, const struct cert_seg *seg)
{
    static const struct {
        uint8_t flag;
        const char *name;
    } names[] = {
        {CERT_SYN, " SYN"}, {CERT_FIN, " FIN"}, {CERT_RST, " RST"}, {CERT_PSH, " PSH"},
        {CERT_URG, " URG"}, {CERT_ECE, " ECE"}, {CERT_CWR, " CWR"},
    };

    (void)snprintf(out, len, "%u", seg->seq);
    if (seg->len > 0) {
        add(out, len, ":%u", seg->seq + seg->len);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        if (seg->flags & names[i].flag) {
            add(out, len, "%s", names[i].name);
        }
    }
    if (seg->flags & CERT_ACK) {
        add(out, len, " ack=%u", seg->ack);
    }
    add(out, len, " wnd=%u", seg->wnd);
    if (seg->has_ts) {
        add(out, len, " ts=%u/%u", seg->ts_val, seg->ts_ecr);
    }
    for (uint32_t i = 0; i < seg->sack_cnt && i < CERT_SACK_MAX; ++i) {
        add(out, len, "%s%u-%u", i == 0 ? " sack=" : ",", seg->sack[i][0], seg->sack[i][1]);
    }
}
