/* SPDX-License-Identifier: MIT */
#include "toe/inter.h"

#include "base/mem.h"
#include "inter/census.h"
#include "inter/pass.h"

/*
 * The team. All objects are always of the active target, because the host offloads to the other one
 * only when nothing is left at the first: so handles and buffers need no translation. What the host
 * initiates in between waits, linked through the word that blocks have for the target above.
 */

struct leg {
    struct toe_inter_failover *team;
    struct toe_target_ops ops;
    void *target;
};

enum phase {
    PHASE_STEADY,
    PHASE_ASKED,     /* the host is to be told in the next run */
    PHASE_UPLOADING, /* it was */
};

struct toe_inter_failover {
    struct inter_pass pass; /* its |down| is not used */
    struct toe_inter_failover_settings settings;
    struct leg legs[2];
    uint32_t active;
    enum phase phase;
    struct inter_census census;
    struct toe_block *waiting; /* initiates, in order */
    struct toe_block *waiting_tail;
};

static struct leg *active_leg(struct toe_inter_failover *team)
{
    return &team->legs[team->active];
}

/* --- down --- */

static void caps_get(void *target, struct toe_caps *caps)
{
    struct toe_inter_failover *team = target;
    const struct leg *other = &team->legs[1 - team->active];
    struct toe_caps theirs = {.size = sizeof(theirs)};

    active_leg(team)->ops.caps_get(active_leg(team)->target, caps);
    if (caps->size < sizeof(*caps)) {
        return;
    }
    /* What both can do: a host may have decided by it before the change. */
    other->ops.caps_get(other->target, &theirs);
    caps->ipv4 = caps->ipv4 && theirs.ipv4;
    caps->ipv6 = caps->ipv6 && theirs.ipv6;
    caps->sack = caps->sack && theirs.sack;
    caps->user_priority = caps->user_priority && theirs.user_priority;
    caps->tcp_max = caps->tcp_max < theirs.tcp_max ? caps->tcp_max : theirs.tcp_max;
    caps->path_max = caps->path_max < theirs.path_max ? caps->path_max : theirs.path_max;
    caps->neighbor_max =
        caps->neighbor_max < theirs.neighbor_max ? caps->neighbor_max : theirs.neighbor_max;
    caps->extension = caps->extension < theirs.extension ? caps->extension : theirs.extension;
    caps->ecn = caps->ecn && theirs.ecn;
    caps->accecn = caps->accecn && theirs.accecn;
    caps->mtu_max = caps->mtu_max < theirs.mtu_max ? caps->mtu_max : theirs.mtu_max;
    caps->rcv_wnd_max =
        caps->rcv_wnd_max < theirs.rcv_wnd_max ? caps->rcv_wnd_max : theirs.rcv_wnd_max;
}

static toe_status params_set(void *target, const struct toe_params *params)
{
    struct toe_inter_failover *team = target;
    toe_status status = TOE_STATUS_SUCCESS;

    for (int i = 0; i < 2 && status == TOE_STATUS_SUCCESS; ++i) {
        status = team->legs[i].ops.params_set(team->legs[i].target, params);
    }
    return status;
}

static void stats_get(void *target, struct toe_stats *stats)
{
    struct leg *leg = active_leg(target);

    leg->ops.stats_get(leg->target, stats);
}

static void initiate(void *target, struct toe_block *tree)
{
    struct toe_inter_failover *team = target;
    struct leg *leg = active_leg(team);

    if (tree == NULL) {
        return;
    }
    if (team->phase == PHASE_STEADY) {
        inter_census_call(&team->census, tree, true);
        leg->ops.initiate(leg->target, tree);
        return;
    }
    tree->target_data[0] = 0;
    if (team->waiting == NULL) {
        team->waiting = tree;
    } else {
        team->waiting_tail->target_data[0] = (uintptr_t)tree;
    }
    team->waiting_tail = tree;
}

/* The other state operations. */
#define DOWN_TREE(name)                                                                            \
    static void name(void *target, struct toe_block *tree)                                         \
    {                                                                                              \
        struct toe_inter_failover *team = target;                                                  \
        struct leg *leg = active_leg(team);                                                        \
                                                                                                   \
        if (tree != NULL) {                                                                        \
            inter_census_call(&team->census, tree, false);                                         \
            leg->ops.name(leg->target, tree);                                                      \
        }                                                                                          \
    }

