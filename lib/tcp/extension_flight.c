/* SPDX-License-Identifier: MIT */
#include "tcp/extension_flight.h"

#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/inflight.h"
#include "tcp/rtt.h"

_Static_assert(TOE_EXTENSION_RUN_MAX == TCP_FLIGHT_MANY, "every record fits");

#define RUN_FLAGS_ALL (TOE_RUN_SACKED | TOE_RUN_LOST | TOE_RUN_RESENT | TOE_RUN_UNTIMED)
#define FLIGHT_FLAGS_ALL (2u * TOE_FLIGHT_MARK - 1u)

/* No age is larger: with room for sums. */
#define AGE_MAX (UINT64_C(1) << 62)

static bool has(const struct toe_extension *ext, uint32_t flag)
{
    return (ext->flight.flags & flag) != 0;
}

static toe_duration age_of(toe_instant at, toe_instant now)
{
    return now > at ? now - at : 0;
}

static toe_instant before(toe_instant now, toe_duration age)
{
    return now > age ? now - age : 0;
}

/* --- telling --- */

static void tell_runs(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    const struct tcp_run *runs = tcp_flight_runs(conn, &ext->run_cnt);

    for (uint32_t i = 0; i < ext->run_cnt; ++i) {
        ext->runs[i] = (struct toe_flight_run){
            .end = runs[i].end.v,
            .flags = runs[i].flags,
            .age = age_of(runs[i].sent, now),
            .is_limited = runs[i].is_limited,
            .delivered = runs[i].stamp.delivered,
            .lost = runs[i].stamp.lost,
            .delivered_ago = runs[i].stamp.delivered_ago,
            .first_ago = runs[i].stamp.first_ago,
            .in_flight = runs[i].stamp.in_flight,
        };
    }
}

static uint32_t flags_of(const struct tcp_flight *f)
{
    return (f->is_open ? TOE_FLIGHT_OPEN : 0u) | (f->in_loss ? TOE_FLIGHT_IN_LOSS : 0u) |
           (f->is_moved ? TOE_FLIGHT_MOVED : 0u) | (f->rack.is_known ? TOE_FLIGHT_RACK_KNOWN : 0u) |
           (f->rack.in_dsack_round ? TOE_FLIGHT_RACK_DSACK : 0u) |
           (f->rack.is_waiting ? TOE_FLIGHT_RACK_WAITS : 0u) |
           (f->tlp.is_due ? TOE_FLIGHT_TLP_DUE : 0u) | (f->tlp.is_out ? TOE_FLIGHT_TLP_OUT : 0u) |
           (f->tlp.is_resent ? TOE_FLIGHT_TLP_RESENT : 0u) |
           (f->prr.is_first ? TOE_FLIGHT_PRR_FIRST : 0u) | (f->undo.is_on ? TOE_FLIGHT_UNDO : 0u) |
           (f->undo.by_echo ? TOE_FLIGHT_UNDO_ECHO : 0u) |
           (f->undo.by_dup ? TOE_FLIGHT_UNDO_DUP : 0u);
}

static bool is_in_flight(const struct tcp_conn *conn, uint32_t seq)
{
    return seq - conn->snd_una.v <= tcp_send_flight(conn);
}

/* Of what is left of snd_una it does not matter how far; and some numbers hold only at times. */
static uint32_t near(const struct tcp_conn *conn, toe_seq seq)
{
    return is_in_flight(conn, seq.v) ? seq.v : conn->snd_una.v;
}

static void tell_rack(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    const struct tcp_rack *rack = &conn->flight->rack;
    const toe_instant at = tcp_deadline_at(conn, TCP_DEADLINE_PROBE);

    ext->flight.probe_left =
        tcp_deadline_is_armed(conn, TCP_DEADLINE_PROBE) ? age_of(now, at) + 1 : 0;
    if (rack->is_known) {
        ext->flight.rack.age = age_of(rack->sent, now);
        ext->flight.rack.rtt = rack->rtt;
        ext->flight.rack.end = rack->end.v;
    }
    ext->flight.rack.fack = near(conn, rack->fack);
    ext->flight.rack.dsack_round = near(conn, rack->dsack_round);
}

static void tell_record(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    const struct tcp_flight *f = conn->flight;

    ext->flags |= TOE_EXTENSION_FLIGHT;
    ext->flight.flags = flags_of(f) | (conn->in_mark ? TOE_FLIGHT_MARK : 0u);
    ext->flight.lost_new = f->lost_new;
    ext->flight.first_sack_max = near(conn, f->first_sack_max);
    ext->flight.used = f->used;
    ext->flight.used_end = near(conn, f->used_end);
    ext->flight.opened_age = f->is_open ? age_of(f->opened, now) : 0;
    ext->flight.tlp.end = near(conn, f->tlp.end);
    ext->flight.tlp.flight = f->tlp.flight;
    ext->flight.tlp.holes = f->tlp.holes;
    ext->flight.prr.delivered = f->prr.delivered;
    ext->flight.prr.out = f->prr.out;
    ext->flight.prr.flight = f->prr.flight;
    ext->flight.prr.quota = f->prr.quota;
    ext->flight.frto.step = f->frto.step;
    ext->flight.frto.recover = near(conn, f->frto.recover);
    ext->flight.undo.cwnd = f->undo.cwnd;
    ext->flight.undo.ssthresh = f->undo.ssthresh;
    ext->flight.undo.una = f->undo.una.v;
    ext->flight.undo.resent = f->undo.resent;
    ext->flight.undo.ts = f->undo.ts;
    tell_rack(conn, ext, now);
    tell_runs(conn, ext, now);
}

