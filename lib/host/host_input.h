/* SPDX-License-Identifier: MIT */
#ifndef HOST_HOST_INPUT_H
#define HOST_HOST_INPUT_H

#include "host/stack.h"

/*
 * Input: from frames to those they are for
 *
 * Frames come in upcalls, and are copied into pieces there: a target's run may be at another
 * instant than the host's last one, and segments must be timed right. The host's next run processes
 * them. Text of some length stays in its piece until the application takes it, so that this is its
 * only copy.
 */

/* host_input_keep() copies |cnt| frames that arrived over |interface|, for the next run. */
void host_input_keep(struct host_interface *interface, const struct toe_frame *frames,
                     uint32_t cnt);

/* host_input_run() processes what was kept. */
void host_input_run(struct toe_host *host);

/* host_input_piece() processes one frame, and takes |piece|, which is on no list. */
void host_input_piece(struct host_interface *interface, struct host_piece *piece);

#endif
