/* SPDX-License-Identifier: MIT */
/*
 * The extension: what tcp/transfer.c has to leave behind (toe/extension.h).
 *
 * Each concern has its three small functions, in the same order everywhere: one that tells, one
 * that judges what was told by the connection that tcp_import() has made of the delegated state,
 * and one that takes it. All judging comes first, then all that needs memory, so that an extension
 * is taken whole or not at all. What is judged is that which could mislead the engine; numbers that
 * cannot, like those of an ordinary congestion window, are the giver's.
 */
#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/ecn.h"
#include "tcp/engine.h"
#include "tcp/extension_flight.h"
#include "tcp/inflight.h"
#include "tcp/fsm.h"
#include "tcp/pace.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"
#include "tcp/send.h"
#include "tcp/timestamps.h"
#include "tcp/window.h"

#include <stddef.h>
#include <string.h>

_Static_assert(TOE_EXTENSION_SACKED_MAX == TCP_SCOREBOARD_MAX, "all that is SACKed fits");
_Static_assert(TOE_EXTENSION_EARLY_MAX == TCP_REASSEMBLY_RUN_MAX, "all that came early fits");

_Static_assert(sizeof(struct toe_extension) < TOE_EXTENSION_SIZE_MAX, "as promised");

#define FLAGS_ALL (2u * TOE_EXTENSION_MTU_HOLDS - 1u)

/* No age is larger: with room for sums. */
#define AGE_MAX (UINT64_C(1) << 62)

/* As many duplicates as are counted, of the largest segments. */
#define DUP_BYTES_MAX ((uint32_t)UINT8_MAX * UINT16_MAX)

/* Bytes copied at a time. */
#define COPY_LEN 1024u

/* The fields srtt and rttvar of the delegated state count these fractions of a tick. */
#define SRTT_SCALE 8u
#define RTTVAR_SCALE 4u

static bool has(const struct toe_extension *ext, uint32_t flag)
{
    return (ext->flags & flag) != 0;
}

/* --- windows and acknowledgments --- */

static void export_windows(const struct tcp_conn *conn, struct toe_extension *ext)
{
    ext->snd_wl2 = conn->snd_wl2.v;
    ext->last_ack = conn->last_ack.v;
}

static bool are_windows_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    return toe_seq_le(toe_seq_of(ext->snd_wl2), conn->snd_una) &&
           toe_seq_le(toe_seq_of(ext->last_ack), conn->rcv_nxt);
}

static void import_windows(struct tcp_conn *conn, const struct toe_extension *ext)
{
    conn->snd_wl2 = toe_seq_of(ext->snd_wl2);
    conn->last_ack = toe_seq_of(ext->last_ack);
}

/* --- loss recovery --- */

static void export_recovery(const struct tcp_conn *conn, struct toe_extension *ext)
{
    ext->flags |= conn->in_recovery ? TOE_EXTENSION_RECOVERY : 0;
    ext->flags |= conn->rexmit_due ? TOE_EXTENSION_REXMIT_DUE : 0;
    ext->flags |= conn->syn_lost ? TOE_EXTENSION_SYN_LOST : 0;
    ext->recover = conn->recover.v;
    ext->dup_bytes = conn->busy->dup_bytes;
    ext->backoff = conn->backoff;
}

static bool is_recovery_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    const uint32_t flight = tcp_send_flight(conn);
    /* From the number before snd_una, which stands for no recovery yet or any more. */
    const uint32_t point = toe_seq_off(toe_seq_of(ext->recover), toe_seq_sub(conn->snd_una, 1));

    if (ext->backoff > UINT8_MAX || point > flight + 1) {
        return false;
    }
    if (!has(ext, TOE_EXTENSION_RECOVERY)) {
        return ext->dup_bytes == 0;
    }
    return point > 1 && (ext->dup_bytes <= flight || ext->dup_bytes <= DUP_BYTES_MAX);
}

