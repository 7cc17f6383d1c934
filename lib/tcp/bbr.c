/* SPDX-License-Identifier: MIT */
/*
 * BBR: congestion control by a model of the path (draft-ietf-ccwg-bbr, version 3 in essence).
 *
 * The model is the bandwidth, as the most that was delivered of late, and the least round trip;
 * their product is what the path holds. Data leaves at the bandwidth times a gain, which tells the
 * phase: *startup* doubles until the bandwidth does not grow, *drain* empties the queue that this
 * made; then it goes round: *down* a little slower, *cruise*, *refill*, *up* a little faster until
 * that brings no more, every two or three seconds, or as soon as NewReno would have probed. Every
 * five seconds without a shorter round trip the flight goes down to half to see one (*probe RTT*).
 *
 * Loss is a signal where it is more than 2 % of what was in flight: inflight_hi then bounds what
 * probing may put in flight, and inflight_lo and bw_lo what the time between may, which forget when
 * probing begins anew. Less than that is the path's own, and changes nothing; the draft lowers the
 * latter two for any loss.
 *
 * Names are the draft's. Deviates: rounds, as everything, count bytes; loss is judged for a whole
 * acknowledgment, by the stamp of what left last of it, not for each packet, and a segment or two
 * are no verdict: where fifty are in flight one of them would be the 2 %; there is no offload
 * budget beside a quantum of pacing; the random part of waiting is from sequence numbers, so that
 * it needs no source of randomness. ECN counts as a round with loss.
 *
 * cwnd is the model's in a recovery, too (tcp/congestion.h); after a timeout it is one segment, and
 * grows back by what is delivered. Without records (tcp/inflight.h) there are no samples, and it
 * goes on with what it has.
 */
#include "tcp/bbr.h"

#include "tcp/congestion.h"
#include "tcp/inflight.h"
#include "tcp/pace.h"
#include "tcp/rate.h"

enum {
    STARTUP,
    DRAIN,
    DOWN,
    CRUISE,
    REFILL,
    UP,
    PROBE_RTT,
    STATE_CNT,
};

enum {
    ACKS_INIT,
    ACKS_REFILLING,
    ACKS_STARTING,
    ACKS_FEEDBACK,
    ACKS_STOPPING,
    ACKS_CNT,
};

_Static_assert(STATE_CNT == TCP_BBR_STATE_CNT && ACKS_CNT == TCP_BBR_ACKS_CNT, "told as they are");

#define PROBE_RTT_INTERVAL (5 * TOE_NS_PER_SEC)
#define MIN_RTT_LEN (10 * TOE_NS_PER_SEC)
#define RENO_ROUNDS_MAX 63u
#define LOST_MIN 3u /* segments */
#define NO_BOUND UINT32_MAX

/* Gains in percent. */
static const uint32_t pacing_gains[STATE_CNT] = {277, 50, 90, 100, 100, 125, 100};
static const uint32_t cwnd_gains[STATE_CNT] = {200, 200, 200, 200, 200, 225, 50};

#define BBR(conn) (&(conn)->busy->bbr)

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* --- the model --- */

static uint64_t max_bw(const struct tcp_conn *conn)
{
    return max_u64(BBR(conn)->max_bw[0], BBR(conn)->max_bw[1]);
}

static uint64_t bw(const struct tcp_conn *conn)
{
    const uint64_t most = max_bw(conn);

    return most < BBR(conn)->bw_lo ? most : BBR(conn)->bw_lo;
}

static uint64_t most_bw(uint64_t rate)
{
    return rate < TCP_PACE_RATE_MAX ? rate : TCP_PACE_RATE_MAX;
}

static uint32_t least_cwnd(const struct tcp_conn *conn)
{
    return 4 * (uint32_t)conn->snd_mss;
}

