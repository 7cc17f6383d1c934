/* SPDX-License-Identifier: MIT */
#include "tcp/ack.h"

#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/ecn.h"
#include "tcp/inflight.h"
#include "tcp/fsm.h"
#include "tcp/mitigation.h"
#include "tcp/persist.h"
#include "tcp/recovery.h"
#include "tcp/retransmit.h"
#include "tcp/rtt.h"
#include "tcp/send.h"
#include "tcp/timestamps.h"

/* What is answered came before, and when that was is what is echoed (RFC 7323, 4.3): the time since
 * then is that of the acknowledgment which was lost, not a round trip. */
static bool is_echo_old(const struct tcp_segment *seg)
{
    return seg->sack_cnt > 0 && toe_seq_le(seg->sack[0].right, seg->ack);
}

void tcp_ack_sample(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    toe_duration sample;
    bool valid = !is_echo_old(seg) && tcp_timestamps_sample(conn, &sample, seg, now);

    if (conn->rtt_timing && toe_seq_ge(seg->ack, conn->busy->rtt_seq)) {
        conn->rtt_timing = false;
        if (!valid && !conn->has_timestamps) {
            sample = now > conn->busy->rtt_at ? now - conn->busy->rtt_at : 1;
            valid = true;
        }
    }
    if (valid) {
        tcp_rtt_sample(conn, sample);
        conn->backoff = 0; /* RFC-056 */
    }
}

/* Takes |acked| sequence numbers off the front of what is outstanding. */
static void advance(struct tcp_conn *conn, uint32_t acked)
{
    const uint32_t bytes = acked < conn->busy->sendq.len ? acked : conn->busy->sendq.len;

    toe_assert(acked <= tcp_send_span(conn));

    tcp_sendq_ack(&conn->busy->sendq, bytes);
    if (acked > bytes) {
        conn->fin_acked = true;
    }
    conn->snd_una = toe_seq_add(conn->snd_una, acked);
    conn->snd_nxt = toe_seq_max(conn->snd_nxt, conn->snd_una);
    conn->snd_wnd -= acked < conn->snd_wnd ? acked : conn->snd_wnd;
}

/* New data was acknowledged: whatever waited for that begins anew. */
static void renew(struct tcp_conn *conn)
{
    conn->dup_ack_cnt = 0;
    conn->busy->total_rt = 0;
    if (!tcp_deadline_is_armed(conn, TCP_DEADLINE_PERSIST)) {
        conn->retransmit_cnt = 0; /* There it counts probes; tcp_persist_ack() sees to them. */
    }
    if (!conn->in_recovery) {
        conn->rexmit_due = false;
    }
    if (conn->busy->mtu_probe.size != 0) {
        tcp_plpmtud_ack(conn);
    }
    tcp_deadline_cancel(conn, TCP_DEADLINE_RETRANSMIT); /* tcp_deadline_settle() starts it anew. */
}

static void ack_new(struct tcp_conn *conn, struct tcp_delivered *got, const struct tcp_segment *seg,
                    uint32_t acked, toe_instant now)
{
    tcp_ack_sample(conn, seg, now);
    advance(conn, acked);
    tcp_recovery_ack(conn, got, acked, now);
    renew(conn);
}

/* RFC-044, and with SACK whatever reports something new (RFC 6675, 2). In a closed window the
 * answers to probes look the same and mean nothing. */
static bool is_dup(const struct tcp_conn *conn, const struct tcp_segment *seg, uint32_t sacked)
{
    if (tcp_send_flight(conn) == 0 || conn->snd_wnd == 0 || !toe_seq_eq(seg->ack, conn->snd_una)) {
        return false;
    }
    if (sacked > 0) {
        return true;
    }
    if (tcp_flight_is_on(conn) && seg->sack_cnt > 0) {
        return false; /* It reports what arrived twice. */
    }
    return seg->payload_len == 0 && (seg->flags & TCP_FIN) == 0 &&
           (uint32_t)seg->wnd << conn->snd_wscale == conn->snd_wnd;
}