static void import_recovery(struct tcp_conn *conn, const struct toe_extension *ext)
{
    conn->in_recovery = has(ext, TOE_EXTENSION_RECOVERY);
    conn->rexmit_due = has(ext, TOE_EXTENSION_REXMIT_DUE);
    conn->syn_lost = has(ext, TOE_EXTENSION_SYN_LOST);
    conn->recover = toe_seq_of(ext->recover);
    conn->busy->dup_bytes = ext->dup_bytes;
    conn->backoff = (uint8_t)ext->backoff;
}

/* --- probes --- */

static void export_probes(const struct tcp_conn *conn, struct toe_extension *ext)
{
    ext->flags |= conn->probe_due ? TOE_EXTENSION_PROBE_DUE : 0;
    ext->flags |= conn->keep_alive_due ? TOE_EXTENSION_ALIVE_DUE : 0;
}

static bool are_probes_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    return !has(ext, TOE_EXTENSION_PROBE_DUE) || tcp_deadline_is_armed(conn, TCP_DEADLINE_PERSIST);
}

static void import_probes(struct tcp_conn *conn, const struct toe_extension *ext)
{
    conn->probe_due = has(ext, TOE_EXTENSION_PROBE_DUE);
    conn->keep_alive_due = has(ext, TOE_EXTENSION_ALIVE_DUE);
}

/* --- what is held back --- */

static void export_held(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    const toe_instant until = conn->output_held ? conn->busy->held_until : 0;

    ext->flags |= conn->force_output ? TOE_EXTENSION_FORCED : 0;
    if (conn->output_held) {
        ext->held_left = (until > now ? until - now : 0) + 1;
    }
}

static bool is_held_sound(const struct toe_extension *ext)
{
    return ext->held_left <= AGE_MAX;
}

/* TMR-104: the timer goes on, where TMR-105 does without it. */
static void import_held(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now)
{
    conn->force_output = has(ext, TOE_EXTENSION_FORCED);
    if (ext->held_left > 0) {
        tcp_window_hold(conn, ext->held_left - 1, now);
    }
}

/* --- congestion marks --- */

static void export_marks(const struct tcp_conn *conn, struct toe_extension *ext)
{
    if (conn->has_ecn) {
        ext->flags |= conn->ece_due ? TOE_EXTENSION_ECE_DUE : 0;
        ext->flags |= conn->cwr_due ? TOE_EXTENSION_CWR_DUE : 0;
        ext->ecn_point = conn->ecn_point.v;
    }
    if (conn->has_accecn) {
        tcp_accecn_tell(conn, ext);
    }
}

static bool are_marks_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    /* As |recover|: from the number before snd_una. */
    const uint32_t point = toe_seq_off(toe_seq_of(ext->ecn_point), toe_seq_sub(conn->snd_una, 1));

    if (!tcp_accecn_is_sound(conn, ext)) {
        return false;
    }
    if (!conn->has_ecn) {
        return !has(ext, TOE_EXTENSION_ECE_DUE | TOE_EXTENSION_CWR_DUE) && ext->ecn_point == 0;
    }
    return point <= tcp_send_flight(conn) + 1;
}

static void import_marks(struct tcp_conn *conn, const struct toe_extension *ext)
{
    conn->ece_due = has(ext, TOE_EXTENSION_ECE_DUE);
    conn->cwr_due = has(ext, TOE_EXTENSION_CWR_DUE);
    conn->ecn_point = toe_seq_of(ext->ecn_point);
    conn->in_mark = (ext->flight.flags & TOE_FLIGHT_MARK) != 0 && !conn->in_recovery &&
                    tcp_flight_is_on(conn) && tcp_ecn_is_answered(conn);
    if (conn->has_accecn) {
        tcp_accecn_take(conn, ext);
    }
}

/* --- the scoreboard --- */

/* Where there is a record it knows, not the scoreboard. */
static void export_ranges(const struct tcp_conn *conn, struct toe_extension *ext)
{
    struct tcp_sack_block ranges[TOE_EXTENSION_SACKED_MAX];

    ext->sacked_cnt = tcp_flight_ranges(conn, ranges, TOE_EXTENSION_SACKED_MAX);
    if (ext->sacked_cnt == 0) {
        return;
    }
    ext->flags |= TOE_EXTENSION_SACKED;
    ext->high_rxt = tcp_flight_resent_end(conn).v;
    ext->rescue_rxt = ext->high_rxt;
    for (uint32_t i = 0; i < ext->sacked_cnt; ++i) {
        ext->sacked[i].start = ranges[i].left.v;
        ext->sacked[i].end = ranges[i].right.v;
    }
}

