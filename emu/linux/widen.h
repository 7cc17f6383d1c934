/* SPDX-License-Identifier: MIT */
/*
 * Widening: the kernel lets its receive buffer grow with what its reader takes, while the target
 * offers the peer what it was told. So it is told again when that has become much more: a
 * connection that was offloaded at its begin would have a window of 64 KiB for ever. The same goes
 * for the type of service and the priority that a program gives its socket.
 */
#ifndef EMU_LINUX_WIDEN_H
#define EMU_LINUX_WIDEN_H

#include "linux/ways.h"

/* emu_widen_fill() fills in what the host decides about a connection. */
void emu_widen_fill(const struct emu_conn *conn, struct toe_tcp_cached *cached);

/* emu_widen_told() notes that the target is told of |cached|. */
void emu_widen_told(struct emu_conn *conn, const struct toe_tcp_cached *cached);

/* emu_widen() tells the target of a larger window of |conn|, which is carried, if that is due. */
void emu_widen(struct emu_conn *conn);

/* emu_widened() is its answer. A recall that had to wait for it follows. */
void emu_widened(struct emu_kernel *kernel, struct emu_request *request);

#endif
