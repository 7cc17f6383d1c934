/* SPDX-License-Identifier: MIT */
#include "target/arrival.h"

#include "base/prefetch.h"
#include "target/delivery.h"
#include "target/ingress.h"
#include "target/instance.h"
#include "target/object.h"
#include "target/reach.h"
#include "tcp/engine.h"
#include "tcp/window.h"
#include "wire/checksum.h"

#include <string.h>

/* Frames whose headers are asked for ahead of the one that is looked at. */
#define AHEAD 4u

#define ECN_MASK 3u

/* --- looking at a batch --- */

static struct target_row row_of(const struct wire_plain *plain)
{
    return (struct target_row){.bytes = wire_plain_row(plain), .len = plain->row_len};
}

static void classify(struct toe_target *target, struct target_arrival *arrivals,
                     const struct toe_frame *frames, uint32_t cnt)
{
    const struct wire_plain *last = NULL;

    for (uint32_t i = 0; i < cnt; ++i) {
        struct target_arrival *arrival = &arrivals[i];

        if (i + AHEAD < cnt) {
            base_prefetch(frames[i + AHEAD].data);
        }
        arrival->tcp = NULL;
        arrival->is_plain = wire_plain_parse(&arrival->plain, frames[i].data, frames[i].len);
        arrival->is_again = false;
        if (!arrival->is_plain) {
            continue;
        }
        arrival->is_again = last != NULL && wire_plain_is_same_row(last, &arrival->plain);
        if (!arrival->is_again) {
            arrival->hash = target_demux_hash(&target->demux, row_of(&arrival->plain));
            target_demux_fetch(&target->demux, arrival->hash);
        }
        last = &arrival->plain;
    }
}

/*
 * Finds the connections of a batch. None of them goes away before the batch is processed: what the
 * host asks for inside an upcall waits.
 */
static void look_up(struct toe_target *target, struct target_arrival *arrivals, uint32_t cnt)
{
    struct target_tcp *last = NULL;

    for (uint32_t i = 0; i < cnt; ++i) {
        if (arrivals[i].is_plain && !arrivals[i].is_again) {
            target_demux_fetch_first(&target->demux, arrivals[i].hash);
        }
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        struct target_arrival *arrival = &arrivals[i];

        if (!arrival->is_plain) {
            continue;
        }
        if (!arrival->is_again) {
            last = target_demux_find(&target->demux, row_of(&arrival->plain), arrival->hash);
            if (last != NULL && cnt > 1) {
                target_tcp_fetch(last);
            }
        }
        arrival->tcp = last;
    }
}

void target_arrivals_find(struct toe_target *target, struct target_arrival *arrivals,
                          const struct toe_frame *frames, uint32_t cnt)
{
    classify(target, arrivals, frames, cnt);
    look_up(target, arrivals, cnt);
}

/* --- processing it --- */

/* Where the text of |seg| is going if all is well, or NULL: it is not known yet. */
static uint8_t *place_of(struct target_tcp *tcp, const struct tcp_segment *seg)
{
    if (!tcp_input_is_next(&tcp->conn, seg) || tcp->is_holding ||
        !target_ingress_is_ours(tcp, seg)) {
        return NULL;
    }
    return target_delivery_room(tcp, seg->payload_len);
}

static uint32_t text_len(const struct wire_plain *plain)
{
    return plain->tcp_len - wire_plain_head_len(plain);
}

/* Verifies the checksum of |plain|, and copies its text to |place| if that is not NULL. */
static bool verify(const struct wire_plain *plain, uint8_t *place)
{
    const uint8_t *text = plain->tcp + wire_plain_head_len(plain);
    uint64_t sum = wire_plain_sum(plain);

    sum = place != NULL ? wire_csum_copy(place, text, text_len(plain), sum)
                        : wire_csum_add(sum, text, text_len(plain));
    return wire_csum_fold(sum) == 0;
}

static void read_segment(struct tcp_segment *seg, const struct wire_plain *plain)
{
    wire_plain_segment(seg, plain);
    seg->ecn = plain->tos & ECN_MASK;
}

static uint32_t ip_len(const struct wire_plain *plain)
{
    return (uint32_t)(plain->tcp - plain->ip) + plain->tcp_len;
}

