/* SPDX-License-Identifier: MIT */
/*
 * `toe peer`: the other end of a stress test, on the kernel's own sockets.
 *
 * It listens on one port over IPv4 and IPv6 and does what the header of each connection asks for
 * (emu/flow.h); a header may also ask it to open a connection back to whoever sent it. It checks
 * every byte that it receives. It serves until SIGINT, SIGTERM, or the end of |life_fd|. It may
 * open connections by itself, too, to another peer: then it is both ends' load.
 */
#ifndef EMU_PEER_H
#define EMU_PEER_H

#include "error.h"
#include "plan.h"
#include "toe/types.h"

#define EMU_PEER_PORT 7007

struct emu_peer;

struct emu_peer_settings {
    uint16_t port; /* 0: any */
    int ready_fd;  /* gets one byte when the port is open; -1: none */
    int life_fd;   /* a pipe or socket: when it ends, so does the peer; -1: none */
    bool finishes; /* not before its connections have, or half a minute later */
    bool loses;    /* the other end may lose connections: found by keep-alive, and no fault */
    /*
     * So many connections it keeps open to the peer at |to| and |to_port|, over IPv4 and IPv6 in
     * turns, with plans drawn from |mix| and |seed|; 0: none. When |life_fd| ends no more are
     * opened, and those there are make haste.
     */
    uint32_t opens;
    struct toe_addr to[2];
    uint16_t to_port;
    struct emu_plan_mix mix;
    uint64_t seed;
    /*
     * Called whenever something has happened, and when the instant has come that it returned last:
     * it may open connections as well. May be NULL.
     */
    toe_instant (*application)(void *user, struct emu_peer *peer, toe_instant now);
    void *user;
};

struct emu_peer_result {
    uint64_t connections; /* established, either way */
    uint64_t calls;       /* opened because we were asked to */
    uint64_t opened;      /* by itself */
    uint64_t finished;
    uint64_t bytes; /* received and checked */
    uint64_t bytes_wrong;
    uint64_t resets; /* that nobody had asked for */
    uint64_t resets_wanted;
    uint64_t unopened;   /* calls that came to nothing */
    uint64_t unfinished; /* connections left at the end */
    char fault[160];     /* the first thing that went wrong, in words */
};

/*
 * emu_peer_run() serves until it is told to end; |result| is kept true meanwhile. Returns false
 * with |error| if the port cannot be had.
 */
bool emu_peer_run(struct emu_peer_result *result, const struct emu_peer_settings *settings,
                  struct emu_error *error);

/* Flows, but for those that only ask for one: of those index 0 is ours, index 1 is accepted. */
struct emu_peer_counts {
    uint32_t now[2];
    uint64_t established[2]; /* so far */
    uint64_t ended[2][2];    /* so far, over IPv4 and IPv6 */
    uint32_t all;            /* of any kind, now */
};

/*
 * emu_peer_open() opens a flow of |plan| to |port| of |addr|; for applications, as are the next
 * three. False if the system has no more to give.
 */
bool emu_peer_open(struct emu_peer *peer, const struct toe_addr *addr, uint16_t port,
                   const struct emu_flow_plan *plan, toe_instant now);

void emu_peer_counts_get(const struct emu_peer *peer, struct emu_peer_counts *counts);

/* emu_peer_hurry() ends all thinking of our ends. */
void emu_peer_hurry(struct emu_peer *peer, toe_instant now);

/* emu_peer_stop() has emu_peer_run() return soon. */
void emu_peer_stop(struct emu_peer *peer);

/* emu_peer_status() is EMU_EXIT_OK, or EMU_EXIT_FAULT if |result| tells of something wrong. */
int emu_peer_status(const struct emu_peer_result *result);

/* emu_peer_main() is the command `toe peer`. */
int emu_peer_main(int argc, char **argv);

#endif
