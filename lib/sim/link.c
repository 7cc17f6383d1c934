/* SPDX-License-Identifier: MIT */
/*
 * Links: what happens to a frame between two machines.
 *
 * In this order: a frame too long for the link is lost, then one that finds the queue full; the
 * rest waits for the rate and leaves. Of what left, chance loses, marks, corrupts, holds back and
 * doubles; what may be marked is marked for sure behind a long queue.
 * Each direction has random streams of its own, and takes the same amount of them for every frame;
 * so a change of one chance, or more frames the other way, leaves the fate of all others alone.
 *
 * Corruption spares what no checksum of the packet's covers, the Ethernet header and ARP: on a real
 * link the frame check has caught such errors, and what is left are those of routers and memories.
 */
#include "sim/world.h"

#include "base/assert.h"
#include "base/mem.h"
#include "sim/digest.h"
#include "sim/mark.h"
#include "wire/bytes.h"
#include "wire/checksum.h"

#include <string.h>

enum {
    ETHER_LEN = 14,
    VLAN_LEN = 4,
    TYPE_OFF = 12,
    TYPE_ARP = 0x0806,
    TYPE_VLAN = 0x8100,
    MILLION = 1000000,
};

/* --- links and their settings --- */

/* Makes the ring of |end| hold |cap| instants; without memory it stays as it is. */
static bool ring_resize(struct sim_end *end, uint32_t cap)
{
    const struct toe_mem *mem = &end->link->sim->mem;
    toe_instant *ring;

    if (cap <= end->leaving_cap) {
        return true;
    }
    ring = base_mem_alloc(mem, cap * sizeof(*ring));
    if (ring == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < end->leaving_cnt; ++i) {
        ring[i] = end->leaving[(end->leaving_first + i) % end->leaving_cap];
    }
    base_mem_free(mem, end->leaving, end->leaving_cap * sizeof(*ring));
    end->leaving = ring;
    end->leaving_first = 0;
    end->leaving_cap = cap;
    return true;
}

struct toe_sim_link *toe_sim_link_new(struct toe_sim *sim,
                                      const struct toe_sim_link_settings *settings)
{
    struct toe_sim_link *link = base_mem_alloc(&sim->mem, sizeof(*link));

    if (link == NULL) {
        return NULL;
    }
    link->sim = sim;
    link->settings = *settings;
    link->id = sim->link_cnt;
    link->up = true;
    for (uint32_t i = 0; i < 2; ++i) {
        link->ends[i].link = link;
        link->ends[i].idx = i;
        link->ends[i].node = SIM_NODE_NONE;
        base_rand_fork(&sim->rand, &link->ends[i].fate);
        base_rand_fork(&sim->rand, &link->ends[i].detail);
    }
    if (!ring_resize(&link->ends[0], settings->queue) ||
        !ring_resize(&link->ends[1], settings->queue)) {
        sim_link_del(link);
        return NULL;
    }
    link->next = sim->links;
    sim->links = link;
    ++sim->link_cnt;
    return link;
}

static void inbox_clear(struct sim_end *end)
{
    struct sim_flight_pool *pool = &end->link->sim->pool;

    sim_flight_free(pool, end->inbox.head);
    end->inbox.head = NULL;
    end->inbox.tail = NULL;
    for (uint32_t i = 0; i < end->inbox.held_cnt; ++i) {
        sim_flight_free(pool, end->inbox.held[i]);
    }
    end->inbox.held_cnt = 0;
}

void sim_link_del(struct toe_sim_link *link)
{
    const struct toe_mem *mem = &link->sim->mem;

    for (uint32_t i = 0; i < 2; ++i) {
        struct sim_end *end = &link->ends[i];

        inbox_clear(end);
        sim_flight_free(&link->sim->pool, end->lent);
        base_mem_free(mem, end->inbox.held, end->inbox.held_cap * sizeof(*end->inbox.held));
        base_mem_free(mem, end->leaving, end->leaving_cap * sizeof(*end->leaving));
    }
    base_mem_free(mem, link, sizeof(*link));
}

void toe_sim_link_set(struct toe_sim_link *link, const struct toe_sim_link_settings *settings)
{
    link->settings = *settings;
    for (uint32_t i = 0; i < 2; ++i) {
        /* Short of memory, the queue is as long as the ring. */
        if (!ring_resize(&link->ends[i], settings->queue)) {
            link->settings.queue = link->ends[i].leaving_cap;
        }
    }
}

