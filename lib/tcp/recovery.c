/* SPDX-License-Identifier: MIT */
#include "tcp/recovery.h"

#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/ecn.h"
#include "tcp/inflight.h"
#include "tcp/window.h"

/* Limited transmit without SACK blocks: duplicates that release a segment each (RFC 3042). */
#define LIMITED_MAX 2u

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint8_t dup_thresh(const struct tcp_conn *conn)
{
    return conn->cfg->duplicate_ack_threshold != 0 ? conn->cfg->duplicate_ack_threshold : 1;
}

static struct tcp_scoreboard_view view_of(const struct tcp_conn *conn)
{
    const uint32_t sent = toe_seq_off(conn->snd_nxt, conn->snd_una);

    return (struct tcp_scoreboard_view){
        .snd_una = conn->snd_una,
        .snd_max = conn->snd_max,
        .recover = conn->recover,
        .mss = conn->snd_mss,
        .dup_thresh = dup_thresh(conn),
        .has_new = sent < tcp_send_span(conn) && sent < conn->snd_wnd,
    };
}

/* The end of the segment at snd_una. */
static toe_seq first_end(const struct tcp_conn *conn)
{
    return toe_seq_add(conn->snd_una, min_u32(conn->snd_mss, tcp_send_flight(conn)));
}

uint32_t tcp_recovery_sack(struct tcp_conn *conn, struct tcp_delivered *got,
                           const struct tcp_segment *seg)
{
    if (!conn->has_sack || seg->sack_cnt == 0 || tcp_send_flight(conn) == 0) {
        return 0;
    }
    if (tcp_flight_is_on(conn)) {
        return tcp_flight_sack(conn, got, seg);
    }
    if (conn->busy->scoreboard == NULL) {
        conn->busy->scoreboard = base_slab_alloc(conn->cfg->scoreboards);
        if (conn->busy->scoreboard == NULL) {
            return 0; /* Without it SACK is only an option that is not there. */
        }
        tcp_scoreboard_clear(conn->busy->scoreboard, conn->snd_una);
        if (conn->in_recovery) {
            tcp_scoreboard_recover(conn->busy->scoreboard, first_end(conn));
        }
    }
    return tcp_scoreboard_update(conn->busy->scoreboard, seg->sack, seg->sack_cnt, conn->snd_una,
                                 conn->snd_max);
}

bool tcp_recovery_is_sacked(const struct tcp_conn *conn)
{
    return conn->in_recovery && conn->busy->scoreboard != NULL && conn->busy->scoreboard->cnt > 0;
}

static void forget_scoreboard(struct tcp_conn *conn)
{
    if (conn->busy->scoreboard != NULL) {
        base_slab_free(conn->cfg->scoreboards, conn->busy->scoreboard);
        conn->busy->scoreboard = NULL;
    }
}

void tcp_recovery_abandon(struct tcp_conn *conn)
{
    forget_scoreboard(conn);
    conn->in_recovery = false;
    conn->in_mark = false;
    conn->busy->dup_bytes = 0;
    conn->recover = conn->snd_max;
    if (conn->flight != NULL) {
        tcp_flight_lose_all(conn);
        tcp_rack_forget(conn);
    }
}

static void enter(struct tcp_conn *conn, toe_instant now)
{
    if (conn->flight != NULL) {
        tcp_undo_begin(conn, now);
    }
    conn->busy->round.load = 0;
    if (!tcp_ecn_is_answered(conn)) {
        tcp_validation_loss(conn);
        conn->cfg->cc->loss(conn, now);
    }
    tcp_ecn_reduced(conn);
    conn->cwnd = conn->ssthresh;
    conn->in_mark = false;
    conn->rtt_timing = false;
    if (tcp_flight_is_on(conn)) {
        conn->in_recovery = true;
        conn->recover = conn->snd_max;
        conn->flight->tlp.is_out = false;
        tcp_prr_begin(conn);
        return;
    }

    /* While going back N, everything from the lost segment on goes again. */
    if (!toe_seq_eq(conn->snd_nxt, conn->snd_max)) {
        tcp_recovery_abandon(conn);
        conn->snd_nxt = conn->snd_una;
        conn->rexmit_due = true;
        return;
    }

    conn->in_recovery = true;
    conn->recover = conn->snd_max;
    conn->rexmit_due = true;
    conn->busy->dup_bytes = conn->dup_ack_cnt * conn->snd_mss;
    if (conn->busy->scoreboard != NULL) {
        tcp_scoreboard_recover(conn->busy->scoreboard, first_end(conn));
    }
}

