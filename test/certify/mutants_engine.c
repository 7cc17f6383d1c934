/* SPDX-License-Identifier: MIT */
/*
 * Mutants of the engine: one function of lib/tcp replaced by a wrong one.
 *
 * The linker sends calls of each function below, from other files than its own, to its
 * __wrap_ form, which calls the __real_ one (--wrap; the build finds the names in the lines that
 * begin with WRAP). Without a lie it does nothing else.
 */
#include "certify/mutant.h"

#include "tcp/ack.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/engine.h"
#include "tcp/fsm.h"
#include "tcp/keepalive.h"
#include "tcp/mitigation.h"
#include "tcp/persist.h"
#include "tcp/recovery.h"
#include "tcp/retransmit.h"
#include "tcp/rtt.h"
#include "tcp/send.h"
#include "tcp/text.h"
#include "tcp/timestamps.h"
#include "tcp/window.h"

/* Both forms are declared as the function itself is, so that this file follows when it changes. */
#define WRAP(type, name, params)                                                                   \
    __typeof__(name) __real_##name;                                                                \
    __typeof__(name) __wrap_##name;                                                                \
    type __wrap_##name params

#define lies mutant_lies

enum lie {
    HONEST,
    NO_BACKOFF,
    NO_CEILING,
    HALF_RTO,
    NO_FLOOR,
    NO_SAMPLES,
    LAST_SAMPLE,
    FUTURE_SAMPLE,
    REPEATED_SAMPLE,
    NO_PAWS,
    PAWS_ON_RST,
    BARE_SEGMENTS,
    PAWS_FOR_EVER,
    ECHO_ANY,
    NO_TS_DELTA,
    TS_IN_MS,
    LATE_ACK,
    SHORT_FIN_WAIT_2,
    FAST_KEEP_ALIVE,
    NO_SWS_TIMER,
    COARSE_TIMERS,
    ONE_FIN_WAIT_2,
    NO_DELAY_CAP,
    STEADY_PERSIST,
    STRETCH_ACKS,
    NO_ACKS,
    NO_LAST_ACK,
    QUIET_RENEGE,
    ANY_SEQUENCE,
    BLIND_RST,
    DEAF_RST,
    MANY_RST,
    NO_MITIGATION,
    LONG_MITIGATION,
    NO_SYN_CHALLENGE,
    MANY_SYN,
    EXACT_SYN,
    NO_CHALLENGES,
    ALL_CHALLENGES,
    NEW_ACK,
    OLD_ACK,
    ANY_WINDOW,
    UNSCALED_WINDOW,
    DATA_IS_DUP,
    NO_ABC,
    EXTRA_GROWTH,
    LATE_AVOIDANCE,
    NO_REDUCTION,
    NO_COLLAPSE,
    TWO_AT_ONCE,
    NO_RESTART,
    NO_FAST_RETRANSMIT,
    NO_PARTIAL,
    NO_DEFLATION,
    NO_SACK,
    ANY_SACK,
    DUPS_FORGOTTEN,
    CWND_FORGOTTEN,
    SRTT_UNSCALED,
    TIMER_FORGOTTEN,
    PROBES_FORGOTTEN,
    ECHO_FORGOTTEN,
    TOTAL_FORGOTTEN,
    ALL_SENT,
    PROBES_ADD_UP,
    ONE_PROBE_LESS,
    NO_PROBE,
    NO_ROUND,
    NO_FIN_PROBE,
    NO_UPDATE,
    UPDATE_EACH,
    SHRINKING,
    OPTIONS_FORGOTTEN,
    PROBE_BEYOND,
    PUSH_NOWHERE,
    TAIL_WAITS,
    ONE_HOLE,
    NO_DSACK,
    BEYOND_FIN,
    SRTT_WRAPS,
    ROUND_DOWN,
    NO_UPDATES,
    NO_NEW_MTU,
    ACK_SEQ,
    RST_ON_CLOSE,
    PROBE_FULL,
    CLOSE_EARLY,
    MAX_RT_IGNORED,
    NO_SILLY,
    WINDOW_IGNORED,
};

/* --- round trips and timeouts --- */

