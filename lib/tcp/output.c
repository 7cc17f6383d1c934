/* SPDX-License-Identifier: MIT */
/*
 * What leaves next.
 *
 * tcp_output() is asked again and again until it has nothing. It prefers, in this order: a SYN or
 * RST of the handshake; a probe of a closed window; the retransmission that is due; what recovery
 * asks for; what go-back-N has to repeat, that is snd_nxt up to snd_max; new data; the FIN; a
 * keep-alive probe; an acknowledgment of its own. All segments but the first two carry an
 * acknowledgment, so that the last one is rare.
 *
 * Where the owner takes several segments at a time (super_max), what the windows, Nagle and the
 * pace allow is decided once for all of them, and all that follows from sending is done once.
 *
 * Two rules hold short segments back: Nagle's (SND-024, SND-027), which looks at a request when its
 * first byte is to leave, and silly-window avoidance (SND-025), which looks at every segment.
 * Retransmissions obey neither.
 */
#include "tcp/output.h"

#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/ecn.h"
#include "tcp/engine.h"
#include "tcp/inflight.h"
#include "tcp/fsm.h"
#include "tcp/pace.h"
#include "tcp/recovery.h"
#include "tcp/retransmit.h"
#include "tcp/send.h"
#include "tcp/timestamps.h"
#include "tcp/window.h"

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* What came twice comes first (RFC 2883), then the latest of what waits out of order. */
static void add_sack(const struct tcp_conn *conn, struct tcp_out *out)
{
    const uint8_t max = conn->has_timestamps ? TCP_SACK_MAX - 1 : TCP_SACK_MAX;
    uint8_t cnt = 0;

    if (conn->dup_due) {
        out->seg.sack[cnt++] = conn->busy->dup;
    }
    if (conn->busy->reassembly.run_cnt > 0) {
        cnt +=
            tcp_reassembly_sack(&conn->busy->reassembly, out->seg.sack + cnt, (uint8_t)(max - cnt));
    }
    out->seg.sack_cnt = cnt;
}

/* Begins |out|: options, as they are on every segment. */
static void begin(const struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    *out = (struct tcp_out){.seg = TCP_SEGMENT_INIT};
    if (conn->has_timestamps) {
        out->seg.has_ts = true;
        out->seg.ts_val = tcp_timestamps_clock(conn, now);
        out->seg.ts_ecr = conn->ts_recent;
    }
    if (conn->has_sack && !conn->quiesced && tcp_is_synchronized(conn)) {
        add_sack(conn, out);
    }
    if (conn->has_accecn && tcp_is_synchronized(conn)) {
        tcp_accecn_option(conn, &out->seg);
    }
}

/* Payload that fits into |out| beside its options. They give way where there is little room. */
static uint32_t payload_max(const struct tcp_conn *conn, struct tcp_out *out)
{
    const uint32_t len =
        (out->seg.sack_cnt > 0 ? 4 + 8u * out->seg.sack_cnt : 0) + tcp_accecn_option_len(&out->seg);

    if (2 * len >= conn->snd_mss) {
        out->seg.sack_cnt = 0;
        out->seg.acc_cnt = 0;
        return conn->snd_mss;
    }
    return conn->snd_mss - len;
}

/* Completes |out| as a segment at |seq|: whatever leaves acknowledges. */
static void finish(struct tcp_conn *conn, struct tcp_out *out, toe_seq seq, uint8_t flags)
{
    out->seg.seq = seq;
    out->seg.ack = tcp_window_ack(conn);
    out->seg.flags = (uint8_t)(flags | TCP_ACK);
    if (conn->has_ecn) {
        tcp_ecn_echo(conn, &out->seg);
    }
    out->seg.wnd = tcp_window_advertise(conn);
    conn->dup_due = conn->dup_due && out->seg.sack_cnt == 0;
}

static bool has_push(struct tcp_conn *conn, uint32_t off, uint32_t len)
{
    if (len == 0) {
        return false;
    }
    if (conn->cfg->push_at_end) {
        return off + len == conn->busy->sendq.len && !tcp_sendq_has_more(&conn->busy->sendq);
    }
    return tcp_sendq_has_end(&conn->busy->sendq, off, len);
}

