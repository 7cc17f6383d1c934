/* SPDX-License-Identifier: MIT */
#include "tcp/retransmit.h"

#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/ecn.h"
#include "tcp/fsm.h"
#include "tcp/persist.h"
#include "tcp/recovery.h"
#include "tcp/rtt.h"
#include "tcp/timestamps.h"

toe_duration tcp_retransmit_rto(const struct tcp_conn *conn)
{
    return tcp_rtt_backoff(conn, conn->backoff);
}

void tcp_retransmit_arm(struct tcp_conn *conn, toe_instant now)
{
    tcp_deadline_arm(conn, TCP_DEADLINE_RETRANSMIT, tcp_retransmit_rto(conn), now);
}

/* Whether one more retransmission would be one too many: by time if there is a limit on it, else by
 * count (TMR-081, TMR-089). */
static bool is_exhausted(const struct tcp_conn *conn)
{
    const uint32_t max_rt = conn->cached.max_rt;

    if (max_rt == 0) {
        return conn->retransmit_cnt >= conn->cfg->max_retransmissions;
    }
    return max_rt != TOE_TICKS_UNLIMITED &&
           conn->busy->total_rt >= max_rt * tcp_timestamps_tick(conn);
}

/* Gives up. The deadline stays as it is, so that an export says: expired (TMR-089). */
static void give_up(struct tcp_conn *conn, toe_instant now)
{
    tcp_deadline_set(conn, TCP_DEADLINE_RETRANSMIT, now);
    conn->verdict = TCP_VERDICT_TIMEOUT;
}

static void back_off(struct tcp_conn *conn)
{
    if (conn->retransmit_cnt < UINT8_MAX) {
        ++conn->retransmit_cnt;
    }
    if (conn->backoff < UINT8_MAX) {
        ++conn->backoff;
    }
}

void tcp_retransmit_expire(struct tcp_conn *conn, toe_instant now)
{
    const bool first = conn->retransmit_cnt == 0;

    toe_assert(!toe_seq_eq(conn->snd_una, conn->snd_max));

    /* A window that closed over what was sent is probed, not flooded, and for as long as the peer
     * answers (RFC 9293, 3.8.6). */
    if (tcp_is_synchronized(conn) && conn->snd_wnd == 0) {
        tcp_persist_take_over(conn, now);
        return;
    }

    /* The time from the first retransmission on (TMR-090). */
    if (!first) {
        conn->busy->total_rt += tcp_retransmit_rto(conn);
    }
    if (is_exhausted(conn)) {
        give_up(conn, now);
        return;
    }
    back_off(conn);
    tcp_retransmit_arm(conn, now);
    conn->rtt_timing = false;
    if (!tcp_is_synchronized(conn)) {
        conn->syn_due = true;
        return;
    }

    conn->ecn_wait = false;
    if (conn->cfg->tuning.mtu_probing != TOE_MTU_PROBING_OFF) {
        tcp_plpmtud_timeout(conn, now);
    }
    tcp_recovery_timeout(conn, now);
    conn->cfg->cc->rto(conn, first, now);
    tcp_ecn_reduced(conn);
    tcp_recovery_abandon(conn);
    tcp_recovery_after_timeout(conn);
    conn->dup_ack_cnt = 0;
    conn->snd_nxt = conn->snd_una;
    conn->rexmit_due = true;
}
