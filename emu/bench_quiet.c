/* SPDX-License-Identifier: MIT */
#include "bench_quiet.h"

static toe_status receive_indicate(void *user, void *object, struct toe_buf *buf, uint32_t *taken)
{
    (void)user;
    (void)object;
    (void)buf;
    *taken = 0;
    return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
}

static void no_tree(void *user, struct toe_block *tree)
{
    (void)user;
    (void)tree;
}

static void no_buf(void *user, struct toe_buf *buf)
{
    (void)user;
    (void)buf;
}

static void no_event(void *user, void *object, enum toe_event event, uint32_t info)
{
    (void)user;
    (void)object;
    (void)event;
    (void)info;
}

static void no_neighbor_event(void *user, enum toe_neighbor_event event, struct toe_block *block)
{
    (void)user;
    (void)event;
    block->state.neighbor->cached.host_reachability_delta = 0;
}

static void no_status(void *user, toe_status status, const struct toe_caps *caps)
{
    (void)user;
    (void)status;
    (void)caps;
}

static void no_frames(void *user, const struct toe_frame *frames, uint32_t cnt)
{
    (void)user;
    (void)frames;
    (void)cnt;
}

const struct toe_host_ops emu_bench_quiet = {
    .size = sizeof(emu_bench_quiet),
    .initiate_complete = no_tree,
    .terminate_complete = no_tree,
    .update_complete = no_tree,
    .query_complete = no_tree,
    .invalidate_complete = no_tree,
    .send_complete = no_buf,
    .receive_complete = no_buf,
    .disconnect_complete = no_buf,
    .forward_complete = no_buf,
    .receive_indicate = receive_indicate,
    .tcp_event = no_event,
    .neighbor_event = no_neighbor_event,
    .status = no_status,
    .frames = no_frames,
};