DOWN_TREE(terminate)
DOWN_TREE(update)
DOWN_TREE(query)
DOWN_TREE(invalidate)

#define DOWN_POST(name)                                                                            \
    static void name(void *target, toe_handle tcp, struct toe_buf *chain)                          \
    {                                                                                              \
        struct leg *leg = active_leg(target);                                                      \
                                                                                                   \
        leg->ops.name(leg->target, tcp, chain);                                                    \
    }

DOWN_POST(send)
DOWN_POST(receive)
DOWN_POST(forward)

static void disconnect(void *target, toe_handle tcp, struct toe_buf *buf, enum toe_disconnect how)
{
    struct leg *leg = active_leg(target);

    leg->ops.disconnect(leg->target, tcp, buf, how);
}

static void receive_return(void *target, struct toe_buf *chain)
{
    struct toe_inter_failover *team = target;
    struct leg *leg = active_leg(team);

    inter_census_return(&team->census, chain);
    leg->ops.receive_return(leg->target, chain);
}

static void transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    struct leg *leg = active_leg(target);

    leg->ops.transmit(leg->target, frames, cnt);
}

static bool is_due(const struct toe_inter_failover *team)
{
    return team->phase == PHASE_ASKED ||
           (team->phase == PHASE_UPLOADING && inter_census_is_empty(&team->census));
}

static toe_instant deadline(void *target)
{
    struct toe_inter_failover *team = target;
    const toe_instant first = team->legs[0].ops.deadline(team->legs[0].target);
    const toe_instant second = team->legs[1].ops.deadline(team->legs[1].target);

    if (is_due(team)) {
        return 0;
    }
    return first < second ? first : second;
}

/* --- up --- */

#define UP_TREE(name, count)                                                                       \
    static void name##_complete(void *host, struct toe_block *tree)                                \
    {                                                                                              \
        struct toe_inter_failover *team = ((struct leg *)host)->team;                              \
                                                                                                   \
        count;                                                                                     \
        team->pass.above_ops.name##_complete(team->pass.above, tree);                              \
    }

UP_TREE(initiate, inter_census_initiated(&team->census, tree))
UP_TREE(terminate, inter_census_terminated(&team->census, tree))
UP_TREE(update, inter_census_answered(&team->census))
UP_TREE(query, inter_census_answered(&team->census))
UP_TREE(invalidate, inter_census_answered(&team->census))

#define UP_CHAIN(name)                                                                             \
    static void name##_complete(void *host, struct toe_buf *chain)                                 \
    {                                                                                              \
        struct toe_inter_failover *team = ((struct leg *)host)->team;                              \
                                                                                                   \
        team->pass.above_ops.name##_complete(team->pass.above, chain);                             \
    }

UP_CHAIN(send)
UP_CHAIN(receive)
UP_CHAIN(disconnect)
UP_CHAIN(forward)

static toe_status receive_indicate(void *host, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    struct toe_inter_failover *team = ((struct leg *)host)->team;
    const toe_status status =
        team->pass.above_ops.receive_indicate(team->pass.above, host_object, buf, consumed);

    if (status == TOE_STATUS_SUCCESS) {
        inter_census_lend(&team->census);
    }
    return status;
}

static void tcp_event(void *host, void *host_object, enum toe_event event, uint32_t info)
{
    struct leg *leg = host;
    struct toe_inter_failover *team = leg->team;

    if (event == TOE_EVENT_RETRIEVE && info == TOE_UPLOAD_HARDWARE_FAILURE &&
        leg == active_leg(team) && !team->settings.stays_on_failure) {
        toe_inter_failover_switch(team);
    }
    team->pass.above_ops.tcp_event(team->pass.above, host_object, event, info);
}

static void neighbor_event(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    struct toe_inter_failover *team = ((struct leg *)host)->team;

    team->pass.above_ops.neighbor_event(team->pass.above, event, block);
}

/* What a leg says of itself is the host's affair only while it is alone to speak. */
static void status(void *host, toe_status what, const struct toe_caps *caps)
{
    struct leg *leg = host;
    struct toe_inter_failover *team = leg->team;

    if (leg == active_leg(team) && team->phase == PHASE_STEADY) {
        team->pass.above_ops.status(team->pass.above, what, caps);
    }
}

