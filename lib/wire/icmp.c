/* SPDX-License-Identifier: MIT */
#include "wire/icmp.h"

#include "base/assert.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"

#include <string.h>

#define CODE_ANY 0xff

/* What a kind is called in each family. CODE_ANY: the code says more and is left to the caller. */
static const struct {
    uint8_t family;
    enum wire_icmp_kind kind;
    uint8_t type;
    uint8_t code;
} kinds[] = {
    {4, WIRE_ICMP_ECHO_REPLY, 0, CODE_ANY},
    {4, WIRE_ICMP_PACKET_BIG, 3, 4}, /* in front of what it is a case of */
    {4, WIRE_ICMP_UNREACHABLE, 3, CODE_ANY},
    {4, WIRE_ICMP_ECHO_REQUEST, 8, CODE_ANY},
    {4, WIRE_ICMP_TIME_EXCEEDED, 11, CODE_ANY},
    {6, WIRE_ICMP_UNREACHABLE, 1, CODE_ANY},
    {6, WIRE_ICMP_PACKET_BIG, 2, CODE_ANY},
    {6, WIRE_ICMP_TIME_EXCEEDED, 3, CODE_ANY},
    {6, WIRE_ICMP_ECHO_REQUEST, 128, CODE_ANY},
    {6, WIRE_ICMP_ECHO_REPLY, 129, CODE_ANY},
};

#define KIND_CNT (sizeof(kinds) / sizeof(kinds[0]))

static bool is_echo(enum wire_icmp_kind kind)
{
    return kind == WIRE_ICMP_ECHO_REQUEST || kind == WIRE_ICMP_ECHO_REPLY;
}

static enum wire_icmp_kind kind_of(uint8_t family, uint8_t type, uint8_t code)
{
    for (size_t i = 0; i < KIND_CNT; ++i) {
        if (kinds[i].family == family && kinds[i].type == type &&
            (kinds[i].code == CODE_ANY || kinds[i].code == code)) {
            return kinds[i].kind;
        }
    }
    return WIRE_ICMP_OTHER;
}

int wire_icmp_parse(struct wire_icmp *icmp, uint8_t family, const uint8_t *data, size_t len)
{
    toe_assert(family == 4 || family == 6);
    memset(icmp, 0, sizeof(*icmp));
    icmp->family = family;
    if (len < WIRE_ICMP_LEN) {
        return WIRE_ERR_SHORT;
    }
    icmp->type = data[0];
    icmp->code = data[1];
    icmp->kind = kind_of(family, icmp->type, icmp->code);
    if (is_echo(icmp->kind)) {
        icmp->id = wire_load_u16(data + 4);
        icmp->seq = wire_load_u16(data + 6);
    } else if (icmp->kind == WIRE_ICMP_PACKET_BIG) {
        icmp->mtu = family == 4 ? wire_load_u16(data + 6) : wire_load_u32(data + 4);
    }
    icmp->body = data + WIRE_ICMP_LEN;
    icmp->body_len = len - WIRE_ICMP_LEN;
    return WIRE_ICMP_LEN;
}

/* Stores type and code of |icmp| at |out|. */
static void build_type(uint8_t *out, const struct wire_icmp *icmp)
{
    out[0] = icmp->type;
    out[1] = icmp->code;
    for (size_t i = 0; i < KIND_CNT; ++i) {
        if (kinds[i].family == icmp->family && kinds[i].kind == icmp->kind) {
            out[0] = kinds[i].type;
            out[1] = kinds[i].code == CODE_ANY ? icmp->code : kinds[i].code;
        }
    }
}

int wire_icmp_build(uint8_t *out, size_t cap, const struct wire_icmp *icmp)
{
    toe_assert(icmp->family == 4 || icmp->family == 6);
    if (cap < WIRE_ICMP_LEN || cap - WIRE_ICMP_LEN < icmp->body_len) {
        return WIRE_ERR_SHORT;
    }
    memset(out, 0, WIRE_ICMP_LEN);
    build_type(out, icmp);
    if (is_echo(icmp->kind)) {
        wire_store_u16(out + 4, icmp->id);
        wire_store_u16(out + 6, icmp->seq);
    } else if (icmp->kind == WIRE_ICMP_PACKET_BIG && icmp->family == 4) {
        wire_store_u16(out + 6, icmp->mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)icmp->mtu);
    } else if (icmp->kind == WIRE_ICMP_PACKET_BIG) {
        wire_store_u32(out + 4, icmp->mtu);
    }
    if (icmp->body_len > 0) {
        memcpy(out + WIRE_ICMP_LEN, icmp->body, icmp->body_len);
    }
    return (int)(WIRE_ICMP_LEN + icmp->body_len);
}

/* Returns the sum over a message and, for ICMPv6, its pseudo-header. */
static uint64_t message_sum(const uint8_t *data, size_t len, const struct toe_addr *src,
                            const struct toe_addr *dst)
{
    uint64_t sum = 0;

    if (src->family == 6) {
        sum = wire_csum_pseudo(src, dst, WIRE_PROTO_ICMPV6, (uint32_t)len);
    }
    return wire_csum_add(sum, data, len);
}

bool wire_icmp_csum_ok(const uint8_t *data, size_t len, const struct toe_addr *src,
                       const struct toe_addr *dst)
{
    return len >= 4 && wire_csum_fold(message_sum(data, len, src, dst)) == 0;
}

void wire_icmp_csum_set(uint8_t *data, size_t len, const struct toe_addr *src,
                        const struct toe_addr *dst)
{
    toe_assert(len >= 4);
    wire_store_u16(data + 2, 0);
    wire_store_u16(data + 2, wire_csum_fold(message_sum(data, len, src, dst)));
}
