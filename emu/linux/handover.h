/* SPDX-License-Identifier: MIT */
/*
 * Handing over: a connection's state as a target takes it, of what is known from its segments, and
 * back.
 */
#ifndef EMU_LINUX_HANDOVER_H
#define EMU_LINUX_HANDOVER_H

#include "linux/kernel_conn.h"

/* emu_handover_give() fills in all of |state| but the data. */
void emu_handover_give(const struct emu_conn *conn, struct toe_tcp_state *state);

/* emu_handover_take() notes what the target knew, as if the segments had passed. */
void emu_handover_take(struct emu_conn *conn, const struct toe_tcp_delegated *d);

#endif