WRAP(toe_duration, tcp_rtt_backoff, (const struct tcp_conn *conn, uint32_t shift))
{
    const toe_duration first = __real_tcp_rtt_backoff(conn, 0);

    if (lies(NO_BACKOFF)) {
        return first;
    }
    if (lies(NO_CEILING) && shift < 16) {
        return first << shift;
    }
    if (lies(HALF_RTO)) {
        return __real_tcp_rtt_backoff(conn, shift) / 2;
    }
    if (lies(NO_FLOOR) && conn->srtt != 0) {
        return (conn->srtt + 4 * conn->rttvar) << (shift < 16 ? shift : 16);
    }
    return __real_tcp_rtt_backoff(conn, shift);
}

WRAP(void, tcp_rtt_sample, (struct tcp_conn * conn, toe_duration sample))
{
    if (!lies(NO_SAMPLES)) {
        __real_tcp_rtt_sample(conn, sample);
    }
    if (lies(LAST_SAMPLE)) {
        conn->srtt = sample;
    }
}

WRAP(bool, tcp_timestamps_sample,
     (const struct tcp_conn *conn, toe_duration *sample, const struct tcp_segment *seg,
      toe_instant now))
{
    const bool valid = __real_tcp_timestamps_sample(conn, sample, seg, now);

    if (lies(FUTURE_SAMPLE) && !valid && conn->has_timestamps && seg->has_ts) {
        *sample = TOE_NS_PER_SEC;
        return true;
    }
    return valid;
}

/* --- timestamps --- */

WRAP(enum toe_drop, tcp_timestamps_check,
     (const struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now))
{
    const enum toe_drop drop = __real_tcp_timestamps_check(conn, seg, now);
    struct tcp_segment plain = *seg;
    struct tcp_conn young = *conn;

    if ((lies(NO_PAWS) && drop == TOE_DROP_TCP_PAWS) || (lies(BARE_SEGMENTS) && !seg->has_ts)) {
        return TOE_DROP_NONE;
    }
    if (lies(PAWS_ON_RST) && (seg->flags & TCP_RST) != 0) {
        plain.flags = TCP_ACK;
        return __real_tcp_timestamps_check(conn, &plain, now);
    }
    if (lies(PAWS_FOR_EVER)) {
        young.ts_recent_at = now;
        return __real_tcp_timestamps_check(&young, seg, now);
    }
    return drop;
}

WRAP(void, tcp_timestamps_update,
     (struct tcp_conn * conn, const struct tcp_segment *seg, toe_instant now))
{
    __real_tcp_timestamps_update(conn, seg, now);
    if (lies(ECHO_ANY) && seg->has_ts) {
        conn->ts_recent = seg->ts_val;
    }
}

WRAP(uint32_t, tcp_timestamps_clock, (const struct tcp_conn *conn, toe_instant now))
{
    const uint32_t clock = __real_tcp_timestamps_clock(conn, now);

    if (lies(NO_TS_DELTA)) {
        return clock - conn->ts_delta;
    }
    return lies(TS_IN_MS) ? (uint32_t)(now / TOE_NS_PER_MS) + conn->ts_delta : clock;
}

/* --- timers --- */

static toe_duration wrong_after(const struct tcp_conn *conn, enum tcp_deadline which,
                                toe_duration after)
{
    if (lies(LATE_ACK) && which == TCP_DEADLINE_DELAYED_ACK) {
        return 2 * after;
    }
    if (lies(NO_DELAY_CAP) && which == TCP_DEADLINE_DELAYED_ACK) {
        return after < TOE_NS_PER_SEC / 2 ? after : 4 * after;
    }
    if (lies(SHORT_FIN_WAIT_2) && which == TCP_DEADLINE_FIN_WAIT_2) {
        return after / 2;
    }
    if (lies(FAST_KEEP_ALIVE) && which == TCP_DEADLINE_KEEP_ALIVE) {
        return after / 2;
    }
    if (lies(STEADY_PERSIST) && which == TCP_DEADLINE_PERSIST) {
        return __real_tcp_rtt_backoff(conn, 0);
    }
    if (lies(COARSE_TIMERS)) {
        return (after / (100 * TOE_NS_PER_MS) + 1) * 100 * TOE_NS_PER_MS;
    }
    return after;
}

