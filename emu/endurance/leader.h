/* SPDX-License-Identifier: MIT */
/*
 * A leader: the part of the session (session.h) of a machine that is the kernel's.
 */
#ifndef EMU_ENDURANCE_LEADER_H
#define EMU_ENDURANCE_LEADER_H

#include "endurance/session.h"

/* emu_leader_open() is a connection to who follows at |addr|; or -1. */
int emu_leader_open(const struct toe_addr *addr);

/* emu_leader_ask() says |message| and waits for the |answer|; false if there is none in time. */
bool emu_leader_ask(int conn, struct emu_session_message *answer,
                    const struct emu_session_message *message);

#endif
