/* SPDX-License-Identifier: MIT */
#include "tcp/undo.h"

#include "tcp/congestion.h"
#include "tcp/inflight.h"
#include "tcp/rtt.h"
#include "tcp/timestamps.h"

#define HALF UINT32_C(0x80000000)

/* Bytes that were resent before, and that nobody has got for all that is known. */
static uint32_t resent_before(const struct tcp_conn *conn)
{
    toe_seq left = conn->snd_una;
    uint32_t bytes = 0;
    uint32_t cnt;
    const struct tcp_run *run = tcp_flight_runs(conn, &cnt);

    for (; cnt > 0; --cnt, ++run) {
        if ((run->flags & (TCP_RUN_RESENT | TCP_RUN_SACKED)) == TCP_RUN_RESENT) {
            bytes += toe_seq_off(run->end, left);
        }
        left = run->end;
    }
    return bytes;
}

/*
 * Whether what is to be acknowledged next was sent once only. It is its timestamp that is echoed
 * then (RFC 7323, 4.3); if the recovery before has resent it, that is old, and says nothing about
 * this one.
 */
static bool is_head_sent_once(const struct tcp_conn *conn)
{
    uint32_t cnt;
    const struct tcp_run *head = tcp_flight_runs(conn, &cnt);

    return cnt > 0 && (head->flags & TCP_RUN_RESENT) == 0;
}

void tcp_undo_begin(struct tcp_conn *conn, toe_instant now)
{
    conn->flight->undo = (struct tcp_undo){
        .cwnd = conn->cwnd,
        .ssthresh = conn->ssthresh,
        .cubic = conn->cubic,
        .una = conn->snd_una,
        .ts = tcp_timestamps_clock(conn, now),
        .resent = resent_before(conn),
        .is_on = true,
        .by_echo = conn->has_timestamps && is_head_sent_once(conn),
    };
}

void tcp_undo_resent(struct tcp_conn *conn, uint32_t len)
{
    struct tcp_undo *undo = &conn->flight->undo;

    if (undo->is_on) {
        undo->resent += len;
        undo->by_dup = true;
    }
}

/* Whether |dup| was the last of what was resent that had not been reported. */
static bool is_all_dup(struct tcp_conn *conn, const struct tcp_sack_block *dup)
{
    struct tcp_undo *undo = &conn->flight->undo;
    uint32_t len;

    if (dup == NULL || !undo->by_dup || toe_seq_lt(dup->left, undo->una)) {
        return false;
    }
    len = toe_seq_off(dup->right, dup->left);
    undo->resent -= len < undo->resent ? len : undo->resent;
    return undo->resent == 0;
}

/* RFC 3522, 3.2, step 5 */
static bool is_old_echo(struct tcp_conn *conn, const struct tcp_segment *seg, uint32_t acked)
{
    struct tcp_undo *undo = &conn->flight->undo;

    if (!undo->by_echo || acked == 0) {
        return false;
    }
    undo->by_echo = false;
    return undo->by_dup && seg->has_ts && seg->ts_ecr != 0 && seg->ts_ecr - undo->ts >= HALF;
}

static void undo_all(struct tcp_conn *conn)
{
    struct tcp_flight *f = conn->flight;
    const struct tcp_undo *undo = &f->undo;

    conn->cwnd = conn->cwnd > undo->cwnd ? conn->cwnd : undo->cwnd;
    conn->ssthresh = conn->ssthresh > undo->ssthresh ? conn->ssthresh : undo->ssthresh;
    if (conn->cfg->cc->deliver == NULL) {
        conn->cubic = undo->cubic; /* A model of the path is true whatever was lost. */
    }
    conn->in_recovery = false;
    conn->rexmit_due = false;
    conn->busy->dup_bytes = 0;
    conn->recover = toe_seq_sub(conn->snd_una, 1);
    conn->ecn_point = conn->recover;
    conn->snd_nxt = conn->snd_max;
    f->in_loss = false;
    f->frto.step = TCP_FRTO_OFF;
    f->undo.is_on = false;
    tcp_flight_find_all(conn);
    tcp_rack_forget(conn);
}

bool tcp_undo_input(struct tcp_conn *conn, const struct tcp_delivered *got,
                    const struct tcp_segment *seg, const struct tcp_sack_block *dup, uint32_t acked,
                    bool is_late, toe_instant now)
{
    if (!conn->flight->undo.is_on) {
        return false;
    }
    /* Both look even if one is enough: they take notes. */
    is_late = is_old_echo(conn, seg, acked) || is_late;
    if (!is_all_dup(conn, dup) && !is_late) {
        return false;
    }
    if (got->has_original && got->is_timed && !conn->has_timestamps && conn->backoff > 0) {
        tcp_rtt_sample(conn, now - got->sent); /* RFC-056: it was sent once */
        conn->backoff = 0;
    }
    undo_all(conn);
    return true;
}
