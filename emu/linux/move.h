/* SPDX-License-Identifier: MIT */
/*
 * Moves: a connection's way into the target and back.
 *
 * To the target: from the moment it is armed, copies are kept of what the kernel sends and of what
 * it receives, while everything goes on as before. Once all that was in flight at that moment has
 * been acknowledged, which takes a round trip, the copies are all that is in flight, either way,
 * and the target is asked. What the kernel has received and not acknowledged is forwarded to the
 * target, which so knows of it as if it had come from the wire.
 *
 * Back: the target is asked for the state, with |early_ack| not before the peer has all that the
 * kernel was told it has. The kernel then gets what the target had received and is
 * told what the peer has acknowledged, the peer gets what the target had taken and not sent yet;
 * and from then on the kernel and the peer speak for themselves, with the numbers they expect.
 */
#ifndef EMU_LINUX_MOVE_H
#define EMU_LINUX_MOVE_H

#include "linux/ways.h"

/* emu_move_arm() begins; returns why not, or EMU_WHY_NONE. */
enum emu_why emu_move_arm(struct emu_conn *conn);

/* emu_move_cancel() ends what emu_move_arm() began. */
void emu_move_cancel(struct emu_conn *conn, enum emu_why why, uint32_t detail);

/* emu_move_copy() notes a segment of either side, while armed, which goes its way. */
void emu_move_copy(struct emu_conn *conn, const struct emu_segment *seg,
                   const struct toe_frame *frame, bool by_kernel);

/* emu_move_hold() keeps a frame until the target has answered. */
void emu_move_hold(struct emu_conn *conn, const struct toe_frame *frame, bool by_kernel);

/* emu_move_try() asks the target if all is there. */
void emu_move_try(struct emu_conn *conn);

/* emu_move_expire() is for the timer of one that is armed. */
void emu_move_expire(struct emu_conn *conn);

/* emu_move_recall() asks the target to give the connection back. */
void emu_move_recall(struct emu_conn *conn, enum emu_why why, uint32_t detail);

/* emu_move_drain() goes on with the recall of one that waits for the peer to get what it is owed.
 */
void emu_move_drain(struct emu_conn *conn);

/* The answers of the target. */
void emu_move_initiated(struct emu_kernel *kernel, struct emu_request *request);
void emu_move_terminated(struct emu_kernel *kernel, struct emu_request *request);
void emu_move_forwarded(struct emu_kernel *kernel, struct toe_buf *chain);

/*
 * emu_move_rest() ends the move once the kernel has got all, emu_move_forsake() in any case: what
 * it has not got the peer must have.
 */
void emu_move_rest(struct emu_conn *conn);
void emu_move_forsake(struct emu_conn *conn);

/* emu_move_free() forgets the move, whatever has become of it. */
void emu_move_free(struct emu_conn *conn);

#endif
