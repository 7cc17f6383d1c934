/* SPDX-License-Identifier: MIT */
/*
 * NewReno's congestion avoidance: additive increase by appropriate byte counting (RFC-037), half of
 * the load after a loss (RFC-040). It has no numbers of its own, so that nothing is lost when a
 * connection moves. Growth is at least one byte an acknowledgment, exactly as RFC-037 has it, so
 * that it goes on however large cwnd is.
 */
#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/conn.h"

static void newreno_init(struct tcp_conn *conn)
{
    conn->cwnd = tcp_cc_initial_window(conn);
    conn->ssthresh = UINT32_MAX;
}

static void newreno_import(struct tcp_conn *conn, toe_instant now)
{
    (void)now;

    /* RFC-132 */
    if (conn->cwnd < conn->snd_mss) {
        conn->cwnd = conn->snd_mss;
    }
}

static void newreno_ack(struct tcp_conn *conn, uint32_t acked, toe_instant now)
{
    uint32_t step;

    (void)now;
    toe_assert(conn->cwnd > 0);
    if (tcp_cc_slow_start(conn, acked)) {
        return;
    }
    step = (uint32_t)((uint64_t)conn->snd_mss * tcp_cc_abc(conn, acked) / conn->cwnd);
    tcp_cc_grow(conn, step > 0 ? step : 1);
}

static void newreno_loss(struct tcp_conn *conn, toe_instant now)
{
    const uint32_t half = tcp_cc_load(conn) / 2;
    const uint32_t floor = 2 * (uint32_t)conn->snd_mss;

    (void)now;
    conn->ssthresh = half > floor ? half : floor;
}

static void newreno_rto(struct tcp_conn *conn, bool first, toe_instant now)
{
    if (first) {
        newreno_loss(conn, now);
    }
    conn->cwnd = conn->snd_mss;
}

static void newreno_idle(struct tcp_conn *conn, toe_instant now)
{
    const uint32_t window = tcp_cc_initial_window(conn);

    (void)now;
    if (conn->cwnd > window) {
        conn->cwnd = window;
    }
}

const struct tcp_cc_ops tcp_cc_newreno = {
    .name = "newreno",
    .id = TOE_CONGESTION_NEWRENO,
    .mark_percent = 80,
    .init = newreno_init,
    .import = newreno_import,
    .ack = newreno_ack,
    .loss = newreno_loss,
    .rto = newreno_rto,
    .idle = newreno_idle,
};
