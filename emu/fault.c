/* SPDX-License-Identifier: MIT */
/*
 * Each direction is a lane with its own chance and its own heap of held frames, ordered by the
 * instant they are due and then by arrival. A frame that nothing happens to is passed on where it
 * lies; the others are copied.
 */
#include "fault.h"

#include <stdlib.h>
#include <string.h>

#include "ecn_mark.h"
#include "gso.h"
#include "random.h"

enum {
    HELD_MAX = 65536, /* frames held in one direction; more are lost */
    BATCH = 64,
    ADDRESSES_LEN = 2 * TOE_MAC_LEN,
    REORDER_DELAY_MS = 2, /* where the settings say nothing */
};

/* A frame on its way. Its bytes follow the structure. */
struct held {
    toe_instant due;
    uint64_t serial; /* of arrival: keeps the order of frames due at once */
    struct toe_frame frame;
    uint8_t bytes[];
};

struct lane {
    struct emu_fault_settings settings;
    struct emu_fault_stats stats;
    struct emu_random random;
    struct held **heap; /* the earliest first */
    uint32_t heap_cnt;
    uint32_t heap_max;
    uint64_t serial;
    toe_instant last_due; /* of the frames that keep their order */
};

struct fault_port {
    struct emu_port port;
    struct lane in;
    struct lane out;
    struct held *lent[BATCH]; /* what the last receive() gave away */
    uint32_t lent_cnt;
};

/* --- held frames --- */

static bool is_before(const struct held *a, const struct held *b)
{
    return a->due != b->due ? a->due < b->due : a->serial < b->serial;
}

static void heap_swap(struct lane *lane, uint32_t i, uint32_t j)
{
    struct held *held = lane->heap[i];

    lane->heap[i] = lane->heap[j];
    lane->heap[j] = held;
}

static bool heap_push(struct lane *lane, struct held *held)
{
    uint32_t i = lane->heap_cnt;

    if (i == lane->heap_max) {
        const uint32_t max = i == 0 ? 256 : 2 * i;
        struct held **heap = i >= HELD_MAX ? NULL : realloc(lane->heap, max * sizeof(*heap));

        if (heap == NULL) {
            return false;
        }
        lane->heap = heap;
        lane->heap_max = max;
    }
    lane->heap[lane->heap_cnt++] = held;
    for (; i != 0 && is_before(lane->heap[i], lane->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        heap_swap(lane, i, (i - 1) / 2);
    }
    return true;
}

/* The first held frame if it is due at |now|, else NULL. It is the caller's then. */
static struct held *heap_pop(struct lane *lane, toe_instant now)
{
    struct held *first;
    uint32_t i = 0;

    if (lane->heap_cnt == 0 || lane->heap[0]->due > now) {
        return NULL;
    }
    first = lane->heap[0];
    lane->heap[0] = lane->heap[--lane->heap_cnt];
    for (;;) {
        uint32_t child = 2 * i + 1;

        if (child + 1 < lane->heap_cnt && is_before(lane->heap[child + 1], lane->heap[child])) {
            ++child;
        }
        if (child >= lane->heap_cnt || !is_before(lane->heap[child], lane->heap[i])) {
            return first;
        }
        heap_swap(lane, i, child);
        i = child;
    }
}

static toe_instant lane_deadline(const struct lane *lane)
{
    return lane->heap_cnt == 0 ? TOE_INSTANT_NEVER : lane->heap[0]->due;
}

static struct held *copy_frame(const struct toe_frame *frame)
{
    size_t len = frame->len;
    struct held *held;

    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        len += frame->more[i].len;
    }
    held = malloc(sizeof(*held) + len);
    if (held == NULL) {
        return NULL;
    }
    held->frame = *frame;
    held->frame.data = held->bytes;
    held->frame.len = (uint32_t)len;
    held->frame.more = NULL;
    held->frame.lease = NULL;
    held->frame.more_cnt = 0;
    memcpy(held->bytes, frame->data, frame->len);
    len = frame->len;
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        memcpy(held->bytes + len, frame->more[i].base, frame->more[i].len);
        len += frame->more[i].len;
    }
    return held;
}

/* --- what happens to a frame --- */

/* What was decided about one frame. */
struct fate {
    bool lost;
    bool twice;
    bool spoilt;
    bool marked;
    toe_duration wait; /* until it goes on */
};

