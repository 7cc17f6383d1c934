/* SPDX-License-Identifier: MIT */
#include "tcp/timestamps.h"

/* RFC-065 */
#define RECENT_MAX (24 * UINT64_C(86400) * TOE_NS_PER_SEC)

#define HALF UINT32_C(0x80000000)

/* The lengths of a tick that the seam speaks of. By a constant the compiler divides without a
 * division, which costs as much as all the rest of a segment's headers. */
#define TICK_1000 (TOE_NS_PER_SEC / 1000)
#define TICK_100 (TOE_NS_PER_SEC / 100)
#define TICK_10 (TOE_NS_PER_SEC / 10)

toe_duration tcp_timestamps_tick(const struct tcp_conn *conn)
{
    switch (conn->cfg->ticks_per_second) {
    case 1000:
        return TICK_1000;
    case 100:
        return TICK_100;
    case 10:
        return TICK_10;
    default:
        return TOE_NS_PER_SEC / conn->cfg->ticks_per_second;
    }
}

static uint32_t ticks_of(const struct tcp_conn *conn, toe_instant now)
{
    switch (conn->cfg->ticks_per_second) {
    case 1000:
        return (uint32_t)(now / TICK_1000);
    case 100:
        return (uint32_t)(now / TICK_100);
    case 10:
        return (uint32_t)(now / TICK_10);
    default:
        return (uint32_t)(now / tcp_timestamps_tick(conn));
    }
}

uint32_t tcp_timestamps_clock(const struct tcp_conn *conn, toe_instant now)
{
    return ticks_of(conn, now) + conn->ts_delta;
}

static bool is_outdated(const struct tcp_conn *conn, toe_instant now)
{
    return now - conn->ts_recent_at > RECENT_MAX;
}

enum toe_drop tcp_timestamps_check(const struct tcp_conn *conn, const struct tcp_segment *seg,
                                   toe_instant now)
{
    if (!conn->has_timestamps || (seg->flags & (TCP_RST | TCP_SYN)) != 0) {
        return TOE_DROP_NONE;
    }
    if (!seg->has_ts) {
        return TOE_DROP_TCP_NO_TIMESTAMP;
    }
    if (seg->ts_val - conn->ts_recent >= HALF && !is_outdated(conn, now)) {
        return TOE_DROP_TCP_PAWS;
    }
    return TOE_DROP_NONE;
}

void tcp_timestamps_update(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    if (!conn->has_timestamps || !seg->has_ts || toe_seq_gt(seg->seq, conn->last_ack)) {
        return;
    }
    if (seg->ts_val - conn->ts_recent < HALF || is_outdated(conn, now)) {
        conn->ts_recent = seg->ts_val;
        conn->ts_recent_at = now;
    }
}

bool tcp_timestamps_sample(const struct tcp_conn *conn, toe_duration *sample,
                           const struct tcp_segment *seg, toe_instant now)
{
    uint32_t ticks;

    if (!conn->has_timestamps || !seg->has_ts || seg->ts_ecr == 0) {
        return false;
    }
    ticks = tcp_timestamps_clock(conn, now) - seg->ts_ecr;
    if (ticks >= HALF) {
        return false;
    }

    /* Less than a tick is half a tick: zero would say that nothing was measured. */
    *sample = ticks > 0 ? ticks * tcp_timestamps_tick(conn) : tcp_timestamps_tick(conn) / 2;
    return true;
}
