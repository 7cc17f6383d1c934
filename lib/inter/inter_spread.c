/* SPDX-License-Identifier: MIT */
#include "inter/spread.h"

#include "base/mem.h"
#include "base/rand.h"

#include <string.h>

/*
 * The team that scales. State operations are in spread_tree.c, frames in spread_wire.c. Here is
 * what goes through with its handle translated, and what the members say of themselves.
 */

#define OBJECTS_PER_SLAB 64u
#define OBJECT_MAX_DEFAULT (1u << 21)
#define MEMORY_RETRY TOE_NS_PER_MS
#define NO_HANDLE UINT64_MAX

/* The word of a lent buffer that says whose it is, before what a team below has noted there. */
#define WORD_MEMBER 3
#define MEMBER_BITS 8

_Static_assert(TOE_INTER_SPREAD_MEMBER_MAX <= 1u << MEMBER_BITS, "a member's index fits");
_Static_assert(TOE_INTER_SPREAD_KEY_LEN == WIRE_RSS_KEY_LEN, "the key of the hash");

/* --- whose a lent buffer is --- */

static void lend(const struct spread_member *member, struct toe_buf *chain)
{
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        buf->reserved[WORD_MEMBER] = buf->reserved[WORD_MEMBER] << MEMBER_BITS | member->index;
    }
}

static uint32_t lender(const struct toe_buf *buf)
{
    return (uint32_t)(buf->reserved[WORD_MEMBER] & ((1u << MEMBER_BITS) - 1));
}

void spread_lend_state(struct spread_member *member, const struct toe_block *block)
{
    const struct toe_tcp_state *state = block->state.tcp;

    if ((block->type == TOE_BLOCK_TCP || block->type == TOE_BLOCK_TCP_DELEGATED) && state != NULL) {
        const struct toe_extension *ext = toe_tcp_extension(state);

        lend(member, state->delegated.buffered_data);
        if (ext != NULL) {
            lend(member, ext->early_data);
        }
    }
}

static void receive_return(void *target, struct toe_buf *chain)
{
    struct toe_inter_spread *s = target;

    while (chain != NULL) {
        const uint32_t m = lender(chain);
        struct toe_buf *last = chain;
        struct toe_buf *rest;

        while (last->next != NULL && lender(last->next) == m) {
            last = last->next;
        }
        rest = last->next;
        last->next = NULL;
        for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
            buf->reserved[WORD_MEMBER] >>= MEMBER_BITS;
        }
        if (m < s->settings.member_cnt) {
            s->members[m].ops.receive_return(s->members[m].target, chain);
        }
        chain = rest;
    }
}

/* --- down --- */

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void caps_get(void *target, struct toe_caps *caps)
{
    struct toe_inter_spread *s = target;

    s->members[0].ops.caps_get(s->members[0].target, caps);
    if (caps->size < sizeof(*caps)) {
        return;
    }
    for (uint32_t m = 1; m < s->settings.member_cnt; ++m) {
        struct toe_caps theirs = {.size = sizeof(theirs)};

        s->members[m].ops.caps_get(s->members[m].target, &theirs);
        caps->ipv4 = caps->ipv4 && theirs.ipv4;
        caps->ipv6 = caps->ipv6 && theirs.ipv6;
        caps->sack = caps->sack && theirs.sack;
        caps->user_priority = caps->user_priority && theirs.user_priority;
        caps->tcp_max += smaller(theirs.tcp_max, UINT32_MAX - caps->tcp_max);
        caps->path_max = smaller(caps->path_max, theirs.path_max);
        caps->neighbor_max = smaller(caps->neighbor_max, theirs.neighbor_max);
        caps->mtu_max = smaller(caps->mtu_max, theirs.mtu_max);
        caps->rcv_wnd_max = smaller(caps->rcv_wnd_max, theirs.rcv_wnd_max);
        caps->extension = smaller(caps->extension, theirs.extension);
        caps->ecn = caps->ecn && theirs.ecn;
        caps->accecn = caps->accecn && theirs.accecn;
    }
}

static toe_status params_set(void *target, const struct toe_params *params)
{
    struct toe_inter_spread *s = target;
    toe_status status = TOE_STATUS_SUCCESS;

    for (uint32_t m = 0; m < s->settings.member_cnt && status == TOE_STATUS_SUCCESS; ++m) {
        status = s->members[m].ops.params_set(s->members[m].target, params);
    }
    if (status == TOE_STATUS_SUCCESS) {
        s->tick = TOE_NS_PER_SEC / params->ticks_per_second;
    }
    return status;
}

