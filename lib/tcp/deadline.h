/* SPDX-License-Identifier: MIT */
/*
 * Deadlines of a connection: so many instants, and what becomes due at each.
 *
 * tcp/deadline.c lists what each is for, who arms it and who cancels it.
 */
#ifndef TCP_DEADLINE_H
#define TCP_DEADLINE_H

#include "tcp/conn.h"

/* tcp_deadline_at() is when |which| is due, or TOE_INSTANT_NEVER if it is not armed. */
static inline toe_instant tcp_deadline_at(const struct tcp_conn *conn, enum tcp_deadline which)
{
    return which < TCP_DEADLINE_LASTING ? conn->busy->deadlines[which]
                                        : conn->lasting[which - TCP_DEADLINE_LASTING];
}

/* tcp_deadline_set() lets |which| be due at |at|. */
static inline void tcp_deadline_set(struct tcp_conn *conn, enum tcp_deadline which, toe_instant at)
{
    if (which < TCP_DEADLINE_LASTING) {
        conn->busy->deadlines[which] = at;
    } else {
        conn->lasting[which - TCP_DEADLINE_LASTING] = at;
    }
}

/* tcp_deadline_is_armed() tells whether |which| is running. */
static inline bool tcp_deadline_is_armed(const struct tcp_conn *conn, enum tcp_deadline which)
{
    return tcp_deadline_at(conn, which) != TOE_INSTANT_NEVER;
}

/* tcp_deadline_arm() sets |which| to |after| from |now|, whether it was armed or not. */
void tcp_deadline_arm(struct tcp_conn *conn, enum tcp_deadline which, toe_duration after,
                      toe_instant now);

/* tcp_deadline_cancel() stops |which|, which need not be armed. */
static inline void tcp_deadline_cancel(struct tcp_conn *conn, enum tcp_deadline which)
{
    if (tcp_deadline_is_armed(conn, which)) {
        tcp_deadline_set(conn, which, TOE_INSTANT_NEVER);
    }
}

/* tcp_deadline_cancel_all() stops all of them. */
void tcp_deadline_cancel_all(struct tcp_conn *conn);

/* tcp_deadline_slot() is the owner of the slot that three share, armed or not (TMR-096). */
enum tcp_deadline tcp_deadline_slot(const struct tcp_conn *conn);

/*
 * tcp_deadline_settle() gives the slot that retransmit, persist and FIN_WAIT_2 share to its owner
 * (TMR-096), and arms it if it is not: with persist while the window is closed before unsent data,
 * with retransmit while anything is unacknowledged (TMR-010). FIN_WAIT_2 is armed elsewhere.
 */
void tcp_deadline_settle(struct tcp_conn *conn, toe_instant now);

#endif