/*
 * Bursts. What leaves in a row at one instant is a run; a run of new data is a burst, which is cut
 * into parts of push_burst segments, but of half of cwnd at most, so that two are on their way. A
 * part that leaves as a whole, for the first time or again, ends with PSH: a receiver that gathers
 * segments need not wait for more.
 */
static void begin_run(struct tcp_conn *conn, toe_seq seq, toe_instant now)
{
    const bool is_new = toe_seq_ge(seq, conn->snd_max);
    const uint32_t wanted = conn->cfg->push_burst;
    const uint32_t cnt = min_u32(wanted, conn->cwnd / 2 / conn->snd_mss);
    const bool goes_on = conn->busy->run_at == now && toe_seq_eq(conn->busy->run_end, seq);

    if (is_new && !(goes_on && toe_seq_eq(conn->busy->run_from, conn->busy->burst_from))) {
        conn->busy->run_from = seq;
        conn->busy->burst_from = seq;
        conn->busy->burst_part = cnt >= min_u32(wanted, 2) ? cnt * conn->snd_mss : 0;
    } else if (!goes_on) {
        conn->busy->run_from = seq;
    }
}

/* Bytes from |seq| on to the end of the part it is in, when it leaves now. */
static uint32_t part_left(struct tcp_conn *conn, toe_seq seq, toe_instant now)
{
    begin_run(conn, seq, now);
    if (conn->busy->burst_part == 0 || toe_seq_lt(seq, conn->busy->burst_from)) {
        return UINT32_MAX;
    }
    return conn->busy->burst_part -
           toe_seq_off(seq, conn->busy->burst_from) % conn->busy->burst_part;
}

static bool ends_part(const struct tcp_conn *conn, toe_seq seq, uint32_t len)
{
    const uint32_t part = conn->busy->burst_part;
    const uint32_t off = toe_seq_off(seq, conn->busy->burst_from);
    uint32_t end;

    if (part == 0 || toe_seq_lt(seq, conn->busy->burst_from)) {
        return false;
    }
    end = (off + len) / part * part;
    return end > off &&
           toe_seq_ge(toe_seq_add(conn->busy->burst_from, end - part), conn->busy->run_from);
}

/*
 * Sends |seq_len| sequence numbers from |seq| on, the last of which is the FIN if that is beyond
 * the queue. Whether they are new, and so can be timed, follows from snd_max. Of several segments
 * the first is timed, and only the last has a reason for PSH.
 */
static void send_range(struct tcp_conn *conn, struct tcp_out *out, toe_seq seq, uint32_t seq_len,
                       toe_instant now)
{
    const toe_seq end = toe_seq_add(seq, seq_len);
    const uint32_t off = toe_seq_off(seq, conn->snd_una);
    const bool fin = off + seq_len > conn->busy->sendq.len;
    uint8_t flags = fin ? TCP_FIN : 0;

    toe_assert(seq_len > 0 && off + seq_len <= tcp_send_span(conn));

    out->text_off = off;
    if (out->mss == 0) {
        out->mss = (uint16_t)payload_max(conn, out);
    }
    out->seg.payload_len = seq_len - fin;
    out->is_retransmission = toe_seq_le(end, conn->snd_max);
    out->has_repeated = toe_seq_lt(seq, conn->snd_max);
    if (conn->cfg->push_burst != 0) {
        begin_run(conn, seq, now);
        conn->busy->run_end = toe_seq_add(seq, out->seg.payload_len);
        conn->busy->run_at = now;
    }
    if ((conn->cfg->push_burst != 0 && ends_part(conn, seq, out->seg.payload_len)) ||
        has_push(conn, off, out->seg.payload_len)) {
        flags |= TCP_PSH;
    }
    finish(conn, out, seq, flags);

    if (toe_seq_lt(seq, conn->snd_max)) {
        conn->rtt_timing = false; /* Karn */
        conn->rexmit_cnt_total += tcp_out_cnt(out);
        if (conn->busy->mtu_probe.size != 0) {
            tcp_plpmtud_resent(conn, seq, now);
        }
    } else if (!conn->rtt_timing && !conn->has_timestamps) {
        conn->rtt_timing = true;
        conn->busy->rtt_seq = tcp_out_cnt(out) > 1 ? toe_seq_add(seq, out->mss) : end;
        conn->busy->rtt_at = now;
    }
    if (conn->cfg->flights != NULL) {
        tcp_recovery_count(conn, seq, end, now);
    }
    if (tcp_pace_is_on(conn)) {
        tcp_pace_sent(conn, seq_len, now);
    }
    conn->snd_max = toe_seq_max(conn->snd_max, end);
    conn->last_sent = now;
}