static bool is_lost(const struct tcp_conn *conn)
{
    const struct tcp_scoreboard_view view = view_of(conn);

    if (conn->dup_ack_cnt >= dup_thresh(conn)) {
        return true;
    }
    return conn->busy->scoreboard != NULL &&
           tcp_scoreboard_is_lost(conn->busy->scoreboard, conn->snd_una, &view);
}

/* A peer that has SACK and does not say what it holds: as without, but for the inflation. */
static void dup_unexplained(struct tcp_conn *conn, toe_instant now)
{
    const struct tcp_flight *f = conn->flight;

    if (f->sacked == 0 && !conn->in_recovery && !f->in_loss &&
        toe_seq_gt(conn->snd_una, conn->recover) && conn->dup_ack_cnt >= dup_thresh(conn) &&
        tcp_flight_lose_first(conn)) {
        enter(conn, now);
    }
}

void tcp_recovery_dup(struct tcp_conn *conn, toe_instant now)
{
    if (tcp_flight_is_on(conn)) {
        dup_unexplained(conn, now);
        return;
    }
    if (conn->in_recovery) {
        conn->busy->dup_bytes =
            min_u32(conn->busy->dup_bytes + conn->snd_mss, tcp_send_flight(conn));
        return;
    }
    if (toe_seq_gt(conn->snd_una, conn->recover) && is_lost(conn)) {
        enter(conn, now);
    }
}

/* RFC-050: down to ssthresh, and no burst where less than that is in flight. */
static void deflate(struct tcp_conn *conn)
{
    const uint32_t flight = tcp_send_flight(conn);

    conn->cwnd = conn->ssthresh;
    if (conn->cwnd > flight) {
        conn->cwnd = flight + tcp_cc_abc(conn, conn->cwnd - flight);
    }
    if (conn->cwnd < conn->snd_mss) {
        conn->cwnd = conn->snd_mss;
    }
}

static void leave(struct tcp_conn *conn)
{
    conn->in_recovery = false;
    conn->busy->dup_bytes = 0;
    if (conn->cfg->cc->deliver != NULL) {
        return;
    }
    tcp_validation_recovered(conn);
    deflate(conn);
}

/* RFC 6582, 3.2, step 3, partial acknowledgment. With a scoreboard NextSeg() knows the next hole.
 */
static void go_on(struct tcp_conn *conn, uint32_t acked)
{
    conn->busy->dup_bytes -= min_u32(conn->busy->dup_bytes, acked);
    if (acked >= conn->snd_mss) {
        conn->busy->dup_bytes += conn->snd_mss;
    }
    conn->busy->dup_bytes = min_u32(conn->busy->dup_bytes, tcp_send_flight(conn));
    if (!tcp_recovery_is_sacked(conn)) {
        conn->rexmit_due = true;
    }
}

/* What follows a timeout ends as a recovery does, but cwnd is what it grew to. */
static void end_loss(struct tcp_conn *conn, struct tcp_delivered *got)
{
    if (conn->flight->in_loss && toe_seq_ge(conn->snd_una, conn->recover)) {
        conn->flight->in_loss = false;
        if (tcp_flight_is_on(conn)) {
            conn->recover = toe_seq_sub(conn->snd_una, 1); /* it needs no guard: see is_dup() */
        }
        got->has_recovered = true;
    }
}

/* Whether cwnd does not grow for a congestion mark, the answer to which may be complete. */
static bool is_marked(struct tcp_conn *conn)
{
    if (!conn->in_mark) {
        return false;
    }
    if (toe_seq_ge(conn->snd_una, conn->ecn_point)) {
        conn->in_mark = false;
        deflate(conn);
    }
    return true;
}

void tcp_recovery_grow(struct tcp_conn *conn, uint32_t acked, uint32_t fresh, toe_duration rtt,
                       toe_instant now)
{
    /* Kept near, so that the comparison holds however much is sent. */
    if (toe_seq_gt(conn->snd_una, conn->recover)) {
        conn->recover = toe_seq_sub(conn->snd_una, 1);
    }
    if (is_marked(conn)) {
        return;
    }
    if (conn->cwnd < conn->ssthresh) {
        tcp_hystart_ack(conn, rtt);
    }
    if (fresh > conn->busy->ecn_marked) {
        tcp_cc_ack(conn, acked, fresh - conn->busy->ecn_marked, now);
    }
}

