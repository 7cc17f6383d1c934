/* SPDX-License-Identifier: MIT */
/*
 * From the kernel to the target: the kernel's segments become requests.
 *
 * The payload is copied and posted to the target once, however often the kernel sends it; the
 * kernel is acknowledged when the target says that the peer has. A FIN becomes a graceful
 * disconnect, a RST an abortive one.
 */
#ifndef EMU_LINUX_RELAY_OUT_H
#define EMU_LINUX_RELAY_OUT_H

#include "linux/kernel_conn.h"

/* emu_relay_out() takes a segment of the kernel, |frame|, of a connection that is carried. */
void emu_relay_out(struct emu_conn *conn, const struct emu_segment *seg,
                   const struct toe_frame *frame);

/* emu_relay_out_fin() posts the disconnect that stands for the kernel's FIN. */
void emu_relay_out_fin(struct emu_conn *conn);

/* emu_relay_out_sent() takes completed sends back, emu_relay_out_disconnected() a disconnect. */
void emu_relay_out_sent(struct emu_kernel *kernel, struct toe_buf *chain);
void emu_relay_out_disconnected(struct toe_buf *buf);

#endif
