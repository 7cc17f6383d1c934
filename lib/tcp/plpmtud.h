/* SPDX-License-Identifier: MIT */
/*
 * Path MTU discovery by the packets themselves (RFC 4821, with the terms of RFC 8899; RFC-106).
 *
 * What is told about the path, mss_limit, is an upper bound only: what tells may not be heard, and
 * then segments of that size vanish in a *black hole*. So, as tuning.mtu_probing says, segments are
 * of a size that fits everywhere from the start, or from when timeouts in a row make a black hole
 * likely; and now and then one leaves that is larger, of new text: a *probe*. Its acknowledgment
 * verifies the size, which is that of all segments from then on. Its loss, unless something else is
 * lost as well, says nothing about congestion: the text goes again in smaller segments, and cwnd
 * stays. The first probe has the upper bound, for most paths take it; those after it halve what is
 * left. When little is left the search is over, until the path may have become better.
 *
 * A probe must not starve: where too little may leave for it, it holds back what may, up to the
 * next acknowledgment, and then makes do with what there is.
 *
 * The loss of a probe must be told from others, so probing needs SACK and the record
 * (tcp/inflight.h); without them a size that fits is kept. Sizes are of segments without options.
 */
#ifndef TCP_PLPMTUD_H
#define TCP_PLPMTUD_H

#include "base/seq.h"
#include "toe/types.h"

#include <stdbool.h>

struct tcp_conn;
struct toe_extension;

/* What outlives silence. */
struct tcp_plpmtud {
    uint16_t verified; /* size that is used; zero: the bound is */
    uint16_t bad;      /* least size that was lost twice; zero: none */
    uint8_t raise_at;  /* no new search before: in units of 2^35 ns, modulo 2^8 */
};

/* What does not. */
struct tcp_mtu_probe {
    uint16_t size;     /* of the probe that is out; zero: none is */
    uint16_t len;      /* text in it */
    toe_seq end;       /* the sequence number behind it */
    toe_seq held;      /* snd_una when text began to be held back, if is_holding */
    uint32_t again_at; /* no probe before: in units of 2^20 ns, modulo 2^32; if is_waiting */
    bool is_lost : 1;  /* the last one was lost */
    bool is_holding : 1;
    bool is_waiting : 1;
};

/* What tcp_plpmtud_probe() says if nothing is to leave. */
#define TCP_PLPMTUD_HOLD UINT32_MAX

/* tcp_plpmtud_begin() is called once for a connection, before its segment size is first used. */
void tcp_plpmtud_begin(struct tcp_conn *conn, toe_instant now);

/*
 * tcp_plpmtud_probe() is the length of a probe that is to leave now, zero for none: |unsent| bytes
 * wait, |usable| may leave, |full| of them fit a segment. It counts as sent.
 */
uint32_t tcp_plpmtud_probe(struct tcp_conn *conn, uint32_t unsent, uint32_t usable, uint32_t full,
                           toe_instant now);

/* tcp_plpmtud_ack() follows snd_una while a probe is out. */
void tcp_plpmtud_ack(struct tcp_conn *conn);

/* tcp_plpmtud_lost() takes note of losses; true if nothing but the probe was lost. */
bool tcp_plpmtud_lost(struct tcp_conn *conn, toe_instant now);

/* tcp_plpmtud_resent() says that what is at |seq| leaves again: no acknowledgment verifies it. */
void tcp_plpmtud_resent(struct tcp_conn *conn, toe_seq seq, toe_instant now);

/* tcp_plpmtud_timeout() follows a retransmission timeout. */
void tcp_plpmtud_timeout(struct tcp_conn *conn, toe_instant now);

/* tcp_plpmtud_bound() follows a change of the bound. */
void tcp_plpmtud_bound(struct tcp_conn *conn, toe_instant now);

/* On the move (tcp/extension.c): tells, judges and takes. */
void tcp_plpmtud_tell(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now);
bool tcp_plpmtud_is_sound(const struct tcp_conn *conn, const struct toe_extension *ext);
void tcp_plpmtud_take(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now);

#endif