static bool output_syn(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    if (!conn->syn_due || conn->verdict != TCP_VERDICT_NONE) {
        return false;
    }
    conn->syn_due = false;

    begin(conn, out, now);
    out->seg.seq = conn->busy->iss;
    out->seg.flags = TCP_SYN;
    out->seg.mss = conn->mss_local;
    out->seg.sack_permitted = conn->has_sack;
    out->seg.wscale = (int8_t)(conn->has_window_scaling ? conn->rcv_wscale : -1);
    out->seg.wnd = (uint16_t)min_u32(conn->rcv_buf, UINT16_MAX);
    tcp_ecn_offer(conn, &out->seg);
    if (conn->state == TOE_TCP_SYN_RCVD) {
        out->seg.flags |= TCP_ACK;
        out->seg.ack = conn->rcv_nxt;
        conn->rcv_adv = toe_seq_add(conn->rcv_nxt, out->seg.wnd);
        conn->ack_now = false;
    } else {
        out->seg.ts_ecr = 0;
    }

    out->is_retransmission = !toe_seq_eq(conn->snd_max, conn->busy->iss);
    out->has_repeated = out->is_retransmission;
    conn->rtt_timing = !out->is_retransmission;
    conn->rexmit_cnt_total += out->is_retransmission;
    conn->snd_nxt = toe_seq_add(conn->busy->iss, 1);
    conn->snd_max = conn->snd_nxt;
    conn->busy->rtt_seq = conn->snd_nxt;
    conn->busy->rtt_at = now;
    return true;
}

static bool output_rst(struct tcp_conn *conn, struct tcp_out *out)
{
    conn->rst_due = false;
    *out = (struct tcp_out){.seg = TCP_SEGMENT_INIT};
    out->seg.seq = conn->busy->rst_seq;
    out->seg.flags = TCP_RST;
    return true;
}

/* TMR-067. snd_nxt stays: see tcp/persist.h. */
static bool output_window_probe(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    conn->probe_due = false;
    begin(conn, out, now);
    if (conn->cfg->tuning.empty_probes) {
        finish(conn, out, toe_seq_sub(conn->snd_una, 1), 0);
        return true;
    }
    send_range(conn, out, conn->snd_una, 1, now);
    conn->rtt_timing = false;
    if (tcp_flight_is_on(conn)) {
        tcp_flight_lose_all(conn);
    }
    return true;
}

/* TMR-094: that many retransmissions, and the host is to look for a black hole. The timer goes on
 * there. */
static void doubt(struct tcp_conn *conn)
{
    const uint8_t max = conn->cfg->doubt_retransmissions;

    if (max != 0 && conn->retransmit_cnt >= max) {
        conn->verdict = TCP_VERDICT_DOUBT;
    }
}

/* The segment at snd_una, now, whatever the windows say (RFC-014). */
static bool output_first(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    uint32_t len;

    conn->rexmit_due = false;
    if (tcp_send_flight(conn) == 0) {
        return false;
    }

    begin(conn, out, now);
    len = min_u32(tcp_send_flight(conn), payload_max(conn, out));
    if (tcp_flight_is_on(conn)) {
        len = min_u32(len, tcp_flight_first_len(conn));
    }
    send_range(conn, out, conn->snd_una, len, now);
    conn->snd_nxt = toe_seq_max(conn->snd_nxt, toe_seq_add(conn->snd_una, len));
    doubt(conn);
    return true;
}

/* What |range| of the scoreboard's choice has room for in a segment. */
static bool output_range(struct tcp_conn *conn, struct tcp_out *out, enum tcp_next why,
                         struct tcp_sack_block range, toe_instant now)
{
    uint32_t len;

    begin(conn, out, now);
    len = min_u32(toe_seq_off(range.right, range.left), payload_max(conn, out));
    range.right = toe_seq_add(range.left, len);
    tcp_recovery_sent(conn, why, &range);
    send_range(conn, out, range.left, len, now);
    return true;
}

/* Whether |out|, with |len| bytes from snd_nxt on, is to be one segment: what it says is said once,
 * as CWR, SACK blocks and counters are, or what it repeats is not all of it. */
