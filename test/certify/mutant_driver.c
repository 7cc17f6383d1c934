/* SPDX-License-Identifier: MIT */
/*
 * The driver of all mutants: a pass-through above our target and another one below it, which ask
 * the mutant's hooks on the way.
 *
 * It takes its memory from the C library and not from the scenario's, which counts allocations and
 * lets them fail.
 */
#include "certify/mutant.h"

#include "certify/plugin.h"

#include <stdlib.h>
#include <string.h>

/* The mutant in force; each scenario runs in a process of its own, so there is one. */
static const struct mutant *now_in_force;

bool mutant_lies(uint32_t lie)
{
    return now_in_force != NULL && now_in_force->lie == lie;
}

static const struct mutant *wrong_at(const struct mutant_driver *m, enum toe_inter_op op)
{
    static const struct mutant right;

    return m->mutant->op == op ? m->mutant : &right;
}

/* --- state operations --- */

#define DRIVER_TREE(name, OP)                                                                      \
    static void name(void *target, struct toe_block *tree)                                         \
    {                                                                                              \
        struct mutant_driver *m = target;                                                          \
        const struct mutant *wrong = wrong_at(m, TOE_INTER_##OP);                                  \
                                                                                                   \
        if (wrong->call == NULL || !wrong->call(m, tree)) {                                        \
            m->pass.down.name(m->pass.below, tree);                                                \
        }                                                                                          \
    }                                                                                              \
    static void name##_complete(void *host, struct toe_block *tree)                                \
    {                                                                                              \
        struct mutant_driver *m = host;                                                            \
        const struct mutant *wrong = wrong_at(m, TOE_INTER_##OP);                                  \
                                                                                                   \
        if (wrong->tree == NULL || !wrong->tree(m, tree)) {                                        \
            m->pass.above_ops.name##_complete(m->pass.above, tree);                                \
        }                                                                                          \
    }

DRIVER_TREE(initiate, INITIATE)
DRIVER_TREE(terminate, TERMINATE)
DRIVER_TREE(update, UPDATE)
DRIVER_TREE(query, QUERY)
DRIVER_TREE(invalidate, INVALIDATE)

void mutant_complete_tree(struct mutant_driver *m, struct toe_block *tree)
{
    const struct toe_host_ops *up = &m->pass.above_ops;

    switch (m->mutant->op) {
    case TOE_INTER_INITIATE:
        up->initiate_complete(m->pass.above, tree);
        return;
    case TOE_INTER_TERMINATE:
        up->terminate_complete(m->pass.above, tree);
        return;
    case TOE_INTER_UPDATE:
        up->update_complete(m->pass.above, tree);
        return;
    case TOE_INTER_QUERY:
        up->query_complete(m->pass.above, tree);
        return;
    default:
        up->invalidate_complete(m->pass.above, tree);
    }
}

/* --- data --- */

#define DRIVER_POST(name, OP)                                                                      \
    static void name##_post(void *target, toe_handle tcp, struct toe_buf *chain)                   \
    {                                                                                              \
        struct mutant_driver *m = target;                                                          \
        const struct mutant *wrong = wrong_at(m, TOE_INTER_##OP);                                  \
                                                                                                   \
        if (wrong->post == NULL || !wrong->post(m, tcp, chain)) {                                  \
            m->pass.down.name(m->pass.below, tcp, chain);                                          \
        }                                                                                          \
    }

DRIVER_POST(send, SEND)
DRIVER_POST(receive, RECEIVE)
DRIVER_POST(forward, FORWARD)

/* The hook is told in m->seen how it is to be closed, and may change that. */
static void disconnect(void *target, toe_handle tcp, struct toe_buf *buf, enum toe_disconnect how)
{
    struct mutant_driver *m = target;
    const struct mutant *wrong = wrong_at(m, TOE_INTER_DISCONNECT);

    m->seen = how;
    if (wrong->post == NULL || !wrong->post(m, tcp, buf)) {
        m->pass.down.disconnect(m->pass.below, tcp, buf, (enum toe_disconnect)m->seen);
    }
}

static void receive_return(void *target, struct toe_buf *chain)
{
    struct mutant_driver *m = target;
    const struct mutant *wrong = wrong_at(m, TOE_INTER_RECEIVE_RETURN);

    if (wrong->chain == NULL || !wrong->chain(m, chain)) {
        m->pass.down.receive_return(m->pass.below, chain);
    }
}

#define DRIVER_CHAIN(name, OP)                                                                     \
    static void name##_complete(void *host, struct toe_buf *chain)                                 \
    {                                                                                              \
        struct mutant_driver *m = host;                                                            \
        const struct mutant *wrong = wrong_at(m, TOE_INTER_##OP);                                  \
                                                                                                   \
        if (wrong->chain == NULL || !wrong->chain(m, chain)) {                                     \
            m->pass.above_ops.name##_complete(m->pass.above, chain);                               \
        }                                                                                          \
    }

DRIVER_CHAIN(send, SEND)
DRIVER_CHAIN(receive, RECEIVE)
DRIVER_CHAIN(disconnect, DISCONNECT)
DRIVER_CHAIN(forward, FORWARD)

void mutant_complete_chain(struct mutant_driver *m, struct toe_buf *chain)
{
    const struct toe_host_ops *up = &m->pass.above_ops;

    switch (m->mutant->op) {
    case TOE_INTER_SEND:
        up->send_complete(m->pass.above, chain);
        return;
    case TOE_INTER_RECEIVE:
        up->receive_complete(m->pass.above, chain);
        return;
    case TOE_INTER_DISCONNECT:
        up->disconnect_complete(m->pass.above, chain);
        return;
    default:
        up->forward_complete(m->pass.above, chain);
    }
}

static toe_status receive_indicate(void *host, void *name, struct toe_buf *buf, uint32_t *consumed)
{
    struct mutant_driver *m = host;
    toe_status status = TOE_STATUS_SUCCESS;

    if (m->mutant->indicate != NULL && m->mutant->indicate(m, name, buf, consumed, &status)) {
        return status;
    }
    return m->pass.above_ops.receive_indicate(m->pass.above, name, buf, consumed);
}

/* --- the other upcalls --- */

static void tcp_event(void *host, void *name, enum toe_event event, uint32_t info)
{
    struct mutant_driver *m = host;

    if (m->mutant->event == NULL || !m->mutant->event(m, name, &event, &info)) {
        m->pass.above_ops.tcp_event(m->pass.above, name, event, info);
    }
}

static void neighbor_event(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    struct mutant_driver *m = host;

    if (m->mutant->neighbor == NULL || !m->mutant->neighbor(m, event, block)) {
        m->pass.above_ops.neighbor_event(m->pass.above, event, block);
    }
}

static void status(void *host, toe_status what, const struct toe_caps *caps)
{
    struct mutant_driver *m = host;

    if (m->mutant->status == NULL || !m->mutant->status(m, what, caps)) {
        m->pass.above_ops.status(m->pass.above, what, caps);
    }
}

static void frames(void *host, const struct toe_frame *list, uint32_t cnt)
{
    struct mutant_driver *m = host;

    if (m->mutant->frames == NULL || !m->mutant->frames(m, list, cnt)) {
        inter_pass_frames(m, list, cnt);
    }
}

/* --- what is asked and answered at once, and time --- */

static void caps_get(void *target, struct toe_caps *caps)
{
    struct mutant_driver *m = target;

    m->pass.down.caps_get(m->pass.below, caps);
    if (m->mutant->caps != NULL) {
        m->mutant->caps(caps);
    }
}

static toe_status params_set(void *target, const struct toe_params *params)
{
    struct mutant_driver *m = target;
    struct toe_params made;

    if (m->mutant->params == NULL || params->size < sizeof(*params)) {
        return m->pass.down.params_set(m->pass.below, params);
    }
    made = *params;
    (void)m->mutant->params(&made, TOE_STATUS_PENDING);
    return m->mutant->params(&made, m->pass.down.params_set(m->pass.below, &made));
}

static void stats_get(void *target, struct toe_stats *stats)
{
    struct mutant_driver *m = target;

    m->pass.down.stats_get(m->pass.below, stats);
    if (m->mutant->stats != NULL) {
        m->mutant->stats(stats);
    }
}

static toe_instant deadline(void *target)
{
    struct mutant_driver *m = target;
    const toe_instant due = m->pass.down.deadline(m->pass.below);

    return m->mutant->due != NULL ? m->mutant->due(m, due) : due;
}

static void run(void *target, toe_instant now)
{
    struct mutant_driver *m = target;

    if (m->mutant->before != NULL) {
        m->mutant->before(m, &now);
    }
    inter_pass_run(m, now);
    if (m->mutant->after != NULL) {
        m->mutant->after(m);
    }
}

/* --- the wire --- */

/* A frame whole, in memory of its own. */
static uint8_t *flatten(const struct toe_frame *frame, uint32_t *len)
{
    uint8_t *data;

    *len = frame->len;
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        *len += (uint32_t)frame->more[i].len;
    }
    data = malloc(*len > 0 ? *len : 1);
    if (data == NULL) {
        abort();
    }
    memcpy(data, frame->data, frame->len);
    *len = frame->len;
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        memcpy(data + *len, frame->more[i].base, frame->more[i].len);
        *len += (uint32_t)frame->more[i].len;
    }
    return data;
}

/*
 * Asks |hook| about the frame of |*len| bytes at |data|, which is freed if another one takes its
 * place. Returns NULL if it is lost.
 */
static uint8_t *spoil(struct mutant_driver *m,
                      enum mutant_fate (*hook)(struct mutant_driver *m, struct cert_seg *seg),
                      uint8_t *data, uint32_t *len)
{
    struct cert_seg seg;
    char broken[256];
    uint8_t *made;
    enum mutant_fate fate;

    if (cert_craft_parse(&seg, broken, sizeof(broken), data, *len) != CERT_CRAFT_TCP) {
        return data;
    }
    m->broken = broken;
    fate = hook(m, &seg);
    if (fate == MUTANT_KEEP) {
        return data;
    }
    made = fate == MUTANT_CHANGE ? malloc(CERT_FRAME_MAX) : NULL;
    if (made != NULL) {
        *len = cert_craft_build(made, &seg);
    }
    free(data);
    return made;
}

static void wire_transmit(void *wire, const struct toe_frame *list, uint32_t cnt)
{
    struct mutant_driver *m = wire;

    if (m->mutant->out == NULL) {
        m->wire.transmit(m->wire_user, list, cnt);
        return;
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        struct toe_frame frame = {0};
        uint8_t *data = spoil(m, m->mutant->out, flatten(&list[i], &frame.len), &frame.len);

        if (data != NULL) {
            frame.data = data;
            m->wire.transmit(m->wire_user, &frame, 1);
        }
        free(data);
    }
}

static void free_fetched(struct mutant_driver *m)
{
    while (m->fetched_cnt > 0) {
        free(m->fetched[--m->fetched_cnt]);
    }
}

static uint32_t wire_receive(void *wire, struct toe_frame *list, uint32_t max)
{
    struct mutant_driver *m = wire;
    const uint32_t most = (uint32_t)(sizeof(m->fetched) / sizeof(m->fetched[0]));
    const uint32_t cnt = m->wire.receive(m->wire_user, list, max < most ? max : most);
    uint32_t kept = 0;

    free_fetched(m);
    for (uint32_t i = 0; i < cnt && m->mutant->in != NULL; ++i) {
        struct toe_frame frame = {.flags = list[i].flags};
        uint8_t *data = spoil(m, m->mutant->in, flatten(&list[i], &frame.len), &frame.len);

        if (data != NULL) {
            m->fetched[m->fetched_cnt++] = data;
            frame.data = data;
            list[kept++] = frame;
        }
    }
    return m->mutant->in != NULL ? kept : cnt;
}

static bool wire_link_up(void *wire)
{
    const struct mutant_driver *m = wire;

    return m->wire.link_up == NULL || m->wire.link_up(m->wire_user);
}

/* --- the plug-in --- */

static void override(struct inter_pass *pass)
{
    struct toe_target_ops *ops = &pass->ops;
    struct toe_host_ops *up = &pass->up;

    ops->caps_get = caps_get;
    ops->params_set = params_set;
    ops->stats_get = stats_get;
    ops->initiate = initiate;
    ops->terminate = terminate;
    ops->update = update;
    ops->query = query;
    ops->invalidate = invalidate;
    ops->send = send_post;
    ops->receive = receive_post;
    ops->receive_return = receive_return;
    ops->disconnect = disconnect;
    ops->forward = forward_post;
    ops->deadline = deadline;
    ops->run = run;
    up->initiate_complete = initiate_complete;
    up->terminate_complete = terminate_complete;
    up->update_complete = update_complete;
    up->query_complete = query_complete;
    up->invalidate_complete = invalidate_complete;
    up->send_complete = send_complete;
    up->receive_complete = receive_complete;
    up->disconnect_complete = disconnect_complete;
    up->forward_complete = forward_complete;
    up->receive_indicate = receive_indicate;
    up->tcp_event = tcp_event;
    up->neighbor_event = neighbor_event;
    up->status = status;
    up->frames = frames;
}

/* A table of functions is the same for all drivers, so any driver's will do. */
static const struct toe_target_ops *driver_ops(void)
{
    static struct mutant_driver any;
    const struct toe_certify_plugin *builtin = cert_plugin_builtin();

    (void)inter_pass_init(&any.pass, &(struct toe_inter_below){.ops = builtin->ops});
    override(&any.pass);
    return &any.pass.ops;
}

static void *create(const struct toe_certify_settings *asked)
{
    static const struct mutant right;
    struct toe_wire_ops wire = {
        .size = sizeof(wire),
        .features = asked->wire->features,
        .receive = wire_receive,
        .transmit = wire_transmit,
        .link_up = wire_link_up,
    };
    const struct toe_certify_plugin *builtin = cert_plugin_builtin();
    struct mutant_driver *m = calloc(1, sizeof(*m));
    struct toe_certify_settings settings = *asked;
    struct toe_inter_below below = {.ops = builtin->ops};

    if (m == NULL) {
        return NULL;
    }
    m->mutant = now_in_force != NULL ? now_in_force : &right;
    m->wire = *asked->wire;
    m->wire_user = asked->wire_user;
    m->bus = asked->bus;
    if (m->mutant->out != NULL) {
        wire.features = 0; /* hooks see whole segments */
    }
    settings.wire = &wire;
    settings.wire_user = m;
    if (m->mutant->settings != NULL) {
        m->mutant->settings(&settings);
    }
    below.target = builtin->create(&settings);
    if (below.target == NULL || !inter_pass_init(&m->pass, &below)) {
        free(m);
        return NULL;
    }
    override(&m->pass);
    return m;
}

static void destroy(void *target)
{
    struct mutant_driver *m = target;

    cert_plugin_builtin()->destroy(m->pass.below);
    free_fetched(m);
    free(m);
}

static void *below_of(void *target)
{
    const struct mutant_driver *m = target;

    return m->pass.below;
}

static void pause_target(void *target)
{
    cert_plugin_builtin()->pause(below_of(target));
}

static void upload_all(void *target)
{
    cert_plugin_builtin()->upload_all(below_of(target));
}

static toe_status resume(void *target, const struct toe_caps *caps)
{
    return cert_plugin_builtin()->resume(below_of(target), caps);
}

static toe_status power_down(void *target)
{
    return cert_plugin_builtin()->power_down(below_of(target));
}

static bool can_close(void *target)
{
    return cert_plugin_builtin()->can_close(below_of(target));
}

static void stats_reset(void *target, uint32_t parts)
{
    cert_plugin_builtin()->stats_reset(below_of(target), parts);
}

const struct toe_certify_plugin *mutant_plugin(const struct mutant *mutant)
{
    static struct toe_certify_plugin plugin = {
        .size = sizeof(plugin),
        .version = TOE_CERTIFY_VERSION,
        .create = create,
        .destroy = destroy,
        .pause = pause_target,
        .upload_all = upload_all,
        .resume = resume,
        .power_down = power_down,
        .can_close = can_close,
        .stats_reset = stats_reset,
    };

    now_in_force = mutant;
    plugin.name = mutant != NULL ? mutant->name : "our target behind a driver";
    plugin.ops = driver_ops();
    return &plugin;
}