static bool is_for(const struct target_tcp *tcp, const struct wire_plain *plain)
{
    return target_ingress_is_for(tcp->path->neighbor, plain->frame, plain->vlan_present,
                                 plain->vlan_id);
}

/* Whether |next| goes on where |seg| ends, of which |first| is the beginning, and says nothing
 * else.
 */
static bool can_join(const struct tcp_segment *seg, const struct wire_plain *first,
                     const struct wire_plain *next, uint32_t full)
{
    return toe_seq_eq(wire_plain_seq(next), toe_seq_add(seg->seq, seg->payload_len)) &&
           text_len(next) > 0 && text_len(next) <= full && wire_plain_is_alike(first, next);
}

/*
 * Joins what follows with |seg|, whose text was copied to |place|, and gives it to the engine.
 * Returns how many there were; none of them may be dropped then. 1: nothing was done.
 */
static uint32_t take_joined(struct toe_target *target, const struct target_arrival *arrivals,
                            const struct toe_frame *frames, struct tcp_segment *seg, uint32_t cnt)
{
    struct target_tcp *tcp = arrivals->tcp;
    const uint32_t full = tcp->conn.rcv_mss;
    const struct wire_plain *first = &arrivals->plain;
    toe_seq last = seg->seq;
    uint32_t len = ip_len(first);
    uint32_t n = 1;
    uint32_t max;

    if (cnt == 1 || !arrivals[1].is_again || tcp->worth != NULL) {
        return 1;
    }
    max = tcp_input_patience(&tcp->conn, seg, target->now);
    for (; n < max && n < cnt && seg->payload_len == n * full && (seg->flags & TCP_PSH) == 0; ++n) {
        const struct wire_plain *next = &arrivals[n].plain;
        uint8_t *place;

        if (!arrivals[n].is_plain || !arrivals[n].is_again || !is_for(tcp, next) ||
            target_frame_is_trusted(&frames[n]) || !can_join(seg, first, next, full)) {
            break;
        }
        place = target_delivery_room(tcp, seg->payload_len + text_len(next));
        if (place != seg->payload || !verify(next, place + seg->payload_len)) {
            break;
        }
        last = wire_plain_seq(next);
        len += ip_len(next);
        seg->payload_len += text_len(next);
        seg->flags |= wire_plain_flags(next);
    }
    if (n == 1) {
        return 1;
    }
    tcp_input_joined(&tcp->conn, seg, last, target->now);
    target_ingress_count(target, tcp, n, len, seg->ecn);
    target_reach_confirm(target, tcp->path->neighbor);
    target_ingress_settle(target, tcp);
    return n;
}

/* Takes |seg|, whose text goes right to |place|, and what is joined with it. */
static uint32_t take_placed(struct toe_target *target, const struct target_arrival *arrivals,
                            const struct toe_frame *frames, struct tcp_segment *seg, uint8_t *place,
                            uint32_t cnt)
{
    struct target_tcp *tcp = arrivals->tcp;
    uint32_t taken;

    if (!verify(&arrivals->plain, place)) {
        return target_ingress_drop(target, tcp, TOE_DROP_TCP_CHECKSUM);
    }
    seg->payload = place;
    taken = take_joined(target, arrivals, frames, seg, cnt);
    if (taken > 1) {
        return taken;
    }
    return target_ingress_take(target, tcp, seg, ip_len(&arrivals->plain), frames);
}

uint32_t target_arrivals_take(struct toe_target *target, const struct target_arrival *arrivals,
                              const struct toe_frame *frames, uint32_t cnt)
{
    const struct wire_plain *plain = &arrivals->plain;
    struct target_tcp *tcp = arrivals->tcp;
    struct tcp_segment seg;
    uint8_t *place;

    if (tcp == NULL || !is_for(tcp, plain)) {
        return 0;
    }
    read_segment(&seg, plain);
    if (!target_frame_is_trusted(frames)) {
        place = place_of(tcp, &seg);
        if (place != NULL) {
            const uint32_t taken = take_placed(target, arrivals, frames, &seg, place, cnt);

            target_busy_of(tcp)->delivery.place = NULL; /* whether it was used or not */
            return taken;
        }
        if (!verify(plain, NULL)) {
            return target_ingress_drop(target, tcp, TOE_DROP_TCP_CHECKSUM);
        }
    }
    return target_ingress_take(target, tcp, &seg, ip_len(plain), frames);
}
