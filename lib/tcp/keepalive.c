/* SPDX-License-Identifier: MIT */
#include "tcp/keepalive.h"

#include "tcp/deadline.h"
#include "tcp/fsm.h"
#include "tcp/send.h"
#include "tcp/timestamps.h"

/* SEG-023: what is used where the host said nothing; for the first, RFC 9293, 3.8.4. */
#define TIMEOUT_DEFAULT (UINT64_C(7200) * TOE_NS_PER_SEC)
#define INTERVAL_DEFAULT TOE_NS_PER_SEC
#define PROBE_CNT_DEFAULT 10

/* SEG-020 */
#define MITIGATION_TIMEOUT (300 * TOE_NS_PER_SEC)

static toe_duration or_default(const struct tcp_conn *conn, uint32_t ticks, toe_duration otherwise)
{
    return ticks != 0 ? ticks * tcp_timestamps_tick(conn) : otherwise;
}

void tcp_keepalive_restart(struct tcp_conn *conn, toe_instant now)
{
    conn->mitigating = false;
    if (!conn->keep_alive || conn->state == TOE_TCP_TIME_WAIT) {
        tcp_deadline_cancel(conn, TCP_DEADLINE_KEEP_ALIVE);
        return;
    }
    tcp_deadline_arm(conn, TCP_DEADLINE_KEEP_ALIVE,
                     or_default(conn, conn->cached.ka_timeout, TIMEOUT_DEFAULT), now);
}

void tcp_keepalive_heard(struct tcp_conn *conn, toe_instant now)
{
    conn->ka_probe_cnt = 0;
    conn->keep_alive_due = false;
    conn->rst_validating = false;
    if (conn->keep_alive || conn->mitigating) {
        tcp_keepalive_restart(conn, now);
    }
}

void tcp_keepalive_mitigate(struct tcp_conn *conn, toe_instant now)
{
    if (conn->state == TOE_TCP_TIME_WAIT || !tcp_is_synchronized(conn)) {
        return;
    }
    conn->mitigating = true;
    if (!tcp_deadline_is_armed(conn, TCP_DEADLINE_KEEP_ALIVE) ||
        tcp_deadline_at(conn, TCP_DEADLINE_KEEP_ALIVE) > now + MITIGATION_TIMEOUT) {
        tcp_deadline_arm(conn, TCP_DEADLINE_KEEP_ALIVE, MITIGATION_TIMEOUT, now);
    }
}

void tcp_keepalive_expire(struct tcp_conn *conn, toe_instant now)
{
    const toe_duration interval = or_default(conn, conn->cached.ka_interval, INTERVAL_DEFAULT);
    const uint8_t max =
        conn->cached.ka_probe_cnt != 0 ? conn->cached.ka_probe_cnt : PROBE_CNT_DEFAULT;

    conn->rst_validating = false; /* SEG-013 */

    /* TMR-050: what is outstanding asks the same question, and has a limit of its own. */
    if (tcp_send_flight(conn) > 0 || tcp_deadline_is_armed(conn, TCP_DEADLINE_PERSIST)) {
        tcp_deadline_arm(conn, TCP_DEADLINE_KEEP_ALIVE, interval, now);
        return;
    }

    /* The deadline stays: expired (TMR-051, SEG-026). */
    if (conn->ka_probe_cnt >= max) {
        tcp_deadline_set(conn, TCP_DEADLINE_KEEP_ALIVE, now);
        conn->verdict = TCP_VERDICT_KEEP_ALIVE;
        if (conn->mitigating) {
            tcp_state_set(conn, TOE_TCP_CLOSED);
        }
        return;
    }

    ++conn->ka_probe_cnt;
    conn->keep_alive_due = true;
    tcp_deadline_arm(conn, TCP_DEADLINE_KEEP_ALIVE, interval, now);
}
