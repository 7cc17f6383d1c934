/* SPDX-License-Identifier: MIT */
#include "toe/target.h"

#include "base/assert.h"
#include "base/host_ops.h"
#include "target/account.h"
#include "target/ingress.h"
#include "target/instance.h"
#include "target/object.h"
#include "target/sending.h"
#include "target/service.h"
#include "target/terminate.h"
#include "target/update.h"

#include <string.h>

/*
 * The operations. Each takes its arguments and returns; what they lead to happens in run(), in this
 * order: requests as they were posted, frames as they arrived, timers, and then the service of
 * every connection that any of these touched. What the host posts inside upcalls has its turn in
 * the same run, up to a limit.
 */

/* --- the operations --- */

static void attach(void *ctx, const struct toe_host_ops *ops, void *host)
{
    struct toe_target *target = ctx;

    base_host_ops_take(&target->host, ops);
    target->host_user = host;
}

static void caps_get(void *ctx, struct toe_caps *caps)
{
    const struct toe_target *target = ctx;
    struct toe_caps all = target->caps;

    all.size = caps->size < sizeof(all) ? caps->size : sizeof(all);
    memcpy(caps, &all, all.size);
}

static toe_status params_set(void *ctx, const struct toe_params *params)
{
    struct toe_target *target = ctx;
    const toe_status status = toe_params_check(params);

    if (status != TOE_STATUS_SUCCESS) {
        return status;
    }
    /* CAP-32. */
    if ((params->ticks_per_second != target->params.ticks_per_second ||
         params->encapsulation != target->params.encapsulation) &&
        (target->tcps.cnt > 0 || target->neighbors.cnt > 0)) {
        return TOE_STATUS_INVALID_DATA;
    }
    target->params = *params;
    target->has_params = true;
    target_params_apply(target);
    return TOE_STATUS_SUCCESS;
}

static void stats_get(void *ctx, struct toe_stats *stats)
{
    target_account_get(ctx, stats);
}

static void post_tree(void *ctx, struct toe_block *tree, enum target_request request)
{
    struct toe_target *target = ctx;

    if (tree != NULL) {
        target_work_post_tree(&target->work, tree, request);
    }
}

static void initiate(void *ctx, struct toe_block *tree)
{
    post_tree(ctx, tree, TARGET_REQUEST_INITIATE);
}

static void terminate(void *ctx, struct toe_block *tree)
{
    target_terminate_begin(ctx, tree);
    post_tree(ctx, tree, TARGET_REQUEST_TERMINATE);
}

static void update(void *ctx, struct toe_block *tree)
{
    target_update_begin(ctx, tree);
    post_tree(ctx, tree, TARGET_REQUEST_UPDATE);
}

static void query(void *ctx, struct toe_block *tree)
{
    post_tree(ctx, tree, TARGET_REQUEST_QUERY);
}

static void invalidate(void *ctx, struct toe_block *tree)
{
    post_tree(ctx, tree, TARGET_REQUEST_INVALIDATE);
}

static void post_chain(void *ctx, toe_handle tcp, struct toe_buf *chain,
                       enum target_request request, uint32_t how)
{
    struct toe_target *target = ctx;

    if (chain != NULL) {
        target_work_post_chain(&target->work, tcp, chain, request, how);
    }
}

static void send(void *ctx, toe_handle handle, struct toe_buf *chain)
{
    struct toe_target *target = ctx;
    struct target_tcp *tcp = target_tcp_get(target, handle);

    if (chain == NULL) {
        return;
    }
    /* What waits before it, or is to be told first, may be a reason to refuse it. */
    if (!target_work_is_done(&target->work) || target_pause_is_due(&target->pause) ||
        !target_send_queue(tcp, chain)) {
        post_chain(ctx, handle, chain, TARGET_REQUEST_SEND, 0);
    }
}

static void receive(void *ctx, toe_handle handle, struct toe_buf *chain)
{
    struct target_tcp *tcp = target_tcp_get(ctx, handle);

    if (tcp != NULL && target_tcp_wake(tcp)) {
        target_delivery_post(tcp, chain);
    } else {
        post_chain(ctx, handle, chain, TARGET_REQUEST_RECEIVE, 0);
    }
}

static void receive_return(void *ctx, struct toe_buf *chain)
{
    target_delivery_return(ctx, chain);
}

static void disconnect(void *ctx, toe_handle tcp, struct toe_buf *buf, enum toe_disconnect how)
{
    post_chain(ctx, tcp, buf, TARGET_REQUEST_DISCONNECT, how);
}

static void forward(void *ctx, toe_handle tcp, struct toe_buf *chain)
{
    post_chain(ctx, tcp, chain, TARGET_REQUEST_FORWARD, 0);
}

static void transmit(void *ctx, const struct toe_frame *frames, uint32_t cnt)
{
    struct toe_target *target = ctx;

    /* Frames leave in the order in which they were made. */
    target_egress_flush(target);
    target->wire.transmit(target->settings.wire_user, frames, cnt);
}

bool toe_target_ts_recent(const struct toe_target *target, uint32_t *ts_recent, toe_handle handle)
{
    const struct target_tcp *tcp = target_tcp_get(target, handle);

    if (tcp == NULL || !tcp->conn.has_timestamps) {
        return false;
    }
    *ts_recent = tcp->conn.ts_recent;
    return true;
}

static bool is_idle(const struct toe_target *target)
{
    return target_work_is_empty(&target->work) && base_list_is_empty(&target->ready) &&
           !target_pause_is_due(&target->pause);
}

static toe_instant deadline(void *ctx)
{
    struct toe_target *target = ctx;

    return is_idle(target) && !target->has_more_frames ? base_wheel_next(&target->wheel) : 0;
}

/* Tells the host what it is to know before anything else, and does what it posted. */
static void take_posted(struct toe_target *target)
{
    if (target_pause_is_due(&target->pause)) {
        target_pause_run(target);
    }
    if (!target_work_is_empty(&target->work)) {
        target_work_run(target);
    }
}

static void run(void *ctx, toe_instant now)
{
    struct toe_target *target = ctx;

    toe_assert(now >= target->now);
    if (target->is_running) {
        return;
    }

    target->is_running = true;
    target->now = now;
    take_posted(target);
    for (uint32_t i = 0; i < TARGET_BATCHES_MAX; ++i) {
        target->has_more_frames = target_ingress_run(target);
        if (!target->has_more_frames) {
            break;
        }
        target_service_run(target);
        target_egress_flush(target);
    }
    target_service_expire(target);
    target_service_run(target);
    for (uint32_t i = 1; i < TARGET_ROUNDS_MAX && !is_idle(target); ++i) {
        take_posted(target);
        target_service_run(target);
    }
    target_egress_flush(target);
    target->is_running = false;
}

const struct toe_target_ops *toe_target_ops(void)
{
    static const struct toe_target_ops ops = {
        .size = sizeof(ops),
        .attach = attach,
        .caps_get = caps_get,
        .params_set = params_set,
        .stats_get = stats_get,
        .initiate = initiate,
        .terminate = terminate,
        .update = update,
        .query = query,
        .invalidate = invalidate,
        .send = send,
        .receive = receive,
        .receive_return = receive_return,
        .disconnect = disconnect,
        .forward = forward,
        .transmit = transmit,
        .deadline = deadline,
        .run = run,
    };

    return &ops;
}