void toe_sim_link_up_set(struct toe_sim_link *link, bool up)
{
    struct toe_sim *sim = link->sim;

    if (link->up == up) {
        return;
    }
    link->up = up;
    for (uint32_t i = 0; i < 2; ++i) {
        inbox_clear(&link->ends[i]);
        link->ends[i].free_at = sim->now;
        link->ends[i].last_at = sim->now;
        link->ends[i].leaving_cnt = 0;
        if (link->ends[i].node != SIM_NODE_NONE) {
            sim_agenda_set(&sim->agenda, link->ends[i].node, sim->now);
        }
    }
}

bool toe_sim_link_strike(struct toe_sim_link *link, uint32_t end, enum toe_sim_strike strike,
                         uint64_t detail)
{
    struct sim_end *from = &link->ends[end];

    toe_assert(end < 2);
    if (from->strike_cnt == SIM_STRIKES_MAX) {
        return false;
    }
    from->strikes[(from->strike_first + from->strike_cnt++) % SIM_STRIKES_MAX] =
        (struct sim_strike){strike, detail};
    return true;
}

void *toe_sim_link_end(struct toe_sim_link *link, uint32_t end)
{
    toe_assert(end < 2);
    return &link->ends[end];
}

/* --- frames on their way --- */

static bool is_before(const struct sim_flight *a, const struct sim_flight *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

toe_instant sim_end_arrival(const struct sim_end *end)
{
    const struct sim_inbox *inbox = &end->inbox;
    toe_instant at = inbox->head == NULL ? TOE_INSTANT_NEVER : inbox->head->at;

    if (inbox->held_cnt > 0 && inbox->held[0]->at < at) {
        at = inbox->held[0]->at;
    }
    return at;
}

static void inbox_append(struct sim_inbox *inbox, struct sim_flight *flight)
{
    if (inbox->head == NULL) {
        inbox->head = flight;
    } else {
        inbox->tail->next = flight;
    }
    inbox->tail = flight;
}

/* Room for one more frame that is held back; false if memory ran out. */
static bool held_reserve(struct sim_end *end)
{
    const struct toe_mem *mem = &end->link->sim->mem;
    struct sim_inbox *inbox = &end->inbox;
    const uint32_t cap = inbox->held_cap == 0 ? 64 : 2 * inbox->held_cap;
    struct sim_flight **held;

    if (inbox->held_cnt < inbox->held_cap) {
        return true;
    }
    held = base_mem_alloc(mem, cap * sizeof(*held));
    if (held == NULL) {
        return false;
    }
    if (inbox->held_cnt > 0) {
        memcpy(held, inbox->held, inbox->held_cnt * sizeof(*held));
    }
    base_mem_free(mem, inbox->held, inbox->held_cap * sizeof(*held));
    inbox->held = held;
    inbox->held_cap = cap;
    return true;
}

static void held_push(struct sim_inbox *inbox, struct sim_flight *flight)
{
    uint32_t pos = inbox->held_cnt++;

    for (; pos > 0 && is_before(flight, inbox->held[(pos - 1) / 2]); pos = (pos - 1) / 2) {
        inbox->held[pos] = inbox->held[(pos - 1) / 2];
    }
    inbox->held[pos] = flight;
}

static struct sim_flight *held_pop(struct sim_inbox *inbox)
{
    struct sim_flight *first = inbox->held[0];
    struct sim_flight *last = inbox->held[--inbox->held_cnt];
    uint32_t pos = 0;

    for (;;) {
        uint32_t child = 2 * pos + 1;

        if (child + 1 < inbox->held_cnt && is_before(inbox->held[child + 1], inbox->held[child])) {
            ++child;
        }
        if (child >= inbox->held_cnt || !is_before(inbox->held[child], last)) {
            break;
        }
        inbox->held[pos] = inbox->held[child];
        pos = child;
    }
    inbox->held[pos] = last;
    return first;
}

/* The first frame that has arrived by |now|, or NULL. */
static struct sim_flight *inbox_pop(struct sim_inbox *inbox, toe_instant now)
{
    struct sim_flight *flight = inbox->head;

    if (inbox->held_cnt > 0 && (flight == NULL || is_before(inbox->held[0], flight))) {
        return inbox->held[0]->at <= now ? held_pop(inbox) : NULL;
    }
    if (flight == NULL || flight->at > now) {
        return NULL;
    }
    inbox->head = flight->next;
    return flight;
}

static uint32_t wire_receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct sim_end *end = wire;
    struct toe_sim *sim = end->link->sim;
    struct sim_flight **tail = &end->lent;
    uint32_t cnt = 0;

    sim_flight_free(&sim->pool, end->lent);
    end->lent = NULL;
    for (; cnt < max; ++cnt) {
        struct sim_flight *flight = inbox_pop(&end->inbox, sim->now);

        if (flight == NULL) {
            break;
        }
        flight->next = NULL;
        *tail = flight;
        tail = &flight->next;
        frames[cnt] = (struct toe_frame){.data = sim_flight_data(flight), .len = flight->len};
    }
    sim->moved += cnt;
    return cnt;
}