/* BBRBDPMultiple(): |rate| times the least round trip, |percent| of it. */
static uint32_t bdp(const struct tcp_conn *conn, uint64_t rate, uint32_t percent)
{
    uint64_t bytes;

    if (BBR(conn)->min_rtt == 0) {
        return tcp_cc_initial_window(conn);
    }
    bytes = most_bw(rate) * (BBR(conn)->min_rtt / 1000) / (TOE_NS_PER_SEC / 1000) * percent / 100;
    return bytes < TCP_CWND_MAX ? (uint32_t)bytes : TCP_CWND_MAX;
}

static uint32_t in_flight(const struct tcp_conn *conn)
{
    return tcp_flight_is_on(conn) ? tcp_flight_pipe(conn) : tcp_send_flight(conn);
}

/* BBRInflight() with what aggregation and pacing in quanta need. */
static uint32_t inflight(const struct tcp_conn *conn, uint32_t percent)
{
    const uint32_t quantum = max_u32(2 * (uint32_t)conn->snd_mss,
                                     min_u32((uint32_t)(conn->busy->pace_rate / 1000), 65536));
    const uint32_t up = BBR(conn)->state == UP ? 2 * (uint32_t)conn->snd_mss : 0;

    return max_u32(bdp(conn, bw(conn), percent) + 2 * quantum + up, least_cwnd(conn));
}

static bool is_probing_bw(const struct tcp_conn *conn)
{
    return BBR(conn)->state >= DOWN && BBR(conn)->state <= UP;
}

/* BBRTargetInflight() */
static uint32_t target_inflight(const struct tcp_conn *conn)
{
    return min_u32(bdp(conn, bw(conn), 100), conn->cwnd);
}

static uint32_t with_headroom(const struct tcp_conn *conn)
{
    const uint32_t hi = BBR(conn)->inflight_hi;
    const uint32_t room = max_u32(conn->snd_mss, hi / 100 * 15);

    return hi == NO_BOUND ? hi : max_u32(hi > room ? hi - room : 0, least_cwnd(conn));
}

/* --- rounds --- */

static void start_round(struct tcp_conn *conn)
{
    BBR(conn)->round_end = conn->busy->rate.delivered;
}

static bool is_reached(uint32_t prior, uint32_t end)
{
    return (int32_t)(prior - end) >= 0;
}

static void update_round(struct tcp_conn *conn, const struct tcp_rate_sample *rs)
{
    BBR(conn)->is_round_start = rs->is_stamped && is_reached(rs->prior, BBR(conn)->round_end);
    BBR(conn)->is_loss_round_start =
        rs->is_stamped && is_reached(rs->prior, BBR(conn)->loss_round_end);
    if (BBR(conn)->is_round_start) {
        start_round(conn);
        BBR(conn)->rounds_since_probe =
            (uint8_t)min_u32(BBR(conn)->rounds_since_probe + 1u, UINT8_MAX);
    }
    if (BBR(conn)->is_loss_round_start) {
        BBR(conn)->loss_round_end = conn->busy->rate.delivered;
    }
}

/* --- phases --- */

static void enter(struct tcp_conn *conn, uint8_t state, toe_instant now)
{
    BBR(conn)->state = state;
    BBR(conn)->cycle_at = now;
}

static void forget_lower_bounds(struct tcp_conn *conn)
{
    BBR(conn)->bw_lo = UINT64_MAX;
    BBR(conn)->inflight_lo = NO_BOUND;
}

static void start_down(struct tcp_conn *conn, toe_instant now)
{
    const uint32_t mix = (conn->snd_una.v ^ conn->rcv_nxt.v) * UINT32_C(2654435761);

    BBR(conn)->up_cnt = UINT32_MAX;
    BBR(conn)->probe_wait = 2000 + (mix >> 16) % 1000;
    BBR(conn)->rounds_since_probe = (uint8_t)(mix >> 31);
    BBR(conn)->ack_phase = ACKS_STOPPING;
    start_round(conn);
    enter(conn, DOWN, now);
}

static void start_refill(struct tcp_conn *conn, toe_instant now)
{
    forget_lower_bounds(conn);
    BBR(conn)->up_rounds = 0;
    BBR(conn)->up_acked = 0;
    BBR(conn)->ack_phase = ACKS_REFILLING;
    start_round(conn);
    enter(conn, REFILL, now);
}

