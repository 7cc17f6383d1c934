/* SPDX-License-Identifier: MIT */
#include "tcp/rtt.h"

#include "tcp/conn.h"

/*
 * The variance may vanish, the granularity of clocks does not (RFC 6298, 2.3 and 4): where the
 * round-trip time never changes, a timeout would come together with the acknowledgment.
 */
#define GRANULARITY TOE_NS_PER_MS

/* RFC 6298, 5.7 */
#define RTO_SYN_LOST (3 * TOE_NS_PER_SEC)

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
    const toe_duration floor = cfg->tuning.rto_variance_min;
    const toe_duration least = floor > GRANULARITY ? floor : GRANULARITY;
    const toe_duration spread = 4 * conn->rttvar;
    toe_duration rto = conn->srtt + (spread > least ? spread : least);

    if (conn->srtt == 0) {
        rto = conn->syn_lost && cfg->rto_initial < RTO_SYN_LOST ? RTO_SYN_LOST : cfg->rto_initial;
    } else if (rto < cfg->rto_min) {
        rto = cfg->rto_min;
    }
    return rto < cfg->rto_max ? rto : cfg->rto_max;
}

/* 32 units of 2^30 ns are half a minute. */
#define MIN_SHIFT 30
#define MIN_SPAN 32u

void tcp_rtt_min_sample(struct tcp_conn *conn, toe_duration sample, toe_instant now)
{
    const uint32_t at = (uint32_t)(now >> MIN_SHIFT);
    const uint32_t ns = sample < UINT32_MAX ? (uint32_t)sample : UINT32_MAX;

    if (at - conn->min_rtt_at >= MIN_SPAN) {
        conn->min_rtt[1] = at - conn->min_rtt_at < 2 * MIN_SPAN ? conn->min_rtt[0] : 0;
        conn->min_rtt[0] = 0;
        conn->min_rtt_at = at;
    }
    if (conn->min_rtt[0] == 0 || ns < conn->min_rtt[0]) {
        conn->min_rtt[0] = ns > 0 ? ns : 1; /* zero says: none */
    }
}

uint32_t tcp_rtt_min_age(const struct tcp_conn *conn, toe_instant now)
{
    return (uint32_t)(now >> MIN_SHIFT) - conn->min_rtt_at;
}

void tcp_rtt_min_age_set(struct tcp_conn *conn, uint32_t age, toe_instant now)
{
    conn->min_rtt_at = (uint32_t)(now >> MIN_SHIFT) - age;
}

toe_duration tcp_rtt_min(const struct tcp_conn *conn)
{
    const uint32_t a = conn->min_rtt[0];
    const uint32_t b = conn->min_rtt[1];

    return a == 0 || (b != 0 && b < a) ? b : a;
}

toe_duration tcp_rtt_backoff(const struct tcp_conn *conn, uint32_t shift)
{
    const toe_duration rto = tcp_rtt_rto(conn);

    if (shift >= 64 || rto > conn->cfg->rto_max >> shift) {
        return conn->cfg->rto_max;
    }
    return rto << shift;
}
