/* SPDX-License-Identifier: MIT */
/*
 * The seam between a host stack and an offload target: two tables of functions.
 *
 * struct toe_target_ops is what a host asks of a target, struct toe_host_ops what a target tells a
 * host. Whoever fills one of the two can stand on that side: a software target, a driver of an
 * adapter, a host stack, or an intermediate driver that is a target to the one above and a host to
 * the one below.
 *
 * The contract that all of it shares:
 *
 *  - A request only takes what it is given. Its answer comes later, by an upcall from within run(),
 *    exactly once; never from inside the call.
 *  - run() is the only place from which upcalls are made. Inside an upcall any function of the
 *    target may be called, except run() itself.
 *  - A target and its host belong to one thread.
 *  - What goes down is borrowed until its completion, what goes up is borrowed for the call, unless
 *    a function below says otherwise.
 *  - A handle names a target's object towards the target; the |host_object| of the block that
 *    brought the object names it towards the host.
 */
#ifndef TOE_SEAM_H
#define TOE_SEAM_H

#include "toe/block.h"
#include "toe/buf.h"
#include "toe/frame.h"
#include "toe/params.h"
#include "toe/stats.h"
#include "toe/status.h"
#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct toe_host_ops;

enum toe_disconnect {
    TOE_DISCONNECT_GRACEFUL = 0x01, /* data of the buffer, if any, then a FIN */
    TOE_DISCONNECT_ABORTIVE = 0x02, /* a RST; the buffer's |len| must be zero */
};

/* What a target tells about one connection, with a number that some of them carry. */
enum toe_event {
    TOE_EVENT_SEND_BACKLOG_CHANGE = 1, /* the number: bytes to keep outstanding */
    TOE_EVENT_DISCONNECT = 2,          /* the peer's FIN; everything before it is delivered */
    TOE_EVENT_RETRIEVE = 3,            /* take it back; the number: enum toe_upload_reason */
    TOE_EVENT_ABORT = 4,               /* the peer's RST */
};

/* Why a target wants a connection to be taken back. */
enum toe_upload_reason {
    TOE_UPLOAD_LOW_ACTIVITY = 1,
    TOE_UPLOAD_HIGH_DROP_RATE = 2,
    TOE_UPLOAD_SMALL_IO = 3,
    TOE_UPLOAD_NO_BUFFER_PREPOSTING = 4,
    TOE_UPLOAD_RECEIVED_URGENT_DATA = 5,
    TOE_UPLOAD_HIGH_FRAGMENTATION = 6,
    TOE_UPLOAD_HIGH_OUT_OF_ORDER = 7,
    TOE_UPLOAD_TIMEOUT_EXPIRATION = 8,
    TOE_UPLOAD_INVALID_STATE = 9,
    TOE_UPLOAD_REQUESTED = 10,
    TOE_UPLOAD_HARDWARE_FAILURE = 11,
};

/* toe_upload_reason_is_mandatory(): the host must terminate; otherwise it may, or may not. */
TOE_EXPORT bool toe_upload_reason_is_mandatory(enum toe_upload_reason reason);

/* toe_upload_reason_name() is "LOW_ACTIVITY" and so on. */
TOE_EXPORT const char *toe_upload_reason_name(uint32_t reason);

enum toe_neighbor_event {
    TOE_NEIGHBOR_REACHABILITY_QUERY = 2,
};

/*
 * What a host asks of a target.
 *
 * State operations
 *
 * All five take a tree of blocks (toe/block.h), answer with the completion of the same name, which
 * brings the same pointer back, and tell the result of each object in the |status| of its block.
 *
 * Data operations
 *
 * All but receive_return() take buffers (toe/buf.h), accept every one of them, and answer with a
 * completion for each buffer, in the order of posting. What cannot proceed now waits.
 */
struct toe_target_ops {
    size_t size; /* sizeof(struct toe_target_ops) */

    /*
     * attach() makes |host| the one above. The table is copied. NULL detaches; the caller has
     * terminated everything before. Called once before anything else.
     */
    void (*attach)(void *target, const struct toe_host_ops *ops, void *host);

    /* caps_get() fills in the capabilities that hold now. */
    void (*caps_get)(void *target, struct toe_caps *caps);

    /*
     * params_set() sets the parameters, at once. The statuses are those of toe_params_check(), and
     * TOE_STATUS_INVALID_DATA when ticks_per_second or the encapsulation would change under
     * offloaded state.
     */
    toe_status (*params_set)(void *target, const struct toe_params *params);

    /* stats_get() fills in the counters. */
    void (*stats_get)(void *target, struct toe_stats *stats);

    /*
     * initiate() offers the state in |tree|. New objects are taken depth first, then along the
     * chain, so that a target short of room still takes whole branches. The status of a block is:
     *
     * TOE_STATUS_SUCCESS
     *     The object and everything that hangs directly below it is offloaded; or a placeholder.
     * TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS
     *     The object is offloaded, at least one block directly below it is not.
     * TOE_STATUS_OFFLOAD_*_ENTRIES, _TCP_XMIT_BUFFER, _TCP_RCV_BUFFER, TOE_STATUS_RESOURCES
     *     There is no room for it.
     * TOE_STATUS_OFFLOAD_TCP_RCV_WINDOW, _PATH_MTU, _VLAN_MISMATCH, _CONNECTION_REJECTED
     *     The target cannot take this one.
     * TOE_STATUS_FAILURE
     *     It breaks a rule, or was not attempted because an ancestor failed.
     */
    void (*initiate)(void *target, struct toe_block *tree);

