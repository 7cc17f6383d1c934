/* SPDX-License-Identifier: MIT */
/*
 * Links and addresses of the network this process is in, by rtnetlink and the ethtool ioctl.
 *
 * Each function does one thing and waits for the kernel's answer. They return false with |error|
 * if the kernel refused.
 */
#ifndef EMU_NETLINK_H
#define EMU_NETLINK_H

#include <sys/types.h>

#include "error.h"
#include "toe/types.h"

/*
 * emu_netlink_veth_add() makes two Ethernet interfaces that are each other's far end: |name| here
 * and |peer_name| in the network of process |peer_pid| (0: here as well).
 */
bool emu_netlink_veth_add(const char *name, const char *peer_name, pid_t peer_pid,
                          struct emu_error *error);

/* emu_netlink_up() brings |name| up, with |mtu| if that is not 0. */
bool emu_netlink_up(const char *name, uint32_t mtu, struct emu_error *error);

/* emu_netlink_mac_set() gives |name| the Ethernet address |mac|. */
bool emu_netlink_mac_set(const char *name, const uint8_t mac[TOE_MAC_LEN], struct emu_error *error);

/* emu_netlink_queue_set() lets |frames| frames wait in |name| for whoever takes them. */
bool emu_netlink_queue_set(const char *name, uint32_t frames, struct emu_error *error);

/* emu_netlink_tap_queues() is how many queues of the TAP |name| somebody has; 0: it has not
 * several.
 */
uint32_t emu_netlink_tap_queues(const char *name);

/*
 * emu_netlink_await() waits until |name| really works, up to |limit_ms|: the kernel switches a new
 * link on a little later than it says, and loses what is sent before.
 */
bool emu_netlink_await(const char *name, uint32_t limit_ms);

/*
 * emu_netlink_address_add() gives |name| the address |addr|/|prefix_len|. It can be used at once:
 * duplicates are not looked for.
 */
bool emu_netlink_address_add(const char *name, const struct toe_addr *addr, uint8_t prefix_len,
                             struct emu_error *error);

/* emu_netlink_ipv6_off() keeps the kernel from speaking IPv6 on |name|; no error where it cannot.
 */
void emu_netlink_ipv6_off(const char *name);

/*
 * emu_netlink_offloads_off() has |name| send whole checksums and frames of its MTU only, and
 * deliver them as they came.
 */
bool emu_netlink_offloads_off(const char *name, struct emu_error *error);

#endif
