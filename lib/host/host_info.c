/* SPDX-License-Identifier: MIT */
#include "host/host_conn.h"
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
    if (tcp->dup_ack_cnt > 0 || (tcp->flight != NULL && tcp->flight->sacked > 0)) {
        return TOE_HOST_PHASE_DISORDER;
    }
    return TOE_HOST_PHASE_OPEN;
}

static void fill(struct toe_host_tcp_info *info, const struct host_conn *conn)
{
    const struct tcp_conn *tcp = &conn->tcp;
    const bool is_recorded = tcp_flight_is_on(tcp);

    *info = (struct toe_host_tcp_info){
        .state = conn->is_opening ? TOE_TCP_SYN_SENT : (enum toe_conn_state)tcp->state,
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
        .cwnd = tcp->cwnd,
        .ssthresh = tcp->ssthresh,
        .snd_wnd = tcp->snd_wnd,
        .rcv_wnd = tcp_window_rcv(tcp),
        .in_flight = tcp_send_flight(tcp),
        .sacked = is_recorded ? tcp->flight->sacked : 0,
        .lost = is_recorded ? tcp->flight->lost : 0,
        .resent = is_recorded ? tcp_flight_resent(tcp) : 0,
        .unsent = conn->snd_len,
        .retransmitted_cnt = tcp->rexmit_cnt_total,
        .rto = tcp_retransmit_rto(tcp),
        .srtt = tcp->srtt,
        .rttvar = tcp->rttvar,
        .min_rtt = tcp_rtt_min(tcp),
        .ecn = tcp->has_ecn,
    };
    if (info->unsent > tcp_send_len(tcp)) {
        info->unsent -= tcp_send_len(tcp); /* What the engine does not have yet. */
    } else {
        info->unsent = 0;
    }
    if (tcp_is_synchronized(tcp) && tcp_send_len(tcp) > info->in_flight) {
        info->unsent += tcp_send_len(tcp) - info->in_flight;
    }
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
    fill(&all, conn);
    all.size = size;
    memcpy(info, &all, size < sizeof(all) ? size : sizeof(all));
    return true;
}
