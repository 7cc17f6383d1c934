/* SPDX-License-Identifier: MIT */
#ifndef HOST_RESOLVE_H
#define HOST_RESOLVE_H

#include "host/neighbor.h"
#include "wire/ether.h"
#include "wire/ipv6.h"

/*
 * Resolution: the packets of ARP (RFC 826) and neighbor discovery (RFC 4861)
 */

/*
 * host_resolve_solicit() asks who has the address of |neighbor|: everybody, or at the Ethernet
 * address that is known.
 */
void host_resolve_solicit(struct host_neighbor *neighbor, bool everybody);

/* host_resolve_arp_input() takes an ARP packet that arrived. */
void host_resolve_arp_input(struct host_interface *interface, const struct wire_ether *ether,
                            const uint8_t *data, size_t len);

/* host_resolve_nd_input() takes a solicitation or advertisement, its checksum verified. */
void host_resolve_nd_input(struct host_interface *interface, const struct wire_ipv6 *ip,
                           const uint8_t *data, size_t len);

#endif
