/* SPDX-License-Identifier: MIT */
/*
 * What routers say of packets that are too big for what lies ahead: "fragmentation needed" of ICMP
 * (RFC 792, RFC 1191) and "packet too big" of ICMPv6 (RFC 4443, 3.2), about a segment of TCP.
 */
#ifndef EMU_LINUX_TOO_BIG_H
#define EMU_LINUX_TOO_BIG_H

#include "linux/kernel.h"

struct emu_too_big {
    struct emu_tuple tuple; /* of the connection whose segment it was */
    uint32_t seq;           /* of that */
    uint32_t mtu;           /* that it may have; 0: an old router, which does not know */
};

/* emu_too_big_parse() reads |frame|, whole in |data|; false if it says no such thing. */
bool emu_too_big_parse(struct emu_too_big *out, const struct toe_frame *frame);

#endif
