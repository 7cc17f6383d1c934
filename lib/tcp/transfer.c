/* SPDX-License-Identifier: MIT */
/*
 * Moving a connection: the control block as it crosses the seam, and back.
 *
 * Almost all of it is a copy. What is not is time: the seam speaks of ticks, relative to the moment
 * of the call. Remaining times round up, so that a running timer is zero only when it is due; ages
 * round down (STATE-3). A time that came from ticks goes back to the same number of them, so an
 * export after an import, at the same instant, says the same.
 *
 * What has no place in the state is rebuilt, unless an extension tells it: WL2 is snd_una
 * (SND-086), the last acknowledgment sent is rcv_nxt (SND-087), the scoreboard is empty (RFC-074),
 * the back-off is as many doublings as there were retransmissions, no mark waits for an echo and
 * none is answered.
 */
#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/engine.h"
#include "tcp/inflight.h"
#include "tcp/fsm.h"
#include "tcp/keepalive.h"
#include "tcp/rtt.h"
#include "tcp/send.h"
#include "tcp/timestamps.h"
#include "tcp/window.h"

/* The largest number of ticks that is not TOE_TICKS_NONE (TMR-007, RTT-011). */
#define TICKS_MAX (UINT32_MAX - 1)

/* Offsets beyond this have no order (base/seq.h). */
#define SPAN_MAX (UINT32_C(1) << 31)

/* The fields srtt and rttvar count these fractions of a tick (RTT-014). */
#define SRTT_SCALE 8u
#define RTTVAR_SCALE 4u

#define CONST_FLAGS (TOE_TCP_TIMESTAMPS | TOE_TCP_SACK | TOE_TCP_WINDOW_SCALING)

static uint32_t ticks_down(const struct tcp_conn *conn, toe_duration time)
{
    const toe_duration ticks = time / tcp_timestamps_tick(conn);

    return ticks < TICKS_MAX ? (uint32_t)ticks : TICKS_MAX;
}

static uint32_t ticks_left(const struct tcp_conn *conn, enum tcp_deadline which, toe_instant now)
{
    const toe_duration tick = tcp_timestamps_tick(conn);

    if (!tcp_deadline_is_armed(conn, which)) {
        return TOE_TICKS_NONE;
    }
    if (tcp_deadline_at(conn, which) <= now) {
        return 0;
    }
    return ticks_down(conn, tcp_deadline_at(conn, which) - now - 1 + tick);
}

static toe_duration ticks_time(const struct tcp_conn *conn, uint32_t ticks)
{
    return ticks * tcp_timestamps_tick(conn);
}

static void arm_ticks(struct tcp_conn *conn, enum tcp_deadline which, uint32_t ticks,
                      toe_instant now)
{
    if (ticks != TOE_TICKS_NONE) {
        tcp_deadline_arm(conn, which, ticks_time(conn, ticks), now);
    }
}

/* |time| in units of 1/|scale| tick: rounded up, so that it does not vanish, and saturated. */
static uint16_t scaled(const struct tcp_conn *conn, toe_duration time, uint32_t scale)
{
    const toe_duration tick = tcp_timestamps_tick(conn);
    const toe_duration units = (time * scale + tick - 1) / tick;

    return units < UINT16_MAX ? (uint16_t)units : UINT16_MAX;
}

static toe_duration unscaled(const struct tcp_conn *conn, uint16_t units, uint32_t scale)
{
    const toe_duration time = units * tcp_timestamps_tick(conn) / scale;

    return time < TCP_RTT_SAMPLE_MAX ? time : TCP_RTT_SAMPLE_MAX; /* RTT-017 */
}

