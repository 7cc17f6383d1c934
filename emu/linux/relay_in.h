/* SPDX-License-Identifier: MIT */
/*
 * From the target to the kernel: what the peer sent becomes segments for the kernel.
 *
 * Buffers that the target indicates are kept until the kernel has acknowledged what is in them, and
 * go back to the target then. The kernel's window is respected; what does not fit is refused, and
 * asked for again when there is room. What got lost on the way to the kernel, because its queue
 * was full, is sent again.
 */
#ifndef EMU_LINUX_RELAY_IN_H
#define EMU_LINUX_RELAY_IN_H

#include "linux/kernel_conn.h"

/* emu_relay_in_begin() begins at |seq|, which the kernel expects next. */
void emu_relay_in_begin(struct emu_conn *conn, uint32_t seq);

/* emu_relay_in_has_room() tells whether more should be taken. */
bool emu_relay_in_has_room(const struct emu_conn *conn);

/* emu_relay_in_push() takes a buffer of the target's. */
void emu_relay_in_push(struct emu_conn *conn, struct toe_buf *buf);

/* emu_relay_in_fin() says that the peer's FIN follows what was taken. */
void emu_relay_in_fin(struct emu_conn *conn);

/* emu_relay_in_acked() looks at what |seg|, of the kernel, acknowledges; the track knows already.
 */
void emu_relay_in_acked(struct emu_conn *conn, const struct emu_segment *seg);

/* emu_relay_in_run() sends what can be sent, or an acknowledgment if one is due. */
void emu_relay_in_run(struct emu_conn *conn);

/* emu_relay_in_expire() sends again what the kernel did not acknowledge in time. */
void emu_relay_in_expire(struct emu_conn *conn);

/* emu_relay_in_is_done() tells whether the kernel has it all. */
bool emu_relay_in_is_done(const struct emu_conn *conn);

/* emu_relay_in_early() sends the |cnt| |ranges| beyond a hole, whose bytes are those of |chain|. */
void emu_relay_in_early(struct emu_conn *conn, const struct toe_seq_range *ranges, uint32_t cnt,
                        const struct toe_buf *chain);

/* emu_relay_in_reset() sends a RST. */
void emu_relay_in_reset(struct emu_conn *conn);

/* emu_relay_in_fini() gives all buffers back. */
void emu_relay_in_fini(struct emu_conn *conn);

/* emu_relay_flush() has what was built leave for the kernel. */
void emu_relay_flush(struct emu_kernel *kernel);

#endif