/* --- what happens to a frame --- */

/* Whether the frame finds room among those that wait for the rate. */
static bool has_room(struct sim_end *end, toe_instant now)
{
    while (end->leaving_cnt > 0 && end->leaving[end->leaving_first] <= now) {
        end->leaving_first = (end->leaving_first + 1) % end->leaving_cap;
        --end->leaving_cnt;
    }
    return end->link->settings.queue == 0 || end->leaving_cnt < end->link->settings.queue;
}

/* The instant at which a frame of |len| bytes has left, in its turn. */
static toe_instant leave(struct sim_end *end, uint32_t len, toe_instant now)
{
    const struct toe_sim_link_settings *set = &end->link->settings;

    end->free_at = end->free_at < now ? now : end->free_at;
    if (set->rate != 0) {
        end->free_at += len * 8u * TOE_NS_PER_SEC / set->rate;
    }
    if (set->queue != 0) {
        end->leaving[(end->leaving_first + end->leaving_cnt) % end->leaving_cap] = end->free_at;
        ++end->leaving_cnt;
    }
    return end->free_at;
}

/* Flips the bit that |pick| says. */
static void corrupt(struct sim_end *end, struct sim_flight *flight, uint64_t pick)
{
    uint8_t *data = sim_flight_data(flight);
    const uint32_t off = flight->len > TYPE_OFF + 2 && wire_load_u16(data + TYPE_OFF) == TYPE_VLAN
                             ? ETHER_LEN + VLAN_LEN
                             : ETHER_LEN;

    if (flight->len <= off || wire_load_u16(data + off - 2) == TYPE_ARP) {
        return;
    }
    data[off + (pick >> 3) % (flight->len - off)] ^= (uint8_t)(1u << (pick & 7));
    ++end->link->sim->stats.corrupted;
}

static bool is_too_long(const struct toe_sim_link *link, struct sim_flight *flight)
{
    const uint8_t *data = sim_flight_data(flight);
    uint32_t head = ETHER_LEN;

    if (flight->len > ETHER_LEN && wire_load_u16(data + TYPE_OFF) == TYPE_VLAN) {
        head += VLAN_LEN;
    }
    return link->settings.mtu != 0 && flight->len > head + link->settings.mtu;
}

/* Completes a checksum of which the frame has the pseudo-header's part only. */
static bool complete_checksum(struct sim_flight *flight, const struct toe_frame *frame)
{
    const uint32_t at = (uint32_t)frame->csum_start + frame->csum_off;
    uint8_t *data = sim_flight_data(flight);

    if (at + 2 > flight->len) {
        return false;
    }
    wire_store_u16(data + at, wire_csum_fold(wire_csum_add(0, data + frame->csum_start,
                                                           flight->len - frame->csum_start)));
    return true;
}

/* Enters |flight| among those on their way to |to|; |held| for how long it is late. */
static void put(struct sim_end *to, struct sim_flight *flight, toe_instant at, toe_duration held)
{
    struct toe_sim *sim = to->link->sim;

    flight->order = sim->flight_cnt++;
    if (held > 0 && held_reserve(to)) {
        flight->at = at + held;
        held_push(&to->inbox, flight);
        ++sim->stats.reordered;
    } else {
        flight->at = at < to->last_at ? to->last_at : at;
        to->last_at = flight->at;
        inbox_append(&to->inbox, flight);
    }
    if (to->node != SIM_NODE_NONE && flight->at < sim_agenda_at(&sim->agenda, to->node)) {
        sim_agenda_set(&sim->agenda, to->node, flight->at);
    }
}

/* Whether |word|, 32 random bits, falls below |ppm| in a million. */
static bool falls(uint64_t word, uint32_t ppm)
{
    return (word & UINT32_MAX) * MILLION >> 32 < ppm;
}

/* Takes the strike that is meant for the next frame from |end|; one that does nothing if none is.
 */
static struct sim_strike take_strike(struct sim_end *end)
{
    struct sim_strike strike = {.kind = TOE_SIM_HOLD, .detail = 0};

    if (end->strike_cnt > 0) {
        strike = end->strikes[end->strike_first];
        end->strike_first = (end->strike_first + 1) % SIM_STRIKES_MAX;
        --end->strike_cnt;
    }
    return strike;
}

