/* SPDX-License-Identifier: MIT */
#include "pd_option.h"
#include "pd_room.h"
#include "pd_trail.h"
#include "host/host_info.h"
#include "target/instance.h"
#include "target/object.h"

#include <linux/tcp.h>
#include <string.h>

/*
 * TCP_INFO, in Linux's form. Linux counts in segments of the size that is sent now; a part of one
 * counts as a whole.
 */

static uint32_t segments(uint32_t bytes, uint16_t mss)
{
    return mss == 0 ? 0 : (bytes + mss - 1) / mss;
}

static uint32_t us(toe_duration t)
{
    return (uint32_t)(t / 1000);
}

/* Linux's numbers of states and phases. */

static uint8_t state_of(const struct toe_host_tcp_info *info)
{
    switch (info->state) {
    case TOE_TCP_ESTABLISHED:
        return 1;
    case TOE_TCP_SYN_SENT:
        return 2;
    case TOE_TCP_SYN_RCVD:
        return 3;
    case TOE_TCP_FIN_WAIT_1:
        return 4;
    case TOE_TCP_FIN_WAIT_2:
        return 5;
    case TOE_TCP_TIME_WAIT:
        return 6;
    case TOE_TCP_CLOSED:
        return 7;
    case TOE_TCP_CLOSE_WAIT:
        return 8;
    case TOE_TCP_LAST_ACK:
        return 9;
    case TOE_TCP_LISTEN:
        return 10;
    case TOE_TCP_CLOSING:
        return 11;
    }
    return 7;
}

static uint8_t phase_of(const struct toe_host_tcp_info *info)
{
    switch (info->phase) {
    case TOE_HOST_PHASE_OPEN:
        return TCP_CA_Open;
    case TOE_HOST_PHASE_DISORDER:
        return TCP_CA_Disorder;
    case TOE_HOST_PHASE_RECOVERY:
        return TCP_CA_Recovery;
    case TOE_HOST_PHASE_LOSS:
        return TCP_CA_Loss;
    case TOE_HOST_PHASE_MARK:
        return TCP_CA_CWR;
    }
    return TCP_CA_Open;
}

static void fill(struct tcp_info *to, const struct toe_host_tcp_info *info)
{
    const uint16_t mss = info->snd_mss;

    to->tcpi_state = state_of(info);
    to->tcpi_ca_state = phase_of(info);
    to->tcpi_retransmits = info->retransmit_cnt;
    to->tcpi_probes = info->probe_cnt;
    to->tcpi_backoff = info->backoff;
    to->tcpi_options =
        (uint8_t)((info->timestamps ? TCPI_OPT_TIMESTAMPS : 0) | (info->sack ? TCPI_OPT_SACK : 0) |
                  (info->window_scaling ? TCPI_OPT_WSCALE : 0));
    to->tcpi_snd_wscale = (unsigned char)info->snd_wscale & 0xfu;
    to->tcpi_rcv_wscale = (unsigned char)info->rcv_wscale & 0xfu;
    to->tcpi_rto = us(info->rto);
    to->tcpi_snd_mss = mss;
    to->tcpi_rcv_mss = info->rcv_mss;
    to->tcpi_unacked = segments(info->in_flight, mss);
    to->tcpi_sacked = segments(info->sacked, mss);
    /* There, what is sent again stays lost until it arrives. */
    to->tcpi_lost = segments(info->lost + info->resent, mss);
    to->tcpi_retrans = segments(info->resent, mss);
    to->tcpi_rtt = us(info->srtt);
    to->tcpi_rttvar = us(info->rttvar);
    to->tcpi_snd_ssthresh =
        info->ssthresh == UINT32_MAX ? 0x7fffffff : segments(info->ssthresh, mss);
    to->tcpi_snd_cwnd = mss == 0 ? 0 : info->cwnd / mss;
    to->tcpi_advmss = info->adv_mss;
    to->tcpi_reordering = pd_world()->persona.host.params.duplicate_ack_threshold;
    to->tcpi_total_retrans = (uint32_t)info->retransmitted_cnt;
    to->tcpi_notsent_bytes = info->unsent;
    to->tcpi_min_rtt = us(info->min_rtt);
    to->tcpi_snd_wnd = info->snd_wnd;
}

/* Looks at the target's engine where it is: to ask for the connection would move it. */
static bool look_below(const struct pd_socket *socket, struct toe_host_tcp_info *info)
{
    const struct target_demux *demux = &pd_world()->target->demux;
    const struct target_tcp *tcp;
    struct toe_host_conn_info conn;
    uint8_t bytes[TARGET_ROW_MAX];
    struct target_row row;
    uint32_t unacked;

    if (!toe_host_conn_info(pd_world()->host, socket->handle, &conn)) {
        return false;
    }
    row = target_row_write(bytes, &conn.remote, &conn.local, conn.remote_port, conn.local_port);
    tcp = target_demux_find(demux, row, target_demux_hash(demux, row));
    if (tcp == NULL) {
        return false;
    }
    host_info_fill(info, &tcp->conn);
    info->unsent = pd_room_unsent(socket, &unacked);
    return true;
}

bool pd_engine_info(const struct pd_socket *socket, struct toe_host_tcp_info *info)
{
    *info = (struct toe_host_tcp_info){.size = sizeof(*info), .state = TOE_TCP_CLOSED};
    if (socket->is_listening) {
        info->state = TOE_TCP_LISTEN;
        return false;
    }
    return toe_host_tcp_info(pd_world()->host, socket->handle, info) || look_below(socket, info);
}

void pd_tcp_info(struct pd_socket *socket, void *value, socklen_t room)
{
    struct toe_host_tcp_info info;
    struct tcp_info all = {0};
    const struct pd_trail *trail;

    (void)pd_engine_info(socket, &info);
    fill(&all, &info);
    trail = pd_room_trail(socket);
    if (trail != NULL) {
        all.tcpi_advmss = trail->mss; /* which a target is not told */
        if (trail->reordering > all.tcpi_reordering) {
            all.tcpi_reordering = trail->reordering;
        }
    }
    pd_room_follow(socket);
    all.tcpi_rwnd_limited = us(socket->spent[PD_SPENT_RWND]);
    all.tcpi_sndbuf_limited = us(socket->spent[PD_SPENT_SNDBUF]);
    all.tcpi_busy_time =
        us(socket->spent[PD_SPENT_BUSY]) + all.tcpi_rwnd_limited + all.tcpi_sndbuf_limited;
    all.tcpi_last_data_recv = (uint32_t)((pd_world()->now - socket->arrived_at) / TOE_NS_PER_MS);
    memset(value, 0, room);
    memcpy(value, &all, room < sizeof(all) ? room : sizeof(all));
}
