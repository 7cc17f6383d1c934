/* SPDX-License-Identifier: MIT */
/*
 * Service: what a connection owes the host and the wire, in a stated order.
 *
 * After requests, frames and timers were dealt with, each connection that they touched is served
 * once: an abort; completions of sends; of receives, and indications; of disconnects; events; and
 * then the segments that are due. So a connection's upcalls are never mixed with another's, and an
 * acknowledgment that leaves speaks of all that was delivered.
 */
#ifndef TARGET_SERVICE_H
#define TARGET_SERVICE_H

#include "toe/types.h"

struct toe_target;

/* target_service_expire() does what timers are due for. */
void target_service_expire(struct toe_target *target);

/* target_service_run() serves all connections that are ready; those that become so wait. */
void target_service_run(struct toe_target *target);

#endif
