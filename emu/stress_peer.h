/* SPDX-License-Identifier: MIT */
/*
 * A peer of our own making: the far end of a veth furnished with addresses, and `toe peer` running
 * there as a child, both for the time of a stress run.
 */
#ifndef EMU_STRESS_PEER_H
#define EMU_STRESS_PEER_H

#include <net/if.h>
#include <sys/types.h>

#include "peer.h"
#include "stress.h"

struct emu_stress_peer {
    pid_t pid;   /* 0: none */
    int control; /* a socket to it: brings its result, and the end of either */
    char interface[IFNAMSIZ];
    struct toe_addr address[2]; /* where it is reached */
    uint8_t prefix_len[2];
    bool added[2]; /* the address was put there by us */
};

/*
 * emu_stress_peer_start() starts a peer at the other end of settings->interface. Returns false
 * with |error|, and with nothing left behind, if that cannot be.
 */
bool emu_stress_peer_start(struct emu_stress_peer *peer, const struct emu_stress_settings *settings,
                           struct emu_error *error);

/* emu_stress_peer_finish() asks it to end as soon as its connections have. */
void emu_stress_peer_finish(struct emu_stress_peer *peer);

/* emu_stress_peer_result() reads its result, once the control socket is readable. */
bool emu_stress_peer_result(struct emu_stress_peer *peer, struct emu_peer_result *result);

/* emu_stress_peer_stop() ends it, however far it is, and takes its addresses away. */
void emu_stress_peer_stop(struct emu_stress_peer *peer);

#endif
