/* SPDX-License-Identifier: MIT */
#include "pd_trail.h"

#include "pd_world.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"

#include <stdlib.h>
#include <string.h>

/* What is sent where the peer announces nothing (RFC 9293, 3.7.1). */
#define MSS_DEFAULT_IPV4 536u
#define MSS_DEFAULT_IPV6 1220u

#define TIMESTAMPS_LEN 12u

static struct pd_trail *trails;

/* A packet, decoded. */
struct sight {
    struct toe_addr src;
    struct toe_addr dst;
    struct tcp_segment seg;
};

static bool decode(struct sight *sight, const uint8_t *packet, size_t len)
{
    struct wire_ipv4 v4;
    struct wire_ipv6 v6;
    int head = wire_ipv4_parse(&v4, packet, len);

    if (head >= 0 && v4.proto == WIRE_PROTO_TCP) {
        sight->src = v4.src;
        sight->dst = v4.dst;
        return wire_tcp_parse(&sight->seg, packet + head, v4.payload_len) >= 0;
    }
    head = wire_ipv6_parse(&v6, packet, len);
    if (head < 0 || v6.next_header != WIRE_PROTO_TCP) {
        return false;
    }
    sight->src = v6.src;
    sight->dst = v6.dst;
    return wire_tcp_parse(&sight->seg, packet + head, v6.payload_len) >= 0;
}

static struct pd_trail *find(const struct toe_addr *local, uint16_t local_port,
                             const struct toe_addr *remote, uint16_t remote_port)
{
    struct pd_trail *trail = trails;

    while (trail != NULL && (trail->local_port != local_port || trail->remote_port != remote_port ||
                             memcmp(&trail->local, local, sizeof(*local)) != 0 ||
                             memcmp(&trail->remote, remote, sizeof(*remote)) != 0)) {
        trail = trail->next;
    }
    return trail;
}

/* The trail of a connection that begins; an older one between the same two is gone. */
static struct pd_trail *begin(const struct toe_addr *local, uint16_t local_port,
                              const struct toe_addr *remote, uint16_t remote_port)
{
    struct pd_trail *trail = find(local, local_port, remote, remote_port);
    struct pd_trail *next;

    if (trail == NULL) {
        trail = malloc(sizeof(*trail));
        if (trail == NULL) {
            return NULL;
        }
        trail->next = trails;
        trails = trail;
    }
    next = trail->next;
    *trail = (struct pd_trail){
        .local = *local,
        .remote = *remote,
        .local_port = local_port,
        .remote_port = remote_port,
        .next = next,
    };
    return trail;
}

static void note(struct pd_ranges *ranges, toe_seq left, toe_seq right)
{
    ranges->at[ranges->cnt++ % PD_TRAIL_RANGES] = (struct tcp_sack_block){left, right};
}

/* The end of a range that |seq| lies in, or |seq|. */
static toe_seq skip(const struct pd_ranges *ranges, toe_seq seq)
{
    for (unsigned i = 0; i < ranges->cnt && i < PD_TRAIL_RANGES; ++i) {
        if (toe_seq_le(ranges->at[i].left, seq) && toe_seq_lt(seq, ranges->at[i].right)) {
            seq = ranges->at[i].right;
        }
    }
    return seq;
}

/*
 * What arrives first from |left| to |right|, where it was sent once, overtook nothing unless
 * something higher had been SACKed before: then that overtook it.
 */
static void note_order(struct pd_trail *trail, toe_seq left, toe_seq right, toe_seq fack)
{
    const uint32_t mss = pd_trail_mss(trail);
    toe_seq seq = left;
    toe_seq next;
    uint32_t degree;

    while (!toe_seq_eq(next = skip(&trail->sacked, skip(&trail->resent, seq)), seq)) {
        seq = next;
    }
    if (toe_seq_lt(seq, right) && toe_seq_lt(seq, fack)) {
        degree = (toe_seq_off(fack, seq) + mss - 1) / mss;
        trail->reordering = degree > trail->reordering ? degree : trail->reordering;
    }
}

/* Follows the order of arrival, as SACK tells it. */
static void order_in(struct pd_trail *trail, const struct tcp_segment *seg)
{
    const toe_seq fack = trail->fack;

    if (toe_seq_gt(seg->ack, trail->acked) && toe_seq_le(seg->ack, trail->sent)) {
        note_order(trail, trail->acked, seg->ack, fack);
    }
    for (unsigned i = 0; i < seg->sack_cnt; ++i) {
        const struct tcp_sack_block *block = &seg->sack[i];

        if (toe_seq_le(block->right, seg->ack) || toe_seq_gt(block->right, trail->sent)) {
            continue;
        }
        note_order(trail, block->left, block->right, fack);
        note(&trail->sacked, block->left, block->right);
        trail->fack = toe_seq_max(trail->fack, block->right);
    }
}