static void tell_rate(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    ext->rate.delivered_age = age_of(conn->busy->rate.delivered_at, now);
    ext->rate.first_age = age_of(conn->busy->rate.first_sent, now);
    ext->rate.delivered = conn->busy->rate.delivered;
    ext->rate.lost = conn->busy->rate.lost;
    ext->rate.limited_end = conn->busy->rate.limited_end;
    ext->rate.is_limited = conn->busy->rate.is_limited;
}

void tcp_extension_tell_flight(const struct tcp_conn *conn, struct toe_extension *ext,
                               toe_instant now)
{
    ext->flags |= conn->has_reordering ? TOE_EXTENSION_REORDERING : 0;
    ext->min_rtt = conn->min_rtt[0];
    ext->min_rtt_before = conn->min_rtt[1];
    ext->min_rtt_age = tcp_rtt_min_age(conn, now);
    ext->reo_wnd_mult = conn->reo_wnd_mult;
    ext->reo_wnd_persist = conn->reo_wnd_persist;
    if (conn->cfg->cc->deliver != NULL) {
        tell_rate(conn, ext, now);
    }
    if (conn->flight != NULL) {
        tell_record(conn, ext, now);
    }
}

/* --- judging --- */

/* In order, none of them empty, and the last one ends at snd_max. */
static bool are_runs_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    uint32_t end = 0;

    if (ext->run_cnt > TOE_EXTENSION_RUN_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < ext->run_cnt; ++i) {
        const struct toe_flight_run *run = &ext->runs[i];
        const uint32_t to = run->end - conn->snd_una.v;
        const bool is_sacked = (run->flags & TOE_RUN_SACKED) != 0;

        if (to <= end || to > tcp_send_flight(conn) || run->age > AGE_MAX ||
            (run->flags & ~(uint32_t)RUN_FLAGS_ALL) != 0 || run->is_limited > 1 ||
            (is_sacked && (run->flags != TOE_RUN_SACKED || !conn->has_sack))) {
            return false;
        }
        end = to;
    }
    return ext->run_cnt == 0 || end == tcp_send_flight(conn);
}

/* Who reduces by proportion divides by what was in flight. */
static bool is_prr_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    const bool is_on = (ext->flags & TOE_EXTENSION_RECOVERY) != 0 || has(ext, TOE_FLIGHT_MARK);
    const bool is_needed = is_on && ext->run_cnt > 0 && conn->has_sack;

    return (!is_needed || ext->flight.prr.flight > 0) && ext->flight.prr.quota <= TCP_CWND_MAX;
}

static bool is_record_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    return (ext->flight.flags & ~FLIGHT_FLAGS_ALL) == 0 && are_runs_sound(conn, ext) &&
           is_prr_sound(conn, ext) && is_in_flight(conn, ext->flight.first_sack_max) &&
           is_in_flight(conn, ext->flight.used_end) && is_in_flight(conn, ext->flight.rack.fack) &&
           is_in_flight(conn, ext->flight.rack.dsack_round) &&
           is_in_flight(conn, ext->flight.tlp.end) && ext->flight.tlp.holes <= UINT8_MAX &&
           is_in_flight(conn, ext->flight.frto.recover) && ext->flight.frto.step <= TCP_FRTO_NEW &&
           ext->flight.opened_age <= AGE_MAX && ext->flight.probe_left <= AGE_MAX &&
           ext->flight.rack.age <= AGE_MAX && ext->flight.rack.rtt <= AGE_MAX;
}

bool tcp_extension_is_flight_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    const bool has_record = (ext->flags & TOE_EXTENSION_FLIGHT) != 0;

    return ext->reo_wnd_mult <= UINT8_MAX && ext->reo_wnd_persist <= UINT8_MAX &&
           ext->rate.delivered_age <= AGE_MAX && ext->rate.first_age <= AGE_MAX &&
           ext->rate.is_limited <= 1 &&
           (has_record ? is_record_sound(conn, ext) : ext->run_cnt == 0);
}

/* --- taking --- */

static void take_run(struct tcp_run *run, const struct toe_flight_run *told, toe_instant now)
{
    *run = (struct tcp_run){
        .sent = before(now, told->age),
        .end = toe_seq_of(told->end),
        .flags = (uint8_t)told->flags,
        .is_limited = told->is_limited != 0,
        .stamp = {.delivered = told->delivered,
                  .lost = told->lost,
                  .delivered_ago = told->delivered_ago,
                  .first_ago = told->first_ago,
                  .in_flight = told->in_flight},
    };
}

