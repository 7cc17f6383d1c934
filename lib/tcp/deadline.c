/* SPDX-License-Identifier: MIT */
/*
 * What each deadline is for, who arms it and who cancels it.
 *
 * PROBE (tcp/rack.c, tcp/tlp.c)
 *     What is not acknowledged counts as lost soon, or the end of the flight, or what fills its
 *     first hole, may be lost and is probed. Armed while RACK waits, or else by everything that is
 *     sent or acknowledged. Never due after RETRANSMIT.
 * RETRANSMIT (tcp/retransmit.c)
 *     The segment at snd_una, a SYN included, is resent. Armed when something is sent and it is not
 *     running, again by every acknowledgment of new data, and by its own expiry; cancelled when all
 *     is acknowledged.
 * PERSIST (tcp/persist.c)
 *     A closed window is probed. Armed while snd_wnd is 0 and something waits to be sent; cancelled
 *     when the window opens.
 * FIN_WAIT_2 (here)
 *     The peer never closes its half. Armed on entering that state and by every acceptable segment
 *     in it.
 * KEEP_ALIVE (tcp/keepalive.c)
 *     The peer is silent, or somebody forges segments. Armed while the option is on, by every
 *     acceptable segment, and by a challenge; cancelled with the option.
 * DELAYED_ACK (tcp/window.c)
 *     An acknowledgment is owed. Armed by text in order; cancelled by every segment that leaves,
 *     for all carry an acknowledgment.
 * SWS (tcp/window.c)
 *     A short segment, or a small advance of the receive window, is held back. Armed when that
 *     happens; cancelled when neither is the case any more.
 * TIME_WAIT (here)
 *     Two segment lifetimes are over. Armed on entering that state and by every FIN that is resent;
 *     not at all where TIME_WAIT is not the engine's.
 * PACE (tcp/pace.c, tcp/ecn.c)
 *     What waits for the rate, or where cwnd is a segment and came back marked, may leave. Armed
 *     when something does; cancelled by its expiry.
 *
 * RETRANSMIT, PERSIST and FIN_WAIT_2 are one slot at the seam and exclude each other. An idle
 * connection has none.
 */
#include "tcp/deadline.h"

#include "base/assert.h"
#include "tcp/engine.h"
#include "tcp/fsm.h"
#include "tcp/keepalive.h"
#include "tcp/persist.h"
#include "tcp/recovery.h"
#include "tcp/retransmit.h"
#include "tcp/rtt.h"
#include "tcp/window.h"

void tcp_deadline_arm(struct tcp_conn *conn, enum tcp_deadline which, toe_duration after,
                      toe_instant now)
{
    tcp_deadline_set(conn, which,
                     after < TOE_INSTANT_NEVER - now ? now + after : TOE_INSTANT_NEVER - 1);
}

void tcp_deadline_cancel_all(struct tcp_conn *conn)
{
    for (int i = 0; i < TCP_DEADLINE_CNT; ++i) {
        tcp_deadline_cancel(conn, (enum tcp_deadline)i);
    }
}

enum tcp_deadline tcp_deadline_slot(const struct tcp_conn *conn)
{
    if (conn->state == TOE_TCP_FIN_WAIT_2) {
        return TCP_DEADLINE_FIN_WAIT_2;
    }
    return tcp_deadline_is_armed(conn, TCP_DEADLINE_PERSIST) ? TCP_DEADLINE_PERSIST
                                                             : TCP_DEADLINE_RETRANSMIT;
}

void tcp_deadline_settle(struct tcp_conn *conn, toe_instant now)
{
    if (conn->state == TOE_TCP_CLOSED || conn->verdict != TCP_VERDICT_NONE) {
        return;
    }

    if (conn->snd_wnd == 0 && tcp_persist_is_wanted(conn)) {
        if (!tcp_deadline_is_armed(conn, TCP_DEADLINE_PERSIST)) {
            tcp_persist_start(conn, now);
        }
        return;
    }
    if (tcp_deadline_is_armed(conn, TCP_DEADLINE_PERSIST)) {
        tcp_persist_stop(conn);
    }

    if (toe_seq_eq(conn->snd_una, conn->snd_max)) {
        tcp_deadline_cancel(conn, TCP_DEADLINE_RETRANSMIT);
    } else if (!tcp_deadline_is_armed(conn, TCP_DEADLINE_RETRANSMIT)) {
        tcp_retransmit_arm(conn, now);
    }
}

toe_instant tcp_deadline(const struct tcp_conn *conn)
{
    toe_instant first = TOE_INSTANT_NEVER;

    if (conn->verdict != TCP_VERDICT_NONE || conn->state == TOE_TCP_CLOSED) {
        return TOE_INSTANT_NEVER;
    }
    for (int i = 0; i < TCP_DEADLINE_CNT; ++i) {
        const toe_instant at = tcp_deadline_at(conn, (enum tcp_deadline)i);

        first = at < first ? at : first;
    }
    return first;
}

static void expire_one(struct tcp_conn *conn, enum tcp_deadline which, toe_instant now)
{
    switch (which) {
    case TCP_DEADLINE_PROBE:
        tcp_recovery_expire(conn, now);
        return;
    case TCP_DEADLINE_RETRANSMIT:
        tcp_retransmit_expire(conn, now);
        return;
    case TCP_DEADLINE_PERSIST:
        tcp_persist_expire(conn, now);
        return;
    case TCP_DEADLINE_FIN_WAIT_2:
        tcp_conn_close(conn, TCP_VERDICT_FIN_WAIT_2);
        return;
    case TCP_DEADLINE_KEEP_ALIVE:
        tcp_keepalive_expire(conn, now);
        return;
    case TCP_DEADLINE_DELAYED_ACK:
        tcp_deadline_cancel(conn, which);
        conn->ack_now = true;
        return;
    case TCP_DEADLINE_SWS:
        tcp_window_expire(conn);
        return;
    case TCP_DEADLINE_TIME_WAIT:
        tcp_conn_close(conn, TCP_VERDICT_DONE);
        return;
    case TCP_DEADLINE_PACE:
        tcp_deadline_cancel(conn, which); /* and tcp_output() is asked */
        conn->ecn_wait = false;
        return;
    case TCP_DEADLINE_CNT:
        break;
    }
    toe_assert(false);
}

void tcp_expire(struct tcp_conn *conn, toe_instant now)
{
    for (int i = 0; i < TCP_DEADLINE_CNT; ++i) {
        if (conn->verdict == TCP_VERDICT_NONE && conn->state != TOE_TCP_CLOSED &&
            tcp_deadline_at(conn, (enum tcp_deadline)i) <= now) {
            expire_one(conn, (enum tcp_deadline)i, now);
        }
    }
    tcp_conn_check(conn);
}
