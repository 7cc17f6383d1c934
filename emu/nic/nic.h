/* SPDX-License-Identifier: MIT */
/*
 * The emulated NIC: a network interface whose kernel connections can move into a target and back.
 *
 *     programs -> kernel -> TAP | emu_kernel | target | wire port -> the network
 *
 * emu_nic_init() opens both ports and stacks what stands between; emu_nic_run() is the daemon's
 * life, which a signal ends, and emu_nic_leave() its orderly end.
 *
 * The interface that the kernel sees has an Ethernet address of its own, and the IP addresses; the
 * one on the wire keeps what it had, and needs none. In one network the kernel hears the wire, too:
 * what is for another Ethernet address it ignores, but it would answer ARP for all its addresses,
 * so this is switched off on the wire's interface as long as the NIC lives.
 */
#ifndef EMU_NIC_NIC_H
#define EMU_NIC_NIC_H

#include "capture.h"
#include "fault.h"
#include "heap.h"
#include "linux/kernel.h"
#include "nic/nic_policy.h"
#include "port.h"
#include "pump.h"
#include "toe/target.h"

enum emu_nic_wire {
    EMU_NIC_WIRE_PACKET, /* a raw socket on an interface */
    EMU_NIC_WIRE_TAP,    /* another TAP, with somebody else's kernel or program behind */
    EMU_NIC_WIRE_PCAP,   /* libpcap on an interface */
    EMU_NIC_WIRE_FILE,   /* the frames of a capture file; what is sent is lost */
};

struct emu_nic_settings {
    const char *name;       /* of the interface that the kernel sees */
    enum emu_nic_wire kind; /* of the wire */
    const char *wire;       /* its interface or file */
    const uint8_t *mac;     /* of the interface that the kernel sees; NULL: derived of the wire's */
    uint32_t mtu;           /* of both; 0: the wire's */
    bool persist;
    bool early_ack;             /* see struct emu_kernel_settings */
    enum toe_ack_when peer_ack; /* when the peer is acknowledged */
    bool no_offloads;           /* the kernel hands over whole frames of the MTU */
    uint32_t connections;       /* most that are offloaded */
    uint64_t buffer_max;        /* see struct emu_kernel_settings */
    toe_duration stale;         /* the same */
    enum toe_profile profile;
    enum toe_mtu_probing mtu_probing;
    struct emu_rules *rules;           /* of the policy, which takes them over */
    toe_duration busy_poll;            /* see struct emu_pump_settings */
    uint64_t seed;                     /* of all that is random */
    const char *capture;               /* a file for the frames of both ports; NULL: none */
    struct emu_filter *capture_filter; /* of those that are written, which the NIC takes over */
    struct emu_capture_rotation capture_rotation;
};

struct emu_nic {
    struct emu_nic_settings settings;
    struct emu_port *host; /* to the kernel */
    struct emu_port *wire; /* with faults on it, none to begin with */
    struct emu_capture *capture;
    int arp_ignore; /* what the wire's interface had; -1: nothing to restore */
    struct toe_target *target;
    struct emu_heap target_heap;
    struct emu_kernel *kernel;
    struct emu_policy policy;
    struct emu_pump *pump;
    toe_instant began;
    toe_instant leaves; /* when to end though something is offloaded still; 0: not yet */
    bool carrier;       /* as the kernel was told */
    bool paused;        /* by request */
    uint64_t empty;     /* bytes of memory, without connections */
};

/* Memory that connections have, in bytes. */
struct emu_nic_memory {
    uint64_t target;
    uint64_t kernel; /* the kernel's side: records, and what is held of frames */
    uint64_t empty;  /* both, before there were any connections */
    uint64_t
        connection; /* what both have more now, for each connection that is known; 0: none is */
};

/* emu_nic_init() opens everything; false with |error|, and nothing to clean up, if it cannot. */
bool emu_nic_init(struct emu_nic *nic, const struct emu_nic_settings *settings,
                  struct emu_error *error);

/*
 * emu_nic_run() runs until SIGINT or SIGTERM, or until the wire is gone. Returns the status to exit
 * with; |error| says why where that is not 0.
 */
int emu_nic_run(struct emu_nic *nic, struct emu_error *error);

/*
 * emu_nic_leave() gives all connections back to the kernel, which takes as long as the peers need
 * for what is in flight; a second signal ends it at once. Returns as above.
 */
int emu_nic_leave(struct emu_nic *nic, struct emu_error *error);

/* emu_nic_memory_get() counts what the NIC has taken from the C library. */
void emu_nic_memory_get(const struct emu_nic *nic, struct emu_nic_memory *memory);

void emu_nic_fini(struct emu_nic *nic);

#endif
