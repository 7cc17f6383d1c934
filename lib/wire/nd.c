/* SPDX-License-Identifier: MIT */
#include "wire/nd.h"

#include "wire/bytes.h"

#include <string.h>

#define FLAG_ROUTER 0x80u
#define FLAG_SOLICITED 0x40u
#define FLAG_OVERRIDE 0x20u

#define OPTION_SOURCE_LLADDR 1
#define OPTION_TARGET_LLADDR 2
#define OPTION_UNIT 8u /* option lengths count these */

/* The option that carries the link-layer address in a message of |type|. */
static uint8_t lladdr_option(uint8_t type)
{
    return type == WIRE_ND_SOLICITATION ? OPTION_SOURCE_LLADDR : OPTION_TARGET_LLADDR;
}

/* Reads the options of |nd| from |len| bytes at |data|. */
static int parse_options(struct wire_nd *nd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t option_len;

        if (len < OPTION_UNIT || data[1] == 0 || data[1] * OPTION_UNIT > len) {
            return WIRE_ERR_MALFORMED;
        }
        option_len = data[1] * OPTION_UNIT;
        if (data[0] == lladdr_option(nd->type) && option_len == OPTION_UNIT) {
            nd->has_lladdr = true;
            memcpy(nd->lladdr, data + 2, 6);
        }
        data += option_len;
        len -= option_len;
    }
    return 0;
}

int wire_nd_parse(struct wire_nd *nd, const uint8_t *data, size_t len)
{
    int err;

    memset(nd, 0, sizeof(*nd));
    if (len < WIRE_ND_LEN) {
        return WIRE_ERR_SHORT;
    }
    nd->type = data[0];
    if ((nd->type != WIRE_ND_SOLICITATION && nd->type != WIRE_ND_ADVERTISEMENT) || data[1] != 0) {
        return WIRE_ERR_MALFORMED;
    }
    if (nd->type == WIRE_ND_ADVERTISEMENT) {
        nd->is_router = (data[4] & FLAG_ROUTER) != 0;
        nd->is_solicited = (data[4] & FLAG_SOLICITED) != 0;
        nd->is_override = (data[4] & FLAG_OVERRIDE) != 0;
    }
    nd->target = wire_load_ipv6(data + 8);
    if (nd->target.bytes[0] == 0xff) {
        return WIRE_ERR_MALFORMED;
    }
    err = parse_options(nd, data + WIRE_ND_LEN, len - WIRE_ND_LEN);
    return err != 0 ? err : (int)len;
}

int wire_nd_build(uint8_t *out, size_t cap, const struct wire_nd *nd)
{
    const size_t len = nd->has_lladdr ? WIRE_ND_LEN_MAX : WIRE_ND_LEN;

    if (cap < len) {
        return WIRE_ERR_SHORT;
    }
    memset(out, 0, len);
    out[0] = nd->type;
    if (nd->type == WIRE_ND_ADVERTISEMENT) {
        out[4] =
            (uint8_t)((nd->is_router ? FLAG_ROUTER : 0) | (nd->is_solicited ? FLAG_SOLICITED : 0) |
                      (nd->is_override ? FLAG_OVERRIDE : 0));
    }
    memcpy(out + 8, nd->target.bytes, 16);
    if (nd->has_lladdr) {
        out[WIRE_ND_LEN] = lladdr_option(nd->type);
        out[WIRE_ND_LEN + 1] = 1;
        memcpy(out + WIRE_ND_LEN + 2, nd->lladdr, 6);
    }
    return (int)len;
}

struct toe_addr wire_nd_solicited_node(const struct toe_addr *target)
{
    struct toe_addr addr = {.family = 6, .bytes = {0xff, 0x02, [11] = 0x01, [12] = 0xff}};

    memcpy(addr.bytes + 13, target->bytes + 13, 3);
    return addr;
}

void wire_nd_multicast_mac(uint8_t mac[6], const struct toe_addr *addr)
{
    mac[0] = 0x33;
    mac[1] = 0x33;
    memcpy(mac + 2, addr->bytes + 12, 4);
}
