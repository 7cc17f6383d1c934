/* SPDX-License-Identifier: MIT */
#include "base/saved_fields.h"

#include <stddef.h>

/* |section| is the name and the tag, |path| leads to the structure, |member| is its member. */
#define FIELD(section, tag, kind, path, member)                                                    \
    {                                                                                              \
        section "." #member, TOE_SAVED_##tag, TOE_SAVED_##kind,                                    \
            (uint32_t)offsetof(struct toe_saved, path.member), 0, 0                                \
    }
#define STREAM(tag, member)                                                                        \
    {                                                                                              \
#member, TOE_SAVED_##tag, TOE_SAVED_STREAM, (uint32_t)offsetof(struct toe_saved, member),  \
            0, 0                                                                                   \
    }
#define LIST(kind, member, cnt, max)                                                               \
    {                                                                                              \
        "extension." #member, TOE_SAVED_EXTENSION, TOE_SAVED_##kind,                               \
            (uint32_t)offsetof(struct toe_saved, extension.member),                                \
            (uint32_t)offsetof(struct toe_saved, extension.cnt), max                               \
    }

#define NEIGHBOR(kind, path, member) FIELD("neighbor", NEIGHBOR, kind, neighbor.path, member)
#define PATH(kind, path_, member) FIELD("path", PATH, kind, path.path_, member)
#define CONSTANT(kind, member) FIELD("constant", CONSTANT, kind, tcp.constant, member)
#define CACHED(kind, member) FIELD("cached", CACHED, kind, tcp.cached, member)
#define DELEGATED(kind, member) FIELD("delegated", DELEGATED, kind, tcp.delegated, member)
#define EXTENSION(kind, member) FIELD("extension", EXTENSION, kind, extension, member)

