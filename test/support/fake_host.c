/* SPDX-License-Identifier: MIT */
#include "support/fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint8_t t_host_byte(uint32_t seq)
{
    return (uint8_t)(seq * 13 + (seq >> 8) * 5 + 1);
}

static void enter(struct t_host *host)
{
    assert_int_equal(host->depth, 0);
    ++host->depth;
}

static void leave(struct t_host *host)
{
    --host->depth;
}

/* Reads from the start of the list, whatever the geometry says: completed buffers are advanced. */
static uint8_t byte_at(const struct t_host *host, const struct toe_buf *buf, uint32_t pos)
{
    for (uint32_t i = 0; i < buf->sge_cnt; ++i) {
        if (pos < buf->sge[i].len) {
            const uint8_t *p = toe_bus_map(&host->bus, buf->sge[i].addr + pos, 1);

            assert_non_null(p);
            return *p;
        }
        pos -= buf->sge[i].len;
    }
    fail_msg("position beyond the buffer");
    return 0;
}

uint32_t t_host_check(struct t_host *host, const struct toe_buf *buf, uint32_t off, uint32_t len)
{
    for (uint32_t i = 0; i < len && !host->is_unchecked; ++i) {
        if (byte_at(host, buf, off + i) != t_host_byte(host->rcv_next + i)) {
            fail_msg("wrong byte received at sequence number %u", host->rcv_next + i);
        }
    }
    return len;
}

static void tree_complete(struct t_host *host, const char *name, struct toe_block *tree)
{
    enter(host);
    assert_non_null(tree);
    t_log_add(host->log, T_LOG_HOST, "%s", name);
    leave(host);
}

static void initiate_complete(void *ctx, struct toe_block *tree)
{
    tree_complete(ctx, "initiate", tree);
}

static void terminate_complete(void *ctx, struct toe_block *tree)
{
    tree_complete(ctx, "terminate", tree);
}

static void update_complete(void *ctx, struct toe_block *tree)
{
    tree_complete(ctx, "update", tree);
}

static void query_complete(void *ctx, struct toe_block *tree)
{
    tree_complete(ctx, "query", tree);
}

static void invalidate_complete(void *ctx, struct toe_block *tree)
{
    tree_complete(ctx, "invalidate", tree);
}

static void log_buf(struct t_host *host, const char *name, const struct toe_buf *buf)
{
    t_log_add(host->log, T_LOG_HOST, "%s(%s,%u)", name, toe_status_name(buf->status),
              buf->transferred);
}

static void send_complete(void *ctx, struct toe_buf *chain)
{
    struct t_host *host = ctx;

    enter(host);
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        log_buf(host, "send", buf);
        if (buf->status == TOE_STATUS_SUCCESS) {
            assert_int_equal(buf->len, 0);
        }
    }
    if (host->on_sent != NULL) {
        host->on_sent(host);
    }
    leave(host);
}

static void receive_complete(void *ctx, struct toe_buf *chain)
{
    struct t_host *host = ctx;

    enter(host);
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        log_buf(host, "receive", buf);
        if (buf->transferred > 0) {
            host->rcv_next +=
                t_host_check(host, buf, buf->off - buf->transferred, buf->transferred);
        }
    }
    if (host->on_complete != NULL) {
        host->on_complete(host);
    }
    leave(host);
}

static void disconnect_complete(void *ctx, struct toe_buf *buf)
{
    struct t_host *host = ctx;

    enter(host);
    assert_null(buf->next);
    log_buf(host, "disconnect", buf);
    leave(host);
}

static void forward_complete(void *ctx, struct toe_buf *chain)
{
    struct t_host *host = ctx;

    enter(host);
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        t_log_add(host->log, T_LOG_HOST, "forward(%s)", toe_status_name(buf->status));
    }
    leave(host);
}

