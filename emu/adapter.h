/* SPDX-License-Identifier: MIT */
/*
 * What a port has to know about a network interface before it stands on it.
 */
#ifndef EMU_ADAPTER_H
#define EMU_ADAPTER_H

#include "error.h"
#include "toe/types.h"

struct emu_adapter {
    int index;
    uint32_t mtu;
    uint8_t mac[TOE_MAC_LEN];
    bool up;      /* switched on */
    bool carrier; /* switched on, and something is at the other end */
};

/* emu_adapter_get() looks up the Ethernet interface |name|; false with |error| if there is none. */
bool emu_adapter_get(struct emu_adapter *adapter, const char *name, struct emu_error *error);

/* emu_adapter_get_up() is the same for one that must be up. */
bool emu_adapter_get_up(struct emu_adapter *adapter, const char *name, struct emu_error *error);

#endif
