/* SPDX-License-Identifier: MIT */
/*
 * Mutants of events and of what concerns a target as a whole: status, capabilities, parameters,
 * counters, choices, the ordinary path, time.
 */
#include "certify/mutant.h"

#include <string.h>

/* --- events --- */

static bool is_meant(const struct mutant_driver *m, enum toe_event event)
{
    return event == (enum toe_event)m->mutant->value;
}

static void raise(struct mutant_driver *m, void *name, enum toe_event event, uint32_t info)
{
    m->pass.above_ops.tcp_event(m->pass.above, name, event, info);
}

static bool event_lost(struct mutant_driver *m, void *name, enum toe_event *event, uint32_t *info)
{
    (void)name;
    (void)info;
    return is_meant(m, *event);
}

static bool event_twice(struct mutant_driver *m, void *name, enum toe_event *event, uint32_t *info)
{
    if (is_meant(m, *event)) {
        raise(m, name, *event, *info);
    }
    return false;
}

static bool event_info(struct mutant_driver *m, void *name, enum toe_event *event, uint32_t *info)
{
    (void)name;
    if (is_meant(m, *event)) {
        *info += 7;
    }
    return false;
}

static bool event_double(struct mutant_driver *m, void *name, enum toe_event *event, uint32_t *info)
{
    (void)name;
    if (is_meant(m, *event)) {
        *info *= 2;
    }
    return false;
}

/* Reason |value| is |nth|. */
static bool event_reason(struct mutant_driver *m, void *name, enum toe_event *event, uint32_t *info)
{
    (void)name;
    if (*event == TOE_EVENT_RETRIEVE && *info == m->mutant->value) {
        *info = m->mutant->nth;
    }
    return false;
}

static bool event_then_disconnect(struct mutant_driver *m, void *name, enum toe_event *event,
                                  uint32_t *info)
{
    if (!is_meant(m, *event)) {
        return false;
    }
    raise(m, name, *event, *info);
    raise(m, name, TOE_EVENT_DISCONNECT, 0);
    return true;
}

/* It is made |nth| ms later. */
static bool event_late(struct mutant_driver *m, void *name, enum toe_event *event, uint32_t *info)
{
    if (!is_meant(m, *event) || m->is_late) {
        return false;
    }
    m->is_late = true;
    m->late.name = name;
    m->late.event = *event;
    m->late.info = *info;
    m->held_at = m->pass.now + m->mutant->nth * TOE_NS_PER_MS;
    return true;
}

static void after_event(struct mutant_driver *m)
{
    if (m->is_late && m->pass.now >= m->held_at) {
        m->is_late = false;
        raise(m, m->late.name, m->late.event, m->late.info);
    }
}

static toe_instant due_event(struct mutant_driver *m, toe_instant deadline)
{
    return m->is_late && m->held_at < deadline ? m->held_at : deadline;
}

static bool remember_name(struct mutant_driver *m, struct toe_block *tree)
{
    for (; tree != NULL; tree = tree->dependent) {
        m->name = tree->host_object;
    }
    return false;
}

/* The FIN has just arrived, and nothing of what came with it or before was delivered. */
static enum mutant_fate fin_is_told(struct mutant_driver *m, struct cert_seg *seg)
{
    if ((seg->flags & CERT_FIN) != 0) {
        raise(m, m->name, TOE_EVENT_DISCONNECT, 0);
    }
    return MUTANT_KEEP;
}

/* --- neighbors --- */

static bool neighbor_lost(struct mutant_driver *m, enum toe_neighbor_event event,
                          struct toe_block *block)
{
    (void)m;
    (void)event;
    (void)block;
    return true;
}

static bool neighbor_twice(struct mutant_driver *m, enum toe_neighbor_event event,
                           struct toe_block *block)
{
    m->pass.above_ops.neighbor_event(m->pass.above, event, block);
    return false;
}