/* The peer's SYN may have come before ours left: what it said stays. */
static void syn_out(struct pd_trail *trail, const struct tcp_segment *seg)
{
    trail->iss = seg->seq;
    trail->acked = toe_seq_add(seg->seq, 1);
    trail->sent = trail->acked;
    trail->fack = trail->acked;
    trail->mss = seg->mss;
    trail->has_timestamps = seg->has_ts;
    trail->syn_at = pd_world()->now;
    if (seg->wscale < 0) {
        trail->wscale = 0;
    }
}

void pd_trail_out(const uint8_t *packet, size_t len)
{
    struct sight sight;
    const struct tcp_segment *seg = &sight.seg;
    struct pd_trail *trail;
    toe_seq end;

    if (!decode(&sight, packet, len)) {
        return;
    }
    trail = find(&sight.src, seg->src_port, &sight.dst, seg->dst_port);
    if ((seg->flags & TCP_SYN) != 0) {
        if (trail == NULL || (seg->flags & TCP_ACK) == 0) {
            trail = begin(&sight.src, seg->src_port, &sight.dst, seg->dst_port);
        }
        if (trail != NULL) {
            syn_out(trail, seg);
        }
        return;
    }
    end = toe_seq_add(seg->seq, seg->payload_len);
    if (trail != NULL && toe_seq_lt(seg->seq, trail->sent)) {
        note(&trail->resent, seg->seq, end);
    }
    if (trail != NULL && toe_seq_gt(end, trail->sent)) {
        trail->sent = end;
    }
}

static void syn_in(struct pd_trail *trail, const struct tcp_segment *seg)
{
    trail->peer_mss = seg->mss;
    trail->wscale = seg->wscale < 0 ? 0 : (uint8_t)seg->wscale;
    trail->wnd = seg->wnd;
    trail->wnd_max = seg->wnd;
    trail->has_timestamps = trail->has_timestamps && seg->has_ts;
}

static void ack_in(struct pd_trail *trail, const struct tcp_segment *seg)
{
    const unsigned shift = (seg->flags & TCP_SYN) != 0 ? 0 : trail->wscale;

    if (trail->syn_at != 0 && toe_seq_gt(seg->ack, trail->iss)) {
        trail->rtt = pd_world()->now - trail->syn_at;
        trail->syn_at = 0;
    }
    if (toe_seq_lt(seg->ack, trail->acked)) {
        return;
    }
    order_in(trail, seg);
    if (toe_seq_le(seg->ack, trail->sent)) {
        trail->acked = seg->ack;
    }
    trail->wnd = (uint32_t)seg->wnd << shift;
    trail->wnd_max = trail->wnd > trail->wnd_max ? trail->wnd : trail->wnd_max;
}

void pd_trail_in(const uint8_t *packet, size_t len)
{
    struct sight sight;
    const struct tcp_segment *seg = &sight.seg;
    struct pd_trail *trail;

    if (!decode(&sight, packet, len)) {
        return;
    }
    trail = find(&sight.dst, seg->dst_port, &sight.src, seg->src_port);
    if ((seg->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && trail == NULL) {
        trail = begin(&sight.dst, seg->dst_port, &sight.src, seg->src_port);
    }
    if (trail != NULL && (seg->flags & TCP_SYN) != 0) {
        syn_in(trail, seg);
    }
    if (trail != NULL && (seg->flags & TCP_ACK) != 0) {
        ack_in(trail, seg);
    }
}

const struct pd_trail *pd_trail_find(const struct toe_host_conn_info *info)
{
    return find(&info->local, info->local_port, &info->remote, info->remote_port);
}

uint32_t pd_trail_sent(const struct pd_trail *trail)
{
    return toe_seq_off(trail->sent, trail->iss) - 1;
}

uint32_t pd_trail_acked(const struct pd_trail *trail)
{
    return toe_seq_off(trail->acked, trail->iss) - 1;
}

uint32_t pd_trail_mss(const struct pd_trail *trail)
{
    const uint32_t least = trail->local.family == 4 ? MSS_DEFAULT_IPV4 : MSS_DEFAULT_IPV6;
    const uint32_t mss = trail->peer_mss == 0 ? least : trail->peer_mss;
    const uint32_t options = trail->has_timestamps ? TIMESTAMPS_LEN : 0;

    return (trail->mss != 0 && trail->mss < mss ? trail->mss : mss) - options;
}

void pd_trail_end(void)
{
    while (trails != NULL) {
        struct pd_trail *trail = trails;

        trails = trail->next;
        free(trail);
    }
}