    /*
     * terminate() takes objects back. Delegated state is written into a block that carries it, and
     * unfinished sends and undelivered received bytes come with it. SUCCESS, or FAILURE for a
     * handle that names nothing, or an object that others still depend on.
     */
    void (*terminate)(void *target, struct toe_block *tree);

    /*
     * update() replaces cached state by that of the blocks that carry it, and links each path below
     * a reference to a neighbor to that neighbor. SUCCESS or FAILURE; a failed block changed
     * nothing.
     */
    void (*update)(void *target, struct toe_block *tree);

    /* query() fills in the classes of state that each block's type names. SUCCESS or FAILURE. */
    void (*query)(void *target, struct toe_block *tree);

    /*
     * invalidate() forbids the use of objects: nothing is sent any more on a connection that is, or
     * depends on, one of them, and its upload is asked for. SUCCESS or FAILURE.
     */
    void (*invalidate)(void *target, struct toe_block *tree);

    /*
     * send() posts data. The status of a buffer is:
     *
     * TOE_STATUS_SUCCESS
     *     All of it was sent and acknowledged.
     * TOE_STATUS_UPLOAD_IN_PROGRESS
     *     The connection is on its way up; the host keeps the data and sends it itself.
     * TOE_STATUS_REQUEST_ABORTED
     *     The connection was reset.
     * TOE_STATUS_INVALID_STATE
     *     Posted after a graceful disconnect, or on a connection the target does not have.
     */
    void (*send)(void *target, toe_handle tcp, struct toe_buf *chain);

    /*
     * receive() posts room. The status of a buffer is SUCCESS with the bytes placed, zero at the
     * end of the stream; UPLOAD_IN_PROGRESS or REQUEST_ABORTED with the bytes placed before;
     * INVALID_STATE when posted after the disconnect event, or for a connection the target does not
     * have. A buffer of length zero only asks for refused data to be indicated again.
     */
    void (*receive)(void *target, toe_handle tcp, struct toe_buf *chain);

    /* receive_return() gives indicated buffers back, of any connections mixed. No completion. */
    void (*receive_return)(void *target, struct toe_buf *chain);

    /*
     * disconnect() posts one buffer: |how| says whether its data and a FIN follow what was sent, or
     * a RST ends all at once. SUCCESS: sent and, if graceful, acknowledged.
     */
    void (*disconnect)(void *target, toe_handle tcp, struct toe_buf *buf, enum toe_disconnect how);

    /*
     * forward() hands over segments that the host received and did not acknowledge, one in a
     * buffer, beginning with the TCP header. They are treated as if they came from the wire.
     */
    void (*forward)(void *target, toe_handle tcp, struct toe_buf *chain);

    /* transmit() sends frames of the ordinary path, unchanged and in order. */
    void (*transmit)(void *target, const struct toe_frame *frames, uint32_t cnt);

    /* deadline() is the instant at which run() is next due: 0 for at once. */
    toe_instant (*deadline)(void *target);

    /*
     * run() does everything that is due at |now|: takes requests and frames, moves data, expires
     * timers, makes upcalls. |now| never goes back. The caller runs a target when its deadline has
     * come, and when frames have arrived.
     */
    void (*run)(void *target, toe_instant now);
};

/* What a target tells a host. Upcalls are made from within the target's run() only. */
struct toe_host_ops {
    size_t size; /* sizeof(struct toe_host_ops) */

    /* The completions of the state operations, each with the pointer that was passed down. */
    void (*initiate_complete)(void *host, struct toe_block *tree);
    void (*terminate_complete)(void *host, struct toe_block *tree);
    void (*update_complete)(void *host, struct toe_block *tree);
    void (*query_complete)(void *host, struct toe_block *tree);
    void (*invalidate_complete)(void *host, struct toe_block *tree);

    /*
     * The completions of the data operations. A chain holds buffers of one connection in the order
     * of posting, of one post or of several; status and |transferred| of each are written.
     */
    void (*send_complete)(void *host, struct toe_buf *chain);
    void (*receive_complete)(void *host, struct toe_buf *chain);
    void (*disconnect_complete)(void *host, struct toe_buf *buf);
    void (*forward_complete)(void *host, struct toe_buf *chain);

    /*
     * receive_indicate() offers received data for which no buffer was posted. The host returns:
     *
     * TOE_STATUS_SUCCESS
     *     All taken; once this has returned the buffer is the host's, until receive_return().
     *     *consumed = buf->len.
     * TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED
     *     The first *consumed bytes were copied; the buffer is the target's again.
     * TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED
     *     Nothing was; the target keeps it until a receive is posted.
     */
    toe_status (*receive_indicate)(void *host, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed);

    /* tcp_event() tells about the connection that |host_object| names. */
    void (*tcp_event)(void *host, void *host_object, enum toe_event event, uint32_t info);

    /*
     * neighbor_event() asks how long ago the host knew the neighbor of |block| to be reachable; the
     * host writes the answer into state.neighbor->cached.host_reachability_delta before it returns.
     */
    void (*neighbor_event)(void *host, enum toe_neighbor_event event, struct toe_block *block);

    /*
     * status() tells about the target as a whole: TOE_STATUS_OFFLOAD_PAUSE (no more initiates,
     * please), TOE_STATUS_UPLOAD_ALL (terminate everything), TOE_STATUS_OFFLOAD_RESUME (read the
     * capabilities again and go on; |caps| has them, it is NULL with the other two).
     */
    void (*status)(void *host, toe_status status, const struct toe_caps *caps);

    /* frames() brings what arrived for the ordinary path, in order of arrival. */
    void (*frames)(void *host, const struct toe_frame *frames, uint32_t cnt);
};

#ifdef __cplusplus
}
#endif

#endif
