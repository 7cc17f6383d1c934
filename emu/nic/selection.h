/* SPDX-License-Identifier: MIT */
/*
 * Which connections a request is about: those that have the addresses and ports it names.
 */
#ifndef EMU_NIC_SELECTION_H
#define EMU_NIC_SELECTION_H

#include <jansson.h>

#include "linux/kernel.h"

/* Family 0 and port 0 stand for any. */
struct emu_selection {
    struct toe_addr local;
    struct toe_addr remote;
    struct toe_addr host; /* at either end */
    uint16_t local_port;
    uint16_t remote_port;
    uint16_t port; /* at either end */
};

/*
 * emu_selection_parse() reads the members "local", "local_port", "remote", "remote_port", "host"
 * and "port" of |request|. Returns NULL, or what is wrong with them.
 */
const char *emu_selection_parse(struct emu_selection *selection, const json_t *request);

/* emu_selection_is_empty() tells whether it names nothing, and so has all. */
bool emu_selection_is_empty(const struct emu_selection *selection);

bool emu_selection_has(const struct emu_selection *selection, const struct emu_tuple *tuple);

#endif
