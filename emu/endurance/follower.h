/* SPDX-License-Identifier: MIT */
/*
 * A follower: the part of the session (session.h) of a machine that is the kernel's.
 */
#ifndef EMU_ENDURANCE_FOLLOWER_H
#define EMU_ENDURANCE_FOLLOWER_H

#include "error.h"
#include "toe/types.h"

struct emu_follower_settings {
    struct toe_addr support; /* where the session is */
    uint16_t peer_port;      /* where `toe peer` is to serve */
};

struct emu_follower {
    int listener;
    int control; /* of the peer, a process: brings its result */
    int32_t pid; /* of it */
};

/* emu_follower_start() listens, and starts the peer; false with |error| if that cannot be. */
bool emu_follower_start(struct emu_follower *follower, const struct emu_follower_settings *settings,
                        struct emu_error *error);

/*
 * emu_follower_run() serves one session, to its end or until |life| ends. Returns an exit status.
 */
int emu_follower_run(struct emu_follower *follower, int life);

#endif