static void frames_arrived(void *host, const struct toe_frame *frames, uint32_t cnt)
{
    struct leg *leg = host;

    if (leg == active_leg(leg->team)) {
        inter_pass_frames(&leg->team->pass, frames, cnt);
    }
}

static const struct toe_host_ops leg_up = {
    .size = sizeof(leg_up),
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
    .frames = frames_arrived,
};

static void attach(void *target, const struct toe_host_ops *ops, void *host)
{
    struct toe_inter_failover *team = target;

    inter_pass_above_set(&team->pass, ops, host);
    for (int i = 0; i < 2; ++i) {
        struct leg *leg = &team->legs[i];

        leg->ops.attach(leg->target, ops != NULL ? &leg_up : NULL, leg);
    }
}

/* --- changing over --- */

static void tell(struct toe_inter_failover *team, toe_status what, const struct toe_caps *caps)
{
    team->pass.above_ops.status(team->pass.above, what, caps);
}

static void change_over(struct toe_inter_failover *team)
{
    struct toe_caps caps = {.size = sizeof(caps)};
    struct toe_block *tree = team->waiting;

    team->active = 1 - team->active;
    team->phase = PHASE_STEADY;
    team->waiting = NULL;
    caps_get(team, &caps);
    tell(team, TOE_STATUS_OFFLOAD_RESUME, &caps);
    while (tree != NULL) {
        struct toe_block *next = (struct toe_block *)(uintptr_t)tree->target_data[0];

        initiate(team, tree);
        tree = next;
    }
}

static void run(void *target, toe_instant now)
{
    struct toe_inter_failover *team = target;

    team->pass.now = now;
    team->pass.is_running = true;
    if (team->phase == PHASE_ASKED) {
        team->phase = PHASE_UPLOADING;
        tell(team, TOE_STATUS_OFFLOAD_PAUSE, NULL);
        tell(team, TOE_STATUS_UPLOAD_ALL, NULL);
    }
    for (int i = 0; i < 2; ++i) {
        team->legs[i].ops.run(team->legs[i].target, now);
    }
    if (team->phase == PHASE_UPLOADING && inter_census_is_empty(&team->census)) {
        change_over(team);
    }
    team->pass.is_running = false;
}

/* --- life --- */

void toe_inter_failover_settings_default(struct toe_inter_failover_settings *settings)
{
    *settings = (struct toe_inter_failover_settings){
        .size = sizeof(*settings),
        .mem = *base_mem_default(),
    };
}

static void override(struct inter_pass *pass)
{
    pass->ops.attach = attach;
    pass->ops.caps_get = caps_get;
    pass->ops.params_set = params_set;
    pass->ops.stats_get = stats_get;
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
    pass->ops.deadline = deadline;
    pass->ops.run = run;
}

struct toe_inter_failover *
toe_inter_failover_new(const struct toe_inter_failover_settings *settings)
{
    struct toe_inter_failover *team;

    if (settings->size < sizeof(*settings) || settings->below[1].ops == NULL ||
        settings->below[1].ops->size < sizeof(struct toe_target_ops)) {
        return NULL;
    }
    team = base_mem_alloc(&settings->mem, sizeof(*team));
    if (team == NULL) {
        return NULL;
    }
    team->settings = *settings;
    if (!inter_pass_init(&team->pass, &settings->below[0])) {
        base_mem_free(&settings->mem, team, sizeof(*team));
        return NULL;
    }
    for (int i = 0; i < 2; ++i) {
        team->legs[i] = (struct leg){team, *settings->below[i].ops, settings->below[i].target};
    }
    override(&team->pass);
    return team;
}

void toe_inter_failover_del(struct toe_inter_failover *team)
{
    const struct toe_mem mem = team->settings.mem;

    base_mem_free(&mem, team, sizeof(*team));
}

const struct toe_target_ops *toe_inter_failover_ops(const struct toe_inter_failover *team)
{
    return &team->pass.ops;
}

void toe_inter_failover_switch(struct toe_inter_failover *team)
{
    if (team->phase == PHASE_STEADY) {
        team->phase = PHASE_ASKED;
    }
}

uint32_t toe_inter_failover_active(const struct toe_inter_failover *team)
{
    return team->active;
}

bool toe_inter_failover_is_switching(const struct toe_inter_failover *team)
{
    return team->phase != PHASE_STEADY;
}