static void take_rack(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now)
{
    conn->flight->rack = (struct tcp_rack){
        .sent = before(now, ext->flight.rack.age),
        .rtt = ext->flight.rack.rtt,
        .end = toe_seq_of(ext->flight.rack.end),
        .fack = toe_seq_of(ext->flight.rack.fack),
        .dsack_round = toe_seq_of(ext->flight.rack.dsack_round),
        .is_known = has(ext, TOE_FLIGHT_RACK_KNOWN),
        .in_dsack_round = has(ext, TOE_FLIGHT_RACK_DSACK),
        .is_waiting = has(ext, TOE_FLIGHT_RACK_WAITS),
    };
    if (ext->flight.probe_left > 0) {
        tcp_deadline_arm(conn, TCP_DEADLINE_PROBE, ext->flight.probe_left - 1, now);
    }
}

static void take_tlp(struct tcp_tlp *tlp, const struct toe_extension *ext)
{
    *tlp = (struct tcp_tlp){
        .end = toe_seq_of(ext->flight.tlp.end),
        .flight = ext->flight.tlp.flight,
        .holes = (uint8_t)ext->flight.tlp.holes,
        .is_due = has(ext, TOE_FLIGHT_TLP_DUE),
        .is_out = has(ext, TOE_FLIGHT_TLP_OUT),
        .is_resent = has(ext, TOE_FLIGHT_TLP_RESENT),
    };
}

static void take_prr(struct tcp_prr *prr, const struct toe_extension *ext)
{
    *prr = (struct tcp_prr){
        .delivered = ext->flight.prr.delivered,
        .out = ext->flight.prr.out,
        .flight = ext->flight.prr.flight,
        .quota = ext->flight.prr.quota,
        .is_first = has(ext, TOE_FLIGHT_PRR_FIRST),
    };
}

/* Of congestion control's own numbers what it has now; it may know better (tcp_cc_ops.take). */
static void take_undo(struct tcp_conn *conn, const struct toe_extension *ext)
{
    conn->flight->undo = (struct tcp_undo){
        .cwnd = ext->flight.undo.cwnd,
        .ssthresh = ext->flight.undo.ssthresh,
        .cubic = conn->cubic,
        .una = toe_seq_of(ext->flight.undo.una),
        .resent = ext->flight.undo.resent,
        .ts = ext->flight.undo.ts,
        .is_on = has(ext, TOE_FLIGHT_UNDO),
        .by_echo = has(ext, TOE_FLIGHT_UNDO_ECHO),
        .by_dup = has(ext, TOE_FLIGHT_UNDO_DUP),
    };
}

bool tcp_extension_has_flight(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    return (ext->flags & TOE_EXTENSION_FLIGHT) != 0 && conn->cfg->flights != NULL;
}

bool tcp_extension_take_flight(struct tcp_conn *conn, const struct toe_extension *ext,
                               toe_instant now)
{
    struct tcp_run *runs = tcp_flight_renew(conn, ext->run_cnt);
    struct tcp_flight *f = conn->flight;

    if (runs == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < ext->run_cnt; ++i) {
        take_run(&runs[i], &ext->runs[i], now);
    }
    tcp_flight_recount(conn);
    f->is_blind = ext->run_cnt == 0 && tcp_send_flight(conn) > 0;
    f->is_open = has(ext, TOE_FLIGHT_OPEN);
    f->in_loss = has(ext, TOE_FLIGHT_IN_LOSS);
    f->is_moved = has(ext, TOE_FLIGHT_MOVED);
    f->opened = before(now, ext->flight.opened_age);
    f->lost_new = ext->flight.lost_new;
    f->first_sack_max = toe_seq_of(ext->flight.first_sack_max);
    f->used = ext->flight.used;
    f->used_end = toe_seq_of(ext->flight.used_end);
    f->frto.step = (uint8_t)ext->flight.frto.step;
    f->frto.recover = toe_seq_of(ext->flight.frto.recover);
    take_rack(conn, ext, now);
    take_tlp(&f->tlp, ext);
    take_prr(&f->prr, ext);
    take_undo(conn, ext);
    return true;
}

void tcp_extension_take_history(struct tcp_conn *conn, const struct toe_extension *ext,
                                toe_instant now)
{
    conn->has_reordering = (ext->flags & TOE_EXTENSION_REORDERING) != 0;
    conn->min_rtt[0] = ext->min_rtt;
    conn->min_rtt[1] = ext->min_rtt_before;
    tcp_rtt_min_age_set(conn, ext->min_rtt_age, now);
    conn->reo_wnd_mult = (uint8_t)ext->reo_wnd_mult;
    conn->reo_wnd_persist = (uint8_t)ext->reo_wnd_persist;
    conn->busy->rate = (struct tcp_rate){
        .delivered = ext->rate.delivered,
        .lost = ext->rate.lost,
        .limited_end = ext->rate.limited_end,
        .is_limited = ext->rate.is_limited != 0,
        .delivered_at = before(now, ext->rate.delivered_age),
        .first_sent = before(now, ext->rate.first_age),
    };
}
