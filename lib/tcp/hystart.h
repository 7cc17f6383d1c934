/* SPDX-License-Identifier: MIT */
/*
 * HyStart++: leaving the first slow start before the queue overflows (RFC 9406).
 *
 * The least round trip of each round is compared with that of the round before. Where it has grown
 * by an eighth a queue is building up, and cwnd goes on four times as slowly (*CSS*). If the round
 * trip shrinks again it was noise, and slow start goes on; after five rounds it was not, and
 * ssthresh is where cwnd is.
 *
 * A round is judged by what was sent in the one before it, so the flight has doubled once more when
 * the queue shows, and CSS adds to that: it is a deep buffer that does not overflow, and a shallow
 * one that overflows by less.
 *
 * Samples are those of the record (tcp/inflight.h), which are exact: of data that was sent once.
 * Without a record there are none, and slow start ends with a loss, as it always has. After the
 * first loss ssthresh is known, and this has no say any more.
 */
#ifndef TCP_HYSTART_H
#define TCP_HYSTART_H

#include "base/seq.h"
#include "toe/types.h"

struct tcp_conn;

/* In CSS cwnd grows by this part of what slow start would add. */
#define TCP_HYSTART_CSS_DIVISOR 4u

/* Round trips in ns; zero: none was measured. */
struct tcp_hystart {
    toe_seq end;       /* windowEnd: the round lasts until it is acknowledged */
    uint32_t last;     /* lastRoundMinRTT */
    uint32_t current;  /* currentRoundMinRTT */
    uint32_t baseline; /* cssBaselineMinRtt */
    uint8_t samples;   /* of this round, as many as matter */
    uint8_t css;       /* rounds of CSS, this one included; zero: slow start */
};

/* tcp_hystart_begin() begins the first round with what leaves next. */
void tcp_hystart_begin(struct tcp_conn *conn);

/*
 * tcp_hystart_ack() follows every acknowledgment of something new. |rtt| is the round trip of it,
 * zero if it has none to tell. It may set ssthresh.
 */
void tcp_hystart_ack(struct tcp_conn *conn, toe_duration rtt);

#endif
