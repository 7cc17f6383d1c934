/* SPDX-License-Identifier: MIT */
#ifndef PD_WIRE_H
#define PD_WIRE_H

#include "toe/frame.h"

/*
 * The wire below the target: packets of packetdrill's on one side, Ethernet frames on the other.
 *
 * At its far end is the router that leads to every address a script can name. It answers ARP and
 * neighbor discovery itself, in the same instant, so that a script sees its own packets only.
 */

/* Our own address, and the router's; the test program is told the same. */
#define PD_LOCAL_IPV4                                                                              \
    {                                                                                              \
        4,                                                                                         \
        {                                                                                          \
            192, 168, 0, 1                                                                         \
        }                                                                                          \
    }
#define PD_ROUTER_IPV4                                                                             \
    {                                                                                              \
        4,                                                                                         \
        {                                                                                          \
            192, 168, 0, 2                                                                         \
        }                                                                                          \
    }
#define PD_LOCAL_IPV6                                                                              \
    {                                                                                              \
        6,                                                                                         \
        {                                                                                          \
            0xfd, 0x3d, 0x0a, 0x0b, 0x17, 0xd6, [15] = 1                                           \
        }                                                                                          \
    }
#define PD_ROUTER_IPV6                                                                             \
    {                                                                                              \
        6,                                                                                         \
        {                                                                                          \
            0xfd, 0x3d, 0x0a, 0x0b, 0x17, 0xd6, [15] = 2                                           \
        }                                                                                          \
    }

extern const uint8_t pd_wire_mac[TOE_MAC_LEN];

/* pd_wire_ops() is the wire as the target sees it. */
const struct toe_wire_ops *pd_wire_ops(void);

/* pd_wire_put() lets the packet arrive; false if there is no room, or it is none of IP. */
bool pd_wire_put(const void *packet, size_t len);

/* pd_wire_has_frames() tells whether the target has any to fetch. */
bool pd_wire_has_frames(void);

/*
 * pd_wire_get() takes the next packet that was sent, and tells when. Returns its length, which may
 * exceed |room|, and then it is cut; 0 if there is none.
 */
size_t pd_wire_get(void *packet, size_t room, toe_instant *sent);

/* pd_wire_unread_cnt() is how many packets pd_wire_get() would return. */
size_t pd_wire_unread_cnt(void);

/* pd_wire_end() forgets what is on the wire. */
void pd_wire_end(void);

#endif
