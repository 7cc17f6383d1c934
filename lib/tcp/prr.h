/* SPDX-License-Identifier: MIT */
/*
 * Proportional rate reduction: how much leaves during a recovery (RFC 9937).
 *
 * For what is delivered a part leaves again, such that at the end ssthresh is in flight; where less
 * than that is in flight already, as much as is delivered, and one segment more while all goes well
 * (SSRB). So sending neither stops for half a round trip nor bursts.
 *
 * The RFC writes the outcome into cwnd. Here cwnd is ssthresh from the first moment on, so that it
 * can be handed over at any instant, and what may leave beside it is |quota|.
 */
#ifndef TCP_PRR_H
#define TCP_PRR_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_conn;

struct tcp_prr {
    uint32_t delivered; /* since the recovery began, */
    uint32_t out;       /* and sent since */
    uint32_t flight;    /* RecoverFS: bytes in flight before */
    uint32_t quota;     /* bytes that may leave until the next acknowledgment */
    bool is_first;      /* nothing was granted yet: a segment will be, in any case */
};

/*
 * tcp_prr_begin() begins a recovery, the next tcp_prr_ack() grants the first quota.
 *
 * Deviates: what is SACKed already counts as delivered, and what left since the first of it as
 * sent, where the RFC begins with zero. It has the third duplicate in mind; detection by time may
 * come when all acknowledgments of a flight have, and who began with zero would resend one segment
 * a round trip. The first quota is no burst for that: RFC-050.
 */
void tcp_prr_begin(struct tcp_conn *conn);

/*
 * tcp_prr_classic() begins it as the RFC does: the acknowledgment that began it is the third
 * duplicate, and reports |fresh| bytes.
 */
void tcp_prr_classic(struct tcp_conn *conn, uint32_t fresh);

/* tcp_prr_mark() begins what answers a congestion mark: nothing is lost, and the acknowledgment
 * that tells of it is the first that counts. */
void tcp_prr_mark(struct tcp_conn *conn);

/* tcp_prr_ack() follows an acknowledgment in a recovery; |is_safe|: it moved snd_una, and nothing
 * more is lost, or marked. */
void tcp_prr_ack(struct tcp_conn *conn, uint32_t delivered, bool is_safe);

/* tcp_prr_sent() says that |len| bytes left. */
void tcp_prr_sent(struct tcp_conn *conn, uint32_t len);

/* tcp_prr_credit() is the number of bytes that may leave: whole segments. */
uint32_t tcp_prr_credit(const struct tcp_conn *conn);

#endif
