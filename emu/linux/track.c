/* SPDX-License-Identifier: MIT */
#include "linux/track.h"

#include <string.h>

enum { ECN_FLAGS = EMU_TCP_ECE | EMU_TCP_CWR };

/* The kernel's timestamps count the milliseconds of the clock that is ours, from somewhere on. */
#define PACED_MAX TOE_NS_PER_SEC /* between two segments of one connection */

/* Linux's bounds of the retransmission timeout. */
#define RTO_MIN (200 * TOE_NS_PER_MS)
#define RTO_MAX (120 * TOE_NS_PER_SEC)

/* What of one connection is on its way at once is less than this; two begin further apart. */
#define NEAR (1 << 26)

static uint32_t ms_of(toe_instant now)
{
    return (uint32_t)(now / TOE_NS_PER_MS);
}

/* --- the handshake --- */

static void note_syn(struct emu_track_syn *syn, const struct emu_segment *seg)
{
    *syn = (struct emu_track_syn){
        .is_seen = true,
        .has_ts = seg->has_ts,
        .sack_ok = seg->sack_ok,
        .wscale = seg->wscale,
        .mss = seg->mss,
        .flags = seg->flags,
    };
}

static uint8_t min_scale(uint8_t scale)
{
    return scale < 14 ? scale : 14; /* RFC 7323, 2.3 */
}

/* What both have agreed upon. */
static void agree(struct emu_track *track)
{
    const struct emu_track_syn *kernel = &track->kernel_syn;
    const struct emu_track_syn *peer = &track->peer_syn;

    if (!kernel->is_seen || !peer->is_seen) {
        return;
    }
    track->is_known = true;
    track->has_ts = kernel->has_ts && peer->has_ts;
    track->has_sack = kernel->sack_ok && peer->sack_ok;
    track->has_wscale = kernel->wscale != EMU_WSCALE_NONE && peer->wscale != EMU_WSCALE_NONE;
    track->kernel_wscale = track->has_wscale ? min_scale(kernel->wscale) : 0;
    track->peer_wscale = track->has_wscale ? min_scale(peer->wscale) : 0;
    track->kernel_mss = kernel->mss;
    track->peer_mss = peer->mss;
}

/* A SYN alone begins another connection. */
static void begin(struct emu_track *track, const struct emu_segment *seg)
{
    if ((seg->flags & EMU_TCP_ACK) == 0) {
        *track = (struct emu_track){.is_odd = seg->is_odd};
    }
}

void emu_track_told(struct emu_track *track, const struct emu_diag_info *info)
{
    if (!track->is_known) {
        track->is_known = true;
        track->has_ts = info->has_ts;
        track->has_sack = info->has_sack;
        track->has_wscale = info->has_wscale;
        track->kernel_wscale = info->has_wscale ? min_scale(info->kernel_wscale) : 0;
        track->peer_wscale = info->has_wscale ? min_scale(info->peer_wscale) : 0;
        track->kernel_mss = (uint16_t)(info->adv_mss + (info->has_ts ? 12 : 0));
        track->peer_mss = (uint16_t)(info->snd_mss + (info->has_ts ? 12 : 0));
        /* Which kind of ECN it is, only the handshake would tell. */
        track->is_odd = track->is_odd || info->has_ecn;
        /* Windows that were seen so far were not scaled. */
        track->has_kernel_ack = false;
        track->has_peer = false;
        track->rcv_wnd_max = 0;
        track->snd_wnd_max = 0;
    }
    track->is_odd = track->is_odd || info->has_usec_ts;
    track->pmtu = info->pmtu;
    track->cwnd = info->cwnd;
    track->ssthresh = info->ssthresh;
    if (info->srtt != 0) {
        track->srtt = info->srtt;
        track->rttvar = info->rttvar;
    }
}

/* --- the kernel --- */

static void note_frame(struct emu_track *track, const struct emu_segment *seg)
{
    memcpy(track->local_mac, seg->src_mac, TOE_MAC_LEN);
    memcpy(track->remote_mac, seg->dst_mac, TOE_MAC_LEN);
    track->vlan_id = seg->vlan_id;
    track->priority = seg->priority;
    track->ttl = seg->ttl;
    track->tos = seg->tos;
    track->flow_label = seg->flow_label;
}

