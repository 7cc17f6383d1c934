/* SPDX-License-Identifier: MIT */
/*
 * Posted work: what the host asked for and no run has taken yet.
 *
 * One queue holds the requests of all kinds in the order in which they were made. It needs no
 * memory: the links lie in the words that buffers and blocks have for the target. Posting is all an
 * operation does when it is called; everything else happens in a run (OFF-1, SND-003).
 *
 * Receive requests of living connections are not here: they are posted to the connection itself,
 * so that one made inside an indication is seen when the indication returns (RCV-027). Nor are
 * requests to send that are good and before which nothing waits: they join the send queue at once,
 * so that what is sent in answer to a completion leaves together with its acknowledgment.
 */
#ifndef TARGET_WORK_H
#define TARGET_WORK_H

#include "toe/seam.h"

struct toe_target;

enum target_request {
    TARGET_REQUEST_INITIATE,
    TARGET_REQUEST_TERMINATE,
    TARGET_REQUEST_UPDATE,
    TARGET_REQUEST_QUERY,
    TARGET_REQUEST_INVALIDATE,
    TARGET_REQUEST_SEND,
    TARGET_REQUEST_RECEIVE,
    TARGET_REQUEST_DISCONNECT,
    TARGET_REQUEST_FORWARD,
};

/* The queue. A link is the address of a block or a buffer, with bit 0 set for a block; 0 ends it.
 */
struct target_work {
    uint64_t head;
    uint64_t tail;
    bool is_running; /* what was taken off it is not all done */
};

/* target_work_post_tree() appends a state operation. */
void target_work_post_tree(struct target_work *work, struct toe_block *tree,
                           enum target_request request);

/* target_work_post_chain() appends a data operation on |tcp|; |how| is a disconnect's. */
void target_work_post_chain(struct target_work *work, toe_handle tcp, struct toe_buf *chain,
                            enum target_request request, uint32_t how);

/* target_work_is_empty() tells whether there is nothing to do. */
static inline bool target_work_is_empty(const struct target_work *work)
{
    return work->head == 0;
}

/* target_work_is_done() tells whether nothing that was posted is still to be done. */
bool target_work_is_done(const struct target_work *work);

/* target_work_has() tells whether a state operation of kind |request| waits. */
bool target_work_has(const struct target_work *work, enum target_request request);

/*
 * target_work_pop_tree() takes the first off |work|, which holds state operations only; NULL if
 * there is none.
 */
struct toe_block *target_work_pop_tree(struct target_work *work);

/*
 * target_work_run() does all that was posted before the call. What is posted meanwhile waits for
 * the next call.
 */
void target_work_run(struct toe_target *target);

#endif
