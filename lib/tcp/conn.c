/* SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/engine.h"
#include "tcp/hystart.h"
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

const struct tcp_busy tcp_idle = TCP_IDLE;

_Static_assert(TCP_DEADLINE_LASTING == 6, "TCP_IDLE says of each deadline that it is not armed");

/* |conn| goes on with the shared one, which nobody writes. */
static void make_idle(struct tcp_conn *conn)
{
    conn->busy = (struct tcp_busy *)(uintptr_t)tcp_conn_idle(conn);
}

void tcp_conn_wake(struct tcp_conn *conn, struct tcp_busy *busy)
{
    toe_assert(!tcp_conn_is_awake(conn));

    *busy = tcp_idle;
    conn->busy = busy;
    tcp_hystart_begin(conn);
}

/* Whether all of |busy| that means something says what tcp_idle does. */
static bool is_idle(const struct tcp_busy *busy, toe_instant now)
{
    for (int i = 0; i < TCP_DEADLINE_LASTING; ++i) {
        if (busy->deadlines[i] != TOE_INSTANT_NEVER) {
            return false;
        }
    }
    return busy->sendq.head == NULL && busy->recvq.head == NULL && busy->reassembly.head == NULL &&
           !busy->reassembly.has_fin && busy->scoreboard == NULL && busy->total_rt == 0 &&
           busy->challenge_cnt == 0 && busy->syn_challenge_at == 0 && busy->pace_at <= now;
}

struct tcp_busy *tcp_conn_rest(struct tcp_conn *conn, toe_instant now)
{
    struct tcp_busy *busy = conn->busy;

    if (!tcp_conn_is_awake(conn) || conn->flight != NULL || conn->cfg->cc->deliver != NULL ||
        conn->has_accecn || conn->rtt_timing || conn->in_recovery || conn->dup_due ||
        conn->rst_due || conn->ack_now || !toe_seq_eq(conn->snd_una, conn->snd_max) ||
        (conn->fin_queued && !conn->fin_acked) || !is_idle(busy, now)) {
        return NULL;
    }
    make_idle(conn);
    return busy;
}

void tcp_conn_init(struct tcp_conn *conn, struct tcp_busy *busy, const struct tcp_config *cfg,
                   const struct tcp_setup *setup, toe_instant now)
{
    memset(conn, 0, sizeof(*conn));
    conn->cfg = cfg;
    make_idle(conn);
    tcp_conn_wake(conn, busy);
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
    conn->is_ipv6 = setup->ipv6;
    conn->mss_remote = setup->ipv6 ? MSS_DEFAULT_IPV6 : MSS_DEFAULT;
    conn->ssthresh = UINT32_MAX;
    conn->last_sent = now;
    conn->cached.flags = setup->nagle ? TOE_TCP_NAGLE : 0;
    conn->cached.initial_rcv_wnd = setup->rcv_buf;

    for (int i = TCP_DEADLINE_LASTING; i < TCP_DEADLINE_CNT; ++i) {
        tcp_deadline_set(conn, (enum tcp_deadline)i, TOE_INSTANT_NEVER);
    }
    tcp_send_mss_update(conn);
}

void tcp_conn_fini(struct tcp_conn *conn)
{
    toe_assert(conn->busy->sendq.head == NULL);

    if (!tcp_conn_is_awake(conn)) {
        return;
    }
    tcp_recvq_fini(&conn->busy->recvq, conn->cfg->chunks);
    tcp_reassembly_flush(&conn->busy->reassembly, conn->cfg->chunks);
    tcp_flight_fini(conn);
    if (conn->busy->scoreboard != NULL) {
        base_slab_free(conn->cfg->scoreboards, conn->busy->scoreboard);
        conn->busy->scoreboard = NULL;
    }
}

static void check_send(const struct tcp_conn *conn)
{
    toe_assert(toe_seq_off(conn->snd_nxt, conn->snd_una) <= tcp_send_flight(conn));
    toe_assert(tcp_send_flight(conn) <= tcp_send_span(conn));
    toe_assert(conn->cwnd >= conn->snd_mss);
    toe_assert(!conn->fin_acked || conn->busy->sendq.len == 0);
    toe_assert(!conn->in_recovery || tcp_send_flight(conn) > 0);
    toe_assert(!conn->in_mark || (tcp_send_flight(conn) > 0 && !conn->in_recovery));
    toe_assert(conn->busy->dup_bytes == 0 || conn->in_recovery);
}

static void check_receive(const struct tcp_conn *conn)
{
    toe_assert(toe_seq_le(conn->rcv_nxt, conn->rcv_adv));
    toe_assert(conn->busy->reassembly.len <= tcp_window_rcv(conn));
    toe_assert(!conn->fin_rcvd || conn->busy->reassembly.len == 0);
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
