/* SPDX-License-Identifier: MIT */
#include "tcp/rtt.h"

#include "tcp/conn.h"

void tcp_rtt_sample(struct tcp_conn *conn, toe_duration sample)
{
    const toe_duration s = sample < TCP_RTT_SAMPLE_MAX ? sample : TCP_RTT_SAMPLE_MAX;

    if (conn->srtt == 0) {
        conn->rttvar = s / 2;
        conn->srtt = s;
    } else {
        const toe_duration off = conn->srtt > s ? conn->srtt - s : s - conn->srtt;

        conn->rttvar = (3 * conn->rttvar + off) / 4;
        conn->srtt = (7 * conn->srtt + s) / 8;
    }

    /* Zero means that there is no estimate. */
    if (conn->srtt == 0) {
        conn->srtt = 1;
    }
}

toe_duration tcp_rtt_rto(const struct tcp_conn *conn)
{
    const struct tcp_config *cfg = conn->cfg;
    toe_duration rto = conn->srtt + 4 * conn->rttvar;

    if (conn->srtt == 0) {
        rto = cfg->rto_initial;
    } else if (rto < cfg->rto_min) {
        rto = cfg->rto_min;
    }
    return rto < cfg->rto_max ? rto : cfg->rto_max;
}

toe_duration tcp_rtt_backoff(const struct tcp_conn *conn, uint32_t shift)
{
    const toe_duration rto = tcp_rtt_rto(conn);

    if (shift >= 64 || rto > conn->cfg->rto_max >> shift) {
        return conn->cfg->rto_max;
    }
    return rto << shift;
}