/* Every frame draws the same numbers, so one chance changed moves no other decision. */
static struct fate decide(struct lane *lane, const struct toe_frame *frame, toe_instant now)
{
    const struct emu_fault_settings *s = &lane->settings;
    const toe_duration back =
        s->reorder_delay != 0 ? s->reorder_delay : REORDER_DELAY_MS * TOE_NS_PER_MS;
    struct fate fate = {.lost = emu_random_chance(&lane->random, s->loss)};
    const bool reordered = emu_random_chance(&lane->random, s->reorder);
    const uint64_t draw = emu_random_next(&lane->random);

    fate.twice = emu_random_chance(&lane->random, s->duplicate);
    fate.spoilt = emu_random_chance(&lane->random, s->corrupt);
    fate.marked =
        emu_random_chance(&lane->random, s->mark) && emu_ecn_is_markable(frame->data, frame->len);
    fate.wait = s->delay + (s->jitter == 0 ? 0 : draw % (s->jitter + 1));
    if (now + fate.wait < lane->last_due) {
        fate.wait = lane->last_due - now;
    }
    lane->stats.frames++;
    if (fate.lost) {
        lane->stats.lost++;
        return fate;
    }
    if (reordered) {
        fate.wait += 1 + draw % back;
    } else {
        lane->last_due = now + fate.wait;
    }
    lane->stats.reordered += reordered ? 1 : 0;
    lane->stats.duplicated += fate.twice ? 1 : 0;
    lane->stats.corrupted += fate.spoilt ? 1 : 0;
    lane->stats.marked += fate.marked ? 1 : 0;
    lane->stats.delayed += fate.wait != 0 ? 1 : 0;
    return fate;
}

/* Flips one bit. A partial checksum is completed before, or it would hide the damage. */
static void spoil(struct lane *lane, struct held *held)
{
    const uint64_t draw = emu_random_next(&lane->random);
    struct toe_frame *frame = &held->frame;

    if (frame->len <= ADDRESSES_LEN) {
        return;
    }
    if ((frame->flags & TOE_FRAME_CSUM_PARTIAL) != 0) {
        (void)emu_gso_checksum(held->bytes, frame->len, frame->csum_start, frame->csum_off);
    }
    frame->flags = 0;
    held->bytes[ADDRESSES_LEN + (draw >> 8) % (frame->len - ADDRESSES_LEN)] ^=
        (uint8_t)(1u << (draw % 8));
}

static void hold(struct lane *lane, const struct toe_frame *frame, toe_instant due,
                 const struct fate *fate, bool spoilt)
{
    struct held *held;

    /* Nothing in a super-segment would show the damage: it is lost, as it would be found out. */
    if (spoilt && frame->gso != TOE_GSO_NONE) {
        return;
    }
    held = copy_frame(frame);
    if (held == NULL) {
        lane->stats.overflowed++;
        return;
    }
    held->due = due;
    held->serial = lane->serial++;
    if (fate->marked) {
        emu_ecn_mark(held->bytes);
    }
    if (spoilt) {
        spoil(lane, held);
    }
    if (!heap_push(lane, held)) {
        lane->stats.overflowed++;
        free(held);
    }
}

/* Returns true if |frame| goes on as it is, now. Otherwise it is lost, or held as often as needed.
 */
static bool pass(struct lane *lane, const struct toe_frame *frame, toe_instant now)
{
    const uint8_t flags = emu_ecn_flags(frame->data, frame->len);
    const struct fate fate = decide(lane, frame, now);

    if (fate.lost) {
        return false;
    }
    lane->stats.echoed += (flags & EMU_ECN_ECE) != 0 ? 1 : 0;
    lane->stats.reduced += (flags & EMU_ECN_CWR) != 0 ? 1 : 0;
    if (fate.wait == 0 && !fate.twice && !fate.spoilt && !fate.marked &&
        (lane->heap_cnt == 0 || lane->heap[0]->due > now)) {
        return true;
    }
    hold(lane, frame, now + fate.wait, &fate, fate.spoilt);
    if (fate.twice) {
        hold(lane, frame, now + fate.wait, &fate, false);
    }
    return false;
}

/* --- the port --- */

static void free_lent(struct fault_port *fault)
{
    while (fault->lent_cnt != 0) {
        free(fault->lent[--fault->lent_cnt]);
    }
}

