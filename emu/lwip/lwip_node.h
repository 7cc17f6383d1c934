/* SPDX-License-Identifier: MIT */
/*
 * lwIP on a wire: Debian's liblwip as a machine that is run like ours, for tests and benchmarks.
 *
 * The library is built for threads and the real clock (NO_SYS is 0), but needs neither: its core is
 * used directly, without tcpip_init(), so no thread is ever started; and it asks for the time by
 * sys_now(), which this file defines instead of the library's own. So lwIP lives in whatever time
 * its nodes are run at, and given the same frames at the same instants it does the same things.
 *
 *     struct emu_lwip_settings settings = {.wire = toe_sim_wire_ops(), .wire_user = end, ...};
 *     struct emu_lwip *node = emu_lwip_new(&settings);
 *     ... tcp_new(), tcp_connect() and so on: lwIP's callback interface, between two runs or in
 *         its callbacks; what that has lwIP send is on the wire when the call returns
 *     emu_lwip_run(node, now);        when frames are there, or emu_lwip_deadline() has come
 *     emu_lwip_del(node);
 *
 * lwIP is one stack with one clock in a process, whatever the number of its nodes: they are its
 * interfaces. A process that wants it as it was at first has to be a new one.
 */
#ifndef EMU_LWIP_NODE_H
#define EMU_LWIP_NODE_H

#include <lwip/tcp.h>

#include "toe/frame.h"
#include "toe/types.h"

/*
 * Some functions of lwIP have namesakes inside libtoe, and those are what a program that is linked
 * with libtoe.a would get. So their names may not be used behind this header, and the ones that a
 * user of lwIP needs are here.
 */
#pragma GCC poison tcp_abort tcp_close tcp_input tcp_output

void emu_lwip_abort(struct tcp_pcb *pcb);
err_t emu_lwip_close(struct tcp_pcb *pcb);
err_t emu_lwip_output(struct tcp_pcb *pcb);

struct emu_lwip;

struct emu_lwip_settings {
    const struct toe_wire_ops *wire; /* gets whole frames, one at a time, of up to |mtu| */
    void *wire_user;
    uint8_t mac[TOE_MAC_LEN];
    struct toe_addr address[2]; /* IPv4 and IPv6; family 0: none */
    uint8_t prefix_len;         /* of the IPv4 one, below 32; that of IPv6 is 64 */
    uint16_t mtu;
    unsigned seed; /* of ports and what else is random in lwIP, which has one source of it */
};

/* emu_lwip_new() adds an interface to the stack; NULL if memory is short or liblwip another one. */
struct emu_lwip *emu_lwip_new(const struct emu_lwip_settings *settings);

/* emu_lwip_run() moves the clock to |now|, takes what has arrived, and does what is due. */
void emu_lwip_run(struct emu_lwip *node, toe_instant now);

/* emu_lwip_deadline() is when lwIP's timers want it to be run again. */
toe_instant emu_lwip_deadline(const struct emu_lwip *node);

/*
 * emu_lwip_netif() is lwIP's interface, for tcp_bind_netif(): without it lwIP does not put on a
 * wire what is for an address of its own.
 */
struct netif *emu_lwip_netif(struct emu_lwip *node);

/* emu_lwip_del() takes the interface away; connections over it are aborted. NULL is allowed. */
void emu_lwip_del(struct emu_lwip *node);

#endif