static void export_sacked(const struct tcp_conn *conn, struct toe_extension *ext)
{
    const struct tcp_scoreboard *sb = conn->busy->scoreboard;

    if (tcp_flight_is_on(conn)) {
        export_ranges(conn, ext);
        return;
    }
    if (sb == NULL) {
        return;
    }
    ext->flags |= TOE_EXTENSION_SACKED;
    ext->high_rxt = sb->high_rxt.v;
    ext->rescue_rxt = sb->rescue_rxt.v;
    for (uint32_t i = 0; i < sb->cnt; ++i) {
        /* A peer may report what it then does not acknowledge; that has no hole before it. */
        if (!toe_seq_eq(sb->ranges[i].left, conn->snd_una)) {
            ext->sacked[ext->sacked_cnt].start = sb->ranges[i].left.v;
            ext->sacked[ext->sacked_cnt].end = sb->ranges[i].right.v;
            ++ext->sacked_cnt;
        }
    }
}

/* Whether |ranges| are in order and not empty, each with a hole before it, from |from| to |from| +
 * |len|. Offsets need no care at the wrap. */
static bool are_ranges_sound(const struct toe_seq_range *ranges, uint32_t cnt, toe_seq from,
                             uint32_t len)
{
    uint32_t end = 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        const uint32_t left = ranges[i].start - from.v;
        const uint32_t right = ranges[i].end - from.v;

        if (left <= end || right <= left || right > len) {
            return false;
        }
        end = right;
    }
    return true;
}

static bool is_sacked_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    const uint32_t flight = tcp_send_flight(conn);

    if (!has(ext, TOE_EXTENSION_SACKED)) {
        return ext->sacked_cnt == 0;
    }
    return conn->has_sack && flight > 0 && ext->sacked_cnt <= TOE_EXTENSION_SACKED_MAX &&
           ext->high_rxt - conn->snd_una.v <= flight &&
           are_ranges_sound(ext->sacked, ext->sacked_cnt, conn->snd_una, flight);
}

static bool take_scoreboard(struct tcp_conn *conn, const struct toe_extension *ext)
{
    struct tcp_scoreboard *sb;

    if (!has(ext, TOE_EXTENSION_SACKED)) {
        return true;
    }
    sb = base_slab_alloc(conn->cfg->scoreboards);
    if (sb == NULL) {
        return false;
    }

    tcp_scoreboard_clear(sb, conn->snd_una);
    sb->high_rxt = toe_seq_of(ext->high_rxt);
    sb->rescue_rxt = toe_seq_of(ext->rescue_rxt);
    for (uint32_t i = 0; i < ext->sacked_cnt; ++i) {
        const struct tcp_sack_block block = {toe_seq_of(ext->sacked[i].start),
                                             toe_seq_of(ext->sacked[i].end)};

        (void)tcp_scoreboard_update(sb, &block, 1, conn->snd_una, conn->snd_max);
    }
    conn->busy->scoreboard = sb;
    return true;
}

/* The record where it guides the connection, else the scoreboard, or both if that takes its place.
 */
static bool take_sacked(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now)
{
    if (!tcp_extension_has_flight(conn, ext)) {
        return take_scoreboard(conn, ext);
    }
    if (!tcp_extension_take_flight(conn, ext, now)) {
        return false;
    }
    if (tcp_flight_is_on(conn) || take_scoreboard(conn, ext)) {
        return true;
    }
    tcp_flight_import(conn, now); /* as it was */
    return false;
}

/* --- round-trip time and timers --- */

static toe_duration left_of(const struct tcp_conn *conn, enum tcp_deadline which, toe_instant now)
{
    const toe_instant at = tcp_deadline_at(conn, which);

    return tcp_deadline_is_armed(conn, which) && at > now ? at - now : 0;
}

