/* SPDX-License-Identifier: MIT */
/* BBR on the move: its numbers as an extension tells them. */
#include "tcp/bbr.h"

#include "tcp/pace.h"

/* Bits of |signals| of an extension. */
enum {
    SIGNAL_ROUND = 0x01,
    SIGNAL_LOSS_ROUND = 0x02,
    SIGNAL_MARKED = 0x04,
    SIGNAL_SAMPLES = 0x08,
    SIGNAL_ROUND_DONE = 0x10,
};

/* No age is larger: with room for sums. */
#define AGE_MAX (UINT64_C(1) << 62)

#define BBR(conn) (&(conn)->busy->bbr)

static toe_duration since(toe_instant at, toe_instant now)
{
    return now > at ? now - at : 0;
}

void tcp_bbr_tell(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    const toe_instant done_at = BBR(conn)->probe_rtt_done_at;

    ext->bbr.max_bw = BBR(conn)->max_bw[0];
    ext->bbr.last_bw = BBR(conn)->max_bw[1];
    ext->bbr.bw_lo = BBR(conn)->bw_lo;
    ext->bbr.full_bw = BBR(conn)->full_bw;
    ext->bbr.min_rtt_age = since(BBR(conn)->min_rtt_at, now);
    ext->bbr.probe_rtt_age = since(BBR(conn)->probe_rtt_min_at, now);
    ext->bbr.probe_rtt_left = done_at == 0 ? 0 : since(now, done_at) + 1;
    ext->bbr.cycle_age = since(BBR(conn)->cycle_at, now);
    ext->bbr.min_rtt = BBR(conn)->min_rtt;
    ext->bbr.probe_rtt_min = BBR(conn)->probe_rtt_min;
    ext->bbr.probe_wait = BBR(conn)->probe_wait;
    ext->bbr.inflight_hi = BBR(conn)->inflight_hi;
    ext->bbr.inflight_lo = BBR(conn)->inflight_lo;
    ext->bbr.prior_cwnd = BBR(conn)->prior_cwnd;
    ext->bbr.state = BBR(conn)->state;
    ext->bbr.full_bw_cnt = BBR(conn)->full_bw_cnt;
    ext->bbr.is_full = BBR(conn)->is_full;
    ext->bbr.rounds_since_probe = BBR(conn)->rounds_since_probe;
    ext->bbr.bw_latest = BBR(conn)->bw_latest;
    ext->bbr.extra_age = since(BBR(conn)->extra_at, now);
    ext->bbr.inflight_latest = BBR(conn)->inflight_latest;
    ext->bbr.round_end = BBR(conn)->round_end;
    ext->bbr.loss_round_end = BBR(conn)->loss_round_end;
    ext->bbr.round_lost = BBR(conn)->round_lost;
    ext->bbr.round_delivered = BBR(conn)->round_delivered;
    ext->bbr.lost_in_round = BBR(conn)->lost_in_round;
    ext->bbr.up_cnt = BBR(conn)->up_cnt;
    ext->bbr.up_acked = BBR(conn)->up_acked;
    ext->bbr.up_rounds = BBR(conn)->up_rounds;
    ext->bbr.ack_phase = BBR(conn)->ack_phase;
    ext->bbr.extra_acked = BBR(conn)->extra_acked[0];
    ext->bbr.extra_acked_before = BBR(conn)->extra_acked[1];
    ext->bbr.extra_delivered = BBR(conn)->extra_delivered;
    ext->bbr.extra_rounds = BBR(conn)->extra_rounds;
    ext->bbr.signals = (BBR(conn)->is_round_start ? SIGNAL_ROUND : 0u) |
                       (BBR(conn)->is_loss_round_start ? SIGNAL_LOSS_ROUND : 0u) |
                       (BBR(conn)->is_marked ? SIGNAL_MARKED : 0u) |
                       (BBR(conn)->has_samples ? SIGNAL_SAMPLES : 0u) |
                       (BBR(conn)->is_round_done ? SIGNAL_ROUND_DONE : 0u);
}