static void add_version(struct toe_stats *sum, const struct toe_stats *theirs, int version)
{
    struct toe_tcp_stats *tcp = &sum->tcp[version];
    struct toe_ip_stats *ip = &sum->ip[version];
    const struct toe_tcp_stats *t = &theirs->tcp[version];
    const struct toe_ip_stats *i = &theirs->ip[version];

    tcp->in_segments += t->in_segments;
    tcp->out_segments += t->out_segments;
    tcp->currently_established += t->currently_established;
    tcp->reset_established += t->reset_established;
    tcp->retransmitted_segments += t->retransmitted_segments;
    tcp->in_errors += t->in_errors;
    tcp->out_resets += t->out_resets;
    ip->in_receives += i->in_receives;
    ip->in_octets += i->in_octets;
    ip->in_delivers += i->in_delivers;
    ip->out_requests += i->out_requests;
    ip->out_octets += i->out_octets;
    ip->in_header_errors += i->in_header_errors;
    ip->in_truncated_packets += i->in_truncated_packets;
    ip->in_discards += i->in_discards;
    ip->out_discards += i->out_discards;
    ip->out_no_routes += i->out_no_routes;
}

static void add(struct toe_stats *sum, const struct toe_stats *theirs)
{
    add_version(sum, theirs, 0);
    add_version(sum, theirs, 1);
    sum->tcp_cnt += theirs->tcp_cnt;
    sum->path_links += theirs->path_links;
    sum->bufs_indicated += theirs->bufs_indicated;
    sum->initiated += theirs->initiated;
    sum->terminated += theirs->terminated;
    sum->frames_passed_up += theirs->frames_passed_up;
    for (int i = 0; i < TOE_DROP_CNT; ++i) {
        sum->drops[i] += theirs->drops[i];
    }
    sum->ce_ignored += theirs->ce_ignored;
    sum->extensions_taken += theirs->extensions_taken;
    sum->extensions_ignored += theirs->extensions_ignored;
}

/* Neighbors and paths are the host's, however many members have them. */
static void stats_get(void *target, struct toe_stats *stats)
{
    struct toe_inter_spread *s = target;
    const uint32_t size = stats->size;
    struct toe_stats sum = {
        .size = size,
        .path_cnt = s->layer_cnt[TOE_LAYER_PATH],
        .neighbor_cnt = s->layer_cnt[TOE_LAYER_NEIGHBOR],
        .neighbor_links = s->layer_cnt[TOE_LAYER_PATH],
    };

    for (uint32_t m = 0; m < s->settings.member_cnt; ++m) {
        struct toe_stats theirs = {.size = sizeof(theirs)};

        s->members[m].ops.stats_get(s->members[m].target, &theirs);
        add(&sum, &theirs);
    }
    memcpy(stats, &sum, size < sizeof(sum) ? size : sizeof(sum));
}

/* --- state operations --- */

static void push(struct spread_queue *queue, struct toe_block *tree)
{
    tree->target_data[0] = 0;
    if (queue->head == NULL) {
        queue->head = tree;
    } else {
        queue->tail->target_data[0] = (uintptr_t)tree;
    }
    queue->tail = tree;
}

static struct toe_block *pop(struct spread_queue *queue)
{
    struct toe_block *tree = queue->head;

    if (tree != NULL) {
        queue->head = (struct toe_block *)(uintptr_t)tree->target_data[0];
    }
    return tree;
}

static uint32_t paused_cnt(const struct toe_inter_spread *s)
{
    uint32_t cnt = 0;

    for (uint32_t m = 0; m < s->settings.member_cnt; ++m) {
        cnt += s->members[m].is_paused;
    }
    return cnt;
}

/*
 * An initiate may give a member a neighbor or path that it lacks: so there is only one at a time,
 * and none while an update is on its way to those that have them. Where some of the members pause
 * and others do not, they would not answer together. The other operations go down at once, behind
 * those that wait for memory.
 */
static bool may_go(const struct toe_inter_spread *s, enum spread_kind kind)
{
    const uint32_t paused = paused_cnt(s);

    return kind != SPREAD_INITIATE ||
           (s->under_way[SPREAD_INITIATE] == 0 && s->under_way[SPREAD_UPDATE] == 0 &&
            (paused == 0 || paused == s->settings.member_cnt));
}

