/* SPDX-License-Identifier: MIT */
/*
 * From the kernel to the target: the kernel's segments become requests.
 *
 * The payload is copied and posted to the target once, however often the kernel sends it; the
 * kernel is acknowledged when the target says that the peer has, or with |early_ack| at once. A FIN
 * becomes a graceful disconnect, which only the peer acknowledges, a RST an abortive one.
 */
#ifndef EMU_LINUX_RELAY_OUT_H
#define EMU_LINUX_RELAY_OUT_H

#include "linux/kernel_conn.h"

/* emu_relay_out() takes a segment of the kernel, |frame|, of a connection that is carried. */
void emu_relay_out(struct emu_conn *conn, const struct emu_segment *seg,
                   const struct toe_frame *frame);

/*
 * emu_relay_out_ack() is what the kernel is acknowledged; emu_relay_out_window() is how much it may
 * send beyond that.
 */
uint32_t emu_relay_out_ack(const struct emu_conn *conn);
uint32_t emu_relay_out_window(const struct emu_conn *conn);

/* emu_relay_out_is_owed() tells whether the kernel was acknowledged what the peer has not got. */
bool emu_relay_out_is_owed(const struct emu_conn *conn);

/* emu_relay_out_fin() posts the disconnect that stands for the kernel's FIN. */
void emu_relay_out_fin(struct emu_conn *conn);

/* emu_relay_out_abort() has the target end the connection with a RST. */
void emu_relay_out_abort(struct emu_conn *conn);

/* emu_relay_out_sent() takes completed sends back, emu_relay_out_disconnected() a disconnect. */
void emu_relay_out_sent(struct emu_kernel *kernel, struct toe_buf *chain);
void emu_relay_out_disconnected(struct toe_buf *buf);

#endif
