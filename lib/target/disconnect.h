/* SPDX-License-Identifier: MIT */
/*
 * Disconnects.
 *
 * A graceful one puts its data behind the sends, and a FIN behind that; it completes when both are
 * acknowledged. The host may fault by posting another: it completes with the first (DSC-024). An
 * abortive one is the only reason for which a target sends a RST (DSC-005).
 */
#ifndef TARGET_DISCONNECT_H
#define TARGET_DISCONNECT_H

#include "toe/buf.h"

struct target_tcp;
struct toe_target;

/*
 * target_disconnect() takes a disconnect request; |tcp| is NULL if the handle named nothing, |how|
 * is an enum toe_disconnect unless the host faults.
 */
void target_disconnect(struct toe_target *target, struct target_tcp *tcp, struct toe_buf *buf,
                       uint32_t how);

/* target_disconnect_settle() completes what was acknowledged. Sends are settled before. */
void target_disconnect_settle(struct toe_target *target, struct target_tcp *tcp);

/* target_disconnect_flush() completes all disconnects with |status|; sends were flushed before. */
void target_disconnect_flush(struct toe_target *target, struct target_tcp *tcp, toe_status status);

#endif
