/* SPDX-License-Identifier: MIT */
#include "tcp/rate.h"

#include "tcp/congestion.h"
#include "tcp/inflight.h"
#include "tcp/pace.h"

static uint32_t age(toe_instant now, toe_instant at)
{
    return now - at < UINT32_MAX ? (uint32_t)(now - at) : UINT32_MAX;
}

struct tcp_rate_stamp tcp_rate_stamp(struct tcp_conn *conn, uint32_t len, toe_instant now)
{
    struct tcp_rate *r = &conn->busy->rate;
    const uint32_t pipe = tcp_flight_pipe(conn);

    if (pipe == 0) {
        r->first_sent = now;
        r->delivered_at = now;
    }
    return (struct tcp_rate_stamp){
        .delivered = r->delivered,
        .lost = r->lost,
        .delivered_ago = age(now, r->delivered_at),
        .first_ago = age(now, r->first_sent),
        .in_flight = pipe + len,
    };
}

/* The rate of |s|, and what else |got| brings. */
static void measure(struct tcp_conn *conn, struct tcp_rate_sample *s,
                    const struct tcp_delivered *got, toe_instant now)
{
    struct tcp_rate *r = &conn->busy->rate;
    const toe_duration acked_in = now - got->stamp_sent + got->stamp.delivered_ago;
    const toe_duration sent_in = got->stamp.first_ago;
    const toe_duration span = acked_in > sent_in ? acked_in : sent_in;

    r->first_sent = got->stamp_sent;
    s->is_stamped = true;
    s->prior = got->stamp.delivered;
    s->delivered = r->delivered - got->stamp.delivered;
    s->lost = r->lost - got->stamp.lost;
    s->in_flight = got->stamp.in_flight;
    s->is_limited = got->is_limited;
    /* Less than the least round trip is no time in which so much can have been delivered. */
    if (span > 0 && span >= tcp_rtt_min(conn) / 8 * 7) {
        s->rate = s->delivered * TOE_NS_PER_SEC / span;
        s->rate = s->rate < TCP_PACE_RATE_MAX ? s->rate : TCP_PACE_RATE_MAX;
    }
}

struct tcp_rate_sample tcp_rate_sample(struct tcp_conn *conn, const struct tcp_delivered *got,
                                       toe_instant now)
{
    struct tcp_rate *r = &conn->busy->rate;
    struct tcp_rate_sample s = {.acked = got->bytes, .newly_lost = conn->flight->lost_new};

    conn->flight->lost_new = 0;
    r->lost += s.newly_lost;
    if (got->bytes == 0) {
        return s;
    }
    r->delivered += got->bytes;
    r->delivered_at = now;
    if (r->is_limited && (int32_t)(r->delivered - r->limited_end) > 0) {
        r->is_limited = false;
    }
    if (got->has_original && got->is_timed) {
        s.rtt = now - got->sent;
    }
    if (got->is_stamped) {
        measure(conn, &s, got, now);
    }
    return s;
}

void tcp_rate_idle(struct tcp_conn *conn)
{
    const uint32_t pipe = tcp_flight_is_on(conn) ? tcp_flight_pipe(conn) : tcp_send_flight(conn);

    if (conn->cfg->cc->deliver == NULL) {
        return;
    }
    conn->busy->rate.is_limited = true;
    conn->busy->rate.limited_end = conn->busy->rate.delivered + pipe;
}