static bool neighbor_deaf(struct mutant_driver *m, enum toe_neighbor_event event,
                          struct toe_block *block)
{
    m->pass.above_ops.neighbor_event(m->pass.above, event, block);
    block->state.neighbor->cached.host_reachability_delta = 0;
    return true;
}

static bool neighbor_no_age(struct mutant_driver *m, enum toe_neighbor_event event,
                            struct toe_block *block)
{
    (void)m;
    (void)event;
    block->state.neighbor->delegated.nic_reachability_delta = 0;
    return false;
}

static bool neighbor_nameless(struct mutant_driver *m, enum toe_neighbor_event event,
                              struct toe_block *block)
{
    (void)m;
    (void)event;
    block->host_object = NULL;
    return false;
}

/* --- status --- */

static bool status_lost(struct mutant_driver *m, toe_status what, const struct toe_caps *caps)
{
    (void)caps;
    return what == (toe_status)m->mutant->value;
}

static bool status_twice(struct mutant_driver *m, toe_status what, const struct toe_caps *caps)
{
    m->pass.above_ops.status(m->pass.above, what, caps);
    return false;
}

static bool status_bare(struct mutant_driver *m, toe_status what, const struct toe_caps *caps)
{
    (void)caps;
    m->pass.above_ops.status(m->pass.above, what, NULL);
    return true;
}

static bool status_noted(struct mutant_driver *m, toe_status what, const struct toe_caps *caps)
{
    (void)caps;
    m->seen = what == TOE_STATUS_OFFLOAD_PAUSE;
    return false;
}

static void fail_all(struct toe_block *tree)
{
    for (; tree != NULL; tree = tree->next) {
        tree->status = TOE_STATUS_FAILURE;
        fail_all(tree->dependent);
    }
}

static bool refuse_paused(struct mutant_driver *m, struct toe_block *tree)
{
    if (m->seen == 0) {
        return false;
    }
    fail_all(tree);
    m->block = tree;
    return true;
}

static void after_refused(struct mutant_driver *m)
{
    struct toe_block *tree = m->block;

    m->block = NULL;
    if (tree != NULL) {
        mutant_complete_tree(m, tree);
    }
}

static toe_instant due_refused(struct mutant_driver *m, toe_instant deadline)
{
    return m->block != NULL ? 0 : deadline;
}

/* --- capabilities, parameters, counters --- */

static void caps_one_more(struct toe_caps *caps)
{
    ++caps->tcp_max;
}

static void caps_none(struct toe_caps *caps)
{
    caps->ipv4 = false;
    caps->ipv6 = false;
}

static toe_status params_any(struct toe_params *params, toe_status status)
{
    (void)params;
    return status == TOE_STATUS_PENDING ? status : TOE_STATUS_SUCCESS;
}

#define PARAMS(name, what)                                                                         \
    static toe_status name(struct toe_params *params, toe_status status)                           \
    {                                                                                              \
        if (status == TOE_STATUS_PENDING) {                                                        \
            what;                                                                                  \
        }                                                                                          \
        return status;                                                                             \
    }

PARAMS(params_ack_frequency, params->ack_frequency = (uint8_t)(2 * params->ack_frequency))
PARAMS(params_delayed_ack, params->delayed_ack_ticks = 255)
PARAMS(params_one_more, ++params->max_retransmissions)
PARAMS(params_no_doubt, params->doubt_reachability_retransmissions = 0)
PARAMS(params_sws, params->sws_prevention_ticks *= 2)
PARAMS(params_dups, --params->duplicate_ack_threshold)
PARAMS(params_push, params->push_ticks *= 2)
PARAMS(params_stale_late, params->nce_stale_ticks += params->nce_stale_ticks != UINT32_MAX)
PARAMS(params_stale_early, --params->nce_stale_ticks)

