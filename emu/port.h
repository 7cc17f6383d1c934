/* SPDX-License-Identifier: MIT */
/*
 * Ports: where frames come from and go to.
 *
 * A port is a wire for a target (toe/frame.h) that touches Linux: a raw socket or AF_XDP on an
 * interface, a TAP, an interface or a file through libpcap. A port can also stand on another one
 * and do something to the frames that pass: lose some (fault.h), record them (capture.h). Closing
 * the upper one closes the one below.
 *
 *     struct emu_error error;
 *     struct emu_port *port = emu_port_packet_open("veth0", NULL, &error);
 *     if (port == NULL) {
 *         return emu_error_print(&error);
 *     }
 *     settings.wire = &port->ops;
 *     settings.wire_user = port;
 *     memcpy(settings.mac, port->mac, TOE_MAC_LEN);
 *
 * Whoever owns a port (the pump) calls tick() with the time before each run of the target, and runs
 * the target when |fd| is readable or the port's deadline has come. What a port cannot get rid of
 * is lost and counted, as on any wire.
 */
#ifndef EMU_PORT_H
#define EMU_PORT_H

#include <net/if.h>

#include "error.h"
#include "toe/frame.h"

struct emu_port_stats {
    uint64_t in_frames;
    uint64_t in_bytes;
    uint64_t in_errors;   /* unreadable, or cut short */
    uint64_t in_lost;     /* the kernel had no room for them; only AF_XDP tells */
    uint64_t in_too_long; /* no super-segments that can be told: AF_XDP again */
    uint64_t in_split;    /* super-segments cut into frames of the link's MTU */
    uint64_t in_finished; /* partial checksums completed */
    uint64_t out_frames;
    uint64_t out_bytes;
    uint64_t out_lost; /* found no room, or were refused */
};

struct emu_port {
    struct toe_wire_ops ops; /* the wire; its first argument is the port */
    int fd;                  /* readable when frames wait; -1: there is only the deadline */
    uint32_t mtu;
    uint32_t accept;          /* TOE_WIRE_*: what receive() may leave unfinished; 0 unless set */
    uint8_t mac[TOE_MAC_LEN]; /* for the target: not the interface's own */
    char name[IFNAMSIZ];      /* the interface, or "file" */
    toe_instant now;          /* of the last tick */
    const char *mode; /* how the kernel hands frames over, where there are several ways; or NULL */
    bool ended;       /* no more frames will come: the file is at its end, the link is gone */
    struct emu_error error; /* why, where it did not end well; else an empty text */
    struct emu_port_stats stats;
    struct emu_port *below; /* that it stands on, and frees; or NULL */
    /* What it does beside those below; NULL: nothing. */
    void (*tick)(struct emu_port *port, toe_instant now);
    toe_instant (*deadline)(const struct emu_port *port);
    void (*close)(struct emu_port *port); /* frees it */
};

/*
 * emu_port_on() makes |port|, of which nothing is set, one that stands on |below| and looks as that
 * does. The time, the deadline and the end reach |below| by themselves; so do frames that are sent,
 * and its carrier is told, unless the caller sets functions of its own for these. receive() and
 * close() have to be set.
 */
void emu_port_on(struct emu_port *port, struct emu_port *below);

/*
 * emu_port_tick() tells |port| the time, and has it do what was due until then; those below first,
 * whose ends and counters it takes over.
 */
void emu_port_tick(struct emu_port *port, toe_instant now);

/*
 * emu_port_deadline() is when |port| next has something to do that |fd| does not announce; 0 if
 * frames wait already, TOE_INSTANT_NEVER if there is nothing.
 */
toe_instant emu_port_deadline(const struct emu_port *port);

/* emu_port_stats() is what has passed by now, as the port at the bottom of |port| counts it. */
const struct emu_port_stats *emu_port_stats(const struct emu_port *port);

/* emu_port_close() frees |port|, after those below; NULL is allowed. */
void emu_port_close(struct emu_port *port);

/*
 * emu_port_mac_derive() makes a locally administered address for |port| that is the same each time
 * and differs from |mac|, the interface's own.
 */
void emu_port_mac_derive(uint8_t out[TOE_MAC_LEN], const uint8_t mac[TOE_MAC_LEN]);

/*
 * emu_port_packet_open() opens a raw socket on |interface|. The port has an Ethernet address of its
 * own, |mac| or, if that is NULL, a derived one, so that the kernel takes its frames for somebody
 * else's. Partial checksums and super-segments are accepted for sending; received ones are finished
 * in software, but for what |accept| allows. Needs CAP_NET_RAW.
 */
struct emu_port *emu_port_packet_open(const char *interface, const uint8_t *mac,
                                      struct emu_error *error);

/*
 * emu_port_packet_open_queues() opens |cnt| of them that share the interface: each frame arrives at
 * one, all of a connection at the same (steering.h), as long as none is closed. |ports| is filled
 * in. False with |error|, and NULL for those that were open, if that cannot be.
 */
bool emu_port_packet_open_queues(struct emu_port *ports[], uint32_t cnt, const char *interface,
                                 const uint8_t *mac, struct emu_error *error);

/*
 * emu_port_xdp_open() takes the frames of |interface| with AF_XDP, with as many sockets as it has
 * queues. Frames for groups are for the port alone, not for the kernel as well, and a VLAN tag that
 * the adapter took out of a frame is lost. What the kernel has not finished is finished but for
 * what |accept| allows; without TOE_WIRE_TSO in it super-segments are too long. Partial checksums
 * and super-segments are accepted for sending. Needs CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF, and
 * memory that may be locked.
 */
struct emu_port *emu_port_xdp_open(const char *interface, const uint8_t *mac,
                                   struct emu_error *error);

struct emu_tap_settings {
    const char *name;   /* of the interface; "": one of the kernel's choice */
    const uint8_t *mac; /* its own address, to the kernel; NULL: one of the kernel's choice */
    uint32_t mtu;       /* 0: 1500 */
    bool persist;       /* it outlives the port, and the next one of this name finds it */
};

/*
 * emu_port_tap_open() creates a TAP interface, which lives as long as the port unless it persists,
 * and brings it up. The kernel is at its other end. Partial checksums and super-segments are
 * accepted for sending; the kernel leaves unfinished what |accept| allows. Needs CAP_NET_ADMIN and
 * /dev/net/tun.
 */
struct emu_port *emu_port_tap_open(const struct emu_tap_settings *settings,
                                   struct emu_error *error);

/*
 * emu_port_tap_open_queues() opens |cnt| queues of one TAP, each of which is a port: a frame
 * arrives at one of them. |ports| is filled in. False with |error|, and none open, if that cannot
 * be.
 */
bool emu_port_tap_open_queues(struct emu_port *ports[], uint32_t cnt,
                              const struct emu_tap_settings *settings, struct emu_error *error);

/* emu_port_tap_carrier() tells the kernel whether there is a link behind the TAP |port|. */
void emu_port_tap_carrier(struct emu_port *port, bool carrier);

/* emu_port_pcap_open() opens |interface| through libpcap. Frames are whole and of the link's MTU.
 */
struct emu_port *emu_port_pcap_open(const char *interface, const uint8_t *mac,
                                    struct emu_error *error);

/*
 * emu_port_pcap_file_open() has the frames of the capture file |path| arrive, one after the other
 * and as fast as they are taken; what is sent is dropped. At the end of the file |ended| is set,
 * and if it ends in the middle of a packet |error| says so.
 */
struct emu_port *emu_port_pcap_file_open(const char *path, struct emu_error *error);

#endif
