/* SPDX-License-Identifier: MIT */
/*
 * The world of the demonstration: two machines, which are networks of their own, and the emulated
 * NIC between them.
 *
 *     our machine (this process)                    the other one (a process)
 *     programs: curl, redis-cli, iperf3, ssh ...    servers: nginx, redis, iperf3, sshd ...
 *     the kernel's TCP                              the kernel's TCP
 *     "toe0" -- toe nic -- "wire0"  ---- veth ----  "peer0"
 *     10.71.0.1, fd71::1                            10.71.0.2, fd71::2
 *
 * What the servers need of files lies in memory, at EMU_LIVE_DIRECTORY, where only these processes
 * see it; all of it ends with this process.
 */
#ifndef EMU_LIVE_LIVE_WORLD_H
#define EMU_LIVE_LIVE_WORLD_H

#include <sys/types.h>

#include "error.h"
#include "netns.h"
#include "peer.h"

#define EMU_LIVE_DIRECTORY "/mnt"
#define EMU_LIVE_FILE "/file" /* what the web server has, by its address */

/* What is served on the other machine. */
enum emu_live_server {
    EMU_LIVE_NGINX,
    EMU_LIVE_PYTHON, /* its web server, where there is no nginx */
    EMU_LIVE_REDIS,
    EMU_LIVE_IPERF3,
    EMU_LIVE_SSHD,
    EMU_LIVE_SHELL, /* a shell on a connection, where there is no sshd */
    EMU_LIVE_PEER,  /* `toe peer` */
    EMU_LIVE_SERVER_CNT,
};

enum {
    EMU_LIVE_HTTP_PORT = 8080,
    EMU_LIVE_REDIS_PORT = 6379,
    EMU_LIVE_IPERF3_PORT = 5201,
    EMU_LIVE_SHELL_PORT = 2222,
    EMU_LIVE_FILE_LEN = 8 << 20,
};

/* Index 0 is IPv4, 1 is IPv6. */
struct emu_live_world {
    struct emu_netns_child far;
    struct toe_addr ours[2];
    struct toe_addr theirs[2];
    char names[2][46];              /* theirs, as text */
    uint64_t file_key;              /* the file is the pattern of this key (pattern.h) */
    uint32_t servers;               /* that run: 1 << enum emu_live_server */
    struct emu_peer_result *served; /* what the other machine's `toe peer` sees, as it sees it */
    pid_t nic;
    int nic_out; /* what it says */
};

/*
 * emu_live_world_open() builds the two machines and starts the servers, which takes some seconds;
 * |watch| is a file that becomes readable when that shall end early. False with |error|, and
 * nothing to close, if it cannot.
 */
bool emu_live_world_open(struct emu_live_world *world, uint64_t seed, int watch,
                         struct emu_error *error);

/* emu_live_world_nic() starts `toe nic` with these further |options|, and waits until it is up. */
bool emu_live_world_nic(struct emu_live_world *world, const char *options, int watch,
                        struct emu_error *error);

/*
 * emu_live_world_nic_end() has the NIC give all connections back, and end. Returns its exit status,
 * -1 if there is none, with what it said last in |error|.
 */
int emu_live_world_nic_end(struct emu_live_world *world, struct emu_error *error);

/* emu_live_world_close() ends the other machine; false if that found fault by itself. */
bool emu_live_world_close(struct emu_live_world *world);

#endif