/* Growth of inflight_hi doubles with each round. */
static void raise_slope(struct tcp_conn *conn)
{
    const uint32_t growth = UINT32_C(1) << BBR(conn)->up_rounds;

    BBR(conn)->up_rounds = (uint8_t)min_u32(BBR(conn)->up_rounds + 1u, TCP_BBR_UP_ROUNDS_MAX);
    BBR(conn)->up_cnt = max_u32(conn->cwnd / growth, 1);
}

static void reset_full_bw(struct tcp_conn *conn, uint64_t rate)
{
    BBR(conn)->full_bw = rate;
    BBR(conn)->full_bw_cnt = 0;
}

static void start_up(struct tcp_conn *conn, const struct tcp_rate_sample *rs, toe_instant now)
{
    reset_full_bw(conn, rs->rate);
    BBR(conn)->has_samples = true;
    BBR(conn)->ack_phase = ACKS_STARTING;
    start_round(conn);
    enter(conn, UP, now);
    raise_slope(conn);
}

/* Time to probe: a few seconds passed, or NewReno would have by now. */
static bool has_waited(const struct tcp_conn *conn, toe_instant now)
{
    const uint32_t rounds = min_u32(target_inflight(conn) / conn->snd_mss, RENO_ROUNDS_MAX);

    return now - BBR(conn)->cycle_at > BBR(conn)->probe_wait * TOE_NS_PER_MS ||
           BBR(conn)->rounds_since_probe >= rounds;
}

static bool is_low(const struct tcp_conn *conn)
{
    return in_flight(conn) <= with_headroom(conn) &&
           in_flight(conn) <= bdp(conn, max_bw(conn), 100);
}

static bool is_bw_full(const struct tcp_conn *conn)
{
    return BBR(conn)->full_bw_cnt >= TCP_BBR_FULL_ROUNDS;
}

/* BBRIsTimeToGoDown(): the bandwidth has not grown for some rounds, though inflight_hi let it. */
static bool has_probed(struct tcp_conn *conn, const struct tcp_rate_sample *rs)
{
    const bool was_limited = toe_seq_le(conn->snd_una, conn->limited_end);

    if (was_limited && conn->cwnd >= BBR(conn)->inflight_hi) {
        reset_full_bw(conn, rs->rate);
        return false;
    }
    return is_bw_full(conn);
}

static void advance_phase(struct tcp_conn *conn, const struct tcp_rate_sample *rs, toe_instant now)
{
    switch (BBR(conn)->state) {
    case STARTUP:
        if (BBR(conn)->is_full) {
            enter(conn, DRAIN, now);
        }
        return;
    case DRAIN:
        if (in_flight(conn) <= bdp(conn, max_bw(conn), 100)) {
            start_down(conn, now);
        }
        return;
    case DOWN:
    case CRUISE:
        if (has_waited(conn, now)) {
            start_refill(conn, now);
        } else if (BBR(conn)->state == DOWN && is_low(conn)) {
            BBR(conn)->state = CRUISE; /* cycle_at is that of the cycle */
        }
        return;
    case REFILL:
        if (BBR(conn)->is_round_start) {
            start_up(conn, rs, now);
        }
        return;
    case UP:
        if (has_probed(conn, rs)) {
            start_down(conn, now);
        }
        return;
    default:
        return;
    }
}

/* --- bandwidth --- */

static void update_bw(struct tcp_conn *conn, const struct tcp_rate_sample *rs)
{
    if (rs->rate > 0 && (rs->rate >= max_bw(conn) || !rs->is_limited)) {
        BBR(conn)->max_bw[0] = max_u64(BBR(conn)->max_bw[0], rs->rate);
    }
}

