/* SPDX-License-Identifier: MIT */
/*
 * Undoing what was done about a loss that was none.
 *
 * When a recovery begins, or a timer expires, the windows and the numbers of congestion control are
 * put aside. They come back if it turns out that nothing was lost:
 *
 *  - Eifel (RFC 3522): the first acknowledgment of something new echoes a timestamp older than the
 *    retransmission, so that it answers the original;
 *  - F-RTO (tcp/frto.h);
 *  - DSACK (RFC 3708): the peer has reported every byte that was resent as a duplicate.
 *
 * The response is that of RFC 4015 as far as the windows go: what was put aside is restored, and
 * nothing counts as lost. The round trip that the original took is a sample like any other: an
 * estimate that jumps to it would hold back the next probe for seconds.
 */
#ifndef TCP_UNDO_H
#define TCP_UNDO_H

#include "tcp/conn.h"

struct tcp_delivered;

struct tcp_undo {
    uint32_t cwnd;
    uint32_t ssthresh;
    struct tcp_cubic cubic;
    toe_seq una;     /* snd_una when it was put aside */
    uint32_t resent; /* bytes resent since and not reported as duplicates */
    uint32_t ts;     /* our clock at that time */
    bool is_on;      /* something is put aside */
    bool by_echo;    /* the first acknowledgment of something new is still to come */
    bool by_dup;     /* something was resent since */
};

/* tcp_undo_begin() puts aside what congestion control is about to change. */
void tcp_undo_begin(struct tcp_conn *conn, toe_instant now);

/* tcp_undo_resent() says that |len| bytes from |seq| on leave again. */
void tcp_undo_resent(struct tcp_conn *conn, uint32_t len);

/*
 * tcp_undo_input() follows an acknowledgment of |acked| bytes. |dup| is a duplicate that it
 * reports, or NULL; |is_late| says that F-RTO found the timeout spurious. Returns true if all was
 * undone.
 */
bool tcp_undo_input(struct tcp_conn *conn, const struct tcp_delivered *got,
                    const struct tcp_segment *seg, const struct tcp_sack_block *dup, uint32_t acked,
                    bool is_late, toe_instant now);

#endif
