/* SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "tcp/deadline.h"
#include "tcp/engine.h"
#include "tcp/inflight.h"
#include "tcp/fsm.h"
#include "tcp/scoreboard.h"
#include "tcp/send.h"
#include "tcp/window.h"

#include <string.h>

/* RFC 7323, 2.3 */
#define WSCALE_MAX 14

/* RFC 9293, 3.7.1: what a peer takes that announced nothing. */
#define MSS_DEFAULT 536
#define MSS_DEFAULT_IPV6 1220

void tcp_conn_init(struct tcp_conn *conn, const struct tcp_config *cfg,
                   const struct tcp_setup *setup, toe_instant now)
{
    memset(conn, 0, sizeof(*conn));
    conn->cfg = cfg;
    conn->rcv_buf = setup->rcv_buf;
    conn->rcv_wscale = setup->rcv_wscale < WSCALE_MAX ? setup->rcv_wscale : WSCALE_MAX;
    conn->has_timestamps = setup->timestamps;
    conn->has_sack = setup->sack;
    conn->has_window_scaling = setup->window_scaling;
    conn->has_ecn = setup->ecn;
    conn->has_accecn = setup->ecn && setup->accecn;
    conn->ecn_offers = setup->ecn && setup->ecn_offer;
    conn->nagle = setup->nagle;
    conn->ts_delta = setup->ts_offset;
    conn->mss_local = setup->mss_local;
    conn->mss_limit = setup->mss_limit;
    conn->mss_remote = setup->ipv6 ? MSS_DEFAULT_IPV6 : MSS_DEFAULT;
    conn->ssthresh = UINT32_MAX;
    conn->last_sent = now;
    conn->cached.flags = setup->nagle ? TOE_TCP_NAGLE : 0;
    conn->cached.initial_rcv_wnd = setup->rcv_buf;

    tcp_sendq_init(&conn->sendq);
    tcp_recvq_init(&conn->recvq);
    tcp_reassembly_init(&conn->reassembly);
    tcp_deadline_cancel_all(conn);
    tcp_send_mss_update(conn);
}

void tcp_conn_fini(struct tcp_conn *conn)
{
    toe_assert(conn->sendq.head == NULL);

    tcp_recvq_fini(&conn->recvq, conn->cfg->chunks);
    tcp_reassembly_flush(&conn->reassembly, conn->cfg->chunks);
    tcp_flight_fini(conn);
    if (conn->scoreboard != NULL) {
        base_slab_free(conn->cfg->scoreboards, conn->scoreboard);
        conn->scoreboard = NULL;
    }
}

static void check_send(const struct tcp_conn *conn)
{
    toe_assert(toe_seq_off(conn->snd_nxt, conn->snd_una) <= tcp_send_flight(conn));
    toe_assert(tcp_send_flight(conn) <= tcp_send_span(conn));
    toe_assert(conn->cwnd >= conn->snd_mss);
    toe_assert(!conn->fin_acked || conn->sendq.len == 0);
    toe_assert(!conn->in_recovery || tcp_send_flight(conn) > 0);
    toe_assert(conn->dup_bytes == 0 || conn->in_recovery);
}

static void check_receive(const struct tcp_conn *conn)
{
    toe_assert(toe_seq_le(conn->rcv_nxt, conn->rcv_adv));
    toe_assert(conn->reassembly.len <= tcp_window_rcv(conn));
    toe_assert(!conn->fin_rcvd || conn->reassembly.len == 0);
}

static void check_deadlines(const struct tcp_conn *conn)
{
    const int slot = tcp_deadline_is_armed(conn, TCP_DEADLINE_RETRANSMIT) +
                     tcp_deadline_is_armed(conn, TCP_DEADLINE_PERSIST) +
                     tcp_deadline_is_armed(conn, TCP_DEADLINE_FIN_WAIT_2);

    toe_assert(slot <= 1);
}

void tcp_conn_check(const struct tcp_conn *conn)
{
    if (tcp_is_synchronized(conn)) {
        check_send(conn);
        check_receive(conn);
    }
    check_deadlines(conn);
}