static void export_times(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    ext->srtt = conn->srtt;
    ext->rttvar = conn->rttvar;
    ext->idle = now - conn->last_sent;
    ext->slot_left = left_of(conn, tcp_deadline_slot(conn), now);
    ext->alive_left = left_of(conn, TCP_DEADLINE_KEEP_ALIVE, now);
    if (conn->rtt_timing) {
        ext->flags |= TOE_EXTENSION_RTT_TIMED;
        ext->rtt_seq = conn->busy->rtt_seq.v;
        ext->rtt_age = now - conn->busy->rtt_at;
    }
}

/* Whether |exact|, rounded up to |units| of 1/|scale| tick, which were taken for |taken|, is what
 * the delegated state says. */
static bool is_rounded(const struct tcp_conn *conn, toe_duration exact, toe_duration taken,
                       uint16_t units, uint32_t scale)
{
    if (exact > TCP_RTT_SAMPLE_MAX || (exact == 0) != (units == 0)) {
        return false;
    }
    return units == UINT16_MAX ||
           (exact <= taken && taken - exact <= tcp_timestamps_tick(conn) / scale);
}

/* Whether the delegated state has a number of ticks that an exact time can take the place of. */
static bool is_running(uint32_t ticks)
{
    return ticks < TOE_TICKS_NONE - 1; /* one less is the largest number, and may stand for more */
}

/* Whether |left|, rounded up, is |ticks|. */
static bool is_within(const struct tcp_conn *conn, toe_duration left, uint32_t ticks)
{
    const toe_duration tick = tcp_timestamps_tick(conn);

    return !is_running(ticks) || (left <= ticks * tick && ticks * tick - left < tick);
}

static bool is_timing_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    const uint32_t off = ext->rtt_seq - conn->snd_una.v;

    return !has(ext, TOE_EXTENSION_RTT_TIMED) ||
           (off > 0 && off <= tcp_send_flight(conn) && ext->rtt_age <= AGE_MAX);
}

static bool are_times_sound(const struct tcp_conn *conn, const struct toe_extension *ext,
                            const struct toe_tcp_delegated *d)
{
    return is_rounded(conn, ext->srtt, conn->srtt, d->srtt, SRTT_SCALE) &&
           is_rounded(conn, ext->rttvar, conn->rttvar, d->rttvar, RTTVAR_SCALE) &&
           is_timing_sound(conn, ext) && ext->idle <= AGE_MAX &&
           is_within(conn, ext->slot_left, d->retransmit_timeout_delta) &&
           is_within(conn, ext->alive_left, d->ka_timeout_delta);
}

/* |which| runs with the ticks of the delegated state: it goes on with the exact time. */
static void import_left(struct tcp_conn *conn, enum tcp_deadline which, toe_duration left,
                        uint32_t ticks, toe_instant now)
{
    const toe_duration rounded = ticks * tcp_timestamps_tick(conn);

    /* Another deadline than that is one which the cached state restarted, or nobody had started. */
    if (is_running(ticks) && tcp_deadline_at(conn, which) == now + rounded) {
        tcp_deadline_arm(conn, which, left, now);
    }
}

static void import_times(struct tcp_conn *conn, const struct toe_extension *ext,
                         const struct toe_tcp_delegated *d, toe_instant now)
{
    conn->srtt = ext->srtt;
    conn->rttvar = ext->rttvar;
    conn->last_sent = now - ext->idle;
    conn->rtt_timing = has(ext, TOE_EXTENSION_RTT_TIMED);
    if (conn->rtt_timing) {
        conn->busy->rtt_seq = toe_seq_of(ext->rtt_seq);
        conn->busy->rtt_at = now > ext->rtt_age ? now - ext->rtt_age : 0;
    }
    import_left(conn, tcp_deadline_slot(conn), ext->slot_left, d->retransmit_timeout_delta, now);
    import_left(conn, TCP_DEADLINE_KEEP_ALIVE, ext->alive_left, d->ka_timeout_delta, now);
}

/* --- congestion control --- */

