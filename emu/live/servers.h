/* SPDX-License-Identifier: MIT */
/*
 * The servers of the demonstration: other people's, as they are installed, and ours where there are
 * none.
 */
#ifndef EMU_LIVE_SERVERS_H
#define EMU_LIVE_SERVERS_H

#include "live/live_world.h"

/* emu_servers_files() makes the files that they need; false with |error| if there is no room. */
bool emu_servers_files(const struct emu_live_world *world, struct emu_error *error);

/*
 * emu_servers_start() starts all that can run on this machine, the other one, but `toe peer`, and
 * waits until they listen. Returns which do.
 */
uint32_t emu_servers_start(void);

/* emu_servers_ssh() adds what logs in to sshd at |host|, as a command line. */
struct emu_words;
void emu_servers_ssh(struct emu_words *words, const char *host);

#endif