static void note_window(struct emu_track *track, const struct emu_segment *seg)
{
    const uint8_t scale = (seg->flags & EMU_TCP_SYN) != 0 ? 0 : track->kernel_wscale;
    const uint32_t wnd = seg->wnd << scale;

    if (track->has_kernel_ack && emu_seq_diff(seg->ack, track->rcv_nxt) < 0) {
        return;
    }
    if (!track->has_kernel_ack || emu_seq_diff(seg->ack + wnd, track->rcv_edge) > 0) {
        track->rcv_edge = seg->ack + wnd;
    }
    track->has_kernel_ack = true;
    track->rcv_nxt = seg->ack;
    track->rcv_wnd = wnd;
    if (wnd > track->rcv_wnd_max) {
        track->rcv_wnd_max = wnd;
    }
}

/*
 * What a segment says of the clock. One that had to wait on its way says too little, so the most
 * that one says counts. But with pacing the kernel's timestamps are of the instant at which its
 * next data may leave: one without new data, soon after some, may say too much.
 */
static void note_offset(struct emu_track_ts *ts, const struct emu_segment *seg, bool is_new,
                        toe_instant now)
{
    const uint32_t offset = seg->tsval - ms_of(now);
    const bool is_exact = is_new || (ts->is_known && seg->len == 0 && now >= ts->paced_until);

    if (!ts->is_known || (is_exact && (!ts->is_exact || emu_seq_diff(offset, ts->offset) > 0))) {
        ts->offset = offset;
    }
    if (!ts->is_known || seg->len > 0) {
        ts->paced_until = now + PACED_MAX;
    }
    if (!ts->is_known || emu_seq_diff(seg->tsval, ts->newest) > 0) {
        ts->newest = seg->tsval;
    }
    ts->is_known = true;
    ts->is_exact = ts->is_exact || is_exact;
}

static void note_timestamps(struct emu_track *track, const struct emu_segment *seg, bool is_new,
                            toe_instant now)
{
    if (!seg->has_ts) {
        return;
    }
    note_offset(&track->ts, seg, is_new, now);
    if ((seg->flags & EMU_TCP_ACK) != 0 && emu_seq_diff(seg->tsecr, track->ts_recent) >= 0) {
        track->ts_recent = seg->tsecr;
    }
}

toe_duration emu_track_rto(const struct emu_track *track)
{
    const toe_duration rto = track->srtt + 4 * track->rttvar;

    if (track->srtt == 0) {
        return TOE_NS_PER_SEC;
    }
    return rto < RTO_MIN ? RTO_MIN : rto < RTO_MAX ? rto : RTO_MAX;
}

/* What was sent twice cannot be timed (Karn). */
static void note_sent(struct emu_track *track, const struct emu_segment *seg, uint32_t end,
                      toe_instant now)
{
    if (end != seg->seq && (seg->seq == track->snd_una || emu_seq_diff(end, track->snd_max) <= 0)) {
        track->resend_at = now + emu_track_rto(track);
    }
    if (!track->has_kernel || emu_seq_diff(end, track->snd_max) > 0) {
        if (!track->is_timed && seg->len > 0) {
            track->is_timed = true;
            track->timed_end = end;
            track->timed_at = now;
        }
        track->snd_max = end;
    } else if (end != seg->seq) {
        track->is_timed = false;
    }
}

void emu_track_kernel(struct emu_track *track, const struct emu_segment *seg, toe_instant now)
{
    const uint32_t end = emu_segment_end(seg);
    bool is_new;

    if ((seg->flags & EMU_TCP_SYN) != 0) {
        begin(track, seg);
        note_syn(&track->kernel_syn, seg);
        agree(track);
    }
    note_frame(track, seg);
    track->is_odd = track->is_odd || seg->is_odd;
    track->is_reset = track->is_reset || (seg->flags & EMU_TCP_RST) != 0;
    track->is_rst_unanswered = false;
    is_new = end != seg->seq && (!track->has_kernel || emu_seq_diff(end, track->snd_max) > 0);
    note_sent(track, seg, end, now);
    if (!track->has_kernel_ack && (seg->flags & EMU_TCP_ACK) != 0) {
        track->ts_recent = seg->tsecr; /* wherever the peer begins to count */
    }
    if ((seg->flags & EMU_TCP_FIN) != 0 && !track->has_kernel_fin) {
        track->has_kernel_fin = true;
        track->kernel_fin = end - 1;
        track->is_fin_last = track->has_peer_fin && emu_seq_diff(seg->ack, track->peer_fin) > 0;
    }
    track->has_kernel = true;
    if ((seg->flags & EMU_TCP_ACK) != 0) {
        note_window(track, seg);
    }
    note_timestamps(track, seg, is_new, now);
}