static uint32_t lend_due(struct fault_port *fault, struct toe_frame *frames, uint32_t max)
{
    uint32_t cnt = 0;
    struct held *held;

    while (cnt < max && fault->lent_cnt < BATCH &&
           (held = heap_pop(&fault->in, fault->port.now)) != NULL) {
        fault->lent[fault->lent_cnt++] = held;
        frames[cnt++] = held->frame;
    }
    return cnt;
}

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct fault_port *fault = wire;
    struct toe_frame fresh[BATCH];
    uint32_t cnt;
    uint32_t fresh_cnt;

    free_lent(fault);
    cnt = lend_due(fault, frames, max);
    fresh_cnt = max - cnt < BATCH ? max - cnt : BATCH;
    if (fresh_cnt == 0) {
        return cnt;
    }
    fresh_cnt = fault->port.below->ops.receive(fault->port.below, fresh, fresh_cnt);
    for (uint32_t i = 0; i < fresh_cnt; ++i) {
        if (pass(&fault->in, &fresh[i], fault->port.now)) {
            frames[cnt++] = fresh[i];
        }
    }
    return cnt + lend_due(fault, frames + cnt, max - cnt);
}

/* Sends what is due and held; each frame is freed once the port below has had it. */
static void flush_out(struct fault_port *fault)
{
    struct held *held;

    while ((held = heap_pop(&fault->out, fault->port.now)) != NULL) {
        fault->port.below->ops.transmit(fault->port.below, &held->frame, 1);
        free(held);
    }
}

static void transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct fault_port *fault = wire;
    struct toe_frame batch[BATCH];
    uint32_t batch_cnt = 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        const bool goes_on = pass(&fault->out, &frames[i], fault->port.now);

        if (goes_on) {
            batch[batch_cnt++] = frames[i];
        }
        if (batch_cnt == BATCH || (!goes_on && batch_cnt != 0)) {
            fault->port.below->ops.transmit(fault->port.below, batch, batch_cnt);
            batch_cnt = 0;
        }
        if (!goes_on) {
            flush_out(fault);
        }
    }
    if (batch_cnt != 0) {
        fault->port.below->ops.transmit(fault->port.below, batch, batch_cnt);
    }
}

static void tick(struct emu_port *port, toe_instant now)
{
    (void)now;
    flush_out((struct fault_port *)port);
}

static toe_instant deadline(const struct emu_port *port)
{
    const struct fault_port *fault = (const struct fault_port *)port;
    const toe_instant in = lane_deadline(&fault->in);
    const toe_instant out = lane_deadline(&fault->out);

    return in < out ? in : out;
}

static void fini_lane(struct lane *lane)
{
    while (lane->heap_cnt != 0) {
        free(lane->heap[--lane->heap_cnt]);
    }
    free(lane->heap);
}

static void close_fault(struct emu_port *port)
{
    struct fault_port *fault = (struct fault_port *)port;

    free_lent(fault);
    fini_lane(&fault->in);
    fini_lane(&fault->out);
    free(fault);
}

struct emu_port *emu_fault_new(struct emu_port *below, const struct emu_fault_settings *in,
                               const struct emu_fault_settings *out, uint64_t seed)
{
    struct fault_port *fault = calloc(1, sizeof(*fault));

    if (fault == NULL) {
        return NULL;
    }
    emu_port_on(&fault->port, below);
    fault->port.ops.receive = receive;
    fault->port.ops.transmit = transmit;
    fault->port.tick = tick;
    fault->port.deadline = deadline;
    fault->port.close = close_fault;
    fault->in.random.state = seed;
    fault->out.random.state = ~seed;
    emu_fault_set(&fault->port, in, out);
    return &fault->port;
}

void emu_fault_set(struct emu_port *port, const struct emu_fault_settings *in,
                   const struct emu_fault_settings *out)
{
    static const struct emu_fault_settings nothing;
    struct fault_port *fault = (struct fault_port *)port;

    fault->in.settings = in == NULL ? nothing : *in;
    fault->out.settings = out == NULL ? nothing : *out;
}

void emu_fault_stats_get(const struct emu_port *port, struct emu_fault_stats *in,
                         struct emu_fault_stats *out)
{
    const struct fault_port *fault = (const struct fault_port *)port;

    if (in != NULL) {
        *in = fault->in.stats;
    }
    if (out != NULL) {
        *out = fault->out.stats;
    }
}
