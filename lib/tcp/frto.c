/* SPDX-License-Identifier: MIT */
#include "tcp/frto.h"

#include "tcp/inflight.h"

/* Segments of new data in the second step. */
#define NEW_MAX 2u

void tcp_frto_begin(struct tcp_conn *conn)
{
    struct tcp_frto *frto = &conn->flight->frto;

    /* A timeout of what was resent after the last one says nothing about the originals. */
    if (frto->step == TCP_FRTO_OFF || toe_seq_ge(conn->snd_una, frto->recover)) {
        frto->recover = conn->snd_max;
    }
    frto->step = TCP_FRTO_FIRST;
}

/* The timeout was not spurious: go back N, RFC 5682, 2.1, step 3 a. */
static void go_back(struct tcp_conn *conn)
{
    struct tcp_frto *frto = &conn->flight->frto;
    const uint32_t max = 3 * (uint32_t)conn->snd_mss;

    if (frto->step == TCP_FRTO_NEW) {
        conn->snd_nxt = conn->snd_una;
        conn->cwnd = conn->cwnd < max ? conn->cwnd : max;
    }
    frto->step = TCP_FRTO_OFF;
}

static bool has_new(const struct tcp_conn *conn)
{
    const uint32_t flight = tcp_send_flight(conn);

    return flight < tcp_send_span(conn) && flight < conn->snd_wnd;
}

static bool is_spurious(const struct tcp_conn *conn, const struct tcp_delivered *got,
                        uint32_t acked)
{
    const struct tcp_frto *frto = &conn->flight->frto;

    if (tcp_flight_is_on(conn)) {
        return got->has_original && toe_seq_le(got->lowest, frto->recover);
    }
    return frto->step == TCP_FRTO_NEW && acked > 0;
}

bool tcp_frto_input(struct tcp_conn *conn, const struct tcp_delivered *got, uint32_t acked,
                    bool is_dup)
{
    struct tcp_frto *frto = &conn->flight->frto;

    if (frto->step == TCP_FRTO_OFF) {
        return false;
    }
    if (is_spurious(conn, got, acked)) {
        frto->step = TCP_FRTO_OFF;
        return true;
    }
    if (is_dup) {
        go_back(conn);
    } else if (acked > 0 && toe_seq_ge(conn->snd_una, frto->recover)) {
        frto->step = TCP_FRTO_OFF;
    } else if (acked > 0 && frto->step == TCP_FRTO_FIRST) {
        frto->step = has_new(conn) ? TCP_FRTO_NEW : TCP_FRTO_OFF;
        if (frto->step == TCP_FRTO_NEW) {
            conn->snd_nxt = conn->snd_max;
        }
    }
    return false;
}

uint32_t tcp_frto_more(const struct tcp_conn *conn)
{
    if (conn->flight == NULL || conn->flight->frto.step != TCP_FRTO_NEW) {
        return 0;
    }
    return toe_seq_off(conn->flight->frto.recover, conn->snd_una) + NEW_MAX * conn->snd_mss;
}