#define DOWN_TREE(name, kind)                                                                      \
    static void name(void *target, struct toe_block *tree)                                         \
    {                                                                                              \
        struct toe_inter_spread *s = target;                                                       \
                                                                                                   \
        if (tree == NULL) {                                                                        \
            return;                                                                                \
        }                                                                                          \
        if (s->waiting[kind].head != NULL || !may_go(s, kind) ||                                   \
            !spread_tree_post(s, kind, tree)) {                                                    \
            push(&s->waiting[kind], tree);                                                         \
        }                                                                                          \
    }

DOWN_TREE(initiate, SPREAD_INITIATE)
DOWN_TREE(terminate, SPREAD_TERMINATE)
DOWN_TREE(update, SPREAD_UPDATE)
DOWN_TREE(query, SPREAD_QUERY)
DOWN_TREE(invalidate, SPREAD_INVALIDATE)

/* Within run(). An initiate for which there is no memory has its answer; the others must wait. */
static void post_waiting(struct toe_inter_spread *s)
{
    s->lacks_memory = false;
    for (int kind = 0; kind < SPREAD_KIND_CNT; ++kind) {
        struct spread_queue *queue = &s->waiting[kind];

        while (queue->head != NULL && may_go(s, (enum spread_kind)kind)) {
            struct toe_block *tree = pop(queue);

            if (spread_tree_post(s, (enum spread_kind)kind, tree)) {
                continue;
            }
            if (kind == SPREAD_INITIATE) {
                spread_tree_refuse(s, tree);
                continue;
            }
            tree->target_data[0] = (uintptr_t)queue->head;
            queue->tail = queue->head != NULL ? queue->tail : tree;
            queue->head = tree;
            s->lacks_memory = true;
            break;
        }
    }
}

static bool has_waiting(const struct toe_inter_spread *s)
{
    for (int kind = 0; kind < SPREAD_KIND_CNT; ++kind) {
        if (s->waiting[kind].head != NULL && may_go(s, (enum spread_kind)kind)) {
            return true;
        }
    }
    return false;
}

/* --- data operations --- */

/* Who has |*tcp|, and its name there. What nobody has is answered by the first member. */
static struct spread_member *find(struct toe_inter_spread *s, toe_handle *tcp)
{
    const struct spread_object *object = spread_object_get(s, *tcp, TOE_LAYER_TCP);
    const uint32_t m = object != NULL ? object->member : 0;

    *tcp = object != NULL && object->at[m] != 0 ? object->at[m] : NO_HANDLE;
    return &s->members[m];
}

#define DOWN_POST(name)                                                                            \
    static void name(void *target, toe_handle tcp, struct toe_buf *chain)                          \
    {                                                                                              \
        const struct spread_member *member = find(target, &tcp);                                   \
                                                                                                   \
        member->ops.name(member->target, tcp, chain);                                              \
    }

DOWN_POST(send)
DOWN_POST(receive)
DOWN_POST(forward)

static void disconnect(void *target, toe_handle tcp, struct toe_buf *buf, enum toe_disconnect how)
{
    const struct spread_member *member = find(target, &tcp);

    member->ops.disconnect(member->target, tcp, buf, how);
}

static void transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    struct toe_inter_spread *s = target;

    s->members[0].ops.transmit(s->members[0].target, frames, cnt);
}

/* --- up --- */

#define UP_TREE(name)                                                                              \
    static void name##_complete(void *host, struct toe_block *tree)                                \
    {                                                                                              \
        spread_tree_answered(host, tree);                                                          \
    }

UP_TREE(initiate)
UP_TREE(terminate)
UP_TREE(update)
UP_TREE(query)
UP_TREE(invalidate)

#define UP_CHAIN(name)                                                                             \
    static void name##_complete(void *host, struct toe_buf *chain)                                 \
    {                                                                                              \
        struct toe_inter_spread *s = ((struct spread_member *)host)->spread;                       \
                                                                                                   \
        s->pass.above_ops.name##_complete(s->pass.above, chain);                                   \
    }

UP_CHAIN(send)
UP_CHAIN(receive)
UP_CHAIN(disconnect)
UP_CHAIN(forward)

static toe_status receive_indicate(void *host, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    struct spread_member *member = host;
    struct toe_inter_spread *s = member->spread;
    const uint64_t word = buf->reserved[WORD_MEMBER];
    toe_status status;

    lend(member, buf);
    status = s->pass.above_ops.receive_indicate(s->pass.above, host_object, buf, consumed);
    if (status != TOE_STATUS_SUCCESS) {
        buf->reserved[WORD_MEMBER] = word;
    }
    return status;
}

static void tcp_event(void *host, void *host_object, enum toe_event event, uint32_t info)
{
    struct toe_inter_spread *s = ((struct spread_member *)host)->spread;

    s->pass.above_ops.tcp_event(s->pass.above, host_object, event, info);
}