static void export_congestion(const struct tcp_conn *conn, struct toe_extension *ext,
                              toe_instant now)
{
    const struct tcp_cc_ops *cc = conn->cfg->cc;

    ext->congestion = cc->id;
    if (cc->tell != NULL) {
        cc->tell(conn, ext, now);
    }
}

/* Another algorithm's numbers are no contradiction: they mean nothing here. */
static bool has_congestion(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    return ext->congestion == conn->cfg->cc->id && conn->cfg->cc->take != NULL;
}

static bool is_congestion_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    return !has_congestion(conn, ext) || conn->cfg->cc->is_sound(ext);
}

static void import_congestion(struct tcp_conn *conn, const struct toe_extension *ext,
                              toe_instant now)
{
    if (has_congestion(conn, ext)) {
        conn->cfg->cc->take(conn, ext, now);
    }
}

/* --- growth and pacing --- */

/* Of what is left of snd_una it does not matter how far. */
static uint32_t from_una(const struct tcp_conn *conn, toe_seq seq)
{
    return toe_seq_max(seq, conn->snd_una).v;
}

static void export_growth(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    const struct tcp_hystart *h = &conn->busy->hystart;
    const toe_instant end = conn->busy->pace_at + TCP_PACE_LATE_MAX;

    ext->limited_end = from_una(conn, conn->limited_end);
    tcp_validation_tell(conn, ext, now);
    tcp_plpmtud_tell(conn, ext, now);
    ext->hystart.end = from_una(conn, h->end);
    ext->hystart.last = h->last;
    ext->hystart.current = h->current;
    ext->hystart.baseline = h->baseline;
    ext->hystart.samples = h->samples;
    ext->hystart.css = h->css;
    ext->pace.rate = conn->busy->pace_rate;
    ext->pace.left = end > now ? end - now : 0;
    ext->pace.burst = conn->busy->pace_burst;
    ext->burst.from = conn->busy->burst_from.v;
    ext->burst.part = conn->busy->burst_part;
}

/* And what is beyond snd_max cannot be. */
static toe_seq in_flight(const struct tcp_conn *conn, uint32_t seq)
{
    const bool is_sent = seq - conn->snd_una.v <= tcp_send_flight(conn);

    return is_sent ? toe_seq_of(seq) : conn->snd_una;
}

static bool is_growth_sound(const struct toe_extension *ext)
{
    return ext->hystart.samples <= UINT8_MAX && ext->hystart.css <= UINT8_MAX &&
           ext->pace.rate <= TCP_PACE_RATE_MAX && ext->pace.left <= AGE_MAX;
}

static void import_growth(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now)
{
    const toe_instant end = now + ext->pace.left;

    conn->limited_end = in_flight(conn, ext->limited_end);
    tcp_validation_take(conn, ext, now);
    conn->busy->hystart = (struct tcp_hystart){
        .end = in_flight(conn, ext->hystart.end),
        .last = ext->hystart.last,
        .current = ext->hystart.current,
        .baseline = ext->hystart.baseline,
        .samples = (uint8_t)ext->hystart.samples,
        .css = (uint8_t)ext->hystart.css,
    };
    conn->busy->pace_rate = ext->pace.rate;
    conn->busy->pace_at =
        ext->pace.left > 0 && end > TCP_PACE_LATE_MAX ? end - TCP_PACE_LATE_MAX : 0;
    conn->busy->pace_burst = ext->pace.burst;
    conn->busy->burst_from = toe_seq_of(ext->burst.from);
    conn->busy->burst_part = ext->burst.part;
}

/* --- the size of segments --- */

static void import_mtu(struct tcp_conn *conn, const struct toe_extension *ext,
                       const struct toe_tcp_delegated *d, toe_instant now)
{
    const bool is_raised = d->cwnd < conn->cwnd && conn->cwnd == conn->snd_mss;

    tcp_plpmtud_take(conn, ext, now);
    if (is_raised) {
        conn->cwnd = d->cwnd > conn->snd_mss ? d->cwnd : conn->snd_mss; /* that were too large */
    }
}

/* --- what arrived out of order --- */

