/* SPDX-License-Identifier: MIT */
#include "tcp/ecn.h"

#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/inflight.h"
#include "tcp/retransmit.h"

/* A SYN with both is an offer, a SYN and ACK with ECE alone agrees. */
#define OFFER (TCP_ECE | TCP_CWR)

void tcp_ecn_offer(struct tcp_conn *conn, struct tcp_segment *syn)
{
    if (!conn->has_ecn) {
        return;
    }
    if (conn->has_accecn) {
        tcp_accecn_offer(conn, syn, !toe_seq_eq(conn->snd_max, conn->busy->iss));
    } else if (conn->state == TOE_TCP_SYN_RCVD) {
        syn->flags |= TCP_ECE;
    } else if (toe_seq_eq(conn->snd_max, conn->busy->iss)) {
        syn->flags |= OFFER;
    } else {
        /* Something on the way may drop an offer: the next SYN is one without, and after one
         * without nothing may be ECT (RFC 3168, 6.1.1 and 6.1.1.1). */
        conn->has_ecn = false;
    }
}

void tcp_ecn_meet(struct tcp_conn *conn, const struct tcp_segment *syn)
{
    const uint8_t wanted = (syn->flags & TCP_ACK) != 0 ? TCP_ECE : OFFER;

    if (conn->has_ecn && conn->has_accecn) {
        tcp_accecn_meet(conn, syn);
    } else {
        conn->has_ecn = conn->has_ecn && (syn->flags & OFFER) == wanted;
    }
    conn->has_accecn = conn->has_accecn && conn->has_ecn;
}

/* As after a loss, but in congestion avoidance by less: a queue that marks is a short one (RFC
 * 8511). */
static void reduce(struct tcp_conn *conn, toe_instant now)
{
    const uint8_t percent = conn->cfg->cc->mark_percent;
    const bool is_avoiding = conn->cwnd >= conn->ssthresh;
    const uint32_t floor = 2 * (uint32_t)conn->snd_mss;
    const uint32_t less = (uint32_t)((uint64_t)tcp_cc_load(conn) * percent / 100);

    conn->cfg->cc->loss(conn, now);
    if (is_avoiding && percent != 0) {
        conn->ssthresh = less > floor ? less : floor;
    }
    if (conn->cfg->cc->deliver == NULL && conn->cwnd > conn->ssthresh) {
        conn->cwnd = conn->ssthresh;
    }
    tcp_ecn_reduced(conn);
    if (conn->cfg->tuning.mark_by_prr && conn->cfg->cc->deliver == NULL && !conn->in_recovery &&
        tcp_flight_is_on(conn)) {
        conn->in_mark = true;
        tcp_prr_mark(conn);
    }
}

/* RFC 3168, 6.1.2: where cwnd is a segment already, less is one in an RTO. */
static void wait(struct tcp_conn *conn, toe_instant now)
{
    conn->ecn_wait = true;
    tcp_deadline_cancel(conn, TCP_DEADLINE_RETRANSMIT); /* tcp_deadline_settle() starts it anew. */
    tcp_deadline_arm(conn, TCP_DEADLINE_PACE, tcp_retransmit_rto(conn), now);
    tcp_ecn_reduced(conn);
}

/* The bytes that came marked: those it tells, or whatever it acknowledges. */
static uint32_t marked(struct tcp_conn *conn, const struct tcp_segment *seg, uint32_t sacked)
{
    if (conn->has_accecn) {
        return tcp_accecn_ack(conn, seg, sacked);
    }
    return (seg->flags & TCP_ECE) != 0 ? UINT32_MAX : 0;
}

void tcp_ecn_ack(struct tcp_conn *conn, const struct tcp_segment *seg, uint32_t sacked,
                 toe_instant now)
{
    bool is_echo;

    if (toe_seq_lt(seg->ack, conn->snd_una)) {
        return; /* it was overtaken */
    }
    conn->busy->ecn_marked = marked(conn, seg, sacked);
    is_echo = conn->busy->ecn_marked > 0;
    if (is_echo && conn->flight != NULL) {
        conn->flight->undo.is_on = false; /* There was congestion, if no loss. */
    }
    if (toe_seq_le(seg->ack, conn->ecn_point)) {
        return;
    }
    if (is_echo && !toe_seq_eq(conn->snd_una, conn->snd_max)) {
        if (conn->cwnd > conn->snd_mss) {
            reduce(conn, now);
        } else {
            wait(conn, now);
        }
    } else {
        conn->ecn_point = toe_seq_sub(seg->ack, 1);
    }
}

void tcp_ecn_input(struct tcp_conn *conn, const struct tcp_segment *seg)
{
    if (conn->has_accecn) {
        tcp_accecn_input(conn, seg);
        return;
    }
    if (seg->payload_len == 0) {
        return;
    }
    /* Neither waits for more: the peer is to slow down soon, and after that sends little. */
    if ((seg->flags & TCP_CWR) != 0) {
        conn->ece_due = false;
        conn->ack_now = true;
    }
    if (seg->ecn == TCP_ECN_CE) {
        conn->ack_now = conn->ack_now || !conn->ece_due;
        conn->ece_due = true;
    }
}