#define STATS(name, what)                                                                          \
    static void name(struct toe_stats *stats)                                                      \
    {                                                                                              \
        for (int i = 0; i < 2; ++i) {                                                              \
            struct toe_tcp_stats *tcp = &stats->tcp[i];                                            \
            struct toe_ip_stats *ip = &stats->ip[i];                                               \
                                                                                                   \
            (void)tcp;                                                                             \
            (void)ip;                                                                              \
            what;                                                                                  \
        }                                                                                          \
    }

STATS(stats_repeated, tcp->out_segments += tcp->retransmitted_segments)
STATS(stats_no_established, tcp->currently_established = 0)
STATS(stats_no_reset, tcp->reset_established = 0)
STATS(stats_no_retransmitted, tcp->retransmitted_segments = 0)
STATS(stats_no_headers, ip->in_octets -= 20 * ip->in_receives)
STATS(stats_no_out_headers, ip->out_octets -= 20 * ip->out_requests)
STATS(stats_no_errors, tcp->in_errors = 0)
STATS(stats_no_out_resets, tcp->out_resets = 0)
STATS(stats_ordinary, ip->in_receives += stats->frames_passed_up)
STATS(stats_no_header_errors, ip->in_header_errors = 0)

/* --- choices that nobody made --- */

#define SETTINGS(name, what)                                                                       \
    static void name(struct toe_certify_settings *settings)                                        \
    {                                                                                              \
        what;                                                                                      \
    }

SETTINGS(no_root_stop, settings->choices |= TOE_CERTIFY_CONTINUE_AFTER_ROOT)
SETTINGS(root_stop, settings->choices &= ~(uint32_t)TOE_CERTIFY_CONTINUE_AFTER_ROOT)
SETTINGS(nagle_strict, settings->choices |= TOE_CERTIFY_NAGLE_STRICT)
SETTINGS(push_at_end, settings->choices |= TOE_CERTIFY_PUSH_AT_END)
SETTINGS(send_complete, settings->choices |= TOE_CERTIFY_SEND_COMPLETE)
SETTINGS(all_syn, settings->choices |= TOE_CERTIFY_RFC5961_SYN)
SETTINGS(no_priority, settings->choices &= ~(uint32_t)TOE_CERTIFY_USER_PRIORITY)
SETTINGS(drop_tcp, settings->choices |= TOE_CERTIFY_DROP_BAD_TCP)
SETTINGS(drop_ip, settings->choices |= TOE_CERTIFY_DROP_BAD_IP)
SETTINGS(indicate_and_post, settings->choices |= TOE_CERTIFY_INDICATE_AND_POST)
SETTINGS(invalid_on_transmit, settings->choices |= TOE_CERTIFY_INVALID_ON_TRANSMIT)
SETTINGS(all_optional, settings->optional_uploads = UINT32_MAX)
SETTINGS(repeat, settings->retrieve_repeat = 100 * TOE_NS_PER_MS)
SETTINGS(no_bus, settings->bus = (struct toe_bus){0})
SETTINGS(low_floor, settings->mtu_floor = 68)
SETTINGS(no_budget, settings->challenge_max = 1000000)
SETTINGS(modern, settings->profile = TOE_PROFILE_MODERN)
SETTINGS(fewer, settings->tcp_max = 1000)

/* --- the ordinary path --- */

static bool frames_lost(struct mutant_driver *m, const struct toe_frame *frames, uint32_t cnt)
{
    (void)m;
    (void)frames;
    (void)cnt;
    return true;
}

static bool frames_twice(struct mutant_driver *m, const struct toe_frame *frames, uint32_t cnt)
{
    inter_pass_frames(m, frames, cnt);
    return false;
}

static bool frames_changed(struct mutant_driver *m, const struct toe_frame *frames, uint32_t cnt)
{
    static uint8_t data[CERT_FRAME_MAX];

    for (uint32_t i = 0; i < cnt; ++i) {
        struct toe_frame frame = frames[i];

        memcpy(data, frame.data, frame.len);
        data[frame.len - 1] ^= 1;
        frame.data = data;
        inter_pass_frames(m, &frame, 1);
    }
    return true;
}