void tcp_ack_window(struct tcp_conn *conn, const struct tcp_segment *seg, uint8_t scale)
{
    conn->snd_wnd = (uint32_t)seg->wnd << scale;
    conn->snd_wl1 = seg->seq;
    conn->snd_wl2 = seg->ack;
    if (conn->snd_wnd > conn->max_snd_wnd) {
        conn->max_snd_wnd = conn->snd_wnd;
    }
}

/* RFC-012 */
static bool has_newer_window(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    return toe_seq_lt(conn->snd_wl1, seg->seq) ||
           (toe_seq_eq(conn->snd_wl1, seg->seq) && toe_seq_le(conn->snd_wl2, seg->ack));
}

/* |old_wnd| is what the window was before anything was acknowledged. */
static void update_window(struct tcp_conn *conn, const struct tcp_segment *seg, uint32_t old_wnd,
                          toe_instant now)
{
    if (has_newer_window(conn, seg)) {
        tcp_ack_window(conn, seg, conn->snd_wscale);
        tcp_persist_ack(conn, old_wnd, now);
    }
}

void tcp_ack_repeated(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    update_window(conn, seg, conn->snd_wnd, now);
}

/* Everything that is in flight was sent once and is expected still, nothing is being found out
 * about it, and |ack| acknowledges the first run or a part of it. */
static bool is_flight_calm(const struct tcp_conn *conn, toe_seq ack)
{
    const struct tcp_flight *f = conn->flight;
    const struct tcp_run *run;
    uint32_t cnt;

    if (f == NULL || !conn->has_sack || f->is_blind || f->cnt == 0 || (f->sacked | f->lost) != 0 ||
        f->in_loss || f->undo.is_on || f->tlp.is_out || f->rack.is_waiting ||
        f->rack.in_dsack_round || f->frto.step != TCP_FRTO_OFF) {
        return false;
    }
    run = tcp_flight_runs(conn, &cnt);
    return run->flags == 0 && toe_seq_gt(ack, conn->snd_una) && toe_seq_le(ack, run->end);
}

bool tcp_ack_is_calm(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    return !conn->in_recovery && !conn->has_ecn && seg->sack_cnt == 0 &&
           conn->cfg->cc->deliver == NULL && conn->busy->scoreboard == NULL &&
           toe_seq_le(seg->ack, conn->snd_max) && is_flight_calm(conn, seg->ack);
}

/* Ends the record: |sent|, up to snd_una, was the last of it. */
static void end_flight(struct tcp_conn *conn, toe_instant sent, toe_instant now)
{
    tcp_rtt_min_sample(conn, now - sent, now);
    conn->has_reordering =
        conn->has_reordering || toe_seq_lt(conn->snd_una, conn->flight->rack.fack);
    tcp_flight_fini(conn);
    tcp_deadline_cancel(conn, TCP_DEADLINE_PROBE);
}

void tcp_ack_calm(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    const uint32_t old_wnd = conn->snd_wnd;
    const uint32_t acked = toe_seq_off(seg->ack, conn->snd_una);
    const bool is_all = toe_seq_eq(seg->ack, conn->snd_max);
    uint32_t cnt;
    const toe_instant sent = tcp_flight_runs(conn, &cnt)->sent;

    tcp_ack_sample(conn, seg, now);
    advance(conn, acked);
    if (!is_all) {
        tcp_flight_ack_calm(conn);
    }
    tcp_recovery_grow(conn, acked, acked, now - sent, now);
    renew(conn);
    if (is_all) {
        end_flight(conn, sent, now);
    } else {
        conn->flight->is_moved = true;
        tcp_rack_input_calm(conn, sent, now);
    }
    update_window(conn, seg, old_wnd, now);
}

