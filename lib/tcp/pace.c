/* SPDX-License-Identifier: MIT */
#include "tcp/pace.h"

#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/send.h"

#define QUANTUM_MAX 65536u

static uint64_t rate_of(const struct tcp_conn *conn)
{
    const uint64_t quarters = conn->cwnd < conn->ssthresh ? 8 : 5;
    const uint64_t rate = quarters * conn->cwnd * (TOE_NS_PER_SEC / 4) / conn->srtt;

    return rate < TCP_PACE_RATE_MAX ? rate : TCP_PACE_RATE_MAX;
}

static uint32_t quantum(const struct tcp_conn *conn)
{
    const uint64_t ms = conn->busy->pace_rate / 1000;
    const uint32_t least = 2 * (uint32_t)conn->snd_mss;
    const uint32_t most = ms < QUANTUM_MAX ? (uint32_t)ms : QUANTUM_MAX;

    return most > least ? most : least;
}

/* What the bucket has room for. Where it is empty a burst begins, with the rate of the moment. */
static uint32_t room(struct tcp_conn *conn, toe_instant now)
{
    const toe_duration left = conn->busy->pace_at > now ? conn->busy->pace_at - now : 0;
    uint64_t ahead;

    if (left == 0 && (conn->cfg->cc->deliver == NULL || conn->busy->pace_rate == 0)) {
        conn->busy->pace_rate = rate_of(conn);
    }
    ahead =
        (left < TOE_NS_PER_SEC ? left : TOE_NS_PER_SEC) * conn->busy->pace_rate / TOE_NS_PER_SEC;
    return ahead < quantum(conn) ? quantum(conn) - (uint32_t)ahead : 0;
}

uint32_t tcp_pace_usable(struct tcp_conn *conn, uint32_t usable, toe_instant now)
{
    uint32_t most;

    if (!tcp_pace_is_on(conn) || usable == 0) {
        return usable;
    }
    if (tcp_send_flight(conn) == 0) {
        conn->busy->pace_burst = tcp_cc_initial_window(conn);
    }
    if (usable <= conn->busy->pace_burst) {
        return usable;
    }
    most = conn->busy->pace_burst + room(conn, now);
    if (most >= usable) {
        return usable;
    }
    if (most < conn->snd_mss) {
        tcp_deadline_set(conn, TCP_DEADLINE_PACE, conn->busy->pace_at);
        tcp_cc_limit(conn); /* It is not the application that has nothing to say. */
        return 0;
    }
    return most - most % conn->snd_mss;
}

void tcp_pace_sent(struct tcp_conn *conn, uint32_t len, toe_instant now)
{
    const toe_instant from =
        conn->busy->pace_at + TCP_PACE_LATE_MAX > now ? conn->busy->pace_at : now;
    const uint32_t at_once = len < conn->busy->pace_burst ? len : conn->busy->pace_burst;

    conn->busy->pace_burst -= at_once;
    len -= at_once;
    if (len == 0) {
        return;
    }
    if (conn->busy->pace_rate == 0) {
        conn->busy->pace_rate = rate_of(conn);
    }
    conn->busy->pace_at =
        from + len * TOE_NS_PER_SEC / (conn->busy->pace_rate > 0 ? conn->busy->pace_rate : 1);
}