static bool frames_reversed(struct mutant_driver *m, const struct toe_frame *frames, uint32_t cnt)
{
    while (cnt > 0) {
        inter_pass_frames(m, &frames[--cnt], 1);
    }
    return true;
}

/* Whether |frame| is of Ethernet type |type|. */
static bool is_type(const struct toe_frame *frame, uint32_t type)
{
    return frame->len >= 14 && (uint32_t)(frame->data[12] << 8 | frame->data[13]) == type;
}

static bool frames_no_arp(struct mutant_driver *m, const struct toe_frame *frames, uint32_t cnt)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        if (!is_type(&frames[i], 0x0806)) {
            inter_pass_frames(m, &frames[i], 1);
        }
    }
    return true;
}

static bool frames_no_tcp(struct mutant_driver *m, const struct toe_frame *frames, uint32_t cnt)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        if (!is_type(&frames[i], 0x0800) || frames[i].len < 24 || frames[i].data[23] != 6) {
            inter_pass_frames(m, &frames[i], 1);
        }
    }
    return true;
}

/* --- time --- */

/* The clock has steps of |value| ms. */
static void coarse(struct mutant_driver *m, toe_instant *now)
{
    *now -= *now % (m->mutant->value * TOE_NS_PER_MS);
}

static toe_instant due_coarse(struct mutant_driver *m, toe_instant deadline)
{
    const toe_duration step = m->mutant->value * TOE_NS_PER_MS;

    return deadline == TOE_INSTANT_NEVER ? deadline : (deadline + step - 1) / step * step;
}

/* The clock runs fast by one part in |value|. */
static void fast(struct mutant_driver *m, toe_instant *now)
{
    *now += *now / m->mutant->value;
}

static toe_instant due_fast(struct mutant_driver *m, toe_instant deadline)
{
    const uint64_t parts = m->mutant->value;

    return deadline == TOE_INSTANT_NEVER ? deadline : deadline / (parts + 1) * parts + parts;
}

/* The clock counts milliseconds in 32 bits. */
#define WRAP (TOE_NS_PER_MS << 32)

static void wrapping(struct mutant_driver *m, toe_instant *now)
{
    m->held_at = *now / WRAP * WRAP;
    *now %= WRAP;
}

static toe_instant due_wrapping(struct mutant_driver *m, toe_instant deadline)
{
    return deadline == TOE_INSTANT_NEVER ? deadline : deadline + m->held_at;
}

