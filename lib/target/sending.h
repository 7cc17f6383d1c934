/* SPDX-License-Identifier: MIT */
/*
 * Sends: from the post to the completion.
 *
 * Buffers go into the connection's send queue as they are and come out of it acknowledged, or are
 * taken out when the connection ends or moves. A graceful disconnect's buffer travels in the same
 * queue, always as the last one; it is told apart here, for its completion is another one.
 */
#ifndef TARGET_SENDING_H
#define TARGET_SENDING_H

#include "toe/buf.h"

struct target_tcp;
struct toe_target;

/* target_buf_fail() gives every buffer of |chain| the |status|, and that nothing was done. */
void target_buf_fail(struct toe_buf *chain, toe_status status);

/*
 * target_send_is_sound() tells whether the buffers of |chain| are, and fit into a send queue with
 * |queued| bytes.
 */
bool target_send_is_sound(const struct toe_buf *chain, uint32_t queued);

/*
 * target_send_queue() queues a send request. Returns false, and has done nothing, if it is to be
 * refused, which takes a completion.
 */
bool target_send_queue(struct target_tcp *tcp, struct toe_buf *chain);

/* target_send() queues or refuses one; |tcp| is NULL if the handle named nothing. */
void target_send(struct toe_target *target, struct target_tcp *tcp, struct toe_buf *chain);

/* target_send_settle() completes what was acknowledged. */
void target_send_settle(struct toe_target *target, struct target_tcp *tcp);

/* target_send_take() empties the send queue and returns its sends, with no status written. */
struct toe_buf *target_send_take(struct target_tcp *tcp);

/* target_send_flush() completes all sends with |status|. */
void target_send_flush(struct toe_target *target, struct target_tcp *tcp, toe_status status);

/* target_backlog_size() is how many bytes the host should keep outstanding (SND-090). */
uint32_t target_backlog_size(const struct target_tcp *tcp);

/* target_backlog_init() records what the host may know of a new connection. */
void target_backlog_init(const struct toe_target *target, struct target_tcp *tcp);

/* target_backlog_run() tells the host if the backlog has changed, not too often (SND-097). */
void target_backlog_run(struct toe_target *target, struct target_tcp *tcp);

#endif