static const struct toe_saved_field fields[] = {
    {"clock.ticks_per_second", TOE_SAVED_CLOCK, TOE_SAVED_U32,
     (uint32_t)offsetof(struct toe_saved, ticks_per_second), 0, 0},

    NEIGHBOR(MAC, constant, src_mac),
    NEIGHBOR(U16, constant, vlan_id),
    NEIGHBOR(MAC, cached, dst_mac),
    NEIGHBOR(TICKS, cached, host_reachability_delta),
    NEIGHBOR(TICKS, delegated, nic_reachability_delta),

    PATH(ADDR, constant, src),
    PATH(ADDR, constant, dst),
    PATH(U32, cached, mtu),

    CONSTANT(U16, flags),
    CONSTANT(U16, remote_port),
    CONSTANT(U16, local_port),
    CONSTANT(U8, snd_wnd_scale),
    CONSTANT(U8, rcv_wnd_scale),
    CONSTANT(U16, remote_mss),
    CONSTANT(U32, hash_value),

    CACHED(U16, flags),
    CACHED(U32, initial_rcv_wnd),
    CACHED(U32, rcv_indication_size),
    CACHED(U8, ka_probe_cnt),
    CACHED(U32, ka_timeout),
    CACHED(U32, ka_interval),
    CACHED(TICKS, max_rt),
    CACHED(U32, flow_label),
    CACHED(U8, ttl),
    CACHED(U8, tos),
    CACHED(U8, user_priority),

    DELEGATED(STATE, state),
    DELEGATED(U16, flags),
    DELEGATED(U32, rcv_nxt),
    DELEGATED(U32, rcv_wnd),
    DELEGATED(U32, snd_una),
    DELEGATED(U32, snd_nxt),
    DELEGATED(U32, snd_max),
    DELEGATED(U32, snd_wnd),
    DELEGATED(U32, max_snd_wnd),
    DELEGATED(U32, snd_wl1),
    DELEGATED(U32, cwnd),
    DELEGATED(U32, ssthresh),
    DELEGATED(U16, srtt),
    DELEGATED(U16, rttvar),
    DELEGATED(U32, ts_recent),
    DELEGATED(U32, ts_recent_age),
    DELEGATED(U32, ts_time),
    DELEGATED(U32, total_rt),
    DELEGATED(U8, dup_ack_cnt),
    DELEGATED(U8, snd_wnd_probe_cnt),
    DELEGATED(U8, ka_probe_cnt),
    DELEGATED(TICKS, ka_timeout_delta),
    DELEGATED(U8, retransmit_cnt),
    DELEGATED(TICKS, retransmit_timeout_delta),
    DELEGATED(U32, dwnd),

    EXTENSION(U32, version),
    EXTENSION(U32, flags),
    EXTENSION(U32, snd_wl2),
    EXTENSION(U32, last_ack),
    EXTENSION(U32, recover),
    EXTENSION(U32, high_rxt),
    EXTENSION(U32, rescue_rxt),
    EXTENSION(U32, dup_bytes),
    EXTENSION(U32, backoff),
    EXTENSION(U32, ecn_point),
    EXTENSION(U64, srtt),
    EXTENSION(U64, rttvar),
    EXTENSION(U32, rtt_seq),
    EXTENSION(U64, rtt_age),
    EXTENSION(U64, idle),
    EXTENSION(U64, slot_left),
    EXTENSION(U64, alive_left),
    EXTENSION(U64, held_left),
    EXTENSION(U32, accecn.flags),
    EXTENSION(U32, accecn.rcv_cep),
    EXTENSION(U32, accecn.rcv_ceb),
    EXTENSION(U32, accecn.rcv_e0b),
    EXTENSION(U32, accecn.rcv_e1b),
    EXTENSION(U32, accecn.snd_cep),
    EXTENSION(U32, accecn.snd_ceb),
    EXTENSION(U32, accecn.pending),
    EXTENSION(CONGESTION, congestion),
    EXTENSION(U64, cubic.epoch_age),
    EXTENSION(U64, cubic.w_est),
    EXTENSION(U32, cubic.k),
    EXTENSION(U32, cubic.w_max),
    EXTENSION(U32, cubic.cwnd_prior),
    EXTENSION(U32, cubic.cwnd_frac),
    EXTENSION(U64, bbr.max_bw),
    EXTENSION(U64, bbr.last_bw),
    EXTENSION(U64, bbr.bw_lo),
    EXTENSION(U64, bbr.full_bw),
    EXTENSION(U64, bbr.min_rtt_age),
    EXTENSION(U64, bbr.probe_rtt_age),
    EXTENSION(U64, bbr.probe_rtt_left),
    EXTENSION(U64, bbr.cycle_age),
    EXTENSION(U32, bbr.min_rtt),
    EXTENSION(U32, bbr.probe_rtt_min),
    EXTENSION(U32, bbr.probe_wait),
    EXTENSION(U32, bbr.inflight_hi),
    EXTENSION(U32, bbr.inflight_lo),
    EXTENSION(U32, bbr.prior_cwnd),
    EXTENSION(U32, bbr.state),
    EXTENSION(U32, bbr.full_bw_cnt),
    EXTENSION(U32, bbr.is_full),
    EXTENSION(U32, bbr.rounds_since_probe),
    EXTENSION(U64, bbr.bw_latest),
    EXTENSION(U64, bbr.extra_age),
    EXTENSION(U32, bbr.inflight_latest),
    EXTENSION(U32, bbr.round_end),
    EXTENSION(U32, bbr.loss_round_end),
    EXTENSION(U32, bbr.round_lost),
    EXTENSION(U32, bbr.round_delivered),
    EXTENSION(U32, bbr.lost_in_round),
    EXTENSION(U32, bbr.up_cnt),
    EXTENSION(U32, bbr.up_acked),
    EXTENSION(U32, bbr.up_rounds),
    EXTENSION(U32, bbr.ack_phase),
    EXTENSION(U32, bbr.extra_acked),
    EXTENSION(U32, bbr.extra_acked_before),
    EXTENSION(U32, bbr.extra_delivered),
    EXTENSION(U32, bbr.extra_rounds),
    EXTENSION(U32, bbr.signals),
    EXTENSION(U64, rate.delivered_age),
    EXTENSION(U64, rate.first_age),
    EXTENSION(U32, rate.delivered),
    EXTENSION(U32, rate.lost),
    EXTENSION(U32, rate.limited_end),
    EXTENSION(U32, rate.is_limited),
    EXTENSION(U32, limited_end),
    EXTENSION(U32, used.most),
    EXTENSION(U32, used.most_before),
    EXTENSION(U32, used.period_age),
    EXTENSION(U32, used.unused_age),
    EXTENSION(U32, used.start),
    EXTENSION(U32, used.len),
    EXTENSION(U32, used.load),
    EXTENSION(U32, used.resent),
    EXTENSION(U32, hystart.end),
    EXTENSION(U32, hystart.last),
    EXTENSION(U32, hystart.current),
    EXTENSION(U32, hystart.baseline),
    EXTENSION(U32, hystart.samples),
    EXTENSION(U32, hystart.css),
    EXTENSION(U64, pace.rate),
    EXTENSION(U64, pace.left),
    EXTENSION(U32, pace.burst),
    EXTENSION(U32, burst.from),
    EXTENSION(U32, burst.part),
    EXTENSION(U32, mtu.verified),
    EXTENSION(U32, mtu.bad),
    EXTENSION(U32, mtu.again_left),
    EXTENSION(U32, mtu.raise_left),
    EXTENSION(U32, mtu.probe),
    EXTENSION(U32, mtu.probe_len),
    EXTENSION(U32, mtu.probe_end),
    EXTENSION(U32, mtu.held),
    EXTENSION(U32, min_rtt_age),
    EXTENSION(U32, min_rtt),
    EXTENSION(U32, min_rtt_before),
    EXTENSION(U32, reo_wnd_mult),
    EXTENSION(U32, reo_wnd_persist),
    EXTENSION(U32, flight.flags),
    EXTENSION(U32, flight.lost_new),
    EXTENSION(U32, flight.first_sack_max),
    EXTENSION(U32, flight.used),
    EXTENSION(U32, flight.used_end),
    EXTENSION(U64, flight.opened_age),
    EXTENSION(U64, flight.probe_left),
    EXTENSION(U64, flight.rack.age),
    EXTENSION(U64, flight.rack.rtt),
    EXTENSION(U32, flight.rack.end),
    EXTENSION(U32, flight.rack.fack),
    EXTENSION(U32, flight.rack.dsack_round),
    EXTENSION(U32, flight.tlp.end),
    EXTENSION(U32, flight.tlp.flight),
    EXTENSION(U32, flight.tlp.holes),
    EXTENSION(U32, flight.prr.delivered),
    EXTENSION(U32, flight.prr.out),
    EXTENSION(U32, flight.prr.flight),
    EXTENSION(U32, flight.prr.quota),
    EXTENSION(U32, flight.frto.step),
    EXTENSION(U32, flight.frto.recover),
    EXTENSION(U32, flight.undo.cwnd),
    EXTENSION(U32, flight.undo.ssthresh),
    EXTENSION(U32, flight.undo.una),
    EXTENSION(U32, flight.undo.resent),
    EXTENSION(U32, flight.undo.ts),
    EXTENSION(U64, flight.undo.cubic.epoch_age),
    EXTENSION(U64, flight.undo.cubic.w_est),
    EXTENSION(U32, flight.undo.cubic.k),
    EXTENSION(U32, flight.undo.cubic.w_max),
    EXTENSION(U32, flight.undo.cubic.cwnd_prior),
    EXTENSION(U32, flight.undo.cubic.cwnd_frac),
    LIST(RANGES, sacked, sacked_cnt, TOE_EXTENSION_SACKED_MAX),
    EXTENSION(U32, newest),
    LIST(RANGES, early, early_cnt, TOE_EXTENSION_EARLY_MAX),
    EXTENSION(U32, early_fin),
    LIST(RUNS, runs, run_cnt, TOE_EXTENSION_RUN_MAX),

    STREAM(SEND, send),
    STREAM(RECEIVED, received),
    STREAM(EARLY, early),
};

#define FIELD_CNT ((uint32_t)(sizeof(fields) / sizeof(fields[0])))

const struct toe_saved_field *base_saved_fields(uint32_t *cnt)
{
    *cnt = FIELD_CNT;
    return fields;
}

const struct toe_saved_field *toe_saved_field_next(const struct toe_saved_field *field)
{
    if (field == NULL) {
        return fields;
    }
    return field + 1 < fields + FIELD_CNT ? field + 1 : NULL;
}

bool toe_saved_has(const struct toe_saved *saved, enum toe_saved_tag tag)
{
    switch (tag) {
    case TOE_SAVED_CLOCK:
    case TOE_SAVED_NEIGHBOR:
    case TOE_SAVED_PATH:
    case TOE_SAVED_CONSTANT:
    case TOE_SAVED_CACHED:
    case TOE_SAVED_DELEGATED:
        return true;
    case TOE_SAVED_EXTENSION:
        return saved->extension.version != 0;
    case TOE_SAVED_SEND:
        return saved->send.len > 0;
    case TOE_SAVED_RECEIVED:
        return saved->received.len > 0;
    case TOE_SAVED_EARLY:
        return saved->early.len > 0;
    }
    return false;
}