static bool is_alone(const struct tcp_conn *conn, const struct tcp_out *out, uint32_t len)
{
    const uint32_t repeated = toe_seq_off(conn->snd_max, conn->snd_nxt);

    return tcp_ecn_is_single(conn) || out->seg.sack_cnt > 0 || out->seg.acc_cnt > 0 ||
           (repeated > 0 && repeated < len);
}

/*
 * How much of |len| bytes from snd_nxt on goes into one tcp_out: a |full| segment, or where several
 * are wanted as many as fit, up to the one that has PSH, for only the last may.
 */
static uint32_t super_len(struct tcp_conn *conn, const struct tcp_out *out, uint32_t len,
                          uint32_t full, toe_instant now)
{
    uint32_t max = conn->cfg->super_max;

    if (len <= full || max < 2 * full || is_alone(conn, out, len)) {
        return min_u32(len, full);
    }
    if (!conn->cfg->push_at_end) {
        const uint32_t off = toe_seq_off(conn->snd_nxt, conn->snd_una);
        const uint32_t end = tcp_sendq_boundary(&conn->busy->sendq, off);

        max = end < max ? min_u32(max, end + full - 1) : max;
    }
    if (conn->cfg->push_burst > 0) {
        max = min_u32(max, part_left(conn, conn->snd_nxt, now));
    }
    return min_u32(len, max_u32(max - max % full, full));
}

/* Of |len| bytes that wait only |usable| may leave, less than a |full| segment: is it cwnd that
 * holds them back? (RFC-053) */
static void note_limit(struct tcp_conn *conn, uint32_t len, uint32_t usable, uint32_t full)
{
    if (usable < len && usable < full && usable < tcp_window_room(conn)) {
        tcp_cc_limit(conn);
    }
}

/* |len| bytes from snd_nxt on. Unless a probe was among them (RFC 3168, 6.1.5), they may be marked.
 */
static void send_new(struct tcp_conn *conn, struct tcp_out *out, uint32_t len, toe_instant now)
{
    send_range(conn, out, conn->snd_nxt, len, now);
    conn->snd_nxt = toe_seq_add(conn->snd_nxt, len);
    if (conn->has_ecn && !out->has_repeated && out->seg.payload_len > 0) {
        tcp_ecn_new(conn, &out->seg);
    }
}

/* Go back N: SND-061. */
static bool output_again(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    const uint32_t left = toe_seq_off(conn->snd_max, conn->snd_nxt);
    const uint32_t usable = tcp_pace_usable(conn, tcp_window_usable(conn), now);
    uint32_t full;
    uint32_t len;

    begin(conn, out, now);
    full = payload_max(conn, out);
    len = super_len(conn, out, min_u32(left, usable), full, now);
    if (len < left && len > full) {
        len -= len % full;
    }
    note_limit(conn, left, usable, full);
    if (len == 0) {
        return false;
    }
    if (len == usable && len < left && len < conn->max_snd_wnd / 2 && len < full &&
        !toe_seq_eq(conn->snd_nxt, conn->snd_una)) {
        return false; /* Silly: more is acknowledged, or times out, before long. */
    }
    send_range(conn, out, conn->snd_nxt, len, now);
    conn->snd_nxt = toe_seq_add(conn->snd_nxt, len);
    return true;
}

/* SND-027: |off| is the first unsent byte, |unsent| how many there are. */
static bool is_nagled(struct tcp_conn *conn, uint32_t off, uint32_t unsent)
{
    if (!conn->nagle || off == 0 || unsent >= conn->snd_mss || conn->fin_queued) {
        return false;
    }
    return conn->cfg->nagle_strict || tcp_sendq_has_end(&conn->busy->sendq, off - 1, 1);
}

/* SND-025: whether |len| bytes from |off| on are too few to be sent. */
static bool is_silly(struct tcp_conn *conn, uint32_t off, uint32_t len, uint32_t full)
{
    return len < full && len <= conn->max_snd_wnd / 2 && conn->cfg->sws_prevention != 0 &&
           len < tcp_sendq_left(&conn->busy->sendq, off);
}

