/* SPDX-License-Identifier: MIT */
/*
 * F-RTO: was the timeout spurious? (RFC 5682)
 *
 * After a timeout the first segment goes again. If then something is acknowledged that was sent
 * once and before, the originals are arriving: they were late, not lost. Where SACK and the record
 * tell originals apart, that is seen at once. Without, one acknowledgment that moves snd_una lets
 * two segments of new data leave in place of go-back-N, and the next one decides: forward, and the
 * timeout was spurious; a duplicate, and it was not.
 *
 * Deviates: after several timeouts in a row it is tried again, where the RFC's second step is
 * skipped. A path that stands still for seconds causes just that, and what would be restored is
 * from before the first timeout.
 */
#ifndef TCP_FRTO_H
#define TCP_FRTO_H

#include "base/seq.h"

#include <stdint.h>

struct tcp_conn;
struct tcp_delivered;

enum tcp_frto_step {
    TCP_FRTO_OFF,
    TCP_FRTO_FIRST, /* the first segment was resent */
    TCP_FRTO_NEW,   /* it was acknowledged, and new data leaves */
};

struct tcp_frto {
    uint8_t step;    /* enum tcp_frto_step */
    toe_seq recover; /* snd_max at the timeout */
};

/* tcp_frto_begin() follows a timeout. */
void tcp_frto_begin(struct tcp_conn *conn);

/*
 * tcp_frto_input() follows an acknowledgment of |acked| bytes, a duplicate if |is_dup|. Returns
 * true if the timeout was spurious.
 */
bool tcp_frto_input(struct tcp_conn *conn, const struct tcp_delivered *got, uint32_t acked,
                    bool is_dup);

/* tcp_frto_more() is how far beyond cwnd new data may go for the second step's sake. */
uint32_t tcp_frto_more(const struct tcp_conn *conn);

#endif
