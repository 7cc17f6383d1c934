/* SPDX-License-Identifier: MIT */
#ifndef HOST_ADDRESS_H
#define HOST_ADDRESS_H

#include "host/stack.h"

/*
 * Addresses: which ones are ours
 */

/* host_address_add() gives |interface| an address. Returns 0, or -1 if memory is short. */
int host_address_add(struct host_interface *interface, const struct toe_addr *addr,
                     uint8_t prefix_len);

/* host_address_find() is the address of |interface| that equals |addr|, or NULL. */
const struct host_address *host_address_find(const struct host_interface *interface,
                                             const struct toe_addr *addr);

/*
 * host_address_for() is the address of |interface| to speak to |dst| from: one of the same subnet,
 * or else the first one of the family; NULL if there is none.
 */
const struct host_address *host_address_for(const struct host_interface *interface,
                                            const struct toe_addr *dst);

/* host_address_is_broadcast() tells whether |addr| means everybody on a subnet of |interface|. */
bool host_address_is_broadcast(const struct host_interface *interface, const struct toe_addr *addr);

#endif
