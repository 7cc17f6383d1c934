/* SPDX-License-Identifier: MIT */
/*
 * The watch: it stands between the harness and the target and notes which call is under way.
 *
 * So a crash and a hang, which the target cannot tell of, can be told with the function it was in;
 * and a function that is not there is a failure that names it.
 */
#include "inside.h"

/* The target of this process: a table has no place for a word of its own. */
static struct {
    struct cert *c;
    struct toe_target_ops ops;
} watched;

const char *cert_call_name(enum cert_call call)
{
    static const char *const names[CERT_CALL_CNT] = {
        "the harness",  "create()",         "attach()",     "caps_get()",
        "params_set()", "stats_get()",      "initiate()",   "terminate()",
        "update()",     "query()",          "invalidate()", "send()",
        "receive()",    "receive_return()", "disconnect()", "forward()",
        "transmit()",   "deadline()",       "run()",        "destroy()",
    };

    return call < CERT_CALL_CNT ? names[call] : "?";
}

void cert_watch_set(struct cert *c, enum cert_call call)
{
    c->inside->outcome->call = call;
}

/* Enters |call|; returns the one that is under way, for a host may call from inside an upcall. */
static enum cert_call enter(enum cert_call call, bool is_there)
{
    struct cert_outcome *outcome = watched.c->inside->outcome;
    const enum cert_call before = outcome->call;

    if (!is_there) {
        cert_fail(watched.c, "the target has no %s in its table (struct toe_target_ops)",
                  cert_call_name(call));
    }
    outcome->call = call;
    return before;
}

static void leave(enum cert_call before)
{
    watched.c->inside->outcome->call = before;
}

static void attach(void *target, const struct toe_host_ops *host_ops, void *host)
{
    const enum cert_call before = enter(CERT_CALL_ATTACH, watched.ops.attach != NULL);

    watched.ops.attach(target, host_ops, host);
    leave(before);
}

static void caps_get(void *target, struct toe_caps *caps)
{
    const enum cert_call before = enter(CERT_CALL_CAPS_GET, watched.ops.caps_get != NULL);

    watched.ops.caps_get(target, caps);
    leave(before);
}

static toe_status params_set(void *target, const struct toe_params *params)
{
    const enum cert_call before = enter(CERT_CALL_PARAMS_SET, watched.ops.params_set != NULL);
    const toe_status answer = watched.ops.params_set(target, params);

    leave(before);
    return answer;
}

static void stats_get(void *target, struct toe_stats *stats)
{
    const enum cert_call before = enter(CERT_CALL_STATS_GET, watched.ops.stats_get != NULL);

    watched.ops.stats_get(target, stats);
    leave(before);
}

static void initiate(void *target, struct toe_block *tree)
{
    const enum cert_call before = enter(CERT_CALL_INITIATE, watched.ops.initiate != NULL);

    watched.ops.initiate(target, tree);
    leave(before);
}

static void terminate(void *target, struct toe_block *tree)
{
    const enum cert_call before = enter(CERT_CALL_TERMINATE, watched.ops.terminate != NULL);

    watched.ops.terminate(target, tree);
    leave(before);
}

static void update(void *target, struct toe_block *tree)
{
    const enum cert_call before = enter(CERT_CALL_UPDATE, watched.ops.update != NULL);

    watched.ops.update(target, tree);
    leave(before);
}

static void query(void *target, struct toe_block *tree)
{
    const enum cert_call before = enter(CERT_CALL_QUERY, watched.ops.query != NULL);

    watched.ops.query(target, tree);
    leave(before);
}

static void invalidate(void *target, struct toe_block *tree)
{
    const enum cert_call before = enter(CERT_CALL_INVALIDATE, watched.ops.invalidate != NULL);

    watched.ops.invalidate(target, tree);
    leave(before);
}

static void send(void *target, toe_handle tcp, struct toe_buf *chain)
{
    const enum cert_call before = enter(CERT_CALL_SEND, watched.ops.send != NULL);

    watched.ops.send(target, tcp, chain);
    leave(before);
}

static void receive(void *target, toe_handle tcp, struct toe_buf *chain)
{
    const enum cert_call before = enter(CERT_CALL_RECEIVE, watched.ops.receive != NULL);

    watched.ops.receive(target, tcp, chain);
    leave(before);
}

static void receive_return(void *target, struct toe_buf *chain)
{
    const enum cert_call before =
        enter(CERT_CALL_RECEIVE_RETURN, watched.ops.receive_return != NULL);

    watched.ops.receive_return(target, chain);
    leave(before);
}

static void disconnect(void *target, toe_handle tcp, struct toe_buf *buf, enum toe_disconnect how)
{
    const enum cert_call before = enter(CERT_CALL_DISCONNECT, watched.ops.disconnect != NULL);

    watched.ops.disconnect(target, tcp, buf, how);
    leave(before);
}

static void forward(void *target, toe_handle tcp, struct toe_buf *chain)
{
    const enum cert_call before = enter(CERT_CALL_FORWARD, watched.ops.forward != NULL);

    watched.ops.forward(target, tcp, chain);
    leave(before);
}

static void transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    const enum cert_call before = enter(CERT_CALL_TRANSMIT, watched.ops.transmit != NULL);

    watched.ops.transmit(target, frames, cnt);
    leave(before);
}

static toe_instant deadline(void *target)
{
    const enum cert_call before = enter(CERT_CALL_DEADLINE, watched.ops.deadline != NULL);
    const toe_instant answer = watched.ops.deadline(target);

    leave(before);
    return answer;
}

static void run(void *target, toe_instant now)
{
    const enum cert_call before = enter(CERT_CALL_RUN, watched.ops.run != NULL);

    ++watched.c->inside->outcome->runs;
    watched.ops.run(target, now);
    leave(before);
}

const struct toe_target_ops *cert_watch(struct cert *c, const struct toe_target_ops *ops)
{
    static const struct toe_target_ops table = {
        .size = sizeof(table),
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

    watched.c = c;
    watched.ops = *ops;
    return &table;
}