WRAP(void, tcp_deadline_arm,
     (struct tcp_conn * conn, enum tcp_deadline which, toe_duration after, toe_instant now))
{
    if ((lies(NO_SWS_TIMER) && which == TCP_DEADLINE_SWS) ||
        (lies(ONE_FIN_WAIT_2) && which == TCP_DEADLINE_FIN_WAIT_2 &&
         tcp_deadline_at(conn, which) != TOE_INSTANT_NEVER)) {
        return;
    }
    __real_tcp_deadline_arm(conn, which, wrong_after(conn, which, after), now);
}

WRAP(void, tcp_retransmit_expire, (struct tcp_conn * conn, toe_instant now))
{
    const uint32_t cwnd = conn->cwnd;

    if (lies(MAX_RT_IGNORED)) {
        conn->cached.max_rt = 0;
    }
    __real_tcp_retransmit_expire(conn, now);
    if (lies(NO_COLLAPSE)) {
        conn->cwnd = cwnd;
    } else if (lies(TWO_AT_ONCE)) {
        conn->cwnd = 2 * (uint32_t)conn->snd_mss;
    }
}

WRAP(void, tcp_persist_expire, (struct tcp_conn * conn, toe_instant now))
{
    __real_tcp_persist_expire(conn, now);
    if (lies(NO_PROBE)) {
        conn->probe_due = false;
    }
}

WRAP(void, tcp_persist_ack, (struct tcp_conn * conn, uint32_t old_wnd, toe_instant now))
{
    if (!lies(NO_ROUND)) {
        __real_tcp_persist_ack(conn, old_wnd, now);
    }
}

WRAP(bool, tcp_persist_is_wanted, (const struct tcp_conn *conn))
{
    return __real_tcp_persist_is_wanted(conn) &&
           !(lies(NO_FIN_PROBE) && conn->busy->sendq.len == 0);
}

WRAP(void, tcp_keepalive_heard, (struct tcp_conn * conn, toe_instant now))
{
    const uint8_t cnt = conn->ka_probe_cnt;

    __real_tcp_keepalive_heard(conn, now);
    if (lies(PROBES_ADD_UP)) {
        conn->ka_probe_cnt = cnt;
    }
}

WRAP(void, tcp_keepalive_expire, (struct tcp_conn * conn, toe_instant now))
{
    if (lies(ONE_PROBE_LESS) && conn->ka_probe_cnt + 1 >= conn->cached.ka_probe_cnt) {
        conn->ka_probe_cnt = UINT8_MAX;
    }
    __real_tcp_keepalive_expire(conn, now);
}

WRAP(void, tcp_keepalive_mitigate, (struct tcp_conn * conn, toe_instant now))
{
    if (lies(NO_MITIGATION)) {
        return;
    }
    if (lies(LONG_MITIGATION)) {
        tcp_deadline_cancel(conn, TCP_DEADLINE_KEEP_ALIVE);
    }
    __real_tcp_keepalive_mitigate(conn, now);
}

/* --- acknowledgments and windows --- */

WRAP(void, tcp_window_received, (struct tcp_conn * conn, uint32_t len, toe_instant now))
{
    const bool was = conn->ack_now;

    if (lies(STRETCH_ACKS)) {
        conn->unacked_cnt = 0;
    }
    __real_tcp_window_received(conn, len, now);
    if (lies(NO_ACKS)) {
        conn->ack_now = was;
        tcp_deadline_cancel(conn, TCP_DEADLINE_DELAYED_ACK);
    }
}

WRAP(void, tcp_quiesce, (struct tcp_conn * conn))
{
    if (lies(NO_LAST_ACK)) {
        conn->unacked_cnt = 0;
        conn->ack_now = false;
    }
    __real_tcp_quiesce(conn);
}

WRAP(void, tcp_renege, (struct tcp_conn * conn))
{
    const bool was = conn->ack_now;

    __real_tcp_renege(conn);
    if (lies(QUIET_RENEGE)) {
        conn->ack_now = was;
    }
}

