/* SPDX-License-Identifier: MIT */
/*
 * The tail loss probe (RFC 8985, 7), and the probe of a hole.
 *
 * Where the last segments of a flight are lost nothing is delivered behind them that could tell.
 * Two round trips after the last event, instead of waiting for a timeout, the sender sends one
 * segment more: new data if there is any, else the last segment again. Its acknowledgment makes
 * RACK find what was lost. If the probe itself repaired the only loss, nobody would notice that
 * there was one; so it is looked for, and answered like any other.
 *
 * Deviates: a recovery has probes as well, which the RFC leaves to the timeout. Where the first
 * hole keeps the peer's window shut nothing new can leave, and who is lost once more has nothing
 * behind it that could tell, either. Who fills a hole is answered at once (RFC 5681, 4.2), so that
 * there is no delayed acknowledgment to wait for: what was resent goes again when nothing has left
 * for a round trip and four times its variance, a quarter of it at least, and nothing has arrived
 * for the latter. Then all is lost that is not SACKed (RFC 8985, 6.3, says so of a timeout), and as
 * much of it leaves as congestion control lets: a segment, where PRR has a say. After two in which
 * nothing was delivered the timeout has its turn, and backs off.
 *
 * The timer shares a deadline with RACK's reordering timer, which has precedence. The
 * retransmission timer runs on beneath, never due before the probe, so that a hand-over finds a
 * timer to tell (TMR-096); the probe starts it anew.
 */
#ifndef TCP_TLP_H
#define TCP_TLP_H

#include "base/seq.h"
#include "toe/types.h"
#include "wire/tcp.h"

struct tcp_conn;

/* How long a peer may delay the acknowledgment of a lone segment. */
#define TCP_TLP_ACK_DELAY (200 * TOE_NS_PER_MS)

struct tcp_tlp {
    toe_seq end;     /* snd_max when the probe had left */
    uint32_t flight; /* bytes in flight at that time */
    bool is_due;     /* it is to leave with the next output */
    bool is_out;     /* it left, and what came of it is not known */
    bool is_resent;  /* it held nothing new */
    uint8_t holes;   /* probes of the first hole since something was delivered */
};

/* tcp_tlp_timeout() is TLP_calc_PTO(): how long after what left last a probe leaves. */
toe_duration tcp_tlp_timeout(const struct tcp_conn *conn);

/* tcp_tlp_arm() starts the timer anew, or stops it where no probe may leave. */
void tcp_tlp_arm(struct tcp_conn *conn, toe_instant now);

/* tcp_tlp_expire() lets a probe leave. */
void tcp_tlp_expire(struct tcp_conn *conn, toe_instant now);

/* tcp_tlp_sent() says that the probe left; it was a retransmission if |is_resent|. */
void tcp_tlp_sent(struct tcp_conn *conn, bool is_resent);

/* tcp_tlp_ack() finds out what came of the probe; |dup| is a duplicate that |seg| reports, or
 * NULL. */
void tcp_tlp_ack(struct tcp_conn *conn, const struct tcp_segment *seg,
                 const struct tcp_sack_block *dup, toe_instant now);

#endif
