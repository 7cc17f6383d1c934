/* SPDX-License-Identifier: MIT */
/*
 * What must hold of a saved connection: the rules that a host or target holds a state against when
 * it is offered one, said by field. The first one that is broken is named.
 */
#include "toe/saved.h"

/* Offsets beyond this have no order (base/seq.h). */
#define SPAN_MAX (UINT32_C(1) << 31)

#define SCALE_MAX 14u /* RFC 7323, 2.3 */

/* Says which field breaks what rule, and no. */
static bool broken(struct toe_saved_fault *fault, const char *field, const char *rule)
{
    *fault = (struct toe_saved_fault){field, rule};
    return false;
}

static bool check_address(const struct toe_addr *addr, const char *field,
                          struct toe_saved_fault *fault)
{
    const unsigned len = addr->family == 4 ? 4 : 16;
    uint8_t head = 0;
    uint8_t tail = 0;

    if (addr->family != 4 && addr->family != 6) {
        return broken(fault, field, "must be an IPv4 or an IPv6 address");
    }
    for (unsigned i = 0; i < sizeof(addr->bytes); ++i) {
        *(i < len ? &head : &tail) |= addr->bytes[i];
    }
    if (tail != 0) {
        return broken(fault, field, "must have zeros behind an IPv4 address");
    }
    if (head == 0 || (addr->family == 6 && addr->bytes[0] == 0xff) ||
        (addr->family == 4 && addr->bytes[0] >= 224)) {
        return broken(fault, field, "must be the address of one machine");
    }
    return true;
}

static bool check_below(const struct toe_saved *saved, struct toe_saved_fault *fault)
{
    const struct toe_path_state *path = &saved->path;
    const uint32_t ticks = saved->ticks_per_second;

    if (ticks != 10 && ticks != 100 && ticks != 1000) {
        return broken(fault, "clock.ticks_per_second", "must be 10, 100 or 1000"); /* STATE-1 */
    }
    if (saved->neighbor.constant.vlan_id > 4094) {
        return broken(fault, "neighbor.vlan_id", "must be at most 4094");
    }
    if (!check_address(&path->constant.src, "path.src", fault) ||
        !check_address(&path->constant.dst, "path.dst", fault)) {
        return false;
    }
    if (path->constant.src.family != path->constant.dst.family) {
        return broken(fault, "path.dst", "must be of the same family as path.src");
    }
    if (path->cached.mtu < (path->constant.src.family == 4 ? 68u : 1280u)) { /* STATE-PK-2 */
        return broken(fault, "path.mtu", "must be at least 68 with IPv4, 1280 with IPv6");
    }
    return true;
}

static bool check_settings(const struct toe_saved *saved, struct toe_saved_fault *fault)
{
    const struct toe_tcp_const *c = &saved->tcp.constant;
    const struct toe_tcp_cached *k = &saved->tcp.cached;

    if (c->remote_port == 0) {
        return broken(fault, "constant.remote_port", "must not be zero");
    }
    if (c->local_port == 0) {
        return broken(fault, "constant.local_port", "must not be zero");
    }
    if (c->snd_wnd_scale > SCALE_MAX) {
        return broken(fault, "constant.snd_wnd_scale", "must be at most 14");
    }
    if (c->rcv_wnd_scale > SCALE_MAX) {
        return broken(fault, "constant.rcv_wnd_scale", "must be at most 14");
    }
    if (k->initial_rcv_wnd >= SPAN_MAX) {
        return broken(fault, "cached.initial_rcv_wnd", "must be less than 2^31");
    }
    if (k->flow_label > 0xfffff) {
        return broken(fault, "cached.flow_label", "must have 20 bits at most"); /* STATE-TK-8 */
    }
    if (k->user_priority > 7) {
        return broken(fault, "cached.user_priority", "must be at most 7"); /* STATE-TK-11 */
    }
    return true;
}

static bool is_fin_received(enum toe_conn_state state)
{
    return state == TOE_TCP_CLOSE_WAIT || state == TOE_TCP_CLOSING || state == TOE_TCP_LAST_ACK;
}