WRAP(bool, tcp_window_is_acceptable, (toe_seq rcv_nxt, uint32_t rcv_wnd, toe_seq seq, uint32_t len))
{
    return lies(ANY_SEQUENCE) || __real_tcp_window_is_acceptable(rcv_nxt, rcv_wnd, seq, len);
}

WRAP(void, tcp_consumed, (struct tcp_conn * conn, uint32_t cnt, toe_instant now))
{
    const bool was = conn->ack_now;

    __real_tcp_consumed(conn, cnt, now);
    if (lies(NO_UPDATE)) {
        conn->ack_now = was;
        tcp_deadline_cancel(conn, TCP_DEADLINE_SWS);
    } else if (lies(UPDATE_EACH) && cnt > 0) {
        conn->update_due = true;
        conn->ack_now = true;
    }
}

WRAP(uint16_t, tcp_window_advertise, (struct tcp_conn * conn))
{
    const uint16_t wnd = __real_tcp_window_advertise(conn);

    return lies(SHRINKING) && conn->rcv_unread > 0 ? wnd / 2 : wnd;
}

WRAP(uint32_t, tcp_window_usable, (const struct tcp_conn *conn))
{
    return lies(WINDOW_IGNORED) ? UINT32_MAX : __real_tcp_window_usable(conn);
}

/* What a recovery, under way if |was|, makes of an acknowledgment. */
static void spoil_recovery(struct tcp_conn *conn, bool was)
{
    if (lies(NO_PARTIAL) && was && conn->in_recovery) {
        conn->rexmit_due = false;
    }
    if (lies(NO_DEFLATION) && was && !conn->in_recovery) {
        conn->cwnd *= 2;
    }
}

WRAP(enum toe_drop, tcp_ack_input,
     (struct tcp_conn * conn, const struct tcp_segment *seg, toe_instant now))
{
    struct tcp_segment made = *seg;
    const uint8_t scale = conn->snd_wscale;
    const bool has_sack = conn->has_sack;
    const bool in_recovery = conn->in_recovery;
    enum toe_drop drop;

    if (lies(NEW_ACK) && toe_seq_gt(seg->ack, conn->snd_max)) {
        return TOE_DROP_TCP_ACK_BAD;
    }
    if (lies(OLD_ACK) && toe_seq_lt(seg->ack, conn->snd_una)) {
        made.ack = conn->snd_una;
    }
    if (lies(DATA_IS_DUP)) {
        made.payload_len = 0;
    }
    if (lies(NO_SACK)) {
        made.sack_cnt = 0;
    }
    if (lies(ANY_SACK)) {
        conn->has_sack = true;
    }
    if (lies(UNSCALED_WINDOW)) {
        conn->snd_wscale = 0;
    }
    drop = __real_tcp_ack_input(conn, &made, now);
    conn->snd_wscale = scale;
    conn->has_sack = has_sack;
    spoil_recovery(conn, in_recovery);
    if (lies(ANY_WINDOW) && drop == TOE_DROP_NONE && conn->state != TOE_TCP_CLOSED) {
        tcp_ack_window(conn, seg, scale);
    }
    return drop;
}

/* --- forged segments --- */

WRAP(enum toe_drop, tcp_mitigate_rst,
     (struct tcp_conn * conn, const struct tcp_segment *seg, toe_instant now))
{
    struct tcp_segment made = *seg;

    if (lies(BLIND_RST)) {
        made.seq = conn->rcv_nxt;
    }
    if (lies(DEAF_RST)) {
        return TOE_DROP_TCP_RST_INEXACT;
    }
    if (lies(MANY_RST)) {
        conn->rst_validating = false;
    }
    return __real_tcp_mitigate_rst(conn, &made, now);
}

WRAP(enum toe_drop, tcp_mitigate_syn,
     (struct tcp_conn * conn, const struct tcp_segment *seg, toe_instant now))
{
    struct tcp_segment made = *seg;

    if (lies(ALL_CHALLENGES)) {
        conn->busy->challenge_cnt = 0;
    }
    if (lies(NO_SYN_CHALLENGE)) {
        return TOE_DROP_TCP_SYN_CHALLENGED;
    }
    if (lies(MANY_SYN)) {
        conn->busy->syn_challenge_at = 0;
    }
    if (lies(EXACT_SYN)) {
        made.seq = toe_seq_add(made.seq, 1);
    }
    return __real_tcp_mitigate_syn(conn, &made, now);
}

