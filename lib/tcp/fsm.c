/* SPDX-License-Identifier: MIT */
#include "tcp/fsm.h"

#include "base/assert.h"
#include "tcp/deadline.h"

#define BIT(state) (1u << TOE_TCP_##state)

static const uint16_t successors[TOE_TCP_TIME_WAIT + 1] = {
    [TOE_TCP_CLOSED] = BIT(SYN_SENT) | BIT(SYN_RCVD) | BIT(ESTABLISHED) | BIT(FIN_WAIT_1) |
                       BIT(FIN_WAIT_2) | BIT(CLOSE_WAIT) | BIT(CLOSING) | BIT(LAST_ACK) |
                       BIT(TIME_WAIT),
    [TOE_TCP_LISTEN] = 0,
    [TOE_TCP_SYN_SENT] = BIT(CLOSED) | BIT(SYN_RCVD) | BIT(ESTABLISHED),
    [TOE_TCP_SYN_RCVD] = BIT(CLOSED) | BIT(ESTABLISHED),
    [TOE_TCP_ESTABLISHED] = BIT(CLOSED) | BIT(FIN_WAIT_1) | BIT(CLOSE_WAIT),
    [TOE_TCP_FIN_WAIT_1] = BIT(CLOSED) | BIT(FIN_WAIT_2) | BIT(CLOSING),
    [TOE_TCP_FIN_WAIT_2] = BIT(CLOSED) | BIT(TIME_WAIT),
    [TOE_TCP_CLOSE_WAIT] = BIT(CLOSED) | BIT(LAST_ACK) | BIT(CLOSING), /* see tcp_close() */
    [TOE_TCP_CLOSING] = BIT(CLOSED) | BIT(TIME_WAIT),
    [TOE_TCP_LAST_ACK] = BIT(CLOSED),
    [TOE_TCP_TIME_WAIT] = BIT(CLOSED),
};

bool tcp_state_is_legal(enum toe_conn_state from, enum toe_conn_state to)
{
    return from <= TOE_TCP_TIME_WAIT && to <= TOE_TCP_TIME_WAIT &&
           (successors[from] & (1u << to)) != 0;
}

void tcp_state_set(struct tcp_conn *conn, enum toe_conn_state state)
{
    toe_assert(tcp_state_is_legal((enum toe_conn_state)conn->state, state));

    conn->state = (uint8_t)state;
}

void tcp_conn_close(struct tcp_conn *conn, enum tcp_verdict verdict)
{
    tcp_state_set(conn, TOE_TCP_CLOSED);
    conn->verdict = (uint8_t)verdict;
    conn->ack_now = false;
    conn->unacked_cnt = 0;
    tcp_deadline_cancel_all(conn);
}

void tcp_time_wait_enter(struct tcp_conn *conn, toe_instant now)
{
    tcp_state_set(conn, TOE_TCP_TIME_WAIT);
    tcp_deadline_cancel(conn, TCP_DEADLINE_FIN_WAIT_2);
    tcp_deadline_cancel(conn, TCP_DEADLINE_KEEP_ALIVE);
    conn->keep_alive_due = false;
    conn->mitigating = false;
    if (!conn->cfg->time_wait_uploads) {
        tcp_deadline_arm(conn, TCP_DEADLINE_TIME_WAIT, conn->cfg->time_wait, now);
    }
}
