/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells of one of its interfaces (rtnetlink(7)): which next hop it would choose,
 * who its neighbors are, and the news of both, of its addresses and of its MTU.
 *
 * Questions are answered before they return; news wait in the socket until they are read. Nothing
 * here knows what they are good for.
 */
#ifndef EMU_LINUX_RTNL_H
#define EMU_LINUX_RTNL_H

#include "toe/types.h"

struct emu_rtnl;

/* Where the kernel would send. */
enum emu_rtnl_way {
    EMU_RTNL_NONE,      /* nowhere: no route, or no such address of its own */
    EMU_RTNL_ELSEWHERE, /* through another interface */
    EMU_RTNL_HERE,
};

struct emu_rtnl_route {
    struct toe_addr next_hop;
    uint32_t mtu; /* of the path, as it has been learned or set; 0: that of the interface */
};

/* What it thinks of a neighbor. */
enum emu_rtnl_belief {
    EMU_RTNL_UNKNOWN,   /* its Ethernet address is being asked for, or not even that */
    EMU_RTNL_DOUBTED,   /* it was reachable, some time ago */
    EMU_RTNL_REACHABLE, /* or taken for it, by command */
    EMU_RTNL_FAILED,    /* it does not answer, or was removed by command */
    EMU_RTNL_GONE,      /* the kernel has forgotten it */
};

struct emu_rtnl_neighbor {
    struct toe_addr address;
    uint8_t mac[TOE_MAC_LEN]; /* of one that is doubted or reachable */
    enum emu_rtnl_belief belief;
};

enum emu_rtnl_what {
    EMU_RTNL_NEIGHBOR,
    EMU_RTNL_ROUTE,   /* ways to what has the |prefix_len| first bits of |address| may differ */
    EMU_RTNL_ADDRESS, /* |address| is not the machine's own any longer */
    EMU_RTNL_LINK,    /* the interface has another MTU, or was switched on or off */
    EMU_RTNL_MOVED,   /* the interface is in another network now, or gone */
    EMU_RTNL_LOST,    /* there was more to tell than could be kept: anything may be different */
};

struct emu_rtnl_news {
    enum emu_rtnl_what what;
    struct toe_addr address;
    uint8_t prefix_len;
    struct emu_rtnl_neighbor neighbor;
};

/* emu_rtnl_open() is about the interface |name| of this network; NULL if that cannot be. */
struct emu_rtnl *emu_rtnl_open(const char *name);

void emu_rtnl_close(struct emu_rtnl *rtnl);

/* emu_rtnl_fd() is readable when there are news. */
int emu_rtnl_fd(const struct emu_rtnl *rtnl);

/* emu_rtnl_read() calls |tell| with all news there are. */
void emu_rtnl_read(struct emu_rtnl *rtnl, void (*tell)(void *user, const struct emu_rtnl_news *),
                   void *user);

/* emu_rtnl_is_here() tells whether the interface is still in this network, by the news. */
bool emu_rtnl_is_here(const struct emu_rtnl *rtnl);

/* emu_rtnl_mtu() is the interface's, as it was told last. */
uint32_t emu_rtnl_mtu(const struct emu_rtnl *rtnl);

/* emu_rtnl_route_get() asks for the way of a TCP connection; |route| is filled in for HERE. */
enum emu_rtnl_way emu_rtnl_route_get(struct emu_rtnl *rtnl, struct emu_rtnl_route *route,
                                     const struct toe_addr *local, uint16_t local_port,
                                     const struct toe_addr *remote, uint16_t remote_port);

/* emu_rtnl_neighbor_get() asks for the neighbor of that IP address; GONE: there is none. */
void emu_rtnl_neighbor_get(struct emu_rtnl *rtnl, struct emu_rtnl_neighbor *neighbor,
                           const struct toe_addr *address);

/*
 * emu_rtnl_neighbor_probe() has the kernel find out about it; emu_rtnl_neighbor_confirm() tells the
 * kernel that it was heard of just now. The outcome comes as news.
 */
void emu_rtnl_neighbor_probe(struct emu_rtnl *rtnl, const struct toe_addr *address);
void emu_rtnl_neighbor_confirm(struct emu_rtnl *rtnl, const struct toe_addr *address);

#endif