WRAP(bool, tcp_challenge, (struct tcp_conn * conn, toe_instant now))
{
    return !lies(NO_CHALLENGES) && __real_tcp_challenge(conn, now);
}

/* --- congestion and recovery --- */

WRAP(bool, tcp_cc_slow_start, (struct tcp_conn * conn, uint32_t acked))
{
    if ((lies(NO_ABC) && conn->cwnd < conn->ssthresh) ||
        (lies(LATE_AVOIDANCE) && conn->cwnd == conn->ssthresh)) {
        tcp_cc_grow(conn, acked);
        return true;
    }
    return __real_tcp_cc_slow_start(conn, acked);
}

WRAP(void, tcp_cc_grow, (struct tcp_conn * conn, uint32_t cnt))
{
    __real_tcp_cc_grow(conn, lies(EXTRA_GROWTH) ? cnt + conn->snd_mss / 8 : cnt);
}

WRAP(void, tcp_recovery_dup, (struct tcp_conn * conn, toe_instant now))
{
    if (!lies(NO_FAST_RETRANSMIT)) {
        __real_tcp_recovery_dup(conn, now);
    }
    if (lies(NO_REDUCTION) && conn->in_recovery) {
        conn->ssthresh = UINT32_MAX;
    }
}

WRAP(uint32_t, tcp_cc_initial_window, (const struct tcp_conn *conn))
{
    return lies(NO_RESTART) ? TCP_CWND_MAX : __real_tcp_cc_initial_window(conn);
}

/* --- sending --- */

WRAP(void, tcp_send_mss_update, (struct tcp_conn * conn))
{
    __real_tcp_send_mss_update(conn);
    if (lies(OPTIONS_FORGOTTEN) && conn->has_timestamps) {
        conn->snd_mss = (uint16_t)(conn->snd_mss + 12);
    }
}

/* The bound is what the peer takes. */
WRAP(uint32_t, tcp_plpmtud_probe,
     (struct tcp_conn * conn, uint32_t unsent, uint32_t usable, uint32_t full, toe_instant now))
{
    const uint16_t limit = conn->mss_limit;
    uint32_t len;

    conn->mss_limit = lies(PROBE_BEYOND) ? UINT16_MAX : limit;
    len = __real_tcp_plpmtud_probe(conn, unsent, usable, full, now);
    conn->mss_limit = limit;
    return len;
}

WRAP(bool, tcp_sendq_has_end, (struct tcp_sendq * q, uint32_t off, uint32_t len))
{
    return !lies(PUSH_NOWHERE) && __real_tcp_sendq_has_end(q, off, len);
}

WRAP(uint32_t, tcp_sendq_left, (struct tcp_sendq * q, uint32_t off))
{
    if (lies(TAIL_WAITS)) {
        return UINT32_MAX;
    }
    return lies(NO_SILLY) ? 0 : __real_tcp_sendq_left(q, off);
}

WRAP(bool, tcp_output, (struct tcp_conn * conn, struct tcp_out *out, toe_instant now))
{
    const bool any = __real_tcp_output(conn, out, now);

    if (!any) {
        return false;
    }
    if (lies(REPEATED_SAMPLE) && out->has_repeated && !conn->has_timestamps) {
        conn->rtt_timing = true;
        conn->busy->rtt_seq = toe_seq_add(out->seg.seq, out->seg.payload_len);
        conn->busy->rtt_at = now;
    }
    if (lies(ACK_SEQ) && out->seg.payload_len == 0 && (out->seg.flags & TCP_FIN) == 0) {
        out->seg.seq = conn->snd_una;
    }
    if (lies(RST_ON_CLOSE) && conn->state == TOE_TCP_CLOSE_WAIT && out->seg.payload_len == 0) {
        out->seg.flags |= TCP_RST;
    }
    return true;
}

WRAP(bool, tcp_fin_is_acked, (const struct tcp_conn *conn))
{
    if (lies(CLOSE_EARLY) && conn->fin_queued && conn->busy->sendq.len == 0) {
        return true;
    }
    return __real_tcp_fin_is_acked(conn);
}

