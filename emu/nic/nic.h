/* SPDX-License-Identifier: MIT */
/*
 * The emulated NIC: a network interface whose kernel connections can move into a target and back.
 *
 * emu_nic_init() opens both sides and makes the lanes between them (lane.h), which do the work,
 * each in a thread; emu_nic_run() is the daemon's life, which a signal ends, and emu_nic_leave()
 * its orderly end. The thread that calls them has a loop for what is not on the path of a frame:
 * signals and the control socket.
 *
 * The interface that the kernel sees has an Ethernet address of its own, and the IP addresses; the
 * one on the wire keeps what it had, and needs none. In one network the kernel hears the wire, too:
 * what is for another Ethernet address it ignores, but it would answer ARP for all its addresses,
 * so this is switched off on the wire's interface as long as the NIC lives.
 */
#ifndef EMU_NIC_NIC_H
#define EMU_NIC_NIC_H

#include <uv.h>

#include "capture.h"
#include "nic/lane.h"
#include "toe/target.h"

enum emu_nic_wire {
    EMU_NIC_WIRE_PACKET, /* a raw socket on an interface */
    EMU_NIC_WIRE_TAP,    /* another TAP, with somebody else's kernel or program behind */
    EMU_NIC_WIRE_XDP,    /* AF_XDP on an interface */
    EMU_NIC_WIRE_PCAP,   /* libpcap on an interface */
    EMU_NIC_WIRE_FILE,   /* the frames of a capture file; what is sent is lost */
};

struct emu_nic_settings {
    const char *name;       /* of the interface that the kernel sees */
    enum emu_nic_wire kind; /* of the wire */
    const char *wire;       /* its interface or file */
    const uint8_t *mac;     /* of the interface that the kernel sees; NULL: derived of the wire's */
    uint32_t mtu;           /* of both; 0: the wire's */
    uint32_t queues;        /* each with a lane, up to EMU_EXCHANGE_QUEUES_MAX */
    bool persist;
    bool early_ack;             /* see struct emu_kernel_settings */
    enum toe_ack_when peer_ack; /* when the peer is acknowledged */
    bool no_offloads;           /* the kernel hands over whole frames of the MTU */
    uint32_t connections;       /* most that are offloaded, in equal shares of the queues */
    uint64_t buffer_max;        /* see struct emu_kernel_settings */
    toe_duration stale;         /* the same */
    enum toe_profile profile;
    enum toe_mtu_probing mtu_probing;
    const struct emu_rules *rules;     /* of the policy, borrowed for emu_nic_init() */
    toe_duration busy_poll;            /* see struct emu_pump_settings, */
    bool keeps_vigil;                  /* the same; not on one processor */
    uint64_t seed;                     /* of all that is random */
    const char *capture;               /* a file for the frames of both ports; NULL: none */
    struct emu_filter *capture_filter; /* of those that are written, which the NIC takes over */
    struct emu_capture_rotation capture_rotation;
};

struct emu_nic {
    struct emu_nic_settings settings;
    struct emu_lane *lanes;
    uint32_t lane_cnt;
    struct emu_lane_shared shared;
    int arp_ignore; /* what the wire's interface had; -1: nothing to restore */
    uv_loop_t loop;
    uv_signal_t signals[2];
    uv_async_t news; /* of the lanes */
    bool has_loop;
    toe_instant began;
    bool leaves;
    bool paused; /* by request */
};

/* emu_nic_init() opens everything; false with |error|, and nothing to clean up, if it cannot. */
bool emu_nic_init(struct emu_nic *nic, const struct emu_nic_settings *settings,
                  struct emu_error *error);

/*
 * emu_nic_run() runs until SIGINT or SIGTERM, or until a port has ended. Returns the status to exit
 * with; |error| says why where that is not 0.
 */
int emu_nic_run(struct emu_nic *nic, struct emu_error *error);

/*
 * emu_nic_leave() gives all connections back to the kernel, which takes as long as the peers need
 * for what is in flight; a second signal ends it at once. Returns as above.
 */
int emu_nic_leave(struct emu_nic *nic, struct emu_error *error);

/* emu_nic_each() has |work| done by each lane in turn, as emu_lane_do() does. */
void emu_nic_each(struct emu_nic *nic, void (*work)(struct emu_lane *lane, void *user), void *user);

void emu_nic_fini(struct emu_nic *nic);

#endif