static toe_status receive_indicate(void *ctx, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    struct t_host *host = ctx;
    const struct t_answer *answer =
        host->answer_idx < host->answer_cnt ? &host->answers[host->answer_idx++] : &host->answer;

    enter(host);
    assert_non_null(host_object);
    assert_null(buf->next);
    assert_true(toe_buf_is_sound(buf));
    t_log_add(host->log, T_LOG_HOST, "indicate(%u)", buf->len);
    (void)t_host_check(host, buf, buf->off, buf->len);
    if (host->on_indicate != NULL) {
        host->on_indicate(host);
    }
    switch (answer->status) {
    case TOE_STATUS_SUCCESS:
        assert_true(host->kept_cnt < T_HOST_KEPT_MAX);
        host->kept[host->kept_cnt++] = buf;
        *consumed = buf->len;
        host->rcv_next += buf->len;
        break;
    case TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED:
        *consumed = answer->consumed;
        host->rcv_next += answer->consumed < buf->len ? answer->consumed : buf->len;
        break;
    default:
        break;
    }
    leave(host);
    return answer->status;
}

static void tcp_event(void *ctx, void *host_object, enum toe_event event, uint32_t info)
{
    struct t_host *host = ctx;

    enter(host);
    assert_non_null(host_object);
    switch (event) {
    case TOE_EVENT_SEND_BACKLOG_CHANGE:
        t_log_add(host->log, T_LOG_HOST, "backlog");
        break;
    case TOE_EVENT_DISCONNECT:
        assert_int_equal(info, 0);
        t_log_add(host->log, T_LOG_HOST, "DISCONNECT");
        break;
    case TOE_EVENT_RETRIEVE:
        t_log_add(host->log, T_LOG_HOST, "RETRIEVE(%s)", toe_upload_reason_name(info));
        break;
    case TOE_EVENT_ABORT:
        assert_int_equal(info, 0);
        t_log_add(host->log, T_LOG_HOST, "ABORT");
        break;
    }
    if (host->on_event != NULL) {
        host->on_event(host);
    }
    leave(host);
}

static void neighbor_event(void *ctx, enum toe_neighbor_event event, struct toe_block *block)
{
    struct t_host *host = ctx;

    enter(host);
    assert_int_equal(event, TOE_NEIGHBOR_REACHABILITY_QUERY);
    assert_int_equal(block->type, TOE_BLOCK_NEIGHBOR);
    assert_non_null(block->host_object);
    assert_null(block->next);
    assert_null(block->dependent);
    t_log_add(host->log, T_LOG_HOST, "neighbor(%u,%u)",
              block->state.neighbor->delegated.nic_reachability_delta,
              block->state.neighbor->cached.host_reachability_delta);
    block->state.neighbor->cached.host_reachability_delta = host->reach_delta;
    leave(host);
}

static void status(void *ctx, toe_status what, const struct toe_caps *caps)
{
    struct t_host *host = ctx;

    enter(host);
    assert_int_equal(caps != NULL, what == TOE_STATUS_OFFLOAD_RESUME); /* CAP-38 */
    if (caps != NULL) {
        host->caps = *caps;
    }
    t_log_add(host->log, T_LOG_HOST, "status(%s)", toe_status_name(what));
    leave(host);
}

static void frames(void *ctx, const struct toe_frame *list, uint32_t cnt)
{
    struct t_host *host = ctx;

    enter(host);
    assert_true(cnt > 0);
    for (uint32_t i = 0; i < cnt; ++i) {
        const uint32_t idx = host->frame_cnt++ % 64;

        host->frame_len[idx] = list[i].len;
        memcpy(host->frame_copy[idx], list[i].data, list[i].len < 2048 ? list[i].len : 2048);
        t_log_add(host->log, T_LOG_HOST, "frame(%u)", list[i].len);
    }
    leave(host);
}

void t_host_init(struct t_host *host, struct t_log *log, const struct toe_target_ops *target_ops,
                 void *target)
{
    memset(host, 0, sizeof(*host));
    host->ops = (struct toe_host_ops){
        .size = sizeof(host->ops),
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
        .frames = frames,
    };
    host->log = log;
    host->target_ops = target_ops;
    host->target = target;
}

void t_host_return(struct t_host *host)
{
    for (uint32_t i = 0; i < host->kept_cnt; ++i) {
        host->kept[i]->next = NULL;
        host->target_ops->receive_return(host->target, host->kept[i]);
    }
    host->kept_cnt = 0;
}
