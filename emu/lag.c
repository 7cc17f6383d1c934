/* SPDX-License-Identifier: MIT */
#include "lag.h"

#include <stdlib.h>

/* One state operation on its way down. */
struct emu_lag_request {
    struct emu_lag_request *next;
    void (*operation)(void *target, struct toe_block *tree);
    struct toe_block *tree;
    toe_instant at;
};

static void postpone(struct emu_lag *lag, void (*operation)(void *target, struct toe_block *tree),
                     struct toe_block *tree)
{
    struct emu_lag_request *request = calloc(1, sizeof(*request));
    const bool is_late = emu_random_below(&lag->random, 2) == 0;
    toe_instant at = lag->now;

    if (request == NULL) {
        abort();
    }
    if (is_late) {
        at += emu_random_below(&lag->random, 2 * lag->mean + 1);
    }
    lag->last = at > lag->last ? at : lag->last;
    request->operation = operation;
    request->tree = tree;
    request->at = lag->last;
    if (lag->head == NULL) {
        lag->head = request;
    } else {
        lag->tail->next = request;
    }
    lag->tail = request;
}

static void lag_initiate(void *target, struct toe_block *tree)
{
    struct emu_lag *lag = target;

    postpone(lag, lag->below->initiate, tree);
}

static void lag_terminate(void *target, struct toe_block *tree)
{
    struct emu_lag *lag = target;

    postpone(lag, lag->below->terminate, tree);
}

static void lag_update(void *target, struct toe_block *tree)
{
    struct emu_lag *lag = target;

    postpone(lag, lag->below->update, tree);
}

static void lag_query(void *target, struct toe_block *tree)
{
    struct emu_lag *lag = target;

    postpone(lag, lag->below->query, tree);
}

static void lag_invalidate(void *target, struct toe_block *tree)
{
    struct emu_lag *lag = target;

    postpone(lag, lag->below->invalidate, tree);
}

static toe_instant lag_deadline(void *target)
{
    const struct emu_lag *lag = target;
    const toe_instant at = lag->below->deadline(lag->target);

    return lag->head != NULL && lag->head->at < at ? lag->head->at : at;
}

static void lag_run(void *target, toe_instant now)
{
    struct emu_lag *lag = target;

    lag->now = now;
    while (lag->head != NULL && lag->head->at <= now) {
        struct emu_lag_request *request = lag->head;

        lag->head = request->next;
        request->operation(lag->target, request->tree);
        free(request);
    }
    lag->below->run(lag->target, now);
}

/* --- what passes at once --- */

static void lag_attach(void *target, const struct toe_host_ops *ops, void *host)
{
    const struct emu_lag *lag = target;

    lag->below->attach(lag->target, ops, host);
}

static void lag_caps_get(void *target, struct toe_caps *caps)
{
    const struct emu_lag *lag = target;

    lag->below->caps_get(lag->target, caps);
}

static toe_status lag_params_set(void *target, const struct toe_params *params)
{
    const struct emu_lag *lag = target;

    return lag->below->params_set(lag->target, params);
}

static void lag_stats_get(void *target, struct toe_stats *stats)
{
    const struct emu_lag *lag = target;

    lag->below->stats_get(lag->target, stats);
}

static void lag_send(void *target, toe_handle tcp, struct toe_buf *chain)
{
    const struct emu_lag *lag = target;

    lag->below->send(lag->target, tcp, chain);
}

static void lag_receive(void *target, toe_handle tcp, struct toe_buf *chain)
{
    const struct emu_lag *lag = target;

    lag->below->receive(lag->target, tcp, chain);
}

static void lag_receive_return(void *target, struct toe_buf *chain)
{
    const struct emu_lag *lag = target;

    lag->below->receive_return(lag->target, chain);
}

static void lag_disconnect(void *target, toe_handle tcp, struct toe_buf *buf,
                           enum toe_disconnect how)
{
    const struct emu_lag *lag = target;

    lag->below->disconnect(lag->target, tcp, buf, how);
}

static void lag_forward(void *target, toe_handle tcp, struct toe_buf *chain)
{
    const struct emu_lag *lag = target;

    lag->below->forward(lag->target, tcp, chain);
}

static void lag_transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    const struct emu_lag *lag = target;

    lag->below->transmit(lag->target, frames, cnt);
}

void emu_lag_init(struct emu_lag *lag, const struct toe_target_ops *below, void *target,
                  toe_duration mean, uint64_t seed)
{
    *lag = (struct emu_lag){
        .ops =
            {
                .size = sizeof(lag->ops),
                .attach = lag_attach,
                .caps_get = lag_caps_get,
                .params_set = lag_params_set,
                .stats_get = lag_stats_get,
                .initiate = lag_initiate,
                .terminate = lag_terminate,
                .update = lag_update,
                .query = lag_query,
                .invalidate = lag_invalidate,
                .send = lag_send,
                .receive = lag_receive,
                .receive_return = lag_receive_return,
                .disconnect = lag_disconnect,
                .forward = lag_forward,
                .transmit = lag_transmit,
                .deadline = lag_deadline,
                .run = lag_run,
            },
        .below = below,
        .target = target,
        .mean = mean,
        .random = {.state = seed},
    };
}

void emu_lag_fini(struct emu_lag *lag)
{
    while (lag->head != NULL) {
        struct emu_lag_request *request = lag->head;

        lag->head = request->next;
        free(request);
    }
}