/* Sends |flight| on its way. Returns false if it is lost; then it is still the caller's. */
static bool send(struct sim_end *from, struct sim_flight *flight)
{
    struct toe_sim *sim = from->link->sim;
    const struct toe_sim_link_settings *set = &from->link->settings;
    struct sim_end *to = &from->link->ends[1 - from->idx];
    const uint64_t fate1 = base_rand_u64(&from->fate);
    const uint64_t fate2 = base_rand_u64(&from->fate);
    struct sim_flight *twin = NULL;
    toe_duration held = 0;
    toe_instant at;
    bool is_marked;
    struct sim_strike strike;

    if (is_too_long(from->link, flight)) {
        ++sim->stats.too_long;
        return false;
    }
    if (!has_room(from, sim->now)) {
        ++sim->stats.overflowed;
        return false;
    }
    is_marked = set->mark_at != 0 && from->leaving_cnt >= set->mark_at;
    at = leave(from, flight->len, sim->now) + set->delay;
    if (set->jitter != 0) {
        at += base_rand_below(&from->detail, set->jitter + 1);
    }
    if (falls(fate1, set->loss)) {
        ++sim->stats.lost;
        return false;
    }
    strike = take_strike(from);
    if (strike.kind == TOE_SIM_LOSE) {
        ++sim->stats.lost;
        return false;
    }
    if (set->mark != 0) {
        is_marked = falls(base_rand_u64(&from->detail), set->mark) || is_marked;
    }
    if (is_marked) {
        sim->stats.marked += sim_mark(sim_flight_data(flight), flight->len);
    }
    if (falls(fate1 >> 32, set->duplicate) || strike.kind == TOE_SIM_DUPLICATE) {
        twin = sim_flight_twin(&sim->pool, flight);
    }
    if (falls(fate2, set->corrupt)) {
        corrupt(from, flight, base_rand_u64(&from->detail));
    }
    if (strike.kind == TOE_SIM_CORRUPT) {
        corrupt(from, flight, strike.detail);
    }
    if (falls(fate2 >> 32, set->reorder) && set->reorder_delay != 0) {
        held = 1 + base_rand_below(&from->detail, set->reorder_delay);
    }
    held += strike.kind == TOE_SIM_HOLD ? strike.detail : 0;
    put(to, flight, at, held);
    if (twin != NULL) {
        ++sim->stats.duplicated;
        put(to, twin, at, 0);
    }
    return true;
}

static void tell_tap(const struct sim_end *end, const struct toe_frame *frame, bool lost)
{
    const struct toe_sim *sim = end->link->sim;
    const struct toe_sim_tap_frame tapped = {
        .now = sim->now, .link = end->link, .end = end->idx, .frame = frame, .lost = lost};

    sim->tap(sim->tap_user, &tapped);
}

/* Puts one frame on the link: counts it, sums it up, sends it, tells the tap. */
static void transmit_one(struct sim_end *end, const struct toe_frame *frame)
{
    struct toe_sim *sim = end->link->sim;
    struct sim_flight *flight = sim_flight_copy(&sim->pool, frame);
    uint64_t sum = 0;
    bool sent = false;

    ++sim->stats.frames;
    ++sim->moved;
    if (flight == NULL) {
        ++sim->stats.overflowed;
    } else if (frame->gso != TOE_GSO_NONE || ((frame->flags & TOE_FRAME_CSUM_PARTIAL) != 0 &&
                                              !complete_checksum(flight, frame))) {
        ++sim->stats.refused;
    } else if (!end->link->up) {
        ++sim->stats.cut;
    } else {
        sim->stats.bytes += flight->len;
        sum = sim_digest_bytes(sim_flight_data(flight), flight->len);
        sent = send(end, flight);
    }
    if (!sent && flight != NULL) {
        sim_flight_free(&sim->pool, flight);
    }
    sim->digest = sim_digest_mix(sim_digest_mix(sim->digest, sum),
                                 sim->now * 4 + end->idx * 2 + (sent ? 1 : 0) +
                                     ((uint64_t)end->link->id << 56));
    if (sim->tap != NULL) {
        tell_tap(end, frame, !sent);
    }
}

static void wire_transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        transmit_one(wire, &frames[i]);
    }
}

static bool wire_link_up(void *wire)
{
    const struct sim_end *end = wire;

    return end->link->up;
}

const struct toe_wire_ops *toe_sim_wire_ops(void)
{
    static const struct toe_wire_ops ops = {
        .size = sizeof(ops),
        .features = 0,
        .receive = wire_receive,
        .transmit = wire_transmit,
        .link_up = wire_link_up,
    };

    return &ops;
}
