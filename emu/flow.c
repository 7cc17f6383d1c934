/* SPDX-License-Identifier: MIT */
#include "flow.h"

#include "pattern.h"

#include <string.h>

#define MAGIC UINT32_C(0x544f4566) /* "TOEf" */

/* The longest hesitation before a FIN is 2^PAUSE_BITS us; any order of magnitude is as likely. */
#define PAUSE_BITS 14

/*
 * Whoever waits for a RST that was lost would wait for ever, having nothing to send that could be
 * answered by another: it ends the flow itself after this silence.
 */
#define RESET_PATIENCE (20 * TOE_NS_PER_SEC)

/* --- the header: big-endian, at fixed places --- */

static void store(uint8_t *p, uint64_t v, size_t len)
{
    for (size_t i = len; i-- > 0; v >>= 8) {
        p[i] = (uint8_t)v;
    }
}

static uint64_t load(const uint8_t *p, size_t len)
{
    uint64_t v = 0;

    for (size_t i = 0; i < len; ++i) {
        v = v << 8 | p[i];
    }
    return v;
}

static void header_build(uint8_t *p, const struct emu_flow_plan *plan)
{
    store(p, MAGIC, 4);
    p[4] = EMU_FLOW_VERSION;
    p[5] = plan->kind;
    store(p + 6, plan->flags, 2);
    store(p + 8, plan->seed, 8);
    store(p + 16, plan->up, 4);
    store(p + 20, plan->down, 4);
    store(p + 24, plan->think_us, 4);
    store(p + 28, plan->chunk, 2);
    store(p + 30, plan->port, 2);
}

static bool header_parse(struct emu_flow_plan *plan, const uint8_t *p)
{
    *plan = (struct emu_flow_plan){
        .kind = p[5],
        .flags = (uint16_t)load(p + 6, 2),
        .seed = load(p + 8, 8),
        .up = (uint32_t)load(p + 16, 4),
        .down = (uint32_t)load(p + 20, 4),
        .think_us = (uint32_t)load(p + 24, 4),
        .chunk = (uint16_t)load(p + 28, 2),
        .port = (uint16_t)load(p + 30, 2),
    };
    return load(p, 4) == MAGIC && p[4] == EMU_FLOW_VERSION && plan->kind <= EMU_FLOW_CALL &&
           (plan->flags & ~EMU_FLOW_FLAGS) == 0 && plan->chunk != 0 &&
           (plan->flags & EMU_FLOW_CLOSE_OPENER) <= EMU_CLOSE_LAST &&
           (plan->flags & EMU_FLOW_CLOSE_ACCEPTOR) >> 2 <= EMU_CLOSE_LAST;
}

/* --- what follows from the plan --- */

static uint64_t pattern_key(const struct emu_flow *flow, bool from_opener)
{
    /* Odd multiples keep the two directions, and neighboring seeds, far apart. */
    return (flow->plan.seed * 2 + (from_opener ? 1 : 0)) * UINT64_C(0xff51afd7ed558ccd);
}

static enum emu_flow_close close_rule(const struct emu_flow *flow)
{
    const unsigned bits = flow->is_opener ? flow->plan.flags & EMU_FLOW_CLOSE_OPENER
                                          : (flow->plan.flags & EMU_FLOW_CLOSE_ACCEPTOR) >> 2;

    return (enum emu_flow_close)bits;
}

static bool is_slow_reader(const struct emu_flow *flow, bool opener)
{
    return (flow->plan.flags & (opener ? EMU_FLOW_SLOW_OPENER : EMU_FLOW_SLOW_ACCEPTOR)) != 0;
}

static bool is_aborter(const struct emu_flow *flow)
{
    return emu_flow_may_be_reset(flow) &&
           (flow->plan.flags &
            (flow->is_opener ? EMU_FLOW_ABORT_OPENER : EMU_FLOW_ABORT_ACCEPTOR)) != 0;
}

static void plan_take(struct emu_flow *flow)
{
    const uint64_t piece = (flow->plan.flags & EMU_FLOW_BULK) != 0 ? EMU_FLOW_PIECE : 1;
    const uint64_t unit = flow->plan.kind == EMU_FLOW_PLAIN ? piece : 0; /* A call has nothing. */

    flow->is_known = true;
    flow->tx_len = unit * (flow->is_opener ? flow->plan.up : flow->plan.down);
    flow->rx_len = unit * (flow->is_opener ? flow->plan.down : flow->plan.up);
    flow->tx_pause = flow->plan.chunk;
    flow->rx_pause = flow->plan.chunk;
    flow->random.state = flow->plan.seed + (flow->is_opener ? 1 : 2);
}

void emu_flow_open(struct emu_flow *flow, const struct emu_flow_plan *plan, toe_instant now)
{
    *flow = (struct emu_flow){.plan = *plan, .is_opener = true, .progress_at = now};
    header_build(flow->header, plan);
    plan_take(flow);
}

