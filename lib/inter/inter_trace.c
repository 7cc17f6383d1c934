/* SPDX-License-Identifier: MIT */
#include "toe/inter.h"

#include "base/mem.h"
#include "inter/pass.h"

/*
 * The tracer: fills in a record and hands the call through. What only asks for numbers (deadline,
 * stats_get) and run() itself are not told.
 */

struct toe_inter_trace {
    struct inter_pass pass;
    struct toe_inter_trace_settings settings;
    uint64_t number;
    uint32_t depth;
};

static struct toe_inter_record begin(struct toe_inter_trace *trace, enum toe_inter_op op)
{
    return (struct toe_inter_record){
        .number = ++trace->number,
        .now = trace->pass.now,
        .lane = trace->settings.lane,
        .op = op,
        .depth = trace->depth,
    };
}

static void tell(const struct toe_inter_trace *trace, const struct toe_inter_record *record)
{
    trace->settings.tell(trace->settings.user, record);
}

/* --- trees --- */

static uint32_t chain_len(const struct toe_buf *chain)
{
    uint32_t len = 0;

    for (const struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        len += buf->len;
    }
    return len;
}

/* Whether |block| carries a connection's delegated state that is of significance in |op|. */
static bool has_delegated(const struct toe_block *block, enum toe_inter_op op)
{
    return (block->type == TOE_BLOCK_TCP || block->type == TOE_BLOCK_TCP_DELEGATED) &&
           block->object != NULL && block->state.tcp != NULL &&
           block->state.tcp->size >= TOE_TCP_STATE_SIZE_MIN &&
           ((op == TOE_INTER_INITIATE && *block->object == 0) ||
            ((op == TOE_INTER_TERMINATE_COMPLETE || op == TOE_INTER_QUERY_COMPLETE) &&
             !toe_status_is_failure(block->status)));
}

static struct toe_inter_item item_of_block(const struct toe_block *block, enum toe_inter_op op,
                                           uint8_t depth, enum toe_layer layer)
{
    struct toe_inter_item item = {
        .layer = layer,
        .role = (uint8_t)toe_block_role(block),
        .has_state = has_delegated(block, op),
        .depth = depth,
        .handle = block->object != NULL ? *block->object : 0,
        .name = block->host_object,
        .status = block->status,
    };

    if (item.has_state) {
        const struct toe_tcp_delegated *delegated = &block->state.tcp->delegated;

        item.state = delegated->state;
        item.rcv_nxt = delegated->rcv_nxt;
        item.snd_una = delegated->snd_una;
        item.snd_nxt = delegated->snd_nxt;
        item.snd_max = delegated->snd_max;
        item.len = op == TOE_INTER_QUERY_COMPLETE ? 0 : chain_len(block->send_chain);
    }
    return item;
}

static void add_item(struct toe_inter_record *record, const struct toe_inter_item *item)
{
    if (record->item_cnt < TOE_INTER_ITEMS_MAX) {
        record->items[record->item_cnt] = *item;
    }
    ++record->item_cnt;
}

/* A tree has three levels; what hangs deeper is wrong and not told. */
static void add_blocks(struct toe_inter_record *record, const struct toe_block *chain,
                       uint8_t depth, enum toe_layer above)
{
    for (const struct toe_block *block = chain; block != NULL; block = block->next) {
        enum toe_layer layer = toe_block_layer(block->type);
        struct toe_inter_item item;

        if (block->object == NULL) {
            layer = depth == 0 ? TOE_LAYER_NEIGHBOR : (enum toe_layer)(above + 1);
        }
        item = item_of_block(block, record->op, depth, layer);
        add_item(record, &item);
        if (depth < 2) {
            add_blocks(record, block->dependent, (uint8_t)(depth + 1), layer);
        }
    }
}

static void tell_tree(struct toe_inter_trace *trace, enum toe_inter_op op,
                      const struct toe_block *tree)
{
    struct toe_inter_record record = begin(trace, op);

    add_blocks(&record, tree, 0, TOE_LAYER_NEIGHBOR);
    tell(trace, &record);
}

