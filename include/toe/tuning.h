/* SPDX-License-Identifier: MIT */
/*
 * Tuning: where TCPs in wide use differ, and all may be right.
 *
 * Each default is what the rules of this library ask for. The other values make its segments those
 * of another TCP: for a host stack that has to go on as the kernel beside it would, or for scripts
 * that were written for one. A host and the targets below it should have the same, or a peer sees
 * the difference when a connection moves.
 *
 * With the fields stand the names that other implementations have for them.
 */
#ifndef TOE_TUNING_H
#define TOE_TUNING_H

#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What becomes of cwnd when nothing was sent for longer than an RTO. After the first two it is the
 * initial window at least.
 */
enum toe_after_idle {
    TOE_AFTER_IDLE_RESTART, /* the initial window at most: RFC 5681, 4.1, RFC-049. FreeBSD */
    TOE_AFTER_IDLE_HALVE,   /* half for each RTO: RFC 2861. Linux: tcp_slow_start_after_idle, 1 */
    TOE_AFTER_IDLE_KEEP,    /* it stays, for minutes: RFC 7661. Linux: 0, for ever */
};

/*
 * Whether a connection searches below the path's MTU for what really fits (RFC 4821), for paths on
 * which ICMP is not heard. The search needs SACK; without it only smaller segments follow timeouts.
 */
enum toe_mtu_probing {
    TOE_MTU_PROBING_OFF,
    TOE_MTU_PROBING_BLACK_HOLE, /* once timeouts in a row say that large segments vanish */
    TOE_MTU_PROBING_ALWAYS,     /* from the start */
};

struct toe_tuning {
    /*
     * L of RFC 3465: most segments that one acknowledgment counts for in the growth of cwnd, and
     * most that leave at once at the begin and at the end of a recovery; 0: no limit.
     * FreeBSD: net.inet.tcp.abc_l_var, 2; Linux: no limit.
     */
    uint8_t abc_limit;
    /*
     * An acknowledgment lets cwnd grow by what it is the first to report, not by all that it
     * acknowledges: what duplicates had reported does not count again. Linux: tcp_cong_avoid().
     */
    bool grow_by_delivery;
    /*
     * cwnd counts as used, and slow start goes on, while more than half of it was in flight within
     * the last round trip (RFC 7661, 4.2), not only when it was full. Linux:
     * tcp_is_cwnd_limited().
     */
    bool grow_when_half_used;
    enum toe_after_idle after_idle;
    /*
     * HyStart++ (RFC 9406, 4.3): N_RTT_SAMPLE, and CSS_ROUNDS; 0 rounds: slow start ends when the
     * round trip grows, as in the first HyStart. FreeBSD:
     * net.inet.tcp.hystartplusplus.n_rttsamples, 8, and css_rounds, 5; Linux: 9 and 0.
     */
    uint8_t hystart_samples;
    uint8_t hystart_css_rounds;
    /*
     * Least value of the term of the RTO that stands for the variance, 4 * RTTVAR, besides rto_min
     * for the whole; 0: none. Linux: net.ipv4.tcp_rto_min_us, 200 ms.
     */
    toe_duration rto_variance_min;
    /*
     * A closed window is probed by an empty segment left of it, as a keep-alive probe is, not by a
     * byte of data (RFC 9293, 3.8.6.1). Linux: tcp_xmit_probe_skb().
     */
    bool empty_probes;
    /*
     * Doublings of the RTO to the second such probe; every further one doubles it once more. Linux:
     * 1.
     */
    uint8_t probe_backoff;
    /*
     * A window that the reader opened is told at once only if it doubles what the peer has left,
     * not from one segment on (RFC 9293, 3.8.6.2.2). Linux: tcp_cleanup_rbuf().
     */
    bool updates_double;
    /*
     * How much longer than by the rule the timers of loss by time run, that of reordering and that
     * of the probe (RFC 8985, 6.2 and 7.2), because the clock ticks. Linux: TCP_TIMEOUT_MIN, two
     * ticks, where CONFIG_HZ is 1000 2 ms.
     */
    toe_duration timer_slack;
    /*
     * RACK.rtt is the round trip of what an acknowledgment delivers last, in the order of sequence
     * numbers and SACK before the rest, not that of what left last (RFC 8985, 6.2, step 2). So
     * where what was resent and what was only late arrive together, what left with the latter gets
     * more time. Linux: tcp_rack_advance().
     */
    bool rack_last_rtt;
    /*
     * What a loss, or a mark, leaves is a part of cwnd, not of what is in flight (RFC 9438, 4.6).
     * Linux: cubictcp_recalc_ssthresh().
     */
    bool reduce_cwnd;
    /*
     * A mark lets what is in flight go down as a loss does, in proportion to what is delivered (RFC
     * 9937), until what was in flight is acknowledged; not at once, when nothing leaves for half a
     * round trip. Where there is no record of what is in flight it does go down at once. Linux:
     * TCP_CA_CWR.
     */
    bool mark_by_prr;
    /*
     * Off, a black hole is the doubt of the reachability of which a target tells its host
     * (RFC-105). A target of the profile compat does not search. Linux: net.ipv4.tcp_mtu_probing, 0
     * to 2.
     */
    enum toe_mtu_probing mtu_probing;
};

/* What begins as the defaults: struct toe_tuning tuning = TOE_TUNING_DEFAULT; */
#define TOE_TUNING_DEFAULT                                                                         \
    {                                                                                              \
        .abc_limit = 4, .hystart_samples = 8, .hystart_css_rounds = 5,                             \
    }

#ifdef __cplusplus
}
#endif

#endif
