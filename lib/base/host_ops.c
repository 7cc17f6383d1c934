/* SPDX-License-Identifier: MIT */
#include "base/host_ops.h"

#include <string.h>

static void no_tree(void *host, struct toe_block *tree)
{
    (void)host;
    (void)tree;
}

static void no_chain(void *host, struct toe_buf *chain)
{
    (void)host;
    (void)chain;
}

static toe_status no_indicate(void *host, void *host_object, struct toe_buf *buf,
                              uint32_t *consumed)
{
    (void)host;
    (void)host_object;
    (void)buf;
    *consumed = 0;
    return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
}

static void no_tcp_event(void *host, void *host_object, enum toe_event event, uint32_t info)
{
    (void)host;
    (void)host_object;
    (void)event;
    (void)info;
}

static void no_neighbor_event(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    (void)host;
    (void)event;
    (void)block;
}

static void no_status(void *host, toe_status status, const struct toe_caps *caps)
{
    (void)host;
    (void)status;
    (void)caps;
}

static void no_frames(void *host, const struct toe_frame *frames, uint32_t cnt)
{
    (void)host;
    (void)frames;
    (void)cnt;
}

static const struct toe_host_ops no_host = {
    .size = sizeof(no_host),
    .initiate_complete = no_tree,
    .terminate_complete = no_tree,
    .update_complete = no_tree,
    .query_complete = no_tree,
    .invalidate_complete = no_tree,
    .send_complete = no_chain,
    .receive_complete = no_chain,
    .disconnect_complete = no_chain,
    .forward_complete = no_chain,
    .receive_indicate = no_indicate,
    .tcp_event = no_tcp_event,
    .neighbor_event = no_neighbor_event,
    .status = no_status,
    .frames = no_frames,
};

void base_host_ops_take(struct toe_host_ops *to, const struct toe_host_ops *ops)
{
    *to = no_host;
    if (ops != NULL) {
        memcpy(to, ops, ops->size < sizeof(*ops) ? ops->size : sizeof(*ops));
    }
}