static bool output_fin(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    if (tcp_window_room(conn) == 0) {
        return false;
    }
    begin(conn, out, now);
    send_range(conn, out, conn->snd_nxt, 1, now);
    conn->snd_nxt = toe_seq_add(conn->snd_nxt, 1);
    return true;
}

/* Once something can leave again. */
static void restart_after_idle(struct tcp_conn *conn, toe_instant now)
{
    if (tcp_send_flight(conn) == 0 && conn->snd_wnd > 0 &&
        now - conn->last_sent > tcp_retransmit_rto(conn)) {
        tcp_validation_idle(conn, now);
        conn->last_sent = now;
    }
}

/* Whether |len| bytes from |off| on, the first of |unsent|, are to wait for more. */
static bool is_held(struct tcp_conn *conn, uint32_t off, uint32_t len, uint32_t unsent,
                    uint32_t full)
{
    return !conn->force_output && (is_nagled(conn, off, unsent) || is_silly(conn, off, len, full));
}

/* What is to leave to find out about the path (tcp/plpmtud.h). */
static uint32_t mtu_probe_len(struct tcp_conn *conn, uint32_t unsent, uint32_t usable,
                              uint32_t full, toe_instant now)
{
    if (conn->cfg->tuning.mtu_probing == TOE_MTU_PROBING_OFF || conn->mtu.verified == 0) {
        return 0;
    }
    return tcp_plpmtud_probe(conn, unsent, usable, full, now);
}

/* New data, of which |usable| bytes may leave, and the FIN. */
static bool output_new(struct tcp_conn *conn, struct tcp_out *out, uint32_t usable, toe_instant now)
{
    const uint32_t off = toe_seq_off(conn->snd_nxt, conn->snd_una);
    uint32_t unsent;
    uint32_t full;
    uint32_t len;
    uint32_t tail;

    if (off >= conn->busy->sendq.len) {
        return off < tcp_send_span(conn) && output_fin(conn, out, now);
    }

    begin(conn, out, now);
    unsent = conn->busy->sendq.len - off;
    full = payload_max(conn, out);
    len = mtu_probe_len(conn, unsent, usable, full, now);
    if (len == TCP_PLPMTUD_HOLD) {
        return false;
    }
    if (len > 0) {
        out->mss = (uint16_t)len;
        send_new(conn, out, len, now);
        return true;
    }
    len = super_len(conn, out, min_u32(unsent, usable), full, now);
    if (len == 0 || (len <= full && is_held(conn, off, len, unsent, full))) {
        note_limit(conn, unsent, usable, full);
        if (len > 0) {
            tcp_window_hold(conn, conn->cfg->sws_prevention, now);
        }
        return false;
    }
    tail = len > full ? len % full : 0;
    if (tail > 0 && (len < unsent || is_held(conn, off + len - tail, tail, tail, full))) {
        len -= tail;
    }

    conn->output_held = false;
    if (len == unsent && conn->fin_queued && tcp_window_room(conn) > len) {
        ++len;
    }
    send_new(conn, out, len, now);
    return true;
}

/* What is lost, as far as the windows let it leave. */
static bool output_lost(struct tcp_conn *conn, struct tcp_out *out, struct tcp_sack_block range,
                        toe_instant now)
{
    const uint32_t off = toe_seq_off(range.left, conn->snd_una);
    const uint32_t room = off < conn->snd_wnd ? conn->snd_wnd - off : 0;
    const uint32_t credit = min_u32(room, tcp_recovery_credit(conn));
    uint32_t len = min_u32(toe_seq_off(range.right, range.left), credit);

    len = tcp_pace_usable(conn, len, now);
    if (len == 0) {
        if (credit < room) {
            tcp_cc_limit(conn);
        }
        return false;
    }
    begin(conn, out, now);
    len = min_u32(len, payload_max(conn, out));
    send_range(conn, out, range.left, len, now);
    if (!toe_seq_eq(conn->snd_nxt, conn->snd_max)) {
        conn->snd_nxt = toe_seq_max(conn->snd_nxt, toe_seq_add(range.left, len));
    }
    return true;
}

