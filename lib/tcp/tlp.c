/* SPDX-License-Identifier: MIT */
#include "tcp/tlp.h"

#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/inflight.h"
#include "tcp/retransmit.h"

/* Probes of a hole before the timeout. */
#define HOLES_MAX 2u

/* RFC 8985, 7.2; and none where a timeout has its say already, or the window is closed. */
static bool can_probe(const struct tcp_conn *conn)
{
    const struct tcp_flight *f = conn->flight;

    return tcp_flight_is_on(conn) && f->sacked == 0 && f->lost == 0 && !f->in_loss &&
           !f->tlp.is_out && !conn->in_recovery && !conn->rexmit_due && conn->retransmit_cnt == 0 &&
           conn->snd_wnd > 0 && tcp_send_flight(conn) > 0 &&
           tcp_deadline_is_armed(conn, TCP_DEADLINE_RETRANSMIT);
}

/* In a recovery, or after a timeout: all that was lost left again, and something is behind it. */
static bool can_probe_hole(const struct tcp_conn *conn)
{
    const struct tcp_flight *f = conn->flight;

    return tcp_flight_is_on(conn) && (conn->in_recovery || f->in_loss) && f->sacked > 0 &&
           f->lost == 0 && f->tlp.holes < HOLES_MAX && !conn->rexmit_due && conn->srtt > 0 &&
           conn->snd_wnd > 0 && tcp_deadline_is_armed(conn, TCP_DEADLINE_RETRANSMIT);
}

/* Four times the variance, but a quarter of a round trip at least, and no more than the other probe
 * waits for. */
static toe_duration spread(const struct tcp_conn *conn)
{
    const toe_duration variance = 4 * conn->rttvar;

    if (variance < conn->srtt / 4) {
        return conn->srtt / 4;
    }
    return variance < conn->srtt ? variance : conn->srtt;
}

/* Who fills a hole is answered at once (RFC 5681, 4.2). What is acknowledged meanwhile is no reason
 * to wait for the rest a whole round trip more, but may be the first of several. */
static toe_duration hole_timeout(const struct tcp_conn *conn, toe_instant now)
{
    const toe_duration passed = now - conn->last_sent;

    return (passed < conn->srtt ? conn->srtt - passed : 0) + spread(conn);
}

toe_duration tcp_tlp_timeout(const struct tcp_conn *conn)
{
    if (conn->srtt == 0) {
        return TOE_NS_PER_SEC;
    }
    return 2 * conn->srtt + (tcp_send_flight(conn) <= conn->snd_mss
                                 ? TCP_TLP_ACK_DELAY
                                 : conn->cfg->tuning.timer_slack);
}

void tcp_tlp_arm(struct tcp_conn *conn, toe_instant now)
{
    const toe_instant rto = tcp_deadline_at(conn, TCP_DEADLINE_RETRANSMIT);

    toe_duration after;

    if (can_probe(conn)) {
        after = tcp_tlp_timeout(conn);
    } else if (can_probe_hole(conn)) {
        after = hole_timeout(conn, now);
    } else {
        tcp_deadline_cancel(conn, TCP_DEADLINE_PROBE);
        return;
    }
    tcp_deadline_arm(conn, TCP_DEADLINE_PROBE, after, now);
    if (tcp_deadline_at(conn, TCP_DEADLINE_PROBE) > rto) {
        tcp_deadline_set(conn, TCP_DEADLINE_PROBE, rto);
    }
}

void tcp_tlp_expire(struct tcp_conn *conn, toe_instant now)
{
    tcp_deadline_cancel(conn, TCP_DEADLINE_PROBE);
    if (can_probe(conn)) {
        conn->flight->tlp.is_due = true;
        tcp_retransmit_arm(conn, now);
    } else if (can_probe_hole(conn)) {
        ++conn->flight->tlp.holes;
        tcp_flight_lose_all(conn);
        tcp_retransmit_arm(conn, now);
    }
}

void tcp_tlp_sent(struct tcp_conn *conn, bool is_resent)
{
    struct tcp_tlp *tlp = &conn->flight->tlp;

    tlp->is_out = true;
    tlp->is_resent = is_resent;
    tlp->end = conn->snd_max;
    tlp->flight = tcp_send_flight(conn);
}

void tcp_tlp_ack(struct tcp_conn *conn, const struct tcp_segment *seg,
                 const struct tcp_sack_block *dup, toe_instant now)
{
    struct tcp_tlp *tlp = &conn->flight->tlp;

    if (!tlp->is_out || toe_seq_lt(seg->ack, tlp->end)) {
        return;
    }
    if (!tlp->is_resent || (dup != NULL && toe_seq_eq(dup->right, tlp->end))) {
        tlp->is_out = false; /* New data arrived; or both copies of the old. */
    } else if (toe_seq_gt(seg->ack, tlp->end)) {
        /* The probe repaired a loss. */
        if (!conn->in_recovery && !conn->flight->in_loss) {
            conn->cfg->cc->loss(conn, now);
            conn->cwnd = conn->cwnd < conn->ssthresh ? conn->cwnd : conn->ssthresh;
        }
        tlp->is_out = false;
    } else if (toe_seq_eq(seg->ack, conn->snd_una) && seg->sack_cnt == 0 && seg->payload_len == 0 &&
               conn->dup_ack_cnt > 0) {
        tlp->is_out = false; /* A duplicate that says nothing: both copies arrived. */
    }
}