static void export_delegated(const struct tcp_conn *conn, struct toe_tcp_delegated *d,
                             toe_instant now)
{
    d->state = (enum toe_conn_state)conn->state;
    d->flags = conn->delegated_flags;
    d->rcv_nxt = conn->rcv_nxt.v;
    d->rcv_wnd = tcp_window_rcv(conn);
    d->snd_una = conn->snd_una.v;
    d->snd_nxt = conn->snd_nxt.v;
    d->snd_max = conn->snd_max.v;
    d->snd_wnd = conn->snd_wnd;
    d->max_snd_wnd = conn->max_snd_wnd;
    d->snd_wl1 = conn->snd_wl1.v;
    d->cwnd = conn->cwnd;
    d->ssthresh = conn->ssthresh;
    d->srtt = scaled(conn, conn->srtt, SRTT_SCALE);
    d->rttvar = scaled(conn, conn->rttvar, RTTVAR_SCALE);
    d->ts_recent = conn->ts_recent;
    d->ts_recent_age = conn->has_timestamps ? ticks_down(conn, now - conn->ts_recent_at)
                                            : conn->ts_recent_age; /* RTT-013 */
    d->ts_time = tcp_timestamps_clock(conn, now);
    d->total_rt = ticks_down(conn, conn->busy->total_rt);
    d->dup_ack_cnt = conn->dup_ack_cnt;
    d->snd_wnd_probe_cnt = conn->snd_wnd_probe_cnt;
    d->ka_probe_cnt = conn->ka_probe_cnt;
    d->ka_timeout_delta = ticks_left(conn, TCP_DEADLINE_KEEP_ALIVE, now);
    d->retransmit_cnt = conn->retransmit_cnt;
    d->retransmit_timeout_delta = ticks_left(conn, tcp_deadline_slot(conn), now);
    d->dwnd = conn->dwnd;
}

void tcp_export(const struct tcp_conn *conn, struct toe_tcp_const *constant,
                struct toe_tcp_cached *cached, struct toe_tcp_delegated *delegated, toe_instant now)
{
    if (constant != NULL) {
        *constant = conn->constant;
    }
    if (cached != NULL) {
        *cached = conn->cached;
    }
    if (delegated != NULL) {
        export_delegated(conn, delegated, now);
    }
}

/* Whether the states and numbers of |d| can be true of a connection with |len| bytes to send. A
 * host also takes back what is over. */
static bool is_state_sound(const struct tcp_config *cfg, const struct toe_tcp_delegated *d)
{
    if (toe_conn_state_is_offloadable(d->state)) {
        return true;
    }
    return !cfg->time_wait_uploads && (d->state == TOE_TCP_TIME_WAIT || d->state == TOE_TCP_CLOSED);
}

/* Whether a FIN stands behind the send queue: SND-065. */
static bool has_fin_to_send(enum toe_conn_state state)
{
    return state == TOE_TCP_FIN_WAIT_1 || state == TOE_TCP_CLOSING || state == TOE_TCP_LAST_ACK;
}

static bool is_fin_acked(enum toe_conn_state state)
{
    return state == TOE_TCP_FIN_WAIT_2 || state == TOE_TCP_TIME_WAIT;
}

static bool is_fin_received(enum toe_conn_state state)
{
    return state == TOE_TCP_CLOSE_WAIT || state == TOE_TCP_CLOSING || state == TOE_TCP_LAST_ACK ||
           state == TOE_TCP_TIME_WAIT;
}

/* STATE-TD-35, SND-065, SND-066 */
static bool are_numbers_sound(const struct toe_tcp_delegated *d, uint32_t len)
{
    const uint32_t sent = d->snd_max - d->snd_una;
    const uint64_t span = (uint64_t)len + has_fin_to_send(d->state);

    if (d->state == TOE_TCP_CLOSED) {
        return true;
    }
    return d->snd_nxt - d->snd_una <= sent && sent <= span && sent < SPAN_MAX &&
           (!is_fin_acked(d->state) || span == 0) && d->rcv_wnd < SPAN_MAX && d->snd_wnd < SPAN_MAX;
}

static uint8_t min_scale(uint8_t scale)
{
    return scale < 14 ? scale : 14; /* RFC-061 */
}

static void import_const(struct tcp_conn *conn, const struct toe_tcp_const *c)
{
    conn->constant = *c;
    conn->has_timestamps = (c->flags & TOE_TCP_TIMESTAMPS) != 0;
    conn->has_sack = (c->flags & TOE_TCP_SACK) != 0;
    conn->has_window_scaling = (c->flags & TOE_TCP_WINDOW_SCALING) != 0;
    conn->has_ecn = (c->flags & TOE_TCP_ECN) != 0;
    conn->has_accecn = conn->has_ecn && (c->flags & TOE_TCP_ACCECN) != 0;
    conn->snd_wscale = conn->has_window_scaling ? min_scale(c->snd_wnd_scale) : 0;
    conn->rcv_wscale = conn->has_window_scaling ? min_scale(c->rcv_wnd_scale) : 0;
    conn->mss_remote = c->remote_mss != 0 ? c->remote_mss : conn->mss_remote;
}

