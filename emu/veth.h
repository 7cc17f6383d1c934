/* SPDX-License-Identifier: MIT */
/*
 * The far end of a veth: two Ethernet interfaces that are each other's wire.
 */
#ifndef EMU_VETH_H
#define EMU_VETH_H

#include <net/if.h>

#include "error.h"
#include "toe/types.h"

/*
 * emu_veth_far_end() finds the other end of the veth |name|, which must be in this process's
 * network. Returns false if |name| is something else, or its other end elsewhere.
 */
bool emu_veth_far_end(char out[IFNAMSIZ], const char *name);

/*
 * emu_veth_addresses() tells the first address of each family on the interface |name|: index 0 is
 * IPv4, 1 is IPv6, link-local ones aside; family 0 where there is none.
 */
void emu_veth_addresses(struct toe_addr out[2], const char *name);

/* emu_veth_address_remove() takes |addr| off the interface |name|. */
void emu_veth_address_remove(const char *name, const struct toe_addr *addr, uint8_t prefix_len);

#endif