static void export_early(const struct tcp_conn *conn, struct toe_extension *ext)
{
    struct tcp_sack_block ranges[TOE_EXTENSION_EARLY_MAX];

    ext->early_cnt = tcp_reassembly_ranges(&conn->busy->reassembly, ranges, &ext->newest);
    for (uint32_t i = 0; i < ext->early_cnt; ++i) {
        ext->early[i].start = ranges[i].left.v;
        ext->early[i].end = ranges[i].right.v;
    }
    if (conn->busy->reassembly.has_fin) {
        ext->flags |= TOE_EXTENSION_EARLY_FIN;
        ext->early_fin = conn->busy->reassembly.fin.v;
    }
}

/* The bytes of all ranges, which are sound. */
static uint32_t early_len(const struct toe_extension *ext)
{
    uint32_t len = 0;

    for (uint32_t i = 0; i < ext->early_cnt; ++i) {
        len += ext->early[i].end - ext->early[i].start;
    }
    return len;
}

/* Whether the buffers hold just as many bytes. None may be empty, so that this comes to an end. */
static bool is_data_sound(const struct toe_extension *ext)
{
    uint32_t left = early_len(ext);

    for (const struct toe_buf *buf = ext->early_data; buf != NULL; buf = buf->next) {
        if (buf->len == 0 || buf->len > left || !toe_buf_is_sound(buf)) {
            return false;
        }
        left -= buf->len;
    }
    return left == 0;
}

static bool is_early_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    const bool has_fin = has(ext, TOE_EXTENSION_EARLY_FIN);
    const uint32_t wnd = tcp_window_rcv(conn);
    const uint32_t fin = ext->early_fin - conn->rcv_nxt.v;

    if (ext->early_cnt == 0 && !has_fin) {
        return ext->early_data == NULL;
    }
    if (conn->fin_rcvd || ext->early_cnt > TOE_EXTENSION_EARLY_MAX ||
        (ext->early_cnt > 0 && ext->newest >= ext->early_cnt) ||
        (has_fin && (fin == 0 || fin >= wnd))) {
        return false;
    }
    return are_ranges_sound(ext->early, ext->early_cnt, conn->rcv_nxt, has_fin ? fin : wnd) &&
           is_data_sound(ext);
}

/* A place in the stream of the buffers' bytes. */
struct place {
    const struct toe_buf *buf;
    uint32_t off;
};

/* Reads the next bytes at |place|, up to |max| of them; 0 if they cannot be mapped. */
static uint32_t read_some(const struct tcp_conn *conn, struct place *place, uint8_t *dst,
                          uint32_t max)
{
    uint32_t len = place->buf->len - place->off;

    len = len < max ? len : max;
    if (!toe_buf_read(place->buf, dst, place->off, len, &conn->cfg->bus)) {
        return 0;
    }
    place->off += len;
    if (place->off == place->buf->len) {
        place->buf = place->buf->next;
        place->off = 0;
    }
    return len;
}

static enum tcp_extension_fate take_range(struct tcp_conn *conn, const struct toe_seq_range *range,
                                          struct place *place)
{
    uint8_t bytes[COPY_LEN];
    struct tcp_segment part = TCP_SEGMENT_INIT;
    uint32_t left = range->end - range->start;

    part.seq = toe_seq_of(range->start);
    part.payload = bytes;
    while (left > 0) {
        const uint32_t len = read_some(conn, place, bytes, left < COPY_LEN ? left : COPY_LEN);

        if (len == 0) {
            return TCP_EXTENSION_IGNORED;
        }
        left -= len;
        part.payload_len = len;
        part.flags = left == 0 ? TCP_PSH : 0; /* as buffered data: RCV-039 */
        if (tcp_reassembly_insert(&conn->busy->reassembly, conn->cfg->chunks, &part) !=
            TOE_DROP_NONE) {
            return TCP_EXTENSION_NO_MEMORY;
        }
        part.seq = toe_seq_add(part.seq, len);
    }
    return TCP_EXTENSION_TAKEN;
}

static enum tcp_extension_fate take_early(struct tcp_conn *conn, const struct toe_extension *ext)
{
    struct place place = {.buf = ext->early_data};
    enum tcp_extension_fate fate = TCP_EXTENSION_TAKEN;

