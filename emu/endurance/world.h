/* SPDX-License-Identifier: MIT */
/*
 * The world of a certification stress: two machines, private networks with two wires between them.
 *
 *     our machine (this process)                  the other one (a process in a network of its own)
 *     test0      ------------- veth -------------  test1       10.77.0.2, fd77::2
 *     support0   ------------- veth -------------  support1    10.77.1.2
 *
 * On the other machine, which is the kernel's, a process follows in the session and has `toe peer`
 * serve the load. Nothing of all this has a name outside, and it ends with this process.
 */
#ifndef EMU_ENDURANCE_WORLD_H
#define EMU_ENDURANCE_WORLD_H

#include "netns.h"
#include "toe/types.h"

#define EMU_ENDURANCE_TEST "test0"
#define EMU_ENDURANCE_SUPPORT "support0"

enum { EMU_ENDURANCE_PREFIX4 = 24, EMU_ENDURANCE_PREFIX6 = 64, EMU_ENDURANCE_PORT = 7007 };

/* Addresses of the test NICs by family, IPv4 and IPv6, and of the support NICs. */
struct emu_endurance_world {
    struct emu_netns_child far;
    struct toe_addr test[2], test_far[2];
    struct toe_addr support, support_far;
};

/*
 * emu_endurance_world_open() builds it; our interfaces are up and have no addresses. Returns false
 * with |error|, and nothing to close, if that cannot be.
 */
bool emu_endurance_world_open(struct emu_endurance_world *world, struct emu_error *error);

/* emu_endurance_world_close() ends the other machine. */
void emu_endurance_world_close(struct emu_endurance_world *world);

#endif
