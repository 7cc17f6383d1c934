/* SPDX-License-Identifier: MIT */
#include "tcp/mitigation.h"

#include "tcp/deadline.h"
#include "tcp/fsm.h"
#include "tcp/keepalive.h"

/* RFC-081: so many challenges in such a period. */
#define CHALLENGE_MAX 10
#define CHALLENGE_PERIOD (5 * TOE_NS_PER_SEC)

/* SEG-004 */
#define SYN_PERIOD (3 * TOE_NS_PER_SEC)

void tcp_budget_init(struct tcp_budget *budget, uint32_t mean, uint64_t seed)
{
    *budget = (struct tcp_budget){.mean = mean};
    base_rand_init(&budget->rand, seed);
}

static bool take_budget(struct tcp_budget *budget, toe_instant now)
{
    if (now >= budget->until) {
        budget->left = budget->mean / 2 + (uint32_t)base_rand_below(&budget->rand, budget->mean);
        budget->until = now + TOE_NS_PER_SEC;
    }
    if (budget->left == 0) {
        return false;
    }
    --budget->left;
    return true;
}

bool tcp_challenge(struct tcp_conn *conn, toe_instant now)
{
    if (conn->busy->challenge_cnt == 0 || now - conn->busy->challenge_at >= CHALLENGE_PERIOD) {
        conn->busy->challenge_cnt = 0;
        conn->busy->challenge_at = now;
    }
    if (conn->busy->challenge_cnt >= CHALLENGE_MAX ||
        (conn->cfg->challenges != NULL && !take_budget(conn->cfg->challenges, now))) {
        return false;
    }
    ++conn->busy->challenge_cnt;
    conn->ack_now = true;
    return true;
}

/* TIME_WAIT assassination is avoided: only a RST that is exact, and proves it by its timestamp,
 * counts there (RFC-030). */
static bool is_assassination(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    return conn->state == TOE_TCP_TIME_WAIT &&
           !(conn->has_timestamps && seg->has_ts &&
             seg->ts_val - conn->ts_recent < UINT32_C(0x80000000));
}

enum toe_drop tcp_mitigate_rst(struct tcp_conn *conn, const struct tcp_segment *seg,
                               toe_instant now)
{
    if (is_assassination(conn, seg)) {
        return TOE_DROP_TCP_RST_INEXACT;
    }
    if (toe_seq_eq(seg->seq, conn->rcv_nxt)) {
        tcp_conn_close(conn,
                       conn->state == TOE_TCP_SYN_RCVD ? TCP_VERDICT_REFUSED : TCP_VERDICT_RESET);
        return TOE_DROP_NONE;
    }

    /* SEG-012: one in each validation period. */
    if (!conn->rst_validating && tcp_challenge(conn, now)) {
        conn->rst_validating = true;
        tcp_keepalive_mitigate(conn, now);
    }
    return TOE_DROP_TCP_RST_INEXACT;
}

enum toe_drop tcp_mitigate_syn(struct tcp_conn *conn, const struct tcp_segment *seg,
                               toe_instant now)
{
    if (conn->cfg->rfc5961_syn) {
        if (tcp_challenge(conn, now)) {
            tcp_keepalive_mitigate(conn, now);
        }
        return TOE_DROP_TCP_SYN_CHALLENGED;
    }
    if (toe_seq_eq(seg->seq, conn->rcv_nxt)) {
        tcp_conn_close(conn, TCP_VERDICT_SYN);
        return TOE_DROP_TCP_SYN_UPLOAD;
    }

    if ((conn->busy->syn_challenge_at == 0 ||
         now + 1 - conn->busy->syn_challenge_at >= SYN_PERIOD) &&
        tcp_challenge(conn, now)) {
        conn->busy->syn_challenge_at = now + 1;
        tcp_keepalive_mitigate(conn, now);
    }
    return TOE_DROP_TCP_SYN_CHALLENGED;
}
