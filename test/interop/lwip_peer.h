/* SPDX-License-Identifier: MIT */
#ifndef TEST_INTEROP_LWIP_PEER_H
#define TEST_INTEROP_LWIP_PEER_H

#include "emu/lwip/lwip_node.h"
#include "emu/peer.h"
#include "toe/sim.h"

/*
 * The other end of a stress test on lwIP: what emu/peer.h is on the kernel's sockets.
 *
 * It listens on EMU_PEER_PORT over both families, does what the header of each connection asks for
 * (emu/flow.h), opens one back where it is called, and checks every byte.
 */

struct lwip_peer;

/* What the connections went through, besides what struct emu_peer_result tells: how many of them */
struct lwip_peer_seen {
    uint64_t sent_after_fin;     /* went on sending when our FIN had come */
    uint64_t received_after_fin; /* went on receiving when lwIP had sent its own */
    uint64_t window_closed;      /* had to wait, because our window was closed */
    uint64_t closed_window;      /* had us wait */
};

/* lwip_peer_new() begins to serve on |node|, which is run by it; NULL if memory is short. */
struct lwip_peer *lwip_peer_new(struct emu_lwip *node, struct emu_peer_result *result);

/* lwip_peer_node() is the node of a simulation that runs it. */
struct toe_sim_node lwip_peer_node(struct lwip_peer *peer);

void lwip_peer_seen_get(const struct lwip_peer *peer, struct lwip_peer_seen *seen);

/* lwip_peer_del() aborts what is open, and counts it as unfinished. */
void lwip_peer_del(struct lwip_peer *peer);

#endif
