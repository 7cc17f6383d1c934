/* SPDX-License-Identifier: MIT */
/*
 * Receive-side scaling in software: to which of several queues a connection belongs.
 *
 * The queue follows from a hash of both addresses and ports that is the same for both directions.
 * What tells of a connection without being a segment of it, a router's word that its packets are
 * too big, belongs where the connection does. All else belongs nowhere, and may go by any queue.
 */
#ifndef EMU_STEERING_H
#define EMU_STEERING_H

#include "toe/frame.h"

struct sock_filter;

#define EMU_STEERING_ANY UINT32_MAX

/* emu_steering_queue() is the queue, of |cnt|, that |frame| belongs to, or EMU_STEERING_ANY. */
uint32_t emu_steering_queue(const struct toe_frame *frame, uint32_t cnt);

enum { EMU_STEERING_PROGRAM_MAX = 80 };

/*
 * emu_steering_program() is that as far as classic BPF can tell it, for a socket that several share
 * (packet(7), PACKET_FANOUT_CBPF): it returns a number whose remainder by |cnt| is the queue. What
 * belongs nowhere comes by the first one. |out| has room for EMU_STEERING_PROGRAM_MAX instructions;
 * returns how many there are.
 */
uint16_t emu_steering_program(struct sock_filter *out);

#endif
