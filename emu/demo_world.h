/* SPDX-License-Identifier: MIT */
/*
 * The world of the demonstration: a private network with two machines and one wire between them.
 *
 *     our machine (this process)                     the peer (a process in a network of its own)
 *     application                                    python3 -m http.server, and toe peer
 *     toe_host, toe_target                           the kernel's TCP
 *     raw socket on "toe0"  ------- veth -------     "peer0"
 *     10.70.0.1, fd70::1                             10.70.0.2, fd70::2
 *
 * Nothing of it has a name outside or lies on a disk: the file that is served lives in memory, and
 * everything ends with the processes.
 */
#ifndef EMU_DEMO_WORLD_H
#define EMU_DEMO_WORLD_H

#include "netns.h"
#include "peer.h"
#include "port.h"
#include "pump.h"
#include "toe/inter.h"
#include "toe/target.h"

#define EMU_WORLD_INTERFACE "toe0"

enum {
    EMU_WORLD_HTTP_PORT = 8080,
    EMU_WORLD_FILE_LEN = 24 << 20,
    EMU_WORLD_PREFIX4 = 24,
    EMU_WORLD_PREFIX6 = 64,
};

/* Index 0 is IPv4, 1 is IPv6. */
struct emu_world {
    struct emu_netns_child peer;
    struct toe_addr ours[2];
    struct toe_addr theirs[2];
    uint64_t file_key;  /* the served file is the pattern of this key (pattern.h) */
    char file_path[32]; /* what to ask the HTTP server for */
    bool offloads_off;  /* of the veth; if not, the port finishes what the kernel leaves undone */
};

/* emu_world_open() builds the network and starts the peer; false with |error| if that fails. */
bool emu_world_open(struct emu_world *world, uint64_t seed, struct emu_error *error);

/*
 * emu_world_close() ends the peer, and has |result| from it: what it saw of the connections on its
 * port. Returns false if it did not end in order.
 */
bool emu_world_close(struct emu_world *world, struct emu_peer_result *result);

/* Our machine: a host, a target, the contract monitor between the two, and a raw socket. */
struct emu_machine {
    struct emu_port *port;
    struct toe_host *host;
    struct toe_inter_monitor *monitor;
    struct toe_target *target;
    struct emu_pump *pump;
    char breach[128]; /* the first one of the contract, in words; empty if there was none */
};

/*
 * emu_machine_open() puts our machine together, with |application| on top; it has to stay where it
 * is. False, with |error| and nothing to close, if that fails.
 */
bool emu_machine_open(struct emu_machine *machine, const struct emu_world *world, uint64_t seed,
                      toe_instant (*application)(void *user, toe_instant now), void *user,
                      struct emu_error *error);

void emu_machine_close(struct emu_machine *machine);

#endif