/* RFC 8985, 7.3: new data, whatever cwnd, or the end of what was sent. */
static bool output_tail(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    const toe_seq una = conn->snd_una;
    const uint32_t flight = tcp_send_flight(conn);
    const uint32_t unsent = tcp_send_span(conn) - flight;
    const uint32_t room = conn->snd_wnd > flight ? conn->snd_wnd - flight : 0;
    const bool is_new = unsent > 0 && room > 0;
    uint32_t len;

    conn->flight->tlp.is_due = false;
    if (conn->in_recovery || conn->snd_wnd == 0 || flight == 0) {
        return false;
    }
    begin(conn, out, now);
    len = payload_max(conn, out);
    if (is_new) {
        len = min_u32(len, min_u32(unsent, room));
        conn->snd_nxt = conn->snd_max;
        send_new(conn, out, len, now);
    } else {
        /* The last segment, as it was: a FIN that left by itself goes by itself again. */
        len = min_u32(len, min_u32(flight, tcp_flight_last_len(conn)));
        send_range(conn, out, toe_seq_add(una, flight - len), len, now);
    }
    tcp_tlp_sent(conn, !is_new);
    return true;
}

/* What leaves while the record guides the connection. */
static bool output_recorded(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    struct tcp_sack_block range;

    if (conn->flight->tlp.is_due && output_tail(conn, out, now)) {
        return true;
    }
    if (tcp_recovery_repeats(conn) && tcp_flight_next_lost(conn, &range)) {
        /* One byte at the end is a probe that was refused: it goes with what follows it. */
        if (!toe_seq_eq(conn->snd_nxt, range.left) || toe_seq_off(conn->snd_max, range.left) > 1) {
            return output_lost(conn, out, range, now);
        }
    } else {
        conn->snd_nxt = conn->snd_max;
    }
    if (toe_seq_off(conn->snd_nxt, conn->snd_una) >= tcp_send_span(conn)) {
        return false;
    }
    restart_after_idle(conn, now);
    return output_new(conn, out, tcp_pace_usable(conn, tcp_window_usable(conn), now), now);
}

static bool output_data(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    struct tcp_sack_block range;
    enum tcp_next why;

    if (conn->probe_due) {
        return output_window_probe(conn, out, now);
    }
    if (conn->rexmit_due && output_first(conn, out, now)) {
        return true;
    }
    if (conn->ecn_wait) {
        return false;
    }
    if (tcp_flight_is_on(conn)) {
        return output_recorded(conn, out, now);
    }
    if (tcp_recovery_is_sacked(conn)) {
        why = tcp_recovery_next(conn, &range);
        if (why == TCP_NEXT_NEW) {
            return output_new(conn, out, min_u32(tcp_window_room(conn), conn->snd_mss), now);
        }
        return why != TCP_NEXT_NONE && output_range(conn, out, why, range, now);
    }

    /* One byte to repeat is a probe that was refused: it goes with what follows it. */
    if (toe_seq_off(conn->snd_max, conn->snd_nxt) > 1) {
        return output_again(conn, out, now);
    }
    if (toe_seq_off(conn->snd_nxt, conn->snd_una) >= tcp_send_span(conn)) {
        return false;
    }
    restart_after_idle(conn, now);
    return output_new(conn, out, tcp_pace_usable(conn, tcp_window_usable(conn), now), now);
}

/* An acknowledgment at the end of what was sent, or of what the peer's window lets it accept. */
static bool output_ack(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    const uint32_t off = min_u32(tcp_send_flight(conn), conn->snd_wnd);

    begin(conn, out, now);
    finish(conn, out, toe_seq_add(conn->snd_una, off), 0);
    out->is_last = true; /* Whatever else there was went before. */
    return true;
}

/* The handshake: our SYN, and in SYN_RCVD an answer to what is not acceptable there. */
static bool output_open(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    if (output_syn(conn, out, now)) {
        return true;
    }
    if (conn->state != TOE_TCP_SYN_RCVD || !conn->ack_now || conn->verdict != TCP_VERDICT_NONE) {
        return false;
    }
    begin(conn, out, now);
    finish(conn, out, conn->snd_max, 0);
    return true;
}

static bool output_keep_alive(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    conn->keep_alive_due = false;
    begin(conn, out, now);
    finish(conn, out, toe_seq_sub(conn->snd_max, 1), 0);
    return true;
}

/* Whether there is anything to send, or anything of it is known: an end that only receives need not
 * look further. */
static bool has_data(const struct tcp_conn *conn)
{
    return tcp_send_span(conn) > 0 || conn->flight != NULL;
}

