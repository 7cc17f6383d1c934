/* SPDX-License-Identifier: MIT */
/*
 * Forward: segments that the host received and did not acknowledge.
 *
 * Each buffer holds one, from the TCP header on. They are treated like those from the wire, at
 * once, and the buffer goes back in the same run (FWD-014). The host has verified the checksum.
 */
#ifndef TARGET_FORWARD_H
#define TARGET_FORWARD_H

#include "toe/buf.h"

struct target_tcp;
struct toe_target;

/* target_forward() takes a forward request; |tcp| is NULL if the handle named nothing. */
void target_forward(struct toe_target *target, struct target_tcp *tcp, struct toe_buf *chain);

#endif
