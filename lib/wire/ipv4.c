/* SPDX-License-Identifier: MIT */
#include "wire/ipv4.h"

#include "base/assert.h"
#include "wire/bytes.h"
#include "wire/checksum.h"

#include <string.h>

#define FLAG_DF 0x4000u
#define FLAG_MF 0x2000u
#define FRAG_OFF_MASK 0x1fffu

int wire_ipv4_parse_quote(struct wire_ipv4 *ip, const uint8_t *data, size_t len)
{
    size_t header_len;
    uint16_t total_len;
    uint16_t frag;

    memset(ip, 0, sizeof(*ip));
    if (len < WIRE_IPV4_LEN) {
        return WIRE_ERR_SHORT;
    }
    header_len = (data[0] & 0x0fu) * 4u;
    total_len = wire_load_u16(data + 2);
    if (data[0] >> 4 != 4 || header_len < WIRE_IPV4_LEN || total_len < header_len) {
        return WIRE_ERR_MALFORMED;
    }
    if (len < header_len) {
        return WIRE_ERR_SHORT;
    }
    frag = wire_load_u16(data + 6);
    ip->src = wire_load_ipv4(data + 12);
    ip->dst = wire_load_ipv4(data + 16);
    ip->payload_len = (uint16_t)(total_len - header_len);
    ip->id = wire_load_u16(data + 4);
    ip->frag_off = (uint16_t)((frag & FRAG_OFF_MASK) * 8u);
    ip->tos = data[1];
    ip->ttl = data[8];
    ip->proto = data[9];
    ip->df = (frag & FLAG_DF) != 0;
    ip->mf = (frag & FLAG_MF) != 0;
    ip->has_options = header_len > WIRE_IPV4_LEN;
    ip->csum_ok = wire_csum_fold(wire_csum_add(0, data, header_len)) == 0;
    return (int)header_len;
}

int wire_ipv4_parse(struct wire_ipv4 *ip, const uint8_t *data, size_t len)
{
    const int header_len = wire_ipv4_parse_quote(ip, data, len);

    if (header_len > 0 && ip->payload_len > len - (size_t)header_len) {
        return WIRE_ERR_SHORT;
    }
    return header_len;
}

void wire_ipv4_len_set(uint8_t *out, uint16_t payload_len)
{
    const uint32_t old = wire_load_u16(out + 2);
    const uint32_t len = WIRE_IPV4_LEN + (uint32_t)payload_len;
    uint32_t sum = (uint16_t)~wire_load_u16(out + 10);

    sum += len + (uint16_t)~old; /* RFC 1624, 3 */
    sum = (sum & UINT16_MAX) + (sum >> 16);
    wire_store_u16(out + 2, (uint16_t)len);
    wire_store_u16(out + 10, (uint16_t) ~(sum + (sum >> 16)));
}

void wire_ipv4_set(uint8_t *out, uint16_t payload_len, uint16_t id, uint8_t ttl, uint8_t tos)
{
    out[1] = tos;
    wire_store_u16(out + 2, (uint16_t)(WIRE_IPV4_LEN + payload_len));
    wire_store_u16(out + 4, id);
    out[8] = ttl;
    wire_store_u16(out + 10, 0);
    wire_store_u16(out + 10, wire_csum_fold(wire_csum_words(0, out, WIRE_IPV4_LEN)));
}

int wire_ipv4_build(uint8_t *out, size_t cap, const struct wire_ipv4 *ip)
{
    const unsigned frag = (ip->df ? FLAG_DF : 0) | (ip->mf ? FLAG_MF : 0) | ip->frag_off / 8u;

    toe_assert(ip->payload_len <= UINT16_MAX - WIRE_IPV4_LEN);
    if (cap < WIRE_IPV4_LEN) {
        return WIRE_ERR_SHORT;
    }
    out[0] = 0x45;
    wire_store_u16(out + 6, (uint16_t)frag);
    out[9] = ip->proto;
    memcpy(out + 12, ip->src.bytes, 4);
    memcpy(out + 16, ip->dst.bytes, 4);
    wire_ipv4_set(out, ip->payload_len, ip->id, ip->ttl, ip->tos);
    return WIRE_IPV4_LEN;
}
