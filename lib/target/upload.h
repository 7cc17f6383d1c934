/* SPDX-License-Identifier: MIT */
/*
 * Upload: what a target says when it cannot, or will not, go on with a connection.
 *
 * The engine ends its part with a verdict; here each becomes what the host is told. A RST aborts:
 * the event first, then all requests (DSC-036). Everything else is a request to take the connection
 * back, after all that could still be completed and delivered was (DSC-044).
 */
#ifndef TARGET_UPLOAD_H
#define TARGET_UPLOAD_H

#include "toe/seam.h"

struct target_tcp;
struct toe_target;

/*
 * target_upload_tell() makes the event |event| of |tcp|, unless its terminate was called for
 * (EVT-009).
 */
void target_upload_tell(struct toe_target *target, struct target_tcp *tcp, enum toe_event event,
                        uint32_t info);

/* target_upload_expire() asks again for what was asked for, if that is due at |target|->now. */
void target_upload_expire(struct toe_target *target, struct target_tcp *tcp);

/* target_upload_abort() acts on a RST, if the verdict is one that was not acted on. */
void target_upload_abort(struct toe_target *target, struct target_tcp *tcp);

/* target_upload_run() acts on every other verdict, and on invalid state. */
void target_upload_run(struct toe_target *target, struct target_tcp *tcp);

/* target_upload_repeat_end() lets it not ask again. */
void target_upload_repeat_end(struct target_tcp *tcp);

#endif