static void fin_acked(struct tcp_conn *conn, toe_instant now)
{
    switch ((enum toe_conn_state)conn->state) {
    case TOE_TCP_FIN_WAIT_1:
        tcp_state_set(conn, TOE_TCP_FIN_WAIT_2);
        tcp_persist_stop(conn); /* The slot has another owner, whatever comes of the segment. */
        tcp_deadline_arm(conn, TCP_DEADLINE_FIN_WAIT_2, conn->cfg->fin_wait_2, now);
        return;
    case TOE_TCP_CLOSING:
        tcp_time_wait_enter(conn, now);
        return;
    case TOE_TCP_LAST_ACK:
        tcp_conn_close(conn, TCP_VERDICT_DONE);
        return;
    case TOE_TCP_CLOSED:
    case TOE_TCP_LISTEN:
    case TOE_TCP_SYN_SENT:
    case TOE_TCP_SYN_RCVD:
    case TOE_TCP_ESTABLISHED:
    case TOE_TCP_FIN_WAIT_2:
    case TOE_TCP_CLOSE_WAIT:
    case TOE_TCP_TIME_WAIT:
        return;
    }
}

/*
 * All that will ever be sent is acknowledged, the FIN at its end: what is known of the flight and
 * of the way there is for nothing any more, except that what is compared with snd_una stays near
 * it.
 */
static void ack_last(struct tcp_conn *conn, const struct tcp_segment *seg, uint32_t acked,
                     toe_instant now)
{
    const uint32_t old_wnd = conn->snd_wnd;

    tcp_ack_sample(conn, seg, now);
    advance(conn, acked);
    conn->recover = toe_seq_sub(conn->snd_una, 1);
    conn->limited_end = conn->snd_una;
    renew(conn);
    tcp_flight_fini(conn);
    tcp_deadline_cancel(conn, TCP_DEADLINE_PROBE);
    update_window(conn, seg, old_wnd, now);
    fin_acked(conn, now);
}

/* An acknowledgment in the range that is acceptable, whatever else it tells. */
static void take_ack(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    const uint32_t old_wnd = conn->snd_wnd;
    struct tcp_delivered got = {.is_rated = conn->cfg->cc->deliver != NULL};
    const uint32_t sacked = tcp_recovery_sack(conn, &got, seg);
    uint32_t acked = 0;
    bool dup = false;

    if (conn->has_ecn) {
        tcp_ecn_ack(conn, seg, sacked, now);
    }
    if (toe_seq_gt(seg->ack, conn->snd_una)) {
        acked = toe_seq_off(seg->ack, conn->snd_una);
        ack_new(conn, &got, seg, acked, now);
    } else if (is_dup(conn, seg, sacked)) {
        dup = true;
        if (conn->dup_ack_cnt < UINT8_MAX) {
            ++conn->dup_ack_cnt;
        }
        tcp_recovery_dup(conn, now);
    }
    if (conn->flight != NULL) {
        tcp_recovery_judge(conn, &got, seg, acked, dup, now);
    }

    if (toe_seq_ge(seg->ack, conn->snd_una)) {
        update_window(conn, seg, old_wnd, now);
    }
    if (conn->fin_acked) {
        fin_acked(conn, now);
    }
}

enum toe_drop tcp_ack_input(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    /* SEG-017: from the largest window behind snd_una to snd_max. */
    if (toe_seq_gt(seg->ack, conn->snd_max)) {
        (void)tcp_challenge(conn, now);
        return TOE_DROP_TCP_ACK_BAD;
    }
    if (toe_seq_lt(seg->ack, toe_seq_sub(conn->snd_una, conn->max_snd_wnd))) {
        (void)tcp_challenge(conn, now);
        return TOE_DROP_TCP_ACK_OLD;
    }

    if (conn->snd_wnd > 0 && tcp_ack_is_calm(conn, seg)) {
        const uint32_t acked = toe_seq_off(seg->ack, conn->snd_una);

        if (conn->fin_queued && acked == tcp_send_span(conn)) {
            ack_last(conn, seg, acked, now);
        } else {
            tcp_ack_calm(conn, seg, now);
        }
    } else {
        take_ack(conn, seg, now);
    }
    return TOE_DROP_NONE;
}
