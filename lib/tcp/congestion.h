/* SPDX-License-Identifier: MIT */
/*
 * Congestion control: how |cwnd| and |ssthresh| of a connection move.
 *
 * An algorithm is a table of functions, chosen by cfg->cc. It is told about five events and writes
 * |cwnd|, |ssthresh| and its own numbers, conn->cc; what is sent, and what is inflated and deflated
 * during a recovery, is not its business.
 *
 * Profiles (RFC-054). compat is tcp_cc_newreno with cfg->ssthresh_flight off: half of the smaller
 * one of cwnd and the peer's window after a loss (RFC-040). modern is tcp_cc_cubic with it on: what
 * is in flight counts (RFC 5681, RFC 9438). Both are a choice of settings; no algorithm asks which
 * profile it is in.
 */
#ifndef TCP_CONGESTION_H
#define TCP_CONGESTION_H

#include "toe/extension.h"
#include "toe/types.h"

struct tcp_conn;
struct tcp_rate_sample;

/* cwnd stops growing here: no window can be larger. Left alone if it is larger when imported. */
#define TCP_CWND_MAX (UINT32_C(1) << 30)

struct tcp_cc_ops {
    const char *name;
    enum toe_congestion id;
    /* What is left of the load after a mark in congestion avoidance (tcp/ecn.h); 0: as after a
     * loss. */
    uint8_t mark_percent;
    /* init() sets the first cwnd of a connection that has just been established. */
    void (*init)(struct tcp_conn *conn);
    /* import() begins with the cwnd and ssthresh that are there: they were handed over. */
    void (*import)(struct tcp_conn *conn, toe_instant now);
    /* ack() lets cwnd grow, outside of recovery: |acked| bytes were newly acknowledged. */
    void (*ack)(struct tcp_conn *conn, uint32_t acked, toe_instant now);
    /*
     * loss() sets ssthresh at the beginning of a recovery, from cwnd and what is in flight. cwnd is
     * for the caller to set.
     */
    void (*loss)(struct tcp_conn *conn, toe_instant now);
    /*
     * rto() sets cwnd to one segment after a timeout, and ssthresh if it is the |first| timeout of
     * the segment (RFC-048).
     */
    void (*rto)(struct tcp_conn *conn, bool first, toe_instant now);
    /* idle() restarts after an idle period longer than an RTO (RFC-049). */
    void (*idle)(struct tcp_conn *conn, toe_instant now);
    /* hold() takes the place of ack() where cwnd is not to grow; NULL: nothing. */
    void (*hold)(struct tcp_conn *conn);
    /*
     * deliver() is told of everything that was delivered or found lost, in a recovery, too, and
     * then cwnd, the pacing rate and what leaves in a recovery are the algorithm's alone: loss()
     * and rto() are told, but no rule of recovery touches cwnd. NULL: the rules do.
     */
    void (*deliver)(struct tcp_conn *conn, const struct tcp_rate_sample *rs, toe_instant now);

    /*
     * Own numbers on the move (tcp/extension.c); all three NULL where there are none. tell() writes
     * them; is_sound() says whether they can be true, which take() relies on, after import().
     */
    void (*tell)(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now);
    bool (*is_sound)(const struct toe_extension *ext);
    void (*take)(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now);
};

/* NewReno with appropriate byte counting (RFC 5681, RFC 3465); tcp/newreno.c. */
extern const struct tcp_cc_ops tcp_cc_newreno;

/* CUBIC (RFC 9438); tcp/cubic.c. */
extern const struct tcp_cc_ops tcp_cc_cubic;

/* BBR (draft-ietf-ccwg-bbr); tcp/bbr.c. It needs records (tcp/inflight.h) and pacing. */
extern const struct tcp_cc_ops tcp_cc_bbr;

/* No control: cwnd is TCP_CWND_MAX whatever happens. For simulation only. */
extern const struct tcp_cc_ops tcp_cc_none;

/* tcp_cc_begin() is called once the first sequence numbers are known, before init() or import(). */
void tcp_cc_begin(struct tcp_conn *conn);

/*
 * Validation (RFC-053): cwnd grows by acknowledgments of what was in flight when it last was full.
 * tcp_cc_limit() says that it holds something back, tcp_cc_use() that nothing more leaves now, and
 * looks whether it is full. tcp_cc_ack() then lets it grow, by ack() above, or not: |acked| bytes
 * were acknowledged, |fresh| were not reported before. What the application, or the peer's window,
 * keeps in flight says nothing about a larger cwnd. What
 * it says about this one is a matter of tcp/validation.h.
 */
void tcp_cc_limit(struct tcp_conn *conn);
void tcp_cc_use(struct tcp_conn *conn);
void tcp_cc_ack(struct tcp_conn *conn, uint32_t acked, uint32_t fresh, toe_instant now);

/* tcp_cc_initial_window() is cfg->initial_window segments as bytes, by the rule of RFC 6928, 2. */
uint32_t tcp_cc_initial_window(const struct tcp_conn *conn);

/*
 * tcp_cc_load() is what ssthresh is a fraction of after a loss: bytes in flight, or the smaller one
 * of cwnd and the peer's window, as cfg->ssthresh_flight says; or cwnd, as tuning.reduce_cwnd does.
 */
uint32_t tcp_cc_load(const struct tcp_conn *conn);

/*
 * tcp_cc_abc() is how much of |len| bytes counts at once, where the rules speak of L segments
 * (RFC-037, RFC-038, RFC-050).
 */
uint32_t tcp_cc_abc(const struct tcp_conn *conn, uint32_t len);

/* tcp_cc_grow() adds |cnt| bytes to cwnd, up to TCP_CWND_MAX. */
void tcp_cc_grow(struct tcp_conn *conn, uint32_t cnt);

/*
 * tcp_cc_slow_start() lets cwnd grow by |acked|, as far as one acknowledgment counts, while it is
 * below ssthresh, and by less if HyStart++ says so. Returns false, and has done nothing, if it is
 * not (RFC-036, RFC-038).
 */
bool tcp_cc_slow_start(struct tcp_conn *conn, uint32_t acked);

#endif