/* The startup ends, too, when too much was lost in a round. */
static void check_startup_loss(struct tcp_conn *conn, const struct tcp_rate_sample *rs)
{
    const uint32_t lost = conn->busy->rate.lost - BBR(conn)->round_lost;
    const uint32_t delivered = conn->busy->rate.delivered - BBR(conn)->round_delivered;

    BBR(conn)->round_lost = conn->busy->rate.lost;
    BBR(conn)->round_delivered = conn->busy->rate.delivered;
    if (BBR(conn)->is_full || rs->is_limited) {
        return;
    }
    if (lost > (uint64_t)delivered * 2 / 100 && lost >= 6 * (uint32_t)conn->snd_mss) {
        BBR(conn)->is_full = true;
        BBR(conn)->inflight_hi = max_u32(bdp(conn, max_bw(conn), 100), BBR(conn)->inflight_latest);
    }
}

/* BBRCheckFullBWReached(): three rounds brought no quarter more. */
static void check_full_bw(struct tcp_conn *conn, const struct tcp_rate_sample *rs)
{
    if (is_bw_full(conn) || rs->is_limited) {
        return;
    }
    if (rs->rate >= BBR(conn)->full_bw + BBR(conn)->full_bw / 4) {
        reset_full_bw(conn, rs->rate);
        return;
    }
    ++BBR(conn)->full_bw_cnt;
    BBR(conn)->is_full = BBR(conn)->is_full || is_bw_full(conn);
}

/* --- loss --- */

static bool is_too_high(const struct tcp_conn *conn, const struct tcp_rate_sample *rs)
{
    return rs->is_stamped && rs->lost >= LOST_MIN * (uint32_t)conn->snd_mss &&
           rs->lost > (uint64_t)rs->in_flight * 2 / 100;
}

static void answer_too_high(struct tcp_conn *conn, const struct tcp_rate_sample *rs,
                            toe_instant now)
{
    BBR(conn)->has_samples = false;
    if (!rs->is_limited) {
        BBR(conn)->inflight_hi = max_u32(rs->in_flight, target_inflight(conn) / 10 * 7);
    }
    if (BBR(conn)->state == UP) {
        start_down(conn, now);
    }
}

static void raise_hi(struct tcp_conn *conn, const struct tcp_rate_sample *rs)
{
    const bool was_limited = toe_seq_le(conn->snd_una, conn->limited_end);

    if (!was_limited || conn->cwnd < BBR(conn)->inflight_hi) {
        return;
    }
    BBR(conn)->up_acked += rs->acked;
    if (BBR(conn)->up_acked >= BBR(conn)->up_cnt) {
        const uint32_t segs = BBR(conn)->up_acked / BBR(conn)->up_cnt;

        BBR(conn)->up_acked -= segs * BBR(conn)->up_cnt;
        BBR(conn)->inflight_hi =
            min_u32(BBR(conn)->inflight_hi + segs * conn->snd_mss, TCP_CWND_MAX);
    }
    if (BBR(conn)->is_round_start) {
        raise_slope(conn);
    }
}

/* BBRAdaptUpperBounds() */
static void adapt_upper(struct tcp_conn *conn, const struct tcp_rate_sample *rs, toe_instant now)
{
    if (BBR(conn)->ack_phase == ACKS_STARTING && BBR(conn)->is_round_start) {
        BBR(conn)->ack_phase = ACKS_FEEDBACK;
    } else if (BBR(conn)->ack_phase == ACKS_STOPPING && BBR(conn)->is_round_start) {
        BBR(conn)->has_samples = false;
        BBR(conn)->ack_phase = ACKS_INIT;
        if (is_probing_bw(conn) && !rs->is_limited) {
            BBR(conn)->max_bw[1] = BBR(conn)->max_bw[0];
            BBR(conn)->max_bw[0] = 0;
        }
    }
    if (is_too_high(conn, rs)) {
        if (BBR(conn)->has_samples) {
            answer_too_high(conn, rs, now);
        }
        return;
    }
    if (BBR(conn)->inflight_hi == NO_BOUND || !rs->is_stamped) {
        return;
    }
    BBR(conn)->inflight_hi = max_u32(BBR(conn)->inflight_hi, rs->in_flight);
    if (BBR(conn)->state == UP) {
        raise_hi(conn, rs);
    }
}