/* The levels and numbers of the cached state; what its triggers do is another matter. */
static void take_cached(struct tcp_conn *conn, const struct toe_tcp_cached *c)
{
    conn->cached = *c;
    conn->keep_alive = (c->flags & TOE_TCP_KEEP_ALIVE) != 0;
    conn->nagle = (c->flags & TOE_TCP_NAGLE) != 0;
    conn->rcv_buf = c->initial_rcv_wnd;
}

static void import_numbers(struct tcp_conn *conn, const struct toe_tcp_delegated *d)
{
    conn->delegated_flags = d->flags;
    conn->rcv_nxt = toe_seq_of(d->rcv_nxt);
    conn->rcv_adv = toe_seq_add(conn->rcv_nxt, d->rcv_wnd);
    conn->rcv_unread = conn->busy->recvq.len;
    conn->snd_una = toe_seq_of(d->snd_una);
    conn->snd_nxt = toe_seq_of(d->snd_nxt);
    conn->snd_max = toe_seq_of(d->snd_max);
    conn->snd_wnd = d->snd_wnd;
    conn->max_snd_wnd = d->max_snd_wnd;
    conn->snd_wl1 = toe_seq_of(d->snd_wl1);
    conn->snd_wl2 = conn->snd_una;
    conn->cwnd = d->cwnd;
    conn->ssthresh = d->ssthresh;
    conn->dup_ack_cnt = d->dup_ack_cnt;
    conn->snd_wnd_probe_cnt = d->snd_wnd_probe_cnt;
    conn->ka_probe_cnt = d->ka_probe_cnt;
    conn->retransmit_cnt = d->retransmit_cnt;
    conn->dwnd = d->dwnd;
    conn->fin_queued = has_fin_to_send(d->state) || is_fin_acked(d->state);
    conn->fin_acked = is_fin_acked(d->state);
    conn->fin_rcvd = is_fin_received(d->state);
    /* Nobody may have said so yet. */
    conn->ack_now = conn->fin_rcvd && conn->cfg->acks_consumed;
    conn->last_ack = toe_seq_sub(conn->rcv_nxt, conn->rcv_unread + 1);
    conn->last_ack = tcp_window_ack(conn);

    /* RFC-047 */
    conn->recover = d->retransmit_cnt > 0 ? conn->snd_max : toe_seq_sub(conn->snd_una, 1);
    conn->ecn_point = conn->recover;
}

static void import_times(struct tcp_conn *conn, const struct toe_tcp_delegated *d, toe_instant now)
{
    conn->srtt = unscaled(conn, d->srtt, SRTT_SCALE);
    conn->rttvar = unscaled(conn, d->rttvar, RTTVAR_SCALE);
    conn->ts_recent = d->ts_recent;
    conn->ts_recent_age = d->ts_recent_age;
    conn->ts_recent_at = now - ticks_time(conn, d->ts_recent_age);
    conn->ts_delta = 0;
    conn->ts_delta = d->ts_time - tcp_timestamps_clock(conn, now);
    conn->busy->total_rt = ticks_time(conn, d->total_rt);
    conn->last_sent = now;
}

/* The timers go on. */
static void import_deadlines(struct tcp_conn *conn, const struct toe_tcp_delegated *d,
                             toe_instant now)
{
    const bool persists = conn->snd_wnd == 0 && tcp_can_send_data(conn) &&
                          toe_seq_off(conn->snd_nxt, conn->snd_una) < tcp_send_span(conn);

    if (conn->state == TOE_TCP_FIN_WAIT_2) {
        arm_ticks(conn, TCP_DEADLINE_FIN_WAIT_2, d->retransmit_timeout_delta, now);
    } else if (persists) {
        arm_ticks(conn, TCP_DEADLINE_PERSIST, d->retransmit_timeout_delta, now);
    } else if (tcp_send_flight(conn) > 0) {
        conn->backoff = d->retransmit_cnt;
        arm_ticks(conn, TCP_DEADLINE_RETRANSMIT, d->retransmit_timeout_delta, now);
    }
    if (conn->state == TOE_TCP_TIME_WAIT) {
        tcp_deadline_arm(conn, TCP_DEADLINE_TIME_WAIT, conn->cfg->time_wait, now);
        return;
    }

    arm_ticks(conn, TCP_DEADLINE_KEEP_ALIVE, d->ka_timeout_delta, now);
    conn->mitigating = !conn->keep_alive && d->ka_timeout_delta != TOE_TICKS_NONE;
    if ((conn->cached.flags & TOE_TCP_KEEP_ALIVE_RESTART) != 0 ||
        (conn->keep_alive && d->ka_timeout_delta == TOE_TICKS_NONE && tcp_send_flight(conn) == 0)) {
        tcp_keepalive_restart(conn, now); /* STATE-TK-13, TMR-047 */
    }
}