/* How much of |acked| bytes counts for the growth of cwnd. */
static uint32_t fresh(const struct tcp_conn *conn, const struct tcp_delivered *got, uint32_t acked)
{
    if (!conn->cfg->tuning.grow_by_delivery) {
        return acked;
    }
    if (tcp_flight_is_on(conn)) {
        return got->bytes;
    }
    return acked - min_u32(acked, (uint32_t)conn->dup_ack_cnt * conn->snd_mss);
}

void tcp_recovery_ack(struct tcp_conn *conn, struct tcp_delivered *got, uint32_t acked,
                      toe_instant now)
{
    if (conn->flight != NULL) {
        tcp_flight_ack(conn, got, toe_seq_sub(conn->snd_una, acked));
        end_loss(conn, got);
    }
    if (conn->busy->scoreboard != NULL) {
        tcp_scoreboard_ack(conn->busy->scoreboard, conn->snd_una);
    }
    if (tcp_send_flight(conn) == 0) {
        forget_scoreboard(conn);
    }

    if (conn->in_recovery && toe_seq_lt(conn->snd_una, conn->recover)) {
        if (!tcp_flight_is_on(conn)) {
            go_on(conn, acked);
        }
        return;
    }
    if (conn->in_recovery) {
        got->has_recovered = true;
        leave(conn);
        conn->recover = toe_seq_sub(conn->snd_una, 1);
        return;
    }

    tcp_recovery_grow(conn, acked, fresh(conn, got, acked), got->is_timed ? now - got->sent : 0,
                      now);
}

enum tcp_next tcp_recovery_next(const struct tcp_conn *conn, struct tcp_sack_block *range)
{
    const struct tcp_scoreboard_view view = view_of(conn);
    const uint32_t pipe = tcp_recovery_is_sacked(conn)
                              ? tcp_scoreboard_pipe(conn->busy->scoreboard, &view)
                              : UINT32_MAX;

    if (pipe > conn->cwnd || conn->cwnd - pipe < conn->snd_mss) {
        return TCP_NEXT_NONE;
    }
    return tcp_scoreboard_next(conn->busy->scoreboard, range, &view);
}

void tcp_recovery_sent(struct tcp_conn *conn, enum tcp_next why, const struct tcp_sack_block *range)
{
    const struct tcp_scoreboard_view view = view_of(conn);

    tcp_scoreboard_sent(conn->busy->scoreboard, why, range, &view);
}

/* The bytes that the peer reports as received twice: RFC 2883, 4. */
static bool is_dup_reported(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    const struct tcp_sack_block *block = seg->sack;

    if (!conn->has_sack || seg->sack_cnt == 0 || toe_seq_ge(block->left, block->right)) {
        return false;
    }
    if (toe_seq_le(block->right, seg->ack)) {
        return true;
    }
    return seg->sack_cnt > 1 && toe_seq_ge(block->left, block[1].left) &&
           toe_seq_le(block->right, block[1].right);
}

/* In a recovery without any SACK block: a partial acknowledgment shows the next hole. */
static bool is_next_hole(struct tcp_conn *conn, uint32_t acked)
{
    return conn->in_recovery && acked > 0 && conn->flight->sacked == 0 && conn->flight->lost == 0 &&
           tcp_send_flight(conn) > 0 && tcp_flight_lose_first(conn);
}

/* Whether |got| made it as many as DupThresh that are SACKed: the third duplicate. */
static bool is_third(const struct tcp_conn *conn, const struct tcp_delivered *got, uint32_t acked)
{
    const uint32_t sacked = conn->flight->sacked;
    const uint32_t many = dup_thresh(conn) * conn->snd_mss;

    return conn->cfg->rack_threshold && acked == 0 && sacked >= many && got->bytes <= sacked &&
           sacked - got->bytes < many;
}

/* Something more is lost: a recovery begins, unless one is under way. */
static void answer_loss(struct tcp_conn *conn, toe_instant now)
{
    if (tcp_plpmtud_lost(conn, now)) {
        return;
    }
    if (!conn->in_recovery && !conn->flight->in_loss && toe_seq_gt(conn->snd_una, conn->recover)) {
        enter(conn, now);
    }
}

