/* SPDX-License-Identifier: MIT */
/*
 * Who answers ARP. Linux answers on each interface for the addresses of all of them, unless told
 * otherwise; on the wire of a NIC, the peer would then be told the wrong Ethernet address.
 */
#ifndef EMU_NIC_ARP_IGNORE_H
#define EMU_NIC_ARP_IGNORE_H

enum { EMU_ARP_OWN_ONLY = 1 }; /* answer for the interface's own addresses only */

/*
 * emu_arp_ignore_set() sets net.ipv4.conf.|interface|.arp_ignore to |value|, and returns what it
 * was; -1 if it could not be set, or was that already.
 */
int emu_arp_ignore_set(const char *interface, int value);

#endif