    for (uint32_t i = 0; i < ext->early_cnt && fate == TCP_EXTENSION_TAKEN; ++i) {
        fate = take_range(conn, &ext->early[i], &place);
    }
    if (fate != TCP_EXTENSION_TAKEN) {
        tcp_reassembly_flush(&conn->busy->reassembly, conn->cfg->chunks);
        return fate;
    }
    if (ext->early_cnt > 0) {
        tcp_reassembly_renew(&conn->busy->reassembly, toe_seq_of(ext->early[ext->newest].start));
    }
    if (has(ext, TOE_EXTENSION_EARLY_FIN)) {
        conn->busy->reassembly.has_fin = true;
        conn->busy->reassembly.fin = toe_seq_of(ext->early_fin);
    }
    return TCP_EXTENSION_TAKEN;
}

/* --- all together --- */

static bool is_due(const struct tcp_conn *conn)
{
    return toe_conn_state_is_offloadable((enum toe_conn_state)conn->state);
}

void tcp_extension_export(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    const uint32_t size = ext->size;

    memset(ext, 0,
           offsetof(struct toe_extension, runs)); /* of the lists, what is told is written */
    ext->size = size;
    if (!is_due(conn)) {
        return;
    }
    ext->version = TOE_EXTENSION_VERSION;
    export_windows(conn, ext);
    export_recovery(conn, ext);
    export_probes(conn, ext);
    export_held(conn, ext, now);
    export_marks(conn, ext);
    export_sacked(conn, ext);
    export_times(conn, ext, now);
    export_congestion(conn, ext, now);
    export_growth(conn, ext, now);
    tcp_extension_tell_flight(conn, ext, now);
    export_early(conn, ext);
}

static bool is_sound(const struct tcp_conn *conn, const struct toe_extension *ext,
                     const struct toe_tcp_delegated *d)
{
    return (ext->flags & ~FLAGS_ALL) == 0 && are_windows_sound(conn, ext) &&
           is_recovery_sound(conn, ext) && are_probes_sound(conn, ext) && is_held_sound(ext) &&
           are_marks_sound(conn, ext) && is_sacked_sound(conn, ext) &&
           are_times_sound(conn, ext, d) && is_congestion_sound(conn, ext) &&
           is_growth_sound(ext) && tcp_plpmtud_is_sound(conn, ext) &&
           tcp_extension_is_flight_sound(conn, ext) && is_early_sound(conn, ext);
}

enum tcp_extension_fate tcp_extension_import(struct tcp_conn *conn, const struct toe_extension *ext,
                                             const struct toe_tcp_delegated *delegated,
                                             toe_instant now)
{
    enum tcp_extension_fate fate;

    if (ext == NULL || (ext->size >= sizeof(*ext) && ext->version == 0)) {
        return TCP_EXTENSION_NONE;
    }
    if (ext->size < sizeof(*ext) || ext->version != TOE_EXTENSION_VERSION || !is_due(conn) ||
        !is_sound(conn, ext, delegated)) {
        return TCP_EXTENSION_IGNORED;
    }
    fate = take_early(conn, ext);
    if (fate != TCP_EXTENSION_TAKEN) {
        return fate;
    }
    if (!take_sacked(conn, ext, now)) {
        tcp_reassembly_flush(&conn->busy->reassembly, conn->cfg->chunks);
        return TCP_EXTENSION_NO_MEMORY;
    }

    import_windows(conn, ext);
    import_recovery(conn, ext);
    import_probes(conn, ext);
    import_held(conn, ext, now);
    import_marks(conn, ext);
    import_times(conn, ext, delegated, now);
    import_congestion(conn, ext, now);
    import_growth(conn, ext, now);
    import_mtu(conn, ext, delegated, now);
    tcp_extension_take_history(conn, ext, now);
    if (!tcp_extension_has_flight(conn, ext)) {
        tcp_flight_import(conn, now);
    }
    tcp_conn_check(conn);
    return TCP_EXTENSION_TAKEN;
}