void tcp_recovery_judge(struct tcp_conn *conn, const struct tcp_delivered *got,
                        const struct tcp_segment *seg, uint32_t acked, bool is_dup, toe_instant now)
{
    const struct tcp_sack_block *dup = is_dup_reported(conn, seg) ? seg->sack : NULL;
    const bool is_late = tcp_frto_input(conn, got, acked, is_dup);
    bool lost;

    (void)tcp_undo_input(conn, got, seg, dup, acked, is_late, now);
    if (acked > 0 || got->bytes > 0) {
        conn->flight->is_moved = true;
        conn->flight->tlp.holes = 0;
    }
    if (tcp_flight_is_on(conn)) {
        tcp_tlp_ack(conn, seg, dup, now);
        if (tcp_flight_has_reneged(conn)) {
            tcp_flight_lose_all(conn);
        }
        lost = tcp_rack_input(conn, got, seg, dup != NULL, now);
        if (lost && !conn->in_recovery) {
            answer_loss(conn, now);
            if (conn->in_recovery && is_third(conn, got, acked)) {
                tcp_prr_classic(conn, got->bytes);
            }
        }
        lost = is_next_hole(conn, acked) || lost;
        if (conn->in_recovery || conn->in_mark) {
            tcp_prr_ack(conn, got->bytes,
                        acked > 0 && !lost && !(conn->in_mark && conn->busy->ecn_marked > 0));
        }
    }
    if (conn->cfg->cc->deliver != NULL) {
        const struct tcp_rate_sample rs = tcp_rate_sample(conn, got, now);

        conn->cfg->cc->deliver(conn, &rs, now);
    }
    tcp_flight_check(conn);
    tcp_flight_trim(conn);
}

void tcp_recovery_expire(struct tcp_conn *conn, toe_instant now)
{
    struct tcp_flight *f = conn->flight;

    toe_assert(f != NULL);

    if (!f->rack.is_waiting) {
        tcp_tlp_expire(conn, now);
        return;
    }
    if (tcp_rack_detect(conn, now)) {
        answer_loss(conn, now);
        if (conn->in_recovery) {
            tcp_prr_ack(conn, 0, false);
        }
    }
}

void tcp_recovery_arm(struct tcp_conn *conn, toe_instant now)
{
    struct tcp_flight *f = conn->flight;

    if (f->is_moved) {
        f->is_moved = false;
        if (!f->rack.is_waiting) {
            tcp_tlp_arm(conn, now);
        }
    }
}

void tcp_recovery_timeout(struct tcp_conn *conn, toe_instant now)
{
    if (conn->flight != NULL && !conn->in_recovery && !conn->flight->in_loss) {
        tcp_undo_begin(conn, now);
    }
}

void tcp_recovery_after_timeout(struct tcp_conn *conn)
{
    if (conn->flight != NULL) {
        conn->flight->in_loss = true;
        conn->flight->tlp = (struct tcp_tlp){0};
        tcp_frto_begin(conn);
    }
}

void tcp_recovery_count(struct tcp_conn *conn, toe_seq seq, toe_seq end, toe_instant now)
{
    tcp_flight_sent(conn, seq, end, now);
    if (conn->flight == NULL) {
        return;
    }
    if (toe_seq_lt(seq, conn->snd_max)) {
        tcp_undo_resent(conn, toe_seq_off(toe_seq_min(end, conn->snd_max), seq));
    }
    if (conn->in_recovery || conn->in_mark) {
        tcp_prr_sent(conn, toe_seq_off(end, seq));
    }
    conn->flight->is_moved = true;
}

uint32_t tcp_recovery_credit(const struct tcp_conn *conn)
{
    const struct tcp_flight *f = conn->flight;
    const uint32_t pipe = tcp_flight_pipe(conn);
    uint32_t cwnd = conn->cwnd;

    if ((conn->in_recovery || conn->in_mark) && conn->cfg->cc->deliver == NULL) {
        return tcp_prr_credit(conn);
    }
    if (f->sacked == 0 && f->lost == 0 && cwnd < UINT32_MAX / 2) {
        cwnd += min_u32(conn->dup_ack_cnt, LIMITED_MAX) * conn->snd_mss;
    }
    return cwnd > pipe ? cwnd - pipe : 0;
}

bool tcp_recovery_repeats(const struct tcp_conn *conn)
{
    return conn->flight->lost > 0 && conn->flight->frto.step != TCP_FRTO_NEW;
}