void emu_flow_accept(struct emu_flow *flow, toe_instant now)
{
    *flow = (struct emu_flow){.progress_at = now};
}

/* --- sending --- */

static bool has_sent_header(const struct emu_flow *flow)
{
    return !flow->is_opener || flow->header_len == EMU_FLOW_HEADER_LEN;
}

/* The offset up to which the plan allows to send now, thinking aside. */
static uint64_t tx_limit(const struct emu_flow *flow)
{
    uint64_t turns;

    if ((flow->plan.flags & EMU_FLOW_PING) == 0 || flow->rx == flow->rx_len) {
        return flow->tx_len;
    }
    turns = flow->rx / flow->plan.chunk + (flow->is_opener ? 1 : 0);
    return turns * flow->plan.chunk < flow->tx_len ? turns * flow->plan.chunk : flow->tx_len;
}

/* How long to think this time: between a half and three halves of the mean. */
static toe_duration think(struct emu_flow *flow)
{
    const uint64_t mean = flow->plan.think_us * TOE_NS_PER_US;

    return flow->is_hurried ? 0 : mean / 2 + emu_random_below(&flow->random, mean + 1);
}

size_t emu_flow_fill(struct emu_flow *flow, uint8_t *dst, size_t max, toe_instant now)
{
    uint64_t len;

    if (!has_sent_header(flow)) {
        len = EMU_FLOW_HEADER_LEN - flow->header_len;
        len = len < max ? len : max;
        memcpy(dst, flow->header + flow->header_len, len);
        return len;
    }
    if (!flow->is_known || now < flow->tx_at || flow->has_shut || flow->has_aborted) {
        return 0;
    }
    len = tx_limit(flow) < flow->tx_pause ? tx_limit(flow) : flow->tx_pause;
    len = len > flow->tx ? len - flow->tx : 0;
    len = len < max ? len : max;
    emu_pattern_fill(dst, len, pattern_key(flow, flow->is_opener), flow->tx);
    return len;
}

void emu_flow_sent(struct emu_flow *flow, size_t len, toe_instant now)
{
    if (len == 0) {
        return;
    }
    flow->progress_at = now;
    if (!has_sent_header(flow)) {
        flow->header_len += (uint32_t)len;
        return;
    }
    flow->tx += len;
    if (flow->tx >= flow->tx_pause) {
        flow->tx_pause = flow->tx + flow->plan.chunk;
        if (flow->plan.think_us != 0 && !is_slow_reader(flow, !flow->is_opener)) {
            flow->tx_at = now + think(flow);
        }
    }
}

/* --- receiving --- */

size_t emu_flow_appetite(const struct emu_flow *flow, toe_instant now)
{
    if (!flow->is_known || flow->is_hurried || flow->plan.think_us == 0 ||
        !is_slow_reader(flow, flow->is_opener) || flow->rx >= flow->rx_len) {
        return SIZE_MAX;
    }
    return now < flow->rx_at ? 0 : (size_t)(flow->rx_pause - flow->rx);
}

static void set_fault(struct emu_flow *flow, enum emu_flow_fault fault)
{
    if (flow->fault == EMU_FLOW_OK) {
        flow->fault = fault;
    }
}

/* Takes what |src| has of the header and returns how many bytes that were. */
static size_t take_header(struct emu_flow *flow, const uint8_t *src, size_t len)
{
    const size_t room = EMU_FLOW_HEADER_LEN - flow->header_len;
    const size_t cnt = len < room ? len : room;

    memcpy(flow->header + flow->header_len, src, cnt);
    flow->header_len += (uint32_t)cnt;
    if (flow->header_len == EMU_FLOW_HEADER_LEN) {
        if (header_parse(&flow->plan, flow->header)) {
            plan_take(flow);
        } else {
            set_fault(flow, EMU_FLOW_BAD_HEADER);
        }
    }
    return cnt;
}

static void take_pattern(struct emu_flow *flow, const uint8_t *src, size_t len)
{
    const uint64_t left = flow->rx_len - flow->rx;
    const size_t cnt = len < left ? len : (size_t)left;
    uint64_t first = 0;
    const size_t wrong =
        emu_pattern_check(&first, src, cnt, pattern_key(flow, !flow->is_opener), flow->rx);

    if (wrong > 0) {
        flow->wrong_first = flow->wrong == 0 ? first : flow->wrong_first;
        set_fault(flow, EMU_FLOW_WRONG);
    }
    flow->rx += cnt;
    flow->wrong += wrong + (len - cnt);
    if (len > cnt) {
        set_fault(flow, EMU_FLOW_EXCESS);
    }
}

