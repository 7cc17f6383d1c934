/* SPDX-License-Identifier: MIT */
/*
 * A road: the way from a simulated machine to its link, on which things change as they do in the
 * world, and the machine does nothing about it.
 *
 * The machine can get another Ethernet address, as if its adapter had been replaced: what it sends
 * bears the new one, in ARP and neighbor discovery, too, and frames to the old one may be lost from
 * then on. And the road can become narrow: a router somewhere on it has no room for packets longer
 * than so much, drops those that may not be fragmented, and says so by ICMP, or not.
 */
#ifndef EMU_ROAD_H
#define EMU_ROAD_H

#include "toe/sim.h"

struct emu_road;

struct emu_road_settings {
    struct toe_sim_link *link;
    uint32_t end; /* of the link: ours */
    uint8_t mac[TOE_MAC_LEN];
    struct toe_addr address[2]; /* the machine's, IPv4 and IPv6; family 0: none */
    uint32_t mtu;               /* of the link */
    bool is_silent;             /* no ICMP where it is narrow: a black hole */
};

/* emu_road_new() makes a road; NULL if memory is short. */
struct emu_road *emu_road_new(const struct emu_road_settings *settings);

void emu_road_del(struct emu_road *road);

/* emu_road_wire_ops() is the wire that the road is to its machine, with the road as |wire|. */
const struct toe_wire_ops *emu_road_wire_ops(void);

/*
 * emu_road_move() gives the machine the address |mac|, and announces it. With |keeps| frames to its
 * earlier ones still arrive.
 */
void emu_road_move(struct emu_road *road, const uint8_t mac[TOE_MAC_LEN], bool keeps);

/* emu_road_announce() sends a gratuitous ARP and an unsolicited neighbor advertisement. */
void emu_road_announce(struct emu_road *road);

/* emu_road_narrow() lets packets of up to |mtu| bytes pass, but IPv6 ones of 1280; 0: all. */
void emu_road_narrow(struct emu_road *road, uint32_t mtu);

#endif
