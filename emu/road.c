/* SPDX-License-Identifier: MIT */
#include "road.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"

enum {
    ETHER_LEN = 14,
    IP4_LEN = 20,
    IP6_LEN = 40,
    ICMP_LEN = 8,
    ARP_LEN = 28,
    ND_LEN = 24, /* of a solicitation or advertisement without options */
    ND_OPTION_LEN = 8,
    TYPE_IP4 = 0x0800,
    TYPE_ARP = 0x0806,
    TYPE_IP6 = 0x86dd,
    ICMP6_ADVERTISEMENT = 136,
    ICMP6_SOLICITATION = 135,
    QUOTE4_MAX = 128,
    QUOTE6_MAX = 1232,
    IP6_MTU_MIN = 1280,
    BATCH = 32,
};

struct emu_road {
    struct emu_road_settings settings;
    void *near; /* ends of the link */
    void *far;
    uint8_t mac[TOE_MAC_LEN]; /* as the world sees the machine */
    bool has_moved;           /* ever */
    bool keeps;
    uint32_t narrow; /* 0: it is not */
    size_t frame_max;
    uint8_t *out; /* one frame, on its way to the link */
    uint8_t *in;  /* those of a batch, to the machine */
};

/* What a router on the road calls itself. */
static const uint8_t router_mac[TOE_MAC_LEN] = {0x02, 0, 0, 0, 0x77, 0xfe};

/* Writes the checksum of the ICMPv6 message of |len| bytes behind the header at |ip|. */
static void seal_icmp6(uint8_t *ip, size_t len)
{
    uint8_t *icmp = ip + IP6_LEN;
    const uint64_t pseudo = emu_sum(len + 58, ip + 8, 32);

    emu_put16(icmp + 2, 0);
    emu_put16(icmp + 2, emu_csum(emu_sum(pseudo, icmp, len)));
}

static void put_ether(uint8_t *frame, const uint8_t *dst, const uint8_t *src, uint16_t type)
{
    memcpy(frame, dst, TOE_MAC_LEN);
    memcpy(frame + TOE_MAC_LEN, src, TOE_MAC_LEN);
    emu_put16(frame + 12, type);
}

static void put_ip6(uint8_t *ip, const uint8_t *src, const uint8_t *dst, size_t len)
{
    memset(ip, 0, IP6_LEN);
    ip[0] = 0x60;
    emu_put16(ip + 4, (uint32_t)len);
    ip[6] = 58;
    ip[7] = 255;
    memcpy(ip + 8, src, 16);
    memcpy(ip + 24, dst, 16);
}

static void put_out(void *end, const uint8_t *data, size_t len)
{
    const struct toe_frame frame = {.data = data, .len = (uint32_t)len};

    toe_sim_wire_ops()->transmit(end, &frame, 1);
}

/* --- another address --- */

/* Puts the new address wherever the frame at road->out names the machine's own. */
static void rename_sender(struct emu_road *road, size_t len)
{
    const uint8_t *own = road->settings.mac;
    uint8_t *frame = road->out;
    uint8_t *ip = frame + ETHER_LEN;

    memcpy(frame + TOE_MAC_LEN, road->mac, TOE_MAC_LEN);
    if (emu_get16(frame + 12) == TYPE_ARP && len >= ETHER_LEN + ARP_LEN) {
        memcpy(ip + 8, road->mac, TOE_MAC_LEN);
    }
    if (emu_get16(frame + 12) == TYPE_IP6 && len >= ETHER_LEN + IP6_LEN + ND_LEN + ND_OPTION_LEN &&
        ip[6] == 58 && (ip[IP6_LEN] == ICMP6_SOLICITATION || ip[IP6_LEN] == ICMP6_ADVERTISEMENT)) {
        uint8_t *mac = ip + IP6_LEN + ND_LEN + 2;

        if (memcmp(mac, own, TOE_MAC_LEN) == 0) {
            memcpy(mac, road->mac, TOE_MAC_LEN);
            seal_icmp6(ip, emu_get16(ip + 4));
        }
    }
}

/* Whether a frame to |dst| comes to the machine; to an address that it had, only if it keeps it. */
static bool is_for_us(const struct emu_road *road, const uint8_t *dst)
{
    return (dst[0] & 1) != 0 || road->keeps || memcmp(dst, road->mac, TOE_MAC_LEN) == 0;
}

