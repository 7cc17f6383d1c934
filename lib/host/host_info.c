/* SPDX-License-Identifier: MIT */
#include "host/host_info.h"

#include "host/host_conn.h"
#include "tcp/congestion.h"
#include "tcp/inflight.h"
#include "tcp/fsm.h"
#include "tcp/retransmit.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"
#include "tcp/send.h"
#include "tcp/window.h"

#include <string.h>

/*
 * The engine's numbers, for whoever looks at a connection.
 */

static enum toe_host_phase phase_of(const struct tcp_conn *tcp)
{
    if (tcp->flight != NULL && tcp->flight->in_loss) {
        return TOE_HOST_PHASE_LOSS;
    }
    if (tcp->retransmit_cnt > 0 && tcp_is_synchronized(tcp)) {
        return TOE_HOST_PHASE_LOSS;
    }
    if (tcp->in_recovery) {
        return TOE_HOST_PHASE_RECOVERY;
    }
    if (tcp->in_mark) {
        return TOE_HOST_PHASE_MARK;
    }
    if (tcp->dup_ack_cnt > 0 || (tcp->flight != NULL && tcp->flight->sacked > 0)) {
        return TOE_HOST_PHASE_DISORDER;
    }
    return TOE_HOST_PHASE_OPEN;
}

/* While it goes down, what RFC 9937 writes into it: what is in flight and what may leave. */
static uint32_t cwnd_of(const struct tcp_conn *tcp)
{
    if ((tcp->in_recovery || tcp->in_mark) && tcp_flight_is_on(tcp) &&
        tcp->cfg->cc->deliver == NULL) {
        return tcp_flight_pipe(tcp) + tcp_prr_credit(tcp);
    }
    return tcp->cwnd;
}

void host_info_fill(struct toe_host_tcp_info *info, const struct tcp_conn *tcp)
{
    const uint32_t len = tcp_is_synchronized(tcp) ? tcp_send_len(tcp) : 0;
    const uint32_t flight = tcp_send_flight(tcp);
    const bool is_recorded = tcp_flight_is_on(tcp);

    *info = (struct toe_host_tcp_info){
        .size = sizeof(*info),
        .state = (enum toe_conn_state)tcp->state,
        .phase = phase_of(tcp),
        .timestamps = tcp->has_timestamps,
        .sack = tcp->has_sack,
        .window_scaling = tcp->has_window_scaling,
        .snd_wscale = tcp->snd_wscale,
        .rcv_wscale = tcp->rcv_wscale,
        .retransmit_cnt = tcp->retransmit_cnt,
        .probe_cnt = tcp->snd_wnd_probe_cnt,
        .backoff = tcp->backoff,
        .snd_mss = tcp->snd_mss,
        .rcv_mss = tcp->rcv_mss,
        .adv_mss = tcp->mss_local,
        .cwnd = cwnd_of(tcp),
        .ssthresh = tcp->ssthresh,
        .snd_wnd = tcp->snd_wnd,
        .rcv_wnd = tcp_window_rcv(tcp),
        .in_flight = flight,
        .sacked = is_recorded ? tcp->flight->sacked : 0,
        .lost = is_recorded ? tcp->flight->lost : 0,
        .resent = is_recorded ? tcp_flight_resent(tcp) : 0,
        .unsent = len > flight ? len - flight : 0,
        .retransmitted_cnt = tcp->rexmit_cnt_total,
        .rto = tcp_retransmit_rto(tcp),
        .srtt = tcp->srtt,
        .rttvar = tcp->rttvar,
        .min_rtt = tcp_rtt_min(tcp),
        .ecn = tcp->has_ecn,
        .accurate_ecn = tcp->has_accecn,
    };
}

bool toe_host_tcp_info(const struct toe_host *host, toe_handle handle,
                       struct toe_host_tcp_info *info)
{
    const struct host_conn *conn = host_conn_get(host, handle);
    const uint32_t size = info->size;
    struct toe_host_tcp_info all;

    if (conn == NULL || conn->place != TOE_PLACE_HOST) {
        return false;
    }
    host_info_fill(&all, &conn->tcp);
    all.size = size;
    if (conn->is_opening) {
        all.state = TOE_TCP_SYN_SENT;
    }
    if (conn->snd_len > tcp_send_len(&conn->tcp)) {
        all.unsent += conn->snd_len - tcp_send_len(&conn->tcp); /* What it does not have yet. */
    }
    memcpy(info, &all, size < sizeof(all) ? size : sizeof(all));
    return true;
}