static bool has_congestion(const struct tcp_conn *conn, const struct tcp_rate_sample *rs)
{
    const uint32_t lost = BBR(conn)->lost_in_round;

    return BBR(conn)->is_marked ||
           (lost >= LOST_MIN * (uint32_t)conn->snd_mss && lost > (uint64_t)rs->delivered * 2 / 100);
}

/* BBRAdaptLowerBoundsFromCongestion(), at the end of a round. */
static void adapt_lower(struct tcp_conn *conn, const struct tcp_rate_sample *rs)
{
    const uint8_t state = BBR(conn)->state;

    if (state == STARTUP || state == REFILL || state == UP || !has_congestion(conn, rs)) {
        return;
    }
    if (BBR(conn)->bw_lo == UINT64_MAX) {
        BBR(conn)->bw_lo = max_bw(conn);
    }
    if (BBR(conn)->inflight_lo == NO_BOUND) {
        BBR(conn)->inflight_lo = conn->cwnd;
    }
    BBR(conn)->bw_lo = max_u64(BBR(conn)->bw_latest, BBR(conn)->bw_lo / 10 * 7);
    BBR(conn)->inflight_lo = max_u32(BBR(conn)->inflight_latest, BBR(conn)->inflight_lo / 10 * 7);
}

static void update_signals(struct tcp_conn *conn, const struct tcp_rate_sample *rs)
{
    BBR(conn)->bw_latest = max_u64(BBR(conn)->bw_latest, rs->rate);
    BBR(conn)->inflight_latest = max_u32(BBR(conn)->inflight_latest, rs->delivered);
    BBR(conn)->lost_in_round += rs->newly_lost;
    if (BBR(conn)->is_loss_round_start) {
        adapt_lower(conn, rs);
        BBR(conn)->lost_in_round = 0;
        BBR(conn)->is_marked = false;
        BBR(conn)->bw_latest = rs->rate;
        BBR(conn)->inflight_latest = rs->delivered;
    }
}

/* BBRUpdateACKAggregation(): by how much more came at once than the bandwidth explains. */
static void update_extra(struct tcp_conn *conn, const struct tcp_rate_sample *rs, toe_instant now)
{
    const toe_duration span = now - BBR(conn)->extra_at;
    uint64_t expected =
        most_bw(bw(conn)) * (span < TOE_NS_PER_SEC ? span : TOE_NS_PER_SEC) / TOE_NS_PER_SEC;
    uint32_t extra;

    if (BBR(conn)->is_round_start && ++BBR(conn)->extra_rounds >= TCP_BBR_EXTRA_ROUNDS) {
        BBR(conn)->extra_rounds = 0;
        BBR(conn)->extra_acked[1] = BBR(conn)->extra_acked[0];
        BBR(conn)->extra_acked[0] = 0;
    }
    if (BBR(conn)->extra_delivered <= expected) {
        BBR(conn)->extra_delivered = 0;
        BBR(conn)->extra_at = now;
        expected = 0;
    }
    BBR(conn)->extra_delivered = min_u32(BBR(conn)->extra_delivered + rs->acked, TCP_CWND_MAX);
    extra = BBR(conn)->extra_delivered - min_u32((uint32_t)expected, BBR(conn)->extra_delivered);
    BBR(conn)->extra_acked[0] = max_u32(BBR(conn)->extra_acked[0], min_u32(extra, conn->cwnd));
}

/* --- the least round trip --- */

static void leave_probe_rtt(struct tcp_conn *conn, toe_instant now)
{
    BBR(conn)->probe_rtt_min_at = now;
    conn->cwnd = max_u32(conn->cwnd, BBR(conn)->prior_cwnd);
    forget_lower_bounds(conn);
    if (BBR(conn)->is_full) {
        start_down(conn, now);
        BBR(conn)->state = CRUISE;
    } else {
        enter(conn, STARTUP, now);
    }
}

static uint32_t probe_rtt_cwnd(const struct tcp_conn *conn)
{
    return max_u32(bdp(conn, bw(conn), cwnd_gains[PROBE_RTT]), least_cwnd(conn));
}