/* Keeps those of |frames| that come to the machine, under its own address. */
static uint32_t accept_frames(struct emu_road *road, struct toe_frame *frames, uint32_t cnt)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        uint8_t *copy = road->in + kept * road->frame_max;

        if (frames[i].len < ETHER_LEN || frames[i].len > road->frame_max ||
            !is_for_us(road, frames[i].data)) {
            continue;
        }
        memcpy(copy, frames[i].data, frames[i].len);
        if ((copy[0] & 1) == 0) {
            memcpy(copy, road->settings.mac, TOE_MAC_LEN);
        }
        frames[kept] = frames[i];
        frames[kept++].data = copy;
    }
    return kept;
}

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct emu_road *road = wire;
    uint32_t cnt;
    uint32_t kept;

    if (!road->has_moved) {
        return toe_sim_wire_ops()->receive(road->near, frames, max);
    }
    do {
        cnt = toe_sim_wire_ops()->receive(road->near, frames, max < BATCH ? max : BATCH);
        kept = accept_frames(road, frames, cnt);
    } while (cnt > 0 && kept == 0);
    return kept;
}

/* --- a narrow road --- */

/* Whether the packet of the frame at road->out is too long, and may not be fragmented. */
static bool is_too_long(const struct emu_road *road, size_t len)
{
    const uint8_t *frame = road->out;
    const size_t packet_len = len - ETHER_LEN;

    if (road->narrow == 0 || packet_len <= road->narrow) {
        return false;
    }
    if (emu_get16(frame + 12) == TYPE_IP4) {
        return (frame[ETHER_LEN + 6] & 0x40) != 0;
    }
    return emu_get16(frame + 12) == TYPE_IP6 && packet_len > IP6_MTU_MIN;
}

/* Destination unreachable, fragmentation needed (RFC 1191). */
static void answer4(const struct emu_road *road, const uint8_t *packet, size_t len)
{
    const size_t quote = len < QUOTE4_MAX ? len : QUOTE4_MAX;
    uint8_t frame[ETHER_LEN + IP4_LEN + ICMP_LEN + QUOTE4_MAX] = {0};
    uint8_t *ip = frame + ETHER_LEN;
    uint8_t *icmp = ip + IP4_LEN;

    put_ether(frame, road->mac, router_mac, TYPE_IP4);
    ip[0] = 0x45;
    emu_put16(ip + 2, (uint32_t)(IP4_LEN + ICMP_LEN + quote));
    ip[8] = 64;
    ip[9] = 1;
    memcpy(ip + 12, packet + 12, 3);
    ip[15] = 254;
    memcpy(ip + 16, packet + 12, 4);
    emu_put16(ip + 10, emu_csum(emu_sum(0, ip, IP4_LEN)));
    icmp[0] = 3;
    icmp[1] = 4;
    emu_put16(icmp + 6, road->narrow);
    memcpy(icmp + ICMP_LEN, packet, quote);
    emu_put16(icmp + 2, emu_csum(emu_sum(0, icmp, ICMP_LEN + quote)));
    put_out(road->far, frame, ETHER_LEN + IP4_LEN + ICMP_LEN + quote);
}

/* Packet too big (RFC 8201). */
static void answer6(const struct emu_road *road, const uint8_t *packet, size_t len)
{
    const size_t quote = len < QUOTE6_MAX ? len : QUOTE6_MAX;
    uint8_t frame[ETHER_LEN + IP6_LEN + ICMP_LEN + QUOTE6_MAX] = {0};
    uint8_t *ip = frame + ETHER_LEN;
    uint8_t *icmp = ip + IP6_LEN;
    uint8_t router[16];

    memcpy(router, packet + 8, sizeof(router));
    router[15] = 0xfe;
    put_ether(frame, road->mac, router_mac, TYPE_IP6);
    put_ip6(ip, router, packet + 8, ICMP_LEN + quote);
    icmp[0] = 2;
    emu_put16(icmp + 6, road->narrow > IP6_MTU_MIN ? road->narrow : IP6_MTU_MIN);
    memcpy(icmp + ICMP_LEN, packet, quote);
    seal_icmp6(ip, ICMP_LEN + quote);
    put_out(road->far, frame, ETHER_LEN + IP6_LEN + ICMP_LEN + quote);
}

/* Brings |frame| together at road->out. Returns its length, or 0 if it is too long for any road. */
static size_t gather(struct emu_road *road, const struct toe_frame *frame)
{
    size_t len = frame->len;

    if (len < ETHER_LEN || len > road->frame_max) {
        return 0;
    }
    memcpy(road->out, frame->data, len);
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        if (frame->more[i].len > road->frame_max - len) {
            return 0;
        }
        memcpy(road->out + len, frame->more[i].base, frame->more[i].len);
        len += frame->more[i].len;
    }
    return len;
}

