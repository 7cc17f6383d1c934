/* SPDX-License-Identifier: MIT */
/*
 * The options by which a command names connections, and the request made of them.
 */
#ifndef EMU_NIC_SELECTING_H
#define EMU_NIC_SELECTING_H

#include <jansson.h>

#include "option.h"

struct emu_selecting {
    struct toe_addr local, remote, host;
    uint64_t local_port, remote_port, port;
};

enum { EMU_SELECTING_OPTIONS = 6 };

void emu_selecting_options(struct emu_option out[EMU_SELECTING_OPTIONS],
                           struct emu_selecting *selecting);

/* emu_selecting_request() is the request |command| with what was selected. */
json_t *emu_selecting_request(const struct emu_selecting *selecting, const char *command);

#endif