/* clang-format off */
const struct mutant mutants_event[] = {
    {"no disconnect event", "DSC-030", NULL, .event = event_lost, .value = TOE_EVENT_DISCONNECT},
    {"no abort event", "DSC-036", NULL, .event = event_lost, .value = TOE_EVENT_ABORT},
    {"no retrieve event", "EVT-023", NULL, .event = event_lost, .value = TOE_EVENT_RETRIEVE},
    {"no backlog event", "SND-095", NULL, .event = event_lost, .value = TOE_EVENT_SEND_BACKLOG_CHANGE},
    {"the disconnect event twice", "EVT-008", "T-050", .event = event_twice, .value = TOE_EVENT_DISCONNECT},
    {"the abort event twice", "EVT-008", "T-160", .event = event_twice, .value = TOE_EVENT_ABORT},
    {"the retrieve event twice", "EVT-011", NULL, .event = event_twice, .value = TOE_EVENT_RETRIEVE},
    {"the backlog event twice", "SND-097", NULL, .event = event_twice, .value = TOE_EVENT_SEND_BACKLOG_CHANGE},
    {"a number with the disconnect event", "EVT-004", "T-050", .event = event_info, .value = TOE_EVENT_DISCONNECT},
    {"a number with the abort event", "EVT-004", "T-160", .event = event_info, .value = TOE_EVENT_ABORT},
    {"the backlog event has another number", "SND-095", NULL, .event = event_double, .value = TOE_EVENT_SEND_BACKLOG_CHANGE},
    {"a timeout is upload requested", "EVT-023", NULL, .event = event_reason, .value = TOE_UPLOAD_TIMEOUT_EXPIRATION, .nth = TOE_UPLOAD_REQUESTED},
    {"urgent data is upload requested", "EVT-022", NULL, .event = event_reason, .value = TOE_UPLOAD_RECEIVED_URGENT_DATA, .nth = TOE_UPLOAD_REQUESTED},
    {"invalid state is upload requested", "EVT-021", NULL, .event = event_reason, .value = TOE_UPLOAD_INVALID_STATE, .nth = TOE_UPLOAD_REQUESTED},
    {"TIME_WAIT is a timeout", "DSC-043", NULL, .event = event_reason, .value = TOE_UPLOAD_REQUESTED, .nth = TOE_UPLOAD_TIMEOUT_EXPIRATION},
    {"a reason that there is not", "EVT-002", "T-193", .event = event_reason, .value = TOE_UPLOAD_TIMEOUT_EXPIRATION, .nth = 99},
    {"a disconnect event after the abort", "DSC-040", NULL, .event = event_then_disconnect, .value = TOE_EVENT_ABORT},
    {"the abort event after the completions", "DSC-036", NULL, .event = event_late, .after = after_event, .due = due_event, .value = TOE_EVENT_ABORT, .nth = 1},
    {"the disconnect event late", "RFC-144", NULL, .event = event_late, .after = after_event, .due = due_event, .value = TOE_EVENT_DISCONNECT, .nth = 40},
    {"the disconnect event before the data", "DSC-030", NULL, TOE_INTER_INITIATE, .call = remember_name, .event = event_lost, .in = fin_is_told, .value = TOE_EVENT_DISCONNECT},
    {"the retrieve event late", "TMR-089", NULL, .event = event_late, .after = after_event, .due = due_event, .value = TOE_EVENT_RETRIEVE, .nth = 1000},

    {"the host is not asked about a neighbor", "NBR-8", NULL, .neighbor = neighbor_lost},
    {"the host is asked twice", "NBR-7", NULL, .neighbor = neighbor_twice},
    {"the host's answer is not heard", "NBR-12", NULL, .neighbor = neighbor_deaf},
    {"the host is not told how long ago", "NBR-8", NULL, .neighbor = neighbor_no_age},
    {"the host is not told of which neighbor", "NBR-8", NULL, .neighbor = neighbor_nameless},

    {"pauses and does not say so", "EVT-042", NULL, .status = status_lost, .value = TOE_STATUS_OFFLOAD_PAUSE},
    {"wants all back and does not say so", "EVT-041", NULL, .status = status_lost, .value = TOE_STATUS_UPLOAD_ALL},
    {"resumes and does not say so", "EVT-044", NULL, .status = status_lost, .value = TOE_STATUS_OFFLOAD_RESUME},
    {"resumes without capabilities", "CAP-38", "T-106", .status = status_bare},
    {"a status twice", "CAP-34", NULL, .status = status_twice},
    {"an initiate during a pause fails", "EVT-043", NULL, TOE_INTER_INITIATE, .call = refuse_paused, .status = status_noted, .after = after_refused, .due = due_refused},

    {"one connection more is advertised", "CERT-6", NULL, .caps = caps_one_more},
    {"fewer than 1024 connections", "CERT-6", NULL, .settings = fewer},
    {"no address family", "CAP-2", "T-120", .caps = caps_none},
    {"any parameter is accepted", "CAP-33", NULL, .params = params_any},
    {"twice as many segments before an acknowledgment", "TMR-022", NULL, .params = params_ack_frequency},
    {"a later delayed acknowledgment", "TMR-023", NULL, .params = params_delayed_ack},
    {"one retransmission more", "TMR-089", NULL, .params = params_one_more},
    {"never in doubt", "TMR-094", NULL, .params = params_no_doubt},
    {"a longer silly window timer", "TMR-103", NULL, .params = params_sws},
    {"a duplicate acknowledgment less", "RFC-042", NULL, .params = params_dups},
    {"a longer push timer", "TMR-075", NULL, .params = params_push},
    {"stale a tick later", "NBR-7", NULL, .params = params_stale_late},
    {"stale a tick earlier", "NBR-7", NULL, .params = params_stale_early},

    {"counters: retransmissions are segments", "IOS-061", NULL, .stats = stats_repeated},
    {"counters: nobody is established", "IOS-062", NULL, .stats = stats_no_established},
    {"counters: nobody was reset", "IOS-063", NULL, .stats = stats_no_reset},
    {"counters: no retransmissions", "IOS-064", NULL, .stats = stats_no_retransmitted},
    {"counters: bytes without headers", "IOS-071", NULL, .stats = stats_no_headers},
    {"counters: bytes sent without headers", "IOS-071", NULL, .stats = stats_no_out_headers},
    {"counters: no errors", "IOS-066", NULL, .stats = stats_no_errors},
    {"counters: no resets sent", "IOS-067", NULL, .stats = stats_no_out_resets},
    {"counters: the ordinary path counts", "IOS-080", NULL, .stats = stats_ordinary},
    {"counters: no header errors", "IOS-072", NULL, .stats = stats_no_header_errors},

    {"goes on behind a failed root", "PART-4", NULL, .settings = no_root_stop},
    {"stops behind a failed root, though told to go on", "PART-5", "C-02f", .settings = root_stop},
    {"Nagle holds back the tail of a request", "SND-026", NULL, .settings = nagle_strict},
    {"PSH only at the end", "SND-020", NULL, .settings = push_at_end},
    {"a terminate completes the sends", "SND-077", NULL, .settings = send_complete},
    {"the exact SYN is challenged", "SEG-002", NULL, .settings = all_syn},
    {"no priorities", "TV-VL-2", NULL, .settings = no_priority},
    {"bad TCP headers are dropped", "SEG-074", NULL, .settings = drop_tcp},
    {"bad IP headers are dropped", "IOS-075", NULL, .settings = drop_ip},
    {"the rest waits for a request", "RCV-037", "T-045a T-066", .settings = indicate_and_post},
    {"invalid state is told when something is to be sent", "INV-5", NULL, .settings = invalid_on_transmit},
    {"optional reasons are on", "EVT-038", NULL, .settings = all_optional},
    {"the retrieve event is repeated", "EVT-011", NULL, .settings = repeat},
    {"bus addresses are pointers", "IOS-024", NULL, .settings = no_bus},
    {"any small MTU", "RFC-029", NULL, .settings = low_floor},
    {"challenges without a budget", "SEG-018", NULL, .settings = no_budget},
    {"modern congestion control in compat", "RFC-039", NULL, .settings = modern},

    {"frames for the host are lost", "SEG-072", NULL, .frames = frames_lost},
    {"frames for the host twice", "SEG-072", NULL, .frames = frames_twice},
    {"frames for the host are changed", "SEG-072", NULL, .frames = frames_changed},
    {"frames for the host in reverse", "SEG-045", NULL, .frames = frames_reversed},
    {"ARP is swallowed", "SEG-055", NULL, .frames = frames_no_arp},
    {"segments after a terminate are swallowed", "SEG-062", NULL, .frames = frames_no_tcp},

    {"a clock with steps of 100 ms", "TMR-002", NULL, .before = coarse, .due = due_coarse, .value = 100},
    {"a clock with steps of 30 ms", "TMR-002", NULL, .before = coarse, .due = due_coarse, .value = 30},
    {"a clock that runs fast", "TMR-002", NULL, .before = fast, .due = due_fast, .value = 20},
    {"a clock of 32 bits", "TMR-004", NULL, .before = wrapping, .due = due_wrapping},
    {.name = NULL},
};
/* clang-format on */