bool tcp_import_check(const struct tcp_config *cfg, const struct toe_tcp_state *state, uint32_t len)
{
    return is_state_sound(cfg, &state->delegated) && are_numbers_sound(&state->delegated, len);
}

toe_status tcp_import(struct tcp_conn *conn, const struct toe_tcp_state *state, toe_instant now)
{
    const struct toe_tcp_delegated *d = &state->delegated;

    toe_assert(conn->state == TOE_TCP_CLOSED);

    if (!tcp_import_check(conn->cfg, state, conn->busy->sendq.len)) {
        return TOE_STATUS_FAILURE;
    }

    import_const(conn, &state->constant);
    take_cached(conn, &state->cached);
    import_numbers(conn, d);
    import_times(conn, d, now);
    tcp_plpmtud_begin(conn, now); /* RFC-132 as well: cwnd is a segment at least. */
    if (conn->has_accecn) {
        tcp_accecn_import(conn);
    }
    if (d->state == TOE_TCP_CLOSED) {
        conn->verdict = TCP_VERDICT_DONE;
        return TOE_STATUS_SUCCESS;
    }
    tcp_state_set(conn, d->state);
    tcp_cc_begin(conn);
    conn->cfg->cc->import(conn, now);
    if ((conn->cached.flags & TOE_TCP_MAX_RT_RESTART) != 0) {
        conn->busy->total_rt = 0;
    }
    import_deadlines(conn, d, now);
    if ((conn->cached.flags & TOE_TCP_UPDATE_RCV_WND) != 0) {
        conn->ack_now = conn->ack_now || conn->rcv_buf != d->rcv_wnd;
    }

    /* TMR-105: what is handed over has waited already. */
    conn->force_output = toe_seq_off(conn->snd_nxt, conn->snd_una) < tcp_send_span(conn);
    tcp_flight_import(conn, now);
    tcp_deadline_settle(conn, now);
    tcp_conn_check(conn);
    return TOE_STATUS_SUCCESS;
}

/* UPD-12, for either flag (TMR-052), and STATE-TK-15. */
static void update_keep_alive(struct tcp_conn *conn, const struct toe_tcp_cached *old,
                              toe_instant now)
{
    const struct toe_tcp_cached *c = &conn->cached;
    const bool was_on = (old->flags & TOE_TCP_KEEP_ALIVE) != 0;
    const bool restart = (c->flags & TOE_TCP_KEEP_ALIVE_RESTART) != 0;
    const bool reset = restart || (c->flags & TOE_TCP_MAX_RT_RESTART) != 0;

    if (reset && c->ka_probe_cnt != old->ka_probe_cnt) {
        conn->ka_probe_cnt = 0;
    }
    if (conn->mitigating && !conn->keep_alive) {
        return; /* The mitigation's timer is not the host's to stop. */
    }
    if (restart || conn->keep_alive != was_on ||
        (reset && (c->ka_timeout != old->ka_timeout || c->ka_interval != old->ka_interval))) {
        tcp_keepalive_restart(conn, now);
    }
}

/* One that rests has spent none. */
static void forget_total_rt(struct tcp_conn *conn)
{
    if (tcp_conn_is_awake(conn)) {
        conn->busy->total_rt = 0;
    }
}

void tcp_update(struct tcp_conn *conn, const struct toe_tcp_cached *cached, toe_instant now)
{
    const struct toe_tcp_cached old = conn->cached;

    take_cached(conn, cached);
    if (conn->verdict != TCP_VERDICT_NONE || !tcp_is_synchronized(conn)) {
        return;
    }

    if ((cached->flags & TOE_TCP_MAX_RT_RESTART) != 0 ||
        (cached->max_rt != 0 && cached->max_rt != old.max_rt)) {
        forget_total_rt(conn); /* STATE-TK-7, TMR-082 */
    }
    update_keep_alive(conn, &old, now);

    /* RCV-078, RCV-079: a larger window is told at once, a smaller one is grown into. */
    if ((cached->flags & TOE_TCP_UPDATE_RCV_WND) != 0 && conn->rcv_buf != tcp_window_rcv(conn) &&
        !conn->fin_rcvd) {
        conn->update_due = true;
        conn->ack_now = true;
    }
    tcp_conn_check(conn);
}