static void probe_rtt(struct tcp_conn *conn, toe_instant now)
{
    tcp_rate_idle(conn); /* It is not the path that limits now. */
    if (BBR(conn)->probe_rtt_done_at == 0) {
        if (in_flight(conn) <= probe_rtt_cwnd(conn)) {
            BBR(conn)->probe_rtt_done_at = now + TCP_BBR_PROBE_RTT_TIME;
            BBR(conn)->is_round_done = false;
            start_round(conn);
        }
        return;
    }
    BBR(conn)->is_round_done = BBR(conn)->is_round_done || BBR(conn)->is_round_start;
    if (BBR(conn)->is_round_done && now > BBR(conn)->probe_rtt_done_at) {
        leave_probe_rtt(conn, now);
    }
}

static void update_min_rtt(struct tcp_conn *conn, const struct tcp_rate_sample *rs, toe_instant now)
{
    const uint32_t rtt = rs->rtt < UINT32_MAX ? (uint32_t)rs->rtt : UINT32_MAX;
    const bool is_old =
        BBR(conn)->probe_rtt_min > 0 && now > BBR(conn)->probe_rtt_min_at + PROBE_RTT_INTERVAL;

    if (rtt > 0 && (BBR(conn)->probe_rtt_min == 0 || rtt < BBR(conn)->probe_rtt_min || is_old)) {
        BBR(conn)->probe_rtt_min = rtt;
        BBR(conn)->probe_rtt_min_at = now;
    }
    if (BBR(conn)->probe_rtt_min > 0 &&
        (BBR(conn)->min_rtt == 0 || BBR(conn)->probe_rtt_min <= BBR(conn)->min_rtt ||
         now > BBR(conn)->min_rtt_at + MIN_RTT_LEN)) {
        BBR(conn)->min_rtt = BBR(conn)->probe_rtt_min;
        BBR(conn)->min_rtt_at = BBR(conn)->probe_rtt_min_at;
    }
    if (is_old && BBR(conn)->state != PROBE_RTT) {
        BBR(conn)->prior_cwnd = conn->cwnd;
        BBR(conn)->probe_rtt_done_at = 0;
        BBR(conn)->ack_phase = ACKS_STOPPING;
        start_round(conn);
        enter(conn, PROBE_RTT, now);
    }
    if (BBR(conn)->state == PROBE_RTT) {
        probe_rtt(conn, now);
    }
}

/* --- what follows from it --- */

static void set_rate(struct tcp_conn *conn)
{
    const uint64_t rate =
        most_bw(most_bw(bw(conn)) * pacing_gains[BBR(conn)->state] / 100 * 99 / 100);

    if (rate > 0 && (BBR(conn)->is_full || rate > conn->busy->pace_rate)) {
        conn->busy->pace_rate = rate;
    }
}

/* BBRBoundCwndForModel() */
static uint32_t cwnd_cap(const struct tcp_conn *conn)
{
    const uint8_t state = BBR(conn)->state;
    uint32_t cap = NO_BOUND;

    if (is_probing_bw(conn) && state != CRUISE) {
        cap = BBR(conn)->inflight_hi;
    } else if (state == PROBE_RTT || state == CRUISE) {
        cap = with_headroom(conn);
    }
    return max_u32(min_u32(cap, BBR(conn)->inflight_lo), least_cwnd(conn));
}

static void set_cwnd(struct tcp_conn *conn, const struct tcp_rate_sample *rs)
{
    const uint32_t extra = max_u32(BBR(conn)->extra_acked[0], BBR(conn)->extra_acked[1]);
    const uint32_t most = inflight(conn, cwnd_gains[BBR(conn)->state]) + extra;
    uint32_t cwnd = conn->cwnd;

    if (BBR(conn)->state == PROBE_RTT) {
        conn->cwnd = min_u32(cwnd, probe_rtt_cwnd(conn));
        return;
    }
    if (BBR(conn)->is_full) {
        cwnd = min_u32(cwnd + rs->acked, most);
    } else if (cwnd < most || conn->busy->rate.delivered < tcp_cc_initial_window(conn)) {
        cwnd += rs->acked;
    }
    cwnd = max_u32(min_u32(cwnd, cwnd_cap(conn)), least_cwnd(conn));
    conn->cwnd = min_u32(cwnd, TCP_CWND_MAX);
}