/* --- receiving out of order --- */

WRAP(enum toe_drop, tcp_reassembly_insert,
     (struct tcp_reassembly * r, struct base_slab *pool, const struct tcp_segment *seg))
{
    const enum toe_drop drop = __real_tcp_reassembly_insert(r, pool, seg);

    if ((lies(ONE_HOLE) && r->run_cnt > 1)) {
        tcp_reassembly_flush(r, pool);
    }
    if (lies(BEYOND_FIN)) {
        r->has_fin = false;
    }
    return drop;
}

WRAP(void, tcp_text_repeated, (struct tcp_conn * conn, toe_seq seq, uint32_t len))
{
    if (!lies(NO_DSACK)) {
        __real_tcp_text_repeated(conn, seq, len);
    }
}

/* --- moving --- */

static void forget(struct toe_tcp_state *state)
{
    struct toe_tcp_delegated *d = &state->delegated;

    if (lies(DUPS_FORGOTTEN)) {
        d->dup_ack_cnt = 0;
    } else if (lies(CWND_FORGOTTEN)) {
        d->cwnd = 10 * 1460;
    } else if (lies(SRTT_UNSCALED)) {
        d->srtt /= 8;
    } else if (lies(TIMER_FORGOTTEN)) {
        d->retransmit_timeout_delta = TOE_TICKS_NONE;
    } else if (lies(PROBES_FORGOTTEN)) {
        d->ka_probe_cnt = 0;
    } else if (lies(ECHO_FORGOTTEN)) {
        d->ts_recent = 0;
    } else if (lies(TOTAL_FORGOTTEN)) {
        d->total_rt = 0;
    } else if (lies(ALL_SENT)) {
        d->snd_nxt = d->snd_max;
    }
}

WRAP(toe_status, tcp_import,
     (struct tcp_conn * conn, const struct toe_tcp_state *state, toe_instant now))
{
    struct toe_tcp_state made = *state;

    forget(&made);
    return __real_tcp_import(conn, &made, now);
}

static void export_wrong(const struct tcp_conn *conn, struct toe_tcp_delegated *d, toe_instant now)
{
    const toe_duration tick = TOE_NS_PER_SEC / conn->cfg->ticks_per_second;
    const toe_instant at = tcp_deadline_at(conn, TCP_DEADLINE_RETRANSMIT);

    if (lies(SRTT_WRAPS)) {
        d->srtt = (uint16_t)(conn->srtt * 8 / tick);
    }
    if (lies(ROUND_DOWN) && at != TOE_INSTANT_NEVER && at > now) {
        d->retransmit_timeout_delta = (uint32_t)((at - now) / tick);
    }
}

WRAP(void, tcp_export,
     (const struct tcp_conn *conn, struct toe_tcp_const *constant, struct toe_tcp_cached *cached,
      struct toe_tcp_delegated *delegated, toe_instant now))
{
    __real_tcp_export(conn, constant, cached, delegated, now);
    if (delegated != NULL) {
        export_wrong(conn, delegated, now);
    }
}

WRAP(void, tcp_update,
     (struct tcp_conn * conn, const struct toe_tcp_cached *cached, toe_instant now))
{
    if (!lies(NO_UPDATES)) {
        __real_tcp_update(conn, cached, now);
    }
}

WRAP(void, tcp_mss_limit_set, (struct tcp_conn * conn, uint16_t mss_limit, toe_instant now))
{
    if (!lies(NO_NEW_MTU)) {
        __real_tcp_mss_limit_set(conn, mss_limit, now);
    }
}

