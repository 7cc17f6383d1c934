/* SPDX-License-Identifier: MIT */
#include "tcp/congestion.h"

#include "tcp/inflight.h"

/* The MSS that the rule of RFC 6928 speaks of: ten segments of it are 14600 bytes. */
#define USUAL_MSS 1460u

static uint32_t min_of(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t tcp_cc_initial_window(const struct tcp_conn *conn)
{
    const uint32_t cnt = conn->cfg->initial_window;
    const uint32_t two = 2 * (uint32_t)conn->snd_mss;
    const uint32_t usual = cnt * USUAL_MSS;

    if (conn->state < TOE_TCP_ESTABLISHED && conn->retransmit_cnt > 1) {
        return conn->snd_mss; /* The SYN was lost more than once. */
    }
    return min_of(cnt * conn->snd_mss, usual > two ? usual : two);
}

/* Bytes in flight at the time of the loss: not what limited transmit, or RACK's waiting, let leave
 * beyond cwnd (RFC 5681, 3.2, step 2), and where a probe repaired it, what there was when it left.
 * Or what was lately, if cwnd is not validated (RFC 7661, 4.4.1). */
static uint32_t flight_load(const struct tcp_conn *conn)
{
    uint32_t flight = toe_seq_off(conn->snd_max, conn->snd_una);

    if (conn->flight != NULL && conn->flight->tlp.is_out && conn->flight->tlp.flight > flight) {
        flight = conn->flight->tlp.flight;
    }
    if (conn->cwnd_unused && tcp_validation_pipe(conn) > flight) {
        flight = tcp_validation_pipe(conn);
    }
    return min_of(flight, conn->cwnd);
}

uint32_t tcp_cc_load(const struct tcp_conn *conn)
{
    if (conn->cfg->tuning.reduce_cwnd) {
        return conn->cwnd;
    }
    if (conn->cfg->ssthresh_flight) {
        return flight_load(conn);
    }
    return min_of(conn->cwnd, conn->snd_wnd);
}

uint32_t tcp_cc_abc(const struct tcp_conn *conn, uint32_t len)
{
    const uint32_t limit = conn->cfg->tuning.abc_limit;

    return limit == 0 ? len : min_of(len, limit * conn->snd_mss);
}

void tcp_cc_grow(struct tcp_conn *conn, uint32_t cnt)
{
    if (conn->cwnd >= TCP_CWND_MAX) {
        return;
    }
    conn->cwnd += min_of(cnt, TCP_CWND_MAX - conn->cwnd);
}

bool tcp_cc_slow_start(struct tcp_conn *conn, uint32_t acked)
{
    if (conn->cwnd >= conn->ssthresh) {
        return false;
    }
    acked = tcp_cc_abc(conn, acked);
    tcp_cc_grow(conn, conn->busy->hystart.css > 0 ? acked / TCP_HYSTART_CSS_DIVISOR : acked);
    return true;
}

void tcp_cc_begin(struct tcp_conn *conn)
{
    conn->limited_end = conn->snd_una;
    tcp_cc_use(conn);
    tcp_validation_begin(conn);
    tcp_hystart_begin(conn);
}

void tcp_cc_limit(struct tcp_conn *conn)
{
    conn->limited_end = conn->snd_max;
}

void tcp_cc_use(struct tcp_conn *conn)
{
    const uint32_t flight = tcp_send_flight(conn);
    struct tcp_flight *f = conn->flight;

    /* No room for a segment: then the application cannot be what limits. */
    if (flight + conn->snd_mss > conn->cwnd) {
        tcp_cc_limit(conn);
    }
    if (f != NULL && (flight > f->used || toe_seq_ge(conn->snd_una, f->used_end))) {
        f->used = flight;
        f->used_end = conn->snd_max;
    }
}

/* Whether what was acknowledged last, |acked| bytes, was sent when cwnd was used. */
static bool was_used(const struct tcp_conn *conn, uint32_t acked)
{
    if (toe_seq_lt(toe_seq_sub(conn->snd_una, acked), conn->limited_end)) {
        return true;
    }
    return conn->cfg->tuning.grow_when_half_used && conn->cwnd < conn->ssthresh &&
           conn->flight != NULL && conn->cwnd / 2 < conn->flight->used;
}

static bool is_round_over(const struct tcp_conn *conn)
{
    const struct tcp_validation_round *r = &conn->busy->round;

    return toe_seq_off(conn->snd_una, r->start) >= r->len;
}

void tcp_cc_ack(struct tcp_conn *conn, uint32_t acked, uint32_t fresh, toe_instant now)
{
    const struct tcp_cc_ops *cc = conn->cfg->cc;

    if (!conn->cfg->validates_cwnd || was_used(conn, acked)) {
        conn->cwnd_unused = false;
        cc->ack(conn, fresh, now);
        return;
    }
    conn->limited_end = conn->snd_una; /* near, so that the comparison holds */
    if (is_round_over(conn) && cc->deliver == NULL) {
        tcp_validation_ack(conn, acked, now);
    }
    if (cc->hold != NULL) {
        cc->hold(conn);
    }
}

static void none_init(struct tcp_conn *conn)
{
    conn->cwnd = TCP_CWND_MAX;
    conn->ssthresh = TCP_CWND_MAX;
}

static void none_keep(struct tcp_conn *conn, toe_instant now)
{
    (void)now;
    none_init(conn);
}

static void none_ack(struct tcp_conn *conn, uint32_t acked, toe_instant now)
{
    (void)acked;
    none_keep(conn, now);
}

static void none_rto(struct tcp_conn *conn, bool first, toe_instant now)
{
    (void)first;
    none_keep(conn, now);
}

/* There is nothing to learn; but so no recovery holds back what the peer's window lets leave. */
static void none_deliver(struct tcp_conn *conn, const struct tcp_rate_sample *rs, toe_instant now)
{
    (void)rs;
    none_keep(conn, now);
}

const struct tcp_cc_ops tcp_cc_none = {
    .name = "none",
    .id = TOE_CONGESTION_NONE,
    .init = none_init,
    .import = none_keep,
    .ack = none_ack,
    .loss = none_keep,
    .rto = none_rto,
    .idle = none_keep,
    .deliver = none_deliver,
};