void emu_flow_taken(struct emu_flow *flow, const uint8_t *src, size_t len, toe_instant now)
{
    if (len == 0) {
        return;
    }
    flow->progress_at = now;
    if (!flow->is_opener && flow->header_len < EMU_FLOW_HEADER_LEN) {
        const size_t cnt = take_header(flow, src, len);

        src += cnt;
        len -= cnt;
    }
    if (flow->is_known && len > 0) {
        take_pattern(flow, src, len);
    }
    if (flow->is_known && flow->rx >= flow->rx_pause) {
        flow->rx_pause = flow->rx + flow->plan.chunk;
        flow->rx_at = now + think(flow);
    }
}

void emu_flow_ended(struct emu_flow *flow, toe_instant now)
{
    if (flow->has_ended) {
        return;
    }
    flow->has_ended = true;
    flow->progress_at = now;
    if (!flow->is_known || flow->rx < flow->rx_len) {
        set_fault(flow, EMU_FLOW_CUT);
    }
}

/* --- ending --- */

/* Whether all was sent and the close rule allows a FIN. */
static bool may_shut(const struct emu_flow *flow)
{
    if (flow->has_shut || !flow->is_known || !has_sent_header(flow) || flow->tx < flow->tx_len) {
        return false;
    }
    switch (close_rule(flow)) {
    case EMU_CLOSE_EAGER:
        return true;
    case EMU_CLOSE_DONE:
        return flow->rx == flow->rx_len;
    case EMU_CLOSE_LAST:
        return flow->has_ended;
    }
    return true;
}

static bool may_abort(const struct emu_flow *flow, toe_instant now)
{
    if (flow->has_aborted || !flow->is_known || !has_sent_header(flow)) {
        return false;
    }
    if (is_aborter(flow) && flow->tx == flow->tx_len && flow->rx == flow->rx_len) {
        return true;
    }
    return emu_flow_may_be_reset(flow) && now >= flow->progress_at + RESET_PATIENCE;
}

static toe_duration hesitation(struct emu_flow *flow)
{
    if (!flow->is_opener || (flow->plan.flags & EMU_FLOW_PAUSE) == 0) {
        return 0;
    }
    return TOE_NS_PER_US << emu_random_below(&flow->random, PAUSE_BITS + 1);
}

enum emu_flow_step emu_flow_step(struct emu_flow *flow, toe_instant now)
{
    if (may_abort(flow, now)) {
        flow->has_aborted = true;
        return EMU_STEP_ABORT;
    }
    if (!may_shut(flow) || is_aborter(flow)) {
        return EMU_STEP_NONE;
    }
    if (flow->shut_at == 0) {
        flow->shut_at = now + hesitation(flow);
    }
    if (now < flow->shut_at) {
        return EMU_STEP_NONE;
    }
    flow->has_shut = true;
    flow->progress_at = now;
    return EMU_STEP_SHUTDOWN;
}

bool emu_flow_is_finished(const struct emu_flow *flow)
{
    return flow->has_shut && flow->has_ended;
}

bool emu_flow_may_be_reset(const struct emu_flow *flow)
{
    return flow->plan.kind == EMU_FLOW_PLAIN &&
           (flow->plan.flags & (EMU_FLOW_ABORT_OPENER | EMU_FLOW_ABORT_ACCEPTOR)) != 0;
}

/* The earlier of |best| and |at|, which counts only if it is still to come. */
static toe_instant sooner(toe_instant best, toe_instant at, toe_instant now)
{
    return at > now && at < best ? at : best;
}

toe_instant emu_flow_deadline(const struct emu_flow *flow, toe_instant now)
{
    toe_instant at = TOE_INSTANT_NEVER;

    if (flow->tx < flow->tx_len) {
        at = sooner(at, flow->tx_at, now);
    }
    if (flow->rx < flow->rx_len && is_slow_reader(flow, flow->is_opener)) {
        at = sooner(at, flow->rx_at, now);
    }
    if (!flow->has_shut) {
        at = sooner(at, flow->shut_at, now);
    }
    if (!flow->has_aborted && emu_flow_may_be_reset(flow)) {
        at = sooner(at, flow->progress_at + RESET_PATIENCE, now);
    }
    return at;
}

void emu_flow_hurry(struct emu_flow *flow, toe_instant now)
{
    if (!emu_flow_is_finished(flow)) {
        flow->progress_at = now;
    }
    flow->is_hurried = true;
    flow->tx_at = 0;
    flow->rx_at = 0;
}

const char *emu_flow_fault_text(enum emu_flow_fault fault)
{
    switch (fault) {
    case EMU_FLOW_OK:
        return "nothing";
    case EMU_FLOW_BAD_HEADER:
        return "the connection does not begin with a header";
    case EMU_FLOW_WRONG:
        return "wrong bytes";
    case EMU_FLOW_EXCESS:
        return "more bytes than announced";
    case EMU_FLOW_CUT:
        return "the end of the stream came too early";
    }
    return "?";
}