static void bbr_deliver(struct tcp_conn *conn, const struct tcp_rate_sample *rs, toe_instant now)
{
    update_round(conn, rs);
    update_bw(conn, rs);
    update_signals(conn, rs);
    update_extra(conn, rs, now);
    if (BBR(conn)->is_round_start) {
        check_startup_loss(conn, rs);
        check_full_bw(conn, rs);
    }
    if (BBR(conn)->is_full) {
        adapt_upper(conn, rs, now);
    }
    advance_phase(conn, rs, now);
    update_min_rtt(conn, rs, now);
    set_rate(conn);
    if (!conn->flight->in_loss || rs->acked > 0) {
        set_cwnd(conn, rs);
    }
}

/* --- life --- */

void tcp_bbr_reset(struct tcp_conn *conn)
{
    conn->busy->bbr = (struct tcp_bbr){.inflight_hi = NO_BOUND, .up_cnt = UINT32_MAX};
    forget_lower_bounds(conn);
    conn->busy->rate = (struct tcp_rate){0};
}

static void bbr_init(struct tcp_conn *conn)
{
    tcp_bbr_reset(conn);
    conn->cwnd = tcp_cc_initial_window(conn);
    conn->ssthresh = UINT32_MAX;
}

/* What was handed over is a model, too: cwnd a round trip. It holds until the first cycle. */
static void bbr_import(struct tcp_conn *conn, toe_instant now)
{
    const uint32_t rtt = conn->srtt < UINT32_MAX ? (uint32_t)conn->srtt : UINT32_MAX;

    tcp_bbr_reset(conn);
    if (conn->cwnd < conn->snd_mss) {
        conn->cwnd = conn->snd_mss; /* RFC-132 */
    }
    BBR(conn)->min_rtt_at = now;
    BBR(conn)->probe_rtt_min_at = now;
    if (rtt == 0 || conn->ssthresh > TCP_CWND_MAX) {
        return;
    }
    BBR(conn)->max_bw[0] = most_bw(conn->cwnd * TOE_NS_PER_SEC / rtt);
    BBR(conn)->min_rtt = rtt;
    BBR(conn)->is_full = true;
    start_down(conn, now);
    set_rate(conn);
}

static void bbr_ack(struct tcp_conn *conn, uint32_t acked, toe_instant now)
{
    (void)conn;
    (void)acked;
    (void)now;
}

/* ssthresh is for whom the connection is handed over to. Where nothing is lost it was a mark, or a
 * loss that a probe has repaired. */
static void bbr_loss(struct tcp_conn *conn, toe_instant now)
{
    (void)now;
    conn->ssthresh = conn->cwnd;
    BBR(conn)->is_marked =
        BBR(conn)->is_marked || (tcp_flight_is_on(conn) && conn->flight->lost == 0);
}

static void bbr_rto(struct tcp_conn *conn, bool first, toe_instant now)
{
    if (first) {
        bbr_loss(conn, now);
    }
    conn->cwnd = conn->snd_mss;
}

/* The model holds, and pacing prevents a burst. */
static void bbr_idle(struct tcp_conn *conn, toe_instant now)
{
    (void)now;
    BBR(conn)->extra_delivered = 0;
    if (is_probing_bw(conn)) {
        conn->busy->pace_rate = max_u64(most_bw(bw(conn)), 1);
    }
}

const struct tcp_cc_ops tcp_cc_bbr = {
    .name = "bbr",
    .id = TOE_CONGESTION_BBR,
    .init = bbr_init,
    .import = bbr_import,
    .ack = bbr_ack,
    .loss = bbr_loss,
    .rto = bbr_rto,
    .idle = bbr_idle,
    .deliver = bbr_deliver,
    .tell = tcp_bbr_tell,
    .is_sound = tcp_bbr_is_sound,
    .take = tcp_bbr_take,
};
