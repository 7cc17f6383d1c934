/* SPDX-License-Identifier: MIT */
/*
 * A shell on a connection, and its user's end: what ssh does, without the cryptography and the log
 * in, for machines that have no sshd, or do not let it run.
 */
#ifndef EMU_LIVE_SHELL_H
#define EMU_LIVE_SHELL_H

#include "toe/types.h"

/* emu_shell_serve() starts `sh` on each connection to |port|, until it is killed. */
int emu_shell_serve(uint16_t port);

/*
 * emu_shell_connect() carries stdin to the shell at |to| and what that prints to stdout, to the end
 * of both. Returns an exit status.
 */
int emu_shell_connect(const struct toe_addr *to, uint16_t port);

#endif