static void neighbor_event(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    struct toe_inter_spread *s = ((struct spread_member *)host)->spread;

    s->pass.above_ops.neighbor_event(s->pass.above, event, block);
}

/* How many connections |member| takes. */
static void learn_room(struct spread_member *member)
{
    struct toe_caps caps = {.size = sizeof(caps)};

    member->ops.caps_get(member->target, &caps);
    member->tcp_max = caps.tcp_max;
}

/* The host is told once of what any member wants, and at the end when none of them does. */
static void status(void *host, toe_status what, const struct toe_caps *caps)
{
    struct spread_member *member = host;
    struct toe_inter_spread *s = member->spread;

    (void)caps;
    learn_room(member);
    member->is_paused = what != TOE_STATUS_OFFLOAD_RESUME;
    if (!s->is_pause_told && what == TOE_STATUS_OFFLOAD_PAUSE) {
        s->is_pause_told = true;
        s->pass.above_ops.status(s->pass.above, what, NULL);
    } else if (!s->is_upload_told && what == TOE_STATUS_UPLOAD_ALL) {
        s->is_upload_told = true;
        s->pass.above_ops.status(s->pass.above, what, NULL);
    }
}

/* CAP-42: what a member that did not ask for it has is to be uploaded as well. */
static bool may_resume(const struct toe_inter_spread *s)
{
    return s->is_pause_told && paused_cnt(s) == 0 && (!s->is_upload_told || s->objects.cnt == 0);
}

static void resume(struct toe_inter_spread *s)
{
    struct toe_caps caps = {.size = sizeof(caps)};

    caps_get(s, &caps);
    s->is_pause_told = false;
    s->is_upload_told = false;
    s->pass.above_ops.status(s->pass.above, TOE_STATUS_OFFLOAD_RESUME, &caps);
}

static void frames_arrived(void *host, const struct toe_frame *frames, uint32_t cnt)
{
    inter_pass_frames(&((struct spread_member *)host)->spread->pass, frames, cnt);
}

static const struct toe_host_ops member_up = {
    .size = sizeof(member_up),
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
    struct toe_inter_spread *s = target;

    inter_pass_above_set(&s->pass, ops, host);
    for (uint32_t m = 0; m < s->settings.member_cnt; ++m) {
        struct spread_member *member = &s->members[m];

        member->ops.attach(member->target, ops != NULL ? &member_up : NULL, member);
        learn_room(member);
    }
}

/* --- time --- */

static toe_instant deadline(void *target)
{
    struct toe_inter_spread *s = target;
    toe_instant first = s->lacks_memory ? s->pass.now + MEMORY_RETRY : TOE_INSTANT_NEVER;

    if (may_resume(s) || (has_waiting(s) && !s->lacks_memory)) {
        return 0;
    }
    for (uint32_t m = 0; m < s->settings.member_cnt; ++m) {
        const toe_instant theirs = s->members[m].ops.deadline(s->members[m].target);

        first = theirs < first ? theirs : first;
    }
    return first;
}

void spread_member_run(struct spread_member *member)
{
    if (!member->is_running) {
        member->is_running = true;
        member->ops.run(member->target, member->spread->pass.now);
        member->is_running = false;
    }
}

static void run_due(struct toe_inter_spread *s)
{
    const uint32_t cnt = s->settings.member_cnt;

    for (uint32_t i = 0; i < cnt; ++i) {
        struct spread_member *member = &s->members[(s->first + i) % cnt];

        if (member->ops.deadline(member->target) <= s->pass.now) {
            spread_member_run(member);
        }
    }
    s->first = (s->first + 1) % cnt; /* nobody is always the first */
}

static void run(void *target, toe_instant now)
{
    struct toe_inter_spread *s = target;

    s->pass.now = now;
    s->pass.is_running = true;
    post_waiting(s);
    spread_wire_run(s); /* what the peer says before what the host wants, as a target does it */
    run_due(s);
    while (has_waiting(s) && !s->lacks_memory) {
        post_waiting(s);
        run_due(s);
    }
    if (may_resume(s)) {
        resume(s);
    }
    s->pass.is_running = false;
}

/* --- life --- */

void toe_inter_spread_settings_default(struct toe_inter_spread_settings *settings)
{
    *settings = (struct toe_inter_spread_settings){
        .size = sizeof(*settings),
        .mem = *base_mem_default(),
        .member_cnt = 2,
        .object_max = OBJECT_MAX_DEFAULT,
    };
    memcpy(settings->rss_key, wire_rss_key_default, sizeof(settings->rss_key));
}