/* --- the peer --- */

static void sample(struct emu_track *track, toe_duration rtt)
{
    if (track->srtt == 0) {
        track->srtt = rtt == 0 ? 1 : rtt;
        track->rttvar = rtt / 2;
        return;
    }
    track->rttvar =
        (3 * track->rttvar + (rtt > track->srtt ? rtt - track->srtt : track->srtt - rtt)) / 4;
    track->srtt = (7 * track->srtt + rtt) / 8;
}

void emu_track_acked(struct emu_track *track, uint32_t ack, toe_instant now)
{
    if (ack != track->snd_una) {
        track->resend_at = now + emu_track_rto(track);
        track->resends = 0;
    }
    track->snd_una = ack;
    if (track->is_timed && emu_seq_diff(ack, track->timed_end) >= 0) {
        track->is_timed = false;
        sample(track, now - track->timed_at);
    }
}

/* Whether the kernel would take |seg|, by its place in the window and its timestamp. */
static bool is_acceptable(const struct emu_track *track, const struct emu_segment *seg)
{
    if (!track->has_kernel_ack || (seg->flags & EMU_TCP_SYN) != 0) {
        return true;
    }
    /* A RST counts without a timestamp, and with an old one (RFC 7323, 3.2 and 5.2). */
    if (track->has_ts && (seg->flags & EMU_TCP_RST) == 0 &&
        (!seg->has_ts || emu_seq_diff(seg->tsval, track->ts_recent) < 0)) {
        return false;
    }
    return emu_seq_diff(seg->seq, track->rcv_edge) <= 0 &&
           emu_seq_diff(seg->seq + seg->len, track->rcv_nxt) >= 0;
}

static void note_ack(struct emu_track *track, const struct emu_segment *seg, toe_instant now)
{
    const uint8_t scale = (seg->flags & EMU_TCP_SYN) != 0 ? 0 : track->peer_wscale;
    const uint32_t wnd = seg->wnd << scale;
    const bool is_first = !track->has_peer;

    if (track->has_kernel && emu_seq_diff(seg->ack, track->snd_max) > 0) {
        return;
    }
    if (!is_first && emu_seq_diff(seg->ack, track->snd_una) < 0) {
        return;
    }
    if (is_first || emu_seq_diff(seg->seq, track->snd_wl1) > 0 || seg->ack != track->snd_una ||
        (seg->seq == track->snd_wl1 && wnd > track->snd_wnd)) {
        track->snd_wnd = wnd;
        track->snd_wl1 = seg->seq;
    }
    if (wnd > track->snd_wnd_max) {
        track->snd_wnd_max = wnd;
    }
    if (seg->has_ts) {
        track->peer_echo = seg->tsecr;
    }
    emu_track_acked(track, seg->ack, now);
    track->has_peer = true;
}

/* Whether a connection is over, or being opened, so that the peer may open it anew. */
static bool may_begin(const struct emu_track *track)
{
    switch (emu_track_state(track)) {
    case TOE_TCP_CLOSED:
    case TOE_TCP_TIME_WAIT:
    case TOE_TCP_SYN_SENT:
    case TOE_TCP_SYN_RCVD:
        return true;
    default:
        return false;
    }
}

void emu_track_peer(struct emu_track *track, const struct emu_segment *seg, toe_instant now)
{
    const uint32_t end = emu_segment_end(seg);
    const bool is_first = !track->has_peer;

    if ((seg->flags & EMU_TCP_SYN) != 0) {
        if ((seg->flags & EMU_TCP_ACK) == 0 && !may_begin(track)) {
            return; /* an old duplicate, or an attack: the kernel challenges it */
        }
        begin(track, seg);
        note_syn(&track->peer_syn, seg);
        agree(track);
        if ((seg->flags & EMU_TCP_ACK) == 0) {
            track->rcv_max = end;
        }
    }
    track->is_odd = track->is_odd || seg->is_odd;
    if (!is_acceptable(track, seg)) {
        return;
    }
    if ((seg->flags & EMU_TCP_RST) != 0) {
        track->is_reset = track->is_reset || seg->seq == track->rcv_nxt;
        track->is_rst_unanswered = true;
        return;
    }
    track->peer_priority = seg->priority;
    track->peer_ttl = seg->ttl;
    if ((seg->flags & EMU_TCP_ACK) == 0) {
        return;
    }
    note_ack(track, seg, now);
    if (is_first || emu_seq_diff(end, track->rcv_max) > 0) {
        track->rcv_max = end;
    }
    if ((seg->flags & EMU_TCP_FIN) != 0 && !track->has_peer_fin) {
        track->has_peer_fin = true;
        track->peer_fin = end - 1;
    }
    if (seg->has_ts && (is_first || emu_seq_diff(seg->tsval, track->peer_ts) > 0)) {
        track->peer_ts = seg->tsval;
    }
}