/* clang-format off */
const struct mutant mutants_engine[] = {
    {"no back-off", "RFC-139", NULL, .lie = NO_BACKOFF},
    {"a timeout without a ceiling", "RFC-058", NULL, .lie = NO_CEILING},
    {"half of the timeout", "TMR-091", NULL, .lie = HALF_RTO},
    {"a timeout without a floor", "TMR-092", NULL, .lie = NO_FLOOR},
    {"no samples", "TMR-091", NULL, .lie = NO_SAMPLES},
    {"the last sample is the estimate", "TMR-092", NULL, .lie = LAST_SAMPLE},
    {"an echo from the future is a sample", "RTT-020", NULL, .lie = FUTURE_SAMPLE},
    {"retransmissions are samples", "RTT-018", NULL, .lie = REPEATED_SAMPLE},
    {"no PAWS", "RFC-063", NULL, .lie = NO_PAWS},
    {"PAWS on resets", "RFC-067", NULL, .lie = PAWS_ON_RST},
    {"segments without timestamps are accepted", "RFC-066", NULL, .lie = BARE_SEGMENTS},
    {"PAWS after 24 days", "RFC-065", NULL, .lie = PAWS_FOR_EVER},
    {"any timestamp is echoed", "RFC-064", NULL, .lie = ECHO_ANY},
    {"timestamps of the target's clock", "RTT-003", NULL, .lie = NO_TS_DELTA},
    {"timestamps in milliseconds", "RTT-008", NULL, .lie = TS_IN_MS},
    {"delayed acknowledgments late", "TMR-023", NULL, .lie = LATE_ACK},
    {"acknowledgments delayed without a cap", "TMR-024", NULL, .lie = NO_DELAY_CAP},
    {"FIN_WAIT_2 for a minute", "TMR-031", NULL, .lie = SHORT_FIN_WAIT_2},
    {"FIN_WAIT_2 does not restart", "TMR-032", NULL, .lie = ONE_FIN_WAIT_2},
    {"keep-alive twice as fast", "RFC-140", NULL, .lie = FAST_KEEP_ALIVE},
    {"no silly window timer", "TMR-102", NULL, .lie = NO_SWS_TIMER},
    {"timers of 100 ms", "TMR-002", NULL, .lie = COARSE_TIMERS},
    {"window probes at one interval", "TMR-072", NULL, .lie = STEADY_PERSIST},
    {"a window probe does not leave", "TMR-057", NULL, .lie = NO_PROBE},
    {"an answered window probe begins no round", "TMR-059", NULL, .lie = NO_ROUND},
    {"a FIN is not probed for", "DSC-027", NULL, .lie = NO_FIN_PROBE},
    {"keep-alive probes add up", "TMR-048", NULL, .lie = PROBES_ADD_UP},
    {"a keep-alive probe less", "RFC-138", NULL, .lie = ONE_PROBE_LESS},
    {"a limit of time is ignored", "TMR-081", NULL, .lie = MAX_RT_IGNORED},

    {"stretch acknowledgments", "TMR-022", NULL, .lie = STRETCH_ACKS},
    {"no acknowledgments", "TMR-023", NULL, .lie = NO_ACKS},
    {"an owed acknowledgment is withheld from a terminate", "TMR-021", NULL, .lie = NO_LAST_ACK},
    {"reneges without a word", "SEG-065", NULL, .lie = QUIET_RENEGE},
    {"any sequence number", "SEG-010", NULL, .lie = ANY_SEQUENCE},
    {"no window updates", "RCV-077", NULL, .lie = NO_UPDATE},
    {"a window update for each byte", "RCV-077", NULL, .lie = UPDATE_EACH},
    {"a window that shrinks", "RCV-073", NULL, .lie = SHRINKING},
    {"the peer's window is ignored", "SND-007", NULL, .lie = WINDOW_IGNORED},
    {"acknowledgments of what was not sent", "RFC-011", NULL, .lie = NEW_ACK},
    {"acknowledgments from long ago", "SEG-017", NULL, .lie = OLD_ACK},
    {"any window update", "RFC-012", NULL, .lie = ANY_WINDOW},
    {"windows are not scaled", "SND-088", NULL, .lie = UNSCALED_WINDOW},

    {"any RST in the window aborts", "SEG-012", NULL, .lie = BLIND_RST},
    {"RST is ignored", "SEG-011", NULL, .lie = DEAF_RST},
    {"RSTs are challenged without limit", "SEG-012", NULL, .lie = MANY_RST},
    {"no keep-alive after a challenge", "SEG-020", NULL, .lie = NO_MITIGATION},
    {"a challenge lengthens keep-alive", "SEG-021", NULL, .lie = LONG_MITIGATION},
    {"SYNs are not challenged", "SEG-004", NULL, .lie = NO_SYN_CHALLENGE},
    {"SYNs are challenged without limit", "SEG-004", NULL, .lie = MANY_SYN},
    {"an exact SYN does not upload", "SEG-002", NULL, .lie = EXACT_SYN},
    {"no challenges", "SEG-017", NULL, .lie = NO_CHALLENGES},
    {"challenges without limit", "RFC-081", NULL, .lie = ALL_CHALLENGES},

    {"slow start without a limit", "RFC-038", NULL, .lie = NO_ABC},
    {"an extra constant in congestion avoidance", "RFC-135", NULL, .lie = EXTRA_GROWTH},
    {"slow start at ssthresh", "RFC-036", NULL, .lie = LATE_AVOIDANCE},
    {"no reduction after a loss", "RFC-040", NULL, .lie = NO_REDUCTION},
    {"no slow start after a timeout", "RFC-131", NULL, .lie = NO_COLLAPSE},
    {"two segments at a timeout", "RFC-143", NULL, .lie = TWO_AT_ONCE},
    {"no restart after idle", "RFC-049", NULL, .lie = NO_RESTART},
    {"no fast retransmission", "RFC-042", NULL, .lie = NO_FAST_RETRANSMIT},
    {"data is a duplicate acknowledgment", "RFC-044", NULL, .lie = DATA_IS_DUP},
    {"a partial acknowledgment shows nothing", "RFC-046", NULL, .lie = NO_PARTIAL},
    {"no deflation", "RFC-050", NULL, .lie = NO_DEFLATION},
    {"SACK is not used", "RFC-071", NULL, .lie = NO_SACK},
    {"SACK of a peer without", "RFC-070", NULL, .lie = ANY_SACK},

    {"segments too large by their options", "SND-023", NULL, .lie = OPTIONS_FORGOTTEN},
    {"probes beyond the path's MTU", "RFC-106", NULL, .lie = PROBE_BEYOND},
    {"PSH nowhere", "SND-022", NULL, .lie = PUSH_NOWHERE},
    {"a tail waits for the silly window", "SND-026", NULL, .lie = TAIL_WAITS},
    {"silly windows", "TMR-101", NULL, .lie = NO_SILLY},
    {"acknowledgments at snd_una", "SEG-007", NULL, .lie = ACK_SEQ},
    {"RST in CLOSE_WAIT", "DSC-005", "T-088", .lie = RST_ON_CLOSE},
    {"a disconnect is done when the data is", "DSC-016", NULL, .lie = CLOSE_EARLY},
    {"one hole", "SEG-083", NULL, .lie = ONE_HOLE},
    {"data beyond a FIN is kept", "SEG-086", NULL, .lie = BEYOND_FIN},
    {"duplicates are not reported", "RFC-073", NULL, .lie = NO_DSACK},

    {"offload: duplicate acknowledgments forgotten", "RFC-043", NULL, .lie = DUPS_FORGOTTEN},
    {"offload: cwnd begins anew", "RFC-035", NULL, .lie = CWND_FORGOTTEN},
    {"offload: the round trip unscaled", "RTT-016", NULL, .lie = SRTT_UNSCALED},
    {"offload: the retransmission timer begins anew", "TMR-086", NULL, .lie = TIMER_FORGOTTEN},
    {"offload: keep-alive probes forgotten", "SEG-024", NULL, .lie = PROBES_FORGOTTEN},
    {"offload: no value to echo", "RTT-010", NULL, .lie = ECHO_FORGOTTEN},
    {"offload: time of retransmissions forgotten", "TMR-084", NULL, .lie = TOTAL_FORGOTTEN},
    {"offload: nothing is sent again", "SND-061", NULL, .lie = ALL_SENT},
    {"upload: a long round trip wraps", "RTT-015", NULL, .lie = SRTT_WRAPS},
    {"upload: times are rounded down", "TV-TMR-4", NULL, .lie = ROUND_DOWN},
    {"an update is ignored", "RFC-119", "T-241", .lie = NO_UPDATES},
    {"a new MTU is ignored", "RFC-101", NULL, .lie = NO_NEW_MTU},
    {.name = NULL},
};
/* clang-format on */
