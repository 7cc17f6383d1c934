/* SPDX-License-Identifier: MIT */
/*
 * RACK: detecting loss by time (RFC 8985, 5 and 6).
 *
 * What left before something that was delivered should have been delivered by now, give or take
 * the reordering window; what was not is lost, a retransmission as much as an original. The window
 * is a quarter of the least round trip, more of them after the peer has reported duplicates, none
 * within a recovery of a connection that never saw reordering.
 *
 * Deviates: RFC 8985 also closes the window once DupThresh segments are selectively acknowledged,
 * as long as no reordering was seen. Then the first reordering by three would cause a spurious
 * retransmission, which RFC-079 forbids. It costs a real loss a quarter of a round trip, in which
 * new data goes on leaving for what is delivered.
 */
#ifndef TCP_RACK_H
#define TCP_RACK_H

#include "base/seq.h"
#include "toe/types.h"
#include "wire/tcp.h"

struct tcp_conn;
struct tcp_delivered;

/* RACK's view: of all that was delivered, the one that left last. */
struct tcp_rack {
    toe_instant sent;
    toe_seq end;
    toe_duration rtt;    /* of what was delivered just now, the one that left last */
    toe_seq fack;        /* highest sequence number delivered */
    toe_seq dsack_round; /* until it is acknowledged, further duplicates change nothing */
    bool is_known;       /* anything was delivered */
    bool in_dsack_round;
    bool is_waiting; /* the reordering timer runs */
};

/*
 * tcp_rack_input() takes in what an acknowledgment delivered, |dup| saying that it reports a
 * duplicate. Returns whether something is lost because of it.
 */
bool tcp_rack_input(struct tcp_conn *conn, const struct tcp_delivered *got,
                    const struct tcp_segment *seg, bool dup, toe_instant now);

/* tcp_rack_input_calm() takes in what was delivered up to snd_una, in order, and left at |sent|:
 * tcp_ack_is_calm(). */
void tcp_rack_input_calm(struct tcp_conn *conn, toe_instant sent, toe_instant now);

/* tcp_rack_detect() returns whether something is lost by |now|, and sets the reordering timer for
 * what may be later. */
bool tcp_rack_detect(struct tcp_conn *conn, toe_instant now);

/* tcp_rack_forget() lets nothing be lost because of what was delivered so far. */
void tcp_rack_forget(struct tcp_conn *conn);

#endif
