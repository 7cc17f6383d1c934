/* SPDX-License-Identifier: MIT */
#include "tcp/rack.h"

#include "tcp/deadline.h"
#include "tcp/inflight.h"
#include "tcp/rtt.h"

/* RACK.reo_wnd_persist: recoveries without duplicates after which the window is small again. */
#define PERSIST 16

#define HALF UINT32_C(0x80000000)

/* RACK_update() for one candidate: whether it is what left last. */
static void update(struct tcp_rack *rack, toe_instant sent, toe_seq end)
{
    if (!rack->is_known || sent > rack->sent ||
        (sent == rack->sent && toe_seq_gt(end, rack->end))) {
        rack->is_known = true;
        rack->sent = sent;
        rack->end = end;
    }
}

/* Whether it was the retransmission that arrived, as far as can be told. Deviates: RFC 8985, 6.2,
 * step 2, asks for a whole min_RTT. But that was measured by acknowledgments of two segments, or
 * delayed ones, and that of a lone probe, which fills a hole, comes sooner. Nor does it ask whether
 * the peer echoes what arrived: where a hole is left before it, that is an earlier segment (RFC
 * 7323, 4.3), and the loss of what was resent into the hole would be left to the timeout. */
static bool is_resent(const struct tcp_conn *conn, const struct tcp_delivered *got,
                      const struct tcp_segment *seg, toe_instant now)
{
    const toe_duration tick = TOE_NS_PER_SEC / conn->cfg->ticks_per_second;

    if (!got->has_resent || now - got->re_sent < tcp_rtt_min(conn) / 4 * 3) {
        return false;
    }
    return !conn->has_timestamps || !seg->has_ts || toe_seq_gt(got->re_end, seg->ack) ||
           seg->ts_ecr - ((uint32_t)(got->re_sent / tick) + conn->ts_delta) < HALF;
}

/* DSACK-based adaptation of the reordering window: RFC 8985, 6.2, step 4. */
static void adapt(struct tcp_conn *conn, const struct tcp_delivered *got, bool dup)
{
    struct tcp_rack *rack = &conn->flight->rack;

    if (rack->in_dsack_round && toe_seq_ge(conn->snd_una, rack->dsack_round)) {
        rack->in_dsack_round = false;
    }
    if (dup && !rack->in_dsack_round) {
        rack->in_dsack_round = true;
        rack->dsack_round = conn->snd_max;
        if (conn->reo_wnd_mult < UINT8_MAX) {
            ++conn->reo_wnd_mult;
        }
        conn->reo_wnd_persist = PERSIST;
    } else if (got->has_recovered && conn->reo_wnd_persist > 0 && --conn->reo_wnd_persist == 0) {
        conn->reo_wnd_mult = 0;
    }
}

/*
 * RFC 8985, 6.2, step 4: as many as DupThresh are SACKed, and no reordering was ever seen. Not
 * where reordering must not cost anything even the first time (RFC-079).
 */
static bool has_many_sacked(const struct tcp_conn *conn)
{
    const uint8_t thresh = conn->cfg->duplicate_ack_threshold;

    return conn->cfg->rack_threshold &&
           conn->flight->sacked >= (uint64_t)conn->snd_mss * (thresh != 0 ? thresh : 1);
}

/* The reordering window. reo_wnd_mult counts from zero. */
static toe_duration window(const struct tcp_conn *conn)
{
    const toe_duration min = tcp_rtt_min(conn) != 0 ? tcp_rtt_min(conn) : conn->srtt;
    const toe_duration wnd = min / 4 * (conn->reo_wnd_mult + 1u);

    if (!conn->has_reordering &&
        (conn->in_recovery || conn->flight->in_loss || has_many_sacked(conn))) {
        return 0;
    }
    return (wnd < conn->srtt ? wnd : conn->srtt) + tcp_flight_grain(conn);
}

bool tcp_rack_detect(struct tcp_conn *conn, toe_instant now)
{
    struct tcp_flight *f = conn->flight;
    toe_duration left = 0;
    uint32_t lost = 0;

    if (f->rack.is_known) {
        lost = tcp_flight_lose(conn, &left, f->rack.rtt + window(conn), now);
    }
    if (left > 0) {
        f->rack.is_waiting = true;
        tcp_deadline_arm(conn, TCP_DEADLINE_PROBE, left + conn->cfg->tuning.timer_slack, now);
    } else if (f->rack.is_waiting) {
        f->rack.is_waiting = false;
        f->is_moved = true;
        tcp_deadline_cancel(conn, TCP_DEADLINE_PROBE);
    }
    return lost > 0;
}

/*
 * RACK.rtt, of what this acknowledgment delivers: RFC 8985, 6.2, step 2, takes the segments in the
 * order in which they left, so that of the one that left last. |is_new|: what was resent arrived.
 */
static void time_delivery(struct tcp_conn *conn, const struct tcp_delivered *got, bool is_new,
                          toe_instant now)
{
    const toe_instant original = got->has_original ? got->sent : 0;
    const toe_instant resent = is_new ? got->re_sent : 0;

    if (conn->cfg->tuning.rack_last_rtt && got->bytes > 0 && (is_new || !got->is_last_resent)) {
        conn->flight->rack.rtt = now - got->last_sent;
    } else if (got->has_original || is_new) {
        conn->flight->rack.rtt = now - (original > resent ? original : resent);
    }
}

bool tcp_rack_input(struct tcp_conn *conn, const struct tcp_delivered *got,
                    const struct tcp_segment *seg, bool dup, toe_instant now)
{
    const bool is_new = is_resent(conn, got, seg, now);
    struct tcp_flight *f = conn->flight;

    if (got->has_original) {
        if (got->is_timed) {
            tcp_rtt_min_sample(conn, now - got->sent, now);
        }
        conn->has_reordering = conn->has_reordering || toe_seq_lt(got->lowest, f->rack.fack);
        update(&f->rack, got->sent, got->end);
    }
    if (is_new) {
        update(&f->rack, got->re_sent, got->re_end);
    }
    time_delivery(conn, got, is_new, now);
    if (got->bytes > 0) {
        f->rack.fack = toe_seq_max(f->rack.fack, got->highest);
    }
    adapt(conn, got, dup);

    /* In order, all that is left was sent later. */
    if (f->sacked == 0 && !conn->in_recovery && !f->in_loss && !f->rack.is_waiting) {
        return false;
    }
    return tcp_rack_detect(conn, now);
}

void tcp_rack_input_calm(struct tcp_conn *conn, toe_instant sent, toe_instant now)
{
    struct tcp_rack *rack = &conn->flight->rack;

    tcp_rtt_min_sample(conn, now - sent, now);
    conn->has_reordering = conn->has_reordering || toe_seq_lt(conn->snd_una, rack->fack);
    update(rack, sent, conn->snd_una);
    rack->rtt = now - sent;
    rack->fack = toe_seq_max(rack->fack, conn->snd_una);
}

void tcp_rack_forget(struct tcp_conn *conn)
{
    struct tcp_rack *rack = &conn->flight->rack;

    rack->is_known = false;
    if (rack->is_waiting) {
        rack->is_waiting = false;
        tcp_deadline_cancel(conn, TCP_DEADLINE_PROBE);
    }
}
