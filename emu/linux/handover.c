/* SPDX-License-Identifier: MIT */
#include "linux/handover.h"

#include "linux/widen.h"

enum {
    CWND_SEGMENTS = 10, /* RFC 6928 */
    MSS_FALLBACK = 536,
};

static uint16_t saturate(toe_duration units)
{
    return units < UINT16_MAX ? (uint16_t)units : UINT16_MAX;
}

static void fill_const(const struct emu_conn *conn, struct toe_tcp_const *c)
{
    const struct emu_track *track = &conn->track;

    *c = (struct toe_tcp_const){
        .remote_port = conn->info.tuple.remote_port,
        .local_port = conn->info.tuple.local_port,
        .snd_wnd_scale = track->peer_wscale,
        .rcv_wnd_scale = track->kernel_wscale,
        .remote_mss = track->peer_mss != 0 ? track->peer_mss : MSS_FALLBACK,
    };
    c->flags =
        (uint16_t)((track->has_ts ? TOE_TCP_TIMESTAMPS : 0) | (track->has_sack ? TOE_TCP_SACK : 0) |
                   (track->has_wscale ? TOE_TCP_WINDOW_SCALING : 0) |
                   (emu_track_has_ecn(track) ? TOE_TCP_ECN : 0));
}

static uint32_t ticks_of(toe_duration time, toe_duration tick)
{
    return (uint32_t)((time + tick - 1) / tick);
}

static void fill_delegated(const struct emu_conn *conn, struct toe_tcp_delegated *d)
{
    const struct emu_kernel *kernel = conn->kernel;
    const struct emu_track *track = &conn->track;
    const toe_duration tick = TOE_NS_PER_SEC / kernel->params.ticks_per_second;
    const uint32_t mss = track->peer_mss != 0 ? track->peer_mss : MSS_FALLBACK;
    const uint32_t flight = track->snd_max - track->snd_una;

    *d = (struct toe_tcp_delegated){
        .state = emu_track_state(track),
        .rcv_nxt = track->rcv_nxt,
        .rcv_wnd = track->rcv_edge - track->rcv_nxt,
        .snd_una = track->snd_una,
        .snd_nxt = track->snd_max,
        .snd_max = track->snd_max,
        .snd_wnd = track->snd_wnd,
        .max_snd_wnd = track->snd_wnd_max,
        .snd_wl1 = track->snd_wl1,
        .cwnd = flight > CWND_SEGMENTS * mss ? flight : CWND_SEGMENTS * mss,
        .ssthresh = UINT32_MAX / 2,
        .srtt = saturate((track->srtt * 8 + tick - 1) / tick),
        .rttvar = saturate((track->rttvar * 4 + tick - 1) / tick),
        .ts_recent = track->ts_recent,
        .ts_time = emu_track_clock(track, kernel->now),
        .ka_timeout_delta = TOE_TICKS_NONE,
        .retransmit_timeout_delta = TOE_TICKS_NONE,
    };
    if (track->cwnd > d->cwnd) {
        d->cwnd = track->cwnd;
    }
    if (track->ssthresh != 0 && track->ssthresh < d->ssthresh) {
        d->ssthresh = track->ssthresh;
    }
    if (flight > 0) {
        /* The timer goes on: one that began anew with each move would never expire. */
        d->retransmit_cnt = track->resends;
        d->retransmit_timeout_delta =
            track->resend_at > kernel->now ? ticks_of(track->resend_at - kernel->now, tick) : 1;
    } else if (track->snd_wnd == 0) {
        d->retransmit_timeout_delta = ticks_of(emu_track_rto(track), tick);
    }
}

void emu_handover_give(const struct emu_conn *conn, struct toe_tcp_state *state)
{
    state->size = sizeof(*state);
    fill_const(conn, &state->constant);
    emu_widen_fill(conn, &state->cached);
    fill_delegated(conn, &state->delegated);
}

void emu_handover_take(struct emu_conn *conn, const struct toe_tcp_delegated *d)
{
    const struct emu_kernel *kernel = conn->kernel;
    const toe_duration tick = TOE_NS_PER_SEC / kernel->params.ticks_per_second;
    struct emu_track *track = &conn->track;
    const bool is_fin_rcvd = d->state == TOE_TCP_CLOSE_WAIT || d->state == TOE_TCP_CLOSING ||
                             d->state == TOE_TCP_LAST_ACK || d->state == TOE_TCP_TIME_WAIT;

    track->is_timed = false;
    track->resends = d->retransmit_cnt;
    track->resend_at = d->retransmit_timeout_delta == TOE_TICKS_NONE
                           ? kernel->now + emu_track_rto(track)
                           : kernel->now + d->retransmit_timeout_delta * tick;
    if (emu_seq_diff(d->snd_una, track->snd_una) > 0) {
        track->snd_una = d->snd_una;
    }
    track->snd_wnd = d->snd_wnd;
    track->snd_wnd_max = d->snd_wnd > track->snd_wnd_max ? d->snd_wnd : track->snd_wnd_max;
    track->snd_wl1 = d->snd_wl1;
    if (emu_seq_diff(d->rcv_nxt, track->rcv_max) > 0) {
        track->rcv_max = d->rcv_nxt;
    }
    if (is_fin_rcvd && !track->has_peer_fin) {
        track->has_peer_fin = true;
        track->peer_fin = d->rcv_nxt - 1;
    }
    if (track->has_ts && emu_seq_diff(d->ts_recent, track->peer_ts) > 0) {
        track->peer_ts = d->ts_recent;
    }
}
