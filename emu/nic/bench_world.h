/* SPDX-License-Identifier: MIT */
/*
 * The world that the NIC is measured in: two private networks with several ways between them.
 *
 * The near network is this process's own, the far one belongs to a process that serves whoever
 * connects. Each way is a veth pair; on some of them the near end is the wire of a NIC, a process
 * of its own. So the same traffic can go all ways in turns, and what differs is the way. Of the
 * networks and the processes nothing is left when this process ends, however it does.
 */
#ifndef EMU_NIC_BENCH_WORLD_H
#define EMU_NIC_BENCH_WORLD_H

#include "netns.h"
#include "toe/types.h"

enum emu_way {
    EMU_WAY_VETH,      /* the veth alone, as the kernel makes it */
    EMU_WAY_PLAIN,     /* without segmentation and checksum offload */
    EMU_WAY_ORDINARY,  /* a NIC that offloads when it is told to */
    EMU_WAY_OFFLOADED, /* a NIC that offloads all it can */
    EMU_WAY_ASLEEP,    /* the same, which goes to sleep at once */
    EMU_WAY_XDP,       /* as the ordinary one, on AF_XDP; it may be absent */
    EMU_WAY_CNT,
};

/* What the far end does with a connection: the first byte says so. */
enum emu_service {
    EMU_SERVICE_SINK = 's',   /* takes all it gets */
    EMU_SERVICE_SOURCE = 'g', /* sends all it can */
    EMU_SERVICE_ECHO = 'e',   /* sends back what it gets */
};

/* What the far end has seen. */
struct emu_far_report {
    toe_instant at;         /* by the clock of both */
    uint64_t bytes;         /* so far, of connections to the sink */
    uint64_t datagrams;     /* so far */
    toe_duration gap_max;   /* between two portions of those bytes, since the last report */
    uint32_t round_trip_us; /* that the source measures, in TCP */
};

struct emu_bench_world {
    struct emu_netns_child far;
    struct emu_error absence; /* why there is no EMU_WAY_XDP; no text: there is */
    bool is_up;
};

/* emu_bench_world_open() makes it; false with |error| if that is not allowed, or not possible. */
bool emu_bench_world_open(struct emu_bench_world *world, struct emu_error *error);

/* emu_bench_world_close() ends the far process; the rest ends with this one. */
void emu_bench_world_close(struct emu_bench_world *world);

/* emu_bench_connect_on() is a connection on |way|, for which |service| is asked; or -1. */
int emu_bench_connect_on(enum emu_way way, bool ipv6, enum emu_service service);

/* emu_bench_datagrams_on() is a socket for datagrams on |way|; or -1. */
int emu_bench_datagrams_on(enum emu_way way);

/* emu_bench_far_ask() asks for a report; false if there is none. */
bool emu_bench_far_ask(const struct emu_bench_world *world, struct emu_far_report *report);

/* emu_bench_way_offloads() tells whether its NIC offloads all it can. */
bool emu_bench_way_offloads(enum emu_way way);

/* emu_bench_is_offloaded() tells whether the NIC of |way| has the connection of the socket |fd|. */
bool emu_bench_is_offloaded(enum emu_way way, int fd);

/* emu_bench_await_place() waits until it has, or has not; false if that takes too long. */
bool emu_bench_await_place(enum emu_way way, int fd, bool offloaded);

/* emu_bench_move_all() has the NIC of |way| move all there is; false if it refuses. */
bool emu_bench_move_all(enum emu_way way, bool offload);

#endif