bool tcp_has_output(const struct tcp_conn *conn)
{
    return conn->syn_due || conn->rst_due || conn->ack_now || conn->probe_due || conn->rexmit_due ||
           conn->keep_alive_due || conn->force_output || has_data(conn) ||
           conn->cfg->cc->deliver != NULL;
}

static bool output_next(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    if (conn->rst_due) {
        return output_rst(conn, out);
    }
    if (conn->state == TOE_TCP_CLOSED) {
        return false;
    }
    if (!tcp_is_synchronized(conn)) {
        return output_open(conn, out, now);
    }
    if (conn->quiesced) {
        return conn->ack_now && output_ack(conn, out, now);
    }
    if (conn->verdict != TCP_VERDICT_NONE) {
        return false;
    }
    if (has_data(conn) && tcp_can_send_data(conn) && output_data(conn, out, now)) {
        return true;
    }
    if (conn->keep_alive_due) {
        return output_keep_alive(conn, out, now);
    }
    return conn->ack_now && output_ack(conn, out, now);
}

/* Nothing waits but for the application. */
static void note_idle(struct tcp_conn *conn)
{
    if (tcp_send_flight(conn) == tcp_send_span(conn) && toe_seq_eq(conn->snd_nxt, conn->snd_max) &&
        tcp_window_usable(conn) > 0 && !(tcp_flight_is_on(conn) && conn->flight->lost > 0)) {
        tcp_rate_idle(conn);
    }
}

/* All that may leave now has left. */
static void end_output(struct tcp_conn *conn, toe_instant now)
{
    conn->force_output = false;
    if (conn->cfg->validates_cwnd) {
        tcp_cc_use(conn);
    }
    if (conn->cfg->cc->deliver != NULL) {
        note_idle(conn);
    }
    if (conn->flight != NULL && !conn->quiesced) {
        tcp_recovery_arm(conn, now); /* once for all that left */
    }
}

/* Whether all there was to send has just left, in order, and nothing else is due: who sends little
 * at a time need not ask again. */
static bool is_all_sent(const struct tcp_conn *conn)
{
    const struct tcp_flight *f = conn->flight;

    return tcp_is_synchronized(conn) && tcp_send_flight(conn) == tcp_send_span(conn) &&
           toe_seq_eq(conn->snd_nxt, conn->snd_max) && !conn->in_recovery && !conn->rexmit_due &&
           !conn->probe_due && !conn->keep_alive_due &&
           (f == NULL || (f->lost == 0 && !f->in_loss && !f->tlp.is_due));
}

bool tcp_output_steps(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    const bool any = output_next(conn, out, now);

    if (!conn->quiesced) {
        tcp_deadline_settle(conn, now);
    }
    if (any && is_all_sent(conn)) {
        out->is_last = true;
    }
    if (!any || out->is_last) {
        end_output(conn, now);
    }
    if (!any) {
        tcp_conn_check(conn); /* for all that left */
    }
    return any;
}

void tcp_quiesce(struct tcp_conn *conn)
{
    conn->ack_now = conn->state != TOE_TCP_CLOSED && (conn->ack_now || conn->unacked_cnt > 0);
    conn->quiesced = true;
    conn->ecn_wait = false;
    tcp_deadline_cancel(conn, TCP_DEADLINE_DELAYED_ACK);
    tcp_deadline_cancel(conn, TCP_DEADLINE_SWS);
    tcp_deadline_cancel(conn, TCP_DEADLINE_PACE);
}

void tcp_renege(struct tcp_conn *conn)
{
    if (conn->busy->reassembly.run_cnt > 0 && conn->has_sack && conn->state != TOE_TCP_CLOSED) {
        conn->ack_now = true;
    }
    conn->dup_due = false;
    if (tcp_conn_is_awake(conn)) {
        tcp_reassembly_flush(&conn->busy->reassembly, conn->cfg->chunks);
    }
}

bool tcp_abort(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    const bool told = tcp_can_send_data(conn) || conn->state == TOE_TCP_SYN_RCVD;

    if (told) {
        begin(conn, out, now);
        out->seg.sack_cnt = 0;
        finish(conn, out, conn->snd_max, TCP_RST); /* DSC-010 */
    }
    if (conn->state != TOE_TCP_CLOSED) {
        tcp_conn_close(conn, (enum tcp_verdict)conn->verdict);
    }
    return told;
}