/* The sequence variables against each other and the send stream: STATE-TD-35, SND-065, SND-066. */
static bool check_numbers(const struct toe_saved *saved, struct toe_saved_fault *fault)
{
    const struct toe_tcp_delegated *d = &saved->tcp.delegated;
    const bool has_fin = d->state == TOE_TCP_FIN_WAIT_1 || d->state == TOE_TCP_CLOSING ||
                         d->state == TOE_TCP_LAST_ACK;
    const uint32_t span = saved->send.len + has_fin;

    if (!toe_conn_state_is_offloadable(d->state)) {
        return broken(fault, "delegated.state", "must be one that can be offloaded"); /* NEW-3 */
    }
    if (saved->send.len >= SPAN_MAX - 1) {
        return broken(fault, "send", "must be shorter than 2^31 bytes");
    }
    if (d->state == TOE_TCP_FIN_WAIT_2 && saved->send.len > 0) {
        return broken(fault, "send", "must be empty when our FIN is acknowledged");
    }
    if (d->snd_max - d->snd_una > span) {
        return broken(fault, "delegated.snd_max",
                      "must be at most the end of send, and one for a FIN, from snd_una");
    }
    if (d->snd_nxt - d->snd_una > d->snd_max - d->snd_una) {
        return broken(fault, "delegated.snd_nxt", "must be from snd_una to snd_max");
    }
    if (d->snd_wnd >= SPAN_MAX) {
        return broken(fault, "delegated.snd_wnd", "must be less than 2^31");
    }
    if (d->rcv_wnd >= SPAN_MAX) {
        return broken(fault, "delegated.rcv_wnd", "must be less than 2^31");
    }
    if (saved->received.len >= SPAN_MAX) {
        return broken(fault, "received", "must be shorter than 2^31 bytes");
    }
    return true;
}

/*
 * Ranges in order, none of them empty, with a hole before each, within |span| bytes from |start|.
 * Returns how many bytes they are, or UINT32_MAX if they are not so.
 */
static uint32_t ranges_len(const struct toe_seq_range *ranges, uint32_t cnt, uint32_t start,
                           uint32_t span)
{
    uint32_t at = 0;
    uint32_t len = 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        const uint32_t from = ranges[i].start - start;
        const uint32_t to = ranges[i].end - start;

        if (from <= at || to <= from || to > span) {
            return UINT32_MAX;
        }
        len += to - from;
        at = to;
    }
    return len;
}

/* Runs in order, none of them empty, that end |span| bytes from |start|; or there are none. */
static bool are_runs_sound(const struct toe_extension *e, uint32_t start, uint32_t span)
{
    uint32_t at = 0;

    if (e->run_cnt > TOE_EXTENSION_RUN_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < e->run_cnt; ++i) {
        const uint32_t to = e->runs[i].end - start;

        if (to <= at || to > span) {
            return false;
        }
        at = to;
    }
    return e->run_cnt == 0 || at == span;
}

/* Of the extension, what other parts of the state depend on: its numbers alone are hints. */
static bool check_extension(const struct toe_saved *saved, struct toe_saved_fault *fault)
{
    const struct toe_tcp_delegated *d = &saved->tcp.delegated;
    const struct toe_extension *e = &saved->extension;
    uint32_t early;

    if (!toe_saved_has(saved, TOE_SAVED_EXTENSION)) {
        return saved->early.len == 0 || broken(fault, "early", "must come with an extension");
    }
    if (e->version != TOE_EXTENSION_VERSION) {
        return broken(fault, "extension.version", "must be 1");
    }
    if (e->sacked_cnt > TOE_EXTENSION_SACKED_MAX ||
        ranges_len(e->sacked, e->sacked_cnt, d->snd_una, d->snd_max - d->snd_una) == UINT32_MAX) {
        return broken(fault, "extension.sacked",
                      "must be ranges in order, a hole before each, from snd_una to snd_max");
    }
    if (!are_runs_sound(e, d->snd_una, d->snd_max - d->snd_una)) {
        return broken(fault, "extension.runs", "must be in order, from snd_una to snd_max");
    }
    early = e->early_cnt > TOE_EXTENSION_EARLY_MAX
                ? UINT32_MAX
                : ranges_len(e->early, e->early_cnt, d->rcv_nxt, d->rcv_wnd);
    if (early == UINT32_MAX) {
        return broken(fault, "extension.early",
                      "must be ranges in order, a hole before each, within the window");
    }
    if (early > 0 && is_fin_received(d->state)) {
        return broken(fault, "extension.early", "must be empty behind the peer's FIN");
    }
    if (early != saved->early.len) {
        return broken(fault, "early", "must be as long as the ranges of extension.early");
    }
    if (e->early_cnt > 0 && e->newest >= e->early_cnt) {
        return broken(fault, "extension.newest", "must be one of extension.early");
    }
    return true;
}

bool toe_saved_check(const struct toe_saved *saved, struct toe_saved_fault *fault)
{
    struct toe_saved_fault unheard;

    if (fault == NULL) {
        fault = &unheard;
    }
    return check_below(saved, fault) && check_settings(saved, fault) &&
           check_numbers(saved, fault) && check_extension(saved, fault);
}
