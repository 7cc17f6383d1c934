/* SPDX-License-Identifier: MIT */
#include "inter/pass.h"

#include "base/host_ops.h"

/* --- down --- */

void inter_pass_above_set(struct inter_pass *pass, const struct toe_host_ops *ops, void *host)
{
    base_host_ops_take(&pass->above_ops, ops);
    pass->above = host;
    pass->is_attached = ops != NULL;
}

void inter_pass_attach(void *target, const struct toe_host_ops *ops, void *host)
{
    struct inter_pass *pass = target;

    inter_pass_above_set(pass, ops, host);
    pass->down.attach(pass->below, ops != NULL ? &pass->up : NULL, pass);
}

static void caps_get(void *target, struct toe_caps *caps)
{
    struct inter_pass *pass = target;

    pass->down.caps_get(pass->below, caps);
}

static toe_status params_set(void *target, const struct toe_params *params)
{
    struct inter_pass *pass = target;

    return pass->down.params_set(pass->below, params);
}

static void stats_get(void *target, struct toe_stats *stats)
{
    struct inter_pass *pass = target;

    pass->down.stats_get(pass->below, stats);
}

static void initiate(void *target, struct toe_block *tree)
{
    struct inter_pass *pass = target;

    pass->down.initiate(pass->below, tree);
}

static void terminate(void *target, struct toe_block *tree)
{
    struct inter_pass *pass = target;

    pass->down.terminate(pass->below, tree);
}

static void update(void *target, struct toe_block *tree)
{
    struct inter_pass *pass = target;

    pass->down.update(pass->below, tree);
}

static void query(void *target, struct toe_block *tree)
{
    struct inter_pass *pass = target;

    pass->down.query(pass->below, tree);
}

static void invalidate(void *target, struct toe_block *tree)
{
    struct inter_pass *pass = target;

    pass->down.invalidate(pass->below, tree);
}

static void send(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct inter_pass *pass = target;

    pass->down.send(pass->below, tcp, chain);
}

static void receive(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct inter_pass *pass = target;

    pass->down.receive(pass->below, tcp, chain);
}

static void receive_return(void *target, struct toe_buf *chain)
{
    struct inter_pass *pass = target;

    pass->down.receive_return(pass->below, chain);
}

static void disconnect(void *target, toe_handle tcp, struct toe_buf *buf, enum toe_disconnect how)
{
    struct inter_pass *pass = target;

    pass->down.disconnect(pass->below, tcp, buf, how);
}

static void forward(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct inter_pass *pass = target;

    pass->down.forward(pass->below, tcp, chain);
}

static void transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    struct inter_pass *pass = target;

    pass->down.transmit(pass->below, frames, cnt);
}

static toe_instant deadline(void *target)
{
    struct inter_pass *pass = target;

    return pass->down.deadline(pass->below);
}

void inter_pass_run(void *target, toe_instant now)
{
    struct inter_pass *pass = target;

    pass->now = now;
    pass->is_running = true;
    pass->down.run(pass->below, now);
    pass->is_running = false;
}

/* --- up --- */

static void initiate_complete(void *host, struct toe_block *tree)
{
    struct inter_pass *pass = host;

    pass->above_ops.initiate_complete(pass->above, tree);
}

static void terminate_complete(void *host, struct toe_block *tree)
{
    struct inter_pass *pass = host;

    pass->above_ops.terminate_complete(pass->above, tree);
}

static void update_complete(void *host, struct toe_block *tree)
{
    struct inter_pass *pass = host;

    pass->above_ops.update_complete(pass->above, tree);
}

static void query_complete(void *host, struct toe_block *tree)
{
    struct inter_pass *pass = host;

    pass->above_ops.query_complete(pass->above, tree);
}

static void invalidate_complete(void *host, struct toe_block *tree)
{
    struct inter_pass *pass = host;

    pass->above_ops.invalidate_complete(pass->above, tree);
}

static void send_complete(void *host, struct toe_buf *chain)
{
    struct inter_pass *pass = host;

    pass->above_ops.send_complete(pass->above, chain);
}

static void receive_complete(void *host, struct toe_buf *chain)
{
    struct inter_pass *pass = host;

    pass->above_ops.receive_complete(pass->above, chain);
}

static void disconnect_complete(void *host, struct toe_buf *buf)
{
    struct inter_pass *pass = host;

    pass->above_ops.disconnect_complete(pass->above, buf);
}

static void forward_complete(void *host, struct toe_buf *chain)
{
    struct inter_pass *pass = host;

    pass->above_ops.forward_complete(pass->above, chain);
}

static toe_status receive_indicate(void *host, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    struct inter_pass *pass = host;

    return pass->above_ops.receive_indicate(pass->above, host_object, buf, consumed);
}

static void tcp_event(void *host, void *host_object, enum toe_event event, uint32_t info)
{
    struct inter_pass *pass = host;

    pass->above_ops.tcp_event(pass->above, host_object, event, info);
}

static void neighbor_event(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    struct inter_pass *pass = host;

    pass->above_ops.neighbor_event(pass->above, event, block);
}

static void status(void *host, toe_status what, const struct toe_caps *caps)
{
    struct inter_pass *pass = host;

    pass->above_ops.status(pass->above, what, caps);
}

void inter_pass_frames(void *host, const struct toe_frame *frames, uint32_t cnt)
{
    struct inter_pass *pass = host;

    if (cnt > 0) {
        pass->above_ops.frames(pass->above, frames, cnt);
    }
}

/* --- the tables --- */

static const struct toe_target_ops pass_ops = {
    .size = sizeof(pass_ops),
    .attach = inter_pass_attach,
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
    .run = inter_pass_run,
};

static const struct toe_host_ops pass_up = {
    .size = sizeof(pass_up),
    .initiate_complete = initiate_complete,
    .terminate_complete = terminate_complete,
    .update_complete = update_complete,
    .query_complete = query_complete,
    .invalidate_complete = invalidate_complete,
    .send_complete = send_complete,
    .receive_complete = receive_complete,
    .disconnect_complete = disconnect_complete,
    .forward_complete = forward_complete,
    .receive_indicate = receive_indicate,
    .tcp_event = tcp_event,
    .neighbor_event = neighbor_event,
    .status = status,
    .frames = inter_pass_frames,
};

bool inter_pass_init(struct inter_pass *pass, const struct toe_inter_below *below)
{
    if (below->ops == NULL || below->ops->size < sizeof(*below->ops)) {
        return false;
    }
    *pass = (struct inter_pass){
        .ops = pass_ops,
        .up = pass_up,
        .down = *below->ops,
        .below = below->target,
    };
    base_host_ops_take(&pass->above_ops, NULL);
    pass->down.size = sizeof(pass->down);
    return true;
}
