/* SPDX-License-Identifier: MIT */
/*
 * The state machine: the diagram of RFC 9293, section 3.3.2, as a table of legal successors.
 *
 * The table says where a connection may go; why it goes there is said by whoever calls the one
 * setter. CLOSED is left by an open or by an import, which is why it leads to every state but
 * LISTEN, which no connection is in: a listener is the host's own object.
 */
#ifndef TCP_FSM_H
#define TCP_FSM_H

#include "tcp/conn.h"

/* tcp_state_set() moves |conn| to |state|, which must be a legal successor of the one it is in. */
void tcp_state_set(struct tcp_conn *conn, enum toe_conn_state state);

/* tcp_state_is_legal() tells whether |to| may follow |from|. */
bool tcp_state_is_legal(enum toe_conn_state from, enum toe_conn_state to);

/* tcp_conn_close() ends |conn|: CLOSED because of |verdict|, nothing more is to leave or expire. */
void tcp_conn_close(struct tcp_conn *conn, enum tcp_verdict verdict);

/* tcp_time_wait_enter() moves to TIME_WAIT, whose timer runs only where it is the engine's. */
void tcp_time_wait_enter(struct tcp_conn *conn, toe_instant now);

/* tcp_is_synchronized() tells whether both ends know each other's sequence numbers. */
static inline bool tcp_is_synchronized(const struct tcp_conn *conn)
{
    return conn->state >= TOE_TCP_ESTABLISHED;
}

/* tcp_can_send_data() tells whether data, or a FIN, may leave or be retransmitted. */
static inline bool tcp_can_send_data(const struct tcp_conn *conn)
{
    return conn->state >= TOE_TCP_ESTABLISHED && conn->state != TOE_TCP_TIME_WAIT;
}

#endif