static const struct toe_target_ops spread_ops = {
    .size = sizeof(spread_ops),
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

static bool is_sound(const struct toe_inter_spread_settings *settings)
{
    return settings->size >= sizeof(*settings) && settings->wire != NULL &&
           settings->wire->size >= sizeof(*settings->wire) && settings->member_cnt > 0 &&
           settings->member_cnt <= TOE_INTER_SPREAD_MEMBER_MAX && settings->object_max > 0 &&
           settings->object_max < UINT32_MAX;
}

static void init(struct toe_inter_spread *s, const struct toe_inter_spread_settings *settings)
{
    struct base_rand rand;

    s->settings = *settings;
    s->wire = *settings->wire;
    s->pass.ops = spread_ops;
    inter_pass_above_set(&s->pass, NULL, NULL);
    base_rand_init(&rand, settings->seed);
    s->key.k0 = base_rand_u64(&rand);
    s->key.k1 = base_rand_u64(&rand);
    wire_rss_init(&s->rss, settings->rss_key);
    base_slab_init(&s->objects, &s->settings.mem,
                   sizeof(struct spread_object) + settings->member_cnt * sizeof(toe_handle),
                   settings->object_max, OBJECTS_PER_SLAB);
    s->table_cnt = TOE_INTER_SPREAD_TABLE_MAX;
    for (uint32_t i = 0; i < s->table_cnt; ++i) {
        s->table[i] = (uint8_t)(i % settings->member_cnt);
    }
    for (uint32_t m = 0; m < settings->member_cnt; ++m) {
        s->members[m].spread = s;
        s->members[m].index = m;
    }
    spread_wire_init(s);
}

struct toe_inter_spread *toe_inter_spread_new(const struct toe_inter_spread_settings *settings)
{
    struct toe_inter_spread *s;

    if (!is_sound(settings)) {
        return NULL;
    }
    s = base_mem_alloc(&settings->mem, sizeof(*s));
    if (s == NULL) {
        return NULL;
    }
    s->members = base_mem_alloc(&settings->mem, settings->member_cnt * sizeof(*s->members));
    if (s->members == NULL) {
        base_mem_free(&settings->mem, s, sizeof(*s));
        return NULL;
    }
    init(s, settings);
    if (base_hash_init(&s->tuples, &s->settings.mem, 0) != 0) {
        base_mem_free(&settings->mem, s->members, settings->member_cnt * sizeof(*s->members));
        base_mem_free(&settings->mem, s, sizeof(*s));
        return NULL;
    }
    return s;
}

void toe_inter_spread_del(struct toe_inter_spread *team)
{
    const struct toe_mem mem = team->settings.mem;

    base_hash_fini(&team->tuples);
    base_slab_fini(&team->objects);
    base_mem_free(&mem, team->members, team->settings.member_cnt * sizeof(*team->members));
    base_mem_free(&mem, team, sizeof(*team));
}

const struct toe_wire_ops *toe_inter_spread_wire_ops(const struct toe_inter_spread *team)
{
    return &team->wire_ops;
}

void *toe_inter_spread_wire(struct toe_inter_spread *team, uint32_t member)
{
    return member < team->settings.member_cnt ? &team->members[member] : NULL;
}

bool toe_inter_spread_member_set(struct toe_inter_spread *team, uint32_t member,
                                 const struct toe_inter_below *below)
{
    if (member >= team->settings.member_cnt || below->ops == NULL ||
        below->ops->size < sizeof(*below->ops)) {
        return false;
    }
    team->members[member].ops = *below->ops;
    team->members[member].target = below->target;
    return true;
}

const struct toe_target_ops *toe_inter_spread_ops(const struct toe_inter_spread *team)
{
    return &team->pass.ops;
}

bool toe_inter_spread_table_set(struct toe_inter_spread *team, const uint8_t *table, uint32_t cnt)
{
    if (cnt == 0 || cnt > TOE_INTER_SPREAD_TABLE_MAX || (cnt & (cnt - 1)) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        if (table[i] >= team->settings.member_cnt) {
            return false;
        }
    }
    memcpy(team->table, table, cnt);
    team->table_cnt = cnt;
    return true;
}

uint32_t toe_inter_spread_member_of(const struct toe_inter_spread *team, toe_handle tcp)
{
    const struct spread_object *object = spread_object_get(team, tcp, TOE_LAYER_TCP);

    return object != NULL ? object->member : UINT32_MAX;
}