/* Whether |seg| is not older than what the kernel has had. */
static bool is_of_now(const struct emu_track *track, const struct emu_segment *seg)
{
    return !track->has_ts || (seg->has_ts && emu_seq_diff(seg->tsval, track->ts_recent) >= 0);
}

bool emu_track_is_peers(const struct emu_track *track, const struct emu_segment *seg)
{
    const int32_t acks = emu_seq_diff(seg->ack, track->snd_max);

    if ((seg->flags & EMU_TCP_ACK) == 0) {
        return (seg->flags & EMU_TCP_RST) != 0 && track->has_kernel_ack &&
               seg->seq == track->rcv_nxt;
    }
    if (acks > 0 ||
        (track->has_peer ? emu_seq_diff(seg->ack, track->snd_una) < -(int64_t)track->snd_wnd_max
                         : acks < 0)) {
        return false;
    }
    if (!track->has_kernel_ack) {
        return true;
    }
    return ((seg->flags & EMU_TCP_RST) != 0 || is_of_now(track, seg)) &&
           emu_seq_diff(seg->seq, track->rcv_edge) <= 0 &&
           emu_seq_diff(seg->seq, track->rcv_nxt) >= -(int64_t)track->rcv_wnd_max - 1;
}

/* --- what follows --- */

static bool is_near(uint32_t a, uint32_t b)
{
    const int32_t diff = emu_seq_diff(a, b);

    return diff > -NEAR && diff < NEAR;
}

bool emu_track_goes_on(const struct emu_track *track, const struct emu_segment *seg)
{
    return is_near(seg->seq, track->snd_max) &&
           (!track->has_kernel_ack || is_near(seg->ack, track->rcv_nxt));
}

enum toe_conn_state emu_track_state(const struct emu_track *track)
{
    const bool is_fin_rcvd =
        track->has_peer_fin && emu_seq_diff(track->rcv_nxt, track->peer_fin) > 0;

    if (track->is_reset) {
        return TOE_TCP_CLOSED;
    }
    if (!track->has_kernel_ack || !track->has_peer) {
        return track->kernel_syn.is_seen && !track->peer_syn.is_seen ? TOE_TCP_SYN_SENT
                                                                     : TOE_TCP_SYN_RCVD;
    }
    if (!track->has_kernel_fin) {
        return is_fin_rcvd ? TOE_TCP_CLOSE_WAIT : TOE_TCP_ESTABLISHED;
    }
    if (emu_seq_diff(track->snd_una, track->kernel_fin) > 0) {
        return !is_fin_rcvd         ? TOE_TCP_FIN_WAIT_2
               : track->is_fin_last ? TOE_TCP_CLOSED
                                    : TOE_TCP_TIME_WAIT;
    }
    return !is_fin_rcvd         ? TOE_TCP_FIN_WAIT_1
           : track->is_fin_last ? TOE_TCP_LAST_ACK
                                : TOE_TCP_CLOSING;
}

bool emu_track_has_ecn(const struct emu_track *track)
{
    const uint16_t a = track->kernel_syn.flags;
    const uint16_t b = track->peer_syn.flags;
    const uint16_t offer = (a & EMU_TCP_ACK) == 0 ? a : b;
    const uint16_t answer = (a & EMU_TCP_ACK) == 0 ? b : a;

    return (offer & ECN_FLAGS) == ECN_FLAGS && (answer & ECN_FLAGS) == EMU_TCP_ECE;
}

uint32_t emu_track_clock(const struct emu_track *track, toe_instant now)
{
    return ms_of(now) + track->ts.offset;
}