/* The five state operations and their completions. */
#define TRACE_TREE(name, OP)                                                                       \
    static void name(void *target, struct toe_block *tree)                                         \
    {                                                                                              \
        struct toe_inter_trace *trace = target;                                                    \
                                                                                                   \
        tell_tree(trace, TOE_INTER_##OP, tree);                                                    \
        ++trace->depth;                                                                            \
        trace->pass.down.name(trace->pass.below, tree);                                            \
        --trace->depth;                                                                            \
    }                                                                                              \
    static void name##_complete(void *host, struct toe_block *tree)                                \
    {                                                                                              \
        struct toe_inter_trace *trace = host;                                                      \
                                                                                                   \
        tell_tree(trace, TOE_INTER_##OP##_COMPLETE, tree);                                         \
        ++trace->depth;                                                                            \
        trace->pass.above_ops.name##_complete(trace->pass.above, tree);                            \
        --trace->depth;                                                                            \
    }

TRACE_TREE(initiate, INITIATE)
TRACE_TREE(terminate, TERMINATE)
TRACE_TREE(update, UPDATE)
TRACE_TREE(query, QUERY)
TRACE_TREE(invalidate, INVALIDATE)

/* --- buffers --- */

static void add_chain(struct toe_inter_record *record, const struct toe_buf *chain)
{
    for (const struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        const struct toe_inter_item item = {
            .layer = TOE_LAYER_NONE,
            .name = buf,
            .status = buf->status,
            .len = buf->len,
            .transferred = buf->transferred,
        };

        add_item(record, &item);
        record->bytes += buf->len;
        record->transferred += buf->transferred;
    }
}

static void tell_post(struct toe_inter_trace *trace, enum toe_inter_op op, toe_handle tcp,
                      const struct toe_buf *chain, uint32_t code)
{
    struct toe_inter_record record = begin(trace, op);

    record.handle = tcp;
    record.code = code;
    add_chain(&record, chain);
    if (!toe_inter_op_is_upcall(op)) {
        record.transferred = 0;
    }
    tell(trace, &record);
}

#define TRACE_POST(name, OP)                                                                       \
    static void name(void *target, toe_handle tcp, struct toe_buf *chain)                          \
    {                                                                                              \
        struct toe_inter_trace *trace = target;                                                    \
                                                                                                   \
        tell_post(trace, TOE_INTER_##OP, tcp, chain, 0);                                           \
        ++trace->depth;                                                                            \
        trace->pass.down.name(trace->pass.below, tcp, chain);                                      \
        --trace->depth;                                                                            \
    }

#define TRACE_COMPLETE(name, OP)                                                                   \
    static void name##_complete(void *host, struct toe_buf *chain)                                 \
    {                                                                                              \
        struct toe_inter_trace *trace = host;                                                      \
                                                                                                   \
        tell_post(trace, TOE_INTER_##OP##_COMPLETE, 0, chain, 0);                                  \
        ++trace->depth;                                                                            \
        trace->pass.above_ops.name##_complete(trace->pass.above, chain);                           \
        --trace->depth;                                                                            \
    }

TRACE_POST(send, SEND)
TRACE_COMPLETE(send, SEND)
TRACE_POST(receive, RECEIVE)
TRACE_COMPLETE(receive, RECEIVE)
TRACE_POST(forward, FORWARD)
TRACE_COMPLETE(forward, FORWARD)
TRACE_COMPLETE(disconnect, DISCONNECT)

static void disconnect(void *target, toe_handle tcp, struct toe_buf *buf, enum toe_disconnect how)
{
    struct toe_inter_trace *trace = target;

    tell_post(trace, TOE_INTER_DISCONNECT, tcp, buf, how);
    ++trace->depth;
    trace->pass.down.disconnect(trace->pass.below, tcp, buf, how);
    --trace->depth;
}

static void receive_return(void *target, struct toe_buf *chain)
{
    struct toe_inter_trace *trace = target;

    tell_post(trace, TOE_INTER_RECEIVE_RETURN, 0, chain, 0);
    trace->pass.down.receive_return(trace->pass.below, chain);
}

/* --- indications --- */

static toe_status receive_indicate(void *host, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    struct toe_inter_trace *trace = host;
    struct toe_inter_record record = begin(trace, TOE_INTER_RECEIVE_INDICATE);

    record.host_object = host_object;
    add_chain(&record, buf);
    record.transferred = 0;
    ++trace->depth;
    record.status =
        trace->pass.above_ops.receive_indicate(trace->pass.above, host_object, buf, consumed);
    --trace->depth;
    if (!toe_status_is_failure(record.status) ||
        record.status == TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED) {
        record.info = *consumed;
    }
    tell(trace, &record);
    return record.status;
}

static void tcp_event(void *host, void *host_object, enum toe_event event, uint32_t info)
{
    struct toe_inter_trace *trace = host;
    struct toe_inter_record record = begin(trace, TOE_INTER_TCP_EVENT);

    record.host_object = host_object;
    record.code = event;
    record.info = info;
    tell(trace, &record);
    ++trace->depth;
    trace->pass.above_ops.tcp_event(trace->pass.above, host_object, event, info);
    --trace->depth;
}

static void neighbor_event(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    struct toe_inter_trace *trace = host;
    struct toe_inter_record record = begin(trace, TOE_INTER_NEIGHBOR_EVENT);

    record.host_object = block->host_object;
    record.code = event;
    add_blocks(&record, block, 0, TOE_LAYER_NEIGHBOR);
    tell(trace, &record);
    ++trace->depth;
    trace->pass.above_ops.neighbor_event(trace->pass.above, event, block);
    --trace->depth;
}

static void status(void *host, toe_status what, const struct toe_caps *caps)
{
    struct toe_inter_trace *trace = host;
    struct toe_inter_record record = begin(trace, TOE_INTER_STATUS);

    record.status = what;
    tell(trace, &record);
    ++trace->depth;
    trace->pass.above_ops.status(trace->pass.above, what, caps);
    --trace->depth;
}

/* --- frames, and the rest --- */

static void tell_frames(struct toe_inter_trace *trace, enum toe_inter_op op,
                        const struct toe_frame *frames, uint32_t cnt)
{
    struct toe_inter_record record = begin(trace, op);

    record.item_cnt = cnt;
    for (uint32_t i = 0; i < cnt; ++i) {
        record.bytes += frames[i].len;
        for (uint32_t n = 0; n < frames[i].more_cnt; ++n) {
            record.bytes += frames[i].more[n].len;
        }
    }
    tell(trace, &record);
}

static void transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    struct toe_inter_trace *trace = target;

    tell_frames(trace, TOE_INTER_TRANSMIT, frames, cnt);
    trace->pass.down.transmit(trace->pass.below, frames, cnt);
}

static void frames_arrived(void *host, const struct toe_frame *frames, uint32_t cnt)
{
    struct toe_inter_trace *trace = host;

    tell_frames(trace, TOE_INTER_FRAMES, frames, cnt);
    ++trace->depth;
    trace->pass.above_ops.frames(trace->pass.above, frames, cnt);
    --trace->depth;
}

static void attach(void *target, const struct toe_host_ops *ops, void *host)
{
    struct toe_inter_trace *trace = target;
    const struct toe_inter_record record = begin(trace, TOE_INTER_ATTACH);

    tell(trace, &record);
    inter_pass_attach(target, ops, host);
}

static void caps_get(void *target, struct toe_caps *caps)
{
    struct toe_inter_trace *trace = target;
    const struct toe_inter_record record = begin(trace, TOE_INTER_CAPS_GET);

    tell(trace, &record);
    trace->pass.down.caps_get(trace->pass.below, caps);
}

static toe_status params_set(void *target, const struct toe_params *params)
{
    struct toe_inter_trace *trace = target;
    struct toe_inter_record record = begin(trace, TOE_INTER_PARAMS_SET);

    record.status = trace->pass.down.params_set(trace->pass.below, params);
    tell(trace, &record);
    return record.status;
}

/* --- life --- */

void toe_inter_trace_settings_default(struct toe_inter_trace_settings *settings)
{
    *settings = (struct toe_inter_trace_settings){
        .size = sizeof(*settings),
        .mem = *base_mem_default(),
        .lane = "seam",
    };
}

static void override(struct inter_pass *pass)
{
    pass->ops.attach = attach;
    pass->ops.caps_get = caps_get;
    pass->ops.params_set = params_set;
    pass->ops.initiate = initiate;
    pass->ops.terminate = terminate;
    pass->ops.update = update;
    pass->ops.query = query;
    pass->ops.invalidate = invalidate;
    pass->ops.send = send;
    pass->ops.receive = receive;
    pass->ops.receive_return = receive_return;
    pass->ops.disconnect = disconnect;
    pass->ops.forward = forward;
    pass->ops.transmit = transmit;
    pass->up.initiate_complete = initiate_complete;
    pass->up.terminate_complete = terminate_complete;
    pass->up.update_complete = update_complete;
    pass->up.query_complete = query_complete;
    pass->up.invalidate_complete = invalidate_complete;
    pass->up.send_complete = send_complete;
    pass->up.receive_complete = receive_complete;
    pass->up.disconnect_complete = disconnect_complete;
    pass->up.forward_complete = forward_complete;
    pass->up.receive_indicate = receive_indicate;
    pass->up.tcp_event = tcp_event;
    pass->up.neighbor_event = neighbor_event;
    pass->up.status = status;
    pass->up.frames = frames_arrived;
}

struct toe_inter_trace *toe_inter_trace_new(const struct toe_inter_trace_settings *settings)
{
    struct toe_inter_trace *trace;

    if (settings->size < sizeof(*settings) || settings->tell == NULL || settings->lane == NULL) {
        return NULL;
    }
    trace = base_mem_alloc(&settings->mem, sizeof(*trace));
    if (trace == NULL) {
        return NULL;
    }
    if (!inter_pass_init(&trace->pass, &settings->below)) {
        base_mem_free(&settings->mem, trace, sizeof(*trace));
        return NULL;
    }
    trace->settings = *settings;
    override(&trace->pass);
    return trace;
}

void toe_inter_trace_del(struct toe_inter_trace *trace)
{
    const struct toe_mem mem = trace->settings.mem;

    base_mem_free(&mem, trace, sizeof(*trace));
}

const struct toe_target_ops *toe_inter_trace_ops(const struct toe_inter_trace *trace)
{
    return &trace->pass.ops;
}
