/* SPDX-License-Identifier: MIT */
#include "wire/plain.h"

#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/checksum_blocks.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#include <string.h>

#define IPV4_FIRST 0x45u      /* version, and five words of header */
#define IPV4_FRAGMENT 0x3fffu /* more fragments, and the offset */
#define IPV4_SRC 12u
#define IPV6_SRC 8u

static uint64_t load_u64(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

static uint32_t load_u32(const uint8_t *p)
{
    uint32_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

/* Five words in the machine's order: see wire/checksum.c. */
static bool is_header_sum_right(const uint8_t *ip)
{
    const uint64_t sum = (uint64_t)load_u32(ip) + load_u32(ip + 4) + load_u32(ip + 8) +
                         load_u32(ip + 12) + load_u32(ip + 16);

    return wire_csum_fold_raw(sum) == UINT16_MAX;
}

static bool parse_ipv4(struct wire_plain *plain, const uint8_t *ip, size_t len)
{
    uint32_t total;

    if (len < WIRE_IPV4_LEN + WIRE_TCP_LEN || ip[0] != IPV4_FIRST || ip[9] != WIRE_PROTO_TCP ||
        (wire_load_u16(ip + 6) & IPV4_FRAGMENT) != 0) {
        return false;
    }
    total = wire_load_u16(ip + 2);
    if (total < WIRE_IPV4_LEN + WIRE_TCP_LEN || total > len || !is_header_sum_right(ip)) {
        return false;
    }
    plain->tcp = ip + WIRE_IPV4_LEN;
    plain->tcp_len = total - WIRE_IPV4_LEN;
    plain->family = 4;
    plain->tos = ip[1];
    plain->row = ip + IPV4_SRC;
    plain->row_len = WIRE_PLAIN_ROW4;
    return true;
}

static bool parse_ipv6(struct wire_plain *plain, const uint8_t *ip, size_t len)
{
    uint32_t payload_len;

    if (len < WIRE_IPV6_LEN + WIRE_TCP_LEN || ip[0] >> 4 != 6 || ip[6] != WIRE_PROTO_TCP) {
        return false;
    }
    payload_len = wire_load_u16(ip + 4);
    if (payload_len < WIRE_TCP_LEN || payload_len > len - WIRE_IPV6_LEN) {
        return false;
    }
    plain->tcp = ip + WIRE_IPV6_LEN;
    plain->tcp_len = payload_len;
    plain->family = 6;
    plain->tos = (uint8_t)(wire_load_u16(ip) >> 4);
    plain->row = ip + IPV6_SRC;
    plain->row_len = WIRE_PLAIN_ROW6;
    return true;
}

/* No options, or timestamps and nothing else. */
bool wire_plain_options(struct wire_plain *plain)
{
    plain->head_len = (uint32_t)(plain->tcp[12] >> 4) * 4;
    plain->has_ts = plain->head_len == WIRE_TCP_LEN + WIRE_TCP_TS_LEN;
    if (!plain->has_ts) {
        return plain->head_len == WIRE_TCP_LEN;
    }
    return plain->tcp_len >= WIRE_TCP_LEN + WIRE_TCP_TS_LEN &&
           wire_load_u32(plain->tcp + WIRE_TCP_LEN) == WIRE_TCP_TS_HEAD;
}

bool wire_plain_find(struct wire_plain *plain, const uint8_t *data, size_t len)
{
    size_t at = WIRE_ETHER_LEN;
    uint16_t type;

    if (len < WIRE_ETHER_LEN + WIRE_ETHER_TAG_LEN) {
        return false;
    }
    plain->frame = data;
    plain->vlan_id = 0;
    type = wire_load_u16(data + 12);
    plain->vlan_present = type == WIRE_ETHER_TYPE_VLAN;
    if (plain->vlan_present) {
        plain->vlan_id = wire_load_u16(data + 14) & 0x0fff;
        type = wire_load_u16(data + 16);
        at += WIRE_ETHER_TAG_LEN;
    }
    plain->ip = data + at;
    if (type == WIRE_ETHER_TYPE_IPV4) {
        return parse_ipv4(plain, data + at, len - at);
    }
    return type == WIRE_ETHER_TYPE_IPV6 && parse_ipv6(plain, data + at, len - at);
}

bool wire_plain_parse(struct wire_plain *plain, const uint8_t *data, size_t len)
{
    return wire_plain_find(plain, data, len) && wire_plain_options(plain);
}

void wire_plain_segment(struct tcp_segment *seg, const struct wire_plain *plain)
{
    const uint8_t *tcp = plain->tcp;
    const uint32_t header_len = wire_plain_head_len(plain);

    seg->src_port = wire_load_u16(tcp);
    seg->dst_port = wire_load_u16(tcp + 2);
    seg->seq = wire_plain_seq(plain);
    seg->ack = toe_seq_of(wire_load_u32(tcp + 8));
    seg->wnd = wire_load_u16(tcp + 14);
    seg->urgent = wire_load_u16(tcp + 18);
    seg->flags = wire_plain_flags(plain);
    seg->wscale = -1;
    seg->mss = 0;
    seg->sack_permitted = false;
    seg->has_ts = plain->has_ts;
    seg->sack_cnt = 0;
    seg->ecn = 0;
    seg->ae = (tcp[12] & 1) != 0;
    seg->acc_ect1 = false;
    seg->acc_cnt = 0;
    seg->ts_val = plain->has_ts ? wire_load_u32(tcp + WIRE_TCP_LEN + 4) : 0;
    seg->ts_ecr = plain->has_ts ? wire_load_u32(tcp + WIRE_TCP_LEN + 8) : 0;
    seg->payload_len = plain->tcp_len - header_len;
    seg->payload = tcp + header_len;
}

bool wire_plain_is_alike(const struct wire_plain *a, const struct wire_plain *b)
{
    const uint8_t *x = a->tcp;
    const uint8_t *y = b->tcp;

    return a->tos == b->tos && memcmp(x + 8, y + 8, 5) == 0 &&
           ((wire_plain_flags(a) ^ wire_plain_flags(b)) & ~TCP_PSH) == 0 &&
           memcmp(x + 14, y + 14, 2) == 0 &&
           (!a->has_ts || memcmp(x + WIRE_TCP_LEN + 4, y + WIRE_TCP_LEN + 4, 8) == 0);
}

static inline uint64_t pseudo_sum(const struct wire_plain *plain)
{
    const uint8_t *row = wire_plain_row(plain);
    uint8_t last[8] = {0};
    uint64_t sum;

    wire_store_u32(last, plain->tcp_len);
    last[7] = WIRE_PROTO_TCP;
    sum = wire_csum_add_around(load_u64(last), load_u64(row));
    if (plain->family == 6) {
        for (size_t at = 8; at < 32; at += 8) {
            sum = wire_csum_add_around(sum, load_u64(row + at));
        }
    }
    return sum;
}

bool wire_plain_is_sum_right(const struct wire_plain *plain)
{
    const uint64_t sum = pseudo_sum(plain);
    const uint32_t len = plain->tcp_len;

    /* Most segments that are not bulk data are no more than a header. */
    return wire_csum_fold(len <= WIRE_TCP_LEN_MAX && len % 4 == 0
                              ? wire_csum_words(sum, plain->tcp, len)
                              : wire_csum_add(sum, plain->tcp, len)) == 0;
}

uint64_t wire_plain_sum(const struct wire_plain *plain)
{
    const uint8_t *tcp = plain->tcp;
    uint64_t sum = pseudo_sum(plain);

    sum = wire_csum_add_around(sum, load_u64(tcp));
    sum = wire_csum_add_around(sum, load_u64(tcp + 8));
    sum = wire_csum_add_around(sum, load_u32(tcp + 16));
    if (plain->has_ts) {
        sum = wire_csum_add_around(sum, load_u32(tcp + 20));
        sum = wire_csum_add_around(sum, load_u64(tcp + 24));
    }
    return sum;
}
