/* SPDX-License-Identifier: MIT */
#include "tcp/send.h"

#include "base/assert.h"
#include "tcp/engine.h"
#include "tcp/fsm.h"
#include "tcp/recovery.h"
#include "tcp/window.h"

/* Bytes that the timestamps option takes, padded (RFC-068). */
#define TIMESTAMPS_LEN 12u

/* What fits into the least MTU there is, 68 (STATE-PK-2); less comes from garbage only. */
#define MSS_MIN 28u

static uint16_t payload_of(const struct tcp_conn *conn, uint32_t mss)
{
    if (mss < MSS_MIN) {
        mss = MSS_MIN;
    }
    return (uint16_t)(mss - (conn->has_timestamps ? TIMESTAMPS_LEN : 0));
}

static uint16_t min_u16(uint16_t a, uint16_t b)
{
    return a < b ? a : b;
}

void tcp_send_mss_update(struct tcp_conn *conn)
{
    const uint16_t most = min_u16(conn->mss_remote, conn->mss_limit); /* SND-023 */
    const uint16_t verified = conn->mtu.verified;

    conn->snd_mss = payload_of(conn, verified != 0 ? min_u16(verified, most) : most);
    conn->rcv_mss = payload_of(conn, min_u16(conn->mss_local, conn->mss_limit));
    if (conn->cwnd < conn->snd_mss) {
        conn->cwnd = conn->snd_mss;
    }
}

void tcp_send(struct tcp_conn *conn, struct toe_buf *chain)
{
    toe_assert(!conn->fin_queued);

    tcp_sendq_push(&conn->busy->sendq, chain);
}

struct toe_buf *tcp_send_pop(struct tcp_conn *conn)
{
    return tcp_sendq_pop(&conn->busy->sendq);
}

struct toe_buf *tcp_send_take(struct tcp_conn *conn)
{
    return conn->busy->sendq.head != NULL ? tcp_sendq_take(&conn->busy->sendq) : NULL;
}

uint32_t tcp_send_len(const struct tcp_conn *conn)
{
    return conn->busy->sendq.len;
}

bool tcp_send_read(struct tcp_conn *conn, uint8_t *dst, uint32_t off, uint32_t len, uint64_t *sum)
{
    if (tcp_sendq_read(&conn->busy->sendq, &conn->cfg->bus, dst, off, len, sum)) {
        return true;
    }
    if (conn->verdict == TCP_VERDICT_NONE) {
        conn->verdict = TCP_VERDICT_UNMAPPABLE;
    }
    return false;
}

uint32_t tcp_send_map(struct tcp_conn *conn, const uint8_t **data, uint32_t off, uint32_t len)
{
    return tcp_sendq_map(&conn->busy->sendq, &conn->cfg->bus, data, off, len);
}

void tcp_close(struct tcp_conn *conn)
{
    switch ((enum toe_conn_state)conn->state) {
    case TOE_TCP_SYN_SENT:
        tcp_conn_close(conn, TCP_VERDICT_DONE);
        return;
    case TOE_TCP_SYN_RCVD:
        conn->fin_queued = true; /* FIN_WAIT_1 follows as soon as it is established. */
        return;
    case TOE_TCP_ESTABLISHED:
        conn->fin_queued = true;
        tcp_state_set(conn, TOE_TCP_FIN_WAIT_1);
        return;
    case TOE_TCP_CLOSE_WAIT:
        /* To a peer whose FIN is not acknowledged yet both close at once (|acks_consumed|). */
        conn->fin_queued = true;
        tcp_state_set(conn, toe_seq_lt(tcp_window_ack(conn), conn->rcv_nxt) ? TOE_TCP_CLOSING
                                                                            : TOE_TCP_LAST_ACK);
        return;
    case TOE_TCP_CLOSED:
    case TOE_TCP_LISTEN:
    case TOE_TCP_FIN_WAIT_1:
    case TOE_TCP_FIN_WAIT_2:
    case TOE_TCP_CLOSING:
    case TOE_TCP_LAST_ACK:
    case TOE_TCP_TIME_WAIT:
        return;
    }
}

bool tcp_fin_is_acked(const struct tcp_conn *conn)
{
    return conn->fin_acked;
}

bool tcp_fin_is_received(const struct tcp_conn *conn)
{
    return conn->fin_rcvd;
}

void tcp_mss_limit_set(struct tcp_conn *conn, uint16_t mss_limit, toe_instant now)
{
    const uint16_t old = conn->snd_mss;

    conn->mss_limit = mss_limit;
    tcp_send_mss_update(conn);
    tcp_plpmtud_bound(conn, now);

    /* RFC-102: what is too large was lost, and goes again in pieces; that is not congestion. */
    if (conn->snd_mss < old && tcp_can_send_data(conn) && tcp_send_flight(conn) > conn->snd_mss) {
        tcp_recovery_abandon(conn);
        conn->snd_nxt = conn->snd_una;
        conn->rexmit_due = conn->snd_wnd > 0;
        conn->rtt_timing = false;
    }
}