/* What would index out of a table, or leave 64 bits, or the largest window. */
bool tcp_bbr_is_sound(const struct toe_extension *ext)
{
    return ext->bbr.state < TCP_BBR_STATE_CNT && ext->bbr.max_bw <= TCP_PACE_RATE_MAX &&
           ext->bbr.last_bw <= TCP_PACE_RATE_MAX && ext->bbr.full_bw <= TCP_PACE_RATE_MAX &&
           ext->bbr.min_rtt_age <= AGE_MAX && ext->bbr.probe_rtt_age <= AGE_MAX &&
           ext->bbr.probe_rtt_left <= TCP_BBR_PROBE_RTT_TIME + 1 && ext->bbr.cycle_age <= AGE_MAX &&
           ext->bbr.prior_cwnd <= TCP_CWND_MAX && ext->bbr.full_bw_cnt <= TCP_BBR_FULL_ROUNDS &&
           ext->bbr.rounds_since_probe <= UINT8_MAX && ext->bbr.is_full <= 1 &&
           ext->bbr.bw_latest <= TCP_PACE_RATE_MAX && ext->bbr.extra_age <= AGE_MAX &&
           ext->bbr.up_cnt > 0 && ext->bbr.up_rounds <= TCP_BBR_UP_ROUNDS_MAX &&
           ext->bbr.ack_phase < TCP_BBR_ACKS_CNT && ext->bbr.extra_acked <= TCP_CWND_MAX &&
           ext->bbr.extra_acked_before <= TCP_CWND_MAX &&
           ext->bbr.extra_delivered <= TCP_CWND_MAX &&
           ext->bbr.extra_rounds < TCP_BBR_EXTRA_ROUNDS && ext->bbr.signals < 2 * SIGNAL_ROUND_DONE;
}

/* What counts within a round. */
static void take_round(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now)
{
    const uint32_t signals = ext->bbr.signals;

    BBR(conn)->bw_latest = ext->bbr.bw_latest;
    BBR(conn)->extra_at = since(ext->bbr.extra_age, now);
    BBR(conn)->inflight_latest = ext->bbr.inflight_latest;
    BBR(conn)->round_end = ext->bbr.round_end;
    BBR(conn)->loss_round_end = ext->bbr.loss_round_end;
    BBR(conn)->round_lost = ext->bbr.round_lost;
    BBR(conn)->round_delivered = ext->bbr.round_delivered;
    BBR(conn)->lost_in_round = ext->bbr.lost_in_round;
    BBR(conn)->up_cnt = ext->bbr.up_cnt;
    BBR(conn)->up_acked = ext->bbr.up_acked;
    BBR(conn)->up_rounds = (uint8_t)ext->bbr.up_rounds;
    BBR(conn)->ack_phase = (uint8_t)ext->bbr.ack_phase;
    BBR(conn)->extra_acked[0] = ext->bbr.extra_acked;
    BBR(conn)->extra_acked[1] = ext->bbr.extra_acked_before;
    BBR(conn)->extra_delivered = ext->bbr.extra_delivered;
    BBR(conn)->extra_rounds = (uint8_t)ext->bbr.extra_rounds;
    BBR(conn)->is_round_start = (signals & SIGNAL_ROUND) != 0;
    BBR(conn)->is_loss_round_start = (signals & SIGNAL_LOSS_ROUND) != 0;
    BBR(conn)->is_marked = (signals & SIGNAL_MARKED) != 0;
    BBR(conn)->has_samples = (signals & SIGNAL_SAMPLES) != 0;
    BBR(conn)->is_round_done = (signals & SIGNAL_ROUND_DONE) != 0;
}

void tcp_bbr_take(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now)
{
    const toe_duration left = ext->bbr.probe_rtt_left;

    tcp_bbr_reset(conn);
    BBR(conn)->max_bw[0] = ext->bbr.max_bw;
    BBR(conn)->max_bw[1] = ext->bbr.last_bw;
    BBR(conn)->bw_lo = ext->bbr.bw_lo;
    BBR(conn)->full_bw = ext->bbr.full_bw;
    BBR(conn)->min_rtt_at = since(ext->bbr.min_rtt_age, now);
    BBR(conn)->probe_rtt_min_at = since(ext->bbr.probe_rtt_age, now);
    BBR(conn)->probe_rtt_done_at = left == 0 ? 0 : now + left - 1;
    BBR(conn)->cycle_at = since(ext->bbr.cycle_age, now);
    BBR(conn)->min_rtt = ext->bbr.min_rtt;
    BBR(conn)->probe_rtt_min = ext->bbr.probe_rtt_min;
    BBR(conn)->probe_wait = ext->bbr.probe_wait;
    BBR(conn)->inflight_hi = ext->bbr.inflight_hi;
    BBR(conn)->inflight_lo = ext->bbr.inflight_lo;
    BBR(conn)->prior_cwnd = ext->bbr.prior_cwnd;
    BBR(conn)->state = (uint8_t)ext->bbr.state;
    BBR(conn)->full_bw_cnt = (uint8_t)ext->bbr.full_bw_cnt;
    BBR(conn)->is_full = ext->bbr.is_full != 0;
    BBR(conn)->rounds_since_probe = (uint8_t)ext->bbr.rounds_since_probe;
    take_round(conn, ext, now);
}
