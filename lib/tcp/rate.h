/* SPDX-License-Identifier: MIT */
/*
 * Delivery rate: how fast data arrives at the peer (draft-cheng-iccrg-delivery-rate-estimation).
 *
 * Each transmission takes a *stamp* along, in its run (tcp/inflight.h): how much had been delivered
 * when it left, and when that was. Its acknowledgment then says how much was delivered in between,
 * and in how long; the longer one of the time in which that was sent and the time in which it was
 * acknowledged counts, so that neither a burst nor compressed acknowledgments make it too large.
 *
 * A sample is *limited* if the application had too little to send: the path could do more. Counts
 * of bytes are modulo 2^32, times of a stamp are ages up to four seconds. It is kept only for a
 * congestion control that wants it; for others it is a comparison.
 */
#ifndef TCP_RATE_H
#define TCP_RATE_H

#include "toe/types.h"

#include <stdbool.h>
#include <stdint.h>

struct tcp_conn;
struct tcp_delivered;

struct tcp_rate_stamp {
    uint32_t delivered;     /* when it left, */
    uint32_t lost;          /* and bytes lost until then */
    uint32_t delivered_ago; /* the last of it was delivered, in ns before it left */
    uint32_t first_ago;     /* the first of what was to be delivered next had left */
    uint32_t in_flight;     /* itself included */
};

struct tcp_rate {
    uint32_t delivered; /* C.delivered */
    uint32_t lost;
    uint32_t limited_end; /* samples up to this many delivered are limited, */
    bool is_limited;      /* if this is set */
    toe_instant delivered_at;
    toe_instant first_sent;
};

struct tcp_rate_sample {
    uint64_t rate;       /* bytes a second; zero: there is none */
    toe_duration rtt;    /* zero: not known */
    uint32_t acked;      /* bytes that this acknowledgment delivered, */
    uint32_t newly_lost; /* or showed to be lost */
    uint32_t delivered;  /* in the time that the sample is about */
    uint32_t prior;      /* delivered at the beginning of it */
    uint32_t lost;       /* in that time */
    uint32_t in_flight;  /* when what was delivered had left */
    bool is_stamped;     /* |delivered|, |prior|, |lost| and |in_flight| hold */
    bool is_limited;
};

/* tcp_rate_stamp() is the stamp of |len| bytes that leave. */
struct tcp_rate_stamp tcp_rate_stamp(struct tcp_conn *conn, uint32_t len, toe_instant now);

/* tcp_rate_sample() takes in |got|, and what was found lost since the last one. */
struct tcp_rate_sample tcp_rate_sample(struct tcp_conn *conn, const struct tcp_delivered *got,
                                       toe_instant now);

/* tcp_rate_idle() says that the application has no more to send than what is in flight. */
void tcp_rate_idle(struct tcp_conn *conn);

#endif