static void transmit_one(struct emu_road *road, const struct toe_frame *frame)
{
    const size_t len = gather(road, frame);
    const uint8_t *packet = road->out + ETHER_LEN;

    if (len == 0) {
        return;
    }
    if (!is_too_long(road, len)) {
        rename_sender(road, len);
        put_out(road->near, road->out, len);
    } else if (road->settings.is_silent) {
        return;
    } else if (emu_get16(road->out + 12) == TYPE_IP4) {
        answer4(road, packet, len - ETHER_LEN);
    } else {
        answer6(road, packet, len - ETHER_LEN);
    }
}

static void transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct emu_road *road = wire;

    if (!road->has_moved && road->narrow == 0) {
        toe_sim_wire_ops()->transmit(road->near, frames, cnt);
        return;
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        transmit_one(road, &frames[i]);
    }
}

static bool link_up(void *wire)
{
    const struct emu_road *road = wire;
    const struct toe_wire_ops *ops = toe_sim_wire_ops();

    return ops->link_up == NULL || ops->link_up(road->near);
}

const struct toe_wire_ops *emu_road_wire_ops(void)
{
    static const struct toe_wire_ops ops = {
        .size = sizeof(ops), .receive = receive, .transmit = transmit, .link_up = link_up};

    return &ops;
}

/* --- what changes --- */

static void announce4(const struct emu_road *road)
{
    static const uint8_t everybody[TOE_MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0, 1};
    uint8_t frame[ETHER_LEN + ARP_LEN] = {0};
    uint8_t *arp = frame + ETHER_LEN;

    put_ether(frame, everybody, road->mac, TYPE_ARP);
    memcpy(arp, head, sizeof(head));
    memcpy(arp + 8, road->mac, TOE_MAC_LEN);
    memcpy(arp + 14, road->settings.address[0].bytes, 4);
    memcpy(arp + 24, road->settings.address[0].bytes, 4);
    put_out(road->near, frame, sizeof(frame));
}

static void announce6(const struct emu_road *road)
{
    static const uint8_t all_nodes_mac[TOE_MAC_LEN] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
    uint8_t frame[ETHER_LEN + IP6_LEN + ND_LEN + ND_OPTION_LEN] = {0};
    uint8_t *ip = frame + ETHER_LEN;
    uint8_t *icmp = ip + IP6_LEN;
    const uint8_t *own = road->settings.address[1].bytes;

    put_ether(frame, all_nodes_mac, road->mac, TYPE_IP6);
    put_ip6(ip, own, all_nodes, ND_LEN + ND_OPTION_LEN);
    icmp[0] = ICMP6_ADVERTISEMENT;
    icmp[4] = 0x20; /* override */
    memcpy(icmp + 8, own, 16);
    icmp[ND_LEN] = 2;
    icmp[ND_LEN + 1] = 1;
    memcpy(icmp + ND_LEN + 2, road->mac, TOE_MAC_LEN);
    seal_icmp6(ip, ND_LEN + ND_OPTION_LEN);
    put_out(road->near, frame, sizeof(frame));
}

void emu_road_announce(struct emu_road *road)
{
    if (road->settings.address[0].family != 0) {
        announce4(road);
    }
    if (road->settings.address[1].family != 0) {
        announce6(road);
    }
}

void emu_road_move(struct emu_road *road, const uint8_t mac[TOE_MAC_LEN], bool keeps)
{
    memcpy(road->mac, mac, TOE_MAC_LEN);
    road->has_moved = true;
    road->keeps = keeps;
    emu_road_announce(road);
}

void emu_road_narrow(struct emu_road *road, uint32_t mtu)
{
    road->narrow = mtu;
}

/* --- life --- */

struct emu_road *emu_road_new(const struct emu_road_settings *settings)
{
    struct emu_road *road = calloc(1, sizeof(*road));

    if (road == NULL) {
        return NULL;
    }
    road->settings = *settings;
    road->near = toe_sim_link_end(settings->link, settings->end);
    road->far = toe_sim_link_end(settings->link, 1 - settings->end);
    memcpy(road->mac, settings->mac, TOE_MAC_LEN);
    road->frame_max = settings->mtu + ETHER_LEN + 4;
    road->out = malloc(road->frame_max);
    road->in = malloc(BATCH * road->frame_max);
    if (road->out == NULL || road->in == NULL) {
        emu_road_del(road);
        return NULL;
    }
    return road;
}

void emu_road_del(struct emu_road *road)
{
    if (road != NULL) {
        free(road->in);
        free(road->out);
        free(road);
    }
}
