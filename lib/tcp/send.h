/* SPDX-License-Identifier: MIT */
/*
 * What waits to be sent, in sequence numbers.
 *
 * The send queue holds bytes; behind the last one comes the FIN, once it is queued. Both together
 * span the sequence numbers from snd_una on, until the FIN is acknowledged.
 */
#ifndef TCP_SEND_H
#define TCP_SEND_H

#include "tcp/conn.h"

/*
 * tcp_send_span() is the number of sequence numbers from snd_una to the end, the FIN included: all
 * that 32 bits can count, if it is more. No window reaches that far.
 */
static inline uint32_t tcp_send_span(const struct tcp_conn *conn)
{
    const bool fin = conn->fin_queued && !conn->fin_acked && conn->busy->sendq.len < UINT32_MAX;

    return conn->busy->sendq.len + fin;
}

/* tcp_send_flight() is the number of sequence numbers that are sent and not acknowledged. */
static inline uint32_t tcp_send_flight(const struct tcp_conn *conn)
{
    return toe_seq_off(conn->snd_max, conn->snd_una);
}

/* tcp_send_mss_update() computes the segment sizes, after anything they depend on has changed. */
void tcp_send_mss_update(struct tcp_conn *conn);

#endif
