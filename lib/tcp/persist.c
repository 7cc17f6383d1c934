/* SPDX-License-Identifier: MIT */
#include "tcp/persist.h"

#include "base/assert.h"
#include "tcp/deadline.h"
#include "tcp/fsm.h"
#include "tcp/recovery.h"
#include "tcp/rtt.h"
#include "tcp/send.h"

bool tcp_persist_is_wanted(const struct tcp_conn *conn)
{
    return conn->snd_wnd == 0 && tcp_can_send_data(conn) &&
           toe_seq_off(conn->snd_nxt, conn->snd_una) < tcp_send_span(conn);
}

void tcp_persist_start(struct tcp_conn *conn, toe_instant now)
{
    tcp_deadline_cancel(conn, TCP_DEADLINE_RETRANSMIT);
    conn->snd_wnd_probe_cnt = 0;
    conn->retransmit_cnt = 0;
    conn->busy->total_rt = 0;
    tcp_deadline_arm(conn, TCP_DEADLINE_PERSIST, tcp_rtt_rto(conn), now);
}

void tcp_persist_stop(struct tcp_conn *conn)
{
    tcp_deadline_cancel(conn, TCP_DEADLINE_PERSIST);
    conn->snd_wnd_probe_cnt = 0;
    conn->retransmit_cnt = 0;
    conn->probe_due = false;
}

void tcp_persist_take_over(struct tcp_conn *conn, toe_instant now)
{
    tcp_persist_start(conn, now);
    tcp_persist_expire(conn, now);
}

void tcp_persist_ack(struct tcp_conn *conn, uint32_t old_wnd, toe_instant now)
{
    if (conn->snd_wnd > 0 || old_wnd > 0) {
        return; /* Opened, or just closed: tcp_deadline_settle() does the rest. */
    }
    if (!tcp_deadline_is_armed(conn, TCP_DEADLINE_PERSIST) || conn->retransmit_cnt == 0) {
        return;
    }

    /* TMR-059, also during the retransmit phase (TMR-060). */
    if (conn->snd_wnd_probe_cnt < UINT8_MAX) {
        ++conn->snd_wnd_probe_cnt;
    }
    conn->retransmit_cnt = 0;
    conn->probe_due = false;
    tcp_deadline_arm(conn, TCP_DEADLINE_PERSIST, tcp_rtt_backoff(conn, conn->snd_wnd_probe_cnt),
                     now);
}

void tcp_persist_expire(struct tcp_conn *conn, toe_instant now)
{
    toe_assert(conn->snd_wnd == 0);

    /* TMR-063: at this expiry there is no further probe. The deadline stays: expired. */
    if (conn->retransmit_cnt >= conn->cfg->max_retransmissions) {
        tcp_deadline_set(conn, TCP_DEADLINE_PERSIST, now);
        conn->verdict = TCP_VERDICT_TIMEOUT;
        return;
    }

    tcp_recovery_abandon(conn);
    conn->snd_nxt = conn->snd_una;
    conn->rtt_timing = false;
    conn->rexmit_due = false;
    conn->probe_due = true;
    tcp_deadline_arm(conn, TCP_DEADLINE_PERSIST,
                     tcp_rtt_backoff(conn, conn->retransmit_cnt + conn->cfg->tuning.probe_backoff),
                     now);
    ++conn->retransmit_cnt;
}
